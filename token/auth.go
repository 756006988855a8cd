package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// ClientAuth authenticates a confidential client to its authority. [Secret], [Certificate] and
// [ClientAssertion] are the methods that Entra and AD FS accept. Implementations must be safe for
// concurrent use.
type ClientAuth interface {
	// Params returns the parameters to add to a request to the token endpoint, which
	// already has the client ID.
	Params(ctx context.Context, clientID string, tokenEndpoint *url.URL) (url.Values, error)
}

// A Secret is a client secret. It does not print.
type Secret string

// Params returns client_secret.
func (s Secret) Params(context.Context, string, *url.URL) (url.Values, error) {
	return url.Values{"client_secret": {string(s)}}, nil
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A ClientAssertion is a function that returns a client assertion made elsewhere (RFC 7523), such
// as the token of a workload identity. It is called for each request.
type ClientAssertion func(ctx context.Context, clientID string, tokenEndpoint *url.URL) (string, error)

// Params returns client_assertion and its type.
func (f ClientAssertion) Params(ctx context.Context, clientID string, tokenEndpoint *url.URL) (url.Values, error) {
	jwt, err := f(ctx, clientID, tokenEndpoint)
	if err != nil {
		return nil, fmt.Errorf("token: client assertion: %w", err)
	}
	return url.Values{"client_assertion": {jwt}, "client_assertion_type": {assertionType}}, nil
}

// A Certificate signs client assertions (RFC 7523) with an RSA key and names itself by its
// thumbprint. An assertion is valid for five minutes and for one token endpoint. It is safe for
// concurrent use if Key is.
type Certificate struct {
	// Certificate is registered with the app. Its public key must be that of Key.
	Certificate *x509.Certificate

	// Key is an RSA key. It may be in hardware.
	Key crypto.Signer

	// Algorithm is PS256 or RS256. If empty, RS256 for AD FS, which knows no other, and for
	// a key that cannot make signatures of RSASSA-PSS; otherwise PS256, which Entra
	// recommends. PS256 comes with x5t#S256, and RS256 also with x5t.
	Algorithm string
}

// Params returns client_assertion and its type. A certificate without a key, one that is
// not the key's, and a key that cannot sign are a [*ConfigError] of kind [ConfigSecret] or
// [ConfigMissing].
func (c *Certificate) Params(_ context.Context, clientID string, tokenEndpoint *url.URL) (url.Values, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	now := time.Now()
	claims, _ := json.Marshal(map[string]any{
		"aud": tokenEndpoint.String(), "iss": clientID, "sub": clientID, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.Algorithm)}
	if c.Algorithm == "" {
		algorithms = []jose.SignatureAlgorithm{jose.PS256, jose.RS256}
		if isADFSPath(tokenEndpoint.Path) {
			algorithms = algorithms[1:]
		}
	}
	var err error
	for _, alg := range algorithms {
		var jwt string
		if jwt, err = c.sign(alg, claims); err == nil {
			return url.Values{"client_assertion": {jwt}, "client_assertion_type": {assertionType}}, nil
		}
	}
	return nil, &ConfigError{Kind: ConfigSecret, Hint: "the client assertion could not be signed", Err: err}
}

// checkAuth reports what can be seen to be wrong with a before anything is sent.
func checkAuth(a ClientAuth) error {
	if c, ok := a.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// check reports what makes c of no use, without signing.
func (c *Certificate) check() error {
	bad := func(kind ConfigKind, hint string) error { return &ConfigError{Kind: kind, Hint: hint} }
	if c == nil || c.Certificate == nil || c.Key == nil {
		return bad(ConfigMissing, "Certificate needs a certificate and its key")
	}
	switch jose.SignatureAlgorithm(c.Algorithm) {
	case "", jose.PS256, jose.RS256:
	default:
		return bad(ConfigSecret, "Certificate.Algorithm must be PS256 or RS256")
	}
	public, ok := c.Key.Public().(*rsa.PublicKey)
	if !ok {
		return bad(ConfigSecret, "the key of the certificate must be an RSA key")
	}
	if !public.Equal(c.Certificate.PublicKey) {
		return bad(ConfigSecret, "the certificate belongs to another key: configure the certificate and key of one pair")
	}
	return nil
}

func (c *Certificate) sign(alg jose.SignatureAlgorithm, claims []byte) (string, error) {
	o := (&jose.SignerOptions{}).WithType("JWT")
	thumbprint := sha256.Sum256(c.Certificate.Raw)
	o.WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(thumbprint[:]))
	if alg == jose.RS256 {
		thumbprint := sha1.Sum(c.Certificate.Raw) // names the certificate and protects nothing
		o.WithHeader("x5t", base64.RawURLEncoding.EncodeToString(thumbprint[:]))
	}
	var jws *jose.JSONWebSignature
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(c.Key)}, o)
	if err == nil {
		jws, err = signer.Sign(claims)
	}
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// isADFSPath reports whether the path of a URL is one of AD FS.
func isADFSPath(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.EqualFold(first, "adfs")
}
