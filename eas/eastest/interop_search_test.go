package eastest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropSearch asks for ResolveRecipients, Search and Find. [MS-ASCMD] 2.2.1.2, 2.2.1.15, 2.2.1.16
func TestInteropSearch(t *testing.T) { askInterop(t, interopTests["TestInteropSearch"]) }

// search searches one store.
func (d *device) search(store, query, options string) reply {
	d.t.Helper()
	if options != "" {
		options = `<Options>` + options + `</Options>`
	}
	return d.do("Search", `<Store><Name>`+store+`</Name><Query>`+query+`</Query>`+options+`</Store>`)
}

// and is a query for mail and the like.
func and(parts ...string) string { return `<And>` + strings.Join(parts, "") + `</And>` }

func freeText(s string) string { return `<FreeText>` + s + `</FreeText>` }

func within(folder string) string { return `<a:CollectionId>` + folder + `</a:CollectionId>` }

// resolve resolves names.
func (d *device) resolve(options string, names ...string) reply {
	d.t.Helper()
	doc := ""
	for _, n := range names {
		doc += `<To>` + n + `</To>`
	}
	return d.do("ResolveRecipients", doc+`<Options>`+options+`</Options>`)
}

func availability(start, end string) string {
	return `<Availability><StartTime>` + start + `</StartTime><EndTime>` + end + `</EndTime></Availability>`
}

var resolveCases = []interopCase{
	{"MSASCMD_S13_TC02_ResolveRecipients_EndTimeInvalid", from14, func(d *device) {
		d.resolve(availability("2026-03-02T00:00:00.000Z", "2026-03"), bob).is("ResolveRecipients/Status", "5").lacks("Availability")
	}},
	{"MSASCMD_S13_TC03_ResolveRecipients_StartTimeInvalid", from14, func(d *device) {
		d.resolve(availability("2026-03", "2026-03-02T00:00:00.000Z"), bob).is("ResolveRecipients/Status", "5").lacks("Availability")
	}},
	{"MSASCMD_S13_TC04_ResolveRecipients_EndTimeSmallThanStartTime", from14, func(d *device) {
		d.resolve(availability("2026-03-02T00:30:00.000Z", "2026-03-02T00:00:00.000Z"), bob).is("ResolveRecipients/Status", "5")
		d.resolve(availability("2026-03-02T00:00:00.000Z", "2026-03-02T00:29:00.000Z"), bob).is("ResolveRecipients/Status", "5")
	}},
	{"MSASCMD_S13_TC05_ResolveRecipients_DurationIsTooLarge", from14, func(d *device) {
		d.resolve(availability("2026-03-01T00:00:00.000Z", "2026-04-13T00:00:00.000Z"), bob).is("ResolveRecipients/Status", "5")
		d.resolve(availability("2026-03-01T00:00:00.000Z", "2026-04-12T00:00:00.000Z"), bob).is("Availability/Status", "1")
	}},
	{"MSASCMD_S13_TC06_ResolveRecipients_Over256", every, func(d *device) {
		d.resolve("", strings.Repeat("x", 256)).is("ResolveRecipients/Status", "1").is("Response/Status", "4")
		d.resolve("", strings.Repeat("x", 257)).is("ResolveRecipients/Status", "5")
	}},
	{"MSASCMD_S13_TC07_ResolveRecipients_NoPictureExist", from141, func(d *device) {
		d.resolve(`<Picture><MaxPictures>3</MaxPictures></Picture>`, bob).is("Recipient/Picture/Status", "173").lacks("Picture/Data")
	}},
	{"MSASCMD_S13_TC08_ResolveRecipients_AmbiguousUser", every, func(d *device) {
		d.tn.AddMailbox("bobby@contoso.com")
		d.resolve("", "bob").is("Response/Status", "2").count("Recipient", 2).is("RecipientCount", "2").lacks("Certificates")
	}},
	{"MSASCMD_S13_TC09_ResolveRecipients_AmbiguousUserAvailability", from14, func(d *device) {
		d.tn.AddMailbox("bobby@contoso.com")
		d.resolve(availability("2026-03-02T00:00:00.000Z", "2026-03-02T02:00:00.000Z"), "bob").is("Response/Status", "2").count("Recipient", 2).lacks("MergedFreeBusy")
	}},
	{"MSASCMD_S13_TC12_ResolveRecipients_To", every, func(d *device) {
		r := d.resolve("", bob, "nobody", carol).is("ResolveRecipients/Status", "1").count("Response", 3)
		if to, status := r.texts("Response/To"), r.texts("Response/Status"); !slices.Equal(to, []string{bob, "nobody", carol}) || !slices.Equal(status, []string{"1", "4", "1"}) {
			d.t.Error(r)
		}
		r.is("Recipient/EmailAddress", bob).is("Recipient/Type", "1").has("Recipient/DisplayName")
	}},
	{"MSASCMD_S13_TC13_ResolveRecipients_MergedFreeBusy", from14, func(d *device) {
		d.resolve(availability("2026-08-17T23:00:00.000Z", "2026-08-17T23:30:00.000Z"), bob).is("Availability/Status", "1").is("MergedFreeBusy", "0")
		d.resolve(availability("2026-08-17T23:00:00.000Z", "2026-08-17T23:30:00.000Z"), "nobody").lacks("Availability")
	}},
	{"MSASCMD_S13_TC14_ResolveRecipients_NoCertificates", every, func(d *device) {
		d.resolve(`<CertificateRetrieval>2</CertificateRetrieval>`, bob).is("Response/Status", "1").is("Certificates/Status", "7").lacks("Certificate")
		d.resolve(`<CertificateRetrieval>1</CertificateRetrieval>`, bob).is("Response/Status", "1").lacks("Certificates")
	}},
	{"MSASCMD_S13_TC15_ResolveRecipients_MergedFreeBusyIntervalTime", from14, func(d *device) {
		busy, away, maybe := eas.BusyBusy, eas.BusyAway, eas.BusyTentative
		day := d.tomorrow()
		d.tn.Mailbox(bob).Put(eas.FolderCalendar, &eas.Event{Subject: "a", Start: day.Add(time.Hour), End: day.Add(90 * time.Minute), Busy: &busy},
			&eas.Event{Subject: "b", Start: day.Add(2 * time.Hour), End: day.Add(2*time.Hour + time.Second), Busy: &away},
			&eas.Event{Subject: "c", Start: day.Add(190 * time.Minute), End: day.Add(200 * time.Minute), Busy: &maybe})
		stamp := func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }
		d.resolve(availability(stamp(day), stamp(day.Add(4*time.Hour))), bob).is("MergedFreeBusy", "00203010")
		d.resolve(availability(stamp(day), stamp(day.Add(65*time.Minute))), bob).is("MergedFreeBusy", "002")
	}},
	{"MSASCMD_S13_TC16_ResolveRecipients_Picture_Status173", from141, func(d *device) {
		d.resolve(`<Picture><MaxSize>100</MaxSize><MaxPictures>1</MaxPictures></Picture>`, bob, carol).count("Recipient/Picture", 2).is("Recipient/Picture/Status", "173")
	}},
	{"MSASCMD_S13_TC20_ResolveRecipients_Status5", every, func(d *device) {
		d.resolve("", slices.Repeat([]string{bob}, 101)...).is("ResolveRecipients/Status", "5")
		d.resolve("", slices.Repeat([]string{bob}, 100)...).is("ResolveRecipients/Status", "1").count("Response", 100)
	}},
}

// keyword puts an item with a word into several folders.
func (d *device) keyword(word string) {
	d.box.Deliver(mailOf(word+" mail", "text"))
	now := d.tomorrow()
	d.box.Put(eas.FolderCalendar, &eas.Event{Subject: word + " event", Start: now, End: now.Add(time.Hour)})
	d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: word + " contact"})
	d.box.Put(eas.FolderTasks, &eas.Task{Subject: word + " task"})
	d.box.Put(eas.FolderNotes, &eas.Note{Subject: word + " note"})
}

// complex requires a query to be too complex.
func (d *device) complex(query string) {
	d.t.Helper()
	d.search("Mailbox", query, "").is("Store/Status", "8").lacks("Result/Properties")
}

const conversationID = `<ConversationId>AAECAwQFBgcICQoLDA0ODw==</ConversationId>`

var searchCases = []interopCase{
	{"MSASCMD_S14_TC01_Search_Success", every, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(`<a:Class>Email</a:Class>`, within(inbox), freeText("needle")), "").is("Search/Status", "1").is("Store/Status", "1").
			is("Result/Class", "Email").is("Result/CollectionId", inbox).has("Result/LongId").is("Properties/Subject", "needle mail")
	}},
	{"MSASCMD_S14_TC02_Search_MultipleAndElements", every, func(d *device) {
		d.complex(and(`<a:Class>Email</a:Class>`, within(inbox), freeText("x")) + and())
	}},
	{"MSASCMD_S14_TC03_Search_TooComplex_Status8_Class", every, func(d *device) { d.complex(`<a:Class>Email</a:Class>` + and(freeText("x"))) }},
	{"MSASCMD_S14_TC04_Search_TooComplex_Status8_CollectionId", every, func(d *device) { d.complex(within(inbox) + and(freeText("x"))) }},
	{"MSASCMD_S14_TC05_Search_TooComplex_Status8_FreeText", every, func(d *device) { d.complex(freeText("x") + and(within(inbox))) }},
	{"MSASCMD_S14_TC06_Search_MultipleDeepTraversal", every, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(within(inbox), freeText("needle")), `<DeepTraversal/><DeepTraversal/>`).is("Store/Status", "1").count("Result", 1)
	}},
	{"MSASCMD_S14_TC07_Search_MoreThanOneMIMESupport", every, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(within(inbox), freeText("needle")), `<a:MIMESupport>1</a:MIMESupport><a:MIMESupport>2</a:MIMESupport>`).is("Store/Status", "1")
	}},
	{"MSASCMD_S14_TC08_Search_MultipleRange", every, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(within(inbox), freeText("needle")), `<Range>0-1</Range><Range>0-2</Range>`).is("Store/Status", "1")
	}},
	{"MSASCMD_S14_TC09_Search_MoreThanOneRebuildResults", every, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(within(inbox), freeText("needle")), `<RebuildResults/><RebuildResults/>`).is("Store/Status", "1")
	}},
	{"MSASCMD_S14_TC10_Search_MoreThanOneStores", every, func(d *device) {
		d.keyword("needle")
		store := `<Store><Name>Mailbox</Name><Query>` + and(within(inbox), freeText("needle")) + `</Query></Store>`
		d.do("Search", store+store).is("Store/Status", "1")
	}},
	{"MSASCMD_S14_TC11_Search_Invalid_Status2", every, func(d *device) {
		d.search("Mailbox", and(freeText("x"), `<e:To>`+ada+`</e:To>`), "").is("Store/Status", "2")
	}},
	{"MSASCMD_S14_TC12_Search_Result_NoItemMatched", every, func(d *device) {
		d.search("Mailbox", and(freeText("nothing")), "").is("Store/Status", "1").count("Result", 1).lacks("Result/Properties", "Result/LongId")
		d.search("GAL", "nobody", "").is("Store/Status", "1").count("Result", 1).lacks("Result/Properties")
	}},
	{"MSASCMD_S14_TC13_Search_Result_MultipleMatchedItems", every, func(d *device) {
		d.box.Deliver(mailOf("needle one", "text"), mailOf("needle two", "text"), mailOf("hay", "text"))
		d.search("Mailbox", and(within(inbox), freeText("needle")), preference(1, "")).count("Result", 2).count("Properties", 2).has("Properties/Subject", "Properties/Body").is("Total", "2")
	}},
	{"MSASCMD_S14_TC14_Search_GAL_Success", every, func(d *device) {
		for _, name := range []string{"user3", "user1", "user2"} {
			d.tn.AddMailbox(name + "@contoso.com")
		}
		r := d.search("GAL", "user", `<Range>0-2</Range>`).is("Store/Status", "1").is("Range", "0-2").is("Total", "3").count("Result", 3)
		if got := r.texts("Properties/Alias"); !slices.Equal(got, []string{"user1", "user2", "user3"}) {
			d.t.Errorf("%q is not in the order of the GAL", got)
		}
		r.has("Properties/DisplayName").is("Properties/EmailAddress", "user1@contoso.com")
		d.search("GAL", "user", `<Range>0-1</Range>`).count("Result", 2).is("Total", "3").is("Range", "0-1")
		d.search("GAL", "ser1", "").lacks("Properties") // the beginning alone matches
	}},
	{"MSASCMD_S14_TC15_Search_WithAllClass", only14x, func(d *device) {
		d.keyword("needle")
		var all strings.Builder
		for _, class := range []string{"Tasks", "Email", "Calendar", "Contacts", "Notes", "SMS"} {
			all.WriteString(`<a:Class>` + class + `</a:Class>`)
		}
		d.search("Mailbox", and(within(inbox), within(calendar), within(contacts), all.String(), freeText("needle")), `<DeepTraversal/>`).count("Result", 3).count("Result/Class", 3)
	}},
	{"MSASCMD_S14_TC16_Search_WithoutNoteAndSmsClass", to12, func(d *device) {
		d.keyword("needle")
		d.search("Mailbox", and(`<a:Class>Tasks</a:Class><a:Class>Email</a:Class><a:Class>Calendar</a:Class><a:Class>Contacts</a:Class>`, freeText("needle")), "").count("Result", 4)
	}},
	{"MSASCMD_S14_TC17_Search_WithoutClass", every, func(d *device) {
		d.keyword("needle")
		r := d.search("Mailbox", and(within(inbox), within(calendar), within(contacts), freeText("needle")), "").count("Result", 3)
		classes := r.texts("Result/Class")
		slices.Sort(classes)
		if !slices.Equal(classes, []string{"Calendar", "Contacts", "Email"}) {
			d.t.Error(r)
		}
	}},
	{"MSASCMD_S14_TC22_Search_WithDeepTraversal", every, func(d *device) {
		d.nested()
		d.search("Mailbox", and(within(inbox), freeText("needle")), `<DeepTraversal/>`).count("Result", 2)
	}},
	{"MSASCMD_S14_TC23_Search_WithoutDeepTraversal", every, func(d *device) {
		d.nested()
		d.search("Mailbox", and(within(inbox), freeText("needle")), "").count("Result", 1).is("Properties/Subject", "needle two")
	}},
	{"MSASCMD_S14_TC27_Search_TooComplex_Status8_ConversationId", only14x, func(d *device) { d.complex(conversationID + and(freeText("x"))) }},
	{"MSASCMD_S14_TC28_Search_CaseInsensitiveMatch", every, func(d *device) {
		d.box.Deliver(mailOf("NeeDle one", "text"), mailOf("needle two", "text"))
		d.search("Mailbox", and(within(inbox), freeText("nEEdLE")), `<Range>0-0</Range>`).count("Result", 1).is("Range", "0-0").is("Total", "2")
	}},
	{"MSASCMD_S14_TC29_Search_MoreThanOneConversationId", only14x, func(d *device) {
		d.search("Mailbox", and(conversationID, conversationID, freeText("x")), "").has("Store/Status").isNot("Store/Status", "1")
	}},
	{"MSASCMD_S14_TC30_Search_TooComplex_Status8_Or", every, func(d *device) {
		d.complex(`<Or>` + freeText("x") + freeText("y") + `</Or>`)
	}},
	{"MSASCMD_S14_TC31_Search_TooComplex_Status8_GreaterThan", every, func(d *device) {
		d.complex(`<GreaterThan><e:DateReceived/><Value>2026-01-01T00:00:00.000Z</Value></GreaterThan>` + and(freeText("x")))
	}},
	{"MSASCMD_S14_TC32_Search_TooComplex_Status8_LessThan", every, func(d *device) {
		d.complex(`<LessThan><e:DateReceived/><Value>2026-01-01T00:00:00.000Z</Value></LessThan>` + and(freeText("x")))
	}},
	{"MSASCMD_S14_TC33_Search_MIMESupport", every, func(d *device) {
		d.keyword("needle")
		find := func(n string) reply {
			return d.search("Mailbox", and(within(inbox), freeText("needle")), `<a:MIMESupport>`+n+`</a:MIMESupport>`+preference(4, `<b:TruncationSize>10</b:TruncationSize>`)).in("Body")
		}
		find("2").is("Type", "4").has("EstimatedDataSize", "Data").is("Truncated", "1")
		find("1").has("EstimatedDataSize").lacks("Data") // it is no S/MIME
	}},
}

// nested puts a mail that a search finds into the inbox, and one into a folder of it.
func (d *device) nested() {
	d.t.Helper()
	d.box.Deliver(mailOf("needle one", ""), mailOf("needle two", ""))
	below := d.folder(inbox, "below", "12")
	d.moves(d.first(inbox), inbox, below).is("Response/Status", "3")
}

// find finds in one store.
func (d *device) find(id, criterion string) reply {
	d.t.Helper()
	return d.do("Find", `<SearchId>`+id+`</SearchId><ExecuteSearch>`+criterion+`</ExecuteSearch>`)
}

func findMail(folder, text, options string) string {
	return `<MailBoxSearchCriterion><Query><a:Class>Email</a:Class><a:CollectionId>` + folder + `</a:CollectionId><FreeText>` + text + `</FreeText></Query><Options>` + options + `</Options></MailBoxSearchCriterion>`
}

var findCases = []interopCase{
	{"MSASCMD_S23_TC01_Find_Mail_Success", from161, func(d *device) {
		d.keyword("needle")
		d.find("one", findMail(inbox, "needle", "")).is("Find/Status", "1").is("Response/Status", "1").is("Result/Class", "Email").has("Result/ServerId").is("Properties/Subject", "needle mail")
	}},
	{"MSASCMD_S23_TC02_Find_Mail_InvalidRequest", from161, func(d *device) {
		d.find("", findMail(inbox, "needle", "")).is("Find/Status", "2").lacks("Result")
	}},
	{"MSASCMD_S23_TC03_Find_Mail_InvalidRange", from161, func(d *device) {
		d.find("one", findMail(inbox, "needle", "<Range>2-5</Range>")).is("Response/Status", "4").lacks("Result")
	}},
	{"MSASCMD_S23_TC04_Find_GAL_Success", from161, func(d *device) {
		for _, name := range []string{"user3", "user1", "user2"} {
			d.tn.AddMailbox(name + "@contoso.com")
		}
		r := d.find("one", `<GALSearchCriterion><Query>user</Query><Options><Range>0-1</Range></Options></GALSearchCriterion>`).is("Response/Status", "1").is("Range", "0-1").is("Total", "3").count("Result", 2)
		if got := r.texts("Properties/Alias"); !slices.Equal(got, []string{"user1", "user2"}) {
			d.t.Errorf("%q is not in the order of the GAL", got)
		}
		r.has("Properties/DisplayName")
	}},
	{"MSASCMD_S23_TC05_Find_MatchedItems", from161, func(d *device) {
		for i := range 3 {
			d.box.Deliver(mailOf(fmt.Sprint("needle ", i), "text"))
		}
		d.box.Deliver(mailOf("hay", "text"))
		d.find("one", findMail(inbox, "needle", "<Range>0-5</Range>")).count("Result", 3).is("Total", "3").is("Range", "0-2")
	}},
	{"MSASCMD_S23_TC06_Find_NoMatchedItem", from161, func(d *device) {
		d.find("one", findMail(inbox, "nothing", "")).is("Response/Status", "1").lacks("Result")
	}},
	{"MSASCMD_S23_TC08_Find_Mail_FolderSyncRequired", from161, func(d *device) {
		d.find("one", findMail("-1", "needle", "")).is("Find/Status", "3").lacks("Result")
	}},
}
