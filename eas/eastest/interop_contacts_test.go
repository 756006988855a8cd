package eastest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestInteropContacts asks for contacts, tasks and notes. [MS-ASCNTC], [MS-ASTASK], [MS-ASNOTE]
func TestInteropContacts(t *testing.T) { askInterop(t, interopTests["TestInteropContacts"]) }

// contactFields are the elements of a contact that can be ghosted.
var contactFields = []string{
	"k2:AccountName", "k:Anniversary", "k:AssistantPhoneNumber", "k:Birthday", "k:BusinessAddressCity", "k:BusinessAddressCountry",
	"k:BusinessAddressPostalCode", "k:BusinessAddressState", "k:BusinessAddressStreet", "k:BusinessFaxNumber", "k:BusinessPhoneNumber",
	"k:Business2PhoneNumber", "k:CarPhoneNumber", "k2:CompanyMainPhone", "k:CompanyName", "k2:CustomerId", "k:Department", "k:Email1Address",
	"k:Email2Address", "k:Email3Address", "k:FileAs", "k:FirstName", "k2:GovernmentId", "k:HomeAddressCity", "k:HomeAddressCountry",
	"k:HomeAddressPostalCode", "k:HomeAddressState", "k:HomeAddressStreet", "k:HomeFaxNumber", "k:HomePhoneNumber", "k:Home2PhoneNumber",
	"k2:IMAddress", "k2:IMAddress2", "k2:IMAddress3", "k:JobTitle", "k:LastName", "k2:ManagerName", "k:MiddleName", "k2:MMS",
	"k:MobilePhoneNumber", "k2:NickName", "k:OfficeLocation", "k:OtherAddressCity", "k:OtherAddressCountry", "k:OtherAddressPostalCode",
	"k:OtherAddressState", "k:OtherAddressStreet", "k:PagerNumber", "k:RadioPhoneNumber", "k:Spouse", "k:Suffix", "k:Title", "k:WebPage",
	"k:YomiCompanyName", "k:YomiFirstName", "k:YomiLastName",
}

// fullContact is a contact with every field, whose text is the field's name.
func fullContact() string {
	var b strings.Builder
	for _, name := range contactFields {
		text := name
		if strings.HasSuffix(name, "Anniversary") || strings.HasSuffix(name, "Birthday") {
			text = "2000-02-03T00:00:00.000Z"
		}
		fmt.Fprintf(&b, "<%s>%s</%s>", name, text, name)
	}
	return b.String() + `<k:AssistantName>assistant</k:AssistantName><k:Categories><k:Category>blue</k:Category></k:Categories>` +
		`<k:Children><k:Child>Byron</k:Child></k:Children>` + body(1, "Some notes.")
}

func body(kind int, text string) string {
	return fmt.Sprintf(`<b:Body><b:Type>%d</b:Type><b:Data>%s</b:Data></b:Body>`, kind, text)
}

// hasContact requires all fields of a contact, the named ones apart.
func (r reply) hasContact(but ...string) {
	r.d.t.Helper()
	for _, name := range contactFields {
		if _, local, _ := strings.Cut(name, ":"); !slices.Contains(but, local) {
			r.has(local)
		}
	}
	r.is("Categories/Category", "blue").is("Children/Child", "Byron").is("Body/Data", "Some notes.")
}

var contactCases = []interopCase{
	{"MSASCNTC_S01_TC01_Sync_AddContact", every, func(d *device) {
		d.add(contacts, fullContact())
		d.fresh(contacts, `<Options>`+preference(1, "")+`</Options>`).in("ApplicationData").is("AssistantName", "assistant").hasContact()
	}},
	{"MSASCNTC_S01_TC02_Sync_GhostedElements_ExceptAssistantName", every, func(d *device) {
		d.prime(contacts, `<Supported><k:AssistantName/></Supported>`)
		d.sync(contacts, "")
		id := d.add(contacts, fullContact())
		d.change(contacts, id, `<k:AssistantName>other</k:AssistantName>`).applied()
		d.get(contacts, id, "").is("AssistantName", "other").hasContact()
	}},
	{"MSASCNTC_S01_TC03_Sync_GhostedElement_AssistantName", every, func(d *device) {
		d.prime(contacts, `<Supported><k:FileAs/></Supported>`)
		d.sync(contacts, "")
		id := d.add(contacts, fullContact())
		d.change(contacts, id, `<k:FileAs>other</k:FileAs>`).applied()
		d.get(contacts, id, "").is("FileAs", "other").is("AssistantName", "assistant").is("Body/Data", "Some notes.")
	}},
	{"MSASCNTC_S01_TC05_Sync_Status6_PictureExceeds48KB", every, func(d *device) {
		d.commands(contacts, d.addition(contactData("One", `<k:Picture>`+strings.Repeat("A", 48<<10+4)+`</k:Picture>`))).is("Responses/Add/Status", "6").lacks("Add/ServerId")
		d.add(contacts, contactData("One", `<k:Picture>`+strings.Repeat("A", 48<<10)+`</k:Picture>`))
	}},
	{"MSASCNTC_S01_TC06_Sync_AddContact_300CategoryElements", every, func(d *device) {
		id := d.add(contacts, contactData("One", `<k:Categories>`+strings.Repeat(`<k:Category>x</k:Category>`, 300)+`</k:Categories>`))
		d.get(contacts, id, "").count("Category", 300)
	}},
	{"MSASCNTC_S01_TC07_Sync_AddContact_300ChildElements", every, func(d *device) {
		id := d.add(contacts, contactData("One", `<k:Children>`+strings.Repeat(`<k:Child>x</k:Child>`, 300)+`</k:Children>`))
		d.get(contacts, id, "").count("Child", 300)
	}},
	{"MSASCNTC_S01_TC08_Sync_TruncatedBody", every, func(d *device) {
		d.add(contacts, fullContact())
		d.fresh(contacts, `<Options>`+preference(1, `<b:TruncationSize>8</b:TruncationSize>`)+`</Options>`).in("Body").is("Truncated", "1").is("Data", "Some not").is("EstimatedDataSize", "11")
	}},
	{"MSASCNTC_S01_TC09_Sync_NonTruncatedBody", every, func(d *device) {
		d.add(contacts, fullContact())
		d.fresh(contacts, `<Options>`+preference(1, "")+`</Options>`).in("Body").is("Data", "Some notes.").lacks("Truncated")
	}},
	{"MSASCNTC_S02_TC01_ItemOperations_RetrieveContact", every, func(d *device) {
		id := d.add(contacts, fullContact())
		d.get(contacts, id, `<Options>`+preference(1, "")+`</Options>`).hasContact()
	}},
	{"MSASCNTC_S02_TC02_ItemOperations_TruncateBody", every, func(d *device) {
		id := d.add(contacts, fullContact())
		d.get(contacts, id, `<Options>`+preference(1, `<b:TruncationSize>8</b:TruncationSize>`)+`</Options>`).in("Body").is("Truncated", "1").is("Data", "Some not")
	}},
	{"MSASCNTC_S02_TC03_ItemOperations_SchemaViewFetch", every, func(d *device) {
		id := d.add(contacts, fullContact())
		d.get(contacts, id, `<Options><Schema><k:FileAs/></Schema></Options>`).is("FileAs", "k:FileAs").only("FileAs")
	}},
	{"MSASCNTC_S03_TC01_Search_RetrieveContact", every, func(d *device) {
		d.add(contacts, fullContact())
		d.search("Mailbox", and(`<a:Class>Contacts</a:Class>`, within(contacts), freeText("Byron")), preference(1, "")).is("Result/Class", "Contacts").in("Properties").hasContact()
	}},
}

// only requires that there is one element below, of that name.
func (r reply) only(names ...string) reply {
	r.d.t.Helper()
	var got []string
	if r.root != nil {
		for _, k := range r.root.kids {
			got = append(got, k.name)
		}
	}
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		r.d.t.Errorf("%q in place of %q in %s", got, names, r)
	}
	return r
}

// task is the ApplicationData of a task.
func task(subject, more string) string { return `<t:Subject>` + subject + `</t:Subject>` + more }

// recurring is a recurrence of a task with what stands in it after Type.
func (d *device) recurring(kind int, more string) string {
	start := d.tomorrow().Format("2006-01-02T15:04:05.000Z")
	return fmt.Sprintf(`<t:Recurrence><t:Type>%d</t:Type><t:Start>%s</t:Start>%s</t:Recurrence>`, kind, start, more)
}

// tasks adds a task of a type of recurrence and returns it as the server has it.
func (d *device) recurs(kind int, more string) reply {
	d.t.Helper()
	id := d.add(tasks, task("task", d.recurring(kind, more)))
	return d.get(tasks, id, "").in("Recurrence").is("Type", fmt.Sprint(kind))
}

// taskFails requires a recurrence to be refused.
func (d *device) taskFails(kind int, more string) {
	d.t.Helper()
	d.commands(tasks, d.addition(task("task", d.recurring(kind, more)))).is("Responses/Add/Status", "6").lacks("Add/ServerId")
}

// Parts of recurrences.
const (
	onMonday  = `<t:DayOfWeek>2</t:DayOfWeek>`
	onTenth   = `<t:DayOfMonth>10</t:DayOfMonth>`
	inFirst   = `<t:WeekOfMonth>1</t:WeekOfMonth>`
	inMay     = `<t:MonthOfYear>5</t:MonthOfYear>`
	threeTime = `<t:Occurrences>3</t:Occurrences>`
)

var taskCases = []interopCase{
	{"MSASTASK_S01_TC01_CreateTaskItemRecursDaily", every, func(d *device) {
		id := d.add(tasks, task("task", d.recurring(0, threeTime)))
		d.get(tasks, id, "").is("Recurrence/DeadOccur", "0").is("Sensitivity", "0").lacks("DayOfWeek")
	}},
	{"MSASTASK_S01_TC02_CreateTaskItemRecursDailyWithoutStart", every, func(d *device) {
		d.commands(tasks, d.addition(task("task", `<t:Recurrence><t:Type>0</t:Type>`+threeTime+`</t:Recurrence>`))).is("Responses/Add/Status", "6")
	}},
	{"MSASTASK_S01_TC03_CreateTaskItemFailWithDayOfMonth", every, func(d *device) {
		for kind, parts := range map[int]string{0: "", 1: onMonday, 3: onMonday + inFirst, 6: onMonday + inFirst + inMay} {
			d.taskFails(kind, parts+onTenth)
		}
	}},
	{"MSASTASK_S01_TC04_CreateTaskItemRecursMonthly", every, func(d *device) { d.recurs(2, onTenth).is("DayOfMonth", "10") }},
	{"MSASTASK_S01_TC05_CreateTaskItemRecursYearly", every, func(d *device) {
		d.recurs(5, onTenth+inMay).is("DayOfMonth", "10").is("MonthOfYear", "5")
	}},
	{"MSASTASK_S01_TC06_CreateTaskItemRecursWeekly", every, func(d *device) { d.recurs(1, onMonday).is("DayOfWeek", "2") }},
	{"MSASTASK_S01_TC07_CreateTaskItemFailWithDayOfWeek", every, func(d *device) {
		d.taskFails(2, onTenth+onMonday)
		d.taskFails(5, onTenth+inMay+onMonday)
	}},
	{"MSASTASK_S01_TC08_CreateTaskItemRecursWeeklyWithInvalidFirstDayOfWeek", from141, func(d *device) {
		d.taskFails(1, onMonday+`<t:FirstDayOfWeek>7</t:FirstDayOfWeek>`)
	}},
	{"MSASTASK_S01_TC09_CreateTaskItemWithInvalidImportanceElement", every, func(d *device) {
		d.get(tasks, d.add(tasks, task("task", `<t:Importance>3</t:Importance>`)), "").is("Importance", "3")
	}},
	{"MSASTASK_S01_TC10_CreateTaskItemRecursYearlyOnTheNthDay", every, func(d *device) {
		d.recurs(6, onMonday+inFirst+inMay).is("DayOfWeek", "2").is("WeekOfMonth", "1").is("MonthOfYear", "5").lacks("DayOfMonth")
	}},
	{"MSASTASK_S01_TC11_CreateTaskItemWithInvalidReminderSetElement", every, func(d *device) {
		d.commands(tasks, d.addition(task("task", `<t:ReminderSet>2</t:ReminderSet>`))).is("Responses/Add/Status", "6")
	}},
	{"MSASTASK_S01_TC12_CreateTaskItemRecursMonthlyOnTheNthDay", every, func(d *device) {
		d.recurs(3, onMonday+inFirst).is("DayOfWeek", "2").is("WeekOfMonth", "1").lacks("DayOfMonth", "MonthOfYear")
	}},
	{"MSASTASK_S01_TC13_CreateTaskItemFailWithWeekOfMonth", every, func(d *device) {
		for kind, parts := range map[int]string{0: "", 1: onMonday, 2: onTenth, 5: onTenth + inMay} {
			d.taskFails(kind, parts+inFirst)
		}
	}},
	{"MSASTASK_S01_TC14_CreateTaskItemFailWithCalendarType", from14, func(d *device) {
		d.taskFails(0, `<t:CalendarType>1</t:CalendarType>`)
		d.taskFails(1, onMonday+`<t:CalendarType>1</t:CalendarType>`)
	}},
	{"MSASTASK_S01_TC15_CreateTaskItemOccurrencesAndUntilBothSet", every, func(d *device) {
		d.recurs(0, threeTime+`<t:Until>2030-01-01T00:00:00.000Z</t:Until>`).is("Occurrences", "3").lacks("Until")
	}},
	{"MSASTASK_S01_TC16_CreateTaskItemRecurrenceWithoutType", every, func(d *device) {
		d.commands(tasks, d.addition(task("task", `<t:Recurrence><t:Start>2026-01-01T00:00:00.000Z</t:Start></t:Recurrence>`))).is("Responses/Add/Status", "6")
	}},
	{"MSASTASK_S01_TC17_CreateTaskItemWithDateCompletedElement", every, func(d *device) {
		d.get(tasks, d.add(tasks, task("task", `<t:Complete>1</t:Complete><t:DateCompleted>2026-03-02T10:00:00.000Z</t:DateCompleted>`)), "").
			is("Complete", "1").is("DateCompleted", "2026-03-02T10:00:00.000Z")
	}},
	{"MSASTASK_S01_TC18_CreateAndChangeSubject", every, func(d *device) {
		id := d.add(tasks, task("task", `<t:Importance>2</t:Importance><t:ReminderSet>1</t:ReminderSet>`))
		d.fresh(tasks, "").is("ApplicationData/Subject", "task")
		d.change(tasks, id, task("other", "")).applied()
		d.get(tasks, id, "").is("Subject", "other").is("Importance", "2").is("ReminderSet", "1")
	}},
	{"MSASTASK_S01_TC19_CreateTaskItemCategoriesWithoutChildElements", every, func(d *device) {
		id := d.add(tasks, task("task", `<t:Categories><t:Category>blue</t:Category></t:Categories>`))
		d.get(tasks, id, "").is("Category", "blue")
		d.change(tasks, id, task("task", `<t:Categories/>`)).applied()
		d.get(tasks, id, "").lacks("Category")
	}},
	{"MSASTASK_S01_TC20_CreateTaskItemRecursMonthlyWithCalendarTypeReturned", from14, func(d *device) { d.recurs(2, onTenth).has("CalendarType") }},
	{"MSASTASK_S01_TC21_CreateTaskItemRecursMonthlyOnTheNthDayWithCalendarTypeReturned", from14, func(d *device) {
		d.recurs(3, onMonday+inFirst).has("CalendarType")
	}},
	{"MSASTASK_S01_TC22_CreateTaskItemRecursYearlyWithCalendarTypeReturned", from14, func(d *device) {
		d.recurs(5, onTenth+inMay).has("CalendarType").is("IsLeapMonth", "0")
	}},
	{"MSASTASK_S01_TC23_CreateTaskItemRecursYearlyOnTheNthDayWithCalendarTypeReturned", from14, func(d *device) {
		d.recurs(6, onMonday+inFirst+inMay).has("CalendarType")
	}},
	{"MSASTASK_S01_TC24_CreateTaskItemRecursWeeklyWithFirstDayOfWeekReturned", from141, func(d *device) { d.recurs(1, onMonday).has("FirstDayOfWeek") }},
	{"MSASTASK_S02_TC01_RetrieveTaskItemWithItemOperations", every, func(d *device) {
		id := d.add(tasks, task("task", `<t:Importance>2</t:Importance>`+body(1, "text")))
		d.get(tasks, id, `<Options>`+preference(1, "")+`</Options>`).is("Subject", "task").is("Importance", "2").is("Body/Data", "text")
		d.get(tasks, id, `<Options><Schema><t:Subject/></Schema></Options>`).only("Subject")
	}},
	{"MSASTASK_S03_TC01_RetrieveTaskItemWithSearch", every, func(d *device) {
		d.add(tasks, task("needle", `<t:Importance>2</t:Importance>`))
		d.search("Mailbox", and(`<a:Class>Tasks</a:Class>`, within(tasks), freeText("needle")), "").is("Result/Class", "Tasks").is("Properties/Subject", "needle").is("Properties/Importance", "2")
	}},
	{"MSASTASK_S03_TC02_RetrieveInvalidTaskItemWithSearch", every, func(d *device) {
		d.search("Mailbox", and(`<a:Class>Tasks</a:Class>`, within(tasks), freeText("x"), `<t:Subject>user</t:Subject>`), "").is("Store/Status", "2").lacks("Properties")
	}},
}

// note is the ApplicationData of a note.
func note(subject, more string) string {
	return `<n:Subject>` + subject + `</n:Subject>` + body(1, "text") + `<n:Categories><n:Category>blue</n:Category></n:Categories><n:MessageClass>IPM.StickyNote</n:MessageClass>` + more
}

var noteCases = []interopCase{
	{"MSASNOTE_S01_TC01_Sync_AddNote", from14, func(d *device) {
		d.add(notes, note("note", ""))
		d.fresh(notes, `<Options>`+preference(1, "")+`</Options>`).in("ApplicationData").is("Subject", "note").count("Category", 1).is("Category", "blue").is("Body/Data", "text").has("LastModifiedDate")
	}},
	{"MSASNOTE_S01_TC02_Sync_ChangeNote_WithoutBodyInRequest", from14, func(d *device) {
		id := d.add(notes, note("note", ""))
		d.change(notes, id, `<n:Subject>other</n:Subject><n:MessageClass>IPM.StickyNote.MSASNOTE1</n:MessageClass>`).applied()
		d.get(notes, id, "").is("Subject", "other").is("MessageClass", "IPM.StickyNote.MSASNOTE1").is("Body/Data", "text")
	}},
	{"MSASNOTE_S01_TC03_Sync_LastModifiedDateIgnored", from14, func(d *device) {
		id := d.add(notes, note("note", `<n:LastModifiedDate>20200101T000000Z</n:LastModifiedDate>`))
		r := d.get(notes, id, "").has("Body", "Subject", "MessageClass", "Categories/Category")
		at, err := time.Parse("20060102T150405Z", r.text("LastModifiedDate"))
		if age := d.tn.Now().Sub(at); err != nil || age < 0 || age > time.Minute {
			d.t.Error(r)
		}
		d.change(notes, id, `<n:LastModifiedDate>20200101T000000Z</n:LastModifiedDate>`).applied()
		d.get(notes, id, "").isNot("LastModifiedDate", "20200101T000000Z").is("Subject", "note")
	}},
	{"MSASNOTE_S01_TC04_Sync_SupportedError", from14, func(d *device) {
		d.prime(notes, `<Supported><n:Subject/></Supported>`).is("Sync/Status", "4")
	}},
	{"MSASNOTE_S01_TC05_Sync_InvalidMessageClass", from14, func(d *device) {
		d.commands(notes, d.addition(`<n:Subject>note</n:Subject><n:MessageClass>IPM.invalidClass</n:MessageClass>`)).is("Responses/Add/Status", "6")
	}},
	{"MSASNOTE_S01_TC07_Sync_ChangeNote_Categories", from14, func(d *device) {
		id := d.add(notes, note("note", ""))
		d.change(notes, id, `<n:Categories><n:Category>red</n:Category></n:Categories>`).applied()
		d.get(notes, id, "").count("Category", 1).is("Category", "red").is("Subject", "note")
		d.change(notes, id, `<n:Subject>other</n:Subject>`).applied()
		d.get(notes, id, "").lacks("Category")
	}},
	{"MSASNOTE_S02_TC01_Search_GetZeroOrMoreNotes", only14x, func(d *device) {
		d.add(notes, note("needle one", ""))
		d.add(notes, note("needle two", ""))
		d.search("Mailbox", and(`<a:Class>Notes</a:Class>`, within(notes), freeText("needle")), "").count("Properties", 2).is("Result/Class", "Notes")
		d.search("Mailbox", and(`<a:Class>Notes</a:Class>`, within(notes), freeText("nothing")), "").lacks("Properties")
	}},
	{"MSASNOTE_S03_TC01_ItemOperations_GetZeroOrMoreNotes", from14, func(d *device) {
		one, two := d.add(notes, note("one", "")), d.add(notes, note("two", ""))
		fetch := func(id string) string {
			return `<Fetch><Store>Mailbox</Store><a:CollectionId>9</a:CollectionId><a:ServerId>` + id + `</a:ServerId></Fetch>`
		}
		r := d.do("ItemOperations", fetch(one)+fetch(two)+fetch("9:99")).count("Fetch", 3).count("Properties", 2)
		if got := r.texts("Properties/Subject"); !slices.Equal(got, []string{"one", "two"}) {
			d.t.Error(r)
		}
	}},
	{"MSASNOTE_S03_TC02_ItemOperations_SchemaViewFetch", from14, func(d *device) {
		id := d.add(notes, note("note", ""))
		d.get(notes, id, `<Options><Schema><n:Subject/><b:Body/></Schema>`+preference(1, "")+`</Options>`).only("Subject", "Body")
	}},
}
