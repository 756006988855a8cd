package eas

import (
	"strings"
	"testing"
	"time"
)

// TestPlainTime compares the short way of reading a date with the long one, at every place at
// which a date can be wrong.
func TestPlainTime(t *testing.T) {
	for _, good := range []string{"2026-03-01T12:34:56.789Z", "20260301T123456Z", "2026-02-28T23:59:59.999Z", "20260228T235959Z"} {
		got, ok := plainTime(good)
		want, err := time.Parse(map[bool]string{true: extendedTime, false: compactTime}[strings.Contains(good, "-")], good)
		if !ok || err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("plainTime(%q) = %v, %v, want %v, %v", good, got, ok, want, err)
		}
		for i := range good {
			for _, c := range "0123459TZ:-/. \x00" {
				text := good[:i] + string(c) + good[i+1:]
				got, ok := plainTime(text)
				long, longOK := isoTime(text)
				if ok && (!longOK || !got.Equal(long)) {
					t.Errorf("plainTime(%q) = %v, and isoTime %v, %v", text, got, long, longOK)
				}
			}
		}
		for _, text := range []string{"", good + "Z", good[1:], good[:len(good)-1]} {
			if got, ok := plainTime(text); ok {
				t.Errorf("plainTime(%q) = %v", text, got)
			}
		}
	}
}

// The short way takes what it is for, to the limit, and nothing beyond; the long way takes what
// servers write, to the limit.
func TestTimeLimits(t *testing.T) {
	for text, short := range map[string]bool{
		"2026-01-01T00:00:00.000Z": true, "2026-12-28T23:59:59.999Z": true, "2026-12-29T00:00:00.000Z": false, "2026-13-01T00:00:00.000Z": false, "2026-00-01T00:00:00.000Z": false,
		"2026-01-00T00:00:00.000Z": false, "2026-01-01T24:00:00.000Z": false, "2026-01-01T00:60:00.000Z": false, "2026-01-01T00:00:60.000Z": false, "0000-01-01T00:00:00.000Z": true,
		"20260101T000000Z": true, "20261228T235959Z": true, "20261229T000000Z": false, "20261301T000000Z": false, "20260001T000000Z": false, "20260100T000000Z": false, "20260101T240000Z": false,
		"20260101T006000Z": false, "20260101T000060Z": false, "2026-01-01T00:00:00.x00Z": false, "2026-01-01T00:00:00.0x0Z": false, "2026-01-01T00:00:00.00xZ": false, "x026-01-01T00:00:00.000Z": false,
		"20x6-01-01T00:00:00.000Z": false, "2026-01-01T00:00:00.000z": false, "20260101t000000Z": false,
	} {
		if got, ok := plainTime(text); ok != short {
			t.Errorf("plainTime(%q) = %v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]string{
		"2026-12-31": "2026-12-31T00:00:00Z", "2026-12-32": "", "2026-02-29": "", "2024-02-29": "2024-02-29T00:00:00Z", "2024-02-30": "", "2026-13-01": "", "2026-00-01": "", "2026-01-00": "", "20261231": "2026-12-31T00:00:00Z",
		"2026-01-01T24:00": "2026-01-02T00:00:00Z", "2026-01-01T24:01": "", "2026-01-01T24:00:01": "", "2026-01-01T24:00:00.1": "", "2026-01-01T25:00": "", "2026-01-01T23:59": "2026-01-01T23:59:00Z", "2026-01-01T23:60": "",
		"2026-01-01T23:59:60": "2026-01-02T00:00:00Z", "2026-01-01T23:59:61": "", "2026-01-01T12:00:00.5": "2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00,25Z": "2026-01-01T12:00:00.25Z", "2026-01-01T12:00:00.": "",
		"2026-01-01T12:00:00.123456789": "2026-01-01T12:00:00.123456789Z", "2026-01-01T12:00:00.1234567899": "2026-01-01T12:00:00.123456789Z", "2026-01-01 12:00:00 UTC": "2026-01-01T12:00:00Z", "2026-01-01t12:00z": "2026-01-01T12:00:00Z",
		"2026-01-01T12:00+15": "2025-12-31T21:00:00Z", "2026-01-01T12:00+16": "", "2026-01-01T12:00+01:59": "2026-01-01T10:01:00Z", "2026-01-01T12:00+01:60": "", "2026-01-01T12:00-0130": "2026-01-01T13:30:00Z", "2026-01-01T12:00\u221201": "2026-01-01T13:00:00Z",
		"2026-01-01T12:00 GMT+01:00": "2026-01-01T11:00:00Z", "2026-01-01T12:00GMT": "2026-01-01T12:00:00Z", "2026-01-01T12:00Zx": "", "2026-01-01T12:00+1": "", "2026-01-01T1200": "2026-01-01T12:00:00Z", "2026-01-01T120030": "2026-01-01T12:00:30Z",
		"2026-01-01T12": "", "2026-1-01": "", "": "", "x": "", " 2026-01-01 ": "2026-01-01T00:00:00Z", "Thu, 01 Jan 2026 12:00:00 +0100": "2026-01-01T11:00:00Z", "Thu, 01 Jan 2026 12:00:00 GMT": "2026-01-01T12:00:00Z", "Thu Jan  1 12:00:00 2026": "2026-01-01T12:00:00Z",
	} {
		got, err := parseTime(text)
		s := ""
		if err == nil {
			s = got.Format(time.RFC3339Nano)
		}
		if s != want || err == nil && got.Location() != time.UTC {
			t.Errorf("parseTime(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
}

// A span of dates has both ends on both clocks, or is refused.
func TestSpan(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC) }
	none := time.Time{}
	for _, tt := range []struct {
		in, want span
		fails    bool
	}{
		{in: span{}, want: span{}},
		{in: span{at(1), at(2), at(3), at(4)}, want: span{at(1), at(2), at(3), at(4)}},
		{in: span{at(1), none, none, none}, want: span{at(1), at(25), at(1), at(25)}},
		{in: span{none, at(25), none, none}, want: span{at(1), at(25), at(1), at(25)}},
		{in: span{none, none, at(1), none}, want: span{at(1), at(25), at(1), at(25)}},
		{in: span{none, none, none, at(25)}, want: span{at(1), at(25), at(1), at(25)}},
		{in: span{at(1), none, at(2), none}, want: span{at(1), at(25), at(2), at(26)}},
		{in: span{at(1), at(1), none, none}, want: span{at(1), at(1), at(1), at(1)}},
		{in: span{at(2), at(1), at(1), at(1)}, fails: true},
		{in: span{at(1), at(1), at(2), at(1)}, fails: true},
		{in: span{at(1).In(time.FixedZone("", 3600)), none, none, none}, want: span{at(1), at(25), at(2), at(26)}},
	} {
		got := tt.in
		err := got.complete()
		same := got.start.Equal(tt.want.start) && got.due.Equal(tt.want.due) && got.startLocal.Equal(tt.want.startLocal) && got.dueLocal.Equal(tt.want.dueLocal)
		if (err != nil) != tt.fails || !tt.fails && !same {
			t.Errorf("%v: %v, %v", tt.in, got, err)
		}
	}
}
