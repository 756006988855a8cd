package eas

import (
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A MeetingRequest is the meeting that a mail is about. See [MS-ASEMAIL] 2.2.2.48. Times are in
// UTC, and zero if the server did not send them.
type MeetingRequest struct {
	Type       MeetingMessageType
	Start, End time.Time
	AllDay     bool
	Stamp      time.Time // when it was made
	Organizer  string
	Place      Place
	Instance   InstanceType
	// RecurrenceID is the start of the occurrence that the mail is about.
	RecurrenceID      time.Time
	Recurrence        *Recurrence
	Reminder          *time.Duration // before the start; nil: none
	ResponseRequested bool
	NoNewTimes        bool // proposals of other times are not wanted
	Sensitivity       Sensitivity
	Busy              *BusyStatus // nil: not sent
	Zone              *TimeZone   // of the organizer; nil: not sent, or not readable
	UID               string      // of the event; from GlobalObjID up to 14.1
	GlobalObjID       []byte      // up to 14.1

	ProposedStart, ProposedEnd time.Time // in a response that proposes another time
	Forwardees                 []Person  // in the notice that a meeting was forwarded
}

// A Person is a name and a mail address.
type Person struct {
	Name, Email string
}

// A MeetingMessageType is the kind of a meeting message. See [MS-ASEMAIL] 2.2.2.47.
type MeetingMessageType int

// The values of [MeetingMessageType].
const (
	MeetingUnspecified        MeetingMessageType = 0
	MeetingInitial            MeetingMessageType = 1
	MeetingFullUpdate         MeetingMessageType = 2
	MeetingInformationalOnly  MeetingMessageType = 3
	MeetingOutdated           MeetingMessageType = 4
	MeetingDelegatorsCopy     MeetingMessageType = 5
	MeetingDelegatedByOther   MeetingMessageType = 6
	MeetingProposedByAttendee MeetingMessageType = 7
)

// An InstanceType relates a meeting message to a series. See [MS-ASEMAIL] 2.2.2.40.
type InstanceType int

// The values of [InstanceType].
const (
	InstanceSingle     InstanceType = 0
	InstanceMaster     InstanceType = 1
	InstanceOccurrence InstanceType = 2
	InstanceException  InstanceType = 3
	InstanceOrphan     InstanceType = 4 // of a series that the mailbox does not have; from 16.0 on
)

// Sensitivity of an item.
type Sensitivity int

// The values of [Sensitivity].
const (
	SensitivityNormal       Sensitivity = 0
	SensitivityPersonal     Sensitivity = 1
	SensitivityPrivate      Sensitivity = 2
	SensitivityConfidential Sensitivity = 3
)

// A BusyStatus is how an event counts in the availability of the user.
type BusyStatus int

// The values of [BusyStatus].
const (
	BusyFree      BusyStatus = 0
	BusyTentative BusyStatus = 1
	BusyBusy      BusyStatus = 2
	BusyAway      BusyStatus = 3
	BusyElsewhere BusyStatus = 4 // working elsewhere; from 16.0 on
)

// A Place is a location. Up to 14.1 it has only a Name. Coordinates are decimal numbers as the
// server writes them.
type Place struct {
	Name                                     string
	Street, City, State, Country, PostalCode string
	Annotation, URI                          string
	Latitude, Longitude, Accuracy            string
	Altitude, AltitudeAccuracy               string
}

func place(name string, l *airsync.Location) Place {
	if l == nil {
		return Place{Name: name}
	}
	return Place{
		Name: l.DisplayName, Street: l.Street, City: l.City, State: l.State, Country: l.Country, PostalCode: l.PostalCode,
		Annotation: l.Annotation, URI: l.LocationURI, Latitude: l.Latitude, Longitude: l.Longitude, Accuracy: l.Accuracy,
		Altitude: l.Altitude, AltitudeAccuracy: l.AltitudeAccuracy,
	}
}

func (p Place) wire() *airsync.Location {
	if p == (Place{}) {
		return nil
	}
	return &airsync.Location{
		DisplayName: p.Name, Street: p.Street, City: p.City, State: p.State, Country: p.Country, PostalCode: p.PostalCode,
		Annotation: p.Annotation, LocationURI: p.URI, Latitude: p.Latitude, Longitude: p.Longitude, Accuracy: p.Accuracy,
		Altitude: p.Altitude, AltitudeAccuracy: p.AltitudeAccuracy,
	}
}

func meetingRequest(d *airsync.MeetingRequest, r *reader) *MeetingRequest {
	if d == nil {
		return nil
	}
	m := &MeetingRequest{
		Type: MeetingMessageType(value(d.MeetingMessageType)), AllDay: isTrue(d.AllDayEvent), Organizer: d.Organizer,
		Start: r.at("Email:StartTime", d.StartTime), End: r.at("Email:EndTime", d.EndTime), Stamp: r.at("Email:DtStamp", d.DTStamp),
		Place: place(d.Location, d.Place), Instance: InstanceType(value(d.InstanceType)),
		RecurrenceID: r.at("Email:RecurrenceId", d.RecurrenceID), ResponseRequested: isTrue(d.ResponseRequested),
		NoNewTimes: isTrue(d.DisallowNewTimeProposal), Sensitivity: Sensitivity(value(d.Sensitivity)), UID: d.UID,
		ProposedStart: r.at("MeetingResponse:ProposedStartTime", d.ProposedStartTime), ProposedEnd: r.at("MeetingResponse:ProposedEndTime", d.ProposedEndTime),
	}
	if d.Reminder != nil {
		// Seconds here, minutes in an event ([MS-ASEMAIL] 2.2.2.63, [MS-ASCAL] 2.2.2.38).
		before := seconds(d.Reminder)
		m.Reminder = &before
	}
	if d.BusyStatus != nil {
		b := BusyStatus(*d.BusyStatus)
		m.Busy = &b
	}
	m.Zone = r.zone(nil, "Email:TimeZone", d.TimeZone)
	if d.Recurrences != nil && len(d.Recurrences.Recurrence) > 0 && d.Recurrences.Recurrence[0].Type != nil {
		x := d.Recurrences.Recurrence[0]
		m.Recurrence = &Recurrence{
			Type: RecurrenceType(*x.Type), Interval: value(x.Interval), Until: r.at("Email:Until", x.Until), Occurrences: value(x.Occurrences),
			WeekOfMonth: value(x.WeekOfMonth), DayOfMonth: value(x.DayOfMonth), Days: Weekdays(value(x.DayOfWeek)),
			Month: time.Month(value(x.MonthOfYear)), CalendarType: value(x.CalendarType), LeapMonth: isTrue(x.IsLeapMonth),
			FirstDay: r.weekday("Email2:FirstDayOfWeek", x.FirstDayOfWeek),
		}
	}
	if d.GlobalObjID != "" {
		if m.GlobalObjID, m.UID = globalObjID(d.GlobalObjID); m.GlobalObjID == nil {
			r.note("Email:GlobalObjId", d.GlobalObjID)
		}
	}
	if d.Forwardees != nil {
		for _, f := range d.Forwardees.Forwardee {
			m.Forwardees = append(m.Forwardees, Person{Name: f.Name, Email: f.Email})
		}
	}
	return m
}
