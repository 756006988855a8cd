// Handshake runs the whole dance, from a mail address to a mail, and shows each step: what
// was asked, what came back, what was learned.
//
//	go run ./examples/handshake                  against an embedded tenant, over real TLS
//	go run ./examples/handshake -json            the same, as JSON lines
//	go run ./examples/handshake -email you@yourcompany.com -client-id …
//	                                             against a real deployment, by device code;
//	                                             sends nothing
//
// Tokens are shown as their claims. The exit status is 0 only if every step held.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() {
	email := flag.String("email", "", "mail address at a real deployment; without it, an embedded tenant is used")
	clientID := flag.String("client-id", "", "client id of your app registration, with -email")
	asJSON := flag.Bool("json", false, "print JSON lines")
	timeout := flag.Duration("timeout", 15*time.Minute, "give up after this time")
	flag.Parse()
	if (*email == "") != (*clientID == "") || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()

	s := &show{out: os.Stdout, json: *asJSON, color: account.Colors(os.Stdout)}
	var err error
	if *email == "" {
		err = embedded(ctx, s)
	} else {
		err = deployment(ctx, s, *email, *clientID)
	}
	if ok := s.close(); !ok || err != nil {
		os.Exit(1)
	}
}

// deployment does the dance against a deployment that exists, as far as it goes without changing
// anything there but the device partnership that ActiveSync needs.
func deployment(ctx context.Context, s *show, email, clientID string) error {
	d := &dance{show: s, email: email, clientID: clientID, http: &http.Client{Transport: s.record(nil)}}
	flow := &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
		fmt.Fprintf(os.Stderr, "\nOpen %s and enter %s\n", p.VerificationURI, p.UserCode)
		return nil
	}}
	for _, step := range []func(context.Context) error{
		d.discover, d.challenge, d.configure,
		func(ctx context.Context) error { return d.signIn(ctx, "device code", flow) },
		d.audience, d.provision, d.folders, d.inbox,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A dance holds what one step learns and a later one needs.
type dance struct {
	show     *show
	http     *http.Client
	email    string
	clientID string

	endpoint *autodiscover.Endpoint
	offer    *bearer.Offer
	config   *token.Config
	store    token.MemoryStore
	source   *token.Source
	client   *eas.Client
	mailbox  *eas.Folders
	key      eas.SyncKey // of the inbox
}

func (d *dance) discover(ctx context.Context) error {
	return d.show.run("autodiscover", "Where is the mailbox?", func(learn func(string, string, ...any)) error {
		r := &autodiscover.Resolver{HTTPClient: d.http}
		e, err := r.Lookup(ctx, d.email)
		if err != nil {
			return err
		}
		d.endpoint = e
		learn("EAS URL", "%s", e.URL)
		learn("hops", "%d", len(e.Hops))
		return nil
	})
}

func (d *dance) challenge(ctx context.Context) error {
	return d.show.run("bearer", "What does the server say to an empty bearer token?", func(learn func(string, string, ...any)) error {
		offer, err := bearer.Probe(ctx, d.http, d.endpoint.URL, d.email)
		if err != nil {
			return err
		}
		d.offer = offer
		learn("authority", "%s", offer.AuthorizationURI)
		learn("client_id", "%s", offer.ClientID)
		for _, i := range offer.TrustedIssuers {
			learn("trusts", "%v", i)
		}
		return nil
	})
}

func (d *dance) configure(ctx context.Context) error {
	return d.show.run("token", "May that authority be trusted, and how is it asked?", func(learn func(string, string, ...any)) error {
		c, err := token.Configure(ctx, d.clientID, d.offer, d.endpoint.URL, &token.Options{HTTPClient: d.http})
		if err != nil {
			return err
		}
		d.config = c
		d.source = &token.Source{Config: c, Store: &d.store, Key: d.email}
		d.client = &eas.Client{URL: d.endpoint.URL, User: d.email, Token: d.source, HTTPClient: d.http}
		learn("scope", "%s", strings.Join(c.Scopes, " "))
		return nil
	})
}

func (d *dance) signIn(ctx context.Context, name string, flow token.Flow) error {
	return d.show.run("token", "Sign in by "+name, func(learn func(string, string, ...any)) error {
		// The source that the client uses has no flow, so that the end of a sign-in shows
		// as an error. It finds what this one stores.
		s := &token.Source{Config: d.config, Store: &d.store, Key: d.email, Flow: flow}
		t, err := s.SignIn(ctx)
		if err != nil {
			return err
		}
		return learnClaims(learn, t.AccessToken)
	})
}

func learnClaims(learn func(string, string, ...any), raw string) error {
	claims, err := token.Inspect(raw)
	if errors.Is(err, token.ErrOpaque) {
		learn("access token", "opaque: its claims are for the server alone")
		return nil
	}
	if err != nil {
		return err
	}
	learn("audience", "%s", strings.Join(claims.Audience, " "))
	learn("issuer", "%s", claims.Issuer)
	learn("scope", "%s", claims.Scope)
	learn("valid for", "%v", claims.Expiry.Sub(claims.IssuedAt).Round(time.Minute))
	return nil
}

func (d *dance) audience(ctx context.Context) error {
	return d.show.run("token", "Is the token made for exactly this server?", func(learn func(string, string, ...any)) error {
		t, err := d.source.Token(ctx)
		if err != nil {
			return err
		}
		claims, err := token.Inspect(t.AccessToken)
		if errors.Is(err, token.ErrOpaque) {
			learn("audience", "not readable from here")
			return nil
		} else if err != nil {
			return err
		}
		if err := token.CheckAudience(claims.Audience, d.endpoint.URL); err != nil {
			return err
		}
		learn("verdict", "%s is the audience of %s", strings.Join(claims.Audience, " "), d.endpoint.URL)

		// What a load balancer that ends TLS makes of it.
		offloaded := url.URL{Scheme: "http", Host: d.endpoint.URL.Host}
		err = token.CheckAudience([]string{offloaded.String()}, d.endpoint.URL)
		var mismatch *token.AudienceError
		if !errors.As(err, &mismatch) {
			return errWanted("a token for " + offloaded.String())
		}
		learn("refused", "%v", mismatch)
		return nil
	})
}

func (d *dance) provision(ctx context.Context) error {
	return d.show.run("eas", "OPTIONS, then Provision in two phases", func(learn func(string, string, ...any)) error {
		info, err := d.client.Options(ctx)
		if err != nil {
			return err
		}
		learn("versions", "%v", info.Versions)
		learn("chosen", "%s", info.Version)
		policy, err := d.client.Provision(ctx)
		if err != nil {
			return err
		}
		if policy.Key == "" {
			learn("policy", "the server has none for this user")
		} else {
			learn("policy", "acknowledged")
		}
		return nil
	})
}

func (d *dance) folders(ctx context.Context) error {
	return d.show.run("eas", "FolderSync", func(learn func(string, string, ...any)) error {
		f, err := d.client.FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			return err
		}
		d.mailbox = f
		for _, folder := range f.Added {
			learn("folder", "%s", folder.Name)
		}
		return nil
	})
}

func (d *dance) inbox(ctx context.Context) error {
	return d.show.run("eas", "Sync the Inbox", func(learn func(string, string, ...any)) error {
		inbox, ok := d.mailbox.Find(eas.FolderInbox)
		if !ok {
			return errors.New("the mailbox has no Inbox")
		}
		d.key = eas.InitialSyncKey
		return d.sync(ctx, inbox.ID, learn)
	})
}

// sync reads the folder from d.key to its end.
func (d *dance) sync(ctx context.Context, folder eas.FolderID, learn func(string, string, ...any)) error {
	for page, err := range d.client.Pages(ctx, folder, d.key, nil) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			mail, ok := entry.Item.(*eas.Email)
			if !ok {
				return fmt.Errorf("item %s is not mail: %w", entry.ID, entry.Err)
			}
			learn("subject", "%s", mail.Subject)
		}
		d.key = page.Key // this is where a program saves the key
	}
	return nil
}
