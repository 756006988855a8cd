package wbxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// A reused has what an arena makes again: pointers to every direct kind, structs, and lists of
// structs.
type reused struct {
	_      struct{}       `wbxml:"AirSync:ApplicationData"`
	String *string        `wbxml:"Email:Subject"`
	Bool   *bool          `wbxml:"Email:Read"`
	Int    *int           `wbxml:"Email:Importance"`
	Uint32 *uint32        `wbxml:"Email:InternetCPID"`
	Uint64 *uint64        `wbxml:"Email:Category"`
	Raw    *wbxml.Raw     `wbxml:"Email:Body"`
	Struct *reusedStruct  `wbxml:"Email:Flag"`
	List   []reusedStruct `wbxml:"Email:Attachment"`
	Other  []reusedStruct `wbxml:"Email:Recurrence"`
	Wide   []reusedWide   `wbxml:"Email:MeetingRequest"`
	Ptrs   []*int         `wbxml:"Email:MIMESize"`
	Text   string         `wbxml:"Email:From"`
	Bytes  []byte         `wbxml:"Email:MIMEData"`
}

type reusedStruct struct {
	Status *int     `wbxml:"Email:Status"`
	Type   string   `wbxml:"Email:FlagType"`
	Texts  []string `wbxml:"Email:To"`
}

type reusedWide struct {
	A, B, C, D, E, F, G, H string `wbxml:"-"`
	Type                   string `wbxml:"Email:FlagType"`
}

// randomItem is an item in XML with any of the elements of a reused.
func randomItem(r *rand.Rand) string {
	var b strings.Builder
	text := func() string {
		return strings.Repeat("x", []int{0, 1, 3, 7, 8, 9, 127, 128, 129, 255, 256, 257, 2047, 2049}[r.IntN(14)])
	}
	inner := func() string {
		s := ""
		if r.IntN(2) == 0 {
			s += fmt.Sprintf("<Status>%d</Status>", r.IntN(9))
		}
		if r.IntN(2) == 0 {
			s += "<FlagType>" + text() + "</FlagType>"
		}
		for range r.IntN(3) {
			s += "<To>" + text() + "</To>"
		}
		return s
	}
	for _, x := range []struct {
		name    string
		most    int
		content func() string
	}{
		{"Subject", 1, text}, {"Read", 1, func() string { return fmt.Sprint(r.IntN(2)) }}, {"Importance", 1, func() string { return fmt.Sprint(r.IntN(9) - 4) }}, {"InternetCPID", 1, func() string { return fmt.Sprint(r.Uint32()) }},
		{"Category", 1, func() string { return fmt.Sprint(r.Uint64()) }}, {"Body", 1, inner}, {"Flag", 1, inner}, {"Attachment", 70, inner}, {"Recurrence", 3, inner}, {"MeetingRequest", 9, func() string { return "<FlagType>" + text() + "</FlagType>" }},
		{"MIMESize", 5, func() string { return fmt.Sprint(r.IntN(9)) }}, {"From", 1, text}, {"MIMEData", 1, text},
	} {
		n := r.IntN(2)
		if n > 0 {
			n = 1 + r.IntN(x.most)
		}
		for range n {
			fmt.Fprintf(&b, `<%s xmlns="Email">%s</%[1]s>`, x.name, x.content())
		}
	}
	return b.String()
}

// TestReuse reads items with what read the items before, and finds what it finds alone: nothing of
// another item is left, and items that have been read stay as they are.
func TestReuse(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		batch := wbxml.NewBatch(nil, make([]byte, 1<<20))
		var last *reused
		var lastText string
		for n := range 40 {
			var doc bytes.Buffer
			if err := wbxml.FromXML(&doc, strings.NewReader(`<ApplicationData xmlns="AirSync">`+randomItem(r)+`</ApplicationData>`)); err != nil {
				t.Fatal(err)
			}
			var want, got reused
			if err := wbxml.Unmarshal(doc.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			if err := batch.Unmarshal(bytes.Clone(doc.Bytes()), &got, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, ignoreBlank); diff != "" {
				t.Fatalf("seed %d, item %d (-want +got):\n%s", seed, n, diff)
			}
			if last != nil && last.Text != lastText { // strings are the program's; the rest serves again
				t.Fatalf("seed %d, item %d: the text of the item before became %q", seed, n, last.Text)
			}
			last, lastText = &got, strings.Clone(got.Text)
		}
	}
}

// TestReuseCosts: the second and later items of a kind cost their strings alone.
func TestReuseCosts(t *testing.T) {
	var doc bytes.Buffer
	item := strings.Repeat(`<Attachment xmlns="Email"><Status>5</Status></Attachment>`, 8) + `<Read xmlns="Email">1</Read><Importance xmlns="Email">2</Importance><Flag xmlns="Email"><Status>1</Status></Flag>`
	if err := wbxml.FromXML(&doc, strings.NewReader(`<ApplicationData xmlns="AirSync">`+item+`</ApplicationData>`)); err != nil {
		t.Fatal(err)
	}
	batch := wbxml.NewBatch(nil, make([]byte, 8<<20))
	raw := bytes.Clone(doc.Bytes())
	var v reused
	if n := testing.AllocsPerRun(50, func() {
		if err := batch.Unmarshal(raw, &v, nil); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for an item like the one before", n)
	}
}

// TestNumbers reads numbers of every type at its limits.
func TestNumbers(t *testing.T) {
	type numbers struct {
		_      struct{} `wbxml:"AirSync:Sync"`
		Int8   int8     `wbxml:"AirSync:Status"`
		Int16  int16    `wbxml:"AirSync:Wait"`
		Int32  int32    `wbxml:"AirSync:Limit"`
		Int64  int64    `wbxml:"AirSync:Class"`
		Uint8  uint8    `wbxml:"AirSync:SyncKey"`
		Uint16 uint16   `wbxml:"AirSync:ClientId"`
		Uint32 uint32   `wbxml:"AirSync:ServerId"`
		Uint64 uint64   `wbxml:"AirSync:Conflict"`
		Bool   bool     `wbxml:"AirSync:GetChanges"`
	}
	for _, tt := range []struct {
		tag, good, bad string
	}{
		{"Status", "127 -128 0 -0 +5 00012 000000000000000000000000000012", "128 -129 x 1x -- + - 1.0 0x1 99999999999999999999999"}, {"Wait", "32767 -32768", "32768 -32769"}, {"Limit", "2147483647 -2147483648", "2147483648 -2147483649"},
		{"Class", "9223372036854775807 -9223372036854775808 999999999999999999 1000000000000000000", "9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 184467440737095516150"},
		{"SyncKey", "255 -0", "256 -1"}, {"ClientId", "65535", "65536 -1"}, {"ServerId", "4294967295", "4294967296 -1"}, {"Conflict", "18446744073709551615 18446744073709551614", "18446744073709551616 -1 18446744073709551620 99999999999999999999"},
		{"GetChanges", "0 1 true TRUE False", "2 yes 10 01 x"},
	} {
		for i, list := range []string{tt.good, tt.bad} {
			for _, text := range strings.Fields(list) {
				var doc bytes.Buffer
				if err := wbxml.FromXML(&doc, strings.NewReader(`<Sync xmlns="AirSync"><`+tt.tag+`>`+text+`</`+tt.tag+`></Sync>`)); err != nil {
					t.Fatal(err)
				}
				var v numbers
				err := wbxml.Unmarshal(doc.Bytes(), &v)
				if (err == nil) != (i == 0) {
					t.Errorf("%s %s: %+v, %v", tt.tag, text, v, err)
					continue
				}
				if err != nil {
					if !errors.As(err, new(*wbxml.DecodeError)) {
						t.Errorf("%s %s: %v", tt.tag, text, err)
					}
					continue
				}
				got := fmt.Sprint(map[string]any{"Status": v.Int8, "Wait": v.Int16, "Limit": v.Int32, "Class": v.Int64, "SyncKey": v.Uint8, "ClientId": v.Uint16, "ServerId": v.Uint32, "Conflict": v.Uint64, "GetChanges": v.Bool}[tt.tag])
				want := strings.TrimLeft(strings.TrimPrefix(text, "+"), "0")
				switch {
				case tt.tag == "GetChanges":
					want = map[string]string{"0": "false", "False": "false"}[text]
					if want == "" {
						want = "true"
					}
				case want == "" || want == "-0":
					want = "0"
				}
				if got != want {
					t.Errorf("%s %s = %s", tt.tag, text, got)
				}
			}
		}
	}
}

// TestStreamWriteErrors has writers that fail in the middle of a text and of opaque data.
func TestStreamWriteErrors(t *testing.T) {
	full := errors.New("the disk is full")
	for _, body := range []string{"47 4b 03 61 62 63 00 c3 03 64 65 66 02 81 20 03 67 00 01 01", "47 4b c3 03 61 62 63 03 64 00 01 01", "47 4b 02 81 20 01 01"} {
		doc := document(body)
		for n := range 8 {
			for _, r := range []io.Reader{bytes.NewReader(doc), iotest.OneByteReader(bytes.NewReader(doc))} {
				d := wbxml.NewDecoder(r)
				for range 2 {
					if _, err := d.ReadToken(); err != nil {
						t.Fatal(err)
					}
				}
				var got int
				written, err := d.TextTo(writerFunc(func(p []byte) (int, error) {
					k := min(len(p), n-got)
					got += k
					if k < len(p) {
						return k, full
					}
					return k, nil
				}))
				if int(written) != got || err != nil && !errors.Is(err, full) || (err != nil) != (got == n && n < textLength(body)) {
					t.Errorf("%s, room for %d: %d written, %d counted, %v", body, n, got, written, err)
				}
				if err != nil {
					if _, again := d.ReadToken(); !errors.Is(again, full) {
						t.Errorf("%s, room for %d: the decoder goes on after the failure: %v", body, n, again)
					}
				}
			}
		}
	}
}

// textLength is the length of the text of the first child.
func textLength(body string) int {
	d := wbxml.NewDecoder(bytes.NewReader(document(body)))
	_, _ = d.ReadToken()
	_, _ = d.ReadToken()
	b, _ := d.ReadText()
	return len(b)
}
