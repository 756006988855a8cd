package eastest_test

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
)

// TestInteropHTTP asks by either form of the query, and by headers. [MS-ASHTTP] 2.2.1, 2.2.2
func TestInteropHTTP(t *testing.T) { askInterop(t, interopTests["TestInteropHTTP"]) }

// codes are those of the commands in a query that is encoded by base64. [MS-ASHTTP] 2.2.1.1.1.1.2
var codes = map[string]byte{
	"Sync": 0, "SendMail": 1, "SmartForward": 2, "SmartReply": 3, "GetAttachment": 4, "FolderSync": 9, "FolderCreate": 10, "FolderDelete": 11,
	"FolderUpdate": 12, "MoveItems": 13, "GetItemEstimate": 14, "MeetingResponse": 15, "Search": 16, "Settings": 17, "Ping": 18,
	"ItemOperations": 19, "Provision": 20, "ResolveRecipients": 21, "ValidateCert": 22,
}

// parameters are the tags of a query's parameters. [MS-ASHTTP] 2.2.1.1.1.1.3
var parameters = map[string]byte{"AttachmentName": 0, "CollectionId": 1, "ItemId": 3, "LongId": 4, "Occurrence": 6, "Options": 7, "User": 8}

// compact is the query of a command in its base64 form. The policy key and the version stand in it,
// and in no header.
func (d *device) compact(command string, pairs ...string) string {
	version, err := strconv.Atoi(strings.ReplaceAll(d.version, ".", ""))
	if err != nil {
		d.t.Fatal(err)
	}
	b := []byte{byte(version), codes[command], 9, 4}
	b = append(append(b, byte(len(d.id))), d.id...)
	if key, err := strconv.ParseUint(d.key, 10, 32); err == nil && key > 0 {
		b = binary.LittleEndian.AppendUint32(append(b, 4), uint32(key))
	} else {
		b = append(b, 0)
	}
	b = append(append(b, 4), "test"...)
	for i := 0; i < len(pairs); i += 2 {
		b = append(append(b, parameters[pairs[i]], byte(len(pairs[i+1]))), pairs[i+1]...)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// compactly sends a command with a query in base64, and without the headers that it makes up for.
func (d *device) compactly(command, contentType string, body []byte, pairs ...string) reply {
	d.t.Helper()
	query := d.compact(command, pairs...)
	key, version := d.key, d.version
	d.key, d.version = "", ""
	defer func() { d.key, d.version = key, version }()
	code, h, a := d.raw(query, contentType, body)
	return d.reply(code, h, a)
}

const typeWBXML = "application/vnd.ms-sync.wbxml"

// source is how a mail is named that is answered or forwarded, as parameters of a query.
func (d *device) answers(command string, compactly bool, pairs ...string) reply {
	d.t.Helper()
	mime := []byte(message(bob, "FW", "see below"))
	if compactly {
		return d.compactly(command, "message/rfc822", mime, pairs...)
	}
	query := "Cmd=" + command + "&User=ada&DeviceId=" + d.id + "&DeviceType=test"
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "Options" {
			query += "&SaveInSent=T"
			continue
		}
		query += "&" + pairs[i] + "=" + strings.ReplaceAll(pairs[i+1], "=", "%3D")
	}
	code, h, a := d.raw(query, "message/rfc822", mime)
	return d.reply(code, h, a)
}

// savesInSent forwards a mail by its folder and ID, with a copy for Sent Items.
func (d *device) savesInSent(compactly bool) {
	d.t.Helper()
	id, _ := d.attached("content")
	d.answers("SmartForward", compactly, "CollectionId", inbox, "ItemId", id, "Options", "\x01").http(200).empty()
	d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).holds("Body/Data", "text").has("Attachment")
	d.fresh(sent, "").count("Add", 1)
	d.answers("SmartReply", compactly, "CollectionId", inbox, "ItemId", id).http(200).empty()
	d.fresh(sent, "").count("Add", 1)
}

// byLongID forwards a mail by the LongId of a search.
func (d *device) byLongID(compactly bool) {
	d.t.Helper()
	d.box.Deliver(mailOf("needle", "original"))
	long := d.search("Mailbox", and(within(inbox), freeText("needle")), "").has("Result/LongId").text("Result/LongId")
	d.answers("SmartForward", compactly, "LongId", long).http(200).empty()
	d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).holds("Body/Data", "original")
}

// ofOccurrence forwards an occurrence of a series.
func (d *device) ofOccurrence(compactly bool) {
	d.t.Helper()
	id := d.add(calendar, eventData("series", d.tomorrow(), daily))
	occurrence := d.tomorrow().AddDate(0, 0, 1).Format("2006-01-02T15:04:05.000Z")
	d.answers("SmartForward", compactly, "CollectionId", calendar, "ItemId", id, "Occurrence", occurrence).http(200).empty()
	d.answers("SmartReply", compactly, "CollectionId", calendar, "ItemId", id, "Occurrence", occurrence).http(200).empty()
	d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).count("Add", 2).holds("Body/Data", "series")
}

var httpCases = []interopCase{
	{"MSASHTTP_S01_TC01_VerifyContentTypeResponseHeader", every, func(d *device) {
		if r := d.folders("0").http(200); r.header.Get("Content-Type") != typeWBXML {
			d.t.Error(r.header)
		}
	}},
	{"MSASHTTP_S01_TC03_CommandParameter_AttachmentName_Base64", to12, func(d *device) {
		_, ref := d.attached("content")
		if r := d.compactly("GetAttachment", "", nil, "AttachmentName", ref).http(200); r.body != "content" {
			d.t.Error(r)
		}
	}},
	{"MSASHTTP_S01_TC04_CommandParameter_AttachmentName_PlainText", to12, func(d *device) {
		_, ref := d.attached("content")
		if r := d.with("&AttachmentName="+ref, "GetAttachment", nil).http(200); r.body != "content" {
			d.t.Error(r)
		}
	}},
	{"MSASHTTP_S01_TC05_CommandParameter_SaveInSent_Base64", to12, func(d *device) { d.savesInSent(true) }},
	{"MSASHTTP_S01_TC06_CommandParameter_SaveInSent_PlainText", to12, func(d *device) { d.savesInSent(false) }},
	{"MSASHTTP_S01_TC07_CommandParameter_LongId_Base64", to12, func(d *device) { d.byLongID(true) }},
	{"MSASHTTP_S01_TC08_CommandParameter_LongId_PlainText", to12, func(d *device) { d.byLongID(false) }},
	{"MSASHTTP_S01_TC09_CommandParameter_Occurrence_Base64", to12, func(d *device) { d.ofOccurrence(true) }},
	{"MSASHTTP_S01_TC10_CommandParameter_Occurrence_PlainText", to12, func(d *device) { d.ofOccurrence(false) }},
	{"MSASHTTP_S01_TC11_CommandCode_FolderRelatedCommands", every, func(d *device) {
		post := func(command, inner string) reply {
			d.t.Helper()
			return d.compactly(command, typeWBXML, d.wbxmlOf(command, inner)).http(200).is(command+"/Status", "1")
		}
		r := post("FolderCreate", `<SyncKey>`+d.folderKey+`</SyncKey>`+folderDoc(inbox, "new", "12"))
		id := r.text("ServerId")
		r = post("FolderSync", `<SyncKey>0</SyncKey>`)
		r.in("Add", "ServerId", id).is("DisplayName", "new").is("ParentId", inbox)
		post("FolderUpdate", `<SyncKey>`+r.text("SyncKey")+`</SyncKey>`+renameDoc(id, sent, "other"))
		r = post("FolderSync", `<SyncKey>0</SyncKey>`)
		r.in("Add", "ServerId", id).is("DisplayName", "other").is("ParentId", sent)
		post("FolderDelete", `<SyncKey>`+r.text("SyncKey")+`</SyncKey><ServerId>`+id+`</ServerId>`)
		post("FolderSync", `<SyncKey>0</SyncKey>`).isNot("Add/ServerId", id).lacks("ApplicationData")
	}},
	{"MSASHTTP_S01_TC12_CommandCode_ItemRelatedCommands", every, func(d *device) {
		id, ref := d.attached("content")
		post := func(command, inner string, pairs ...string) reply {
			d.t.Helper()
			return d.compactly(command, typeWBXML, d.wbxmlOf(command, inner), pairs...).http(200)
		}
		post("Sync", `<Collections>`+d.collection(inbox, "")+`</Collections>`).empty()
		post("GetItemEstimate", `<Collections>`+d.estimated(inbox, d.keys[inbox], "")+`</Collections>`).is("Estimate", "0")
		d.box.Deliver(mailOf("two", ""))
		post("Ping", `<HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders>`).is("Ping/Status", "2")
		fetch := `<Fetch><Store>Mailbox</Store><b:FileReference>` + ref + `</b:FileReference></Fetch>`
		post("ItemOperations", fetch).is("Fetch/Status", "1").is("Properties/Data", base64Of("content"))
		if r := post("ItemOperations", fetch, "Options", "\x02"); r.header.Get("Content-Type") != "application/vnd.ms-sync.multipart" || !strings.HasSuffix(r.body, "content") {
			d.t.Error(r)
		}
		post("MoveItems", `<Move><SrcMsgId>`+id+`</SrcMsgId><SrcFldId>1</SrcFldId><DstFldId>3</DstFldId></Move>`).is("Response/Status", "3")
	}},
	{"MSASHTTP_S01_TC13_CommandCode_UserRelatedCommands", every, func(d *device) {
		d.compactly("ResolveRecipients", typeWBXML, d.wbxmlOf("ResolveRecipients", `<To>`+bob+`</To>`)).http(200).is("ResolveRecipients/Status", "1")
		d.compactly("Settings", typeWBXML, d.wbxmlOf("Settings", `<UserInformation><Get/></UserInformation>`)).http(200).is("Settings/Status", "1")
	}},
	{"MSASHTTP_S01_TC14_CommandCode_ValidateCert", every, func(d *device) {
		d.compactly("ValidateCert", typeWBXML, d.wbxmlOf("ValidateCert", `<Certificates><Certificate>eA==</Certificate></Certificates>`)).http(200).is("ValidateCert/Status", "1").has("Certificate/Status")
	}},
	{"MSASHTTP_S02_TC01_Verify400StatusCode", to12, func(d *device) {
		body := d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)
		d.version = "nonsense"
		for range 2 { // the same request gets the same response
			d.with("", "FolderSync", body).http(400)
		}
	}},
	{"MSASHTTP_S02_TC02_Verify401StatusCode", every, func(d *device) {
		body := d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)
		for _, token := range []string{"", "nonsense"} {
			d.token = token
			if r := d.with("", "FolderSync", body).http(401); len(r.header.Values("WWW-Authenticate")) == 0 {
				d.t.Error(r.header)
			}
		}
	}},
	{"MSASHTTP_S02_TC03_Verify403StatusCode", every, func(d *device) {
		d.tn.Switch(eastest.Fault{ID: "EAS_403"})
		d.with("", "FolderSync", d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)).http(403)
	}},
	{"MSASHTTP_S02_TC04_Verify404StatusCode", every, func(d *device) {
		u := d.tn.URL()
		u.Path = "/NotSupport"
		req, err := http.NewRequest("POST", u.String(), http.NoBody)
		if err != nil {
			d.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+d.token)
		resp, err := d.tn.Client().Do(req)
		if err != nil {
			d.t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != 404 {
			d.t.Error(resp.Status)
		}
	}},
	{"MSASHTTP_S02_TC05_Verify501StatusCode", every, func(d *device) {
		d.with("", "NotExist", d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)).http(501)
	}},
	{"MSASHTTP_S03_TC01_SetASAcceptMultiPartRequestHeader", every, func(d *device) {
		_, ref := d.attached("content")
		if r := d.fetchFile(ref, "").is("Properties/Data", base64Of("content")); r.header.Get("Content-Type") != typeWBXML {
			d.t.Error(r.header)
		}
		d.multipart = true
		if r := d.fetchFile(ref, ""); r.header.Get("Content-Type") != "application/vnd.ms-sync.multipart" {
			d.t.Error(r.header)
		}
	}},
	{"MSASHTTP_S03_TC03_SetPolicyKeyRequestHeader", every, func(d *device) {
		d.key = "0"
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("142", 449)
		temporary := d.do("Provision", d.information()+policyRequest).text("PolicyKey")
		d.key = temporary
		d.key = d.do("Provision", acknowledge(temporary, "1")).is("Policy/Status", "1").text("PolicyKey")
		d.folders("0").is("FolderSync/Status", "1")
		provision := func(inner string) reply {
			return d.compactly("Provision", typeWBXML, d.wbxmlOf("Provision", inner))
		}
		d.key = "0"
		d.key = provision(d.information()+policyRequest).is("Policy/Status", "1").text("PolicyKey")
		d.key = provision(acknowledge(d.key, "1")).is("Policy/Status", "1").text("PolicyKey")
		d.compactly("FolderSync", typeWBXML, d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)).is("FolderSync/Status", "1")
	}},
	{"MSASHTTP_S04_TC01_HTTPOPTIONS", from161, func(d *device) {
		req, err := http.NewRequest("OPTIONS", d.tn.URL().String(), http.NoBody)
		if err != nil {
			d.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+d.token)
		resp, err := d.tn.Client().Do(req)
		if err != nil {
			d.t.Fatal(err)
		}
		defer resp.Body.Close()
		h := resp.Header
		if resp.StatusCode != 200 || !strings.Contains(h.Get("MS-ASProtocolVersions"), "16.1") || !strings.Contains(h.Get("MS-ASProtocolCommands"), "FolderSync") || h.Get("MS-Server-ActiveSync") == "" {
			d.t.Error(resp.Status, h)
		}
	}},
}
