package main

import (
	"context"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// withoutPassword takes the place of a transport that set Authorization to Basic.
func withoutPassword(source bearer.Source, endpoint *url.URL) *http.Client {
	return &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: endpoint}}
}

// withBroker speaks ActiveSync with the tokens of another library, such as MSAL or the system's
// broker: silent is its call for a token of a signed-in account.
func withBroker(endpoint *url.URL, email string, silent func(ctx context.Context, scopes []string) (*oauth2.Token, error)) *eas.Client {
	scopes := token.Scopes(token.Entra, endpoint)
	source := bearer.SourceFunc(func(ctx context.Context) (*oauth2.Token, error) { return silent(ctx, scopes) })
	return &eas.Client{URL: endpoint, User: email, Token: source}
}

// importRefreshToken takes a sign-in over from a program that kept a refresh token of the same
// client ID. If it is dead, the user signs in.
func importRefreshToken(config *token.Config, store token.Store, email, old string) *token.Source {
	return &token.Source{
		Config: config, Store: store, Key: email,
		Flow: token.FirstOf(token.RefreshToken(old), &token.Browser{LoginHint: email}),
	}
}

// forOtherCode hands tokens to code that knows golang.org/x/oauth2 alone.
func forOtherCode(ctx context.Context, source *token.Source) oauth2.TokenSource {
	return token.TokenSource(ctx, source)
}
