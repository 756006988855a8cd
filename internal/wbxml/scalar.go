package wbxml

import (
	"bytes"
	"errors"
	"reflect"
)

var (
	errBool   = errors.New("neither 0 nor 1")
	errNumber = errors.New("not a number")
	errRange  = errors.New("a number out of range")
)

// set puts the text of an element into v, the field f with its slice and pointer.
func (u *unmarshaler) set(f *field, v reflect.Value, text []byte) error {
	switch f.kind {
	case kindBool:
		b, ok, err := u.bool(f, text)
		if !ok || err != nil {
			return u.absent(f, v, text, err)
		}
		if f.direct {
			v.Set(reflect.ValueOf(u.bools.new(b)))
			return nil
		}
		if v, err = u.place(f, v); err == nil {
			v.SetBool(b)
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
		if f.direct {
			switch f.typ.Kind() {
			case reflect.Int:
				v.Set(reflect.ValueOf(u.ints.new(int(signed(n, negative)))))
			case reflect.Uint32:
				v.Set(reflect.ValueOf(u.uint32s.new(uint32(n))))
			default:
				v.Set(reflect.ValueOf(u.uint64s.new(n)))
			}
			return nil
		}
		if v, err = u.place(f, v); err != nil {
			return err
		}
		if f.kind == kindUint {
			v.SetUint(n)
		} else {
			v.SetInt(signed(n, negative))
		}
		return nil
	}
	if f.direct {
		v.Set(reflect.ValueOf(u.strings.new(u.string(text))))
		return nil
	}
	v, err := u.place(f, v)
	if err != nil {
		return err
	}
	if f.kind == kindBytes {
		v.SetBytes(u.bytes(text))
	} else {
		v.SetString(u.string(text))
	}
	return nil
}

// absent deals with an element whose text is no value, which is odd if err is not nil: the
// field is as if the element were absent. In a list, an element without text counts.
func (u *unmarshaler) absent(f *field, v reflect.Value, text []byte, err error) error {
	switch {
	case !f.slice:
		v.SetZero()
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

// place returns the value that the element of field f goes to: v, a new element of the
// slice v, or what its new pointer points to.
func (u *unmarshaler) place(f *field, v reflect.Value) (reflect.Value, error) {
	if f.slice {
		n := v.Len()
		if u.dec.lim.list > 0 && n >= u.dec.lim.list {
			return v, u.dec.limit("entries", int64(u.dec.lim.list))
		}
		if n == v.Cap() {
			more := 1
			if n == 0 && f.size <= smallElement {
				more = 4
			}
			v.Grow(more) // at most doubles what has been paid for
			if err := u.spend(int64(f.size) * int64(v.Cap()-n)); err != nil {
				return v, err
			}
		}
		v.SetLen(n + 1)
		v = v.Index(n)
	}
	if !f.pointer {
		return v, nil
	}
	var p reflect.Value
	if f.kind == kindStruct {
		p = u.newStruct(f.sub)
	} else {
		p = reflect.New(f.typ)
	}
	if err := u.spend(int64(f.typ.Size())); err != nil {
		return v, err
	}
	v.Set(p)
	return p.Elem(), nil
}

// bool reads a truth value; ok is false where there is none.
func (u *unmarshaler) bool(f *field, text []byte) (b, ok bool, err error) {
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

func signed(n uint64, negative bool) int64 {
	if negative {
		return -int64(n)
	}
	return int64(n)
}

// fits reports whether the field's type holds the number.
func (f *field) fits(n uint64, negative bool) bool {
	bits := f.typ.Bits()
	switch {
	case f.kind == kindUint:
		return n>>(bits-1)>>1 == 0 && (!negative || n == 0)
	case negative:
		return n <= 1<<(bits-1)
	}
	return n < 1<<(bits-1)
}
