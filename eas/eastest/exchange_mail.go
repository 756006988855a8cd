package eastest

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// sendMail serves SendMail, SmartReply and SmartForward in both of their forms. [MS-ASCMD]
// 2.2.1.17 to 2.2.1.20
func (c *call) sendMail() {
	var message []byte
	save := c.saved
	clientID := ""
	if c.version.AtLeast(eas.Version140) {
		order := []wbxml.Tag{wbxml.ComposeMailClientId, wbxml.ComposeMailAccountId, wbxml.ComposeMailSaveInSentItems, wbxml.ComposeMailMime}
		if c.command != "SendMail" { // which may come in any order
			order = nil
		}
		if c.root == nil || order != nil && !c.root.inOrder(order...) {
			c.common(103, 400)
			return
		}
		clientID = c.root.value(wbxml.ComposeMailClientId)
		body := c.root.child(wbxml.ComposeMailMime)
		forwardees := c.root.child(wbxml.ComposeMailForwardees).all(wbxml.ComposeMailForwardee)
		if c.root.child(wbxml.ComposeMailAccountId) != nil { // the mailbox has no other accounts
			c.common(166, 400)
			return
		}
		if clientID == "" || len(clientID) > 40 || body == nil && len(forwardees) == 0 {
			c.common(103, 400)
			return
		}
		if c.box.sentIDs[clientID] {
			c.common(118, 400)
			return
		}
		save = c.root.child(wbxml.ComposeMailSaveInSentItems) != nil
		if body != nil {
			message = []byte(body.text)
		} else {
			message = forward(forwardees)
		}
	} else {
		message = c.body
	}
	source, status := c.source()
	if status != 0 {
		c.common(status, 500)
		return
	}
	parsed, to, quiet, ok := parseMail(message)
	switch {
	case !ok:
		c.common(107, 400)
		return
	case len(to) == 0:
		c.common(119, 400)
		return
	}
	parsed.From = c.box.addr
	if source != nil && (c.root == nil || c.root.child(wbxml.ComposeMailReplaceMime) == nil) {
		c.attach(parsed, source)
	}
	c.thread(parsed, source)
	if clientID != "" {
		c.box.sentIDs[clientID] = true
	}
	c.deliverTo(parsed, to, quiet)
	if save {
		read := true
		parsed.Read = &read
		c.box.add(c.box.byType(eas.FolderSentItems), *parsed)
	}
	c.reply(nil)
}

// deliverTo delivers a mail to each recipient. To one that is quiet, nobody replies by itself.
func (c *call) deliverTo(m *eas.Email, to []string, quiet bool) {
	done := map[string]bool{} // who is named twice gets one
	for _, addr := range to {
		if done[strings.ToLower(addr)] {
			continue
		}
		done[strings.ToLower(addr)] = true
		delivered := *m
		delivered.ReceivedAsBCC = !strings.Contains(strings.ToLower(m.To+" "+m.CC), strings.ToLower(addr))
		switch box := c.users[strings.ToLower(addr)]; {
		case box.hasMailbox() && quiet:
			box.add(box.byType(eas.FolderInbox), delivered)
		case box.hasMailbox():
			box.deliver([]eas.Item{&delivered})
		case c.at.accepts(addr):
			because(c.r, "a recipient is unknown: the sender gets a report")
			c.bounce(m, addr)
		default:
			c.outside = append(c.outside, delivered)
		}
	}
}

// bounce delivers a report that a recipient does not exist.
func (c *call) bounce(m *eas.Email, addr string) {
	c.box.deliver([]eas.Item{&eas.Email{
		From: "postmaster@" + c.at.Domain, To: c.box.addr, Subject: "Undeliverable: " + m.Subject, MessageClass: "REPORT.IPM.Note.NDR",
		Body: &eas.Body{Type: eas.BodyPlain, Data: "Delivery has failed to these recipients:\r\n\r\n" + addr +
			"\r\n\r\n550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient " + addr + " not found by SMTP address lookup\r\n"},
	}})
}

// Outgoing returns the mail that users sent to other organizations, in order, once for each
// recipient. It is not delivered anywhere.
func (tn *Tenant) Outgoing() []eas.Email {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return slices.Clone(tn.outside)
}

// source returns the mail or the event that is answered or forwarded, or the status where there is
// none.
func (c *call) source() (*item, int) {
	if c.command == "SendMail" {
		return nil, 0
	}
	id, long := c.itemID, c.longID
	var s *node
	if c.root != nil {
		s = c.root.child(wbxml.ComposeMailSource)
		id, long = s.value(wbxml.ComposeMailItemId), s.value(wbxml.ComposeMailLongId)
	}
	if long != "" {
		b, err := base64.StdEncoding.DecodeString(long)
		if err != nil {
			return nil, 150
		}
		id = string(b)
	}
	f, it := c.box.find(eas.ItemID(id))
	if it == nil || it.raw != nil && f.Type.Class() != eas.ClassCalendar {
		return nil, 150
	}
	return it, c.occurrence(it, s.child(wbxml.ComposeMailInstanceId))
}

// occurrence returns the status for an occurrence of an item that a request names, 0 if there is
// no such name or it can be meant. [MS-ASCMD] 2.2.3.87
func (c *call) occurrence(it *item, instance *node) int {
	if instance == nil {
		return 0
	}
	if _, ok := wireTime(instance.text); !ok {
		return 104
	}
	switch {
	case it.raw == nil:
		if it.mail.Meeting == nil || it.mail.Meeting.Recurrence == nil {
			return 146
		}
	default:
		if data, err := parseTree(it.raw); err != nil || data.child(wbxml.CalendarRecurrence) == nil {
			return 146
		}
	}
	return 0
}

// attach puts the source behind a message, and its attachments if it is forwarded.
func (c *call) attach(m *eas.Email, source *item) {
	if source.raw != nil {
		c.attachEvent(m, source)
		return
	}
	text := ""
	if source.mail.Body != nil {
		text = source.mail.Body.Data
	}
	m.Body = &eas.Body{Type: m.Body.Type, Data: m.Body.Data + "\r\n\r\nFrom: " + source.mail.From + "\r\nSubject: " + source.mail.Subject + "\r\n\r\n" + text}
	if c.command != "SmartForward" {
		return
	}
	for _, a := range source.mail.Attachments {
		a.Reference = "" // it is another mail's now
		m.Attachments = append(m.Attachments, a)
	}
}

// forward makes the message with which the server forwards a meeting.
func forward(forwardees []*node) []byte {
	var to []string
	for _, f := range forwardees {
		to = append(to, f.value(wbxml.ComposeMailEmail))
	}
	return []byte("To: " + strings.Join(to, ", ") + "\r\nSubject: FW: meeting\r\n\r\n")
}

// parseMail reads a message and returns its recipients, and whether it wants no automatic replies.
func parseMail(raw []byte) (out *eas.Email, to []string, quiet, ok bool) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(m.Header) == 0 {
		return nil, nil, false, false
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return nil, nil, false, false
	}
	var d mime.WordDecoder
	subject, err := d.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	out = &eas.Email{Subject: subject, To: m.Header.Get("To"), CC: m.Header.Get("Cc"), Sender: m.Header.Get("Sender")}
	if list, err := m.Header.AddressList("Reply-To"); err == nil {
		var all []string
		for _, a := range list {
			all = append(all, a.Address)
		}
		out.ReplyTo = strings.Join(all, ";") // [MS-ASEMAIL] 2.2.2.61
	}
	takeApart(out, textproto.MIMEHeader(m.Header), text, 0)
	if out.Body == nil {
		out.Body = &eas.Body{Type: eas.BodyPlain}
	}
	for _, name := range []string{"To", "Cc", "Bcc"} {
		if m.Header.Get(name) == "" {
			continue
		}
		list, err := m.Header.AddressList(name)
		if err != nil {
			return nil, nil, false, false
		}
		for _, a := range list {
			to = append(to, a.Address)
		}
	}
	return out, to, suppressed(textproto.MIMEHeader(m.Header)), true
}
