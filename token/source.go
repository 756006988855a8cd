package token

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Replay says what an authority makes of a refresh token that comes a second time.
type Replay int

// The values of [Source.Replay].
const (
	// ReplayByAuthority is ReplayTolerant for Microsoft Entra ID, which leaves an old
	// refresh token valid, and ReplayStrict for every other authority.
	ReplayByAuthority Replay = iota
	// ReplayStrict: a refresh token may be used once, and a second use may end the
	// sign-in. The record is marked before the token is sent; when an answer was lost, the
	// token is tried once more, and if the authority refuses it then the *ReauthError
	// matches ErrRefreshUncertain.
	ReplayStrict
	// ReplayTolerant: an old refresh token stays valid, so that a lost answer costs
	// nothing.
	ReplayTolerant
)

// A Source hands out access tokens for one mailbox and renews them. It is a
// [bearer.Source] and a [bearer.Refresher]. Only Config is required. A Source must not be
// copied, its fields must not be changed after its first use, and all its methods are safe
// for concurrent use.
//
// While the access token is good, Token returns it without a lock and without a request.
// From some minutes before its expiry it is renewed in the background. However many
// callers wait, one renewal is under way; each waits at most as long as its own context,
// and the renewal goes on when they have left. A failure is shared by all who waited and
// by those who come before the next attempt is due: after Retry-After, or else 1 second,
// doubling to 1 minute, with jitter; from 5 seconds to 5 minutes for a *ConfigError or
// *AudienceError. A *ReauthError holds until a new sign-in appears in the Store, which is
// looked at once a second.
//
// Before a refreshed access token is handed out, its refresh token has been stored. The
// tokens that are handed out hold no refresh token and must not be modified.
type Source struct {
	// Config says where and for what to ask for tokens. Required.
	Config *Config

	// Store keeps the sign-in. If nil, it is kept in memory and lost with the Source.
	Store Store

	// Key is the name of the sign-in in the Store. Required with a Store. Sources for
	// several endpoints may share one: one sign-in brings tokens for all of them.
	Key string

	// Flow signs the user in when there is no sign-in or it has ended, while a caller of
	// Token or Refresh waits; it is cancelled when all of them have left. It is tried once:
	// if it fails, SignIn tries again. If nil, callers get a *ReauthError, and SignIn cannot
	// be used.
	Flow Flow

	// Early is how long before its expiry an access token is renewed in the background,
	// give or take some jitter, when the authority does not say (refresh_in). If zero, 5
	// minutes or a tenth of its lifetime, whichever is longer, but at most half its
	// lifetime. If negative, a token is renewed when it has expired.
	Early time.Duration

	// RefreshLifetime is how long a refresh token is expected to live unused when the
	// authority does not say. If zero, DefaultRefreshLifetime. The expectation is shown
	// by Status and the observer; it is the authority that decides.
	RefreshLifetime time.Duration

	// RefreshFixed says that RefreshLifetime counts from the sign-in, and no renewal extends
	// it.
	RefreshFixed bool

	// Notice is how long before the expected end of the sign-in Observe and Logger get an
	// [EventExpiring], so that the user can be asked to come back in time. It is looked at
	// with each renewal, and happens once for each expected end. If zero, DefaultNotice, but
	// at most a quarter of the refresh token's lifetime; if negative, never.
	Notice time.Duration

	// Replay says what the authority makes of a refresh token that comes twice.
	Replay Replay

	// AllowAudience decides about an access token whose audience does not fit the
	// endpoint: if it returns nil the token is handed out all the same. If AllowAudience is
	// nil, such a token is refused with the *AudienceError. Tokens that cannot be read are
	// always handed out.
	AllowAudience func(*AudienceError) error

	// Observe, if not nil, is called with each event, one at a time, before the callers
	// that wait get the outcome. It must return soon and must not call the Source.
	Observe func(Event)

	// Logger, if not nil, gets the events as log records.
	Logger *slog.Logger

	current atomic.Pointer[handout]
	mu      sync.Mutex
	flight  *flight
	failed  *failure
	noticed time.Time // the expected end that was told
	refused string    // the access token that the endpoint refused last
	unsaved *Record   // a successor that the Store would not take, of which spent is the refresh token that it cost
	spent   string
	own     MemoryStore
}

var (
	_ bearer.Source    = (*Source)(nil)
	_ bearer.Refresher = (*Source)(nil)
)

// NewSource returns a Source that keeps its sign-in in store under key.
func NewSource(c *Config, key string, store Store) *Source {
	return &Source{Config: c, Key: key, Store: store}
}

// Token returns an access token whose audience fits the endpoint and which is not about to
// expire. It returns an error that matches ctx's when ctx ends first; otherwise a
// [*ReauthError], [*ConfigError], [*TransientError] or [*AudienceError], or an error of the
// Store, which matches [ErrNotPersisted] if a refreshed sign-in could not be stored.
func (s *Source) Token(ctx context.Context) (*oauth2.Token, error) {
	if h := s.current.Load(); h != nil {
		now := time.Now()
		if h.good(now) {
			if now.UnixNano() >= h.soft.Load() {
				s.renewEarly(ctx, h, now)
			}
			return h.token, nil
		}
	}
	return s.wait(ctx, demand{})
}

// Refresh returns an access token other than refused, which the endpoint has refused
// although it had not expired, with why. Many callers that were refused the same token
// make one renewal, and one that comes late gets the token that the others got. Claims
// in why are sent to the authority, which may answer that the user must sign in.
//
// If the endpoint complained about the audience, another token would be like this one, and
// the error is an [*AudienceError] at once. If refused itself comes from such a renewal less
// than 30 seconds ago, it is a [*RefusedError]. Otherwise errors are those of Token.
func (s *Source) Refresh(ctx context.Context, refused *oauth2.Token, why *bearer.Offer) (*oauth2.Token, error) {
	d := demand{forced: true}
	if refused != nil {
		d.refused = refused.AccessToken
	} else if h := s.current.Load(); h != nil {
		d.refused = h.token.AccessToken
	}
	reason := ""
	if why != nil {
		if why.Claims != "" {
			c, err := DecodeClaims(why.Claims)
			if err != nil {
				return nil, err
			}
			d.claims = c
		}
		if why.Diagnostics != nil {
			reason = safehttp.Clean(why.Diagnostics.Reason, 256)
			if err := refusedAudience(why.Diagnostics); err != nil {
				return nil, err
			}
		}
	}
	if h := s.current.Load(); h != nil && h.token.AccessToken == d.refused && h.forced && (d.claims == "" || d.claims == h.claims) {
		if age := time.Since(h.obtained); age < forcedInterval {
			return nil, &RefusedError{Age: age, RetryAfter: forcedInterval - age, Reason: reason}
		}
	}
	return s.wait(ctx, d)
}

// SignIn runs the Flow, whether or not there is a sign-in already, and stores the outcome
// as a new sign-in, in place of the old one. It waits for a renewal that is under way. The
// error is that of the Flow, or of the Store.
func (s *Source) SignIn(ctx context.Context) (*oauth2.Token, error) {
	if s.Flow == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "Source.Flow is not set, so nobody can sign in"}
	}
	return s.wait(ctx, demand{signIn: true})
}

// SignOut deletes the sign-in from the Store and forgets it. A renewal that is under way,
// here or in another process, does not bring it back. The authority is not told.
func (s *Source) SignOut(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	for range 8 {
		r, err := s.store().Load(ctx, s.Key)
		if err == nil {
			err = s.store().Delete(ctx, s.Key, r.Generation)
		}
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return storeError("delete", err)
		}
		s.mu.Lock()
		s.current.Store(nil)
		s.unsaved, s.failed = nil, nil
		s.mu.Unlock()
		return nil
	}
	return storeError("delete", ErrConflict)
}

// refusedAudience turns a complaint about the audience, as Exchange words it, into an
// error.
func refusedAudience(d *bearer.Diagnostics) error {
	expected, actual, ok := d.Audience()
	if !ok {
		return nil
	}
	e := &AudienceError{Kind: AudienceHost, Expected: safehttp.Clean(expected, 256), Actual: safehttp.Clean(actual, 256)}
	if u, err := parseEndpoint(expected); err == nil {
		var ae *AudienceError
		if errors.As(CheckAudience([]string{actual}, u), &ae) {
			e.Kind = ae.Kind
		}
	}
	return e
}

func (s *Source) store() Store {
	if s.Store == nil {
		return &s.own
	}
	return s.Store
}

func (s *Source) check() error {
	if s.Store != nil && s.Key == "" {
		return &ConfigError{Kind: ConfigMissing, Hint: "Source.Key is not set; it names the sign-in in the Store"}
	}
	return s.Config.check()
}

func (s *Source) strict() bool {
	switch s.Replay {
	case ReplayStrict:
		return true
	case ReplayTolerant:
		return false
	}
	return s.Config.Authority.Kind != Entra
}
