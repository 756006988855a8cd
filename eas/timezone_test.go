package eas_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// A request to Z-Push by an iOS device: Europe/Berlin as iOS writes it.
const iosZone = "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAAxP///w=="

func TestParseTimeZone(t *testing.T) {
	z, err := eas.ParseTimeZone(iosZone)
	if err != nil {
		t.Fatal(err)
	}
	want := &eas.TimeZone{
		Bias:          -time.Hour,
		StandardStart: eas.Transition{Month: time.October, Weekday: time.Sunday, Day: 5, Hour: 3},
		DaylightStart: eas.Transition{Month: time.March, Weekday: time.Sunday, Day: 5, Hour: 2},
		DaylightBias:  -time.Hour,
	}
	if diff := cmp.Diff(want, z); diff != "" {
		t.Errorf("zone (-want +got):\n%s", diff)
	}
	if got := z.Encode(); got != iosZone {
		t.Errorf("Encode = %s", got)
	}
	utc := strings.Repeat("A", 230) + "=="
	if z, err = eas.ParseTimeZone(utc); err != nil || *z != (eas.TimeZone{}) || z.Encode() != utc || z.HasDaylight() {
		t.Errorf("the zero zone = %+v, %v", z, err)
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 228), strings.Repeat("A", 400), strings.Repeat("/", 229) + "==="} {
		if z, err := eas.ParseTimeZone(bad); err == nil {
			t.Errorf("ParseTimeZone(%q) = %+v", bad, z)
		}
	}
	for name, f := range map[string]func(*eas.TimeZone){
		"month 13": func(z *eas.TimeZone) { z.StandardStart.Month = 13 }, "hour 24": func(z *eas.TimeZone) { z.DaylightStart.Hour = 24 },
		"week 6": func(z *eas.TimeZone) { z.StandardStart.Day = 6 }, "weekday 7": func(z *eas.TimeZone) { z.StandardStart.Weekday = 7 },
		"bias of two days": func(z *eas.TimeZone) { z.Bias = 48 * time.Hour }, "a great negative bias": func(z *eas.TimeZone) { z.DaylightBias = -1 << 27 * time.Minute },
	} {
		z := *want
		f(&z)
		if got, err := eas.ParseTimeZone(z.Encode()); err == nil {
			t.Errorf("%s = %+v", name, got)
		}
	}
}

// The rules of many places, there and back, hold every hour of several years.
func TestTimeZoneOfLocation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bias int // minutes
	}{
		{"Europe/Berlin", -60}, {"Europe/London", 0}, {"America/New_York", 300}, {"America/Los_Angeles", 480}, {"Australia/Sydney", -600},
		{"Australia/Lord_Howe", -630}, {"Asia/Kolkata", -330}, {"Asia/Kathmandu", -345}, {"America/St_Johns", 210}, {"America/Santiago", 240},
		{"UTC", 0}, {"Asia/Tokyo", -540}, {"Pacific/Auckland", -720}, {"America/Havana", 300}, {"Asia/Beirut", -120},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loc, err := time.LoadLocation(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			z := eas.NewTimeZone(loc, 2026)
			if z.Bias != time.Duration(tt.bias)*time.Minute {
				t.Errorf("bias %v, want %d minutes", z.Bias, tt.bias)
			}
			again, err := eas.ParseTimeZone(z.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(z, again); diff != "" {
				t.Errorf("Encode and Parse (-want +got):\n%s", diff)
			}
			back, err := z.Location(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if back.String() != tt.name {
				t.Errorf("name %q", back)
			}
			for at := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC); at.Year() < 2032; at = at.Add(time.Hour) {
				_, want := at.In(loc).Zone()
				if _, got := at.In(back).Zone(); got != want {
					t.Fatalf("at %v: %d s east, want %d; rules %+v", at, got, want, z)
				}
			}
		})
	}
}

func TestTransitionOfOneYear(t *testing.T) {
	z := &eas.TimeZone{
		Bias: -time.Hour, DaylightBias: -time.Hour, StandardStart: eas.Transition{Year: 2026, Month: time.October, Day: 25, Hour: 3},
		DaylightStart: eas.Transition{Year: 2026, Month: time.March, Day: 29, Hour: 2},
	}
	got, err := eas.ParseTimeZone(z.Encode())
	if err != nil || *got != *z {
		t.Fatalf("ParseTimeZone = %+v, %v", got, err)
	}
	loc, err := z.Location("x")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]int{
		time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC): 3600, time.Date(2026, 3, 29, 1, 1, 0, 0, time.UTC): 7200,
		time.Date(2026, 10, 25, 0, 59, 0, 0, time.UTC): 7200, time.Date(2026, 10, 25, 1, 1, 0, 0, time.UTC): 3600,
	} {
		if _, got := at.In(loc).Zone(); got != want {
			t.Errorf("at %v: %d s east, want %d", at, got, want)
		}
	}
}

func FuzzParseTimeZone(f *testing.F) {
	f.Add(iosZone)
	f.Add(strings.Repeat("A", 230) + "==")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		z, err := eas.ParseTimeZone(s)
		if err != nil {
			return
		}
		if again, err := eas.ParseTimeZone(z.Encode()); err != nil || again.Bias != z.Bias || again.StandardStart != z.StandardStart || again.DaylightStart != z.DaylightStart {
			t.Fatalf("%+v comes back as %+v, %v", z, again, err)
		}
		if _, err := z.Location("x"); err != nil {
			t.Fatalf("%+v: %v", z, err)
		}
	})
}
