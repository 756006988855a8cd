package eastest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// folderEdit serves FolderCreate, FolderUpdate and FolderDelete. [MS-ASCMD] 2.2.1.3 to 2.2.1.7
func (c *call) folderEdit() {
	if before := c.dev.hierarchyBefore; before != nil && c.root.value(wbxml.FolderHierarchySyncKey) == before.key && bytes.Equal(c.body, c.dev.folderEdit) {
		because(c.r, "the request before, again")
		c.folderEdited(1, c.dev.hierarchy.key, c.dev.folderReply)
		return
	}
	status, id := c.editFolders()
	key := ""
	if status == 1 {
		key = c.syncKey()
		now := map[eas.FolderID]eas.Folder{}
		for _, f := range c.box.folders {
			now[f.ID] = f.Folder
		}
		c.dev.hierarchyBefore, c.dev.hierarchy = c.dev.hierarchy, &hierarchyState{key: key, seen: now}
		c.dev.folderEdit, c.dev.folderReply = c.body, id
	}
	c.folderEdited(status, key, id)
}

// folderEdited responds to an edit of the hierarchy.
func (c *call) folderEdited(status int, key, id string) {
	switch c.command {
	case "FolderCreate":
		c.answer(&airsync.FolderCreate{Status: &status, SyncKey: key, ServerID: id})
	case "FolderUpdate":
		c.answer(&airsync.FolderUpdate{Status: &status, SyncKey: key})
	case "FolderDelete":
		c.answer(&airsync.FolderDeletion{Status: &status, SyncKey: key})
	}
}

// editFolders makes the change and returns the status, and the ID of a folder that was made.
func (c *call) editFolders() (int, string) {
	key := c.root.value(wbxml.FolderHierarchySyncKey)
	name := c.root.value(wbxml.FolderHierarchyDisplayName)
	parent := eas.FolderID(c.root.value(wbxml.FolderHierarchyParentId))
	id := eas.FolderID(c.root.value(wbxml.FolderHierarchyServerId))
	f := c.box.folder(id)
	taken := func() bool {
		for _, x := range c.box.folders {
			if x != f && x.Parent == parent && strings.EqualFold(x.Name, name) {
				return true
			}
		}
		return false
	}
	isCache := func(id eas.FolderID) bool {
		x := c.box.folder(id)
		return x != nil && x.Type == eas.FolderRecipientCache
	}
	t, typed := c.root.number(wbxml.FolderHierarchyType)
	switch {
	case c.root.child(wbxml.FolderHierarchySyncKey) == nil, c.root.child(wbxml.FolderHierarchyStatus) != nil:
		return 10, ""
	case c.dev.hierarchy == nil || key != c.dev.hierarchy.key || c.stale():
		return 9, ""
	case isCache(parent), isCache(id), c.command == "FolderCreate" && eas.FolderType(t) == eas.FolderRecipientCache:
		return 3, ""
	case c.command != "FolderDelete" && name == "":
		return 10, ""
	case c.command != "FolderDelete" && parent != "0" && c.box.folder(parent) == nil:
		return 5, ""
	case c.command != "FolderDelete" && taken():
		return 2, ""
	}
	if c.command == "FolderCreate" {
		if !typed || t < int(eas.FolderUserMail) && t != int(eas.FolderGeneric) || t > int(eas.FolderUserNotes) {
			return 10, "" // clients make no default folders
		}
		made := c.box.addFolder(eas.Folder{Name: name, Parent: parent, Type: eas.FolderType(t)})
		return 1, string(made.ID)
	}
	switch {
	case f == nil:
		return 4, ""
	case f.Type < eas.FolderUserMail && f.Type != eas.FolderGeneric && c.command == "FolderUpdate":
		return 2, ""
	case f.Type < eas.FolderUserMail && f.Type != eas.FolderGeneric:
		return 3, ""
	}
	if c.command == "FolderUpdate" {
		f.Name, f.Parent = name, parent
		c.box.wake()
		return 1, ""
	}
	for _, x := range c.box.folders {
		if x.Parent == id {
			x.Parent = "0"
		}
	}
	c.box.drop(f)
	return 1, ""
}

func without[T comparable](all []T, x T) []T {
	var out []T
	for _, y := range all {
		if y != x {
			out = append(out, y)
		}
	}
	return out
}

// The most that one command may have. [MS-ASCMD] 2.2.2, status 103
const (
	maxMoves      = 1000
	maxOperations = 100
	maxAnswers    = 100 // to meetings
)

// moveItems serves MoveItems. [MS-ASCMD] 2.2.1.12
func (c *call) moveItems() {
	out := &airsync.MoveItemsResponse{}
	if len(c.root.all(wbxml.MoveMove)) > maxMoves {
		c.common(103, http.StatusBadRequest)
		return
	}
	movedBefore := map[string]bool{}
	for _, m := range c.root.all(wbxml.MoveMove) {
		id := m.value(wbxml.MoveSrcMsgId)
		reply := airsync.MoveReply{Source: id}
		if movedBefore[id] {
			reply.Status = intp(5) // more than one destination for one item
			out.Response = append(out.Response, reply)
			continue
		}
		from, it := c.box.find(eas.ItemID(id))
		to := c.box.folder(eas.FolderID(m.value(wbxml.MoveDstFldId)))
		switch {
		case it == nil || string(from.ID) != m.value(wbxml.MoveSrcFldId):
			reply.Status = intp(1)
		case to == nil:
			reply.Status = intp(2)
		case to == from:
			reply.Status = intp(4)
		case to.Type == eas.FolderRecipientCache:
			reply.Status = intp(105)
		default:
			movedBefore[id] = true
			moved := c.move(from, to, it)
			reply.Status, reply.Destination = intp(3), string(moved.id)
		}
		out.Response = append(out.Response, reply)
	}
	if len(out.Response) == 0 {
		c.common(103, http.StatusBadRequest)
		return
	}
	c.answer(out)
}

func (c *call) move(from, to *folder, it *item) *item {
	c.box.remove(it)
	if it.raw != nil {
		return c.box.put(to, it.raw)
	}
	return c.box.add(to, it.mail)
}

// properties is the answer to the fetch of an item.
type properties struct {
	_ struct{} `wbxml:"ItemOperations:Properties"`
	airsync.EmailData
}

// itemOperations serves ItemOperations, with multipart answers. [MS-ASCMD] 2.2.1.10
func (c *call) itemOperations() {
	out := &airsync.ItemOperationsResponse{Status: intp(1), Response: &airsync.ItemOperationsReplies{}}
	multipart := c.r.Header.Get("MS-ASAcceptMultiPart") == "T" || c.multipart
	var parts [][]byte
	if len(c.root.kids) > maxOperations {
		c.common(103, http.StatusBadRequest)
		return
	}
	for _, op := range c.root.kids {
		if !wellFormedOperation(op) {
			c.answer(&airsync.ItemOperationsResponse{Status: intp(2)})
			return
		}
		switch op.tag {
		case wbxml.ItemOperationsEmptyFolderContents:
			out.Response.Empty = append(out.Response.Empty, c.emptyFolder(op))
		case wbxml.ItemOperationsFetch:
			reply, content := c.fetch(op)
			if content != nil {
				p := &airsync.AttachmentProperties{ContentType: content.kind, Range: content.bounds, Total: content.total}
				if multipart {
					parts = append(parts, content.data)
					p.Part = intp(len(parts))
				} else {
					p.Data = base64.StdEncoding.EncodeToString(content.data)
				}
				reply.Properties = raw(p)
			} else if multipart && reply.Properties != nil {
				parts = asParts(reply.Properties, parts)
			}
			out.Response.Fetch = append(out.Response.Fetch, reply)
		case wbxml.ItemOperationsMove:
			id := op.child(wbxml.ItemOperationsConversationId)
			reply := airsync.ConversationMoved{Status: intp(c.moveConversation(op))}
			if id != nil {
				reply.ConversationID = []byte(id.text)
			}
			out.Response.Move = append(out.Response.Move, reply)
		}
	}
	if !multipart {
		c.answer(out)
		return
	}
	doc, err := wbxml.Marshal(out)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	all := append([][]byte{doc}, parts...)
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	at := 4 + 8*len(all)
	for _, p := range all {
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(at)), uint32(len(p)))
		at += len(p)
	}
	c.w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
	c.w.Header().Set("Content-Length", strconv.Itoa(at))
	_, _ = c.w.Write(append(b, bytes.Join(all, nil)...)) // the client may have hung up
}

// asParts moves the texts of an item into parts of a multipart response. [MS-ASAIRS] 2.2.2.33
func asParts(properties *wbxml.Raw, parts [][]byte) [][]byte {
	n, err := parseTree(*properties)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	for _, b := range n.kids {
		if b.tag != wbxml.AirSyncBaseBody && b.tag != wbxml.AirSyncBaseBodyPart {
			continue
		}
		for i, k := range b.kids {
			if k.tag == wbxml.AirSyncBaseData {
				parts = append(parts, []byte(k.text))
				b.kids[i] = &node{tag: wbxml.ItemOperationsPart, text: strconv.Itoa(len(parts))}
			}
		}
	}
	*properties = n.document()
	return parts
}

func raw(v any) *wbxml.Raw {
	doc, err := wbxml.Marshal(v)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	r := wbxml.Raw(doc)
	return &r
}

func (c *call) emptyFolder(op *node) airsync.FolderEmptied {
	id := op.value(wbxml.AirSyncCollectionId)
	f := c.box.folder(eas.FolderID(id))
	if f == nil || f.Type == eas.FolderRecipientCache { // "RI" is its ID in Exchange
		return airsync.FolderEmptied{Status: intp(map[bool]int{true: 16, false: 6}[f != nil || id == "RI"]), CollectionID: id}
	}
	c.box.empty(f)
	if op.child(wbxml.ItemOperationsOptions).child(wbxml.ItemOperationsDeleteSubFolders) != nil {
		for _, x := range c.box.folders {
			if x.Parent == f.ID {
				c.box.drop(x)
			}
		}
	}
	c.box.wake()
	return airsync.FolderEmptied{Status: intp(1), CollectionID: id}
}

func (c *call) moveConversation(op *node) int {
	to := c.box.folder(eas.FolderID(op.value(wbxml.ItemOperationsDstFldId)))
	id := op.child(wbxml.ItemOperationsConversationId)
	always := op.child(wbxml.ItemOperationsOptions).child(wbxml.ItemOperationsMoveAlways)
	switch {
	case always == nil:
		return 155
	case always.text != "" || id == nil:
		return 2
	case to == nil:
		return 6
	case to.Type == eas.FolderRecipientCache:
		return 105
	case to.Type.Class() != eas.ClassEmail:
		return 156
	}
	status := 6 // nothing of the conversation is there
	for _, f := range c.box.folders {
		for _, it := range slices.Collect(f.all()) {
			if it.raw != nil || c.conversation(it) != id.text {
				continue
			}
			status = 1
			if f != to && f.Type != eas.FolderSentItems {
				c.move(f, to, it)
			}
		}
	}
	if status == 1 {
		c.box.always[id.text] = to.ID // and what comes
	}
	return status
}

func (c *call) conversation(it *item) string { return conversationID(&it.mail) }

// conversationID returns the ConversationId of a mail: what it was given, or one for its subject.
func conversationID(m *eas.Email) string {
	if m.ConversationID != nil {
		return string(m.ConversationID)
	}
	return objectID(m.Subject)[:16]
}

// A content is what an attachment holds.
type content struct {
	kind   string
	data   []byte
	bounds string
	total  *int64
}

// fetch answers one Fetch.
func (c *call) fetch(op *node) (airsync.FetchReply, *content) {
	options := op.child(wbxml.ItemOperationsOptions)
	switch op.value(wbxml.ItemOperationsStore) {
	case "Mailbox", "Document Library", "DocumentLibrary":
	default:
		return airsync.FetchReply{Status: intp(9)}, nil
	}
	if ref := op.child(wbxml.AirSyncBaseFileReference); ref != nil {
		a := c.attachment(ref.text)
		if a == nil {
			return airsync.FetchReply{Status: intp(15)}, nil
		}
		out := &content{kind: a.ContentType, data: a.Content}
		if out.kind == "" {
			out.kind = "application/octet-stream"
		}
		if r := options.value(wbxml.ItemOperationsRange); r != "" {
			total := int64(len(a.Content))
			var first, last int64
			if _, err := fmt.Sscanf(r, "%d-%d", &first, &last); err != nil || first < 0 || first >= total || last < first {
				return airsync.FetchReply{Status: intp(8)}, nil
			}
			last = min(last, total-1)
			out.data, out.total, out.bounds = a.Content[first:last+1], &total, fmt.Sprintf("%d-%d", first, last)
		}
		return airsync.FetchReply{Status: intp(1), FileReference: ref.text}, out
	}
	if op.child(wbxml.DocumentLibraryLinkId) != nil {
		return airsync.FetchReply{Status: intp(6)}, nil
	}
	if status := c.bodyStatus(options, 2); status != 0 {
		return airsync.FetchReply{Status: &status}, nil
	}
	id := eas.ItemID(op.value(wbxml.AirSyncServerId))
	long := op.value(wbxml.SearchLongId)
	if long != "" {
		b, err := base64.StdEncoding.DecodeString(long)
		if err != nil {
			return airsync.FetchReply{Status: intp(6)}, nil
		}
		id = eas.ItemID(b)
	}
	f, it := c.box.find(id)
	if it == nil || long == "" && string(f.ID) != op.value(wbxml.AirSyncCollectionId) {
		return airsync.FetchReply{Status: intp(6)}, nil
	}
	reply := airsync.FetchReply{Status: intp(1), Class: string(it.class())}
	if long != "" {
		reply.LongID = long
	} else {
		reply.CollectionID, reply.ServerID = string(f.ID), string(id)
	}
	reply.Properties = c.properties(it, choiceOf(options))
	if schema := options.child(wbxml.ItemOperationsSchema); schema != nil {
		n, err := parseTree(*reply.Properties)
		if err != nil {
			panic("eastest: " + err.Error())
		}
		restrict(n, schema)
		doc := wbxml.Raw(n.document())
		reply.Properties = &doc
	}
	return reply, nil
}

// properties returns an item as ItemOperations and Search have it.
func (c *call) properties(it *item, want bodyChoice) *wbxml.Raw {
	if it.raw != nil {
		n, err := parseTree(*c.present(it.raw, want))
		if err != nil {
			panic("eastest: " + err.Error())
		}
		n.tag = wbxml.ItemOperationsProperties
		r := wbxml.Raw(n.document())
		return &r
	}
	return raw(&properties{EmailData: *c.mailData(it, want)})
}

// attachment finds an attachment by its reference.
func (c *call) attachment(ref string) *eas.Attachment {
	for _, f := range c.box.folders {
		for it := range f.all() {
			for i, a := range it.mail.Attachments {
				if a.Reference == ref || a.Reference == "" && ref == string(it.id)+":"+a.Name {
					return &it.mail.Attachments[i]
				}
			}
		}
	}
	return nil
}

// getAttachment serves GetAttachment of versions up to 12.1. [MS-ASCMD] 2.2.1.8
func (c *call) getAttachment() {
	a := c.attachment(c.query.attachment)
	if c.version.AtLeast(eas.Version140) || a == nil {
		c.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	kind := a.ContentType
	if kind == "" {
		kind = "application/octet-stream"
	}
	c.w.Header().Set("Content-Type", kind)
	_, _ = c.w.Write(a.Content)
}

// getHierarchy serves GetHierarchy of versions up to 12.1.
func (c *call) getHierarchy() {
	if c.version.AtLeast(eas.Version140) {
		c.common(137, http.StatusNotImplemented)
		return
	}
	out := &airsync.Hierarchy{}
	for _, f := range c.box.folders {
		if f.Type.Class() == eas.ClassEmail {
			out.Folder = append(out.Folder, airsync.Folder{ServerID: string(f.ID), ParentID: string(f.Parent), DisplayName: f.Name, Type: int(f.Type)})
		}
	}
	c.answer(out)
}
