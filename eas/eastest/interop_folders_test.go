package eastest_test

import (
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// TestInteropFolders asks for the hierarchy and its edits. [MS-ASCMD] 2.2.1.3 to 2.2.1.7
func TestInteropFolders(t *testing.T) { askInterop(t, interopTests["TestInteropFolders"]) }

// edited sends an edit of the hierarchy with the device's key, which it keeps.
func (d *device) edited(command, inner string) reply {
	d.t.Helper()
	r := d.do(command, `<SyncKey>`+d.folderKey+`</SyncKey>`+inner)
	if r.text("Status") == "1" {
		d.folderKey = r.has("SyncKey").isNot("SyncKey", d.folderKey).text("SyncKey")
	} else {
		r.lacks("SyncKey", "ServerId") // an edit that failed gives neither
	}
	return r
}

// folder makes a folder and returns its ID.
func (d *device) folder(parent, name, kind string) string {
	d.t.Helper()
	return d.edited("FolderCreate", folderDoc(parent, name, kind)).is("Status", "1").has("ServerId").text("ServerId")
}

func folderDoc(parent, name, kind string) string {
	return `<ParentId>` + parent + `</ParentId><DisplayName>` + name + `</DisplayName><Type>` + kind + `</Type>`
}

func renameDoc(id, parent, name string) string {
	return `<ServerId>` + id + `</ServerId><ParentId>` + parent + `</ParentId><DisplayName>` + name + `</DisplayName>`
}

// folders requests the changes of the hierarchy, or all of it with key 0.
func (d *device) folders(key string) reply {
	d.t.Helper()
	return d.do("FolderSync", `<SyncKey>`+key+`</SyncKey>`)
}

var folderCases = []interopCase{
	{"MSASCMD_S02_TC01_FolderCreate_Success", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.folders("0").in("Add", "ServerId", id).is("DisplayName", "new").is("ParentId", "0").is("Type", "12")
	}},
	{"MSASCMD_S02_TC02_FolderCreate_Fail", every, func(d *device) {
		d.folder("0", "new", "12")
		d.edited("FolderCreate", folderDoc("0", "new", "12")).isNot("Status", "1").lacks("ServerId", "SyncKey")
	}},
	{"MSASCMD_S02_TC03_FolderCreate_Status2", every, func(d *device) {
		d.folder("0", "new", "12")
		d.edited("FolderCreate", folderDoc("0", "new", "12")).is("Status", "2")
	}},
	{"MSASCMD_S02_TC04_FolderCreate_Status5", every, func(d *device) {
		d.edited("FolderCreate", folderDoc("99", "new", "12")).is("Status", "5")
	}},
	{"MSASCMD_S02_TC05_FolderCreate_Status9", every, func(d *device) {
		d.do("FolderCreate", `<SyncKey>77</SyncKey>`+folderDoc("0", "new", "12")).is("Status", "9").lacks("SyncKey")
		d.do("FolderCreate", `<SyncKey/>`+folderDoc("0", "new", "12")).isNot("Status", "1")
	}},
	{"MSASCMD_S02_TC06_FolderCreate_Status10", every, func(d *device) {
		d.do("FolderCreate", folderDoc("0", "new", "12")).is("Status", "10")
		d.edited("FolderCreate", folderDoc("0", "another Inbox", "2")).is("Status", "10")
	}},
	{"MSASCMD_S02_TC07_FolderCreate_Status3", every, func(d *device) {
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folderKey = d.folders(d.folderKey).text("SyncKey")
		d.edited("FolderCreate", folderDoc(string(cache.ID), "new", "12")).is("Status", "3")
	}},
	{"MSASCMD_S02_TC08_FolderCreate_RecipientInformationCache_Status3", every, func(d *device) {
		d.edited("FolderCreate", folderDoc("0", "new", "19")).is("Status", "3")
	}},
	{"MSASCMD_S03_TC01_FolderDelete_Success", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`).is("Status", "1").has("SyncKey")
		d.folders("0").isNot("Add/ServerId", id)
	}},
	{"MSASCMD_S03_TC02_FolderDelete_Status3", every, func(d *device) {
		for _, id := range []string{inbox, drafts, deleted, sent, outbox, tasks, calendar, contacts, notes} {
			d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`).is("Status", "3")
		}
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folderKey = d.folders(d.folderKey).text("SyncKey")
		d.edited("FolderDelete", `<ServerId>`+string(cache.ID)+`</ServerId>`).is("Status", "3")
	}},
	{"MSASCMD_S03_TC03_FolderDelete_Status4", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`).is("Status", "1")
		d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`).is("Status", "4")
	}},
	{"MSASCMD_S03_TC04_FolderDelete_Status9", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.do("FolderDelete", `<SyncKey/><ServerId>`+id+`</ServerId>`).is("Status", "9").lacks("SyncKey")
		d.do("FolderDelete", `<SyncKey>77</SyncKey><ServerId>`+id+`</ServerId>`).is("Status", "9")
	}},
	{"MSASCMD_S03_TC05_FolderDelete_Status10", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.do("FolderDelete", `<ServerId>`+id+`</ServerId>`).is("Status", "10")
	}},
	{"MSASCMD_S04_TC01_FolderSync_SyncKey0", every, func(d *device) {
		r := d.folders("0").is("Status", "1").has("SyncKey").is("Changes/Count", "10").count("Add", 10)
		names := map[string]bool{}
		for _, name := range r.texts("Add/DisplayName") {
			if names[name] {
				d.t.Errorf("%s is there twice", name)
			}
			names[name] = true
		}
		r.in("Add", "DisplayName", "Inbox").is("ServerId", inbox).is("ParentId", "0").is("Type", "2")
	}},
	{"MSASCMD_S04_TC02_FolderSync_NoChanged", every, func(d *device) {
		d.folders(d.folderKey).is("Status", "1").is("Changes/Count", "0").lacks("Add", "Update", "Delete")
	}},
	{"MSASCMD_S04_TC03_FolderSync_Changed", every, func(d *device) {
		key := d.folderKey
		d.folder("0", "new", "12")
		d.folders(key).isNot("Changes/Count", "0").has("Add")
	}},
	{"MSASCMD_S04_TC04_FolderSync_Resynchronizes", every, func(d *device) {
		id := d.folder("0", "new", "12")
		before := d.folders("0").texts("Add/ServerId")
		again := d.folders("0").in("Changes")
		again.in("Add", "ServerId", id).is("DisplayName", "new")
		for i, id := range again.texts("Add/ServerId") {
			if id != before[i] {
				d.t.Errorf("folder %d is %s, and was %s", i, id, before[i])
			}
		}
	}},
	{"MSASCMD_S04_TC05_FolderSync_Status9", every, func(d *device) {
		d.folders("").is("Status", "9").lacks("SyncKey", "Changes")
		d.folders("77").is("Status", "9").lacks("Changes")
	}},
	{"MSASCMD_S04_TC06_FolderSync_Status10", every, func(d *device) {
		d.do("FolderSync", "").is("Status", "10").lacks("Changes")
	}},
	{"MSASCMD_S04_TC07_FolderSync_AddFolder", every, func(d *device) {
		key := d.folderKey
		id := d.folder(inbox, "new", "12")
		d.folders(key).is("Status", "1").is("Changes/Count", "1").in("Add").is("ServerId", id).is("ParentId", inbox).is("DisplayName", "new").is("Type", "12")
	}},
	{"MSASCMD_S04_TC08_FolderSync_UpdateFolder", every, func(d *device) {
		id := d.folder("0", "new", "12")
		key := d.folderKey
		d.edited("FolderUpdate", renameDoc(id, "0", "other")).is("Status", "1")
		d.folders(key).is("Status", "1").isNot("SyncKey", key).in("Update").is("ServerId", id).is("DisplayName", "other")
	}},
	{"MSASCMD_S04_TC09_FolderSync_DeleteFolder", every, func(d *device) {
		id := d.folder("0", "new", "12")
		key := d.folderKey
		d.edited("FolderDelete", `<ServerId>`+id+`</ServerId>`)
		d.folders(key).is("Changes/Count", "1").is("Delete/ServerId", id)
	}},
	{"MSASCMD_S04_TC10_FolderSync_NoSynchronizeItems", every, func(d *device) {
		d.box.Deliver(mailOf("one", "text"))
		d.folders(d.folderKey).is("Changes/Count", "0").lacks("ApplicationData", "Commands")
		d.fresh(inbox, "").is("ApplicationData/Subject", "one")
	}},
	{"MSASCMD_S05_TC01_FolderUpdate_Success", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.edited("FolderUpdate", renameDoc(id, "0", "other")).is("Status", "1").has("SyncKey")
		d.folders("0").in("Add", "ServerId", id).is("DisplayName", "other")
	}},
	{"MSASCMD_S05_TC02_FolderUpdate_Status2", every, func(d *device) {
		d.edited("FolderUpdate", renameDoc(inbox, "0", "other")).is("Status", "2").lacks("SyncKey")
	}},
	{"MSASCMD_S05_TC03_FolderUpdate_Status4", every, func(d *device) {
		d.edited("FolderUpdate", renameDoc("99", "0", "other")).is("Status", "4")
	}},
	{"MSASCMD_S05_TC04_FolderUpdate_Status5", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.edited("FolderUpdate", renameDoc(id, "99", "new")).is("Status", "5")
	}},
	{"MSASCMD_S05_TC05_FolderUpdate_Status9", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.do("FolderUpdate", `<SyncKey>77</SyncKey>`+renameDoc(id, "0", "other")).is("Status", "9").lacks("SyncKey")
	}},
	{"MSASCMD_S05_TC06_FolderUpdate_Status10", every, func(d *device) {
		id := d.folder("0", "new", "12")
		d.do("FolderUpdate", renameDoc(id, "0", "other")).is("Status", "10")
		d.edited("FolderUpdate", renameDoc(id, "0", "other")+`<Status>1</Status>`).is("Status", "10")
	}},
	{"MSASCMD_S05_TC07_FolderUpdate_Moves", every, func(d *device) {
		d.folder(inbox, "new", "12")
		id := d.folder("0", "new", "12")
		d.edited("FolderUpdate", renameDoc(id, inbox, "new")).is("Status", "2")
		d.edited("FolderUpdate", renameDoc(id, drafts, "new")).is("Status", "1")
		d.folders("0").in("Add", "ServerId", id).is("ParentId", drafts)
	}},
	{"MSASCMD_S05_TC08_FolderUpdate_Status3", every, func(d *device) {
		cache := d.box.AddFolder("Recipient information", eas.FolderRecipientCache)
		d.folderKey = d.folders(d.folderKey).text("SyncKey")
		d.edited("FolderUpdate", renameDoc(string(cache.ID), "0", "other")).is("Status", "3")
	}},
}
