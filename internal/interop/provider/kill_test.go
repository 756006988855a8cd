package provider

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

func TestMain(m *testing.M) {
	if task := os.Getenv("PROVIDER_TEST_PEER"); task != "" {
		issuer, dir, _ := strings.Cut(task, " ")
		rotate(issuer, dir)
		return
	}
	os.Exit(m.Run())
}

// rotate renews the sign-in in dir without end, until it is killed.
func rotate(issuer, dir string) {
	u, err := url.Parse(issuer)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	config, err := token.Configure(context.Background(), "easoauth", &bearer.Offer{AuthorizationURI: issuer + "/auth"}, endpoint,
		&token.Options{HTTPClient: http.DefaultClient, TrustedAuthorities: []string{u.Host}, Issuer: issuer, AllowLoopback: true})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("ready")
	for {
		if err := renew(config, &token.FileStore{Dir: dir}); err != nil {
			fmt.Println("error", err)
			return
		}
	}
}

// renew takes the access token out of the record, as time would, and asks for one.
func renew(config *token.Config, store *token.FileStore) error {
	r, err := store.Load(context.Background(), "ada")
	if err != nil {
		return err
	}
	r.Access = nil
	if _, err := store.Save(context.Background(), "ada", r); err != nil {
		return err
	}
	_, err = (&token.Source{Config: config, Key: "ada", Store: store}).Token(context.Background())
	return err
}

// TestKilled kills processes in the middle of rotations at a provider that ends the sign-in
// when a refresh token comes twice: what is lost is lost in the window between its answer
// and our storage, says so, and nothing else is.
func TestKilled(t *testing.T) {
	issuer := start(t, time.Hour)
	config := configure(t, issuer, &counter{})
	store := &token.FileStore{Dir: filepath.Join(t.TempDir(), "tokens")}
	signIn := func() {
		t.Helper()
		s := &token.Source{Config: config, Key: "ada", Store: store}
		s.Flow = &token.Browser{Open: person}
		if _, err := s.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	signIn()
	const kills = 15
	uncertain := 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PROVIDER_TEST_PEER="+issuer+" "+store.Dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("the process says %q", lines.Text())
		}
		time.Sleep(time.Duration(10+rand.IntN(80)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		time.Sleep(50 * time.Millisecond) // the provider finishes what it was asked
		switch err := renew(config, store); {
		case errors.Is(err, token.ErrRefreshUncertain):
			uncertain++
			signIn()
		case err != nil:
			t.Fatalf("after a kill: %v", err)
		}
	}
	t.Logf("%d kills, %d in the window", kills, uncertain)
}
