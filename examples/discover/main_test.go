package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// TestProcess holds the program to the exit codes and reasons of the other examples.
func TestProcess(t *testing.T) {
	for _, tt := range []struct {
		args string
		code int
		want string // on standard error; on standard output if the code is 0
	}{
		{"", account.OK, "https://mail.contoso.com/Microsoft-Server-ActiveSync"},
		{"-json", account.OK, `"url": "https://mail.contoso.com/Microsoft-Server-ActiveSync"`},
		{"-help", account.OK, "-no-cloud"},
		{"-srv", account.Misused, "discover: the mail address is missing"},
		{"-email a@contoso.com b@contoso.com", account.Misused, "discover: there are two mail addresses"},
		{"-email a@contoso.com -cloud moon", account.Misused, `discover: -cloud: there is no cloud "moon"`},
		{"-x", account.Misused, "discover: flag provided but not defined: -x"},
		{"a@contoso.com b", account.Misused, `discover: unexpected argument "b"`},
		{"-cloud moon a@contoso.com", account.Misused, `discover: -cloud: there is no cloud "moon"`},
		{"-host 127.0.0.1:1 a@contoso.com", account.Deployment, "discover: autodiscover"},
	} {
		out, errs, code := programtest.Start(t, "", nil, strings.Fields(tt.args)...)
		where, other := errs, out
		if tt.code == account.OK {
			where, other = out, errs
		}
		if code != tt.code || !strings.Contains(where, tt.want) || other != "" {
			t.Errorf("%q: exit code %d\n%s%s", tt.args, code, out, errs)
		}
	}
}

func TestRun(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox("ada@contoso.com")
	for _, tt := range []struct {
		cloud, addr string
		ok          bool
		text        string
	}{
		{"worldwide", "ada@contoso.com", true, "https://mail.contoso.com/Microsoft-Server-ActiveSync"},
		{"auto", "ada@contoso.com", true, "https://mail.contoso.com/Microsoft-Server-ActiveSync"},
		{"moon", "ada@contoso.com", false, "no cloud"},
		{"worldwide", "eve@contoso.com", false, "no endpoint found"},
		{"worldwide", "eve", false, "not a mail address"},
	} {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			r := &autodiscover.Resolver{HTTPClient: tn.Client(), Confirm: ask(strings.NewReader(""), io.Discard)}
			err := run(t.Context(), &out, r, tt.cloud, tt.addr, asJSON)
			if (err == nil) != tt.ok || !strings.Contains(out.String(), tt.text) && (err == nil || !strings.Contains(err.Error(), tt.text)) {
				t.Errorf("%s %s: %v\n%s", tt.cloud, tt.addr, err, out.String())
			}
			if asJSON && out.Len() == 0 && tt.cloud != "moon" {
				t.Errorf("%s %s: no JSON", tt.cloud, tt.addr)
			}
			if strings.Contains(out.String(), tt.addr+"@") || strings.Contains(out.String(), "@contoso") {
				t.Errorf("the address is printed: %s", out.String())
			}
			var v map[string]any
			if asJSON && out.Len() > 0 && json.Unmarshal(out.Bytes(), &v) != nil {
				t.Errorf("no JSON: %s", out.String())
			}
		}
	}
}

func TestAsk(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "x.example"}
	f := ask(strings.NewReader("y\nn\n"), io.Discard)
	if err := f(t.Context(), u, u); err != nil {
		t.Errorf("yes = %v", err)
	}
	for _, answer := range []string{"no", "nothing"} {
		if f(t.Context(), u, u) == nil {
			t.Errorf("%s is taken for yes", answer)
		}
	}
}
