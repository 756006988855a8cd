package eastest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
)

// A refusal is a 401 with what Exchange says about the token.
type refusal struct {
	diagnostics string // X-MS-Diagnostics
	err         string // the error parameter
	uri         bool   // the challenge names the authority
	claims      string // that continuous access evaluation demands
}

// identity is the user whom a request names, by its token or by X-User-Identity, or "".
func (tn *Tenant) identity(r *http.Request) string {
	_, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if c, refused := tn.parse(strings.TrimSpace(raw)); refused == "" {
		return strings.ToLower(c.User)
	}
	return strings.ToLower(r.Header.Get("X-User-Identity"))
}

// flighting are the diagnostics of a server that offers no OAuth to this identity.
func (tn *Tenant) flighting() string {
	return fmt.Sprintf(`4000000;reason="Flighting is not enabled for domain '%s'.";error_category="oauth_not_available"`, tn.at.Domain)
}

// probed responds to the empty bearer token.
func (tn *Tenant) probed(w http.ResponseWriter, r *http.Request, host string) {
	identity := strings.ToLower(r.Header.Get("X-User-Identity"))
	if tn.product(host).model().guarded && tn.isPremises(host) && !tn.users[identity].hasMailbox() {
		because(r, "an empty token, and X-User-Identity names no user: %s then names no authority", tn.product(host))
		tn.challenge(w, r, host, &refusal{diagnostics: tn.flighting(), err: "invalid_token"})
		return
	}
	because(r, "an empty token: the challenge names the authority")
	tn.challenge(w, r, host, &refusal{uri: true})
}

// anonymous responds to a request without a bearer token.
func (tn *Tenant) anonymous(w http.ResponseWriter, r *http.Request, host string) {
	p := tn.product(host)
	switch {
	case p == exchangeOnline:
		// Who brings nothing is taken for one who signs in with a certificate.
		w.Header().Set("X-MS-Location", "https://outlook-cba.office365.com/Microsoft-Server-ActiveSync")
		w.WriteHeader(451)
	case tn.basicOnly(r, host) || p.model().guarded:
		tn.challenge(w, r, host, nil)
	default:
		tn.challenge(w, r, host, &refusal{uri: true})
	}
}

// basicOnly reports whether the fault EAS_BASIC_ONLY shows: an older server responds to who brings
// no token as those from Exchange 2019 CU13 on do.
func (tn *Tenant) basicOnly(r *http.Request, host string) bool {
	_, ok := tn.shows("EAS_BASIC_ONLY", host, tn.identity(r))
	return ok
}

// authority is the authorization_uri of the servers at host.
func (tn *Tenant) authority(host string) string {
	n := nationOf(tn.at.Nation)
	switch {
	case tn.at.Topology == OnPremises:
		return "https://" + tn.adfsHost() + "/adfs/oauth2/authorize"
	case n.alias != "":
		return "https://" + n.alias + "/common/oauth2/authorize"
	}
	return "https://" + n.login + "/common/oauth2/authorize"
}

// issuers are the trusted_issuers of the servers at host.
func (tn *Tenant) issuers(host string) string {
	const entra = "00000001-0000-0000-c000-000000000000@"
	switch {
	case tn.at.Topology == OnPremises:
		return tn.adfsTrust()
	case tn.product(host) == exchangeOnline:
		return entra + "*"
	}
	return entra + TenantID
}

// adfsTrust is the issuer of the access tokens of AD FS.
func (tn *Tenant) adfsTrust() string { return "http://" + tn.adfsHost() + "/adfs/services/trust" }

func (tn *Tenant) adfsHost() string { return "adfs." + tn.at.Domain }

// challenge responds with status 401. A nil refusal is one that does not speak of tokens.
func (tn *Tenant) challenge(w http.ResponseWriter, r *http.Request, host string, why *refusal) {
	h := w.Header()
	basic := fmt.Sprintf(`Basic realm="%s"`, host)
	faulty, identity := tn.faulty(host), tn.identity(r)
	has := func(id fault.ID) (value string, ok bool) {
		if !faulty {
			return "", false
		}
		return tn.shows(id, host, identity)
	}
	defer func() {
		h.Set("Content-Length", "0")
		w.WriteHeader(http.StatusUnauthorized)
	}()
	if value, ok := has("EAS_NO_WWW_AUTH"); ok {
		if value != "exchange" {
			clear(h)
		}
		return
	}
	if why != nil {
		if _, ok := has("EAS_BASIC_ONLY_EMPTY_BEARER"); ok {
			why = nil
		}
	}
	if why == nil {
		h.Set("WWW-Authenticate", basic)
		for _, c := range tn.o.Challenges {
			h.Add("WWW-Authenticate", c)
		}
		return
	}
	if _, ok := has("EAS_NO_AUTHORIZATION_URI"); ok {
		why.uri = false
	}
	if _, ok := has("EAS_FLIGHTING"); ok {
		why.uri, why.err, why.diagnostics = false, "invalid_token", tn.flighting()
	}
	if _, ok := has("EAS_FLIGHTING_OPEN"); ok { // seen with this build, by the report that is its source
		why.uri, why.err, why.diagnostics = false, "invalid_token", tn.flighting()
		h.Set("X-OWA-Version", "15.2.1544.4")
	}
	issuers := tn.issuers(host)
	if _, ok := has("EAS_TENANT_NOT_TRUSTED"); ok {
		issuers = "00000001-0000-0000-c000-000000000000@" + otherTenantID
	}
	uri, kind := tn.authority(host), tn.product(host).model().kind
	_, adfs := has("EAS_ADFS_AUTHORITY")
	if adfs {
		issuers, uri = tn.adfsTrust(), "https://"+tn.adfsHost()+"/adfs/oauth2/authorize"
	}
	adfs = adfs || tn.at.Topology == OnPremises
	if adfs && kind != "" {
		kind = "ADFS"
	}
	c := fmt.Sprintf(`Bearer client_id="%s", trusted_issuers="%s", token_types="app_asserted_user_v1 service_asserted_app_v1"`,
		exchangeAppID, issuers)
	if why.uri {
		if value, ok := has("EAS_UNEXPECTED_AUTHORITY"); ok {
			if uri = value; uri == "" {
				uri = "https://login.windows.net.fabrikam.example/common/oauth2/authorize"
			}
		}
		c += fmt.Sprintf(`, authorization_uri="%s"`, uri)
		if kind != "" {
			c += fmt.Sprintf(`, issuer_kind="%s"`, kind)
		}
	}
	if why.err != "" {
		c += fmt.Sprintf(`, error="%s"`, why.err)
	}
	if why.claims != "" {
		c += fmt.Sprintf(`, claims="%s"`, why.claims)
	}
	h.Add("WWW-Authenticate", c)
	for _, other := range tn.o.Challenges {
		h.Add("WWW-Authenticate", other)
	}
	h.Add("WWW-Authenticate", basic)
	if why.diagnostics != "" {
		h.Set("X-MS-Diagnostics", why.diagnostics)
	}
}
