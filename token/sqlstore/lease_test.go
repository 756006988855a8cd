package sqlstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

// TestCost counts what a Source costs the database.
func TestCost(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.String(), func(t *testing.T) {
			f, s := newFake(t, d)
			ctx := t.Context()
			cost := func(what string, statements, commits int) {
				t.Helper()
				if n, c := f.count(); n != statements || c != commits {
					t.Errorf("%s: %d statements and %d commits, want %d and %d", what, n, c, statements, commits)
				}
			}
			f.count()
			if _, err := s.Save(ctx, "ada", record("rt1")); err != nil {
				t.Fatal(err)
			}
			cost("a first sign-in", 1, 1)

			if _, err := s.Load(ctx, "ada"); err != nil {
				t.Fatal(err)
			}
			cost("to adopt a peer's token", 1, 0)

			if _, err := s.Save(ctx, "ada", record("rt1")); !errors.Is(err, token.ErrConflict) {
				t.Errorf("Save of a first record over a record = %v, want ErrConflict", err)
			}
			cost("a sign-in in conflict", 2, 1)
			if l, _, err := s.Lease(ctx, "ada"); err != nil || l.Release() != nil {
				t.Fatal(err)
			}
			cost("to look under the lease", 2, 2)

			refresh := func(strict bool) {
				t.Helper()
				if _, err := s.Load(ctx, "ada"); err != nil {
					t.Fatal(err)
				}
				l, r, err := s.Lease(ctx, "ada")
				if err != nil {
					t.Fatal(err)
				}
				if strict {
					r.Sent = time.Now()
					if r, err = s.Save(ctx, "ada", r); err != nil {
						t.Fatal(err)
					}
				}
				release, err := s.Reserve(ctx, "ada", 1000)
				if err != nil {
					t.Fatal(err)
				}
				r.RefreshToken, r.Sent = "rt2", time.Time{}
				if _, err := l.SaveAndRelease(ctx, r); err != nil {
					t.Fatal(err)
				}
				release()
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
			refresh(false)
			cost("a refresh", 3, 2)
			refresh(true)
			cost("a strict refresh", 4, 3)

			if _, err := s.Load(ctx, "bob"); !errors.Is(err, token.ErrNotFound) {
				t.Fatal(err)
			}
			cost("a key that nobody signed in", 1, 0)
			l, r, err := s.Lease(ctx, "bob")
			if err != nil || r.Generation != 0 {
				t.Fatalf("Lease = %v, %v", r, err)
			}
			cost("a lease", 1, 1)
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			cost("its release", 1, 1)
			if f.rows[rowName("bob")] != nil {
				t.Error("a key without a record has left a row")
			}
			if _, err := s.Reserve(ctx, "bob", 1); err != nil {
				t.Error(err)
			}
			if f.rows[rowName("bob")] != nil {
				t.Error("a reservation has left a row")
			}
			f.count()
			if l, _, err = s.Lease(ctx, "bob"); err != nil {
				t.Fatal(err)
			}
			if _, err := l.SaveAndRelease(ctx, record("rt-bob")); err != nil {
				t.Fatal(err)
			}
			cost("a sign-in under a lease", 2, 2)
			if n := s.queue.Len(); n != 0 || len(s.held) != 0 {
				t.Errorf("%d keys in the queue, %d leases held, want none", n, len(s.held))
			}
		})
	}
}

// A holder of a lease died. Another owner waits until it runs out; the same owner, come back,
// does not.
func TestTakeoverFromTheDead(t *testing.T) {
	for _, tt := range []struct {
		name, dead, alive string
		wait              time.Duration
	}{
		{"another", "pod-1", "pod-2", DefaultLeaseTime},
		{"without a name", "pod-1", "", DefaultLeaseTime},
		{"the same", "pod-1", "pod-1", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s := newFake(t, PostgreSQL)
				defer s.DB.Close()
				s.owner = ownerName(tt.alive)
				f.rows = map[string]*fakeRow{rowName("ada"): {owner: ownerName(tt.dead), fence: 7, until: time.Now().Add(DefaultLeaseTime)}}
				row := f.rows[rowName("ada")]
				start := time.Now()
				unlock, err := s.Lock(t.Context(), "ada")
				if err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited < tt.wait || waited > tt.wait+maxPoll {
					t.Errorf("took over after %v, want %v", waited, tt.wait)
				}
				if row.fence == 7 {
					t.Error("the fencing number is that of the dead")
				}
				if err := unlock(); err != nil {
					t.Error(err)
				}
				if err := unlock(); err != nil {
					t.Errorf("a second unlock = %v", err)
				}
				if len(f.rows) != 0 {
					t.Error("the lease is still held")
				}
			})
		})
	}
}

// The response to the release is lost, or the release itself: the Store does not wait for
// its own lease.
func TestOwnLeaseIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		if _, err := s.Save(t.Context(), "ada", record("rt1")); err != nil {
			t.Fatal(err)
		}
		l, _, err := s.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		broken := stateError("XX000")
		f.set(func() { f.before = failing(f.q.drop, broken) })
		if err := l.Release(); !errors.Is(err, broken) {
			t.Errorf("Release = %v, want the error of the database", err)
		}
		f.set(func() { f.before = nil })
		start := time.Now()
		again, r, err := s.Lease(t.Context(), "ada")
		if err != nil || r.RefreshToken != "rt1" || time.Since(start) > 0 {
			t.Errorf("Lease = %v, %v after %v; want it at once", r, err, time.Since(start))
		}
		if err := again.Release(); err != nil {
			t.Error(err)
		}
		if s.queue.Len() != 0 {
			t.Error("the key is still in the queue")
		}
	})
}

func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, SQLite)
		defer s.DB.Close()
		s.LeaseTime = 3 * time.Second
		unlock, err := s.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		other := &Store{DB: s.DB, Dialect: SQLite, LeaseTime: time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f.count()
		if _, err := other.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock of another process within a minute = %v, want DeadlineExceeded", err)
		}
		// 60 renewals, and at most one poll in half a second.
		if statements, commits := f.count(); commits < 58 || commits > 62 || statements-commits > 130 {
			t.Errorf("%d statements, %d commits in a minute", statements, commits)
		}
		time.Sleep(100 * time.Millisecond) // between two renewals, the last of which has been sent
		if err := unlock(); err != nil {
			t.Error(err)
		}
		f.count()
		time.Sleep(time.Minute)
		if statements, _ := f.count(); statements != 0 {
			t.Errorf("%d statements after the unlock", statements)
		}
	})
}

// A renewal that fails once does not end the renewals.
func TestRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		l, _, err := s.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		failed := false
		f.set(func() {
			f.before = func(query string) error {
				if query == f.q.renew && !failed {
					failed = true
					return stateError("XX000")
				}
				return nil
			}
		})
		time.Sleep(10 * DefaultLeaseTime)
		if err := l.Release(); err != nil || !failed {
			t.Errorf("Release = %v; a renewal has failed: %v", err, failed)
		}
	})
}

// TestS093SuspendedHolder has a holder sleep through its lease, as a suspended machine does: it
// must not spend the refresh token. If it has spent it before, what came back is stored, for
// it may be the only good token.
func TestS093SuspendedHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, SQLite)
		defer s.DB.Close()
		if _, err := s.Save(t.Context(), "ada", record("rt1")); err != nil {
			t.Fatal(err)
		}
		l, r, err := s.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reserve(t.Context(), "ada", 100); err != nil {
			t.Errorf("Reserve under the lease = %v", err)
		}
		f.set(func() { f.rows[rowName("ada")].until = time.Now().Add(-time.Second) })
		other := &Store{DB: s.DB, Dialect: SQLite}
		unlockOther, err := other.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		s.held[rowName("ada")].renewed = time.Now().Add(-DefaultLeaseTime)
		if _, err := s.Reserve(t.Context(), "ada", 100); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("Reserve after the takeover = %v, want ErrLeaseLost", err)
		}
		time.Sleep(DefaultLeaseTime) // the renewal notices as well
		r.RefreshToken = "rt2"
		if _, err := l.SaveAndRelease(t.Context(), r); err != nil {
			t.Errorf("SaveAndRelease of a token that was spent before = %v", err)
		}
		if f.rows[rowName("ada")].owner != other.owner {
			t.Error("the lease of the new holder was given up")
		}
		if err := unlockOther(); err != nil {
			t.Errorf("unlock of the new holder = %v", err)
		}
		unlock, err := s.Lock(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		f.set(func() { f.rows[rowName("ada")].owner = "another" })
		if err := unlock(); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("unlock of a lease that was lost = %v, want ErrLeaseLost", err)
		}
	})
}

// A lease is fresh for half of its time, by both clocks.
func TestFreshLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, SQLite)
		defer s.DB.Close()
		l, err := s.lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		l.timer.Stop()
		for _, tt := range []struct {
			age   time.Duration
			wall  time.Duration // the clock was set by
			fresh bool
		}{
			{0, 0, true},
			{DefaultLeaseTime/2 - 1, 0, true},
			{DefaultLeaseTime / 2, 0, false},
			{0, DefaultLeaseTime, false},
			{0, -time.Second, false},
		} {
			l.renewed = time.Now().Add(-tt.age)
			if tt.wall != 0 {
				l.renewed = l.renewed.Round(0).Add(-tt.wall)
			}
			f.count()
			if _, err := s.Reserve(t.Context(), "ada", 1); err != nil {
				t.Fatal(err)
			}
			if n, _ := f.count(); (n == 0) != tt.fresh {
				t.Errorf("age %v, clock set by %v: %d statements; fresh is %v", tt.age, tt.wall, n, tt.fresh)
			}
		}
	})
}

// A database that fails is not a lease that was lost.
func TestReserveFails(t *testing.T) {
	f, s := newFake(t, PostgreSQL)
	l, err := s.lease(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	l.renewed = time.Now().Add(-DefaultLeaseTime)
	broken := stateError("XX000")
	f.set(func() { f.before = failing(f.q.renew, broken) })
	if _, err := s.Reserve(t.Context(), "ada", 100); !errors.Is(err, broken) || errors.Is(err, ErrLeaseLost) {
		t.Errorf("Reserve = %v, want the error of the database", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

// A record that is too long is refused under the lease too, which stays.
func TestTooLong(t *testing.T) {
	_, s := newFake(t, PostgreSQL)
	long := record(strings.Repeat("x", 2<<20))
	if _, err := s.Save(t.Context(), "ada", long); err == nil {
		t.Error("Save of 2 MiB succeeded")
	}
	l, _, err := s.Lease(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SaveAndRelease(t.Context(), long); err == nil {
		t.Error("SaveAndRelease of 2 MiB succeeded")
	}
	saved, err := l.SaveAndRelease(t.Context(), record("rt1"))
	if err != nil {
		t.Fatal(err)
	}
	long.Generation = saved.Generation
	if _, err := s.Save(t.Context(), "ada", long); err == nil {
		t.Error("Save of 2 MiB over a record succeeded")
	}
}

// SaveAndRelease keeps the lease if it fails.
func TestSaveAndReleaseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		l, _, err := s.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		broken := stateError("53100") // disk full
		f.set(func() { f.before = failing(f.q.finish, broken) })
		if _, err := l.SaveAndRelease(t.Context(), record("rt1")); !errors.Is(err, broken) {
			t.Errorf("SaveAndRelease = %v", err)
		}
		f.set(func() { f.before = nil })
		time.Sleep(3 * DefaultLeaseTime) // renewed meanwhile
		if _, err := l.SaveAndRelease(t.Context(), record("rt2")); err != nil {
			t.Errorf("the second SaveAndRelease = %v", err)
		}
		if _, err := l.SaveAndRelease(t.Context(), record("rt3")); err == nil {
			t.Error("SaveAndRelease after the release succeeded")
		}
		if err := l.Release(); err != nil {
			t.Errorf("Release after the release = %v", err)
		}
		if r, err := s.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt2" {
			t.Errorf("Load = %v, %v", r, err)
		}
	})
}

// What a Lease finds beside a record: nothing, a record that was deleted, one that cannot be
// read.
func TestLeaseOfOddRows(t *testing.T) {
	f, s := newFake(t, SQLite)
	saved, err := s.Save(t.Context(), "ada", record("rt1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "ada", saved.Generation); err != nil {
		t.Fatal(err)
	}
	l, r, err := s.Lease(t.Context(), "ada")
	if err != nil || r.Generation != 0 || r.RefreshToken != "" {
		t.Fatalf("Lease of a deleted record = %v, %v", r, err)
	}
	again, err := l.SaveAndRelease(t.Context(), record("rt2"))
	if err != nil || again.Generation <= saved.Generation {
		t.Errorf("SaveAndRelease = %v, %v; want a generation above %d", again, err, saved.Generation)
	}
	if l, _, err = s.Lease(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SaveAndRelease(t.Context(), record("rt-other")); !errors.Is(err, token.ErrConflict) {
		t.Errorf("SaveAndRelease of a first record over a record = %v, want ErrConflict", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	f.rows[rowName("ada")].record = []byte("{")
	if l, _, err := s.Lease(t.Context(), "ada"); !errors.Is(err, token.ErrRecord) || l != nil {
		t.Errorf("Lease of what cannot be read = %v, %v; want ErrRecord and no lease", l, err)
	}
	if f.rows[rowName("ada")].owner != "" || s.queue.Len() != 0 {
		t.Error("the lease is held all the same")
	}
	// A sign-in that does not know of the lease, while it is held.
	l, _, err = s.Lease(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), "bob", record("rt3")); err != nil {
		t.Errorf("Save beside a lease = %v", err)
	}
	if _, err := l.SaveAndRelease(t.Context(), record("rt4")); !errors.Is(err, token.ErrConflict) {
		t.Errorf("SaveAndRelease over it = %v, want ErrConflict", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if r, err := s.Load(t.Context(), "bob"); err != nil || r.RefreshToken != "rt3" {
		t.Errorf("Load = %v, %v", r, err)
	}
}

func TestFencesDiffer(t *testing.T) {
	if a, b := newFence(), newFence(); a == b {
		t.Errorf("fences %d and %d", a, b)
	}
}

func TestReserveWithoutALock(t *testing.T) {
	f, s := newFake(t, SQLite)
	if _, err := s.Reserve(t.Context(), "ada", 100); err != nil {
		t.Error(err)
	}
	readOnly := errors.New("attempt to write a readonly database (8)")
	f.before = func(string) error { return readOnly }
	if _, err := s.Reserve(t.Context(), "ada", 100); !errors.Is(err, readOnly) {
		t.Errorf("Reserve = %v, want the error of the database", err)
	}
}

// TestSavesFirst has a pool of five connections with a thousand loads waiting: a save passes
// them.
func TestSavesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		s.DB.SetMaxOpenConns(5)
		saved, err := s.Save(t.Context(), "ada", record("rt1"))
		if err != nil {
			t.Fatal(err)
		}
		f.set(func() { f.delay = time.Second })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { s.Load(ctx, "ada") })
		}
		synctest.Wait()
		if n, w := s.gate.passing, s.gate.waiting[normal].Len(); n != 5 || w != 995 {
			t.Errorf("%d statements pass and %d wait, want 5 and 995", n, w)
		}
		start := time.Now()
		if _, err := s.Save(t.Context(), "ada", saved); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("the save took %v, want it before the loads that wait", d)
		}
		cancel()
		wg.Wait()
		if s.gate.passing != 0 || s.gate.waiting[urgent].Len() != 0 || s.gate.waiting[normal].Len() != 0 {
			t.Errorf("in the gate remain %d passing, %d and %d waiting", s.gate.passing, s.gate.waiting[urgent].Len(), s.gate.waiting[normal].Len())
		}
		f.set(func() { f.delay = 0 })
		if _, err := s.Load(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
	})
}

// failing makes one statement fail.
func failing(statement string, err error) func(string) error {
	return func(query string) error {
		if query == statement {
			return err
		}
		return nil
	}
}
