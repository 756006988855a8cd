package token

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// EventKind says what happened.
type EventKind string

// The kinds of [Event].
const (
	EventRefreshed EventKind = "refreshed" // the authority renewed the access token
	EventAdopted   EventKind = "adopted"   // the Store had an access token that will do
	EventSignedIn  EventKind = "signed in" // a new sign-in was made and stored
	EventEnded     EventKind = "ended"     // the authority ended the sign-in
	EventFailed    EventKind = "failed"    // no token could be had, for now or for good: see Err
	EventExpiring  EventKind = "expiring"  // the sign-in is expected to end soon, at RefreshExpiry: see [Source.Notice]
)

// An Event is what an observer learns. It holds no secret.
type Event struct {
	Kind          EventKind
	Key           string
	Lineage       string    // of the sign-in
	Generation    uint64    // of its record
	Expiry        time.Time // of the access token
	RefreshExpiry time.Time // expected, of the refresh token
	Forced        bool      // the endpoint had refused an access token
	Early         bool      // in the background
	Err           error
}

// report tells the observer and the log how a flight ended.
func (s *Source) report(r *renewal) {
	if s.Observe == nil && s.Logger == nil {
		return
	}
	defer func() { _ = recover() }() // an observer that panics must not take the callers along
	e := Event{
		Kind: r.event, Key: s.Key, Lineage: r.record.Lineage, Generation: r.record.Generation,
		RefreshExpiry: r.record.RefreshExpiry, Forced: r.forced, Early: r.early, Err: r.err,
	}
	switch {
	case r.err != nil && r.event != EventEnded:
		e.Kind = EventFailed
	case r.handout != nil:
		e.Expiry = r.handout.token.Expiry
	}
	s.tell(e)
	if e.Err == nil && s.isExpiring(r.record) {
		e.Kind = EventExpiring
		s.tell(e)
	}
}

// DefaultNotice is the default of [Source.Notice].
const DefaultNotice = 3 * 24 * time.Hour

// isExpiring reports, once, that the sign-in of r will soon end.
func (s *Source) isExpiring(r Record) bool {
	end := r.RefreshExpiry
	if s.Notice < 0 || end.IsZero() || r.RefreshToken == "" || end.Equal(s.noticed) {
		return false
	}
	notice := s.Notice
	if notice == 0 {
		from := r.RefreshIssued
		if s.RefreshFixed {
			from = r.SignedIn
		}
		notice = min(DefaultNotice, end.Sub(from)/4)
	}
	if time.Until(end) > notice {
		return false
	}
	s.noticed = end
	return true
}

// tell hands an event to the observer and the log.
func (s *Source) tell(e Event) {
	if s.Observe != nil {
		s.Observe(e)
	}
	if s.Logger == nil {
		return
	}
	level := slog.LevelInfo
	if e.Kind == EventExpiring {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("event", string(e.Kind)), slog.String("lineage", e.Lineage), slog.Uint64("generation", e.Generation)}
	if !e.Expiry.IsZero() {
		attrs = append(attrs, slog.Time("expiry", e.Expiry))
	}
	if e.Kind == EventExpiring {
		attrs = append(attrs, slog.Time("refresh_expiry", e.RefreshExpiry))
	}
	if e.Err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	s.Logger.LogAttrs(context.Background(), level, "token", attrs...)
}

// Status is what is known of a sign-in without asking the authority.
type Status struct {
	Account       Account
	SignedIn      time.Time
	Expiry        time.Time  // of the access token for the endpoint; zero if there is none
	RefreshExpiry time.Time  // when the user is expected to have to come back, if nothing is renewed until then
	Ended         ReauthKind // "" while the sign-in lasts
}

// Status reads the sign-in from the Store. Without one the error is a [*ReauthError] of
// kind [ReauthNone].
func (s *Source) Status(ctx context.Context) (Status, error) {
	if err := s.check(); err != nil {
		return Status{}, err
	}
	r, err := s.store().Load(ctx, s.Key)
	if errors.Is(err, ErrNotFound) {
		return Status{}, &ReauthError{Kind: ReauthNone, Hint: reauthHints[ReauthNone]}
	}
	if err != nil {
		return Status{}, storeError("load", err)
	}
	return Status{
		Account: r.Account, SignedIn: r.SignedIn, Expiry: r.Access[s.Config.resource()].Expiry,
		RefreshExpiry: r.RefreshExpiry, Ended: r.Ended,
	}, nil
}
