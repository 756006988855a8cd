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
	if !v.AtLeast(Version160) {
		var err error
		if edits, err = folded(edits); err != nil {
			return nil, err
		}
	}
	for i, e := range edits {
		if e.kind == editFolded {
			continue
		}
		made, err := e.commands(v)
		if err != nil {
			return nil, fmt.Errorf("edit %d: %w", i, err)
		}
		for _, c := range made {
			c.edit = i
			if list, err = join(list, c); err != nil {
				return nil, fmt.Errorf("edit %d: %w", i, err)
			}
		}
	}
	if len(list) > MaxEdits {
		return nil, fmt.Errorf("the edits make %d commands, and a server takes %d at a time", len(list), MaxEdits)
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
	var data *wbxml.Raw
	if len(c.elements) > 0 || c.kind == editAdd {
		doc, err := document(c.elements)
		if err != nil {
			return err
		}
		data = &doc
	}
	if c.kind == editAdd {
		out.Add = append(out.Add, airsync.SyncAdd{ClientID: c.id, ApplicationData: data})
	} else {
		out.Change = append(out.Change, airsync.SyncChange{ServerID: c.id, InstanceID: c.instance, ApplicationData: data, Send: c.send})
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
		series, _ := e.before.(*Event)
		c.instance = series.instance(e.start, v)
	}
	var err error
	switch {
	case e.kind == editFetch, e.kind == editDelete && (!e.single || v.AtLeast(Version160)):
	case e.kind == editMark:
		c.kind = editUpdate
		c.elements, err = e.marks()
	case e.kind == editAdd:
		c.id, c.elements, err = e.added(v)
	case e.single: // an update, or a deletion without its series
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
		if e.mark.Flag, err = e.flag.wire(time.Now()); err != nil {
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
	if x, ok := e.after.(*Event); ok && x != nil && len(x.Exceptions) > 0 && v.AtLeast(Version160) {
		return "", nil, errors.New("from version 16.0 on the exceptions of a series are sent to one that is there: Add it without, then Update")
	}
	if id = e.localID; id == "" {
		id = NewDeviceID()
	}
	if !isAlnum(id) || len(id) > 64 {
		return "", nil, errors.New("a client ID is 1 to 64 ASCII letters and digits")
	}
	list, err = whole(e.after, v)
	return id, list, err
}

// occurrence returns the change of an occurrence by itself, from 16.0 on.
func (e Edit) occurrence(v Version) (change, error) {
	series, _ := e.before.(*Event)
	after, _ := e.after.(*Event)
	switch {
	case series == nil && e.kind == editDelete:
		return change{}, fmt.Errorf("up to version 14.1 the series is sent with the occurrence, and this is %s", v)
	case series == nil:
		return change{}, errors.New("no series")
	case after == nil:
		return change{}, errNoItem
	}
	return occurrenceDifference(series, e.start, after, v)
}

// folded returns the edits with those of occurrences made updates of their series, as versions
// up to 14.1 want them: one for all occurrences of a series. Edits that have gone into another
// one are of the kind editFolded; faulty ones stay as they are.
func folded(edits []Edit) ([]Edit, error) {
	out := slices.Clone(edits)
	for i, e := range out {
		series, _ := e.before.(*Event)
		if !e.single || series == nil || e.start.IsZero() {
			continue
		}
		j := slices.IndexFunc(out[:i], func(x Edit) bool {
			return x.kind == editUpdate && !x.single && x.id == e.id && reflect.DeepEqual(x.before, e.before)
		})
		if j >= 0 {
			series, _ = out[j].after.(*Event)
		}
		with, err := e.seriesWith(series)
		if err != nil {
			return nil, fmt.Errorf("edit %d: %w", i, err)
		}
		if j >= 0 {
			out[j].after, out[i] = with, Edit{kind: editFolded}
		} else {
			out[i] = Update(e.id, e.before, with)
		}
	}
	return out, nil
}

// seriesWith returns the series with the exception that the edit of an occurrence makes.
func (e Edit) seriesWith(series *Event) (*Event, error) {
	if e.kind == editUpdate {
		after, _ := e.after.(*Event)
		if after == nil {
			return nil, errNoItem
		}
		// An exception has none.
		if _, err := changedAttachments(nil, after.Attachments, Version141); err != nil {
			return nil, err
		}
		return series.except(e.start, after)
	}
	with := *series
	with.Exceptions = slices.Clone(series.Exceptions)
	gone := Exception{Original: e.start, Deleted: true}
	if i := series.exceptionAt(e.start); i >= 0 {
		with.Exceptions[i] = gone
	} else {
		with.Exceptions = append(with.Exceptions, gone)
	}
	return &with, nil
}

// updates returns what an update of a whole item sends: a change of it and, from 16.0 on, one
// for each exception that differs.
func (e Edit) updates(v Version) ([]command, error) {
	if e.before == nil || e.after == nil {
		return nil, errNoItem
	}
	before, ok := e.before.(*Event)
	if after, _ := e.after.(*Event); ok && before != nil && after != nil {
		restored, err := after.restore(before)
		if err != nil {
			return nil, err
		}
		e.after = restored
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
	if !ok || !v.AtLeast(Version160) {
		return out, nil
	}
	after := e.after.(*Event)
	if reflect.DeepEqual(before.Exceptions, after.Exceptions) {
		return out, nil
	}
	if err := distinctExceptions(after); err != nil {
		return nil, err
	}
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
