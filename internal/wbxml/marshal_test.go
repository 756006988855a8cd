package wbxml_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// scalars has a field of every form that is not a struct.
type scalars struct {
	_         struct{}  `wbxml:"AirSync:Sync"`
	String    string    `wbxml:"AirSync:SyncKey"`
	Always    string    `wbxml:"AirSync:ClientId,always"`
	Pointer   *string   `wbxml:"AirSync:ServerId"`
	Opaque    string    `wbxml:"AirSync:Class,opaque"`
	Bytes     []byte    `wbxml:"AirSync:CollectionId"`
	Blob      []byte    `wbxml:"AirSync:Conflict,opaque"`
	BytesPtr  *[]byte   `wbxml:"AirSync:Limit,opaque"`
	Bool      bool      `wbxml:"AirSync:GetChanges"`
	BoolPtr   *bool     `wbxml:"AirSync:DeletesAsMoves"`
	Empty     bool      `wbxml:"AirSync:MoreAvailable,empty"`
	EmptyPtr  *bool     `wbxml:"AirSync:Partial,empty"`
	Int       int64     `wbxml:"AirSync:Status"`
	IntAlways int       `wbxml:"AirSync:WindowSize,always"`
	IntPtr    *int      `wbxml:"AirSync:FilterType"`
	IntOpaque int16     `wbxml:"AirSync:Wait,opaque"`
	Int8      int8      `wbxml:"AirSync:MIMESupport"`
	Uint      uint64    `wbxml:"AirSync:HeartbeatInterval"`
	Uint8Ptr  *uint8    `wbxml:"AirSync:MIMETruncation"`
	Strings   []string  `wbxml:"AirSync:Add"`
	Pointers  []*string `wbxml:"AirSync:Change"`
	Ints      []int     `wbxml:"AirSync:Delete"`
	Blobs     [][]byte  `wbxml:"AirSync:Fetch,opaque"`
	Ignored   chan int
	Dash      chan int `wbxml:"-"`
}

func ptr[T any](v T) *T { return &v }

// TestScalars states for each value its bytes, and that the bytes give the value back:
// absent, empty and present are three things.
func TestScalars(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    scalars
		body string // | stands for an empty ClientId, ^ for a WindowSize of 0: both are always written
	}{
		{"zero", scalars{}, "|^"},
		{"string", scalars{String: "k"}, "4b 03 6b 00 01 |^"},
		{"always", scalars{Always: "c"}, "4c 03 63 00 01 ^"},
		{"pointer to empty", scalars{Pointer: ptr("")}, "| 0d ^"},
		{"pointer", scalars{Pointer: ptr("a")}, "| 4d 03 61 00 01 ^"},
		{"opaque string", scalars{Opaque: "a\x00b"}, "| 50 c3 03 61 00 62 01 ^"},
		{"empty bytes", scalars{Bytes: []byte{}}, "| 12 ^"},
		{"bytes", scalars{Bytes: []byte("ab")}, "| 52 03 61 62 00 01 ^"},
		{"opaque bytes", scalars{Blob: []byte{0, 255}}, "| 5b c3 02 00 ff 01 ^"},
		{"empty opaque bytes", scalars{Blob: []byte{}}, "| 1b ^"},
		{"pointer to bytes", scalars{BytesPtr: &[]byte{}}, "| 25 ^"},
		{"bool", scalars{Bool: true}, "| 53 03 31 00 01 ^"},
		{"pointer to false", scalars{BoolPtr: ptr(false)}, "| 5e 03 30 00 01 ^"},
		{"pointer to true", scalars{BoolPtr: ptr(true)}, "| 5e 03 31 00 01 ^"},
		{"empty tag", scalars{Empty: true}, "| 14 ^"},
		{"pointer to empty tag", scalars{EmptyPtr: ptr(true)}, "| 26 ^"},
		{"int", scalars{Int: -12}, "| 4e 03 2d 31 32 00 01 ^"},
		{"int always", scalars{IntAlways: 5}, "| 55 03 35 00 01"},
		{"pointer to 0", scalars{IntPtr: ptr(0)}, "|^ 58 03 30 00 01"},
		{"opaque int", scalars{IntOpaque: -7}, "|^ 64 c3 02 2d 37 01"},
		{"smallest int8", scalars{Int8: math.MinInt8}, "|^ 62 03 2d 31 32 38 00 01"},
		{"largest uint64", scalars{Uint: math.MaxUint64}, "|^ 69 03" + hex.EncodeToString([]byte("18446744073709551615")) + "00 01"},
		{"pointer to uint8", scalars{Uint8Ptr: ptr(uint8(255))}, "|^ 63 03 32 35 35 00 01"},
		{"strings", scalars{Strings: []string{"a", "", "b"}}, "|^ 47 03 61 00 01 07 47 03 62 00 01"},
		{"pointers", scalars{Pointers: []*string{ptr("a"), ptr("")}}, "|^ 48 03 61 00 01 08"},
		{"ints", scalars{Ints: []int{0, 1}}, "|^ 49 03 30 00 01 49 03 31 00 01"},
		{"blobs", scalars{Blobs: [][]byte{{1}, {}}}, "|^ 4a c3 01 01 01 0a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := strings.Replace(tt.body, "|", "0c", 1)
			body = strings.Replace(body, "^", "55 03 30 00 01", 1)
			want := document("45" + body + "01")
			got, err := wbxml.Marshal(tt.v)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("Marshal = %x, %v, want %x", got, err, want)
			}
			var w bytes.Buffer
			if err := wbxml.MarshalWrite(&w, &tt.v); err != nil || !bytes.Equal(w.Bytes(), want) {
				t.Fatalf("MarshalWrite = %x, %v, want %x", w.Bytes(), err, want)
			}
			back := scalars{String: "left over", Strings: []string{"left over"}}
			if err := wbxml.Unmarshal(want, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.v, back, ignoreBlank); diff != "" {
				t.Errorf("Unmarshal (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOdd reads documents in which values do not fit: each costs itself alone, and is reported.
func TestOdd(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      scalars
		odd       []string
	}{
		{"fits", "45 4e 03 37 00 01 01", scalars{Int: 7}, nil},
		{"bool", "45 53 03 32 00 01 4e 03 37 00 01 01", scalars{Int: 7}, []string{"AirSync:GetChanges=2"}},
		{"bool pointer", "45 5e 03 78 00 01 4e 03 37 00 01 01", scalars{Int: 7}, []string{"AirSync:DeletesAsMoves=x"}},
		{"number", "45 4e 03 6a 75 6e 6b 00 01 53 03 31 00 01 01", scalars{Bool: true}, []string{"AirSync:Status=junk"}},
		{"number pointer", "45 58 03 31 78 00 01 53 03 31 00 01 01", scalars{Bool: true}, []string{"AirSync:FilterType=1x"}},
		{"range", "45 69 03 2d 31 00 01 53 03 31 00 01 01", scalars{Bool: true}, []string{"AirSync:HeartbeatInterval=-1"}},
		{"element in text", "45 4b 03 61 00 45 05 01 05 01 53 03 31 00 01 01", scalars{Bool: true}, []string{"AirSync:SyncKey="}},
		{"elements in a number", "45 58 05 45 03 31 00 01 01 53 03 31 00 01 01", scalars{Bool: true}, []string{"AirSync:FilterType="}},
		{"two", "45 53 03 32 00 01 58 05 01 4e 03 37 00 01 01", scalars{Int: 7}, []string{"AirSync:GetChanges=2", "AirSync:FilterType="}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var odd []string
			o := &wbxml.Options{Odd: func(tag wbxml.Tag, text []byte) { odd = append(odd, tag.String()+"="+string(text)) }}
			var got scalars
			if err := o.Unmarshal(document(tt.doc), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, ignoreBlank); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.odd, odd); diff != "" {
				t.Errorf("odd (-want +got):\n%s", diff)
			}
			if err := wbxml.Unmarshal(document(tt.doc), &got); (err == nil) != (tt.odd == nil) {
				t.Errorf("without Odd: %v", err)
			}
		})
	}
}

// TestOddNumber has numbers that are odd count as another, where that is said.
func TestOddNumber(t *testing.T) {
	o := &wbxml.Options{
		Odd:       func(wbxml.Tag, []byte) {},
		OddNumber: func(tag wbxml.Tag) (int64, bool) { return -1, tag.Name() != "WindowSize" },
	}
	for doc, want := range map[string]scalars{
		"45 4e 03 6a 75 6e 6b 00 01 53 03 31 00 01 01": {Int: -1, Bool: true}, // junk
		"45 4e 45 03 31 00 01 01 53 03 31 00 01 01":    {Int: -1, Bool: true}, // an element
		"45 58 03 31 78 00 01 53 03 31 00 01 01":       {IntPtr: ptr(-1), Bool: true},
		"45 4e 01 53 03 31 00 01 01":                   {Bool: true}, // empty is absent
		"45 55 03 78 00 01 53 03 31 00 01 01":          {Bool: true}, // WindowSize
		"45 53 03 32 00 01 4e 03 37 00 01 01":          {Int: 7},     // not a number
	} {
		var got scalars
		if err := o.Unmarshal(document(doc), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, ignoreBlank); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doc, diff)
		}
	}
}

// TestUnmarshalForms reads forms that Marshal does not write.
func TestUnmarshalForms(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  []byte
		want scalars
		err  string
		// strict is the error in strict mode.
		strict string
	}{
		{name: "empty bool", doc: document("45 13 01")},
		{name: "empty *bool", doc: document("45 1e 01")},
		{name: "capitals", doc: document("45 53 03 54 72 75 65 00 01 5e 03 46 41 4c 53 45 00 01 01"), want: scalars{Bool: true, BoolPtr: ptr(false)}},
		{name: "the empty one of two numbers", doc: document("45 58 03 31 00 01 18 01"), strict: "a second occurrence"},
		{name: "true", doc: document("45 53 03 74 72 75 65 00 01 01"), want: scalars{Bool: true}},
		{name: "false", doc: document("45 5e 03 66 61 6c 73 65 00 01 01"), want: scalars{BoolPtr: ptr(false)}},
		{name: "bool 2", doc: document("45 53 03 32 00 01 01"), err: "AirSync:Sync/AirSync:GetChanges at offset 5: neither 0 nor 1"},
		{name: "empty tag with content 0", doc: document("45 54 03 30 00 01 01")},
		{name: "empty tag with content 1", doc: document("45 54 03 31 00 01 01"), want: scalars{Empty: true}},
		{name: "empty tag with other content", doc: document("45 54 03 78 00 01 01"), want: scalars{Empty: true}},
		{name: "empty tag with an end", doc: document("45 54 01 01"), want: scalars{Empty: true}},
		{name: "opaque number", doc: document("45 4e c3 02 31 32 01 01"), want: scalars{Int: 12}},
		{name: "number with white space and sign", doc: document("45 4e 03 20 2b 37 0a 00 01 01"), want: scalars{Int: 7}},
		{name: "number in two strings", doc: document("45 4e 03 31 00 03 32 00 c3 01 33 01 01"), want: scalars{Int: 123}},
		{name: "number in entities", doc: document("45 4e 02 31 01 01"), want: scalars{Int: 1}, strict: "token 0x02"},
		{name: "empty number", doc: document("45 0e 18 01"), strict: "AirSync:Sync/AirSync:Status at offset 5: not a number"},
		{name: "number of white space", doc: document("45 58 03 20 00 01 01"), strict: "AirSync:Sync/AirSync:FilterType at offset 5: not a number"},
		{name: "junk number", doc: document("45 4e 03 6a 75 6e 6b 00 01 01"), err: "AirSync:Sync/AirSync:Status at offset 5: not a number"},
		{name: "junk number for a pointer", doc: document("45 58 03 31 78 00 01 01"), err: "AirSync:Sync/AirSync:FilterType at offset 5: not a number"},
		{name: "sign alone", doc: document("45 4e 03 2d 00 01 01"), err: "not a number"},
		{name: "int8 of 128", doc: document("45 62 03 31 32 38 00 01 01"), err: "out of range"},
		{name: "int64 of 2^63", doc: document("45 4e 03" + hex.EncodeToString([]byte("9223372036854775808")) + "00 01 01"), err: "out of range"},
		{name: "int64 of -2^63", doc: document("45 4e 03" + hex.EncodeToString([]byte("-9223372036854775808")) + "00 01 01"), want: scalars{Int: math.MinInt64}},
		{name: "int64 of -2^63-1", doc: document("45 4e 03" + hex.EncodeToString([]byte("-9223372036854775809")) + "00 01 01"), err: "out of range"},
		{name: "uint64 of 2^64", doc: document("45 69 03" + hex.EncodeToString([]byte("18446744073709551616")) + "00 01 01"), err: "out of range"},
		{name: "negative unsigned number", doc: document("45 69 03 2d 31 00 01 01"), err: "out of range"},
		{name: "minus 0 unsigned", doc: document("45 69 03 2d 30 00 01 01")},
		{name: "uint8 of 256", doc: document("45 63 03 32 35 36 00 01 01"), err: "out of range"},
		{name: "element in text", doc: document("45 4b 03 61 00 05 01 01"), err: "AirSync:Sync/AirSync:SyncKey/AirSync:Sync at offset 9: an element where text is expected"},
		{name: "element in a number", doc: document("45 58 05 01 01"), err: "an element where a number is expected"},
		{name: "element in a bool", doc: document("45 53 05 01 01"), err: "an element where 0 or 1 is expected"},
		{name: "unknown elements", doc: document("45 45 05 03 61 00 c3 01 00 01 00 63 05 00 00 4b 03 61 00 01 01"), want: scalars{String: "a"}, strict: "AirSync:Sync/AirSync:Sync at offset 5: an element that is not expected here"},
		{name: "text between elements", doc: document("45 03 61 00 01"), strict: "AirSync:Sync at offset 5: text between elements"},
		{name: "white space between elements", doc: document("45 03 0a 20 00 01")},
		{name: "second occurrence", doc: document("45 4b 03 61 00 01 4b 03 62 00 01 01"), want: scalars{String: "b"}, strict: "AirSync:Sync/AirSync:SyncKey at offset 10: a second occurrence"},
		{name: "other root", doc: document("00 07 56 01"), err: "FolderHierarchy:FolderSync at offset 6: the document is not AirSync:Sync"},
		{name: "trailing bytes", doc: document("45 01 01"), err: "data after the end"},
		{name: "cut short", doc: document("45 4b"), err: "end of input"},
		{name: "empty", doc: nil, err: "empty document"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := func(o *wbxml.Options, wantErr string) {
				var got scalars
				err := o.Unmarshal(tt.doc, &got)
				if wantErr != "" {
					if err == nil || !strings.Contains(err.Error(), wantErr) {
						t.Errorf("%x: error %v, want %s", tt.doc, err, wantErr)
					}
					return
				}
				if diff := cmp.Diff(tt.want, got, ignoreBlank); err != nil || diff != "" {
					t.Errorf("%x: %v (-want +got):\n%s", tt.doc, err, diff)
				}
			}
			check(nil, tt.err)
			if tt.strict == "" {
				tt.strict = tt.err
			}
			check(&wbxml.Options{Strict: true}, tt.strict)
		})
	}
}

var ignoreBlank = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore())

type nested struct {
	_        struct{}  `wbxml:"AirSync:Collection"`
	Common             // its fields count as those of nested
	Options  options   `wbxml:"AirSync:Options"`
	Always   options   `wbxml:"AirSync:Commands,always"`
	Pointer  *options  `wbxml:"AirSync:Responses"`
	List     []options `wbxml:"AirSync:Add"`
	Pointers []*nested `wbxml:"AirSync:Collection"`
}

type Common struct {
	_   struct{} `wbxml:"AirSync:Sync"`
	Key string   `wbxml:"AirSync:SyncKey"`
}

type options struct {
	Class string `wbxml:"AirSync:Class"`
}

func TestStructs(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    nested
		body string
	}{
		{"zero", nested{}, "4f 16 01"},
		{"embedded", nested{Common: Common{Key: "k"}}, "4f 4b 03 6b 00 01 16 01"},
		{"value", nested{Options: options{"a"}}, "4f 57 50 03 61 00 01 01 16 01"},
		{"pointer to zero", nested{Pointer: &options{}}, "4f 16 06 01"},
		{"list", nested{List: []options{{"a"}, {}}}, "4f 16 47 50 03 61 00 01 01 07 01"},
		{"recursive", nested{Pointers: []*nested{{Pointer: &options{}}}}, "4f 16 4f 16 06 01 01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Options is AirSync 0x17.
			want := document(tt.body)
			got, err := wbxml.Marshal(&tt.v)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("Marshal = %x, %v, want %x", got, err, want)
			}
			var back nested
			if err := (&wbxml.Options{Strict: true}).UnmarshalRead(bytes.NewReader(want), &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.v, back, ignoreBlank); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	var v nested
	if err := wbxml.Unmarshal(document("4f 57 50 03 61 00 01 01 17 01"), &v); err != nil || v.Options.Class != "" {
		t.Errorf("the second of two structs does not replace the first: %+v, %v", v, err)
	}
	if _, err := wbxml.Marshal(&nested{Pointers: []*nested{nil, {Common: Common{Key: "a\x00"}}}}); err == nil ||
		err.Error() != "wbxml: encode AirSync:Collection/AirSync:Collection/AirSync:SyncKey: text holds a NUL, which an inline string cannot carry" {
		t.Errorf("NUL: error %v", err)
	}
	cycle := &nested{}
	cycle.Pointers = []*nested{cycle}
	if _, err := wbxml.Marshal(cycle); !errors.As(err, new(*wbxml.EncodeError)) {
		t.Errorf("a value that holds itself: error %v", err)
	}
}

func TestS131Amplification(t *testing.T) {
	type fat struct {
		Key string `wbxml:"AirSync:SyncKey"`
		Pad [4096]byte
	}
	type list struct {
		_    struct{} `wbxml:"AirSync:Sync"`
		Fat  []fat    `wbxml:"AirSync:Add"`
		Ptrs []*fat   `wbxml:"AirSync:Change"`
	}
	for _, element := range []byte{0x07, 0x08} {
		doc := append(document("45"), bytes.Repeat([]byte{element}, 10_000)...)
		var v list
		err := wbxml.Unmarshal(append(doc, 1), &v)
		var limit *wbxml.LimitError
		if !errors.As(err, &limit) || limit.What != "memory" {
			t.Errorf("10,000 empty elements of 4 KiB each: error %v, want the limit of memory", err)
		}
		o := &wbxml.Options{MaxMemory: 1 << 30}
		if err := o.Unmarshal(append(doc, 1), &v); err != nil || len(v.Fat)+len(v.Ptrs) != 10_000 {
			t.Errorf("with a higher limit: %v", err)
		}
	}
}

func TestTypeErrors(t *testing.T) {
	type noTag struct {
		A string `wbxml:"AirSync:SyncKey"`
	}
	type badTag struct {
		_ struct{} `wbxml:"AirSync:Nothing"`
	}
	type twoRoots struct {
		_ struct{} `wbxml:"AirSync:Sync"`
		_ struct{} `wbxml:"AirSync:Sync"`
	}
	type badOption struct {
		A string `wbxml:"AirSync:SyncKey,omitempty"`
	}
	type private struct {
		a string `wbxml:"AirSync:SyncKey"`
	}
	type twice struct {
		A string `wbxml:"AirSync:SyncKey"`
		B string `wbxml:"AirSync:SyncKey"`
	}
	type badType struct {
		A map[string]string `wbxml:"AirSync:SyncKey"`
	}
	type emptyString struct {
		A string `wbxml:"AirSync:SyncKey,empty"`
	}
	type opaqueBool struct {
		A bool `wbxml:"AirSync:SyncKey,opaque"`
	}
	type badAny struct {
		A []string `wbxml:",any"`
	}
	type namedAny struct {
		A []wbxml.Raw `wbxml:"AirSync:SyncKey,any"`
	}
	type twoAny struct {
		A []wbxml.Raw `wbxml:",any"`
		B []wbxml.Tag `wbxml:",any"`
	}
	type streamValue struct {
		A wbxml.Stream `wbxml:"AirSync:SyncKey"`
	}
	type noColon struct {
		A string `wbxml:"SyncKey"`
	}
	type inner struct {
		_ struct{} `wbxml:"AirSync:Sync"`
		A badType  `wbxml:"AirSync:Add"`
	}
	_ = private{}.a
	for want, v := range map[string]any{
		"names the root element":     &noTag{},
		"is on no code page":         &badTag{},
		"once and without options":   &twoRoots{},
		"unknown option":             &badOption{},
		"not exported":               &private{},
		"already the element of A":   &twice{},
		"stands for no element":      &badType{},
		"only a bool":                &emptyString{},
		"cannot be opaque":           &opaqueBool{},
		"a []Raw or []Tag":           &badAny{},
		"a tag names an element":     &namedAny{},
		"a second field":             &twoAny{},
		"used by its pointer":        &streamValue{},
		"Namespace:Element":          &noColon{},
		"field A: map[string]string": &inner{},
		"not a":                      new(int),
	} {
		var typeErr *wbxml.TypeError
		if _, err := wbxml.Marshal(v); !errors.As(err, &typeErr) || !strings.Contains(err.Error(), want) {
			t.Errorf("Marshal(%T): error %v, want %s", v, err, want)
		}
		if err := wbxml.Unmarshal(document("05"), v); !errors.As(err, &typeErr) || !strings.Contains(err.Error(), want) {
			t.Errorf("Unmarshal(%T): error %v, want %s", v, err, want)
		}
	}
	for _, v := range []any{nil, syncResponse{}, (*syncResponse)(nil)} {
		if err := wbxml.Unmarshal(document("05"), v); !errors.As(err, new(*wbxml.TypeError)) {
			t.Errorf("Unmarshal into %T: error %v", v, err)
		}
	}
	for _, v := range []any{nil, (*syncResponse)(nil)} {
		if _, err := wbxml.Marshal(v); !errors.As(err, new(*wbxml.TypeError)) {
			t.Errorf("Marshal of %T: error %v", v, err)
		}
	}
}

func TestUnknownPageInTag(t *testing.T) {
	type vendor struct {
		_ struct{} `wbxml:"0xFE:0x05"`
		A string   `wbxml:"0xFE:0x06"`
		B string   `wbxml:"AirSync:0x3F"`
		C string   `wbxml:"0xFD:0x06"`
	}
	in := vendor{A: "a", B: "b", C: "c"}
	b, err := wbxml.Marshal(in)
	if err != nil || !bytes.Equal(b, document("00 fe 45 46 03 61 00 01 00 00 7f 03 62 00 01 00 fd 46 03 63 00 01 01")) {
		t.Fatalf("%x, %v", b, err)
	}
	var out vendor
	if err := wbxml.Unmarshal(b, &out); err != nil || out.A != "a" || out.B != "b" || out.C != "c" {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestConcurrent shares plans and pools among goroutines.
func TestConcurrent(t *testing.T) {
	doc := marshalSync100(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				var v syncResponse
				if err := wbxml.Unmarshal(doc, &v); err != nil {
					t.Error(err)
				}
				if b, err := wbxml.Marshal(&v); err != nil || !bytes.Equal(b, doc) {
					t.Error("the document changed", err)
				}
			}
		})
	}
	wg.Wait()
}

// TestStringsAreCopies reads into strings that must not change with the document.
func TestStringsAreCopies(t *testing.T) {
	doc := marshalSync100(t)
	var v syncResponse
	if err := wbxml.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	clear(doc)
	if diff := cmp.Diff(*sync100(), v, ignoreBlank, cmp.AllowUnexported(syncResponse{}, syncCollection{}, collection{}, commands{}, add{}, message{}, body{}, flag{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMarshalWriteError(t *testing.T) {
	broken := errors.New("broken pipe")
	r, w := io.Pipe()
	r.CloseWithError(broken)
	err := wbxml.MarshalWrite(w, sync100())
	if !errors.Is(err, broken) || !errors.As(err, new(*wbxml.EncodeError)) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
