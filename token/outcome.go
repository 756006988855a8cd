package token

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"time"
)

// A meaning is what a failed renewal says about the grant. Only proof that the grant is
// over drops a refresh token; every other failure leaves the stored sign-in as it is.
//
//	meaning    what failed                                       stored refresh token   next request to the authority
//	passes     no response, 5xx, throttling, a Store or callback  kept                   Retry-After, or 1 s doubling to 1 min
//	blocked    a policy, MFA, consent, a device, the account      kept                   1 min doubling to 15 min
//	mistaken   ConfigError, AudienceError, AccountError, …        kept                   1 min doubling to 15 min
//	over       the grant has ended, or there is none              dropped, as it is dead none
//
// All spans carry jitter. What wakes a source before its time:
//
//   - another sign-in or refresh token in the Store, or a good access token there, which is
//     looked for with Load once a second while callers come (not while a failure passes);
//   - Refresh, after the endpoint has refused a token, 30 seconds after the last request at
//     the earliest (blocked and mistaken);
//   - SignIn, at once.
//
// A person, that is a Flow that needs one, is asked once about a grant that is blocked or
// over, and not again when that has failed: SignIn asks again, and so does another grant.
// The exception is a *TransientError, after which the Flow runs again as if blocked. A
// Flow that needs no person is repeated as a refresh is: mistaken by its own errors,
// otherwise as what passes, and the first time at once, since its next assertion may be a
// better one.
type meaning int

const (
	passes meaning = iota
	blocked
	mistaken
	over
)

// A schedule says who waits how long.
type schedule struct {
	first, limit time.Duration // until the next request, doubling; 0: none without a cause
	looks        bool          // the Store may have what is needed
	refreshWakes bool
}

var schedules = [...]schedule{
	passes:   {first: time.Second, limit: time.Minute},
	blocked:  {first: time.Minute, limit: 15 * time.Minute, looks: true, refreshWakes: true},
	mistaken: {first: time.Minute, limit: 15 * time.Minute, looks: true, refreshWakes: true},
	over:     {looks: true},
}

// lookInterval is the least time between two looks at the Store for what wakes a source.
const lookInterval = time.Second

// meaningOf reads the table above.
func meaningOf(err error) meaning {
	var (
		re *ReauthError
		te *TransientError
		ce *ConfigError
		ae *AudienceError
		ue *AuthorityError
		xe *AccountError
		ie *IDTokenError
	)
	switch {
	case errors.As(err, &re) && re.Ended:
		return over
	case errors.As(err, &re):
		return blocked
	case errors.As(err, &te):
		return passes
	case errors.As(err, &ce), errors.As(err, &ae), errors.As(err, &ue), errors.As(err, &xe), errors.As(err, &ie):
		return mistaken
	}
	return passes
}

// A pause is the failure that callers get until it is due or something wakes the source.
type pause struct {
	err     error
	meaning meaning
	grant   fingerprint
	asked   bool // the Flow has run since, and has failed as well
	count   int  // of failures in a row

	since time.Time // the first of them
	last  time.Time
	due   time.Time // zero: never
	look  time.Time
}

func (p *pause) kind() meaning {
	if p == nil {
		return passes
	}
	return p.meaning
}

// isDue reports whether another request may be sent to the authority.
func (p *pause) isDue(now time.Time) bool {
	return p == nil || !p.due.IsZero() && !now.Before(p.due)
}

// next returns the pause that follows p when err has come.
func (p *pause) next(err error, m meaning, grant fingerprint, now time.Time) *pause {
	n := &pause{err: err, meaning: m, grant: grant, count: 1, since: now, last: now, look: now.Add(lookInterval)}
	if p != nil {
		n.since = p.since
		if p.meaning == m && p.grant == grant {
			n.count = min(p.count+1, 32)
		}
	}
	r := schedules[m]
	if r.first == 0 {
		return n
	}
	wait := backoff(n.count, r.first, r.limit)
	var te *TransientError
	if m == passes && errors.As(err, &te) && te.RetryAfter > 0 {
		wait = te.RetryAfter + rand.N(te.RetryAfter/8+1)
	}
	n.due = now.Add(wait)
	return n
}

// backoff returns a span that doubles with each failure, less an eighth to a half of it, so
// that sources that failed together drift apart and limit is never exceeded.
func backoff(count int, first, limit time.Duration) time.Duration {
	d := min(first<<min(count-1, 16), limit)
	return d - d/8 - rand.N(3*d/8+1)
}

// A fingerprint names what a record offers, so that a source can see whether it has changed
// without keeping the refresh token in memory. The zero fingerprint is that of no record.
type fingerprint [sha256.Size]byte

func (r Record) fingerprint() fingerprint {
	if r.Generation == 0 {
		return fingerprint{}
	}
	return sha256.Sum256([]byte(r.Lineage + "\x00" + r.RefreshToken + "\x00" + string(r.Ended)))
}
