package eas

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// MaxSendBytes is the largest message that the client sends, in bytes. Servers have lower limits.
const MaxSendBytes = 150 << 20

// SendOptions configure [Client.SendMail]. Nil means the zero value.
type SendOptions struct {
	// LocalID is the program's own name for the message (ClientId), of at most 40 ASCII letters
	// and digits, by which the server recognizes it when it is sent again. If "", one is made up. A program that keeps an
	// outbox keeps it with the message.
	LocalID string
	// NotInSentItems leaves no copy in Sent Items.
	NotInSentItems bool
	// AccountID is the account to send from, from 14.1 on, where the user has several; see
	// [Client.UserInformation].
	AccountID string
	// Template protects the message, from 14.1 on: the ID of a [RightsTemplate].
	Template string
}

// check refuses what a version cannot send.
func (o *SendOptions) check(v Version) error {
	if (o.AccountID != "" || o.Template != "") && !v.AtLeast(Version141) {
		return fmt.Errorf("AccountID and Template need version 14.1, and this is %s", v)
	}
	return nil
}

// SendMail sends a message in the format of RFC 5322, with its recipients in To, Cc and Bcc; the
// server removes Bcc. If the server has already received a message with the same LocalID, it does
// not send it again, and SendMail returns nil. Versions up to 12.1 have no LocalID: there, a
// message whose response was lost may have been sent.
func (c *Client) SendMail(ctx context.Context, mime io.Reader, o *SendOptions) error {
	if o == nil {
		o = &SendOptions{}
	}
	id := o.LocalID
	if id == "" {
		id = NewDeviceID()
	}
	if !isAlnum(id) || len(id) > 40 {
		return errors.New("eas: SendMail: LocalID must be 1 to 40 ASCII letters and digits")
	}
	if mime == nil {
		return errors.New("eas: SendMail: no message")
	}
	message, err := safehttp.ReadAll(mime, MaxSendBytes)
	if err != nil {
		return fmt.Errorf("eas: SendMail: message: %w", err)
	}
	if len(message) == 0 {
		return errors.New("eas: SendMail: the message is empty")
	}
	_, err = atVersion(ctx, c, func(v Version) (struct{}, error) { return struct{}{}, c.sendMailAt(ctx, v, id, message, o) })
	return err
}

func (c *Client) sendMailAt(ctx context.Context, version Version, id string, message []byte, o *SendOptions) error {
	if err := o.check(version); err != nil {
		return fmt.Errorf("eas: SendMail: %w", err)
	}
	var r *response
	var err error
	var out airsync.SendMailResponse
	if version.AtLeast(Version140) {
		in := &airsync.SendMail{ClientID: id, AccountID: o.AccountID, SaveInSentItems: !o.NotInSentItems, MIME: message, TemplateID: o.Template}
		r, err = c.run(ctx, request{command: "SendMail", version: version, clientID: true}, in, &out, true)
	} else {
		q := request{command: "SendMail", version: version, contentType: typeRFC822, body: message, saveSent: !o.NotInSentItems}
		r, err = c.run(ctx, q, nil, &out, true)
	}
	if err != nil {
		return err
	}
	switch {
	case out.Status == nil, *out.Status == 1, *out.Status == 118: // 118: it was sent before
		return nil
	}
	return r.statusError("", *out.Status)
}
