package eastest_test

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropItems asks for GetAttachment, ItemOperations, MoveItems, Ping and GetHierarchy.
// [MS-ASCMD] 2.2.1.8, 2.2.1.10, 2.2.1.12, 2.2.1.13
func TestInteropItems(t *testing.T) { askInterop(t, interopTests["TestInteropItems"]) }

// attached delivers a mail with an attachment, and returns its ID and the attachment's reference.
func (d *device) attached(content string) (id, reference string) {
	d.t.Helper()
	m := mailOf("attached", "text")
	m.Attachments = []eas.Attachment{{Name: "a.txt", Content: []byte(content), ContentType: "text/plain"}}
	d.box.Deliver(m)
	r := d.fresh(inbox, "").in("Add", "Subject", "attached").is("Attachments/Attachment/DisplayName", "a.txt")
	return r.text("ServerId"), r.text("FileReference")
}

// fetchFile fetches an attachment by its reference.
func (d *device) fetchFile(reference, options string) reply {
	d.t.Helper()
	return d.do("ItemOperations", `<Fetch><Store>Mailbox</Store><b:FileReference>`+reference+`</b:FileReference>`+options+`</Fetch>`)
}

// moves moves an item, once for each folder that it shall go to.
func (d *device) moves(item, from string, to ...string) reply {
	d.t.Helper()
	var b strings.Builder
	for _, id := range to {
		b.WriteString(`<Move><SrcMsgId>` + item + `</SrcMsgId><SrcFldId>` + from + `</SrcFldId><DstFldId>` + id + `</DstFldId></Move>`)
	}
	return d.do("MoveItems", b.String())
}

// watch waits for changes of folders.
func (d *device) watch(heartbeat string, folders ...string) reply {
	d.t.Helper()
	list := ""
	for _, id := range folders {
		list += `<Folder><Id>` + id + `</Id><Class>Email</Class></Folder>`
	}
	if list != "" {
		list = `<Folders>` + list + `</Folders>`
	}
	if heartbeat != "" {
		heartbeat = `<HeartbeatInterval>` + heartbeat + `</HeartbeatInterval>`
	}
	return d.do("Ping", heartbeat+list)
}

// conversation moves the conversation of a mail.
func (d *device) conversation(mail, to, options string) reply {
	d.t.Helper()
	id := d.get(inbox, mail, "").text("ConversationId")
	return d.do("ItemOperations", `<Move><ConversationId>`+id+`</ConversationId><DstFldId>`+to+`</DstFldId>`+options+`</Move>`)
}

const moveAlways = `<Options><MoveAlways/></Options>`

var itemCases = []interopCase{
	{"MSASCMD_S06_TC01_GetAttachment_Success", to12, func(d *device) {
		_, ref := d.attached("content")
		r := d.with("&AttachmentName="+ref, "GetAttachment", nil).http(http.StatusOK)
		if r.body != "content" || r.header.Get("Content-Type") != "text/plain" {
			d.t.Errorf("%q %v", r.body, r.header)
		}
	}},
	{"MSASCMD_S06_TC02_GetAttachment_Status500", to12, func(d *device) {
		id, ref := d.attached("content")
		d.sync(inbox, `<DeletesAsMoves>0</DeletesAsMoves><Commands><Delete><ServerId>`+id+`</ServerId></Delete></Commands>`)
		d.with("&AttachmentName="+ref, "GetAttachment", nil).http(http.StatusInternalServerError)
	}},
	{"MSASCMD_S08_TC01_ItemOperations_DeleteSubFolders", every, func(d *device) {
		parent := d.folder("0", "parent", "12")
		child := d.folder(parent, "child", "12")
		empty := `<EmptyFolderContents><a:CollectionId>` + parent + `</a:CollectionId>`
		d.do("ItemOperations", empty+`</EmptyFolderContents>`).is("EmptyFolderContents/Status", "1").is("EmptyFolderContents/CollectionId", parent)
		d.folders("0").in("Add", "ServerId", child)
		d.do("ItemOperations", empty+`<Options><DeleteSubFolders/></Options></EmptyFolderContents>`).is("EmptyFolderContents/Status", "1")
		d.folders("0").isNot("Add/ServerId", child).in("Add", "ServerId", parent)
	}},
	{"MSASCMD_S08_TC02_ItemOperations_Status2", every, func(d *device) {
		d.do("ItemOperations", `<EmptyFolderContents><a:CollectionId>1</a:CollectionId><Options><Range>0-1</Range></Options></EmptyFolderContents>`).is("ItemOperations/Status", "2")
	}},
	{"MSASCMD_S08_TC03_ItemOperations_Status9", every, func(d *device) {
		d.do("ItemOperations", `<Fetch><Store>InvalidStore</Store><a:CollectionId>1</a:CollectionId><a:ServerId>1:1</a:ServerId></Fetch>`).is("Fetch/Status", "9")
	}},
	{"MSASCMD_S08_TC04_ItemOperations_Status6", every, func(d *device) {
		d.fetch(inbox, "1:99", "").is("Fetch/Status", "6").lacks("Properties")
	}},
	{"MSASCMD_S08_TC05_ItemOperations_Fetch", every, func(d *device) {
		d.box.Deliver(mailOf("one", "text"))
		id := d.first(inbox)
		d.fetch(inbox, id, `<Options>`+preference(1, "")+`</Options>`).is("ItemOperations/Status", "1").is("Fetch/Status", "1").
			is("Fetch/ServerId", id).is("Fetch/CollectionId", inbox).is("Fetch/Class", "Email").is("Properties/Subject", "one").is("Body/Data", "text")
	}},
	{"MSASCMD_S08_TC06_ItemOperations_Move", from14, func(d *device) {
		d.box.Deliver(mailOf("one", "text"), mailOf("two", "text"))
		id := d.fresh(inbox, "").in("Add", "Subject", "one").text("ServerId")
		d.conversation(id, deleted, moveAlways).is("Move/Status", "1")
		d.fresh(deleted, "").count("Add", 1).is("ApplicationData/Subject", "one")
		d.fresh(inbox, "").count("Add", 1).is("ApplicationData/Subject", "two")
	}},
	{"MSASCMD_S08_TC07_ItemOperations_MultiplePartResponse", every, func(d *device) {
		_, ref := d.attached("content")
		d.multipart = true
		r := d.fetchFile(ref, "")
		if r.header.Get("Content-Type") != "application/vnd.ms-sync.multipart" {
			d.t.Fatal(r.header)
		}
		number := func(at int) int { return int(binary.LittleEndian.Uint32([]byte(r.body)[at:])) }
		if n := number(0); n != 2 || number(4) != 4+8*n || number(12) != number(4)+number(8) || number(12)+number(16) != len(r.body) ||
			r.body[number(12):] != "content" {
			d.t.Errorf("% x", r.body)
		}
	}},
	{"MSASCMD_S08_TC08_ItemOperations_Fetch_MIMESupport", every, func(d *device) {
		d.box.Deliver(mailOf("one", "text"))
		for _, n := range []string{"0", "1"} { // which is for S/MIME, and this is none
			d.get(inbox, d.first(inbox), `<Options><a:MIMESupport>`+n+`</a:MIMESupport>`+preference(4, "")+`</Options>`).in("Body").has("EstimatedDataSize").lacks("Data")
		}
		d.get(inbox, d.first(inbox), `<Options><a:MIMESupport>2</a:MIMESupport>`+preference(4, "")+`</Options>`).in("Body").
			is("Type", "4").has("EstimatedDataSize").holds("Data", "Subject: one").holds("Data", "text").lacks("Truncated")
	}},
	{"MSASCMD_S08_TC09_ItemOperations_RecipientInformationCache", from14, func(d *device) {
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.do("ItemOperations", `<EmptyFolderContents><a:CollectionId>`+string(cache.ID)+`</a:CollectionId></EmptyFolderContents>`).
			is("ItemOperations/Status", "1").has("EmptyFolderContents/Status").isNot("EmptyFolderContents/Status", "1")
	}},
	{"MSASCMD_S08_TC10_ItemOperations_EmptyFolderContents", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""), mailOf("two", ""))
		d.do("ItemOperations", `<EmptyFolderContents><a:CollectionId>1</a:CollectionId></EmptyFolderContents>`).is("EmptyFolderContents/Status", "1")
		d.fresh(inbox, "").empty()
	}},
	{"MSASCMD_S08_TC17_ItemOperations_Status15", every, func(d *device) {
		d.fetchFile("x", "").is("Fetch/Status", "15").lacks("Properties")
	}},
	{"MSASCMD_S08_TC18_ItemOperations_MoreThanOneFileReference_Status2", every, func(d *device) {
		_, ref := d.attached("content")
		d.do("ItemOperations", `<Fetch><Store>Mailbox</Store><b:FileReference>`+ref+`</b:FileReference><b:FileReference>`+ref+`</b:FileReference></Fetch>`).is("ItemOperations/Status", "2")
	}},
	{"MSASCMD_S08_TC19_ItemOperations_Status156", from14, func(d *device) {
		d.box.Deliver(mailOf("one", "text"))
		d.conversation(d.first(inbox), notes, moveAlways).is("ItemOperations/Status", "1").is("Move/Status", "156")
	}},
	{"MSASCMD_S08_TC20_ItemOperations_Status16", from14, func(d *device) {
		d.do("ItemOperations", `<EmptyFolderContents><a:CollectionId>RI</a:CollectionId></EmptyFolderContents>`).
			is("ItemOperations/Status", "1").is("EmptyFolderContents/Status", "16")
	}},
	{"MSASCMD_S10_TC01_MoveItems_Success", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		id := d.first(inbox)
		d.sync(deleted, "")
		r := d.moves(id, inbox, deleted).is("Response/Status", "3").is("Response/SrcMsgId", id).isNot("DstMsgId", id)
		d.sync(inbox, "").is("Commands/Delete/ServerId", id)
		d.sync(deleted, "").is("Commands/Add/ServerId", r.has("DstMsgId").text("DstMsgId")).is("ApplicationData/Subject", "one")
	}},
	{"MSASCMD_S10_TC02_MoveItems_Status1_InvalidSrcFldId", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.moves(d.first(inbox), "99", deleted).is("Response/Status", "1").lacks("DstMsgId")
	}},
	{"MSASCMD_S10_TC03_MoveItems_Status1_InvalidSrcMsgId", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		id := d.first(inbox)
		d.moves(id, inbox, deleted).is("Response/Status", "3")
		d.moves(id, inbox, deleted).is("Response/Status", "1").lacks("DstMsgId")
	}},
	{"MSASCMD_S10_TC04_MoveItems_Status2", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.moves(d.first(inbox), inbox, "99").is("Response/Status", "2").lacks("DstMsgId")
	}},
	{"MSASCMD_S10_TC05_MoveItems_Status4", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.moves(d.first(inbox), inbox, inbox).is("Response/Status", "4").lacks("DstMsgId")
	}},
	{"MSASCMD_S10_TC06_MoveItems_Status5", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		r := d.moves(d.first(inbox), inbox, deleted, sent).count("Response", 2)
		if got := r.texts("Response/Status"); got[0] != "3" || got[1] != "5" {
			d.t.Error(r)
		}
		d.fresh(deleted, "").count("Add", 1)
		d.fresh(sent, "").empty()
	}},
	{"MSASCMD_S10_TC07_MoveItems_Status103", from14, func(d *device) {
		d.moves("1:99", inbox, strings.Fields(strings.Repeat("3 ", 1001))...).is("MoveItems/Status", "103")
		d.moves("1:99", inbox, strings.Fields(strings.Repeat("3 ", 1000))...).count("Response", 1000)
	}},
	{"MSASCMD_S11_TC01_Ping_Status3", every, func(d *device) {
		d.with("", "Ping", nil).is("Ping/Status", "3")
		d.watch("60").is("Ping/Status", "3")
	}},
	{"MSASCMD_S11_TC02_Ping_Status4", every, func(d *device) {
		d.do("Ping", `<Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders><HeartbeatInterval>60</HeartbeatInterval>`).is("Ping/Status", "4")
		d.do("Ping", `<HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id></Folder></Folders>`).is("Ping/Status", "4")
	}},
	{"MSASCMD_S11_TC03_Ping_Status5", every, func(d *device) {
		d.watch("-1", inbox).is("Ping/Status", "5").is("HeartbeatInterval", "60")
		d.watch("59", inbox).is("Ping/Status", "5").is("HeartbeatInterval", "60")
	}},
	{"MSASCMD_S11_TC04_Ping_Status7_SyncRequired", every, func(d *device) { d.watch("60", "99").is("Ping/Status", "7") }},
	{"MSASCMD_S11_TC05_Ping_Status7_Outdate", every, func(d *device) {
		d.second(inbox).folder(inbox, "new", "12")
		d.watch("60", inbox).is("Ping/Status", "7")
	}},
	{"MSASCMD_S11_TC06_Ping_ChangesOccurred", every, func(d *device) {
		d.sync(inbox, "")
		d.sync(deleted, "")
		d.box.Deliver(mailOf("one", ""))
		d.watch("60", inbox, deleted).is("Ping/Status", "2").count("Folder", 1).is("Folders/Folder", inbox)
		d.box.Put(eas.FolderDeletedItems, mailOf("two", ""))
		d.watch("", inbox, deleted).is("Ping/Status", "2").count("Folder", 2) // the heartbeat is kept
		d.sync(inbox, "")
		d.watch("", inbox, deleted).is("Ping/Status", "2").count("Folder", 1).is("Folders/Folder", deleted)
	}},
	{"MSASCMD_S11_TC07_Ping_HeartbeatIntervalSetTooLarge", every, func(d *device) {
		d.watch("3541", inbox).is("Ping/Status", "5").is("HeartbeatInterval", "3540")
	}},
	{"MSASCMD_S22_TC01_GetHierarchySuccess", to12, func(d *device) {
		r := d.with("", "GetHierarchy", nil).http(http.StatusOK)
		r.in("Folder", "DisplayName", "Inbox").is("ServerId", inbox).is("ParentId", "0").is("Type", "2")
		r.isNot("Folder/DisplayName", "Calendar")
	}},
}

// TestInteropPing is MSASCMD_S11_TC08_Ping_WithoutRequestBody: a Ping without a body waits as the
// one before did.
func TestInteropPing(t *testing.T) {
	for version := range strings.FieldsSeq(every) {
		synctest.Test(t, func(t *testing.T) {
			d := newDevice(t, version)
			d.sync(inbox, "")
			begun := time.Now()
			d.watch("60", inbox).is("Ping/Status", "1")
			d.with("", "Ping", nil).is("Ping/Status", "1")
			if took := time.Since(begun); took != 2*time.Minute {
				t.Errorf("%s: both took %v", version, took)
			}
		})
	}
}
