package diagnose

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"x":        func(i int) int { return 10 + i%4*238 },
	"y":        func(i int) int { return 12 + i/4*66 },
	"sentence": sentence,
	"seconds":  func(p Probe) float64 { return p.Duration.Seconds() },
}).Parse(reportHTML))

// HTML writes the report as one file that needs no other: the dance as a picture with the broken
// step marked, what to do, and what was seen.
func (r *Report) HTML(w io.Writer) error { return reportTemplate.Execute(w, r) }
