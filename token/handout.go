package token

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// A handout is an access token with what the hit path needs.
type handout struct {
	token    *oauth2.Token
	obtained time.Time
	until    time.Time    // with a monotonic reading, so that setting the clock back does no harm
	wall     int64        // until in Unix nanoseconds, so that a suspended machine does none
	soft     atomic.Int64 // when to renew in the background, in Unix nanoseconds
	forced   bool         // it came because the endpoint refused its predecessor
	claims   string       // the challenge that it meets
}

func (h *handout) good(now time.Time) bool {
	return h != nil && now.Before(h.until) && now.UnixNano() < h.wall
}

// usable returns how long an access token is good from now on. A token goes bad 10
// seconds, or a tenth of its lifetime if that is less, before its expiry. When the clock
// shows a time before the token was made, its lifetime counts from now.
func (a Access) usable(now time.Time) time.Duration {
	lifetime := a.Expiry.Sub(a.Obtained)
	if a.Token == "" || lifetime <= 0 {
		return 0
	}
	left := min(a.Expiry.Sub(now), lifetime)
	return left - min(10*time.Second, lifetime/10)
}

// present makes a handout of an access token, unless its audience is wrong.
func (s *Source) present(a Access, now time.Time) (*handout, error) {
	if err := s.checkAudience(a.Token); err != nil {
		return nil, err
	}
	h := &handout{
		token:    &oauth2.Token{AccessToken: a.Token, TokenType: a.Type, Expiry: a.Expiry},
		obtained: a.Obtained,
		until:    now.Add(a.usable(now)),
	}
	if a.Scope != "" {
		h.token = h.token.WithExtra(map[string]any{"scope": a.Scope})
	}
	h.wall = h.until.UnixNano()
	h.soft.Store(s.soft(a, now))
	return h, nil
}

// soft returns when to renew in the background.
func (s *Source) soft(a Access, now time.Time) int64 {
	if s.Early < 0 {
		return math.MaxInt64
	}
	lifetime := a.Expiry.Sub(a.Obtained)
	early := s.Early
	if early == 0 {
		early = max(5*time.Minute, lifetime/10)
	}
	early = min(early, lifetime/2)
	at := a.Expiry.Add(-early)
	if !a.RefreshAt.IsZero() {
		at = a.RefreshAt
	}
	// Sources that signed in together are spread over the time before.
	at = at.Add(-rand.N(max(early/4, 1)))
	return at.UnixNano()
}

// checkAudience refuses a token for another endpoint. What cannot be read is let through:
// clients have no right to the content of access tokens.
func (s *Source) checkAudience(raw string) error {
	claims, err := Inspect(raw)
	if err != nil {
		return nil
	}
	err = s.Config.checkAudience(claims.Audience)
	var ae *AudienceError
	if errors.As(err, &ae) && s.AllowAudience != nil {
		return s.AllowAudience(ae)
	}
	return err
}

func parseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err == nil && u.Host == "" {
		err = errors.New("no host")
	}
	return u, err
}
