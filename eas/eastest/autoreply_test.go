package eastest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// replyFor is the reply for an audience: "Internal", "ExternalKnown" or "ExternalUnknown".
func replyFor(audience, enabled, text, kind string) string {
	out := `<OofMessage><AppliesTo` + audience + `/><Enabled>` + enabled + `</Enabled>`
	if text != "" {
		out += `<ReplyMessage>` + text + `</ReplyMessage>`
	}
	if kind != "" {
		out += `<BodyType>` + kind + `</BodyType>`
	}
	return out + `</OofMessage>`
}

func (s *stranger) setOof(set string) string {
	s.t.Helper()
	_, _, a := s.post("Settings", `<Settings xmlns="Settings"><Oof><Set>`+set+`</Set></Oof></Settings>`)
	return between(between(a, "<Oof>", "</Oof>"), "<Status>", "</Status>")
}

// Who writes to a user that is out of office gets a reply, once, in the words for that sender.
func TestAutomaticReplies(t *testing.T) {
	for _, version := range []string{"12.1", "14.1", "16.1"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domains: []string{"fabrikam.com"}})
		bob, erin := tn.AddMailbox("bob@contoso.com"), tn.AddMailbox("erin@fabrikam.com")
		s := newStranger(t, tn, version)
		box := tn.Mailbox(ada)
		box.Put(eas.FolderContacts, &eas.Contact{FileAs: "Carol", Emails: [3]string{"", `"Carol" <carol@adatum.com>`, ""}})
		if got := s.setOof(`<OofState>1</OofState>` + replyFor("Internal", "1", "Away &lt;b&gt;today&lt;/b&gt;", "HTML") +
			replyFor("ExternalKnown", "1", "Outside", "TEXT") + replyFor("ExternalUnknown", "0", "", "")); got != "1" {
			t.Fatalf("%s: status %s", version, got)
		}
		from := func(addrs ...string) {
			for _, a := range addrs {
				box.Deliver(&eas.Email{From: a, Subject: "Hello"})
			}
		}
		from("Bob <BOB@contoso.com>", "bob@contoso.com", "erin@fabrikam.com", "carol@adatum.com", "dave@adatum.com", ada, "nobody@contoso.com", "", "carol@adatum.com")
		for name, m := range map[string]*eastest.Mailbox{"bob": bob, "erin": erin} {
			got := m.Messages(eas.FolderInbox)
			if len(got) != 1 || got[0].Subject != "Automatic reply: Hello" || got[0].From != ada || got[0].MessageClass != "IPM.Note.Rules.OofTemplate.Microsoft" ||
				got[0].Body.Data != "Away <b>today</b>" || got[0].Body.Type != eas.BodyHTML {
				t.Errorf("%s: %s: %+v", version, name, got)
			}
		}
		if out := tn.Outgoing(); len(out) != 1 || out[0].To != "carol@adatum.com" || out[0].Body.Data != "Outside" || out[0].Body.Type != eas.BodyPlain {
			t.Errorf("%s: outgoing: %+v", version, out)
		}
		// Set again, everybody is told again.
		s.setOof(`<OofState>1</OofState>` + replyFor("ExternalUnknown", "1", "Outside", "TEXT"))
		from("bob@contoso.com", "dave@adatum.com")
		if got, out := bob.Messages(eas.FolderInbox), tn.Outgoing(); len(got) != 2 || len(out) != 2 || out[1].To != "dave@adatum.com" {
			t.Errorf("%s: set again: bob %+v, outgoing %+v", version, got, out)
		}
		s.setOof(`<OofState>0</OofState>`)
		from("bob@contoso.com")
		if got := bob.Messages(eas.FolderInbox); len(got) != 2 {
			t.Errorf("%s: switched off: bob %+v", version, got)
		}
		judge(t, tn)
	}
}

// What was never set is left out of the settings, whatever else was.
func TestOofSettingsInPart(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	s.setOof(`<OofState>1</OofState>` + replyFor("ExternalUnknown", "1", "Outside", "TEXT"))
	_, _, got := s.post("Settings", `<Settings xmlns="Settings"><Oof><Get><BodyType>TEXT</BodyType></Get></Oof></Settings>`)
	if strings.Count(got, "<OofMessage>") != 1 || !strings.Contains(got, "<AppliesToExternalUnknown/>") || !strings.Contains(got, "<ReplyMessage>Outside</ReplyMessage>") {
		t.Error(got)
	}
}

// A reply of a time is sent from its start on and before its end.
func TestTimedReplies(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	bob := tn.AddMailbox("bob@contoso.com")
	s := newStranger(t, tn, "14.1")
	now := tn.Now()
	at := func(d time.Duration) string { return now.Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	s.setOof(`<OofState>2</OofState><StartTime>` + at(time.Hour) + `</StartTime><EndTime>` + at(3*time.Hour) + `</EndTime>` + replyFor("Internal", "1", "Away", "TEXT"))
	for i, want := range []int{0, 0, 1, 1, 1} { // the sender is told once
		tn.Mailbox(ada).Deliver(&eas.Email{From: "bob@contoso.com"})
		if got := len(bob.Messages(eas.FolderInbox)); got != want {
			t.Errorf("after %d times 40 minutes: %d replies, want %d", i, got, want)
		}
		tn.Advance(40 * time.Minute)
	}
	tn.Advance(-200 * time.Minute)
	s.setOof(`<OofState>2</OofState><StartTime>` + at(-2*time.Hour) + `</StartTime><EndTime>` + at(-time.Hour) + `</EndTime>`)
	tn.Mailbox(ada).Deliver(&eas.Email{From: "bob@contoso.com"})
	if got := len(bob.Messages(eas.FolderInbox)); got != 1 {
		t.Errorf("after its end: %d replies", got)
	}
	s.setOof(`<OofState>0</OofState>`)
	s.setOof(`<OofState>2</OofState>`)
	tn.Mailbox(ada).Deliver(&eas.Email{From: "bob@contoso.com"})
	if got := len(bob.Messages(eas.FolderInbox)); got != 1 {
		t.Errorf("at no time: %d replies", got)
	}
}

// A message that is set without a text has none any more.
func TestOofTextGoes(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	s.setOof(`<OofState>1</OofState>` + replyFor("Internal", "1", "Away", "TEXT") + replyFor("ExternalKnown", "1", "Outside", "TEXT"))
	s.setOof(`<OofState>1</OofState>` + replyFor("Internal", "0", "", ""))
	_, _, a := s.post("Settings", `<Settings xmlns="Settings"><Oof><Get><BodyType>TEXT</BodyType></Get></Oof></Settings>`)
	if strings.Contains(a, "Away") || strings.Count(a, "<BodyType>") != 1 || !strings.Contains(a, "Outside") || !strings.Contains(a, "<Enabled>0</Enabled>") {
		t.Errorf("%s", a)
	}
}

// Two who are out of office do not reply to each other for ever, and nobody replies to what says
// that it is of a program or of a list.
func TestNoReplyToPrograms(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
	bob := tn.AddMailbox("bob@contoso.com")
	tn.AddMailbox(ada)
	for _, addr := range []string{ada, "bob@contoso.com"} {
		s := &stranger{t: t, tn: tn, version: "12.1", token: tn.Token(addr).AccessToken}
		s.setOof(`<OofState>1</OofState>` + replyFor("Internal", "1", "Away", "TEXT"))
	}
	s := &stranger{t: t, tn: tn, version: "12.1", token: tn.Token("bob@contoso.com").AccessToken}
	for _, header := range []string{
		"Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: DR, OOF, AutoReply", "X-Auto-Response-Suppress: All", "Precedence: Bulk",
		"Precedence: list", "List-Id: <x.contoso.com>",
	} {
		s.raw("Cmd=SendMail&User=bob&DeviceId=d&DeviceType=t", "message/rfc822", []byte("To: ada@contoso.com\r\n"+header+"\r\nSubject: x\r\n\r\ntext"))
	}
	if got := bob.Messages(eas.FolderInbox); len(got) != 0 {
		t.Errorf("replies to programs: %+v", got)
	}
	tn.Mailbox(ada).Deliver(&eas.Email{From: "bob@contoso.com", MessageClass: "REPORT.IPM.Note.NDR"}, &eas.Email{From: "postmaster@contoso.com"})
	s.raw("Cmd=SendMail&User=bob&DeviceId=d&DeviceType=t", "message/rfc822", []byte("To: ada@contoso.com\r\nAuto-Submitted: no\r\nX-Auto-Response-Suppress: DR\r\nPrecedence: first-class\r\nSubject: x\r\n\r\ntext"))
	if got := bob.Messages(eas.FolderInbox); len(got) != 1 || got[0].Subject != "Automatic reply: x" {
		t.Errorf("bob: %+v", got)
	}
	if got := tn.Mailbox(ada).Messages(eas.FolderInbox); len(got) != 9 {
		t.Errorf("%d mails came, want 9 and no reply", len(got))
	}
}

// What a request to set automatic replies gets, and what is kept of it.
func TestOofSettings(t *testing.T) {
	both := func(a, b string) string {
		return `<OofState>1</OofState>` + replyFor("ExternalKnown", "1", a, "TEXT") + replyFor("ExternalUnknown", "1", b, "TEXT")
	}
	const from, to = `<StartTime>2026-01-01T00:00:00.000Z</StartTime>`, `<EndTime>2026-01-08T00:00:00.000Z</EndTime>`
	for _, tt := range []struct{ name, set, want string }{
		{"always", `<OofState>1</OofState>`, "1"},
		{"of a time", `<OofState>2</OofState>` + from + to, "1"},
		{"a time that does not count", `<OofState>1</OofState>` + from + to, "1"},
		{"without a state", replyFor("Internal", "1", "x", "TEXT"), "1"},
		{"a state that is none", `<OofState>3</OofState>`, "2"},
		{"a start alone", `<OofState>2</OofState>` + from, "2"},
		{"an end alone", `<OofState>1</OofState>` + to, "2"},
		{"no time", `<OofState>2</OofState>`, "1"},
		{"a time that is none", `<OofState>2</OofState><StartTime>x</StartTime><EndTime>y</EndTime>`, "5"},
		{"an end before the start", `<OofState>2</OofState><StartTime>2026-01-08T00:00:00.000Z</StartTime><EndTime>2026-01-01T00:00:00.000Z</EndTime>`, "6"},
		{"a text of no type", `<OofState>1</OofState>` + replyFor("Internal", "1", "x", ""), "5"},
		{"a type without a text", `<OofState>1</OofState>` + replyFor("Internal", "0", "", "HTML"), "1"},
		{"a type that is none", `<OofState>1</OofState>` + replyFor("Internal", "1", "x", "RTF"), "5"},
		{"an audience twice", `<OofState>1</OofState>` + replyFor("Internal", "1", "x", "TEXT") + replyFor("Internal", "1", "y", "TEXT"), "6"},
		{"others alike", both("x", "x"), "1"},
		{"others differently", both("x", "y"), "6"},
	} {
		s := newStranger(t, eastest.New(t, nil), "16.1")
		if got := s.setOof(tt.set); got != tt.want {
			t.Errorf("%s: status %s, want %s", tt.name, got, tt.want)
		}
		_, _, a := s.post("Settings", `<Settings xmlns="Settings"><Oof><Get><BodyType>TEXT</BodyType></Get></Oof></Settings>`)
		if kept := strings.Contains(a, "<OofMessage>") || !strings.Contains(a, "<OofState>0</OofState>"); kept != (tt.want == "1") {
			t.Errorf("%s: kept %v: %s", tt.name, kept, a)
		}
		if strings.Contains(a, "<StartTime>") != (tt.name == "of a time") {
			t.Errorf("%s: the time: %s", tt.name, a)
		}
	}
}

// The text comes in the type that is asked for.
func TestOofBodyType(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	s.setOof(`<OofState>1</OofState>` + replyFor("Internal", "1", "&lt;b&gt;a &amp;amp; b&lt;/b&gt;", "html") + replyFor("ExternalKnown", "1", "c", "TEXT"))
	for kind, want := range map[string][]string{"TEXT": {"a &amp; b", "c"}, "HTML": {"&lt;b&gt;a &amp;amp; b&lt;/b&gt;", "&lt;html&gt;&lt;body&gt;&lt;pre&gt;c&lt;/pre&gt;&lt;/body&gt;&lt;/html&gt;"}} {
		_, _, a := s.post("Settings", `<Settings xmlns="Settings"><Oof><Get><BodyType>`+kind+`</BodyType></Get></Oof></Settings>`)
		var got []string
		for _, part := range strings.Split(a, "<ReplyMessage>")[1:] {
			text, _, _ := strings.Cut(part, "</ReplyMessage>")
			got = append(got, text)
		}
		if diff := cmp.Diff(want, got); diff != "" || strings.Count(a, "<BodyType>"+kind+"</BodyType>") != 2 {
			t.Errorf("%s (-want +got):\n%s%s", kind, diff, a)
		}
	}
}
