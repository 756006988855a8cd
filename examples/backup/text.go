package main

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainText returns what a sender wrote as valid UTF-8 with line feeds and tabs, and without the
// other control characters, which would end a line of the formats early.
func plainText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// oneLine returns plain text as one line.
func oneLine(s string) string { return strings.Join(strings.Fields(plainText(s)), " ") }

// parameter returns a text as the value of a parameter, which has neither quotes nor lines. RFC
// 5545 section 3.2.
func parameter(s string) string { return strings.ReplaceAll(oneLine(s), `"`, "'") }

// A folder breaks the lines that are written to it after 75 bytes at most, between characters. RFC
// 5545 section 3.1 and RFC 2426 section 2.6. What is written must be whole lines.
type folder struct {
	w   io.Writer
	err error
}

func (f *folder) Write(p []byte) (int, error) {
	var b bytes.Buffer
	for line := range bytes.SplitSeq(bytes.TrimSuffix(p, []byte("\r\n")), []byte("\r\n")) {
		for room := 75; len(line) > room; room = 74 { // beside the space
			n := room
			for n > room-utf8.UTFMax && !utf8.RuneStart(line[n]) {
				n--
			}
			b.Write(line[:n])
			b.WriteString("\r\n ")
			line = line[n:]
		}
		b.Write(line)
		b.WriteString("\r\n")
	}
	if f.err == nil {
		_, f.err = f.w.Write(b.Bytes())
	}
	return len(p), f.err
}

// title makes the part of a file's name that is for people: letters, digits and little else of
// what a sender wrote, which no system reads as a path, a device, a flag or a suffix.
func title(s string) string {
	const most = 100 // bytes: names have 255 at most
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError {
			return '_'
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(" -_+,()", r) {
			return r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return '_'
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		n := most
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if s = strings.TrimLeft(strings.TrimRight(s, " "), "- "); strings.Trim(s, "_ ") == "" {
		return "untitled"
	}
	return s
}
