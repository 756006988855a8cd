package eas_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// Clients that share an http.Client do not get each other's cookies, and each is anchored by
// its own address.
func TestS024S140CookiesAreEachClientsOwn(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	jar.SetCookies(u, []*http.Cookie{{Name: "gateway", Value: "allowed"}, {Name: "DefaultAnchorMailbox", Value: "eve@contoso.com"}})
	b := &backend{t: t}
	b.respond = func(r *http.Request, command string, _ int) *http.Response {
		user := r.URL.Query().Get("User")
		for _, k := range r.Cookies() {
			switch {
			case k.Name == "session" && k.Value != user, k.Name == "DefaultAnchorMailbox" && k.Value != url.PathEscape(user):
				t.Errorf("a request of %s has the cookie %v", user, k)
			}
		}
		if _, err := r.Cookie("gateway"); err != nil {
			t.Errorf("a request of %s lacks the cookie that the program set", user)
		}
		if k, err := r.Cookie("DefaultAnchorMailbox"); command == "FolderSync" && (err != nil || k.Value == "") {
			return reply1(451, nil, "X-MS-Location", u.String())
		}
		resp := b.usual(command)
		if command != "OPTIONS" { // which does not say who asks
			resp.Header.Add("Set-Cookie", "session="+user+"; Secure")
		}
		return resp
	}
	shared := &http.Client{Transport: b, Jar: jar}
	for range 2 {
		for i := range 3 {
			c := b.client()
			c.User, c.HTTPClient = fmt.Sprintf("user%d@contoso.com", i), shared
			for range 2 {
				if _, err := c.FolderSync(t.Context(), "0"); err != nil {
					t.Fatalf("%s: %v", c.User, err)
				}
			}
		}
	}
	if got := jar.Cookies(u); len(got) != 2 {
		t.Errorf("the program's jar holds %v", got)
	}
}

// A renewable is a source of a token that is renewed when it was refused.
type renewable struct {
	mu        sync.Mutex
	n         int
	refreshes int
	err       error
}

func (s *renewable) Token(context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &oauth2.Token{AccessToken: fmt.Sprint("token", s.n)}, nil
}

func (s *renewable) Refresh(_ context.Context, refused *oauth2.Token, _ *bearer.Offer) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refreshes++; s.err != nil {
		return nil, s.err
	}
	if refused.AccessToken == fmt.Sprint("token", s.n) {
		s.n++
	}
	return &oauth2.Token{AccessToken: fmt.Sprint("token", s.n)}, nil
}

type passing struct{ error }

func (passing) Temporary() bool { return true }
func (p passing) Unwrap() error { return p.error }

// What a source of tokens says about when to try again reaches the caller, said once, whether
// it was called before a request or because the server refused its token.
func TestRetryAfterOfTheSource(t *testing.T) {
	busy := func(header string) error {
		return &oauth2.RetrieveError{Response: &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {header}}}}
	}
	for _, tt := range []struct {
		name string
		err  error
		want time.Duration
	}{
		{"package token", &token.TransientError{RetryAfter: 90 * time.Second}, 90 * time.Second},
		{"package token, wrapped", fmt.Errorf("no token: %w", &token.TransientError{RetryAfter: 90 * time.Second}), 90 * time.Second},
		{"package token does not say", &token.TransientError{}, 0},
		{"package oauth2", busy("30"), 30 * time.Second},
		{"a delay beyond reason", delayed(1000 * time.Hour), 24 * time.Hour},
		{"a negative delay", delayed(-time.Hour), 0},
		{"no delay", passing{errGone}, 0},
		{"a failure that stays", errGone, 0},
	} {
		for _, status := range []int{0, 401, 403} {
			b := &backend{t: t}
			b.respond = func(_ *http.Request, command string, _ int) *http.Response {
				if command == "FolderSync" && status != 0 {
					return reply1(status, nil, "WWW-Authenticate", `Bearer error="invalid_token"`)
				}
				return nil
			}
			c := restored(b)
			if c.Token = (&renewable{err: tt.err}); status == 0 {
				c.Token = bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, tt.err })
			}
			_, err := c.FolderSync(t.Context(), "0")
			var e *eas.Error
			if !errors.As(err, &e) || e.RetryAfter != tt.want || e.Temporary() != (tt.err != errGone) {
				t.Errorf("%s, status %d: %v, RetryAfter %v; want %v", tt.name, status, err, e.RetryAfter, tt.want)
			}
			if n := strings.Count(err.Error(), "after "+tt.want.String()); tt.want > 0 && n != 1 {
				t.Errorf("%s, status %d: %v says %d times when", tt.name, status, err, n)
			}
		}
	}
}

// delayed is an error of a source of tokens that says when it may pass.
type delayed time.Duration

func (delayed) Error() string               { return "later" }
func (delayed) Temporary() bool             { return true }
func (d delayed) RetryDelay() time.Duration { return time.Duration(d) }

// A 403 that a new token mends is mended; one that it does not costs one token and no more.
func TestForbidden(t *testing.T) {
	for _, tt := range []struct {
		name      string
		stale     bool // 403 is about the token
		source    *renewable
		want      error
		refreshes int
		temporary bool
	}{
		{"stale", true, &renewable{}, nil, 1, false},
		{"forbidden", false, &renewable{}, eas.ErrForbidden, 1, false},
		{"no other token", false, &renewable{err: errGone}, errGone, 3, false},
		{"the authority is away", false, &renewable{err: passing{errGone}}, errGone, 3, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{t: t}
			b.respond = func(r *http.Request, command string, _ int) *http.Response {
				if command == "FolderSync" && (!tt.stale || r.Header.Get("Authorization") == "Bearer token0") {
					return reply1(403, nil)
				}
				return nil
			}
			c := b.client()
			c.Token = tt.source
			for range 3 {
				_, err := c.FolderSync(t.Context(), "0")
				var e *eas.Error
				if !errors.Is(err, tt.want) || tt.want != nil && (!errors.Is(err, eas.ErrForbidden) || !errors.As(err, &e) || e.Temporary() != tt.temporary) {
					t.Fatalf("FolderSync = %v, want %v", err, tt.want)
				}
			}
			if tt.source.refreshes != tt.refreshes {
				t.Errorf("%d refreshes, want %d", tt.source.refreshes, tt.refreshes)
			}
			if n, most := len(b.of("FolderSync")), 4; n > most {
				t.Errorf("%d requests, want at most %d", n, most)
			}
		})
	}
	// Each token that is stale is renewed, also after one that was.
	b := &backend{t: t}
	good := "token1"
	b.respond = func(r *http.Request, command string, _ int) *http.Response {
		if command == "FolderSync" && r.Header.Get("Authorization") != "Bearer "+good {
			return reply1(403, nil)
		}
		return nil
	}
	c := b.client()
	c.Token = &renewable{}
	for _, good = range []string{"token1", "token2", "token3"} {
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Fatalf("%s: %v", good, err)
		}
	}
	// An OPTIONS or a Provision that is refused so is mended likewise.
	for _, command := range []string{"OPTIONS", "Provision"} {
		b := &backend{t: t}
		b.respond = func(r *http.Request, x string, _ int) *http.Response {
			if x == command && r.Header.Get("Authorization") == "Bearer token0" {
				return reply1(403, nil)
			}
			return nil
		}
		c := b.client()
		c.Token = &renewable{}
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Errorf("403 to %s: %v", command, err)
		}
	}
}

// multipart wraps a document as the only part of a multipart response.
func multipart(doc []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 1)
	b = binary.LittleEndian.AppendUint32(b, 12)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(doc))), doc...)
}

// What the server demands in a multipart response is done, and the command repeated.
func TestMultipartDemands(t *testing.T) {
	long := fromXML(t, `<ItemOperations xmlns="ItemOperations"><Status>142</Status><Response><Fetch><ServerId xmlns="AirSync">`+strings.Repeat("x", 10000)+`</ServerId></Fetch></Response></ItemOperations>`)
	for name, first := range map[string][]byte{
		"142": statusOf(t, "ItemOperations", "142"), "138": statusOf(t, "ItemOperations", "138"), "142 in a long document": long,
	} {
		for _, parts := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, multipart %v", name, parts), func(t *testing.T) {
				b := &backend{t: t}
				b.respond = func(r *http.Request, command string, n int) *http.Response {
					if command == "ItemOperations" && r.Header.Get("MS-ASAcceptMultiPart") != "T" {
						t.Error("no multipart response is requested")
					}
					switch {
					case command == "OPTIONS":
						return reply1(200, nil, "MS-ASProtocolVersions", "14.1")
					case command == "ItemOperations" && n == 1 && parts:
						return reply1(200, multipart(first), "Content-Type", "application/vnd.ms-sync.multipart")
					case command == "ItemOperations" && n == 1:
						return reply1(200, first)
					case command == "ItemOperations":
						return reply1(200, fromXML(t, `<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>1</Status><FileReference xmlns="AirSyncBase">x</FileReference>
							<Properties><ContentType xmlns="AirSyncBase">text/plain</ContentType><Data>aGVsbG8=</Data></Properties></Fetch></Response></ItemOperations>`))
					}
					return nil
				}
				var out strings.Builder
				if _, err := restored(b).FetchAttachment(t.Context(), "x", &out, nil); err != nil || out.String() != "hello" {
					t.Errorf("FetchAttachment = %q, %v", &out, err)
				}
			})
		}
	}
}

// Two clients of one device that provision at once: the server accepts the acknowledgement of
// the later one alone, and both get through.
func TestTwoClientsProvisionAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		tn := eastest.New(t, &eastest.Options{})
		tn.AddMailbox(ada)
		var all sync.WaitGroup
		for range 4 {
			c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
			all.Go(func() {
				if _, err := c.Provision(t.Context()); err != nil {
					t.Errorf("Provision = %v", err)
				}
			})
		}
		all.Wait()
	}
	synctest.Test(t, func(t *testing.T) { // a server that is never content is not asked for ever
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>5</Status></Policy></Policies></Provision>`))
			}
			return nil
		}
		var e *eas.Error
		if _, err := b.client().Provision(t.Context()); !errors.As(err, &e) || e.Status != 5 || len(b.of("Provision")) != 5 {
			t.Errorf("Provision = %v after %d requests", err, len(b.of("Provision")))
		}
	})
}

// What servers may do a little differently from Exchange.
func TestLenience(t *testing.T) {
	policy := func(key string) []byte {
		if key != "" {
			key = "<PolicyKey>" + key + "</PolicyKey>"
		}
		return fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status>`+key+`</Policy></Policies></Provision>`)
	}
	for _, tt := range []struct {
		name    string
		respond func(command string, n int) *http.Response
		key     string
		compact bool
	}{
		{"a policy key that is not a number", func(command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, policy("{4F2A-11}x"))
			}
			return nil
		}, "{4F2A-11}x", false},
		{"the same with the compact query", func(command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, policy("99999999999"))
			}
			return nil
		}, "99999999999", true},
		{"an acknowledgement without key", func(command string, n int) *http.Response {
			switch {
			case command == "Provision" && n == 1:
				return reply1(200, policy("4711"))
			case command == "Provision":
				return reply1(200, policy(""))
			}
			return nil
		}, "4711", false},
		{"OPTIONS 204", func(command string, _ int) *http.Response {
			if command == "OPTIONS" {
				return reply1(204, nil, "MS-ASProtocolVersions", "14.1")
			}
			return nil
		}, "", false},
		{"CR LF behind the document", func(command string, _ int) *http.Response {
			switch command {
			case "FolderSync":
				return reply1(200, append(captured(t, "hstern-foldersync-response-empty"), "\r\n"...))
			case "Provision":
				return reply1(200, append(policy("5"), "\r\n\r\n"...))
			}
			return nil
		}, "5", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{t: t}
			b.respond = func(r *http.Request, command string, n int) *http.Response {
				if raw := r.URL.RawQuery; command == "" && strings.HasPrefix(raw, "oRQ") { // 16.1, Provision
					command = "Provision"
				}
				return tt.respond(command, n)
			}
			c := b.client()
			c.Base64Query = tt.compact
			if _, err := c.FolderSync(t.Context(), "0"); err != nil && !tt.compact {
				t.Fatalf("FolderSync = %v", err)
			}
			if got := c.State().PolicyKey; got != tt.key {
				t.Errorf("policy key %q, want %q", got, tt.key)
			}
			last := b.calls[len(b.calls)-1]
			if got := last.header.Get("X-MS-PolicyKey"); got != tt.key {
				t.Errorf("X-MS-PolicyKey %q, want %q", got, tt.key)
			}
		})
	}
	for _, key := range []string{"a b", "a\nb", "ä", strings.Repeat("1", 300)} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, policy(key))
			}
			return nil
		}
		if _, err := b.client().FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrUnexpectedContent) {
			t.Errorf("policy key %q: %v", key, err)
		}
	}
}

// A body that trickles behind a status does not hold the command that the status has ended.
func TestS011TricklingBodies(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503, 403, 451, 449} {
		t.Run(fmt.Sprint(status), func(t *testing.T) { t.Parallel(); trickle(t, status) })
	}
}

func trickle(t *testing.T, status int) {
	stop := make(chan struct{})
	c := serving(t, eas.Version161, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		for {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-stop:
				return
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	start := time.Now()
	if _, err := c.FolderSync(t.Context(), "0"); err == nil {
		t.Errorf("%d: nil", status)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("%d: it took %v", status, d)
	}
	close(stop)
}

// Retry-After may be a date, by the clock of the server.
func TestRetryAfterDate(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, _ int) *http.Response {
		if command == "FolderSync" {
			return reply1(503, nil, "Retry-After", "Sun, 01 Mar 2026 12:01:30 GMT", "Date", "Sun, 01 Mar 2026 12:01:00 GMT")
		}
		return nil
	}
	var e *eas.Error
	if _, err := b.client().FolderSync(t.Context(), "0"); !errors.As(err, &e) || e.RetryAfter != 30*time.Second {
		t.Errorf("FolderSync = %v", err)
	}
}

// A redirect of HTTP is one that is not followed, whatever its number.
func TestRedirectsAreErrRedirected(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308, 451} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "FolderSync" {
				return reply1(status, nil, "Location", "https://elsewhere.contoso.com/login?user=ada")
			}
			return nil
		}
		var e *eas.Error
		_, err := b.client().FolderSync(t.Context(), "0")
		if !errors.Is(err, eas.ErrRedirected) || !errors.As(err, &e) || e.Location == nil || e.Location.Host != "elsewhere.contoso.com" {
			t.Errorf("status %d: %v", status, err)
		}
		if strings.Contains(fmt.Sprint(err), "ada") {
			t.Errorf("the error tells the query: %v", err)
		}
	}
	for _, status := range []int{300, 304, 305} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "FolderSync" {
				return reply1(status, nil)
			}
			return nil
		}
		if _, err := b.client().FolderSync(t.Context(), "0"); err == nil || errors.Is(err, eas.ErrRedirected) {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

// A token that a person must sign in for takes as long as the person is given: the Timeout is
// that of the exchange.
func TestSignInIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{t: t}
		c := b.client()
		var asked atomic.Int32
		c.Token = bearer.SourceFunc(func(ctx context.Context) (*oauth2.Token, error) {
			if asked.Add(1) == 1 {
				select {
				case <-time.After(14 * time.Minute):
				case <-ctx.Done():
					return nil, context.Cause(ctx)
				}
			}
			return &oauth2.Token{AccessToken: "x"}, nil
		})
		start := time.Now()
		for _, err := range together(t.Context(), c, 5) {
			if err != nil {
				t.Errorf("FolderSync = %v", err)
			}
		}
		if d := time.Since(start); d != 14*time.Minute {
			t.Errorf("it took %v", d)
		}
		// The exchange itself has its time, counted without the wait.
		asked.Store(0)
		b.respond = func(r *http.Request, command string, _ int) *http.Response { <-r.Context().Done(); return nil }
		start = time.Now()
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 16*time.Minute {
			t.Errorf("FolderSync = %v after %v", err, time.Since(start))
		}
	})
}

// A server that gives a new policy key each time, and accepts none, is not provisioned for
// ever.
func TestS111PolicyKeyThatAlwaysChanges(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		switch command {
		case "Provision":
			return reply1(200, fromXML(t, fmt.Sprintf(`<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><Status>1</Status><PolicyKey>%d</PolicyKey></Policy></Policies></Provision>`, n)))
		case "FolderSync":
			return reply1(449, nil)
		}
		return nil
	}
	if _, err := b.client().FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrProvisionRequired) {
		t.Errorf("FolderSync = %v", err)
	}
	if f, p := len(b.of("FolderSync")), len(b.of("Provision")); f != 3 || p != 6 {
		t.Errorf("%d FolderSync and %d Provision, want 3 and 6", f, p)
	}
}
