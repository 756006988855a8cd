package eas_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

const applied = `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2</SyncKey><CollectionId>f</CollectionId><Status>1</Status></Collection></Collections></Sync>`

// send applies edits and returns the commands that were sent, as XML without name spaces; "" if
// nothing was sent.
func send(t *testing.T, v eas.Version, edits ...eas.Edit) (string, error) {
	t.Helper()
	c, calls := speaking(t, v, "Sync", applied)
	_, err := c.Apply(t.Context(), "f", "1", edits...)
	for _, x := range *calls {
		if x.command == "Sync" {
			judge(t, x.body)
			s := toXML(t, x.body)
			i, j := strings.Index(s, "<Commands>"), strings.Index(s, "</Commands>")
			if i < 0 || j < 0 {
				t.Fatalf("no commands in %s", s)
			}
			return s[i+len("<Commands>") : j], err
		}
	}
	return "", err
}

var clientIDs = regexp.MustCompile(`(<Commands>|</ApplicationData></Add>)<Add><ClientId>[^<]*</ClientId>`)

// judge holds the parts of a request to the schemas of the protocol, which stand beside the
// repository: those of each item's namespace.
func judge(t *testing.T, doc []byte) {
	t.Helper()
	dir, err := filepath.Abs("../../shared/eas-xsd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "SyncResponse.xsd")); err != nil {
		return // TestRequestsAreValid says so
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		return
	}
	// The schema of the response has the same types of items; a request is made to look like
	// one.
	s := toXML(t, doc)
	for _, cut := range []string{"Options", "GetChanges", "WindowSize", "DeletesAsMoves"} {
		for i := strings.Index(s, "<"+cut); i >= 0; i = strings.Index(s, "<"+cut) {
			end := strings.Index(s[i:], "</"+cut+">") + len(cut) + 3
			s = s[:i] + s[i+end:]
		}
	}
	s = clientIDs.ReplaceAllString(s, "$1<Add><ServerId>1</ServerId>")
	for i := strings.Index(s, "<InstanceId"); i >= 0; i = strings.Index(s, "<InstanceId") {
		s = s[:i] + s[i+strings.Index(s[i:], "</InstanceId>")+len("</InstanceId>"):]
	}
	s = strings.ReplaceAll(s, `<Send xmlns="Email2"/>`, "")
	if strings.Contains(s, "<Fetch>") || strings.Contains(s, "</ServerId></Change>") {
		return // no such thing in a response
	}
	name := filepath.Join(t.TempDir(), "request.xml")
	if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", "--noout", "--schema", filepath.Join(dir, "SyncResponse.xsd"), name).CombinedOutput()
	if err != nil {
		var faults []string
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "error") {
				faults = append(faults, line)
			}
		}
		t.Errorf("not valid: %s\n%s", faults, s)
	}
}

func TestRequestsAreValid(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../../shared/eas-xsd/SyncResponse.xsd"); err != nil {
		t.Skip("the schemas are not beside the repository")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed")
	}
	for _, v := range []eas.Version{eas.Version141, eas.Version161} {
		for _, tt := range itemCases {
			if _, ok := tt.want.(*eas.Email); ok && v == eas.Version141 {
				continue
			}
			item := tt.want
			if e, ok := item.(*eas.Event); ok && v == eas.Version161 {
				one := *e
				one.Exceptions = nil // which are not sent with a new series
				item = &one
			}
			if m, ok := item.(*eas.Email); ok {
				one := *m
				one.Body = &eas.Body{Data: "x"}
				item = &one
			}
			if _, err := send(t, v, eas.Add("c", item)); err != nil {
				t.Errorf("%s, %s: %v", tt.name, v, err)
			}
		}
	}
}

func change(data string) string {
	return `<Change><ServerId>1</ServerId><ApplicationData>` + data + `</ApplicationData></Change>`
}

var berlin = func() *eas.TimeZone {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return eas.NewTimeZone(loc, 2026)
}()

func meeting() *eas.Event {
	return &eas.Event{
		Subject: "Plan", Start: at("2026-06-01 08:00"), End: at("2026-06-01 09:00"), Zone: berlin, Place: eas.Place{Name: "Room 1"}, UID: "u",
		Categories: []string{"red"}, Reminder: ptr(15 * time.Minute), Busy: ptr(eas.BusyBusy), Status: eas.MeetingOrganized,
		Body:      &eas.Body{Type: eas.BodyPlain, Data: "the beginn", Truncated: true, Size: 90000},
		Attendees: []eas.Attendee{{Name: "Bob", Email: "bob@contoso.com", Response: eas.ResponseAccepted, Type: eas.AttendeeRequired}},
	}
}

func weekly() *eas.Event {
	e := meeting()
	e.Recurrence = &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Monday}
	e.Exceptions = []eas.Exception{{Original: at("2026-06-08 08:00"), Subject: ptr("Other"), Place: &eas.Place{}}}
	return e
}

// TestUpdateEvent changes events by what they were and what they shall be.
func TestUpdateEvent(t *testing.T) {
	t.Parallel()
	day := func() *eas.Event {
		return &eas.Event{Subject: "Trip", AllDay: true, Start: at("2026-06-01 22:00"), End: at("2026-06-03 22:00"), Zone: berlin}
	}
	for _, tt := range []struct {
		name   string
		before *eas.Event
		change func(*eas.Event)
		want   string // from 16.0 on
		whole  string // up to 14.1: what must be in it
		not    string // and what not
	}{
		{"nothing", meeting(), func(*eas.Event) {}, "", "", ""},
		{"subject", meeting(), func(e *eas.Event) { e.Subject = "New" }, change(`<Subject xmlns="Calendar">New</Subject>`),
			`<AttendeeStatus>3</AttendeeStatus>`, "<Data>"},
		{"cleared", meeting(), func(e *eas.Event) { e.Place, e.Categories, e.Reminder, e.Attendees = eas.Place{}, nil, nil, nil },
			change(`<Location xmlns="AirSyncBase"/><Reminder xmlns="Calendar"/><Attendees xmlns="Calendar"/><Categories xmlns="Calendar"/>`),
			`<Subject xmlns="Calendar">Plan</Subject>`, "Location"},
		{"an hour later", meeting(), func(e *eas.Event) { e.End = e.End.Add(time.Hour) },
			change(`<AllDayEvent xmlns="Calendar">0</AllDayEvent><EndTime xmlns="Calendar">20260601T100000Z</EndTime><StartTime xmlns="Calendar">20260601T080000Z</StartTime>`),
			"20260601T100000Z", "<Data>"},
		{"another body", meeting(), func(e *eas.Event) { e.Body = &eas.Body{Type: eas.BodyHTML, Data: "<p>"} },
			change(`<Body xmlns="AirSyncBase"><Type>2</Type><Data>&lt;p&gt;</Data></Body>`), "<Type>2</Type>", "beginn"},
		{"no body", meeting(), func(e *eas.Event) { e.Body = nil }, change(`<Body xmlns="AirSyncBase"><Type>1</Type><Data/></Body>`), "<Data/>", "beginn"},
		{"no recurrence", weekly(), func(e *eas.Event) { e.Recurrence = nil }, change(`<Recurrence xmlns="Calendar"/>`), "Plan", "Recurrence"},
		{"private", meeting(), func(e *eas.Event) { e.Sensitivity = eas.SensitivityPrivate }, change(`<Sensitivity xmlns="Calendar">2</Sensitivity>`), "<Sensitivity xmlns=\"Calendar\">2<", "<Data>"},
		{"all-day", meeting(), func(e *eas.Event) { e.AllDay, e.Start, e.End = true, at("2026-06-01 22:00"), at("2026-06-02 22:00") },
			change(`<AllDayEvent xmlns="Calendar">1</AllDayEvent><EndTime xmlns="Calendar">20260603</EndTime><StartTime xmlns="Calendar">20260602</StartTime>`), "20260601T220000Z", "<Data>"},
		{"a day more", day(), func(e *eas.Event) { e.End = e.End.AddDate(0, 0, 1) },
			change(`<AllDayEvent xmlns="Calendar">1</AllDayEvent><EndTime xmlns="Calendar">20260605</EndTime><StartTime xmlns="Calendar">20260602</StartTime>`), "Timezone", "<Data>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := *tt.before
			tt.change(&after)
			got, err := send(t, eas.Version161, eas.Update("1", tt.before, &after))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("16.1 (-want +got):\n%s", diff)
			}
			got, err = send(t, eas.Version141, eas.Update("1", tt.before, &after))
			if err != nil {
				t.Fatal(err)
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.whole) || tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("14.1: %s, want it with %s and without %s", got, tt.whole, tt.not)
			}
		})
	}
}

// TestUpdateOccurrence changes and deletes occurrences of a series.
func TestUpdateOccurrence(t *testing.T) {
	t.Parallel()
	const first, second = "2026-06-08 08:00", "2026-06-15 08:00"
	instance := func(start, data string) string {
		return `<Change><ServerId>1</ServerId><InstanceId xmlns="AirSyncBase">` + start + `</InstanceId><ApplicationData>` + data + `</ApplicationData></Change>`
	}
	for _, tt := range []struct {
		name   string
		start  string
		change func(*eas.Event)
		want   string
		old    string // the exception up to 14.1
	}{
		{"subject", second, func(e *eas.Event) { e.Subject = "New" }, instance("20260615T080000Z", `<Subject xmlns="Calendar">New</Subject>`),
			`<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime><Subject>New</Subject></Exception>`},
		{"moved", second, func(e *eas.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) },
			instance("20260615T080000Z", `<AllDayEvent xmlns="Calendar">0</AllDayEvent><EndTime xmlns="Calendar">20260615T100000Z</EndTime><StartTime xmlns="Calendar">20260615T090000Z</StartTime>`),
			`<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime><StartTime>20260615T090000Z</StartTime><EndTime>20260615T100000Z</EndTime></Exception>`},
		{"cleared", second, func(e *eas.Event) { e.Reminder, e.Categories, e.Place = nil, nil, eas.Place{} },
			instance("20260615T080000Z", `<Location xmlns="AirSyncBase"/><Reminder xmlns="Calendar"/><Categories xmlns="Calendar"/>`),
			`<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime><Location/><Categories/><Reminder/></Exception>`},
		{"an exception", first, func(e *eas.Event) { e.Busy, e.Attendees = ptr(eas.BusyAway), nil },
			instance("20260608T080000Z", `<BusyStatus xmlns="Calendar">3</BusyStatus><Attendees xmlns="Calendar"/>`),
			`<Exception><ExceptionStartTime>20260608T080000Z</ExceptionStartTime><Subject>Other</Subject><Location/><BusyStatus>3</BusyStatus><Attendees/></Exception>`},
		{"as the series", first, func(e *eas.Event) { e.Subject = "Plan" }, instance("20260608T080000Z", `<Subject xmlns="Calendar">Plan</Subject>`),
			`<Exception><ExceptionStartTime>20260608T080000Z</ExceptionStartTime><Location/></Exception>`},
		{"a body", second, func(e *eas.Event) { e.Body = &eas.Body{Data: "x"} }, instance("20260615T080000Z", `<Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body>`),
			`<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body></Exception>`},
		{"nothing", second, func(*eas.Event) {}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			series := weekly()
			after, ok := series.Occurrence(at(tt.start))
			if !ok {
				t.Fatal("no occurrence")
			}
			tt.change(after)
			got, err := send(t, eas.Version161, eas.UpdateOccurrence("1", series, at(tt.start), after))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("16.1 (-want +got):\n%s", diff)
			}
			if got, err = send(t, eas.Version141, eas.UpdateOccurrence("1", series, at(tt.start), after)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tt.old) || tt.old != "" && !strings.Contains(got, "<AttendeeStatus>3</AttendeeStatus>") {
				t.Errorf("14.1: %s, want it with %s", got, tt.old)
			}
			if diff := cmp.Diff(weekly(), series); diff != "" {
				t.Errorf("the series was changed: %s", diff)
			}
		})
	}
	gone := weekly()
	gone.Exceptions = append(gone.Exceptions, eas.Exception{Original: at(second), Deleted: true})
	got, err := send(t, eas.Version161, eas.DeleteOccurrence("1", nil, at(second)))
	if want := `<Delete><ServerId>1</ServerId><InstanceId xmlns="AirSyncBase">20260615T080000Z</InstanceId></Delete>`; err != nil || got != want {
		t.Errorf("16.1: %s, %v", got, err)
	}
	got, err = send(t, eas.Version141, eas.DeleteOccurrence("1", weekly(), at(first)))
	if want := `<Exceptions xmlns="Calendar"><Exception><Deleted>1</Deleted><ExceptionStartTime>20260608T080000Z</ExceptionStartTime></Exception></Exceptions>`; err != nil || !strings.Contains(got, want) || strings.Contains(got, "<Delete>") {
		t.Errorf("14.1: %s, %v", got, err)
	}
	// An update of the series brings its exceptions along.
	got, err = send(t, eas.Version161, eas.Update("1", weekly(), gone))
	if want := `<Delete><ServerId>1</ServerId><InstanceId xmlns="AirSyncBase">20260615T080000Z</InstanceId></Delete>`; err != nil || got != want {
		t.Errorf("update of exceptions: %s, %v", got, err)
	}
	both := weekly()
	both.Subject, both.Exceptions[0].Subject = "New", ptr("Third")
	got, err = send(t, eas.Version161, eas.Update("1", weekly(), both))
	if want := change(`<Subject xmlns="Calendar">New</Subject>`) + instance("20260608T080000Z", `<Subject xmlns="Calendar">Third</Subject>`); err != nil || got != want {
		t.Errorf("update of series and exception: %s, %v", got, err)
	}
	for name, e := range map[string]eas.Edit{
		"deleted":                eas.UpdateOccurrence("1", gone, at(second), meeting()),
		"no series":              eas.UpdateOccurrence("1", nil, at(second), meeting()),
		"no occurrence":          eas.UpdateOccurrence("1", weekly(), at(second), nil),
		"no start":               eas.UpdateOccurrence("1", weekly(), time.Time{}, meeting()),
		"no start of a deletion": eas.DeleteOccurrence("1", weekly(), time.Time{}),
		"all-day":                eas.UpdateOccurrence("1", weekly(), at(second), &eas.Event{AllDay: true}),
	} {
		if got, err := send(t, eas.Version161, e); err == nil || got != "" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if got, err := send(t, eas.Version141, eas.DeleteOccurrence("1", nil, at(second))); err == nil || got != "" {
		t.Errorf("14.1 without the series: %s, %v", got, err)
	}
}

// TestUpdateOthers changes items that are sent whole, and mail.
func TestUpdateOthers(t *testing.T) {
	short := &eas.Body{Type: eas.BodyPlain, Data: "begin", Truncated: true}
	picture := []byte("png")
	data := func(s string) string { return "<ApplicationData>" + s + "</ApplicationData>" }
	for _, tt := range []struct {
		name          string
		before, after eas.Item
		want          string
	}{
		{"contact", &eas.Contact{FirstName: "Ada", Spouse: "x", Picture: picture, Body: short}, &eas.Contact{FirstName: "Ava", Picture: picture, Body: short},
			data(`<FirstName xmlns="Contacts">Ava</FirstName>`)},
		{"no picture", &eas.Contact{FirstName: "Ada", Picture: picture}, &eas.Contact{FirstName: "Ada"},
			data(`<FirstName xmlns="Contacts">Ada</FirstName><Picture xmlns="Contacts"/>`)},
		{"notes of a contact", &eas.Contact{FirstName: "Ada", Picture: picture, Body: short}, &eas.Contact{FirstName: "Ada", Picture: picture, Body: &eas.Body{Data: "all"}},
			data(`<FirstName xmlns="Contacts">Ada</FirstName><Body xmlns="AirSyncBase"><Type>1</Type><Data>all</Data></Body>`)},
		{"note", &eas.Note{Subject: "a", Body: short}, &eas.Note{Subject: "b", Body: short},
			data(`<Subject xmlns="Notes">b</Subject><MessageClass xmlns="Notes">IPM.StickyNote</MessageClass>`)},
		{"task", &eas.Task{Subject: "a", Body: short}, &eas.Task{Subject: "b", Body: short},
			data(`<Subject xmlns="Tasks">b</Subject><Complete xmlns="Tasks">0</Complete><Sensitivity xmlns="Tasks">0</Sensitivity><ReminderSet xmlns="Tasks">0</ReminderSet>`)},
		{"mail", &eas.Email{Subject: "a", Read: ptr(false), Body: short, Flag: &eas.Flag{Status: eas.FlagActive}}, &eas.Email{Subject: "a", Read: ptr(true), Body: short},
			data(`<Read xmlns="Email">1</Read><Flag xmlns="Email"/>`)},
		{"draft", &eas.Email{Draft: true, Subject: "a", CC: "b@contoso.com", Importance: ptr(eas.ImportanceHigh), Attachments: []eas.Attachment{{Name: "a", Reference: "r1"}, {Name: "b", Reference: "r2"}}},
			&eas.Email{Draft: true, Subject: "a", BCC: "c@contoso.com", Importance: ptr(eas.ImportanceLow), Attachments: []eas.Attachment{{Name: "b", Reference: "r2"}, {Name: "c", Content: []byte("x"), Inline: true}}},
			data(`<Importance xmlns="Email">0</Importance><Bcc xmlns="Email2">c@contoso.com</Bcc><Cc xmlns="Email"/><Attachments xmlns="AirSyncBase"><Add><ClientId>a1</ClientId>` +
				`<Method>1</Method><ContentType>application/octet-stream</ContentType><Content><?opaque?>x</Content><DisplayName>c</DisplayName><IsInline/></Add><Delete><FileReference>r1</FileReference></Delete></Attachments>`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := send(t, eas.Version161, eas.Update("1", tt.before, tt.after))
			if err != nil {
				t.Fatal(err)
			}
			if want := `<Change><ServerId>1</ServerId>` + tt.want + `</Change>`; got != want {
				t.Errorf("sent\n%s, want\n%s", got, want)
			}
		})
	}
	got, err := send(t, eas.Version161, eas.SendDraft("1", nil, nil))
	if want := `<Change><ServerId>1</ServerId><Send xmlns="Email2"/></Change>`; err != nil || got != want {
		t.Errorf("SendDraft: %s, %v", got, err)
	}
	changed := &eas.Body{Type: eas.BodyPlain, Data: "begin and more", Truncated: true}
	var none *eas.Event
	for name, e := range map[string]eas.Edit{
		"a truncated body":               eas.Update("1", &eas.Note{Body: short}, &eas.Note{Body: changed}),
		"a new truncated one":            eas.Add("", &eas.Note{Subject: "x", Body: short}),
		"another type":                   eas.Update("1", &eas.Note{}, &eas.Task{}),
		"nothing before":                 eas.Update("1", nil, &eas.Task{}),
		"nothing after":                  eas.Update("1", &eas.Task{}, nil),
		"a nil pointer":                  eas.Update("1", none, none),
		"add nothing":                    eas.Add("c", nil),
		"add a nil pointer":              eas.Add("c", none),
		"no ID":                          eas.Update("", &eas.Note{}, &eas.Note{Subject: "x"}),
		"the subject of mail":            eas.Update("1", &eas.Email{}, &eas.Email{Subject: "x"}),
		"client ID":                      eas.Add("a b", &eas.Note{Subject: "x"}),
		"an item that cannot be written": eas.Update("1", &eas.Event{Subject: "a"}, &eas.Unknown{Raw: []byte("a")}),
		"the zero Edit":                  {},
		"flag ends too early":            eas.SetFlag("1", eas.Flag{Status: eas.FlagActive, Start: at("2026-01-02 00:00"), Due: at("2026-01-01 00:00")}),
	} {
		if got, err := send(t, eas.Version161, e); err == nil || got != "" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for name, e := range map[string]eas.Edit{
		"a draft":     eas.Update("1", &eas.Email{Draft: true}, &eas.Email{Draft: true, Subject: "x"}),
		"a new draft": eas.Add("", &eas.Email{Subject: "x"}),
		"send":        eas.SendDraft("1", nil, nil),
		"attachments": eas.Update("1", meeting(), func() *eas.Event { e := meeting(); e.Attachments = []eas.Attachment{{Content: []byte("x")}}; return e }()),
	} {
		if got, err := send(t, eas.Version141, e); err == nil || got != "" {
			t.Errorf("14.1, %s: %s, %v", name, got, err)
		}
	}
}

// TestJoinedEdits sends several edits of one item as one command, or refuses them.
func TestJoinedEdits(t *testing.T) {
	t.Parallel()
	flag := eas.Flag{Status: eas.FlagActive, Type: "x"}
	series := weekly()
	first, _ := series.Occurrence(at("2026-06-08 08:00"))
	first.Subject = "1"
	second, _ := series.Occurrence(at("2026-06-15 08:00"))
	second.Subject = "2"
	renamed := weekly()
	renamed.Subject = "New"
	for _, tt := range []struct {
		name  string
		edits []eas.Edit
		n     int // commands; 0 if refused
	}{
		{"marks", []eas.Edit{eas.MarkRead("1", true), eas.SetFlag("1", flag), eas.SetCategories("1", "red")}, 1},
		{"the same twice", []eas.Edit{eas.MarkRead("1", true), eas.MarkRead("1", true)}, 1},
		{"contrary marks", []eas.Edit{eas.MarkRead("1", true), eas.MarkRead("1", false)}, 0},
		{"two items", []eas.Edit{eas.MarkRead("1", true), eas.MarkRead("2", false)}, 2},
		{"delete twice", []eas.Edit{eas.Delete("1"), eas.Delete("1")}, 1},
		{"mark and delete", []eas.Edit{eas.MarkRead("1", true), eas.Delete("1")}, 0},
		{"delete and mark", []eas.Edit{eas.Delete("1"), eas.MarkRead("1", true)}, 0},
		{"fetch twice", []eas.Edit{eas.Fetch("1"), eas.Fetch("1")}, 1},
		{"mark and fetch", []eas.Edit{eas.MarkRead("1", true), eas.Fetch("1")}, 0},
		{"two contacts of one ID", []eas.Edit{eas.Update("1", &eas.Contact{}, &eas.Contact{FirstName: "a"}), eas.Update("1", &eas.Contact{}, &eas.Contact{LastName: "b"})}, 0},
		{"two differences", []eas.Edit{eas.Update("1", &eas.Email{Draft: true}, &eas.Email{Draft: true, Subject: "a"}), eas.MarkRead("1", true)}, 1},
		{"two adds of one ID", []eas.Edit{eas.Add("c", &eas.Contact{}), eas.Add("c", &eas.Contact{})}, 0},
		{"two adds", []eas.Edit{eas.Add("", &eas.Contact{FirstName: "a"}), eas.Add("", &eas.Contact{FirstName: "b"})}, 2},
		{"two occurrences", []eas.Edit{eas.UpdateOccurrence("1", series, at("2026-06-08 08:00"), first), eas.UpdateOccurrence("1", series, at("2026-06-15 08:00"), second)}, 2},
		{"series and occurrence", []eas.Edit{eas.Update("1", series, renamed), eas.DeleteOccurrence("1", series, at("2026-06-15 08:00"))}, 2},
		{"occurrence changed and deleted", []eas.Edit{eas.UpdateOccurrence("1", series, at("2026-06-15 08:00"), second), eas.DeleteOccurrence("1", series, at("2026-06-15 08:00"))}, 0},
		{"series deleted", []eas.Edit{eas.UpdateOccurrence("1", series, at("2026-06-15 08:00"), second), eas.Delete("1")}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := send(t, eas.Version161, tt.edits...)
			n := strings.Count(got, "</Change>") + strings.Count(got, "</Delete>") + strings.Count(got, "</Add>") + strings.Count(got, "</Fetch>")
			if (err == nil) != (tt.n > 0) || n != tt.n {
				t.Errorf("%d commands, %v, want %d: %s", n, err, tt.n, got)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "eas: Sync: edit 1: edit 0 ") {
				t.Errorf("error %q", err)
			}
		})
	}
}

// TestJoinedOccurrences sends edits of several occurrences, up to 14.1, as one of their series.
func TestJoinedOccurrences(t *testing.T) {
	series := weekly()
	second, _ := series.Occurrence(at("2026-06-15 08:00"))
	second.Subject = "2"
	got, err := send(t, eas.Version141, eas.UpdateOccurrence("1", series, at("2026-06-15 08:00"), second),
		eas.DeleteOccurrence("1", series, at("2026-06-22 08:00")), eas.MarkRead("2", true), eas.DeleteOccurrence("1", series, at("2026-06-08 08:00")))
	if err != nil {
		t.Fatal(err)
	}
	want := `<Exceptions xmlns="Calendar"><Exception><Deleted>1</Deleted><ExceptionStartTime>20260608T080000Z</ExceptionStartTime></Exception>` +
		`<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime><Subject>2</Subject></Exception>` +
		`<Exception><Deleted>1</Deleted><ExceptionStartTime>20260622T080000Z</ExceptionStartTime></Exception></Exceptions>`
	if !strings.Contains(got, want) || strings.Count(got, "<Change>") != 2 {
		t.Errorf("sent %s", got)
	}
	other := weekly()
	other.Subject = "Another"
	for name, edits := range map[string][]eas.Edit{
		"of two series": {eas.DeleteOccurrence("1", series, at("2026-06-15 08:00")), eas.DeleteOccurrence("1", other, at("2026-06-22 08:00"))},
		"no occurrence": {eas.DeleteOccurrence("1", series, at("2026-06-15 08:00")), eas.UpdateOccurrence("1", series, at("2026-06-22 08:00"), nil)},
		"no start":      {eas.DeleteOccurrence("1", series, time.Time{})},
		"no series":     {eas.UpdateOccurrence("1", nil, at("2026-06-22 08:00"), series)},
	} {
		if got, err := send(t, eas.Version141, edits...); err == nil || got != "" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestFlags writes flags as servers take them.
func TestFlags(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	date := func(name, value string) string { return `<` + name + ` xmlns="Tasks">` + value + `</` + name + `>` }
	four := func(start, due, utcStart, utcDue string) string {
		return date("StartDate", start+":00.000Z") + date("DueDate", due+":00.000Z") + date("UtcStartDate", utcStart+":00.000Z") + date("UtcDueDate", utcDue+":00.000Z")
	}
	for _, tt := range []struct {
		name string
		flag eas.Flag
		want string
	}{
		{"cleared", eas.Flag{}, ""},
		{"active", eas.Flag{Status: eas.FlagActive}, `<Status>2</Status><FlagType>Flag for follow up</FlagType>`},
		{"due alone", eas.Flag{Status: eas.FlagActive, Type: "x", Due: at("2026-03-04 15:00")}, `<Status>2</Status><FlagType>x</FlagType>` +
			four("2026-03-03T15:00", "2026-03-04T15:00", "2026-03-03T15:00", "2026-03-04T15:00")},
		{"start alone", eas.Flag{Status: eas.FlagActive, Type: "x", Start: at("2026-03-04 15:00")}, `<Status>2</Status><FlagType>x</FlagType>` +
			four("2026-03-04T15:00", "2026-03-05T15:00", "2026-03-04T15:00", "2026-03-05T15:00")},
		{"in Tokyo", eas.Flag{Status: eas.FlagActive, Type: "x", Start: time.Date(2026, 3, 3, 0, 0, 0, 0, tokyo), Due: time.Date(2026, 3, 5, 0, 0, 0, 0, tokyo)},
			`<Status>2</Status><FlagType>x</FlagType>` + four("2026-03-03T00:00", "2026-03-05T00:00", "2026-03-02T15:00", "2026-03-04T15:00")},
		{"from Tokyo", eas.Flag{Status: eas.FlagActive, Type: "x", Start: at("2026-03-02 15:00"), Due: at("2026-03-04 15:00"), StartLocal: at("2026-03-03 00:00"), DueLocal: at("2026-03-05 00:00")},
			`<Status>2</Status><FlagType>x</FlagType>` + four("2026-03-03T00:00", "2026-03-05T00:00", "2026-03-02T15:00", "2026-03-04T15:00")},
		{"local alone", eas.Flag{Status: eas.FlagActive, Type: "x", DueLocal: at("2026-03-05 00:00")},
			`<Status>2</Status><FlagType>x</FlagType>` + four("2026-03-04T00:00", "2026-03-05T00:00", "2026-03-04T00:00", "2026-03-05T00:00")},
		{"complete", eas.Flag{Status: eas.FlagComplete}, `<Status>1</Status>` + date("DateCompleted", "2000-01-01T00:00:00.000Z") + `<CompleteTime>2000-01-01T00:00:00.000Z</CompleteTime>`},
		{"completed then", eas.Flag{Status: eas.FlagComplete, Completed: at("2026-03-05 10:00"), CompletedDate: at("2026-03-05 00:00")},
			`<Status>1</Status>` + date("DateCompleted", "2026-03-05T00:00:00.000Z") + `<CompleteTime>2026-03-05T10:00:00.000Z</CompleteTime>`},
		{"the rest", eas.Flag{Status: eas.FlagActive, Type: "x", Subject: "s", Reminder: at("2026-03-05 10:00"), Ordinal: at("2026-03-05 11:00"), SubOrdinal: "5"},
			`<Subject xmlns="Tasks">s</Subject><Status>2</Status><FlagType>x</FlagType><ReminderTime xmlns="Tasks">2026-03-05T10:00:00.000Z</ReminderTime><ReminderSet xmlns="Tasks">1</ReminderSet>` +
				date("OrdinalDate", "2026-03-05T11:00:00.000Z") + date("SubOrdinalDate", "5")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // where it is midnight of 2000-01-01
				tn := eastest.New(t, nil)
				box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "s", Flag: &eas.Flag{Status: eas.FlagActive, Type: "before"}})
				c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
				key, id := firstItem(t, c, eas.FolderInbox, nil)
				got, err := c.Apply(t.Context(), folderOf(t, c, eas.FolderInbox), key, eas.SetFlag(id, tt.flag))
				if err != nil || got.Err() != nil {
					t.Fatalf("%v, %+v", err, got)
				}
				sent := tn.Requests()[len(tn.Requests())-1].Document
				for _, part := range strings.SplitAfter(tt.want, "</") {
					if text := strings.TrimSuffix(part[strings.LastIndex(part, ">")+1:], "</"); text != "" && !strings.Contains(sent, ">"+text+"<") {
						t.Errorf("no %s in %s", text, sent)
					}
				}
				after := box.Messages(eas.FolderInbox)[0].Flag
				if (after == nil) != (tt.want == "") {
					t.Fatalf("flag %+v", after)
				}
				if after == nil {
					return
				}
				// What was read is written again as it was.
				again, err := c.Apply(t.Context(), folderOf(t, c, eas.FolderInbox), got.Key, eas.SetFlag(id, *after))
				if err != nil || again.Err() != nil {
					t.Fatal(err, again)
				}
				if diff := cmp.Diff(after, box.Messages(eas.FolderInbox)[0].Flag); diff != "" {
					t.Errorf("written again: %s", diff)
				}
			})
		})
	}
}

func folderOf(t testing.TB, c *eas.Client, kind eas.FolderType) eas.FolderID {
	t.Helper()
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := folders.Find(kind)
	return f.ID
}

// firstItem reads a folder and returns its key and the ID of its first item.
func firstItem(t testing.TB, c *eas.Client, kind eas.FolderType, o *eas.SyncOptions) (eas.SyncKey, eas.ItemID) {
	t.Helper()
	var key eas.SyncKey
	var id eas.ItemID
	for page, err := range c.Pages(t.Context(), folderOf(t, c, kind), "", o) {
		if err != nil {
			t.Fatal(err)
		}
		key = page.Key
		if id == "" && len(page.Added) > 0 {
			id = page.Added[0].ID
		}
	}
	return key, id
}

// TestApplyLeavesTheFilter applies an edit to a folder of which a filter lets a part through:
// nothing else comes, now or later.
func TestApplyLeavesTheFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		old := &eas.Email{Subject: "old", Received: time.Now().AddDate(0, -1, 0)}
		box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "new"}, old, old, old)
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
		inbox := folderOf(t, c, eas.FolderInbox)
		o := &eas.SyncOptions{Filter: eas.FilterOneWeek}
		key, id := firstItem(t, c, eas.FolderInbox, o)
		box.Deliver(&eas.Email{Subject: "newer"})
		got, err := c.Apply(t.Context(), inbox, key, eas.MarkRead(id, true))
		if err != nil || got.Err() != nil || got.Changes != nil {
			t.Fatalf("Apply = %+v, %v", got, err)
		}
		page, err := c.Sync(t.Context(), inbox, got.Key, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Added) != 1 || page.Added[0].Item.(*eas.Email).Subject != "newer" || len(page.SoftDeleted)+len(page.Deleted)+len(page.Changed) != 0 {
			t.Errorf("after Apply: %+v", page)
		}
		box.Deliver(&eas.Email{Subject: "newest"})
		many, err := c.SyncMany(t.Context(), nil, eas.SyncRequest{Folder: inbox, Key: page.Key, Options: o, Edits: []eas.Edit{eas.DeleteForGood(id)}})
		if err != nil || many[0].Err != nil || len(many[0].Results) != 0 || len(many[0].Page.Added) != 1 {
			t.Fatalf("SyncMany with an edit = %+v, %v", many, err)
		}
		key = many[0].Page.Key
		if n := len(box.Messages(eas.FolderDeletedItems)); n != 0 {
			t.Errorf("%d deleted items", n)
		}
		if same, err := c.Apply(t.Context(), inbox, key, eas.Update("x", &eas.Email{Subject: "a"}, &eas.Email{Subject: "a"})); err != nil || same.Key != key {
			t.Errorf("an update without a difference: %+v, %v", same, err)
		}
	})
}

// TestUnaskedChanges has a server send changes that nobody asked for, and say which occurrence
// failed.
func TestUnaskedChanges(t *testing.T) {
	c, _ := speaking(t, eas.Version161, "Sync", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>3</SyncKey><CollectionId>f</CollectionId><Status>1</Status>
<Responses><Change><ServerId>5:1</ServerId><InstanceId xmlns="AirSyncBase">20260608T080000Z</InstanceId><Status>6</Status></Change></Responses>
<Commands><Delete><ServerId>5:9</ServerId></Delete></Commands></Collection></Collections></Sync>`)
	got, err := c.Apply(t.Context(), "f", "2", eas.DeleteOccurrence("5:1", nil, at("2026-06-08 08:00")))
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != "3" || got.Changes == nil || len(got.Changes.Deleted) != 1 || len(got.Results) != 1 || !got.Results[0].Occurrence.Equal(at("2026-06-08 08:00")) || got.Err() == nil {
		t.Errorf("applied %+v", got)
	}
}

// TestZeroValues calls methods with nothing where something is needed.
func TestZeroValues(t *testing.T) {
	c := serving(t, eas.Version161, nil)
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"Sync":            func() error { _, err := c.Sync(ctx, "", "", nil); return err },
		"Apply":           func() error { _, err := c.Apply(ctx, "", "1", eas.Delete("1")); return err },
		"SyncMany":        func() error { _, err := c.SyncMany(ctx, nil, eas.SyncRequest{}); return err },
		"FetchItem":       func() error { _, err := c.FetchItem(ctx, "f", "", nil); return err },
		"FetchFound":      func() error { _, err := c.FetchFound(ctx, "", nil); return err },
		"FetchMessage":    func() error { _, err := c.FetchMessage(ctx, "", "1", &strings.Builder{}, nil); return err },
		"FetchAttachment": func() error { _, err := c.FetchAttachment(ctx, "", &strings.Builder{}, nil); return err },
		"no writer":       func() error { _, err := c.FetchAttachment(ctx, "1", nil, nil); return err },
		"EmptyFolder":     func() error { return c.EmptyFolder(ctx, "", false) },
		"GetItemEstimate": func() error { _, err := c.GetItemEstimate(ctx, "", "1", nil); return err },
		"Resync":          func() error { _, err := c.Resync(ctx, "", nil, nil); return err },
	} {
		if err := f(); err == nil || !strings.HasPrefix(err.Error(), "eas: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOddIsNotRemoved changes items with values that could not be read: what could not be read
// stays, or the edit is refused before anything is sent.
func TestOddIsNotRemoved(t *testing.T) {
	t.Parallel()
	event := `<Subject xmlns="Calendar">s</Subject><StartTime xmlns="Calendar">20260601T080000Z</StartTime><EndTime xmlns="Calendar">20260601T090000Z</EndTime>`
	for _, tt := range []struct {
		name, xml string
		class     eas.Class
		versions  string // in which it is sent
	}{
		{"reminder", event + `<Reminder xmlns="Calendar">1.5</Reminder>`, eas.ClassCalendar, "16.1"},
		{"end of the series", event + `<Recurrence xmlns="Calendar"><Type>0</Type><Interval>1</Interval><Until>never</Until></Recurrence>`, eas.ClassCalendar, "16.1"},
		{"the server's own", event + `<ResponseType xmlns="Calendar">yes</ResponseType><NativeBodyType xmlns="AirSyncBase">html</NativeBodyType>`, eas.ClassCalendar, "14.1 16.1"},
		{"birthday", `<FirstName xmlns="Contacts">s</FirstName><Birthday xmlns="Contacts">spring</Birthday>`, eas.ClassContacts, ""},
		{"due date", `<Subject xmlns="Tasks">s</Subject><UtcDueDate xmlns="Tasks">soon</UtcDueDate>`, eas.ClassTasks, ""},
		{"note", `<Subject xmlns="Notes">s</Subject><LastModifiedDate xmlns="Notes">soon</LastModifiedDate>`, eas.ClassNotes, "14.1 16.1"},
	} {
		for _, v := range []eas.Version{eas.Version141, eas.Version161} {
			for _, clear := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, cleared %v", tt.name, v, clear), func(t *testing.T) {
					raw := fromXML(t, `<ApplicationData xmlns="AirSync">`+tt.xml+`</ApplicationData>`)
					before, err := eas.Decode(tt.class, raw)
					if err != nil || len(oddOf(t, before)) == 0 {
						t.Fatalf("%+v, %v", before, err)
					}
					after, err := eas.Decode(tt.class, raw)
					if err != nil {
						t.Fatal(err)
					}
					odd := reflect.ValueOf(after).Elem().FieldByName("Odd")
					if clear {
						odd.SetZero()
					}
					switch x := after.(type) {
					case *eas.Event:
						x.Subject = "new"
					case *eas.Contact:
						x.FirstName = "new"
					case *eas.Task:
						x.Subject = "new"
					case *eas.Note:
						x.Subject = "new"
					}
					sent, err := send(t, v, eas.Update("1", before, after))
					if ok := clear || strings.Contains(tt.versions, string(v)); ok != (err == nil) || ok != strings.Contains(sent, "new") {
						t.Errorf("sent %s, %v", sent, err)
					}
				})
			}
		}
	}
}

// TestTruncatedException has the body of an exception be the beginning of one: it is not sent,
// and that it is left out is no secret where it is new.
func TestTruncatedException(t *testing.T) {
	begin := func(s string) []eas.Exception {
		return []eas.Exception{{Original: at("2026-06-08 08:00"), Subject: ptr("moved"), Body: &eas.Body{Type: eas.BodyPlain, Data: s, Truncated: true}}}
	}
	with := func(subject string, x []eas.Exception) *eas.Event {
		return &eas.Event{Subject: subject, Start: at("2026-06-01 08:00"), End: at("2026-06-01 09:00"), Recurrence: &eas.Recurrence{Type: eas.Weekly, Days: eas.Monday}, Exceptions: x}
	}
	for _, v := range []eas.Version{eas.Version141, eas.Version161} {
		if got, err := send(t, v, eas.Update("1", with("a", begin("x")), with("b", begin("x")))); err != nil || strings.Contains(got, "<Body") {
			t.Errorf("%s: as it was: %s, %v", v, got, err)
		}
		for name, e := range map[string]eas.Edit{
			"changed":        eas.Update("1", with("a", begin("x")), with("a", begin("y"))),
			"changed beside": eas.Update("1", with("a", begin("x")), with("b", begin("y"))),
			"new":            eas.Update("1", with("a", nil), with("a", begin("x"))),
			"added":          eas.Add("c1", with("a", begin("x"))),
		} {
			if got, err := send(t, v, e); err == nil || got != "" {
				t.Errorf("%s: %s: sent %s", v, name, got)
			}
		}
	}
}

// TestExceptionLeftOut updates a series to one that lacks an exception: the occurrence becomes as
// the series has it.
func TestExceptionLeftOut(t *testing.T) {
	deleted := weekly()
	deleted.Exceptions = append(deleted.Exceptions, eas.Exception{Original: at("2026-06-15 08:00"), Deleted: true})
	for _, tt := range []struct {
		name   string
		before *eas.Event
		change func(*eas.Event)
		v161   string // "" for an error
		v141   string // what is sent of exceptions up to 14.1; "" for nothing
	}{
		{name: "left out", before: weekly(), change: func(e *eas.Event) { e.Exceptions = nil },
			v161: `<Change><ServerId>1</ServerId><InstanceId xmlns="AirSyncBase">20260608T080000Z</InstanceId><ApplicationData>` +
				`<Location xmlns="AirSyncBase"><DisplayName>Room 1</DisplayName></Location><Subject xmlns="Calendar">Plan</Subject></ApplicationData></Change>`,
			v141: `<Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260608T080000Z</ExceptionStartTime></Exception></Exceptions>`},
		{name: "a deleted one left out", before: deleted, change: func(e *eas.Event) { e.Exceptions = e.Exceptions[:1] },
			v141: `<Exception><ExceptionStartTime>20260615T080000Z</ExceptionStartTime></Exception></Exceptions>`},
		{name: "another pattern", before: weekly(), change: func(e *eas.Event) { e.Exceptions, e.Recurrence = nil, &eas.Recurrence{Type: eas.Daily} },
			v161: change(`<Recurrence xmlns="Calendar"><Type>0</Type></Recurrence>`), v141: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := *tt.before
			tt.change(&after)
			got, err := send(t, eas.Version161, eas.Update("1", tt.before, &after))
			if (err == nil) != (tt.v161 != "") || got != tt.v161 {
				t.Errorf("16.1: %s, %v, want %s", got, err, tt.v161)
			}
			got, err = send(t, eas.Version141, eas.Update("1", tt.before, &after))
			if err != nil || !strings.Contains(got, tt.v141) || strings.Contains(got, "<Exceptions") != (tt.v141 != "") {
				t.Errorf("14.1: %s, %v, want it with %s", got, err, tt.v141)
			}
		})
	}
}

// TestTwoExceptions has two exceptions for one occurrence, which are refused before anything is
// sent unless they are the server's own.
func TestTwoExceptions(t *testing.T) {
	twice := weekly()
	twice.Exceptions = append(twice.Exceptions, eas.Exception{Original: twice.Exceptions[0].Original, Subject: ptr("Second")})
	renamed := *twice
	renamed.Subject = "New"
	for _, v := range []eas.Version{eas.Version141, eas.Version160, eas.Version161} {
		if got, err := send(t, v, eas.Update("1", weekly(), twice)); err == nil || got != "" {
			t.Errorf("%s: Update sends %s", v, got)
		}
		if got, err := send(t, v, eas.Add("c", twice)); err == nil || got != "" {
			t.Errorf("%s: Add sends %s", v, got)
		}
		if got, err := send(t, v, eas.Update("1", twice, weekly())); err != nil {
			t.Errorf("%s: without the second: %s, %v", v, got, err)
		}
		if got, err := send(t, v, eas.Update("1", twice, twice)); err != nil || got != "" {
			t.Errorf("%s: no change: %s, %v", v, got, err)
		}
	}
	if got, err := send(t, eas.Version161, eas.Update("1", twice, &renamed)); err != nil || got != change(`<Subject xmlns="Calendar">New</Subject>`) {
		t.Errorf("a subject: %s, %v", got, err)
	}
}

// TestCompleteWithoutTime has a complete task and a complete flag not say when they were
// completed: the time of the edit is written, and is not a difference by itself.
func TestCompleteWithoutTime(t *testing.T) {
	began := time.Now().UTC().Truncate(time.Millisecond)
	written := regexp.MustCompile(`<DateCompleted xmlns="Tasks">([^<]*)<`)
	for name, e := range map[string]eas.Edit{
		"Add":         eas.Add("c", &eas.Task{Subject: "a", Complete: true}),
		"Update":      eas.Update("1", &eas.Task{Subject: "a"}, &eas.Task{Subject: "a", Complete: true}),
		"Update both": eas.Update("1", &eas.Task{Subject: "a", Complete: true}, &eas.Task{Subject: "b", Complete: true}),
		"SetFlag":     eas.SetFlag("1", eas.Flag{Status: eas.FlagComplete}),
	} {
		got, err := send(t, eas.Version161, e)
		m := written.FindStringSubmatch(got)
		if err != nil || m == nil {
			t.Errorf("%s: %s, %v", name, got, err)
			continue
		}
		if at, err := time.Parse(time.RFC3339, m[1]); err != nil || at.Before(began) || at.After(time.Now()) {
			t.Errorf("%s: completed at %s, want now", name, m[1])
		}
	}
	done := func(read bool) *eas.Email {
		return &eas.Email{Read: &read, Flag: &eas.Flag{Status: eas.FlagComplete}}
	}
	if got, err := send(t, eas.Version161, eas.Update("1", done(false), done(true))); err != nil || got != change(`<Read xmlns="Email">1</Read>`) {
		t.Errorf("a mail that was read: %s, %v", got, err)
	}
}
