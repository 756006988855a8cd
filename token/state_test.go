package token_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// A person who has declined is not asked again about the same grant, whatever fails in between;
// what callers get, and when there is another try, follows from why the person was asked.
func TestPersonWhoDeclined(t *testing.T) {
	declined := errors.New("not now")
	for _, tt := range []struct {
		name   string
		number int
		ended  bool
	}{{"the grant has ended", 700082, true}, {"a second factor is required", 50076, false}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				c := &counted{m: &token.MemoryStore{}}
				src := &token.Source{Config: s.config(t), Key: "ada", Store: c}
				signInTo(t, s, src)
				runs := 0
				src.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) { runs++; return nil, declined })
				time.Sleep(2 * time.Hour)
				s.refuse("invalid_grant", "", tt.number)
				if _, err := src.Token(t.Context()); !errors.Is(err, declined) {
					t.Fatalf("Token = %v, want that the person has declined", err)
				}
				begin := time.Now()
				for time.Since(begin) < time.Hour { // the authority is tried again, if the grant is not over
					_, err := src.Token(t.Context())
					var re *token.ReauthError
					if err == nil || !errors.Is(err, declined) && !errors.As(err, &re) || tt.ended && !errors.Is(err, declined) {
						t.Fatalf("Token = %v", err)
					}
					time.Sleep(10 * time.Second)
				}
				c.set("Load", errDisk)
				if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) && !errors.Is(err, declined) {
					t.Errorf("Token = %v", err)
				}
				c.set("", nil)
				time.Sleep(2 * time.Second)
				src.Token(t.Context())
				st, err := src.Status(t.Context())
				if err != nil || st.Next.IsZero() != tt.ended || st.Err == nil {
					t.Errorf("Status = %+v, %v; want another try: %v", st, err, !tt.ended)
				}
				if runs != 1 {
					t.Errorf("the person was asked %d times, want once", runs)
				}
				if n := s.posts(); tt.ended && n != 1 || !tt.ended && (n < 6 || n > 20) {
					t.Errorf("%d requests", n)
				}
				c.took()
				for range 5 {
					src.Token(t.Context())
				}
				if got := c.took(); strings.Count(got, "Load") > 1 {
					t.Errorf("callers at the same moment cost %s, want one Load at most", got)
				}
			})
		})
	}
}

// An account that is not accepted is a person who has declined.
func TestAccountThatIsNotAcceptedIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		runs := 0
		src := &token.Source{Config: s.config(t), Account: token.Account{Object: "another"}}
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			runs++
			return s.as(ada).SignIn(ctx, c)
		})
		for range 100 {
			var ae *token.AccountError
			if _, err := src.Token(t.Context()); !errors.As(err, &ae) {
				t.Fatalf("Token = %v, want *AccountError", err)
			}
			time.Sleep(time.Minute)
		}
		if runs != 1 {
			t.Errorf("the person was asked %d times, want once", runs)
		}
	})
}

// A caller who leaves, and one who signs out, while a sign-in is being stored.
func TestLeavingWhileASignInIsStored(t *testing.T) {
	for _, what := range []string{"leave", "sign out", "sign out once it is stored"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				store := &staged{Store: &token.MemoryStore{}, reached: make(chan struct{}), goOn: make(chan struct{})}
				src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s}
				store.set(map[string]string{"leave": "save", "sign out": "save", "sign out once it is stored": "saved"}[what])
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { _, err := src.SignIn(ctx); done <- err }()
				<-store.reached
				if what == "leave" {
					cancel()
				} else if err := src.SignOut(t.Context()); err != nil {
					t.Errorf("SignOut = %v", err)
				}
				synctest.Wait()
				close(store.goOn)
				err := <-done
				cancel()
				synctest.Wait()
				r, loadErr := store.Load(t.Context(), "ada")
				if what == "leave" {
					if !errors.Is(err, context.Canceled) || loadErr != nil || r.RefreshToken != "rt-secret-1" {
						t.Errorf("SignIn = %v, and stored is %v, %v; want the sign-in", err, r, loadErr)
					}
					mustToken(t, src)
					return
				}
				var re *token.ReauthError
				if !errors.As(err, &re) || re.Kind != token.ReauthNone || !errors.Is(loadErr, token.ErrNotFound) {
					t.Errorf("SignIn = %v, and stored is %v, %v; want no sign-in", err, r, loadErr)
				}
			})
		})
	}
}

// Refresh with a token that has been replaced already costs nothing.
func TestLateRefreshCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := &counted{m: &token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Key: "ada", Store: c}
		signInTo(t, s, src)
		stale := mustToken(t, src)
		fresh, err := src.Refresh(t.Context(), stale, &bearer.Offer{})
		if err != nil {
			t.Fatal(err)
		}
		c.took()
		again, err := src.Refresh(t.Context(), stale, &bearer.Offer{})
		if err != nil || again.AccessToken != fresh.AccessToken || c.took() != "" || s.posts() != 1 {
			t.Errorf("Refresh = %v, after %d requests", err, s.posts())
		}
		// Half a minute later the new one may be refused as well, and not before.
		time.Sleep(30*time.Second - 1)
		var ee *token.EndpointError
		if _, err := src.Refresh(t.Context(), fresh, &bearer.Offer{}); !errors.As(err, &ee) || ee.RetryAfter != 1 || ee.Age != 30*time.Second-1 {
			t.Errorf("Refresh = %v, want *EndpointError", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := src.Refresh(t.Context(), fresh, &bearer.Offer{}); err != nil || s.posts() != 2 {
			t.Errorf("Refresh = %v after %d requests", err, s.posts())
		}
	})
}

// A renewal in the background finds what a peer has renewed, and says so.
func TestEarlyRenewalAdopts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Spread = -1
		var events []token.EventKind
		src.Observe = func(e token.Event) { events = append(events, e.Kind) }
		first := mustToken(t, src)
		time.Sleep(53 * time.Minute)
		peer := &token.Source{Config: src.Config, Key: src.Key, Store: src.Store}
		renewed, err := peer.Refresh(t.Context(), mustToken(t, peer), nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if tok := mustToken(t, src); tok.AccessToken != first.AccessToken {
			t.Error("the source has another token before its renewal")
		}
		synctest.Wait()
		if tok := mustToken(t, src); tok.AccessToken != renewed.AccessToken || s.posts() != 1 {
			t.Errorf("after the renewal the peer's token is adopted: %v, and %d requests; want 1", tok.AccessToken == renewed.AccessToken, s.posts())
		}
		if got := fmt.Sprint(events); got != "[adopted]" {
			t.Errorf("events %s, want that it was adopted", got)
		}
	})
}

// A renewal in the background that failed for a moment is tried again soon, and not after half
// a minute.
func TestEarlyRenewalIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Spread = -1
		mustToken(t, src)
		time.Sleep(54 * time.Minute)
		s.refuse("temporarily_unavailable", "", 0)
		mustToken(t, src)
		synctest.Wait()
		s.refuse("", "", 0)
		time.Sleep(time.Second)
		mustToken(t, src)
		synctest.Wait()
		if s.posts() != 2 {
			t.Errorf("%d requests, want 2", s.posts())
		}
	})
}

// A caller whose renewal ran while nobody waited gets the person asked.
func TestCallerWhoJoinsARenewalThatHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Spread = -1
		src.Flow = s
		joined := make(chan error, 1)
		src.Observe = func(e token.Event) {
			if e.Kind != token.EventEnded {
				return
			}
			go func() { _, err := src.Token(t.Context()); joined <- err }()
			synctest.Wait() // it waits for this renewal
		}
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			aadsts(w, http.StatusBadRequest, "invalid_grant", 50173)
			return true
		}
		s.delay = 20 * time.Second
		time.Sleep(59*time.Minute + 40*time.Second)
		mustToken(t, src)
		if err := <-joined; err != nil {
			t.Errorf("Token = %v, want the Flow's", err)
		}
	})
}

// How often the record is tried to be stored among others, and read again.
func TestTriesAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := &counted{m: &token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Key: "ada", Store: c}
		signInTo(t, s, src)
		for _, tt := range []struct {
			call, want string
			do         func() error
		}{
			{"Delete", strings.Repeat("Load Delete ", 8), func() error { return src.SignOut(t.Context()) }},
			{"Save", "Load " + strings.Repeat("Save Load ", 8), func() error { src.Flow = s; _, err := src.SignIn(t.Context()); return err }},
		} {
			c.set(tt.call, token.ErrConflict)
			c.took()
			err := tt.do()
			if got := c.took() + " "; !errors.Is(err, token.ErrConflict) || got != tt.want && got != "Load "+tt.want {
				t.Errorf("%s = %v after %s, want %s", tt.call, err, got, tt.want)
			}
			c.set("", nil)
		}
	})
}

// A refresh whose successor was not stored, after which the user signed in elsewhere: that one
// counts.
func TestUnsavedRefreshAndANewSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := &counted{m: &token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Key: "ada", Store: c}
		signInTo(t, s, src)
		time.Sleep(2 * time.Hour)
		c.set("Save", errDisk)
		if _, err := src.Token(t.Context()); !errors.Is(err, token.ErrNotPersisted) {
			t.Fatalf("Token = %v, want ErrNotPersisted", err)
		}
		c.set("", nil)
		signInTo(t, s, src)
		want := load(t, src).RefreshToken
		time.Sleep(time.Minute)
		mustToken(t, src)
		if r := load(t, src); r.RefreshToken != want {
			t.Errorf("stored %q, want that of the new sign-in, %q", r.RefreshToken, want)
		}
		if st, err := src.Status(t.Context()); err != nil || st.Unsaved {
			t.Errorf("Status = %+v, %v", st, err)
		}
	})
}

// A panicky is an error whose method panics.
type panicky struct{}

func (panicky) Error() string { panic("boom") }

// An error that cannot be printed is the panic of the callback that returned it.
func TestErrorsThatPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		for name, src := range map[string]*token.Source{
			"Flow":   {Config: s.config(t), Flow: flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) { return nil, panicky{} })},
			"Accept": {Config: s.config(t), Flow: s, Accept: func(context.Context, token.Account) error { return panicky{} }},
		} {
			var pe *token.PanicError
			if _, err := src.Token(t.Context()); !errors.As(err, &pe) || pe.Value != "boom" {
				t.Errorf("%s: Token = %T, want *PanicError", name, err)
			}
		}
	})
}

// What an observer or a Logger does wrong is logged, by slog.Default if there is none.
func TestPanicsAreLogged(t *testing.T) {
	s := newSTS()
	before := slog.Default()
	defer slog.SetDefault(before)
	for _, tt := range []struct {
		name     string
		observe  func(token.Event)
		handler  func(*strings.Builder) slog.Handler
		own, def string // what is logged
	}{
		{"an observer", func(token.Event) { panic("boom") }, nil, "", "Source.Observe panicked"},
		{"an observer beside a Logger", func(token.Event) { panic("boom") }, func(b *strings.Builder) slog.Handler { return slog.NewTextHandler(b, nil) }, "Source.Observe panicked", ""},
		{"a Logger", nil, func(*strings.Builder) slog.Handler { return panickyHandler{} }, "", "Source.Logger panicked"},
	} {
		var own, def strings.Builder
		slog.SetDefault(slog.New(slog.NewTextHandler(&def, nil)))
		src := &token.Source{Config: s.config(t), Flow: s, Observe: tt.observe}
		if tt.handler != nil {
			src.Logger = slog.New(tt.handler(&own))
		}
		mustToken(t, src)
		for got, want := range map[string]string{own.String(): tt.own, def.String(): tt.def} {
			if want == "" && strings.Contains(got, "panicked") || want != "" && (!strings.Contains(got, want) || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "panic=boom")) {
				t.Errorf("%s: logged %q, want %q", tt.name, got, want)
			}
		}
	}
}

type panickyHandler struct{ slog.Handler }

func (panickyHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (panickyHandler) Handle(context.Context, slog.Record) error { panic("boom") }

// A sign-in without a refresh token is reported where one was requested, or a person was there.
func TestNoRefreshIsReported(t *testing.T) {
	for _, tt := range []struct{ person, offline, want bool }{{true, true, true}, {true, false, true}, {false, true, true}, {false, false, false}} {
		s := newSTS()
		c := s.config(t)
		c.Scopes = c.Scopes[:1]
		if tt.offline {
			c.Scopes = append(c.Scopes, "offline_access")
		}
		var events []token.EventKind
		src := &token.Source{Config: c, Observe: func(e token.Event) { events = append(events, e.Kind) }}
		run := func(context.Context, *token.Config) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "at", Expiry: time.Now().Add(time.Hour)}, nil
		}
		if src.Flow = machine(run); tt.person {
			src.Flow = flowFunc(run)
		}
		mustToken(t, src)
		want := []token.EventKind{token.EventSignedIn}
		if tt.want {
			want = append(want, token.EventNoRefresh)
		}
		if fmt.Sprint(events) != fmt.Sprint(want) {
			t.Errorf("a person %v, offline_access %v: events %v, want %v", tt.person, tt.offline, events, want)
		}
	}
}

// A Store without a Key is a mistake that each method says.
func TestStoreWithoutAKey(t *testing.T) {
	s := newSTS()
	store := &counted{m: &token.MemoryStore{}}
	src := &token.Source{Config: s.config(t), Store: store, Flow: s}
	for name, call := range map[string]func() error{
		"Token":   func() error { _, err := src.Token(t.Context()); return err },
		"Refresh": func() error { _, err := src.Refresh(t.Context(), nil, nil); return err },
		"SignIn":  func() error { _, err := src.SignIn(t.Context()); return err },
		"SignOut": func() error { return src.SignOut(t.Context()) },
		"Status":  func() error { _, err := src.Status(t.Context()); return err },
	} {
		var ce *token.ConfigError
		if err := call(); !errors.As(err, &ce) || !strings.Contains(err.Error(), "Source.Key") {
			t.Errorf("%s = %v, want *ConfigError that names Source.Key", name, err)
		}
	}
	if calls := store.took(); calls != "" {
		t.Errorf("the Store was called: %s", calls)
	}
}

// A person who takes long to sign in holds up no renewal of others.
func TestPersonHoldsNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		limiter := &token.Limiter{Concurrency: 1, Rate: -1}
		src, other := source(t, s), source(t, newSTS())
		src.Limiter, other.Limiter = limiter, limiter
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			time.Sleep(10 * time.Minute)
			return s.SignIn(ctx, c)
		})
		time.Sleep(2 * time.Hour)
		s.refuse("invalid_grant", "", 700082)
		done := make(chan error)
		go func() { _, err := src.Token(t.Context()); done <- err }()
		time.Sleep(time.Minute) // the person is at it
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := other.Token(ctx); err != nil {
			t.Errorf("Token of another mailbox = %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A refresh token that is refused after its time is said to have expired, and one before it to be
// revoked.
func TestRefusedAfterItsTime(t *testing.T) {
	for _, tt := range []struct {
		expiry time.Duration // from the refusal; 0: not known
		want   token.ReauthKind
	}{{-1, token.ReauthExpired}, {time.Hour, token.ReauthRevoked}, {0, token.ReauthRevoked}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			src := source(t, s)
			time.Sleep(2 * time.Hour)
			r := load(t, src)
			r.Access, r.RefreshExpiry = nil, time.Time{}
			if tt.expiry != 0 {
				r.RefreshExpiry = time.Now().Add(tt.expiry)
			}
			if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
				t.Fatal(err)
			}
			s.refuse("invalid_grant", "bad_token", 0)
			var re *token.ReauthError
			if _, err := src.Token(t.Context()); !errors.As(err, &re) || re.Kind != tt.want || !re.Ended || (tt.want == token.ReauthExpired) != (re.Hint == "the sign-in has expired: sign in again") {
				t.Errorf("Token = %v, want kind %s", err, tt.want)
			}
			if r := load(t, src); r.Ended != tt.want {
				t.Errorf("stored is %q, want %q", r.Ended, tt.want)
			}
		})
	}
}

// A refresh whose response names the user less exactly than the sign-in did is the user's.
func TestRefreshThatNamesLess(t *testing.T) {
	less := token.Account{Tenant: tenantID, Username: "ada.byron@contoso.com"}
	for _, tt := range []struct{ stored, comes token.Account }{{ada, less}, {less, ada}, {ada, token.Account{}}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			s.audience = ""
			src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "k", Flow: s.as(tt.stored)}
			mustToken(t, src)
			src = &token.Source{Config: src.Config, Store: src.Store, Key: "k"}
			time.Sleep(2 * time.Hour)
			s.extra = map[string]any{"id_token": idTokenOf(tt.comes)}
			mustToken(t, src)
		})
	}
}

// A sign-in that must be deleted again, since the user signed out while it was stored.
func TestSignOutWhileStoringFails(t *testing.T) {
	for _, fail := range []error{nil, token.ErrConflict, errDisk} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			c := &counted{m: &token.MemoryStore{}}
			store := &staged{Store: c, reached: make(chan struct{}), goOn: make(chan struct{})}
			src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s}
			store.set("save")
			done := make(chan error)
			go func() { _, err := src.SignIn(t.Context()); done <- err }()
			<-store.reached
			if err := src.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			if fail != nil {
				c.set("Delete", fail)
			}
			close(store.goOn)
			err := <-done
			var re *token.ReauthError
			if !errors.As(err, &re) || re.Kind != token.ReauthNone {
				t.Errorf("SignIn = %v, want that nobody is signed in", err)
			}
			if calls := c.took(); !strings.Contains(calls, "Delete") {
				t.Errorf("calls %s, want a Delete", calls)
			}
		})
	}
}

// A renewal in the background was refused while nobody waited, as a second factor is required: the
// first caller who waits has the person asked, before the authority is tried again.
func TestPersonAfterARenewalThatWasBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		runs := 0
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			runs++
			return s.SignIn(ctx, c)
		})
		s.refuse("invalid_grant", "", 50076)
		time.Sleep(59*time.Minute + 40*time.Second)
		mustToken(t, src)
		synctest.Wait()
		if runs != 0 || s.posts() != 1 {
			t.Errorf("the person was asked %d times after %d requests, although nobody waits", runs, s.posts())
		}
		time.Sleep(15 * time.Second) // the token is over, and the next try is not due
		mustToken(t, src)
		if runs != 1 || s.posts() != 1 {
			t.Errorf("the person was asked %d times after %d requests, want once after one", runs, s.posts())
		}
	})
}

// An event says what belongs to it alone.
func TestScopesAreNotRepeated(t *testing.T) {
	s := newSTS()
	s.audience = ""
	c := s.config(t)
	a := *c.Authority
	a.Kind = token.OpenID
	c.Authority = &a
	missing := map[token.EventKind]int{}
	src := &token.Source{Config: c, Notice: 24 * time.Hour, RefreshLifetime: time.Hour, Observe: func(e token.Event) { missing[e.Kind] = len(e.Missing) + 1 }}
	src.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
		tok := &oauth2.Token{AccessToken: "at", RefreshToken: "rt", Expiry: time.Now().Add(time.Hour)}
		return tok.WithExtra(map[string]any{"scope": "openid"}), nil
	})
	mustToken(t, src)
	if missing[token.EventSignedIn] != 1 || missing[token.EventScopes] != 2 || missing[token.EventExpiring] != 1 {
		t.Errorf("scopes in events, counted from one: %v", missing)
	}
}

// An ID token may be signed by each algorithm with a public key, not by RS256 alone.
func TestIDTokenOfAnotherAlgorithm(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := jose.JSONWebKey{Key: &key.PublicKey, KeyID: "e1", Use: "sig"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return false
		}
		writeJSON(w, 200, map[string]any{"keys": []any{json.RawMessage(public)}})
		return true
	}
	c := s.config(t)
	a, err := c.Authorize(t.Context(), redirectURI, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.extra = map[string]any{"id_token": signWith(jose.ES256, key, "e1", map[string]any{
		"aud": clientID, "iss": strings.Replace(s.issuer, "{tenantid}", tenantID, 1), "tid": tenantID, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
		"nonce": mustURL(a.URL).Query().Get("nonce"), "oid": "oid-1",
	})}
	if _, err := a.Redeem(respond(s, a)).SignIn(t.Context(), c); err != nil {
		t.Error(err)
	}
}
