package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/easoauth/easoauth/internal/safehttp"
)

const (
	keysMinInterval = 30 * time.Second // between two requests for keys, whatever tokens come
	keysMaxAge      = 24 * time.Hour   // after which withdrawn keys are forgotten
	maxKeys         = 200
)

// A keySet is the published keys of an authority. It is an [oidc.KeySet].
//
// A token that no key fits brings at most one request for the keys in 30 seconds. Keys
// that the authority has withdrawn are forgotten after at most 24 hours.
type keySet struct {
	authority *Authority
	url       *url.URL
	client    *http.Client

	mu      sync.Mutex
	keys    []publishedKey
	asked   time.Time // of the last request
	fetched time.Time // of the last good response
	err     error     // of the last request
	flight  chan struct{}
}

// A publishedKey is a JSON Web Key and the issuer it is for: Entra publishes the keys of
// all tenants together, and those of a sovereign issuer may not sign for another.
type publishedKey struct {
	jose.JSONWebKey
	issuer string
	ops    []string
}

var errNoKey = errors.New("no published key fits")

// VerifySignature checks the signature of a compact JWS and returns its payload.
func (s *keySet) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	if !isCompact(raw) {
		return nil, errNoJWS
	}
	payload, err := base64.RawURLEncoding.DecodeString(raw[strings.IndexByte(raw, '.')+1 : strings.LastIndexByte(raw, '.')])
	if err != nil {
		return nil, errNoJWS
	}
	// A payload without claims is signed by keys of no particular issuer.
	var issuer, tenant string
	_ = scanObject(string(payload), func(name string, v jsonValue) {
		switch {
		case v.kind != '"':
		case name == "iss":
			issuer = v.string()
		case name == "tid":
			tenant = v.string()
		}
	})
	if err := s.verify(ctx, raw, issuer, tenant); err != nil {
		return nil, err
	}
	return withoutOverage(payload), nil
}

// verify checks the signature of a compact JWS whose payload has the given issuer and
// tenant.
func (s *keySet) verify(ctx context.Context, raw, issuer, tenant string) error {
	sig, err := parseSignature(raw)
	if err != nil {
		return err
	}
	if _, ok := schemes[sig.algorithm]; !ok {
		return errors.New("the algorithm is not allowed")
	}
	seen, err := s.load(ctx, time.Time{})
	if err != nil {
		return err
	}
	ok, known := verifyWith(seen.keys, &sig, issuer, tenant)
	if !ok && !known {
		// The key may have been published since.
		if seen, err = s.load(ctx, seen.at); err != nil {
			return err
		}
		ok, _ = verifyWith(seen.keys, &sig, issuer, tenant)
	}
	if !ok {
		return errNoKey
	}
	return nil
}

// verifyWith tries the keys that may have signed: by key ID if the token has one, for its
// algorithm, its use and its issuer. It also reports whether there was such a key.
func verifyWith(keys []publishedKey, sig *signature, issuer, tenant string) (ok, known bool) {
	for i := range keys {
		k := &keys[i]
		if sig.keyID != "" && k.KeyID != sig.keyID || !k.fits(sig.algorithm) || !k.signsFor(issuer, tenant) {
			continue
		}
		known = true
		if sig.isBy(k.Key) {
			return true, true
		}
	}
	return false, known
}

func (k *publishedKey) fits(alg string) bool {
	if k.Algorithm != "" && k.Algorithm != alg || k.Use != "" && k.Use != "sig" {
		return false
	}
	if len(k.ops) == 0 {
		return true
	}
	for _, op := range k.ops {
		if op == "verify" {
			return true
		}
	}
	return false
}

func (k *publishedKey) signsFor(issuer, tenant string) bool {
	return k.issuer == "" || expandIssuer(k.issuer, tenant) == issuer
}

// expandIssuer fills a tenant into an issuer template. A tenant that is not a GUID fits none.
func expandIssuer(template, tenant string) string {
	if !strings.Contains(template, "{tenantid}") {
		return template
	}
	if !isGUID(tenant) {
		return ""
	}
	return strings.Replace(template, "{tenantid}", tenant, 1)
}

type snapshot struct {
	keys []publishedKey
	at   time.Time
}

// load returns the keys, newer than after if that is allowed yet. Requests are shared.
func (s *keySet) load(ctx context.Context, after time.Time) (snapshot, error) {
	s.mu.Lock()
	for {
		now := time.Now()
		fresh := !s.fetched.IsZero() && s.fetched.After(after) && now.Sub(s.fetched) < keysMaxAge
		tooSoon := !s.asked.IsZero() && now.Sub(s.asked) < keysMinInterval
		if fresh || tooSoon && s.flight == nil {
			snap, err := snapshot{s.keys, s.fetched}, s.err
			if !s.fetched.IsZero() && now.Sub(s.fetched) < keysMaxAge {
				err = nil
			} else if err == nil {
				err = errNoKey
			}
			s.mu.Unlock()
			return snap, err
		}
		if s.flight == nil {
			done := make(chan struct{})
			s.flight, s.asked = done, now
			go s.fetch(context.WithoutCancel(ctx), done)
		}
		done := s.flight
		s.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return snapshot{}, contextError(ctx)
		}
		s.mu.Lock()
	}
}

func (s *keySet) fetch(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	keys, err := s.request(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	if err == nil {
		s.keys, s.fetched = keys, time.Now()
	}
	s.flight = nil
	close(done)
}

func (s *keySet) request(ctx context.Context) ([]publishedKey, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.url.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := limitedTransport{s.authority, s.client}.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", s.authority.Host, err)
	}
	b, err := safehttp.ReadAll(resp.Body, safehttp.MaxJSON)
	if err != nil {
		return nil, err
	}
	return parseKeys(b)
}

// parseKeys reads a JSON Web Key Set (RFC 7517). Keys of unknown types are skipped.
func parseKeys(b []byte) ([]publishedKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, errors.New("the keys are not a JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	var keys []publishedKey
	for _, raw := range set.Keys {
		var k publishedKey
		if json.Unmarshal(raw, &k.JSONWebKey) != nil || !k.Valid() || !k.IsPublic() {
			continue
		}
		var more struct {
			Issuer string   `json:"issuer"`
			Ops    []string `json:"key_ops"`
		}
		if json.Unmarshal(raw, &more) != nil {
			continue
		}
		k.issuer, k.ops = more.Issuer, more.Ops
		keys = append(keys, k)
	}
	return keys, nil
}

// withoutOverage drops a _claim_names that has no _claim_sources.
//
// QUIRK: Entra sends one when the user is in more groups than fit, and go-oidc refuses the
// token for it.
func withoutOverage(payload []byte) []byte {
	if !bytes.Contains(payload, []byte(`"_claim_names"`)) {
		return payload
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(payload, &m) != nil {
		return payload
	}
	if _, ok := m["_claim_sources"]; ok {
		return payload
	}
	delete(m, "_claim_names")
	b, err := json.Marshal(m)
	if err != nil {
		return payload
	}
	return b
}

// isCompact reports whether raw has the three base64url parts of a compact JWS and nothing
// else, and is at most 64 KiB.
func isCompact(raw string) bool {
	head, rest, _ := strings.Cut(raw, ".")
	payload, sig, ok := strings.Cut(rest, ".")
	return ok && len(raw) <= maxToken && isBase64URL(head) && isBase64URL(payload) && isBase64URL(sig)
}

func isBase64URL(s string) bool {
	for i := range len(s) {
		if !base64URL[s[i]] {
			return false
		}
	}
	return true
}

// base64URL has the alphabet of RFC 4648 section 5.
var base64URL = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		t[c] = true
	}
	return t
}()
