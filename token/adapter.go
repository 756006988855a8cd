package token

import (
	"context"
	"errors"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

// TokenSource returns src as an [oauth2.TokenSource]. All its calls use ctx, which must therefore
// live as long as the result is used.
func TokenSource(ctx context.Context, src bearer.Source) oauth2.TokenSource {
	return adapter{ctx, src}
}

type adapter struct {
	ctx context.Context
	src bearer.Source
}

func (a adapter) Token() (*oauth2.Token, error) { return a.src.Token(a.ctx) }

// FromTokenSource returns ts as a [bearer.Source] whose callers wait no longer than their own
// contexts. If a caller leaves, the call of ts continues and its result is dropped. Each caller
// makes one call, so ts should be an oauth2.ReuseTokenSource. A call that panics or ends its
// goroutine is a [*PanicError].
func FromTokenSource(ts oauth2.TokenSource) bearer.Source {
	return bearer.SourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
		type outcome struct {
			t   *oauth2.Token
			err error
		}
		c := make(chan outcome, 1)
		go func() {
			o, returned := outcome{}, false
			defer func() {
				if p := recover(); p != nil || !returned {
					o = outcome{err: panicked("the oauth2.TokenSource", p)}
				}
				c <- o
			}()
			o.t, o.err = ts.Token()
			returned = true
			if o.err == nil && o.t == nil {
				o.err = errors.New("token: the oauth2.TokenSource returned neither token nor error")
			}
		}()
		select {
		case o := <-c:
			return o.t, o.err
		case <-ctx.Done():
			return nil, contextError(ctx)
		}
	})
}
