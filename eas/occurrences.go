package eas

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// An Occurrence is one time at which an event takes place.
type Occurrence struct {
	Original time.Time // when the series has it; the start for [UpdateOccurrence] and [DeleteOccurrence]
	Event    *Event    // as of [Event.Occurrence]; it may start at another time than Original
}

// Occurrences yields the times at which the event takes place between from and to, in the order of
// the series; an occurrence that an exception has moved is yielded before the first one that
// starts later. An occurrence that begins before from and ends after it is included; one that
// begins at to is not. Exceptions are applied, and deleted occurrences left out. An event without
// a Recurrence occurs once. For the next few, pass a to that is years ahead and leave the loop.
//
// The pattern is computed in the Zone of the event, or in UTC if it is nil, as Exchange does: a
// day that a month does not have becomes its last day. It covers the years 1 to 2500. For a lunar
// calendar, only the exceptions are known.
func (e *Event) Occurrences(from, to time.Time) iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		within := func(start, end time.Time) bool {
			return start.Before(to) && (end.After(from) || !end.After(start) && !start.Before(from))
		}
		var moved []Occurrence
		excepted := map[int64]bool{}
		for _, x := range e.Exceptions {
			excepted[x.Original.UnixNano()] = true
			if one, ok := e.Occurrence(x.Original); ok && within(one.Start, one.End) {
				moved = append(moved, Occurrence{x.Original, one})
			}
		}
		slices.SortStableFunc(moved, func(a, b Occurrence) int { return a.Event.Start.Compare(b.Event.Start) })
		loc := e.location()
		for start := range e.starts(loc, from, to) {
			if excepted[start.UnixNano()] || !within(start, e.endOf(start, loc)) {
				continue
			}
			one, _ := e.Occurrence(start)
			for len(moved) > 0 && !moved[0].Event.Start.After(start) {
				if !yield(moved[0]) {
					return
				}
				moved = moved[1:]
			}
			if !yield(Occurrence{start, one}) {
				return
			}
		}
		for _, m := range moved {
			if !yield(m) {
				return
			}
		}
	}
}

// endOf returns when the occurrence that starts at start ends: as long after it as the first
// one on the event's clock.
func (e *Event) endOf(start time.Time, loc *time.Location) time.Time {
	if e.End.IsZero() {
		return time.Time{}
	}
	length := wall(e.End.In(loc)).Sub(wall(e.Start.In(loc)))
	return onClock(wall(start.In(loc)).Add(length), loc).UTC()
}

// onClock returns when the clock of loc shows what w shows in UTC.
func onClock(w time.Time, loc *time.Location) time.Time {
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), loc)
}

const (
	firstYear   = 1    // no pattern is followed that begins before
	lastYear    = 2500 // nor any beyond it
	maxInterval = 10000
)

// starts yields when the pattern has occurrences start on the clock of loc, before to. Some that
// have ended before from may be left out.
func (e *Event) starts(loc *time.Location, from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		r := e.Recurrence
		if r == nil {
			if e.Start.Before(to) {
				yield(e.Start)
			}
			return
		}
		if r.isLunar() || e.Start.IsZero() {
			return
		}
		first := wall(e.Start.In(loc))
		if first.Year() < firstYear {
			return
		}
		since := first
		if r.Occurrences <= 0 { // nothing is counted
			since = from.Add(-e.End.Sub(e.Start)).AddDate(0, 0, -2)
		}
		n := 0
		for day := range r.days(first, since) {
			w := day.Add(first.Sub(midnight(first)))
			start := onClock(w, loc).UTC()
			switch {
			case w.Before(first):
				continue
			case !start.Before(to), r.Occurrences > 0 && n >= r.Occurrences, e.isAfterEnd(start, day):
				return
			}
			n++
			if !yield(start) {
				return
			}
		}
	}
}

// isAfterEnd reports whether the series ends before the occurrence on a day, which starts at
// start.
func (e *Event) isAfterEnd(start, day time.Time) bool {
	until := e.Recurrence.Until
	switch {
	case until.IsZero():
		return false
	case e.AllDay && until.Equal(midnight(until.UTC())):
		return day.After(until) // a date
	}
	return start.After(until)
}

// isLunar reports whether the months of the recurrence are not those of the Gregorian calendar.
func (r *Recurrence) isLunar() bool {
	return slices.Contains([]int{6, 8, 13, 14, 15, 20}, r.CalendarType)
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// days yields the days of the pattern, as midnights in UTC and in order, from the period of
// first on, or from one that ends before since. It may begin before first.
func (r *Recurrence) days(first, since time.Time) iter.Seq[time.Time] {
	step := min(max(r.Interval, 1), maxInterval)
	today := midnight(first)
	// skipped returns how many days lie in the periods of so many days that end before since.
	skipped := func(begin time.Time, period int) int {
		days := int(since.Unix()/86400 - begin.Unix()/86400)
		return max(days/period-1, 0) * period
	}
	return func(yield func(time.Time) bool) {
		switch r.Type {
		case Daily:
			for d := today.AddDate(0, 0, skipped(today, step)); d.Year() <= lastYear; d = d.AddDate(0, 0, step) {
				if (r.Days == 0 || r.Days.Has(d.Weekday())) && !yield(d) {
					return
				}
			}
		case Weekly:
			begin := time.Sunday
			if r.FirstDay != nil {
				begin = *r.FirstDay
			}
			days := cmp.Or(r.Days, 1<<first.Weekday())
			week := today.AddDate(0, 0, -int(today.Weekday()-begin+7)%7)
			week = week.AddDate(0, 0, skipped(week, 7*step))
			for ; week.Year() <= lastYear; week = week.AddDate(0, 0, 7*step) {
				for i := range 7 {
					if d := week.AddDate(0, 0, i); days.Has(d.Weekday()) && !yield(d) {
						return
					}
				}
			}
		case Monthly, MonthlyNth:
			for m := today.AddDate(0, 0, 1-today.Day()); m.Year() <= lastYear; m = m.AddDate(0, step, 0) {
				if !yield(r.dayIn(m, first)) {
					return
				}
			}
		case Yearly, YearlyNth:
			month := r.Month
			if month < time.January || month > time.December {
				month = first.Month()
			}
			for y := today.Year(); y <= lastYear; y += step {
				if !yield(r.dayIn(time.Date(y, month, 1, 0, 0, 0, 0, time.UTC), first)) {
					return
				}
			}
		}
	}
}

// dayIn returns the day of the pattern in the month that begins at m.
func (r *Recurrence) dayIn(m, first time.Time) time.Time {
	last := m.AddDate(0, 1, -1).Day()
	if r.Type == Monthly || r.Type == Yearly {
		day := r.DayOfMonth
		if day < 1 {
			day = first.Day()
		}
		return m.AddDate(0, 0, min(day, last)-1)
	}
	days := cmp.Or(r.Days, 1<<first.Weekday())
	found, n := m, 0
	for i := range last {
		d := m.AddDate(0, 0, i)
		if !days.Has(d.Weekday()) {
			continue
		}
		found, n = d, n+1
		if n == r.WeekOfMonth && r.WeekOfMonth < 5 {
			break
		}
	}
	return found
}
