package autodiscover

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// candidates returns the ways to ask, the preferred one first. Hosts are built from the
// whole mail domain and never from a parent of it.
func (l *lookup) candidates() []candidate {
	if l.pinned != "" {
		return []candidate{l.v2("pinned", l.pinned)}
	}
	var list []candidate
	if !l.NoCloud {
		list = append(list, l.v2("cloud", l.cloud.Host))
	}
	own := "autodiscover." + l.addr.domain
	switch {
	case l.NoHost || origin.IsRegistry(own):
	case l.addr.shared:
		list = append(list, l.sharedHost(own))
	default:
		list = append(list, l.v2("autodiscover.<domain>", own))
	}
	if l.AskDomain {
		list = append(list, l.v2("<domain>", l.addr.domain))
	}
	if l.AskSRV {
		list = append(list, l.srv)
	}
	if l.AskHTTP {
		list = append(list, l.plain)
	}
	if l.Authorize != nil {
		list = append(list, l.v1)
	}
	return list
}

// sharedHost asks autodiscover.<domain> where strangers may register names under the
// domain, and so that one: Confirm decides.
func (l *lookup) sharedHost(own string) candidate {
	return func(ctx context.Context, j *journal) *Endpoint {
		u := l.v2URL(own)
		if err := l.confirmHost(ctx, &url.URL{Scheme: "https", Host: l.addr.domain}, u); err != nil {
			j.add(Hop{Candidate: "autodiscover.<domain>", URL: safehttp.Redact(u), Err: err})
			return nil
		}
		c := l.chain(j, "autodiscover.<domain>")
		c.trusted = []string{own}
		return c.follow(ctx, u)
	}
}

// srv asks the target of the SRV record: the lowest priority, then the greatest weight (RFC
// 2782, made deterministic), its port kept.
func (l *lookup) srv(ctx context.Context, j *journal) *Endpoint {
	find := l.LookupSRV
	if find == nil {
		find = net.DefaultResolver.LookupSRV
	}
	name := "_autodiscover._tcp." + l.addr.domain
	hop := Hop{Candidate: "SRV", URL: "dns:" + name}
	dnsCtx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	start := time.Now()
	var records []*net.SRV
	var err error
	l.callback(func() { _, records, err = find(dnsCtx, "autodiscover", "tcp", l.addr.domain) })
	hop.Elapsed = time.Since(start)
	records = slices.DeleteFunc(slices.Clone(records), func(r *net.SRV) bool {
		return r == nil || strings.TrimSuffix(r.Target, ".") == "" || r.Port == 0
	})
	if err != nil || len(records) == 0 {
		var de *net.DNSError
		switch {
		case err == nil, errors.As(err, &de) && de.IsNotFound:
			hop.Err = &HopError{Fault: "DNS_NXDOMAIN", Reason: "there is no SRV record", Err: ErrNotV2}
		default:
			hop.Err = &HopError{Fault: "DNS_FAILED", Err: errors.Join(ErrUnreachable, err)}
		}
		j.add(hop)
		return nil
	}
	slices.SortStableFunc(records, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port))
	})
	host := strings.ToLower(strings.TrimSuffix(records[0].Target, "."))
	if p := records[0].Port; p != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(int(p)))
	}
	from := &url.URL{Scheme: "dns", Host: name}
	u := l.v2URL(host)
	hop.Next = safehttp.Clean(host, 256)
	hop.Err = l.confirmHost(ctx, from, u)
	j.add(hop)
	if hop.Err != nil {
		return nil
	}
	c := l.chain(j, "SRV")
	c.trusted = []string{safehttp.Host(u)}
	return c.follow(ctx, u)
}

// plain asks where http://autodiscover.<domain> redirects to ([MS-OXDISCO] 3.1.5.4).
func (l *lookup) plain(ctx context.Context, j *journal) *Endpoint {
	from := &url.URL{Scheme: "http", Host: "autodiscover." + l.addr.domain, Path: "/autodiscover/autodiscover.xml"}
	hop := Hop{Candidate: "http", URL: safehttp.Redact(from)}
	reqCtx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	start := time.Now()
	to, status, err := safehttp.PlainRedirect(reqCtx, l.httpClient(nil), from)
	hop.Elapsed, hop.Status = time.Since(start), status
	var ue *safehttp.URLError
	switch {
	case errors.As(err, &ue):
		hop.Err = &HopError{Status: status, Fault: "AD_REDIRECT_INVALID", Reason: err.Error(), Err: errors.Join(ErrRedirect, err)}
	case err != nil:
		hop.Err = unreachable(err)
	default:
		hop.Next = safehttp.Clean(to.Host, 256)
		hop.Err = l.confirmHost(ctx, from, to)
	}
	j.add(hop)
	if hop.Err != nil {
		return nil
	}
	c := l.chain(j, "http")
	c.trusted = []string{safehttp.Host(to)}
	return c.follow(ctx, l.v2URL(to.Host))
}
