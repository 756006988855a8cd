package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for _, tt := range [][2]string{
		{"Grüße, 日本\tx\r\ny", "Grüße, 日本\tx\ny"}, {"a\u200bb\u202ec\ufeffd\u2066e", "abcde"}, {"hidden\U000E0041\U000E0042\U000E007F", "hidden"},
		{"e\ufe00\ufe01\ufe0d\U000E0100\U000E01EFf\u2764\ufe0f", "ef\u2764\ufe0f"}, {"\x1b[31m\x00\x07", "[31m"}, {"\xff", "\uFFFD"}, {"می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"},
		{"a\u2028b\rc", "a\nb\nc"}, {"x\u3164y", "x y"},
	} {
		if got := visible(tt[0]); got != tt[1] {
			t.Errorf("visible(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
	if got := line(" a\r\nb\t" + strings.Repeat("ü", 600)); got != "a b "+strings.Repeat("ü", 496) {
		t.Errorf("line = %q", got)
	}
}

func TestTextOf(t *testing.T) {
	for _, tt := range [][2]string{
		{"<p>One<p>Two <b>bold</b>", "One \nTwo bold"}, {"a<script>alert(1)</script>b<style>x{}</style><!-- c --><br/>d", "a b \nd"},
		{`<a href="https://evil.contoso.com/?x">link</a><img src=x onerror=y>`, "link"}, {"<head><title>t</title></head><div>x &amp; y</div>", "x & y"},
		{"<svg><script>x</script></svg>y", "y"}, {"<p>unended <script>", "unended"}, {"", ""},
	} {
		if got := textOf(tt[0]); got != tt[1] {
			t.Errorf("textOf(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}

// TestAnyText makes bodies by chance: what comes out shows nothing that is not visible.
func TestAnyText(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"<p>", "</p>", "<script>", "</script>", "<", ">", "<!--", "-->", "<b", "<textarea>", "&amp", "&#8203;", "&#x202e;", "\xff", "\x00", "\u200b", "\u202e", "\U000E0041", "x", "é", "\n", "\"", "<img src=x onerror=y>"}
	for range 3000 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		got := visible(textOf(b.String()))
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || r == 0x200B || r == 0x202E || r == 0xE0041
		}) || visible(got) != got {
			t.Errorf("%q became %q", b.String(), got)
		}
	}
}
