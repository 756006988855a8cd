package wbxml

import "fmt"

// A Kind says what a [Token] is.
type Kind uint8

const (
	KindStart  Kind = iota + 1 // an element begins
	KindEnd                    // the element that began last and has not ended, ends
	KindText                   // a string: inline, from the string table, or an entity
	KindOpaque                 // opaque data
)

// String returns the name of the kind in lower case, such as "start".
func (k Kind) String() string {
	switch k {
	case KindStart:
		return "start"
	case KindEnd:
		return "end"
	case KindText:
		return "text"
	case KindOpaque:
		return "opaque"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Token is one step through a document. Every start has its end, also the start of an
// element without content, which in the binary form is a single byte. Page switches,
// processing instructions and attributes are dealt with by the [Decoder] and the
// [Encoder] and are not tokens.
type Token struct {
	Kind Kind
	// Content is, for a start, whether the tag announces content: false for <X/>,
	// true for <X></X> and <X>…</X>. A program that does not care may ignore it.
	Content bool
	// Tag is the element of a start or an end.
	Tag Tag
	// Data is the value of a text, always in UTF-8, or of opaque data, as it was sent, or
	// the name of an element that starts and has a literal name in place of a tag. It is
	// valid until the next call of a method of the Decoder.
	Data []byte
}

// IsLiteral reports whether the token starts or ends an element that is named in the
// string table and not by a tag. ActiveSync does not use such elements.
func (t Token) IsLiteral() bool {
	return (t.Kind == KindStart || t.Kind == KindEnd) && t.Tag.Token() == globalLiteral
}

// String returns a short description for logs and tests. It does not show Data, which may
// be private.
func (t Token) String() string {
	switch t.Kind {
	case KindStart, KindEnd:
		return fmt.Sprintf("%v %v", t.Kind, t.Tag)
	case KindText, KindOpaque:
		return fmt.Sprintf("%v of %d bytes", t.Kind, len(t.Data))
	}
	return t.Kind.String()
}

// The global tokens of WBXML 1.3, section 7.1: they mean the same on every code page.
const (
	globalSwitchPage = 0x00
	globalEnd        = 0x01
	globalEntity     = 0x02
	globalStrI       = 0x03
	globalLiteral    = 0x04
	globalExtI0      = 0x40 // to 0x42: an inline string follows
	globalPI         = 0x43
	globalLiteralC   = 0x44
	globalExtT0      = 0x80 // to 0x82: an integer follows
	globalStrT       = 0x83
	globalLiteralA   = 0x84
	globalExt0       = 0xC0 // to 0xC2: nothing follows
	globalOpaque     = 0xC3
	globalLiteralAC  = 0xC4
)

// The bits of a tag byte.
const (
	bitContent    = 0x40
	bitAttributes = 0x80
)
