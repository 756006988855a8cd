package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"unicode/utf8"
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
	clear(u.structs)
	*u = unmarshaler{dec: u.dec, arena: arena{structs: u.structs}}
	unmarshalers.Put(u)
	return err
}

func (u *unmarshaler) document(v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return &TypeError{fmt.Sprintf("%T", v), "", "not a pointer to a struct"}
	}
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

// misfit deals with a value of the child f of the open element that does not fit, where v
// is what it goes to.
func (u *unmarshaler) misfit(f *field, v reflect.Value, text []byte, err error) error {
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
		v.SetInt(n)
	}
	return err
}

// oddCost is what a program may keep of an odd value, in bytes.
const oddCost = 128

// fields reads the content of the element that has just started into a struct.
func (u *unmarshaler) fields(p *plan, v reflect.Value) error {
	var seen [4]uint64 // fields met, in strict mode
	for {
		if f, text := u.leaf(p); f != nil {
			if err := u.set(f, f.value(v), text); err != nil {
				return err
			}
			continue
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
		if err := u.field(f, f.value(v), t); err != nil {
			return err
		}
	}
}

// leaf reads the element that comes next, if all of it is in the buffer, it is a field of
// text and its content is one inline string in UTF-8: nearly all elements are like that.
// Otherwise it reads nothing and returns nil.
func (u *unmarshaler) leaf(p *plan) (*field, []byte) {
	d := &u.dec
	b, at, page := d.buf, d.pos, d.page
	if at+1 < len(b) && b[at] == globalSwitchPage {
		page = b[at+1]
		at += 2
	}
	if at+1 >= len(b) || b[at+1] != globalStrI || b[at]&0xC0 != bitContent || b[at]&0x3F <= globalLiteral {
		return nil, nil
	}
	if u.strict || d.latin1 || d.pendingEnd || len(d.stack) >= d.lim.depth || d.elements >= d.lim.elements {
		return nil, nil
	}
	f := p.lookup(Tag(page)<<8 | Tag(b[at]&0x3F))
	if f == nil || f.kind > kindUint {
		return nil, nil
	}
	text := b[at+2:]
	n := bytes.IndexByte(text, 0)
	if n < 0 || n+1 >= len(text) || text[n+1] != globalEnd || int64(n) > d.lim.data || !utf8.Valid(text[:n]) {
		return nil, nil
	}
	d.elements++
	d.page, d.at, d.pos = page, d.base+int64(at), at+2+n+2
	return f, text[:n]
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
	if f.kind <= kindUint {
		text, child, err := u.dec.text()
		if child != 0 {
			if !f.slice {
				v.SetZero()
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
		if !f.pointer && !f.slice && !to.IsZero() {
			to.SetZero() // a second occurrence replaces the first
		}
		return u.fields(f.sub, to)
	case kindRaw:
		raw, err := u.dec.ReadRaw(t)
		to.SetBytes(raw)
		return err
	}
	return u.stream(f, to.Addr().Interface().(*Stream))
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
func (u *unmarshaler) misplaced(f *field, v reflect.Value) error {
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
		return u.misplaced(f, reflect.Value{})
	}
	if err != nil {
		return err
	}
	s.Size = int64(len(data))
	s.Reader = bytes.NewReader(bytes.Clone(data))
	return nil
}
