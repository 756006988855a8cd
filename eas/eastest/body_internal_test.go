package eastest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/easoauth/easoauth/eas"
)

// FuzzConverted converts texts between all formats: no panic, and plain text survives rich text.
func FuzzConverted(f *testing.F) {
	for _, s := range []string{"", "a\r\nb", "<p>a &lt; b</p><br/>c<", "<style>x", `{\rtf1 \u-3913?\par}`, "TUVMQQ==", "\\", "{}", "caf\u00e9 \u2603"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for from := eas.BodyPlain; from <= eas.BodyMIME; from++ {
			for to := eas.BodyPlain; to <= eas.BodyMIME; to++ {
				converted(s, from, to)
				for _, limit := range []int{-1, 0, 1, 3} {
					preference{kind: to, limit: limit, preview: 2}.cut(s)
				}
			}
			unquoted(s, from)
		}
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 127 || r > 0xFFFF || r == utf8.RuneError }) {
			return
		}
		if got, want := converted(packRTF(s), eas.BodyRTF, eas.BodyPlain), strings.ReplaceAll(s, "\n", "\r\n"); s != "" && got != want {
			t.Errorf("%q comes back as %q", s, got)
		}
	})
}
