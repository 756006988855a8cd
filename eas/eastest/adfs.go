package eastest

import (
	"net/http"
)

// An adfsRefusal is an error of AD FS.
type adfsRefusal struct {
	status int
	number string
	text   string
}

func (e adfsRefusal) String() string { return "MSIS" + e.number + ": " + e.text }

// adfsErrors are the errors of AD FS whose numbers are known, by the number of Entra's for the
// same. Sources: AD FS development documentation (9615); reports of AD FS 2016 and later.
var adfsErrors = map[string]adfsRefusal{
	"700016": {400, "9223", "Received invalid OAuth authorization request. The received 'client_id' is invalid as no registered client was found with this client identifier. Make sure that the client is registered."},
	"50011":  {400, "9224", "Received invalid OAuth authorization request. The received 'redirect_uri' parameter is not a valid registered redirect URI for the client identifier."},
	"54005":  {400, "9612", "The authorization code received in 'code' parameter is invalid. "},
	"700082": {401, "9615", "The refresh token received in 'refresh_token' parameter has expired."},
}

// adfsError responds as the token endpoint of AD FS does, which has no numbers of Entra's.
func (tn *Tenant) adfsError(w http.ResponseWriter, r *http.Request, aadsts, code string, status int, text string) {
	if e, ok := adfsErrors[aadsts]; ok {
		status, text = e.status, e.String()
	}
	because(r, "%s: %s", code, text)
	writeJSON(w, status, map[string]any{"error": code, "error_description": text})
}

// showError is the page of an authority that will not send the browser back.
func (tn *Tenant) showError(w http.ResponseWriter, r *http.Request, aadsts string) {
	text := "AADSTS" + aadsts + ": " + descriptions[aadsts].description
	if tn.isADFS(r) {
		text = adfsErrors[aadsts].String()
	}
	errorPage(w, text)
}

// isADFS reports whether a request is for AD FS.
func (tn *Tenant) isADFS(r *http.Request) bool { return hostOf(r) == tn.adfsHost() }

// adfsHandler serves AD FS.
func (tn *Tenant) adfsHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			tn.mu.Lock()
			defer tn.mu.Unlock()
			w.Header().Set("client-request-id", tn.guid("trace"))
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Server", "Microsoft-HTTPAPI/2.0")
			w = &reasoned{w, r}
			if !tn.mishap(w, r) {
				f(w, r)
			}
		})
	}
	handle("GET /adfs/ls/", tn.federatedPage)
	handle("POST /adfs/ls/", tn.signedIn)
	if tn.at.hasPremises() {
		handle("GET /adfs/.well-known/openid-configuration", tn.metadataADFS)
		handle("GET /adfs/discovery/keys", tn.keys(""))
		handle("GET /adfs/oauth2/authorize", tn.authorize)
		handle("GET /adfs/oauth2/authorize/", tn.authorize)
		handle("POST /adfs/oauth2/token", tn.token)
		handle("POST /adfs/oauth2/token/", tn.token)
		handle("POST /adfs/oauth2/devicecode", tn.deviceCode)
		// Not under tn.mu: what it does takes the lock itself.
		mux.HandleFunc("/adfs/oauth2/deviceauth", tn.deviceLogin)
	}
	return mux
}

func (tn *Tenant) metadataADFS(w http.ResponseWriter, _ *http.Request) {
	base := "https://" + tn.adfsHost() + "/adfs"
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                base,
		"access_token_issuer":                   tn.adfsTrust(),
		"authorization_endpoint":                base + "/oauth2/authorize/",
		"token_endpoint":                        base + "/oauth2/token/",
		"device_authorization_endpoint":         base + "/oauth2/devicecode",
		"jwks_uri":                              base + "/discovery/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic", "private_key_jwt", "windows_client_authentication"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token", "code token", "code id_token token"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:device_code"},
		"subject_types_supported":               []string{"pairwise"},
		"scopes_supported":                      []string{"openid", "profile", "email", "aza", "allatclaims", "user_impersonation"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}
