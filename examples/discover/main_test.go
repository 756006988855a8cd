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
)

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
			if got := run(t.Context(), &out, r, tt.cloud, tt.addr, asJSON); got != tt.ok || !strings.Contains(out.String(), tt.text) {
				t.Errorf("%s %s: %v\n%s", tt.cloud, tt.addr, got, out.String())
			}
			if strings.Contains(out.String(), tt.addr+"@") || strings.Contains(out.String(), "@contoso") {
				t.Errorf("the address is printed: %s", out.String())
			}
			var v map[string]any
			if asJSON && json.Unmarshal(out.Bytes(), &v) != nil {
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
