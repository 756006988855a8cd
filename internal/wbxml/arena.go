package wbxml

import (
	"reflect"
	"unsafe"
)

const (
	maxShared = 128  // length of a string or of bytes that share a block with others
	maxLast   = 256  // length of a string that is kept for the next one
	maxBlock  = 2048 // size of a block; what one of its strings keeps from being freed
	maxList   = 1024 // size of an array of structs that serves again
	maxSlab   = 32   // structs, numbers, bools or strings allocated at once
)

// An arena is where an unmarshaler puts what it reads. One allocation for each short
// string, number or struct would be most of the work, so that they are allocated in blocks
// that grow with the document.
type arena struct {
	memory  int64  // spent on structs
	text    []byte // short strings share it
	last    string // of up to maxLast bytes and not short
	texts   int    // number of blocks begun
	data    []byte // short byte slices share it
	ints    slab[int]
	uint32s slab[uint32]
	uint64s slab[uint64]
	bools   slab[bool]
	strings slab[string]
	raws    slab[Raw]
	structs []structs // by plan.id
	reuses  bool      // what pointers and lists of structs hold is used again
}

// A slab hands out values of one type.
type slab[T any] struct {
	block []T
	next  int // the first that is free
}

// new returns a pointer to a value, which may be any.
func (s *slab[T]) new() *T {
	if s.next == len(s.block) {
		s.block, s.next = make([]T, min(max(1, 2*len(s.block)), maxSlab)), 0
	}
	s.next++
	return &s.block[s.next-1]
}

// direct returns a pointer to a value of a kind of directKinds.
func (a *arena) direct(k reflect.Kind) unsafe.Pointer {
	switch k {
	case reflect.String:
		return unsafe.Pointer(a.strings.new())
	case reflect.Bool:
		return unsafe.Pointer(a.bools.new())
	case reflect.Uint32:
		return unsafe.Pointer(a.uint32s.new())
	case reflect.Uint64:
		return unsafe.Pointer(a.uint64s.new())
	}
	return unsafe.Pointer(a.ints.new())
}

// structs is a slab of structs of one plan.
type structs struct {
	slab  reflect.Value // a slice
	first unsafe.Pointer
	size  int // of slab
	next  int // the first that is free
	dirty int // those before it have been used

	list sliceHeader // an array of such structs that serves again
	busy bool        // it serves the part that is read
}

// of returns the slab of p.
func (a *arena) of(p *plan) *structs {
	for len(a.structs) <= p.id {
		a.structs = append(a.structs, structs{})
	}
	return &a.structs[p.id]
}

// keepList notes the array of a list of structs, if it is small, for the lists of the parts
// that come.
func (a *arena) keepList(f *field, s *sliceHeader) {
	if !a.reuses || f.kind != kindStruct || f.pointer || uintptr(s.cap)*f.size > maxList {
		return
	}
	if l := a.of(f.sub); s.cap > l.list.cap {
		l.list, l.busy = sliceHeader{s.data, 0, s.cap}, true
	}
}

// takeList gives the empty list at v the array that was kept, if it is free.
func (a *arena) takeList(f *field, v unsafe.Pointer) bool {
	if !a.reuses {
		return false
	}
	l := a.of(f.sub)
	if l.busy || l.list.cap == 0 {
		return false
	}
	s := (*sliceHeader)(v)
	*s, l.busy = l.list, true
	s.len = s.cap
	reflect.NewAt(f.whole, v).Elem().Clear()
	s.len = 0
	return true
}

// newStruct returns a pointer to a zero struct of plan p.
func (a *arena) newStruct(p *plan) unsafe.Pointer {
	s := a.of(p)
	if s.next == s.size {
		s.size = min(max(1, 2*s.size), maxSlab)
		s.slab, s.next, s.dirty = reflect.MakeSlice(p.slice, s.size, s.size), 0, 0
		s.first = s.slab.UnsafePointer()
	}
	if s.next < s.dirty {
		s.slab.Index(s.next).SetZero()
	}
	s.next++
	return unsafe.Add(s.first, uintptr(s.next-1)*p.size)
}

// reuse makes all free again that pointers point to.
func (a *arena) reuse() {
	a.reuses = true
	a.ints.next, a.uint32s.next, a.uint64s.next, a.bools.next, a.strings.next, a.raws.next = 0, 0, 0, 0, 0, 0
	for i := range a.structs {
		s := &a.structs[i]
		s.next, s.dirty, s.busy = 0, max(s.next, s.dirty), false
	}
}

// forget leaves all that pointers point to to the values that have been read.
func (a *arena) forget() {
	clear(a.structs)
	a.ints, a.uint32s, a.uint64s, a.bools = slab[int]{}, slab[uint32]{}, slab[uint64]{}, slab[bool]{}
	a.strings, a.raws = slab[string]{}, slab[Raw]{}
}

// string copies text, a short one into a block.
func (a *arena) string(text []byte) string {
	n := len(text)
	switch {
	case n > maxLast:
		return string(text)
	case n > maxShared:
		if a.last != string(text) { // items of a page have the same time zone
			a.last = string(text)
		}
		return a.last
	case n == 0:
		return ""
	}
	from := len(a.text)
	if cap(a.text)-from < n {
		a.text, from = make([]byte, 0, max(n, min(maxBlock, 128<<min(a.texts, 8)))), 0
		a.texts++
	}
	a.text = append(a.text, text...)
	return unsafe.String(&a.text[from], n) // what is in the block stays as it is
}

// bytes copies data, short data into a block. It is never nil and has no spare capacity.
func (a *arena) bytes(data []byte) []byte {
	n := len(data)
	if n == 0 || n > maxShared {
		return append([]byte{}, data...)[:n:n]
	}
	if cap(a.data)-len(a.data) < n {
		a.data = make([]byte, 0, max(n, min(maxBlock, 2*cap(a.data))))
	}
	from := len(a.data)
	a.data = append(a.data, data...)
	return a.data[from:len(a.data):len(a.data)]
}
