package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
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

func TestPrintToken(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	m := &account.Mailbox{HTTP: tn.Client()}
	if err := m.Open(t.Context(), "Ada@contoso.com", eastest.ClientID, "", new(token.MemoryStore), &token.Browser{Open: tn.Browser()}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&program{print: true}).run(t.Context(), m.Source, &out, nil); err != nil {
		t.Fatal(err)
	}
	line := out.String()
	if _, err := token.Inspect(strings.TrimSpace(line)); err != nil || strings.Count(line, "\n") != 1 {
		t.Errorf("the output is not one token: %v", err)
	}
}
