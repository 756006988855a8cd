package eas

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

type timedOut struct{}

func (timedOut) Error() string { return "timed out" }
func (timedOut) Timeout() bool { return true }

type notTimedOut struct{}

func (notTimedOut) Error() string { return "not timed out" }
func (notTimedOut) Timeout() bool { return false }

type later time.Duration

func (later) Error() string               { return "later" }
func (l later) RetryDelay() time.Duration { return time.Duration(l) }

type forNow bool

func (forNow) Error() string     { return "for now" }
func (f forNow) Temporary() bool { return bool(f) }

// What an error of an exchange says: that the exchange failed, that the network did, that it may
// pass.
func TestKindsOfFailure(t *testing.T) {
	refused := func(status int, header http.Header) error {
		return &oauth2.RetrieveError{Response: &http.Response{StatusCode: status, Header: header}}
	}
	for _, tt := range []struct {
		err                          error
		exchange, network, temporary bool
	}{
		{nil, false, false, false},
		{errors.New("x"), true, false, false},
		{context.Canceled, false, false, false},
		{context.DeadlineExceeded, false, false, true},
		{errLate, true, true, true},
		{fmt.Errorf("%w: %w", errLate, context.Canceled), false, false, true},
		{&tls.CertificateVerificationError{Err: io.EOF}, false, false, false},
		{bearer.ErrForeignOrigin, false, false, false}, {bearer.ErrNoToken, false, false, false}, {safehttp.ErrURL, false, false, false},
		{safehttp.ErrTooLarge, false, false, false}, {http.ErrSchemeMismatch, false, false, false},
		{io.EOF, true, true, true}, {io.ErrUnexpectedEOF, true, true, true}, {io.ErrClosedPipe, true, true, true},
		{&networkError{errors.New("x")}, true, true, true}, {streamError{}, true, true, true},
		{&net.OpError{Err: errors.New("x")}, true, true, true}, {&net.DNSError{}, true, true, true},
		{timedOut{}, true, true, true}, {notTimedOut{}, true, false, false},
		{fmt.Errorf("%w: %w", timedOut{}, context.DeadlineExceeded), false, false, true},
		{forNow(true), true, false, true}, {forNow(false), true, false, false},
		{refused(499, nil), true, false, false}, {refused(500, nil), true, false, true}, {refused(501, nil), true, false, true}, {refused(429, nil), true, false, true}, {refused(430, nil), true, false, false}, {refused(428, nil), true, false, false},
		{&oauth2.RetrieveError{}, true, false, false},
	} {
		if got := isExchangeFailure(tt.err); got != tt.exchange {
			t.Errorf("%v: the exchange failed: %v", tt.err, got)
		}
		if tt.err == nil {
			continue
		}
		if got := isNetwork(tt.err); got != tt.network {
			t.Errorf("%v: the network failed: %v", tt.err, got)
		}
		if got := isTemporary(tt.err); got != tt.temporary {
			t.Errorf("%v: temporary: %v", tt.err, got)
		}
	}
	for _, tt := range []struct {
		err  error
		want time.Duration
	}{
		{errors.New("x"), 0}, {later(time.Second), time.Second}, {later(-1), 0}, {later(maxRetryAfter), maxRetryAfter}, {later(maxRetryAfter + 1), maxRetryAfter},
		{refused(503, http.Header{"Retry-After": {"7"}}), 7 * time.Second}, {refused(503, nil), 0}, {&oauth2.RetrieveError{}, 0},
	} {
		if got := delayOf(tt.err); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
	for _, tt := range []struct {
		err        error
		action     Action
		retryAfter time.Duration
	}{
		{errors.New("x"), ActionReauth, time.Second}, {forNow(true), ActionRetry, time.Second}, {fmt.Errorf("%w: %w", forNow(true), later(time.Minute)), ActionRetry, time.Minute},
		{fmt.Errorf("%w: %w", forNow(true), later(1)), ActionRetry, time.Second},
	} {
		e := &Error{Action: ActionReauth, RetryAfter: time.Second}
		if e.sourceFailed(tt.err); e.Action != tt.action || e.RetryAfter != tt.retryAfter {
			t.Errorf("%v: %s after %v", tt.err, e.Action, e.RetryAfter)
		}
	}
}
