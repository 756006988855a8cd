package eastest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// primed returns the key of a collection that was synced with key 0.
func (s *stranger) primed(id string) string {
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>`+id+`</CollectionId>`, ""))
	return between(a, "<SyncKey>", "</SyncKey>")
}

// TestRepeatOfSeveral repeats a Sync of two collections whose response was lost.
func TestRepeatOfSeveral(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	inbox, drafts := s.primed("1"), s.primed("2")
	doc := `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>` + inbox + `</SyncKey><CollectionId>1</CollectionId></Collection>` +
		`<Collection><SyncKey>` + drafts + `</SyncKey><CollectionId>2</CollectionId></Collection></Collections></Sync>`
	_, _, first := s.post("Sync", doc)
	_, _, again := s.post("Sync", doc)
	if first != again || !strings.Contains(again, "<Add>") {
		t.Errorf("the repeat got\n%s\nand the first got\n%s", again, first)
	}
}

// TestOldKeyWithOtherCommands changes an item with the key whose response was lost.
func TestOldKeyWithOtherCommands(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	col := `<SyncKey>` + s.primed("1") + `</SyncKey><CollectionId>1</CollectionId>`
	_, _, a := s.post("Sync", syncDoc(col, ""))
	id := between(a, "<ServerId>", "</ServerId>")
	_, _, a = s.post("Sync", syncDoc(col+`<Commands><Change><ServerId>`+id+`</ServerId><ApplicationData><Read xmlns="Email">1</Read></ApplicationData></Change></Commands>`, ""))
	if r := tn.Mailbox(ada).Messages(eas.FolderInbox)[0].Read; (r == nil || !*r) && strings.Contains(a, "<Status>1</Status>") {
		t.Errorf("the change was dropped, and the response says success: %s", a)
	}
}

// TestRepeatAppliedOnce: an addition and its repeat are applied once, and answered alike.
func TestRepeatAppliedOnce(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	col := `<SyncKey>` + s.primed("8") + `</SyncKey><CollectionId>8</CollectionId>`
	doc := syncDoc(col+`<Commands><Add><ClientId>c1</ClientId><ApplicationData><FileAs xmlns="Contacts">x</FileAs></ApplicationData></Add></Commands>`, "")
	_, _, first := s.post("Sync", doc)
	_, _, again := s.post("Sync", doc)
	if n := len(tn.Mailbox(ada).Items(eas.FolderContacts)); n != 1 || first != again {
		t.Errorf("%d contacts; first %s; repeat %s", n, first, again)
	}
}

// TestSyncWindow: the WindowSize of Sync bounds all collections together.
func TestSyncWindow(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId>`, `<WindowSize>1</WindowSize>`))
	if n := strings.Count(a, "<Add>"); n != 1 || !strings.Contains(a, "<MoreAvailable") {
		t.Errorf("%d items in a window of 1: %s", n, a)
	}
}

func event(start time.Time, more string) string {
	f := func(x time.Time) string { return x.UTC().Format("20060102T150405Z") }
	return `<ApplicationData><Subject xmlns="Calendar">s</Subject><StartTime xmlns="Calendar">` + f(start) + `</StartTime><EndTime xmlns="Calendar">` + f(start.Add(time.Hour)) + `</EndTime>` + more + `</ApplicationData>`
}

// TestCalendarFilter: an event of a year ago is outside a window of two weeks, an endless series is not.
func TestCalendarFilter(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	old := time.Now().AddDate(-1, 0, 0)
	add := func(id, data string) string { return `<Add><ClientId>` + id + `</ClientId>` + data + `</Add>` }
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("7")+`</SyncKey><CollectionId>7</CollectionId><Commands>`+
		add("a", event(old, ""))+add("b", event(old, `<Recurrence xmlns="Calendar"><Type>0</Type><Interval>1</Interval></Recurrence>`))+`</Commands>`, ""))
	if strings.Count(a, "<Status>1</Status>") != 3 {
		t.Fatalf("adds: %s", a)
	}
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+s.primed("7")+`</SyncKey><CollectionId>7</CollectionId><Options><FilterType>4</FilterType></Options>`, ""))
	if n := strings.Count(a, "<Add>"); n != 1 || !strings.Contains(a, "<Recurrence") {
		t.Errorf("%d events, want the series alone: %s", n, a)
	}
}

// ping runs a Ping of the Inbox for at most d; ok is false if it was still waiting.
func (s *stranger) ping(d time.Duration) (status string, ok bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var body bytes.Buffer
	if err := wbxml.FromXML(&body, strings.NewReader(`<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders></Ping>`)); err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", s.tn.URL().String()+"?Cmd=Ping&User=ada&DeviceId=device1&DeviceType=test", &body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("MS-ASProtocolVersion", s.version)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	resp, err := s.tn.Client().Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return "", false
		}
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var xml strings.Builder
	if err := wbxml.ToXML(&xml, resp.Body, &wbxml.XMLOptions{Plain: true}); err != nil {
		s.t.Fatal(err)
	}
	return between(xml.String(), "<Status>", "</Status>"), true
}

// TestPingFilter: what the filter leaves out is not reported.
func TestPingFilter(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	tn.Mailbox(ada).Deliver(&eas.Email{Subject: "old", Received: time.Now().AddDate(-1, 0, 0)})
	s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId><Options><FilterType>1</FilterType></Options>`, ""))
	if a, ok := s.ping(400 * time.Millisecond); ok {
		t.Errorf("Ping returned at once: %s", a)
	}
}

// TestSurveyPingWakes for a deletion.
func TestSurveyPingWakes(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	time.AfterFunc(100*time.Millisecond, func() { tn.Mailbox(ada).RemoveItem(eas.FolderInbox, "one") })
	if status, ok := s.ping(time.Second); !ok || status != "2" {
		t.Errorf("a deletion: status %q, woken %v", status, ok)
	}
}

// TestVersionNotOffered: status 138 for a version that is not offered.
func TestVersionNotOffered(t *testing.T) {
	for _, v := range []string{"17.0", "14.1"} {
		s := newStranger(t, eastest.New(t, nil), "16.1")
		s.version = v
		if _, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`); !strings.Contains(a, "<Status>138</Status>") {
			t.Errorf("version %q: %s", v, a)
		}
	}
}

// TestHierarchyRepeat repeats a FolderCreate whose response was lost, and goes on with the key before it.
func TestHierarchyRepeat(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
	key := between(a, "<SyncKey>", "</SyncKey>")
	doc := `<FolderCreate xmlns="FolderHierarchy"><SyncKey>` + key + `</SyncKey><ParentId>0</ParentId><DisplayName>x</DisplayName><Type>12</Type></FolderCreate>`
	_, _, first := s.post("FolderCreate", doc)
	_, _, again := s.post("FolderCreate", doc)
	if first != again {
		t.Errorf("FolderCreate, first: %s; repeat: %s", first, again)
	}
	_, _, a = s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>`+key+`</SyncKey></FolderSync>`)
	if !strings.Contains(a, "<Status>1</Status>") {
		t.Errorf("FolderSync with the key before a FolderCreate whose response was lost: %s", a)
	}
}

func contact(name string) string {
	return `<ApplicationData><FileAs xmlns="Contacts">` + name + `</FileAs></ApplicationData>`
}

func addContact(key, clientID, name string) string {
	return syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>8</CollectionId><Commands><Add><ClientId>`+clientID+`</ClientId>`+contact(name)+`</Add></Commands>`, "")
}

func names(m *eastest.Mailbox) (out []string) {
	for _, i := range m.Items(eas.FolderContacts) {
		out = append(out, i.(*eas.Contact).FileAs)
	}
	return out
}

// TestClientIDUsedAgain: a client that counts its ClientIds from 1 in each request adds two items.
func TestClientIDUsedAgain(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("Sync", addContact(s.primed("8"), "1", "first"))
	_, _, a = s.post("Sync", addContact(between(a, "<SyncKey>", "</SyncKey>"), "1", "second"))
	if got := fmt.Sprint(names(tn.Mailbox(ada))); got != "[first second]" {
		t.Errorf("contacts %s, and the response to the second Add: %s", got, a)
	}
}

// TestAddedAgainWithOtherData: after a lost response the item is added with what the user typed since.
func TestAddedAgainWithOtherData(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	key := s.primed("8")
	s.post("Sync", addContact(key, "1", "before"))
	_, _, a := s.post("Sync", addContact(key, "1", "after"))
	if got := fmt.Sprint(names(tn.Mailbox(ada))); !strings.Contains(got, "after") {
		t.Errorf("contacts %s: the second data are lost, and the response is %s", got, a)
	}
}

// TestConflict: a change that the device has not seen is not lost to it when it changes the item itself.
func TestConflict(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("Sync", addContact(s.primed("8"), "1", "x"))
	id := between(a, "<ServerId>", "</ServerId>")
	key := between(a, "<SyncKey>", "</SyncKey>")
	change := func(key, name string) string {
		return syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>8</CollectionId><Commands><Change><ServerId>`+id+`</ServerId>`+contact(name)+`</Change></Commands>`, "")
	}
	// The second device provisions, and changes the contact.
	two := &stranger{t: t, tn: tn, version: "16.1", key: "0", token: s.token}
	two.device2()
	_, _, a = two.post2("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>8</CollectionId>`, ""))
	_, _, a = two.post2("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>8</CollectionId>`, ""))
	two.post2("Sync", change(between(a, "<SyncKey>", "</SyncKey>"), "server"))
	_, _, a = s.post("Sync", change(key, "client"))
	if got := fmt.Sprint(names(tn.Mailbox(ada))); got != "[server]" || !strings.Contains(a, "<Status>7</Status>") {
		t.Errorf("contacts %s, want the server's with status 7; response %s", got, a)
	}
}

func (s *stranger) post2(command, doc string) (int, http.Header, string) {
	s.t.Helper()
	var b bytes.Buffer
	if err := wbxml.FromXML(&b, strings.NewReader(doc)); err != nil {
		s.t.Fatal(err)
	}
	return s.raw("Cmd="+command+"&User=ada&DeviceId=device2&DeviceType=test", "application/vnd.ms-sync.wbxml", b.Bytes())
}

func (s *stranger) device2() {
	_, _, a := s.post2("Provision", `<Provision xmlns="Provision"><DeviceInformation xmlns="Settings"><Set><Model>m</Model></Set></DeviceInformation><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>`)
	s.key = between(a, "<PolicyKey>", "</PolicyKey>")
	_, _, a = s.post2("Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>`+s.key+`</PolicyKey><Status>1</Status></Policy></Policies></Provision>`)
	s.key = between(a, "<PolicyKey>", "</PolicyKey>")
	s.post2("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
}

// TestOptionsWithKeyZero: options that came with key 0 hold for the requests that have none.
func TestOptionsWithKeyZero(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	tn.Mailbox(ada).Deliver(&eas.Email{Subject: "old", Received: time.Now().AddDate(-1, 0, 0)})
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId><Options><FilterType>1</FilterType></Options>`, ""))
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	if strings.Contains(a, ">old<") || strings.Count(a, "<Add>") != 2 {
		t.Errorf("%d items, with the old one: %v", strings.Count(a, "<Add>"), strings.Contains(a, ">old<"))
	}
}

// TestFailedChange changes nothing.
func TestFailedChange(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	id, key := between(a, "<ServerId>", "</ServerId>"), between(a, "<SyncKey>", "</SyncKey>")
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId><Commands><Change><ServerId>`+id+`</ServerId><ApplicationData><Read xmlns="Email">1</Read><Subject xmlns="Email">x</Subject></ApplicationData></Change></Commands>`, ""))
	if r := tn.Mailbox(ada).Messages(eas.FolderInbox)[0].Read; *r && strings.Contains(a, "<Status>6</Status>") {
		t.Errorf("the refused change made the mail read: %s", a)
	}
}

// TestWrongInput is what is refused with a status, where it was taken.
func TestWrongInput(t *testing.T) {
	for _, tt := range []struct{ name, collection, rest, want string }{
		{"WindowSize that is no number", `<WindowSize>x</WindowSize>`, "", "<Status>4</Status>"},
		{"FilterType that is no number", `<Options><FilterType>x</FilterType></Options>`, "", "<Status>4</Status>"},
		{"an unknown command", `<Commands><SoftDelete><ServerId>1:11</ServerId></SoftDelete></Commands>`, "", "<Status>4</Status>"},
		{"GetChanges of 2", `<GetChanges>2</GetChanges>`, "", "<Status>4</Status>"},
		{"two Adds of one ClientId", `<Commands><Add><ClientId>1</ClientId>` + contact("x") + `</Add><Add><ClientId>1</ClientId>` + contact("y") + `</Add></Commands>`, "", "<Add><ClientId>1</ClientId>"},
	} {
		s := newStranger(t, eastest.New(t, nil), "16.1")
		if _, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("8")+`</SyncKey><CollectionId>8</CollectionId>`+tt.collection, tt.rest)); !strings.Contains(a, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, a, tt.want)
		}
	}
}

// TestFilterOfClass: each class has its own filters.
func TestFilterOfClass(t *testing.T) {
	for _, tt := range []struct {
		folder, filter string
		ok             bool
	}{{"1", "5", true}, {"1", "6", false}, {"7", "4", true}, {"7", "7", true}, {"7", "3", false}, {"6", "8", true}, {"6", "1", false}} {
		s := newStranger(t, eastest.New(t, nil), "16.1")
		_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed(tt.folder)+`</SyncKey><CollectionId>`+tt.folder+`</CollectionId><Options><FilterType>`+tt.filter+`</FilterType></Options>`, ""))
		if strings.Contains(a, "<Status>4</Status>") == tt.ok {
			t.Errorf("folder %s, filter %s: %s", tt.folder, tt.filter, a)
		}
	}
}

// TestDeletedItem: what was deleted is not fetched, and what is left is whole, however much went.
func TestDeletedItem(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	box := tn.Mailbox(ada)
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("1")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	id := between(a, "<ServerId>", "</ServerId>")
	box.RemoveItem(eas.FolderInbox, "one")
	_, _, a = s.post("ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">1</CollectionId><ServerId xmlns="AirSync">`+id+`</ServerId></Fetch></ItemOperations>`)
	if strings.Contains(a, "<Properties>") {
		t.Errorf("fetched: %s", a)
	}
	for i := range 300 {
		box.Deliver(&eas.Email{Subject: fmt.Sprint(i)})
	}
	for i := range 298 {
		box.RemoveItem(eas.FolderInbox, fmt.Sprint(i))
	}
	var left []string
	for _, m := range box.Messages(eas.FolderInbox) {
		left = append(left, m.Subject)
	}
	if got := strings.Join(left, " "); got != "two 298 299" {
		t.Errorf("left: %s", got)
	}
}

// TestWrongDraft: a draft has an importance of 0 to 2, and is plain or HTML.
func TestWrongDraft(t *testing.T) {
	for data, want := range map[string]string{
		`<Importance xmlns="Email">2</Importance>`:                      "1",
		`<Importance xmlns="Email">3</Importance>`:                      "6",
		`<Importance xmlns="Email">x</Importance>`:                      "6",
		`<Body xmlns="AirSyncBase"><Type>4</Type><Data>x</Data></Body>`: "6",
		`<Body xmlns="AirSyncBase"><Type>2</Type><Data>x</Data></Body>`: "1",
		`<From xmlns="Email">x</From>`:                                  "6",
	} {
		s := newStranger(t, eastest.New(t, nil), "16.1")
		_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("2")+`</SyncKey><CollectionId>2</CollectionId><Commands><Add><ClientId>1</ClientId><ApplicationData>`+data+`</ApplicationData></Add></Commands>`, ""))
		if got := between(between(a, "<Add>", "</Add>"), "<Status>", "</Status>"); got != want {
			t.Errorf("%s: status %s, want %s: %s", data, got, want, a)
		}
		if got := len(s.tn.Mailbox(ada).Messages(eas.FolderDrafts)); (got == 1) != (want == "1") {
			t.Errorf("%s: %d drafts", data, got)
		}
	}
}

// TestFilterOfContacts: contacts ignore the filter.
func TestFilterOfContacts(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	s.post("Sync", addContact(s.primed("8"), "1", "x"))
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("8")+`</SyncKey><CollectionId>8</CollectionId><Options><FilterType>3</FilterType></Options>`, ""))
	if !strings.Contains(a, "<Add>") {
		t.Errorf("got %s", a)
	}
}

// TestRemovedFolder: what was in a removed folder is not fetched, nor moved out of it.
func TestRemovedFolder(t *testing.T) {
	tn := eastest.New(t, nil)
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("Sync", addContact(s.primed("8"), "1", "x"))
	id := between(a, "<ServerId>", "</ServerId>")
	tn.Mailbox(ada).RemoveFolder("8")
	_, _, a = s.post("ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">8</CollectionId><ServerId xmlns="AirSync">`+id+`</ServerId></Fetch></ItemOperations>`)
	if strings.Contains(a, "FileAs") {
		t.Errorf("fetched: %s", a)
	}
	_, _, a = s.post("MoveItems", `<MoveItems xmlns="Move"><Move><SrcMsgId>`+id+`</SrcMsgId><SrcFldId>8</SrcFldId><DstFldId>1</DstFldId></Move></MoveItems>`)
	if !strings.Contains(a, "<Status>1</Status>") {
		t.Errorf("moved: %s", a)
	}
}

// TestMoveLimit: 1,000 moves are the most.
func TestMoveLimit(t *testing.T) {
	s := newStranger(t, eastest.New(t, nil), "16.1")
	_, _, a := s.post("MoveItems", `<MoveItems xmlns="Move">`+strings.Repeat(`<Move><SrcMsgId>x</SrcMsgId><SrcFldId>1</SrcFldId><DstFldId>2</DstFldId></Move>`, 1001)+`</MoveItems>`)
	if !strings.Contains(a, "<Status>103</Status>") {
		t.Errorf("1,001 moves: %.120s", a)
	}
}

func BenchmarkDelete(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				tn := eastest.New(nil, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{None: true}}})
				m := tn.AddMailbox(ada)
				for i := range n {
					m.Deliver(&eas.Email{Subject: fmt.Sprint(i)})
				}
				start := time.Now()
				for i := range n {
					m.RemoveItem(eas.FolderInbox, fmt.Sprint(i))
				}
				b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(n), "ns/removal")
				tn.Close()
			}
		})
	}
}

func BenchmarkMail(b *testing.B) {
	for _, n := range []int{1000, 10000, 50000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				tn := eastest.New(nil, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{None: true}}})
				m := tn.AddMailbox(ada)
				start := time.Now()
				for i := range n {
					m.Deliver(&eas.Email{Subject: fmt.Sprint(i)})
				}
				delivered := time.Since(start)
				s := &stranger{t: &testing.T{}, tn: tn, version: "16.1", key: "0", token: tn.Token(ada).AccessToken}
				s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
				key := s.primed("1")
				start = time.Now()
				got := 0
				for {
					st, _, a := s.post("Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId><WindowSize>512</WindowSize>`, ""))
					if st != http.StatusOK || a == "" {
						break
					}
					key = between(a, "<SyncKey>", "</SyncKey>")
					got += strings.Count(a, "<Add>")
				}
				if got != n {
					b.Fatalf("got %d of %d", got, n)
				}
				b.ReportMetric(float64(delivered.Microseconds())/float64(n), "µs/delivery")
				b.ReportMetric(float64(time.Since(start).Microseconds())/float64(n), "µs/mail")
				tn.Close()
			}
		})
	}
}
