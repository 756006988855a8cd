package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// An Encoder writes one document token by token: the header, a page switch where one is
// needed and nowhere else, and an element without content as a single byte. An error is
// final. In steady state it allocates nothing.
//
// An Encoder must not be used by several goroutines at once.
type Encoder struct {
	w       io.Writer // nil: everything stays in buf
	buf     []byte
	page    byte
	pending bool // the tag that started last is not yet written
	state   state
	err     error
	stack   []Tag
}

// flushSize is the size at which an Encoder hands its buffer to the writer.
const flushSize = 32 << 10

var (
	errNUL       = errors.New("text holds a NUL, which an inline string cannot carry")
	errUTF8      = errors.New("text is not UTF-8")
	errNotOpen   = errors.New("no element is open")
	errSecond    = errors.New("a second root element")
	errOpen      = errors.New("an element is open")
	errNoRoot    = errors.New("no element was written")
	errLiteral   = errors.New("a literal element, which ActiveSync does not use")
	errTooLong   = errors.New("opaque data of more than 4 GiB")
	errDepth     = fmt.Errorf("more than %d levels of elements", DefaultMaxDepth)
	errTokenKind = errors.New("a token of no kind")
)

// NewEncoder returns an Encoder that writes to w. [Encoder.Close] writes what remains in
// its buffer.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the Encoder write a new document to w. It keeps its buffers.
func (e *Encoder) Reset(w io.Writer) {
	*e = Encoder{w: w, buf: e.buf[:0], stack: e.stack[:0]}
}

func (e *Encoder) fail(err error) error {
	if e.err == nil {
		e.err = &EncodeError{path(e.stack), err}
	}
	return e.err
}

// WriteToken writes t. A start whose Content is true is written as a tag with content
// even if its end follows.
func (e *Encoder) WriteToken(t Token) error {
	switch t.Kind {
	case KindStart:
		if t.IsLiteral() {
			return e.fail(errLiteral)
		}
		if err := e.Start(t.Tag); err != nil {
			return err
		}
		if t.Content {
			e.content()
		}
		return nil
	case KindEnd:
		return e.End()
	case KindText:
		return e.TextBytes(t.Data)
	case KindOpaque:
		return e.Opaque(t.Data)
	}
	return e.fail(errTokenKind)
}

// Start starts an element. If its end comes next, it is written as an empty tag.
func (e *Encoder) Start(t Tag) error {
	if e.state != stateBody || len(e.stack) >= DefaultMaxDepth {
		if err := e.begin(); err != nil {
			return err
		}
	}
	if e.pending {
		e.content()
	}
	if p := t.Page(); p != e.page {
		e.buf = append(e.buf, globalSwitchPage, p)
		e.page = p
	}
	e.stack = append(e.stack, t)
	e.pending = true
	return nil
}

// begin is the rare part of Start.
func (e *Encoder) begin() error {
	switch {
	case e.err != nil:
		return e.err
	case e.state == stateEpilog:
		return e.fail(errSecond)
	case len(e.stack) >= DefaultMaxDepth:
		return e.fail(errDepth)
	}
	e.buf = append(e.buf, Header...)
	e.state = stateBody
	return nil
}

// content writes the pending tag as one with content.
func (e *Encoder) content() {
	e.buf = append(e.buf, e.stack[len(e.stack)-1].Token()|bitContent)
	e.pending = false
}

// End ends the element that started last and has not ended.
func (e *Encoder) End() error {
	n := len(e.stack) - 1
	if n < 0 || e.err != nil {
		return e.fail(errNotOpen)
	}
	if e.pending {
		e.buf = append(e.buf, e.stack[n].Token())
		e.pending = false
	} else {
		e.buf = append(e.buf, globalEnd)
	}
	e.stack = e.stack[:n]
	if n == 0 {
		e.state = stateEpilog
	}
	if len(e.buf) >= flushSize {
		return e.Flush()
	}
	return nil
}

// Empty writes an element without content.
func (e *Encoder) Empty(t Tag) error {
	if err := e.Start(t); err != nil {
		return err
	}
	return e.End()
}

// Element writes an element whose content is the inline string s, or an empty tag if s
// is empty.
func (e *Encoder) Element(t Tag, s string) error {
	if err := e.Start(t); err != nil {
		return err
	}
	if s != "" {
		if err := e.Text(s); err != nil {
			return err
		}
	}
	return e.End()
}

// Text writes s as an inline string. A NUL or a string that is not UTF-8 is an
// [*EncodeError].
func (e *Encoder) Text(s string) error {
	if err := e.run(globalStrI); err != nil {
		return err
	}
	if strings.IndexByte(s, 0) >= 0 {
		return e.fail(errNUL)
	}
	if !utf8.ValidString(s) {
		return e.fail(errUTF8)
	}
	e.buf = append(e.buf, s...)
	e.buf = append(e.buf, 0)
	return nil
}

// TextBytes is [Encoder.Text] for a slice of bytes.
func (e *Encoder) TextBytes(s []byte) error {
	if err := e.run(globalStrI); err != nil {
		return err
	}
	if bytes.IndexByte(s, 0) >= 0 {
		return e.fail(errNUL)
	}
	if !utf8.Valid(s) {
		return e.fail(errUTF8)
	}
	e.buf = append(e.buf, s...)
	e.buf = append(e.buf, 0)
	return nil
}

// Opaque writes b as opaque data.
func (e *Encoder) Opaque(b []byte) error {
	if err := e.run(globalOpaque); err != nil {
		return err
	}
	if int64(len(b)) > math.MaxUint32 {
		return e.fail(errTooLong)
	}
	e.buf = appendInteger(e.buf, uint32(len(b)))
	e.buf = append(e.buf, b...)
	return nil
}

// run begins a string or opaque data.
func (e *Encoder) run(token byte) error {
	if len(e.stack) == 0 || e.err != nil {
		return e.fail(errNotOpen)
	}
	if e.pending {
		e.content()
	}
	e.buf = append(e.buf, token)
	return nil
}

// OpaqueFrom writes the next size bytes of r as opaque data, without holding them in
// memory. The size stands before the data, so it has to be known; it is an error that
// matches [io.ErrUnexpectedEOF] if r has fewer bytes. What r has beyond is not read.
func (e *Encoder) OpaqueFrom(r io.Reader, size int64) error {
	if size < 0 || size > math.MaxUint32 {
		return e.fail(errTooLong)
	}
	if err := e.run(globalOpaque); err != nil {
		return err
	}
	e.buf = appendInteger(e.buf, uint32(size))
	n, err := e.copy(io.LimitReader(r, size), false)
	if err == nil && n < size {
		err = fmt.Errorf("%d bytes of opaque data where %d were announced: %w", n, size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return e.fail(err)
	}
	return nil
}

// TextFrom writes all that r has as one inline string, without holding it in memory. A
// NUL is an error. The text is not checked for UTF-8.
func (e *Encoder) TextFrom(r io.Reader) error {
	if err := e.run(globalStrI); err != nil {
		return err
	}
	if _, err := e.copy(r, true); err != nil {
		return e.fail(err)
	}
	e.buf = append(e.buf, 0)
	return nil
}

// copy appends what r has to the buffer, and flushes it when it is full.
func (e *Encoder) copy(r io.Reader, text bool) (total int64, err error) {
	for {
		if len(e.buf) >= flushSize {
			if err := e.Flush(); err != nil {
				return total, err
			}
		}
		if free := cap(e.buf) - len(e.buf); free < 512 {
			bigger := make([]byte, len(e.buf), max(flushSize+512, 2*cap(e.buf)))
			copy(bigger, e.buf)
			e.buf = bigger
		}
		n, err := r.Read(e.buf[len(e.buf):cap(e.buf)])
		chunk := e.buf[len(e.buf) : len(e.buf)+n]
		if text && bytes.IndexByte(chunk, 0) >= 0 {
			return total, errNUL
		}
		e.buf = e.buf[:len(e.buf)+n]
		total += int64(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// Flush hands what has been encoded to the writer. There is no need to call it before
// [Encoder.Close].
func (e *Encoder) Flush() error {
	if e.err != nil {
		return e.err
	}
	if e.w == nil || len(e.buf) == 0 {
		return nil
	}
	if _, err := e.w.Write(e.buf); err != nil {
		return e.fail(err)
	}
	e.buf = e.buf[:0]
	return nil
}

// Close flushes the document. It is an error if elements are open or none was written. It
// does not close the writer.
func (e *Encoder) Close() error {
	switch {
	case e.err != nil:
		return e.err
	case len(e.stack) > 0:
		return e.fail(errOpen)
	case e.state != stateEpilog:
		return e.fail(errNoRoot)
	}
	return e.Flush()
}
