package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"github.com/easoauth/easoauth/eas"
)

// eventCalendar returns an event as an iCalendar object: a VEVENT, for a series one more for each
// exception, and the VTIMEZONE of its clock. UID is for an event without one. Content holds what
// was fetched of its attachments, by reference.
//
// A time is written on the event's clock, and in UTC if it has none; a day of an all-day event as
// a date. A series of a lunar calendar has its exceptions and no rule, and says so in a COMMENT.
func eventCalendar(e *eas.Event, uid string, content map[string][]byte) *ical.Calendar {
	z := zoneOf(e.Zone)
	if e.UID != "" {
		uid = e.UID
	} else if e.ClientUID != "" {
		uid = e.ClientUID
	}
	cal := newCalendar()
	if z.rules != nil && (!e.AllDay || hasTimes(e)) {
		cal.Children = append(cal.Children, z.component(min(e.Start.Year(), 1970)))
	}
	if e.Recurrence == nil {
		cal.Children = append(cal.Children, eventComponent(e, z, uid, content))
		return cal
	}
	series := *e
	first, last := firstOf(e)
	if first != nil {
		series.Start, series.End = first.Start, first.End
	}
	c := eventComponent(&series, z, uid, content)
	if rule, ok := ruleOf(e.Recurrence, e.Start.In(z.Location)); ok {
		set(c, ical.PropRecurrenceRule, strings.Join(append(rule, limitOf(e, z, last)...), ";"))
	} else {
		text(c, ical.PropComment, "The pattern of this series is of a calendar that iCalendar has no rule for.")
	}
	cal.Children = append(cal.Children, c)
	for _, x := range e.Exceptions {
		if x.Original.IsZero() {
			continue
		}
		one, ok := e.Occurrence(x.Original)
		if !ok {
			c.Props.Add(z.at(ical.PropExceptionDates, x.Original, e.AllDay))
			continue
		}
		override := eventComponent(one, z, uid, content)
		override.Props.Set(z.at(ical.PropRecurrenceID, x.Original, e.AllDay))
		cal.Children = append(cal.Children, override)
	}
	return cal
}

// hasTimes reports whether an all-day series has an exception that is not all-day.
func hasTimes(e *eas.Event) bool {
	for _, x := range e.Exceptions {
		if x.AllDay != nil && !*x.AllDay {
			return true
		}
	}
	return false
}

// limitOf says when a series ends. RFC 5545 allows one of COUNT and UNTIL; last is the last start
// of a series that has both.
func limitOf(e *eas.Event, z zone, last time.Time) []string {
	until := e.Recurrence.Until
	switch {
	case !last.IsZero():
		until = last
	case until.IsZero() && e.Recurrence.Occurrences > 0:
		return []string{fmt.Sprintf("COUNT=%d", e.Recurrence.Occurrences)}
	case until.IsZero():
		return nil
	}
	if e.AllDay {
		return []string{"UNTIL=" + z.day(until).Format(localDate)}
	}
	return []string{"UNTIL=" + until.UTC().Format(localTime) + "Z"}
}

// eventComponent returns the VEVENT of an event or of an occurrence.
func eventComponent(e *eas.Event, z zone, uid string, content map[string][]byte) *ical.Component {
	c := ical.NewComponent(ical.CompEvent)
	text(c, ical.PropUID, uid)
	stamp := e.Stamp
	if stamp.IsZero() {
		stamp = e.Start
	}
	set(c, ical.PropDateTimeStamp, stamp.UTC().Format(localTime)+"Z")
	if e.Recurrence != nil && !e.AllDay && z.rules != nil {
		c.Props.Set(z.wall(ical.PropDateTimeStart, e.Start)) // on which the others follow
	} else {
		c.Props.Set(z.at(ical.PropDateTimeStart, e.Start, e.AllDay))
	}
	if e.End.After(e.Start) {
		if end := z.at(ical.PropDateTimeEnd, e.End, e.AllDay); end.Value != c.Props.Get(ical.PropDateTimeStart).Value {
			c.Props.Set(end)
		}
	}
	text(c, ical.PropSummary, e.Subject)
	text(c, ical.PropLocation, locationOf(e.Place))
	geo(c, e.Place)
	body(c, e.Body)
	categories(c, e.Categories)
	classification(c, e.Sensitivity)
	status := ical.EventConfirmed
	if e.Busy != nil {
		busy, ok := map[eas.BusyStatus]string{eas.BusyFree: "FREE", eas.BusyTentative: "TENTATIVE", eas.BusyBusy: "BUSY", eas.BusyAway: "OOF", eas.BusyElsewhere: "WORKINGELSEWHERE"}[*e.Busy]
		if ok {
			set(c, "X-MICROSOFT-CDO-BUSYSTATUS", busy)
		}
		if *e.Busy == eas.BusyFree {
			set(c, ical.PropTransparency, "TRANSPARENT")
		}
		if *e.Busy == eas.BusyTentative {
			status = ical.EventTentative
		}
	}
	if e.Status.IsCanceled() {
		status = ical.EventCancelled
	}
	set(c, ical.PropStatus, string(status))
	if e.Organizer != (eas.Person{}) && (e.Status.IsMeeting() || len(e.Attendees) > 0) {
		c.Props.Set(calendarUser(ical.PropOrganizer, e.Organizer.Name, e.Organizer.Email))
	}
	for _, a := range e.Attendees {
		c.Props.Add(attendee(a, e.ResponseRequested))
	}
	for _, link := range []string{e.OnlineMeetingExternal, e.OnlineMeeting} {
		if u, err := url.Parse(link); err == nil && u.Scheme != "" {
			p := ical.NewProp(ical.PropURL)
			p.SetURI(u)
			c.Props.Set(p)
			break
		}
	}
	for _, a := range e.Attachments {
		if b, ok := content[a.Reference]; ok {
			p := ical.NewProp(ical.PropAttach)
			p.SetBinary(b)
			p.Params.Set("FILENAME", parameter(a.Name)) // RFC 8607 section 4.2
			c.Props.Add(p)
		}
	}
	if e.Reminder != nil {
		alarm(c, fmt.Sprintf("-PT%dM", max(*e.Reminder, 0)/time.Minute), e.Subject)
	}
	return c
}

func attendee(a eas.Attendee, requested bool) *ical.Prop {
	p := calendarUser(ical.PropAttendee, a.Name, a.Email)
	state := "NEEDS-ACTION"
	switch a.Response {
	case eas.ResponseAccepted, eas.ResponseOrganizer:
		state = "ACCEPTED"
	case eas.ResponseDeclined:
		state = "DECLINED"
	case eas.ResponseTentative:
		state = "TENTATIVE"
	}
	p.Params.Set(ical.ParamParticipationStatus, state)
	switch a.Type {
	case eas.AttendeeOptional:
		p.Params.Set(ical.ParamRole, "OPT-PARTICIPANT")
	case eas.AttendeeResource:
		p.Params.Set(ical.ParamRole, "NON-PARTICIPANT")
		p.Params.Set(ical.ParamCalendarUserType, "RESOURCE")
	default:
		p.Params.Set(ical.ParamRole, "REQ-PARTICIPANT")
	}
	if requested && state == "NEEDS-ACTION" {
		p.Params.Set(ical.ParamRSVP, "TRUE")
	}
	return p
}

// calendarUser returns a property with a calendar address, which is a URL.
func calendarUser(name, person, email string) *ical.Prop {
	p := ical.NewProp(name)
	if p.Value = "mailto:" + url.PathEscape(email); email == "" {
		p.Value = "invalid:nomail"
	}
	if person = parameter(person); person != "" {
		p.Params.Set(ical.ParamCommonName, person)
	}
	return p
}

// locationOf returns a place on one line.
func locationOf(p eas.Place) string {
	var parts []string
	for _, s := range []string{p.Name, p.Street, strings.TrimSpace(p.PostalCode + " " + p.City), p.State, p.Country} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func geo(c *ical.Component, p eas.Place) {
	latitude, err := strconv.ParseFloat(p.Latitude, 64)
	longitude, err2 := strconv.ParseFloat(p.Longitude, 64)
	if err == nil && err2 == nil && latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180 {
		set(c, ical.PropGeo, fmt.Sprintf("%.6f;%.6f", latitude, longitude))
	}
}
