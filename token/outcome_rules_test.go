package token

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A span doubles up to its limit, less an eighth to a half of it.
func TestBackoff(t *testing.T) {
	for _, tt := range []struct {
		count int
		whole time.Duration
	}{{1, time.Second}, {2, 2 * time.Second}, {3, 4 * time.Second}, {6, 32 * time.Second}, {7, time.Minute}, {8, time.Minute}, {32, time.Minute}} {
		least, most := time.Hour, time.Duration(0)
		for range 2000 {
			d := backoff(tt.count, time.Second, time.Minute)
			least, most = min(least, d), max(most, d)
		}
		if from, to := tt.whole/2, tt.whole-tt.whole/8; least < from || least > from+tt.whole/50 || most > to || most < to-tt.whole/50 {
			t.Errorf("after %d failures %v to %v, want %v to %v", tt.count, least, most, from, to)
		}
	}
	if d := backoff(32, time.Minute, 1<<62); d < time.Minute<<15 || d > time.Minute<<16 {
		t.Errorf("after 32 failures without a limit %v", d)
	}
}

// What follows a failure: how often it has come, since when, and when there is another try.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		one, two := fingerprint{1}, fingerprint{2}
		down, throttled := &TransientError{}, &TransientError{RetryAfter: 8 * time.Minute}
		var none *pause
		if none.kind() != passes || !none.isDue(now) {
			t.Error("without a pause nothing holds")
		}
		first := none.next(down, passes, one, now)
		later := now.Add(time.Minute)
		for _, tt := range []struct {
			name     string
			before   *pause
			err      error
			meaning  meaning
			grant    fingerprint
			count    int
			since    time.Time
			from, to time.Duration // until it is due; 0: never
		}{
			{"the first", nil, down, passes, one, 1, later, 500 * time.Millisecond, 875 * time.Millisecond},
			{"the same again", first, down, passes, one, 2, now, time.Second, 1750 * time.Millisecond},
			{"of another grant", first, down, passes, two, 1, now, 500 * time.Millisecond, 875 * time.Millisecond},
			{"of another kind", first, down, blocked, one, 1, now, 30 * time.Second, 52500 * time.Millisecond},
			{"mistaken", first, down, mistaken, one, 1, now, 30 * time.Second, 52500 * time.Millisecond},
			{"over", first, down, over, one, 1, now, 0, 0},
			{"for the last time that counts", &pause{meaning: passes, grant: one, count: 32, since: now}, down, passes, one, 32, now, 30 * time.Second, 52500 * time.Millisecond},
			{"throttled", nil, throttled, passes, one, 1, later, 8 * time.Minute, 9*time.Minute + 1},
			{"throttled, and blocked all the same", nil, throttled, blocked, one, 1, later, 30 * time.Second, 52500 * time.Millisecond},
		} {
			least, most := 24*time.Hour, time.Duration(0)
			for range 1000 {
				p := tt.before.next(tt.err, tt.meaning, tt.grant, later)
				if p.err != tt.err || p.meaning != tt.meaning || p.kind() != tt.meaning || p.grant != tt.grant || p.count != tt.count || !p.since.Equal(tt.since) || !p.last.Equal(later) || !p.look.Equal(later.Add(lookInterval)) {
					t.Fatalf("%s: %+v", tt.name, p)
				}
				if tt.to == 0 {
					if !p.due.IsZero() || p.isDue(later.Add(24*time.Hour)) {
						t.Fatalf("%s: due at %v, want never", tt.name, p.due)
					}
					least, most = 0, 0
					continue
				}
				if p.isDue(p.due.Add(-1)) || !p.isDue(p.due) {
					t.Fatalf("%s: due before its time, or not at it", tt.name)
				}
				least, most = min(least, p.due.Sub(later)), max(most, p.due.Sub(later))
			}
			slack := (tt.to - tt.from) / 20
			if least < tt.from || least > tt.from+slack || most > tt.to || most < tt.to-slack {
				t.Errorf("%s: due after %v to %v, want %v to %v", tt.name, least, most, tt.from, tt.to)
			}
		}
	})
}

// What each error means for the grant, wrapped or not.
func TestMeaningOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want meaning
	}{
		{&ReauthError{Ended: true}, over}, {&ReauthError{}, blocked}, {&TransientError{}, passes}, {errors.New("disk"), passes}, {&PanicError{}, passes},
		{&ConfigError{}, mistaken}, {&AudienceError{}, mistaken}, {&AuthorityError{}, mistaken}, {&AccountError{}, mistaken}, {&IDTokenError{}, mistaken},
		{&AuthorityError{Err: &TransientError{}}, passes}, {&ConfigError{Err: &ReauthError{}}, blocked},
	} {
		for _, err := range []error{tt.err, fmt.Errorf("wrapped: %w", tt.err)} {
			if got := meaningOf(err); got != tt.want {
				t.Errorf("%T means %d, want %d", tt.err, got, tt.want)
			}
		}
	}
	if (Record{RefreshToken: "rt"}).fingerprint() != (fingerprint{}) || (Record{Generation: 1}).fingerprint() == (fingerprint{}) {
		t.Error("the fingerprint of no record, or that of a record")
	}
	seen := map[fingerprint]bool{}
	for _, r := range []Record{{Generation: 1}, {Generation: 1, Lineage: "l"}, {Generation: 1, RefreshToken: "l"}, {Generation: 1, Ended: "l"}} {
		seen[r.fingerprint()] = true
	}
	if len(seen) != 4 || (Record{Generation: 1}).fingerprint() != (Record{Generation: 2}).fingerprint() {
		t.Error("fingerprints tell something else apart than sign-ins")
	}
}

// The log record of each event: level, and the attributes that belong to it.
func TestEventRecords(t *testing.T) {
	until := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := Event{Key: "k", Account: Account{Tenant: "t", Object: "o", Username: "ada@contoso.com"}, Lineage: "l", Generation: 7, RefreshExpiry: until}
	const who = ` key=k account.tenant=t account.object=o lineage=l generation=7`
	for _, tt := range []struct {
		change func(e *Event)
		want   string
	}{
		{func(e *Event) { e.Kind, e.Expiry = EventRefreshed, until }, `level=INFO msg=token event=refreshed` + who + ` expiry=2026-03-01T12:00:00.000Z`},
		{func(e *Event) { e.Kind, e.Expiry = EventAdopted, until }, `level=INFO msg=token event=adopted` + who + ` expiry=2026-03-01T12:00:00.000Z`},
		{func(e *Event) { e.Kind, e.Expiry = EventSignedIn, until }, `level=INFO msg=token event="signed in"` + who + ` expiry=2026-03-01T12:00:00.000Z`},
		{func(e *Event) { e.Kind = EventRefreshed }, `level=INFO msg=token event=refreshed` + who},
		{func(e *Event) { e.Kind = EventNoRefresh }, `level=WARN msg=token event="no refresh token"` + who},
		{func(e *Event) { e.Kind = EventExpiring }, `level=WARN msg=token event=expiring` + who + ` refresh_expiry=2026-03-01T12:00:00.000Z`},
		{func(e *Event) { e.Kind, e.Missing = EventScopes, []string{"a", "b"} }, `level=WARN msg=token event="scopes missing"` + who + ` missing="[a b]"`},
		{func(e *Event) { e.Kind, e.Err = EventFailed, errors.New("cause") }, `level=WARN msg=token event=failed` + who + ` error=cause`},
		{func(e *Event) { e.Kind, e.Err = EventEnded, errors.New("cause") }, `level=WARN msg=token event=ended` + who + ` error=cause`},
	} {
		e := base
		tt.change(&e)
		var b bytes.Buffer
		k := &keeper{s: &Source{Logger: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))}}
		k.tell(e)
		if diff := cmp.Diff(tt.want, strings.TrimSpace(b.String())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Kind, diff)
		}
	}
}

// When the expected end of a sign-in is reported: once for each end, from Notice before it.
func TestIsExpiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		const day = 24 * time.Hour
		for _, tt := range []struct {
			name       string
			notice     time.Duration
			fixed      bool
			refresh    string
			end        time.Duration // from now
			issued, in time.Duration // before now: the refresh token, the sign-in
			want       bool
		}{
			{"in time", 0, false, "rt", 3 * day, 11 * day, 20 * day, true},
			{"too early", 0, false, "rt", 3*day + 1, 11 * day, 20 * day, false},
			{"a quarter of a short life", 0, false, "rt", 6 * time.Hour, 18 * time.Hour, 20 * day, true},
			{"more than a quarter of a short life", 0, false, "rt", 6*time.Hour + 4, 18 * time.Hour, 20 * day, false},
			{"a quarter from the sign-in", 0, true, "rt", 2 * day, 0, 6 * day, true},
			{"more than a quarter from the sign-in", 0, true, "rt", 2*day + 4, 0, 6 * day, false},
			{"as asked", day, false, "rt", day, 0, 0, true},
			{"earlier than asked", day, false, "rt", day + 1, 0, 0, false},
			{"never", -1, false, "rt", 1, 0, 0, false},
			{"without a refresh token", day, false, "", 1, 0, 0, false},
		} {
			k := &keeper{s: &Source{Notice: tt.notice, RefreshFixed: tt.fixed}}
			r := Record{RefreshToken: tt.refresh, RefreshExpiry: now.Add(tt.end), RefreshIssued: now.Add(-tt.issued), SignedIn: now.Add(-tt.in)}
			if got := k.isExpiring(r); got != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
			if k.isExpiring(r) {
				t.Errorf("%s: reported again", tt.name)
			}
			if r.RefreshExpiry = r.RefreshExpiry.Add(-1); tt.want && !k.isExpiring(r) {
				t.Errorf("%s: another end is not reported", tt.name)
			}
		}
		if (&keeper{s: &Source{Notice: time.Hour}}).isExpiring(Record{RefreshToken: "rt"}) {
			t.Error("an end that nobody knows is reported")
		}
	})
}

// When a refresh token is expected to run out.
func TestRefreshExpiry(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	said, signedIn := now.Add(time.Hour), now.Add(-10*24*time.Hour)
	for _, tt := range []struct {
		s              Source
		said, signedIn time.Time
		want           time.Time
	}{
		{Source{}, time.Time{}, signedIn, now.Add(DefaultRefreshLifetime)},
		{Source{RefreshLifetime: -1}, time.Time{}, signedIn, now.Add(DefaultRefreshLifetime)},
		{Source{RefreshLifetime: 1}, time.Time{}, signedIn, now.Add(1)},
		{Source{RefreshLifetime: time.Minute}, said, signedIn, said},
		{Source{RefreshFixed: true}, time.Time{}, signedIn, signedIn.Add(DefaultRefreshLifetime)},
		{Source{RefreshFixed: true}, said, signedIn, said},
		{Source{RefreshFixed: true}, time.Time{}, time.Time{}, now.Add(DefaultRefreshLifetime)},
	} {
		if got := tt.s.refreshExpiry(tt.said, now, tt.signedIn); !got.Equal(tt.want) {
			t.Errorf("lifetime %v, fixed %v, said %v: %v, want %v", tt.s.RefreshLifetime, tt.s.RefreshFixed, tt.said, got, tt.want)
		}
	}
}

// Two successors of one record: the refresh token that was issued last and, for each name, the
// access token that was obtained last.
func TestMerge(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d int) time.Time { return now.Add(time.Duration(d) * time.Second) }
	access := func(token string, d int) Access { return Access{Token: token, Obtained: at(d), Expiry: at(3600)} }
	latest := Record{Generation: 7, RefreshToken: "peer", RefreshIssued: at(5), RefreshExpiry: at(105), Sent: at(9), Ended: ReauthRevoked,
		Access: map[string]Access{"a": access("peer a", 5), "b": access("peer b", 5)}}
	next := Record{Generation: 3, RefreshToken: "ours", RefreshIssued: at(5), RefreshExpiry: at(205),
		Access: map[string]Access{"a": access("our a", 6), "b": access("our b", 5), "c": access("our c", 1)}}
	for _, tt := range []struct {
		name    string
		spent   string
		issued  int
		refresh string
		expiry  time.Time
		sent    time.Time
		ended   ReauthKind
	}{
		{"the peer's is the one that was spent", "peer", 1, "ours", at(205), time.Time{}, ""},
		{"ours is younger", "x", 6, "ours", at(205), time.Time{}, ""},
		{"ours is as old", "x", 5, "peer", at(105), at(9), ReauthRevoked},
		{"ours is older", "x", 4, "peer", at(105), at(9), ReauthRevoked},
	} {
		next.RefreshIssued = at(tt.issued)
		got := merge(latest, next, tt.spent)
		if got.RefreshToken != tt.refresh || !got.RefreshExpiry.Equal(tt.expiry) || !got.Sent.Equal(tt.sent) || got.Ended != tt.ended || got.Generation != 7 ||
			tt.refresh == "ours" && !got.RefreshIssued.Equal(at(tt.issued)) {
			t.Errorf("%s: %+v", tt.name, wireRecord{RefreshToken: got.RefreshToken, RefreshExpiry: got.RefreshExpiry, Sent: got.Sent, Ended: got.Ended})
		}
		if got.Access["a"].Token != "our a" || got.Access["b"].Token != "peer b" || got.Access["c"].Token != "our c" {
			t.Errorf("%s: access tokens %q, %q, %q", tt.name, got.Access["a"].Token, got.Access["b"].Token, got.Access["c"].Token)
		}
	}
	if latest.Access["a"].Token != "peer a" {
		t.Error("merge changes what it is given")
	}
}
