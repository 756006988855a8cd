package eastest

import (
	"iter"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A folder holds items, and a log of what happened to them, so that what a device lacks is
// found without a look at everything.
type folder struct {
	eas.Folder
	items []*item // in the order of their arrival; nil where one went
	first int     // before it there are holes alone
	holes int
	log   []entry // in the order of their versions
	stale int     // entries of log that a later one has replaced
}

// An entry says that an item came, changed or went.
type entry struct {
	version uint64
	id      eas.ItemID
	gone    bool
}

// An item is a mail in a folder, or something else.
type item struct {
	id      eas.ItemID
	folder  *folder
	slot    int // in the folder's items
	mail    eas.Email
	raw     []byte // the ApplicationData of what is not mail
	version uint64 // changes with each change

	changedAt [mailParts]uint64 // the version in which each part changed
	pending   [mailParts]bool   // parts that change with the next version
}

// file puts an item that is new into f.
func (m *Mailbox) file(f *folder, it *item) {
	it.folder, it.slot = f, len(f.items)
	m.index[it.id] = it
	f.items = append(f.items, it)
	it.version = m.tn.next()
	f.note(entry{version: it.version, id: it.id})
	m.wake()
}

// touch notes that an item changed.
func (m *Mailbox) touch(it *item) {
	it.version = m.tn.next()
	it.changed()
	it.folder.stale++
	it.folder.note(entry{version: it.version, id: it.id})
	m.wake()
}

// remove takes an item out of its folder.
func (m *Mailbox) remove(it *item) {
	f := it.folder
	f.items[it.slot] = nil
	for f.first < len(f.items) && f.items[f.first] == nil {
		f.first++
	}
	if f.holes++; f.holes > 100 && f.holes > len(f.items)/2 {
		f.items = slices.DeleteFunc(f.items, func(x *item) bool { return x == nil })
		f.first, f.holes = 0, 0
		for i, x := range f.items {
			x.slot = i
		}
	}
	delete(m.index, it.id)
	f.stale++
	f.note(entry{version: m.tn.next(), id: it.id, gone: true})
	m.wake()
}

// all yields the items in the order of their arrival.
func (f *folder) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for _, it := range f.items[f.first:] {
			if it != nil && !yield(it) {
				return
			}
		}
	}
}

// empty removes all items.
func (m *Mailbox) empty(f *folder) {
	for _, it := range slices.Collect(f.all()) {
		m.remove(it)
	}
}

// drop removes a folder and what is in it.
func (m *Mailbox) drop(f *folder) {
	for it := range f.all() {
		delete(m.index, it.id)
	}
	m.folders = without(m.folders, f)
	m.wake()
}

// note appends an entry. Of entries that say the same item, the last is kept when they become
// too many.
func (f *folder) note(e entry) {
	f.log = append(f.log, e)
	if f.stale < 1000 || f.stale < len(f.log)/2 {
		return
	}
	last := make(map[eas.ItemID]uint64, len(f.items))
	for _, x := range f.log {
		last[x.id] = x.version
	}
	f.log = slices.DeleteFunc(f.log, func(x entry) bool { return last[x.id] != x.version })
	f.stale = 0
}

// after returns the entries of later versions.
func (f *folder) after(version uint64) []entry {
	i, _ := slices.BinarySearchFunc(f.log, version+1, func(e entry, v uint64) int {
		switch {
		case e.version < v:
			return -1
		case e.version > v:
			return 1
		}
		return 0
	})
	return f.log[i:]
}

// windows are the FilterTypes by time. [MS-ASCMD] 2.2.3.68.2
var windows = map[int]time.Duration{
	1: 24 * time.Hour, 2: 72 * time.Hour, 3: 7 * 24 * time.Hour, 4: 14 * 24 * time.Hour, 5: 30 * 24 * time.Hour, 6: 91 * 24 * time.Hour, 7: 182 * 24 * time.Hour,
}

// A filter is what a device wants of a folder.
type filter struct {
	kind  int       // FilterType; 0 for everything
	since time.Time // of what is older, nothing

	conversations map[string]bool // whose mail comes although it is older; nil without ConversationMode

	noMail   bool // only text messages
	sms      bool // text messages as well
	smsKind  int
	smsSince time.Time
	outbound bool // the device sends those of the Outbox

	held   bool // the device sees nothing but notice
	notice eas.ItemID
}

// filterOf is what a device wants of a folder by its request, as far as it may have it.
func (c *call) filterOf(f *folder, req *node) filter {
	blocks := req.all(wbxml.AirSyncOptions)
	kind, _ := block(blocks, false).number(wbxml.AirSyncFilterType)
	w := c.windowOf(f, kind)
	if b := block(blocks, true); b != nil && c.takesSMS(f) {
		kind, _ := b.number(wbxml.AirSyncFilterType)
		v := c.windowOf(f, kind)
		w.sms, w.smsKind, w.smsSince, w.noMail = true, v.kind, v.since, len(blocks) == 1
		w.outbound = c.dev.info["EnableOutboundSMS"] == "1"
	}
	if mode := req.child(wbxml.AirSyncConversationMode); mode != nil && mode.text != "0" && w.kind != 0 && f.Type.Class() == eas.ClassEmail {
		w.conversations = map[string]bool{}
		for it := range f.all() {
			if !it.mail.Received.Before(w.since) {
				w.conversations[c.conversation(it)] = true
			}
		}
	}
	w.held, w.notice = c.dev.held(), c.dev.notice
	return w
}

// as reports whether two filters let the same through but for the time that has passed. One that
// goes by conversations lets through what no entry of the log says.
func (w filter) as(v filter) bool {
	return w.kind == v.kind && w.conversations == nil && v.conversations == nil && w.noMail == v.noMail && w.sms == v.sms &&
		w.smsKind == v.smsKind && w.outbound == v.outbound && w.held == v.held && w.notice == v.notice
}

// windowOf is what a FilterType stands for in a folder, or everything if it has none such.
func (c *call) windowOf(f *folder, kind int) filter {
	class := f.Type.Class()
	if d := windows[kind]; d > 0 && (class == eas.ClassEmail && kind <= 5 || class == eas.ClassCalendar && kind >= 4) {
		return filter{kind: kind, since: c.now().Add(-d)}
	}
	if kind == 8 && class == eas.ClassTasks {
		return filter{kind: kind}
	}
	return filter{}
}

// older reports whether a mail is outside of the window.
func (w filter) older(it *item) bool {
	return w.kind != 0 && it.raw == nil && it.mail.Received.Before(w.since)
}

// hides reports whether the device wants to hear nothing of an item: mail that is older, events
// that were over before and do not recur since, tasks that are complete.
func (w filter) hides(it *item) bool {
	switch {
	case w.held:
		return it.id != w.notice
	case it.isSMS():
		return w.smsHidden(it)
	case w.noMail:
		return true
	case w.kind == 0:
		return false
	case it.raw == nil:
		return w.older(it) && !w.conversations[conversationID(&it.mail)]
	}
	data, err := parseTree(it.raw)
	if err != nil {
		return false
	}
	if w.kind == 8 {
		return data.value(wbxml.TasksComplete) == "1"
	}
	end, ok := wireTime(data.value(wbxml.CalendarEndTime))
	if rule := data.child(wbxml.CalendarRecurrence); rule != nil {
		// A series with no end in sight goes on; one that is counted may.
		if end, ok = wireTime(rule.value(wbxml.CalendarUntil)); !ok {
			return false
		}
	}
	return ok && end.Before(w.since)
}

// wireTime reads a time in either form of the protocol, or a date.
func wireTime(s string) (time.Time, bool) {
	for _, layout := range []string{"20060102T150405Z", "2006-01-02T15:04:05.000Z", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
