package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

func certificate(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// hardware is a key that signs what the chip can.
type hardware struct {
	crypto.Signer
	noPSS, broken bool
}

func (h hardware) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	if _, pss := o.(*rsa.PSSOptions); pss && h.noPSS || h.broken {
		return nil, errors.New("the chip refuses")
	}
	return h.Signer.Sign(r, digest, o)
}

func TestCertificate(t *testing.T) {
	const entra, adfs = "https://login.microsoftonline.com/common/oauth2/v2.0/token", "https://fs.contoso.com/adfs/oauth2/token"
	cert := certificate(t, signingKey())
	sha1Sum, sha256Sum := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw)
	for _, tt := range []struct {
		name, to, algorithm string
		key                 crypto.Signer
		want                jose.SignatureAlgorithm
	}{
		{"Entra", entra, "", signingKey(), jose.PS256},
		{"Entra with RS256", entra, "RS256", signingKey(), jose.RS256},
		{"AD FS", adfs, "", signingKey(), jose.RS256},
		{"AD FS in capitals", "https://FS.contoso.com/ADFS/oauth2/token", "", signingKey(), jose.RS256},
		{"AD FS with PS256", adfs, "PS256", signingKey(), jose.PS256},
		{"hardware", entra, "", hardware{Signer: signingKey()}, jose.PS256},
		{"hardware without PSS", entra, "", hardware{Signer: signingKey(), noPSS: true}, jose.RS256},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &token.Certificate{Certificate: cert, Key: tt.key, Algorithm: tt.algorithm}
			v, err := c.Params(t.Context(), clientID, mustURL(tt.to))
			if err != nil {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(v.Get("client_assertion"), []jose.SignatureAlgorithm{tt.want})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := jws.Verify(&signingKey().PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			header := jws.Signatures[0].Header.ExtraHeaders
			if got := header["x5t#S256"]; got != base64.RawURLEncoding.EncodeToString(sha256Sum[:]) {
				t.Errorf("x5t#S256 = %v", got)
			}
			var x5t any
			if tt.want == jose.RS256 {
				x5t = base64.RawURLEncoding.EncodeToString(sha1Sum[:])
			}
			if got := header["x5t"]; got != x5t {
				t.Errorf("x5t = %v, want %v", got, x5t)
			}
			var claims struct {
				Aud, Iss, Sub, Jti string
				Exp, Nbf           int64
			}
			if err := json.Unmarshal(payload, &claims); err != nil {
				t.Fatal(err)
			}
			if claims.Aud != mustURL(tt.to).String() || claims.Iss != clientID || claims.Sub != clientID || claims.Jti == "" || claims.Exp-claims.Nbf != 300 {
				t.Errorf("claims %+v", claims)
			}
		})
	}
}

func TestCertificateOfNoUse(t *testing.T) {
	cert := certificate(t, signingKey())
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		c       *token.Certificate
		kind    token.ConfigKind
		mention string
	}{
		{"empty", &token.Certificate{}, token.ConfigMissing, "needs a certificate"},
		{"nil", nil, token.ConfigMissing, "needs a certificate"},
		{"without key", &token.Certificate{Certificate: cert}, token.ConfigMissing, "needs a certificate"},
		{"of another key", &token.Certificate{Certificate: cert, Key: other}, token.ConfigSecret, "another key"},
		{"of an EC key", &token.Certificate{Certificate: certificate(t, ec), Key: ec}, token.ConfigSecret, "RSA"},
		{"algorithm", &token.Certificate{Certificate: cert, Key: signingKey(), Algorithm: "HS256"}, token.ConfigSecret, "PS256 or RS256"},
		{"chosen algorithm that the key lacks", &token.Certificate{Certificate: cert, Key: hardware{Signer: signingKey(), noPSS: true}, Algorithm: "PS256"}, token.ConfigSecret, "the chip refuses"},
		{"broken hardware", &token.Certificate{Certificate: cert, Key: hardware{Signer: signingKey(), broken: true}}, token.ConfigSecret, "the chip refuses"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.c.Params(t.Context(), clientID, mustURL("https://login.microsoftonline.com/common/oauth2/v2.0/token"))
			var ce *token.ConfigError
			if !errors.As(err, &ce) || ce.Kind != tt.kind || !strings.Contains(err.Error(), tt.mention) {
				t.Errorf("Params = %v, want *ConfigError of kind %s that mentions %q", err, tt.kind, tt.mention)
			}
		})
	}
}

// Nobody signs in, and nothing is sent, with a certificate that cannot be used afterwards.
func TestCertificateIsCheckedBeforeTheSignIn(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	auth := &token.Certificate{Certificate: certificate(t, signingKey()), Key: other}
	var ce *token.ConfigError
	s := newSTS()
	_, err = token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: v1Authority}, endpoint,
		&token.Options{HTTPClient: &http.Client{Transport: s}, Auth: auth})
	if !errors.As(err, &ce) || ce.Kind != token.ConfigSecret || len(s.requests) > 0 {
		t.Errorf("Configure = %v after %d requests, want *ConfigError after none", err, len(s.requests))
	}
	src := source(t, s)
	src.Config.Auth = auth
	n := len(s.requests)
	if _, err := token.RefreshToken("rt-secret-1").SignIn(t.Context(), src.Config); !errors.As(err, &ce) || len(s.requests) > n {
		t.Errorf("SignIn = %v, want *ConfigError and no request", err)
	}
}
