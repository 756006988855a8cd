package eastest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// Message classes of mail about meetings.
const (
	meetingRequest  = "IPM.Schedule.Meeting.Request"
	meetingCanceled = "IPM.Schedule.Meeting.Canceled"
)

// responseClasses are those of the answers of MeetingResponse, with the word before the subject.
var responseClasses = map[int][2]string{
	1: {"IPM.Schedule.Meeting.Resp.Pos", "Accepted"}, 2: {"IPM.Schedule.Meeting.Resp.Tent", "Tentative"}, 3: {"IPM.Schedule.Meeting.Resp.Neg", "Declined"},
}

// meeting returns what a mail says about a meeting. [MS-ASEMAIL] 2.2.2.48
func (c *call) meeting(it *item) *airsync.MeetingRequest {
	m := it.mail.Meeting
	stamp := m.Stamp
	if stamp.IsZero() {
		stamp = it.mail.Received
	}
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	busy := eas.BusyBusy
	if m.Busy != nil {
		busy = *m.Busy
	}
	kind := m.Instance
	if kind == eas.InstanceSingle && m.Recurrence != nil {
		kind = eas.InstanceMaster
	}
	requested := true
	out := &airsync.MeetingRequest{
		AllDayEvent: &m.AllDay, StartTime: at(m.Start), EndTime: at(m.End), DTStamp: at(stamp), InstanceType: intp(int(kind)),
		Organizer: m.Organizer, ResponseRequested: &requested, Sensitivity: intp(int(m.Sensitivity)), BusyStatus: intp(int(busy)),
		TimeZone: strings.Repeat("A", 230) + "==",
	}
	if !m.RecurrenceID.IsZero() {
		out.RecurrenceID = at(m.RecurrenceID)
	}
	if m.Reminder != nil {
		seconds := uint32(m.Reminder.Seconds())
		out.Reminder = &seconds
	}
	if m.Recurrence != nil {
		out.Recurrences = &airsync.MeetingRecurrences{Recurrence: []airsync.MeetingRecurrence{c.meetingRule(m.Recurrence)}}
	}
	if c.version.AtLeast(eas.Version140) {
		out.DisallowNewTimeProposal = &m.NoNewTimes
	}
	if c.version.AtLeast(eas.Version141) {
		message := m.Type
		if message == eas.MeetingUnspecified {
			message = eas.MeetingInitial
		}
		out.MeetingMessageType = intp(int(message))
	}
	if c.version.AtLeast(eas.Version160) {
		out.UID = meetingUID(&it.mail)
		if m.Place.Name != "" {
			out.Place = &airsync.Location{DisplayName: m.Place.Name}
		}
	} else {
		out.GlobalObjID = base64.StdEncoding.EncodeToString(globalObjectID(meetingUID(&it.mail), m.RecurrenceID))
		out.Location = m.Place.Name
	}
	return out
}

// meetingRule writes a recurrence. [MS-ASEMAIL] 2.2.2.60
func (c *call) meetingRule(r *eas.Recurrence) airsync.MeetingRecurrence {
	some := func(n int) *int {
		if n == 0 {
			return nil
		}
		return &n
	}
	out := airsync.MeetingRecurrence{
		Type: intp(int(r.Type)), Interval: intp(max(r.Interval, 1)), Occurrences: some(r.Occurrences), WeekOfMonth: some(r.WeekOfMonth),
		DayOfMonth: some(r.DayOfMonth), DayOfWeek: some(int(r.Days)), MonthOfYear: some(int(r.Month)),
	}
	if !r.Until.IsZero() {
		out.Until = compact(r.Until)
	}
	if c.version.AtLeast(eas.Version140) && r.Type >= eas.Monthly {
		out.CalendarType, out.IsLeapMonth = intp(0), &r.LeapMonth
		if r.CalendarType > 1 {
			out.CalendarType = intp(r.CalendarType)
		}
	}
	if c.version.AtLeast(eas.Version141) && r.Type == eas.Weekly {
		out.FirstDayOfWeek = intp(0)
		if r.FirstDay != nil {
			out.FirstDayOfWeek = intp(int(*r.FirstDay))
		}
	}
	return out
}

// outlookClass begins every identifier of a meeting.
var outlookClass = []byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}

// globalObjectID is a UID as messages up to 14.1 have it: one of Outlook's own as its bytes, and
// any other behind "vCal-Uid", with the date of the occurrence that is meant. [MS-ASEMAIL] 2.2.2.37
func globalObjectID(uid string, instance time.Time) []byte {
	id, err := hex.DecodeString(uid)
	if err != nil || len(id) < 40 || !slices.Equal(id[:16], outlookClass) {
		id = append(slices.Clone(outlookClass), make([]byte, 20)...) // INSTDATE, NOW and RESERVED
		data := append(append([]byte("vCal-Uid"), 1, 0, 0, 0), append([]byte(uid), 0)...)
		id = append(binary.LittleEndian.AppendUint32(id, uint32(len(data))), data...)
	}
	if !instance.IsZero() {
		y, m, d := instance.UTC().Date()
		copy(id[16:], []byte{byte(y >> 8), byte(y), byte(m), byte(d)})
	}
	return id
}

// eventByUID returns the event of a meeting and what it says, nil if there is none.
func (m *Mailbox) eventByUID(uid string) (*item, *node) {
	for it := range m.byType(eas.FolderCalendar).all() {
		if n, err := parseTree(it.raw); err == nil && n.value(wbxml.CalendarUID) == uid {
			return it, n
		}
	}
	return nil, nil
}

// attend does with a mail about a meeting that arrives what Exchange's calendar attendant does: the
// calendar gets the event, not responded to, and what became of it.
func (m *Mailbox) attend(it *item) {
	met := it.mail.Meeting
	if met == nil || strings.EqualFold(person(met.Organizer).Email, m.addr) {
		return
	}
	if met.UID == "" {
		copied := *met
		copied.UID = meetingUID(&it.mail)
		met, it.mail.Meeting = &copied, &copied
	}
	known, n := m.eventByUID(met.UID)
	switch it.mail.MessageClass {
	case meetingRequest:
		if known != nil {
			m.supersede(it)
			if it.mail.Meeting.Type == eas.MeetingOutdated {
				return
			}
			m.update(known, n, it)
			return
		}
		m.put(m.byType(eas.FolderCalendar), m.invited(it))
	case meetingCanceled:
		if known != nil {
			n.replace([]*node{{tag: wbxml.CalendarMeetingStatus, text: strconv.Itoa(int(eas.MeetingCanceledReceived))}, {tag: wbxml.CalendarSubject, text: it.mail.Subject}}, false)
			known.raw = n.document()
			m.touch(known)
		}
	}
}

// supersede says of two requests for one meeting which is newer.
func (m *Mailbox) supersede(it *item) {
	mark := func(x *item, t eas.MeetingMessageType) {
		copied := *x.mail.Meeting
		copied.Type = t
		x.mail.Meeting = &copied
	}
	mark(it, eas.MeetingFullUpdate)
	for x := range it.folder.all() {
		met := x.mail.Meeting
		switch {
		case x == it || met == nil || met.UID != it.mail.Meeting.UID || x.mail.MessageClass != meetingRequest:
		case met.Stamp.After(it.mail.Meeting.Stamp):
			mark(it, eas.MeetingOutdated)
		default:
			mark(x, eas.MeetingOutdated)
		}
	}
}

// update changes an event by a newer request.
func (m *Mailbox) update(known *item, n *node, it *item) {
	fresh, err := parseTree(m.invited(it))
	if err != nil {
		panic("eastest: " + err.Error())
	}
	for _, tag := range []wbxml.Tag{wbxml.CalendarStartTime, wbxml.CalendarEndTime, wbxml.CalendarSubject, wbxml.CalendarLocation, wbxml.AirSyncBaseLocation, wbxml.CalendarAllDayEvent, wbxml.CalendarRecurrence} {
		n.kids = slices.DeleteFunc(n.kids, func(k *node) bool { return k.tag == tag })
		if k := fresh.child(tag); k != nil {
			n.kids = append(n.kids, k)
		}
	}
	known.raw = n.document()
	m.touch(known)
}

// invited returns the event of an invitation, which the user has not responded to.
func (m *Mailbox) invited(it *item) []byte {
	met := it.mail.Meeting
	busy := eas.BusyTentative
	if met.Busy != nil && *met.Busy == eas.BusyFree {
		busy = eas.BusyFree
	}
	e := &eas.Event{
		Subject: it.mail.Subject, Start: met.Start, End: met.End, AllDay: met.AllDay, Zone: met.Zone, Place: met.Place, Busy: &busy,
		Recurrence: met.Recurrence, Reminder: met.Reminder, Sensitivity: met.Sensitivity, UID: met.UID, Organizer: person(met.Organizer),
		Status: eas.MeetingReceived, Response: eas.ResponseNotYet, ResponseRequested: met.ResponseRequested, NoNewTimes: met.NoNewTimes, Body: it.mail.Body,
	}
	doc, err := eas.Encode(e, eas.Version161)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	return m.asServer(doc, e)
}

// meetingResponse serves MeetingResponse. [MS-ASCMD] 2.2.1.11
func (c *call) meetingResponse() {
	requests := c.root.all(wbxml.MeetingResponseRequest)
	if len(requests) == 0 || len(requests) > maxAnswers {
		c.common(103, http.StatusBadRequest)
		return
	}
	out := &airsync.MeetingResponseResponse{}
	for _, q := range requests {
		result := airsync.MeetingResult{RequestID: q.value(wbxml.MeetingResponseRequestId), LongID: q.value(wbxml.SearchLongId)}
		id, status := c.respond(q)
		result.Status, result.CalendarID = &status, id
		out.Result = append(out.Result, result)
	}
	c.answer(out)
}

// respond carries out one request, and returns the ID of the event if it was not declined.
func (c *call) respond(q *node) (id string, status int) {
	f, it := c.requested(q)
	answer, _ := q.number(wbxml.MeetingResponseUserResponse)
	instance := q.child(wbxml.MeetingResponseInstanceId)
	if it == nil || answer < 1 || answer > 3 {
		return "", 2
	}
	var event *item
	var n *node
	switch {
	case it.raw == nil && (it.mail.Meeting == nil || it.mail.MessageClass != meetingRequest || instance != nil):
		return "", 2 // no request, or an occurrence of one
	case it.raw == nil:
		if event, n = c.box.eventByUID(it.mail.Meeting.UID); event == nil && answer != 3 {
			event = c.box.put(c.box.byType(eas.FolderCalendar), c.box.invited(it))
			_, n = c.box.eventByUID(it.mail.Meeting.UID)
		}
	case f.Type.Class() == eas.ClassCalendar:
		var err error
		event = it
		if n, err = parseTree(it.raw); err != nil || n.value(wbxml.CalendarMeetingStatus) != strconv.Itoa(int(eas.MeetingReceived)) {
			return "", 2
		}
		if status := c.occurrence(it, instance); status != 0 {
			return "", status
		}
	default:
		return "", 2
	}
	subject, organizer, uid := "", "", ""
	if n != nil {
		subject, organizer, uid = n.value(wbxml.CalendarSubject), n.value(wbxml.CalendarOrganizerEmail), n.value(wbxml.CalendarUID)
		c.answerEvent(event, n, answer, instance)
	} else {
		subject, organizer, uid = it.mail.Subject, person(it.mail.Meeting.Organizer).Email, it.mail.Meeting.UID
	}
	if instance == nil {
		c.tellOrganizer(&eas.MeetingRequest{Organizer: organizer, UID: uid}, answer)
	}
	if send := q.child(wbxml.MeetingResponseSendResponse); send != nil && organizer != "" {
		c.sendResponse(send, answer, subject, organizer, uid, n)
	}
	if it.raw == nil {
		c.box.remove(it)
	}
	if answer != 3 {
		id = string(event.id)
	}
	return id, 1
}

// requested returns the mail or the event that a request names.
func (c *call) requested(q *node) (*folder, *item) {
	if long := q.value(wbxml.SearchLongId); long != "" {
		b, err := base64.StdEncoding.DecodeString(long)
		if err != nil {
			return nil, nil
		}
		return c.box.find(eas.ItemID(b))
	}
	f, it := c.box.find(eas.ItemID(q.value(wbxml.MeetingResponseRequestId)))
	if it == nil || string(f.ID) != q.value(wbxml.MeetingResponseCollectionId) {
		return nil, nil
	}
	return f, it
}

// answerEvent writes an answer into the event, or into an occurrence of it; what is declined goes.
func (c *call) answerEvent(event *item, n *node, answer int, instance *node) {
	busy := eas.BusyBusy
	if answer == 2 {
		busy = eas.BusyTentative
	}
	kids := []*node{
		{tag: wbxml.CalendarResponseType, text: strconv.Itoa(int(responses[answer]))}, {tag: wbxml.CalendarAppointmentReplyTime, text: compact(c.now())},
		{tag: wbxml.CalendarBusyStatus, text: strconv.Itoa(int(busy))},
	}
	switch {
	case answer == 3 && instance == nil:
		c.box.remove(event)
		return
	case instance == nil:
		n.replace(kids, false)
	default:
		at, _ := wireTime(instance.text) // which is one by now
		x := n.exception(compact(at))
		if x.replace(kids, false); answer == 3 {
			x.kids = []*node{{tag: wbxml.CalendarDeleted, text: "1"}, {tag: wbxml.AirSyncBaseInstanceId, text: compact(at)}}
		}
	}
	event.raw = n.document()
	c.box.touch(event)
}

// sendResponse sends the organizer what the user says, from 16.0 on. [MS-ASCMD] 2.2.3.156
func (c *call) sendResponse(send *node, answer int, subject, organizer, uid string, event *node) {
	body := &eas.Body{Type: eas.BodyPlain}
	if b := send.child(wbxml.AirSyncBaseBody); b != nil {
		kind, _ := b.number(wbxml.AirSyncBaseType)
		body = &eas.Body{Type: eas.BodyType(kind), Data: b.value(wbxml.AirSyncBaseData)}
	}
	start, _ := wireTime(event.value(wbxml.CalendarStartTime))
	end, _ := wireTime(event.value(wbxml.CalendarEndTime))
	class := responseClasses[answer]
	c.deliverTo(&eas.Email{
		From: c.box.addr, To: organizer, Subject: class[1] + ": " + subject, MessageClass: class[0], Body: body,
		Meeting: &eas.MeetingRequest{Organizer: organizer, UID: uid, Start: start, End: end},
	}, []string{organizer}, true)
}

// changesMeeting reports whether a change of an event is one that attendees are told.
func changesMeeting(data *node) bool {
	return slices.ContainsFunc(data.kids, func(k *node) bool {
		switch k.tag {
		case wbxml.CalendarStartTime, wbxml.CalendarEndTime, wbxml.CalendarSubject, wbxml.AirSyncBaseLocation, wbxml.CalendarRecurrence, wbxml.CalendarAttendees:
			return true
		}
		return false
	})
}

// invite sends the attendees of a meeting what its organizer made of it, as the server does from
// 16.0 on. [MS-ASCAL] 3.1.4.1
func (c *call) invite(doc []byte, class string) {
	if !c.version.AtLeast(eas.Version160) {
		return
	}
	decoded, err := eas.Decode(eas.ClassCalendar, doc)
	if err != nil {
		return
	}
	e, ok := decoded.(*eas.Event)
	if !ok || e.Status != eas.MeetingOrganized || len(e.Attendees) == 0 {
		return
	}
	var to []string
	for _, a := range e.Attendees {
		to = append(to, a.Email)
	}
	subject := e.Subject
	if class == meetingCanceled {
		subject = "Canceled: " + subject
	}
	c.deliverTo(&eas.Email{
		From: c.box.addr, To: strings.Join(to, ", "), Subject: subject, MessageClass: class, Body: e.Body,
		Meeting: &eas.MeetingRequest{
			Organizer: c.box.addr, UID: e.UID, Start: e.Start, End: e.End, AllDay: e.AllDay, Zone: e.Zone, Place: e.Place, Recurrence: e.Recurrence, Reminder: e.Reminder,
			Sensitivity: e.Sensitivity, Busy: e.Busy, Stamp: c.now(), ResponseRequested: e.ResponseRequested, NoNewTimes: e.NoNewTimes,
		},
	}, to, false)
}
