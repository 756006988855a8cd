// Package storetest holds a [token.Store] to its contract. The stores of this module pass
// it, and any other must.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

// Run tests the stores that open returns, each of which must be empty. If the store is a
// [token.Locker], [token.Leaser] or [token.Reserver], that ability is tested as well.
func Run(t *testing.T, open func(t *testing.T) token.Store) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s token.Store)
	}{
		{"RoundTrip", roundTrip},
		{"CompareAndSwap", compareAndSwap},
		{"DeleteAndAfter", deleteAndAfter},
		{"KeysAreDistinct", keysAreDistinct},
		{"ReturnsCopies", returnsCopies},
		{"ConcurrentSaves", concurrentSaves},
		{"Lock", lock},
		{"Lease", lease},
		{"LeaseExcludes", leaseExcludes},
		{"Reserve", reserve},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

func record(refreshToken string) token.Record {
	now := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	return token.Record{
		Lineage: "lineage-1", ClientID: "client", Authority: "login.microsoftonline.com",
		Account:  token.Account{Tenant: "tid", Object: "oid", Username: "ada@contoso.com"},
		SignedIn: now, RefreshToken: refreshToken, RefreshIssued: now, RefreshExpiry: now.Add(token.DefaultRefreshLifetime),
		Access: map[string]token.Access{"https://mail.contoso.com:443": {
			Token: "at-" + strings.Repeat("x", 4000), Type: "Bearer", Obtained: now, Expiry: now.Add(time.Hour), Scope: "s",
		}},
	}
}

func mustSave(t *testing.T, s token.Store, key string, r token.Record) token.Record {
	t.Helper()
	saved, err := s.Save(t.Context(), key, r)
	if err != nil {
		t.Fatalf("Save(%q, generation %d): %v", key, r.Generation, err)
	}
	if saved.Generation <= r.Generation {
		t.Fatalf("Save(%q) made generation %d of %d", key, saved.Generation, r.Generation)
	}
	return saved
}

func mustLoad(t *testing.T, s token.Store, key string) token.Record {
	t.Helper()
	r, err := s.Load(t.Context(), key)
	if err != nil {
		t.Fatalf("Load(%q): %v", key, err)
	}
	return r
}

func equal(t *testing.T, got, want token.Record) {
	t.Helper()
	g, err := got.Encode()
	if err != nil {
		t.Fatal(err)
	}
	w, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("record %s, want %s", g, w)
	}
}

func roundTrip(t *testing.T, s token.Store) {
	if _, err := s.Load(t.Context(), "ada"); !errors.Is(err, token.ErrNotFound) {
		t.Fatalf("Load of nothing = %v, want ErrNotFound", err)
	}
	saved := mustSave(t, s, "ada", record("rt1"))
	equal(t, mustLoad(t, s, "ada"), saved)
	want := record("rt1")
	want.Generation = saved.Generation
	equal(t, saved, want)

	saved.RefreshToken, saved.Access, saved.Ended, saved.Sent = "", nil, token.ReauthRevoked, saved.SignedIn
	saved = mustSave(t, s, "ada", saved)
	equal(t, mustLoad(t, s, "ada"), saved)
}

func compareAndSwap(t *testing.T, s token.Store) {
	first := mustSave(t, s, "ada", record("rt1"))
	if _, err := s.Save(t.Context(), "ada", record("rt-other")); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Save of a first record over a record = %v, want ErrConflict", err)
	}
	second := first
	second.RefreshToken = "rt2"
	second = mustSave(t, s, "ada", second)
	first.RefreshToken = "rt-late"
	if _, err := s.Save(t.Context(), "ada", first); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Save of an old generation = %v, want ErrConflict", err)
	}
	future := second
	future.Generation += 1000
	if _, err := s.Save(t.Context(), "ada", future); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Save of a generation that never was = %v, want ErrConflict", err)
	}
	equal(t, mustLoad(t, s, "ada"), second)
}

func deleteAndAfter(t *testing.T, s token.Store) {
	if err := s.Delete(t.Context(), "ada", 0); err != nil {
		t.Errorf("Delete of nothing = %v", err)
	}
	first := mustSave(t, s, "ada", record("rt1"))
	second := mustSave(t, s, "ada", first)
	if err := s.Delete(t.Context(), "ada", first.Generation); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Delete of an old generation = %v, want ErrConflict", err)
	}
	mustLoad(t, s, "ada")
	if err := s.Delete(t.Context(), "ada", second.Generation); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if _, err := s.Load(t.Context(), "ada"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Load after Delete = %v, want ErrNotFound", err)
	}
	if _, err := s.Save(t.Context(), "ada", second); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Save after Delete = %v, want ErrConflict: a late refresh must not bring a record back", err)
	}
	again := mustSave(t, s, "ada", record("rt9"))
	if again.Generation <= second.Generation {
		t.Errorf("generation %d after a Delete of %d: a late refresh could meet its own number", again.Generation, second.Generation)
	}
}

func keysAreDistinct(t *testing.T, s token.Store) {
	keys := []string{"ada@contoso.com", "ADA@contoso.com", "ada@contoso.com ", "../../etc/passwd", "a/b", "a\\b", "a:b", "a\x00b", "ä", "a\u0308",
		"CON", ".", "..", "-", strings.Repeat("k", 1000), strings.Repeat("k", 1001)}
	for i, key := range keys {
		r := record(fmt.Sprintf("rt-%d", i))
		mustSave(t, s, key, r)
	}
	for i, key := range keys {
		if got := mustLoad(t, s, key).RefreshToken; got != fmt.Sprintf("rt-%d", i) {
			t.Errorf("Load(%q) brought the record of another key, %s", key, got)
		}
	}
}

func returnsCopies(t *testing.T, s token.Store) {
	r := record("rt1")
	saved := mustSave(t, s, "ada", r)
	r.Access["x"] = token.Access{Token: "injected"}
	saved.Access["y"] = token.Access{Token: "injected"}
	got := mustLoad(t, s, "ada")
	if len(got.Access) != 1 {
		t.Errorf("a change of the caller's map reached the store: %v", got)
	}
	got.Access["z"] = token.Access{Token: "injected"}
	if len(mustLoad(t, s, "ada").Access) != 1 {
		t.Error("a change of a loaded map reached the store")
	}
}

func concurrentSaves(t *testing.T, s token.Store) {
	first := mustSave(t, s, "ada", record("rt0"))
	var mu sync.Mutex
	var won []string
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			r := first
			r.RefreshToken = fmt.Sprintf("rt-%d", i)
			_, err := s.Save(t.Context(), "ada", r)
			switch {
			case err == nil:
				mu.Lock()
				won = append(won, r.RefreshToken)
				mu.Unlock()
			case !errors.Is(err, token.ErrConflict):
				t.Errorf("Save = %v, want nil or ErrConflict", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d of 16 concurrent saves of one generation succeeded, want 1", len(won))
	}
	if got := mustLoad(t, s, "ada").RefreshToken; got != won[0] {
		t.Errorf("stored %s, but the save of %s succeeded", got, won[0])
	}
}

func lock(t *testing.T, s token.Store) {
	l, ok := s.(token.Locker)
	if !ok {
		t.Skip("no Locker")
	}
	unlock, err := l.Lock(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Lock(t.Context(), "bob")
	if err != nil {
		t.Fatalf("the lock of another key: %v", err)
	}
	if err := other(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second Lock = %v, want DeadlineExceeded", err)
	}
	// Reading and writing under the lock.
	mustSave(t, s, "ada", record("rt1"))
	if err := unlock(); err != nil {
		t.Error(err)
	}
	inside, most := 0, 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := l.Lock(t.Context(), "ada")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			inside--
			mu.Unlock()
			if err := unlock(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d held the lock at a time", most)
	}
}

func mustLease(t *testing.T, l token.Leaser, key string) (token.Lease, token.Record) {
	t.Helper()
	lease, r, err := l.Lease(t.Context(), key)
	if err != nil {
		t.Fatalf("Lease(%q): %v", key, err)
	}
	return lease, r
}

// lease tests that a lease comes with the record, and that SaveAndRelease is Save.
func lease(t *testing.T, s token.Store) {
	l, ok := s.(token.Leaser)
	if !ok {
		t.Skip("no Leaser")
	}
	held, r := mustLease(t, l, "ada")
	if r.Generation != 0 || r.Lineage != "" || r.RefreshToken != "" {
		t.Errorf("Lease of a key without a record = %v, want the zero Record", r)
	}
	for range 2 {
		if err := held.Release(); err != nil {
			t.Errorf("Release = %v", err)
		}
	}
	if _, err := s.Load(t.Context(), "ada"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Load after a lease = %v, want ErrNotFound", err)
	}
	held, _ = mustLease(t, l, "ada")
	first, err := held.SaveAndRelease(t.Context(), record("rt1"))
	if err != nil || first.Generation == 0 {
		t.Fatalf("SaveAndRelease of a first record = generation %d, %v", first.Generation, err)
	}
	if err := held.Release(); err != nil {
		t.Errorf("Release after SaveAndRelease = %v, want nil", err)
	}
	equal(t, mustLoad(t, s, "ada"), first)

	held, r = mustLease(t, l, "ada")
	equal(t, r, first)
	r.Sent = r.SignedIn
	r = mustSave(t, s, "ada", r) // a mark, under the lease
	stale := first
	if _, err := held.SaveAndRelease(t.Context(), stale); !errors.Is(err, token.ErrConflict) {
		t.Errorf("SaveAndRelease of an old generation = %v, want ErrConflict", err)
	}
	if _, err := held.SaveAndRelease(t.Context(), record("rt-first")); !errors.Is(err, token.ErrConflict) {
		t.Errorf("SaveAndRelease of a first record over a record = %v, want ErrConflict", err)
	}
	isHeld(t, l, "ada") // for it failed
	r.RefreshToken = "rt2"
	second, err := held.SaveAndRelease(t.Context(), r)
	if err != nil || second.Generation <= r.Generation {
		t.Fatalf("SaveAndRelease = generation %d, %v; want one above %d", second.Generation, err, r.Generation)
	}
	second.Access["https://mail.contoso.com:443"] = token.Access{} // a copy
	if got := mustLoad(t, s, "ada"); got.RefreshToken != "rt2" || got.Access["https://mail.contoso.com:443"].Token == "" {
		t.Errorf("stored %v", got)
	}

	if err := s.Delete(t.Context(), "ada", second.Generation); err != nil {
		t.Fatal(err)
	}
	held, r = mustLease(t, l, "ada")
	if r.Generation != 0 || r.RefreshToken != "" {
		t.Errorf("Lease of a record that was deleted = %v, want the zero Record", r)
	}
	third, err := held.SaveAndRelease(t.Context(), record("rt3"))
	if err != nil || third.Generation <= second.Generation {
		t.Errorf("SaveAndRelease after a Delete = generation %d, %v; want one above %d", third.Generation, err, second.Generation)
	}
	isFree(t, l, "ada")
}

func isHeld(t *testing.T, l token.Leaser, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if second, _, err := l.Lease(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second Lease = %v, %v; want DeadlineExceeded", second, err)
	}
}

func isFree(t *testing.T, l token.Leaser, key string) {
	t.Helper()
	held, _ := mustLease(t, l, key)
	if err := held.Release(); err != nil {
		t.Error(err)
	}
}

// leaseExcludes tests that a lease is exclusive, also against Lock.
func leaseExcludes(t *testing.T, s token.Store) {
	l, ok := s.(token.Leaser)
	if !ok {
		t.Skip("no Leaser")
	}
	held, _ := mustLease(t, l, "ada")
	isFree(t, l, "bob")
	isHeld(t, l, "ada")
	if locker, ok := s.(token.Locker); ok {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := locker.Lock(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock beside a lease = %v, want DeadlineExceeded", err)
		}
		unlock, err := locker.Lock(t.Context(), "bob")
		if err != nil {
			t.Fatal(err)
		}
		isHeld(t, l, "bob")
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
	if err := held.Release(); err != nil {
		t.Error(err)
	}
	// Each adds one to what it finds, so that none may find what another has found.
	const turns = 16
	var wg sync.WaitGroup
	for range turns {
		wg.Go(func() {
			held, r, err := l.Lease(t.Context(), "ada")
			if err != nil {
				t.Error(err)
				return
			}
			if r.Lineage == "" {
				r = record("")
			}
			r.RefreshToken += "+"
			if _, err := held.SaveAndRelease(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := mustLoad(t, s, "ada").RefreshToken; got != strings.Repeat("+", turns) {
		t.Errorf("%d of %d turns were stored", len(got), turns)
	}
}

func reserve(t *testing.T, s token.Store) {
	r, ok := s.(token.Reserver)
	if !ok {
		t.Skip("no Reserver")
	}
	for range 3 {
		release, err := r.Reserve(t.Context(), "ada", 64<<10)
		if err != nil {
			t.Fatal(err)
		}
		old, err := s.Load(t.Context(), "ada")
		if err != nil && !errors.Is(err, token.ErrNotFound) {
			t.Fatal(err)
		}
		next := record("rt1")
		next.Generation = old.Generation
		saved := mustSave(t, s, "ada", next)
		release()
		equal(t, mustLoad(t, s, "ada"), saved)
	}
}
