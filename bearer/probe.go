package bearer

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// maxUser bounds the mail address of a probe, in bytes.
const maxUser = 1024

// A ProbeError says why a probe brought no usable offer, and who seems to have answered.
type ProbeError struct {
	Host      string // and port of the endpoint
	Status    int    // of the answer; 0 if there was none
	RequestID string // under which the server finds the request in its logs
	Exchange  bool   // the answer bears the marks of Exchange; otherwise a device in front may have sent it
	HTML      bool   // the answer is a page for a browser
	Location  string // host of the Location or X-MS-Location that the answer names
	Reason    string // what the answer means and what to do; "" if Err says it
	Err       error  // the cause: an [*OfferError], or why there was no answer
}

func (e *ProbeError) Error() string {
	var b strings.Builder
	b.WriteString("bearer: probe")
	if e.Host != "" {
		fmt.Fprintf(&b, " of %s", e.Host)
	}
	var offer *OfferError
	if errors.As(e.Err, &offer) {
		// It names the status and the rest.
		fmt.Fprintf(&b, ": %s", strings.TrimPrefix(e.Err.Error(), "bearer: "))
		return b.String()
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
		if e.Exchange {
			b.WriteString(" from Exchange")
		} else {
			b.WriteString(", not from Exchange by its looks")
		}
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request-id %s", e.RequestID)
	}
	if e.Location != "" {
		fmt.Fprintf(&b, ", to %s", e.Location)
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, ": %s", e.Reason)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *ProbeError) Unwrap() error { return e.Err }

// Probe asks endpoint, an ActiveSync URL, for its challenge: an OPTIONS request with an
// empty "Authorization: Bearer" ([MS-XOAUTH] 3.2.5.4) and, unless user is empty, with the
// mail address in X-User-Identity, without which a healthy Exchange 2019 CU13 or later may
// answer that OAuth is not available. No credential is sent, no redirect is followed, and
// of the body at most 64 KiB are read and thrown away. A nil client is
// [http.DefaultClient].
//
// The error is a [*ProbeError]. If the answer was a refusal, status 401 or 403, it wraps an
// [*OfferError], which matches [ErrNoChallenge], [ErrLegacyOnly], [ErrNoAuthorizationURI],
// [ErrConflict] or [ErrClaims]; with ErrNoAuthorizationURI and ErrClaims the offer is
// returned as well. Any other answer is explained by the ProbeError itself, and a request
// that brought none wraps the reason, of which the context's is one.
//
// [MS-XOAUTH]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-xoauth
func Probe(ctx context.Context, c *http.Client, endpoint *url.URL, user string) (*Offer, error) {
	if err := safehttp.CheckURL(endpoint); err != nil {
		return nil, &ProbeError{Reason: "nothing was sent", Err: err}
	}
	host := safehttp.Clean(endpoint.Host, 256)
	if len(user) > maxUser || indexClass(user, controlByte) >= 0 {
		return nil, &ProbeError{Host: host, Reason: "the user is no mail address; nothing was sent"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, endpoint.String(), nil)
	if err != nil {
		return nil, &ProbeError{Host: host, Reason: "the request cannot be made"}
	}
	req.Header.Set("Authorization", "Bearer")
	if user != "" {
		req.Header.Set("X-User-Identity", user)
	}
	resp, err := safehttp.Do(c, req)
	if err != nil {
		return nil, &ProbeError{Host: host, Err: err}
	}
	defer safehttp.Drain(resp.Body)

	e := &ProbeError{
		Host: host, Status: resp.StatusCode, Location: locationHost(resp.Header),
		RequestID: safehttp.RequestID(resp.Header), Exchange: isExchange(resp.Header), HTML: isHTML(resp.Header),
	}
	if resp.StatusCode == http.StatusUnauthorized ||
		resp.StatusCode == http.StatusForbidden && len(resp.Header.Values("WWW-Authenticate")) > 0 {
		offer, err := FromResponse(resp)
		if err != nil {
			e.Err = err
			return offer, e
		}
		return offer, nil
	}
	e.Reason = e.explain()
	return nil, e
}

// explain says what a status other than a refusal with a challenge means.
func (e *ProbeError) explain() string {
	switch s := e.Status; {
	case s >= 200 && s < 300 && e.HTML:
		return "a page came instead of a challenge: a device in front answers with a login page of its own"
	case s >= 200 && s < 300 && e.Exchange:
		return "the server asks for no authentication: a device in front signs everybody in, which is a security defect"
	case s >= 200 && s < 300:
		return "no authentication was asked for: a device in front answers the request itself, or this is not an ActiveSync URL"
	case s == 451:
		return "the mailbox is on another server: look it up again, and check that host before anything is sent to it"
	case s >= 300 && s < 400:
		return "a redirect instead of a challenge: a device in front demands a sign-in of its own; let it pass the ActiveSync path through without pre-authentication"
	case s == 403:
		return "refused without a challenge: a device in front blocks the path, or ActiveSync is disabled"
	case s == 404 || s == 410:
		return "nothing at this path: it is not an ActiveSync URL"
	case s == 405 || s == 501:
		return "the method is not allowed: a device in front filters OPTIONS, which ActiveSync needs"
	case s == 407:
		return "a proxy on the way demands a sign-in of its own; configure it in the client"
	case s == 429 || s == 503:
		return "the server is too busy: try again later"
	case s >= 500:
		return "the server failed, or a device in front cannot reach it"
	}
	return "a challenge has status 401"
}

// locationHost returns the host that a redirect names.
func locationHost(h http.Header) string {
	for _, name := range []string{"X-MS-Location", "Location"} {
		if u, err := url.Parse(h.Get(name)); err == nil && u.Host != "" {
			return safehttp.Clean(u.Host, 256)
		}
	}
	return ""
}

func isHTML(h http.Header) bool {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return t == "text/html" || t == "application/xhtml+xml"
}
