package diagnose

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// autodiscover finds the endpoint. Each host that was asked is a probe.
func (c *check) autodiscover(ctx context.Context) {
	if c.o.Endpoint != nil {
		c.endpoint = c.o.Endpoint
		c.skip("AutoDiscover", "the endpoint was given")
		c.host()
		return
	}
	c.probe(ctx, "AutoDiscover", "a host of the organization or the cloud names an https ActiveSync URL", func(ctx context.Context, p *Probe) {
		r := &autodiscover.Resolver{HTTPClient: c.client, Host: c.o.Host, NoCloud: c.o.NoCloud, HeadStart: 10 * time.Second, Patience: 10 * time.Second}
		e, err := r.Lookup(ctx, c.address)
		var hops []autodiscover.Hop
		var le *autodiscover.LookupError
		switch {
		case err == nil:
			hops, c.endpoint = e.Hops, e.URL
			p.Seen = "https://" + e.URL.Host + e.URL.Path
		case errors.As(err, &le):
			hops = le.Hops
			p.Seen = "no endpoint"
		default:
			p.Seen = safehttp.Plain(err.Error(), 200)
		}
		var worst fault.ID
		for _, h := range hops {
			if h.By != "" {
				p.By = h.By
			}
			if h.Server.RequestID != "" {
				p.RequestIDs = append(p.RequestIDs, h.Server.RequestID)
			}
			id := hopFault(h)
			c.lost = c.lost || id == "AD_SELF_REDIRECT"
			// A host may lack what another has.
			if id == "" || c.endpoint != nil && (weak[id] || fault.Get(id).Severity != fault.Fail) {
				continue
			}
			if worst == "" || weak[worst] && !weak[id] || weak[worst] == weak[id] && before(id, worst) {
				worst = id
			}
		}
		switch {
		case worst != "":
			c.wrong(p, worst, "")
		case c.endpoint == nil:
			c.wrong(p, "NO_RESPONSE", "")
		}
	})
	c.host()
}

// weak are the faults of a host that another host makes up for: they are the root only if there
// is nothing else.
var weak = map[fault.ID]bool{"DNS_NXDOMAIN": true, "AD_SELF_REDIRECT": true}

// hopFault is the fault that a hop shows, as an administrator would name it.
func hopFault(h autodiscover.Hop) fault.ID {
	id := faultOf(h.Err)
	switch {
	case id == "TLS_CERT_INVALID" && isAlias(h.Err):
		return ""
	case strings.HasSuffix(h.Next, ".msappproxy.net"):
		return "HYBRID_AGENT"
	case id == "AD_REDIRECT_DOWNGRADE" && slices.Contains(origin.CloudHosts, hostOf(h.URL)):
		return "CAPTIVE_PORTAL" // the cloud itself does no such thing
	case h.Status == http.StatusOK && id == "AD_ERROR_CODE":
		return "AD_ERROR_IN_200"
	}
	return id
}

// aliases are the sites of the hosts to which the cloud's customers point autodiscover.<domain>.
var aliases = []string{".outlook.com", ".office365.us", ".outlook.cn", ".sovcloud.fr", ".sovcloud.de"}

// isAlias reports whether a certificate is the cloud's, under a customer's name: that is what the
// CNAME record autodiscover.<domain> of a mailbox in the cloud looks like over https.
func isAlias(err error) bool {
	var other x509.HostnameError
	if !errors.As(err, &other) || other.Certificate == nil {
		return false
	}
	return slices.ContainsFunc(other.Certificate.DNSNames, func(name string) bool { return origin.Matches(strings.TrimPrefix(name, "*"), aliases) })
}

// host looks at the endpoint itself.
func (c *check) host() {
	if c.endpoint == nil {
		c.ended = true
		return
	}
	c.report.Endpoint = c.endpoint.String()
	if strings.HasSuffix(strings.ToLower(c.endpoint.Hostname()), ".msappproxy.net") {
		p := Probe{Name: "Endpoint", Expected: "a server that clients reach directly", Seen: c.endpoint.Host}
		c.wrong(&p, "HYBRID_AGENT", "")
		c.done(p)
		c.ended = true
	}
}

// What Outlook for iOS and Android asks before AutoDiscover.
const (
	detectHost  = "prod.autodetect.outlook.cloud.microsoft"
	detectQuery = "services=office365,outlook,google,icloud,yahoo&protocols=rest-cloud,rest-outlook,rest-office365,eas,imap,smtp"
)

// autodetect asks the service that Outlook for iOS and Android asks first.
func (c *check) autodetect(ctx context.Context) {
	if !c.o.AutoDetect {
		return
	}
	c.probe(ctx, "AutoDetect", "a service of Office 365, with the on-premises URL if the mailbox is there", func(ctx context.Context, p *Probe) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+detectHost+"/detect?"+detectQuery, nil)
		if err != nil {
			return
		}
		req.Header.Set("X-Email", c.address)
		resp, err := safehttp.Do(c.client, req)
		if err != nil {
			p.Verdict, p.Seen = Skipped, "the service does not respond"
			return
		}
		defer resp.Body.Close()
		var found struct {
			Services  []struct{ Service, OnPrem string }
			Protocols []struct{ Protocol string }
		}
		b, err := safehttp.ReadAll(resp.Body, 1<<16)
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(b, &found) != nil {
			p.Verdict, p.Seen = Skipped, fmt.Sprintf("the service responds with status %d", resp.StatusCode)
			return
		}
		p.Seen = fmt.Sprintf("%d services, %d protocols", len(found.Services), len(found.Protocols))
		if len(found.Services) == 0 {
			c.wrong(p, "AUTODETECT_NOT_HYBRID", "")
		}
	})
}

// get sends one request to a path of the endpoint's host.
func (c *check) get(ctx context.Context, method, path string, header http.Header) (*http.Response, []byte, error) {
	u := *c.endpoint
	if path != "" {
		u.Path, u.RawQuery = path, ""
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("User-Agent", safehttp.UserAgent())
	resp, err := safehttp.Do(c.client, req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, front.MaxStart))
	if err != nil {
		return resp, nil, nil // the header is what counts
	}
	return resp, body, nil
}

// note keeps who responded.
func note(p *Probe, resp *http.Response, body []byte) front.Who {
	w := front.Of(resp, body)
	if s := w.String(); s != "" {
		p.By = s
	}
	if id := resp.Header.Get("request-id"); id != "" {
		p.RequestIDs = append(p.RequestIDs, safehttp.Plain(id, 64))
	}
	return w
}

// certificate looks at the endpoint's certificate, and at who is behind it.
func (c *check) certificate(ctx context.Context) {
	if c.ended {
		return
	}
	c.probe(ctx, "Certificate", "valid for more than 14 days", func(ctx context.Context, p *Probe) {
		resp, body, err := c.get(ctx, http.MethodOptions, "", nil)
		if err != nil {
			id := faultOf(err)
			if id == "" {
				id = "EAS_UNREACHABLE"
			}
			p.Seen = "no connection"
			c.wrong(p, id, "")
			c.ended = true
			return
		}
		w := note(p, resp, body)
		if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
			cert := resp.TLS.PeerCertificates[0]
			p.Seen = "valid until " + cert.NotAfter.UTC().Format(time.DateOnly)
			if cert.NotAfter.Sub(c.now()) < 14*24*time.Hour {
				c.wrong(p, "TLS_CERT_EXPIRING", "")
			}
		}
		if old, ok := unsupported(w.Build); ok {
			id := fault.ID("BUILD_UNSUPPORTED")
			if strings.HasPrefix(w.Build, "14.") {
				id = "E2010_PRESENT" // which cannot do it at all
			}
			c.wrong(p, id, old)
		}
	})
}

// anonymous is a request without a sign of modern authentication.
func (c *check) anonymous(ctx context.Context) {
	if c.ended {
		c.skip("Anonymous request", "the server is not reached")
		return
	}
	c.probe(ctx, "Anonymous request", "401 with Basic or Bearer, or 451 in the cloud", func(ctx context.Context, p *Probe) {
		resp, body, err := c.get(ctx, http.MethodOptions, "", nil)
		if err != nil {
			p.Seen = "no response"
			c.wrong(p, "EAS_UNREACHABLE", "")
			return
		}
		w := note(p, resp, body)
		p.Seen = fmt.Sprintf("%d %s", resp.StatusCode, strings.Join(schemes(resp), ", "))
		switch {
		case resp.StatusCode == http.StatusOK && w.Kind == front.Exchange && resp.Header.Get("MS-ASProtocolVersions") != "":
			c.wrong(p, "EAS_ANON_200", "")
		case resp.StatusCode == 451:
			p.Verdict = Info
		}
	})
}

func schemes(resp *http.Response) []string {
	list, _, err := bearer.ParseLenient(resp.Header.Values("WWW-Authenticate"))
	if err != nil && len(list) == 0 {
		return nil
	}
	var out []string
	for _, ch := range list {
		if !slices.Contains(out, ch.Scheme) {
			out = append(out, ch.Scheme)
		}
	}
	return out
}

// empty is the empty bearer token without the user's name: Exchange 2019 CU13 and later name no
// authority then, and are healthy.
func (c *check) empty(ctx context.Context) {
	if c.ended {
		c.skip("Empty bearer token", "the server is not reached")
		return
	}
	c.probe(ctx, "Empty bearer token", "401 with Bearer; from Exchange 2019 CU13 on, without an authority", func(ctx context.Context, p *Probe) {
		resp, body, err := c.get(ctx, http.MethodOptions, "", http.Header{"Authorization": {"Bearer"}})
		if err != nil {
			p.Seen = "no response"
			return // the next probe says what it is
		}
		note(p, resp, body)
		p.Seen = fmt.Sprintf("%d %s", resp.StatusCode, strings.Join(schemes(resp), ", "))
		if d, err := bearer.ParseDiagnostics(resp.Header.Get("X-MS-Diagnostics")); err == nil {
			p.Seen += fmt.Sprintf(", diagnostics %d", d.Code)
		}
	})
}

// identity is the empty bearer token with the user's name, which decides.
func (c *check) identity(ctx context.Context) {
	if c.ended {
		c.skip("Challenge for the user", "the server is not reached")
		return
	}
	c.probe(ctx, "Challenge for the user", "401 with Bearer and the authority", func(ctx context.Context, p *Probe) {
		offer, err := bearer.Probe(ctx, c.client, c.endpoint, c.address)
		if err != nil {
			id := faultOf(err)
			if id == "" {
				id = "EAS_UNREACHABLE"
			}
			var pe *bearer.ProbeError
			if errors.As(err, &pe) {
				p.By, p.Seen = pe.By, fmt.Sprintf("%d", pe.Status)
				if pe.RequestID != "" {
					p.RequestIDs = append(p.RequestIDs, pe.RequestID)
				}
			}
			switch {
			case id == "AD_PREAUTH":
				id = "EAS_NOT_EXCHANGE" // the table's name for it at this path
			case pe != nil && pe.Status == http.StatusUnauthorized && id == "EAS_NOT_EXCHANGE" && errors.Is(err, bearer.ErrNoChallenge):
				id = "EAS_NO_WWW_AUTH"
			}
			c.wrong(p, id, "")
			c.ended = true
			return
		}
		c.offer = offer
		p.Seen = "the authority is " + hostOf(offer.AuthorizationURI)
		if offer.RequestID != "" {
			p.RequestIDs = append(p.RequestIDs, offer.RequestID)
		}
	})
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return safehttp.Plain(u.Host, 128)
}

// authority asks the authority that the challenge names, if it may be trusted.
func (c *check) authority(ctx context.Context) {
	if c.ended {
		c.skip("Authority", "there is no challenge")
		return
	}
	c.probe(ctx, "Authority", "a known authority with valid metadata", func(ctx context.Context, p *Probe) {
		id := c.o.ClientID
		if id == "" {
			id = "00000000-0000-0000-0000-000000000000" // the metadata is the same for every client
		}
		tenant := c.o.Tenant
		_, domain, _ := strings.Cut(c.address, "@")
		adfs := strings.HasPrefix(strings.ToLower(pathOf(c.offer.AuthorizationURI)), "/adfs")
		if tenant == "" && !adfs {
			tenant = domain
		}
		config, err := token.Configure(ctx, id, c.offer, c.endpoint, &token.Options{HTTPClient: c.client, TrustedAuthorities: c.o.Trust, Tenant: tenant})
		if err != nil {
			p.Seen = hostOf(c.offer.AuthorizationURI) + " is not taken"
			c.ended = true
			c.wrong(p, authorityFault(err, c.offer, domain), "")
			return
		}
		c.config = config
		p.Seen = config.Authority.Host
		if c.lost && !adfs {
			// Entra ID signs in, and the cloud does not know that the mailbox is on-premises.
			c.wrong(p, "AD_SELF_REDIRECT", "")
		}
		if config.Authority.Kind == token.ADFS {
			c.wrong(p, "EAS_ADFS_AUTHORITY", "")
		}
	})
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Path
}

func authorityFault(err error, offer *bearer.Offer, domain string) fault.ID {
	if strings.Contains(err.Error(), "90002") {
		return "TENANT_UNKNOWN"
	}
	host := hostOf(offer.AuthorizationURI)
	if errors.Is(err, token.ErrUntrustedAuthority) {
		if strings.HasPrefix(strings.ToLower(pathOf(offer.AuthorizationURI)), "/adfs") && strings.HasSuffix(host, "."+domain) {
			return "EAS_ADFS_AUTHORITY" // the organization's own; the caller has to say so
		}
		return "EAS_UNEXPECTED_AUTHORITY"
	}
	if id := faultOf(err); id != "" {
		return id
	}
	return "NO_RESPONSE"
}

// legacy looks for doors that are open to passwords, to which no policy applies.
func (c *check) legacy(ctx context.Context) {
	if c.endpoint == nil || c.report.Endpoint == "" || c.ended && c.offer == nil {
		c.skip("Passwords", "the server is not reached")
		return
	}
	c.probe(ctx, "Passwords", "EWS offers no Basic", func(ctx context.Context, p *Probe) {
		resp, body, err := c.get(ctx, http.MethodGet, "/EWS/Exchange.asmx", nil)
		if err != nil {
			p.Verdict, p.Seen = Skipped, "EWS does not respond"
			return
		}
		note(p, resp, body)
		p.Seen = fmt.Sprintf("%d %s", resp.StatusCode, strings.Join(schemes(resp), ", "))
		if slices.ContainsFunc(schemes(resp), func(s string) bool { return strings.EqualFold(s, "Basic") }) {
			c.wrong(p, "EXPOSED_BASIC", "")
		}
	})
}

// forged presents a token that nobody signed.
func (c *check) forged(ctx context.Context) {
	if !c.o.Security || c.endpoint == nil || c.ended && c.offer == nil {
		return
	}
	c.probe(ctx, "Forged token", "401", func(ctx context.Context, p *Probe) {
		const none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJub2JvZHkifQ."
		resp, body, err := c.get(ctx, http.MethodOptions, "", http.Header{"Authorization": {"Bearer " + none}})
		if err != nil {
			p.Verdict, p.Seen = Skipped, "no response"
			return
		}
		note(p, resp, body)
		p.Seen = fmt.Sprint(resp.StatusCode)
		if resp.StatusCode == http.StatusOK {
			c.wrong(p, "EAS_FORGED_ACCEPTED", "")
		}
	})
}
