package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A demo is a gateway, the server behind it, which takes nothing but a password, and the
// authority before it.
type demo struct {
	*gateway
	tenant   *eastest.Tenant
	box      *eastest.Mailbox
	endpoint *url.URL
	client   *http.Client // reaches the gateway and the authority
	close    func()
}

const (
	ada      = "ada@contoso.com"
	upstream = "ada-upstream"
)

// newDemo starts a demo that writes its log to out.
func newDemo(ctx context.Context, out io.Writer) (*demo, error) {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	box := tn.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "Behind the gateway"})
	const password = "correct horse"
	mailboxes := tn.Handler(tn.URL().Host)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if name, p, ok := r.BasicAuth(); !ok || name != upstream || p != password || q.Has("User") && q.Get("User") != upstream {
			w.Header().Set("WWW-Authenticate", `Basic realm="mail"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		// The mailboxes are the tenant's, which knows only tokens.
		r.Host = tn.URL().Host
		r.Header.Set("Authorization", "Bearer "+tn.Token(ada).AccessToken)
		if q.Has("User") {
			q.Set("User", ada)
			r.URL.RawQuery = q.Encode()
		}
		mailboxes.ServeHTTP(w, r)
	}))
	d := &demo{tenant: tn, box: box, endpoint: tn.URL()}
	d.close = func() { server.Close(); tn.Close() }

	a, err := token.Discover(ctx, "https://login.microsoftonline.com/common/oauth2/authorize", &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		d.close()
		return nil, err
	}
	behind, err := url.Parse(server.URL + "/Microsoft-Server-ActiveSync")
	if err != nil {
		d.close()
		return nil, err
	}
	v := &token.Verifier{Authority: a, Endpoint: d.endpoint, Tenants: []string{eastest.TenantID}}
	d.gateway = newGateway(v, behind, map[string]login{ada: {upstream, password}}, slog.New(slog.NewTextHandler(out, nil)))

	front := httptest.NewTLSServer(d.gateway)
	pool := x509.NewCertPool()
	pool.AddCert(front.Certificate())
	d.client = &http.Client{Transport: split{d.endpoint.Host, &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, front.Listener.Addr().String())
		},
	}, tn.Client().Transport}}
	d.close = func() { front.Close(); server.Close(); tn.Close() }
	return d, nil
}

// split sends the requests for one host through one transport and all others through
// another.
type split struct {
	host         string
	here, others http.RoundTripper
}

func (s split) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == s.host {
		return s.here.RoundTrip(r)
	}
	return s.others.RoundTrip(r)
}

// demonstrate goes from the gateway's challenge to a mailbox behind it.
func demonstrate(ctx context.Context, out io.Writer) error {
	d, err := newDemo(ctx, io.Discard)
	if err != nil {
		return err
	}
	defer d.close()

	offer, err := bearer.Probe(ctx, d.client, d.endpoint, ada)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "no token         401, sign in at %s\n", offer.AuthorizationURI)

	wrong := d.tenant.TokenFor(ada, "autodiscover.contoso.com")
	_, err = d.mailbox(bearer.Static(wrong)).FolderSync(ctx, eas.InitialSyncKey)
	var ee *eas.Error
	if !errors.As(err, &ee) || ee.Offer == nil || ee.Offer.Diagnostics == nil {
		return fmt.Errorf("a token for another host was not refused: %w", err)
	}
	fmt.Fprintf(out, "another's token  401, %s\n", ee.Offer.Diagnostics)

	config, err := token.Configure(ctx, eastest.ClientID, offer, d.endpoint, &token.Options{HTTPClient: d.client})
	if err != nil {
		return err
	}
	source := &token.Source{Config: config, Flow: &token.Browser{Open: d.tenant.Browser()}}
	if _, err := source.SignIn(ctx); err != nil {
		return err
	}
	client := d.mailbox(source)
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return err
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	for page, err := range client.Pages(ctx, inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			return err
		}
		for _, entry := range page.Added {
			if mail, ok := entry.Item.(*eas.Email); ok {
				fmt.Fprintf(out, "a good token     %q, read with a password that the client does not know\n", mail.Subject)
			}
		}
	}
	return nil
}

func (d *demo) mailbox(source bearer.Source) *eas.Client {
	return &eas.Client{URL: d.endpoint, User: ada, Token: source, HTTPClient: d.client}
}
