package token

import (
	"context"
	"errors"
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
	cause      error    // why a Flow was needed
	person     bool     // the Flow needs one
	flowed     bool     // the Flow has run
	flowFailed bool     // and has failed, now or, with declined, before
	abandoned  bool     // all callers have left the Flow
	quiet      bool     // nothing new was found
	limited    []string // the scopes that were not granted
}

// errAgain says that the record has changed and must be read again.
var errAgain = errors.New("token: the record keeps changing")

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
