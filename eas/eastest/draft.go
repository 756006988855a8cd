package eastest

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// isDraft reports whether devices may write the mail of a folder, from 16.0 on.
func (c *call) isDraft(f *folder) bool {
	return f.Type == eas.FolderDrafts && c.version.AtLeast(eas.Version160)
}

// writeDraft applies what a device sends of a draft. An element that is empty removes. It reports
// false for what no draft has.
func (c *call) writeDraft(it *item, data *node) bool {
	m := &it.mail
	it.changes(wholeMail)
	for _, k := range data.kids {
		switch k.tag {
		case wbxml.EmailTo:
			m.To = k.text
		case wbxml.EmailCc:
			m.CC = k.text
		case wbxml.Email2Bcc:
			m.BCC = k.text
		case wbxml.EmailSubject:
			m.Subject = k.text
		case wbxml.EmailImportance:
			n, err := strconv.Atoi(k.text)
			if err != nil || n < 0 || n > 2 {
				return false
			}
			v := eas.Importance(n)
			m.Importance = &v
		case wbxml.AirSyncBaseBody:
			kind, ok := k.number(wbxml.AirSyncBaseType)
			if !ok || kind < 1 || kind > 2 {
				return false // a draft is plain or HTML
			}
			m.Body = &eas.Body{Type: eas.BodyType(kind), Data: k.value(wbxml.AirSyncBaseData)}
		case wbxml.AirSyncBaseAttachments:
			if !c.attachTo(it, k) {
				return false
			}
		case wbxml.EmailRead, wbxml.EmailFlag, wbxml.EmailCategories:
			if !c.change(it, &node{kids: []*node{{tag: wbxml.AirSyncApplicationData, kids: []*node{k}}}}) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// attachTo adds and removes attachments. [MS-ASAIRS] 2.2.2.1, 2.2.2.15
func (c *call) attachTo(it *item, list *node) bool {
	m := &it.mail
	for _, k := range list.kids {
		switch k.tag {
		case wbxml.AirSyncBaseAdd:
			name := k.value(wbxml.AirSyncBaseDisplayName)
			if name == "" || k.child(wbxml.AirSyncBaseContent) == nil {
				return false
			}
			m.Attachments = append(slices.Clone(m.Attachments), eas.Attachment{
				Name: name, Content: []byte(k.value(wbxml.AirSyncBaseContent)), ContentID: k.value(wbxml.AirSyncBaseContentId),
				ContentType: k.value(wbxml.AirSyncBaseContentType), Inline: k.value(wbxml.AirSyncBaseIsInline) == "1",
				Reference: fmt.Sprintf("%s:%d:%s", it.id, c.next(), name), Size: int64(len(k.value(wbxml.AirSyncBaseContent))),
			})
		case wbxml.AirSyncBaseDelete:
			ref := k.value(wbxml.AirSyncBaseFileReference)
			i := slices.IndexFunc(m.Attachments, func(a eas.Attachment) bool { return a.Reference == ref })
			if i < 0 {
				return false
			}
			m.Attachments = slices.Delete(slices.Clone(m.Attachments), i, i+1)
		default:
			return false
		}
	}
	return true
}

// sendDraft delivers a draft and files it under Sent Items. It reports false if nobody can be
// addressed.
func (c *call) sendDraft(it *item) bool {
	var to []string
	for _, s := range []string{it.mail.To, it.mail.CC, it.mail.BCC} {
		if strings.TrimSpace(s) == "" {
			continue
		}
		list, err := mail.ParseAddressList(s)
		if err != nil {
			return false
		}
		for _, a := range list {
			to = append(to, a.Address)
		}
	}
	if len(to) == 0 {
		return false
	}
	m := it.mail
	m.Draft, m.From, m.Received = false, c.box.addr, c.now()
	sent := m
	m.BCC = "" // which the others do not learn
	c.deliverTo(&m, to, false)
	read := true
	sent.Read = &read
	c.box.add(c.box.byType(eas.FolderSentItems), sent)
	return true
}

// addDraft adds a draft, or sends it at once.
func (c *call) addDraft(f *folder, cmd, data *node, reply airsync.SyncReply, next *step, given map[string]eas.ItemID) airsync.SyncReply {
	it := c.box.index[next.given[reply.ClientID]] // of a request whose response was lost
	if it == nil || it.folder != f {
		it = c.box.add(f, eas.Email{Draft: true, From: c.box.addr})
	}
	before := it.mail
	if !c.writeDraft(it, data) {
		it.mail = before
		c.box.remove(it)
		return reply
	}
	reply.Status = intp(1)
	if cmd.child(wbxml.Email2Send) != nil {
		if !c.sendDraft(it) {
			reply.Status = intp(6)
		}
		c.box.remove(it)
		return reply
	}
	given[reply.ClientID] = it.id
	c.box.touch(it)
	next.has(it)
	reply.ServerID = string(it.id)
	return reply
}
