package diagnose

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/front"
)

// A witness notes who sent the last response that came through it.
type witness struct {
	base http.RoundTripper

	mu sync.Mutex
	by string
}

func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by = front.Of(resp, nil).String()
	return resp, nil
}

// last says who sent the last response, and forgets it.
func (w *witness) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	by := w.by
	w.by = ""
	return by
}

// watched returns a client whose responses the witness sees.
func (c *check) watched() *http.Client {
	client := *c.client
	c.witness.base = cmp.Or[http.RoundTripper](client.Transport, http.DefaultTransport)
	client.Transport = &c.witness
	return &client
}

// command is a probe by the ActiveSync client, within a limit; it notes who responded.
func (c *check) command(ctx context.Context, limit time.Duration, name, expected string, f func(ctx context.Context, s *step)) {
	c.within(ctx, limit, name, expected, func(ctx context.Context, s *step) {
		c.witness.last()
		f(ctx, s)
		s.By = c.witness.last()
	})
}
