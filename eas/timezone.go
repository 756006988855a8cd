package eas

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// A TimeZone is a time zone as ActiveSync transmits it: the rules of Windows'
// TIME_ZONE_INFORMATION, which have no history and no name known to other systems. See
// [MS-ASDTYPE] 2.7.6. The zero value is UTC.
type TimeZone struct {
	Bias time.Duration // to be added to local time to get UTC, in whole minutes: 8 hours for UTC-8

	StandardName  string        // at most 32 characters; often empty
	StandardStart Transition    // when standard time begins, in local daylight time
	StandardBias  time.Duration // to be added to Bias in standard time; usually 0

	DaylightName  string
	DaylightStart Transition    // when daylight time begins, in local standard time
	DaylightBias  time.Duration // to be added to Bias in daylight time; usually -1 hour
}

// A Transition is a change of the clock. The zero value means that there is none.
type Transition struct {
	Year    int // 0: every year
	Month   time.Month
	Weekday time.Weekday // if Year is 0
	Day     int          // if Year is 0, which Weekday of the month: 1 to 5, 5 is the last

	Hour, Minute, Second, Millisecond int
}

const zoneSize = 172 // bytes of TIME_ZONE_INFORMATION

var errTimeZone = errors.New("eas: time zone")

// ParseTimeZone reads the value of a TimeZone element.
func ParseTimeZone(text string) (*TimeZone, error) {
	if len(text) > 2*zoneSize {
		return nil, fmt.Errorf("%w: %d characters", errTimeZone, len(text))
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != zoneSize {
		return nil, fmt.Errorf("%w: want %d bytes in base64", errTimeZone, zoneSize)
	}
	z := &TimeZone{
		Bias: minutesAt(b), StandardName: zoneName(b[4:68]), StandardBias: minutesAt(b[84:]),
		DaylightName: zoneName(b[88:152]), DaylightBias: minutesAt(b[168:]),
	}
	if z.StandardStart, err = transition(b[68:84]); err == nil {
		z.DaylightStart, err = transition(b[152:168])
	}
	if err != nil {
		return nil, err
	}
	const day = 24 * time.Hour
	for _, d := range []time.Duration{z.Bias, z.StandardBias, z.DaylightBias} {
		if d < -day || d > day {
			return nil, fmt.Errorf("%w: a bias of %v", errTimeZone, d)
		}
	}
	return z, nil
}

func minutesAt(b []byte) time.Duration {
	return time.Duration(int32(binary.LittleEndian.Uint32(b))) * time.Minute
}

func zoneName(b []byte) string {
	var u []uint16
	for ; len(b) > 1; b = b[2:] {
		c := binary.LittleEndian.Uint16(b)
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}

// transition reads a SYSTEMTIME: year, month, day of week, day, hour, minute, second,
// millisecond, of two bytes each.
func transition(b []byte) (Transition, error) {
	var f [8]int
	for i := range f {
		f[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
	}
	t := Transition{f[0], time.Month(f[1]), time.Weekday(f[2]), f[3], f[4], f[5], f[6], f[7]}
	if t.Month == 0 {
		return Transition{}, nil
	}
	lastDay := 5
	if t.Year != 0 {
		lastDay = 31
	}
	if t.Month > 12 || t.Weekday > 6 || t.Day < 1 || t.Day > lastDay || t.Hour > 23 || t.Minute > 59 || t.Second > 59 || t.Millisecond > 999 {
		return Transition{}, fmt.Errorf("%w: a transition that does not exist", errTimeZone)
	}
	return t, nil
}

// Encode returns the value for a TimeZone element. Names are cut to 32 characters.
func (z *TimeZone) Encode() string {
	b := make([]byte, zoneSize)
	put := func(at int, d time.Duration) { binary.LittleEndian.PutUint32(b[at:], uint32(int32(d/time.Minute))) }
	name := func(at int, s string) {
		u := utf16.Encode([]rune(s))
		for i, c := range u[:min(len(u), 32)] {
			binary.LittleEndian.PutUint16(b[at+2*i:], c)
		}
	}
	date := func(at int, t Transition) {
		for i, n := range []int{t.Year, int(t.Month), int(t.Weekday), t.Day, t.Hour, t.Minute, t.Second, t.Millisecond} {
			binary.LittleEndian.PutUint16(b[at+2*i:], uint16(n))
		}
	}
	put(0, z.Bias)
	name(4, z.StandardName)
	date(68, z.StandardStart)
	put(84, z.StandardBias)
	name(88, z.DaylightName)
	date(152, z.DaylightStart)
	put(168, z.DaylightBias)
	return base64.StdEncoding.EncodeToString(b)
}

// HasDaylight reports whether the clock changes.
func (z *TimeZone) HasDaylight() bool {
	return z.StandardStart.Month != 0 && z.DaylightStart.Month != 0
}

// Location returns a location with the rules of z, for all years, named name. Its abbreviations
// are numbers such as "+01".
func (z *TimeZone) Location(name string) (*time.Location, error) {
	standard, daylight := int((z.Bias+z.StandardBias)/time.Minute), int((z.Bias+z.DaylightBias)/time.Minute)
	rule := abbreviation(standard) + offset(standard)
	if z.HasDaylight() {
		rule += abbreviation(daylight) + offset(daylight) + "," + z.DaylightStart.rule() + "," + z.StandardStart.rule()
	}
	// A TZif file (RFC 9636) of one local time type and no transitions: what holds is the
	// rule in its footer.
	abbr := strings.Trim(abbreviation(standard), "<>") + "\x00"
	head := func(version byte) []byte {
		h := append([]byte("TZif"), version)
		h = append(h, make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, 0, 1, len(abbr)} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		h = binary.BigEndian.AppendUint32(h, uint32(int32(-standard*60)))
		return append(append(h, 0, 0), abbr...)
	}
	loc, err := time.LoadLocationFromTZData(name, slices.Concat(head('2'), head('2'), []byte("\n"+rule+"\n")))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTimeZone, err)
	}
	return loc, nil
}

// abbreviation and offset write minutes west of Greenwich for a rule of POSIX, where the
// offset counts to the west and the abbreviation, by custom, to the east.
func abbreviation(west int) string {
	sign := '-'
	if west <= 0 {
		sign, west = '+', -west
	}
	if west%60 == 0 {
		return fmt.Sprintf("<%c%02d>", sign, west/60)
	}
	return fmt.Sprintf("<%c%02d%02d>", sign, west/60, west%60)
}

func offset(west int) string {
	sign := ""
	if west < 0 {
		sign, west = "-", -west
	}
	return fmt.Sprintf("%s%d:%02d", sign, west/60, west%60)
}

func (t Transition) rule() string {
	second := t.Hour*3600 + t.Minute*60 + t.Second
	if t.Millisecond >= 500 {
		second++ // the end of a day
	}
	at := fmt.Sprintf("/%d:%02d:%02d", second/3600, second/60%60, second%60)
	if t.Year == 0 {
		return fmt.Sprintf("M%d.%d.%d%s", t.Month, t.Day, t.Weekday, at)
	}
	return fmt.Sprintf("J%d%s", time.Date(2001, t.Month, t.Day, 0, 0, 0, 0, time.UTC).YearDay(), at)
}

// NewTimeZone returns the rules of a location in a year.
func NewTimeZone(loc *time.Location, year int) *TimeZone {
	start := time.Date(year, 1, 1, 0, 0, 0, 0, loc)
	z := &TimeZone{}
	for t := start; ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.Year() > year {
			break
		}
		if end.IsDST() && !t.IsDST() {
			z.DaylightStart = newTransition(t, end)
			z.DaylightName, _ = end.Zone()
			_, east := end.Zone()
			z.DaylightBias = wholeMinutes(-east) // minus Bias, below
		} else if !end.IsDST() && t.IsDST() {
			z.StandardStart = newTransition(t, end)
		}
		t = end
	}
	standard := start
	if standard.IsDST() {
		_, standard = standard.ZoneBounds()
	}
	name, east := standard.Zone()
	z.Bias, z.StandardName = wholeMinutes(-east), name
	if !z.HasDaylight() {
		z.StandardStart, z.DaylightStart, z.DaylightBias, z.DaylightName = Transition{}, Transition{}, 0, ""
		return z
	}
	z.DaylightBias -= z.Bias
	return z
}

// wholeMinutes leaves out the rest of a minute.
func wholeMinutes(seconds int) time.Duration { return time.Duration(seconds/60) * time.Minute }

// newTransition returns the rule by which the clock changes at end, in the local time that
// holds before it. Several rules fit one year: the fourth Sunday may be the last one, and
// midnight the end of the day before, which Windows writes as a millisecond less. The rule is
// the first that also fits the years after.
func newTransition(before, end time.Time) Transition {
	wall := func(before, end time.Time) time.Time {
		_, east := before.Zone()
		return end.UTC().Add(time.Duration(east) * time.Second)
	}
	first := wall(before, end)
	var later []time.Time
	for range 7 {
		_, next := end.ZoneBounds()
		if next.IsZero() {
			break
		}
		_, again := next.ZoneBounds()
		if again.IsZero() {
			break
		}
		later = append(later, wall(next, again))
		end = again
	}
	for _, early := range []time.Duration{0, time.Millisecond} {
		for _, last := range []bool{false, true} {
			t := ruleOf(first.Add(-early), last)
			fits := true
			for _, w := range later {
				fits = fits && ruleOf(w.Add(-early), last) == t
			}
			if fits && (!last || isLast(first.Add(-early))) {
				return t
			}
		}
	}
	return ruleOf(first, isLast(first))
}

func isLast(w time.Time) bool { return w.AddDate(0, 0, 7).Month() != w.Month() }

func ruleOf(w time.Time, last bool) Transition {
	t := Transition{
		Month: w.Month(), Weekday: w.Weekday(), Day: (w.Day()-1)/7 + 1,
		Hour: w.Hour(), Minute: w.Minute(), Second: w.Second(), Millisecond: w.Nanosecond() / 1e6,
	}
	if last && isLast(w) {
		t.Day = 5
	}
	return t
}
