package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-vcard"
	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

func TestTasks(t *testing.T) {
	for name, tt := range map[string]struct {
		task *eas.Task
		want map[string]string
	}{
		"plain": {&eas.Task{Subject: "Call"}, map[string]string{"STATUS": "NEEDS-ACTION", "DTSTART": "", "DUE": "", "PRIORITY": ""}},
		"whole": {&eas.Task{
			Subject: "Report\r\nX-A:b", Importance: ptr(eas.ImportanceHigh), Body: &eas.Body{Data: "Text"}, Categories: []string{"red"}, Sensitivity: eas.SensitivityPersonal,
			Start: at("2026-03-01 23:00"), StartLocal: at("2026-03-02 00:00"), Due: at("2026-03-05 23:00"), DueLocal: at("2026-03-06 00:00"),
			Complete: true, Completed: at("2026-03-04 10:00"), Reminder: at("2026-03-05 09:00"),
		}, map[string]string{"DTSTART": "20260302", "DUE": "20260306", "COMPLETED": "20260304T100000Z", "PRIORITY": "1", "CLASS": "PRIVATE", "TRIGGER": "20260305T080000Z", "SUMMARY": "Report X-A:b"}},
		"one day":       {&eas.Task{Subject: "x", Start: at("2026-03-02 00:00"), Due: at("2026-03-02 00:00"), Importance: ptr(eas.ImportanceLow)}, map[string]string{"DTSTART": "", "DUE": "20260302", "PRIORITY": "9"}},
		"weekly":        {&eas.Task{Subject: "x", Due: at("2026-03-02 00:00"), Recurrence: &eas.Recurrence{Type: eas.Weekly, Start: at("2026-03-02 00:00"), Occurrences: 3}}, map[string]string{"DTSTART": "20260302", "DUE": "", "RRULE": "FREQ=WEEKLY;BYDAY=MO;WKST=SU;COUNT=3"}},
		"until":         {&eas.Task{Subject: "x", Start: at("2026-03-02 00:00"), Due: at("2026-03-03 00:00"), Recurrence: &eas.Recurrence{Until: at("2026-04-02 00:00")}}, map[string]string{"DTSTART": "20260302", "DUE": "20260303", "RRULE": "FREQ=DAILY;UNTIL=20260402"}},
		"for ever":      {&eas.Task{Subject: "x", Start: at("2026-03-02 00:00"), Recurrence: &eas.Recurrence{Interval: 3}}, map[string]string{"RRULE": "FREQ=DAILY;INTERVAL=3", "COMMENT": ""}},
		"when complete": {&eas.Task{Subject: "x", Start: at("2026-03-02 00:00"), Recurrence: &eas.Recurrence{Regenerate: true}}, map[string]string{"RRULE": "", "DTSTART": "20260302", "COMMENT": "The pattern of this task is one that iCalendar has no rule for."}},
		"no start":      {&eas.Task{Subject: "x", Recurrence: &eas.Recurrence{}, Reminder: at("2026-03-02 09:00")}, map[string]string{"RRULE": "", "TRIGGER": "20260302T090000Z"}},
		"backwards":     {&eas.Task{Subject: "x", Start: at("2026-03-05 00:00"), StartLocal: at("2026-03-05 05:00"), Due: at("2026-03-02 00:00"), Reminder: at("2026-03-02 09:00")}, map[string]string{"DTSTART": "", "DUE": "20260302", "TRIGGER": "20260302T040000Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := writeCalendar(&b, taskCalendar(tt.task, "0123")); err != nil {
				t.Fatal(err)
			}
			if name == "whole" {
				golden(t, "task.ics", b.Bytes())
			}
			c := parse(t, b.Bytes()).Children[0]
			props := c.Props
			for _, alarm := range c.Children {
				props.Set(alarm.Props.Get(ical.PropTrigger))
			}
			for name, want := range tt.want {
				got := ""
				if p := props.Get(name); p != nil {
					got = p.Value
				}
				if got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestContacts(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n0123")
	whole := &eas.Contact{
		Title: "Dr.", FirstName: "Ada", MiddleName: "B;C", LastName: "Lovelace", Suffix: "Jr.", FileAs: "Lovelace, Ada", NickName: "Countess",
		CompanyName: "Contoso, Ltd.", Department: "R;D\r\nX-A:b", JobTitle: "Analyst", OfficeLocation: "1.23", Spouse: "William",
		Emails: [3]string{`"Ada" <ada@contoso.com>`, "", "lovelace@contoso.com"}, IMs: [3]string{"sip:ada@contoso.com"},
		BusinessPhones: [2]string{"+44 1", "+44 2"}, MobilePhone: "+44 3", HomeFax: "+44 4",
		BusinessAddress: eas.Address{Street: "1 Main St\n2nd floor", City: "London", Country: "UK", PostalCode: "W1"}, HomeAddress: eas.Address{City: "Ockham"},
		Birthday: at("1985-12-09 23:00"), Anniversary: at("2001-07-08 11:59"), Children: []string{"Byron"}, Categories: []string{"friends", "a,b"},
		Picture: png, Body: &eas.Body{Data: strings.Repeat("Text \x1b€,;\\\r\n", 20)}, WebPage: "https://contoso.com",
	}
	var b bytes.Buffer
	if err := writeCard(&b, contactCard(whole, "0123")); err != nil {
		t.Fatal(err)
	}
	golden(t, "contact.vcf", b.Bytes())
	card, err := vcard.NewDecoder(&b).Decode()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, fields := range card {
		var all []string
		for _, f := range fields {
			all = append(all, f.Value)
		}
		got[name] = strings.Join(all, " | ")
	}
	want := map[string]string{
		"VERSION": "3.0", "UID": "0123", "FN": "Dr. Ada B;C Lovelace Jr.", "N": "Lovelace;Ada;B,C;Dr.;Jr.", "SORT-STRING": "Lovelace, Ada", "NICKNAME": "Countess",
		"ORG": "Contoso, Ltd.;R,D X-A:b", "TITLE": "Analyst", "EMAIL": "ada@contoso.com | lovelace@contoso.com", "TEL": "+44 1 | +44 2 | +44 3 | +44 4",
		"ADR": ";1.23;1 Main St 2nd floor;London;;W1;UK | ;;;Ockham;;;", "URL": "https://contoso.com", "BDAY": "1985-12-10", "X-ANNIVERSARY": "2001-07-08",
		"CATEGORIES": "friends | a,b", "X-MS-IMADDRESS": "sip:ada@contoso.com", "X-MS-CHILD": "Byron", "X-MS-SPOUSE": "William",
		"PHOTO": "iVBORw0KGgowMTIz", "NOTE": strings.Repeat("Text €,;\\\n", 20),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the card (-want +got):\n%s", diff)
	}
	if p := card.Get("PHOTO"); p.Params.Get("TYPE") != "PNG" || p.Params.Get("ENCODING") != "b" {
		t.Errorf("PHOTO has the parameters %v", p.Params)
	}
	for _, tt := range []struct {
		contact eas.Contact
		name    string
	}{
		{eas.Contact{}, "unnamed"}, {eas.Contact{CompanyName: " Contoso "}, "Contoso"}, {eas.Contact{Emails: [3]string{"a@contoso.com"}}, "a@contoso.com"},
		{eas.Contact{LastName: "L", FileAs: "F"}, "L"}, {eas.Contact{FirstName: "\x00\r\n", FileAs: "F"}, "F"},
	} {
		card := contactCard(&tt.contact, "x")
		if got := card.Value(vcard.FieldFormattedName); got != tt.name || card.Value(vcard.FieldName) == "" || card.Get(vcard.FieldPhoto) != nil {
			t.Errorf("%+v has the name %q, want %q", tt.contact, got, tt.name)
		}
	}
}

func TestNotes(t *testing.T) {
	for _, tt := range []struct {
		note eas.Note
		want string
	}{
		{eas.Note{Subject: "Milk", Body: &eas.Body{Data: "Milk\r\nBread"}}, "Milk\nBread\n"},
		{eas.Note{Subject: "Shopping", Body: &eas.Body{Data: "Bread\x1b"}}, "Shopping\n\nBread\n"},
		{eas.Note{Subject: "Empty"}, "Empty\n\n\n"},
		{eas.Note{}, "\n"},
	} {
		var b bytes.Buffer
		if err := writeNote(&b, &tt.note); err != nil || b.String() != tt.want {
			t.Errorf("%q, %v, want %q", b.String(), err, tt.want)
		}
	}
}

// TestNames holds the names of files to what every system takes for a name, and nothing else.
func TestNames(t *testing.T) {
	long := strings.Repeat("ü", 200)
	for _, tt := range []struct{ in, want string }{
		{"Minutes of Monday", "Minutes of Monday"}, {"", "untitled"}, {"...", "untitled"}, {"___", "untitled"}, {" \t\n", "untitled"},
		{"../../etc/passwd", "______etc_passwd"}, {`C:\Windows\x`, "C__Windows_x"}, {"a\x00b\u202Etxt.exe", "a_b_txt_exe"}, {"--rf", "rf"}, {"- x", "x"},
		{"Grüße, 日本 (1)", "Grüße, 日本 (1)"}, {"x\xff", "x_"}, {"नमस्ते", "नमस्ते"}, {"NUL.txt", "NUL_txt"}, {"a  b ", "a b"}, {long, long[:100]}, {"a" + long, "a" + long[:98]},
	} {
		got := title(tt.in)
		if got != tt.want {
			t.Errorf("title(%q) = %q, want %q", tt.in, got, tt.want)
		}
		n := name(tt.in, tt.in+"/..", ".eml")
		if m := tagged.FindStringSubmatch(n); len(n) > 140 || !utf8.ValidString(n) || strings.ContainsAny(n, `/\:*?"<>|`+"\x00\n") || m == nil || m[1] != tag(tt.in+"/..") {
			t.Errorf("name(%q) = %q", tt.in, n)
		}
	}
}

// TestAnyName makes subjects by chance.
func TestAnyName(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "\\", "..", ".", "CON", "\xff", "\x00", "-", " ", "_", "\u202e", "\u200b", "€", "ü", "日本", "a", "[", "]", ":", "\n", strings.Repeat("x", 60), strings.Repeat("é", 40)}
	for range 3000 {
		var b strings.Builder
		for range random.IntN(8) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		if got := title(b.String()); got == "" || len(got) > 100 || !utf8.ValidString(got) || strings.ContainsAny(got, `/\:*?"<>|.[]`) || got[0] == '-' || strings.TrimSpace(got) != got || title(got) != got {
			t.Errorf("title(%q) = %q", b.String(), got)
		}
	}
}
