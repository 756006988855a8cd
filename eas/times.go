package eas

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// The forms of dates that clients write. [MS-ASDTYPE] 2.7.2
const (
	extendedTime = "2006-01-02T15:04:05.000Z" // mail, tasks, notes, contacts; occurrences in MeetingResponse and Smart…
	compactTime  = "20060102T150405Z"         // calendar; occurrences in Sync
	compactDate  = "20060102"                 // all-day events from 16.0 on
)

// parseTime reads a date as servers send it: either form of [MS-ASDTYPE], with or without
// punctuation, a space in place of the T, fractions, an offset in place of the Z, 24:00 for
// the end of a day, and the forms of mail and HTTP. A date without a zone is in UTC. The zero
// time is the text 0001-01-01, which some servers send for none.
func parseTime(s string) (time.Time, error) {
	if t, ok := plainTime(s); ok {
		return t, nil
	}
	text := strings.TrimSpace(s)
	if t, ok := isoTime(text); ok {
		return t, nil
	}
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04:05 -0700", time.RFC1123, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("eas: %q is not a date", safehttp.Clean(s, 32))
}

// plainTime reads the two forms of [MS-ASDTYPE] 2.7.2, which nearly all dates have.
func plainTime(s string) (time.Time, bool) {
	var date, clock [3]int // year, month, day; hour, minute, second
	var century, milli, tenths int
	switch len(s) {
	case len(extendedTime):
		if s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[23] != 'Z' {
			return time.Time{}, false
		}
		century, date = pair(s[0:]), [3]int{pair(s[2:]), pair(s[5:]), pair(s[8:])}
		clock = [3]int{pair(s[11:]), pair(s[14:]), pair(s[17:])}
		tenths, milli = pair(s[20:]), pair(s[21:])
	case len(compactTime):
		if s[8] != 'T' || s[15] != 'Z' {
			return time.Time{}, false
		}
		century, date = pair(s[0:]), [3]int{pair(s[2:]), pair(s[4:]), pair(s[6:])}
		clock = [3]int{pair(s[9:]), pair(s[11:]), pair(s[13:])}
	default:
		return time.Time{}, false
	}
	year, month, day := 100*century+date[0], date[1], date[2]
	if century|date[0]|tenths|milli < 0 || month < 1 || month > 12 || day < 1 || day > 28 ||
		uint(clock[0]) > 23 || uint(clock[1]) > 59 || uint(clock[2]) > 59 {
		return time.Time{}, false // odd, or at the end of a month
	}
	milli += tenths / 10 * 100
	return time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2], milli*int(time.Millisecond), time.UTC), true
}

// pair returns the number that s begins with, of two digits; a negative one if there is none.
func pair(s string) int {
	tens, ones := uint(s[0]-'0'), uint(s[1]-'0')
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(10*tens + ones)
}

// isoTime reads a date of ISO 8601 in its extended or basic form, or of both mixed.
func isoTime(s string) (time.Time, bool) {
	d := digits{s: s}
	year, month, day := d.number(4), d.after("-").number(2), d.after("-").number(2)
	var hour, minute, second, nano, zone int
	if d.skip("T") || d.skip("t") || d.skip(" ") {
		d.spaces()
		hour, minute = d.number(2), d.after(":").number(2)
		if d.skip(":") || d.isDigit() {
			second = d.number(2)
		}
		if d.skip(".") || d.skip(",") {
			nano = d.fraction()
		}
		zone = d.zone()
	}
	switch {
	case d.bad, d.s != "", month < 1, month > 12, day < 1, day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day():
		return time.Time{}, false
	case hour > 24, hour == 24 && minute+second+nano > 0, minute > 59, second > 60:
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute-zone, second, nano, time.UTC), true
}

// A digits reads numbers off the beginning of a text.
type digits struct {
	s   string
	bad bool
}

func (d *digits) isDigit() bool { return d.s != "" && d.s[0]-'0' <= 9 }

func (d *digits) skip(text string) bool {
	rest, ok := strings.CutPrefix(d.s, text)
	d.s = rest
	return ok
}

func (d *digits) after(text string) *digits {
	d.skip(text)
	return d
}

func (d *digits) spaces() { d.s = strings.TrimLeft(d.s, " ") }

// number reads a number of n digits.
func (d *digits) number(n int) int {
	v := 0
	for range n {
		if !d.isDigit() {
			d.bad = true
			return 0
		}
		v = v*10 + int(d.s[0]-'0')
		d.s = d.s[1:]
	}
	return v
}

// fraction reads the digits of a fraction of a second, in nanoseconds.
func (d *digits) fraction() int {
	v, unit := 0, int(time.Second/10)
	d.bad = d.bad || !d.isDigit()
	for d.isDigit() {
		v += int(d.s[0]-'0') * unit
		unit /= 10
		d.s = d.s[1:]
	}
	return v
}

// zone reads Z, UTC, GMT or an offset, and returns minutes east of Greenwich; 0 for nothing.
func (d *digits) zone() int {
	d.spaces()
	if d.skip("Z") || d.skip("z") || d.skip("UTC") || d.skip("GMT") {
		d.spaces()
	}
	sign := 1
	switch {
	case d.skip("+"):
	case d.skip("-"), d.skip("\u2212"):
		sign = -1
	default:
		return 0
	}
	hours, minutes := d.number(2), 0
	if d.skip(":") || d.isDigit() {
		minutes = d.number(2)
	}
	d.bad = d.bad || hours > 15 || minutes > 59
	return sign * (hours*60 + minutes)
}

// extended writes t for mail, tasks, notes and contacts; "" for the zero time.
func extended(t time.Time) string { return written(t, extendedTime) }

// compact writes t for calendars; "" for the zero time.
func compact(t time.Time) string { return written(t, compactTime) }

func written(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// wall returns the date that the clock of t's location shows, as if it were in UTC: what
// StartDate and DueDate hold.
func wall(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	_, east := t.Zone()
	return t.UTC().Add(time.Duration(east) * time.Second)
}

// span are the four dates of a flag or a task.
type span struct{ start, due, startLocal, dueLocal time.Time }

var errSpan = errors.New("it ends before it starts")

// complete fills in what is missing of the four, since a server takes all of them or none
// ([MS-ASEMAIL] 2.2.2.72): of a pair, the local date is what the clock of the other one's
// location shows, and the other way round; a date alone gets one that is a day away, since
// the start must be before the end.
func (s *span) complete() error {
	const day = 24 * time.Hour
	pair := func(utc, local *time.Time) {
		switch {
		case utc.IsZero():
			*utc = *local
		case local.IsZero():
			*local = wall(*utc)
		}
	}
	pair(&s.start, &s.startLocal)
	pair(&s.due, &s.dueLocal)
	switch {
	case s.start.IsZero() && !s.due.IsZero():
		s.start, s.startLocal = s.due.Add(-day), s.dueLocal.Add(-day)
	case s.due.IsZero() && !s.start.IsZero():
		s.due, s.dueLocal = s.start.Add(day), s.startLocal.Add(day)
	}
	if s.due.Before(s.start) || s.dueLocal.Before(s.startLocal) {
		return errSpan
	}
	return nil
}
