package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/keyed"
	"github.com/easoauth/easoauth/token"
)

var (
	// ErrLeaseLost is matched when another process has taken a lease over: before a refresh
	// token was spent, which then was not spent, or while the lock was held.
	ErrLeaseLost = errors.New("token/sqlstore: lease lost")
	// ErrSchema is matched when the tables are missing, or of a version that this package
	// does not know.
	ErrSchema = errors.New("token/sqlstore: schema")
	// ErrNotDurable is matched by the error of [Store.Migrate] for a database that may
	// lose what it has committed.
	ErrNotDurable = errors.New("token/sqlstore: the database does not keep what it commits")
)

const (
	// DefaultLeaseTime is the default of [Store.LeaseTime].
	DefaultLeaseTime = 30 * time.Second
	// DefaultTable is the default of [Store.Table].
	DefaultTable = "easoauth_token"

	minLease  = time.Second
	maxRecord = 2 << 20
)

// A Store keeps records in a table of a database. DB and Dialect are required. It is a
// [token.Leaser], a [token.Locker] and a [token.Reserver], and is safe for concurrent use by any
// number of processes; its fields must not be changed after its first use.
//
// Keys are stored as their SHA-256. A key without a record has no row, except during a lease; a
// deleted record leaves a row with its generation.
//
// Loading a record takes one statement, and replacing one under a lease takes two, each of which
// is a commit: see [token.Leaser]. A statement that meets a busy database or a serialization
// failure is repeated for up to 10 seconds, and one that does not reach the database, which may be
// restarting, for up to 20; both end with the context of the caller.
//
// If [sql.DB.SetMaxOpenConns] has set a limit, the store sends no more statements than that to the
// pool, and saves first.
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
	EncryptionKey token.EncryptionKey

	// LeaseTime is how long a lock outlives the process that held it. It is renewed three
	// times in that span. If 0, DefaultLeaseTime; it is at least a second.
	LeaseTime time.Duration

	// Owner names the process that holds a lock, among all that use the table and across its
	// own restarts, such as the name of a pod of a stateful set. A process that returns takes
	// the locks of its earlier life over at once, without waiting for LeaseTime. No two
	// Stores that are in use at a time may have the same Owner. If "", each Store has a
	// random one: it takes back what it has lost track of itself, and nothing else.
	Owner string

	once    sync.Once
	initErr error
	q       queries
	owner   string // as it is stored
	queue   keyed.Queue
	gate    gate

	mu   sync.Mutex
	held map[string]*lease
}

var (
	_ token.Store    = (*Store)(nil)
	_ token.Leaser   = (*Store)(nil)
	_ token.Locker   = (*Store)(nil)
	_ token.Reserver = (*Store)(nil)
)

// Format prints the dialect, the table and whether there is a key, under any verb.
func (s *Store) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%v store in table %q, encrypted %t", s.Dialect, s.Table, s.EncryptionKey != nil)
}

func (s *Store) init() error {
	s.once.Do(func() {
		switch {
		case s.DB == nil:
			s.initErr = &token.ConfigError{Kind: token.ConfigMissing, Hint: "sqlstore.Store.DB is not set"}
		case s.EncryptionKey != nil && len(s.EncryptionKey) != 32:
			s.initErr = &token.ConfigError{Kind: token.ConfigMissing, Hint: "sqlstore.Store.EncryptionKey must have 32 bytes"}
		default:
			s.owner = ownerName(s.Owner)
			s.q, s.initErr = s.Dialect.queries(s.Table)
		}
	})
	return s.initErr
}

// A row is what the table says of a key.
type row struct {
	generation int64
	data       []byte // nil if there is no record
}

// Load returns the record of key, see [token.Store]. The error matches [token.ErrRecord] if
// it cannot be read or decrypted.
func (s *Store) Load(ctx context.Context, key string) (token.Record, error) {
	if err := s.init(); err != nil {
		return token.Record{}, err
	}
	name := rowName(key)
	r, err := s.load(ctx, normal, name)
	if err != nil {
		return token.Record{}, s.failed("load", err)
	}
	return s.record(name, r)
}

// load returns the row of a key, the zero row if there is none.
func (s *Store) load(ctx context.Context, u urgency, name string) (row, error) {
	var r row
	_, err := s.query(ctx, u, []any{&r.generation, &r.data}, s.q.load, name)
	return r, err
}

// record reads the record of a row.
func (s *Store) record(name string, r row) (token.Record, error) {
	if r.data == nil {
		return token.Record{}, token.ErrNotFound
	}
	rec, err := s.decode(name, r.data)
	if err != nil {
		return token.Record{}, err
	}
	if rec.Generation != uint64(r.generation) {
		return token.Record{}, fmt.Errorf("%w: the row is of generation %d and the record of %d", token.ErrRecord, r.generation, rec.Generation)
	}
	return rec, nil
}

// Save stores r in place of the record of its generation, see [token.Store]. What it has
// stored is committed. A row that cannot be read is replaced by a new sign-in.
func (s *Store) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	if err := s.init(); err != nil {
		return token.Record{}, err
	}
	name := rowName(key)
	if r.Generation != 0 {
		return s.replace(ctx, name, r, row{generation: int64(r.Generation), data: []byte{}}, nil)
	}
	saved, err := s.first(ctx, name, r)
	for n := 0; n < 4 && errors.Is(err, token.ErrConflict); n++ {
		var old row
		if old, err = s.load(ctx, urgent, name); err != nil {
			return token.Record{}, s.failed("save", err)
		}
		saved, err = s.begin(ctx, name, r, old, nil)
		if err != nil && old.data != nil {
			break // a record in the way, not a race
		}
	}
	return saved, err
}

// begin stores a new sign-in over the row of a deleted record, or of one that cannot be
// read.
func (s *Store) begin(ctx context.Context, name string, r token.Record, old row, l *lease) (token.Record, error) {
	switch _, err := s.record(name, old); {
	case err == nil:
		return token.Record{}, token.ErrConflict
	case !errors.Is(err, token.ErrNotFound) && !errors.Is(err, token.ErrRecord):
		return token.Record{}, err
	}
	return s.replace(ctx, name, r, old, l)
}

// first stores the record of a key that has had none.
func (s *Store) first(ctx context.Context, name string, r token.Record) (token.Record, error) {
	saved, data, err := s.successor(name, r, 0)
	if err != nil {
		return token.Record{}, err
	}
	did, err := s.exec(ctx, urgent, s.q.first, name, data)
	return s.settle(ctx, name, data, saved, did, err)
}

// replace writes r over a row, and gives the lease l up if there is one.
func (s *Store) replace(ctx context.Context, name string, r token.Record, old row, l *lease) (token.Record, error) {
	if old.generation < 0 || old.generation == math.MaxInt64 {
		return token.Record{}, token.ErrConflict // no row has it
	}
	saved, data, err := s.successor(name, r, old.generation)
	if err != nil {
		return token.Record{}, err
	}
	var did outcome
	if l == nil {
		did, err = s.exec(ctx, urgent, s.q.replace, data, int64(saved.Generation), name, old.generation, old.data == nil)
	} else {
		did, err = s.exec(ctx, urgent, s.q.finish, data, int64(saved.Generation), s.owner, l.fence, name, old.generation, old.data == nil)
	}
	return s.settle(ctx, name, data, saved, did, err)
}

// successor returns a record of the next generation, and as it is stored.
func (s *Store) successor(name string, r token.Record, old int64) (token.Record, []byte, error) {
	r.Generation = uint64(old) + 1
	plain, err := r.Encode()
	if err != nil {
		return token.Record{}, nil, err
	}
	saved, err := token.DecodeRecord(plain) // shares nothing with r
	if err != nil {
		return token.Record{}, nil, err
	}
	data, err := s.encode(name, plain)
	return saved, data, err
}

// settle says what became of a write. If a response was lost, the row tells.
func (s *Store) settle(ctx context.Context, name string, data []byte, saved token.Record, did outcome, cause error) (token.Record, error) {
	if cause == nil && did.rows > 0 {
		return saved, nil
	}
	if ctx.Err() == nil && (cause != nil || did.repeated) {
		within, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		if r, _ := s.load(within, urgent, name); bytes.Equal(r.data, data) { // which holds the generation
			return saved, nil
		}
	}
	if cause != nil {
		return token.Record{}, s.failed("save", cause)
	}
	return token.Record{}, token.ErrConflict
}

// Delete removes the record of key, see [token.Store].
func (s *Store) Delete(ctx context.Context, key string, generation uint64) error {
	if err := s.init(); err != nil {
		return err
	}
	name := rowName(key)
	did, err := s.exec(ctx, urgent, s.q.erase, name, int64(generation)) // no row has a negative one
	if err != nil {
		return s.failed("delete", err)
	}
	if did.rows > 0 {
		return nil
	}
	r, err := s.load(ctx, urgent, name)
	if err != nil {
		return s.failed("delete", err)
	}
	if r.data != nil {
		return token.ErrConflict
	}
	return nil
}
