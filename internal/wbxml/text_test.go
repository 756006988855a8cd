package wbxml_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// TestUTF8End compares with the standard library what looks at eight bytes at a time, with a 0
// and bytes of every kind at every place.
func TestUTF8End(t *testing.T) {
	for n := range 80 {
		for at := range n + 1 {
			for _, odd := range []string{"", "\x01", "\x7f", "\x80", "\x81", "\xff", "é", "\U0001F600", "\x00"} {
				text := strings.Repeat("a", at) + odd + strings.Repeat("b", n-at)
				for _, end := range []string{"", "\x00", "\x00\x00\x01", "\x00\x80\x80\x80\x80\x80\x80\x80\x80", "\x00" + strings.Repeat("\x01c", 8)} {
					b := []byte(text + end)
					want := bytes.IndexByte(b, 0)
					if got := wbxml.StringEnd(b); got != want {
						t.Fatalf("StringEnd(%q) = %d, want %d", b, got, want)
					}
					if want >= 0 && !utf8.Valid(b[:want]) {
						want = -1
					}
					if got := wbxml.UTF8End(b); got != want {
						t.Fatalf("UTF8End(%q) = %d, want %d", b, got, want)
					}
				}
			}
		}
	}
}
