package eastest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An interopCase is a case by which Microsoft's interop suites (OfficeDev/Interop-TestSuites)
// test a server: what a device requests of the tenant at each of the versions, and what the
// response must hold. Each version of each case has a tenant of its own.
type interopCase struct {
	name, versions string
	ask            func(d *device)
}

const (
	every    = "12.1 14.1 16.1"
	to12     = "12.1"
	to141    = "12.1 14.1"
	from14   = "14.0 14.1 16.1"
	from141  = "14.1 16.1"
	from16   = "16.0 16.1"
	from161  = "16.1"
	only14x  = "14.0 14.1"
	only141  = "14.1"
	bob      = "bob@contoso.com"
	carol    = "carol@contoso.com"
	inbox    = "1"
	drafts   = "2"
	deleted  = "3"
	sent     = "4"
	outbox   = "5"
	tasks    = "6"
	calendar = "7"
	contacts = "8"
	notes    = "9"
)

// A device is a stranger that writes compact documents: the root element is added, and the
// prefixes of the namespaces are those below.
type device struct {
	*stranger
	box       *eastest.Mailbox
	id        string
	keys      map[string]string // sync keys, by collection
	folderKey string
	clients   int // ClientIds used
}

// prefixes are declared in every document.
const prefixes = ` xmlns:a="AirSync" xmlns:b="AirSyncBase" xmlns:c="Calendar" xmlns:e="Email" xmlns:e2="Email2" xmlns:k="Contacts"` +
	` xmlns:k2="Contacts2" xmlns:t="Tasks" xmlns:n="Notes" xmlns:s="Search" xmlns:set="Settings" xmlns:r="RightsManagement"` +
	` xmlns:d="DocumentLibrary" xmlns:io="ItemOperations" xmlns:h="FolderHierarchy"`

// namespaces are those of the root elements.
var namespaces = map[string]string{
	"Sync": "AirSync", "FolderSync": "FolderHierarchy", "FolderCreate": "FolderHierarchy", "FolderDelete": "FolderHierarchy",
	"FolderUpdate": "FolderHierarchy", "SendMail": "ComposeMail", "SmartReply": "ComposeMail", "SmartForward": "ComposeMail", "MoveItems": "Move",
}

// wbxmlOf writes a document of the command.
func (d *device) wbxmlOf(command, inner string) []byte {
	d.t.Helper()
	ns := namespaces[command]
	if ns == "" {
		ns = command
	}
	var b bytes.Buffer
	doc := `<` + command + ` xmlns="` + ns + `"` + prefixes + `>` + inner + `</` + command + `>`
	if err := wbxml.FromXML(&b, strings.NewReader(doc)); err != nil {
		d.t.Fatalf("%s: %v", doc, err)
	}
	return b.Bytes()
}

// do sends a command whose document holds inner.
func (d *device) do(command, inner string) reply {
	d.t.Helper()
	return d.with("", command, d.wbxmlOf(command, inner))
}

// with sends a body with a query that is longer by more.
func (d *device) with(more, command string, body []byte) reply {
	d.t.Helper()
	code, h, a := d.raw("Cmd="+command+"&User=ada&DeviceId="+d.id+"&DeviceType=test"+more, "application/vnd.ms-sync.wbxml", body)
	return d.reply(code, h, a)
}

// atLeast reports whether the device's version is v or later.
func (d *device) atLeast(v string) bool { return d.version >= v }

// newDevice returns a device of ada's in a tenant where bob and carol have mailboxes, too.
func newDevice(t *testing.T, version string) *device {
	t.Helper()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	for _, addr := range []string{ada, bob, carol} {
		tn.AddMailbox(addr)
	}
	return deviceOf(t, tn, ada, version)
}

// as returns a device of another user of the tenant.
func (d *device) as(addr string) *device {
	d.t.Helper()
	other := deviceOf(d.t, d.tn, addr, d.version)
	d.clients += 100 // the next device of this user shall not use its ClientIds
	other.clients = d.clients
	return other
}

func deviceOf(t *testing.T, tn *eastest.Tenant, addr, version string) *device {
	t.Helper()
	s := &stranger{t: t, tn: tn, version: version, key: "0", token: tn.Token(addr).AccessToken}
	d := &device{stranger: s, box: tn.Mailbox(addr), keys: map[string]string{}, id: "device1"}
	d.provision()
	return d
}

// provision takes the policy, and the hierarchy.
func (d *device) provision() {
	d.t.Helper()
	d.key = "0"
	d.key = d.do("Provision", d.information()+policyRequest).text("PolicyKey")
	d.key = d.do("Provision", acknowledge(d.key, "1")).text("PolicyKey")
	d.folderKey = d.do("FolderSync", `<SyncKey>0</SyncKey>`).text("SyncKey")
}

const policyRequest = `<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies>`

func acknowledge(key, status string) string {
	return `<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>` + key + `</PolicyKey><Status>` + status + `</Status></Policy></Policies>`
}

// information is what a Provision of 14.1 and later begins with.
func (d *device) information() string {
	if !d.atLeast("14.1") {
		return ""
	}
	return `<set:DeviceInformation><set:Set><set:Model>m</set:Model></set:Set></set:DeviceInformation>`
}

// classes are those of the folders.
var classes = map[string]string{tasks: "Tasks", calendar: "Calendar", contacts: "Contacts", notes: "Notes"}

// collection returns a collection of a Sync with its key.
func (d *device) collection(folder, more string) string {
	key := d.keys[folder]
	if key == "" {
		key = "0"
	}
	class := ""
	if !d.atLeast("14.0") {
		class = classes[folder]
		if class == "" {
			class = "Email"
		}
		class = "<Class>" + class + "</Class>"
	}
	return `<Collection>` + class + `<SyncKey>` + key + `</SyncKey><CollectionId>` + folder + `</CollectionId>` + more + `</Collection>`
}

// prime gets the first key of a folder, and keeps it.
func (d *device) prime(folder, more string) reply {
	d.t.Helper()
	delete(d.keys, folder)
	return d.collections(d.collection(folder, more))
}

// sync requests a folder, with more after CollectionId and rest after Collections; it gets the
// first key where it has none, and keeps the new one.
func (d *device) sync(folder, more string, rest ...string) reply {
	d.t.Helper()
	if d.keys[folder] == "" {
		d.prime(folder, "")
	}
	return d.collections(d.collection(folder, more), rest...)
}

func (d *device) collections(all string, rest ...string) reply {
	d.t.Helper()
	r := d.do("Sync", `<Collections>`+all+`</Collections>`+strings.Join(rest, ""))
	for _, c := range r.all("Collection") {
		if c.text("Status") == "1" {
			d.keys[c.text("CollectionId")] = c.text("SyncKey")
		}
	}
	return r
}

// fresh returns all items of a folder as a device gets them that begins with key 0.
func (d *device) fresh(folder, options string) reply {
	d.t.Helper()
	d.prime(folder, "")
	return d.sync(folder, `<WindowSize>512</WindowSize>`+options)
}

// commands sends commands for items of a folder.
func (d *device) commands(folder, cmds string) reply {
	d.t.Helper()
	if d.keys[folder] == "" {
		d.sync(folder, "")
	}
	return d.sync(folder, `<Commands>`+cmds+`</Commands>`)
}

// addition returns an Add with a ClientId that was not used before.
func (d *device) addition(data string) string {
	d.clients++
	return fmt.Sprintf(`<Add><ClientId>client%d</ClientId><ApplicationData>%s</ApplicationData></Add>`, d.clients, data)
}

// second returns another device of the same user, which has the items of a folder.
func (d *device) second(folder string) *device {
	d.t.Helper()
	s := *d.stranger
	e := &device{stranger: &s, box: d.box, keys: map[string]string{}, id: "device2"}
	e.provision()
	e.sync(folder, "")
	return e
}

// add adds an item, which must succeed, and returns its ID.
func (d *device) add(folder, data string) string {
	d.t.Helper()
	return d.commands(folder, d.addition(data)).is("Responses/Add/Status", "1").has("Responses/Add/ServerId").text("Responses/Add/ServerId")
}

// change changes an item.
func (d *device) change(folder, id, data string) reply {
	d.t.Helper()
	return d.commands(folder, `<Change><ServerId>`+id+`</ServerId><ApplicationData>`+data+`</ApplicationData></Change>`)
}

// applied is what a Sync returns whose commands all succeeded without anything to say.
func (r reply) applied() reply {
	r.d.t.Helper()
	return r.is("Collection/Status", "1").lacks("Responses")
}

// fetch fetches an item by ItemOperations.
func (d *device) fetch(folder, id, options string) reply {
	d.t.Helper()
	return d.do("ItemOperations", `<Fetch><Store>Mailbox</Store><a:CollectionId>`+folder+`</a:CollectionId><a:ServerId>`+id+`</a:ServerId>`+options+`</Fetch>`)
}

// get fetches an item, which must succeed, and returns its properties.
func (d *device) get(folder, id, options string) reply {
	d.t.Helper()
	return d.fetch(folder, id, options).is("Fetch/Status", "1").in("Properties")
}

// first returns the ID of the first item of a folder.
func (d *device) first(folder string) string {
	d.t.Helper()
	return d.fresh(folder, "").has("Add/ServerId").text("Add/ServerId")
}

// preference is a BodyPreference with what stands in it after Type.
func preference(kind int, more string) string {
	return `<b:BodyPreference><b:Type>` + strconv.Itoa(kind) + `</b:Type>` + more + `</b:BodyPreference>`
}

// message is a mail as a device sends it.
func message(to, subject, text string) string {
	return "From: " + ada + "\r\nTo: " + to + "\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
}

// send sends, answers or forwards a mail in the form of the device's version. source is the mail
// that is answered or forwarded, as its folder and its ID.
func (d *device) send(command, mime string, source ...string) reply {
	d.t.Helper()
	if !d.atLeast("14.0") {
		more := ""
		if source != nil {
			more = "&CollectionId=" + source[0] + "&ItemId=" + source[1]
		}
		code, h, a := d.raw("Cmd="+command+"&User=ada&DeviceId=device1&DeviceType=test&SaveInSent=T"+more, "message/rfc822", []byte(mime))
		return d.reply(code, h, a)
	}
	of := ""
	if source != nil {
		of = `<Source><FolderId>` + source[0] + `</FolderId><ItemId>` + source[1] + `</ItemId>` + strings.Join(source[2:], "") + `</Source>`
	}
	d.clients++
	id := fmt.Sprintf("<ClientId>mail%d</ClientId>", d.clients)
	return d.do(command, id+`<SaveInSentItems/>`+of+`<Mime>`+escaped(mime)+`</Mime>`)
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

// empty is what a command returns that succeeded and has nothing to say.
func (r reply) empty() reply {
	r.d.t.Helper()
	if r.code != http.StatusOK || r.body != "" {
		r.d.t.Errorf("%s, want an empty response", r)
	}
	return r
}

// refused is a status that every command has, which up to 12.1 is one of HTTP.
func (r reply) refused(status string, old int) reply {
	r.d.t.Helper()
	if !r.d.atLeast("14.0") {
		if r.code != old {
			r.d.t.Errorf("%s, want HTTP status %d", r, old)
		}
		return r
	}
	if r.root == nil || r.root.value("Status") != status {
		r.d.t.Errorf("%s, want status %s", r, status)
	}
	return r
}

// A reply is a response, or a part of one.
type reply struct {
	d      *device
	code   int
	header http.Header
	body   string
	root   *element
}

func (r reply) String() string {
	const most = 2000
	s := strings.TrimPrefix(r.body, `<?xml version="1.0" encoding="utf-8"?>`)
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("HTTP %d %s", r.code, strings.TrimSpace(s))
}

// An element is one of a response.
type element struct {
	name, text string
	kids       []*element
}

func (e *element) value(name string) string {
	for _, k := range e.kids {
		if k.name == name {
			return k.text
		}
	}
	return ""
}

func (d *device) reply(code int, h http.Header, body string) reply {
	d.t.Helper()
	r := reply{d: d, code: code, header: h, body: body}
	var stack []*element
	dec := xml.NewDecoder(strings.NewReader(body))
	for body != "" {
		t, err := dec.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.kids = append(top.kids, e)
			} else {
				r.root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
	return r
}

// find returns the elements at a path such as Add/ServerId, which may begin anywhere.
func (r reply) find(path string) []*element {
	want := strings.Split(path, "/")
	var out []*element
	var walk func(e *element, above []string)
	walk = func(e *element, above []string) {
		above = append(above, e.name)
		if len(above) >= len(want) && slices.Equal(above[len(above)-len(want):], want) {
			out = append(out, e)
		}
		for _, k := range e.kids {
			walk(k, above)
		}
	}
	if r.root != nil {
		walk(r.root, nil)
	}
	return out
}

// all returns the parts of the response at a path.
func (r reply) all(path string) []reply {
	var out []reply
	for _, e := range r.find(path) {
		p := r
		p.root = e
		out = append(out, p)
	}
	return out
}

// in returns the first part at a path; of those in which the elements at name have the text value,
// if these are given.
func (r reply) in(path string, nameValue ...string) reply {
	r.d.t.Helper()
	for _, p := range r.all(path) {
		if nameValue == nil || slices.Contains(p.texts(nameValue[0]), nameValue[1]) {
			return p
		}
	}
	r.d.t.Errorf("no %s %s in %s", path, nameValue, r)
	r.root = nil
	return r
}

func (r reply) texts(path string) []string {
	var out []string
	for _, e := range r.find(path) {
		out = append(out, e.text)
	}
	return out
}

// text returns the text of the first element at a path.
func (r reply) text(path string) string {
	for _, e := range r.find(path) {
		return e.text
	}
	return ""
}

// is requires the first element at a path to have a text.
func (r reply) is(path, want string) reply {
	r.d.t.Helper()
	if found := r.find(path); len(found) == 0 || found[0].text != want {
		r.d.t.Errorf("%s is not %q in %s", path, want, r)
	}
	return r
}

// isNot requires that no element at a path has a text.
func (r reply) isNot(path, unwanted string) reply {
	r.d.t.Helper()
	if slices.Contains(r.texts(path), unwanted) {
		r.d.t.Errorf("%s is %q in %s", path, unwanted, r)
	}
	return r
}

// holds requires the text of an element at a path to hold another.
func (r reply) holds(path, part string) reply {
	r.d.t.Helper()
	if !slices.ContainsFunc(r.texts(path), func(s string) bool { return strings.Contains(s, part) }) {
		r.d.t.Errorf("%s does not hold %q in %s", path, part, r)
	}
	return r
}

// has requires elements at paths.
func (r reply) has(paths ...string) reply {
	r.d.t.Helper()
	for _, path := range paths {
		if len(r.find(path)) == 0 {
			r.d.t.Errorf("no %s in %s", path, r)
		}
	}
	return r
}

// lacks requires that there are none.
func (r reply) lacks(paths ...string) reply {
	r.d.t.Helper()
	for _, path := range paths {
		if len(r.find(path)) > 0 {
			r.d.t.Errorf("%s is there in %s", path, r)
		}
	}
	return r
}

// count requires a number of elements at a path.
func (r reply) count(path string, n int) reply {
	r.d.t.Helper()
	if got := len(r.find(path)); got != n {
		r.d.t.Errorf("%d times %s, want %d, in %s", got, path, n, r)
	}
	return r
}

// http requires a status of HTTP.
func (r reply) http(code int) reply {
	r.d.t.Helper()
	if r.code != code {
		r.d.t.Errorf("%s, want HTTP status %d", r, code)
	}
	return r
}

// interopTests are the cases by the test that asks them.
var interopTests = map[string][]interopCase{
	"TestInteropFolders":  folderCases,
	"TestInteropSync":     slices.Concat(estimateCases, syncCases),
	"TestInteropItems":    itemCases,
	"TestInteropMail":     slices.Concat(mailCases, commonCases),
	"TestInteropSettings": slices.Concat(settingsCases, provisionCases),
	"TestInteropHTTP":     httpCases,
	"TestInteropContacts": slices.Concat(contactCases, taskCases, noteCases),
	"TestInteropCalendar": calendarCases,
	"TestInteropEmail":    slices.Concat(emailCases, flagCases),
	"TestInteropMeeting":  meetingCases,
	"TestInteropBody":     slices.Concat(bodyCases, conversationCases),
	"TestInteropSearch":   slices.Concat(resolveCases, searchCases, findCases),
}

func askInterop(t *testing.T, cases []interopCase) {
	t.Helper()
	for _, c := range cases {
		for version := range strings.FieldsSeq(c.versions) {
			t.Run(c.name+"/"+version, func(t *testing.T) { c.ask(newDevice(t, version)) })
		}
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestInteropTable holds testdata/interop.tsv, which lists every case of the suites with the test
// that asks it of the tenant, or why none does, to the tests that there are, and to the list of
// cases where it stands beside the repository.
func TestInteropTable(t *testing.T) {
	tests := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(b, -1) {
			tests[string(m[1])] = true
		}
	}
	askedBy := map[string]string{}
	for test, cases := range interopTests {
		for _, c := range cases {
			if askedBy[c.name] != "" {
				t.Errorf("%s is there twice", c.name)
			}
			askedBy[c.name] = test
		}
	}
	b, err := os.ReadFile("testdata/interop.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	listed := map[string]bool{}
	asked := 0
	for _, line := range lines[1:] {
		name, by, _ := strings.Cut(line, "\t")
		if listed[name] {
			t.Errorf("%s is listed twice", name)
		}
		listed[name] = true
		if test := askedBy[name]; test != "" && by != test || test == "" && interopTests[by] != nil {
			t.Errorf("%s is listed as %q, and %q asks it", name, by, test)
		}
		kind, why, ok := strings.Cut(by, ": ")
		switch {
		case ok && why != "" && (kind == "not asked" || kind == "wrong"):
			continue
		case !tests[by]:
			t.Errorf("%s is asked by %q, which is not a test", name, by)
		}
		asked++
	}
	for name := range askedBy {
		if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	t.Logf("%d cases, of which %d are asked", len(listed), asked)
	if b, err = os.ReadFile("../../../shared/cases/interop.tsv"); err != nil {
		t.Log("the list of cases is not beside the repository")
		return
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if name := f[len(f)-1]; name != "test_case" && !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}

// mailOf returns a mail with a plain body.
func mailOf(subject, text string) *eas.Email {
	return &eas.Email{Subject: subject, From: bob, Body: &eas.Body{Type: eas.BodyPlain, Data: text}}
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
