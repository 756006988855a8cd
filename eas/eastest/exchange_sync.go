package eastest

import (
	"bytes"
	"net/http"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

const (
	maxWindow   = 512
	maxCommands = 200
)

// sync serves Sync. [MS-ASCMD] 2.2.1.21
func (c *call) sync() {
	root := c.root
	if root == nil {
		// An empty request repeats the last one.
		if c.dev.syncRequest == nil {
			c.syncStatus(13)
			return
		}
		var err error
		if root, err = parseTree(c.dev.syncRequest); err != nil {
			panic("eastest: " + err.Error())
		}
		c.body = nil
	}
	if root.child(wbxml.AirSyncPartial) != nil && root.inOrder(syncOrder...) {
		if root = c.completed(root); root == nil {
			c.syncStatus(13) // nothing is kept that could complete it
			return
		}
	}
	wait, status, limit := waitOf(root)
	cols := root.child(wbxml.AirSyncCollections).all(wbxml.AirSyncCollection)
	switch {
	case !root.inOrder(syncOrder...):
		c.syncStatus(4)
		return
	case status != 0:
		c.answer(&airsync.SyncResponse{Status: intp(status), Limit: limit})
		return
	case len(cols) == 0:
		c.syncStatus(4)
		return
	case len(cols) > c.o.MaxCollections:
		c.answer(&airsync.SyncResponse{Status: intp(15), Limit: intp(c.o.MaxCollections)})
		return
	}
	for _, col := range cols {
		if !c.wellFormed(col) {
			c.syncStatus(4)
			return
		}
		for _, options := range col.all(wbxml.AirSyncOptions) {
			if status := c.bodyStatus(options, 4); status != 0 {
				c.syncStatus(status)
				return
			}
		}
	}
	if c.stale() {
		for _, col := range cols {
			if c.box.folder(eas.FolderID(col.value(wbxml.AirSyncCollectionId))) == nil {
				c.syncStatus(12)
				return
			}
		}
	}
	if len(c.body) > 0 {
		c.dev.syncRequest = c.body
	}
	c.window = maxWindow * len(cols)
	if n, ok := root.number(wbxml.AirSyncWindowSize); ok && n > 0 {
		c.window = min(n, maxWindow)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		if !c.mayGoOn() {
			return
		}
		out := &airsync.SyncResponse{}
		for _, col := range cols {
			if f := c.syncCollection(col); f != nil {
				if out.Collections == nil {
					out.Collections = &airsync.SyncResponseFolders{}
				}
				out.Collections.Collection = append(out.Collections.Collection, *f)
			}
		}
		if out.Collections != nil {
			c.answerSync(out)
			return
		}
		if wait <= 0 || !c.wait(timer.C) {
			c.reply(nil) // no changes
			return
		}
	}
}

var syncOrder = []wbxml.Tag{wbxml.AirSyncCollections, wbxml.AirSyncWait, wbxml.AirSyncHeartbeatInterval, wbxml.AirSyncWindowSize, wbxml.AirSyncPartial}

// completed returns a partial request with the rest of the last one, which it becomes; nil if
// there is none. [MS-ASCMD] 2.2.3.129
func (c *call) completed(root *node) *node {
	if c.dev.syncRequest == nil {
		return nil
	}
	last, err := parseTree(c.dev.syncRequest)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	for _, k := range root.kids {
		switch k.tag {
		case wbxml.AirSyncPartial:
		case wbxml.AirSyncCollections:
			all := last.child(wbxml.AirSyncCollections)
			for _, col := range k.kids {
				all.kids = slices.DeleteFunc(all.kids, func(x *node) bool {
					return x.value(wbxml.AirSyncCollectionId) == col.value(wbxml.AirSyncCollectionId)
				})
				all.kids = append(all.kids, col)
			}
		default:
			last.kids = slices.DeleteFunc(last.kids, func(x *node) bool {
				return x.tag == k.tag || x.tag == wbxml.AirSyncWait || x.tag == wbxml.AirSyncHeartbeatInterval
			})
			last.kids = append(last.kids, k)
		}
	}
	c.body = last.document()
	return last
}

func (c *call) answerSync(out *airsync.SyncResponse) {
	doc, err := wbxml.Marshal(out)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	c.reply(doc)
}

func (c *call) syncStatus(n int) {
	if !c.version.AtLeast(eas.Version140) && n == 4 {
		c.w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.answer(&airsync.SyncResponse{Status: intp(n)})
}

// waitOf reads how long the client wants to wait. [MS-ASCMD] 2.2.3.84, 2.2.3.193
func waitOf(root *node) (wait time.Duration, status int, limit *int) {
	w, h := root.child(wbxml.AirSyncWait), root.child(wbxml.AirSyncHeartbeatInterval)
	switch {
	case w != nil && h != nil:
		return 0, 4, nil
	case w != nil:
		n, ok := root.number(wbxml.AirSyncWait)
		if !ok || n < 1 || n > 59 {
			return 0, 14, intp(min(max(n, 1), 59))
		}
		return time.Duration(n) * time.Minute, 0, nil
	case h != nil:
		n, ok := root.number(wbxml.AirSyncHeartbeatInterval)
		if !ok || n < minHeartbeat || n > maxHeartbeat {
			return 0, 14, intp(min(max(n, minHeartbeat), maxHeartbeat))
		}
		return time.Duration(n) * time.Second, 0, nil
	}
	return 0, 0, nil
}

// wellFormed holds a collection to the order and the rules that Exchange enforces.
// [MS-ASCMD] 2.2.3.29.2
func (c *call) wellFormed(col *node) bool {
	order := []wbxml.Tag{
		wbxml.AirSyncSyncKey, wbxml.AirSyncCollectionId, wbxml.AirSyncSupported, wbxml.AirSyncDeletesAsMoves,
		wbxml.AirSyncGetChanges, wbxml.AirSyncWindowSize, wbxml.AirSyncConversationMode, wbxml.AirSyncOptions, wbxml.AirSyncCommands,
	}
	if !c.version.AtLeast(eas.Version140) {
		order = append([]wbxml.Tag{wbxml.AirSyncClass}, order...)
		if col.value(wbxml.AirSyncClass) == "" {
			return false
		}
	}
	key := col.value(wbxml.AirSyncSyncKey)
	f := c.box.folder(eas.FolderID(col.value(wbxml.AirSyncCollectionId)))
	switch {
	case !col.inOrder(order...), key == "", col.value(wbxml.AirSyncCollectionId) == "", !combined(col):
		return false
	case col.child(wbxml.AirSyncConversationMode) != nil && f != nil && f.Type.Class() != eas.ClassEmail:
		return false
	case f != nil && f.Type.Class() == eas.ClassNotes && col.child(wbxml.AirSyncSupported) != nil: // [MS-ASNOTE] 3.2.5.1
		return false
	case f != nil && f.Type == eas.FolderRecipientCache && col.child(wbxml.AirSyncCommands).child(wbxml.AirSyncAdd) != nil:
		return false // the server alone fills it
	case key == "0":
		g := col.child(wbxml.AirSyncGetChanges)
		if g != nil && g.text != "0" || col.child(wbxml.AirSyncCommands) != nil {
			return false
		}
	}
	if cmds := col.child(wbxml.AirSyncCommands); cmds != nil && len(cmds.kids) > maxCommands {
		return false
	}
	for _, name := range []wbxml.Tag{wbxml.AirSyncWindowSize, wbxml.AirSyncGetChanges, wbxml.AirSyncDeletesAsMoves} {
		k := col.child(name)
		if k == nil {
			continue
		}
		n, ok := col.number(name)
		switch {
		case k.text == "" && name != wbxml.AirSyncWindowSize: // an empty element means true
		case !ok, name != wbxml.AirSyncWindowSize && n != 0 && n != 1:
			return false
		}
	}
	if cmds := col.child(wbxml.AirSyncCommands); cmds != nil {
		for _, k := range cmds.kids {
			if !slices.Contains([]wbxml.Tag{wbxml.AirSyncAdd, wbxml.AirSyncChange, wbxml.AirSyncDelete, wbxml.AirSyncFetch}, k.tag) {
				return false
			}
			if k.child(wbxml.AirSyncBaseInstanceId) != nil && !c.version.AtLeast(eas.Version160) {
				return false
			}
		}
	}
	if mode := col.child(wbxml.AirSyncConversationMode); mode != nil {
		if !c.version.AtLeast(eas.Version140) || mode.text != "0" && mode.text != "1" && mode.text != "" {
			return false // [MS-ASCMD] 2.2.3.36.2
		}
	}
	blocks := col.all(wbxml.AirSyncOptions)
	if !c.optionBlocks(f, blocks) {
		return false
	}
	for _, b := range blocks {
		k := b.child(wbxml.AirSyncFilterType)
		if k == nil || k.text == "0" {
			continue
		}
		n, ok := b.number(wbxml.AirSyncFilterType)
		switch {
		case !ok:
			return false
		case f == nil:
		case f.Type.Class() == eas.ClassEmail, f.Type.Class() == eas.ClassCalendar, f.Type.Class() == eas.ClassTasks:
			if c.windowOf(f, n).kind != n { // each class has its own; others have none, and ignore it
				return false
			}
		}
	}
	return true
}

// apply carries out the client's commands. Successful changes and deletes are not
// mentioned. [MS-ASCMD] 2.2.3.154
func (c *call) apply(f *folder, req, commands *node, next *step, out *airsync.SyncResponseFolder) {
	if commands == nil {
		return
	}
	replies := &airsync.SyncReplies{}
	names := map[string]int{}
	for _, cmd := range commands.kids {
		names[cmd.value(wbxml.AirSyncServerId)+" "+cmd.value(wbxml.AirSyncBaseInstanceId)+cmd.value(wbxml.AirSyncClientId)]++
	}
	for _, n := range names {
		if n > 1 { // as Exchange does with several commands for one item
			for _, cmd := range commands.kids {
				reply := airsync.SyncReply{ServerID: cmd.value(wbxml.AirSyncServerId), ClientID: cmd.value(wbxml.AirSyncClientId), Status: intp(16)}
				switch cmd.tag {
				case wbxml.AirSyncDelete:
					replies.Delete = append(replies.Delete, reply)
				case wbxml.AirSyncAdd:
					replies.Add = append(replies.Add, reply)
				default:
					replies.Change = append(replies.Change, reply)
				}
			}
			out.Responses = []airsync.SyncReplies{*replies}
			return
		}
	}
	given := map[string]eas.ItemID{}
	defer func() { next.given = given }()
	for _, cmd := range commands.kids {
		id := eas.ItemID(cmd.value(wbxml.AirSyncServerId))
		instance := cmd.value(wbxml.AirSyncBaseInstanceId)
		failed := func(status int) airsync.SyncReply {
			return airsync.SyncReply{ServerID: string(id), InstanceID: instance, Status: intp(status)}
		}
		it := c.box.index[id]
		if it != nil && (it.folder != f || cmd.tag == wbxml.AirSyncFetch && next.filter.held && next.filter.hides(it)) {
			it = nil
		}
		switch cmd.tag {
		case wbxml.AirSyncChange:
			if it == nil {
				replies.Change = append(replies.Change, failed(8))
				continue
			}
			if version, has := next.seen[id]; has && version != it.version && it.raw != nil && req.child(wbxml.AirSyncOptions).value(wbxml.AirSyncConflict) != "0" {
				because(c.r, "item %s changed on the server: the server wins", id)
				replies.Change = append(replies.Change, failed(7))
				continue
			}
			before := it.mail
			changed, send := false, cmd.child(wbxml.Email2Send) != nil
			if c.isDraft(f) && it.raw == nil {
				data := cmd.child(wbxml.AirSyncApplicationData)
				changed = data == nil && send || data != nil && c.writeDraft(it, data)
				changed = changed && (!send || c.sendDraft(it))
			} else {
				changed = !send && c.change(it, cmd)
			}
			if !changed {
				it.mail, it.pending = before, [mailParts]bool{} // a change is whole or not at all
				replies.Change = append(replies.Change, failed(6))
				continue
			}
			if send {
				c.box.remove(it)
				next.lacks(id)
				continue
			}
			c.box.touch(it)
			next.has(it) // the device knows
			if f.Type.Class() == eas.ClassCalendar && instance == "" && changesMeeting(cmd.child(wbxml.AirSyncApplicationData)) {
				c.invite(it.raw, meetingRequest)
			}
		case wbxml.AirSyncDelete:
			if it == nil {
				replies.Delete = append(replies.Delete, failed(8))
				continue
			}
			if instance != "" {
				if it.raw == nil || !c.deleteOccurrence(it, instance) {
					replies.Delete = append(replies.Delete, failed(6))
					continue
				}
				c.box.touch(it)
				next.has(it)
				continue
			}
			c.box.remove(it)
			next.lacks(id)
			if f.Type.Class() == eas.ClassCalendar {
				c.invite(it.raw, meetingCanceled)
			}
			if f.Type != eas.FolderDeletedItems && it.raw == nil && req.value(wbxml.AirSyncDeletesAsMoves) != "0" {
				c.box.add(c.box.byType(eas.FolderDeletedItems), it.mail)
			}
		case wbxml.AirSyncFetch:
			if it == nil {
				replies.Fetch = append(replies.Fetch, airsync.SyncReply{ServerID: string(id), Status: intp(8)})
				continue
			}
			want := choiceOf(block(req.all(wbxml.AirSyncOptions), it.isSMS()))
			replies.Fetch = append(replies.Fetch, airsync.SyncReply{
				ServerID: string(id), Status: intp(1), ApplicationData: c.data(it, want),
			})
		case wbxml.AirSyncAdd:
			reply := airsync.SyncReply{ClientID: cmd.value(wbxml.AirSyncClientId), Status: intp(6)}
			if class := cmd.value(wbxml.AirSyncClass); class != string(f.Type.Class()) {
				reply.Class = class // [MS-ASCMD] 2.2.3.27.5
			}
			data := cmd.child(wbxml.AirSyncApplicationData)
			if c.isDraft(f) && data != nil && reply.ClientID != "" {
				replies.Add = append(replies.Add, c.addDraft(f, cmd, data, reply, next, given))
				continue
			}
			if cmd.value(wbxml.AirSyncClass) == string(eas.ClassSMS) && c.takesSMS(f) && data != nil && reply.ClientID != "" {
				replies.Add = append(replies.Add, c.addSMS(f, data, reply, next, given))
				continue
			}
			// Of mail, drafts alone can be added, from 16.0 on.
			if f.Type.Class() == eas.ClassEmail || data == nil || reply.ClientID == "" {
				replies.Add = append(replies.Add, reply)
				continue
			}
			if !c.completeItem(f, data, true) {
				replies.Add = append(replies.Add, reply)
				continue
			}
			if doc := data.document(); doc != nil {
				it := c.box.index[next.given[reply.ClientID]] // of a request whose response was lost
				switch {
				case it == nil || it.folder != f:
					it = c.box.put(f, doc)
				case !bytes.Equal(it.raw, doc):
					it.raw = doc
					c.box.touch(it)
				}
				given[reply.ClientID] = it.id
				next.has(it)
				if f.Type.Class() == eas.ClassCalendar {
					c.invite(doc, meetingRequest)
				}
				reply.ServerID, reply.Status = string(it.id), intp(1)
			}
			replies.Add = append(replies.Add, reply)
		}
	}
	if len(replies.Add)+len(replies.Change)+len(replies.Delete)+len(replies.Fetch) > 0 {
		out.Responses = []airsync.SyncReplies{*replies}
	}
}

// change applies a change to an item. It reports false if it makes no sense.
func (c *call) change(it *item, cmd *node) bool {
	data := cmd.child(wbxml.AirSyncApplicationData)
	switch {
	case data == nil:
		return false
	case it.raw != nil:
		return c.changeRaw(it, cmd, data)
	}
	for _, k := range data.kids {
		switch k.tag {
		case wbxml.EmailRead:
			if k.text != "0" && k.text != "1" {
				return false
			}
			read := k.text == "1"
			it.mail.Read = &read
			it.changes(readPart)
		case wbxml.EmailFlag:
			flag, ok := readFlag(k, it.mail.Meeting != nil)
			if !ok {
				return false
			}
			it.mail.Flag = flag
			it.changes(flagPart)
		case wbxml.EmailCategories:
			it.mail.Categories = nil
			it.changes(categoriesPart)
			for _, cat := range k.all(wbxml.EmailCategory) {
				it.mail.Categories = append(it.mail.Categories, cat.text)
			}
		default:
			return false
		}
	}
	return true
}
