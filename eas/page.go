package eas

import (
	"errors"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Page is one answer of the server about one folder.
type Page struct {
	Key         SyncKey // to save when the page has been dealt with
	Added       []Entry
	Changed     []Entry  // only the elements that changed are set; see [Merge]
	Deleted     []ItemID // gone from the folder
	SoftDeleted []ItemID // no longer in the filter's window: forget them, they still exist
	Results     []Result // of the edits that were sent with the request
	More        bool     // the server has more
}

// IsEmpty reports whether the page has no changes and no results.
func (p *Page) IsEmpty() bool {
	return len(p.Added)+len(p.Changed)+len(p.Deleted)+len(p.SoftDeleted)+len(p.Results) == 0
}

// An Entry is an added or changed item.
type Entry struct {
	ID   ItemID
	Item Item  // nil if Err is not
	Err  error // the item could not be read; the rest of the page could

	// Raw is the ApplicationData as a WBXML document; see [Merge], [Decode] and [ToXML]. It is
	// part of the memory of the page: clone it to keep it longer than the page.
	Raw []byte
}

// A Result is what became of an edit. The server reports adds and fetches, and changes and
// deletes that failed; what it does not mention has succeeded.
type Result struct {
	ID       ItemID // the server's name for it
	ClientID string // of an add
	Err      error  // an [*Error], or nil

	// Item and Raw are what the server says about the item: all of it for a [Fetch]; its
	// new attachments, or the like, for others from 16.0 on. Nil if it says nothing.
	Item Item
	Raw  []byte
}

// find returns the collection of folder f in an answer, or nil.
func find(out *airsync.SyncResponse, f FolderID) *airsync.SyncResponseFolder {
	if out.Collections == nil {
		return nil
	}
	for i := range out.Collections.Collection {
		if col := &out.Collections.Collection[i]; col.CollectionID == string(f) {
			return col
		}
	}
	if len(out.Collections.Collection) == 1 && out.Collections.Collection[0].CollectionID == "" {
		return &out.Collections.Collection[0] // we asked about one
	}
	return nil
}

func (r *response) page(col *airsync.SyncResponseFolder, key SyncKey, o *SyncOptions) (*Page, error) {
	if col.Status != nil && *col.Status != 1 {
		return nil, r.statusError("Collection", *col.Status)
	}
	p := &Page{Key: SyncKey(col.SyncKey), More: col.MoreAvailable}
	switch {
	case col.SyncKey == "" && (key == InitialSyncKey || col.Commands != nil):
		return nil, r.unexpected("a collection without a sync key")
	case col.SyncKey == "":
		p.Key = key
	}
	in := r.pageReader()
	if col.Commands != nil {
		p.Added = slices.Grow(p.Added, len(col.Commands.Add))
		for _, x := range col.Commands.Add {
			p.Added = append(p.Added, o.entry(in, x))
		}
		for _, x := range col.Commands.Change {
			p.Changed = append(p.Changed, o.entry(in, x))
		}
		for _, x := range col.Commands.Delete {
			p.Deleted = append(p.Deleted, ItemID(x.ServerID))
		}
		for _, x := range col.Commands.SoftDelete {
			p.SoftDeleted = append(p.SoftDeleted, ItemID(x.ServerID))
		}
	}
	if col.Responses != nil {
		for _, list := range [][]airsync.SyncReply{col.Responses.Add, col.Responses.Change, col.Responses.Delete, col.Responses.Fetch} {
			for _, x := range list {
				p.Results = append(p.Results, r.result(in, x, o))
			}
		}
	}
	return p, nil
}

func (r *response) result(in *pageReader, x airsync.SyncReply, o *SyncOptions) Result {
	res := Result{ID: ItemID(x.ServerID), ClientID: x.ClientID}
	if x.Status != nil && *x.Status != 1 {
		res.Err = r.statusError("Item", *x.Status)
	}
	if x.ApplicationData == nil {
		return res
	}
	res.Raw = *x.ApplicationData
	item, err := in.item(o.Class, res.Raw)
	if err != nil && res.Err == nil {
		res.Err = err
	}
	res.Item = item
	return res
}

// entry reads an item. One that cannot be read is the entry's own error.
func (o *SyncOptions) entry(in *pageReader, x airsync.SyncItem) Entry {
	e := Entry{ID: ItemID(x.ServerID)}
	if x.ApplicationData == nil {
		e.Err = errors.New("eas: item without data")
		return e
	}
	e.Raw = *x.ApplicationData
	class := o.Class
	if x.Class != "" && !strings.EqualFold(x.Class, string(class)) {
		class = Class(x.Class)
	}
	e.Item, e.Err = in.item(class, e.Raw)
	return e
}
