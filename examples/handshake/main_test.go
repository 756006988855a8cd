package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

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
		"nothing leaves this machine", "refused on purpose", "EAS URL  https://mail.contoso.com/Microsoft-Server-ActiveSync", "Minutes of Monday", "TLS offloading",
		"Hello from easoauth", "sign-in required (revoked)", "refreshes  1", "every step held",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
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
