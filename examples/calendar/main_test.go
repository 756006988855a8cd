package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatalf("demonstrate = %v\n%s", err, &out)
	}
	const events = `  2026-10-19 09:00 to 2026-10-19 09:15  Stand-up, 15m0s before
  2026-10-19 19:00 to 2026-10-19 21:00  Dinner, Trattoria
  2026-10-24 to 2026-10-27  Trip
  2026-10-26 10:00 to 2026-10-26 10:15  Stand-up, later, Room 2
  2026-11-09 09:00 to 2026-11-09 09:15  Stand-up, 15m0s before
`
	want := "first: 3 events, 3 edits\nnothing new: 3 events, 0 edits\none edit on each side: 3 events, 2 edits\n" +
		"ada@contoso.com, 14.1:\n" + events + "bob@contoso.com, 16.1:\n" + events
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// again returns the state that s has kept, as the next start reads it.
func (s *state) again(t *testing.T) *state {
	t.Helper()
	next, err := load(s.name)
	if err != nil {
		t.Fatal(err)
	}
	next.zone = s.zone
	for i := range next.Sides {
		next.Sides[i].client = s.Sides[i].client
	}
	return next
}

// three holds each mailbox to have the three events of fill, once.
func three(t *testing.T, boxes []*eastest.Mailbox) {
	t.Helper()
	for _, b := range boxes {
		if n := len(b.Items(eas.FolderCalendar)); n != 3 {
			t.Errorf("%d events of %s, want 3", n, b.Address())
		}
	}
}

// TestCutShort holds a copy that is cut short at each of its requests to be made good by the
// next run, with nothing doubled.
func TestCutShort(t *testing.T) {
	cuts := 0
	for ; ; cuts++ {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s, boxes, err := embedded(tn)
		if err != nil {
			t.Fatal(err)
		}
		s.name = filepath.Join(t.TempDir(), "state.json")
		if cuts > 0 {
			tn.Fail("Sync", eastest.Failure{Delay: 1, Times: cuts})
		}
		tn.Fail("Sync", eastest.Failure{Status: 500, Optional: true})
		if _, err := s.run(t.Context()); err == nil {
			break
		}
		if _, err := s.again(t).run(t.Context()); err != nil {
			t.Fatalf("cut at request %d: %v", cuts, err)
		}
		three(t, boxes)
	}
	if cuts < 6 {
		t.Errorf("cut at %d requests", cuts)
	}
}

// TestLostKey holds a copy to go on where a server has lost track, and an event that was
// deleted meanwhile to be deleted on the other side.
func TestLostKey(t *testing.T) {
	for i := range 2 {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s, boxes, err := embedded(tn)
		if err != nil {
			t.Fatal(err)
		}
		s.name = filepath.Join(t.TempDir(), "state.json")
		if _, err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = s.again(t)
		s.Sides[i].Key = "{00000000-0000-0000-0000-000000000000}7"
		if done, err := s.run(t.Context()); err != nil || done != (settled{3, 0}) {
			t.Errorf("side %d: %v, %v", i, done, err)
		}
		three(t, boxes)
		gone := s.Pairs[0]
		side := s.Sides[i]
		if _, err := side.client.Apply(t.Context(), side.Folder, side.Key, eas.Delete(gone.IDs[i])); err != nil {
			t.Fatal(err)
		}
		s.Sides[i].Key = "{00000000-0000-0000-0000-000000000000}7"
		if done, err := s.run(t.Context()); err != nil || done != (settled{2, 1}) {
			t.Errorf("side %d, one gone: %v, %v", i, done, err)
		}
	}
}

// TestForms holds an all-day series to be the same after it was sent and read.
func TestForms(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	want := &eas.Event{Subject: "s", AllDay: true, Start: day, End: day.AddDate(0, 0, 1), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1},
		Exceptions: []eas.Exception{{Original: day.AddDate(0, 0, 2), Deleted: true}}}
	sent := local(want, zone)
	if !sent.Start.Equal(day.Add(5*time.Hour)) || !sent.Exceptions[0].Original.Equal(day.AddDate(0, 0, 2).Add(4*time.Hour)) {
		t.Errorf("sent %+v", sent)
	}
	if diff := cmp.Diff(want, normal(sent)); diff != "" {
		t.Error(diff)
	}
}

func TestState(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state.json")
	s, err := load(name)
	if err != nil || len(s.Pairs) != 0 {
		t.Fatalf("load = %+v, %v", s, err)
	}
	s.Sides[1].Key = "7"
	s.Pairs = []*pair{{IDs: [2]eas.ItemID{"1", "2"}, Event: &eas.Event{Subject: "s", Start: time.Unix(0, 0).UTC()}}}
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	got, err := load(name)
	if err != nil || got.Sides[1].Key != "7" || len(got.Pairs) != 1 || !strings.Contains(got.Pairs[0].Event.Subject, "s") {
		t.Errorf("load = %+v, %v", got, err)
	}
}
