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
	if !strings.Contains(out.String(), "60 mails, 20 attachments, 2 other items") {
		t.Error(&out)
	}
	// Nine folders hold items; no OPTIONS, no Provision, no hierarchy from its beginning.
	if !strings.Contains(out.String(), "nothing new: 10 commands") {
		t.Error(&out)
	}
}

func TestClean(t *testing.T) {
	for _, tt := range [][2]string{
		{"report.txt", "report.txt"}, {"../../etc/passwd", ".._.._etc_passwd"}, {`a\b:c`, "a_b_c"}, {"Ü 1-2_3", "Ü 1-2_3"},
		{strings.Repeat("x", 70) + ".txt", strings.Repeat("x", 56) + ".txt"}, {"a\x00b\n", "a_b_"},
	} {
		if got := clean(tt[0]); got != tt[1] {
			t.Errorf("clean(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}
