// Calendar keeps the calendars of two mailboxes alike: what is made, changed or deleted in one
// is so in the other. It copies series with their exceptions and all-day events, between
// servers of any versions. A copy is an appointment: nobody is invited by it. Where both sides
// changed, the first wins.
//
//	go run ./examples/calendar                   two mailboxes of an embedded tenant, in 14.1 and 16.1
//	go run ./examples/calendar -email you@yourcompany.com -client-id … -to you@elsewhere.com -state pairs.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var to, name, zone string
	loc := time.Local
	(&account.Program{
		Name: "calendar",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&to, "to", "", "address of the other mailbox")
			fs.StringVar(&name, "state", "", "file in which the state is kept")
			fs.StringVar(&zone, "zone", "Local", "time zone of all-day events")
		},
		Check: func() error {
			switch {
			case to == "":
				return account.Misuse("-to is missing")
			case name == "":
				return account.Misuse("-state is missing")
			}
			var err error
			if loc, err = time.LoadLocation(zone); err != nil {
				return account.Misuse("-zone: %v", err)
			}
			return nil
		},
		Demo: demonstrate,
		Run: func(ctx context.Context, x *account.Session) error {
			s, err := load(name)
			if err != nil {
				return err
			}
			s.zone = loc
			for i, address := range []string{x.Email, to} {
				m, err := x.OpenAs(ctx, address)
				if err != nil {
					return err
				}
				s.Sides[i].client = account.Apart(m.Client, &s.Sides[i].Device)
			}
			if err := s.save(); err != nil { // the devices, before they are used
				return err
			}
			done, err := s.run(ctx)
			if err != nil {
				return err
			}
			return x.Print(done)
		},
	}).Main()
}

// A state is what must be kept between two runs.
type state struct {
	Sides [2]side
	Pairs []*pair

	zone *time.Location
	name string
}

// A side is one of the two calendars.
type side struct {
	Folder eas.FolderID
	Key    eas.SyncKey
	Device eas.State // its own, so that no other program ends the key

	client *eas.Client
}

// A pair is an event that is in both calendars, and what it was when they were last alike.
type pair struct {
	IDs   [2]eas.ItemID
	Event *eas.Event // in the form that normal returns

	Changed [2]*eas.Event // by a side since then
	Deleted [2]bool
}

func load(name string) (*state, error) {
	s := &state{name: name}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	return s, err
}

// save puts the state into place as a whole.
func (s *state) save() error {
	if s.name == "" {
		return nil
	}
	for i, x := range s.Sides {
		if x.client != nil {
			s.Sides[i].Device = x.client.State()
		}
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return account.WriteFile(s.name, b)
}

// run makes the two calendars alike. The state is kept after each page and each event, so that
// a run that is cut short is made good by the next one. A calendar whose server has lost track
// is read again from the start.
func (s *state) run(ctx context.Context) (settled, error) {
	n := 0
	for attempt := 1; ; attempt++ {
		sent, err := s.pass(ctx)
		n += sent
		if err == nil {
			break
		}
		if attempt == 3 || !errors.Is(err, eas.ErrInvalidSyncKey) {
			return settled{}, errors.Join(err, s.save())
		}
	}
	return settled{len(s.Pairs), n}, s.save()
}

// A settled says what a run has come to.
type settled struct {
	Events int `json:"events"` // in both calendars
	Edits  int `json:"edits"`
}

func (s settled) String() string { return fmt.Sprintf("%d events, %d edits", s.Events, s.Edits) }

// pass reads both sides and settles every pair. It returns how many edits that took.
func (s *state) pass(ctx context.Context) (int, error) {
	for i := range s.Sides {
		if err := s.read(ctx, i); err != nil {
			return 0, s.lost(i, err)
		}
	}
	n := 0
	for _, p := range s.Pairs {
		sent, err := s.settle(ctx, p)
		n += sent
		if err != nil {
			return n, fmt.Errorf("%q: %w", p.Event.Subject, err)
		}
		if sent > 0 {
			if err := s.save(); err != nil {
				return n, err
			}
		}
	}
	s.Pairs = slices.DeleteFunc(s.Pairs, func(p *pair) bool { return p.Event == nil })
	return n, nil
}

// lost has a side whose server does not know its key begin from the start.
func (s *state) lost(i int, err error) error {
	if errors.Is(err, eas.ErrInvalidSyncKey) {
		s.Sides[i].Key = eas.InitialSyncKey
	}
	return err
}

// read takes in what changed on a side.
func (s *state) read(ctx context.Context, i int) error {
	x := &s.Sides[i]
	if x.Folder == "" {
		folders, err := x.client.FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			return err
		}
		f, ok := folders.Find(eas.FolderCalendar)
		if !ok {
			return errors.New("a mailbox without a calendar")
		}
		x.Folder = f.ID
	}
	first := x.Key == eas.InitialSyncKey || x.Key == ""
	key, seen := x.Key, map[eas.ItemID]bool{} // of a first read, which counts as a whole
	for page, err := range x.client.Pages(ctx, x.Folder, x.Key, &eas.SyncOptions{Class: eas.ClassCalendar}) {
		if err != nil {
			return err
		}
		touched := map[eas.ItemID]bool{}
		for _, e := range append(page.Added, page.Changed...) {
			touched[e.ID] = true
		}
		for _, o := range page.DeletedOccurrences {
			touched[o.Series] = true
		}
		for id := range touched {
			seen[id] = true
			if err := s.look(ctx, i, id, first); err != nil {
				return err
			}
		}
		for _, id := range append(page.Deleted, page.SoftDeleted...) {
			if p := s.find(i, id); p != nil {
				p.Changed[i], p.Deleted[i] = nil, true
			}
		}
		if key = page.Key; !first {
			x.Key = key
			if err := s.save(); err != nil {
				return err
			}
		}
	}
	for _, p := range s.Pairs {
		if first && p.IDs[i] != "" && !seen[p.IDs[i]] {
			p.Changed[i], p.Deleted[i] = nil, true
		}
	}
	x.Key = key
	return s.save()
}

// look fetches an event that is new or changed: a change holds only what changed. In a first
// read, which reports every event, one that waits for a change of the other side is not new.
func (s *state) look(ctx context.Context, i int, id eas.ItemID, first bool) error {
	x := &s.Sides[i]
	e, err := x.client.FetchItem(ctx, x.Folder, id, &eas.ItemOptions{Class: eas.ClassCalendar})
	var ee *eas.Error
	switch {
	case errors.As(err, &ee) && ee.Action == eas.ActionResyncItem:
		return nil // deleted meanwhile: the next page says so
	case err != nil:
		return err
	}
	event, ok := e.Item.(*eas.Event)
	if !ok {
		return e.Err
	}
	p := s.find(i, id)
	if p == nil {
		p = &pair{Event: &eas.Event{}}
		p.IDs[i] = id
		s.Pairs = append(s.Pairs, p)
	}
	now := normal(event)
	switch {
	case reflect.DeepEqual(now, p.Event):
		p.Changed[i] = nil
	case !first || p.Changed[1-i] == nil:
		p.Changed[i] = now
	}
	return nil
}

func (s *state) find(i int, id eas.ItemID) *pair {
	for _, p := range s.Pairs {
		if p.IDs[i] == id {
			return p
		}
	}
	return nil
}
