package eas

import (
	"context"
	"errors"
	"iter"
	"time"
)

// The heartbeats between which [Client.Watch] looks for the one that lasts.
const (
	DefaultMinHeartbeat = 2 * time.Minute
	DefaultMaxHeartbeat = 28 * time.Minute // many networks cut an idle connection at 30
)

const (
	heartbeatStep = 4 * time.Minute
	// heartbeatSlack is how much before the time at which a connection was cut the next
	// heartbeat ends.
	heartbeatSlack = 30 * time.Second
	// watchBrake is the least time between two tellings of one folder.
	watchBrake = time.Second
	// A machine has slept when its clock has gone on by sleepJump more than time that it
	// was awake, which is looked at every sleepCheck.
	sleepCheck = 15 * time.Second
	sleepJump  = 30 * time.Second
)

// WatchOptions are the choices of [Client.Watch]. Nil means the zero value.
type WatchOptions struct {
	// MinHeartbeat and MaxHeartbeat bound how long one Ping waits. If 0, DefaultMinHeartbeat
	// and DefaultMaxHeartbeat.
	MinHeartbeat, MaxHeartbeat time.Duration

	// Notice, if not nil, is told why Watch has to wait before it tries again. It must return
	// soon.
	Notice func(err error, wait time.Duration)
}

// Changes is what [Client.Watch] tells.
type Changes struct {
	// Folders have something new: bring each of them up to date before the loop goes on.
	Folders []FolderID
	// Hierarchy says that folders were made, renamed or deleted: FolderSync, and watch anew
	// with the folders that there are then. Nothing comes after it.
	Hierarchy bool
}

// Watch waits for changes in folders and tells of them, until ctx ends, the hierarchy
// changes, or waiting is of no use: the error then says why. It is to be called when the last
// Sync of each folder has been dealt with, and tells at once of what has happened since.
// What happens while nothing is being watched, as while the loop's body runs, is told when
// it goes on: the server compares with the last Sync. A folder is told of at most once a
// second, since some servers tell of each Sync that brought something.
//
// It pings. The heartbeat begins at the least, grows while nothing happens, and shrinks when
// a connection is cut before its time, which is how networks show that they wait no longer.
// The server's limits are kept to; of more folders than it watches, the first ones are
// watched. A server that is busy or out of reach is asked again, after Retry-After, or from
// a second to a minute later, without end. When the machine has slept, the connection is
// given up at once.
func (c *Client) Watch(ctx context.Context, folders []Folder, o *WatchOptions) iter.Seq2[*Changes, error] {
	return func(yield func(*Changes, error) bool) {
		w := newWatch(c, folders, o)
		for ctx.Err() == nil {
			changes, err := w.next(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				yield(nil, err)
				return
			case changes != nil && (!yield(changes, nil) || changes.Hierarchy):
				return
			}
		}
	}
}

type watch struct {
	client      Pinger
	folders     []Folder
	notice      func(error, time.Duration)
	beat        time.Duration // of the next Ping
	least, most time.Duration
	backoff     backoff
	told        map[FolderID]time.Time
	wall        func() time.Time // the clock of the machine, which goes on while it sleeps
}

func newWatch(c Pinger, folders []Folder, o *WatchOptions) *watch {
	if o == nil {
		o = &WatchOptions{}
	}
	w := &watch{
		client: c, folders: folders, notice: o.Notice, least: o.MinHeartbeat, most: o.MaxHeartbeat,
		backoff: backoff{forever: true}, told: map[FolderID]time.Time{},
		wall: func() time.Time { return time.Now().Round(0) },
	}
	if w.least <= 0 {
		w.least = DefaultMinHeartbeat
	}
	if w.most <= 0 {
		w.most = DefaultMaxHeartbeat
	}
	w.most = max(w.most, w.least)
	w.beat = w.least
	return w
}

// errSlept ends a Ping whose connection did not live through a sleep.
var errSlept = errors.New("eas: the machine has slept")

// next makes one Ping. It returns neither changes nor an error if another is to be made.
func (w *watch) next(ctx context.Context) (*Changes, error) {
	start := time.Now()
	awake, cancel := context.WithCancelCause(ctx)
	stop := w.watchSleep(awake, cancel)
	p, err := w.client.Ping(awake, w.folders, &PingOptions{Heartbeat: w.beat})
	stop()
	slept := context.Cause(awake) == errSlept
	cancel(nil)
	var e *Error
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case err == nil:
		w.backoff.reset()
		return w.pinged(ctx, p, time.Since(start)), nil
	case slept:
		return nil, nil
	case errors.Is(err, ErrFolderSyncRequired):
		return &Changes{Hierarchy: true}, nil
	case !errors.As(err, &e):
		return nil, err
	case e.Action == ActionAdjust && e.Status == 6 && e.Limit > 0 && e.Limit < len(w.folders):
		w.folders = w.folders[:e.Limit]
		return nil, nil
	case !e.Temporary():
		return nil, err
	}
	if e.HTTPStatus == 0 {
		w.cut(time.Since(start))
	}
	if w.notice != nil {
		w.notice(err, w.backoff.wait(e))
	}
	w.backoff.sleep(ctx, err)
	return nil, nil
}

// cut learns from a connection that was cut after some time. One that was cut at once says
// nothing about patience.
func (w *watch) cut(after time.Duration) {
	if after < w.least || w.beat <= w.least {
		return
	}
	w.most = max((after - heartbeatSlack).Truncate(time.Second), w.least)
	w.beat = min(w.beat, w.most)
}

// pinged learns from a Ping that was answered, and makes changes of what it brought.
func (w *watch) pinged(ctx context.Context, p *PingResult, waited time.Duration) *Changes {
	switch { // the server may have limits of its own
	case p.Heartbeat < w.beat:
		w.most = p.Heartbeat
		w.least = min(w.least, w.most)
	case p.Heartbeat > w.beat:
		w.least = p.Heartbeat
		w.most = max(w.most, w.least)
	}
	w.beat = p.Heartbeat
	if len(p.Changed) == 0 {
		if waited >= w.beat-time.Second {
			w.beat = min(w.beat+heartbeatStep, w.most)
		} else {
			pause(ctx, watchBrake) // an answer before its time, about nothing
		}
		return nil
	}
	var wait time.Duration
	for _, id := range p.Changed {
		if since := time.Since(w.told[id]); since < watchBrake {
			wait = max(wait, watchBrake-since)
		}
	}
	if wait > 0 {
		pause(ctx, wait)
	}
	now := time.Now()
	for _, id := range p.Changed {
		w.told[id] = now
	}
	return &Changes{Folders: p.Changed}
}

// watchSleep cancels when the clock has jumped ahead, until stop is called.
func (w *watch) watchSleep(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	awake, wall := time.Now(), w.wall()
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(sleepCheck)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if w.wall().Sub(wall)-time.Since(awake) > sleepJump {
					cancel(errSlept)
					return
				}
			case <-ctx.Done():
				return
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
