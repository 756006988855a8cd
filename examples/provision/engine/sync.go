package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// Wanted says which folders are copied: mail, calendars and contacts.
func Wanted(t eas.FolderType) bool {
	switch t {
	case eas.FolderInbox, eas.FolderDrafts, eas.FolderDeletedItems, eas.FolderSentItems, eas.FolderUserMail, eas.FolderGeneric,
		eas.FolderCalendar, eas.FolderUserCalendar, eas.FolderContacts, eas.FolderUserContacts:
		return true
	}
	return false
}

// Sync works on a mailbox until its copy is in step, or until ctx or budget ends: then done is
// false, and another call goes on. What is stored is stored as it comes. An error has been
// stored with the mailbox; see [Engine.Explain].
func (e *Engine) Sync(ctx context.Context, id int64, budget time.Duration) (done bool, err error) {
	m, err := e.Store.Mailbox(ctx, id)
	if err != nil || m.State != store.Active {
		return true, err
	}
	end := time.Now().Add(budget)
	done, err = e.sync(ctx, m, func() bool { return time.Now().After(end) })
	if err != nil {
		return false, e.fail(ctx, m, err)
	}
	return done, nil
}

func (e *Engine) sync(ctx context.Context, m *store.Mailbox, late func() bool) (done bool, err error) {
	s, err := e.open(ctx, m)
	if err != nil {
		return false, err
	}
	defer func() {
		if kept := e.keep(context.WithoutCancel(ctx), m, s); err == nil {
			err = kept
		}
	}()
	every := e.FoldersEvery
	if every == 0 {
		every = 10 * time.Minute
	}
	if m.HierarchyDue || time.Since(m.HierarchyAt) > every {
		if err := e.hierarchy(ctx, m, s); err != nil {
			return false, err
		}
	}
	for again := true; ; again = false {
		err := e.folders(ctx, m, s, late)
		switch {
		case errors.Is(err, errLate):
			return false, nil
		case errors.Is(err, eas.ErrFolderSyncRequired) && again:
			if err := e.hierarchy(ctx, m, s); err != nil {
				return false, err
			}
			continue
		}
		return err == nil, err
	}
}

var errLate = errors.New("engine: the time of this turn is over")

// folders synchronizes the folders that are due, the one that users look at first.
func (e *Engine) folders(ctx context.Context, m *store.Mailbox, s *session, late func() bool) error {
	all, err := e.Store.Folders(ctx, m.ID)
	if err != nil {
		return err
	}
	rank := func(t eas.FolderType) int {
		if i := slices.Index([]eas.FolderType{eas.FolderInbox, eas.FolderCalendar, eas.FolderContacts}, t); i >= 0 {
			return i
		}
		return 3
	}
	slices.SortStableFunc(all, func(a, b store.Folder) int { return cmp.Compare(rank(a.Type), rank(b.Type)) })
	for i := range all {
		if !all[i].Due {
			continue
		}
		if late() {
			return errLate
		}
		if err := e.folder(ctx, m, s, &all[i], late); err != nil {
			return err
		}
	}
	return nil
}

// hierarchy brings the folders up to date.
func (e *Engine) hierarchy(ctx context.Context, m *store.Mailbox, s *session) error {
	have, err := e.Store.Folders(ctx, m.ID)
	if err != nil {
		return err
	}
	var known []eas.Folder
	for _, f := range have {
		known = append(known, f.Folder)
	}
	key := m.Hierarchy
	if key == "" {
		key = eas.InitialSyncKey
	}
	changes, err := s.client.SyncFolders(ctx, key, known)
	if err != nil {
		return err
	}
	if err := e.Store.SaveHierarchy(ctx, m.ID, m.Hierarchy, changes, Wanted); err != nil {
		return err
	}
	m.Hierarchy, m.HierarchyDue = changes.Key, false
	return nil
}

// syncOptions are those of a folder. Mail comes of a month, the nearest that the protocol has to
// four weeks and not less.
func (e *Engine) syncOptions(f *store.Folder) *eas.SyncOptions {
	o := &eas.SyncOptions{Class: f.Type.Class(), Window: 100, Body: eas.BodyHTML, BodyLimit: e.BodyLimit}
	switch o.Class {
	case eas.ClassEmail:
		o.Filter = eas.FilterOneMonth
	case eas.ClassContacts, eas.ClassCalendar:
		o.Body = eas.BodyPlain
	}
	return o
}

// folder brings a folder up to date, page by page. A key that the server has forgotten begins
// a new life of the folder.
func (e *Engine) folder(ctx context.Context, m *store.Mailbox, s *session, f *store.Folder, late func() bool) error {
	o := e.syncOptions(f)
	for again := true; ; again = false {
		err := e.pages(ctx, m, s, f, o, late)
		if !errors.Is(err, eas.ErrInvalidSyncKey) || !again || f.Key == "" {
			return err
		}
		if err := e.Store.StartOver(ctx, m.ID, f); err != nil {
			return err
		}
		e.log().InfoContext(ctx, "the server has forgotten the key of a folder, which is read again", "mailbox", m.ID)
		f.Key, f.Life, f.Reading, f.Due = "", f.Life+1, true, true
	}
}

func (e *Engine) pages(ctx context.Context, m *store.Mailbox, s *session, f *store.Folder, o *eas.SyncOptions, late func() bool) error {
	if f.Key == "" {
		if err := e.begin(ctx, m, s, f, o); err != nil {
			return err
		}
	}
	for page, err := range s.client.Pages(ctx, f.ID, f.Key, o) {
		if err != nil {
			return err
		}
		p, err := e.convert(ctx, s, f, page)
		if err != nil {
			return err
		}
		n, err := e.Store.SavePage(ctx, m.ID, f, p)
		if err != nil {
			return err
		}
		f.Key = page.Key
		if !page.More {
			f.Reading, f.Due = false, false
		}
		if n > 0 && e.Stored != nil {
			e.Stored(o.Class, n)
		}
		if page.More && late() {
			return errLate
		}
	}
	return nil
}

// begin gets the first key of a folder, and how much is to come.
func (e *Engine) begin(ctx context.Context, m *store.Mailbox, s *session, f *store.Folder, o *eas.SyncOptions) error {
	first, err := s.client.Sync(ctx, f.ID, eas.InitialSyncKey, o)
	if err != nil {
		return err
	}
	total, err := s.client.GetItemEstimate(ctx, f.ID, first.Key, &eas.EstimateOptions{Class: o.Class, Filter: o.Filter})
	if err != nil {
		total = 0 // some servers cannot tell
	}
	if _, err := e.Store.SavePage(ctx, m.ID, f, &store.Page{Key: first.Key, Total: total, More: true}); err != nil {
		return err
	}
	f.Key = first.Key
	return nil
}
