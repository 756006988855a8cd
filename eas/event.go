package eas

import (
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// An Event is an appointment or a meeting. See [MS-ASCAL] 2.2. Times are in UTC and zero if
// not said.
//
// [Change] sends it whole. From 16.0 on the server makes the UID and keeps what the organizer
// is told, so that UID, Stamp, Organizer and Exceptions are not sent; an occurrence is changed
// with [ChangeOccurrence].
type Event struct {
	Subject    string
	Start, End time.Time
	AllDay     bool      // Start and End are midnights in Zone
	Zone       *TimeZone // nil: not said, or not readable
	Place      Place
	Body       *Body // nil: not asked for
	Categories []string

	Busy        *BusyStatus // nil: not said
	Sensitivity Sensitivity
	Reminder    *time.Duration // before the start, in whole minutes; nil: none

	UID       string
	ClientUID string // made by the client with [Add], from 16.0 on
	Stamp     time.Time

	Status            MeetingStatus
	Organizer         Person
	Attendees         []Attendee
	Response          ResponseType // of the user
	Replied           time.Time    // when the user answered
	ResponseRequested bool
	NoNewTimes        bool // proposals of other times are not wanted

	Recurrence *Recurrence // nil: once
	Exceptions []Exception

	OnlineMeeting, OnlineMeetingExternal string // links
	Attachments                          []Attachment
	RemoveAttachments                    []string // references, for [Change] from 16.0 on

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

// A MeetingStatus says whether an event is a meeting and whose. See [MS-ASCAL] 2.2.2.31.
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

// IsReceived reports whether another organizes the meeting.
func (s MeetingStatus) IsReceived() bool { return s&2 != 0 }

// IsCanceled reports whether the meeting was canceled.
func (s MeetingStatus) IsCanceled() bool { return s&4 != 0 }

// A ResponseType is an answer to an invitation.
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

// An Attendee takes part in a meeting.
type Attendee struct {
	Name, Email string
	Response    ResponseType // as the organizer knows it
	Type        AttendeeType // 0: not said

	ProposedStart, ProposedEnd time.Time // from 16.1 on
}

// An AttendeeType says how somebody or something takes part.
type AttendeeType int

// The values of [AttendeeType].
const (
	AttendeeRequired AttendeeType = 1
	AttendeeOptional AttendeeType = 2
	AttendeeResource AttendeeType = 3
)

// An Exception is an occurrence of a series that differs from it or does not take place. A
// nil pointer, a zero time and a nil slice mean: as in the series.
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
	Status      *MeetingStatus
	Attendees   []Attendee
	Response    ResponseType
	Replied     time.Time
	Attachments []Attachment
	Other       [][]byte
}

// Class returns [ClassCalendar].
func (*Event) Class() Class { return ClassCalendar }

func decodeEvent(in *pageReader, raw []byte) (Item, error) {
	d, err := read(in, raw, &in.event)
	if err != nil {
		return nil, fmt.Errorf("eas: event: %w", err)
	}
	var at dates
	e := &Event{
		Subject: d.Subject, Start: at.at("StartTime", d.StartTime), End: at.at("EndTime", d.EndTime), AllDay: isTrue(d.AllDayEvent),
		Place: place(d.Location, d.Place), Body: body(d.Body), Busy: number[BusyStatus](d.BusyStatus), Sensitivity: Sensitivity(value(d.Sensitivity)),
		Reminder: minutes(d.Reminder), UID: d.UID, ClientUID: d.ClientUID, Stamp: at.at("DtStamp", d.DTStamp),
		Status: MeetingStatus(value(d.MeetingStatus)), Organizer: Person{Name: d.OrganizerName, Email: d.OrganizerEmail},
		Attendees: attendees(d.Attendees, &at), Response: ResponseType(value(d.ResponseType)), Replied: at.at("AppointmentReplyTime", d.AppointmentReplyTime),
		ResponseRequested: isTrue(d.ResponseRequested), NoNewTimes: isTrue(d.DisallowNewTimeProposal),
		OnlineMeeting: d.OnlineMeetingConfLink, OnlineMeetingExternal: d.OnlineMeetingExternalLink,
		Attachments: attachments(d.Attachments), Other: others(d.Other),
	}
	if z, err := ParseTimeZone(d.TimeZone); err == nil {
		e.Zone = z
	}
	if d.Categories != nil {
		e.Categories = d.Categories.Category
	}
	if r := d.Recurrence; r != nil {
		e.Recurrence = &Recurrence{
			Type: RecurrenceType(r.Type), Interval: value(r.Interval), Until: at.at("Until", r.Until), Occurrences: value(r.Occurrences),
			WeekOfMonth: value(r.WeekOfMonth), DayOfMonth: value(r.DayOfMonth), Days: Weekdays(value(r.DayOfWeek)),
			Month: time.Month(value(r.MonthOfYear)), CalendarType: value(r.CalendarType), LeapMonth: isTrue(r.IsLeapMonth),
			FirstDay: weekday(r.FirstDayOfWeek),
		}
	}
	if d.Exceptions != nil {
		for _, x := range d.Exceptions.Exception {
			e.Exceptions = append(e.Exceptions, exception(x, &at))
		}
	}
	if at.err != nil {
		return nil, at.err
	}
	return e, nil
}

func exception(x airsync.EventException, at *dates) Exception {
	original := x.ExceptionStartTime
	if original == "" {
		original = x.InstanceID
	}
	out := Exception{
		Original: at.at("Exception", original), Deleted: isTrue(x.Deleted), Subject: x.Subject,
		Start: at.at("StartTime", x.StartTime), End: at.at("EndTime", x.EndTime), AllDay: x.AllDayEvent, Body: body(x.Body),
		Busy: number[BusyStatus](x.BusyStatus), Sensitivity: number[Sensitivity](x.Sensitivity), Reminder: minutes(x.Reminder),
		Status: number[MeetingStatus](x.MeetingStatus), Attendees: attendees(x.Attendees, at), Response: ResponseType(value(x.ResponseType)),
		Replied: at.at("AppointmentReplyTime", x.AppointmentReplyTime), Attachments: attachments(x.Attachments), Other: others(x.Other),
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
		out.Categories = x.Categories.Category
	}
	return out
}

// number returns n as another type; nil for nil.
func number[T ~int](n *int) *T {
	if n == nil {
		return nil
	}
	t := T(*n)
	return &t
}

func plain[T ~int](n *T) *int {
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}

func minutes(n *int) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * time.Minute
	return &d
}

func wireMinutes(d *time.Duration) *int {
	if d == nil {
		return nil
	}
	n := int(*d / time.Minute)
	return &n
}

func attendees(l *airsync.Attendees, at *dates) []Attendee {
	if l == nil {
		return nil
	}
	var out []Attendee
	for _, a := range l.Attendee {
		out = append(out, Attendee{
			Name: a.Name, Email: a.Email, Response: ResponseType(value(a.Status)), Type: AttendeeType(value(a.Type)),
			ProposedStart: at.at("ProposedStartTime", a.ProposedStartTime), ProposedEnd: at.at("ProposedEndTime", a.ProposedEndTime),
		})
	}
	return out
}

func wireAttendees(list []Attendee) *airsync.Attendees {
	if len(list) == 0 {
		return nil
	}
	out := &airsync.Attendees{}
	for _, a := range list {
		out.Attendee = append(out.Attendee, airsync.Attendee{Email: a.Email, Name: a.Name, Type: optional(a.Type)})
	}
	return out
}

var errEvent = errors.New("eas: event")

func (e *Event) encode(v Version) (any, error) {
	d := &airsync.EventData{
		Subject: e.Subject, StartTime: compact(e.Start), EndTime: compact(e.End), AllDayEvent: &e.AllDay, Body: wireBody(e.Body),
		BusyStatus: plain(e.Busy), Reminder: wireMinutes(e.Reminder), Attendees: wireAttendees(e.Attendees), Other: raws(e.Other),
	}
	sensitivity, status := int(e.Sensitivity), int(e.Status)
	d.Sensitivity, d.MeetingStatus = &sensitivity, &status
	if e.Zone != nil {
		d.TimeZone = e.Zone.Encode()
	}
	if len(e.Categories) > 0 {
		d.Categories = &airsync.EventCategories{Category: e.Categories}
	}
	if e.Status.IsMeeting() && v.AtLeast(Version140) {
		d.ResponseRequested, d.DisallowNewTimeProposal = &e.ResponseRequested, &e.NoNewTimes
	}
	if r := e.Recurrence; r != nil {
		d.Recurrence = &airsync.EventRecurrence{
			Type: int(r.Type), Interval: optional(r.Interval), Until: compact(r.Until), Occurrences: optional(r.Occurrences),
			WeekOfMonth: optional(r.WeekOfMonth), DayOfMonth: optional(r.DayOfMonth), DayOfWeek: optional(r.Days), MonthOfYear: optional(r.Month),
		}
		if v.AtLeast(Version140) {
			d.Recurrence.CalendarType = optional(r.CalendarType)
			if r.LeapMonth {
				d.Recurrence.IsLeapMonth = &r.LeapMonth
			}
		}
		if v.AtLeast(Version141) {
			d.Recurrence.FirstDayOfWeek = wireWeekday(r.FirstDay)
		}
	}
	if v.AtLeast(Version160) {
		d.Place, d.ClientUID = e.Place.wire(), e.ClientUID
		d.Attachments = wireAttachments(e.Attachments, e.RemoveAttachments)
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
		d.Exceptions.Exception = append(d.Exceptions.Exception, x.wire())
	}
	return d, nil
}

func (x Exception) wire() airsync.EventException {
	out := airsync.EventException{ExceptionStartTime: compact(x.Original)}
	if x.Deleted {
		out.Deleted = &x.Deleted
		return out
	}
	out.Subject, out.StartTime, out.EndTime, out.AllDayEvent, out.Body = x.Subject, compact(x.Start), compact(x.End), x.AllDay, wireBody(x.Body)
	out.BusyStatus, out.Sensitivity, out.Reminder = plain(x.Busy), plain(x.Sensitivity), wireMinutes(x.Reminder)
	out.MeetingStatus, out.Attendees, out.Other = plain(x.Status), wireAttendees(x.Attendees), raws(x.Other)
	if x.Place != nil {
		out.Location = &x.Place.Name
	}
	if x.Categories != nil {
		out.Categories = &airsync.EventCategories{Category: x.Categories}
	}
	return out
}
