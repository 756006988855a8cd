package eas_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// The first day of a week is one of seven; another number is odd.
func TestRecurrenceFirstDay(t *testing.T) {
	for _, kind := range []struct {
		class       eas.Class
		space, item string
		recurrence  func(eas.Item) (*eas.Recurrence, []eas.OddValue)
	}{
		{eas.ClassCalendar, "Calendar", `<Recurrence xmlns="Calendar"><Type>1</Type>%s</Recurrence>`,
			func(i eas.Item) (*eas.Recurrence, []eas.OddValue) { e := i.(*eas.Event); return e.Recurrence, e.Odd }},
		{eas.ClassTasks, "Tasks", `<Recurrence xmlns="Tasks"><Type>1</Type>%s</Recurrence>`,
			func(i eas.Item) (*eas.Recurrence, []eas.OddValue) { x := i.(*eas.Task); return x.Recurrence, x.Odd }},
		{eas.ClassEmail, "Email2", `<MeetingRequest xmlns="Email"><Recurrences><Recurrence><Type>1</Type>%s</Recurrence></Recurrences></MeetingRequest>`,
			func(i eas.Item) (*eas.Recurrence, []eas.OddValue) {
				m := i.(*eas.Email)
				return m.Meeting.Recurrence, m.Odd
			}},
	} {
		for text, want := range map[string]string{"": "none", "0": "Sunday", "1": "Monday", "6": "Saturday", "7": "none", "-1": "none"} {
			day := ""
			if text != "" {
				day = `<FirstDayOfWeek xmlns="` + kind.space + `">` + text + `</FirstDayOfWeek>`
			}
			raw, err := eas.FromXML([]byte(`<ApplicationData xmlns="AirSync">` + fmt.Sprintf(kind.item, day) + `</ApplicationData>`))
			if err != nil {
				t.Fatal(err)
			}
			item, err := eas.Decode(kind.class, raw)
			if err != nil {
				t.Fatal(err)
			}
			got := "none"
			r, odd := kind.recurrence(item)
			if r.FirstDay != nil {
				got = r.FirstDay.String()
			}
			var wantOdd []eas.OddValue
			if want == "none" && text != "" {
				wantOdd = []eas.OddValue{{Element: kind.space + ":FirstDayOfWeek", Value: text}}
			}
			if diff := cmp.Diff(wantOdd, odd); got != want || diff != "" {
				t.Errorf("%s: FirstDayOfWeek %q is %s, want %s; odd (-want +got):\n%s", kind.class, text, got, want, diff)
			}
		}
	}
}
