package token

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// A renewal is one flight's walk from the record to a token that can be handed out.
type renewal struct {
	*Source
	*flight
	ctx  context.Context // ends with flightTimeout
	flow context.Context // ends when all callers have left

	handout *handout
	err     error

	release    func() error // of the lock; nil if it is not held
	generation uint64       // of the record that was found of no use
	flowFailed bool
	event      EventKind
	record     Record // as stored last
}

// errAgain says that the record has changed and must be read again.
var errAgain = errors.New("token: the record keeps changing")

func (r *renewal) renew() (*handout, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.signIn {
		return r.runFlow(nil)
	}
	if err := r.lock(); err != nil {
		return nil, err
	}
	if err := r.saveUnsaved(); err != nil {
		return nil, err
	}
	// Each turn but the last follows a change that somebody else made to the record.
	for range 4 {
		h, err := r.turn()
		if err != errAgain {
			return h, err
		}
	}
	return nil, storeError("save", errAgain)
}

// turn reads the record and uses what is there: an access token that a peer has renewed,
// or the refresh token.
func (r *renewal) turn() (*handout, error) {
	rec, err := r.store().Load(r.ctx, r.Key)
	if errors.Is(err, ErrNotFound) {
		return r.runFlow(&ReauthError{Kind: ReauthNone, Hint: reauthHints[ReauthNone]})
	}
	if err != nil {
		return nil, storeError("load", err)
	}
	r.record, r.generation = rec, rec.Generation
	if err := r.checkOwner(rec); err != nil {
		return nil, err
	}
	now := time.Now()
	a := rec.Access[r.Config.resource()]
	if h, err := r.adopt(a, now); h != nil || err != nil {
		return h, err
	}
	switch {
	case rec.Ended != "":
		return r.runFlow(&ReauthError{Kind: rec.Ended, Hint: reauthHints[rec.Ended]})
	case rec.RefreshToken == "":
		return r.runFlow(&ReauthError{Kind: ReauthNoRefresh, Hint: reauthHints[ReauthNoRefresh]})
	case r.holds(rec):
		if r.Flow == nil || r.latched.flow || r.early {
			r.flowFailed = r.latched.flow
			return nil, r.latched.err
		}
		return r.runFlow(r.latched.err)
	}
	return r.refresh(rec)
}

// holds reports whether the authority has already said that the user must do something,
// and nobody has signed in since.
func (r *renewal) holds(rec Record) bool {
	return r.latched != nil && r.latched.latched && r.latched.generation == rec.Generation
}

// adopt uses the stored access token if it will do.
func (r *renewal) adopt(a Access, now time.Time) (*handout, error) {
	if a.usable(now) <= 0 || a.Token == r.demand.refused || a.Token == r.Source.refused || r.claims != "" && !r.isNewer(a) {
		return nil, nil
	}
	if h := r.current.Load(); h != nil && h.token.AccessToken == a.Token && !h.good(now) {
		return nil, nil // its time is over by the clock that cannot be set
	}
	if r.early && now.UnixNano() >= r.soft(a, now) && !r.isNewer(a) {
		return nil, nil
	}
	r.event = EventAdopted
	return r.present(a, now)
}

// isNewer reports whether a was made after the token that this Source hands out.
func (r *renewal) isNewer(a Access) bool {
	h := r.current.Load()
	return h != nil && a.Token != h.token.AccessToken && a.Obtained.After(h.obtained)
}

// checkOwner refuses to send a refresh token to another authority, or for another client,
// than it came from.
func (r *renewal) checkOwner(rec Record) error {
	c := r.Config
	if rec.Authority == c.Authority.Host && rec.ClientID == c.ClientID {
		return nil
	}
	return &ConfigError{Kind: ConfigClient, Hint: "the stored sign-in is of another authority or client ID: use another key, or sign out first"}
}

// refresh spends the refresh token and stores what comes back.
func (r *renewal) refresh(rec Record) (*handout, error) {
	claims, err := claimsParameter(r.claims, r.Config.Capabilities)
	if err != nil {
		return nil, err
	}
	uncertain := !rec.Sent.IsZero()
	if r.strict() && !uncertain {
		marked := rec.clone()
		marked.Sent = time.Now()
		if rec, err = r.store().Save(r.ctx, r.Key, marked); err != nil {
			return nil, again(err)
		}
		r.record, r.generation = rec, rec.Generation
	}
	free, err := r.reserve(rec)
	if err != nil {
		r.unmark(rec, uncertain)
		return nil, err
	}
	defer free()
	g, err := r.Config.requestToken(r.ctx, r.Config.refreshForm(rec.RefreshToken, claims))
	if err != nil {
		return r.refused(rec, err, uncertain)
	}
	return r.keep(rec, g)
}

// reserve makes sure that the successor of rec can be stored.
func (r *renewal) reserve(rec Record) (func(), error) {
	store, ok := r.store().(Reserver)
	if !ok {
		return func() {}, nil
	}
	b, err := rec.Encode()
	if err != nil {
		return nil, err
	}
	free, err := store.Reserve(r.ctx, r.Key, 2*len(b)+16<<10)
	if err != nil {
		return nil, fmt.Errorf("%w: the refresh token was not used: %w", ErrNotPersisted, storeError("reserve", err))
	}
	return free, nil
}

// refused deals with a refresh that the authority did not grant.
func (r *renewal) refused(rec Record, err error, uncertain bool) (*handout, error) {
	if !endsGrant(err, r.Config.Authority.Kind) {
		if !mayBeSpent(err) {
			r.unmark(rec, uncertain)
		}
		var re *ReauthError
		if errors.As(err, &re) {
			return r.runFlow(err)
		}
		return nil, err
	}
	// A peer may have spent the token first, or somebody may have signed in.
	latest, loadErr := r.store().Load(r.ctx, r.Key)
	switch {
	case errors.Is(loadErr, ErrNotFound):
		return nil, errAgain
	case loadErr != nil:
		return nil, errors.Join(err, storeError("load", loadErr))
	case latest.Lineage != rec.Lineage || latest.RefreshToken != rec.RefreshToken:
		return nil, errAgain
	}
	var re *ReauthError
	errors.As(err, &re)
	if re.Kind == ReauthRevoked && !rec.RefreshExpiry.IsZero() && time.Now().After(rec.RefreshExpiry) {
		re.Kind, re.Hint = ReauthExpired, reauthHints[ReauthExpired]
	}
	if uncertain {
		re.Err = errors.Join(ErrRefreshUncertain, re.Err)
	}
	latest.RefreshToken, latest.Ended, latest.Sent = "", re.Kind, time.Time{}
	saved, saveErr := r.store().Save(r.ctx, r.Key, latest)
	if errors.Is(saveErr, ErrConflict) {
		return nil, errAgain
	}
	if saveErr == nil {
		r.record, r.generation = saved, saved.Generation
	}
	r.event = EventEnded
	return r.runFlow(err)
}

// unmark takes the mark back that the refresh token was sent, if this renewal made it. A
// mark that stays only makes a later error less certain.
func (r *renewal) unmark(rec Record, uncertain bool) {
	if uncertain || rec.Sent.IsZero() {
		return
	}
	rec.Sent = time.Time{}
	if saved, err := r.store().Save(r.ctx, r.Key, rec); err == nil {
		r.record, r.generation = saved, saved.Generation
	}
}

// keep stores what the authority granted, and only then makes a token of it.
func (r *renewal) keep(rec Record, g *grant) (*handout, error) {
	now := time.Now()
	next := rec.clone()
	next.Sent = time.Time{}
	if g.refresh != "" {
		next.RefreshToken, next.RefreshIssued = g.refresh, now
	}
	next.RefreshExpiry = r.refreshExpiry(g.refreshExpiry, now, next.SignedIn)
	var a Access
	if g.problem == nil {
		a = Access{Token: g.access, Type: g.tokenType, Obtained: now, Expiry: g.expiry, RefreshAt: g.refreshAt, Scope: g.scope}
		next.addAccess(r.Config.resource(), a)
	}
	if err := r.save(next, rec.RefreshToken); err != nil {
		return nil, err
	}
	if g.problem != nil {
		return nil, g.problem
	}
	r.event = EventRefreshed
	h, err := r.present(a, now)
	if err != nil {
		return nil, err
	}
	h.forced, h.claims = r.forced, r.claims
	return h, nil
}

func (r *renewal) refreshExpiry(said, now, signedIn time.Time) time.Time {
	if !said.IsZero() {
		return said
	}
	lifetime := r.RefreshLifetime
	if lifetime <= 0 {
		lifetime = DefaultRefreshLifetime
	}
	if r.RefreshFixed && !signedIn.IsZero() {
		return signedIn.Add(lifetime)
	}
	return now.Add(lifetime)
}

// addAccess puts an access token into a record and drops those that have run out.
func (r *Record) addAccess(resource string, a Access) {
	if r.Access == nil {
		r.Access = map[string]Access{}
	}
	for name, old := range r.Access {
		if old.Expiry.Before(a.Obtained) {
			delete(r.Access, name)
		}
	}
	r.Access[resource] = a
}

// save stores the successor of a record whose refresh token was spent. What cannot be
// stored is kept in memory, to be stored before anything else happens.
func (r *renewal) save(next Record, spent string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), saveTimeout)
	defer cancel()
	for range 4 {
		saved, err := r.store().Save(ctx, r.Key, next)
		if err == nil {
			r.record, r.generation = saved, saved.Generation
			r.setUnsaved(nil, "")
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			r.setUnsaved(&next, spent)
			return fmt.Errorf("%w; it is kept in memory and tried again: %w", ErrNotPersisted, storeError("save", err))
		}
		latest, err := r.store().Load(ctx, r.Key)
		switch {
		case errors.Is(err, ErrNotFound):
			// Signed out meanwhile: a late refresh does not bring the sign-in back.
			r.setUnsaved(nil, "")
			return &ReauthError{Kind: ReauthNone, Hint: reauthHints[ReauthNone]}
		case err != nil:
			r.setUnsaved(&next, spent)
			return fmt.Errorf("%w; it is kept in memory and tried again: %w", ErrNotPersisted, storeError("load", err))
		case latest.Lineage != next.Lineage:
			r.setUnsaved(nil, "")
			return errAgain // somebody signed in anew, and that counts
		}
		next = merge(latest, next, spent)
	}
	r.setUnsaved(&next, spent)
	return fmt.Errorf("%w; it is kept in memory and tried again: %w", ErrNotPersisted, storeError("save", ErrConflict))
}

// merge brings two successors of one record together: the refresh token issued last and,
// for each resource, the access token obtained last.
func merge(latest, next Record, spent string) Record {
	out := latest.clone()
	if latest.RefreshToken == spent || latest.RefreshIssued.Before(next.RefreshIssued) {
		out.RefreshToken, out.RefreshIssued, out.RefreshExpiry = next.RefreshToken, next.RefreshIssued, next.RefreshExpiry
		out.Sent, out.Ended = next.Sent, next.Ended
	}
	for resource, a := range next.Access {
		if a.Obtained.After(out.Access[resource].Obtained) {
			out.addAccess(resource, a)
		}
	}
	return out
}

func (s *Source) setUnsaved(r *Record, spent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved, s.spent = r, spent
}

// saveUnsaved stores what an earlier flight could not.
func (r *renewal) saveUnsaved() error {
	r.mu.Lock()
	next, spent := r.unsaved, r.spent
	r.mu.Unlock()
	if next == nil {
		return nil
	}
	err := r.save(*next, spent)
	if err == errAgain {
		return nil
	}
	return err
}

// runFlow signs the user in, or returns cause if that cannot be done: there is no Flow,
// nobody waits, the Flow has failed before, or an administrator is needed.
func (r *renewal) runFlow(cause error) (*handout, error) {
	var re *ReauthError
	errors.As(cause, &re)
	if !r.signIn {
		if r.Flow == nil || r.early || re != nil && re.Kind == ReauthBlocked {
			return nil, cause
		}
		if r.latched != nil && r.latched.flow && r.latched.generation == r.generation {
			r.flowFailed = true
			return nil, r.latched.err
		}
	}
	r.unlock()
	c := *r.Config
	switch {
	case re != nil && re.Claims != "":
		c.Claims = re.Claims
	case r.claims != "":
		c.Claims = r.claims
	}
	t, err := r.Flow.SignIn(r.flow, &c)
	if err == nil && (t == nil || t.AccessToken == "") {
		err = errors.New("token: the Flow returned no access token")
	}
	if err != nil {
		r.flowFailed = true
		return nil, err
	}
	return r.begin(t)
}

// begin stores a new sign-in.
func (r *renewal) begin(t *oauth2.Token) (*handout, error) {
	now := time.Now()
	c := r.Config
	a := Access{Token: t.AccessToken, Type: t.Type(), Obtained: now, Expiry: t.Expiry}
	if !a.Expiry.After(now) {
		a.Expiry = now.Add(DefaultAccessLifetime)
	}
	a.Scope, _ = t.Extra("scope").(string)
	a.RefreshAt, _ = t.Extra("refresh_at").(time.Time)
	rec := Record{
		Lineage: rand.Text(), ClientID: c.ClientID, Authority: c.Authority.Host, SignedIn: now,
		Access: map[string]Access{c.resource(): a},
	}
	if t.RefreshToken != "" {
		said, _ := t.Extra("refresh_token_expiry").(time.Time)
		rec.RefreshToken, rec.RefreshIssued, rec.RefreshExpiry = t.RefreshToken, now, r.refreshExpiry(said, now, now)
	}
	idToken, _ := t.Extra("id_token").(string)
	rec.Account = account(idToken, t.AccessToken)
	if err := r.lock(); err != nil {
		return nil, err
	}
	if err := r.replace(rec); err != nil {
		return nil, err
	}
	r.event = EventSignedIn
	return r.present(a, now)
}

// replace stores a new sign-in in place of whatever is there.
func (r *renewal) replace(rec Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), saveTimeout)
	defer cancel()
	r.setUnsaved(nil, "")
	for range 8 {
		old, err := r.store().Load(ctx, r.Key)
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrRecord) {
			return fmt.Errorf("%w: %w", ErrNotPersisted, storeError("load", err))
		}
		rec.Generation = old.Generation
		saved, err := r.store().Save(ctx, r.Key, rec)
		if err == nil {
			r.record, r.generation = saved, saved.Generation
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("%w: %w", ErrNotPersisted, storeError("save", err))
		}
	}
	return fmt.Errorf("%w: %w", ErrNotPersisted, storeError("save", ErrConflict))
}

// account reads who signed in.
func account(idToken, accessToken string) Account {
	for _, raw := range []string{idToken, accessToken} {
		if c, err := Inspect(raw); err == nil && (c.Object != "" || c.Username != "") {
			return Account{Tenant: c.Tenant, Object: c.Object, Username: c.Username}
		}
	}
	return Account{}
}

// lock takes the lock of the record, if the Store has locks and it is not held.
func (r *renewal) lock() error {
	l, ok := r.store().(Locker)
	if !ok || r.release != nil {
		return nil
	}
	ctx := r.ctx
	if ctx.Err() != nil { // the Flow took longer than a renewal may
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(r.ctx), saveTimeout)
		defer cancel()
	}
	unlock, err := l.Lock(ctx, r.Key)
	if err != nil {
		return storeError("lock", err)
	}
	r.release = unlock
	return nil
}

func (r *renewal) unlock() {
	if r.release != nil {
		_ = r.release() // the lock ends with the process at the latest
		r.release = nil
	}
}

func again(err error) error {
	if errors.Is(err, ErrConflict) {
		return errAgain
	}
	return fmt.Errorf("%w: the refresh token was not used: %w", ErrNotPersisted, storeError("save", err))
}

func storeError(what string, err error) error { return fmt.Errorf("token: store: %s: %w", what, err) }
