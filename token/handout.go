package token

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unique"

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

// clockSkew is how far the clocks of machines that share a Store may be apart.
const clockSkew = 5 * time.Minute

// usable returns how long an access token is good from now on. A token goes bad 10
// seconds, or a tenth of its lifetime if that is less, before its expiry. One that was
// obtained in the future, or whose lifetime no authority grants, was stored under another
// clock: when it expires is not known, so that it is not used.
func (a Access) usable(now time.Time) time.Duration {
	lifetime := a.Expiry.Sub(a.Obtained)
	if a.Token == "" || lifetime <= 0 || lifetime > maxLifetime || a.Obtained.After(now.Add(clockSkew)) {
		return 0
	}
	left := min(a.Expiry.Sub(now), lifetime)
	return left - min(10*time.Second, lifetime/10)
}

// accessName is the name under which an access token is kept: what it was requested for. The
// scopes of OpenID Connect do not change an access token.
func (c *Config) accessName() string {
	var scopes, capabilities []string
	for s := range strings.FieldsSeq(strings.Join(c.Scopes, " ")) {
		if !isOpenIDScope(s) {
			scopes = append(scopes, s)
		}
	}
	for _, s := range c.Capabilities {
		capabilities = append(capabilities, url.QueryEscape(s))
	}
	slices.Sort(scopes)
	slices.Sort(capabilities)
	name := strings.Join(append([]string{c.resource()}, slices.Compact(scopes)...), " ")
	if len(capabilities) > 0 {
		name += " xms_cc=" + strings.Join(slices.Compact(capabilities), ",")
	}
	return unique.Make(name).Value() // many Sources have it in common
}

// addAccess puts an access token into a record and drops those that have run out, and those
// of a clock that was ahead.
func (r *Record) addAccess(name string, a Access) {
	if r.Access == nil {
		r.Access = map[string]Access{}
	}
	for other, old := range r.Access {
		if old.Expiry.Before(a.Obtained) || old.Obtained.After(a.Obtained.Add(clockSkew)) {
			delete(r.Access, other)
		}
	}
	r.Access[name] = a
}

// present makes a handout of an access token, unless its audience is wrong or the authority
// granted less than the permission.
func (a *renewal) present(x Access, now time.Time) (*handout, error) {
	if err := a.checkAudience(x.Token); err != nil {
		return nil, err
	}
	a.limited = missingScopes(a.s.Config.Scopes, x)
	if a.limited != nil && a.s.Config.Authority.Kind == Entra {
		return nil, &ConfigError{Kind: ConfigScope, Hint: "the authority granted a token without " + strings.Join(a.limited, " ") +
			": add the permission to the app registration, and an administrator or the user consents to it"}
	}
	h := &handout{
		token:    &oauth2.Token{AccessToken: x.Token, TokenType: x.Type, Expiry: x.Expiry},
		obtained: x.Obtained,
		until:    now.Add(x.usable(now)),
	}
	if x.Scope != "" {
		h.token = h.token.WithExtra(map[string]any{"scope": x.Scope})
	}
	h.wall = h.until.UnixNano()
	h.soft.Store(a.soft(x, now))
	return h, nil
}

// soft returns when to renew in the background: Early before the expiry or, if the authority
// says it, when that wants it, less a random span. The first renewal of a process is put
// anywhere in the lifetime, so that sources that start together do not stay together.
func (a *renewal) soft(x Access, now time.Time) int64 {
	s := a.s
	if s.Early < 0 {
		return math.MaxInt64
	}
	lifetime := x.Expiry.Sub(x.Obtained)
	early := s.Early
	if early == 0 {
		early = max(5*time.Minute, lifetime/10)
	}
	early = min(early, lifetime/2)
	at := x.Expiry.Add(-early)
	if !x.RefreshAt.IsZero() {
		at = x.RefreshAt
	}
	spread := s.Spread
	if spread == 0 {
		spread = early / 4
	}
	if spread > 0 {
		spread = min(spread, max(at.Sub(x.Obtained), 0))
		a.k.mu.Lock()
		first := !a.k.spread && a.event != EventSignedIn
		a.k.mu.Unlock()
		from := x.Obtained.Add(lifetime / 4)
		if from.Before(now) {
			from = now
		}
		if whole := at.Sub(from); first && !a.flowed && x.RefreshAt.IsZero() && whole > spread {
			spread = whole
		}
		at = at.Add(-rand.N(spread + 1))
	}
	return at.UnixNano()
}

// missingScopes returns the permissions that were requested and that neither the authority
// nor the token says were granted. An authority that grants what was requested may say
// nothing (RFC 6749 section 5.1), and may name the resource in another way.
func missingScopes(requested []string, x Access) []string {
	if x.Scope == "" {
		return nil
	}
	granted := map[string]bool{}
	add := func(scopes string) {
		for s := range strings.FieldsSeq(scopes) {
			granted[permissionOf(s)] = true
		}
	}
	add(x.Scope)
	if c, err := Inspect(x.Token); err == nil {
		add(c.Scope)
	}
	var missing []string
	for _, s := range requested {
		if p := permissionOf(s); !isOpenIDScope(s) && p != ".default" && !granted[p] {
			missing = append(missing, s)
		}
	}
	return missing
}

// permissionOf is the permission of a scope, without its resource.
func permissionOf(scope string) string {
	return strings.ToLower(scope[strings.LastIndexByte(scope, '/')+1:])
}

// checkAudience refuses a token for another endpoint. What cannot be read is let through:
// clients have no right to the content of access tokens.
func (a *renewal) checkAudience(raw string) error {
	claims, err := Inspect(raw)
	if err != nil {
		return nil
	}
	err = a.s.Config.checkAudience(claims.Audience)
	var ae *AudienceError
	if errors.As(err, &ae) && a.s.AllowAudience != nil {
		a.call("Source.AllowAudience", func() { err = a.s.AllowAudience(ae) })
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
