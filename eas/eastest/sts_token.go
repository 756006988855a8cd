package eastest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"
)

// token is the token endpoint.
func (tn *Tenant) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tn.stsError(w, "9002313", "", nil)
		return
	}
	f := r.PostForm
	if client := f.Get("client_id"); client == "" {
		tn.stsError(w, "900144", "", nil)
		return
	} else if client != tn.o.ClientID {
		tn.stsError(w, "700016", "", nil)
		return
	}
	switch f.Get("grant_type") {
	case "authorization_code":
		tn.redeemCode(w, f)
	case "refresh_token":
		tn.redeemRefresh(w, f)
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		tn.redeemDevice(w, f)
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		tn.onBehalfOf(w, f)
	case "":
		tn.stsError(w, "900144", "", nil)
	default: // passwords among them
		tn.stsError(w, "70003", "", nil)
	}
}

func (tn *Tenant) redeemCode(w http.ResponseWriter, f url.Values) {
	c := tn.sts.codes[f.Get("code")]
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	switch {
	case c == nil:
		tn.stsError(w, "70000", "", nil)
	case c.used:
		// A code that comes twice was stolen: the tokens it brought end with it
		// (RFC 6749 section 4.1.2).
		c.grant.revoked = "50173"
		tn.stsError(w, "54005", "", nil)
	case tn.now().After(c.expires):
		tn.stsError(w, "70008", "", nil)
	case f.Get("redirect_uri") != c.redirect:
		tn.stsError(w, "50011", "invalid_grant", nil)
	case base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		tn.stsError(w, "501481", "", nil)
	default:
		c.used = true
		c.grant = &grant{user: c.user, client: c.client, scope: c.scope}
		tn.issue(w, c.grant, c.scope, c.nonce)
	}
}

func (tn *Tenant) redeemRefresh(w http.ResponseWriter, f url.Values) {
	t := tn.sts.refresh[f.Get("refresh_token")]
	switch {
	case t == nil:
		tn.stsError(w, "70000", "", nil)
	case t.grant.revoked != "":
		tn.stsError(w, t.grant.revoked, "", nil)
	case !tn.now().Before(t.expires):
		tn.stsError(w, "700082", "", nil)
	case t.used && tn.o.StrictRotation:
		t.grant.revoked = "70000"
		tn.stsError(w, "70000", "", nil)
	case tn.o.RefuseSignIn != "":
		tn.stsError(w, tn.o.RefuseSignIn, "", nil)
	case resource(f.Get("scope")) != "" && !tn.hasResource(resource(f.Get("scope"))):
		tn.stsError(w, "500011", "", nil)
	default:
		t.used = true
		// A scope that is left out is that of the sign-in (RFC 6749 section 6).
		tn.issue(w, t.grant, cmp.Or(f.Get("scope"), t.grant.scope), "")
	}
}

func (tn *Tenant) onBehalfOf(w http.ResponseWriter, f url.Values) {
	user, refused := tn.verify(f.Get("assertion"))
	switch {
	case f.Get("requested_token_use") != "on_behalf_of":
		tn.stsError(w, "900144", "", nil)
	case refused != "":
		tn.stsError(w, "50013", "", nil)
	case tn.o.RefuseSignIn != "":
		tn.stsError(w, tn.o.RefuseSignIn, "", nil)
	case !tn.hasResource(resource(f.Get("scope"))):
		tn.stsError(w, "500011", "", nil)
	default:
		tn.issue(w, &grant{user: user, client: tn.o.ClientID, scope: f.Get("scope")}, f.Get("scope"), "")
	}
}

// issue answers with tokens for scope. A sign-in that consented to offline_access brings a
// new refresh token each time, whatever is asked for.
func (tn *Tenant) issue(w http.ResponseWriter, g *grant, scope, nonce string) {
	body := map[string]any{
		"token_type": "Bearer", "scope": scope, "expires_in": int(tn.o.AccessLifetime / time.Second),
		"ext_expires_in": int(tn.o.AccessLifetime / time.Second),
		"access_token":   tn.accessToken(g.user, scope, g.client),
	}
	if has(g.scope, "offline_access") {
		t := "0.AX" + rand.Text() + rand.Text()
		tn.sts.refresh[t] = &refreshToken{grant: g, expires: tn.now().Add(tn.o.RefreshLifetime)}
		body["refresh_token"] = t
	}
	if has(scope, "openid") {
		body["id_token"] = tn.idToken(g.user, g.client, nonce)
	}
	writeJSON(w, http.StatusOK, body)
}
