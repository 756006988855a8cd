package eastest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func prefer(kind string, rest string) string {
	return `<BodyPreference xmlns="AirSyncBase"><Type>` + kind + `</Type>` + rest + `</BodyPreference>`
}

// unescape undoes what stands for the characters of marks.
var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#xD;", "\r", "&#xA;", "\n", "&amp;", "&")

// bodyOf returns the type, the sizes and the text of the first Body or BodyPart in a response.
func bodyOf(a, element string) (kind, size, truncated, data string) {
	_, b, ok := strings.Cut(a, "<"+element)
	if !ok {
		return "none", "", "", ""
	}
	b, _, _ = strings.Cut(b, "</"+element+">")
	get := func(name string) string { return unescape.Replace(between(b, "<"+name+">", "</"+name+">")) }
	return get("Type"), get("EstimatedDataSize"), get("Truncated"), get("Data")
}

// fetchDoc fetches an item with options.
func fetchDoc(collection, id, options string) string {
	return `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">` + collection + `</CollectionId><ServerId xmlns="AirSync">` + id +
		`</ServerId><Options>` + options + `</Options></Fetch></ItemOperations>`
}

// firstID returns the ID of the first item of a collection.
func (s *stranger) firstID(collection string) string {
	s.t.Helper()
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed(collection)+`</SyncKey><CollectionId>`+collection+`</CollectionId>`, ""))
	return between(a, "<ServerId>", "</ServerId>")
}

// The format in which a mail comes: MIME where MIMESupport wants it and it is preferred, else the
// mail's own if it is preferred, else another that is. A preference for MIME alone, without
// support, brings no text.
func TestBodyChoice(t *testing.T) {
	const mime = `<MIMESupport xmlns="AirSync">`
	for _, tt := range []struct {
		name, options, class string
		stored               eas.BodyType
		want                 string
	}{
		{"nothing preferred", "", "", eas.BodyPlain, "none"},
		{"plain of plain", prefer("1", ""), "", eas.BodyPlain, "1"},
		{"plain of HTML", prefer("1", ""), "", eas.BodyHTML, "1"},
		{"HTML of plain", prefer("2", ""), "", eas.BodyPlain, "2"},
		{"both of plain", prefer("2", "") + prefer("1", ""), "", eas.BodyPlain, "1"},
		{"both of HTML", prefer("1", "") + prefer("2", ""), "", eas.BodyHTML, "2"},
		{"rich text", prefer("3", ""), "", eas.BodyHTML, "3"},
		{"MIME without support", prefer("4", ""), "", eas.BodyPlain, "1-"},
		{"MIME without support of HTML", prefer("4", ""), "", eas.BodyHTML, "2-"},
		{"MIME that is not supported", mime + "0</MIMESupport>" + prefer("4", ""), "", eas.BodyHTML, "2-"},
		{"MIME for S/MIME alone of another", mime + "1</MIMESupport>" + prefer("4", ""), "", eas.BodyHTML, "2-"},
		{"MIME or plain without support", prefer("1", "") + prefer("4", ""), "", eas.BodyHTML, "1"},
		{"MIME for S/MIME of another", mime + "1</MIMESupport>" + prefer("4", "") + prefer("1", ""), "", eas.BodyHTML, "1"},
		{"MIME for S/MIME", mime + "1</MIMESupport>" + prefer("1", "") + prefer("4", ""), "IPM.Note.SMIME.MultipartSigned", eas.BodyHTML, "4"},
		{"MIME for all", mime + "2</MIMESupport>" + prefer("1", "") + prefer("4", ""), "", eas.BodyHTML, "4"},
		{"MIME for all, not preferred", mime + "2</MIMESupport>" + prefer("1", ""), "", eas.BodyHTML, "1"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox("bob@contoso.com") // the first user is another
		s := newStranger(t, tn, "14.1")
		tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "one")
		tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "two")
		tn.Mailbox(ada).Deliver(&eas.Email{Subject: "x", MessageClass: tt.class, Body: &eas.Body{Type: tt.stored, Data: "<b>a &amp; b</b>"}})
		for i, a := range s.threeWays(tt.options) {
			got, size, truncated, data := bodyOf(a, "Body")
			if (data == "") != (tt.want == "none") { // a type without its text is "1-"
				got += "-"
				if size == "" || truncated != "1" {
					t.Errorf("%s: no text, size %q, truncated %q", tt.name, size, truncated)
				}
			}
			if got != tt.want {
				t.Errorf("%s: %s brings type %s, want %s: %s", tt.name, []string{"Sync", "Fetch", "Search"}[i], got, tt.want, a)
			}
		}
	}
}

// Bodies are cut where the preference says, of mail as of other items.
func TestBodyLimits(t *testing.T) {
	for _, tt := range []struct{ name, rest, size, truncated, data string }{
		{"whole", "", "11", "", "caf\u00e9 \u2603!!"},
		{"at its size", "<TruncationSize>11</TruncationSize>", "11", "", "caf\u00e9 \u2603!!"},
		{"within a character", "<TruncationSize>7</TruncationSize>", "11", "1", "caf\u00e9 "},
		{"nothing", "<TruncationSize>0</TruncationSize>", "11", "1", ""},
		{"all or none of too much", "<TruncationSize>10</TruncationSize><AllOrNone>1</AllOrNone>", "11", "1", ""},
		{"none is not demanded", "<TruncationSize>7</TruncationSize><AllOrNone>0</AllOrNone>", "11", "1", "caf\u00e9 "},
		{"none is not demanded, of enough", "<TruncationSize>11</TruncationSize><AllOrNone>0</AllOrNone>", "11", "", "caf\u00e9 \u2603!!"},
		{"all or none of enough", "<TruncationSize>11</TruncationSize><AllOrNone>1</AllOrNone>", "11", "", "caf\u00e9 \u2603!!"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s := newStranger(t, tn, "16.1")
		tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "one")
		tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "two")
		text := &eas.Body{Type: eas.BodyPlain, Data: "caf\u00e9 \u2603!!"}
		tn.Mailbox(ada).Deliver(&eas.Email{Subject: "x", Body: text})
		tn.Mailbox(ada).Put(eas.FolderNotes, &eas.Note{Subject: "n", Body: text})
		for _, collection := range []string{"1", "9"} {
			_, _, a := s.post("ItemOperations", fetchDoc(collection, s.firstID(collection), prefer("1", tt.rest)))
			kind, size, truncated, data := bodyOf(a, "Body")
			if diff := cmp.Diff([]string{"1", tt.size, tt.truncated, tt.data}, []string{kind, size, truncated, data}); diff != "" {
				t.Errorf("%s, collection %s (-want +got):\n%s", tt.name, collection, diff)
			}
		}
	}
}

// The body of each kind of item comes in each format.
func TestItemBodies(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	box := tn.Mailbox(ada)
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	page := &eas.Body{Type: eas.BodyHTML, Data: "<html><head><title>t</title></head><body><p>One &lt; {two}</p><p>caf\u00e9</p></body></html>"}
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "e", Start: start, End: start.Add(time.Hour), Body: page})
	box.Put(eas.FolderContacts, &eas.Contact{FileAs: "c", Body: page})
	box.Put(eas.FolderTasks, &eas.Task{Subject: "t", Body: page})
	box.Put(eas.FolderNotes, &eas.Note{Subject: "n", Body: page})
	for collection, name := range map[string]string{"7": "event", "8": "contact", "6": "task", "9": "note"} {
		id := s.firstID(collection)
		for kind, want := range map[string]string{"1": "One < {two}\r\ncaf\u00e9", "2": page.Data, "3": `{\rtf1\ansi One < \{two\}\par` + "\r\n" + `caf\u233?}`, "4": ""} {
			_, _, a := s.post("ItemOperations", fetchDoc(collection, id, prefer(kind, "")))
			got, _, _, data := bodyOf(a, "Body")
			if kind == "3" {
				b, err := base64.StdEncoding.DecodeString(data)
				if err != nil || len(b) < 16 || int(binary.LittleEndian.Uint32(b))+4 != len(b) || string(b[8:12]) != "MELA" || int(binary.LittleEndian.Uint32(b[4:])) != len(b)-16 {
					t.Errorf("the container of rich text: %q, %v", b, err)
					continue
				}
				data = string(b[16:])
			}
			if kind == "4" { // an item that is not mail cannot be sent as a message
				kind = "2"
			}
			if got != kind || data != want {
				t.Errorf("%s: type %s: %q, want type %s: %q", name, got, data, kind, want)
			}
		}
	}
	// Rich text that a device sent comes back as text.
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("9")+`</SyncKey><CollectionId>9</CollectionId>`, ""))
	key := between(a, "<SyncKey>", "</SyncKey>")
	_, _, a = s.post("ItemOperations", fetchDoc("9", between(a, "<ServerId>", "</ServerId>"), prefer("3", "")))
	_, _, _, rich := bodyOf(a, "Body")
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>9</CollectionId><Commands><Add><ClientId>1</ClientId><ApplicationData><Subject xmlns="Notes">r</Subject><Body xmlns="AirSyncBase"><Type>3</Type><Data>`+
		rich+`</Data></Body></ApplicationData></Add></Commands>`, ""))
	id := between(between(a, "<Responses>", "</Responses>"), "<ServerId>", "</ServerId>")
	for kind, want := range map[string]string{"1": "One < {two}\r\ncaf\u00e9", "2": "<html><body><pre>One &lt; {two}\r\ncaf\u00e9</pre></body></html>", "3": rich} {
		_, _, a = s.post("ItemOperations", fetchDoc("9", id, prefer(kind, "")))
		if got, _, _, data := bodyOf(a, "Body"); got != kind || data != want {
			t.Errorf("rich text as %s: type %s, %q, want %q", kind, got, data, want)
		}
	}
	judge(t, tn)
}

// What a mail adds to its conversation: HTML, without what it responds to.
func TestBodyParts(t *testing.T) {
	part := func(kind, rest string) string {
		return `<BodyPartPreference xmlns="AirSyncBase"><Type>` + kind + `</Type>` + rest + `</BodyPartPreference>`
	}
	for _, tt := range []struct {
		name, options, text string
		stored              eas.BodyType
		want                []string // type, size, truncated, data
	}{
		{"plain", part("2", ""), "Yes.\r\n\r\nFrom: bob@contoso.com\r\nSubject: x\r\n\r\nreally?", eas.BodyPlain, []string{"2", "41", "", "<html><body><pre>Yes.</pre></body></html>"}},
		{"lines that are quoted", part("2", ""), "Yes.\r\n> really?\r\n", eas.BodyPlain, []string{"2", "41", "", "<html><body><pre>Yes.</pre></body></html>"}},
		{"an original message", part("2", ""), "Yes.\r\n-----Original Message-----\r\nreally?", eas.BodyPlain, []string{"2", "41", "", "<html><body><pre>Yes.</pre></body></html>"}},
		{"nothing quoted", part("2", ""), "From: here\r\nto there", eas.BodyPlain, []string{"2", "57", "", "<html><body><pre>From: here\r\nto there</pre></body></html>"}},
		{"HTML of Outlook", part("2", ""), `<p>Yes.</p><div id="divRplyFwdMsg">really?</div>`, eas.BodyHTML, []string{"2", "11", "", "<p>Yes.</p>"}},
		{"cut", part("2", "<TruncationSize>3</TruncationSize>"), "<p>Yes.</p>", eas.BodyHTML, []string{"2", "11", "1", "<p>"}},
		{"all or none", part("2", "<TruncationSize>3</TruncationSize><AllOrNone>1</AllOrNone>"), "<p>Yes.</p>", eas.BodyHTML, []string{"2", "11", "1", ""}},
		{"all or none of enough", part("2", "<TruncationSize>11</TruncationSize><AllOrNone>1</AllOrNone>"), "<p>Yes.</p>", eas.BodyHTML, []string{"2", "11", "", "<p>Yes.</p>"}},
		{"none is not demanded", part("2", "<TruncationSize>3</TruncationSize><AllOrNone>0</AllOrNone>"), "<p>Yes.</p>", eas.BodyHTML, []string{"2", "11", "1", "<p>"}},
		{"none is not demanded, of enough", part("2", "<TruncationSize>20</TruncationSize><AllOrNone>0</AllOrNone>"), "<p>Yes.</p>", eas.BodyHTML, []string{"2", "11", "", "<p>Yes.</p>"}},
		{"too large", part("2", ""), strings.Repeat("x", 1<<20+1), eas.BodyPlain, []string{"2", "1048577", "", ""}},
		{"not wanted", "", "x", eas.BodyPlain, []string{"none", "", "", ""}},
	} {
		for _, version := range []string{"14.1", "16.1"} {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			s := newStranger(t, tn, version)
			tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "one")
			tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "two")
			tn.Mailbox(ada).Deliver(&eas.Email{Subject: "x", Body: &eas.Body{Type: tt.stored, Data: tt.text}})
			for _, a := range s.threeWays(tt.options) {
				kind, size, truncated, data := bodyOf(a, "BodyPart")
				if diff := cmp.Diff(tt.want, []string{kind, size, truncated, data}); diff != "" {
					t.Errorf("%s %s (-want +got):\n%s%.500s", tt.name, version, diff, a)
				}
				status := between(between(a, "<BodyPart", "</BodyPart>"), "<Status>", "</Status>")
				if want := map[string]string{"too large": "176", "not wanted": ""}[tt.name]; status != want && (want != "" || status != "1" && tt.name != "not wanted") {
					t.Errorf("%s: status %q", tt.name, status)
				}
			}
			if tt.name == "plain" || tt.name == "cut" {
				judge(t, tn)
			}
		}
	}
	// Another format than HTML, and a version that has no parts.
	for _, tt := range []struct {
		version, options string
		want             [3]string
	}{
		{"14.1", part("1", ""), [3]string{"164", "164", "164"}}, {"16.1", part("4", ""), [3]string{"164", "164", "164"}}, {"14.0", part("2", ""), [3]string{"4", "2", "2"}},
	} {
		s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), tt.version)
		for i, a := range s.threeWays(tt.options) {
			if !strings.Contains(a, "<Status>"+tt.want[i]+"</Status>") || strings.Contains(a, "<BodyPart") {
				t.Errorf("%s %s: %s, want status %s", tt.version, tt.options, a, tt.want[i])
			}
		}
	}
}

// threeWays returns how Sync, ItemOperations and Search respond to options about bodies.
func (s *stranger) threeWays(options string) [3]string {
	s.t.Helper()
	id := s.firstID("1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId><Options>`+options+`</Options>`, ""))
	_, _, b := s.post("ItemOperations", fetchDoc("1", id, options))
	_, _, c := s.post("Search", `<Search xmlns="Search"><Store><Name>Mailbox</Name><Query><And><FreeText>x</FreeText></And></Query><Options><Range>0-9</Range>`+options+`</Options></Store></Search>`)
	return [3]string{a, b, c}
}

// A mail that is fetched as MIME has its attachments and its invitation, as other programs read it.
func TestMessageParts(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada)
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	content := bytes.Repeat([]byte{0, 1, 2, 254, 255}, 100)
	high := eas.ImportanceHigh
	box.Deliver(&eas.Email{
		Subject: "Caf\u00e9", From: "bob@contoso.com", CC: "carol@contoso.com", Importance: &high, MessageClass: "IPM.Schedule.Meeting.Request", Body: &eas.Body{Type: eas.BodyHTML, Data: "<p>caf\u00e9</p>"},
		Meeting:     &eas.MeetingRequest{UID: "0123", Start: start, End: start.Add(time.Hour), Organizer: "Bob <bob@contoso.com>", Place: eas.Place{Name: "Here, there"}},
		Attachments: []eas.Attachment{{Name: "\u00fc.bin", Content: content}, {Name: "i.png", Content: []byte("p"), ContentType: "image/png", ContentID: "i@x", Inline: true}},
	})
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := folders.Find(eas.FolderInbox)
	var id eas.ItemID
	for p, err := range c.Pages(t.Context(), in.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Added {
			id = e.ID
		}
	}
	var b bytes.Buffer
	if _, err := c.FetchMessage(t.Context(), in.ID, id, &b, nil); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(&b)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Caf\u00e9" || m.Header.Get("Cc") != "carol@contoso.com" || m.Header.Get("From") != "bob@contoso.com" || m.Header.Get("Importance") != "high" {
		t.Errorf("the header: %v, %v", m.Header, err)
	}
	got := leaves(t, m.Header.Get("Content-Type"), m.Body)
	if len(got) != 4 {
		t.Fatalf("%d parts: %q", len(got), got)
	}
	if got[0] != "text/html  <p>caf\u00e9</p>" || got[2] != "application/octet-stream \u00fc.bin "+string(content) || got[3] != "image/png i.png p" {
		t.Errorf("%q", got)
	}
	for _, want := range []string{"text/calendar", "METHOD:REQUEST\r\n", "UID:0123\r\n", "ORGANIZER:mailto:bob@contoso.com\r\n", "DTSTART:20261201T090000Z\r\n", `LOCATION:Here\, there`} {
		if !strings.Contains(got[1], want) {
			t.Errorf("the invitation lacks %q: %q", want, got[1])
		}
	}
	judge(t, tn)
}

// leaves returns type, name and content of the parts of a message that are not made of parts.
func leaves(t *testing.T, contentType string, body io.Reader) []string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("%q: %v", contentType, err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		t.Fatalf("%q is not made of parts", contentType)
	}
	var out []string
	r := multipart.NewReader(body, params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "multipart/") {
			out = append(out, leaves(t, p.Header.Get("Content-Type"), p)...)
			continue
		}
		var content io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			content = base64.NewDecoder(base64.StdEncoding, p)
		}
		b, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		out = append(out, kind+" "+p.FileName()+" "+string(b))
	}
}

// In a multipart response, the body is a part.
func TestBodyAsPart(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	doc := wbxmlOf(t, fetchDoc("1", s.firstID("1"), prefer("1", "")))
	req, err := http.NewRequest("POST", tn.URL().String()+"?Cmd=ItemOperations&User=ada&DeviceId=device1&DeviceType=test", bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + s.token, "MS-ASProtocolVersion": "14.1", "X-MS-PolicyKey": s.key, "Content-Type": "application/vnd.ms-sync.wbxml", "MS-ASAcceptMultiPart": "T",
	} {
		req.Header.Set(name, value)
	}
	resp, err := tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || len(b) < 20 || binary.LittleEndian.Uint32(b) != 2 {
		t.Fatalf("%q, %v", b, err)
	}
	at, n := binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[16:])
	if got := string(b[at : at+n]); got != "text" || bytes.Count(b, []byte("text")) != 1 {
		t.Errorf("the part: %q of %q", got, b)
	}
}
