package token

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// maxRetryAfter bounds what an authority may ask for.
const maxRetryAfter = time.Hour

// An aadstsEntry is a row of data/aadsts.tsv.
type aadstsEntry struct {
	class class
	kind  string
	hint  string // "" where nothing can be said beyond the kind
}

// A class says what a refusal means for the grant, and with that who waits for what.
type class string

const (
	// The grant is over and its refresh token may be dropped: a new sign-in is needed.
	classEnded class = "ended"
	// A person must act: sign in once more, change a policy, unlock an account. The refresh
	// token is kept, since it is as good as before once that has happened.
	classUser class = "user"
	// The registration, the deployment or the caller is at fault. The refresh token is kept.
	classConfig class = "config"
	// It passes. The refresh token is kept.
	classTransient class = "transient"
)

// suberrors are the values of suberror that MSAL knows (OAuth2SubErrorCode of its library
// for Android). Only bad_token says that the refresh token is of no use for any resource:
// MSAL drops one for no other reason.
var suberrors = map[string]aadstsEntry{
	"bad_token":                    {class: classEnded, kind: string(ReauthRevoked)},
	"consent_required":             {class: classUser, kind: string(ReauthConsent)},
	"user_password_expired":        {class: classUser, kind: string(ReauthPassword)},
	"protection_policy_required":   {class: classUser, kind: string(ReauthBlocked)},
	"basic_action":                 {class: classUser, kind: string(ReauthInteraction)},
	"additional_action":            {class: classUser, kind: string(ReauthInteraction)},
	"message_only":                 {class: classUser, kind: string(ReauthInteraction)},
	"token_expired":                {class: classUser, kind: string(ReauthFrequency)},
	"device_authentication_failed": {class: classUser, kind: string(ReauthDevice)},
	"client_mismatch":              {class: classConfig, kind: string(ConfigClient)},
}

// oauthErrors are the error codes of RFC 6749, RFC 8628, RFC 8707 and OpenID Connect Core
// section 3.1.2.6, apart from invalid_grant.
var oauthErrors = map[string]aadstsEntry{
	"interaction_required":       {class: classUser, kind: string(ReauthInteraction)},
	"login_required":             {class: classUser, kind: string(ReauthInteraction)},
	"account_selection_required": {class: classUser, kind: string(ReauthInteraction)},
	"consent_required":           {class: classUser, kind: string(ReauthConsent)},
	"access_denied":              {class: classUser, kind: string(ReauthDeclined)},
	"authorization_declined":     {class: classUser, kind: string(ReauthDeclined)},
	"expired_token":              {class: classUser, kind: string(ReauthExpired)},
	"bad_verification_code":      {class: classUser, kind: string(ReauthExpired)},
	"invalid_client":             {class: classConfig, kind: string(ConfigSecret)},
	"unauthorized_client":        {class: classConfig, kind: string(ConfigClient)},
	"invalid_scope":              {class: classConfig, kind: string(ConfigScope)},
	"invalid_resource":           {class: classConfig, kind: string(ConfigResource)},
	"invalid_target":             {class: classConfig, kind: string(ConfigResource)},
	"invalid_request":            {class: classConfig, kind: string(ConfigRequest)},
	"unsupported_grant_type":     {class: classConfig, kind: string(ConfigRequest)},
	"unsupported_response_type":  {class: classConfig, kind: string(ConfigRequest)},
	"temporarily_unavailable":    {class: classTransient},
	"server_error":               {class: classTransient},
	"slow_down":                  {class: classTransient},
	"authorization_pending":      {class: classTransient},
}

// judge says what a refusal by an authority of the given kind means. It is the only place
// that decides so.
//
// A number that stands for a passing fault is believed over everything else, since the
// mistake then costs a retry and not a sign-in. Apart from that suberror, which clients are
// meant to act on, stands above the AADSTS number, which Microsoft reserves the right to
// change, and both stand above error, which is coarse.
//
// A grant is over if the authority says invalid_grant and either bad_token or a number that
// is listed as the end of a grant. Without both, invalid_grant is the end of it at an
// authority that goes by RFC 6749, and at Entra it is not: there it also stands for policies
// and numbers that are not known yet.
func judge(kind AuthorityKind, r *Refusal, cause error) aadstsEntry {
	number, known := aadstsTable[r.AADSTS]
	if blamesScopes(r, cause) {
		number = aadstsEntry{class: classUser, kind: string(ReauthConsent)}
	}
	if number.class == classTransient {
		return number
	}
	var e aadstsEntry
	if r.Code == "invalid_grant" {
		sub, ok := suberrors[r.Suberror]
		switch {
		case ok && (number.class == sub.class || number.kind == sub.kind):
			e = number // says the same, and more
			if sub.class == classEnded {
				e.class = classEnded
			}
		case ok:
			e = sub
		case known:
			e = number
		case kind == Entra:
			e = aadstsEntry{class: classUser, kind: string(ReauthInteraction)}
		default:
			e = aadstsEntry{class: classEnded, kind: string(ReauthRevoked)}
		}
	} else {
		code, ok := oauthErrors[r.Code]
		if sub := suberrors[r.Suberror]; sub.class == classUser && (r.Code == "interaction_required" || r.Code == "unauthorized_client") {
			code = sub
		}
		switch {
		case code.class == classTransient:
			return code
		case known && (code.class != classUser || number.class != classConfig):
			e = number
		case ok:
			e = code
		case r.Code != "" && isClientError(r.Status):
			e = aadstsEntry{class: classConfig, kind: string(ConfigRequest)}
		default:
			return aadstsEntry{class: classTransient}
		}
		if e.class == classEnded {
			e.class = classUser
		}
	}
	if e.class == classEnded && !isClientError(r.Status) && r.Status >= 400 {
		return aadstsEntry{class: classTransient} // a server that fails or throttles proves nothing
	}
	if r.Claims != "" && (e.class == classUser || e.class == classEnded) {
		if e.kind != string(ReauthMFA) {
			e.kind, e.hint = string(ReauthClaims), ""
		}
		if r.Suberror != "bad_token" {
			e.class = classUser
		}
	}
	return e
}

// blamesScopes reports whether the authority refuses what was requested and not the refresh
// token, with a number that also stands for a dead one: for personal accounts AADSTS70000 is
// both, and only the text tells them apart. The token is good for other scopes then.
func blamesScopes(r *Refusal, cause error) bool {
	var re *oauth2.RetrieveError
	return r.AADSTS == 70000 && errors.As(cause, &re) && strings.Contains(re.ErrorDescription, "scopes requested")
}

// isClientError reports whether an HTTP status says that the request was at fault, and not
// the moment.
func isClientError(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
}

// classify turns a refusal into one of the three kinds of error, with a hint that fits what
// was requested.
func classify(q inquiry, r Refusal, cause error, wait time.Duration) error {
	e := judge(q.kind, &r, cause)
	switch e.class {
	case classTransient:
		return &TransientError{Refusal: r, Hint: e.hint, RetryAfter: wait, Err: cause}
	case classConfig:
		return &ConfigError{Kind: ConfigKind(e.kind), Refusal: r, Hint: q.configHint(ConfigKind(e.kind), e.hint), Err: cause}
	}
	return &ReauthError{Kind: ReauthKind(e.kind), Refusal: r, Hint: q.reauthHint(ReauthKind(e.kind), e.hint), Err: cause}
}

// endsGrant reports whether err, with which an authority of the given kind refused a refresh
// token, says that the grant is over, so that the refresh token may be dropped. Every other
// refusal leaves it as good as it was.
func endsGrant(err error, kind AuthorityKind) bool {
	var re *ReauthError
	return errors.As(err, &re) && judge(kind, &re.Refusal, re.Err).class == classEnded
}
