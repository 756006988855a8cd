package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
		err := f.Store.Alive(ctx, f.process())
		if errors.Is(err, store.ErrNotFound) {
			err = errLost
		}
		if err == nil {
			err = f.lookAfter(ctx)
		}
		if err == nil {
			err = f.collect(ctx)
		}
		cancel()
		if errors.Is(err, errLost) {
			f.log().Error("this process must end", "error", err)
			close(f.lost)
			return
		}
		if err != nil && f.stopping.Err() == nil {
			clear(f.others) // the database was away: nobody could say that they live
			f.log().Warn("the processes could not be looked after", "error", err)
		}
	}
}

// process is what this process says of itself.
func (f *Fleet) process() store.Process {
	return store.Process{Name: f.Name, Started: f.started, Seen: time.Now(), Slots: int(f.slots.Load()), Waiting: int(f.waiting.Load())}
}

var errLost = errors.New("others have taken this process for dead, and have its work")

// Lost returns a channel that is closed when other processes have taken this one for dead: it was
// suspended, or did not reach the database. They have its jobs, and the queue would believe what
// this process says of them. It must end then, without [Fleet.Stop].
func (f *Fleet) Lost() <-chan struct{} { return f.lost }

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
		known, err := f.Store.Leave(ctx, p.Name, p.Started)
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

// A hands is what a process has in hand, to be compared with what the database says that it
// works on.
type hands struct {
	mu      sync.Mutex
	full    map[int64]*rivertype.JobRow
	strays  map[int64]time.Time // when jobs were taken that the process knows nothing of, as of looked
	foreign map[int64]time.Time // and those that it waits in, and that are not its own
	looked  time.Time
}

// hold notes that a job is worked on until release is called.
func (h *hands) hold(job *rivertype.JobRow) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full == nil {
		h.full = map[int64]*rivertype.JobRow{}
	}
	h.full[job.ID] = job
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.full, job.ID)
	}
}

// sort returns those of the running jobs that were strays at the last look already, and whether a
// job in hand was another's already. The others are kept for the next look. A job that does not
// wait comes to its end, and finds out by itself; one that waits would go on beside its new owner.
func (h *hands) sort(running []*rivertype.JobRow, now time.Time) (lost []*rivertype.JobRow, robbed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	strays, foreign, own := map[int64]time.Time{}, map[int64]time.Time{}, map[int64]bool{}
	taken := func(job *rivertype.JobRow) time.Time { // which each attempt has of its own, unlike its number
		if job.AttemptedAt == nil {
			return time.Time{}
		}
		return *job.AttemptedAt
	}
	for _, job := range running {
		own[job.ID] = true
		if h.full[job.ID] != nil {
			continue
		}
		if at, ok := h.strays[job.ID]; ok && at.Equal(taken(job)) {
			lost = append(lost, job)
		} else {
			strays[job.ID] = taken(job)
		}
	}
	for id, job := range h.full {
		if own[id] || job.Kind != (WaitArgs{}).Kind() {
			continue
		}
		at, ok := h.foreign[id]
		robbed = robbed || ok && at.Equal(taken(job))
		foreign[id] = taken(job)
	}
	h.strays, h.foreign, h.looked = strays, foreign, now
	return lost, robbed
}

// collect gives jobs back to the queue that this process works on as the database says, and knows
// nothing of: the response to the statement that took them was lost with its connection. The
// queue would notice after 10 minutes, and never of a job without a timeout, such as one that
// waits. A job that was just taken, or has just ended, is unknown as well; so it takes two looks.
// The error is errLost if others have jobs that this process waits in.
func (f *Fleet) collect(ctx context.Context) error {
	now := time.Now()
	if now.Sub(f.hands.looked) < or(f.Dead, 15*time.Second) {
		return nil
	}
	all, err := f.running(ctx, f.Name)
	if err != nil {
		return err
	}
	lost, robbed := f.hands.sort(all, now)
	if robbed {
		return errLost
	}
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
