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
		"EAS URL  https://mail.contoso.com/Microsoft-Server-ActiveSync", "Minutes of Monday", "TLS offloading",
		"Hello from easoauth", "sign-in required (revoked)", "refreshes  1", "every step held",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
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
