package eastest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
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

	Methods      []string `json:"amr"`
	Capabilities []string `json:"xms_cc"`
	Client       string   `json:"appidacr"` // how the application proved who it is; "0" if it did not
}

// service reports whether a service got the token on behalf of the user.
func (c *claims) service() bool { return c.Client == "1" || c.Client == "2" }

// parse checks the signature of a token and reads it. Its second result is the number of
// the diagnostics with which Exchange refuses it, or "".
func (tn *Tenant) parse(raw string) (claims, string) {
	var c claims
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, "2000001"
	}
	b, ok := tn.verified(jws)
	if !ok {
		return c, "2000000"
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, "2000001"
	}
	return c, ""
}

// checkBearer is Exchange's look at the Authorization of a request to host. It returns the
// mailbox, or responds with a challenge and returns nil. The caller holds tn.mu.
func (tn *Tenant) checkBearer(w http.ResponseWriter, r *http.Request, host string) *Mailbox {
	v, present := r.Header["Authorization"]
	scheme, raw, _ := strings.Cut(strings.Join(v, ", "), " ")
	raw = strings.TrimSpace(raw)
	if tn.faulty(host) {
		if tn.product(host) == exchangeOnline {
			if _, ok := tn.shows("EAS_451_CBA", host, tn.identity(r)); ok {
				because(r, "fault EAS_451_CBA: a proxy strips Authorization")
				tn.anonymous(w, r, host)
				return nil
			}
		}
		if _, ok := tn.shows("E2010_PRESENT", host, tn.identity(r)); ok {
			because(r, "fault E2010_PRESENT")
			exchange2010(w, host)
			return nil
		}
		if m := tn.bypassed(r, host); m != nil {
			return m
		}
		if !present {
			if _, ok := tn.shows("EAS_ANON_200", host, ""); ok {
				because(r, "fault EAS_ANON_200: a device in front signs everybody in")
				return tn.anybody(host)
			}
		}
		if raw != "" {
			if _, ok := tn.shows("EAS_FORGED_ACCEPTED", host, ""); ok {
				because(r, "fault EAS_FORGED_ACCEPTED: a device in front injects an identity")
				return tn.anybody(host)
			}
		}
	}
	switch {
	case !present, !strings.EqualFold(scheme, "Bearer"):
		because(r, "no bearer token, not even an empty one: %s", tn.product(host))
		tn.anonymous(w, r, host)
		return nil
	case raw == "":
		tn.probed(w, r, host)
		return nil
	}
	m, why := tn.account(raw, host)
	if why == nil {
		of(r, m.addr)
		return m
	}
	because(r, "the token is refused: %s%s", why.diagnostics, why.err)
	if why.err == "" {
		why.err = "invalid_token"
	}
	why.uri = true
	tn.challenge(w, r, host, why)
	return nil
}

// bypassed returns the mailbox of a user who has configured Basic by hand, which the server
// accepts with the fault AUTODETECT_BYPASSED, or nil.
func (tn *Tenant) bypassed(r *http.Request, host string) *Mailbox {
	user, password, ok := r.BasicAuth()
	m := tn.users[strings.ToLower(user)]
	if !ok || m == nil || password != m.secret {
		return nil
	}
	if _, ok := tn.shows("AUTODETECT_BYPASSED", host, m.addr); !ok {
		return nil
	}
	because(r, "fault AUTODETECT_BYPASSED: the password is accepted")
	of(r, m.addr)
	return m
}

// exchange2010 responds as a server that knows passwords alone, to tokens too.
func exchange2010(w http.ResponseWriter, host string) {
	h := w.Header()
	clear(h)
	h.Set("Server", "Microsoft-IIS/7.5")
	h.Set("X-Powered-By", "ASP.NET")
	h.Set("X-OWA-Version", "14.3.513.0")
	h.Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s"`, host))
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusUnauthorized)
}

// anybody returns the mailbox as which a device in front signs everybody in.
func (tn *Tenant) anybody(string) *Mailbox {
	if len(tn.order) == 0 {
		return nil
	}
	return tn.users[tn.order[0]]
}

func diagnose(number, reason, category string) *refusal {
	return &refusal{diagnostics: fmt.Sprintf(`%s;reason="%s";error_category="%s"`, number, reason, category)}
}

const (
	wrongAudience = "The hostname component of the audience claim value is invalid. Expected '%s'. Actual '%s'."
	expired       = "The token has expired."
)

// account finds the mailbox of a token, or says why Exchange refuses it.
func (tn *Tenant) account(raw, host string) (*Mailbox, *refusal) {
	c, refused := tn.parse(raw)
	switch refused {
	case "2000000":
		return nil, diagnose("2000000", "The token has an invalid signature.", "invalid_signature")
	case "2000001":
		return nil, diagnose("2000001", "OAuth token submitted with the request can not be parsed.", "invalid_token")
	}
	own := url.URL{Scheme: "https", Host: host}
	aud := strings.TrimSuffix(c.Audience, "/")
	m := tn.users[strings.ToLower(c.User)]
	if tn.faulty(host) {
		if why := tn.refused(host, &own, c); why != nil {
			return nil, why
		}
	}
	online := own.Scheme == "https" && tn.product(host) == exchangeOnline && tn.isOnline(aud)
	switch {
	case tn.now().Unix() >= c.Expires:
		return nil, diagnose("2000002", expired, "token_expired")
	case c.Audience == "":
		return nil, diagnose("2000003", "The audience claim value is invalid 'aud'.", "invalid_resource")
	case !strings.EqualFold(aud, own.String()) && !online:
		return nil, diagnose("2000003", fmt.Sprintf(wrongAudience, quoteless(aud), own.String()), "invalid_resource")
	case tn.distrusted(&c) != nil:
		return nil, tn.distrusted(&c)
	case m == nil:
		return nil, diagnose("2000005", "The user specified by the user-context in the token does not exist.", "invalid_user")
	case !has(c.Scope, easScope):
		return nil, diagnose("2000008", "The token should have valid permissions or linked account associated with partner application '"+
			exchangeAppID+"'.", "invalid_grant")
	case c.Seq != 0 && c.Seq <= m.notBefore:
		return nil, diagnose("2000002", expired, "token_expired")
	}
	return m, nil
}

// distrusted returns how Exchange refuses the issuer of a token, or nil. In a hybrid organization
// it trusts AD FS as well while the challenge names that.
func (tn *Tenant) distrusted(c *claims) *refusal {
	adfs := c.Issuer == tn.adfsTrust()
	switch {
	case adfs && (tn.at.Topology == OnPremises || tn.switched("EAS_ADFS_AUTHORITY")):
		return nil
	case adfs || tn.at.Topology == OnPremises:
		return diagnose("2000001", "The issuer of the token is not trusted.", "invalid_token")
	case c.Tenant != TenantID:
		return diagnose("2000004", fmt.Sprintf("The tenant for tenant guid '%s' does not exist.", quoteless(c.Tenant)), "invalid_tenant")
	}
	return nil
}

// isOnline reports whether an audience is a name of Exchange Online.
func (tn *Tenant) isOnline(aud string) bool {
	n := nationOf(tn.at.Nation)
	switch strings.ToLower(aud) {
	case "https://" + n.exchange, "https://" + n.other, exchangeAppID:
		return true
	}
	return false
}

// refused shows a fault of Exchange with a token. own is the URL by which it knows itself.
func (tn *Tenant) refused(host string, own *url.URL, c claims) *refusal {
	shows := func(id fault.ID) (string, bool) { return tn.shows(id, host, c.User) }
	if _, ok := shows("CERT_METADATA_STALE"); ok {
		return diagnose("2000000", "The token has an invalid signature.", "invalid_signature")
	}
	if c.service() {
		switch value, ok := shows("SYNC_STALE"); {
		case ok && value == "TLS_OFFLOAD":
			own.Scheme = "http"
		case ok:
			return diagnose("2000000", "The token has an invalid signature.", "invalid_signature")
		}
	}
	if _, ok := shows("TOKEN_EXPIRED"); ok { // the clock of the server is ahead
		return diagnose("2000002", expired, "token_expired")
	}
	if _, ok := shows("TLS_OFFLOAD"); ok {
		own.Scheme = "http"
	}
	if value, ok := shows("AUD_HOST_MISMATCH"); ok { // a proxy rewrites the host
		if own.Host = value; value == "" {
			own.Host = "exch01." + tn.at.Domain
		}
	}
	if value, ok := shows("TENANT_MISSING"); ok {
		if value == "" {
			value = c.Tenant
		}
		return diagnose("2000004", fmt.Sprintf("The tenant for tenant guid '%s' does not exist.", quoteless(value)), "invalid_tenant")
	}
	if _, ok := shows("USER_MISSING"); ok {
		return diagnose("2000005", "The user specified by the user-context in the token does not exist.", "invalid_user")
	}
	if _, ok := shows("USER_AMBIGUOUS"); ok {
		return diagnose("2000005", "The user specified by the user-context in the token is ambiguous.", "invalid_user")
	}
	if _, ok := shows("TENANT_RESTRICTION"); ok {
		return diagnose("2000020", "xms_trpid claim was not present but sec-tenant-restriction-access-policy header was in requires", "insufficient_claims")
	}
	if _, ok := shows("CAE_CLAIMS"); ok && !slices.Contains(c.Capabilities, "cp1") {
		return &refusal{err: "insufficient_claims", claims: "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzAwMDAwMDAwIn19fQ=="}
	}
	return nil
}

func quoteless(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\'' || r > '~' {
			return -1
		}
		return r
	}, s)
}
