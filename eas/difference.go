package eas

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An encoder is an item that a client can send. What it returns is a struct of package airsync,
// without the body and the attachments.
type encoder interface {
	Item
	encode(v Version, now time.Time) (any, error) // now is written where the item lacks when it was completed
	content() (*Body, []Attachment)
	lossless() error
}

func (m *Email) content() (*Body, []Attachment)   { return m.Body, m.Attachments }
func (e *Event) content() (*Body, []Attachment)   { return e.Body, e.Attachments }
func (c *Contact) content() (*Body, []Attachment) { return c.Body, nil }
func (t *Task) content() (*Body, []Attachment)    { return t.Body, nil }
func (n *Note) content() (*Body, []Attachment)    { return n.Body, nil }

// applicationData is an ApplicationData by its elements.
type applicationData struct {
	_        struct{}    `wbxml:"AirSync:ApplicationData"`
	Elements []wbxml.Raw `wbxml:",any"`
}

// document returns the elements as an ApplicationData.
func document(list []wbxml.Raw) (wbxml.Raw, error) {
	doc, err := wbxml.Marshal(&applicationData{Elements: list})
	if err != nil {
		return nil, fmt.Errorf("eas: %w", err)
	}
	return doc, nil
}

// split returns the elements of an ApplicationData.
func split(doc []byte) ([]wbxml.Raw, error) {
	var d applicationData
	if err := wbxml.Unmarshal(doc, &d); err != nil {
		return nil, err
	}
	return d.Elements, nil
}

// elements returns an item as the elements that a client sends, without body and attachments.
func elements(item encoder, v Version, now time.Time) ([]wbxml.Raw, error) {
	data, err := item.encode(v, now)
	if err != nil {
		return nil, err
	}
	doc, err := wbxml.Marshal(data)
	if err != nil {
		return nil, err
	}
	return split(doc)
}

// asEncoder returns the item as one that can be sent.
func asEncoder(item Item) (encoder, error) {
	e, ok := item.(encoder)
	if !ok {
		return nil, fmt.Errorf("an item of type %T cannot be sent", item)
	}
	if reflect.ValueOf(item).IsNil() {
		return nil, errNoItem
	}
	return e, nil
}

var errNoItem = errors.New("no item")

// whole returns an item as a client adds it.
func whole(item Item, v Version) ([]wbxml.Raw, error) {
	if u, ok := item.(*Unknown); ok && u != nil {
		return split(u.Raw)
	}
	e, err := asEncoder(item)
	if err != nil {
		return nil, err
	}
	list, err := elements(e, v, time.Now())
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(exceptionBodies(nil, item), distinctExceptions(item)); err != nil {
		return nil, err
	}
	body, files := e.content()
	return appendContent(list, nil, body, nil, files, v)
}

// contents are the elements of AirSyncBase that are compared by what they hold.
type contents struct {
	_           struct{}             `wbxml:"AirSync:ApplicationData"`
	Body        *airsync.Body        `wbxml:"AirSyncBase:Body"`
	Attachments *airsync.Attachments `wbxml:"AirSyncBase:Attachments"`
}

// appendContent appends what is to be sent of bodies and attachments.
func appendContent(list []wbxml.Raw, oldBody, newBody *Body, oldFiles, newFiles []Attachment, v Version) ([]wbxml.Raw, error) {
	var c contents
	var err error
	if c.Body, err = changedBody(oldBody, newBody); err != nil {
		return nil, err
	}
	if c.Attachments, err = changedAttachments(oldFiles, newFiles, v); err != nil {
		return nil, err
	}
	doc, err := wbxml.Marshal(&c)
	if err != nil {
		return nil, err
	}
	more, err := split(doc)
	return append(list, more...), err
}

// A change is what a client sends of an item that is there.
type change struct {
	elements []wbxml.Raw
	whole    bool // what it leaves out is removed
}

// difference returns what makes an item, as it was before, what it is after. From 16.0 on the
// elements of an event that are left out stay as they are, and empty ones are removed
// ([MS-ASCAL] 3.1.5.3, [MS-ASAIRS] 2.2.2.28); so it is with mail. All else is sent whole, but
// for bodies, pictures and exceptions, which stay where they are left out ([MS-ASCMD]
// 2.2.3.24).
func difference(before, after Item, v Version) (change, error) {
	if u, ok := after.(*Unknown); ok && u != nil {
		list, err := split(u.Raw)
		return change{list, true}, err
	}
	if reflect.TypeOf(before) != reflect.TypeOf(after) {
		return change{}, fmt.Errorf("a %T cannot become a %T", before, after)
	}
	b, err := asEncoder(before)
	if err != nil {
		return change{}, err
	}
	a, err := asEncoder(after)
	if err != nil {
		return change{}, err
	}
	now := time.Now() // one for both, or it would be a difference
	old, err := elements(b, v, now)
	if err != nil {
		return change{}, fmt.Errorf("as it was: %w", err)
	}
	list, err := elements(a, v, now)
	if err != nil {
		return change{}, err
	}
	oldBody, oldFiles := b.content()
	newBody, newFiles := a.content()
	content, err := appendContent(nil, oldBody, newBody, oldFiles, newFiles, v)
	if err != nil {
		return change{}, err
	}
	if sendsDifference(a, v) {
		return change{elements: append(different(old, list), content...)}, nil
	}
	if equalElements(old, list) && len(content) == 0 {
		return change{}, exceptionBodies(before, after)
	}
	if err := cmp.Or(a.lossless(), exceptionBodies(before, after), distinctExceptions(after)); err != nil {
		return change{}, err
	}
	return change{append(withPicture(old, list), content...), true}, nil
}

// exceptionBodies refuses the exceptions of an event whose bodies are truncated and not as they
// were: truncated bodies are left out where the exceptions are sent with the series.
func exceptionBodies(before, after Item) error {
	e, ok := after.(*Event)
	if !ok {
		return nil
	}
	was, _ := before.(*Event)
	for _, x := range e.Exceptions {
		var old *Body
		if was != nil {
			if i := was.exceptionAt(x.Original); i >= 0 {
				old = was.Exceptions[i].Body
			}
		}
		if _, err := changedBody(old, x.Body); err != nil {
			return fmt.Errorf("exception of %s: %w", x.Original.Format(time.RFC3339), err)
		}
	}
	return nil
}

// lossless refuses an item with an odd value that is to be sent whole: the server would remove
// what could not be read.
func lossless(odd []OddValue) error {
	for _, x := range odd {
		namespace, name, _ := strings.Cut(x.Element, ":")
		if t, ok := wbxml.Lookup(namespace, name); ok && (namespace == "AirSyncBase" || slices.Contains(neverSent, t)) {
			continue
		}
		return fmt.Errorf("%s could not be read, and the item is sent whole, which would remove it: set it, and clear Odd", safehttp.Clean(x.Element, 64))
	}
	return nil
}

// neverSent are elements that a client leaves out of what it sends whole, and the server keeps;
// so are those of AirSyncBase, but for a body that is changed.
var neverSent = []wbxml.Tag{wbxml.CalendarResponseType, wbxml.CalendarAppointmentReplyTime, wbxml.ContactsWeightedRank, wbxml.NotesLastModifiedDate}

func (m *Email) lossless() error   { return lossless(m.Odd) }
func (e *Event) lossless() error   { return lossless(e.Odd) }
func (c *Contact) lossless() error { return lossless(c.Odd) }
func (t *Task) lossless() error    { return lossless(t.Odd) }
func (n *Note) lossless() error    { return lossless(n.Odd) }

// sendsDifference reports whether what is left out of a change of the item stays as it is.
func sendsDifference(item Item, v Version) bool {
	switch item.(type) {
	case *Email:
		return true
	case *Event:
		return v.AtLeast(Version160)
	}
	return false
}

// stays are elements of events that are not removed by an empty one: a server wants a value,
// or the item says nothing where it has none.
var stays = []wbxml.Tag{
	wbxml.CalendarTimezone, wbxml.CalendarStartTime, wbxml.CalendarEndTime, wbxml.CalendarAllDayEvent, wbxml.CalendarBusyStatus,
	wbxml.CalendarSensitivity, wbxml.CalendarMeetingStatus, wbxml.CalendarResponseRequested, wbxml.CalendarDisallowNewTimeProposal,
	wbxml.CalendarClientUid, wbxml.EmailRead, wbxml.EmailImportance,
}

// times are the elements of an event that are only sent together.
var times = []wbxml.Tag{wbxml.CalendarStartTime, wbxml.CalendarEndTime, wbxml.CalendarAllDayEvent}

// different returns the elements of list that are not in old, and empty ones for those of old
// that are not in list.
func different(old, list []wbxml.Raw) []wbxml.Raw {
	was, is := byTag(old), byTag(list)
	changed := func(t wbxml.Tag) bool { return !bytes.Equal(was[t], is[t]) }
	together := slices.ContainsFunc(times, changed)
	var out []wbxml.Raw
	for _, e := range list {
		t, _ := e.Root()
		if t != wbxml.CalendarClientUid && (changed(t) || together && slices.Contains(times, t)) {
			out = append(out, e)
		}
	}
	for _, e := range old {
		if t, _ := e.Root(); is[t] == nil && !slices.Contains(stays, t) {
			out = append(out, emptyElement(t))
		}
	}
	return out
}

func byTag(list []wbxml.Raw) map[wbxml.Tag]wbxml.Raw {
	out := map[wbxml.Tag]wbxml.Raw{}
	for _, e := range list {
		if t, err := e.Root(); err == nil {
			out[t] = e
		}
	}
	return out
}

func equalElements(a, b []wbxml.Raw) bool {
	return slices.EqualFunc(a, b, func(x, y wbxml.Raw) bool { return bytes.Equal(x, y) })
}

// withPicture returns list for a contact that is sent whole: without a picture that is as it
// was, and with an empty one where it is gone.
func withPicture(old, list []wbxml.Raw) []wbxml.Raw {
	was, is := byTag(old)[wbxml.ContactsPicture], byTag(list)[wbxml.ContactsPicture]
	out := slices.Clone(list)
	switch {
	case was == nil:
	case is == nil:
		out = append(out, emptyElement(wbxml.ContactsPicture))
	case bytes.Equal(was, is):
		out = slices.DeleteFunc(out, func(e wbxml.Raw) bool {
			t, _ := e.Root()
			return t == wbxml.ContactsPicture
		})
	}
	return out
}

// emptyElement returns an element without content.
func emptyElement(t wbxml.Tag) wbxml.Raw {
	var b bytes.Buffer
	e := wbxml.NewEncoder(&b)
	_ = errors.Join(e.Empty(t), e.Close()) // a buffer takes it
	return b.Bytes()
}

// occurrenceDifference returns what makes an occurrence of a series what after is, from 16.0
// on. The series keeps its time zone and its pattern.
//
// QUIRK: Exchange answers a time zone in an occurrence with status 6 (EAS-4-TbSync,
// calendar-codec.mjs).
func occurrenceDifference(series *Event, start time.Time, after *Event, v Version) (change, error) {
	before, ok := series.Occurrence(start)
	if !ok {
		return change{}, errors.New("the occurrence is deleted")
	}
	if after.AllDay != series.AllDay {
		return change{}, errors.New("an occurrence is an all-day event if its series is one") // [MS-ASCAL] 2.2.2.1
	}
	one := *after
	one.Zone, one.Recurrence, one.Exceptions, one.ClientUID = before.Zone, nil, nil, before.ClientUID
	return difference(before, &one, v)
}
