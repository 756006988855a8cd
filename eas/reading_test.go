package eas_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

func mailXML(elements string) string {
	return `<ApplicationData xmlns="AirSync"><Subject xmlns="Email">s</Subject>` + elements + `</ApplicationData>`
}

func eventXML(elements string) string {
	return `<ApplicationData xmlns="AirSync"><Subject xmlns="Calendar">s</Subject>` + elements + `</ApplicationData>`
}

// TestOddValues reads items as servers were seen to send them. Each odd value costs itself
// alone, and a value in an unusual form is read.
func TestOddValues(t *testing.T) {
	received := func(s string) string { return mailXML(`<DateReceived xmlns="Email">` + s + `</DateReceived>`) }
	read := func(s string) string { return mailXML(`<Read xmlns="Email">` + s + `</Read>`) }
	mail := func(change func(*eas.Email)) *eas.Email {
		m := &eas.Email{Subject: "s"}
		change(m)
		return m
	}
	when := func(at time.Time) *eas.Email { return mail(func(m *eas.Email) { m.Received = at }) }
	odd := func(element, value string) *eas.Email {
		return mail(func(m *eas.Email) { m.Odd = []eas.OddValue{{Element: element, Value: value}} })
	}
	event := func(change func(*eas.Event)) *eas.Event {
		e := &eas.Event{Subject: "s"}
		change(e)
		return e
	}
	oddEvent := func(element, value string) *eas.Event {
		return event(func(e *eas.Event) { e.Odd = []eas.OddValue{{Element: element, Value: value}} })
	}
	attached := func(size string) string {
		return mailXML(`<Attachments xmlns="AirSyncBase"><Attachment><DisplayName>a</DisplayName><FileReference>1</FileReference><EstimatedDataSize>` + size + `</EstimatedDataSize></Attachment></Attachments>`)
	}
	whole := time.Date(2010, 12, 15, 17, 12, 49, 0, time.UTC)
	for _, tt := range []struct {
		name, xml string
		want      eas.Item
	}{
		{"space in place of T", received("2010-12-15 17:12:49.000Z"), when(whole)},
		{"offset without a colon", received("2010-12-15T18:12:49+0100"), when(whole)},
		{"offset of hours", received("2010-12-15T18:12:49.0+01"), when(whole)},
		{"offset to the west", received("2010-12-15T12:42:49-04:30"), when(whole)},
		{"minus sign", received("2010-12-15T12:12:49\u221205:00"), when(whole)},
		{"spaces around", received(" 2010-12-15T17:12:49Z "), when(whole)},
		{"no seconds", received("2010-12-15T17:12Z"), when(whole.Truncate(time.Minute))},
		{"lower case", received("2010-12-15t17:12:49z"), when(whole)},
		{"UTC", received("2010-12-15 17:12:49 UTC"), when(whole)},
		{"comma", received("2010-12-15T17:12:49,5Z"), when(whole.Add(time.Second / 2))},
		{"seven digits", received("2010-12-15T17:12:49.0000005Z"), when(whole.Add(500 * time.Nanosecond))},
		{"twelve digits", received("2010-12-15T17:12:49.000000000999Z"), when(whole)},
		{"mixed", received("20101215T17:12:49Z"), when(whole)},
		{"no zone", received("2010-12-15T17:12:49"), when(whole)},
		{"a date", received("2010-12-15"), when(whole.Truncate(24 * time.Hour))},
		{"as in mail", received("Wed, 15 Dec 2010 18:12:49 +0100"), when(whole)},
		{"as in HTTP", received("Wed, 15 Dec 2010 17:12:49 GMT"), when(whole)},
		{"24 hours", received("2026-01-02T24:00:00.000Z"), when(time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC))},
		{"a leap second", received("2016-12-31T23:59:60Z"), when(time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC))},
		{"no date", received("0001-01-01T00:00:00"), when(time.Time{})},
		{"empty date", received(""), when(time.Time{})},
		{"25 hours", received("2026-01-02T25:00:00Z"), odd("Email:DateReceived", "2026-01-02T25:00:00Z")},
		{"past 24 hours", received("2026-01-02T24:00:01Z"), odd("Email:DateReceived", "2026-01-02T24:00:01Z")},
		{"61 minutes", received("2026-01-02T10:61:00Z"), odd("Email:DateReceived", "2026-01-02T10:61:00Z")},
		{"30 February", received("2026-02-30T10:00:00Z"), odd("Email:DateReceived", "2026-02-30T10:00:00Z")},
		{"29 February", received("2024-02-29T10:00:00Z"), when(time.Date(2024, 2, 29, 10, 0, 0, 0, time.UTC))},
		{"month 0", received("2026-00-02T10:00:00Z"), odd("Email:DateReceived", "2026-00-02T10:00:00Z")},
		{"text behind", received("2026-01-02T10:00:00Z?"), odd("Email:DateReceived", "2026-01-02T10:00:00Z?")},
		{"no fraction", received("2026-01-02T10:00:00.Z"), odd("Email:DateReceived", "2026-01-02T10:00:00.Z")},
		{"offset of days", received("2026-01-02T10:00:00+99:00"), odd("Email:DateReceived", "2026-01-02T10:00:00+99:00")},
		{"a word", received("yesterday"), odd("Email:DateReceived", "yesterday")},
		{"long", received(strings.Repeat("x", 100)), odd("Email:DateReceived", strings.Repeat("x", 64)+"…")},

		{"True", read("True"), mail(func(m *eas.Email) { m.Read = ptr(true) })},
		{"FALSE", read("FALSE"), mail(func(m *eas.Email) { m.Read = ptr(false) })},
		{"empty Read", mailXML(`<Read xmlns="Email"/>`), mail(func(*eas.Email) {})},
		{"yes", read("yes"), odd("Email:Read", "yes")},
		{"importance in words", mailXML(`<Importance xmlns="Email">normal</Importance>`), odd("Email:Importance", "normal")},
		{"no importance", mailXML(``), mail(func(*eas.Email) {})},
		{"low", mailXML(`<Importance xmlns="Email">0</Importance>`), mail(func(m *eas.Email) { m.Importance = ptr(eas.ImportanceLow) })},
		{"a code page in words", mailXML(`<InternetCPID xmlns="Email">utf-8</InternetCPID>`), odd("Email:InternetCPID", "utf-8")},
		{"an element in text", mailXML(`<MessageClass xmlns="Email"><To>x</To></MessageClass>`), odd("Email:MessageClass", "")},
		{"5 GiB", attached("5368709120"), mail(func(m *eas.Email) { m.Attachments = []eas.Attachment{{Name: "a", Reference: "1", Size: 5 << 30}} })},
		{"2^64-1", attached("18446744073709551615"), mail(func(m *eas.Email) { m.Attachments = []eas.Attachment{{Name: "a", Reference: "1", Size: 1<<63 - 1}} })},
		{"size -1", attached("-1"), mail(func(m *eas.Email) {
			m.Attachments = []eas.Attachment{{Name: "a", Reference: "1"}}
			m.Odd = []eas.OddValue{{Element: "AirSyncBase:EstimatedDataSize", Value: "-1"}}
		})},
		{"two parts", mailXML(`<BodyPart xmlns="AirSyncBase"><Status>176</Status></BodyPart><BodyPart xmlns="AirSyncBase"><Status>1</Status><Type>2</Type><Data>x</Data></BodyPart>`),
			mail(func(m *eas.Email) {
				m.Parts = []eas.BodyPart{{Status: 176}, {Status: 1, Body: eas.Body{Type: eas.BodyHTML, Data: "x"}}}
			})},
		{"a flag", mailXML(`<Flag xmlns="Email"><Status>2</Status><FlagType>f</FlagType><StartDate xmlns="Tasks">2026-03-03T00:00:00Z</StartDate>` +
			`<UtcStartDate xmlns="Tasks">2026-03-02T15:00:00Z</UtcStartDate><DueDate xmlns="Tasks">2026-03-05T00:00:00Z</DueDate><UtcDueDate xmlns="Tasks">2026-03-04T15:00:00Z</UtcDueDate>` +
			`<OrdinalDate xmlns="Tasks">2026-03-01T00:00:00Z</OrdinalDate><SubOrdinalDate xmlns="Tasks">5</SubOrdinalDate><ReminderSet xmlns="Tasks"/></Flag>`),
			mail(func(m *eas.Email) {
				m.Flag = &eas.Flag{Status: eas.FlagActive, Type: "f", StartLocal: at("2026-03-03 00:00"), Start: at("2026-03-02 15:00"),
					DueLocal: at("2026-03-05 00:00"), Due: at("2026-03-04 15:00"), Ordinal: at("2026-03-01 00:00"), SubOrdinal: "5"}
			})},

		{"an empty recurrence", eventXML(`<Recurrence xmlns="Calendar"/>`), event(func(*eas.Event) {})},
		{"a recurrence of an odd type", eventXML(`<Recurrence xmlns="Calendar"><Type>daily</Type></Recurrence>`), oddEvent("Calendar:Type", "daily")},
		{"an empty interval", eventXML(`<Recurrence xmlns="Calendar"><Type>1</Type><Interval/></Recurrence>`),
			event(func(e *eas.Event) { e.Recurrence = &eas.Recurrence{Type: eas.Weekly} })},
		{"reminder -1", eventXML(`<Reminder xmlns="Calendar">-1</Reminder>`), oddEvent("Calendar:Reminder", "-1")},
		{"a reminder beyond all time", eventXML(`<Reminder xmlns="Calendar">4294967295</Reminder>`), oddEvent("Calendar:Reminder", "4294967295")},
		{"an empty reminder", eventXML(`<Reminder xmlns="Calendar"/>`), event(func(*eas.Event) {})},
		{"a time zone of nothing", eventXML(`<Timezone xmlns="Calendar">AAAA</Timezone>`), oddEvent("Calendar:Timezone", "AAAA")},
		{"empty booleans", eventXML(`<AllDayEvent xmlns="Calendar"/><ResponseRequested xmlns="Calendar"/><DisallowNewTimeProposal xmlns="Calendar"/>`), event(func(*eas.Event) {})},
		{"an occurrence that is not deleted", eventXML(`<Exceptions xmlns="Calendar"><Exception><Deleted/><ExceptionStartTime>20260101T000000Z</ExceptionStartTime></Exception></Exceptions>`),
			event(func(e *eas.Event) { e.Exceptions = []eas.Exception{{Original: at("2026-01-01 00:00")}} })},
		{"what an exception removes", eventXML(`<Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260101T000000Z</ExceptionStartTime>` +
			`<Subject/><Location/><Reminder/><Categories/><Attendees/><Sensitivity/><BusyStatus/></Exception></Exceptions>`),
			event(func(e *eas.Event) {
				e.Exceptions = []eas.Exception{{Original: at("2026-01-01 00:00"), Subject: ptr(""), Place: &eas.Place{}, NoReminder: true, Categories: []string{},
					Attendees: []eas.Attendee{}, Sensitivity: ptr(eas.SensitivityNormal), Busy: ptr(eas.BusyFree)}}
			})},
		{"odd values of an exception", eventXML(`<Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260101T000000Z</ExceptionStartTime>` +
			`<Reminder>-5</Reminder><Sensitivity>high</Sensitivity></Exception></Exceptions>`),
			event(func(e *eas.Event) {
				e.Exceptions = []eas.Exception{{Original: at("2026-01-01 00:00")}}
				e.Odd = []eas.OddValue{{Element: "Calendar:Sensitivity", Value: "high"}, {Element: "Calendar:Reminder", Value: "-5"}}
			})},
		{"a reminder of an exception", eventXML(`<Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260101T000000Z</ExceptionStartTime>` +
			`<Reminder>5</Reminder></Exception></Exceptions>`),
			event(func(e *eas.Event) {
				e.Exceptions = []eas.Exception{{Original: at("2026-01-01 00:00"), Reminder: ptr(5 * time.Minute)}}
			})},
		{"a reminder at the start of an exception", eventXML(`<Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260101T000000Z</ExceptionStartTime>` +
			`<Reminder>0</Reminder></Exception></Exceptions>`),
			event(func(e *eas.Event) {
				e.Exceptions = []eas.Exception{{Original: at("2026-01-01 00:00"), Reminder: ptr(time.Duration(0))}}
			})},
		{"a picture that is not base64", `<ApplicationData xmlns="AirSync"><FirstName xmlns="Contacts">s</FirstName><Picture xmlns="Contacts">?</Picture></ApplicationData>`,
			&eas.Contact{FirstName: "s", Odd: []eas.OddValue{{Element: "Contacts:Picture", Value: "?"}}}},
		{"a task with an odd start", `<ApplicationData xmlns="AirSync"><Subject xmlns="Tasks">s</Subject><UtcStartDate xmlns="Tasks">soon</UtcStartDate><Complete xmlns="Tasks"/></ApplicationData>`,
			&eas.Task{Subject: "s", Odd: []eas.OddValue{{Element: "Tasks:UtcStartDate", Value: "soon"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := eas.Decode("", fromXML(t, tt.xml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestInboundOccurrences has a server change and delete occurrences of series by themselves.
func TestInboundOccurrences(t *testing.T) {
	c, _ := speaking(t, eas.Version161, "Sync", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>3</SyncKey><CollectionId>cal</CollectionId><Status>1</Status><Commands>
<Change><ServerId>5:1</ServerId><InstanceId xmlns="AirSyncBase">20260608T080000Z</InstanceId><ApplicationData><Subject xmlns="Calendar">moved</Subject></ApplicationData></Change>
<Change><ServerId>5:3</ServerId><InstanceId xmlns="AirSyncBase">never</InstanceId><ApplicationData><Subject xmlns="Calendar">x</Subject></ApplicationData></Change>
<Delete><ServerId>5:2</ServerId><InstanceId xmlns="AirSyncBase">20260608T080000Z</InstanceId></Delete><Delete><ServerId>5:4</ServerId></Delete></Commands></Collection></Collections></Sync>`)
	page, err := c.Sync(t.Context(), "cal", "2", &eas.SyncOptions{Class: eas.ClassCalendar})
	if err != nil {
		t.Fatal(err)
	}
	start := at("2026-06-08 08:00")
	if e := page.Changed[0]; e.ID != "5:1" || !e.Occurrence.Equal(start) || e.Item.(*eas.Event).Subject != "moved" {
		t.Errorf("changed %+v", e)
	}
	if e := page.Changed[1]; e.Err == nil || e.Item != nil {
		t.Errorf("an occurrence without a date: %+v", e)
	}
	if diff := cmp.Diff([]eas.OccurrenceID{{Series: "5:2", Start: start}}, page.DeletedOccurrences); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]eas.ItemID{"5:4"}, page.Deleted); diff != "" {
		t.Error(diff)
	}
	c, _ = speaking(t, eas.Version161, "Sync", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>3</SyncKey><CollectionId>cal</CollectionId><Status>1</Status><Commands>
<Delete><ServerId>5:2</ServerId><InstanceId xmlns="AirSyncBase">soon</InstanceId></Delete></Commands></Collection></Collections></Sync>`)
	page, err = c.Sync(t.Context(), "cal", "2", nil)
	if err != nil || len(page.Changed) != 1 || page.Changed[0].ID != "5:2" || page.Changed[0].Err == nil || page.Deleted != nil || page.DeletedOccurrences != nil {
		t.Errorf("the deletion of an unknown occurrence gives %+v, %v", page, err)
	}
}

// TestOddPerson has one value of one person be odd.
func TestOddPerson(t *testing.T) {
	c, _ := speaking(t, eas.Version141, "Search", `<Search xmlns="Search"><Status>1</Status><Response><Store><Status>1</Status>
<Result><Properties><DisplayName xmlns="GAL">Good</DisplayName></Properties></Result>
<Result><Properties><DisplayName xmlns="GAL">Bad</DisplayName><Picture xmlns="GAL"><Status>none</Status></Picture></Properties></Result>
<Range>0-1</Range><Total>2</Total></Store></Response></Search>`)
	got, err := c.SearchPeople(t.Context(), "good", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []eas.DirectoryEntry{{Name: "Good"}, {Name: "Bad", Odd: []eas.OddValue{{Element: "GAL:Status", Value: "none"}}}}
	if diff := cmp.Diff(want, got.People); diff != "" {
		t.Error(diff)
	}
}

// TestOddEnvelopes has a value beside the items be odd: it costs itself alone, unless it is a
// status, which must not be taken for success.
func TestOddEnvelopes(t *testing.T) {
	search := func(status, total string) string {
		return `<Search xmlns="Search"><Status>1</Status><Response><Store><Status>` + status + `</Status>
<Result><Properties><DisplayName xmlns="GAL">Good</DisplayName></Properties></Result><Range>0-0</Range><Total>` + total + `</Total></Store></Response></Search>`
	}
	c, _ := speaking(t, eas.Version141, "Search", search("1", "many"), search("junk", "1"))
	got, err := c.SearchPeople(t.Context(), "good", nil)
	if err != nil || len(got.People) != 1 || got.Total != 0 {
		t.Errorf("an odd total: %+v, %v", got, err)
	}
	if got, err := c.SearchPeople(t.Context(), "good", nil); !errors.Is(err, eas.ErrUnexpectedContent) {
		t.Errorf("an odd status: %+v, %v", got, err)
	}
	c, _ = speaking(t, eas.Version141, "Settings", `<Settings xmlns="Settings"><Status>1</Status><Oof><Status>1</Status><Get><OofState>2</OofState><StartTime>soon</StartTime>
<EndTime>2026-01-08T00:00:00.000Z</EndTime><OofMessage><AppliesToInternal/><Enabled>1</Enabled><ReplyMessage>x</ReplyMessage><BodyType>Html</BodyType></OofMessage>
<OofMessage><AppliesToExternalKnown/><Enabled/><ReplyMessage/><BodyType/></OofMessage></Get></Oof></Settings>`)
	o, err := c.OutOfOffice(t.Context(), eas.BodyHTML)
	if err != nil {
		t.Fatal(err)
	}
	if o.Internal == nil || o.Internal.Type != eas.BodyHTML || !o.Internal.Enabled || o.Known == nil || o.Known.Enabled || !o.Start.IsZero() || !o.End.Equal(at("2026-01-08 00:00")) ||
		len(o.Odd) != 1 || o.Odd[0].Element != "Settings:StartTime" {
		t.Errorf("out of office %+v", o)
	}
}

// TestMeetingResults has results come in another order than the answers, or without names.
func TestMeetingResults(t *testing.T) {
	result := func(name, status, event string) string {
		return `<Result>` + name + `<Status>` + status + `</Status><CalendarId>` + event + `</CalendarId></Result>`
	}
	one, two := eas.MeetingAnswer{Folder: "f", Item: "1", Response: eas.ResponseAccepted}, eas.MeetingAnswer{Folder: "f", Item: "2", Response: eas.ResponseAccepted}
	long := eas.MeetingAnswer{LongID: "L", Response: eas.ResponseAccepted}
	mon, tue := one, one
	mon.Instance, tue.Instance = at("2026-06-01 08:00"), at("2026-06-02 08:00")
	for _, tt := range []struct {
		name    string
		answers []eas.MeetingAnswer
		results string
		want    string // the event of each, or ! for an error
	}{
		{"in order", []eas.MeetingAnswer{one, two}, result("<RequestId>1</RequestId>", "1", "c1") + result("<RequestId>2</RequestId>", "1", "c2"), "c1 c2"},
		{"turned round", []eas.MeetingAnswer{one, two}, result("<RequestId>2</RequestId>", "1", "c2") + result("<RequestId>1</RequestId>", "2", ""), "! c2"},
		{"one is missing", []eas.MeetingAnswer{one, two}, result("<RequestId>2</RequestId>", "1", "c2"), "! c2"},
		{"one alone without a name", []eas.MeetingAnswer{one}, result("", "1", "c1"), "c1"},
		{"another's", []eas.MeetingAnswer{one}, result("<RequestId>2</RequestId>", "1", "c2"), "!"},
		{"two without names", []eas.MeetingAnswer{one, two}, result("", "1", "c1") + result("", "1", "c2"), "! !"},
		{"a long ID", []eas.MeetingAnswer{one, long}, result("<RequestId>9</RequestId>", "1", "c9") + result("<RequestId>1</RequestId>", "1", "c1"), "c1 c9"},
		{"occurrences", []eas.MeetingAnswer{mon, tue}, result("<RequestId>1</RequestId><InstanceId>2026-06-02T08:00:00.000Z</InstanceId>", "1", "tue") +
			result("<RequestId>1</RequestId><InstanceId>2026-06-01T08:00:00.000Z</InstanceId>", "1", "mon"), "mon tue"},
		{"nothing", []eas.MeetingAnswer{one}, "", "!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := speaking(t, eas.Version141, "MeetingResponse", `<MeetingResponse xmlns="MeetingResponse">`+tt.results+`</MeetingResponse>`)
			got, err := c.MeetingResponse(t.Context(), tt.answers...)
			if err != nil {
				t.Fatal(err)
			}
			var events []string
			for i, r := range got {
				if r.Item != tt.answers[i].Item {
					t.Errorf("result %d is about %q", i, r.Item)
				}
				if r.Err != nil {
					r.Event = "!"
				}
				events = append(events, string(r.Event))
			}
			if s := strings.Join(events, " "); s != tt.want {
				t.Errorf("events %s, want %s", s, tt.want)
			}
		})
	}
	c := serving(t, eas.Version161, nil)
	if _, err := c.MeetingResponse(t.Context(), one, two, one); err == nil {
		t.Error("two answers about one meeting are sent")
	}
	for _, proposal := range [][2]time.Time{{at("2026-06-01 08:00"), {}}, {{}, at("2026-06-01 08:00")}, {at("2026-06-01 08:00"), at("2026-06-01 08:00")}} {
		x := one
		x.Send, x.ProposedStart, x.ProposedEnd = true, proposal[0], proposal[1]
		if _, err := c.MeetingResponse(t.Context(), x); err == nil {
			t.Errorf("the proposal %v is sent", proposal)
		}
	}
}

// FuzzItems reads anything as an item, writes what was read, and lists its occurrences.
func FuzzItems(f *testing.F) {
	for _, tt := range itemCases {
		f.Add(fromXML(f, tt.xml))
	}
	f.Add(fromXML(f, eventXML(`<StartTime xmlns="Calendar">00010101T000000Z</StartTime><Recurrence xmlns="Calendar"><Type>0</Type><Interval>-1</Interval><DayOfWeek>0</DayOfWeek></Recurrence>`)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		item, err := eas.Decode("", doc)
		if err != nil {
			return
		}
		for _, v := range []eas.Version{eas.Version121, eas.Version141, eas.Version161} {
			out, err := eas.Encode(item, v)
			if err != nil {
				continue
			}
			if _, err := eas.Decode(item.Class(), out); err != nil {
				t.Errorf("%s: what was written cannot be read: %v", v, err)
			}
		}
		if e, ok := item.(*eas.Event); ok {
			n := 0
			for range e.Occurrences(at("2026-01-01 00:00"), at("2027-01-01 00:00")) {
				if n++; n > 367+len(e.Exceptions) {
					t.Fatalf("%d occurrences in a year", n)
				}
			}
		}
	})
}
