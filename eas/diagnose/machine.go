package diagnose

import (
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Schema is the JSON Schema of [Report.JSON].
//
//go:embed schema.json
var Schema string

// JSON writes the report in the format of [Schema].
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// JUnit writes the report as a test suite: each step is a test case, and a fault is its failure.
// The suite is valid by the schemas of Ant and of Jenkins; its output is the text report.
func (r *Report) JUnit(w io.Writer) error {
	type property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	type failure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string    `xml:"name,attr"`
		Class   string    `xml:"classname,attr"`
		Time    string    `xml:"time,attr"`
		Failure *failure  `xml:"failure"`
		Skipped *struct{} `xml:"skipped"`
	}
	type lines struct {
		Text string `xml:",cdata"`
	}
	type suite struct {
		XMLName    xml.Name   `xml:"testsuite"`
		Name       string     `xml:"name,attr"`
		Timestamp  string     `xml:"timestamp,attr"` // UTC, without a zone
		Host       string     `xml:"hostname,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
		Out        lines      `xml:"system-out"`
		Err        string     `xml:"system-err"`
	}
	var text strings.Builder
	if err := r.Text(&text, nil); err != nil {
		return err
	}
	s := suite{Name: "hmacheck " + r.Address, Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05"), Host: "localhost", Tests: len(r.Probes),
		Time: fmt.Sprintf("%.3f", r.Duration.Seconds()), Properties: []property{{"root", r.Root}}, Out: lines{text.String()}}
	if r.Endpoint != "" {
		s.Properties = append(s.Properties, property{"endpoint", r.Endpoint})
	}
	for _, p := range r.Probes {
		c := testcase{Name: p.Name, Class: "hmacheck", Time: fmt.Sprintf("%.3f", p.Duration.Seconds())}
		noted := slices.ContainsFunc(r.Notes, func(f Finding) bool { return f.Fault == p.Fault }) // nothing is wrong
		switch {
		case p.Verdict == Fail, p.Verdict == Warn && !noted:
			s.Failures++
			c.Failure = &failure{Message: p.Fault, Type: string(p.Verdict), Text: p.Seen}
			for f := range r.Faults() {
				if f.Fault == p.Fault {
					c.Failure.Text = f.Cause + ": " + f.Remedy
				}
			}
		case p.Verdict == Skipped:
			s.Skipped++
			c.Skipped = &struct{}{}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Prometheus writes reports as one set of metrics in the text format, for a textfile collector or
// a scrape. Addresses that are equal when masked are numbered: "…@contoso.com (2)".
func Prometheus(w io.Writer, reports ...*Report) error {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	addresses := make([]string, len(reports))
	seen := map[string]int{}
	for i, r := range reports {
		addresses[i] = quote.Replace(r.Address)
		if seen[r.Address]++; seen[r.Address] > 1 {
			addresses[i] += fmt.Sprintf(" (%d)", seen[r.Address])
		}
	}
	var b strings.Builder
	family := func(name, help string, lines func(r *Report, address string)) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
		for i, r := range reports {
			lines(r, addresses[i])
		}
	}
	family("hmacheck_healthy", "Whether the check found nothing wrong.", func(r *Report, address string) {
		healthy := 0
		if r.Healthy() {
			healthy = 1
		}
		fmt.Fprintf(&b, "hmacheck_healthy{address=\"%s\"} %d\n", address, healthy)
	})
	family("hmacheck_fault", "A fault that was found, by its id; root is the one to fix first.", func(r *Report, address string) {
		for f := range r.Faults() {
			fmt.Fprintf(&b, "hmacheck_fault{address=\"%s\",fault=\"%s\",severity=\"%s\",root=\"%t\"} 1\n", address, f.Fault, f.Severity, f.Fault == r.Root)
		}
	})
	family("hmacheck_probe_seconds", "How long a step took.", func(r *Report, address string) {
		for _, p := range r.Probes {
			fmt.Fprintf(&b, "hmacheck_probe_seconds{address=\"%s\",probe=\"%s\",verdict=\"%s\"} %g\n", address, quote.Replace(p.Name), p.Verdict, p.Duration.Seconds())
		}
	})
	family("hmacheck_last_run_timestamp_seconds", "When the check began.", func(r *Report, address string) {
		fmt.Fprintf(&b, "hmacheck_last_run_timestamp_seconds{address=\"%s\"} %d\n", address, r.Began.Unix())
	})
	_, err := io.WriteString(w, b.String())
	return err
}
