package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
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
	email, host                string // of git's protocol
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

// check says what is wrong with the command line, before anything is done.
func (p *program) check() error {
	switch {
	case p.verb == "":
		return account.Misuse("the verb is missing: %s", usage)
	case !slices.Contains([]string{"login", "get", "status", "logout", "store", "erase"}, p.verb):
		return account.Misuse("%q is not a verb: %s", p.verb, usage)
	case p.address == "" && p.email == "" && !slices.Contains([]string{"get", "store", "erase"}, p.verb):
		return account.Misuse("%s needs an address: %s", p.verb, usage)
	case p.address != "" && (p.verb == "store" || p.verb == "erase"):
		return account.Misuse("%s reads git's attributes from standard input and takes no address", p.verb)
	case p.clientID == "":
		return account.Misuse("-client-id is missing")
	case !slices.Contains([]string{"token", "xoauth2", "oauthbearer", "header"}, p.form):
		return account.Misuse("-as is %q, which is not token, xoauth2, oauthbearer or header", p.form)
	case p.verb == "get" && account.IsTerminal(p.out):
		return account.Misuse("a token does not belong on a terminal, where it stays in the scrollback: send it to a pipe")
	}
	return nil
}

func (p *program) run(ctx context.Context) error {
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
	}
	return source.SignOut(ctx) // logout
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
	}
	if line == "" {
		return account.Misuse("the address holds characters that no SASL response has")
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

// microsoft are the servers that take the tokens of the services, where -host names no other.
var microsoft = []string{"outlook.office365.com", "smtp.office365.com", "outlook.office.com", "smtp-mail.outlook.com", "smtp-hve.office365.com", "graph.microsoft.com"}

// gitCredential speaks the protocol of git's credential helpers: attributes of the form
// key=value, one a line, up to an empty line or the end. Git asks every helper about every host, and
// sends what it gets there: a host that is not named gets nothing. A token that was refused (erase)
// is renewed.
func (p *program) gitCredential(ctx context.Context) error {
	attributes, err := account.Await(ctx, func() (map[string]string, error) { return readAttributes(p.in) })
	if err != nil {
		return err
	}
	if p.address = cmp.Or(attributes["username"], p.email); p.address == "" {
		return account.Misuse("neither -email nor the standard input names an address")
	}
	host, _, _ := strings.Cut(attributes["host"], ":")
	hosts := microsoft
	if p.host != "" {
		hosts = strings.Split(p.host, ",")
	}
	if p.verb == "store" || attributes["protocol"] == "http" || !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return nil // it came from here, would travel in clear, or is not ours
	}
	source, err := p.source(ctx)
	if err != nil {
		return err
	}
	if p.verb == "erase" {
		if attributes["password"] == "" {
			return nil
		}
		_, err := source.Refresh(ctx, &oauth2.Token{AccessToken: attributes["password"]}, nil)
		var refused *token.EndpointError
		if errors.As(err, &refused) {
			return nil // it is as new as can be
		}
		return err
	}
	t, err := source.Token(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "username=%s\npassword=%s\npassword_expiry_utc=%d\n", p.address, t.AccessToken, t.Expiry.Unix())
	return err
}

// readAttributes reads lines up to an empty one: the caller may keep its end open.
func readAttributes(r io.Reader) (map[string]string, error) {
	out := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(r, 1<<20))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && strings.TrimRight(lines.Text(), "\r") != "" {
		key, value, _ := strings.Cut(strings.TrimRight(lines.Text(), "\r"), "=")
		out[key] = value
	}
	return out, lines.Err()
}
