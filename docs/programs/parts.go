package main

import (
	"context"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// parts has the lines by which README.md shows a part of the library in another program.
func parts(source bearer.Source, endpoint *url.URL, email string, access *oauth2.Token, callersToken string) (*http.Client, []byte, token.Flow) {
	// HTTP, such as EWS: the token goes to this origin and to no other.
	client := &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: endpoint}}
	// IMAP, SMTP and POP: the initial response of SASL.
	response := bearer.XOAUTH2(email, access.AccessToken)
	// A service: a flow that exchanges the token of its caller (on-behalf-of).
	flow := &token.OnBehalfOf{Assertion: func(context.Context) (string, error) { return callersToken, nil }}

	return client, response, flow
}
