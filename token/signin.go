package token

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// signIn runs the Flow and stores its outcome as a new sign-in. A Flow that needs a person
// runs without the record being held, for as long as a caller waits; any other runs as a
// refresh does.
func (a *renewal) signIn(cause error) (*handout, error) {
	a.cause, a.person = cause, interactive(a.s.Flow)
	if a.person {
		a.release()
		a.endTurn()
	}
	free, err := a.reserve(a.f.base, Record{}, "no sign-in was begun")
	if err != nil {
		return nil, err
	}
	defer free()
	c := a.s.Config.clone()
	switch re := (*ReauthError)(nil); {
	case a.f.claims != "":
		c.Claims = a.f.claims
	case a.person && errors.As(cause, &re):
		c.Claims = re.Claims
	}
	t, err := a.runFlow(c)
	if err == nil && (t == nil || t.AccessToken == "") {
		err = errors.New("token: the Flow returned no access token")
	}
	if err != nil {
		a.flowFailed = true
		return nil, err
	}
	return a.begin(t)
}

func (a *renewal) endTurn() {
	if a.turn != nil {
		a.turn.done()
		a.turn = nil
	}
}

// runFlow calls the Flow in a goroutine of its own, so that one that ignores its context holds
// up nobody. What such a Flow returns after its context has ended is dropped.
func (a *renewal) runFlow(c *Config) (*oauth2.Token, error) {
	ctx := a.ctx
	if a.person {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(a.f.base)
		defer stop()
		if !a.k.askPerson(a.f, stop) {
			a.abandoned = true
			return nil, context.Canceled
		}
	}
	a.flowed = true
	type outcome struct {
		token *oauth2.Token
		err   error
	}
	result := make(chan outcome, 1)
	go func() {
		var o outcome
		returned := false
		defer func() {
			if p := recover(); p != nil || !returned {
				o = outcome{err: panicked("Source.Flow", p)}
			}
			result <- o
		}()
		o.token, o.err = a.s.Flow.SignIn(ctx, c)
		returned = true
	}()
	var o outcome
	select {
	case o = <-result:
	case <-ctx.Done():
		select {
		case o = <-result:
		default:
			o.err = &TransientError{Hint: "the Flow was cancelled", Err: ctx.Err()}
		}
	}
	if a.person {
		a.abandoned = !a.k.personAsked(a.f)
	} else {
		a.learn(o.err)
	}
	return o.token, o.err
}

// begin stores a new sign-in.
func (a *renewal) begin(t *oauth2.Token) (*handout, error) {
	now := time.Now()
	c := a.s.Config
	x := Access{Token: t.AccessToken, Type: t.Type(), Obtained: now, Expiry: t.Expiry}
	if !x.Expiry.After(now) {
		x.Expiry = now.Add(DefaultAccessLifetime)
	}
	x.Expiry = earlier(x.Expiry, now.Add(maxLifetime))
	x.Scope, _ = t.Extra("scope").(string)
	x.RefreshAt, _ = t.Extra("refresh_at").(time.Time)
	rec := Record{Lineage: rand.Text(), ClientID: c.ClientID, Authority: c.Authority.Host, SignedIn: now}
	if t.RefreshToken != "" {
		said, _ := t.Extra("refresh_token_expiry").(time.Time)
		rec.RefreshToken, rec.RefreshIssued, rec.RefreshExpiry = t.RefreshToken, now, a.s.refreshExpiry(said, now, now)
	}
	idToken, _ := t.Extra("id_token").(string)
	rec.Account = accountOf(idToken, t.AccessToken)
	if err := a.accept(rec.Account); err != nil {
		a.flowFailed = true
		return nil, err
	}
	h, problem := a.present(x, now)
	if problem == nil {
		rec.addAccess(c.accessName(), x)
	}
	if err := a.replace(rec); err != nil {
		return nil, err
	}
	if problem != nil {
		return nil, problem
	}
	a.event = EventSignedIn
	return h, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// accept decides whether the account that signed in may be stored.
func (a *renewal) accept(who Account) error {
	if want := a.s.Account; want != (Account{}) && !who.meets(want) {
		return &AccountError{Expected: want, Actual: who}
	}
	if a.s.Accept == nil {
		return nil
	}
	var err error
	a.call("Source.Accept", func() { err = a.s.Accept(a.f.base, who) })
	if err != nil {
		return &AccountError{Actual: who, Err: err}
	}
	return nil
}

// replace stores a new sign-in in place of whatever is there, unless that is another
// account's. What cannot be stored is kept in memory, to be stored before anything else
// happens.
func (a *renewal) replace(rec Record) error {
	ctx, cancel := context.WithTimeout(a.f.base, saveTimeout)
	defer cancel()
	a.k.setUnsaved(a.f, &unsaved{record: rec, signIn: true})
	forget := func(err error) error {
		a.k.setUnsaved(a.f, nil)
		return err
	}
	old, err := a.record, error(nil)
	if !a.holds() {
		old, err = a.hold(ctx)
	}
	for range 8 {
		switch {
		case errors.Is(err, ErrRecord):
			// It cannot be read, and is replaced.
		case err != nil:
			return fmt.Errorf("%w; it is kept in memory and tried again: %w", ErrNotPersisted, err)
		case a.s.Account == (Account{}) && !rec.Account.follows(old.Account):
			a.flowFailed = true
			return forget(&AccountError{Expected: old.Account, Actual: rec.Account})
		}
		if !a.k.owns(a.f) {
			return forget(signedOut()) // SignOut came before
		}
		err = a.save(ctx, rec.after(old))
		if err == nil {
			return a.keepReplaced(ctx)
		}
		if !errors.Is(err, ErrConflict) {
			return notPersisted("save", err)
		}
		old, err = a.load(ctx)
	}
	return notPersisted("save", ErrConflict)
}

// keepReplaced deletes a new sign-in again that was stored while SignOut was under way,
// which may not have seen it.
func (a *renewal) keepReplaced(ctx context.Context) error {
	a.k.setUnsaved(a.f, nil)
	if a.k.owns(a.f) {
		return nil
	}
	stored := a.record
	a.call("Store.Delete", func() { _ = a.k.store().Delete(ctx, a.s.Key, stored.Generation) }) // nobody waits for its outcome
	return signedOut()
}

// after returns a new sign-in as the successor of old. Without a refresh token in either, as
// with client credentials, the access tokens for other resources stay.
func (r Record) after(old Record) Record {
	next := r.clone()
	next.Generation = old.Generation
	if r.RefreshToken != "" || old.RefreshToken != "" || old.Ended != "" || old.Generation == 0 ||
		old.ClientID != r.ClientID || old.Authority != r.Authority || old.Account != r.Account {
		return next
	}
	next.Lineage, next.SignedIn = old.Lineage, old.SignedIn
	next.Access = old.clone().Access
	for name, x := range r.Access {
		next.addAccess(name, x)
	}
	return next
}
