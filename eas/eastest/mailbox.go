package eastest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// A Mailbox is a user and the mailbox of this user.
type Mailbox struct {
	tn   *Tenant
	addr string

	location    string // of the user, for policies
	compliant   bool
	account     AccountState
	admin       bool
	secret      string // the user's password
	expired     bool   // the password
	wrong       int    // passwords that were, since the last right one
	lockedUntil time.Time

	online bool // the mailbox is in Exchange Online; Tenant.mu guards it, too

	// Tenant.mu guards what follows.
	folders    []*folder
	index      map[eas.ItemID]*item
	lastID     int
	partners   map[string]*partner     // by device ID and type
	changed    chan struct{}           // closed at the next change
	sentIDs    map[string]bool         // ClientIds of mail that was sent
	always     map[string]eas.FolderID // where the mail of a conversation goes
	notBefore  uint64                  // tokens with a lower number are refused
	begunAfter uint64                  // sign-ins with a lower number have ended
	oof        outOfOffice
	password   string // of the device, as it was stored

	allowedDevices, blockedDevices []string // IDs in lower case, whatever the rules say
}

// A partner is what the server keeps of one device.
type partner struct {
	temporary, policy string // policy keys
	acknowledged      bool
	shown, applied    DevicePolicy // what temporary and policy stand for
	appliedAt         time.Time
	wipe              string // "", "device" or "account"
	wiped             bool
	info              map[string]string // what the device said about itself

	id, kind, agent string // DeviceId and DeviceType, and the last User-Agent
	since           time.Time
	level           AccessLevel // as of the last command
	reason          string
	notice          eas.ItemID // the mail that tells the user of level

	hierarchy, hierarchyBefore *hierarchyState
	folderEdit                 []byte // the last edit of the hierarchy, and the folder that it made
	folderReply                string
	collections                map[eas.FolderID]*collection
	syncRequest                []byte // the last one that was not empty
	pingFolders                []eas.FolderID
	pingHeartbeat              int
}

type hierarchyState struct {
	key  string
	seen map[eas.FolderID]eas.Folder
}

// standardFolders are those of a new mailbox.
var standardFolders = []eas.Folder{
	{Name: "Inbox", Type: eas.FolderInbox}, {Name: "Drafts", Type: eas.FolderDrafts},
	{Name: "Deleted Items", Type: eas.FolderDeletedItems}, {Name: "Sent Items", Type: eas.FolderSentItems},
	{Name: "Outbox", Type: eas.FolderOutbox}, {Name: "Tasks", Type: eas.FolderTasks},
	{Name: "Calendar", Type: eas.FolderCalendar}, {Name: "Contacts", Type: eas.FolderContacts},
	{Name: "Notes", Type: eas.FolderNotes}, {Name: "Journal", Type: eas.FolderJournal},
}

// AddMailbox adds a user with a mailbox whose Inbox holds the items, which must be [*eas.Email].
// Where no user is named, the first one signs in. It panics if the address is malformed or taken.
func (tn *Tenant) AddMailbox(addr string, items ...eas.Item) *Mailbox {
	addr = strings.ToLower(addr)
	local, domain, ok := strings.Cut(addr, "@")
	if !ok || local == "" || domain == "" {
		panic("eastest: AddMailbox: not an address: " + strconv.Quote(addr))
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	if tn.users[addr] != nil {
		panic("eastest: AddMailbox: the address has a mailbox")
	}
	m := &Mailbox{
		tn: tn, addr: addr, secret: Password, online: !tn.at.hasPremises(), partners: map[string]*partner{}, index: map[eas.ItemID]*item{}, changed: make(chan struct{}), sentIDs: map[string]bool{}, always: map[string]eas.FolderID{},
	}
	for _, f := range standardFolders {
		m.addFolder(f)
	}
	tn.users[addr] = m
	tn.order = append(tn.order, addr)
	m.deliver(items)
	return m
}

// Mailbox returns the mailbox of an address, or nil if there is none.
func (tn *Tenant) Mailbox(addr string) *Mailbox {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.users[strings.ToLower(addr)]
}

// Mailboxes returns all mailboxes, in the order in which they were added.
func (tn *Tenant) Mailboxes() []*Mailbox {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	out := make([]*Mailbox, 0, len(tn.order))
	for _, addr := range tn.order {
		out = append(out, tn.users[addr])
	}
	return out
}

func (m *Mailbox) addFolder(f eas.Folder) eas.Folder {
	m.lastID++
	f.ID = eas.FolderID(strconv.Itoa(m.lastID))
	if f.Parent == "" {
		f.Parent = "0"
	}
	m.folders = append(m.folders, &folder{Folder: f})
	m.wake()
	return f
}

// wake tells those who wait that something changed.
func (m *Mailbox) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Mailbox) folder(id eas.FolderID) *folder {
	for _, f := range m.folders {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// find returns an item and the folder that it is in.
func (m *Mailbox) find(id eas.ItemID) (*folder, *item) {
	it := m.index[id]
	if it == nil {
		return nil, nil
	}
	return it.folder, it
}

func (m *Mailbox) byType(t eas.FolderType) *folder {
	for _, f := range m.folders {
		if f.Type == t {
			return f
		}
	}
	panic("eastest: no folder of type " + t.String())
}

// add puts a mail into a folder; what arrives in a conversation that is always moved, into that
// one's.
func (m *Mailbox) add(f *folder, mail eas.Email) *item {
	if to := m.folder(m.always[conversationID(&mail)]); to != nil && f.Type == eas.FolderInbox {
		f = to
	}
	m.lastID++
	it := &item{id: eas.ItemID(fmt.Sprintf("%s:%d", f.ID, m.lastID)), mail: mail}
	if it.mail.Received.IsZero() {
		it.mail.Received = m.tn.now().UTC().Truncate(time.Millisecond)
	}
	if it.mail.MessageClass == "" {
		it.mail.MessageClass = "IPM.Note"
		if it.mail.Meeting != nil {
			it.mail.MessageClass = meetingRequest
		}
	}
	if it.mail.To == "" && !it.mail.Draft {
		it.mail.To = m.addr
	}
	if it.mail.Read == nil {
		it.mail.Read = new(bool)
	}
	m.file(f, it)
	if f.Type == eas.FolderInbox {
		m.attend(it)
	}
	return it
}

// put adds what is not mail to a folder.
func (m *Mailbox) put(f *folder, raw []byte) *item {
	m.lastID++
	it := &item{id: eas.ItemID(fmt.Sprintf("%s:%d", f.ID, m.lastID)), raw: raw}
	m.file(f, it)
	return it
}

// Put adds items to the first folder of type t: mail as [Mailbox.Deliver] does, and events,
// contacts, tasks and notes as a device of version 16.1 sends them (a series with exceptions as
// one of version 14.1). It panics if an item cannot be written.
func (m *Mailbox) Put(t eas.FolderType, items ...eas.Item) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	f := m.byType(t)
	for _, i := range items {
		if mail, ok := i.(*eas.Email); ok {
			m.add(f, *mail)
			continue
		}
		version := eas.Version161
		if e, ok := i.(*eas.Event); ok && len(e.Exceptions) > 0 {
			version = eas.Version141 // whose devices send them with the series
		}
		raw, err := eas.Encode(i, version)
		if err != nil {
			panic("eastest: Put: " + err.Error())
		}
		if e, ok := i.(*eas.Event); ok {
			raw = m.asServer(raw, e)
		}
		m.put(f, raw)
	}
}

// Items returns what the first folder of type t holds, in the order of arrival. [Mailbox.Messages]
// is the same for mail.
func (m *Mailbox) Items(t eas.FolderType) []eas.Item {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	var out []eas.Item
	for it := range m.byType(t).all() {
		if it.raw == nil {
			mail := it.mail
			out = append(out, &mail)
			continue
		}
		i, err := eas.Decode(t.Class(), it.raw)
		if err != nil {
			panic("eastest: Items: " + err.Error())
		}
		out = append(out, i)
	}
	return out
}

func (m *Mailbox) deliver(items []eas.Item) {
	inbox := m.byType(eas.FolderInbox)
	for _, i := range items {
		mail, ok := i.(*eas.Email)
		if !ok || mail == nil {
			panic(fmt.Sprintf("eastest: a %T cannot be delivered", i))
		}
		m.autoReply(&m.add(inbox, *mail).mail)
	}
}

// Deliver puts mail into the Inbox and wakes the devices that wait for it. It sets the time, the
// recipient and the class where they are missing. If the user is out of office, each sender gets
// one automatic reply until the settings change: a sender of the tenant in the Inbox, others in
// [Tenant.Outgoing].
func (m *Mailbox) Deliver(items ...eas.Item) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.deliver(items)
}

// Address returns the user's address.
func (m *Mailbox) Address() string { return m.addr }

// Messages returns the mail in the first folder of type t, in the order of arrival.
func (m *Mailbox) Messages(t eas.FolderType) []eas.Email {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	var out []eas.Email
	for it := range m.byType(t).all() {
		if it.raw == nil {
			out = append(out, it.mail)
		}
	}
	return out
}

// AddFolder adds a folder at the top of the hierarchy.
func (m *Mailbox) AddFolder(name string, t eas.FolderType) eas.Folder {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	return m.addFolder(eas.Folder{Name: name, Type: t})
}

// RemoveFolder removes a folder and its contents. It panics if the folder does not exist.
func (m *Mailbox) RemoveFolder(id eas.FolderID) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	i := slices.IndexFunc(m.folders, func(f *folder) bool { return f.ID == id })
	if i < 0 {
		panic("eastest: RemoveFolder: no such folder")
	}
	m.drop(m.folders[i])
}

// RemoveItem removes the first mail with the subject from the first folder of type t. It panics if
// there is none.
func (m *Mailbox) RemoveItem(t eas.FolderType, subject string) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	f := m.byType(t)
	for it := range f.all() {
		if it.mail.Subject == subject {
			m.remove(it)
			return
		}
	}
	panic("eastest: RemoveItem: no such mail")
}

// RefreshPolicy makes every device provision again (status 143, or HTTP status 449).
func (m *Mailbox) RefreshPolicy() {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	for _, p := range m.partners {
		p.policy, p.acknowledged = "", false
	}
}

// Wipe makes every device wipe itself. With accountOnly it wipes only the data of the account,
// which devices of version 16.1 alone support; others are left as they are. Until a device
// acknowledges the wipe, it receives nothing but the directive; waiting requests return.
func (m *Mailbox) Wipe(accountOnly bool) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	for _, p := range m.partners {
		p.wipe = "device"
		if accountOnly {
			p.wipe = "account"
		}
	}
	m.wake()
}

// Wiped returns the number of devices that have acknowledged a wipe.
func (m *Mailbox) Wiped() int {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	n := 0
	for _, p := range m.partners {
		if p.wiped {
			n++
		}
	}
	return n
}

// ForgetSyncKeys drops the state of every device, as a move of the mailbox does: existing sync
// keys are refused from now on.
func (m *Mailbox) ForgetSyncKeys() {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.forget()
}

func (m *Mailbox) forget() {
	for _, p := range m.partners {
		p.forget()
	}
}

// forget loses how far the device is.
func (p *partner) forget() {
	p.hierarchy, p.hierarchyBefore, p.collections, p.syncRequest = nil, nil, map[eas.FolderID]*collection{}, nil
}

// Devices returns the DeviceInformation that the devices of the mailbox have sent, by device ID.
func (m *Mailbox) Devices() map[string]map[string]string {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	out := map[string]map[string]string{}
	for _, p := range m.partners {
		out[p.id] = maps.Clone(p.info)
	}
	return out
}

func (m *Mailbox) partner(deviceID, deviceType string) *partner {
	k := deviceID + " " + deviceType
	p := m.partners[k]
	if p == nil {
		p = &partner{
			id: deviceID, kind: deviceType, since: m.tn.now(), collections: map[eas.FolderID]*collection{}, info: map[string]string{},
		}
		m.partners[k] = p
	}
	return p
}
