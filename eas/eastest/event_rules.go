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
	if !c.completeRule(data.child(wbxml.CalendarRecurrence), eventRule) {
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
	meeting := data.child(wbxml.CalendarAttendees) != nil
	if c.version.AtLeast(eas.Version160) {
		set(wbxml.CalendarMeetingStatus, map[bool]string{true: "1", false: "0"}[meeting])
	}
	if meeting {
		set(wbxml.CalendarResponseType, strconv.Itoa(int(eas.ResponseOrganizer)))
	}
	for _, a := range data.child(wbxml.CalendarAttendees).all(wbxml.CalendarAttendee) {
		for tag, text := range map[wbxml.Tag]string{wbxml.CalendarAttendeeStatus: "0", wbxml.CalendarAttendeeType: "1"} {
			if a.child(tag) == nil {
				a.kids = append(a.kids, &node{tag: tag, text: text})
			}
		}
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
