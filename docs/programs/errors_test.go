package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestNext holds who docs/errors.md says has to act against the faults of the tenant.
func TestNext(t *testing.T) {
	for _, tt := range []struct {
		fault, who string
	}{
		{"", "nobody"},
		{"DNS_NXDOMAIN", "nobody"},
		{"SERVER_BUSY", "nobody"},
		{"USER_UNKNOWN", "administrator"},
		{"EAS_UNREACHABLE", "nobody"},
		{"EAS_NO_AUTHORIZATION_URI", "administrator"},
		{"EAS_UNEXPECTED_AUTHORITY", "administrator"},
		{"PASSWORD_EXPIRED", "user"},
		{"AUTHORITY_BUSY", "nobody"},
		{"AUTHORITY_FAILED", "nobody"},
		{"ADMIN_CONSENT", "administrator"},
		{"SPN_MISSING", "administrator"},
		{"AUD_HTTP", "administrator"},
		{"TLS_OFFLOAD", "administrator"},
		{"EAS_403", "administrator"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &eastest.Options{Topology: eastest.Hybrid}
				if tt.fault != "" {
					o.Faults = []eastest.Fault{{ID: tt.fault}}
				}
				tn := eastest.New(t, o)
				tn.AddMailbox("ada@contoso.com")
				err := dance(t.Context(), tn)
				who, wait := next(err)
				want := time.Duration(0)
				switch {
				case tt.fault == "ADMIN_CONSENT":
					want = 15 * time.Minute
				case who == "nobody" && err != nil:
					want = time.Minute
				}
				if who != tt.who || wait < want || want == 0 && wait != 0 {
					t.Errorf("next(%v) = %q, %s; want %q", err, who, wait, tt.who)
				}
			})
		})
	}
}

// dance goes from the address to the folders.
func dance(ctx context.Context, tn *eastest.Tenant) error {
	hc := tn.Client()
	endpoint, err := (&autodiscover.Resolver{HTTPClient: hc}).Lookup(ctx, "ada@contoso.com")
	if err != nil {
		return err
	}
	offer, err := bearer.Probe(ctx, hc, endpoint.URL, "ada@contoso.com")
	if err != nil {
		return err
	}
	config, err := token.Configure(ctx, eastest.ClientID, offer, endpoint.URL, &token.Options{HTTPClient: hc})
	if err != nil {
		return err
	}
	source := &token.Source{Config: config, Flow: &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}}
	client := &eas.Client{URL: endpoint.URL, User: "ada@contoso.com", Token: source, HTTPClient: hc}
	_, err = client.FolderSync(ctx, eas.InitialSyncKey)
	return err
}
