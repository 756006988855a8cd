package diagnose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// get sends one request.
func (c *check) get(ctx context.Context, method string, u *url.URL, header http.Header) (*http.Response, []byte, error) {
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
func (s *step) note(resp *http.Response, body []byte) front.Who {
	w := front.Of(resp, body)
	if by := w.String(); by != "" {
		s.By = by
	}
	s.id(safehttp.Plain(resp.Header.Get("request-id"), 64))
	line := fmt.Sprintf("%d", resp.StatusCode)
	for _, name := range []string{"WWW-Authenticate", "X-MS-Diagnostics", "X-MS-Location", "X-FEServer", "X-OWA-Version", "Server"} {
		for _, v := range resp.Header.Values(name) {
			line += "\n" + name + ": " + safehttp.Plain(v, 400)
		}
	}
	s.Evidence = append(s.Evidence, strings.Split(line, "\n")...)
	return w
}

// seen describes a response by its status and the schemes that it offers.
func seen(resp *http.Response) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, strings.Join(schemes(resp), ", ")))
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

// anonymous is a request without a sign of modern authentication.
func (c *check) anonymous(ctx context.Context) {
	c.probe(ctx, probeAnonymous, "401 with Basic or Bearer, or 451 in the cloud", func(ctx context.Context, s *step) {
		resp, body, err := c.get(ctx, http.MethodOptions, c.endpoint, nil)
		if err != nil {
			s.Seen = "no response"
			s.wrong("EAS_UNREACHABLE", "")
			return
		}
		w := s.note(resp, body)
		s.Seen = seen(resp)
		switch {
		case resp.StatusCode == http.StatusOK && w.Kind == front.Exchange && resp.Header.Get("MS-ASProtocolVersions") != "":
			s.wrong("EAS_ANON_200", "")
		case resp.StatusCode == 451:
			s.Verdict = Info
		}
	})
}

// empty is the empty bearer token without the user's name: Exchange 2019 CU13 and later name no
// authority then, and are healthy.
func (c *check) empty(ctx context.Context) {
	c.probe(ctx, probeEmpty, "401 with Bearer; from Exchange 2019 CU13 on, without an authority", func(ctx context.Context, s *step) {
		resp, body, err := c.get(ctx, http.MethodOptions, c.endpoint, http.Header{"Authorization": {"Bearer"}})
		if err != nil {
			s.Seen = "no response" // the challenge for the user says what it is
			return
		}
		s.note(resp, body)
		s.Seen = seen(resp)
		if d, err := bearer.ParseDiagnostics(resp.Header.Get("X-MS-Diagnostics")); err == nil {
			s.Seen += fmt.Sprintf(", diagnostics %d", d.Code)
		}
	})
}

// challenge is the empty bearer token with the user's name, which decides.
func (c *check) challenge(ctx context.Context) {
	c.probe(ctx, probeIdentity, "401 with Bearer and the authority", func(ctx context.Context, s *step) {
		offer, err := bearer.Probe(ctx, c.client, c.endpoint, c.address)
		if err == nil {
			c.offer = offer
			s.Seen = "the authority is " + hostOf(offer.AuthorizationURI)
			s.id(offer.RequestID)
			return
		}
		id := faultOf(err)
		if id == "" {
			id = "EAS_UNREACHABLE"
		}
		var pe *bearer.ProbeError
		if errors.As(err, &pe) {
			s.By, s.Seen = pe.By, fmt.Sprintf("%d", pe.Status)
			s.id(pe.RequestID)
		}
		switch {
		case id == "AD_PREAUTH":
			id = "EAS_NOT_EXCHANGE" // the table's name for it at this path
		case pe != nil && pe.Status == http.StatusUnauthorized && id == "EAS_NOT_EXCHANGE" && errors.Is(err, bearer.ErrNoChallenge):
			id = "EAS_NO_WWW_AUTH"
		}
		s.wrong(id, "")
		c.withhold = !silent[id]
	})
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return safehttp.Plain(u.Host, 128)
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Path
}

// nobody is the client ID of a check without a sign-in: the metadata is the same for every client.
const nobody = "00000000-0000-0000-0000-000000000000"

// authority asks the authority that the challenge names, if it may be trusted.
func (c *check) authority(ctx context.Context) {
	if c.offer == nil {
		c.unchallenged(ctx)
		return
	}
	c.probe(ctx, probeAuthority, "a known authority with valid metadata", func(ctx context.Context, s *step) {
		_, domain, _ := strings.Cut(c.address, "@")
		adfs := strings.HasPrefix(strings.ToLower(pathOf(c.offer.AuthorizationURI)), "/adfs")
		o := c.tokenOptions()
		if adfs {
			o.Tenant = c.o.Tenant
		}
		config, err := token.Configure(ctx, c.clientID(), c.offer, c.endpoint, o)
		if err != nil {
			s.Seen = hostOf(c.offer.AuthorizationURI) + " is not taken"
			id := authorityFault(err, c.offer, domain)
			s.wrong(id, "")
			if id == "TENANT_UNKNOWN" && c.o.Tenant == "" { // users of other domains can sign in all the same
				o.Tenant = ""
				config, err = token.Configure(ctx, c.clientID(), c.offer, c.endpoint, o)
			}
			if err != nil {
				c.withhold = true
				if c.o.SignIn != nil { // what the sign-in itself comes to shows all the same
					c.known(ctx, s)
				}
				return
			}
		}
		c.config = config
		s.Seen = config.Authority.Host
		if s.Fault != "" {
			s.Seen += ", for any tenant"
		}
		if c.lost && !adfs {
			// Entra ID signs in, and the cloud does not know that the mailbox is on-premises.
			s.wrong("AD_SELF_REDIRECT", "")
		}
		if config.Authority.Kind == token.ADFS {
			s.wrong("EAS_ADFS_AUTHORITY", "")
		}
	})
}

func (c *check) clientID() string {
	if c.o.ClientID == "" {
		return nobody
	}
	return c.o.ClientID
}

func (c *check) tokenOptions() *token.Options {
	o := &token.Options{HTTPClient: c.client, TrustedAuthorities: c.o.TrustedAuthorities, Tenant: c.o.Tenant}
	if o.Tenant == "" {
		_, o.Tenant, _ = strings.Cut(c.address, "@")
	}
	return o
}

// silent are the faults with which Exchange itself responds, and names no authority: the check goes
// on with the token. After others the server is not what it should be, and gets none.
var silent = map[fault.ID]bool{"EAS_NO_WWW_AUTH": true, "EAS_BASIC_ONLY_EMPTY_BEARER": true, "EAS_NO_AUTHORIZATION_URI": true, "EAS_FLIGHTING": true}

// unchallenged looks for the authority where there is no challenge, if the sign-in is to be
// checked: Entra ID, if it knows the domain, else an AD FS farm that is trusted.
func (c *check) unchallenged(ctx context.Context) {
	if c.o.SignIn == nil {
		c.blocks("there is no challenge", probeAuthority)
		return
	}
	c.probe(ctx, probeAuthority, "the challenge names it", func(ctx context.Context, s *step) {
		if c.known(ctx, s) {
			if s.Verdict == Pass {
				s.Verdict = Info
			}
			s.Seen = "not named: " + c.config.Authority.Host + " is tried"
			return
		}
		s.skip("there is no challenge")
		c.blocked[probeAuthority] = true
	})
}

// known finds the authority by the mail domain and by those that are trusted.
func (c *check) known(ctx context.Context, s *step) bool {
	o := c.tokenOptions()
	var candidates []string
	if !c.o.NoCloud {
		candidates = append(candidates, "https://login.microsoftonline.com/"+o.Tenant)
	}
	for _, host := range c.o.TrustedAuthorities {
		candidates = append(candidates, "https://"+host+"/adfs")
	}
	resource := &url.URL{Scheme: c.endpoint.Scheme, Host: c.endpoint.Host}
	for _, a := range candidates {
		config, err := token.ConfigureResource(ctx, c.clientID(), a, resource, []string{"EAS.AccessAsUser.All"}, o)
		if err != nil {
			continue
		}
		c.config = config
		if c.lost && config.Authority.Kind == token.Entra {
			s.wrong("AD_SELF_REDIRECT", "")
		}
		return true
	}
	return false
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
