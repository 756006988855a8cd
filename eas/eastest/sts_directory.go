package eastest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// cloudHosts are the hosts of one cloud's authority.
type cloudHosts struct {
	network, cache string
	aliases        []string
}

// instances are the clouds that Entra ID names, whichever of them it is in. Source: the
// response of common/discovery/instance; MSAL Go's and MSAL.NET's lists of it.
var instances = []cloudHosts{
	{loginHost, aliasHost, []string{loginHost, aliasHost, "login.microsoft.com", "sts.windows.net"}},
	{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn", []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
	{"login.microsoftonline.de", "login.microsoftonline.de", []string{"login.microsoftonline.de"}},
	{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
	{"login-us.microsoftonline.com", "login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
	{"login.sovcloud-identity.fr", "login.sovcloud-identity.fr", []string{"login.sovcloud-identity.fr"}},
	{"login.sovcloud-identity.de", "login.sovcloud-identity.de", []string{"login.sovcloud-identity.de"}},
	{"login.sovcloud-identity.sg", "login.sovcloud-identity.sg", []string{"login.sovcloud-identity.sg"}},
}

// instance is instance discovery: which hosts are those of an authority.
func (tn *Tenant) instance(w http.ResponseWriter, r *http.Request) {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	network := "" // of the host that is asked about
	var metadata []any
	for _, c := range instances {
		metadata = append(metadata, map[string]any{"preferred_network": c.network, "preferred_cache": c.cache, "aliases": c.aliases})
		if err == nil && slices.Contains(c.aliases, strings.ToLower(asked.Host)) {
			network = c.network
		}
	}
	if network == "" {
		tn.stsError(w, "50049", "", nil)
		return
	}
	tenant, rest, _ := strings.Cut(strings.Trim(asked.Path, "/"), "/")
	version := ""
	if strings.Contains(rest, "v2.0") {
		version = "/v2.0"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + network + "/" + tenant + version + "/.well-known/openid-configuration",
		"api-version":               "1.1", "metadata": metadata,
	})
}

// adminConsent is where an administrator consents for all users, which meets what the faults
// ADMIN_CONSENT and CONSENT demand. With [Options.SignInPages] the administrator signs in.
func (tn *Tenant) adminConsent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	app := tn.app(r, q.Get("client_id"))
	switch {
	case app == nil:
		tn.showError(w, r, "700016")
		return
	case !app.redirects(q.Get("redirect_uri"), false):
		tn.showError(w, r, "50011")
		return
	}
	scope := q.Get("scope")
	if scope == "" {
		scope = easScope
	}
	s := &signIn{q: q, app: app.ID, redirect: q.Get("redirect_uri"), scope: scope, forAll: true}
	if tn.o.SignInPages {
		tn.show(w, r, s, pagePassword, "")
		return
	}
	tn.consented("", app.ID, true)
	tn.complete(w, r, s)
}

// adminSignedIn goes on where an administrator has signed in to consent for all.
func (tn *Tenant) adminSignedIn(w http.ResponseWriter, r *http.Request, s *signIn) {
	if !tn.users[s.user].isAdmin() {
		tn.failed(w, r, s, "90094")
		return
	}
	tn.show(w, r, s, pageConsent, "")
}
