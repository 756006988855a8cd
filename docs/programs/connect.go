package main

import (
	"context"
	"net/http"
	"path/filepath"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// limiter bounds what all mailboxes of the program together request of the authority.
var limiter token.Limiter

// connect finds the mailbox and returns a client for it. The sign-in is kept in dir: flow
// runs when there is none, at the client's first command.
func connect(ctx context.Context, clientID, email, dir string, flow token.Flow) (*eas.Client, error) {
	resolver := &autodiscover.Resolver{Proxy: http.ProxyFromEnvironment}
	endpoint, err := resolver.Lookup(ctx, email)
	if err != nil {
		return nil, err
	}
	offer, err := bearer.Probe(ctx, nil, endpoint.URL, email)
	if err != nil {
		return nil, err
	}
	config, err := token.Configure(ctx, clientID, offer, endpoint.URL, nil)
	if err != nil {
		return nil, err
	}
	source := &token.Source{
		Config:  config,
		Store:   &token.FileStore{Dir: filepath.Join(dir, "sign-ins")},
		Key:     email,
		Flow:    flow,
		Limiter: &limiter,
	}
	return &eas.Client{URL: endpoint.URL, User: email, Token: source}, nil
}
