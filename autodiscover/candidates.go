package autodiscover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const defaultHeadStart = 2 * time.Second

// ErrUnconfirmed is matched by a hop to a host that was found by SRV or plain http and that
// [Resolver.Confirm] did not allow.
var ErrUnconfirmed = errors.New("host not confirmed")

// A candidate is one way to the endpoint. It returns nil, and hops that say why, if it is
// none.
type candidate func(ctx context.Context) (*Endpoint, []Hop)

// candidates returns the ways to ask, the preferred one first. Hosts are built from the
// whole mail domain and never from a parent of it.
func (l *lookup) candidates() []candidate {
	if l.Host != "" {
		return []candidate{l.v2("pinned", l.Host)}
	}
	var list []candidate
	if !l.NoCloud {
		list = append(list, l.v2("cloud", l.cloud.Host))
	}
	own := "autodiscover." + l.addr.domain
	if !l.NoHost && !isSuffix(own) {
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

func isSuffix(host string) bool {
	suffix, _ := publicsuffix.PublicSuffix(host)
	return suffix == host
}

// race runs candidates side by side, each with a head start before the next, and returns the
// answer of the first in order that has one. It returns when all of them have ended.
func (l *lookup) race(ctx context.Context, list []candidate) (*Endpoint, []Hop) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	headStart := l.HeadStart
	if headStart == 0 {
		headStart = defaultHeadStart
	}
	type outcome struct {
		endpoint *Endpoint
		hops     []Hop
	}
	results := make([]chan outcome, len(list))
	failed := make([]chan struct{}, len(list)) // closed when this one and all before it have failed
	var wg sync.WaitGroup
	for i, c := range list {
		results[i], failed[i] = make(chan outcome, 1), make(chan struct{})
		wg.Go(func() {
			if i > 0 {
				t := time.NewTimer(time.Duration(i) * headStart)
				defer t.Stop()
				select {
				case <-t.C:
				case <-failed[i-1]:
				case <-ctx.Done():
				}
			}
			var out outcome
			if ctx.Err() == nil {
				out.endpoint, out.hops = c(ctx)
			}
			results[i] <- out
			if out.endpoint != nil {
				return
			}
			if i > 0 {
				select {
				case <-failed[i-1]:
				case <-ctx.Done():
					return
				}
			}
			close(failed[i])
		})
	}
	var hops []Hop
	var found *Endpoint
	for i := range list {
		out := <-results[i]
		hops = append(hops, out.hops...)
		if found = out.endpoint; found != nil {
			break
		}
	}
	cancel()
	wg.Wait()
	return found, hops
}

// srv asks the target of the SRV record: the lowest priority, then the greatest weight (RFC
// 2782, made deterministic), its port kept.
func (l *lookup) srv(ctx context.Context) (*Endpoint, []Hop) {
	find := l.LookupSRV
	if find == nil {
		find = net.DefaultResolver.LookupSRV
	}
	name := "_autodiscover._tcp." + l.addr.domain
	hop := Hop{Candidate: "SRV", URL: "dns:" + name}
	ctx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	start := time.Now()
	_, records, err := find(ctx, "autodiscover", "tcp", l.addr.domain)
	hop.Elapsed = time.Since(start)
	records = slices.DeleteFunc(slices.Clone(records), func(r *net.SRV) bool {
		return r == nil || strings.TrimSuffix(r.Target, ".") == "" || r.Port == 0
	})
	if err != nil || len(records) == 0 {
		var de *net.DNSError
		switch {
		case err == nil, errors.As(err, &de) && de.IsNotFound:
			hop.Err = &HopError{Reason: "there is no record", Err: ErrNotV2}
		default:
			hop.Err = &HopError{Reason: "the record was not read", Err: err}
		}
		return nil, []Hop{hop}
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
	if hop.Err = l.confirm(ctx, from, u); hop.Err != nil {
		return nil, []Hop{hop}
	}
	c := l.chain("SRV")
	c.hops = []Hop{hop}
	return c.follow(ctx, u), c.hops
}

// plain asks where http://autodiscover.<domain> redirects to ([MS-OXDISCO] 3.1.5.4).
func (l *lookup) plain(ctx context.Context) (*Endpoint, []Hop) {
	from := &url.URL{Scheme: "http", Host: "autodiscover." + l.addr.domain, Path: "/autodiscover/autodiscover.xml"}
	hop := Hop{Candidate: "http", URL: safehttp.Redact(from)}
	reqCtx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	start := time.Now()
	to, status, err := safehttp.PlainRedirect(reqCtx, l.client(), from)
	hop.Elapsed, hop.Status = time.Since(start), status
	switch {
	case err != nil:
		hop.Err = &HopError{Status: status, Err: unwrapRequest(err)}
	default:
		hop.Next = safehttp.Clean(to.Host, 256)
		hop.Err = l.confirm(ctx, from, to)
	}
	if hop.Err != nil {
		return nil, []Hop{hop}
	}
	c := l.chain("http")
	c.hops = []Hop{hop}
	return c.follow(ctx, l.v2URL(to.Host)), c.hops
}

// confirm decides about a host that nobody vouches for.
func (l *lookup) confirm(ctx context.Context, from, to *url.URL) error {
	if err := safehttp.CheckURL(to); err != nil {
		return &HopError{Err: errors.Join(ErrRedirect, err)}
	}
	switch host := safehttp.Host(to); {
	case l.refusesAddress(host):
		return &HopError{Reason: "it is a private address", Err: ErrRedirect}
	case isSuffix(host):
		return &HopError{Reason: "it is a public suffix", Err: ErrRedirect}
	case l.Confirm == nil:
		return &HopError{Reason: "a program that wants it asked sets Confirm", Err: ErrUnconfirmed}
	}
	if err := l.Confirm(ctx, from, to); err != nil {
		return &HopError{Err: fmt.Errorf("%w: %w", ErrUnconfirmed, err)}
	}
	return nil
}

func (l *lookup) timeout() time.Duration {
	if l.Timeout == 0 {
		return defaultTimeout
	}
	return l.Timeout
}
