package eas_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// fromXML returns a document written as XML, by which tests say what a server sends without
// the client's own structs.
func fromXML(t testing.TB, xml string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := wbxml.FromXML(&b, strings.NewReader(xml)); err != nil {
		t.Fatalf("%v in %s", err, xml)
	}
	return b.Bytes()
}

func toXML(t testing.TB, doc []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := wbxml.ToXML(&b, bytes.NewReader(doc), &wbxml.XMLOptions{}); err != nil {
		t.Fatalf("%v in %x", err, doc)
	}
	return strings.TrimSpace(strings.TrimPrefix(b.String(), `<?xml version="1.0" encoding="utf-8"?>`))
}

func at(s string) time.Time {
	v, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return v
}

// itemCases are items as servers send them. The shapes are those of the examples in
// [MS-ASEMAIL] 4, [MS-ASCAL] 4, [MS-ASTASK] 4 and [MS-ASNOTE] 4.
var itemCases = []struct {
	name, xml string
	want      eas.Item
}{
	{"mail with everything", `<ApplicationData xmlns="AirSync"><To xmlns="Email">ada@contoso.com</To><Cc xmlns="Email">bob@contoso.com</Cc>
<From xmlns="Email">"Bob" &lt;bob@contoso.com&gt;</From><ReplyTo xmlns="Email">list@contoso.com</ReplyTo><Subject xmlns="Email">Minutes</Subject>
<DateReceived xmlns="Email">2026-03-02T10:11:12.345Z</DateReceived><DisplayTo xmlns="Email">Ada</DisplayTo><ThreadTopic xmlns="Email">Minutes</ThreadTopic>
<Importance xmlns="Email">2</Importance><Read xmlns="Email">0</Read>
<Attachments xmlns="AirSyncBase"><Attachment><DisplayName>voice.mp3</DisplayName><FileReference>5:1:0</FileReference><Method>1</Method>
<EstimatedDataSize>4711</EstimatedDataSize><ContentId>c1</ContentId><ContentLocation>l1</ContentLocation><IsInline>1</IsInline>
<UmAttDuration xmlns="Email2">12</UmAttDuration><UmAttOrder xmlns="Email2">1</UmAttOrder></Attachment></Attachments>
<Body xmlns="AirSyncBase"><Type>2</Type><EstimatedDataSize>99</EstimatedDataSize><Truncated>1</Truncated><Data>&lt;p&gt;</Data><Preview>pre</Preview></Body>
<BodyPart xmlns="AirSyncBase"><Status>1</Status><Type>2</Type><EstimatedDataSize>7</EstimatedDataSize><Data>new</Data></BodyPart>
<MessageClass xmlns="Email">IPM.Note.Microsoft.Voicemail</MessageClass><InternetCPID xmlns="Email">65001</InternetCPID>
<Flag xmlns="Email"><Subject xmlns="Tasks">Call</Subject><Status>2</Status><FlagType>Flag for follow up</FlagType><UtcStartDate xmlns="Tasks">2026-03-03T00:00:00.000Z</UtcStartDate>
<UtcDueDate xmlns="Tasks">2026-03-04T00:00:00.000Z</UtcDueDate><ReminderSet xmlns="Tasks">1</ReminderSet><ReminderTime xmlns="Tasks">2026-03-04T08:00:00.000Z</ReminderTime></Flag>
<ContentClass xmlns="Email">urn:content-classes:message</ContentClass><NativeBodyType xmlns="AirSyncBase">2</NativeBodyType>
<UmCallerID xmlns="Email2">+49 30</UmCallerID><UmUserNotes xmlns="Email2">note</UmUserNotes>
<ConversationId xmlns="Email2"><?opaque base64?>AQID</ConversationId><ConversationIndex xmlns="Email2"><?opaque base64?>BAU=</ConversationIndex>
<LastVerbExecuted xmlns="Email2">1</LastVerbExecuted><LastVerbExecutionTime xmlns="Email2">2026-03-02T11:00:00.000Z</LastVerbExecutionTime>
<ReceivedAsBcc xmlns="Email2">1</ReceivedAsBcc><Sender xmlns="Email2">carol@contoso.com</Sender><AccountId xmlns="Email2">a1</AccountId><IsDraft xmlns="Email2">0</IsDraft>
<Categories xmlns="Email"><Category>red</Category><Category>blue</Category></Categories>
<RightsManagementLicense xmlns="RightsManagement"><Owner>0</Owner><ReplyAllowed>1</ReplyAllowed><TemplateID>t</TemplateID><TemplateName>n</TemplateName>
<TemplateDescription>d</TemplateDescription><ContentOwner>o</ContentOwner><ContentExpiryDate>9999-12-30T23:59:59.999Z</ContentExpiryDate></RightsManagementLicense></ApplicationData>`,
		&eas.Email{
			Subject: "Minutes", From: `"Bob" <bob@contoso.com>`, Sender: "carol@contoso.com", To: "ada@contoso.com", CC: "bob@contoso.com",
			ReplyTo: "list@contoso.com", DisplayTo: "Ada", ThreadTopic: "Minutes", Received: at("2026-03-02 10:11").Add(12*time.Second + 345*time.Millisecond),
			Importance: ptr(eas.ImportanceHigh), Read: ptr(false), MessageClass: "IPM.Note.Microsoft.Voicemail", ContentClass: "urn:content-classes:message",
			CodePage: 65001, Categories: []string{"red", "blue"}, NativeBody: eas.BodyHTML,
			Flag: &eas.Flag{Status: eas.FlagActive, Type: "Flag for follow up", Subject: "Call", Start: at("2026-03-03 00:00"), Due: at("2026-03-04 00:00"), Reminder: at("2026-03-04 08:00")},
			Body: &eas.Body{Type: eas.BodyHTML, Data: "<p>", Truncated: true, Size: 99, Preview: "pre"}, Parts: []eas.BodyPart{{Body: eas.Body{Type: eas.BodyHTML, Data: "new", Size: 7}, Status: 1}},
			Attachments: []eas.Attachment{{Name: "voice.mp3", Reference: "5:1:0", Size: 4711, Method: eas.AttachmentFile, ContentID: "c1", Location: "l1", Inline: true,
				Duration: 12 * time.Second}},
			ConversationID: []byte{1, 2, 3}, ConversationIndex: []byte{4, 5}, AccountID: "a1", LastVerb: eas.VerbReply, LastVerbTime: at("2026-03-02 11:00"),
			ReceivedAsBCC: true, Voice: &eas.Voice{CallerID: "+49 30", Notes: "note"},
			License: &eas.RightsLicense{Reply: true, TemplateID: "t", TemplateName: "n", Description: "d", ContentOwner: "o",
				Expiry: time.Date(9999, 12, 30, 23, 59, 59, 999e6, time.UTC)},
		}},
	{"invitation up to 14.1", `<ApplicationData xmlns="AirSync"><Subject xmlns="Email">Weekly</Subject><MessageClass xmlns="Email">IPM.Schedule.Meeting.Request</MessageClass>
<MeetingRequest xmlns="Email"><AllDayEvent>0</AllDayEvent><StartTime>2026-03-02T10:00:00.000Z</StartTime><DtStamp>2026-03-01T10:00:00.000Z</DtStamp>
<EndTime>2026-03-02T11:00:00.000Z</EndTime><InstanceType>1</InstanceType><Location>Room 1</Location><Organizer>bob@contoso.com</Organizer><Reminder>900</Reminder>
<ResponseRequested>1</ResponseRequested><Recurrences><Recurrence><Type>1</Type><Interval>1</Interval><Until>20260401T000000Z</Until><DayOfWeek>2</DayOfWeek></Recurrence></Recurrences>
<Sensitivity>0</Sensitivity><BusyStatus>2</BusyStatus><TimeZone>` + iosZone + `</TimeZone>
<GlobalObjId>BAAAAIIA4AB0xbcQGoLgCAfUCRDgQMnBJoXEAQAAAAAAAAAAEAAAAAvw7UtuTulOnjnjhns3jvM=</GlobalObjId><DisallowNewTimeProposal>0</DisallowNewTimeProposal>
<MeetingMessageType xmlns="Email2">1</MeetingMessageType></MeetingRequest></ApplicationData>`,
		&eas.Email{Subject: "Weekly", MessageClass: "IPM.Schedule.Meeting.Request", Meeting: &eas.MeetingRequest{
			Type: eas.MeetingInitial, Start: at("2026-03-02 10:00"), End: at("2026-03-02 11:00"), Stamp: at("2026-03-01 10:00"), Organizer: "bob@contoso.com",
			Place: eas.Place{Name: "Room 1"}, Instance: eas.InstanceMaster, Reminder: ptr(15 * time.Minute), ResponseRequested: true, Busy: ptr(eas.BusyBusy),
			Recurrence:  &eas.Recurrence{Type: eas.Weekly, Interval: 1, Until: at("2026-04-01 00:00"), Days: eas.Monday},
			Zone:        &eas.TimeZone{Bias: -time.Hour, DaylightBias: -time.Hour, StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3}, DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}},
			UID:         "040000008200E00074C5B7101A82E00800000000E040C9C12685C4010000000000000000100000000BF0ED4B6E4EE94E9E39E3867B378EF3",
			GlobalObjID: unhex("040000008200e00074c5b7101a82e00807d40910e040c9c12685c4010000000000000000100000000bf0ed4b6e4ee94e9e39e3867b378ef3"),
		}}},
	{"invitation from 16.0 on", `<ApplicationData xmlns="AirSync"><MeetingRequest xmlns="Email"><StartTime>2026-03-02T10:00:00.000Z</StartTime>
<Location xmlns="AirSyncBase"><DisplayName>Room 1</DisplayName><City>Berlin</City><Latitude>52.5</Latitude></Location><UID xmlns="Calendar">u1</UID>
<ProposedStartTime xmlns="MeetingResponse">20260302T120000Z</ProposedStartTime><ProposedEndTime xmlns="MeetingResponse">20260302T130000Z</ProposedEndTime>
<Forwardees xmlns="ComposeMail"><Forwardee><Name>Carol</Name><Email>carol@contoso.com</Email></Forwardee></Forwardees></MeetingRequest></ApplicationData>`,
		&eas.Email{Meeting: &eas.MeetingRequest{Start: at("2026-03-02 10:00"), UID: "u1",
			Place: eas.Place{Name: "Room 1", City: "Berlin", Latitude: "52.5"}, ProposedStart: at("2026-03-02 12:00"), ProposedEnd: at("2026-03-02 13:00"),
			Forwardees: []eas.Person{{Name: "Carol", Email: "carol@contoso.com"}}}}},
	{"event up to 14.1", `<ApplicationData xmlns="AirSync"><Timezone xmlns="Calendar">` + iosZone + `</Timezone><DtStamp xmlns="Calendar">20260301T090000Z</DtStamp>
<StartTime xmlns="Calendar">20260302T100000Z</StartTime><Subject xmlns="Calendar">Weekly</Subject><UID xmlns="Calendar">u1</UID><OrganizerName xmlns="Calendar">Bob</OrganizerName>
<OrganizerEmail xmlns="Calendar">bob@contoso.com</OrganizerEmail><Location xmlns="Calendar">Room 1</Location><EndTime xmlns="Calendar">20260302T110000Z</EndTime>
<Recurrence xmlns="Calendar"><Type>3</Type><Interval>2</Interval><Occurrences>5</Occurrences><WeekOfMonth>5</WeekOfMonth><DayOfWeek>62</DayOfWeek><FirstDayOfWeek>1</FirstDayOfWeek></Recurrence>
<Body xmlns="AirSyncBase"><Type>1</Type><EstimatedDataSize>1</EstimatedDataSize><Data>x</Data></Body><Sensitivity xmlns="Calendar">2</Sensitivity><BusyStatus xmlns="Calendar">0</BusyStatus>
<AllDayEvent xmlns="Calendar">0</AllDayEvent><Reminder xmlns="Calendar">15</Reminder><MeetingStatus xmlns="Calendar">3</MeetingStatus>
<Attendees xmlns="Calendar"><Attendee><Email>ada@contoso.com</Email><Name>Ada</Name><AttendeeStatus>3</AttendeeStatus><AttendeeType>1</AttendeeType></Attendee></Attendees>
<Categories xmlns="Calendar"><Category>red</Category></Categories><ResponseRequested xmlns="Calendar">1</ResponseRequested><ResponseType xmlns="Calendar">3</ResponseType>
<AppointmentReplyTime xmlns="Calendar">20260301T100000Z</AppointmentReplyTime><OnlineMeetingConfLink xmlns="Calendar">sip:x</OnlineMeetingConfLink>
<Exceptions xmlns="Calendar"><Exception><Deleted>1</Deleted><ExceptionStartTime>20260402T100000Z</ExceptionStartTime></Exception>
<Exception><ExceptionStartTime>20260602T100000Z</ExceptionStartTime><Subject>Later</Subject><StartTime>20260602T120000Z</StartTime><EndTime>20260602T130000Z</EndTime>
<Location>Room 2</Location><Reminder/><BusyStatus>1</BusyStatus></Exception></Exceptions></ApplicationData>`,
		&eas.Event{
			Subject: "Weekly", Start: at("2026-03-02 10:00"), End: at("2026-03-02 11:00"), UID: "u1", Stamp: at("2026-03-01 09:00"), Place: eas.Place{Name: "Room 1"},
			Zone: &eas.TimeZone{Bias: -time.Hour, DaylightBias: -time.Hour, StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3}, DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}},
			Body: &eas.Body{Type: eas.BodyPlain, Data: "x", Size: 1}, Categories: []string{"red"}, Busy: ptr(eas.BusyFree), Sensitivity: eas.SensitivityPrivate,
			Reminder: ptr(15 * time.Minute), Status: eas.MeetingReceived, Organizer: eas.Person{Name: "Bob", Email: "bob@contoso.com"},
			Attendees: []eas.Attendee{{Name: "Ada", Email: "ada@contoso.com", Response: eas.ResponseAccepted, Type: eas.AttendeeRequired}},
			Response:  eas.ResponseAccepted, Replied: at("2026-03-01 10:00"), ResponseRequested: true, OnlineMeeting: "sip:x",
			Recurrence: &eas.Recurrence{Type: eas.MonthlyNth, Interval: 2, Occurrences: 5, WeekOfMonth: 5, Days: eas.Workdays, FirstDay: ptr(time.Monday)},
			Exceptions: []eas.Exception{
				{Original: at("2026-04-02 10:00"), Deleted: true},
				{Original: at("2026-06-02 10:00"), Subject: ptr("Later"), Start: at("2026-06-02 12:00"), End: at("2026-06-02 13:00"), Place: &eas.Place{Name: "Room 2"}, Busy: ptr(eas.BusyTentative), NoReminder: true},
			},
		}},
	{"event from 16.0 on", `<ApplicationData xmlns="AirSync"><Subject xmlns="Calendar">Trip</Subject><AllDayEvent xmlns="Calendar">1</AllDayEvent>
<Location xmlns="AirSyncBase"><DisplayName>Oslo</DisplayName></Location><Exceptions xmlns="Calendar"><Exception><InstanceId xmlns="AirSyncBase">20260402T100000Z</InstanceId>
<Deleted>1</Deleted></Exception></Exceptions><Attachments xmlns="AirSyncBase"><Attachment><DisplayName>a.pdf</DisplayName><FileReference>r</FileReference><Method>1</Method>
<EstimatedDataSize>5</EstimatedDataSize></Attachment></Attachments></ApplicationData>`,
		&eas.Event{Subject: "Trip", AllDay: true, Place: eas.Place{Name: "Oslo"}, Exceptions: []eas.Exception{{Original: at("2026-04-02 10:00"), Deleted: true}},
			Attachments: []eas.Attachment{{Name: "a.pdf", Reference: "r", Method: eas.AttachmentFile, Size: 5}}}},
	{"task", `<ApplicationData xmlns="AirSync"><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body><Subject xmlns="Tasks">Tax</Subject><Importance xmlns="Tasks">0</Importance>
<UtcStartDate xmlns="Tasks">2026-03-01T23:00:00.000Z</UtcStartDate><StartDate xmlns="Tasks">2026-03-02T00:00:00.000Z</StartDate>
<UtcDueDate xmlns="Tasks">2026-03-02T23:00:00.000Z</UtcDueDate><DueDate xmlns="Tasks">2026-03-03T00:00:00.000Z</DueDate><Categories xmlns="Tasks"><Category>c</Category></Categories>
<Recurrence xmlns="Tasks"><Type>0</Type><Start>2026-03-02T00:00:00.000Z</Start><Interval>3</Interval><Regenerate>1</Regenerate><DeadOccur>0</DeadOccur></Recurrence>
<Complete xmlns="Tasks">1</Complete><DateCompleted xmlns="Tasks">2026-03-02T12:00:00.000Z</DateCompleted><Sensitivity xmlns="Tasks">1</Sensitivity>
<ReminderSet xmlns="Tasks">1</ReminderSet><ReminderTime xmlns="Tasks">2026-03-02T08:00:00.000Z</ReminderTime></ApplicationData>`,
		&eas.Task{Subject: "Tax", Importance: ptr(eas.ImportanceLow), Body: &eas.Body{Type: eas.BodyPlain, Data: "x"}, Categories: []string{"c"},
			Start: at("2026-03-01 23:00"), StartLocal: at("2026-03-02 00:00"), Due: at("2026-03-02 23:00"), DueLocal: at("2026-03-03 00:00"),
			Complete: true, Completed: at("2026-03-02 12:00"), Sensitivity: eas.SensitivityPersonal, Reminder: at("2026-03-02 08:00"),
			Recurrence: &eas.Recurrence{Type: eas.Daily, Start: at("2026-03-02 00:00"), Interval: 3, Regenerate: true}}},
	{"note", `<ApplicationData xmlns="AirSync"><Subject xmlns="Notes">n</Subject><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body>
<MessageClass xmlns="Notes">IPM.StickyNote</MessageClass><LastModifiedDate xmlns="Notes">2026-03-02T12:00:00.000Z</LastModifiedDate><Categories xmlns="Notes"><Category>c</Category></Categories></ApplicationData>`,
		&eas.Note{Subject: "n", Body: &eas.Body{Type: eas.BodyPlain, Data: "x"}, MessageClass: "IPM.StickyNote", Modified: at("2026-03-02 12:00"), Categories: []string{"c"}}},
	{"contact", `<ApplicationData xmlns="AirSync"><FileAs xmlns="Contacts">Lovelace, Ada</FileAs><Birthday xmlns="Contacts">1815-12-10T00:00:00.000Z</Birthday>
<Email1Address xmlns="Contacts">"Ada" &lt;ada@contoso.com&gt;</Email1Address><Email3Address xmlns="Contacts">three@contoso.com</Email3Address>
<BusinessAddressCity xmlns="Contacts">London</BusinessAddressCity><OtherAddressStreet xmlns="Contacts">St James's Square</OtherAddressStreet>
<Home2PhoneNumber xmlns="Contacts">2</Home2PhoneNumber><MobilePhoneNumber xmlns="Contacts">+44</MobilePhoneNumber><Picture xmlns="Contacts">AQID</Picture>
<WeightedRank xmlns="Contacts">7</WeightedRank><Categories xmlns="Contacts"><Category>c</Category></Categories><Children xmlns="Contacts"><Child>Byron</Child><Child>Anne</Child></Children>
<NickName xmlns="Contacts2">Countess</NickName><IMAddress2 xmlns="Contacts2">im2</IMAddress2></ApplicationData>`,
		&eas.Contact{FileAs: "Lovelace, Ada", Birthday: at("1815-12-10 00:00"), Emails: [3]string{`"Ada" <ada@contoso.com>`, "", "three@contoso.com"},
			BusinessAddress: eas.Address{City: "London"}, OtherAddress: eas.Address{Street: "St James's Square"}, HomePhones: [2]string{"", "2"}, MobilePhone: "+44",
			Picture: []byte{1, 2, 3}, WeightedRank: 7, Categories: []string{"c"}, Children: []string{"Byron", "Anne"}, NickName: "Countess", IMs: [3]string{"", "im2", ""}}},
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// flat drops the line breaks of a fixture.
func flat(xml string) string {
	return strings.NewReplacer("\n<", "<", "\n", " ").Replace(xml)
}

func TestDecodeItems(t *testing.T) {
	t.Parallel()
	for _, tt := range itemCases {
		t.Run(tt.name, func(t *testing.T) {
			raw := fromXML(t, flat(tt.xml))
			got, err := eas.Decode("", raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("item (-want +got):\n%s", diff)
			}
			if got.Class() != tt.want.Class() {
				t.Errorf("class %s", got.Class())
			}
			// An element that is not known survives, and a bad date costs itself alone.
			more := strings.Replace(flat(tt.xml), "</ApplicationData>", `<_0x3E xmlns="Find">kept</_0x3E></ApplicationData>`, 1)
			if got, err = eas.Decode("", fromXML(t, more)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(toXML(t, otherOf(t, got)), ">kept<") {
				t.Errorf("an unknown element was dropped")
			}
			for _, date := range []string{"T10:00:00.000Z", "T100000Z", "T00:00:00.000Z", "T12:00:00.000Z"} {
				if bad := strings.Replace(flat(tt.xml), date, "Tnever", 1); bad != flat(tt.xml) {
					got, err := eas.Decode("", fromXML(t, bad))
					if err != nil || len(oddOf(t, got)) == 0 || !strings.Contains(oddOf(t, got)[0].Value, "Tnever") {
						t.Errorf("a bad date gives %v, %v", got, err)
					}
					break
				}
			}
		})
	}
}

func otherOf(t *testing.T, item eas.Item) []byte {
	t.Helper()
	var other [][]byte
	switch x := item.(type) {
	case *eas.Email:
		other = x.Other
	case *eas.Event:
		other = x.Other
	case *eas.Task:
		other = x.Other
	case *eas.Note:
		other = x.Other
	case *eas.Contact:
		other = x.Other
	}
	if len(other) != 1 {
		t.Fatalf("%d other elements", len(other))
	}
	return other[0]
}

func oddOf(t testing.TB, item eas.Item) []eas.OddValue {
	switch x := item.(type) {
	case *eas.Email:
		return x.Odd
	case *eas.Event:
		return x.Odd
	case *eas.Task:
		return x.Odd
	case *eas.Note:
		return x.Odd
	case *eas.Contact:
		return x.Odd
	}
	t.Fatalf("a %T has no odd values", item)
	return nil
}

// adding returns the item as it can be added in a version.
func adding(item eas.Item, v string) eas.Item {
	if e, ok := item.(*eas.Event); ok && v == "16.1" {
		one := *e
		one.Exceptions = nil
		return &one
	}
	return item
}

// What Decode reads, Add writes again, in the elements that are the client's.
func TestItemsSurviveAnAdd(t *testing.T) {
	t.Parallel()
	for _, tt := range itemCases {
		v := "14.1"
		if strings.Contains(tt.name, "16.0") {
			v = "16.1"
		}
		if _, ok := tt.want.(*eas.Email); ok {
			continue // drafts have a test of their own
		}
		t.Run(tt.name, func(t *testing.T) {
			c, calls := replay(t, map[string][]reply{"OPTIONS": {{header: map[string]string{"MS-ASProtocolVersions": v}}}})
			if _, err := c.Apply(t.Context(), "f", "1", eas.Add("1", adding(tt.want, v))); err != nil {
				t.Fatal(err)
			}
			sent := toXML(t, (*calls)[len(*calls)-1].body)
			i, j := strings.Index(sent, "<ApplicationData"), strings.Index(sent, "</ApplicationData>")
			data := `<ApplicationData xmlns="AirSync">` + sent[strings.Index(sent[i:], ">")+i+1:j] + "</ApplicationData>"
			got, err := eas.Decode("", fromXML(t, data))
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			switch x := got.(type) { // what is the server's alone is not sent
			case *eas.Event:
				e := *want.(*eas.Event)
				e.Response, e.Replied, e.OnlineMeeting, e.Attachments = 0, time.Time{}, "", nil
				e.Attendees = append([]eas.Attendee(nil), e.Attendees...)
				for i := range e.Attendees {
					if v == "16.1" {
						e.Attendees[i].Response = 0
					}
				}
				if e.Body != nil {
					e.Body = &eas.Body{Type: e.Body.Type, Data: e.Body.Data}
				}
				if v == "16.1" {
					e.Exceptions = nil
				}
				want = &e
			case *eas.Note:
				n := *want.(*eas.Note)
				n.Modified = time.Time{}
				want = &n
			case *eas.Contact:
				x.WeightedRank = 7
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after a change (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	old := fromXML(t, `<ApplicationData xmlns="AirSync"><Subject xmlns="Email">s</Subject><Read xmlns="Email">0</Read><Categories xmlns="Email"><Category>c</Category></Categories><From xmlns="Email">f</From></ApplicationData>`)
	change := fromXML(t, `<ApplicationData xmlns="AirSync"><Read xmlns="Email">1</Read><Categories xmlns="Email"/></ApplicationData>`)
	merged, err := eas.Merge(old, change)
	if err != nil {
		t.Fatal(err)
	}
	got, err := eas.Decode("", merged)
	if err != nil {
		t.Fatal(err)
	}
	want := &eas.Email{Subject: "s", From: "f", Read: ptr(true)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	for _, bad := range [][2][]byte{{nil, change}, {old, nil}, {old[:20], change}, {old, change[:8]}, {captured(t, "foldersync-request-0"), change}} {
		if out, err := eas.Merge(bad[0], bad[1]); err == nil {
			t.Errorf("Merge(%x, %x) = %x", bad[0], bad[1], out)
		}
	}
}

func TestDecodeOthers(t *testing.T) {
	body := fromXML(t, `<ApplicationData xmlns="AirSync"><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body></ApplicationData>`)
	for class, want := range map[eas.Class]eas.Class{"": eas.ClassEmail, eas.ClassCalendar: eas.ClassCalendar, eas.ClassNotes: eas.ClassNotes, eas.ClassTasks: eas.ClassTasks, eas.ClassContacts: eas.ClassContacts} {
		if got, err := eas.Decode(class, body); err != nil || got.Class() != want {
			t.Errorf("a body alone in %q = %T, %v", class, got, err)
		}
	}
	u, err := eas.Decode("Journal", fromXML(t, `<ApplicationData xmlns="AirSync"><DisplayName xmlns="DocumentLibrary">x</DisplayName></ApplicationData>`))
	if err != nil || u.Class() != "Journal" || len(u.(*eas.Unknown).Raw) == 0 {
		t.Errorf("a document = %+v, %v", u, err)
	}
	for _, bad := range [][]byte{nil, []byte("x"), body[:len(body)-3]} {
		if got, err := eas.Decode("", bad); err == nil {
			t.Errorf("Decode(%x) = %+v", bad, got)
		}
	}
}
