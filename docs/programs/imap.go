package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/textproto"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// imapLogin logs in at an IMAP server and prints what it responds.
func imapLogin(ctx context.Context, w io.Writer, clientID, email, addr string) error {
	config, err := token.ConfigureResource(ctx, clientID, "https://login.microsoftonline.com/organizations",
		nil, []string{token.ScopeIMAP}, nil)
	if err != nil {
		return err
	}
	source := &token.Source{Config: config, Flow: person(email)}
	access, err := source.Token(ctx)
	if err != nil {
		return err
	}
	conn, err := new(tls.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	imap := textproto.NewConn(conn)
	if _, err := imap.ReadLine(); err != nil { // the greeting
		return err
	}
	sasl := base64.StdEncoding.EncodeToString(bearer.XOAUTH2(email, access.AccessToken))
	if err := imap.PrintfLine("a AUTHENTICATE XOAUTH2 %s", sasl); err != nil {
		return err
	}
	line, err := imap.ReadLine()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, line)
	return err
}
