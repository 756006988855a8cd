package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestProgramsFail holds that no program hides an error: of the source of tokens, and of each
// command that it sends.
func TestProgramsFail(t *testing.T) {
	programs := map[string]func(ctx context.Context, client *eas.Client, dir string) error{
		"unread": func(ctx context.Context, client *eas.Client, _ string) error { return unread(ctx, io.Discard, client) },
		"backup": backup,
		"away": func(ctx context.Context, client *eas.Client, _ string) error {
			return away(ctx, client, time.Now(), time.Now().Add(time.Hour), "Away")
		},
		"printNew": func(ctx context.Context, client *eas.Client, dir string) error {
			folder, err := inbox(ctx, client)
			if err != nil {
				return err
			}
			return printNew(ctx, io.Discard, client, &seen{Inbox: folder}, filepath.Join(dir, "seen"))
		},
		"bring": func(ctx context.Context, client *eas.Client, dir string) error {
			folder, err := inbox(ctx, client)
			if err != nil {
				return err
			}
			b := &box{Keys: map[eas.FolderID]eas.SyncKey{}}
			return b.bring(ctx, client, folder.ID, filepath.Join(dir, "box"), func(*eas.Page) error { return nil })
		},
		"recipes": func(ctx context.Context, client *eas.Client, dir string) error {
			folder, err := inbox(ctx, client)
			if err != nil {
				return err
			}
			mail := &eas.Email{Attachments: []eas.Attachment{{Name: "a", Reference: "none"}}}
			_, read := markRead(ctx, client, folder.ID, "1", []eas.ItemID{"1:1"})
			_, moved := move(ctx, client, "1:1", folder.ID, "3")
			for what, err := range map[string]error{
				"eventsOfDay": eventsOfDay(ctx, io.Discard, client, folder.ID, time.Now()), "addresses": addresses(ctx, io.Discard, client, folder.ID),
				"markRead": read, "move": moved, "search": search(ctx, io.Discard, client, folder.ID, "noon"),
				"saveAttachments": saveAttachments(ctx, client, mail, dir), "send": send(ctx, client, "Subject: x\r\n\r\n", "m1"),
			} {
				if err == nil {
					t.Errorf("%s hides the error", what)
				}
			}
			return io.EOF
		},
	}
	broken := errors.New("no token")
	none := bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, broken })
	for name, program := range programs {
		tn := eastest.New(t, nil)
		address := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "One"}).Address()
		client := func(source bearer.Source) *eas.Client {
			return &eas.Client{URL: tn.URL(), User: address, Token: source, HTTPClient: tn.Client(), Patience: -1}
		}
		if err := program(t.Context(), client(none), t.TempDir()); !errors.Is(err, broken) {
			t.Errorf("%s without a token = %v", name, err)
		}
		for _, command := range []string{"Sync", "ItemOperations", "Settings", "MoveItems", "Search", "SendMail"} {
			tn.Fail(command, eastest.Failure{Status: http.StatusForbidden, Times: 9, Optional: true})
		}
		if err := program(t.Context(), client(bearer.Static(tn.Token(address))), t.TempDir()); err == nil {
			t.Errorf("%s hides that a command is refused", name)
		}
	}

	dir := t.TempDir()
	if err := load(dir, new(seen)); err == nil {
		t.Error("load reads a folder")
	}
	tn := eastest.New(t, nil)
	address := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "One"}).Address()
	client := &eas.Client{URL: tn.URL(), User: address, Token: bearer.Static(tn.Token(address)), HTTPClient: tn.Client()}
	folder, err := inbox(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := printNew(t.Context(), io.Discard, client, &seen{Inbox: folder}, filepath.Join(dir, "none", "seen")); err == nil {
		t.Error("printNew hides that the key was not saved")
	}

	if _, err := connect(t.Context(), eastest.ClientID, "unknown@contoso.net", t.TempDir(), nil); err == nil {
		t.Error("connect finds a mailbox that does not exist")
	}
	if err := imapLogin(t.Context(), io.Discard, eastest.ClientID, mailbox().Address(), "127.0.0.1:1"); err == nil {
		t.Error("imap hides that there is no server")
	}
	for _, service := range []string{":", "https://127.0.0.1:1/EWS/Exchange.asmx"} {
		if err := unreadByEWS(t.Context(), io.Discard, none, service); err == nil {
			t.Errorf("EWS at %s hides an error", service)
		}
	}
}
