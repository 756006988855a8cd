package main

import (
	"database/sql"
	"net/http"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A fleet is what all mailboxes of a process share.
type fleet struct {
	store   token.Store    // one for all processes: what one renews, the others find
	limiter *token.Limiter // one for each authority
	http    *http.Client   // one for all servers
}

func newFleet(db *sql.DB, key token.EncryptionKey) *fleet {
	return &fleet{
		store:   &sqlstore.Store{DB: db, Dialect: sqlstore.PostgreSQL, EncryptionKey: key},
		limiter: new(token.Limiter),
		http:    &http.Client{Transport: eas.NewTransport()},
	}
}

// client makes the client of one mailbox. It costs no request.
func (f *fleet) client(address string, config *token.Config, state eas.State) *eas.Client {
	client := &eas.Client{
		URL: config.Endpoint, User: address, HTTPClient: f.http,
		Token: &token.Source{Config: config, Store: f.store, Key: address, Limiter: f.limiter},
	}
	client.Restore(state)
	return client
}
