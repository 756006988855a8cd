package eas_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

var inboxAndCalendar = []eas.Folder{{ID: "1", Type: eas.FolderInbox}, {ID: "2", Type: eas.FolderCalendar}}

// firstChange watches until something is reported.
func firstChange(t *testing.T, c *eas.Client, o *eas.WatchOptions) (*eas.Changes, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for changes, err := range c.Watch(ctx, inboxAndCalendar, o) {
		return changes, err
	}
	return nil, errors.New("Watch ended without a word")
}

// What Watch outlasts, as its documentation lists it, over HTTP/1.1 and HTTP/2: it happens
// once, or as often as the case says, and then folder 2 has something new.
func TestWatchOutlasts(t *testing.T) {
	t.Parallel()
	ping := func(n string) []byte { return statusOf(t, "Ping", n) }
	changed := fromXML(t, `<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>2</Folder></Folders></Ping>`)
	answer := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
			_, _ = w.Write(body)
		}
	}
	cases := map[string]http.HandlerFunc{
		"an empty 200": func(http.ResponseWriter, *http.Request) {},
		"a captive portal's page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><body>Accept our terms</body></html>")
		},
		"a cut document":       answer(changed[:len(changed)-4]),
		"a document of zeroes": answer(make([]byte, 100)),
		"a cut body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write(changed)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"S021 a reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"S021 a reset behind a GOAWAY": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close") // over HTTP/2, GOAWAY
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"a temporary redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://portal.contoso.com/", http.StatusFound)
		},
	}
	for _, status := range []int{204, 304, 408, 425, 429, 500, 502, 503, 504, 511, 520, 521, 522, 523, 524, 599} {
		cases[fmt.Sprint("HTTP ", status)] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	for _, status := range []string{"3", "5", "6", "8", "110", "111", "114", "132", "133", "134", "136", "999"} {
		cases["status "+status] = answer(ping(status))
	}
	var all sync.WaitGroup
	defer all.Wait()
	for name, happens := range cases {
		for _, h2 := range []bool{false, true} {
			all.Go(func() { // since each waits a second
				name := fmt.Sprintf("%s, HTTP/2 %v", name, h2)
				var pings atomic.Int32
				c := over(t, h2, func(w http.ResponseWriter, r *http.Request) {
					if pings.Add(1) == 1 {
						happens(w, r)
						return
					}
					answer(changed)(w, r)
				})
				var noticed atomic.Int32
				got, err := firstChange(t, c, &eas.WatchOptions{Observe: func(err error, wait time.Duration) {
					noticed.Add(1)
					if err == nil || wait <= 0 {
						t.Errorf("%s: Notice(%v, %v)", name, err, wait)
					}
				}})
				if err != nil {
					t.Errorf("%s: Watch = %v", name, err)
					return
				}
				if diff := cmp.Diff([]eas.FolderID{"2"}, got.Folders); diff != "" && !strings.HasPrefix(name, "status 6") {
					t.Errorf("%s: folders (-want +got):\n%s", name, diff)
				}
				if noticed.Load() != 1 && !strings.HasPrefix(name, "status 6") { // which halves the folders
					t.Errorf("%s: %d notices", name, noticed.Load())
				}
			})
		}
	}
}

// over returns a client of a server of one version of HTTP that has been provisioned.
func over(t *testing.T, h2 bool, ping http.HandlerFunc) *eas.Client {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := map[bool]int{false: 1, true: 2}[h2]; r.ProtoMajor != want {
			t.Errorf("%s, want HTTP/%d", r.Proto, want)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		ping(w, r)
	}))
	srv.EnableHTTP2 = h2
	srv.Config.ErrorLog = quiet
	srv.StartTLS()
	t.Cleanup(srv.Close)
	u, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
	c := &eas.Client{URL: u, User: ada, HTTPClient: srv.Client(), Token: bearer.Static(&oauth2.Token{AccessToken: "token"})}
	c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
	return c
}

// State that is lost for good is reported: the Sync of the folders learns the rest.
func TestWatchReportsLostState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Ping" {
				return reply1(200, statusOf(t, "Ping", "132"))
			}
			return nil
		}
		got, err := firstChange(t, b.client(), nil)
		if err != nil || cmp.Diff([]eas.FolderID{"1", "2"}, got.Folders) != "" || len(b.of("Ping")) != 2 {
			t.Errorf("Watch = %+v, %v after %d Pings, want both folders after 2", got, err, len(b.of("Ping")))
		}
	})
}

// Status 2 without folders is a change of all of them.
func TestPingThatDoesNotSayWhich(t *testing.T) {
	c := over(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		_, _ = w.Write(statusOf(t, "Ping", "2"))
	})
	got, err := firstChange(t, c, nil)
	if err != nil || cmp.Diff([]eas.FolderID{"1", "2"}, got.Folders) != "" {
		t.Errorf("Watch = %+v, %v", got, err)
	}
}

// What waiting does not mend ends Watch at once.
func TestWatchEndsWithWhatNoWaitMends(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		ping   string
		want   error
	}{
		{"refused", 401, "", eas.ErrUnauthorized}, {"forbidden", 403, "", eas.ErrForbidden}, {"not found", 404, "", nil},
		{"bad request", 400, "", nil}, {"proxy", 407, "", nil}, {"moved", 451, "", eas.ErrRedirected}, {"redirect for good", 301, "", eas.ErrRedirected},
		{"not implemented", 501, "", nil}, {"version", 505, "", eas.ErrVersion}, {"full", 507, "", nil}, {"blocked", 456, "", nil}, {"password", 457, "", nil},
		{"syntax", 200, "4", nil}, {"blocked device", 200, "129", eas.ErrDeviceBlocked}, {"not provisioned", 449, "", eas.ErrProvisionRequired},
	} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			switch {
			case command != "Ping":
				return nil
			case tt.ping != "":
				return reply1(tt.status, statusOf(t, "Ping", tt.ping))
			}
			return reply1(tt.status, nil)
		}
		changes, err := firstChange(t, b.client(), nil)
		if err == nil || changes != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, changes, err, tt.want)
		}
	}
}

// A dead HTTP/2 connection, on which nothing comes and nothing is refused, is found and
// replaced, and the commands that wait on it do not wait for their Timeout.
func TestS022DeadConnection(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	var dials atomic.Int32
	c := over(t, true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		_, _ = w.Write(captured(t, "hstern-foldersync-response-empty"))
	})
	transport := eas.NewTransport()
	if d := transport.HTTP2.SendPingTimeout + transport.HTTP2.PingTimeout; d > 30*time.Second {
		t.Errorf("a dead connection is noticed after %v", d)
	}
	transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout = 200*time.Millisecond, 800*time.Millisecond
	transport.TLSClientConfig = &tls.Config{RootCAs: c.HTTPClient.Transport.(*http.Transport).TLSClientConfig.RootCAs}
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		dials.Add(1)
		return &deadly{conn, &dead, dials.Load()}, err
	}
	defer transport.CloseIdleConnections()
	c.HTTPClient = &http.Client{Transport: transport}
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	dead.Store(true)
	start := time.Now()
	for _, err := range together(t.Context(), c, 100) {
		var e *eas.Error
		if err != nil && (!errors.As(err, &e) || !e.Temporary()) {
			t.Errorf("FolderSync = %v", err)
		}
	}
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Errorf("FolderSync after it = %v", err)
	}
	if d := time.Since(start); d > 20*time.Second || dials.Load() != 2 {
		t.Errorf("it took %v and %d connections", d, dials.Load())
	}
}

// Over a transport of the caller's that sends no pings, a command that is late is the last on
// its HTTP/2 connection.
func TestDeadConnectionWithoutPings(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	var dials atomic.Int32
	c := over(t, true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		_, _ = w.Write(captured(t, "hstern-foldersync-response-empty"))
	})
	transport := c.HTTPClient.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return &deadly{conn, &dead, dials.Add(1)}, err
	}
	c.Timeout = 500 * time.Millisecond
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	dead.Store(true)
	for _, err := range together(t.Context(), c, 12) {
		var e *eas.Error
		if !errors.As(err, &e) || !e.Temporary() {
			t.Errorf("FolderSync = %v, want that it is late", err)
		}
	}
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Errorf("FolderSync after it = %v", err)
	}
	if n := dials.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// A deadly connection is one that a network drops when dead is set: the first of them.
type deadly struct {
	net.Conn
	dead *atomic.Bool
	n    int32
}

func (c *deadly) Write(p []byte) (int, error) {
	if c.n == 1 && c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// quiet is the log of a server whose handlers cut connections on purpose.
var quiet = log.New(io.Discard, "", 0)

// Watch waits for a person who signs in, outlasts an authority that is away, and ends when the
// sign-in does.
func TestWatchAndTheSourceOfTokens(t *testing.T) {
	away := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
	for _, tt := range []struct {
		name  string
		err   error // of the first three tokens
		wait  time.Duration
		ends  bool
		after time.Duration // when the change is reported, at the latest
	}{
		{"a person signs in", nil, 14 * time.Minute, false, 14 * time.Minute},
		{"the authority is away", away, 0, false, time.Minute},
		{"the authority is busy", passing{errors.New("busy")}, 0, false, time.Minute},
		{"the authority is busy, as package token says it", &token.TransientError{RetryAfter: time.Second}, 0, false, time.Minute},
		{"the sign-in is over", errors.New("sign in again"), 0, true, 0},
		{"the certificate of a captive portal", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, 0, false, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{t: t}
				b.respond = func(_ *http.Request, command string, _ int) *http.Response {
					if command == "Ping" {
						return reply1(200, statusOf(t, "Ping", "2"))
					}
					return nil
				}
				c := restored(b)
				var n atomic.Int32
				c.Token = bearer.SourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
					if n.Add(1) <= 3 {
						time.Sleep(tt.wait)
						if tt.wait == 0 {
							return nil, tt.err
						}
					}
					return &oauth2.Token{AccessToken: "x"}, nil
				})
				start := time.Now()
				var got error
				for _, err := range c.Watch(t.Context(), inboxAndCalendar, nil) {
					got = err
					break
				}
				if (got != nil) != tt.ends || tt.ends && !errors.Is(got, tt.err) || time.Since(start) > tt.after {
					t.Errorf("Watch = %v after %v", got, time.Since(start))
				}
			})
		})
	}
}

// Watch that is cancelled at any step ends at once and says nothing.
func TestWatchCancelledAtEveryStep(t *testing.T) {
	t.Parallel()
	atEveryStep(t, func(step func() bool, cancelled bool) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var at time.Time
			take := func() {
				if step() {
					at = time.Now()
					cancel(errGone)
				}
			}
			b := &backend{t: t}
			b.respond = func(_ *http.Request, command string, n int) *http.Response {
				take()
				time.Sleep(time.Second)
				take()
				switch {
				case command == "Ping" && n <= 2:
					return reply1(503, nil)
				case command == "Ping" && n == 3:
					return reply1(200, statusOf(t, "Ping", "142"))
				case command == "Ping" && n == 4:
					return reply1(200, statusOf(t, "Ping", "2"))
				case command == "Ping":
					return reply1(200, statusOf(t, "Ping", "7"))
				}
				return nil
			}
			hierarchy := false
			for changes, err := range b.client().Watch(ctx, inboxAndCalendar, &eas.WatchOptions{Observe: func(error, time.Duration) { take() }}) {
				if err != nil {
					t.Errorf("Watch = %v", err)
					break
				}
				take()
				hierarchy = changes.Hierarchy
			}
			if !cancelled && !hierarchy {
				t.Error("Watch ended before the hierarchy changed")
			}
			if cancelled && time.Since(at) > time.Second {
				t.Errorf("Watch ended %v after it was cancelled", time.Since(at))
			}
			time.Sleep(time.Minute) // the backend is not one that hangs up
		})
	})
}

// A caller that leaves the loop after each change, and watches again, keeps the heartbeat that was
// found, and what the network has taught.
func TestWatchKeepsTheHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{t: t}
		var beats []string
		patience := time.Hour
		b.respond = func(r *http.Request, command string, n int) *http.Response {
			if command != "Ping" {
				return nil
			}
			_, rest, _ := strings.Cut(toXML(t, b.of("Ping")[n-1].body), "<HeartbeatInterval>")
			text, _, _ := strings.Cut(rest, "<")
			beats = append(beats, text)
			seconds, _ := strconv.Atoi(text)
			beat := time.Duration(seconds) * time.Second
			if n%3 == 0 { // something new
				return reply1(200, fromXML(t, `<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>2</Folder></Folders></Ping>`))
			}
			time.Sleep(min(beat, patience))
			if beat > patience {
				return reply1(504, nil)
			}
			return nil
		}
		c := b.client()
		watch := func(o *eas.WatchOptions) {
			for _, err := range c.Watch(t.Context(), inboxAndCalendar, o) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		watch(nil)
		watch(nil)
		patience = 17 * time.Minute
		watch(nil)
		watch(nil)
		watch(&eas.WatchOptions{MaxHeartbeat: 5 * time.Minute})
		watch(&eas.WatchOptions{MinHeartbeat: 20 * time.Minute})
		want := "120 360 600, 600 840 1080, 1080 990 990, 990 990 990, 300 300 300, 1200 1200 1200"
		var got []string
		for i := 0; i+3 <= len(beats); i += 3 {
			got = append(got, strings.Join(beats[i:i+3], " "))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("heartbeats (-want +got):\n%s", diff)
		}
	})
}
