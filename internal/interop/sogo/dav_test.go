package sogo

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// dav returns a user's calendar as SOGo gives it to others (RFC 5545).
func dav(t *testing.T, upstream, user string) string {
	t.Helper()
	at, _, _ := strings.Cut(upstream, "/Microsoft-Server-ActiveSync")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/dav/"+user+"/Calendar/personal.ics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(user, "secret-"+user)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
