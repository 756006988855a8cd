package eas_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// flood returns the response to a Sync with n times the elements of unit within those of
// outer, which stand in the collection. Both are paths, such as
// "AirSync:Commands/AirSync:Add"; text, if any, is in the innermost element.
func flood(t *testing.T, outer, unit, text string, n int) []byte {
	t.Helper()
	var doc bytes.Buffer
	e := wbxml.NewEncoder(&doc)
	check := func(err error) { // millions of times, so that it is not marked as a helper
		if err != nil {
			t.Fatal(err)
		}
	}
	tags := func(path string) (list []wbxml.Tag) {
		if path == "" {
			return nil
		}
		for name := range strings.SplitSeq(path, "/") {
			namespace, local, _ := strings.Cut(name, ":")
			tag, ok := wbxml.Lookup(namespace, local)
			if !ok {
				t.Fatalf("no element %s", name)
			}
			list = append(list, tag)
		}
		return list
	}
	leaf := func(tag wbxml.Tag, text string) {
		check(e.Start(tag))
		if text != "" {
			check(e.Text(text))
		}
		check(e.End())
	}
	around := append([]wbxml.Tag{wbxml.AirSyncSync, wbxml.AirSyncCollections, wbxml.AirSyncCollection}, tags(outer)...)
	for i, tag := range around {
		check(e.Start(tag))
		switch {
		case i == 2:
			leaf(wbxml.AirSyncSyncKey, "2")
			leaf(wbxml.AirSyncCollectionId, "5")
			leaf(wbxml.AirSyncStatus, "1")
		case tag == wbxml.AirSyncAdd:
			leaf(wbxml.AirSyncServerId, "5:1")
		}
	}
	list := tags(unit)
	for range n {
		for _, tag := range list[:len(list)-1] {
			check(e.Start(tag))
		}
		leaf(list[len(list)-1], text)
		for range list[1:] {
			check(e.End())
		}
	}
	for range around {
		check(e.End())
	}
	check(e.Close())
	return doc.Bytes()
}

// zipped returns a client whose commands are answered with the document, compressed, as
// net/http hands it on.
func zipped(t *testing.T, document []byte) (*eas.Client, int) {
	t.Helper()
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if _, err := w.Write(document); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := canned(nil)
	c.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := gzip.NewReader(bytes.NewReader(z.Bytes()))
		return &http.Response{
			StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(body), ContentLength: -1, Uncompressed: true,
			Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}},
		}, err
	})}
	return c, z.Len()
}

// TestS123Flood answers a Sync with a few kilobytes, compressed, that hold millions
// of the cheapest elements in every place that has a list. What the client allocates is
// bounded by the length of the document, items included, and entries far beyond the window
// are refused.
func TestS123Flood(t *testing.T) {
	n := 500_000
	if raced {
		n = 100_000
	}
	const (
		item    = "AirSync:Commands/AirSync:Add/AirSync:ApplicationData"
		base    = 40 << 20 // bytes
		perByte = 20
	)
	for _, tt := range []struct {
		name, outer, unit, text string
		entries                 bool // beyond the window
		refused                 bool
	}{
		{name: "adds", outer: "AirSync:Commands", unit: "AirSync:Add", entries: true},
		{name: "adds with data", outer: "AirSync:Commands", unit: "AirSync:Add/AirSync:ApplicationData", entries: true},
		{name: "changes", outer: "AirSync:Commands", unit: "AirSync:Change", entries: true},
		{name: "deletes", outer: "AirSync:Commands", unit: "AirSync:Delete", entries: true},
		{name: "soft deletes", outer: "AirSync:Commands", unit: "AirSync:SoftDelete", entries: true},
		{name: "results", outer: "AirSync:Responses", unit: "AirSync:Add", entries: true},
		{name: "fetched", outer: "AirSync:Responses", unit: "AirSync:Fetch/AirSync:ApplicationData", entries: true},
		{name: "lists of commands", unit: "AirSync:Commands"},
		{name: "lists of one command", unit: "AirSync:Commands/AirSync:Add"},
		{name: "attachments", outer: item + "/AirSyncBase:Attachments", unit: "AirSyncBase:Attachment", refused: true},
		{name: "attendees", outer: item + "/Calendar:Attendees", unit: "Calendar:Attendee", refused: true},
		{name: "exceptions", outer: item + "/Calendar:Exceptions", unit: "Calendar:Exception", refused: true},
		{name: "exceptions with a body", outer: item + "/Calendar:Exceptions", unit: "Calendar:Exception/AirSyncBase:Body", refused: true},
		{name: "categories", outer: item + "/Email:Categories", unit: "Email:Category", refused: true},
		{name: "children", outer: item + "/Contacts:Children", unit: "Contacts:Child", refused: true},
		{name: "recurrences", outer: item + "/Email:MeetingRequest/Email:Recurrences", unit: "Email:Recurrence", refused: true},
		{name: "bodies", outer: item, unit: "AirSyncBase:Body"},
		{name: "flags", outer: item, unit: "Email:Flag"},
		{name: "other elements", outer: item, unit: "Email:Body", refused: false},
		{name: "other elements of a flag", outer: item + "/Email:Flag", unit: "Email:To", refused: true},
		{name: "odd values", outer: item, unit: "Email:Importance", text: "x"},
		{name: "the same value", outer: item, unit: "Email:Subject", text: "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := flood(t, tt.outer, tt.unit, tt.text, n)
			c, sent := zipped(t, doc)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			page, err := c.Sync(context.Background(), "5", "1", nil)
			runtime.ReadMemStats(&after)
			took := int64(after.TotalAlloc - before.TotalAlloc)
			if limit := int64(base + perByte*len(doc)); took > limit {
				t.Errorf("%d bytes, %d compressed, took %d, want at most %d", len(doc), sent, took, limit)
			}
			switch {
			case (tt.entries || tt.refused && !raced) && !errors.Is(err, eas.ErrTooLarge) && !(page != nil && len(page.Added) == 1 && errors.Is(page.Added[0].Err, eas.ErrTooLarge)):
				t.Errorf("error %v, want %v", err, eas.ErrTooLarge)
			case tt.entries && !strings.Contains(err.Error(), "entries"):
				t.Errorf("error %v, want the limit of entries", err)
			}
			t.Logf("%d bytes, %d compressed: took %d MB, %v", len(doc), sent, took>>20, err)
		})
	}
}

// TestEntries accepts up to four times the window, and MaxWindow in any case.
func TestEntries(t *testing.T) {
	for _, tt := range []struct {
		window, entries int
		refused         bool
	}{
		{1, eas.MaxWindow, false},
		{1, eas.MaxWindow + 1, true},
		{0, eas.MaxWindow, false}, // a window of 100
		{0, eas.MaxWindow + 1, true},
		{200, 800, false},
		{200, 801, true},
		{eas.MaxWindow, 4 * eas.MaxWindow, false},
		{eas.MaxWindow, 4*eas.MaxWindow + 1, true},
	} {
		c := canned(flood(t, "AirSync:Commands", "AirSync:Delete/AirSync:ServerId", "5:1", tt.entries))
		page, err := c.Sync(context.Background(), "5", "1", &eas.SyncOptions{Window: tt.window})
		if errors.Is(err, eas.ErrTooLarge) != tt.refused {
			t.Errorf("%d entries in a window of %d: %v", tt.entries, tt.window, err)
		}
		if !tt.refused && (err != nil || len(page.Deleted) != tt.entries) {
			t.Errorf("%d entries in a window of %d: %v", tt.entries, tt.window, err)
		}
	}
}
