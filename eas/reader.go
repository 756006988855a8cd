package eas

import (
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A reader turns what stands in a response, the ApplicationData of its items above all, into
// Go values, one after the other, and notes what it cannot read. All of a response counts
// against one limit of memory and shares its blocks. What pointers and slices of structs
// of the wire hold serves the next item again, so that an item must not point into it: it may
// keep strings, []byte, []string and [wbxml.Raw], and copies of the rest.
//
// A reader must not be used by several goroutines at once.
type reader struct {
	odd []OddValue // of the item that was read last

	batch   *wbxml.Batch
	noteOdd func(wbxml.Tag, []byte)
	decoder wbxml.Decoder

	zoneText  string // the last time zone
	zoneValue TimeZone

	email   *airsync.EmailData
	event   *airsync.EventData
	contact *airsync.ContactData
	task    *airsync.TaskData
	notes   *airsync.NoteData
}

// reader returns the reader for what stands in the response.
func (r *response) reader() *reader {
	if r.batch == nil {
		return newReader(r.body)
	}
	return readerOf(r.batch)
}

// newReader returns the reader for raw alone.
func newReader(raw []byte) *reader { return readerOf(wbxml.NewBatch(nil, raw)) }

func readerOf(b *wbxml.Batch) *reader {
	r := &reader{batch: b}
	r.noteOdd = func(t wbxml.Tag, text []byte) { r.note(t.String(), string(text[:min(len(text), maxOdd)])) }
	return r
}

// unmarshal reads raw into a struct of package airsync. It fails only where the document
// itself is damaged or too large.
func (r *reader) unmarshal(raw []byte, v any) error {
	r.odd = nil
	return limited(r.batch.Unmarshal(raw, v, r.noteOdd))
}

// read is unmarshal into the struct that p points to, which it makes if need be.
func read[T any](r *reader, raw []byte, p **T) (*T, error) {
	if *p == nil {
		*p = new(T)
	}
	return *p, r.unmarshal(raw, *p)
}
