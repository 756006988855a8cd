package wbxml

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func fastDoc(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return append([]byte(Header), b...)
}

// What can be skipped without a look at each token is, and leaves the decoder where the slow way
// leaves it.
func TestSkipIsFast(t *testing.T) {
	switches := func(n int) string { return strings.Repeat("00 00 ", n) }
	for _, tt := range []struct {
		name, body string
		o          *Options
		fast       bool
	}{
		{"nothing", "47 01", nil, true}, {"empty elements", "47 05 06 01", nil, true}, {"a string", "47 4b 03 61 62 00 01 01", nil, true}, {"an empty string", "47 4b 03 00 01 01", nil, true},
		{"two strings", "47 4b 03 61 00 03 62 00 01 01", nil, true}, {"a string and an element", "47 4b 03 61 00 05 01 01", nil, true}, {"text of the root", "47 03 61 00 01", nil, true}, {"opaque data", "47 4b c3 02 00 01 01 01", nil, true},
		{"empty opaque data", "47 4b c3 00 01 01", nil, true}, {"a byte of opaque data", "47 4b c3 01 05 01 01", nil, true}, {"a long length", "47 4b c3 80 01 05 01 01", nil, true}, {"another page", "47 00 02 56 03 61 00 01 01", nil, true},
		{"a page within", "47 4b 00 02 05 01 00 00 05 01", nil, true}, {"16 switches", "47" + switches(16) + "05 01", nil, true}, {"17 switches", "47" + switches(17) + "05 01", nil, false},
		{"16 switches twice", "47" + switches(16) + "05" + switches(16) + "05 01", nil, true}, {"switches between strings", "47" + strings.Repeat("4b 03 61 00 01 00 00", 20) + "01", nil, true}, {"switches between ends", "47" + strings.Repeat("4b 05 01 00 00", 20) + "01", nil, true},
		{"switches between opaque data", "47" + strings.Repeat("c3 01 61 00 00", 20) + "01", nil, true}, {"switches between empty elements", "47" + strings.Repeat("05 00 00", 20) + "01", nil, true}, {"switches between texts", "47" + strings.Repeat("03 61 00 00 00", 20) + "01", nil, true},
		{"an entity", "47 02 41 01", nil, false}, {"attributes", "47 85 01 01", nil, false}, {"a literal", "47 04 00 01", nil, false}, {"an instruction", "47 43 05 01 01", nil, false},
		{"cut", "47 05", nil, false}, {"cut in a string", "47 4b 03 61", nil, false}, {"cut in an outer string", "47 03 61", nil, false}, {"cut before an end", "47 4b 03 61 00", nil, false}, {"cut in opaque data", "47 c3 03 61 62 01", nil, false}, {"cut in a length", "47 c3 80", nil, false},
		{"cut after a length", "47 c3", nil, false}, {"cut in a switch", "47 00", nil, false}, {"a length of 33 bits", "47 c3 90 80 80 80 00 01", nil, false}, {"a length of six bytes", "47 c3 80 80 80 80 80 01 61 01", nil, false},
		{"data at the limit", "47 4b 03 61 62 00 01 01", &Options{MaxData: 2}, true}, {"data beyond", "47 4b 03 61 62 63 00 01 01", &Options{MaxData: 2}, false}, {"outer data at the limit", "47 03 61 62 00 01", &Options{MaxData: 2}, true}, {"outer data beyond", "47 03 61 62 63 00 01", &Options{MaxData: 2}, false},
		{"opaque data at the limit", "47 c3 02 61 62 01", &Options{MaxData: 2}, true}, {"opaque data beyond", "47 c3 03 61 62 63 01", &Options{MaxData: 2}, false}, {"elements at the limit", "47 05 05 01", &Options{MaxElements: 3}, true}, {"elements beyond", "47 05 05 05 01", &Options{MaxElements: 3}, false},
		{"depth at the limit", "47 45 05 01 01", &Options{MaxDepth: 3}, true}, {"depth beyond", "47 45 45 05 01 01 01", &Options{MaxDepth: 3}, false},
	} {
		doc := fastDoc(tt.body)
		open := func() *Decoder {
			d := tt.o.NewDecoder(nil)
			d.ResetBytes(doc)
			if _, err := d.ReadToken(); err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := open()
		if got := d.skip(); got != tt.fast {
			t.Errorf("%s: skipped %v", tt.name, got)
			continue
		}
		slow := open()
		var err error
		for depth := len(slow.stack); err == nil && len(slow.stack) >= depth; {
			_, err = slow.ReadToken()
		}
		if err != nil || !tt.fast {
			if fresh := open(); !tt.fast && (d.pos != fresh.pos || d.page != fresh.page || d.elements != fresh.elements || len(d.stack) != len(fresh.stack)) {
				t.Errorf("%s: what was not skipped has moved", tt.name)
			}
			if tt.fast {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if d.pos != slow.pos || d.page != slow.page || d.elements != slow.elements || d.state != slow.state || len(d.stack) != len(slow.stack) {
			t.Errorf("%s: at %d, page %d, %d elements, state %d; want %d, %d, %d, %d", tt.name, d.pos, d.page, d.elements, d.state, slow.pos, slow.page, slow.elements, slow.state)
		}
	}
}

// The text of an element that is all in the buffer is not copied.
func TestTextIsNotCopied(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		o          *Options
		same       bool
		want       string
	}{
		{"a string", "47 03 61 62 00 01", nil, true, "ab"}, {"an empty string", "47 03 00 01", nil, false, ""}, {"at the limit", "47 03 61 62 00 01", &Options{MaxData: 2}, true, "ab"}, {"opaque", "47 c3 02 61 62 01", nil, true, "ab"},
		{"two", "47 03 61 00 03 62 00 01", nil, false, "ab"}, {"cut behind", "47 03 61 62 00", nil, false, ""}, {"not UTF-8", "47 03 61 e4 00 01", nil, false, "a\uFFFD"},
	} {
		d := tt.o.NewDecoder(nil)
		doc := fastDoc(tt.body)
		d.ResetBytes(doc)
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
		b, err := d.ReadText()
		same := len(b) > 0 && unsafe.Pointer(&b[0]) == unsafe.Pointer(&doc[len(doc)-len(b)-map[bool]int{true: 1, false: 2}[tt.name == "opaque"]])
		if err == nil && (string(b) != tt.want || same != tt.same) || (err != nil) != (tt.name == "cut behind") {
			t.Errorf("%s: %q, %v, in place %v", tt.name, b, err, same)
		}
		if same && cap(b) != len(b) {
			t.Errorf("%s: room for %d bytes more", tt.name, cap(b)-len(b))
		}
	}
}

// What leaves reads is read to where it says, and no further.
func TestLeaves(t *testing.T) {
	type leaf struct {
		_    struct{} `wbxml:"AirSync:Add"`
		Text string   `wbxml:"AirSync:SyncKey"`
		Ptr  *string  `wbxml:"AirSync:ClientId"`
		Int  int      `wbxml:"AirSync:Status"`
		Raw  Raw      `wbxml:"AirSync:ApplicationData"`
		Mail string   `wbxml:"Email:To"`
	}
	p, err := planOf(reflect.TypeFor[leaf]())
	if err != nil {
		t.Fatal(err)
	}
	long := func(n int) string { return strings.Repeat("61", n) }
	for _, tt := range []struct {
		name, body, rest string
		o                *Options
	}{
		{"nothing", "", "01", nil}, {"a string", "4b 03 61 00 01", "01", nil}, {"an empty string", "4b 03 00 01", "01", nil}, {"a number", "4e 03 31 00 01", "01", nil}, {"a pointer", "4c 03 61 00 01", "01", nil}, {"another page", "00 02 56 03 61 00 01", "01", nil},
		{"two", "4b 03 61 00 01 4e 03 31 00 01", "01", nil}, {"opaque", "4b c3 02 61 62 01", "01", nil}, {"opaque of 127", "4b c3 7f" + long(127) + "01", "01", nil}, {"opaque of 128", "", "4b c3 81 00" + long(128) + "01 01", nil}, {"empty opaque", "4b c3 00 01", "01", nil},
		{"a Raw", "4b 03 61 00 01", "5d 05 01 01", nil}, {"an empty element", "4b 03 61 00 01", "0e 01", nil}, {"no field", "4b 03 61 00 01", "50 03 61 00 01 01", nil}, {"a string and more", "", "4b 03 61 00 03 62 00 01 01", nil}, {"an entity", "", "4b 02 41 01 01", nil},
		{"attributes", "", "cb 01 03 61 00 01 01", nil}, {"not UTF-8", "", "4b 03 e4 00 01 01", nil}, {"two switches", "", "00 00 00 02 56 03 61 00 01 01", nil}, {"at the limit of data", "4b 03 61 62 00 01", "01", &Options{MaxData: 2}}, {"beyond it", "", "4b 03 61 62 63 00 01 01", &Options{MaxData: 2}},
		{"opaque at the limit", "4b c3 02 61 62 01", "01", &Options{MaxData: 2}}, {"at the limit of elements", "4b 03 61 00 01 4b 03 61 00 01", "4b 03 61 00 01 01", &Options{MaxElements: 3}}, {"at the limit of depth", "", "4b 03 61 00 01 01", &Options{MaxDepth: 1}},
		{"strict", "", "4b 03 61 00 01 01", &Options{Strict: true}},
		{"cut in a string", "", "4b 03 61", nil}, {"cut before the end", "", "4b 03 61 00", nil}, {"cut after a tag", "", "4b", nil}, {"cut after two bytes", "", "4b 03", nil}, {"cut in a switch", "", "00", nil}, {"cut after a switch", "", "00 02", nil}, {"cut in opaque data", "", "4b c3 02 61", nil}, {"cut before a length", "", "4b c3", nil},
		{"cut behind a leaf", "4b 03 61 00 01", "", nil}, {"cut behind opaque data", "", "4b c3 01 61", nil},
	} {
		u := new(unmarshaler)
		u.setOptions(tt.o)
		doc := fastDoc("47" + tt.body + tt.rest)
		u.dec.ResetBytes(doc)
		if _, err := u.dec.ReadToken(); err != nil {
			t.Fatal(err)
		}
		v := new(leaf)
		if err := u.leaves(p, unsafe.Pointer(v)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if rest := doc[u.dec.pos:]; !bytes.Equal(rest, fastDoc(tt.rest)[len(Header):]) {
			t.Errorf("%s: %x is left, want %s", tt.name, rest, tt.rest)
		}
	}
}

// The ways in which Marshal and Unmarshal name elements that are on no code page.
func TestParseTag(t *testing.T) {
	for s, want := range map[string]string{
		"AirSync:Sync": "5", "Email:To": "216", "AirSync:0x3F": "3f", "AirSync:0x05": "5", "0x1A:0x3E": "1a3e", "0x00:0x05": "5", "0xFF:0x3F": "ff3f", "0xff:0x3f": "ff3f",
		"0x1A:0x04": "", "0x1A:0x40": "", "0x1A:0x1": "", "0x1A:0x001": "", "0x1A:3E": "", "1A:0x3E": "", "0x1G:0x3E": "", "0x1A:0x3G": "", "Nothing:0x3E": "", "AirSync:Nothing": "", "Nothing:Sync": "", "AirSync": "", "": "", ":": "", "0x1A:": "", ":0x3E": "",
	} {
		tag, err := parseTag(s)
		got := ""
		if err == nil {
			got = fmt.Sprintf("%x", uint16(tag))
		}
		if got != want {
			t.Errorf("parseTag(%q) = %s, %v, want %s", s, got, err, want)
		}
	}
}

// What is text in XML, and a name.
func TestXMLCharacters(t *testing.T) {
	for r := rune(0); r < 0x11000; r++ {
		if r >= 0xD800 && r < 0xE000 {
			continue
		}
		want := r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r < 0x7F || r > 0x9F && r != 0xFFFE && r != 0xFFFF
		for _, around := range []string{"", "a", "ab"} {
			if got := isXMLText([]byte(around + string(r) + around)); got != want {
				t.Fatalf("%U within %q: text %v", r, around, got)
			}
		}
	}
	if isXMLText([]byte("a\xff")) || !isXMLText([]byte("\uFFFD")) || !isXMLText(nil) || isXMLText([]byte("\xe4b")) {
		t.Error("what is not UTF-8")
	}
	for c := range 256 {
		b := byte(c)
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		plain := letter || b >= '0' && b <= '9' || b == '-' || b == '.'
		want := "_"
		if plain {
			want = string(b)
		}
		if got := xmlName([]byte{'x', b}); got != "x"+want {
			t.Errorf("xmlName(x%q) = %s", b, got)
		}
		if !letter {
			want = "_" + want
		}
		if got := xmlName([]byte{b}); got != want {
			t.Errorf("xmlName(%q) = %s, want %s", b, got, want)
		}
	}
	if got := xmlName(nil); got != "_" {
		t.Errorf("xmlName(nil) = %s", got)
	}
	for text, want := range map[string]bool{"": true, " \t\r\n": true, "x": false, " x ": false, "\v": false} {
		if isSpace([]byte(text)) != want {
			t.Errorf("%q is space: %v", text, !want)
		}
	}
}

// A struct has 255 elements at most.
func TestElementsOfAStruct(t *testing.T) {
	for n, ok := range map[int]bool{254: true, 255: true, 256: false} {
		fields := []reflect.StructField{}
		for i := range n {
			fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(fmt.Sprintf(`wbxml:"0x%02X:0x%02X"`, 0x40+i/50, 5+i%50))})
		}
		p, err := planOf(reflect.StructOf(fields))
		if (err == nil) != ok || err != nil && !errors.As(err, new(*TypeError)) {
			t.Errorf("%d elements: %v", n, err)
		}
		if err == nil {
			for i := range n {
				tag := MakeTag(byte(0x40+i/50), byte(5+i%50))
				if f := p.lookup(tag); f == nil || f.name != fmt.Sprint("F", i) || int(p.byTagIndex(f)) != i {
					t.Errorf("%d elements: %v is that of %v", n, tag, f)
				}
			}
		}
	}
}

// A Raw is read of the element that has just started, and of no other.
func TestReadRawMisused(t *testing.T) {
	doc := fastDoc("47 4b 03 61 00 01 05 01")
	for _, tt := range []struct {
		name   string
		tokens int
		start  Token
		ok     bool
	}{
		{"before the root", 0, Token{Kind: KindStart, Tag: AirSyncAdd, Content: true}, false}, {"the root", 1, Token{Kind: KindStart, Tag: AirSyncAdd, Content: true}, true}, {"a child", 2, Token{Kind: KindStart, Tag: AirSyncSyncKey, Content: true}, true},
		{"another", 2, Token{Kind: KindStart, Tag: AirSyncAdd, Content: true}, false}, {"no start", 2, Token{Kind: KindEnd, Tag: AirSyncSyncKey}, false}, {"text", 2, Token{Kind: KindText, Tag: AirSyncSyncKey}, false}, {"at the end", 99, Token{Kind: KindStart, Tag: AirSyncAdd}, false}, {"the zero Token", 1, Token{}, false},
	} {
		var d Decoder
		d.ResetBytes(doc)
		for range tt.tokens {
			if _, err := d.ReadToken(); err == io.EOF {
				break
			}
		}
		raw, err := d.ReadRaw(tt.start)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, errNotStarted) {
			t.Errorf("%s: %x, %v", tt.name, raw, err)
		}
	}
}

// Each part of a batch has its own way with what is odd.
func TestOddOfParts(t *testing.T) {
	type part struct {
		_      struct{} `wbxml:"AirSync:Add"`
		Status int      `wbxml:"AirSync:Status"`
	}
	b := NewBatch(nil, make([]byte, 100))
	bad := Raw(fastDoc("47 4e 03 78 00 01 01"))
	for i, odd := range []bool{true, false, true} {
		noted := ""
		var f func(Tag, []byte)
		if odd {
			f = func(tag Tag, text []byte) { noted += fmt.Sprint(tag, string(text)) }
		}
		err := b.Unmarshal(bytes.Clone(bad), new(part), f)
		if (err == nil) != odd || (noted == "AirSync:Statusx") != odd {
			t.Errorf("part %d: %v, noted %q", i, err, noted)
		}
	}
	var whole part
	with := NewBatch(&Options{Odd: func(Tag, []byte) {}, OddNumber: func(Tag) (int64, bool) { return -1, true }}, bytes.Clone(bad))
	if err := with.Document(&whole); err != nil || whole.Status != -1 {
		t.Errorf("the document: %+v, %v", whole, err)
	}
	if err := with.Unmarshal(bytes.Clone(bad), &whole, func(Tag, []byte) {}); err != nil || whole.Status != 0 {
		t.Errorf("a part: %+v, %v; only the document has numbers for what is odd", whole, err)
	}
}

// Short strings share a block, the last of middle length is kept, and what is longer is its own.
func TestStringsShare(t *testing.T) {
	var a arena
	at := func(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }
	for n, kept := range map[int]bool{1: false, 128: false, 129: true, 256: true, 257: false} {
		text := bytes.Repeat([]byte("x"), n)
		first, second := a.string(text), a.string(text)
		if first != string(text) || second != first || (at(first) == at(second)) != kept {
			t.Errorf("%d bytes: the same %v", n, at(first) == at(second))
		}
		other := bytes.Repeat([]byte("y"), n)
		if a.string(other) != string(other) || first != string(text) {
			t.Errorf("%d bytes: another text changed the first", n)
		}
	}
	a = arena{}
	one, two := a.string([]byte("one")), a.string([]byte("two"))
	if at(two) != unsafe.Add(at(one), 3) || a.string(nil) != "" {
		t.Error("short strings do not share a block")
	}
	for _, n := range []int{0, 1, 64, 128, 129, 4096} {
		data := bytes.Repeat([]byte{7}, n)
		b := a.bytes(data)
		if !bytes.Equal(b, data) || b == nil || cap(b) != n {
			t.Errorf("%d bytes became %d with room for %d", n, len(b), cap(b))
		}
		if c := a.bytes(data); n > 0 && &c[0] == &b[0] {
			t.Errorf("%d bytes are shared", n)
		}
	}
}
