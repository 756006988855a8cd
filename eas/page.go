package eas

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Page is a part of the changes of a folder.
type Page struct {
	Key         SyncKey // save it after handling the page
	Added       []Entry
	Changed     []Entry  // only the elements that changed are set; see [Merge]
	Deleted     []ItemID // gone from the folder
	SoftDeleted []ItemID // no longer in the filter's window: forget them, they still exist
	More        bool     // the server has more

	// DeletedOccurrences are deleted occurrences of series that remain, from 16.0 on. Servers
	// send most such changes as a change of the series.
	DeletedOccurrences []OccurrenceID
}

// An OccurrenceID names an occurrence of a series.
type OccurrenceID struct {
	Series ItemID
	Start  time.Time // when it would start
}

// IsEmpty reports whether the page has no changes.
func (p *Page) IsEmpty() bool {
	return len(p.Added)+len(p.Changed)+len(p.Deleted)+len(p.SoftDeleted)+len(p.DeletedOccurrences) == 0
}

// An Entry is an added or changed item of a [Page].
type Entry struct {
	ID ItemID
	// Occurrence is when the occurrence would start that changed, where the series that ID
	// names did not; from 16.0 on. The zero time otherwise. Raw is then of the occurrence alone
	// and must not be merged into the series.
	Occurrence time.Time
	Item       Item  // nil if Err is not; its Odd lists the values that could not be read
	Err        error // the item's data is damaged; the rest of the page could be read

	// Raw is the ApplicationData as a WBXML document; see [Merge], [Decode] and [ToXML]. It is
	// part of the memory of the page: clone it to keep it longer than the page.
	Raw []byte
}

// An EditResult is the result of an edit. The server reports adds and fetches, and the changes and
// deletions that failed; edits that it does not mention have succeeded.
type EditResult struct {
	ID         ItemID    // the server's name for it
	Occurrence time.Time // when the occurrence would start that the edit is about; zero: the item
	LocalID    string    // of an add
	Err        error     // an [*Error], or nil

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

// page reads the changes of a collection that was sent with key, and whose items are of a
// class if they do not say.
func (r *response) page(col *airsync.SyncResponseFolder, key SyncKey, class Class) (*Page, error) {
	if col.Status != nil && *col.Status != 1 {
		return nil, r.statusError("Collection", *col.Status)
	}
	p := &Page{Key: SyncKey(col.SyncKey), More: col.MoreAvailable}
	switch {
	case col.SyncKey == string(InitialSyncKey), col.SyncKey == "" && (key == InitialSyncKey || len(col.Commands) > 0):
		return nil, r.unexpected("a collection without a sync key")
	case col.SyncKey == "":
		p.Key = key
	}
	in := r.reader()
	for _, c := range col.Commands {
		p.add(c, in, class)
	}
	return p, nil
}

// add adds the server's changes to the page. A deletion that names nothing deletes nothing.
func (p *Page) add(c airsync.SyncCommands, in *reader, class Class) {
	p.Added = slices.Grow(p.Added, len(c.Add))
	for _, x := range c.Add {
		p.Added = append(p.Added, named(entry(in, x, class)))
	}
	for _, x := range c.Change {
		p.Changed = append(p.Changed, named(entry(in, x, class)))
	}
	for _, x := range c.Delete {
		start, err := parseTime(x.InstanceID)
		switch {
		case x.ServerID == "":
		case x.InstanceID == "":
			p.Deleted = append(p.Deleted, ItemID(x.ServerID))
		case err != nil:
			p.Changed = append(p.Changed, Entry{ID: ItemID(x.ServerID), Err: fmt.Errorf("eas: an occurrence is deleted, and its date cannot be read: %w", err)})
		default:
			p.DeletedOccurrences = append(p.DeletedOccurrences, OccurrenceID{ItemID(x.ServerID), start})
		}
	}
	for _, x := range c.SoftDelete {
		if x.ServerID != "" {
			p.SoftDeleted = append(p.SoftDeleted, ItemID(x.ServerID))
		}
	}
}

// named returns the entry, as one that cannot be read if it has no ID.
func named(e Entry) Entry {
	if e.ID == "" && e.Err == nil {
		e.Item, e.Err = nil, errors.New("eas: item without an ID")
	}
	return e
}

// results reads what became of edits.
func (r *response) results(col *airsync.SyncResponseFolder, class Class) []EditResult {
	var out []EditResult
	in := r.reader()
	for _, c := range col.Responses {
		for _, x := range slices.Concat(c.Add, c.Change, c.Delete, c.Fetch) {
			out = append(out, r.result(in, x, class))
		}
	}
	return out
}

func (r *response) result(in *reader, x airsync.SyncReply, class Class) EditResult {
	res := EditResult{ID: ItemID(x.ServerID), LocalID: x.ClientID}
	if x.InstanceID != "" {
		res.Occurrence, _ = parseTime(x.InstanceID)
	}
	if x.Status != nil && *x.Status != 1 {
		res.Err = r.statusError("Item", *x.Status)
	}
	if x.ApplicationData == nil {
		return res
	}
	res.Raw = *x.ApplicationData
	item, err := in.item(class, res.Raw)
	if err != nil && res.Err == nil {
		res.Err = err
	}
	res.Item = item
	return res
}

// entry reads an item. One that cannot be read is the entry's own error.
func entry(in *reader, x airsync.SyncItem, class Class) Entry {
	e := Entry{ID: ItemID(x.ServerID)}
	if x.InstanceID != "" {
		if e.Occurrence, e.Err = parseTime(x.InstanceID); e.Err != nil {
			return e
		}
	}
	if x.ApplicationData == nil {
		e.Err = errors.New("eas: item without data")
		return e
	}
	e.Raw = *x.ApplicationData
	if x.Class != "" && !strings.EqualFold(x.Class, string(cmp.Or(class, ClassEmail))) {
		class = Class(x.Class)
	}
	e.Item, e.Err = in.item(class, e.Raw)
	return e
}
