package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"sync"
)

// maxPooled is the largest buffer that is kept for the next document, in bytes.
const maxPooled = 1 << 20

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

var rawDecoders = sync.Pool{New: func() any { return new(Decoder) }}

// Marshal returns the document that v stands for. V is a struct, or a pointer to one,
// whose root element is named by a blank field. The package documentation says how types
// and tags are written. Errors are [*EncodeError] and [*TypeError].
func Marshal(v any) ([]byte, error) {
	e := encoders.Get().(*Encoder)
	defer release(e)
	e.Reset(nil)
	if err := e.marshal(v); err != nil {
		return nil, err
	}
	return bytes.Clone(e.buf), nil
}

// MarshalWrite writes the document that v stands for to w, in pieces of about 32 KiB.
func MarshalWrite(w io.Writer, v any) error {
	e := encoders.Get().(*Encoder)
	defer release(e)
	e.Reset(w)
	return e.marshal(v)
}

func release(e *Encoder) {
	if cap(e.buf) > maxPooled {
		e.buf = nil
	}
	e.Reset(nil)
	encoders.Put(e)
}

func (e *Encoder) marshal(v any) error {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if rv.Kind() != reflect.Struct {
		return &TypeError{fmt.Sprintf("%T", v), "", "not a struct or a pointer to one"}
	}
	p, err := planOf(rv.Type())
	if err != nil {
		return err
	}
	if p.root == 0 {
		return &TypeError{rv.Type().String(), "", "no blank field names the root element"}
	}
	if err := e.Start(p.root); err != nil {
		return err
	}
	if err := e.fields(p, rv); err != nil {
		return err
	}
	if err := e.End(); err != nil {
		return err
	}
	return e.Close()
}

// fields writes the elements within a struct.
func (e *Encoder) fields(p *plan, v reflect.Value) error {
	for i := range p.fields {
		f := &p.fields[i]
		fv := f.value(v)
		var err error
		switch {
		case f.tag == 0:
			err = e.others(fv)
		case f.slice:
			for i := 0; i < fv.Len() && err == nil; i++ {
				if ev := fv.Index(i); !f.pointer {
					err = e.element(f, ev)
				} else if !ev.IsNil() {
					err = e.element(f, ev.Elem())
				}
			}
		case f.pointer:
			if !fv.IsNil() {
				err = e.element(f, fv.Elem())
			}
		case f.always || !f.isZero(fv):
			err = e.element(f, fv)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *field) isZero(v reflect.Value) bool {
	switch f.kind {
	case kindString:
		return v.Len() == 0
	case kindBytes:
		return v.IsNil()
	case kindRaw:
		return v.Len() == 0
	}
	return v.IsZero()
}

// element writes one element.
func (e *Encoder) element(f *field, v reflect.Value) error {
	switch f.kind {
	case kindRaw:
		return e.rawField(f.tag, v.Bytes())
	case kindBool:
		if f.empty {
			if !v.Bool() {
				return nil
			}
			return e.Empty(f.tag)
		}
	}
	if err := e.Start(f.tag); err != nil {
		return err
	}
	var err error
	switch f.kind {
	case kindStruct:
		err = e.fields(f.sub, v)
	case kindString:
		if s := v.String(); s == "" {
		} else if f.opaque {
			err = e.opaqueString(s)
		} else {
			err = e.Text(s)
		}
	case kindBytes:
		if b := v.Bytes(); len(b) == 0 {
		} else if f.opaque {
			err = e.Opaque(b)
		} else {
			err = e.TextBytes(b)
		}
	case kindBool:
		digit := byte('0')
		if v.Bool() {
			digit = '1'
		}
		e.content()
		e.buf = append(e.buf, globalStrI, digit, 0)
	case kindInt, kindUint:
		err = e.number(f, v)
	case kindStream:
		s := v.Addr().Interface().(*Stream)
		if s.Reader == nil {
			err = e.fail(errors.New("a Stream without a Reader"))
		} else if f.opaque {
			err = e.OpaqueFrom(s.Reader, s.Size)
		} else {
			err = e.TextFrom(s.Reader)
		}
	}
	if err != nil {
		return err
	}
	return e.End()
}

func (e *Encoder) number(f *field, v reflect.Value) error {
	var digits [20]byte
	b := digits[:0]
	if f.kind == kindInt {
		b = strconv.AppendInt(b, v.Int(), 10)
	} else {
		b = strconv.AppendUint(b, v.Uint(), 10)
	}
	if f.opaque {
		return e.Opaque(b)
	}
	e.content()
	e.buf = append(e.buf, globalStrI)
	e.buf = append(e.buf, b...)
	e.buf = append(e.buf, 0)
	return nil
}

func (e *Encoder) opaqueString(s string) error {
	if err := e.run(globalOpaque); err != nil {
		return err
	}
	if uint64(len(s)) > 1<<32-1 {
		return e.fail(errTooLong)
	}
	e.buf = appendInteger(e.buf, uint32(len(s)))
	e.buf = append(e.buf, s...)
	return nil
}

// rawField writes a Raw for which the struct has named the element.
func (e *Encoder) rawField(t Tag, raw Raw) error {
	if len(raw) == 0 {
		return nil
	}
	root, err := raw.Root()
	if err != nil {
		return e.fail(err)
	}
	if root != t {
		return e.fail(fmt.Errorf("a Raw that holds %v where %v is expected", root, t))
	}
	return e.WriteRaw(raw)
}

// others writes the elements that the struct has no fields for.
func (e *Encoder) others(v reflect.Value) error {
	switch list := v.Interface().(type) {
	case []Raw:
		for _, raw := range list {
			if err := e.WriteRaw(raw); err != nil {
				return err
			}
		}
	case []Tag:
		for _, t := range list {
			if err := e.Empty(t); err != nil {
				return err
			}
		}
	}
	return nil
}
