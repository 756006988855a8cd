package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // for the hashes of signatures
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
)

// A signature is that of a compact JWS (RFC 7515 section 7.1).
type signature struct {
	algorithm string // alg of the header
	keyID     string // kid of the header; "" if there is none
	over      string // what was signed
	value     []byte
}

var (
	errNoJWS    = errors.New("not a compact JWS")
	errHeader   = errors.New("the header is malformed")
	errCritical = errors.New("the header has extensions that must be understood")
)

// parseSignature reads the header and the signature of a compact JWS. A header in which a
// name appears twice is refused, and one with extensions that must be understood, since none
// is. Keys that the header brings along are not looked at.
func parseSignature(raw string) (signature, error) {
	if !isCompact(raw) {
		return signature{}, errNoJWS
	}
	end := strings.LastIndexByte(raw, '.')
	s := signature{over: raw[:end]}
	head, err := base64.RawURLEncoding.DecodeString(raw[:strings.IndexByte(raw, '.')])
	if err != nil {
		return signature{}, errHeader
	}
	var extended, odd bool
	if s.value, err = base64.RawURLEncoding.DecodeString(raw[end+1:]); err != nil {
		return signature{}, errNoJWS
	}
	err = scanUnique(string(head), func(name string, v jsonValue) {
		switch {
		case name == "crit", name == "b64":
			extended = true
		case name != "alg" && name != "kid":
		case v.kind != '"':
			odd = true
		case name == "alg":
			s.algorithm = v.string()
		default:
			s.keyID = v.string()
		}
	})
	switch {
	case err != nil:
		return signature{}, err
	case odd:
		return signature{}, errHeader
	case extended:
		return signature{}, errCritical
	}
	return s, nil
}

// A scheme is an algorithm of RFC 7518 section 3.1 or RFC 8037.
type scheme struct {
	family byte // as the first letter of its name
	hash   crypto.Hash
	bits   int // of the curve
}

// schemes are those with public keys. HMAC and none are not among them, so that a public key
// cannot be taken for a shared secret.
var schemes = map[string]scheme{
	"RS256": {family: 'R', hash: crypto.SHA256},
	"RS384": {family: 'R', hash: crypto.SHA384},
	"RS512": {family: 'R', hash: crypto.SHA512},
	"PS256": {family: 'P', hash: crypto.SHA256},
	"PS384": {family: 'P', hash: crypto.SHA384},
	"PS512": {family: 'P', hash: crypto.SHA512},
	"ES256": {family: 'E', hash: crypto.SHA256, bits: 256},
	"ES384": {family: 'E', hash: crypto.SHA384, bits: 384},
	"ES512": {family: 'E', hash: crypto.SHA512, bits: 521},
	"EdDSA": {family: 'd'},
}

// isBy reports whether the signature was made with the private key of key.
func (s *signature) isBy(key crypto.PublicKey) bool {
	scheme, ok := schemes[s.algorithm]
	if !ok {
		return false
	}
	var digest []byte
	if scheme.hash != 0 {
		h := scheme.hash.New()
		h.Write([]byte(s.over))
		digest = h.Sum(nil)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		switch scheme.family {
		case 'R':
			return rsa.VerifyPKCS1v15(key, scheme.hash, digest, s.value) == nil
		case 'P':
			// The salt is as long as the hash (RFC 7518 section 3.5).
			return rsa.VerifyPSS(key, scheme.hash, digest, s.value, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
	case *ecdsa.PublicKey:
		n := (scheme.bits + 7) / 8
		if scheme.family != 'E' || key.Curve.Params().BitSize != scheme.bits || len(s.value) != 2*n {
			return false
		}
		return ecdsa.Verify(key, digest, new(big.Int).SetBytes(s.value[:n]), new(big.Int).SetBytes(s.value[n:]))
	case ed25519.PublicKey:
		return scheme.family == 'd' && ed25519.Verify(key, []byte(s.over), s.value)
	}
	return false
}
