package eas

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// An Exception is an occurrence of a series that differs from it or was deleted. A nil pointer, a
// zero time and a nil slice mean: as in the series. A field that the series has and the occurrence
// lacks is empty: a pointer to a zero value, an empty slice that is not nil, or NoReminder.
// [Event.Occurrence] merges series and exception.
type Exception struct {
	Original    time.Time // when the occurrence would have started
	Deleted     bool
	Subject     *string
	Start, End  time.Time
	AllDay      *bool
	Place       *Place
	Body        *Body
	Categories  []string
	Busy        *BusyStatus
	Sensitivity *Sensitivity
	Reminder    *time.Duration
	NoReminder  bool // though the series has one
	Status      *MeetingStatus
	Attendees   []Attendee
	Response    ResponseType
	Replied     time.Time
	Attachments []Attachment

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

func exception(x airsync.EventException, r *reader) Exception {
	original := x.ExceptionStartTime
	if original == "" {
		original = x.InstanceID
	}
	out := Exception{
		Original: r.at("Calendar:ExceptionStartTime", original), Deleted: isTrue(x.Deleted), Subject: copied(nil, x.Subject),
		Start: r.at("Calendar:StartTime", x.StartTime), End: r.at("Calendar:EndTime", x.EndTime), AllDay: copied(nil, x.AllDayEvent), Body: body(nil, x.Body),
		Busy: number[BusyStatus](nil, r.orEmpty("Calendar:BusyStatus", x.BusyStatus)), Sensitivity: number[Sensitivity](nil, r.orEmpty("Calendar:Sensitivity", x.Sensitivity)),
		Status: number[MeetingStatus](nil, x.MeetingStatus), Attendees: attendees(x.Attendees, r), Response: ResponseType(value(x.ResponseType)),
		Replied: r.at("Calendar:AppointmentReplyTime", x.AppointmentReplyTime), Attachments: attachments(x.Attachments), Other: others(x.Other),
	}
	if x.Reminder != nil && strings.TrimSpace(*x.Reminder) == "" {
		out.NoReminder = true
	} else if n := r.orEmpty("Calendar:Reminder", x.Reminder); n != nil && *n >= 0 && int64(*n) <= int64(^uint32(0)) {
		minutes := uint32(*n)
		out.Reminder = r.minutes(nil, "Calendar:Reminder", &minutes)
	} else if n != nil {
		r.note("Calendar:Reminder", *x.Reminder)
	}
	if x.Location != nil || x.Place != nil {
		name := ""
		if x.Location != nil {
			name = *x.Location
		}
		p := place(name, x.Place)
		out.Place = &p
	}
	if x.Categories != nil {
		out.Categories = append([]string{}, x.Categories.Category...)
	}
	if x.Attendees != nil && out.Attendees == nil {
		out.Attendees = []Attendee{}
	}
	return out
}

// orEmpty returns the number of a text, 0 for an empty one, and nil for none and for what is
// not a number.
func (r *reader) orEmpty(element string, s *string) *int {
	if s == nil {
		return nil
	}
	before := len(r.odd)
	n := r.integer(element, *s)
	if len(r.odd) > before {
		return nil
	}
	return &n
}

// wire returns the exception as a client sends it up to 14.1.
func (x Exception) wire(v Version) airsync.EventException {
	out := airsync.EventException{ExceptionStartTime: compact(x.Original)}
	if x.Deleted {
		out.Deleted = &x.Deleted
		return out
	}
	text := func(n *int) *string {
		if n == nil {
			return nil
		}
		s := strconv.Itoa(*n)
		return &s
	}
	out.Subject, out.StartTime, out.EndTime, out.AllDayEvent = x.Subject, compact(x.Start), compact(x.End), x.AllDay
	out.Body, _ = x.Body.wire() // a truncated one stays as it is
	out.BusyStatus, out.Sensitivity, out.MeetingStatus, out.Other = text(plain(x.Busy)), text(plain(x.Sensitivity)), plain(x.Status), raws(x.Other)
	if x.NoReminder {
		out.Reminder = new(string)
	} else if m := wireMinutes(x.Reminder); m != nil {
		n := int(*m)
		out.Reminder = text(&n)
	}
	if x.Place != nil {
		out.Location = &x.Place.Name
	}
	if x.Categories != nil {
		out.Categories = &airsync.EventCategories{Category: x.Categories}
	}
	if x.Attendees != nil && v.AtLeast(Version140) {
		out.Attendees = wireAttendees(x.Attendees, v)
	}
	return out
}

// exceptionAt returns the index of the exception for the occurrence that would have started at
// original, or -1.
func (e *Event) exceptionAt(original time.Time) int {
	return slices.IndexFunc(e.Exceptions, func(x Exception) bool { return x.Original.Equal(original) })
}

// Occurrence returns the occurrence of a series that would have started at original, as an event
// of its own, with its exception applied. ok is false if the occurrence was deleted. It does not
// check that the series has an occurrence at that time.
func (e *Event) Occurrence(original time.Time) (*Event, bool) {
	one := *e
	one.Recurrence, one.Exceptions, one.Odd = nil, nil, nil
	one.Start, one.End = original, e.endOf(original, e.location())
	one.Categories, one.Attendees, one.Attachments = slices.Clone(e.Categories), slices.Clone(e.Attendees), slices.Clone(e.Attachments)
	one.Other = slices.Clone(e.Other)
	i := e.exceptionAt(original)
	if i < 0 {
		return &one, true
	}
	x := e.Exceptions[i]
	if x.Deleted {
		return nil, false
	}
	x.applyTo(&one)
	return &one, true
}

// applyTo changes an occurrence of the series to what the exception makes of it.
func (x *Exception) applyTo(e *Event) {
	if !x.Start.IsZero() {
		length := e.End.Sub(e.Start)
		e.Start, e.End = x.Start, x.Start.Add(length)
	}
	if !x.End.IsZero() {
		e.End = x.End
	}
	set(&e.Subject, x.Subject)
	set(&e.AllDay, x.AllDay)
	set(&e.Place, x.Place)
	set(&e.Sensitivity, x.Sensitivity)
	set(&e.Status, x.Status)
	if x.Body != nil {
		e.Body = x.Body
	}
	if x.Busy != nil {
		e.Busy = x.Busy
	}
	if x.NoReminder {
		e.Reminder = nil
	} else if x.Reminder != nil {
		e.Reminder = x.Reminder
	}
	if x.Categories != nil {
		e.Categories = slices.Clone(x.Categories)
	}
	if x.Attendees != nil {
		e.Attendees = slices.Clone(x.Attendees)
	}
	if x.Attachments != nil {
		e.Attachments = slices.Clone(x.Attachments)
	}
	if x.Response != ResponseNone {
		e.Response = x.Response
	}
	if !x.Replied.IsZero() {
		e.Replied = x.Replied
	}
	e.Other = append(e.Other, x.Other...)
}

// set assigns *from unless it is nil.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// except returns the series with an exception that makes one occurrence what after is.
func (e *Event) except(original time.Time, after *Event) (*Event, error) {
	plain := *e
	plain.Exceptions = nil
	inherited, _ := plain.Occurrence(original)
	x := Exception{Original: original}
	i := e.exceptionAt(original)
	if i >= 0 {
		x = e.Exceptions[i]
		x.Deleted = false
	}
	if !after.Start.Equal(inherited.Start) || !after.End.Equal(inherited.End) || !x.Start.IsZero() || !x.End.IsZero() {
		x.Start, x.End = after.Start, after.End
	}
	x.Subject = differs(after.Subject, inherited.Subject)
	x.AllDay = differs(after.AllDay, inherited.AllDay)
	x.Place = differs(after.Place, inherited.Place)
	x.Sensitivity = differs(after.Sensitivity, inherited.Sensitivity)
	x.Status = differs(after.Status, inherited.Status)
	x.Busy, x.Reminder, x.NoReminder = nil, nil, after.Reminder == nil && inherited.Reminder != nil
	if after.Busy != nil && (inherited.Busy == nil || *after.Busy != *inherited.Busy) {
		x.Busy = after.Busy
	}
	if after.Reminder != nil && (inherited.Reminder == nil || *after.Reminder != *inherited.Reminder) {
		x.Reminder = after.Reminder
	}
	x.Categories, x.Attendees = nil, nil
	if !slices.Equal(after.Categories, inherited.Categories) {
		x.Categories = append([]string{}, after.Categories...)
	}
	if !slices.Equal(after.Attendees, inherited.Attendees) {
		x.Attendees = append([]Attendee{}, after.Attendees...)
	}
	before := inherited.Body
	if i >= 0 && x.Body != nil {
		before = x.Body
	}
	if b, err := changedBody(before, after.Body); err != nil {
		return nil, err
	} else if b != nil {
		x.Body = &Body{Type: BodyType(b.Type), Data: *b.Data}
	}
	out := *e
	out.Exceptions = slices.Clone(e.Exceptions)
	if i >= 0 {
		out.Exceptions[i] = x
	} else {
		out.Exceptions = append(out.Exceptions, x)
	}
	return &out, nil
}

// restore returns the series with an exception more for each occurrence that before has one for
// and e has not, which makes it as the series has it: a server keeps what is left out. An
// exception means nothing to a series with another pattern or another start.
func (e *Event) restore(before *Event) (*Event, error) {
	if e.Recurrence == nil || !reflect.DeepEqual(e.Recurrence, before.Recurrence) || !e.Start.Equal(before.Start) {
		return e, nil
	}
	out := e
	for _, x := range before.Exceptions {
		if e.exceptionAt(x.Original) >= 0 || out.exceptionAt(x.Original) >= 0 {
			continue
		}
		plain, _ := e.Occurrence(x.Original)
		with := *out
		with.Exceptions = append(slices.Clone(out.Exceptions), x)
		made, err := with.except(x.Original, plain)
		if err != nil {
			return nil, fmt.Errorf("exception of %s: %w", x.Original.Format(time.RFC3339), err)
		}
		out = made
	}
	return out, nil
}

// distinctExceptions refuses an event with two exceptions for one occurrence, of which a server
// keeps one.
func distinctExceptions(item Item) error {
	e, ok := item.(*Event)
	if !ok {
		return nil
	}
	for i, x := range e.Exceptions {
		if e.exceptionAt(x.Original) != i {
			return fmt.Errorf("%w: two exceptions for the occurrence of %s: make one of them", errEvent, x.Original.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// differs returns a pointer to after, or nil where it is as before.
func differs[T comparable](after, before T) *T {
	if after == before {
		return nil
	}
	return &after
}
