package lifecycle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/lifecycle"
	"github.com/easoauth/easoauth/examples/provision/store"
)

const (
	ada = "ada@contoso.com"
	day = 24 * time.Hour
)

// A life is a mailbox over time.
type life struct {
	*world.World
	t     *testing.T
	box   *eastest.Mailbox
	rules *lifecycle.Rules
	begin time.Time
	id    int64
	mails int
}

func begin(t *testing.T, o *eastest.Options) *life {
	l := &life{World: world.New(t, o), t: t, begin: time.Now()}
	l.NoBrowser = true
	l.box = l.Tenant.AddMailbox(ada)
	l.box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
	l.rules = &lifecycle.Rules{Engine: l.Engine, Store: l.Store}
	l.mail()
	l.id = l.Provision(ada)
	l.Sync(l.id)
	return l
}

// until lets time pass until a day of the mailbox's life.
func (l *life) until(d float64) {
	time.Sleep(time.Until(l.begin.Add(time.Duration(d * float64(day)))))
}

func (l *life) mail() {
	l.mails++
	l.box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", l.mails)})
}

// next is what a day brings: a mail, which the server reports, and the rules.
func (l *life) next() error {
	l.t.Helper()
	l.mail()
	m := l.mailbox()
	folders, err := l.Store.Folders(l.t.Context(), l.id)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range folders {
		if f.Type == eas.FolderInbox && m.State == store.Active {
			if err := l.Store.MarkDue(l.t.Context(), l.id, false, f.ID); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	synced := l.TrySync(l.id)
	if err := l.rules.Sweep(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	return synced
}

func (l *life) mailbox() *store.Mailbox {
	l.t.Helper()
	m, err := l.Store.Mailbox(l.t.Context(), l.id)
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

func (l *life) same() {
	l.t.Helper()
	if diff := cmp.Diff(world.Original(l.box, time.Now()), l.Copy(l.id)); diff != "" {
		l.t.Errorf("day %.1f: the copy is not the mailbox (-mailbox +copy):\n%s", time.Since(l.begin).Hours()/24, diff)
	}
}

// Sixty days of a mailbox: the window of mail slides, the password changes, a policy blocks for
// a day, the authority's keys roll over, the mailbox moves, and 30 days after the user was last
// seen nothing is left.
func TestSixtyDays(t *testing.T) {
	start := time.Now()
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, nil)
		days := func(from, to int) {
			t.Helper()
			for d := from; d <= to; d++ {
				l.until(float64(d))
				if err := l.next(); err != nil {
					t.Fatalf("day %d: %v", d, err)
				}
			}
		}
		days(1, 9)
		l.same()

		// The password changes: the authority ends the sign-in, and the copy waits for the user.
		l.until(10)
		l.box.ChangePassword("another password")
		var failure *engine.Failure
		if err := l.next(); !errors.As(err, &failure) || !failure.Ended {
			t.Fatalf("after a change of the password: %v, want a Failure that has ended", err)
		}
		if m := l.mailbox(); m.State != store.SignIn || m.Remedy == "" || len(l.Copy(l.id)) != 11 {
			t.Errorf("after a change of the password: state %s, remedy %q, %d items", m.State, m.Remedy, len(l.Copy(l.id)))
		}
		l.until(11)
		l.mail()
		l.until(12)
		l.mail()
		l.Provision(ada)
		l.Sync(l.id)
		l.same()
		days(13, 19)

		// A policy blocks for a day, by mistake. Nobody has to do anything but lift it.
		l.until(20)
		l.Tenant.Change(func(o *eastest.Options) {
			o.Policies = []eastest.Policy{{Clients: []string{world.ServiceID}, Control: eastest.Block}}
		})
		for _, hours := range []float64{0, 1, 6, 12} {
			l.until(20 + hours/24)
			if err := l.next(); !errors.As(err, &failure) || failure.Ended || failure.RetryAfter == 0 {
				t.Fatalf("while a policy blocks: %v, want a Failure to be repeated", err)
			}
		}
		if m := l.mailbox(); m.State != store.Active || m.Error == "" {
			t.Errorf("while a policy blocks: state %s, error %q", m.State, m.Error)
		}
		l.Tenant.Change(func(o *eastest.Options) { o.Policies = nil })
		days(21, 24)
		if m := l.mailbox(); m.Error != "" || m.Failures != 0 {
			t.Errorf("after the policy: error %q, %d failures", m.Error, m.Failures)
		}
		l.same()
		l.Tenant.RollKeys()
		days(25, 26)
		l.box.Move()
		days(27, 27)
		l.same()
		if m := l.mailbox(); m.Moves != 1 {
			t.Errorf("%d moves, want 1", m.Moves)
		}

		// The window slides: the mail of the first days is gone, the contact stays.
		days(28, 29)
		l.same()
		mails := 0
		for _, line := range l.Copy(l.id) {
			if line[:6] == "inbox:" {
				mails++
			}
		}
		if mails == 0 || mails >= l.mails {
			t.Errorf("%d of %d mails are in the copy after 29 days, want those of 28", mails, l.mails)
		}

		// The user is seen for the last time on day 30.
		l.until(30)
		if out := l.Call(http.MethodGet, fmt.Sprintf("/mailboxes/%d", l.id), l.SignIn(ada), ""); out.Code != http.StatusOK {
			t.Fatalf("GET: status %d %s", out.Code, out.Body)
		}
		days(31, 59)
		l.same()
		m := l.mailbox()
		l.until(59.9)
		if err := l.rules.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.mailbox()
		l.until(60.1)
		if err := l.rules.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := l.Store.Count(t.Context(), l.id)
		signedIn, err2 := l.Engine.SignedIn(t.Context(), m)
		if err != nil || err2 != nil || rows.Total() != 0 || signedIn {
			t.Errorf("30 days after the last use: %+v, signed in %v, %v, %v; want nothing", rows, signedIn, err, err2)
		}
	})
	t.Logf("60 days took %v", time.Since(start).Round(time.Millisecond))
}

// What a change of the password means depends on where passwords are checked; what the service
// makes of it does not: the copy stays, and goes on when the user has come back.
func TestPassword(t *testing.T) {
	for name, identity := range map[string]eastest.Identity{"password hash": eastest.PasswordHash, "pass-through": eastest.PassThrough, "federated": eastest.Federated} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := begin(t, &eastest.Options{Topology: eastest.Hybrid, Identity: identity})
				l.until(1)
				l.box.ChangePassword("another password")
				err := l.next()
				t.Logf("after the change: %v", err)
				before := len(l.Copy(l.id))
				if before < 2 {
					t.Errorf("%d items are left", before)
				}
				l.until(2)
				l.mail()
				l.Provision(ada)
				l.Sync(l.id)
				if err := l.next(); err != nil {
					t.Error(err)
				}
				l.same()
			})
		})
	}
}

// A search finds what the copy has, and what is older at the server, which is kept for a day.
func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, nil)
		l.box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Budget of last year", Received: time.Now().Add(-300 * day)},
			&eas.Email{From: "bob@contoso.com", Subject: "Budget of this year"})
		if err := l.next(); err != nil {
			t.Fatal(err)
		}
		search := func() (found map[string]bool, failed string) {
			t.Helper()
			out := l.Call(http.MethodGet, fmt.Sprintf("/mailboxes/%d/search?q=budget", l.id), l.SignIn(ada), "")
			if out.Code != http.StatusOK {
				t.Fatalf("status %d %s", out.Code, out.Body)
			}
			var v struct {
				Items []struct {
					Subject string
					Local   bool
				}
				ServerError string
			}
			if err := json.Unmarshal(out.Body.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			found = map[string]bool{}
			for _, i := range v.Items {
				if _, twice := found[i.Subject]; twice {
					t.Errorf("%q was found twice", i.Subject)
				}
				found[i.Subject] = i.Local
			}
			return found, v.ServerError
		}
		all := map[string]bool{"Budget of this year": true, "Budget of last year": false}
		if found, failed := search(); !cmp.Equal(found, all) || failed != "" {
			t.Errorf("found %v, %s; want %v", found, failed, all)
		}
		// The server is down: what it found yesterday is still there.
		l.until(0.9)
		fail := func() { l.Tenant.Fail("Search", eastest.Failure{Status: 503, Optional: true}) }
		fail()
		if found, failed := search(); !cmp.Equal(found, all) || failed == "" {
			t.Errorf("without the server, a few hours later: found %v, %q", found, failed)
		}
		l.until(1.1)
		if err := l.rules.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		fail()
		if found, failed := search(); !cmp.Equal(found, map[string]bool{"Budget of this year": true}) || failed == "" {
			t.Errorf("without the server, a day later: found %v, %q", found, failed)
		}
	})
}

// A creation that was not completed is removed an hour later.
func TestHalfCreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, nil)
		m := l.mailbox()
		half, err := l.Store.Create(t.Context(), &store.Mailbox{TID: m.TID, OID: "other", Endpoint: m.Endpoint, URL: m.URL, Address: "x@contoso.com", Name: "half", Config: m.Config, Device: "d"})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.rules.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Store.Mailbox(t.Context(), half.ID); err != nil {
			t.Errorf("removed at once: %v", err)
		}
		time.Sleep(61 * time.Minute)
		if err := l.rules.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Store.Mailbox(t.Context(), half.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an hour later: %v, want ErrNotFound", err)
		}
		l.mailbox()
	})
}
