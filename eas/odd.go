package eas

import (
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// An OddValue is a value that could not be read: text instead of a number, a date that is not one.
// Its field is as if the server had not sent the element; the rest of the item is not affected.
type OddValue struct {
	Element string // with its namespace, e.g. "Email:DateReceived"
	Value   string // at most 64 characters of it; "" where elements stand in place of text
}

// maxOdd is how many bytes of an odd value are kept.
const maxOdd = 64

// note notes a value that cannot be read.
func (r *reader) note(element, value string) {
	r.odd = append(r.odd, OddValue{Element: element, Value: safehttp.Clean(value, maxOdd)})
}

// at returns the date s; the zero time for "" and for what is not a date.
func (r *reader) at(element, s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := parseTime(s)
	if err != nil {
		r.note(element, s)
	}
	return t
}

// integer returns the number s; 0 for "" and for what is not a number.
func (r *reader) integer(element, s string) int {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		r.note(element, s)
	}
	return n
}

// zone returns the time zone of an element, in the room of out; nil for "" and for what is not a time zone.
func (r *reader) zone(out *TimeZone, element, s string) *TimeZone {
	if s == "" {
		return nil
	}
	if s != r.zoneText { // most items of a page have the same
		z, err := ParseTimeZone(s)
		if err != nil {
			r.note(element, s)
			return nil
		}
		r.zoneText, r.zoneValue = s, *z
	}
	out = room(out)
	*out = r.zoneValue
	return out
}
