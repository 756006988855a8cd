package token

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// maxRetryAfter bounds what an authority may ask for.
const maxRetryAfter = time.Hour

// An aadstsHint is a row of data/aadsts.tsv.
type aadstsHint struct{ class, kind, hint string }

func isRetrieveError(err error) bool {
	re, ok := err.(*oauth2.RetrieveError)
	return ok && re != nil
}

// An oauthError is the body of a refusal. Members of other types than expected are as good
// as absent.
type oauthError struct {
	code, description, uri, suberror, claims string
	correlationID, traceID                   string
	numbers                                  []int
}

func parseOAuthError(m map[string]json.RawMessage) oauthError {
	e := oauthError{
		code:          text(m["error"]),
		description:   text(m["error_description"]),
		uri:           text(m["error_uri"]),
		suberror:      text(m["suberror"]),
		claims:        text(m["claims"]),
		correlationID: text(m["correlation_id"]),
		traceID:       text(m["trace_id"]),
	}
	var numbers []int
	if json.Unmarshal(m["error_codes"], &numbers) == nil {
		e.numbers = numbers
	}
	return e
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

var aadstsNumber = regexp.MustCompile(`\bAADSTS([0-9]{4,8})\b`)

// refusal returns the printable facts.
func (e oauthError) refusal(status int, h http.Header) Refusal {
	r := Refusal{
		Status:        status,
		Code:          safehttp.Plain(e.code, 64),
		Suberror:      safehttp.Plain(e.suberror, 64),
		CorrelationID: safehttp.Plain(e.correlationID, 64),
		TraceID:       safehttp.Plain(e.traceID, 64),
		RequestID:     safehttp.RequestID(h),
	}
	if c, err := compactClaims(e.claims); err == nil {
		r.Claims = c
	}
	for _, n := range e.numbers {
		if n > 0 {
			r.AADSTS = n
			break
		}
	}
	if r.AADSTS == 0 && len(e.description) <= 16<<10 {
		if m := aadstsNumber.FindStringSubmatch(e.description); m != nil {
			r.AADSTS, _ = strconv.Atoi(m[1])
		}
	}
	return r
}

// classify turns a refusal into one of the three kinds of error. It goes by error,
// suberror and claims; the AADSTS number, which Microsoft reserves the right to change,
// gives the hint and the finer kind. A number that stands for a passing fault is believed
// over the error code, since the mistake then costs a retry and not a sign-in.
func classify(r Refusal, cause error, wait time.Duration) error {
	h := aadstsHints[r.AADSTS]
	transient := func() error {
		return &TransientError{Refusal: r, Hint: h.hint, RetryAfter: wait, Err: cause}
	}
	reauth := func(kind ReauthKind) error {
		hint := reauthHints[kind]
		if h.class == "reauth" {
			kind, hint = ReauthKind(h.kind), h.hint
		}
		if r.Claims != "" && kind != ReauthMFA {
			kind, hint = ReauthClaims, reauthHints[ReauthClaims]
		}
		return &ReauthError{Kind: kind, Refusal: r, Hint: hint, Err: cause}
	}
	config := func(kind ConfigKind) error {
		if h.class == "reauth" {
			return reauth("")
		}
		hint := configHints[kind]
		if h.class == "config" {
			kind, hint = ConfigKind(h.kind), h.hint
		}
		return &ConfigError{Kind: kind, Refusal: r, Hint: hint, Err: cause}
	}
	if h.class == "transient" {
		return transient()
	}
	switch r.Code {
	case "invalid_grant":
		switch r.Suberror {
		case "consent_required":
			return reauth(ReauthConsent)
		case "user_password_expired":
			return reauth(ReauthPassword)
		case "protection_policy_required":
			return reauth(ReauthBlocked)
		case "basic_action", "additional_action", "message_only":
			return reauth(ReauthInteraction)
		}
		return reauth(ReauthRevoked)
	case "interaction_required", "login_required", "account_selection_required":
		return reauth(ReauthInteraction)
	case "consent_required":
		return reauth(ReauthConsent)
	case "access_denied", "authorization_declined":
		return reauth(ReauthDeclined)
	case "expired_token":
		return reauth(ReauthExpired)
	case "invalid_client":
		return config(ConfigSecret)
	case "unauthorized_client":
		return config(ConfigClient)
	case "invalid_scope":
		return config(ConfigScope)
	case "invalid_resource", "invalid_target":
		return config(ConfigResource)
	case "invalid_request", "unsupported_grant_type", "unsupported_response_type":
		return config(ConfigRequest)
	case "temporarily_unavailable", "server_error", "slow_down":
		return transient()
	}
	switch h.class {
	case "reauth":
		return reauth("")
	case "config":
		return config("")
	}
	if r.Code != "" && r.Status >= 400 && r.Status < 500 && r.Status != http.StatusTooManyRequests && r.Status != http.StatusRequestTimeout {
		return config(ConfigRequest)
	}
	return transient()
}

var reauthHints = map[ReauthKind]string{
	ReauthNone:        "nobody has signed in for this mailbox",
	ReauthExpired:     "the sign-in has run out: the user signs in again",
	ReauthRevoked:     "the refresh token is not valid any more: the user signs in again",
	ReauthPassword:    "the password changed or expired: the user signs in again",
	ReauthMFA:         "multi-factor authentication is required: the user signs in again",
	ReauthClaims:      "a claims challenge has to be met: the user signs in again, with Claims in the request",
	ReauthConsent:     "consent is missing: the user or an administrator must grant EAS.AccessAsUser.All to the app",
	ReauthBlocked:     "a policy refuses the sign-in: an administrator must help",
	ReauthDeclined:    "the user declined to sign in",
	ReauthInteraction: "the authority has a question for the user: the user signs in again",
	ReauthNoRefresh:   "the access token has run out and there is no refresh token: ask for offline_access, and the user signs in again",
}

var configHints = map[ConfigKind]string{
	ConfigClient:   "the app may not do this: check the client ID and whether the app registration allows the flow",
	ConfigSecret:   "the client authentication is not accepted: check the secret or certificate, and whether public client flows are allowed",
	ConfigResource: "the resource is not registered: add the https URL of the EAS host as a service principal name",
	ConfigScope:    "the scope is not accepted: ask for https://<eas-host>/EAS.AccessAsUser.All",
	ConfigRequest:  "the authority does not accept the request: check the client ID, the scope and the redirect URI",
}

// endsGrant reports whether err says that the refresh token itself is of no use any more.
// A demand for a second factor, consent or a managed device leaves it as good as it was.
func endsGrant(err error) bool {
	var re *ReauthError
	if !errors.As(err, &re) || re.Code != "invalid_grant" || re.Claims != "" {
		return false
	}
	switch re.Kind {
	case ReauthExpired, ReauthRevoked, ReauthPassword, ReauthFrequency:
		return true
	}
	return false
}

var address = regexp.MustCompile(`[^\s'"<>()]+@[^\s'"<>()]+`)

// retrieveError makes the error that users of x/oauth2 expect. Its body holds the members
// of the refusal and nothing else; its response lacks the request, which holds the refresh
// token; addresses and the secrets of the request are cut out of the texts.
func (e oauthError) retrieveError(resp *http.Response, secrets []string) *oauth2.RetrieveError {
	scrub := func(s string) string {
		s = address.ReplaceAllString(s, "…")
		for _, secret := range secrets {
			if len(secret) >= 6 {
				s = strings.ReplaceAll(s, secret, "…")
				s = strings.ReplaceAll(s, url.QueryEscape(secret), "…")
			}
		}
		return safehttp.Clean(s, 2048)
	}
	body := map[string]any{}
	add := func(name, value string) {
		if value != "" {
			body[name] = scrub(value)
		}
	}
	add("error", e.code)
	add("error_description", e.description)
	add("error_uri", e.uri)
	add("suberror", e.suberror)
	add("claims", e.claims)
	add("correlation_id", e.correlationID)
	add("trace_id", e.traceID)
	if len(e.numbers) > 0 {
		body["error_codes"] = e.numbers
	}
	b, _ := json.Marshal(body)
	re := &oauth2.RetrieveError{
		Body:             b,
		ErrorCode:        scrub(e.code),
		ErrorDescription: scrub(e.description),
		ErrorURI:         scrub(e.uri),
	}
	re.Response = &http.Response{Header: http.Header{}, Body: http.NoBody}
	if resp != nil {
		h := http.Header{}
		for _, name := range []string{"Content-Type", "Date", "Retry-After", "Request-Id", "X-Ms-Request-Id", "Client-Request-Id"} {
			if v := resp.Header.Values(name); len(v) > 0 {
				h[name] = v
			}
		}
		re.Response = &http.Response{
			Status: resp.Status, StatusCode: resp.StatusCode, Proto: resp.Proto, ProtoMajor: resp.ProtoMajor, ProtoMinor: resp.ProtoMinor,
			Header: h, Body: http.NoBody,
		}
	}
	return re
}
