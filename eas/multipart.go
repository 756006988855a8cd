package eas

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const (
	// MaxStreamBytes is the largest response that is written to an [io.Writer], in bytes, decompressed.
	MaxStreamBytes = 8 << 30

	shortAnswer  = 4 << 10 // is read before anything is passed on, since it may be a status
	maxParts     = 1000
	maxFirstPart = 16 << 20 // the document of a multipart answer
)

// errMultipart is within the error of a multipart answer that makes no sense.
var errMultipart = errors.New("malformed multipart answer")

// A parts reads a multipart answer ([MS-ASCMD] 2.2.1.10.1.1): the number of parts, where each
// begins and how long it is, and the parts. The first is a WBXML document. The parts must
// stand one behind the other, as servers write them, since they are read as they come.
type parts struct {
	r      io.Reader
	at     uint64 // bytes read so far
	places []partPlace
	next   int
}

type partPlace struct{ offset, length uint64 }

// newParts reads the table of parts.
func newParts(r io.Reader) (*parts, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: no table of parts: %w", errMultipart, err)
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == 0 || n > maxParts {
		return nil, fmt.Errorf("%w: %d parts, and from 1 to %d are taken", errMultipart, n, maxParts)
	}
	table := make([]byte, 8*n)
	if _, err := io.ReadFull(r, table); err != nil {
		return nil, fmt.Errorf("%w: the table of parts: %w", errMultipart, err)
	}
	p := &parts{r: r, at: uint64(4 + len(table))}
	end := p.at
	for i := range int(n) {
		x := partPlace{uint64(binary.LittleEndian.Uint32(table[8*i:])), uint64(binary.LittleEndian.Uint32(table[8*i+4:]))}
		if x.offset < end {
			return nil, fmt.Errorf("%w: part %d begins at %d, before %d", errMultipart, i, x.offset, end)
		}
		end = x.offset + x.length
		p.places = append(p.places, x)
	}
	return p, nil
}

// document reads the first part.
func (p *parts) document() ([]byte, error) {
	if p.places[0].length > maxFirstPart {
		return nil, fmt.Errorf("%w: a document of %d bytes, and at most %d are taken", errMultipart, p.places[0].length, maxFirstPart)
	}
	r, err := p.part(0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err == nil && uint64(len(b)) != p.places[0].length {
		err = fmt.Errorf("%w: the document is cut off: %w", errMultipart, io.ErrUnexpectedEOF)
	}
	return b, err
}

// part returns part i, which must not be before one that has been read.
func (p *parts) part(i int) (io.Reader, error) {
	if i < p.next || i >= len(p.places) {
		return nil, fmt.Errorf("%w: no part %d", errMultipart, i)
	}
	p.next = i + 1
	x := p.places[i]
	if x.offset < p.at {
		return nil, fmt.Errorf("%w: part %d has been read over", errMultipart, i)
	}
	if n, err := io.CopyN(io.Discard, p.r, int64(x.offset-p.at)); err != nil {
		return nil, fmt.Errorf("%w: cut off after %d bytes: %w", errMultipart, p.at+uint64(n), io.ErrUnexpectedEOF)
	}
	p.at = x.offset + x.length
	return io.LimitReader(p.r, int64(x.length)), nil
}

// copy writes part i to w. A part that is cut off is an error.
func (p *parts) copy(w io.Writer, i int) (int64, error) {
	r, err := p.part(i)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, r)
	if err == nil && uint64(n) != p.places[i].length {
		err = fmt.Errorf("%w: part %d is cut off after %d of %d bytes: %w", errMultipart, i, n, p.places[i].length, io.ErrUnexpectedEOF)
	}
	return n, err
}

// stream hands a long answer to the sink and reads a short one into r.body.
func (r *response) stream(q request, body io.Reader) error {
	in := bufio.NewReaderSize(&io.LimitedReader{R: body, N: MaxStreamBytes}, shortAnswer)
	head, err := in.Peek(shortAnswer)
	switch {
	case err == io.EOF:
		r.body = append([]byte(nil), head...)
		return nil
	case err != nil:
		return fmt.Errorf("the answer was not read to its end: %w", err)
	case r.mediaType != typeWBXML && r.mediaType != typeWBXMLOld && r.mediaType != typeMultipart && q.command != "GetAttachment":
		r.body = append([]byte(nil), head...)
		return nil // check says that it is not an ActiveSync response
	}
	r.streamed = true
	return q.sink(r, in)
}

// partsError makes an Error of a stream that broke off or makes no sense.
func (r *response) partsError(err error) error {
	action := ActionReport
	if errors.Is(err, io.ErrUnexpectedEOF) || isNetwork(err) {
		action = ActionRetry
	}
	return &Error{
		Command: r.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server, Action: action,
		Err: fmt.Errorf("%w: %s: %w", ErrUnexpectedContent, safehttp.Clean(r.mediaType, 64), err),
	}
}
