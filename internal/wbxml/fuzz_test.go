package wbxml_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// seed adds every document of the tests to the corpus.
func seed(f *testing.F) {
	for _, g := range readGoldens(f) {
		f.Add(g.binary)
	}
	for _, c := range cases {
		f.Add(c.doc)
	}
	for _, doc := range crashers {
		f.Add(doc)
	}
}

// crashers have the forms that are known to have crashed other readers of WBXML.
var crashers = [][]byte{
	document("c5 c3 8f ff ff ff 7f"),
	unhex("03 00 8f ff ff ff 7f 6a 00 05"),
	append(document(""), bytes.Repeat([]byte{0x45}, 300)...),
	document("84 00 04 c3 01"),
}

func TestS132CrashersOfOthers(t *testing.T) {
	for _, doc := range crashers {
		for _, strict := range []bool{false, true} {
			o := &wbxml.Options{Strict: strict}
			if got, err := describeBytes(doc, o); err == nil {
				t.Errorf("%.20x, strict %v: %s, want an error", doc, strict, got)
			}
			if err := o.Unmarshal(doc, new(syncResponse)); err == nil {
				t.Errorf("%.20x, strict %v: Unmarshal succeeded", doc, strict)
			}
		}
	}
}

// fuzzOptions keep what a document may take small, so that a fault is seen.
var fuzzOptions = &wbxml.Options{MaxElements: 10_000, MaxData: 1 << 16, MaxMemory: 1 << 20}

// FuzzDecode reads anything in every way. No way panics; the ways agree whether the
// document is good.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err := describeBytes(b, fuzzOptions)
		pieces, pieceErr := describe(fuzzOptions.NewDecoder(oneByOne{bytes.NewReader(b)}))
		if whole != pieces || (err == nil) != (pieceErr == nil) {
			t.Fatalf("bytes: %s, %v; reader: %s, %v", whole, err, pieces, pieceErr)
		}
		strict := *fuzzOptions
		strict.Strict = true
		if _, strictErr := describeBytes(b, &strict); strictErr == nil && err != nil {
			t.Fatalf("strict mode accepts what the default mode refuses: %v", err)
		}
		for _, o := range []*wbxml.Options{fuzzOptions, &strict} {
			o.Unmarshal(b, new(syncResponse))
			o.Unmarshal(b, new(scalars))
			o.Unmarshal(b, new(mail))
		}
		d := fuzzOptions.NewDecoder(bytes.NewReader(b))
		if _, rootErr := d.ReadToken(); rootErr == nil {
			if skipErr := d.SkipElement(); err == nil && skipErr != nil {
				t.Fatalf("SkipElement: %v", skipErr)
			}
		}
	})
}

type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// FuzzS130RoundTrip writes what it has read. The first copy may differ from the document, as
// there are several forms of the same thing, but copies of the copy do not, and nothing
// that is read from them differs.
func FuzzS130RoundTrip(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before, err := describeBytes(b, fuzzOptions)
		if err != nil {
			return
		}
		once, ok := rewrite(t, b)
		if !ok {
			return // a literal element, which is not written
		}
		after, err := describeBytes(once, fuzzOptions)
		if err != nil || after != before {
			t.Fatalf("%x: %s\nwritten as %x: %s, %v", b, before, once, after, err)
		}
		if twice, _ := rewrite(t, once); !bytes.Equal(once, twice) {
			t.Fatalf("%x is written as %x", once, twice)
		}
		var w bytes.Buffer
		e := wbxml.NewEncoder(&w)
		if err := e.WriteRaw(b); err != nil {
			t.Fatalf("WriteRaw(%x): %v", b, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if raw, err := describeBytes(w.Bytes(), fuzzOptions); err != nil || raw != before {
			t.Fatalf("WriteRaw(%x) = %x: %s, %v, want %s", b, w.Bytes(), raw, err, before)
		}
	})
}

func rewrite(t *testing.T, b []byte) ([]byte, bool) {
	var w bytes.Buffer
	e := wbxml.NewEncoder(&w)
	d := fuzzOptions.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.ReadToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if tok.IsLiteral() {
			return nil, false
		}
		if err := e.WriteToken(tok); err != nil {
			t.Fatalf("%x: %v: %v", b, tok, err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Bytes(), true
}

// FuzzXML turns documents into XML and back, with and without indentation, and reads
// anything as XML.
func FuzzXML(f *testing.F) {
	seed(f)
	for _, g := range readGoldens(f) {
		f.Add([]byte(g.xml))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var fromXML bytes.Buffer
		if err := wbxml.FromXML(&fromXML, bytes.NewReader(b)); err == nil {
			b = fromXML.Bytes()
			if _, err := describeBytes(b, nil); err != nil {
				t.Fatalf("FromXML wrote %x: %v", b, err)
			}
		}
		if _, err := describeBytes(b, fuzzOptions); err != nil {
			return
		}
		once, ok := rewrite(t, b)
		if !ok {
			return
		}
		for _, indent := range []string{"", " "} {
			var x, back bytes.Buffer
			if err := wbxml.ToXML(&x, bytes.NewReader(once), &wbxml.XMLOptions{Indent: indent}); err != nil {
				t.Fatalf("ToXML(%x): %v", once, err)
			}
			text := x.String()
			if err := wbxml.FromXML(&back, &x); err != nil {
				t.Fatalf("FromXML(%s): %v", text, err)
			}
			if !bytes.Equal(back.Bytes(), once) {
				want, _ := describeBytes(once, nil)
				got, _ := describeBytes(back.Bytes(), nil)
				t.Fatalf("%s: (-want +got):\n%s", text, cmp.Diff(want, got))
			}
		}
	})
}
