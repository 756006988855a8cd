package eas

import (
	"strings"
	"testing"
	"time"
)

// TestPlainTime compares the short way of reading a date with the long one, at every place at
// which a date can be wrong.
func TestPlainTime(t *testing.T) {
	for _, good := range []string{"2026-03-01T12:34:56.789Z", "20260301T123456Z", "2026-02-28T23:59:59.999Z", "20260228T235959Z"} {
		got, ok := plainTime(good)
		want, err := time.Parse(map[bool]string{true: extendedTime, false: compactTime}[strings.Contains(good, "-")], good)
		if !ok || err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("plainTime(%q) = %v, %v, want %v, %v", good, got, ok, want, err)
		}
		for i := range good {
			for _, c := range "0123459TZ:-/. \x00" {
				text := good[:i] + string(c) + good[i+1:]
				got, ok := plainTime(text)
				long, longOK := isoTime(text)
				if ok && (!longOK || !got.Equal(long)) {
					t.Errorf("plainTime(%q) = %v, and isoTime %v, %v", text, got, long, longOK)
				}
			}
		}
		for _, text := range []string{"", good + "Z", good[1:], good[:len(good)-1]} {
			if got, ok := plainTime(text); ok {
				t.Errorf("plainTime(%q) = %v", text, got)
			}
		}
	}
}
