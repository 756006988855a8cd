package autodiscover

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrNotV2 is matched by a hop whose server does not speak AutoDiscover v2.
	ErrNotV2 = errors.New("the server does not speak AutoDiscover v2")
	// ErrPreAuthentication is matched by a hop that a device in front of Exchange
	// answered with a sign-in of its own: AutoDiscover v2 is anonymous.
	ErrPreAuthentication = errors.New("a device in front of AutoDiscover demands a sign-in; exclude /autodiscover from pre-authentication")
	// ErrRedirect is matched by a hop whose redirect was not followed.
	ErrRedirect = errors.New("redirect refused")
	// ErrSelfRedirect is matched by a hop that sends the request back to where it came
	// from, as Exchange Online does for addresses that it cannot or will not place. It
	// says nothing about whether the user exists.
	ErrSelfRedirect = errors.New("the cloud does not place this address")
	// ErrThrottled is matched by a hop of status 429 or 503; see [HopError.RetryAfter].
	ErrThrottled = errors.New("the server is too busy")
	// ErrBadEndpoint is matched by a hop whose answer names no usable URL.
	ErrBadEndpoint = errors.New("the answer names no usable endpoint")
)

// A LookupError says that no endpoint was found, and why each hop was not the answer. It
// unwraps to one error for each hop that failed.
type LookupError struct {
	Hops []Hop
}

func (e *LookupError) Error() string {
	var b strings.Builder
	b.WriteString("autodiscover: no endpoint found")
	for _, h := range e.Hops {
		fmt.Fprintf(&b, "\n  %v", h)
	}
	return b.String()
}

// Unwrap returns the errors of the hops.
func (e *LookupError) Unwrap() []error {
	var errs []error
	for _, h := range e.Hops {
		if h.Err != nil {
			errs = append(errs, h.Err)
		}
	}
	return errs
}

// A HopError says why one answer was not the endpoint.
type HopError struct {
	Status     int
	RetryAfter time.Duration // 0 unless the server said so; at most a day
	Reason     string
	Err        error // one of the sentinels of this package, or a cause
}

func (e *HopError) Error() string {
	s := e.Err.Error()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.RetryAfter > 0 {
		s += fmt.Sprintf(" (retry after %v)", e.RetryAfter)
	}
	return s
}

func (e *HopError) Unwrap() error { return e.Err }

// A ServerError is the ErrorCode of an AutoDiscover v2 answer. It comes with status 400
// from Exchange and with 200 from others.
type ServerError struct {
	Code      string   // e.g. "ProtocolNotSupported"; an open set
	Message   string   // the server's words, safe to print, at most 256 bytes
	Supported []string // the protocols that the message lists
}

func (e *ServerError) Error() string {
	s := "the server says " + safehttp.Clean(e.Code, 64)
	if len(e.Supported) > 0 {
		return s + "; it supports " + safehttp.Clean(strings.Join(e.Supported, ", "), 512)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}
