package eastest_test

import (
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A command has as many parts as Exchange takes, and not one more.
func TestCommandLimits(t *testing.T) {
	const certificate = `<Certificate>AA==</Certificate>`
	for _, tt := range []struct {
		command, before, part, after string
		most                         int
		refused                      string
	}{
		{"GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"><Collections>`, `<Collection><SyncKey xmlns="AirSync">1</SyncKey><CollectionId>99</CollectionId></Collection>`, `</Collections></GetItemEstimate>`, 1000, "103"},
		{"ItemOperations", `<ItemOperations xmlns="ItemOperations">`, `<Fetch><Store>Mailbox</Store><FileReference xmlns="AirSyncBase">x</FileReference></Fetch>`, `</ItemOperations>`, 100, "103"},
		{"MeetingResponse", `<MeetingResponse xmlns="MeetingResponse">`, `<Request><UserResponse>1</UserResponse><CollectionId>1</CollectionId><RequestId>1:99</RequestId></Request>`, `</MeetingResponse>`, 100, "103"},
		{"ValidateCert", `<ValidateCert xmlns="ValidateCert"><Certificates>`, certificate, `</Certificates></ValidateCert>`, 100, "2"},
		{"ResolveRecipients", `<ResolveRecipients xmlns="ResolveRecipients">`, `<To>nobody</To>`, `</ResolveRecipients>`, 100, "5"},
	} {
		s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
		for n, refused := range map[int]bool{tt.most: false, tt.most + 1: true} {
			_, _, a := s.post(tt.command, tt.before+strings.Repeat(tt.part, n)+tt.after)
			_, rest, _ := strings.Cut(a, `">`) // the root's status comes first
			if got := strings.HasPrefix(rest, "<Status>"+tt.refused+"</Status></"+tt.command+">"); got != refused {
				t.Errorf("%s of %d: %.300s", tt.command, n, a)
			}
		}
	}
}

// A format is preferred once, and is one of the four.
func TestPreferencesTwice(t *testing.T) {
	for name, options := range map[string]string{
		"a format twice": prefer("1", "") + prefer("1", ""), "a format that is none": prefer("5", ""), "no format": `<BodyPreference xmlns="AirSyncBase"><Preview>1</Preview></BodyPreference>`,
	} {
		s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
		for i, want := range []string{"4", "2", "2"} {
			if a := s.threeWays(options)[i]; !strings.Contains(a, "<Status>"+want+"</Status>") || strings.Contains(a, "<Subject") {
				t.Errorf("%s: %s, want status %s", name, a, want)
			}
		}
	}
}

// The size of a preview is in characters, of the text without its marks, and at most 255.
func TestPreviews(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "16.1")
	tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "one")
	tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "two")
	tn.Mailbox(ada).Deliver(&eas.Email{Subject: "x", Body: &eas.Body{Type: eas.BodyHTML, Data: "<p>caf\u00e9 &amp; " + strings.Repeat("y", 300) + "</p>"}})
	part := func(rest string) string {
		return `<BodyPartPreference xmlns="AirSyncBase"><Type>2</Type>` + rest + `</BodyPartPreference>`
	}
	for _, tt := range []struct{ name, options, want string }{
		{"of HTML", prefer("2", "<TruncationSize>0</TruncationSize><Preview>6</Preview>"), "caf\u00e9 &amp;"},
		{"of plain text", prefer("1", "<Preview>6</Preview>"), "caf\u00e9 &amp;"},
		{"all or none", prefer("1", "<TruncationSize>1</TruncationSize><AllOrNone>1</AllOrNone><Preview>3</Preview>"), "caf"},
		{"at most 255", prefer("1", "<Preview>300</Preview>"), "caf\u00e9 &amp; " + strings.Repeat("y", 248)},
		{"none", prefer("1", ""), ""},
		{"of a part", part("<TruncationSize>2</TruncationSize><Preview>4</Preview>"), "caf\u00e9"},
	} {
		for _, a := range s.threeWays(tt.options) {
			if got := between(a, "<Preview>", "</Preview>"); got != tt.want {
				t.Errorf("%s: %q, want %q: %.700s", tt.name, got, tt.want, a)
			}
		}
	}
}
