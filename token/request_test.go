package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// Whatever is wrong with a response that carries a rotated refresh token, the token is
// stored.
func TestTokenResponses(t *testing.T) {
	date := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, body string
		lifetime   time.Duration // 0: an error
		refresh    string        // as stored after; "" stands for rt2
	}{
		{"number", `"access_token":"at","refresh_token":"rt2","expires_in":3599`, 3599 * time.Second, ""},
		{"string", `"access_token":"at","refresh_token":"rt2","expires_in":"3599"`, 3599 * time.Second, ""},
		{"fraction", `"access_token":"at","refresh_token":"rt2","expires_in":3599.5`, 3599500 * time.Millisecond, ""},
		{"fraction in a string", `"access_token":"at","refresh_token":"rt2","expires_in":" 3599.0 "`, 3599 * time.Second, ""},
		{"exponent", `"access_token":"at","refresh_token":"rt2","expires_in":3.6e3`, time.Hour, ""},
		{"S063 missing", `"access_token":"at","refresh_token":"rt2"`, time.Hour, ""},
		{"null", `"access_token":"at","refresh_token":"rt2","expires_in":null`, time.Hour, ""},
		{"empty string", `"access_token":"at","refresh_token":"rt2","expires_in":""`, time.Hour, ""},
		{"zero", `"access_token":"at","refresh_token":"rt2","expires_in":0`, time.Hour, ""},
		{"S063 negative", `"access_token":"at","refresh_token":"rt2","expires_in":-1`, time.Hour, ""},
		{"S063 hexadecimal", `"access_token":"at","refresh_token":"rt2","expires_in":"0x10"`, time.Hour, ""},
		{"infinite", `"access_token":"at","refresh_token":"rt2","expires_in":"Inf"`, time.Hour, ""},
		{"object", `"access_token":"at","refresh_token":"rt2","expires_in":{"s":3}`, time.Hour, ""},
		{"S063 huge", `"access_token":"at","refresh_token":"rt2","expires_in":1e18`, 366 * 24 * time.Hour, ""},
		{"out of range", `"access_token":"at","refresh_token":"rt2","expires_in":1e999`, 366 * 24 * time.Hour, ""},
		{"expires_on only, by the server's clock", fmt.Sprintf(`"access_token":"at","refresh_token":"rt2","expires_on":"%d"`, date.Add(2*time.Hour).Unix()), 2 * time.Hour, ""},
		{"expires_on in the past", fmt.Sprintf(`"access_token":"at","refresh_token":"rt2","expires_on":%d`, date.Add(-2*time.Hour).Unix()), time.Hour, ""},
		{"expires_in before expires_on", fmt.Sprintf(`"access_token":"at","refresh_token":"rt2","expires_in":1800,"expires_on":%d`, date.Add(2*time.Hour).Unix()), 30 * time.Minute, ""},
		{"S065 no refresh token", `"access_token":"at","expires_in":3600`, time.Hour, "rt-secret-1"},
		{"S065 empty refresh token", `"access_token":"at","refresh_token":"","expires_in":3600`, time.Hour, "rt-secret-1"},
		{"refresh token of the wrong type", `"access_token":"at","refresh_token":7,"expires_in":3600`, time.Hour, "rt-secret-1"},
		{"S065 the same refresh token", `"access_token":"at","refresh_token":"rt-secret-1","expires_in":3600`, time.Hour, "rt-secret-1"},
		{"lower-case type", `"access_token":"at","token_type":"bearer","refresh_token":"rt2","expires_in":3600`, time.Hour, ""},
		{"members of odd types", `"access_token":"at","refresh_token":"rt2","expires_in":3600,"scope":["a"],"id_token":1,"refresh_in":"x"`, time.Hour, ""},

		{"all that was requested", `"access_token":"at","refresh_token":"rt2","expires_in":3600,"scope":"https://mail.contoso.com/EAS.AccessAsUser.All"`, time.Hour, ""},

		{"S063 less than was requested", `"access_token":"at","refresh_token":"rt2","expires_in":3600,"scope":"openid profile"`, 0, ""},
		{"S063 no access token", `"refresh_token":"rt2","expires_in":3600`, 0, ""},
		{"empty access token", `"access_token":"","refresh_token":"rt2","expires_in":3600`, 0, ""},
		{"access token with a line break", `"access_token":"a\r\nX: y","refresh_token":"rt2","expires_in":3600`, 0, ""},
		{"S063 type mac", `"access_token":"at","token_type":"mac","refresh_token":"rt2","expires_in":3600`, 0, ""},
		{"S063 type DPoP", `"access_token":"at","token_type":"DPoP","refresh_token":"rt2","expires_in":3600`, 0, ""},
		{"status 200 with an error", `"access_token":"at","refresh_token":"rt2","error":"temporarily_unavailable"`, 0, "rt-secret-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				src.Early = -1
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					w.Header().Set("Date", date.Format(http.TimeFormat))
					fmt.Fprintf(w, "{%s}", tt.body)
					return true
				}
				tok, err := src.Token(t.Context())
				switch {
				case tt.lifetime == 0 && err == nil:
					t.Errorf("Token = %v, want an error", tok.AccessToken)
				case tt.lifetime != 0 && err != nil:
					t.Errorf("Token: %v", err)
				case tt.lifetime != 0 && time.Until(tok.Expiry) != tt.lifetime:
					t.Errorf("token lives %v, want %v", time.Until(tok.Expiry), tt.lifetime)
				}
				want := tt.refresh
				if want == "" {
					want = "rt2"
				}
				if r := load(t, src); r.RefreshToken != want {
					t.Errorf("stored refresh token %q, want %q", r.RefreshToken, want)
				}
			})
		})
	}
}

// A rotated refresh token is kept, and the access token handed out, whatever the response is
// wrapped in.
func TestTokenIsNotLostToItsWrapping(t *testing.T) {
	const good = `{"token_type":"Bearer","access_token":"at2","refresh_token":"rt2","expires_in":3600}`
	for _, tt := range []struct {
		name   string
		status int
		typ    string
		body   string
		broken bool // the response is longer than what arrives
		fails  bool // there is no access token in it
	}{
		{"201", 201, "application/json", good, false, false},
		{"202", 202, "application/json", good, false, false},
		{"206", 206, "application/json", good, false, false},
		{"byte order mark", 200, "application/json", "\ufeff" + good, false, false},
		{"byte order mark after space", 200, "application/json", " \r\n\ufeff\n" + good, false, false},
		{"white space", 200, "application/json", "\r\n\t " + good + "\r\n\r\n", false, false},
		{"type of a page", 200, "text/html; charset=utf-16", good, false, false},
		{"garbage behind", 200, "application/json", good + "<!-- served by a proxy -->", false, false},
		{"twice", 200, "application/json", good + good, false, false},
		{"error is null", 200, "application/json", strings.Replace(good, "{", `{"error":null,`, 1), false, false},
		{"error is empty", 200, "application/json", strings.Replace(good, "{", `{"error":"",`, 1), false, false},
		{"last brace missing", 200, "application/json", strings.TrimSuffix(good, "}"), false, false},
		{"broken off", 200, "application/json", strings.TrimSuffix(good, "3600}"), true, false},
		{"broken off before the access token", 200, "application/json", `{"refresh_token":"rt2","access_token":"at`, true, true},
		{"longer than what is read", 200, "application/json", strings.TrimSuffix(good, "}") + strings.Repeat(" ", 1<<20) + "}", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				src.Early = -1
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					w.Header().Set("Content-Type", tt.typ)
					if tt.broken {
						w.Header().Set("Content-Length", strconv.Itoa(len(tt.body)+100))
					}
					w.WriteHeader(tt.status)
					io.WriteString(w, tt.body)
					return true
				}
				tok, err := src.Token(t.Context())
				if tt.fails != (err != nil) || err == nil && tok.AccessToken != "at2" {
					t.Errorf("Token = %v, %v", tok, err)
				}
				if r := load(t, src); r.RefreshToken != "rt2" {
					t.Errorf("stored refresh token %q, want rt2", r.RefreshToken)
				}
			})
		})
	}
}

// Responses that are none of a token endpoint leave the sign-in as it was.
func TestGarbageFromTheTokenEndpoint(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		mention string
	}{
		{"S064 HTML with 200", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<html>Welcome to the hotel"))
		}, "captive portal"},
		{"JSON that is no object", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`["access_token"]`)) }, "not the JSON"},
		{"null", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`null`)) }, "not the JSON"},
		{"empty", func(w http.ResponseWriter, r *http.Request) {}, "not the JSON"},
		{"10 MB", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 10<<20)) }, "1048576"},
		{"407", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(407) }, "407"},
		{"400 without an error", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "Bad Request", 400) }, "400"},
		{"a refusal that breaks off", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			w.Write([]byte(`{"error":"invalid_grant","error_codes":[50173],"suberror":"bad_token","claims":"{`))
		}, "not one of a token endpoint"},
		{"300 with JSON", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(300)
			w.Write([]byte(`{"error":"invalid_grant","suberror":"bad_token"}`))
		}, "redirect"},
		{"S006 302 with JSON", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://login.microsoftonline.com/x")
			w.WriteHeader(302)
			w.Write([]byte(`{"error":"invalid_grant"}`))
		}, "redirect"},
		{"307", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://evil.example/token")
			w.WriteHeader(307)
		}, "redirect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Host != "login.microsoftonline.com" {
						t.Errorf("a request went to %s", r.URL.Host)
					}
					tt.answer(w, r)
					return true
				}
				_, err := src.Token(t.Context())
				var te *token.TransientError
				if !errors.As(err, &te) || !strings.Contains(err.Error(), tt.mention) {
					t.Errorf("Token = %v, want *TransientError that mentions %q", err, tt.mention)
				}
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
					t.Errorf("error %v holds a secret", err)
				}
				if s.posts() != 1 {
					t.Errorf("%d requests, want 1", s.posts())
				}
				s.set(func() { s.intercept = nil })
				time.Sleep(2 * time.Minute)
				mustToken(t, src)
			})
		})
	}
}

// An authority that accepts the connection and says nothing.
func TestSilentAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		time.Sleep(2 * time.Hour)
		s.delay = 10 * time.Minute
		begin := time.Now()
		_, err := src.Token(t.Context())
		var te *token.TransientError
		if !errors.As(err, &te) || time.Since(begin) != 30*time.Second {
			t.Errorf("Token = %v after %v, want *TransientError after 30s", err, time.Since(begin))
		}
		time.Sleep(15 * time.Minute) // the server's goroutine ends with the test
	})
}

func TestRefusals(t *testing.T) {
	type want struct {
		reauth    token.ReauthKind
		config    token.ConfigKind
		transient bool
		ended     bool // the refresh token is gone
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   want
	}{
		{"S070 invalid_grant alone", 400, `{"error":"invalid_grant"}`, want{reauth: token.ReauthInteraction}},
		{"S070 a number that is not known", 400, `{"error":"invalid_grant","error_codes":[50204]}`, want{reauth: token.ReauthInteraction}},
		{"S070 a configuration error", 400, `{"error":"invalid_grant","error_codes":[700016]}`, want{config: token.ConfigClient}},
		{"password expired", 400, `{"error":"invalid_grant","error_codes":[50055]}`, want{reauth: token.ReauthPassword}},
		{"suberror bad_token and a number of a policy", 400, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[53003]}`, want{reauth: token.ReauthRevoked, ended: true}},
		{"suberror basic_action and the number of an end", 400, `{"error":"invalid_grant","suberror":"basic_action","error_codes":[50173]}`, want{reauth: token.ReauthInteraction}},
		{"inactive", 400, `{"error":"invalid_grant","error_codes":[700082]}`, want{reauth: token.ReauthExpired, ended: true}},
		{"revoked", 400, `{"error":"invalid_grant","error_codes":[50173]}`, want{reauth: token.ReauthRevoked, ended: true}},
		{"sign-in frequency", 400, `{"error":"invalid_grant","error_codes":[70043]}`, want{reauth: token.ReauthFrequency, ended: true}},
		{"scopes that a personal account has not granted", 400, `{"error":"invalid_grant","error_codes":[70000],"error_description":"AADSTS70000: The request was denied because one or more scopes requested are unauthorized or expired."}`,
			want{reauth: token.ReauthConsent}},
		{"the same, and the token is of no use", 400, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[70000],"error_description":"AADSTS70000: one or more scopes requested are unauthorized"}`,
			want{reauth: token.ReauthRevoked, ended: true}},
		{"not valid", 400, `{"error":"invalid_grant","error_codes":[70000],"error_description":"AADSTS70000: The provided grant is invalid or malformed."}`, want{reauth: token.ReauthRevoked, ended: true}},
		{"password", 400, `{"error":"invalid_grant","error_codes":[50133]}`, want{reauth: token.ReauthPassword, ended: true}},
		{"number in the text only", 400, `{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired"}`, want{reauth: token.ReauthExpired, ended: true}},
		{"suberror bad_token", 400, `{"error":"invalid_grant","suberror":"bad_token"}`, want{reauth: token.ReauthRevoked, ended: true}},
		{"suberror password", 400, `{"error":"invalid_grant","suberror":"user_password_expired"}`, want{reauth: token.ReauthPassword}},
		{"suberror consent", 400, `{"error":"invalid_grant","suberror":"consent_required"}`, want{reauth: token.ReauthConsent}},
		{"suberror basic_action", 400, `{"error":"invalid_grant","suberror":"basic_action"}`, want{reauth: token.ReauthInteraction}},
		{"MFA", 400, `{"error":"invalid_grant","error_codes":[50076],"suberror":"basic_action"}`, want{reauth: token.ReauthMFA}},
		{"Conditional Access", 400, `{"error":"invalid_grant","error_codes":[53003]}`, want{reauth: token.ReauthBlocked}},
		{"claims", 400, `{"error":"invalid_grant","claims":"{\"access_token\":{\"x\":null}}"}`, want{reauth: token.ReauthClaims}},
		{"token_expired", 400, `{"error":"invalid_grant","suberror":"token_expired"}`, want{reauth: token.ReauthFrequency}},
		{"token_expired with its number", 400, `{"error":"invalid_grant","suberror":"token_expired","error_codes":[70043]}`, want{reauth: token.ReauthFrequency, ended: true}},
		{"app protection policy", 400, `{"error":"unauthorized_client","suberror":"protection_policy_required"}`, want{reauth: token.ReauthBlocked}},
		{"suberror of interaction_required", 400, `{"error":"interaction_required","suberror":"consent_required"}`, want{reauth: token.ReauthConsent}},
		{"client_mismatch", 400, `{"error":"invalid_grant","suberror":"client_mismatch"}`, want{config: token.ConfigClient}},
		{"interaction_required", 400, `{"error":"interaction_required"}`, want{reauth: token.ReauthInteraction}},
		{"consent", 400, `{"error":"invalid_grant","error_codes":[65001]}`, want{reauth: token.ReauthConsent}},
		{"disabled account", 400, `{"error":"invalid_grant","error_codes":[50057]}`, want{reauth: token.ReauthUser}},
		{"SPN missing", 400, `{"error":"invalid_resource","error_codes":[500011]}`, want{config: token.ConfigResource}},
		{"client unknown", 400, `{"error":"unauthorized_client","error_codes":[700016]}`, want{config: token.ConfigClient}},
		{"secret expired", 401, `{"error":"invalid_client","error_codes":[7000222]}`, want{config: token.ConfigSecret}},
		{"public client flows are off", 401, `{"error":"invalid_client","error_codes":[7000218]}`, want{config: token.ConfigSecret}},
		{"redirect", 400, `{"error":"invalid_request","error_codes":[50011]}`, want{config: token.ConfigRedirect}},
		{"scope", 400, `{"error":"invalid_scope","error_codes":[70011]}`, want{config: token.ConfigScope}},
		{"tenant", 400, `{"error":"invalid_request","error_codes":[90002]}`, want{config: token.ConfigTenant}},
		{"cloud", 400, `{"error":"invalid_request","error_codes":[900432]}`, want{config: token.ConfigCloud}},
		{"unknown error", 400, `{"error":"something_new"}`, want{config: token.ConfigRequest}},
		{"unknown error with a known number", 400, `{"error":"something_new","error_codes":[500011]}`, want{config: token.ConfigResource}},
		{"unknown error with the number of a dead sign-in", 400, `{"error":"something_new","error_codes":[50173]}`, want{reauth: token.ReauthRevoked}},
		{"loop", 400, `{"error":"invalid_grant","error_codes":[50196]}`, want{transient: true}},
		{"retryable number", 400, `{"error":"invalid_grant","error_codes":[90033]}`, want{transient: true}},
		{"temporarily_unavailable", 503, `{"error":"temporarily_unavailable"}`, want{transient: true}},
		{"server_error", 500, `{"error":"server_error"}`, want{transient: true}},
		{"throttled", 429, `{"error":"something_new"}`, want{transient: true}},
		{"S070 invalid_grant of a server that fails", 500, `{"error":"invalid_grant","suberror":"bad_token"}`, want{transient: true}},
		{"S070 invalid_grant while throttled", 429, `{"error":"invalid_grant","error_codes":[700082]}`, want{transient: true}},
		{"invalid_grant with 401", 401, `{"error":"invalid_grant","error_codes":[700082]}`, want{reauth: token.ReauthExpired, ended: true}},
		{"members of odd types", 400, `{"error":["invalid_grant"],"error_codes":"x"}`, want{transient: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					w.WriteHeader(tt.status)
					w.Write([]byte(tt.body))
					return true
				}
				_, err := src.Token(t.Context())
				var got want
				var re *token.ReauthError
				var ce *token.ConfigError
				var te *token.TransientError
				switch {
				case errors.As(err, &re):
					got.reauth = re.Kind
					if re.Hint == "" {
						t.Errorf("error %v does not say what to do", err)
					}
				case errors.As(err, &ce):
					got.config = ce.Kind
					if ce.Hint == "" {
						t.Errorf("error %v does not say what to do", err)
					}
				case errors.As(err, &te):
					got.transient = true
				}
				r := load(t, src)
				got.ended = r.RefreshToken == ""
				if got != tt.want {
					t.Errorf("Token = %v: %+v, want %+v", err, got, tt.want)
				}
				var rt *oauth2.RetrieveError
				if !errors.As(err, &rt) || rt.Response.StatusCode != tt.status {
					t.Errorf("no *oauth2.RetrieveError with status %d in %v", tt.status, err)
				}
			})
		})
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Config.Auth = token.Secret("client-secret-1/s/cr")
		time.Sleep(2 * time.Hour)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			writeJSON(w, 400, map[string]any{
				"error": "invalid_grant", "error_codes": []int{50173}, "correlation_id": "corr-1", "trace_id": "trace-1",
				"error_description": "AADSTS50173 for ada@contoso.com, eva%2540contoso.com: " + r.Form.Encode() + "\x1b]0;x\x07 " + r.Form.Get("refresh_token"),
			})
			return true
		}
		_, err := src.Token(t.Context())
		var rt *oauth2.RetrieveError
		if !errors.As(err, &rt) {
			t.Fatalf("Token = %v, want *oauth2.RetrieveError in it", err)
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", err, "rt", rt)
		j, _ := json.Marshal(err)
		all := fmt.Sprintf("%v %+v %s %v %s %s %s %q", err, err, err, rt, rt.Body, j, log.String(), rt.ErrorDescription)
		for _, bad := range []string{"rt-secret", "client-secret-1", "s%2Fcr", "ada@contoso.com", "eva%", "\x1b"} {
			if strings.Contains(all, bad) {
				t.Errorf("errors hold %q: %s", bad, all)
			}
		}
		for _, want := range []string{"AADSTS50173", "corr-1", "trace-1", "status 400", "sign in again"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q lacks %q", err, want)
			}
		}
		if !strings.Contains(string(rt.Body), `"trace_id":"trace-1"`) || strings.Contains(string(rt.Body), "suberror") {
			t.Errorf("body %s does not hold the members of the refusal", rt.Body)
		}
		if rt.Response.Request != nil {
			t.Error("the response carries the request, and that the refresh token")
		}
	})
}

// An authority that echoes the request, in whole, escaped or in part, wherever there is
// room for it.
func TestS134EchoedSecrets(t *testing.T) {
	const secret = "client/secret+value"
	for _, tt := range []struct {
		name, echo string
		parts      []string // that must not be seen
	}{
		{"in whole", secret, []string{"secret", "value"}},
		{"between words", "of " + secret + ", so", []string{"secret", "value"}},
		{"escaped", url.QueryEscape(secret), []string{"secret", "value"}},
		{"twice", secret + secret, []string{"secret", "value"}},
		{"the beginning", secret[:14], []string{"secret"}},
		{"the end", secret[5:], []string{"secret", "value"}},
		{"behind a control character", "\x1b" + secret, []string{"secret", "value"}},
		{"longer than a field may be", strings.Repeat("x", 50) + secret, []string{"secret", "value"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				src.Config.Auth = token.Secret(secret)
				time.Sleep(2 * time.Hour)
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					for _, name := range []string{"request-id", "x-ms-request-id", "client-request-id", "Retry-After"} {
						w.Header().Set(name, strings.ReplaceAll(tt.echo, "\x1b", "\t"))
					}
					writeJSON(w, 400, map[string]any{
						"error": "interaction_required", "suberror": tt.echo, "correlation_id": tt.echo, "trace_id": tt.echo,
						"error_description": tt.echo, "error_uri": "https://login.microsoftonline.com/error?" + tt.echo,
						"claims": `{"access_token":{"x":"` + url.QueryEscape(tt.echo) + `"}}`,
					})
					return true
				}
				_, err := src.Token(t.Context())
				var rt *oauth2.RetrieveError
				if !errors.As(err, &rt) {
					t.Fatalf("Token = %v, want *oauth2.RetrieveError in it", err)
				}
				j, _ := json.Marshal(err)
				all := fmt.Sprintf("%v %+v %s %s %v", err, err, j, rt.Body, rt.Response.Header)
				for _, part := range tt.parts {
					if strings.Contains(strings.ReplaceAll(all, "client_secret", ""), part) {
						t.Errorf("errors hold %q: %s", part, all)
					}
				}
			})
		})
	}
}

// An error that ends a sign-in of which a refresh may have been lost is one line, which does
// not quote the authority.
func TestErrRefreshUncertainIsOneLine(t *testing.T) {
	cause := &oauth2.RetrieveError{ErrorCode: "invalid_grant", ErrorDescription: "AADSTS70000: for ada@contoso.com\r\nTrace ID: 1"}
	for _, err := range []error{
		errors.Join(token.ErrRefreshUncertain, cause),
		fmt.Errorf("%w: %w", token.ErrRefreshUncertain, cause),
		fmt.Errorf("%w: %w", token.ErrRefreshUncertain, errors.Join(cause)),
	} {
		re := &token.ReauthError{Kind: token.ReauthRevoked, Hint: "sign in again", Err: err}
		const want = "token: sign-in required (revoked): sign in again: token: the response to an earlier refresh may have been lost"
		if re.Error() != want {
			t.Errorf("error = %q, want %q", re, want)
		}
		if !errors.Is(re, token.ErrRefreshUncertain) {
			t.Errorf("%v does not match ErrRefreshUncertain", re)
		}
	}
}

// Over real HTTP: a token endpoint that answers 307 to another origin gets no second
// request sent, and neither a 503 nor a missing client is answered by trying another
// way of authentication.
func TestS006TokenEndpointOverTheWire(t *testing.T) {
	var stolen int
	thief := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stolen++ }))
	defer thief.Close()
	var posts int
	var status int
	var seen *http.Request
	mux := http.NewServeMux()
	srv := httptest.NewTLSServer(mux)
	defer srv.Close()
	mux.HandleFunc("/adfs/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, 200, map[string]any{"issuer": srv.URL + "/adfs", "authorization_endpoint": srv.URL + "/a",
			"token_endpoint": srv.URL + "/token", "jwks_uri": srv.URL + "/keys"})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		posts++
		r.ParseForm()
		seen = r
		w.Header().Set("Location", thief.URL)
		w.WriteHeader(status)
	})
	host := mustURL(srv.URL).Host
	c, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: srv.URL + "/adfs/oauth2/authorize"}, endpoint,
		&token.Options{HTTPClient: srv.Client(), TrustedAuthorities: []string{host}, Auth: token.Secret("s3cret-value")})
	if err != nil {
		t.Fatal(err)
	}
	for _, status = range []int{307, 308, 302, 401, 503} {
		posts = 0
		_, err = token.RefreshToken("rt-secret").SignIn(t.Context(), c)
		var te *token.TransientError
		if !errors.As(err, &te) || te.Status != status {
			t.Errorf("SignIn with %d = %v, want *TransientError of that status", status, err)
		}
		if posts != 1 || stolen != 0 {
			t.Errorf("status %d: %d requests to the authority, %d to another origin; want 1 and 0", status, posts, stolen)
		}
	}
	if seen.Header.Get("Authorization") != "" || seen.PostForm.Get("client_secret") != "s3cret-value" || seen.PostForm.Get("client_id") != clientID {
		t.Errorf("the client authentication is not among the parameters")
	}
	if seen.URL.RawQuery != "" || seen.Header.Get("Origin") != "" {
		t.Errorf("query %q, Origin %q; want neither", seen.URL.RawQuery, seen.Header.Get("Origin"))
	}
}

func TestImportOfARefreshToken(t *testing.T) {
	s := newSTS()
	s.tokens["imported-secret"] = &refreshState{issued: time.Now()}
	src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Flow: token.RefreshToken("imported-secret")}
	if _, err := src.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := load(t, src); r.RefreshToken != "rt-secret-1" {
		t.Errorf("stored %q, want the rotated token", r.RefreshToken)
	}
	for _, dead := range []string{"unknown-token", ""} {
		if _, err := token.RefreshToken(dead).SignIn(t.Context(), src.Config); err == nil {
			t.Errorf("import of %q succeeded", dead)
		}
	}
	// An authority that does not rotate.
	s.noRotate = true
	tok, err := token.RefreshToken("rt-secret-1").SignIn(t.Context(), src.Config)
	if err != nil || tok.RefreshToken != "rt-secret-1" {
		t.Errorf("SignIn without rotation = %v, want the old refresh token kept", err)
	}
}

func TestOnBehalfOf(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	c.Auth = token.ClientAssertion(func(ctx context.Context, id string, to *url.URL) (string, error) {
		return "assertion for " + id + " at " + to.Path, nil
	})
	flow := &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return "AT1", nil }}
	src := &token.Source{Config: c, Store: &token.MemoryStore{}, Key: "ada", Flow: flow}
	mustToken(t, src)
	f := s.last()
	for name, want := range map[string]string{
		"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of", "assertion": "AT1",
		"client_assertion":      "assertion for " + clientID + " at /common/oauth2/v2.0/token",
		"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		"scope":                 "https://mail.contoso.com/EAS.AccessAsUser.All offline_access openid profile",
	} {
		if got := f.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if r := load(t, src); r.RefreshToken == "" {
		t.Error("no refresh token of the service's own")
	}

	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		writeJSON(w, 400, map[string]any{"error": "interaction_required", "claims": `{"access_token":{"capolids":{"values":["x"]}}}`})
		return true
	}
	_, err := flow.SignIn(t.Context(), c)
	var re *token.ReauthError
	if !errors.As(err, &re) || re.Claims != `{"access_token":{"capolids":{"values":["x"]}}}` {
		t.Errorf("SignIn = %v, want *ReauthError with the claims for the front client", err)
	}

	var ce *token.ConfigError
	if _, err := (&token.OnBehalfOf{}).SignIn(t.Context(), c); !errors.As(err, &ce) {
		t.Errorf("SignIn without an assertion = %v", err)
	}
	public := *c
	public.Auth = nil
	if _, err := flow.SignIn(t.Context(), &public); !errors.As(err, &ce) {
		t.Errorf("SignIn of a public client = %v", err)
	}
	boom := errors.New("boom")
	if _, err := (&token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return "", boom }}).SignIn(t.Context(), c); !errors.Is(err, boom) {
		t.Errorf("SignIn = %v, want the error of Assertion", err)
	}
	c.Auth = token.ClientAssertion(func(context.Context, string, *url.URL) (string, error) { return "", boom })
	if _, err := flow.SignIn(t.Context(), c); !errors.Is(err, boom) {
		t.Errorf("SignIn = %v, want the error of the client assertion", err)
	}
}
