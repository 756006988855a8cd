package token_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

func FuzzParseAuthority(f *testing.F) {
	for _, s := range []string{v1Authority, "https://login.windows.net.evil.example/", "https://a@login.windows.net/", "https://login.windows.net:444/",
		`https://login.windows.net\@evil.example/`, "https://lоgin.windows.net/", "https://fs.contoso.com/adfs/x", "http://127.0.0.1/adfs", "https://login.windows.net/%2e%2e/x"} {
		f.Add(s)
	}
	trusted := map[string]bool{"fs.contoso.com": true, "login.microsoftonline.com": true, "login.partner.microsoftonline.cn": true,
		"login.microsoftonline.de": true, "login.microsoftonline.us": true, "login-us.microsoftonline.com": true,
		"login.sovcloud-identity.fr": true, "login.sovcloud-identity.de": true, "login.sovcloud-identity.sg": true}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := token.ParseAuthority(s, &token.Options{TrustedAuthorities: []string{"fs.contoso.com"}})
		if err != nil {
			if !errors.Is(err, token.ErrUntrustedAuthority) {
				t.Fatalf("ParseAuthority(%q) = %v", s, err)
			}
			if strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Fatalf("error %q holds control characters", err)
			}
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.User != nil || !trusted[a.Host] {
			t.Fatalf("ParseAuthority(%q) trusts %v", s, a)
		}
		if strings.ContainsAny(a.Tenant, "/%?#{}@:\\") {
			t.Fatalf("ParseAuthority(%q): tenant %q", s, a.Tenant)
		}
	})
}

// FuzzTokenResponse: whatever the authority responds, a refresh either brings a token that
// runs out, or a typed error, and the record is never left without a refresh token unless
// the authority ended the sign-in.
func FuzzTokenResponse(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"at","token_type":"Bearer","refresh_token":"rt2","expires_in":"3599.5"}`))
	f.Add(200, []byte(`{"access_token":"at","expires_on":"1e999","refresh_in":-1}`))
	f.Add(200, []byte(`{"refresh_token":"rt2"}`))
	f.Add(400, []byte(`{"error":"invalid_grant","error_codes":[700082],"claims":"{}"}`))
	f.Add(400, []byte("{\"error\":\"x\x1b\",\"suberror\":\"\\u202e\"}"))
	f.Add(503, []byte(`<html>`))
	f.Add(201, []byte("\ufeff {\"refresh_token\":\"rt2\",\"access_token\":\"at\"}<!-- -->"))
	f.Add(200, []byte(`{"refresh_token":"rt2","access_token":"a`))
	f.Add(500, []byte(`{"error":"invalid_grant","suberror":"bad_token"}`))
	s := newSTS()
	cfg := s.config(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		s.set(func() {
			s.requests = nil
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				w.WriteHeader(status)
				w.Write(body)
				return true
			}
		})
		store := &token.MemoryStore{}
		src := &token.Source{Config: cfg, Store: store, Key: "k", AllowAudience: func(*token.AudienceError) error { return nil },
			Flow: flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
				return &oauth2.Token{AccessToken: "first", RefreshToken: "rt-first"}, nil
			})}
		first, err := src.SignIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		src.Flow = nil
		tok, err := src.Refresh(t.Context(), first, nil)
		var (
			re *token.ReauthError
			ce *token.ConfigError
			te *token.TransientError
		)
		switch {
		case err == nil:
			if tok.Expiry.IsZero() || time.Until(tok.Expiry) > 367*24*time.Hour || tok.AccessToken == "" || strings.ContainsAny(tok.AccessToken, "\r\n ") {
				t.Fatalf("token %+v", tok)
			}
		case !errors.As(err, &re) && !errors.As(err, &ce) && !errors.As(err, &te) && !errors.Is(err, token.ErrNotPersisted):
			t.Fatalf("Refresh = %v, want a typed error", err)
		case strings.ContainsFunc(err.Error(), unicode.IsControl):
			t.Fatalf("error %q holds control characters", err)
		}
		r, err := store.Load(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		if r.RefreshToken == "" && (re == nil || r.Ended == "" || re.Code != "invalid_grant" || re.Suberror != "bad_token" && endings[re.AADSTS] == "") {
			t.Fatalf("the refresh token was lost to %d %q", status, body)
		}
	})
}

// FuzzVerifySignature: what the Verifier takes for signed, an independent implementation
// does too, and reads the same payload.
func FuzzVerifySignature(f *testing.F) {
	good := sign(accessClaims(nil))
	parts := strings.Split(good, ".")
	f.Add(good)
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add(parts[0] + "==." + parts[1] + "." + parts[2])
	f.Add(good + "A")
	f.Add(unsigned(`{"alg":"RS256","kid":"k1","crit":["x"],"x":1}`, `{}`))
	f.Add(unsigned(`{"alg":"RS256","alg":"none"}`, `{}`))
	f.Add("..")
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return false
		}
		writeJSON(w, 200, map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", "")}})
		return true
	}
	v := &token.Verifier{Authority: s.config(f).Authority, Endpoint: endpoint}
	f.Fuzz(func(t *testing.T, raw string) {
		payload, err := v.VerifySignature(t.Context(), raw)
		if err != nil {
			return
		}
		jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatalf("%q holds, and go-jose says %v", raw, err)
		}
		if want, err := jws.Verify(&signingKey().PublicKey); err != nil || string(want) != string(payload) {
			t.Fatalf("%q holds with payload %q, and go-jose says %q, %v", raw, payload, want, err)
		}
	})
}

func FuzzDecodeClaims(f *testing.F) {
	f.Add(`{"access_token":{"nbf":{"essential":true}}}`)
	f.Add("eyJhIjoxfQ==")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := token.DecodeClaims(s)
		if err != nil {
			if !errors.Is(err, token.ErrClaims) {
				t.Fatalf("DecodeClaims = %v", err)
			}
			return
		}
		if !strings.HasPrefix(c, "{") || len(c) > 16<<10 {
			t.Fatalf("DecodeClaims(%q) = %q", s, c)
		}
		if again, err := token.DecodeClaims(c); err != nil || again != c {
			t.Fatalf("DecodeClaims(%q) = %q, %v", c, again, err)
		}
	})
}
