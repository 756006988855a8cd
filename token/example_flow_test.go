package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A mail client that speaks IMAP needs no challenge: the resource and its permission are known.
func ExampleConfigureResource() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()

	cfg, err := token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/common", nil,
		[]string{token.ScopeIMAP, token.ScopeSMTP}, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{Config: cfg, Flow: &token.Browser{Open: tn.Browser()}}
	tok, err := src.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	response := bearer.XOAUTH2("ada@contoso.com", tok.AccessToken)
	claims, err := token.Inspect(tok.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Audience, claims.Scope)
	fmt.Printf("%.20q\n", response)
	// Output:
	// [https://outlook.office.com] IMAP.AccessAsUser.All SMTP.Send
	// "user=ada@contoso.com"
}

// A hosted application sends the browser away in one request and gets the code in another,
// which may reach another process. What is between them stays in the user's session.
func ExampleAuthorization() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()
	cfg, err := token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/common", nil,
		[]string{token.ScopeIMAP}, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	store := &token.MemoryStore{}
	var session []byte // of the one user of this example, on the server
	done := make(chan struct{})

	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	defer app.Close()
	mux.HandleFunc("/sign-in", func(w http.ResponseWriter, r *http.Request) {
		a, err := cfg.Authorize(r.Context(), app.URL+"/signed-in", nil)
		if err != nil {
			http.Error(w, "sign-in is not possible now", http.StatusServiceUnavailable)
			return
		}
		if session, err = a.Encode(); err != nil {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, a.URL, http.StatusFound)
	})
	mux.HandleFunc("/signed-in", func(w http.ResponseWriter, r *http.Request) {
		a, err := token.DecodeAuthorization(session)
		if err != nil {
			http.Error(w, "begin again", http.StatusBadRequest)
			return
		}
		defer close(done)
		src := &token.Source{Config: cfg, Store: store, Key: "user-17", Flow: a.Redeem(r.URL.Query())}
		if _, err := src.SignIn(r.Context()); err != nil {
			http.Error(w, "not signed in", http.StatusForbidden)
			return
		}
		fmt.Println("signed in")
	})

	// The user's browser.
	visit := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := visit.Get(app.URL + "/sign-in")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	if err := tn.Browser()(ctx, resp.Header.Get("Location")); err != nil {
		log.Fatal(err)
	}
	<-done

	// From now on, in any process.
	src := &token.Source{Config: cfg, Store: store, Key: "user-17"}
	status, err := src.Status(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Account.Username)
	// Output:
	// signed in
	// ada@contoso.com
}

// A code that is shown by one process is waited for by another, which may be started after it.
func ExampleDeviceAuthorization() {
	tn := eastest.New(nil, &eastest.Options{DeviceInterval: time.Second, ManualDevice: true})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()
	cfg, err := token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/common", nil,
		[]string{token.ScopeIMAP}, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	d, err := cfg.AuthorizeDevice(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("visit", d.VerificationURI)
	if err := tn.ApproveDevice(d.UserCode, ""); err != nil { // as the user does there
		log.Fatal(err)
	}
	kept, err := d.Encode() // a secret
	if err != nil {
		log.Fatal(err)
	}

	d, err = token.DecodeDeviceAuthorization(kept)
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{Config: cfg, Store: &token.MemoryStore{}, Key: "ada", Flow: d}
	if _, err := src.SignIn(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
	// Output:
	// visit https://microsoft.com/devicelogin
	// signed in
}

// A program that had a refresh token before it used this package imports it; if it is dead
// the user signs in with the browser, and with a code where there is none.
func ExampleFirstOf() {
	tn := eastest.New(nil, &eastest.Options{DeviceInterval: time.Second, ManualDevice: true})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	ctx := context.Background()
	cfg, err := token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/common", nil,
		[]string{token.ScopeIMAP}, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		log.Fatal(err)
	}
	noDisplay := func(context.Context, string) error { return fmt.Errorf("no display: %w", token.ErrFlowUnavailable) }
	src := &token.Source{Config: cfg, Flow: token.FirstOf(
		token.RefreshToken("of last year"),
		&token.Browser{Open: noDisplay},
		&token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
			fmt.Println("visit", p.VerificationURI)
			return tn.ApproveDevice(p.UserCode, "") // as the user does there
		}},
	)}
	if _, err := src.Token(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in")
	// Output:
	// visit https://microsoft.com/devicelogin
	// signed in
}

// broker stands for the sign-in broker of the operating system, which keeps refresh tokens to
// itself.
func broker(authority, clientID string, scopes []string, claims string) (accessToken string, expires time.Time, err error) {
	fmt.Println("the broker signs in for", scopes[0])
	return "opaque", time.Now().Add(time.Hour), nil
}

// The system's broker is a Flow. Without a refresh token, the Source runs it again when the
// access token ends.
func ExampleFlowFunc() {
	ctx := context.Background()
	cfg, err := token.ConfigureResource(ctx, "client-id", "https://login.microsoftonline.com/common", nil,
		[]string{token.ScopeGraph}, &token.Options{Lazy: true})
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{Config: cfg, Flow: token.FlowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
		accessToken, expires, err := broker(c.Authority.String(), c.ClientID, c.Scopes, c.Claims)
		if err != nil {
			return nil, err
		}
		return &oauth2.Token{AccessToken: accessToken, Expiry: expires}, nil
	})}
	tok, err := src.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Type(), tok.Expiry.After(time.Now()))
	// Output:
	// the broker signs in for https://graph.microsoft.com/Mail.ReadWrite
	// Bearer true
}

// A program that keeps what it has learned starts with one request: the one that it is started
// for. It keeps three things: the Config, which holds no secret, the sign-in, in a Store, and what
// the mailbox's client and its folders were at.
func Example_warmStart() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "The first"})
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "warm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := &token.FileStore{Dir: filepath.Join(dir, "sign-ins")}

	// What is kept is JSON.
	type kept struct {
		URL    string
		Config *token.Config
		Client eas.State
		Inbox  eas.FolderID
		Page   eas.SyncKey
	}
	subjects := func(client *eas.Client, k *kept) error {
		for page, err := range client.Pages(ctx, k.Inbox, k.Page, nil) {
			if err != nil {
				return err
			}
			for _, entry := range page.Added {
				if mail, ok := entry.Item.(*eas.Email); ok {
					fmt.Println(mail.Subject)
				}
			}
			k.Page = page.Key
		}
		return nil
	}

	// The first start.
	cold := func() ([]byte, error) {
		endpoint, err := (&autodiscover.Resolver{HTTPClient: tn.Client()}).Lookup(ctx, "ada@contoso.com")
		if err != nil {
			return nil, err
		}
		offer, err := bearer.Probe(ctx, tn.Client(), endpoint.URL, "ada@contoso.com")
		if err != nil {
			return nil, err
		}
		cfg, err := token.Configure(ctx, eastest.ClientID, offer, endpoint.URL, &token.Options{HTTPClient: tn.Client()})
		if err != nil {
			return nil, err
		}
		src := &token.Source{Config: cfg, Store: store, Key: "ada", Flow: &token.Browser{Open: tn.Browser()}}
		client := &eas.Client{URL: endpoint.URL, User: "ada@contoso.com", Token: src, HTTPClient: tn.Client()}
		folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			return nil, err
		}
		inbox, _ := folders.Find(eas.FolderInbox)
		k := &kept{URL: endpoint.URL.String(), Config: cfg, Inbox: inbox.ID, Page: eas.InitialSyncKey}
		if err := subjects(client, k); err != nil {
			return nil, err
		}
		k.Client = client.State()
		return json.Marshal(k)
	}
	state, err := cold()
	if err != nil {
		log.Fatal(err)
	}

	// The next one, in another process.
	box.Deliver(&eas.Email{Subject: "The second"})
	before := len(tn.Requests())
	var k kept
	if err := json.Unmarshal(state, &k); err != nil {
		log.Fatal(err)
	}
	k.Config.HTTPClient = tn.Client()
	u, err := url.Parse(k.URL)
	if err != nil {
		log.Fatal(err)
	}
	src := &token.Source{Config: k.Config, Store: store, Key: "ada"}
	client := &eas.Client{URL: u, User: "ada@contoso.com", Token: src, HTTPClient: tn.Client()}
	client.Restore(k.Client)
	if err := subjects(client, &k); err != nil {
		log.Fatal(err)
	}
	fmt.Println("requests:", len(tn.Requests())-before)
	// Output:
	// The first
	// The second
	// requests: 1
}
