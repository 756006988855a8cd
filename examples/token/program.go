package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

// A program is one run of the command.
type program struct {
	clientID, authority, trust string
	service, form              string
	verb, address              string
	device                     bool
	store                      token.Store
	http                       *http.Client
	open                       func(ctx context.Context, url string) error // of the browser; nil is the system's
	in                         io.Reader
	out, errs                  io.Writer
}

// services are the short names for -for.
var services = map[string]string{
	"imap": token.ScopeIMAP, "pop": token.ScopePOP, "smtp": token.ScopeSMTP, "ews": token.ScopeEWS, "graph": token.ScopeGraph,
}

func (p *program) run(ctx context.Context) error {
	if p.verb == "get" && account.IsTerminal(p.out) {
		return fmt.Errorf("%w: a token does not belong on a terminal, where it stays in the scrollback: send it to a pipe", errUsage)
	}
	if p.address == "" {
		return p.gitCredential(ctx)
	}
	source, err := p.source(ctx)
	if err != nil {
		return err
	}
	switch p.verb {
	case "login":
		if _, err := source.SignIn(ctx); err != nil {
			return err
		}
		return p.status(ctx, source)
	case "get":
		t, err := source.Token(ctx)
		if err != nil {
			return err
		}
		return p.print(t)
	case "status":
		return p.status(ctx, source)
	case "logout":
		return source.SignOut(ctx)
	}
	return errUsage
}

// source has a Flow only for login: a program that runs in the background must not open a
// browser, and ten of them not ten.
func (p *program) source(ctx context.Context) (*token.Source, error) {
	var scopes []string
	for name := range strings.SplitSeq(p.service, ",") {
		scope, ok := services[name]
		if !ok {
			scope = name
		}
		scopes = append(scopes, scope)
	}
	o := &token.Options{HTTPClient: p.http, Lazy: true}
	if p.trust != "" {
		o.TrustedAuthorities, o.AllowLoopback = []string{p.trust}, true
	}
	config, err := token.ConfigureResource(ctx, p.clientID, p.authority, nil, scopes, o)
	if err != nil {
		return nil, err
	}
	source := &token.Source{Config: config, Key: strings.ToLower(p.address), Store: p.store}
	if p.verb == "login" {
		code := &token.DeviceCode{Prompt: func(_ context.Context, d *token.DevicePrompt) error {
			_, err := fmt.Fprintf(p.errs, "Open %s and enter %s\n", d.VerificationURI, d.UserCode)
			return err
		}}
		source.Flow = token.FirstOf(&token.Browser{LoginHint: p.address, Open: p.open}, code)
		if p.device {
			source.Flow = code
		}
	}
	return source, nil
}

// print writes the token in the form that was requested, and nothing else.
func (p *program) print(t *oauth2.Token) error {
	var line string
	switch p.form {
	case "token":
		line = t.AccessToken
	case "xoauth2":
		line = base64.StdEncoding.EncodeToString(bearer.XOAUTH2(p.address, t.AccessToken))
	case "oauthbearer":
		line = base64.StdEncoding.EncodeToString(bearer.OAUTHBEARER(p.address, "", 0, t.AccessToken))
	case "header":
		line = "Authorization: Bearer " + t.AccessToken
	default:
		return fmt.Errorf("%w: -as %s is not known", errUsage, p.form)
	}
	if line == "" {
		return fmt.Errorf("%w: the address holds characters that no SASL response has", errUsage)
	}
	_, err := fmt.Fprintln(p.out, line)
	return err
}

// status writes who is signed in, to standard error: standard output is for tokens.
func (p *program) status(ctx context.Context, source *token.Source) error {
	s, err := source.Status(ctx)
	if err != nil {
		return err
	}
	if s.Ended != "" {
		return &token.ReauthError{Kind: s.Ended, Hint: "the sign-in has ended: run token login"}
	}
	fmt.Fprintf(p.errs, "%s is signed in since %s; unless a token is requested until then, the sign-in ends about %s\n",
		s.Account.Username, s.SignedIn.Format(time.DateTime), s.RefreshExpiry.Format(time.DateOnly))
	return nil
}

// gitCredential speaks the protocol of git's credential helpers: attributes of the form
// key=value, one a line. A token that was refused (erase) is renewed.
func (p *program) gitCredential(ctx context.Context) error {
	const limit = 64 << 10
	b, err := io.ReadAll(io.LimitReader(p.in, limit))
	if err != nil {
		return err
	}
	password := ""
	for line := range strings.Lines(string(b)) {
		switch key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "="); key {
		case "username":
			p.address = value
		case "password":
			password = value
		}
	}
	if p.address == "" {
		return fmt.Errorf("%w: neither the command line nor the standard input names an address", errUsage)
	}
	source, err := p.source(ctx)
	if err != nil {
		return err
	}
	switch p.verb {
	case "store":
		return nil // it came from here
	case "erase":
		if password == "" {
			return nil
		}
		_, err := source.Refresh(ctx, &oauth2.Token{AccessToken: password}, nil)
		var refused *token.EndpointError
		if errors.As(err, &refused) {
			return nil // it is as new as can be
		}
		return err
	case "get":
		t, err := source.Token(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "username=%s\npassword=%s\npassword_expiry_utc=%d\n", p.address, t.AccessToken, t.Expiry.Unix())
		return err
	}
	return errUsage
}
