package eastest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A visitor is a browser without JavaScript at the pages of the authority.
type visitor struct {
	t    *testing.T
	tn   *eastest.Tenant
	to   url.Values // of the redirect URI, once the browser was sent there
	page string
}

var (
	pageAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	pageID     = regexp.MustCompile(`name="id" value="([^"]*)"`)
	pageTitle  = regexp.MustCompile(`<h1>([^<]*)</h1>`)
	pageAlert  = regexp.MustCompile(`<p role="alert">(\w+)`)
)

func visit(t *testing.T, tn *eastest.Tenant, more url.Values) *visitor {
	t.Helper()
	v := &visitor{t: t, tn: tn}
	_, v.to, v.page = browse(t, tn, loginURL+"/oauth2/v2.0/authorize", more)
	return v
}

// send sends the form of the page with these fields.
func (v *visitor) send(fields url.Values) *visitor {
	v.t.Helper()
	action := pageAction.FindStringSubmatch(v.page)
	if action == nil {
		v.t.Fatalf("no page: %v %s", v.to, v.page)
	}
	if id := pageID.FindStringSubmatch(v.page); id != nil {
		fields.Set("id", id[1])
	}
	resp, body := form(v.t, v.tn, action[1], fields)
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		v.t.Fatal(err)
	}
	v.to, v.page = u.Query(), body
	return v
}

func (v *visitor) password(user, password string) *visitor {
	v.t.Helper()
	return v.send(url.Values{"username": {user}, "password": {password}})
}

func (v *visitor) press(button string) *visitor {
	v.t.Helper()
	return v.send(url.Values{button: {"1"}})
}

// at is the title of the page and its error, or where the browser was sent with what.
func (v *visitor) at() string {
	if v.to.Get("code") != "" {
		return "code"
	}
	if e := v.to.Get("error"); e != "" {
		number, _, _ := strings.Cut(v.to.Get("error_description"), ":")
		return e + " " + number
	}
	var out string
	if m := pageTitle.FindStringSubmatch(v.page); m != nil {
		out = m[1]
	}
	if m := pageAlert.FindStringSubmatch(v.page); m != nil {
		out += " " + m[1]
	}
	return out
}

func (v *visitor) want(want string) *visitor {
	v.t.Helper()
	if got := v.at(); got != want {
		v.t.Errorf("the browser is at %q, want %q", got, want)
	}
	return v
}

// amr returns the methods of a token.
func amr(t *testing.T, token any) []string {
	t.Helper()
	raw, _ := token.(string)
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %v", token)
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct{ AMR []string }
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.AMR
}

// A password is the user's own, and its change ends what came before.
func TestPasswords(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true})
	m := tn.AddMailbox(ada)
	tn.AddMailbox("bob@contoso.com")
	first := redeem(t, tn, visit(t, tn, nil).password(ada, eastest.Password).want("code").to.Get("code"), nil)
	m.ChangePassword("Another-2")
	if m.Password() != "Another-2" {
		t.Errorf("Password() = %s", m.Password())
	}
	visit(t, tn, nil).password(ada, eastest.Password).want("Sign in to your account AADSTS50126").password(ada, "Another-2").want("code")
	visit(t, tn, nil).password("bob@contoso.com", "Another-2").want("Sign in to your account AADSTS50126").password("bob@contoso.com", eastest.Password).want("code")
	if n := renew(t, tn, first, nil); number(n) != "50173" {
		t.Errorf("the refresh token of before: %v", n)
	}
	// The browser of a test knows it.
	if err := tn.Browser()(t.Context(), loginURL+"/oauth2/v2.0/authorize?"+authorizeQuery(ada).Encode()); err != nil {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no password: no panic")
		}
	}()
	m.ChangePassword("")
}

func authorizeQuery(hint string) url.Values {
	return url.Values{"client_id": {eastest.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1/"}, "scope": {easScope},
		"code_challenge": {"x"}, "code_challenge_method": {"S256"}, "login_hint": {hint}}
}

// Each state of an account, in every flow and at Exchange.
func TestAccounts(t *testing.T) {
	for name, tt := range map[string]struct {
		state                 eastest.AccountState
		page, device, refresh string
		lookup, command       int    // HTTP status
		text                  string // of the command's response
	}{
		"enabled":    {eastest.AccountEnabled, "code", "", "", 200, 200, "Inbox"},
		"disabled":   {eastest.AccountDisabled, "access_denied AADSTS50057", "50057", "50057", 200, 200, "Inbox"},
		"locked":     {eastest.AccountLocked, "Sign in to your account AADSTS50053", "50053", "", 200, 200, "Inbox"},
		"deleted":    {eastest.AccountDeleted, "Sign in to your account AADSTS50034", "50034", "50034", 404, 401, ""},
		"unlicensed": {eastest.AccountUnlicensed, "code", "", "", 404, 200, "126"},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
			m := tn.AddMailbox(ada)
			_, first := signInBy(t, tn)
			tn.AddMailbox("bob@contoso.com")
			m.SetAccount(tt.state)
			visit(t, tn, nil).password(ada, eastest.Password).want(tt.page)
			if n := renew(t, tn, first, nil); number(n) != tt.refresh {
				t.Errorf("refresh: %v, want %q", n, tt.refresh)
			}
			tn.Change(func(o *eastest.Options) { o.ManualDevice = true })
			_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
			err := tn.ApproveDevice(d["user_code"].(string), ada)
			if got := err == nil; got != (tt.device == "") || err != nil && !strings.Contains(err.Error(), "AADSTS"+tt.device+":") {
				t.Errorf("device code: %v, want %q", err, tt.device)
			}
			if status, _, body := ask(t, tn, "GET", lookupURL); status != tt.lookup {
				t.Errorf("AutoDiscover: %d %s", status, body)
			}
			if status, body := folderSync(t, tn, first["access_token"].(string), "16.1"); status != tt.command || !strings.Contains(body, tt.text) {
				t.Errorf("FolderSync: %d %q", status, body)
			}
			if tt.state == eastest.AccountUnlicensed {
				if status, body := folderSync(t, tn, first["access_token"].(string), "12.1"); status != 403 || body != "" {
					t.Errorf("FolderSync of 12.1: %d %q", status, body)
				}
			}
			m.SetAccount(eastest.AccountEnabled)
			visit(t, tn, nil).password(ada, eastest.Password).want("code")
			if status, _, body := ask(t, tn, "GET", lookupURL); status != 200 {
				t.Errorf("AutoDiscover of the account that is enabled again: %d %s", status, body)
			}
		})
	}
}

// Mail to who has no mailbox comes back, and Exchange names no authority for its address.
func TestUnlicensedMail(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
	box, other := tn.AddMailbox(ada), tn.AddMailbox("bob@contoso.com")
	other.SetAccount(eastest.AccountUnlicensed)
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	if err := c.SendMail(t.Context(), strings.NewReader("From: ada@contoso.com\r\nTo: bob@contoso.com\r\nSubject: Hello\r\n\r\ntext\r\n"), nil); err != nil {
		t.Fatal(err)
	}
	if got := box.Messages(eas.FolderInbox); len(got) != 1 || got[0].Subject != "Undeliverable: Hello" {
		t.Errorf("the sender has %v", got)
	}
	if got := other.Messages(eas.FolderInbox); len(got) != 0 {
		t.Errorf("the recipient has %v", got)
	}
	if _, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer", "X-User-Identity", "bob@contoso.com"); !strings.HasPrefix(h.Get("X-MS-Diagnostics"), "4000000;") {
		t.Errorf("%v", h)
	}
}

// Ten wrong passwords lock an account for a minute.
func TestSmartLockout(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true})
	tn.AddMailbox(ada)
	v := visit(t, tn, nil)
	for range 10 {
		v.password(ada, "no").want("Sign in to your account AADSTS50126")
	}
	v.password(ada, eastest.Password).want("Sign in to your account AADSTS50053")
	tn.Advance(59 * time.Second)
	v.password(ada, eastest.Password).want("Sign in to your account AADSTS50053")
	tn.Advance(time.Second)
	v.password(ada, eastest.Password).want("code")
	// A right one begins the count again.
	v = visit(t, tn, nil)
	for range 9 {
		v.password(ada, "no")
	}
	v.password(ada, eastest.Password).want("code")
	v = visit(t, tn, nil).password(ada, "no").want("Sign in to your account AADSTS50126")
	v.password(ada, eastest.Password).want("code")
}

// The page for the second factor: a code, an approval, or neither; and the tokens say so.
func TestFactorPage(t *testing.T) {
	const title = "Verify your identity"
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, Policies: []eastest.Policy{{Users: []string{ada}, Control: eastest.MFA}}})
	tn.AddMailbox(ada)
	tn.AddMailbox("bob@contoso.com")
	methods := func(v *visitor) []string {
		t.Helper()
		first := redeem(t, tn, v.want("code").to.Get("code"), nil)
		later := renew(t, tn, first, nil)
		if diff := cmp.Diff(amr(t, first["access_token"]), amr(t, later["access_token"])); diff != "" {
			t.Errorf("the refreshed token (-first +later):\n%s", diff)
		}
		return amr(t, later["access_token"])
	}
	both := []string{"pwd", "mfa"}
	v := visit(t, tn, nil).password(ada, eastest.Password).want(title)
	v.send(url.Values{"otc": {"000000"}}).want(title + " AADSTS500121")
	if diff := cmp.Diff(both, methods(v.send(url.Values{"otc": {eastest.OneTimeCode}}))); diff != "" {
		t.Errorf("by code (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(both, methods(visit(t, tn, nil).password(ada, eastest.Password).want(title).press("approve"))); diff != "" {
		t.Errorf("by approval (-want +got):\n%s", diff)
	}
	visit(t, tn, nil).password(ada, eastest.Password).want(title).press("decline").want("interaction_required AADSTS500121")
	if diff := cmp.Diff([]string{"pwd"}, methods(visit(t, tn, nil).password("bob@contoso.com", eastest.Password))); diff != "" {
		t.Errorf("of whom nothing is demanded (-want +got):\n%s", diff)
	}
	// Claims that the application passes on demand it, too.
	visit(t, tn, url.Values{"claims": {`{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`}}).password("bob@contoso.com", eastest.Password).want(title)
	// Who is blocked is not asked.
	set(tn, eastest.Policy{Control: eastest.MFA}, eastest.Policy{Control: eastest.Block})
	visit(t, tn, nil).password(ada, eastest.Password).want("access_denied AADSTS53003")
	if err := tn.Browser()(t.Context(), loginURL+"/oauth2/v2.0/authorize?"+authorizeQuery(ada).Encode()); err != nil {
		t.Error(err)
	}
	set(tn, eastest.Policy{Control: eastest.MFA})
	if err := tn.Browser()(t.Context(), loginURL+"/oauth2/v2.0/authorize?"+authorizeQuery(ada).Encode()); err != nil {
		t.Errorf("the browser of a test: %v", err)
	}
}

// The page for consent: of a user, and of an administrator for all.
func TestConsentPage(t *testing.T) {
	const title, bob = "Permissions requested", "bob@contoso.com"
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, Faults: []eastest.Fault{{ID: "CONSENT"}}})
	tn.AddMailbox(ada)
	tn.AddMailbox(bob)
	v := visit(t, tn, nil).password(ada, eastest.Password).want(title)
	if !strings.Contains(v.page, eastest.ClientID) || !strings.Contains(v.page, "<li>"+easScope+"</li>") || strings.Contains(v.page, "organization") {
		t.Errorf("%s", v.page)
	}
	v.press("decline").want("access_denied AADSTS65004")
	first := redeem(t, tn, visit(t, tn, nil).password(ada, eastest.Password).want(title).press("accept").want("code").to.Get("code"), nil)
	if got := claims(t, first["access_token"])["scp"]; got != "EAS.AccessAsUser.All" {
		t.Errorf("scp = %v", got)
	}
	if n := renew(t, tn, first, nil); n["access_token"] == nil {
		t.Errorf("refresh after consent: %v", n)
	}
	visit(t, tn, nil).password(ada, eastest.Password).want("code") // is not asked twice
	visit(t, tn, nil).password(bob, eastest.Password).want(title)  // nor for the others
	visit(t, tn, url.Values{"prompt": {"consent"}}).password(ada, eastest.Password).want(title).press("accept").want("code")
	// What was consented to can be taken back.
	tn.Switch(eastest.Fault{ID: "CONSENT"})
	if n := renew(t, tn, first, nil); number(n) != "65001" {
		t.Errorf("refresh after that: %v", n)
	}
}

func TestAdminConsentPage(t *testing.T) {
	const blocked, title, bob, root = "Need admin approval", "Permissions requested", "bob@contoso.com", "root@contoso.com"
	start := func() *eastest.Tenant {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, Faults: []eastest.Fault{{ID: "ADMIN_CONSENT"}}})
		tn.AddMailbox(ada)
		tn.AddMailbox(bob)
		tn.AddMailbox(root).SetAdministrator(true)
		return tn
	}
	tn := start()
	visit(t, tn, nil).password(ada, eastest.Password).want(blocked).press("decline").want("access_denied AADSTS90094")
	visit(t, tn, nil).password(ada, eastest.Password).want(blocked).press("accept").want(blocked) // a button that the page does not have
	v := visit(t, tn, nil).password(ada, eastest.Password).want(blocked).press("other").want("Sign in to your account")
	v.password(root, eastest.Password).want(title)
	if !strings.Contains(v.page, `name="organization"`) {
		t.Errorf("%s", v.page)
	}
	v.press("accept").want("code") // for himself
	visit(t, tn, nil).password(bob, eastest.Password).want(blocked)
	tn.Switch(eastest.Fault{ID: "ADMIN_CONSENT"})
	visit(t, tn, nil).password(root, eastest.Password).want(title).send(url.Values{"accept": {"1"}, "organization": {"1"}}).want("code")
	visit(t, tn, nil).password(bob, eastest.Password).want("code")

	// The endpoint for administrators.
	tn = start()
	at := func() *visitor {
		v := &visitor{t: t, tn: tn}
		_, v.to, v.page = browse(t, tn, "https://login.microsoftonline.com/contoso.com/adminconsent", nil)
		return v
	}
	at().password(ada, eastest.Password).want("access_denied AADSTS90094")
	at().password(root, eastest.Password).want(title).press("decline").want("access_denied AADSTS65004")
	visit(t, tn, nil).password(bob, eastest.Password).want(blocked)
	if got := at().password(root, eastest.Password).want(title).press("accept").to; got.Get("admin_consent") != "True" || got.Get("tenant") != eastest.TenantID || got.Get("state") != "s" {
		t.Errorf("%v", got)
	}
	visit(t, tn, nil).password(bob, eastest.Password).want("code")
}

// The page for device codes leads through the same pages.
func TestDevicePages(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, ManualDevice: true,
		Policies: []eastest.Policy{{Control: eastest.MFA}}, Faults: []eastest.Fault{{ID: "CONSENT"}}})
	tn.AddMailbox(ada)
	begin := func() (*visitor, func() map[string]any) {
		_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
		v := &visitor{t: t, tn: tn}
		_, _, v.page = ask(t, tn, "GET", "https://microsoft.com/devicelogin")
		v.send(url.Values{"code": {d["user_code"].(string)}, "username": {ada}, "password": {eastest.Password}})
		return v, func() map[string]any {
			tn.Advance(10 * time.Second)
			_, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {d["device_code"].(string)}})
			return m
		}
	}
	v, poll := begin()
	v.want("Verify your identity")
	if m := poll(); number(m) != "70016" {
		t.Errorf("while the user is at it: %v", m)
	}
	v.press("approve").want("Permissions requested").press("accept").want("Enter the code Done")
	if diff := cmp.Diff([]string{"pwd", "mfa"}, amr(t, poll()["access_token"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v, poll = begin()
	v.want("Verify your identity").press("decline").want("Enter the code AADSTS500121")
	if m := poll(); m["error"] != "authorization_declined" {
		t.Errorf("declined: %v", m)
	}
	set(tn, eastest.Policy{Control: eastest.Block})
	v, poll = begin()
	v.want("Enter the code AADSTS53003")
	if m := poll(); number(m) != "70016" {
		t.Errorf("the program learns nothing: %v", m)
	}
}

// Federated users enter the password at AD FS, and the rest at Entra ID.
func TestFederatedPages(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, Identity: eastest.Federated, Policies: []eastest.Policy{{Control: eastest.MFA}}})
	tn.AddMailbox(ada)
	_, h, _ := ask(t, tn, "GET", loginURL+"/oauth2/v2.0/authorize?"+authorizeQuery(ada).Encode())
	if r := tn.Requests(); !slices.Contains(r[0].Why, "the domain is federated: AD FS asks for the password") {
		t.Errorf("why: %v", r[0].Why)
	}
	v := &visitor{t: t, tn: tn}
	_, _, v.page = ask(t, tn, "GET", h.Get("Location"))
	v.want("Sign in with your organizational account").password(ada, "no").want("Sign in with your organizational account Incorrect")
	v.password(ada, eastest.Password).want("Verify your identity")
	if !strings.Contains(v.page, `action="https://login.microsoftonline.com/common/login"`) {
		t.Errorf("the factor is not Entra's: %s", v.page)
	}
	v.press("approve").want("code")
}

// What the pages say about themselves and about what does not go on.
func TestPagesAreHTML(t *testing.T) {
	const html = "text/html; charset=utf-8"
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true, Identity: eastest.Federated})
	tn.AddMailbox(ada)
	for _, tt := range []struct {
		url    string
		status int
		text   string
	}{
		{"https://adfs.contoso.com/adfs/ls/?id=none", 400, "MSIS7042"},
		{"https://microsoft.com/devicelogin", 200, "Enter no password of yours"},
		{loginURL + "/oauth2/v2.0/authorize?client_id=nobody", 400, "AADSTS700016"},
	} {
		status, h, body := ask(t, tn, "GET", tt.url)
		if status != tt.status || h.Get("Content-Type") != html || !strings.Contains(body, tt.text) {
			t.Errorf("%s: %d %s %s", tt.url, status, h.Get("Content-Type"), body)
		}
	}
	if _, h, _ := ask(t, tn, "GET", "https://microsoft.com/devicelogin"); h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("a page can be framed: %v", h)
	}
	// A sign-in is good for a quarter of an hour, and once.
	tn.Change(func(o *eastest.Options) { o.SignInPages = true })
	_, h, _ := ask(t, tn, "GET", loginURL+"/oauth2/v2.0/authorize?"+authorizeQuery(ada).Encode())
	v := &visitor{t: t, tn: tn}
	_, _, v.page = ask(t, tn, "GET", h.Get("Location"))
	tn.Advance(15*time.Minute + time.Second)
	page := *v
	if page.password(ada, eastest.Password); !strings.Contains(page.page, "AADSTS50089") {
		t.Errorf("a quarter of an hour later: %s", page.page)
	}
	if v.password(ada, eastest.Password); !strings.Contains(v.page, "AADSTS50089") {
		t.Errorf("and then: %s", v.page)
	}
}
