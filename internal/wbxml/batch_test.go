package wbxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/wbxml"
)

type (
	batchPage struct {
		_    struct{}    `wbxml:"AirSync:Sync"`
		Item []batchItem `wbxml:"AirSync:Add"`
	}
	batchItem struct {
		ServerID string     `wbxml:"AirSync:ServerId"`
		Data     *wbxml.Raw `wbxml:"AirSync:ApplicationData"`
	}
	batchData struct {
		_       struct{}    `wbxml:"AirSync:ApplicationData"`
		Subject string      `wbxml:"Email:Subject"`
		Read    *bool       `wbxml:"Email:Read"`
		Flag    *batchFlag  `wbxml:"Email:Flag"`
		To      []string    `wbxml:"Email:To"`
		Other   []wbxml.Raw `wbxml:",any"`
	}
	batchFlag struct {
		Status *int   `wbxml:"Email:Status"`
		Type   string `wbxml:"Email:FlagType"`
	}
)

// batchDoc is a page of items of several kinds, in XML.
func batchDoc(t testing.TB, items ...string) []byte {
	t.Helper()
	var x strings.Builder
	x.WriteString(`<Sync xmlns="AirSync">`)
	for i, item := range items {
		fmt.Fprintf(&x, `<Add><ServerId>5:%d</ServerId>%s</Add>`, i, item)
	}
	x.WriteString(`</Sync>`)
	var doc bytes.Buffer
	if err := wbxml.FromXML(&doc, strings.NewReader(x.String())); err != nil {
		t.Fatal(err)
	}
	return doc.Bytes()
}

// TestBatch reads a page and its items together, and compares them with what is read one by
// one: neither do views damage each other, nor does an item see the structs of another.
func TestBatch(t *testing.T) {
	doc := batchDoc(t,
		`<ApplicationData><Subject xmlns="Email">one</Subject><Read xmlns="Email">1</Read><Flag xmlns="Email"><Status>2</Status><FlagType>x</FlagType></Flag></ApplicationData>`,
		`<ApplicationData><Subject xmlns="Email">two</Subject><Flag xmlns="Email"/></ApplicationData>`,
		`<ApplicationData/>`,
		`<ApplicationData><Body xmlns="AirSyncBase"><Type>1</Type></Body><Body xmlns="AirSyncBase"/><To xmlns="Email">a</To><To xmlns="Email">b</To></ApplicationData>`,
		``,
		`<ApplicationData><Flag xmlns="Email"><FlagType>y</FlagType></Flag></ApplicationData>`,
	)
	original := bytes.Clone(doc)
	var want batchPage
	if err := wbxml.Unmarshal(original, &want); err != nil {
		t.Fatal(err)
	}
	var got batchPage
	b := wbxml.NewBatch(nil, doc)
	if err := b.Document(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, ignoreBlank); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	views := 0
	for i, item := range got.Item {
		if item.Data == nil {
			continue
		}
		raw := *item.Data
		for j := range doc {
			if &doc[j] == &raw[0] {
				views++
			}
		}
		if cap(raw) != len(raw) {
			t.Errorf("item %d has room for %d bytes more, which are another's", i, cap(raw)-len(raw))
		}
		var alone, shared batchData
		if err := wbxml.Unmarshal(*want.Item[i].Data, &alone); err != nil {
			t.Fatal(err)
		}
		if err := b.Unmarshal(raw, &shared, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alone, shared, ignoreBlank); diff != "" {
			t.Errorf("item %d (-want +got):\n%s", i, diff)
		}
	}
	if views != 4 {
		t.Errorf("%d of 4 items with content are views", views)
	}
}

// TestBatchViews has elements in places where there is no room in front of them, so that a
// view would overwrite another.
func TestBatchViews(t *testing.T) {
	type list struct {
		_    struct{}    `wbxml:"AirSync:Sync"`
		Item []wbxml.Raw `wbxml:"AirSync:ApplicationData"`
	}
	for _, text := range []string{
		`<Sync xmlns="AirSync"><ApplicationData><Class>a</Class></ApplicationData><ApplicationData><Class>b</Class></ApplicationData></Sync>`,
		`<Sync xmlns="AirSync"><ApplicationData><Class>a</Class></ApplicationData><Class/><ApplicationData><Class>b</Class></ApplicationData></Sync>`,
		`<Sync xmlns="AirSync"><ApplicationData><Class>a</Class></ApplicationData><Class>12</Class><ApplicationData><Subject xmlns="Email">b</Subject></ApplicationData></Sync>`,
		`<Sync xmlns="AirSync"><ApplicationData><Subject xmlns="Email">b</Subject></ApplicationData><ApplicationData><ApplicationData/></ApplicationData></Sync>`,
	} {
		var doc bytes.Buffer
		if err := wbxml.FromXML(&doc, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		var want, got list
		if err := wbxml.Unmarshal(bytes.Clone(doc.Bytes()), &want); err != nil {
			t.Fatal(err)
		}
		if err := wbxml.NewBatch(nil, doc.Bytes()).Document(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, ignoreBlank); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestBatchLimits: the document and its parts share one limit; one part alone cannot take all
// of it, and entries are counted in the document.
func TestBatchLimits(t *testing.T) {
	many := func(element string, n int) string {
		return `<ApplicationData>` + strings.Repeat(element, n) + `</ApplicationData>`
	}
	heavy := many(`<To xmlns="Email"/>`, 300_000) // of 1 byte, and 16 bytes in Go
	doc := batchDoc(t, heavy, many(`<To xmlns="Email"/>`, 3))
	for _, tt := range []struct {
		name   string
		o      *wbxml.Options
		doc    []byte
		page   string   // the limit that the document reaches
		limits []string // the limits that the parts reach
	}{
		{"one heavy part", nil, doc, "", []string{"memory", ""}},
		{"all is spent", &wbxml.Options{MaxMemory: 1 << 10}, doc, "", []string{"memory", "memory"}},
		{"entries", &wbxml.Options{MaxList: 1}, doc, "entries", nil},
		{"entries of a part", &wbxml.Options{MaxList: 2}, doc, "", []string{"memory", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p batchPage
			b := wbxml.NewBatch(tt.o, bytes.Clone(tt.doc))
			if err := b.Document(&p); limitOf(err) != tt.page {
				t.Fatalf("document: %v, want the limit of %s", err, tt.page)
			}
			for i, want := range tt.limits {
				var d batchData
				if err := b.Unmarshal(*p.Item[i].Data, &d, nil); limitOf(err) != want {
					t.Errorf("part %d: %v, want the limit of %q", i, err, want)
				}
			}
		})
	}
}

func limitOf(err error) string {
	var limit *wbxml.LimitError
	switch {
	case errors.As(err, &limit):
		return limit.What
	case err != nil:
		return err.Error()
	}
	return ""
}

// FuzzBatch reads anything as a page of items, with views and without.
func FuzzBatch(f *testing.F) {
	seed(f)
	f.Add(batchDoc(f, `<ApplicationData><Subject xmlns="Email">one</Subject></ApplicationData>`, `<ApplicationData/>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want, got batchPage
		o := *fuzzOptions
		wantErr := o.Unmarshal(bytes.Clone(doc), &want)
		b := wbxml.NewBatch(&o, bytes.Clone(doc))
		if err := b.Document(&got); (err == nil) != (wantErr == nil) {
			t.Fatalf("views: %v; copies: %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got, ignoreBlank); diff != "" {
			t.Fatalf("%x (-want +got):\n%s", doc, diff)
		}
		for i, item := range got.Item {
			if item.Data == nil {
				continue
			}
			var alone, shared batchData
			wantErr := o.Unmarshal(*want.Item[i].Data, &alone)
			if err := b.Unmarshal(*item.Data, &shared, nil); (err == nil) != (wantErr == nil) {
				t.Fatalf("item %d: %v, want %v", i, err, wantErr)
			}
			if diff := cmp.Diff(alone, shared, ignoreBlank); diff != "" {
				t.Fatalf("item %d of %x (-want +got):\n%s", i, doc, diff)
			}
		}
	})
}
