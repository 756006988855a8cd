package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatalf("demonstrate = %v\n%s", err, &out)
	}
	for _, want := range []string{"first synchronization 250 of 250 (100 %)", "watching Inbox", "Lunch?", "Minutes of Monday", "Last one"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "Old mail") {
		t.Error("old mail is shown as new")
	}
}
