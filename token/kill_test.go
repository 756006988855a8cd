package token_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

// rotations is how many rotations the processes that are killed make.
func rotations() int {
	if full {
		return 1000
	}
	return 40
}

// A killing is an authority and a store that outlive the processes which use them.
type killing struct {
	*sts
	arg    string // for the processes
	store  *token.FileStore
	signer *token.Source
	addr   string
	open   connections // to the authority
}

func newKilling(t *testing.T, strict bool, mode string) *killing {
	t.Helper()
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts and kills processes")
	}
	k := &killing{sts: newSTS()}
	k.strict, k.audience = strict, ""
	srv := httptest.NewUnstartedServer(k)
	srv.Config.ConnState = k.open.note
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // connections break off
	srv.StartTLS()
	t.Cleanup(srv.Close)
	k.addr = srv.Listener.Addr().String()
	k.store = &token.FileStore{Dir: filepath.Join(t.TempDir(), "tokens")}
	c := k.config(t)
	a := *c.Authority
	a.Kind, a.Host = token.OpenID, mustURL(srv.URL).Host
	c.Authority = &a
	k.signer = &token.Source{Config: c, Store: k.store, Key: "ada", Flow: k}
	k.signIn(t)
	arg, err := json.Marshal(peerConfig{Authority: srv.URL, Dir: k.store.Dir, Mode: mode, Strict: strict})
	if err != nil {
		t.Fatal(err)
	}
	k.arg = string(arg)
	return k
}

func (k *killing) signIn(t *testing.T) {
	t.Helper()
	k.set(func() { k.dead = false })
	if _, err := k.signer.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// start starts a process that says in a line what it has got.
func (k *killing) start(t *testing.T) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd, out, err := k.process()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// process is start for a goroutine that is not the test's.
func (k *killing) process() (*exec.Cmd, *bufio.Scanner, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TOKEN_TEST_PEER="+k.arg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return cmd, bufio.NewScanner(out), nil
}

// connections are the connections that a server has.
type connections struct {
	mu    sync.Mutex
	seen  map[string]bool // addresses of clients
	count int
}

func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.seen == nil {
			c.seen = map[string]bool{}
		}
		c.seen[conn.RemoteAddr().String()] = true
		c.count++
	case http.StateClosed:
		c.count--
	}
}

// settled reports whether the server has accepted client's connection, and has none.
func (c *connections) settled(client string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[client] && c.count == 0
}

// settle waits until the authority has dealt with everything that a killed process has sent,
// what it has not even accepted yet included: connections are accepted in their order, so that
// one made now comes last.
func (k *killing) settle(t *testing.T) {
	t.Helper()
	last, err := net.Dial("tcp", k.addr)
	if err != nil {
		t.Fatal(err)
	}
	client := last.LocalAddr().String()
	last.Close()
	for !k.open.settled(client) {
		time.Sleep(time.Millisecond)
	}
}

// isBehind reports whether the authority has issued a refresh token that the store does not
// have, when the process that was killed has no request under way any more.
func (k *killing) isBehind(t *testing.T) bool {
	t.Helper()
	k.settle(t)
	r, err := k.store.Load(t.Context(), "ada")
	if err != nil {
		t.Fatalf("after a kill the record cannot be read: %v", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return r.RefreshToken != fmt.Sprintf("rt-secret-%d", k.issued)
}

func (k *killing) rotations() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issued
}

// Processes are killed at random points of many rotations. With an authority that
// leaves the old refresh token valid, as Entra does, no sign-in is lost. With one that
// ends the sign-in when a refresh token comes twice, it is lost by a kill after the
// authority's answer and before its storage, which nobody can prevent, and by no other; it
// costs one probe and says what happened.
func TestKilledProcesses(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprintf("S093 strict=%v", strict), func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, strict, peerStorm)
			kills, lost := 0, 0
			for behind := false; k.rotations() < rotations(); kills++ {
				posts := k.posts()
				cmd, out := k.start(t)
				out.Scan()
				switch line := out.Text(); {
				case strict && behind:
					if line != peerUncertain {
						t.Fatalf("after a kill in the window: %q, want %q", line, peerUncertain)
					}
					if n := k.posts() - posts; n != 1 {
						t.Errorf("%d requests after a kill in the window, want one probe", n)
					}
					lost++
					cmd.Wait()
					k.signIn(t)
					behind = false
					continue
				case line != peerToken:
					t.Fatalf("after kill %d: %q, want a token", kills, line)
				}
				time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
				cmd.Process.Kill()
				cmd.Wait()
				behind = k.isBehind(t)
			}
			if !strict && lost > 0 {
				t.Errorf("%d sign-ins lost", lost)
			}
			t.Logf("%d rotations, %d kills, %d sign-ins lost in the window", k.rotations(), kills, lost)
		})
	}
}

// Eight processes rotate one sign-in, and each is killed at a random point after its first token
// and followed by another. With an authority that leaves the old refresh token valid, no sign-in is lost, and
// no process reads an error. TOKEN_TEST_ROTATIONS sets how many rotations they make.
func TestKilledTogether(t *testing.T) {
	t.Parallel()
	want := rotations()
	if s := os.Getenv("TOKEN_TEST_ROTATIONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		want = n
	}
	k := newKilling(t, false, peerStorm)
	end := make(chan struct{})
	var kills atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				cmd, out, err := k.process()
				if err != nil {
					t.Error(err) // ends the loop below
					return
				}
				if out.Scan(); out.Text() != peerToken {
					t.Errorf("after %d kills a process says %q, want a token", kills.Load(), out.Text())
				}
				time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
				cmd.Process.Kill()
				for out.Scan() {
					t.Errorf("after %d kills a process says %q as well", kills.Load(), out.Text())
				}
				cmd.Wait()
				kills.Add(1)
				select {
				case <-end:
					return
				default:
				}
			}
		})
	}
	for k.rotations() < want && !t.Failed() {
		time.Sleep(10 * time.Millisecond)
	}
	close(end)
	wg.Wait()
	if _, err := (&token.Source{Config: k.signer.Config, Store: k.store, Key: "ada", Early: -1, Replay: token.ReplayTolerant}).Token(t.Context()); err != nil {
		t.Errorf("at the end Token = %v", err)
	}
	t.Logf("%d rotations, %d kills", k.rotations(), kills.Load())
}

// A process is killed in the very window: the authority has answered, and nothing is
// stored yet.
func TestKilledInTheWindow(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprintf("strict=%v", strict), func(t *testing.T) {
			k := newKilling(t, strict, peerBarrier)
			cmd, out := k.start(t)
			if out.Scan(); out.Text() != peerAnswered {
				t.Fatalf("the process says %q", out.Text())
			}
			cmd.Process.Kill()
			cmd.Wait()
			if !k.isBehind(t) {
				t.Fatal("the store has the new refresh token")
			}
			src := &token.Source{Config: k.signer.Config, Store: k.store, Key: "ada", Early: -1, Replay: token.ReplayTolerant}
			if strict {
				src.Replay = token.ReplayStrict
			}
			posts := k.posts()
			_, err := src.Token(t.Context())
			switch {
			case !strict && err != nil:
				t.Errorf("Token = %v, want the old refresh token used again", err)
			case strict && !errors.Is(err, token.ErrRefreshUncertain):
				t.Errorf("Token = %v, want ErrRefreshUncertain", err)
			}
			for range 100 {
				src.Token(t.Context())
			}
			if n := k.posts() - posts; n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// peerConfig is how a test tells its processes what to do.
type peerConfig struct {
	Authority, Dir, Mode string
	Strict               bool
}

// The modes of a process, and what it says.
const (
	peerStorm   = "storm"   // rotate without end
	peerBarrier = "barrier" // stop when the authority has answered

	peerToken     = "token"
	peerUncertain = "uncertain"
	peerAnswered  = "answered"
)

func (pc peerConfig) source(base http.RoundTripper) *token.Source {
	u := mustURL(pc.Authority)
	s := &token.Source{
		Config: &token.Config{ClientID: clientID, Endpoint: endpoint, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
			Authority:  &token.Authority{Kind: token.OpenID, Host: u.Host, TokenEndpoint: u.JoinPath("token")},
			HTTPClient: &http.Client{Transport: base}},
		Store: &token.FileStore{Dir: pc.Dir}, Key: "ada", Early: -1, Replay: token.ReplayTolerant,
	}
	if pc.Strict {
		s.Replay = token.ReplayStrict
	}
	return s
}

func peerTransport() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}

// storm rotates until it is killed, and says when it has a token for the first time.
func (pc peerConfig) storm() {
	base := peerTransport()
	store := &token.FileStore{Dir: pc.Dir}
	for said := false; ; {
		r, err := store.Load(context.Background(), "ada")
		if err == nil {
			r.Access = nil
			_, err = store.Save(context.Background(), "ada", r)
		}
		if err == nil {
			_, err = pc.source(base).Token(context.Background())
		}
		switch {
		case errors.Is(err, token.ErrConflict):
			// Another process was quicker.
		case errors.Is(err, token.ErrRefreshUncertain):
			fmt.Println(peerUncertain)
			return
		case err != nil:
			fmt.Println("error", err)
			return
		case !said:
			fmt.Println(peerToken)
			said = true
		}
	}
}

// barrier stops for ever when the authority has answered.
func (pc peerConfig) barrier() {
	store := &token.FileStore{Dir: pc.Dir}
	r, err := store.Load(context.Background(), "ada")
	if err == nil {
		r.Access = nil
		_, err = store.Save(context.Background(), "ada", r)
	}
	if err != nil {
		fmt.Println("error", err)
		return
	}
	base := peerTransport()
	_, err = pc.source(roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if err == nil {
			fmt.Println(peerAnswered)
			select {}
		}
		return resp, err
	})).Token(context.Background())
	fmt.Println("error", err)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// peer is a process of a test. Without a mode it gets a token whenever a line comes in, as a
// source that has none yet.
func peer(arg string) {
	var pc peerConfig
	if err := json.Unmarshal([]byte(arg), &pc); err != nil {
		fmt.Println("error", err)
		return
	}
	switch pc.Mode {
	case peerStorm:
		pc.storm()
		return
	case peerBarrier:
		pc.barrier()
		return
	}
	base := peerTransport()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		tok, err := pc.source(base).Token(context.Background())
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("token", tok.AccessToken)
	}
}
