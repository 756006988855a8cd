package diagnose

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// TextOptions configure [Report.Text]. Nil means the zero value.
type TextOptions struct {
	Width int  // columns; if 0, 80
	Color bool // ANSI colours
}

var marks = map[Verdict]struct{ sign, color string }{
	Pass: {"ok", "32"}, Info: {"note", "36"}, Warn: {"warn", "33"}, Fail: {"FAIL", "31"}, Skipped: {"-", "90"},
}

// Text writes the report for a person: what is wrong first, then each step.
func (r *Report) Text(w io.Writer, o *TextOptions) error {
	if o == nil {
		o = &TextOptions{}
	}
	width := o.Width
	if width <= 0 {
		width = 80
	}
	paint := func(color, s string) string {
		if !o.Color {
			return s
		}
		return "\x1b[" + color + "m" + s + "\x1b[0m"
	}
	var b strings.Builder
	para := func(indent, s string) {
		for _, line := range wrap(s, width-len(indent)) {
			fmt.Fprintf(&b, "%s%s\n", indent, line)
		}
	}
	fmt.Fprintf(&b, "%s\n", r.Address)
	if r.Endpoint != "" {
		fmt.Fprintf(&b, "%s\n", r.Endpoint)
	}
	b.WriteString("\n")
	if r.Healthy() {
		fmt.Fprintf(&b, "%s\n", paint(marks[Pass].color, "Nothing is wrong."))
	}
	for i, f := range r.Findings {
		title := f.Fault
		switch {
		case i == 0:
			title = "Mend first: " + title
		default:
			title = "Then: " + title
		}
		fmt.Fprintf(&b, "%s  (%s)\n", paint(marks[Verdict(f.Severity)].color, title), f.Probe)
		para("  ", sentence(f.Cause))
		if f.By != "" {
			para("  ", "The response came from "+f.By+".")
		}
		para("  ", "To do: "+sentence(f.Remedy))
		if f.Command != "" {
			para("    ", f.Command)
		}
		if f.Advice != "" {
			para("  ", sentence(f.Advice))
		}
		for _, c := range f.Consequences {
			para("  ", fmt.Sprintf("It brings about %s (%s): %s", c.Fault, c.Probe, c.Cause+"."))
		}
		if len(f.Blocks) > 0 {
			para("  ", "Not checked because of it: "+strings.Join(f.Blocks, ", ")+".")
		}
		para("  ", "Source, "+f.Sure+": "+f.Source+".")
		b.WriteString("\n")
	}
	for _, f := range r.Notes {
		fmt.Fprintf(&b, "%s\n", paint(marks[Info].color, "Note: "+f.Fault))
		para("  ", sentence(f.Cause))
		if f.Advice != "" {
			para("  ", sentence(f.Advice))
		}
		if noted[fault.ID(f.Fault)] {
			para("  ", "To do: "+sentence(f.Remedy))
			if f.Command != "" {
				para("    ", f.Command)
			}
		}
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, p := range r.Probes {
		m := marks[p.Verdict]
		fmt.Fprintf(&b, "%s %-22s ", paint(m.color, fmt.Sprintf("%-4s", m.sign)), p.Name)
		lines := wrap(p.Seen, width-28)
		fmt.Fprintf(&b, "%s\n", lines[0])
		for _, l := range lines[1:] {
			fmt.Fprintf(&b, "%28s%s\n", "", l)
		}
		if p.Verdict != Pass && p.Verdict != Skipped && len(p.RequestIDs) > 0 {
			fmt.Fprintf(&b, "%28s%s\n", "", "request-id "+p.RequestIDs[len(p.RequestIDs)-1])
		}
	}
	fmt.Fprintf(&b, "\n%d steps in %s\n", len(r.Probes), r.Duration.Round(time.Millisecond))
	_, err := io.WriteString(w, b.String())
	return err
}

// sentence gives a clause of the table the form of a sentence.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// wrap breaks a text at spaces. It returns one line at least.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
