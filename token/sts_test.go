package token_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

const (
	clientID    = "11111111-2222-3333-4444-555555555555"
	tenantID    = "5de110f8-2e0f-4d45-891d-bcf2218e253d"
	endpointURL = "https://mail.contoso.com/Microsoft-Server-ActiveSync"
	v1Authority = "https://login.windows.net/common/oauth2/authorize"
)

var endpoint = mustURL(endpointURL)

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// An sts is a small authority in the likeness of Entra, reached without a network: its
// Client sends every request to it. It hands out the refresh tokens rt1, rt2, …
type sts struct {
	base      string // "https://login.microsoftonline.com"
	issuer    string // of the metadata and, filled in, of tokens
	audience  string // of access tokens; "" makes them opaque
	lifetime  time.Duration
	strict    bool          // a second use of a refresh token ends the grant
	idle      time.Duration // after which a refresh token dies; 0 never
	noRotate  bool
	extra     map[string]any // further members of token answers
	metadata  func(m map[string]any)
	intercept func(w http.ResponseWriter, r *http.Request) bool // true: answered
	delay     time.Duration

	mu       sync.Mutex
	issued   int
	tokens   map[string]*refreshState
	dead     bool
	codes    map[string]url.Values
	requests []*http.Request // with their forms parsed
}

type refreshState struct {
	used    bool
	issued  time.Time
	revoked bool
}

func newSTS() *sts {
	return &sts{
		base:     "https://login.microsoftonline.com",
		issuer:   "https://login.microsoftonline.com/{tenantid}/v2.0",
		audience: "https://mail.contoso.com",
		lifetime: time.Hour,
		tokens:   map[string]*refreshState{},
		codes:    map[string]url.Values{},
	}
}

func (s *sts) Client() *http.Client { return &http.Client{Transport: s} }

// RoundTrip answers as a server would, and returns when the context ends even if the
// server has not answered.
func (s *sts) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	done := make(chan struct{})
	served := req.Clone(context.WithoutCancel(req.Context()))
	served.RequestURI = req.URL.RequestURI()
	go func() {
		defer close(done)
		if s.delay > 0 {
			time.Sleep(s.delay)
		}
		s.ServeHTTP(rec, served)
	}()
	select {
	case <-done:
		resp := rec.Result()
		resp.Request = req
		if n, err := strconv.Atoi(rec.Header().Get("Content-Length")); err == nil && n > rec.Body.Len() {
			resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
		return resp, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func (s *sts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	s.mu.Lock()
	s.requests = append(s.requests, r)
	intercept := s.intercept
	s.mu.Unlock()
	if intercept != nil && intercept(w, r) {
		return
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		m := map[string]any{
			"issuer":                           s.issuer,
			"authorization_endpoint":           s.base + "/common/oauth2/v2.0/authorize",
			"token_endpoint":                   s.base + "/common/oauth2/v2.0/token",
			"device_authorization_endpoint":    s.base + "/common/oauth2/v2.0/devicecode",
			"jwks_uri":                         s.base + "/common/discovery/v2.0/keys",
			"response_modes_supported":         []string{"query", "fragment"},
			"code_challenge_methods_supported": []string{"plain"},
		}
		if s.metadata != nil {
			s.metadata(m)
		}
		writeJSON(w, 200, m)
	case strings.HasSuffix(path, "/keys"):
		writeJSON(w, 200, map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", s.issuer)}})
	case strings.HasSuffix(path, "/token"):
		s.token(w, r)
	case strings.HasSuffix(path, "/devicecode"):
		writeJSON(w, 200, map[string]any{
			"device_code": "dc-secret-1", "user_code": "ABCD-EFGH", "verification_uri": "https://microsoft.com/devicelogin",
			"expires_in": 900, "interval": 5, "message": "To sign in, type ABCD-EFGH",
		})
	default:
		http.NotFound(w, r)
	}
}

func (s *sts) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := ""
	switch r.Form.Get("grant_type") {
	case "refresh_token":
		old := r.Form.Get("refresh_token")
		st := s.tokens[old]
		switch {
		case st == nil || s.dead || st.revoked:
			aadsts(w, 400, "invalid_grant", 50173)
			return
		case s.strict && st.used:
			s.dead = true
			writeJSON(w, 400, map[string]any{"error": "invalid_grant", "suberror": "bad_token"})
			return
		case s.idle > 0 && time.Since(st.issued) >= s.idle:
			aadsts(w, 400, "invalid_grant", 700082)
			return
		}
		st.used = true
	case "authorization_code":
		q := s.codes[r.Form.Get("code")]
		if q == nil || q.Get("code_challenge") != oauth2.S256ChallengeFromVerifier(r.Form.Get("code_verifier")) ||
			q.Get("redirect_uri") != r.Form.Get("redirect_uri") {
			aadsts(w, 400, "invalid_grant", 70000)
			return
		}
		delete(s.codes, r.Form.Get("code"))
		nonce = q.Get("nonce")
	}
	writeJSON(w, 200, s.grant(nonce))
}

// grant makes a token answer. s.mu is held.
func (s *sts) grant(nonce string) map[string]any {
	s.issued++
	now := time.Now()
	m := map[string]any{
		"token_type": "Bearer", "expires_in": int(s.lifetime.Seconds()), "scope": "https://mail.contoso.com/EAS.AccessAsUser.All",
		"access_token": fmt.Sprintf("opaque-%d", s.issued),
	}
	iss := strings.Replace(s.issuer, "{tenantid}", tenantID, 1)
	if s.audience != "" {
		m["access_token"] = readable(map[string]any{
			"aud": s.audience, "iss": iss, "tid": tenantID, "exp": now.Add(s.lifetime).Unix(), "iat": now.Unix(), "jti": s.issued,
			"scp": "EAS.AccessAsUser.All", "ver": "2.0",
		})
	}
	if !s.noRotate || len(s.tokens) == 0 {
		rt := fmt.Sprintf("rt-secret-%d", s.issued)
		s.tokens[rt] = &refreshState{issued: now}
		m["refresh_token"] = rt
	}
	if nonce != "" {
		m["id_token"] = sign(map[string]any{
			"aud": clientID, "iss": iss, "tid": tenantID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce,
			"oid": "oid-1", "preferred_username": "ada@contoso.com", "ver": "2.0",
		})
	}
	for k, v := range s.extra {
		m[k] = v
	}
	return m
}

// signIn makes a grant as a Flow.
func (s *sts) SignIn(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
	s.mu.Lock()
	m := s.grant("")
	rt, _ := m["refresh_token"].(string)
	s.mu.Unlock()
	return &oauth2.Token{AccessToken: m["access_token"].(string), RefreshToken: rt, Expiry: time.Now().Add(s.lifetime)}, nil
}

// posts returns how many requests came to the token endpoint.
func (s *sts) posts() int { return s.count("/token") }

func (s *sts) count(suffix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.HasSuffix(r.URL.Path, suffix) {
			n++
		}
	}
	return n
}

func (s *sts) last() url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[len(s.requests)-1].Form
}

// posted returns the form of the last request whose path has the suffix.
func (s *sts) posted(suffix string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.requests) - 1; i >= 0; i-- {
		if strings.HasSuffix(s.requests[i].URL.Path, suffix) {
			return s.requests[i].Form
		}
	}
	return nil
}

func (s *sts) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// config is what Configure makes of the challenge of seed's Exchange.
func (s *sts) config(t testing.TB) *token.Config {
	t.Helper()
	c, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: v1Authority}, endpoint, &token.Options{HTTPClient: s.Client()})
	if err != nil {
		t.Fatalf("Configure: %v", err)
	}
	return c
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// aadsts answers as Entra does, with an address in the description.
func aadsts(w http.ResponseWriter, status int, code string, number int) {
	writeJSON(w, status, map[string]any{
		"error": code, "error_codes": []int{number}, "timestamp": "2026-03-01 12:00:00Z",
		"error_description": fmt.Sprintf("AADSTS%d: The grant of user ada@contoso.com is not valid.", number),
		"trace_id":          "0000aaaa-11bb-cccc-dd22-eeeeee333333", "correlation_id": "aaaa0000-bb11-2222-33cc-444444dddddd",
	})
}

func sign(claims map[string]any) string { return signWith(jose.RS256, signingKey(), "k1", claims) }

func signWith(alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	o := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		o = o.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		panic(err)
	}
	b, _ := json.Marshal(claims)
	jws, err := signer.Sign(b)
	if err != nil {
		panic(err)
	}
	s, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return s
}

// readable makes an access token for clients, which have no use for its signature.
func readable(claims map[string]any) string {
	b, _ := json.Marshal(claims)
	return unsigned(`{"alg":"RS256","kid":"k1","typ":"JWT"}`, string(b))
}

// unsigned makes a JWT of any header and payload.
func unsigned(header, payload string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(payload)) + "." + e([]byte("sig"))
}

func jwk(key any, kid, issuer string) map[string]any {
	b, err := (&jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: "RS256", Use: "sig"}).MarshalJSON()
	if err != nil {
		panic(err)
	}
	var m map[string]any
	json.Unmarshal(b, &m)
	if issuer != "" {
		m["issuer"] = issuer
	}
	return m
}
