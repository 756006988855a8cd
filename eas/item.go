package eas

import (
	"fmt"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// An Item is an item of a mailbox: an [*Email], [*Event], [*Contact], [*Task] or [*Note], or
// an [*Unknown].
type Item interface {
	// Class returns the class of the item.
	Class() Class
}

// An Unknown is an item for whose class this package has no type.
type Unknown struct {
	ItemClass Class
	Raw       []byte // the ApplicationData as a WBXML document
}

// Class returns the class of the folder that the item was in, "" for nil.
func (u *Unknown) Class() Class {
	if u == nil {
		return ""
	}
	return u.ItemClass
}

// decoderOf returns what reads an item, by the code page of its first element that says what
// it is; nil for a page that has none.
func decoderOf(page string) func(*reader, []byte) (Item, error) {
	switch page {
	case "Email", "Email2":
		return decodeEmail
	case "Calendar":
		return decodeEvent
	case "Contacts", "Contacts2":
		return decodeContact
	case "Tasks":
		return decodeTask
	case "Notes":
		return decodeNote
	}
	return nil
}

// Encode returns the ApplicationData with which a client of version v sends an item, as a WBXML
// document. It is the counterpart of [Decode], for programs that keep items and for servers in
// tests. Fields that only the server sets are left out.
//
// An item whose body is truncated is an error, because the part would replace the whole.
func Encode(item Item, v Version) ([]byte, error) {
	list, err := whole(item, v)
	if err != nil {
		return nil, fmt.Errorf("eas: %w", err)
	}
	return document(list)
}

var classPages = map[Class]string{
	ClassEmail: "Email", ClassCalendar: "Calendar", ClassContacts: "Contacts", ClassTasks: "Tasks", ClassNotes: "Notes", ClassSMS: "Email", "": "Email",
}

// Decode reads an ApplicationData, such as [Entry.Raw] or the result of [Merge]. The elements
// determine the type of the item; where they do not, as in a change of a body alone, class does,
// and "" is ClassEmail. An item of another kind is an [*Unknown]. A value that cannot be read is
// left out and listed in Odd of the item; only a damaged document is an error.
func Decode(class Class, raw []byte) (Item, error) { return newReader(raw).item(class, raw) }

// item is [Decode] for an item of the reader's response.
func (r *reader) item(class Class, raw []byte) (Item, error) {
	page, err := r.pageOf(raw)
	if err != nil {
		return nil, fmt.Errorf("eas: item: %w", err)
	}
	if page == "" {
		page = classPages[class]
	}
	if d := decoderOf(page); d != nil {
		return d(r, raw)
	}
	return &Unknown{ItemClass: class, Raw: raw}, nil
}

// pageOf returns the namespace of the first child that is not common to several classes; ""
// if there is none.
func (r *reader) pageOf(raw []byte) (string, error) {
	// Nearly always the page follows the start of the item.
	const start = wbxml.Header + "\x5D\x00"
	if n := len(start); len(raw) > n+1 && string(raw[:n]) == start && raw[n+1]&0x3F > 4 {
		if ns := wbxml.MakeTag(raw[n], raw[n+1]).Namespace(); decoderOf(ns) != nil {
			return ns, nil
		}
	}
	d := &r.decoder
	d.ResetBytes(raw)
	if _, err := d.ReadToken(); err != nil {
		return "", err
	}
	for {
		t, err := d.ReadToken()
		if err != nil {
			return "", err
		}
		if t.Kind == wbxml.KindEnd {
			return "", nil
		}
		if t.Kind != wbxml.KindStart {
			continue
		}
		switch ns := t.Tag.Namespace(); ns {
		case "AirSyncBase", "RightsManagement":
			if err := d.SkipElement(); err != nil {
				return "", err
			}
		default:
			return ns, nil
		}
	}
}

// Merge returns the ApplicationData old with the elements of change in place of its own: the
// server leaves out of a change what has not changed ([MS-ASCMD] 2.2.3.24). Both are values of
// [Entry.Raw]; so is the result, for [Decode] and for the next Merge. An element that is empty in
// change is empty in the result.
func Merge(old, change []byte) ([]byte, error) {
	type document struct {
		_        struct{}    `wbxml:"AirSync:ApplicationData"`
		Elements []wbxml.Raw `wbxml:",any"`
	}
	var a, b document
	if err := wbxml.Unmarshal(old, &a); err != nil {
		return nil, fmt.Errorf("eas: Merge: %w", err)
	}
	if err := wbxml.Unmarshal(change, &b); err != nil {
		return nil, fmt.Errorf("eas: Merge: the change: %w", err)
	}
	changed := map[wbxml.Tag]bool{}
	for _, e := range b.Elements {
		t, err := e.Root()
		if err != nil {
			return nil, fmt.Errorf("eas: Merge: the change: %w", err)
		}
		changed[t] = true
	}
	var out document
	for _, e := range a.Elements {
		t, err := e.Root()
		if err != nil {
			return nil, fmt.Errorf("eas: Merge: %w", err)
		}
		if !changed[t] {
			out.Elements = append(out.Elements, e)
		}
	}
	out.Elements = append(out.Elements, b.Elements...)
	doc, err := wbxml.Marshal(&out)
	if err != nil {
		return nil, fmt.Errorf("eas: Merge: %w", err)
	}
	return doc, nil
}
