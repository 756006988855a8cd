package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"
)

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
