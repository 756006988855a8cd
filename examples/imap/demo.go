package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/url"

	"github.com/emersion/go-sasl"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

const ada = "ada@contoso.com"

// newDemo returns a program for the mailbox of an embedded server that knows the mechanisms.
func newDemo(ctx context.Context, out io.Writer, mechanisms ...string) (*program, *server, *eastest.Tenant, error) {
	tn := eastest.New(nil, nil)
	tn.AddMailbox(ada)
	s, err := func() (*server, error) {
		authority, err := token.Discover(ctx, "https://login.microsoftonline.com/common", &token.Options{HTTPClient: tn.Client()})
		if err != nil {
			return nil, err
		}
		s, err := newServer(&token.Verifier{Authority: authority, Endpoint: &url.URL{Scheme: "https", Host: "outlook.office.com"},
			Scope: "IMAP.AccessAsUser.All", HTTPClient: tn.Client()}, mechanisms...)
		if err != nil {
			return nil, err
		}
		return s, s.add(ada, "The first", "The second", "The third")
	}()
	if err != nil {
		tn.Close()
		return nil, nil, nil, err
	}
	p := &program{user: ada, server: s.addr, count: 2, http: tn.Client(), tls: &tls.Config{RootCAs: s.roots}, out: out}
	err = p.signIn(ctx, eastest.ClientID, "https://login.microsoftonline.com/common", token.ScopeIMAP, &token.MemoryStore{}, &token.Browser{Open: tn.Browser(), LoginHint: ada})
	return p, s, tn, err
}

// demonstrate reads the mailbox with each of the mechanisms, and once more when the server
// has begun to refuse the token.
func demonstrate(ctx context.Context, out io.Writer) error {
	for _, mechanism := range []string{sasl.OAuthBearer, xoauth2} {
		p, s, tn, err := newDemo(ctx, out, mechanism)
		if err != nil {
			return err
		}
		defer tn.Close()
		defer s.Close()
		fmt.Fprintln(out, mechanism)
		if err := p.run(ctx); err != nil {
			return err
		}
		s.revokeLast()
		fmt.Fprintln(out, mechanism, "after the server has begun to refuse the token")
		if err := p.run(ctx); err != nil {
			return err
		}
	}
	return nil
}
