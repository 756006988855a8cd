package token

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

// A refusal in full: what is kept of it, and the error that users of x/oauth2 expect.
func TestRefusalInFull(t *testing.T) {
	const body = `{"error":"invalid_grant","error_description":"AADSTS700082: of ada@contoso.com","error_uri":"https://login.microsoftonline.com/error?code=700082","suberror":"bad_token",` +
		`"claims":"{ \"access_token\": {\"acrs\":1} }","correlation_id":"co","trace_id":"tr","error_codes":[0,-1,700082,1]}`
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	oe := parseOAuthError(m)
	resp := &http.Response{Status: "400 Bad Request", StatusCode: 400, Proto: "HTTP/2.0", ProtoMajor: 2, ProtoMinor: 0, Request: &http.Request{},
		Header: http.Header{"Request-Id": {"re of ada@contoso.com"}, "Retry-After": {"7"}, "Date": {"d"}, "Content-Type": {"c"}, "X-Ms-Request-Id": {"xm"}, "Client-Request-Id": {"cr"}, "Set-Cookie": {"s3cret"}}}
	if diff := cmp.Diff(Refusal{Status: 400, Code: "invalid_grant", Suberror: "bad_token", AADSTS: 700082, Claims: `{"access_token":{"acrs":1}}`, CorrelationID: "co", TraceID: "tr", RequestID: "re of …"},
		oe.refusal(400, resp.Header, nil)); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
	re := oe.retrieveError(resp, nil)
	var got map[string]any
	if err := json.Unmarshal(re.Body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"error": "invalid_grant", "error_description": "AADSTS700082: of …", "error_uri": "https://login.microsoftonline.com/error?code=700082", "suberror": "bad_token",
		"claims": `{ "access_token": {"acrs":1} }`, "correlation_id": "co", "trace_id": "tr", "error_codes": []any{0.0, -1.0, 700082.0, 1.0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if re.ErrorCode != "invalid_grant" || re.ErrorDescription != "AADSTS700082: of …" || re.ErrorURI != "https://login.microsoftonline.com/error?code=700082" {
		t.Errorf("%+v", re)
	}
	if r := re.Response; r.Status != "400 Bad Request" || r.StatusCode != 400 || r.Proto != "HTTP/2.0" || r.ProtoMajor != 2 || r.Request != nil {
		t.Errorf("response %+v", r)
	}
	if diff := cmp.Diff(http.Header{"Request-Id": {"re of …"}, "Retry-After": {"7"}, "Date": {"d"}, "Content-Type": {"c"}, "X-Ms-Request-Id": {"xm"}, "Client-Request-Id": {"cr"}}, re.Response.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if b, err := io.ReadAll(re.Response.Body); err != nil || len(b) != 0 {
		t.Errorf("body %q, %v", b, err)
	}

	if b := (oauthError{numbers: []int{7}}).retrieveError(nil, nil).Body; string(b) != `{"error_codes":[7]}` {
		t.Errorf("body of one number: %s", b)
	}
	none := parseOAuthError(nil).retrieveError(nil, nil)
	if none.Response == nil || none.Response.Body == nil || none.Response.Header == nil || string(none.Body) != "{}" || none.ErrorCode != "" {
		t.Errorf("of nothing: %+v, body %s", none, none.Body)
	}
}

// Where the number of a refusal comes from.
func TestNumberOfARefusal(t *testing.T) {
	long := strings.Repeat("x", 16<<10-len(" AADSTS50173:"))
	for _, tt := range []struct {
		numbers     []int
		description string
		want        int
	}{
		{[]int{50173}, "", 50173}, {[]int{0, 50173}, "AADSTS1000", 50173}, {[]int{1, 2}, "", 1}, {[]int{-1}, "AADSTS50173:", 50173}, {nil, "AADSTS50173: x", 50173},
		{nil, "AADSTS123", 0}, {nil, "AADSTS1234", 1234}, {nil, "AADSTS12345678", 12345678}, {nil, "AADSTS123456789", 0}, {nil, "xAADSTS50173", 0}, {nil, "AADSTS50173 AADSTS50174", 50173},
		{nil, long + " AADSTS50173:", 50173}, {nil, long + "x AADSTS50173:", 0}, {[]int{7}, long + "x AADSTS50173:", 7},
	} {
		if got := (oauthError{numbers: tt.numbers, description: tt.description}).refusal(400, nil, nil).AADSTS; got != tt.want {
			t.Errorf("of %v and %.40q: %d, want %d", tt.numbers, tt.description, got, tt.want)
		}
	}
	for claims, want := range map[string]string{`{"a":1}`: `{"a":1}`, "": "", "{": "", `{"a":"rt-s3cret"}`: ""} {
		if got := (oauthError{claims: claims}).refusal(400, nil, secrets{"rt-s3cret"}).Claims; got != want {
			t.Errorf("claims %s of %s, want %s", got, claims, want)
		}
	}
}

// The secrets of a request are cut out of what is quoted, in each form in which they may come
// back, and in part.
func TestScrub(t *testing.T) {
	form := url.Values{"refresh_token": {"rt/s3cret+&1"}, "code": {"short"}, "client_secret": {"sixsix"}, "scope": {"not-a-secret"}}
	s := secretsOf(form)
	for text, want := range map[string]string{
		"rt/s3cret+&1":             "…",
		"a rt/s3cret+&1 b":         "a … b",
		"rt%2Fs3cret%2B%261":       "…",
		"rt%252Fs3cret%252B%25261": "…",
		"rt%2Fs3cret+&1":           "…",
		`rt/s3cret+\u00261`:        "…",
		"short":                    "short",
		"sixsix":                   "…",
		"not-a-secret":             "not-a-secret",
		"ada@contoso.com":          "…",
		"of ada%40contoso.com":     "of …",
		"of ada%2540contoso.com.":  "of …",
		"<ada@contoso.com>":        "<…>",
		"@ and ada@":               "@ and ada@",
	} {
		if got := s.scrub(text, 100); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
	secret := "0123456789abcdefghij"
	for text, want := range map[string]string{
		"":                             "",
		secret:                         "…",
		"x" + secret[:12] + "y":        "x…y",
		"x" + secret[:11] + "y":        "x" + secret[:11] + "y",
		"x" + secret[3:16] + "y":       "x…y",
		secret[8:]:                     "…",
		secret[9:]:                     secret[9:],
		secret[:12] + secret[:12]:      "……",
		"x" + secret[:12]:              "x…",
		secret[:12] + "x" + secret[5:]: "…x…",
	} {
		if got := cutParts(text, secret); got != want {
			t.Errorf("cutParts(%q) = %q, want %q", text, got, want)
		}
	}
	if got := s.scrub(strings.Repeat("a", maxText)+"b", 2*maxText); got != strings.Repeat("a", maxText) {
		t.Errorf("%d bytes are left of %d", len(got), maxText+1)
	}
	if got := s.scrub("abcdef", 3); len(got) > len("abc…") || !strings.HasPrefix(got, "ab") {
		t.Errorf("scrub to 3 = %q", got)
	}
	if got := (secrets{"s3cret"}).requestID(http.Header{"Request-Id": {"a s3cret"}}); got != "a …" {
		t.Errorf("request ID %q", got)
	}
}

// What a failed refresh says about its refresh token: whether it may have been spent.
func TestMayBeSpent(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&TransientError{}, true},
		{&TransientError{Refusal: Refusal{Status: 500}}, true},
		{&TransientError{Refusal: Refusal{Status: 200}}, true},
		{&TransientError{Refusal: Refusal{Status: 429}}, false},
		{&TransientError{Refusal: Refusal{Status: 503}}, false},
		{&TransientError{Refusal: Refusal{Code: "server_error", Status: 500}}, false},
		{&ConfigError{}, false},
		{&ReauthError{}, false},
		{errors.New("x"), false},
		{nil, false},
	} {
		if got := mayBeSpent(tt.err); got != tt.want {
			t.Errorf("%#v: %v, want %v", tt.err, got, tt.want)
		}
	}
}

// Texts of causes, without what repeats the facts.
func TestIsRetrieveError(t *testing.T) {
	if !isRetrieveError(&oauth2.RetrieveError{}) || isRetrieveError((*oauth2.RetrieveError)(nil)) || isRetrieveError(errors.New("x")) {
		t.Error("isRetrieveError")
	}
}

// The hints speak of what was requested, and of nothing else.
func TestHints(t *testing.T) {
	exchange := &url.URL{Scheme: "https", Host: "mail.contoso.com"}
	online := &url.URL{Scheme: "https", Host: "outlook.office365.com"}
	const eas = "https://mail.contoso.com/EAS.AccessAsUser.All"
	for _, tt := range []struct {
		kind  ReauthKind
		grant string
		want  string
	}{
		{ReauthRevoked, grantRefresh, "the refresh token has expired or was revoked: sign in again"},
		{ReauthExpired, grantRefresh, "the refresh token has expired or was revoked: sign in again"},
		{ReauthRevoked, grantCode, "the authorization code has expired or was used before: sign in again"},
		{ReauthExpired, grantCode, "the authorization code has expired or was used before: sign in again"},
		{ReauthRevoked, grantDevice, "the device code is not valid: begin the device sign-in again"},
		{ReauthExpired, grantDevice, deviceHint},
		{ReauthRevoked, grantJWT, "the assertion is not accepted: " + assertionHint},
		{ReauthExpired, grantJWT, "the assertion is not accepted: " + assertionHint},
		{ReauthRevoked, "", reauthHints[ReauthRevoked]},
		{ReauthInteraction, grantRefresh, "the authority requires the user, and the refresh token is kept: sign in again, or retry later"},
		{ReauthInteraction, grantJWT, "the authority requires the user: send the challenge to the front client"},
		{ReauthInteraction, grantCode, reauthHints[ReauthInteraction]},
		{ReauthPassword, grantRefresh, reauthHints[ReauthPassword]},
		{ReauthPassword, grantDevice, reauthHints[ReauthPassword]},
		{ReauthPassword, grantCode, reauthHints[ReauthPassword]},
		{ReauthPassword, grantJWT, reauthHints[ReauthPassword]},
		{ReauthConsent, grantRefresh, "consent is missing: the user or an administrator must grant EAS.AccessAsUser.All of Office 365 Exchange Online to the app"},
	} {
		q := inquiry{kind: Entra, grant: tt.grant, scope: eas, endpoint: exchange}
		if got := q.reauthHint(tt.kind, ""); got != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.kind, tt.grant, got, tt.want)
		}
		if got := q.reauthHint(tt.kind, "say <scope>"); got != "say "+eas {
			t.Errorf("a hint of the table: %q", got)
		}
	}
	for kind, want := range map[ConfigKind]string{
		ConfigClient: "the app may not do this", ConfigSecret: "the client authentication is not accepted", ConfigRedirect: "add http://localhost under", ConfigResource: "add https://mail.contoso.com as a service principal name of " + exchangeAppID,
		ConfigScope: "request " + eas, ConfigTenant: "check the tenant", ConfigCloud: "in another cloud", ConfigRequest: "does not accept the request",
	} {
		if got := (inquiry{kind: Entra, scope: eas, endpoint: exchange}).configHint(kind, ""); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	for _, tt := range []struct {
		q    inquiry
		hint string
		want string
	}{
		{inquiry{scope: eas}, "<scope>", eas},
		{inquiry{}, "<scope>, <permit>", "a scope of the resource, add the permission of the resource"},
		{inquiry{scope: "https://graph.microsoft.com/Mail.Read"}, "<permit>", "add Mail.Read of Microsoft Graph"},
		{inquiry{scope: "https://api.contoso.com/a/Read"}, "<permit>", "add Read of https://api.contoso.com/a"},
		{inquiry{scope: "Read"}, "<permit>", "add Read of "},
		{inquiry{scope: "/Read"}, "<permit>", "add Read of "},
		{inquiry{scope: "https://h/IMAP.AccessAsUser.All"}, "<permit>", "add IMAP.AccessAsUser.All of Office 365 Exchange Online"},
		{inquiry{scope: "%/IMAP.AccessAsUser.All"}, "<permit>", "add IMAP.AccessAsUser.All of %"},
		{inquiry{grant: grantJWT}, "<assertion>", assertionHint},
		{inquiry{grant: grantRefresh}, "<assertion>", "sign in again"},
		{inquiry{kind: ADFS}, "<redirect>", "add it to the native application of the application group"},
		{inquiry{kind: Entra}, "<redirect>", "add http://localhost under Mobile and desktop applications"},
		{inquiry{}, "<device>", deviceHint},
		{inquiry{}, "<adminconsent>", "an administrator must grant the app its permissions"},
		{inquiry{}, "as it is", "as it is"},
		{inquiry{scope: eas}, "<register>", "check the resource of the scope and the tenant"},
		{inquiry{scope: "https://mail.contoso.com/Mail.Read", endpoint: exchange}, "<register>", "check the resource of the scope and the tenant"},
		{inquiry{scope: "EAS.AccessAsUser.All", endpoint: exchange}, "<register>", "check the resource of the scope and the tenant"},
		{inquiry{scope: eas, endpoint: online}, "<register>", "check that the tenant has Exchange Online"},
		{inquiry{scope: eas, endpoint: exchange, kind: ADFS}, "<register>", "add https://mail.contoso.com/ as the identifier of a web API to the application group"},
		{inquiry{scope: eas, endpoint: exchange, kind: OpenID}, "<register>", "add https://mail.contoso.com as a service principal name of " + exchangeAppID},
	} {
		if got := tt.q.expand(tt.hint); got != tt.want {
			t.Errorf("%s for %q at %s = %q, want %q", tt.hint, tt.q.scope, tt.q.kind, got, tt.want)
		}
	}
	c := &Config{Authority: &Authority{Kind: ADFS}, Endpoint: exchange, Scopes: []string{"openid", "profile", "email", "offline_access", "https://x/EAS.AccessAsUser.All", "https://x/y"}}
	if q := c.inquiry(url.Values{"grant_type": {"g"}}); q.scope != "https://mail.contoso.com//EAS.AccessAsUser.All" || q.grant != "g" || q.kind != ADFS || q.endpoint != exchange {
		t.Errorf("inquiry %+v", q)
	}
	if q := (&Config{Scopes: []string{"https://x/EAS.AccessAsUser.All"}}).inquiry(nil); q.scope != "https://x/EAS.AccessAsUser.All" || q.kind != "" || q.grant != "" {
		t.Errorf("inquiry %+v", q)
	}
	if q := (&Config{Scopes: []string{"a", "b"}, Endpoint: exchange}).inquiry(nil); q.scope != "a" {
		t.Errorf("inquiry %+v", q)
	}
	for permission, want := range map[string]bool{"EAS.X": true, "EWS.X": true, "IMAP.X": true, "POP.X": true, "SMTP.X": true, "Mail.X": false, "EAS": false} {
		if isExchange(permission) != want {
			t.Errorf("isExchange(%s) = %v", permission, !want)
		}
	}
}
