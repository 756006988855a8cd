package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
)

type eventInput struct {
	From  string `json:"from" jsonschema:"a date such as 2026-03-02, or a time in RFC 3339"`
	To    string `json:"to" jsonschema:"the end, which is not included: a date or a time, at most a year after from"`
	Limit int    `json:"limit,omitempty" jsonschema:"how many; 50 if it is left out, and 500 at most"`
}

type eventList struct {
	Warning string  `json:"warning"`
	Events  []event `json:"events"`
	More    int     `json:"more" jsonschema:"how many more there are that the limit leaves out"`
}

type event struct {
	Start     string `json:"start" jsonschema:"a time, or a date if the event lasts all day"`
	End       string `json:"end" jsonschema:"of an event that lasts all day: the day after the last"`
	AllDay    bool   `json:"all_day,omitempty"`
	Subject   string `json:"subject"`
	Location  string `json:"location,omitempty"`
	Calendar  string `json:"calendar,omitempty" jsonschema:"if it is not the default one"`
	Organizer string `json:"organizer,omitempty"`
	Attendees int    `json:"attendees,omitempty" jsonschema:"how many"`
	Series    bool   `json:"series,omitempty"`
	Shown     string `json:"shown_as,omitempty"`
	Canceled  bool   `json:"canceled,omitempty"`
	Response  string `json:"response,omitempty" jsonschema:"what the user answered to the invitation"`
	Private   bool   `json:"private,omitempty"`
	Online    bool   `json:"online,omitempty" jsonschema:"there is a link to join"`

	at time.Time
}

func (m *mailbox) listEvents(ctx context.Context, in eventInput) (*eventList, error) {
	from, err := m.parse("from", in.From, time.Time{})
	if err != nil {
		return nil, err
	}
	to, err := m.parse("to", in.To, time.Time{})
	if err != nil {
		return nil, err
	}
	switch {
	case from.IsZero() || to.IsZero():
		return nil, errors.New("from and to are required")
	case !to.After(from):
		return nil, errors.New("to is not after from")
	case to.After(from.AddDate(1, 0, 1)):
		return nil, errors.New("there is more than a year between from and to")
	}
	folders, err := m.list(ctx)
	if err != nil {
		return nil, err
	}
	// The filter of a calendar keeps what is to come, and series that go on.
	filter := eas.FilterSixMonths
	if from.Before(time.Now().AddDate(0, -5, 0)) {
		filter = eas.FilterAll
	}
	out := &eventList{Warning: warning, Events: []event{}}
	for _, f := range folders {
		if f.Type.Class() != eas.ClassCalendar {
			continue
		}
		items, unlock, err := m.mirror(ctx, f, filter)
		if err != nil {
			return nil, err
		}
		for _, e := range items {
			x, ok := e.Item.(*eas.Event)
			if !ok {
				continue
			}
			for o := range x.Occurrences(from.AddDate(0, 0, -1), to.AddDate(0, 0, 1)) {
				one := m.event(o.Event)
				if !m.within(one, o.Event, from, to) {
					continue
				}
				if one.Series = x.Recurrence != nil; f.Type != eas.FolderCalendar {
					one.Calendar = line(f.Name)
				}
				out.Events = append(out.Events, one)
			}
		}
		unlock()
	}
	slices.SortFunc(out.Events, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.Subject, b.Subject)) })
	if n := limit(in.Limit, 50, 500); len(out.Events) > n {
		out.More = len(out.Events) - n
		out.Events = out.Events[:n]
	}
	return out, nil
}

// within reports whether an event is between two times: a day of an all-day event is that of the
// user's calendar, wherever the event was made.
func (m *mailbox) within(x event, e *eas.Event, from, to time.Time) bool {
	if x.AllDay {
		return x.Start <= to.Add(-1).In(m.zone).Format(time.DateOnly) && x.End > from.In(m.zone).Format(time.DateOnly)
	}
	return e.Start.Before(to) && (e.End.After(from) || !e.Start.Before(from))
}

// event shows an event. Its text and its links are left out.
func (m *mailbox) event(e *eas.Event) event {
	x := event{
		at: e.Start, Start: m.show(e.Start), End: m.show(e.End), AllDay: e.AllDay, Subject: line(e.Subject), Location: line(e.Place.Name), Attendees: len(e.Attendees),
		Canceled: e.Status.IsCanceled(), Private: e.Sensitivity == eas.SensitivityPrivate, Online: e.OnlineMeeting+e.OnlineMeetingExternal != "",
	}
	if e.AllDay {
		zone := time.UTC
		if e.Zone != nil {
			if loc, err := e.Zone.Location(""); err == nil {
				zone = loc
			}
		}
		x.Start, x.End = e.Start.In(zone).Format(time.DateOnly), e.End.In(zone).Format(time.DateOnly)
		if x.End <= x.Start {
			x.End = e.Start.In(zone).AddDate(0, 0, 1).Format(time.DateOnly)
		}
		x.at, _ = time.ParseInLocation(time.DateOnly, x.Start, m.zone)
	}
	if e.Status.IsMeeting() {
		x.Organizer = line(cmp.Or(e.Organizer.Name, e.Organizer.Email))
		x.Response = map[eas.ResponseType]string{eas.ResponseTentative: "tentative", eas.ResponseAccepted: "accepted", eas.ResponseDeclined: "declined", eas.ResponseNotYet: "none yet"}[e.Response]
	}
	if e.Busy != nil {
		x.Shown = map[eas.BusyStatus]string{eas.BusyFree: "free", eas.BusyTentative: "tentative", eas.BusyBusy: "busy", eas.BusyAway: "away", eas.BusyElsewhere: "working elsewhere"}[*e.Busy]
	}
	return x
}
