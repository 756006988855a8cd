package token

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// maxLabel bounds what is encoded, in bytes: no label of the DNS is longer than 63.
const maxLabel = 256

// asciiHost returns the host of u with international labels in their ASCII form, so that
// the two spellings of a name compare as equal. It knows no mapping but that to lower
// case: what IDNA would map further does not compare as equal, and fails safe.
func asciiHost(u *url.URL) string {
	host := safehttp.Host(u)
	if !strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return host
	}
	labels := strings.Split(host, ".")
	for i, label := range labels {
		if len(label) <= maxLabel && strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII }) {
			labels[i] = "xn--" + punycode(label)
		}
	}
	return strings.Join(labels, ".")
}

// punycode encodes a label (RFC 3492 section 6.3).
func punycode(label string) string {
	const base, tMin, tMax, skew, damp, firstBias, firstN = 36, 1, 26, 38, 700, 72, 128
	runes := []rune(label)
	var out []byte
	for _, r := range runes {
		if r < firstN {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	done := basic
	if basic > 0 {
		out = append(out, '-')
	}
	digit := func(d int) byte {
		if d < 26 {
			return byte('a' + d)
		}
		return byte('0' + d - 26)
	}
	n, delta, bias := rune(firstN), 0, firstBias
	for done < len(runes) {
		next := rune(unicode.MaxRune)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, digit(q))
			// The bias for the next delta, section 6.1.
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			delta += delta / (done + 1)
			k := 0
			for delta > (base-tMin)*tMax/2 {
				delta /= base - tMin
				k += base
			}
			bias = k + (base-tMin+1)*delta/(delta+skew)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}
