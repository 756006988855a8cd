package wbxml

import (
	"io"
	"math"
)

// Defaults of [Options].
const (
	DefaultMaxDepth       = 100
	DefaultMaxElements    = 4 << 20
	DefaultMaxData        = 128 << 20
	DefaultMaxStringTable = 64 << 10
	// DefaultMaxMemory is what [Unmarshal] may use for the structs of a document,
	// besides [MemoryPerByte] for each byte of it.
	DefaultMaxMemory = 16 << 20
)

// MemoryPerByte bounds what a document can make [Unmarshal] allocate for structs, and a
// program for what it makes of them: an element of one byte may stand for a struct of a
// kilobyte. Strings are not counted; they take about as much room as in the document.
const MemoryPerByte = 16

// maxSwitches is how many page switches may follow each other. One is enough; some
// encoders write two.
const maxSwitches = 16

// Options change how documents are read. The zero value, and a nil pointer, is what the
// functions and constructors of the same name use.
type Options struct {
	// Strict refuses what [MS-ASWBXML] does not allow although WBXML 1.3 does (a header
	// other than [Header], the string table, entities, processing instructions,
	// literals, attributes), elements that are on no code page, strings that are not
	// UTF-8 and, when unmarshalling, elements and text that the Go value has no place for,
	// a second occurrence of an element that has place for one, and numbers without a
	// digit.
	Strict bool

	// The limits; a value of zero stands for the default.
	MaxDepth       int   // levels of elements
	MaxElements    int   // elements in a document
	MaxData        int64 // bytes of one string or opaque that has to stand in memory
	MaxStringTable int   // bytes
	MaxMemory      int64 // bytes, see DefaultMaxMemory
	MaxList        int   // elements of one slice; without a default

	// Sink, if not nil, is asked by Unmarshal where to put the content of an element whose
	// field is a [*Stream]. If it returns nil the content is kept in memory.
	Sink func(t Tag) io.Writer

	// Odd, if not nil, makes a value that does not fit its field cost that value alone: the
	// field is as if the element were absent, and Unmarshal calls Odd with the element and its
	// text, which is valid until Odd returns and is nil for an element that has children in
	// place of text. If Odd is nil, Unmarshal fails.
	Odd func(t Tag, text []byte)

	// OddNumber, if not nil beside Odd, returns what a number of this element counts as where
	// it cannot be read, for elements that must not read as absent, and false for the others.
	OddNumber func(t Tag) (int64, bool)
}

// limits are Options with defaults filled in.
type limits struct {
	strict      bool
	depth       int
	elements    int
	data        int64
	stringTable int
	memory      int64
	list        int // 0: no limit
}

func (o *Options) limits() limits {
	l := limits{false, DefaultMaxDepth, DefaultMaxElements, DefaultMaxData, DefaultMaxStringTable, DefaultMaxMemory, 0}
	if o == nil {
		return l
	}
	l.strict = o.Strict
	if o.MaxDepth > 0 {
		l.depth = o.MaxDepth
	}
	if o.MaxElements > 0 {
		l.elements = o.MaxElements
	}
	if o.MaxData > 0 {
		l.data = min(o.MaxData, math.MaxInt)
	}
	if o.MaxStringTable > 0 {
		l.stringTable = o.MaxStringTable
	}
	if o.MaxMemory > 0 {
		l.memory = o.MaxMemory
	}
	l.list = max(0, o.MaxList)
	return l
}

// NewDecoder returns a Decoder that reads from r under the options.
func (o *Options) NewDecoder(r io.Reader) *Decoder {
	d := &Decoder{lim: o.limits()}
	d.Reset(r)
	return d
}
