package bearer

import (
	"context"

	"golang.org/x/oauth2"
)

// A Source hands out an access token that is valid now. Unlike an [oauth2.TokenSource] it
// takes a context, so that a caller need not wait for an authority that does not answer.
// Implementations must be safe for concurrent use and callers must not modify the token.
type Source interface {
	Token(ctx context.Context) (*oauth2.Token, error)
}

// A Refresher is the optional ability of a [Source] to replace a token that the server
// refused although it had not run out: revoked, or short of claims (continuous access
// evaluation). Refresh is told which token was refused, so that of many callers who were
// refused the same token one causes a request, and why, as far as the server said: why may
// have nothing but a status, and may be nil. A nil error means that a token other than the
// refused one is returned. Implementations must be safe for concurrent use.
type Refresher interface {
	Refresh(ctx context.Context, refused *oauth2.Token, why *Offer) (*oauth2.Token, error)
}

// SourceFunc is a function that is a [Source].
type SourceFunc func(ctx context.Context) (*oauth2.Token, error)

// Token calls f.
func (f SourceFunc) Token(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

// Static returns a [Source] of one token that is never renewed.
func Static(t *oauth2.Token) Source {
	return SourceFunc(func(context.Context) (*oauth2.Token, error) { return t, nil })
}
