package wbxml_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

type fetchResponse struct {
	_        struct{}      `wbxml:"ItemOperations:ItemOperations"`
	Status   int           `wbxml:"ItemOperations:Status"`
	Data     *wbxml.Stream `wbxml:"ItemOperations:Data"`
	Total    int           `wbxml:"ItemOperations:Total"`
	Mime     *wbxml.Stream `wbxml:"ComposeMail:Mime,opaque"`
	Trailing string        `wbxml:"ItemOperations:Range"`
}

// letters is a reader of n bytes that are not kept anywhere.
type letters struct{ n int64 }

func (l *letters) Read(p []byte) (int, error) {
	if l.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), l.n)]
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	l.n -= int64(len(p))
	return len(p), nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// TestStream sends 50 MB as a string and 50 MB as opaque data through both directions at
// once. The memory taken is that of the buffers.
func TestStream(t *testing.T) {
	const size = 50 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(wbxml.MarshalWrite(w, &fetchResponse{
			Status: 1, Total: size,
			Data:     &wbxml.Stream{Reader: &letters{size}},
			Mime:     &wbxml.Stream{Reader: &letters{size + 5}, Size: size},
			Trailing: "0-1",
		}))
	}()
	sinks := map[wbxml.Tag]*counter{wbxml.ItemOperationsData: {}, wbxml.ComposeMailMime: {}}
	o := &wbxml.Options{MaxData: 1 << 20, Sink: func(tag wbxml.Tag) io.Writer { return sinks[tag] }}
	var got fetchResponse
	if err := o.UnmarshalRead(r, &got); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("100 MB took %d bytes of memory", took)
	}
	for tag, c := range sinks {
		if c.n != size {
			t.Errorf("%v: %d bytes, want %d", tag, c.n, int64(size))
		}
	}
	if got.Data.Size != size || got.Mime.Size != size || got.Trailing != "0-1" || got.Total != size {
		t.Errorf("got %+v", got)
	}
}

func TestStreamInMemory(t *testing.T) {
	in := fetchResponse{Data: &wbxml.Stream{Reader: strings.NewReader("text")}, Mime: &wbxml.Stream{Reader: strings.NewReader("mime"), Size: 4}}
	b, err := wbxml.Marshal(&in)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*wbxml.Options{"no sink": nil, "sink without a writer": {Sink: func(wbxml.Tag) io.Writer { return nil }}} {
		var out fetchResponse
		if err := o.Unmarshal(b, &out); err != nil {
			t.Fatal(name, err)
		}
		for want, s := range map[string]*wbxml.Stream{"text": out.Data, "mime": out.Mime} {
			if got, err := io.ReadAll(s.Reader); string(got) != want || err != nil || s.Size != int64(len(want)) {
				t.Errorf("%s: %q, %v, size %d, want %q", name, got, err, s.Size, want)
			}
		}
	}
	doc := append(document("00 14 45"), wbxml.ItemOperationsData.Token()|0x40, 0x05, 0x01, 0x01)
	if err := wbxml.Unmarshal(doc, new(fetchResponse)); err == nil || !strings.Contains(err.Error(), "an element where text is expected") {
		t.Errorf("an element in Data: error %v", err)
	}
}

func TestStreamErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, tt := range map[string]struct {
		v    fetchResponse
		want error
	}{
		"no reader":       {fetchResponse{Data: &wbxml.Stream{}}, nil},
		"too short":       {fetchResponse{Mime: &wbxml.Stream{Reader: strings.NewReader("abc"), Size: 4}}, io.ErrUnexpectedEOF},
		"broken":          {fetchResponse{Mime: &wbxml.Stream{Reader: iotest.ErrReader(broken), Size: 4}}, broken},
		"broken text":     {fetchResponse{Data: &wbxml.Stream{Reader: iotest.ErrReader(broken)}}, broken},
		"NUL":             {fetchResponse{Data: &wbxml.Stream{Reader: strings.NewReader("a\x00")}}, nil},
		"negative length": {fetchResponse{Mime: &wbxml.Stream{Reader: strings.NewReader(""), Size: -1}}, nil},
		"5 GiB":           {fetchResponse{Mime: &wbxml.Stream{Reader: strings.NewReader(""), Size: 5 << 30}}, nil},
	} {
		err := wbxml.MarshalWrite(io.Discard, &tt.v)
		if !errors.As(err, new(*wbxml.EncodeError)) || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	full := errors.New("disk full")
	for _, doc := range []string{"45 03 61 00 01", "45 c3 01 61 01", "45 02 41 01"} {
		d := wbxml.NewDecoder(bytes.NewReader(document(doc)))
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.TextTo(failing{full}); !errors.Is(err, full) {
			t.Errorf("%s: error %v, want that of the writer", doc, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestText reads the content of one element in the three ways.
func TestText(t *testing.T) {
	for _, tt := range []struct{ name, header, body, want, err string }{
		{"no content", "", "4b 0c 01", "", ""},
		{"end at once", "", "4b 4c 01 01", "", ""},
		{"string", "", "4b 4c 03 61 62 00 01 01", "ab", ""},
		{"empty string", "", "4b 4c 03 00 01 01", "", ""},
		{"opaque", "", "4b 4c c3 02 00 01 01 01", "\x00\x01", ""},
		{"mixed", "", "4b 4c 03 61 00 c3 02 62 63 00 05 02 64 03 00 01 01", "abcd", ""},
		{"table", "03 01 6a 03 78 79 00", "4b 4c 83 01 83 00 01 01", "yxy", ""},
		{"ISO-8859-1", "03 01 04 00", "4b 4c 03 e9 00 01 01", "é", ""},
		{"page switch before the end", "", "4b 4c 03 61 00 00 01 01 01", "a", ""},
		{"element", "", "4b 4c 03 61 00 05 01 01", "", "element AirSync:Sync where text is expected at offset 9"},
		{"element first", "", "4b 4c 05 01 01", "", "where text is expected at offset 6"},
		{"cut in a string", "", "4b 4c 03 61", "", "end of input in an inline string at offset 8"},
		{"cut in opaque data", "", "4b 4c c3 05 61", "", "end of input in opaque data at offset 9"},
		{"cut in a length", "", "4b 4c c3", "", "end of input in an integer at offset 7"},
		{"cut before the end", "", "4b 4c 03 61 00", "", "end of input inside the document at offset 9"},
		{"cut after opaque", "", "4b 4c c3 01 61", "", "end of input inside the document at offset 9"},
		{"length of 33 bits", "", "4b 4c c3 90 80 80 80 00", "", "more than 32 bits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(tt.body)
			if tt.header != "" {
				doc = append(unhex(tt.header), unhex(tt.body)...)
			}
			open := func(name string) *wbxml.Decoder {
				d := wbxml.NewDecoder(iotest.OneByteReader(bytes.NewReader(doc)))
				if name == "ReadText of bytes" {
					d.ResetBytes(doc)
				}
				for range 2 {
					if _, err := d.ReadToken(); err != nil {
						t.Fatal(err)
					}
				}
				return d
			}
			check := func(name string, d *wbxml.Decoder, got string, err error) {
				if tt.err != "" {
					if err == nil || !strings.Contains(err.Error(), tt.err) {
						t.Errorf("%s: error %v, want %s", name, err, tt.err)
					}
					return
				}
				if got != tt.want || err != nil {
					t.Errorf("%s = %q, %v, want %q", name, got, err, tt.want)
				}
				if rest, err := describe(d); rest != ">" || err != nil {
					t.Errorf("%s leaves %s, %v", name, rest, err)
				}
			}
			for _, name := range []string{"ReadText", "ReadText of bytes"} {
				d := open(name)
				b, err := d.ReadText()
				check(name, d, string(b), err)
			}
			d := open("")
			var w strings.Builder
			n, err := d.TextTo(&w)
			if n != int64(w.Len()) {
				t.Errorf("TextTo returns %d, wrote %d", n, w.Len())
			}
			check("TextTo", d, w.String(), err)

			d = open("")
			err = d.SkipElement()
			if tt.err == "" {
				if rest, restErr := describe(d); rest != ">" || err != nil || restErr != nil {
					t.Errorf("SkipElement: %v leaves %s, %v", err, rest, restErr)
				}
			} else if !strings.Contains(tt.err, "where text") && err == nil {
				t.Errorf("SkipElement: no error, want %s", tt.err)
			}
		})
	}
	limited := &wbxml.Options{MaxData: 3}
	for name, body := range map[string]string{
		"one string":    "4b 03 61 62 63 64 00 01",
		"opaque data":   "4b c3 04 61 62 63 64 01",
		"both together": "4b 03 61 62 00 c3 02 63 64 01",
	} {
		d := limited.NewDecoder(bytes.NewReader(document(body)))
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReadText(); !errors.As(err, new(*wbxml.LimitError)) {
			t.Errorf("%s above the limit: error %v", name, err)
		}
	}
}

// TestMisuse calls in the wrong place what needs an open element.
func TestMisuse(t *testing.T) {
	doc := document("05")
	for _, n := range []int{0, 2} {
		for name, f := range map[string]func(d *wbxml.Decoder) error{
			"ReadText":    func(d *wbxml.Decoder) error { _, err := d.ReadText(); return err },
			"TextTo":      func(d *wbxml.Decoder) error { _, err := d.TextTo(io.Discard); return err },
			"SkipElement": func(d *wbxml.Decoder) error { return d.SkipElement() },
			"ReadRaw": func(d *wbxml.Decoder) error {
				_, err := d.ReadRaw(wbxml.Token{Kind: wbxml.KindStart, Tag: wbxml.AirSyncSync})
				return err
			},
		} {
			d := wbxml.NewDecoder(bytes.NewReader(doc))
			for range n {
				if _, err := d.ReadToken(); err != nil {
					t.Fatal(err)
				}
			}
			if err := f(d); err == nil || !strings.Contains(err.Error(), "not a start") {
				t.Errorf("%s after %d tokens: error %v", name, n, err)
			}
		}
	}
	d := wbxml.NewDecoder(bytes.NewReader(document("45 40")))
	d.ReadToken()
	_, want := d.ReadToken()
	if err := d.SkipElement(); err != want || err == nil {
		t.Errorf("after an error: %v, want %v", err, want)
	}
}

type mail struct {
	_     struct{}    `wbxml:"AirSync:Add"`
	ID    string      `wbxml:"AirSync:ServerId"`
	Data  wbxml.Raw   `wbxml:"AirSync:ApplicationData"`
	Parts []wbxml.Raw `wbxml:"AirSync:Change"`
	Ptr   *wbxml.Raw  `wbxml:"AirSync:Delete"`
	More  []wbxml.Raw `wbxml:",any"`
}

// TestRaw captures elements and puts them back byte for byte, with forms that the
// Encoder would not choose itself.
func TestRaw(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      mail
	}{
		{"none", "07", mail{}},
		{"page 0", "47 5d 4b 03 61 00 01 01 01", mail{Data: document("5d 4b 03 61 00 01 01")}},
		{"empty", "47 1d 01", mail{Data: document("1d")}},
		{"content bit without content", "47 5d 01 01", mail{Data: document("5d 01")}},
		{"page left behind", "47 4d 03 31 00 01 5d 00 02 54 c3 01 61 01 01 00 11 06 01", mail{ID: "1", Data: document("5d 00 02 54 c3 01 61 01 01"), More: []wbxml.Raw{document("00 11 06")}}},
		{"redundant switches", "47 5d 00 02 14 00 02 00 02 14 01 00 00 48 01 08 49 05 01 01", mail{Data: document("5d 00 02 14 00 02 00 02 14 01"), Parts: []wbxml.Raw{document("48 01"), document("08")}, Ptr: ptr(wbxml.Raw(document("49 05 01")))}},
		{"deep", "47 5d 54 54 54 54 54 03 61 00 01 01 01 01 01 01 01", mail{Data: document("5d 54 54 54 54 54 03 61 00 01 01 01 01 01 01")}},
		{"unknown elements", "47 00 63 45 06 01 00 64 05 01", mail{More: []wbxml.Raw{document("00 63 45 06 01"), document("00 64 05")}}},
		{"entities", "47 5d 02 41 01 01", mail{Data: document("5d 02 41 01")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(tt.doc)
			for name, r := range map[string]io.Reader{"bytes": bytes.NewReader(doc), "one byte": iotest.OneByteReader(bytes.NewReader(doc)), "eleven bytes": chunks{bytes.NewReader(doc), 11}} {
				var got mail
				if err := wbxml.UnmarshalRead(r, &got); err != nil {
					t.Fatal(name, err)
				}
				if diff := cmp.Diff(tt.want, got, ignoreBlank); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if b, err := wbxml.Marshal(&got); err != nil || !bytes.Equal(b, doc) {
					t.Errorf("%s: put back: %x, %v, want %x", name, b, err, doc)
				}
			}
		})
	}
}

// chunks reads n bytes at a time.
type chunks struct {
	r io.Reader
	n int
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(c.n, len(p))]) }

// TestRawRewritten captures elements that mean nothing without the header they came with.
func TestRawRewritten(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"string table", "03 01 6a 02 61 00 47 5d 83 00 01 1d 01", "5d 03 61 00 01"},
		{"ISO-8859-1", "03 01 04 00 47 5d 54 03 e9 00 01 01 01", "5d 54 03 c3 a9 00 01 01"},
	} {
		var got struct {
			_    struct{}    `wbxml:"AirSync:Add"`
			Data []wbxml.Raw `wbxml:"AirSync:ApplicationData"`
		}
		if err := wbxml.Unmarshal(unhex(tt.doc), &got); err != nil || !bytes.Equal(got.Data[0], document(tt.want)) {
			t.Errorf("%s: %x, %v, want %s", tt.name, got.Data, err, tt.want)
		}
		var w bytes.Buffer
		e := wbxml.NewEncoder(&w)
		if err := errors.Join(e.Start(wbxml.AirSyncSync), e.WriteRaw(unhex(tt.doc)), e.End(), e.Close()); err != nil {
			t.Errorf("%s: WriteRaw: %v", tt.name, err)
		}
		if !bytes.Contains(w.Bytes(), unhex(tt.want)) {
			t.Errorf("%s: WriteRaw wrote %x", tt.name, w.Bytes())
		}
	}
	literal := unhex("03 01 6a 02 61 00 47 5d 04 00 01 01")
	if err := wbxml.Unmarshal(literal, new(mail)); !errors.As(err, new(*wbxml.EncodeError)) {
		t.Errorf("a literal element in a Raw: error %v", err)
	}
	if err := wbxml.Unmarshal(unhex("03 01 6a 02 61 00 47 04 00 01"), new(mail)); err != nil {
		t.Errorf("a literal element beside a Raw: error %v", err)
	}
}

func TestRawErrors(t *testing.T) {
	for name, v := range map[string]any{
		"cut short":      &mail{Data: document("5d")},
		"no document":    &mail{Data: wbxml.Raw("x")},
		"trailing bytes": &mail{Data: document("1d 00")},
		"other element":  &mail{Data: document("05")},
		"empty":          &mail{More: []wbxml.Raw{{}}},
		"literal":        &mail{More: []wbxml.Raw{unhex("03 01 6a 02 61 00 04 00")}},
		"cut and table":  &mail{More: []wbxml.Raw{unhex("03 01 6a 02 61 00 45")}},
	} {
		if _, err := wbxml.Marshal(v); !errors.As(err, new(*wbxml.EncodeError)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	o := &wbxml.Options{MaxData: 3}
	for _, doc := range []string{"47 5d 05 05 05 05 01 01", "47 5d 05"} {
		if err := o.Unmarshal(document(doc), new(mail)); err == nil {
			t.Errorf("%s: no error", doc)
		}
	}
	if err := o.Unmarshal(unhex("03 01 6a 02 61 00 47 5d 05 05 05 05 01 01"), new(mail)); !errors.As(err, new(*wbxml.LimitError)) {
		t.Errorf("a Raw above the limit, rewritten: error %v", err)
	}
}

func TestAnyTags(t *testing.T) {
	type supported struct {
		_    struct{}    `wbxml:"AirSync:Supported"`
		Tags []wbxml.Tag `wbxml:",any"`
	}
	in := supported{Tags: []wbxml.Tag{wbxml.ContactsFirstName, wbxml.ContactsLastName, wbxml.Contacts2NickName}}
	b, err := wbxml.Marshal(in)
	if err != nil || !bytes.Equal(b, document("60 00 01 1f 29 00 0c 0d 01")) {
		t.Fatalf("%x, %v", b, err)
	}
	var out supported
	if err := wbxml.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in.Tags, out.Tags); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
