package eas

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// errLate is within the error of a command that took longer than [Client.Timeout].
var errLate = fmt.Errorf("too late: %w", context.DeadlineExceeded)

// A networkError is the failure of a connection in the middle of a response.
type networkError struct{ err error }

func (e *networkError) Error() string { return e.err.Error() }
func (e *networkError) Unwrap() error { return e.err }

// A streamError has the fields of net/http's error of an HTTP/2 stream, which lets itself be
// read into it.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "HTTP/2 stream error" }

// sendError wraps the failure of an exchange that brought no response.
func (c *Client) sendError(ctx context.Context, q *request, err error) error {
	var re *safehttp.RequestError
	if errors.As(err, &re) {
		err = re.Cause()
	}
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || isExchangeFailure(err)) {
		err = ended(ctx)
	}
	e := &Error{Command: q.command, Err: err}
	if x := exchangeOf(ctx); x != nil && x.response != nil {
		e.RequestID, e.Server = x.response.requestID, x.response.server
	}
	var refresh *bearer.RefreshError
	var source *sourceError
	switch {
	case errors.As(err, &refresh):
		e.HTTPStatus, e.Offer, e.RequestID, e.Action = refresh.Status, refresh.Offer, refresh.RequestID, tokenAction(refresh.Offer)
		e.sourceFailed(refresh.Err)
	case errors.As(err, &source):
		e.Err = source // no exchange took place that could have failed
		e.sourceFailed(source.err)
	case errors.Is(err, safehttp.ErrTooLarge):
		e.Action = ActionAdjust
	case !isExchangeFailure(err):
	case q.again() || isUnsent(ctx):
		e.Action = ActionRetry
	default:
		e.Action = ActionReport
		e.Err = fmt.Errorf("%w: the server may have carried it out: synchronize before you repeat it", err)
	}
	return e
}

// isUnsent reports whether nothing of a request has left: no connection was found for it.
func isUnsent(ctx context.Context) bool {
	x := exchangeOf(ctx)
	return x != nil && x.traced.Load() && !x.connected.Load()
}

// isExchangeFailure reports whether an exchange failed on the way, or took too long, so that
// another may do better. A RoundTripper says so in many ways; what else it returns is listed
// here.
func isExchangeFailure(err error) bool {
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &certificate):
		return false
	case errors.Is(err, errLate):
		return true
	case errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.Is(err, bearer.ErrForeignOrigin), errors.Is(err, bearer.ErrNoToken), errors.Is(err, safehttp.ErrURL),
		errors.Is(err, safehttp.ErrTooLarge), errors.Is(err, http.ErrSchemeMismatch):
		return false
	}
	return true
}

// isNetwork reports whether an error that may have any source is one of the network.
func isNetwork(err error) bool {
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var dns *net.DNSError
	var read *networkError
	var stream streamError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &certificate):
		return false
	case errors.Is(err, errLate), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.As(err, &read), errors.As(err, &stream), errors.As(err, &op), errors.As(err, &dns):
		return true
	}
	return errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}

// delayOf returns how long the error of a source of tokens says to wait, by a method
// RetryDelay or the Retry-After of an authority; 0 if it does not say.
func delayOf(err error) time.Duration {
	var delay interface{ RetryDelay() time.Duration }
	if errors.As(err, &delay) {
		return min(max(delay.RetryDelay(), 0), maxRetryAfter)
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return 0
	}
	d, _ := safehttp.RetryAfter(refused.Response.Header, time.Now(), maxRetryAfter)
	return d
}

// sourceFailed notes what the error of a source of tokens says: that it may pass, and when.
func (e *Error) sourceFailed(err error) {
	if isTemporary(err) {
		e.Action, e.RetryAfter = ActionRetry, max(e.RetryAfter, delayOf(err))
	}
}

// isTemporary reports whether the error of a source of tokens may pass by itself: it says so
// by a method Temporary, or it is one of the network, or the authority is busy.
func isTemporary(err error) bool {
	var temporary interface{ Temporary() bool }
	if errors.As(err, &temporary) && temporary.Temporary() || isNetwork(err) {
		return true
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return false
	}
	return refused.Response.StatusCode >= 500 || refused.Response.StatusCode == http.StatusTooManyRequests
}
