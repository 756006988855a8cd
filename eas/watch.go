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

	// Observe, if not nil, is called with each error after which Watch continues, and with the
	// time before the next attempt. It must return soon.
	Observe func(err error, wait time.Duration)
}

// Changes is a report of [Client.Watch].
type Changes struct {
	// Folders are the folders with changes: synchronize each before the loop continues.
	Folders []FolderID
	// Hierarchy says that folders were created, renamed or deleted. The sequence ends with it:
	// call FolderSync, and Watch with the folders that exist then.
	Hierarchy bool
}

// Watch yields a [Changes] value each time the server reports changes in folders. Call it after
// the last Sync of each folder has been handled: changes since then are reported immediately.
// Changes that happen while the body of the loop runs are reported when the loop continues,
// because the server compares with the last Sync. A folder is reported at most once a second,
// because some servers report each Sync that returned items.
//
// Watch sends Ping. The heartbeat starts at MinHeartbeat, grows while nothing changes, and shrinks
// when the connection is cut early, which is how a network shows its limit. The limits of the
// server are respected; if there are more folders than it can watch, the first ones are watched.
// The next Watch of the client starts with the heartbeat that this one has found.
//
// The sequence ends without an error when ctx is done and after a change of the hierarchy. It ends
// with an error that does not pass by itself: the token is refused and cannot be renewed
// ([ErrUnauthorized], or the error of [Client.Token]), the user or the device is not allowed
// ([ErrForbidden]), a remote wipe ([ErrRemoteWipe]), provisioning that the server does not accept
// ([ErrProvisionRequired]), a mailbox that has moved where [Client.Moved] does not follow
// ([ErrRedirected]), no common version ([ErrVersion]), no ActiveSync at the URL (HTTP 404), a full
// mailbox (HTTP 507), and a request that the server calls wrong.
//
// After any other failure Watch waits, as long as Retry-After demands or increasingly from a second
// to a minute, and sends Ping again, any number of times:
//
//   - networks: a name that does not resolve, a connection that is refused, reset or cut, a
//     response that is late, an HTTP/2 stream or connection that is reset, closed or lost
//   - devices in front: a certificate that does not verify, an HTML page such as that of a
//     captive portal, an empty or incomplete response, HTTP 2xx except 200, a temporary redirect
//     (302, 303, 307)
//   - servers: HTTP 408, 425, 429 and 500 to 599 except 501, 505 and 507; the statuses 3, 5, 6
//     and 8 of Ping; the statuses 110, 111, 114 and 133 of any command; and statuses that are not
//     known. After two of the statuses 132, 134 and 136 in a row, by which the server says that
//     it has lost the state of the device, Watch reports all folders: their Sync gets
//     [ErrInvalidSyncKey].
//   - the authority that issues tokens: not reached, or busy
//   - a machine that was suspended: the connection is abandoned immediately
//
// While [Client.Token] waits for a person to sign in, Watch waits as well.
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
	pause(ctx, wait)
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
