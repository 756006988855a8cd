// Package api is what clients call over HTTP: AutoDetect, and the provisioning of mailboxes.
// openapi.json describes it.
package api

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
)

// OpenAPI is the description of the API.
//
//go:embed openapi.json
var OpenAPI []byte

// A Server serves the API. All fields but Detector and Logger are required. It is safe for
// concurrent use.
type Server struct {
	Engine   *engine.Engine
	Store    *store.Store
	Verifier *token.Verifier // of the tokens that clients present, whose audience is this service
	Detector *Detector       // of AutoDetect; nil: there is none
	Logger   *slog.Logger
}

// Handler returns the API as a handler.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(OpenAPI)
	})
	if s.Detector != nil {
		mux.Handle("GET /autodetect", s.Detector)
	}
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request, u *user) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			u, err := s.user(r)
			if err == nil {
				err = f(w, r, u)
			}
			if err != nil {
				s.refuse(w, r, err)
			}
		})
	}
	handle("POST /mailboxes", s.create)
	handle("GET /mailboxes", s.list)
	handle("GET /mailboxes/{id}", s.show)
	handle("PATCH /mailboxes/{id}", s.change)
	handle("DELETE /mailboxes/{id}", s.remove)
	handle("GET /mailboxes/{id}/folders", s.folders)
	handle("GET /mailboxes/{id}/items", s.items)
	handle("GET /mailboxes/{id}/search", s.search)
	return mux
}

// A user is who calls, as their token says.
type user struct {
	tid, oid, name string
	token          string // never stored
}

// user verifies the token of a request.
func (s *Server) user(r *http.Request) (*user, error) {
	if len(r.Header.Values("Authorization")) == 0 {
		// RFC 6750 section 3.1: a request without a token is told of no error.
		return nil, &problem{Status: http.StatusUnauthorized, Title: "A token is needed.", Detail: "Sign the user in at the authority, and send the access token for this service.", challenge: "Bearer"}
	}
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(r.Header.Values("Authorization")) != 1 {
		return nil, &token.VerifyError{Kind: token.VerifyMalformed, Reason: "no bearer token"}
	}
	claims, err := s.Verifier.Verify(r.Context(), raw)
	if err != nil {
		return nil, err
	}
	if claims.Tenant == "" || claims.Object == "" {
		return nil, &token.VerifyError{Kind: token.VerifyMalformed, Reason: "the token names no user (tid and oid)"}
	}
	return &user{claims.Tenant, claims.Object, claims.Username, raw}, nil
}

// mailbox returns the mailbox of a request, if it is the user's. That the user asks for it is
// a use of it.
func (s *Server) mailbox(r *http.Request, u *user) (*store.Mailbox, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, store.ErrNotFound
	}
	m, err := s.Store.Mailbox(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if m.TID != u.tid || m.OID != u.oid {
		return nil, store.ErrNotFound // not even that it exists
	}
	return m, s.Store.Touch(r.Context(), id, time.Now())
}

// A problem is a refusal with the reason for the client.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Claims string `json:"claims,omitempty"` // of a claims challenge, as JSON
	Retry  int    `json:"retryAfter,omitempty"`

	challenge string
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func bad(format string, args ...any) error {
	return &problem{Status: http.StatusBadRequest, Title: "The request is not valid.", Detail: fmt.Sprintf(format, args...)}
}

// explain says what the client must do about an error.
func explain(err error) *problem {
	var (
		p         *problem
		verify    *token.VerifyError
		reauth    *token.ReauthError
		transient *token.TransientError
		config    *token.ConfigError
		endpoint  *engine.EndpointError
		probe     *bearer.ProbeError
		authority *token.AuthorityError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Title: "The mailbox does not exist."}
	case errors.As(err, &verify):
		return &problem{Status: http.StatusUnauthorized, Title: "The token is not accepted.", Detail: string(verify.Kind), challenge: `Bearer error="invalid_token"`}
	case errors.As(err, &reauth) && reauth.Claims != "":
		// The user must do something at the authority, such as a second factor: the client sends
		// the claims along when it signs the user in.
		return &problem{Status: http.StatusUnauthorized, Title: "The authority demands more of the sign-in.", Detail: reauth.Hint, Claims: reauth.Claims,
			challenge: `Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(reauth.Claims)) + `"`}
	case errors.As(err, &reauth) && (reauth.Kind == token.ReauthConsent || reauth.Kind == token.ReauthBlocked || reauth.Kind == token.ReauthUser):
		return &problem{Status: http.StatusForbidden, Title: "The authority refuses (" + string(reauth.Kind) + ").", Detail: reauth.Hint}
	case errors.As(err, &reauth):
		return &problem{Status: http.StatusUnauthorized, Title: "The user must sign in again (" + string(reauth.Kind) + ").", Detail: reauth.Hint, challenge: `Bearer error="invalid_token"`}
	case errors.As(err, &transient):
		return &problem{Status: http.StatusServiceUnavailable, Title: "The authority is not available.", Retry: int(math.Ceil(max(transient.RetryAfter.Seconds(), 1)))}
	case errors.As(err, &config):
		return &problem{Status: http.StatusBadGateway, Title: "The service is not set up for this endpoint.", Detail: config.Hint}
	case errors.As(err, &endpoint):
		return &problem{Status: http.StatusUnprocessableEntity, Title: "The endpoint is refused.", Detail: endpoint.Error()}
	case errors.As(err, &authority):
		return &problem{Status: http.StatusUnprocessableEntity, Title: "The authority that the endpoint names is not trusted.", Detail: authority.Error()}
	case errors.As(err, &probe):
		return &problem{Status: http.StatusBadGateway, Title: "The endpoint does not respond as Exchange with modern authentication does.", Detail: probe.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusGatewayTimeout, Title: "The server took too long."}
	}
	return &problem{Status: http.StatusInternalServerError, Title: "The service failed."} // the reason is in the log
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := explain(err)
	if s.Logger != nil {
		level := slog.LevelInfo
		if p.Status >= 500 {
			level = slog.LevelWarn
		}
		s.Logger.Log(r.Context(), level, "refused", "route", r.Pattern, "status", p.Status, "error", err)
	}
	write(w, p)
}

func write(w http.ResponseWriter, p *problem) {
	if p.challenge != "" {
		w.Header().Set("WWW-Authenticate", p.challenge)
	}
	if p.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.Retry))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func respond(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
	return nil
}

// decode reads the body of a request.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, 16<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bad("the body is not the JSON that is expected")
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("the body is more than one JSON object")
	}
	return nil
}
