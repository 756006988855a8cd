package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-ical"

	"github.com/easoauth/easoauth/eas"
)

// A zone is the clock of an event. An event without one is on the clock of UTC, and its times are
// written in UTC.
type zone struct {
	*time.Location
	rules *eas.TimeZone // nil: UTC
}

// zoneOf returns the clock of an event, as Event.Occurrences reads it.
func zoneOf(z *eas.TimeZone) zone {
	if z == nil || *z == (eas.TimeZone{}) {
		return zone{Location: time.UTC}
	}
	name := zoneName(z.StandardName)
	if name == "" {
		name = "UTC" + offset(z.Bias+z.StandardBias)
	}
	loc, err := z.Location(name)
	if err != nil {
		return zone{Location: time.UTC}
	}
	return zone{loc, z}
}

// zoneName makes an identifier of a name, without what would be escaped in the VTIMEZONE and quoted
// where it is referred to: readers compare the two as they are written.
func zoneName(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("./+-_()", r) {
			return r
		}
		return ' '
	}, plainText(s))), " ")
}

// component returns the VTIMEZONE of the clock, for events from a year on. RFC 5545 section
// 3.6.5. The rules of ActiveSync hold for every year, so that a time of the past reads as the
// instant that the server meant, though clocks there may have shown another one.
func (z zone) component(year int) *ical.Component {
	c := ical.NewComponent(ical.CompTimezone)
	c.Props.SetText(ical.PropTimezoneID, z.String())
	standard, daylight := z.rules.Bias+z.rules.StandardBias, z.rules.Bias+z.rules.DaylightBias
	if !z.rules.HasDaylight() {
		c.Children = append(c.Children, observance(ical.CompTimezoneStandard, standard, standard, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), ""))
		return c
	}
	for _, o := range []struct {
		name     string
		from, to time.Duration
		at       eas.Transition
	}{
		{ical.CompTimezoneStandard, daylight, standard, z.rules.StandardStart},
		{ical.CompTimezoneDaylight, standard, daylight, z.rules.DaylightStart},
	} {
		first, rule := transition(o.at, year)
		c.Children = append(c.Children, observance(o.name, o.from, o.to, first, rule))
	}
	return c
}

func observance(name string, from, to time.Duration, first time.Time, rule string) *ical.Component {
	c := ical.NewComponent(name)
	set(c, ical.PropDateTimeStart, first.Format(localTime))
	set(c, ical.PropTimezoneOffsetFrom, offset(from))
	set(c, ical.PropTimezoneOffsetTo, offset(to))
	if rule != "" {
		set(c, ical.PropRecurrenceRule, rule)
	}
	return c
}

// transition returns when the clock changes in a year, on the clock before, and the rule for the
// years after it.
func transition(t eas.Transition, year int) (time.Time, string) {
	first := time.Date(year, t.Month, 1, t.Hour, t.Minute, t.Second, 0, time.UTC)
	if t.Year != 0 { // a date, which Location has every year
		return first.AddDate(0, 0, t.Day-1), fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d", t.Month, t.Day)
	}
	first = first.AddDate(0, 0, int(t.Weekday-first.Weekday()+7)%7)
	n := t.Day
	if n == 5 {
		n = -1
		for first.AddDate(0, 0, 7).Month() == t.Month {
			first = first.AddDate(0, 0, 7)
		}
	} else {
		first = first.AddDate(0, 0, 7*(n-1))
	}
	return first, fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", t.Month, n, dayNames[t.Weekday])
}

// offset writes minutes west of Greenwich as iCalendar does: to the east, as +0100.
func offset(west time.Duration) string {
	sign := '-'
	if west <= 0 {
		sign, west = '+', -west
	}
	return fmt.Sprintf("%c%02d%02d", sign, west/time.Hour, west%time.Hour/time.Minute)
}

const (
	localTime = "20060102T150405"
	localDate = "20060102"
)

// time returns a property for an instant: on the clock of z, or in UTC where the clock shows the
// time twice and the second is meant: iCalendar means the first.
func (z zone) time(name string, t time.Time) *ical.Prop {
	if z.rules != nil && !z.again(t) {
		return z.wall(name, t)
	}
	p := ical.NewProp(name)
	p.Value = t.UTC().Format(localTime) + "Z"
	return p
}

// wall returns a property for an instant on the clock of z, which must not be UTC.
func (z zone) wall(name string, t time.Time) *ical.Prop {
	p := ical.NewProp(name)
	p.Params.Set(ical.ParamTimezoneID, z.String())
	p.Value = t.In(z.Location).Format(localTime)
	return p
}

// again reports whether the clock shows at t what it has shown before.
func (z zone) again(t time.Time) bool {
	since, _ := t.In(z.Location).ZoneBounds()
	if since.IsZero() {
		return false
	}
	_, now := since.Zone()
	_, before := since.Add(-time.Second).Zone()
	return t.Sub(since) < time.Duration(before-now)*time.Second
}

// date returns a property for the day of an all-day event.
func (z zone) date(name string, t time.Time) *ical.Prop {
	p := ical.NewProp(name)
	p.SetDate(z.day(t))
	return p
}

// day returns the day that begins at t. Servers write a day as a midnight of the event's clock, or
// of UTC.
func (z zone) day(t time.Time) time.Time {
	t = t.UTC()
	if wall := t.In(z.Location); !t.Equal(t.Truncate(24*time.Hour)) || wall.Hour() == 0 && wall.Minute() == 0 {
		return wall
	}
	return t
}

// at is time or date.
func (z zone) at(name string, t time.Time, allDay bool) *ical.Prop {
	if allDay {
		return z.date(name, t)
	}
	return z.time(name, t)
}
