package eas

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// Content describes what a fetch wrote: an attachment, a document or a message.
type Content struct {
	Type  string // the media type; "" if the server did not say
	Total int64  // bytes of the whole; 0 if the server did not say
	Range string // of the whole that the server sent, e.g. "0-1023"; "" if it did not say
	First int64  // of the whole, the byte with which what was written begins
	Size  int64  // bytes that were written
}

// FetchOptions configure the methods that fetch content. Nil means the zero value: all of it.
type FetchOptions struct {
	// First is the first byte to fetch, to continue a fetch that was interrupted, and Last the
	// last one, or 0 for the end. Bytes outside this range are not written, even if the server
	// sends them.
	First, Last int64
	// Protected returns, from 14.1 on, messages under rights management, and their attachments,
	// decrypted. FetchDocument does not have it.
	Protected bool
}

// ErrIncomplete is matched by the error of a fetch for which the server sent less than was
// requested: only the beginning of a message, or bytes of another range. A part of it may have
// been written.
var ErrIncomplete = errors.New("eas: the server did not send the whole")

// FetchAttachment writes the attachment that reference names ([Attachment.Reference]) to w. The
// content is written as it arrives, at most [MaxStreamBytes], and is never held in memory as a
// whole. If there is an error, a part may have been written. For servers of version 12.1 without
// ItemOperations, use [Client.GetAttachment].
func (c *Client) FetchAttachment(ctx context.Context, reference string, w io.Writer, o *FetchOptions) (*Content, error) {
	return c.fetch(ctx, airsync.FetchRequest{Store: "Mailbox", FileReference: reference}, w, o)
}

// FetchDocument writes a document of a library, such as a file share, to w; see
// [Client.FetchAttachment]. The link is Document.Link. Libraries that require a user name and a
// password cannot be read, because the client never sends one.
func (c *Client) FetchDocument(ctx context.Context, link string, w io.Writer, o *FetchOptions) (*Content, error) {
	if o != nil && o.Protected {
		return nil, errors.New("eas: FetchDocument: it has no FetchOptions.Protected")
	}
	return c.fetch(ctx, airsync.FetchRequest{Store: "DocumentLibrary", LinkID: link}, w, o)
}

// FetchMessage writes a mail in the format of RFC 5322, with its attachments, to w; see
// [Client.FetchAttachment]. If the server truncates the message or sends it in another format, the
// error matches [ErrIncomplete]; if it sends another message, [ErrUnexpectedContent]. An error of
// w is returned wrapped, and is not an [*Error].
func (c *Client) FetchMessage(ctx context.Context, f FolderID, id ItemID, w io.Writer, o *FetchOptions) (*Content, error) {
	return c.fetch(ctx, airsync.FetchRequest{Store: "Mailbox", CollectionID: string(f), ServerID: string(id)}, w, o)
}

// fetch requests one thing and writes its content to w.
func (c *Client) fetch(ctx context.Context, what airsync.FetchRequest, w io.Writer, o *FetchOptions) (*Content, error) {
	return atVersion(ctx, c, func(v Version) (*Content, error) { return c.fetchAt(ctx, v, what, w, o) })
}

func (c *Client) fetchAt(ctx context.Context, version Version, what airsync.FetchRequest, w io.Writer, o *FetchOptions) (*Content, error) {
	if o == nil {
		o = &FetchOptions{}
	}
	what.Options = &airsync.FetchOptions{}
	switch last := o.Last; {
	case w == nil:
		return nil, errors.New("eas: ItemOperations: no writer")
	case what.FileReference == "" && what.LinkID == "" && (what.CollectionID == "" || what.ServerID == ""):
		return nil, errors.New("eas: ItemOperations: nothing to fetch")
	case o.First < 0 || last < 0:
		return nil, errors.New("eas: ItemOperations: FetchOptions: a byte before the first")
	case last > 0 && last < o.First:
		return nil, errors.New("eas: ItemOperations: FetchOptions: Last is before First")
	case o.First > 0 || last > 0:
		if last == 0 {
			last = math.MaxInt32 // the end: a range has two
		}
		what.Options.Range = fmt.Sprintf("%d-%d", o.First, last)
	}
	yes := true
	if what.ServerID != "" {
		all := 2
		what.Options.MIMESupport = &all
		what.Options.BodyPreference = []airsync.BodyPreference{{Type: int(BodyMIME)}}
	}
	if o.Protected && version.AtLeast(Version141) {
		what.Options.RightsManagement = &yes
	}
	if what.Options.Range == "" && what.Options.MIMESupport == nil && what.Options.RightsManagement == nil {
		what.Options = nil
	}
	var out *Content
	q := request{command: "ItemOperations", part: "Fetch", version: version, multipart: true}
	to := &window{w: w, first: o.First, skip: o.First, left: math.MaxInt64, mime: what.ServerID != "", id: what.ServerID}
	if o.Last > 0 {
		to.left = o.Last - o.First + 1
	}
	q.sink = func(r *response, body io.Reader) (err error) {
		out, err = r.content(body, to)
		return err
	}
	in := &airsync.ItemOperations{Fetch: []airsync.FetchRequest{what}}
	var err error
	if q.body, err = wbxml.Marshal(in); err != nil {
		return nil, fmt.Errorf("eas: ItemOperations: %w", err)
	}
	r, err := c.command(ctx, q)
	if err == nil && !r.streamed {
		if r.mediaType != typeMultipart || r.status != 200 {
			err = r.check(false)
		}
		if err == nil {
			out, err = r.content(bytes.NewReader(r.body), to)
		}
	}
	if to.err != nil {
		return nil, fmt.Errorf("eas: ItemOperations: the content was not written: %w", to.err)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// A window passes on the part of a content that is wanted.
type window struct {
	w     io.Writer
	first int64  // byte that is wanted
	skip  int64  // bytes that are not wanted before
	left  int64  // bytes that are wanted
	n     int64  // bytes that were written
	err   error  // of w
	mime  bool   // it must be a message
	id    string // of the item, or ""
}

func (x *window) Write(p []byte) (int, error) {
	n := len(p)
	before := min(x.skip, int64(len(p)))
	x.skip -= before
	p = p[before:]
	p = p[:min(x.left, int64(len(p)))]
	if len(p) == 0 {
		return n, nil
	}
	m, err := x.w.Write(p)
	x.n, x.left = x.n+int64(m), x.left-int64(m)
	if err == nil && m < len(p) {
		err = io.ErrShortWrite
	}
	x.err = err
	return n, err
}

// begins notes that what comes begins with byte first of the whole. It reports false if what is
// wanted begins before that.
func (x *window) begins(first int64) bool {
	x.skip -= first
	return x.skip >= 0
}

// content reads the answer to the fetch of one thing: a document with the content in it, or
// parts, of which the document names one.
func (r *response) content(body io.Reader, w *window) (*Content, error) {
	if r.mediaType != typeMultipart {
		return r.inline(body, w, nil)
	}
	p, err := newParts(body)
	if err != nil {
		return nil, r.partsError(err)
	}
	doc, err := p.document()
	if err != nil {
		return nil, r.partsError(err)
	}
	return r.inline(bytes.NewReader(doc), w, p)
}

// inline walks through the document and writes what it has of content to w.
func (r *response) inline(body io.Reader, w *window, p *parts) (*Content, error) {
	d := wbxml.NewDecoder(body)
	out := &Content{}
	part := -1
	found, truncated, exact, fetches := false, false, false, 0
	kind := BodyType(0)
	text := func() (string, error) {
		b, err := d.ReadText()
		return strings.TrimSpace(string(b)), err
	}
	number := func(set func(int64)) error {
		s, err := text()
		if n, convErr := strconv.ParseInt(s, 10, 64); convErr == nil {
			set(n)
		}
		return err
	}
	for {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, r.partsError(err)
		}
		if t.Kind != wbxml.KindStart {
			continue
		}
		var fault error
		switch t.Tag {
		case wbxml.ItemOperationsStatus:
			scope := "Item"
			if d.Depth() == 2 {
				scope = ""
			}
			var s string
			if s, fault = text(); fault == nil && s != "" && s != "1" {
				code, err := strconv.Atoi(s)
				if err != nil {
					code = unreadable
				}
				return nil, r.statusError(scope, code)
			}
		case wbxml.ItemOperationsFetch:
			if fetches++; fetches > 1 {
				return nil, r.unexpected("not one item")
			}
		case wbxml.AirSyncServerId:
			var s string
			if s, fault = text(); fault == nil && isAnother(s, w.id) {
				return nil, r.unexpected("another item than the one requested")
			}
		case wbxml.ItemOperationsRange:
			if out.Range, fault = text(); fault != nil || out.Range == "" {
				break
			}
			first, _, _ := strings.Cut(out.Range, "-")
			n, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
			if err != nil || found && n != 0 || !w.begins(n) {
				return nil, r.incomplete(fmt.Sprintf("it sent the range %q", safehttp.Clean(out.Range, 32)))
			}
		case wbxml.ItemOperationsTotal:
			fault = number(func(n int64) { out.Total, exact = n, true })
		case wbxml.AirSyncBaseContentType:
			out.Type, fault = text()
		case wbxml.AirSyncBaseEstimatedDataSize:
			fault = number(func(n int64) {
				if d.Depth() >= 4 {
					out.Total = n
				}
			})
		case wbxml.ItemOperationsPart:
			fault = number(func(n int64) { part = int(min(n, math.MaxInt32)) })
		case wbxml.ItemOperationsData:
			found = true
			decode := &base64Writer{w: w}
			if _, fault = d.TextTo(decode); fault == nil {
				fault = decode.close()
			}
		case wbxml.AirSyncBaseType:
			fault = number(func(n int64) { kind = BodyType(n) })
		case wbxml.AirSyncBaseTruncated:
			var s string
			s, fault = text()
			truncated = s == "1" || strings.EqualFold(s, "true")
		case wbxml.AirSyncBaseData:
			found = true
			if w.mime && kind != 0 && kind != BodyMIME {
				return nil, r.incomplete(fmt.Sprintf("it sent a body of type %d in place of a message", kind))
			}
			_, fault = d.TextTo(w)
		case wbxml.AirSyncBaseAttachments, wbxml.AirSyncBaseBodyPart:
			fault = d.SkipElement() // of the message, which holds them itself
		}
		if fault != nil {
			return nil, r.partsError(fault)
		}
	}
	switch {
	case found:
	case part < 0 || p == nil:
		if out.Total != 0 || out.Type == "" {
			return nil, r.unexpected("a response without content")
		}
		out.First = w.first
		return out, nil // empty
	case w.mime && kind != 0 && kind != BodyMIME: // nothing is written
	default:
		// QUIRK: Horde counts the parts from 0 behind the document, which is part 0 to others and
		// never the content.
		if _, err := p.copy(w, max(part, 1)); err != nil {
			return nil, r.partsError(err)
		}
	}
	switch {
	case w.mime && kind != 0 && kind != BodyMIME: // said behind the content
		return nil, r.incomplete(fmt.Sprintf("it sent a body of type %d in place of a message", kind))
	case w.mime && (truncated || w.first == 0 && w.n == 0), exact && w.left > 0 && w.first+w.n < out.Total:
		return nil, r.incomplete(fmt.Sprintf("%d of about %d bytes came", w.n, out.Total))
	}
	out.First, out.Size = w.first, w.n
	return out, nil
}

// isAnother reports whether a response names an item with another ID than the one that was
// requested. Where either is "", nothing is named.
func isAnother(got, requested string) bool {
	return got != "" && requested != "" && got != requested
}

// incomplete is the error of a fetch that did not bring what was asked for.
func (r *response) incomplete(why string) error {
	return &Error{
		Command: r.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server, Action: ActionReport,
		Err: fmt.Errorf("%w: %s", ErrIncomplete, why),
	}
}

// A base64Writer decodes what is written to it.
type base64Writer struct {
	w     io.Writer
	rest  []byte
	ended bool // by padding
}

func (b *base64Writer) Write(p []byte) (int, error) {
	for _, c := range p {
		switch c {
		case '\r', '\n', ' ', '\t':
			continue
		}
		b.rest = append(b.rest, c)
	}
	whole := len(b.rest) / 4 * 4
	// What ends the data may be among it: the last four stay until more comes.
	if whole > 0 && whole == len(b.rest) {
		whole -= 4
	}
	if err := b.flush(whole); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (b *base64Writer) flush(n int) error {
	out := make([]byte, base64.StdEncoding.DecodedLen(n))
	m, err := base64.StdEncoding.Decode(out, b.rest[:n])
	if err != nil || n > 0 && b.ended {
		return errors.New("the content is not base64")
	}
	b.ended = b.ended || m < len(out)
	b.rest = append(b.rest[:0], b.rest[n:]...)
	_, err = b.w.Write(out[:m])
	return err
}

func (b *base64Writer) close() error { return b.flush(len(b.rest)) }
