package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
)

// office is a tenant with a fault that a part of its users have.
func office(t *testing.T) (*diagnose.Options, []string) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domains: []string{"fabrikam.com"},
		Faults: []eastest.Fault{{ID: "AD_ERROR_CODE", User: "bob@contoso.com"}}})
	addresses := []string{"ada@contoso.com", "bob@contoso.com", "eve@contoso.com", "dan@fabrikam.com"}
	for _, a := range addresses {
		tn.AddMailbox(a)
	}
	return &diagnose.Options{HTTPClient: tn.Client(), Timeout: 5 * time.Second}, append(addresses, "nobody")
}

func TestMany(t *testing.T) {
	o, addresses := office(t)
	var out, log bytes.Buffer
	p := &program{out: &out, log: &log}
	if code := p.many(t.Context(), addresses, o); code != unchecked {
		t.Errorf("exit status %d", code)
	}
	want := `contoso.com
      2  healthy
      1  AD_ERROR_CODE
         the server refuses the look-up with an error code of its own
fabrikam.com
      1  AD_REDIRECT_CROSS_DOMAIN
         AutoDiscover leads out of the mail domain and the cloud
no mail address
      1  not checked
`
	if out.String() != want || strings.Count(log.String(), " of 5: ") != 5 || strings.Contains(log.String(), "@") {
		t.Errorf("%s\n%s", out.String(), log.String())
	}
	out.Reset()
	p = &program{out: &out, log: io.Discard, unmask: true, quiet: true}
	if code := p.many(t.Context(), addresses[:2], o); code != findings || !strings.Contains(out.String(), "         bob@contoso.com\n") {
		t.Errorf("%d %s", code, out.String())
	}
	out.Reset()
	p = &program{out: &out, log: io.Discard, json: true}
	p.many(t.Context(), addresses[:3], o)
	d := json.NewDecoder(&out)
	for _, want := range []string{"healthy", "AD_ERROR_CODE", "healthy"} { // in the order of the addresses
		var r diagnose.Report
		if err := d.Decode(&r); err != nil || r.Root != want {
			t.Errorf("%s %v, want %s", r.Root, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var said bytes.Buffer
	p = &program{out: io.Discard, log: &said}
	if code := p.many(ctx, addresses, o); code != unchecked || said.String() != "hmacheck: interrupted\n" {
		t.Errorf("%d %s", code, said.String())
	}
}

// An exposition has each metric's help once and each series once, although addresses are masked.
func TestScrape(t *testing.T) {
	o, addresses := office(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, started := io.Pipe()
	p := &program{out: io.Discard, log: started, listen: "127.0.0.1:0"}
	done := make(chan int)
	go func() { done <- p.serve(ctx, addresses, o) }()
	line := make([]byte, 256)
	n, err := log.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(regexp.MustCompile(`http://\S+`).FindString(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for l := range strings.Lines(string(b)) {
		series := l[:strings.LastIndexByte(l, ' ')]
		if strings.HasPrefix(l, "#") {
			series = l
		}
		if seen[series] {
			t.Errorf("twice: %s", l)
		}
		seen[series] = true
	}
	if strings.Count(string(b), "hmacheck_healthy{") != 4 || !strings.Contains(string(b), `{address="…@contoso.com (3)"}`) {
		t.Errorf("%s", b)
	}
	cancel()
	if code := <-done; code != healthy {
		t.Errorf("exit status %d", code)
	}
}

func TestChanges(t *testing.T) {
	report := func(root string, ids ...string) *diagnose.Report {
		r := &diagnose.Report{Root: root}
		for _, id := range ids {
			r.Findings = append(r.Findings, diagnose.Finding{Fault: id})
		}
		return r
	}
	good, bad, worse := report("healthy"), report("A", "A"), report("A", "A", "B")
	for _, tt := range []struct {
		last, now *diagnose.Report
		want      string
	}{
		{nil, good, ""}, {good, good, ""}, {good, bad, "it was healthy, and is A; new: A"}, {bad, worse, "new: B"}, {worse, good, "it was A, and is healthy; gone: A, B"},
	} {
		if got := changes(tt.last, tt.now); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// While it watches, the report is printed when it changes, and a line says how it stands; an
// interruption ends it with the status of the last check.
func TestWatch(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox("ada@contoso.com")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	log := &lines{}
	log.each = func(n int) {
		switch n {
		case 1:
			tn.Switch(eastest.Fault{ID: "AD_ERROR_CODE"})
		case 3:
			cancel()
		}
	}
	p := &program{out: &out, log: log, watch: time.Millisecond}
	code := p.one(ctx, "ada@contoso.com", &diagnose.Options{HTTPClient: tn.Client()})
	if code != findings || strings.Count(out.String(), " steps in ") != 2 {
		t.Errorf("exit status %d\n%s", code, out.String())
	}
	for i, want := range []string{"unchanged: healthy", "it was healthy, and is AD_ERROR_CODE; new: AD_ERROR_CODE", "unchanged: AD_ERROR_CODE"} {
		if !strings.HasSuffix(log.all[i], " "+want+"\n") {
			t.Errorf("%q, want %q", log.all[i], want)
		}
	}
}

// lines counts the lines that are written.
type lines struct {
	all  []string
	each func(n int)
}

func (l *lines) Write(b []byte) (int, error) {
	l.all = append(l.all, string(b))
	l.each(len(l.all))
	return len(b), nil
}

func TestFlags(t *testing.T) {
	if code, out, log := check(t, "-demo", "healthy", "-json"); code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("%d %s", code, log)
	}
	file := filepath.Join(t.TempDir(), "addresses")
	if err := os.WriteFile(file, []byte("ada@contoso.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"ada@contoso.com", "-json", "-html"}, "choose one"}, // a flag after the address is one
		{[]string{"ada", "-endpoint", "x"}, "https URL"},
		{[]string{"-file", file, "-html"}, "one address"}, {[]string{"a@b.example", "c@d.example", "-watch", "1s"}, "one address"},
		{[]string{"-listen", "127.0.0.1:0", "-device-code", "-client-id", "x", "ada@contoso.com"}, "-listen"},
	} {
		if code, _, log := check(t, tt.args...); code != 2 || !strings.Contains(log, tt.want) || strings.Count(log, "\n") != 1 {
			t.Errorf("%v: %d %q", tt.args, code, log)
		}
	}
	t.Setenv("COLUMNS", "60")
	_, out, _ := check(t, "-demo", "TLS_OFFLOAD")
	for l := range strings.Lines(out) {
		if len([]rune(l)) > 61 && !strings.Contains(l, "https://") && !strings.Contains(l, "-") {
			t.Errorf("%d columns: %s", len([]rune(l))-1, l)
		}
	}
}
