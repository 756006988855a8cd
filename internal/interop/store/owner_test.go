package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// TestOwnerReturns leaves a lease behind, as a process that was killed does: another owner
// waits for it, and the same owner does not.
func TestOwnerReturns(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		first, err := open(dsn, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer first.DB.Close()
		life := func(owner string) *sqlstore.Store {
			return &sqlstore.Store{DB: first.DB, Dialect: first.Dialect, Owner: owner}
		}
		killed := life("pod-1")
		abandoned, _, err := killed.Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, _, err := life("pod-2").Lease(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lease of another owner = %v, want DeadlineExceeded", err)
		}
		start := time.Now()
		l, _, err := life("pod-1").Lease(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("the owner waited %v for its own lease", d)
		}
		if err := abandoned.Release(); !errors.Is(err, sqlstore.ErrLeaseLost) {
			t.Errorf("Release by the earlier life = %v, want ErrLeaseLost", err)
		}
		if _, err := l.SaveAndRelease(t.Context(), token.Record{Lineage: "l", RefreshToken: "0"}); err != nil {
			t.Error(err)
		}
		if err := renewOnce(t.Context(), killed, "ada", 0); err != nil {
			t.Error(err)
		}
	})
}
