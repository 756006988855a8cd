package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// permission is what a front client requests of the service.
const permission = "access_as_user"

// A service serves the users whose front clients present a token for it.
type service struct {
	verifier *token.Verifier
	config   *token.Config // of the mailboxes
	store    token.Store
	log      *slog.Logger

	mu    sync.Mutex
	users map[string]*user
}

// A user is one whose front client has come.
type user struct {
	assertion atomic.Pointer[string] // the front client's latest token

	mu     sync.Mutex // Exchange has one state for each device, which the client is
	client *eas.Client
}

// resource is what tokens for the service are for.
func resource(clientID string) string { return "api://" + clientID }

func newService(ctx context.Context, clientID, tenant string, endpoint *url.URL, store token.Store, o *token.Options) (*service, error) {
	authority := "https://login.microsoftonline.com/" + tenant
	config, err := token.ConfigureResource(ctx, clientID, authority, endpoint, token.Scopes(token.Entra, endpoint), o)
	if err != nil {
		return nil, err
	}
	own, err := url.Parse(resource(clientID))
	if err != nil {
		return nil, err
	}
	return &service{
		// A token of version 1 names the service by its URI, one of version 2 by its client ID.
		verifier: &token.Verifier{Authority: config.Authority, Endpoint: own, Audiences: []string{resource(clientID), clientID},
			Scope: permission, HTTPClient: o.HTTPClient},
		config: config, store: store, log: slog.New(slog.DiscardHandler), users: map[string]*user{},
	}, nil
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/subjects" {
		http.NotFound(w, r)
		return
	}
	subjects, err := s.subjects(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(subjects)
}

// subjects reads the messages of the user whose token the request has.
func (s *service) subjects(r *http.Request) ([]string, error) {
	ctx := r.Context()
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || len(r.Header.Values("Authorization")) != 1 {
		return nil, &token.VerifyError{Kind: token.VerifyMalformed, Reason: "no bearer token"}
	}
	claims, err := s.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	return s.user(claims, raw).subjects(ctx)
}

// subjects reads the messages in the inbox.
func (u *user) subjects(ctx context.Context) ([]string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	client := u.client
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return nil, err
	}
	inbox, ok := folders.Find(eas.FolderInbox)
	if !ok {
		return nil, errors.New("the mailbox has no inbox")
	}
	subjects := []string{}
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			return nil, err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				subjects = append(subjects, mail.Subject)
			}
		}
	}
	return subjects, nil
}

// user returns the user of a verified token, whose sign-in at Exchange is kept under the
// account and never under a name that can change hands.
func (s *service) user(claims *token.Claims, raw string) *user {
	key := claims.Tenant + "/" + claims.Object
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[key]
	if u == nil {
		u = new(user)
		source := &token.Source{Config: s.config, Key: key, Store: s.store}
		source.Account = token.Account{Tenant: claims.Tenant, Object: claims.Object}
		source.Flow = &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return *u.assertion.Load(), nil }}
		source.Logger = s.log
		u.client = &eas.Client{URL: s.config.Endpoint, User: claims.Username, Token: source, HTTPClient: s.config.HTTPClient}
		s.users[key] = u
	}
	u.assertion.Store(&raw)
	return u
}

// refuse says what the front client must do. The reason goes to the log.
func (s *service) refuse(w http.ResponseWriter, err error) {
	var (
		verify    *token.VerifyError
		reauth    *token.ReauthError
		transient *token.TransientError
	)
	status := http.StatusBadGateway
	switch {
	case errors.As(err, &verify):
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case errors.As(err, &reauth) && reauth.Claims != "":
		// The user must do something at the authority, such as a second factor: the front client
		// sends the claims along when it signs the user in.
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(reauth.Claims))+`"`)
	case errors.As(err, &reauth) && reauth.Kind == token.ReauthConsent:
		status = http.StatusForbidden
	case errors.As(err, &reauth):
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case errors.As(err, &transient):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(transient.RetryAfter.Seconds(), 1)))))
	}
	s.log.Warn("refused", "status", status, "error", err)
	http.Error(w, http.StatusText(status), status)
}
