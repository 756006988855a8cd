package wbxml

import (
	"reflect"
	"strings"
)

const (
	maxShared = 128  // length of a string or of bytes that share a block with others
	maxBlock  = 2048 // size of a block; what one of its strings keeps from being freed
	maxSlab   = 32   // structs, numbers, bools or strings allocated at once
)

// An arena is where an unmarshaler puts what it reads. One allocation for each short
// string, number or struct would be most of the work, so that they are allocated in blocks
// that grow with the document.
type arena struct {
	memory  int64           // spent on structs
	text    strings.Builder // short strings share it
	texts   int             // number of blocks begun
	data    []byte          // short byte slices share it
	ints    slab[int]
	uint32s slab[uint32]
	uint64s slab[uint64]
	bools   slab[bool]
	strings slab[string]
	structs []structs // by plan.id
}

// A slab hands out values of one type.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) new(v T) *T {
	if len(s.free) == 0 {
		s.size = min(max(1, 2*s.size), maxSlab)
		s.free = make([]T, s.size)
	}
	p := &s.free[0]
	s.free = s.free[1:]
	*p = v
	return p
}

// structs is a slab of structs of one plan.
type structs struct {
	slab  reflect.Value // a slice
	size  int           // of slab
	next  int           // the first that is free
	dirty int           // those before it have been used
}

// newStruct returns a pointer to a zero struct of plan p.
func (a *arena) newStruct(p *plan) reflect.Value {
	for len(a.structs) <= p.id {
		a.structs = append(a.structs, structs{})
	}
	s := &a.structs[p.id]
	if s.next == s.size {
		s.size = min(max(1, 2*s.size), maxSlab)
		s.slab, s.next, s.dirty = reflect.MakeSlice(p.slice, s.size, s.size), 0, 0
	}
	v := s.slab.Index(s.next)
	if s.next < s.dirty {
		v.SetZero()
	}
	s.next++
	return v.Addr()
}

// reuse makes all structs free again.
func (a *arena) reuse() {
	for i := range a.structs {
		s := &a.structs[i]
		s.next, s.dirty = 0, max(s.next, s.dirty)
	}
}

// string copies text, a short one into a block.
func (a *arena) string(text []byte) string {
	n := len(text)
	if n > maxShared {
		return string(text)
	}
	if n == 0 {
		return ""
	}
	if a.text.Cap()-a.text.Len() < n {
		size := max(n, min(maxBlock, 128<<min(a.texts, 8)))
		a.texts++
		a.text.Reset()
		a.text.Grow(size)
	}
	from := a.text.Len()
	a.text.Write(text)
	return a.text.String()[from:]
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
