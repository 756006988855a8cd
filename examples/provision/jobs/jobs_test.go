package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// fleet starts what a process of the service has, within this process.
func fleet(t *testing.T, w *world.World, name string) *Fleet {
	t.Helper()
	s, err := store.Open(t.Context(), w.DSN, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	tokens := &sqlstore.Store{DB: s.DB, Dialect: s.Dialect, EncryptionKey: w.Tokens.EncryptionKey}
	f := &Fleet{
		Engine: &engine.Engine{Store: s, Tokens: tokens, ClientID: w.Engine.ClientID, Auth: w.Engine.Auth, HTTPClient: w.Engine.HTTPClient},
		Store:  s, Name: name, Slots: 4, Look: 50 * time.Millisecond, Dead: time.Second,
		Heartbeats: &eas.WatchOptions{MinHeartbeat: time.Minute, MaxHeartbeat: time.Minute},
		Logger:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if err := Migrate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	return f
}

func start(t *testing.T, w *world.World, name string) *Fleet {
	t.Helper()
	f := fleet(t, w, name)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Stop(context.Background()) })
	return f
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it does not happen that %s", what)
}

func equal(t *testing.T, w *world.World, boxes map[int64]*eastest.Mailbox) func() bool {
	return func() bool {
		for id, box := range boxes {
			lines, err := world.Copy(t.Context(), w.Store, id)
			if err != nil || !slices.Equal(world.Original(box, time.Now()), lines) {
				return false
			}
		}
		return true
	}
}

// Two processes keep mailboxes in step, share the waiting, and take over from each other.
func TestFleet(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	a := start(t, w, "a")
	w.Store.Enqueue = a.Store.Enqueue // of the API
	boxes := map[int64]*eastest.Mailbox{}
	for i := range 8 {
		address := fmt.Sprintf("user%d@contoso.com", i)
		box := w.Tenant.AddMailbox(address, &eas.Email{From: "bob@contoso.com", Subject: "First"})
		boxes[w.Provision(address)] = box
	}
	await(t, "the copies are in step", equal(t, w, boxes))
	await(t, "all mailboxes are waited for", func() bool { n, slots := a.Waiting(); return n == 8 && slots == 4 })
	b := start(t, w, "b")
	await(t, "the processes share", func() bool {
		n, slots := a.Waiting()
		m, others := b.Waiting()
		return n+m == 8 && slots == 2 && others == 2
	})
	for _, box := range boxes {
		box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Second"})
	}
	await(t, "the news are in the copies", equal(t, w, boxes))

	begin := time.Now()
	if err := a.Stop(t.Context()); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("Stop = %v after %v", err, time.Since(begin))
	}
	await(t, "the other process waits for all", func() bool { m, slots := b.Waiting(); return m == 8 && slots == 4 })
	processes, err := w.Store.Processes(t.Context())
	if err != nil || len(processes) != 1 || processes[0].Name != "b" {
		t.Errorf("processes %+v, %v", processes, err)
	}
	w.Store.Enqueue = b.Store.Enqueue
	for _, box := range boxes {
		box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "Third"})
	}
	await(t, "the news are in the copies", equal(t, w, boxes))

	// Pause ends the waiting, and the sign-in is kept fresh.
	var id int64
	for id = range boxes {
		break
	}
	if _, err := w.Store.Pause(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	await(t, "nobody waits for a paused mailbox", func() bool { m, _ := b.Waiting(); return m == 7 })
	await(t, "the renewal of a paused mailbox is in the queue", func() bool {
		var n int
		err := w.Store.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM river_job WHERE kind = 'renew' AND state = 'scheduled'`).Scan(&n)
		return err == nil && n == 1
	})
	// Removal ends everything.
	for id := range boxes {
		if _, err := w.Store.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "nobody waits for what is gone", func() bool {
		var n int
		err := w.Store.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM provision_item`).Scan(&n)
		return err == nil && n == 0
	})
}

// A slot that is given up goes to the process that has room for it, and not round and round to one
// that has none, while nobody waits for its mailboxes.
func TestSlotFindsRoom(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	full, leaving := start(t, w, "full"), start(t, w, "leaving")
	two := func(f *Fleet) func() bool { return func() bool { _, slots := f.Waiting(); return slots == 2 } }
	await(t, "two processes share", func() bool { return two(full)() && two(leaving)() })
	roomy := start(t, w, "roomy")
	await(t, "the third is known", func() bool { return full.share.Load() == 2 && roomy.share.Load() == 2 })
	if err := leaving.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := func() (n int) {
		err := w.Store.DB.QueryRowContext(t.Context(), `SELECT MAX(COALESCE(json_extract(metadata, '$.snoozes'), 0)) FROM river_job WHERE kind = 'wait'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := seen()
	await(t, "the third has the slots of the second", two(roomy))
	if n := seen() - before; n > 8 {
		t.Errorf("a slot was put back %d times", n)
	}
}

// The jobs of a process that has died go to the others, and only those.
func TestDead(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	f := fleet(t, w, "living")
	ctx := t.Context()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := w.Store.DB.ExecContext(ctx, statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	for i, by := range []string{"dead", "living", "other"} {
		r, err := f.client.Insert(ctx, SyncArgs{int64(i)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = $1, attempted_by = jsonb(json_array($2)) WHERE id = $3`,
			time.Now().Add(-time.Second).UTC().Format("2006-01-02 15:04:05.000"), by, r.Job.ID)
	}
	said := time.Now()
	for _, name := range []string{"dead", "living", "other"} {
		if err := w.Store.Join(ctx, store.Process{Name: name, Started: said, Seen: said}); err != nil {
			t.Fatal(err)
		}
	}
	running := func() (n int) {
		t.Helper()
		if err := w.Store.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE state = 'running'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := f.lookAfter(ctx); err != nil || running() != 3 || f.share.Load() != 2 {
		t.Errorf("at first sight: %v, %d jobs run, share %d; want all 3 and 2 of 4 slots", err, running(), f.share.Load())
	}
	time.Sleep(1100 * time.Millisecond)
	if err := w.Store.Alive(ctx, store.Process{Name: "other", Started: said, Seen: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := f.lookAfter(ctx); err != nil || running() != 2 || f.share.Load() != 2 {
		t.Errorf("after a silence: %v, %d jobs run, share %d; want 2 and 2", err, running(), f.share.Load())
	}
	r, err := f.client.JobGet(ctx, 1)
	if err != nil || r.State != rivertype.JobStateAvailable || len(r.Errors) != 1 {
		t.Errorf("the job of the dead process: %+v, %v", r, err)
	}
	processes, err := w.Store.Processes(ctx)
	if err != nil || len(processes) != 2 {
		t.Errorf("processes %v, %v", processes, err)
	}
	events, err := w.Store.Latest(ctx, 10)
	if err != nil || len(events) != 1 || events[0].Kind != "died" {
		t.Errorf("events %v, %v", events, err)
	}
}

// take has a process take all jobs that are in the queue, without its knowledge.
func take(t *testing.T, w *world.World, process string, want int64) {
	t.Helper()
	r, err := w.Store.DB.ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = $1, attempted_by = jsonb(json_array('other', $2))
		WHERE state IN ('available', 'scheduled')`, time.Now().UTC().Format("2006-01-02 15:04:05.000"), process)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := r.RowsAffected(); n != want {
		t.Fatalf("%d jobs are in the queue, want %d", n, want)
	}
}

// A process that was taken for dead learns it, and so does one whose name another has taken.
func TestLost(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	for name, bury := range map[string]func(string) error{
		"taken for dead": func(name string) error {
			processes, err := w.Store.Processes(t.Context())
			if err == nil {
				_, err = w.Store.Leave(t.Context(), name, processes[0].Started)
			}
			return err
		},
		"robbed": func(name string) error {
			_, err := w.Store.DB.ExecContext(t.Context(), `UPDATE river_job SET attempted_by = jsonb(json_array('robber')) WHERE kind = 'wait' AND args ->> '$.slot' = 2`)
			return err
		},
		"replaced": func(name string) error {
			return w.Store.Join(t.Context(), store.Process{Name: name, Started: time.Now(), Seen: time.Now()})
		},
	} {
		f := fleet(t, w, name)
		f.Dead = 200 * time.Millisecond
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		await(t, "the slots are owned", func() bool { _, slots := f.Waiting(); return slots == 4 })
		select {
		case <-f.Lost():
			t.Fatalf("%s: lost at once", name)
		default:
		}
		if err := bury(name); err != nil {
			t.Fatal(err)
		}
		select {
		case <-f.Lost():
		case <-time.After(20 * time.Second):
			t.Errorf("%s: the process does not notice", name)
		}
		_ = f.Stop(t.Context())
		processes, err := w.Store.Processes(t.Context())
		for _, p := range processes {
			if p.Started.Equal(f.started.Truncate(time.Millisecond)) {
				err = fmt.Errorf("it is still known")
			} else if _, err := w.Store.Leave(t.Context(), p.Name, p.Started); err != nil {
				t.Error(err)
			}
		}
		if want := name == "replaced"; err != nil || len(processes) == 1 != want {
			t.Errorf("%s: after its end: %+v, %v; want that of another %v", name, processes, err, want)
		}
	}
}

// A process takes back what another of its name has left.
func TestSameName(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	box := w.Tenant.AddMailbox("ada@contoso.com", &eas.Email{From: "bob@contoso.com", Subject: "First"})
	f := fleet(t, w, "p")
	f.Dead = time.Hour
	w.Store.Enqueue = f.Store.Enqueue
	id := w.Provision("ada@contoso.com")
	if err := f.insertSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	take(t, w, "p", 5)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Stop(context.Background()) })
	await(t, "the mailbox is waited for", func() bool { n, slots := f.Waiting(); return n == 1 && slots == 4 })
	await(t, "the copy is in step", equal(t, w, map[int64]*eastest.Mailbox{id: box}))
}

// Jobs that were taken from the queue and have not arrived, as the connection was cut behind the
// commit, are put back, and no others.
func TestStrays(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	box := w.Tenant.AddMailbox("ada@contoso.com", &eas.Email{From: "bob@contoso.com", Subject: "First"})
	f := fleet(t, w, "p")
	f.Dead = 200 * time.Millisecond
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Stop(context.Background()) })
	await(t, "the slots are owned", func() bool { _, slots := f.Waiting(); return slots == 4 })
	id := w.Provision("ada@contoso.com") // which nobody puts into the queue
	if _, err := f.client.Insert(t.Context(), SyncArgs{id}, &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	take(t, w, "p", 1)
	await(t, "the copy is in step", equal(t, w, map[int64]*eastest.Mailbox{id: box}))
	var n int
	if err := w.Store.DB.QueryRowContext(t.Context(), `SELECT MAX(attempt) FROM river_job WHERE kind = 'wait'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("a job that waits is at attempt %d, %v; want 1", n, err)
	}
}

func TestHands(t *testing.T) {
	var h hands
	now := time.Now()
	job := func(id int64, taken int) *rivertype.JobRow { // which is snoozed, and keeps the number of its attempt
		at := now.Add(time.Duration(taken) * time.Second)
		return &rivertype.JobRow{ID: id, Attempt: 1, AttemptedAt: &at, Kind: "wait"}
	}
	release := h.hold(job(1, 1))
	defer h.hold(&rivertype.JobRow{ID: 9, Kind: "sync"})() // which may have been completed
	for i, tt := range []struct {
		running []*rivertype.JobRow
		want    []int64
		robbed  bool
	}{
		{[]*rivertype.JobRow{job(1, 1), job(2, 1), job(3, 1)}, nil, false},
		{[]*rivertype.JobRow{job(1, 1), job(2, 1), job(3, 2)}, []int64{2}, false}, // 3 has been put back and taken meanwhile
		{[]*rivertype.JobRow{job(2, 2), job(3, 2)}, []int64{3}, false},
		{[]*rivertype.JobRow{job(1, 1)}, nil, false},
		{nil, nil, false},
		{nil, nil, true},
		{[]*rivertype.JobRow{job(1, 1), job(3, 2)}, nil, false},
	} {
		lost, robbed := h.sort(tt.running, now)
		var ids []int64
		for _, j := range lost {
			ids = append(ids, j.ID)
		}
		if !slices.Equal(ids, tt.want) || robbed != tt.robbed {
			t.Errorf("look %d: lost %v, robbed %v; want %v, %v", i+1, ids, robbed, tt.want, tt.robbed)
		}
	}
	release()
	h.sort([]*rivertype.JobRow{job(1, 1)}, now)
	if lost, robbed := h.sort([]*rivertype.JobRow{job(1, 1)}, now); len(lost) != 1 || robbed {
		t.Errorf("a job that is out of hand: %d lost, robbed %v", len(lost), robbed)
	}
	if h.looked != now {
		t.Error("the look is not noted")
	}
}

func TestBackoff(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 11: 15 * time.Minute, 30000: 15 * time.Minute} {
		got := time.Until(backoff{}.NextRetry(&rivertype.JobRow{Attempt: attempt}))
		if got < want*89/100 || got > want*111/100 {
			t.Errorf("attempt %d waits %v, want %v or a tenth more or less", attempt, got, want)
		}
	}
}

// Who renewed what is noted once for each mailbox, and not lost while the database is away.
func TestRecorder(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	w.Tenant.AddMailbox("ada@contoso.com")
	id := w.Provision("ada@contoso.com")
	r := &recorder{store: w.Store, process: "p", log: slog.New(slog.DiscardHandler)}
	now := time.Now()
	r.renewed(id, now)
	r.renewed(id, now.Add(time.Second))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r.flush(gone) // fails
	r.renewed(id, now.Add(2*time.Second))
	r.flush(t.Context())
	r.flush(t.Context()) // nothing
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if m.Renewals != 3 || m.RenewedBy != "p" || m.RenewedAt.Sub(now) < 1900*time.Millisecond {
		t.Errorf("%d renewals by %q, %v after the first; want 3 by p, 2s", m.Renewals, m.RenewedBy, m.RenewedAt.Sub(now))
	}
}

// The queue takes a job once, and brings one that waits for later forward if it is to be now.
func TestEnqueue(t *testing.T) {
	w := world.NewOnDisk(t, nil)
	w.Tenant.AddMailbox("ada@contoso.com")
	f := fleet(t, w, "a")
	w.Store.Enqueue = f.Store.Enqueue
	id := w.Provision("ada@contoso.com")
	if err := w.Store.MarkDue(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := w.Store.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM river_job WHERE kind = 'sync'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d jobs, %v; want one", n, err)
	}
	later := time.Now().Add(time.Hour).UTC().Format("2006-01-02 15:04:05.000")
	if _, err := w.Store.DB.ExecContext(t.Context(), `UPDATE river_job SET state = 'scheduled', scheduled_at = $1`, later); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.MarkDue(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	if job, err := f.client.JobGet(t.Context(), 1); err != nil || job.State != rivertype.JobStateScheduled {
		t.Errorf("after more work: %v, %v; want it to wait as before", job.State, err)
	}
	if err := w.Store.Nudge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if job, err := f.client.JobGet(t.Context(), 1); err != nil || job.State != rivertype.JobStateAvailable {
		t.Errorf("after a nudge: %v, %v; want it available", job.State, err)
	}
	// A mailbox that is to wait is not nudged.
	if _, err := w.Store.DB.ExecContext(t.Context(), `UPDATE river_job SET state = 'scheduled', scheduled_at = $1`, later); err != nil {
		t.Fatal(err)
	}
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Fail(t.Context(), m, store.Failure{Text: "busy", RetryAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Nudge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if job, err := f.client.JobGet(t.Context(), 1); err != nil || job.State != rivertype.JobStateScheduled {
		t.Errorf("a nudge of what is to wait: %v, %v", job.State, err)
	}
	// The user is back: the failure of before does not count any more.
	if _, err := w.Store.Activate(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if job, err := f.client.JobGet(t.Context(), 1); err != nil || job.State != rivertype.JobStateAvailable {
		t.Errorf("after the user's return: %v, %v; want it available", job.State, err)
	}
	if err := w.Store.Fail(t.Context(), m, store.Failure{Text: "of the past"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Fail of the past = %v, want ErrConflict", err)
	}
}
