package eastest

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A preference says how a device wants bodies.
type preference struct {
	kind    eas.BodyType
	limit   int  // bytes; -1 for all
	none    bool // AllOrNone
	preview int
}

// data returns the ApplicationData of a mail. [MS-ASEMAIL] 2.2
func (c *call) data(it *item, prefs []preference) *wbxml.Raw {
	if it.raw != nil {
		return c.present(it.raw, prefs)
	}
	doc, err := wbxml.Marshal(c.mailData(it, prefs))
	if err != nil {
		panic(fmt.Sprintf("eastest: mail %q: %v", it.mail.Subject, err))
	}
	raw := wbxml.Raw(doc)
	return &raw
}

func (c *call) mailData(it *item, prefs []preference) *airsync.EmailData {
	m := it.mail
	read := m.Read != nil && *m.Read
	d := &airsync.EmailData{
		To: m.To, CC: m.CC, From: m.From, ReplyTo: m.ReplyTo, Subject: m.Subject,
		DateReceived: m.Received.UTC().Format("2006-01-02T15:04:05.000Z"), DisplayTo: m.DisplayTo,
		ThreadTopic: m.ThreadTopic, Importance: intp(int(eas.ImportanceNormal)), Read: &read,
		MessageClass: m.MessageClass, InternetCPID: "65001", ContentClass: "urn:content-classes:message",
		Flag: wireFlag(m.Flag),
	}
	if d.ThreadTopic == "" {
		d.ThreadTopic = m.Subject
	}
	if d.DisplayTo == "" {
		d.DisplayTo, _, _ = strings.Cut(m.To, "@")
	}
	if m.Importance != nil {
		d.Importance = intp(int(*m.Importance))
	}
	if len(m.Categories) > 0 {
		d.Categories = &airsync.Categories{Category: m.Categories}
	}
	if len(prefs) > 0 {
		d.Body = body(&m, prefs)
	}
	if c.version.AtLeast(eas.Version140) {
		d.ConversationID, d.ConversationIndex = m.ConversationID, m.ConversationIndex
		native := int(eas.BodyPlain)
		if m.Body != nil && m.Body.Type == eas.BodyHTML {
			native = int(eas.BodyHTML)
		}
		d.NativeBodyType = &native
		if d.ConversationID == nil {
			d.ConversationID = []byte(objectID(m.Subject)[:16])
		}
		if d.ConversationIndex == nil {
			d.ConversationIndex = []byte{0xCA, 0x2C, 0xFD, 0x8A, 0x5D}
		}
	} else {
		d.NativeBodyType = nil
	}
	if c.version.AtLeast(eas.Version160) {
		d.IsDraft, d.BCC = &m.Draft, m.BCC
	}
	for _, a := range m.Attachments {
		if d.Attachments == nil {
			d.Attachments = &airsync.Attachments{}
		}
		wire := airsync.Attachment{
			DisplayName: a.Name, FileReference: a.Reference, Method: int(a.Method), EstimatedDataSize: uint64(a.Size), ContentID: a.ContentID,
		}
		if wire.Method == 0 {
			wire.Method = int(eas.AttachmentFile)
		}
		if wire.EstimatedDataSize == 0 {
			wire.EstimatedDataSize = uint64(len(a.Content))
		}
		if wire.FileReference == "" {
			wire.FileReference = string(it.id) + ":" + a.Name
		}
		d.Attachments.Attachment = append(d.Attachments.Attachment, wire)
	}
	if m.Meeting != nil {
		d.MeetingRequest = c.meeting(it)
	}
	return d
}

// meeting returns the invitation in a mail.
func (c *call) meeting(it *item) *airsync.MeetingRequest {
	m := it.mail.Meeting
	no, yes := false, true
	out := &airsync.MeetingRequest{
		AllDayEvent: &no, StartTime: m.Start.UTC().Format("2006-01-02T15:04:05.000Z"), EndTime: m.End.UTC().Format("2006-01-02T15:04:05.000Z"),
		DTStamp: it.mail.Received.UTC().Format("2006-01-02T15:04:05.000Z"), InstanceType: intp(int(m.Instance)), Organizer: m.Organizer,
		ResponseRequested: &yes, Sensitivity: intp(int(m.Sensitivity)), BusyStatus: intp(2), TimeZone: strings.Repeat("A", 230) + "==",
	}
	uid := m.UID
	if uid == "" {
		uid = objectID(it.mail.Subject)
	}
	if c.version.AtLeast(eas.Version160) {
		out.UID = uid
	} else {
		out.GlobalObjID = base64.StdEncoding.EncodeToString([]byte(uid))
	}
	return out
}

// body renders a body as the first preference that can be met. [MS-ASAIRS] 2.2.2.12
func body(m *eas.Email, prefs []preference) *airsync.Body {
	p := prefs[0]
	var text string
	stored := eas.BodyPlain
	if m.Body != nil {
		text = m.Body.Data
		if m.Body.Type != 0 {
			stored = m.Body.Type
		}
	}
	switch {
	case p.kind == eas.BodyMIME && stored != eas.BodyMIME:
		text = rfc822(m, text, stored)
	case p.kind == eas.BodyHTML && stored == eas.BodyPlain:
		text = "<html><body><pre>" + html.EscapeString(text) + "</pre></body></html>"
	case p.kind == eas.BodyPlain && stored == eas.BodyHTML:
		text = stripTags(text)
	}
	size := uint64(len(text))
	out := &airsync.Body{Type: int(p.kind), EstimatedDataSize: &size}
	if p.limit >= 0 && len(text) > p.limit {
		yes := true
		out.Truncated = &yes
		if p.none {
			text = ""
		} else {
			text = text[:p.limit]
			for len(text) > 0 && !utf8.ValidString(text) {
				text = text[:len(text)-1]
			}
		}
	}
	if text != "" {
		out.Data = &text
	}
	if p.preview > 0 {
		r := []rune(stripTags(text))
		out.Preview = string(r[:min(len(r), p.preview)])
	}
	return out
}

func rfc822(m *eas.Email, text string, stored eas.BodyType) string {
	kind := "text/plain"
	if stored == eas.BodyHTML {
		kind = "text/html"
	}
	return fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: %s; charset=utf-8\r\n\r\n%s",
		m.From, m.To, m.Subject, m.Received.Format("Mon, 02 Jan 2006 15:04:05 -0700"), kind, text)
}

func stripTags(s string) string {
	var b strings.Builder
	inside := false
	for _, r := range s {
		switch {
		case r == '<':
			inside = true
		case r == '>':
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(b.String())
}
