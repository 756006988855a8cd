package diagnose

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/easoauth/easoauth/internal/picture"
)

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"chain":    chain,
	"join":     func(list []string) string { return strings.Join(list, ", ") },
	"style":    func() template.CSS { return picture.CSS },
	"sentence": sentence,
	"seconds":  func(p Probe) string { return fmt.Sprintf("%.3f", p.Duration.Seconds()) },
	"bad":      func(p Probe) bool { return p.Verdict == Fail || p.Verdict == Warn },
}).Parse(reportHTML))

// HTML writes the report as one self-contained file: the handshake as a picture with the broken
// step marked, what to do, and what was seen.
func (r *Report) HTML(w io.Writer) error { return reportTemplate.Execute(w, r) }

// chain draws the dance. The link is broken to the step that failed with the root.
func chain(r *Report) template.HTML {
	steps := []picture.Step{{Name: "Mail address", Text: r.Address}}
	broken := -1
	for i, p := range r.Probes {
		s := picture.Step{Name: p.Name, Text: string(p.Verdict), Class: string(p.Verdict)}
		if p.Fault != "" {
			s.Text = p.Fault
		}
		steps = append(steps, s)
		if broken < 0 && p.Verdict == Fail && len(r.Findings) > 0 && p.Name == r.Findings[0].Probe {
			broken = i + 1
		}
	}
	return picture.Chain("The steps of the check", steps, broken)
}
