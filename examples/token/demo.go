package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

// demonstrate signs a user in at an embedded tenant, and then does what a mail program that is
// started again and again does. It prints no token.
func demonstrate(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "token")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tn := eastest.New(nil, nil)
	defer tn.Close()
	const address = "ada@contoso.com"
	tn.AddMailbox(address)
	store := &token.FileStore{Dir: filepath.Join(dir, "tokens")}
	start := func(verb, form string) (string, error) {
		var printed bytes.Buffer
		p := &program{
			clientID: eastest.ClientID, authority: "https://login.microsoftonline.com/common", service: "imap,smtp", form: form, verb: verb, address: address,
			store: store, http: tn.Client(), open: tn.Browser(), out: &printed, errs: out, in: strings.NewReader(""),
		}
		err := p.run(ctx)
		return printed.String(), err
	}
	requests := func() int { return len(tn.Requests()) }

	_, err = start("get", "token")
	if account.Code(ctx, err) != account.LogIn {
		return fmt.Errorf("get before login: %w", err)
	}
	fmt.Fprintln(out, "get    exit code 3:", err)
	if _, err := start("login", "token"); err != nil {
		return err
	}
	before := requests()
	first, err := start("get", "token")
	if err != nil {
		return err
	}
	if strings.Count(first, "\n") != 1 {
		return errors.New("get printed more than a token")
	}
	sasl, err := start("get", "xoauth2")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "get    a token of %d bytes, a SASL response of %d; requests to the authority: %d\n", len(first)-1, len(sasl)-1, requests()-before)

	// The hour that an access token is good for passes, and eight programs want one at once.
	r, err := store.Load(ctx, address)
	if err != nil {
		return err
	}
	r.Access = nil
	if _, err := store.Save(ctx, address, r); err != nil {
		return err
	}
	before = tokenRequests(tn)
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		tokens = map[string]bool{}
		failed error
	)
	for range 8 {
		wg.Go(func() {
			t, err := start("get", "token")
			mu.Lock()
			defer mu.Unlock()
			tokens[t] = true
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	fmt.Fprintf(out, "get    eight at once after an hour: %d new token, %d refresh\n", len(tokens), tokenRequests(tn)-before)
	if _, err := start("logout", "token"); err != nil {
		return err
	}
	fmt.Fprintln(out, "logout done")
	return nil
}

func tokenRequests(tn *eastest.Tenant) int {
	n := 0
	for _, r := range tn.Requests() {
		if r.Form.Get("grant_type") == "refresh_token" {
			n++
		}
	}
	return n
}
