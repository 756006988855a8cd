package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatalf("demonstrate = %v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "120 .eml files, 120 mails in the mbox") {
		t.Error(&out)
	}
}

func TestQuoter(t *testing.T) {
	for _, tt := range [][2]string{
		{"", ""},
		{"a\r\nb", "a\nb\n"},
		{"From x\r\n>From y\r\n>>From z\r\nFromage\r\n a From b\r\n", ">From x\n>>From y\n>>>From z\nFromage\n a From b\n"},
		{"From x", ">From x\n"},
		{"\r\n\r\nFrom ", "\n\n>From \n"},
		{strings.Repeat("x", 70<<10) + "From \n", strings.Repeat("x", 70<<10) + "From \n"},
	} {
		for _, chunk := range []int{1, 3, 1 << 20} {
			var b bytes.Buffer
			q := &quoter{w: bufio.NewWriter(&b), start: true}
			for rest := tt[0]; rest != ""; {
				n := min(chunk, len(rest))
				if _, err := q.Write([]byte(rest[:n])); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := q.end(); err != nil {
				t.Fatal(err)
			}
			q.w.Flush()
			if b.String() != tt[1] {
				t.Errorf("%.60q in chunks of %d became %.60q", tt[0], chunk, b.String())
			}
		}
	}
}
