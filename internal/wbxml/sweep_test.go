package wbxml_test

import (
	"bytes"
	"errors"
	flags "flag"
	"fmt"
	"io"
	"math/bits"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/golden"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A shelf has a field of every form.
type shelf struct {
	_       struct{}      `wbxml:"AirSync:Add"`
	Text    string        `wbxml:"AirSync:SyncKey"`
	TextPtr *string       `wbxml:"AirSync:ClientId"`
	Texts   []string      `wbxml:"AirSync:Class"`
	Bytes   []byte        `wbxml:"AirSync:CollectionId"`
	Bool    bool          `wbxml:"AirSync:GetChanges"`
	BoolPtr *bool         `wbxml:"AirSync:DeletesAsMoves"`
	Bools   []bool        `wbxml:"AirSync:Conflict"`
	Empty   bool          `wbxml:"AirSync:MoreAvailable,empty"`
	Int     int           `wbxml:"AirSync:Status"`
	IntPtr  *int          `wbxml:"AirSync:FilterType"`
	Ints    []int         `wbxml:"AirSync:Limit"`
	Int16   int16         `wbxml:"AirSync:Wait"`
	Int32   *int32        `wbxml:"AirSync:WindowSize"`
	Uint32  uint32        `wbxml:"AirSync:HeartbeatInterval"`
	Uint64  *uint64       `wbxml:"AirSync:MIMESupport"`
	Raw     wbxml.Raw     `wbxml:"AirSync:ApplicationData"`
	RawPtr  *wbxml.Raw    `wbxml:"AirSync:Delete"`
	Raws    []wbxml.Raw   `wbxml:"AirSync:Change"`
	Stream  *wbxml.Stream `wbxml:"AirSync:MIMETruncation"`
	Board   board         `wbxml:"AirSync:Options"`
	Ptr     *board        `wbxml:"AirSync:Commands"`
	List    []board       `wbxml:"AirSync:Fetch"`
	Ptrs    []*board      `wbxml:"AirSync:Responses"`
	Other   []wbxml.Raw   `wbxml:",any"`
}

type board struct {
	Text string  `wbxml:"AirSync:ServerId"`
	Ints []int32 `wbxml:"AirSync:Status"`
}

// sweepDocs are documents of every form of content, as children of AirSync:Add.
var sweepDocs = []struct{ name, doc string }{
	{"text", "47 4b 03 61 62 63 00 01 01"},
	{"texts", "47 50 03 61 00 01 50 03 62 00 01 50 01 10 50 03 63 00 01 50 03 64 00 01 01"},
	{"opaque", "47 52 c3 03 61 62 63 01 4b c3 02 61 62 01 01"},
	{"joined", "47 4b 03 61 62 00 03 63 00 c3 02 64 65 01 01"},
	{"entity", "47 4b 03 61 00 02 81 20 01 4b 02 3f 01 01"},
	{"numbers", "47 4e 03 2d 31 32 00 01 58 03 37 00 01 55 03 31 00 01 55 03 32 00 01 57 03 30 00 01 55 03 33 00 01 01"},
	{"spaced", "47 4e 03 20 2b 37 20 00 01 53 03 20 31 20 00 01 01"},
	{"bools", "47 53 03 31 00 01 5e 03 74 72 75 65 00 01 5b 03 30 00 01 5b 03 66 61 6c 73 65 00 01 54 01 14 01"},
	{"raw", "47 5d 00 02 56 03 78 00 01 00 00 01 49 05 01 48 05 45 05 01 01 48 05 01 01"},
	{"other", "47 00 02 56 03 78 00 01 16 57 c3 02 00 01 01 00 00 05 01"},
	{"structs", "47 57 4d 03 61 00 01 4e 03 31 00 01 01 56 4d 03 62 00 01 01 4a 01 4a 4d 03 63 00 01 01 46 0d 01 46 4e 03 32 00 01 4e 03 33 00 01 01 01"},
	{"stream", "47 63 03 61 62 00 c3 02 63 64 01 01"},
	{"switches", "47 00 00 00 00 4b 03 61 00 01 00 05 46 01 00 00 0b 01"},
	{"instruction", "43 05 03 61 00 c3 01 62 02 3f 00 01 85 01 47 0b 01"},
	{"attributes", "c7 05 00 01 03 61 00 85 c3 01 62 02 3f 00 01 01 cb 05 01 03 61 00 01 01"},
	{"empty", "47 0b 0c 0e 14 1d 16 17 01"},
	{"deep", "47 00 02 45 45 45 45 05 01 01 01 01 01"},
	{"table", "!03 01 6a 05 78 00 61 62 00 47 4b 83 02 01 4b 83 01 01 4c 83 00 01 49 46 83 00 01 01 01"},
	{"literals", "!03 01 6a 02 61 00 47 04 00 44 00 03 62 00 01 84 00 85 01 16 01"},
	{"Latin 1", "!03 01 04 00 47 4b 03 e4 f6 fc 00 01 50 c3 01 e4 01 49 4b 03 e4 00 01 01 01"},
}

// sweepDoc returns a document, with the header of its own after a "!".
func sweepDoc(s string) []byte {
	if body, ok := strings.CutPrefix(s, "!"); ok {
		return unhex(body)
	}
	return document(s)
}

// sweepReads are the ways in which a document is read.
var sweepReads = map[string]func(d *wbxml.Decoder, o *wbxml.Options, r io.Reader) error{
	"tokens": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		for {
			t, err := d.ReadToken()
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case t.Kind == wbxml.KindStart && t.IsLiteral() && len(t.Data) == 0, t.Kind != wbxml.KindStart && t.Kind != wbxml.KindEnd && t.Kind != wbxml.KindText && t.Kind != wbxml.KindOpaque:
				return fmt.Errorf("a token that says nothing: %+v", t)
			}
		}
	},
	"texts": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		return eachChild(d, func(wbxml.Token) error { _, err := d.ReadText(); return err })
	},
	"written texts": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		return eachChild(d, func(wbxml.Token) error { _, err := d.TextTo(io.Discard); return err })
	},
	"skipped": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		return eachChild(d, func(wbxml.Token) error { return d.SkipElement() })
	},
	"skipped whole": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		return cmpErr(d.SkipElement(), func() error { _, err := d.ReadToken(); return err })
	},
	"raws": func(d *wbxml.Decoder, _ *wbxml.Options, _ io.Reader) error {
		return eachChild(d, func(t wbxml.Token) error { _, err := d.ReadRaw(t); return err })
	},
	"struct":       func(_ *wbxml.Decoder, o *wbxml.Options, r io.Reader) error { return o.UnmarshalRead(r, new(shelf)) },
	"empty struct": func(_ *wbxml.Decoder, o *wbxml.Options, r io.Reader) error { return o.UnmarshalRead(r, new(bareShelf)) },
	"tags":         func(_ *wbxml.Decoder, o *wbxml.Options, r io.Reader) error { return o.UnmarshalRead(r, new(tagShelf)) },
	"lenient struct": func(_ *wbxml.Decoder, o *wbxml.Options, r io.Reader) error {
		lenient := *o
		lenient.Odd = func(wbxml.Tag, []byte) {}
		return lenient.UnmarshalRead(r, new(oddShelf))
	},
	"sink": func(_ *wbxml.Decoder, o *wbxml.Options, r io.Reader) error {
		sunk := *o
		sunk.Sink = func(wbxml.Tag) io.Writer { return io.Discard }
		return sunk.UnmarshalRead(r, new(shelf))
	},
}

type bareShelf struct {
	_ struct{} `wbxml:"AirSync:Add"`
}

type tagShelf struct {
	_    struct{}    `wbxml:"AirSync:Add"`
	Tags []wbxml.Tag `wbxml:",any"`
}

// An oddShelf has place for numbers where there is text and structs.
type oddShelf struct {
	_     struct{} `wbxml:"AirSync:Add"`
	Text  int      `wbxml:"AirSync:SyncKey"`
	Texts []int    `wbxml:"AirSync:Class"`
	Raw   *bool    `wbxml:"AirSync:ApplicationData"`
	Board *int     `wbxml:"AirSync:Options"`
	Fetch []bool   `wbxml:"AirSync:Fetch"`
}

func cmpErr(err error, next func() error) error {
	if err == nil {
		err = next()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// eachChild calls f for each child of the root, and reads to the end.
func eachChild(d *wbxml.Decoder, f func(wbxml.Token) error) error {
	for depth := 0; ; {
		t, err := d.ReadToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case t.Kind == wbxml.KindStart && depth == 1:
			if err := f(t); err != nil {
				return err
			}
		case t.Kind == wbxml.KindStart:
			depth++
		}
	}
}

// TestSweep reads each document in each way, whole and cut off after every byte, in one piece and
// byte by byte, from a reader that ends and from one that fails: what is cut off is an error that
// says so, wherever it is, and both ways of reading agree.
func TestSweep(t *testing.T) {
	broken := errors.New("the cable is cut")
	for _, tt := range sweepDocs {
		doc := sweepDoc(tt.doc)
		for name, read := range sweepReads {
			o := &wbxml.Options{}
			run := func(r io.Reader) error { return read(o.NewDecoder(r), o, r) }
			whole := run(bytes.NewReader(doc))
			for n := range doc {
				err := run(bytes.NewReader(doc[:n]))
				slow := run(iotest.OneByteReader(bytes.NewReader(doc[:n])))
				failed := run(io.MultiReader(iotest.OneByteReader(bytes.NewReader(doc[:n])), iotest.ErrReader(broken)))
				if whole != nil { // for what the document holds; where it is cut before, for that
					if err == nil || slow == nil || failed == nil || err.Error() != slow.Error() {
						t.Errorf("%s, %s, cut after %d bytes: %v; byte by byte %v; failing %v", tt.name, name, n, err, slow, failed)
					}
					continue
				}
				var syntax *wbxml.SyntaxError
				if !errors.As(err, &syntax) || syntax.Offset != int64(n) || !errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
					t.Errorf("%s, %s, cut after %d bytes: %v", tt.name, name, n, err)
				}
				if slow == nil || err == nil || slow.Error() != err.Error() || !errors.Is(failed, broken) {
					t.Errorf("%s, %s, cut after %d bytes: byte by byte %v, want %v; failing: %v", tt.name, name, n, slow, err, failed)
				}
			}
			if slow := run(iotest.OneByteReader(bytes.NewReader(doc))); fmt.Sprint(slow) != fmt.Sprint(whole) {
				t.Errorf("%s, %s: %v, byte by byte %v", tt.name, name, whole, slow)
			}
		}
	}
}

var update = flags.Bool("update", false, "write the files in testdata")

// TestLeast finds the least value of each limit with which each document can be read in each way,
// and holds it to what stands in testdata.
func TestLeast(t *testing.T) {
	if bits.UintSize != 64 {
		t.Skip("structs are smaller")
	}
	limits := []struct {
		name string
		set  func(o *wbxml.Options, n int)
	}{
		{"depth", func(o *wbxml.Options, n int) { o.MaxDepth = n }}, {"elements", func(o *wbxml.Options, n int) { o.MaxElements = n }},
		{"data", func(o *wbxml.Options, n int) { o.MaxData = int64(n) }}, {"list", func(o *wbxml.Options, n int) { o.MaxList = n }},
		{"memory", func(o *wbxml.Options, n int) { o.MaxMemory = int64(n) }}, {"string table", func(o *wbxml.Options, n int) { o.MaxStringTable = n }},
	}
	ways := []string{"tokens", "texts", "written texts", "skipped", "skipped whole", "raws", "struct", "empty struct", "tags", "lenient struct", "sink"}
	var out strings.Builder
	for _, tt := range sweepDocs {
		doc := sweepDoc(tt.doc)
		for _, way := range ways {
			least := func(slow bool) string {
				run := func(o *wbxml.Options) error {
					var r io.Reader = bytes.NewReader(doc)
					if slow {
						r = iotest.OneByteReader(r)
					}
					return sweepReads[way](o.NewDecoder(r), o, r)
				}
				if err := run(&wbxml.Options{}); err != nil {
					return " " + err.Error()
				}
				line := ""
				for _, l := range limits {
					n := 1
					for ; n < 1<<14; n++ {
						o := &wbxml.Options{}
						l.set(o, n)
						err := run(o)
						if err == nil {
							break
						}
						if !errors.As(err, new(*wbxml.LimitError)) {
							t.Errorf("%s, %s, %s %d: %v", tt.name, way, l.name, n, err)
						}
					}
					if n > 1 {
						line += fmt.Sprintf(" %s %d", l.name, n)
					}
				}
				if err := run(&wbxml.Options{Strict: true}); err != nil {
					line += fmt.Sprintf("; strict: %v", err)
				}
				return line
			}
			line := least(false)
			fmt.Fprintf(&out, "%s, %s:%s\n", tt.name, way, line)
			if slow := least(true); slow != line {
				t.Errorf("%s, %s: %s, byte by byte %s", tt.name, way, line, slow)
			}
		}
	}
	golden.Check(t, "testdata/least.txt", out.String(), *update)
}

// TestSweepValues reads what it has written, with a field of every form, and writes to a writer
// that fails after every byte.
func TestSweepValues(t *testing.T) {
	in := &shelf{Text: "t", TextPtr: ptr(""), Texts: []string{"a", "", "b"}, Bytes: []byte("x"), Bool: true, BoolPtr: ptr(false), Bools: []bool{true, false}, Empty: true, Int: -5, IntPtr: ptr(0), Ints: []int{1, -2, 3},
		Int16: -32768, Int32: ptr(int32(-1 << 31)), Uint32: 1<<32 - 1, Uint64: ptr(uint64(1<<64 - 1)), Raw: wbxml.Raw(document("1d")), RawPtr: ptr(wbxml.Raw(document("49 05 01"))),
		Raws: []wbxml.Raw{document("08"), document("48 05 01")}, Board: board{"s", []int32{7, 8}}, Ptr: &board{Text: "p"}, List: []board{{}, {Text: "l"}}, Ptrs: []*board{{Ints: []int32{9}}}, Other: []wbxml.Raw{document("05"), append([]byte(wbxml.Header), 0, 2, 0x16)}}
	doc, err := wbxml.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(doc), "byte by byte": iotest.OneByteReader(bytes.NewReader(doc))} {
		got := new(shelf)
		if err := wbxml.UnmarshalRead(r, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	full := errors.New("the disk is full")
	for n := range doc {
		left := n
		w := writerFunc(func(p []byte) (int, error) {
			if left -= len(p); left < 0 {
				return 0, full
			}
			return len(p), nil
		})
		if err := wbxml.MarshalWrite(w, in); !errors.Is(err, full) {
			t.Errorf("a writer of %d bytes: %v", n, err)
		}
	}
	for field, bad := range map[string]*shelf{
		"Text": {Text: "\x00"}, "TextPtr": {TextPtr: ptr("\xff")}, "Texts": {Texts: []string{"a", "\x00"}}, "Bytes": {Bytes: []byte{0}}, "Raw": {Raw: document("05")}, "RawPtr": {RawPtr: ptr(wbxml.Raw(document("05")))},
		"Raws": {Raws: []wbxml.Raw{document("08"), document("48")}}, "Board": {Board: board{Text: "\x00"}}, "Ptr": {Ptr: &board{Text: "\x00"}}, "List": {List: []board{{}, {Text: "\x00"}}}, "Ptrs": {Ptrs: []*board{{Text: "\x00"}}},
		"Other": {Other: []wbxml.Raw{document("05"), document("45")}},
	} {
		if doc, err := wbxml.Marshal(bad); err == nil {
			t.Errorf("%s: %x", field, doc)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
