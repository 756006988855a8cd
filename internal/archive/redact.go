package archive

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// redactKey makes of a secret a name that says nothing about it, the same for the life of the
// process.
var redactKey = []byte(rand.Text())

// A Redactor takes the secrets out of one exchange. It remembers those of the request: the
// response may repeat them.
type Redactor struct {
	// Addresses leaves mail addresses alone, which [StandIn] replaces.
	Addresses bool
	// Tokens holds the claims of the signed tokens that were found, by their names in
	// the archive, if it is not nil.
	Tokens map[string]map[string]any

	found []string
}

// Redacted begins what stands in the place of a secret.
const Redacted = "redacted-"

// name returns what stands in the place of a secret.
func (d *Redactor) name(secret string) string {
	if secret == "" {
		return ""
	}
	if len(secret) >= 6 && !slices.Contains(d.found, secret) { // a shorter one may be a word of the text
		d.found = append(d.found, secret)
	}
	name := nameOf(secret)
	if d.Tokens != nil && d.Tokens[name] == nil {
		if claims := claimsOf(secret); claims != nil {
			d.Tokens[name] = claims
		}
	}
	return name
}

// claimsKept are those that an archive holds of a token: for whom it is, and not who has it.
var claimsKept = []string{"aud", "iss", "tid", "scp", "ver", "exp", "iat", "nbf", "upn", "preferred_username", "unique_name"}

// claimsOf returns the claims of a signed token that an archive keeps, or nil.
func claimsOf(token string) map[string]any {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, ok := strings.Cut(rest, ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	var all map[string]any
	if !ok || err != nil || json.Unmarshal(b, &all) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(k string, _ any) bool { return !slices.Contains(claimsKept, k) })
	return all
}

func nameOf(secret string) string {
	h := hmac.New(sha256.New, redactKey)
	h.Write([]byte(secret))
	return Redacted + hex.EncodeToString(h.Sum(nil)[:8])
}

// pairs redacts the values of a query or a form, whose bytes stay otherwise, where secret says
// so of a name in lower case.
func (d *Redactor) pairs(raw string, secret func(name string) bool) string {
	parts := strings.Split(raw, "&")
	for i, p := range parts {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		name, err := url.QueryUnescape(k)
		if err != nil {
			name = k
		}
		if !secret(strings.ToLower(name)) {
			parts[i] = k + "=" + d.sweep(v)
			continue
		}
		value, err := url.QueryUnescape(v)
		if err != nil {
			value = v
		}
		parts[i] = k + "=" + d.name(value)
	}
	return strings.Join(parts, "&")
}

// PublicFields of a form are not secrets.
var PublicFields = []string{"grant_type", "client_id", "scope", "resource", "redirect_uri", "response_type",
	"response_mode", "code_challenge_method", "requested_token_use", "prompt"}

// Secrets are parameters of a query, in lower case, that are not kept.
var Secrets = []string{"access_token", "assertion", "client_secret", "code", "code_verifier", "device_code", "email",
	"id_token", "id_token_hint", "login_hint", "nonce", "password", "refresh_token", "state", "username"}

// addresses are those of Secrets that are mail addresses.
var addresses = []string{"email", "login_hint", "username"}

func (d *Redactor) isSecret(name string) bool {
	return slices.Contains(Secrets, name) && !(d.Addresses && slices.Contains(addresses, name))
}

func (d *Redactor) query(raw string) string { return d.pairs(raw, d.isSecret) }

func (d *Redactor) form(raw string) string {
	return d.pairs(raw, func(name string) bool {
		return !slices.Contains(PublicFields, name) && !(d.Addresses && slices.Contains(addresses, name))
	})
}

// location redacts the query and the fragment of a redirect.
func (d *Redactor) location(to string) string {
	to, fragment, hasFragment := strings.Cut(to, "#")
	path, query, hasQuery := strings.Cut(to, "?")
	if hasQuery {
		path += "?" + d.query(query)
	}
	if hasFragment {
		path += "#" + d.query(fragment)
	}
	return path
}

var (
	// Tokens that are signed, and codes and tokens that [rand.Text] made, wherever they stand.
	tokenLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|(?:0\.AX)?[A-Z2-7]{26,}`)
	jsonField = regexp.MustCompile(`"(\w+)"(\s*:\s*)("(?:[^"\\]|\\.)*")`)
	inputs    = regexp.MustCompile(`(name="(\w+)"\s+value=")([^"]*)"`)
)

// secretFields are those of JSON documents. A "code" is an error's there.
var secretFields = []string{"access_token", "refresh_token", "id_token", "device_code", "user_code"}

// text redacts a body that is JSON or a page, and leaves other text alone but for tokens and
// for the secrets found before. What ActiveSync carries, as mail, stays as it is.
func (d *Redactor) text(contentType string, body []byte) []byte {
	if !utf8.Valid(body) || strings.HasPrefix(contentType, "message/") || strings.HasPrefix(contentType, "application/vnd.ms-sync") {
		return body
	}
	s := jsonField.ReplaceAllStringFunc(string(body), func(m string) string {
		f := jsonField.FindStringSubmatch(m)
		var value string
		if !slices.Contains(secretFields, f[1]) || json.Unmarshal([]byte(f[3]), &value) != nil {
			return m
		}
		return `"` + f[1] + `"` + f[2] + `"` + d.name(value) + `"`
	})
	s = inputs.ReplaceAllStringFunc(s, func(m string) string {
		f := inputs.FindStringSubmatch(m)
		if !d.isSecret(strings.ToLower(f[2])) {
			return m
		}
		return f[1] + d.name(html.UnescapeString(f[3])) + `"`
	})
	return []byte(d.sweep(s))
}

// sweep redacts what looks like a token and what was found before.
func (d *Redactor) sweep(s string) string {
	s = tokenLike.ReplaceAllStringFunc(s, d.name)
	// The longest first: one may be a part of another.
	slices.SortFunc(d.found, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range d.found {
		for _, form := range []string{secret, url.QueryEscape(secret), html.EscapeString(secret)} {
			s = strings.ReplaceAll(s, form, nameOf(secret))
		}
	}
	return s
}

// header returns a copy without cookies, with the name of what authorizes.
func (d *Redactor) header(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Cookie", "Set-Cookie"} {
		h.Del(name)
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for i, v := range h[name] {
			if scheme, secret, ok := strings.Cut(v, " "); ok && strings.TrimSpace(secret) != "" {
				h[name][i] = scheme + " " + d.name(strings.TrimSpace(secret))
			}
		}
	}
	for _, name := range []string{"Location", "Referer"} {
		for i, v := range h[name] {
			h[name][i] = d.location(v)
		}
	}
	return h
}

// Passwords are those of a device or a share in a document as XML.
var Passwords = regexp.MustCompile(`(?s)(<Password(?:\s[^>]*)?>)(.*?)(</Password>)`)

// document redacts a document of ActiveSync as XML: the password of a device, of a share.
func (d *Redactor) document(xml string) string {
	return Passwords.ReplaceAllStringFunc(xml, func(m string) string {
		f := Passwords.FindStringSubmatch(m)
		return f[1] + d.name(f[2]) + f[3]
	})
}
