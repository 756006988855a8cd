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
	const zeroAge = time.Duration(1) // stands for a max_age of 0
	const entraURL = "https://login.windows.net/common/oauth2/authorize"
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
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: entraURL, TokenTypes: types, RequestID: "5ca2c827-5147-474c-8457-63c4e5099c6e",
				TrustedIssuers: []bearer.Issuer{{ID: "00000001-0000-0000-c000-000000000000", Realm: "5de110f8-2e0f-4d45-891d-bcf2218e253d"},
					{ID: "00000004-0000-0ff1-ce00-000000000000", Realm: "contoso.com"}}, Legacy: []string{"Basic"}}},
		{name: "Exchange behind TLS offloading", header: http.Header{
			"Www-Authenticate": {`Bearer client_id="` + exchange + `", authorization_uri="` + entraURL + `", error="invalid_token"`, `Basic realm="mail.contoso.com"`},
			"X-Ms-Diagnostics": {`2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`}},
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: entraURL, Error: "invalid_token", Legacy: []string{"Basic"}, Diagnostics: &bearer.Diagnostics{Code: 2000003,
				Reason: "The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.", Category: "invalid_resource"}}},
		{name: "Exchange 2019 without an identity (Q&A 1792037)", header: http.Header{
			"Www-Authenticate": {`Bearer client_id="` + exchange + `", token_types="app_asserted_user_v1 service_asserted_app_v1", error="invalid_token",Basic realm="mail.dummy.uk"`},
			"X-Ms-Diagnostics": {`4000000;reason="Flighting is not enabled for domain 'mail.dummy.uk'.";error_category="oauth_not_available"`}},
			want: bearer.Offer{ClientID: exchange, TokenTypes: types, Error: "invalid_token", Legacy: []string{"Basic"}, Diagnostics: &bearer.Diagnostics{Code: 4000000,
				Reason: "Flighting is not enabled for domain 'mail.dummy.uk'.", Category: "oauth_not_available"}},
			err: bearer.ErrNoAuthorizationURI},
		{name: "Exchange SE with AD FS, Basic first", header: http.Header{"Www-Authenticate": {`Basic realm="mail.contoso.test"`,
			`Bearer client_id="` + exchange + `", authorization_uri="https://adfs.contoso.test/adfs/oauth2/authorize", issuer_kind="ADFS"`}},
			want: bearer.Offer{ClientID: exchange, AuthorizationURI: "https://adfs.contoso.test/adfs/oauth2/authorize", IssuerKind: "ADFS", Legacy: []string{"Basic"}}},
		{name: "SharePoint: commas and URLs in trusted_issuers", header: http.Header{"Www-Authenticate": {
			`Bearer realm="d4961f1b",client_id="c",trusted_issuers="00000001-0000-0000-c000-000000000000@*,https://sts.windows.net/*/",authorization_uri="` + entraURL + `"`}},
			want: bearer.Offer{Realm: "d4961f1b", ClientID: "c", AuthorizationURI: entraURL,
				TrustedIssuers: []bearer.Issuer{{ID: "00000001-0000-0000-c000-000000000000", Realm: "*"}, {ID: "https://sts.windows.net/*/"}}}},
		{name: "claims challenge (SharePoint)", header: http.Header{"Www-Authenticate": {
			`Bearer authorization_uri="` + entraURL + `",error="insufficient_claims",claims="` + claims + `"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Error: "insufficient_claims", Claims: `{"access_token":{"nbf":{"essential":true, "value":"1597959090"}}}`}},
		{name: "claims in base64url without padding", header: http.Header{"Www-Authenticate": {
			`Bearer authorization_uri="` + entraURL + `",claims="` + base64.RawURLEncoding.EncodeToString([]byte(`{"a":"??>>"}`)) + `"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Claims: `{"a":"??>>"}`}},
		{name: "claims as escaped JSON", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `",claims="{\"a\":1}"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Claims: `{"a":1}`}},
		{name: "claims as JSON escaped twice (MSAL tests)", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `",claims="{\\\"a\\\":1}"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Claims: `{"a":1}`}},
		{name: "claims without quotes, padded", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `", claims=eyJhIjoxfQ==, error=insufficient_claims`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Claims: `{"a":1}`, Error: "insufficient_claims"}},
		{name: "one Bearer has the error, another the authority", header: http.Header{"Www-Authenticate": {`Bearer error="invalid_token", max_age=0`, `Bearer realm="r", authorization_uri="` + entraURL + `", max_age=9`}},
			want: bearer.Offer{AuthorizationURI: entraURL, Realm: "r", Error: "invalid_token", MaxAge: zeroAge}},
		{name: "the same authority under two names (Key Vault)", header: http.Header{"Www-Authenticate": {`Bearer authorization="https://login.windows.net/T", authorization_uri="https://LOGIN.windows.net:443/t/oauth2/authorize"`}},
			want: bearer.Offer{AuthorizationURI: "https://LOGIN.windows.net:443/t/oauth2/authorize"}},
		{name: "Dataverse, without quotes (MSAL.NET#3026)", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri=https://login.microsoftonline.com/t/oauth2/authorize, resource_id=https://org.crm.dynamics.com/`}},
			want: bearer.Offer{AuthorizationURI: "https://login.microsoftonline.com/t/oauth2/authorize"}},
		{name: "a broken Basic beside a good Bearer", header: http.Header{"Www-Authenticate": {`Basic realm="x`, `Bearer authorization_uri="` + entraURL + `"`}},
			want: bearer.Offer{AuthorizationURI: entraURL}},
		{name: "claims that are none", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `",claims="%%%"`}},
			want: bearer.Offer{AuthorizationURI: entraURL}, err: bearer.ErrClaims},
		{name: "claims that are no object", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `",claims="WzFd"`}},
			want: bearer.Offer{AuthorizationURI: entraURL}, err: bearer.ErrClaims},
		{name: "alias authorization, missing comma (Key Vault)", header: http.Header{"Www-Authenticate": {`Bearer authorization="https://login.windows.net/t" resource="r"`}},
			want: bearer.Offer{AuthorizationURI: "https://login.windows.net/t"}},
		{name: "alias authority", header: http.Header{"Www-Authenticate": {`Bearer authority="https://login.windows.net/t"`}},
			want: bearer.Offer{AuthorizationURI: "https://login.windows.net/t"}},
		{name: "PoP and DPoP beside it", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `", PoP nonce="n", DPoP algs="ES256 PS256"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, PoPNonce: "n", DPoPAlgs: []string{"ES256", "PS256"}}},
		{name: "RFC 9470 and 9728", header: http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + entraURL + `", acr_values="a b", max_age=5, scope="x y", resource_metadata="https://r/.well-known/oauth-protected-resource", error_description="d"`}},
			want: bearer.Offer{AuthorizationURI: entraURL, ACRValues: []string{"a", "b"}, MaxAge: 5 * time.Second, Scope: []string{"x", "y"},
				ResourceMetadata: "https://r/.well-known/oauth-protected-resource", ErrorDescription: "d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bearer.FromResponse(response(401, tt.header))
			if !errors.Is(err, tt.err) || got == nil {
				t.Fatalf("FromResponse = %v, %v; want %v", got, err, tt.err)
			}
			switch tt.want.MaxAge {
			case 0:
				tt.want.MaxAge = -1
			case zeroAge:
				tt.want.MaxAge = 0
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
		{"two authorities in one field", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a/", Bearer authorization_uri="https://b/"`}}, bearer.ErrConflict, "different"},
		{"two authorities in one challenge", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://login.windows.net/t", authorization_uri="https://evil.example/t"`}}, bearer.ErrConflict, "neither authority is trusted"},
		{"an alias that says otherwise", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://login.windows.net/t", authority="https://evil.example/t"`}}, bearer.ErrConflict, "different"},
		{"another tenant", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://login.windows.net/t", Bearer authorization="https://login.windows.net/u"`}}, bearer.ErrConflict, "different"},
		{"an authority behind many strays", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a"` + strings.Repeat(",@", 300) + `, authorization_uri="https://b"`}}, nil, "more than the limit"},
		{"user information", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://login.windows.net/t", authority="https://x@login.windows.net/t"`}}, bearer.ErrConflict, "different"},
		{"resource metadata instead (microsoft/mcp#949)", http.Header{"Www-Authenticate": {`Bearer resource_metadata="https://r/x"`, "Bearer"}}, bearer.ErrNoAuthorizationURI, "RFC 9728"},
		{"Bearer with an error and no authority", http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}, "X-Ms-Diagnostics": {"junk", `2000002;reason="r"`}}, bearer.ErrNoAuthorizationURI, "the server says invalid_token: diagnostics 2000002"},
		{"DPoP alone", http.Header{"Www-Authenticate": {`DPoP algs="ES256"`}}, bearer.ErrLegacyOnly, "schemes DPoP"},
		{"claims of more than 16 KiB", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"a":"`+strings.Repeat("x", 16<<10)+`"}`)) + `"`}}, bearer.ErrClaims, "claims"},
		{"claims of 64 KiB", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a", claims="` + strings.Repeat("e", 64<<10) + `"`}}, bearer.ErrClaims, "claims"},
		{"a Bearer in a quoted realm is none", http.Header{"Www-Authenticate": {`Basic realm="Bearer authorization_uri=https://evil.example"`}}, bearer.ErrLegacyOnly, "Basic"},
		{"the same authority twice is none", http.Header{"Www-Authenticate": {`Bearer realm="x"`, `Bearer realm="y"`}}, bearer.ErrNoAuthorizationURI, "IsDefaultAuthorizationEndpoint"},
	} {
		_, err := bearer.FromResponse(response(401, tt.header))
		var oe *bearer.OfferError
		if tt.want != nil && !errors.Is(err, tt.want) || !errors.As(err, &oe) || !strings.Contains(err.Error(), tt.text) {
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

func TestFromResponseOfNoServer(t *testing.T) {
	var oe *bearer.OfferError
	if _, err := bearer.FromResponse(nil); !errors.Is(err, bearer.ErrNoChallenge) {
		t.Errorf("FromResponse(nil) = %v", err)
	}
	// What a proxy asks for is not the server's word, whatever it sends along.
	_, err := bearer.FromResponse(response(407, http.Header{"Www-Authenticate": seed004, "Proxy-Authenticate": seed004}))
	if !errors.Is(err, bearer.ErrNoChallenge) || !errors.As(err, &oe) || !strings.Contains(err.Error(), "proxy") {
		t.Errorf("FromResponse of a 407 = %v", err)
	}
}

func TestIssuerString(t *testing.T) {
	const list = "00000001-0000-0000-c000-000000000000@*,00000004-0000-0ff1-ce00-000000000000@contoso.com,https://sts.windows.net/*/"
	o, err := bearer.FromResponse(response(401, http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a", trusted_issuers=" ` + list + `,, "`}}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range o.TrustedIssuers {
		got = append(got, i.String())
	}
	if strings.Join(got, ",") != list {
		t.Errorf("issuers = %q, want %q", got, list)
	}
}

// A challenge that asks for a token is no reason to believe it: an offer says what was
// sent, and package token decides.
func TestOfferKeepsForeignAuthority(t *testing.T) {
	for _, uri := range []string{"https://login.windows.net.evil.example/t", "http://login.windows.net/t", "https://login.windows.net@evil.example/", "https://login.windows.net\\@evil.example/"} {
		o, err := bearer.FromResponse(response(401, http.Header{"Www-Authenticate": {bearer.Challenge{Scheme: "Bearer", Params: []bearer.Param{{Name: "authorization_uri", Value: uri}}}.String()}}))
		if err != nil || o.AuthorizationURI != uri {
			t.Errorf("FromResponse with %q = %+v, %v", uri, o, err)
		}
	}
}
