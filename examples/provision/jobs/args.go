package jobs

import (
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues. Each has workers of its own in a process, so that what waits does not keep what
// works from working.
const (
	QueueSync  = "sync"  // synchronization
	QueueWait  = "wait"  // waiting for changes
	QueueOther = "other" // what is done by the clock
)

// unfinished are the states in which a job keeps another of its kind and arguments from being
// put into the queue.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// often is so many attempts that a job is never given up: what ends it is its mailbox.
const often = 32000

func options(queue string, priority int) river.InsertOpts {
	return river.InsertOpts{
		Queue: queue, Priority: priority, MaxAttempts: often,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished},
	}
}

// SyncArgs is the job that works on a mailbox until its copy is in step: the hierarchy, and
// the folders that are due. There is one for a mailbox: the server keeps one state of its
// device, and commands that overlap would spoil it.
type SyncArgs struct {
	Mailbox int64 `json:"mailbox"`
}

func (SyncArgs) Kind() string                 { return "sync" }
func (SyncArgs) InsertOpts() river.InsertOpts { return options(QueueSync, 2) }

// WaitArgs is the job that waits for changes of all mailboxes of a slot. A job for each
// mailbox would be a row of the queue, a worker and a statement every few seconds for
// something that does nothing for most of the day: a job owns a batch.
type WaitArgs struct {
	Slot int `json:"slot"`
}

func (WaitArgs) Kind() string                 { return "wait" }
func (WaitArgs) InsertOpts() river.InsertOpts { return options(QueueWait, 1) }

// AwayArgs is the job that reads the out-of-office state of a mailbox, every hour.
type AwayArgs struct {
	Mailbox int64 `json:"mailbox"`
}

func (AwayArgs) Kind() string                 { return "away" }
func (AwayArgs) InsertOpts() river.InsertOpts { return options(QueueOther, 3) }

// RenewArgs is the job that keeps the sign-in of a paused mailbox fresh, twice a day.
type RenewArgs struct {
	Mailbox int64 `json:"mailbox"`
}

func (RenewArgs) Kind() string                 { return "renew" }
func (RenewArgs) InsertOpts() river.InsertOpts { return options(QueueOther, 3) }

// SweepArgs is the job that applies the rules of the lifecycle.
type SweepArgs struct{}

func (SweepArgs) Kind() string                 { return "sweep" }
func (SweepArgs) InsertOpts() river.InsertOpts { return options(QueueOther, 1) }

// spread returns d, a tenth shorter or longer at most, so that what began together does not
// stay together.
func spread(d time.Duration, random float64) time.Duration {
	return d + time.Duration((random-0.5)*0.2*float64(d))
}
