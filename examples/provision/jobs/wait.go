package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/store"
)

type waitWorker struct {
	river.WorkerDefaults[WaitArgs]
	f *Fleet
}

// Timeout returns -1: the job lasts as long as the process is the slot's owner.
func (*waitWorker) Timeout(*river.Job[WaitArgs]) time.Duration { return -1 }

// Work owns a slot, until the process ends or owns more than its share.
func (w *waitWorker) Work(ctx context.Context, job *river.Job[WaitArgs]) error {
	f := w.f
	if f.slots.Add(1) > f.share.Load() {
		f.slots.Add(-1)
		// For another process, all of which look about once a second: whichever is next after this
		// one sees it. After a pause it might be this one again, and again.
		return river.JobSnooze(0)
	}
	s := &slot{f: f, number: job.Args.Slot, all: map[int64]*watched{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	defer context.AfterFunc(f.stopping, s.cancel)()
	s.run()
	s.cancel()
	s.waiters.Wait()
	if f.ended(ctx) {
		f.slots.Add(-1)
		return river.JobSnooze(0)
	}
	return river.JobSnooze(spread(2*time.Second, rand.Float64()))
}

// A slot is a batch of mailboxes with one waiting request each.
type slot struct {
	f      *Fleet
	number int
	ctx    context.Context
	cancel context.CancelFunc

	waiters sync.WaitGroup
	mu      sync.Mutex
	all     map[int64]*watched
}

// A watched is a mailbox of a slot.
type watched struct {
	pulse  store.Pulse
	cancel context.CancelFunc // of the waiting request; nil if there is none
	after  time.Time          // no request before that
	failed int                // in a row
	nudged time.Time
}

// overlap is how much of the past is read again with each look: clocks differ, and
// transactions become visible later than they began.
const overlap = 10 * time.Second

// run looks for mailboxes that nobody waits for, and waits for them.
func (s *slot) run() {
	look := or(s.f.Look, 2*time.Second)
	tick := time.NewTicker(look)
	defer tick.Stop()
	var whole, last time.Time
	for {
		now := time.Now()
		since := last.Add(-overlap)
		if now.Sub(whole) > time.Minute {
			since = time.Time{}
		}
		pulses, err := s.f.Store.Pulses(s.ctx, s.number, s.f.Slots, since)
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil:
			s.f.log().WarnContext(s.ctx, "the mailboxes of a slot could not be read", "slot", s.number, "error", err)
		default:
			if last = now; since.IsZero() {
				whole = now
			}
			s.update(pulses, since.IsZero())
		}
		s.look(now)
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
		if s.f.slots.Load() > s.f.share.Load() {
			// One of those that see this gives its slot away.
			if n := s.f.slots.Add(-1); n >= s.f.share.Load() {
				return
			}
			s.f.slots.Add(1)
		}
	}
}

// update takes over what is in the database.
func (s *slot) update(pulses []store.Pulse, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[int64]bool{}
	for _, p := range pulses {
		if p.Active {
			seen[p.ID] = true
			if w := s.all[p.ID]; w != nil {
				w.pulse = p
			} else {
				s.all[p.ID] = &watched{pulse: p}
			}
		} else if w := s.all[p.ID]; w != nil {
			s.forget(p.ID, w)
		}
	}
	for id, w := range s.all {
		if all && !seen[id] {
			s.forget(id, w)
		}
	}
}

func (s *slot) forget(id int64, w *watched) {
	if w.cancel != nil {
		w.cancel()
	}
	delete(s.all, id)
}

// look begins to wait for mailboxes that are in step.
func (s *slot) look(now time.Time) {
	look := or(s.f.Look, 2*time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, w := range s.all {
		p := &w.pulse
		switch {
		case now.Before(p.RetryAt), now.Before(w.after):
		case p.Due && now.Sub(p.DueAt) > 10*look && now.Sub(w.nudged) > 10*look:
			// Work has waited for long, and nobody has said that it should. Its job may have failed
			// at the moment at which the user came back: once more does no harm.
			w.nudged = now
			s.do(id, s.f.Store.Nudge)
		case p.Due:
		case now.Sub(p.Checked) > or(s.f.CheckEvery, 24*time.Hour) && now.Sub(w.nudged) > time.Minute:
			w.nudged = now
			s.do(id, func(ctx context.Context, id int64) error { return s.f.Store.MarkDue(ctx, id, false) })
		case w.cancel == nil:
			ctx, cancel := context.WithCancel(s.ctx)
			w.cancel = cancel
			s.f.waiting.Add(1)
			s.waiters.Go(func() { s.wait(ctx, id, w) })
		}
	}
}

// do changes something about a mailbox in the database, without keeping the slot waiting.
func (s *slot) do(id int64, change func(ctx context.Context, id int64) error) {
	s.waiters.Go(func() {
		if err := change(s.ctx, id); err != nil && s.ctx.Err() == nil && !errors.Is(err, store.ErrNotFound) {
			s.f.log().WarnContext(s.ctx, "a mailbox could not be put into the queue", "mailbox", id, "error", err)
		}
	})
}

// wait waits for changes of one mailbox. What it finds is in the database when it returns.
func (s *slot) wait(ctx context.Context, id int64, w *watched) {
	o := eas.WatchOptions{MinHeartbeat: eas.DefaultMinHeartbeat, MaxHeartbeat: eas.DefaultMaxHeartbeat}
	if s.f.Heartbeats != nil {
		o = *s.f.Heartbeats
	}
	o.Observe = func(err error, wait time.Duration) {
		s.f.log().DebugContext(ctx, "waiting out", "mailbox", id, "wait", wait, "error", err)
	}
	err := s.f.Engine.Wait(ctx, id, &o)
	s.f.waiting.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.cancel()
	w.cancel = nil
	if err == nil {
		w.failed = 0
		w.after = time.Now().Add(or(s.f.Look, 2*time.Second)) // by then the database says that it is due
		return
	}
	if ctx.Err() != nil || errors.Is(err, store.ErrConflict) { // or the user has come back meanwhile
		return
	}
	var failure *engine.Failure
	if !errors.As(err, &failure) {
		s.f.log().WarnContext(ctx, "waiting for changes failed", "mailbox", id, "error", err)
	}
	w.failed = min(w.failed+1, 10)
	w.after = time.Now().Add(spread(min(time.Second<<w.failed, 15*time.Minute), rand.Float64()))
}
