package eas_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestResync loses the keys at the server, as a move of the mailbox does, while mail comes
// and goes.
func TestResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "stays"}, &eas.Email{Subject: "goes"})
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
		folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
		if err != nil {
			t.Fatal(err)
		}
		inbox, _ := folders.Find(eas.FolderInbox)
		var known []eas.ItemID
		var key eas.SyncKey
		for page, err := range c.Pages(t.Context(), inbox.ID, eas.InitialSyncKey, nil) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Added {
				known = append(known, e.ID)
			}
			key = page.Key
		}
		box.ForgetSyncKeys()
		box.RemoveItem(eas.FolderInbox, "goes")
		box.Deliver(&eas.Email{Subject: "comes"})
		box.AddFolder("New", eas.FolderUserMail)

		after, err := c.SyncFolders(t.Context(), folders.Key, folders.Added)
		if err != nil {
			t.Fatal(err)
		}
		if len(after.Added) != 1 || after.Added[0].Name != "New" || len(after.Changed)+len(after.Deleted) != 0 {
			t.Errorf("folders %+v, want the new one alone", after)
		}
		if _, err := c.Sync(t.Context(), inbox.ID, key, nil); !errors.Is(err, eas.ErrInvalidSyncKey) {
			t.Fatalf("Sync = %v, want ErrInvalidSyncKey", err)
		}
		got, err := c.Resync(t.Context(), inbox.ID, known, nil)
		if err != nil {
			t.Fatal(err)
		}
		var subjects []string
		for _, e := range got.Items {
			subjects = append(subjects, e.Item.(*eas.Email).Subject)
		}
		if diff := cmp.Diff("stays comes", strings.Join(subjects, " ")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(known[:1], got.Known); diff != "" {
			t.Errorf("known: %s", diff)
		}
		if diff := cmp.Diff(known[1:], got.Gone); diff != "" {
			t.Errorf("gone: %s", diff)
		}
		if page, err := c.Sync(t.Context(), inbox.ID, got.Key, nil); err != nil || !page.IsEmpty() {
			t.Errorf("Sync with the new key = %+v, %v, want nothing", page, err)
		}
	})
}
