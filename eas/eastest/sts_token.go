package eastest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// token is the token endpoint of Entra ID, and of AD FS.
func (tn *Tenant) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tn.stsError(w, "9002313", "", nil)
		return
	}
	app, refused := tn.authenticate(r)
	if refused != "" {
		tn.stsError(w, refused, "", nil)
		return
	}
	e := &exchange{Tenant: tn, w: w, r: r, f: r.PostForm, app: app, adfs: tn.isADFS(r)}
	// The endpoint of version 1 takes a resource and knows no scopes.
	if res := e.f.Get("resource"); res != "" && e.f.Get("scope") == "" {
		e.f.Set("scope", strings.TrimSuffix(res, "/")+"/.default offline_access openid")
	}
	switch e.f.Get("grant_type") {
	case "authorization_code":
		e.code()
	case "refresh_token":
		e.refresh()
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		e.device()
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		e.onBehalfOf()
	case "client_credentials":
		e.credentials()
	case "":
		tn.stsError(w, "900144", "", nil)
	default: // passwords among them
		tn.stsError(w, "70003", "", nil)
	}
}

// An exchange is one request to the token endpoint.
type exchange struct {
	*Tenant
	w    http.ResponseWriter
	r    *http.Request
	f    url.Values
	app  *App
	adfs bool
}

func (e *exchange) fail(number string) { e.stsError(e.w, number, "", nil) }

func (e *exchange) code() {
	c := e.sts.codes[e.f.Get("code")]
	sum := sha256.Sum256([]byte(e.f.Get("code_verifier")))
	switch {
	case c == nil, c.adfs != e.adfs:
		e.fail("70000")
	case c.used:
		// A code that comes twice was stolen: the tokens it brought end with it
		// (RFC 6749 section 4.1.2).
		if c.grant != nil {
			c.grant.revoked = "50173"
		}
		e.fail("54005")
	case e.now().After(c.expires):
		e.fail("70008")
	case e.f.Get("redirect_uri") != c.redirect:
		e.stsError(e.w, "50011", "invalid_grant", nil)
	case c.client != e.app.ID:
		e.fail("70000")
	case e.ended(c.user, c.seq) != "":
		e.fail(e.ended(c.user, c.seq))
	case base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		e.fail("501481")
	default:
		c.used = true
		c.grant = &grant{user: c.user, client: c.client, scope: c.scope, adfs: c.adfs, mfa: c.mfa, capabilities: capabilities(e.f)}
		e.issue(c.grant, c.scope, c.nonce)
	}
}

func (e *exchange) refresh() {
	t := e.sts.refresh[e.f.Get("refresh_token")]
	// A scope that is left out is that of the sign-in (RFC 6749 section 6).
	scope := e.f.Get("scope")
	switch {
	case t == nil, t.grant.adfs != e.adfs, t.grant.client != e.app.ID:
		e.fail("70000")
	case t.grant.revoked != "":
		e.fail(t.grant.revoked)
	case !e.now().Before(t.expires):
		e.fail("700082")
	case t.used && e.o.StrictRotation:
		t.grant.revoked = "70000"
		e.fail("70000")
	default:
		if number := e.refusedSignIn(e.r, t.grant.user, e.app.ID, FlowRefresh, t.grant.mfa); number != "" {
			e.fail(number)
			return
		}
		if resource(scope) != "" && !e.hasResource(e.r, resource(scope)) {
			e.fail("500011")
			return
		}
		t.used = true
		if c := capabilities(e.f); c != "" {
			t.grant.capabilities = c
		}
		e.issue(t.grant, cmp.Or(scope, t.grant.scope), "")
	}
}

// onBehalfOf exchanges the token that a user gave the application for one of another resource.
func (e *exchange) onBehalfOf() {
	c, refused := e.parse(e.f.Get("assertion"))
	user := strings.ToLower(c.User)
	scope := e.f.Get("scope")
	switch {
	case e.f.Get("requested_token_use") != "on_behalf_of" || scope == "":
		e.fail("900144")
	case !e.app.confidential():
		e.fail("7000218") // a public client cannot prove that the token was given to it
	case refused != "", user == "", !e.adfs && c.Tenant != TenantID:
		e.fail("50013")
	case e.now().Unix() >= c.Expires:
		e.fail("500133")
	case strings.TrimSuffix(c.Audience, "/") != e.app.resource() && !strings.EqualFold(c.Audience, e.app.ID):
		e.fail("500131")
	default:
		// The second factor is the one that the user gave for the assertion.
		mfa := slices.Contains(c.Methods, "mfa")
		if number := e.refusedSignIn(e.r, user, e.app.ID, FlowOnBehalfOf, mfa); number != "" {
			e.fail(number)
			return
		}
		if !e.hasResource(e.r, resource(scope)) {
			e.fail("500011")
			return
		}
		e.issue(&grant{user: user, client: e.app.ID, scope: scope, adfs: e.adfs, mfa: mfa}, scope, "")
	}
}

// credentials gives the application a token of its own.
func (e *exchange) credentials() {
	scope := e.f.Get("scope")
	switch {
	case !e.app.confidential():
		e.fail("7000218")
	case scope == "":
		e.fail("900144")
	case !strings.HasSuffix(scope, "/.default") && !strings.HasSuffix(strings.Fields(scope)[0], "/.default"):
		e.fail("1002012")
	case !e.hasResource(e.r, resource(scope)):
		e.fail("500011")
	case e.byPolicy(nil, e.app.ID, FlowApp, false) != "":
		e.fail(e.byPolicy(nil, e.app.ID, FlowApp, false))
	default:
		e.issue(&grant{client: e.app.ID, scope: scope, adfs: e.adfs}, strings.Fields(scope)[0], "")
	}
}

// capabilities returns cp1 if the client declares that it understands claims challenges.
func capabilities(f url.Values) string {
	if strings.Contains(f.Get("claims"), `"cp1"`) {
		return "cp1"
	}
	return ""
}

// issue responds with tokens for scope. A sign-in that consented to offline_access brings a
// new refresh token each time, whatever is asked for; AD FS gives one to everybody.
func (e *exchange) issue(g *grant, scope, nonce string) {
	if g.user != "" {
		of(e.r, g.user)
	}
	body := map[string]any{
		"token_type": "Bearer", "scope": scope, "expires_in": int(e.o.AccessLifetime / time.Second),
		"access_token": e.accessToken(hostOf(e.r), g, scope),
	}
	if !g.adfs {
		body["ext_expires_in"] = int(e.o.AccessLifetime / time.Second)
	}
	if has(g.scope, "offline_access") || g.adfs && g.user != "" {
		t := "0.AX" + e.chance.text() + e.chance.text()
		e.sts.refresh[t] = &refreshToken{grant: g, expires: e.now().Add(e.o.RefreshLifetime)}
		body["refresh_token"] = t
	}
	if has(scope, "openid") && g.user != "" {
		body["id_token"] = e.idToken(g, nonce)
	}
	if e.version1() {
		lifetime, now := e.o.AccessLifetime, e.now()
		body["scope"], body["resource"] = permissions(scope), cmp.Or(resource(scope), graphAppID)
		body["not_before"], body["expires_on"] = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Add(lifetime).Unix(), 10)
		for _, k := range []string{"expires_in", "ext_expires_in"} { // which version 1 writes as strings
			body[k] = strconv.Itoa(int(lifetime / time.Second))
		}
	}
	writeJSON(e.w, http.StatusOK, body)
}

// version1 reports whether the request is for the endpoint of Entra ID that takes a resource.
func (e *exchange) version1() bool { return !e.adfs && !strings.Contains(e.r.URL.Path, "/v2.0/") }
