package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"github.com/teambition/rrule-go"

	"github.com/easoauth/easoauth/eas"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what was written with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\r\n"), strings.Split(string(got), "\r\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
	for line := range bytes.SplitSeq(got, []byte("\r\n")) {
		if len(line) > 75 || bytes.ContainsAny(line, "\r\n\x00\x1b") {
			t.Errorf("%s: a line of %d bytes, or with a control character: %q", name, len(line), line)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

var berlin = &eas.TimeZone{
	Bias: -60 * time.Minute, StandardName: `W. Europe "Standard"; Time`, StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3},
	DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}, DaylightBias: -60 * time.Minute,
}

var events = map[string]*eas.Event{
	"plain": {Subject: "Lunch", Start: at("2026-03-02 12:00"), End: at("2026-03-02 13:00"), UID: "u1"},
	"hostile": {
		Subject: "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\x00\x1b[31m,;\\ \xff", Start: at("2026-03-02 12:00"), UID: "u\n2", Stamp: at("2026-03-01 09:00"),
		Place: eas.Place{Name: "x\u2028y", Latitude: "1;DROP", Longitude: "2"}, Categories: []string{"", "a,b\r\n"},
		Organizer: eas.Person{Name: "\"\r\nX-A:b", Email: "a@contoso.com\r\nX-B:c"}, Status: eas.MeetingReceived,
		Attendees:     []eas.Attendee{{Name: `Ada "the" first; of: all`, Email: "/O=CONTOSO/CN=ada"}, {Name: "Nobody"}},
		OnlineMeeting: "https://x\r\nX-C: d", Body: &eas.Body{Data: strings.Repeat("äöü€😀 ", 60)},
	},
	"meeting": {
		Subject: "Review", Start: at("2026-03-02 08:00"), End: at("2026-03-02 09:30"), Zone: berlin, UID: "u3", Stamp: at("2026-03-01 09:00"),
		Place: eas.Place{Name: "Room 1", Street: "1 Main St", City: "Berlin", PostalCode: "10115", Latitude: "52.5", Longitude: "13.4"},
		Body:  &eas.Body{Type: eas.BodyPlain, Data: "One\r\nTwo"}, Categories: []string{"red", "blue"}, Busy: ptr(eas.BusyTentative),
		Sensitivity: eas.SensitivityPrivate, Reminder: ptr(15 * time.Minute), Status: eas.MeetingOrganized, ResponseRequested: true,
		Organizer: eas.Person{Name: "Bob", Email: "bob@contoso.com"}, OnlineMeetingExternal: "https://meet.contoso.com/1?a=b",
		Attendees: []eas.Attendee{
			{Name: "Ada", Email: "ada@contoso.com", Response: eas.ResponseAccepted, Type: eas.AttendeeRequired},
			{Name: "Eve", Email: "eve@contoso.com", Response: eas.ResponseTentative, Type: eas.AttendeeOptional},
			{Name: "Room 1", Email: "room1@contoso.com", Response: eas.ResponseDeclined, Type: eas.AttendeeResource}, {Email: "x@contoso.com"},
		},
		Attachments: []eas.Attachment{{Name: "plan;1.pdf", Reference: "r1"}, {Name: "not fetched", Reference: "r2"}},
	},
	"series": {
		Subject: "Stand-up", Start: at("2026-03-24 08:00"), End: at("2026-03-24 08:15"), Zone: berlin, UID: "u4", Stamp: at("2026-03-01 09:00"), Reminder: ptr(time.Duration(0)),
		Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 2, Days: eas.Tuesday | eas.Thursday, Until: at("2026-06-30 07:00")},
		Exceptions: []eas.Exception{
			{Original: at("2026-03-26 08:00"), Deleted: true},
			{Original: at("2026-04-07 07:00"), Start: at("2026-04-08 10:00"), End: at("2026-04-08 10:15"), Subject: ptr("Moved"), NoReminder: true},
			{Original: at("2026-04-09 07:00"), Status: ptr(eas.MeetingCanceledReceived), Busy: ptr(eas.BusyFree)},
			{Deleted: true},
		},
	},
	"days": {
		Subject: "Holiday", Start: at("2026-03-28 23:00"), End: at("2026-03-30 22:00"), AllDay: true, Zone: berlin, UID: "u5", Stamp: at("2026-03-01 09:00"), Busy: ptr(eas.BusyAway),
		Recurrence: &eas.Recurrence{Type: eas.Yearly, DayOfMonth: 29, Month: time.March, Until: at("2029-03-28 22:00")},
		Exceptions: []eas.Exception{{Original: at("2027-03-28 22:00"), Deleted: true}, {Original: at("2028-03-28 22:00"), Subject: ptr("Longer"), End: at("2028-04-05 22:00")}},
	},
	"floating": {Subject: "Fair", Start: at("2026-05-01 00:00"), End: at("2026-05-02 00:00"), AllDay: true, UID: "u6"},
	"hours of a day": {
		Subject: "Fair", Start: at("2026-04-30 22:00"), End: at("2026-05-01 22:00"), AllDay: true, Zone: berlin, UID: "u7", Recurrence: &eas.Recurrence{Type: eas.Daily, Occurrences: 3},
		Exceptions: []eas.Exception{{Original: at("2026-05-01 22:00"), AllDay: ptr(false), Start: at("2026-05-02 08:00"), End: at("2026-05-02 09:00")}},
	},
	// Its pattern does not have the day on which it starts, and both ends are said.
	"late": {
		Subject: "Late", Start: at("2026-03-02 09:00"), End: at("2026-03-02 10:00"), UID: "u8",
		Recurrence: &eas.Recurrence{Type: eas.MonthlyNth, Days: eas.Friday, WeekOfMonth: 5, Occurrences: 5, Until: at("2026-05-30 00:00")},
	},
	"lunar": {
		Subject: "New Year", Start: at("2026-02-17 00:00"), End: at("2026-02-18 00:00"), AllDay: true, UID: "u9", Status: eas.MeetingCanceledReceived,
		Recurrence: &eas.Recurrence{Type: eas.Yearly, DayOfMonth: 1, Month: 1, CalendarType: 15}, Exceptions: []eas.Exception{{Original: at("2027-02-06 00:00"), Subject: ptr("Goat")}},
	},
	"fixed": {
		Subject: "Fixed rules", Start: at("2026-07-02 09:00"), End: at("2026-07-02 10:00"), ClientUID: "u10", Sensitivity: eas.SensitivityConfidential,
		Zone:       &eas.TimeZone{Bias: 210 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Year: 2026, Month: 11, Day: 1, Hour: 2}, DaylightStart: eas.Transition{Month: 3, Day: 2, Hour: 2}},
		Recurrence: &eas.Recurrence{Type: eas.Monthly, DayOfMonth: 30}, Busy: ptr(eas.BusyElsewhere),
	},
	"half an hour": {Subject: "No summer", Start: at("1960-07-02 09:00"), Zone: &eas.TimeZone{Bias: -330 * time.Minute}, Body: &eas.Body{Type: eas.BodyHTML, Data: "<b>x</b>"}},
	// The clock shows 02:30 twice, and the second is meant.
	"twice": {Subject: "Night", Start: at("2026-10-25 01:30"), End: at("2026-10-25 02:30"), Zone: berlin, UID: "u11"},
}

func TestEvents(t *testing.T) {
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := writeCalendar(&b, eventCalendar(e, "0123456789abcdef", map[string][]byte{"r1": []byte("content")})); err != nil {
				t.Fatal(err)
			}
			golden(t, "event-"+strings.ReplaceAll(name, " ", "-")+".ics", b.Bytes())
			cal := parse(t, b.Bytes())
			if len(cal.Props) != 2 {
				t.Errorf("the calendar has the properties %v", cal.Props)
			}
			compare(t, e, cal)
			for _, c := range cal.Children {
				if c.Name != ical.CompEvent {
					continue
				}
				if got, err := c.Props.Text(ical.PropSummary); err != nil || got != oneLine(got) || got == "" {
					t.Errorf("SUMMARY %q, %v", got, err)
				}
				for name := range c.Props {
					if strings.HasPrefix(name, "X-") && !strings.HasPrefix(name, "X-MICROSOFT") && name != "X-ALT-DESC" {
						t.Errorf("a sender has made the property %s", name)
					}
				}
			}
		})
	}
}

func parse(t *testing.T, text []byte) *ical.Calendar {
	t.Helper()
	d := ical.NewDecoder(bytes.NewReader(text))
	cal, err := d.Decode()
	if err != nil {
		t.Fatalf("Decode = %v\n%s", err, text)
	}
	if _, err := d.Decode(); err != io.EOF {
		t.Errorf("a second object: %v", err)
	}
	return cal
}

// compare holds the occurrences that the calendar has, by the rules of RFC 5545, to those of the
// event.
func compare(t *testing.T, e *eas.Event, cal *ical.Calendar) {
	t.Helper()
	from, to := at("1950-01-01 00:00"), at("2032-01-01 00:00")
	z := zoneOf(e.Zone)
	var want []string
	for o := range e.Occurrences(from, to) {
		original := o.Original
		if e.AllDay {
			original = z.day(original)
		}
		format := time.RFC3339
		if o.Event.AllDay {
			format, o.Event.Start, o.Event.End = time.DateOnly, z.day(o.Event.Start), z.day(o.Event.End)
		}
		want = append(want, fmt.Sprint(original.Format(time.DateTime), " ", o.Event.Start.Format(format), " ", o.Event.Subject == e.Subject))
	}
	got := expand(t, cal, to)
	if slices.Sort(want); e.Recurrence != nil && lunar(e.Recurrence) {
		return // no rule
	}
	if diff := cmp.Diff(want, got); diff != "" {
		var b bytes.Buffer
		writeCalendar(&b, cal)
		t.Errorf("%+v\noccurrences (-want +got):\n%s\n%s", e.Recurrence, diff, b.String())
	}
}

// expand computes the occurrences of the events of a calendar before to, from its text alone.
func expand(t *testing.T, cal *ical.Calendar, to time.Time) []string {
	t.Helper()
	zones := map[string]clock{}
	var out []string
	overridden := map[string]*ical.Component{}
	var series *ical.Component
	for _, c := range cal.Children {
		switch {
		case c.Name == ical.CompTimezone:
			zones[c.Props.Get(ical.PropTimezoneID).Value] = newClock(t, c)
		case c.Props.Get(ical.PropRecurrenceID) != nil:
			overridden[instant(t, zones, c.Props.Get(ical.PropRecurrenceID)).Format(time.DateTime)] = c
		default:
			series = c
		}
	}
	summary := series.Props.Get(ical.PropSummary).Value
	show := func(original string, c *ical.Component, start time.Time) {
		format := time.RFC3339
		if c.Props.Get(ical.PropDateTimeStart).ValueType() == ical.ValueDate {
			format = time.DateOnly
		}
		out = append(out, fmt.Sprint(original, " ", start.Format(format), " ", c.Props.Get(ical.PropSummary).Value == summary))
	}
	start := series.Props.Get(ical.PropDateTimeStart)
	gone := map[string]bool{}
	for _, x := range series.Props.Values(ical.PropExceptionDates) {
		gone[instant(t, zones, &x).Format(time.DateTime)] = true
	}
	walls := []time.Time{wallOf(t, start)}
	zone := zones[start.Params.Get(ical.ParamTimezoneID)]
	if r := series.Props.Get(ical.PropRecurrenceRule); r != nil {
		o, err := rrule.StrToROption(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		o.Dtstart = walls[0]
		if until := o.Until; !until.IsZero() && start.ValueType() != ical.ValueDate {
			o.Until = time.Time{}
			rule, err := rrule.NewRRule(*o)
			if err != nil {
				t.Fatal(err)
			}
			walls = slices.DeleteFunc(rule.Between(at("1900-01-01 00:00"), to, true), func(w time.Time) bool { return zone.instant(w).After(until) })
		} else {
			rule, err := rrule.NewRRule(*o)
			if err != nil {
				t.Fatal(err)
			}
			walls = rule.Between(at("1900-01-01 00:00"), to, true)
		}
	}
	for _, w := range walls {
		one := zone.instant(w)
		if w.Equal(walls[0]) && len(walls) == 1 {
			one = instant(t, zones, start)
		}
		original := one.Format(time.DateTime)
		if gone[original] || !one.Before(to) {
			continue
		}
		if c := overridden[original]; c != nil {
			show(original, c, instant(t, zones, c.Props.Get(ical.PropDateTimeStart)))
			continue
		}
		show(original, series, one)
	}
	slices.Sort(out)
	return out
}

func wallOf(t *testing.T, p *ical.Prop) time.Time {
	t.Helper()
	for _, layout := range []string{localTime + "Z", localTime, localDate} {
		if w, err := time.Parse(layout, p.Value); err == nil {
			return w
		}
	}
	t.Fatalf("%s is no time: %q", p.Name, p.Value)
	return time.Time{}
}

func instant(t *testing.T, zones map[string]clock, p *ical.Prop) time.Time {
	t.Helper()
	if id := p.Params.Get(ical.ParamTimezoneID); id != "" {
		z, ok := zones[id]
		if !ok {
			t.Fatalf("the calendar does not have the zone %q", id)
		}
		return z.instant(wallOf(t, p))
	}
	return wallOf(t, p)
}

// A clock is a VTIMEZONE: when which offset begins, in local time.
type clock []onset

type onset struct {
	wall   time.Time
	offset time.Duration
}

func newClock(t *testing.T, c *ical.Component) clock {
	t.Helper()
	var out clock
	for _, o := range c.Children {
		start := wallOf(t, o.Props.Get(ical.PropDateTimeStart))
		to, err := time.Parse("-0700", o.Props.Get(ical.PropTimezoneOffsetTo).Value)
		if err != nil {
			t.Fatal(err)
		}
		_, east := to.Zone()
		all := []time.Time{start}
		if r := o.Props.Get(ical.PropRecurrenceRule); r != nil {
			option, err := rrule.StrToROption(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			option.Dtstart = start
			rule, err := rrule.NewRRule(*option)
			if err != nil {
				t.Fatal(err)
			}
			if all = rule.Between(start, at("2033-01-01 00:00"), true); !all[0].Equal(start) {
				t.Errorf("%s begins at %v, which %s does not have", o.Name, start, r.Value)
			}
		}
		for _, w := range all {
			out = append(out, onset{w, time.Duration(east) * time.Second})
		}
	}
	slices.SortFunc(out, func(a, b onset) int { return a.wall.Compare(b.wall) })
	return out
}

func (c clock) instant(wall time.Time) time.Time {
	offset := time.Duration(0)
	for _, o := range c {
		if o.wall.After(wall) {
			break
		}
		offset = o.offset
	}
	return wall.Add(-offset)
}

// TestPatterns makes series by chance, and holds what they are as iCalendar to what they are.
func TestPatterns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	zones := []*eas.TimeZone{nil, berlin, {Bias: 480 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 11, Day: 1, Hour: 2}, DaylightStart: eas.Transition{Month: 3, Day: 2, Hour: 2}},
		{Bias: -600 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 4, Day: 1, Hour: 3}, DaylightStart: eas.Transition{Month: 10, Day: 1, Hour: 2}}}
	for range 120 {
		z := zones[random.IntN(len(zones))]
		loc := zoneOf(z).Location
		start := time.Date(2024, time.Month(1+random.IntN(12)), 1+random.IntN(28), 6+random.IntN(15), 30, 0, 0, loc).UTC()
		r := &eas.Recurrence{
			Type: []eas.RecurrenceType{eas.Daily, eas.Weekly, eas.Monthly, eas.MonthlyNth, eas.Yearly, eas.YearlyNth}[random.IntN(6)], Interval: random.IntN(4),
			WeekOfMonth: 1 + random.IntN(5), DayOfMonth: random.IntN(32), Month: time.Month(random.IntN(13)), Days: eas.Weekdays(random.IntN(128)),
		}
		if random.IntN(2) == 0 {
			r.FirstDay = ptr(time.Weekday(random.IntN(7)))
		}
		switch random.IntN(3) {
		case 0:
			r.Occurrences = 1 + random.IntN(30)
		case 1:
			r.Until = start.AddDate(0, random.IntN(60), random.IntN(30))
		}
		e := &eas.Event{Subject: "x", UID: "u", Start: start, End: start.Add(time.Hour), Zone: z, Recurrence: r}
		if random.IntN(3) == 0 {
			day := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, loc)
			e.AllDay, e.Start, e.End = true, day.UTC(), day.AddDate(0, 0, 1).UTC()
		}
		for o := range e.Occurrences(start, start.AddDate(3, 0, 0)) {
			switch random.IntN(8) {
			case 0:
				e.Exceptions = append(e.Exceptions, eas.Exception{Original: o.Original, Deleted: true})
			case 1:
				e.Exceptions = append(e.Exceptions, eas.Exception{Original: o.Original, Subject: ptr("other")})
			}
			if len(e.Exceptions) == 5 {
				break
			}
		}
		var b bytes.Buffer
		if err := writeCalendar(&b, eventCalendar(e, "", nil)); err != nil {
			t.Fatal(err)
		}
		compare(t, e, parse(t, b.Bytes()))
	}
}

// TestAnyPattern makes recurrences of numbers that a server should not send: what is written is a
// rule all the same, or says that there is none.
func TestAnyPattern(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	odd := func() int { return []int{-1, 0, 1, 5, 31, 99, 128, 1 << 30}[random.IntN(8)] }
	for range 300 {
		r := &eas.Recurrence{Type: eas.RecurrenceType(random.IntN(9) - 1), Interval: odd(), Occurrences: odd(), Days: eas.Weekdays(odd()), DayOfMonth: odd(), WeekOfMonth: odd(), Month: time.Month(odd()), CalendarType: random.IntN(25)}
		if random.IntN(3) == 0 {
			r.Until = at("2020-01-01 00:00").AddDate(random.IntN(20), 0, 0)
		}
		start := at("2026-03-02 09:00")
		if random.IntN(9) == 0 {
			start = time.Time{}
		}
		var b bytes.Buffer
		if err := writeCalendar(&b, eventCalendar(&eas.Event{Start: start, End: start, Recurrence: r, AllDay: random.IntN(2) == 0}, "u", nil)); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		c := parse(t, b.Bytes()).Children[0]
		rule := c.Props.Get(ical.PropRecurrenceRule)
		if rule == nil {
			if c.Props.Get(ical.PropComment) == nil {
				t.Errorf("%+v has neither a rule nor a comment", r)
			}
			continue
		}
		if o, err := rrule.StrToROption(rule.Value); err != nil {
			t.Errorf("%+v became %s: %v", r, rule.Value, err)
		} else if _, err := rrule.NewRRule(*o); err != nil {
			t.Errorf("%+v became %s: %v", r, rule.Value, err)
		}
	}
}
