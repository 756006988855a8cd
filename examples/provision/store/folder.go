package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// A Folder is a folder of a mailbox, and how far its copy is.
type Folder struct {
	eas.Folder

	Key eas.SyncKey // "" before the first synchronization

	// Life counts how often the folder was read from its beginning, because the server had
	// forgotten the key. While it is Reading, the items of earlier lives stay, and those that
	// have not come again are removed with the last page.
	Life    int64
	Reading bool

	Due             bool
	Total, Received int // items, as the server estimates, and as they came in this life
	Synced          time.Time
}

// An Item is an item of a copy.
type Item struct {
	ID     eas.ItemID
	Folder eas.FolderID
	At     time.Time // of mail: when it was received
	Raw    []byte    // see [eas.Decode]; nil of mail that is older than the window
}

// Folders returns the folders of a mailbox.
func (s *Store) Folders(ctx context.Context, mailbox int64) ([]Folder, error) {
	var all []Folder
	err := each(ctx, s.DB, func(scan func(...any) error) error {
		var f Folder
		var synced int64
		err := scan(&f.ID, &f.Parent, &f.Name, &f.Type, &f.Key, &f.Life, &f.Reading, &f.Due, &f.Total, &f.Received, &synced)
		f.Synced = moment(synced)
		all = append(all, f)
		return err
	}, `SELECT id, parent, name, type, sync_key, life, reading, due, total, received, synced FROM provision_folder WHERE mailbox = $1 ORDER BY type, id`, mailbox)
	return all, err
}

// SaveHierarchy stores how the hierarchy differs from what it was at the key from. wanted says
// which folders are copied.
func (s *Store) SaveHierarchy(ctx context.Context, mailbox int64, from eas.SyncKey, c *eas.Folders, wanted func(eas.FolderType) bool) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		err := s.exec(ctx, tx, `UPDATE provision_mailbox SET hierarchy = $1, hierarchy_due = FALSE, hierarchy_at = $3, changed = CASE WHEN $2 THEN $3 ELSE changed END
			WHERE id = $4 AND hierarchy = $5`, c.Key, len(c.Added)+len(c.Changed)+len(c.Deleted) > 0, stamp(time.Now()), mailbox, from)(ErrConflict)
		if err != nil {
			return err
		}
		for _, id := range c.Deleted {
			if err := dropFolder(ctx, tx, mailbox, id); err != nil {
				return err
			}
		}
		for _, f := range append(c.Added[:len(c.Added):len(c.Added)], c.Changed...) {
			if !wanted(f.Type) {
				if err := dropFolder(ctx, tx, mailbox, f.ID); err != nil {
					return err
				}
				continue
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO provision_folder (mailbox, id, parent, name, type) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (mailbox, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, type = excluded.type`,
				mailbox, f.ID, f.Parent, f.Name, f.Type)
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
}

func dropFolder(ctx context.Context, tx *sql.Tx, mailbox int64, id eas.FolderID) error {
	for _, statement := range []string{
		`DELETE FROM provision_folder WHERE mailbox = $1 AND id = $2`,
		`DELETE FROM provision_item WHERE mailbox = $1 AND folder = $2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, mailbox, id); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

// A Page is what a response to Sync changes in the copy.
type Page struct {
	Key     eas.SyncKey
	Stored  []Item // added, or as they are after a change
	Changed []Change
	Gone    []eas.ItemID // deleted, or no longer in the server's window
	Total   int          // the server's estimate, with the first page; 0 to leave it
	More    bool
}

// A Change is what a response says of an item that the copy has.
type Change struct {
	ID    eas.ItemID
	Apply func(old []byte) (new []byte, at time.Time, err error)
}

// SavePage stores a page of a folder, and the key after it, if the folder's key and life are
// still those that f says. Otherwise the error matches [ErrConflict], and nothing is stored.
// Changes of items that the copy does not have, and of mail that has left the window, are
// dropped. It returns how many items came or changed.
func (s *Store) SavePage(ctx context.Context, mailbox int64, f *Folder, p *Page) (n int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n = 0
		now := stamp(time.Now())
		// Rows are locked in one order everywhere: the mailbox, its folders, their items.
		if len(p.Stored)+len(p.Changed)+len(p.Gone) > 0 {
			if _, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET changed = $1 WHERE id = $2`, now, mailbox); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		err := s.exec(ctx, tx, `UPDATE provision_folder SET sync_key = $1, due = $2, reading = reading AND $2, received = received + $3,
			total = CASE WHEN $4 > 0 THEN $4 ELSE total END, synced = CASE WHEN $2 THEN synced ELSE $5 END
			WHERE mailbox = $6 AND id = $7 AND sync_key = $8 AND life = $9`,
			p.Key, p.More, len(p.Stored), p.Total, now, mailbox, f.ID, f.Key, f.Life)(ErrConflict)
		if err != nil {
			return err
		}
		for _, item := range p.Stored {
			if err := putItem(ctx, tx, mailbox, f, item); err != nil {
				return err
			}
			n++
		}
		for _, c := range p.Changed {
			ok, err := changeItem(ctx, tx, mailbox, f, c)
			if err != nil {
				return err
			}
			if ok {
				n++
			}
		}
		for _, id := range p.Gone {
			r, err := tx.ExecContext(ctx, `DELETE FROM provision_item WHERE mailbox = $1 AND folder = $2 AND id = $3`, mailbox, f.ID, id)
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
			k, _ := r.RowsAffected()
			n += int(k)
		}
		if f.Reading && !p.More { // what did not come again is gone
			if _, err := tx.ExecContext(ctx, `DELETE FROM provision_item WHERE mailbox = $1 AND folder = $2 AND life < $3`, mailbox, f.ID, f.Life); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
	return n, err
}

func putItem(ctx context.Context, tx *sql.Tx, mailbox int64, f *Folder, item Item) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO provision_item (mailbox, folder, id, life, at, raw) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (mailbox, folder, id) DO UPDATE SET life = excluded.life, at = excluded.at, raw = excluded.raw`,
		mailbox, f.ID, item.ID, f.Life, stamp(item.At), item.Raw)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func changeItem(ctx context.Context, tx *sql.Tx, mailbox int64, f *Folder, c Change) (bool, error) {
	var old []byte
	err := tx.QueryRowContext(ctx, `SELECT raw FROM provision_item WHERE mailbox = $1 AND folder = $2 AND id = $3`, mailbox, f.ID, c.ID).Scan(&old)
	if errors.Is(err, sql.ErrNoRows) || err == nil && old == nil {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	raw, at, err := c.Apply(old)
	if err != nil {
		return false, err
	}
	return true, putItem(ctx, tx, mailbox, f, Item{ID: c.ID, At: at, Raw: raw})
}

// StartOver begins a new life of a folder whose key the server has forgotten. The items stay
// until they have come again.
func (s *Store) StartOver(ctx context.Context, mailbox int64, f *Folder) error {
	return s.exec(ctx, s.DB, `UPDATE provision_folder SET sync_key = '', life = life + 1, reading = TRUE, due = TRUE, received = 0, total = 0
		WHERE mailbox = $1 AND id = $2 AND sync_key = $3 AND life = $4`, mailbox, f.ID, f.Key, f.Life)(ErrConflict)
}

// Items returns items of a folder, of all if folder is "", the newest first, without mail that
// has left the window; limit at most, after offset.
func (s *Store) Items(ctx context.Context, mailbox int64, folder eas.FolderID, offset, limit int) ([]Item, error) {
	var all []Item
	err := each(ctx, s.DB, func(scan func(...any) error) error {
		var i Item
		var at int64
		err := scan(&i.Folder, &i.ID, &at, &i.Raw)
		i.At = moment(at)
		all = append(all, i)
		return err
	}, `SELECT folder, id, at, raw FROM provision_item WHERE mailbox = $1 AND ($2 = '' OR folder = $2) AND raw IS NOT NULL
		ORDER BY at DESC, folder, id LIMIT $3 OFFSET $4`, mailbox, folder, limit, offset)
	return all, err
}

// CountItems counts what [Store.Items] returns without a limit.
func (s *Store) CountItems(ctx context.Context, mailbox int64, folder eas.FolderID) (n int, err error) {
	err = s.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM provision_item WHERE mailbox = $1 AND ($2 = '' OR folder = $2) AND raw IS NOT NULL`, mailbox, folder).Scan(&n)
	if err != nil {
		err = fmt.Errorf("store: %w", err)
	}
	return n, err
}

// exec runs a statement of which [one] row is expected.
func (s *Store) exec(ctx context.Context, q querier, statement string, args ...any) func(missing error) error {
	r, err := q.ExecContext(ctx, statement, args...)
	return func(missing error) error { return one(r, err, missing) }
}
