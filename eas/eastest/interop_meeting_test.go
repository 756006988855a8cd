package eastest_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// TestInteropMeeting asks for meetings, from the invitation to the answer. [MS-ASCMD] 2.2.1.11,
// [MS-ASCAL], [MS-ASEMAIL] 2.2.2.48
func TestInteropMeeting(t *testing.T) { askInterop(t, interopTests["TestInteropMeeting"]) }

// invited is what an invitation says, as elements of the event and as lines of iCalendar.
type invited struct{ xml, ics string }

// weekly is a series of three.
var weekly = invited{`<c:Recurrence><c:Type>1</c:Type><c:Interval>1</c:Interval><c:Occurrences>3</c:Occurrences><c:DayOfWeek>2</c:DayOfWeek></c:Recurrence>`, "RRULE:FREQ=WEEKLY;COUNT=3;INTERVAL=1;BYDAY=MO\r\n"}

// invites has ada invite bob as a device of her version does: from 16.0 on the server sends what
// the event says, before the device sends it as iCalendar. It returns the event's ID.
func (d *device) invites(more invited) string {
	d.t.Helper()
	uid := ""
	if !d.atLeast("16.0") {
		uid = `<c:UID>meeting</c:UID>`
	}
	id := d.add(calendar, eventData("meeting", d.tomorrow(), attendee(bob)+`<c:MeetingStatus>1</c:MeetingStatus>`+uid+more.xml))
	if !d.atLeast("16.0") {
		d.sends("REQUEST", "meeting", more.ics)
	}
	return id
}

// sends has ada send bob a message about the meeting.
func (d *device) sends(method, subject, ics string) {
	d.t.Helper()
	start := d.tomorrow()
	if !strings.Contains(ics, "DTSTAMP") {
		ics += "DTSTAMP:" + compact(d.tn.Now()) + "\r\n"
	}
	if !strings.Contains(ics, "UID") {
		ics += "UID:meeting\r\n"
	}
	d.send("SendMail", "From: "+ada+"\r\nTo: "+bob+"\r\nSubject: "+subject+"\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method="+method+"; charset=utf-8\r\n\r\n"+
		"BEGIN:VCALENDAR\r\nMETHOD:"+method+"\r\nBEGIN:VEVENT\r\nORGANIZER:mailto:"+ada+"\r\nDTSTART:"+compact(start)+"\r\nDTEND:"+compact(start.Add(time.Hour))+"\r\n"+ics+"END:VEVENT\r\nEND:VCALENDAR\r\n").empty()
}

// invitee returns bob's device with the invitation, as the mail and as the event.
func (d *device) invitee() (b *device, mail, event reply) {
	d.t.Helper()
	b = d.as(bob)
	return b, b.fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).in("Add"), b.fresh(calendar, "").in("Add")
}

// responds answers a request, 1 accepted, 2 tentative, 3 declined.
func (d *device) responds(answer, folder, id, more string) reply {
	d.t.Helper()
	return d.do("MeetingResponse", requestDoc(answer, folder, id, more))
}

func requestDoc(answer, folder, id, more string) string {
	return `<Request><UserResponse>` + answer + `</UserResponse><CollectionId>` + folder + `</CollectionId><RequestId>` + id + `</RequestId>` + more + `</Request>`
}

// responded has bob answer the invitation in his inbox or in his calendar, and returns his event
// and ada's.
func (d *device) responded(answer string, inCalendar bool) (b *device, his, hers reply) {
	d.t.Helper()
	id := d.invites(invited{xml: `<c:BusyStatus>2</c:BusyStatus>`})
	b, mail, event := d.invitee()
	folder, of := inbox, mail
	if inCalendar {
		folder, of = calendar, event
	}
	r := b.responds(answer, folder, of.text("ServerId"), "").is("Result/Status", "1").is("Result/RequestId", of.text("ServerId"))
	hers = d.get(calendar, id, "")
	if answer == "3" {
		r.lacks("CalendarId")
		b.fresh(calendar, "").empty()
		return b, r, hers
	}
	return b, b.get(calendar, r.is("Result/CalendarId", event.text("ServerId")).text("CalendarId"), ""), hers
}

// occurs is the name of an occurrence of the series, some days after the first.
func (d *device) occurs(days int) string {
	return `<InstanceId>` + d.tomorrow().AddDate(0, 0, days).Format("2006-01-02T15:04:05.000Z") + `</InstanceId>`
}

// objectID reads a GlobalObjId, and requires its form. [MS-ASEMAIL] 2.2.2.37
func (r reply) objectID() []byte {
	r.d.t.Helper()
	b, err := base64.StdEncoding.DecodeString(r.text("GlobalObjId"))
	if err != nil || len(b) < 40 || string(b[:16]) != "\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08" || int(binary.LittleEndian.Uint32(b[36:])) != len(b)-40 {
		r.d.t.Fatalf("% x, %v", b, err)
	}
	return b
}

// asks has ada invite, and returns the request that bob's mail holds.
func (d *device) asks(more invited) reply {
	d.t.Helper()
	d.invites(more)
	_, mail, _ := d.invitee()
	return mail.is("MessageClass", "IPM.Schedule.Meeting.Request").in("MeetingRequest")
}

var meetingCases = []interopCase{
	{"MSASCMD_S09_TC01_MeetingResponse_AcceptMeeting", every, func(d *device) {
		d.invites(invited{})
		b, mail, event := d.invitee()
		mail.is("MessageClass", "IPM.Schedule.Meeting.Request").has("MeetingRequest")
		r := b.responds("1", inbox, mail.text("ServerId"), "").is("Result/Status", "1").is("CalendarId", event.text("ServerId"))
		b.sync(calendar, "").in("Commands/Change", "ServerId", r.text("CalendarId")).is("ResponseType", "3")
	}},
	{"MSASCMD_S09_TC02_MeetingResponse_DeclineMeeting", every, func(d *device) { d.responded("3", false) }},
	{"MSASCMD_S09_TC03_MeetingResponse_InvalidMeeting", every, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		b.responds("5", inbox, mail.text("ServerId"), "").is("Result/Status", "2").lacks("CalendarId")
	}},
	{"MSASCMD_S09_TC04_MeetingResponse_RequestID", every, func(d *device) { d.responded("2", false) }},
	{"MSASCMD_S09_TC05_MeetingResponse_ResponseNonMeeting", every, func(d *device) {
		d.responds("2", inbox, "InvalidValue", "").is("Result/Status", "2")
		d.box.Deliver(mailOf("mail", ""))
		d.responds("2", inbox, d.first(inbox), "").is("Result/Status", "2")
	}},
	{"MSASCMD_S09_TC06_MeetingResponse_NonExistInstanceId", from141, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		b.responds("3", inbox, mail.text("ServerId"), `<InstanceId>InvalidValue</InstanceId>`).is("Result/Status", "2")
	}},
	{"MSASCMD_S09_TC07_MeetingResponse_Status103", from14, func(d *device) {
		one := requestDoc("1", inbox, "1:99", "")
		d.do("MeetingResponse", strings.Repeat(one, 101)).is("MeetingResponse/Status", "103")
		d.do("MeetingResponse", strings.Repeat(one, 100)).count("Result", 100)
	}},
	{"MSASCMD_S09_TC08_MeetingResponse_RecurringMeetingInstanceIDInvalid", from141, func(d *device) {
		d.invites(weekly)
		b, mail, _ := d.invitee()
		b.responds("1", inbox, mail.text("ServerId"), b.occurs(0)).is("Result/Status", "2")
	}},
	{"MSASCMD_S09_TC09_MeetingResponse_Status146", from141, func(d *device) {
		d.invites(invited{})
		b, _, event := d.invitee()
		b.responds("1", calendar, event.text("ServerId"), b.occurs(0)).is("Result/Status", "146")
	}},
	{"MSASCMD_S09_TC10_MeetingResponse_TentativeAcceptMeeting", every, func(d *device) {
		_, his, _ := d.responded("2", false)
		his.is("ResponseType", "2").is("BusyStatus", "1")
	}},
	{"MSASCMD_S09_TC11_MeetingResponse_AcceptMeetingInCalendar", every, func(d *device) {
		_, his, _ := d.responded("1", true)
		his.is("ResponseType", "3")
	}},
	{"MSASCMD_S09_TC12_MeetingResponse_Status104", from141, func(d *device) {
		d.invites(weekly)
		b, _, event := d.invitee()
		b.responds("1", calendar, event.text("ServerId"), `<InstanceId>`+d.tomorrow().Format("01-02-2006T15:04:05.000Z")+`</InstanceId>`).is("Result/Status", "104")
		b.responds("3", calendar, event.text("ServerId"), b.occurs(7)).is("Result/Status", "1")
		b.get(calendar, event.text("ServerId"), "").is("Exception/Deleted", "1")
	}},
	{"MSASCMD_S09_TC15_MeetingResponse_AcceptMeetingInCalendarFolder", every, func(d *device) {
		_, _, hers := d.responded("1", true)
		hers.is("Attendee/AttendeeStatus", "3")
	}},
	{"MSASCMD_S09_TC16_MeetingResponse_TentativelyAcceptInCalendarFolder", every, func(d *device) {
		_, _, hers := d.responded("2", true)
		hers.is("Attendee/AttendeeStatus", "2")
	}},
	{"MSASCMD_S09_TC17_MeetingResponse_DeclineInCalendarFolder", every, func(d *device) {
		_, _, hers := d.responded("3", true)
		hers.is("Attendee/AttendeeStatus", "4")
	}},
	{"MSASCAL_S02_TC01_MeetingAccepted", every, func(d *device) {
		id := d.invites(invited{xml: `<c:BusyStatus>0</c:BusyStatus>`})
		d.get(calendar, id, "").is("Attendee/AttendeeStatus", "0").is("Attendee/AttendeeType", "1").is("Attendee/Email", bob).is("Attendee/Name", "bob").
			is("BusyStatus", "0").is("ResponseType", "1").is("MeetingStatus", "1")
		b, mail, event := d.invitee()
		b.responds("1", inbox, mail.text("ServerId"), "").is("Result/Status", "1")
		b.get(calendar, event.text("ServerId"), "").is("ResponseType", "3").is("MeetingStatus", "3").has("AppointmentReplyTime")
		d.get(calendar, id, "").is("Attendee/AttendeeStatus", "3")
	}},
	{"MSASCAL_S02_TC02_MeetingDeclined", every, func(d *device) {
		_, _, hers := d.responded("3", false)
		hers.is("Attendee/AttendeeStatus", "4").is("BusyStatus", "2").is("MeetingStatus", "1")
	}},
	{"MSASCAL_S02_TC03_MeetingTentative", every, func(d *device) {
		_, his, hers := d.responded("2", false)
		his.is("ResponseType", "2").is("MeetingStatus", "3").is("BusyStatus", "1").has("AppointmentReplyTime")
		hers.is("Attendee/AttendeeStatus", "2")
	}},
	{"MSASCAL_S02_TC04_MeetingNotResponded", every, func(d *device) {
		xml := strings.Replace(attendee(bob), `</c:Name>`, `</c:Name><c:AttendeeType>3</c:AttendeeType>`, 1)
		id := d.add(calendar, eventData("meeting", d.tomorrow(), xml+`<c:MeetingStatus>1</c:MeetingStatus><c:BusyStatus>3</c:BusyStatus>`))
		d.get(calendar, id, "").is("Attendee/AttendeeType", "3").is("BusyStatus", "3")
		if !d.atLeast("16.0") {
			d.sends("REQUEST", "meeting", "")
		}
		_, _, event := d.invitee()
		event.is("ResponseType", "5").is("MeetingStatus", "3").lacks("AppointmentReplyTime")
	}},
	{"MSASCAL_S02_TC05_MeetingCancellation", every, func(d *device) {
		id := d.invites(invited{})
		if d.atLeast("16.0") {
			d.commands(calendar, `<Delete><ServerId>`+id+`</ServerId></Delete>`).applied()
		} else {
			d.sends("CANCEL", "Canceled: meeting", "")
			d.change(calendar, id, eventData("meeting", d.tomorrow(), attendee(bob)+`<c:MeetingStatus>5</c:MeetingStatus>`)).applied()
			d.get(calendar, id, "").is("MeetingStatus", "5")
		}
		b := d.as(bob)
		b.fresh(inbox, "").in("Add", "Subject", "Canceled: meeting").is("MessageClass", "IPM.Schedule.Meeting.Canceled")
		b.fresh(calendar, "").is("ApplicationData/Subject", "Canceled: meeting").is("MeetingStatus", "7")
	}},
	{"MSASCAL_S02_TC06_ExceptionElements", to141, func(d *device) {
		start := d.tomorrow().AddDate(0, 0, 3)
		// Attendees and ResponseType of an exception are of later versions.
		inner := `<c:Subject>exception</c:Subject><c:StartTime>` + compact(start.Add(15*time.Minute)) + `</c:StartTime><c:EndTime>` + compact(start.Add(2*time.Hour)) + `</c:EndTime>` +
			`<c:Location>Room 666</c:Location><c:BusyStatus>1</c:BusyStatus><c:Reminder>10</c:Reminder><c:MeetingStatus>1</c:MeetingStatus><c:AllDayEvent>0</c:AllDayEvent>` +
			`<c:Sensitivity>1</c:Sensitivity><c:Categories><c:Category>red</c:Category></c:Categories>` + body(1, "exception body")
		if d.atLeast("14.1") {
			inner += attendee(bob)
		}
		id := d.add(calendar, eventData("series", d.tomorrow(), daily+attendee(bob)+`<c:MeetingStatus>1</c:MeetingStatus>`+d.exceptionOf(3, inner)))
		x := d.get(calendar, id, "").in("Exception").is("Subject", "exception").is("StartTime", compact(start.Add(15*time.Minute))).is("EndTime", compact(start.Add(2*time.Hour))).
			is("Location", "Room 666").is("BusyStatus", "1").is("Reminder", "10").is("MeetingStatus", "1").is("Category", "red").is("Body/Data", "exception body").
			count("BusyStatus", 1).lacks("AppointmentReplyTime", "Deleted")
		if d.atLeast("14.1") {
			x.is("Attendee/Email", bob)
		}
		d.change(calendar, id, eventData("series", d.tomorrow(), daily+d.exceptionOf(3, `<c:Deleted>1</c:Deleted>`))).applied()
		d.get(calendar, id, "").in("Exception").is("Deleted", "1").count("Deleted", 1)
	}},
	{"MSASEMAIL_S03_TC10_AddFlag_OptionalFlagTypeInMeetingResponse", from16, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		b.responds("1", inbox, mail.text("ServerId"), `<SendResponse/>`).is("Result/Status", "1")
		id := d.fresh(inbox, "").in("Add", "Subject", "Accepted: meeting").is("MessageClass", "IPM.Schedule.Meeting.Resp.Pos").text("ServerId")
		d.flags(id, `<e:Status>2</e:Status>`).is("Status", "2")
	}},
	{"MSASEMAIL_S04_TC02_MeetingRequest_NoRecurrence", every, func(d *device) {
		more := invited{`<c:Reminder>10</c:Reminder>`, "LOCATION:Room 1\r\nBEGIN:VALARM\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\n"}
		if d.atLeast("16.0") {
			more.xml += `<b:Location><b:DisplayName>Room 1</b:DisplayName></b:Location>`
		}
		r := d.asks(more).is("AllDayEvent", "0").is("StartTime", d.tomorrow().Format("2006-01-02T15:04:05.000Z")).is("Organizer", ada).is("ResponseRequested", "1").is("Reminder", "600").
			is("InstanceType", "0").lacks("Recurrences", "RecurrenceId")
		if d.atLeast("16.0") {
			r.is("Location/DisplayName", "Room 1").has("UID").lacks("GlobalObjId")
		} else {
			r.is("Location", "Room 1").has("GlobalObjId").lacks("UID")
		}
		if d.atLeast("14.0") {
			r.is("DisallowNewTimeProposal", "0")
		}
		_, _, event := d.invitee()
		event.is("Subject", "meeting").is("Reminder", "10").is("StartTime", compact(d.tomorrow()))
	}},
	{"MSASEMAIL_S04_TC03_MeetingRequest_Weekly", every, func(d *device) {
		r := d.asks(weekly).is("InstanceType", "1").lacks("RecurrenceId").in("Recurrence").is("Type", "1").is("DayOfWeek", "2").is("Occurrences", "3").is("Interval", "1")
		if d.atLeast("14.1") {
			r.has("FirstDayOfWeek")
		}
	}},
	{"MSASEMAIL_S04_TC04_MeetingRequest_Monthly_ByDay", every, func(d *device) {
		d.asks(invited{rule(2, ""), "RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1\r\n"}).in("Recurrence").is("Type", "2").is("DayOfMonth", "1").is("Interval", "3").calendarType()
	}},
	{"MSASEMAIL_S04_TC05_MeetingRequest_Monthly_ByWeek", every, func(d *device) {
		no := `<c:DisallowNewTimeProposal>1</c:DisallowNewTimeProposal>`
		if !d.atLeast("14.0") {
			no = ""
		}
		r := d.asks(invited{rule(3, "") + no, "RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=-1MO\r\nX-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n"})
		r.in("Recurrence").is("Type", "3").is("WeekOfMonth", "5").is("DayOfWeek", "2").calendarType()
		if d.atLeast("14.0") {
			r.is("DisallowNewTimeProposal", "1")
		}
	}},
	{"MSASEMAIL_S04_TC06_MeetingRequest_Yearly_IncludedIsLeapMonth", from16, func(d *device) {
		d.asks(invited{xml: rule(5, `<c:CalendarType>15</c:CalendarType><c:IsLeapMonth>1</c:IsLeapMonth>`)}).in("Recurrence").is("Type", "5").is("DayOfMonth", "1").is("MonthOfYear", "4").is("IsLeapMonth", "1").is("CalendarType", "15")
	}},
	{"MSASEMAIL_S04_TC07_MeetingRequest_Yearly_NotIncludedIsLeapMonth", every, func(d *device) {
		r := d.asks(invited{rule(6, `<c:Occurrences>3</c:Occurrences>`) + `<c:Sensitivity>2</c:Sensitivity>`, "RRULE:FREQ=YEARLY;COUNT=3;BYDAY=MO;BYSETPOS=-1;BYMONTH=4\r\nCLASS:PRIVATE\r\n"}).is("Sensitivity", "2")
		r = r.in("Recurrence").is("Type", "6").is("WeekOfMonth", "5").is("MonthOfYear", "4").is("DayOfWeek", "2").is("Occurrences", "3")
		if d.atLeast("14.0") {
			r.is("IsLeapMonth", "0").is("CalendarType", "0")
		}
	}},
	{"MSASEMAIL_S04_TC10_ExceptionToARecurringMeeting", to141, func(d *device) {
		d.invites(weekly)
		d.sends("REQUEST", "exception", "RECURRENCE-ID:"+compact(d.tomorrow())+"\r\n")
		r := d.as(bob).fresh(inbox, "").in("Add", "Subject", "exception")
		b := r.objectID()
		y, m, day := d.tomorrow().Date()
		if string(b[16:20]) != string([]byte{byte(y >> 8), byte(y), byte(m), byte(day)}) {
			d.t.Errorf("% x, want the date of the occurrence", b[16:20])
		}
	}},
	{"MSASEMAIL_S04_TC11_MeetingRequest_FullUpdate", only141, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		mail.is("MeetingMessageType", "1")
		b.responds("1", inbox, mail.text("ServerId"), "").is("Result/Status", "1")
		d.sends("REQUEST", "moved", "LOCATION:Room A\r\n")
		b.fresh(inbox, "").in("Add", "Subject", "moved").is("MeetingMessageType", "2").is("MeetingRequest/Location", "Room A")
		b.fresh(calendar, "").count("Add", 1).is("ApplicationData/Location", "Room A").is("ApplicationData/Subject", "moved")
	}},
	{"MSASEMAIL_S04_TC12_OutdatedMeetingRequest", only141, func(d *device) {
		d.sends("REQUEST", "later", "DTSTAMP:"+compact(d.tn.Now())+"\r\n")
		d.sends("REQUEST", "earlier", "DTSTAMP:"+compact(d.tn.Now().Add(-time.Hour))+"\r\n")
		b := d.as(bob)
		b.fresh(inbox, "").in("Add", "Subject", "earlier").is("MeetingMessageType", "4")
		b.fresh(calendar, "").count("Add", 1).is("ApplicationData/Subject", "later")
	}},
	{"MSASEMAIL_S04_TC13_GlobalObjIdFormat_vCalUID", to141, func(d *device) {
		b := d.asks(invited{}).objectID()
		if string(b[16:36]) != strings.Repeat("\x00", 20) || string(b[40:]) != "vCal-Uid\x01\x00\x00\x00meeting\x00" {
			d.t.Errorf("% x", b)
		}
	}},
	{"MSASEMAIL_S04_TC14_GlobalObjIdFormat_OutlookID", to141, func(d *device) {
		uid := "040000008200E00074C5B7101A82E00800000000A0D3B2E1A7C2DB0100000000000000001000000000112233445566778899AABBCCDDEEFF"
		d.sends("REQUEST", "meeting", "UID:"+uid+"\r\n")
		b := d.as(bob).fresh(inbox, "").objectID()
		if len(b) != 56 || b[40] != 0 || b[41] != 0x11 || b[55] != 0xFF {
			d.t.Errorf("% x", b)
		}
	}},
	{"MSASEMAIL_S04_TC15_RecurrenceIdExistsForException", to141, func(d *device) {
		d.invites(weekly)
		d.sends("REQUEST", "exception", "RECURRENCE-ID:"+compact(d.tomorrow())+"\r\n")
		d.as(bob).fresh(inbox, "").in("Add", "Subject", "exception").is("RecurrenceId", d.tomorrow().Format("2006-01-02T15:04:05.000Z")).is("InstanceType", "3")
	}},
	{"MSASEMAIL_S04_TC16_BusyStatusIsNotPresent", every, func(d *device) { d.asks(invited{}).is("BusyStatus", "2") }},
	{"MSASEMAIL_S04_TC17_BusyStatusIsWorkingElsewhere", from16, func(d *device) {
		d.asks(invited{xml: `<c:BusyStatus>4</c:BusyStatus>`}).is("BusyStatus", "4")
	}},
	{"MSASAIRS_S05_TC01_Location", from16, func(d *device) {
		var parts strings.Builder
		names := []string{"Accuracy", "Altitude", "AltitudeAccuracy", "Annotation", "City", "Country", "DisplayName", "Latitude", "LocationUri", "Longitude", "PostalCode", "State", "Street"}
		for _, name := range names {
			parts.WriteString("<b:" + name + ">1</b:" + name + ">")
		}
		id := d.add(calendar, eventData("event", d.tomorrow(), `<b:Location>`+parts.String()+`</b:Location>`))
		d.get(calendar, id, "").in("Location").only(names...)
		d.change(calendar, id, `<b:Location/>`).applied()
		d.get(calendar, id, "").lacks("Location/DisplayName")
	}},
	{"MSASAIRS_S06_TC01_MeetingResponseWithPlainTextBody", from16, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		b.responds("1", inbox, mail.text("ServerId"), `<SendResponse>`+body(1, "I come.")+`</SendResponse>`).is("Result/Status", "1")
		d.fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).in("Add", "Subject", "Accepted: meeting").is("Body/Data", "I come.").is("From", bob)
	}},
	{"MSASAIRS_S06_TC02_MeetingResponseWithHTMLBody", from16, func(d *device) {
		d.invites(invited{})
		b, mail, _ := d.invitee()
		b.responds("3", inbox, mail.text("ServerId"), `<SendResponse>`+body(2, escaped("<p>I do not come.</p>"))+`</SendResponse>`).is("Result/Status", "1")
		d.fresh(inbox, `<Options>`+preference(2, "")+`</Options>`).in("Add", "Subject", "Declined: meeting").is("Body/Type", "2").holds("Body/Data", "<p>I do not come.</p>")
	}},
}
