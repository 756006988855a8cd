// Package picture draws SVG: a dance as a chain of steps, for a page, and what a program wrote to
// a terminal, as a file.
package picture

import (
	"fmt"
	"html/template"
	"strings"
)

// A Step of a chain.
type Step struct {
	Name, Text string
	Class      string // "" or pass, info, warn, fail or skipped
}

// signs say by more than a colour what came of a step.
var signs = map[string]string{"pass": "✓", "info": "i", "warn": "!", "fail": "✕", "skipped": "–"}

// CSS is the style of [Chain]. It takes its colours from the custom properties --ink, --paper,
// --soft, --line, --good, --bad and --warn of the page.
const CSS = `.chain svg { display: block; width: 100%; height: auto; margin: 16px 0; } .chain .wide { max-width: 960px; } .chain .tall { display: none; max-width: 420px; }
@media (max-width: 720px) { .chain .wide { display: none; } .chain .tall { display: block; } }
.chain rect { fill: var(--soft); stroke: var(--line); stroke-width: 2; } .chain .pass rect { stroke: var(--good); } .chain .fail rect { stroke: var(--bad); stroke-width: 4; } .chain .warn rect { stroke: var(--warn); stroke-width: 4; }
.chain .skipped rect { stroke-dasharray: 5 4; } .chain .skipped text { opacity: .75; }
.chain path { fill: none; stroke: var(--line); stroke-width: 2; } .chain path.skipped { stroke-dasharray: 5 4; } .chain path.broken { stroke: var(--bad); stroke-width: 3; stroke-dasharray: 4 4; }
.chain circle { fill: var(--paper); stroke: var(--bad); stroke-width: 2; } .chain .break path { stroke: var(--bad); stroke-width: 3; }
.chain text { fill: var(--ink); font: 600 14px system-ui, sans-serif; } .chain text.v { font-weight: 400; font-size: 12px; } .chain text.long { font-size: 10.5px; } .chain text.sign { text-anchor: end; } .chain .pass .sign { fill: var(--good); } .chain .fail .sign { fill: var(--bad); } .chain .warn .sign { fill: var(--warn); }
`

// Chain draws steps one after the other: in four columns, and in one for a telephone; [CSS] shows
// the one that fits. The link to the step broken is marked as such, unless broken is below 0. The
// picture is called label where it cannot be seen.
func Chain(label string, steps []Step, broken int) template.HTML {
	var b strings.Builder
	for _, l := range []layout{{"wide", 4, 216, 28}, {"tall", 1, 320, 18}} {
		l.draw(&b, label, steps, broken)
	}
	return template.HTML(`<div class="chain">` + b.String() + `</div>`)
}

// A layout has its measures in pixels.
type layout struct {
	class               string
	columns, width, gap int
}

const (
	height = 52 // of a box
	margin = 4
	long   = 24 // bytes of a text beyond which it is set smaller
)

func (l layout) draw(b *strings.Builder, label string, steps []Step, broken int) {
	rows := (len(steps) + l.columns - 1) / l.columns
	fmt.Fprintf(b, "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", l.class,
		2*margin+l.columns*l.width+(l.columns-1)*l.gap, 2*margin+rows*height+(rows-1)*l.gap, escape(label))
	for i := 1; i < len(steps); i++ {
		d, x, y := l.joint(i)
		class := ""
		switch {
		case i == broken:
			class = "broken"
		case steps[i].Class == "skipped":
			class = "skipped"
		}
		fmt.Fprintf(b, `<path class="%s" d="%s"/>`, class, d)
		if i == broken {
			fmt.Fprintf(b, `<g class="break" transform="translate(%d %d)"><circle r="9"/><path d="M-4 -4L4 4M-4 4L4 -4"/></g>`, x, y)
		}
		b.WriteString("\n")
	}
	for i, s := range steps {
		x, y := l.at(i)
		v := "v"
		if len(s.Text) > long {
			v = "v long"
		}
		fmt.Fprintf(b, `<g class="step %s" transform="translate(%d %d)"><rect width="%d" height="%d" rx="8"/><text x="12" y="22">%s</text><text class="%s" x="12" y="41">%s</text>`,
			escape(s.Class), x, y, l.width, height, escape(s.Name), v, escape(s.Text))
		if sign := signs[s.Class]; sign != "" {
			fmt.Fprintf(b, `<text class="sign" x="%d" y="22">%s</text>`, l.width-12, sign)
		}
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
}

// at is the corner of a box.
func (l layout) at(i int) (x, y int) {
	return margin + i%l.columns*(l.width+l.gap), margin + i/l.columns*(height+l.gap)
}

// joint is the line to a box from the one before, and its middle: across within a row, and round
// to the next one.
func (l layout) joint(i int) (d string, x, y int) {
	fx, fy := l.at(i - 1)
	tx, ty := l.at(i)
	if fy == ty {
		y = fy + height/2
		return fmt.Sprintf("M%d %dH%d", fx+l.width, y, tx), (fx + l.width + tx) / 2, y
	}
	fx, tx = fx+l.width/2, tx+l.width/2
	y = (fy + height + ty) / 2
	return fmt.Sprintf("M%d %dV%dH%dV%d", fx, fy+height, y, tx, ty), (fx + tx) / 2, y
}

func escape(s string) string { return template.HTMLEscapeString(s) }
