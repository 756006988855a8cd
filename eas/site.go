package eas

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// A site is where the client sends its commands.
type site struct {
	url    *url.URL
	http   *http.Client
	source bearer.Source // as the caller gave it

	mu        sync.Mutex
	forbidden string // the token that was refused with 403 although it was renewed for that
}

// newSite returns a site whose token goes to the origin of u alone.
func (c *Client) newSite(u *url.URL, source bearer.Source) *site {
	return &site{url: u, source: source, http: &http.Client{
		Transport: &bearer.Transport{Source: heldSource(source), Endpoint: cloneURL(u), Base: c.base.Transport},
		Jar:       c.jar,
	}}
}

// at returns the same site at another URL of its origin.
func (s *site) at(u *url.URL) *site { return &site{url: u, http: s.http, source: s.source} }

func cloneURL(u *url.URL) *url.URL {
	if u == nil {
		return nil
	}
	v := *u
	return &v
}

// here returns the site as it is now.
func (c *Client) here() *site {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.site
}

// move goes to where an answer with status 451 points, and reports whether there is a reason
// to send the command again.
func (c *Client) move(ctx context.Context, r *response) (bool, error) {
	to := r.location
	switch {
	case to == nil:
		return false, nil
	case safehttp.SameOrigin(to, r.site.url) && to.Path == r.site.url.Path:
		// QUIRK: eas.outlook.com answers 451 to its own host until the mailbox is named
		// in a cookie (mustang-im #220, EAS-4-TbSync #265).
		return c.anchor(r.site), nil
	case c.here() != r.site:
		return true, nil // another command has moved since this one was sent
	}
	to = &url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}
	if !safehttp.SameOrigin(to, r.site.url) {
		if _, err := c.judge(to); err != nil {
			return false, err
		}
		if c.Moved == nil {
			return false, nil
		}
	}
	_, err := c.moving.do(ctx, c.timeout(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.moveFrom(ctx, r.site, to)
	})
	return err == nil, err
}

// anchor names the mailbox in a cookie, and reports whether there is a reason to send the
// command again.
func (c *Client) anchor(from *site) bool {
	set := c.jar.anchor(from.url, c.User)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Anchored = c.state.Anchored || set
	return set || c.site != from
}

// moveFrom makes to the site, unless it is no longer from.
func (c *Client) moveFrom(ctx context.Context, from *site, to *url.URL) error {
	if c.here() != from {
		return nil
	}
	next := from.at(to)
	if !safehttp.SameOrigin(to, from.url) {
		source, err := await(ctx, "Client.Moved", func() (bearer.Source, error) { return c.Moved(ctx, cloneURL(to)) })
		if err != nil {
			return err
		}
		if source == nil {
			return errors.New("Client.Moved returned no source of tokens")
		}
		next = c.newSite(to, source)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return ended(ctx)
	}
	if c.site == from {
		c.site, c.state.URL = next, to.String()
		c.state.Anchored = c.state.Anchored && safehttp.SameOrigin(to, from.url)
	}
	return nil
}

// A cookies is the jar of one client: what servers set in its own exchanges, and what the
// caller's jar has besides. It writes to its own part alone, so that clients that share an
// [http.Client] do not get each other's sessions.
type cookies struct {
	own, given http.CookieJar // given may be nil
}

const anchorCookie = "DefaultAnchorMailbox"

func newCookies(given http.CookieJar) (*cookies, error) {
	own, err := cookiejar.New(nil)
	return &cookies{own, given}, err
}

func (j *cookies) SetCookies(u *url.URL, all []*http.Cookie) { j.own.SetCookies(u, all) }

func (j *cookies) Cookies(u *url.URL) []*http.Cookie {
	out := j.own.Cookies(u)
	if j.given == nil {
		return out
	}
	has := map[string]bool{anchorCookie: true} // the address of a user is never another's
	for _, k := range out {
		has[k.Name] = true
	}
	for _, k := range j.given.Cookies(u) {
		if !has[k.Name] {
			out = append(out, k)
		}
	}
	return out
}

// anchor sets the cookie that names the mailbox, and reports whether it was not set before.
func (j *cookies) anchor(u *url.URL, user string) bool {
	for _, k := range j.own.Cookies(u) {
		if k.Name == anchorCookie {
			return false
		}
	}
	j.own.SetCookies(u, []*http.Cookie{{Name: anchorCookie, Value: url.PathEscape(user), Secure: true}})
	return true
}

// A sourceError is the error of the source of tokens, which is told from that of the network. Its
// text is that of the source, which says what to do, made fit to print: any source may be there.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return safehttp.Plain(e.err.Error(), 2048) }
func (e *sourceError) Unwrap() error { return e.err }

// heldSource returns source in a form whose calls stop the budget of the exchange and end
// with its context, whatever source does, and that tells the exchange which token was sent.
func heldSource(source bearer.Source) bearer.Source {
	held := &holder{source}
	if _, ok := source.(bearer.Refresher); ok {
		return &renewer{held}
	}
	return held
}

type (
	holder  struct{ source bearer.Source }
	renewer struct{ *holder }
)

func (h *holder) Token(ctx context.Context) (*oauth2.Token, error) {
	return hold(ctx, "Client.Token", func() (*oauth2.Token, error) { return h.source.Token(ctx) })
}

func (r *renewer) Refresh(ctx context.Context, refused *oauth2.Token, why *bearer.Offer) (*oauth2.Token, error) {
	if x := exchangeOf(ctx); x != nil {
		x.renewed = true
	}
	return hold(ctx, "Client.Token", func() (*oauth2.Token, error) {
		return r.source.(bearer.Refresher).Refresh(ctx, refused, why)
	})
}

func hold(ctx context.Context, name string, call func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	if b := budgetOf(ctx); b != nil {
		b.pause()
		defer b.resume()
	}
	tok, err := await(ctx, name, call)
	if err != nil {
		return nil, &sourceError{err}
	}
	if x := exchangeOf(ctx); x != nil {
		x.token = tok
	}
	return tok, nil
}

// renew has the source replace a token that was refused with 403 and no challenge, once for
// each token, and reports whether the command is to be sent again.
//
// QUIRK: some servers and devices in front say 403 where the token is stale (EAS-4-TbSync
// network.mjs).
func (s *site) renew(ctx context.Context, x *exchange, r *response) (bool, error) {
	refresher, ok := s.source.(bearer.Refresher)
	if !ok || x.renewed || x.token == nil {
		return false, nil
	}
	s.mu.Lock()
	known := s.forbidden == x.token.AccessToken
	s.mu.Unlock()
	if known {
		return false, nil
	}
	tok, err := hold(ctx, "Client.Token", func() (*oauth2.Token, error) { return refresher.Refresh(ctx, x.token, r.offer) })
	if err != nil {
		return false, err
	}
	if tok == nil || tok.AccessToken == x.token.AccessToken {
		return false, nil
	}
	s.mu.Lock()
	s.forbidden = tok.AccessToken // if it is refused as well, the token is not what is wrong
	s.mu.Unlock()
	return true, nil
}

// worked says that the server has accepted a token.
func (s *site) worked(tok *oauth2.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tok != nil && s.forbidden == tok.AccessToken {
		s.forbidden = ""
	}
}
