package eas

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxEdits is how many edits a server takes at a time (Exchange 2013 and later).
const MaxEdits = 200

// An Edit is a change for [Client.Apply]; the functions that return one say which there are.
type Edit struct {
	kind       editKind
	id         ItemID
	clientID   string
	item       Item
	occurrence time.Time
	read       *bool
	flag       *Flag
	categories []string
	send       bool
}

type editKind int

const (
	editMark editKind = iota + 1
	editAdd
	editChange
	editDelete
	editFetch
)

// MarkRead marks a mail as read or unread.
func MarkRead(id ItemID, read bool) Edit { return Edit{kind: editMark, id: id, read: &read} }

// SetFlag sets the flag of a mail; the zero Flag clears it.
func SetFlag(id ItemID, f Flag) Edit { return Edit{kind: editMark, id: id, flag: &f} }

// SetCategories replaces the categories of a mail; none removes all.
func SetCategories(id ItemID, categories ...string) Edit {
	return Edit{kind: editMark, id: id, categories: append([]string{}, categories...)}
}

// Delete deletes an item, as [SyncOptions.DeleteForGood] says: into Deleted Items.
func Delete(id ItemID) Edit { return Edit{kind: editDelete, id: id} }

// DeleteOccurrence deletes the occurrence of a series that would start at start. It needs
// version 16.0; up to 14.1 an [Exception] of the event does it.
func DeleteOccurrence(id ItemID, start time.Time) Edit {
	return Edit{kind: editDelete, id: id, occurrence: start}
}

// Add makes an item. The clientID, of at most 64 letters and digits, names it in the Results
// and lets the server recognize it when it comes again; "" makes one up. A mail becomes a
// draft, from 16.0 on and in the folder of drafts.
func Add(clientID string, item Item) Edit { return Edit{kind: editAdd, clientID: clientID, item: item} }

// Change replaces an item by another: see the types of items for what is sent. An [*Unknown]
// is sent as it is.
func Change(id ItemID, item Item) Edit { return Edit{kind: editChange, id: id, item: item} }

// ChangeOccurrence changes the occurrence of a series that would start at start. It needs
// version 16.0; up to 14.1 an [Exception] of the event does it.
func ChangeOccurrence(id ItemID, start time.Time, e *Event) Edit {
	return Edit{kind: editChange, id: id, item: e, occurrence: start}
}

// SendDraft sends the draft that id names, as m, which may be nil to leave it as it is. It
// needs version 16.0.
func SendDraft(id ItemID, m *Email) Edit {
	if m == nil {
		m = &Email{}
	}
	return Edit{kind: editChange, id: id, item: m, send: true}
}

// Fetch asks for an item, whole; it comes in the Results. See also [Client.FetchItem].
func Fetch(id ItemID) Edit { return Edit{kind: editFetch, id: id} }

// Apply sends edits, at most [MaxEdits], with the folder's key and returns the page that the
// server answers with. Its Results hold the edits that failed, adds and fetches; what is not
// mentioned has succeeded. The server's own changes may come in the same page.
//
// An Apply whose answer was lost is repeated with the same key: the server knows it again.
func (c *Client) Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Page, error) {
	return c.ApplyWith(ctx, f, key, nil, edits...)
}

// ApplyWith is [Client.Apply] with options; nil means the zero value.
func (c *Client) ApplyWith(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions, edits ...Edit) (*Page, error) {
	switch {
	case key == "" || key == InitialSyncKey:
		return nil, errors.New("eas: Sync: edits need the key of a folder that has been synchronized")
	case len(edits) == 0:
		return nil, errors.New("eas: Sync: no edits")
	case len(edits) > MaxEdits:
		return nil, fmt.Errorf("eas: Sync: %d edits, and a server takes %d at a time", len(edits), MaxEdits)
	}
	return c.sync(ctx, f, key, o, edits)
}

// commands returns the edits as the wire has them.
func commands(edits []Edit, v Version) (*airsync.SyncEdits, error) {
	if len(edits) == 0 {
		return nil, nil
	}
	out := &airsync.SyncEdits{}
	for i, e := range edits {
		if err := e.add(out, v); err != nil {
			return nil, fmt.Errorf("eas: Sync: edit %d: %w", i, err)
		}
	}
	return out, nil
}

func (e Edit) add(out *airsync.SyncEdits, v Version) error {
	instance := ""
	if !e.occurrence.IsZero() {
		if !v.AtLeast(Version160) {
			return fmt.Errorf("occurrences are changed by themselves from version 16.0 on, and this is %s", v)
		}
		instance = extended(e.occurrence)
	}
	if e.id == "" && e.kind != editAdd {
		return errors.New("no item")
	}
	switch e.kind {
	case editDelete:
		out.Delete = append(out.Delete, airsync.SyncDelete{ServerID: string(e.id), InstanceID: instance})
	case editFetch:
		out.Fetch = append(out.Fetch, airsync.SyncDelete{ServerID: string(e.id)})
	case editMark:
		data, err := wbxml.Marshal(e.marks())
		if err != nil {
			return err
		}
		raw := wbxml.Raw(data)
		out.Change = append(out.Change, airsync.SyncChange{ServerID: string(e.id), ApplicationData: &raw})
	case editAdd, editChange:
		raw, err := e.data(v)
		if err != nil {
			return err
		}
		if e.kind == editChange {
			out.Change = append(out.Change, airsync.SyncChange{ServerID: string(e.id), InstanceID: instance, ApplicationData: raw})
			return nil
		}
		id := e.clientID
		if id == "" {
			id = NewDeviceID()
		}
		if !isAlnum(id) || len(id) > 64 {
			return errors.New("a client ID is 1 to 64 ASCII letters and digits")
		}
		out.Add = append(out.Add, airsync.SyncAdd{ClientID: id, ApplicationData: raw})
	default:
		return errors.New("the zero Edit")
	}
	return nil
}

// marks returns what a client may change of a mail without touching the rest.
func (e Edit) marks() *airsync.EmailChange {
	out := &airsync.EmailChange{Read: e.read}
	if e.flag != nil {
		out.Flag = wireFlag(*e.flag)
	}
	if e.categories != nil {
		out.Categories = &airsync.Categories{Category: e.categories}
	}
	return out
}

func (e Edit) data(v Version) (*wbxml.Raw, error) {
	switch x := e.item.(type) {
	case nil:
		return nil, errors.New("no item")
	case *Email:
		if !v.AtLeast(Version160) {
			return nil, fmt.Errorf("drafts need version 16.0, and this is %s", v)
		}
		if e.send {
			d, err := x.encode(v)
			if err != nil {
				return nil, err
			}
			d.(*airsync.EmailData).Send = true
			doc, err := wbxml.Marshal(d)
			raw := wbxml.Raw(doc)
			return &raw, err
		}
	case *Event:
		if !e.occurrence.IsZero() {
			// QUIRK: Exchange answers a time zone in an occurrence with status 6
			// (EAS-4-TbSync, calendar-codec.mjs).
			one := *x
			one.Zone, one.Recurrence, one.ClientUID = nil, nil, ""
			return applicationData(&one, v)
		}
	}
	return applicationData(e.item, v)
}
