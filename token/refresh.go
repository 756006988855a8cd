package token

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// refresh spends the refresh token of the record, which is held, and stores what comes back.
func (a *renewal) refresh(rec Record) (*handout, error) {
	claims, err := claimsParameter(a.f.claims, a.s.Config.Capabilities)
	if err != nil {
		return nil, err
	}
	uncertain := !rec.Sent.IsZero()
	if a.s.strict() && !uncertain {
		marked := rec.clone()
		marked.Sent = time.Now()
		if rec, err = a.mark(a.ctx, marked); err != nil {
			return nil, again(err)
		}
	}
	free, err := a.reserve(a.ctx, rec, "the refresh token was not used")
	if err != nil {
		a.unmark(rec, uncertain)
		return nil, err
	}
	defer free()
	var g *grant
	a.call("Config.HTTPClient or Config.Auth", func() {
		g, err = a.s.Config.requestToken(a.ctx, a.s.Config.refreshForm(rec.RefreshToken, claims))
	})
	a.learn(err)
	if err != nil {
		return a.refused(rec, err, uncertain)
	}
	return a.keep(rec, g)
}

func (a *renewal) learn(err error) {
	if a.s.Limiter != nil {
		a.s.Limiter.learn(err)
	}
}

// refused deals with a refresh that the authority did not grant.
func (a *renewal) refused(rec Record, err error, uncertain bool) (*handout, error) {
	var re *ReauthError
	if !errors.As(err, &re) || !a.ends(re, uncertain) {
		if !mayBeSpent(err) {
			a.unmark(rec, uncertain)
		}
		return a.askFor(err)
	}
	// A peer may have spent the token first, or the user may have signed in again.
	latest, loadErr := a.load(a.ctx)
	switch {
	case loadErr != nil:
		return nil, errors.Join(err, loadErr)
	case latest.Generation == 0, latest.Lineage != rec.Lineage, latest.RefreshToken != rec.RefreshToken:
		return nil, errAgain
	}
	if re.Kind == ReauthRevoked && !rec.RefreshExpiry.IsZero() && time.Now().After(rec.RefreshExpiry) {
		re.Kind, re.Hint = ReauthExpired, reauthHints[ReauthExpired]
	}
	if uncertain {
		re.Err = &uncertainError{re.Err}
	}
	re.Ended = true
	latest.RefreshToken, latest.Ended, latest.Sent = "", re.Kind, time.Time{}
	if saveErr := a.save(a.ctx, latest); errors.Is(saveErr, ErrConflict) {
		return nil, errAgain
	}
	a.event = EventEnded
	return a.askFor(err)
}

// ends reports whether a refusal proves that the grant is over. Where the caller says that a
// refresh token may be used once, a plain invalid_grant for one that may have been used does.
func (a *renewal) ends(re *ReauthError, uncertain bool) bool {
	kind := a.s.Config.Authority.Kind
	if endsGrant(re, kind) {
		return true
	}
	if !uncertain || a.s.Replay != ReplayStrict || re.AADSTS != 0 || !endsGrant(re, OpenID) {
		return false
	}
	re.Kind, re.Hint = ReauthRevoked, reauthHints[ReauthRevoked]
	return true
}

// uncertainError adds ErrRefreshUncertain to the refusal of the authority.
type uncertainError struct{ err error }

func (e *uncertainError) Error() string   { return ErrRefreshUncertain.Error() }
func (e *uncertainError) Unwrap() []error { return []error{ErrRefreshUncertain, e.err} }

// askFor runs the Flow because of a refusal, if it may.
func (a *renewal) askFor(cause error) (*handout, error) {
	if next, h, err := a.needFlow(cause); next == stepDone {
		return h, err
	}
	return a.signIn(cause)
}

// unmark takes the mark back that the refresh token was sent, if this renewal made it. A
// mark that stays only makes a later error less certain.
func (a *renewal) unmark(rec Record, uncertain bool) {
	if uncertain || rec.Sent.IsZero() {
		return
	}
	rec.Sent = time.Time{}
	_, _ = a.mark(a.ctx, rec)
}

// keep stores what the authority granted, and only then makes a token of it.
func (a *renewal) keep(rec Record, g *grant) (*handout, error) {
	now := time.Now()
	if who := accountOf(g.idToken, g.access); who.Object != "" && rec.Account.Object != "" && rec.Account.differs(who) {
		return nil, &AccountError{Expected: rec.Account, Actual: who}
	}
	next := rec.clone()
	next.Sent = time.Time{}
	if g.refresh != "" {
		next.RefreshToken, next.RefreshIssued = g.refresh, now
	}
	next.RefreshExpiry = a.s.refreshExpiry(g.refreshExpiry, now, next.SignedIn)
	x := Access{Token: g.access, Type: g.tokenType, Obtained: now, Expiry: g.expiry, RefreshAt: g.refreshAt, Scope: g.scope}
	h, problem := (*handout)(nil), g.problem
	if problem == nil {
		h, problem = a.present(x, now)
	}
	if problem == nil {
		next.addAccess(a.s.Config.accessName(), x)
	}
	if err := a.succeed(next, rec.RefreshToken); err != nil {
		return nil, err
	}
	if problem != nil {
		return nil, problem
	}
	a.event = EventRefreshed
	h.forced, h.claims = a.f.forced, a.f.claims
	return h, nil
}

// refreshExpiry returns when a refresh token is expected to run out.
func (s *Source) refreshExpiry(said, now, signedIn time.Time) time.Time {
	if !said.IsZero() {
		return said
	}
	lifetime := s.RefreshLifetime
	if lifetime <= 0 {
		lifetime = DefaultRefreshLifetime
	}
	if s.RefreshFixed && !signedIn.IsZero() {
		return signedIn.Add(lifetime)
	}
	return now.Add(lifetime)
}

// succeed stores the successor of a record whose refresh token was spent. What cannot be
// stored is kept in memory, to be stored before anything else happens.
func (a *renewal) succeed(next Record, spent string) error {
	ctx, cancel := context.WithTimeout(a.f.base, saveTimeout)
	defer cancel()
	u := &unsaved{record: next, spent: spent}
	for range 4 {
		a.k.setUnsaved(a.f, u) // a callback may panic
		err := a.save(ctx, u.record)
		if err == nil {
			a.k.setUnsaved(a.f, nil)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return notPersisted("save", err)
		}
		latest, err := a.load(ctx)
		switch {
		case err != nil:
			return notPersisted("load", err)
		case latest.Generation == 0: // a late refresh does not bring a sign-in back
			a.k.setUnsaved(a.f, nil)
			return signedOut()
		case latest.Lineage != next.Lineage: // the user has signed in again, and that counts
			a.k.setUnsaved(a.f, nil)
			return errAgain
		}
		u = &unsaved{record: merge(latest, next, spent), spent: spent}
	}
	return notPersisted("save", ErrConflict)
}

// merge brings two successors of one record together: the refresh token issued last and,
// for each name, the access token obtained last.
func merge(latest, next Record, spent string) Record {
	out := latest.clone()
	if latest.RefreshToken == spent || latest.RefreshIssued.Before(next.RefreshIssued) {
		out.RefreshToken, out.RefreshIssued, out.RefreshExpiry = next.RefreshToken, next.RefreshIssued, next.RefreshExpiry
		out.Sent, out.Ended = next.Sent, next.Ended
	}
	for name, x := range next.Access {
		if x.Obtained.After(out.Access[name].Obtained) {
			out.addAccess(name, x)
		}
	}
	return out
}

// again turns the failure to mark a record into an error.
func again(err error) error {
	if errors.Is(err, ErrConflict) {
		return errAgain
	}
	return fmt.Errorf("%w: the refresh token was not used: %w", ErrNotPersisted, storeError("save", err))
}
