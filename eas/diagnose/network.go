package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// DNS looks up names. A [*net.Resolver] implements it.
type DNS interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupCNAME(ctx context.Context, host string) (string, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// names looks up what DNS has of the organization: addresses, aliases, and the SRV record of
// AutoDiscover.
func (c *check) names(ctx context.Context, endpoint *url.URL) {
	if c.o.DNS == nil {
		c.skip("the client looks names up by itself", probeDNS)
		return
	}
	_, domain, _ := strings.Cut(strings.ToLower(c.address), "@")
	hosts := []string{"autodiscover." + domain}
	if endpoint != nil && !slices.Contains(hosts, strings.ToLower(endpoint.Hostname())) {
		hosts = append(hosts, strings.ToLower(endpoint.Hostname()))
	}
	c.probe(ctx, probeDNS, "public addresses of the ActiveSync host, and a record for AutoDiscover", func(ctx context.Context, s *step) {
		looked := make([]record, len(hosts))
		var srv string
		var all sync.WaitGroup
		for i, h := range hosts {
			all.Go(func() { looked[i] = c.look(ctx, h) })
		}
		all.Go(func() { srv = c.srv(ctx, domain) })
		all.Wait()
		for _, r := range looked {
			s.Evidence = append(s.Evidence, r.lines()...)
		}
		s.Evidence = append(s.Evidence, srv)
		last := looked[len(looked)-1]
		s.Seen = last.String()
		if endpoint == nil {
			return
		}
		switch private, public := last.kinds(); {
		case last.err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded), last.err != nil && !notFound(last.err):
			s.wrong("DNS_FAILED", "")
		case private && public:
			s.wrong("PRIVATE_ADDRESS", "the name has public and private addresses: those outside fail every other time")
		case private:
			c.private = s
		}
	})
}

// horizon says what a private address of the server means: nothing is wrong where it is reached, as
// inside of an organization.
func (c *check) horizon() {
	const advice = "DNS here names a private address, as inside of an organization (split horizon): look from outside, by a public DNS server (hmacheck -resolver 9.9.9.9)"
	switch {
	case c.private == nil:
	case c.reached:
		c.private.aside("PRIVATE_ADDRESS", advice)
	default:
		c.private.wrong("PRIVATE_ADDRESS", advice)
	}
}

// A record is what DNS has of a host.
type record struct {
	host, cname string
	addrs       []netip.Addr
	err         error
}

func (c *check) look(ctx context.Context, host string) record {
	r := record{host: host}
	var all sync.WaitGroup
	all.Go(func() { r.addrs, r.err = c.o.DNS.LookupNetIP(ctx, "ip", host) })
	var cname string
	all.Go(func() { cname, _ = c.o.DNS.LookupCNAME(ctx, host) }) // it is for the report alone
	all.Wait()
	if cname = strings.ToLower(strings.TrimSuffix(cname, ".")); cname != host {
		r.cname = safehttp.Plain(cname, 253)
	}
	for i := range r.addrs {
		r.addrs[i] = r.addrs[i].Unmap()
	}
	slices.SortFunc(r.addrs, netip.Addr.Compare)
	r.addrs = slices.Compact(r.addrs)
	return r
}

func (c *check) srv(ctx context.Context, domain string) string {
	line := "SRV _autodiscover._tcp." + domain + ": "
	_, list, err := c.o.DNS.LookupSRV(ctx, "autodiscover", "tcp", domain)
	if err != nil || len(list) == 0 {
		return line + "none"
	}
	for i, r := range list[:min(len(list), 4)] {
		if i > 0 {
			line += ", "
		}
		line += fmt.Sprintf("%s:%d", safehttp.Plain(strings.TrimSuffix(r.Target, "."), 253), r.Port)
	}
	return line
}

func (r record) kinds() (private, public bool) {
	for _, a := range r.addrs {
		if safehttp.IsPublic(a) {
			public = true
		} else {
			private = true
		}
	}
	return private, public
}

// String returns the host with its addresses.
func (r record) String() string {
	switch {
	case notFound(r.err):
		return r.host + " does not exist"
	case r.err != nil:
		return r.host + ": the DNS server does not respond"
	}
	var list []string
	for _, a := range r.addrs {
		list = append(list, a.String())
	}
	return r.host + " " + strings.Join(list[:min(len(list), 4)], ", ")
}

func (r record) lines() []string {
	var out []string
	if r.cname != "" {
		out = append(out, "CNAME "+r.host+": "+r.cname)
	}
	if r.err != nil {
		return append(out, "A, AAAA "+r.String())
	}
	for _, a := range r.addrs {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		out = append(out, kind+" "+r.host+": "+a.String())
	}
	return out
}

func notFound(err error) bool {
	var de *net.DNSError
	return errors.As(err, &de) && de.IsNotFound
}

// reach connects to the endpoint and looks at its certificate, and at who is behind it. It reports
// whether the server responds at all.
func (c *check) reach(ctx context.Context) bool {
	known := c.guessed.err != nil && c.guessed.host == c.endpoint.Host // it has been waited for
	if !known && !c.connect(ctx) {
		return false
	}
	reached := false
	c.probe(ctx, probeCertificate, "valid for more than 14 days", func(ctx context.Context, s *step) {
		var resp *http.Response
		var body []byte
		err := c.guessed.err
		if !known {
			resp, body, err = c.get(ctx, http.MethodOptions, c.endpoint, nil)
		}
		if err != nil {
			id := faultOf(err)
			if id == "" {
				id = "EAS_UNREACHABLE"
			}
			s.Seen = "no response"
			s.wrong(id, "")
			return
		}
		reached = true
		w := s.note(resp, body)
		if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
			cert := resp.TLS.PeerCertificates[0]
			s.Seen = "valid until " + cert.NotAfter.UTC().Format(time.DateOnly)
			if cert.NotAfter.Sub(c.now()) < 14*24*time.Hour {
				s.wrong("TLS_CERT_EXPIRING", "")
			}
		}
		if old, ok := unsupported(w.Build); ok {
			id := fault.ID("BUILD_UNSUPPORTED")
			if strings.HasPrefix(w.Build, "14.") {
				id = "E2010_PRESENT" // which cannot do it at all
			}
			s.wrong(id, old)
		}
	})
	return reached
}

// connect makes a TCP connection, where the client's own way of making them is known. It reports
// whether to go on.
func (c *check) connect(ctx context.Context) bool {
	t := c.transport
	if t == nil {
		return true
	}
	if t.Proxy != nil {
		if u, err := t.Proxy(&http.Request{URL: c.endpoint}); u != nil || err != nil {
			c.skip("through a proxy", probeTCP)
			return true
		}
	}
	dial := t.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	port := c.endpoint.Port()
	if port == "" {
		port = "443"
	}
	connected := true
	c.probe(ctx, probeTCP, "a connection to port "+port, func(ctx context.Context, s *step) {
		conn, err := dial(ctx, "tcp", net.JoinHostPort(c.endpoint.Hostname(), port))
		if err == nil {
			s.Seen = "connected"
			if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
				s.Seen = "connected to " + a.String()
			}
			_ = conn.Close() // it was for the report alone
			return
		}
		connected = false
		s.Seen = "no connection"
		id := safehttp.FaultOf(ctx, err)
		if id == "NO_RESPONSE" || id == "" {
			id = fault.ID("TCP_UNREACHABLE")
		}
		s.wrong(id, "")
	})
	if !connected && c.o.Record != nil { // a recording has requests, and no connections
		return true
	}
	if !connected {
		c.blocks("there is no connection", probeCertificate)
	}
	return connected
}
