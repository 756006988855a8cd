package bearer

import (
	"context"

	"golang.org/x/oauth2"
)

// A Source hands out an access token that is valid now. Unlike an [oauth2.TokenSource] it accepts
// a context, so that a caller need not wait for an authority that does not respond.
// Implementations must be safe for concurrent use, and callers must not modify the token.
type Source interface {
	Token(ctx context.Context) (*oauth2.Token, error)
}

// A Refresher is the optional ability of a [Source] to replace a token that the server refused
// although it had not expired: it was revoked, or lacks claims (continuous access evaluation).
// Refresh gets the refused token, so that many callers who were refused the same token cause one
// request, and the reason, as far as the server gave one: why may hold nothing but a status, and
// may be nil. If the error is nil, the returned token is another than the refused one.
// Implementations must be safe for concurrent use.
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
