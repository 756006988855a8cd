package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

var dayNames = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// ruleOf writes a recurrence as RRULE does, for a series that starts at first on its clock. It
// reports false for a lunar calendar, which RFC 5545 has no rule for. RFC 5545 section 3.3.10.
func ruleOf(r *eas.Recurrence, first time.Time) ([]string, bool) {
	if lunar(r) {
		return nil, false
	}
	days := r.Days & eas.LastDay // the bits that are days
	var rule []string
	add := func(format string, args ...any) { rule = append(rule, fmt.Sprintf(format, args...)) }
	interval := func(freq string) {
		add("FREQ=%s", freq)
		if r.Interval > 1 {
			add("INTERVAL=%d", r.Interval)
		}
	}
	switch r.Type {
	case eas.Daily:
		interval("DAILY")
		if days != 0 {
			add("BYDAY=%s", dayList(days))
		}
	case eas.Weekly:
		interval("WEEKLY")
		begin := time.Sunday // which Exchange assumes, and RFC 5545 does not
		if r.FirstDay != nil {
			begin = *r.FirstDay
		}
		add("BYDAY=%s", dayList(cmp.Or(days, 1<<first.Weekday())))
		add("WKST=%s", dayNames[begin])
	case eas.Monthly, eas.MonthlyNth, eas.Yearly, eas.YearlyNth:
		yearly := r.Type == eas.Yearly || r.Type == eas.YearlyNth
		if yearly {
			interval("YEARLY")
			month := r.Month
			if month < time.January || month > time.December {
				month = first.Month()
			}
			add("BYMONTH=%d", month)
		} else {
			interval("MONTHLY")
		}
		if r.Type == eas.Monthly || r.Type == eas.Yearly {
			day := r.DayOfMonth
			if day < 1 {
				day = first.Day()
			}
			rule = append(rule, monthDay(day)...)
		} else {
			rule = append(rule, nth(cmp.Or(days, 1<<first.Weekday()), r.WeekOfMonth)...)
		}
	default:
		return nil, false
	}
	return rule, true
}

// lunar reports whether the months of the recurrence are not Gregorian. [MS-ASCAL] 2.2.2.10.
func lunar(r *eas.Recurrence) bool {
	return slices.Contains([]int{6, 8, 13, 14, 15, 20}, r.CalendarType)
}

// monthDay is a day of the month. Exchange takes the last day of a month that is shorter; RFC 5545
// would leave the month out.
func monthDay(day int) []string {
	switch {
	case day <= 28:
		return []string{fmt.Sprintf("BYMONTHDAY=%d", day)}
	case day == 29:
		return []string{"BYMONTHDAY=28,29", "BYSETPOS=-1"}
	case day == 30:
		return []string{"BYMONTHDAY=28,29,30", "BYSETPOS=-1"}
	}
	return []string{"BYMONTHDAY=-1"}
}

// nth is the nth of some weekdays in a month; 5 and what is not a number of a week is the last.
func nth(days eas.Weekdays, week int) []string {
	if week < 1 || week > 4 {
		week = -1
	}
	list := dayList(days)
	if len(list) == 2 {
		return []string{fmt.Sprintf("BYDAY=%d%s", week, list)}
	}
	return []string{"BYDAY=" + list, fmt.Sprintf("BYSETPOS=%d", week)}
}

func dayList(days eas.Weekdays) string {
	var list []string
	for i, name := range dayNames {
		if days.Has(time.Weekday(i)) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ",")
}

// firstOf returns the first occurrence of a series, exceptions apart, and its last one where the
// series says in two ways when it ends. A series may start on a day that its pattern does not
// have: to Exchange that day has no occurrence, and to RFC 5545 it would be the first.
func firstOf(e *eas.Event) (first *eas.Event, last time.Time) {
	plain := *e
	plain.Exceptions = nil
	both := e.Recurrence.Occurrences > 0 && !e.Recurrence.Until.IsZero()
	for o := range plain.Occurrences(e.Start, e.Start.AddDate(2500, 0, 0)) {
		if first == nil {
			first = o.Event
		}
		if last = o.Original; !both {
			return first, time.Time{}
		}
	}
	return first, last
}
