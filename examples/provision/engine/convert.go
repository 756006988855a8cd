package engine

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// convert turns a page into what is stored of it.
func (e *Engine) convert(ctx context.Context, s *session, f *store.Folder, page *eas.Page) (*store.Page, error) {
	class := f.Type.Class()
	p := &store.Page{Key: page.Key, More: page.More, Gone: append(page.Deleted, page.SoftDeleted...)}
	series := map[eas.ItemID]bool{}
	for _, entry := range append(page.Added[:len(page.Added):len(page.Added)], page.Changed...) {
		if !entry.Occurrence.IsZero() {
			series[entry.ID] = true
		}
	}
	for _, o := range page.DeletedOccurrences {
		series[o.Series] = true
	}
	for _, entry := range page.Added {
		if entry.Occurrence.IsZero() {
			p.Stored = append(p.Stored, e.item(class, entry.ID, bytes.Clone(entry.Raw)))
		}
	}
	for _, entry := range page.Changed {
		if !entry.Occurrence.IsZero() {
			continue
		}
		p.Changed = append(p.Changed, store.Change{ID: entry.ID, Apply: func(old []byte) ([]byte, time.Time, error) {
			raw, err := eas.Merge(old, entry.Raw)
			if err != nil {
				return nil, time.Time{}, err
			}
			i := e.item(class, entry.ID, raw)
			return i.Raw, i.At, nil
		}})
	}
	// An occurrence alone cannot be merged into its series: the series is fetched whole.
	for id := range series {
		whole, err := s.client.FetchItem(ctx, f.ID, id, &eas.ItemOptions{Class: class})
		var refused *eas.Error
		if errors.As(err, &refused) && refused.Action == eas.ActionResyncItem {
			continue // it is gone; a later page says so
		}
		if err != nil {
			return nil, err
		}
		p.Stored = append(p.Stored, e.item(class, id, bytes.Clone(whole.Raw)))
	}
	return p, nil
}

// item is an item as it is stored. Mail that is older than the window is stored without its
// content: the server's month is up to three days longer.
func (e *Engine) item(class eas.Class, id eas.ItemID, raw []byte) store.Item {
	i := store.Item{ID: id, Raw: raw}
	if class != eas.ClassEmail {
		return i
	}
	if item, err := eas.Decode(class, raw); err == nil {
		if mail, ok := item.(*eas.Email); ok {
			i.At = mail.Received
		}
	}
	if !i.At.IsZero() && i.At.Before(time.Now().Add(-e.window())) {
		i.Raw = nil
	}
	return i
}
