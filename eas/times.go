package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// The two forms of dates that clients write. [MS-ASDTYPE] 2.7.2
const (
	extendedTime = "2006-01-02T15:04:05.000Z" // mail, tasks, notes, contacts and identifiers of instances
	compactTime  = "20060102T150405Z"         // calendar
)

// times are the forms of dates that servers send. Dates without a zone are in UTC.
var times = []string{
	extendedTime, time.RFC3339, compactTime, "20060102T150405", "2006-01-02T15:04:05", "2006-01-02", "20060102",
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range times {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("eas: %q is no date", safehttp.Clean(s, 32))
}

// A dates reads the dates of one item and keeps the first error.
type dates struct{ err error }

// at returns the date s; the zero time for "".
func (d *dates) at(element, s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := parseTime(s)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("%w, in %s", err, element)
	}
	return t
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
