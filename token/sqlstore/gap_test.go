package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

// A gate lets its limit pass and no more; a limit below one is none.
func TestGate(t *testing.T) {
	for _, tt := range []struct{ limit, pass int }{{1, 1}, {2, 2}, {0, 9}, {-1, 9}} {
		var g gate
		ctx, cancel := context.WithCancel(t.Context())
		for range tt.pass {
			if _, err := g.enter(ctx, tt.limit, normal); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if _, err := g.enter(ctx, tt.limit, normal); (err == nil) != (tt.limit <= 0) || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("limit %d: the next = %v", tt.limit, err)
		}
	}
}

// A waiter who leaves at the moment when its turn comes hands the turn on.
func TestTurnOfOneWhoLeaves(t *testing.T) {
	var g gate
	if _, err := g.enter(t.Context(), 1, normal); err != nil {
		t.Fatal(err)
	}
	place := g.waiting[normal].PushBack(make(chan struct{}))
	g.leave() // the turn of the waiter
	left := make(chan bool)
	go func() { g.giveUp(place, normal); close(left) }()
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Fatal("it does not leave")
	}
	if g.passing != 0 {
		t.Errorf("%d pass, want none", g.passing)
	}
}

// A statement that waits for a connection ends with its caller, and is not taken for one that
// found nothing.
func TestContextEndsInTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		s.DB.SetMaxOpenConns(1)
		f.set(func() { f.delay = 5 * time.Second })
		go s.Load(t.Context(), "bob")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Load(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Load = %v, want DeadlineExceeded", err)
		}
		time.Sleep(5 * time.Second)
	})
}

// Waits are drawn between a half and the whole.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		least, most := time.Hour, time.Duration(0)
		for range 300 {
			start := time.Now()
			if !sleep(t.Context(), time.Second) {
				t.Fatal("sleep did not last")
			}
			least, most = min(least, time.Since(start)), max(most, time.Since(start))
		}
		if least < time.Second/2 || least > 550*time.Millisecond || most > time.Second || most < 950*time.Millisecond {
			t.Errorf("waits of %v to %v, want half a second to a second", least, most)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if sleep(ctx, time.Second) {
			t.Error("sleep outlived its context")
		}
	})
}

// The waits between tries, and between looks at a lease that another holds, double from 20 ms
// to a second: the seventh statement comes within 1260 ms.
func TestPaces(t *testing.T) {
	for _, tt := range []struct {
		name string
		call func(ctx context.Context, f *fakeDB, s *Store) error
	}{
		{"retries", func(ctx context.Context, f *fakeDB, s *Store) error {
			f.set(func() { f.before = func(string) error { return stateError("40001") } })
			_, err := s.Load(ctx, "ada")
			return err
		}},
		{"looks", func(ctx context.Context, f *fakeDB, s *Store) error {
			_, err := s.Lock(ctx, "ada")
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s := newFake(t, PostgreSQL)
				defer s.DB.Close()
				other := &Store{DB: s.DB, Dialect: PostgreSQL}
				unlock, err := other.Lock(t.Context(), "ada")
				if err != nil {
					t.Fatal(err)
				}
				defer unlock()
				var at []time.Duration
				start := time.Now()
				f.set(func() {
					f.note = func(query string) {
						if query != f.q.renew {
							at = append(at, time.Since(start))
						}
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
				defer cancel()
				if err := tt.call(ctx, f, s); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want DeadlineExceeded", err)
				}
				f.set(func() { f.note, f.before = nil, nil })
				if len(at) < 14 || at[6] > 1260*time.Millisecond || at[6] < 630*time.Millisecond {
					t.Fatalf("statements at %v", at)
				}
				for i := range at[1:] {
					if d := at[i+1] - at[i]; d > time.Second || i > 6 && d < time.Second/2 {
						t.Errorf("a wait of %v before statement %d", d, i+2)
					}
				}
			})
		})
	}
}

// A lease that cannot be waited for is not held.
func TestLockWhenTheLookFails(t *testing.T) {
	f, s := newFake(t, PostgreSQL)
	other := &Store{DB: s.DB, Dialect: PostgreSQL}
	unlock, err := other.Lock(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	broken := stateError("XX000")
	f.set(func() { f.before = failing(f.q.busy, broken) })
	if _, err := s.Lock(t.Context(), "ada"); !errors.Is(err, broken) {
		t.Errorf("Lock = %v, want the error of the database", err)
	}
	f.set(func() { f.before = nil })
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if s.queue.Len() != 0 || len(s.held) != 0 {
		t.Errorf("%d keys in the queue, %d leases held", s.queue.Len(), len(s.held))
	}
}

// A lease is renewed at each third of its time, also after a renewal that failed, and not
// when it is lost; one that was renewed is fresh.
func TestRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		var at []time.Duration
		start := time.Now()
		f.set(func() {
			f.before = func(query string) error {
				if query != f.q.renew {
					return nil
				}
				at = append(at, time.Since(start))
				if len(at) == 2 {
					return stateError("XX000")
				}
				return nil
			}
		})
		l, _, err := s.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(DefaultLeaseTime/2 + time.Second) // but less than half since the renewal
		f.count()
		if _, err := s.Reserve(t.Context(), "ada", 1); err != nil {
			t.Error(err)
		}
		if n, _ := f.count(); n != 0 {
			t.Errorf("%d statements to reserve under a lease that was renewed, want none", n)
		}
		time.Sleep(DefaultLeaseTime)
		synctest.Wait()
		if got, want := fmt.Sprint(at), "[10s 20s 30s 40s]"; got != want {
			t.Errorf("renewed at %v, want %s", got, want)
		}
		f.set(func() { f.rows[rowName("ada")].owner = "another" })
		time.Sleep(5 * DefaultLeaseTime)
		synctest.Wait()
		if len(at) != 5 {
			t.Errorf("%d renewals, want one more, that finds the lease lost", len(at)-4)
		}
		if err := l.Release(); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("Release = %v, want ErrLeaseLost", err)
		}
	})
}

// To give a lease up costs one statement, where there is a record, was one, or is none.
func TestCostOfARelease(t *testing.T) {
	f, s := newFake(t, PostgreSQL)
	saved, err := s.Save(t.Context(), "ada", record("rt1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"a record", "a deleted record", "no record"} {
		key := "ada"
		switch what {
		case "a deleted record":
			f.count()
			if err := s.Delete(t.Context(), key, saved.Generation); err != nil {
				t.Fatal(err)
			}
			if n, _ := f.count(); n != 1 {
				t.Errorf("%d statements to delete, want 1", n)
			}
		case "no record":
			key = "bob"
		}
		l, _, err := s.Lease(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		f.count()
		if err := l.Release(); err != nil {
			t.Error(err)
		}
		if n, _ := f.count(); n != 1 {
			t.Errorf("%s: %d statements to release the lease, want 1", what, n)
		}
	}
}

// A try that broke off behind its row found nothing, if the next one finds nothing: the lease
// is not held.
func TestRowOfATryThatBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		f.set(func() {
			f.atEnd = func(query string) error {
				if query != f.q.acquire {
					return nil
				}
				f.atEnd = nil
				f.rows[rowName("ada")].owner, f.rows[rowName("ada")].until = "another", time.Now().Add(time.Minute)
				return stateError("40001")
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := s.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock = %v, want DeadlineExceeded: another has the lease", err)
		}
	})
}

// A response of another form than expected is an error, and leaves no connection in use.
func TestOddResponses(t *testing.T) {
	f, s := newFake(t, SQLite)
	if _, err := s.Save(t.Context(), "ada", record("rt1")); err != nil {
		t.Fatal(err)
	}
	uncounted := errors.New("not supported by this driver")
	f.set(func() { f.uncounted = uncounted })
	if err := s.Delete(t.Context(), "eve", 1); !errors.Is(err, uncounted) {
		t.Errorf("Delete = %v, want the error of the driver", err)
	}
	f.set(func() { f.uncounted, f.odd = nil, "seven" })
	if _, err := s.Load(t.Context(), "ada"); err == nil || errors.Is(err, token.ErrNotFound) {
		t.Errorf("Load of an odd row = %v", err)
	}
	f.set(func() { f.odd = nil })
	if n := s.DB.Stats().InUse; n != 0 {
		t.Errorf("%d connections in use", n)
	}
}

// A try whose time runs out is repeated, in either dialect.
func TestNoResponseOnce(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s := newFake(t, d)
				defer s.DB.Close()
				if _, err := s.Save(t.Context(), "ada", record("rt1")); err != nil {
					t.Fatal(err)
				}
				tries := 0
				f.set(func() { f.hang = func(string) bool { tries++; return tries == 1 } })
				start := time.Now()
				if r, err := s.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt1" || tries != 2 {
					t.Errorf("Load = %v, %v after %d tries", r, err, tries)
				}
				if d := time.Since(start); d < tryTime || d > tryTime+maxRetry {
					t.Errorf("it took %v", d)
				}
			})
		})
	}
}

// Migrate's errors, and what a failed one leaves.
func TestMigrateFails(t *testing.T) {
	const lock = `SELECT pg_advisory_xact_lock($1)`
	broken := stateError("XX000")
	for _, tt := range []struct {
		name string
		set  func(f *fakeDB)
		want error
	}{
		{"the setting", func(f *fakeDB) { f.before = failing(f.q.durable, broken) }, broken},
		{"the look", func(f *fakeDB) { f.tables, f.before = true, failing(f.q.look, broken) }, broken},
		{"the look at the version", func(f *fakeDB) { f.tables, f.before = true, failing(f.q.version, broken) }, broken},
		{"the transaction", func(f *fakeDB) { f.begin = broken }, broken},
		{"the lock", func(f *fakeDB) { f.before = failing(lock, broken) }, broken},
		{"the first table", func(f *fakeDB) { f.before = failing(f.q.schema[0], broken) }, broken},
		{"the second table", func(f *fakeDB) { f.before = failing(f.q.schema[1], broken) }, broken},
		{"the version", func(f *fakeDB) { f.before = failing(f.q.schema[2], broken) }, broken},
		{"an error without a code", func(f *fakeDB) { f.before = failing(f.q.schema[2], io.ErrShortWrite) }, io.ErrShortWrite},
	} {
		f, s := newFake(t, PostgreSQL)
		f.set(func() {
			f.tables, f.version = false, 0
			tt.set(f)
		})
		if err := s.Migrate(t.Context()); !errors.Is(err, tt.want) || errors.Is(err, ErrSchema) {
			t.Errorf("%s: Migrate = %v, want the error of the database", tt.name, err)
		}
		if n := s.DB.Stats().InUse; n != 0 {
			t.Errorf("%s: %d connections in use", tt.name, n)
		}
		f.set(func() { f.before, f.begin = nil, nil })
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("%s: the next Migrate = %v", tt.name, err)
		}
	}
}

func TestStorePrints(t *testing.T) {
	for _, tt := range []struct {
		s    *Store
		want string
	}{
		{&Store{Dialect: SQLite}, `SQLite store in table "", encrypted false`},
		{&Store{Dialect: PostgreSQL, Table: "a.b", EncryptionKey: token.EncryptionKey("secret")}, `PostgreSQL store in table "a.b", encrypted true`},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(verb, tt.s); got != tt.want {
				t.Errorf("%s prints %q, want %q", verb, got, tt.want)
			}
		}
	}
}

// What is too long is not read, and says which limit it passes.
func TestLongRow(t *testing.T) {
	_, s := newFake(t, SQLite)
	for size, want := range map[int]string{maxRecord: "longer than 1048576 bytes", maxRecord + 1: "longer than 2097152 bytes"} {
		if _, err := s.decode("ada", make([]byte, size)); !errors.Is(err, token.ErrRecord) || !strings.Contains(err.Error(), want) {
			t.Errorf("a row of %d bytes: %v, want %q", size, err, want)
		}
	}
}

// A first sign-in that others get in the way of is tried four times more, while no record is
// there.
func TestSignInAmongOthers(t *testing.T) {
	for _, tt := range []struct {
		name         string
		races, loads int
		want         error
	}{
		{"nobody", 0, 0, nil},
		{"a deleted record", 0, 1, nil},
		{"a race", 1, 2, nil},
		{"three races", 3, 4, nil},
		{"races without end", 9, 4, token.ErrConflict},
		{"a record", 0, 1, token.ErrConflict},
	} {
		f, s := newFake(t, PostgreSQL)
		saved, err := s.Save(t.Context(), "ada", record("rt1"))
		if err != nil {
			t.Fatal(err)
		}
		key := "ada"
		switch tt.name {
		case "nobody":
			key = "bob"
		case "a record":
		default:
			if err := s.Delete(t.Context(), "ada", saved.Generation); err != nil {
				t.Fatal(err)
			}
		}
		races, loads := 0, 0
		f.set(func() {
			f.before = func(query string) error {
				switch query {
				case f.q.load:
					loads++
				case f.q.replace: // another signs in and out in between
					if races++; races <= tt.races {
						f.rows[rowName("ada")].generation++
					}
				}
				return nil
			}
		})
		if _, err := s.Save(t.Context(), key, record("rt2")); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || loads != tt.loads {
			t.Errorf("%s: Save = %v after %d loads, want %v after %d", tt.name, err, loads, tt.want, tt.loads)
		}
	}
}

// What no row can hold is refused, and nothing is written.
func TestOddRecords(t *testing.T) {
	f, s := newFake(t, PostgreSQL)
	f.count()
	for _, generation := range []uint64{math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		r := record("rt1")
		r.Generation = generation
		if _, err := s.Save(t.Context(), "ada", r); !errors.Is(err, token.ErrConflict) {
			t.Errorf("Save of generation %d = %v, want ErrConflict", generation, err)
		}
	}
	if _, err := s.Save(t.Context(), "ada", token.Record{RefreshToken: "rt1"}); !errors.Is(err, token.ErrRecord) {
		t.Errorf("Save of a record without a lineage = %v, want ErrRecord", err)
	}
	if n, _ := f.count(); n != 0 {
		t.Errorf("%d statements, want none", n)
	}
	if err := s.Delete(t.Context(), "ada", math.MaxUint64); err != nil {
		t.Errorf("Delete of what is not there = %v", err)
	}
}
