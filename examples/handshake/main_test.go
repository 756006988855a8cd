package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// TestDeployment runs the program as a process against a deployment.
func TestDeployment(t *testing.T) {
	w := programtest.NewWorld(t)
	w.Tenant.AddMailbox(programtest.Ada, &eas.Email{From: "bob@contoso.com", Subject: "Minutes\x1b]0;x\a"})
	run := func(args ...string) (int, string, string) {
		return w.Run(t, t.Context(), "", "", append([]string{"-email", programtest.Ada}, args...)...)
	}
	code, out, errs := run()
	if code != account.OK || errs != "" || !strings.Contains(out, "authority  login.microsoftonline.com/common") || !strings.Contains(out, "-client-id") ||
		!strings.Contains(out, "3 steps") || strings.Contains(out, "embedded") {
		t.Errorf("without a client ID: %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("-endpoint", w.Tenant.URL().String(), "-client-id", eastest.ClientID, "-device", "-tenant", "contoso.com")
	if code != account.OK || !strings.Contains(errs, "Open ") || !strings.Contains(out, "subject  Minutes\uFFFD]0;x\uFFFD") || !strings.Contains(out, "7 steps") || strings.Contains(out, "SendMail") {
		t.Errorf("with one: %d\n%s%s", code, out, errs)
	}
	if code, out, _ := run("-host", "nowhere.contoso.com"); code != account.Deployment || !strings.Contains(out, "1 failed") {
		t.Errorf("a host that is not there: %d\n%s", code, out)
	}
	code, out, errs = run("-json", "-trust", "adfs.contoso.com", "-no-cloud")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); code != account.OK || len(lines) != 4 || errs != "" || !strings.Contains(out, `"expected":"the challenge is in it"`) {
		t.Errorf("-json: %d\n%s%s", code, out, errs)
	}
}

func TestMisuse(t *testing.T) {
	for args, want := range map[string]string{
		"-x": "flag provided but not defined: -x", "ada@contoso.com": `unexpected argument "ada@contoso.com"`, "-client-id x": "-client-id is for a real deployment, and -email is missing",
		"-json -tenant x": "-tenant is for", "-email a@contoso.com -endpoint http://mail.contoso.com": "-endpoint is not an ActiveSync URL", "-email a@contoso.com -endpoint %zz": "-endpoint is not",
	} {
		var out, errs bytes.Buffer
		if code := newTool().Command(t.Context(), strings.Fields(args), nil, &out, &errs); code != account.Misused || out.Len() > 0 || !strings.HasPrefix(errs.String(), "handshake: "+want) {
			t.Errorf("%s: %d\n%s%s", args, code, &out, &errs)
		}
	}
	var out, errs bytes.Buffer
	if code := newTool().Command(t.Context(), []string{"-help"}, nil, &out, &errs); code != account.OK || errs.Len() > 0 || !strings.Contains(out.String(), "-endpoint") {
		t.Errorf("-help: %d\n%s%s", code, &out, &errs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := newTool().Command(ctx, nil, nil, &out, &errs); code != account.Interrupted {
		t.Errorf("after Ctrl-C: %d", code)
	}
}

func TestEmbedded(t *testing.T) {
	var out bytes.Buffer
	s := &show{out: &out}
	if err := embedded(t.Context(), s); err != nil {
		t.Errorf("embedded = %v", err)
	}
	if !s.close() {
		t.Error("a step failed")
	}
	for _, want := range []string{
		"nothing leaves this machine", "refused on purpose", "→ 401  expected: the challenge is in it", "→ 400  expected: the code is not entered yet", "EAS URL  https://mail.contoso.com/Microsoft-Server-ActiveSync", "Minutes of Monday", "TLS offloading",
		"Hello from easoauth", "sign-in required (revoked)", "refreshes  1", "every step held",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	// Whatever looks like a fault says that it is none.
	fault := regexp.MustCompile(`→ [45]\d\d|(?i)refused|error|failed|required|mismatch`)
	for i, line := range strings.Split(out.String(), "\n") {
		if i > 1 && fault.MatchString(line) && !strings.Contains(line, "expected") {
			t.Errorf("nothing says that this is on purpose: %s", line)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("the output is coloured, and nobody said so")
	}
	// No token, code or query may show.
	for _, secret := range []string{"eyJ", "Email=", "code=", "0.AX", "Authorization"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the output holds %q", secret)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	s := &show{out: &out, json: true}
	if err := embedded(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range lines {
		var v struct {
			OK *bool `json:"ok"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.OK == nil || !*v.OK {
			t.Errorf("line %s: %v", line, err)
		}
	}
	if len(lines) != 14 {
		t.Errorf("%d lines, want one for each of 13 steps and one that counts", len(lines))
	}
}

func TestColors(t *testing.T) {
	var out bytes.Buffer
	s := &show{out: &out, color: true}
	s.note("note")
	_ = s.run("eas", "Title", func(learn func(string, string, ...any)) error {
		s.rows = append(s.rows, &exchange{Method: "GET", URL: "https://a", Status: 200}, &exchange{Method: "GET", URL: "https://b", Status: 401}, &exchange{Method: "GET", URL: "https://c", Error: "no"})
		learn("name", "value")
		return errWanted("x")
	})
	s.close()
	want := "\x1b[90mnote\x1b[0m\n\n\x1b[1m1  Title\x1b[0m  \x1b[90m[eas]\x1b[0m\n   GET     https://a → \x1b[32m200\x1b[0m\n   GET     https://b → \x1b[33m401\x1b[0m\n" +
		"   GET     https://c\n           \x1b[31m✗\x1b[0m no\n     \x1b[36mname\x1b[0m  value\n   \x1b[31m✗\x1b[0m x: it was let through and must be refused\n\n1 steps, 0 requests: \x1b[31m1 failed\x1b[0m\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
