package eas

import (
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Note is a note, from 14.0 on. See [MS-ASNOTE] 2.2.
type Note struct {
	Subject      string
	Body         *Body  // nil: not requested
	MessageClass string // if "", IPM.StickyNote is written
	Modified     time.Time
	Categories   []string

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
	// Odd lists the values that could not be read.
	Odd []OddValue
}

// Class returns [ClassNotes].
func (*Note) Class() Class { return ClassNotes }

func decodeNote(r *reader, raw []byte) (Item, error) {
	d, err := read(r, raw, &r.notes)
	if err != nil {
		return nil, fmt.Errorf("eas: note: %w", err)
	}
	n := &Note{
		Subject: d.Subject, Body: body(nil, d.Body), MessageClass: d.MessageClass, Modified: r.at("Notes:LastModifiedDate", d.LastModifiedDate),
		Other: others(d.Other),
	}
	n.Odd = r.odd
	if d.Categories != nil {
		n.Categories = d.Categories.Category
	}
	return n, nil
}

func (n *Note) encode(v Version, _ time.Time) (any, error) {
	if !v.AtLeast(Version140) {
		return nil, errors.New("eas: note: notes need version 14.0 or later")
	}
	d := &airsync.NoteData{Subject: n.Subject, MessageClass: n.MessageClass, Other: raws(n.Other)}
	if d.MessageClass == "" {
		d.MessageClass = "IPM.StickyNote"
	}
	if len(n.Categories) > 0 {
		d.Categories = &airsync.NoteCategories{Category: n.Categories}
	}
	return d, nil
}
