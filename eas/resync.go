package eas

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// A Resynced is the content of a folder, compared with the copy of the caller; see
// [Client.Resync]. Store all Items, remove Gone, and save Key last. The server regards Items as
// delivered, including those of Known, and does not send them again: changes that were made to the
// known items while the key was lost are only in Items.
type Resynced struct {
	Key   SyncKey  // to save when the rest has been dealt with
	Items []Entry  // all that the server has, to be stored in place of what the caller has of them
	Known []ItemID // of Items, those that the caller had
	Gone  []ItemID // what the caller had and the server has not, or no longer in the window of the options

	// Occurrences and DeletedOccurrences changed while the folder was read; see [Page].
	Occurrences        []Entry
	DeletedOccurrences []OccurrenceID
}

// Resync recovers from [ErrInvalidSyncKey]: it reads the folder again from [InitialSyncKey] and
// compares it with known, the items that the caller has. The items are held in memory, so choose
// options without bodies for a large folder, and fetch what is missing. Store Items before saving
// the key; see [Resynced]. If Resync fails, the state of the caller is as good as before. Send
// edits that were not sent yet with the new key.
func (c *Client) Resync(ctx context.Context, f FolderID, known []ItemID, o *SyncOptions) (*Resynced, error) {
	out := &Resynced{}
	at := map[ItemID]int{}
	for page, err := range c.Pages(ctx, f, InitialSyncKey, o) {
		if err != nil {
			return nil, err
		}
		for _, e := range page.Added {
			at[e.ID] = len(out.Items)
			out.Items = append(out.Items, e)
		}
		for _, e := range page.Changed { // while we were reading
			if i, ok := at[e.ID]; ok && e.Occurrence.IsZero() {
				out.Items[i] = o.merged(out.Items[i], e)
			} else if ok {
				out.Occurrences = append(out.Occurrences, e)
			}
		}
		out.DeletedOccurrences = append(out.DeletedOccurrences, page.DeletedOccurrences...)
		for _, id := range append(page.Deleted, page.SoftDeleted...) {
			if i, ok := at[id]; ok {
				out.Items[i].ID = ""
				delete(at, id)
			}
		}
		out.Key = page.Key
	}
	out.Items = slices.DeleteFunc(out.Items, func(e Entry) bool { return e.ID == "" })
	for _, id := range known {
		if _, ok := at[id]; ok {
			out.Known = append(out.Known, id)
		} else {
			out.Gone = append(out.Gone, id)
		}
	}
	return out, nil
}

// merged returns an item with a change of it.
func (o *SyncOptions) merged(old, change Entry) Entry {
	raw, err := Merge(old.Raw, change.Raw)
	if err != nil {
		old.Err, old.Item = err, nil
		return old
	}
	class := ClassEmail
	if o != nil && o.Class != "" {
		class = o.Class
	}
	old.Raw = raw
	old.Item, old.Err = Decode(class, raw)
	return old
}

// SyncFolders recovers from [ErrFolderSyncRequired] and [ErrInvalidFolderKey]: it returns the
// changes of the hierarchy since key, or reads all of it if the server no longer knows the key,
// and compares it with known, the folders that the caller has. Deleted holds only folders of
// known, and Added none of them.
func (c *Client) SyncFolders(ctx context.Context, key SyncKey, known []Folder) (*Folders, error) {
	out, err := c.FolderSync(ctx, key)
	if !errors.Is(err, ErrInvalidFolderKey) || key == InitialSyncKey {
		return out, err
	}
	all, err := c.FolderSync(ctx, InitialSyncKey)
	if err != nil {
		return nil, err
	}
	had := map[FolderID]Folder{}
	for _, f := range known {
		had[f.ID] = f
	}
	out = &Folders{Key: all.Key}
	for _, f := range all.Added {
		if old, ok := had[f.ID]; !ok {
			out.Added = append(out.Added, f)
		} else if old != f {
			out.Changed = append(out.Changed, f)
		}
		delete(had, f.ID)
	}
	out.Deleted = slices.Sorted(maps.Keys(had))
	return out, nil
}
