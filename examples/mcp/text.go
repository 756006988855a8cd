package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// visible returns what a sender wrote as the user would see it: without the characters that show
// nothing, which carry texts for models alone, change the direction, or control a terminal.
func visible(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\u200C', r == '\u200D': // the last two join letters and emoji
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		case r >= 0xFE00 && r <= 0xFE0D, r >= 0xE0100 && r <= 0xE01EF: // variation selectors, of which many in a row hold bytes
			return -1
		case r == '\u115F', r == '\u1160', r == '\u3164', r == '\uFFA0', r == '\u2800': // blanks
			return ' '
		}
		return r
	}, s)
}

// line returns a header field or a name: one line, and not a long one.
func line(s string) string {
	text, _ := cut(strings.Join(strings.Fields(visible(s)), " "), 500)
	return text
}

// cut returns the first n characters, and whether there are more.
func cut(s string, n int) (string, bool) {
	if utf8.RuneCountInString(s) <= n {
		return s, false
	}
	return string([]rune(s)[:n]), true
}

// textOf returns the text of an HTML body, for servers that send one though text was requested. No
// link, picture, script or comment of it stays, nor what the page hides.
func textOf(page string) string {
	var b strings.Builder
	skip := 0
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if skip == 0 {
				b.WriteString(strings.Join(strings.FieldsFunc(string(z.Text()), unicode.IsSpace), " "))
				b.WriteByte(' ')
			}
		case html.StartTagToken:
			switch t := z.Token(); t.DataAtom {
			case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Textarea, atom.Svg, atom.Object, atom.Iframe:
				skip++
			case atom.P, atom.Div, atom.Tr, atom.Li, atom.Br, atom.H1, atom.H2, atom.H3, atom.Table, atom.Blockquote:
				b.WriteByte('\n')
			}
		case html.SelfClosingTagToken:
			if t := z.Token(); t.DataAtom == atom.Br {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			switch t := z.Token(); t.DataAtom {
			case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Textarea, atom.Svg, atom.Object, atom.Iframe:
				skip = max(skip-1, 0)
			}
		}
	}
}
