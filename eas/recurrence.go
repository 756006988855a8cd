package eas

import (
	"strconv"
	"time"
)

// A Recurrence is the pattern by which an event or a task repeats. See [MS-ASCAL] 2.2.2.37,
// [MS-ASTASK] 2.2.2.18. Fields that the Type does not use are zero.
type Recurrence struct {
	Type     RecurrenceType
	Interval int // every so many days, weeks, months or years; 0 is 1

	Until       time.Time // the last start, UTC; zero: no such end
	Occurrences int       // 0: no such end

	Days        Weekdays   // Weekly, MonthlyNth, YearlyNth; Daily too, as every weekday
	DayOfMonth  int        // Monthly, Yearly; 1 to 31
	WeekOfMonth int        // MonthlyNth, YearlyNth; 1 to 5, 5 is the last
	Month       time.Month // Yearly, YearlyNth

	FirstDay     *time.Weekday // of a week; nil: not sent
	CalendarType int           // 0 and 1 Gregorian; see [MS-ASCAL] 2.2.2.10
	LeapMonth    bool          // of a lunar calendar

	// Of tasks alone.
	Start      time.Time
	Regenerate bool // the next begins when this one is complete
	Dead       bool // this task has ended and does not come again
}

// calendar returns what is written of the calendar, from 14.0 on. Daily and weekly patterns are
// the same in every calendar, and servers refuse them with one ([MS-ASCAL] 2.2.2.10); Horde
// sends one all the same.
func (r *Recurrence) calendar(v Version) (calendarType *int, leapMonth *bool) {
	if !v.AtLeast(Version140) || r.Type == Daily || r.Type == Weekly {
		return nil, nil
	}
	if r.LeapMonth {
		leapMonth = &r.LeapMonth
	}
	return optional(r.CalendarType), leapMonth
}

// A RecurrenceType is a pattern of recurrence.
type RecurrenceType int

// The values of [RecurrenceType].
const (
	Daily      RecurrenceType = 0
	Weekly     RecurrenceType = 1
	Monthly    RecurrenceType = 2 // on a day of the month
	MonthlyNth RecurrenceType = 3 // as on the second Tuesday
	Yearly     RecurrenceType = 5 // on a day of a month
	YearlyNth  RecurrenceType = 6 // as on the last Monday of May
)

// Weekdays is a set of days.
type Weekdays int

// The values of [Weekdays], to be joined by "|". LastDay means the last day of the month.
const (
	Sunday Weekdays = 1 << iota
	Monday
	Tuesday
	Wednesday
	Thursday
	Friday
	Saturday

	Workdays = Monday | Tuesday | Wednesday | Thursday | Friday
	LastDay  = Sunday | Workdays | Saturday
)

// Has reports whether the set holds d.
func (w Weekdays) Has(d time.Weekday) bool { return w&(1<<d) != 0 }

// weekday returns the day of a number; nil for nil and for what is not one of seven.
func (r *reader) weekday(element string, n *int) *time.Weekday {
	if n == nil {
		return nil
	}
	if *n < 0 || *n > 6 {
		r.note(element, strconv.Itoa(*n))
		return nil
	}
	d := time.Weekday(*n)
	return &d
}

// optional returns nil for 0.
func optional[T ~int](n T) *int {
	if n == 0 {
		return nil
	}
	i := int(n)
	return &i
}

func wireWeekday(d *time.Weekday) *int {
	if d == nil {
		return nil
	}
	n := int(*d)
	return &n
}
