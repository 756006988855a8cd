package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Replay says what an authority does with a refresh token that it receives a second time.
type Replay int

// The values of [Source.Replay].
const (
	// ReplayByAuthority is ReplayTolerant for Microsoft Entra ID, which leaves an old
	// refresh token valid, and ReplayStrict for every other authority.
	ReplayByAuthority Replay = iota
	// ReplayStrict: a refresh token may be used once, and a second use may end the
	// sign-in. The record is marked before the token is sent; when a response was lost, the
	// token is tried once more, and if the authority refuses it then the *ReauthError
	// matches ErrRefreshUncertain.
	ReplayStrict
	// ReplayTolerant: an old refresh token stays valid, so that a lost response costs
	// nothing.
	ReplayTolerant
)

// A Source hands out access tokens for one mailbox and renews them. It is a [bearer.Source] and a
// [bearer.Refresher]. Only Config is required. A Source must not be copied, its fields must not be
// changed after its first use, and all its methods are safe for concurrent use.
//
// While the access token is valid, Token returns it without a lock and without a request. Some
// minutes before it expires it is renewed in the background. Any number of callers share one
// renewal; each waits at most as long as its own context, and the renewal continues when they have
// left.
//
// A sign-in is lost only when the authority ends it. A failure is shared by all callers that
// waited and by those that come before the next attempt. The next attempt is made after
// Retry-After or else 1 second, doubling to 1 minute, for failures that pass by themselves; and
// after 1 minute, doubling to 15, for a refusal that leaves the grant unchanged
// ([ReauthError].Ended is false) and for configuration errors ([ConfigError], [AudienceError],
// [AccountError]); all with jitter. If the grant has ended, or there never was one, no request is
// sent until there is a new sign-in. A new sign-in in the Store, or a valid access token that another
// process has stored, is found within a second while there are callers. [Status] says what is
// wrong and when the next attempt is due.
//
// A new or refreshed access token is handed out only after its refresh token has been stored. If
// the Store fails, callers get an error that matches [ErrNotPersisted], and the tokens are kept in
// memory and stored when the Store works again, without a request. The tokens that are handed out
// hold no refresh token and must not be modified.
//
// A panic or runtime.Goexit of the Store, Flow, Accept, AllowAudience or HTTPClient fails that
// renewal with a [*PanicError]. A panic of Observe or Logger does not change the result; it is
// logged with its stack, by slog.Default if there is no Logger.
type Source struct {
	// Config says where and for what tokens are requested. Required.
	Config *Config

	// Store keeps the sign-in. If nil, it is kept in memory and lost with the Source.
	Store Store

	// Key is the name of the sign-in in the Store. Required with a Store. Sources for
	// several endpoints may share one: a sign-in yields tokens for all of them.
	Key string

	// Flow signs in if there is no sign-in, if it has ended (ReauthError.Ended), and if the
	// authority wants the user to act: a second factor, a password that has changed, claims. It
	// does not run while a policy blocks the user. If nil, callers get a *ReauthError, and SignIn
	// cannot be used: leave it nil in a program that must never prompt.
	//
	// A Flow that needs a person runs while a caller of Token or Refresh waits, and is
	// cancelled when all of them have left; see Linger. It is tried once: if it fails with
	// anything but a *TransientError, only SignIn tries again. A Flow that needs no person
	// ([Flow]) is repeated like a refresh, also in the background, and gets no claims except
	// those of a caller.
	Flow Flow

	// Linger is how long after its start a Flow that needs a person continues without callers if
	// they have left because of a deadline or a context that was cancelled with a cause, such as
	// the time limit of a command. Later callers join it, and its result is stored. A caller
	// who cancels without a cause ends it. If zero, the Flow ends with its last caller.
	Linger time.Duration

	// Account is the account that must sign in. Empty fields are not compared, nor is Username if
	// Object is set. If another account signs in, or the tokens do not say which, nothing is
	// stored and the error is an *AccountError. If zero, any account may sign in to a key
	// without a sign-in, and later only the same one, until SignOut.
	Account Account

	// Accept, if not nil, decides about an account that has signed in before anything is
	// stored. Its error ends the sign-in, as the Err of an *AccountError.
	Accept func(ctx context.Context, a Account) error

	// Limiter, if not nil, limits the requests of all Sources that share it. If nil, the Sources
	// whose Configs share an Authority renew at most 256 tokens at a time in the background,
	// and a request for which a caller waits is sent immediately.
	Limiter *Limiter

	// Early is how long before its expiry an access token is renewed in the background, or
	// earlier by up to Spread, if the authority does not say (refresh_in). If zero, 5 minutes
	// or a tenth of its lifetime, whichever is longer, but at most half its lifetime. If
	// negative, a token is renewed when it has expired.
	Early time.Duration

	// Spread is the longest random time by which a renewal in the background is advanced. If
	// zero, a quarter of Early, and for the first renewal of a process the rest of the lifetime
	// after its first quarter, so that sources that start together do not renew together. If
	// negative, none.
	Spread time.Duration

	// RefreshLifetime is how long a refresh token is expected to live unused when the
	// authority does not say. If zero, [DefaultRefreshLifetime]. Status and Observe report the
	// expectation; the authority decides. Refresh tokens of Microsoft Entra ID live 90 days
	// unused; those of a single-page app live 24 hours from the sign-in (set RefreshFixed).
	RefreshLifetime time.Duration

	// RefreshFixed says that RefreshLifetime counts from the sign-in, and no renewal extends
	// it.
	RefreshFixed bool

	// Notice is how long before the expected end of the sign-in Observe and Logger get an
	// [EventExpiring], so that the user can sign in again in time. It is checked
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

	// Logger, if not nil, gets the events as log records, with Key and the identifiers of the
	// account, but without its name.
	Logger *slog.Logger

	state atomic.Value // of *keeper: a type that may be copied, so that the methods that print nothing have value receivers
}

var (
	_ bearer.Source    = (*Source)(nil)
	_ bearer.Refresher = (*Source)(nil)
)

// keeper returns the owner of the state.
func (s *Source) keeper() *keeper {
	if k, ok := s.state.Load().(*keeper); ok {
		return k
	}
	s.state.CompareAndSwap(nil, &keeper{s: s})
	return s.state.Load().(*keeper)
}

// Token returns an access token whose audience matches the endpoint and which is not about to
// expire. If ctx ends first, the error matches ctx.Err() and context.Cause(ctx); otherwise it is a
// [*ReauthError], [*ConfigError], [*TransientError], [*AudienceError], [*AccountError] or
// [*PanicError], that of a Flow, or one of the Store, which matches [ErrNotPersisted] if tokens
// could not be stored.
func (s *Source) Token(ctx context.Context) (*oauth2.Token, error) {
	k := s.keeper()
	if h := k.current.Load(); h != nil {
		now := time.Now()
		if h.good(now) {
			if now.UnixNano() >= h.soft.Load() {
				k.renewEarly(ctx, h, now)
			}
			return h.token, nil
		}
	}
	return k.wait(ctx, demand{})
}

// Refresh returns an access token other than refused, which the endpoint has refused for the
// reason why although it had not expired. Callers that were refused the same token share one
// renewal; one that comes late gets its result. Claims in why are sent to the authority, which may
// respond that the user must sign in. While the authority refuses for now, Refresh still sends a
// request, once in 30 seconds.
//
// If the endpoint refused the audience, which another token would share, the error is an
// [*AudienceError]; if it gave another reason that no token changes ([bearer.Offer.Refreshable]),
// or if refused itself comes from such a renewal less than 30 seconds ago, an [*EndpointError].
// Otherwise errors are those of [Source.Token].
func (s *Source) Refresh(ctx context.Context, refused *oauth2.Token, why *bearer.Offer) (*oauth2.Token, error) {
	k := s.keeper()
	d := demand{forced: true}
	if refused != nil {
		d.refused = refused.AccessToken
	} else if h := k.current.Load(); h != nil {
		d.refused = h.token.AccessToken
	}
	reason := ""
	if why != nil {
		if why.Claims != "" {
			c, err := decodeClaims(why.Claims)
			if err != nil {
				return nil, err
			}
			d.claims = c
		}
		if why.Diagnostics != nil {
			reason = safehttp.Plain(why.Diagnostics.Reason, 256)
			if err := refusedAudience(why.Diagnostics); err != nil {
				return nil, err
			}
		}
		if !why.Refreshable() {
			return nil, &EndpointError{Reason: reason, Hint: why.Diagnostics.Explanation()}
		}
	}
	if h := k.current.Load(); h != nil && h.token.AccessToken == d.refused && h.forced && (d.claims == "" || d.claims == h.claims) {
		if age := time.Since(h.obtained); age < forcedInterval {
			return nil, &EndpointError{Age: age, RetryAfter: forcedInterval - age, Reason: reason}
		}
	}
	return k.wait(ctx, d)
}

// SignIn runs the Flow, whether or not there is a sign-in, and stores the result as a new sign-in
// that replaces the old one. It waits for a renewal in progress, and joins a Flow in progress. If
// it fails, the old sign-in is unchanged. The error is that of the Flow, of the Store, which
// matches [ErrNotPersisted] while the new sign-in is kept in memory, or an [*AccountError].
func (s *Source) SignIn(ctx context.Context) (*oauth2.Token, error) {
	if s.Flow == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "Source.Flow is not set, so nobody can sign in"}
	}
	return s.keeper().wait(ctx, demand{signIn: true})
}

// SignOut deletes the sign-in from the Store and forgets it. It is final: a renewal or a Flow in
// progress is dropped, and its callers get a [*ReauthError] of kind [ReauthNone]; so is the result
// of another process that arrives after SignOut. The authority is not informed, and an access
// token that another Source already holds remains valid until it expires. SignOut ends with ctx
// even if the Store does not; the error then matches ctx.Err() and context.Cause(ctx), and the
// sign-in may still be deleted.
func (s *Source) SignOut(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	k := s.keeper()
	// A caller who comes meanwhile may still find the record: hence once more at the end.
	k.reset()
	defer k.reset()
	for range 8 {
		_, err := patient(ctx, "Store.Delete", func() (struct{}, error) {
			r, err := k.store().Load(ctx, s.Key)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, k.store().Delete(ctx, s.Key, r.Generation)
		})
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return storeError("delete", err)
		}
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

func (k *keeper) store() Store {
	if k.s.Store == nil {
		return &k.own
	}
	return k.s.Store
}

// check says what is missing for a token that is stored already. A request needs more, which
// Config.check knows.
func (s *Source) check() error {
	if s.Store != nil && s.Key == "" {
		return &ConfigError{Kind: ConfigMissing, Hint: "Source.Key is not set; it names the sign-in in the Store"}
	}
	return s.Config.checkStored()
}

// Format prints the Config and no secret under any verb.
func (s Source) Format(f fmt.State, _ rune) {
	if s.Config == nil {
		fmt.Fprint(f, "source without config")
		return
	}
	fmt.Fprintf(f, "source with %v", *s.Config)
}

// LogValue prints no secret.
func (s Source) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// MarshalJSON writes the Config's text and no secret.
func (s Source) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(s)) }

func (s *Source) strict() bool {
	switch s.Replay {
	case ReplayStrict:
		return true
	case ReplayTolerant:
		return false
	}
	return s.Config.Authority.Kind != Entra
}
