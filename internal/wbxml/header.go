package wbxml

import "io"

// The character sets (IANA MIBenum) that a document may name.
const (
	charsetUnknown = 0
	charsetASCII   = 3
	charsetLatin1  = 4
	charsetUTF8    = 106
)

// header reads what stands before the body (WBXML 1.3, section 5.3): the version, which
// may be 1.1 to 1.3; the public identifier, which may be unknown or a text in the string
// table, whatever it says; the character set, which may be UTF-8, US-ASCII, ISO-8859-1
// or unknown, taken for UTF-8; and the string table.
func (d *Decoder) header() error {
	switch err := d.fillFirst(); {
	case err != nil:
		return err
	case string(d.buf[:min(len(d.buf), len(Header))]) == Header:
		d.pos = len(Header)
		return nil
	}
	version := d.buf[0]
	d.pos = 1
	if version < 0x01 || version > 0x03 {
		return d.syntax("version %d.%d of WBXML, which is not read", version>>4+1, version&0x0F)
	}
	public, err := d.integer()
	if err != nil {
		return err
	}
	var publicIndex uint32
	if public == 0 {
		if publicIndex, err = d.integer(); err != nil {
			return err
		}
	} else if public != 1 {
		return d.syntax("public identifier %d, which is not that of an ActiveSync document", public)
	}
	charset, err := d.integer()
	if err != nil {
		return err
	}
	switch charset {
	case charsetUTF8, charsetASCII, charsetUnknown:
	case charsetLatin1:
		d.latin1 = true
	default:
		return d.syntax("character set %d, which is not read", charset)
	}
	size, err := d.integer()
	if err != nil {
		return err
	}
	if d.lim.strict && (version != 0x03 || public != 1 || charset != charsetUTF8 || size != 0) {
		return d.syntax("header (version 1.%d, public identifier %d, character set %d, string table of %d bytes) that ActiveSync does not use", version, public, charset, size)
	}
	if int64(size) > int64(d.lim.stringTable) {
		return d.limit("string table", int64(d.lim.stringTable))
	}
	if err := d.need(int(size), "in the string table"); err != nil {
		return err
	}
	d.table = append(d.table[:0], d.buf[d.pos:d.pos+int(size)]...)
	d.pos += int(size)
	if public == 0 && publicIndex >= size {
		return d.syntax("public identifier at %d is outside of the string table of %d bytes", publicIndex, size)
	}
	return nil
}

// fillFirst waits for the first bytes of the document.
func (d *Decoder) fillFirst() error {
	for len(d.buf) < len(Header) {
		if err := d.fill(); err != nil {
			if len(d.buf) > 0 {
				return nil // the reader of the header says what is missing
			}
			if err == io.EOF {
				err = &SyntaxError{0, "empty document", io.EOF}
			}
			return d.fail(err)
		}
	}
	return nil
}

// attributes reads the attributes of an element or the content of a processing
// instruction up to its END, and drops them: ActiveSync defines neither, so that there is
// nothing they could mean.
func (d *Decoder) attributes(what string) error {
	if d.lim.strict {
		return d.syntax("%s, which ActiveSync does not use", what)
	}
	where := "in " + what
	for {
		if err := d.need(1, where); err != nil {
			return err
		}
		c := d.buf[d.pos]
		d.pos++
		var err error
		switch c {
		case globalEnd:
			return nil
		case globalSwitchPage: // of the attribute space, which is none of ours
			if err = d.need(1, where); err == nil {
				d.pos++
			}
		case globalStrI:
			_, err = d.inline()
		case globalOpaque:
			_, err = d.opaque()
		case globalEntity:
			_, err = d.entity()
		case globalStrT, globalLiteral:
			_, err = d.tableString()
		default:
			if c&0x3F <= globalLiteral {
				err = d.syntax("token 0x%02X in %s", c, what)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (d *Decoder) instruction() error { return d.attributes("a processing instruction") }

// appendInteger is the inverse of [Decoder.integer].
func appendInteger(b []byte, n uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			b = append(b, byte(n>>shift)&0x7F|0x80)
		}
	}
	return append(b, byte(n)&0x7F)
}

// readInteger reads what appendInteger writes, and returns the number of its bytes; 0 if b does
// not begin with a number of at most 32 bits in at most 5 bytes.
func readInteger(b []byte) (value uint32, n int) {
	var v uint64
	for i, c := range b[:min(len(b), 5)] {
		v = v<<7 | uint64(c&0x7F)
		if c&0x80 == 0 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v), i + 1
		}
	}
	return 0, 0
}

// appendHeader appends the start of a document whose root is on the given page.
func appendHeader(b []byte, page byte) []byte {
	b = append(b, Header...)
	if page != 0 {
		b = append(b, globalSwitchPage, page)
	}
	return b
}

// RootOf returns the root element of the document b without reading further. An empty
// document gives an error that matches [io.EOF].
func RootOf(b []byte) (Tag, error) {
	var d Decoder
	d.ResetBytes(b)
	t, err := d.ReadToken()
	return t.Tag, err
}
