package eastest

import (
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// smsClass is the message class of text messages. [MS-OXOSMMS] 2.2.1.1
const smsClass = "IPM.Note.Mobile.SMS"

// isSMS reports whether an item is a text message.
func (it *item) isSMS() bool {
	return it.raw == nil && strings.HasPrefix(it.mail.MessageClass, smsClass)
}

// class returns the class of an item, where folders of mail hold text messages as well.
func (it *item) class() eas.Class {
	if it.isSMS() {
		return eas.ClassSMS
	}
	return it.folder.Type.Class()
}

// takesSMS reports whether text messages of a folder are synchronized: in 14.0 those of the Inbox,
// the Outbox and Sent Items, later those of every folder of mail. [MS-ASMS] 3.1.4.1
func (c *call) takesSMS(f *folder) bool {
	switch {
	case !c.version.AtLeast(eas.Version140) || f.Type.Class() != eas.ClassEmail:
		return false
	case c.version == eas.Version140:
		return f.Type == eas.FolderInbox || f.Type == eas.FolderOutbox || f.Type == eas.FolderSentItems
	}
	return true
}

// optionBlocks holds the Options of a collection to their rules: one block for the folder's class
// and one for text messages at most, and each with the elements that its class has.
// [MS-ASMS] 3.1.4.1.1
func (c *call) optionBlocks(f *folder, blocks []*node) bool {
	seen := map[bool]bool{}
	for _, b := range blocks {
		class := b.value(wbxml.AirSyncClass)
		isSMS := class == string(eas.ClassSMS)
		switch {
		case seen[isSMS]:
			return false
		case isSMS && (f == nil || !c.takesSMS(f)):
			return f == nil // a folder that is not there has a status of its own
		case !isSMS && class != "" && f != nil && class != string(f.Type.Class()):
			return false
		}
		seen[isSMS] = true
	}
	return true
}

// block returns the Options for mail, or for text messages; nil if there are none.
func block(blocks []*node, sms bool) *node {
	for _, b := range blocks {
		if (b.value(wbxml.AirSyncClass) == string(eas.ClassSMS)) == sms {
			return b
		}
	}
	return nil
}

// smsHidden reports whether a text message does not go to this device: it did not ask for them,
// they are too old, or wait in the Outbox for a device that sends them. [MS-ASMS] 3.1.4.3
func (w filter) smsHidden(it *item) bool {
	return !w.sms || it.mail.Received.Before(w.smsSince) || it.folder.Type == eas.FolderOutbox && !w.outbound
}

// setDevice notes what a device says about itself.
func (c *call) setDevice(set *node) {
	for _, k := range set.children() {
		c.dev.info[k.tag.Name()] = k.text
	}
}

// addSMS adds a text message that a device has received or sent.
func (c *call) addSMS(f *folder, data *node, reply airsync.SyncReply, next *step, given map[string]eas.ItemID) airsync.SyncReply {
	reply.Class = string(eas.ClassSMS)
	mail := eas.Email{MessageClass: smsClass}
	for _, k := range data.kids {
		switch k.tag {
		case wbxml.EmailTo:
			mail.To = k.text
		case wbxml.EmailFrom:
			mail.From = k.text
		case wbxml.EmailSubject:
			mail.Subject = k.text
		case wbxml.EmailDateReceived:
			at, err := time.Parse("2006-01-02T15:04:05.000Z", k.text)
			if err != nil {
				return reply
			}
			mail.Received = at
		case wbxml.EmailRead:
			read := k.text == "1"
			mail.Read = &read
		case wbxml.AirSyncBaseBody:
			if kind, _ := k.number(wbxml.AirSyncBaseType); kind != int(eas.BodyPlain) {
				return reply // a text message is plain
			}
			text := ""
			if d := k.child(wbxml.AirSyncBaseData); d != nil {
				text = d.text
			}
			mail.Body = &eas.Body{Type: eas.BodyPlain, Data: text}
		case wbxml.EmailImportance, wbxml.EmailInternetCPID, wbxml.EmailFlag, wbxml.EmailCategories, wbxml.EmailThreadTopic, wbxml.EmailDisplayTo:
		default:
			return reply
		}
	}
	if mail.Subject == "" && mail.Body != nil { // which has none of its own
		r := []rune(mail.Body.Data)
		mail.Subject = string(r[:min(len(r), 78)])
	}
	it := c.box.index[next.given[reply.ClientID]] // of a request whose response was lost
	if it == nil || it.folder != f {
		it = c.box.add(f, mail)
	} else {
		it.mail = mail
		c.box.touch(it)
	}
	given[reply.ClientID] = it.id
	next.has(it)
	reply.ServerID, reply.Status = string(it.id), intp(1)
	return reply
}
