package eastest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// easScope is the permission that Exchange ActiveSync asks for.
const easScope = "EAS.AccessAsUser.All"

const graphAppID = "00000003-0000-0000-c000-000000000000"

// An authority is the state of the tenant's Microsoft Entra ID. Tenant.mu guards it.
type authority struct {
	codes   map[string]*code
	refresh map[string]*refreshToken
	devices map[string]*device // by device code
	key     int                // number of the signing key
	pages   map[string]*signIn // sign-ins that are on a page, by their id
}

func (a *authority) init() {
	a.codes = map[string]*code{}
	a.refresh = map[string]*refreshToken{}
	a.devices = map[string]*device{}
	a.pages = map[string]*signIn{}
}

// A grant is one sign-in. Every refresh token of its rotation belongs to it.
type grant struct {
	user   string
	client string
	scope  string // that was consented to
	adfs   bool   // AD FS signed the user in
	mfa    bool   // with a second factor

	capabilities string // cp1, if the client declared it
	revoked      string // the AADSTS number with which it ended, or ""
}

type refreshToken struct {
	grant   *grant
	used    bool
	expires time.Time
}

// authorityHandler serves login.microsoftonline.com and its aliases.
func (tn *Tenant) authorityHandler() http.Handler {
	n := nationOf(tn.at.Nation)
	mux := http.NewServeMux()
	handle := func(pattern string, f http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			tn.mu.Lock()
			defer tn.mu.Unlock()
			w.Header().Set("x-ms-request-id", tn.guid("trace"))
			w.Header().Set("Cache-Control", "no-store, no-cache")
			w = &reasoned{w, r}
			if tn.mishap(w, r) {
				return
			}
			t := r.PathValue("tenant")
			known := t == "" || tn.isTenant(t)
			if known && t != "" && !anyTenant(t) {
				_, unknown := tn.shows("TENANT_UNKNOWN", hostOf(r), "")
				known = !unknown
			}
			if !known {
				tn.stsError(w, "90002", "invalid_tenant", nil)
				return
			}
			f(w, r)
		})
	}
	handle("GET /{tenant}/v2.0/.well-known/openid-configuration", tn.metadata)
	handle("GET /{tenant}/.well-known/openid-configuration", tn.metadataV1)
	handle("GET /{tenant}/discovery/v2.0/keys", tn.keys("https://"+n.login+"/{tenantid}/v2.0"))
	handle("GET /{tenant}/discovery/keys", tn.keys("https://"+n.sts+"/{tenantid}/"))
	handle("GET /{tenant}/oauth2/v2.0/authorize", tn.authorize)
	handle("GET /{tenant}/oauth2/authorize", tn.authorize)
	handle("POST /{tenant}/oauth2/v2.0/token", tn.token)
	handle("POST /{tenant}/oauth2/token", tn.token)
	handle("POST /{tenant}/oauth2/v2.0/devicecode", tn.deviceCode)
	handle("POST /{tenant}/oauth2/devicecode", tn.deviceCode)
	handle("POST /{tenant}/login", tn.signedIn)
	handle("GET /{tenant}/adminconsent", tn.adminConsent)
	handle("GET /{tenant}/discovery/instance", tn.instance)
	handle("GET /{tenant}/userrealm/{user}", tn.userRealm)
	handle("GET /{tenant}/UserRealm/{user}", tn.userRealm)
	handle("GET /GetUserRealm.srf", tn.userRealmSRF)
	handle("GET /getuserrealm.srf", tn.userRealmSRF)
	return mux
}

// reasoned is a response whose request is at hand, so that it can be said why.
type reasoned struct {
	http.ResponseWriter
	r *http.Request
}

// anyTenant reports whether a tenant in a URL stands for that of whoever signs in.
func anyTenant(t string) bool { return t == "common" || t == "organizations" }

// isTenant reports whether the cloud knows a tenant: where there is no cloud, none.
func (tn *Tenant) isTenant(t string) bool {
	return anyTenant(t) || tn.at.hasCloud() && (strings.EqualFold(t, TenantID) || slices.Contains(tn.at.domains(), strings.ToLower(t)))
}

func (tn *Tenant) metadata(w http.ResponseWriter, r *http.Request) {
	t := r.PathValue("tenant")
	n := nationOf(tn.at.Nation)
	base := "https://" + n.login + "/" + t
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         "https://" + n.login + "/" + issuerTenant(t) + "/v2.0",
		"authorization_endpoint":                         base + "/oauth2/v2.0/authorize",
		"token_endpoint":                                 base + "/oauth2/v2.0/token",
		"device_authorization_endpoint":                  base + "/oauth2/v2.0/devicecode",
		"jwks_uri":                                       base + "/discovery/v2.0/keys",
		"response_modes_supported":                       []string{"query", "fragment", "form_post"},
		"response_types_supported":                       []string{"code", "id_token", "code id_token", "id_token token"},
		"subject_types_supported":                        []string{"pairwise"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"scopes_supported":                               []string{"openid", "profile", "email", "offline_access"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"authorization_response_iss_parameter_supported": true,
		"tenant_region_scope":                            nil,
		"cloud_instance_name":                            strings.TrimPrefix(n.login, "login."),
	})
}

// issuerTenant is the tenant in an issuer: that of a tenant that is named, else a template.
func issuerTenant(t string) string {
	if anyTenant(t) {
		return "{tenantid}"
	}
	return TenantID
}

// metadataV1 is the metadata of the endpoints that take a resource in the place of scopes.
func (tn *Tenant) metadataV1(w http.ResponseWriter, r *http.Request) {
	t := r.PathValue("tenant")
	n := nationOf(tn.at.Nation)
	base := "https://" + n.login + "/" + t
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                "https://" + n.sts + "/" + issuerTenant(t) + "/",
		"authorization_endpoint":                base + "/oauth2/authorize",
		"token_endpoint":                        base + "/oauth2/token",
		"jwks_uri":                              base + "/discovery/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "token id_token", "token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"cloud_instance_name":                   strings.TrimPrefix(n.login, "login."),
	})
}

// Token returns a valid access token of addr for Exchange, for tests that are not about
// signing in. It panics for an address without a mailbox.
func (tn *Tenant) Token(addr string) *oauth2.Token { return tn.TokenFor(addr, tn.easHost()) }

// TokenFor is [Tenant.Token] for another host, such as that of AutoDiscover v1.
func (tn *Tenant) TokenFor(addr, host string) *oauth2.Token {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	if tn.users[strings.ToLower(addr)] == nil {
		panic("eastest: Token for an address without a mailbox")
	}
	login := nationOf(tn.at.Nation).login
	if tn.at.Topology == OnPremises {
		login = tn.adfsHost()
	}
	return &oauth2.Token{
		AccessToken: tn.accessToken(login, &grant{user: strings.ToLower(addr), client: tn.o.ClientID, adfs: tn.at.Topology == OnPremises}, "https://"+host+"/"+easScope),
		TokenType:   "Bearer", Expiry: tn.now().Add(tn.o.AccessLifetime),
	}
}

// proof is the appidacr of an application: how it proves who it is.
func (tn *Tenant) proof(client string) string {
	for _, a := range tn.o.Apps {
		switch {
		case a.ID != client:
		case a.Certificate != nil:
			return "2"
		case a.Secret != "":
			return "1"
		}
	}
	return "0"
}

// noAudience is the value of AUD_WRONG for a token without an audience.
const noAudience = "-"

// accessToken returns a token of a sign-in for scope, which the host login issues.
func (tn *Tenant) accessToken(login string, g *grant, scope string) string {
	user := g.user
	aud := resource(scope)
	if aud == "" {
		aud = graphAppID // a scope that names no resource is one of Microsoft Graph
	}
	if value, ok := tn.shows("AUD_WRONG", login, user); ok {
		aud = cmp.Or(value, "https://www.fabrikam.example")
	}
	if value, ok := tn.shows("AUD_IS_EXO", login, user); ok {
		aud = cmp.Or(value, "https://"+cloudHost)
	}
	if _, ok := tn.shows("AUD_HTTP", login, user); ok {
		aud = strings.Replace(aud, "https://", "http://", 1)
	}
	if _, ok := tn.shows("AUD_SLASH", login, user); ok {
		if aud = strings.TrimSuffix(aud, "/"); !g.adfs {
			aud += "/"
		}
	}
	scp := permissions(scope)
	if _, ok := tn.shows("SCOPE_MISSING", login, user); ok {
		scp = "User.Read"
	}
	now := tn.now()
	claims := map[string]any{
		"aud": aud, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tn.o.AccessLifetime).Unix(), "appid": g.client,
		"ver": "1.0", "oid": objectID(user), "sub": objectID("sub " + user), "scp": scp,
		"seq": tn.next(), // tokens of one second differ
	}
	amr := []string{"pwd"}
	if g.mfa {
		amr = append(amr, "mfa")
	}
	if user != "" {
		claims["upn"], claims["unique_name"], claims["amr"] = user, user, amr
	} else {
		delete(claims, "scp")
		claims["roles"], claims["idtyp"], claims["oid"], claims["sub"] = []string{"full_access_as_app"}, "app", objectID(g.client), objectID(g.client)
	}
	if g.adfs {
		claims["iss"], claims["apptype"] = tn.adfsTrust(), "Public"
		delete(claims, "oid")
	} else {
		claims["iss"], claims["tid"], claims["appidacr"], claims["uti"] = "https://"+nationOf(tn.at.Nation).sts+"/"+TenantID+"/", TenantID, tn.proof(g.client), tn.guid("token")
	}
	if g.capabilities != "" {
		claims["xms_cc"] = []string{g.capabilities}
	}
	if aud == noAudience {
		delete(claims, "aud")
	}
	return tn.sign(claims)
}

func (tn *Tenant) idToken(g *grant, nonce string) string {
	now := tn.now()
	user := g.user
	claims := map[string]any{
		"aud": g.client, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "sub": objectID("sub " + user),
	}
	if g.adfs {
		claims["iss"], claims["upn"], claims["unique_name"] = "https://"+tn.adfsHost()+"/adfs", user, user
	} else {
		claims["iss"], claims["tid"], claims["ver"] = "https://"+nationOf(tn.at.Nation).login+"/"+TenantID+"/v2.0", TenantID, "2.0"
		claims["oid"], claims["preferred_username"] = objectID(user), user
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return tn.sign(claims)
}

// objectID returns the directory's identifier of a user.
func objectID(user string) string {
	h := fnv.New64a()
	h.Write([]byte(user))
	return fmt.Sprintf("%016x", h.Sum64())[:8] + "-0a0b-4c0d-8e0f-" + fmt.Sprintf("%016x", h.Sum64())[4:]
}

// guid returns an identifier that was not used before.
func (tn *Tenant) guid(kind string) string {
	h := fnv.New32a()
	h.Write([]byte(kind))
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", h.Sum32(), tn.next())
}

// descriptions of Entra's errors, in our words; the numbers are Entra's.
var descriptions = map[string]struct {
	status      int
	code        string
	description string
	suberror    string
}{
	"50055":   {400, "invalid_grant", "The password has expired.", "user_password_expired"},
	"50126":   {400, "invalid_grant", "The user name or the password is not right.", ""},
	"50158":   {400, "interaction_required", "An external challenge was not satisfied.", "additional_action"},
	"500133":  {400, "invalid_grant", "The assertion has expired.", ""},
	"1002012": {400, "invalid_scope", "The scope of an application is the resource and /.default.", ""},
	"500131":  {400, "invalid_grant", "The assertion is not for the application that presents it.", ""},
	"53000":   {400, "invalid_grant", "The device is not in the required state.", "message_only"},
	"700025":  {401, "invalid_client", "A public client sends neither secret nor assertion.", ""},
	"700027":  {401, "invalid_client", "The client assertion has no valid signature.", ""},
	"7000112": {401, "unauthorized_client", "The application is disabled.", ""},
	"7000215": {401, "invalid_client", "The client secret is not valid.", ""},
	"7000218": {401, "invalid_client", "The request must contain client_assertion or client_secret.", ""},
	"90094":   {400, "invalid_grant", "An administrator must consent.", "consent_required"},
	"50011":   {400, "invalid_request", "The redirect URI is not registered for the application.", ""},
	"50013":   {400, "invalid_grant", "The assertion is not valid.", ""},
	"50034":   {400, "invalid_grant", "The account does not exist in the directory.", ""},
	"50105":   {400, "invalid_grant", "The signed in user is not assigned to a role for the application.", ""},
	"500121":  {400, "interaction_required", "Authentication failed during the strong authentication request.", "basic_action"},
	"50049":   {400, "invalid_instance", "Unknown or invalid instance.", ""},
	"50053":   {400, "invalid_grant", "The account is locked.", ""},
	"50057":   {400, "invalid_grant", "The account is disabled.", ""},
	"50072":   {400, "interaction_required", "The user must enrol for multi-factor authentication.", "basic_action"},
	"50074":   {400, "interaction_required", "Strong authentication is required.", "basic_action"},
	"50079":   {400, "interaction_required", "The user must enrol for multi-factor authentication.", "basic_action"},
	"50000":   {500, "server_error", "There was an issue issuing a token or an issue with the sign-in service.", ""},
	"90055":   {429, "temporarily_unavailable", "There are too many incoming requests.", ""},
	"90033":   {503, "temporarily_unavailable", "A transient error has occurred. Please try again.", ""},
	"50076":   {400, "interaction_required", "Multi-factor authentication is needed.", "basic_action"},
	"50173":   {400, "invalid_grant", "The grant was revoked; a new sign-in is needed.", "bad_token"},
	"50196":   {400, "invalid_grant", "The server stopped the request since it was made too often.", ""},
	"500011":  {400, "invalid_resource", "The resource principal was not found in the tenant.", ""},
	"53003":   {400, "invalid_grant", "Access was blocked by a Conditional Access policy.", "message_only"},
	"54005":   {400, "invalid_grant", "The authorization code was used before.", "bad_token"},
	"65001":   {400, "invalid_grant", "The user or an administrator has not consented.", "consent_required"},
	"65004":   {400, "access_denied", "The user declined to consent.", ""},
	"70000":   {400, "invalid_grant", "The grant is not valid.", "bad_token"},
	"70008":   {400, "invalid_grant", "The authorization code or refresh token has expired.", "token_expired"},
	"700016":  {400, "unauthorized_client", "The application was not found in the directory.", ""},
	"70011":   {400, "invalid_scope", "The scope is not valid.", ""},
	"70016":   {400, "authorization_pending", "The device flow is waiting for the user.", ""},
	"70018":   {400, "bad_verification_code", "The device code is not valid.", ""},
	"70019":   {400, "expired_token", "The device code has expired.", ""},
	"700082":  {400, "invalid_grant", "The refresh token has expired due to inactivity.", "token_expired"},
	"70003":   {400, "unsupported_grant_type", "The grant type is not supported.", ""},
	"90002":   {400, "invalid_tenant", "The tenant was not found.", ""},
	"900144":  {400, "invalid_request", "The request body must contain a parameter that is missing.", ""},
	"501481":  {400, "invalid_grant", "The code verifier does not match the code challenge.", ""},
	"9002313": {400, "invalid_request", "The request is malformed.", ""},
}

// stsError answers as Entra's token endpoint does.
func (tn *Tenant) stsError(w http.ResponseWriter, aadsts, code string, extra map[string]any) {
	d, ok := descriptions[aadsts]
	if !ok {
		d.status, d.code, d.description = http.StatusBadRequest, "invalid_grant", "The request was refused."
	}
	if code == "" {
		code = d.code
	}
	trace, correlation := w.Header().Get("x-ms-request-id"), ""
	if x, ok := w.(*reasoned); ok {
		if tn.isADFS(x.r) {
			tn.adfsError(w, x.r, aadsts, code, d.status, d.description)
			return
		}
		because(x.r, "AADSTS%s: %s", aadsts, d.description)
		correlation = x.r.Header.Get("client-request-id")
	}
	if !guidForm.MatchString(correlation) { // the client's own, if it names one
		correlation = tn.guid("correlation")
	}
	stamp := tn.now().UTC().Format("2006-01-02 15:04:05Z")
	body := map[string]any{
		"error": code,
		"error_description": fmt.Sprintf("AADSTS%s: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			aadsts, d.description, trace, correlation, stamp),
		"error_codes": []json.Number{json.Number(aadsts)}, "timestamp": stamp, "trace_id": trace, "correlation_id": correlation,
		"error_uri": "https://" + nationOf(tn.at.Nation).login + "/error?code=" + aadsts,
	}
	if d.suberror != "" {
		body["suberror"] = d.suberror
	}
	if aadsts == "50076" || aadsts == "50158" {
		body["claims"] = `{"access_token":{"capolids":{"essential":true,"values":["` + TenantID + `"]}}}`
	}
	for k, v := range extra {
		body[k] = v
	}
	writeJSON(w, d.status, body)
}

// guidForm is the number of an application, by which a resource can be named, too.
var guidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// resource returns the resource that a scope is for, and "" if it names none.
func resource(scope string) string {
	for s := range strings.FieldsSeq(scope) {
		i := strings.LastIndexByte(s, '/')
		if i < 0 {
			continue
		}
		if u, err := url.Parse(s); err == nil && u.Host != "" || guidForm.MatchString(s[:i]) {
			return s[:i]
		}
	}
	return ""
}

// permissions returns the scp of a token: the scopes of its resource without that, where
// .default stands for what the application was registered with.
func permissions(scope string) string {
	res := resource(scope)
	var out []string
	for s := range strings.FieldsSeq(scope) {
		name := s
		if res != "" {
			var ok bool
			if name, ok = strings.CutPrefix(s, res+"/"); !ok {
				continue
			}
		}
		switch name {
		case "openid", "profile", "email", "offline_access":
			continue
		case ".default":
			name = easScope
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// hasResource reports whether a resource is registered: the hosts of the organization, as
// service principal names of Exchange Online, Exchange Online's own, Microsoft Graph, and the
// applications. r is the request that names the resource.
func (tn *Tenant) hasResource(r *http.Request, res string) bool {
	res = strings.TrimSuffix(res, "/")
	u, err := url.Parse(res)
	if err == nil && tn.isPremises(u.Host) {
		if _, ok := tn.shows("SPN_MISSING", hostOf(r), ""); ok {
			return false
		}
		return u.Scheme == "https" && tn.lookup[u.Host] != nil
	}
	if _, ok := tn.shows("SPN_MISSING", hostOf(r), ""); ok && !tn.at.hasPremises() {
		return false
	}
	return tn.isOnline(res) || res == "https://graph.microsoft.com" || res == graphAppID ||
		slices.ContainsFunc(tn.o.Apps, func(a App) bool { return a.resource() == res || strings.EqualFold(a.ID, res) })
}

func has(scope, want string) bool {
	for s := range strings.FieldsSeq(scope) {
		if s == want {
			return true
		}
	}
	return false
}

// Revoke ends every sign-in of addr: refresh tokens and the access tokens issued so far are
// refused.
func (tn *Tenant) Revoke(addr string) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.endSignIns(addr)
	if m := tn.users[strings.ToLower(addr)]; m != nil {
		m.notBefore = tn.counter
	}
}

// ExpireAccessTokens makes every access token issued so far expire: Exchange refuses them with
// diagnostics 2000002. Refresh tokens remain valid.
func (tn *Tenant) ExpireAccessTokens() {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, m := range tn.users {
		m.notBefore = tn.counter
	}
}
