package eastest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// claims of an access token, as far as Exchange looks at them.
type claims struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Tenant   string `json:"tid"`
	User     string `json:"upn"`
	Scope    string `json:"scp"`
	Expires  int64  `json:"exp"`
	Seq      uint64 `json:"seq"`
}

// parse checks the signature of a token and reads it. Its second result is the number of
// the diagnostics with which Exchange refuses it, or "".
func parse(raw string) (claims, string) {
	var c claims
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, "2000001"
	}
	b, err := jws.Verify(&signingKey().PublicKey)
	if err != nil {
		return c, "2000000"
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, "2000001"
	}
	return c, ""
}

// verify checks a token that is presented to the authority.
func (tn *Tenant) verify(raw string) (user, refused string) {
	c, refused := parse(raw)
	if refused == "" && time.Now().Unix() >= c.Expires {
		refused = "2000002"
	}
	return strings.ToLower(c.User), refused
}

// A refusal is a 401 with what Exchange says about the token.
type refusal struct {
	diagnostics string // X-MS-Diagnostics
	err         string // the error parameter
	uri         bool   // the challenge names the authority
}

// checkBearer is Exchange's look at the Authorization of a request. It returns the mailbox,
// or answers with a challenge and returns nil. The caller holds tn.mu.
func (tn *Tenant) checkBearer(w http.ResponseWriter, r *http.Request) *Mailbox {
	v, present := r.Header["Authorization"]
	scheme, raw, _ := strings.Cut(strings.Join(v, ", "), " ")
	raw = strings.TrimSpace(raw)
	switch {
	case !present, !strings.EqualFold(scheme, "Bearer"):
		// Without a sign of modern authentication, Exchange offers Basic alone.
		tn.challenge(w, nil)
		return nil
	case raw == "":
		identity := strings.ToLower(r.Header.Get("X-User-Identity"))
		if tn.o.Hybrid && tn.users[identity] == nil {
			tn.challenge(w, &refusal{diagnostics: tn.flighting(), err: "invalid_token"})
			return nil
		}
		tn.challenge(w, &refusal{uri: true})
		return nil
	}
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	m, why := tn.account(raw, host)
	if why != "" {
		tn.challenge(w, &refusal{diagnostics: why, err: "invalid_token", uri: true})
		return nil
	}
	return m
}

func (tn *Tenant) flighting() string {
	return fmt.Sprintf(`4000000;reason="Flighting is not enabled for domain '%s'.";error_category="oauth_not_available"`, tn.o.Domain)
}

// account finds the mailbox of a token, or says why Exchange refuses it.
func (tn *Tenant) account(raw, host string) (*Mailbox, string) {
	c, refused := parse(raw)
	switch refused {
	case "2000000":
		return nil, `2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`
	case "2000001":
		return nil, `2000001;reason="OAuth token submitted with the request can not be parsed.";error_category="invalid_token"`
	}
	own := url.URL{Scheme: "https", Host: host}
	if tn.o.TLSOffloading {
		own.Scheme = "http"
	}
	aud := strings.TrimSuffix(c.Audience, "/")
	online := !tn.o.Hybrid && !tn.o.TLSOffloading && (aud == "https://outlook.office.com" || aud == exchangeAppID)
	m := tn.users[strings.ToLower(c.User)]
	switch {
	case time.Now().Unix() >= c.Expires:
		return nil, `2000002;reason="The token has expired.";error_category="token_expired"`
	case c.Audience == "":
		return nil, `2000003;reason="The audience claim value is invalid 'aud'.";error_category="invalid_resource"`
	case !strings.EqualFold(aud, own.String()) && !online:
		return nil, fmt.Sprintf(`2000003;reason="The hostname component of the audience claim value is invalid. `+
			`Expected '%s'. Actual '%s'.";error_category="invalid_resource"`, quoteless(aud), own.String())
	case c.Tenant != TenantID:
		return nil, fmt.Sprintf(`2000004;reason="The tenant for tenant guid '%s' does not exist.";error_category="invalid_tenant"`, quoteless(c.Tenant))
	case m == nil:
		return nil, `2000005;reason="The user specified by the user-context in the token does not exist.";error_category="invalid_user"`
	case !has(c.Scope, easScope):
		return nil, `2000008;reason="The token should have valid permissions.";error_category="invalid_grant"`
	case c.Seq != 0 && c.Seq <= m.notBefore:
		return nil, `2000002;reason="The token has expired.";error_category="token_expired"`
	}
	return m, ""
}

func quoteless(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\'' || r > '~' {
			return -1
		}
		return r
	}, s)
}

// challenge answers with status 401. A nil refusal is the answer to a request without a
// bearer token.
func (tn *Tenant) challenge(w http.ResponseWriter, why *refusal) {
	h := w.Header()
	basic := fmt.Sprintf(`Basic realm="%s"`, tn.easHost())
	switch {
	case tn.o.NoChallenge:
		for name := range h {
			h.Del(name)
		}
	case why == nil || tn.o.BasicOnly:
		h.Set("WWW-Authenticate", basic)
	default:
		c := fmt.Sprintf(`Bearer client_id="%s", trusted_issuers="00000001-0000-0000-c000-000000000000@%s", `+
			`token_types="app_asserted_user_v1 service_asserted_app_v1"`, exchangeAppID, TenantID)
		diagnostics := why.diagnostics
		switch {
		case tn.o.NoAuthorizationURI && diagnostics == "":
			diagnostics, why.err = tn.flighting(), "invalid_token"
		case why.uri && !tn.o.NoAuthorizationURI:
			uri := tn.o.AuthorizationURI
			if uri == "" {
				uri = "https://" + aliasHost + "/common/oauth2/authorize"
			}
			c += fmt.Sprintf(`, authorization_uri="%s"`, uri)
		}
		if why.err != "" {
			c += fmt.Sprintf(`, error="%s"`, why.err)
		}
		h.Add("WWW-Authenticate", c)
		h.Add("WWW-Authenticate", basic)
		if diagnostics != "" {
			h.Set("X-MS-Diagnostics", diagnostics)
		}
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusUnauthorized)
}
