package autodiscover

import (
	"context"
	"errors"
	"net/url"

	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// policy returns what package origin judges the hosts of this look-up by.
func (l *lookup) policy() origin.Policy {
	p := origin.Policy{Domain: l.addr.domain, Cloud: append([]string{l.cloud.Host}, l.cloud.Hosts...), AllowPrivate: l.AllowPrivate}
	if l.pinned != "" {
		p.Trusted = origin.Site(safehttp.Host(&url.URL{Host: l.pinned}))
	}
	return p
}

// isCloud reports whether u is one of the cloud's own hosts.
func (l *lookup) isCloud(u *url.URL) bool {
	v, _ := l.policy().Judge(u)
	return v == origin.Cloud
}

// allow decides whether to may be asked, or returned as an endpoint, because from named it.
// vouched says that a foreign host needs no Confirm. The error wraps sentinel.
func (l *lookup) allow(ctx context.Context, from, to *url.URL, vouched bool, sentinel error) (foreign bool, err error) {
	v, why := l.policy().Judge(to)
	switch {
	case v == origin.Refused:
		return false, refused(to, why, sentinel)
	case v != origin.Foreign || vouched:
		return v == origin.Foreign, nil
	case l.Confirm == nil:
		return true, &HopError{Fault: "AD_REDIRECT_CROSS_DOMAIN", Reason: "it leaves the mail domain (a program that accepts that sets Confirm)", Err: errors.Join(sentinel, ErrUnconfirmed)}
	}
	if err := l.confirm(ctx, from, to); err != nil {
		return true, &HopError{Fault: "AD_REDIRECT_CROSS_DOMAIN", Reason: "not confirmed", Err: errors.Join(sentinel, ErrUnconfirmed, err)}
	}
	return true, nil
}

// allow is that of the look-up, and remembers whom this chain may go to: the whole site of
// an on-premises host that the cloud names, since the organization has its mail servers
// there, and each host that Confirm has let pass, which is not put to it again.
func (c *chain) allow(ctx context.Context, from, to *url.URL, sentinel error) (foreign bool, err error) {
	host := safehttp.Host(to)
	known := origin.Matches(host, c.trusted)
	foreign, err = c.lookup.allow(ctx, from, to, c.vouched || known, sentinel)
	switch {
	case err != nil || !foreign || known:
	case c.vouched:
		c.trusted = append(c.trusted, origin.Site(host)...)
	default:
		c.trusted, c.confirmed = append(c.trusted, host), true
	}
	return foreign, err
}

// confirmHost decides about a host that nobody vouches for, as DNS and plain http name them:
// Confirm is called whosever it is.
func (l *lookup) confirmHost(ctx context.Context, from, to *url.URL) error {
	switch v, why := l.policy().Judge(to); {
	case v == origin.Refused:
		return refused(to, why, ErrRedirect)
	case l.Confirm == nil:
		return &HopError{Fault: "AD_UNCONFIRMED", Err: ErrUnconfirmed}
	}
	if err := l.confirm(ctx, from, to); err != nil {
		return &HopError{Fault: "AD_UNCONFIRMED", Reason: "Confirm refused it", Err: errors.Join(ErrUnconfirmed, err)}
	}
	return nil
}

// refused explains a host that may not be asked at all.
func refused(u *url.URL, why string, sentinel error) error {
	e := &HopError{Fault: "AD_REDIRECT_INVALID", Reason: why, Err: sentinel}
	switch host := safehttp.Host(u); {
	case safehttp.CheckURL(u) != nil:
	case origin.IsLocal(host):
		e.Fault = "PRIVATE_ADDRESS"
	case origin.IsRegistry(host):
		e.Fault = "AD_TLD_BACKOFF"
	}
	return e
}

// confirm calls Confirm with copies.
func (l *lookup) confirm(ctx context.Context, from, to *url.URL) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, t := *from, *to
	l.callback(func() { err = l.Confirm(ctx, &f, &t) })
	return err
}
