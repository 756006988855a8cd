package eas_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// A pingServer holds Pings until it is told by a line on standard input, and then answers
// all of them. It runs in a process of its own, so that its memory is not counted.
func pingServer(h2 bool) {
	var mu sync.Mutex
	release, held := make(chan struct{}), 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		held++
		fmt.Println("held", held)
		done := release
		mu.Unlock()
		select {
		case <-done:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		_, _ = w.Write([]byte("\x03\x01\x6a\x00\x00\x0d\x45\x47\x031\x00\x01\x01"))
	}))
	srv.EnableHTTP2 = h2
	srv.StartTLS()
	fmt.Println(srv.URL)
	_ = pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		mu.Lock()
		close(release)
		release, held = make(chan struct{}), 0
		mu.Unlock()
	}
}

// A fleet is many clients that ping one server over one transport.
type fleet struct {
	clients []*eas.Client
	in      io.WriteCloser
	out     *bufio.Reader
	dials   atomic.Int32
}

func newFleet(t testing.TB, n int, h2 bool) *fleet {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("EAS_TEST_PINGS=%v", h2))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &fleet{in: in, out: bufio.NewReader(out)}
	address, _ := f.out.ReadString('\n')
	var cert strings.Builder
	for !strings.Contains(cert.String(), "END CERTIFICATE") {
		line, err := f.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		cert.WriteString(line)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(cert.String()))
	transport := eas.NewTransport()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		f.dials.Add(1)
		return dial(ctx, network, addr)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		in.Close()
		_ = cmd.Wait()
	})
	u, err := url.Parse(strings.TrimSpace(address) + "/Microsoft-Server-ActiveSync")
	if err != nil {
		t.Fatal(err)
	}
	shared := &http.Client{Transport: transport}
	for i := range n {
		c := &eas.Client{URL: u, User: fmt.Sprintf("user%d@contoso.com", i), Token: bearer.Static(&oauth2.Token{AccessToken: "x"}), HTTPClient: shared}
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		f.clients = append(f.clients, c)
	}
	return f
}

// wave has all clients ping, calls idle when all of them wait, and lets the server answer.
func (f *fleet) wave(t testing.TB, idle func()) {
	t.Helper()
	errs := f.ping(t, context.Background())
	idle()
	_, _ = fmt.Fprintln(f.in)
	for range f.clients {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

// ping has all clients ping, a hundred after the other, and returns when all of them wait.
func (f *fleet) ping(t testing.TB, ctx context.Context) <-chan error {
	t.Helper()
	errs := make(chan error, len(f.clients))
	waiting := 0
	for group := range slices.Chunk(f.clients, 100) {
		for _, c := range group {
			go func() {
				_, err := c.Ping(ctx, inboxAndCalendar, nil)
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					f.in.Close() // ends the server, and with it the loop below
				}
				errs <- err
			}()
		}
		waiting += len(group)
		for want := fmt.Sprintf("held %d\n", waiting); ; {
			line, err := f.out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if line == want {
				break
			}
		}
	}
	return errs
}

// memory is what is in use, after the garbage has been collected.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// fleetSize is how many Pings wait at once.
func fleetSize() int {
	if os.Getenv("EASOAUTH_TEST_FULL") != "" {
		return 10_000
	}
	return 100
}

// resident is what the process holds of the machine's memory, after what is free has been given
// back; 0 where that cannot be read, and in the small size, which measures pages.
func resident() int64 {
	if fleetSize() < 1000 {
		return 0
	}
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(statm)); err == nil && len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

// A second wave of Pings opens no connection; one that waits costs little, on connections that
// have just been opened, and no goroutine but the caller's and those of net/http; and all of them
// end within a second of two cores after their context.
func TestFleet(t *testing.T) {
	for _, tt := range []struct {
		name       string
		h2         bool
		most       int64 // bytes of a Ping
		goroutines int   // for a Ping, the caller's included
	}{{"HTTP/1.1", false, 60_000, 3}, {"HTTP/2", true, 30_000, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			// A busy machine opens connections later than they are waited for: one quiet attempt
			// of three is proof.
			var wrong []string
			for range 3 {
				if wrong = fleetCosts(t, tt.h2, tt.most, tt.goroutines); len(wrong) == 0 {
					return
				}
				t.Log(wrong)
			}
			t.Error(wrong)
		})
	}
}

// fleetCosts returns what many Pings cost too much.
func fleetCosts(t *testing.T, h2 bool, most int64, goroutines int) (wrong []string) {
	n := fleetSize()
	f := newFleet(t, n, h2)
	residentBefore := resident()
	before, running := memory(), runtime.NumGoroutine()
	f.wave(t, func() {
		time.Sleep(100 * time.Millisecond) // connections that lost the race over HTTP/2 are closed
		each := (memory() - before) / int64(n)
		t.Logf("an idle Ping: %d bytes, %d resident", each, (resident()-residentBefore)/int64(n))
		if each > most && !raced {
			wrong = append(wrong, fmt.Sprintf("an idle Ping costs %d bytes, at most %d are expected", each, most))
		}
		now := runtime.NumGoroutine() - running
		t.Logf("%d goroutines", now)
		if extra := 2 * int(f.dials.Load()); !h2 && now > goroutines*n+20 || h2 && now > goroutines*n+extra+20 {
			wrong = append(wrong, fmt.Sprintf("%d Pings have %d goroutines", n, now))
		}
		if n <= 1000 {
			if ours := ownGoroutines(); ours != "" {
				wrong = append(wrong, "a goroutine was "+ours)
			}
		}
	})
	time.Sleep(50 * time.Millisecond) // the connections go back into the pool
	dials := f.dials.Load()
	t.Logf("%d connections", dials)
	if h2 && int(dials) > n/2 {
		wrong = append(wrong, fmt.Sprintf("%d Pings opened %d connections over HTTP/2", n, dials))
	}
	for range 2 {
		f.wave(t, func() {})
		time.Sleep(50 * time.Millisecond)
	}
	if again := f.dials.Load(); again != dials {
		wrong = append(wrong, fmt.Sprintf("the second and third wave opened %d connections", again-dials))
	}
	ctx, cancel := context.WithCancel(t.Context())
	errs := f.ping(t, ctx)
	start, begun := time.Now(), worked()
	cancel()
	for range n {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Fatalf("a Ping whose context ended: %v", err)
		}
	}
	took, work := time.Since(start), worked()-begun
	t.Logf("all ended within %v, of which %v of work", took.Round(time.Millisecond), work.Round(time.Millisecond))
	// On a machine that others use as well, two cores that work for a second are what counts.
	if took > time.Second && work > 2*time.Second && !raced {
		wrong = append(wrong, fmt.Sprintf("the last Ping ended %v after its context, and %v of work", took, work))
	}
	return wrong
}

// ownGoroutines returns by what of this library a goroutine that runs was made, or "".
func ownGoroutines() string {
	stacks := make([]byte, 16<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for line := range strings.Lines(string(stacks)) {
		if strings.HasPrefix(line, "created by github.com/easoauth/") && !strings.Contains(line, "_test.") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
