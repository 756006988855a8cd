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
