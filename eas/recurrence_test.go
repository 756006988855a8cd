package eas_test

import (
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// The calendar is written of patterns that differ from one calendar to the next, and from 14.0 on.
func TestRecurrenceCalendar(t *testing.T) {
	kinds := map[eas.RecurrenceType]bool{eas.Daily: false, eas.Weekly: false, eas.Monthly: true, eas.MonthlyNth: true, eas.Yearly: true, eas.YearlyNth: true}
	for kind, named := range kinds {
		for _, v := range []eas.Version{eas.Version121, eas.Version140, eas.Version161} {
			r := &eas.Recurrence{Type: kind, Interval: 1, Days: eas.Monday, CalendarType: 6, LeapMonth: true}
			for _, item := range []eas.Item{&eas.Event{Subject: "x", Recurrence: r}, &eas.Task{Subject: "x", Recurrence: r}} {
				raw, err := eas.Encode(item, v)
				if err != nil {
					t.Fatal(err)
				}
				doc, err := eas.ToXML(raw)
				if err != nil {
					t.Fatal(err)
				}
				want := named && v.AtLeast(eas.Version140)
				if strings.Contains(string(doc), "CalendarType>6<") != want || strings.Contains(string(doc), "IsLeapMonth>1<") != want {
					t.Errorf("%s with a pattern of type %d in %s: calendar %v wanted\n%s", item.Class(), kind, v, want, doc)
				}
			}
		}
	}
}

// The first day of a week is one of seven; another number says nothing.
func TestRecurrenceFirstDay(t *testing.T) {
	for text, want := range map[string]string{"": "none", "0": "Sunday", "1": "Monday", "6": "Saturday", "7": "none", "-1": "none"} {
		day := ""
		if text != "" {
			day = "<FirstDayOfWeek>" + text + "</FirstDayOfWeek>"
		}
		raw, err := eas.FromXML([]byte(`<ApplicationData xmlns="AirSync"><Recurrence xmlns="Calendar"><Type>1</Type><DayOfWeek>2</DayOfWeek>` + day + `</Recurrence></ApplicationData>`))
		if err != nil {
			t.Fatal(err)
		}
		item, err := eas.Decode(eas.ClassCalendar, raw)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if d := item.(*eas.Event).Recurrence.FirstDay; d != nil {
			got = d.String()
		}
		if got != want {
			t.Errorf("FirstDayOfWeek %q is %s, want %s", text, got, want)
		}
	}
}
