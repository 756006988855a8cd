package token_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// A caller whose context ends finds both what ended it and why.
func TestErrorsMatchTheContextAndItsCause(t *testing.T) {
	why := errors.New("the user closed the window")
	stuckStore := func(t *testing.T) *token.Source {
		return &token.Source{Config: newSTS().config(t), Store: &stuckStore{release: t.Context()}, Key: "ada"}
	}
	sources := map[string]func(t *testing.T) bearer.Source{
		"Source.Status": func(t *testing.T) bearer.Source {
			return sourceFunc(func(ctx context.Context) error { _, err := stuckStore(t).Status(ctx); return err })
		},
		"Source.SignOut": func(t *testing.T) bearer.Source { return sourceFunc(stuckStore(t).SignOut) },
		"Source": func(t *testing.T) bearer.Source {
			return &token.Source{Config: newSTS().config(t), Flow: flowFunc(func(ctx context.Context, _ *token.Config) (*oauth2.Token, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})}
		},
		"FromTokenSource": func(t *testing.T) bearer.Source { return token.FromTokenSource(stuck{t.Context()}) },
	}
	for _, tt := range []struct {
		name  string
		ctx   func(parent context.Context) (context.Context, func())
		want  error
		cause error
	}{
		{"cancelled", func(p context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(p)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, nil},
		{"cancelled with a cause", func(p context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(p)
			time.AfterFunc(time.Second, func() { cancel(why) })
			return ctx, func() { cancel(nil) }
		}, context.Canceled, why},
		{"deadline", func(p context.Context) (context.Context, func()) {
			return context.WithTimeout(p, time.Second)
		}, context.DeadlineExceeded, nil},
		{"deadline with a cause", func(p context.Context) (context.Context, func()) {
			return context.WithTimeoutCause(p, time.Second, why)
		}, context.DeadlineExceeded, why},
	} {
		for name, source := range sources {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := tt.ctx(t.Context())
					defer cancel()
					_, err := source(t).Token(ctx)
					if !errors.Is(err, tt.want) || tt.cause != nil && !errors.Is(err, tt.cause) {
						t.Errorf("Token = %v, want an error that matches %v and %v", err, tt.want, tt.cause)
					}
				})
			})
		}
	}
}

// sourceFunc is a method of a Source that brings no token, as one that does.
type sourceFunc func(ctx context.Context) error

func (f sourceFunc) Token(ctx context.Context) (*oauth2.Token, error) { return nil, f(ctx) }

// stuckStore is a Store that does not return before the test ends, whatever the context of a call.
type stuckStore struct {
	token.MemoryStore
	release context.Context
}

func (s *stuckStore) Load(context.Context, string) (token.Record, error) {
	<-s.release.Done()
	return token.Record{}, token.ErrNotFound
}

// stuck is an oauth2.TokenSource that does not return before the test ends.
type stuck struct{ ctx context.Context }

func (s stuck) Token() (*oauth2.Token, error) {
	<-s.ctx.Done()
	return nil, s.ctx.Err()
}
