package wbxml

// A Batch reads a document and the [Raw] elements in it, such as the items of a page: under
// one limit of memory, in proportion to the document, and into memory that they share. The
// document belongs to the Batch from then on: a Raw of it is a view of it where that is
// possible, so that keeping one of them keeps the whole document.
//
// A Batch must not be used by several goroutines at once.
type Batch struct {
	u        unmarshaler
	document []byte
	limit    int64 // of memory, in bytes
}

// MaxPart is what [Batch.Unmarshal] may use for the structs of one part, besides
// [MemoryPerByte] for each byte of it: one part does not spoil the others.
const MaxPart = 4 << 20

// NewBatch returns a Batch for the document. All that [Batch.Document] and
// [Batch.Unmarshal] read may take [Options.MaxMemory] and [MemoryPerByte] for each byte of the
// document. The other limits hold for each call; MaxList holds for the document alone.
func NewBatch(o *Options, document []byte) *Batch {
	b := &Batch{document: document}
	b.u.setOptions(o)
	b.limit = b.u.dec.lim.memory + MemoryPerByte*int64(len(document))
	return b
}

// Document reads the document into v, as the function [Unmarshal] does. Call it first, and once.
func (b *Batch) Document(v any) error {
	b.u.dec.ResetBytes(b.document)
	b.u.dec.free, b.u.limit = 0, b.limit
	err := b.finish(v)
	b.u.forget() // it stays with v
	return err
}

// Unmarshal reads a part of the document into v, as the function [Unmarshal] does, with odd in
// place of [Options.Odd] and without [Options.OddNumber]. What the pointers and the slices of
// structs in v hold is valid until the next call, which uses it again.
func (b *Batch) Unmarshal(raw Raw, v any, odd func(Tag, []byte)) error {
	b.u.odd, b.u.oddNumber = odd, nil
	b.u.reuse()
	b.u.dec.lim.list, b.u.limit = 0, min(b.limit, b.u.memory+MaxPart+MemoryPerByte*int64(len(raw)))
	b.u.dec.ResetBytes(raw)
	return b.finish(v)
}

func (b *Batch) finish(v any) error {
	err := b.u.document(v)
	b.u.dec.ResetBytes(nil)
	return err
}
