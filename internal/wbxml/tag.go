package wbxml

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./gen

// Header begins every document this package writes: version 1.3, public identifier 1
// (unknown), character set 106 (UTF-8), string table of length 0 ([MS-ASWBXML] 2.1.1).
const Header = "\x03\x01\x6a\x00"

// A Tag is an element name in its binary form: the code page in the high byte, the token
// (0x05 to 0x3F) in the low byte. Every value is usable; [Tag.Known] tells whether the
// table of code pages holds it.
type Tag uint16

// MakeTag returns the tag with the given token on the given code page. The content and
// attribute bits (0x40, 0x80) of token are dropped.
func MakeTag(page, token byte) Tag { return Tag(page)<<8 | Tag(token&0x3F) }

// An element is one token of the table.
type element struct {
	name        string
	first, last uint8 // index in versions
	flags       uint8
}

const (
	flagBytes  = 1 << iota // a byte array, written as OPAQUE
	flagLegacy             // not listed by [MS-ASWBXML] 22.2
)

// An alias is the name of a tag in another implementation.
type alias struct {
	name string
	tag  Tag
}

var versions = [...]string{"", "2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"}

func (t Tag) element() *element {
	if p := t.Page(); int(p) < pages {
		return &elements[p][t&0x3F]
	}
	return nil
}

// Page returns the code page.
func (t Tag) Page() byte { return byte(t >> 8) }

// Token returns the token within the code page.
func (t Tag) Token() byte { return byte(t) }

// Known reports whether the table of code pages holds the tag.
func (t Tag) Known() bool {
	e := t.element()
	return e != nil && e.name != ""
}

// Name returns the name of the element without its namespace, such as "SyncKey", or the
// token as "0x2A" when the tag is not known.
func (t Tag) Name() string {
	if e := t.element(); e != nil && e.name != "" {
		return e.name
	}
	return fmt.Sprintf("0x%02X", t.Token())
}

// Namespace returns the name of the code page, such as "AirSync", or its number as "0x1A"
// when the page is not known.
func (t Tag) Namespace() string {
	if p := t.Page(); int(p) < pages {
		return namespaces[p]
	}
	return fmt.Sprintf("0x%02X", t.Page())
}

// String returns namespace and name, such as "AirSync:SyncKey"; for a tag that is not
// known the token, and the page if need be, stand as numbers: "AirSync:0x3F", "0x1A:0x05".
func (t Tag) String() string { return t.Namespace() + ":" + t.Name() }

// Versions returns the first and the last protocol version that defines the tag, such as
// "2.5" and "16.1"; both are empty for a tag that is unknown or [Tag.Legacy].
func (t Tag) Versions() (first, last string) {
	if e := t.element(); e != nil {
		return versions[e.first], versions[e.last]
	}
	return "", ""
}

// Legacy reports whether the tag is one that the current specification no longer lists
// and that is kept for reading old documents.
func (t Tag) Legacy() bool {
	e := t.element()
	return e != nil && e.flags&flagLegacy != 0
}

// Bytes reports whether the content of the element is a byte array, which has to be
// written as opaque data; all other content is written as inline strings ([MS-ASDTYPE]
// 2.7.1). A reader accepts both forms for every element.
func (t Tag) Bytes() bool {
	e := t.element()
	return e != nil && e.flags&flagBytes != 0
}

type tables struct {
	byName  map[string]Tag // "AirSync:SyncKey"
	byAlias map[string]Tag
	page    map[string]byte
}

var lookup = sync.OnceValue(func() *tables {
	t := &tables{map[string]Tag{}, map[string]Tag{}, map[string]byte{}}
	for p := range elements {
		t.page[namespaces[p]] = byte(p)
		for token := range elements[p] {
			if tag := MakeTag(byte(p), byte(token)); tag.Known() {
				t.byName[tag.String()] = tag
			}
		}
	}
	for _, a := range aliases {
		t.byAlias[a.tag.Namespace()+":"+a.name] = a.tag
	}
	return t
})

// Lookup returns the tag of the element with the given namespace and name, as [Tag.Namespace]
// and [Tag.Name] return them. Names are case-sensitive.
func Lookup(namespace, name string) (Tag, bool) {
	t, ok := lookup().byName[namespace+":"+name]
	return t, ok
}

// parseTag is the inverse of [Tag.String] for known and unknown tags.
func parseTag(s string) (Tag, error) {
	ns, name, ok := strings.Cut(s, ":")
	if !ok {
		return 0, fmt.Errorf("%q is not of the form Namespace:Element", s)
	}
	if t, ok := Lookup(ns, name); ok {
		return t, nil
	}
	page, ok := lookup().page[ns]
	if n, isNumber := parseHex(ns); !ok && isNumber {
		page, ok = n, true
	}
	token, isNumber := parseHex(name)
	if !ok || !isNumber || token < 0x05 || token > 0x3F {
		return 0, fmt.Errorf("%q is on no code page", s)
	}
	return MakeTag(page, token), nil
}

// parseHex reads a number as [Tag.Name] prints it.
func parseHex(s string) (byte, bool) {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok || len(digits) != 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 8)
	return byte(n), err == nil
}
