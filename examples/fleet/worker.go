package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// A worker keeps the access tokens of mailboxes fresh.
type worker struct {
	name     string
	board    *board
	clientID string
	http     *http.Client
	every    time.Duration // between two looks at a token
	names    []string
}

// source returns the source for a mailbox, which tells events.
func (w *worker) source(ctx context.Context, address string, events chan<- token.Event) (*token.Source, error) {
	endpoint, err := (&autodiscover.Resolver{HTTPClient: w.http}).Lookup(ctx, address)
	if err != nil {
		return nil, err
	}
	offer, err := bearer.Probe(ctx, w.http, endpoint.URL, address)
	if err != nil {
		return nil, err
	}
	config, err := token.Configure(ctx, w.clientID, offer, endpoint.URL, &token.Options{HTTPClient: w.http})
	if err != nil {
		return nil, err
	}
	s := token.NewSource(config, address, w.board.store)
	s.Observe = func(e token.Event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	}
	return s, nil
}

// signIn signs the users in, one after the other.
func (w *worker) signIn(ctx context.Context, flow func(address string) token.Flow) error {
	events := make(chan token.Event, 16)
	for _, address := range w.names {
		s, err := w.source(ctx, address, events)
		if err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		s.Flow = flow(address)
		if _, err := s.SignIn(ctx); err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		if err := w.board.tell(ctx, w.name, <-events); err != nil {
			return err
		}
	}
	return nil
}

// work looks after every mailbox until ctx ends, and tells the board what it did.
func (w *worker) work(ctx context.Context) error {
	events := make(chan token.Event, 256)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, address := range w.names {
		wg.Go(func() { w.keep(ctx, address, events) })
	}
	for {
		select {
		case e := <-events:
			if err := w.board.tell(ctx, w.name, e); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// keep asks for the token of one mailbox again and again, as a program that uses it would.
func (w *worker) keep(ctx context.Context, address string, events chan<- token.Event) {
	var s *token.Source
	for {
		var err error
		if s == nil {
			if s, err = w.source(ctx, address, events); err != nil {
				events <- token.Event{Kind: token.EventFailed, Key: address, Err: err}
			}
		}
		if s != nil {
			_, _ = s.Token(ctx) // its observer has told
		}
		select {
		case <-time.After(w.every):
		case <-ctx.Done():
			return
		}
	}
}
