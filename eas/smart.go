package eas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// A MailSource is the mail to which a message replies or which it forwards: an item of a folder,
// or a result of [Client.Search].
type MailSource struct {
	Folder   FolderID
	Item     ItemID
	LongID   string    // instead of Folder and Item
	Instance time.Time // of a series of meetings, the occurrence that would start then
}

// SmartOptions configure [Client.SmartReply] and [Client.SmartForward]. Nil means the zero value.
type SmartOptions struct {
	SendOptions

	// ReplaceMIME says that the message holds the text of the source already, as it should
	// appear. Otherwise the server puts the source behind the message. From 14.0 on.
	ReplaceMIME bool

	// Forwardees are who SmartForward forwards a meeting to, from 16.0 on: then the server makes
	// the message, and the one that is given must be nil.
	Forwardees []Person
}

// SmartReply sends a reply to a message on the server, which the server appends, so that its text
// need not be fetched and sent. For the format, and for messages that are sent twice, see
// [Client.SendMail]. If the source no longer exists, the error has [ActionResyncItem]: send the
// whole reply by SendMail.
func (c *Client) SmartReply(ctx context.Context, source MailSource, mime io.Reader, o *SmartOptions) error {
	return c.smart(ctx, "SmartReply", source, mime, o)
}

// SmartForward sends a message to which the server appends another one with its attachments; see
// [Client.SmartReply].
func (c *Client) SmartForward(ctx context.Context, source MailSource, mime io.Reader, o *SmartOptions) error {
	return c.smart(ctx, "SmartForward", source, mime, o)
}

func (c *Client) smart(ctx context.Context, command string, source MailSource, mime io.Reader, o *SmartOptions) error {
	if o == nil {
		o = &SmartOptions{}
	}
	id := o.LocalID
	if id == "" {
		id = NewDeviceID()
	}
	switch {
	case !isAlnum(id) || len(id) > 40:
		return fmt.Errorf("eas: %s: LocalID must be 1 to 40 ASCII letters and digits", command)
	case source.LongID == "" && (source.Folder == "" || source.Item == ""):
		return fmt.Errorf("eas: %s: the source needs a folder and an item, or a long ID", command)
	case command == "SmartReply" && len(o.Forwardees) > 0:
		return errors.New("eas: SmartReply: it has no SmartOptions.Forwardees: use SmartForward")
	case mime == nil && len(o.Forwardees) == 0:
		return fmt.Errorf("eas: %s: no message", command)
	case mime != nil && len(o.Forwardees) > 0:
		return fmt.Errorf("eas: %s: either a message or forwardees", command)
	}
	var message []byte
	var err error
	if mime != nil {
		if message, err = safehttp.ReadAll(mime, MaxSendBytes); err != nil {
			return fmt.Errorf("eas: %s: message: %w", command, err)
		}
		if len(message) == 0 {
			return fmt.Errorf("eas: %s: the message is empty", command)
		}
	}
	_, err = atVersion(ctx, c, func(v Version) (struct{}, error) {
		return struct{}{}, c.smartAt(ctx, v, command, id, source, message, o)
	})
	return err
}

// smartAt sends a message that has been checked.
func (c *Client) smartAt(ctx context.Context, version Version, command, id string, source MailSource, message []byte, o *SmartOptions) error {
	if len(o.Forwardees) > 0 && !version.AtLeast(Version160) {
		return fmt.Errorf("eas: %s: forwardees need version 16.0, and this is %s", command, version)
	}
	if err := o.check(version); err != nil {
		return fmt.Errorf("eas: %s: %w", command, err)
	}
	if !version.AtLeast(Version140) {
		return c.oldSmart(ctx, version, command, source, message, o)
	}
	in := airsync.Smart{
		ClientID: id, AccountID: o.AccountID, SaveInSentItems: !o.NotInSentItems, ReplaceMIME: o.ReplaceMIME, MIME: message, TemplateID: o.Template,
		Source: airsync.MailSource{LongID: source.LongID, InstanceID: extended(source.Instance)},
	}
	if source.LongID == "" {
		in.Source.FolderID, in.Source.ItemID = string(source.Folder), string(source.Item)
	}
	for _, f := range o.Forwardees {
		if in.Forwardees == nil {
			in.Forwardees = &airsync.Forwardees{}
		}
		in.Forwardees.Forwardee = append(in.Forwardees.Forwardee, airsync.Forwardee{Email: f.Email, Name: f.Name})
	}
	q := request{command: command, version: version, clientID: true}
	var r *response
	var err error
	var status *int
	if command == "SmartReply" {
		var out airsync.SmartReplyResponse
		r, err = c.run(ctx, q, &airsync.SmartReply{Smart: in}, &out, true)
		status = out.Status
	} else {
		var out airsync.SmartForwardResponse
		r, err = c.run(ctx, q, &airsync.SmartForward{Smart: in}, &out, true)
		status = out.Status
	}
	if err != nil {
		return err
	}
	if status == nil || *status == 1 || *status == 118 {
		return nil
	}
	return r.statusError("", *status)
}

// oldSmart sends what versions up to 12.1 have: the message as the body, and the rest in the
// query.
func (c *Client) oldSmart(ctx context.Context, version Version, command string, source MailSource, message []byte, o *SmartOptions) error {
	if o.ReplaceMIME {
		return errors.New("eas: " + command + ": ReplaceMIME needs version 14.0")
	}
	q := request{command: command, version: version, contentType: typeRFC822, body: message, saveSent: !o.NotInSentItems}
	q.params = params{longID: source.LongID, occurrence: extended(source.Instance)}
	if source.LongID == "" {
		q.params.collectionID, q.params.itemID = string(source.Folder), string(source.Item)
	}
	var out struct{}
	_, err := c.run(ctx, q, nil, &out, true)
	return err
}
