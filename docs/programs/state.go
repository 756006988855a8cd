package main

import (
	"context"
	"encoding/json"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// A box is what a program keeps of a mailbox beside its sign-in, which a token.Store keeps,
// and its items. It holds no secret.
type box struct {
	Address   string
	Config    json.RawMessage // a token.Config: the endpoint, the authority, the scopes
	State     eas.State       // the version, the policy key, the device
	FolderKey eas.SyncKey     // of the list of folders
	Folders   []eas.Folder
	Keys      map[eas.FolderID]eas.SyncKey // of the items of each folder
}

// open makes a client of what was kept, without a request.
func (b *box) open(store token.Store) (*eas.Client, error) {
	config, err := token.RestoreConfig(b.Config, nil) // trusts authorities as Configure does
	if err != nil {
		return nil, err
	}
	source := &token.Source{Config: config, Store: store, Key: b.Address}
	client := &eas.Client{URL: config.Endpoint, User: b.Address, Token: source}
	client.Restore(b.State)
	return client, nil
}

// bring stores what is new in a folder: the items of a page first, and then its key.
func (b *box) bring(ctx context.Context, client *eas.Client, folder eas.FolderID, file string, take func(*eas.Page) error) error {
	for page, err := range client.Pages(ctx, folder, b.Keys[folder], nil) {
		if err != nil {
			return err
		}
		if err := take(page); err != nil {
			return err // the page comes again
		}
		b.Keys[folder], b.State = page.Key, client.State()
		if err := save(file, b); err != nil {
			return err
		}
	}
	return nil
}
