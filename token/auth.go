package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// ClientAuth authenticates a confidential client to its authority. [Secret],
// [Certificate] and [Assertion] are the ways that Entra and AD FS know. Implementations
// must be safe for concurrent use.
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

// An Assertion returns a client assertion made elsewhere (RFC 7523), such as the token of a
// workload identity. It is called for each request.
type Assertion func(ctx context.Context, clientID string, tokenEndpoint *url.URL) (string, error)

// Params returns client_assertion and its type.
func (f Assertion) Params(ctx context.Context, clientID string, tokenEndpoint *url.URL) (url.Values, error) {
	jwt, err := f(ctx, clientID, tokenEndpoint)
	if err != nil {
		return nil, fmt.Errorf("token: client assertion: %w", err)
	}
	return url.Values{"client_assertion": {jwt}, "client_assertion_type": {assertionType}}, nil
}

// A Certificate signs client assertions with PS256 and names itself by x5t#S256, as Entra
// demands. An assertion is valid for five minutes and for one token endpoint.
type Certificate struct {
	Certificate *x509.Certificate
	Key         crypto.Signer // an RSA key; it may be in hardware
}

// Params returns client_assertion and its type.
func (c *Certificate) Params(_ context.Context, clientID string, tokenEndpoint *url.URL) (url.Values, error) {
	if c.Certificate == nil || c.Key == nil {
		return nil, &ConfigError{Kind: ConfigMissing, Hint: "Certificate needs a certificate and its key"}
	}
	thumbprint := sha256.Sum256(c.Certificate.Raw)
	o := (&jose.SignerOptions{}).WithType("JWT").
		WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(thumbprint[:]))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: cryptosigner.Opaque(c.Key)}, o)
	if err != nil {
		return nil, &ConfigError{Kind: ConfigSecret, Hint: "the key of the certificate cannot sign PS256", Err: err}
	}
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"aud": tokenEndpoint.String(), "iss": clientID, "sub": clientID, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		return nil, err
	}
	jws, err := signer.Sign(claims)
	if err != nil {
		return nil, &ConfigError{Kind: ConfigSecret, Hint: "the client assertion could not be signed", Err: err}
	}
	jwt, err := jws.CompactSerialize()
	if err != nil {
		return nil, err
	}
	return url.Values{"client_assertion": {jwt}, "client_assertion_type": {assertionType}}, nil
}
