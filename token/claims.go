package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxClaims bounds a claims challenge, in bytes of JSON.
const maxClaims = 16 << 10

// ErrClaims is matched when a claims challenge is not a JSON object of at most 16 KiB.
var ErrClaims = errors.New("token: claims challenge is not a JSON object of at most 16 KiB")

// decodeClaims reads the claims parameter of a challenge: a JSON object, plain or in base64
// of any alphabet, padded or not. It returns the object as compact JSON. The error matches
// [ErrClaims].
func decodeClaims(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 2*maxClaims {
		return "", ErrClaims
	}
	if strings.HasPrefix(s, "{") {
		return compactClaims(s)
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "", ErrClaims
	}
	return compactClaims(string(b))
}

func compactClaims(s string) (string, error) {
	if len(s) > maxClaims {
		return "", ErrClaims
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil || m == nil {
		return "", ErrClaims
	}
	b, err := json.Marshal(m)
	if err != nil || len(b) > maxClaims {
		return "", ErrClaims
	}
	return string(b), nil
}

// claimsParameter merges a claims challenge with the capabilities of the client (OpenID
// Connect Core section 5.5). It returns "" when there is nothing to say.
func claimsParameter(challenge string, capabilities []string) (string, error) {
	if challenge == "" && len(capabilities) == 0 {
		return "", nil
	}
	m := map[string]any{}
	if challenge != "" {
		c, err := decodeClaims(challenge)
		if err != nil {
			return "", err
		}
		if err := json.Unmarshal([]byte(c), &m); err != nil {
			return "", ErrClaims
		}
	}
	if len(capabilities) > 0 {
		at, _ := m["access_token"].(map[string]any)
		if at == nil {
			at = map[string]any{}
		}
		at["xms_cc"] = map[string]any{"values": capabilities}
		m["access_token"] = at
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("token: claims: %w", err)
	}
	return string(b), nil
}
