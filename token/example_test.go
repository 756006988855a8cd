package token_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// The challenge of the mailbox server names the authority, the user signs in with the
// browser, and the source hands out tokens from then on.
func Example() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()

	endpoint, err := url.Parse("https://outlook.office365.com/Microsoft-Server-ActiveSync")
	if err != nil {
		log.Fatal(err)
	}
	offer, err := bearer.Probe(ctx, tn.Client(), endpoint, "ada@contoso.com")
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := token.Configure(ctx, eastest.ClientID, offer, endpoint, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{
		Config: cfg,
		Flow:   &token.Browser{Open: tn.Browser(), LoginHint: "ada@contoso.com"},
	}
	tok, err := src.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	claims, err := token.Inspect(tok.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg.Authority)
	fmt.Println(cfg.Scopes[0])
	fmt.Println(claims.Audience, claims.Scope, time.Until(tok.Expiry).Round(time.Minute))
	// Output:
	// login.microsoftonline.com/common
	// https://outlook.office365.com/EAS.AccessAsUser.All
	// [https://outlook.office365.com] EAS.AccessAsUser.All 1h0m0s
}

// A program without a browser shows a code.
func ExampleDeviceCode() {
	tn := eastest.New(nil, &eastest.Options{DeviceInterval: time.Second, ManualDevice: true})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()

	endpoint, _ := url.Parse("https://outlook.office365.com/Microsoft-Server-ActiveSync")
	offer := &bearer.Offer{AuthorizationURI: "https://login.windows.net/common/oauth2/authorize"}
	cfg, err := token.Configure(ctx, eastest.ClientID, offer, endpoint, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{
		Config: cfg,
		Flow: &token.DeviceCode{Prompt: func(ctx context.Context, p *token.DevicePrompt) error {
			fmt.Println("visit", p.VerificationURI)
			return tn.ApproveDevice(p.UserCode, "") // as the user does there
		}},
	}
	if _, err := src.Token(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
	// Output:
	// visit https://microsoft.com/devicelogin
	// signed in
}

// An authority that the server names and nobody has vouched for is refused.
func ExampleConfigure_untrusted() {
	endpoint, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	offer := &bearer.Offer{AuthorizationURI: "https://login.windows.net.fabrikam.com/common/oauth2/authorize"}
	_, err := token.Configure(context.Background(), "client-id", offer, endpoint, nil)
	fmt.Println(errors.Is(err, token.ErrUntrustedAuthority))
	// Output: true
}

// A load balancer that ends TLS makes Exchange expect an http audience, or the host was
// registered with its http URL.
func ExampleCheckAudience() {
	endpoint, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	err := token.CheckAudience([]string{"http://mail.contoso.com"}, endpoint)
	var ae *token.AudienceError
	if errors.As(err, &ae) {
		fmt.Println(ae.Kind)
		fmt.Println(ae.Expected)
		fmt.Println(ae.Actual)
	}
	// Output:
	// TLS offloading
	// https://mail.contoso.com
	// http://mail.contoso.com
}

// What to do about an error.
func ExampleReauthError() {
	src := &token.Source{Config: &token.Config{
		ClientID: "client-id", Authority: &token.Authority{Host: "login.microsoftonline.com", TokenEndpoint: &url.URL{}},
		Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
	}}
	_, err := src.Token(context.Background())
	var (
		reauth    *token.ReauthError
		config    *token.ConfigError
		transient *token.TransientError
	)
	switch {
	case errors.As(err, &reauth):
		fmt.Println("the user signs in:", reauth.Kind)
	case errors.As(err, &config):
		fmt.Println("an administrator is needed:", config.Hint)
	case errors.As(err, &transient):
		fmt.Println("later:", transient.RetryAfter)
	}
	// Output: the user signs in: none
}
