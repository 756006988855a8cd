package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/examples/internal/programtest"
	"github.com/easoauth/easoauth/token"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func start(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return programtest.Start(t, "", nil, args...)
}

func TestProcess(t *testing.T) {
	begin := time.Now()
	out, errs, code := start(t)
	if code != 0 || errs != "" || time.Since(begin) > 20*time.Second {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, errs)
	}
	const want = "2026-03-03 \"The third\"\n2026-03-02 \"The second\"\n"
	if strings.Count(out, want) != 4 || strings.Contains(out, "The first") || strings.Contains(out, "eyJ") {
		t.Errorf("output\n%s\nwant the two newest messages four times", out)
	}
	if out, errs, code := start(t, "-help"); code != 0 || errs != "" || !strings.Contains(out, "-client-id") {
		t.Errorf("-help: exit code %d\n%s%s", code, out, errs)
	}
	for _, tt := range []struct {
		args    string
		code    int
		mention string
	}{
		{"-x", 2, "imap: flag provided but not defined: -x"}, {"-client-id c", 2, "imap: -email is missing"}, {"-email a", 2, "imap: -client-id is missing"},
		{"-client-id c -email a -n 0", 2, "imap: -n is less than 1"}, {"-client-id c -email a b", 2, `imap: unexpected argument "b"`},
	} {
		out, errs, code := start(t, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(errs, tt.mention) || out != "" {
			t.Errorf("%q: exit code %d\n%s%s", tt.args, code, out, errs)
		}
	}
}

// A token that the server refuses is renewed once, and a server that refuses each is believed.
func TestRefusedTokens(t *testing.T) {
	for _, mechanism := range []string{sasl.OAuthBearer, xoauth2} {
		t.Run(mechanism, func(t *testing.T) {
			var out bytes.Buffer
			p, s, tn, err := newDemo(t.Context(), &out, mechanism)
			if err != nil {
				t.Fatal(err)
			}
			defer tn.Close()
			defer s.Close()
			refreshes := func() int {
				n := 0
				for _, r := range tn.Requests() {
					if r.Form.Get("grant_type") == "refresh_token" {
						n++
					}
				}
				return n
			}
			if err := p.run(t.Context()); err != nil || refreshes() != 0 {
				t.Fatalf("run = %v after %d refreshes", err, refreshes())
			}
			s.revokeLast()
			if err := p.run(t.Context()); err != nil || refreshes() != 1 {
				t.Errorf("run = %v after %d refreshes, want success after 1", err, refreshes())
			}
			s.mu.Lock()
			clear(s.users)
			s.mu.Unlock()
			var se *bearer.SASLError
			var re *token.EndpointError
			if err := p.run(t.Context()); !errors.As(err, &se) && !errors.As(err, &re) || refreshes() > 2 {
				t.Errorf("run = %v after %d refreshes, want the refusal after 2 at most", err, refreshes())
			}
		})
	}
}

func TestServerWithoutTokens(t *testing.T) {
	p, s, tn, err := newDemo(t.Context(), io.Discard, "PLAIN")
	if err != nil {
		t.Fatal(err)
	}
	defer tn.Close()
	defer s.Close()
	if err := p.run(t.Context()); err == nil || !strings.Contains(err.Error(), "neither OAUTHBEARER nor XOAUTH2") {
		t.Errorf("run = %v", err)
	}
	if _, err := newMechanism(func(string) bool { return true }, "ada\x01auth=Bearer x", "t"); err == nil {
		t.Error("a user's name added a field")
	}
}
