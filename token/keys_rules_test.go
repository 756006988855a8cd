package token

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A respond is a transport that responds by itself.
type respond func(*http.Request) (*http.Response, error)

func (f respond) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func responseOf(status int, body string, h http.Header) *http.Response {
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// When keys are requested: at first, when a token fits none of those that are 30 seconds old,
// and when they are a day old. What fails meanwhile costs nothing while they are younger.
func TestKeysAreLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests, fail := 0, error(nil)
		s := &keySet{authority: &Authority{Kind: OpenID, Host: "h"}, url: &url.URL{Scheme: "https", Host: "h", Path: "/keys"}, client: &http.Client{Transport: respond(func(r *http.Request) (*http.Response, error) {
			requests++
			time.Sleep(time.Second)
			if fail != nil {
				return nil, fail
			}
			return responseOf(200, `{"keys":[]}`, nil), nil
		})}}
		begin := time.Now()
		fetched := begin.Add(time.Second)
		at := func(d time.Duration) { time.Sleep(time.Until(begin.Add(d))) }
		load := func(after time.Time, want int, ok bool) {
			t.Helper()
			before := requests
			snap, err := s.load(t.Context(), after)
			if (err == nil) != ok || requests-before != want || ok && snap.at.IsZero() {
				t.Errorf("after %v: %v with keys of %v, and %d requests; want ok = %v and %d", time.Since(begin), err, snap.at, requests-before, ok, want)
			}
		}
		load(time.Time{}, 1, true)
		load(time.Time{}, 0, true)
		load(fetched, 0, true) // too soon
		at(keysMinInterval - 1)
		load(fetched, 0, true)
		at(keysMinInterval)
		load(fetched, 1, true)
		fetched = fetched.Add(keysMinInterval)
		load(fetched.Add(-1), 0, true) // younger than asked for
		fail = errors.New("no network")
		at(2 * keysMinInterval)
		load(fetched, 1, true) // the old ones are good
		at(keysMinInterval + time.Second + keysMaxAge - 1)
		load(time.Time{}, 0, true)
		at(keysMinInterval + time.Second + keysMaxAge)
		load(time.Time{}, 1, false)
		load(time.Time{}, 0, false)
		fail = nil
		time.Sleep(keysMinInterval)
		load(time.Time{}, 1, true)

		// Those who come at once share a request, and each leaves with its context.
		time.Sleep(keysMaxAge)
		before := requests
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		done := make(chan error)
		for range 3 {
			go func() { _, err := s.load(t.Context(), time.Time{}); done <- err }()
		}
		if _, err := s.load(ctx, time.Time{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("load = %v, want DeadlineExceeded", err)
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if requests-before != 1 {
			t.Errorf("%d requests for four callers, want 1", requests-before)
		}
	})
}

// Keys that have never been there are an error, which says why.
func TestKeysThatAreNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("no network")
		s := &keySet{authority: &Authority{Kind: OpenID, Host: "h"}, url: &url.URL{Scheme: "https", Host: "h"}, client: &http.Client{Transport: respond(func(*http.Request) (*http.Response, error) { return nil, down })}}
		for range 3 {
			if _, err := s.load(t.Context(), time.Time{}); !errors.Is(err, down) {
				t.Errorf("load = %v, want the error of the network", err)
			}
		}
	})
}

// Which keys may have signed a token.
func TestKeysThatFit(t *testing.T) {
	for _, tt := range []struct {
		algorithm, use string
		ops            []string
		want           bool
	}{
		{"", "", nil, true}, {"RS256", "", nil, true}, {"RS384", "", nil, false}, {"", "sig", nil, true}, {"", "enc", nil, false}, {"RS256", "enc", nil, false}, {"RS384", "sig", nil, false},
		{"", "", []string{"verify"}, true}, {"", "", []string{"sign", "verify"}, true}, {"", "", []string{"sign"}, false}, {"", "", []string{}, true},
	} {
		k := publishedKey{ops: tt.ops}
		k.Algorithm, k.Use = tt.algorithm, tt.use
		if got := k.fits("RS256"); got != tt.want {
			t.Errorf("alg %q, use %q, key_ops %q: %v, want %v", tt.algorithm, tt.use, tt.ops, got, tt.want)
		}
	}
	const guid = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		issuer, of, tenant string
		want               bool
	}{
		{"", "https://h/x", "", true}, {"https://h/x", "https://h/x", "", true}, {"https://h/x", "https://h/y", "", false},
		{"https://h/{tenantid}", "https://h/" + guid, guid, true}, {"https://h/{tenantid}", "https://h/" + guid, "x", false}, {"https://h/{tenantid}", "", "x", true},
	} {
		k := publishedKey{issuer: tt.issuer}
		if got := k.signsFor(tt.of, tt.tenant); got != tt.want {
			t.Errorf("a key for %q signs for %q of tenant %q: %v, want %v", tt.issuer, tt.of, tt.tenant, got, tt.want)
		}
	}
}

// A set of keys: what is not a usable key is skipped, and there is an end to their number.
func TestParseKeys(t *testing.T) {
	const key = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k","issuer":"i","key_ops":["verify"]}`
	for _, tt := range []struct {
		in   string
		want int // -1: refused
	}{
		{`{"keys":[` + key + `]}`, 1},
		{`{"keys":[{"kty":"odd"},` + key + `,7,null]}`, 1},
		{`{"keys":[` + strings.Replace(key, `"i"`, `7`, 1) + "," + key + `]}`, 1},
		{`{"keys":[` + strings.Replace(key, `"kid"`, `"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","kid"`, 1) + "," + key + `]}`, 1},
		{`{}`, 0},
		{`[]`, -1},
		{`{"keys":[` + strings.Repeat(key+",", maxKeys-1) + key + `]}`, maxKeys},
		{`{"keys":[` + strings.Repeat(key+",", maxKeys) + key + `]}`, -1},
	} {
		keys, err := parseKeys([]byte(tt.in))
		if (err == nil) != (tt.want >= 0) || err == nil && len(keys) != tt.want {
			t.Errorf("%.60s…: %d keys, %v; want %d", tt.in, len(keys), err, tt.want)
		}
		for _, k := range keys {
			if k.KeyID != "k" || k.issuer != "i" || len(k.ops) != 1 {
				t.Errorf("key %+v", k)
			}
		}
	}
}

// A _claim_names that has no _claim_sources is dropped, and nothing else.
func TestWithoutOverage(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"_claim_names":{"groups":"src1"}}`:                          `{"a":1}`,
		`{"a":1,"_claim_names":{"groups":"src1"},"_claim_sources":{"s":1}}`: `{"a":1,"_claim_names":{"groups":"src1"},"_claim_sources":{"s":1}}`,
		`{ "a" : 1 }`:                     `{ "a" : 1 }`,
		`{"a":"_claim_names"}`:            `{"a":"_claim_names"}`,
		`["_claim_names"]`:                `["_claim_names"]`,
		`{"b":"\"_claim_names\"", "a":1}`: `{"b":"\"_claim_names\"", "a":1}`,
	} {
		if got := withoutOverage([]byte(in)); !bytes.Equal(got, []byte(want)) {
			t.Errorf("withoutOverage(%s) = %s, want %s", in, got, want)
		}
	}
}

// A compact JWS has three parts, of the alphabet alone, and is not too long.
func TestIsCompact(t *testing.T) {
	for raw, want := range map[string]bool{
		"a.b.c": true, "..": true, "a.b": false, "a": false, "": false, "a.b.c.d": false, "a=.b.c": false, "a.b=.c": false, "a.b.c=": false, "a.b.c\n": false,
		"a.b." + strings.Repeat("c", maxToken-4): true, "a.b." + strings.Repeat("c", maxToken-3): false,
	} {
		if isCompact(raw) != want {
			t.Errorf("isCompact(%.20q) of %d bytes = %v", raw, len(raw), !want)
		}
	}
	header := jwt(map[string]any{"a": strings.Repeat("x", 49000)})
	for _, size := range []int{maxToken, maxToken + 1} {
		fill := size - len(header)
		if _, err := Inspect(header + strings.Repeat("A", fill)); (err == nil) != (size == maxToken) {
			t.Errorf("Inspect of %d bytes = %v", size, err)
		}
	}
}

// What a request for a document makes of a response that has none.
func TestStatusError(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{204, "", "token: authority not available: status 204, request re; retry after 7s"},
		{299, "", "token: authority not available: status 299, request re; retry after 7s"},
		{300, "", "token: authority not available: status 300, request re: it redirects, and redirects are not followed; retry after 7s"},
		{399, "", "token: authority not available: status 399, request re: it redirects, and redirects are not followed; retry after 7s"},
		{400, "", "token: authority not available: status 400, request re; retry after 7s"},
		{400, `{"error":"invalid_request"}`, "token: configuration (request): status 400, invalid_request, request re: the authority does not accept the request: check the client ID, the scope and the redirect URI"},
		{400, `{"error":"invalid_request"` + strings.Repeat(" ", 64<<10) + `}`, "token: authority not available: status 400, request re; retry after 7s"},
		{503, `{"error":"temporarily_unavailable"}`, "token: authority not available: status 503, temporarily_unavailable, request re; retry after 7s"},
	} {
		err := statusError(Entra, responseOf(tt.status, tt.body, http.Header{"X-Ms-Request-Id": {"re"}, "Retry-After": {"7"}}))
		if err.Error() != tt.want {
			t.Errorf("status %d with %.30q: %q, want %q", tt.status, tt.body, err, tt.want)
		}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&TransientError{Refusal: Refusal{Status: 404}}, "there is no metadata"}, {&TransientError{Refusal: Refusal{Status: 400}}, "there is no metadata"}, {&TransientError{Refusal: Refusal{Status: 499}}, "there is no metadata"},
		{&TransientError{Refusal: Refusal{Status: 399}}, "was not read"}, {&TransientError{Refusal: Refusal{Status: 500}}, "was not read"}, {&TransientError{Refusal: Refusal{Status: 429}}, "was not read"}, {&TransientError{Refusal: Refusal{Status: 408}}, "was not read"},
		{&TransientError{Refusal: Refusal{Status: 500}, Hint: "said before"}, "said before"}, {&ReauthError{}, "the metadata is refused"}, {errors.New("x"), "not the JSON of OpenID Connect Discovery"},
	} {
		err := (&Authority{Host: "h"}).discoveryError(t.Context(), tt.err)
		var te *TransientError
		if !strings.Contains(err.Error(), tt.want) || (strings.Contains(tt.want, "was not") || tt.want == "said before") != (errors.As(err, &te) && err == error(te)) {
			t.Errorf("%v becomes %T %v, want %q", tt.err, err, err, tt.want)
		}
	}
	req, _ := http.NewRequest("GET", "https://h/x", nil)
	client := &http.Client{Transport: respond(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Accept") != "application/json" {
			t.Errorf("header %v", r.Header)
		}
		return responseOf(200, " \ufeff{}", nil), nil
	})}
	resp, err := limitedTransport{&Authority{Host: "h"}, client}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "{}" || len(req.Header) != 0 {
		t.Errorf("body %q; the header of the request is %v", b, req.Header)
	}
	if _, err := Discover(t.Context(), "x", nil); !errors.Is(err, ErrUntrustedAuthority) {
		t.Errorf("Discover = %v", err)
	}
}

// A token's times and claims, on both sides of each limit.
func TestVerifierLimits(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/x"}
	good := func() *Claims {
		return &Claims{Issuer: "i", Audience: []string{"https://mail.contoso.com"}, Expiry: now.Add(time.Hour), Scope: "a EAS.AccessAsUser.All", Tenant: "T", AppID: "A"}
	}
	verifier := func() *Verifier {
		return &Verifier{Authority: &Authority{Kind: OpenID, Issuer: "i"}, Endpoint: endpoint, resource: "https://mail.contoso.com"}
	}
	const leeway = 5 * time.Minute
	for _, tt := range []struct {
		name   string
		change func(v *Verifier, c *Claims)
		want   VerifyKind // "": accepted
	}{
		{"good", func(v *Verifier, c *Claims) {}, ""},
		{"another issuer", func(v *Verifier, c *Claims) { c.Issuer = "x" }, VerifyIssuer},
		{"no issuer", func(v *Verifier, c *Claims) { c.Issuer, v.Authority.Issuer = "", "" }, VerifyIssuer},
		{"no expiry", func(v *Verifier, c *Claims) { c.Expiry = time.Time{} }, VerifyExpired},
		{"over, within the leeway", func(v *Verifier, c *Claims) { c.Expiry = now.Add(1 - leeway) }, ""},
		{"over", func(v *Verifier, c *Claims) { c.Expiry = now.Add(-leeway) }, VerifyExpired},
		{"over, with a leeway of its own", func(v *Verifier, c *Claims) { v.Leeway, c.Expiry = time.Second, now.Add(-time.Second) }, VerifyExpired},
		{"within a leeway of its own", func(v *Verifier, c *Claims) { v.Leeway, c.Expiry = time.Second, now.Add(1-time.Second) }, ""},
		{"no leeway", func(v *Verifier, c *Claims) { v.Leeway, c.Expiry = -1, now }, VerifyExpired},
		{"no leeway, in time", func(v *Verifier, c *Claims) { v.Leeway, c.Expiry = -1, now.Add(1) }, ""},
		{"more leeway than there is", func(v *Verifier, c *Claims) { v.Leeway, c.Expiry = time.Hour, now.Add(-leeway) }, VerifyExpired},
		{"soon", func(v *Verifier, c *Claims) { c.NotBefore = now.Add(leeway) }, ""},
		{"not yet", func(v *Verifier, c *Claims) { c.NotBefore = now.Add(leeway + 1) }, VerifyNotYet},
		{"issued soon", func(v *Verifier, c *Claims) { c.IssuedAt = now.Add(leeway) }, ""},
		{"issued later", func(v *Verifier, c *Claims) { c.IssuedAt = now.Add(leeway + 1) }, VerifyNotYet},
		{"one of the tenants", func(v *Verifier, c *Claims) { v.Tenants = []string{"x", "t"} }, ""},
		{"none of the tenants", func(v *Verifier, c *Claims) { v.Tenants = []string{"x"} }, VerifyTenant},
		{"one of the clients", func(v *Verifier, c *Claims) { v.Clients = []string{"x", "a"} }, ""},
		{"none of the clients", func(v *Verifier, c *Claims) { v.Clients = []string{"x"} }, VerifyClient},
		{"another audience", func(v *Verifier, c *Claims) { c.Audience = []string{"https://x"} }, VerifyAudience},
		{"another spelling", func(v *Verifier, c *Claims) { c.Audience = []string{"https://MAIL.contoso.com/"} }, ""},
		{"one of the audiences", func(v *Verifier, c *Claims) {
			v.Audiences, c.Audience = []string{"api://y", "api://x"}, []string{"z", "api://x"}
		}, ""},
		{"no permission", func(v *Verifier, c *Claims) { c.Scope = "a" }, VerifyScope},
		{"another permission", func(v *Verifier, c *Claims) { v.Scope = "a" }, ""},
		{"a permission that is lacking", func(v *Verifier, c *Claims) { v.Scope = "b" }, VerifyScope},
	} {
		v, c := verifier(), good()
		tt.change(v, c)
		err := v.check(c, now)
		var ve *VerifyError
		if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &ve) || ve.Kind != tt.want) {
			t.Errorf("%s: %v, want kind %q", tt.name, err, tt.want)
		}
	}
	// Keys that cannot be read are not a signature that does not hold.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	x := errors.New("x")
	for _, tt := range []struct {
		ctx     context.Context
		err     error
		refused bool
	}{{t.Context(), x, true}, {ended, x, false}, {t.Context(), context.DeadlineExceeded, false}, {t.Context(), &TransientError{}, false}} {
		var ve *VerifyError
		if got := errors.As(signatureError(tt.ctx, tt.err), &ve); got != tt.refused {
			t.Errorf("%v refuses the token: %v, want %v", tt.err, got, tt.refused)
		}
	}
	if err := signatureError(ended, nil); err != nil {
		t.Error(err)
	}
	// Which keys are used.
	shared := &keySet{}
	client := &http.Client{}
	a := &Authority{Kind: Entra, Tenant: "t", KeysEndpoint: &url.URL{Scheme: "https", Host: "h", Path: "/keys"}, keys: shared}
	own := &Verifier{Authority: a, HTTPClient: client}
	own.init()
	if own.keys == shared || own.keys.client != client || own.resource != "" || own.v1 == nil || own.v1.url.Path != "/t/discovery/keys" || a.KeysEndpoint.Path != "/keys" || own.keysOf("1.0") != own.v1 || own.keysOf("2.0") != own.keys {
		t.Errorf("keys %+v and %+v", own.keys, own.v1)
	}
	with := &Verifier{Authority: a, Endpoint: endpoint}
	with.init()
	if with.keys != shared || with.resource != "https://mail.contoso.com" {
		t.Errorf("keys %+v, resource %q", with.keys, with.resource)
	}
	plain := &Verifier{Authority: &Authority{Kind: OpenID, KeysEndpoint: a.KeysEndpoint}}
	plain.init()
	if plain.keys == nil || plain.v1 != nil || plain.keysOf("1.0") != plain.keys {
		t.Errorf("keys %+v and %+v", plain.keys, plain.v1)
	}
}
