package eastest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A code is an authorization code. It is good once, for ten minutes.
type code struct {
	user, client, scope, redirect, challenge, nonce string
	used                                            bool
	grant                                           *grant
	expires                                         time.Time
}

// authorize signs the user in without asking: the one of login_hint, else the first.
func (tn *Tenant) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := func(aadsts, why string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "<html><body>AADSTS%s: %s</body></html>", aadsts, html.EscapeString(why))
	}
	redirect := q.Get("redirect_uri")
	switch {
	case q.Get("client_id") != tn.o.ClientID:
		page("700016", "The application was not found in the directory.")
		return
	case !isLoopback(redirect):
		page("50011", "The redirect URI is not registered for the application.")
		return
	}
	values := url.Values{"iss": {"https://" + loginHost + "/" + TenantID + "/v2.0"}}
	if s := q.Get("state"); s != "" {
		values.Set("state", s)
	}
	fail := func(code, aadsts, why string) {
		values.Set("error", code)
		values.Set("error_description", "AADSTS"+aadsts+": "+why)
		tn.deliver(w, q, redirect, values)
	}
	user, ok := tn.userFor(q.Get("login_hint"))
	switch {
	case q.Get("response_type") != "code":
		fail("unsupported_response_type", "70005", "Only the code flow is enabled.")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		fail("invalid_request", "9002325", "Proof Key for Code Exchange is required.")
	case q.Get("scope") == "":
		fail("invalid_request", "900144", descriptions["900144"].description)
	case !ok:
		fail("access_denied", "50034", "The account does not exist in the directory.")
	case tn.o.RefuseSignIn != "":
		d := descriptions[tn.o.RefuseSignIn]
		if d.code == "" || d.code == "invalid_grant" {
			d.code = "access_denied"
		}
		fail(d.code, tn.o.RefuseSignIn, d.description)
	case resource(q.Get("scope")) != "" && !tn.hasResource(resource(q.Get("scope"))):
		fail("invalid_resource", "500011", descriptions["500011"].description)
	default:
		c := rand.Text()
		tn.sts.codes[c] = &code{
			user: user, client: tn.o.ClientID, scope: q.Get("scope"), redirect: redirect, nonce: q.Get("nonce"),
			challenge: q.Get("code_challenge"), expires: tn.now().Add(10 * time.Minute),
		}
		values.Set("code", c)
		tn.deliver(w, q, redirect, values)
	}
}

// deliver sends the browser back, by a redirect or by a form that submits itself.
func (tn *Tenant) deliver(w http.ResponseWriter, q url.Values, redirect string, values url.Values) {
	if q.Get("response_mode") != "form_post" {
		sep := "?"
		if strings.Contains(redirect, "?") {
			sep = "&"
		}
		w.Header().Set("Location", redirect+sep+values.Encode())
		w.WriteHeader(http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<html><body onload="document.forms[0].submit()"><form method="POST" action="%s">`, html.EscapeString(redirect))
	for k := range values {
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
	formAction = regexp.MustCompile(`<form method="POST" action="([^"]*)"`)
	aadsts     = regexp.MustCompile(`AADSTS\d+: [^<]*`)
	formInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// Browser returns a function that does what a user with a browser does: it opens the URL,
// signs in, and lets the authority's answer go to the redirect URI, a listener on loopback,
// which is reached for real. That the authority shows an error page, as for an unknown
// application or redirect URI, is an error. The answer is delivered in the background, for
// thirty seconds at most or until [Tenant.Close], whatever becomes of the context.
func (tn *Tenant) Browser() func(ctx context.Context, url string) error {
	return func(ctx context.Context, target string) error {
		back, err := tn.browse(ctx, target)
		if err != nil {
			return err
		}
		tn.net.errand(context.WithoutCancel(ctx), func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			t := &http.Transport{DisableKeepAlives: true}
			defer t.CloseIdleConnections()
			if page, err := (&http.Client{Transport: t}).Do(back.WithContext(ctx)); err == nil {
				page.Body.Close()
			}
		})
		return nil
	}
}

// browse opens the URL and returns the request that the authority sends the browser to.
func (tn *Tenant) browse(ctx context.Context, target string) (*http.Request, error) {
	c := *tn.client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
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
	var back *http.Request
	if to := resp.Header.Get("Location"); to != "" {
		back, err = http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	} else if m := formAction.FindSubmatch(body); m != nil {
		form := url.Values{}
		for _, in := range formInput.FindAllSubmatch(body, -1) {
			form.Set(html.UnescapeString(string(in[1])), html.UnescapeString(string(in[2])))
		}
		back, err = http.NewRequestWithContext(ctx, http.MethodPost, html.UnescapeString(string(m[1])), strings.NewReader(form.Encode()))
		if err == nil {
			back.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			back.Header.Set("Origin", "https://"+loginHost)
		}
	} else {
		return nil, fmt.Errorf("eastest: the authority shows an error page: %s", aadsts.FindString(string(body)))
	}
	if err != nil {
		return nil, err
	}
	if !isLoopback(back.URL.Scheme + "://" + back.URL.Host) {
		return nil, errors.New("eastest: the redirect URI is not on loopback")
	}
	return back, nil
}
