package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatalf("demonstrate = %v\n%s", err, &out)
	}
	for what, want := range map[string]int{
		"the user signed in": 2, "still good": 1, "renewed, without the user": 1, "https://mail.contoso.com/Microsoft-Server-ActiveSync": 4,
	} {
		if got := strings.Count(out.String(), what); got != want {
			t.Errorf("%q stands %d times in the output, want %d", what, got, want)
		}
	}
	if strings.Contains(out.String(), "eyJ") {
		t.Error("the output holds a token")
	}
}

func TestPrintTokenAndSignOut(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	var out bytes.Buffer
	p := program{clientID: eastest.ClientID, store: new(token.MemoryStore), http: tn.Client(), out: &out, print: true,
		flow: &token.Browser{Open: tn.Browser()}}
	if err := p.run(t.Context(), "Ada@contoso.com"); err != nil {
		t.Fatal(err)
	}
	line := out.String()
	if _, err := token.Inspect(strings.TrimSpace(line)); err != nil || strings.Count(line, "\n") != 1 {
		t.Errorf("the output is not one token: %v", err)
	}
	p.print, p.signOut = false, true
	if err := p.run(t.Context(), "ada@contoso.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.Load(t.Context(), "ada@contoso.com"); err != token.ErrNotFound {
		t.Errorf("Load after the sign-out = %v, want ErrNotFound", err)
	}
}

func TestOpenStore(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AppData", t.TempDir())
	s, err := openStore(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), "ada", token.Record{Lineage: "l", RefreshToken: "rt"}); err != nil {
		t.Error(err)
	}
}
