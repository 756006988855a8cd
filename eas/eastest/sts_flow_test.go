package eastest_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
)

const loginURL = "https://login.microsoftonline.com/common"

// browse goes through the browser's flow as a client that is not ours, and returns what the
// authority sent to the redirect URI. more are parameters of the authorization request, or
// nil to leave one out.
func browse(t *testing.T, tn *eastest.Tenant, at string, more url.Values) (status int, to url.Values, body string) {
	t.Helper()
	sum := sha256.Sum256([]byte("verifier"))
	q := url.Values{"client_id": {eastest.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1234/"}, "scope": {easScope + " offline_access openid"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "state": {"s"}}
	for k, v := range more {
		if q.Del(k); v != nil {
			q[k] = v
		}
	}
	status, h, body := ask(t, tn, "GET", at+"?"+q.Encode())
	u, err := url.Parse(h.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return status, u.Query(), body
}

func redeem(t *testing.T, tn *eastest.Tenant, code string, more url.Values) map[string]any {
	t.Helper()
	f := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {"verifier"}, "redirect_uri": {"http://localhost:1234/"}}
	for k, v := range more {
		f[k] = v
	}
	_, m := post(t, tn, "/oauth2/v2.0/token", f)
	return m
}

func renew(t *testing.T, tn *eastest.Tenant, m map[string]any, more url.Values) map[string]any {
	t.Helper()
	rt, _ := m["refresh_token"].(string)
	f := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"refresh_token"}, "refresh_token": {rt}}
	for k, v := range more {
		f[k] = v
	}
	_, n := post(t, tn, "/oauth2/v2.0/token", f)
	return n
}

func set(o *eastest.Tenant, p ...eastest.Policy) {
	o.Change(func(o *eastest.Options) { o.Policies = p })
}

// A policy that demands a second factor refuses who has signed in without, until he signs
// in with it.
func TestSecondFactor(t *testing.T) {
	for _, c := range []struct {
		control eastest.Control
		want    string
	}{{eastest.MFA, "50076"}, {eastest.Claims, "50158"}} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox(ada)
		_, q, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
		m := redeem(t, tn, q.Get("code"), nil)
		if m["refresh_token"] == nil {
			t.Fatal(m)
		}
		set(tn, eastest.Policy{Control: c.control})
		n := renew(t, tn, m, nil)
		if number(n) != c.want || n["claims"] == nil || n["error"] != "interaction_required" {
			t.Errorf("control %d: %v, want %s with claims", c.control, n, c.want)
			continue
		}
		_, q, _ = browse(t, tn, loginURL+"/oauth2/v2.0/authorize", url.Values{"claims": {n["claims"].(string)}})
		m = redeem(t, tn, q.Get("code"), nil)
		if n = renew(t, tn, m, nil); n["access_token"] == nil {
			t.Errorf("control %d: after the second factor: %v", c.control, n)
		}
	}
}

// The same on behalf of a user: the service gets the claims to hand on.
func TestSecondFactorOnBehalfOf(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Secret: serviceSecret}}})
	tn.AddMailbox(ada)
	exchange := func() map[string]any {
		_, q, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", url.Values{"scope": {"api://" + service + "/mail"}})
		m := redeem(t, tn, q.Get("code"), nil)
		_, n := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
			"assertion": {m["access_token"].(string)}, "requested_token_use": {"on_behalf_of"}, "scope": {easScope}})
		return n
	}
	set(tn, eastest.Policy{Control: eastest.MFA, Clients: []string{service}})
	if n := exchange(); number(n) != "50076" || n["claims"] == nil {
		t.Errorf("%v, want 50076 with claims", n)
	}
	// The front client's policy has the user give the factor, which the assertion says.
	set(tn, eastest.Policy{Control: eastest.MFA})
	if n := exchange(); n["access_token"] == nil {
		t.Errorf("with the factor: %v", n)
	}
}

// A policy for an application by itself.
func TestPolicyOfApp(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Secret: serviceSecret}},
		Policies: []eastest.Policy{{Flows: []eastest.Flow{eastest.FlowApp}, Control: eastest.Block}}})
	_, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"client_credentials"}, "scope": {"https://mail.contoso.com/.default"}})
	if number(m) != "53003" {
		t.Errorf("%v, want 53003", m)
	}
}

// A device code is approved by an account that exists and may sign in.
func TestApproveDevice(t *testing.T) {
	for name, prepare := range map[string]func(tn *eastest.Tenant, m *eastest.Mailbox) string{
		"disabled": func(_ *eastest.Tenant, m *eastest.Mailbox) string { m.SetAccount(eastest.AccountDisabled); return ada },
		"nobody":   func(*eastest.Tenant, *eastest.Mailbox) string { return "nobody@contoso.com" },
		"consent": func(tn *eastest.Tenant, _ *eastest.Mailbox) string {
			tn.Switch(eastest.Fault{ID: "CONSENT"})
			return ada
		},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, ManualDevice: true})
			m := tn.AddMailbox(ada)
			user := prepare(tn, m)
			_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
			err := tn.ApproveDevice(d["user_code"].(string), user)
			_, n := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {d["device_code"].(string)}})
			if n["access_token"] != nil {
				t.Errorf("ApproveDevice = %v, and the poll brings a token", err)
			}
		})
	}
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, ManualDevice: true})
	m := tn.AddMailbox(ada)
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	m.ChangePassword("Another-1")
	if err := tn.ApproveDevice(d["user_code"].(string), ada); err != nil {
		t.Error(err)
	}
	if _, n := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "code": {d["device_code"].(string)}}); n["access_token"] == nil {
		t.Errorf("approved right after a change of the password: %v", n)
	}
	if err := tn.ApproveDevice(d["user_code"].(string), ada); err == nil {
		t.Error("a redeemed code is approved")
	}
	_, d = post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	tn.Advance(16 * time.Minute)
	if err := tn.ApproveDevice(d["user_code"].(string), ada); err == nil {
		t.Error("an expired code is approved")
	}
}

// An organization without a cloud has no tenant there.
func TestNoCloud(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.OnPremises})
	tn.AddMailbox(ada)
	if status, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration"); status != 400 || !strings.Contains(body, "AADSTS90002") {
		t.Errorf("metadata: %d %.80s", status, body)
	}
	if _, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/common/userrealm/ada@contoso.com?api-version=1.0"); !strings.Contains(body, `"Unknown"`) {
		t.Errorf("userrealm: %s", body)
	}
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	if d["device_code"] != nil {
		t.Errorf("Entra ID gives a device code: %v", d)
	}
	_, q, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	if q.Get("code") != "" {
		t.Error("Entra ID gives a code")
	}
}

// AD FS has errors of its own.
func TestErrorsOfADFS(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.OnPremises, ManualDevice: true, SignInPages: true,
		Apps: []eastest.App{{ID: service, Secret: serviceSecret, Redirects: []string{"http://localhost:9000/"}}}})
	tn.AddMailbox(ada)
	const fs = "https://adfs.contoso.com/adfs"
	_, _, body := browse(t, tn, fs+"/oauth2/authorize/", url.Values{"client_id": {"nobody"}})
	if !strings.Contains(body, "MSIS") || strings.Contains(body, "AADSTS") {
		t.Errorf("an unknown client: %s", body)
	}
	_, _, body = browse(t, tn, fs+"/oauth2/authorize/", url.Values{"redirect_uri": {"https://elsewhere.example/"}})
	if !strings.Contains(body, "MSIS") || strings.Contains(body, "AADSTS") {
		t.Errorf("an unknown redirect URI: %s", body)
	}
	// App.Redirects: "AD FS takes these alone, port included."
	status, _, body := browse(t, tn, fs+"/oauth2/authorize/", url.Values{"client_id": {service}})
	if status != 400 || !strings.Contains(body, "MSIS9224") {
		t.Errorf("another port: %d %.300s", status, body)
	}
	_, _, body = browse(t, tn, fs+"/oauth2/authorize/", nil)
	_, id, _ := strings.Cut(body, `name="id" value="`)
	id, _, _ = strings.Cut(id, `"`)
	if _, b := form(t, tn, fs+"/ls/", url.Values{"id": {id}, "username": {ada}, "password": {"no"}}); strings.Contains(b, "AADSTS") {
		t.Errorf("a wrong password: %s", b)
	}
	_, m := post(t, tn, fs+"/oauth2/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	user, _ := m["user_code"].(string)
	if err := tn.DeclineDevice(user); err != nil {
		t.Fatal(err)
	}
	_, n := post(t, tn, fs+"/oauth2/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {m["device_code"].(string)}})
	if n["error"] != "access_denied" {
		t.Errorf("declined: %v, want access_denied", n)
	}
}

func form(t *testing.T, tn *eastest.Tenant, to string, f url.Values) (*http.Response, string) {
	t.Helper()
	c := *tn.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.PostForm(to, f)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// A fault counts the requests that could show it.
func TestFaultsAreCounted(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	s := tn.Switch(eastest.Fault{ID: "TENANT_UNKNOWN", Times: 1, Optional: true})
	ask(t, tn, "GET", loginURL+"/v2.0/.well-known/openid-configuration")
	if s.Fired() != 0 {
		t.Error("TENANT_UNKNOWN counts a request to /common, which does not show it")
	}
	if status, _, _ := ask(t, tn, "GET", "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration"); status != 400 {
		t.Errorf("and is spent by it: %d", status)
	}
	tn = eastest.New(t, &eastest.Options{Topology: eastest.OnPremises})
	tn.AddMailbox(ada)
	tn.Switch(eastest.Fault{ID: "SPN_MISSING", Host: "adfs.contoso.com", Optional: true})
	if status, m := post(t, tn, "https://adfs.contoso.com/adfs/oauth2/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}}); status == 200 {
		t.Errorf("SPN_MISSING at AD FS does not show: %v", m)
	}
	tn = eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	s = tn.Switch(eastest.Fault{ID: "SPN_MISSING", Host: "login.windows.net", Optional: true})
	post(t, tn, "https://login.windows.net/common/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	if s.Fired() != 1 {
		t.Error("SPN_MISSING at the alias does not show")
	}
	tn = eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	s = tn.Switch(eastest.Fault{ID: "WRONG_ACCOUNT", Optional: true})
	browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	if s.Fired() != 0 {
		t.Error("WRONG_ACCOUNT counts where there is no other account")
	}
}

// Version 1 of the endpoints.
func TestVersion1(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	if _, d := post(t, tn, "/oauth2/devicecode", url.Values{"client_id": {eastest.ClientID}, "resource": {"https://mail.contoso.com"}}); d["verification_url"] == nil || d["expires_in"] != "900" {
		t.Errorf("devicecode of version 1: %v", d)
	}
	_, q, _ := browse(t, tn, loginURL+"/oauth2/authorize", url.Values{"scope": nil, "resource": {"https://mail.contoso.com/"}})
	_, m := post(t, tn, "/oauth2/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"authorization_code"}, "code": {q.Get("code")}, "code_verifier": {"verifier"}, "redirect_uri": {"http://localhost:1234/"}})
	if m["resource"] == nil || m["expires_on"] == nil {
		t.Errorf("version 1 names no resource or expires_on: %v, %v", m["resource"], m["expires_on"])
	}
	if _, ok := m["expires_in"].(string); !ok {
		t.Errorf("expires_in of version 1 is a string: %v", m["expires_in"])
	}
	// The resource by the number of its application.
	_, q, _ = browse(t, tn, loginURL+"/oauth2/authorize", url.Values{"scope": nil, "resource": {"00000002-0000-0ff1-ce00-000000000000"}})
	m = redeem(t, tn, q.Get("code"), nil)
	if m["access_token"] == nil {
		t.Fatalf("%v %v", q, m)
	}
	if aud := claims(t, m["access_token"])["aud"]; aud != "00000002-0000-0ff1-ce00-000000000000" {
		t.Errorf("aud = %v", aud)
	}
	// The issuer of version 1, where go-oidc looks for its metadata.
	if status, _, body := ask(t, tn, "GET", "https://sts.windows.net/"+eastest.TenantID+"/.well-known/openid-configuration"); status != 200 || !strings.Contains(body, `"issuer":"https://sts.windows.net/`+eastest.TenantID+`/"`) {
		t.Errorf("the issuer's own host: %d %s", status, body)
	}
}

// Instance discovery names the hosts of every cloud, each once.
func TestInstances(t *testing.T) {
	tn := eastest.New(t, nil)
	get := func(endpoint string) (int, map[string]any) {
		status, _, body := ask(t, tn, "GET", loginURL+"/discovery/instance?api-version=1.1&authorization_endpoint="+url.QueryEscape(endpoint))
		var m map[string]any
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		return status, m
	}
	for _, host := range []string{"login.microsoft.com", "sts.windows.net", "login.chinacloudapi.cn", "login-us.microsoftonline.com", "login.sovcloud-identity.sg"} {
		if status, m := get("https://" + host + "/common/oauth2/v2.0/authorize"); status != 200 {
			t.Errorf("%s: %v", host, m["error_description"])
		}
	}
	_, m := get("https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
	seen := map[string]int{}
	for _, x := range m["metadata"].([]any) {
		seen[fmt.Sprint(x.(map[string]any)["preferred_network"])]++
	}
	for k, n := range seen {
		if n > 1 {
			t.Errorf("%s is listed %d times", k, n)
		}
	}
	for endpoint, want := range map[string]string{
		"https://login.usgovcloudapi.net/common/oauth2/v2.0/authorize": "https://login.microsoftonline.us/common/v2.0/.well-known/openid-configuration",
		"https://Login.Windows.net/contoso.com/oauth2/authorize":       "https://login.microsoftonline.com/contoso.com/.well-known/openid-configuration",
	} {
		if _, m := get(endpoint); m["tenant_discovery_endpoint"] != want {
			t.Errorf("%s: %v, want %s", endpoint, m["tenant_discovery_endpoint"], want)
		}
	}
	for _, x := range m["metadata"].([]any) {
		e := x.(map[string]any)
		if e["preferred_network"] == "login.microsoftonline.us" && e["preferred_cache"] != "login.microsoftonline.us" {
			t.Errorf("preferred_cache of usgov: %v", e["preferred_cache"])
		}
	}
}

// A client assertion: its type is named, its certificate is the application's.
func TestClientAssertion(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Certificate: &x509.Certificate{PublicKey: &key.PublicKey}}}})
	sign := func(k *rsa.PrivateKey, change func(map[string]any)) string {
		c := map[string]any{"iss": service, "sub": service, "aud": loginURL + "/oauth2/v2.0/token", "exp": time.Now().Add(5 * time.Minute).Unix(), "nbf": time.Now().Unix(), "jti": rand.Text()}
		if change != nil {
			change(c)
		}
		b, _ := json.Marshal(c)
		s := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"PS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
		sum := sha256.Sum256([]byte(s))
		sig, err := rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		if err != nil {
			t.Fatal(err)
		}
		return s + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	try := func(assertion, typ string) map[string]any {
		f := url.Values{"client_id": {service}, "client_assertion": {assertion}, "grant_type": {"client_credentials"}, "scope": {"https://mail.contoso.com/.default"}}
		if typ != "" {
			f.Set("client_assertion_type", typ)
		}
		_, m := post(t, tn, "/oauth2/v2.0/token", f)
		return m
	}
	if m := try(sign(key, nil), kind); m["access_token"] == nil {
		t.Errorf("good: %v", m)
	}
	for name, m := range map[string]map[string]any{
		"no type":         try(sign(key, nil), ""),
		"a stranger's":    try(sign(stranger, nil), kind),
		"expired":         try(sign(key, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }), kind),
		"not yet":         try(sign(key, func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }), kind),
		"for another":     try(sign(key, func(c map[string]any) { c["aud"] = "https://elsewhere.example" }), kind),
		"another subject": try(sign(key, func(c map[string]any) { c["sub"] = "x" }), kind),
		"without an end":  try(sign(key, func(c map[string]any) { delete(c, "exp") }), kind),
	} {
		if m["access_token"] != nil {
			t.Errorf("%s: a token", name)
		}
	}
}

// A changed password ends what was begun before it: a code that was not redeemed yet.
func TestChangedPassword(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	m := tn.AddMailbox(ada)
	_, q, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	m.ChangePassword("Another-1")
	if n := redeem(t, tn, q.Get("code"), nil); n["access_token"] != nil {
		t.Error("a code from before the change brings tokens")
	}
	_, q, _ = browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	if n := redeem(t, tn, q.Get("code"), nil); n["access_token"] == nil {
		t.Errorf("after the change: %v", n)
	}
	tn = eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	m = tn.AddMailbox(ada)
	_, q, _ = browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	m.SetAccount(eastest.AccountDisabled)
	if n := redeem(t, tn, q.Get("code"), nil); number(n) != "50057" {
		t.Errorf("a code of a disabled account: %v", n)
	}
}

// No password and no code of a page is kept.
func TestSecretsOfPages(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Identity: eastest.Federated, SignInPages: true, ManualDevice: true})
	tn.AddMailbox(ada)
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	form(t, tn, "https://microsoft.com/devicelogin", url.Values{"code": {d["user_code"].(string)}, "username": {ada}, "password": {eastest.Password}})
	form(t, tn, "https://adfs.contoso.com/adfs/ls/", url.Values{"id": {"x"}, "username": {ada}, "password": {eastest.Password}})
	for _, r := range tn.Requests() {
		if s := fmt.Sprintf("%+v %s", r, r); strings.Contains(s, eastest.Password) || strings.Contains(s, d["user_code"].(string)) || strings.Contains(s, d["device_code"].(string)) {
			t.Errorf("a secret in the transcript: %s %s", r.Method, r.Path)
		}
	}
}

// The error document, member for member.
func TestErrorDocument(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	req, _ := http.NewRequest("POST", loginURL+"/oauth2/v2.0/token", strings.NewReader("client_id="+eastest.ClientID+"&grant_type=refresh_token&refresh_token=x"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("client-request-id", "8d6b4f5a-1111-4222-8333-944445555666")
	resp, err := tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var m map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"} {
		if m[k] == nil {
			t.Errorf("no %s", k)
		}
	}
	if m["correlation_id"] != "8d6b4f5a-1111-4222-8333-944445555666" {
		t.Errorf("correlation_id is not the client's: %v", m["correlation_id"])
	}
	if m["trace_id"] != resp.Header.Get("x-ms-request-id") {
		t.Error("trace_id is not x-ms-request-id")
	}
	// What a client acts on is error.
	tn.AddMailbox(ada)
	for n, want := range map[string]string{"50079": "interaction_required", "90033": "temporarily_unavailable", "65001": "invalid_grant"} {
		_, first := signInBy(t, tn)
		refused := tn.Switch(eastest.Fault{ID: "SIGN_IN_REFUSED", Value: n})
		if x := renew(t, tn, first, nil); x["error"] != want {
			t.Errorf("%s: %v, want %s", n, x["error"], want)
		}
		refused.Lift()
	}
}

// What a browser asks for by response_mode and prompt.
func TestResponseModes(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	q := url.Values{"client_id": {eastest.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1234/"}, "scope": {easScope},
		"code_challenge": {"x"}, "code_challenge_method": {"S256"}, "response_mode": {"fragment"}}
	_, h, _ := ask(t, tn, "GET", loginURL+"/oauth2/v2.0/authorize?"+q.Encode())
	if !strings.Contains(h.Get("Location"), "#code=") {
		t.Errorf("fragment: %.40s", h.Get("Location"))
	}
	tn.Change(func(o *eastest.Options) { o.SignInPages = true })
	if _, v, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", url.Values{"prompt": {"none"}}); v.Get("error") != "login_required" {
		t.Errorf("prompt=none with nobody signed in: %v", v)
	}
}

// A slow client does not hold up the others.
func TestSlowBody(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	pr, pw := io.Pipe()
	defer pw.Close()
	go func() {
		req, _ := http.NewRequest("POST", loginURL+"/oauth2/v2.0/token", pr)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, err := tn.Client().Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	pw.Write([]byte("client_id="))
	done := make(chan bool)
	go func() { tn.Token(ada); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the tenant waits for the body of one client")
	}
}

// The browser that a test has gives up at a page that refuses it, whosever page it is.
func TestBrowserIsRefused(t *testing.T) {
	for name, o := range map[string]*eastest.Options{
		"AADSTS50034":          {Topology: eastest.Hybrid, SignInPages: true},
		"Incorrect user ID":    {Topology: eastest.OnPremises, SignInPages: true},
		"Incorrect user ID or": {Topology: eastest.Hybrid, SignInPages: true, Identity: eastest.Federated},
	} {
		tn := eastest.New(t, o)
		tn.AddMailbox(ada)
		at := loginURL + "/oauth2/v2.0/authorize"
		if o.Topology == eastest.OnPremises {
			at = "https://adfs.contoso.com/adfs/oauth2/authorize/"
		}
		q := url.Values{"client_id": {eastest.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1234/"}, "scope": {easScope},
			"code_challenge": {"x"}, "code_challenge_method": {"S256"}, "login_hint": {"nobody@contoso.com"}}
		if err := tn.Browser()(t.Context(), at+"?"+q.Encode()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
}
