package eastest

import (
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// asServer adds to an event what a device does not send and the server keeps: the UID, who
// organizes it, when it was written, and who has answered what.
func (m *Mailbox) asServer(raw []byte, e *eas.Event) []byte {
	n, err := parseTree(raw)
	if err != nil {
		panic("eastest: Put: " + err.Error())
	}
	set := func(tag wbxml.Tag, text string) {
		if text != "" && n.child(tag) == nil {
			n.kids = append(n.kids, &node{tag: tag, text: text})
		}
	}
	uid := e.UID
	if uid == "" {
		uid = strings.ToUpper(strings.ReplaceAll(m.tn.guid("event"), "-", ""))
	}
	set(wbxml.CalendarUID, uid)
	stamp := e.Stamp
	if stamp.IsZero() {
		stamp = m.tn.now()
	}
	set(wbxml.CalendarDtStamp, compact(stamp))
	set(wbxml.CalendarOrganizerName, e.Organizer.Name)
	set(wbxml.CalendarOrganizerEmail, e.Organizer.Email)
	if e.Response != 0 {
		set(wbxml.CalendarResponseType, strconv.Itoa(int(e.Response)))
	}
	if !e.Replied.IsZero() {
		set(wbxml.CalendarAppointmentReplyTime, compact(e.Replied))
	}
	for _, a := range n.child(wbxml.CalendarAttendees).all(wbxml.CalendarAttendee) {
		for _, want := range e.Attendees {
			if want.Response != 0 && want.Email == a.value(wbxml.CalendarEmail) && a.child(wbxml.CalendarAttendeeStatus) == nil {
				a.kids = append(a.kids, &node{tag: wbxml.CalendarAttendeeStatus, text: strconv.Itoa(int(want.Response))})
			}
		}
	}
	return n.document()
}

func compact(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
