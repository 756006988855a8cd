package main

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A process serves the API and the operator's pages, is ready then, and stops within its time.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: demoID, Secret: demoSecret}}})
	network, _, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"key": hex.EncodeToString(token.NewEncryptionKey()), "secret": demoSecret,
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tn.Certificate().Raw}))} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-dsn", in("p.db"), "-key-file", in("key"), "-secret-file", in("secret"), "-ca-file", in("ca.pem"), "-client-id", demoID,
		"-tenant", eastest.TenantID, "-dial", network, "-listen", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-log-level", "error"}
	begin := func(more ...string) *service {
		t.Helper()
		var c config
		if err := c.parse(flag.NewFlagSet("", flag.ContinueOnError), append(args[:len(args):len(args)], more...), func(string) string { return "" }); err != nil {
			t.Fatal(err)
		}
		s, err := open(t.Context(), &c, false, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := begin()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	for end := time.Now().Add(20 * time.Second); !s.ready.Load() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	get := func(address, path string) (int, string) {
		t.Helper()
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, tt := range []struct {
		address, path string
		status        int
		mention       string
	}{
		{s.adminAddr, "/readyz", 200, "ready"},
		{s.adminAddr, "/healthz", 200, "ok"},
		{s.adminAddr, "/", 200, s.fleet.Name},
		{s.adminAddr, "/metrics", 200, "provision_slots"},
		{s.adminAddr, "/jobs/", 200, "<html"},
		{s.adminAddr, "/jobs/api/states", 200, "running"},
		{s.apiAddr, "/openapi.json", 200, "openapi"},
		{s.apiAddr, "/mailboxes", 401, "A token is needed"},
		{s.apiAddr, "/metrics", 404, ""},
	} {
		status, body := get(tt.address, tt.path)
		if status != tt.status || !strings.Contains(body, tt.mention) {
			t.Errorf("%s: status %d %.200s, want %d and %q", tt.path, status, body, tt.status, tt.mention)
		}
	}
	stopping := time.Now()
	stop()
	if err := <-done; err != nil || time.Since(stopping) > 10*time.Second {
		t.Errorf("run = %v, %v after it was stopped", err, time.Since(stopping))
	}

	// Tokens do not travel in the clear.
	s = begin("-listen", "0.0.0.0:0", "-admin", "")
	if err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("run on every address without a certificate = %v, want an error", err)
	}

	// A process that was taken for dead ends.
	s = begin("-role", "worker", "-admin", "", "-dead", "1s", "-slots", "2", "-name", "buried")
	go func() { done <- s.run(t.Context()) }()
	for end := time.Now().Add(20 * time.Second); !s.ready.Load() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := s.store.DB.ExecContext(t.Context(), `DELETE FROM provision_process WHERE name = 'buried'`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, errLost) {
		t.Errorf("run of a process that was taken for dead = %v, want errLost", err)
	}
	_ = s.fleet.Stop(t.Context()) // the program would be over
}
