package eas

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// multipartVector reads a published answer.
func multipartVector(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "multipart", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := strings.Cut(string(text), "\n") // the first line is the source
	b, err := hex.DecodeString(strings.ReplaceAll(digits, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPublishedMultipart(t *testing.T) {
	// The example of [MS-ASCMD] 4.10.5.2: the body of a mail as part 1.
	doc := multipartVector(t, "msascmd-4.10.5.2-multipart-response")
	var w bytes.Buffer
	r := &response{command: "ItemOperations", status: 200, mediaType: typeMultipart}
	got, err := r.content(bytes.NewReader(doc), &window{w: &w, left: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Content{Total: 19, Size: 19}, got); diff != "" || w.String() != "This is the body.\r\n" {
		t.Errorf("content %q, (-want +got):\n%s", &w, diff)
	}
	// One of Syncroton's: a document alone.
	doc = multipartVector(t, "syncroton-multipart-1-part")
	p, err := newParts(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if first, err := p.document(); err != nil || len(first) != 42 {
		t.Errorf("document of %d bytes, %v", len(first), err)
	}
}

// table makes an answer of parts, with gap bytes before each.
func table(gap int, all ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	at := 4 + 8*len(all)
	for _, p := range all {
		at += gap
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		at += len(p)
	}
	for _, p := range all {
		b = append(b, make([]byte, gap)...)
		b = append(b, p...)
	}
	return b
}

func TestParts(t *testing.T) {
	good := table(3, "first", "", "third")
	p, err := newParts(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	if doc, err := p.document(); err != nil || string(doc) != "first" {
		t.Errorf("document %q, %v", doc, err)
	}
	var w bytes.Buffer
	if _, err := p.copy(&w, 2); err != nil || w.String() != "third" {
		t.Errorf("part 2: %q, %v", &w, err)
	}
	if _, err := p.part(1); !errors.Is(err, errMultipart) {
		t.Errorf("part 1 after part 2: %v", err)
	}
	for name, b := range map[string][]byte{
		"empty":                   {},
		"no parts":                {0, 0, 0, 0},
		"S116 4 billion parts":    {0xff, 0xff, 0xff, 0xff},
		"S116 1001 parts":         table(0, make([]string, 1001)...),
		"table cut off":           good[:10],
		"S116 within the table":   append([]byte{1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0}, "xxxx"...),
		"S116 overlapping":        append([]byte{2, 0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 22, 0, 0, 0, 5, 0, 0, 0}, "xxxxxxxxxxxx"...),
		"document of 4 GiB":       {1, 0, 0, 0, 12, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
		"document cut off":        good[:34],
		"S116 far behind the end": {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0},
		"document of 17 MiB":      append(table(0, string(make([]byte, 17<<20))), "x"...),
		"backwards":               append([]byte{2, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0}, "xxxxxxxxxxxx"...),
	} {
		p, err := newParts(bytes.NewReader(b))
		if err == nil {
			_, err = p.document()
		}
		if !errors.Is(err, errMultipart) {
			t.Errorf("%s: %v, want errMultipart", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"1000 parts":             table(0, make([]string, maxParts)...),
		"a document of 16 MiB":   table(0, string(make([]byte, maxFirstPart))),
		"one part without space": table(0, "x"),
	} {
		p, err := newParts(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if doc, err := p.document(); err != nil || len(doc) != int(p.places[0].length) {
			t.Errorf("%s: %d bytes, %v", name, len(doc), err)
		}
	}
	for _, i := range []int{-1, 0, 3} {
		if n, err := p.copy(io.Discard, i); n != 0 || !errors.Is(err, errMultipart) {
			t.Errorf("part %d of %d, of which 2 has been read: %d bytes, %v", i, len(p.places), n, err)
		}
	}
	// A part that is cut off must not pass for a whole one.
	p, err = newParts(bytes.NewReader(good[:len(good)-1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.copy(io.Discard, 2); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a part that is cut off: %v", err)
	}
}

func TestBase64Writer(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 100)
	for _, n := range []int{0, 1, 2, 3, 4, 999, 1000} {
		text := base64.StdEncoding.EncodeToString(data[:n])
		for _, chunk := range []int{1, 3, 4, 7, 4096} {
			var w bytes.Buffer
			b := &base64Writer{w: &w}
			for rest := text; rest != ""; {
				k := min(chunk, len(rest))
				if _, err := b.Write([]byte(rest[:k] + "\r\n")); err != nil {
					t.Fatal(err)
				}
				rest = rest[k:]
			}
			if err := b.close(); err != nil || !bytes.Equal(w.Bytes(), data[:n]) {
				t.Errorf("%d bytes in chunks of %d: %q, %v", n, chunk, &w, err)
			}
		}
	}
	var spaced bytes.Buffer
	b := &base64Writer{w: &spaced}
	for _, piece := range []string{"\r\n", " ", "AQID", "\t", "AQ", "I=", "\n"} {
		if n, err := b.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("%q: %d, %v", piece, n, err)
		}
	}
	if err := b.close(); err != nil || spaced.String() != "\x01\x02\x03\x01\x02" {
		t.Errorf("in pieces: %q, %v", &spaced, err)
	}
	failing := &base64Writer{w: writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe })}
	if _, err := failing.Write([]byte("AQIDAQID")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails: %v", err)
	}
	if err := failing.close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails at the end: %v", err)
	}
	for _, bad := range []string{"A", "AA", "A===", "AA==AAAA", "*AAA", "*AAAAAAA"} {
		b := &base64Writer{w: io.Discard}
		n, err := b.Write([]byte(bad))
		if want := map[bool]int{true: len(bad)}[err == nil]; n != want {
			t.Errorf("%q: %d bytes are taken, %v", bad, n, err)
		}
		if closeErr := b.close(); err == nil && closeErr == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add(multipartVector(f, "msascmd-4.10.5.2-multipart-response"))
	f.Add(multipartVector(f, "syncroton-multipart-1-part"))
	f.Add(table(0, "\x03\x01\x6a\x00", "x"))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &response{command: "ItemOperations", status: 200, mediaType: typeMultipart}
		var w bytes.Buffer
		c, err := r.content(bytes.NewReader(b), &window{w: &w, left: math.MaxInt64})
		if err == nil && c.Size != int64(w.Len()) {
			t.Errorf("size %d, and %d were written", c.Size, w.Len())
		}
		if w.Len() > len(b) {
			t.Errorf("%d bytes out of %d", w.Len(), len(b))
		}
	})
}

func FuzzSlots(f *testing.F) {
	for _, s := range []string{"", "0", "01234", "5", "0x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		slots, err := parseSlots(s)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, x := range slots {
			b.WriteByte('0' + byte(x))
		}
		if b.String() != s {
			t.Errorf("%q became %q", s, b.String())
		}
	})
}
