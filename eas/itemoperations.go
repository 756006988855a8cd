package eas

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// FetchItem returns an item with all its elements. The options select the form of its body. If the
// item no longer exists, the error has ActionResyncItem.
func (c *Client) FetchItem(ctx context.Context, f FolderID, id ItemID, o *ItemOptions) (*Entry, error) {
	if f == "" || id == "" {
		return nil, errors.New("eas: ItemOperations: no item")
	}
	return c.fetchItem(ctx, airsync.FetchRequest{Store: "Mailbox", CollectionID: string(f), ServerID: string(id)}, o)
}

// FetchFound returns an item that [Client.Search] found, with all its elements; see
// [Client.FetchItem].
func (c *Client) FetchFound(ctx context.Context, longID string, o *ItemOptions) (*Entry, error) {
	if longID == "" {
		return nil, errors.New("eas: ItemOperations: no item")
	}
	return c.fetchItem(ctx, airsync.FetchRequest{Store: "Mailbox", LongID: longID}, o)
}

func (c *Client) fetchItem(ctx context.Context, what airsync.FetchRequest, o *ItemOptions) (*Entry, error) {
	return atVersion(ctx, c, func(v Version) (*Entry, error) { return c.fetchItemAt(ctx, v, what, o) })
}

func (c *Client) fetchItemAt(ctx context.Context, version Version, what airsync.FetchRequest, o *ItemOptions) (*Entry, error) {
	if o == nil {
		o = &ItemOptions{}
	}
	what.Options = o.wire(version)
	var out airsync.ItemOperationsResponse
	r, err := c.run(ctx, request{command: "ItemOperations", part: "Fetch", version: version}, &airsync.ItemOperations{Fetch: []airsync.FetchRequest{what}}, &out, false)
	if err != nil {
		return nil, err
	}
	if err := r.itemOperations(&out); err != nil {
		return nil, err
	}
	if out.Response == nil || len(out.Response.Fetch) != 1 {
		return nil, r.unexpected("not one item")
	}
	x := out.Response.Fetch[0]
	if x.Status != nil && *x.Status != 1 {
		return nil, r.statusError("Item", *x.Status)
	}
	if isAnother(x.ServerID, what.ServerID) {
		return nil, r.unexpected("another item than the one requested")
	}
	if x.Properties == nil {
		return nil, r.unexpected("an item without properties")
	}
	e := entry(r.reader(), airsync.SyncItem{Class: x.Class, ServerID: x.ServerID, ApplicationData: asData(*x.Properties)}, o.Class)
	return &e, nil
}

func (r *response) itemOperations(out *airsync.ItemOperationsResponse) error {
	if out.Status == nil && out.Response == nil {
		return r.unexpected("no status")
	}
	if out.Status != nil && *out.Status != 1 {
		return r.statusError("", *out.Status)
	}
	return nil
}

// asData returns the properties of an item as an ApplicationData, which the types of items
// are read from. What cannot be read comes back as it is.
func asData(properties wbxml.Raw) *wbxml.Raw {
	var in struct {
		Elements []wbxml.Raw `wbxml:",any"`
	}
	var out struct {
		_        struct{}    `wbxml:"AirSync:ApplicationData"`
		Elements []wbxml.Raw `wbxml:",any"`
	}
	if err := unmarshalAny(properties, &in.Elements); err != nil {
		return &properties
	}
	out.Elements = in.Elements
	doc, err := wbxml.Marshal(&out)
	if err != nil {
		return &properties
	}
	raw := wbxml.Raw(doc)
	return &raw
}

// unmarshalAny reads the children of the root, whatever its name.
func unmarshalAny(doc []byte, elements *[]wbxml.Raw) error {
	var d wbxml.Decoder
	d.ResetBytes(doc)
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		switch t.Kind {
		case wbxml.KindEnd:
			return nil
		case wbxml.KindStart:
			raw, err := d.ReadRaw(t)
			if err != nil {
				return err
			}
			*elements = append(*elements, raw)
		}
	}
}

// EmptyFolder permanently deletes the contents of a folder, and its subfolders if subfolders is
// set.
func (c *Client) EmptyFolder(ctx context.Context, f FolderID, subfolders bool) error {
	if f == "" {
		return errors.New("eas: ItemOperations: no folder")
	}
	in := airsync.EmptyFolder{CollectionID: string(f)}
	if subfolders {
		in.Options = &airsync.EmptyFolderOptions{DeleteSubFolders: true}
	}
	var out airsync.ItemOperationsResponse
	r, err := c.run(ctx, request{command: "ItemOperations", part: "EmptyFolderContents", anyVersion: true}, &airsync.ItemOperations{Empty: []airsync.EmptyFolder{in}}, &out, false)
	if err != nil {
		return err
	}
	if err := r.itemOperations(&out); err != nil {
		return err
	}
	if out.Response == nil || len(out.Response.Empty) != 1 || out.Response.Empty[0].Status == nil {
		return r.unexpected("no result")
	}
	if n := *out.Response.Empty[0].Status; n != 1 {
		return r.statusError("Item", n)
	}
	return nil
}

// MoveConversation moves a conversation, by [Email.ConversationID], to a mail folder, and has the
// server move later messages of it as well. It needs version 14.0.
func (c *Client) MoveConversation(ctx context.Context, conversationID []byte, to FolderID) error {
	version, err := c.ready(ctx)
	if err != nil {
		return err
	}
	if !version.AtLeast(Version140) {
		return fmt.Errorf("eas: ItemOperations: conversations need version 14.0, and this is %s", version)
	}
	in := airsync.ConversationMove{
		ConversationID: conversationID, ToFolder: string(to), Options: &airsync.ConversationMoveOptions{MoveAlways: true},
	}
	var out airsync.ItemOperationsResponse
	r, err := c.run(ctx, request{command: "ItemOperations", part: "Move", version: version}, &airsync.ItemOperations{Move: []airsync.ConversationMove{in}}, &out, false)
	if err != nil {
		return err
	}
	if err := r.itemOperations(&out); err != nil {
		return err
	}
	if out.Response == nil || len(out.Response.Move) != 1 || out.Response.Move[0].Status == nil {
		return r.unexpected("no result")
	}
	if n := *out.Response.Move[0].Status; n != 1 {
		return r.statusError("Item", n)
	}
	return nil
}

// GetAttachment writes an attachment to w by the GetAttachment command of versions up to 12.1, for
// servers without ItemOperations.
func (c *Client) GetAttachment(ctx context.Context, reference string, w io.Writer) (*Content, error) {
	version, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	if version.AtLeast(Version140) {
		return nil, fmt.Errorf("eas: GetAttachment is of versions up to 12.1, and this is %s: FetchAttachment", version)
	}
	out := &Content{}
	q := request{command: "GetAttachment", version: version, params: params{attachmentName: reference}}
	q.sink = func(_ *response, body io.Reader) (err error) {
		out.Size, err = io.Copy(w, body)
		return err
	}
	r, err := c.command(ctx, q)
	if err != nil {
		return nil, err
	}
	if r.status != 200 {
		return nil, r.httpError()
	}
	out.Type = r.mediaType
	if r.streamed {
		return out, nil
	}
	n, err := w.Write(r.body)
	out.Size = int64(n)
	return out, err
}
