package eastest

import (
	"net/http"
)

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
			f(&reasoned{w, r}, r)
		})
	}
	handle("GET /adfs/ls/", tn.federatedPage)
	handle("POST /adfs/ls/", tn.signedIn)
	if tn.at.Topology == OnPremises {
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
		"access_token_issuer":                   "http://" + tn.adfsHost() + "/adfs/services/trust",
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
