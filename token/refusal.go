package token

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// An oauthError is the body of a refusal. Members of other types than expected are as good
// as absent.
type oauthError struct {
	code, description, uri, suberror, claims string
	correlationID, traceID                   string
	numbers                                  []int
}

func parseOAuthError(m map[string]json.RawMessage) oauthError {
	e := oauthError{
		code:          text(m["error"]),
		description:   text(m["error_description"]),
		uri:           text(m["error_uri"]),
		suberror:      text(m["suberror"]),
		claims:        text(m["claims"]),
		correlationID: text(m["correlation_id"]),
		traceID:       text(m["trace_id"]),
	}
	var numbers []int
	if json.Unmarshal(m["error_codes"], &numbers) == nil {
		e.numbers = numbers
	}
	return e
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

var aadstsNumber = regexp.MustCompile(`\bAADSTS([0-9]{4,8})\b`)

// refusal returns the printable facts, without the secrets of the request.
func (e oauthError) refusal(status int, h http.Header, secrets secrets) Refusal {
	r := Refusal{
		Status:        status,
		Code:          secrets.scrub(e.code, 64),
		Suberror:      secrets.scrub(e.suberror, 64),
		CorrelationID: secrets.scrub(e.correlationID, 64),
		TraceID:       secrets.scrub(e.traceID, 64),
		RequestID:     secrets.requestID(h),
	}
	if c, err := compactClaims(e.claims); err == nil && secrets.scrub(c, maxClaims) == c {
		r.Claims = c
	}
	for _, n := range e.numbers {
		if n > 0 {
			r.AADSTS = n
			break
		}
	}
	if r.AADSTS == 0 && len(e.description) <= 16<<10 {
		if m := aadstsNumber.FindStringSubmatch(e.description); m != nil {
			r.AADSTS, _ = strconv.Atoi(m[1])
		}
	}
	return r
}

// retrieveError makes the error that users of x/oauth2 expect. Its body holds the members
// of the refusal and nothing else; its response lacks the request, which holds the refresh
// token; addresses and the secrets of the request are cut out of all texts.
func (e oauthError) retrieveError(resp *http.Response, secrets secrets) *oauth2.RetrieveError {
	scrub := func(s string) string { return secrets.scrub(s, 2048) }
	body := map[string]any{}
	add := func(name, value string) {
		if value != "" {
			body[name] = scrub(value)
		}
	}
	add("error", e.code)
	add("error_description", e.description)
	add("error_uri", e.uri)
	add("suberror", e.suberror)
	add("claims", e.claims)
	add("correlation_id", e.correlationID)
	add("trace_id", e.traceID)
	if len(e.numbers) > 0 {
		body["error_codes"] = e.numbers
	}
	b, _ := json.Marshal(body)
	re := &oauth2.RetrieveError{
		Body:             b,
		ErrorCode:        scrub(e.code),
		ErrorDescription: scrub(e.description),
		ErrorURI:         scrub(e.uri),
	}
	re.Response = &http.Response{Header: http.Header{}, Body: http.NoBody}
	if resp != nil {
		h := http.Header{}
		for _, name := range []string{"Content-Type", "Date", "Retry-After", "Request-Id", "X-Ms-Request-Id", "Client-Request-Id"} {
			for _, v := range resp.Header.Values(name) {
				h.Add(name, scrub(v))
			}
		}
		re.Response = &http.Response{
			Status: scrub(resp.Status), StatusCode: resp.StatusCode, Proto: resp.Proto, ProtoMajor: resp.ProtoMajor, ProtoMinor: resp.ProtoMinor,
			Header: h, Body: http.NoBody,
		}
	}
	return re
}

// secretFields are the parameters of a request whose values an authority might echo.
var secretFields = []string{"refresh_token", "client_secret", "client_assertion", "assertion", "code", "code_verifier", "device_code"}

const (
	minSecret = 6  // shorter values are not cut out, since they would be found in words
	minPart   = 12 // of a secret that was echoed in part
	maxText   = 8 << 10
)

// secrets are the secrets of a request, in the forms in which an authority may echo them.
type secrets []string

func secretsOf(form url.Values) secrets {
	var s secrets
	for _, name := range secretFields {
		for _, v := range form[name] {
			if len(v) < minSecret {
				continue
			}
			s = append(s, v)
			quoted, _ := json.Marshal(v)
			once := url.QueryEscape(v)
			for _, other := range []string{url.QueryEscape(once), once, url.PathEscape(v), strings.Trim(string(quoted), `"`)} {
				if other != v {
					s = append(s, other)
				}
			}
		}
	}
	return s
}

var address = regexp.MustCompile(`[^\s'"<>()]+(@|%(?:25)*40)[^\s'"<>()]+`)

// scrub makes a text of the authority safe to print, without secrets and addresses.
func (s secrets) scrub(text string, limit int) string {
	text = address.ReplaceAllString(text[:min(len(text), maxText)], "…")
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "…")
	}
	for _, secret := range s {
		text = cutParts(text, secret)
	}
	return safehttp.Clean(text, limit)
}

// cutParts replaces what text has in common with secret, from minPart bytes on, as when an
// authority shortens what it quotes.
func cutParts(text, secret string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end+minPart <= len(text) && strings.Contains(secret, text[end:end+minPart]) {
			end++
		}
		if end == i {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString("…")
		i = end + minPart - 1
	}
	return b.String()
}

// requestID returns the request ID of the response, without the secrets of the request.
func (s secrets) requestID(h http.Header) string {
	clean := http.Header{}
	for name, values := range h {
		for _, v := range values {
			clean.Add(name, s.scrub(v, maxText))
		}
	}
	return safehttp.RequestID(clean)
}
