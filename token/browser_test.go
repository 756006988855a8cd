package token_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/token"
)

// user is a browser whose user signs in: it registers a code with s and brings the answer
// to the redirect URI.
type user struct {
	*sts
	alter func(v url.Values) // changes the answer
	first func(redirect *url.URL, state string)
	post  bool

	mu      sync.Mutex
	queries []url.Values
	pages   []*http.Response
}

func (u *user) open(ctx context.Context, to string) error {
	q := mustURL(to).Query()
	u.mu.Lock()
	u.queries = append(u.queries, q)
	code := fmt.Sprintf("code-secret-%d", len(u.queries))
	u.mu.Unlock()
	u.sts.set(func() { u.codes[code] = q })
	redirect := mustURL(q.Get("redirect_uri"))
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "session_state": {"x"}}
	if u.alter != nil {
		u.alter(answer)
	}
	go func() {
		if u.first != nil {
			u.first(redirect, q.Get("state"))
		}
		if answer.Get("drop") != "" {
			return
		}
		resp, err := u.deliver(redirect, answer)
		if err == nil {
			u.mu.Lock()
			u.pages = append(u.pages, resp)
			u.mu.Unlock()
		}
	}()
	return nil
}

func (u *user) deliver(redirect *url.URL, answer url.Values) (*http.Response, error) {
	to := redirect.String()
	if redirect.Path == "" {
		to += "/"
	}
	if u.post {
		return http.PostForm(to, answer)
	}
	return http.Get(to + "?" + answer.Encode())
}

func (u *user) page(t *testing.T) *http.Response {
	t.Helper()
	for range 200 {
		u.mu.Lock()
		n := len(u.pages)
		u.mu.Unlock()
		if n > 0 {
			return u.pages[0]
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the browser got no page")
	return nil
}

func TestBrowser(t *testing.T) {
	for _, post := range []bool{false, true} {
		t.Run(map[bool]string{false: "query", true: "form_post"}[post], func(t *testing.T) {
			s := newSTS()
			if post {
				s.metadata = func(m map[string]any) { m["response_modes_supported"] = []string{"query", "form_post"} }
			}
			u := &user{sts: s, post: post}
			c := s.config(t)
			c.Capabilities = []string{"cp1"}
			tok, err := (&token.Browser{Open: u.open, LoginHint: "ada@contoso.com", Prompt: "select_account"}).SignIn(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if tok.RefreshToken != "rt-secret-1" || tok.AccessToken == "" || tok.Extra("id_token") == nil {
				t.Errorf("tokens are missing from the answer")
			}
			q := u.queries[0]
			for name, want := range map[string]string{
				"client_id": clientID, "response_type": "code", "code_challenge_method": "S256", "login_hint": "ada@contoso.com",
				"prompt": "select_account", "scope": "https://mail.contoso.com/EAS.AccessAsUser.All offline_access openid profile",
				"response_mode": map[bool]string{false: "query", true: "form_post"}[post],
				"claims":        `{"access_token":{"xms_cc":{"values":["cp1"]}}}`,
			} {
				if got := q.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if r := mustURL(q.Get("redirect_uri")); r.Scheme != "http" || r.Hostname() != "localhost" || r.Port() == "" || r.Path != "" {
				t.Errorf("redirect_uri = %s, want http://localhost:<port>", r)
			}
			page := u.page(t)
			body, _ := io.ReadAll(page.Body)
			if page.StatusCode != 200 || strings.Contains(string(body), "code-secret") || !strings.Contains(string(body), "can be closed") {
				t.Errorf("page %d %s", page.StatusCode, body)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
				"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			} {
				if got := page.Header.Get(name); !strings.Contains(got, want) {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

// Every attempt has a verifier, state and nonce of its own, and S256 whatever the metadata
// lists.
func TestS057BrowserIsNewEachTime(t *testing.T) {
	s := newSTS()
	s.metadata = func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} }
	c := s.config(t)
	u := &user{sts: s}
	seen := map[string]bool{}
	for range 20 {
		if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range u.queries {
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			v := q.Get(name)
			if len(v) < 43 || seen[v] {
				t.Errorf("%s = %q: too short or seen before", name, v)
			}
			seen[v] = true
		}
		if q.Get("code_challenge_method") != "S256" {
			t.Errorf("code_challenge_method = %q", q.Get("code_challenge_method"))
		}
	}
}

func TestBrowserRefusals(t *testing.T) {
	for _, tt := range []struct {
		name     string
		metadata func(m map[string]any)
		alter    func(v url.Values)
		extra    map[string]any
		target   any
		mention  string
	}{
		{"S059 declined", nil, func(v url.Values) {
			v.Del("code")
			v.Set("error", "access_denied")
			v.Set("error_description", "<script>alert(1)</script> ada@contoso.com")
		}, nil, new(*token.ReauthError), "declined"},
		{"consent", nil, func(v url.Values) {
			v.Del("code")
			v.Set("error", "access_denied")
			v.Set("error_description", "AADSTS65004: User declined to consent")
		}, nil, new(*token.ReauthError), "AADSTS65004"},
		{"resource not registered", nil, func(v url.Values) {
			v.Del("code")
			v.Set("error", "invalid_resource")
			v.Set("error_description", "AADSTS500011: The resource principal named https://mail.contoso.com was not found")
		}, nil, new(*token.ConfigError), "service principal name"},
		{"neither code nor error", nil, func(v url.Values) { v.Del("code") }, nil, new(*token.TransientError), "neither"},
		{"two codes", nil, func(v url.Values) { v.Add("code", "another") }, nil, new(*token.TransientError), "repeats"},
		{"forged code", nil, func(v url.Values) { v.Set("code", "forged") }, nil, new(*token.ReauthError), "AADSTS70000"},
		{"issuer missing", func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = true }, nil, nil, new(*token.IDTokenError), "names no issuer"},
		{"issuer of another authority", nil, func(v url.Values) { v.Set("iss", "https://evil.example") }, nil, new(*token.IDTokenError), "mix-up"},
		{"issuer of another authority with an error", nil, func(v url.Values) { v.Set("iss", "https://evil.example"); v.Set("error", "x") }, nil, new(*token.IDTokenError), "mix-up"},
		{"no ID token", nil, nil, map[string]any{"id_token": nil}, new(*token.IDTokenError), "none"},
		{"ID token for another client", nil, nil, map[string]any{"id_token": idToken(func(m map[string]any) { m["aud"] = "other" })}, new(*token.IDTokenError), "audience"},
		{"ID token with another nonce", nil, nil, map[string]any{"id_token": idToken(func(m map[string]any) { m["nonce"] = "other" })}, new(*token.IDTokenError), "nonce"},
		{"ID token of another issuer", nil, nil, map[string]any{"id_token": idToken(func(m map[string]any) { m["iss"] = "https://evil.example" })}, new(*token.IDTokenError), "verify"},
		{"ID token without tenant", nil, nil, map[string]any{"id_token": idToken(func(m map[string]any) { delete(m, "tid") })}, new(*token.IDTokenError), "tid"},
		{"ID token expired", nil, nil, map[string]any{"id_token": idToken(func(m map[string]any) { m["exp"] = 1 })}, new(*token.IDTokenError), "expired"},
		{"ID token not signed", nil, nil, map[string]any{"id_token": unsigned(`{"alg":"none"}`, `{"tid":"`+tenantID+`"}`)}, new(*token.IDTokenError), "verify"},
		{"ID token of HTML", nil, nil, map[string]any{"id_token": "<html>"}, new(*token.IDTokenError), "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			s.metadata, s.extra = tt.metadata, tt.extra
			u := &user{sts: s, alter: tt.alter}
			_, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t))
			if err == nil || !errors.As(err, tt.target) || !strings.Contains(err.Error(), tt.mention) {
				t.Errorf("SignIn = %v, want %T that mentions %q", err, tt.target, tt.mention)
			}
			if err != nil && (strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error %v holds an address or secret", err)
			}
			page := u.page(t)
			if body, _ := io.ReadAll(page.Body); strings.Contains(string(body), "script") {
				t.Errorf("page reflects its input: %s", body)
			}
		})
	}
}

func idToken(change func(m map[string]any)) string {
	m := map[string]any{"aud": clientID, "iss": "https://login.microsoftonline.com/" + tenantID + "/v2.0", "tid": tenantID,
		"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": "n"}
	change(m)
	return sign(m)
}

func TestBrowserAcceptsTheAnnouncedIssuer(t *testing.T) {
	s := newSTS()
	s.metadata = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = true }
	u := &user{sts: s, alter: func(v url.Values) { v.Set("iss", "https://login.microsoftonline.com/"+tenantID+"/v2.0") }}
	if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t)); err != nil {
		t.Error(err)
	}
}

// Other programs and pages knock at the listener; the sign-in goes on.
func TestS058S059BrowserIgnoresStrays(t *testing.T) {
	s := newSTS()
	u := &user{sts: s}
	u.first = func(redirect *url.URL, state string) {
		base := redirect.String()
		good := url.Values{"code": {"stolen"}, "state": {state}}.Encode()
		do := func(want int, method, to, host, body string) {
			t.Helper()
			req, _ := http.NewRequest(method, to, strings.NewReader(body))
			if host != "" {
				req.Host = host
			}
			if body != "" {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				if want != 0 {
					t.Errorf("%s %s: %v", method, to, err)
				}
				return
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != want || strings.Contains(string(b), "stolen") || strings.Contains(string(b), "<script>") {
				t.Errorf("%s %.80s (host %q) = %d %s, want %d and nothing reflected", method, to, host, resp.StatusCode, b, want)
			}
		}
		do(400, "GET", base+"/?code=stolen&state=wrong", "", "")
		do(400, "GET", base+"/?error=access_denied&error_description=%3Cscript%3E", "", "")
		do(400, "GET", base+"/?error=access_denied&state=", "", "")
		do(400, "GET", base+"/?code=a&state=x&state="+state, "", "")
		do(400, "GET", base+"/", "", "")
		do(404, "GET", base+"/favicon.ico", "", "")
		do(421, "GET", base+"/?"+good, "evil.example", "")
		do(421, "GET", base+"/?"+good, "localhost", "")
		do(421, "GET", base+"/?"+good, "evil.example:"+redirect.Port(), "")
		do(405, "PUT", base+"/?"+good, "", "")
		do(405, "HEAD", base+"/?"+good, "", "")
		do(400, "POST", base+"/?"+good, "", "x=1") // the parameters of a form come in its body
		do(400, "POST", base+"/", "", "error=access_denied")
		do(400, "POST", base+"/", "", "state="+strings.Repeat("x", 70<<10))
		do(431, "GET", base+"/?x="+strings.Repeat("x", 40<<10), "", "")
	}
	if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t)); err != nil {
		t.Error(err)
	}
}

// A state is good once.
func TestBrowserStateIsOneShot(t *testing.T) {
	s := newSTS()
	hold := make(chan struct{})
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/token") {
			<-hold
		}
		return false
	}
	u := &user{sts: s}
	second := make(chan int, 1)
	u.first = func(redirect *url.URL, state string) {
		answer := url.Values{"code": {"code-secret-1"}, "state": {state}}
		if _, err := u.deliver(redirect, answer); err != nil {
			t.Error(err)
		}
		status := 0
		if resp, err := u.deliver(redirect, answer); err == nil {
			status = resp.StatusCode
		}
		second <- status
		close(hold)
	}
	if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t)); err != nil {
		t.Error(err)
	}
	if got := <-second; got != http.StatusGone {
		t.Errorf("second answer with the same state: status %d, want 410", got)
	}
}

func TestS058BrowserListensOnLoopbackOnly(t *testing.T) {
	for _, host := range []string{"", "localhost", "127.0.0.1", "::1"} {
		s := newSTS()
		u := &user{sts: s}
		u.first = func(redirect *url.URL, state string) {
			addrs, _ := net.InterfaceAddrs()
			for _, a := range addrs {
				ip := a.(*net.IPNet).IP
				if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
					continue
				}
				if c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), redirect.Port()), time.Second); err == nil {
					c.Close()
					t.Errorf("the listener can be reached at %s", ip)
				}
			}
		}
		if _, err := (&token.Browser{Open: u.open, RedirectHost: host}).SignIn(t.Context(), s.config(t)); err != nil {
			t.Errorf("RedirectHost %q: %v", host, err)
		}
	}
	s := newSTS()
	var ce *token.ConfigError
	if _, err := (&token.Browser{RedirectHost: "0.0.0.0"}).SignIn(t.Context(), s.config(t)); !errors.As(err, &ce) {
		t.Errorf("RedirectHost 0.0.0.0 = %v, want *ConfigError", err)
	}
}

func TestBrowserEndsWithItsContext(t *testing.T) {
	s := newSTS()
	c := s.config(t)
	before := runtime.NumGoroutine()
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		var redirect *url.URL
		_, err := (&token.Browser{Open: func(_ context.Context, to string) error {
			redirect = mustURL(mustURL(to).Query().Get("redirect_uri"))
			// A client that never finishes its request.
			conn, err := net.Dial("tcp", "127.0.0.1:"+redirect.Port())
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(conn, "GET /?x HTTP/1.1\r\n")
			t.Cleanup(func() { conn.Close() })
			time.AfterFunc(10*time.Millisecond, cancel)
			return nil
		}}).SignIn(ctx, c)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("SignIn = %v, want Canceled", err)
		}
		if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+redirect.Port(), time.Second); err == nil {
			conn.Close()
			t.Error("the listener outlives the sign-in")
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// Many idle connections do not keep the user's answer out.
func TestS060BrowserUnderFlood(t *testing.T) {
	s := newSTS()
	u := &user{sts: s}
	u.first = func(redirect *url.URL, state string) {
		for range 300 {
			conn, err := net.Dial("tcp", "127.0.0.1:"+redirect.Port())
			if err != nil {
				continue
			}
			fmt.Fprintf(conn, "GET /?%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", strings.Repeat("x", 1000), redirect.Port())
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				resp.Body.Close()
			}
			conn.Close()
		}
	}
	if _, err := (&token.Browser{Open: u.open}).SignIn(t.Context(), s.config(t)); err != nil {
		t.Error(err)
	}
}

func TestBrowserThatCannotBeOpened(t *testing.T) {
	s := newSTS()
	boom := errors.New("boom")
	_, err := (&token.Browser{Open: func(context.Context, string) error { return boom }}).SignIn(t.Context(), s.config(t))
	if !errors.Is(err, boom) || !errors.Is(err, token.ErrFlowUnavailable) {
		t.Errorf("SignIn = %v, want the error of Open", err)
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("WSL_DISTRO_NAME", "")
	for _, display := range []string{"", ":0"} { // none, and one without a browser
		t.Setenv("DISPLAY", display)
		t.Setenv("WAYLAND_DISPLAY", "")
		if _, err := (&token.Browser{}).SignIn(t.Context(), s.config(t)); !errors.Is(err, token.ErrFlowUnavailable) || !strings.Contains(err.Error(), "DeviceCode") {
			t.Errorf("SignIn without a browser = %v, want an error that names DeviceCode", err)
		}
	}
	for name, open := range map[string]func(context.Context, string) error{
		"Browser.Open panicked":            func(context.Context, string) error { panic("panic boom") },
		"Browser.Open ended its goroutine": func(context.Context, string) error { runtime.Goexit(); return nil },
	} {
		if _, err := (&token.Browser{Open: open}).SignIn(t.Context(), s.config(t)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("SignIn = %v, want an error that mentions %q", err, name)
		}
	}
	if _, err := (&token.Browser{}).SignIn(t.Context(), nil); err == nil {
		t.Error("SignIn without a Config succeeded")
	}
	c := *s.config(t)
	a := *c.Authority
	a.AuthorizationEndpoint = nil
	c.Authority = &a
	var ce *token.ConfigError
	if _, err := (&token.Browser{}).SignIn(t.Context(), &c); !errors.As(err, &ce) {
		t.Errorf("SignIn without an endpoint = %v", err)
	}
}

// The whole: a Source whose Flow is a Browser.
func TestSourceWithBrowser(t *testing.T) {
	s := newSTS()
	u := &user{sts: s}
	src := &token.Source{Config: s.config(t), Store: &token.MemoryStore{}, Key: "ada", Flow: &token.Browser{Open: u.open}}
	tok := mustToken(t, src)
	if c, err := token.Inspect(tok.AccessToken); err != nil || c.Audience[0] != "https://mail.contoso.com" {
		t.Errorf("Inspect = %+v, %v", c, err)
	}
	st, err := src.Status(t.Context())
	want := token.Account{Tenant: tenantID, Object: "oid-1", Username: "ada@contoso.com"}
	if err != nil || st.Account != want || st.Expiry.IsZero() || st.SignedIn.IsZero() {
		t.Errorf("Status = %+v, %v; want the account of the ID token", st, err)
	}
}

// An Open that blocks for as long as the browser runs, or for ever, keeps nobody waiting.
func TestS139BrowserWhoseOpenBlocks(t *testing.T) {
	for _, answer := range []bool{true, false} {
		s := newSTS()
		u := &user{sts: s}
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := (&token.Browser{Open: func(ctx context.Context, to string) error {
			if answer {
				if err := u.open(ctx, to); err != nil {
					return err
				}
			} else {
				cancel()
			}
			<-release
			return nil
		}}).SignIn(ctx, s.config(t))
		if answer && err != nil {
			t.Errorf("SignIn = %v although the response had come", err)
		}
		if !answer && !errors.Is(err, context.Canceled) {
			t.Errorf("SignIn = %v, want Canceled", err)
		}
	}
}

// AD FS compares the redirect URI with its port and path.
func TestBrowserWithRegisteredRedirect(t *testing.T) {
	free := func() int {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port
	}
	port := free()
	for _, tt := range []struct {
		host, path string
		port       int
		want       string
	}{
		{"localhost", "/callback", port, fmt.Sprintf("http://localhost:%d/callback", port)},
		{"127.0.0.1", "/auth/eas/", port, fmt.Sprintf("http://127.0.0.1:%d/auth/eas/", port)},
		{"", "", port, fmt.Sprintf("http://localhost:%d", port)},
		{"", "/callback", 0, ""},
		{"::1", "/", 0, ""},
	} {
		s := newSTS()
		u := &user{sts: s}
		u.first = func(redirect *url.URL, state string) { // elsewhere, nothing is taken
			if tt.path == "" || tt.path == "/" {
				return
			}
			resp, err := u.deliver(&url.URL{Scheme: "http", Host: redirect.Host, Path: "/"}, url.Values{"code": {"stolen"}, "state": {state}})
			if err != nil || resp.StatusCode != http.StatusNotFound {
				t.Errorf("a response at / = %v, %v", resp, err)
			}
		}
		b := &token.Browser{Open: u.open, RedirectHost: tt.host, RedirectPort: tt.port, RedirectPath: tt.path}
		if _, err := b.SignIn(t.Context(), s.config(t)); err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		got := u.queries[0].Get("redirect_uri")
		if tt.want != "" && got != tt.want || mustURL(got).Path != tt.path {
			t.Errorf("redirect_uri = %s, want %s", got, tt.want)
		}
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Skip("the port of the test is taken: ", err)
	}
	defer l.Close()
	_, err = (&token.Browser{Open: (&user{sts: newSTS()}).open, RedirectPort: port}).SignIn(t.Context(), newSTS().config(t))
	if !errors.Is(err, token.ErrFlowUnavailable) || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("SignIn on a port in use = %v, want an error that names it", err)
	}
	for _, b := range []*token.Browser{
		{RedirectPort: -1}, {RedirectPort: 65536}, {RedirectPath: "callback"}, {RedirectPath: "/a?b"}, {RedirectPath: "/a#b"},
		{RedirectPath: "/a b"}, {RedirectPath: "/%41"}, {RedirectPath: "/a/../b"}, {RedirectPath: "//evil.example"}, {RedirectPath: "@evil.example/"},
		{RedirectPath: ":80/"}, {RedirectPath: "/\x00"},
	} {
		var ce *token.ConfigError
		if _, err := b.SignIn(t.Context(), newSTS().config(t)); !errors.As(err, &ce) || ce.Kind != token.ConfigRedirect {
			t.Errorf("port %d, path %q: SignIn = %v, want *ConfigError of kind redirect", b.RedirectPort, b.RedirectPath, err)
		}
	}
}

// What was refused is said when nothing better has come.
func TestBrowserSaysWhatItRefused(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		path       string
		alter      func(v url.Values)
	}{
		{"error without state", "has not signed in; refused meanwhile: a response without the state of this sign-in (error access_denied)", "", func(v url.Values) {
			v.Del("code")
			v.Del("state")
			v.Set("error", "access_denied")
		}},
		{"an error that is a text", "without the state of this sign-in: context", "", func(v url.Values) {
			v.Set("state", "x")
			v.Set("error", "visit evil.example")
		}},
		{"another path", "another path", "/other", func(url.Values) {}},
		{"no response", "has not signed in: context", "/favicon.ico", func(v url.Values) { v.Del("code") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSTS()
			u := &user{sts: s}
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("the caller's reason")
			_, err := (&token.Browser{Open: func(ctx context.Context, to string) error {
				redirect := mustURL(mustURL(to).Query().Get("redirect_uri"))
				redirect.Path = tt.path
				v := url.Values{"code": {"code-secret"}, "state": {mustURL(to).Query().Get("state")}}
				tt.alter(v)
				go func() {
					if _, err := u.deliver(redirect, v); err != nil {
						t.Error(err)
					}
					cancel(cause)
				}()
				return nil
			}}).SignIn(ctx, s.config(t))
			if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("SignIn = %v, want Canceled with its cause that mentions %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "evil") {
				t.Errorf("error %v repeats what came", err)
			}
		})
	}
}
