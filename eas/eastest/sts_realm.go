package eastest

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
)

// A realm says who checks the password of a user.
type realm struct {
	user, domain string
	kind         string // "Unknown", "Managed" or "Federated"
}

func (tn *Tenant) realm(user string) realm {
	_, domain, _ := strings.Cut(strings.ToLower(user), "@")
	switch {
	case !tn.at.hasCloud(), !tn.at.accepts(user):
		return realm{user, domain, "Unknown"}
	case tn.at.Identity == Federated:
		return realm{user, domain, "Federated"}
	}
	return realm{user, domain, "Managed"}
}

// brand is the name of an organization as the directory shows it.
func (r realm) brand() string {
	name, _, _ := strings.Cut(r.domain, ".")
	return strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

// activeURL and passiveURL are where AD FS takes a password, from a program and from a browser.
func (tn *Tenant) activeURL() string {
	return "https://" + tn.adfsHost() + "/adfs/services/trust/2005/usernamemixed"
}

func (tn *Tenant) passiveURL(user string) string {
	return "https://" + tn.adfsHost() + "/adfs/ls/?" + url.Values{"username": {user}, "wa": {"wsignin1.0"}, "wtrealm": {federationURN}, "wctx": {""}}.Encode()
}

// federationURN is the name of the cloud as a relying party.
const federationURN = "urn:federation:MicrosoftOnline"

func (tn *Tenant) cloudInstance() string {
	return strings.TrimPrefix(nationOf(tn.at.Nation).login, "login.")
}

// userRealm is user realm discovery, version 1.0 unless api-version names 2.0 or 2.1. Source:
// MSAL for Go, apps/internal/oauth/ops/authority; AADInternals.
func (tn *Tenant) userRealm(w http.ResponseWriter, r *http.Request) {
	m := tn.realm(r.PathValue("user"))
	if strings.HasPrefix(r.URL.Query().Get("api-version"), "2.") {
		body := map[string]any{"NameSpaceType": m.kind, "Login": m.user, "cloud_instance_name": tn.cloudInstance()}
		if m.kind != "Unknown" {
			body["DomainName"], body["FederationBrandName"], body["TenantBrandingInfo"] = m.domain, m.brand(), nil
		}
		if m.kind == "Federated" {
			body["federation_protocol"], body["AuthURL"] = "WSTrust", tn.passiveURL(m.user)
		}
		writeJSON(w, http.StatusOK, body)
		return
	}
	body := map[string]any{"ver": "1.0", "account_type": m.kind, "domain_name": m.domain, "cloud_instance_name": tn.cloudInstance(), "cloud_audience_urn": federationURN}
	if m.kind == "Federated" {
		body["federation_protocol"], body["federation_active_auth_url"] = "WSTrust", tn.activeURL()
		body["federation_metadata_url"] = "https://" + tn.adfsHost() + "/adfs/services/trust/mex"
	}
	writeJSON(w, http.StatusOK, body)
}

// realmInfo is the response of GetUserRealm.srf as XML.
type realmInfo struct {
	XMLName                xml.Name `xml:"RealmInfo" json:"-"`
	Success                string   `xml:",attr" json:"-"`
	State, UserState       int
	Login, NameSpaceType   string
	DomainName             string `xml:",omitempty" json:",omitempty"`
	IsFederatedNS          *bool  `xml:",omitempty" json:"-"`
	STSAuthURL             string `xml:",omitempty" json:"-"`
	AuthURL                string `xml:",omitempty" json:",omitempty"`
	FederationBrandName    string `xml:",omitempty" json:",omitempty"`
	CloudInstanceName      string `xml:",omitempty" json:",omitempty"`
	CloudInstanceIssuerURI string `xml:"CloudInstanceIssuerUri,omitempty" json:"CloudInstanceIssuerUri,omitempty"`
}

// userRealmSRF is the older form, as JSON or, with xml=1, as XML. Source: AADInternals;
// responses that scanners print.
func (tn *Tenant) userRealmSRF(w http.ResponseWriter, r *http.Request) {
	q := map[string]string{}
	for k, v := range r.URL.Query() {
		q[strings.ToLower(k)] = v[0]
	}
	m := tn.realm(q["login"])
	out := realmInfo{Success: "true", State: 4, UserState: 1, Login: m.user, NameSpaceType: m.kind}
	if m.kind != "Unknown" {
		federated := m.kind == "Federated"
		out.DomainName, out.FederationBrandName, out.IsFederatedNS = m.domain, m.brand(), &federated
		out.CloudInstanceName, out.CloudInstanceIssuerURI = tn.cloudInstance(), federationURN
		if federated {
			out.State, out.UserState, out.STSAuthURL, out.AuthURL = 3, 2, tn.activeURL(), tn.passiveURL(m.user)
		}
	}
	if q["xml"] != "1" {
		writeJSON(w, http.StatusOK, out)
		return
	}
	b, err := xml.Marshal(out)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(b) // into memory
}
