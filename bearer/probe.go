package bearer

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A ProbeError says that the answer to a probe is no challenge.
type ProbeError struct {
	Host      string
	Status    int
	RequestID string
	Exchange  bool   // the answer bears the marks of Exchange
	Location  string // host of the Location or X-MS-Location of a redirect
	Reason    string // what the status means and what to do
	Err       error  // the cause, if there is one
}

func (e *ProbeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "bearer: probe of %s", e.Host)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
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
// answer that OAuth is not available. No credential is sent and no redirect is followed. A
// nil client is [http.DefaultClient].
//
// An answer without a usable challenge is an [*OfferError]; any status but 401 and 403 is a
// [*ProbeError], and so is a request that brought no answer.
func Probe(ctx context.Context, c *http.Client, endpoint *url.URL, user string) (*Offer, error) {
	if err := safehttp.CheckURL(endpoint); err != nil {
		return nil, &ProbeError{Reason: "nothing was sent", Err: err}
	}
	host := safehttp.Clean(endpoint.Host, 256)
	if strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, &ProbeError{Host: host, Reason: "the user has control characters; nothing was sent"}
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
	if resp.StatusCode == http.StatusUnauthorized ||
		resp.StatusCode == http.StatusForbidden && len(resp.Header.Values("WWW-Authenticate")) > 0 {
		return FromResponse(resp)
	}
	return nil, probeError(host, resp)
}

func probeError(host string, resp *http.Response) error {
	e := &ProbeError{
		Host: host, Status: resp.StatusCode,
		RequestID: safehttp.RequestID(resp.Header), Exchange: isExchange(resp.Header),
	}
	for _, name := range []string{"X-MS-Location", "Location"} {
		if u, err := url.Parse(resp.Header.Get(name)); err == nil && u.Host != "" {
			e.Location = safehttp.Clean(u.Host, 256)
			break
		}
	}
	switch s := resp.StatusCode; {
	case s == 200 && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		e.Reason = "a page came instead of a challenge: a device in front answers with a login page of its own"
	case s == 200:
		e.Reason = "the server asks for no authentication: a proxy in front signs everybody in, which is a security defect"
	case s == 403:
		e.Reason = "refused without a challenge: a device in front blocks the path, or ActiveSync is disabled"
	case s == 404:
		e.Reason = "nothing at this path: it is not an ActiveSync URL"
	case s == 451:
		e.Reason = "the mailbox is on another server: look it up again, and check that host before anything is sent to it"
	case s >= 300 && s < 400:
		e.Reason = "a redirect instead of a challenge: a device in front demands a sign-in of its own"
	case s == 429 || s == 503:
		e.Reason = "the server is too busy: try again later"
	case s >= 500:
		e.Reason = "the server, or a device in front that cannot reach it, failed"
	default:
		e.Reason = "a challenge has status 401"
	}
	return e
}
