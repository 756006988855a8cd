package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

var errNotStarted = errors.New("wbxml: the last token read was not a start")

// ReadText reads the content of the element that has just started, up to and including
// its end, and returns its strings and opaque data joined; an element without content
// gives an empty value. The value is valid until the next call of a method of the Decoder.
// An element within is a [*SyntaxError].
func (d *Decoder) ReadText() ([]byte, error) {
	data, child, err := d.text()
	if child != 0 {
		err = d.syntax("element %v where text is expected", child)
	}
	return data, err
}

// text is ReadText that returns the element it has met instead of text.
func (d *Decoder) text() (data []byte, child Tag, err error) {
	if d.pendingEnd {
		d.pendingEnd = false
		d.pop()
		return nil, 0, nil
	}
	if d.state != stateBody {
		return nil, 0, d.misuse()
	}
	// Nearly always: one inline string and the end, all in the buffer.
	if b := d.buf[d.pos:]; len(b) > 0 && b[0] == globalStrI {
		if n := bytes.IndexByte(b, 0); n > 0 && n+1 < len(b) && b[n+1] == globalEnd && int64(n-1) <= d.lim.data {
			data := b[1:n:n]
			if !d.latin1 && utf8.Valid(data) {
				d.pos += n + 2
				d.pop()
				return data, 0, nil
			}
		}
	}
	first, err := d.ReadToken()
	if err != nil {
		return nil, 0, err
	}
	switch first.Kind {
	case KindEnd:
		return nil, 0, nil
	case KindStart:
		return nil, first.Tag, nil
	}
	if d.pos < len(d.buf) && d.buf[d.pos] == globalEnd {
		d.pos++
		d.pop()
		return first.Data, 0, nil
	}
	joined := bytes.Clone(first.Data)
	for {
		t, err := d.ReadToken()
		switch {
		case err != nil:
			return nil, 0, err
		case t.Kind == KindEnd:
			return joined, 0, nil
		case t.Kind == KindStart:
			return nil, t.Tag, nil
		case int64(len(joined)+len(t.Data)) > d.lim.data:
			return nil, 0, d.limit("data", d.lim.data)
		}
		joined = append(joined, t.Data...)
	}
}

// TextTo writes the content of the element that has just started to w, up to the end of
// the element, which it consumes, and returns the number of bytes written. The content
// never stands in memory as a whole, so that [Options.MaxData] does not apply; strings are
// not checked for UTF-8. An element within is a [*SyntaxError].
func (d *Decoder) TextTo(w io.Writer) (int64, error) {
	var written int64
	for {
		if d.pendingEnd {
			d.pendingEnd = false
			d.pop()
			return written, nil
		}
		if d.state != stateBody {
			return written, d.misuse()
		}
		n, ok, err := d.copyRun(w)
		written += n
		if err != nil {
			return written, err
		}
		if ok {
			continue
		}
		t, err := d.ReadToken()
		switch {
		case err != nil:
			return written, err
		case t.Kind == KindEnd:
			return written, nil
		case t.Kind == KindStart:
			return written, d.syntax("element %v where text is expected", t.Tag)
		}
		m, err := w.Write(t.Data)
		written += int64(m)
		if err != nil {
			return written, d.fail(err)
		}
	}
}

// copyRun copies the inline string or opaque data that comes next, if one does.
func (d *Decoder) copyRun(w io.Writer) (written int64, ok bool, err error) {
	if err := d.need(1, "inside the document"); err != nil {
		return 0, false, err
	}
	d.at = d.InputOffset()
	switch d.buf[d.pos] {
	case globalStrI:
		d.pos++
		for done := false; !done; {
			if err := d.need(1, "in an inline string"); err != nil {
				return written, true, err
			}
			chunk := d.buf[d.pos:]
			if n := bytes.IndexByte(chunk, 0); n >= 0 {
				chunk, done = chunk[:n], true
			}
			d.pos += len(chunk)
			if done {
				d.pos++
			}
			if d.latin1 {
				chunk, _ = d.convert(chunk)
			}
			n, err := w.Write(chunk)
			written += int64(n)
			if err != nil {
				return written, true, d.fail(err)
			}
		}
		return written, true, nil
	case globalOpaque:
		d.pos++
		size, err := d.integer()
		if err != nil {
			return 0, true, err
		}
		for left := int64(size); left > 0; {
			if err := d.need(1, "in opaque data"); err != nil {
				return written, true, err
			}
			chunk := d.buf[d.pos:]
			chunk = chunk[:min(int64(len(chunk)), left)]
			d.pos += len(chunk)
			left -= int64(len(chunk))
			n, err := w.Write(chunk)
			written += int64(n)
			if err != nil {
				return written, true, d.fail(err)
			}
		}
		return written, true, nil
	}
	return 0, false, nil
}

// SkipElement reads over the rest of the element that has just started, or of the element
// that is open, up to and including its end.
func (d *Decoder) SkipElement() error {
	if d.skip() {
		return nil
	}
	for depth := len(d.stack); len(d.stack) >= depth; {
		if !d.pendingEnd && d.state == stateBody {
			if _, ok, err := d.copyRun(io.Discard); err != nil {
				return err
			} else if ok {
				continue
			}
		}
		if d.state != stateBody {
			return d.misuse()
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
	}
	return nil
}

// skip is SkipElement for what is all in the buffer and has nothing that is rare. Otherwise,
// and where there is a fault, it reads nothing and returns false.
func (d *Decoder) skip() bool {
	if d.pendingEnd || d.state != stateBody {
		return false
	}
	b, at, page, elements, switches := d.buf, d.pos, d.page, d.elements, 0
	for depth := len(d.stack); at < len(b); {
		c := b[at]
		at++
		switch {
		case c == globalEnd:
			if depth--; depth < len(d.stack) {
				d.pos, d.page, d.elements = at, page, elements
				d.pop()
				return true
			}
		case c == globalStrI:
			n := stringEnd(b[at:])
			if n < 0 || int64(n) > d.lim.data {
				return false
			}
			at += n + 1
		case c&bitAttributes == 0 && c&0x3F > globalLiteral:
			if elements++; elements > d.lim.elements || depth >= d.lim.depth {
				return false
			}
			if c&bitContent == 0 {
				break
			}
			if at < len(b) && b[at] == globalStrI { // nearly always all of the content
				n := stringEnd(b[at+1:])
				if n < 0 || int64(n) > d.lim.data {
					return false
				}
				if at += n + 2; at < len(b) && b[at] == globalEnd {
					at++
					break
				}
			}
			depth++
		case c == globalSwitchPage && at < len(b):
			if switches++; switches > maxSwitches {
				return false
			}
			page = b[at]
			at++
			continue
		case c == globalOpaque:
			size, n := readInteger(b[at:])
			if n == 0 || int64(size) > d.lim.data || int64(size) > int64(len(b)-at-n) {
				return false
			}
			at += n + int(size)
		default:
			return false
		}
		switches = 0
	}
	return false
}

// misuse is the error of a method that needs an open element.
func (d *Decoder) misuse() error {
	if d.err != nil && d.err != io.EOF {
		return d.err
	}
	return errNotStarted
}

// ReadRaw reads the rest of the element that has just started and returns the element as
// a document of its own, byte for byte as it was sent. When the document has a string
// table or is not in UTF-8 the element is rewritten, as it would make no sense without
// them.
func (d *Decoder) ReadRaw(start Token) (Raw, error) {
	if d.state != stateBody || start.Kind != KindStart || len(d.stack) == 0 || d.stack[len(d.stack)-1] != start.Tag {
		return nil, d.misuse()
	}
	if len(d.table) > 0 || d.latin1 {
		return d.rewrite(start)
	}
	var room [8]byte
	b := appendHeader(room[:0], start.Tag.Page())
	if !start.Content {
		d.pendingEnd = false
		d.pop()
		b = append(b, start.Tag.Token())
		return append(make(Raw, 0, len(b)), b...), nil
	}
	b = append(b, start.Tag.Token()|bitContent)
	if from := d.pos; !d.lim.strict && d.skip() {
		if int64(d.pos-from) > d.lim.data {
			return nil, d.limit("data", d.lim.data)
		}
		if raw := d.view(b, from); raw != nil {
			return raw, nil
		}
		raw := make(Raw, len(b)+d.pos-from)
		copy(raw[copy(raw, b):], d.buf[from:d.pos])
		return raw, nil
	}
	d.mark = d.pos
	from := d.base + int64(d.mark)
	for depth := len(d.stack); len(d.stack) >= depth; {
		if _, err := d.ReadToken(); err != nil {
			d.mark = -1
			return nil, err
		}
		if size := d.InputOffset() - from; size > d.lim.data {
			d.mark = -1
			return nil, d.limit("data", d.lim.data)
		}
	}
	raw := make(Raw, len(b)+d.pos-d.mark)
	copy(raw[copy(raw, b):], d.buf[d.mark:d.pos])
	d.mark = -1
	return raw, nil
}

// view returns the element whose content is in the buffer at from as a part of the buffer,
// if the start of its document has room in front of it, over what has been read. It returns
// nil if there is no room, or the buffer is not the Decoder's to write to.
func (d *Decoder) view(start []byte, from int) Raw {
	if d.free < 0 || from-len(start) < d.free {
		return nil
	}
	copy(d.buf[from-len(start):], start)
	d.free = d.pos
	return d.buf[from-len(start) : d.pos : d.pos]
}

// rewrite is ReadRaw by way of tokens.
func (d *Decoder) rewrite(start Token) (Raw, error) {
	e := NewEncoder(nil)
	if err := e.WriteToken(start); err != nil {
		return nil, d.fail(fmt.Errorf("%w (read at offset %d)", err, d.at))
	}
	for depth := len(d.stack); len(d.stack) >= depth; {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := e.WriteToken(t); err != nil {
			return nil, d.fail(fmt.Errorf("%w (read at offset %d)", err, d.at))
		}
		if int64(len(e.buf)) > d.lim.data {
			return nil, d.limit("data", d.lim.data)
		}
	}
	return e.buf, nil
}

// peekOpaque returns the length of the opaque data that comes next, if it does. It
// consumes nothing.
func (d *Decoder) peekOpaque() (size int64, ok bool, err error) {
	if d.pendingEnd || d.state != stateBody {
		return 0, false, nil
	}
	if err := d.need(1, "inside the document"); err != nil || d.buf[d.pos] != globalOpaque {
		return 0, false, err
	}
	d.at = d.InputOffset()
	d.mark = d.pos
	d.pos++
	n, err := d.integer()
	d.pos, d.mark = d.mark, -1
	return int64(n), err == nil, err
}
