package wbxml_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/wbxml"
)

func TestEncoder(t *testing.T) {
	var w bytes.Buffer
	e := wbxml.NewEncoder(&w)
	err := errors.Join(
		e.Start(wbxml.AirSyncSync),
		e.Element(wbxml.AirSyncSyncKey, "0"),
		e.Element(wbxml.AirSyncClass, ""),
		e.Empty(wbxml.AirSyncMoreAvailable),
		e.Start(wbxml.AirSyncBaseBody),
		e.TextBytes([]byte("a")),
		e.Opaque([]byte{1, 2}),
		e.Text(""),
		e.End(),
		e.Start(wbxml.AirSyncBaseData),
		e.OpaqueFrom(strings.NewReader("xyz"), 2),
		e.TextFrom(strings.NewReader("uv")),
		e.End(),
		e.Start(wbxml.AirSyncAdd),
		e.End(),
		e.End(),
		e.Close(),
	)
	want := document("45 4b 03 30 00 01 10 14 00 11 4a 03 61 00 c3 02 01 02 03 00 01 4b c3 02 78 79 03 75 76 00 01 00 00 07 01")
	if err != nil || !bytes.Equal(w.Bytes(), want) {
		t.Errorf("%x, %v, want %x", w.Bytes(), err, want)
	}
}

func TestEncoderErrors(t *testing.T) {
	start := func(e *wbxml.Encoder) error { return e.Start(wbxml.AirSyncSync) }
	for name, tt := range map[string]struct {
		f    func(e *wbxml.Encoder) error
		want string
	}{
		"end first":    {func(e *wbxml.Encoder) error { return e.End() }, "wbxml: encode: no element is open"},
		"text first":   {func(e *wbxml.Encoder) error { return e.Text("a") }, "no element is open"},
		"bytes first":  {func(e *wbxml.Encoder) error { return e.TextBytes(nil) }, "no element is open"},
		"opaque first": {func(e *wbxml.Encoder) error { return e.Opaque(nil) }, "no element is open"},
		"reader first": {func(e *wbxml.Encoder) error { return e.TextFrom(strings.NewReader("")) }, "no element is open"},
		"stream first": {func(e *wbxml.Encoder) error { return e.OpaqueFrom(strings.NewReader(""), 0) }, "no element is open"},
		"nothing":      {func(e *wbxml.Encoder) error { return e.Close() }, "no element was written"},
		"open":         {func(e *wbxml.Encoder) error { start(e); return e.Close() }, "encode AirSync:Sync: an element is open"},
		"second root":  {func(e *wbxml.Encoder) error { e.Empty(wbxml.AirSyncSync); return start(e) }, "a second root element"},
		"second empty": {func(e *wbxml.Encoder) error { e.Empty(wbxml.AirSyncSync); return e.Empty(wbxml.AirSyncSync) }, "a second root element"},
		"second text":  {func(e *wbxml.Encoder) error { e.Empty(wbxml.AirSyncSync); return e.Element(wbxml.AirSyncSync, "a") }, "a second root element"},
		"NUL":          {func(e *wbxml.Encoder) error { start(e); return e.Text("a\x00") }, "text holds a NUL"},
		"NUL in bytes": {func(e *wbxml.Encoder) error { start(e); return e.TextBytes([]byte{0}) }, "text holds a NUL"},
		"NUL in leaf":  {func(e *wbxml.Encoder) error { return e.Element(wbxml.AirSyncSync, "\x00") }, "text holds a NUL"},
		"UTF-8":        {func(e *wbxml.Encoder) error { start(e); return e.Text("\xff") }, "text is not UTF-8"},
		"UTF-8 bytes":  {func(e *wbxml.Encoder) error { start(e); return e.TextBytes([]byte{0xff}) }, "text is not UTF-8"},
		"literal":      {func(e *wbxml.Encoder) error { return e.WriteToken(wbxml.Token{Kind: wbxml.KindStart, Tag: 0x0004}) }, "a literal element"},
		"no kind":      {func(e *wbxml.Encoder) error { return e.WriteToken(wbxml.Token{}) }, "a token of no kind"},
		"token's error": {func(e *wbxml.Encoder) error {
			e.Empty(1)
			return e.WriteToken(wbxml.Token{Kind: wbxml.KindStart, Tag: 5})
		}, "a second root"},
		"final": {func(e *wbxml.Encoder) error {
			e.Text("a")
			start(e)
			e.Opaque(nil)
			e.Flush()
			return e.Close()
		}, "no element is open"},
		"depth": {func(e *wbxml.Encoder) error {
			for range wbxml.DefaultMaxDepth {
				if err := start(e); err != nil {
					return err
				}
			}
			if err := start(e); err == nil {
				return nil
			}
			return e.End()
		}, "more than 100 levels"},
	} {
		var w bytes.Buffer
		err := tt.f(wbxml.NewEncoder(&w))
		if !errors.As(err, new(*wbxml.EncodeError)) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", name, err, tt.want)
		}
	}
	broken := errors.New("broken")
	e := wbxml.NewEncoder(failing{broken})
	e.Start(wbxml.AirSyncSync)
	if err := e.TextFrom(&letters{1 << 20}); !errors.Is(err, broken) {
		t.Errorf("a broken writer: error %v", err)
	}
}
