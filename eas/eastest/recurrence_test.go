package eastest_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // a machine may have no time zones

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// Each occurrence of a series that takes place makes its owner busy: by day, week, month and year,
// to its end, across the change of the clocks, and as its exceptions say.
func TestBusySeries(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const layout = "2006-01-02 15:04"
	at := func(s string) time.Time {
		x, err := time.Parse(layout, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	busy, away := eas.BusyBusy, eas.BusyAway
	for _, tt := range []struct {
		name  string
		start string
		zone  *time.Location
		rule  *eas.Recurrence
		more  []eas.Exception
		from  string   // of three weeks
		want  []string // the slots that are not free: when, and what
	}{
		{"no series", "2026-03-02 09:00", nil, nil, nil, "2026-03-01 00:00", []string{"2026-03-02 09:00 2"}},
		{"every tenth day", "2026-03-02 09:00", nil, &eas.Recurrence{Type: eas.Daily, Interval: 10}, nil, "2026-03-10 00:00",
			[]string{"2026-03-12 09:00 2", "2026-03-22 09:00 2"}},
		{"a count", "2026-03-02 09:00", nil, &eas.Recurrence{Type: eas.Daily, Interval: 5, Occurrences: 3}, nil, "2026-03-01 00:00",
			[]string{"2026-03-02 09:00 2", "2026-03-07 09:00 2", "2026-03-12 09:00 2"}},
		{"an end", "2026-03-02 09:00", nil, &eas.Recurrence{Type: eas.Daily, Interval: 5, Until: at("2026-03-12 09:00")}, nil, "2026-03-01 00:00",
			[]string{"2026-03-02 09:00 2", "2026-03-07 09:00 2", "2026-03-12 09:00 2"}},
		{"Monday and Friday of every other week", "2026-03-06 09:00", nil, &eas.Recurrence{Type: eas.Weekly, Interval: 2, Days: eas.Monday | eas.Friday, FirstDay: ptr(time.Monday)}, nil, "2026-03-01 00:00",
			[]string{"2026-03-06 09:00 2", "2026-03-16 09:00 2", "2026-03-20 09:00 2"}},
		{"the 31st", "2026-01-31 09:00", nil, &eas.Recurrence{Type: eas.Monthly, Interval: 1, DayOfMonth: 31}, nil, "2026-02-20 00:00",
			[]string{"2026-02-28 09:00 2"}},
		{"the second Tuesday", "2026-03-10 09:00", nil, &eas.Recurrence{Type: eas.MonthlyNth, Interval: 1, WeekOfMonth: 2, Days: eas.Tuesday}, nil, "2026-04-01 00:00",
			[]string{"2026-04-14 09:00 2"}},
		{"the last weekday", "2026-03-31 09:00", nil, &eas.Recurrence{Type: eas.MonthlyNth, Interval: 1, WeekOfMonth: 5, Days: eas.Workdays}, nil, "2026-05-15 00:00",
			[]string{"2026-05-29 09:00 2"}},
		{"a birthday", "2020-03-10 09:00", nil, &eas.Recurrence{Type: eas.Yearly, Interval: 1, DayOfMonth: 10, Month: 3}, nil, "2026-03-01 00:00",
			[]string{"2026-03-10 09:00 2"}},
		{"the first Sunday of May", "2020-05-03 09:00", nil, &eas.Recurrence{Type: eas.YearlyNth, Interval: 1, WeekOfMonth: 1, Days: eas.Sunday, Month: 5}, nil, "2026-05-01 00:00",
			[]string{"2026-05-03 09:00 2"}},
		{"summer time", "2026-03-22 08:00", berlin, &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Sunday}, nil, "2026-03-20 00:00",
			[]string{"2026-03-22 08:00 2", "2026-03-29 07:00 2", "2026-04-05 07:00 2"}},
		{"exceptions", "2026-03-02 09:00", nil, &eas.Recurrence{Type: eas.Daily, Interval: 5}, []eas.Exception{
			{Original: at("2026-03-07 09:00"), Deleted: true},
			{Original: at("2026-03-12 09:00"), Start: at("2026-03-13 10:00"), End: at("2026-03-13 11:00")},
			{Original: at("2026-03-17 09:00"), Busy: &away},
			{Original: at("2026-04-01 09:00"), Start: at("2026-03-14 10:00"), End: at("2026-03-14 10:30")},
		}, "2026-03-01 00:00",
			[]string{"2026-03-02 09:00 2", "2026-03-13 10:00 2", "2026-03-13 10:30 2", "2026-03-14 10:00 2", "2026-03-17 09:00 3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
			tn.AddMailbox(ada)
			bob := tn.AddMailbox("bob@contoso.com")
			e := &eas.Event{Subject: "x", Start: at(tt.start), End: at(tt.start).Add(30 * time.Minute), Busy: &busy, Recurrence: tt.rule, Exceptions: tt.more}
			if tt.zone != nil {
				e.Zone = eas.NewTimeZone(tt.zone, 2026)
			}
			bob.Put(eas.FolderCalendar, e)
			s := &stranger{t: t, tn: tn, version: "16.1", token: tn.Token(ada).AccessToken}
			from := at(tt.from)
			_, _, a := s.post("ResolveRecipients", availabilityDoc(from, from.AddDate(0, 0, 21)))
			var got []string
			for i, digit := range between(a, "<MergedFreeBusy>", "</MergedFreeBusy>") {
				if digit != '0' {
					got = append(got, from.Add(time.Duration(i)*30*time.Minute).Format(layout)+" "+string(digit))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func availabilityDoc(start, end time.Time) string {
	const layout = "2006-01-02T15:04:05.000Z"
	doc := `<ResolveRecipients xmlns="ResolveRecipients"><To>bob@contoso.com</To><Options><Availability><StartTime>` + start.UTC().Format(layout) + `</StartTime>`
	if !end.IsZero() {
		doc += `<EndTime>` + end.UTC().Format(layout) + `</EndTime>`
	}
	return doc + `</Availability></Options></ResolveRecipients>`
}

// The time that is asked about: a week if it has no end, half an hour at least, 42 days at most.
func TestAvailabilityTimes(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
	tn.AddMailbox(ada)
	tn.AddMailbox("bob@contoso.com")
	s := &stranger{t: t, tn: tn, version: "16.1", token: tn.Token(ada).AccessToken}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		end   time.Time
		slots int // 0 for status 5
	}{
		{"no end", time.Time{}, 7 * 48}, {"half an hour", start.Add(30 * time.Minute), 1}, {"less", start.Add(29 * time.Minute), 0},
		{"a part of a slot", start.Add(31 * time.Minute), 2}, {"42 days", start.AddDate(0, 0, 42), 42 * 48}, {"more", start.AddDate(0, 0, 42).Add(time.Second), 0},
		{"an end before the start", start.Add(-time.Hour), 0},
	} {
		_, _, a := s.post("ResolveRecipients", availabilityDoc(start, tt.end))
		got := len(between(a, "<MergedFreeBusy>", "</MergedFreeBusy>"))
		if refused := strings.Contains(a, "<Status>5</Status>"); got != tt.slots || refused != (tt.slots == 0) {
			t.Errorf("%s: %d slots, refused %v: %s", tt.name, got, refused, a)
		}
	}
	judge(t, tn)
}

// An InstanceId names an occurrence of a series, from 16.0 on; nothing else does.
func TestOccurrenceIDs(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ name, version, instance, want string }{
		{"the first", "16.1", "20260302T090000Z", ""},
		{"a later one", "16.0", "20260309T090000Z", ""},
		{"no occurrence of that day", "16.1", "20260303T090000Z", "6"},
		{"another time of the day", "16.1", "20260309T100000Z", "6"},
		{"after the end", "16.1", "20260330T090000Z", "6"},
		{"another form", "16.1", "2026-03-09T09:00:00.000Z", "6"},
		{"no time", "16.1", "x", "6"},
		{"an earlier version", "14.1", "20260309T090000Z", "4"},
	} {
		for _, do := range []string{"Delete", "Change"} {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			s := newStranger(t, tn, tt.version)
			box := tn.Mailbox(ada)
			series := &eas.Event{Subject: "s", Start: start, End: start.Add(time.Hour), Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Monday, Occurrences: 4}}
			box.Put(eas.FolderCalendar, series)
			_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("7")+`</SyncKey><CollectionId>7</CollectionId>`, ""))
			data := ""
			if do == "Change" {
				data = `<ApplicationData><Subject xmlns="Calendar">t</Subject></ApplicationData>`
			}
			_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>7</CollectionId><Commands><`+do+`><ServerId>`+
				between(a, "<ServerId>", "</ServerId>")+`</ServerId><InstanceId xmlns="AirSyncBase">`+tt.instance+`</InstanceId>`+data+`</`+do+`></Commands>`, ""))
			got := between(between(a, "<Responses>", "</Responses>"), "<Status>", "</Status>")
			if tt.want == "4" {
				got = between(a, "<Status>", "</Status>")
			}
			e := box.Items(eas.FolderCalendar)[0].(*eas.Event)
			if got != tt.want || len(e.Exceptions) != len(map[string][]int{"": {1}}[tt.want]) {
				t.Errorf("%s of %s: status %q, want %q, %d exceptions: %s", do, tt.name, got, tt.want, len(e.Exceptions), a)
			}
		}
	}
	// A single event has no occurrences.
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "16.1")
	tn.Mailbox(ada).Put(eas.FolderCalendar, &eas.Event{Subject: "s", Start: start, End: start.Add(time.Hour)})
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>`+s.primed("7")+`</SyncKey><CollectionId>7</CollectionId>`, ""))
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>7</CollectionId><Commands><Delete><ServerId>`+
		between(a, "<ServerId>", "</ServerId>")+`</ServerId><InstanceId xmlns="AirSyncBase">20260302T090000Z</InstanceId></Delete></Commands>`, ""))
	if !strings.Contains(a, "<Status>6</Status>") || len(tn.Mailbox(ada).Items(eas.FolderCalendar)) != 1 {
		t.Errorf("a single event: %s", a)
	}
}
