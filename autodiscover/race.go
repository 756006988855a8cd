package autodiscover

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const defaultHeadStart = 2 * time.Second

// A candidate is one way to the endpoint. It writes every hop into the journal, and returns
// nil if it found none.
type candidate func(ctx context.Context, j *journal) *Endpoint

// A journal holds the hops of one candidate. Lookup reads it while the candidate may still
// be under way.
type journal struct {
	mu   sync.Mutex
	hops []Hop
}

func (j *journal) add(h Hop) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.hops = append(j.hops, h)
}

func (j *journal) read() []Hop {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Hop(nil), j.hops...)
}

// An outcome is what became of a candidate.
type raced struct {
	index    int
	endpoint *Endpoint
	panicked any // with its stack
}

// race runs candidates side by side, each with a head start before the next, and returns
// the endpoint of the first in order that has one, under the rules of [Resolver]. It returns
// when that is decided or ctx ends, and does not wait for the others. The error is ctx's.
func (l *lookup) race(ctx context.Context, list []candidate) (*Endpoint, []Hop, error) {
	if len(list) == 0 {
		return nil, nil, nil
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	headStart := l.HeadStart
	if headStart == 0 {
		headStart = defaultHeadStart
	}
	patience := l.Patience
	if patience == 0 {
		patience = 2 * headStart
	}
	journals := make([]*journal, len(list))
	for i := range journals {
		journals[i] = new(journal)
	}
	hops := func() []Hop {
		var out []Hop
		for _, j := range journals {
			out = append(out, j.read()...)
		}
		return out
	}
	results := make(chan raced, len(list))
	launch := func(i int) {
		go func() {
			out := raced{index: i}
			defer func() {
				if v := recover(); v != nil {
					out.panicked = fmt.Sprintf("%v\n\n%s", v, debug.Stack())
				}
				results <- out
			}()
			out.endpoint = list[i](inner, journals[i])
		}()
	}

	var (
		started  = 1
		failed   = make([]bool, len(list))
		best     = len(list) // the first candidate that has an endpoint
		endpoint *Endpoint
		next     = time.NewTimer(headStart)
		enough   *time.Timer
		enoughC  <-chan time.Time
	)
	defer next.Stop()
	launch(0)
	// decided reports whether nothing better than best can come.
	decided := func() bool {
		for i := range best {
			if !failed[i] {
				return false
			}
		}
		return true
	}
	for {
		select {
		case <-ctx.Done():
			if endpoint != nil {
				return endpoint, hops(), nil
			}
			// What was cancelled may still say where it stood; a callback may say nothing.
			l.settle(results, started)
			return nil, hops(), ctx.Err()
		case <-enoughC:
			return endpoint, hops(), nil
		case <-next.C:
			if started < len(list) && endpoint == nil {
				launch(started)
				started++
				next.Reset(headStart)
			}
		case out := <-results:
			switch {
			case out.panicked != nil:
				panic(out.panicked)
			case out.endpoint == nil:
				failed[out.index] = true
			case out.index < best:
				best, endpoint = out.index, out.endpoint
				if enough == nil {
					enough = time.NewTimer(patience)
					defer enough.Stop()
					enoughC = enough.C
				}
			}
			if decided() {
				return endpoint, hops(), nil
			}
			// The next candidate need not wait for one that has failed.
			if started < len(list) && endpoint == nil && failed[started-1] {
				launch(started)
				started++
				next.Reset(headStart)
			}
		}
	}
}

// settleTime is how long a look-up whose context has ended waits for what its candidates
// have to say.
const settleTime = 100 * time.Millisecond

func (l *lookup) settle(results <-chan raced, started int) {
	t := time.NewTimer(settleTime)
	defer t.Stop()
	for range started {
		select {
		case out := <-results:
			if out.panicked != nil {
				panic(out.panicked)
			}
		case <-t.C:
			return
		}
	}
}
