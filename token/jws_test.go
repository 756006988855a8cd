package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/easoauth/easoauth/token"
)

// signRaw signs a header and a payload as they are written.
func signRaw(t *testing.T, header, payload string) string {
	t.Helper()
	e := base64.RawURLEncoding.EncodeToString
	over := e([]byte(header)) + "." + e([]byte(payload))
	digest := sha256.Sum256([]byte(over))
	sig, err := rsa.SignPKCS1v15(rand.Reader, signingKey(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return over + "." + e(sig)
}

// A token in which something stands twice means two things to two readers, and is
// refused although its signature holds.
func TestS075RepeatedMembers(t *testing.T) {
	const header = `{"alg":"RS256","kid":"k1"}`
	payload := strings.TrimSuffix(string(mustJSON(accessClaims(nil))), "}")
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"x%d":%d`, i, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, header, payload string
		want                  token.VerifyKind // "": it holds
	}{
		{"nothing twice", header, payload + "}", ""},
		{"many claims", header, payload + many(400) + "}", ""},
		{"the same name in an inner object", header, payload + `,"x":{"aud":1,"aud":2}}`, ""},
		{"aud", header, payload + `,"aud":"https://mail.contoso.com"}`, token.VerifyMalformed},
		{"aud first", header, `{"aud":"https://evil.example",` + payload[1:] + "}", token.VerifyMalformed},
		{"tid", header, payload + `,"tid":"` + tenantID + `"}`, token.VerifyMalformed},
		{"exp, escaped", header, payload + `,"e\u0078p":1}`, token.VerifyMalformed},
		{"a claim that nobody reads", header, payload + `,"x":1,"x":1}`, token.VerifyMalformed},
		{"the last of many", header, payload + many(100) + `,"x99":1}`, token.VerifyMalformed},
		{"more claims than are compared", header, payload + many(600) + "}", token.VerifyMalformed},
		{"alg", `{"alg":"none","kid":"k1","alg":"RS256"}`, payload + "}", token.VerifyMalformed},
		{"kid", `{"alg":"RS256","kid":"k2","kid":"k1"}`, payload + "}", token.VerifyMalformed},
		{"kid is a number", `{"alg":"RS256","kid":1}`, payload + "}", token.VerifyMalformed},
		{"crit", `{"alg":"RS256","kid":"k1","crit":["exp"]}`, payload + "}", token.VerifySignature},
		{"b64", `{"alg":"RS256","kid":"k1","b64":true}`, payload + "}", token.VerifySignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verifier(t, newSTS()).Verify(t.Context(), signRaw(t, tt.header, tt.payload))
			var ve *token.VerifyError
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Verify = %v, want it to hold", err)
			case tt.want != "" && (!errors.As(err, &ve) || ve.Kind != tt.want):
				t.Errorf("Verify = %v, want kind %q", err, tt.want)
			}
		})
	}
}

// Every algorithm verifies what an independent implementation signs with it, and nothing that
// was signed with another, or changed.
func TestAlgorithms(t *testing.T) {
	ec := func(c elliptic.Curve) *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := ec(elliptic.P256())
	for _, tt := range []struct {
		alg jose.SignatureAlgorithm
		key crypto.Signer
	}{
		{jose.RS256, signingKey()}, {jose.RS384, signingKey()}, {jose.RS512, signingKey()},
		{jose.PS256, signingKey()}, {jose.PS384, signingKey()}, {jose.PS512, signingKey()},
		{jose.ES256, p256}, {jose.ES384, ec(elliptic.P384())}, {jose.ES512, ec(elliptic.P521())}, {jose.EdDSA, ed},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			s := newSTS()
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/keys") {
					return false
				}
				writeJSON(w, 200, map[string]any{"keys": []any{jose.JSONWebKey{Key: tt.key.Public(), KeyID: "k1"}}})
				return true
			}
			v := verifier(t, s)
			raw := signWith(tt.alg, tt.key, "k1", accessClaims(nil))
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Fatalf("Verify = %v", err)
			}
			parts := strings.Split(raw, ".")
			sig, err := base64.RawURLEncoding.DecodeString(parts[2])
			if err != nil {
				t.Fatal(err)
			}
			e := base64.RawURLEncoding.EncodeToString
			for i := range sig {
				if i%7 != 0 && i != len(sig)-1 {
					continue
				}
				bad := append([]byte(nil), sig...)
				bad[i] ^= 1
				if _, err := v.Verify(t.Context(), parts[0]+"."+parts[1]+"."+e(bad)); err == nil {
					t.Errorf("a signature with byte %d changed holds", i)
				}
			}
			for _, bad := range [][]byte{sig[:len(sig)-1], append(sig, 0), append([]byte{0}, sig...), {}, make([]byte, len(sig))} {
				if _, err := v.Verify(t.Context(), parts[0]+"."+parts[1]+"."+e(bad)); err == nil {
					t.Errorf("a signature of %d bytes instead of %d holds", len(bad), len(sig))
				}
			}
			for _, other := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "none", "rs256", ""} {
				if other == string(tt.alg) {
					continue
				}
				head := e([]byte(`{"alg":"` + other + `","kid":"k1"}`))
				if _, err := v.Verify(t.Context(), head+"."+parts[1]+"."+parts[2]); err == nil {
					t.Errorf("it holds as %q", other)
				}
			}
		})
	}
	// A curve belongs to one algorithm.
	s := newSTS()
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return false
		}
		writeJSON(w, 200, map[string]any{"keys": []any{jose.JSONWebKey{Key: &p256.PublicKey, KeyID: "k1"}}})
		return true
	}
	payload := mustJSON(accessClaims(nil))
	e := base64.RawURLEncoding.EncodeToString
	over := e([]byte(`{"alg":"ES384","kid":"k1"}`)) + "." + e(payload)
	digest := crypto.SHA384.New()
	digest.Write([]byte(over))
	r, sv, err := ecdsa.Sign(rand.Reader, p256, digest.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{32, 48} {
		sig := append(r.FillBytes(make([]byte, n)), sv.FillBytes(make([]byte, n))...)
		if _, err := verifier(t, s).Verify(t.Context(), over+"."+e(sig)); err == nil {
			t.Errorf("ES384 with a key of P-256 and %d bytes holds", 2*n)
		}
	}
}
