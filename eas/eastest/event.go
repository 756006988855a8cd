package eastest

import (
	"net/mail"
	"slices"
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

// responses are the answers of MeetingResponse as an event has them.
var responses = map[int]eas.ResponseType{1: eas.ResponseAccepted, 2: eas.ResponseTentative, 3: eas.ResponseDeclined}

// person reads the sender of a mail.
func person(s string) eas.Person {
	if a, err := mail.ParseAddress(s); err == nil {
		return eas.Person{Name: a.Name, Email: a.Address}
	}
	return eas.Person{Email: s}
}

// tellOrganizer notes the answer in the organizer's event, if that is in the tenant.
func (c *call) tellOrganizer(m *eas.MeetingRequest, answer int) {
	box := c.users[strings.ToLower(person(m.Organizer).Email)]
	if box == nil || m.UID == "" || box == c.box {
		return
	}
	for it := range box.byType(eas.FolderCalendar).all() {
		n, err := parseTree(it.raw)
		if err != nil || n.value(wbxml.CalendarUID) != m.UID {
			continue
		}
		for _, a := range n.child(wbxml.CalendarAttendees).all(wbxml.CalendarAttendee) {
			if strings.EqualFold(a.value(wbxml.CalendarEmail), c.box.addr) {
				a.kids = slices.DeleteFunc(a.kids, func(k *node) bool { return k.tag == wbxml.CalendarAttendeeStatus })
				a.kids = append(a.kids, &node{tag: wbxml.CalendarAttendeeStatus, text: strconv.Itoa(int(responses[answer]))})
				it.raw = n.document()
				box.touch(it)
			}
		}
		return
	}
}

// attachEvent puts what an event says behind a message, and the event itself into it if it is
// forwarded.
func (c *call) attachEvent(m *eas.Email, source *item) {
	n, err := parseTree(source.raw)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	subject := n.value(wbxml.CalendarSubject)
	text := "When: " + n.value(wbxml.CalendarStartTime) + "\r\nSubject: " + subject + "\r\n\r\n" + n.child(wbxml.AirSyncBaseBody).value(wbxml.AirSyncBaseData)
	m.Body = &eas.Body{Type: m.Body.Type, Data: m.Body.Data + "\r\n\r\n" + text}
	if c.command == "SmartForward" {
		m.Attachments = append(m.Attachments, eas.Attachment{
			Name: subject, Method: eas.AttachmentMessage, ContentType: "message/rfc822", Content: []byte("Subject: " + subject + "\r\n\r\n" + text),
		})
	}
}
