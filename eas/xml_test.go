package eas_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// TestXML turns every recorded document into XML and back.
func TestXML(t *testing.T) {
	names, err := filepath.Glob("../internal/wbxml/testdata/golden/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	for _, name := range names {
		doc := captured(t, strings.TrimSuffix(filepath.Base(name), ".txt"))
		x, err := eas.ToXML(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := eas.FromXML(x)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := eas.ToXML(back)
		if err != nil || !bytes.Equal(x, again) {
			t.Errorf("%s: %v\n%s\nbecame\n%s", name, err, x, again)
		}
	}
}

func TestXMLErrors(t *testing.T) {
	t.Parallel()
	deep := append([]byte("\x03\x01\x6a\x00"), bytes.Repeat([]byte{0x45}, 90)...)
	deep = append(deep, bytes.Repeat([]byte{0x05}, 1<<20)...)
	deep = append(deep, bytes.Repeat([]byte{0x01}, 90)...)
	for _, tt := range []struct {
		name string
		doc  []byte
		want string
		is   error
	}{
		{"nothing", nil, "eas: ToXML: wbxml: empty document at offset 0", nil},
		{"cut", []byte("\x03\x01\x6a\x00\x45"), "eas: ToXML: wbxml: end of input inside the document at offset 5", nil},
		{"text", []byte("<html>"), "eas: ToXML: wbxml: version", nil},
		{"deep and long", deep, "eas: ToXML: eas: response too large: more than", eas.ErrTooLarge},
	} {
		if raced && len(tt.doc) > 1<<20 {
			continue // a minute with the race detector
		}
		if x, err := eas.ToXML(tt.doc); err == nil || !strings.HasPrefix(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %d bytes, error %v, want %s", tt.name, len(x), err, tt.want)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{"", "eas: FromXML: XML line 1, column 1: wbxml: encode"},
		{"<Sync>", "element Sync is in no namespace"},
		{`<Sync xmlns="AirSync">` + "\n  <Nothing/></Sync>", "XML line 2, column 13"},
		{`<Sync xmlns="AirSync" a="b"/>`, "attribute a of Sync"},
		{`<Sync xmlns="AirSync">`, "unexpected EOF"},
	} {
		if doc, err := eas.FromXML([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %x, error %v, want %s", tt.text, doc, err, tt.want)
		}
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<Sync xmlns="AirSync:"><SyncKey>1</SyncKey></Sync>`))
	f.Add([]byte("\x03\x01\x6a\x00\x45\x4b\x03\x31\x00\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if doc, err := eas.FromXML(b); err == nil {
			if _, err := eas.ToXML(doc); err != nil && !errors.Is(err, eas.ErrTooLarge) && !strings.Contains(err.Error(), "limit of") {
				t.Fatalf("%q became %x: %v", b, doc, err)
			}
		}
		if x, err := eas.ToXML(b); err == nil && len(x) > 1<<20+64*len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(x))
		}
	})
}

// What an item has that its type has no field for is in Other, as WBXML.
func ExampleToXML() {
	raw, err := eas.FromXML([]byte(`
		<ApplicationData xmlns="AirSync">
			<Subject xmlns="Notes">Shopping</Subject>
			<Colour xmlns="Notes">yellow</Colour>
		</ApplicationData>`))
	fmt.Println(err)

	raw, err = eas.FromXML([]byte(`
		<ApplicationData xmlns="AirSync">
			<Subject xmlns="Notes">Shopping</Subject>
			<_0x3F xmlns="Notes">yellow</_0x3F>
		</ApplicationData>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	item, err := eas.Decode(eas.ClassNotes, raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	note := item.(*eas.Note)
	fmt.Println(note.Subject)
	for _, other := range note.Other {
		x, err := eas.ToXML(other)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s", x)
	}
	// Output:
	// eas: FromXML: XML line 4, column 26: wbxml: encode AirSync:ApplicationData: "Notes:Colour" is on no code page
	// Shopping
	// <?xml version="1.0" encoding="utf-8"?>
	// <_0x3F xmlns="Notes">yellow</_0x3F>
}

// An item of a class that this package has no type for is built from XML.
func ExampleFromXML() {
	data, err := eas.FromXML([]byte(`<ApplicationData xmlns="AirSync"><Subject xmlns="Tasks">Call Bob</Subject></ApplicationData>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := eas.Encode(&eas.Unknown{ItemClass: eas.ClassTasks, Raw: data}, eas.Version161)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := eas.ToXML(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", x)
	// Output:
	// <?xml version="1.0" encoding="utf-8"?>
	// <ApplicationData xmlns="AirSync">
	//   <Subject xmlns="Tasks">Call Bob</Subject>
	// </ApplicationData>
}
