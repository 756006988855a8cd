package eastest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

const typeWBXML = "application/vnd.ms-sync.wbxml"

var versions = []eas.Version{eas.Version121, eas.Version140, eas.Version141, eas.Version160, eas.Version161}

// commands that Exchange lists. Those that the tenant does not serve are answered with
// status 137.
const commands = "Sync,SendMail,SmartForward,SmartReply,GetAttachment,GetHierarchy,CreateCollection," +
	"DeleteCollection,MoveCollection,FolderSync,FolderCreate,FolderDelete,FolderUpdate,MoveItems,GetItemEstimate," +
	"MeetingResponse,Search,Settings,Ping,ItemOperations,Provision,ResolveRecipients,ValidateCert,Find"

// A call is one command of one device.
type call struct {
	*Tenant
	w       http.ResponseWriter
	r       *http.Request
	box     *Mailbox
	dev     *partner
	version eas.Version
	offers  string // the versions that the server lists
	key     string // X-MS-PolicyKey
	saved   bool   // SaveInSent
	window  int    // how many changes this Sync may still send
	query
	body []byte
	root *node // nil for an empty body
}

// A query is what the URL of a command says.
type query struct {
	version                                        eas.Version
	command, user, deviceID, deviceType, policyKey string
	saveInSent, multipart                          bool
	attachment, collection, itemID, longID         string // of commands up to 12.1
}

var commandNames = map[byte]string{
	0: "Sync", 1: "SendMail", 2: "SmartForward", 3: "SmartReply", 4: "GetAttachment", 9: "FolderSync", 10: "FolderCreate",
	11: "FolderDelete", 12: "FolderUpdate", 13: "MoveItems", 14: "GetItemEstimate", 15: "MeetingResponse", 16: "Search",
	17: "Settings", 18: "Ping", 19: "ItemOperations", 20: "Provision", 21: "ResolveRecipients", 22: "ValidateCert", 23: "Find",
}

// parseQuery reads either form of a command's query. [MS-ASHTTP] 2.2.1.1.1
func parseQuery(raw string) (query, bool) {
	if strings.Contains(raw, "Cmd=") {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return query{}, false
		}
		return query{
			command: v.Get("Cmd"), user: v.Get("User"), deviceID: v.Get("DeviceId"), deviceType: v.Get("DeviceType"),
			saveInSent: v.Get("SaveInSent") == "T", attachment: v.Get("AttachmentName"), collection: v.Get("CollectionId"),
			itemID: v.Get("ItemId"), longID: v.Get("LongId"),
		}, true
	}
	b, err := base64.StdEncoding.DecodeString(raw)
	if err != nil || len(b) < 4 {
		return query{}, false
	}
	q := query{version: eas.Version(fmt.Sprintf("%d.%d", b[0]/10, b[0]%10)), command: commandNames[b[1]]}
	b = b[4:] // version, command and locale
	take := func() ([]byte, bool) {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return nil, false
		}
		v := b[1 : 1+int(b[0])]
		b = b[1+int(b[0]):]
		return v, true
	}
	id, ok1 := take()
	key, ok2 := take()
	typ, ok3 := take()
	if !ok1 || !ok2 || !ok3 || len(key) != 0 && len(key) != 4 {
		return query{}, false
	}
	q.deviceID, q.deviceType = string(id), string(typ)
	if !isAlnum(q.deviceID) {
		q.deviceID = hex.EncodeToString(id) // Windows sends the bytes of a GUID
	}
	if len(key) == 4 {
		q.policyKey = strconv.FormatUint(uint64(binary.LittleEndian.Uint32(key)), 10)
	}
	for len(b) > 0 {
		tag := b[0]
		b = b[1:]
		v, ok := take()
		if !ok {
			return query{}, false
		}
		switch {
		case tag == 8:
			q.user = string(v)
		case tag == 7 && len(v) == 1:
			q.saveInSent, q.multipart = v[0]&1 != 0, v[0]&2 != 0
		case tag == 0:
			q.attachment = string(v)
		case tag == 1:
			q.collection = string(v)
		case tag == 3:
			q.itemID = string(v)
		case tag == 4:
			q.longID = string(v)
		}
	}
	return q, true
}

func isAlnum(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// serveExchange is /Microsoft-Server-ActiveSync.
func (tn *Tenant) serveExchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	host := hostOf(r)
	tn.mark(w, host)
	if tn.front(w, r, host, "eas") {
		return
	}
	if tn.nanoproxy(w, host) {
		return
	}
	box := tn.checkBearer(w, r, host)
	if box == nil {
		return
	}
	if tn.moved(w, r, host, box) {
		return
	}
	if tn.faulty(host) {
		if _, ok := tn.shows("EAS_403", host, box.addr); ok {
			because(r, "fault EAS_403")
			w.WriteHeader(http.StatusForbidden)
			return
		}
	}
	if tn.tooLarge(w, r, host, box.addr, int64(len(body))) {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "X-BackEndCookie", Value: "BE01", Path: "/Microsoft-Server-ActiveSync", Secure: true, HttpOnly: true})
	w.Header().Set("MS-Server-ActiveSync", tn.product(host).model().server)
	switch r.Method {
	case http.MethodOptions:
		protocolHeaders(w, tn.offered(r, host, box.addr))
		w.Header().Set("Allow", "OPTIONS,POST")
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "OPTIONS,POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	q, ok := parseQuery(r.URL.RawQuery)
	if q.version == "" {
		q.version = eas.Version(r.Header.Get("MS-ASProtocolVersion"))
		q.policyKey = r.Header.Get("X-MS-PolicyKey")
	}
	c := &call{Tenant: tn, w: w, r: r, box: box, query: q, version: q.version, key: q.policyKey, saved: q.saveInSent, body: body, offers: tn.offered(r, host, box.addr)}
	switch {
	case !ok || !isVersion(string(q.version)):
		c.common(101, http.StatusBadRequest)
		return
	case !speaks(c.offers, q.version): // [MS-ASCMD] 2.2.2, status 138
		c.common(138, http.StatusBadRequest)
		return
	case !box.hasMailbox():
		c.common(126, http.StatusForbidden)
		return
	case !isAlnum(q.deviceID) || len(q.deviceID) > 32:
		c.common(108, http.StatusBadRequest)
		return
	case !isAlnum(q.deviceType) || len(q.deviceType) > 32:
		c.common(109, http.StatusBadRequest)
		return
	}
	c.dev = box.partner(q.deviceID, q.deviceType)
	if agent := r.UserAgent(); agent != "" {
		c.dev.agent = agent
	}
	if !c.readBody() {
		return
	}
	c.serve()
}

// isVersion reports whether a version has the form of one.
func isVersion(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	_, err1 := strconv.ParseUint(major, 10, 8)
	_, err2 := strconv.ParseUint(minor, 10, 8)
	return ok && err1 == nil && err2 == nil
}

// readBody decodes the body, or answers that it cannot be.
func (c *call) readBody() bool {
	if len(c.body) == 0 {
		return true
	}
	t, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if t == "message/rfc822" && isMail[c.command] && !c.version.AtLeast(eas.Version140) {
		return true
	}
	if t != typeWBXML && t != "application/vnd.ms-sync" {
		c.common(101, http.StatusBadRequest)
		return false
	}
	root, err := parseTree(c.body)
	if err != nil {
		c.common(102, http.StatusBadRequest)
		return false
	}
	c.root = root
	return true
}

// roots are the elements with which commands begin.
var roots = map[string]wbxml.Tag{
	"Sync": wbxml.AirSyncSync, "FolderSync": wbxml.FolderHierarchyFolderSync, "Ping": wbxml.PingPing,
	"Provision": wbxml.ProvisionProvision, "SendMail": wbxml.ComposeMailSendMail, "SmartReply": wbxml.ComposeMailSmartReply,
	"SmartForward": wbxml.ComposeMailSmartForward, "FolderCreate": wbxml.FolderHierarchyFolderCreate,
	"FolderUpdate": wbxml.FolderHierarchyFolderUpdate, "FolderDelete": wbxml.FolderHierarchyFolderDelete, "MoveItems": wbxml.MoveMoveItems,
	"GetItemEstimate": wbxml.GetItemEstimateGetItemEstimate, "ItemOperations": wbxml.ItemOperationsItemOperations,
	"MeetingResponse": wbxml.MeetingResponseMeetingResponse, "Search": wbxml.SearchSearch, "Find": wbxml.FindFind,
	"Settings": wbxml.SettingsSettings, "ResolveRecipients": wbxml.ResolveRecipientsResolveRecipients,
	"ValidateCert": wbxml.ValidateCertValidateCert, "GetAttachment": 0, "GetHierarchy": 0,
}

// isMail are the commands whose body is a message up to 12.1.
var isMail = map[string]bool{"SendMail": true, "SmartReply": true, "SmartForward": true}

// isBodiless are the commands that may come without a body.
var isBodiless = map[string]bool{"Sync": true, "Ping": true, "GetAttachment": true, "GetHierarchy": true}

func (c *call) serve() {
	root, served := roots[c.command]
	switch {
	case !served && !strings.Contains(","+commands+",", ","+c.command+","):
		c.w.WriteHeader(http.StatusNotImplemented)
		return
	case !served:
		c.common(137, http.StatusNotImplemented)
		return
	case c.root != nil && c.root.tag != root:
		c.common(103, http.StatusBadRequest)
		return
	case c.root == nil && len(c.body) == 0 && !isBodiless[c.command]:
		c.common(101, http.StatusBadRequest)
		return
	}
	if c.command != "Provision" && c.command != "Ping" && !c.wiping() && !c.provisioned() {
		return
	}
	if !c.mayGoOn() {
		return
	}
	switch c.command {
	case "Provision":
		c.provision()
	case "FolderSync":
		c.folderSync()
	case "Sync":
		c.sync()
	case "Ping":
		c.ping()
	case "SendMail", "SmartReply", "SmartForward":
		c.sendMail()
	case "FolderCreate", "FolderUpdate", "FolderDelete":
		c.folderEdit()
	case "MoveItems":
		c.moveItems()
	case "GetItemEstimate":
		c.estimate()
	case "ItemOperations":
		c.itemOperations()
	case "GetAttachment":
		c.getAttachment()
	case "GetHierarchy":
		c.getHierarchy()
	case "MeetingResponse":
		c.meetingResponse()
	case "Search":
		c.search()
	case "Find":
		c.find()
	case "Settings":
		c.settings()
	case "ResolveRecipients":
		c.resolve()
	case "ValidateCert":
		c.validateCert()
	}
}

// common answers with a status that every command has ([MS-ASCMD] 2.2.2), or with the HTTP
// status that versions up to 12.1 have in its place.
func (c *call) common(status, old int) {
	because(c.r, "status %d, or HTTP status %d up to 12.1", status, old)
	if _, ok := statusTags[c.command]; !ok || !c.version.AtLeast(eas.Version140) {
		c.w.WriteHeader(old)
		return
	}
	c.inBand(status)
}

// inBand answers with a status of the command and no more.
func (c *call) inBand(status int) {
	tag := statusTags[c.command]
	var b strings.Builder
	e := wbxml.NewEncoder(&b)
	root := roots[c.command]
	if root == 0 {
		root = wbxml.MakeTag(tag.Page(), 0x05)
		if t, ok := wbxml.Lookup(tag.Namespace(), c.command); ok {
			root = t
		}
	}
	e.Start(root)
	e.Element(tag, strconv.Itoa(status))
	e.End()
	if err := e.Close(); err != nil {
		panic("eastest: " + err.Error())
	}
	c.reply([]byte(b.String()))
}

// statusTags are the status elements of commands.
var statusTags = map[string]wbxml.Tag{
	"Sync": wbxml.AirSyncStatus, "FolderSync": wbxml.FolderHierarchyStatus, "FolderCreate": wbxml.FolderHierarchyStatus,
	"FolderDelete": wbxml.FolderHierarchyStatus, "FolderUpdate": wbxml.FolderHierarchyStatus, "Ping": wbxml.PingStatus,
	"Provision": wbxml.ProvisionStatus, "SendMail": wbxml.ComposeMailStatus, "SmartReply": wbxml.ComposeMailStatus,
	"SmartForward": wbxml.ComposeMailStatus, "MoveItems": wbxml.MoveStatus, "GetItemEstimate": wbxml.GetItemEstimateStatus,
	"MeetingResponse": wbxml.MeetingResponseStatus, "Search": wbxml.SearchStatus, "Settings": wbxml.SettingsStatus,
	"ItemOperations": wbxml.ItemOperationsStatus, "ResolveRecipients": wbxml.ResolveRecipientsStatus,
	"ValidateCert": wbxml.ValidateCertStatus, "Find": wbxml.FindStatus,
}

// answer sends a document.
func (c *call) answer(v any) {
	doc, err := wbxml.Marshal(v)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	c.reply(doc)
}

func (c *call) reply(doc []byte) {
	c.w.Header().Set("Cache-Control", "private")
	if len(doc) > 0 {
		c.w.Header().Set("Content-Type", typeWBXML)
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	_, _ = c.w.Write(doc) // the client may have hung up
}
