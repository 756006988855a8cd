package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/easoauth/easoauth/token"
)

var (
	// ErrLeaseLost is matched when a lease was taken over by another process before a
	// refresh token was spent, or while the lock was held. The refresh token was not spent.
	ErrLeaseLost = errors.New("token/sqlstore: lease lost")
	// ErrSchema is matched when the tables are missing, or of a version that this package
	// does not know.
	ErrSchema = errors.New("token/sqlstore: schema")
	// ErrNotDurable is matched by the error of [Store.Migrate] for a database that may
	// lose what it has committed.
	ErrNotDurable = errors.New("token/sqlstore: the database does not keep what it commits")
)

const (
	// DefaultLease is the default of [Store.Lease].
	DefaultLease = 30 * time.Second
	// DefaultTable is the default of [Store.Table].
	DefaultTable = "easoauth_token"

	minLease   = time.Second
	firstPoll  = 20 * time.Millisecond
	maxPoll    = time.Second
	busyFor    = 10 * time.Second
	unlockTime = 5 * time.Second
	maxRecord  = 2 << 20
)

// A Store keeps records in a table of a database. DB and Dialect are required. It is a
// [token.Locker] and a [token.Reserver], and is safe for concurrent use by any number of
// processes; its fields must not be changed after its first use.
//
// Keys are stored as their SHA-256. A deleted record leaves a row behind, of its key and
// generation. Statements that meet a busy database or a serialization failure are repeated
// for up to 10 seconds.
type Store struct {
	DB      *sql.DB
	Dialect Dialect

	// Table is the name of the table, ASCII letters, digits and _, perhaps with a schema
	// before a dot. If "", DefaultTable. A second table is named after it, with _schema.
	Table string

	// EncryptionKey encrypts the records with AES-256-GCM, each for its key. If not nil, it
	// must have 32 bytes; [token.NewEncryptionKey] makes one. If nil, records are plain:
	// whoever reads the database reads refresh tokens. Plain records are read in either
	// case.
	EncryptionKey []byte

	// Lease is how long a lock outlives the process that held it. It is renewed three
	// times in that span. If 0, DefaultLease; it is at least a second.
	Lease time.Duration

	once    sync.Once
	initErr error
	q       queries

	mu    sync.Mutex
	queue map[string]chan struct{}
	held  map[string]*lease
}

var (
	_ token.Store    = (*Store)(nil)
	_ token.Locker   = (*Store)(nil)
	_ token.Reserver = (*Store)(nil)
)

func (s *Store) init() error {
	s.once.Do(func() {
		table := s.Table
		if table == "" {
			table = DefaultTable
		}
		switch {
		case s.DB == nil:
			s.initErr = &token.ConfigError{Kind: token.ConfigMissing, Hint: "sqlstore.Store.DB is not set"}
		case !validTable.MatchString(table):
			s.initErr = fmt.Errorf("token/sqlstore: %.64q is no name of a table", table)
		case s.EncryptionKey != nil && len(s.EncryptionKey) != 32:
			s.initErr = &token.ConfigError{Kind: token.ConfigMissing, Hint: "sqlstore.Store.EncryptionKey must have 32 bytes"}
		default:
			s.q, s.initErr = s.Dialect.queries(table)
		}
	})
	return s.initErr
}

// Load returns the record of key, see [token.Store]. The error matches [token.ErrRecord] if
// it cannot be read or decrypted.
func (s *Store) Load(ctx context.Context, key string) (token.Record, error) {
	if err := s.init(); err != nil {
		return token.Record{}, err
	}
	r, _, err := s.load(ctx, rowName(key))
	return r, err
}

// load returns the record of a row, and the last generation even if there is none any more.
func (s *Store) load(ctx context.Context, name string) (token.Record, int64, error) {
	var generation int64
	var data []byte
	err := s.retry(ctx, func() error {
		return s.DB.QueryRowContext(ctx, s.q.load, name).Scan(&generation, &data)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return token.Record{}, 0, token.ErrNotFound
	case err != nil:
		return token.Record{}, 0, s.failed("load", err)
	case data == nil:
		return token.Record{}, generation, token.ErrNotFound
	}
	r, err := s.decode(name, data)
	if err == nil && r.Generation != uint64(generation) {
		err = fmt.Errorf("%w: the row is of generation %d and the record of %d", token.ErrRecord, generation, r.Generation)
	}
	if err != nil {
		return token.Record{}, generation, err
	}
	return r, generation, nil
}

// Save stores r in place of the record of its generation, see [token.Store]. What it has
// stored is committed. A row that cannot be read is replaced by a new sign-in.
func (s *Store) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	if err := s.init(); err != nil {
		return token.Record{}, err
	}
	name := rowName(key)
	if r.Generation >= math.MaxInt64 {
		return token.Record{}, token.ErrConflict
	}
	if r.Generation != 0 {
		return s.replace(ctx, name, r, int64(r.Generation), s.q.update)
	}
	if err := s.row(ctx, name); err != nil {
		return token.Record{}, err
	}
	for range 4 {
		_, last, err := s.load(ctx, name)
		switch {
		case errors.Is(err, token.ErrRecord):
			return s.replace(ctx, name, r, last, s.q.update)
		case err == nil:
			return token.Record{}, token.ErrConflict
		case !errors.Is(err, token.ErrNotFound):
			return token.Record{}, err
		}
		saved, err := s.replace(ctx, name, r, last, s.q.insert)
		if !errors.Is(err, token.ErrConflict) {
			return saved, err
		}
	}
	return token.Record{}, token.ErrConflict
}

// replace writes r over the generation old of a row.
func (s *Store) replace(ctx context.Context, name string, r token.Record, old int64, query string) (token.Record, error) {
	r.Generation = uint64(old) + 1
	plain, err := r.Encode()
	if err != nil {
		return token.Record{}, err
	}
	saved, err := token.DecodeRecord(plain) // shares nothing with r
	if err != nil {
		return token.Record{}, err
	}
	data, err := s.encode(name, plain)
	if err != nil {
		return token.Record{}, err
	}
	n, err := s.exec(ctx, query, data, int64(r.Generation), name, old)
	if err != nil {
		return s.settle(ctx, name, data, saved, err)
	}
	if n == 0 {
		return token.Record{}, token.ErrConflict
	}
	return saved, nil
}

// settle looks whether a write whose outcome is not known has happened.
func (s *Store) settle(ctx context.Context, name string, data []byte, saved token.Record, cause error) (token.Record, error) {
	var generation int64
	var found []byte
	if err := s.DB.QueryRowContext(ctx, s.q.load, name).Scan(&generation, &found); err == nil &&
		uint64(generation) == saved.Generation && string(found) == string(data) {
		return saved, nil
	}
	return token.Record{}, s.failed("save", cause)
}

// Delete removes the record of key, see [token.Store].
func (s *Store) Delete(ctx context.Context, key string, generation uint64) error {
	if err := s.init(); err != nil {
		return err
	}
	name := rowName(key)
	if generation > 0 && generation < math.MaxInt64 {
		n, err := s.exec(ctx, s.q.delete, name, int64(generation))
		if err != nil {
			return s.failed("delete", err)
		}
		if n > 0 {
			return nil
		}
	}
	switch _, _, err := s.load(ctx, name); {
	case errors.Is(err, token.ErrNotFound):
		return nil
	case err == nil, errors.Is(err, token.ErrRecord):
		return token.ErrConflict
	default:
		return err
	}
}

// row makes the row of a key if there is none.
func (s *Store) row(ctx context.Context, name string) error {
	if _, err := s.exec(ctx, s.q.row, name); err != nil {
		return s.failed("save", err)
	}
	return nil
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := s.retry(ctx, func() error {
		result, err := s.DB.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// failed wraps an error of the database, whose texts hold no arguments of statements.
func (s *Store) failed(what string, err error) error {
	if ctxErr := contextError(err); ctxErr != nil {
		return ctxErr
	}
	if s.Dialect.isMissing(err) {
		return fmt.Errorf("%w: call Migrate first: %w", ErrSchema, err)
	}
	return fmt.Errorf("token/sqlstore: %s: %w", what, err)
}

func contextError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("token/sqlstore: %w", err)
	}
	return nil
}
