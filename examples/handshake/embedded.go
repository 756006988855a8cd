package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// embedded does the dance against a tenant inside the program: a hybrid deployment, with
// the mailbox on-premises, which is the longer way.
func embedded(ctx context.Context, s *show) error {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, DeviceInterval: time.Second})
	defer tn.Close()
	const addr = "ada@contoso.com"
	tn.AddMailbox(addr,
		&eas.Email{From: "bob@contoso.com", Subject: "Minutes of Monday"},
		&eas.Email{From: "bob@contoso.com", Subject: "Lunch?"},
		&eas.Email{From: "news@fabrikam.com", Subject: "Fabrikam weekly"})
	tn.AddMailbox("bob@contoso.com")

	s.note("Every server is embedded: nothing leaves this machine.\nWhat is refused below is refused on purpose, and marked \"expected\".")
	d := &dance{
		show: s, email: addr, clientID: eastest.ClientID,
		http: &http.Client{Transport: s.record(tn.Client().Transport)},
	}
	device := &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}
	for _, step := range []func(context.Context) error{
		d.discover, d.challenge, d.configure,
		func(ctx context.Context) error {
			open := func(ctx context.Context, target string) error {
				s.opened(target)
				return tn.Browser()(ctx, target)
			}
			return d.signIn(ctx, "browser: authorization code with PKCE", &token.Browser{Open: open})
		},
		d.audience, d.provision, d.folders, d.inbox, d.sendAndPing,
		func(ctx context.Context) error { return d.rotate(ctx, tn) },
		func(ctx context.Context) error { return d.revoked(ctx, tn) },
		func(ctx context.Context) error {
			return d.signIn(ctx, "device code, since the sign-in has ended", device)
		},
		d.after,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sendAndPing sends a message and sees it come back through a Ping that was waiting.
func (d *dance) sendAndPing(ctx context.Context) error {
	return d.show.run("eas", "Send a message, which a waiting Ping reports", func(learn func(string, string, ...any)) error {
		inbox, _ := d.mailbox.Find(eas.FolderInbox)
		type result struct {
			*eas.PingResult
			error
		}
		pinged, waits := make(chan result, 1), d.show.next()
		go func() {
			p, err := d.client.Ping(ctx, []eas.Folder{inbox}, nil)
			pinged <- result{p, err}
		}()
		<-waits
		message := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Hello from easoauth\r\n\r\nIt works.\r\n", d.email, d.email)
		if err := d.client.SendMail(ctx, strings.NewReader(message), nil); err != nil {
			return err
		}
		r := <-pinged
		if r.error != nil {
			return r.error
		}
		if len(r.Changed) != 1 || r.Changed[0] != inbox.ID {
			return fmt.Errorf("the Ping reports %v, not the Inbox", r.Changed)
		}
		learn("changed", "%s", inbox.Name)
		return d.sync(ctx, inbox.ID, learn)
	})
}

// rotate lets the access token run out and sees it replaced, and the refresh token with it,
// in the store before the new access token is used.
func (d *dance) rotate(ctx context.Context, tn *eastest.Tenant) error {
	return d.show.run("token", "The access token runs out", func(learn func(string, string, ...any)) error {
		before, err := d.store.Load(ctx, d.email)
		if err != nil {
			return err
		}
		tn.ExpireAccessTokens()
		d.show.expect(http.StatusUnauthorized, "the token has run out")
		if _, err := d.client.FolderSync(ctx, d.mailbox.Key); err != nil {
			return err
		}
		after, err := d.store.Load(ctx, d.email)
		if err != nil {
			return err
		}
		if after.Generation == before.Generation {
			return errors.New("the store still holds the old refresh token")
		}
		refreshes := 0
		for _, r := range tn.Requests() {
			if r.Form.Get("grant_type") == "refresh_token" {
				refreshes++
			}
		}
		learn("refreshes", "%d", refreshes)
		learn("stored", "generation %d, was %d", after.Generation, before.Generation)
		if refreshes != 1 {
			return fmt.Errorf("%d refreshes, want 1", refreshes)
		}
		return nil
	})
}

// revoked has the sign-in end at the authority, as a change of the password does, while the
// program is not running: it starts again with what it has stored.
func (d *dance) revoked(ctx context.Context, tn *eastest.Tenant) error {
	return d.show.run("token", "The program restarts, and the sign-in has been revoked", func(learn func(string, string, ...any)) error {
		tn.Revoke(d.email)
		d.show.expect(http.StatusUnauthorized, "the token was revoked")
		d.show.expect(http.StatusBadRequest, "so was the refresh token")
		state := d.client.State()
		d.source = &token.Source{Config: d.config, Store: &d.store, Key: d.email}
		d.client = &eas.Client{URL: d.endpoint, User: d.email, Token: d.source, HTTPClient: d.http}
		d.client.Restore(state)
		_, err := d.client.FolderSync(ctx, d.mailbox.Key)
		var reauth *token.ReauthError
		if !errors.As(err, &reauth) {
			if err == nil {
				return errWanted("a revoked sign-in")
			}
			return err
		}
		learn("expected", "%v", reauth)
		return nil
	})
}

func (d *dance) after(ctx context.Context) error {
	return d.show.run("eas", "The mailbox is synchronized on from where it was", func(learn func(string, string, ...any)) error {
		if _, err := d.client.FolderSync(ctx, d.mailbox.Key); err != nil {
			return err
		}
		inbox, _ := d.mailbox.Find(eas.FolderInbox)
		if err := d.sync(ctx, inbox.ID, learn); err != nil {
			return err
		}
		learn("key", "still good")
		return nil
	})
}
