package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The measures of a terminal, in pixels.
const (
	charWidth  = 8
	lineHeight = 18
	padding    = 16
	bar        = 30 // the head with the command
)

// classes are the colours of ANSI's SGR sequences that programs of the house use.
var classes = map[string]string{"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "34": "u", "36": "c", "90": "d"}

// Terminal draws what a command wrote to a terminal, colours included, as an SVG file that is
// readable in light and dark. columns is the width of the terminal; a longer line is cut.
func Terminal(command, output string, columns int) []byte {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	width, h := 2*padding+columns*charWidth, bar+2*padding+len(lines)*lineHeight-4
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">
<style>
svg { --paper: #f6f8fa; --head: #e4e8ed; --ink: #1f2328; --d: #59636e; --r: #b3261e; --g: #116b3c; --y: #7a4d00; --u: #0550ae; --c: #0b6470; }
@media (prefers-color-scheme: dark) { svg { --paper: #14181d; --head: #242a32; --ink: #e6e9ee; --d: #9aa3af; --r: #ff8a80; --g: #4cc38a; --y: #f2c063; --u: #79b8ff; --c: #5fd0dc; } }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); white-space: pre; }
.b { font-weight: 700; } .d { fill: var(--d); } .r { fill: var(--r); font-weight: 700; } .g { fill: var(--g); } .y { fill: var(--y); } .u { fill: var(--u); } .c { fill: var(--c); }
</style>
<rect width="%d" height="%d" rx="10" fill="var(--paper)"/><path d="M0 %dV10a10 10 0 0 1 10 -10H%da10 10 0 0 1 10 10V%dZ" fill="var(--head)"/>
<text x="%d" y="20">$ %s</text>
`, width, h, width, h, escape(command), width, h, bar, width-10, bar, padding, escape(command))
	class := ""
	for i, line := range lines {
		y, column := bar+padding+i*lineHeight+10, 0
		for _, run := range runs(line, &class) {
			text := cut(run.text, columns-column)
			if strings.TrimSpace(text) != "" {
				n := utf8.RuneCountInString(text)
				fmt.Fprintf(&b, `<text x="%d" y="%d" textLength="%d"`, padding+column*charWidth, y, n*charWidth)
				if run.class != "" {
					fmt.Fprintf(&b, ` class="%s"`, run.class)
				}
				fmt.Fprintf(&b, ">%s</text>\n", escape(text))
			}
			column += utf8.RuneCountInString(run.text)
		}
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// A run is text in one colour.
type run struct{ text, class string }

// runs takes a line apart at its SGR sequences; class is the colour at its begin and at its end.
func runs(line string, class *string) []run {
	var out []run
	for {
		text, rest, found := strings.Cut(line, "\x1b[")
		if text != "" {
			out = append(out, run{text, *class})
		}
		if !found {
			return out
		}
		code, rest, found := strings.Cut(rest, "m")
		if !found {
			return out
		}
		*class, line = classes[code], rest
	}
}

// cut returns the beginning of s that fits into columns.
func cut(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	r := []rune(s)
	if len(r) <= columns {
		return s
	}
	return string(r[:columns-1]) + "…"
}
