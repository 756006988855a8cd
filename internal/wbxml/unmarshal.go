package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"unsafe"
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
	u.setOptions(o)
	u.dec.ResetBytes(b)
	return u.finish(u.document(v))
}

// UnmarshalRead is the function [UnmarshalRead] under the options.
func (o *Options) UnmarshalRead(r io.Reader, v any) error {
	u := unmarshalers.Get().(*unmarshaler)
	u.setOptions(o)
	u.dec.Reset(r)
	return u.finish(u.document(v))
}

var unmarshalers = sync.Pool{New: func() any { return new(unmarshaler) }}

// An unmarshaler is the state of one call of Unmarshal, or of a [Batch].
type unmarshaler struct {
	dec       Decoder
	strict    bool
	odd       func(Tag, []byte)
	oddNumber func(Tag) (int64, bool) // for one that is odd
	sink      func(Tag) io.Writer
	limit     int64 // bytes for structs; if 0, by what has been read
	last      *plan // of the document that was read last
	arena
}

func (u *unmarshaler) setOptions(o *Options) {
	u.dec.lim = o.limits()
	u.strict = u.dec.lim.strict
	if o != nil {
		u.odd, u.oddNumber, u.sink = o.Odd, o.OddNumber, o.Sink
	}
}

// finish gives the unmarshaler back and returns err.
func (u *unmarshaler) finish(err error) error {
	u.dec.ResetBytes(nil)
	if cap(u.dec.own) > maxPooled {
		u.dec.own = nil
	}
	u.forget()
	*u = unmarshaler{dec: u.dec, arena: arena{structs: u.structs}}
	unmarshalers.Put(u)
	return err
}

func (u *unmarshaler) document(v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return &TypeError{fmt.Sprintf("%T", v), "", "not a pointer to a struct"}
	}
	at := rv.UnsafePointer()
	rv = rv.Elem()
	p := u.last
	if p == nil || p.typ != rv.Type() {
		var err error
		if p, err = planOf(rv.Type()); err != nil {
			return err
		}
		u.last = p
	}
	if p.root == 0 {
		return &TypeError{rv.Type().String(), "", "no blank field names the root element"}
	}
	rv.SetZero()
	if err := u.spend(int64(p.typ.Size())); err != nil {
		return err
	}
	t, err := u.dec.ReadToken()
	if err != nil {
		return err
	}
	if t.Tag != p.root {
		return u.fail(fmt.Errorf("the document is not %v", p.root))
	}
	if err := u.fields(p, at); err != nil {
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

// misfit deals with a value of the child f of the open element that does not fit, where v
// is what it goes to.
func (u *unmarshaler) misfit(f *field, v unsafe.Pointer, text []byte, err error) error {
	if u.odd == nil {
		return u.dec.fail(&DecodeError{path(append(u.dec.stack[:len(u.dec.stack):len(u.dec.stack)], f.tag)), u.dec.at, err})
	}
	if err := u.spend(oddCost); err != nil {
		return err
	}
	u.odd(f.tag, text)
	if f.kind != kindInt || u.oddNumber == nil {
		return nil
	}
	n, ok := u.oddNumber(f.tag)
	if !ok {
		return nil
	}
	if v, err = u.place(f, v); err == nil {
		f.store(v, uint64(n), false) // two's complement
	}
	return err
}

// oddCost is what a program may keep of an odd value, in bytes.
const oddCost = 128

// fields reads the content of the element that has just started into the struct at v.
func (u *unmarshaler) fields(p *plan, v unsafe.Pointer) error {
	var seen [4]uint64 // fields met, in strict mode
	for {
		if err := u.leaves(p, v); err != nil {
			return err
		}
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
		if err := u.field(f, f.at(v), t); err != nil {
			return err
		}
	}
}

// leaves reads the elements that come next, as long as each is all in the buffer, is a field
// of text, and has one inline string in UTF-8, or a little opaque data, as its content: nearly
// all elements are like that.
func (u *unmarshaler) leaves(p *plan, v unsafe.Pointer) error {
	d := &u.dec
	if u.strict || d.latin1 || d.pendingEnd || len(d.stack) >= d.lim.depth {
		return nil
	}
	for b := d.buf; d.elements < d.lim.elements; {
		at, page := d.pos, d.page
		if at+1 < len(b) && b[at] == globalSwitchPage {
			page = b[at+1]
			at += 2
		}
		if at+2 >= len(b) || b[at]&0xC0 != bitContent || b[at]&0x3F <= globalLiteral {
			return nil
		}
		f := p.lookup(Tag(page)<<8 | Tag(b[at]&0x3F))
		if f == nil || f.kind > kindUint {
			return nil
		}
		var text []byte
		end := 0
		switch b[at+1] {
		case globalStrI:
			text = b[at+2:]
			n := utf8End(text)
			if n < 0 {
				return nil
			}
			text, end = text[:n], at+2+n+1
		case globalOpaque:
			if end = at + 3 + int(b[at+2]); b[at+2] > 0x7F || end > len(b) {
				return nil
			}
			text = b[at+3 : end]
		default:
			return nil
		}
		if end >= len(b) || b[end] != globalEnd || int64(len(text)) > d.lim.data {
			return nil
		}
		d.elements++
		d.page, d.at, d.pos = page, d.base+int64(at), end+1
		if f.kind == kindString && f.plain {
			*(*string)(f.at(v)) = u.string(text)
			continue
		}
		if err := u.set(f, f.at(v), text); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) byTagIndex(f *field) uint8 {
	if page := f.tag.Page(); int(page) < pages {
		return p.byTag[page][f.tag.Token()] - 1
	}
	return p.others[f.tag] - 1
}

// other deals with an element that the struct has no field for.
func (u *unmarshaler) other(p *plan, v unsafe.Pointer, t Token) error {
	if p.any == nil && u.strict {
		return u.fail(errors.New("an element that is not expected here"))
	}
	if p.any == nil || t.IsLiteral() {
		return u.dec.SkipElement()
	}
	if err := u.spend(int64(p.any.typ.Size()) + 8); err != nil {
		return err
	}
	if p.any.typ == tagType {
		list := (*[]Tag)(p.any.at(v))
		*list = append(*list, t.Tag)
		return u.dec.SkipElement()
	}
	raw, err := u.dec.ReadRaw(t)
	if err != nil {
		return err
	}
	list := (*[]Raw)(p.any.at(v))
	*list = append(*list, raw)
	return nil
}

// field reads the element that has just started into the field at v.
func (u *unmarshaler) field(f *field, v unsafe.Pointer, t Token) error {
	if f.kind <= kindUint {
		text, child, err := u.dec.text()
		if child != 0 {
			if !f.slice {
				f.clear(v)
			}
			return u.misplaced(f, v)
		}
		if err != nil {
			return err
		}
		return u.set(f, v, text)
	}
	to, err := u.place(f, v)
	if err != nil {
		return err
	}
	switch f.kind {
	case kindStruct:
		if f.plain {
			f.clear(to) // a second occurrence replaces the first
		}
		return u.fields(f.sub, to)
	case kindRaw:
		raw, err := u.dec.ReadRaw(t)
		*(*Raw)(to) = raw
		return err
	}
	return u.stream(f, (*Stream)(to))
}

// spend counts memory against the limit. Structs count three times: for what a program
// makes of them, and for what slices leave behind when they grow.
func (u *unmarshaler) spend(n int64) error {
	u.memory += 3 * n
	limit := u.limit
	if limit == 0 {
		limit = u.dec.lim.memory + MemoryPerByte*u.dec.InputOffset()
	}
	if u.memory > limit {
		return u.dec.limit("memory", limit)
	}
	return nil
}

// misplaced deals with an element that has started within f, which has place for text
// alone.
func (u *unmarshaler) misplaced(f *field, v unsafe.Pointer) error {
	err := fmt.Errorf("an element where %s is expected", f.expects())
	if u.odd == nil {
		return u.fail(err)
	}
	for range 2 { // the element, and what follows it in f
		if err := u.dec.SkipElement(); err != nil {
			return err
		}
	}
	return u.misfit(f, v, nil, err)
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

func (u *unmarshaler) stream(f *field, s *Stream) error {
	if u.sink != nil {
		if w := u.sink(f.tag); w != nil {
			var err error
			s.Size, err = u.dec.TextTo(w)
			return err
		}
	}
	data, child, err := u.dec.text()
	if child != 0 {
		return u.misplaced(f, nil)
	}
	if err != nil {
		return err
	}
	s.Size = int64(len(data))
	s.Reader = bytes.NewReader(bytes.Clone(data))
	return nil
}
