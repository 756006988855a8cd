package token

import (
	"errors"
	"time"
)

// A step is what a record needs.
type step int

const (
	stepDone    step = iota // nothing more: there is a handout or an error
	stepRefresh             // its refresh token is spent
	stepSignIn              // the Flow runs
)

// consider says what a record needs. With signIn, the error is why, and nil if the caller
// wants it so.
func (a *renewal) consider(rec Record) (step, *handout, error) {
	a.record, a.grant = rec, rec.fingerprint()
	if a.f.signIn {
		return stepSignIn, nil, nil
	}
	if rec.Generation == 0 {
		return a.needFlow(signedOut())
	}
	if err := a.checkOwner(rec); err != nil {
		return stepDone, nil, err
	}
	if h := a.adopt(rec, time.Now()); h != nil {
		return stepDone, h, nil
	}
	switch {
	case rec.Ended != "":
		return a.needFlow(&ReauthError{Kind: rec.Ended, Ended: true, Hint: reauthHints[rec.Ended]})
	case rec.RefreshToken == "":
		return a.needFlow(&ReauthError{Kind: ReauthNoRefresh, Ended: true, Hint: reauthHints[ReauthNoRefresh]})
	}
	if err, ask := a.paused(); ask {
		return a.needFlow(err)
	} else if err != nil {
		return stepDone, nil, err
	}
	return stepRefresh, nil, nil
}

// paused returns the error of the last failure if it is about this very grant and the next
// attempt is not due; ask reports whether a person may help.
func (a *renewal) paused() (err error, ask bool) {
	a.k.mu.Lock()
	defer a.k.mu.Unlock()
	p := a.k.pause
	if a.f.wake || p.isDue(time.Now()) || p.meaning == passes || p.grant != a.grant {
		return nil, false
	}
	if a.f.waiters > 0 && a.k.asks(p) {
		return p.err, true
	}
	a.quiet = true
	return p.err, false
}

// needFlow says whether the Flow runs for cause: there must be one, and either it needs no
// person or a caller waits, the person has not been asked about this grant and is not
// powerless.
func (a *renewal) needFlow(cause error) (step, *handout, error) {
	var re *ReauthError
	errors.As(cause, &re)
	a.cause = cause
	flow := a.s.Flow
	if flow == nil || re == nil || re.Kind == ReauthBlocked {
		return stepDone, nil, a.unchanged(cause)
	}
	a.k.mu.Lock()
	d, p, waiters := a.k.declined, a.k.pause, a.f.waiters
	a.k.mu.Unlock()
	a.person = interactive(flow)
	switch {
	case d == nil || d.grant != a.grant:
	case re.Ended:
		a.flowFailed = true
		return stepDone, nil, a.unchanged(d.err)
	default:
		return stepDone, nil, a.unchanged(cause)
	}
	if p != nil && p.asked && p.grant == a.grant && !a.f.wake && !p.isDue(time.Now()) {
		a.quiet = true
		return stepDone, nil, p.err
	}
	if a.person && waiters == 0 {
		return stepDone, nil, a.unchanged(cause)
	}
	return stepSignIn, nil, cause
}

// unchanged notes whether err is what callers get already, and returns that.
func (a *renewal) unchanged(err error) error {
	a.k.mu.Lock()
	defer a.k.mu.Unlock()
	p := a.k.pause
	if p != nil && p.meaning == over && p.grant == a.grant && meaningOf(a.cause) == over {
		a.quiet = true
		return p.err
	}
	return err
}

// adopt makes a handout of the stored access token if it will do.
func (a *renewal) adopt(rec Record, now time.Time) *handout {
	x := rec.Access[a.s.Config.accessName()]
	a.k.mu.Lock()
	refused := a.k.refused
	a.k.mu.Unlock()
	newer := a.isNewer(x)
	if x.usable(now) <= 0 || x.Token == a.f.refused || x.Token == refused || (a.f.claims != "" || a.f.early) && !newer {
		return nil
	}
	if h := a.k.current.Load(); h != nil && h.token.AccessToken == x.Token && !h.good(now) {
		return nil // its time is over by the clock that cannot be set
	}
	h, err := a.present(x, now)
	if err != nil {
		return nil // another one may be better
	}
	a.event = EventAdopted
	return h
}

// isNewer reports whether x was made after the token that this Source hands out.
func (a *renewal) isNewer(x Access) bool {
	h := a.k.current.Load()
	return h != nil && x.Token != h.token.AccessToken && x.Obtained.After(h.obtained)
}

// checkOwner refuses to send a refresh token to another authority, or for another client,
// than it came from.
func (a *renewal) checkOwner(rec Record) error {
	c := a.s.Config
	if rec.Authority == c.Authority.Host && rec.ClientID == c.ClientID {
		return nil
	}
	return &ConfigError{Kind: ConfigClient, Hint: "the stored sign-in is of another authority or client ID: use another key, or sign out first"}
}
