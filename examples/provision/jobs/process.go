package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A sighting is when this process, by its own clock, saw that another had said that it lives.
type sighting struct {
	said, at time.Time
}

// pulse says again and again that this process lives, and looks after the others.
func (f *Fleet) pulse() {
	every := or(f.Dead, 15*time.Second) / 5
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-f.stopping.Done():
			return
		}
		ctx, cancel := context.WithTimeout(f.stopping, 5*every)
		err := f.alive(ctx)
		if err == nil {
			err = f.lookAfter(ctx)
		}
		if err == nil {
			err = f.collect(ctx)
		}
		cancel()
		if err != nil && f.stopping.Err() == nil {
			clear(f.others) // the database was away: nobody could say that they live
			f.log().Warn("the processes could not be looked after", "error", err)
		}
	}
}

func (f *Fleet) alive(ctx context.Context) error {
	return f.Store.Alive(ctx, store.Process{Name: f.Name, Started: f.started, Seen: time.Now(), Slots: int(f.slots.Load()), Waiting: int(f.waiting.Load())})
}

// lookAfter finds out how many processes live, and gives the jobs of those that do not to the
// queue. Clocks of machines are not compared: dead is who has not said anything new for a
// while by the clock of this process.
func (f *Fleet) lookAfter(ctx context.Context) error {
	all, err := f.Store.Processes(ctx)
	if err != nil {
		return err
	}
	now, alive := time.Now(), 0
	for _, p := range all {
		last, ok := f.others[p.Name]
		if !ok || !last.said.Equal(p.Seen) {
			f.others[p.Name] = sighting{p.Seen, now}
			alive++
			continue
		}
		if p.Name == f.Name || now.Sub(last.at) < or(f.Dead, 15*time.Second) {
			alive++
			continue
		}
		n, err := f.rescue(ctx, p.Name)
		if err != nil {
			return err
		}
		known, err := f.Store.Leave(ctx, p.Name)
		if err != nil {
			return err
		}
		delete(f.others, p.Name)
		if known {
			f.log().WarnContext(ctx, "a process has died", "process", p.Name, "jobs", n)
			if err := f.Store.AddEvent(ctx, 0, "died", fmt.Sprintf("the process %s has died: %d jobs went to the others", p.Name, n)); err != nil {
				return err
			}
		}
	}
	f.share.Store(int64((f.Slots + max(alive, 1) - 1) / max(alive, 1)))
	return nil
}

// rescue gives the jobs that a dead process was working on back to the queue.
func (f *Fleet) rescue(ctx context.Context, process string) (int, error) {
	all, err := f.running(ctx, process)
	if err != nil {
		return 0, err
	}
	return len(all), f.giveBack(ctx, all, "the process "+process+" has died")
}

// running returns the jobs that a process works on, as the database says.
func (f *Fleet) running(ctx context.Context, process string) ([]*rivertype.JobRow, error) {
	last := `attempted_by[array_upper(attempted_by, 1)]`
	if f.Store.Dialect == sqlstore.SQLite {
		last = `attempted_by ->> '$[#-1]'`
	}
	r, err := f.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateRunning).Where(last+` = @process`, river.NamedArgs{"process": process}).First(10000))
	if err != nil {
		return nil, err
	}
	return r.Jobs, nil
}

// giveBack puts jobs that nobody works on back, with the statement by which the queue itself
// rescues jobs that have run for too long: which that is, it can tell by their age alone, and
// a job that waits may well be old.
func (f *Fleet) giveBack(ctx context.Context, all []*rivertype.JobRow, why string) error {
	if len(all) == 0 {
		return nil
	}
	horizon := time.Now().UTC()
	p := &riverdriver.JobRescueManyParams{StuckHorizon: horizon}
	for _, job := range all {
		text, err := json.Marshal(rivertype.AttemptError{At: horizon, Attempt: max(job.Attempt, 0), Error: why})
		if err != nil {
			return err
		}
		p.ID, p.Error = append(p.ID, job.ID), append(p.Error, text)
		p.FinalizedAt, p.ScheduledAt = append(p.FinalizedAt, nil), append(p.ScheduledAt, horizon)
		p.State = append(p.State, string(rivertype.JobStateAvailable))
	}
	_, err := f.client.Driver().GetExecutor().JobRescueMany(ctx, p)
	return err
}

// A hands is what a process has in hand: the jobs that it works on, and those that the database
// says it works on and that it knows nothing of.
type hands struct {
	mu     sync.Mutex
	full   map[int64]bool
	strays map[int64]int // attempts by job, as of looked
	looked time.Time
}

// hold notes that a job is worked on until release is called.
func (h *hands) hold(job int64) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full == nil {
		h.full = map[int64]bool{}
	}
	h.full[job] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.full, job)
	}
}

// sort returns those of the running jobs that were strays at the last look already, and keeps
// the others for the next.
func (h *hands) sort(running []*rivertype.JobRow, now time.Time) (lost []*rivertype.JobRow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	strays := map[int64]int{}
	for _, job := range running {
		if h.full[job.ID] {
			continue
		}
		if attempt, ok := h.strays[job.ID]; ok && attempt == job.Attempt {
			lost = append(lost, job)
		} else {
			strays[job.ID] = job.Attempt
		}
	}
	h.strays, h.looked = strays, now
	return lost
}

// collect gives jobs back to the queue that this process works on as the database says, and knows
// nothing of: the response to the statement that took them was lost with its connection. The
// queue would notice after 10 minutes, and never of a job without a timeout, such as one that
// waits. A job that was just taken, or has just ended, is unknown as well; so it takes two looks.
func (f *Fleet) collect(ctx context.Context) error {
	now := time.Now()
	if now.Sub(f.hands.looked) < or(f.Dead, 15*time.Second) {
		return nil
	}
	all, err := f.running(ctx, f.Name)
	if err != nil {
		return err
	}
	lost := f.hands.sort(all, now)
	if err := f.giveBack(ctx, lost, "the process "+f.Name+" does not work on it"); err != nil {
		return err
	}
	if len(lost) > 0 {
		f.log().WarnContext(ctx, "jobs were lost on the way from the queue, and are put back", "jobs", len(lost))
	}
	return nil
}

// A recorder notes who renewed what. It holds one note for a mailbox, however long the
// database is away, and nobody waits for it.
type recorder struct {
	store   *store.Store
	process string
	log     *slog.Logger

	mu    sync.Mutex
	notes map[int64]store.Renewal
}

func (r *recorder) renewed(mailbox int64, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notes == nil {
		r.notes = map[int64]store.Renewal{}
	}
	n := r.notes[mailbox]
	r.notes[mailbox] = store.Renewal{Mailbox: mailbox, At: at, Count: n.Count + 1}
}

// run writes the notes down, every second, until ctx ends.
func (r *recorder) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		r.flush(context.WithoutCancel(ctx))
	}
}

func (r *recorder) flush(ctx context.Context) {
	r.mu.Lock()
	notes := r.notes
	r.notes = nil
	r.mu.Unlock()
	if len(notes) == 0 {
		return
	}
	var all []store.Renewal
	for _, n := range notes {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b store.Renewal) int { return cmp.Compare(a.Mailbox, b.Mailbox) }) // rows are locked in one order
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := r.store.SaveRenewals(ctx, r.process, all)
	if err == nil {
		return
	}
	r.log.Warn("who renewed what could not be stored; it is tried again", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notes == nil {
		r.notes = map[int64]store.Renewal{}
	}
	for _, n := range all { // beside what has come meanwhile
		k := r.notes[n.Mailbox]
		if k.Count > 0 {
			n.At = k.At
		}
		n.Count += k.Count
		r.notes[n.Mailbox] = n
	}
}
