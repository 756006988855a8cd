package main

import (
	"context"
	"errors"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// settle makes a pair alike, and returns how many edits that took.
func (s *state) settle(ctx context.Context, p *pair) (int, error) {
	n := 0
	for from := range s.Sides {
		to := 1 - from
		var err error
		switch {
		case p.Event == nil:
		case p.Deleted[from] && p.Changed[to] == nil:
			if p.IDs[to] != "" && !p.Deleted[to] {
				n++
				_, err = s.apply(ctx, to, eas.Delete(p.IDs[to]))
			}
			if err == nil {
				p.Event = nil
			}
		case p.Changed[from] == nil:
		case p.IDs[to] == "" || p.Deleted[to]:
			n++
			err = s.add(ctx, p, to, p.Changed[from])
		default:
			n++
			_, err = s.apply(ctx, to, eas.Update(p.IDs[to], local(p.Event, s.zone), local(p.Changed[from], s.zone)))
			if err == nil {
				p.settled(p.Changed[from])
			}
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// settled notes what the pair is now on both sides.
func (p *pair) settled(e *eas.Event) {
	p.Event, p.Changed, p.Deleted = e, [2]*eas.Event{}, [2]bool{}
}

// add makes the copy of an event, and then its exceptions, which newer versions take only
// of a series that is there.
func (s *state) add(ctx context.Context, p *pair, to int, e *eas.Event) error {
	plain := *e
	plain.Exceptions = nil
	got, err := s.apply(ctx, to, eas.Add("", local(&plain, s.zone)))
	if err != nil {
		return err
	}
	if len(got.Results) != 1 || got.Results[0].ID == "" {
		return errors.New("the server did not name the copy")
	}
	p.IDs[to], p.Event = got.Results[0].ID, &plain
	if len(e.Exceptions) > 0 {
		if _, err := s.apply(ctx, to, eas.Update(p.IDs[to], local(&plain, s.zone), local(e, s.zone))); err != nil {
			return err
		}
	}
	p.settled(e)
	return nil
}

// apply sends an edit and keeps the key that it brings.
func (s *state) apply(ctx context.Context, i int, e eas.Edit) (*eas.Applied, error) {
	x := &s.Sides[i]
	got, err := x.client.Apply(ctx, x.Folder, x.Key, e)
	if err != nil {
		return nil, s.lost(i, err)
	}
	x.Key = got.Key
	return got, got.Err()
}

// normal returns what is copied of an event, in a form that does not depend on the version of
// its server: without people, and an all-day event with dates of no zone.
func normal(e *eas.Event) *eas.Event {
	n := &eas.Event{
		Subject: e.Subject, Start: e.Start, End: e.End, AllDay: e.AllDay, Zone: e.Zone, Place: eas.Place{Name: e.Place.Name}, Body: e.Body,
		Categories: e.Categories, Busy: e.Busy, Sensitivity: e.Sensitivity, Reminder: e.Reminder, Recurrence: explicit(e.Recurrence),
	}
	day := func(t time.Time) time.Time { return t }
	if e.AllDay && e.Zone != nil {
		if loc, err := e.Zone.Location(""); err == nil {
			day = func(t time.Time) time.Time { return inZone(t.In(loc), time.UTC) }
		}
	}
	if e.AllDay {
		n.Zone = nil
	}
	return moved(n, e.Exceptions, day)
}

// explicit returns a recurrence with what servers add where it is left out: the interval, and the
// first day of a week.
func explicit(r *eas.Recurrence) *eas.Recurrence {
	if r == nil {
		return nil
	}
	n := *r
	n.Interval = max(n.Interval, 1)
	if n.Type == eas.Weekly && n.FirstDay == nil {
		sunday := time.Sunday
		n.FirstDay = &sunday
	}
	return &n
}

// local returns an event as it is sent: an all-day event lasts from midnight to midnight of a
// zone, which newer versions are not told.
func local(e *eas.Event, zone *time.Location) *eas.Event {
	n := *e
	day := func(t time.Time) time.Time { return t }
	if e.AllDay {
		n.Zone = eas.NewTimeZone(zone, e.Start.Year())
		day = func(t time.Time) time.Time { return inZone(t, zone).UTC() }
	}
	return moved(&n, e.Exceptions, day)
}

// moved returns an event whose times are changed by day, with exceptions.
func moved(n *eas.Event, exceptions []eas.Exception, day func(time.Time) time.Time) *eas.Event {
	at := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return day(t)
	}
	n.Start, n.End, n.Exceptions = at(n.Start), at(n.End), nil
	for _, x := range exceptions {
		n.Exceptions = append(n.Exceptions, eas.Exception{
			Original: at(x.Original), Deleted: x.Deleted, Subject: x.Subject, Start: at(x.Start), End: at(x.End), Place: x.Place, Body: x.Body,
			Categories: x.Categories, Busy: x.Busy, Sensitivity: x.Sensitivity, Reminder: x.Reminder, NoReminder: x.NoReminder,
		})
	}
	return n
}

// inZone returns when a clock of loc shows what t shows.
func inZone(t time.Time, loc *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc)
}
