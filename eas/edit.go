package eas

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxEdits is how many edits a server takes at a time (Exchange 2013 and later).
const MaxEdits = 200

// An Edit is a change for [Client.Apply]; the functions that return one say which there are.
type Edit struct {
	kind     editKind
	id       ItemID
	clientID string
	before   Item // of an update, as the item was; of an occurrence, the series
	after    Item
	start    time.Time // of an occurrence
	single   bool      // an occurrence
	mark     airsync.EmailChange
	flag     *Flag
	send     bool
}

type editKind int

const (
	editMark editKind = iota + 1
	editAdd
	editUpdate
	editDelete
	editFetch
)

// MarkRead marks a mail as read or unread.
func MarkRead(id ItemID, read bool) Edit {
	return Edit{kind: editMark, id: id, mark: airsync.EmailChange{Read: &read}}
}

// SetFlag sets the flag of a mail; the zero Flag clears it.
func SetFlag(id ItemID, f Flag) Edit { return Edit{kind: editMark, id: id, flag: &f} }

// SetCategories replaces the categories of a mail; none removes all.
func SetCategories(id ItemID, categories ...string) Edit {
	return Edit{kind: editMark, id: id, mark: airsync.EmailChange{Categories: &airsync.Categories{Category: slices.Clone(categories)}}}
}

// Delete deletes an item: it moves it to Deleted Items, or deletes it for good as
// [ApplyOptions.DeleteForGood] says.
func Delete(id ItemID) Edit { return Edit{kind: editDelete, id: id} }

// Add makes an item. The clientID, of at most 64 letters and digits, names it in the Results
// and lets the server recognize it when it comes again; if "", one is made up. A mail becomes a
// draft, from 16.0 on and in the folder of drafts. An item whose body is truncated is an error.
func Add(clientID string, item Item) Edit {
	return Edit{kind: editAdd, clientID: clientID, after: item}
}

// Update changes an item from what it was, as the server last sent it, to what it shall be; the
// two are of one type. It sends what the version needs. From 16.0 on these are the differences
// of mail and events, with an empty element for what after does not have. All else is sent
// whole, but for a body or a picture that is the same in both.
//
// A truncated body is never sent: it is an error if it was changed, and stays as it is
// otherwise. Attachments of after with a Content are added, and those that only before has
// removed. Of a mail that is not a draft, a client changes Read, Flag and Categories. Exceptions
// of an event that differ are sent with it or, from 16.0 on, as edits of their own; an
// exception that is left out of after stays.
//
// An [*Unknown] is sent as it is. An Update without a difference sends nothing.
func Update(id ItemID, before, after Item) Edit {
	return Edit{kind: editUpdate, id: id, before: before, after: after}
}

// UpdateOccurrence changes the occurrence of a series that would start at start to what after
// is. The series is as the server last sent it, with its exceptions; [Event.Occurrence] returns
// what the occurrence was. Up to 14.1 the series is sent with an exception more; from 16.0 on,
// what differs of the occurrence.
func UpdateOccurrence(id ItemID, series *Event, start time.Time, after *Event) Edit {
	return Edit{kind: editUpdate, id: id, before: series, after: after, start: start, single: true}
}

// DeleteOccurrence deletes the occurrence of a series that would start at start. Up to 14.1 the
// series is sent with an exception more; from 16.0 on it is not needed and may be nil.
func DeleteOccurrence(id ItemID, series *Event, start time.Time) Edit {
	return Edit{kind: editDelete, id: id, before: series, start: start, single: true}
}

// SendDraft sends the draft that id names, changed from before to after; see [Update]. Both
// may be nil to leave it as it is. It needs version 16.0.
func SendDraft(id ItemID, before, after *Email) Edit {
	if before == nil && after == nil {
		before, after = &Email{}, &Email{}
	}
	return Edit{kind: editUpdate, id: id, before: before, after: after, send: true}
}

// Fetch asks for an item, whole; it comes in the Results. See also [Client.FetchItem].
func Fetch(id ItemID) Edit { return Edit{kind: editFetch, id: id} }

// A command is an edit, or a part of one, as the wire has it.
type command struct {
	edit     int // which one, for errors
	kind     editKind
	id       string // ServerId, or ClientId of an add
	instance string // InstanceId
	change
	send bool
}

// commands returns the edits as the wire has them; nil if they send nothing.
func commands(edits []Edit, v Version) (*airsync.SyncEdits, error) {
	var list []command
	for i, e := range edits {
		made, err := e.commands(v)
		if err != nil {
			return nil, fmt.Errorf("eas: Sync: edit %d: %w", i, err)
		}
		for _, c := range made {
			c.edit = i
			if list, err = join(list, c); err != nil {
				return nil, fmt.Errorf("eas: Sync: edit %d: %w", i, err)
			}
		}
	}
	if len(list) > MaxEdits {
		return nil, fmt.Errorf("eas: Sync: the edits make %d commands, and a server takes %d at a time", len(list), MaxEdits)
	}
	if len(list) == 0 {
		return nil, nil
	}
	out := &airsync.SyncEdits{}
	for _, c := range list {
		if err := c.add(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// join adds a command to the list. Exchange applies the first of several commands for one item
// and answers status 16 for all, so that there is one for each: marks and differences are
// joined, and what cannot be is refused.
func join(list []command, c command) ([]command, error) {
	for i := range list {
		x := &list[i]
		// A series and its occurrences are different items, unless it goes as a whole.
		apart := x.instance != c.instance && !x.takesAll() && !c.takesAll()
		switch {
		case x.id != c.id || (x.kind == editAdd) != (c.kind == editAdd) || apart:
			continue
		case x.kind == c.kind && x.instance == c.instance && (c.kind == editDelete || c.kind == editFetch):
			return list, nil
		case x.kind != editUpdate || c.kind != editUpdate || x.whole || c.whole:
			return nil, fmt.Errorf("edit %d is about the same item: send one after the other, or make one of the two", x.edit)
		}
		x.send = x.send || c.send
		is := byTag(x.elements)
		for _, e := range c.elements {
			t, _ := e.Root()
			switch old := is[t]; {
			case old == nil:
				x.elements = append(x.elements, e)
			case !bytes.Equal(old, e):
				return nil, fmt.Errorf("edit %d sets %v of the same item to another value", x.edit, t)
			}
		}
		return list, nil
	}
	return append(list, c), nil
}

// takesAll reports whether the command is about an item with all its occurrences.
func (c command) takesAll() bool { return c.instance == "" && c.kind != editUpdate }

func (c command) add(out *airsync.SyncEdits) error {
	switch c.kind {
	case editDelete:
		out.Delete = append(out.Delete, airsync.SyncDelete{ServerID: c.id, InstanceID: c.instance})
		return nil
	case editFetch:
		out.Fetch = append(out.Fetch, airsync.SyncDelete{ServerID: c.id})
		return nil
	}
	data, err := document(c.elements)
	if err != nil {
		return err
	}
	if c.kind == editAdd {
		out.Add = append(out.Add, airsync.SyncAdd{ClientID: c.id, ApplicationData: &data})
	} else {
		out.Change = append(out.Change, airsync.SyncChange{ServerID: c.id, InstanceID: c.instance, ApplicationData: &data, Send: c.send})
	}
	return nil
}

// commands returns what the edit sends to a server of version v.
func (e Edit) commands(v Version) ([]command, error) {
	if e.id == "" && e.kind != editAdd {
		return nil, errNoItem
	}
	if e.single && e.start.IsZero() {
		return nil, errors.New("no start of an occurrence")
	}
	c := command{kind: e.kind, id: string(e.id)}
	if e.single && v.AtLeast(Version160) {
		c.instance = compact(e.start)
	}
	var err error
	switch {
	case e.kind == editFetch, e.kind == editDelete && (!e.single || v.AtLeast(Version160)):
	case e.kind == editMark:
		c.kind = editUpdate
		c.elements, err = e.marks()
	case e.kind == editAdd:
		c.id, c.elements, err = e.added(v)
	case e.kind == editDelete, e.kind == editUpdate && e.single:
		c.kind = editUpdate
		c.change, err = e.occurrence(v)
	case e.kind == editUpdate:
		return e.updates(v)
	default:
		return nil, errors.New("the zero Edit")
	}
	if err != nil || c.kind == editUpdate && len(c.elements) == 0 {
		return nil, err
	}
	return []command{c}, nil
}

// marks returns what a client may change of a mail without touching the rest.
func (e Edit) marks() ([]wbxml.Raw, error) {
	if e.flag != nil {
		var err error
		if e.mark.Flag, err = e.flag.wire(); err != nil {
			return nil, err
		}
	}
	doc, err := wbxml.Marshal(&e.mark)
	if err != nil {
		return nil, err
	}
	return split(doc)
}

func (e Edit) added(v Version) (id string, list []wbxml.Raw, err error) {
	if e.after == nil {
		return "", nil, errNoItem
	}
	if _, ok := e.after.(*Email); ok && !v.AtLeast(Version160) {
		return "", nil, fmt.Errorf("drafts need version 16.0, and this is %s", v)
	}
	if id = e.clientID; id == "" {
		id = NewDeviceID()
	}
	if !isAlnum(id) || len(id) > 64 {
		return "", nil, errors.New("a client ID is 1 to 64 ASCII letters and digits")
	}
	list, err = whole(e.after, v)
	return id, list, err
}

// occurrence returns the change of an occurrence: of its own from 16.0 on, of the series
// before.
func (e Edit) occurrence(v Version) (change, error) {
	series, _ := e.before.(*Event)
	after, _ := e.after.(*Event)
	switch {
	case series == nil && e.kind == editDelete:
		return change{}, fmt.Errorf("up to version 14.1 the series is sent with the occurrence, and this is %s", v)
	case series == nil:
		return change{}, errors.New("no series")
	case after == nil && e.kind == editUpdate:
		return change{}, errNoItem
	case e.kind == editUpdate && v.AtLeast(Version160):
		return occurrenceDifference(series, e.start, after, v)
	}
	if e.kind == editUpdate {
		with, err := series.except(e.start, after)
		if err != nil {
			return change{}, err
		}
		return difference(series, with, v)
	}
	with := *series
	with.Exceptions = slices.Clone(series.Exceptions)
	gone := Exception{Original: e.start, Deleted: true}
	if i := series.exceptionAt(e.start); i >= 0 {
		with.Exceptions[i] = gone
	} else {
		with.Exceptions = append(with.Exceptions, gone)
	}
	return difference(series, &with, v)
}

// updates returns what an update of a whole item sends: a change of it and, from 16.0 on, one
// for each exception that differs.
func (e Edit) updates(v Version) ([]command, error) {
	if e.before == nil || e.after == nil {
		return nil, errNoItem
	}
	d, err := difference(e.before, e.after, v)
	if err != nil {
		return nil, err
	}
	if e.send && !v.AtLeast(Version160) {
		return nil, fmt.Errorf("drafts need version 16.0, and this is %s", v)
	}
	if m, ok := e.after.(*Email); ok && !e.send {
		if err := m.changeable(d.elements, v); err != nil {
			return nil, err
		}
	}
	var out []command
	if len(d.elements) > 0 || e.send {
		out = append(out, command{kind: editUpdate, id: string(e.id), change: d, send: e.send})
	}
	before, ok := e.before.(*Event)
	if !ok || !v.AtLeast(Version160) {
		return out, nil
	}
	after := e.after.(*Event)
	for _, x := range after.Exceptions {
		i := before.exceptionAt(x.Original)
		if i >= 0 && reflect.DeepEqual(before.Exceptions[i], x) {
			continue
		}
		one := DeleteOccurrence(e.id, nil, x.Original)
		if !x.Deleted {
			made, _ := after.Occurrence(x.Original)
			one = UpdateOccurrence(e.id, before, x.Original, made)
		}
		more, err := one.commands(v)
		if err != nil {
			return nil, fmt.Errorf("exception of %s: %w", x.Original.Format(time.RFC3339), err)
		}
		out = append(out, more...)
	}
	return out, nil
}

// changeable refuses a change that a server does not take of a mail.
func (m *Email) changeable(list []wbxml.Raw, v Version) error {
	for _, e := range list {
		switch t, _ := e.Root(); {
		case t == wbxml.EmailRead, t == wbxml.EmailFlag, t == wbxml.EmailCategories:
		case !v.AtLeast(Version160):
			return fmt.Errorf("%v of a mail: drafts need version 16.0, and this is %s", t, v)
		case !m.Draft:
			return fmt.Errorf("%v of a mail that is not a draft cannot be changed", t)
		}
	}
	return nil
}
