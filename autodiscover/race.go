package autodiscover

import (
	"context"
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
	panicked any
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
		patience = headStart * 5 / 2
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
	var (
		started  int
		running  int // of those started
		failed   = make([]bool, len(list))
		best     = len(list) // the first candidate that has an endpoint
		endpoint *Endpoint
		next     = time.NewTimer(headStart)
		enough   <-chan time.Time // when best counts, whatever may come
	)
	launch := func() {
		i := started
		started++
		running++
		go func() {
			out := raced{index: i}
			defer func() {
				if v := recover(); v != nil {
					out.panicked = v
				}
				results <- out
			}()
			out.endpoint = list[i](inner, journals[i])
		}()
	}

	launch()
	// decided reports whether nothing better than best can come.
	decided := func() bool {
		for i := range best {
			if !failed[i] {
				return false
			}
		}
		return true
	}
	// end cancels the others and hears what they have to say.
	end := func() []Hop {
		cancel()
		l.settle(results, running)
		return hops()
	}
	for {
		select {
		case <-ctx.Done():
			if endpoint != nil {
				return endpoint, end(), nil
			}
			return nil, end(), ctx.Err()
		case <-enough:
			return endpoint, end(), nil
		case <-next.C:
			if started < len(list) && endpoint == nil {
				launch()
				next.Reset(headStart)
			}
		case out := <-results:
			running--
			switch {
			case out.panicked != nil:
				panic(out.panicked)
			case out.endpoint == nil:
				failed[out.index] = true
			case out.index < best:
				best, endpoint = out.index, out.endpoint
				if enough == nil {
					enough = time.After(patience)
				}
			}
			if decided() {
				return endpoint, end(), nil
			}
			// The next candidate need not wait for one that has failed.
			if started < len(list) && endpoint == nil && failed[started-1] {
				launch()
				next.Reset(headStart)
			}
		}
	}
}

// settleTime bounds how long a look-up that is decided waits for what its candidates, which
// are cancelled, have to say.
const settleTime = 100 * time.Millisecond

// settle waits for the running candidates, but for those that are in a callback.
func (l *lookup) settle(results <-chan raced, running int) {
	limit := time.After(settleTime)
	for range running - int(l.calls.Load()) {
		select {
		case out := <-results:
			if out.panicked != nil {
				panic(out.panicked)
			}
		case <-limit:
			return
		}
	}
}
