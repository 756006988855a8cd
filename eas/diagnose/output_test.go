package diagnose_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/golden"
)

// sample is a report of which nothing depends on the clock or on chance.
func sample(t *testing.T, o eastest.Options, faults ...eastest.Fault) *diagnose.Report {
	t.Helper()
	r := check(t, o, faults...)
	r.Began, r.Duration = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), 1234*time.Millisecond
	for i := range r.Probes {
		r.Probes[i].Duration = 10 * time.Millisecond
		for j := range r.Probes[i].RequestIDs {
			r.Probes[i].RequestIDs[j] = "00000000-0000-4000-8000-000000000001"
		}
		if r.Probes[i].Name == "Certificate" {
			r.Probes[i].Seen = "valid until 2036-01-01"
		}
	}
	return r
}

// Every form of output, of a healthy deployment and of one that is not, as it stands in testdata.
func TestOutputs(t *testing.T) {
	for name, r := range map[string]*diagnose.Report{
		"healthy": sample(t, eastest.Options{Topology: eastest.Hybrid}),
		"offload": sample(t, eastest.Options{Topology: eastest.Hybrid, Product: eastest.Exchange2016}, eastest.Fault{ID: "TLS_OFFLOAD"}, eastest.Fault{ID: "EXPOSED_BASIC"}),
	} {
		for kind, write := range map[string]func(*bytes.Buffer) error{
			"txt":  func(b *bytes.Buffer) error { return r.Text(b, nil) },
			"json": func(b *bytes.Buffer) error { return r.JSON(b) },
			"html": func(b *bytes.Buffer) error { return r.HTML(b) },
			"xml":  func(b *bytes.Buffer) error { return r.JUnit(b) },
			"prom": func(b *bytes.Buffer) error { return diagnose.Prometheus(b, r) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+"."+kind)
			golden.Check(t, file, b.String(), *update)
			if strings.Contains(b.String(), "ada@") || strings.Contains(b.String(), "eyJ") {
				t.Errorf("%s holds an address or a token", file)
			}
		}
	}
}

// A line of the report fits a terminal of 80 columns, URLs apart.
func TestWidth(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t, eastest.Options{}, eastest.Fault{ID: "EAS_FLIGHTING"}).Text(&b, &diagnose.TextOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(b.String(), "")
	if plain == b.String() {
		t.Error("no colours")
	}
	for line := range strings.Lines(plain) {
		if len(line) > 81 && !strings.Contains(line, "https://") {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
}

// The JSON has the members that the schema names, and no others.
func TestSchema(t *testing.T) {
	var schema struct {
		Required   []string
		Properties map[string]any
		Defs       map[string]struct {
			Required   []string
			Properties map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(diagnose.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := sample(t, eastest.Options{Topology: eastest.Hybrid, Product: eastest.Exchange2013}, eastest.Fault{ID: "SERVER_BUSY"}, eastest.Fault{ID: "ADMIN_CONSENT"}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal(b.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	holds := func(what string, got, properties map[string]any, required []string) {
		for k := range got {
			if properties[k] == nil {
				t.Errorf("%s: the schema does not know %s", what, k)
			}
		}
		for _, k := range required {
			if _, ok := got[k]; !ok {
				t.Errorf("%s: %s is missing", what, k)
			}
		}
	}
	holds("report", report, schema.Properties, schema.Required)
	for _, list := range []struct{ member, def string }{{"findings", "finding"}, {"notes", "finding"}, {"probes", "probe"}} {
		for _, x := range report[list.member].([]any) {
			holds(list.def, x.(map[string]any), schema.Defs[list.def].Properties, schema.Defs[list.def].Required)
		}
	}
	b.Reset()
	if err := sample(t, eastest.Options{}).JUnit(&b); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct {
		XMLName xml.Name `xml:"testsuite"`
	})); err != nil {
		t.Error(err)
	}
}

// The link to the step that fails is marked, in the picture for each width of a screen; what should
// be mended and works breaks nothing.
func TestBrokenLink(t *testing.T) {
	for id, want := range map[string]int{"": 0, "EXPOSED_BASIC": 0, "DNS_NXDOMAIN": 2, "EAS_NO_WWW_AUTH": 2} {
		var faults []eastest.Fault
		if id != "" {
			faults = []eastest.Fault{{ID: id}}
		}
		var b bytes.Buffer
		if err := sample(t, eastest.Options{Topology: eastest.Hybrid}, faults...).HTML(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), `<g class="break"`); got != want {
			t.Errorf("%s: %d links are marked, want %d", id, got, want)
		}
	}
}

// What is only worth knowing fails no test case: a healthy deployment is green.
func TestJUnitHealthy(t *testing.T) {
	r := sample(t, eastest.Options{Topology: eastest.Hybrid, Product: eastest.Exchange2016})
	if !r.Healthy() || len(r.Notes) == 0 {
		t.Fatalf("%+v", r)
	}
	var b bytes.Buffer
	if err := r.JUnit(&b); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, ` failures="0" `) || strings.Contains(s, "<failure") {
		t.Errorf("%s", s)
	}
	b.Reset()
	if err := sample(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "EAS_NO_WWW_AUTH"}).JUnit(&b); err != nil {
		t.Fatal(err)
	}
	s, n := b.String(), strings.Count(b.String(), "<skipped")
	if n == 0 || !strings.Contains(s, fmt.Sprintf(` failures="1" errors="0" skipped="%d"`, n)) || strings.Count(s, "<failure") != 1 {
		t.Errorf("%d skipped: %s", n, s)
	}
}

// What an administrator must open is said where the error knows it.
func TestAdvice(t *testing.T) {
	r := check(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "ADMIN_CONSENT"})
	if !strings.Contains(r.Findings[0].Advice, "/adminconsent?") {
		t.Errorf("%+v", r.Findings[0])
	}
	for _, p := range r.Probes {
		if p.Name == "Sign-in" && (p.Seen != "AADSTS90094" || len(p.RequestIDs) == 0) {
			t.Errorf("%+v", p)
		}
	}
	r = check(t, eastest.Options{Topology: eastest.Hybrid, Product: eastest.Exchange2016})
	if len(r.Notes) == 0 || r.Notes[0].Fault != "BUILD_UNSUPPORTED" || !strings.Contains(r.Notes[0].Advice, "2025-10-14") {
		t.Errorf("%+v", r.Notes)
	}
}

func TestRunErrors(t *testing.T) {
	for _, address := range []string{"", "ada", "@contoso.com", "ada @contoso.com"} {
		if _, err := diagnose.Run(t.Context(), address, nil); !errors.Is(err, autodiscover.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	tn := eastest.New(t, nil)
	ctx, cancel := contextThatEnds(t)
	cancel()
	if _, err := diagnose.Run(ctx, ada, &diagnose.Options{HTTPClient: tn.Client()}); err == nil {
		t.Error("a context that ended brings a report")
	}
}
