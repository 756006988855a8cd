package eastest

import (
	"bytes"
	"iter"
	"maps"
	"slices"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A collection is how far one device is with one folder. The key before the last is honoured
// once more: its response may have been lost. [MS-ASCMD] 3.1.5.3
type collection struct {
	key    string
	seen   map[eas.ItemID]uint64 // the version of each item that the device has
	cursor uint64                // the log was considered up to this version
	filter filter
	given  map[string]eas.ItemID // the items of the last Adds, by ClientId

	options   []*node // of the last request that had some: one, or one for each class
	supported *node   // of the first request; nil if it had none
	hadSMS    bool    // the device has had text messages

	before  string // the key before; "" if it is not honoured
	request []byte // that led from before to key
	reply   *airsync.SyncResponseFolder
	undo    func() // brings back what the device had at before
}

func newCollection(key string) *collection {
	return &collection{key: key, seen: map[eas.ItemID]uint64{}, given: map[string]eas.ItemID{}}
}

// ghosted reports whether a change that leaves the element out leaves its value alone: the device
// said which ones it manages, and this is none of them. A device that said nothing manages all.
// [MS-ASCMD] 2.2.3.179
func (c *collection) ghosted(tag wbxml.Tag) bool {
	return c != nil && c.supported != nil && c.supported.child(tag) == nil
}

// A step changes a collection, and can be undone.
type step struct {
	*collection
	old map[eas.ItemID]uint64 // of seen, before the step; 0 for what was not there
}

func (c *collection) begin() *step { return &step{collection: c, old: map[eas.ItemID]uint64{}} }

func (s *step) remember(id eas.ItemID) {
	if _, ok := s.old[id]; !ok {
		s.old[id] = s.seen[id]
	}
}

func (s *step) has(it *item) {
	s.remember(it.id)
	s.seen[it.id] = it.version
}

func (s *step) lacks(id eas.ItemID) {
	s.remember(id)
	delete(s.seen, id)
}

// syncCollection serves one collection. It returns nil if nothing changed.
func (c *call) syncCollection(req *node) *airsync.SyncResponseFolder {
	id := eas.FolderID(req.value(wbxml.AirSyncCollectionId))
	key := req.value(wbxml.AirSyncSyncKey)
	out := &airsync.SyncResponseFolder{CollectionID: string(id), SyncKey: key}
	if !c.version.AtLeast(eas.Version140) {
		out.Class = req.value(wbxml.AirSyncClass)
	}
	f := c.box.folder(id)
	if f == nil {
		out.Status = intp(8)
		return out
	}
	if key == "0" {
		col := newCollection(c.syncKey())
		col.options = req.all(wbxml.AirSyncOptions)
		col.supported = req.child(wbxml.AirSyncSupported)
		c.dev.collections[id] = col
		out.SyncKey, out.Status = col.key, intp(1)
		return out
	}
	col := c.dev.collections[id]
	request := req.document()
	switch {
	case col == nil, key != col.key && (col.before == "" || key != col.before):
		because(c.r, "folder %s: the sync key is none of this device's", id)
		out.SyncKey, out.Status = "0", intp(3)
		return out
	case key != col.key && bytes.Equal(request, col.request):
		because(c.r, "folder %s: the request before, again", id)
		return col.reply
	case key != col.key:
		because(c.r, "folder %s: the key before, with another request", id)
		col.undo()
		col.key, col.before = key, ""
	default:
		clear(col.given) // the response with their IDs arrived
	}
	options := req.all(wbxml.AirSyncOptions)
	if len(options) == 0 {
		req = &node{tag: req.tag, kids: append(slices.Clone(req.kids), col.options...)} // as of the last request
	}
	s := col.begin()
	was, cursor, given := col.filter, col.cursor, maps.Clone(col.given)
	if now := c.filterOf(f, req); !now.as(col.filter) {
		col.filter, col.cursor = now, 0 // what was hidden may be wanted
	} else {
		col.filter = now
	}
	commands := req.child(wbxml.AirSyncCommands)
	c.apply(f, req, commands, s, out)
	if changes := req.child(wbxml.AirSyncGetChanges); changes == nil || changes.text != "0" {
		c.changes(f, req, s, out)
	}
	if out.Commands == nil && out.Responses == nil && !out.MoreAvailable && commands == nil {
		if len(options) > 0 {
			col.options = options
		}
		return nil
	}
	old := col.options
	if len(options) > 0 {
		col.options = options
	}
	col.before, col.key = key, c.syncKey()
	out.SyncKey, out.Status = col.key, intp(1)
	col.request, col.reply = request, out
	col.undo = func() {
		for id, v := range s.old {
			if v == 0 {
				delete(col.seen, id)
			} else {
				col.seen[id] = v
			}
		}
		col.filter, col.cursor, col.options = was, cursor, old
		// The Adds of the response that was lost are not made twice.
		maps.Copy(col.given, given)
	}
	return out
}

// A news is something that a device lacks.
type news struct {
	entry
	it      *item
	changed bool // the device has the item, in an older version
}

// lacking yields what the device does not have of a folder, in the order in which it happened.
func (col *collection) lacking(m *Mailbox, f *folder) iter.Seq[news] {
	return func(yield func(news) bool) {
		for _, e := range f.after(col.cursor) {
			version, has := col.seen[e.id]
			it := m.index[e.id]
			switch {
			case e.gone:
				if has && !col.filter.held && !yield(news{entry: e}) {
					return
				}
			case it == nil, it.version != e.version, has && version == e.version, col.filter.hides(it):
			default:
				if !yield(news{entry: e, it: it, changed: has}) {
					return
				}
			}
		}
	}
}

// hidden returns what the device has and its filter hides by now, in order.
func (col *collection) hidden(m *Mailbox) []eas.ItemID {
	if col.filter.kind == 0 && !col.hadSMS || col.filter.held {
		return nil
	}
	var out []eas.ItemID
	for id := range col.seen {
		if it := m.index[id]; it != nil && col.filter.hides(it) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// changes adds to out what the folder has and the device has not, as far as the windows of the
// collection and of the whole request go.
func (c *call) changes(f *folder, req *node, s *step, out *airsync.SyncResponseFolder) {
	window := 100
	if n, ok := req.number(wbxml.AirSyncWindowSize); ok {
		window = n
	}
	if window <= 0 || window > maxWindow {
		window = maxWindow
	}
	window = min(window, c.window)
	blocks := req.all(wbxml.AirSyncOptions)
	mail, sms := choiceOf(block(blocks, false)), choiceOf(block(blocks, true))
	cmds := &airsync.SyncCommands{}
	n := 0
	for x := range s.lacking(c.box, f) {
		if n == window {
			out.MoreAvailable = true
			break
		}
		n++
		s.cursor = x.version
		want, class := mail, ""
		switch {
		case x.it != nil && x.it.isSMS():
			want, class, s.hadSMS = sms, string(eas.ClassSMS), true
		case x.it != nil && s.filter.older(x.it):
			want = mail.previewOnly()
		}
		switch {
		case x.gone:
			s.lacks(x.id)
			cmds.Delete = append(cmds.Delete, airsync.SyncDelete{ServerID: string(x.id)})
		case x.changed:
			was := s.seen[x.id]
			s.has(x.it)
			cmds.Change = append(cmds.Change, airsync.SyncItem{Class: class, ServerID: string(x.id), ApplicationData: c.changeData(x.it, was, want)})
		default:
			s.has(x.it)
			cmds.Add = append(cmds.Add, airsync.SyncItem{ServerID: string(x.id), ApplicationData: c.data(x.it, want)})
		}
	}
	if !out.MoreAvailable {
		if len(f.log) > 0 {
			s.cursor = max(s.cursor, f.log[len(f.log)-1].version)
		}
		for _, id := range s.hidden(c.box) {
			if n == window {
				out.MoreAvailable = true
				break
			}
			n++
			s.lacks(id)
			cmds.SoftDelete = append(cmds.SoftDelete, airsync.SyncDelete{ServerID: string(id)})
		}
	}
	c.window -= n
	if n > 0 {
		out.Commands = []airsync.SyncCommands{*cmds}
	}
}
