package autodiscover_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
)

// deaf is a Cache that does what the test says instead of heeding its context. It cannot be a key
// of a map.
type deaf struct {
	any
	get func(key string) (string, bool)
	put func()
}

func (d deaf) Get(_ context.Context, key string) (string, bool) { return d.get(key) }
func (d deaf) Put(context.Context, string, string)              { d.put() }

// A Cache that does not return, and a Confirm that is asked about an entry of it, hold a look-up
// up no longer than its limits, and cost it no endpoint.
func TestCacheThatDoesNotReturn(t *testing.T) {
	respond := func(req *http.Request) (*http.Response, error) {
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		body := `{"Protocol":"ActiveSync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	}
	miss := func(string) (string, bool) { return "", false }
	for _, tt := range []struct {
		name  string
		get   func(key string) (string, bool)
		put   func()
		limit time.Duration // of the context
		took  time.Duration
		found bool
	}{
		{"Get", nil, func() {}, time.Hour, 20 * time.Second, true},
		{"Get, until the context ends", nil, func() {}, time.Second, time.Second, false},
		{"Get that ends its goroutine", func(string) (string, bool) { runtime.Goexit(); return "", false }, func() {}, time.Hour, 0, true},
		{"Put", miss, nil, time.Hour, 20 * time.Second, true},
		{"Put, until the context ends", miss, nil, time.Second, time.Second, true},
		{"Put that ends its goroutine", miss, runtime.Goexit, time.Hour, 0, true},
		{"Confirm", func(string) (string, bool) {
			return "https://other.example/Microsoft-Server-ActiveSync confirmed", true
		}, func() {}, time.Second, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				never := make(chan struct{})
				defer close(never)
				if tt.get == nil {
					tt.get = func(string) (string, bool) { <-never; return "", false }
				}
				if tt.put == nil {
					tt.put = func() { <-never }
				}
				r := &autodiscover.Resolver{
					Cache:      deaf{any: []int{}, get: tt.get, put: tt.put},
					Confirm:    func(context.Context, *url.URL, *url.URL) error { <-never; return nil },
					HTTPClient: &http.Client{Transport: roundTripper(respond)},
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				begin := time.Now()
				e, err := r.Lookup(ctx, "ada@contoso.com")
				if took := time.Since(begin); took < tt.took || took > tt.took+time.Second/2 {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if tt.found != (e != nil) || !tt.found && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Lookup = %v, %v", e, err)
				}
			})
		})
	}
}

func TestCacheThatPanics(t *testing.T) {
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("recovered %v, want the panic of the Cache", v)
		}
	}()
	r := &autodiscover.Resolver{Cache: deaf{get: func(string) (string, bool) { panic("boom") }}}
	r.Lookup(t.Context(), "ada@contoso.com")
}
