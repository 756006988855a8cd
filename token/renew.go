package token

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A renewal is the walk of one flight from the record to a token that can be handed out. It
// runs in the flight's goroutine, reads the keeper's state and leaves its own outcome to
// settle.
type renewal struct {
	k *keeper
	s *Source
	f *flight

	ctx     context.Context // ends with flightTimeout
	cancel  context.CancelFunc
	turn    *Limiter // whose turn has been taken; nil if none has
	lease   Lease
	unlock  func() error
	calling string // the callback under way

	record Record      // as read or stored last
	grant  fingerprint // of it
	event  EventKind

	handout    *handout
	err        error
	cause      error // why a Flow was needed
	person     bool  // the Flow needs one
	flowed     bool  // the Flow has run
	flowFailed bool  // and has failed, now or, with declined, before
	abandoned  bool  // all callers have left the Flow
	quiet      bool  // nothing new was found
	limited    []string
}

// errAgain says that the record has changed and must be read again.
var errAgain = errors.New("token: the record keeps changing")

// A step is what a record needs.
type step int

const (
	stepDone    step = iota // nothing more: there is a handout or an error
	stepRefresh             // its refresh token is spent
	stepSignIn              // the Flow runs
)

func (a *renewal) run() (*handout, error) {
	a.ctx, a.cancel = context.WithTimeout(a.f.base, flightTimeout)
	if err := a.s.check(); err != nil {
		return nil, err
	}
	if err := a.saveUnsaved(); err != nil {
		return nil, err
	}
	// Each turn but the last follows a change that a peer made to the record.
	for range 4 {
		h, err := a.try()
		if err != errAgain {
			return h, err
		}
		a.release()
	}
	return nil, storeError("save", errAgain)
}

// try reads the record and uses what is there: an access token that a peer has renewed, the
// refresh token, or the Flow.
func (a *renewal) try() (*handout, error) {
	rec, err := a.load(a.ctx)
	if err != nil && !(a.f.signIn && errors.Is(err, ErrRecord)) {
		return nil, err
	}
	next, h, err := a.consider(rec)
	if h == nil {
		// A stored access token needs less of the Config than anything else.
		if err := a.s.Config.check(); err != nil {
			return nil, err
		}
	}
	if next == stepDone {
		return h, err
	}
	if next == stepSignIn && interactive(a.s.Flow) {
		return a.signIn(err)
	}
	// A request to the authority follows, without a person.
	if err := a.takeTurn(); err != nil {
		return nil, err
	}
	if rec, err := a.hold(a.ctx); err == nil {
		next, h, cause := a.consider(rec)
		switch next {
		case stepDone:
			return h, cause
		case stepSignIn:
			return a.signIn(cause)
		}
		return a.refresh(rec)
	} else if !(a.f.signIn && errors.Is(err, ErrRecord)) {
		return nil, err
	}
	return a.signIn(nil)
}

// takeTurn waits for the Limiter.
func (a *renewal) takeTurn() error {
	if a.s.Limiter == nil || a.turn != nil {
		return nil
	}
	a.release()
	if err := a.s.Limiter.take(a.f.base); err != nil {
		return err
	}
	a.turn = a.s.Limiter
	a.cancel()
	a.ctx, a.cancel = context.WithTimeout(a.f.base, flightTimeout)
	return nil
}

// giveUp ends what the renewal holds.
func (a *renewal) giveUp() {
	if a.cancel != nil {
		a.cancel()
	}
	defer a.endTurn()
	a.guard(a.release)
}

// guard runs f and makes an error of its panic, or of the end of its goroutine.
func (a *renewal) guard(f func()) {
	returned := false
	defer func() {
		if p := recover(); p != nil || !returned {
			a.handout, a.err = nil, panicked(a.calling, p)
		}
	}()
	f()
	returned = true
}

// call runs a callback whose name an error should say.
func (a *renewal) call(name string, f func()) {
	before := a.calling // not "" in a deferred call during a panic
	a.calling = name
	f()
	a.calling = before
}

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
// person or somebody waits, the person has not been asked about this grant and is not
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
	case !a.person || d == nil || d.grant != a.grant:
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
		if re == nil {
			return nil, err
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
	if uncertain && a.s.Replay == ReplayStrict && re.AADSTS == 0 {
		kind = OpenID
	}
	return endsGrant(re, kind)
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
