package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestState holds what docs/state.md says: a start with what was kept sends its first command
// at once, and a page that could not be dealt with comes again.
func TestState(t *testing.T) {
	dir := t.TempDir()
	address := mailbox(&eas.Email{Subject: "One"}, &eas.Email{Subject: "Two"}).Address()
	client, err := connect(t.Context(), eastest.ClientID, address, dir, person(address))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := client.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(client.Token.(*token.Source).Config)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Address: address, Config: config, State: client.State(),
		FolderKey: folders.Key, Folders: folders.Added, Keys: map[eas.FolderID]eas.SyncKey{}}
	file := filepath.Join(dir, "box")
	if err := save(file, b); err != nil {
		t.Fatal(err)
	}

	var got []string
	full := errors.New("the disk is full")
	for _, failure := range []error{full, nil, nil} { // three lives of the program
		b := new(box)
		if err := load(file, b); err != nil {
			t.Fatal(err)
		}
		tenant.ForgetRequests()
		client, err := b.open(&token.FileStore{Dir: filepath.Join(dir, "sign-ins")})
		if err != nil {
			t.Fatal(err)
		}
		inbox, _ := (&eas.Folders{Added: b.Folders}).Find(eas.FolderInbox)
		err = b.bring(t.Context(), client, inbox.ID, file, func(page *eas.Page) error {
			for _, entry := range page.Added {
				got = append(got, entry.Item.(*eas.Email).Subject)
				if failure != nil {
					return failure
				}
			}
			return nil
		})
		if !errors.Is(err, failure) {
			t.Errorf("bring = %v, want %v", err, failure)
		}
		if first := tenant.Requests()[0]; first.Command != "Sync" {
			t.Errorf("the first request after a start is %s, want Sync", first)
		}
	}
	if diff := cmp.Diff([]string{"One", "One", "Two"}, got); diff != "" {
		t.Errorf("what three lives of the program got (-want +got):\n%s", diff)
	}
}
