package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// nothing is an error that is not nil and holds a nil pointer, whose methods panic.
var nothing error = (*token.ReauthError)(nil)

// misleading is a store whose next call fails with nothing.
type misleading struct {
	token.MemoryStore
	call string
}

func (m *misleading) fails(call string) bool {
	if m.call != call {
		return false
	}
	m.call = ""
	return true
}

func (m *misleading) Load(ctx context.Context, key string) (token.Record, error) {
	if m.fails("Store.Load") {
		return token.Record{}, nothing
	}
	return m.MemoryStore.Load(ctx, key)
}

func (m *misleading) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	if m.fails("Store.Save") {
		return token.Record{}, nothing
	}
	return m.MemoryStore.Save(ctx, key, r)
}

// An error whose methods panic fails one renewal, and ends neither the process nor the Source.
func TestErrorWhoseMethodsPanic(t *testing.T) {
	for _, callback := range []string{"Source.Flow", "a Flow without a person", "Source.Accept", "Store.Load", "Store.Save", "Config.HTTPClient"} {
		t.Run(callback, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				m := &misleading{call: callback}
				src := &token.Source{Config: s.config(t), Store: m, Key: "ada", Limiter: new(token.Limiter), Logger: slog.New(slog.DiscardHandler)}
				flow := token.FlowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
					if m.fails("Source.Flow") || m.fails("a Flow without a person") {
						return nil, nothing
					}
					return s.SignIn(ctx, c)
				})
				src.Flow = flow
				if callback == "a Flow without a person" {
					src.Flow = impersonal{flow}
				}
				src.Accept = func(context.Context, token.Account) error {
					if m.fails("Source.Accept") {
						return nothing
					}
					return nil
				}
				if callback == "Config.HTTPClient" {
					mustToken(t, src)
					time.Sleep(2 * time.Hour)
					src = &token.Source{Config: src.Config, Key: src.Key, Store: src.Store}
					src.Config.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
						if m.fails(callback) {
							return nil, nothing
						}
						return s.RoundTrip(r)
					})}
				}
				_, err := src.Token(t.Context())
				var pe *token.PanicError
				if !errors.As(err, &pe) {
					t.Fatalf("Token = %v, want *PanicError", err)
				}
				if st, _ := src.Status(t.Context()); st.Err == nil {
					t.Error("Status does not know of it")
				}
				if src.Flow != nil {
					_, err = src.SignIn(t.Context())
				} else {
					time.Sleep(time.Minute)
					_, err = src.Token(t.Context())
				}
				if err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

type impersonal struct{ token.Flow }

func (impersonal) Interactive() bool { return false }

// What an oauth2.TokenSource does to its goroutine ends neither the process nor the wait.
func TestTokenSourceThatPanics(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("secret") }, "Goexit": runtime.Goexit} {
		src := token.FromTokenSource(tokenSourceFunc(func() (*oauth2.Token, error) { end(); return nil, nil }))
		_, err := src.Token(t.Context())
		var pe *token.PanicError
		if !errors.As(err, &pe) || pe.Callback != "the oauth2.TokenSource" || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: Token = %v, want *PanicError", name, err)
		}
	}
}

func TestPanicErrorDoesNotPrint(t *testing.T) {
	e := token.PanicError{Callback: "Source.Flow", Value: "secret", Stack: []byte("secret")}
	var out strings.Builder
	for _, v := range []any{&e, e, token.Event{Err: &e}} {
		j, err := json.Marshal(v)
		fmt.Fprintf(&out, "%v %+v %#v %s %v", v, v, v, j, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "115 101 99") {
		t.Errorf("prints as %s", &out)
	}
}
