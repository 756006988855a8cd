package eas

import (
	"context"
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/internal/airsync"
)

// Applied is the outcome of [Client.Apply].
type Applied struct {
	Key SyncKey // save it after handling the rest

	// Results hold the edits that failed, adds and fetches. What is not among them has
	// succeeded.
	Results []EditResult

	// Changes are changes of the server, which Apply does not request: nil unless the server
	// sends some anyway. Key covers them as well.
	Changes *Page
}

// Err joins the errors of the results. It is nil if there are none.
func (a *Applied) Err() error {
	var list []error
	for _, r := range a.Results {
		list = append(list, r.Err)
	}
	return errors.Join(list...)
}

var errNoKey = errors.New("edits need the key of a folder that has been synchronized")

// Apply sends edits, at most [MaxEdits], with the key of the folder, and returns their results. It
// does not return changes of the server, and leaves the filter and the bodies of the folder as the
// last Sync requested them. Edits of one item are merged, or refused before anything is sent.
// [Client.SyncMany] also sends edits, with options and together with a page of changes.
//
// Versions up to 12.1 require the class of the folder: Apply sends the class of the first item
// among the edits, or ClassEmail. To delete items of another class there, use SyncMany.
//
// If the response is lost, call Apply again with the same key: the server recognizes it.
func (c *Client) Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Applied, error) {
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
	return atVersion(ctx, c, func(v Version) (*Applied, error) { return c.applyAt(ctx, v, f, key, edits) })
}

func (c *Client) applyAt(ctx context.Context, version Version, f FolderID, key SyncKey, edits []Edit) (*Applied, error) {
	col := newCollection(f, key, classOf(edits), version)
	// Without Options the server keeps those of the last Sync ([MS-ASCMD] 2.2.3.125.5).
	col.GetChanges = new(bool)
	if err := putEdits(col, edits, version); err != nil {
		return nil, fmt.Errorf("eas: Sync: %w", err)
	}
	if col.Commands == nil {
		return &Applied{Key: key}, nil // no edit makes a difference
	}
	got, r, err := c.syncCollection(ctx, version, col)
	if err != nil {
		return nil, err
	}
	if got == nil {
		return &Applied{Key: key}, nil // nothing failed, and the key is as before
	}
	page, err := r.page(got, key, classOf(edits))
	if err != nil {
		return nil, err
	}
	out := &Applied{Key: page.Key, Results: r.results(got, classOf(edits))}
	if !page.IsEmpty() {
		out.Changes = page
	}
	return out, nil
}

var errDeletes = errors.New("deletions for good and others cannot go together: send one after the other")

// putEdits adds edits to a collection, which says once for all of them what becomes of deleted
// items.
func putEdits(col *airsync.SyncCollection, edits []Edit, version Version) (err error) {
	var kept, forGood bool
	for _, e := range edits {
		if e.kind == editDelete && !e.single {
			kept, forGood = kept || !e.forGood, forGood || e.forGood
		}
	}
	if kept && forGood {
		return errDeletes
	}
	if forGood {
		col.DeletesAsMoves = new(bool)
	}
	col.Commands, err = commands(edits, version)
	return err
}

// classOf returns the class of the folder's items, as far as edits show it.
func classOf(edits []Edit) Class {
	for _, e := range edits {
		for _, item := range []Item{e.after, e.before} {
			if item != nil {
				return item.Class()
			}
		}
	}
	return ClassEmail
}
