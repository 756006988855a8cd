package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
			f.log().WarnContext(ctx, "a process has died", "name", p.Name, "jobs", n)
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
