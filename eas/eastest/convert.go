package eastest

import (
	"fmt"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// data returns the ApplicationData of a mail. [MS-ASEMAIL] 2.2
func (c *call) data(it *item, want bodyChoice) *wbxml.Raw {
	if it.raw != nil {
		return c.present(it.raw, want)
	}
	doc, err := wbxml.Marshal(c.mailData(it, want))
	if err != nil {
		panic(fmt.Sprintf("eastest: mail %q: %v", it.mail.Subject, err))
	}
	raw := wbxml.Raw(doc)
	return &raw
}

func (c *call) mailData(it *item, want bodyChoice) *airsync.EmailData {
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
	c.addresses(d, &m)
	if m.Importance != nil {
		d.Importance = intp(int(*m.Importance))
	}
	if c.version.AtLeast(eas.Version140) {
		d.Categories = &airsync.Categories{Category: m.Categories}
	}
	d.Body, d.BodyPart = want.body(&m), want.bodyPart(&m)
	if c.version.AtLeast(eas.Version140) {
		d.ConversationID, d.ConversationIndex = []byte(conversationID(&m)), m.ConversationIndex
		native := int(eas.BodyPlain)
		if m.Body != nil && m.Body.Type == eas.BodyHTML {
			native = int(eas.BodyHTML)
		}
		d.NativeBodyType = &native
		if d.ConversationIndex == nil {
			d.ConversationIndex = []byte{0xCA, 0x2C, 0xFD, 0x8A, 0x5D}
		}
	} else {
		d.NativeBodyType = nil
	}
	if c.version.AtLeast(eas.Version160) {
		d.IsDraft, d.BCC = &m.Draft, m.BCC
	}
	voice := 0
	for _, a := range m.Attachments {
		if d.Attachments == nil {
			d.Attachments = &airsync.Attachments{}
		}
		wire := airsync.Attachment{
			DisplayName: a.Name, FileReference: a.Reference, Method: int(a.Method), EstimatedDataSize: uint64(a.Size), ContentID: a.ContentID,
			ContentLocation: a.Location,
		}
		if a.Inline {
			wire.IsInline = &a.Inline
		}
		if a.Duration > 0 && c.version.AtLeast(eas.Version140) {
			voice++
			seconds := uint32(a.Duration.Seconds())
			wire.UMDuration, wire.UMOrder = &seconds, intp(voice)
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

// meetingUID returns the UID of the invitation in a mail.
func meetingUID(m *eas.Email) string {
	if m.Meeting.UID != "" {
		return m.Meeting.UID
	}
	return objectID(m.Subject)
}
