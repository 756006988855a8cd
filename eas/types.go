package eas

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A SyncKey identifies a state of a folder, or of the folder hierarchy, up to which the client has
// handled the changes. It is opaque. Save the key of a page after handling the page: a crash then
// delivers the page again and loses nothing.
type SyncKey string

// InitialSyncKey is the key before the first synchronization.
const InitialSyncKey SyncKey = "0"

// A FolderID names a folder (ServerId, CollectionId). It is opaque.
type FolderID string

// An ItemID names an item of a folder (ServerId). It is opaque.
type ItemID string

// A FolderType is the purpose of a folder. See [MS-ASCMD] 2.2.3.186.3.
type FolderType int

// The types of [Folder].
const (
	FolderGeneric        FolderType = 1
	FolderInbox          FolderType = 2
	FolderDrafts         FolderType = 3
	FolderDeletedItems   FolderType = 4
	FolderSentItems      FolderType = 5
	FolderOutbox         FolderType = 6
	FolderTasks          FolderType = 7
	FolderCalendar       FolderType = 8
	FolderContacts       FolderType = 9
	FolderNotes          FolderType = 10
	FolderJournal        FolderType = 11
	FolderUserMail       FolderType = 12
	FolderUserCalendar   FolderType = 13
	FolderUserContacts   FolderType = 14
	FolderUserTasks      FolderType = 15
	FolderUserJournal    FolderType = 16
	FolderUserNotes      FolderType = 17
	FolderUnknown        FolderType = 18
	FolderRecipientCache FolderType = 19
)

var folderTypes = [...]string{
	FolderGeneric: "generic", FolderInbox: "inbox", FolderDrafts: "drafts", FolderDeletedItems: "deleted items",
	FolderSentItems: "sent items", FolderOutbox: "outbox", FolderTasks: "tasks", FolderCalendar: "calendar",
	FolderContacts: "contacts", FolderNotes: "notes", FolderJournal: "journal", FolderUserMail: "mail",
	FolderUserCalendar: "user calendar", FolderUserContacts: "user contacts", FolderUserTasks: "user tasks",
	FolderUserJournal: "user journal", FolderUserNotes: "user notes", FolderUnknown: "unknown",
	FolderRecipientCache: "recipient cache",
}

func (t FolderType) String() string {
	if t > 0 && int(t) < len(folderTypes) {
		return folderTypes[t]
	}
	return "folder type " + strconv.Itoa(int(t))
}

// A Class is a class of items. See [MS-ASCMD] 2.2.3.27.5.
type Class string

// The classes of items.
const (
	ClassEmail    Class = "Email"
	ClassCalendar Class = "Calendar"
	ClassContacts Class = "Contacts"
	ClassTasks    Class = "Tasks"
	ClassNotes    Class = "Notes"
	ClassSMS      Class = "SMS" // text messages, in folders of mail; see [SyncOptions.SMS]
)

// Class returns the class of the items in folders of type t.
func (t FolderType) Class() Class {
	switch t {
	case FolderCalendar, FolderUserCalendar:
		return ClassCalendar
	case FolderContacts, FolderUserContacts, FolderRecipientCache:
		return ClassContacts
	case FolderTasks, FolderUserTasks:
		return ClassTasks
	case FolderNotes, FolderUserNotes:
		return ClassNotes
	}
	return ClassEmail
}

// A Folder is a folder of the mailbox.
type Folder struct {
	ID     FolderID
	Parent FolderID // "0" for a folder at the top
	Name   string
	Type   FolderType // what it is for; Type.Class is the class of its items
}

// Folders are the changes of the folder hierarchy since a sync key.
type Folders struct {
	Key     SyncKey // to save when the difference has been dealt with
	Added   []Folder
	Changed []Folder
	Deleted []FolderID
}

// Find returns the first added folder of type t. ok is false if there is none.
func (f *Folders) Find(t FolderType) (Folder, bool) {
	i := slices.IndexFunc(f.Added, func(x Folder) bool { return x.Type == t })
	if i < 0 {
		return Folder{}, false
	}
	return f.Added[i], true
}

// A Version is a version of the protocol.
type Version string

// The versions that this package speaks.
const (
	Version121 Version = "12.1"
	Version140 Version = "14.0"
	Version141 Version = "14.1"
	Version160 Version = "16.0"
	Version161 Version = "16.1"
)

// AtLeast reports whether v is w or newer.
func (v Version) AtLeast(w Version) bool { return v.number() >= w.number() }

// number returns the version times ten, as the base64 query has it, or 0.
func (v Version) number() int {
	major, minor, _ := strings.Cut(string(v), ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil || a < 0 || a > 25 || b < 0 || b > 9 {
		return 0
	}
	return a*10 + b
}

// A Device identifies the client to the server. The server keeps the state of synchronization, a
// policy key and a place in the quota of the user for each pair of ID and Type: keep both
// unchanged.
type Device struct {
	// ID is 1 to 32 ASCII letters and digits. If "", one is derived from the user and the
	// host, which is stable, and the same for every program that leaves it empty: two
	// programs that synchronize the same mailbox must set it. See [NewDeviceID].
	ID string
	// Type is 1 to 32 ASCII letters and digits; if "", "easoauth". Rules of the server
	// allow, block or quarantine devices by it.
	Type string

	Model        string // if "", "easoauth"
	FriendlyName string
	OS           string
	OSLanguage   string
	UserAgent    string // if "", "easoauth"; servers may block a device that changes it often
}

// NewDeviceID returns a random device ID. Store it: a client with another ID is another device.
func NewDeviceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func checkDevice(d Device) error {
	for name, v := range map[string]string{"ID": d.ID, "Type": d.Type} {
		if !isAlnum(v) || len(v) > 32 {
			return fmt.Errorf("eas: Device.%s must be 1 to 32 ASCII letters and digits", name)
		}
	}
	return nil
}

func isAlnum(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}
