package wbxml

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"unicode/utf8"
)

// XMLOptions change what [ToXML] writes. Nil stands for the zero value.
type XMLOptions struct {
	// Indent is written once per level before each element that stands on a line of its
	// own. If empty, the document is one line.
	Indent string
	// Plain leaves out the processing instructions that say which text was opaque data.
	// The XML can then no longer be turned into the same document.
	Plain bool
	// Decode are the options for reading the binary document.
	Decode *Options
}

// maxXMLText is the length up to which opaque data is looked at whether it is text. What
// is longer is written as base64 piece by piece.
const maxXMLText = 1 << 20

// The processing instructions that stand before text; [ToXML] says what they mean.
const (
	piOpaque       = "<?opaque?>"
	piOpaqueBase64 = "<?opaque base64?>"
	piString       = "<?string?>"
	piStringBase64 = "<?string base64?>"
)

// ToXML reads a binary document from r and writes it to w as XML in UTF-8. Elements have
// the names of the code pages as namespaces: <Sync xmlns="AirSync">. What XML cannot say
// by itself is said in this way:
//
//   - An unknown element is <_0x2A>, an unknown page xmlns="0x1A".
//   - <?opaque?> before text says that it is opaque data, <?opaque base64?> that it is
//     opaque data in base64.
//   - <?string?> before text says that it is a string where that is not clear: it is
//     nothing but white space, follows other content or stands in an element of bytes.
//     <?string base64?> says that the string holds characters that XML does not allow.
//   - An element whose tag announces content and has none is <X></X>, without that <X/>.
//   - An element with a literal name is in no namespace.
//
// [FromXML] turns this into the same document again, except for literal names. When the
// document is faulty, what was read before the fault is written before the error returns.
func ToXML(w io.Writer, r io.Reader, o *XMLOptions) error {
	if o == nil {
		o = &XMLOptions{}
	}
	x := &xmlWriter{w: bufio.NewWriter(w), o: o, d: o.Decode.NewDecoder(r)}
	err := x.document()
	x.w.WriteByte('\n')
	if flushErr := x.w.Flush(); err == nil {
		err = flushErr
	}
	return err
}

type xmlWriter struct {
	w    *bufio.Writer
	o    *XMLOptions
	d    *Decoder
	open []xmlElement
}

// An xmlElement is an element that has started and not ended.
type xmlElement struct {
	namespace, name string
	content         bool // announced by the tag
	bytes           bool // text in it is taken for opaque data
	started         bool // the start tag is complete
	text, children  bool // met so far
}

func (x *xmlWriter) document() error {
	x.w.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	if x.o.Indent == "" {
		x.w.WriteByte('\n')
	}
	for {
		if done, err := x.opaque(); err != nil {
			return err
		} else if done {
			continue
		}
		t, err := x.d.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t.Kind {
		case KindStart:
			x.start(t)
		case KindEnd:
			x.end()
		case KindText:
			x.string(t.Data)
		case KindOpaque:
			x.data(t.Data)
		}
	}
}

func (x *xmlWriter) start(t Token) {
	e := xmlElement{namespace: t.Tag.Namespace(), name: t.Tag.Name(), content: t.Content, bytes: t.Tag.Bytes()}
	if t.IsLiteral() {
		e.namespace, e.name = "", xmlName(t.Data)
	} else if !t.Tag.Known() {
		e.name = "_" + e.name
	}
	outer := ""
	if n := len(x.open); n > 0 {
		p := &x.open[n-1]
		outer = p.namespace
		x.complete(p)
		p.children = true
		if !p.text {
			x.line(n)
		}
	} else {
		x.line(0)
	}
	x.w.WriteByte('<')
	x.w.WriteString(e.name)
	if e.namespace != outer {
		x.w.WriteString(` xmlns="`)
		x.w.WriteString(e.namespace)
		x.w.WriteByte('"')
	}
	x.open = append(x.open, e)
}

// complete writes the end of a start tag.
func (x *xmlWriter) complete(e *xmlElement) {
	if !e.started {
		e.started = true
		x.w.WriteByte('>')
	}
}

func (x *xmlWriter) line(depth int) {
	if x.o.Indent == "" {
		return
	}
	x.w.WriteByte('\n')
	for range depth {
		x.w.WriteString(x.o.Indent)
	}
}

func (x *xmlWriter) end() {
	n := len(x.open) - 1
	e := x.open[n]
	x.open = x.open[:n]
	if !e.started && !e.content {
		x.w.WriteString("/>")
		return
	}
	x.complete(&e)
	if e.children && !e.text {
		x.line(n)
	}
	x.w.WriteString("</")
	x.w.WriteString(e.name)
	x.w.WriteByte('>')
}

// run begins a text and writes the instruction for it, if it needs one.
func (x *xmlWriter) run(pi string, needed bool) {
	e := &x.open[len(x.open)-1]
	x.complete(e)
	if needed && !x.o.Plain {
		x.w.WriteString(pi)
	}
	e.text = true
}

func (x *xmlWriter) string(b []byte) {
	if !isXMLText(b) {
		x.run(piStringBase64, true)
		x.base64(b)
		return
	}
	e := &x.open[len(x.open)-1]
	x.run(piString, isSpace(b) || e.children || e.text || e.bytes)
	x.escape(b)
}

func (x *xmlWriter) data(b []byte) {
	if !isXMLText(b) {
		x.run(piOpaqueBase64, true)
		x.base64(b)
		return
	}
	x.run(piOpaque, true)
	x.escape(b)
}

// opaque writes opaque data that is too long to look at, if that comes next.
func (x *xmlWriter) opaque() (bool, error) {
	size, ok, err := x.d.peekOpaque()
	if err != nil || !ok || size <= maxXMLText {
		return false, err
	}
	x.run(piOpaqueBase64, true)
	enc := base64.NewEncoder(base64.StdEncoding, x.w)
	if _, _, err := x.d.copyRun(enc); err != nil {
		return false, err
	}
	return true, enc.Close()
}

func (x *xmlWriter) base64(b []byte) {
	enc := base64.NewEncoder(base64.StdEncoding, x.w)
	enc.Write(b) // a bufio.Writer keeps its error for Flush
	enc.Close()
}

func (x *xmlWriter) escape(b []byte) {
	from := 0
	for i, c := range b {
		var s string
		switch c {
		case '&':
			s = "&amp;"
		case '<':
			s = "&lt;"
		case '>':
			s = "&gt;"
		case '\r': // XML reads a bare one as a line feed
			s = "&#xD;"
		default:
			continue
		}
		x.w.Write(b[from:i])
		x.w.WriteString(s)
		from = i + 1
	}
	x.w.Write(b[from:])
}

// isSpace reports whether b is nothing but what XML calls white space.
func isSpace(b []byte) bool { return len(bytes.Trim(b, " \t\r\n")) == 0 }

// isXMLText reports whether b is UTF-8 of characters that XML 1.0 allows, other than DEL
// and the controls above it, which it discourages and a terminal may obey.
func isXMLText(b []byte) bool {
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || r <= 0x9F || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		i += n
	}
	return true
}

// xmlName makes an XML name of a literal one: every byte that is not an ASCII letter or
// digit, '-' or '.' becomes '_', and the first is a letter or '_'.
func xmlName(b []byte) string {
	name := []byte("_")
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if (c < '0' || c > '9') && c != '-' && c != '.' {
				c = '_'
			}
		}
		name = append(name, c)
	}
	if c := b[:min(1, len(b))]; len(c) == 1 && (c[0]|0x20 >= 'a' && c[0]|0x20 <= 'z') {
		return string(name[1:])
	}
	return string(name)
}
