package eastest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A code is an authorization code. It is good once, for ten minutes.
type code struct {
	user, client, scope, redirect, challenge, nonce string
	used, adfs, mfa                                 bool
	seq                                             uint64 // of the sign-in
	grant                                           *grant
	expires                                         time.Time
}

// authorize is the authorization endpoint: it signs the user in without asking, the one of
// login_hint, else the first; or, with [Options.SignInPages], shows a page.
func (tn *Tenant) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	adfs := tn.isADFS(r)
	redirect := q.Get("redirect_uri")
	app := tn.app(r, q.Get("client_id"))
	if _, ok := tn.shows("ADFS_REDIRECT_PORT", hostOf(r), ""); adfs && ok {
		because(r, "fault ADFS_REDIRECT_PORT")
		tn.showError(w, r, "50011")
		return
	}
	switch {
	case app == nil:
		tn.showError(w, r, "700016")
		return
	case !app.redirects(redirect, adfs):
		tn.showError(w, r, "50011")
		return
	}
	s := &signIn{q: q, app: app.ID, redirect: redirect, adfs: adfs}
	scope := q.Get("scope")
	if res := q.Get("resource"); res != "" && resource(scope) == "" { // version 1
		scope = strings.TrimSuffix(res, "/") + "/.default offline_access openid"
	}
	s.scope = scope
	if _, ok := tn.userFor(q.Get("login_hint")); !ok && len(tn.order) == 0 {
		tn.refuse(w, s, "access_denied", "50034", "The account does not exist in the directory.")
		return
	}
	switch {
	case tn.disabled(r):
		tn.refuse(w, s, "unauthorized_client", "7000112", descriptions["7000112"].description)
	case q.Get("response_type") != "code":
		tn.refuse(w, s, "unsupported_response_type", "70005", "Only the code flow is enabled.")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		tn.refuse(w, s, "invalid_request", "9002325", "Proof Key for Code Exchange is required.")
	case scope == "":
		tn.refuse(w, s, "invalid_request", "900144", descriptions["900144"].description)
	case resource(scope) != "" && !tn.hasResource(r, resource(scope)):
		tn.refuse(w, s, "invalid_resource", "500011", descriptions["500011"].description)
	case tn.o.SignInPages && hasPrompt(q, "none"):
		tn.refuse(w, s, "login_required", "50058", "A silent sign-in request was sent but no user is signed in.")
	case tn.o.SignInPages:
		tn.show(w, r, s, pagePassword, "")
	default:
		user, ok := tn.userFor(q.Get("login_hint"))
		if !ok {
			tn.refuse(w, s, "access_denied", "50034", "The account does not exist in the directory.")
			return
		}
		s.user = user
		tn.finish(w, r, s)
	}
}

// values are those of every response.
func (tn *Tenant) values(s *signIn) url.Values {
	v := url.Values{}
	if !s.adfs {
		v.Set("iss", "https://"+nationOf(tn.at.Nation).login+"/"+TenantID+"/v2.0")
	}
	if state := s.q.Get("state"); state != "" {
		v.Set("state", state)
	}
	return v
}

// refuse sends the browser back with an error.
func (tn *Tenant) refuse(w http.ResponseWriter, s *signIn, code, number, why string) {
	if !s.adfs {
		why = "AADSTS" + number + ": " + why
	} else if e, ok := adfsErrors[number]; ok {
		why = e.String()
	}
	if x, ok := w.(*reasoned); ok {
		because(x.r, "%s", why)
	}
	v := tn.values(s)
	v.Set("error", code)
	v.Set("error_description", why)
	tn.deliver(w, s.q, s.redirect, v)
}

// deliver sends the browser back, by a redirect or by a form that submits itself.
func (tn *Tenant) deliver(w http.ResponseWriter, q url.Values, redirect string, values url.Values) {
	if mode := q.Get("response_mode"); mode != "form_post" {
		sep := "?"
		switch {
		case mode == "fragment":
			sep = "#"
		case strings.Contains(redirect, "?"):
			sep = "&"
		}
		w.Header().Set("Location", redirect+sep+values.Encode())
		w.WriteHeader(http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<html><body onload="document.forms[0].submit()"><form method="POST" action="%s">`, html.EscapeString(redirect))
	for _, k := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, html.EscapeString(k), html.EscapeString(values.Get(k)))
	}
	fmt.Fprint(w, `<input type="submit"></form></body></html>`)
}

// isLoopback reports whether a redirect URI is one of a native app: http on localhost or a
// loopback address, whatever the port (RFC 8252 section 7.3).
func isLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Fragment != "" {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}

func (tn *Tenant) userFor(hint string) (string, bool) {
	if hint != "" {
		hint = strings.ToLower(hint)
		return hint, tn.users[hint] != nil
	}
	if len(tn.order) == 0 {
		return "", false
	}
	return tn.order[0], true
}

var (
	formAction = regexp.MustCompile(`(?i)<form method="post" action="([^"]*)"`)
	pageAlert  = regexp.MustCompile(`<p role="alert">([^<]*)`)
	errorText  = regexp.MustCompile(`(AADSTS|MSIS)\d+: [^<]*`)
	formInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// Browser returns a function that does what a user with a browser does: it opens the URL, signs
// in, and follows the redirect to the redirect URI, a listener on loopback that it really connects
// to. It returns an error if the authority shows an error page, for example for an unknown
// application or redirect URI. The redirect is followed in the background, for thirty seconds at
// most or until [Tenant.Close], even if the context ends.
func (tn *Tenant) Browser() func(ctx context.Context, url string) error {
	return func(ctx context.Context, target string) error {
		back, err := tn.browse(ctx, target)
		if err != nil {
			return err
		}
		tn.net.errand(context.WithoutCancel(ctx), func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			t := &http.Transport{DisableKeepAlives: true, DialContext: dialLoopback}
			defer t.CloseIdleConnections()
			if page, err := (&http.Client{Transport: t}).Do(back.WithContext(ctx)); err == nil {
				page.Body.Close()
			}
		})
		return nil
	}
}

// dialLoopback dials localhost by its addresses: the resolver of package net shares look-ups
// between callers, which is fatal to a second bubble of testing/synctest.
func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	host, port, _ := net.SplitHostPort(addr)
	if host != "localhost" {
		return d.DialContext(ctx, network, addr)
	}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err == nil {
		return conn, nil
	}
	if conn, err := d.DialContext(ctx, network, net.JoinHostPort("::1", port)); err == nil {
		return conn, nil
	}
	return nil, err
}

// browse opens the URL, signs in on the pages that are shown, and returns the request that the
// authority sends the browser to in the end.
func (tn *Tenant) browse(ctx context.Context, target string) (*http.Request, error) {
	c := *tn.client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	user := req.URL.Query().Get("login_hint")
	for range 10 {
		next, err := tn.visit(&c, req, user)
		if err != nil {
			return nil, err
		}
		if isLoopback(next.URL.Scheme + "://" + next.URL.Host) {
			return next, nil
		}
		if tn.lookup[next.URL.Host] == nil {
			return nil, errors.New("eastest: the redirect URI is not on loopback")
		}
		req = next
	}
	return nil, errors.New("eastest: the authority sends the browser in a circle")
}

// visit returns the request that follows a page.
func (tn *Tenant) visit(c *http.Client, req *http.Request, user string) (*http.Request, error) {
	ctx := req.Context()
	resp, err := c.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which holds the state
		}
		return nil, fmt.Errorf("eastest: the browser does not reach the authority: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if to := resp.Header.Get("Location"); to != "" {
		return http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	}
	m := formAction.FindSubmatch(body)
	if m == nil {
		return nil, fmt.Errorf("eastest: the authority shows an error page: %s", errorText.FindString(string(body)))
	}
	form := url.Values{}
	for _, in := range formInput.FindAllSubmatch(body, -1) {
		form.Set(html.UnescapeString(string(in[1])), html.UnescapeString(string(in[2])))
	}
	if problem := pageAlert.FindSubmatch(body); problem != nil {
		return nil, fmt.Errorf("eastest: the authority shows an error page: %s", html.UnescapeString(string(problem[1])))
	}
	if err := tn.fill(form, string(body), user); err != nil {
		return nil, err
	}
	next, err := http.NewRequestWithContext(ctx, http.MethodPost, html.UnescapeString(string(m[1])), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	next.Header.Set("Origin", "https://"+req.URL.Host)
	return next, nil
}

// fill enters on a page what its user would: name and password, a second factor, consent.
func (tn *Tenant) fill(form url.Values, page, user string) error {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	switch {
	case strings.Contains(page, `type="password"`):
		if user == "" {
			user, _ = tn.userFor("")
		}
		form.Set("username", user)
		form.Set("password", Password)
		if m := tn.users[strings.ToLower(user)]; m != nil {
			form.Set("password", m.secret)
		}
	case strings.Contains(page, `name="otc"`):
		form.Set("otc", OneTimeCode)
	case strings.Contains(page, `name="accept"`):
		form.Set("accept", "1")
	case strings.Contains(page, `name="other"`):
		return errors.New("eastest: the authority shows an error page: AADSTS90094: " + descriptions["90094"].description)
	}
	return nil
}
