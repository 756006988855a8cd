package wbxml_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// document returns the header and the body, which is given in hex with spaces.
func document(body string) []byte { return append([]byte(wbxml.Header), unhex(body)...) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// describe reads all tokens and returns them as text, such as `<Sync "a" [6263] >`, and
// the error that ended the document, nil for a clean end.
func describe(d *wbxml.Decoder) (string, error) {
	var b strings.Builder
	for {
		t, err := d.ReadToken()
		switch {
		case err == io.EOF:
			return strings.TrimSpace(b.String()), nil
		case err != nil:
			return strings.TrimSpace(b.String()), err
		case t.IsLiteral() && t.Kind == wbxml.KindStart:
			fmt.Fprintf(&b, "<%q", t.Data)
			if !t.Content {
				b.WriteByte('/')
			}
			b.WriteByte(' ')
		case t.Kind == wbxml.KindStart && t.Content:
			fmt.Fprintf(&b, "<%v ", t.Tag)
		case t.Kind == wbxml.KindStart:
			fmt.Fprintf(&b, "<%v/ ", t.Tag)
		case t.Kind == wbxml.KindEnd:
			b.WriteString("> ")
		case t.Kind == wbxml.KindText:
			fmt.Fprintf(&b, "%q ", t.Data)
		case t.Kind == wbxml.KindOpaque:
			fmt.Fprintf(&b, "[%x] ", t.Data)
		default:
			return "", fmt.Errorf("token of kind %v", t.Kind)
		}
	}
}

func describeBytes(b []byte, o *wbxml.Options) (string, error) {
	d := o.NewDecoder(nil)
	d.ResetBytes(b)
	return describe(d)
}

// cases are documents with their meaning. They also seed the fuzz targets.
var cases = []struct {
	name string
	doc  []byte
	want string
	err  string // of the default mode
	// strict is the error in strict mode if that differs from err.
	strict string
}{
	{name: "empty root", doc: document("05"), want: "<AirSync:Sync/ >"},
	{name: "root with content and none in it", doc: document("45 01"), want: "<AirSync:Sync >"},
	{name: "string", doc: document("45 4b 03 30 00 01 01"), want: `<AirSync:Sync <AirSync:SyncKey "0" > >`},
	{name: "empty string", doc: document("4b 03 00 01"), want: `<AirSync:SyncKey "" >`},
	{name: "two strings", doc: document("4b 03 61 00 03 62 00 01"), want: `<AirSync:SyncKey "a" "b" >`},
	{name: "opaque", doc: document("4b c3 02 61 00 01"), want: `<AirSync:SyncKey [6100] >`},
	{name: "opaque of length 0", doc: document("4b c3 00 01"), want: `<AirSync:SyncKey [] >`},
	{name: "length with leading zero groups", doc: document("4b c3 80 80 80 80 01 61 01"), want: `<AirSync:SyncKey [61] >`},
	{name: "page switch", doc: document("00 07 56 52 03 30 00 01 01"), want: `<FolderHierarchy:FolderSync <FolderHierarchy:SyncKey "0" > >`},
	{name: "page lasts over an end", doc: document("45 00 11 4a 01 06 01"), want: `<AirSync:Sync <AirSyncBase:Body > <AirSyncBase:Type/ > >`},
	{name: "page switch before an end", doc: document("45 0b 00 06 01"), want: `<AirSync:Sync <AirSync:SyncKey/ > >`},
	{name: "two page switches", doc: document("00 01 00 00 05"), want: `<AirSync:Sync/ >`},
	{name: "S126 unknown token", doc: document("45 3f 01"), want: `<AirSync:Sync <AirSync:0x3F/ > >`, strict: "unknown element AirSync:0x3F at offset 5"},
	{name: "S126 unknown page", doc: document("45 00 63 45 01 01"), want: `<AirSync:Sync <0x63:0x05 > >`, strict: "unknown element 0x63:0x05 at offset 7"},
	{name: "text between elements", doc: document("45 03 61 00 0b 01"), want: `<AirSync:Sync "a" <AirSync:SyncKey/ > >`},
	{name: "S125 not UTF-8", doc: document("4b 03 61 ff c3 28 00 01"), want: `<AirSync:SyncKey "a` + "\uFFFD\uFFFD" + `(" >`, strict: "not UTF-8 at offset 5"},
	{name: "CR in a string", doc: document("4b 03 61 0d 0a 00 01"), want: `<AirSync:SyncKey "a\r\n" >`},

	{name: "S128 string table", doc: unhex("03 01 6a 05 61 62 00 63 00 4b 83 03 83 00 01"), want: `<AirSync:SyncKey "c" "ab" >`, strict: "string table of 5 bytes) that ActiveSync does not use at offset 0"},
	{name: "middle of a string of the table", doc: unhex("03 01 6a 03 61 62 00 4b 83 01 01"), want: `<AirSync:SyncKey "b" >`, strict: "header"},
	{name: "public identifier in the table", doc: unhex("03 00 00 6a 03 61 62 00 05"), want: `<AirSync:Sync/ >`, strict: "header"},
	{name: "entity", doc: document("4b 02 81 20 02 41 01"), want: `<AirSync:SyncKey "\u00a0" "A" >`, strict: "token 0x02, which ActiveSync does not use at offset 5"},
	{name: "literal elements", doc: unhex("03 01 6a 03 61 62 00 44 00 04 01 84 00 05 03 61 00 01 c4 00 05 01 0b 01 01"), want: `<"ab" <"b"/ > <"ab"/ > <"ab" <AirSync:SyncKey/ > > >`, strict: "header"},
	{name: "literal element in strict mode", doc: document("44 00 01"), err: "index 0 is outside of the string table of 0 bytes at offset 4", strict: "literal element"},
	{name: "processing instructions", doc: document("43 05 03 61 00 85 01 45 43 05 01 01 43 05 01"), want: `<AirSync:Sync >`, strict: "a processing instruction, which ActiveSync does not use at offset 4"},
	{name: "attributes", doc: document("c5 05 03 61 00 c3 01 00 02 41 00 01 85 01 8b 05 01 01"), want: `<AirSync:Sync <AirSync:SyncKey/ > >`, strict: "attributes"},
	{name: "token of the tag space in attributes", doc: document("c5 44 00 01 01"), err: "token 0x44 in attributes at offset 4", strict: "attributes"},
	{name: "version 1.1", doc: unhex("01 01 6a 00 05"), want: `<AirSync:Sync/ >`, strict: "version 1.1"},
	{name: "version 1.2", doc: unhex("02 01 6a 00 05"), want: `<AirSync:Sync/ >`, strict: "version 1.2"},
	{name: "S128 version 1.0", doc: unhex("00 01 6a 00 05"), err: "version 1.0 of WBXML"},
	{name: "S128 version 1.4", doc: unhex("04 01 6a 00 05"), err: "version 1.4 of WBXML"},
	{name: "S128 public identifier of WML", doc: unhex("03 04 6a 00 05"), err: "public identifier 4"},
	{name: "public identifier outside of the table", doc: unhex("03 00 03 6a 03 61 62 00 05"), err: "public identifier at 3 is outside", strict: "header"},
	{name: "US-ASCII", doc: unhex("03 01 03 00 05"), want: `<AirSync:Sync/ >`, strict: "character set 3"},
	{name: "S128 unknown character set", doc: unhex("03 01 00 00 05"), want: `<AirSync:Sync/ >`, strict: "character set 0"},
	{name: "ISO-8859-1", doc: unhex("03 01 04 02 e4 00 4b 03 e9 00 83 00 01"), want: `<AirSync:SyncKey "é" "ä" >`, strict: "character set 4"},
	{name: "UTF-16", doc: unhex("03 01 87 77 00 05"), err: "character set 1015"},

	{name: "no document", err: "empty document at offset 0"},
	{name: "two roots", doc: document("05 05"), err: "data after the end of the root element at offset 5"},
	{name: "a line end after the document", doc: document("05 0d 0a"), want: `<AirSync:Sync/ >`, strict: "data after the end of the root element at offset 5"},
	{name: "two line ends after the document", doc: document("45 01 0a 0a"), want: `<AirSync:Sync >`, strict: "data after the end of the root element at offset 6"},
	{name: "a document after a line end", doc: document("05 0a 05"), err: "data after the end of the root element at offset 6", strict: "data after the end of the root element at offset 5"},
	{name: "trailing space", doc: document("05 20"), err: "data after the end of the root element at offset 5"},
	{name: "S129 trailing NUL", doc: document("05 00"), err: "data after the end of the root element at offset 5"},
	{name: "S129 end underflow", doc: document("45 01 01"), err: "data after the end of the root element at offset 6"},
	{name: "end first", doc: document("01"), err: "end without a start at offset 4"},
	{name: "text in place of the root", doc: document("03 61 00"), err: "token 0x03 in place of the root element at offset 4"},
	{name: "S129 missing end", doc: document("45 4b 01"), err: "end of input inside the document at offset 7"},
	{name: "S125 string without NUL", doc: document("4b 03 61 62"), err: "end of input in an inline string at offset 8"},
	{name: "S126 page switch without a page", doc: document("45 00"), err: "end of input in a page switch at offset 6"},
	{name: "opaque cut short", doc: document("4b c3 05 61"), err: "end of input in opaque data at offset 8"},
	{name: "length cut short", doc: document("4b c3 85"), err: "end of input in an integer at offset 7"},
	{name: "length of 33 bits", doc: document("4b c3 90 80 80 80 00"), err: "integer of more than 32 bits at offset 5"},
	{name: "length of six bytes", doc: document("4b c3 80 80 80 80 80 01 61"), err: "integer of more than 32 bits at offset 5"},
	{name: "string outside of the table", doc: unhex("03 01 6a 03 61 62 00 4b 83 03 01"), err: "index 3 is outside of the string table of 3 bytes at offset 8", strict: "header"},
	{name: "string without end in the table", doc: unhex("03 01 6a 02 61 62 4b 83 00 01"), err: "string 0 of the string table has no end at offset 7", strict: "header"},
	{name: "entity of a surrogate", doc: document("4b 02 83 b0 00 01"), err: "entity 55296 is not a character at offset 5", strict: "token 0x02"},
	{name: "entity of NUL", doc: document("4b 02 00 01"), err: "entity 0 is not a character", strict: "token 0x02"},
}

func TestReadToken(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			check := func(mode string, o *wbxml.Options, wantErr string) {
				got, err := describeBytes(tt.doc, o)
				if wantErr == "" {
					if err != nil || got != tt.want {
						t.Errorf("%s: %x = %s, %v, want %s", mode, tt.doc, got, err, tt.want)
					}
					return
				}
				var syntax *wbxml.SyntaxError
				if !errors.As(err, &syntax) || !strings.Contains(err.Error(), wantErr) {
					t.Errorf("%s: %x: error %v, want %s", mode, tt.doc, err, wantErr)
				}
			}
			check("default", nil, tt.err)
			if tt.strict == "" {
				tt.strict = tt.err
			}
			check("strict", &wbxml.Options{Strict: true}, tt.strict)
		})
	}
}

// TestS127GlobalTokens says for each byte value what it means as content of an element.
func TestS127GlobalTokens(t *testing.T) {
	// What follows the byte makes every form of it complete.
	global := map[byte]string{
		0x00: `<AirSync:Sync >`,                    // SWITCH_PAGE 1
		0x01: "data after the end",                 // END
		0x02: `<AirSync:Sync "\x01" >`,             // ENTITY 1
		0x03: `<AirSync:Sync "\x01\x01\x01\x01" >`, // STR_I
		0x04: `<AirSync:Sync <"b"/ > >`,            // LITERAL
		0x40: "extension token 0x40", 0x41: "extension token 0x41", 0x42: "extension token 0x42",
		0x43: `<AirSync:Sync >`, // PI
		0x44: `<AirSync:Sync <"b" > >`,
		0x80: "extension token 0x80", 0x81: "extension token 0x81", 0x82: "extension token 0x82",
		0x83: `<AirSync:Sync "b" >`, // STR_T
		0x84: `<AirSync:Sync <"b"/ > >`,
		0xC0: "extension token 0xC0", 0xC1: "extension token 0xC1", 0xC2: "extension token 0xC2",
		0xC3: `<AirSync:Sync [01] >`, // OPAQUE of 1 byte
		0xC4: `<AirSync:Sync <"b" > >`,
	}
	rest := map[byte]string{
		0x00: "01 01", 0x01: "01 01", 0x02: "01 01", 0x03: "01 01 01 01 00 01", 0x04: "01 01", 0x44: "01 01 01",
		0x43: "05 01 01", 0x83: "01 01", 0x84: "01 05 01 01", 0xC3: "01 01 01", 0xC4: "01 05 01 01 01",
	}
	for n := range 256 {
		c := byte(n)
		want, tail := global[c], rest[c]
		if want == "" {
			tag := wbxml.MakeTag(0, c)
			want = fmt.Sprintf("<AirSync:Sync <%v/ > >", tag)
			tail = "01"
			if c&0x40 != 0 {
				want = fmt.Sprintf("<AirSync:Sync <%v > >", tag)
				tail = "01 01"
			}
			if c&0x80 != 0 {
				tail = "05 01" + tail // an attribute
			}
		}
		doc := append(unhex("03 01 6a 03 61 62 00 45"), c)
		doc = append(doc, unhex(tail)...)
		got, err := describeBytes(doc, nil)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("byte 0x%02X: %x is %s, want %s", c, doc, got, want)
		}
		// Strict mode, without the string table, refuses what [MS-ASWBXML] 2.1 does not use.
		doc = append(append(document("45"), c), unhex(tail)...)
		_, err = describeBytes(doc, &wbxml.Options{Strict: true})
		used := c == 0x00 || c == 0x03 || c == 0xC3 || c < 0x80 && wbxml.MakeTag(0, c).Known()
		if (err == nil) != used {
			t.Errorf("strict: byte 0x%02X: error %v, want used = %v", c, err, used)
		}
	}
}

func TestIntegers(t *testing.T) {
	b, err := os.ReadFile("testdata/mb_u_int32.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")[1:]
	if len(lines) < 7 {
		t.Fatalf("%d vectors", len(lines))
	}
	for _, line := range lines {
		f := strings.Split(line, "\t")
		value, err := strconv.ParseUint(f[0], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wbxml.ReadInteger(unhex(f[1])); got != uint32(value) || err != nil {
			t.Errorf("reading %s = %d, %v, want %d", f[1], got, err, value)
		}
		if got := wbxml.AppendInteger(nil, uint32(value)); !bytes.Equal(got, unhex(f[1])) {
			t.Errorf("writing %d = %X, want %s", value, got, f[1])
		}
	}
	for _, s := range []string{"9080808000", "FFFFFFFF7F", "808080808001", "8FFFFFFFFF7F"} {
		if got, err := wbxml.ReadInteger(unhex(s)); err == nil {
			t.Errorf("reading %s = %d, want an overflow", s, got)
		}
	}
}

// TestTruncated cuts every golden document at every byte: what is missing is always
// noticed, and always as io.ErrUnexpectedEOF.
func TestTruncated(t *testing.T) {
	for _, g := range readGoldens(t) {
		for n := range g.binary {
			_, err := describeBytes(g.binary[:n], nil)
			if want := io.ErrUnexpectedEOF; n > 0 && !errors.Is(err, want) || n == 0 && !errors.Is(err, io.EOF) {
				t.Fatalf("%s cut after %d bytes: error %v", g.name, n, err)
			}
			var syntax *wbxml.SyntaxError
			if errors.As(err, &syntax); syntax.Offset != int64(n) {
				t.Fatalf("%s cut after %d bytes: offset %d", g.name, n, syntax.Offset)
			}
		}
	}
}

// TestReaders reads the same documents in pieces of all sizes.
func TestReaders(t *testing.T) {
	var docs [][]byte
	for _, g := range readGoldens(t) {
		docs = append(docs, g.binary)
	}
	for _, c := range cases {
		docs = append(docs, c.doc)
	}
	long := document("4b 03")
	long = append(append(long, strings.Repeat("x", 100_000)...), unhex("00 c3 8d 83 00")...)
	long = append(append(long, make([]byte, 0x34180)...), 0x01)
	docs = append(docs, long, marshalSync100(t))
	d := wbxml.NewDecoder(nil)
	for _, doc := range docs {
		want, wantErr := describeBytes(doc, nil)
		for name, r := range map[string]io.Reader{
			"one byte":       iotest.OneByteReader(bytes.NewReader(doc)),
			"half":           iotest.HalfReader(bytes.NewReader(doc)),
			"data and error": iotest.DataErrReader(bytes.NewReader(doc)),
			"whole":          bytes.NewReader(doc),
		} {
			d.Reset(r)
			got, err := describe(d)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s: %.80x: %.200s, %v, want %.200s, %v", name, doc, got, err, want, wantErr)
			}
		}
	}
}

func TestReaderError(t *testing.T) {
	broken := errors.New("connection reset")
	doc := document("45 4b 03 61 00 01 01")
	for n := range len(doc) + 1 {
		r := io.MultiReader(bytes.NewReader(doc[:n]), iotest.ErrReader(broken))
		d := wbxml.NewDecoder(r)
		if _, err := describe(d); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error %v, want %v", n, err, broken)
		}
		if _, err := d.ReadToken(); !errors.Is(err, broken) {
			t.Errorf("after %d bytes, again: error %v, want %v", n, err, broken)
		}
	}
	if _, err := wbxml.NewDecoder(stuck{}).ReadToken(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that returns nothing: error %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestS131Hostile reads documents that cost a naive reader its stack or its memory.
func TestS131Hostile(t *testing.T) {
	deep := append(document(""), bytes.Repeat([]byte{0x45}, 500_000)...)
	wide := append(document("45"), bytes.Repeat([]byte{0x07}, 5_000_000)...)
	switches := append(document("45"), bytes.Repeat([]byte{0x00, 0x01}, 1_000_000)...)
	for _, tt := range []struct {
		name string
		doc  []byte
		what string // of the LimitError, or empty for a SyntaxError
	}{
		{"depth 500,000", deep, "depth"},
		{"5,000,000 elements", wide, "elements"},
		{"S126 1,000,000 page switches", switches, "page switches"},
		{"page switches before the root", document(strings.Repeat("0001", 100)), "page switches"},
		{"opaque of 4 GiB", document("45 c3 8f ff ff ff 7f"), "data"},
		{"opaque of 100 MB", document("45 c3 af d7 84 00"), ""},
		{"string table of 4 GiB", unhex("03 01 6a 8f ff ff ff 7f 05"), "string table"},
		{"string table of 60 KB", unhex("03 01 6a 83 d4 60 05"), ""},
		{"opaque of 4 GiB in an attribute", document("c5 05 c3 8f ff ff ff 7f"), "data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := map[string]func() error{
				"tokens": func() error {
					d := wbxml.NewDecoder(bytes.NewReader(tt.doc))
					for {
						if _, err := d.ReadToken(); err != nil {
							return err
						}
					}
				},
				"Unmarshal":     func() error { return wbxml.Unmarshal(tt.doc, new(syncResponse)) },
				"UnmarshalRead": func() error { return wbxml.UnmarshalRead(bytes.NewReader(tt.doc), new(syncResponse)) },
				"WriteRaw":      func() error { return wbxml.NewEncoder(nil).WriteRaw(tt.doc) },
				"SkipElement": func() error {
					d := wbxml.NewDecoder(bytes.NewReader(tt.doc))
					if _, err := d.ReadToken(); err != nil {
						return err
					}
					return d.SkipElement()
				},
			}
			if tt.what == "elements" {
				read["ToXML"] = func() error { return wbxml.ToXML(io.Discard, bytes.NewReader(tt.doc), nil) }
			}
			for name, f := range read {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := f()
				runtime.ReadMemStats(&after)
				if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
					t.Errorf("%s took %d bytes", name, took)
				}
				var limit *wbxml.LimitError
				var syntax *wbxml.SyntaxError
				switch {
				case errors.As(err, &limit):
					if limit.What != tt.what {
						t.Errorf("%s: limit of %s, want %s", name, limit.What, tt.what)
					}
				case !errors.As(err, &syntax):
					t.Errorf("%s: error %v, want a limit or a syntax error", name, err)
				case tt.what != "" && tt.what != "data": // skipping does not hold data
					t.Errorf("%s: error %v, want the limit of %s", name, err, tt.what)
				}
			}
		})
	}
}

// TestLimits sets each limit and stands just below and just above it.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		what    string
		options wbxml.Options
		good    string
		bad     string
	}{
		{"depth", wbxml.Options{MaxDepth: 2}, "45 05 01", "45 45 05 01 01"},
		{"elements", wbxml.Options{MaxElements: 3}, "45 05 05 01", "45 05 05 05 01"},
		{"data", wbxml.Options{MaxData: 2}, "45 03 61 61 00 01", "45 03 61 61 61 00 01"},
		{"data", wbxml.Options{MaxData: 2}, "45 c3 02 61 61 01", "45 c3 03 61 61 61 01"},
		{"page switches", wbxml.Options{}, strings.Repeat("00 00", 16) + "05", strings.Repeat("00 00", 17) + "05"},
	} {
		if _, err := describeBytes(document(tt.good), &tt.options); err != nil {
			t.Errorf("%s: %s: %v", tt.what, tt.good, err)
		}
		_, err := describeBytes(document(tt.bad), &tt.options)
		var limit *wbxml.LimitError
		if !errors.As(err, &limit) || limit.What != tt.what || !strings.Contains(err.Error(), "limit of "+tt.what) {
			t.Errorf("%s: %s: error %v", tt.what, tt.bad, err)
		}
	}
	table := unhex("03 01 6a 03 61 62 00 05")
	if _, err := describeBytes(table, &wbxml.Options{MaxStringTable: 3}); err != nil {
		t.Error(err)
	}
	if _, err := describeBytes(table, &wbxml.Options{MaxStringTable: 2}); err == nil {
		t.Error("a string table above the limit is read")
	}
	long := wbxml.Options{MaxData: 10}
	d := long.NewDecoder(strings.NewReader(wbxml.Header + "\x4b\x03" + strings.Repeat("x", 1<<20)))
	if _, err := describe(d); !errors.As(err, new(*wbxml.LimitError)) {
		t.Errorf("a string above the limit: error %v", err)
	}
}

func TestTokenAllocations(t *testing.T) {
	doc := marshalSync100(t)
	d := wbxml.NewDecoder(nil)
	r := bytes.NewReader(nil)
	if n := testing.AllocsPerRun(10, func() {
		r.Reset(doc)
		d.Reset(r)
		if err := readAll(d); err != nil {
			t.Fatal(err)
		}
		d.ResetBytes(doc)
		if err := readAll(d); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("reading tokens allocates %v times, want 0", n)
	}
	tokens := tokensOf(t, doc)
	e := wbxml.NewEncoder(nil)
	if n := testing.AllocsPerRun(10, func() {
		e.Reset(io.Discard)
		for _, tok := range tokens {
			if err := e.WriteToken(tok); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("writing tokens allocates %v times, want 0", n)
	}
	var v syncResponse
	if n := testing.AllocsPerRun(10, func() {
		if err := wbxml.Unmarshal(doc, &v); err != nil {
			t.Fatal(err)
		}
	}); n > 1200 && !raceEnabled {
		t.Errorf("Unmarshal allocates %v times for 100 messages, want at most 1200", n)
	}
}

func TestDecoderPosition(t *testing.T) {
	d := wbxml.NewDecoder(nil)
	d.ResetBytes(document("45 00 07 4b 01 01"))
	if got := d.Path(); got != "" || d.Depth() != 0 || d.InputOffset() != 0 {
		t.Errorf("before: path %q, depth %d, offset %d", got, d.Depth(), d.InputOffset())
	}
	for range 2 {
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Path(); got != "AirSync:Sync/FolderHierarchy:Response" || d.Depth() != 2 || d.InputOffset() != 8 {
		t.Errorf("path %q, depth %d, offset %d", got, d.Depth(), d.InputOffset())
	}
}

func TestRootOf(t *testing.T) {
	if got, err := wbxml.RootOf(document("00 07 56")); got != wbxml.FolderHierarchyFolderSync || err != nil {
		t.Errorf("RootOf = %v, %v", got, err)
	}
	if _, err := wbxml.RootOf(nil); !errors.Is(err, io.EOF) {
		t.Errorf("RootOf(nil): %v, want io.EOF", err)
	}
}

func TestTokenString(t *testing.T) {
	secret := []byte("secret")
	got := []string{}
	for _, tok := range []wbxml.Token{
		{Kind: wbxml.KindStart, Tag: wbxml.AirSyncSync}, {Kind: wbxml.KindEnd, Tag: wbxml.AirSyncSync},
		{Kind: wbxml.KindText, Data: secret}, {Kind: wbxml.KindOpaque, Data: secret}, {},
	} {
		got = append(got, tok.String())
	}
	want := []string{"start AirSync:Sync", "end AirSync:Sync", "text of 6 bytes", "opaque of 6 bytes", "Kind(0)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
