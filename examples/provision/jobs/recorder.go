package jobs

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/easoauth/easoauth/examples/provision/store"
)

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
