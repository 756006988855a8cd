package eas

import (
	"fmt"
	"strconv"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An Email is a mail. In an entry of Page.Changed only what changed is set; see [Merge]. See
// [MS-ASEMAIL] 2.2.
//
// A client sends one, with [Add] and [Change], as a draft from 16.0 on: To, CC, BCC, Subject,
// Importance (unless it is ImportanceLow, the zero value), Read, Body, Attachments with
// Content, Categories and Flag are written; the other fields are the server's.
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
	ContentClass string // e.g. urn:content-classes:message
	CodePage     int    // Windows code page in which the message was written; 0: not said
	Categories   []string
	Flag         *Flag // nil: not said
	Body         *Body // nil: not asked for
	Part         *Body // what is new in the conversation; nil: not asked for
	NativeBody   BodyType
	Attachments  []Attachment

	ConversationID    []byte
	ConversationIndex []byte
	AccountID         string // of the account that received it, where there are several

	LastVerb      Verb      // what was done last with it
	LastVerbTime  time.Time // UTC
	ReceivedAsBCC bool

	Meeting *MeetingRequest // nil unless it is an invitation, an answer to one or a cancellation
	License *RightsLicense  // nil unless it is protected
	Voice   *Voice          // nil unless it is a voice message

	// RemoveAttachments are references of attachments to remove with [Change].
	RemoveAttachments []string

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

// Importance of a message or a task.
type Importance int

// The values of [Importance].
const (
	ImportanceLow    Importance = 0
	ImportanceNormal Importance = 1
	ImportanceHigh   Importance = 2
)

// A Verb is what the user did with a message. See [MS-ASEMAIL] 2.2.2.44.
type Verb int

// The values of [Verb].
const (
	VerbNone     Verb = 0
	VerbReply    Verb = 1
	VerbReplyAll Verb = 2
	VerbForward  Verb = 3
)

// A Flag marks a message. See [MS-ASEMAIL] 2.2.2.34. Times are in UTC and zero if not said.
type Flag struct {
	Status    FlagStatus
	Type      string // e.g. "for Follow up"; of an active flag
	Subject   string
	Start     time.Time
	Due       time.Time
	Completed time.Time // of a complete flag
	Reminder  time.Time // zero: no reminder is set
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

// An Attachment describes an attachment, or is one to add to a draft or an event.
type Attachment struct {
	Name      string
	Reference string // to fetch it by; see [Client.FetchAttachment]
	Size      int    // estimated, in bytes
	Method    AttachmentMethod
	ContentID string
	Location  string // Content-Location
	Inline    bool
	Duration  time.Duration // of a voice message
	ClientID  string        // under which this client added it, in the answer

	// Content is sent, where it is not nil, with ContentType, from 16.0 on.
	Content     []byte
	ContentType string
}

// An AttachmentMethod is the kind of an [Attachment]. See [MS-ASAIRS] 2.2.2.31.
type AttachmentMethod int

// The values of [AttachmentMethod].
const (
	AttachmentFile    AttachmentMethod = 1
	AttachmentMessage AttachmentMethod = 5 // an embedded message
	AttachmentOLE     AttachmentMethod = 6
)

// A Voice is what a voice message has beside its attachment.
type Voice struct {
	CallerID string // a telephone number
	Notes    string
}

// A RightsLicense says what may be done with a protected message. See [MS-ASRM] 2.2.2.14.
// A program that shows or exports such a message must hold itself to it.
type RightsLicense struct {
	Owner                     bool
	ContentOwner              string
	TemplateID                string
	TemplateName, Description string
	Expires                   time.Time // UTC; far in the future if never

	Edit, Reply, ReplyAll, Forward, Export, Extract, Print, ModifyRecipients, ProgrammaticAccess bool
}

// Class returns [ClassEmail].
func (*Email) Class() Class { return ClassEmail }

// decodeEmail reads the ApplicationData of a mail.
func decodeEmail(in *pageReader, raw []byte) (Item, error) {
	d, err := read(in, raw, &in.email)
	if err != nil {
		return nil, fmt.Errorf("eas: mail: %w", err)
	}
	var at dates
	m := &Email{
		Subject: d.Subject, From: d.From, Sender: d.Sender, To: d.To, CC: d.CC, BCC: d.BCC, ReplyTo: d.ReplyTo,
		DisplayTo: d.DisplayTo, ThreadTopic: d.ThreadTopic, Importance: ImportanceNormal, Read: d.Read,
		MessageClass: d.MessageClass, ContentClass: d.ContentClass, AccountID: d.AccountID,
		ConversationID: d.ConversationID, ConversationIndex: d.ConversationIndex,
		Draft: isTrue(d.IsDraft), ReceivedAsBCC: isTrue(d.ReceivedAsBCC),
		Received: at.at("DateReceived", d.DateReceived), LastVerb: Verb(value(d.LastVerbExecuted)),
		LastVerbTime: at.at("LastVerbExecutionTime", d.LastVerbExecutionTime),
		NativeBody:   BodyType(value(d.NativeBodyType)), Body: body(d.Body), Part: bodyPart(d.BodyPart),
		Attachments: attachments(d.Attachments), License: license(d.License, &at), Other: others(d.Other),
	}
	m.CodePage, _ = strconv.Atoi(d.InternetCPID)
	if d.Importance != nil {
		m.Importance = Importance(*d.Importance)
	}
	if d.Categories != nil {
		m.Categories = d.Categories.Category
	}
	if d.UMCallerID != "" || d.UMUserNotes != "" {
		m.Voice = &Voice{CallerID: d.UMCallerID, Notes: d.UMUserNotes}
	}
	if f := d.Flag; f != nil {
		m.Flag = &Flag{
			Status: FlagStatus(value(f.Status)), Type: f.FlagType, Subject: f.Subject,
			Start: at.at("UtcStartDate", f.UTCStartDate), Due: at.at("UtcDueDate", f.UTCDueDate), Completed: at.at("CompleteTime", f.CompleteTime),
		}
		if isTrue(f.ReminderSet) {
			m.Flag.Reminder = at.at("ReminderTime", f.ReminderTime)
		}
	}
	m.Meeting = meetingRequest(d.MeetingRequest, &at)
	if at.err != nil {
		return nil, at.err
	}
	return m, nil
}

func isTrue(b *bool) bool { return b != nil && *b }

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func others(raw []wbxml.Raw) [][]byte {
	var out [][]byte
	for _, o := range raw {
		out = append(out, o)
	}
	return out
}

func raws(docs [][]byte) []wbxml.Raw {
	var out []wbxml.Raw
	for _, o := range docs {
		out = append(out, o)
	}
	return out
}

func body(b *airsync.Body) *Body {
	if b == nil {
		return nil
	}
	out := &Body{Type: BodyType(b.Type), Preview: b.Preview, Truncated: isTrue(b.Truncated)}
	if b.Data != nil {
		out.Data = *b.Data
	}
	if b.EstimatedDataSize != nil {
		out.Size = int(*b.EstimatedDataSize)
	}
	return out
}

func bodyPart(b *airsync.BodyPart) *Body {
	if b == nil {
		return nil
	}
	return body(&airsync.Body{Type: b.Type, EstimatedDataSize: b.EstimatedDataSize, Truncated: b.Truncated, Data: b.Data, Preview: b.Preview})
}

// wireBody returns the body as a client sends it.
func wireBody(b *Body) *airsync.Body {
	if b == nil {
		return nil
	}
	t := b.Type
	if t == 0 {
		t = BodyPlain
	}
	return &airsync.Body{Type: int(t), Data: &b.Data}
}

func attachments(l *airsync.Attachments) []Attachment {
	if l == nil {
		return nil
	}
	var out []Attachment
	for _, a := range l.Attachment {
		out = append(out, Attachment{
			Name: a.DisplayName, Reference: a.FileReference, Size: int(a.EstimatedDataSize), Method: AttachmentMethod(a.Method),
			ContentID: a.ContentID, Location: a.ContentLocation, Inline: isTrue(a.IsInline), ClientID: a.ClientID,
			Duration: time.Duration(value(a.UMDuration)) * time.Second,
		})
	}
	return out
}

// wireAttachments returns what a client adds and removes.
func wireAttachments(add []Attachment, remove []string) *airsync.Attachments {
	out := &airsync.Attachments{}
	for i, a := range add {
		if a.Content == nil {
			continue // it is on the server
		}
		x := airsync.AttachmentAdd{
			ClientID: a.ClientID, Method: int(a.Method), ContentType: a.ContentType, Content: a.Content, DisplayName: a.Name,
			ContentID: a.ContentID, ContentLocation: a.Location,
		}
		if x.ClientID == "" {
			x.ClientID = "a" + strconv.Itoa(i)
		}
		if x.Method == 0 {
			x.Method = int(AttachmentFile)
		}
		if x.ContentType == "" {
			x.ContentType = "application/octet-stream"
		}
		if a.Inline {
			x.IsInline = &a.Inline
		}
		out.Add = append(out.Add, x)
	}
	for _, r := range remove {
		out.Delete = append(out.Delete, airsync.AttachmentDelete{FileReference: r})
	}
	if out.Add == nil && out.Delete == nil {
		return nil
	}
	return out
}

func license(l *airsync.RightsLicense, at *dates) *RightsLicense {
	if l == nil {
		return nil
	}
	return &RightsLicense{
		Owner: isTrue(l.Owner), ContentOwner: l.ContentOwner, TemplateID: l.TemplateID, TemplateName: l.TemplateName,
		Description: l.TemplateDescription, Expires: at.at("ContentExpiryDate", l.ContentExpiryDate),
		Edit: isTrue(l.EditAllowed), Reply: isTrue(l.ReplyAllowed), ReplyAll: isTrue(l.ReplyAllAllowed),
		Forward: isTrue(l.ForwardAllowed), Export: isTrue(l.ExportAllowed), Extract: isTrue(l.ExtractAllowed),
		Print: isTrue(l.PrintAllowed), ModifyRecipients: isTrue(l.ModifyRecipientsAllowed),
		ProgrammaticAccess: isTrue(l.ProgrammaticAccessAllowed),
	}
}

// wireFlag returns a flag as a client sends it: whole, since what is absent is removed.
func wireFlag(f Flag) *airsync.Flag {
	out := &airsync.Flag{}
	if f.Status == FlagCleared {
		return out // an empty element clears the flag
	}
	status := int(f.Status)
	out.Status, out.FlagType, out.Subject = &status, f.Type, f.Subject
	if f.Status == FlagComplete {
		out.CompleteTime, out.DateCompleted = extended(f.Completed), extended(f.Completed)
		return out
	}
	out.StartDate, out.UTCStartDate = extended(f.Start), extended(f.Start)
	out.DueDate, out.UTCDueDate = extended(f.Due), extended(f.Due)
	if !f.Reminder.IsZero() {
		yes := true
		out.ReminderSet, out.ReminderTime = &yes, extended(f.Reminder)
	}
	return out
}

// encode returns what a client sends of a draft.
func (m *Email) encode(Version) (any, error) {
	d := &airsync.EmailData{
		To: m.To, CC: m.CC, BCC: m.BCC, Subject: m.Subject, Read: m.Read, Body: wireBody(m.Body),
		Attachments: wireAttachments(m.Attachments, m.RemoveAttachments),
	}
	d.Importance = optional(m.Importance)
	if m.Categories != nil {
		d.Categories = &airsync.Categories{Category: m.Categories}
	}
	if m.Flag != nil {
		d.Flag = wireFlag(*m.Flag)
	}
	return d, nil
}
