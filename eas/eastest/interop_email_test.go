package eastest_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropEmail asks for mail and its flags. [MS-ASEMAIL]
func TestInteropEmail(t *testing.T) { askInterop(t, interopTests["TestInteropEmail"]) }

// marked delivers a mail, and returns its ID; two devices have it.
func (d *device) marked() (id string, other *device) {
	d.t.Helper()
	d.box.Deliver(mailOf("mail", "text"))
	id = d.first(inbox)
	other = d.second(inbox)
	return id, other
}

const (
	followUp = `<e:Flag><e:Status>2</e:Status><e:FlagType>Flag for follow up</e:FlagType></e:Flag>`
	blue     = `<e:Categories><e:Category>blue</e:Category></e:Categories>`
	isRead   = `<e:Read>1</e:Read>`
)

// tells changes a mail on one device, and requires what the other is told of it.
func (d *device) tells(data string, names ...string) reply {
	d.t.Helper()
	id, other := d.marked()
	d.change(inbox, id, data).applied()
	return other.sync(inbox, "").in("Commands/Change").is("ServerId", id).in("ApplicationData").only(names...)
}

// refuses requires a change of a mail to be refused.
func (d *device) refuses(data string) {
	d.t.Helper()
	id, _ := d.marked()
	d.change(inbox, id, data).is("Responses/Change/Status", "6")
}

// flagged sets a flag, and returns it as the server has it.
func (d *device) flagged(children string) reply {
	d.t.Helper()
	id, _ := d.marked()
	return d.flags(id, children)
}

func (d *device) flags(id, children string) reply {
	d.t.Helper()
	d.change(inbox, id, `<e:Flag>`+children+`</e:Flag>`).applied()
	return d.get(inbox, id, "").in("Flag")
}

// flagDates are the four dates of a flag.
func flagDates(start, due string) string {
	return `<t:StartDate>` + start + `</t:StartDate><t:UtcStartDate>` + start + `</t:UtcStartDate><t:DueDate>` + due + `</t:DueDate><t:UtcDueDate>` + due + `</t:UtcDueDate>`
}

const (
	active   = `<e:Status>2</e:Status><e:FlagType>Flag for follow up</e:FlagType>`
	complete = `<e:Status>1</e:Status><e:FlagType>Flag for follow up</e:FlagType><t:DateCompleted>2026-03-05T00:00:00.000Z</t:DateCompleted><e:CompleteTime>2026-03-05T00:00:00.000Z</e:CompleteTime>`
	second   = "2026-03-02T00:00:00.000Z"
	third    = "2026-03-03T00:00:00.000Z"
)

// twice requires an element of a flag that is there twice not to be refused.
func (d *device) twice(element string) {
	d.t.Helper()
	id, _ := d.marked()
	all := active + flagDates(second, third) + `<t:OrdinalDate>` + second + `</t:OrdinalDate><t:SubOrdinalDate>a</t:SubOrdinalDate><t:ReminderSet>1</t:ReminderSet><t:ReminderTime>` + second + `</t:ReminderTime>`
	if !strings.Contains(all, element[:strings.Index(element, ">")+1]) {
		d.t.Fatalf("%s is not there once", element)
	}
	d.flags(id, all+element).is("Status", "2")
}

// voicemail delivers a voice message with two recordings.
func (d *device) voicemail() string {
	d.t.Helper()
	m := mailOf("voice", "text")
	m.MessageClass = "IPM.Note.Microsoft.Voicemail"
	m.Voice = &eas.Voice{CallerID: "425-555-0100", Notes: "call back"}
	m.Attachments = []eas.Attachment{{Name: "one.mp3", Content: []byte("1"), Duration: 3 * time.Second}, {Name: "two.mp3", Content: []byte("2"), Duration: 4 * time.Second}}
	d.box.Deliver(m)
	return d.first(inbox)
}

// index reads the ConversationIndex of a mail.
func (r reply) index() []byte {
	r.d.t.Helper()
	b, err := base64.StdEncoding.DecodeString(r.text("ConversationIndex"))
	if err != nil || len(b) == 0 || len(b)%5 != 0 {
		r.d.t.Errorf("ConversationIndex %v in %s", err, r)
	}
	return b
}

// longer requires the index of an answer, or of a forwarded mail, to go on after that of the mail.
func (d *device) longer(command, subject string) {
	d.t.Helper()
	d.as(bob).send("SendMail", message(ada, "mail", "text")).empty()
	all := d.fresh(inbox, "").texts("Add/ServerId")
	id := all[len(all)-1]
	before := d.get(inbox, id, "").index()
	d.send(command, message(carol, subject, "see"), inbox, id).empty()
	after := d.as(carol).fresh(inbox, "").in("ApplicationData", "Subject", subject).index()
	if len(after) != len(before)+5 || string(after[:len(before)]) != string(before) {
		d.t.Errorf("%x after %x", after, before)
	}
}

var emailCases = []interopCase{
	{"MSASEMAIL_S01_TC01_SyncMail_OnlyMetadata", from14, func(d *device) {
		d.as(bob).send("SendMail", message(ada, "mail", "text"))
		d.fresh(inbox, "").in("ApplicationData").has("ConversationIndex", "Subject", "From", "To", "DateReceived").lacks("ReceivedAsBcc", "Body")
	}},
	{"MSASEMAIL_S01_TC02_SyncMail_MetadataAndBody", every, func(d *device) {
		d.box.Deliver(mailOf("mail", "text"))
		r := d.fresh(inbox, `<Options>`+preference(1, "")+`</Options>`).in("ApplicationData").is("Body/Data", "text").is("Flag", "").has("Flag")
		if d.atLeast("14.0") {
			r.is("Categories", "").has("Categories")
		}
	}},
	{"MSASEMAIL_S01_TC03_SyncChange_NotChangeCategories", from14, func(d *device) {
		id, _ := d.marked()
		d.change(inbox, id, blue).applied()
		d.change(inbox, id, isRead).applied()
		d.get(inbox, id, "").is("Category", "blue").is("Read", "1")
	}},
	{"MSASEMAIL_S01_TC04_SyncChange_RemoveCategories", from14, func(d *device) {
		id, _ := d.marked()
		d.change(inbox, id, blue).applied()
		d.change(inbox, id, `<e:Categories/>`).applied()
		d.get(inbox, id, "").lacks("Category")
	}},
	{"MSASEMAIL_S01_TC05_OnlyReadPropertyChanged", every, func(d *device) { d.tells(isRead, "Read").is("Read", "1") }},
	{"MSASEMAIL_S01_TC06_OnlyFlagPropertiesChanged", every, func(d *device) { d.tells(followUp, "Flag").is("Flag/Status", "2") }},
	{"MSASEMAIL_S01_TC07_BothReadAndFlagChanged", every, func(d *device) { d.tells(isRead+followUp, "Read", "Flag") }},
	{"MSASEMAIL_S01_TC08_FlagReadAndOtherEmailClassPropertiesChanged", from14, func(d *device) {
		d.tells(isRead+followUp+blue, "Read", "Flag", "Categories")
	}},
	{"MSASEMAIL_S01_TC09_WithoutAnyEmailClassPropertiesChanged", every, func(d *device) {
		id, other := d.marked()
		d.change(inbox, id, followUp).applied()
		other.sync(inbox, "").count("Commands/Change", 1)
		other.sync(inbox, "").empty()
	}},
	{"MSASEMAIL_S01_TC10_NonBooleanRead", every, func(d *device) {
		d.refuses(`<e:Read>2</e:Read>`)
		d.tells(isRead, "Read").is("Read", "1")
	}},
	{"MSASEMAIL_S01_TC11_ChangeSenderValueInRequest", from14, func(d *device) { d.refuses(`<e2:Sender>` + bob + `</e2:Sender>`) }},
	{"MSASEMAIL_S01_TC12_SenderAndFromHaveSameValue", from14, func(d *device) {
		d.as(bob).send("SendMail", "Sender: "+bob+"\r\n"+strings.Replace(message(ada, "mail", "text"), "From: "+ada, "From: "+bob, 1)).empty()
		d.fresh(inbox, "").is("ApplicationData/From", bob).lacks("Sender")
	}},
	{"MSASEMAIL_S01_TC13_SenderValueIsNull", from14, func(d *device) {
		d.as(bob).send("SendMail", message(ada, "mail", "text")).empty()
		d.fresh(inbox, "").count("Add", 1).lacks("Sender")
	}},
	{"MSASEMAIL_S01_TC14_ChangeReceivedAsBccInRequest", from14, func(d *device) {
		d.as(bob).send("SendMail", "Bcc: "+ada+"\r\n"+message(carol, "mail", "text")).empty()
		id := d.first(inbox)
		d.get(inbox, id, "").is("ReceivedAsBcc", "1").lacks("Bcc")
		d.change(inbox, id, `<e2:ReceivedAsBcc>0</e2:ReceivedAsBcc>`).is("Responses/Change/Status", "6")
	}},
	{"MSASEMAIL_S01_TC15_SendAndReplyToMultipleAddress", every, func(d *device) {
		d.as(bob).send("SendMail", "Cc: "+bob+", "+carol+"\r\nReply-To: "+bob+", "+carol+"\r\n"+message(ada+", "+carol, "mail", "text")).empty()
		d.as(carol).fresh(inbox, "").count("Add", 1)
		id := d.first(inbox)
		d.get(inbox, id, "").holds("DisplayTo", ";").holds("Cc", ",").holds("ReplyTo", ";").holds("To", ",")
		if d.atLeast("14.0") {
			d.send("SmartReply", message(bob+", "+carol, "Re: mail", "see"), inbox, id).empty()
			d.get(inbox, id, "").is("LastVerbExecuted", "1").has("LastVerbExecutionTime")
			d.longer("SmartReply", "Re: again")
		}
	}},
	{"MSASEMAIL_S01_TC16_ForwardEmail", from14, func(d *device) {
		d.longer("SmartForward", "FW: mail")
		d.get(inbox, d.first(inbox), "").is("LastVerbExecuted", "3").has("LastVerbExecutionTime")
	}},
	{"MSASEMAIL_S01_TC17_IncludedConversationIdInRequest", from14, func(d *device) {
		d.refuses(`<e2:ConversationId>AAECAw==</e2:ConversationId>`)
	}},
	{"MSASEMAIL_S01_TC18_SyncAdd_AdministrativeMessage", every, func(d *device) {
		d.send("SendMail", message("nobody@contoso.com", "mail", "text")).empty()
		d.fresh(inbox, "").holds("ApplicationData/Subject", "mail").is("MessageClass", "REPORT.IPM.Note.NDR")
	}},
	{"MSASEMAIL_S01_TC19_ItemOperations_OnlyIncludedSubjectInResponse", every, func(d *device) {
		id, _ := d.marked()
		d.get(inbox, id, `<Options><Schema><e:Subject/></Schema></Options>`).is("Subject", "mail").only("Subject")
	}},
	{"MSASEMAIL_S01_TC20_ItemOperations_IncludedDataInResponse", every, func(d *device) {
		id, _ := d.marked()
		d.get(inbox, id, `<Options>`+preference(1, "")+`</Options>`).is("Body/Type", "1").is("Body/Data", "text")
	}},
	{"MSASEMAIL_S01_TC21_ItemOperations_IncludedAllOrNone_False", every, func(d *device) {
		id, _ := d.marked()
		d.get(inbox, id, `<Options>`+preference(1, `<b:TruncationSize>2</b:TruncationSize><b:AllOrNone>0</b:AllOrNone>`)+`</Options>`).is("Body/Truncated", "1").is("Body/Data", "te")
	}},
	{"MSASEMAIL_S01_TC22_ItemOperations_IncludedAllOrNone_True", every, func(d *device) {
		id, _ := d.marked()
		d.get(inbox, id, `<Options>`+preference(1, `<b:TruncationSize>100</b:TruncationSize><b:AllOrNone>1</b:AllOrNone>`)+`</Options>`).is("Body/Data", "text").lacks("Truncated")
	}},
	{"MSASEMAIL_S01_TC23_InvalidSearch", every, func(d *device) {
		d.search("Mailbox", and(`<a:Class>Email</a:Class>`, freeText("mail"), `<e:Read>0</e:Read>`), "").is("Store/Status", "2")
	}},
	{"MSASEMAIL_S01_TC24_SearchEmail", every, func(d *device) {
		d.marked()
		d.search("Mailbox", and(`<a:Class>Email</a:Class>`, within(inbox), freeText("mail")), "").count("Properties", 1).has("Properties/From", "Properties/DateReceived").is("Properties/Subject", "mail")
	}},
	{"MSASEMAIL_S01_TC25_OnlyEmailClassPropertiesChangedOtherThanFlagRead", from14, func(d *device) {
		d.tells(blue, "Categories").is("Category", "blue")
	}},
	{"MSASEMAIL_S01_TC26_CreateDraftEMail", from16, func(d *device) {
		d.add(drafts, `<e:To>`+bob+`</e:To><e2:Bcc>`+carol+`</e2:Bcc><e:Subject>draft needle</e:Subject>`)
		id := d.first(drafts)
		d.fresh(drafts, "").in("ApplicationData").is("IsDraft", "1").is("Bcc", carol).has("ConversationId", "ConversationIndex")
		d.search("Mailbox", and(within(drafts), freeText("needle")), "").is("Properties/IsDraft", "1")
		d.get(drafts, id, "").is("IsDraft", "1")
		d.as(bob).fresh(inbox, "").empty()
	}},
	{"MSASEMAIL_S01_TC27_CreateDraftEMailAndSend", from16, func(d *device) {
		id := d.add(drafts, `<e:To>`+bob+`</e:To><e:Subject>draft</e:Subject>`)
		d.commands(drafts, `<Change><ServerId>`+id+`</ServerId><e2:Send/></Change>`).is("Collection/Status", "1")
		d.fresh(drafts, "").empty()
		d.as(bob).fresh(inbox, "").is("ApplicationData/Subject", "draft").is("IsDraft", "0")
		d.fresh(sent, "").is("IsDraft", "0")
	}},
	{"MSASEMAIL_S01_TC28_ReadAndFlagAndCategoriesChanged", from14, func(d *device) { d.tells(isRead+followUp+blue, "Read", "Flag", "Categories") }},
	{"MSASEMAIL_S01_TC29_OnlyCategoriesChanged", from14, func(d *device) { d.tells(blue, "Categories") }},
	{"MSASEMAIL_S01_TC30_BothReadandCategoriesChanged", from14, func(d *device) { d.tells(isRead+blue, "Read", "Categories") }},
	{"MSASEMAIL_S01_TC31_BothFlagandCategoriesChanged", from14, func(d *device) { d.tells(followUp+blue, "Flag", "Categories") }},
	{"MSASEMAIL_S01_TC32_FindEmail", from161, func(d *device) {
		d.marked()
		d.find("one", findMail(inbox, "mail", "")).is("Result/Class", "Email").in("Properties").is("Subject", "mail").has("DateReceived", "DisplayTo", "Read", "From", "Preview")
	}},
	{"MSASEMAIL_S02_TC01_VoiceAttachment_VerifyAllRelativeElements", from14, func(d *device) {
		r := d.get(inbox, d.voicemail(), "").holds("MessageClass", "IPM.Note.Microsoft.Voicemail").is("UmCallerID", "425-555-0100").is("UmUserNotes", "call back")
		if got := fmt.Sprint(r.texts("UmAttOrder"), r.texts("UmAttDuration")); got != "[1 2] [3 4]" {
			d.t.Errorf("%s in %s", got, r)
		}
		d.box.Deliver(mailOf("plain", ""))
		d.fresh(inbox, "").in("Add", "Subject", "plain").lacks("UmCallerID", "UmAttDuration", "UmAttOrder")
	}},
	{"MSASEMAIL_S02_TC02_VoiceAttachment_IncludedUmCallerIDInRequest", from14, func(d *device) {
		d.change(inbox, d.voicemail(), `<e2:UmCallerID>77777777777</e2:UmCallerID>`).is("Responses/Change/Status", "6")
	}},
	{"MSASEMAIL_S02_TC03_VoiceAttachment_IncludedUmUserNotesInRequest", from14, func(d *device) {
		d.change(inbox, d.voicemail(), `<e2:UmUserNotes>x</e2:UmUserNotes>`).is("Responses/Change/Status", "6")
	}},
}

var flagCases = []interopCase{
	{"MSASEMAIL_S03_TC01_AddFlag_AllElements", every, func(d *device) {
		d.flagged(active+`<t:Subject>flag</t:Subject>`+flagDates(second, third)+`<t:OrdinalDate>`+second+`</t:OrdinalDate><t:SubOrdinalDate>b</t:SubOrdinalDate><t:ReminderSet>1</t:ReminderSet><t:ReminderTime>`+second+`</t:ReminderTime>`).
			is("Status", "2").is("FlagType", "Flag for follow up").is("Subject", "flag").is("StartDate", second).is("UtcStartDate", second).is("DueDate", third).
			is("UtcDueDate", third).is("OrdinalDate", second).is("SubOrdinalDate", "b").is("ReminderSet", "1").is("ReminderTime", second)
	}},
	{"MSASEMAIL_S03_TC02_AddFlag_InvalidStatus", every, func(d *device) {
		d.refuses(`<e:Flag><e:Status>3</e:Status><e:FlagType>x</e:FlagType></e:Flag>`)
	}},
	{"MSASEMAIL_S03_TC03_AddFlag_CompleteTimeAndDateCompleted", every, func(d *device) { d.flagged(complete).has("CompleteTime", "DateCompleted") }},
	{"MSASEMAIL_S03_TC04_AddFlag_InvalidReminder", every, func(d *device) {
		d.refuses(`<e:Flag>` + active + `<t:ReminderSet>2</t:ReminderSet></e:Flag>`)
		d.refuses(`<e:Flag>` + active + `<t:ReminderSet>1</t:ReminderSet></e:Flag>`)
	}},
	{"MSASEMAIL_S03_TC05_AddFlag_DueDateBeforeStartDate", every, func(d *device) {
		d.refuses(`<e:Flag>` + active + `<t:StartDate>` + third + `</t:StartDate><t:UtcStartDate>` + second + `</t:UtcStartDate><t:DueDate>` + second + `</t:DueDate><t:UtcDueDate>` + third + `</t:UtcDueDate></e:Flag>`)
	}},
	{"MSASEMAIL_S03_TC06_AddFlag_UtcDueDateBeforeUtcStartDate", every, func(d *device) {
		d.refuses(`<e:Flag>` + active + `<t:StartDate>` + second + `</t:StartDate><t:UtcStartDate>` + third + `</t:UtcStartDate><t:DueDate>` + third + `</t:DueDate><t:UtcDueDate>` + second + `</t:UtcDueDate></e:Flag>`)
	}},
	{"MSASEMAIL_S03_TC07_AddFlag_InvalidDate", every, func(d *device) {
		d.refuses(`<e:Flag>` + active + `<t:StartDate>` + second + `</t:StartDate><t:DueDate>` + third + `</t:DueDate></e:Flag>`)
	}},
	{"MSASEMAIL_S03_TC08_AddFlag_ValidDate", every, func(d *device) {
		d.flagged(active+flagDates(second, third)).is("StartDate", second).is("UtcStartDate", second).is("DueDate", third).is("UtcDueDate", third)
	}},
	{"MSASEMAIL_S03_TC09_AddFlag_OptionalFlagTypeInMeetingRequest", every, func(d *device) {
		m := mailOf("meeting", "")
		m.MessageClass, m.Meeting = "IPM.Schedule.Meeting.Request", &eas.MeetingRequest{Start: d.tomorrow(), End: d.tomorrow().Add(time.Hour), Organizer: bob}
		d.box.Deliver(m)
		d.flags(d.first(inbox), `<e:Status>2</e:Status>`).is("Status", "2")
	}},
	{"MSASEMAIL_S03_TC11_FlagEmail_RequiredPropertiesOption1", every, func(d *device) {
		d.flagged(active+flagDates(second, third)).is("Status", "2").is("ReminderSet", "0")
	}},
	{"MSASEMAIL_S03_TC12_MarkEmailComplete", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active)
		d.flags(id, complete).is("Status", "1").has("CompleteTime", "DateCompleted")
		d.change(inbox, id, `<e:Flag><e:Status>1</e:Status></e:Flag>`).is("Responses/Change/Status", "6")
	}},
	{"MSASEMAIL_S03_TC13_ClearEmailFlag_Status0", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active)
		d.flags(id, `<e:Status>0</e:Status>`).lacks("FlagType").isNot("Status", "2")
	}},
	{"MSASEMAIL_S03_TC14_ClearEmailFlag_EmptyNode", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active)
		d.flags(id, "").lacks("FlagType", "Status")
	}},
	{"MSASEMAIL_S03_TC15_UpdateEmailFlagMetadata", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active+flagDates(second, third))
		d.flags(id, `<e:Status>2</e:Status><e:FlagType>for Follow Up</e:FlagType>`+flagDates(third, "2026-03-04T00:00:00.000Z")).is("FlagType", "for Follow Up").is("StartDate", third)
	}},
	{"MSASEMAIL_S03_TC16_UpdateEmailFlag_Error", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active)
		d.change(inbox, id, `<e:Flag><e:Status>2</e:Status></e:Flag>`).is("Responses/Change/Status", "6")
		d.get(inbox, id, "").is("FlagType", "Flag for follow up")
	}},
	{"MSASEMAIL_S03_TC17_IncludedTwoDueDateElement", every, func(d *device) { d.twice(`<t:DueDate>` + third + `</t:DueDate>`) }},
	{"MSASEMAIL_S03_TC18_IncludedTwoOrdinalDateElement", every, func(d *device) { d.twice(`<t:OrdinalDate>` + third + `</t:OrdinalDate>`) }},
	{"MSASEMAIL_S03_TC19_IncludedTwoReminderSetElement", every, func(d *device) { d.twice(`<t:ReminderSet>1</t:ReminderSet>`) }},
	{"MSASEMAIL_S03_TC20_IncludedTwoReminderTimeElement", every, func(d *device) { d.twice(`<t:ReminderTime>` + third + `</t:ReminderTime>`) }},
	{"MSASEMAIL_S03_TC21_IncludedTwoStartDateElement", every, func(d *device) { d.twice(`<t:StartDate>` + second + `</t:StartDate>`) }},
	{"MSASEMAIL_S03_TC22_IncludedTwoStatusElement", every, func(d *device) { d.twice(`<e:Status>2</e:Status>`) }},
	{"MSASEMAIL_S03_TC23_IncludedTwoSubOrdinalDateElement", every, func(d *device) { d.twice(`<t:SubOrdinalDate>b</t:SubOrdinalDate>`) }},
	{"MSASEMAIL_S03_TC24_IncludedTwoUtcDueDateElement", every, func(d *device) { d.twice(`<t:UtcDueDate>` + third + `</t:UtcDueDate>`) }},
	{"MSASEMAIL_S03_TC25_IncludedTwoUtcStartDateElement", every, func(d *device) { d.twice(`<t:UtcStartDate>` + second + `</t:UtcStartDate>`) }},
	{"MSASEMAIL_S03_TC26_FlagEmail_RequiredPropertiesOption2", every, func(d *device) {
		d.flagged(active+`<t:DateCompleted>`+third+`</t:DateCompleted><e:CompleteTime>`+third+`</e:CompleteTime>`).is("Status", "2")
	}},
	{"MSASEMAIL_S03_TC27_FlagTask_RequiredProperties", every, func(d *device) {
		d.flagged(active+`<t:Subject>task</t:Subject>`+flagDates(second, third)).is("Status", "2").is("Subject", "task")
	}},
	{"MSASEMAIL_S03_TC28_ClearTaskFlag_Status0", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active+`<t:Subject>task</t:Subject>`+flagDates(second, third))
		d.flags(id, `<e:Status>0</e:Status>`).lacks("FlagType", "Subject", "StartDate")
	}},
	{"MSASEMAIL_S03_TC29_ClearTaskFlag_EmptyNode", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active+`<t:Subject>task</t:Subject>`+flagDates(second, third))
		d.flags(id, "").lacks("FlagType", "Subject", "StartDate")
	}},
	{"MSASEMAIL_S03_TC30_MarkTaskComplete", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active+`<t:Subject>task</t:Subject>`+flagDates(second, third))
		d.flags(id, complete+`<t:Subject>task</t:Subject>`+flagDates(second, third)).is("Status", "1").has("CompleteTime", "DateCompleted")
	}},
	{"MSASEMAIL_S03_TC31_UpdateTaskFlagMetadata", every, func(d *device) {
		id, _ := d.marked()
		d.flags(id, active+`<t:Subject>task</t:Subject>`+flagDates(second, third))
		d.flags(id, `<e:Status>2</e:Status><e:FlagType>for Follow Up</e:FlagType><t:Subject>other</t:Subject>`+flagDates(second, third)).is("FlagType", "for Follow Up").is("Subject", "other")
	}},
}
