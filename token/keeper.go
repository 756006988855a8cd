package token

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

const (
	// forcedInterval is the least time between two renewals that the endpoint's refusals
	// bring about.
	forcedInterval = 30 * time.Second
	// flightTimeout bounds a renewal, the wait for the lock included, but neither the wait
	// for the Limiter nor a Flow that needs a person.
	flightTimeout = 2 * time.Minute
	// saveTimeout bounds the storing of a refresh token once it is there.
	saveTimeout = 30 * time.Second
)

// A keeper owns the state of a Source: the access token that is handed out, the renewal
// under way, and what the last failure means. Its methods are the only transitions; an
// attempt (renew.go, signin.go) decides, and its outcome becomes state in settle.
//
// Invariants:
//   - current is nil or holds a token whose refresh token, if one came with it, is stored.
//   - At most one flight can be joined, and it is flight. A flight that is not (any more) it,
//     because its callers left its Flow or the user signed out, changes nothing when it ends.
//   - pause is nil after a success, and says otherwise what callers get and until when.
//   - declined is the failure of the person's Flow; it holds for one grant.
//   - unsaved is what a Store did not take; nothing else is requested before it is stored.
//   - refused is not handed out, and not adopted from the Store.
type keeper struct {
	s   *Source
	own MemoryStore // without Source.Store

	current atomic.Pointer[handout] // written with mu held

	mu       sync.Mutex
	flight   *flight
	pause    *pause
	declined *declined
	unsaved  *unsaved
	refused  string // the access token that the endpoint refused last
	spread   bool   // a renewal has been scheduled at random, away from sources that started together

	telling sync.Mutex // one event at a time
	noticed time.Time  // the expected end that was reported; guarded by telling
}

type declined struct {
	err   error
	grant fingerprint
}

// An unsaved is a record that the Store did not take: a new sign-in, or the successor of the
// record whose refresh token was spent.
type unsaved struct {
	record Record
	signIn bool
	spent  string
}

// A demand says what a caller wants beyond a good token.
type demand struct {
	refused string // not this one
	claims  string // a token that meets this challenge
	forced  bool   // the endpoint refused a good token
	signIn  bool   // a new sign-in
	early   bool   // in the background
}

// A flight is a renewal under way.
type flight struct {
	demand
	base context.Context // of the first caller, without its end
	wake bool            // a pause does not count
	done chan struct{}   // closed when what follows is set
	guarded

	handout *handout
	err     error
	flowed  bool // the Flow ran
}

// guarded is the part of a flight that keeper.mu guards.
type guarded struct {
	waiters int
	ticket  *ticket            // in the queue of the Limiter
	stop    context.CancelFunc // ends the Flow that needs a person; nil if none is under way
	linger  time.Time          // until when it goes on without callers
}

// wait returns a token that meets d: the current one, or that of the flight under way, or
// that of a new flight.
func (k *keeper) wait(ctx context.Context, d demand) (*oauth2.Token, error) {
	k.refuse(d)
	for {
		f, t, err := k.join(ctx, &d)
		if f == nil {
			return t, err
		}
		select {
		case <-f.done:
			switch {
			case d.signIn && !f.signIn && !f.flowed: // it was a renewal
			case f.err == nil && f.handout.token.AccessToken == d.refused && f.refused != d.refused: // it began before the refusal
			case f.err != nil && !d.signIn && k.mayAsk(): // it ran while nobody waited
			case f.err != nil:
				return nil, f.err
			default:
				return f.handout.token, nil
			}
		case <-ctx.Done():
			k.leave(f, context.Cause(ctx) != context.Canceled)
			return nil, fmt.Errorf("token: no longer waiting for a token: %w", contextError(ctx))
		}
	}
}

// refuse takes the token that the endpoint refused out of circulation.
func (k *keeper) refuse(d demand) {
	if !d.forced || d.refused == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused = d.refused
	if h := k.current.Load(); h != nil && h.token.AccessToken == d.refused {
		k.current.Store(nil)
	}
}

// join returns a flight in which the caller waits, or else a token or an error.
func (k *keeper) join(ctx context.Context, d *demand) (*flight, *oauth2.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if h := k.current.Load(); h.good(now) && !d.signIn && h.token.AccessToken != d.refused {
		return nil, h.token, nil
	}
	f := k.flight
	if f == nil {
		wake, err := k.holds(d, now)
		if err != nil {
			return nil, nil, err
		}
		f = k.launch(ctx, *d, wake)
	}
	f.waiters++
	if f.ticket != nil {
		k.hurry(f)
	}
	return f, nil, nil
}

// holds returns the error of the pause if nothing wakes the source; wake reports whether the
// pause is to be ignored. k.mu is held.
func (k *keeper) holds(d *demand, now time.Time) (wake bool, err error) {
	p := k.pause
	switch r := schedules[p.kind()]; {
	case p.isDue(now), d.signIn, k.asks(p):
		return false, nil
	case d.forced && r.refreshWakes && now.Sub(p.last) >= forcedInterval:
		return true, nil
	case r.looks && !now.Before(p.look):
		return false, nil
	}
	return false, p.err
}

// asks reports whether a person who has not been asked may get a caller out of the pause.
// k.mu is held.
func (k *keeper) asks(p *pause) bool {
	var re *ReauthError
	return p != nil && !p.asked && errors.As(p.err, &re) && re.Kind != ReauthBlocked &&
		k.s.Flow != nil && interactive(k.s.Flow) && (k.declined == nil || k.declined.grant != p.grant)
}

func (k *keeper) mayAsk() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asks(k.pause)
}

// launch starts a flight. k.mu is held.
func (k *keeper) launch(ctx context.Context, d demand, wake bool) *flight {
	f := &flight{demand: d, base: context.WithoutCancel(ctx), wake: wake, done: make(chan struct{})}
	k.flight = f
	l := k.background()
	if !d.early || l == nil {
		go k.fly(f, nil, nil)
		return f
	}
	f.ticket = &ticket{start: func(err error) {
		if err != nil {
			k.fly(f, nil, err)
			return
		}
		k.fly(f, l, nil)
	}}
	l.enqueue(f.ticket, true)
	return f
}

// background returns the queue of renewals in the background; nil if there is none.
func (k *keeper) background() *Limiter {
	if k.s.Limiter != nil {
		return k.s.Limiter
	}
	if k.s.Config == nil || k.s.Config.Authority == nil {
		return nil
	}
	return k.s.Config.Authority.background
}

// hurry moves a flight on for which a caller waits now. k.mu is held.
func (k *keeper) hurry(f *flight) {
	if k.s.Limiter != nil {
		k.s.Limiter.promote(f.ticket)
	} else if k.background().cancel(f.ticket) {
		go k.fly(f, nil, nil)
	}
}

// renewEarly starts a flight for a token that is still good, if none is under way. Only
// one caller in 30 seconds tries.
func (k *keeper) renewEarly(ctx context.Context, h *handout, now time.Time) {
	soft := h.soft.Load()
	if now.UnixNano() < soft || !h.soft.CompareAndSwap(soft, now.Add(requestTimeout).UnixNano()) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == nil && k.current.Load() == h && k.pause.isDue(now) {
		k.launch(ctx, demand{early: true}, false)
	}
}

// leave takes a caller whose context has ended out of a flight. When the last one has left, a
// Flow that needs a person is cancelled, at once or when it has lingered, and the flight
// cannot be joined any more; any other flight goes on and can be joined.
func (k *keeper) leave(f *flight, late bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.waiters--; f.waiters > 0 || f.stop == nil {
		return
	}
	left := time.Until(f.linger)
	if !late || left <= 0 {
		k.abandon(f)
		return
	}
	time.AfterFunc(left, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if f.waiters == 0 && f.stop != nil {
			k.abandon(f)
		}
	})
}

// abandon cancels the Flow of a flight and lets nobody join it. k.mu is held.
func (k *keeper) abandon(f *flight) {
	if f.stop != nil {
		f.stop()
	}
	if k.flight == f {
		k.flight = nil
	}
}

// askPerson reports whether the Flow that stop ends may run: a caller waits for it.
func (k *keeper) askPerson(f *flight, stop context.CancelFunc) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight != f || f.waiters == 0 {
		return false
	}
	f.stop, f.linger = stop, time.Now().Add(k.s.Linger)
	return true
}

// personAsked ends what askPerson began, and reports whether its outcome counts.
func (k *keeper) personAsked(f *flight) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	f.stop = nil
	return k.flight == f
}

// owns reports whether the outcome of f counts.
func (k *keeper) owns(f *flight) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.flight == f
}

// setUnsaved keeps what the Store did not take, or forgets it, unless f does not count.
func (k *keeper) setUnsaved(f *flight, u *unsaved) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == f {
		k.unsaved = u
	}
}

// fly makes the flight and settles it, even if a callback panics or ends the goroutine. The turn
// that it has got, if any, is given back to its Limiter.
func (k *keeper) fly(f *flight, turn *Limiter, refused error) {
	a := &renewal{k: k, s: k.s, f: f, turn: turn}
	defer k.settle(a)
	defer k.report(a)
	defer a.giveUp()
	if refused != nil {
		a.err = refused
		return
	}
	a.guard(func() { a.handout, a.err = a.run() })
	a.prove()
}

// prove sees to it that settle and those who wait can read the errors: the methods of one that
// a callback returned may panic, as those of a nil pointer do.
func (a *renewal) prove() {
	proven := false
	a.guard(func() {
		a.call("an error that a callback returned", func() {
			read(a.err)
			read(a.cause)
		})
		proven = true
	})
	if !proven {
		a.cause = a.err
	}
}

func read(err error) {
	if err != nil {
		_ = meaningOf(err)
		_ = err.Error()
	}
}

// settle makes the outcome of a renewal state, and hands it to everybody who waits.
func (k *keeper) settle(a *renewal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := a.f
	f.ticket = nil
	switch {
	case k.flight != f:
		a.handout, a.err = nil, signedOut()
	case a.err == nil:
		k.flight, k.pause, k.declined = nil, nil, nil
		k.spread = k.spread || a.event != EventSignedIn
		k.current.Store(a.handout)
	default:
		k.flight = nil
		k.fail(a)
	}
	f.handout, f.err, f.flowed = a.handout, a.err, a.flowed
	close(f.done)
}

// fail sets the pause after a failure. k.mu is held.
func (k *keeper) fail(a *renewal) {
	now := time.Now()
	if a.quiet && k.pause != nil {
		k.pause.look = now.Add(lookInterval)
		return
	}
	if a.abandoned {
		return
	}
	var te *TransientError
	declines := a.flowFailed && a.person && !errors.As(a.err, &te)
	if declines {
		k.declined = &declined{err: a.err, grant: a.grant}
	}
	m := meaningOf(a.err)
	switch {
	case a.f.signIn && k.unsaved == nil:
		return // the sign-in that is there is as good as before
	case declines:
		m = meaningOf(a.cause)
	case a.flowFailed && a.person:
		m = blocked
	case a.flowFailed && m != mistaken:
		m = passes
	}
	p := k.pause.next(a.err, m, a.grant, now)
	p.asked = a.flowFailed
	var re *ReauthError
	switch {
	case p.count > 1:
	case k.unsaved != nil:
		p.due = now // the Store is tried again at once, which costs no request
	case a.flowFailed && !a.person && errors.As(a.err, &re):
		p.due = now // the next caller may bring a better assertion
	}
	k.pause = p
	if h := k.current.Load(); h != nil {
		at := p.due
		if at.IsZero() {
			at = p.look
		}
		h.soft.Store(at.UnixNano())
	}
}

// reset forgets the sign-in and whatever is under way.
func (k *keeper) reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current.Store(nil)
	k.pause, k.declined, k.unsaved = nil, nil, nil
	if f := k.flight; f != nil {
		k.abandon(f)
		if f.ticket != nil && k.background().cancel(f.ticket) {
			go f.ticket.start(signedOut())
		}
	}
}

// signedOut is the error of a renewal that found no sign-in, or lost it to SignOut.
func signedOut() *ReauthError {
	return &ReauthError{Kind: ReauthNone, Ended: true, Hint: reauthHints[ReauthNone]}
}
