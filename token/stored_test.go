package token_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// counted is a store that notes its calls. It is no Locker.
type counted struct {
	m     *token.MemoryStore
	mu    sync.Mutex
	calls []string
	fail  map[string]error
}

func (c *counted) call(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, name)
	return c.fail[name]
}

// took returns the calls since the last time.
func (c *counted) took() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := strings.Join(c.calls, " ")
	c.calls = nil
	return s
}

func (c *counted) set(call string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = map[string]error{call: err}
}

func (c *counted) Load(ctx context.Context, key string) (token.Record, error) {
	if err := c.call("Load"); err != nil {
		return token.Record{}, err
	}
	return c.m.Load(ctx, key)
}

func (c *counted) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	if err := c.call("Save"); err != nil {
		return token.Record{}, err
	}
	return c.m.Save(ctx, key, r)
}

func (c *counted) Delete(ctx context.Context, key string, generation uint64) error {
	if err := c.call("Delete"); err != nil {
		return err
	}
	return c.m.Delete(ctx, key, generation)
}

// countedLocker adds the locks and the reservations.
type countedLocker struct{ *counted }

func (c countedLocker) Lock(ctx context.Context, key string) (func() error, error) {
	if err := c.call("Lock"); err != nil {
		return nil, err
	}
	unlock, err := c.m.Lock(ctx, key)
	return func() error { c.call("unlock"); return unlock() }, err
}

func (c countedLocker) Reserve(_ context.Context, _ string, size int) (func(), error) {
	if err := c.call("Reserve"); err != nil {
		return nil, err
	}
	if size < 16<<10 {
		return nil, errors.New("no record of a sign-in has room there")
	}
	return func() { c.call("free") }, nil
}

// countedLeaser adds the leases.
type countedLeaser struct{ *counted }

func (c countedLeaser) Lease(ctx context.Context, key string) (token.Lease, token.Record, error) {
	if err := c.call("Lease"); err != nil {
		return nil, token.Record{}, err
	}
	unlock, err := c.m.Lock(ctx, key)
	if err != nil {
		return nil, token.Record{}, err
	}
	r, err := c.m.Load(ctx, key)
	if err != nil && !errors.Is(err, token.ErrNotFound) {
		return nil, token.Record{}, err
	}
	return &countedLease{c, key, unlock}, r, nil
}

type countedLease struct {
	c      countedLeaser
	key    string
	unlock func() error
}

func (l *countedLease) SaveAndRelease(ctx context.Context, r token.Record) (token.Record, error) {
	if err := l.c.call("SaveAndRelease"); err != nil {
		return token.Record{}, err
	}
	r, err := l.c.m.Save(ctx, l.key, r)
	if err == nil {
		err = l.unlock()
	}
	return r, err
}

func (l *countedLease) Release() error { l.c.call("Release"); return l.unlock() }

// What a Source costs the Store.
func TestCallsOfTheStore(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setUp func(t *testing.T, s *sts, src *token.Source)
		plain string
		lock  string
		lease string
	}{
		{"nobody has signed in", nil,
			"Load", "Load", "Load"},
		{"a good access token", func(t *testing.T, s *sts, src *token.Source) { signInTo(t, s, src) },
			"Load", "Load", "Load"},
		{"a sign-in that has ended", func(t *testing.T, s *sts, src *token.Source) {
			signInTo(t, s, src)
			end(t, src)
		}, "Load", "Load", "Load"},
		{"a refresh", func(t *testing.T, s *sts, src *token.Source) {
			signInTo(t, s, src)
			time.Sleep(2 * time.Hour)
		}, "Load Load Save", "Load Lock Load Reserve Save free unlock", "Load Lease SaveAndRelease"},
		{"a refresh that may be lost", func(t *testing.T, s *sts, src *token.Source) {
			signInTo(t, s, src)
			src.Replay = token.ReplayStrict
			time.Sleep(2 * time.Hour)
		}, "Load Load Save Save", "Load Lock Load Save Reserve Save free unlock", "Load Lease Save SaveAndRelease"},
		{"a refusal", func(t *testing.T, s *sts, src *token.Source) {
			signInTo(t, s, src)
			time.Sleep(2 * time.Hour)
			s.refuse("invalid_grant", "", 53003)
		}, "Load Load", "Load Lock Load Reserve free unlock", "Load Lease Release"},
		{"a grant that has ended, and a person", func(t *testing.T, s *sts, src *token.Source) {
			signInTo(t, s, src)
			time.Sleep(2 * time.Hour)
			s.refuse("invalid_grant", "", 700082)
			src.Flow = s
		}, "Load Load Load Save Load Save", "Load Lock Load Reserve Load Save unlock Reserve Lock Load Save free free unlock", "Load Lease Load SaveAndRelease Lease SaveAndRelease"},
		{"a person signs in", func(t *testing.T, s *sts, src *token.Source) { src.Flow = s },
			"Load Load Save", "Load Reserve Lock Load Save free unlock", "Load Lease SaveAndRelease"},
		{"a Flow without a person", func(t *testing.T, s *sts, src *token.Source) { src.Flow = machine(s.SignIn) },
			"Load Load Load Save", "Load Lock Load Reserve Save free unlock", "Load Lease SaveAndRelease"},
	} {
		for _, store := range []struct {
			name string
			make func(c *counted) token.Store
			want string
		}{
			{"plain", func(c *counted) token.Store { return c }, tt.plain},
			{"Locker", func(c *counted) token.Store { return countedLocker{c} }, tt.lock},
			{"Leaser", func(c *counted) token.Store { return countedLeaser{c} }, tt.lease},
		} {
			t.Run(tt.name+"/"+store.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSTS()
					c := &counted{m: &token.MemoryStore{}}
					src := &token.Source{Config: s.config(t), Key: "ada", Store: store.make(c)}
					if tt.setUp != nil {
						tt.setUp(t, s, src)
					}
					c.took()
					src.Token(t.Context())
					synctest.Wait()
					if diff := cmp.Diff(store.want, c.took()); diff != "" {
						t.Errorf("calls differ (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

func signInTo(t *testing.T, s *sts, src *token.Source) {
	t.Helper()
	if _, err := (&token.Source{Config: src.Config, Store: src.Store, Key: src.Key, Flow: s}).SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// end stores that the sign-in is over.
func end(t *testing.T, src *token.Source) {
	t.Helper()
	r := load(t, src)
	r.Ended, r.RefreshToken, r.Access = token.ReauthRevoked, "", nil
	if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
		t.Fatal(err)
	}
}

// Whoever has no sign-in, or one that has ended, looks once a second, with Load alone, and is
// not reported each time.
func TestEndedSourceLooksOnly(t *testing.T) {
	for _, ended := range []bool{false, true} {
		t.Run(fmt.Sprintf("ended=%v", ended), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				c := &counted{m: &token.MemoryStore{}}
				src := &token.Source{Config: s.config(t), Key: "ada", Store: countedLocker{c}}
				if ended {
					signInTo(t, s, src)
					end(t, src)
				}
				events := 0
				src.Observe = func(token.Event) { events++ }
				c.took()
				for range 600 {
					if _, err := src.Token(t.Context()); err == nil {
						t.Fatal("Token succeeded")
					}
					time.Sleep(100 * time.Millisecond)
				}
				calls := c.took()
				if n := strings.Count(calls, "Load"); n < 50 || n > 61 || strings.ReplaceAll(calls, "Load", "") != strings.Repeat(" ", n-1) {
					t.Errorf("calls in a minute: %s; want some 60 Loads", calls)
				}
				if events != 1 {
					t.Errorf("%d events, want 1", events)
				}
				signInTo(t, s, src)
				time.Sleep(time.Second)
				mustToken(t, src)
			})
		})
	}
}

// A new sign-in that the Store refuses is kept, and stored at the next occasion: nobody signs
// in twice, and a refresh token that may be used once is not lost.
func TestNewSignInThatTheStoreRefuses(t *testing.T) {
	for _, tt := range []struct{ name, call string }{{"Locker", "Lock"}, {"Locker", "Save"}, {"Leaser", "Lease"}, {"Leaser", "SaveAndRelease"}, {"plain", "Save"}} {
		for _, person := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%s/person=%v", tt.name, tt.call, person), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSTS()
					c := &counted{m: &token.MemoryStore{}}
					src := &token.Source{Config: s.config(t), Key: "ada", Store: map[string]token.Store{"plain": c, "Locker": countedLocker{c}, "Leaser": countedLeaser{c}}[tt.name]}
					runs := 0
					run := func(ctx context.Context, cfg *token.Config) (*oauth2.Token, error) {
						runs++
						c.set(tt.call, errDisk) // after the reservation
						return s.SignIn(ctx, cfg)
					}
					src.Flow = flowFunc(run)
					if !person {
						src.Flow = machine(run)
						if tt.call == "Lock" || tt.call == "Lease" {
							return // it is held before the Flow runs
						}
					}
					if _, err := src.SignIn(t.Context()); !errors.Is(err, token.ErrNotPersisted) || !errors.Is(err, errDisk) {
						t.Fatalf("SignIn = %v, want ErrNotPersisted and its cause", err)
					}
					for range 5 { // nothing is handed out that is not stored
						if tok, err := src.Token(t.Context()); !errors.Is(err, token.ErrNotPersisted) {
							t.Fatalf("Token = %v, %v; want ErrNotPersisted", tok, err)
						}
						time.Sleep(time.Minute)
					}
					if st, err := src.Status(t.Context()); !st.Unsaved || !errors.Is(st.Err, token.ErrNotPersisted) {
						t.Errorf("Status = %+v, %v; want unsaved", st, err)
					}
					c.set("", nil)
					time.Sleep(time.Minute)
					mustToken(t, src)
					if r := load(t, src); runs != 1 || r.RefreshToken != "rt-secret-1" {
						t.Errorf("%d runs of the Flow, stored %q; want one, and its refresh token", runs, r.RefreshToken)
					}
					if st, err := src.Status(t.Context()); err != nil || st.Unsaved || st.Err != nil {
						t.Errorf("Status = %+v, %v", st, err)
					}
				})
			})
		}
	}
}

// A Store that fails once costs the person nothing: the next call works at once.
func TestStoreThatFailsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := &counted{m: &token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Key: "ada", Store: countedLocker{c}}
		src.Flow = flowFunc(func(ctx context.Context, cfg *token.Config) (*oauth2.Token, error) {
			c.set("Save", errDisk)
			return s.SignIn(ctx, cfg)
		})
		if _, err := src.Token(t.Context()); !errors.Is(err, token.ErrNotPersisted) {
			t.Fatalf("Token = %v, want ErrNotPersisted", err)
		}
		c.set("", nil)
		mustToken(t, src)
	})
}

// Before a person is asked, there must be a place for what comes of it.
func TestReserveBeforeAPersonIsAsked(t *testing.T) {
	for _, call := range []string{"Reserve", "Load"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				c := &counted{m: &token.MemoryStore{}}
				src := &token.Source{Config: s.config(t), Key: "ada", Store: countedLocker{c}}
				runs := 0
				src.Flow = flowFunc(func(ctx context.Context, cfg *token.Config) (*oauth2.Token, error) {
					runs++
					return s.SignIn(ctx, cfg)
				})
				c.set(call, errDisk)
				for range 3 {
					if _, err := src.SignIn(t.Context()); !errors.Is(err, errDisk) || runs != 0 {
						t.Errorf("SignIn = %v after %d runs, want the error of %s and none", err, runs, call)
					}
					if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) || runs != 0 {
						t.Errorf("Token = %v after %d runs, want the error of %s and none", err, runs, call)
					}
				}
				c.set("", nil)
				time.Sleep(time.Minute)
				mustToken(t, src)
			})
		})
	}
}

// A lease whose save meets a conflict is used until the record is stored.
func TestConflictUnderALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		c := &counted{m: &token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Key: "ada", Store: countedLeaser{c}}
		signInTo(t, s, src)
		time.Sleep(2 * time.Hour)
		s.delay = 2 * time.Second
		go func() { // a process that knows no locks adds a token
			time.Sleep(time.Second)
			r, _ := c.m.Load(t.Context(), "ada")
			r.Access["https://other.contoso.com:443"] = token.Access{Token: "x", Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)}
			if _, err := c.m.Save(t.Context(), "ada", r); err != nil {
				t.Error(err)
			}
		}()
		c.took()
		mustToken(t, src)
		if got, want := c.took(), "Load Lease SaveAndRelease Load SaveAndRelease"; got != want {
			t.Errorf("calls %s, want %s", got, want)
		}
		if r := load(t, src); r.RefreshToken != "rt-secret-2" || len(r.Access) != 2 {
			t.Errorf("stored %v, want both access tokens and the rotated refresh token", r)
		}
	})
}

// What a new sign-in leaves of the old one: nothing, unless neither has a refresh token, so that
// the access tokens of an application for several resources stay.
func TestNewSignInReplacesTheOldOne(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new string // refresh tokens
		stays    bool
	}{
		{"both with a refresh token", "rt-old", "rt-new", false},
		{"the old one alone", "rt-old", "", false},
		{"the new one alone", "", "rt-new", false},
		{"neither", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &token.Source{Config: newSTS().config(t), Key: "ada", Store: &token.MemoryStore{}}
				old := token.Record{Lineage: "old", ClientID: src.Config.ClientID, Authority: src.Config.Authority.Host, RefreshToken: tt.old,
					Access: map[string]token.Access{"https://other.contoso.com:443": {Token: "x", Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)}}}
				if _, err := src.Store.Save(t.Context(), "ada", old); err != nil {
					t.Fatal(err)
				}
				src.Flow = machine(func(context.Context, *token.Config) (*oauth2.Token, error) {
					return &oauth2.Token{AccessToken: "at", RefreshToken: tt.new}, nil
				})
				if _, err := src.SignIn(t.Context()); err != nil {
					t.Fatal(err)
				}
				r := load(t, src)
				if stays := r.Lineage == "old" && len(r.Access) == 2; stays != tt.stays || !stays && (r.Lineage == "old" || len(r.Access) != 1) || r.RefreshToken != tt.new {
					t.Errorf("stored %v, want the old access token to stay: %v", r, tt.stays)
				}
			})
		})
	}
}
