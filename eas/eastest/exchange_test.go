package eastest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A stranger is an ActiveSync client that is not ours: it posts documents that are written
// as XML in the tests.
type stranger struct {
	t       *testing.T
	tn      *eastest.Tenant
	version string
	key     string // policy key
	token   string

	multipart bool // responses in parts are accepted
}

func (s *stranger) post(command, doc string) (status int, h http.Header, answer string) {
	s.t.Helper()
	var body bytes.Buffer
	if doc != "" {
		if err := wbxml.FromXML(&body, strings.NewReader(doc)); err != nil {
			s.t.Fatalf("%s: %v", doc, err)
		}
	}
	return s.raw("Cmd="+command+"&User=ada&DeviceId=device1&DeviceType=test", "application/vnd.ms-sync.wbxml", body.Bytes())
}

func (s *stranger) raw(query, contentType string, body []byte) (status int, h http.Header, answer string) {
	s.t.Helper()
	req, err := http.NewRequest("POST", s.tn.URL().String()+"?"+query, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("MS-ASProtocolVersion", s.version)
	if s.key != "none" {
		if s.key != "" {
			req.Header.Set("X-MS-PolicyKey", s.key)
		}
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", contentType)
	}
	if s.multipart {
		req.Header.Set("MS-ASAcceptMultiPart", "T")
	}
	resp, err := s.tn.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var xml strings.Builder
	if len(b) > 0 && !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/vnd.ms-sync.wbxml") {
		return resp.StatusCode, resp.Header, string(b)
	}
	if len(b) > 0 {
		if err := wbxml.ToXML(&xml, bytes.NewReader(b), &wbxml.XMLOptions{Plain: true}); err != nil {
			s.t.Fatalf("%s: %v", query, err)
		}
	}
	return resp.StatusCode, resp.Header, xml.String()
}

// wbxmlOf returns a document as the bytes of the wire.
func wbxmlOf(t *testing.T, doc string) []byte {
	t.Helper()
	var body bytes.Buffer
	if err := wbxml.FromXML(&body, strings.NewReader(doc)); err != nil {
		t.Fatalf("%v", err)
	}
	return body.Bytes()
}

// page posts a document and returns the response as it came.
func (s *stranger) page(url string, body []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("MS-ASProtocolVersion", s.version)
	req.Header.Set("X-MS-PolicyKey", s.key)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	resp, err := s.tn.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// newStranger returns a client that has provisioned and knows the folders.
func newStranger(t *testing.T, tn *eastest.Tenant, version string) *stranger {
	t.Helper()
	tn.AddMailbox(ada, &eas.Email{Subject: "one", Body: &eas.Body{Data: "text"}}, &eas.Email{Subject: "two"})
	s := &stranger{t: t, tn: tn, version: version, key: "0", token: tn.Token(ada).AccessToken}
	info := ""
	if version >= "14.1" {
		info = `<DeviceInformation xmlns="Settings"><Set><Model>m</Model></Set></DeviceInformation>`
	}
	_, _, a := s.post("Provision", `<Provision xmlns="Provision">`+info+`<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>`)
	s.key = between(a, "<PolicyKey>", "</PolicyKey>")
	_, _, a = s.post("Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>`+s.key+`</PolicyKey><Status>1</Status></Policy></Policies></Provision>`)
	s.key = between(a, "<PolicyKey>", "</PolicyKey>")
	if s.key == "" {
		t.Fatalf("no policy key: %s", a)
	}
	s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
	return s
}

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

func syncDoc(collection, rest string) string {
	return `<Sync xmlns="AirSync"><Collections><Collection>` + collection + `</Collection></Collections>` + rest + `</Sync>`
}

// TestRefusals is what the server does with requests that are wrong.
func TestRefusals(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{}), "16.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	key := between(a, "<SyncKey>", "</SyncKey>")
	inbox := `<SyncKey>` + key + `</SyncKey><CollectionId>1</CollectionId>`
	for _, tt := range []struct{ name, command, doc, want string }{
		{"order of the children", "Sync", syncDoc(`<CollectionId>1</CollectionId><SyncKey>`+key+`</SyncKey>`, ""), "<Status>4</Status>"},
		{"Class before SyncKey", "Sync", syncDoc(`<Class>Email</Class>`+inbox, ""), "<Status>4</Status>"},
		{"GetChanges with key 0", "Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId><GetChanges>1</GetChanges>`, ""), "<Status>4</Status>"},
		{"Wait and HeartbeatInterval", "Sync", syncDoc(inbox, `<Wait>1</Wait><HeartbeatInterval>60</HeartbeatInterval>`), "<Status>4</Status>"},
		{"Wait of an hour", "Sync", syncDoc(inbox, `<Wait>60</Wait>`), "<Status>14</Status><Limit>59</Limit>"},
		{"HeartbeatInterval of a second", "Sync", syncDoc(inbox, `<HeartbeatInterval>1</HeartbeatInterval>`), "<Status>14</Status><Limit>60</Limit>"},
		{"Partial", "Sync", syncDoc(inbox, `<Partial/>`), "<Status>1</Status>"},
		{"no collections", "Sync", `<Sync xmlns="AirSync"><Collections/></Sync>`, "<Status>4</Status>"},
		{"an element twice out of order", "Sync", syncDoc(inbox+`<WindowSize>1</WindowSize><GetChanges>1</GetChanges>`, ""), "<Status>4</Status>"},
		{"FilterType 8", "Sync", syncDoc(inbox+`<Options><FilterType>8</FilterType></Options>`, ""), "<Status>4</Status>"},

		{"201 commands", "Sync", syncDoc(inbox+`<Commands>`+strings.Repeat(`<Delete><ServerId>x</ServerId></Delete>`, 201)+`</Commands>`, ""), "<Status>4</Status>"},
		{"an unknown key", "Sync", syncDoc(`<SyncKey>77</SyncKey><CollectionId>1</CollectionId>`, ""), "<Status>3</Status>"},
		{"a collection that is not there", "Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>99</CollectionId>`, ""), "<Status>8</Status>"},
		{"FolderSync without a key", "FolderSync", `<FolderSync xmlns="FolderHierarchy"/>`, "<Status>10</Status>"},
		{"FolderSync with an unknown key", "FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>77</SyncKey></FolderSync>`, "<Status>9</Status>"},
		{"another command's document", "FolderSync", `<Ping xmlns="Ping"/>`, "<Status>103</Status>"},
		{"no document", "FolderSync", "", "<Status>101</Status>"},
		{"Ping with nothing kept", "Ping", "", "<Status>3</Status>"},
		{"Ping out of order", "Ping", `<Ping xmlns="Ping"><Folders/><HeartbeatInterval>60</HeartbeatInterval></Ping>`, "<Status>4</Status>"},
		{"Ping without a class", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id></Folder></Folders></Ping>`, "<Status>4</Status>"},
		{"Ping of a second", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>1</HeartbeatInterval></Ping>`, "<Status>5</Status><HeartbeatInterval>60</HeartbeatInterval>"},
		{"Ping of a folder that is not there", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>99</Id><Class>Email</Class></Folder></Folders></Ping>`, "<Status>7</Status>"},
		{"SendMail without a ClientId", "SendMail", `<SendMail xmlns="ComposeMail"><Mime>x</Mime></SendMail>`, "<Status>103</Status>"},
		{"SendMail that is no message", "SendMail", `<SendMail xmlns="ComposeMail"><ClientId>1</ClientId><Mime>x</Mime></SendMail>`, "<Status>107</Status>"},
		{"SendMail to nobody", "SendMail", `<SendMail xmlns="ComposeMail"><ClientId>1</ClientId><Mime>Subject: x&#xD;&#xA;&#xD;&#xA;</Mime></SendMail>`, "<Status>119</Status>"},
		{"Provision without DeviceInformation", "Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>`, "<Status>165</Status>"},
		{"Provision of another type", "Provision", `<Provision xmlns="Provision"><DeviceInformation xmlns="Settings"><Set><Model>m</Model></Set></DeviceInformation><Policies><Policy><PolicyType>MS-WAP-Provisioning-XML</PolicyType></Policy></Policies></Provision>`, "<Status>3</Status>"},
		{"Provision without a policy", "Provision", `<Provision xmlns="Provision"/>`, "<Status>2</Status>"},
		{"an acknowledgement of nothing", "Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>5</PolicyKey><Status>1</Status></Policy></Policies></Provision>`, "<Status>5</Status>"},
		{"a search for nothing", "Search", `<Search xmlns="Search"/>`, "<Status>2</Status>"},
		{"FolderCreate with a foreign key", "FolderCreate", `<FolderCreate xmlns="FolderHierarchy"><SyncKey>9</SyncKey><ParentId>0</ParentId><DisplayName>x</DisplayName><Type>12</Type></FolderCreate>`, "<Status>9</Status>"},
		{"FolderDelete without a key", "FolderDelete", `<FolderDelete xmlns="FolderHierarchy"><ServerId>1</ServerId></FolderDelete>`, "<Status>10</Status>"},
		{"MoveItems of nothing", "MoveItems", `<MoveItems xmlns="Move"/>`, "<Status>103</Status>"},
		{"MoveItems to nowhere", "MoveItems", `<MoveItems xmlns="Move"><Move><SrcMsgId>1:99</SrcMsgId><SrcFldId>1</SrcFldId><DstFldId>99</DstFldId></Move></MoveItems>`, "<Status>1</Status>"},
		{"GetItemEstimate before Sync", "GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"><Collections><Collection><SyncKey xmlns="AirSync">1</SyncKey><CollectionId>3</CollectionId></Collection></Collections></GetItemEstimate>`, "<Status>3</Status>"},
		{"GetItemEstimate of nothing", "GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"/>`, "<Status>103</Status>"},
		{"a fetch of what is gone", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">1</CollectionId><ServerId xmlns="AirSync">1:99</ServerId></Fetch></ItemOperations>`, "<Status>6</Status>"},
		{"a fetch of no attachment", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><FileReference xmlns="AirSyncBase">x</FileReference></Fetch></ItemOperations>`, "<Status>15</Status>"},
		{"an operation that is none", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Range>1</Range></ItemOperations>`, "<Status>2</Status>"},
		{"emptying what is gone", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><EmptyFolderContents><CollectionId xmlns="AirSync">99</CollectionId></EmptyFolderContents></ItemOperations>`, "<Status>6</Status>"},
		{"an answer to no meeting", "MeetingResponse", `<MeetingResponse xmlns="MeetingResponse"><Request><UserResponse>1</UserResponse><CollectionId>1</CollectionId><RequestId>1:99</RequestId></Request></MeetingResponse>`, "<Status>2</Status>"},
		{"Find that does not begin at 0", "Find", `<Find xmlns="Find"><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>ada</Query><Options><Range>5-9</Range></Options></GalSearchCriterion></ExecuteSearch></Find>`, "<Status>4</Status>"},
		{"Find of nothing", "Find", `<Find xmlns="Find"/>`, "<Status>2</Status>"},
		{"settings that are none", "Settings", `<Settings xmlns="Settings"><Password>x</Password></Settings>`, "<Status>2</Status>"},
		{"nobody to resolve", "ResolveRecipients", `<ResolveRecipients xmlns="ResolveRecipients"/>`, "<Status>5</Status>"},
		{"no certificate", "ValidateCert", `<ValidateCert xmlns="ValidateCert"/>`, "<Status>2</Status>"},
		{"an answer to a mail that is gone", "SmartReply", `<SmartReply xmlns="ComposeMail"><ClientId>1</ClientId><Source><FolderId>1</FolderId><ItemId>1:99</ItemId></Source><Mime>x</Mime></SmartReply>`, "<Status>150</Status>"},
	} {
		status, _, a := s.post(tt.command, tt.doc)
		if status != 200 || !strings.Contains(a, tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.name, status, a, tt.want)
		}
	}
	if status, _, _ := s.post("Evil", ""); status != http.StatusNotImplemented {
		t.Errorf("an unknown command: %d", status)
	}
	// Before provisioning, and with the wrong key.
	for key, want := range map[string]string{"0": "142", "": "141", "12345": "144"} {
		s.key = key
		if _, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`); !strings.Contains(a, want) {
			t.Errorf("policy key %q: %s, want %s", key, a, want)
		}
	}
}

// Versions up to 12.1 say by HTTP what later ones say in the answer.
func TestOldVersions(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "12.1")
	if status, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, "")); status != 400 {
		t.Errorf("Sync without a class: %d %s", status, a)
	}
	if status, _, a := s.post("Sync", syncDoc(`<Class>Email</Class><SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, "")); status != 200 || !strings.Contains(a, "<Class>Email</Class>") {
		t.Errorf("Sync: %d %s", status, a)
	}
	s.key = "0"
	if status, _, _ := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`); status != 449 {
		t.Errorf("without a policy key: %d, want 449", status)
	}
}

func TestHTTPLayer(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{}), "16.1")
	const wb = "application/vnd.ms-sync.wbxml"
	folder, _ := hex.DecodeString("03016a00000756520330000101")
	for _, tt := range []struct {
		name, query, contentType string
		body                     []byte
		status                   int
	}{
		{"no query", "", wb, folder, 400},
		{"no device", "Cmd=FolderSync&User=a&DeviceType=t", wb, folder, 200},
		{"a device ID with a hyphen", "Cmd=FolderSync&DeviceId=a-b&DeviceType=t", wb, folder, 200},
		{"a long device type", "Cmd=FolderSync&DeviceId=a&DeviceType=" + strings.Repeat("t", 33), wb, folder, 200},
		{"another content type", "Cmd=FolderSync&DeviceId=device1&DeviceType=test", "text/xml", folder, 200},
		{"garbage", "Cmd=FolderSync&DeviceId=device1&DeviceType=test", wb, []byte("garbage"), 200},
		{"a base64 query that is cut", base64.StdEncoding.EncodeToString([]byte("\xa1\x09\x00\x00\x10ab")), wb, folder, 400},
	} {
		if status, _, a := s.raw(tt.query, tt.contentType, tt.body); status != tt.status || status == 200 && !strings.Contains(a, "<Status>10") {
			t.Errorf("%s: %d %s, want %d and a status", tt.name, status, a, tt.status)
		}
	}
	req, _ := http.NewRequest("GET", s.tn.URL().String(), nil)
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("GET: %d", resp.StatusCode)
	}
}

// An empty Sync repeats the last request, and waits if that said so.
func TestEmptySync(t *testing.T) {
	s := newStranger(t, eastest.New(t, &eastest.Options{Topology: eastest.Hybrid}), "14.1")
	if _, _, a := s.post("Sync", ""); !strings.Contains(a, "<Status>13</Status>") {
		t.Errorf("an empty Sync with nothing kept: %s", a)
	}
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	doc := syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, "")
	if _, _, a = s.post("Sync", doc); strings.Count(a, "<Add>") != 2 {
		t.Errorf("Sync: %s", a)
	}
	// The same request again is taken for one whose answer was lost.
	if _, _, again := s.post("Sync", doc); again != a {
		t.Errorf("a repeated request: %s", again)
	}
	doc = syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, `<HeartbeatInterval>60</HeartbeatInterval>`)
	done := make(chan string)
	go func() {
		_, _, a := s.post("Sync", doc)
		done <- a
	}()
	deliver(s.tn, "three")
	if a := <-done; !strings.Contains(a, "three") {
		t.Errorf("a waiting Sync: %s", a)
	}
}

// deliver sends a message through the server's own SendMail.
func deliver(tn *eastest.Tenant, subject string) {
	req, _ := http.NewRequest("POST", tn.URL().String()+"?Cmd=SendMail&User=a&DeviceId=device2&DeviceType=test&SaveInSent=T",
		strings.NewReader("To: "+ada+"\r\nSubject: "+subject+"\r\n\r\nbody"))
	req.Header.Set("Authorization", "Bearer "+tn.Token(ada).AccessToken)
	req.Header.Set("MS-ASProtocolVersion", "12.1")
	req.Header.Set("Content-Type", "message/rfc822")
	tn.Change(func(o *eastest.Options) { o.DevicePolicies = []eastest.DevicePolicy{{None: true}} })
	resp, err := tn.Client().Do(req)
	if err != nil || resp.StatusCode != 200 {
		panic(fmt.Sprint("SendMail: ", resp, err))
	}
	resp.Body.Close()
}

// What the server says about tokens, in the words of the captures.
func TestChallenges(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	tn.AddMailbox("bob@contoso.com")
	good := tn.Token(ada).AccessToken
	forge := func(id, value string) string {
		defer tn.Switch(eastest.Fault{ID: id, Value: value}).Lift()
		return tn.Token(ada).AccessToken
	}
	other := forge("AUD_IS_EXO", "")
	none := forge("AUD_WRONG", "-")
	slash := forge("AUD_SLASH", "")
	get := func(auth, identity string) (int, http.Header) {
		req, _ := http.NewRequest("OPTIONS", tn.URL().String(), nil)
		if auth != "none" {
			req.Header.Set("Authorization", auth)
		}
		if identity != "" {
			req.Header.Set("X-User-Identity", identity)
		}
		resp, err := tn.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, resp.Header
	}
	const basic = `Basic realm="mail.contoso.com"`
	for _, tt := range []struct {
		name, auth, identity string
		status               int
		schemes              string
		diagnostics          string
		uri                  bool
	}{
		{"good", "Bearer " + good, "", 200, "", "", false},
		{"with a slash, as AD FS has it", "Bearer " + slash, "", 200, "", "", false},
		{"anonymous", "none", "", 401, "Basic", "", false},
		{"Basic credentials", "Basic YWRhOng=", "", 401, "Basic", "", false},
		{"empty, no identity", "Bearer", "", 401, "Bearer Basic", "4000000", false},
		{"empty, identity", "Bearer", ada, 401, "Bearer Basic", "", true},
		{"empty, a stranger", "Bearer", "eve@contoso.com", 401, "Bearer Basic", "4000000", false},
		{"malformed", "Bearer abc", "", 401, "Bearer Basic", "2000001", true},
		{"forged", "Bearer " + good[:len(good)-8] + "AAAAAAAA", "", 401, "Bearer Basic", "2000000", true},
		{"for another resource", "Bearer " + other, "", 401, "Bearer Basic", "2000003", true},
		{"without an audience", "Bearer " + none, "", 401, "Bearer Basic", "2000003", true},
	} {
		status, h := get(tt.auth, tt.identity)
		var schemes []string
		for _, c := range h.Values("WWW-Authenticate") {
			s, _, _ := strings.Cut(c, " ")
			schemes = append(schemes, s)
		}
		d, _, _ := strings.Cut(h.Get("X-MS-Diagnostics"), ";")
		if status != tt.status || strings.Join(schemes, " ") != tt.schemes || d != tt.diagnostics ||
			strings.Contains(h.Get("WWW-Authenticate"), "authorization_uri=") != tt.uri || h.Get("request-id") == "" {
			t.Errorf("%s: %d %q %q", tt.name, status, h.Values("WWW-Authenticate"), h.Get("X-MS-Diagnostics"))
		}
		if tt.status == 401 && h.Values("WWW-Authenticate")[len(schemes)-1] != basic {
			t.Errorf("%s: last challenge %q", tt.name, h.Values("WWW-Authenticate"))
		}
	}
	tn.ExpireAccessTokens()
	if status, h := get("Bearer "+good, ""); status != 401 || !strings.HasPrefix(h.Get("X-MS-Diagnostics"), "2000002") {
		t.Errorf("expired: %d %v", status, h)
	}
}

func TestAutoDiscover(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox(ada)
	c := *tn.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	get := func(path string) (int, string, http.Header) {
		resp, err := c.Get("https://outlook.office365.com" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b), resp.Header
	}
	for _, tt := range []struct {
		path   string
		status int
		want   string
	}{
		{"/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol=activesync", 200, `"Protocol":"activesync"`},
		{"/autodiscover/autodiscover.json/v1.0/ada@contoso.com?Protocol=Autodiscoverv1", 200, `"Protocol":"Autodiscoverv1"`},
		{"/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol=XYZ", 400, `"ErrorCode":"ProtocolNotSupported"`},
		{"/autodiscover/autodiscover.json?Email=ada%40contoso.com", 400, "MissingProtocol"},
		{"/autodiscover/autodiscover.json?Protocol=EWS", 400, "MandatoryParameterMissing"},
		{"/autodiscover/autodiscover.xml", 405, ""},
		{"/autodiscover/other", 404, ""},
		{"/owa", 401, ""},
		{"/autodiscover/autodiscover.json/v1.0/eve@contoso.com?Protocol=ActiveSync", 302, "Object moved"},
	} {
		if status, body, _ := get(tt.path); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.path, status, body, tt.status, tt.want)
		}
	}
	if _, _, h := get("/autodiscover/autodiscover.json/v1.0/eve@contoso.com?Protocol=ActiveSync"); h.Get("Location") != "https://outlook.office365.com/autodiscover/autodiscover.json?Email=eve%40contoso.com&Protocol=ActiveSync&RedirectCount=1" {
		t.Errorf("Location %s", h.Get("Location"))
	}
	if resp, err := c.Post("https://outlook.office365.com/autodiscover/autodiscover.json", "", nil); err != nil || resp.StatusCode != 405 {
		t.Errorf("POST: %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	if len(tn.Requests()) == 0 || strings.Contains(fmt.Sprintf("%+v", tn.Requests()), "ada%40") {
		t.Error("the transcript is empty or holds the address")
	}
}

// judge validates every answer of the server, as XML, by the schemas of the Open Specifications,
// where they and xmllint are at hand: EAS_XSD names the folder, or it is shared/eas-xsd beside
// the repository. It returns the commands that were judged, and nil if there is no judge.
func judge(t *testing.T, tn *eastest.Tenant) map[string]bool {
	t.Helper()
	dir := os.Getenv("EAS_XSD")
	if dir == "" {
		dir, _ = filepath.Abs("../../../shared/eas-xsd")
	}
	if _, err := os.Stat(filepath.Join(dir, "SyncResponse.xsd")); err != nil {
		t.Log("the schemas of ActiveSync documents are not here; EAS_XSD names their folder")
		return nil
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("xmllint is not installed")
		return nil
	}
	judged, seen := map[string]bool{}, map[string]bool{}
	for _, r := range tn.Requests() {
		if r.ResponseDocument == "" || seen[r.ResponseDocument] {
			continue
		}
		judged[r.Command], seen[r.ResponseDocument] = true, true
		schema := filepath.Join(dir, r.Command+"Response.xsd")
		if _, err := os.Stat(schema); err != nil {
			t.Errorf("no schema for %s", r.Command)
			continue
		}
		name := filepath.Join(t.TempDir(), "doc.xml")
		if err := os.WriteFile(name, []byte(r.ResponseDocument), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, name).CombinedOutput(); err != nil {
			var errs []string
			for line := range strings.Lines(string(out)) {
				if strings.HasPrefix(line, name) {
					errs = append(errs, line)
				}
			}
			t.Errorf("%s: %s\n%s", r.Command, errs, r.ResponseDocument)
		}
	}
	t.Logf("%d answers to %d commands were judged", len(seen), len(judged))
	return judged
}

// The answers to all commands are valid.
func TestSchemas(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{})
	s := newStranger(t, tn, "16.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	options := `<Options><FilterType>0</FilterType><BodyPreference xmlns="AirSyncBase"><Type>1</Type><Preview>20</Preview></BodyPreference></Options>`
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId><WindowSize>1</WindowSize>`+options, ""))
	_, _, _ = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`+options+
		`<Commands><Change><ServerId>`+between(a, "<ServerId>", "</ServerId>")+`</ServerId><ApplicationData><Read xmlns="Email">1</Read></ApplicationData></Change><Delete><ServerId>x</ServerId></Delete></Commands>`, ""))
	_, _, _ = s.post("Sync", syncDoc(`<SyncKey>9</SyncKey><CollectionId>1</CollectionId>`, ""))
	s.post("Ping", `<Ping xmlns="Ping"><HeartbeatInterval>1</HeartbeatInterval></Ping>`)
	s.post("SendMail", `<SendMail xmlns="ComposeMail"><ClientId>1</ClientId><Mime>x</Mime></SendMail>`)
	useEverything(t, tn)
	judged := judge(t, tn)
	if judged == nil {
		t.Skip("there is no judge")
	}
	for _, command := range []string{"FolderSync", "Sync", "Ping", "Provision", "SendMail", "SmartReply", "FolderCreate", "FolderUpdate", "FolderDelete",
		"MoveItems", "GetItemEstimate", "ItemOperations", "MeetingResponse", "Search", "Find", "Settings", "ResolveRecipients", "ValidateCert"} {
		if !judged[command] {
			t.Errorf("no answer to %s was judged", command)
		}
	}
}

// useEverything has the tenant answer every command.
func useEverything(t *testing.T, tn *eastest.Tenant) {
	ctx := t.Context()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	box := tn.AddMailbox("eve@contoso.com",
		&eas.Email{Subject: "Attached", From: ada, Body: &eas.Body{Data: "text"}, Attachments: []eas.Attachment{{Name: "a", Content: []byte("content")}}},
		&eas.Email{Subject: "Invited", From: ada, MessageClass: "IPM.Schedule.Meeting.Request", Meeting: &eas.MeetingRequest{Start: start, End: start.Add(time.Hour), Organizer: ada}})
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Carl", FileAs: "Carl", Emails: [3]string{"carl@contoso.com"}})
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "Event", Start: start, End: start.Add(time.Hour)})
	box.Put(eas.FolderTasks, &eas.Task{Subject: "Task"})
	box.Put(eas.FolderNotes, &eas.Note{Subject: "Note"})
	c := &eas.Client{URL: tn.URL(), User: "eve@contoso.com", Token: bearer.Static(tn.Token("eve@contoso.com")), HTTPClient: tn.Client(), Versions: []eas.Version{eas.Version161}}
	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	var mails []eas.Entry
	var key eas.SyncKey
	for _, f := range folders.Added {
		for page, err := range c.Pages(ctx, f.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: f.Type.Class()}) {
			if err != nil {
				t.Fatal(err)
			}
			if f.ID == inbox.ID {
				mails, key = append(mails, page.Added...), page.Key
			}
		}
	}
	f, hierarchy, err := c.FolderCreate(ctx, folders.Key, "0", "F", eas.FolderUserMail)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check(err)
	hierarchy, err = c.FolderUpdate(ctx, hierarchy, f)
	check(err)
	_, err = c.GetItemEstimate(ctx, inbox.ID, key, nil)
	check(err)
	_, err = c.FetchItem(ctx, inbox.ID, mails[0].ID, nil)
	check(err)
	check(c.SmartReply(ctx, eas.MailSource{Folder: inbox.ID, Item: mails[0].ID}, strings.NewReader("To: ada@contoso.com\r\n\r\nx"), nil))
	_ = c.SmartReply(ctx, eas.MailSource{Folder: inbox.ID, Item: "9:9"}, strings.NewReader("To: ada@contoso.com\r\n\r\nx"), nil) // status 150
	_, err = c.MeetingResponse(ctx, eas.MeetingAnswer{Folder: inbox.ID, Item: mails[1].ID, Response: eas.ResponseAccepted, Send: true})
	check(err)
	_, err = c.MoveItems(ctx, eas.Move{Item: mails[0].ID, From: inbox.ID, To: f.ID}, eas.Move{Item: "9:9", From: inbox.ID, To: f.ID})
	check(err)
	_, err = c.Search(ctx, eas.Query{Text: "attached"}, &eas.SearchOptions{Items: &eas.ItemOptions{}})
	check(err)
	_, err = c.Search(ctx, eas.Query{Text: "nothing at all"}, nil)
	check(err)
	_, err = c.SearchPeople(ctx, "eve", &eas.SearchOptions{Pictures: 1})
	check(err)
	_, err = c.Find(ctx, eas.Query{Text: "attached"}, nil)
	check(err)
	_, err = c.FindPeople(ctx, "eve", &eas.SearchOptions{Pictures: 1})
	check(err)
	check(c.SetOutOfOffice(ctx, &eas.OutOfOffice{State: eas.OutOfOfficeOn, Internal: &eas.OutOfOfficeMessage{Enabled: true, Text: "x"}}))
	_, err = c.OutOfOffice(ctx, eas.BodyPlain)
	check(err)
	_, err = c.UserInformation(ctx)
	check(err)
	check(c.SetDeviceInformation(ctx, nil))
	check(c.SetDevicePassword(ctx, "1"))
	_, err = c.RightsTemplates(ctx)
	check(err)
	_, err = c.ResolveRecipients(ctx, []string{"eve", "nobody"}, &eas.ResolveOptions{Certificates: eas.FullCertificates, Start: start, End: start.Add(time.Hour)})
	check(err)
	_, err = c.ValidateCert(ctx, [][]byte{tn.Certificate().Raw, {1}}, nil, false)
	check(err)
	_ = c.MoveConversation(ctx, []byte("x"), f.ID) // status 6
	check(c.EmptyFolder(ctx, f.ID, true))
	_, err = c.FolderDelete(ctx, hierarchy, f.ID)
	check(err)
}

// Bytes of a stranger: no panic, and always an answer.
func FuzzExchange(f *testing.F) {
	folder, _ := hex.DecodeString("03016a00000756520330000101")
	f.Add("Cmd=FolderSync&DeviceId=device1&DeviceType=test", folder)
	f.Add("Cmd=Sync&DeviceId=device1&DeviceType=test", []byte("\x03\x01\x6a\x00\x45\x5c\x4f\x4b\x030\x00\x01\x52\x031\x00\x01\x01\x01\x01"))
	f.Add("jAkHBBCoHzHhi8b5YrNnTZh4inyaBAAAAAACV1A=", folder)
	f.Add("Cmd=SendMail&DeviceId=device1&DeviceType=test", []byte{})
	tn := eastest.New(nil, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{None: true}}})
	f.Cleanup(tn.Close)
	tn.AddMailbox(ada, &eas.Email{Subject: "x"})
	token := tn.Token(ada).AccessToken
	waits := regexp.MustCompile(`Ping`)
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		if waits.MatchString(query) || bytes.ContainsAny(body, "\x64\x69") { // Wait, HeartbeatInterval
			return
		}
		req, err := http.NewRequest("POST", tn.URL().String(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.URL.RawQuery = query
		if strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
			return
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("MS-ASProtocolVersion", "16.1")
		req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
		resp, err := tn.Client().Do(req)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	})
}
