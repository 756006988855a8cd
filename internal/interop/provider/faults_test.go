package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

type granted struct{}

func (granted) SignIn(context.Context, *token.Config) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "first", RefreshToken: "rt-first", Expiry: time.Now().Add(time.Hour)}, nil
}

// TestFaults has npm's oauth2-mock-server answer in ways that authorities should not.
func TestFaults(t *testing.T) {
	node := servers.Need(t, "node")
	if _, err := os.Stat(filepath.Join("node_modules", "oauth2-mock-server")); err != nil {
		t.Skip("oauth2-mock-server is not installed")
	}
	port, control := servers.FreePort(t), servers.FreePort(t)
	out := servers.Start(t, exec.Command(node, "faults.mjs", fmt.Sprint(port), fmt.Sprint(control)))
	servers.Await(t, "oauth2-mock-server", out, func() bool { return bytes.Contains(out.Bytes(), []byte("listening")) })
	config := configure(t, fmt.Sprintf("http://127.0.0.1:%d", port), &counter{})
	for _, tt := range []struct {
		name   string
		status int
		body   any
		check  func(error) bool
		lost   bool // the sign-in is over
	}{
		{"healthy", 0, nil, func(err error) bool { return err == nil }, false},
		{"500", 500, map[string]string{"error": "server_error"}, transient, false},
		{"503 without a body", 503, "", transient, false},
		{"200 with an error", 200, map[string]string{"error": "invalid_grant"}, reauth, true},
		{"200 without a token", 200, map[string]string{"token_type": "Bearer"}, transient, false},
		{"HTML", 200, "<html>Welcome", transient, false},
		{"unknown client", 401, map[string]string{"error": "invalid_client"}, func(err error) bool {
			var ce *token.ConfigError
			return errors.As(err, &ce)
		}, false},
		{"interaction required", 400, map[string]string{"error": "interaction_required"}, reauth, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &token.MemoryStore{}
			source := &token.Source{Config: config, Store: store, Key: "ada", Flow: granted{}, Replay: token.ReplayTolerant,
				AllowAudience: func(*token.AudienceError) error { return nil }} // the mock names none
			if _, err := source.SignIn(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tt.status != 0 {
				fault(t, control, tt.status, tt.body)
			}
			renew := func() error {
				r, err := store.Load(t.Context(), "ada")
				if err != nil {
					t.Fatal(err)
				}
				r.Access = nil
				if _, err := store.Save(t.Context(), "ada", r); err != nil {
					t.Fatal(err)
				}
				s := &token.Source{Config: config, Store: store, Key: "ada", Replay: token.ReplayTolerant, AllowAudience: source.AllowAudience}
				_, err = s.Token(t.Context())
				return err
			}
			if err := renew(); !tt.check(err) {
				t.Errorf("Token = %v", err)
			}
			// What was a fault of the moment leaves the sign-in as it was.
			if err := renew(); (err != nil) != tt.lost {
				t.Errorf("after the fault: Token = %v, sign-in over %v", err, tt.lost)
			}
		})
	}
}

func transient(err error) bool {
	var te *token.TransientError
	return errors.As(err, &te)
}

func reauth(err error) bool {
	var re *token.ReauthError
	return errors.As(err, &re)
}

func fault(t *testing.T, control, status int, body any) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"status": status, "body": body})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post((&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", control)}).String(), "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
