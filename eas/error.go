package eas

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// What programs branch on. An [*Error] matches them with [errors.Is].
var (
	// ErrInvalidSyncKey: the server does not know the key of this folder. Synchronize it
	// from [InitialSyncKey] and drop or add again what was not sent.
	ErrInvalidSyncKey = errors.New("eas: invalid sync key")
	// ErrInvalidFolderKey: the server does not know the key of the hierarchy. FolderSync
	// from [InitialSyncKey].
	ErrInvalidFolderKey = errors.New("eas: invalid key of the folder hierarchy")
	// ErrFolderSyncRequired: the hierarchy changed. FolderSync, then repeat.
	ErrFolderSyncRequired = errors.New("eas: folder hierarchy changed")
	// ErrProvisionRequired: the server demands provisioning and did not accept ours.
	ErrProvisionRequired = errors.New("eas: device is not provisioned")
	// ErrRemoteWipe: the server demands a remote wipe; see [RemoteWipeError].
	ErrRemoteWipe = errors.New("eas: remote wipe requested")
	// ErrUnauthorized: the token was refused, and a new one too or there was none. Whether
	// the user or an administrator has to act is in [Error.Action].
	ErrUnauthorized = errors.New("eas: token refused")
	// ErrForbidden: the user or the device may not use ActiveSync.
	ErrForbidden = errors.New("eas: access denied")
	// ErrThrottled: the server is too busy, or gets too many requests. Wait for RetryAfter.
	ErrThrottled = errors.New("eas: server busy")
	// ErrRedirected: the server points elsewhere, with status 451, which says that the mailbox
	// is on another server, or with a redirect of HTTP. See [Error.Location].
	ErrRedirected = errors.New("eas: mailbox is on another server")
	// ErrUnexpectedContent: a response that is not ActiveSync: a page of a device in front,
	// an empty or a truncated document.
	ErrUnexpectedContent = errors.New("eas: unexpected content")
	// ErrVersion: client and server have no protocol version in common.
	ErrVersion = errors.New("eas: no common protocol version")
	// ErrNoProgress: the server says again and again that there is more and sends nothing.
	ErrNoProgress = errors.New("eas: synchronization makes no progress")
)

// An Error is the refusal of a command, by its HTTP status or by the status in the response:
// versions up to 12.1 use the first, later ones the second.
type Error struct {
	Command    string
	HTTPStatus int
	Status     int           // of the response document; 0 if it has none
	Scope      string        // where Status was read: "", "Collection", "Item", "Policy"
	Name       string        // of the status, e.g. "InvalidSyncKey"
	Action     Action        // what to do
	RequestID  string        // under which the server finds the request in its logs
	Server     string        // X-FEServer
	RetryAfter time.Duration // how long to wait, as the server or the source of tokens says; 0 if neither did
	Throttle   string        // X-MS-ASThrottle
	Limit      int           // the nearest value that the server accepts, with ActionAdjust

	// Location is where status 451 points to. Nothing has been sent there. A program that
	// wants to go on there checks the host, gets a token for it, and makes a new Client.
	Location *url.URL
	Verdict  Verdict // whose the host of Location is; "" without a Location

	Offer *bearer.Offer // what the server says about the token; nil if nothing
	Err   error         // the cause, or nil

	meaning string
}

func (e *Error) Error() string {
	var facts []string
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	if e.HTTPStatus != 0 && e.HTTPStatus != http.StatusOK {
		add("HTTP status %d", e.HTTPStatus)
	}
	switch {
	case e.Status != 0:
		add("status %d %s", e.Status, e.Name)
	case e.Name != "":
		add("%s", e.Name)
	}
	if e.Limit != 0 {
		add("limit %d", e.Limit)
	}
	if e.RequestID != "" {
		add("request-id %s", e.RequestID)
	}
	if e.Throttle != "" {
		add("throttled by %s", e.Throttle)
	}
	if e.Location != nil {
		to := "to " + safehttp.Clean(e.Location.Host, 256)
		if w := whose[e.Verdict]; w != "" {
			to += ", which is " + w
		}
		add("%s", to)
	}
	d := e.diagnostics()
	if d != nil {
		add("%v", d)
	}
	s := "eas: " + e.Command
	if len(facts) > 0 {
		s += ": " + strings.Join(facts, ", ")
	}
	var refresh *bearer.RefreshError
	switch {
	case d != nil && d.Explanation() != "" && !d.Refreshable():
		// The server has said what is wrong. What the source made of it says it again.
		s += ": " + d.Explanation()
	case errors.As(e.Err, &refresh):
		s += ": " + refresh.Err.Error() // the rest of it is among the facts
	case e.Err != nil:
		s += ": " + strings.TrimPrefix(e.Err.Error(), "eas: ")
	case e.meaning != "":
		s += ": " + e.meaning
	case advice[e.Action] != "":
		s += ": " + advice[e.Action]
	}
	if e.RetryAfter > 0 && !strings.Contains(s, "retry after "+e.RetryAfter.String()) { // the source's error may say it
		s += fmt.Sprintf(" (after %v)", e.RetryAfter)
	}
	return s
}

// diagnostics returns what the server says about the token, or nil.
func (e *Error) diagnostics() *bearer.Diagnostics {
	if e.Offer == nil {
		return nil
	}
	return e.Offer.Diagnostics
}

// tokenAction says what to do about a refused token: where the server blames the deployment,
// the account or the permissions, signing in again does not help.
func tokenAction(o *bearer.Offer) Action {
	switch {
	case o.Refreshable():
		return ActionReauth
	case o.Diagnostics.Kind() == bearer.InternalError:
		return ActionRetry
	}
	return ActionAdmin
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is one of the Err variables of this package and e has that meaning.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrInvalidSyncKey:
		// A state that the server has lost takes the keys of all folders with it.
		return e.Action == ActionResyncFolder || e.Action == ActionResync
	case ErrInvalidFolderKey:
		return e.Action == ActionFolderReset || e.Action == ActionResync
	case ErrFolderSyncRequired:
		return e.Action == ActionFolderSync
	case ErrProvisionRequired:
		return e.Action == ActionProvision
	case ErrRemoteWipe:
		return e.Action == ActionWipe
	case ErrUnauthorized:
		return e.Action == ActionReauth || e.HTTPStatus == http.StatusUnauthorized
	case ErrForbidden:
		return e.HTTPStatus == http.StatusForbidden || deviceErrors[e.Status] != nil
	case ErrThrottled:
		return e.Action == ActionBackOff
	case ErrRedirected:
		return e.HTTPStatus == statusRedirect || isRedirect(e.HTTPStatus)
	case ErrVersion:
		return e.Action == ActionVersion
	case ErrDeviceBlocked, ErrUserDisabled, ErrTooManyDevices, ErrNotProvisionable:
		return deviceErrors[e.Status] == target
	}
	return false
}

// Temporary reports whether the same call may succeed later without anyone acting.
func (e *Error) Temporary() bool { return e.Action == ActionRetry || e.Action == ActionBackOff }

// A RemoteWipeError says that the server demands a wipe of this device. Nothing has been wiped or
// acknowledged. Erase what the program holds of the mailbox, including tokens, then call
// [Client.AcknowledgeWipe].
type RemoteWipeError struct {
	AccountOnly bool // only the account's data, not the whole device
}

func (e *RemoteWipeError) Error() string {
	what := "the device"
	if e.AccountOnly {
		what = "the data of this account"
	}
	return "eas: Provision: the server asks to wipe " + what + ": erase the mailbox's data and tokens, then call AcknowledgeWipe"
}

// Is reports whether target is [ErrRemoteWipe].
func (e *RemoteWipeError) Is(target error) bool { return target == ErrRemoteWipe }

// statusError makes an Error of a status in an answer.
func (r *response) statusError(scope string, code int) *Error {
	if code == unreadable {
		return &Error{
			Command: r.command, HTTPStatus: r.status, Scope: scope, RequestID: r.requestID, Server: r.server, Action: ActionReport,
			Err: fmt.Errorf("%w: a status that is not a number", ErrUnexpectedContent),
		}
	}
	s := lookupStatus(r.command, scope, code)
	return &Error{
		Command: r.command, HTTPStatus: r.status, Status: code, Scope: scope, Name: s.name, Action: s.action,
		meaning: s.meaning, RequestID: r.requestID, Server: r.server, RetryAfter: r.retryAfter, Throttle: r.throttle,
	}
}

// httpError makes an Error of an HTTP status. See [MS-ASHTTP] 2.2.2.1.1 and, for what
// versions up to 12.1 say by it, [MS-ASCMD] 2.2.2.
func (r *response) httpError() *Error {
	e := &Error{
		Command: r.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server,
		RetryAfter: r.retryAfter, Throttle: r.throttle, Offer: r.offer,
	}
	s, known := httpStatuses[r.status]
	switch {
	case r.tooLarge:
		e.Name, e.Action = "RequestTooLarge", ActionAdmin
		e.meaning = "the request is larger than the front end accepts: send a smaller message, or raise maxRequestLength in the web.config of its ActiveSync proxy"
	case known:
		e.Name, e.Action, e.meaning = s.name, s.action, s.meaning
	case r.status >= 500:
		e.Name, e.Action = "ServerError", ActionReport
	case isRedirect(r.status):
		e.Name, e.Action, e.Location, e.Verdict = "Redirect", ActionAdmin, r.location, r.verdict
		e.meaning = "a device in front redirects; redirects are not followed, since they would carry the token"
	case r.status < 400: // no refusal, and no answer of ActiveSync
		e.Name, e.Action, e.Err = "unexpected HTTP status", ActionReport, ErrUnexpectedContent
	default:
		e.Name, e.Action = "unexpected HTTP status", ActionFix
	}
	switch {
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden && r.offer != nil && r.offer.Error != "":
		e.Action = tokenAction(r.offer)
		if r.status == http.StatusForbidden {
			e.meaning = ""
		}
	case r.status == statusRedirect:
		e.Location, e.Verdict = r.location, r.verdict
		e.meaning += "; no token has been sent there"
	}
	return e
}

// minTooLarge is the length from which on a request may be too long for a web server, in bytes. No
// administrator sets a limit that is lower, and the page of an error is read for no other reason.
const minTooLarge = 64 << 10

// refusesLength reports whether the page of a web server in front of Exchange says that a request
// is too long: ASP.NET's with status 500 (maxRequestLength), IIS's with 404.13
// (maxAllowedContentLength). It reads the first 4 KiB.
func refusesLength(status int, page io.Reader) bool {
	want := map[int]string{http.StatusInternalServerError: "Maximum request length exceeded", http.StatusNotFound: "404.13"}[status]
	if want == "" {
		return false
	}
	head, _ := io.ReadAll(io.LimitReader(page, 4<<10)) // what is missing says nothing
	return bytes.Contains(head, []byte(want))
}

// isRedirect reports whether an HTTP status points to another URL. See RFC 9110 section 15.4.
func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// statusRedirect is the HTTP status of [MS-ASHTTP] 3.1.5.2.2, which others use otherwise.
const statusRedirect = 451
