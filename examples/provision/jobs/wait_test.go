package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/lifecycle"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// inStep provisions a mailbox, brings it into step, and leaves a job in the queue for later.
func inStep(t *testing.T) (*world.World, *Fleet, int64, *rivertype.JobRow) {
	t.Helper()
	w := world.NewOnDisk(t, nil)
	w.Tenant.AddMailbox("ada@contoso.com", &eas.Email{From: "bob@contoso.com", Subject: "First"})
	f := fleet(t, w, "p")
	id := w.Provision("ada@contoso.com")
	w.Sync(id)
	w.Store.Enqueue = f.Store.Enqueue
	r, err := f.client.Insert(t.Context(), SyncArgs{id}, &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return w, f, id, r.Job
}

// What a slot does about a mailbox depends on what the database says of it.
func TestLook(t *testing.T) {
	w, f, id, job := inStep(t)
	f.Look, f.CheckEvery = time.Second, time.Hour
	now := time.Now()
	for name, tt := range map[string]struct {
		pulse                  store.Pulse
		after, nudged          time.Time
		waits, hurries, checks bool
	}{
		"in step":                {pulse: store.Pulse{Checked: now}, waits: true},
		"has work":               {pulse: store.Pulse{Checked: now, Due: true, DueAt: now.Add(-9 * time.Second)}},
		"has had work for long":  {pulse: store.Pulse{Checked: now, Due: true, DueAt: now.Add(-11 * time.Second)}, hurries: true},
		"has been hurried":       {pulse: store.Pulse{Checked: now, Due: true, DueAt: now.Add(-time.Minute)}, nudged: now.Add(-9 * time.Second)},
		"is to be hurried again": {pulse: store.Pulse{Checked: now, Due: true, DueAt: now.Add(-time.Minute)}, nudged: now.Add(-11 * time.Second), hurries: true},
		"is to be retried later": {pulse: store.Pulse{Checked: now, RetryAt: now.Add(time.Minute)}},
		"has work and waits":     {pulse: store.Pulse{Checked: now, Due: true, DueAt: now.Add(-time.Hour), RetryAt: now.Add(time.Minute)}},
		"was waited for":         {pulse: store.Pulse{Checked: now}, after: now.Add(time.Second)},
		"was checked":            {pulse: store.Pulse{Checked: now.Add(-59 * time.Minute)}, waits: true},
		"is to be checked":       {pulse: store.Pulse{Checked: now.Add(-61 * time.Minute)}, checks: true},
		"is being checked":       {pulse: store.Pulse{Checked: now.Add(-61 * time.Minute)}, nudged: now.Add(-59 * time.Second), waits: true},
	} {
		if _, err := w.Store.DB.ExecContext(t.Context(), `UPDATE provision_mailbox SET due = $1, retry_at = 0`, tt.pulse.Due); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Store.DB.ExecContext(t.Context(), `UPDATE river_job SET state = 'scheduled', scheduled_at = $1`, now.Add(time.Hour).UTC().Format("2006-01-02 15:04:05.000")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s := &slot{f: f, ctx: ctx, cancel: cancel, all: map[int64]*watched{id: {pulse: tt.pulse, after: tt.after, nudged: tt.nudged}}}
		s.look(now)
		waits := f.waiting.Load()
		if tt.hurries || tt.checks {
			s.waiters.Wait()
		}
		cancel()
		s.waiters.Wait()
		j, err := f.client.JobGet(t.Context(), job.ID)
		m, err2 := w.Store.Mailbox(t.Context(), id)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if hurries := j.State == rivertype.JobStateAvailable; (waits == 1) != tt.waits || hurries != tt.hurries || m.Due != (tt.pulse.Due || tt.checks) {
			t.Errorf("%s: %d requests wait, its job is %s, work is due: %v; want %+v", name, waits, j.State, m.Due, tt)
		}
		if n := f.waiting.Load(); n != 0 {
			t.Fatalf("%s: %d requests wait after the end of the slot", name, n)
		}
	}
}

// What fails is waited for later each time.
func TestWaitFails(t *testing.T) {
	w, f, id, _ := inStep(t)
	f.Look = 3 * time.Second
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &slot{f: f, ctx: ctx, cancel: cancel, all: map[int64]*watched{}}
	about := func(at time.Time, d time.Duration) bool {
		left := time.Until(at)
		return left > d*8/10 && left < d*12/10
	}
	wait := func(ctx context.Context, id int64, x *watched) {
		x.cancel = func() {}
		f.waiting.Add(1)
		s.wait(ctx, id, x)
		if x.cancel != nil {
			t.Error("the request still waits")
		}
	}
	x := &watched{}
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		wait(ctx, 99, x) // there is none
		if x.failed != i+1 || !about(x.after, want) {
			t.Errorf("failure %d: %d in a row, next after %v; want %v", i+1, x.failed, time.Until(x.after), want)
		}
	}
	x.failed = 10
	wait(ctx, 99, x)
	if x.failed != 10 || !about(x.after, 15*time.Minute) {
		t.Errorf("after many: %d in a row, next after %v", x.failed, time.Until(x.after))
	}
	w.Tenant.Mailbox("ada@contoso.com").Deliver(&eas.Email{From: "bob@contoso.com", Subject: "News"})
	wait(ctx, id, x)
	if m, err := w.Store.Mailbox(t.Context(), id); err != nil || !m.Due || x.failed != 0 || !about(x.after, f.Look) {
		t.Errorf("news: work is due: %v, %d in a row, next after %v, %v", m.Due, x.failed, time.Until(x.after), err)
	}
	cancel()
	x = &watched{}
	wait(ctx, id, x)
	if x.failed != 0 || !x.after.IsZero() {
		t.Errorf("at the end of the slot: %d in a row, after %v", x.failed, x.after)
	}
}

// A slot knows what the database knows, and forgets what is gone.
func TestUpdate(t *testing.T) {
	ended := 0
	s := &slot{all: map[int64]*watched{1: {cancel: func() { ended++ }}, 2: {}, 3: {cancel: func() { ended++ }}}}
	s.update([]store.Pulse{{ID: 1}, {ID: 2, Active: true, Due: true}, {ID: 4, Active: true}, {ID: 9}}, false)
	if len(s.all) != 3 || s.all[1] != nil || !s.all[2].pulse.Due || s.all[3] == nil || s.all[4] == nil || ended != 1 {
		t.Errorf("after changes: %v, %d ended", s.all, ended)
	}
	s.update([]store.Pulse{{ID: 4, Active: true}}, true)
	if len(s.all) != 1 || s.all[4] == nil || ended != 2 {
		t.Errorf("after a look at the whole: %v, %d ended", s.all, ended)
	}
}

// What goes by the clock is put into the queue where it is missing.
func TestNext(t *testing.T) {
	w, f, id, _ := inStep(t)
	worker := &syncWorker{f: f}
	jobs := func() map[string]int {
		t.Helper()
		rows, err := w.Store.DB.QueryContext(t.Context(), `SELECT kind, COUNT(*) FROM river_job WHERE kind IN ('away', 'renew') GROUP BY kind`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		all := map[string]int{}
		for rows.Next() {
			var kind string
			var n int
			if err := rows.Scan(&kind, &n); err != nil {
				t.Fatal(err)
			}
			all[kind] = n
		}
		return all
	}
	set := func(statement string, args ...any) {
		t.Helper()
		if _, err := w.Store.DB.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
		if err := worker.next(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	set(`UPDATE provision_mailbox SET away_at = $1`, now.Add(-89*time.Minute).UnixMilli())
	if n := jobs(); len(n) != 0 {
		t.Errorf("an hour and a half after the last look at the out-of-office state: %v", n)
	}
	set(`UPDATE provision_mailbox SET away_at = $1`, now.Add(-91*time.Minute).UnixMilli())
	set(`UPDATE provision_mailbox SET away_at = 0`)
	if n := jobs(); len(n) != 1 || n["away"] != 1 {
		t.Errorf("later: %v, want one job for it", n)
	}
	set(`UPDATE provision_mailbox SET state = 'paused'`)
	if n := jobs(); n["renew"] != 1 || n["away"] != 1 {
		t.Errorf("of a paused mailbox: %v, want a job that renews", n)
	}
	if err := worker.next(t.Context(), 99); err != nil {
		t.Errorf("of a mailbox that is gone: %v", err)
	}
}

// A process of which nothing else is said has 64 slots, and may put jobs into the queue.
func TestDefaults(t *testing.T) {
	w := world.New(t, nil)
	f := &Fleet{Engine: w.Engine, Store: w.Store, Name: "p"}
	if err := Migrate(t.Context(), w.Store); err != nil {
		t.Fatal(err)
	}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	if f.Slots != 64 || f.share.Load() != 64 || f.Client() != f.client || w.Store.Enqueue == nil {
		t.Errorf("%d slots, share %d", f.Slots, f.share.Load())
	}
}

// Without a database everything says so.
func TestNoDatabase(t *testing.T) {
	_, f, id, job := inStep(t)
	f.others["q"] = sighting{}
	if err := f.Store.DB.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	work := &river.Job[SyncArgs]{JobRow: job, Args: SyncArgs{id}}
	for what, err := range map[string]error{
		"lookAfter": f.lookAfter(ctx), "collect": f.collect(ctx), "insertSlots": f.insertSlots(ctx), "giveBack": f.giveBack(ctx, []*rivertype.JobRow{job}, "x"),
		"next": (&syncWorker{f: f}).next(ctx, id), "sync": (&syncWorker{f: f}).Work(ctx, work), "Start": f.Start(ctx), "Migrate": Migrate(ctx, f.Store),
	} {
		if err == nil {
			t.Errorf("%s succeeds", what)
		}
	}
	if _, err := f.rescue(ctx, "q"); err == nil {
		t.Error("rescue succeeds")
	}
	if err := f.giveBack(ctx, nil, "x"); err != nil {
		t.Errorf("giveBack of nothing: %v", err)
	}
	if !f.hands.looked.IsZero() {
		t.Error("a look that failed is noted")
	}
}

// The jobs that go by the clock do their work, and come again.
func TestByTheClock(t *testing.T) {
	w, f, id, job := inStep(t)
	ctx := t.Context()
	f.AwayEvery = 2 * time.Hour
	again := func(what string, err error, want time.Duration) {
		t.Helper()
		var snooze *river.JobSnoozeError
		if !errors.As(err, &snooze) || snooze.Duration < want*9/10 || snooze.Duration > want*11/10 {
			t.Errorf("%s: %v, want it again after %v or a tenth more or less", what, err, want)
		}
	}
	away, renew := &awayWorker{f: f}, &renewWorker{f: f}
	again("away", away.Work(ctx, &river.Job[AwayArgs]{JobRow: job, Args: AwayArgs{id}}), 2*time.Hour)
	m, err := w.Store.Mailbox(ctx, id)
	if err != nil || m.Away == nil || m.AwayAt.IsZero() {
		t.Errorf("the out-of-office state is %+v of %v, %v", m.Away, m.AwayAt, err)
	}
	if err := renew.Work(ctx, &river.Job[RenewArgs]{JobRow: job, Args: RenewArgs{id}}); err != nil {
		t.Errorf("renewal of an active mailbox: %v, want an end", err)
	}
	if _, err := w.Store.Pause(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := away.Work(ctx, &river.Job[AwayArgs]{JobRow: job, Args: AwayArgs{id}}); err != nil {
		t.Errorf("the out-of-office state of a paused mailbox: %v, want an end", err)
	}
	w.Tenant.ExpireAccessTokens()
	record, err := w.Tokens.Load(ctx, m.Name)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range record.Access {
		a.Expiry = time.Now().Add(-time.Minute)
		record.Access[name] = a
	}
	if _, err := w.Tokens.Save(ctx, m.Name, record); err != nil {
		t.Fatal(err)
	}
	f.Engine.Drop(id) // which has the token in memory
	again("renew", renew.Work(ctx, &river.Job[RenewArgs]{JobRow: job, Args: RenewArgs{id}}), 12*time.Hour)
	f.recorder.flush(ctx)
	if m, err = w.Store.Mailbox(ctx, id); err != nil || m.Renewals != 1 || m.RenewedBy != "p" {
		t.Errorf("%d renewals by %q, %v; want one by p", m.Renewals, m.RenewedBy, err)
	}
	// What fails comes again as well, and of a mailbox that is gone nothing does.
	w.Tenant.Revoke("ada@contoso.com")
	again("renew in vain", renew.Work(ctx, &river.Job[RenewArgs]{JobRow: job, Args: RenewArgs{id}}), 12*time.Hour)
	if _, err := w.Store.Remove(ctx, id); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"away":  away.Work(ctx, &river.Job[AwayArgs]{JobRow: job, Args: AwayArgs{id}}),
		"renew": renew.Work(ctx, &river.Job[RenewArgs]{JobRow: job, Args: RenewArgs{id}}),
		"sync":  (&syncWorker{f: f}).Work(ctx, &river.Job[SyncArgs]{JobRow: job, Args: SyncArgs{id}}),
	} {
		if err != nil {
			t.Errorf("%s of a mailbox that is gone: %v", what, err)
		}
	}
	// The sweep puts back the slots that an operator has cancelled.
	slots := func() (n int) {
		t.Helper()
		if err := w.Store.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE kind = 'wait' AND state = 'available'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	sweep := &sweepWorker{f: f, rules: &lifecycle.Rules{Engine: f.Engine, Store: f.Store}}
	for range 2 {
		if err := sweep.Work(ctx, &river.Job[SweepArgs]{JobRow: job}); err != nil || slots() != 4 {
			t.Errorf("the sweep: %v, %d slots are in the queue; want 4", err, slots())
		}
	}
}
