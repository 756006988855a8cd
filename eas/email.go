package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An Email is a mail. In an entry of [Page.Changed] only the fields that changed are set; see
// [Merge]. See [MS-ASEMAIL] 2.2.
//
// A client changes Read, Flag and Categories of any mail. From 16.0 on it creates drafts with
// [Add] and changes them with [Update]: To, CC, BCC, Subject, Importance, Read, Body, Attachments,
// Categories and Flag are sent. Only the server sets the other fields.
type Email struct {
	Subject      string
	From         string // as in the message's header, encoded words included: net/mail.ParseAddress reads them
	Sender       string // if another sent it for From
	To           string // as in the message's header, and so the next ones
	CC           string
	BCC          string
	ReplyTo      string
	DisplayTo    string
	ThreadTopic  string
	Received     time.Time   // UTC
	Importance   *Importance // nil: not sent
	Read         *bool       // nil: not sent
	Draft        bool
	MessageClass string // e.g. IPM.Note
	ContentClass string // e.g. urn:content-classes:message
	CodePage     int    // Windows code page in which the message was written; 0: not sent
	Categories   []string
	Flag         *Flag      // nil: not sent
	Body         *Body      // nil: not requested
	Parts        []BodyPart // what is new in the conversation, if it was requested
	NativeBody   BodyType
	Attachments  []Attachment

	ConversationID    []byte
	ConversationIndex []byte
	AccountID         string // of the account that received it, where there are several

	LastVerb      Verb      // the last action of the user on it
	LastVerbTime  time.Time // UTC
	ReceivedAsBCC bool

	Meeting *MeetingRequest // nil unless it is an invitation, a response to one or a cancellation
	License *RightsLicense  // nil unless it is protected
	Voice   *Voice          // nil unless it is a voice message

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
	// Odd lists the values that could not be read.
	Odd []OddValue
}

// Importance of a message or a task.
type Importance int

// The values of [Importance].
const (
	ImportanceLow    Importance = 0
	ImportanceNormal Importance = 1
	ImportanceHigh   Importance = 2
)

// A Verb is the last action of the user on a message. See [MS-ASEMAIL] 2.2.2.44.
type Verb int

// The values of [Verb].
const (
	VerbNone     Verb = 0
	VerbReply    Verb = 1
	VerbReplyAll Verb = 2
	VerbForward  Verb = 3
)

// A Voice is the data of a voice message in addition to its attachment.
type Voice struct {
	CallerID string // a telephone number
	Notes    string
}

// A RightsLicense says what may be done with a protected message. See [MS-ASRM] 2.2.2.14. A
// program that shows or exports such a message must comply with it.
type RightsLicense struct {
	Owner                     bool
	ContentOwner              string
	TemplateID                string
	TemplateName, Description string
	Expiry                    time.Time // UTC; far in the future if never

	Edit, Reply, ReplyAll, Forward, Export, Extract, Print, ModifyRecipients, ProgrammaticAccess bool
}

// Class returns [ClassEmail].
func (*Email) Class() Class { return ClassEmail }

// An emailBlock is an Email and what most have behind their pointers, in one allocation; a
// flaggedBlock is one with a flag, which servers send though it be empty.
type (
	emailBlock struct {
		Email
		body       Body
		importance Importance
		read       bool
	}
	flaggedBlock struct {
		emailBlock
		flag Flag
	}
)

// decodeEmail reads the ApplicationData of a mail.
func decodeEmail(r *reader, raw []byte) (Item, error) {
	d, err := read(r, raw, &r.email)
	if err != nil {
		return nil, fmt.Errorf("eas: mail: %w", err)
	}
	var block *emailBlock
	var f *Flag
	if d.Flag != nil {
		flagged := new(flaggedBlock)
		block, f = &flagged.emailBlock, flag(&flagged.flag, d.Flag, r)
	} else {
		block = new(emailBlock)
	}
	block.Email = Email{
		Subject: d.Subject, From: d.From, Sender: d.Sender, To: d.To, CC: d.CC, BCC: d.BCC, ReplyTo: d.ReplyTo,
		DisplayTo: d.DisplayTo, ThreadTopic: d.ThreadTopic, Importance: number(&block.importance, d.Importance), Read: copied(&block.read, d.Read),
		MessageClass: d.MessageClass, ContentClass: d.ContentClass, AccountID: d.AccountID,
		ConversationID: d.ConversationID, ConversationIndex: d.ConversationIndex,
		Draft: isTrue(d.IsDraft), ReceivedAsBCC: isTrue(d.ReceivedAsBCC),
		Received: r.at("Email:DateReceived", d.DateReceived), LastVerb: Verb(value(d.LastVerbExecuted)),
		LastVerbTime: r.at("Email2:LastVerbExecutionTime", d.LastVerbExecutionTime),
		NativeBody:   BodyType(value(d.NativeBodyType)), Body: body(&block.body, d.Body), Parts: bodyParts(d.BodyPart),
		Attachments: attachments(d.Attachments), License: license(d.License, r), CodePage: r.integer("Email:InternetCPID", d.InternetCPID),
		Flag: f, Meeting: meetingRequest(d.MeetingRequest, r), Other: others(d.Other),
	}
	m := &block.Email
	if d.Categories != nil {
		m.Categories = d.Categories.Category
	}
	if d.UMCallerID != "" || d.UMUserNotes != "" {
		m.Voice = &Voice{CallerID: d.UMCallerID, Notes: d.UMUserNotes}
	}
	m.Odd = r.odd
	return m, nil
}

// room returns where a value goes: p, or memory of its own if p is nil.
func room[T any](p *T) *T {
	if p == nil {
		p = new(T)
	}
	return p
}

// copied returns a pointer to what from points to, in the room of to; nil for nil.
func copied[T any](to, from *T) *T {
	if from == nil {
		return nil
	}
	to = room(to)
	*to = *from
	return to
}

// number is copied for a number that has a type of its own.
func number[T ~int](to *T, n *int) *T {
	if n == nil {
		return nil
	}
	to = room(to)
	*to = T(*n)
	return to
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

func license(l *airsync.RightsLicense, r *reader) *RightsLicense {
	if l == nil {
		return nil
	}
	return &RightsLicense{
		Owner: isTrue(l.Owner), ContentOwner: l.ContentOwner, TemplateID: l.TemplateID, TemplateName: l.TemplateName,
		Description: l.TemplateDescription, Expiry: r.at("RightsManagement:ContentExpiryDate", l.ContentExpiryDate),
		Edit: isTrue(l.EditAllowed), Reply: isTrue(l.ReplyAllowed), ReplyAll: isTrue(l.ReplyAllAllowed),
		Forward: isTrue(l.ForwardAllowed), Export: isTrue(l.ExportAllowed), Extract: isTrue(l.ExtractAllowed),
		Print: isTrue(l.PrintAllowed), ModifyRecipients: isTrue(l.ModifyRecipientsAllowed),
		ProgrammaticAccess: isTrue(l.ProgrammaticAccessAllowed),
	}
}

// encode returns what a client sends of a draft, but for the body and the attachments.
func (m *Email) encode(_ Version, now time.Time) (any, error) {
	d := &airsync.EmailData{To: m.To, CC: m.CC, BCC: m.BCC, Subject: m.Subject, Importance: plain(m.Importance), Read: m.Read}
	if m.Categories != nil {
		d.Categories = &airsync.Categories{Category: m.Categories}
	}
	if m.Flag != nil {
		var err error
		if d.Flag, err = m.Flag.wire(now); err != nil {
			return nil, err
		}
	}
	return d, nil
}
