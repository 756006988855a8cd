package autodiscover

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrNotV2 is matched by a hop whose server does not speak AutoDiscover v2.
	ErrNotV2 = errors.New("the server does not speak AutoDiscover v2")
	// ErrServer is matched by a hop whose server, or a device in front of it, failed: a
	// status of 500 and above but 501, 408, 421 or 425. Another try may succeed.
	ErrServer = errors.New("the server failed")
	// ErrUserUnknown is matched by a hop whose server says that it does not know the
	// address.
	ErrUserUnknown = errors.New("the server does not know the address")
	// ErrDevice is matched by a hop to which something else than AutoDiscover responded: a
	// firewall, a captive portal, a web site. [HopError.Fault] says which.
	ErrDevice = errors.New("AutoDiscover did not respond")
	// ErrPreAuthentication is matched by a hop to which a device in front of Exchange
	// responded with a sign-in of its own: AutoDiscover v2 is anonymous.
	ErrPreAuthentication = errors.New("a device in front of AutoDiscover demands a sign-in")
	// ErrUnreachable is matched by a hop that brought no response; [HopError.Fault] names
	// the layer's fault, and the cause is wrapped.
	ErrUnreachable = errors.New("no response")
	// ErrRedirect is matched by a hop whose redirect was not followed.
	ErrRedirect = errors.New("redirect refused")
	// ErrSelfRedirect is matched by a hop that leads back to where the request was before,
	// as Exchange Online does for addresses that it cannot or will not place. It says
	// nothing about whether the user exists.
	ErrSelfRedirect = errors.New("redirected in a circle")
	// ErrThrottled is matched by a hop of status 429 or 503; see [HopError.RetryAfter].
	ErrThrottled = errors.New("the server is too busy")
	// ErrBadEndpoint is matched by a hop whose response names no usable URL.
	ErrBadEndpoint = errors.New("the response names no usable endpoint")
	// ErrUnconfirmed is matched by a hop that leads to a host which only [Resolver.Confirm] can
	// allow, and did not: one outside the mail domain and the cloud, or one that DNS or plain
	// http named.
	ErrUnconfirmed = errors.New("the host is not confirmed")
)

// A LookupError says that no endpoint was found, and why each hop failed. It unwraps to one error
// for each hop that failed, and to that of the context if that ended the look-up.
type LookupError struct {
	Hops []Hop
	Err  error // the context's, if it ended the look-up; or nil

	advice string
}

// width is the number of columns of an explanation.
const width = 80

// Error explains the look-up on lines of at most 80 columns: what to do first, then each hop with
// its result and remedy. A remedy that helps several hops is given once.
func (e *LookupError) Error() string {
	var b strings.Builder
	head := "autodiscover: no endpoint found"
	if e.Err != nil {
		head = fmt.Sprintf("autodiscover: the look-up ended before it had an endpoint: %v", e.Err)
	}
	wrap(&b, head, "", "  ")
	line := func(s, first, rest string) {
		if s != "" {
			b.WriteByte('\n')
			wrap(&b, s, first, rest)
		}
	}
	line(e.advice, "  ", "  ")
	said := map[string]bool{}
	for _, h := range e.Hops {
		line(h.head(), "  ", "      ")
		if h.Err == nil {
			continue
		}
		what, remedy := []string{safehttp.Plain(h.Err.Error(), 512)}, ""
		var he *HopError
		if errors.As(h.Err, &he) {
			what, remedy = he.parts()
		}
		for _, s := range what {
			line(s, "      ", "        ")
		}
		if !said[remedy] {
			line(remedy, "      Remedy: ", "        ")
		}
		said[remedy] = true
	}
	return b.String()
}

// wrap writes words on lines of at most width columns. A word that is longer is broken.
func wrap(b *strings.Builder, s, first, rest string) {
	b.WriteString(first)
	column, start := utf8.RuneCountInString(first), true
	for _, word := range strings.Fields(s) {
		letters := []rune(word)
		switch {
		case start:
		case column+1+len(letters) > width:
			b.WriteString("\n" + rest)
			column = len(rest)
		default:
			b.WriteByte(' ')
			column++
		}
		for column+len(letters) > width {
			b.WriteString(string(letters[:width-column]) + "\n" + rest)
			letters, column = letters[width-column:], len(rest)
		}
		b.WriteString(string(letters))
		column += len(letters)
		start = false
	}
}

// Unwrap returns the errors of the hops, and that of the context.
func (e *LookupError) Unwrap() []error {
	var errs []error
	for _, h := range e.Hops {
		if h.Err != nil {
			errs = append(errs, h.Err)
		}
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// A HopError says why a response was not the endpoint.
type HopError struct {
	Status     int
	RetryAfter time.Duration // 0 unless the server said so; at most a day
	Fault      string        // what is wrong, by its id in docs/faults.md; "" if that does not show
	Reason     string        // what the hop shows; its text is complete without Err's if Fault is set
	Err        error         // one of the sentinels of this package, or a cause
}

func (e *HopError) Error() string {
	what, remedy := e.parts()
	if remedy != "" {
		what = append(what, remedy)
	}
	return strings.Join(what, ": ")
}

// parts returns what the hop shows, and what to do about it, if that is known.
func (e *HopError) parts() (what []string, remedy string) {
	add := func(s string) {
		if s != "" {
			what = append(what, s)
		}
	}
	f := fault.Get(fault.ID(e.Fault))
	if f.Cause == "" {
		add(safehttp.Plain(text(e.Err), 512))
	}
	switch {
	case e.Reason != "" && !strings.Contains(e.Reason, " ") && f.Cause != "":
		add(e.Reason + ": " + f.Cause) // the layer
	default:
		add(e.Reason)
		add(f.Cause)
	}
	if e.RetryAfter > 0 {
		add(fmt.Sprintf("retry after %v", e.RetryAfter))
	}
	return what, strings.TrimPrefix(f.String(), f.Cause+": ")
}

// failed returns what a status means whoever sent it and whatever was requested, or "" for one
// that does not say.
func failed(status int) (fault.ID, error) {
	switch {
	case status == http.StatusProxyAuthRequired:
		return "PROXY_AUTH", ErrUnreachable
	case status == http.StatusMisdirectedRequest:
		return "MISDIRECTED", ErrServer
	case status >= 500 && status != http.StatusNotImplemented, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return "SERVER_FAILED", ErrServer
	}
	return "", nil
}

// text returns the text of err; of several errors joined, that of the first, which is one
// of the sentinels: Reason says the rest.
func text(err error) string {
	if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
		return many.Unwrap()[0].Error()
	}
	return err.Error()
}

func (e *HopError) Unwrap() error { return e.Err }

// A ServerError is the ErrorCode of an AutoDiscover v2 response. Exchange sends it with status
// 400, other servers with 200.
type ServerError struct {
	Code      string   // e.g. "ProtocolNotSupported"; an open set
	Message   string   // the server's words, safe to print, at most 256 bytes
	Supported []string // the protocols that the message lists
}

func (e *ServerError) Error() string {
	s := "the server says " + safehttp.Plain(e.Code, 64)
	if len(e.Supported) > 0 {
		return s + "; it supports " + safehttp.Plain(strings.Join(e.Supported, ", "), 512)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Is reports whether target is [ErrUserUnknown] and the code says so.
func (e *ServerError) Is(target error) bool {
	return target == ErrUserUnknown && isUserUnknown(e.Code)
}

// fault returns what the code means.
func (e *ServerError) fault() fault.ID {
	code := strings.ToLower(e.Code)
	switch {
	case isUserUnknown(code):
		return "USER_UNKNOWN"
	case strings.Contains(code, "protocol"):
		return "AD_PROTOCOL_NOT_SUPPORTED"
	}
	return "AD_ERROR_CODE"
}

func isUserUnknown(code string) bool {
	switch strings.ToLower(code) {
	case "usernotfound", "usernotfoundexception", "mailboxnotfound", "errornonexistentmailbox", "invaliduserid", "invaliduser", "unknownuser", "userunknown", "recipientnotfound", "notfound":
		return true
	}
	return false
}
