package eastest

import (
	"iter"
	"strconv"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// maxOccurrences bounds how far a series is followed: a daily one for more than a century.
const maxOccurrences = 50_000

// A rule is the recurrence of an event. [MS-ASCAL] 2.2.2.37
type rule struct {
	kind, interval   int
	until            time.Time // of the last start; zero for none
	count            int       // 0 for no limit
	days             int       // DayOfWeek, a mask that begins with Sunday
	day, week, month int       // DayOfMonth, WeekOfMonth, MonthOfYear
	first            time.Weekday
}

// ruleOf reads the recurrence of an event; nil if there is none.
func ruleOf(n *node) *rule {
	r := n.child(wbxml.CalendarRecurrence)
	if r == nil {
		return nil
	}
	number := func(tag wbxml.Tag, missing int) int {
		if v, ok := r.number(tag); ok {
			return v
		}
		return missing
	}
	out := &rule{
		kind: number(wbxml.CalendarType, -1), interval: max(1, number(wbxml.CalendarInterval, 1)), count: number(wbxml.CalendarOccurrences, 0),
		days: number(wbxml.CalendarDayOfWeek, 0), day: number(wbxml.CalendarDayOfMonth, 0), week: number(wbxml.CalendarWeekOfMonth, 0),
		month: number(wbxml.CalendarMonthOfYear, 0), first: time.Weekday(number(wbxml.CalendarFirstDayOfWeek, 0)),
	}
	out.until, _ = wireTime(r.value(wbxml.CalendarUntil))
	return out
}

// zoneOf returns the time zone of an event, UTC if it names none.
func zoneOf(n *node) *time.Location {
	if z, err := eas.ParseTimeZone(n.value(wbxml.CalendarTimezone)); err == nil {
		if loc, err := z.Location(""); err == nil {
			return loc
		}
	}
	return time.UTC
}

// starts yields when the occurrences of an event begin, in order, whatever its exceptions say: once
// if it does not recur.
func starts(n *node) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		start, ok := wireTime(n.value(wbxml.CalendarStartTime))
		if !ok {
			return
		}
		r := ruleOf(n)
		if r == nil {
			yield(start)
			return
		}
		local := start.In(zoneOf(n))
		seen := 0
		for period := range maxOccurrences {
			for _, day := range r.period(local, period) {
				at := time.Date(day.Year(), day.Month(), day.Day(), local.Hour(), local.Minute(), local.Second(), 0, local.Location())
				if at.Before(local) {
					continue
				}
				if !r.until.IsZero() && at.After(r.until) || r.count > 0 && seen == r.count || seen == maxOccurrences || !yield(at.UTC()) {
					return
				}
				seen++
			}
		}
	}
}

// period returns the days of the nth day, week, month or year of a series that begins at start.
func (r *rule) period(start time.Time, n int) []time.Time {
	y, m, d := start.Date()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	switch today := date(y, m, d); {
	case r.kind == 0 && r.days == 0:
		return []time.Time{today.AddDate(0, 0, n*r.interval)}
	case r.kind == 0, r.kind == 1:
		days := r.days
		if days == 0 {
			days = 1 << today.Weekday()
		}
		week := today.AddDate(0, 0, -(int(today.Weekday()-r.first)+7)%7+7*n*r.interval)
		var out []time.Time
		for i := range 7 {
			if x := week.AddDate(0, 0, i); days&(1<<x.Weekday()) != 0 {
				out = append(out, x)
			}
		}
		return out
	case r.kind == 2, r.kind == 3:
		return r.inMonth(date(y, m+time.Month(n*r.interval), 1), d)
	case r.kind == 5, r.kind == 6:
		if r.month >= 1 && r.month <= 12 {
			m = time.Month(r.month)
		}
		return r.inMonth(date(y+n*r.interval, m, 1), d)
	}
	if n == 0 { // a kind that does not exist
		return []time.Time{date(y, m, d)}
	}
	return nil
}

// inMonth returns the day of a month that a monthly or yearly rule means; missing is the day of the
// first occurrence.
func (r *rule) inMonth(first time.Time, missing int) []time.Time {
	last := first.AddDate(0, 1, -1).Day()
	if r.kind == 2 || r.kind == 5 {
		day := r.day
		if day < 1 {
			day = missing
		}
		return []time.Time{first.AddDate(0, 0, min(day, last)-1)} // the 31st is the last day of shorter months
	}
	var fit []time.Time
	for i := range last {
		if x := first.AddDate(0, 0, i); r.days&(1<<x.Weekday()) != 0 {
			fit = append(fit, x)
		}
	}
	switch {
	case len(fit) == 0 || r.week < 1:
		return nil
	case r.week > len(fit) || r.week == 5:
		return fit[len(fit)-1:]
	}
	return fit[r.week-1 : r.week]
}

// An occurrence is one of an event, as its exception says if it has one.
type occurrence struct {
	start, end time.Time
	busy       int
}

// occurrences yields the occurrences of an event that take place, in the order of what they would be
// without exceptions, up to the one that would begin at limit.
func occurrences(n *node, limit time.Time) iter.Seq[occurrence] {
	return func(yield func(occurrence) bool) {
		start, ok1 := wireTime(n.value(wbxml.CalendarStartTime))
		end, ok2 := wireTime(n.value(wbxml.CalendarEndTime))
		if !ok1 || !ok2 {
			return
		}
		busy := func(n *node, missing int) int {
			if v, err := strconv.Atoi(n.value(wbxml.CalendarBusyStatus)); err == nil {
				return v
			}
			return missing
		}
		series := busy(n, int(eas.BusyFree))
		exceptions := map[int64]*node{}
		for _, x := range n.child(wbxml.CalendarExceptions).children() {
			if at, ok := wireTime(x.original()); ok {
				exceptions[at.Unix()] = x
			}
		}
		moved := len(exceptions) // an occurrence after limit may have been moved before it
		for at := range starts(n) {
			if !at.Before(limit) && moved == 0 {
				return
			}
			o := occurrence{at, at.Add(end.Sub(start)), series}
			if x := exceptions[at.Unix()]; x != nil {
				moved--
				if x.value(wbxml.CalendarDeleted) == "1" {
					continue
				}
				if t, ok := wireTime(x.value(wbxml.CalendarStartTime)); ok {
					o.start, o.end = t, t.Add(end.Sub(start))
				}
				if t, ok := wireTime(x.value(wbxml.CalendarEndTime)); ok {
					o.end = t
				}
				o.busy = busy(x, series)
			}
			if !yield(o) {
				return
			}
		}
	}
}

// hasInstance reports whether an occurrence of a series begins at a time, in the form of InstanceId.
func hasInstance(n *node, instance string) bool {
	at, err := time.Parse("20060102T150405Z", instance)
	if err != nil || n.child(wbxml.CalendarRecurrence) == nil {
		return false
	}
	for s := range starts(n) {
		if !s.Before(at) {
			return s.Equal(at)
		}
	}
	return false
}
