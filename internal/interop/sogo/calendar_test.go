package sogo

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// A calendar is that of a user, by a client that has read it.
type calendar struct {
	*box
	folder eas.FolderID
	key    eas.SyncKey
	events map[string]entry // by subject
}

type entry struct {
	id eas.ItemID
	*eas.Event
}

func openCalendar(t *testing.T, user string, v eas.Version) *calendar {
	t.Helper()
	c := &calendar{box: open(t, user, v), events: map[string]entry{}}
	c.folder = c.box.folder(t, eas.FolderCalendar).ID
	var pages []*eas.Page
	c.key, pages = c.read(t, c.folder, eas.InitialSyncKey, &eas.SyncOptions{Class: eas.ClassCalendar})
	for _, e := range added(pages) {
		event := e.Item.(*eas.Event)
		c.events[event.Subject] = entry{e.ID, event}
	}
	return c
}

func (c *calendar) apply(t *testing.T, edits ...eas.Edit) {
	t.Helper()
	for _, e := range edits {
		got, err := c.Apply(t.Context(), c.folder, c.key, e)
		if errors.Is(err, eas.ErrInvalidSyncKey) {
			// SOGo forgets the key that the first edit of an empty calendar brings.
			c.key, _ = c.read(t, c.folder, eas.InitialSyncKey, &eas.SyncOptions{Class: eas.ClassCalendar})
			got, err = c.Apply(t.Context(), c.folder, c.key, e)
		}
		if err == nil {
			c.key, err = got.Key, got.Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// edit changes an event as a user does.
func (c *calendar) edit(t *testing.T, subject string, change func(*eas.Event)) {
	t.Helper()
	before, ok := c.events[subject]
	if !ok {
		t.Fatalf("no event %q", subject)
	}
	after := *before.Event
	change(&after)
	c.apply(t, eas.Update(before.id, before.Event, &after))
	c.events[subject] = entry{before.id, &after}
}

// occurrences lists what is in the calendar in a year.
func (c *calendar) occurrences(zone *time.Location) []string {
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []string
	for _, e := range c.events {
		for o := range e.Occurrences(year, year.AddDate(1, 0, 0)) {
			x, layout := o.Event, "01-02 15:04"
			start, end := x.Start.In(zone), x.End.In(zone)
			if x.AllDay {
				layout = "01-02"
				if x.Zone == nil {
					start, end = x.Start, x.End
				} else if loc, err := x.Zone.Location(""); err == nil {
					start, end = x.Start.In(loc), x.End.In(loc)
				}
			}
			all = append(all, fmt.Sprintf("%s to %s %s, %s", start.Format(layout), end.Format(layout), x.Subject, x.Place.Name))
		}
	}
	slices.Sort(all)
	return all
}

// A party is a user and the version that the user's server speaks.
type party struct {
	user    string
	version eas.Version
}

// calendars runs examples/calendar on two mailboxes of different servers, both ways: a series
// with exceptions across a change of the clock, days, and appointments; and compares what each
// shows. Room is where the one occurrence is that has a place of its own; "" if a server keeps
// no place of an occurrence.
func calendars(t *testing.T, a, b party, room string) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// The clock changes on 25 October, within the series and behind its exceptions: SOGo puts an
	// exception on the other side of the change in a wrong place.
	monday := time.Date(2026, 9, 28, 9, 0, 0, 0, zone)
	busy := eas.BusyBusy
	quarter := 15 * time.Minute
	rules := eas.NewTimeZone(zone, 2026)
	later := "Stand-up, later"
	var place *eas.Place
	if room != "" {
		place = &eas.Place{Name: room}
	}
	at := func(day int, clock time.Duration) time.Time {
		return time.Date(2026, 10, day, 0, 0, 0, 0, zone).Add(clock)
	}
	one, two := openCalendar(t, a.user, a.version), openCalendar(t, b.user, b.version)
	stamp := monday.UTC()
	one.apply(t,
		eas.Add("", &eas.Event{
			Subject: "Stand-up", UID: "interop-copy-" + a.user + b.user, Stamp: stamp, Start: monday.UTC(), End: monday.Add(quarter).UTC(), Zone: rules, Place: eas.Place{Name: "Room 1"}, Busy: &busy, Reminder: &quarter,
			Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Monday, Occurrences: 5},
		}))
	// The exceptions are edits of the series, as a user makes them.
	one = openCalendar(t, a.user, a.version)
	one.edit(t, "Stand-up", func(e *eas.Event) {
		e.Exceptions = []eas.Exception{
			{Original: monday.AddDate(0, 0, 7).UTC(), Subject: &later, Start: monday.AddDate(0, 0, 7).Add(time.Hour).UTC(), End: monday.AddDate(0, 0, 7).Add(time.Hour + quarter).UTC(), Place: place},
			{Original: monday.AddDate(0, 0, 14).UTC(), Deleted: true},
		}
	})
	one.apply(t, eas.Add("", &eas.Event{Subject: "Fair", UID: "interop-fair-" + a.user + b.user, Stamp: stamp, AllDay: true, Zone: rules, Start: at(20, 0).UTC(), End: at(21, 0).UTC(), Busy: &busy}))
	two.apply(t,
		eas.Add("", &eas.Event{Subject: "Trip", AllDay: true, Zone: rules, Start: at(24, 0).UTC(), End: time.Date(2026, 10, 27, 0, 0, 0, 0, zone).UTC(), Busy: &busy}),
		eas.Add("", &eas.Event{Subject: "Dinner", Start: monday.Add(10 * time.Hour).UTC(), End: monday.Add(12 * time.Hour).UTC(), Zone: rules, Busy: &busy}))

	program := stack.Program(t, "calendar", a.user, b.user)
	state := filepath.Join(t.TempDir(), "state.json")
	run := func(want string) {
		t.Helper()
		if out, _ := program.Run(0, a.user, "-to", b.user+"@"+servers.Domain, "-state", state, "-zone", zone.String()); out != want {
			t.Errorf("calendar says %q, want %q", out, want)
		}
	}
	same := func(want ...string) {
		t.Helper()
		slices.Sort(want)
		for i, p := range []party{a, b} {
			c := openCalendar(t, p.user, p.version)
			if diff := gocmp.Diff(want, c.occurrences(zone)); diff != "" {
				t.Errorf("calendar of %s, %s (-want +got):\n%s", p.user, p.version, diff)
				for _, e := range c.events {
					t.Logf("%+v\nzone %+v\nrecurrence %+v\nexceptions %+v", e.Event, e.Zone, e.Recurrence, e.Exceptions)
				}
			}
			if i == 0 {
				one = c
			} else {
				two = c
			}
		}
	}
	run("4 events, 4 edits\n")
	rest := []string{"10-20 to 10-21 Fair, ", "10-24 to 10-27 Trip, ", "09-28 19:00 to 09-28 21:00 Dinner, "}
	same(append(rest, "09-28 09:00 to 09-28 09:15 Stand-up, Room 1", "10-05 10:00 to 10-05 10:15 Stand-up, later, "+cmp.Or(room, "Room 1"),
		"10-19 09:00 to 10-19 09:15 Stand-up, Room 1", "10-26 09:00 to 10-26 09:15 Stand-up, Room 1")...)
	run("4 events, 0 edits\n")
	if t.Failed() {
		return
	}
	// QUIRK: SOGo tells changes by the second; what follows a Sync within one is not seen.
	time.Sleep(1500 * time.Millisecond)
	one.edit(t, "Dinner", func(e *eas.Event) { e.Place = eas.Place{Name: "Trattoria"} })
	one.edit(t, "Trip", func(e *eas.Event) { e.Subject = "Travel" })
	two.edit(t, "Stand-up", func(e *eas.Event) { e.Place = eas.Place{Name: "Room 3"} })
	two.apply(t, eas.Delete(two.events["Fair"].id), eas.DeleteOccurrence(two.events["Stand-up"].id, two.events["Stand-up"].Event, monday.AddDate(0, 0, 21).UTC()))
	run("3 events, 4 edits\n")
	same("09-28 09:00 to 09-28 09:15 Stand-up, Room 3", "10-05 10:00 to 10-05 10:15 Stand-up, later, "+cmp.Or(room, "Room 3"), "10-26 09:00 to 10-26 09:15 Stand-up, Room 3",
		"10-24 to 10-27 Travel, ", "09-28 19:00 to 09-28 21:00 Dinner, Trattoria")
	run("3 events, 0 edits\n")
}
