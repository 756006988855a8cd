package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

// demonstrate starts the program four times with one store.
func demonstrate(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "signin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	const address = "ada@contoso.com"
	tn.AddMailbox(address)

	store := &token.FileStore{Dir: filepath.Join(dir, "sign-ins")}
	// runOut stands for the hour that an access token is good for.
	runOut := func() error {
		r, err := store.Load(ctx, address)
		if err != nil {
			return err
		}
		r.Access = nil
		_, err = store.Save(ctx, address, r)
		return err
	}
	for _, start := range []struct {
		title  string
		before func() error
		signs  bool
	}{
		{"The first start", func() error { return nil }, true},
		{"The next start", func() error { return nil }, false},
		{"A start after the access token has run out", runOut, false},
		{"A start after the password was changed", func() error { tn.Revoke(address); return runOut() }, true},
	} {
		if err := start.before(); err != nil {
			return err
		}
		fmt.Fprintln(out, start.title)
		signedIn := false
		m := &account.Mailbox{HTTP: tn.Client()}
		if err := m.Open(ctx, address, eastest.ClientID, "", store, &token.Browser{Open: func(ctx context.Context, target string) error {
			signedIn = true
			return tn.Browser()(ctx, target)
		}}); err != nil {
			return err
		}
		if err := new(program).run(ctx, m.Source, out, (&account.Session{Out: out}).Print); err != nil {
			return err
		}
		if signedIn != start.signs {
			return fmt.Errorf("%s: the browser was opened: %v", start.title, signedIn)
		}
	}
	return nil
}
