package eastest_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestDance goes through the whole dance in a bubble, by device code, and holds each step.
func TestDance(t *testing.T) {
	for _, topology := range []eastest.Topology{eastest.Cloud, eastest.Hybrid} {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: topology})
			const addr = "ada@contoso.com"
			box := tn.AddMailbox(addr, &eas.Email{Subject: "one"}, &eas.Email{Subject: "two"})
			ctx := t.Context()
			r := &autodiscover.Resolver{HTTPClient: tn.Client()}
			e, err := r.Lookup(ctx, addr)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := e.URL.String(), tn.URL().String(); got != want {
				t.Fatalf("EAS URL = %s, want %s", got, want)
			}
			offer, err := bearer.Probe(ctx, tn.Client(), e.URL, addr)
			if err != nil {
				t.Fatal(err)
			}
			config, err := token.Configure(ctx, eastest.ClientID, offer, e.URL, &token.Options{HTTPClient: tn.Client()})
			if err != nil {
				t.Fatal(err)
			}
			source := &token.Source{
				Config: config, Store: new(token.MemoryStore), Key: addr,
				Flow: &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }},
			}
			if _, err := source.SignIn(ctx); err != nil {
				t.Fatal(err)
			}
			c := &eas.Client{URL: e.URL, User: addr, Token: source, HTTPClient: tn.Client()}
			folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
			if err != nil {
				t.Fatal(err)
			}
			inbox, ok := folders.Find(eas.FolderInbox)
			if !ok {
				t.Fatal("no inbox")
			}
			key := eas.InitialSyncKey
			read := func() (subjects []string) {
				for page, err := range c.Pages(ctx, inbox.ID, key, nil) {
					if err != nil {
						t.Fatal(err)
					}
					for _, e := range page.Added {
						if e.Err != nil {
							t.Fatal(e.Err)
						}
						subjects = append(subjects, e.Item.(*eas.Email).Subject)
					}
					key = page.Key
				}
				return subjects
			}
			if diff := cmp.Diff([]string{"one", "two"}, read()); diff != "" {
				t.Errorf("inbox (-want +got):\n%s", diff)
			}
			go func() {
				time.Sleep(time.Minute)
				box.Deliver(&eas.Email{Subject: "three"})
			}()
			p, err := c.Ping(ctx, []eas.Folder{inbox}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]eas.FolderID{inbox.ID}, p.Changed); diff != "" {
				t.Errorf("Ping (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"three"}, read()); diff != "" {
				t.Errorf("inbox (-want +got):\n%s", diff)
			}
			mime := "From: ada@contoso.com\r\nTo: ada@contoso.com\r\nSubject: four\r\n\r\nhello\r\n"
			if err := c.SendMail(ctx, strings.NewReader(mime), nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"four"}, read()); diff != "" {
				t.Errorf("inbox (-want +got):\n%s", diff)
			}
			time.Sleep(2 * time.Hour)
			if _, err := c.FolderSync(ctx, folders.Key); err != nil {
				t.Fatal(err)
			}
		})
	}
}
