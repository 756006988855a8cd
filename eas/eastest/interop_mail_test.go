package eastest_test

import (
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropMail asks for SendMail, SmartForward and SmartReply. [MS-ASCMD] 2.2.1.17 to 2.2.1.20
func TestInteropMail(t *testing.T) { askInterop(t, interopTests["TestInteropMail"]) }

// sendDoc is a document of SendMail, SmartForward or SmartReply with source.
func (d *device) sendDoc(command, source, mime string) reply {
	d.t.Helper()
	d.clients++
	return d.do(command, `<ClientId>doc`+strings.Repeat("x", d.clients)+`</ClientId>`+source+`<Mime>`+escaped(mime)+`</Mime>`)
}

var mailCases = []interopCase{
	{"MSASCMD_S15_TC01_SendMail_Success", every, func(d *device) {
		d.send("SendMail", message(bob, "hello", "text")).http(200).empty()
		d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).count("Add", 1).is("ApplicationData/Subject", "hello").holds("From", ada).holds("Body/Data", "text")
		d.fresh(sent, "").is("ApplicationData/Subject", "hello")
	}},
	{"MSASCMD_S15_TC02_SendMail_AccountIdInvalid", from141, func(d *device) {
		d.sendDoc("SendMail", `<AccountId>invalid</AccountId>`, message(bob, "hello", "text")).is("SendMail/Status", "166")
		d.as(bob).fresh(inbox, "").empty()
	}},
	{"MSASCMD_S17_TC01_SmartForward_Success", every, func(d *device) {
		id, _ := d.attached("content")
		d.send("SmartForward", message(bob, "FW: attached", "see below"), inbox, id).empty()
		d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).is("ApplicationData/Subject", "FW: attached").
			holds("Body/Data", "see below").holds("Body/Data", "text").is("Attachment/DisplayName", "a.txt")
	}},
	{"MSASCMD_S17_TC02_SmartForward_Fail", from141, func(d *device) {
		id, _ := d.attached("content")
		d.sendDoc("SmartForward", `<AccountId>invalid</AccountId><Source><FolderId>1</FolderId><ItemId>`+id+`</ItemId></Source>`, message(bob, "FW", "x")).
			has("SmartForward/Status").isNot("SmartForward/Status", "1")
		d.as(bob).fresh(inbox, "").empty()
	}},
	{"MSASCMD_S17_TC03_SmartForwardAppointment", every, func(d *device) {
		id := d.add(calendar, eventData("appointment", d.tomorrow(), ""))
		d.send("SmartForward", message(bob, "FW: appointment", "see below"), calendar, id).empty()
		d.as(bob).fresh(inbox, "").is("ApplicationData/Subject", "FW: appointment").has("Attachments/Attachment")
	}},
	{"MSASCMD_S17_TC04_SmartForwardWithInvalidInstanceId", only141, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily))
		d.sendDoc("SmartForward", `<Source><FolderId>7</FolderId><ItemId>`+id+`</ItemId><InstanceId>invalid</InstanceId></Source>`, message(bob, "FW", "x")).is("SmartForward/Status", "104")
	}},
	{"MSASCMD_S17_TC05_SmartForwardWithInstanceIdSuccess", only141, func(d *device) {
		start := d.tomorrow().AddDate(0, 0, 1)
		id := d.add(calendar, eventData("series", d.tomorrow(), daily))
		d.sendDoc("SmartForward", `<Source><FolderId>7</FolderId><ItemId>`+id+`</ItemId><InstanceId>`+start.Format("2006-01-02T15:04:05.000Z")+`</InstanceId></Source>`, message(bob, "FW: series", "x")).empty()
		d.as(bob).fresh(inbox, "").is("ApplicationData/Subject", "FW: series")
	}},
	{"MSASCMD_S17_TC06_SmartForwardRecurringMeetingWithoutInstanceId", every, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily))
		d.send("SmartForward", message(bob, "FW: series", "x"), calendar, id).empty()
		d.as(bob).fresh(inbox, "").is("ApplicationData/Subject", "FW: series")
	}},
	{"MSASCMD_S17_TC07_SmartForward_ReplaceMime", from14, func(d *device) {
		id, _ := d.attached("content")
		d.sendDoc("SmartForward", `<Source><FolderId>1</FolderId><ItemId>`+id+`</ItemId></Source><ReplaceMime/>`, message(bob, "FW: attached", "instead")).empty()
		r := d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).holds("Body/Data", "instead").lacks("Attachments")
		if strings.Contains(r.text("Body/Data"), "text") {
			d.t.Error(r)
		}
	}},
	{"MSASCMD_S18_TC01_SmartReply_ContainOriginalMessage", every, func(d *device) {
		id, _ := d.attached("content")
		d.send("SmartReply", message(bob, "RE: attached", "my reply"), inbox, id).empty()
		d.as(bob).fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).holds("Body/Data", "my reply").holds("Body/Data", "text").lacks("Attachments")
	}},
	{"MSASCMD_S18_TC02_SmartReply_Success", every, func(d *device) {
		id, _ := d.attached("content")
		d.send("SmartReply", message(bob, "RE: attached", "my reply"), inbox, id).http(200).empty()
		d.as(bob).fresh(inbox, "").is("ApplicationData/Subject", "RE: attached")
	}},
	{"MSASCMD_S18_TC03_SmartReply_Status104", from141, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily))
		d.sendDoc("SmartReply", `<Source><FolderId>7</FolderId><ItemId>`+id+`</ItemId><InstanceId>invalid</InstanceId></Source>`, message(bob, "RE", "x")).is("SmartReply/Status", "104")
	}},
}

// daily is a series without an end.
const daily = `<c:Recurrence><c:Type>0</c:Type><c:Interval>1</c:Interval></c:Recurrence>`

// commonCases are those of the statuses that every command has. [MS-ASCMD] 2.2.2
var commonCases = []interopCase{
	{"MSASCMD_S21_TC01_CommonStatusCode_166", from141, func(d *device) {
		d.sendDoc("SendMail", `<AccountId>invalid</AccountId>`, message(bob, "hello", "text")).is("SendMail/Status", "166")
	}},
	{"MSASCMD_S21_TC02_CommonStatusCode_173", from141, func(d *device) {
		d.search("GAL", "bob", `<Picture/>`).is("Properties/Picture/Status", "173").lacks("Picture/Data")
	}},
	{"MSASCMD_S21_TC03_CommonStatusCode_165", from141, func(d *device) {
		d.do("Provision", policyRequest).is("Provision/Status", "165").lacks("Policies")
	}},
	{"MSASCMD_S21_TC04_CommonStatusCode_105", from14, func(d *device) {
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folders("0")
		d.box.Deliver(mailOf("one", ""))
		d.moves(d.first(inbox), inbox, string(cache.ID)).is("Response/Status", "105")
		d.fresh(inbox, "").count("Add", 1)
	}},
	{"MSASCMD_S21_TC05_CommonStatusCode_164", from141, func(d *device) {
		d.sync(inbox, `<Options><b:BodyPartPreference><b:Type>3</b:Type></b:BodyPartPreference></Options>`).is("Sync/Status", "164")
	}},
	{"MSASCMD_S21_TC06_CommonStatusCode_118", from14, func(d *device) {
		doc := `<ClientId>one</ClientId><Mime>` + escaped(message(bob, "hello", "text")) + `</Mime>`
		d.do("SendMail", doc).empty()
		d.do("SendMail", doc).is("SendMail/Status", "118")
		d.as(bob).fresh(inbox, "").count("Add", 1)
	}},
	{"MSASCMD_S21_TC07_CommonStatusCode_102", from14, func(d *device) {
		d.do("FolderSync", `<b:FileReference>0</b:FileReference>`).is("FolderSync/Status", "102")
	}},
	{"MSASCMD_S21_TC08_CommonStatusCode_103", every, func(d *device) {
		d.do("SendMail", `<ClientId>one</ClientId>`).refused("103", 400)
	}},
	{"MSASCMD_S21_TC09_CommonStatusCode_119", from14, func(d *device) {
		d.do("SendMail", `<ClientId>one</ClientId><Mime>Subject: x&#xD;&#xA;&#xD;&#xA;text</Mime>`).is("SendMail/Status", "119")
	}},
	{"MSASCMD_S21_TC10_CommonStatusCode_109", every, func(d *device) {
		r := d.reply(d.raw("Cmd=FolderSync&User=ada&DeviceId=device1&DeviceType=a-b", "application/vnd.ms-sync.wbxml", d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)))
		r.refused("109", 400)
	}},
	{"MSASCMD_S21_TC11_CommonStatusCode_108", every, func(d *device) {
		r := d.reply(d.raw("Cmd=FolderSync&User=ada&DeviceId=a-b&DeviceType=test", "application/vnd.ms-sync.wbxml", d.wbxmlOf("FolderSync", `<SyncKey>0</SyncKey>`)))
		r.refused("108", 400)
	}},
	{"MSASCMD_S21_TC13_CommonStatusCode_150", from14, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		id := d.first(inbox)
		d.sync(inbox, `<DeletesAsMoves>0</DeletesAsMoves><Commands><Delete><ServerId>`+id+`</ServerId></Delete></Commands>`)
		for _, command := range []string{"SmartForward", "SmartReply"} {
			d.send(command, message(bob, "FW", "x"), inbox, id).is("Status", "150")
		}
		d.as(bob).fresh(inbox, "").empty()
	}},
	{"MSASCMD_S21_TC14_CommonStatusCode_145", from14, func(d *device) {
		d.key = "0"
		d.key = d.do("Provision", d.information()+policyRequest).text("PolicyKey")
		d.do("Provision", acknowledge(d.key, "4")).is("Provision/Status", "145").lacks("PolicyKey")
	}},
}
