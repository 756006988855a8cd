package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
)

// Unmarshal reads the document b into v, a pointer to a struct whose root element is named
// by a blank field. It sets *v to zero first, so that what the document lacks is absent.
// What v has no place for is skipped, unless a field collects it. The package
// documentation says how types and tags are read. Errors are [*SyntaxError],
// [*LimitError], [*DecodeError] and [*TypeError]; after an error *v holds what was read.
func Unmarshal(b []byte, v any) error { return (*Options)(nil).Unmarshal(b, v) }

// UnmarshalRead is [Unmarshal] for the document that r holds. It reads r to its end.
func UnmarshalRead(r io.Reader, v any) error { return (*Options)(nil).UnmarshalRead(r, v) }

// Unmarshal is the function [Unmarshal] under the options.
func (o *Options) Unmarshal(b []byte, v any) error {
	u := unmarshalers.Get().(*unmarshaler)
	u.dec.lim = o.limits()
	u.dec.ResetBytes(b)
	return u.run(o, v)
}

// UnmarshalRead is the function [UnmarshalRead] under the options.
func (o *Options) UnmarshalRead(r io.Reader, v any) error {
	u := unmarshalers.Get().(*unmarshaler)
	u.dec.lim = o.limits()
	u.dec.Reset(r)
	return u.run(o, v)
}

var unmarshalers = sync.Pool{New: func() any { return new(unmarshaler) }}

// An unmarshaler is the state of one call of Unmarshal.
type unmarshaler struct {
	dec    Decoder
	strict bool
	sink   func(Tag) io.Writer
	odd    func(Tag, []byte)
	memory int64           // bytes of structs allocated
	block  strings.Builder // short strings share it
	blocks int             // number of blocks begun
}

func (u *unmarshaler) run(o *Options, v any) error {
	u.strict = u.dec.lim.strict
	if o != nil {
		u.sink, u.odd = o.Sink, o.Odd
	}
	err := u.document(v)
	u.dec.ResetBytes(nil)
	if cap(u.dec.own) > maxPooled {
		u.dec.own = nil
	}
	*u = unmarshaler{dec: u.dec}
	unmarshalers.Put(u)
	return err
}

func (u *unmarshaler) document(v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return &TypeError{fmt.Sprintf("%T", v), "", "not a pointer to a struct"}
	}
	rv = rv.Elem()
	p, err := planOf(rv.Type())
	if err != nil {
		return err
	}
	if p.root == 0 {
		return &TypeError{rv.Type().String(), "", "no blank field names the root element"}
	}
	rv.SetZero()
	t, err := u.dec.ReadToken()
	if err != nil {
		return err
	}
	if t.Tag != p.root {
		return u.fail(fmt.Errorf("the document is not %v", p.root))
	}
	if err := u.fields(p, rv); err != nil {
		return err
	}
	_, err = u.dec.ReadToken()
	if err == io.EOF {
		return nil
	}
	return err
}

func (u *unmarshaler) fail(err error) error {
	return u.dec.fail(&DecodeError{u.dec.Path(), u.dec.at, err})
}

// failIn is fail for the child f of the open element.
func (u *unmarshaler) failIn(f *field, err error) error {
	return u.dec.fail(&DecodeError{path(append(u.dec.stack[:len(u.dec.stack):len(u.dec.stack)], f.tag)), u.dec.at, err})
}

// fields reads the content of the element that has just started into a struct.
func (u *unmarshaler) fields(p *plan, v reflect.Value) error {
	var seen [4]uint64 // fields met, in strict mode
	for {
		t, err := u.dec.ReadToken()
		if err != nil {
			return err
		}
		switch t.Kind {
		case KindEnd:
			return nil
		case KindText, KindOpaque:
			if u.strict && len(bytes.TrimSpace(t.Data)) > 0 {
				return u.fail(errors.New("text between elements"))
			}
			continue
		}
		f := p.lookup(t.Tag)
		if f == nil {
			if err := u.other(p, v, t); err != nil {
				return err
			}
			continue
		}
		if u.strict && !f.slice {
			i := p.byTagIndex(f)
			if seen[i/64]&(1<<(i%64)) != 0 {
				return u.fail(errors.New("a second occurrence"))
			}
			seen[i/64] |= 1 << (i % 64)
		}
		if err := u.field(f, f.value(v), t); err != nil {
			return err
		}
	}
}

func (p *plan) byTagIndex(f *field) uint8 {
	if page := f.tag.Page(); int(page) < pages {
		return p.byTag[page][f.tag.Token()] - 1
	}
	return p.others[f.tag] - 1
}

// other deals with an element that the struct has no field for.
func (u *unmarshaler) other(p *plan, v reflect.Value, t Token) error {
	if p.any == nil && u.strict {
		return u.fail(errors.New("an element that is not expected here"))
	}
	if p.any == nil || t.IsLiteral() {
		return u.dec.SkipElement()
	}
	if err := u.spend(int64(p.any.typ.Size()) + 8); err != nil {
		return err
	}
	switch list := p.any.value(v).Addr().Interface().(type) {
	case *[]Tag:
		*list = append(*list, t.Tag)
		return u.dec.SkipElement()
	case *[]Raw:
		raw, err := u.dec.ReadRaw(t)
		if err != nil {
			return err
		}
		*list = append(*list, raw)
	}
	return nil
}

// field reads the element that has just started into v, a field with its slice and
// pointer.
func (u *unmarshaler) field(f *field, v reflect.Value, t Token) error {
	if f.slice {
		n := v.Len()
		if n == v.Cap() {
			v.Grow(1) // at most doubles what has been paid for
			if err := u.spend(int64(v.Type().Elem().Size()) * int64(v.Cap()-n)); err != nil {
				return err
			}
		}
		v.SetLen(n + 1)
		v = v.Index(n)
	}
	if f.pointer {
		if f.kind == kindStruct {
			if err := u.spend(int64(f.typ.Size())); err != nil {
				return err
			}
		}
		if f.kind == kindInt || f.kind == kindUint || f.kind == kindBool {
			return u.scalarPointer(f, v)
		}
		v.Set(reflect.New(f.typ))
		v = v.Elem()
	} else if f.kind == kindStruct && !f.slice && !v.IsZero() {
		v.SetZero() // a second occurrence replaces the first
	}
	switch f.kind {
	case kindStruct:
		return u.fields(f.sub, v)
	case kindRaw:
		raw, err := u.dec.ReadRaw(t)
		v.SetBytes(raw)
		return err
	case kindStream:
		return u.stream(f, v.Addr().Interface().(*Stream))
	}
	data, ok, err := u.text(f)
	if err != nil || !ok {
		return err
	}
	_, err = u.scalar(f, v, data)
	return err
}

// spend counts memory for structs against the limit.
func (u *unmarshaler) spend(n int64) error {
	u.memory += n
	if limit := u.dec.lim.memory + MemoryPerByte*u.dec.InputOffset(); u.memory > limit {
		return u.dec.limit("memory", limit)
	}
	return nil
}

// text reads the content of the element that has just started, whose field is f. It reports
// false if there is an element instead and [Options.Odd] has been told.
func (u *unmarshaler) text(f *field) ([]byte, bool, error) {
	data, child, err := u.dec.text()
	if child == 0 || err != nil {
		return data, err == nil, err
	}
	if u.odd == nil {
		return nil, false, u.fail(fmt.Errorf("an element where %s is expected", f.expects()))
	}
	if err := u.dec.SkipElement(); err != nil { // the child
		return nil, false, err
	}
	u.odd(f.tag, nil)
	return nil, false, u.dec.SkipElement()
}

// misfit deals with content that does not fit the field f.
func (u *unmarshaler) misfit(f *field, data []byte, err error) error {
	if u.odd == nil {
		return u.failIn(f, err)
	}
	u.odd(f.tag, data)
	return nil
}

func (f *field) expects() string {
	switch f.kind {
	case kindBool:
		return "0 or 1"
	case kindInt, kindUint:
		return "a number"
	}
	return "text"
}

// scalar sets v from the text of an element that has ended, and reports whether it did. A
// number or a truth value without content is as one that is absent: Exchange 2003 and 2010
// send such.
func (u *unmarshaler) scalar(f *field, v reflect.Value, data []byte) (bool, error) {
	switch f.kind {
	case kindString:
		v.SetString(u.string(data))
		return true, nil
	case kindBytes:
		v.SetBytes(append([]byte{}, data...))
		return true, nil
	}
	text := bytes.TrimSpace(data)
	if len(text) == 0 && !f.empty {
		if u.strict && f.kind != kindBool {
			return false, u.failIn(f, errNumber)
		}
		return false, nil
	}
	var err error
	if f.kind == kindBool {
		err = setBool(f, v, text)
	} else {
		err = setNumber(f, v, text)
	}
	if err != nil {
		return false, u.misfit(f, data, err)
	}
	return true, nil
}

var (
	errBool   = errors.New("neither 0 nor 1")
	errNumber = errors.New("not a number")
	errRange  = errors.New("a number out of range")
)

func setBool(f *field, v reflect.Value, text []byte) error {
	switch {
	case len(text) == 0, string(text) == "1", bytes.EqualFold(text, []byte("true")):
		v.SetBool(true)
	case string(text) == "0", bytes.EqualFold(text, []byte("false")):
		v.SetBool(false)
	case f.empty:
		v.SetBool(true)
	default:
		return errBool
	}
	return nil
}

func setNumber(f *field, v reflect.Value, text []byte) error {
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		return errNumber
	}
	var n uint64
	for _, c := range text {
		c -= '0'
		if c > 9 {
			return errNumber
		}
		if n > (1<<64-1-uint64(c))/10 {
			return errRange
		}
		n = n*10 + uint64(c)
	}
	if f.kind == kindUint {
		if negative && n != 0 || v.OverflowUint(n) {
			return errRange
		}
		v.SetUint(n)
		return nil
	}
	i := int64(n)
	if negative {
		i = -i
	}
	if n > 1<<63 || n == 1<<63 && !negative || v.OverflowInt(i) {
		return errRange
	}
	v.SetInt(i)
	return nil
}

// scalarPointer leaves the pointer nil if the element has no content, or none that fits.
func (u *unmarshaler) scalarPointer(f *field, v reflect.Value) error {
	v.SetZero()
	data, ok, err := u.text(f)
	if err != nil || !ok {
		return err
	}
	p := reflect.New(f.typ)
	if ok, err = u.scalar(f, p.Elem(), data); ok {
		v.Set(p)
	}
	return err
}

func (u *unmarshaler) stream(f *field, s *Stream) error {
	if u.sink != nil {
		if w := u.sink(f.tag); w != nil {
			var err error
			s.Size, err = u.dec.TextTo(w)
			return err
		}
	}
	data, ok, err := u.text(f)
	if err != nil || !ok {
		return err
	}
	s.Size = int64(len(data))
	s.Reader = bytes.NewReader(bytes.Clone(data))
	return nil
}

const (
	maxShared = 128  // length of a string that shares a block with others
	maxBlock  = 2048 // size of a block; what one of its strings keeps from being freed
)

// string copies a short string into a block shared with others, since one allocation for
// each would be most of the work.
func (u *unmarshaler) string(data []byte) string {
	n := len(data)
	if n > maxShared {
		return string(data)
	}
	if n == 0 {
		return ""
	}
	if u.block.Cap()-u.block.Len() < n {
		size := max(n, min(maxBlock, 128<<min(u.blocks, 8)))
		u.blocks++
		u.block.Reset()
		u.block.Grow(size)
	}
	from := u.block.Len()
	u.block.Write(data)
	return u.block.String()[from:]
}
