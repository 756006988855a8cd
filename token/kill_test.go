package token_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

// Processes are killed at random points of their renewals; with an authority that leaves
// the old refresh token valid, as Entra does, no sign-in is lost.
func TestKilledProcesses(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts and kills processes")
	}
	s := newSTS()
	s.audience, s.lifetime, s.delay = "", time.Second, 5*time.Millisecond
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // connections break off
	srv.StartTLS()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "tokens")
	c := s.config(t)
	a := *c.Authority
	a.Kind, a.Host = token.OpenID, mustURL(srv.URL).Host
	c.Authority = &a
	store := &token.FileStore{Dir: dir}
	if _, err := (&token.Source{Config: c, Store: store, Key: "ada", Flow: s}).SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	expire := func() {
		r, err := store.Load(t.Context(), "ada")
		if err != nil {
			t.Fatalf("the record cannot be read: %v", err)
		}
		r.Access = nil
		if _, err := store.Save(t.Context(), "ada", r); err != nil {
			t.Fatal(err)
		}
	}
	arg, _ := json.Marshal(peerConfig{Authority: srv.URL, Dir: dir})
	for range 25 {
		expire()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOKEN_TEST_PEER="+string(arg))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(in)
		w.WriteString("go\n")
		w.Flush()
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
	}
	expire()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TOKEN_TEST_PEER="+string(arg))
	cmd.Stdin = strings.NewReader("go\n")
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "token ") {
		t.Errorf("after 25 kills: %s, %v; want a token", out, err)
	}
}
