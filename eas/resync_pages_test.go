package eas_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// What changes while a folder is read again is in what Resync returns: the items as they are in
// the end, without those that are gone.
func TestResyncWhileTheFolderChanges(t *testing.T) {
	pages := []string{
		envelope + `<SyncKey>1</SyncKey><CollectionId>1</CollectionId>` + unwrapped,
		envelope + `<SyncKey>2</SyncKey><CollectionId>1</CollectionId><MoreAvailable/><Commands><Add><ServerId>a</ServerId><ApplicationData><Subject xmlns="Notes">a</Subject></ApplicationData></Add>` +
			`<Add><ServerId>b</ServerId><ApplicationData><Subject xmlns="Notes">b</Subject></ApplicationData></Add><Add><ServerId>c</ServerId><ApplicationData><Subject xmlns="Notes">c</Subject></ApplicationData></Add>` +
			`<Add><ServerId>d</ServerId><ApplicationData><Subject xmlns="Notes">d</Subject></ApplicationData></Add></Commands>` + unwrapped,
		envelope + `<SyncKey>3</SyncKey><CollectionId>1</CollectionId><Commands><Change><ServerId>a</ServerId><ApplicationData><Body xmlns="AirSyncBase"><Type>1</Type><Data>new</Data></Body></ApplicationData></Change>` +
			`<Change><ServerId>b</ServerId><InstanceId xmlns="AirSyncBase">20260101T090000Z</InstanceId><ApplicationData><Subject xmlns="Calendar">y</Subject></ApplicationData></Change>` +
			`<Change><ServerId>z</ServerId><ApplicationData><Subject xmlns="Notes">z</Subject></ApplicationData></Change><Change><ServerId>z</ServerId><InstanceId xmlns="AirSyncBase">20260101T090000Z</InstanceId><ApplicationData/></Change>` +
			`<Change><ServerId>b</ServerId></Change><Delete><ServerId>c</ServerId></Delete><Delete><ServerId>z</ServerId></Delete><SoftDelete><ServerId>d</ServerId></SoftDelete>` +
			`<Delete><ServerId>b</ServerId><InstanceId xmlns="AirSyncBase">20260102T090000Z</InstanceId></Delete></Commands>` + unwrapped,
	}
	want := `Resynced{Key:"3" Items:[Entry{ID:"a" Item:Note{Subject:"a" Body:Body{Type:1 Data:"new"}}} Entry{ID:"b" Err:error(Merge: the change: wbxml: empty document at offset 0)}] Known:["b"] ` +
		`Gone:["c" "x"] Occurrences:[Entry{ID:"b" Occurrence:2026-01-01T09:00:00Z Item:Event{Subject:"y"}}] DeletedOccurrences:[OccurrenceID{Series:"b" Start:2026-01-02T09:00:00Z}]}`
	b := &backend{t: t, respond: func(_ *http.Request, command string, n int) *http.Response {
		if command != "Sync" {
			return nil
		}
		return reply1(200, fromXML(t, pages[n-1]))
	}}
	c := b.client()
	c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
	got, err := c.Resync(t.Context(), "1", []eas.ItemID{"b", "c", "x"}, &eas.SyncOptions{Class: eas.ClassNotes})
	if diff := cmp.Diff(want, show(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A change that says nothing of its class is read by that of the options.
func TestResyncByClass(t *testing.T) {
	body := `<ApplicationData><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body></ApplicationData>`
	for name, tt := range map[string]struct {
		o    *eas.SyncOptions
		want eas.Class
	}{"no options": {nil, eas.ClassEmail}, "no class": {&eas.SyncOptions{}, eas.ClassEmail}, "tasks": {&eas.SyncOptions{Class: eas.ClassTasks}, eas.ClassTasks}} {
		b := &backend{t: t, respond: func(_ *http.Request, command string, n int) *http.Response {
			if command != "Sync" {
				return nil
			}
			return reply1(200, fromXML(t, []string{
				envelope + `<SyncKey>1</SyncKey><CollectionId>1</CollectionId>` + unwrapped,
				envelope + `<SyncKey>2</SyncKey><CollectionId>1</CollectionId><MoreAvailable/><Commands><Add><ServerId>a</ServerId>` + body + `</Add></Commands>` + unwrapped,
				envelope + `<SyncKey>3</SyncKey><CollectionId>1</CollectionId><Commands><Change><ServerId>a</ServerId>` + body + `</Change></Commands>` + unwrapped,
			}[n-1]))
		}}
		c := b.client()
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		got, err := c.Resync(t.Context(), "1", nil, tt.o)
		if err != nil || len(got.Items) != 1 || got.Items[0].Item == nil || got.Items[0].Item.Class() != tt.want {
			t.Errorf("%s: %s, %v, want %s", name, show(got), err, tt.want)
		}
	}
}

// SyncFolders compares with what the caller has, and fails as FolderSync does.
func TestSyncFoldersFromTheBeginning(t *testing.T) {
	lost := `<FolderSync xmlns="FolderHierarchy"><Status>9</Status></FolderSync>`
	all := `<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>1</SyncKey><Changes><Add><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>2</Type></Add>` +
		`<Add><ServerId>2</ServerId><ParentId>0</ParentId><DisplayName>New name</DisplayName><Type>12</Type></Add><Add><ServerId>3</ServerId><ParentId>0</ParentId><DisplayName>New</DisplayName><Type>12</Type></Add></Changes></FolderSync>`
	known := []eas.Folder{{ID: "1", Parent: "0", Name: "Inbox", Type: eas.FolderInbox}, {ID: "2", Parent: "0", Name: "Old name", Type: eas.FolderUserMail}, {ID: "5"}, {ID: "4"}}
	for _, tt := range []struct {
		key       eas.SyncKey
		responses []string
		want      string
		status    int
	}{
		{"7", []string{lost, all}, `Folders{Key:"1" Added:[Folder{ID:"3" Parent:"0" Name:"New" Type:mail}] Changed:[Folder{ID:"2" Parent:"0" Name:"New name" Type:mail}] Deleted:["4" "5"]}`, 0},
		{"7", []string{lost, `<FolderSync xmlns="FolderHierarchy"><Status>6</Status></FolderSync>`}, "nil", 6},
		{"0", []string{lost}, "nil", 9},
		{"7", []string{`<FolderSync xmlns="FolderHierarchy"><Status>10</Status></FolderSync>`}, "nil", 10},
		{"7", []string{`<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>8</SyncKey></FolderSync>`}, `Folders{Key:"8"}`, 0},
	} {
		b := &backend{t: t, respond: func(_ *http.Request, command string, n int) *http.Response {
			if command != "FolderSync" {
				return nil
			}
			return reply1(200, fromXML(t, tt.responses[n-1]))
		}}
		got, err := b.client().SyncFolders(t.Context(), tt.key, known)
		var e *eas.Error
		if errors.As(err, &e) != (tt.status != 0) || e != nil && e.Status != tt.status || show(got) != tt.want || len(b.of("FolderSync")) != len(tt.responses) {
			t.Errorf("key %s: %s, %v after %d requests, want %s", tt.key, show(got), err, len(b.of("FolderSync")), tt.want)
		}
	}
}
