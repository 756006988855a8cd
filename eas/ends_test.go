package eas_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// What a server refuses by Autodiscover, wherever it says so.
func TestAutodiscoverFaults(t *testing.T) {
	const fault = `<Error><Status>1</Status><ErrorCode>600</ErrorCode><Message>Bad address</Message></Error>`
	for _, inner := range []string{fault, `<Action>` + fault + `</Action>`} {
		b := &backend{t: t, respond: func(*http.Request, string, int) *http.Response {
			return reply1(200, []byte(`<Autodiscover><Response>`+inner+`</Response></Autodiscover>`), "Content-Type", "text/xml")
		}}
		var e *eas.Error
		if d, err := b.client().Autodiscover(t.Context(), ada); !errors.As(err, &e) || e.Action != eas.ActionAdmin || !strings.Contains(err.Error(), "status 1, error code 600: Bad address") {
			t.Errorf("%s: %v, %v", inner, d, err)
		}
	}
}

// A query that the compact form cannot carry ends the command before anything is sent.
func TestCompactQueryThatIsTooLong(t *testing.T) {
	for n, sent := range map[int]int{255: 1, 256: 0} {
		b := &backend{t: t}
		c := b.client()
		c.Base64Query, c.User = true, strings.Repeat("a", n)
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		_, err := c.Ping(t.Context(), inboxAndCalendar, nil)
		if tooLong := err != nil && strings.Contains(err.Error(), "longer than 255 bytes"); len(b.calls) != sent || tooLong != (sent == 0) {
			t.Errorf("a user of %d bytes: %d requests, %v", n, len(b.calls), err)
		}
	}
}

// An ID that is not a global object ID is odd.
func TestOddGlobalObjectID(t *testing.T) {
	raw := fromXML(t, `<ApplicationData xmlns="AirSync"><MeetingRequest xmlns="Email"><GlobalObjId>?</GlobalObjId></MeetingRequest></ApplicationData>`)
	item, err := eas.Decode(eas.ClassEmail, raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]eas.OddValue{{Element: "Email:GlobalObjId", Value: "?"}}, item.(*eas.Email).Odd); diff != "" {
		t.Errorf("odd (-want +got):\n%s", diff)
	}
}

// A server that forgets what a partial Sync leaves out says so in one of two ways.
func TestPartialIsRepeatedWhole(t *testing.T) {
	for status, whole := range map[string]int{"13": 3, "149": 3, "12": 2} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, n int) *http.Response {
			if command == "Sync" && n == 2 {
				return reply1(200, fromXML(t, `<Sync xmlns="AirSync"><Status>`+status+`</Status></Sync>`))
			}
			return nil
		}
		c := b.client()
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		for range 2 {
			_, _ = c.SyncMany(t.Context(), &eas.SyncManyOptions{Partial: true, Wait: time.Minute}, eas.SyncRequest{Folder: "1", Key: "7"}, eas.SyncRequest{Folder: "2", Key: "7"})
		}
		var lengths []bool
		for _, call := range b.of("Sync") {
			lengths = append(lengths, len(call.body) == 0)
		}
		want := []bool{false, true, false}[:whole]
		if diff := cmp.Diff(want, lengths); diff != "" {
			t.Errorf("status %s: which requests are empty (-want +got):\n%s", status, diff)
		}
	}
}

// What is restored and cannot be used is dropped: a policy key, the cookie of another place.
func TestRestoreDrops(t *testing.T) {
	for key, ok := range map[string]bool{"77": true, "": true, strings.Repeat("7", 256): true, strings.Repeat("7", 257): false, "a b": false, "a~!": true, "a\x7f": false} {
		c := &eas.Client{}
		c.Restore(eas.State{Version: eas.Version161, PolicyKey: key, Provisioned: true})
		if got := c.State(); (got.PolicyKey == key && got.Provisioned) != ok || !ok && got.PolicyKey != "" {
			t.Errorf("the policy key %.8q of %d bytes: %+v", key, len(key), got)
		}
	}
	for at, want := range map[string]bool{"": true, usual: true, "https://eas.fabrikam.com/eas": false} {
		var s endpoint
		c := s.client(t, usual)
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true, Anchored: true, URL: at})
		if _, err := c.Sync(t.Context(), "5", "1", nil); err != nil {
			t.Fatal(err)
		}
		if got := c.State().Anchored; got != want || (len(s.sent[0].Cookies()) > 0) != want {
			t.Errorf("anchored at %q: %v, cookies %v", at, got, s.sent[0].Cookies())
		}
	}
	if got := (&eas.Client{}).CheckAccess(&eas.Page{}); got == nil || !strings.Contains(got.Error(), "Client.URL") {
		t.Errorf("CheckAccess of a client that is not configured: %v", got)
	}
}

// A server that no longer accepts the version, and cannot be asked for another, ends the command
// with the error of the negotiation, for all who wait.
func TestRenegotiationFails(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		switch command {
		case "OPTIONS":
			return reply1(503, nil)
		case "FolderSync":
			return reply1(200, statusOf(t, "FolderSync", "138"))
		}
		return nil
	}
	c := b.client()
	c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
	var e *eas.Error
	if _, err := c.FolderSync(t.Context(), "0"); !errors.As(err, &e) || e.Command != "OPTIONS" || e.HTTPStatus != 503 {
		t.Errorf("FolderSync = %v", err)
	}
}

// The rules of a clock whose changes end, and of one that goes back in winter; the limits of what
// is a rule.
func TestTimeZoneLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		year int
		want string
	}{
		{"Europe/Moscow", 2010, "-180 -60 M3.4.0/2:00 M10.5.0/3:00"}, {"America/Sao_Paulo", 2018, "180 -60 M11.1.0/0:00 M2.3.0/0:00"}, {"Europe/Istanbul", 2015, "-120 -60 M3.5.0/3:00 M11.2.0/4:00"},
		{"Asia/Tokyo", 2026, "-540 0 none"}, {"Europe/Dublin", 2026, "-60 60 M10.5.0/2:00 M3.5.0/1:00"},
	} {
		loc, err := time.LoadLocation(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		z := eas.NewTimeZone(loc, tt.year)
		s := fmt.Sprint(z.Bias.Minutes(), " ", z.DaylightBias.Minutes(), " none")
		if z.HasDaylight() {
			rule := func(r eas.Transition) string {
				return fmt.Sprintf("M%d.%d.%d/%d:%02d", r.Month, r.Day, r.Weekday, r.Hour, r.Minute)
			}
			s = fmt.Sprint(z.Bias.Minutes(), " ", z.DaylightBias.Minutes(), " ", rule(z.DaylightStart), " ", rule(z.StandardStart))
		}
		if s != tt.want {
			t.Errorf("%s in %d: %s, want %s", tt.name, tt.year, s, tt.want)
		}
	}
	base := eas.TimeZone{Bias: -60 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3}, DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}}
	for name, tt := range map[string]struct {
		change func(z *eas.TimeZone)
		ok     bool
	}{
		"a day west": {func(z *eas.TimeZone) { z.Bias = 1440 * time.Minute }, true}, "more": {func(z *eas.TimeZone) { z.Bias = 1441 * time.Minute }, false}, "a day east": {func(z *eas.TimeZone) { z.StandardBias = -1440 * time.Minute }, true},
		"more east": {func(z *eas.TimeZone) { z.DaylightBias = -1441 * time.Minute }, false}, "the last of everything": {func(z *eas.TimeZone) {
			z.StandardStart = eas.Transition{Month: 12, Weekday: 6, Day: 5, Hour: 23, Minute: 59, Second: 59, Millisecond: 999}
		}, true},
		"day 0": {func(z *eas.TimeZone) { z.StandardStart.Day = 0 }, false}, "day 1": {func(z *eas.TimeZone) { z.StandardStart.Day = 1 }, true}, "minute 60": {func(z *eas.TimeZone) { z.StandardStart.Minute = 60 }, false},
		"second 60": {func(z *eas.TimeZone) { z.StandardStart.Second = 60 }, false}, "millisecond 1000": {func(z *eas.TimeZone) { z.StandardStart.Millisecond = 1000 }, false},
		"day 31 of a year": {func(z *eas.TimeZone) { z.StandardStart.Year, z.StandardStart.Day = 2026, 31 }, true}, "day 32 of a year": {func(z *eas.TimeZone) { z.StandardStart.Year, z.StandardStart.Day = 2026, 32 }, false},
		"a name": {func(z *eas.TimeZone) { z.StandardName = "Zürich 𝄞" }, true}, "a name of 32": {func(z *eas.TimeZone) { z.DaylightName = strings.Repeat("x", 32) }, true},
	} {
		z := base
		tt.change(&z)
		got, err := eas.ParseTimeZone(z.Encode())
		if (err == nil) != tt.ok || tt.ok && *got != z {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	long := base
	long.StandardName = strings.Repeat("x", 33)
	if got, err := eas.ParseTimeZone(long.Encode()); err != nil || got.StandardName != strings.Repeat("x", 32) {
		t.Errorf("a name of 33 characters: %+v, %v", got, err)
	}
}

// The clocks of rules, to the second.
func TestTimeZoneLocations(t *testing.T) {
	for _, tt := range []struct {
		z    eas.TimeZone
		want string // offsets in seconds at instants
		at   []string
	}{
		{eas.TimeZone{Bias: 0 * time.Minute}, "0", []string{"2026-01-01 00:00"}},
		{eas.TimeZone{Bias: 90 * time.Minute}, "-5400", []string{"2026-01-01 00:00"}},
		{eas.TimeZone{Bias: -345 * time.Minute}, "20700", []string{"2026-01-01 00:00"}},
		{eas.TimeZone{Bias: -60 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3}, DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}}, "3600 7200 7200 3600",
			[]string{"2026-03-29 00:59", "2026-03-29 01:00", "2026-10-25 00:59", "2026-10-25 01:00"}},
		{eas.TimeZone{Bias: 300 * time.Minute, StandardBias: 60 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 11, Day: 1, Hour: 2}, DaylightStart: eas.Transition{Month: 3, Day: 2, Hour: 2, Minute: 30}}, "-21600 -14400 -14400 -21600",
			[]string{"2026-03-08 08:29", "2026-03-08 08:30", "2026-11-01 05:59", "2026-11-01 06:00"}},
		// The end of a day, a millisecond less, is midnight.
		{eas.TimeZone{Bias: -120 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Month: 10, Day: 1, Hour: 23, Minute: 59, Second: 59, Millisecond: 500}, DaylightStart: eas.Transition{Month: 4, Day: 1, Hour: 23, Minute: 59, Second: 59, Millisecond: 999}}, "7200 10800 10800 7200",
			[]string{"2026-04-05 21:59", "2026-04-05 22:00", "2026-10-04 20:59", "2026-10-04 21:00"}},
		{eas.TimeZone{Bias: -120 * time.Minute, DaylightBias: -60 * time.Minute, StandardStart: eas.Transition{Year: 2026, Month: 10, Day: 10, Hour: 1}, DaylightStart: eas.Transition{Year: 2026, Month: 3, Day: 1, Hour: 1}}, "7200 10800 10800 7200",
			[]string{"2026-02-28 22:59", "2026-02-28 23:00", "2026-10-09 21:59", "2026-10-09 22:00"}},
	} {
		loc, err := tt.z.Location("x")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range tt.at {
			_, east := at(s).In(loc).Zone()
			got = append(got, fmt.Sprint(east))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%+v: %s, want %s", tt.z, s, tt.want)
		}
	}
}

// Which occurrences a range holds, at its ends; and patterns at theirs.
func TestOccurrencesAtTheEnds(t *testing.T) {
	start := at("2026-03-02 10:00")
	hour := &eas.Event{Start: start, End: start.Add(time.Hour)}
	none := &eas.Event{Start: start, End: start}
	daily := func(change func(r *eas.Recurrence), of func(e *eas.Event)) *eas.Event {
		e := &eas.Event{Start: start, End: start.Add(time.Hour), Recurrence: &eas.Recurrence{Type: eas.Daily}}
		change(e.Recurrence)
		if of != nil {
			of(e)
		}
		return e
	}
	same := func(*eas.Recurrence) {}
	for _, tt := range []struct {
		name     string
		e        *eas.Event
		from, to string
		want     string
	}{
		{"it ends as the range begins", hour, "2026-03-02 11:00", "2026-03-03 00:00", ""},
		{"it ends after the range begins", hour, "2026-03-02 10:59", "2026-03-03 00:00", "02"},
		{"it starts as the range ends", hour, "2026-03-01 00:00", "2026-03-02 10:00", ""},
		{"it starts before the range ends", hour, "2026-03-01 00:00", "2026-03-02 10:01", "02"},
		{"of no length, as the range begins", none, "2026-03-02 10:00", "2026-03-03 00:00", "02"},
		{"of no length, before", none, "2026-03-02 10:01", "2026-03-03 00:00", ""},
		{"of no length, as the range ends", none, "2026-03-01 00:00", "2026-03-02 10:00", ""},
		{"without an end", &eas.Event{Start: start}, "2026-03-02 10:00", "2026-03-03 00:00", "02"},
		{"two of them", daily(func(r *eas.Recurrence) { r.Occurrences = 2 }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02 03"},
		{"one of them", daily(func(r *eas.Recurrence) { r.Occurrences = 1 }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02"},
		{"fewer than none", daily(func(r *eas.Recurrence) { r.Occurrences = -1; r.Interval = 20 }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02 22"},
		{"until a start", daily(func(r *eas.Recurrence) { r.Until = at("2026-03-03 10:00") }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02 03"},
		{"until just before", daily(func(r *eas.Recurrence) { r.Until = at("2026-03-03 09:59") }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02"},
		{"until midnight", daily(func(r *eas.Recurrence) { r.Until = at("2026-03-03 00:00") }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02"},
		{"all-day, until a time", daily(func(r *eas.Recurrence) { r.Until = at("2026-03-03 09:00") }, func(e *eas.Event) { e.AllDay = true; e.Start, e.End = at("2026-03-02 00:00"), at("2026-03-03 00:00") }), "2026-03-01 00:00", "2026-04-01 00:00", "02 03"},
		{"an interval of 0", daily(func(r *eas.Recurrence) { r.Until = at("2026-03-04 10:00") }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "02 03 04"},
		{"an interval of 10000 days", daily(func(r *eas.Recurrence) { r.Interval = 10000 }, nil), "2026-03-01 00:00", "2060-04-01 00:00", "02 18"},
		{"an interval of more", daily(func(r *eas.Recurrence) { r.Interval = 10001 }, nil), "2026-03-01 00:00", "2060-04-01 00:00", "02 18"},
		{"long ones, from the middle", daily(func(r *eas.Recurrence) { r.Interval = 7 }, func(e *eas.Event) { e.End = e.Start.AddDate(0, 0, 5) }), "2026-03-20 00:00", "2026-03-24 00:00", "16 23"},
		{"the year 2500", daily(func(r *eas.Recurrence) { r.Type = eas.Yearly }, nil), "2499-12-31 00:00", "2600-01-01 00:00", "02"},
		{"daily in 2500", daily(same, nil), "2500-12-30 00:00", "2600-01-01 00:00", "30 31"},
		{"monthly in 2500", daily(func(r *eas.Recurrence) { r.Type = eas.Monthly }, nil), "2500-11-01 00:00", "2600-01-01 00:00", "02 02"},
		{"weekly in 2500", daily(func(r *eas.Recurrence) { r.Type = eas.Weekly }, nil), "2500-12-20 00:00", "2600-01-01 00:00", "20 27"},
		{"the year 1", daily(func(r *eas.Recurrence) { r.Occurrences = 2 }, func(e *eas.Event) { e.Start = time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC); e.End = e.Start.Add(1) }), "0001-01-01 00:00", "0002-01-01 00:00", "01 02"},
		{"December", daily(func(r *eas.Recurrence) { r.Type, r.Month = eas.Yearly, 12 }, nil), "2026-01-01 00:00", "2027-01-01 00:00", "02"},
		{"month 0", daily(func(r *eas.Recurrence) { r.Type, r.DayOfMonth = eas.Yearly, 5 }, nil), "2026-01-01 00:00", "2027-01-01 00:00", "05"},
		{"the first of a month", daily(func(r *eas.Recurrence) { r.Type, r.DayOfMonth = eas.Monthly, 1 }, nil), "2026-01-01 00:00", "2026-05-01 00:00", "01"},
		{"the fourth Monday", daily(func(r *eas.Recurrence) { r.Type, r.WeekOfMonth, r.Days = eas.MonthlyNth, 4, eas.Monday }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "23"},
		{"the second of its day", daily(func(r *eas.Recurrence) { r.Type, r.WeekOfMonth = eas.MonthlyNth, 2 }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "09"},
		{"week 0 of a month", daily(func(r *eas.Recurrence) { r.Type, r.Days = eas.MonthlyNth, eas.Monday }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "30"},
		{"week 6 of a month", daily(func(r *eas.Recurrence) { r.Type, r.WeekOfMonth, r.Days = eas.MonthlyNth, 6, eas.Monday }, nil), "2026-03-01 00:00", "2026-04-01 00:00", "30"},
		{"exceptions at a range's ends", daily(func(r *eas.Recurrence) { r.Occurrences = 3 }, func(e *eas.Event) {
			e.Exceptions = []eas.Exception{{Original: at("2026-03-03 10:00"), Start: at("2026-03-02 10:00")}, {Original: at("2026-03-04 10:00"), Start: at("2026-03-09 10:00"), End: at("2026-03-09 10:30")}}
		}), "2026-03-01 00:00", "2026-03-09 10:01", "02 02 09"},
	} {
		var got []string
		for o := range tt.e.Occurrences(at(tt.from), at(tt.to)) {
			got = append(got, o.Event.Start.Format("02"))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}

// How many a call takes, at the limit and beyond.
func TestHowMany(t *testing.T) {
	t.Parallel()
	edits := func(n int) []eas.Edit {
		out := make([]eas.Edit, n)
		for i := range out {
			out[i] = eas.MarkRead(eas.ItemID(fmt.Sprint("1:", i)), true)
		}
		return out
	}
	// An update of a series with exceptions makes several commands, from 16.0 on.
	series, moved := *aSeries(), *aSeries()
	series.Exceptions, moved.Exceptions = nil, []eas.Exception{{Original: at("2026-07-06 08:00"), Subject: ptr("a")}, {Original: at("2026-07-13 08:00"), Subject: ptr("b")}}
	for name, tt := range map[string]struct {
		most int
		call func(c *eas.Client, n int) error
	}{
		"moves": {eas.MaxMoves, func(c *eas.Client, n int) error {
			list := make([]eas.Move, n)
			for i := range list {
				list[i] = eas.Move{Item: "1:1", From: "1", To: "2"}
			}
			_, err := c.MoveItems(t.Context(), list...)
			return err
		}},
		"names": {eas.MaxResolve, func(c *eas.Client, n int) error {
			_, err := c.ResolveRecipients(t.Context(), make([]string, n), nil)
			return err
		}},
		"folders": {eas.MaxFolders, func(c *eas.Client, n int) error {
			list := make([]eas.SyncRequest, n)
			for i := range list {
				list[i].Folder = eas.FolderID(fmt.Sprint(i))
			}
			_, err := c.SyncMany(t.Context(), nil, list...)
			return err
		}},
		"edits": {eas.MaxEdits, func(c *eas.Client, n int) error {
			_, err := c.Apply(t.Context(), "1", "7", edits(n)...)
			return err
		}},
		"commands": {eas.MaxEdits - 2, func(c *eas.Client, n int) error {
			_, err := c.Apply(t.Context(), "1", "7", append(edits(n), eas.Update("1:x", &series, &moved))...)
			return err
		}},
	} {
		for _, n := range []int{0, 1, tt.most, tt.most + 1} {
			b := &backend{t: t}
			c := b.client()
			c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
			err := tt.call(c, n)
			want := n > 0 && n <= tt.most || n == 0 && name == "commands"
			if (len(b.calls) > 0) != want {
				t.Errorf("%d %s: %d requests, %v", n, name, len(b.calls), err)
			}
		}
	}
}

// What is a version, and the order of versions.
func TestVersionNumbers(t *testing.T) {
	for v, ok := range map[eas.Version]bool{"16.1": true, "25.9": true, "26.0": false, "25.10": false, "0.1": true, "x.1": false, "1.x": false, "-1.0": false, "1.-1": false, "16": false, "": false, "1.": false, ".1": false, "12.1": true} {
		if got := v.AtLeast("0.1"); got != ok {
			t.Errorf("%q is a version: %v", v, got)
		}
	}
	if !eas.Version161.AtLeast(eas.Version161) || eas.Version160.AtLeast(eas.Version161) || !eas.Version140.AtLeast(eas.Version121) {
		t.Error("the order of versions")
	}
	tr := eas.NewTransport()
	if tr.IdleConnTimeout != 90*time.Second || tr.TLSHandshakeTimeout != 10*time.Second || tr.ExpectContinueTimeout != time.Second || tr.MaxIdleConnsPerHost != 1<<16 || tr.ReadBufferSize != 2<<10 || tr.WriteBufferSize != 2<<10 ||
		tr.HTTP2.SendPingTimeout != 15*time.Second || tr.HTTP2.PingTimeout != 10*time.Second || !tr.ForceAttemptHTTP2 || tr.Proxy == nil {
		t.Errorf("%+v", tr.Transport)
	}
}

// The compact query carries the policy key, but for Ping.
func TestCompactPolicyKey(t *testing.T) {
	for name, want := range map[string]string{"Ping": "", "Sync": "4711"} {
		b := &backend{t: t}
		c := b.client()
		c.Base64Query = true
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true, PolicyKey: "4711", DeviceID: "device1"})
		if name == "Ping" {
			_, _ = c.Ping(t.Context(), inboxAndCalendar, nil)
		} else {
			_, _ = c.Sync(t.Context(), "1", "7", nil)
		}
		_, text, _ := strings.Cut(b.calls[0].url, "?")
		q, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(q) < 18 {
			t.Fatalf("%s: %q, %v", name, text, err)
		}
		got := ""
		if rest := q[5+q[4]:]; rest[0] == 4 {
			got = fmt.Sprint(binary.LittleEndian.Uint32(rest[1:]))
		}
		if got != want || b.calls[0].header.Get("X-MS-PolicyKey") != "" {
			t.Errorf("%s: policy key %q, want %q; header %v", name, got, want, b.calls[0].header)
		}
	}
}

// An exception's own length of day and reminder are those of the occurrence.
func TestExceptionsAtTheEnds(t *testing.T) {
	e := &eas.Event{Start: at("2026-06-01 08:00"), End: at("2026-06-01 09:00"), Recurrence: &eas.Recurrence{Type: eas.Daily}, Exceptions: []eas.Exception{{Original: at("2026-06-02 08:00"), AllDay: ptr(true)}}}
	if one, ok := e.Occurrence(at("2026-06-02 08:00")); !ok || !one.AllDay {
		t.Errorf("%+v, %v", one, ok)
	}
	for n, ok := range map[string]bool{"0": true, "153722867": true, "153722868": false, "4294967295": false, "4294967296": false, "-1": false} {
		item, err := eas.Decode(eas.ClassCalendar, fromXML(t, `<ApplicationData xmlns="AirSync"><Exceptions xmlns="Calendar"><Exception><ExceptionStartTime>20260602T080000Z</ExceptionStartTime><Reminder>`+n+`</Reminder></Exception></Exceptions></ApplicationData>`))
		if err != nil {
			t.Fatal(err)
		}
		x := item.(*eas.Event)
		if (x.Exceptions[0].Reminder != nil) != ok || (len(x.Odd) == 0) != ok {
			t.Errorf("a reminder of %s minutes: %v, odd %v", n, x.Exceptions[0].Reminder, x.Odd)
		}
	}
	for kind := range 25 {
		lunar := slices.Contains([]int{6, 8, 13, 14, 15, 20}, kind)
		e := &eas.Event{Start: at("2026-06-01 08:00"), Recurrence: &eas.Recurrence{Type: eas.Yearly, CalendarType: kind}}
		n := 0
		for range e.Occurrences(at("2026-01-01 00:00"), at("2027-01-01 00:00")) {
			n++
		}
		if (n == 0) != lunar {
			t.Errorf("calendar type %d: %d occurrences", kind, n)
		}
	}
}
