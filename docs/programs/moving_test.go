package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestMoving holds the ways of docs/moving.md to a mailbox.
func TestMoving(t *testing.T) {
	ctx := t.Context()
	box := tenant.AddMailbox("lea@contoso.com")
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

func request(t *testing.T, u *url.URL) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
