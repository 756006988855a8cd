package eas

import (
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A pageReader turns the ApplicationData of the items of one response into Go values: under
// one limit of memory and into memory that they share. The structs of the wire are used
// again for the next item, so that an item must not point into them.
//
// A pageReader must not be used by several goroutines at once.
type pageReader struct {
	batch   *wbxml.Batch
	decoder wbxml.Decoder
	email   *airsync.EmailData
	event   *airsync.EventData
	contact *airsync.ContactData
}

// pageReader returns what reads the items of the response.
func (r *response) pageReader() *pageReader { return &pageReader{batch: r.batch} }

// newPageReader returns what reads the single item raw.
func newPageReader(raw []byte) *pageReader { return &pageReader{batch: wbxml.NewBatch(nil, raw)} }

func (in *pageReader) unmarshal(raw []byte, v any) error {
	return limited(in.batch.Unmarshal(raw, v, nil))
}

// read reads raw into the struct that p points to, which it makes if need be.
func read[T any](in *pageReader, raw []byte, p **T) (*T, error) {
	if *p == nil {
		*p = new(T)
	}
	return *p, in.unmarshal(raw, *p)
}
