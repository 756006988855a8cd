package bearer_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
)

func TestFollowMetadata(t *testing.T) {
	const issuer = "https://login.contoso.com/realms/mail"
	for _, tt := range []struct {
		name, at, body string // HOST stands for the server
		status         int
		prefer         func(string) bool
		want           string // AuthorizationURI; "" for ErrMetadata
	}{
		{name: "one server", body: `{"resource":"HOST","authorization_servers":["` + issuer + `"],"scopes_supported":["eas"]}`, want: issuer},
		{name: "the endpoint itself", body: `{"resource":"HOST/Microsoft-Server-ActiveSync","authorization_servers":["` + issuer + `"]}`, want: issuer},
		{name: "the preferred of two", body: `{"resource":"HOST/","authorization_servers":["https://a.contoso.com","` + issuer + `"]}`,
			prefer: func(s string) bool { return s == issuer }, want: issuer},
		{name: "none preferred", body: `{"resource":"HOST/","authorization_servers":["` + issuer + `"]}`, prefer: func(string) bool { return false }},
		{name: "http and user information are dropped", body: `{"resource":"HOST","authorization_servers":["http://a.contoso.com","https://u@a.contoso.com","` + issuer + `"]}`, want: issuer},
		{name: "another resource (RFC 9728 section 3.3)", body: `{"resource":"https://mail.fabrikam.com","authorization_servers":["` + issuer + `"]}`},
		{name: "a sibling path", body: `{"resource":"HOST/Microsoft-Server","authorization_servers":["` + issuer + `"]}`},
		{name: "no resource", body: `{"authorization_servers":["` + issuer + `"]}`},
		{name: "no server", body: `{"resource":"HOST"}`},
		{name: "not JSON", body: `<html>`},
		{name: "not found", status: 404},
		{name: "a redirect is not followed", status: 302},
		{name: "another origin", at: "https://mail.fabrikam.com/.well-known/oauth-protected-resource"},
		{name: "not a URL", at: "https://%zz/"},
		{name: "plain http", at: "http://127.0.0.1/.well-known/oauth-protected-resource"},
		{name: "longer than the limit", body: `{"resource":"HOST","authorization_servers":["` + issuer + `"],"x":"` + strings.Repeat("x", bearer.MaxMetadataBytes) + `"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var srv *httptest.Server
			srv = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					t.Error("the request carries a credential")
				}
				if tt.status != 0 {
					w.Header().Set("Location", srv.URL+"/elsewhere")
					w.WriteHeader(tt.status)
					return
				}
				_, _ = w.Write([]byte(strings.ReplaceAll(tt.body, "HOST", srv.URL)))
			}))
			defer srv.Close()
			endpoint, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
			at := tt.at
			if at == "" {
				at = srv.URL + "/.well-known/oauth-protected-resource"
			}
			offer := &bearer.Offer{ResourceMetadata: at, Error: "invalid_token"}
			got, m, err := bearer.FollowMetadata(t.Context(), srv.Client(), endpoint, offer, tt.prefer)
			if tt.want == "" {
				if err == nil || got != nil || len(tt.body) < bearer.MaxMetadataBytes && !errors.Is(err, bearer.ErrMetadata) {
					t.Errorf("FollowMetadata = %v, %v, want ErrMetadata", got, err)
				}
				return
			}
			if err != nil || got.AuthorizationURI != tt.want || got.Error != "invalid_token" || m.Resource == "" || offer.AuthorizationURI != "" {
				t.Errorf("FollowMetadata = %+v, %v", got, err)
			}
		})
	}
	if _, _, err := bearer.FollowMetadata(t.Context(), nil, nil, nil, nil); !errors.Is(err, bearer.ErrMetadata) {
		t.Errorf("FollowMetadata of no offer = %v", err)
	}
}
