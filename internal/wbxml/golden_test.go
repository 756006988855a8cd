package wbxml_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// A goldenDoc is a document that someone else made: a specification, another encoder, a real
// server. The header of its file names the source.
type goldenDoc struct {
	name, head string
	binary     []byte
	xml        string
}

// readGoldens reads testdata/golden. A file is a head of "key: value" lines and the
// sections hex and xml; "canonical: no" says that the binary form is not the shortest.
func readGoldens(t testing.TB) []goldenDoc {
	t.Helper()
	names, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no golden documents", err)
	}
	var list []goldenDoc
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok1 := strings.Cut(string(b), "-- hex --\n")
		text, xml, ok2 := strings.Cut(rest, "-- xml --\n")
		if !ok1 || !ok2 {
			t.Fatalf("%s: sections are missing", name)
		}
		binary, err := hex.DecodeString(strings.ReplaceAll(text, "\n", ""))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, goldenDoc{strings.TrimSuffix(filepath.Base(name), ".txt"), head, binary, strings.TrimSuffix(xml, "\n")})
	}
	return list
}

const xmlDeclaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

func TestGolden(t *testing.T) {
	goldens := readGoldens(t)
	if len(goldens) < 30 {
		t.Errorf("%d golden documents, want at least 30", len(goldens))
	}
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			if !strings.HasPrefix(g.head, "source: ") {
				t.Error("the file does not name its source")
			}
			var got bytes.Buffer
			if err := wbxml.ToXML(&got, bytes.NewReader(g.binary), nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(xmlDeclaration+g.xml+"\n", got.String()); diff != "" {
				t.Errorf("ToXML (-want +got):\n%s", diff)
			}
			var back bytes.Buffer
			if err := wbxml.FromXML(&back, strings.NewReader(g.xml)); err != nil {
				t.Fatal(err)
			}
			canonical := !strings.Contains(g.head, "canonical: no")
			if same := bytes.Equal(back.Bytes(), g.binary); same != canonical {
				t.Errorf("FromXML gives the same bytes: %v, want %v\n got %x\nwant %x", same, canonical, back.Bytes(), g.binary)
			}
			var again bytes.Buffer
			if err := wbxml.ToXML(&again, &back, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.String(), again.String()); diff != "" {
				t.Errorf("ToXML of FromXML (-want +got):\n%s", diff)
			}
		})
	}
}
