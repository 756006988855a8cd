package eas_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestPartial follows what is sent when little or nothing differs from the last request.
func TestPartial(t *testing.T) {
	two := `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>6</SyncKey><CollectionId>2</CollectionId><Status>1</Status></Collection></Collections></Sync>`
	forgot := `<Sync xmlns="AirSync"><Status>13</Status></Sync>`
	c, calls := speaking(t, eas.Version161, "Sync", two, "", "", forgot, two)
	key := eas.SyncKey("5")
	var sent []string
	for i, wait := range []time.Duration{time.Minute, time.Minute, time.Minute, 2 * time.Minute} {
		results, err := c.SyncMany(t.Context(), &eas.SyncManyOptions{Wait: wait, Partial: true},
			eas.SyncRequest{Folder: "1", Key: "9"}, eas.SyncRequest{Folder: "2", Key: key})
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if results[0].Folder != "1" || results[0].Page.Key != "9" || results[1].Err != nil {
			t.Errorf("request %d: results %+v", i, results)
		}
		key = results[1].Page.Key
	}
	for _, x := range *calls {
		if x.command != "Sync" {
			continue
		}
		s := "nothing"
		if len(x.body) > 0 {
			xml := toXML(t, x.body)
			s = ""
			for _, word := range []string{"<CollectionId>1<", "<CollectionId>2<", "<SyncKey>5<", "<SyncKey>6<", "<HeartbeatInterval>60<", "<HeartbeatInterval>120<", "<Partial/>"} {
				if strings.Contains(xml, word) {
					s += strings.Trim(word, "</>") + " "
				}
			}
		}
		sent = append(sent, strings.TrimSpace(s))
	}
	want := []string{
		"CollectionId>1 CollectionId>2 SyncKey>5 HeartbeatInterval>60", // all
		"CollectionId>2 SyncKey>6 Partial",                             // the key differs
		"nothing",
		"HeartbeatInterval>120 Partial",                                 // which the server has forgotten
		"CollectionId>1 CollectionId>2 SyncKey>6 HeartbeatInterval>120", // all
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestPartialBetween has other requests come between two partial ones, by which the server
// remembers another request than SyncMany's last.
func TestPartialBetween(t *testing.T) {
	for name, other := range map[string]func(ctx context.Context, c *eas.Client, inbox eas.FolderID, key eas.SyncKey) error{
		"Sync": func(ctx context.Context, c *eas.Client, inbox eas.FolderID, key eas.SyncKey) error {
			_, err := c.Sync(ctx, inbox, key, nil)
			return err
		},
		"Apply": func(ctx context.Context, c *eas.Client, inbox eas.FolderID, key eas.SyncKey) error {
			_, err := c.Apply(ctx, inbox, key, eas.MarkRead("none", true))
			return err
		},
		"SyncMany": func(ctx context.Context, c *eas.Client, inbox eas.FolderID, key eas.SyncKey) error {
			_, err := c.SyncMany(ctx, nil, eas.SyncRequest{Folder: inbox, Key: key})
			return err
		},
		"Do": func(ctx context.Context, c *eas.Client, inbox eas.FolderID, key eas.SyncKey) error {
			_, err := c.Do(ctx, "Sync", fromXML(t, `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>`+string(key)+`</SyncKey><CollectionId>`+string(inbox)+`</CollectionId></Collection></Collections></Sync>`))
			return err
		},
		"nothing": func(context.Context, *eas.Client, eas.FolderID, eas.SyncKey) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, nil)
				box := tn.AddMailbox("ada@contoso.com")
				c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
				requests := []eas.SyncRequest{{Folder: folderOf(t, c, eas.FolderContacts)}, {Folder: folderOf(t, c, eas.FolderNotes)}}
				sync := func() (added int) {
					t.Helper()
					results, err := c.SyncMany(t.Context(), &eas.SyncManyOptions{Partial: true}, requests...)
					if err != nil {
						t.Fatal(err)
					}
					for i, r := range results {
						if r.Err != nil {
							t.Fatal(r.Err)
						}
						requests[i].Key = r.Page.Key
						added += len(r.Page.Added)
					}
					return added
				}
				inbox := folderOf(t, c, eas.FolderInbox)
				page, err := c.Sync(t.Context(), inbox, "", nil)
				if err != nil {
					t.Fatal(err)
				}
				sync()
				sync()
				sync()
				if err := other(t.Context(), c, inbox, page.Key); err != nil {
					t.Fatal(err)
				}
				box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Dora", FileAs: "Dora"})
				if n := sync(); n != 1 {
					t.Errorf("%d items come, want 1", n)
				}
				sent := len(tn.Requests()[len(tn.Requests())-1].Document)
				if (sent == 0) != (name == "nothing") {
					t.Errorf("a request of %d characters", sent)
				}
			})
		})
	}
}

// TestSharedRequests calls SyncMany at once with requests that are the same slice.
func TestSharedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.AddMailbox("ada@contoso.com")
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
		requests := []eas.SyncRequest{{Folder: folderOf(t, c, eas.FolderContacts)}, {Folder: folderOf(t, c, eas.FolderNotes)}}
		want := slices.Clone(requests)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := c.SyncMany(t.Context(), &eas.SyncManyOptions{Partial: true}, requests...); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(want, requests, cmpopts.EquateComparable()); diff != "" {
			t.Errorf("the requests were changed: %s", diff)
		}
	})
}

// TestSyncMany waits for two folders at once.
func TestSyncMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "one"})
		box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Carl", FileAs: "Carl"})
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
		folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
		if err != nil {
			t.Fatal(err)
		}
		inbox, _ := folders.Find(eas.FolderInbox)
		contacts, _ := folders.Find(eas.FolderContacts)
		requests := []eas.SyncRequest{{Folder: inbox.ID}, {Folder: contacts.ID, Options: &eas.SyncOptions{Class: eas.ClassContacts}}}
		sync := func(o *eas.SyncManyOptions) []eas.SyncResult {
			t.Helper()
			results, err := c.SyncMany(t.Context(), o, requests...)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				requests[i].Key = r.Page.Key
			}
			return results
		}
		sync(nil)
		results := sync(nil)
		if len(results[0].Page.Added) != 1 || len(results[1].Page.Added) != 1 || results[1].Page.Added[0].Item.(*eas.Contact).FirstName != "Carl" {
			t.Errorf("results %+v", results)
		}
		time.AfterFunc(3*time.Minute, func() { box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Dora", FileAs: "Dora"}) })
		start := time.Now()
		results = sync(&eas.SyncManyOptions{Wait: 10 * time.Minute, Partial: true})
		if d := time.Since(start); d < 3*time.Minute || d > 4*time.Minute || len(results[0].Page.Added) != 0 || len(results[1].Page.Added) != 1 {
			t.Errorf("after %v: %+v", d, results)
		}
		// Nothing, twice: the second request is empty.
		for range 2 {
			for _, r := range sync(&eas.SyncManyOptions{Wait: time.Minute, Partial: true}) {
				if !r.Page.IsEmpty() {
					t.Errorf("%+v", r.Page)
				}
			}
		}
		if n := strings.Count(tn.Requests()[len(tn.Requests())-1].Document, "<"); n != 0 {
			t.Errorf("the last request is not empty: %s", tn.Requests()[len(tn.Requests())-1].Document)
		}
		// One folder whose key is lost does not spoil the other.
		requests[1].Key = "lost"
		results, err = c.SyncMany(t.Context(), nil, requests...)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Err != nil || !errors.Is(results[1].Err, eas.ErrInvalidSyncKey) {
			t.Errorf("results %+v", results)
		}
		for _, bad := range [][]eas.SyncRequest{nil, {{Folder: "1"}, {Folder: "1"}}, make([]eas.SyncRequest, 301), {{Folder: "1", Edits: []eas.Edit{eas.Delete("x")}}}} {
			if _, err := c.SyncMany(t.Context(), nil, bad...); err == nil {
				t.Errorf("%d folders are taken", len(bad))
			}
		}
	})
}
