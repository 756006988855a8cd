package eastest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// signingKey is the key of every authority of the process: making one takes longer than
// most tests.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("eastest: key: " + err.Error())
	}
	return k
})

const keyID = "eastest-1"

// easScope is the permission that Exchange ActiveSync asks for.
const easScope = "EAS.AccessAsUser.All"

const graphAppID = "00000003-0000-0000-c000-000000000000"

// An authority is the state of the tenant's Microsoft Entra ID. Tenant.mu guards it.
type authority struct {
	codes   map[string]*code
	refresh map[string]*refreshToken
	devices map[string]*device // by device code
}

func (a *authority) init() {
	a.codes = map[string]*code{}
	a.refresh = map[string]*refreshToken{}
	a.devices = map[string]*device{}
}

// A grant is one sign-in. Every refresh token of its rotation belongs to it.
type grant struct {
	user    string
	client  string
	scope   string // that was consented to
	revoked string // the AADSTS number with which it ended, or ""
}

type refreshToken struct {
	grant   *grant
	used    bool
	expires time.Time
}

// authorityHandler serves login.microsoftonline.com.
func (tn *Tenant) authorityHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			tn.mu.Lock()
			defer tn.mu.Unlock()
			w.Header().Set("x-ms-request-id", tn.guid("trace"))
			w.Header().Set("Cache-Control", "no-store, no-cache")
			w = &reasoned{w, r}
			if t := r.PathValue("tenant"); !tn.isTenant(t) {
				tn.stsError(w, "90002", "invalid_tenant", nil)
				return
			}
			f(w, r)
		})
	}
	handle("GET /{tenant}/v2.0/.well-known/openid-configuration", tn.metadata)
	handle("GET /{tenant}/discovery/v2.0/keys", tn.keys("https://"+loginHost+"/{tenantid}/v2.0"))
	handle("GET /{tenant}/discovery/keys", tn.keys("https://sts.windows.net/{tenantid}/"))
	handle("GET /{tenant}/oauth2/v2.0/authorize", tn.authorize)
	handle("POST /{tenant}/oauth2/v2.0/token", tn.token)
	handle("POST /{tenant}/oauth2/v2.0/devicecode", tn.deviceCode)
	return mux
}

// reasoned is a response whose request is at hand, so that it can be said why.
type reasoned struct {
	http.ResponseWriter
	r *http.Request
}

func (tn *Tenant) isTenant(t string) bool {
	return t == "common" || t == "organizations" || strings.EqualFold(t, TenantID) || strings.EqualFold(t, tn.at.Domain)
}

func (tn *Tenant) metadata(w http.ResponseWriter, r *http.Request) {
	t := r.PathValue("tenant")
	base := "https://" + loginHost + "/" + t
	id := TenantID
	if t == "common" || t == "organizations" {
		id = "{tenantid}"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         "https://" + loginHost + "/" + id + "/v2.0",
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
		"cloud_instance_name":                            "microsoftonline.com",
	})
}

// keys serves the public key; issuer is the issuer that it may sign for.
func (tn *Tenant) keys(issuer string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		k := jose.JSONWebKey{Key: &signingKey().PublicKey, KeyID: keyID, Use: "sig"}
		b, err := k.MarshalJSON()
		if err != nil {
			panic("eastest: " + err.Error())
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			panic("eastest: " + err.Error())
		}
		m["issuer"] = issuer
		writeJSON(w, http.StatusOK, map[string]any{"keys": []any{m}})
	}
}

func sign(claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: signingKey(), KeyID: keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic("eastest: " + err.Error())
	}
	b, err := json.Marshal(claims)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	jws, err := s.Sign(b)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	t, err := jws.CompactSerialize()
	if err != nil {
		panic("eastest: " + err.Error())
	}
	return t
}

// Token returns a valid access token of addr for Exchange, for tests that are not about
// signing in. It panics if there is no such mailbox.
func (tn *Tenant) Token(addr string) *oauth2.Token { return tn.TokenFor(addr, tn.easHost()) }

// TokenFor is [Tenant.Token] for another host, such as that of AutoDiscover v1.
func (tn *Tenant) TokenFor(addr, host string) *oauth2.Token {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	if tn.users[strings.ToLower(addr)] == nil {
		panic("eastest: Token for an address without a mailbox")
	}
	return &oauth2.Token{
		AccessToken: tn.accessToken(strings.ToLower(addr), "https://"+host+"/"+easScope, tn.o.ClientID),
		TokenType:   "Bearer", Expiry: tn.now().Add(tn.o.AccessLifetime),
	}
}

func (tn *Tenant) accessToken(user, scope, client string) string {
	aud := resource(scope)
	if aud == "" {
		aud = graphAppID // a scope that names no resource is one of Microsoft Graph
	}
	if tn.o.Audience != "" {
		aud = tn.o.Audience
	}
	now := tn.now()
	claims := map[string]any{
		"aud": aud, "iss": "https://sts.windows.net/" + TenantID + "/", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(tn.o.AccessLifetime).Unix(), "appid": client, "appidacr": "0", "tid": TenantID, "ver": "1.0",
		"oid": objectID(user), "sub": objectID("sub " + user), "upn": user, "unique_name": user,
		"scp": permissions(scope), "amr": []string{"pwd"}, "uti": tn.guid("token"),
		"seq": tn.next(), // tokens of one second differ
	}
	if aud == "-" {
		delete(claims, "aud")
	}
	return sign(claims)
}

func (tn *Tenant) idToken(user, client, nonce string) string {
	now := tn.now()
	claims := map[string]any{
		"aud": client, "iss": "https://" + loginHost + "/" + TenantID + "/v2.0", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(time.Hour).Unix(), "tid": TenantID, "ver": "2.0", "oid": objectID(user), "sub": objectID("sub " + user),
		"preferred_username": user,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return sign(claims)
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
	"50011":   {400, "invalid_request", "The redirect URI is not registered for the application.", ""},
	"50013":   {400, "invalid_grant", "The assertion is not valid.", ""},
	"50034":   {400, "invalid_grant", "The account does not exist in the directory.", ""},
	"50053":   {400, "invalid_grant", "The account is locked.", ""},
	"50057":   {400, "invalid_grant", "The account is disabled.", ""},
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
	if x, ok := w.(*reasoned); ok {
		because(x.r, "AADSTS%s: %s", aadsts, d.description)
	}
	trace, correlation := w.Header().Get("x-ms-request-id"), tn.guid("correlation")
	stamp := tn.now().UTC().Format("2006-01-02 15:04:05Z")
	body := map[string]any{
		"error": code,
		"error_description": fmt.Sprintf("AADSTS%s: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			aadsts, d.description, trace, correlation, stamp),
		"error_codes": []json.Number{json.Number(aadsts)}, "timestamp": stamp, "trace_id": trace, "correlation_id": correlation,
		"error_uri": "https://" + loginHost + "/error?code=" + aadsts,
	}
	if d.suberror != "" {
		body["suberror"] = d.suberror
	}
	if aadsts == "50076" {
		body["claims"] = `{"access_token":{"capolids":{"essential":true,"values":["` + TenantID + `"]}}}`
	}
	for k, v := range extra {
		body[k] = v
	}
	writeJSON(w, d.status, body)
}

// resource returns the resource that a scope is for, and "" if it names none.
func resource(scope string) string {
	for s := range strings.FieldsSeq(scope) {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			return s[:strings.LastIndexByte(s, '/')]
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
// service principal names of Exchange Online, and Exchange Online's own.
func (tn *Tenant) hasResource(res string) bool {
	res = strings.TrimSuffix(res, "/")
	u, err := url.Parse(res)
	if err == nil && tn.isPremises(u.Host) {
		if _, ok := tn.shows("SPN_MISSING", nationOf(tn.at.Nation).login, ""); ok {
			return false
		}
		return u.Scheme == "https" && tn.lookup[u.Host] != nil
	}
	if _, ok := tn.shows("SPN_MISSING", nationOf(tn.at.Nation).login, ""); ok && !tn.at.hasPremises() {
		return false
	}
	return tn.isOnline(res) || slices.Contains(tn.o.Resources, res)
}

func has(scope, want string) bool {
	for s := range strings.FieldsSeq(scope) {
		if s == want {
			return true
		}
	}
	return false
}

// Revoke ends every sign-in of addr, as a change of the password does: refresh tokens and
// the access tokens issued so far are refused.
func (tn *Tenant) Revoke(addr string) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, t := range tn.sts.refresh {
		if strings.EqualFold(t.grant.user, addr) && t.grant.revoked == "" {
			t.grant.revoked = "50173"
		}
	}
	if m := tn.users[strings.ToLower(addr)]; m != nil {
		m.notBefore = tn.counter
	}
}

// ExpireAccessTokens lets every access token issued so far run out early: Exchange refuses
// them with diagnostics 2000002. Refresh tokens stay good.
func (tn *Tenant) ExpireAccessTokens() {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, m := range tn.users {
		m.notBefore = tn.counter
	}
}
