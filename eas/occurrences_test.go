package eas_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/easoauth/easoauth/eas"
)

// TestOccurrences lists the occurrences of patterns, on the clock of Berlin.
func TestOccurrences(t *testing.T) {
	start := at("2026-03-23 07:00") // a Monday, 08:00 in Berlin, a week before the clock changes
	series := func(r eas.Recurrence, change ...func(*eas.Event)) *eas.Event {
		e := &eas.Event{Subject: "s", Start: start, End: start.Add(90 * time.Minute), Zone: berlin, Recurrence: &r}
		for _, f := range change {
			f(e)
		}
		return e
	}
	on := func(s string) func(*eas.Event) {
		return func(e *eas.Event) { e.Start, e.End = at(s), at(s).Add(time.Hour) }
	}
	allDay := func(zone *eas.TimeZone, from, to string) func(*eas.Event) {
		return func(e *eas.Event) { e.AllDay, e.Zone, e.Start, e.End = true, zone, at(from), at(to) }
	}
	for _, tt := range []struct {
		name     string
		e        *eas.Event
		from, to string
		want     string
	}{
		{"once", &eas.Event{Start: start, End: start.Add(time.Hour)}, "2026-03-01 00:00", "2026-04-01 00:00", "03-23 07:00"},
		{"once, later", &eas.Event{Start: start, End: start.Add(time.Hour)}, "2026-03-24 00:00", "2026-04-01 00:00", ""},
		{"weekly, across the change", series(eas.Recurrence{Type: eas.Weekly, Days: eas.Monday}), "2026-03-01 00:00", "2026-04-08 00:00", "03-23 07:00, 03-30 06:00, 04-06 06:00"},
		{"every other week on two days", series(eas.Recurrence{Type: eas.Weekly, Interval: 2, Days: eas.Tuesday | eas.Sunday, FirstDay: ptr(time.Monday)}), "2026-03-01 00:00", "2026-04-15 00:00",
			"03-24 07:00, 03-29 06:00, 04-07 06:00, 04-12 06:00"},
		{"the same, weeks from Sunday on", series(eas.Recurrence{Type: eas.Weekly, Interval: 2, Days: eas.Tuesday | eas.Sunday}), "2026-03-01 00:00", "2026-04-10 00:00",
			"03-24 07:00, 04-05 06:00, 04-07 06:00"},
		{"weekly, without days", series(eas.Recurrence{Type: eas.Weekly, Occurrences: 2}), "2026-03-01 00:00", "2027-04-08 00:00", "03-23 07:00, 03-30 06:00"},
		{"until", series(eas.Recurrence{Type: eas.Weekly, Days: eas.Monday, Until: at("2026-03-30 06:00")}), "2026-03-01 00:00", "2027-01-01 00:00", "03-23 07:00, 03-30 06:00"},
		{"daily", series(eas.Recurrence{Type: eas.Daily, Interval: 3, Occurrences: 4}), "2026-03-27 00:00", "2026-04-08 00:00", "03-29 06:00, 04-01 06:00"},
		{"workdays", series(eas.Recurrence{Type: eas.Daily, Days: eas.Workdays}), "2026-03-26 00:00", "2026-03-31 00:00", "03-26 07:00, 03-27 07:00, 03-30 06:00"},
		{"begun before", series(eas.Recurrence{Type: eas.Daily}), "2026-03-25 08:00", "2026-03-25 09:00", "03-25 07:00"},
		{"ended before", series(eas.Recurrence{Type: eas.Daily}), "2026-03-25 08:30", "2026-03-25 09:00", ""},
		{"the 31st", series(eas.Recurrence{Type: eas.Monthly, DayOfMonth: 31}, on("2026-01-31 07:00")), "2026-01-01 00:00", "2026-05-01 00:00", "01-31 07:00, 02-28 07:00, 03-31 06:00, 04-30 06:00"},
		{"monthly, without a day", series(eas.Recurrence{Type: eas.Monthly, Interval: 2}), "2026-01-01 00:00", "2026-06-01 00:00", "03-23 07:00, 05-23 06:00"},
		{"the second Tuesday", series(eas.Recurrence{Type: eas.MonthlyNth, WeekOfMonth: 2, Days: eas.Tuesday}), "2026-01-01 00:00", "2026-06-01 00:00", "04-14 06:00, 05-12 06:00"},
		{"the last Friday", series(eas.Recurrence{Type: eas.MonthlyNth, WeekOfMonth: 5, Days: eas.Friday}), "2026-01-01 00:00", "2026-06-01 00:00", "03-27 07:00, 04-24 06:00, 05-29 06:00"},
		{"the last day", series(eas.Recurrence{Type: eas.MonthlyNth, WeekOfMonth: 5, Days: eas.LastDay}), "2026-01-01 00:00", "2026-06-01 00:00", "03-31 06:00, 04-30 06:00, 05-31 06:00"},
		{"the first workday", series(eas.Recurrence{Type: eas.MonthlyNth, WeekOfMonth: 1, Days: eas.Workdays}), "2026-01-01 00:00", "2026-06-01 00:00", "04-01 06:00, 05-01 06:00"},
		{"29 February", series(eas.Recurrence{Type: eas.Yearly, Month: time.February, DayOfMonth: 29}, on("2024-02-29 07:00")), "2024-01-01 00:00", "2029-01-01 00:00",
			"2024-02-29 07:00, 2025-02-28 07:00, 02-28 07:00, 2027-02-28 07:00, 2028-02-29 07:00"},
		{"yearly, without a month", series(eas.Recurrence{Type: eas.Yearly}), "2026-01-01 00:00", "2028-01-01 00:00", "03-23 07:00, 2027-03-23 07:00"},
		{"the last Monday of May", series(eas.Recurrence{Type: eas.YearlyNth, Month: time.May, WeekOfMonth: 5, Days: eas.Monday}), "2026-01-01 00:00", "2028-01-01 00:00", "05-25 06:00, 2027-05-31 06:00"},
		{"all-day, in Berlin", series(eas.Recurrence{Type: eas.Daily, Interval: 7}, allDay(berlin, "2026-03-22 23:00", "2026-03-23 23:00")), "2026-01-01 00:00", "2026-04-06 00:00", "03-22 23:00, 03-29 22:00, 04-05 22:00"},
		{"all-day, until a date", series(eas.Recurrence{Type: eas.Daily, Until: at("2026-03-25 00:00")}, allDay(nil, "2026-03-23 00:00", "2026-03-24 00:00")), "2026-01-01 00:00", "2026-04-06 00:00",
			"03-23 00:00, 03-24 00:00, 03-25 00:00"},
		{"all-day in Berlin, until a date", series(eas.Recurrence{Type: eas.Daily, Until: at("2026-03-24 00:00")}, allDay(berlin, "2026-03-22 23:00", "2026-03-23 23:00")), "2026-01-01 00:00", "2026-04-06 00:00",
			"03-22 23:00, 03-23 23:00"},
		{"no end of time", series(eas.Recurrence{Type: eas.Yearly, Interval: 1 << 40}), "2026-01-01 00:00", "9999-01-01 00:00", "03-23 07:00"},
		{"Hijri", series(eas.Recurrence{Type: eas.Yearly, CalendarType: 6}), "2026-01-01 00:00", "2028-01-01 00:00", ""},
		{"a month that is not one", series(eas.Recurrence{Type: eas.Yearly, Month: 13}), "2026-01-01 00:00", "2027-01-01 00:00", "03-23 07:00"},
		{"no pattern", series(eas.Recurrence{Type: 4}), "2026-01-01 00:00", "2027-01-01 00:00", ""},
		{"exceptions", series(eas.Recurrence{Type: eas.Weekly, Days: eas.Monday}, func(e *eas.Event) {
			e.Exceptions = []eas.Exception{
				{Original: at("2026-04-06 06:00"), Deleted: true},
				{Original: at("2026-04-20 06:00"), Start: at("2026-03-28 10:00"), Subject: ptr("moved here")},
				{Original: at("2026-03-30 06:00"), Start: at("2026-06-28 10:00")},
				{Original: at("2026-04-13 06:00"), NoReminder: true},
			}
		}), "2026-03-01 00:00", "2026-04-28 00:00", "03-23 07:00, 03-28 10:00, 04-13 06:00, 04-27 06:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for o := range tt.e.Occurrences(at(tt.from), at(tt.to)) {
				got = append(got, strings.TrimPrefix(o.Event.Start.Format("2006-01-02 15:04"), "2026-"))
				if o.Event.Recurrence != nil || o.Event.Exceptions != nil {
					t.Errorf("an occurrence that recurs: %+v", o.Event)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
			for range tt.e.Occurrences(at(tt.from), at(tt.to)) {
				break // may be left early
			}
		})
	}
}

// TestOccurrence puts series and exceptions together.
func TestOccurrence(t *testing.T) {
	e := weekly()
	e.Start, e.End = at("2026-10-19 22:30"), at("2026-10-20 00:30") // half past midnight in Berlin
	e.Recurrence.Days = eas.Tuesday
	one, ok := e.Occurrence(at("2026-10-26 23:30")) // the clock has changed
	if !ok || one.Recurrence != nil || !one.End.Equal(at("2026-10-27 01:30")) || one.Subject != "Plan" {
		t.Errorf("%+v", one)
	}
	e.Exceptions = []eas.Exception{
		{Original: at("2026-11-02 23:30"), Start: at("2026-11-03 09:00"), Subject: ptr(""), AllDay: ptr(false), Place: &eas.Place{}, Body: &eas.Body{Data: "x"}, Categories: []string{},
			Busy: ptr(eas.BusyFree), Sensitivity: ptr(eas.SensitivityPrivate), NoReminder: true, Status: ptr(eas.MeetingCanceledOrganized), Attendees: []eas.Attendee{},
			Response: eas.ResponseDeclined, Replied: at("2026-11-01 00:00"), Attachments: []eas.Attachment{{Name: "a"}}, Other: [][]byte{{1}}},
		{Original: at("2026-11-09 23:30"), Deleted: true},
		{Original: at("2026-11-16 23:30"), End: at("2026-11-17 00:00"), Reminder: ptr(time.Minute), Categories: []string{"blue"}, Attendees: []eas.Attendee{{Email: "x"}}},
	}
	one, ok = e.Occurrence(at("2026-11-02 23:30"))
	want := &eas.Event{Start: at("2026-11-03 09:00"), End: at("2026-11-03 11:00"), Zone: berlin, UID: "u", Body: &eas.Body{Data: "x"}, Busy: ptr(eas.BusyFree),
		Categories: []string{}, Attendees: []eas.Attendee{}, Sensitivity: eas.SensitivityPrivate, Status: eas.MeetingCanceledOrganized, Response: eas.ResponseDeclined,
		Replied: at("2026-11-01 00:00"), Attachments: []eas.Attachment{{Name: "a"}}, Other: [][]byte{{1}}}
	if diff := cmp.Diff(want, one, cmpopts.EquateEmpty()); diff != "" || !ok {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if one, ok := e.Occurrence(at("2026-11-09 23:30")); ok {
		t.Errorf("a deleted occurrence: %+v", one)
	}
	one, _ = e.Occurrence(at("2026-11-16 23:30"))
	if !one.Start.Equal(at("2026-11-16 23:30")) || !one.End.Equal(at("2026-11-17 00:00")) || *one.Reminder != time.Minute || one.Categories[0] != "blue" || one.Attendees[0].Email != "x" {
		t.Errorf("%+v", one)
	}
}

// TestOccurrencesOfLongSeries holds what a range late in a series has to what the series has
// from its beginning on.
func TestOccurrencesOfLongSeries(t *testing.T) {
	t.Parallel()
	for _, r := range []eas.Recurrence{
		{Type: eas.Daily, Interval: 5}, {Type: eas.Daily, Days: eas.Workdays}, {Type: eas.Weekly, Interval: 3, Days: eas.Monday | eas.Saturday},
		{Type: eas.Weekly, Interval: 2, Days: eas.Sunday, FirstDay: ptr(time.Wednesday)}, {Type: eas.Monthly, Interval: 7, DayOfMonth: 30}, {Type: eas.YearlyNth, Interval: 3, Month: 2, WeekOfMonth: 1, Days: eas.Workdays},
	} {
		start := at("1990-03-05 23:30")
		e := &eas.Event{Start: start, End: start.Add(50 * time.Hour), Zone: berlin, Recurrence: &r}
		for _, from := range []string{"1990-03-01 00:00", "2026-03-30 00:00", "2026-11-01 12:00", "2031-01-01 00:00"} {
			from, to := at(from), at(from).AddDate(3, 0, 0)
			var want, got []time.Time
			for o := range e.Occurrences(start, to) {
				if o.Event.End.After(from) {
					want = append(want, o.Event.Start)
				}
			}
			for o := range e.Occurrences(from, to) {
				got = append(got, o.Event.Start)
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
				t.Errorf("%+v from %v (-want +got):\n%s", r, from, diff)
			}
		}
	}
}

// TestOccurrencesEnd lists the occurrences of series that begin or are asked for far from any
// calendar: it costs no more than a series from year 1 on.
func TestOccurrencesEnd(t *testing.T) {
	t.Parallel()
	year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
	for kind := eas.Daily; kind <= eas.YearlyNth; kind++ {
		for _, start := range []int{-1e9, -1e6, 0, 1, 2026, 2600, 1e9} {
			for _, from := range []int{-1e9, 1, 2026, 1e9} {
				for _, r := range []eas.Recurrence{{}, {Occurrences: 1 << 30}, {Days: 128}, {Occurrences: 1, Days: 128}} {
					r.Type = kind
					e := &eas.Event{Start: year(start), End: year(start).Add(time.Hour), Zone: berlin, Recurrence: &r}
					began := time.Now()
					n := 0
					for o := range e.Occurrences(year(from), year(from+1)) {
						if n++; o.Original.Year() != from && o.Original.Add(24*time.Hour).Year() != from {
							t.Fatalf("%+v from %d has an occurrence of %v in %d", r, start, o.Original, from)
						}
					}
					if d := time.Since(began); d > 20*time.Second {
						t.Errorf("%+v from %d in %d: %d occurrences in %v", r, start, from, n, d)
					}
				}
			}
		}
	}
}
