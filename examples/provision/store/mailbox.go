package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A State says what the service does for a mailbox.
type State string

// The states of a mailbox.
const (
	Creating State = "creating" // the user is being signed in; nothing is synchronized
	Active   State = "active"   // its copy is kept in step
	Paused   State = "paused"   // nothing is synchronized; the sign-in is kept fresh
	SignIn   State = "sign-in"  // the sign-in has ended: the copy waits for the user
	Wiped    State = "wiped"    // the server asked for a remote wipe: nothing is left of the copy
)

// A Mailbox is one mailbox of one user, at the endpoint that the user's client named.
type Mailbox struct {
	ID       int64
	TID, OID string // the user: tenant and object
	Endpoint string // as the client named it
	Address  string
	Name     string // of the sign-in in the token store
	URL      string // where the mailbox is now
	Config   int64  // of the authority: see [Store.Config]
	Device   string
	Client   eas.State
	State    State

	Due          bool // work is waiting: nothing waits for changes at the server meanwhile
	DueAt        time.Time
	Hierarchy    eas.SyncKey
	HierarchyDue bool
	HierarchyAt  time.Time // when it was last read

	Created, Used time.Time
	Visits        int       // how often the user came back while it was not in step
	Synced        time.Time // when the copy was last in step
	Checked       time.Time // when all folders were last synchronized without being asked
	Changed       time.Time // when the server last had something new

	Failures      int // in a row
	Error, Remedy string
	ErrorAt       time.Time
	RetryAt       time.Time
	Moves         int

	RenewedBy string // the process that renewed the access token last
	RenewedAt time.Time
	Renewals  int

	Away   *eas.OutOfOffice // nil until it is known
	AwayAt time.Time
}

const columns = `id, tid, oid, endpoint, address, name, url, config, device, client, state, due, due_at, hierarchy, hierarchy_due, hierarchy_at,
	created, used, visits, synced, checked, changed, failures, error, remedy, error_at, retry_at, moves, renewed_by, renewed_at, renewals, away, away_at`

func scanMailbox(scan func(...any) error) (*Mailbox, error) {
	var m Mailbox
	var client, away string
	var dueAt, hierarchyAt, created, used, synced, checked, changed, errorAt, retryAt, renewedAt, awayAt int64
	err := scan(&m.ID, &m.TID, &m.OID, &m.Endpoint, &m.Address, &m.Name, &m.URL, &m.Config, &m.Device, &client, &m.State, &m.Due, &dueAt,
		&m.Hierarchy, &m.HierarchyDue, &hierarchyAt, &created, &used, &m.Visits, &synced, &checked, &changed, &m.Failures, &m.Error, &m.Remedy, &errorAt, &retryAt,
		&m.Moves, &m.RenewedBy, &renewedAt, &m.Renewals, &away, &awayAt)
	if err != nil {
		return nil, err
	}
	m.DueAt, m.Created, m.Used, m.Synced, m.Checked = moment(dueAt), moment(created), moment(used), moment(synced), moment(checked)
	m.HierarchyAt = moment(hierarchyAt)
	m.Changed, m.ErrorAt, m.RetryAt, m.RenewedAt, m.AwayAt = moment(changed), moment(errorAt), moment(retryAt), moment(renewedAt), moment(awayAt)
	if client != "" {
		if err := json.Unmarshal([]byte(client), &m.Client); err != nil {
			return nil, fmt.Errorf("mailbox %d: the state of the client: %w", m.ID, err)
		}
	}
	if away != "" {
		if err := json.Unmarshal([]byte(away), &m.Away); err != nil {
			return nil, fmt.Errorf("mailbox %d: the out-of-office state: %w", m.ID, err)
		}
	}
	return &m, nil
}

// mailboxes reads mailboxes; the condition is the part of the query after FROM.
func (s *Store) mailboxes(ctx context.Context, condition string, args ...any) ([]*Mailbox, error) {
	var all []*Mailbox
	err := each(ctx, s.DB, func(scan func(...any) error) error {
		m, err := scanMailbox(scan)
		all = append(all, m)
		return err
	}, `SELECT `+columns+` FROM provision_mailbox `+condition, args...)
	return all, err
}

func (s *Store) mailbox(ctx context.Context, condition string, args ...any) (*Mailbox, error) {
	all, err := s.mailboxes(ctx, condition, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Mailbox returns a mailbox, or an error that matches [ErrNotFound].
func (s *Store) Mailbox(ctx context.Context, id int64) (*Mailbox, error) {
	return s.mailbox(ctx, `WHERE id = $1`, id)
}

// Of returns the mailboxes of a user, the oldest first.
func (s *Store) Of(ctx context.Context, tid, oid string) ([]*Mailbox, error) {
	return s.mailboxes(ctx, `WHERE tid = $1 AND oid = $2 ORDER BY id`, tid, oid)
}

// Find returns the mailbox of a user at an endpoint: the one that the client named when it
// was created, or where the mailbox has moved to since.
func (s *Store) Find(ctx context.Context, tid, oid, endpoint string) (*Mailbox, error) {
	return s.mailbox(ctx, `WHERE tid = $1 AND oid = $2 AND (endpoint = $3 OR url = $3) ORDER BY id LIMIT 1`, tid, oid, endpoint)
}

// Create stores a new mailbox in the state [Creating] and returns it. Where there is one of its
// Name, that one is returned instead.
func (s *Store) Create(ctx context.Context, m *Mailbox) (*Mailbox, error) {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO provision_mailbox (tid, oid, endpoint, address, name, url, config, device, state, created, used, pulse, bucket)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, $11) ON CONFLICT (name) DO NOTHING`,
		m.TID, m.OID, m.Endpoint, m.Address, m.Name, m.URL, m.Config, m.Device, Creating, stamp(time.Now()), bucket(m.Name))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return s.mailbox(ctx, `WHERE name = $1`, m.Name)
}

// Activate begins or resumes the synchronization of a mailbox whose user has signed in, at once,
// and says that the user has used it. One that is in step already is left alone. It reports
// whether the state was another.
func (s *Store) Activate(ctx context.Context, id int64) (changed bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		state, _, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		now := stamp(time.Now())
		changed = state != Active
		r, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET state = $1, used = $2, visits = visits + 1, pulse = $2, due = TRUE, due_at = $2,
			hierarchy_due = TRUE, failures = 0, error = '', remedy = '', error_kind = '', error_at = 0, retry_at = 0
			WHERE id = $3 AND (state <> $1 OR error <> '' OR due)`, Active, now, id)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil {
			return fmt.Errorf("store: %w", err)
		} else if n == 0 {
			return s.touch(ctx, tx, id, time.Now())
		}
		if _, err := tx.ExecContext(ctx, `UPDATE provision_folder SET due = TRUE WHERE mailbox = $1`, id); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if changed {
			if err := s.event(ctx, tx, id, "activated", "the mailbox is kept in step"); err != nil {
				return err
			}
		}
		return s.enqueue(ctx, tx, id, true)
	})
	return changed, err
}

// Pause stops the synchronization of a mailbox that is active. It reports whether it was.
func (s *Store) Pause(ctx context.Context, id int64) (changed bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET state = $1, used = $2, pulse = $2 WHERE id = $3 AND state = $4`, Paused, stamp(time.Now()), id, Active)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		n, err := r.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		changed = true
		if err := s.event(ctx, tx, id, "paused", "the user has paused the mailbox"); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id, true) // which keeps the sign-in fresh
	})
	return changed, err
}

// Touch says that the user has used the mailbox.
func (s *Store) Touch(ctx context.Context, id int64, at time.Time) error {
	return s.touch(ctx, s.DB, id, at)
}

func (s *Store) touch(ctx context.Context, q querier, id int64, at time.Time) error {
	// An hour more or less does not matter to 30 days, and a write less does.
	_, err := q.ExecContext(ctx, `UPDATE provision_mailbox SET used = $1 WHERE id = $2 AND used < $3`, stamp(at), id, stamp(at.Add(-time.Hour)))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// MarkDue says that the server has something new in folders, in all if there are none named,
// or in the hierarchy, and puts a job into the queue.
func (s *Store) MarkDue(ctx context.Context, id int64, hierarchy bool, folders ...eas.FolderID) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		now := stamp(time.Now())
		err := found(tx.ExecContext(ctx, `UPDATE provision_mailbox SET due_at = CASE WHEN due THEN due_at ELSE $1 END, due = TRUE, pulse = $1,
			hierarchy_due = hierarchy_due OR $2 WHERE id = $3 AND state = $4`, now, hierarchy, id, Active))
		if err != nil {
			return err
		}
		if len(folders) == 0 && !hierarchy {
			if _, err := tx.ExecContext(ctx, `UPDATE provision_folder SET due = TRUE WHERE mailbox = $1`, id); err != nil {
				return fmt.Errorf("store: %w", err)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET checked = $1, hierarchy_due = TRUE WHERE id = $2`, now, id); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		for _, f := range folders {
			if _, err := tx.ExecContext(ctx, `UPDATE provision_folder SET due = TRUE WHERE mailbox = $1 AND id = $2`, id, f); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return s.enqueue(ctx, tx, id, false)
	})
}

// Nudge has work that is due done now, if it still is and nothing says that it is to wait.
func (s *Store) Nudge(ctx context.Context, id int64) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		err := found(tx.ExecContext(ctx, `UPDATE provision_mailbox SET due = TRUE WHERE id = $1 AND state = $2 AND due AND retry_at < $3`, id, Active, stamp(time.Now())))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id, true)
	})
}

func found(r sql.Result, err error) error { return one(r, err, ErrNotFound) }

func (s *Store) enqueue(ctx context.Context, tx *sql.Tx, id int64, now bool) error {
	if s.Enqueue == nil {
		return nil
	}
	if err := s.Enqueue(ctx, tx, id, now); err != nil {
		return fmt.Errorf("store: the queue: %w", err)
	}
	return nil
}

// lock holds the row of a mailbox until the transaction ends.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, id int64) (state State, hierarchyDue bool, err error) {
	query := `SELECT state, hierarchy_due FROM provision_mailbox WHERE id = $1`
	if s.Dialect == sqlstore.PostgreSQL {
		query += ` FOR UPDATE` // SQLite has one writer
	}
	err = tx.QueryRowContext(ctx, query, id).Scan(&state, &hierarchyDue)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, ErrNotFound
	}
	if err != nil {
		err = fmt.Errorf("store: %w", err)
	}
	return state, hierarchyDue, err
}

// Rest says that the copy of a mailbox is in step, unless work has come meanwhile: then it
// reports false. done, if not nil, runs in the transaction; it completes the job, so that no
// work can come between the two.
func (s *Store) Rest(ctx context.Context, id int64, done func(tx *sql.Tx) error) (rested bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		state, due, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		var folders int
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM provision_folder WHERE mailbox = $1 AND due`, id).Scan(&folders)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if state == Active && (due || folders > 0) {
			return nil
		}
		if state == Active {
			_, err = tx.ExecContext(ctx, `UPDATE provision_mailbox SET due = FALSE, synced = $1, pulse = $1, failures = 0, error = '', remedy = '',
				error_kind = '', error_at = 0, retry_at = 0 WHERE id = $2`, stamp(time.Now()), id)
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		rested = true
		if done != nil {
			return done(tx)
		}
		return nil
	})
	if err != nil {
		rested = false
	}
	return rested, err
}

// SaveClient stores what the client has learned, and where the mailbox is.
func (s *Store) SaveClient(ctx context.Context, id int64, state eas.State, url string, config int64) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return found(s.DB.ExecContext(ctx, `UPDATE provision_mailbox SET client = $1, moves = CASE WHEN url = $2 THEN moves ELSE moves + 1 END,
		url = $2, config = $3 WHERE id = $4`, string(text), url, config, id))
}

// SaveAway stores the out-of-office state.
func (s *Store) SaveAway(ctx context.Context, id int64, o *eas.OutOfOffice) error {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return found(s.DB.ExecContext(ctx, `UPDATE provision_mailbox SET away = $1, away_at = $2 WHERE id = $3`, string(text), stamp(time.Now()), id))
}

// A Renewal is what a process has renewed.
type Renewal struct {
	Mailbox int64
	At      time.Time
	Count   int
}

// SaveRenewals stores who renewed what.
func (s *Store) SaveRenewals(ctx context.Context, process string, all []Renewal) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, r := range all {
			if _, err := tx.ExecContext(ctx, `UPDATE provision_mailbox SET renewed_by = $1, renewed_at = $2, renewals = renewals + $3 WHERE id = $4`,
				process, stamp(r.At), r.Count, r.Mailbox); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
}

// A Failure is why a mailbox is not in step.
type Failure struct {
	State        State // that the mailbox is in from now on; "" to leave it
	Text, Remedy string
	RetryAt      time.Time
	Kind         string // of the event for the operator; "" for none
}

// Fail stores why a mailbox is not in step. An event is stored once for a series of failures of
// one kind.
// If the user has come back since m was read, the failure may be of the past: nothing is
// stored, and the error matches [ErrConflict].
func (s *Store) Fail(ctx context.Context, m *Mailbox, f Failure) error {
	id := m.ID
	return s.tx(ctx, func(tx *sql.Tx) error {
		state, _, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		var old string
		var visits int
		if err := tx.QueryRowContext(ctx, `SELECT error_kind, visits FROM provision_mailbox WHERE id = $1`, id).Scan(&old, &visits); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if visits != m.Visits {
			return ErrConflict
		}
		next := state
		if f.State != "" && state == Active {
			next = f.State
		}
		text, remedy := cut(f.Text), cut(f.Remedy)
		_, err = tx.ExecContext(ctx, `UPDATE provision_mailbox SET state = $1, failures = failures + 1, error = $2, remedy = $3, error_at = $4, pulse = $4,
			retry_at = $5, error_kind = $6 WHERE id = $7`, next, text, remedy, stamp(time.Now()), stamp(f.RetryAt), f.Kind, id)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if f.Kind != "" && (f.Kind != old || next != state) {
			return s.event(ctx, tx, id, f.Kind, text)
		}
		return nil
	})
}

// cut shortens a text to what a column holds.
func cut(text string) string {
	r := []rune(text)
	if len(r) > 900 {
		return string(r[:900]) + "…"
	}
	return text
}

// Config returns what was learned about an authority; see [Store.SaveConfig].
func (s *Store) Config(ctx context.Context, id int64) ([]byte, error) {
	var text string
	err := s.DB.QueryRowContext(ctx, `SELECT config FROM provision_config WHERE id = $1`, id).Scan(&text)
	if err != nil {
		return nil, fmt.Errorf("store: the configuration of the authority: %w", err)
	}
	return []byte(text), nil
}

// SaveConfig stores what was learned about the authority of a tenant and an endpoint, and
// returns its number.
func (s *Store) SaveConfig(ctx context.Context, name string, config []byte) (id int64, err error) {
	err = s.DB.QueryRowContext(ctx, `INSERT INTO provision_config (name, config) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET config = excluded.config RETURNING id`, name, string(config)).Scan(&id)
	if err != nil {
		err = fmt.Errorf("store: %w", err)
	}
	return id, err
}
