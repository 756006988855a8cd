package main

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestUnreadWithFaults shows what unread makes of a server that is busy, and of one whose load
// balancer ends TLS.
func TestUnreadWithFaults(t *testing.T) {
	busy := eastest.Failure{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"90"}}}
	for _, tt := range []struct {
		name  string
		fault func(tn *eastest.Tenant)
		want  error
		waits time.Duration
	}{
		{"busy", func(tn *eastest.Tenant) { tn.Fail("Sync", busy) }, nil, 90 * time.Second},
		{"TLS offloading", func(tn *eastest.Tenant) { tn.Switch(eastest.Fault{ID: "TLS_OFFLOAD"}) }, eas.ErrUnauthorized, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			tt.fault(tn)
			tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Lunch?"})
			client := &eas.Client{
				URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
				Token: bearer.Static(tn.Token("ada@contoso.com")),
			}
			began := time.Now()
			err := unread(t.Context(), new(bytes.Buffer), client)
			if waited := time.Since(began); !errors.Is(err, tt.want) || waited < tt.waits {
				t.Errorf("%s: unread() = %v after %s, want %v after %s", tt.name, err, waited, tt.want, tt.waits)
			}
		})
	}
}
