package eas

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
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

// A Body is the body of an item, or its beginning.
type Body struct {
	Type      BodyType // if 0, BodyPlain is written
	Data      string
	Truncated bool  // Data is the beginning; such a body is never sent
	Size      int64 // estimated, in bytes, of the whole; 0: not sent
	Preview   string
}

// A BodyPart is the part of a mail that is new in its conversation, as HTML, from 14.1 on.
type BodyPart struct {
	Body
	// Status is 1, or the reason why Data is missing: 176, it is larger than Exchange makes
	// parts of; 164, the format is not known; 0: not sent. See [MS-ASAIRS] 2.2.2.38.
	Status int
}

// An Attachment is an attachment of an item, or one to add to a draft or an event.
type Attachment struct {
	Name      string
	Reference string // to fetch it by; see [Client.FetchAttachment]
	Size      int64  // estimated, in bytes; 0: not sent
	Method    AttachmentMethod
	ContentID string
	Location  string // Content-Location
	Inline    bool
	Duration  time.Duration // of a voice message
	LocalID   string        // under which this client added it, in the response

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

// body reads a body, into the room of out; nil for nil.
func body(out *Body, b *airsync.Body) *Body {
	if b == nil {
		return nil
	}
	out = room(out)
	*out = Body{Type: BodyType(b.Type), Preview: b.Preview, Truncated: isTrue(b.Truncated), Size: size(b.EstimatedDataSize)}
	if b.Data != nil {
		out.Data = *b.Data
	}
	return out
}

// size returns n, within what an int64 holds; 0 for nil.
func size(n *uint64) int64 {
	if n == nil {
		return 0
	}
	return int64(min(*n, math.MaxInt64))
}

func bodyParts(list []airsync.BodyPart) []BodyPart {
	var out []BodyPart
	for _, b := range list {
		one := body(nil, &airsync.Body{Type: b.Type, EstimatedDataSize: b.EstimatedDataSize, Truncated: b.Truncated, Data: b.Data, Preview: b.Preview})
		out = append(out, BodyPart{Body: *one, Status: value(b.Status)})
	}
	return out
}

// errTruncated says why a body is not sent.
var errTruncated = errors.New("the body is truncated: fetch the item whole")

// wire returns the body as a client sends it.
func (b *Body) wire() (*airsync.Body, error) {
	if b == nil {
		return nil, nil
	}
	if b.Truncated {
		return nil, errTruncated
	}
	t := b.Type
	if t == 0 {
		t = BodyPlain
	}
	return &airsync.Body{Type: int(t), Data: &b.Data}, nil
}

// changedBody returns what a client sends of a body that was before and shall be after: nil
// where it is to stay, an empty one where it is to go. A truncated body stays as it is.
func changedBody(before, after *Body) (*airsync.Body, error) {
	switch {
	case before == nil && after == nil:
		return nil, nil
	case after == nil:
		return (&Body{}).wire()
	case before != nil && before.Data == after.Data && before.Type == after.Type && before.Truncated == after.Truncated:
		return nil, nil
	}
	return after.wire()
}

func attachments(l *airsync.Attachments) []Attachment {
	if l == nil {
		return nil
	}
	var out []Attachment
	for _, a := range l.Attachment {
		out = append(out, Attachment{
			Name: a.DisplayName, Reference: a.FileReference, Size: size(&a.EstimatedDataSize), Method: AttachmentMethod(a.Method),
			ContentID: a.ContentID, Location: a.ContentLocation, Inline: isTrue(a.IsInline), LocalID: a.ClientID,
			Duration: seconds(a.UMDuration),
		})
	}
	return out
}

func seconds(n *uint32) time.Duration {
	if n == nil {
		return 0
	}
	return time.Duration(*n) * time.Second
}

// changedAttachments returns what a client sends where there were attachments before and shall
// be those of after: new ones have a Content, and those that are gone are removed.
func changedAttachments(before, after []Attachment, v Version) (*airsync.Attachments, error) {
	out := &airsync.Attachments{}
	for i, a := range after {
		if a.Content == nil {
			continue // it is on the server
		}
		x := airsync.AttachmentAdd{
			ClientID: a.LocalID, Method: int(a.Method), ContentType: a.ContentType, Content: a.Content, DisplayName: a.Name,
			ContentID: a.ContentID, ContentLocation: a.Location, IsInline: a.Inline,
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
		out.Add = append(out.Add, x)
	}
	for _, a := range before {
		kept := func(b Attachment) bool { return b.Reference == a.Reference }
		if a.Reference != "" && !slices.ContainsFunc(after, kept) {
			out.Delete = append(out.Delete, airsync.AttachmentDelete{FileReference: a.Reference})
		}
	}
	switch {
	case out.Add == nil && out.Delete == nil:
		return nil, nil
	case !v.AtLeast(Version160):
		return nil, errors.New("attachments are added and removed from version 16.0 on")
	}
	return out, nil
}
