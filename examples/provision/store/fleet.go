package store

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"time"
)

// A Process is a process of the service.
type Process struct {
	Name          string
	Started, Seen time.Time
	Slots         int // groups of mailboxes that it watches
	Waiting       int // requests that wait for changes
}

// Join makes a process known, in the place of an earlier one of its name.
func (s *Store) Join(ctx context.Context, p Process) error {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO provision_process (name, started, seen, slots, waiting) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET started = excluded.started, seen = excluded.seen, slots = excluded.slots, waiting = excluded.waiting`,
		p.Name, stamp(p.Started), stamp(p.Seen), p.Slots, p.Waiting)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Alive says that a process runs, and what it does. The error matches [ErrNotFound] if others have
// taken it for dead, and [Store.Leave] has forgotten it, or if it has been replaced.
func (s *Store) Alive(ctx context.Context, p Process) error {
	return s.exec(ctx, s.DB, `UPDATE provision_process SET seen = $1, slots = $2, waiting = $3 WHERE name = $4 AND started = $5`,
		stamp(p.Seen), p.Slots, p.Waiting, p.Name, stamp(p.Started))(ErrNotFound)
}

// Leave forgets a process that has ended, but not another of its name. It reports whether it was
// known.
func (s *Store) Leave(ctx context.Context, name string, started time.Time) (bool, error) {
	r, err := s.DB.ExecContext(ctx, `DELETE FROM provision_process WHERE name = $1 AND started = $2`, name, stamp(started))
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// Processes returns the processes.
func (s *Store) Processes(ctx context.Context) (all []Process, err error) {
	err = each(ctx, s.DB, func(scan func(...any) error) error {
		var p Process
		var started, seen int64
		err := scan(&p.Name, &started, &seen, &p.Slots, &p.Waiting)
		p.Started, p.Seen = moment(started), moment(seen)
		all = append(all, p)
		return err
	}, `SELECT name, started, seen, slots, waiting FROM provision_process ORDER BY name`)
	return all, err
}

// Buckets are what mailboxes are dealt into. A slot of n is an n-th of them.
const Buckets = 4096

func bucket(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int(h.Sum32() % Buckets)
}

// A Pulse is as much of a mailbox as whoever waits for its changes needs.
type Pulse struct {
	ID      int64
	Active  bool
	Due     bool
	DueAt   time.Time
	RetryAt time.Time
	Checked time.Time
}

// Pulses returns the pulses of one slot of so many: of the active mailboxes, or, if since is
// not zero, of all whose pulse has changed since then.
func (s *Store) Pulses(ctx context.Context, slot, slots int, since time.Time) (all []Pulse, err error) {
	err = each(ctx, s.DB, func(scan func(...any) error) error {
		var p Pulse
		var dueAt, retryAt, checked int64
		err := scan(&p.ID, &p.Active, &p.Due, &dueAt, &retryAt, &checked)
		p.DueAt, p.RetryAt, p.Checked = moment(dueAt), moment(retryAt), moment(checked)
		all = append(all, p)
		return err
	}, `SELECT id, state = $1, due, due_at, retry_at, checked FROM provision_mailbox
		WHERE bucket >= $2 AND bucket < $3 AND pulse > $4 AND (state = $1 OR $4 > 0)`,
		Active, slot*Buckets/slots, (slot+1)*Buckets/slots, stamp(since))
	return all, err
}

// A Summary is the state of the whole service.
type Summary struct {
	States  map[State]int
	Failing int
	Due     int
	Oldest  time.Time // since when the longest waiting work has waited; zero if there is none
}

// Summarize counts.
func (s *Store) Summarize(ctx context.Context) (*Summary, error) {
	sum := &Summary{States: map[State]int{}}
	err := each(ctx, s.DB, func(scan func(...any) error) error {
		var state State
		var n int
		err := scan(&state, &n)
		sum.States[state] = n
		return err
	}, `SELECT state, COUNT(*) FROM provision_mailbox GROUP BY state`)
	if err != nil {
		return nil, err
	}
	var oldest sql.NullInt64
	err = s.DB.QueryRowContext(ctx, `SELECT COUNT(*), MIN(due_at) FROM provision_mailbox WHERE due AND state = $1`, Active).Scan(&sum.Due, &oldest)
	if err == nil {
		err = s.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM provision_mailbox WHERE error <> ''`).Scan(&sum.Failing)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	sum.Oldest = moment(oldest.Int64)
	return sum, nil
}

// Page returns a page of mailboxes for an operator: those after an ID, or those that fail.
func (s *Store) Page(ctx context.Context, after int64, failing bool, limit int) ([]*Mailbox, error) {
	return s.mailboxes(ctx, `WHERE id > $1 AND ($2 = FALSE OR error <> '') ORDER BY id LIMIT $3`, after, failing, limit)
}

// Addressed returns the mailboxes of an address, in whatever case it is written.
func (s *Store) Addressed(ctx context.Context, address string) ([]*Mailbox, error) {
	return s.mailboxes(ctx, `WHERE LOWER(address) = LOWER($1) ORDER BY id`, address)
}

// A Progress is how far the first synchronization of a mailbox is.
type Progress struct {
	Folders, Done   int
	Total, Received int // items
}

// Progress counts the folders and items of a mailbox.
func (s *Store) Progress(ctx context.Context, mailbox int64) (p Progress, err error) {
	err = s.DB.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN reading THEN 0 ELSE 1 END), 0), COALESCE(SUM(total), 0), COALESCE(SUM(received), 0)
		FROM provision_folder WHERE mailbox = $1`, mailbox).Scan(&p.Folders, &p.Done, &p.Total, &p.Received)
	if err != nil {
		err = fmt.Errorf("store: %w", err)
	}
	return p, err
}

// Total returns the number of all mailboxes.
func (s *Summary) Total() int {
	n := 0
	for _, k := range s.States {
		n += k
	}
	return n
}

// Lag returns how long the oldest work has waited.
func (s *Summary) Lag(now time.Time) time.Duration {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(now.Sub(s.Oldest), 0)
}
