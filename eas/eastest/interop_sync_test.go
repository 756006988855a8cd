package eastest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropSync asks for Sync and GetItemEstimate. [MS-ASCMD] 2.2.1.9, 2.2.1.21
func TestInteropSync(t *testing.T) { askInterop(t, interopTests["TestInteropSync"]) }

// estimate requests an estimate of a folder by the key of its last Sync.
func (d *device) estimate(folder, options string) reply {
	d.t.Helper()
	if d.keys[folder] == "" {
		d.prime(folder, "")
	}
	return d.do("GetItemEstimate", `<Collections>`+d.estimated(folder, d.keys[folder], options)+`</Collections>`)
}

func (d *device) estimated(folder, key, options string) string {
	if d.atLeast("14.0") {
		return `<Collection><a:SyncKey>` + key + `</a:SyncKey><CollectionId>` + folder + `</CollectionId>` + options + `</Collection>`
	}
	filter := between(options, "<a:FilterType>", "</a:FilterType>")
	if filter == "" {
		filter = "0"
	}
	class := classes[folder]
	if class == "" {
		class = "Email"
	}
	return `<Collection><Class>` + class + `</Class><CollectionId>` + folder + `</CollectionId><a:FilterType>` + filter + `</a:FilterType><a:SyncKey>` + key + `</a:SyncKey></Collection>`
}

func filterOptions(n any) string {
	return fmt.Sprintf(`<a:Options><a:FilterType>%v</a:FilterType></a:Options>`, n)
}

// estimates requires the statuses of FilterType 0 to 8.
func (d *device) estimates(folder string, statuses ...string) {
	d.t.Helper()
	for n, want := range statuses {
		d.estimate(folder, filterOptions(n)).is("Response/Status", want)
	}
}

// filters requires which of FilterType 0 to 8 a Sync takes, 1 for yes.
func (d *device) filters(folder, taken string) {
	d.t.Helper()
	for n, want := range taken {
		d.prime(folder, "")
		r := d.sync(folder, filterOptions(n))
		if want == '1' {
			if r.code != http.StatusOK || r.body != "" && r.text("Collection/Status") != "1" {
				d.t.Errorf("FilterType %d: %s", n, r.body)
			}
			continue
		}
		r.refused("4", http.StatusBadRequest)
	}
}

// ago delivers a mail that is so many days old.
func (d *device) ago(subject string, days int) {
	d.box.Deliver(&eas.Email{Subject: subject, Received: d.tn.Now().Add(-time.Duration(days) * 24 * time.Hour)})
}

// contactData is a contact's ApplicationData.
func contactData(fileAs, more string) string {
	return `<k:FileAs>` + fileAs + `</k:FileAs><k:FirstName>First</k:FirstName><k:MiddleName>Middle</k:MiddleName><k:LastName>Last</k:LastName>` + more
}

// eventData is the ApplicationData of an event that begins at start and takes an hour.
func eventData(subject string, start time.Time, more string) string {
	return `<c:StartTime>` + compact(start) + `</c:StartTime><c:Subject>` + subject + `</c:Subject><c:EndTime>` + compact(start.Add(time.Hour)) + `</c:EndTime>` + more
}

func compact(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// tomorrow is ten o'clock of the next day.
func (d *device) tomorrow() time.Time {
	return d.tn.Now().UTC().Truncate(24 * time.Hour).Add(34 * time.Hour)
}

var estimateCases = []interopCase{
	{"MSASCMD_S07_TC01_GetItemEstimate_Success", every, func(d *device) {
		d.prime(inbox, "")
		d.box.Deliver(mailOf("one", ""), mailOf("two", ""))
		d.estimate(inbox, "").is("Response/Status", "1").is("Collection/CollectionId", inbox).is("Collection/Estimate", "2")
		d.sync(inbox, "")
		d.box.Deliver(mailOf("three", ""))
		d.estimate(inbox, "").is("Collection/Estimate", "1")
	}},
	{"MSASCMD_S07_TC02_GetItemEstimate_WithoutOptions", from14, func(d *device) {
		d.ago("old", 100)
		d.ago("new", 0)
		d.estimate(inbox, filterOptions(1)).is("Collection/Estimate", "1")
		d.estimate(inbox, "").is("Collection/Estimate", "2")
	}},
	{"MSASCMD_S07_TC03_GetItemEstimate_Contacts_FilterType", every, func(d *device) {
		d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "One"})
		for n := range 9 {
			d.estimate(contacts, filterOptions(n)).is("Response/Status", "1").is("Collection/Estimate", "1")
		}
	}},
	{"MSASCMD_S07_TC04_GetItemEstimate_Email_FilterType", every, func(d *device) {
		d.estimates(inbox, "1", "1", "1", "1", "1", "1", "110", "110", "110")
		for i, days := range []int{0, 2, 5, 10, 20, 40} {
			d.ago("mail", days)
			d.estimate(inbox, filterOptions(i+1-i/5)).is("Collection/Estimate", fmt.Sprint(i+1-i/5))
		}
		d.estimate(inbox, filterOptions(0)).is("Collection/Estimate", "6")
	}},
	{"MSASCMD_S07_TC05_GetItemEstimate_Calendar_FilterType", every, func(d *device) {
		d.estimates(calendar, "1", "110", "110", "110", "1", "1", "1", "1", "110")
		now := d.tn.Now()
		day := 24 * time.Hour
		for _, at := range []time.Duration{-200 * day, -100 * day, -60 * day, -20 * day, -day, 300 * day} {
			d.box.Put(eas.FolderCalendar, &eas.Event{Subject: "event", Start: now.Add(at), End: now.Add(at + time.Hour)})
		}
		d.box.Put(eas.FolderCalendar, &eas.Event{Subject: "series", Start: now.Add(-300 * day), End: now.Add(-300 * day), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1}})
		for kind, want := range map[int]string{0: "7", 4: "3", 5: "4", 6: "5", 7: "6"} {
			d.estimate(calendar, filterOptions(kind)).is("Collection/Estimate", want)
		}
	}},
	{"MSASCMD_S07_TC06_GetItemEstimate_Tasks_FilterType", every, func(d *device) {
		d.estimates(tasks, "1", "110", "110", "110", "110", "110", "110", "110", "1")
		d.box.Put(eas.FolderTasks, &eas.Task{Subject: "open"}, &eas.Task{Subject: "done", Complete: true, Completed: d.tn.Now()})
		d.estimate(tasks, filterOptions(0)).is("Collection/Estimate", "2")
		d.estimate(tasks, filterOptions(8)).is("Collection/Estimate", "1")
	}},
	{"MSASCMD_S07_TC07_GetItemEstimate_InvalidFilterType", from14, func(d *device) {
		for _, folder := range []string{inbox, contacts, calendar, tasks} {
			d.estimate(folder, filterOptions(9)).is("Response/Status", "103").lacks("Estimate")
		}
	}},
	{"MSASCMD_S07_TC08_GetItemEstimate_MoreThanOneMaxItems", from14, func(d *device) {
		d.estimate(inbox, `<a:Options><a:MaxItems>1</a:MaxItems><a:MaxItems>2</a:MaxItems></a:Options>`).is("Response/Status", "1")
	}},
	{"MSASCMD_S07_TC09_GetItemEstimate_Status2", every, func(d *device) {
		d.do("GetItemEstimate", `<Collections>`+d.estimated("99", "1", "")+`</Collections>`).is("Response/Status", "2").lacks("Estimate")
	}},
	{"MSASCMD_S07_TC10_GetItemEstimate_Status3", every, func(d *device) {
		d.do("GetItemEstimate", `<Collections>`+d.estimated(inbox, "0", "")+`</Collections>`).is("Response/Status", "3").lacks("Estimate")
	}},
	{"MSASCMD_S07_TC11_GetItemEstimate_Status4_InvalidSyncKey", every, func(d *device) {
		d.prime(inbox, "")
		d.do("GetItemEstimate", `<Collections>`+d.estimated(inbox, "77", "")+`</Collections>`).is("Response/Status", "4").lacks("Estimate")
	}},
	{"MSASCMD_S07_TC12_GetItemEstimate_Status4_MismatchedSyncKey", every, func(d *device) {
		d.prime(inbox, "")
		d.prime(contacts, "")
		d.do("GetItemEstimate", `<Collections>`+d.estimated(inbox, d.keys[contacts], "")+`</Collections>`).is("Response/Status", "4")
	}},
	{"MSASCMD_S07_TC13_GetItemEstimate_ConversationMode_Status103", from14, func(d *device) {
		d.prime(contacts, "")
		doc := `<Collections><Collection><a:SyncKey>` + d.keys[contacts] + `</a:SyncKey><CollectionId>8</CollectionId><a:ConversationMode>1</a:ConversationMode></Collection></Collections>`
		d.do("GetItemEstimate", doc).is("Response/Status", "103")
	}},
	{"MSASCMD_S07_TC14_GetItemEstimate_WithCombinationClasses", from14, func(d *device) {
		d.estimate(inbox, classOptions("Email")+classOptions("SMS")).is("Response/Status", "1")
	}},
	{"MSASCMD_S07_TC15_GetItemEstimate_Collection_LimitValue", from14, func(d *device) {
		d.prime(inbox, "")
		one := d.estimated(inbox, d.keys[inbox], "")
		d.do("GetItemEstimate", `<Collections>`+strings.Repeat(one, 1001)+`</Collections>`).is("GetItemEstimate/Status", "103")
		d.do("GetItemEstimate", `<Collections>`+strings.Repeat(one, 1000)+`</Collections>`).count("Response", 1000)
	}},
	{"MSASCMD_S07_TC16_GetItemEstimate_WithStatusValue4Returned", from14, func(d *device) {
		d.estimate(inbox, classOptions("Tasks")+classOptions("Contacts")).is("GetItemEstimate/Status", "4")
	}},
	{"MSASCON_S02_TC01_GetItemEstimate_Filter", from14, func(d *device) {
		d.ago("old", 100)
		d.box.Deliver(mailOf("new", ""))
		d.prime(inbox, "")
		doc := `<Collections><Collection><a:SyncKey>` + d.keys[inbox] + `</a:SyncKey><CollectionId>1</CollectionId><a:ConversationMode>1</a:ConversationMode></Collection></Collections>`
		d.do("GetItemEstimate", doc).is("Response/Status", "1").is("Estimate", "2")
	}},
}

func classOptions(class string) string {
	return `<a:Options><a:Class>` + class + `</a:Class></a:Options>`
}

var syncCases = []interopCase{
	{"MSASCMD_S19_TC01_Sync_Success", every, func(d *device) {
		first := d.prime(contacts, "").is("Collection/Status", "1").lacks("Commands").text("SyncKey")
		r := d.sync(contacts, `<GetChanges/><Commands>`+d.addition(contactData("One", ""))+`</Commands>`).is("Collection/Status", "1").isNot("SyncKey", first)
		r.in("Responses/Add").has("ServerId").is("ClientId", "client1").is("Status", "1").lacks("Class")
		d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "Two"})
		d.sync(contacts, "").is("Commands/Add/ApplicationData/FileAs", "Two").count("Add", 1)
		d.sync(contacts, "").empty()
	}},
	{"MSASCMD_S19_TC02_Sync_MoreAvailable", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""), mailOf("two", ""), mailOf("three", ""))
		d.sync(inbox, `<WindowSize>1</WindowSize>`).has("MoreAvailable").count("Add", 1)
		d.sync(inbox, `<WindowSize>1</WindowSize>`).has("MoreAvailable").count("Add", 1)
		d.sync(inbox, `<WindowSize>1</WindowSize>`).lacks("MoreAvailable").count("Add", 1)
		d.prime(inbox, "")
		d.sync(inbox, "", `<WindowSize>2</WindowSize>`).has("MoreAvailable").count("Add", 2)
	}},
	{"MSASCMD_S19_TC03_Sync_Email_Sequence", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		first := d.prime(inbox, "").is("Collection/Status", "1").text("SyncKey")
		d.estimate(inbox, "").is("Estimate", "1")
		r := d.sync(inbox, `<GetChanges/>`).isNot("SyncKey", first).is("Add/ApplicationData/Subject", "one")
		id := r.text("Add/ServerId")
		d.box.Deliver(mailOf("two", ""))
		d.change(inbox, id, `<e:Read>1</e:Read>`).is("Commands/Add/ApplicationData/Subject", "two").lacks("Responses", "Commands/Change")
		d.box.RemoveItem(eas.FolderInbox, "one")
		d.sync(inbox, "").is("Commands/Delete/ServerId", id)
	}},
	{"MSASCMD_S19_TC04_Sync_Status3", every, func(d *device) {
		d.prime(contacts, "")
		d.keys[contacts] = "{nonsense}77"
		d.sync(contacts, "").is("Collection/Status", "3").is("SyncKey", "0")
	}},
	{"MSASCMD_S19_TC05_Sync_Status4", from14, func(d *device) {
		d.do("Sync", `<Collections><Collection><CollectionId>8</CollectionId></Collection></Collections>`).is("Sync/Status", "4")
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folders("0")
		d.prime(string(cache.ID), "")
		d.sync(string(cache.ID), `<Commands>`+d.addition(contactData("One", ""))+`</Commands>`).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC06_Sync_Status13", from14, func(d *device) {
		d.with("", "Sync", nil).is("Sync/Status", "13")
	}},
	{"MSASCMD_S19_TC07_Sync_HeartbeatInterval_Status14", from14, func(d *device) {
		d.sync(inbox, "", `<HeartbeatInterval>5</HeartbeatInterval>`).is("Sync/Status", "14").is("Limit", "60")
		d.sync(inbox, "", `<HeartbeatInterval>5000</HeartbeatInterval>`).is("Sync/Status", "14").is("Limit", "3540")
	}},
	{"MSASCMD_S19_TC08_Sync_ConversationMode_Status4", from14, func(d *device) {
		d.sync(contacts, `<ConversationMode>1</ConversationMode>`).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC09_Sync_Class_Redefined", from14, func(d *device) {
		d.sync(calendar, classOptions("Calendar")+classOptions("Calendar")).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC10_Sync_NoChildElementsForCommands", every, func(d *device) {
		r := d.sync(contacts, `<Commands/>`)
		if r.code != http.StatusOK || r.body != "" && r.text("Collection/Status") != "1" {
			d.t.Error(r)
		}
	}},
	{"MSASCMD_S19_TC11_Sync_Email_FilterType", every, func(d *device) { d.filters(inbox, "111111000") }},
	{"MSASCMD_S19_TC12_Sync_Calendar_FilterType", every, func(d *device) {
		d.filters(calendar, "100011110")
		now, day := d.tn.Now(), 24*time.Hour
		d.box.Put(eas.FolderCalendar, &eas.Event{Subject: "future", Start: now.Add(9 * day), End: now.Add(10 * day)},
			&eas.Event{Subject: "past", Start: now.Add(-20 * day), End: now.Add(-20 * day)},
			&eas.Event{Subject: "series", Start: now.Add(-30 * day), End: now.Add(-30 * day), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1}})
		d.fresh(calendar, filterOptions(4)).count("Add", 2).isNot("ApplicationData/Subject", "past")
		d.fresh(calendar, "").count("Add", 3)
	}},
	{"MSASCMD_S19_TC13_Sync_Tasks_FilterType", every, func(d *device) { d.filters(tasks, "100000001") }},
	{"MSASCMD_S19_TC14_Sync_MoreThanOneFilterTypes", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<Options><FilterType>1</FilterType><FilterType>2</FilterType></Options>`).is("Collection/Status", "1")
	}},
	{"MSASCMD_S19_TC15_Sync_IncludeFilterTypeOrNot", every, func(d *device) {
		d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "One"})
		d.fresh(contacts, "").count("Add", 1)
		d.fresh(contacts, filterOptions(1)).is("Collection/Status", "1").count("Add", 1)
	}},
	{"MSASCMD_S19_TC16_Sync_WindowSize_MoreAvailable_Omitted", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<WindowSize>1</WindowSize>`).count("Add", 1).lacks("MoreAvailable")
	}},
	{"MSASCMD_S19_TC17_Sync_WindowSize_MoreAvailable", every, func(d *device) {
		for range 101 {
			d.box.Deliver(mailOf("mail", ""))
		}
		d.sync(inbox, "").count("Add", 100).has("MoreAvailable")
		d.sync(inbox, "").count("Add", 1).lacks("MoreAvailable")
	}},
	{"MSASCMD_S19_TC18_Sync_SMIME", every, func(d *device) {
		d.box.Deliver(mailOf("one", "text"))
		d.fresh(inbox, `<Options><MIMESupport>1</MIMESupport>`+preference(4, "")+`</Options>`).has("ApplicationData/Body")
	}},
	{"MSASCMD_S19_TC19_Sync_NoResponsesElement", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<GetChanges/>`).has("Commands/Add").lacks("Responses")
	}},
	{"MSASCMD_S19_TC20_Sync_MoreThanOneClasses", from14, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<Options><Class>Email</Class><Class>SMS</Class></Options>`).is("Collection/Status", "1")
	}},
	{"MSASCMD_S19_TC21_Sync_MoreThanOneMaxItems", from14, func(d *device) {
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folders("0")
		d.prime(string(cache.ID), "")
		if r := d.sync(string(cache.ID), `<Options><MaxItems>1</MaxItems><MaxItems>2</MaxItems></Options>`); r.code != http.StatusOK || r.text("Status") == "4" {
			d.t.Error(r)
		}
	}},
	{"MSASCMD_S19_TC22_Sync_MoreThanOneMIMESupport", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<Options><MIMESupport>1</MIMESupport><MIMESupport>2</MIMESupport></Options>`).is("Collection/Status", "1")
	}},
	{"MSASCMD_S19_TC23_Sync_MoreThanOneMIMETruncation", every, func(d *device) {
		d.box.Deliver(mailOf("one", ""))
		d.sync(inbox, `<Options><MIMETruncation>1</MIMETruncation><MIMETruncation>2</MIMETruncation></Options>`).is("Collection/Status", "1")
	}},
	{"MSASCMD_S19_TC24_Sync_Status6_EndTimeMissing", every, func(d *device) {
		d.commands(calendar, d.addition(`<c:StartTime>`+compact(d.tomorrow())+`</c:StartTime><c:Subject>x</c:Subject><c:EndTime/>`)).is("Responses/Add/Status", "6").lacks("Add/ServerId")
	}},
	{"MSASCMD_S19_TC25_Sync_Status6_AddEmail", every, func(d *device) {
		d.commands(inbox, d.addition(`<e:To>`+bob+`</e:To><e:From>`+ada+`</e:From><e:Subject>x</e:Subject>`)).is("Responses/Add/Status", "6").lacks("Add/ServerId")
		d.fresh(inbox, "").empty()
	}},
	{"MSASCMD_S19_TC26_Sync_GetChanges", every, func(d *device) {
		d.prime(contacts, `<GetChanges>1</GetChanges>`).refused("4", http.StatusBadRequest)
		d.prime(contacts, `<GetChanges/>`).refused("4", http.StatusBadRequest)
		d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "One"})
		d.prime(contacts, `<GetChanges>0</GetChanges>`).is("Collection/Status", "1").lacks("Commands")
		d.sync(contacts, `<GetChanges>0</GetChanges>`).lacks("Commands")
		d.sync(contacts, `<GetChanges/>`).count("Commands/Add", 1)
		d.prime(contacts, "").is("Collection/Status", "1").lacks("Commands")
		d.sync(contacts, `<GetChanges>1</GetChanges>`).count("Commands/Add", 1)
		d.prime(contacts, "")
		d.sync(contacts, "").count("Commands/Add", 1)
	}},
	{"MSASCMD_S19_TC27_Sync_Change", every, func(d *device) {
		id := d.add(contacts, contactData("One", `<k:JobTitle>Boss</k:JobTitle><k:Picture>`+base64Of("jpeg")+`</k:Picture><b:Body><b:Type>1</b:Type><b:Data>text</b:Data></b:Body>`))
		d.change(contacts, id, `<k:FileAs>Two</k:FileAs><k:FirstName>First</k:FirstName>`).applied()
		d.get(contacts, id, "").is("FileAs", "Two").is("FirstName", "First").lacks("LastName", "MiddleName", "JobTitle").has("Picture", "Body/Data")
		d.box.Deliver(mailOf("mail", "text"))
		mail := d.first(inbox)
		flag := `<e:Flag><e:Status>2</e:Status><e:FlagType>Flag for follow up</e:FlagType></e:Flag>`
		for _, data := range []string{flag, `<e:Read>1</e:Read>`, `<e:Categories><e:Category>blue</e:Category></e:Categories>`} {
			d.change(inbox, mail, data).applied()
		}
		r := d.get(inbox, mail, "").is("Subject", "mail").is("Flag/Status", "2").is("Read", "1")
		if d.atLeast("14.0") { // which brought them
			r.is("Category", "blue")
		}
	}},
	{"MSASCMD_S19_TC28_Sync_Change_InvalidServerId", every, func(d *device) {
		d.change(contacts, "8:99", contactData("Two", "")).in("Responses/Change").is("ServerId", "8:99").is("Status", "8")
	}},
	{"MSASCMD_S19_TC29_Sync_HeartbeatIntervalAndWait_StatusIs4", from14, func(d *device) {
		d.sync(inbox, "", `<Wait>1</Wait><HeartbeatInterval>60</HeartbeatInterval>`).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC30_Sync_Limit_WaitIsLessThan1", every, func(d *device) {
		d.sync(inbox, "", `<Wait>0</Wait>`).is("Sync/Status", "14").is("Limit", "1")
	}},
	{"MSASCMD_S19_TC31_Sync_Limit_WaitIsGreaterThan59", every, func(d *device) {
		d.sync(inbox, "", `<Wait>60</Wait>`).is("Sync/Status", "14").is("Limit", "59")
	}},
	{"MSASCMD_S19_TC32_Sync_Limit_HeartbeatIntervalIsLessThan60", from14, func(d *device) {
		d.sync(inbox, "", `<HeartbeatInterval>59</HeartbeatInterval>`).is("Sync/Status", "14").is("Limit", "60")
	}},
	{"MSASCMD_S19_TC33_Sync_Limit_HeartbeatIntervalIsLargerThan3540", from14, func(d *device) {
		d.sync(inbox, "", `<HeartbeatInterval>3541</HeartbeatInterval>`).is("Sync/Status", "14").is("Limit", "3540")
	}},
	{"MSASCMD_S19_TC34_Sync_DeletesAsMovesIsTrue", every, func(d *device) {
		for i, asMoves := range []string{`<DeletesAsMoves>1</DeletesAsMoves>`, `<DeletesAsMoves/>`, ``} {
			d.box.Deliver(mailOf(fmt.Sprint("mail", i), ""))
			id := d.first(inbox)
			d.sync(inbox, asMoves+`<Commands><Delete><ServerId>`+id+`</ServerId></Delete></Commands>`).applied()
			d.fresh(inbox, "").empty()
			d.fresh(deleted, "").count("Add", i+1)
		}
	}},
	{"MSASCMD_S19_TC35_Sync_DeletesAsMovesIsFalse", every, func(d *device) {
		d.box.Deliver(mailOf("mail", ""))
		id := d.first(inbox)
		d.sync(inbox, `<DeletesAsMoves>0</DeletesAsMoves><Commands><Delete><ServerId>`+id+`</ServerId></Delete></Commands>`).applied()
		d.fresh(deleted, "").empty()
	}},
	{"MSASCMD_S19_TC36_Sync_Fetch", every, func(d *device) {
		d.box.Deliver(mailOf("mail", "text"))
		id := d.first(inbox)
		d.sync(inbox, `<Options>`+preference(1, "")+`</Options><Commands><Fetch><ServerId>`+id+`</ServerId></Fetch></Commands>`).
			in("Responses/Fetch").is("ServerId", id).is("Status", "1").is("ApplicationData/Subject", "mail").is("Body/Data", "text")
	}},
	{"MSASCMD_S19_TC37_Sync_WindowSize_512", every, func(d *device) {
		for range 513 {
			d.box.Deliver(mailOf("mail", ""))
		}
		d.sync(inbox, `<WindowSize>512</WindowSize>`).has("MoreAvailable")
		d.prime(inbox, "")
		if n := len(d.sync(inbox, `<WindowSize>9999</WindowSize>`).has("MoreAvailable").all("Commands/Add")); n > 512 {
			d.t.Errorf("%d items", n)
		}
	}},
	{"MSASCMD_S19_TC38_Sync_Delete", every, func(d *device) {
		id := d.add(contacts, contactData("One", ""))
		d.commands(contacts, `<Delete><ServerId>`+id+`</ServerId></Delete>`).applied()
		d.fresh(contacts, "").empty()
		d.commands(contacts, `<Delete><ServerId>`+id+`</ServerId></Delete>`).is("Responses/Delete/Status", "8")
	}},
	{"MSASCMD_S19_TC39_Sync_Supported", every, func(d *device) {
		for supported, kept := range map[string]bool{"": false, `<Supported><k:JobTitle/></Supported>`: true, `<Supported/>`: true} {
			d.prime(contacts, supported)
			d.sync(contacts, "")
			id := d.add(contacts, contactData("One", `<k:JobTitle>Boss</k:JobTitle>`))
			d.change(contacts, id, `<k:FileAs>One</k:FileAs><k:JobTitle>Director</k:JobTitle>`).applied()
			p := d.get(contacts, id, "").is("JobTitle", "Director")
			if kept {
				p.has("FirstName", "MiddleName", "LastName")
			} else {
				p.lacks("FirstName", "MiddleName", "LastName")
			}
		}
	}},
	{"MSASCMD_S19_TC40_Sync_Conflict", every, func(d *device) {
		id := d.add(contacts, contactData("One", ""))
		edit := func(options, name string) reply {
			d.t.Helper()
			cmd := `<Change><ServerId>` + id + `</ServerId><ApplicationData>` + contactData(name, "") + `</ApplicationData></Change>`
			return d.sync(contacts, options+`<Commands>`+cmd+`</Commands>`)
		}
		elsewhere := func(name string) { // another device changes the item
			d.second(contacts).change(contacts, id, contactData(name, "")).applied()
		}
		elsewhere("Theirs")
		edit("", "Mine").is("Responses/Change/Status", "7").is("Commands/Change/ApplicationData/FileAs", "Theirs")
		elsewhere("Theirs again")
		edit(`<Options><Conflict>1</Conflict></Options>`, "Mine").is("Responses/Change/Status", "7").is("Commands/Change/ApplicationData/FileAs", "Theirs again")
		elsewhere("Theirs at last")
		edit(`<Options><Conflict>0</Conflict></Options>`, "Mine").lacks("Responses")
		d.get(contacts, id, "").is("FileAs", "Mine")
	}},
	{"MSASCMD_S19_TC41_Sync_MoreThanOneConflicts", every, func(d *device) {
		d.sync(contacts, `<Options><Conflict>1</Conflict><Conflict>0</Conflict></Options><Commands>`+d.addition(contactData("One", ""))+`</Commands>`).is("Collection/Status", "1")
	}},
	{"MSASCMD_S19_TC42_Sync_WithCombinationClasses", from14, func(d *device) {
		d.box.Deliver(mailOf("mail", ""))
		d.sync(inbox, classOptions("Email")+classOptions("SMS")).is("Collection/Status", "1")
		d.sync(calendar, classOptions("Calendar")+classOptions("Tasks")).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC43_Sync_MIMETruncation", every, func(d *device) {
		d.box.Deliver(mailOf("mail", strings.Repeat("X", 102500)))
		whole := len(d.fresh(inbox, `<Options><MIMESupport>2</MIMESupport>`+preference(4, "")+`</Options>`).text("Body/Data"))
		for n, want := range []int{0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, whole} {
			r := d.fresh(inbox, fmt.Sprintf(`<Options><MIMETruncation>%d</MIMETruncation><MIMESupport>2</MIMESupport>%s</Options>`, n, preference(4, "")))
			if got := len(r.text("Body/Data")); got != want {
				d.t.Errorf("MIMETruncation %d: %d, want %d", n, got, want)
			}
		}
	}},
	{"MSASCMD_S19_TC44_Sync_MIMESupport", every, func(d *device) {
		d.box.Deliver(mailOf("mail", strings.Repeat("X", 102500)))
		d.fresh(inbox, `<Options><MIMETruncation>1</MIMETruncation><MIMESupport>2</MIMESupport>`+preference(4, "")+`</Options>`).in("Body").
			is("Type", "4").has("EstimatedDataSize", "Data").is("Truncated", "1")
	}},
	{"MSASCMD_S19_TC45_Sync_ConversationMode", from14, func(d *device) {
		d.ago("new", 0)
		d.ago("old", 10)
		d.fresh(inbox, filterOptions(1)).count("Add", 1)
		d.prime(inbox, "")
		d.sync(inbox, `<ConversationMode>1</ConversationMode>`+filterOptions(1)).count("Add", 1).is("ApplicationData/Subject", "new")
	}},
	{"MSASCMD_S19_TC46_Sync_Supported_Status4", from14, func(d *device) {
		d.do("Sync", `<Collections><Collection><SyncKey>0</SyncKey><Supported><k:JobTitle/></Supported></Collection></Collections>`).is("Sync/Status", "4")
	}},
	{"MSASCMD_S19_TC47_Sync_Wait_Status14", every, func(d *device) {
		d.sync(inbox, "", `<Wait>-1</Wait>`).is("Sync/Status", "14").is("Limit", "1")
		d.sync(inbox, "", `<Wait>61</Wait>`).is("Sync/Status", "14").is("Limit", "59")
	}},
	{"MSASCMD_S19_TC48_Sync_Collection_LimitValue", from14, func(d *device) {
		var cmds strings.Builder
		for i := range 50 {
			id := fmt.Sprintf("<ServerId>8:%d</ServerId>", 1000+i)
			cmds.WriteString(d.addition(contactData("x", "")) + `<Change>` + id + `<ApplicationData>` + contactData("y", "") + `</ApplicationData></Change><Delete>` + id + `</Delete><Fetch>` + id + `</Fetch>`)
		}
		d.commands(contacts, cmds.String()+d.addition(contactData("x", ""))).is("Sync/Status", "4")
		d.fresh(contacts, "").empty()
	}},
	{"MSASCMD_S19_TC49_Sync_SoftDelete", every, func(d *device) {
		d.ago("old", 10)
		d.ago("new", 0)
		d.sync(inbox, "").count("Commands/Add", 2)
		d.sync(inbox, filterOptions(1)).count("Commands/SoftDelete", 1).lacks("Commands/Delete")
		d.sync(inbox, filterOptions(0)).count("Commands/Add", 1).is("ApplicationData/Subject", "old")
	}},
	{"MSASCMD_S19_TC50_Sync_Class", from14, func(d *device) {
		note := `<n:Subject>x</n:Subject><b:Body><b:Type>1</b:Type><b:Data>text</b:Data></b:Body><n:MessageClass>IPM.StickyNote</n:MessageClass>`
		d.prime(notes, "")
		d.commands(notes, `<Add><Class>Calendar</Class><ClientId>1</ClientId><ApplicationData>`+note+`</ApplicationData></Add>`).is("Responses/Add/Class", "Calendar")
	}},
	{"MSASCMD_S19_TC51_Sync_Change_Exceptions", only14x, func(d *device) {
		start := d.tomorrow()
		series := `<c:Recurrence><c:Type>0</c:Type><c:Interval>1</c:Interval></c:Recurrence>`
		exception := func(n int) string {
			return `<c:Exception><c:Subject>other</c:Subject><c:ExceptionStartTime>` + compact(start.AddDate(0, 0, n)) + `</c:ExceptionStartTime></c:Exception>`
		}
		id := d.add(calendar, eventData("series", start, series+`<c:Exceptions>`+exception(2)+`</c:Exceptions><c:UID>u</c:UID>`))
		d.change(calendar, id, eventData("other", start, series)).applied()
		d.get(calendar, id, "").count("Exception", 1).is("ExceptionStartTime", compact(start.AddDate(0, 0, 2)))
		d.change(calendar, id, eventData("other", start, series+`<c:Exceptions>`+exception(3)+`</c:Exceptions>`)).applied()
		d.get(calendar, id, "").count("Exception", 2)
	}},
	{"MSASCMD_S19_TC52_Sync_Status8", every, func(d *device) {
		id := d.folder("0", "new", "14")
		d.prime(id, "")
		d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`)
		d.sync(id, `<Commands><Fetch><ServerId>x</ServerId></Fetch></Commands>`).is("Collection/Status", "8")
	}},
}
