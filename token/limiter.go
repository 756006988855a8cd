package token

import (
	"container/list"
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"
)

// A Limiter bounds the requests that the Sources that share it send to one authority, so that an
// expiry, a restart or an outage of many mailboxes does not cause a burst: the number of requests
// in progress, the number of requests started each second, and none while the authority demands a
// pause. The zero value is ready to use. It must not be copied, its fields must not be changed
// after its first use, and it is safe for concurrent use.
//
// A Source waits for its turn before it locks the Store and before it spends a refresh token, and
// ends its turn after the new refresh token has been stored. A caller whose access token is valid
// never waits. Renewals that a caller waits for come before those in the background; within each
// kind the order is first come, first served. A renewal in the background that waits for its turn
// uses no goroutine. Sign-ins by a person are not limited.
//
// If the authority responds with status 429 or 503, no request starts before Retry-After, or
// before 1 second, doubling to 1 minute, if it sent none. Until then callers who need a request
// get a [*TransientError] with the remaining time.
type Limiter struct {
	// Concurrency is how many requests may be under way. If zero, DefaultConcurrency; if
	// negative, any number.
	Concurrency int

	// Rate is how many requests may begin in a second, evenly spaced. If zero, DefaultRate; if
	// negative, any number.
	Rate float64

	mu      sync.Mutex
	running int
	next    time.Time // before which nothing begins, by Rate
	closed  time.Time // before which nothing begins, by the authority
	count   int       // of responses in a row that closed it without Retry-After
	front   list.List // of *ticket, for which a caller waits
	back    list.List // of *ticket, in the background
	timer   *time.Timer
}

// The defaults of a [Limiter].
const (
	DefaultConcurrency = 32
	DefaultRate        = 50.0
)

// backgroundRenewals is how many renewals in the background are under way for all Sources
// without a Limiter that share an Authority: each takes a goroutine, and nobody waits.
const backgroundRenewals = 256

func newBackground() *Limiter { return &Limiter{Concurrency: backgroundRenewals, Rate: -1} }

// A ticket is a place in the queue. start is called once, in a goroutine of its own: with
// nil when it is the ticket's turn, which done ends.
type ticket struct {
	start func(error)
	queue *list.List // nil when it is in none
	elem  *list.Element
}

// errLimited is matched by the error of a caller whose request did not begin.
var errLimited = errors.New("the limiter is closed")

// enqueue adds a ticket. If the authority asks to wait, one for which a caller waits fails
// at once.
func (l *Limiter) enqueue(t *ticket, background bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !background {
		if err := l.closedError(time.Now()); err != nil {
			go t.start(err)
			return
		}
	}
	t.queue = &l.front
	if background {
		t.queue = &l.back
	}
	t.elem = t.queue.PushBack(t)
	l.dispatch()
}

// promote moves a ticket from the background to the front, since a caller waits now.
func (l *Limiter) promote(t *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.queue != &l.back {
		return
	}
	l.back.Remove(t.elem)
	t.queue = nil
	if err := l.closedError(time.Now()); err != nil {
		go t.start(err)
		return
	}
	t.queue, t.elem = &l.front, l.front.PushBack(t)
	l.dispatch()
}

// cancel takes a ticket out of the queue, and reports whether its turn had not come.
func (l *Limiter) cancel(t *ticket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.queue == nil {
		return false
	}
	t.queue.Remove(t.elem)
	t.queue = nil
	return true
}

// take waits for a turn, until ctx ends.
func (l *Limiter) take(ctx context.Context) error {
	turn := make(chan error, 1)
	t := &ticket{start: func(err error) { turn <- err }}
	l.enqueue(t, false)
	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
		if !l.cancel(t) {
			if err := <-turn; err == nil {
				l.done()
			}
		}
		return contextError(ctx)
	}
}

// done ends a turn.
func (l *Limiter) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	l.dispatch()
}

// learn closes the limiter if err, the outcome of a request, says so.
func (l *Limiter) learn(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var te *TransientError
	if !errors.As(err, &te) || te.Status != http.StatusTooManyRequests && te.Status != http.StatusServiceUnavailable {
		if err == nil {
			l.count = 0
		}
		return
	}
	now := time.Now()
	wait := te.RetryAfter
	if wait <= 0 {
		if now.Before(l.closed) {
			return // a request that was under way when another closed it
		}
		l.count++
		wait = backoff(l.count, time.Second, time.Minute)
	}
	if until := now.Add(wait); until.After(l.closed) {
		l.closed = until
	}
	for e := l.front.Front(); e != nil; e = l.front.Front() {
		t := l.front.Remove(e).(*ticket)
		t.queue = nil
		go t.start(l.closedError(now))
	}
	l.dispatch()
}

func (l *Limiter) closedError(now time.Time) error {
	left := l.closed.Sub(now)
	if left <= 0 {
		return nil
	}
	return &TransientError{Hint: "no request was sent, since the authority asked all clients to wait", RetryAfter: left, Err: errLimited}
}

// dispatch begins what may begin. l.mu is held.
func (l *Limiter) dispatch() {
	most := l.Concurrency
	switch {
	case most == 0:
		most = DefaultConcurrency
	case most < 0:
		most = math.MaxInt
	}
	for l.front.Len()+l.back.Len() > 0 && l.running < most {
		now := time.Now()
		at := l.next
		if l.closed.After(at) {
			at = l.closed
		}
		if now.Before(at) {
			l.wake(at.Sub(now))
			return
		}
		q := &l.front
		if q.Len() == 0 {
			q = &l.back
		}
		t := q.Remove(q.Front()).(*ticket)
		t.queue = nil
		l.running++
		l.advance(now)
		go t.start(nil)
	}
}

// catchUp is how late a timer may fire without loss, where requests come more often.
const catchUp = 5 * time.Millisecond

// advance moves the time of the next request.
func (l *Limiter) advance(now time.Time) {
	rate := l.Rate
	if rate == 0 {
		rate = DefaultRate
	}
	if rate < 0 {
		return
	}
	interval := time.Duration(float64(time.Second) / rate)
	var slack time.Duration
	if interval < catchUp {
		slack = catchUp
	}
	if earliest := now.Add(-slack); l.next.Before(earliest) {
		l.next = earliest
	}
	l.next = l.next.Add(interval)
}

// wake calls dispatch again after d. l.mu is held.
func (l *Limiter) wake(d time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(d, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.dispatch()
		})
		return
	}
	l.timer.Reset(d)
}
