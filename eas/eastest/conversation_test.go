package eastest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A conversation of which a mail is within the window comes whole, what is outside without its
// text; so does one that such a mail joins later.
func TestConversationMode(t *testing.T) {
	for _, version := range []string{"14.0", "16.1"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s := newStranger(t, tn, version)
		box := tn.Mailbox(ada)
		box.RemoveItem(eas.FolderInbox, "one")
		box.RemoveItem(eas.FolderInbox, "two")
		mail := func(subject, conversation string, ago time.Duration) *eas.Email {
			return &eas.Email{Subject: subject, ConversationID: []byte(conversation), Received: tn.Now().Add(-ago), Body: &eas.Body{Data: "text of " + subject}}
		}
		const day = 24 * time.Hour
		box.Deliver(mail("a1", "a", 90*day), mail("a2", "a", day), mail("b1", "b", 80*day), mail("c1", "c", day))
		step := func(key, mode string) (string, string, []string) {
			_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId>`+mode+
				`<Options><FilterType>3</FilterType>`+prefer("1", "<Preview>6</Preview>")+`</Options>`, ""))
			_, got := keysOf(a)
			return between(a, "<SyncKey>", "</SyncKey>"), a, got
		}
		const on, off = `<ConversationMode>1</ConversationMode>`, `<ConversationMode>0</ConversationMode>`
		first := s.primed("1")
		if _, _, got := step(first, off); !cmp.Equal(got, []string{"a2", "c1"}) {
			t.Errorf("%s: without conversations: %v", version, got)
		}
		estimate := func(mode string) string {
			_, _, a := s.post("GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"><Collections><Collection><SyncKey xmlns="AirSync">`+first+
				`</SyncKey><CollectionId>1</CollectionId>`+mode+`<Options xmlns="AirSync"><FilterType>3</FilterType></Options></Collection></Collections></GetItemEstimate>`)
			return between(a, "<Estimate>", "</Estimate>")
		}
		first = s.primed("1")
		if got := estimate(`<ConversationMode xmlns="AirSync">1</ConversationMode>`) + " " + estimate(""); got != "3 2" {
			t.Errorf("%s: estimates %s, want 3 and 2", version, got)
		}
		key, a, got := step(first, on)
		if diff := cmp.Diff([]string{"a1", "a2", "c1"}, got); diff != "" {
			t.Errorf("%s: with conversations (-want +got):\n%s", version, diff)
		}
		if strings.Contains(a, "text of a1") || !strings.Contains(a, "text of a2") || strings.Count(a, "text o</Preview>") != 3 {
			t.Errorf("%s: the texts: %s", version, a)
		}
		box.Deliver(mail("b2", "b", 0))
		key, _, got = step(key, on)
		if diff := cmp.Diff([]string{"b1", "b2"}, got); diff != "" {
			t.Errorf("%s: when another joins (-want +got):\n%s", version, diff)
		}
		if _, a, _ := step(key, off); strings.Count(a, "<SoftDelete>") != 2 {
			t.Errorf("%s: switched off: %s", version, a)
		}
		judge(t, tn)
	}
	// Folders that hold no mail have no conversations, and neither has 12.1.
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
	key := s.primed("7")
	if _, _, a := s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>7</CollectionId><ConversationMode>1</ConversationMode>`, "")); !strings.Contains(a, "<Status>4</Status>") {
		t.Errorf("of a calendar: %s", a)
	}
	if _, _, a := s.post("GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"><Collections><Collection><SyncKey xmlns="AirSync">`+key+
		`</SyncKey><CollectionId>7</CollectionId><ConversationMode xmlns="AirSync">1</ConversationMode></Collection></Collections></GetItemEstimate>`); !strings.Contains(a, "<Status>103</Status>") {
		t.Errorf("an estimate of a calendar: %s", a)
	}
	if _, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId><ConversationMode>2</ConversationMode>`, "")); !strings.Contains(a, "<Status>4</Status>") {
		t.Errorf("a mode that is none: %s", a)
	}
	s = newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "12.1")
	if status, _, _ := s.post("Sync", syncDoc(`<Class>Email</Class><SyncKey>1</SyncKey><CollectionId>1</CollectionId><ConversationMode>1</ConversationMode>`, "")); status != 400 {
		t.Errorf("12.1: %d, want 400", status)
	}
}

// A search by ConversationId finds the mail of the conversation, in every folder.
func TestConversationSearch(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	box := tn.Mailbox(ada)
	box.Deliver(&eas.Email{Subject: "a1", ConversationID: []byte("conversation a")}, &eas.Email{Subject: "b1", ConversationID: []byte("conversation b")})
	box.Put(eas.FolderSentItems, &eas.Email{Subject: "a2", ConversationID: []byte("conversation a")})
	_, _, a := s.post("Search", `<Search xmlns="Search"><Store><Name>Mailbox</Name><Query><And><Class xmlns="AirSync">Email</Class><ConversationId>conversation a</ConversationId></And></Query><Options><Range>0-9</Range></Options></Store></Search>`)
	_, got := keysOf(a)
	if diff := cmp.Diff([]string{"a1", "a2"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s%s", diff, a)
	}
	judge(t, tn)
}

// One Sync has as many collections as the server takes, and is told how many those are.
func TestTooManyCollections(t *testing.T) {
	doc := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `<Collection><SyncKey>0</SyncKey><CollectionId>%d</CollectionId></Collection>`, i+1)
		}
		return `<Sync xmlns="AirSync"><Collections>` + b.String() + `</Collections></Sync>`
	}
	for _, tt := range []struct {
		max, n int
		want   string
	}{
		{2, 2, ""}, {2, 3, "<Status>15</Status><Limit>2</Limit>"}, {0, 300, ""}, {0, 301, "<Status>15</Status><Limit>300</Limit>"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, MaxCollections: tt.max})
		s := newStranger(t, tn, "14.1")
		_, _, a := s.post("Sync", doc(tt.n))
		if refused := strings.Contains(a, "<Limit>"); refused != (tt.want != "") || !strings.Contains(a, tt.want) || strings.Contains(a, "<Collection>") == refused {
			t.Errorf("%d of %d: %.300s", tt.n, tt.max, a)
		}
	}
}
