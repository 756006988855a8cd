package autodiscover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// ErrNotFound is matched when the AutoDetect service or the federation provider knows
// nothing about the domain.
var ErrNotFound = errors.New("autodiscover: the service knows nothing about the domain")

// AutoDetect is a [Lookuper] that queries Microsoft's AutoDetect service, as Outlook for iOS and
// Android does. It sends the mail address to Microsoft, even for domains that have nothing to do
// with Microsoft, to a service that is not documented and whose host has changed before. Use it
// deliberately, not by default.
type AutoDetect struct {
	// URL of the service, such as https://prod.autodetect.outlook.cloud.microsoft/detect.
	// Required: none is built in.
	URL        *url.URL
	HTTPClient *http.Client  // if nil, http.DefaultClient
	Timeout    time.Duration // if 0, 20 seconds
}

// Lookup requests the ActiveSync endpoint: the on-premises one of a hybrid domain, otherwise the
// host of Office 365. The error is a [*LookupError] with one hop.
func (d *AutoDetect) Lookup(ctx context.Context, addr string) (*Endpoint, error) {
	a, err := parseAddress(addr)
	if err != nil {
		return nil, err
	}
	u := url.URL{}
	if d.URL != nil {
		u = *d.URL
	}
	q := u.Query()
	q.Set("services", "office365,outlook")
	q.Set("protocols", "rest-cloud,rest-outlook,rest-office365,eas")
	u.RawQuery = q.Encode()
	hop := Hop{Candidate: "AutoDetect", URL: safehttp.Redact(&u)}
	start := time.Now()
	e, err := d.ask(ctx, &hop, &u, a)
	hop.Elapsed, hop.Err = time.Since(start), err
	if err != nil {
		return nil, &LookupError{Hops: []Hop{hop}, Err: ctx.Err()}
	}
	e.Hops = []Hop{hop}
	return e, nil
}

func (d *AutoDetect) ask(ctx context.Context, hop *Hop, u *url.URL, a address) (*Endpoint, error) {
	var out struct {
		Services  []detected
		Protocols []detected
	}
	status, err := getJSON(ctx, d.HTTPClient, d.Timeout, u, http.Header{"X-Email": {a.full}}, &out)
	hop.Status = status
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNoContent:
		return nil, ErrNotFound
	case status == http.StatusAccepted:
		return nil, &HopError{Status: status, Fault: "SERVER_BUSY", Reason: "the service is still searching", Err: ErrThrottled}
	}
	for _, s := range append(out.Services, out.Protocols...) {
		// A service of Office 365, or a server of which AutoDetect knows only that it
		// speaks ActiveSync (CSS-Exchange#1910).
		if !strings.EqualFold(s.Service, "office365") && !(strings.EqualFold(s.Protocol, "eas") && s.Hostname+s.OnPrem != "") {
			continue
		}
		target := s.OnPrem
		if target == "" && s.Hostname != "" {
			target = "https://" + s.Hostname + "/Microsoft-Server-ActiveSync"
		}
		to, err := url.Parse(target)
		if err != nil || safehttp.CheckURL(to) != nil || origin.IsLocal(safehttp.Host(to)) {
			return nil, &HopError{Status: status, Err: ErrBadEndpoint}
		}
		hop.Next = safehttp.Clean(to.Host, 256)
		if to = bareURL(to); !completeActiveSync(to) {
			return nil, &HopError{Status: status, Fault: "NOT_ACTIVESYNC", Err: ErrBadEndpoint}
		}
		return &Endpoint{URL: to, Protocol: ActiveSync}, nil
	}
	return nil, ErrNotFound
}

// A detected is a service or protocol that AutoDetect found.
type detected struct{ Service, Protocol, Hostname, OnPrem string }

// getJSON reads a small JSON document of a service. Answers of status 202 and 204 have none.
func getJSON(ctx context.Context, c *http.Client, timeout time.Duration, u *url.URL, h http.Header, v any) (status int, err error) {
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, &HopError{Fault: "AD_REDIRECT_INVALID", Err: ErrRedirect}
	}
	for k, values := range h {
		req.Header[k] = values
	}
	req.Header.Set("Accept", "application/json")
	resp, err := safehttp.Do(c, req)
	if err != nil {
		return 0, unreachable(err)
	}
	defer safehttp.Drain(resp.Body)
	broken, why := failed(resp.StatusCode)
	switch s := resp.StatusCode; {
	case s == http.StatusAccepted || s == http.StatusNoContent:
		return s, nil
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
		return s, &HopError{Status: s, RetryAfter: wait, Err: ErrThrottled}
	case broken != "":
		return s, &HopError{Status: s, Fault: string(broken), Err: why}
	case s != http.StatusOK:
		return s, &HopError{Status: s, Reason: fmt.Sprintf("status %d", s), Err: ErrNotFound}
	}
	b, err := safehttp.ReadSized(resp.Body, resp.ContentLength, safehttp.MaxJSON)
	if err != nil {
		return resp.StatusCode, bodyError(resp.StatusCode, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return resp.StatusCode, &HopError{Status: resp.StatusCode, Reason: "the body is not the JSON of the service", Err: ErrNotFound}
	}
	return resp.StatusCode, nil
}

// FederationProvider finds the national cloud of a domain by Microsoft's federation provider
// service, as Outlook for iOS and Android does before AutoDiscover. It sends the domain, and not
// the address, to Microsoft.
type FederationProvider struct {
	URL        *url.URL      // if nil, https://odc.officeapps.live.com/odc/v2.1/federationprovider
	HTTPClient *http.Client  // if nil, http.DefaultClient
	Timeout    time.Duration // if 0, 20 seconds
}

// Cloud returns the cloud of the domain of addr: Worldwide if the service names no other. The
// error matches [ErrNotFound] if this package does not know a host of the cloud.
func (p *FederationProvider) Cloud(ctx context.Context, addr string) (Cloud, error) {
	a, err := parseAddress(addr)
	if err != nil {
		return Cloud{}, err
	}
	u := &url.URL{Scheme: "https", Host: "odc.officeapps.live.com", Path: "/odc/v2.1/federationprovider"}
	if p.URL != nil {
		clone := *p.URL
		u = &clone
	}
	u.RawQuery = url.Values{"domain": {a.domain}}.Encode()
	var out struct {
		ConfigProviderName string `json:"configProviderName"`
	}
	if _, err := getJSON(ctx, p.HTTPClient, p.Timeout, u, nil, &out); err != nil {
		return Cloud{}, fmt.Errorf("autodiscover: federation provider: %w", err)
	}
	if out.ConfigProviderName == "" {
		return Worldwide, nil
	}
	c, ok := providers[strings.ToLower(out.ConfigProviderName)]
	if !ok {
		return Cloud{}, fmt.Errorf("%w: cloud %q", ErrNotFound, safehttp.Plain(out.ConfigProviderName, 64))
	}
	return c, nil
}
