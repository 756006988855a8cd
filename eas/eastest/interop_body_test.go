package eastest_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropBody asks for bodies, attachments and conversations. [MS-ASAIRS], [MS-ASCON]
func TestInteropBody(t *testing.T) { askInterop(t, interopTests["TestInteropBody"]) }

// longText is what a mail says whose body is asked for.
const longText = "Body of a mail that is longer than what a device takes."

// bodies requires what Sync, ItemOperations and Search return for options; the mail is HTML.
func (d *device) bodies(html bool, options string, each func(r reply)) {
	d.t.Helper()
	m := mailOf("needle", longText)
	if html {
		m.Body = &eas.Body{Type: eas.BodyHTML, Data: "<html><body>" + longText + "</body></html>"}
	}
	d.box.Deliver(m)
	r := d.fresh(inbox, `<Options>`+options+`</Options>`).in("Add")
	id := r.text("ServerId")
	each(r.in("ApplicationData"))
	each(d.get(inbox, id, `<Options>`+options+`</Options>`))
	each(d.search("Mailbox", and(within(inbox), freeText("needle")), options).in("Properties"))
}

// part is a BodyPartPreference for HTML.
func part(more string) string {
	return `<b:BodyPartPreference><b:Type>2</b:Type>` + more + `</b:BodyPartPreference>`
}

const (
	small = `<b:TruncationSize>20</b:TruncationSize>`
	large = `<b:TruncationSize>1000</b:TruncationSize>`
	all   = `<b:AllOrNone>1</b:AllOrNone>`
	some  = `<b:AllOrNone>0</b:AllOrNone>`
)

// whole requires all of a body, or of a part.
func (r reply) whole(path string) {
	r.d.t.Helper()
	if r = r.in(path).holds("Data", longText).lacks("Truncated"); path == "BodyPart" {
		r.is("Status", "1").is("Type", "2")
	}
}

// truncated requires 20 bytes of one.
func (r reply) truncated(path string) {
	r.d.t.Helper()
	if r = r.in(path).is("Truncated", "1"); len(r.text("Data")) != 20 {
		r.d.t.Error(r)
	}
}

// withheld requires that nothing of it is there.
func (r reply) withheld(path string) {
	r.d.t.Helper()
	r.in(path).is("Truncated", "1").lacks("Data").has("EstimatedDataSize")
}

var bodyCases = []interopCase{
	{"MSASAIRS_S01_TC01_BodyPartPreference_AllOrNoneTrue_AllContentReturned", from141, func(d *device) {
		d.bodies(true, part(large+all), func(r reply) { r.whole("BodyPart") })
	}},
	{"MSASAIRS_S01_TC02_BodyPartPreference_AllOrNoneTrue_AllContentNotReturned", from141, func(d *device) {
		d.bodies(true, part(small+all), func(r reply) { r.withheld("BodyPart") })
	}},
	{"MSASAIRS_S01_TC03_BodyPartPreference_AllOrNoneFalse_TruncatedContentReturned", from141, func(d *device) {
		d.bodies(true, part(small+some), func(r reply) { r.truncated("BodyPart") })
	}},
	{"MSASAIRS_S01_TC04_BodyPartPreference_AllOrNoneFalse_NonTruncatedContentReturned", from141, func(d *device) {
		d.bodies(true, part(large+some), func(r reply) { r.whole("BodyPart") })
	}},
	{"MSASAIRS_S01_TC05_BodyPartPreference_NoAllOrNone_TruncatedContentReturned", from141, func(d *device) {
		d.bodies(true, part(small), func(r reply) { r.truncated("BodyPart") })
	}},
	{"MSASAIRS_S01_TC06_BodyPartPreference_NoAllOrNone_NonTruncatedContentReturned", from141, func(d *device) {
		d.bodies(true, part(large), func(r reply) { r.whole("BodyPart") })
	}},
	{"MSASAIRS_S01_TC07_BodyPartPreference_NotIncludedTruncationSize", from141, func(d *device) {
		d.bodies(true, part(some), func(r reply) { r.whole("BodyPart") })
		d.box.RemoveItem(eas.FolderInbox, "needle")
		d.bodies(true, part(all), func(r reply) { r.whole("BodyPart") })
	}},
	{"MSASAIRS_S01_TC08_BodyPart_Preview", from141, func(d *device) {
		d.bodies(true, part(`<b:Preview>18</b:Preview>`), func(r reply) { r.in("BodyPart").is("Preview", longText[:18]) })
	}},
	{"MSASAIRS_S02_TC01_BodyPreference_AllOrNoneTrue_AllContentReturned", every, func(d *device) {
		d.bodies(false, preference(1, large+all), func(r reply) { r.is("Body/Type", "1").whole("Body") })
	}},
	{"MSASAIRS_S02_TC02_BodyPreference_AllOrNoneTrue_AllContentNotReturned", every, func(d *device) {
		d.bodies(false, preference(1, small+all), func(r reply) { r.withheld("Body") })
	}},
	{"MSASAIRS_S02_TC03_BodyPreference_AllOrNoneFalse_TruncatedContentReturned", every, func(d *device) {
		d.bodies(false, preference(1, small+some), func(r reply) { r.truncated("Body") })
	}},
	{"MSASAIRS_S02_TC04_BodyPreference_AllOrNoneFalse_NonTruncatedContentReturned", every, func(d *device) {
		d.bodies(false, preference(1, large+some), func(r reply) { r.whole("Body") })
	}},
	{"MSASAIRS_S02_TC05_BodyPreference_NoAllOrNone_TruncatedContentReturned", every, func(d *device) {
		d.bodies(false, preference(1, small), func(r reply) { r.truncated("Body") })
	}},
	{"MSASAIRS_S02_TC06_BodyPreference_NoAllOrNone_NonTruncatedContentReturned", every, func(d *device) {
		d.bodies(false, preference(1, large), func(r reply) { r.whole("Body") })
	}},
	{"MSASAIRS_S02_TC07_BodyPreference_NotIncludedTruncationSize", every, func(d *device) {
		d.bodies(false, preference(1, some), func(r reply) { r.whole("Body") })
		d.box.RemoveItem(eas.FolderInbox, "needle")
		d.bodies(false, preference(1, all), func(r reply) { r.whole("Body") })
	}},
	{"MSASAIRS_S02_TC08_MultipleBodyPreference", every, func(d *device) {
		d.bodies(false, preference(2, small+all)+preference(1, small), func(r reply) { r.is("Body/Type", "1").truncated("Body") })
	}},
	{"MSASAIRS_S02_TC09_Body_Preview", from14, func(d *device) {
		for _, kind := range []int{1, 2} {
			d.bodies(false, preference(kind, `<b:Preview>18</b:Preview>`), func(r reply) { r.in("Body").is("Preview", longText[:18]) })
			d.box.RemoveItem(eas.FolderInbox, "needle")
		}
	}},
	{"MSASAIRS_S02_TC11_TruncatedPresentOrNotInRequest", to141, func(d *device) {
		for _, truncated := range []string{"", "<b:Truncated>1</b:Truncated>", "<b:Truncated>0</b:Truncated>"} {
			id := d.add(contacts, contactData("One", `<b:Body><b:Type>1</b:Type>`+truncated+`<b:Data>text</b:Data></b:Body>`))
			d.get(contacts, id, `<Options>`+preference(1, "")+`</Options>`).in("Body").is("Data", "text").isNot("Truncated", "1")
		}
	}},
	{"MSASAIRS_S02_TC12_NativeBodyTypeAndType_RTF", every, func(d *device) {
		d.bodies(false, preference(3, ""), func(r reply) {
			if _, err := base64.StdEncoding.DecodeString(r.is("Body/Type", "3").text("Body/Data")); err != nil {
				d.t.Error(err)
			}
		})
	}},
	{"MSASAIRS_S02_TC13_NativeBodyTypeAndType_HTML", from14, func(d *device) {
		d.bodies(true, preference(2, ""), func(r reply) { r.is("Body/Type", "2").is("NativeBodyType", "2") })
		d.box.RemoveItem(eas.FolderInbox, "needle")
		d.bodies(true, `<a:MIMESupport>2</a:MIMESupport>`+preference(4, ""), func(r reply) { r.is("Body/Type", "4").is("NativeBodyType", "2") })
	}},
	{"MSASAIRS_S02_TC14_ItemOperations_Part", every, func(d *device) {
		d.box.Deliver(mailOf("mail", longText))
		id := d.first(inbox)
		options := `<Options>` + preference(1, "") + `</Options>`
		d.get(inbox, id, options).in("Body").is("Data", longText).lacks("Part")
		d.multipart = true
		if r := d.fetch(inbox, id, options); r.header.Get("Content-Type") != "application/vnd.ms-sync.multipart" || !strings.HasSuffix(r.body, longText) || strings.Count(r.body, longText) != 1 {
			d.t.Errorf("%q", r.body)
		}
	}},
	{"MSASAIRS_S03_TC01_FileReference_ZeroLengthString", every, func(d *device) { d.fetchFile("", "").is("Fetch/Status", "15") }},
	{"MSASAIRS_S03_TC02_NormalAttachment", every, func(d *device) { d.method(eas.AttachmentFile, false) }},
	{"MSASAIRS_S03_TC03_EmbeddedMessageAttachment", every, func(d *device) { d.method(eas.AttachmentMessage, false) }},
	{"MSASAIRS_S03_TC04_OLEAttachment", every, func(d *device) { d.method(eas.AttachmentOLE, true) }},
	{"MSASAIRS_S04_TC01_Sync_Status4", from14, func(d *device) {
		for _, p := range badPreferences {
			d.sync(inbox, `<Options>`+p+`</Options>`).is("Sync/Status", "4")
		}
	}},
	{"MSASAIRS_S04_TC02_IncorrectDataType", every, func(d *device) {
		d.misplaced(`<b:BodyPreference><b:Type>a</b:Type></b:BodyPreference>`, `<b:Body><b:Type>a</b:Type><b:Data>x</b:Data></b:Body>`)
	}},
	{"MSASAIRS_S04_TC03_IncorrectNumberOfInstances", every, func(d *device) {
		d.misplaced(`<b:BodyPreference><b:Type>1</b:Type><b:Type>1</b:Type></b:BodyPreference>`, `<b:Body><b:Type>1</b:Type><b:Type>1</b:Type><b:Data>x</b:Data></b:Body>`)
	}},
	{"MSASAIRS_S04_TC04_IncorrectOrder", every, func(d *device) {
		d.misplaced(`<b:BodyPreference><b:TruncationSize>100</b:TruncationSize><b:Type>1</b:Type></b:BodyPreference>`, `<b:Body><b:Data>x</b:Data><b:Type>1</b:Type></b:Body>`)
	}},
	{"MSASAIRS_S04_TC05_IncorrectPlacement", every, func(d *device) {
		d.misplaced(preference(1, preference(1, "")), `<b:Body><b:Type>1</b:Type><b:Data>x</b:Data>`+body(1, "x")+`</b:Body>`)
	}},
	{"MSASAIRS_S04_TC06_MultipleBodyPreferenceHaveSameTypeValue", from14, func(d *device) {
		d.sync(inbox, `<Options>`+preference(1, large)+preference(1, large)+`</Options>`).is("Sync/Status", "4")
	}},
	{"MSASNOTE_S01_TC06_Sync_AddNote_WithBodyTypes", from14, func(d *device) {
		d.add(notes, note("note", ""))
		for kind, want := range map[int]string{1: "text", 2: "<html", 3: "{\\rtf"} {
			data := d.fresh(notes, `<Options>`+preference(kind, "")+`</Options>`).is("Body/Type", fmt.Sprint(kind)).text("Body/Data")
			if kind == 3 {
				b, err := base64.StdEncoding.DecodeString(data)
				if err != nil || len(b) == 0 {
					d.t.Errorf("%q: %v", data, err)
				}
				continue
			}
			if !strings.HasPrefix(strings.ToLower(data), want) {
				d.t.Errorf("%q, want %q", data, want)
			}
		}
	}},
}

var badPreferences = []string{
	`<b:BodyPreference><b:TruncationSize>100</b:TruncationSize><b:AllOrNone>1</b:AllOrNone><b:Type>1</b:Type></b:BodyPreference>`,
	preference(1, `<b:AllOrNone>a</b:AllOrNone>`),
	preference(1, `<b:AllOrNone>1</b:AllOrNone><b:AllOrNone>1</b:AllOrNone>`),
}

// misplaced requires a preference to be refused by ItemOperations and Search, and a body by Sync.
func (d *device) misplaced(preference, body string) {
	d.t.Helper()
	d.box.Deliver(mailOf("needle", longText))
	d.fetch(inbox, d.first(inbox), `<Options>`+preference+`</Options>`).is("ItemOperations/Status", "2")
	d.search("Mailbox", and(within(inbox), freeText("needle")), preference).is("Store/Status", "2")
	d.commands(contacts, d.addition(contactData("One", body))).is("Responses/Add/Status", "6")
}

// method requires an attachment to be told of as it is.
func (d *device) method(kind eas.AttachmentMethod, inline bool) {
	d.t.Helper()
	m := mailOf("needle", "text")
	m.Attachments = []eas.Attachment{{Name: "a.eml", Content: []byte("content"), Method: kind, ContentID: "cid1", Inline: inline}}
	d.box.Deliver(m)
	r := d.fresh(inbox, "").in("Add")
	for _, r := range []reply{r, d.get(inbox, r.text("ServerId"), ""), d.search("Mailbox", and(within(inbox), freeText("needle")), "")} {
		a := r.in("Attachment").is("Method", fmt.Sprint(int(kind))).is("DisplayName", "a.eml").is("ContentId", "cid1").is("EstimatedDataSize", "7").has("FileReference")
		if inline {
			a.is("IsInline", "1")
		} else {
			a.isNot("IsInline", "1")
		}
	}
}

// talk makes a conversation of two mails in the inbox, and returns its ID and theirs.
func (d *device) talk() (conversation string, ids []string) {
	d.t.Helper()
	d.as(bob).send("SendMail", message(ada, "conversation", "one")).empty()
	first := d.first(inbox)
	d.send("SmartReply", message(ada+", "+bob, "Re: conversation", "two"), inbox, first).empty()
	r := d.fresh(inbox, "").count("Add", 2)
	of := r.texts("ConversationId")
	if len(of) != 2 || of[0] != of[1] {
		d.t.Fatalf("two conversations: %s", r)
	}
	return of[0], r.texts("Add/ServerId")
}

// everyOne changes all mails.
func (d *device) everyOne(ids []string, data string) reply {
	d.t.Helper()
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(`<Change><ServerId>` + id + `</ServerId><ApplicationData>` + data + `</ApplicationData></Change>`)
	}
	return d.commands(inbox, b.String()).applied()
}

func (d *device) movesConversation(id, to, always string) reply {
	d.t.Helper()
	return d.do("ItemOperations", `<Move><ConversationId>`+id+`</ConversationId><DstFldId>`+to+`</DstFldId><Options><MoveAlways>`+always+`</MoveAlways></Options></Move>`).is("ItemOperations/Status", "1")
}

// goesOn has bob write another mail in the conversation.
func (d *device) goesOn() {
	d.t.Helper()
	b := d.as(bob)
	b.send("SmartReply", message(ada, "Re: conversation", "three"), inbox, b.first(inbox)).empty()
}

var conversationCases = []interopCase{
	{"MSASCON_S01_TC01_Sync_MarkRead", from14, func(d *device) {
		_, ids := d.talk()
		for _, read := range []string{"1", "0"} {
			d.everyOne(ids, `<e:Read>`+read+`</e:Read>`)
			if got := d.fresh(inbox, "").texts("ApplicationData/Read"); !slices.Equal(got, []string{read, read}) {
				d.t.Error(got)
			}
		}
	}},
	{"MSASCON_S01_TC02_Sync_Flag", from14, func(d *device) {
		_, ids := d.talk()
		d.everyOne(ids[1:], followUp)
		if got := d.fresh(inbox, "").texts("Flag/Status"); !slices.Equal(got, []string{"2"}) {
			d.t.Error(got)
		}
		d.everyOne(ids, `<e:Flag>`+complete+`</e:Flag>`)
		if got := d.fresh(inbox, "").texts("Flag/Status"); !slices.Equal(got, []string{"1", "1"}) {
			d.t.Error(got)
		}
		d.everyOne(ids, `<e:Flag/>`)
		d.fresh(inbox, "").lacks("Flag/Status")
	}},
	{"MSASCON_S01_TC03_Sync_Delete", from14, func(d *device) {
		_, ids := d.talk()
		d.commands(inbox, `<Delete><ServerId>`+ids[0]+`</ServerId></Delete><Delete><ServerId>`+ids[1]+`</ServerId></Delete>`).applied()
		d.fresh(inbox, "").empty()
		d.fresh(deleted, "").count("Add", 2)
		d.goesOn()
		d.fresh(inbox, "").count("Add", 1) // what comes is not affected
	}},
	{"MSASCON_S01_TC04_Sync_Filter", from14, func(d *device) {
		d.talk()
		d.prime(inbox, "")
		d.sync(inbox, `<ConversationMode>1</ConversationMode>`).count("Add", 2)
	}},
	{"MSASCON_S01_TC05_Sync_ConversationIndex", from14, func(d *device) {
		d.talk()
		d.goesOn()
		var before []byte
		for i, r := range d.fresh(inbox, "").count("Add", 3).all("ApplicationData") {
			index := r.index()
			if i == 1 && (len(index) != 10 || string(index[:5]) != string(before)) {
				d.t.Errorf("%x after %x", index, before)
			}
			before = index
		}
	}},
	{"MSASCON_S01_TC06_Sync_NoConversationId", from14, func(d *device) {
		d.add(calendar, eventData("event", d.tomorrow(), ""))
		d.fresh(calendar, "").count("Add", 1).lacks("ConversationId")
	}},
	{"MSASCON_S01_TC07_Sync_MessagePart", from141, func(d *device) {
		d.box.Deliver(mailOf("mail", longText))
		d.fresh(inbox, "").lacks("BodyPart", "Body")
		d.fresh(inbox, `<Options>`+preference(2, "")+`</Options>`).has("Body").lacks("BodyPart")
		d.fresh(inbox, `<Options>`+part("")+`</Options>`).in("BodyPart").is("Status", "1").holds("Data", longText)
		d.fresh(inbox, `<Options>`+part(small)+`</Options>`).truncated("BodyPart")
		d.fresh(inbox, `<Options>`+preference(2, "")+part("")+`</Options>`).has("BodyPart", "Body")
	}},
	{"MSASCON_S01_TC08_Sync_Status164", from141, func(d *device) {
		d.sync(inbox, `<Options><b:BodyPartPreference><b:Type>3</b:Type></b:BodyPartPreference></Options>`).is("Sync/Status", "164")
	}},
	{"MSASCON_S03_TC01_ItemOperations_Ignore", from14, func(d *device) {
		id, _ := d.talk()
		d.movesConversation(id, deleted, "").is("Move/Status", "1").is("Move/ConversationId", id)
		d.fresh(inbox, "").empty()
		d.fresh(deleted, "").count("Add", 2)
		d.goesOn()
		d.fresh(inbox, "").empty()
		d.fresh(deleted, "").count("Add", 3)
	}},
	{"MSASCON_S03_TC02_ItemOperations_MoveAlways", from14, func(d *device) {
		id, ids := d.talk()
		d.moves(ids[0], inbox, sent).is("Response/Status", "3")
		had := len(d.fresh(sent, "").all("Add"))
		d.movesConversation(id, deleted, "").is("Move/Status", "1").is("Move/ConversationId", id)
		d.fresh(inbox, "").empty()
		d.fresh(sent, "").count("Add", had) // from there nothing is moved
		d.fresh(deleted, "").count("Add", 1)
		d.goesOn()
		d.fresh(deleted, "").count("Add", 2)
	}},
	{"MSASCON_S03_TC03_ItemOperations_Status2", from14, func(d *device) {
		id, _ := d.talk()
		d.movesConversation(id, deleted, "MoveAlwaysContent").is("Move/Status", "2")
		d.fresh(inbox, "").count("Add", 2)
	}},
	{"MSASCON_S03_TC04_ItemOperations_Status6", from14, func(d *device) {
		id, _ := d.talk()
		d.movesConversation(base64Of("NotExistConversationId"), deleted, "").is("Move/Status", "6")
		d.movesConversation(id, "99", "").is("Move/Status", "6")
	}},
	{"MSASCON_S03_TC05_ItemOperations_Status105", from14, func(d *device) {
		id, _ := d.talk()
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.movesConversation(id, string(cache.ID), "").is("Move/Status", "105")
	}},
	{"MSASCON_S03_TC06_ItemOperations_Status156", from14, func(d *device) {
		id, _ := d.talk()
		d.movesConversation(id, calendar, "").is("Move/Status", "156")
	}},
	{"MSASCON_S03_TC07_ItemOperations_Status164", from141, func(d *device) {
		_, ids := d.talk()
		d.fetch(inbox, ids[0], `<Options><b:BodyPartPreference><b:Type>3</b:Type></b:BodyPartPreference></Options>`).is("ItemOperations/Status", "1").is("Fetch/Status", "164")
	}},
	{"MSASCON_S03_TC08_ItemOperations_MessagePart", from141, func(d *device) {
		d.box.Deliver(mailOf("mail", longText))
		id := d.first(inbox)
		d.get(inbox, id, "").lacks("BodyPart")
		d.get(inbox, id, `<Options>`+part("")+`</Options>`).in("BodyPart").is("Status", "1").holds("Data", longText)
		d.get(inbox, id, `<Options>`+part(small)+`</Options>`).truncated("BodyPart")
	}},
	{"MSASCON_S04_TC01_MoveItems_Move", from14, func(d *device) {
		_, ids := d.talk()
		for _, id := range ids {
			d.moves(id, inbox, deleted).is("Response/Status", "3")
		}
		d.fresh(inbox, "").empty()
		d.fresh(deleted, "").count("Add", 2)
	}},
	{"MSASCON_S05_TC01_Search", from14, func(d *device) {
		id, ids := d.talk()
		d.moves(ids[0], inbox, deleted)
		r := d.search("Mailbox", and(`<ConversationId>`+id+`</ConversationId>`), "")
		folders := r.texts("Result/CollectionId")
		if !slices.Contains(folders, inbox) || !slices.Contains(folders, deleted) {
			d.t.Error(r)
		}
	}},
	{"MSASCON_S05_TC02_Search_MessagePart", from141, func(d *device) {
		d.box.Deliver(mailOf("needle", longText))
		query := and(within(inbox), freeText("needle"))
		d.search("Mailbox", query, "").lacks("BodyPart")
		d.search("Mailbox", query, part("")).in("BodyPart").is("Status", "1").holds("Data", longText)
		d.search("Mailbox", query, part(small)).truncated("BodyPart")
	}},
	{"MSASCON_S05_TC03_Search_Status164", from141, func(d *device) {
		d.search("Mailbox", and(freeText("needle")), `<b:BodyPartPreference><b:Type>3</b:Type></b:BodyPartPreference>`).is("Store/Status", "164")
	}},
}
