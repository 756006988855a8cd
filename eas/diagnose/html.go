package diagnose

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"pictures": pictures,
	"sentence": sentence,
	"seconds":  func(p Probe) string { return fmt.Sprintf("%.3f", p.Duration.Seconds()) },
	"bad":      func(p Probe) bool { return p.Verdict == Fail || p.Verdict == Warn },
}).Parse(reportHTML))

// HTML writes the report as one file that needs no other: the dance as a picture with the broken
// step marked, what to do, and what was seen.
func (r *Report) HTML(w io.Writer) error { return reportTemplate.Execute(w, r) }

// A picture is the dance as a chain of steps, for a screen of some width.
type picture struct {
	Class         string
	Width, Height int
	Boxes         []box
	Links         []link
}

// A box is a step. A long text is set smaller.
type box struct {
	X, Y, Width, Height int
	Class               Verdict
	Name, Text, Sign    string
	Long                bool
}

// A link leads from a step to the next one; X and Y are its middle.
type link struct {
	Path, Class string
	X, Y        int
}

// The measures of a picture, in pixels.
const (
	boxHeight = 52
	margin    = 4
)

// pictures are the dance for a wide screen, in four columns, and for a telephone, in one.
func pictures(r *Report) []picture {
	return []picture{draw(r, "wide", 4, 216, 28), draw(r, "tall", 1, 320, 18)}
}

func draw(r *Report, class string, columns, width, gap int) picture {
	steps := append([]Probe{{Name: "Mail address", Seen: r.Address}}, r.Probes...)
	rows := (len(steps) + columns - 1) / columns
	p := picture{Class: class, Width: 2*margin + columns*width + (columns-1)*gap, Height: 2*margin + rows*boxHeight + (rows-1)*gap}
	broken := r.broken()
	for i, s := range steps {
		b := box{
			X: margin + i%columns*(width+gap), Y: margin + i/columns*(boxHeight+gap), Width: width, Height: boxHeight,
			Class: s.Verdict, Name: s.Name, Text: string(s.Verdict), Sign: signs[s.Verdict],
		}
		switch {
		case s.Fault != "":
			b.Text = s.Fault
		case i == 0:
			b.Text = s.Seen
		}
		b.Long = len(b.Text) > 24
		p.Boxes = append(p.Boxes, b)
		if i == 0 {
			continue
		}
		l := joint(p.Boxes[i-1], b)
		switch {
		case i-1 == broken:
			l.Class = "broken"
		case s.Verdict == Skipped:
			l.Class = "skipped"
		}
		p.Links = append(p.Links, l)
	}
	return p
}

// joint is the line between two boxes: across within a row, and round to the next one.
func joint(from, to box) link {
	if from.Y == to.Y {
		y := from.Y + from.Height/2
		return link{Path: fmt.Sprintf("M%d %dH%d", from.X+from.Width, y, to.X), X: (from.X + from.Width + to.X) / 2, Y: y}
	}
	x, y := from.X+from.Width/2, from.Y+from.Height
	turn, end := (y+to.Y)/2, to.X+to.Width/2
	return link{Path: fmt.Sprintf("M%d %dV%dH%dV%d", x, y, turn, end, to.Y), X: (x + end) / 2, Y: turn}
}

// signs say by more than a colour what came of a step.
var signs = map[Verdict]string{Pass: "✓", Info: "i", Warn: "!", Fail: "✕", Skipped: "–"}

// broken is the step at which the dance ends: the one that failed with the root; -1 if there is none.
func (r *Report) broken() int {
	for i, p := range r.Probes {
		if p.Verdict == Fail && len(r.Findings) > 0 && p.Name == r.Findings[0].Probe {
			return i
		}
	}
	return -1
}
