package token_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

// tenants is an authority for many mailboxes, each with a stored refresh token.
type tenants struct {
	store   token.MemoryStore
	config  *token.Config
	answer  func(n int64) (status int, header http.Header) // nil: granted
	delay   atomic.Int64                                   // a time.Duration
	running atomic.Int64
	most    atomic.Int64
	n       atomic.Int64
	mu      sync.Mutex
	at      []time.Time
}

func newTenants(t testing.TB, n int) *tenants {
	c := &tenants{config: newSTS().config(t)}
	c.config.HTTPClient = &http.Client{Transport: c}
	for i := range n {
		key := strconv.Itoa(i)
		r := token.Record{Lineage: key, ClientID: c.config.ClientID, Authority: c.config.Authority.Host, RefreshToken: strings.Repeat("r", 1000)}
		if _, err := c.store.Save(t.Context(), key, r); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *tenants) source(i int, l *token.Limiter) *token.Source {
	return &token.Source{Config: c.config, Store: &c.store, Key: strconv.Itoa(i), Limiter: l}
}

var tenantsBody = `{"token_type":"Bearer","expires_in":3600,"access_token":"%d.` + strings.Repeat("a", 1400) + `","refresh_token":"` + strings.Repeat("r", 1000) + `"}`

func (c *tenants) RoundTrip(r *http.Request) (*http.Response, error) {
	io.Copy(io.Discard, r.Body)
	n := c.n.Add(1)
	c.mu.Lock()
	c.at = append(c.at, time.Now())
	c.most.Store(max(c.most.Load(), c.running.Add(1)))
	c.mu.Unlock()
	defer c.running.Add(-1)
	time.Sleep(time.Duration(c.delay.Load()))
	status, header, body := 200, http.Header{}, fmt.Sprintf(tenantsBody, n)
	if c.answer != nil {
		if status, header = c.answer(n); status != 200 {
			body = ""
		}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// times returns when requests came since the last call.
func (c *tenants) times() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.at
	c.at = nil
	return at
}

// all asks every source at once and returns what each got.
func all(ctx context.Context, sources []*token.Source) []error {
	errs := make([]error, len(sources))
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() { _, errs[i] = s.Token(ctx) })
	}
	wg.Wait()
	return errs
}

func (c *tenants) sources(n int, l *token.Limiter) []*token.Source {
	var out []*token.Source
	for i := range n {
		out = append(out, c.source(i, l))
	}
	return out
}

// How many requests are under way, and how many begin in a second.
func TestS074LimiterBounds(t *testing.T) {
	for _, tt := range []struct {
		name            string
		limiter         *token.Limiter
		delay           time.Duration
		most            int64 // under way
		atLeast, atMost time.Duration
	}{
		{"the zero value", &token.Limiter{}, 10 * time.Second, token.DefaultConcurrency, 40 * time.Second, 40 * time.Second},
		{"by rate", &token.Limiter{Rate: 20, Concurrency: -1}, 0, 1, 4950 * time.Millisecond, 4950 * time.Millisecond},
		{"by concurrency", &token.Limiter{Rate: -1, Concurrency: 7}, time.Second, 7, 15 * time.Second, 15 * time.Second},
		{"unbounded", &token.Limiter{Rate: -1, Concurrency: -1}, time.Second, 100, time.Second, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTenants(t, 100)
				c.delay.Store(int64(tt.delay))
				begin := time.Now()
				for i, err := range all(t.Context(), c.sources(100, tt.limiter)) {
					if err != nil {
						t.Fatalf("source %d: %v", i, err)
					}
				}
				if got := time.Since(begin); got < tt.atLeast || got > tt.atMost+2*time.Second {
					t.Errorf("100 refreshes took %v, want %v", got, tt.atLeast)
				}
				if got := c.most.Load(); got != tt.most {
					t.Errorf("%d under way, want %d", got, tt.most)
				}
			})
		})
	}
}

// The order is first come, first served, but a caller who waits comes before renewals in the
// background.
func TestLimiterOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, 20)
		l := &token.Limiter{Concurrency: 1, Rate: -1}
		var mu sync.Mutex
		var order []string
		sources := c.sources(20, l)
		for _, s := range sources {
			s.Observe = func(e token.Event) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, e.Key)
			}
		}
		// The first ten have good tokens that are due for renewal.
		for _, s := range sources[:10] {
			s.Spread = -1
			mustToken(t, s)
		}
		time.Sleep(55 * time.Minute)
		c.delay.Store(int64(time.Second))
		mu.Lock()
		order = nil
		mu.Unlock()
		for _, s := range sources[:10] {
			mustToken(t, s) // starts a renewal in the background
			synctest.Wait()
		}
		var wg sync.WaitGroup
		for _, s := range sources[10:] {
			wg.Go(func() { mustToken(t, s) })
			synctest.Wait()
		}
		wg.Wait()
		time.Sleep(time.Minute)
		var want []string
		for _, i := range append([]int{0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 1, 2, 3, 4, 5, 6, 7, 8, 9) {
			want = append(want, strconv.Itoa(i))
		}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
	})
}

// A renewal in the background for which a caller comes to wait moves ahead of the others.
func TestLimiterPromotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, 100)
		l := &token.Limiter{Concurrency: 1, Rate: -1}
		sources := c.sources(100, l)
		for _, s := range sources {
			s.Spread = -1
			mustToken(t, s)
		}
		time.Sleep(59 * time.Minute)
		c.delay.Store(int64(time.Second))
		for _, s := range sources {
			mustToken(t, s)
		}
		last := sources[99]
		stale := mustToken(t, last)
		begin := time.Now()
		if tok, err := last.Refresh(t.Context(), stale, nil); err != nil || tok == stale {
			t.Errorf("Refresh: %v", err)
		}
		if got := time.Since(begin); got > 2*time.Second {
			t.Errorf("the caller waited %v behind the background", got)
		}
		time.Sleep(2 * time.Minute)
	})
}

// A caller leaves the queue with its context, and the place is free for others.
func TestLimiterIsBoundByTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, 10)
		c.delay.Store(int64(time.Hour))
		l := &token.Limiter{Concurrency: 1, Rate: -1}
		go c.source(0, l).Token(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		for _, err := range all(ctx, c.sources(10, l)[1:]) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Token = %v, want DeadlineExceeded", err)
			}
		}
		if got := time.Since(begin); got != time.Second {
			t.Errorf("the callers waited %v, want 1s", got)
		}
		c.delay.Store(int64(0))
		time.Sleep(2 * time.Hour)
		for i, err := range all(t.Context(), c.sources(10, l)) {
			if err != nil {
				t.Errorf("source %d: %v", i, err)
			}
		}
	})
}

// What one source learns of the authority's state, all of them heed; whose token is good does
// not notice.
func TestLimiterSharesRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name       string
		status     int
		retryAfter string
		quiet      time.Duration // at least, after the first response
	}{
		{"429 with Retry-After", 429, "120", 2 * time.Minute},
		{"503 with Retry-After", 503, "120", 2 * time.Minute},
		{"429 without", 429, "", 500 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTenants(t, 101)
				l := &token.Limiter{Concurrency: 1, Rate: -1}
				good := c.source(100, l)
				mustToken(t, good)
				begin := time.Now()
				c.answer = func(n int64) (int, http.Header) {
					if n > 2 {
						return 200, nil
					}
					h := http.Header{}
					if tt.retryAfter != "" {
						h.Set("Retry-After", tt.retryAfter)
					}
					return tt.status, h
				}
				sources := c.sources(100, l)
				for i, err := range all(t.Context(), sources) {
					var te *token.TransientError
					if !errors.As(err, &te) || te.RetryAfter <= 0 && tt.retryAfter != "" || te.RetryAfter > tt.quiet && tt.retryAfter != "" {
						t.Fatalf("source %d: %v, want *TransientError with the time that is left", i, err)
					}
				}
				if got := time.Since(begin); got > time.Second {
					t.Errorf("the callers were held up for %v", got)
				}
				for time.Since(begin) < 10*time.Minute {
					mustToken(t, good)
					all(t.Context(), sources)
					time.Sleep(time.Second)
				}
				if got := c.times()[2].Sub(begin); got < tt.quiet {
					t.Errorf("the next request came after %v, want %v at least", got, tt.quiet)
				}
				for i, err := range all(t.Context(), sources) {
					if err != nil {
						t.Errorf("source %d: %v", i, err)
					}
				}
				if got := c.n.Load(); got != 102 {
					t.Errorf("%d requests, want 102", got)
				}
			})
		})
	}
}

// The turn is taken before the record is locked: whoever waits for it holds nobody up.
func TestLimiterComesBeforeTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, 2)
		c.delay.Store(int64(time.Minute))
		l := &token.Limiter{Concurrency: 1, Rate: -1}
		go c.source(0, l).Token(t.Context())
		synctest.Wait()
		go c.source(1, l).Token(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		unlock, err := c.store.Lock(ctx, "1")
		if err != nil {
			t.Fatalf("the source that waits for its turn holds the lock: %v", err)
		}
		unlock()
		time.Sleep(time.Hour)
	})
}

// SignOut takes a renewal out of the queue.
func TestLimiterAndSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, 2)
		l := &token.Limiter{Concurrency: 1, Rate: -1}
		queued := c.source(1, l)
		queued.Spread = -1
		mustToken(t, queued)
		time.Sleep(59 * time.Minute)
		c.delay.Store(int64(time.Minute))
		go c.source(0, l).Token(t.Context())
		synctest.Wait()
		mustToken(t, queued)
		if err := queued.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := c.n.Load()
		time.Sleep(time.Hour)
		if got := c.n.Load(); got != before {
			t.Errorf("%d requests after SignOut", got-before)
		}
	})
}

// Sources that start together do not stay together: the first renewals of a process are
// spread over the lifetime.
func TestS074RenewalsAreSpread(t *testing.T) {
	t.Parallel()
	n := 500
	if raceEnabled {
		n = 200
	}
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, n)
		sources := c.sources(n, nil)
		all(t.Context(), sources)
		begin := time.Now()
		c.times()
		const minutes = 4 * 60
		for time.Since(begin) < minutes*time.Minute {
			for _, s := range sources {
				mustToken(t, s)
			}
			time.Sleep(30 * time.Second)
		}
		var perMinute [minutes]int
		synctest.Wait()
		renewed := c.times()
		for _, at := range renewed {
			perMinute[min(int(at.Sub(begin)/time.Minute), minutes-1)]++
		}
		// A renewal in 50 minutes or so each: a mean of n/50 a minute.
		if most := slices.Max(perMinute[:]); most > n/20+5 {
			t.Errorf("%d renewals in a minute, want %d at most: %v", most, n/20+5, perMinute)
		}
		if got := len(renewed); got > 6*n {
			t.Errorf("%d renewals in 4 hours for %d sources", got, n)
		}
	})
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		name     string
		spread   time.Duration
		from, to time.Duration // of the second renewal, after the token was obtained
	}{
		{"none", -1, 54 * time.Minute, 54 * time.Minute},
		{"the default", 0, 52*time.Minute + 29*time.Second, 54 * time.Minute},
		{"half an hour", 30 * time.Minute, 24 * time.Minute, 54 * time.Minute},
		{"more than there is", 3 * time.Hour, 0, 54 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				var least, most time.Duration = time.Hour, 0
				for range 50 {
					src := &token.Source{Config: s.config(t), Flow: s, Spread: tt.spread}
					tok := mustToken(t, src)
					begin := time.Now()
					for mustToken(t, src) == tok {
						time.Sleep(10 * time.Second)
						synctest.Wait()
					}
					least, most = min(least, time.Since(begin)), max(most, time.Since(begin))
				}
				if least < tt.from || most > tt.to+20*time.Second {
					t.Errorf("renewed %v to %v after the sign-in, want %v to %v", least, most, tt.from, tt.to)
				}
				if want := (tt.to - tt.from) / 2; most-least < want {
					t.Errorf("spread over %v, want %v at least", most-least, want)
				}
			})
		})
	}
}

// When a token is renewed in the background.
func TestEarly(t *testing.T) {
	for _, tt := range []struct{ lifetime, early, want time.Duration }{
		{time.Hour, 0, 54 * time.Minute},
		{2 * time.Hour, 0, 108 * time.Minute},
		{30 * time.Minute, 0, 25 * time.Minute},
		{8 * time.Minute, 0, 4 * time.Minute},
		{time.Hour, 20 * time.Minute, 40 * time.Minute},
		{time.Hour, 50 * time.Minute, 30 * time.Minute},
		{time.Hour, -1, time.Hour - 10*time.Second},
	} {
		t.Run(fmt.Sprintf("%v, %v", tt.lifetime, tt.early), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.lifetime = tt.lifetime
				src := &token.Source{Config: s.config(t), Flow: s, Early: tt.early, Spread: -1}
				mustToken(t, src)
				begin := time.Now()
				for s.posts() == 0 {
					time.Sleep(time.Second)
					mustToken(t, src)
					synctest.Wait()
				}
				if got := time.Since(begin); got != tt.want {
					t.Errorf("renewed after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// A new sign-in is renewed when the authority wants it.
func TestRefreshAtOfASignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := &token.Source{Config: s.config(t), Spread: -1}
		src.Flow = flowFunc(func(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
			tok, err := s.SignIn(ctx, c)
			return tok.WithExtra(map[string]any{"refresh_at": time.Now().Add(20 * time.Minute)}), err
		})
		mustToken(t, src)
		for _, want := range []int{0, 1} {
			time.Sleep(20*time.Minute - time.Second)
			mustToken(t, src)
			synctest.Wait()
			if s.posts() != want {
				t.Fatalf("%d renewals, want %d", s.posts(), want)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestManySourcesAtOneExpiry has 100,000 sources (1,000 unless TOKEN_TEST_SOURCES says another
// number) whose tokens run out together: the memory and goroutines that their renewal takes.
func TestManySourcesAtOneExpiry(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("TOKEN_TEST_SOURCES"))
	if n == 0 {
		n = 1000
	}
	for _, limited := range []bool{true, false} {
		t.Run(fmt.Sprintf("limited=%v", limited), func(t *testing.T) {
			c := newTenants(t, n)
			var l *token.Limiter
			if limited {
				l = &token.Limiter{Rate: -1}
			}
			now := time.Now()
			for i := range n {
				key := strconv.Itoa(i)
				r, _ := c.store.Load(t.Context(), key)
				r.Access = map[string]token.Access{"https://mail.contoso.com:443 https://mail.contoso.com/EAS.AccessAsUser.All": {
					Token: strings.Repeat("a", 1400), Type: "Bearer", Obtained: now.Add(-55 * time.Minute), Expiry: now.Add(5 * time.Minute)}}
				if _, err := c.store.Save(t.Context(), key, r); err != nil {
					t.Fatal(err)
				}
			}
			sources := c.sources(n, l)
			goroutines, memory := 0, uint64(0)
			begin := time.Now()
			for c.n.Load() < int64(n) {
				for _, i := range rand.Perm(n) {
					mustToken(t, sources[i])
					if i%100 == 0 {
						goroutines = max(goroutines, runtime.NumGoroutine())
					}
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				memory = max(memory, m.Sys-m.HeapReleased)
				if time.Since(begin) > 5*time.Minute {
					t.Fatalf("%d of %d renewed", c.n.Load(), n)
				}
			}
			took := time.Since(begin)
			t.Logf("%d sources renewed in %v: %.0f a second, %d goroutines, %d MB", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), goroutines, memory>>20)
			if most := map[bool]int{true: 200, false: 1000}[limited]; goroutines > most {
				t.Errorf("%d goroutines, want %d at most", goroutines, most)
			}
			if memory > 600<<20 {
				t.Errorf("%d MB, want 600 at most", memory>>20)
			}
		})
	}
}
