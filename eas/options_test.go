package eas_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// TestForeignOptions gives each method the options that are another's: an error names the option,
// and nothing is sent.
func TestForeignOptions(t *testing.T) {
	type call = func(context.Context, *eas.Client, *eas.SearchOptions) error
	search := map[string]call{
		"Search": func(ctx context.Context, c *eas.Client, o *eas.SearchOptions) error {
			_, err := c.Search(ctx, eas.Query{Text: "words"}, o)
			return err
		},
		"SearchPeople": func(ctx context.Context, c *eas.Client, o *eas.SearchOptions) error {
			_, err := c.SearchPeople(ctx, "words", o)
			return err
		},
		"SearchLibrary": func(ctx context.Context, c *eas.Client, o *eas.SearchOptions) error {
			_, err := c.SearchLibrary(ctx, `\\server\share`, o)
			return err
		},
		"Find": func(ctx context.Context, c *eas.Client, o *eas.SearchOptions) error {
			_, err := c.Find(ctx, eas.Query{Text: "words"}, o)
			return err
		},
		"FindPeople": func(ctx context.Context, c *eas.Client, o *eas.SearchOptions) error {
			_, err := c.FindPeople(ctx, "words", o)
			return err
		},
	}
	options := map[string]*eas.SearchOptions{
		"Limit": {Limit: 5}, "Offset": {Offset: 5}, "Items": {Items: &eas.ItemOptions{}}, "Pictures": {Pictures: 1}, "PictureSize": {PictureSize: 1}, "Rebuild": {Rebuild: true},
	}
	has := map[string]string{
		"Search": "Limit Offset Items Rebuild", "SearchPeople": "Limit Offset Pictures PictureSize Rebuild", "SearchLibrary": "Limit Offset",
		"Find": "Limit", "FindPeople": "Limit Pictures PictureSize",
	}
	for method, f := range search {
		for name, o := range options {
			b := &backend{t: t}
			c := b.client()
			c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
			err := f(t.Context(), c, o)
			refused := err != nil && strings.Contains(err.Error(), "eas: "+method+": it has no SearchOptions."+name)
			if own := strings.Contains(" "+has[method]+" ", " "+name+" "); refused == own || len(b.calls) == 0 == own {
				t.Errorf("%s with %s: %v after %d requests", method, name, err, len(b.calls))
			}
		}
	}
	now := time.Now()
	for want, f := range map[string]func(context.Context, *eas.Client) error{
		"Find: it has no Query.Conversation": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "words", Conversation: []byte{1}}, nil)
			return err
		},
		"Find: it has no Query.After": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "words", After: now}, nil)
			return err
		},
		"Find: it has no Query.Before": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "words", Before: now}, nil)
			return err
		},
		"Find: more than one of Query.Classes": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "words", Classes: []eas.Class{"a", "b"}}, nil)
			return err
		},
		"Find: more than one of Query.Folders": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "words", Folders: []eas.FolderID{"1", "2"}}, nil)
			return err
		},
		"SmartReply: it has no SmartOptions.Forwardees": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{Folder: "5", Item: "5:1"}, nil, &eas.SmartOptions{Forwardees: []eas.Person{{Email: "bob@contoso.com"}}})
		},
		"FetchDocument: it has no FetchOptions.Protected": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FetchDocument(ctx, `\\server\share\file`, &strings.Builder{}, &eas.FetchOptions{Protected: true})
			return err
		},
	} {
		b := &backend{t: t}
		c := b.client()
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		if err := f(t.Context(), c); err == nil || !strings.Contains(err.Error(), "eas: "+want) || len(b.calls) != 0 {
			t.Errorf("%v after %d requests, want %q", err, len(b.calls), want)
		}
	}
}
