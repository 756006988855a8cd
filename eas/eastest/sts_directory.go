package eastest

import (
	"net/http"
	"net/url"
	"strings"
)

// instance is instance discovery: which hosts are those of an authority.
func (tn *Tenant) instance(w http.ResponseWriter, r *http.Request) {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	known := false
	var metadata []any
	for _, n := range nations {
		aliases := []string{n.login}
		if n.alias != "" {
			aliases = append(aliases, n.alias)
		}
		metadata = append(metadata, map[string]any{"preferred_network": n.login, "preferred_cache": aliases[len(aliases)-1], "aliases": aliases})
		for _, a := range aliases {
			known = known || err == nil && strings.EqualFold(asked.Host, a)
		}
	}
	if !known {
		writeJSON(w, http.StatusBadRequest, map[string]any{
			"error": "invalid_instance", "error_description": "AADSTS50049: Unknown or invalid instance.", "error_codes": []int{50049},
		})
		return
	}
	segments := strings.Split(strings.Trim(asked.Path, "/"), "/")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + nationOf(tn.at.Nation).login + "/" + segments[0] + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1", "metadata": metadata,
	})
}

// userRealm says who checks the password of a user.
func (tn *Tenant) userRealm(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	n := nationOf(tn.at.Nation)
	body := map[string]any{"ver": "1.0", "domain_name": tn.at.Domain, "cloud_instance_name": strings.TrimPrefix(n.login, "login."),
		"cloud_audience_urn": "urn:federation:MicrosoftOnline"}
	_, domain, _ := strings.Cut(strings.ToLower(user), "@")
	body["domain_name"] = domain
	switch {
	case !tn.at.accepts(user):
		body["account_type"] = "Unknown"
	case tn.at.Identity == Federated:
		body["account_type"], body["federation_protocol"] = "Federated", "WSTrust"
		body["federation_active_auth_url"] = "https://" + tn.adfsHost() + "/adfs/services/trust/2005/usernamemixed"
	default:
		body["account_type"] = "Managed"
	}
	writeJSON(w, http.StatusOK, body)
}

// adminConsent is where an administrator consents for all users: it lifts what [Fault]
// ADMIN_CONSENT and CONSENT demand.
func (tn *Tenant) adminConsent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	app := tn.app(q.Get("client_id"))
	switch {
	case app == nil:
		errorPage(w, "AADSTS700016: The application was not found in the directory.")
		return
	case !app.redirects(q.Get("redirect_uri"), false):
		errorPage(w, "AADSTS50011: The redirect URI is not registered for the application.")
		return
	}
	for _, s := range tn.switches {
		if s.fault.ID == "ADMIN_CONSENT" || s.fault.ID == "CONSENT" {
			s.lifted = true
		}
	}
	v := url.Values{"admin_consent": {"True"}, "tenant": {TenantID}}
	if s := q.Get("state"); s != "" {
		v.Set("state", s)
	}
	tn.deliver(w, q, q.Get("redirect_uri"), v)
}
