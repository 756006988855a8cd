package token

import (
	"context"
	"errors"
	"fmt"
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
	EventEnded     EventKind = "ended"     // the authority ended the sign-in: see Err
	EventFailed    EventKind = "failed"    // there is no new token, for now or for good: see Err
	EventExpiring  EventKind = "expiring"  // the sign-in is expected to end soon, at RefreshExpiry: see [Source.Notice]

	// EventNoRefresh follows EventSignedIn if the authority issued no refresh token: the
	// sign-in ends with the access token, at Expiry. Request offline_access, or consent to it.
	EventNoRefresh EventKind = "no refresh token"
	// EventScopes follows an event with a new token if the authority granted less than
	// Config.Scopes: see Missing. Entra's token is an error then.
	EventScopes EventKind = "scopes missing"
)

// An Event reports a change of a sign-in to [Source.Observe]. It holds no secret, and names the
// user by Key and Account.
type Event struct {
	Kind          EventKind
	Key           string
	Account       Account   // as far as it is known
	Lineage       string    // of the sign-in
	Generation    uint64    // of its record
	Expiry        time.Time // of the access token
	RefreshExpiry time.Time // expected, of the refresh token
	Forced        bool      // the endpoint had refused an access token
	Early         bool      // in the background
	Missing       []string  // scopes
	Err           error
}

// report tells the observer and the log how a renewal ended, unless nothing new was found or
// its outcome does not count.
func (k *keeper) report(a *renewal) {
	s := k.s
	if s.Observe == nil && s.Logger == nil || a.quiet || a.abandoned || !k.owns(a.f) {
		return
	}
	k.telling.Lock()
	defer k.telling.Unlock()
	r := a.record
	e := Event{
		Kind: a.event, Key: s.Key, Account: r.Account, Lineage: r.Lineage, Generation: r.Generation,
		RefreshExpiry: r.RefreshExpiry, Forced: a.f.forced, Early: a.f.early, Err: a.err,
	}
	if a.err != nil {
		if a.event != EventEnded {
			e.Kind = EventFailed
		}
		k.tell(e)
		return
	}
	e.Expiry = a.handout.token.Expiry
	k.tell(e)
	if a.event == EventSignedIn && r.RefreshToken == "" && (a.person || s.Config.wants("offline_access")) {
		e.Kind = EventNoRefresh
		k.tell(e)
	}
	if len(a.limited) > 0 {
		e.Kind, e.Missing = EventScopes, a.limited
		k.tell(e)
		e.Missing = nil
	}
	if k.isExpiring(r) {
		e.Kind = EventExpiring
		k.tell(e)
	}
}

// DefaultNotice is the default of [Source.Notice].
const DefaultNotice = 3 * 24 * time.Hour

// isExpiring reports, once, that the sign-in of r will soon end.
func (k *keeper) isExpiring(r Record) bool {
	s, end := k.s, r.RefreshExpiry
	if s.Notice < 0 || end.IsZero() || r.RefreshToken == "" || end.Equal(k.noticed) {
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
	k.noticed = end
	return true
}

// tell hands an event to the observer and the log. A panic of theirs is logged and changes
// nothing.
func (k *keeper) tell(e Event) {
	s, calling := k.s, "Source.Observe"
	defer func() {
		if p := recover(); p != nil {
			k.logPanic(panicked(calling, p))
		}
	}()
	if s.Observe != nil {
		s.Observe(e)
	}
	if calling = "Source.Logger"; s.Logger != nil {
		s.Logger.LogAttrs(context.Background(), e.level(), "token", e.attrs()...)
	}
}

func (k *keeper) logPanic(e *PanicError) {
	log := k.s.Logger
	if log == nil || e.Callback == "Source.Logger" {
		log = slog.Default()
	}
	defer func() { _ = recover() }() // a handler that panics again
	log.LogAttrs(context.Background(), slog.LevelError, e.Error(), slog.String("key", k.s.Key),
		slog.String("panic", fmt.Sprint(e.Value)), slog.String("stack", string(e.Stack)))
}

func (e Event) level() slog.Level {
	switch e.Kind {
	case EventExpiring, EventNoRefresh, EventScopes:
		return slog.LevelWarn
	}
	if e.Err != nil {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func (e Event) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("event", string(e.Kind)), slog.String("key", e.Key),
		slog.Group("account", slog.String("tenant", e.Account.Tenant), slog.String("object", e.Account.Object)),
		slog.String("lineage", e.Lineage), slog.Uint64("generation", e.Generation)}
	if !e.Expiry.IsZero() {
		attrs = append(attrs, slog.Time("expiry", e.Expiry))
	}
	if e.Kind == EventExpiring {
		attrs = append(attrs, slog.Time("refresh_expiry", e.RefreshExpiry))
	}
	if len(e.Missing) > 0 {
		attrs = append(attrs, slog.Any("missing", e.Missing))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	return attrs
}

// Status is what is known of a sign-in without a request to the authority.
type Status struct {
	Account       Account
	SignedIn      time.Time
	Expiry        time.Time  // of the access token for the endpoint; zero if there is none
	RefreshExpiry time.Time  // when the user is expected to have to come back, if nothing is renewed until then
	Ended         ReauthKind // "" while the sign-in lasts

	// What is wrong now, as this Source has seen it; another process may know otherwise. Err
	// is nil if the last attempt succeeded or there was none.
	Err   error
	Since time.Time // of the first failure in a row
	Next  time.Time // when the next request may be sent; zero if only another sign-in helps

	// Unsaved says that the Store has not accepted a new or refreshed sign-in, which is only in
	// memory.
	Unsaved bool
}

// Status reads the sign-in from the Store. If there is none, the error is a [*ReauthError] of kind
// [ReauthNone], and the [Status] still says what is wrong. Status ends with ctx even if the Store
// does not; the error then matches ctx.Err() and context.Cause(ctx).
func (s *Source) Status(ctx context.Context) (Status, error) {
	if err := s.check(); err != nil {
		return Status{}, err
	}
	k := s.keeper()
	st := k.status()
	r, err := patient(ctx, "Store.Load", func() (Record, error) { return k.store().Load(ctx, s.Key) })
	if errors.Is(err, ErrNotFound) {
		return st, signedOut()
	}
	if err != nil {
		return st, storeError("load", err)
	}
	st.Account, st.SignedIn, st.RefreshExpiry, st.Ended = r.Account, r.SignedIn, r.RefreshExpiry, r.Ended
	st.Expiry = r.Access[s.Config.accessName()].Expiry
	return st, nil
}

func (k *keeper) status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	st := Status{Unsaved: k.unsaved != nil}
	if p := k.pause; p != nil {
		st.Err, st.Since, st.Next = p.err, p.since, p.due
	}
	return st
}
