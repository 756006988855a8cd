package wbxml

import (
	"bytes"
	"errors"
	"reflect"
	"unsafe"
)

var (
	errBool   = errors.New("neither 0 nor 1")
	errNumber = errors.New("not a number")
	errRange  = errors.New("a number out of range")
)

// set puts the text of an element into the field f at v.
func (u *unmarshaler) set(f *field, v unsafe.Pointer, text []byte) error {
	switch f.kind {
	case kindBool:
		b, ok, err := u.bool(f, text)
		if !ok || err != nil {
			return u.absent(f, v, text, err)
		}
		if v, err = u.place(f, v); err == nil {
			*(*bool)(v) = b
		}
		return err
	case kindInt, kindUint:
		n, negative, ok, err := u.number(text)
		if ok && err == nil && !f.fits(n, negative) {
			err = errRange
		}
		if !ok || err != nil {
			return u.absent(f, v, text, err)
		}
		if v, err = u.place(f, v); err == nil {
			f.store(v, n, negative)
		}
		return err
	}
	v, err := u.place(f, v)
	if err != nil {
		return err
	}
	if f.kind == kindBytes {
		*(*[]byte)(v) = u.bytes(text)
	} else {
		*(*string)(v) = u.string(text)
	}
	return nil
}

// store writes a number that fits to v.
func (f *field) store(v unsafe.Pointer, n uint64, negative bool) {
	if negative {
		n = -n
	}
	switch f.numeral {
	case 64:
		*(*uint64)(v) = n
	case 32:
		*(*uint32)(v) = uint32(n)
	case 16:
		*(*uint16)(v) = uint16(n)
	default:
		*(*uint8)(v) = uint8(n)
	}
}

// absent deals with an element whose text is not a value, which is odd if err is not nil: the
// field is as if the element were absent. In a list, an element without text counts.
func (u *unmarshaler) absent(f *field, v unsafe.Pointer, text []byte, err error) error {
	switch {
	case !f.slice:
		f.clear(v)
	case err == nil:
		_, err = u.place(f, v)
		return err
	}
	if err != nil {
		return u.misfit(f, v, text, err)
	}
	return nil
}

// smallElement is the size up to which a slice begins with room for 4 elements, in bytes.
const smallElement = 128

// sliceHeader is what a slice of any type is.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// place returns where the element of field f goes to, which is at v: there, a new element of
// the slice there, or what its new pointer points to.
func (u *unmarshaler) place(f *field, v unsafe.Pointer) (unsafe.Pointer, error) {
	if f.plain {
		return v, nil
	}
	if f.slice {
		s := (*sliceHeader)(v)
		n := s.len
		if u.dec.lim.list > 0 && n >= u.dec.lim.list {
			return v, u.dec.limit("entries", int64(u.dec.lim.list))
		}
		if n == s.cap {
			more := 1
			if n == 0 && f.size <= smallElement {
				more = 4
			}
			if n > 0 || f.kind != kindStruct || f.pointer || !u.takeList(f, v) {
				reflect.NewAt(f.whole, v).Elem().Grow(more) // at most doubles what has been paid for
				u.keepList(f, s)
			}
			if err := u.spend(int64(f.size) * int64(s.cap-n)); err != nil {
				return v, err
			}
		}
		s.len = n + 1
		v = unsafe.Add(s.data, uintptr(n)*f.size)
	}
	if !f.pointer {
		return v, nil
	}
	var p unsafe.Pointer
	switch {
	case f.kind == kindStruct:
		p = u.newStruct(f.sub)
	case f.direct:
		p = u.direct(f.typ.Kind())
	case f.kind == kindRaw:
		p = unsafe.Pointer(u.raws.new())
	default:
		p = reflect.New(f.typ).UnsafePointer()
	}
	if !f.direct {
		if err := u.spend(int64(f.typ.Size())); err != nil {
			return v, err
		}
	}
	*(*unsafe.Pointer)(v) = p
	return p, nil
}

// bool reads a truth value; ok is false where there is none.
func (u *unmarshaler) bool(f *field, text []byte) (b, ok bool, err error) {
	if len(text) == 1 && text[0]|1 == '1' {
		return text[0] == '1', true, nil
	}
	switch text = bytes.TrimSpace(text); {
	case f.empty: // present is true
		return string(text) != "0" && !bytes.EqualFold(text, []byte("false")), true, nil
	case len(text) == 1 && text[0]|1 == '1':
		return text[0] == '1', true, nil
	case bytes.EqualFold(text, []byte("true")):
		return true, true, nil
	case bytes.EqualFold(text, []byte("false")):
		return false, true, nil
	case len(text) == 0:
		return false, false, nil
	}
	return false, false, errBool
}

// number reads a number as its absolute value; ok is false where there is none: Exchange
// 2003 and 2010 send elements without content.
func (u *unmarshaler) number(text []byte) (n uint64, negative, ok bool, err error) {
	if n, ok = digits(text); ok {
		return n, false, true, nil
	}
	n = 0
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		if u.strict {
			err = errNumber
		}
		return 0, false, false, err
	}
	negative = text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false, false, errNumber
	}
	for _, c := range text {
		c -= '0'
		if c > 9 {
			return 0, false, false, errNumber
		}
		if n > (1<<64-1-uint64(c))/10 {
			return 0, false, false, errRange
		}
		n = n*10 + uint64(c)
	}
	return n, negative, true, nil
}

// digits reads a number of 1 to 18 digits, which nearly all numbers are.
func digits(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}

// fits reports whether the field's type holds the number.
func (f *field) fits(n uint64, negative bool) bool {
	bits := f.numeral
	switch {
	case f.kind == kindUint:
		return n>>(bits-1)>>1 == 0 && (!negative || n == 0)
	case negative:
		return n <= 1<<(bits-1)
	}
	return n < 1<<(bits-1)
}
