package token_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// refusal makes the authority refuse every request to its token endpoint; one of "" ends it.
func (s *sts) refuse(code, suberror string, number int) {
	s.set(func() {
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/token") {
				return false
			}
			m := map[string]any{"error": code}
			if number != 0 {
				m["error_codes"] = []int{number}
			}
			if suberror != "" {
				m["suberror"] = suberror
			}
			writeJSON(w, 400, m)
			return true
		}
		if code == "" {
			s.intercept = nil
		}
	})
}

// What each kind of refusal makes of a source that has a sign-in: how often the authority is
// asked in an hour of callers who come every 3 seconds, what becomes of the stored refresh token,
// what callers and Status say, and how long after the last refusal the source is back.
func TestRefusalAndState(t *testing.T) {
	t.Parallel()
	type row struct {
		name           string
		code, suberror string
		number         int
		status         int // instead of a refusal
		retryAfter     string
		least, most    int           // requests in an hour
		ended          bool          // the stored sign-in
		back           time.Duration // 0: never by itself
	}
	for _, tt := range []row{
		{name: "policy", code: "invalid_grant", number: 53003, least: 6, most: 14, back: 15 * time.Minute},
		{name: "device", code: "invalid_grant", number: 53000, least: 6, most: 14, back: 15 * time.Minute},
		{name: "mfa", code: "invalid_grant", number: 50076, least: 6, most: 14, back: 15 * time.Minute},
		{name: "consent", code: "invalid_grant", number: 65001, least: 6, most: 14, back: 15 * time.Minute},
		{name: "account disabled", code: "invalid_grant", number: 50057, least: 6, most: 14, back: 15 * time.Minute},
		{name: "security defaults", code: "invalid_grant", number: 530032, least: 6, most: 14, back: 15 * time.Minute},
		{name: "interaction", code: "interaction_required", least: 6, most: 14, back: 15 * time.Minute},
		{name: "secret", code: "invalid_client", number: 7000215, least: 6, most: 14, back: 15 * time.Minute},
		{name: "resource", code: "invalid_resource", number: 500011, least: 6, most: 14, back: 15 * time.Minute},
		{name: "unavailable", code: "temporarily_unavailable", least: 60, most: 140, back: time.Minute},
		{name: "server error", status: 500, least: 60, most: 140, back: time.Minute},
		{name: "throttled", status: 429, retryAfter: "600", least: 6, most: 7, back: 12 * time.Minute},
		{name: "revoked", code: "invalid_grant", suberror: "bad_token", number: 70000, least: 1, most: 1, ended: true},
		{name: "unused for too long", code: "invalid_grant", number: 700082, least: 1, most: 1, ended: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				time.Sleep(2 * time.Hour)
				s.refuse(tt.code, tt.suberror, tt.number)
				if tt.status != 0 {
					s.set(func() {
						s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
							if tt.retryAfter != "" {
								w.Header().Set("Retry-After", tt.retryAfter)
							}
							w.WriteHeader(tt.status)
							return true
						}
					})
				}
				begin := time.Now()
				var last error
				for time.Since(begin) < time.Hour {
					if _, last = src.Token(t.Context()); last == nil {
						t.Fatal("Token succeeded")
					}
					time.Sleep(3 * time.Second)
				}
				if got := s.posts(); got < tt.least || got > tt.most {
					t.Errorf("%d requests in an hour, want %d to %d", got, tt.least, tt.most)
				}
				var re *token.ReauthError
				if ended := errors.As(last, &re) && re.Ended; ended != tt.ended {
					t.Errorf("Token = %v, Ended %v, want %v", last, ended, tt.ended)
				}
				if r := load(t, src); (r.Ended != "") != tt.ended || (r.RefreshToken == "") != tt.ended {
					t.Errorf("the stored %v, want ended %v", r, tt.ended)
				}
				st, err := src.Status(t.Context())
				if err != nil || !errors.Is(st.Err, last) || st.Since.Sub(begin) > time.Second || st.Next.IsZero() != tt.ended {
					t.Errorf("Status = %+v, %v; want the error of Token, since then, and the next attempt", st, err)
				}
				s.refuse("", "", 0)
				lifted := time.Now()
				for {
					if _, err := src.Token(t.Context()); err == nil {
						break
					}
					if time.Since(lifted) > 24*time.Hour {
						break
					}
					time.Sleep(5 * time.Second)
				}
				if after := time.Since(lifted); tt.back > 0 && after > tt.back {
					t.Errorf("back %v after the last refusal, want %v at most", after, tt.back)
				} else if tt.back == 0 && after < 24*time.Hour {
					t.Errorf("back without a sign-in")
				}
				if st, err := src.Status(t.Context()); tt.back > 0 && (err != nil || st.Err != nil || !st.Since.IsZero() || !st.Next.IsZero()) {
					t.Errorf("Status when it is over = %+v, %v", st, err)
				}
			})
		})
	}
}

// What wakes a source before its time.
func TestWhatWakesABlockedSource(t *testing.T) {
	for _, tt := range []struct {
		name string
		wake func(t *testing.T, s *sts, src *token.Source, peer *token.Source)
	}{
		{"SignIn", func(t *testing.T, s *sts, src, peer *token.Source) {
			src.Flow = s
			if _, err := src.SignIn(t.Context()); err != nil {
				t.Error(err)
			}
		}},
		{"a sign-in by a peer", func(t *testing.T, s *sts, src, peer *token.Source) {
			peer.Flow = s
			if _, err := peer.SignIn(t.Context()); err != nil {
				t.Error(err)
			}
		}},
		{"a peer's refresh token", func(t *testing.T, s *sts, src, peer *token.Source) {
			r := load(t, src)
			s.set(func() { s.tokens["rt-peer"] = &refreshState{issued: time.Now()} })
			r.RefreshToken, r.Access = "rt-peer", nil
			if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
				t.Error(err)
			}
		}},
		{"a peer's access token", func(t *testing.T, s *sts, src, peer *token.Source) { mustToken(t, peer) }},
		{"Refresh", func(t *testing.T, s *sts, src, peer *token.Source) {
			time.Sleep(30 * time.Second)
			if _, err := src.Refresh(t.Context(), nil, &bearer.Offer{}); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := source(t, s)
				peer := &token.Source{Config: src.Config, Key: src.Key, Store: src.Store}
				time.Sleep(2 * time.Hour)
				s.refuse("invalid_grant", "", 53003)
				for range 7 { // until the next attempt is some minutes away
					src.Token(t.Context())
					st, _ := src.Status(t.Context())
					time.Sleep(time.Until(st.Next))
				}
				src.Token(t.Context())
				s.refuse("", "", 0)
				before := s.posts()
				tt.wake(t, s, src, peer)
				time.Sleep(time.Second)
				mustToken(t, src)
				if n := s.posts() - before; n > 1 {
					t.Errorf("%d requests, want 1 at most", n)
				}
			})
		})
	}
}

// Refresh does not make a loop of a block.
func TestRefreshWhileBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		s.refuse("invalid_grant", "", 53003)
		stale := mustToken(t, src)
		for range 600 {
			if _, err := src.Refresh(t.Context(), stale, nil); err == nil {
				t.Fatal("Refresh succeeded")
			}
			time.Sleep(time.Second)
		}
		if got := s.posts(); got > 22 {
			t.Errorf("%d requests in 10 minutes, want one in 30 seconds at most", got)
		}
	})
}

// Two processes whose grant is blocked do not wake each other.
func TestBlockedPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src := source(t, s)
		src.Replay = token.ReplayStrict
		peer := &token.Source{Config: src.Config, Key: src.Key, Store: src.Store, Replay: token.ReplayStrict}
		time.Sleep(2 * time.Hour)
		s.refuse("invalid_grant", "", 53003)
		for range 3600 {
			src.Token(t.Context())
			peer.Token(t.Context())
			time.Sleep(time.Second)
		}
		if got := s.posts(); got > 28 {
			t.Errorf("%d requests in an hour, want 28 at most", got)
		}
	})
}

// policy is an authority for many mailboxes that answers at once. It refuses all refreshes
// while closed, and counts requests by the second.
type policy struct {
	closed  atomic.Bool
	mu      sync.Mutex
	at      []time.Time
	granted map[string]int
}

func (p *policy) RoundTrip(r *http.Request) (*http.Response, error) {
	b, _ := io.ReadAll(r.Body)
	_, after, _ := strings.Cut(string(b), "refresh_token=rt-")
	user, _, _ := strings.Cut(after, "&")
	status, body := 400, `{"error":"invalid_grant","error_codes":[53003],"error_description":"AADSTS53003: Access has been blocked."}`
	p.mu.Lock()
	p.at = append(p.at, time.Now())
	if !p.closed.Load() {
		p.granted[user]++
		status, body = 200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"at-%s","refresh_token":"rt-%s"}`, user, user)
	}
	p.mu.Unlock()
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// most returns the greatest number of requests in any second.
func (p *policy) most() int {
	most, from := 0, 0
	for i, t := range p.at {
		for t.Sub(p.at[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// Thousands of mailboxes are refused for an hour by a policy that was set by mistake. None is
// lost, all are back within 15 minutes, and the authority is never asked more than 50 times a
// second.
func TestAPolicyByMistake(t *testing.T) {
	t.Parallel()
	mailboxes := 1000
	switch {
	case full:
		mailboxes = 10_000
	case testing.Short() || raceEnabled:
		mailboxes = 500
	}
	synctest.Test(t, func(t *testing.T) {
		p := &policy{granted: map[string]int{}}
		config := newSTS().config(t)
		config.HTTPClient = &http.Client{Transport: p}
		limiter, store := &token.Limiter{Rate: 50}, &token.MemoryStore{}
		var sources []*token.Source
		for i := range mailboxes {
			key := fmt.Sprintf("user%d", i)
			r := token.Record{Lineage: key, ClientID: config.ClientID, Authority: config.Authority.Host, RefreshToken: "rt-" + key}
			if _, err := store.Save(t.Context(), key, r); err != nil {
				t.Fatal(err)
			}
			sources = append(sources, &token.Source{Config: config, Store: store, Key: key, Limiter: limiter})
		}
		// poll asks every mailbox once and returns how many have a token.
		poll := func() int {
			var good atomic.Int64
			var wg sync.WaitGroup
			for part := range slices.Chunk(sources, 100) {
				wg.Go(func() {
					for _, src := range part {
						_, err := src.Token(t.Context())
						var re *token.ReauthError
						switch {
						case err == nil:
							good.Add(1)
						case !errors.As(err, &re) || re.Ended || re.Kind != token.ReauthBlocked:
							t.Errorf("Token = %v, want *ReauthError of kind blocked", err)
						}
					}
				})
			}
			wg.Wait()
			return int(good.Load())
		}
		p.closed.Store(true)
		for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(time.Minute) {
			if good := poll(); good > 0 {
				t.Fatalf("%d tokens while the policy holds", good)
			}
		}
		refused := len(p.at)
		p.closed.Store(false)
		lifted := time.Now()
		for poll() < mailboxes {
			if time.Since(lifted) > 15*time.Minute {
				t.Fatalf("not all mailboxes are back after %v", time.Since(lifted))
			}
			time.Sleep(time.Minute)
		}
		if len(p.granted) != mailboxes {
			t.Errorf("%d of %d sign-ins are alive", len(p.granted), mailboxes)
		}
		if most := p.most(); most > 50 {
			t.Errorf("%d requests in a second, want 50 at most", most)
		}
		t.Logf("%d mailboxes: %d requests in the hour, all back after %v, %d a second at most", mailboxes, refused, time.Since(lifted), p.most())
	})
}
