package engine

import (
	"context"
	"errors"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// Wait waits until the server has something new for a mailbox, which it stores as work that is
// due, or until ctx ends. notice is called with what is waited out: a server that is down, a
// network that is gone. An error has been stored with the mailbox.
func (e *Engine) Wait(ctx context.Context, id int64, o *eas.WatchOptions) error {
	m, err := e.Store.Mailbox(ctx, id)
	if err != nil || m.State != store.Active || m.Due {
		return err
	}
	changes, err := e.watch(ctx, m, o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return e.fail(ctx, m, err)
	}
	err = e.Store.MarkDue(ctx, id, changes.Hierarchy, changes.Folders...)
	if errors.Is(err, store.ErrNotFound) {
		return nil // removed or paused meanwhile
	}
	return err
}

func (e *Engine) watch(ctx context.Context, m *store.Mailbox, o *eas.WatchOptions) (*eas.Changes, error) {
	s, err := e.open(ctx, m)
	if err != nil {
		return nil, err
	}
	have, err := e.Store.Folders(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	var folders []eas.Folder
	for _, f := range have {
		folders = append(folders, f.Folder)
	}
	if len(folders) == 0 {
		return &eas.Changes{Hierarchy: true}, nil
	}
	for changes, err := range s.client.Watch(ctx, folders, o) {
		if kept := e.keep(context.WithoutCancel(ctx), m, s); err == nil {
			err = kept
		}
		return changes, err
	}
	return nil, errors.New("engine: waiting ended")
}

// Away reads the out-of-office state of a mailbox.
func (e *Engine) Away(ctx context.Context, id int64) error {
	m, err := e.Store.Mailbox(ctx, id)
	if err != nil || m.State != store.Active {
		return err
	}
	s, err := e.open(ctx, m)
	if err != nil {
		return err
	}
	o, err := s.client.OutOfOffice(ctx, eas.BodyPlain)
	if kept := e.keep(context.WithoutCancel(ctx), m, s); err == nil {
		err = kept
	}
	if err != nil {
		return err
	}
	return e.Store.SaveAway(ctx, id, o)
}

// DefaultHeartbeats are between which the heartbeat is found that the network lasts.
func DefaultHeartbeats() *eas.WatchOptions {
	return &eas.WatchOptions{MinHeartbeat: eas.DefaultMinHeartbeat, MaxHeartbeat: 28 * time.Minute}
}
