package peers

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

const (
	clientID = "11111111-2222-3333-4444-555555555555"
	tenantID = "5de110f8-2e0f-4d45-891d-bcf2218e253d"
	issuer   = "https://login.microsoftonline.com/" + tenantID + "/v2.0"
	scope    = "https://mail.contoso.com/EAS.AccessAsUser.All"
)

var endpoint = &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key()}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "k1"))
	if err != nil {
		panic(err)
	}
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
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

func accessToken(lifetime time.Duration) string {
	now := time.Now()
	return sign(map[string]any{
		"aud": "https://mail.contoso.com", "iss": issuer, "tid": tenantID, "exp": now.Add(lifetime).Unix(), "iat": now.Unix(),
		"nbf": now.Unix(), "scp": "EAS.AccessAsUser.All", "ver": "2.0", "oid": "oid-1", "appid": clientID, "upn": "ada@contoso.com",
	})
}

// An entra answers as Microsoft Entra ID does, without a network. It counts the requests for
// tokens, and can be down.
type entra struct {
	lifetime time.Duration
	delay    time.Duration
	down     atomic.Bool
	posts    atomic.Int64
}

func (e *entra) RoundTrip(r *http.Request) (*http.Response, error) {
	var answer any
	status := 200
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		base := "https://login.microsoftonline.com/" + tenantID
		answer = map[string]any{
			"issuer": issuer, "authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token",
			"device_authorization_endpoint": base + "/oauth2/v2.0/devicecode", "jwks_uri": base + "/discovery/v2.0/keys",
		}
	case strings.HasSuffix(r.URL.Path, "/keys"):
		answer = map[string]any{"keys": []any{jose.JSONWebKey{Key: &key().PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}}
	default:
		e.posts.Add(1)
		io.Copy(io.Discard, r.Body)
		time.Sleep(e.delay)
		if e.down.Load() {
			status, answer = 503, map[string]any{"error": "temporarily_unavailable"}
			break
		}
		now := time.Now()
		info := base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"oid-1","utid":"` + tenantID + `"}`))
		answer = map[string]any{
			"token_type": "Bearer", "expires_in": int(e.lifetime.Seconds()), "scope": scope, "access_token": accessToken(e.lifetime),
			"refresh_token": rand.Text(), "client_info": info, "id_token": sign(map[string]any{
				"aud": clientID, "iss": issuer, "tid": tenantID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "oid": "oid-1",
				"preferred_username": "ada@contoso.com", "ver": "2.0", "sub": "s"}),
		}
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(b))), ContentLength: int64(len(b)), Request: r}, nil
}

func (e *entra) Do(r *http.Request) (*http.Response, error) { return e.RoundTrip(r) }
func (e *entra) CloseIdleConnections()                      {}
func (e *entra) Client() *http.Client                       { return &http.Client{Transport: e} }

// A holder hands out access tokens, each library in its way, and has been signed in.
type holder struct {
	name string
	get  func(context.Context) error
}

func holders(tb testing.TB, e *entra) []holder {
	config, err := token.Configure(tb.Context(), clientID, &bearer.Offer{AuthorizationURI: "https://login.microsoftonline.com/" + tenantID + "/oauth2/authorize"},
		endpoint, &token.Options{HTTPClient: e.Client()})
	if err != nil {
		tb.Fatal(err)
	}
	first := func() *oauth2.Token {
		return &oauth2.Token{AccessToken: accessToken(e.lifetime), RefreshToken: rand.Text(), Expiry: time.Now().Add(e.lifetime)}
	}
	source := &token.Source{Config: config, Early: -1, Flow: flow(first)}
	if _, err := source.SignIn(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx := context.WithValue(tb.Context(), oauth2.HTTPClient, e.Client())
	reuse := (&oauth2.Config{ClientID: clientID, Endpoint: oauth2.Endpoint{
		TokenURL: config.Authority.TokenEndpoint.String(), AuthStyle: oauth2.AuthStyleInParams}}).TokenSource(ctx, first())
	msal, err := public.New(clientID, public.WithAuthority("https://login.microsoftonline.com/"+tenantID), public.WithHTTPClient(e), public.WithInstanceDiscovery(false))
	if err != nil {
		tb.Fatal(err)
	}
	result, err := msal.AcquireTokenByAuthCode(tb.Context(), "code", "http://localhost", []string{scope})
	if err != nil {
		tb.Fatal(err)
	}
	return []holder{
		{"easoauth", func(ctx context.Context) error { _, err := source.Token(ctx); return err }},
		{"x/oauth2", func(context.Context) error { _, err := reuse.Token(); return err }},
		{"MSAL", func(ctx context.Context) error {
			_, err := msal.AcquireTokenSilent(ctx, []string{scope}, public.WithSilentAccount(result.Account))
			return err
		}},
	}
}

type flow func() *oauth2.Token

func (f flow) SignIn(context.Context, *token.Config) (*oauth2.Token, error) { return f(), nil }

// BenchmarkHit asks for a token that is good, with 1,000 goroutines contending.
func BenchmarkHit(b *testing.B) {
	for _, h := range holders(b, &entra{lifetime: 10 * time.Hour}) {
		b.Run(h.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(1000 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := h.get(b.Context()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// TestStorm has 200 goroutines ask at the expiry of a token, while the authority is up and
// while it is down, and counts the requests. That of this library is 1 in either case.
func TestStorm(t *testing.T) {
	const callers = 200
	for _, down := range []bool{false, true} {
		e := &entra{lifetime: time.Second, delay: 10 * time.Millisecond}
		all := holders(t, e)
		time.Sleep(1100 * time.Millisecond)
		e.lifetime = time.Hour
		for i, h := range all {
			e.down.Store(down)
			e.posts.Store(0)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() { _ = h.get(t.Context()) })
			}
			wg.Wait()
			t.Logf("authority down %-5v  %-9s %d requests for %d callers", down, h.name, e.posts.Load(), callers)
			if i == 0 && e.posts.Load() != 1 {
				t.Errorf("%d requests, want 1", e.posts.Load())
			}
			e.down.Store(false)
		}
	}
}

// BenchmarkVerify verifies one access token with warm keys. Only the first checks tenant,
// scope, the origin of the audience and the issuer of the key as well.
func BenchmarkVerify(b *testing.B) {
	e := &entra{lifetime: time.Hour}
	raw := accessToken(time.Hour)
	a, err := token.Discover(b.Context(), "https://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/authorize", &token.Options{HTTPClient: e.Client()})
	if err != nil {
		b.Fatal(err)
	}
	ours := &token.Verifier{Authority: a, Endpoint: endpoint, HTTPClient: e.Client()}
	oidcVerifier := oidc.NewVerifier(issuer, oidc.NewRemoteKeySet(oidc.ClientContext(b.Context(), e.Client()), a.KeysEndpoint.String()),
		&oidc.Config{ClientID: "https://mail.contoso.com"})
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithAudience("https://mail.contoso.com"), jwt.WithExpirationRequired())
	for _, bb := range []struct {
		name   string
		verify func() error
	}{
		{"easoauth", func() error { _, err := ours.Verify(b.Context(), raw); return err }},
		{"go-oidc", func() error { _, err := oidcVerifier.Verify(b.Context(), raw); return err }},
		{"golang-jwt", func() error {
			_, err := parser.Parse(raw, func(*jwt.Token) (any, error) { return &key().PublicKey, nil })
			return err
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bb.verify(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInspect reads the claims of a token without verifying it.
func BenchmarkInspect(b *testing.B) {
	raw := accessToken(time.Hour)
	parser := jwt.NewParser()
	b.Run("easoauth", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := token.Inspect(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("golang-jwt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := parser.ParseUnverified(raw, jwt.MapClaims{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
