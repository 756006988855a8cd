package eas

import (
	"context"
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/internal/airsync"
)

// ApplyOptions are the choices of [Client.ApplyWith]. Nil means the zero value.
type ApplyOptions struct {
	// Class is the class of the folder's items. Versions up to 12.1 want it. If "", that of
	// the first item among the edits, or ClassEmail.
	Class Class

	// DeleteForGood deletes items instead of moving them to Deleted Items.
	DeleteForGood bool

	// Changes, if not nil, brings a page of the server's changes as well, by these options.
	Changes *SyncOptions
}

// Applied is what became of edits.
type Applied struct {
	Key SyncKey // to save when the rest has been dealt with

	// Results hold the edits that failed, adds and fetches. What is not among them has
	// succeeded.
	Results []EditResult

	// Changes are the server's own. They are nil unless ApplyOptions asked for them or the
	// server sent some all the same; Key stands for them too.
	Changes *Page
}

// Err returns the errors of the results, joined; nil if there are none.
func (a *Applied) Err() error {
	var list []error
	for _, r := range a.Results {
		list = append(list, r.Err)
	}
	return errors.Join(list...)
}

var errNoKey = errors.New("edits need the key of a folder that has been synchronized")

// Apply sends edits, at most [MaxEdits], with the folder's key and returns what became of them.
// It brings no changes of the server, and leaves the folder's filter and bodies as the last
// Sync had them. Edits of one item are joined to one, or refused before anything is sent.
//
// An Apply whose response was lost is repeated with the same key: the server knows it again.
func (c *Client) Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Applied, error) {
	return c.ApplyWith(ctx, f, key, nil, edits...)
}

// ApplyWith is [Client.Apply] with options; nil means the zero value.
func (c *Client) ApplyWith(ctx context.Context, f FolderID, key SyncKey, o *ApplyOptions, edits ...Edit) (*Applied, error) {
	if o == nil {
		o = &ApplyOptions{}
	}
	switch {
	case f == "":
		return nil, fmt.Errorf("eas: Sync: %w", errNoFolder)
	case key == "" || key == InitialSyncKey:
		return nil, fmt.Errorf("eas: Sync: %w", errNoKey)
	case len(edits) == 0:
		return nil, errors.New("eas: Sync: no edits")
	case len(edits) > MaxEdits:
		return nil, fmt.Errorf("eas: Sync: %d edits, and a server takes %d at a time", len(edits), MaxEdits)
	}
	return atVersion(ctx, c, func(v Version) (*Applied, error) { return c.applyAt(ctx, v, f, key, o, edits) })
}

func (c *Client) applyAt(ctx context.Context, version Version, f FolderID, key SyncKey, o *ApplyOptions, edits []Edit) (*Applied, error) {
	col, err := o.collection(f, key, version, edits)
	if err != nil {
		return nil, fmt.Errorf("eas: Sync: %w", err)
	}
	if col.Commands == nil && o.Changes == nil {
		return &Applied{Key: key}, nil // no edit makes a difference
	}
	got, r, err := c.syncCollection(ctx, version, col)
	if err != nil {
		return nil, err
	}
	if got == nil {
		return &Applied{Key: key}, nil // nothing failed, and the key is as before
	}
	page, err := r.page(got, key, o.class(edits))
	if err != nil {
		return nil, err
	}
	out := &Applied{Key: page.Key, Results: r.results(got, o.class(edits))}
	if o.Changes != nil || !page.IsEmpty() {
		out.Changes = page
	}
	return out, nil
}

func (o *ApplyOptions) collection(f FolderID, key SyncKey, version Version, edits []Edit) (*airsync.SyncCollection, error) {
	col := newCollection(f, key, o.class(edits), version)
	var err error
	if o.Changes != nil {
		with := *o.Changes
		with.Class = o.class(edits)
		if col, err = with.collection(f, key, version); err != nil {
			return nil, err
		}
	} else {
		// Without Options the server keeps those of the last Sync ([MS-ASCMD]
		// 2.2.3.125.5).
		col.GetChanges = new(bool)
	}
	if o.DeleteForGood {
		col.DeletesAsMoves = new(bool)
	}
	col.Commands, err = commands(edits, version)
	return col, err
}

// class returns the class of the folder's items.
func (o *ApplyOptions) class(edits []Edit) Class {
	switch {
	case o.Class != "":
		return o.Class
	case o.Changes != nil && o.Changes.Class != "":
		return o.Changes.Class
	}
	for _, e := range edits {
		for _, item := range []Item{e.after, e.before} {
			if item != nil {
				return item.Class()
			}
		}
	}
	return ClassEmail
}
