package eastest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"
)

func keyID(n int) string { return fmt.Sprintf("eastest-%d", n+1) }

// RollKeys makes the authority sign with a new key from now on. The previous key stays published
// and valid; older ones do not.
func (tn *Tenant) RollKeys() {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.sts.key++
}

// published are the numbers of the keys that the authority publishes.
func (a *authority) published() []int {
	if a.key == 0 {
		return []int{0}
	}
	return []int{a.key, a.key - 1}
}

// keys serves the public keys; issuer is the issuer that they may sign for, or "".
func (tn *Tenant) keys(issuer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var out []any
		for _, n := range tn.sts.published() {
			k := jose.JSONWebKey{Key: &tn.chance.signingKey(n).PublicKey, KeyID: keyID(n), Use: "sig"}
			b, err := k.MarshalJSON()
			if err != nil {
				panic("eastest: " + err.Error())
			}
			var m map[string]any
			if err := json.Unmarshal(b, &m); err != nil {
				panic("eastest: " + err.Error())
			}
			if issuer != "" {
				m["issuer"] = issuer
			}
			out = append(out, m)
		}
		writeJSON(w, http.StatusOK, map[string]any{"keys": out})
	}
}

// sign signs claims as the authority does now.
func (tn *Tenant) sign(claims map[string]any) string {
	n := tn.sts.key
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: tn.chance.signingKey(n), KeyID: keyID(n)}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic("eastest: " + err.Error())
	}
	b, err := json.Marshal(claims)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	jws, err := s.Sign(b)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	t, err := jws.CompactSerialize()
	if err != nil {
		panic("eastest: " + err.Error())
	}
	return t
}

// verified returns the payload of a token that one of the published keys signed.
func (tn *Tenant) verified(jws *jose.JSONWebSignature) ([]byte, bool) {
	for _, n := range tn.sts.published() {
		if len(jws.Signatures) == 0 || jws.Signatures[0].Header.KeyID != keyID(n) {
			continue
		}
		if b, err := jws.Verify(&tn.chance.signingKey(n).PublicKey); err == nil {
			return b, true
		}
	}
	return nil, false
}
