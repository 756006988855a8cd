package engine

import (
	"context"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// A Hit is something that a search found.
type Hit struct {
	ID     string
	Folder eas.FolderID // "" if only the server has it
	Item   eas.Item
}

// Search looks for items that have all words of a text, in the copy, and at the server, which has what is older. What the
// server finds is kept for a day: see [lifecycle]. If the server does not find anything
// because it fails, remote says why, and the hits are those of the copy and of earlier
// searches.
func (e *Engine) Search(ctx context.Context, m *store.Mailbox, text string, limit int) (hits []Hit, remote, err error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, nil, nil
	}
	const page = 500
	for offset, n := 0, page; n == page && len(hits) < limit; offset += n {
		items, err := e.Store.Items(ctx, m.ID, "", offset, page)
		if err != nil {
			return nil, nil, err
		}
		for _, i := range items {
			item, err := eas.Decode("", i.Raw)
			if err == nil && matches(item, words) && len(hits) < limit {
				hits = append(hits, Hit{string(i.ID), i.Folder, item})
			}
		}
		n = len(items)
	}
	var found []store.Found
	if m.State == store.Active {
		found, remote = e.searchServer(ctx, m, text, limit)
		if remote == nil {
			if err := e.Store.SaveFound(ctx, m.ID, found); err != nil {
				return nil, nil, err
			}
		}
	}
	if m.State != store.Active || remote != nil {
		if found, err = e.Store.Found(ctx, m.ID); err != nil {
			return nil, nil, err
		}
	}
	seen := map[string]bool{}
	for _, h := range hits {
		seen[digest(h.Item)] = true
	}
	for _, f := range found {
		item, err := eas.Decode(eas.Class(f.Class), f.Raw)
		// The server has an index of its own, and other words may mean the same to it.
		if err != nil || len(hits) >= limit || remote != nil && !matches(item, words) || seen[digest(item)] {
			continue
		}
		seen[digest(item)] = true
		hits = append(hits, Hit{ID: f.ID, Item: item})
	}
	return hits, remote, nil
}

func (e *Engine) searchServer(ctx context.Context, m *store.Mailbox, text string, limit int) ([]store.Found, error) {
	s, err := e.open(ctx, m)
	if err != nil {
		return nil, err
	}
	r, err := s.client.Search(ctx, eas.Query{Text: text, Classes: []eas.Class{eas.ClassEmail}}, &eas.SearchOptions{Limit: min(limit, 100)})
	if kept := e.keep(context.WithoutCancel(ctx), m, s); err == nil {
		err = kept
	}
	if err != nil {
		return nil, err
	}
	var all []store.Found
	for _, f := range r.Items {
		if f.Err == nil && f.LongID != "" {
			all = append(all, store.Found{ID: f.LongID, Class: string(f.Class), Raw: f.Raw, At: time.Now()})
		}
	}
	return all, nil
}

// matches reports whether all words are in what a list of mail shows, or in the body.
func matches(item eas.Item, words []string) bool {
	var text string
	switch i := item.(type) {
	case *eas.Email:
		text = i.Subject + " " + i.From + " " + i.To + " " + body(i.Body)
	case *eas.Event:
		text = i.Subject + " " + body(i.Body)
	case *eas.Contact:
		text = i.FileAs + " " + i.FirstName + " " + i.LastName
	default:
		return false
	}
	text = strings.ToLower(text)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func body(b *eas.Body) string {
	if b == nil {
		return ""
	}
	return b.Data
}

// digest tells mail from mail: the copy and the server's index have no name in common.
func digest(item eas.Item) string {
	mail, ok := item.(*eas.Email)
	if !ok {
		return ""
	}
	return mail.Received.UTC().Format(time.RFC3339Nano) + "\x00" + mail.From + "\x00" + mail.Subject
}
