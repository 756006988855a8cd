package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// A caller who comes at once after the last one has left a Flow gets a Flow of its own,
// whether the first one heeds its context or not.
func TestSignInAgainAtOnce(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		for _, call := range []string{"SignIn", "Token"} {
			t.Run(fmt.Sprintf("%s/deaf=%v", call, deaf), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSTS()
					var runs atomic.Int64
					src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada"}
					src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
						if runs.Add(1)%2 == 0 {
							return s.SignIn(ctx, c)
						}
						if deaf {
							time.Sleep(24 * time.Hour)
							return &oauth2.Token{AccessToken: "late", RefreshToken: "late"}, nil
						}
						<-ctx.Done()
						return nil, ctx.Err()
					})
					get := src.Token
					if call == "SignIn" {
						get = src.SignIn
					}
					for range 100 {
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(time.Second, cancel)
						if _, err := get(ctx); !errors.Is(err, context.Canceled) {
							t.Fatalf("%s = %v, want Canceled", call, err)
						}
						begin := time.Now()
						if _, err := get(t.Context()); err != nil || time.Since(begin) > time.Second {
							t.Fatalf("%s after another that was cancelled = %v after %v", call, err, time.Since(begin))
						}
						if err := src.SignOut(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					if call == "SignIn" && deaf {
						mustSignIn(t, src)
						time.Sleep(25 * time.Hour) // the late ones return
						if r := load(t, src); r.RefreshToken == "late" {
							t.Error("a Flow that nobody waits for has replaced the sign-in")
						}
					}
					time.Sleep(25 * time.Hour)
				})
			})
		}
	}
}

func mustSignIn(t *testing.T, src *token.Source) {
	t.Helper()
	for range 2 { // the Flow of the test succeeds every other time
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := src.SignIn(ctx)
		cancel()
		if err == nil {
			return
		}
	}
	t.Fatal("SignIn failed")
}

// A person who needs longer than a command may take: with Linger the Flow goes on, the next
// caller joins it, and an approval while nobody waits is stored.
func TestLinger(t *testing.T) {
	for _, tt := range []struct {
		name     string
		linger   time.Duration
		cancel   bool          // the first caller cancels without a cause
		again    time.Duration // when the next caller comes
		wantRuns int64
		wantGone bool // the first Flow was cancelled
	}{
		{"none", 0, false, 5 * time.Minute, 2, true},
		{"approved while nobody waits", 15 * time.Minute, false, 5 * time.Minute, 1, false},
		{"the next command joins", 15 * time.Minute, false, 2*time.Minute + 30*time.Second, 1, false},
		{"the next command joins, and waits for longer", 150 * time.Second, false, 130 * time.Second, 1, false},
		{"cancelled by the person", 15 * time.Minute, true, 5 * time.Minute, 2, true},
		{"too long", 150 * time.Second, false, 5 * time.Minute, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				var runs atomic.Int64
				var gone atomic.Bool
				src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Linger: tt.linger}
				src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
					runs.Add(1)
					select {
					case <-time.After(3 * time.Minute): // the person approves
						return s.SignIn(ctx, c)
					case <-ctx.Done():
						gone.Store(true)
						return nil, ctx.Err()
					}
				})
				// A command's time limit, as eas.Client has it.
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2*time.Minute, func() {
					if tt.cancel {
						cancel(nil)
						return
					}
					cancel(errors.New("no answer within 2m"))
				})
				if _, err := src.Token(ctx); !errors.Is(err, context.Canceled) {
					t.Fatalf("Token = %v", err)
				}
				time.Sleep(tt.again - 2*time.Minute)
				mustToken(t, src)
				if runs.Load() != tt.wantRuns || gone.Load() != tt.wantGone {
					t.Errorf("the Flow ran %d times, cancelled %v; want %d and %v", runs.Load(), gone.Load(), tt.wantRuns, tt.wantGone)
				}
			})
		})
	}
}

// A person who comes to sign in while a caller's Flow waits for one joins it.
func TestSignInJoinsAFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		runs := 0
		src := &token.Source{Config: s.config(t), Flow: flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			runs++
			time.Sleep(time.Minute)
			return s.SignIn(ctx, c)
		})}
		go src.Token(t.Context())
		time.Sleep(time.Second)
		if _, err := src.SignIn(t.Context()); err != nil || runs != 1 {
			t.Errorf("SignIn = %v after %d runs, want one for both", err, runs)
		}
	})
}

// A failed SignIn takes nothing away from the sign-in that is there.
func TestFailedSignInKeepsTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			return nil, &token.ReauthError{Kind: token.ReauthDeclined}
		})
		if _, err := src.SignIn(t.Context()); err == nil {
			t.Fatal("SignIn succeeded")
		}
		mustToken(t, src)
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
	})
}

// What a Flow changes in its Config reaches nobody.
func TestFlowGetsACopyOfTheConfig(t *testing.T) {
	s := newSTS()
	src := &token.Source{Config: s.config(t), Flow: flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
		c.ClientID, c.Claims = "x", "x"
		for i := range c.Scopes {
			c.Scopes[i] = "x"
		}
		for i := range c.Capabilities {
			c.Capabilities[i] = "x"
		}
		c.Endpoint.Host, c.Authority.Host, c.Authority.TokenEndpoint.Host = "x", "x", "x"
		return s.SignIn(ctx, c)
	})}
	src.Config.Capabilities = []string{"cp1"}
	want := fmt.Sprintf("%#v %v %v", src.Config.Scopes, src.Config.Endpoint, src.Config.Authority.TokenEndpoint)
	mustToken(t, src)
	got := fmt.Sprintf("%#v %v %v", src.Config.Scopes, src.Config.Endpoint, src.Config.Authority.TokenEndpoint)
	if got != want || src.Config.ClientID != clientID || src.Config.Claims != "" || src.Config.Capabilities[0] != "cp1" {
		t.Errorf("the Source's Config became %s, want %s", got, want)
	}
}

// machine is a Flow that needs no person.
type machine func(ctx context.Context, c *token.Config) (*oauth2.Token, error)

func (m machine) SignIn(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
	return m(ctx, c)
}

func (machine) Interactive() bool { return false }

// A Flow that needs no person is repeated as a refresh is, by the kind of its failure, and
// never gets the claims that an earlier assertion could not meet.
func TestFlowWithoutAPersonIsRepeated(t *testing.T) {
	claims := `{"access_token":{"polids":{"values":["x"]}}}`
	for _, tt := range []struct {
		name        string
		err         error
		least, most int // runs in 10 minutes of callers who come every second
	}{
		{"throttled", &token.TransientError{RetryAfter: 5 * time.Second}, 90, 121},
		{"unavailable", &token.TransientError{}, 10, 35},
		{"expired assertion", &token.ReauthError{Kind: token.ReauthAssertion}, 10, 35},
		{"claims", &token.ReauthError{Kind: token.ReauthClaims, Refusal: token.Refusal{Claims: claims}}, 10, 35},
		{"configuration", &token.ConfigError{Kind: token.ConfigSecret}, 2, 6},
		{"anything", errors.New("no"), 10, 35},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				runs, fail := 0, true
				src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada"}
				src.Flow = machine(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
					if runs++; c.Claims != "" {
						t.Errorf("run %d is told the claims %s of another assertion", runs, c.Claims)
					}
					if fail {
						return nil, tt.err
					}
					return s.SignIn(ctx, c)
				})
				for range 600 {
					if _, err := src.Token(t.Context()); !errors.Is(err, tt.err) {
						t.Fatalf("Token = %v, want %v", err, tt.err)
					}
					time.Sleep(time.Second)
				}
				if runs < tt.least || runs > tt.most {
					t.Errorf("%d runs in 10 minutes, want %d to %d", runs, tt.least, tt.most)
				}
				fail = false
				time.Sleep(15 * time.Minute)
				mustToken(t, src)
			})
		})
	}
}

// The caller who comes with a fresh assertion after one that was refused gets a token at once,
// and is not told the challenge of the other.
func TestFreshAssertion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		assertion := "expired"
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Form.Get("claims") != "" {
				t.Errorf("claims %s are sent with the assertion %q", r.Form.Get("claims"), r.Form.Get("assertion"))
			}
			if r.Form.Get("assertion") != "expired" {
				return false
			}
			writeJSON(w, 400, map[string]any{"error": "interaction_required", "error_codes": []int{50079}, "claims": `{"access_token":{"polids":{"values":["x"]}}}`})
			return true
		}
		src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada",
			Flow: &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return assertion, nil }}}
		src.Config.Auth = token.Secret("cs")
		var re *token.ReauthError
		if _, err := src.Token(t.Context()); !errors.As(err, &re) || re.Claims == "" {
			t.Fatalf("Token = %v, want *ReauthError with claims", err)
		}
		assertion = "fresh"
		mustToken(t, src)
	})
}

// The import of a refresh token that may be used once is made once by all who share the
// Store, and goes on when its caller has left.
func TestImportIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		s.tokens["imported"] = &refreshState{issued: time.Now()}
		s.delay = time.Second
		store, config := &token.MemoryStore{}, s.config(t)
		n := s.posts()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		done := make(chan error)
		for range 8 {
			go func() {
				_, err := (&token.Source{Config: config, Store: store, Key: "ada", Flow: token.RefreshToken("imported")}).Token(ctx)
				done <- err
			}()
		}
		for range 8 {
			<-done
		}
		time.Sleep(time.Minute)
		mustToken(t, &token.Source{Config: config, Key: "ada", Store: store})
		if got := s.posts() - n; got != 1 || s.dead {
			t.Errorf("%d requests, dead %v, want 1", got, s.dead)
		}
	})
}

// An app-only source renews in the background, and its tokens for several resources stay.
func TestFlowWithoutARefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.audience = ""
		var events []token.EventKind
		flow := machine(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			tok, err := s.SignIn(ctx, c)
			tok.RefreshToken = ""
			return tok, err
		})
		src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "app", Flow: flow, Spread: -1,
			Observe: func(e token.Event) { events = append(events, e.Kind) }}
		src.Config.Scopes = src.Config.Scopes[:1]
		c := *src.Config
		c.Scopes = []string{"https://mail.contoso.com/EWS.AccessAsUser.All"}
		first := mustToken(t, src)
		mustToken(t, &token.Source{Config: &c, Store: src.Store, Key: "app", Flow: flow})
		if r := load(t, src); len(r.Access) != 2 {
			t.Errorf("stored %v, want two access tokens", r)
		}
		time.Sleep(55 * time.Minute)
		if mustToken(t, src) != first {
			t.Error("the good token was not handed out while it was renewed")
		}
		synctest.Wait()
		if mustToken(t, src) == first {
			t.Error("the token was not renewed in the background")
		}
		if fmt.Sprint(events) != "[signed in signed in]" {
			t.Errorf("events %v", events)
		}
	})
}

// SignOut against what is under way, at each point of it.
func TestS103SignOutIsFinal(t *testing.T) {
	for _, point := range []string{"request", "save", "saved", "flow", "new sign-in", "new sign-in saved", "import saved"} {
		t.Run(point, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				at := &staged{Store: src.Store, reached: make(chan struct{}), goOn: make(chan struct{})}
				src.Store = at
				get := src.Token
				switch point {
				case "request":
					s.intercept = func(http.ResponseWriter, *http.Request) bool { at.pass("request"); return false }
				case "flow", "new sign-in", "new sign-in saved":
					get = src.SignIn
					src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
						at.pass("flow")
						return s.SignIn(ctx, c)
					})
				case "import saved":
					get = src.SignIn
					src.Flow = machine(s.SignIn)
				}
				time.Sleep(2 * time.Hour)
				at.set(map[string]string{"new sign-in": "save", "new sign-in saved": "saved", "import saved": "saved"}[point], point)
				result := make(chan error, 1)
				go func() {
					_, err := get(t.Context())
					result <- err
				}()
				<-at.reached
				if err := src.SignOut(t.Context()); err != nil {
					t.Fatal(err)
				}
				close(at.goOn)
				var re *token.ReauthError
				if err := <-result; !errors.As(err, &re) || re.Kind != token.ReauthNone || !re.Ended {
					t.Errorf("the caller that waited gets %v, want *ReauthError of kind none", err)
				}
				src.Flow = nil
				if _, err := src.Token(t.Context()); !errors.As(err, &re) || re.Kind != token.ReauthNone {
					t.Errorf("Token after SignOut = %v, want *ReauthError of kind none", err)
				}
				if r, err := at.Store.Load(t.Context(), src.Key); !errors.Is(err, token.ErrNotFound) {
					t.Errorf("stored after SignOut: %v, %v", r, err)
				}
			})
		})
	}
}

// A renewal that lands after another process has signed out is dropped, with what it brought.
func TestSignOutByAPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Store = unlocked{src.Store}
		time.Sleep(2 * time.Hour)
		s.intercept = func(http.ResponseWriter, *http.Request) bool {
			if err := (&token.Source{Config: src.Config, Key: src.Key, Store: src.Store}).SignOut(t.Context()); err != nil {
				t.Error(err)
			}
			return false
		}
		for range 2 {
			var re *token.ReauthError
			if _, err := src.Token(t.Context()); !errors.As(err, &re) || re.Kind != token.ReauthNone || !re.Ended {
				t.Errorf("Token = %v, want *ReauthError of kind none", err)
			}
			time.Sleep(time.Minute)
		}
		if st, err := src.Status(t.Context()); err == nil || st.Unsaved {
			t.Errorf("Status = %+v, %v; want no sign-in and nothing unsaved", st, err)
		}
		if s.posts() != 1 {
			t.Errorf("%d requests, want 1", s.posts())
		}
	})
}

// staged is a store that stops at a point until it is let go on.
type staged struct {
	token.Store
	point         atomic.Pointer[string]
	reached, goOn chan struct{}
}

func (s *staged) set(points ...string) {
	for _, p := range points {
		if p != "" {
			s.point.Store(&p)
			return
		}
	}
}

func (s *staged) pass(point string) {
	if p := s.point.Load(); p == nil || *p != point || !s.point.CompareAndSwap(p, nil) {
		return
	}
	close(s.reached)
	<-s.goOn
}

func (s *staged) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	s.pass("save")
	r, err := s.Store.Save(ctx, key, r)
	s.pass("saved")
	return r, err
}

// A token that the endpoint refused is not handed out again, whatever becomes of the renewal.
func TestRefusedTokenStaysOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		stale := mustToken(t, src)
		s.refuse("temporarily_unavailable", "", 0)
		s.delay = time.Second
		// A renewal in the background is under way when the endpoint refuses the token.
		time.Sleep(55 * time.Minute)
		mustToken(t, src)
		if _, err := src.Refresh(t.Context(), stale, &bearer.Offer{}); err == nil {
			t.Error("Refresh succeeded")
		}
		if tok, err := src.Token(t.Context()); err == nil {
			t.Errorf("the refused token is handed out: %v", tok.AccessToken == stale.AccessToken)
		}
		if _, err := (&token.Source{Config: src.Config, Key: src.Key, Store: src.Store}).Token(t.Context()); err != nil {
			t.Errorf("another source, which does not know: %v", err)
		}
		s.refuse("", "", 0)
		time.Sleep(time.Minute)
		if tok := mustToken(t, src); tok.AccessToken == stale.AccessToken {
			t.Error("the refused token is handed out")
		}
	})
}

// A Source prints no secret by value either.
func TestSourceHeldByValueDoesNotPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		stale := mustToken(t, src)
		src.Refresh(t.Context(), stale, nil)
		secrets := []string{"rt-secret", stale.AccessToken, mustToken(t, src).AccessToken}
		value := reflect.ValueOf(src).Elem().Interface()
		holder := struct{ Source any }{value}
		var log strings.Builder
		for _, v := range []any{src, value, holder, []any{value}, map[string]any{"source": src}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				log.WriteString(fmt.Sprintf(verb, v))
			}
			b, err := json.Marshal(v)
			fmt.Fprint(&log, string(b), err)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		}
		for _, secret := range secrets {
			if strings.Contains(log.String(), secret) || strings.Contains(log.String(), fmt.Sprintf("%x", secret)) {
				at := max(strings.Index(log.String(), secret), 0)
				t.Errorf("a secret is printed: …%.200s", log.String()[max(at-100, 0):])
			}
		}
	})
}

// A callback that panics or ends its goroutine fails one renewal, is named, and wedges nothing.
func TestCallbackThatPanics(t *testing.T) {
	boom := errors.New("secret boom")
	for _, goexit := range []bool{false, true} {
		end := func() { panic(boom) }
		if goexit {
			end = runtime.Goexit
		}
		for _, callback := range []string{"Source.Flow", "Source.Accept", "Source.AllowAudience", "Store.Load", "Store.Save", "Store.Lock", "Store.Reserve",
			"Config.HTTPClient or Config.Auth", "Source.Observe"} {
			t.Run(fmt.Sprintf("%s/goexit=%v", callback, goexit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSTS()
					f := &panicking{}
					var log strings.Builder
					src := &token.Source{Config: s.config(t), Store: f, Key: "ada", Logger: slog.New(slog.NewTextHandler(&log, nil))}
					now := func(name string) {
						if name == callback && f.armed.CompareAndSwap(true, false) {
							end()
						}
					}
					f.now = now
					if callback == "Source.AllowAudience" {
						s.audience = "https://other.contoso.com"
					}
					src.AllowAudience = func(*token.AudienceError) error { now("Source.AllowAudience"); return nil }
					src.Flow = s
					if callback == "Config.HTTPClient or Config.Auth" {
						mustToken(t, src)
						time.Sleep(2 * time.Hour)
						src = &token.Source{Config: src.Config, Key: src.Key, Store: src.Store}
						src.Config.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
							now(callback)
							return s.RoundTrip(r)
						})}
					}
					if callback == "Source.Flow" {
						src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
							now(callback)
							return s.SignIn(ctx, c)
						})
					}
					src.Accept = func(context.Context, token.Account) error { now("Source.Accept"); return nil }
					src.Observe = func(token.Event) { now("Source.Observe") }
					f.armed.Store(true)
					_, err := src.Token(t.Context())
					if callback == "Source.Observe" {
						if err != nil {
							t.Errorf("Token = %v, want the outcome, whatever its observer does", err)
						}
						if !goexit && (!strings.Contains(log.String(), "Source.Observe panicked") || !strings.Contains(log.String(), "keeper_test.go")) {
							t.Errorf("the log lacks the panic and its stack:\n%s", &log)
						}
					} else {
						var pe *token.PanicError
						if !errors.As(err, &pe) || pe.Callback != callback || strings.Contains(err.Error(), "secret") {
							t.Fatalf("Token = %v, want *PanicError of %s", err, callback)
						}
						if !goexit && (pe.Value != boom || !errors.Is(err, boom) || !strings.Contains(string(pe.Stack), "keeper_test.go")) {
							t.Errorf("value %v, stack\n%s", pe.Value, pe.Stack)
						}
						if j, _ := json.Marshal(pe); strings.Contains(fmt.Sprintf("%v %+v %#v %s", pe, pe, pe, j), "secret") {
							t.Error("the value is printed")
						}
					}
					time.Sleep(time.Minute)
					if callback == "Source.Flow" || callback == "Source.Accept" {
						_, err = src.SignIn(t.Context())
					} else {
						_, err = src.Token(t.Context())
					}
					if err != nil {
						t.Errorf("afterwards: %v", err)
					}
				})
			})
		}
	}
}

// panicking is a store whose calls end as the test says.
type panicking struct {
	token.MemoryStore
	armed atomic.Bool
	now   func(string)
}

func (p *panicking) Load(ctx context.Context, key string) (token.Record, error) {
	p.now("Store.Load")
	return p.MemoryStore.Load(ctx, key)
}

func (p *panicking) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	p.now("Store.Save")
	return p.MemoryStore.Save(ctx, key, r)
}

func (p *panicking) Lock(ctx context.Context, key string) (func() error, error) {
	p.now("Store.Lock")
	return p.MemoryStore.Lock(ctx, key)
}

func (p *panicking) Reserve(context.Context, string, int) (func(), error) {
	p.now("Store.Reserve")
	return func() {}, nil
}
