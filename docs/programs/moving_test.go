package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestMoving holds the ways of docs/moving.md to a mailbox.
func TestMoving(t *testing.T) {
	ctx := t.Context()
	box := mailbox()
	first, err := connect(ctx, eastest.ClientID, box.Address(), t.TempDir(), person(box.Address()))
	if err != nil {
		t.Fatal(err)
	}
	source := first.Token.(*token.Source)
	if _, err := source.SignIn(ctx); err != nil {
		t.Fatal(err)
	}

	client := withBroker(first.URL, box.Address(), func(ctx context.Context, scopes []string) (*oauth2.Token, error) {
		if !slices.Contains(scopes, "https://mail.contoso.com/EAS.AccessAsUser.All") {
			t.Errorf("the scopes are %q", scopes)
		}
		return source.Token(ctx)
	})
	if _, err := client.FolderSync(ctx, eas.InitialSyncKey); err != nil {
		t.Errorf("with a broker: %v", err)
	}

	stored, err := source.Store.Load(ctx, box.Address())
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{stored.RefreshToken, "dead"} {
		imported := importRefreshToken(source.Config, new(token.MemoryStore), box.Address(), old)
		if old == "dead" {
			imported.Flow = token.FirstOf(token.RefreshToken(old), person(box.Address())) // the browser of a test
		}
		if _, err := forOtherCode(ctx, imported).Token(); err != nil {
			t.Errorf("with an imported refresh token: %v", err)
		}
	}

	response, err := withoutPassword(source, first.URL).Do(request(t, first.URL))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("without a password: %s", response.Status)
	}
}

// TestParts holds what README.md shows of the parts.
func TestParts(t *testing.T) {
	ctx := t.Context()
	address := mailbox().Address()
	source := bearer.Static(tenant.Token(address))
	access, err := source.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	client, sasl, flow := parts(source, tenant.URL(), address, access, "not a token")
	response, err := client.Do(request(t, tenant.URL()))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || string(sasl) != "user="+address+"\x01auth=Bearer "+access.AccessToken+"\x01\x01" {
		t.Errorf("the response is %s, that of SASL %.40q", response.Status, sasl)
	}
	connected, err := connect(ctx, eastest.ClientID, address, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *token.ConfigError // a public client exchanges no tokens
	if _, err := flow.SignIn(ctx, connected.Token.(*token.Source).Config); !errors.As(err, &wrong) {
		t.Errorf("on-behalf-of without a secret = %v, want a ConfigError", err)
	}
}

func request(t *testing.T, u *url.URL) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
