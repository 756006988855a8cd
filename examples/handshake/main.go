// Handshake runs the whole dance, from a mail address to a mail, and shows each step: what
// was requested, what came back, what was learned.
//
//	go run ./examples/handshake                  against an embedded tenant, over real TLS: every server is
//	                                             part of the program, and nothing leaves this machine
//	go run ./examples/handshake -json            the same, as JSON lines
//	go run ./examples/handshake -email you@yourcompany.com
//	                                             a real deployment, as far as it goes without an app registration:
//	                                             where the mailbox is, what the server and its authority say
//	go run ./examples/handshake -email you@yourcompany.com -client-id …
//	                                             the whole way to the subjects in the Inbox; it sends no mail
//
// What a server refuses as it should is marked "expected". Tokens are shown as their claims, and
// none is kept. -help lists the flags. The exit code is 0 if every step held, 1 if one failed, 2 for a
// mistake of the command line, 3 if the sign-in is refused, 4 if the app registration or the
// deployment is at fault, and 130 after Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() { newTool().Main() }

func newTool() *account.Tool {
	d := &dance{show: &show{}}
	var timeout time.Duration
	return &account.Tool{
		Name:  "handshake",
		Usage: "handshake [-email you@yourcompany.com [-client-id …]]",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&d.email, "email", "", "mail address at a real deployment; without it, an embedded tenant is used")
			fs.StringVar(&d.clientID, "client-id", "", "client ID of your app registration; without it, nobody is signed in")
			fs.StringVar(&d.options.Tenant, "tenant", "", "tenant, for an app that only one tenant may use")
			fs.Func("trust", "host of the authority, if it is not one of Microsoft's, such as your AD FS; may be given several times", func(host string) error {
				d.options.TrustedAuthorities = append(d.options.TrustedAuthorities, host)
				return nil
			})
			fs.StringVar(&d.at, "endpoint", "", "ActiveSync URL, without a look-up")
			fs.StringVar(&d.resolver.Host, "host", "", "look up at this AutoDiscover host alone")
			fs.BoolVar(&d.resolver.NoCloud, "no-cloud", false, "do not look up at Exchange Online")
			fs.BoolVar(&d.device, "device", false, "sign in with a code although there is a browser")
			fs.BoolVar(&d.show.json, "json", false, "print JSON lines")
			fs.DurationVar(&timeout, "timeout", 15*time.Minute, "give up after this time")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, _ io.Reader, out, errs io.Writer) error {
			if err := d.check(fs); err != nil {
				return err
			}
			d.show.out, d.show.color, d.log = out, account.Colors(out), errs
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			var err error
			if d.email == "" {
				err = embedded(ctx, d.show)
			} else {
				err = d.deployment(ctx)
			}
			if ok := d.show.close(); !ok && err == nil {
				err = errors.New("a step failed")
			}
			return err
		},
	}
}

// check says what is wrong with the flags.
func (d *dance) check(fs *flag.FlagSet) error {
	if d.email == "" {
		var of string
		fs.Visit(func(f *flag.Flag) {
			if f.Name != "json" && f.Name != "timeout" {
				of = f.Name
			}
		})
		if of != "" {
			return account.Misuse("-%s is for a real deployment, and -email is missing", of)
		}
	}
	if d.at == "" {
		return nil
	}
	u, err := url.Parse(d.at)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return account.Misuse("-endpoint is not an ActiveSync URL, such as https://mail.contoso.com/Microsoft-Server-ActiveSync")
	}
	d.endpoint = u
	return nil
}

// deployment does the dance against a deployment that exists, as far as it goes without changing
// anything there but the device partnership that ActiveSync needs.
func (d *dance) deployment(ctx context.Context) error {
	d.http = &http.Client{Transport: d.show.record(eas.NewTransport())}
	steps := []func(context.Context) error{d.discover, d.challenge}
	if d.endpoint != nil {
		steps = steps[1:]
	}
	if d.clientID == "" {
		steps = append(steps, d.authority)
	} else {
		var flow token.Flow = &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
			_, err := fmt.Fprintf(d.log, "\nOpen %s and enter %s\n", p.VerificationURI, p.UserCode)
			return err
		}}
		how := "device code"
		if !d.device {
			flow, how = token.FirstOf(&token.Browser{LoginHint: d.email}, flow), "browser, or by device code where there is none"
		}
		steps = append(steps, d.configure, func(ctx context.Context) error { return d.signIn(ctx, how, flow) }, d.audience, d.provision, d.folders, d.inbox)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if d.clientID == "" {
		d.show.note("\nWith the client ID of an app registration (-client-id) it goes on: sign-in, the audience of\nthe token, Provision, FolderSync, the Inbox.")
	}
	return nil
}

// A dance holds what one step learns and a later one needs.
type dance struct {
	show         *show
	log          io.Writer // for the user who signs in
	http         *http.Client
	email        string
	clientID, at string
	device       bool
	resolver     autodiscover.Resolver
	options      token.Options

	endpoint *url.URL
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
		d.resolver.HTTPClient = d.http
		e, err := d.resolver.Lookup(ctx, d.email)
		if err != nil {
			return err
		}
		d.endpoint = e.URL
		learn("EAS URL", "%s", e.URL)
		learn("hops", "%d", len(e.Hops))
		return nil
	})
}

func (d *dance) challenge(ctx context.Context) error {
	return d.show.run("bearer", "What does the server say to an empty bearer token?", func(learn func(string, string, ...any)) error {
		d.show.expect(http.StatusUnauthorized, "the challenge is in it")
		offer, err := bearer.Probe(ctx, d.http, d.endpoint, d.email)
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
	return d.show.run("token", "May that authority be trusted, and which scope does it take?", func(learn func(string, string, ...any)) error {
		d.options.HTTPClient = d.http
		c, err := token.Configure(ctx, d.clientID, d.offer, d.endpoint, &d.options)
		if err != nil {
			return err
		}
		d.config = c
		d.source = &token.Source{Config: c, Store: &d.store, Key: d.email}
		d.client = &eas.Client{URL: d.endpoint, User: d.email, Token: d.source, HTTPClient: d.http}
		learn("scope", "%s", strings.Join(c.Scopes, " "))
		return nil
	})
}

// authority is what configure does where there is no app.
func (d *dance) authority(ctx context.Context) error {
	return d.show.run("token", "May that authority be trusted?", func(learn func(string, string, ...any)) error {
		d.options.HTTPClient = d.http
		a, err := token.Discover(ctx, d.offer.AuthorizationURI, &d.options)
		if err != nil {
			return err
		}
		learn("authority", "%s", a)
		learn("resource", "https://%s: a service principal name of Exchange Online's application, if the server is on-premises", d.endpoint.Host)
		return nil
	})
}

func (d *dance) signIn(ctx context.Context, name string, flow token.Flow) error {
	return d.show.run("token", "Sign in by "+name, func(learn func(string, string, ...any)) error {
		d.show.expect(http.StatusBadRequest, "the code is not entered yet")
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
		if err := token.CheckAudience(claims.Audience, d.endpoint); err != nil {
			return err
		}
		learn("verdict", "%s is the audience of %s", strings.Join(claims.Audience, " "), d.endpoint)

		// What a load balancer that ends TLS makes of it.
		offloaded := url.URL{Scheme: "http", Host: d.endpoint.Host}
		err = token.CheckAudience([]string{offloaded.String()}, d.endpoint)
		var mismatch *token.AudienceError
		if !errors.As(err, &mismatch) {
			return errWanted("a token for " + offloaded.String())
		}
		learn("expected", "refused: %v", mismatch)
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
