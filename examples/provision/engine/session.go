package engine

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
)

// A session is what this process holds of a mailbox between two jobs: the client with its
// cookies, and the source with its access token. What others must know is in the store.
type session struct {
	client *eas.Client
	visits int // of the mailbox: what a source remembers of a refusal ends when the user comes back

	mu     sync.Mutex
	source *token.Source
	url    string // where the mailbox is
	config int64
	known  eas.State // as it is in the store
	moved  *move     // not yet stored
}

// fits reports whether the session is of the mailbox as the store has it.
func (s *session) fits(m *store.Mailbox) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits == m.Visits && s.url == m.URL && s.config == m.Config && s.known == m.Client && s.moved == nil
}

// sourceOf returns the source, if it is that of the mailbox as the store has it.
func (s *session) sourceOf(m *store.Mailbox) *token.Source {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config != m.Config || s.visits != m.Visits {
		return nil
	}
	return s.source
}

// A move is where the server says that the mailbox is now.
type move struct {
	url    *url.URL
	config int64
	source *token.Source
}

// maxSessions bounds the sessions that are kept.
const maxSessions = 20000

// open returns the session of a mailbox: that of the last job, if no other process has
// learned anything since.
func (e *Engine) open(ctx context.Context, m *store.Mailbox) (*session, error) {
	e.mu.Lock()
	s := e.sessions[m.ID]
	e.mu.Unlock()
	if s != nil && s.fits(m) {
		return s, nil
	}
	u, err := url.Parse(m.URL)
	if err != nil {
		return nil, fmt.Errorf("mailbox %d: the URL in the database cannot be read", m.ID)
	}
	source := s.sourceOf(m)
	if source == nil {
		if source, err = e.source(ctx, m, m.Config); err != nil {
			return nil, err
		}
	}
	s = &session{source: source, url: m.URL, config: m.Config, visits: m.Visits, known: m.Client}
	device := eas.Device{ID: m.Device, Type: e.DeviceType, FriendlyName: "easoauth provision"}
	s.client = &eas.Client{
		URL: u, User: m.Address, Token: source, HTTPClient: e.HTTPClient, Device: device, AllowPrivate: e.AllowPrivate,
		Patience: -1, // the queue waits
		Observe:  e.Observe, Moved: func(ctx context.Context, to *url.URL) (bearer.Source, error) { return e.follow(ctx, m, s, to) },
	}
	s.client.Restore(m.Client)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sessions == nil {
		e.sessions = map[int64]*session{}
	}
	for id := range e.sessions {
		if len(e.sessions) < maxSessions {
			break
		}
		delete(e.sessions, id)
	}
	e.sessions[m.ID] = s
	return s, nil
}

// source returns the source of the tokens of a mailbox, whose account is that of the user who
// provisioned it.
func (e *Engine) source(ctx context.Context, m *store.Mailbox, config int64) (*token.Source, error) {
	c, err := e.config(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &token.Source{Config: c, Key: m.Name, Store: e.Tokens}
	s.Account = token.Account{Tenant: m.TID, Object: m.OID}
	s.Limiter, s.Logger = e.Limiter, e.Logger
	id := m.ID
	s.Observe = func(ev token.Event) {
		if ev.Kind == token.EventRefreshed && e.Renewed != nil {
			e.Renewed(id, time.Now())
		}
	}
	return s, nil
}

// follow decides about a move of the mailbox, by the rule by which the first endpoint was
// found.
func (e *Engine) follow(ctx context.Context, m *store.Mailbox, s *session, to *url.URL) (bearer.Source, error) {
	id, _, err := e.Configure(ctx, m.TID, to, m.Address)
	if err != nil {
		return nil, err
	}
	source, err := e.source(ctx, m, id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.moved = &move{to, id, source}
	s.mu.Unlock()
	e.log().InfoContext(ctx, "the mailbox has moved", "mailbox", m.ID, "host", to.Host)
	return source, nil
}

// keep stores what the client has learned, if that is anything, after a command.
func (e *Engine) keep(ctx context.Context, m *store.Mailbox, s *session) error {
	state := s.client.State()
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := s.moved
	if moved == nil && state == s.known {
		return nil
	}
	where, config := s.url, s.config
	if moved != nil {
		where, config = moved.url.String(), moved.config
	}
	if err := e.Store.SaveClient(ctx, m.ID, state, where, config); err != nil {
		return err
	}
	if moved != nil { // the client is at the new place already
		s.url, s.config, s.source, s.moved = where, config, moved.source, nil
		if err := e.Store.AddEvent(ctx, m.ID, "moved", "the mailbox has moved to "+moved.url.Host); err != nil {
			return err
		}
	}
	s.known, m.Client, m.URL, m.Config = state, state, where, config
	return nil
}

// Drop forgets what this process holds of a mailbox.
func (e *Engine) Drop(mailbox int64) {
	e.mu.Lock()
	delete(e.sessions, mailbox)
	e.mu.Unlock()
}

// SignIn exchanges the token that the user's client presented for a sign-in at the mailbox's
// endpoint (on-behalf-of). If there is one that is good, nothing is requested. The error is
// that of [token.Source.Token].
func (e *Engine) SignIn(ctx context.Context, m *store.Mailbox, assertion string) error {
	source, err := e.source(ctx, m, m.Config)
	if err != nil {
		return err
	}
	source.Flow = &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return assertion, nil }}
	if m.State == store.SignIn { // the server, too, may have ended it: the authority's word alone is not enough
		_, err = source.SignIn(ctx)
	} else {
		_, err = source.Token(ctx)
	}
	if err == nil {
		e.Drop(m.ID)
	}
	return err
}

// SignOut deletes the sign-in of a mailbox.
func (e *Engine) SignOut(ctx context.Context, m *store.Mailbox) error {
	source, err := e.source(ctx, m, m.Config)
	if err != nil {
		return err
	}
	e.Drop(m.ID)
	return source.SignOut(ctx)
}

// SignedIn reports whether there is a sign-in.
func (e *Engine) SignedIn(ctx context.Context, m *store.Mailbox) (bool, error) {
	source, err := e.source(ctx, m, m.Config)
	if err != nil {
		return false, err
	}
	return isSignedIn(source.Status(ctx))
}

// Renew keeps the sign-in of a mailbox fresh that nobody reads.
func (e *Engine) Renew(ctx context.Context, id int64) error {
	m, err := e.Store.Mailbox(ctx, id)
	if err != nil {
		return err
	}
	s, err := e.open(ctx, m)
	if err != nil {
		return err
	}
	_, err = s.sourceOf(m).Token(ctx)
	return err
}
