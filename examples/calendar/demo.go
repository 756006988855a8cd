package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// demonstrate copies between two mailboxes, one by 14.1 and one by 16.1, in both directions, and
// shows what each has.
func demonstrate(ctx context.Context, out io.Writer) error {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	s, boxes, err := embedded(tn)
	if err != nil {
		return err
	}
	for _, what := range []string{"first", "nothing new", "one edit on each side"} {
		if what == "one edit on each side" {
			if err := s.edit(ctx); err != nil {
				return err
			}
		}
		done, err := s.run(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s\n", what, done)
	}
	for i, b := range boxes {
		fmt.Fprintf(out, "%s, %s:\n", b.Address(), s.Sides[i].client.Versions[0])
		var lines []string
		for _, item := range b.Items(eas.FolderCalendar) {
			lines = append(lines, show(item.(*eas.Event), s.zone)...)
		}
		slices.Sort(lines)
		fmt.Fprint(out, strings.Join(lines, ""))
	}
	return nil
}

// embedded returns the state of two mailboxes of a tenant that have never been copied.
func embedded(tn *eastest.Tenant) (*state, []*eastest.Mailbox, error) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, nil, err
	}
	s := &state{zone: zone}
	var boxes []*eastest.Mailbox
	for i, version := range []eas.Version{eas.Version141, eas.Version161} {
		address := []string{"ada@contoso.com", "bob@contoso.com"}[i]
		boxes = append(boxes, tn.AddMailbox(address))
		s.Sides[i].client = &eas.Client{
			URL: tn.URL(), User: address, Token: bearer.Static(tn.Token(address)), HTTPClient: tn.Client(), Versions: []eas.Version{version},
		}
	}
	fill(boxes, zone)
	return s, boxes, nil
}

// fill gives each mailbox what the other has not.
func fill(boxes []*eastest.Mailbox, zone *time.Location) {
	rules := eas.NewTimeZone(zone, 2026)
	monday := time.Date(2026, 10, 19, 9, 0, 0, 0, zone) // the clock changes on the 25th
	busy := eas.BusyBusy
	quarter := 15 * time.Minute
	later, room := "Stand-up, later", eas.Place{Name: "Room 2"}
	boxes[0].Put(eas.FolderCalendar,
		&eas.Event{
			Subject: "Stand-up", Start: monday.UTC(), End: monday.Add(quarter).UTC(), Zone: rules, Place: eas.Place{Name: "Room 1"}, Busy: &busy, Reminder: &quarter,
			Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Monday, Occurrences: 4},
			Exceptions: []eas.Exception{
				{Original: monday.AddDate(0, 0, 7).UTC(), Subject: &later, Start: monday.AddDate(0, 0, 7).Add(time.Hour).UTC(), End: monday.AddDate(0, 0, 7).Add(time.Hour + quarter).UTC(), Place: &room, NoReminder: true},
				{Original: monday.AddDate(0, 0, 14).UTC(), Deleted: true},
			},
		})
	boxes[1].Put(eas.FolderCalendar,
		&eas.Event{Subject: "Trip", AllDay: true, Start: time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC), Busy: &busy},
		&eas.Event{Subject: "Dinner", Start: monday.Add(10 * time.Hour).UTC(), End: monday.Add(12 * time.Hour).UTC(), Zone: rules, Busy: &busy})
}

// edit changes what came from the other side, as a user of each mailbox does.
func (s *state) edit(ctx context.Context) error {
	for i, change := range []func(e *eas.Event){
		func(e *eas.Event) {
			if e.Subject == "Dinner" {
				e.Place, e.Reminder = eas.Place{Name: "Trattoria"}, nil
			}
		},
		func(e *eas.Event) {
			if e.Subject == "Stand-up" {
				e.Place = eas.Place{}
			}
		},
	} {
		c := s.Sides[i].client
		user := &eas.Client{URL: c.URL, User: c.User, Token: c.Token, HTTPClient: c.HTTPClient, Versions: c.Versions, Device: eas.Device{ID: fmt.Sprintf("phone%d", i)}}
		o := &eas.SyncOptions{Class: eas.ClassCalendar}
		var edits []eas.Edit
		key := eas.InitialSyncKey
		for page, err := range user.Pages(ctx, s.Sides[i].Folder, key, o) {
			if err != nil {
				return err
			}
			for _, e := range page.Added {
				before := e.Item.(*eas.Event)
				after := *before
				change(&after)
				edits = append(edits, eas.Update(e.ID, before, &after))
			}
			key = page.Key
		}
		got, err := user.Apply(ctx, s.Sides[i].Folder, key, edits...)
		if err == nil {
			err = got.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// show lists the occurrences of an event.
func show(e *eas.Event, zone *time.Location) []string {
	var out []string
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for o := range e.Occurrences(year, year.AddDate(1, 0, 0)) {
		x, layout := o.Event, "2006-01-02 15:04"
		start, end := x.Start.In(zone), x.End.In(zone)
		if x.AllDay {
			layout = "2006-01-02"
			if x.Zone == nil {
				start, end = x.Start, x.End
			}
		}
		line := fmt.Sprintf("  %s to %s  %s", start.Format(layout), end.Format(layout), x.Subject)
		if x.Place.Name != "" {
			line += ", " + x.Place.Name
		}
		if x.Reminder != nil {
			line += fmt.Sprintf(", %v before", *x.Reminder)
		}
		out = append(out, line+"\n")
	}
	return out
}
