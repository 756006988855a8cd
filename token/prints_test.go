package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// What holds a secret prints what it is, and the same under every verb, in a log and, where
// nothing else is said, in JSON.
func TestPrints(t *testing.T) {
	until := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := Config{ClientID: "c", Authority: &Authority{Kind: Entra, Host: "login.microsoftonline.com", Tenant: "common"},
		Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Auth: Secret("s3cret")}
	authorization := Authorization{clientID: "c", authority: "h", Expiry: until, URL: "https://s3cret", State: "s3cret", attempt: attempt{verifier: "s3cret"}}
	for _, tt := range []struct {
		v          any
		want, json string // json: "" if it is the text
	}{
		{Secret("s3cret"), redacted, ""},
		{RefreshToken("s3cret"), redacted, ""},
		{EncryptionKey("s3cret"), redacted, ""},
		{EncryptionKey(nil), "", `""`},
		{Certificate{}, "certificate " + redacted, `"` + redacted + `"`},
		{c, "config of client c at login.microsoftonline.com/common for mail.contoso.com", "-"},
		{Config{ClientID: "c"}, "config of client c at none for ", "-"},
		{Source{Config: &c}, "source with config of client c at login.microsoftonline.com/common for mail.contoso.com", ""},
		{Source{}, "source without config", ""},
		{authorization, "authorization of client c at h until 2026-03-01T12:00:00Z", ""},
		{&redemption{authorization: &authorization, params: url.Values{"code": {"s3cret"}}}, "redemption of authorization of client c at h until 2026-03-01T12:00:00Z", "-"},
		{DeviceAuthorization{clientID: "c", authority: "h", code: "s3cret", DevicePrompt: DevicePrompt{Expiry: until, UserCode: "s3cret"}}, "device authorization of client c at h until 2026-03-01T12:00:00Z", ""},
		{Record{Lineage: "l", Generation: 7, RefreshToken: "s3cret", Access: map[string]Access{"r": {Token: "s3cret"}}}, `record l generation 7 refresh_token "` + redacted + `" ended "" access 1`,
			`{"access":{"r":"0001-01-01T00:00:00Z"},"authority":"","client_id":"","ended":"","generation":7,"lineage":"l","refresh_expiry":"0001-01-01T00:00:00Z","refresh_token":"` + redacted + `"}`},
		{Record{Lineage: "l", Generation: 7, Ended: ReauthRevoked}, `record l generation 7 refresh_token "" ended "revoked" access 0`,
			`{"access":{},"authority":"","client_id":"","ended":"revoked","generation":7,"lineage":"l","refresh_expiry":"0001-01-01T00:00:00Z","refresh_token":""}`},
		{Access{Token: "s3cret", Expiry: until}, `access token "` + redacted + `" until 2026-03-01T12:00:00Z`, `{"access_token":"` + redacted + `","expiry":"2026-03-01T12:00:00Z"}`},
		{Access{Expiry: until}, `access token "" until 2026-03-01T12:00:00Z`, `{"access_token":"","expiry":"2026-03-01T12:00:00Z"}`},
		{&FileStore{Dir: "d", EncryptionKey: EncryptionKey("s3cret")}, "file store in d, encrypted true", "-"},
		{&FileStore{Dir: "d"}, "file store in d, encrypted false", "-"},
		{*panicked("Source.Flow", nil), "token: Source.Flow ended its goroutine with runtime.Goexit", ""},
		{*panicked("", "s3cret"), "token: a renewal panicked: see PanicError.Value and PanicError.Stack", ""},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if got := fmt.Sprintf(verb, tt.v); got != tt.want {
				t.Errorf("%s of %T = %q, want %q", verb, tt.v, got, tt.want)
			}
		}
		if tt.json == "" {
			tt.json = fmt.Sprintf("%q", tt.want)
		}
		if got, err := json.Marshal(tt.v); tt.json != "-" && (err != nil || string(got) != tt.json) {
			t.Errorf("JSON of %T = %s, %v; want %s", tt.v, got, err, tt.json)
		}
		if v, ok := tt.v.(slog.LogValuer); ok && v.LogValue().Kind() == slog.KindString && v.LogValue().String() != tt.want {
			t.Errorf("log of %T = %q, want %q", tt.v, v.LogValue(), tt.want)
		}
		if b, err := json.Marshal(tt.v); err == nil && strings.Contains(string(b), "s3cret") {
			t.Errorf("JSON of %T holds a secret: %s", tt.v, b)
		}
	}
	if got := (&c).LogValue().String(); got != fmt.Sprint(c) {
		t.Errorf("log of a Config = %q", got)
	}
	if got, want := fmt.Sprint((Record{Lineage: "l", Generation: 7, Authority: "h", RefreshToken: "s3cret", RefreshExpiry: until, Ended: ReauthRevoked}).LogValue()),
		"[lineage=l generation=7 authority=h refresh_expiry=2026-03-01 12:00:00 +0000 UTC ended=revoked]"; got != want {
		t.Errorf("log of a Record = %s, want %s", got, want)
	}
	if got, want := fmt.Sprint((Access{Token: "s3cret", Expiry: until}).LogValue()), "[token="+redacted+" expiry=2026-03-01 12:00:00 +0000 UTC]"; got != want {
		t.Errorf("log of an Access = %s, want %s", got, want)
	}
	for _, v := range []json.Unmarshaler{new(Record), new(Authorization), new(DeviceAuthorization)} {
		if err := v.UnmarshalJSON([]byte(`{}`)); err == nil || !strings.Contains(err.Error(), "use Decode") {
			t.Errorf("%T reads JSON: %v", v, err)
		}
	}
}

// The texts of errors: each fact once, in its place, and nothing else.
func TestErrorTexts(t *testing.T) {
	facts := Refusal{Status: 400, Code: "invalid_grant", Suberror: "bad_token", AADSTS: 70000, CorrelationID: "co", TraceID: "tr", RequestID: "re"}
	retrieve := &oauth2.RetrieveError{ErrorCode: "invalid_grant", ErrorDescription: "of ada@contoso.com"}
	cause := errors.New("cause")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&ReauthError{Kind: ReauthRevoked, Refusal: facts, Hint: "sign in again", Err: retrieve},
			"token: sign-in required (revoked): status 400, invalid_grant, suberror bad_token, AADSTS70000, correlation co, trace tr: sign in again"},
		{&ReauthError{Kind: ReauthRevoked, Refusal: Refusal{RequestID: "re"}}, "token: sign-in required (revoked): request re"},
		{&ReauthError{Kind: ReauthNone}, "token: sign-in required (none)"},
		{&ConfigError{Kind: ConfigScope, Refusal: Refusal{Code: "invalid_scope"}, Err: cause}, "token: configuration (scope): invalid_scope: cause"},
		{&TransientError{Hint: "h", Err: cause, RetryAfter: time.Second}, "token: authority not available: h: cause; retry after 1s"},
		{&TransientError{Refusal: Refusal{Status: 503}}, "token: authority not available: status 503"},
		{&TransientError{Err: errors.Join(cause, retrieve, errors.New("other"))}, "token: authority not available: cause; other"},
		{&TransientError{Err: fmt.Errorf("before: %w", retrieve)}, "token: authority not available: before"},
		{&TransientError{Err: errors.New("two\nlines\x1b")}, "token: authority not available: two; lines·"},
		{&EndpointError{Hint: "h", Reason: "r"}, "token: the endpoint would refuse any other access token, too: r: h"},
		{&EndpointError{Hint: "h"}, "token: the endpoint would refuse any other access token, too: h"},
		{&EndpointError{Age: time.Second, RetryAfter: 29 * time.Second, Reason: "r"},
			"token: the endpoint refuses an access token renewed 1s ago; not renewed again before 29s have passed: r"},
		{&EndpointError{Age: time.Second, RetryAfter: 29 * time.Second},
			"token: the endpoint refuses an access token renewed 1s ago; not renewed again before 29s have passed"},
		{&AuthorityError{Host: "h", Reason: "r", Err: ErrUntrustedAuthority}, `token: authority "h": r`},
		{&AuthorityError{Host: "h", Reason: "r", Err: cause}, `token: authority "h": r: cause`},
		{&AuthorityError{Host: "h", Reason: "r"}, `token: authority "h": r`},
		{&IDTokenError{Reason: "r"}, "token: ID token: r"},
		{&IDTokenError{Reason: "r", Err: cause}, "token: ID token: r: cause"},
		{&VerifyError{Kind: VerifyExpired, Reason: "r"}, "token: refused (expired): r"},
		{&VerifyError{Kind: VerifyExpired, Reason: "r", Err: cause}, "token: refused (expired): r: cause"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%T: %q, want %q", tt.err, got, tt.want)
		}
	}
}
