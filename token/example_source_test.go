package token_test

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// An administrator who signs in to consent must not become the user of the mailbox.
func ExampleSource_account() {
	ctx := context.Background()
	authority := newSTS()
	source := &token.Source{
		Config: exampleConfig(authority), Store: new(token.MemoryStore), Key: "ada@contoso.com",
		Account: token.Account{Username: "ada@contoso.com"},
		Flow:    authority.as(token.Account{Tenant: tenantID, Object: "7", Username: "admin@contoso.com"}),
	}
	_, err := source.SignIn(ctx)
	var other *token.AccountError
	fmt.Println(errors.As(err, &other), other.Actual.Username)
	// Output: true admin@contoso.com
}

// Sources of one authority share a Limiter, so that an expiry, a restart or an outage of many
// mailboxes is not a storm.
func ExampleLimiter() {
	ctx := context.Background()
	authority := newSTS()
	config, store := exampleConfig(authority), new(token.MemoryStore)
	limiter := &token.Limiter{Concurrency: 16, Rate: 50}
	for _, user := range []string{"ada@contoso.com", "bob@contoso.com"} {
		source := &token.Source{Config: config, Store: store, Key: user, Limiter: limiter, Flow: authority}
		if _, err := source.Token(ctx); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(authority.issued, "sign-ins")
	// Output: 2 sign-ins
}

// What is wrong with a sign-in now, and when it is tried again, is for an administrator to
// see; the sign-in itself is kept.
func ExampleSource_Status() {
	ctx := context.Background()
	refused := true
	source := &token.Source{Config: exampleConfig(newSTS()), Store: new(token.MemoryStore), Key: "ada@contoso.com"}
	source.Flow = flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
		if refused {
			return nil, &token.ReauthError{Kind: token.ReauthBlocked, Hint: "a policy refuses the sign-in: an administrator must help"}
		}
		return &oauth2.Token{AccessToken: "at"}, nil
	})
	_, err := source.Token(ctx)
	fmt.Println(err)
	status, _ := source.Status(ctx)
	fmt.Println(status.Err == err, status.Since.IsZero())
	// Output:
	// token: sign-in required (blocked): a policy refuses the sign-in: an administrator must help
	// true false
}

func exampleConfig(s *sts) *token.Config {
	c, err := token.ConfigureResource(context.Background(), clientID, "https://login.microsoftonline.com/common", endpoint,
		[]string{"https://mail.contoso.com/EAS.AccessAsUser.All"}, &token.Options{HTTPClient: s.Client()})
	if err != nil {
		panic(err)
	}
	return c
}
