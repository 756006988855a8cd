// Package jobs runs the engine on a queue, River: what is due, when, on which machine, how
// often it is repeated and who leads is the queue's. This package says what a job does, and
// gives the jobs of a process that has died to the others.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/lifecycle"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A Fleet is one process of the service: as many as one likes share the database. Engine,
// Store and Name are required; the other fields are limits and times with defaults.
type Fleet struct {
	Engine *engine.Engine
	Store  *store.Store
	Name   string       // of this process, unlike that of any other
	Logger *slog.Logger // if nil, nothing is logged

	Workers int // jobs at a time that synchronize; if 0, 32
	Slots   int // into which waiting mailboxes are dealt, the same in all processes; if 0, 64

	Turn       time.Duration     // of a job that synchronizes, after which it goes to the end of the queue; if 0, 30 s
	Look       time.Duration     // how often a slot looks for mailboxes that are to be waited for; if 0, 2 s
	Heartbeats *eas.WatchOptions // of Pings; if nil, from 2 to 28 minutes
	CheckEvery time.Duration     // how often all folders are synchronized unasked; if 0, a day
	AwayEvery  time.Duration     // how often the out-of-office state is read; if 0, an hour
	SweepEvery time.Duration     // how often the rules of the lifecycle are applied; if 0, an hour
	Dead       time.Duration     // how long a process says nothing before its jobs are given to others; if 0, 15 s

	Plugins []rivertype.Plugin // of the queue, such as for tracing
	Renewed func()             // each renewal of an access token; may be nil

	client   *river.Client[*sql.Tx]
	stopping context.Context
	stop     context.CancelFunc
	done     sync.WaitGroup
	started  time.Time
	others   map[string]sighting

	slots     atomic.Int64 // that this process owns
	share     atomic.Int64 // that it should own at most
	waiting   atomic.Int64
	recorder  recorder
	hands     hands
	lost      chan struct{}
	completes func(ctx context.Context, tx *sql.Tx, job *river.Job[SyncArgs]) error
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (f *Fleet) log() *slog.Logger {
	if f.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return f.Logger
}

// A quiet handler passes warnings and errors on: the queue reports its numbers every few seconds,
// which the metrics have.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// driver returns the queue's driver of the store's database.
func driver(s *store.Store) riverdriver.Driver[*sql.Tx] {
	switch {
	case s.Dialect == sqlstore.SQLite:
		return riversqlite.New(s.DB)
	case s.Listener != nil:
		return riverdatabasesql.NewWithPgxListener(s.DB, s.Listener)
	}
	return riverdatabasesql.New(s.DB)
}

// Migrate brings the tables of the queue to the version of the program.
func Migrate(ctx context.Context, s *store.Store) error {
	m, err := rivermigrate.New(driver(s), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Open connects the process to the queue, so that it may put jobs into it. [Fleet.Start] has
// it work on them.
func (f *Fleet) Open() error {
	f.stopping, f.stop = context.WithCancel(context.Background())
	f.others = map[string]sighting{}
	f.lost = make(chan struct{})
	f.Slots = or(f.Slots, 64)
	f.share.Store(int64(f.Slots))
	if f.Store.Dialect == sqlstore.SQLite {
		f.completes = func(ctx context.Context, tx *sql.Tx, job *river.Job[SyncArgs]) error {
			_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
			return err
		}
	} else {
		f.completes = func(ctx context.Context, tx *sql.Tx, job *river.Job[SyncArgs]) error {
			_, err := river.JobCompleteTx[*riverdatabasesql.Driver](ctx, tx, job)
			return err
		}
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &syncWorker{f: f})
	river.AddWorker(workers, &waitWorker{f: f})
	river.AddWorker(workers, &awayWorker{f: f})
	river.AddWorker(workers, &renewWorker{f: f})
	river.AddWorker(workers, &sweepWorker{f: f, rules: &lifecycle.Rules{Engine: f.Engine, Store: f.Store, Logger: f.Logger}})
	client, err := river.NewClient(driver(f.Store), &river.Config{
		ID: f.Name, Workers: workers, Logger: slog.New(quiet{f.log().Handler()}), RetryPolicy: backoff{}, Plugins: append(f.Plugins[:len(f.Plugins):len(f.Plugins)], river.WorkerMiddlewareFunc(f.inHand)),
		Queues: map[string]river.QueueConfig{
			QueueSync: {MaxWorkers: or(f.Workers, 32)}, QueueWait: {MaxWorkers: f.Slots}, QueueOther: {MaxWorkers: 8},
		},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(or(f.SweepEvery, time.Hour)),
			func() (river.JobArgs, *river.InsertOpts) { return SweepArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})},
		JobTimeout: 5 * time.Minute, RescueStuckJobsAfter: 10 * time.Minute, // of a process that lives and a job that hangs
		SoftStopTimeout:             5 * time.Second,
		CompletedJobRetentionPeriod: 10 * time.Minute, // there are many, and what they did is with the mailbox
		// Processes look at moments of their own, so that none is always the first to see what
		// another gives up; see waitWorker.
		FetchPollInterval: spread(time.Second, rand.Float64()),
	})
	if err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	f.client = client
	f.Store.Enqueue = f.enqueue
	f.recorder = recorder{store: f.Store, process: f.Name, log: f.log()}
	f.Engine.Renewed = func(mailbox int64, at time.Time) {
		f.recorder.renewed(mailbox, at)
		if f.Renewed != nil {
			f.Renewed()
		}
	}
	return nil
}

// inHand notes which jobs this process works on.
func (f *Fleet) inHand(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	defer f.hands.hold(job)()
	return work(ctx)
}

// enqueue puts the job of a mailbox into the queue, in the transaction that says why.
func (f *Fleet) enqueue(ctx context.Context, tx *sql.Tx, mailbox int64, now bool) error {
	r, err := f.client.InsertTx(ctx, tx, SyncArgs{mailbox}, nil)
	if err != nil || !now || !r.UniqueSkippedAsDuplicate {
		return err
	}
	_, err = f.client.JobRetryTx(ctx, tx, r.Job.ID) // no effect on one that runs
	return err
}

// Client returns the client of the queue, as for the queue's own user interface.
func (f *Fleet) Client() *river.Client[*sql.Tx] { return f.client }

// Start begins to work, until [Fleet.Stop].
func (f *Fleet) Start(ctx context.Context) error {
	f.started = time.Now()
	if err := f.Store.Join(ctx, f.process()); err != nil {
		return err
	}
	if _, err := f.rescue(ctx, f.Name); err != nil { // what an earlier process of this name has left
		return fmt.Errorf("the queue: %w", err)
	}
	if err := f.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	if err := f.insertSlots(ctx); err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	f.done.Go(f.pulse)
	f.done.Go(func() { f.recorder.run(f.stopping) })
	return nil
}

// insertSlots puts the jobs that wait into the queue, where they are missing.
func (f *Fleet) insertSlots(ctx context.Context) error {
	var slots []river.InsertManyParams
	for i := range f.Slots {
		slots = append(slots, river.InsertManyParams{Args: WaitArgs{i}})
	}
	_, err := f.client.InsertMany(ctx, slots)
	return err
}

// Stop ends the work, within 10 seconds: what waits is handed over at once, and what works is
// cut off after 5. What was not completed is left to the other processes.
func (f *Fleet) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 9*time.Second)
	defer cancel()
	f.stop()
	err := f.client.Stop(ctx)
	f.done.Wait()
	if err == nil {
		_, err = f.Store.Leave(ctx, f.Name, f.started)
	}
	return err
}

// Waiting returns how many requests of this process wait for changes, and for how many slots.
func (f *Fleet) Waiting() (requests, slots int) { return int(f.waiting.Load()), int(f.slots.Load()) }

// backoff is how long a job waits that failed: a second, doubling to 15 minutes.
type backoff struct{}

func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	d := time.Duration(math.Min(math.Pow(2, float64(min(job.Attempt, 20)-1)), 900) * float64(time.Second))
	return time.Now().Add(spread(d, rand.Float64()))
}

// ended reports whether an error is of the end of this process, or of the job's time.
func (f *Fleet) ended(ctx context.Context) bool {
	return ctx.Err() != nil || f.stopping.Err() != nil
}

type syncWorker struct {
	river.WorkerDefaults[SyncArgs]
	f *Fleet
}

func (w *syncWorker) Work(ctx context.Context, job *river.Job[SyncArgs]) error {
	f, id := w.f, job.Args.Mailbox
	for {
		done, err := f.Engine.Sync(ctx, id, or(f.Turn, 30*time.Second))
		var failure *engine.Failure
		switch {
		case f.ended(ctx):
			return river.JobSnooze(0)
		case errors.Is(err, store.ErrNotFound):
			return nil // it has been removed
		case errors.Is(err, store.ErrConflict): // another process works on it, which was given up for dead
			return river.JobSnooze(spread(2*time.Second, rand.Float64()))
		case errors.As(err, &failure) && failure.Ended:
			return nil // the user's return puts it into the queue again
		case errors.As(err, &failure) && failure.RetryAfter > 0:
			return river.JobSnooze(spread(failure.RetryAfter, rand.Float64()))
		case err != nil:
			return err
		case !done:
			return river.JobSnooze(0)
		}
		if err := w.next(ctx, id); err != nil {
			return err
		}
		rested, err := f.Store.Rest(ctx, id, func(tx *sql.Tx) error { return f.completes(ctx, tx, job) })
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || rested {
			return err
		}
	}
}

// next puts the jobs into the queue that go by the clock, where they are missing.
func (w *syncWorker) next(ctx context.Context, id int64) error {
	m, err := w.f.Store.Mailbox(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch every := or(w.f.AwayEvery, time.Hour); {
	case m.State == store.Paused:
		_, err = w.f.client.Insert(ctx, RenewArgs{id}, nil)
	case m.State == store.Active && time.Since(m.AwayAt) > every+every/2:
		_, err = w.f.client.Insert(ctx, AwayArgs{id}, nil)
	}
	return err
}

type awayWorker struct {
	river.WorkerDefaults[AwayArgs]
	f *Fleet
}

func (w *awayWorker) Work(ctx context.Context, job *river.Job[AwayArgs]) error {
	m, err := w.f.Store.Mailbox(ctx, job.Args.Mailbox)
	if errors.Is(err, store.ErrNotFound) || err == nil && m.State != store.Active {
		return nil // the next synchronization puts it into the queue again
	}
	if err == nil {
		err = w.f.Engine.Away(ctx, job.Args.Mailbox)
	}
	if err != nil && !w.f.ended(ctx) {
		// Whatever it is, the synchronization meets it as well, and says so.
		w.f.log().WarnContext(ctx, "the out-of-office state could not be read", "mailbox", job.Args.Mailbox, "error", err)
	}
	return river.JobSnooze(spread(or(w.f.AwayEvery, time.Hour), rand.Float64()))
}

type renewWorker struct {
	river.WorkerDefaults[RenewArgs]
	f *Fleet
}

func (w *renewWorker) Work(ctx context.Context, job *river.Job[RenewArgs]) error {
	m, err := w.f.Store.Mailbox(ctx, job.Args.Mailbox)
	if errors.Is(err, store.ErrNotFound) || err == nil && m.State != store.Paused {
		return nil
	}
	if err == nil {
		err = w.f.Engine.Renew(ctx, job.Args.Mailbox)
	}
	if err != nil && !w.f.ended(ctx) {
		w.f.log().WarnContext(ctx, "the sign-in of a paused mailbox could not be renewed", "mailbox", job.Args.Mailbox, "error", err)
	}
	return river.JobSnooze(spread(12*time.Hour, rand.Float64()))
}

type sweepWorker struct {
	river.WorkerDefaults[SweepArgs]
	f     *Fleet
	rules *lifecycle.Rules
}

func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	if err := w.f.insertSlots(ctx); err != nil { // an operator may have cancelled some
		return err
	}
	return w.rules.Sweep(ctx)
}
