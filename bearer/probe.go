package bearer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// maxUser bounds the mail address of a probe, in bytes.
const maxUser = 1024

// ProbeTimeout bounds a [Probe], the reading of the response included.
const ProbeTimeout = 30 * time.Second

// A ProbeError says why a probe brought no usable offer, and who seems to have responded.
type ProbeError struct {
	Host        string       // and port of the endpoint
	Status      int          // of the response; 0 if there was none
	RequestID   string       // under which the server finds the request in its logs
	Exchange    bool         // the response bears the marks of Exchange; otherwise a device in front may have sent it
	By          string       // who sent it, as far as it shows: "Exchange 15.2.1748.24 behind nginx", "Cloudflare"; "" otherwise
	HTML        bool         // the response is a page for a browser
	Location    string       // host of the Location or X-MS-Location that the response names
	Diagnostics *Diagnostics // nil if the response has none
	Fault       string       // what is wrong, by the id of docs/faults.md, e.g. "WAF_BLOCK"; "" if that does not show
	Reason      string       // what the response means and what to do; "" if Err says it
	Err         error        // the cause: an [*OfferError], or why there was no response

	toRoot bool // the redirect leads to the top of a site, as a web site's own does
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
		switch {
		case e.By != "":
			fmt.Fprintf(&b, " from %s", e.By)
		case !e.Exchange:
			b.WriteString(" without a mark of Exchange")
		}
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request-id %s", e.RequestID)
	}
	if e.Location != "" {
		fmt.Fprintf(&b, ", to %s", e.Location)
	}
	if e.Diagnostics != nil {
		fmt.Fprintf(&b, ", %v", e.Diagnostics)
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

// Probe requests the challenge of endpoint, an ActiveSync or EWS URL: it sends OPTIONS with an
// empty "Authorization: Bearer" ([MS-XOAUTH] 3.2.5.4) and, unless user is empty, with the
// mail address in X-User-Identity, without which a healthy Exchange 2019 CU13 or later may
// respond that OAuth is not available. No credential is sent and no redirect is followed.
// At most 64 KiB of the body are read, to see who sent it. Probe ends after [ProbeTimeout]
// at the latest, or with ctx. A nil client is [http.DefaultClient].
//
// The error is a [*ProbeError]. If the response was a refusal, status 401 or 403, it wraps
// an [*OfferError], which matches [ErrNoChallenge], [ErrLegacyOnly],
// [ErrNoAuthorizationURI], [ErrConflict] or [ErrClaims]; with ErrNoAuthorizationURI and
// ErrClaims the offer is returned as well. Any other response is explained by the
// ProbeError itself. When there was none, the ProbeError wraps the reason; it matches
// context.Canceled or context.DeadlineExceeded when the context or the time limit ended
// the probe.
//
// [MS-XOAUTH]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-xoauth
func Probe(ctx context.Context, c *http.Client, endpoint *url.URL, user string) (*Offer, error) {
	if err := safehttp.CheckURL(endpoint); err != nil {
		return nil, &ProbeError{Reason: "nothing was sent", Err: err}
	}
	host := safehttp.Clean(endpoint.Host, 256)
	if len(user) > maxUser || indexClass(user, controlByte) >= 0 {
		return nil, &ProbeError{Host: host, Reason: "the user is not a mail address; nothing was sent"}
	}
	if ctx == nil {
		return nil, &ProbeError{Host: host, Reason: "the context is nil; nothing was sent"}
	}
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
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

	start, _ := io.ReadAll(io.LimitReader(resp.Body, front.MaxStart))
	who := front.Of(resp, start)
	e := &ProbeError{
		Host: host, Status: resp.StatusCode, Location: locationHost(resp.Header), RequestID: safehttp.RequestID(resp.Header),
		Exchange: who.Kind == front.Exchange, By: who.String(), HTML: who.HTML, toRoot: isRoot(resp.Header.Get("Location")),
	}
	offer, err := FromResponse(resp)
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && len(resp.Header.Values("WWW-Authenticate")) > 0 {
		if err == nil {
			return offer, nil
		}
		var oe *OfferError
		if errors.As(err, &oe) {
			oe.from(who)
			e.Fault = string(oe.explain().fault)
			e.Diagnostics = oe.Offer.Diagnostics
		}
		e.Err = err
		return offer, e
	}
	e.Diagnostics = diagnosticsOf(resp.Header)
	v := e.explain(who)
	e.Fault, e.Reason = string(v.fault), v.String()
	return nil, e
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

// isRoot reports whether a Location names the top of a site and nothing else.
func isRoot(location string) bool {
	u, err := url.Parse(location)
	return err == nil && u.Host != "" && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}
