package eas_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// together runs n FolderSyncs at once and returns their errors.
func together(ctx context.Context, c *eas.Client, n int) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = c.FolderSync(ctx, "0") })
	}
	all.Wait()
	return errs
}

// With a Provision, or an OPTIONS, that hangs, every command ends at its own time.
func TestEveryWaiterHasItsOwnTime(t *testing.T) {
	for _, hangs := range []string{"Provision", "OPTIONS", "FolderSync"} {
		t.Run(hangs, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{t: t}
				b.respond = func(r *http.Request, command string, _ int) *http.Response {
					if command == hangs {
						<-r.Context().Done()
					}
					return nil
				}
				c := b.client()
				start := time.Now()
				for _, err := range together(t.Context(), c, 50) {
					if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
						t.Fatalf("FolderSync = %v", err)
					}
				}
				if d := time.Since(start); d != eas.DefaultTimeout {
					t.Errorf("the last ended after %v, want %v", d, eas.DefaultTimeout)
				}
				if n := len(b.of(hangs)); hangs != "FolderSync" && n != 1 {
					t.Errorf("%d %s, want 1", n, hangs)
				}
				// One with less time than the others does not wait for them.
				start = time.Now()
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
				defer cancel()
				go func() { _, _ = c.FolderSync(t.Context(), "0") }()
				if _, err := c.FolderSync(ctx, "0"); !errors.Is(err, errGone) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("FolderSync = %v", err)
				}
				if d := time.Since(start); d != time.Second {
					t.Errorf("it ended after %v", d)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

// A fresh client under many goroutines negotiates and provisions once.
func TestOneFlight(t *testing.T) {
	b := &backend{t: t}
	for _, err := range together(t.Context(), b.client(), 50) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if o, p := len(b.of("OPTIONS")), len(b.of("Provision")); o != 1 || p != 1 {
		t.Errorf("%d OPTIONS and %d Provision, want one of each", o, p)
	}
}

// Many commands that are refused at once provision once, whether or not the key changes, and
// whether or not it succeeds.
func TestManyRefusalsOneProvision(t *testing.T) {
	const n = 50
	for _, tt := range []struct {
		name      string
		provision func() *http.Response
		want      error
	}{
		{"no policy", func() *http.Response { return reply1(200, []byte(noPolicy)) }, nil},
		{"the same key", func() *http.Response {
			return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>77</PolicyKey></Policy></Policies></Provision>`))
		}, nil},
		{"failure", func() *http.Response { return reply1(503, nil) }, eas.ErrThrottled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{t: t}
				b.respond = func(_ *http.Request, command string, i int) *http.Response {
					switch {
					case command == "FolderSync" && i <= n:
						time.Sleep(time.Duration(i) * time.Millisecond) // the refusals come one after the other
						return reply1(200, statusOf(t, "FolderSync", "142"))
					case command == "Provision":
						time.Sleep(20 * time.Millisecond)
						return tt.provision()
					}
					return nil
				}
				c := b.client()
				c.Restore(eas.State{Version: "16.1", PolicyKey: "77", Provisioned: true})
				for _, err := range together(t.Context(), c, n) {
					if !errors.Is(err, tt.want) {
						t.Fatalf("FolderSync = %v, want %v", err, tt.want)
					}
				}
				if got := len(b.of("Provision")); got > 2 {
					t.Errorf("%d Provision for %d refusals", got, n)
				}
			})
		})
	}
}

// What a caller got from a shared flight is its own.
func TestWhatIsSharedIsCopied(t *testing.T) {
	policy := fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>9</PolicyKey>
		<Data><EASProvisionDoc><AllowCamera>0</AllowCamera></EASProvisionDoc></Data></Policy></Policies></Provision>`)
	synctest.Test(t, func(t *testing.T) {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			time.Sleep(time.Second)
			if command == "Provision" {
				return reply1(200, policy)
			}
			return nil
		}
		c := b.client()
		c.ApplyPolicy = func(_ context.Context, p *eas.Policy) (eas.PolicyOutcome, error) {
			*p.Camera = true // it is the callback's own, too
			return eas.PolicyApplied, nil
		}
		infos, policies := make([]*eas.ServerInfo, 2), make([]*eas.Policy, 2)
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() { infos[i], _ = c.Options(t.Context()); infos[i].Versions[0] = "x" })
			all.Go(func() {
				policies[i], _ = c.Provision(t.Context())
				if *policies[i].Camera {
					t.Error("the callback has changed the policy of another")
				}
				*policies[i].Camera = true
			})
		}
		all.Wait()
		if infos[0] == infos[1] || policies[0] == policies[1] || policies[0].Camera == policies[1].Camera {
			t.Error("two callers got one value")
		}
		if len(b.of("Provision")) != 2 {
			t.Errorf("%d Provision, want the two phases", len(b.of("Provision")))
		}
	})
}

// mover is a backend whose commands at the first host are sent on to another.
func mover(t *testing.T) *backend {
	b := &backend{t: t}
	b.respond = func(r *http.Request, command string, _ int) *http.Response {
		if r.URL.Host == "mail.contoso.com" {
			return reply1(451, nil, "X-MS-Location", "https://mail2.contoso.com/eas")
		}
		if r.Header.Get("Authorization") != "Bearer second" {
			t.Errorf("mail2 got the token %q", r.Header.Get("Authorization"))
		}
		return nil
	}
	return b
}

func second(context.Context, *url.URL) (bearer.Source, error) {
	return bearer.Static(&oauth2.Token{AccessToken: "second"}), nil
}

func restored(b *backend) *eas.Client {
	c := b.client()
	c.Restore(eas.State{Version: "16.1", Provisioned: true})
	return c
}

// One move is one call of Moved, however many commands learn of it, and a late 451 is none.
func TestMovedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mover(t)
		respond := b.respond
		b.respond = func(r *http.Request, command string, n int) *http.Response {
			if r.URL.Host == "mail.contoso.com" && n == 50 {
				time.Sleep(time.Minute) // it learns of the move when the others have made it
			}
			return respond(r, command, n)
		}
		c := restored(b)
		var called atomic.Int32
		c.Moved = func(ctx context.Context, to *url.URL) (bearer.Source, error) {
			called.Add(1)
			time.Sleep(time.Second)
			*to = url.URL{Scheme: "https", Host: "evil.contoso.com"} // it is the callback's own
			return second(ctx, to)
		}
		for _, err := range together(t.Context(), c, 50) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := called.Load(); n != 1 {
			t.Errorf("Moved was called %d times", n)
		}
		if got := c.State().URL; got != "https://mail2.contoso.com/eas" {
			t.Errorf("State.URL = %s", got)
		}
	})
}

// The URL that the caller gave is copied: where it points later does not get the token.
func TestURLIsCopied(t *testing.T) {
	b := &backend{t: t}
	c := b.client()
	for range 2 {
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Fatal(err)
		}
		c.URL.Host = "evil.contoso.com"
		c.HTTPClient.Timeout = 1
	}
	for _, x := range b.calls {
		if !strings.HasPrefix(x.url, "https://mail.contoso.com/") {
			t.Errorf("a request went to %s", x.url)
		}
	}
}

// A callback that calls the client which waits for it gets an error and not a deadlock.
func TestCallbacksThatCallTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := mover(t)
		c := restored(b)
		called := 0
		c.Moved = func(ctx context.Context, _ *url.URL) (bearer.Source, error) {
			called++
			_, err := c.FolderSync(ctx, "0")
			return nil, err
		}
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrRedirected) || !strings.Contains(err.Error(), "callback") || called != 1 {
			t.Errorf("FolderSync = %v, Moved was called %d times", err, called)
		}
		b = &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>1</Status><PolicyKey>9</PolicyKey></Policy></Policies></Provision>`))
			}
			return nil
		}
		c = b.client()
		called = 0
		c.ApplyPolicy = func(ctx context.Context, _ *eas.Policy) (eas.PolicyOutcome, error) {
			called++
			_, err := c.FolderSync(ctx, "0")
			return eas.PolicyApplied, err
		}
		if _, err := c.FolderSync(t.Context(), "0"); err == nil || !strings.Contains(err.Error(), "callback") || called != 1 {
			t.Errorf("FolderSync = %v, ApplyPolicy was called %d times", err, called)
		}
		// Without its context it ends with the time of the step.
		c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) {
			_, err := c.FolderSync(context.Background(), "0")
			return eas.PolicyApplied, err
		}
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("FolderSync = %v", err)
		}
		if d := time.Since(start); d > eas.DefaultTimeout {
			t.Errorf("it took %v", d)
		}
	})
}

// A callback that ignores its context holds no command, and what it returns later is dropped.
func TestS139CallbacksThatIgnoreTheirContext(t *testing.T) {
	hour := func() { time.Sleep(time.Hour) }
	for name, tt := range map[string]func(c *eas.Client){
		"Moved": func(c *eas.Client) {
			c.Moved = func(ctx context.Context, to *url.URL) (bearer.Source, error) { hour(); return second(ctx, to) }
		},
		"Token": func(c *eas.Client) {
			c.Token = bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) { hour(); return &oauth2.Token{AccessToken: "x"}, nil })
		},
		"ApplyPolicy": func(c *eas.Client) {
			c.Restore(eas.State{Version: "16.1"})
			c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) { hour(); return eas.PolicyApplied, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := mover(t)
				if name == "ApplyPolicy" {
					b = &backend{t: t}
					b.respond = func(_ *http.Request, command string, _ int) *http.Response {
						if command == "Provision" {
							return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>1</Status><PolicyKey>9</PolicyKey></Policy></Policies></Provision>`))
						}
						return nil
					}
				}
				c := restored(b)
				tt(c)
				before := c.State()
				before.DeviceID, before.URL = "device1", c.URL.String() // learned from the Client's fields
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errGone) })
				start := time.Now()
				_, err := c.FolderSync(ctx, "0")
				if !errors.Is(err, errGone) || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
					t.Errorf("FolderSync = %v after %v", err, time.Since(start))
				}
				if name != "Token" { // which a person may be busy with
					start = time.Now()
					if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != eas.DefaultTimeout {
						t.Errorf("FolderSync = %v after %v", err, time.Since(start))
					}
				}
				time.Sleep(2 * time.Hour)
				if got := c.State(); got != before {
					t.Errorf("the state is %+v, and what came late should be dropped", got)
				}
			})
		})
	}
}

// A panic of a callback is the caller's, and the client goes on.
func TestS139CallbacksThatPanic(t *testing.T) {
	c := restored(mover(t))
	c.Moved = func(context.Context, *url.URL) (bearer.Source, error) { panic("not that host") }
	func() {
		defer func() {
			if v, ok := recover().(string); !ok || !strings.Contains(v, "not that host") || !strings.Contains(v, "Client.Moved") {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = c.FolderSync(t.Context(), "0")
	}()
	c.Moved = second
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Errorf("FolderSync = %v", err)
	}
}

// A command that is cancelled at any step matches context.Canceled and the cause, at once, and
// leaves the client as good as it was.
func TestCancelledAtEveryStep(t *testing.T) {
	t.Parallel()
	atEveryStep(t, func(step func() bool, cancelled bool) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			take := func() {
				if step() {
					cancel(errGone)
				}
			}
			first := true // of each refusal
			b := mover(t)
			respond := b.respond
			b.respond = func(r *http.Request, command string, n int) *http.Response {
				take()
				switch {
				case command == "Provision":
					return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>1</Status><PolicyKey>9</PolicyKey></Policy></Policies></Provision>`))
				case command == "FolderSync" && r.URL.Host != "mail.contoso.com" && first:
					first = false
					return reply1(200, statusOf(t, "FolderSync", "142"))
				}
				return respond(r, command, n)
			}
			c := b.client()
			c.Token = bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) {
				take()
				return &oauth2.Token{AccessToken: "first"}, nil
			})
			c.Moved = func(ctx context.Context, to *url.URL) (bearer.Source, error) { take(); return second(ctx, to) }
			c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) { take(); return eas.PolicyApplied, nil }
			start := time.Now()
			_, err := c.FolderSync(ctx, "0")
			switch {
			case !cancelled && err != nil:
				t.Fatal(err)
			case cancelled && err != nil && (!errors.Is(err, errGone) || !errors.Is(err, context.Canceled)):
				t.Errorf("FolderSync = %v", err)
			}
			if d := time.Since(start); d != 0 {
				t.Errorf("it took %v", d)
			}
			if _, err := c.FolderSync(t.Context(), "0"); err != nil {
				t.Errorf("FolderSync after a cancelled one = %v", err)
			}
			cancel(nil)
		})
	})
}

// A failure counts for those that were refused about when it happened, and no longer.
func TestAnOldFailureIsNotShared(t *testing.T) {
	for _, tt := range []struct {
		late time.Duration // of the second refusal, after the first
		want int           // Provision requests
	}{{time.Second, 1}, {time.Minute, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := &backend{t: t}
			b.respond = func(_ *http.Request, command string, n int) *http.Response {
				switch {
				case command == "FolderSync":
					time.Sleep(time.Millisecond + time.Duration(n-1)*tt.late)
					return reply1(449, nil)
				case command == "Provision":
					return reply1(503, nil)
				}
				return nil
			}
			for _, err := range together(t.Context(), restored(b), 2) {
				if !errors.Is(err, eas.ErrThrottled) {
					t.Errorf("FolderSync = %v", err)
				}
			}
			if n := len(b.of("Provision")); n != tt.want {
				t.Errorf("refusals %v apart: %d Provision, want %d", tt.late, n, tt.want)
			}
		})
	}
}

// What is wrong with a callback's result is an error of the command that needed it.
func TestApplyPolicyThatMakesNoSense(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, _ int) *http.Response {
		if command == "Provision" {
			return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>1</Status><PolicyKey>9</PolicyKey></Policy></Policies></Provision>`))
		}
		return nil
	}
	c := b.client()
	c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) { return 9, nil }
	if _, err := c.FolderSync(t.Context(), "0"); err == nil || !strings.Contains(err.Error(), "not an outcome") {
		t.Errorf("FolderSync = %v", err)
	}
	// A wipe is acknowledged by a device that has no policy key, too.
	if err := restored(b).AcknowledgeWipe(t.Context(), &eas.RemoteWipeError{}, true); err != nil {
		t.Errorf("AcknowledgeWipe = %v", err)
	}
	if key := b.calls[len(b.calls)-1].header.Get("X-MS-PolicyKey"); key != "0" {
		t.Errorf("X-MS-PolicyKey %q", key)
	}
}

// The error of the writer is the caller's and not one of the network.
func TestWriterThatFails(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, _ int) *http.Response {
		if command == "GetAttachment" {
			return reply1(200, make([]byte, 100_000), "Content-Type", "image/png")
		}
		return nil
	}
	c := b.client()
	c.Versions = []eas.Version{eas.Version121}
	_, err := c.GetAttachment(t.Context(), "x", fullDisk{})
	var e *eas.Error
	if !errors.Is(err, errGone) || errors.As(err, &e) && e.Temporary() {
		t.Errorf("GetAttachment = %v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errGone }
