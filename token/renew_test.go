package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// A person has signed in, and the caller leaves while that is being stored: it is stored, and
// the person is not asked again.
func TestCallerLeavesWhileASignInIsStored(t *testing.T) {
	for _, point := range []string{"save", "saved"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			runs := 0
			at := &staged{Store: unlocked{&token.MemoryStore{}}, reached: make(chan struct{}), goOn: make(chan struct{})}
			at.set(point)
			src := &token.Source{Config: s.config(t), Store: at, Key: "ada"}
			src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
				runs++
				return s.SignIn(ctx, c)
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-at.reached
				cancel()
				synctest.Wait()
				close(at.goOn)
			}()
			if _, err := src.Token(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: Token = %v, want Canceled", point, err)
			}
			mustToken(t, src)
			if r := load(t, src); runs != 1 || r.RefreshToken != "rt-secret-1" {
				t.Errorf("%s: the Flow ran %d times, stored %q", point, runs, r.RefreshToken)
			}
		})
	}
}

// A sign-in that fails is no reason not to use the one that is there.
func TestRefreshAfterAFailedSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) { return nil, errDisk })
		time.Sleep(2 * time.Hour)
		if _, err := src.SignIn(t.Context()); !errors.Is(err, errDisk) {
			t.Fatalf("SignIn = %v, want the Flow's error", err)
		}
		mustToken(t, src)
		if s.posts() != 1 {
			t.Errorf("%d refreshes, want 1", s.posts())
		}
	})
}

// A renewal that waits for its turn for long is not joined by another of the same grant.
func TestOneEarlyRenewalInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		limiter := &token.Limiter{Rate: 1.0 / 600}
		other := source(t, s)
		other.Limiter = limiter
		time.Sleep(2 * time.Hour)
		src := source(t, s)
		src.Limiter, src.Spread = limiter, -1
		time.Sleep(53 * time.Minute)
		mustToken(t, other) // the next turn is in ten minutes
		before := s.posts()
		for range 9 {
			time.Sleep(40 * time.Second)
			mustToken(t, src)
		}
		time.Sleep(10 * time.Minute)
		mustToken(t, src)
		if n := s.posts() - before; n != 1 {
			t.Errorf("%d refreshes, want 1", n)
		}
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
		if r := load(t, src); s.tokens[r.RefreshToken] == nil || s.tokens[r.RefreshToken].used {
			t.Error("the refresh token that is stored has been used")
		}
	})
}

// torn cannot be read until it is overwritten. It is a Locker, whose Lock may fail.
type torn struct {
	token.MemoryStore
	ok   bool
	lock error
}

func (s *torn) Load(ctx context.Context, key string) (token.Record, error) {
	if !s.ok {
		return token.Record{}, fmt.Errorf("%w: torn", token.ErrRecord)
	}
	return s.MemoryStore.Load(ctx, key)
}

func (s *torn) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	s.ok = true
	return s.MemoryStore.Save(ctx, key, r)
}

func (s *torn) Lock(ctx context.Context, key string) (func() error, error) {
	if s.lock != nil {
		return nil, s.lock
	}
	return s.MemoryStore.Lock(ctx, key)
}

// A record that cannot be read is an error for Token, and is replaced by SignIn, whatever the
// Flow; a lock that cannot be had runs no Flow.
func TestRecordThatCannotBeRead(t *testing.T) {
	for _, person := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			store := &torn{}
			runs := 0
			f := func(ctx context.Context, c *token.Config) (*oauth2.Token, error) { runs++; return s.SignIn(ctx, c) }
			src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: machine(f)}
			if person {
				src.Flow = flowFunc(f)
			}
			if _, err := src.Token(t.Context()); !errors.Is(err, token.ErrRecord) || runs != 0 {
				t.Errorf("person %v: Token = %v, %d runs; want ErrRecord and none", person, err, runs)
			}
			if _, err := src.SignIn(t.Context()); err != nil || runs != 1 {
				t.Errorf("person %v: SignIn = %v, %d runs", person, err, runs)
			}
			time.Sleep(2 * time.Hour)
			store.lock = errDisk
			if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) || runs != 1 || s.posts() != 0 {
				t.Errorf("person %v: Token without the lock = %v, %d runs, %d requests", person, err, runs, s.posts())
			}
			store.lock = nil
			time.Sleep(time.Minute)
			mustToken(t, src)
		})
	}
}

// The user signs in again, through a program that takes no lock, while a refresh is under way: the
// new sign-in counts, and the lock is given back before the record is read again.
func TestSignInOfAPeerDuringARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		once := true
		s.intercept = func(http.ResponseWriter, *http.Request) bool {
			if once {
				once = false
				peer := &token.Source{Config: src.Config, Store: unlocked{src.Store}, Key: src.Key, Flow: s}
				if _, err := peer.SignIn(t.Context()); err != nil {
					t.Error(err)
				}
				r := load(t, src)
				clear(r.Access) // so that the new grant must be refreshed
				if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
					t.Error(err)
				}
			}
			return false
		}
		begin := time.Now()
		mustToken(t, src)
		if d := time.Since(begin); d != 0 || s.posts() != 2 {
			t.Errorf("%d refreshes in %v, want 2 at once", s.posts(), d)
		}
	})
}

// A sign-in that was kept in memory is stored late, when its access token has expired already.
func TestUnsavedSignInOutlivesItsAccessToken(t *testing.T) {
	for name, store := range map[string]func(*counted) token.Store{
		"lock": func(c *counted) token.Store { return countedLocker{c} }, "lease": func(c *counted) token.Store { return countedLeaser{c} },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSTS()
			c := &counted{m: &token.MemoryStore{}}
			src := &token.Source{Config: s.config(t), Store: store(c), Key: "ada", Flow: s}
			c.fail = map[string]error{"Save": errDisk, "SaveAndRelease": errDisk}
			if _, err := src.SignIn(t.Context()); !errors.Is(err, token.ErrNotPersisted) {
				t.Fatalf("%s: SignIn = %v, want ErrNotPersisted", name, err)
			}
			time.Sleep(2 * time.Hour)
			c.set("", nil)
			begin := time.Now()
			mustToken(t, src)
			if d := time.Since(begin); d != 0 || s.posts() != 1 {
				t.Errorf("%s: %d refreshes in %v, want 1 at once", name, s.posts(), d)
			}
		})
	}
}
