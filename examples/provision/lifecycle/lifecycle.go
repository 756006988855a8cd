// Package lifecycle has the rules about how long things are kept. They are those of Microsoft's
// service for Outlook mobile: a mailbox that nobody has used for 30 days is removed, four weeks
// of mail are kept, and what the server found beyond that is kept for a day.
package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// The rules' times.
const (
	Idle   = 30 * 24 * time.Hour // of a mailbox that nobody uses
	Found  = 24 * time.Hour      // of what the server found
	Events = 90 * 24 * time.Hour // of what an operator should know
)

// Rules apply the rules. Engine and Store are required.
type Rules struct {
	Engine *engine.Engine
	Store  *store.Store
	Logger *slog.Logger // if nil, nothing is logged
}

// batch is how much is done in one transaction.
const batch = 500

// Sweep applies the rules as of now. It may be repeated at any time, and by several processes;
// what fails is tried again by the next.
func (r *Rules) Sweep(ctx context.Context) error {
	now := time.Now()
	var failed []error
	for {
		unused, err := r.Store.Unused(ctx, now.Add(-Idle), batch)
		if err != nil {
			return err
		}
		removed := 0
		for _, m := range unused {
			if err := r.Remove(ctx, m); err != nil {
				failed = append(failed, err)
				continue
			}
			removed++
		}
		if removed == 0 {
			break
		}
	}
	window := r.Engine.Window
	if window == 0 {
		window = engine.DefaultWindow
	}
	for {
		n, err := r.Store.Age(ctx, now.Add(-window), batch)
		if err != nil {
			return err
		}
		if n < batch {
			break
		}
	}
	return errors.Join(append(failed, r.Store.Forget(ctx, now.Add(-Found), now.Add(-Events)))...)
}

// Remove deletes a mailbox with its sign-in and says so.
func (r *Rules) Remove(ctx context.Context, m *store.Mailbox) error {
	if err := r.Engine.SignOut(ctx, m); err != nil {
		return err
	}
	rows, err := r.Store.Remove(ctx, m.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // by another process
	}
	if err != nil {
		return err
	}
	if r.Logger != nil {
		r.Logger.InfoContext(ctx, "a mailbox that nobody used has been removed", "mailbox", m.ID, "rows", rows.Total())
	}
	return r.Store.AddEvent(ctx, 0, "removed", "a mailbox that nobody had used for 30 days has been removed")
}
