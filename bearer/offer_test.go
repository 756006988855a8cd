package bearer_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
)

func response(status int, h http.Header) *http.Response {
	return &http.Response{StatusCode: status, Header: h, Body: http.NoBody}
}

func TestFromResponse(t *testing.T) {
	const entra = "https://login.windows.net/common/oauth2/authorize"
	const exchange = "00000002-0000-0ff1-ce00-000000000000"
	types := []string{"app_asserted_user_v1", "service_asserted_app_v1"}
	claims := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"nbf":{"essential":true, "value":"1597959090"}}}`))
	for _, tt := range []struct {
		name   string // and the source of the shape
		header http.Header
		want   bearer.Offer
		err    error
	}{
		{name: "Exchange, anonymous (Outlook mobile, hybrid modern authentication)",
			header: http.Header{"Www-Authenticate": seed004, "Request-Id": {"5ca2c827-5147-474c-8457-63c4e5099c6e"}},
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: entra, TokenTypes: types, RequestID: "5ca2c827-5147-474c-8457-63c4e5099c6e",
				TrustedIssuers: []bearer.Issuer{{ID: "00000001-0000-0000-c000-000000000000", Realm: "5de110f8-2e0f-4d45-891d-bcf2218e253d"},
					{ID: "00000004-0000-0ff1-ce00-000000000000", Realm: "contoso.com"}}}},
		{name: "Exchange behind TLS offloading", header: http.Header{
			"Www-Authenticate": {`Bearer client_id="` + exchange + `", authorization_uri="` + entra + `", error="invalid_token"`, `Basic realm="mail.contoso.com"`},
			"X-Ms-Diagnostics": {`2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`}},
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: entra, Error: "invalid_token", Diagnostics: &bearer.Diagnostics{Code: 2000003,
				Reason: "The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.", Category: "invalid_resource"}}},
		{name: "Exchange 2019 without an identity (Q&A 1792037)", header: http.Header{
			"Www-Authenticate": {`Bearer client_id="` + exchange + `", token_types="app_asserted_user_v1 service_asserted_app_v1", error="invalid_token",Basic realm="mail.dummy.uk"`},
			"X-Ms-Diagnostics": {`4000000;reason="Flighting is not enabled for domain 'mail.dummy.uk'.";error_category="oauth_not_available"`}},
			want: bearer.Offer{ClientID: exchange, TokenTypes: types, Error: "invalid_token", Diagnostics: &bearer.Diagnostics{Code: 4000000,
				Reason: "Flighting is not enabled for domain 'mail.dummy.uk'.", Category: "oauth_not_available"}},
			err: bearer.ErrNoAuthorizationURI},
		{name: "Exchange SE with AD FS, Basic first", header: http.Header{"Www-Authenticate": {`Basic realm="mail.contoso.test"`,
			`Bearer client_id="` + exchange + `", authorization_uri="https://adfs.contoso.test/adfs/oauth2/authorize", issuer_kind="ADFS"`}},
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: "https://adfs.contoso.test/adfs/oauth2/authorize", IssuerKind: "ADFS"}},
		{name: "SharePoint: commas and URLs in trusted_issuers", header: http.Header{"Www-Authenticate": {
			`Bearer realm="d4961f1b",client_id="c",trusted_issuers="00000001-0000-0000-c000-000000000000@*,https://sts.windows.net/*/",authorization_uri="` + entra + `"`}},
			want: bearer.Offer{Realm: "d4961f1b", ClientID: "c", AuthorizationURI: entra,
				TrustedIssuers: []bearer.Issuer{{ID: "00000001-0000-0000-c000-000000000000", Realm: "*"}, {ID: "https://sts.windows.net/*/"}}}},
		{name: "claims challenge (SharePoint)", header: http.Header{"Www-Authenticate": {
			`Bearer authorization_uri="` + entra + `",error="insufficient_claims",claims="` + claims + `"`}},
			want: bearer.Offer{AuthorizationURI: entra, Error: "insufficient_claims", Claims: `{"access_token":{"nbf":{"essential":true, "value":"1597959090"}}}`}},
		{name: "claims in base64url without padding", header: http.Header{"Www-Authenticate": {
			`Bearer authorization_uri="` + entra + `",claims="` + base64.RawURLEncoding.EncodeToString([]byte(`{"a":"??>>"}`)) + `"`}},
			want: bearer.Offer{AuthorizationURI: entra, Claims: `{"a":"??>>"}`}},
		{name: "claims as escaped JSON", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entra + `",claims="{\"a\":1}"`}},
			want: bearer.Offer{AuthorizationURI: entra, Claims: `{"a":1}`}},
		{name: "claims that are none", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entra + `",claims="%%%"`}},
			want: bearer.Offer{AuthorizationURI: entra}, err: bearer.ErrClaims},
		{name: "claims that are no object", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entra + `",claims="WzFd"`}},
			want: bearer.Offer{AuthorizationURI: entra}, err: bearer.ErrClaims},
		{name: "alias authorization, missing comma (Key Vault)", header: http.Header{"Www-Authenticate": {`Bearer authorization="https://login.windows.net/t" resource="r"`}},
			want: bearer.Offer{AuthorizationURI: "https://login.windows.net/t"}},
		{name: "alias authority", header: http.Header{"Www-Authenticate": {`Bearer authority="https://login.windows.net/t"`}},
			want: bearer.Offer{AuthorizationURI: "https://login.windows.net/t"}},
		{name: "PoP and DPoP beside it", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entra + `", PoP nonce="n", DPoP algs="ES256 PS256"`}},
			want: bearer.Offer{AuthorizationURI: entra, PoPNonce: "n", DPoPAlgs: []string{"ES256", "PS256"}}},
		{name: "RFC 9470 and 9728", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entra + `", acr_values="a b", max_age=5, scope="x y", resource_metadata="https://r/.well-known/oauth-protected-resource", error_description="d"`}},
			want: bearer.Offer{AuthorizationURI: entra, ACRValues: []string{"a", "b"}, MaxAge: 5 * time.Second, Scope: []string{"x", "y"},
				ResourceMetadata: "https://r/.well-known/oauth-protected-resource", ErrorDescription: "d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bearer.FromResponse(response(401, tt.header))
			if !errors.Is(err, tt.err) || got == nil {
				t.Fatalf("FromResponse = %v, %v; want %v", got, err, tt.err)
			}
			if tt.want.MaxAge == 0 {
				tt.want.MaxAge = -1
			}
			if got.Status != 401 || len(got.Challenges) == 0 {
				t.Errorf("status %d, %d challenges", got.Status, len(got.Challenges))
			}
			got.Status, got.Challenges, got.Repairs = 0, nil, nil
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("FromResponse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFromResponseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header http.Header
		want   error
		text   string // that the error must hold
	}{
		{"no challenge, not Exchange", http.Header{}, bearer.ErrNoChallenge, "a device in front"},
		{"no challenge, Exchange", http.Header{"X-Feserver": {"FE01"}}, bearer.ErrNoChallenge, "no challenge"},
		{"Basic alone", http.Header{"Www-Authenticate": {`Basic realm="x"`}}, bearer.ErrLegacyOnly, "schemes Basic"},
		{"Negotiate and NTLM", http.Header{"Www-Authenticate": {"Negotiate", "NTLM"}}, bearer.ErrLegacyOnly, "Negotiate NTLM"},
		{"two authorities", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a"`, `Bearer authorization_uri="https://b"`}}, bearer.ErrConflict, "different"},
		{"a Bearer in a quoted realm is none", http.Header{"Www-Authenticate": {`Basic realm="Bearer authorization_uri=https://evil.example"`}}, bearer.ErrLegacyOnly, "Basic"},
		{"the same authority twice is none", http.Header{"Www-Authenticate": {`Bearer realm="x"`, `Bearer realm="y"`}}, bearer.ErrNoAuthorizationURI, "IsDefaultAuthorizationEndpoint"},
	} {
		_, err := bearer.FromResponse(response(401, tt.header))
		var oe *bearer.OfferError
		if !errors.Is(err, tt.want) || !errors.As(err, &oe) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.want, tt.text)
		}
	}
	var syntax *bearer.SyntaxError
	if _, err := bearer.FromResponse(response(401, http.Header{"Www-Authenticate": {`Bearer realm="x`}})); !errors.As(err, &syntax) {
		t.Errorf("a broken challenge = %v, want a *SyntaxError", err)
	}
}

// Text of a server that reaches an error must not be able to drive a terminal.
func TestErrorsPrint(t *testing.T) {
	_, err := bearer.FromResponse(response(401, http.Header{
		"Www-Authenticate": {"Bearer error=\"\u202eevil\u009b31m\""},
		"X-Ms-Diagnostics": {"2000003;reason=\"\u202e" + strings.Repeat("x", 5000) + "\""},
	}))
	if err == nil || strings.ContainsAny(err.Error(), "\u202e\u009b") || len(err.Error()) > 1500 {
		t.Errorf("error of %d bytes: %.80q", len(err.Error()), err)
	}
}

// diagnosticsCases are the shapes of X-MS-Diagnostics that were seen or documented.
var diagnosticsCases = []struct {
	in   string
	want bearer.Diagnostics
	kind bearer.DiagnosticKind
}{
	{`2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`, bearer.Diagnostics{Code: 2000000, Reason: "The token has an invalid signature.", Category: "invalid_signature"}, bearer.InvalidSignature},
	{`2000002;reason="r"error_type="token_expired"`, bearer.Diagnostics{Code: 2000002, Reason: "r", Category: "token_expired"}, bearer.TokenExpired}, // as documented: no second semicolon
	{`2000005;reason= "The user specified by the user-context in the token is ambiguous." ;error_category= "invalid_user"`,
		bearer.Diagnostics{Code: 2000005, Reason: "The user specified by the user-context in the token is ambiguous.", Category: "invalid_user"}, bearer.InvalidUser},
	{`3005004;reason="The token does not contain valid algorithm in header.";category="invalid_client"`,
		bearer.Diagnostics{Code: 3005004, Reason: "The token does not contain valid algorithm in header.", Category: "invalid_client"}, bearer.InvalidClient},
	{`2000008;reason="a "quoted" word";error_category="invalid_grant"`, bearer.Diagnostics{Code: 2000008, Reason: `a "quoted" word`, Category: "invalid_grant"}, bearer.InvalidGrant},
	{`1000;reason="x";source="s";fault="f";error_category="new_thing"`, bearer.Diagnostics{Code: 1000, Reason: "x", Category: "new_thing"}, "new_thing"},
	{`4000000`, bearer.Diagnostics{Code: 4000000}, bearer.OAuthNotAvailable},
	{`2000007;reason=unquoted words;error_category=internal_error`, bearer.Diagnostics{Code: 2000007, Reason: "unquoted words", Category: "internal_error"}, bearer.InternalError},
	{` 2000001 ; reason="no end`, bearer.Diagnostics{Code: 2000001, Reason: "no end"}, bearer.InvalidToken},
}

func TestParseDiagnostics(t *testing.T) {
	for _, tt := range diagnosticsCases {
		got, err := bearer.ParseDiagnostics(tt.in)
		if err != nil || got != tt.want || got.Kind() != tt.kind {
			t.Errorf("ParseDiagnostics(%q) = %+v (%s), %v; want %+v (%s)", tt.in, got, got.Kind(), err, tt.want, tt.kind)
		}
		if tt.want.Code > 2000000 && tt.want.Code < 2000009 && (got.Cause() == "" || got.Remedy() == "") {
			t.Errorf("%d has no cause or remedy", got.Code)
		}
	}
	for _, in := range []string{"", ";reason=\"x\"", "abc", "2000003x;", "99999999999999999999", "2000003;reason=\"a\x00\"", strings.Repeat("1", 17<<10)} {
		if got, err := bearer.ParseDiagnostics(in); !errors.Is(err, bearer.ErrDiagnostics) {
			t.Errorf("ParseDiagnostics(%.40q) = %+v, %v; want ErrDiagnostics", in, got, err)
		}
	}
}

func TestDiagnosticsAudience(t *testing.T) {
	for _, tt := range []struct {
		reason, expected, actual string
		ok                       bool
	}{
		{"x. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.", "https://mail.contoso.com", "http://mail.contoso.com", true},
		{"The audience claim value is invalid 'aud'.", "", "", false},
		{"Expected 'a", "", "", false},
		{"Expected 'a'. Actual b", "a", "", false},
	} {
		e, a, ok := bearer.Diagnostics{Reason: tt.reason}.Audience()
		if ok != tt.ok || ok && (e != tt.expected || a != tt.actual) {
			t.Errorf("Audience(%q) = %q, %q, %v", tt.reason, e, a, ok)
		}
	}
}
