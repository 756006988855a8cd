package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An Email is a mail. In an entry of Page.Changed only what changed is set. See
// [MS-ASEMAIL] 2.2.
type Email struct {
	Subject      string
	From         string // as in the message's header
	Sender       string // if another sent it for From
	To           string // as in the message's header, and so the next ones
	CC           string
	BCC          string
	ReplyTo      string
	DisplayTo    string
	ThreadTopic  string
	Received     time.Time // UTC
	Importance   Importance
	Read         *bool // nil: not said
	Draft        bool
	MessageClass string // e.g. IPM.Note
	Categories   []string
	Flag         *Flag // nil: not said
	Body         *Body // nil: not asked for
	Attachments  []Attachment

	ConversationID    []byte
	ConversationIndex []byte

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

// Importance of a message.
type Importance int

// The values of [Importance].
const (
	ImportanceLow    Importance = 0
	ImportanceNormal Importance = 1
	ImportanceHigh   Importance = 2
)

// A Flag marks a message. See [MS-ASEMAIL] 2.2.2.34.
type Flag struct {
	Status FlagStatus
	Type   string // e.g. "for Follow Up"
}

// A FlagStatus is the state of a [Flag].
type FlagStatus int

// The values of [FlagStatus].
const (
	FlagCleared  FlagStatus = 0
	FlagComplete FlagStatus = 1
	FlagActive   FlagStatus = 2
)

// A BodyType is the format of a body. See [MS-ASAIRS] 2.2.2.41.
type BodyType int

// The values of [BodyType].
const (
	BodyPlain BodyType = 1
	BodyHTML  BodyType = 2
	BodyRTF   BodyType = 3
	BodyMIME  BodyType = 4 // the whole message, as in RFC 5322
)

// A Body is the body of an item, or the beginning of it.
type Body struct {
	Type      BodyType
	Data      string
	Truncated bool
	Size      int // estimated, in bytes, of the whole
	Preview   string
}

// An Attachment describes an attachment.
type Attachment struct {
	Name      string
	Reference string // to fetch it by
	Size      int    // estimated, in bytes
	Method    AttachmentMethod
	ContentID string
	Inline    bool
}

// An AttachmentMethod is the kind of an [Attachment]. See [MS-ASAIRS] 2.2.2.31.
type AttachmentMethod int

// The values of [AttachmentMethod].
const (
	AttachmentFile    AttachmentMethod = 1
	AttachmentMessage AttachmentMethod = 5 // an embedded message
	AttachmentOLE     AttachmentMethod = 6
)

// Class returns [ClassEmail].
func (*Email) Class() Class { return ClassEmail }

const emailTime = "2006-01-02T15:04:05.000Z"

// times are the forms of dates that servers send. [MS-ASDTYPE] 2.3
var times = []string{emailTime, time.RFC3339, "20060102T150405Z"}

func parseTime(s string) (time.Time, error) {
	for _, layout := range times {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("eas: %q is no date", s[:min(len(s), 32)])
}

// decodeEmail reads the ApplicationData of a mail.
func decodeEmail(raw []byte) (*Email, error) {
	var d airsync.EmailData
	if err := wbxml.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("eas: mail: %w", err)
	}
	m := &Email{
		Subject: d.Subject, From: d.From, Sender: d.Sender, To: d.To, CC: d.CC, BCC: d.BCC, ReplyTo: d.ReplyTo,
		DisplayTo: d.DisplayTo, ThreadTopic: d.ThreadTopic, Importance: ImportanceNormal, Read: d.Read,
		MessageClass: d.MessageClass, ConversationID: d.ConversationID, ConversationIndex: d.ConversationIndex,
		Draft: d.IsDraft != nil && *d.IsDraft,
	}
	if d.DateReceived != "" {
		t, err := parseTime(d.DateReceived)
		if err != nil {
			return nil, err
		}
		m.Received = t
	}
	if d.Importance != nil {
		m.Importance = Importance(*d.Importance)
	}
	if d.Categories != nil {
		m.Categories = d.Categories.Category
	}
	if d.Flag != nil {
		m.Flag = &Flag{Type: d.Flag.FlagType}
		if d.Flag.Status != nil {
			m.Flag.Status = FlagStatus(*d.Flag.Status)
		}
	}
	if d.Body != nil {
		m.Body = &Body{Type: BodyType(d.Body.Type), Preview: d.Body.Preview, Truncated: d.Body.Truncated != nil && *d.Body.Truncated}
		if d.Body.Data != nil {
			m.Body.Data = *d.Body.Data
		}
		if d.Body.EstimatedDataSize != nil {
			m.Body.Size = int(*d.Body.EstimatedDataSize)
		}
	}
	if d.Attachments != nil {
		for _, a := range d.Attachments.Attachment {
			m.Attachments = append(m.Attachments, Attachment{
				Name: a.DisplayName, Reference: a.FileReference, Size: int(a.EstimatedDataSize),
				Method: AttachmentMethod(a.Method), ContentID: a.ContentID, Inline: a.IsInline != nil && *a.IsInline,
			})
		}
	}
	for _, o := range d.Other {
		m.Other = append(m.Other, o)
	}
	return m, nil
}
