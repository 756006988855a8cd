package eastest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

const (
	service       = "0d3c1a5e-8f2b-4e6a-9c7d-2b1f4e8a6c30"
	serviceSecret = "kept by the service"
	easScope      = "https://mail.contoso.com/EAS.AccessAsUser.All"
)

// post sends a form to the authority as a client that is not ours, and returns status and body.
func post(t *testing.T, tn *eastest.Tenant, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	if !strings.HasPrefix(path, "https://") {
		path = "https://login.microsoftonline.com/common" + path
	}
	resp, err := tn.Client().PostForm(path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%s: %s", path, b)
	}
	return resp.StatusCode, m
}

func number(m map[string]any) string {
	codes, ok := m["error_codes"].([]any)
	if !ok || len(codes) == 0 {
		return ""
	}
	b, _ := json.Marshal(codes[0])
	return string(b)
}

// claims reads the payload of a token without a look at its signature.
func claims(t *testing.T, raw any) map[string]any {
	t.Helper()
	s, ok := raw.(string)
	if !ok {
		t.Fatalf("no token: %v", raw)
	}
	c, err := token.Inspect(s)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"aud": strings.Join(c.Audience, " "), "iss": c.Issuer, "upn": c.Username, "scp": c.Scope}
}

// signInBy signs the first user in by device code, and returns the last response.
func signInBy(t *testing.T, tn *eastest.Tenant) (int, map[string]any) {
	t.Helper()
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope + " offline_access openid"}})
	form := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d["device_code"].(string)}}
	post(t, tn, "/oauth2/v2.0/token", form)
	return post(t, tn, "/oauth2/v2.0/token", form)
}

// On behalf of a user: the client proves who it is, and the token was made for it.
func TestOnBehalfOf(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Secret: serviceSecret}, {ID: "other", Secret: "x"}}})
	tn.AddMailbox(ada)
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {"api://" + service + "/mail offline_access"}})
	form := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {d["device_code"].(string)}}
	post(t, tn, "/oauth2/v2.0/token", form)
	_, at1 := post(t, tn, "/oauth2/v2.0/token", form)
	first := at1["access_token"].(string)
	good := func() url.Values {
		return url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
			"assertion": {first}, "requested_token_use": {"on_behalf_of"}, "scope": {easScope + " offline_access"}}
	}
	status, at2 := post(t, tn, "/oauth2/v2.0/token", good())
	if status != 200 || at2["refresh_token"] == nil {
		t.Fatalf("%d %v", status, at2)
	}
	if diff := cmp.Diff(map[string]any{"aud": "https://mail.contoso.com", "iss": "https://sts.windows.net/" + eastest.TenantID + "/", "upn": ada, "scp": "EAS.AccessAsUser.All"}, claims(t, at2["access_token"])); diff != "" {
		t.Errorf("the second token (-want +got):\n%s", diff)
	}
	for name, tt := range map[string]struct {
		change url.Values // "" deletes
		want   string
	}{
		"no secret":                    {url.Values{"client_secret": nil}, "7000218"},
		"a wrong secret":               {url.Values{"client_secret": {"no"}}, "7000215"},
		"a public client":              {url.Values{"client_id": {eastest.ClientID}, "client_secret": nil}, "7000218"},
		"a public client's secret":     {url.Values{"client_id": {eastest.ClientID}}, "700025"},
		"an unknown client":            {url.Values{"client_id": {"nobody"}}, "700016"},
		"another service":              {url.Values{"client_id": {"other"}, "client_secret": {"x"}}, "500131"},
		"a token for Exchange":         {url.Values{"assertion": {tn.Token(ada).AccessToken}}, "500131"},
		"no token":                     {url.Values{"assertion": {"x.y.z"}}, "50013"},
		"without saying so":            {url.Values{"requested_token_use": nil}, "900144"},
		"a resource that is not there": {url.Values{"scope": {"https://mail.fabrikam.com/x"}}, "500011"},
		"an assertion for nobody":      {url.Values{"client_assertion": {"x"}, "client_secret": nil}, "700027"},
	} {
		form := good()
		for k, v := range tt.change {
			if form.Del(k); v != nil {
				form[k] = v
			}
		}
		if _, m := post(t, tn, "/oauth2/v2.0/token", form); number(m) != tt.want {
			t.Errorf("%s: %v, want %s", name, m, tt.want)
		}
	}
	tn.Advance(2 * 3600e9)
	if _, m := post(t, tn, "/oauth2/v2.0/token", good()); number(m) != "500133" {
		t.Errorf("two hours later: %v", m)
	}
	// The application by itself.
	if status, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"client_credentials"}, "scope": {"https://mail.contoso.com/.default"}}); status != 200 || m["refresh_token"] != nil {
		t.Errorf("client_credentials: %d %v", status, m)
	}
	if _, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"client_credentials"}, "scope": {easScope}}); number(m) != "1002012" {
		t.Errorf("client_credentials for a permission: %v", m)
	}
}

// Every fault of the authority, as a client sees it.
func TestFaultsOfAuthority(t *testing.T) {
	for _, tt := range []struct {
		fault eastest.Fault
		want  string // AADSTS number of the sign-in; "" if it succeeds
		aud   string // of the token that it brings
		scp   string
		upn   string
	}{
		{fault: eastest.Fault{ID: "CONSENT"}, want: "65001"},
		{fault: eastest.Fault{ID: "ADMIN_CONSENT"}, want: "90094"},
		{fault: eastest.Fault{ID: "ADMIN_CONSENT", Value: "AADSTS90008"}, want: "90008"},
		{fault: eastest.Fault{ID: "CA_BLOCK"}, want: "53003"},
		{fault: eastest.Fault{ID: "DEVICE_CODE_BLOCKED"}, want: "70016"},
		{fault: eastest.Fault{ID: "SIGN_IN_REFUSED"}, want: "50105"},
		{fault: eastest.Fault{ID: "SIGN_IN_REFUSED", Value: "AADSTS50020"}, want: "50020"},
		{fault: eastest.Fault{ID: "AUD_WRONG"}, aud: "https://www.fabrikam.example"},
		{fault: eastest.Fault{ID: "AUD_WRONG", Value: "urn:other"}, aud: "urn:other"},
		{fault: eastest.Fault{ID: "AUD_IS_EXO", Value: "00000002-0000-0ff1-ce00-000000000000"}, aud: "00000002-0000-0ff1-ce00-000000000000"},
		{fault: eastest.Fault{ID: "AUD_IS_EXO"}, aud: "https://outlook.office365.com"},
		{fault: eastest.Fault{ID: "AUD_HTTP"}, aud: "http://mail.contoso.com"},
		{fault: eastest.Fault{ID: "AUD_SLASH"}, aud: "https://mail.contoso.com/"},
		{fault: eastest.Fault{ID: "SCOPE_MISSING"}, aud: "https://mail.contoso.com", scp: "User.Read"},
		{fault: eastest.Fault{ID: "WRONG_ACCOUNT"}, aud: "https://mail.contoso.com", upn: "bob@contoso.com"},
	} {
		t.Run(tt.fault.ID+tt.fault.Value, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{tt.fault}})
			tn.AddMailbox(ada)
			tn.AddMailbox("bob@contoso.com")
			_, m := signInBy(t, tn)
			if tt.want != "" {
				if number(m) != tt.want {
					t.Errorf("%v, want %s", m, tt.want)
				}
				return
			}
			got := claims(t, m["access_token"])
			want := map[string]any{"aud": tt.aud, "iss": got["iss"], "upn": ada, "scp": "EAS.AccessAsUser.All"}
			if tt.scp != "" {
				want["scp"] = tt.scp
			}
			if tt.upn != "" {
				want["upn"] = tt.upn
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for id, want := range map[string]string{"APP_DISABLED": "7000112", "SPN_MISSING": "500011"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: id}}})
		tn.AddMailbox(ada)
		if _, m := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}}); number(m) != want {
			t.Errorf("%s: %v, want %s", id, m, want)
		}
	}
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "TENANT_UNKNOWN"}}})
	if status, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration"); status != 400 || !strings.Contains(body, "AADSTS90002") {
		t.Errorf("TENANT_UNKNOWN: %d %s", status, body)
	}
}

// The device code flow that a policy blocks: the browser says so, and the program waits.
func TestDeviceCodeBlocked(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, ManualDevice: true,
		Policies: []eastest.Policy{{Flows: []eastest.Flow{eastest.FlowDeviceCode}, Control: eastest.Block}}})
	tn.AddMailbox(ada)
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
	if err := tn.ApproveDevice(d["user_code"].(string), ada); !errors.Is(err, eastest.ErrBlocked) {
		t.Errorf("ApproveDevice = %v", err)
	}
	if _, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {d["device_code"].(string)}}); number(m) != "70016" {
		t.Errorf("the poll: %v", m)
	}
	// The page says the same.
	resp, err := tn.Client().PostForm("https://microsoft.com/devicelogin", url.Values{"code": {d["user_code"].(string)}, "username": {ada}, "password": {eastest.Password}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(b), "AADSTS53003") {
		t.Errorf("the page: %s, %v", b, err)
	}
}

// What Conditional Access and the state of an account do to each flow.
func TestPolicies(t *testing.T) {
	refresh := func(t *testing.T, tn *eastest.Tenant, first map[string]any) string {
		_, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}})
		return number(m)
	}
	for name, tt := range map[string]struct {
		policy  eastest.Policy
		then    func(m *eastest.Mailbox)
		refresh string
		signIn  string
	}{
		"block":            {policy: eastest.Policy{Control: eastest.Block, Flows: []eastest.Flow{eastest.FlowRefresh}}, refresh: "53003"},
		"another user":     {policy: eastest.Policy{Control: eastest.Block, Users: []string{"bob@contoso.com"}}},
		"this user":        {policy: eastest.Policy{Control: eastest.Block, Users: []string{"Ada@contoso.com"}}, refresh: "53003", signIn: "70016"},
		"another client":   {policy: eastest.Policy{Control: eastest.Block, Clients: []string{"x"}}},
		"second factor":    {policy: eastest.Policy{Control: eastest.MFA}, refresh: "50076"},
		"challenge":        {policy: eastest.Policy{Control: eastest.Claims}, refresh: "50158"},
		"managed device":   {policy: eastest.Policy{Control: eastest.Compliant}, refresh: "53000", signIn: "70016"},
		"managed, and is":  {policy: eastest.Policy{Control: eastest.Compliant}, then: func(m *eastest.Mailbox) { m.SetLocation("", true) }},
		"elsewhere":        {policy: eastest.Policy{Control: eastest.Block, Locations: []string{"abroad"}}, then: func(m *eastest.Mailbox) { m.SetLocation("abroad", false) }, refresh: "53003", signIn: "70016"},
		"password changed": {policy: eastest.Policy{Users: []string{"x"}}, then: func(m *eastest.Mailbox) { m.ChangePassword("Another-1") }, refresh: "50173"},
		"account disabled": {policy: eastest.Policy{Users: []string{"x"}}, then: func(m *eastest.Mailbox) { m.SetAccount(eastest.AccountDisabled) }, refresh: "50057", signIn: "50057"},
		"password expired": {policy: eastest.Policy{Users: []string{"x"}}, then: (*eastest.Mailbox).ExpirePassword},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			m := tn.AddMailbox(ada)
			_, first := signInBy(t, tn)
			tn.Change(func(o *eastest.Options) { o.Policies = []eastest.Policy{tt.policy} })
			if tt.then != nil {
				tt.then(m)
			}
			if got := refresh(t, tn, first); got != tt.refresh {
				t.Errorf("refresh: %q, want %q", got, tt.refresh)
			}
			if _, m := signInBy(t, tn); number(m) != tt.signIn {
				t.Errorf("sign-in: %v, want %q", m, tt.signIn)
			}
			// The access token that is out stays good.
			if status, _, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+first["access_token"].(string)); status != 200 {
				t.Errorf("the access token: %d", status)
			}
		})
	}
	for identity, want := range map[eastest.Identity]string{eastest.PasswordHash: "", eastest.PassThrough: "50055", eastest.Federated: "50055"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Identity: identity})
		m := tn.AddMailbox(ada)
		_, first := signInBy(t, tn)
		m.ExpirePassword()
		if got := refresh(t, tn, first); got != "" {
			t.Errorf("identity %d: refresh: %s", identity, got)
		}
		if _, m := signInBy(t, tn); number(m) != want {
			t.Errorf("identity %d: sign-in: %v, want %q", identity, m, want)
		}
	}
}

// What the directory says of hosts and users, and what version 1 offers.
func TestDirectory(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Identity: eastest.Federated, Domains: []string{"fabrikam.com"}})
	tn.AddMailbox(ada)
	const login = "https://login.microsoftonline.com/"
	for _, tt := range []struct {
		path   string
		status int
		want   []string
	}{
		{"common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.windows.net/contoso.com/oauth2/v2.0/authorize", 200, []string{`"tenant_discovery_endpoint":"https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration"`, "login.microsoftonline.us"}},
		{"common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.evil.example/common/oauth2/v2.0/authorize", 400, []string{"invalid_instance"}},
		{"common/userrealm/ada@contoso.com?api-version=1.0", 200, []string{`"account_type":"Federated"`, "adfs.contoso.com"}},
		{"common/UserRealm/eve@fabrikam.com?api-version=1.0", 200, []string{`"domain_name":"fabrikam.com"`}},
		{"common/userrealm/eve@nowhere.example?api-version=1.0", 200, []string{`"account_type":"Unknown"`}},
		{eastest.TenantID + "/.well-known/openid-configuration", 200, []string{`"issuer":"https://sts.windows.net/` + eastest.TenantID + `/"`, `/oauth2/token"`}},
		{"fabrikam.com/v2.0/.well-known/openid-configuration", 200, []string{`"issuer":"https://login.microsoftonline.com/` + eastest.TenantID + `/v2.0"`}},
		{"nowhere.example/v2.0/.well-known/openid-configuration", 400, []string{"AADSTS90002"}},
		{"contoso.com/adminconsent?client_id=nobody&redirect_uri=http://localhost", 400, []string{"AADSTS700016"}},
	} {
		status, _, body := ask(t, tn, "GET", login+tt.path)
		if status != tt.status || slices.ContainsFunc(tt.want, func(s string) bool { return !strings.Contains(body, s) }) {
			t.Errorf("%s: %d %s", tt.path, status, body)
		}
	}
	// Version 1 takes a resource.
	_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "resource": {"https://mail.contoso.com"}})
	form := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {d["device_code"].(string)}}
	post(t, tn, "/oauth2/token", form)
	if _, m := post(t, tn, "/oauth2/token", form); claims(t, m["access_token"])["aud"] != "https://mail.contoso.com" || m["refresh_token"] == nil {
		t.Errorf("version 1: %v", m)
	}
}

// An administrator consents once, and for all.
func TestAdminConsent(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "ADMIN_CONSENT"}}})
	tn.AddMailbox(ada)
	if _, m := signInBy(t, tn); number(m) != "90094" {
		t.Errorf("before: %v", m)
	}
	status, h, _ := ask(t, tn, "GET", "https://login.microsoftonline.com/contoso.com/adminconsent?client_id="+eastest.ClientID+"&redirect_uri=http://localhost&state=s")
	if want := "http://localhost?admin_consent=True&state=s&tenant=" + eastest.TenantID; status != 302 || h.Get("Location") != want {
		t.Errorf("%d %v", status, h)
	}
	if _, m := signInBy(t, tn); m["access_token"] == nil {
		t.Errorf("after: %v", m)
	}
}

// The authority rolls its keys: the old one stays good for a while, and Exchange follows.
func TestRollKeys(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	options := func(raw string) int {
		status, _, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+raw)
		return status
	}
	first := tn.Token(ada).AccessToken
	tn.RollKeys()
	second := tn.Token(ada).AccessToken
	if diff := cmp.Diff([]int{200, 200}, []int{options(first), options(second)}); diff != "" {
		t.Errorf("after one (-want +got):\n%s", diff)
	}
	tn.RollKeys()
	if diff := cmp.Diff([]int{401, 200}, []int{options(first), options(second)}); diff != "" {
		t.Errorf("after two (-want +got):\n%s", diff)
	}
	_, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/common/discovery/v2.0/keys")
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(body), &set); err != nil || len(set.Keys) != 2 || set.Keys[0].Kid != "eastest-3" {
		t.Errorf("%s", body)
	}
}

// The whole dance in every topology, with every product, national clouds, and every model of
// identity, by the library: what it finds is what is there.
func TestEveryTopology(t *testing.T) {
	type world struct {
		eastest.Options
	}
	var worlds []world
	for _, p := range eastest.Products() {
		worlds = append(worlds, world{Options: eastest.Options{Topology: eastest.Hybrid, Product: p}}, world{Options: eastest.Options{Topology: eastest.OnPremises, Product: p}})
	}
	worlds = append(worlds, world{}, world{Options: eastest.Options{SignInPages: true}},
		world{Options: eastest.Options{Topology: eastest.Hybrid, Identity: eastest.Federated, SignInPages: true}},
		world{Options: eastest.Options{Topology: eastest.OnPremises, SignInPages: true}},
		world{Options: eastest.Options{Topology: eastest.Hybrid, Challenges: []string{"Negotiate", "NTLM"}}},
		world{Options: eastest.Options{Topology: eastest.Hybrid, Domains: []string{"fabrikam.com"}}})
	for _, w := range worlds {
		name := w.Topology.String() + " " + w.Product.String()
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &w.Options)
			addr := ada
			if len(w.Domains) > 0 {
				addr = "ada@" + w.Domains[0]
			}
			tn.AddMailbox(addr, &eas.Email{Subject: "one"})
			ctx := t.Context()
			r := &autodiscover.Resolver{HTTPClient: tn.Client(), Confirm: func(_ context.Context, _, to *url.URL) error {
				if to.Hostname() != "mail.contoso.com" { // of the second domain's server, too
					return errors.New("a stranger")
				}
				return nil
			}}
			e, err := r.Lookup(ctx, addr)
			if err != nil {
				t.Fatal(err)
			}
			offer, err := bearer.Probe(ctx, tn.Client(), e.URL, addr)
			if err != nil {
				t.Fatal(err)
			}
			o := &token.Options{HTTPClient: tn.Client()}
			if w.Topology == eastest.OnPremises {
				o.TrustedAuthorities = []string{"adfs.contoso.com"}
			}
			config, err := token.Configure(ctx, eastest.ClientID, offer, e.URL, o)
			if err != nil {
				t.Fatal(err)
			}
			source := &token.Source{Config: config, Store: &token.MemoryStore{}, Key: addr, Flow: &token.Browser{Open: tn.Browser()}}
			c := &eas.Client{URL: e.URL, User: addr, Token: source, HTTPClient: tn.Client()}
			folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
			if err != nil {
				t.Fatal(err)
			}
			in, ok := folders.Find(eas.FolderInbox)
			if !ok {
				t.Fatal("no Inbox")
			}
			n := 0
			for p, err := range c.Pages(ctx, in.ID, eas.InitialSyncKey, nil) {
				if err != nil {
					t.Fatal(err)
				}
				n += len(p.Added)
			}
			if n != 1 {
				t.Errorf("%d mails", n)
			}
			for _, q := range tn.Requests() {
				if strings.HasPrefix(q.Authorization, "Basic") {
					t.Errorf("a password was tried: %v", q)
				}
			}
			// The second token comes by refresh.
			tn.ExpireAccessTokens()
			if _, err := c.Options(ctx); err != nil {
				t.Errorf("after the token ran out: %v", err)
			}
		})
	}
}

// The pages of the authority check name and password, and are good once.
func TestSignInPages(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, SignInPages: true})
	tn.AddMailbox(ada)
	begin := func() string {
		_, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id="+eastest.ClientID+
			"&response_type=code&redirect_uri=http://localhost:1234/&scope="+url.QueryEscape(easScope)+"&code_challenge=x&code_challenge_method=S256&state=s")
		_, id, _ := strings.Cut(body, `name="id" value="`)
		id, _, ok := strings.Cut(id, `"`)
		if !ok {
			t.Fatalf("no page: %s", body)
		}
		return id
	}
	enter := func(form url.Values) (string, string) {
		c := *tn.Client()
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := c.PostForm("https://login.microsoftonline.com/common/login", form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header.Get("Location"), string(b)
	}
	id := begin()
	to, _ := enter(url.Values{"id": {id}, "username": {"Ada@contoso.com"}, "password": {eastest.Password}})
	if !strings.HasPrefix(to, "http://localhost:1234/?code=") || !strings.Contains(to, "state=s") {
		t.Errorf("signed in: %s", to)
	}
	if _, body := enter(url.Values{"id": {id}, "username": {ada}, "password": {eastest.Password}}); !strings.Contains(body, "AADSTS50089") {
		t.Errorf("the page twice: %s", body)
	}
	for want, form := range map[string]url.Values{"AADSTS50126": {"username": {ada}, "password": {"no"}}, "AADSTS50034": {"username": {"eve@contoso.com"}, "password": {eastest.Password}}} {
		form.Set("id", begin())
		if to, body := enter(form); to != "" || !strings.Contains(body, want) {
			t.Errorf("%v: %s %s, want %s", form, to, body, want)
		}
	}
	if to, _ := enter(url.Values{"id": {begin()}, "decline": {"1"}}); !strings.Contains(to, "error=access_denied") {
		t.Errorf("declined: %s", to)
	}
	for _, r := range tn.Requests() {
		if strings.Contains(r.Form.Encode(), eastest.Password) || strings.Contains(r.ResponseHeader.Get("Location"), "code=") {
			t.Errorf("a secret in the transcript: %+v", r)
		}
	}
}

// AD FS compares the redirect URI with its port, if it is told to.
func TestRedirectPort(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.OnPremises, Faults: []eastest.Fault{{ID: "ADFS_REDIRECT_PORT"}}})
	tn.AddMailbox(ada)
	status, _, body := ask(t, tn, "GET", "https://adfs.contoso.com/adfs/oauth2/authorize/?client_id="+eastest.ClientID+"&redirect_uri=http://localhost:1/")
	if status != 400 || !strings.Contains(body, "MSIS9224") {
		t.Errorf("%d %s", status, body)
	}
}
