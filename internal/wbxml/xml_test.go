package wbxml_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/wbxml"
)

func TestXML(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"empty", "05", `<Sync xmlns="AirSync"/>`},
		{"content without any", "45 01", `<Sync xmlns="AirSync"></Sync>`},
		{"text", "4b 03 61 26 3c 3e 22 0d 0a 09 00 01", `<SyncKey xmlns="AirSync">a&amp;&lt;&gt;"&#xD;` + "\n\t" + `</SyncKey>`},
		{"namespaces", "45 00 11 4a 06 00 00 0b 01 00 11 08 01", `<Sync xmlns="AirSync"><Body xmlns="AirSyncBase"><Type/><SyncKey xmlns="AirSync"/></Body><AllOrNone xmlns="AirSyncBase"/></Sync>`},
		{"unknown", "45 3f 00 63 45 06 01 01", `<Sync xmlns="AirSync"><_0x3F/><_0x05 xmlns="0x63"><_0x06/></_0x05></Sync>`},
		{"opaque text", "4b c3 02 61 0d 01", `<SyncKey xmlns="AirSync"><?opaque?>a&#xD;</SyncKey>`},
		{"empty opaque", "4b c3 00 01", `<SyncKey xmlns="AirSync"><?opaque?></SyncKey>`},
		{"opaque bytes", "4b c3 02 00 ff 01", `<SyncKey xmlns="AirSync"><?opaque base64?>AP8=</SyncKey>`},
		{"opaque U+FFFF", "4b c3 03 ef bf bf 01", `<SyncKey xmlns="AirSync"><?opaque base64?>77+/</SyncKey>`},
		{"white space", "4b 03 20 00 01", `<SyncKey xmlns="AirSync"><?string?> </SyncKey>`},
		{"empty string", "4b 03 00 01", `<SyncKey xmlns="AirSync"><?string?></SyncKey>`},
		{"control character", "4b 03 01 00 01", `<SyncKey xmlns="AirSync"><?string base64?>AQ==</SyncKey>`},
		{"control character of a terminal", "4b 03 c2 9b 00 01", `<SyncKey xmlns="AirSync"><?string base64?>wps=</SyncKey>`},
		{"runs", "4b 03 61 00 c3 01 62 c3 01 63 03 64 00 03 65 00 01", `<SyncKey xmlns="AirSync">a<?opaque?>b<?opaque?>c<?string?>d<?string?>e</SyncKey>`},
		{"string in an element of bytes", "00 16 49 03 41 41 41 41 00 01", `<ConversationId xmlns="Email2"><?string?>AAAA</ConversationId>`},
		{"mixed", "45 0b 03 61 00 0b 01", `<Sync xmlns="AirSync"><SyncKey/><?string?>a<SyncKey/></Sync>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, indent := range []string{"", "\t"} {
				var x bytes.Buffer
				if err := wbxml.ToXML(&x, bytes.NewReader(document(tt.doc)), &wbxml.XMLOptions{Indent: indent}); err != nil {
					t.Fatal(err)
				}
				if want := xmlDeclaration + tt.want + "\n"; indent == "" && x.String() != want {
					t.Errorf("ToXML = %s, want %s", x.String(), want)
				}
				var b bytes.Buffer
				if err := wbxml.FromXML(&b, &x); err != nil || !bytes.Equal(b.Bytes(), document(tt.doc)) {
					t.Errorf("indent %q: FromXML = %x, %v, want %x", indent, b.Bytes(), err, document(tt.doc))
				}
			}
		})
	}
}

func TestToXMLOptions(t *testing.T) {
	doc := document("45 4b 03 30 00 01 5c 4f 10 01 01 0b 03 61 00 0b 01")
	var x strings.Builder
	if err := wbxml.ToXML(&x, bytes.NewReader(doc), &wbxml.XMLOptions{Indent: "  "}); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="utf-8"?>
<Sync xmlns="AirSync">
  <SyncKey>0</SyncKey>
  <Collections>
    <Collection>
      <Class/>
    </Collection>
  </Collections>
  <SyncKey/><?string?>a<SyncKey/></Sync>
`
	if x.String() != want {
		t.Errorf("indented:\n%s\nwant:\n%s", x.String(), want)
	}
	x.Reset()
	if err := wbxml.ToXML(&x, bytes.NewReader(document("4b c3 01 61 03 20 00 01")), &wbxml.XMLOptions{Plain: true}); err != nil {
		t.Fatal(err)
	}
	if want := xmlDeclaration + `<SyncKey xmlns="AirSync">a </SyncKey>` + "\n"; x.String() != want {
		t.Errorf("plain: %s, want %s", x.String(), want)
	}
	x.Reset()
	err := wbxml.ToXML(&x, bytes.NewReader(document("45 4b 03 30 00 01 40")), nil)
	if want := xmlDeclaration + `<Sync xmlns="AirSync"><SyncKey>0</SyncKey>` + "\n"; err == nil || x.String() != want {
		t.Errorf("faulty: %s, %v, want %s", x.String(), err, want)
	}
	if err := wbxml.ToXML(io.Discard, bytes.NewReader(document("45 3f 01")), &wbxml.XMLOptions{Decode: &wbxml.Options{Strict: true}}); err == nil {
		t.Error("strict: no error")
	}
	broken := errors.New("broken")
	if err := wbxml.ToXML(failing{broken}, bytes.NewReader(doc), nil); !errors.Is(err, broken) {
		t.Errorf("broken writer: error %v", err)
	}
}

// TestToXMLLong writes opaque data that is too long to be looked at.
func TestToXMLLong(t *testing.T) {
	data := bytes.Repeat([]byte("abc"), 1<<20)
	doc := append(document("4b c3"), wbxml.AppendInteger(nil, uint32(len(data)))...)
	doc = append(append(doc, data...), 0x01)
	var x strings.Builder
	if err := wbxml.ToXML(&x, bytes.NewReader(doc), nil); err != nil {
		t.Fatal(err)
	}
	want := xmlDeclaration + `<SyncKey xmlns="AirSync"><?opaque base64?>` + base64.StdEncoding.EncodeToString(data) + "</SyncKey>\n"
	if x.String() != want {
		t.Error("long opaque data is not base64")
	}
	if err := wbxml.ToXML(io.Discard, bytes.NewReader(doc[:2<<20]), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: error %v", err)
	}
	if err := wbxml.ToXML(io.Discard, bytes.NewReader(document("4b c3 90 80 80 80 00")), nil); err == nil {
		t.Error("a length of 33 bits: no error")
	}
}

func TestToXMLLiteral(t *testing.T) {
	doc := unhex("03 01 6a 0c 58 2d 61 00 31 2f 2e 00 e4 00 00 00 44 00 04 04 0b 01")
	var x strings.Builder
	if err := wbxml.ToXML(&x, bytes.NewReader(doc), nil); err != nil {
		t.Fatal(err)
	}
	if want := xmlDeclaration + `<X-a><_1_./><SyncKey xmlns="AirSync"/></X-a>` + "\n"; x.String() != want {
		t.Errorf("%s, want %s", x.String(), want)
	}
	if err := wbxml.FromXML(io.Discard, strings.NewReader(x.String())); err == nil || !strings.Contains(err.Error(), "X-a is in no namespace") {
		t.Errorf("FromXML: error %v", err)
	}
}

// TestFromXML reads XML as others write it.
func TestFromXML(t *testing.T) {
	for _, tt := range []struct{ name, xml, want string }{
		{"prefixes", `<Sync xmlns="AirSync" xmlns:b="AirSyncBase"><b:Body><b:Type>1</b:Type></b:Body></Sync>`, "45 00 11 4a 46 03 31 00 01 01 01"},
		{"colons", `<!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" "http://www.microsoft.com/"><FolderSync xmlns="FolderHierarchy:"><SyncKey>0</SyncKey></FolderSync>`, "00 07 56 52 03 30 00 01 01"},
		{"other names", `<Recurrence xmlns="Calendar"><Recurrence_Type>1</Recurrence_Type></Recurrence>`, "00 04 5b 5c 03 31 00 01 01"},
		{"namespace in other case", `<Phone xmlns="Gal:"/>`, "00 10 06"},
		{"white space and comments", "<Sync xmlns='AirSync'>\n  <!-- a --><SyncKey> 0 <!-- b --></SyncKey>\n  <Class>\n</Class></Sync>\n", "45 4b 03 20 30 20 00 01 50 01 01"},
		{"CDATA", `<SyncKey xmlns="AirSync"><![CDATA[<a>]]>b</SyncKey>`, "4b 03 3c 61 3e 62 00 01"},
		{"message", `<Mime xmlns="ComposeMail">To: a</Mime>`, "00 15 50 c3 05 54 6f 3a 20 61 01"},
		{"base64 of bytes", `<ConversationId xmlns="Email2"> AP 8= </ConversationId>`, "00 16 49 c3 02 00 ff 01"},
		{"other instructions", `<?a b?><Sync xmlns="AirSync"><?c?></Sync>`, "45 01"},
	} {
		var b bytes.Buffer
		if err := wbxml.FromXML(&b, strings.NewReader(tt.xml)); err != nil || !bytes.Equal(b.Bytes(), document(tt.want)) {
			t.Errorf("%s: %x, %v, want %s", tt.name, b.Bytes(), err, tt.want)
		}
	}
	for _, tt := range []struct{ name, xml, want string }{
		{"nothing", ``, "no element was written"},
		{"no namespace", `<Sync/>`, "line 1, column 8: wbxml: encode: element Sync is in no namespace"},
		{"unknown namespace", `<Sync xmlns="http://example.com"/>`, "is on no code page"},
		{"unknown element", `<Nothing xmlns="AirSync"/>`, "is on no code page"},
		{"token out of range", `<_0x40 xmlns="AirSync"/>`, "is on no code page"},
		{"attribute", `<Sync xmlns="AirSync" a="b"/>`, "attribute a of Sync"},
		{"not XML", `<Sync xmlns="AirSync"><SyncKey></Sync>`, "line 1"},
		{"cut short", `<Sync xmlns="AirSync">`, "unexpected EOF"},
		{"text outside", `a<Sync xmlns="AirSync"/>`, "text outside of the root element"},
		{"text after", `<Sync xmlns="AirSync"/><?string?>`, ""},
		{"two roots", `<Sync xmlns="AirSync"/><Sync xmlns="AirSync"/>`, "a second root"},
		{"bad base64", `<Sync xmlns="AirSync"><?opaque base64?>!</Sync>`, "illegal base64"},
		{"NUL", `<Sync xmlns="AirSync"><?string base64?>AA==</Sync>`, "text holds a NUL"},
		{"too deep", strings.Repeat(`<Sync xmlns="AirSync">`, 500), "more than 100 levels"},
		{"bad text before an instruction", `<Sync xmlns="AirSync"><?string base64?>!<?opaque?></Sync>`, "illegal base64"},
	} {
		err := wbxml.FromXML(io.Discard, strings.NewReader(tt.xml))
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}
