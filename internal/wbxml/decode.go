package wbxml

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A Decoder reads one document token by token. It checks the syntax and the limits of
// [Options] as it goes; an error is final. In steady state it allocates nothing: the data
// of a token is a view of its buffer.
//
// A Decoder reads ahead and must not be used by several goroutines at once.
type Decoder struct {
	lim limits

	r    io.Reader // nil when the document is in buf
	buf  []byte    // what has been read and is still of use
	own  []byte    // the buffer to read into, kept over Reset
	pos  int       // next byte in buf
	mark int       // first byte of buf to keep, or -1
	base int64     // offset of buf[0] in the document
	free int       // end of the part of buf that is not ours to write to, or -1; see view

	state      state
	err        error // why state is stateFailed or stateDone
	page       byte
	latin1     bool // strings are ISO-8859-1
	pendingEnd bool // the element started last has no content
	elements   int
	at         int64 // offset of the token read last
	stack      []Tag
	table      []byte // string table
	scratch    []byte // strings that had to be converted
}

type state uint8

const (
	stateHeader state = iota
	stateProlog
	stateBody
	stateEpilog
	stateDone
	stateFailed
)

// minRead is the size of a Decoder's first buffer.
const minRead = 8 << 10

// NewDecoder returns a Decoder that reads from r with default [Options].
func NewDecoder(r io.Reader) *Decoder { return (*Options)(nil).NewDecoder(r) }

// Reset makes the Decoder read a new document from r. It keeps options and buffers.
func (d *Decoder) Reset(r io.Reader) {
	d.reset()
	d.r, d.buf = r, d.own[:0]
}

// ResetBytes makes the Decoder read the document b, which must not change meanwhile.
// The data of tokens are views of b, unless they had to be converted.
func (d *Decoder) ResetBytes(b []byte) {
	d.reset()
	d.buf = b
}

func (d *Decoder) reset() {
	if d.lim == (limits{}) { // a Decoder that was not made by NewDecoder
		d.lim = (*Options)(nil).limits()
	}
	d.r, d.pos, d.mark, d.base, d.free = nil, 0, -1, 0, -1
	d.state, d.err, d.page, d.latin1, d.pendingEnd, d.elements, d.at = stateHeader, nil, 0, false, false, 0, 0
	d.stack, d.table, d.scratch = d.stack[:0], d.table[:0], d.scratch[:0]
}

// InputOffset returns the offset of the first byte that has not been read as part of a
// token.
func (d *Decoder) InputOffset() int64 { return d.base + int64(d.pos) }

// Depth returns the number of elements that have started and not ended.
func (d *Decoder) Depth() int { return len(d.stack) }

// Path returns the elements that have started and not ended, outermost first, as
// "AirSync:Sync/AirSync:Collections".
func (d *Decoder) Path() string { return path(d.stack) }

func path(stack []Tag) string {
	var b strings.Builder
	for i, t := range stack {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// ReadToken returns the next token. After the end of the root element it returns [io.EOF]
// if nothing follows. Other errors are [*SyntaxError], [*LimitError] or wrap the error of
// the reader.
func (d *Decoder) ReadToken() (Token, error) {
	if d.pendingEnd {
		d.pendingEnd = false
		return d.pop(), nil
	}
	if d.state != stateBody {
		return d.readOutside()
	}
	for switches := 0; ; {
		if d.pos >= len(d.buf) {
			if err := d.need(1, "inside the document"); err != nil {
				return Token{}, err
			}
		}
		d.at = d.base + int64(d.pos)
		c := d.buf[d.pos]
		d.pos++
		switch {
		case c == globalEnd:
			return d.pop(), nil
		case c == globalStrI:
			data, err := d.inline()
			if err != nil {
				return Token{}, err
			}
			return Token{Kind: KindText, Data: data}, nil
		case c&0x3F > globalLiteral:
			return d.start(c)
		case c == globalSwitchPage:
			if switches++; switches > maxSwitches {
				return Token{}, d.limit("page switches", maxSwitches)
			}
			if err := d.switchPage(); err != nil {
				return Token{}, err
			}
		case c == globalPI:
			if err := d.instruction(); err != nil {
				return Token{}, err
			}
		default:
			return d.global(c)
		}
	}
}

// readOutside reads what stands before and after the root element.
func (d *Decoder) readOutside() (Token, error) {
	if d.state == stateHeader {
		if err := d.header(); err != nil {
			return Token{}, err
		}
		d.state = stateProlog
	}
	for switches := 0; d.state < stateDone; {
		if d.state == stateEpilog && d.pos >= len(d.buf) {
			switch err := d.fill(); {
			case err == io.EOF:
				d.state, d.err = stateDone, io.EOF
				return Token{}, io.EOF
			case err != nil:
				return Token{}, d.fail(err)
			}
			continue
		}
		if err := d.need(1, "before the root element"); err != nil {
			return Token{}, err
		}
		d.at = d.InputOffset()
		c := d.buf[d.pos]
		d.pos++
		var err error
		switch {
		case c == globalPI:
			err = d.instruction()
		case d.state == stateEpilog && (c == '\r' || c == '\n') && !d.lim.strict:
			// QUIRK: devices in front that rewrite bodies end them with a line.
		case d.state == stateEpilog:
			err = d.syntax("data after the end of the root element")
		case c == globalSwitchPage:
			if switches++; switches > maxSwitches {
				return Token{}, d.limit("page switches", maxSwitches)
			}
			err = d.switchPage()
		case c&0x3F > globalLiteral:
			d.state = stateBody
			return d.start(c)
		case c&0x3F == globalLiteral:
			d.state = stateBody
			return d.literal(c)
		case c == globalEnd:
			err = d.syntax("end without a start")
		default:
			err = d.syntax("token 0x%02X in place of the root element", c)
		}
		if err != nil {
			return Token{}, err
		}
	}
	return Token{}, d.err
}

// start deals with a tag byte.
func (d *Decoder) start(c byte) (Token, error) {
	tag := Tag(d.page)<<8 | Tag(c&0x3F)
	if d.lim.strict && !tag.Known() {
		return Token{}, d.syntax("unknown element %v", tag)
	}
	return d.push(tag, c, nil)
}

func (d *Decoder) push(tag Tag, c byte, name []byte) (Token, error) {
	if len(d.stack) >= d.lim.depth {
		return Token{}, d.limit("depth", int64(d.lim.depth))
	}
	if d.elements++; d.elements > d.lim.elements {
		return Token{}, d.limit("elements", int64(d.lim.elements))
	}
	d.stack = append(d.stack, tag)
	if c&bitAttributes != 0 {
		if err := d.attributes("attributes"); err != nil {
			return Token{}, err
		}
	}
	d.pendingEnd = c&bitContent == 0
	return Token{Kind: KindStart, Tag: tag, Content: c&bitContent != 0, Data: name}, nil
}

func (d *Decoder) pop() Token {
	n := len(d.stack) - 1
	tag := d.stack[n]
	d.stack = d.stack[:n]
	if n == 0 {
		d.state = stateEpilog
	}
	return Token{Kind: KindEnd, Tag: tag}
}

// literal deals with an element whose name stands in the string table.
func (d *Decoder) literal(c byte) (Token, error) {
	if d.lim.strict {
		return Token{}, d.syntax("literal element, which ActiveSync does not use")
	}
	name, err := d.tableString()
	if err != nil {
		return Token{}, err
	}
	if c&bitAttributes != 0 {
		name = bytes.Clone(name) // attributes may use the same buffer
	}
	return d.push(MakeTag(d.page, globalLiteral), c, name)
}

// global deals with the tokens that are rare or not allowed.
func (d *Decoder) global(c byte) (Token, error) {
	switch c {
	case globalOpaque:
		data, err := d.opaque()
		if err != nil {
			return Token{}, err
		}
		return Token{Kind: KindOpaque, Data: data}, nil
	case globalLiteral, globalLiteralC, globalLiteralA, globalLiteralAC:
		return d.literal(c)
	case globalStrT, globalEntity:
		if d.lim.strict {
			return Token{}, d.syntax("token 0x%02X, which ActiveSync does not use", c)
		}
		read := d.tableString
		if c == globalEntity {
			read = d.entity
		}
		data, err := read()
		if err != nil {
			return Token{}, err
		}
		return Token{Kind: KindText, Data: data}, nil
	}
	return Token{}, d.syntax("extension token 0x%02X, which has no meaning in ActiveSync", c)
}

func (d *Decoder) switchPage() error {
	if d.pos >= len(d.buf) {
		if err := d.need(1, "in a page switch"); err != nil {
			return err
		}
	}
	d.page = d.buf[d.pos]
	d.pos++
	return nil
}

// inline reads the rest of a STR_I.
func (d *Decoder) inline() ([]byte, error) {
	n := bytes.IndexByte(d.buf[d.pos:], 0)
	for n < 0 {
		seen := len(d.buf) - d.pos
		if int64(seen) > d.lim.data {
			return nil, d.limit("data", d.lim.data)
		}
		if err := d.need(seen+1, "in an inline string"); err != nil {
			return nil, err
		}
		if n = bytes.IndexByte(d.buf[d.pos+seen:], 0); n >= 0 {
			n += seen
		}
	}
	if int64(n) > d.lim.data {
		return nil, d.limit("data", d.lim.data)
	}
	data := d.buf[d.pos : d.pos+n : d.pos+n]
	d.pos += n + 1
	if d.latin1 || !utf8.Valid(data) {
		return d.convert(data)
	}
	return data, nil
}

// convert makes UTF-8 of a string that is not.
func (d *Decoder) convert(data []byte) ([]byte, error) {
	d.scratch = d.scratch[:0]
	if d.latin1 {
		for _, c := range data {
			d.scratch = utf8.AppendRune(d.scratch, rune(c))
		}
		return d.scratch, nil
	}
	if d.lim.strict {
		return nil, d.syntax("string that is not UTF-8")
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		d.scratch = utf8.AppendRune(d.scratch, r)
		i += n
	}
	return d.scratch, nil
}

// opaque reads the rest of an OPAQUE.
func (d *Decoder) opaque() ([]byte, error) {
	size, err := d.integer()
	if err != nil {
		return nil, err
	}
	if int64(size) > d.lim.data {
		return nil, d.limit("data", d.lim.data)
	}
	n := int(size)
	if err := d.need(n, "in opaque data"); err != nil {
		return nil, err
	}
	data := d.buf[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return data, nil
}

// entity reads the rest of an ENTITY: a character by its number.
func (d *Decoder) entity() ([]byte, error) {
	n, err := d.integer()
	if err != nil {
		return nil, err
	}
	if n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return nil, d.syntax("entity %d is not a character", n)
	}
	d.scratch = utf8.AppendRune(d.scratch[:0], rune(n))
	return d.scratch, nil
}

// tableString reads an index into the string table and returns the string there.
func (d *Decoder) tableString() ([]byte, error) {
	n, err := d.integer()
	if err != nil {
		return nil, err
	}
	if int64(n) >= int64(len(d.table)) {
		return nil, d.syntax("index %d is outside of the string table of %d bytes", n, len(d.table))
	}
	data := d.table[n:]
	end := bytes.IndexByte(data, 0)
	if end < 0 {
		return nil, d.syntax("string %d of the string table has no end", n)
	}
	data = data[:end:end]
	if d.latin1 || !utf8.Valid(data) {
		return d.convert(data)
	}
	return data, nil
}

// integer reads an mb_u_int32: seven bits a byte, the highest first, at most 32 bits in at
// most 5 bytes (WBXML 1.3, section 5.1).
func (d *Decoder) integer() (uint32, error) {
	var n uint64
	for range 5 {
		if d.pos >= len(d.buf) {
			if err := d.need(1, "in an integer"); err != nil {
				return 0, err
			}
		}
		c := d.buf[d.pos]
		d.pos++
		n = n<<7 | uint64(c&0x7F)
		if c&0x80 == 0 {
			if n > 1<<32-1 {
				break
			}
			return uint32(n), nil
		}
	}
	return 0, d.syntax("integer of more than 32 bits")
}

// need reads until n bytes stand in the buffer after pos. No more than twice the memory is
// taken that has really arrived, whatever n is.
func (d *Decoder) need(n int, where string) error {
	for len(d.buf)-d.pos < n {
		if err := d.fill(); err == io.EOF {
			return d.fail(&SyntaxError{d.base + int64(len(d.buf)), "end of input " + where, io.ErrUnexpectedEOF})
		} else if err != nil {
			return d.fail(err)
		}
	}
	return nil
}

// fill reads at least one byte or returns an error, io.EOF at the end of the input.
func (d *Decoder) fill() error {
	if d.r == nil {
		return io.EOF
	}
	keep := d.pos
	if d.mark >= 0 {
		keep = d.mark
	}
	if keep > 0 {
		n := copy(d.own[:cap(d.own)], d.buf[keep:])
		d.base += int64(keep)
		d.pos -= keep
		if d.mark >= 0 {
			d.mark = 0
		}
		d.buf = d.own[:n]
	}
	if len(d.buf) == cap(d.own) {
		bigger := make([]byte, max(minRead, 2*cap(d.own)))
		d.buf = bigger[:copy(bigger, d.buf)]
		d.own = bigger[:0]
	}
	for range 100 {
		n, err := d.r.Read(d.own[len(d.buf):cap(d.own)])
		if n > 0 {
			d.buf = d.own[:len(d.buf)+n] // an error comes back with the next Read
			return nil
		}
		if err == io.EOF {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("wbxml: read at offset %d: %w", d.base+int64(len(d.buf)), err)
		}
	}
	return fmt.Errorf("wbxml: read at offset %d: %w", d.base+int64(len(d.buf)), io.ErrNoProgress)
}

func (d *Decoder) fail(err error) error {
	d.state, d.err, d.pendingEnd = stateFailed, err, false
	return err
}

func (d *Decoder) syntax(format string, args ...any) error {
	return d.fail(&SyntaxError{Offset: d.at, Msg: fmt.Sprintf(format, args...)})
}

func (d *Decoder) limit(what string, limit int64) error {
	return d.fail(&LimitError{d.at, what, limit})
}
