package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Rows are numbers of rows of one mailbox.
type Rows struct {
	Mailboxes int64 `json:"mailboxes"`
	Folders   int64 `json:"folders"`
	Items     int64 `json:"items"`
	Found     int64 `json:"found"`
	Events    int64 `json:"events"`
}

// Total returns the number of all rows.
func (r Rows) Total() int64 { return r.Mailboxes + r.Folders + r.Items + r.Found + r.Events }

// A table is where rows of a mailbox are, and where [Rows] counts them.
type table struct {
	rows string
	n    *int64
}

// tables are in the order in which they are locked: whoever stores an item holds the row of
// its folder.
func (r *Rows) tables() []table {
	return []table{
		{`provision_mailbox WHERE id`, &r.Mailboxes},
		{`provision_folder WHERE mailbox`, &r.Folders},
		{`provision_item WHERE mailbox`, &r.Items},
		{`provision_found WHERE mailbox`, &r.Found},
		{`provision_event WHERE mailbox`, &r.Events},
	}
}

// Remove deletes all that is kept of a mailbox, and returns how much that was. The sign-in is
// kept elsewhere, and must be deleted before.
func (s *Store) Remove(ctx context.Context, id int64) (rows Rows, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := s.lock(ctx, tx, id); err != nil {
			return err
		}
		for _, t := range rows.tables() {
			r, err := tx.ExecContext(ctx, `DELETE FROM `+t.rows+` = $1`, id)
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
			if *t.n, err = r.RowsAffected(); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
	return rows, err
}

// Count counts what is kept of a mailbox.
func (s *Store) Count(ctx context.Context, id int64) (rows Rows, err error) {
	for _, t := range rows.tables() {
		if err := s.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+t.rows+` = $1`, id).Scan(t.n); err != nil {
			return rows, fmt.Errorf("store: %w", err)
		}
	}
	return rows, nil
}

// Empty deletes the copy of a mailbox and keeps the mailbox, in the state [Wiped].
func (s *Store) Empty(ctx context.Context, id int64) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := s.lock(ctx, tx, id); err != nil {
			return err
		}
		for _, table := range []string{"provision_folder", "provision_item", "provision_found"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE mailbox = $1`, id); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET state = $1, pulse = $2, hierarchy = '', hierarchy_due = TRUE, due = FALSE, away = '', away_at = 0 WHERE id = $3`,
			Wiped, stamp(time.Now()), id)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		return s.event(ctx, tx, id, "wiped", "the server asked for a remote wipe: the copy has been erased")
	})
}

// Unused returns mailboxes that nobody has used since a time, and those whose creation was not
// completed an hour after it began; limit at most.
func (s *Store) Unused(ctx context.Context, since time.Time, limit int) ([]*Mailbox, error) {
	return s.mailboxes(ctx, `WHERE used < $1 OR state = $2 AND created < $3 ORDER BY id LIMIT $4`,
		stamp(since), Creating, stamp(time.Now().Add(-time.Hour)), limit)
}

// Age drops the content of mail that was received before a time; limit items at most. That
// the server has the mail is remembered until it says otherwise, so that what it says of it
// later is understood.
func (s *Store) Age(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	r, err := s.DB.ExecContext(ctx, `UPDATE provision_item SET raw = NULL WHERE (mailbox, folder, id) IN
		(SELECT mailbox, folder, id FROM provision_item WHERE raw IS NOT NULL AND at > 0 AND at < $1 LIMIT $2)`, stamp(before), limit)
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return r.RowsAffected()
}

// A Found is what the server found, beyond the copy.
type Found struct {
	ID, Class string
	Raw       []byte
	At        time.Time
}

// SaveFound keeps what the server found.
func (s *Store) SaveFound(ctx context.Context, mailbox int64, all []Found) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := s.lock(ctx, tx, mailbox); err != nil { // nothing is kept of one that is gone
			return err
		}
		for _, f := range all {
			_, err := tx.ExecContext(ctx, `INSERT INTO provision_found (mailbox, id, class, raw, found) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (mailbox, id) DO UPDATE SET raw = excluded.raw, found = excluded.found`, mailbox, f.ID, f.Class, f.Raw, stamp(f.At))
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
}

// Found returns what the server found in earlier searches.
func (s *Store) Found(ctx context.Context, mailbox int64) (all []Found, err error) {
	err = each(ctx, s.DB, func(scan func(...any) error) error {
		var f Found
		var at int64
		err := scan(&f.ID, &f.Class, &f.Raw, &at)
		f.At = moment(at)
		all = append(all, f)
		return err
	}, `SELECT id, class, raw, found FROM provision_found WHERE mailbox = $1 ORDER BY found DESC, id`, mailbox)
	return all, err
}

// Forget drops what was found before a time, and events of before another.
func (s *Store) Forget(ctx context.Context, found, events time.Time) error {
	if _, err := s.DB.ExecContext(ctx, `DELETE FROM provision_found WHERE found < $1`, stamp(found)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, err := s.DB.ExecContext(ctx, `DELETE FROM provision_event WHERE at < $1`, stamp(events)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// An Event is something an operator should know.
type Event struct {
	ID, Mailbox int64
	At          time.Time
	Kind, Text  string
}

// AddEvent stores an event. A mailbox of 0 is none.
func (s *Store) AddEvent(ctx context.Context, mailbox int64, kind, text string) error {
	return s.event(ctx, s.DB, mailbox, kind, text)
}

func (s *Store) event(ctx context.Context, q querier, mailbox int64, kind, text string) error {
	if _, err := q.ExecContext(ctx, `INSERT INTO provision_event (at, mailbox, kind, text) VALUES ($1, $2, $3, $4)`,
		stamp(time.Now()), mailbox, kind, cut(text)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Latest returns the latest events, the newest first; limit at most.
func (s *Store) Latest(ctx context.Context, limit int) ([]Event, error) {
	return s.events(ctx, `ORDER BY id DESC LIMIT $1`, limit)
}

// Events returns the events of a mailbox, the oldest first.
func (s *Store) Events(ctx context.Context, mailbox int64) ([]Event, error) {
	return s.events(ctx, `WHERE mailbox = $1 ORDER BY id`, mailbox)
}

func (s *Store) events(ctx context.Context, condition string, args ...any) (all []Event, err error) {
	err = each(ctx, s.DB, func(scan func(...any) error) error {
		var e Event
		var at int64
		err := scan(&e.ID, &at, &e.Mailbox, &e.Kind, &e.Text)
		e.At = moment(at)
		all = append(all, e)
		return err
	}, `SELECT id, at, mailbox, kind, text FROM provision_event `+condition, args...)
	return all, err
}
