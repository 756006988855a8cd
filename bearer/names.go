package bearer

import "strings"

// isScheme reports whether a word is the name of a scheme: the HTTP Authentication Scheme
// Registry and those that Microsoft's servers send.
func isScheme(s string) bool {
	switch lower(s) {
	case "basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth",
		"privatetoken", "scram-sha-1", "scram-sha-256", "vapid", "ntlm", "kerberos", "pop", "pkeyauth", "livessp", "wlid1.1":
		return true
	}
	return false
}

// isKnownParam reports whether a word is the name of a parameter of one of those schemes.
func isKnownParam(s string) bool {
	switch lower(s) {
	case "realm", "client_id", "trusted_issuers", "token_types", "authorization_uri", "authorization", "authority", "issuer_kind",
		"error", "error_description", "error_uri", "claims", "resource", "resource_id", "resource_metadata", "scope", "acr_values",
		"max_age", "algs", "nonce", "charset":
		return true
	}
	return false
}

// isList reports whether the parameter is a list that white space separates.
func isList(name string) bool { return equalFold(name, "token_types") || equalFold(name, "scope") }

// lower returns s in lower case if it is short enough to be a known name, and "" otherwise.
func lower(s string) string {
	if len(s) > len("authorization_uri") { // which is the longest
		return ""
	}
	return strings.ToLower(s) // a token is ASCII
}
