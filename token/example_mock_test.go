package token_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// config is made without a request.
func config() *token.Config {
	c, err := token.ConfigureResource(context.Background(), "your-client-id", "https://login.microsoftonline.com/common", nil, []string{token.ScopeIMAP}, &token.Options{Lazy: true})
	if err != nil {
		panic(err)
	}
	return c
}

// A Flow is mocked by a function that returns a token or an error.
func ExampleFlow() {
	source := &token.Source{
		Config: config(),
		Flow: token.FlowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			return nil, &token.ReauthError{Kind: token.ReauthDeclined, Hint: "sign in and accept"}
		}),
	}
	_, err := source.Token(context.Background())
	var reauth *token.ReauthError
	fmt.Println(errors.As(err, &reauth), reauth.Kind)
	// Output: true declined
}

// A fullDisk mocks a [token.Store] that cannot store.
type fullDisk struct{ token.MemoryStore }

func (*fullDisk) Save(context.Context, string, token.Record) (token.Record, error) {
	return token.Record{}, errors.New("no space left on device")
}

// A sign-in that cannot be stored is not handed out.
func ExampleStore() {
	source := &token.Source{
		Config: config(),
		Store:  &fullDisk{}, Key: "ada@contoso.com",
		Flow: token.FlowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "opaque", RefreshToken: "secret", Expiry: time.Now().Add(time.Hour)}, nil
		}),
	}
	_, err := source.Token(context.Background())
	fmt.Println(errors.Is(err, token.ErrNotPersisted))
	fmt.Println(err)
	// Output:
	// true
	// token: the sign-in could not be stored; it is kept in memory and tried again: token: store: save: no space left on device
}
