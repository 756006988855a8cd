package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(demoWorker) != "" {
		os.Exit(workForDemo())
	}
	os.Exit(m.Run())
}

func TestDemonstrate(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out, "", 9*time.Second); err != nil {
		t.Errorf("demonstrate = %v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "0 refused; 0 of 8 sign-ins lost") {
		t.Errorf("output:\n%s", &out)
	}
}

// TestStore holds the store to its contract on a real SQLite.
func TestStore(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": token.NewEncryptionKey()} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) token.Store {
				b, err := openBoard(t.Context(), filepath.Join(t.TempDir(), "a ?#.db"), key)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { b.db.Close() })
				return b.store
			})
		})
	}
}

func TestReadKey(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{strings.Repeat("0f", 32) + "\n", true},
		{strings.Repeat("0f", 31), false},
		{strings.Repeat("zz", 32), false},
	} {
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := readKey(name)
		if (err == nil) != tt.ok || tt.ok && len(key) != 32 {
			t.Errorf("readKey of %q = %d bytes, %v", tt.text, len(key), err)
		}
		if err != nil && strings.Contains(err.Error(), "zz") {
			t.Errorf("the error holds the key: %v", err)
		}
	}
}
