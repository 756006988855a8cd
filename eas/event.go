package eas

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// An Event is an appointment or a meeting. See [MS-ASCAL] 2.2. Times are in UTC, and zero if the
// server did not send them.
//
// [Add] sends the whole event. [Update] sends the differences from 16.0 on, and the whole event
// before. From 16.0 on the server sets UID, Stamp and Organizer, which are not sent, and
// occurrences are changed individually; see [UpdateOccurrence].
type Event struct {
	Subject    string
	Start, End time.Time
	AllDay     bool      // Start and End are midnights in Zone, or in UTC if it is nil
	Zone       *TimeZone // nil: not sent, or not readable
	Place      Place
	Body       *Body // nil: not requested
	Categories []string

	Busy        *BusyStatus // nil: not sent
	Sensitivity Sensitivity
	Reminder    *time.Duration // before the start, in whole minutes; nil: none

	UID       string
	ClientUID string // made by the client with [Add], from 16.0 on
	Stamp     time.Time

	Status            MeetingStatus
	Organizer         Person
	Attendees         []Attendee
	Response          ResponseType // of the user
	Replied           time.Time    // when the user responded
	ResponseRequested bool
	NoNewTimes        bool // proposals of other times are not wanted

	Recurrence *Recurrence // nil: once
	Exceptions []Exception

	OnlineMeeting, OnlineMeetingExternal string       // links
	Attachments                          []Attachment // from 16.0 on

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
	// Odd lists the values that could not be read, those of exceptions among them.
	Odd []OddValue
}

// A MeetingStatus says whether an event is a meeting and who organizes it. See [MS-ASCAL]
// 2.2.2.31.
type MeetingStatus int

// The values of [MeetingStatus] that servers use.
const (
	Appointment              MeetingStatus = 0
	MeetingOrganized         MeetingStatus = 1 // the user invites
	MeetingReceived          MeetingStatus = 3
	MeetingCanceledOrganized MeetingStatus = 5
	MeetingCanceledReceived  MeetingStatus = 7
)

// IsMeeting reports whether the event has attendees.
func (s MeetingStatus) IsMeeting() bool { return s&1 != 0 }

// IsReceived reports whether another person organizes the meeting.
func (s MeetingStatus) IsReceived() bool { return s&2 != 0 }

// IsCanceled reports whether the meeting was canceled.
func (s MeetingStatus) IsCanceled() bool { return s&4 != 0 }

// A ResponseType is the response of a person to an invitation.
type ResponseType int

// The values of [ResponseType].
const (
	ResponseNone      ResponseType = 0
	ResponseOrganizer ResponseType = 1
	ResponseTentative ResponseType = 2
	ResponseAccepted  ResponseType = 3
	ResponseDeclined  ResponseType = 4
	ResponseNotYet    ResponseType = 5
)

// An Attendee is a participant of a meeting.
type Attendee struct {
	Name, Email string
	Response    ResponseType // as the organizer knows it
	Type        AttendeeType // 0: not sent

	ProposedStart, ProposedEnd time.Time // from 16.1 on
}

// An AttendeeType is the role of an attendee.
type AttendeeType int

// The values of [AttendeeType].
const (
	AttendeeRequired AttendeeType = 1
	AttendeeOptional AttendeeType = 2
	AttendeeResource AttendeeType = 3
)

// Class returns [ClassCalendar].
func (*Event) Class() Class { return ClassCalendar }

func decodeEvent(r *reader, raw []byte) (Item, error) {
	d, err := read(r, raw, &r.event)
	if err != nil {
		return nil, fmt.Errorf("eas: event: %w", err)
	}
	block := &struct { // one allocation
		Event
		body     Body
		busy     BusyStatus
		reminder time.Duration
		zone     TimeZone
	}{}
	e := &block.Event
	*e = Event{
		Subject: d.Subject, Start: r.at("Calendar:StartTime", d.StartTime), End: r.at("Calendar:EndTime", d.EndTime), AllDay: isTrue(d.AllDayEvent),
		Zone: r.zone(&block.zone, "Calendar:Timezone", d.TimeZone), Place: place(d.Location, d.Place), Body: body(&block.body, d.Body), Busy: number(&block.busy, d.BusyStatus),
		Sensitivity: Sensitivity(value(d.Sensitivity)), Reminder: r.minutes(&block.reminder, "Calendar:Reminder", d.Reminder),
		UID: d.UID, ClientUID: d.ClientUID, Stamp: r.at("Calendar:DtStamp", d.DTStamp),
		Status: MeetingStatus(value(d.MeetingStatus)), Organizer: Person{Name: d.OrganizerName, Email: d.OrganizerEmail},
		Attendees: attendees(d.Attendees, r), Response: ResponseType(value(d.ResponseType)), Replied: r.at("Calendar:AppointmentReplyTime", d.AppointmentReplyTime),
		ResponseRequested: isTrue(d.ResponseRequested), NoNewTimes: isTrue(d.DisallowNewTimeProposal),
		OnlineMeeting: d.OnlineMeetingConfLink, OnlineMeetingExternal: d.OnlineMeetingExternalLink,
		Attachments: attachments(d.Attachments), Other: others(d.Other),
	}
	if d.Categories != nil {
		e.Categories = d.Categories.Category
	}
	if x := d.Recurrence; x != nil && x.Type != nil { // an empty one is as one that is absent
		e.Recurrence = &Recurrence{
			Type: RecurrenceType(*x.Type), Interval: value(x.Interval), Until: r.at("Calendar:Until", x.Until), Occurrences: value(x.Occurrences),
			WeekOfMonth: value(x.WeekOfMonth), DayOfMonth: value(x.DayOfMonth), Days: Weekdays(value(x.DayOfWeek)),
			Month: time.Month(value(x.MonthOfYear)), CalendarType: value(x.CalendarType), LeapMonth: isTrue(x.IsLeapMonth),
			FirstDay: r.weekday("Calendar:FirstDayOfWeek", x.FirstDayOfWeek),
		}
	}
	if d.Exceptions != nil {
		e.Exceptions = slices.Grow(e.Exceptions, len(d.Exceptions.Exception))
		for _, x := range d.Exceptions.Exception {
			e.Exceptions = append(e.Exceptions, exception(x, r))
		}
	}
	e.Odd = r.odd
	return e, nil
}

func plain[T ~int](n *T) *int {
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}

// minutes returns n minutes, in the room of d; nil for nil and for more than a Duration holds.
func (r *reader) minutes(d *time.Duration, element string, n *uint32) *time.Duration {
	if n == nil {
		return nil
	}
	if int64(*n) > math.MaxInt64/int64(time.Minute) {
		r.note(element, strconv.FormatUint(uint64(*n), 10))
		return nil
	}
	d = room(d)
	*d = time.Duration(*n) * time.Minute
	return d
}

func wireMinutes(d *time.Duration) *uint32 {
	if d == nil {
		return nil
	}
	n := uint32(max(*d, 0) / time.Minute)
	return &n
}

func attendees(l *airsync.Attendees, r *reader) []Attendee {
	if l == nil {
		return nil
	}
	out := slices.Grow([]Attendee(nil), len(l.Attendee))
	for i := range l.Attendee {
		a := &l.Attendee[i]
		out = append(out, Attendee{
			Name: a.Name, Email: a.Email, Response: ResponseType(value(a.Status)), Type: AttendeeType(value(a.Type)),
			ProposedStart: r.at("MeetingResponse:ProposedStartTime", a.ProposedStartTime), ProposedEnd: r.at("MeetingResponse:ProposedEndTime", a.ProposedEndTime),
		})
	}
	return out
}

// wireAttendees returns the attendees as a client sends them. Up to 14.1 the list replaces the
// server's, so that it holds what they have answered.
func wireAttendees(list []Attendee, v Version) *airsync.Attendees {
	out := &airsync.Attendees{}
	for _, a := range list {
		x := airsync.Attendee{Email: a.Email, Name: a.Name, Type: optional(a.Type)}
		if !v.AtLeast(Version160) {
			x.Status = optional(a.Response)
		}
		out.Attendee = append(out.Attendee, x)
	}
	return out
}

var errEvent = errors.New("eas: event")

// encode returns what a client sends of an event, but for the body and the attachments.
func (e *Event) encode(v Version, _ time.Time) (any, error) {
	d := &airsync.EventData{
		Subject: e.Subject, StartTime: e.written(e.Start, v), EndTime: e.written(e.End, v), AllDayEvent: &e.AllDay,
		BusyStatus: plain(e.Busy), Reminder: wireMinutes(e.Reminder), Other: raws(e.Other),
	}
	sensitivity, status := int(e.Sensitivity), int(e.Status)
	d.Sensitivity, d.MeetingStatus = &sensitivity, &status
	if e.Zone != nil && !e.floats(v) {
		d.TimeZone = e.Zone.Encode()
	}
	if len(e.Attendees) > 0 {
		d.Attendees = wireAttendees(e.Attendees, v)
	}
	if len(e.Categories) > 0 {
		d.Categories = &airsync.EventCategories{Category: e.Categories}
	}
	if e.Status.IsMeeting() && v.AtLeast(Version140) {
		d.ResponseRequested, d.DisallowNewTimeProposal = &e.ResponseRequested, &e.NoNewTimes
	}
	if x := e.Recurrence; x != nil {
		kind := int(x.Type)
		d.Recurrence = &airsync.EventRecurrence{
			Type: &kind, Interval: optional(x.Interval), Until: e.written(x.Until, v), Occurrences: optional(x.Occurrences),
			WeekOfMonth: optional(x.WeekOfMonth), DayOfMonth: optional(x.DayOfMonth), DayOfWeek: optional(x.Days), MonthOfYear: optional(x.Month),
		}
		d.Recurrence.CalendarType, d.Recurrence.IsLeapMonth = x.calendar(v)
		if v.AtLeast(Version141) {
			d.Recurrence.FirstDayOfWeek = wireWeekday(x.FirstDay)
		}
	}
	if v.AtLeast(Version160) {
		d.Place, d.ClientUID = e.Place.wire(), e.ClientUID
		return d, nil
	}
	d.Location, d.UID, d.DTStamp = e.Place.Name, e.UID, compact(e.Stamp)
	d.OrganizerName, d.OrganizerEmail = e.Organizer.Name, e.Organizer.Email
	for _, x := range e.Exceptions {
		if x.Original.IsZero() {
			return nil, fmt.Errorf("%w: an exception without the time it stands for", errEvent)
		}
		if d.Exceptions == nil {
			d.Exceptions = &airsync.EventExceptions{}
		}
		d.Exceptions.Exception = append(d.Exceptions.Exception, x.wire(v))
	}
	return d, nil
}

// floats reports whether the event is written without a time zone and a time of day, as
// all-day events are from 16.0 on ([MS-ASCAL] 2.2.2.1).
func (e *Event) floats(v Version) bool { return e.AllDay && v.AtLeast(Version160) }

// written writes a time of the event; "" for the zero time.
func (e *Event) written(t time.Time, v Version) string {
	switch {
	case !e.floats(v) || t.IsZero():
		return compact(t)
	case e.Zone == nil:
		return t.Format(compactDate)
	}
	return t.In(e.location()).Format(compactDate)
}

// instance returns the name of the occurrence that would start at start: of an all-day event
// its day. E may be nil for an event that is not known.
func (e *Event) instance(start time.Time, v Version) string {
	if e != nil && e.floats(v) {
		return e.written(start, v) + "T000000Z"
	}
	return compact(start)
}

// location returns the location of the event's clock: UTC without a usable zone.
func (e *Event) location() *time.Location {
	if e.Zone != nil {
		if loc, err := e.Zone.Location(""); err == nil {
			return loc
		}
	}
	return time.UTC
}
