package token

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrUntrustedAuthority is matched by an [*AuthorityError] whose authorization_uri
	// names no authority that may be trusted.
	ErrUntrustedAuthority = errors.New("token: authority not trusted")
	// ErrNotPersisted is matched when a new or refreshed sign-in could not be stored, or would
	// have no place in the Store, in which case nothing was spent for it. What came stays in
	// memory and is stored at a later call; until then no token is handed out.
	ErrNotPersisted = errors.New("token: the sign-in could not be stored")
	// ErrRefreshUncertain is matched by the [*ReauthError] of a sign-in that ended because
	// an earlier refresh was sent and its response never stored, at an authority that lets
	// a refresh token be used once.
	ErrRefreshUncertain = errors.New("token: the response to an earlier refresh may have been lost")
)

// An AuthorityError says why an authority was refused, or why its metadata cannot be used. It
// matches [ErrUntrustedAuthority] if the host is not trusted: list the host in
// [Options.TrustedAuthorities] if you trust it.
type AuthorityError struct {
	Host   string // the host, as far as it could be read
	Reason string
	Err    error // ErrUntrustedAuthority, the failure of a request, or nil
}

func (e *AuthorityError) Error() string {
	s := fmt.Sprintf("token: authority %q: %s", e.Host, e.Reason)
	if e.Err != nil && e.Err != ErrUntrustedAuthority {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *AuthorityError) Unwrap() error { return e.Err }

// A Refusal holds the facts of a refusal by an authority (RFC 6749 section 5.2 and the members
// that Microsoft Entra ID adds). All texts are safe to print.
type Refusal struct {
	Status        int    // HTTP status, or 0 if no response came or it came through the browser
	Code          string // error, e.g. "invalid_grant"
	Suberror      string
	AADSTS        int    // the first number of error_codes, or of the description; 0 if none
	Claims        string // a claims challenge to be met by the next sign-in, JSON
	CorrelationID string // under which the authority finds the request in its logs
	TraceID       string
	RequestID     string
}

func (r *Refusal) text() string {
	var parts []string
	if r.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", r.Status))
	}
	if r.Code != "" {
		parts = append(parts, r.Code)
	}
	if r.Suberror != "" {
		parts = append(parts, "suberror "+r.Suberror)
	}
	if r.AADSTS != 0 {
		parts = append(parts, fmt.Sprintf("AADSTS%d", r.AADSTS))
	}
	if r.CorrelationID != "" {
		parts = append(parts, "correlation "+r.CorrelationID)
	}
	if r.TraceID != "" {
		parts = append(parts, "trace "+r.TraceID)
	}
	if r.RequestID != "" && r.CorrelationID == "" {
		parts = append(parts, "request "+r.RequestID)
	}
	return strings.Join(parts, ", ")
}

// ReauthKind says why a person must act.
type ReauthKind string

// The kinds of [ReauthError].
const (
	ReauthNone        ReauthKind = "none"        // nobody has signed in yet, or the sign-in was deleted
	ReauthExpired     ReauthKind = "expired"     // the refresh token or code ran out
	ReauthRevoked     ReauthKind = "revoked"     // the refresh token was revoked or is not known
	ReauthPassword    ReauthKind = "password"    // the password changed or expired
	ReauthFrequency   ReauthKind = "frequency"   // a policy requires a new sign-in at intervals
	ReauthMFA         ReauthKind = "mfa"         // multi-factor authentication is required
	ReauthClaims      ReauthKind = "claims"      // a claims challenge must be met; see Refusal.Claims
	ReauthConsent     ReauthKind = "consent"     // consent of the user or an administrator is missing
	ReauthBlocked     ReauthKind = "blocked"     // a policy refuses the sign-in; an administrator is needed
	ReauthDevice      ReauthKind = "device"      // a managed device is required
	ReauthUser        ReauthKind = "user"        // the account is missing, locked, disabled or another
	ReauthDeclined    ReauthKind = "declined"    // the user declined
	ReauthInteraction ReauthKind = "interaction" // the authority requires the user
	ReauthAssertion   ReauthKind = "assertion"   // the token to exchange on behalf of the user is not valid
	ReauthNoRefresh   ReauthKind = "no refresh"  // the access token ran out and no refresh token was issued
)

// A ReauthError says that a person must act: usually the user signs in again; for the kinds
// blocked, device, user and consent it may be an administrator. If Ended is set, the grant is over
// and only a new sign-in helps. Otherwise the authority refuses for now and the sign-in is kept: a
// [Source] tries again by itself, see [Status], so that lifting a policy restores every sign-in.
type ReauthError struct {
	Kind    ReauthKind
	Ended   bool   // the grant is over, or there is none
	Refusal        // what the authority said, if a request was made
	Hint    string // what the person must do
	Err     error  // an *oauth2.RetrieveError, ErrRefreshUncertain, or nil

	// AdminConsentURL is the page where an administrator can give the consent that is missing
	// (ReauthConsent), if the authority has one: see [Authority.AdminConsentURL]. Error leaves
	// it out.
	AdminConsentURL string
}

func (e *ReauthError) Error() string {
	return sentence("token: sign-in required ("+string(e.Kind)+")", e.text(), e.Hint, e.Err)
}

func (e *ReauthError) Unwrap() error { return e.Err }

// ConfigKind says what is configured wrongly.
type ConfigKind string

// The kinds of [ConfigError].
const (
	ConfigClient   ConfigKind = "client"   // the client ID is not known or not allowed
	ConfigSecret   ConfigKind = "secret"   // the client authentication is wrong, expired, missing or not wanted
	ConfigRedirect ConfigKind = "redirect" // the redirect URI is not registered
	ConfigResource ConfigKind = "resource" // the host is not a registered resource (service principal name)
	ConfigScope    ConfigKind = "scope"    // the scope cannot be used
	ConfigTenant   ConfigKind = "tenant"   // the tenant is unknown or not the app's
	ConfigCloud    ConfigKind = "cloud"    // the tenant is in another national cloud
	ConfigRequest  ConfigKind = "request"  // the authority does not understand the request
	ConfigMissing  ConfigKind = "missing"  // a required field of this package's types is not set
)

// A ConfigError says that the app registration, the deployment or the configuration of the program
// is wrong. Neither a retry nor a new sign-in helps.
type ConfigError struct {
	Kind    ConfigKind
	Refusal        // what the authority said, if a request was made
	Hint    string // what to change
	Err     error  // an *oauth2.RetrieveError, or nil
}

func (e *ConfigError) Error() string {
	return sentence("token: configuration ("+string(e.Kind)+")", e.text(), e.Hint, e.Err)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// A TransientError says that the authority could not be reached or could not respond. The sign-in
// is unchanged; the call may be repeated after RetryAfter.
type TransientError struct {
	Refusal
	Hint       string
	RetryAfter time.Duration // how long to wait, at most an hour; 0 when the authority did not say
	Err        error         // the cause, or nil
}

func (e *TransientError) Error() string {
	s := sentence("token: authority not available", e.text(), e.Hint, e.Err)
	if e.RetryAfter > 0 {
		s += fmt.Sprintf("; retry after %v", e.RetryAfter)
	}
	return s
}

func (e *TransientError) Unwrap() error { return e.Err }

// Temporary returns true: the same call may succeed later without anyone acting. Callers that
// wait, such as eas.Client.Watch, check it.
func (e *TransientError) Temporary() bool { return true }

// RetryDelay returns RetryAfter. Package eas uses it to set eas.Error.RetryAfter without importing
// this package.
func (e *TransientError) RetryDelay() time.Duration { return e.RetryAfter }

// An EndpointError says that a Source did not request another access token for one that the
// endpoint refused, because another token would be refused as well (Hint says why), or because the
// refused token was itself the result of such a renewal a moment ago. Match it with errors.As.
type EndpointError struct {
	Age        time.Duration // of the refused token
	RetryAfter time.Duration // until another renewal is allowed
	Reason     string        // what the endpoint said, if it did
	Hint       string        // what to do, if the endpoint blames something that no other token mends
}

func (e *EndpointError) Error() string {
	if e.Hint != "" {
		return sentence("token: the endpoint would refuse any other access token, too", e.Reason, e.Hint, nil)
	}
	s := fmt.Sprintf("token: the endpoint refuses an access token renewed %v ago; not renewed again before %v have passed",
		e.Age.Round(time.Second), e.RetryAfter.Round(time.Second))
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// sentence puts an error together, on one line.
func sentence(what, facts, hint string, err error) string {
	s := what
	for _, part := range []string{facts, hint, causeText(err)} {
		if part != "" {
			s += ": " + part
		}
	}
	return s
}

// causeText returns the text of err without that of an *oauth2.RetrieveError, which repeats
// the facts and quotes the authority's description, where an address may be.
func causeText(err error) string {
	if err == nil {
		return ""
	}
	if isRetrieveError(err) {
		return ""
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var parts []string
		for _, e := range several.Unwrap() {
			if t := causeText(e); t != "" {
				parts = append(parts, t)
			}
		}
		return strings.Join(parts, "; ")
	}
	t := err.Error()
	var re *oauth2.RetrieveError
	if errors.As(err, &re) && re != nil {
		t = strings.TrimSuffix(strings.ReplaceAll(t, re.Error(), ""), ": ")
	}
	if strings.ContainsFunc(t, unicode.IsControl) {
		t = safehttp.Clean(strings.ReplaceAll(t, "\n", "; "), 2048)
	}
	return t
}

func isRetrieveError(err error) bool {
	re, ok := err.(*oauth2.RetrieveError)
	return ok && re != nil
}
