//go:build !race

package easoauth_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// fillers make n bytes or so that each stress another loop of a parser.
var fillers = []struct{ name, head, unit, tail string }{
	{"nothing but a letter", "", "x", ""},
	{"spaces", "", " ", ""},
	{"commas", "Bearer a=b", ",", ""},
	{"challenges", "", "A,", ""},
	{"parameters", "Bearer a=b", `,b=c`, ""},
	{"escapes", `Bearer a="`, `\"`, `"`},
	{"strays", `Bearer a="b"`, ",@ a", ""},
	{"quotes", "2000003;reason=", `"`, ""},
	{"pairs", "2000003", `;a="b"`, ""},
	{"audiences", `2000003;reason="`, "Expected 'a' Actual 'b' ", `"`},
	{"a string of JSON", `{"a":"`, "x", `"}`},
	{"a long status", `{"status":"`, "x", `"}`},
	{"an escaped string of JSON", `{"status":"`, `\u0041`, `"}`},
	{"numbers of JSON", `{"a":[1`, ",1", `]}`},
	{"arrays of JSON", `{"a":`, "[", ""},
	{"objects of JSON", `{"a":`, `{"a":`, ""},
	{"members of JSON", `{"a":1`, `,"a":1`, `}`},
	{"protocols", `{"ErrorCode":"x","ErrorMessage":"supported '`, "p,", `'"}`},
	{"elements of XML", "<Autodiscover>", "<a/>", "</Autodiscover>"},
	{"deep XML", "<Autodiscover>", "<a>", ""},
	{"attributes of XML", "<Autodiscover", ` a="b"`, "></Autodiscover>"},
	{"text of XML", "<Autodiscover>", "&lt;", "</Autodiscover>"},
	{"base64", "", "QUFB", ""},
	{"dots", "", "eyJh.", ""},
	{"segments of a URL", "https://mail.contoso.com", "/a", ""},
}

// The detector of races takes memory of its own, and pools forget at random under it.

// TestAllocation holds that a parser takes at most eight times its input and 4 KiB, beyond what it
// takes for an empty one, whatever the input is.
func TestAllocation(t *testing.T) {
	const (
		levels = 400 << 10 // encoding/json keeps a number for each of up to 10,000 levels
		items  = 48 << 10  // the elements of an array, and up to 256 repairs
		marks  = 384 << 10 // encoding/xml makes 220 bytes of an element of 4; autodiscover lets 512 of them pass
	)
	// extra is what a parser may take on top of its share, however long the input is.
	extra := map[string]uint64{
		"token.DecodeRecord": levels, "token.DecodeAuthorization": levels, "token.DecodeDeviceAuthorization": levels, "token.Config.UnmarshalJSON": levels,
		"autodiscover v2": levels, "autodiscover v1": marks, "bearer.ParseLenient": items, "bearer.FromResponse": items, "bearer.ParseSASLError": items,
		"eas.ToXML": levels,
	}
	// requests is how often the input is read.
	requests := map[string]uint64{"autodiscover v1": 2}
	// text is what is written as well as read: XML is longer than what it stands for.
	text := map[string]uint64{"eas.ToXML": 12, "eas.FromXML": 6}
	sizes := []int{1 << 10, 32 << 10}
	if os.Getenv("EASOAUTH_TEST_FULL") != "" {
		sizes = append(sizes, 256<<10)
	}
	response := func(status int, field string) func(s string) {
		return func(s string) {
			_, _ = bearer.FromResponse(&http.Response{StatusCode: status, Header: http.Header{field: {s}}})
		}
	}
	lookup := func(r autodiscover.Resolver) func(s string) {
		return func(s string) {
			r.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s)), ContentLength: int64(len(s)), Request: req}, nil
			})}
			_, _ = r.Lookup(t.Context(), "ada@contoso.com")
		}
	}
	payload := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, parse := range map[string]func(s string){
		"bearer.Parse":                    func(s string) { _, _ = bearer.Parse([]string{s}) },
		"bearer.ParseLenient":             func(s string) { _, _, _ = bearer.ParseLenient([]string{s}) },
		"bearer.FromResponse":             response(401, "Www-Authenticate"),
		"bearer.FromResponse diagnostics": response(401, "X-Ms-Diagnostics"),
		"bearer.ParseDiagnostics":         func(s string) { _, _ = bearer.ParseDiagnostics(s) },
		"bearer.ParseSASLError":           func(s string) { _, _ = bearer.ParseSASLError([]byte(s)) },
		"token.DecodeAuthorization":       func(s string) { _, _ = token.DecodeAuthorization([]byte(s)) },
		"token.DecodeDeviceAuthorization": func(s string) { _, _ = token.DecodeDeviceAuthorization([]byte(s)) },
		"token.DecodeRecord":              func(s string) { _, _ = token.DecodeRecord([]byte(s)) },
		"token.ParseAuthority":            func(s string) { _, _ = token.ParseAuthority(s, nil) },
		"token.Config.UnmarshalJSON":      func(s string) { _ = new(token.Config).UnmarshalJSON([]byte(s)) },
		"token.Inspect":                   func(s string) { _, _ = token.Inspect(s) },
		"token.Inspect payload":           func(s string) { _, _ = token.Inspect(payload(`{"alg":"none"}`) + "." + payload(s) + ".") },
		"eas.FromXML":                     func(s string) { _, _ = eas.FromXML([]byte(s)) },
		"eas.ToXML":                       func(s string) { _, _ = eas.ToXML([]byte("\x03\x01\x6a\x00\x45" + s)) },
		"autodiscover v2":                 lookup(autodiscover.Resolver{NoCloud: true}),
		"autodiscover v1": lookup(autodiscover.Resolver{NoCloud: true, NoHost: true, Authorize: func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer t")
			return nil
		}}),
		"safehttp.Plain":   func(s string) { _ = safehttp.Plain(s, 512) },
		"safehttp.Resolve": func(s string) { _, _ = safehttp.Resolve(nil, s) },
	} {
		parse("") // once for what is made once
		base := took(0, func() { parse("") })
		for _, f := range fillers {
			for _, size := range sizes {
				s := f.head + strings.Repeat(f.unit, size/len(f.unit)) + f.tail
				share := 8 * uint64(len(s)) * max(1, requests[name]) * max(1, text[name])
				most := base + share + 4<<10 + extra[name]
				if n := took(most, func() { parse(s) }); n > most {
					t.Errorf("%s of %d bytes (%s) takes %d bytes, %.1f times as much; at most %d are expected", name, len(s), f.name, n, float64(n-base)/float64(len(s)), most)
				}
			}
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// took returns the bytes that f allocates: the least of three runs, since others allocate as well,
// or the first that is at most enough.
func took(enough uint64, f func()) uint64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if least = min(least, after.TotalAlloc-before.TotalAlloc); least <= enough {
			break
		}
	}
	return least
}
