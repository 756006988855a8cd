package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// A mailbox reads the mailbox of a user. It is safe for concurrent use.
type mailbox struct {
	client *eas.Client
	zone   *time.Location

	mu      sync.Mutex
	key     eas.SyncKey // of the hierarchy
	folders []eas.Folder
	mirrors map[eas.FolderID]*mirror
}

// list brings the folders up to date.
func (m *mailbox) list(ctx context.Context) ([]eas.Folder, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.client.SyncFolders(ctx, m.key, m.folders)
	if err != nil {
		return nil, err
	}
	gone := slices.Clone(d.Deleted)
	for _, f := range d.Changed {
		gone = append(gone, f.ID)
	}
	folders := slices.DeleteFunc(slices.Clone(m.folders), func(f eas.Folder) bool { return slices.Contains(gone, f.ID) })
	for _, id := range d.Deleted {
		delete(m.mirrors, id)
	}
	m.key, m.folders = d.Key, slices.Concat(folders, d.Added, d.Changed)
	return m.folders, nil
}

// path returns the name of a folder with those above it.
func path(folders []eas.Folder, f eas.Folder) string {
	s := f.Name
	for range 20 { // parents in a circle are the server's fault
		i := slices.IndexFunc(folders, func(p eas.Folder) bool { return p.ID == f.Parent })
		if i < 0 {
			break
		}
		f = folders[i]
		s = f.Name + "/" + s
	}
	return s
}

// folder returns the folder that a model means: by its ID, its path, its name, or what it is for.
func (m *mailbox) folder(ctx context.Context, name string, class eas.Class) (eas.Folder, error) {
	folders, err := m.list(ctx)
	if err != nil {
		return eas.Folder{}, err
	}
	for _, is := range []func(f eas.Folder) bool{
		func(f eas.Folder) bool { return string(f.ID) == name },
		func(f eas.Folder) bool { return strings.EqualFold(path(folders, f), name) },
		func(f eas.Folder) bool { return strings.EqualFold(f.Name, name) },
		func(f eas.Folder) bool { return strings.EqualFold(f.Type.String(), name) },
	} {
		var found []eas.Folder
		for _, f := range folders {
			if f.Type.Class() == class && is(f) {
				found = append(found, f)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return eas.Folder{}, fmt.Errorf("there are %d folders of this name: use the id that list_folders returns", len(found))
	}
	return eas.Folder{}, errors.New("there is no such folder with items of this kind: list_folders returns those that there are")
}

// mirror returns the copy of a folder, up to date, and locked until the caller calls the function.
// A copy that has a narrower window is made again.
func (m *mailbox) mirror(ctx context.Context, f eas.Folder, filter eas.Filter) (map[eas.ItemID]eas.Entry, func(), error) {
	m.mu.Lock()
	x := m.mirrors[f.ID]
	if x == nil {
		x = &mirror{folder: f, filter: filter}
		x.begin()
		m.mirrors[f.ID] = x
	}
	m.mu.Unlock()
	x.mu.Lock()
	if filter == eas.FilterAll && x.filter != eas.FilterAll {
		x.filter = filter
		x.begin()
	}
	err := x.update(ctx, m.client)
	if errors.Is(err, eas.ErrInvalidSyncKey) { // another process has begun with the folder
		x.begin()
		err = x.update(ctx, m.client)
	}
	if err != nil {
		x.mu.Unlock()
		return nil, nil, err
	}
	return x.items, x.mu.Unlock, nil
}

// A mirror is a copy of what lists show of a folder, in memory. A sync key brings what has changed
// since the last call.
type mirror struct {
	mu     sync.Mutex
	folder eas.Folder
	filter eas.Filter
	key    eas.SyncKey
	items  map[eas.ItemID]eas.Entry
}

const maxMirror = 20000 // items

func (x *mirror) begin() { x.key, x.items = eas.InitialSyncKey, map[eas.ItemID]eas.Entry{} }

func (x *mirror) update(ctx context.Context, client *eas.Client) error {
	class := x.folder.Type.Class()
	o := &eas.SyncOptions{Class: class, Filter: x.filter, BodyLimit: eas.NoBody, Window: eas.MaxWindow}
	for page, err := range client.Pages(ctx, x.folder.ID, x.key, o) {
		if err != nil {
			return err
		}
		again := map[eas.ItemID]bool{}
		for _, e := range page.Added {
			e.Raw = bytes.Clone(e.Raw)
			x.items[e.ID] = e
		}
		for _, e := range page.Changed {
			old, ok := x.items[e.ID]
			raw, err := eas.Merge(old.Raw, e.Raw)
			if !ok || err != nil || class == eas.ClassCalendar {
				again[e.ID] = true // an exception alone, say
				continue
			}
			old.Raw = raw
			old.Item, old.Err = eas.Decode(class, raw)
			x.items[e.ID] = old
		}
		for _, o := range page.DeletedOccurrences {
			again[o.Series] = true
		}
		for _, id := range slices.Concat(page.Deleted, page.SoftDeleted) {
			delete(x.items, id)
			delete(again, id)
		}
		for id := range again {
			e, err := client.FetchItem(ctx, x.folder.ID, id, &eas.ItemOptions{Class: class, BodyLimit: eas.NoBody})
			var gone *eas.Error
			if errors.As(err, &gone) && gone.Action == eas.ActionResyncItem {
				delete(x.items, id)
				continue
			}
			if err != nil {
				return err
			}
			x.items[id] = *e
		}
		if len(x.items) > maxMirror {
			x.begin()
			return fmt.Errorf("the folder has more than %d items in this time: use search_messages", maxMirror)
		}
		x.key = page.Key
	}
	return nil
}
