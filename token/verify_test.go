package token_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// accessClaims are those of a good access token, changed.
func accessClaims(change func(m map[string]any)) map[string]any {
	now := time.Now()
	m := map[string]any{"aud": "https://mail.contoso.com", "iss": "https://login.microsoftonline.com/" + tenantID + "/v2.0", "tid": tenantID,
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "iat": now.Unix(), "scp": "EAS.AccessAsUser.All", "ver": "2.0", "azp": clientID}
	if change != nil {
		change(m)
	}
	return m
}

func verifier(t *testing.T, s *sts) *token.Verifier {
	t.Helper()
	return &token.Verifier{Authority: s.config(t).Authority, Endpoint: endpoint}
}

func TestVerifier(t *testing.T) {
	now := time.Now()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&signingKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(accessClaims(nil))
	parts := strings.Split(good, ".")
	signedWith := func(o *jose.SignerOptions) string { // with a key that the header names
		signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: other}, o)
		b, _ := json.Marshal(accessClaims(nil))
		jws, _ := signer.Sign(b)
		s, _ := jws.CompactSerialize()
		return s
	}
	header := func(h string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(h)) + "." + parts[1] + "." + parts[2]
	}
	for _, tt := range []struct {
		name string
		raw  string
		want token.VerifyKind // "": it holds
		code int
	}{
		{"good", good, "", 0},
		{"several audiences", sign(accessClaims(func(m map[string]any) { m["aud"] = []string{"x", "https://mail.contoso.com/"} })), "", 0},
		{"S083 no key ID", signWith(jose.RS256, signingKey(), "", accessClaims(nil)), "", 0},
		{"expired within the leeway", sign(accessClaims(func(m map[string]any) { m["exp"] = now.Add(-4 * time.Minute).Unix() })), "", 0},
		{"not yet valid within the leeway", sign(accessClaims(func(m map[string]any) { m["nbf"] = now.Add(4 * time.Minute).Unix() })), "", 0},

		{"opaque", "opaque", token.VerifyMalformed, 2000001},
		{"HTML", "<html>", token.VerifyMalformed, 2000001},
		{"none", parts[0] + "." + parts[1] + ".", token.VerifySignature, 2000000},
		{"S075 alg none", unsigned(`{"alg":"none","kid":"k1"}`, string(mustJSON(accessClaims(nil)))), token.VerifySignature, 2000000},
		{"S075 HMAC with the public key", signWith(jose.HS256, spki, "k1", accessClaims(nil)), token.VerifySignature, 2000000},
		{"algorithm of another key type", header(`{"alg":"ES256","kid":"k1"}`), token.VerifySignature, 2000000},
		{"another RSA algorithm than the key's", signWith(jose.PS256, signingKey(), "k1", accessClaims(nil)), token.VerifySignature, 2000000},
		{"foreign key", signWith(jose.RS256, other, "k1", accessClaims(nil)), token.VerifySignature, 2000000},
		{"unknown key", signWith(jose.RS256, other, "k2", accessClaims(nil)), token.VerifySignature, 2000000},
		{"S075 key in the header", signedWith(&jose.SignerOptions{EmbedJWK: true}), token.VerifySignature, 2000000},
		{"S075 jku", signedWith((&jose.SignerOptions{}).WithHeader("jku", "https://evil.example/keys")), token.VerifySignature, 2000000},
		{"S075 x5u", signedWith((&jose.SignerOptions{}).WithHeader("x5u", "https://evil.example/cert")), token.VerifySignature, 2000000},
		{"S075 crit", header(`{"alg":"RS256","kid":"k1","crit":["exp"],"exp":1}`), token.VerifySignature, 2000000},
		{"changed payload", parts[0] + "." + base64.RawURLEncoding.EncodeToString(mustJSON(accessClaims(func(m map[string]any) { m["scp"] = "x" }))) + "." + parts[2], token.VerifySignature, 2000000},
		{"S078 line break", good[:50] + "\n" + good[50:], token.VerifyMalformed, 2000001},
		{"S078 trailing space", good + " ", token.VerifyMalformed, 2000001},
		{"issuer of another tenant", sign(accessClaims(func(m map[string]any) {
			m["iss"] = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/v2.0"
		})), token.VerifySignature, 2000000},
		{"tenant that is no GUID", sign(accessClaims(func(m map[string]any) {
			m["tid"], m["iss"] = "common", "https://login.microsoftonline.com/common/v2.0"
		})), token.VerifySignature, 2000000},
		{"foreign issuer", sign(accessClaims(func(m map[string]any) { m["iss"] = "https://evil.example" })), token.VerifySignature, 2000000},
		{"http audience", sign(accessClaims(func(m map[string]any) { m["aud"] = "http://mail.contoso.com" })), token.VerifyAudience, 2000003},
		{"no audience", sign(accessClaims(func(m map[string]any) { delete(m, "aud") })), token.VerifyAudience, 2000003},
		{"odd audience", sign(accessClaims(func(m map[string]any) { m["aud"] = 7 })), token.VerifyMalformed, 2000001},
		{"expired", sign(accessClaims(func(m map[string]any) { m["exp"] = now.Add(-6 * time.Minute).Unix() })), token.VerifyExpired, 2000002},
		{"S081 no exp", sign(accessClaims(func(m map[string]any) { delete(m, "exp") })), token.VerifyExpired, 2000002},
		{"S081 exp 1e300", sign(accessClaims(func(m map[string]any) { m["exp"] = 1e300 })), token.VerifyMalformed, 2000001},
		{"not yet valid", sign(accessClaims(func(m map[string]any) { m["nbf"] = now.Add(6 * time.Minute).Unix() })), token.VerifyNotYet, 2000002},
		{"S081 from the future", sign(accessClaims(func(m map[string]any) { m["iat"] = now.Add(time.Hour).Unix() })), token.VerifyNotYet, 2000002},
		{"other permissions", sign(accessClaims(func(m map[string]any) { m["scp"] = "Mail.Read" })), token.VerifyScope, 2000008},
		{"another client", sign(accessClaims(func(m map[string]any) { m["azp"] = "x" })), token.VerifyClient, 2000006},
		{"another tenant", sign(accessClaims(func(m map[string]any) {
			m["tid"] = "00000000-0000-0000-0000-000000000001"
			m["iss"] = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/v2.0"
		})), token.VerifyTenant, 2000004},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verifier(t, newSTS())
			v.Tenants, v.Clients = []string{tenantID}, []string{clientID}
			c, err := v.Verify(t.Context(), tt.raw)
			if tt.want == "" {
				if err != nil || c.Tenant != tenantID {
					t.Errorf("Verify = %+v, %v; want it to hold", c, err)
				}
				return
			}
			var ve *token.VerifyError
			if !errors.As(err, &ve) || ve.Kind != tt.want {
				t.Fatalf("Verify = %+v, %v; want kind %q", c, err, tt.want)
			}
			if d := ve.Diagnostics(); d.Code != tt.code || d.Reason == "" || d.Category == "" || bearer.DiagnosticKind(d.Category) != d.Kind() {
				t.Errorf("Diagnostics = %+v, want code %d", d, tt.code)
			}
		})
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// TestSaltLength has RFC 7518 section 3.5 held: the salt of PS256 is as long as the hash.
func TestSaltLength(t *testing.T) {
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return false
		}
		k := jwk(&signingKey().PublicKey, "k1", "")
		k["alg"] = "PS256"
		writeJSON(w, 200, map[string]any{"keys": []any{k}})
		return true
	}
	v := verifier(t, s)
	text := strings.Split(signWith(jose.PS256, signingKey(), "k1", accessClaims(nil)), ".")
	input := text[0] + "." + text[1]
	hash := sha256.Sum256([]byte(input))
	for _, tt := range []struct {
		salt int
		ok   bool
	}{{rsa.PSSSaltLengthEqualsHash, true}, {1, false}, {64, false}, {rsa.PSSSaltLengthAuto, false}} {
		sig, err := rsa.SignPSS(rand.Reader, signingKey(), crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: tt.salt})
		if err != nil {
			t.Fatal(err)
		}
		raw := input + "." + base64.RawURLEncoding.EncodeToString(sig)
		if _, err := v.Verify(t.Context(), raw); (err == nil) != tt.ok {
			t.Errorf("salt length %d: Verify = %v", tt.salt, err)
		}
		payload, err := v.VerifySignature(t.Context(), raw)
		if (err == nil) != tt.ok || tt.ok && !json.Valid(payload) {
			t.Errorf("salt length %d: VerifySignature = %q, %v", tt.salt, payload, err)
		}
	}
}

func TestVerifierOptions(t *testing.T) {
	now := time.Now()
	ctx := t.Context()
	v := verifier(t, newSTS())
	v.Leeway = -1
	var ve *token.VerifyError
	if _, err := v.Verify(ctx, sign(accessClaims(func(m map[string]any) { m["exp"] = now.Add(-time.Minute).Unix() }))); !errors.As(err, &ve) || ve.Kind != token.VerifyExpired {
		t.Errorf("without leeway: %v, want expired", err)
	}
	v = verifier(t, newSTS())
	v.Leeway = time.Hour
	if _, err := v.Verify(ctx, sign(accessClaims(func(m map[string]any) { m["exp"] = now.Add(-6 * time.Minute).Unix() }))); !errors.As(err, &ve) {
		t.Errorf("a leeway of an hour was taken: %v", err)
	}
	v = verifier(t, newSTS())
	v.Audiences, v.Scope = []string{"api://gateway"}, "Gateway.Use"
	if _, err := v.Verify(ctx, sign(accessClaims(func(m map[string]any) { m["aud"], m["scp"] = "api://gateway", "Gateway.Use" }))); err != nil {
		t.Errorf("own audience and scope: %v", err)
	}
	var ce *token.ConfigError
	if _, err := (&token.Verifier{}).Verify(ctx, "x"); !errors.As(err, &ce) {
		t.Errorf("empty Verifier = %v, want *ConfigError", err)
	}
}

// The wording is Exchange's, so that what parses Exchange's parses ours.
func TestVerifyErrorSpeaksLikeExchange(t *testing.T) {
	_, err := verifier(t, newSTS()).Verify(t.Context(), sign(accessClaims(func(m map[string]any) { m["aud"] = "http://mail.contoso.com" })))
	var ve *token.VerifyError
	if !errors.As(err, &ve) {
		t.Fatal(err)
	}
	expected, actual, ok := ve.Diagnostics().Audience()
	if !ok || expected != "https://mail.contoso.com" || actual != "http://mail.contoso.com" {
		t.Errorf("Audience = %q, %q, %v", expected, actual, ok)
	}
}

// Tokens of version 1.0 have an issuer and keys of their own.
func TestVerifierVersion1(t *testing.T) {
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/common/discovery/keys" {
			return false
		}
		writeJSON(w, 200, map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", "https://sts.windows.net/{tenantid}/")}})
		return true
	}
	v := verifier(t, s)
	v1 := accessClaims(func(m map[string]any) {
		m["ver"], m["iss"], m["appid"] = "1.0", "https://sts.windows.net/"+tenantID+"/", clientID
	})
	if _, err := v.Verify(t.Context(), sign(v1)); err != nil {
		t.Errorf("Verify of version 1.0: %v", err)
	}
	// A key that is published for one kind of issuer does not sign for the other.
	v1["ver"] = "2.0"
	if _, err := v.Verify(t.Context(), sign(v1)); err == nil {
		t.Error("a key signed for an issuer that it is not published for")
	}
}

// Tokens of version 1.0 have an issuer of their own in each cloud.
func TestVerifierVersion1OfNationalClouds(t *testing.T) {
	for _, tt := range []struct{ host, issuer string }{
		{"login.microsoftonline.us", "https://sts.windows.net/"},
		{"login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn/"},
	} {
		t.Run(tt.host, func(t *testing.T) {
			s := newSTS()
			s.base, s.issuer = "https://"+tt.host, "https://"+tt.host+"/{tenantid}/v2.0"
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/keys") {
					return false
				}
				writeJSON(w, 200, map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", "")}})
				return true
			}
			a, err := token.Discover(t.Context(), "https://"+tt.host+"/common/oauth2/authorize", &token.Options{HTTPClient: s.Client()})
			if err != nil {
				t.Fatal(err)
			}
			v := &token.Verifier{Authority: a, Endpoint: endpoint}
			for iss, ok := range map[string]bool{tt.issuer + tenantID + "/": true, "https://sts.evil.example/" + tenantID + "/": false} {
				_, err := v.Verify(t.Context(), sign(accessClaims(func(m map[string]any) { m["ver"], m["iss"], m["appid"] = "1.0", iss, clientID })))
				if (err == nil) != ok {
					t.Errorf("issuer %s: %v, want ok = %v", iss, err, ok)
				}
			}
		})
	}
}

func TestVerifierADFS(t *testing.T) {
	s := newSTS()
	s.base, s.issuer = "https://fs.contoso.com/adfs", "https://fs.contoso.com/adfs"
	s.metadata = func(m map[string]any) { m["access_token_issuer"] = "http://fs.contoso.com/adfs/services/trust" }
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return false
		}
		writeJSON(w, 200, map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", "")}})
		return true
	}
	a, err := token.Discover(t.Context(), "https://fs.contoso.com/adfs/oauth2/authorize", &token.Options{HTTPClient: s.Client(), TrustedAuthorities: []string{"fs.contoso.com"}})
	if err != nil {
		t.Fatal(err)
	}
	v := &token.Verifier{Authority: a, Endpoint: endpoint}
	for iss, ok := range map[string]bool{"https://fs.contoso.com/adfs": true, "http://fs.contoso.com/adfs/services/trust": true, "http://evil.example": false} {
		_, err := v.Verify(t.Context(), sign(accessClaims(func(m map[string]any) {
			m["iss"] = iss
			delete(m, "tid")
		})))
		var ve *token.VerifyError
		if (err == nil) != ok || !ok && (!errors.As(err, &ve) || ve.Kind != token.VerifyIssuer) {
			t.Errorf("issuer %s: %v, want ok = %v", iss, err, ok)
		}
	}
}

// However many bad tokens come, the keys are asked for once in 30 seconds; a new key is
// found, and a withdrawn one forgotten.
func TestS083Keys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		v := verifier(t, s)
		second, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		keys := []any{jwk(&signingKey().PublicKey, "k1", s.issuer)}
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/keys") {
				return false
			}
			writeJSON(w, 200, map[string]any{"keys": keys})
			return true
		}
		bad := signWith(jose.RS256, second, "k2", accessClaims(nil))
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), bad); err == nil {
					t.Error("a token signed with an unknown key holds")
				}
			})
		}
		wg.Wait()
		if got := s.count("/keys"); got != 1 {
			t.Errorf("%d requests for keys for 100 bad tokens at once, want 1", got)
		}
		begin := time.Now()
		for time.Since(begin) < 5*time.Minute {
			v.Verify(t.Context(), bad)
			time.Sleep(100 * time.Millisecond)
		}
		if got := s.count("/keys"); got < 9 || got > 11 {
			t.Errorf("%d requests for keys in 5 minutes of bad tokens, want 10 or 11", got)
		}
		keys = append(keys, jwk(&second.PublicKey, "k2", s.issuer))
		time.Sleep(30 * time.Second)
		if _, err := v.Verify(t.Context(), signWith(jose.RS256, second, "k2", accessClaims(nil))); err != nil {
			t.Errorf("token of a new key: %v", err)
		}
		keys = keys[1:]
		time.Sleep(24*time.Hour + time.Second)
		if _, err := v.Verify(t.Context(), sign(accessClaims(nil))); err == nil {
			t.Error("a withdrawn key signs for ever")
		}
	})
}

func TestKeysThatCannotBeHad(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"503":  func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) },
		"HTML": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) },
		"S077 2 MiB": func(w http.ResponseWriter, r *http.Request) { // with the key first
			b := mustJSON(map[string]any{"keys": []any{jwk(&signingKey().PublicKey, "k1", "https://login.microsoftonline.com/{tenantid}/v2.0")}})
			w.Write(append(append(b[:len(b)-1], `,"x":"`...), strings.Repeat("x", 2<<20)+`"}`...))
		},
		"no key": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"keys":[]}`)) },
		"odd keys": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(`{"keys":[1,"x",{"kty":"oct","k":"AAAA","kid":"k1"},{"kty":"RSA","kid":"k1"}]}`))
		},
		"S077 too many": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(`{"keys":[` + strings.Repeat(`{},`, 300) + `{}]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSTS()
			v := verifier(t, s)
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true }
			if c, err := v.Verify(t.Context(), sign(accessClaims(nil))); err == nil {
				t.Errorf("Verify = %+v, want an error", c)
			}
		})
	}
	s := newSTS()
	v := verifier(t, s)
	s.delay = time.Second
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := v.Verify(ctx, sign(accessClaims(nil))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Verify = %v, want DeadlineExceeded", err)
	}
}

// Keys that are marked for another use do not verify.
func TestKeyUse(t *testing.T) {
	for name, change := range map[string]func(m map[string]any){
		"use enc":           func(m map[string]any) { m["use"] = "enc" },
		"key_ops sign":      func(m map[string]any) { delete(m, "use"); m["key_ops"] = []string{"encrypt"} },
		"another algorithm": func(m map[string]any) { m["alg"] = "RS512" },
		"another issuer":    func(m map[string]any) { m["issuer"] = "https://sts.windows.net/{tenantid}/" },
		"a tenant's own": func(m map[string]any) {
			m["issuer"] = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/v2.0"
		},
	} {
		s := newSTS()
		v := verifier(t, s)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			k := jwk(&signingKey().PublicKey, "k1", s.issuer)
			change(k)
			writeJSON(w, 200, map[string]any{"keys": []any{k}})
			return true
		}
		var ve *token.VerifyError
		if _, err := v.Verify(t.Context(), sign(accessClaims(nil))); !errors.As(err, &ve) || ve.Kind != token.VerifySignature {
			t.Errorf("%s: Verify = %v, want a refusal", name, err)
		}
	}
}
