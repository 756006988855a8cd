package token_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

func TestChallenge(t *testing.T) {
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
	authorize := &url.URL{Scheme: "https", Host: "login.microsoftonline.com", Path: "/common/oauth2/v2.0/authorize"}
	v := &token.Verifier{
		Authority: &token.Authority{Kind: token.Entra, AuthorizationEndpoint: authorize}, Endpoint: endpoint,
		Tenants: []string{"9b1d2c3e-4f50-4a61-8b72-0c1d2e3f4a5b"},
	}
	audience := token.CheckAudience([]string{"http://mail.contoso.com/"}, endpoint)
	for _, tt := range []struct {
		name string
		err  error
		code int
	}{
		{"asked", nil, 0},
		{"signature", &token.VerifyError{Kind: token.VerifySignature}, 2000000},
		{"malformed", &token.VerifyError{Kind: token.VerifyMalformed}, 2000001},
		{"expired", &token.VerifyError{Kind: token.VerifyExpired}, 2000002},
		{"audience", &token.VerifyError{Kind: token.VerifyAudience, Err: audience}, 2000003},
		{"tenant", &token.VerifyError{Kind: token.VerifyTenant}, 2000004},
		{"scope", &token.VerifyError{Kind: token.VerifyScope}, 2000008},
		{"no verdict", errors.New("the keys cannot be had"), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := bearer.FromResponse(&http.Response{StatusCode: 401, Header: v.Challenge(tt.err)})
			if err != nil {
				t.Fatal(err)
			}
			if o.AuthorizationURI != authorize.String() || len(o.Repairs) > 0 {
				t.Errorf("authorization_uri %q, repairs %v", o.AuthorizationURI, o.Repairs)
			}
			want := []bearer.Issuer{{ID: "00000001-0000-0000-c000-000000000000", Realm: "9b1d2c3e-4f50-4a61-8b72-0c1d2e3f4a5b"}}
			if diff := cmp.Diff(want, o.TrustedIssuers); diff != "" {
				t.Error(diff)
			}
			switch {
			case tt.code == 0 && (o.Diagnostics != nil || o.Error != ""):
				t.Errorf("diagnostics %v, error %q, want none", o.Diagnostics, o.Error)
			case tt.code != 0 && (o.Diagnostics == nil || o.Diagnostics.Code != tt.code || o.Error != "invalid_token"):
				t.Errorf("diagnostics %v, error %q, want %d, invalid_token", o.Diagnostics, o.Error, tt.code)
			}
			if tt.name == "audience" && !o.Diagnostics.TLSOffloading() {
				t.Errorf("diagnostics %v do not tell of TLS offloading", o.Diagnostics)
			}
		})
	}
}
