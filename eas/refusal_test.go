package eas_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// refusing is a source whose Refresh repeats what the server said, as token.Source does.
type refusing struct{}

func (refusing) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "good"}, nil
}

func (refusing) Refresh(_ context.Context, _ *oauth2.Token, why *bearer.Offer) (*oauth2.Token, error) {
	if why.Refreshable() {
		return &oauth2.Token{AccessToken: "another"}, nil
	}
	return nil, errors.New("source: " + why.Diagnostics.Remedy())
}

// What the server blames on its own configuration sends nobody to sign in again, and is
// said once.
func TestFaultsOfTheDeployment(t *testing.T) {
	const challenge = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", authorization_uri="https://login.windows.net/common/oauth2/authorize", error="invalid_token"`
	for _, tt := range []struct {
		name, diagnostics string
		want              eas.Action
		says              string
	}{
		{"an unknown signature", `2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`, eas.ActionAdmin, "RefreshAuthMetadata"},
		{"TLS offloading", `2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`, eas.ActionAdmin, "TLS offloading"},
		{"another audience", `2000003;reason="The audience claim value is invalid 'aud'.";error_category="invalid_resource"`, eas.ActionAdmin, "service principal name"},
		{"an unknown tenant", `2000004;reason="The tenant for tenant guid 'contoso.com' does not exist.";error_category="invalid_tenant"`, eas.ActionAdmin, "accepted domains"},
		{"an ambiguous user", `2000005;reason="The user specified by the user-context in the token is ambiguous.";error_category="invalid_user"`, eas.ActionAdmin, "Get-Recipient"},
		{"no permission", `2000008;reason="The token should have valid permissions";error_category="invalid_grant"`, eas.ActionAdmin, "EAS.AccessAsUser.All"},
		{"OAuth is not offered", `4000000;reason="Flighting is not enabled for domain 'mail.contoso.com'.";error_category="oauth_not_available"`, eas.ActionAdmin, "BlockModernAuthActiveSync"},
		{"the server failed", `2000007;reason="x";error_category="internal_error"`, eas.ActionRetry, "try again later"},
		{"an expired token", `2000002;reason="x";error_category="token_expired"`, eas.ActionReauth, ""},
		{"an unknown number", `2000099;reason="x"`, eas.ActionReauth, ""},
	} {
		for name, source := range map[string]bearer.Source{"a source": refusing{}, "a token": bearer.Static(&oauth2.Token{AccessToken: "good"})} {
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodOptions {
					w.Header().Set("MS-ASProtocolVersions", "14.1,16.1")
					w.Header().Set("MS-ASProtocolCommands", "Sync,FolderSync,Provision")
					return
				}
				w.Header().Set("WWW-Authenticate", challenge)
				w.Header().Set("X-MS-Diagnostics", tt.diagnostics)
				w.WriteHeader(http.StatusUnauthorized)
			}))
			u, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
			client := &eas.Client{URL: u, User: "ada@contoso.com", Token: source, HTTPClient: srv.Client()}
			_, err := client.FolderSync(t.Context(), eas.InitialSyncKey)
			srv.Close()
			var e *eas.Error
			if !errors.As(err, &e) || e.Action != tt.want || !errors.Is(err, eas.ErrUnauthorized) {
				t.Errorf("%s, %s: %v, action %v, want %v", tt.name, name, err, e.Action, tt.want)
				continue
			}
			s := err.Error()
			if !strings.Contains(s, tt.says) || tt.says != "" && strings.Count(s, tt.says) != 1 || tt.want == eas.ActionAdmin && strings.Contains(s, "new access token") || len(s) > 600 {
				t.Errorf("%s, %s: %d bytes: %s", tt.name, name, len(s), s)
			}
		}
	}
}
