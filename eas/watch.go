package eas

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"
)

// The heartbeats between which [Client.Watch] finds the one that lasts.
const (
	DefaultMinHeartbeat = 2 * time.Minute
	DefaultMaxHeartbeat = 28 * time.Minute // many networks cut an idle connection at 30
)

const (
	heartbeatStep = 4 * time.Minute
	// heartbeatSlack is how much before the time at which a connection was cut the next
	// heartbeat ends.
	heartbeatSlack = 30 * time.Second
	// watchBrake is the least time between two reports of one folder.
	watchBrake = time.Second
	// A machine has slept when its clock has gone on by sleepJump more than the time that it
	// was awake, which is checked every sleepCheck.
	sleepCheck = 15 * time.Second
	sleepJump  = 30 * time.Second
)

// WatchOptions configure [Client.Watch]. Nil means the zero value.
type WatchOptions struct {
	// MinHeartbeat and MaxHeartbeat bound how long one Ping waits. If 0, DefaultMinHeartbeat
	// and DefaultMaxHeartbeat.
	MinHeartbeat, MaxHeartbeat time.Duration

	// Observe, if not nil, is called with the error that Watch outlasts and the time that it
	// waits before it tries again. It must return soon.
	Observe func(err error, wait time.Duration)
}

// Changes is a report of [Client.Watch].
type Changes struct {
	// Folders have something new: bring each of them up to date before the loop goes on.
	Folders []FolderID
	// Hierarchy says that folders were made, renamed or deleted: FolderSync, and watch the
	// folders that there are then. Nothing comes after it.
	Hierarchy bool
}

// Watch yields a Changes value each time the server reports changes in folders. Call it when
// the last Sync of each folder has been dealt with: it reports at once what has happened
// since. What happens while nothing is being watched, as while the loop's body runs, is
// reported when the loop goes on, since the server compares with the last Sync. A folder is
// reported at most once a second, because some servers report each Sync that brought
// something.
//
// It pings. The heartbeat begins at the least, grows while nothing happens, and shrinks when
// a connection is cut before its time, which is how networks show that they wait no longer.
// The limits of the server are kept; of more folders than it watches, the first are watched. The
// next Watch of the client begins with the heartbeat that this one has found.
//
// The sequence ends when ctx is done, after a change of the hierarchy, and with an error that
// waiting does not mend: the token is refused and cannot be renewed ([ErrUnauthorized], or
// the error of Client.Token), the user or the device is not allowed ([ErrForbidden]), a remote
// wipe ([ErrRemoteWipe]), provisioning that is not accepted ([ErrProvisionRequired]), a
// mailbox that has moved where Client.Moved does not follow ([ErrRedirected]), no common
// version ([ErrVersion]), no ActiveSync at the URL (HTTP 404), a mailbox that is full (HTTP 507),
// and what a server says about a wrong request.
//
// Watch outlasts everything else. It waits as long as Retry-After says, or from a second to a
// minute, and pings again, without end:
//
//   - networks: a name that does not resolve, a connection that is refused, reset or cut, a
//     response that is late, an HTTP/2 stream or connection that is reset, closed or lost
//   - devices in front: a certificate that does not verify and a page of HTML, as of a captive
//     portal, an empty response or one that is cut off, HTTP 2xx but 200, a temporary redirect
//     (302, 303, 307)
//   - servers: HTTP 408, 425, 429 and 500 to 599 but 501, 505 and 507; of Ping the statuses 3,
//     5, 6 and 8; of any command 110, 111, 114 and 133; and what it does not know. After the
//     statuses 132, 134 and 136, by which the server says that it has lost the state of the
//     device, twice in a row it reports all folders: their Sync gets [ErrInvalidSyncKey].
//   - the authority of tokens: not reached, or busy
//   - a machine that has slept: the connection is given up at once
//
// While Client.Token waits for a person to sign in, so does Watch.
func (c *Client) Watch(ctx context.Context, folders []Folder, o *WatchOptions) iter.Seq2[*Changes, error] {
	return func(yield func(*Changes, error) bool) {
		w := newWatch(c, folders, o)
		c.mu.Lock()
		w.resume(c.heartbeat)
		c.mu.Unlock()
		defer func() {
			c.mu.Lock()
			c.heartbeat = w.found()
			c.mu.Unlock()
		}()
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

// pinging is what a watch needs of a [Client].
type pinging interface {
	Ping(ctx context.Context, folders []Folder, o *PingOptions) (*PingResult, error)
}

// A heartbeat is what a Watch has found, for the next one to begin with.
type heartbeat struct {
	beat time.Duration // of the next Ping; 0: none was found
	most time.Duration // that the network has waited; 0: it has cut nothing
}

type watch struct {
	client      pinging
	folders     []Folder
	notice      func(error, time.Duration)
	beat        time.Duration // of the next Ping
	least, most time.Duration
	cutAt       time.Duration // the most, as a cut connection taught; 0: none was cut
	backoff     backoff
	told        map[FolderID]time.Time
	lost        int              // how often in a row the server said that it has lost the state
	wall        func() time.Time // the clock of the machine, which goes on while it sleeps
}

func newWatch(c pinging, folders []Folder, o *WatchOptions) *watch {
	if o == nil {
		o = &WatchOptions{}
	}
	w := &watch{
		client: c, folders: slices.Clone(folders), notice: o.Observe, least: o.MinHeartbeat, most: o.MaxHeartbeat,
		told: map[FolderID]time.Time{},
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

// resume begins with a heartbeat of before, within the bounds of this Watch.
func (w *watch) resume(h heartbeat) {
	if h.most > 0 {
		w.most = max(min(w.most, h.most), w.least)
	}
	w.beat = min(max(w.beat, h.beat), w.most)
	w.cutAt = h.most
}

// found returns what a later Watch begins with.
func (w *watch) found() heartbeat { return heartbeat{w.beat, w.cutAt} }

// errSlept ends a Ping whose connection did not live through a sleep.
var errSlept = errors.New("eas: the machine has slept")

// next makes one Ping. It returns neither changes nor an error if another is to be made.
func (w *watch) next(ctx context.Context) (*Changes, error) {
	start := time.Now()
	p, slept, err := w.ping(ctx)
	waited := time.Since(start)
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case err == nil:
		w.backoff.reset()
		w.lost = 0
		return w.pinged(ctx, p, waited), nil
	case slept:
		return nil, nil
	case errors.Is(err, ErrFolderSyncRequired):
		return &Changes{Hierarchy: true}, nil
	case !outlasted(err):
		return nil, err
	}
	var e *Error
	_ = errors.As(err, &e)
	if w.adjust(e) {
		pause(ctx, watchBrake)
		return nil, nil
	}
	if isCut(e) {
		w.cut(waited)
	}
	wait := w.backoff.next(e)
	if w.notice != nil {
		w.notice(err, wait)
	}
	pause(ctx, wait)
	if e.Action != ActionResync && e.Action != ActionResyncFolder {
		w.lost = 0
	} else if w.lost++; w.lost > 1 {
		return &Changes{Folders: w.all()}, nil
	}
	return nil, nil
}

// ping makes one Ping, and reports whether the machine has slept meanwhile.
func (w *watch) ping(ctx context.Context) (p *PingResult, slept bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer w.watchSleep(cancel)()
	p, err = w.client.Ping(ctx, w.folders, &PingOptions{Heartbeat: w.beat})
	return p, context.Cause(ctx) == errSlept, err
}

// all returns the folders that are watched.
func (w *watch) all() []FolderID {
	var out []FolderID
	for _, f := range w.folders {
		out = append(out, f.ID)
	}
	return out
}

// outlasted reports whether waiting may mend an error. [Client.Watch] documents it.
func outlasted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var e *Error
	switch {
	case !errors.As(err, &e):
		return false
	case e.Temporary(), e.Action == ActionReport, errors.As(err, &certificate):
		return true
	case e.Action == ActionResync, e.Action == ActionResyncFolder: // 132, 134, 136
		return true
	case e.Command == "Ping" && e.Status != 0:
		return e.Action == ActionFull || e.Action == ActionAdjust // 3, 5 and 6
	}
	return e.HTTPStatus == 302 || e.HTTPStatus == 303 || e.HTTPStatus == 307
}

// adjust keeps to a limit that the server has told, and reports whether that changed
// something.
func (w *watch) adjust(e *Error) bool {
	if e.Command != "Ping" || e.Action != ActionAdjust {
		return false
	}
	switch e.Status {
	case 5:
		limit := time.Duration(e.Limit) * time.Second
		if limit <= 0 || limit == w.beat {
			return false
		}
		w.limit(limit)
		return true
	case 6:
		n := e.Limit
		if n <= 0 || n >= len(w.folders) {
			n = len(w.folders) / 2 // it does not say how many
		}
		if n == 0 || n == len(w.folders) {
			return false
		}
		w.folders = w.folders[:n]
		return true
	}
	return false
}

// isCut reports whether a Ping ended because a device in front waited no longer.
func isCut(e *Error) bool {
	switch e.HTTPStatus {
	case 0, 408, 500, 502, 504, 524: // QUIRK: TMG and UAG say 500 then
		return true
	}
	return false
}

// cut learns from a connection that was cut after some time. One that was cut at once says
// nothing about patience.
func (w *watch) cut(after time.Duration) {
	if after < w.least || w.beat <= w.least {
		return
	}
	w.most = max((after - heartbeatSlack).Truncate(time.Second), w.least)
	w.beat, w.cutAt = min(w.beat, w.most), w.most
}

// pinged learns from a Ping that was answered, and makes changes of what it brought.
func (w *watch) pinged(ctx context.Context, p *PingResult, waited time.Duration) *Changes {
	w.limit(p.Heartbeat)
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

// limit sets the heartbeat to one that the server prefers to ours.
func (w *watch) limit(beat time.Duration) {
	switch {
	case beat < w.beat:
		w.most = beat
		w.least = min(w.least, w.most)
	case beat > w.beat:
		w.least = beat
		w.most = max(w.most, w.least)
	}
	w.beat = beat
}

// watchSleep cancels when the clock has jumped ahead, until stop is called. Between two looks
// at the clock there is a timer and no goroutine.
func (w *watch) watchSleep(cancel context.CancelCauseFunc) (stop func()) {
	awake, wall := time.Now(), w.wall()
	var mu sync.Mutex
	stopped := false
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(sleepCheck, func() {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case stopped:
		case w.wall().Sub(wall)-time.Since(awake) > sleepJump:
			cancel(errSlept)
		default:
			timer.Reset(sleepCheck)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}
