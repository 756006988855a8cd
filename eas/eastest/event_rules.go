package eastest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// completeEvent makes of an event that a device adds what the server keeps of it. It reports false
// where Exchange answers status 6.
func (c *call) completeEvent(data *node) bool {
	if !c.completeTimes(data) || !c.validRecurrence(data.child(wbxml.CalendarRecurrence)) {
		return false
	}
	set := func(tag wbxml.Tag, text string) {
		if text != "" && data.value(tag) == "" {
			data.kids = slices.DeleteFunc(data.kids, func(k *node) bool { return k.tag == tag })
			data.kids = append(data.kids, &node{tag: tag, text: text})
		}
	}
	set(wbxml.CalendarUID, strings.ToUpper(strings.ReplaceAll(c.guid("event"), "-", "")))
	set(wbxml.CalendarDtStamp, compact(c.now()))
	set(wbxml.CalendarOrganizerEmail, c.box.addr)
	set(wbxml.CalendarOrganizerName, galEntry(c.box.addr, false).DisplayName)
	if c.version.AtLeast(eas.Version160) {
		set(wbxml.CalendarMeetingStatus, map[bool]string{true: "1", false: "0"}[data.child(wbxml.CalendarAttendees) != nil])
	}
	set(wbxml.AirSyncBaseNativeBodyType, data.child(wbxml.AirSyncBaseBody).value(wbxml.AirSyncBaseType))
	return true
}

// completeTimes sets a start or an end that is missing. [MS-ASCAL] 3.2.5.4
func (c *call) completeTimes(data *node) bool {
	start, end := data.value(wbxml.CalendarStartTime), data.value(wbxml.CalendarEndTime)
	now := c.now().UTC()
	next := now.Truncate(30 * time.Minute).Add(30 * time.Minute)
	at := func(s string) time.Time {
		t, _ := wireTime(s) // what is not a time is in the past
		return t
	}
	switch {
	case start != "" && end != "":
		return true
	case start == "" && end == "":
		start, end = compact(next), compact(next.Add(30*time.Minute))
	case start == "" && at(end).Before(next), end == "" && at(start).After(now):
		return false
	case start == "":
		start = compact(next)
	default:
		end = compact(next.Add(30 * time.Minute))
	}
	data.replace([]*node{{tag: wbxml.CalendarStartTime, text: start}, {tag: wbxml.CalendarEndTime, text: end}}, false)
	return true
}

// ruleParts are the elements that a type of recurrence has, of those that not every type has.
// [MS-ASCAL] 2.2.2.37
var ruleParts = map[int][]wbxml.Tag{
	0: {wbxml.CalendarDayOfWeek},
	1: {wbxml.CalendarDayOfWeek},
	2: {wbxml.CalendarDayOfMonth, wbxml.CalendarCalendarType},
	3: {wbxml.CalendarWeekOfMonth, wbxml.CalendarDayOfWeek, wbxml.CalendarCalendarType},
	5: {wbxml.CalendarDayOfMonth, wbxml.CalendarMonthOfYear, wbxml.CalendarCalendarType},
	6: {wbxml.CalendarWeekOfMonth, wbxml.CalendarDayOfWeek, wbxml.CalendarMonthOfYear, wbxml.CalendarCalendarType},
}

// calendarTypes are those that a device may name. [MS-ASCAL] 2.2.2.10
const lastCalendarType = 23

// validRecurrence holds a recurrence to the rules, and completes it.
func (c *call) validRecurrence(rule *node) bool {
	if rule == nil {
		return true
	}
	kind, ok := rule.number(wbxml.CalendarType)
	parts, known := ruleParts[kind]
	if !ok || !known {
		return false
	}
	for _, tag := range []wbxml.Tag{wbxml.CalendarDayOfWeek, wbxml.CalendarDayOfMonth, wbxml.CalendarWeekOfMonth, wbxml.CalendarMonthOfYear, wbxml.CalendarCalendarType} {
		switch n := len(rule.all(tag)); {
		case n > 1, n == 1 && !slices.Contains(parts, tag):
			return false
		}
	}
	within := func(tag wbxml.Tag, low, high int) bool {
		n, ok := rule.number(tag)
		return rule.child(tag) == nil || ok && n >= low && n <= high
	}
	if !within(wbxml.CalendarFirstDayOfWeek, 0, 6) || !within(wbxml.CalendarCalendarType, 0, lastCalendarType) ||
		!within(wbxml.CalendarOccurrences, 1, 999) || !within(wbxml.CalendarInterval, 0, 999) ||
		!within(wbxml.CalendarDayOfMonth, 1, 31) || !within(wbxml.CalendarWeekOfMonth, 1, 5) || !within(wbxml.CalendarMonthOfYear, 1, 12) {
		return false
	}
	switch rule.value(wbxml.CalendarCalendarType) {
	case "13", "16", "17", "18", "19":
		return false // which no server makes
	}
	set := func(tag wbxml.Tag, n int) {
		rule.replace([]*node{{tag: tag, text: strconv.Itoa(n)}}, false)
	}
	if n, ok := rule.number(wbxml.CalendarInterval); !ok || n == 0 {
		set(wbxml.CalendarInterval, 1)
	}
	if n, _ := rule.number(wbxml.CalendarCalendarType); slices.Contains(parts, wbxml.CalendarCalendarType) && n < 2 {
		set(wbxml.CalendarCalendarType, 0)
	}
	if kind == 1 && c.version.AtLeast(eas.Version141) && rule.child(wbxml.CalendarFirstDayOfWeek) == nil {
		set(wbxml.CalendarFirstDayOfWeek, 0)
	}
	if rule.child(wbxml.CalendarOccurrences) != nil { // which excludes Until
		rule.kids = slices.DeleteFunc(rule.kids, func(k *node) bool { return k.tag == wbxml.CalendarUntil })
	}
	return true
}
