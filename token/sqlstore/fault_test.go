package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

type stateError string

func (e stateError) Error() string    { return "state " + string(e) }
func (e stateError) SQLState() string { return string(e) }

func TestErrorsOfTheDatabase(t *testing.T) {
	locked := errors.New("database is locked (5) (SQLITE_BUSY)")
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tt := range []struct {
		name    string
		dialect Dialect
		err     error
		times   int
		want    error // nil: it succeeds
		tries   int   // 0: any number
		within  time.Duration
	}{
		{"busy", SQLite, locked, 3, nil, 4, time.Second},
		{"table locked", SQLite, errors.New("database table is locked"), 1, nil, 2, time.Second},
		{"busy for good", SQLite, locked, 1 << 30, locked, 0, busyFor},
		{"serialization failure", PostgreSQL, stateError("40001"), 2, nil, 3, time.Second},
		{"deadlock", PostgreSQL, stateError("40P01"), 1, nil, 2, time.Second},
		{"lock not available", PostgreSQL, stateError("55P03"), 1, nil, 2, time.Second},
		{"shutdown", PostgreSQL, stateError("57P01"), 5, nil, 6, 5 * time.Second},
		{"crash", PostgreSQL, stateError("57P02"), 1, nil, 2, time.Second},
		{"starting up", PostgreSQL, stateError("57P03"), 9, nil, 10, 10 * time.Second},
		{"idle session ended", PostgreSQL, stateError("57P05"), 1, nil, 2, time.Second},
		{"connection failure", PostgreSQL, stateError("08006"), 1, nil, 2, time.Second},
		{"too many connections", PostgreSQL, stateError("53300"), 1, nil, 2, time.Second},
		{"refused", PostgreSQL, refused, 9, nil, 10, 10 * time.Second},
		{"refused for good", PostgreSQL, refused, 1 << 30, syscall.ECONNREFUSED, 0, awayFor + settleTime},
		{"reset", PostgreSQL, syscall.ECONNRESET, 1, nil, 2, time.Second},
		{"broken pipe", PostgreSQL, syscall.EPIPE, 1, nil, 2, time.Second},
		{"no socket", PostgreSQL, syscall.ENOENT, 1, nil, 2, time.Second},
		{"bad connection", PostgreSQL, fmt.Errorf("driver: %w", driver.ErrBadConn), 4, nil, 0, 5 * time.Second},
		{"end of file", PostgreSQL, io.EOF, 1, nil, 2, time.Second},
		{"unexpected end of file", PostgreSQL, io.ErrUnexpectedEOF, 1, nil, 2, time.Second},
		{"closed", PostgreSQL, net.ErrClosed, 1, nil, 2, time.Second},
		{"closed, as pgx says it", PostgreSQL, errors.New("conn closed"), 1, nil, 2, time.Second},
		{"safe to retry, as pgx says it", PostgreSQL, noResponseError{io.ErrNoProgress}, 1, nil, 2, time.Second},
		{"name not resolved", PostgreSQL, &net.DNSError{Err: "no such host"}, 1, nil, 2, time.Second},
		{"not migrated", PostgreSQL, stateError("42P01"), 1, ErrSchema, 1, 0},
		{"no schema", PostgreSQL, stateError("3F000"), 1, ErrSchema, 1, 0},
		{"not migrated", SQLite, errors.New("SQL logic error: no such table: easoauth_token (1)"), 1, ErrSchema, 1, 0},
		{"read only", SQLite, io.ErrShortWrite, 1, io.ErrShortWrite, 1, 0},
		{"no rights", PostgreSQL, stateError("42501"), 1, stateError("42501"), 1, 0},
		{"password", PostgreSQL, stateError("28P01"), 1, stateError("28P01"), 1, 0},
		{"something else", PostgreSQL, io.ErrShortWrite, 1, io.ErrShortWrite, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s := newFake(t, tt.dialect)
				defer s.DB.Close()
				saved, err := s.Save(t.Context(), "ada", record("rt1"))
				if err != nil {
					t.Fatal(err)
				}
				tries := 0
				f.before = func(query string) error {
					if query != f.q.replace {
						return nil
					}
					if tries++; tries <= tt.times {
						return tt.err
					}
					return nil
				}
				saved.RefreshToken = "rt2"
				start := time.Now()
				_, err = s.Save(t.Context(), "ada", saved)
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("Save = %v, want %v", err, tt.want)
				}
				if d := time.Since(start); d > tt.within {
					t.Errorf("Save took %v, want at most %v", d, tt.within)
				}
				if tt.tries > 0 && tries != tt.tries {
					t.Errorf("%d tries, want %d", tries, tt.tries)
				}
				if tt.times > 1<<20 && (tries < 8 || time.Since(start) < tt.within/2) {
					t.Errorf("gave up after %d tries and %v", tries, time.Since(start))
				}
				if err != nil && strings.Contains(err.Error(), "rt2") {
					t.Errorf("the error holds the refresh token: %v", err)
				}
			})
		})
	}
}

// TestContextEnds sees that the end of the caller's context ends the retries, with what the
// database said last.
func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		f.set(func() { f.before = func(string) error { return stateError("57P01") } })
		gone := errors.New("the user left")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, gone)
		defer cancel()
		_, err := s.Load(ctx, "ada")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, gone) || !errors.Is(err, stateError("57P01")) {
			t.Errorf("Load = %v, want the end, its cause and the database's error", err)
		}
		f.set(func() { f.before, f.hang = nil, func(string) bool { return true } })
		ctx, cancel = context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := s.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 3*time.Second {
			t.Errorf("Lock = %v after %v", err, time.Since(start))
		}
		time.Sleep(time.Minute)
		if s.queue.Len() != 0 {
			t.Error("the key is still in the queue")
		}
	})
}

// Operations of the contract, each of which is a few statements.
var operations = []struct {
	name string
	do   func(ctx context.Context, s *Store, old token.Record) error
	want []string // refresh tokens that may be there afterwards; the last if it succeeds
}{
	{"load", func(ctx context.Context, s *Store, _ token.Record) error { _, err := s.Load(ctx, "ada"); return err }, []string{"rt-old"}},
	{"save", func(ctx context.Context, s *Store, old token.Record) error {
		old.RefreshToken = "rt-new"
		_, err := s.Save(ctx, "ada", old)
		return err
	}, []string{"rt-old", "rt-new"}},
	{"refresh", func(ctx context.Context, s *Store, _ token.Record) error {
		l, r, err := s.Lease(ctx, "ada")
		if err != nil {
			return err
		}
		defer l.Release()
		r.RefreshToken = "rt-new"
		_, err = l.SaveAndRelease(ctx, r)
		return err
	}, []string{"rt-old", "rt-new"}},
	{"look under the lease", func(ctx context.Context, s *Store, _ token.Record) error {
		l, _, err := s.Lease(ctx, "ada")
		if err != nil {
			return err
		}
		return l.Release()
	}, []string{"rt-old"}},
	{"sign in over a deleted record", func(ctx context.Context, s *Store, old token.Record) error {
		if err := s.Delete(ctx, "ada", old.Generation); err != nil {
			return err
		}
		_, err := s.Save(ctx, "ada", record("rt-new"))
		return err
	}, []string{"rt-old", "", "rt-new"}},
	{"delete", func(ctx context.Context, s *Store, old token.Record) error {
		return s.Delete(ctx, "ada", old.Generation)
	}, []string{"rt-old", ""}},
}

// TestEachStatementFails has each statement of each operation fail once: before it is carried
// out, behind its commit, or with no response at all; with errors that pass and others. The
// operation then fails or has done its work, the old record or the new one is there, and the
// next round succeeds without waiting for a lease.
func TestEachStatementFails(t *testing.T) {
	for _, fault := range []struct {
		name   string
		err    error // nil: no response
		after  bool
		passes bool // the operation must succeed all the same
	}{
		{"shutdown before", stateError("57P01"), false, true},
		{"shutdown behind the commit", stateError("57P01"), true, true},
		{"connection lost behind the commit", io.ErrUnexpectedEOF, true, true},
		{"no response", nil, false, true},
		{"error", stateError("XX000"), false, false},
		{"error behind the commit", stateError("XX000"), true, false},
	} {
		for _, op := range operations {
			t.Run(fault.name+"/"+op.name, func(t *testing.T) {
				for n, done := 1, false; !done; n++ {
					synctest.Test(t, func(t *testing.T) {
						f, s := newFake(t, PostgreSQL)
						defer s.DB.Close()
						old, err := s.Save(t.Context(), "ada", record("rt-old"))
						if err != nil {
							t.Fatal(err)
						}
						count := 0
						hit := func(string) error {
							if count++; count == n {
								return fault.err
							}
							return nil
						}
						f.set(func() {
							switch {
							case fault.err == nil:
								f.hang = func(string) bool { count++; return count == n }
							case fault.after:
								f.after = hit
							default:
								f.before = hit
							}
						})
						err = op.do(t.Context(), s, old)
						f.set(func() { done = count < n })
						if fault.err == nil && op.name == "look under the lease" && errors.Is(err, context.DeadlineExceeded) {
							err = nil // a release waits for no second try: the lease runs out
						}
						if err != nil && (fault.passes || !errors.Is(err, fault.err) || strings.Contains(err.Error(), "rt-")) {
							t.Errorf("statement %d: %v", n, err)
						}
						f.set(func() { f.hang, f.before, f.after = nil, nil, nil })
						r, loadErr := s.Load(t.Context(), "ada")
						if loadErr != nil && !errors.Is(loadErr, token.ErrNotFound) {
							t.Fatalf("statement %d: Load = %v", n, loadErr)
						}
						want := op.want
						if err == nil {
							want = want[len(want)-1:]
						}
						if !slices.Contains(want, r.RefreshToken) {
							t.Errorf("statement %d (%v): stored %q, want one of %q", n, err, r.RefreshToken, want)
						}
						start := time.Now()
						l, r, err := s.Lease(t.Context(), "ada")
						if err != nil {
							t.Fatalf("statement %d: the next Lease = %v", n, err)
						}
						r.Lineage, r.RefreshToken = "l", "rt-next"
						if _, err := l.SaveAndRelease(t.Context(), r); err != nil {
							t.Errorf("statement %d: the next save = %v", n, err)
						}
						if d := time.Since(start); d > 0 {
							t.Errorf("statement %d: the next round took %v", n, d)
						}
					})
				}
			})
		}
	}
}

// TestLostOutcome cuts the connection behind a commit, for longer than the retries last: the
// refresh token is stored, and Save must not say otherwise.
func TestLostOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s := newFake(t, PostgreSQL)
		defer s.DB.Close()
		saved, err := s.Save(t.Context(), "ada", record("rt1"))
		if err != nil {
			t.Fatal(err)
		}
		f.after = func(query string) error {
			if query == f.q.replace {
				return errors.New("the response is garbled")
			}
			return nil
		}
		saved.RefreshToken = "rt2"
		again, err := s.Save(t.Context(), "ada", saved)
		if err != nil || again.Generation != saved.Generation+1 {
			t.Errorf("Save = generation %d, %v", again.Generation, err)
		}
		f.after = nil
		if r, err := s.Load(t.Context(), "ada"); err != nil || r.RefreshToken != "rt2" {
			t.Errorf("Load = %v, %v", r, err)
		}
		// Another has stored the same generation meanwhile: that is a conflict.
		tries := 0
		f.before = func(query string) error {
			if query != f.q.replace {
				return nil
			}
			if tries++; tries > 1 {
				return nil
			}
			f.rows[rowName("ada")].generation++
			f.rows[rowName("ada")].record = []byte("of another")
			return stateError("57P01")
		}
		if _, err := s.Save(t.Context(), "ada", again); !errors.Is(err, token.ErrConflict) {
			t.Errorf("Save over another's record = %v, want ErrConflict", err)
		}
	})
}
