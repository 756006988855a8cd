package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
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

// TestForms holds an all-day series to be the same after it was sent and read.
func TestForms(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	want := &eas.Event{Subject: "s", AllDay: true, Start: day, End: day.AddDate(0, 0, 1), Recurrence: &eas.Recurrence{Type: eas.Daily},
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
