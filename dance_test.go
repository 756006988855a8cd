package easoauth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// dance goes from an address to the subjects of the Inbox, and says at which step it ended.
func dance(ctx context.Context, tn *eastest.Tenant, addr string) (step string, subjects []string, err error) {
	c := tn.Client()
	e, err := (&autodiscover.Resolver{HTTPClient: c}).Lookup(ctx, addr)
	if err != nil {
		return "autodiscover", nil, err
	}
	offer, err := bearer.Probe(ctx, c, e.URL, addr)
	if err != nil {
		return "bearer", nil, err
	}
	config, err := token.Configure(ctx, eastest.ClientID, offer, e.URL, &token.Options{HTTPClient: c})
	if err != nil {
		return "configure", nil, err
	}
	source := &token.Source{
		Config: config, Store: new(token.MemoryStore), Key: addr,
		Flow: &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }},
	}
	if _, err := source.SignIn(ctx); err != nil {
		return "sign-in", nil, err
	}
	client := &eas.Client{URL: e.URL, User: addr, Token: source, HTTPClient: c}
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return "eas", nil, err
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			return "eas", subjects, err
		}
		for _, entry := range page.Added {
			subjects = append(subjects, entry.Item.(*eas.Email).Subject)
		}
	}
	return "", subjects, nil
}

const ada = "ada@contoso.com"

// faults are the options of a tenant with one fault, and its value.
func faults(id string, value ...string) *eastest.Options {
	f := eastest.Fault{ID: id}
	if len(value) > 0 {
		f.Value = value[0]
	}
	return &eastest.Options{Faults: []eastest.Fault{f}}
}

// TestMistakes makes every mistake that a deployment, a user or an attacker can make on the
// way, and holds that the error comes from the right step, is of the right type, and says
// what is wrong; that no credential but a bearer token was tried; and that no goroutine and no
// connection is left, since a bubble with one does not end.
func TestMistakes(t *testing.T) {
	status := func(code int) *eastest.Failure {
		return &eastest.Failure{Status: code, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>no</html>", Times: 9}
	}
	for _, tt := range []struct {
		name   string
		addr   string // if not ada's
		tenant *eastest.Options
		match  string // of a fault
		fault  *eastest.Failure
		step   string
		is     error
		text   string
	}{
		{name: "a malformed address", addr: "ada at contoso.com", step: "autodiscover", is: autodiscover.ErrAddress, text: "not a mail address"},
		{name: "a public suffix", addr: "ada@co.uk", step: "autodiscover", is: autodiscover.ErrAddress, text: "public suffix"},
		{name: "an unknown user", addr: "eve@contoso.com", step: "autodiscover", text: "no endpoint found"},
		{name: "no AutoDiscover", tenant: faults("AD_NOT_V2"), step: "autodiscover", is: autodiscover.ErrNotV2, text: "404"},
		{name: "pre-authentication", tenant: faults("AD_PREAUTH"), step: "autodiscover", is: autodiscover.ErrPreAuthentication, text: "device in front"},
		{name: "AutoDiscover redirects elsewhere", match: "autodiscover.contoso.com", step: "autodiscover", is: autodiscover.ErrRedirect, text: "evil.example",
			fault: &eastest.Failure{Status: 302, Header: http.Header{"Location": {"https://evil.example/autodiscover/autodiscover.json"}}, Times: 9}},
		{name: "AutoDiscover fails", match: "/autodiscover", fault: status(500), step: "autodiscover", is: autodiscover.ErrServer, text: "500"},
		{name: "the wrong ExternalUrl", tenant: faults("AD_WRONG_URL", "http://mail.contoso.com/"), step: "autodiscover", is: autodiscover.ErrBadEndpoint, text: "ExternalUrl"},
		{name: "no challenge", tenant: faults("EAS_NO_WWW_AUTH"), step: "bearer", is: bearer.ErrNoChallenge, text: "device in front"},
		{name: "Basic only", tenant: faults("EAS_BASIC_ONLY_EMPTY_BEARER"), step: "bearer", is: bearer.ErrLegacyOnly, text: "Basic"},
		{name: "no authority", tenant: faults("EAS_NO_AUTHORIZATION_URI"), step: "bearer", is: bearer.ErrNoAuthorizationURI, text: "IsDefaultAuthorizationEndpoint"},
		{name: "the probe fails", match: "mail.contoso.com", fault: status(503), step: "bearer", text: "503"},
		{name: "the probe is forbidden", match: "mail.contoso.com", fault: status(403), step: "bearer", text: "403"},
		{name: "an untrusted authority", tenant: faults("EAS_UNEXPECTED_AUTHORITY", "https://login.windows.net.evil.example/common/oauth2/authorize"), step: "configure",
			is: token.ErrUntrustedAuthority, text: "login.windows.net.evil.example"},
		{name: "an authority over http", tenant: faults("EAS_UNEXPECTED_AUTHORITY", "http://login.windows.net/common/oauth2/authorize"), step: "configure", is: token.ErrUntrustedAuthority, text: "http"},
		{name: "an unknown tenant", tenant: faults("EAS_UNEXPECTED_AUTHORITY", "https://login.windows.net/fabrikam.com/oauth2/authorize"), step: "configure", text: "AADSTS90002"},
		{name: "no metadata", match: "openid-configuration", fault: status(404), step: "configure", text: "404"},
		{name: "the authority fails", match: "openid-configuration", fault: status(500), step: "configure", text: "500"},
		{name: "a refused sign-in", tenant: faults("SIGN_IN_REFUSED", "53003"), step: "sign-in", text: "AADSTS53003"},
		{name: "no consent", tenant: faults("CONSENT"), step: "sign-in", text: "consent"},
		{name: "the host is not registered", tenant: faults("SPN_MISSING"), step: "sign-in", text: "AADSTS500011"},
		{name: "a token without an audience", tenant: faults("AUD_WRONG", "-"), step: "sign-in", text: "no aud claim"},
		{name: "a token for http", tenant: faults("AUD_HTTP"), step: "sign-in", text: "TLS offloading"},
		{name: "a token for Exchange Online", tenant: faults("AUD_IS_EXO"), step: "sign-in", text: "Exchange Online"},
		{name: "the device code is refused", match: "devicecode", fault: status(400), step: "sign-in", text: "400"},
		{name: "TLS offloading", tenant: faults("TLS_OFFLOAD"), step: "eas", is: eas.ErrUnauthorized, text: "TLS offloading"},
		{name: "ActiveSync is disabled", tenant: faults("EAS_403"), step: "eas", is: eas.ErrForbidden, text: "403"},
		{name: "Provision fails", match: "Provision", fault: status(500), step: "eas", text: "Provision: HTTP status 500"},
		{name: "FolderSync fails", match: "FolderSync", fault: status(503), step: "eas", is: eas.ErrThrottled, text: "FolderSync: HTTP status 503"},
		{name: "Sync is not allowed", match: "Sync", fault: status(403), step: "eas", is: eas.ErrForbidden, text: "Sync: HTTP status 403"},
		{name: "a truncated document", match: "Sync", fault: &eastest.Failure{Truncate: 12}, step: "eas", is: eas.ErrUnexpectedContent, text: "Sync"},
		{name: "a page in place of a document", match: "FolderSync", fault: status(200), step: "eas", is: eas.ErrUnexpectedContent, text: "text/html"},
		{name: "old versions only", tenant: &eastest.Options{Versions: []eas.Version{eas.Version121}}, step: "eas", is: eas.ErrVersion, text: "12.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := tt.tenant
				if o == nil {
					o = &eastest.Options{}
				}
				o.Topology = eastest.Hybrid
				tn := eastest.New(t, o)
				tn.AddMailbox(ada, &eas.Email{Subject: "one"})
				if tt.fault != nil {
					tn.Fail(tt.match, *tt.fault)
				}
				addr := tt.addr
				if addr == "" {
					addr = ada
				}
				step, _, err := dance(t.Context(), tn, addr)
				if err == nil || step != tt.step {
					t.Fatalf("ended at step %q with %v, want step %q", step, err, tt.step)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%v does not match %v", err, tt.is)
				}
				if !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), tt.text) { // which may be wrapped
					t.Errorf("error %q does not say %q", err, tt.text)
				}
				for _, secret := range []string{addr, "eyJ", "Email=", "device_code"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("error %q holds %q", err, secret)
					}
				}
				for _, r := range tn.Requests() {
					if r.Authorization != "" && !strings.HasPrefix(r.Authorization, "Bearer") {
						t.Errorf("%v was sent %s", r, r.Authorization)
					}
					if r.Form.Get("grant_type") == "password" {
						t.Errorf("%v: a password", r)
					}
				}
			})
		})
	}
}

// A token for http is refused with both sides of the comparison.
func TestAudienceErrorHasBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "AUD_HTTP"}}})
		tn.AddMailbox(ada)
		_, _, err := dance(t.Context(), tn, ada)
		var ae *token.AudienceError
		if !errors.As(err, &ae) || ae.Kind != token.TLSOffloading || ae.Expected != "https://mail.contoso.com" || ae.Actual != "http://mail.contoso.com" {
			t.Fatalf("dance = %v", err)
		}
	})
}
