package wbxml

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Stream is the content of an element that need not stand in memory. A field of type
// *Stream is written from Reader, up to Size bytes if its tag says opaque and to the end
// otherwise. When read, the content goes to what [Options.Sink] returns, and Size is its
// length; without a sink Reader holds it.
type Stream struct {
	Reader io.Reader
	Size   int64 // bytes
}

// kind is what the content of a field is, apart from pointers and slices.
type kind uint8

const (
	kindString kind = iota
	kindBytes
	kindBool
	kindInt
	kindUint
	kindStruct
	kindRaw
	kindStream
)

// A field is the plan for one element of a struct.
type field struct {
	name    string
	tag     Tag
	index   []int
	offset  uintptr      // in the struct, in bytes
	whole   reflect.Type // of the field
	typ     reflect.Type // without slice and pointer
	kind    kind
	slice   bool // repeated
	pointer bool // of the field or of the slice's elements
	always  bool
	empty   bool
	opaque  bool
	plain   bool    // neither slice nor pointer
	direct  bool    // a pointer to a type of directKinds, which an arena makes
	numeral uint8   // of a number, the bits of its type
	size    uintptr // of an element of the slice, in bytes
	sub     *plan   // of kindStruct
}

// A plan is how a struct type maps to an element.
type plan struct {
	id     int // counts up from 0
	typ    reflect.Type
	slice  reflect.Type // []typ
	size   uintptr      // of typ, in bytes
	root   Tag
	fields []field // in struct order, "any" among them with tag 0
	any    *field
	byTag  [pages]*[64]uint8 // index in fields, plus 1
	others map[Tag]uint8     // the same for tags beyond the table's pages
}

func (p *plan) lookup(t Tag) *field {
	var i uint8
	if page := t.Page(); int(page) < pages {
		if tokens := p.byTag[page]; tokens != nil {
			i = tokens[t&0x3F]
		}
	} else {
		i = p.others[t]
	}
	if i == 0 {
		return nil
	}
	return &p.fields[i-1]
}

var (
	plans    sync.Map // reflect.Type to *plan
	lastPlan atomic.Int64
)

var (
	rawType    = reflect.TypeFor[Raw]()
	streamType = reflect.TypeFor[Stream]()
	tagType    = reflect.TypeFor[Tag]()

	directKinds = []reflect.Kind{reflect.String, reflect.Bool, reflect.Int, reflect.Uint32, reflect.Uint64}
)

// planOf returns the plan of a struct type, made once.
func planOf(t reflect.Type) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	made := map[reflect.Type]*plan{}
	if _, err := makePlan(t, made); err != nil {
		return nil, err
	}
	for t, p := range made {
		plans.LoadOrStore(t, p)
	}
	p, _ := plans.Load(t)
	return p.(*plan), nil
}

func makePlan(t reflect.Type, made map[reflect.Type]*plan) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	if p, ok := made[t]; ok {
		return p, nil
	}
	p := &plan{id: int(lastPlan.Add(1)) - 1, typ: t, slice: reflect.SliceOf(t), size: t.Size(), others: map[Tag]uint8{}}
	made[t] = p
	if err := p.addFields(t, nil, 0, made); err != nil {
		return nil, err
	}
	if len(p.fields) > 255 {
		return nil, &TypeError{t.String(), "", "more than 255 elements"}
	}
	for i := range p.fields {
		f := &p.fields[i]
		if f.tag == 0 {
			if p.any != nil {
				return nil, &TypeError{t.String(), f.name, "a second field for all other elements"}
			}
			p.any = f
			continue
		}
		if other := p.lookup(f.tag); other != nil {
			return nil, &TypeError{t.String(), f.name, fmt.Sprintf("%v is already the element of %s", f.tag, other.name)}
		}
		if page := f.tag.Page(); int(page) >= pages {
			p.others[f.tag] = uint8(i + 1)
		} else {
			if p.byTag[page] == nil {
				p.byTag[page] = new([64]uint8)
			}
			p.byTag[page][f.tag.Token()] = uint8(i + 1)
		}
	}
	return p, nil
}

// addFields plans the fields of t, which stands at base; those of an embedded struct count as
// its own.
func (p *plan) addFields(t reflect.Type, prefix []int, base uintptr, made map[reflect.Type]*plan) error {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(prefix[:len(prefix):len(prefix)], i)
		text, tagged := sf.Tag.Lookup("wbxml")
		if !tagged {
			if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
				if err := p.addFields(sf.Type, index, base+sf.Offset, made); err != nil {
					return err
				}
			}
			continue
		}
		if text == "-" {
			continue
		}
		name, opts, _ := strings.Cut(text, ",")
		fail := func(format string, args ...any) error {
			return &TypeError{p.typ.String(), sf.Name, fmt.Sprintf(format, args...)}
		}
		var tag Tag
		if name != "" {
			var err error
			if tag, err = parseTag(name); err != nil {
				return fail("%v", err)
			}
		}
		if sf.Name == "_" {
			if len(prefix) > 0 {
				continue // the root of an embedded struct is not that of the outer one
			}
			if tag == 0 || opts != "" || p.root != 0 {
				return fail("the tag of a blank field names the root element, once and without options")
			}
			p.root = tag
			continue
		}
		if !sf.IsExported() {
			return fail("not exported")
		}
		f := field{name: sf.Name, tag: tag, index: index, offset: base + sf.Offset, whole: sf.Type}
		isAny := false
		for opt := range strings.SplitSeq(opts, ",") {
			switch opt {
			case "":
			case "always":
				f.always = true
			case "empty":
				f.empty = true
			case "opaque":
				f.opaque = true
			case "any":
				isAny = true
			default:
				return fail("unknown option %q", opt)
			}
		}
		if isAny != (tag == 0) {
			return fail("a tag names an element or is %q", ",any")
		}
		if isAny {
			if sf.Type != reflect.SliceOf(rawType) && sf.Type != reflect.SliceOf(tagType) {
				return fail("a field for all other elements is a []Raw or []Tag")
			}
			f.typ, f.kind, f.slice = sf.Type.Elem(), kindRaw, true
			p.fields = append(p.fields, f)
			continue
		}
		if msg := f.setType(sf.Type); msg != "" {
			return fail("%s", msg)
		}
		if f.kind == kindStruct {
			var err error
			if f.sub, err = makePlan(f.typ, made); err != nil {
				return err
			}
		}
		p.fields = append(p.fields, f)
	}
	return nil
}

// setType finds out what t is and returns what is wrong with it.
func (f *field) setType(t reflect.Type) string {
	isBytes := func(t reflect.Type) bool { return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 }
	if t.Kind() == reflect.Slice && !isBytes(t) {
		f.slice, t = true, t.Elem()
	}
	f.size = t.Size()
	if t.Kind() == reflect.Pointer {
		f.pointer, t = true, t.Elem()
	}
	f.typ = t
	f.plain = !f.slice && !f.pointer
	f.direct = f.pointer && !f.slice && slices.Contains(directKinds, t.Kind())
	switch k := t.Kind(); {
	case t == rawType:
		f.kind = kindRaw
	case t == streamType:
		f.kind = kindStream
		if !f.pointer {
			return "a Stream is used by its pointer"
		}
	case isBytes(t):
		f.kind = kindBytes
	case k == reflect.String:
		f.kind = kindString
	case k == reflect.Bool:
		f.kind = kindBool
	case k >= reflect.Int && k <= reflect.Int64:
		f.kind, f.numeral = kindInt, uint8(t.Bits())
	case k >= reflect.Uint && k <= reflect.Uint64:
		f.kind, f.numeral = kindUint, uint8(t.Bits())
	case k == reflect.Struct:
		f.kind = kindStruct
	default:
		return fmt.Sprintf("%v stands for no element", t)
	}
	if f.empty && f.kind != kindBool {
		return "only a bool can be an empty tag"
	}
	if f.opaque && (f.kind == kindBool || f.kind == kindStruct || f.kind == kindRaw) {
		return fmt.Sprintf("%v cannot be opaque", t)
	}
	return ""
}

// at returns where the field is in the struct at v, which is of the plan's type.
func (f *field) at(v unsafe.Pointer) unsafe.Pointer { return unsafe.Add(v, f.offset) }

// clear sets the field at v to zero.
func (f *field) clear(v unsafe.Pointer) { reflect.NewAt(f.whole, v).Elem().SetZero() }

// value returns the field in v, which is of the plan's type.
func (f *field) value(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}
