package engine

import (
	"context"
	"errors"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
)

// A Failure is why a mailbox is not in step, and what follows from it.
type Failure struct {
	// Ended: nothing is tried before a person has acted.
	Ended bool
	// RetryAfter is how long to wait: as the server or the authority says, or a second,
	// doubling with each failure in a row to 5 minutes.
	RetryAfter time.Duration
	Err        error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// adminRetry is how long is waited before what an administrator must change is tried again.
const adminRetry = 15 * time.Minute

// maxBackoff is how long is waited at most before what passes by itself is tried again.
const maxBackoff = 5 * time.Minute

// fail stores what is wrong with a mailbox and returns a [*Failure]. What says nothing about
// the mailbox, such as the end of ctx or another process that was faster, is returned as it
// is.
func (e *Engine) fail(ctx context.Context, m *store.Mailbox, err error) error {
	if ctx.Err() != nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return err
	}
	var wipe *eas.RemoteWipeError
	if errors.As(err, &wipe) {
		return e.wipe(ctx, m, wipe)
	}
	f := &Failure{Err: err}
	stored := explain(err, f, m.Failures)
	if !f.Ended && f.RetryAfter == 0 {
		f.RetryAfter = min(time.Second<<min(m.Failures, 10), maxBackoff)
	}
	if f.RetryAfter > 0 {
		stored.RetryAt = time.Now().Add(f.RetryAfter)
	}
	if err := e.Store.Fail(ctx, m, stored); err != nil {
		return err
	}
	e.log().WarnContext(ctx, "the mailbox is not in step", "mailbox", m.ID, "kind", stored.Kind, "error", err)
	return f
}

// patience is how many refusals of good tokens in a row may be of the moment: a token that ran out
// on the way, keys of the authority that the server does not know yet.
const patience = 5

// explain says what an error means for a mailbox that has failed so often in a row before.
func explain(err error, f *Failure, before int) store.Failure {
	var (
		reauth    *token.ReauthError
		transient *token.TransientError
		account   *token.AccountError
		config    *token.ConfigError
		refused   *eas.Error
	)
	s := store.Failure{Text: err.Error(), Remedy: "No action is needed: the service tries again.", Kind: "failing"}
	switch {
	case errors.As(err, &reauth) && reauth.Ended:
		f.Ended = true
		s.State, s.Kind, s.Remedy = store.SignIn, "sign-in", "Have the user open the client and sign in again; the copy is kept until then."
	case errors.As(err, &reauth):
		f.RetryAfter = time.Minute // the source knows better, and sends nothing before that is due
		s.Kind, s.Remedy = "blocked", "Check the sign-in log of the authority for the policy that refuses: "+hint(reauth.Hint)
	case errors.As(err, &account):
		f.Ended = true
		s.State, s.Kind, s.Remedy = store.SignIn, "sign-in", "Have the user who owns the mailbox sign in again."
	case errors.As(err, &config):
		f.RetryAfter = adminRetry
		s.Kind, s.Remedy = "configuration", hint(config.Hint)
	case errors.As(err, &transient):
		f.RetryAfter = transient.RetryAfter
		s.Kind = ""
	case errors.Is(err, eas.ErrForbidden), errors.Is(err, eas.ErrDeviceBlocked), errors.Is(err, eas.ErrDeviceQuarantined):
		f.RetryAfter = adminRetry
		s.Kind, s.Remedy = "refused", "Allow the device of this service and ActiveSync for the user (Set-CASMailbox, Get-MobileDevice)."
	case errors.Is(err, eas.ErrRedirected):
		f.RetryAfter = adminRetry
		s.Kind, s.Remedy = "moved", "Allow the host that the server names with -allow-host, if the mailbox has moved there."
	case errors.Is(err, eas.ErrUnauthorized) && before < patience:
		s.Kind = ""
	case errors.Is(err, eas.ErrUnauthorized):
		f.RetryAfter = adminRetry
		s.Kind, s.Remedy = "refused", "Run hmacheck against the endpoint: the server refuses tokens that the authority issues for it."
	case errors.As(err, &refused):
		f.RetryAfter = refused.RetryAfter
		if refused.Temporary() {
			s.Kind = ""
		}
	}
	return s
}

func hint(text string) string {
	if text == "" {
		return "see the error."
	}
	return text
}

// wipe does what the server asks for: it erases the copy and the sign-in, and says so.
func (e *Engine) wipe(ctx context.Context, m *store.Mailbox, asked *eas.RemoteWipeError) error {
	s, err := e.open(ctx, m)
	if err != nil {
		return err
	}
	if err := e.Store.Empty(ctx, m.ID); err != nil {
		return err
	}
	acknowledged := s.client.AcknowledgeWipe(ctx, asked, true)
	if err := e.SignOut(ctx, m); err != nil {
		return err
	}
	if acknowledged != nil {
		e.log().WarnContext(ctx, "a remote wipe was done and could not be acknowledged", "mailbox", m.ID, "error", acknowledged)
	}
	return &Failure{Ended: true, Err: asked}
}

func isSignedIn(s token.Status, err error) (bool, error) {
	var none *token.ReauthError
	if errors.As(err, &none) {
		return false, nil
	}
	return err == nil && s.Ended == "", err
}
