package eastest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

const (
	mailOptions = `<Options><Class>Email</Class></Options>`
	smsOptions  = `<Options><Class>SMS</Class></Options>`
)

// collected syncs a collection with options, from its beginning, and returns what comes.
func (s *stranger) collected(id, options string) []string {
	s.t.Helper()
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed(id)+`</SyncKey><CollectionId>`+id+`</CollectionId>`+options, ""))
	_, out := keysOf(a)
	return out
}

func sms(subject string, ago time.Duration) *eas.Email {
	return &eas.Email{Subject: subject, MessageClass: "IPM.Note.Mobile.SMS", Received: time.Now().Add(-ago), Body: &eas.Body{Data: subject}}
}

// Text messages come to devices that ask for them, each class by its own options.
func TestTextMessages(t *testing.T) {
	for _, tt := range []struct {
		version, collection, options string
		want                         []string // "status 4" for a refusal
	}{
		{"14.0", "1", "", []string{"one", "two"}},
		{"14.0", "1", `<Options/>`, []string{"one", "two"}},
		{"14.0", "1", mailOptions, []string{"one", "two"}},
		{"14.0", "1", smsOptions, []string{"text", "old text"}},
		{"14.0", "1", mailOptions + smsOptions, []string{"one", "two", "text", "old text"}},
		{"16.1", "1", smsOptions + `<Options/>`, []string{"one", "two", "text", "old text"}},
		{"14.1", "1", `<Options><FilterType>0</FilterType></Options><Options><FilterType>1</FilterType><Class>SMS</Class></Options>`, []string{"one", "two", "text"}},
		{"14.1", "1", `<Options><FilterType>1</FilterType></Options>` + smsOptions, []string{"one", "two", "text", "old text"}},
		{"14.1", "1", `<Options><FilterType>8</FilterType><Class>SMS</Class></Options>`, []string{"status 4"}},
		{"14.1", "1", smsOptions + smsOptions, []string{"status 4"}},
		{"14.1", "1", mailOptions + `<Options/>`, []string{"status 4"}},
		{"14.1", "1", `<Options><Class>Calendar</Class></Options>`, []string{"status 4"}},
		{"14.1", "7", smsOptions, []string{"status 4"}},
		{"14.0", "3", smsOptions, []string{"status 4"}},
		{"14.1", "3", smsOptions, []string{"deleted text"}},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s := newStranger(t, tn, tt.version)
		box := tn.Mailbox(ada)
		box.Deliver(sms("text", time.Minute), sms("old text", 48*time.Hour))
		box.Put(eas.FolderDeletedItems, sms("deleted text", time.Minute))
		key := s.primed(tt.collection)
		_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>`+tt.collection+`</CollectionId>`+tt.options, ""))
		_, got := keysOf(a)
		if status := between(a, "<Status>", "</Status>"); status != "1" {
			got = []string{"status " + status}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s, collection %s, %s (-want +got):\n%s", tt.version, tt.collection, tt.options, diff)
		}
	}
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "12.1")
	if status, _, _ := s.post("Sync", syncDoc(`<Class>Email</Class><SyncKey>0</SyncKey><CollectionId>1</CollectionId>`+smsOptions, "")); status != 400 {
		t.Errorf("12.1: %d, want 400", status)
	}
}

// A device that no longer asks for text messages loses them, and only them.
func TestTextMessagesGo(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	tn.Mailbox(ada).Deliver(sms("text", time.Minute))
	step := func(key, options string) (string, string) {
		_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId>`+options, ""))
		return between(a, "<SyncKey>", "</SyncKey>"), a
	}
	key, a := step(s.primed("1"), mailOptions+smsOptions)
	if strings.Count(a, "<Add>") != 3 {
		t.Errorf("with both: %s", a)
	}
	if next, a := step(key, ""); next != "" || a != "" { // the options are those of the last request
		t.Errorf("without options: %s", a)
	}
	key, a = step(key, mailOptions)
	if strings.Count(a, "<SoftDelete>") != 1 || strings.Contains(a, "<Add>") {
		t.Errorf("without text messages: %s", a)
	}
	if _, a = step(key, mailOptions+smsOptions); strings.Count(a, "<Add>") != 1 || !strings.Contains(a, "text") {
		t.Errorf("with both again: %s", a)
	}
}

// A device adds the text messages that it received or sent, once each; others are refused.
func TestAddTextMessage(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	key := between(a, "<SyncKey>", "</SyncKey>")
	add := func(id, class, data string) string {
		return `<Add><Class>` + class + `</Class><ClientId>` + id + `</ClientId><ApplicationData>` + data + `</ApplicationData></Add>`
	}
	const good = `<To xmlns="Email">"Ada" [MOBILE:+15550100]</To><From xmlns="Email">"Bob" [MOBILE:+15550101]</From><DateReceived xmlns="Email">2026-01-02T03:04:05.000Z</DateReceived>` +
		`<Read xmlns="Email">1</Read><Importance xmlns="Email">1</Importance><Body xmlns="AirSyncBase"><Type>1</Type><Data>Hello</Data></Body>`
	doc := func(commands string) string {
		return syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId><Commands>`+commands+`</Commands>`, "")
	}
	for _, tt := range []struct{ name, class, data, want string }{
		{"mail", "Email", good, "6"},
		{"no class", "", good, "6"},
		{"HTML", "SMS", `<Body xmlns="AirSyncBase"><Type>2</Type><Data>x</Data></Body>`, "6"},
		{"a date that is none", "SMS", `<DateReceived xmlns="Email">today</DateReceived>`, "6"},
		{"what no text message has", "SMS", `<Location xmlns="Calendar">x</Location>`, "6"},
	} {
		_, _, a := s.post("Sync", doc(add("c0", tt.class, tt.data)))
		if got := between(between(a, "<Responses>", "</Responses>"), "<Status>", "</Status>"); got != tt.want {
			t.Errorf("%s: status %s, want %s: %s", tt.name, got, tt.want, a)
		}
		key = between(a, "<SyncKey>", "</SyncKey>")
	}
	_, _, first := s.post("Sync", doc(add("c1", "SMS", good)))
	reply := between(first, "<Responses>", "</Responses>")
	if between(reply, "<Status>", "</Status>") != "1" || between(reply, "<Class>", "</Class>") != "SMS" || between(reply, "<ServerId>", "</ServerId>") == "" || strings.Contains(first, "<Commands>") {
		t.Fatalf("the addition: %s", first)
	}
	if _, _, again := s.post("Sync", doc(add("c1", "SMS", good))); again != first {
		t.Errorf("the same again: %s", again)
	}
	s.post("Sync", doc(add("c1", "SMS", good)+add("c2", "SMS", good)))
	got := tn.Mailbox(ada).Messages(eas.FolderInbox)
	if len(got) != 4 {
		t.Fatalf("%d mails, want 4", len(got))
	}
	m := got[2]
	if m.MessageClass != "IPM.Note.Mobile.SMS" || m.Subject != "Hello" || m.From != `"Bob" [MOBILE:+15550101]` || !*m.Read || m.Body.Data != "Hello" ||
		!m.Received.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v", m)
	}
	judge(t, tn)
}

// What waits in the Outbox goes to devices that say that they send it.
func TestOutboundTextMessages(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	tn.Mailbox(ada).Put(eas.FolderOutbox, sms("send me", time.Minute))
	device := func(set string) string {
		_, _, a := s.post("Settings", `<Settings xmlns="Settings"><DeviceInformation><Set><Model>m</Model>`+set+`</Set></DeviceInformation></Settings>`)
		return between(between(a, "<DeviceInformation>", "</DeviceInformation>"), "<Status>", "</Status>")
	}
	see := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, s.collected("5", smsOptions)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	see("a device that does not send")
	if got := device(`<PhoneNumber>+15550100</PhoneNumber><EnableOutboundSMS>1</EnableOutboundSMS>`); got != "1" {
		t.Errorf("switched on: status %s", got)
	}
	see("a device that sends", "send me")
	if got := device(`<EnableOutboundSMS>0</EnableOutboundSMS>`); got != "1" {
		t.Errorf("switched off: status %s", got)
	}
	see("a device that no longer sends")
	judge(t, tn)
}

// The library asks for text messages and adds to them.
func TestTextMessagesByTheLibrary(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada, &eas.Email{Subject: "one"}, sms("text", time.Minute))
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := folders.Find(eas.FolderInbox)
	for want, o := range map[string]*eas.SyncOptions{"one": nil, "one text": {SMS: true}} {
		var got []string
		for p, err := range c.Pages(t.Context(), in.ID, eas.InitialSyncKey, o) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Added {
				got = append(got, e.Item.(*eas.Email).Subject)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	found, err := c.Search(t.Context(), eas.Query{Text: "text"}, nil)
	if err != nil || len(found.Items) != 1 || len(box.Messages(eas.FolderInbox)) != 2 {
		t.Errorf("%+v, %v", found, err)
	}
}
