package eastest

import (
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// property reads a property of an event of iCalendar (RFC 5545 section 3.8), or one of Exchange's
// own, into what a meeting request says.
func property(out *eas.MeetingRequest, key, params, value string) {
	switch key {
	case "RECURRENCE-ID":
		out.RecurrenceID, out.Instance = calendarTime(value, params), eas.InstanceException
	case "RRULE":
		out.Recurrence = calendarRule(value)
	case "CLASS":
		out.Sensitivity = map[string]eas.Sensitivity{"PERSONAL": 1, "PRIVATE": 2, "CONFIDENTIAL": 3}[strings.ToUpper(value)]
	case "TRIGGER":
		if d, ok := calendarDuration(value); ok && out.Reminder == nil {
			out.Reminder = &d
		}
	case "X-MICROSOFT-CDO-BUSYSTATUS":
		if busy, ok := busyWords[strings.ToUpper(value)]; ok {
			out.Busy = &busy
		}
	case "X-MICROSOFT-DISALLOW-COUNTER":
		out.NoNewTimes = strings.EqualFold(value, "TRUE")
	}
}

// busyWords are those of [MS-OXCICAL] 2.1.3.1.1.20.31.
var busyWords = map[string]eas.BusyStatus{
	"FREE": eas.BusyFree, "TENTATIVE": eas.BusyTentative, "BUSY": eas.BusyBusy, "OOF": eas.BusyAway, "WORKINGELSEWHERE": eas.BusyElsewhere,
}

// days are the weekdays of a rule, as bits.
var days = map[string]eas.Weekdays{"SU": 1, "MO": 2, "TU": 4, "WE": 8, "TH": 16, "FR": 32, "SA": 64}

// calendarRule reads a recurrence (RFC 5545 section 3.3.10); nil if it is none that Exchange has.
func calendarRule(text string) *eas.Recurrence {
	r := &eas.Recurrence{Interval: 1}
	frequency, position := "", 0
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, _ := strings.Cut(part, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "FREQ":
			frequency = value
		case "INTERVAL":
			r.Interval = n
		case "COUNT":
			r.Occurrences = n
		case "UNTIL":
			r.Until = calendarTime(value, "")
		case "BYMONTHDAY":
			r.DayOfMonth = n
		case "BYMONTH":
			r.Month = time.Month(n)
		case "BYSETPOS":
			position = n
		case "WKST":
			for i, d := range []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"} {
				if d == value {
					first := time.Weekday(i)
					r.FirstDay = &first
				}
			}
		case "BYDAY":
			for day := range strings.SplitSeq(value, ",") {
				if len(day) < 2 {
					continue
				}
				r.Days |= days[day[len(day)-2:]]
				if n, err := strconv.Atoi(day[:len(day)-2]); err == nil {
					position = n
				}
			}
		}
	}
	if position < 0 {
		position = 5 // the last
	}
	r.WeekOfMonth = position
	switch {
	case frequency == "DAILY":
		r.Type = eas.Daily
	case frequency == "WEEKLY":
		r.Type = eas.Weekly
	case frequency == "MONTHLY" && position != 0:
		r.Type = eas.MonthlyNth
	case frequency == "MONTHLY":
		r.Type = eas.Monthly
	case frequency == "YEARLY" && position != 0:
		r.Type = eas.YearlyNth
	case frequency == "YEARLY":
		r.Type = eas.Yearly
	default:
		return nil
	}
	return r
}

// calendarDuration reads how long before the start an alarm is: -PT15M, in minutes, hours or days.
func calendarDuration(s string) (time.Duration, bool) {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(s), "-"), "P")
	unit := 24 * time.Hour
	if t, ok := strings.CutPrefix(s, "T"); ok {
		s, unit = t, time.Minute
		if strings.HasSuffix(s, "H") {
			unit = time.Hour
		}
	}
	n, err := strconv.Atoi(strings.TrimRight(s, "DHM"))
	return time.Duration(n) * unit, err == nil && n >= 0
}
