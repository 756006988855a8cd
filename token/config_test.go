package token_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

// authorities are the kinds of authority that a Config can be of.
var authorities = map[string]struct {
	uri  string
	sts  func(s *sts)
	o    token.Options
	host string // of the sts
}{
	"Entra":         {uri: v1Authority},
	"Entra, tenant": {uri: v1Authority, o: token.Options{Tenant: tenantID}, sts: func(s *sts) { s.issuer = "https://login.microsoftonline.com/" + tenantID + "/v2.0" }},
	"AD FS": {uri: "https://fs.contoso.com:8443/adfs/oauth2/authorize", o: token.Options{TrustedAuthorities: []string{"fs.contoso.com:8443"}},
		sts: func(s *sts) {
			s.base, s.issuer = "https://fs.contoso.com:8443/adfs", "https://fs.contoso.com:8443/adfs"
			s.metadata = func(m map[string]any) { m["access_token_issuer"] = "http://fs.contoso.com/adfs/services/trust" }
		}},
	"OpenID": {uri: "https://id.contoso.com/realms/a/protocol/openid-connect/auth", o: token.Options{TrustedAuthorities: []string{"id.contoso.com"}},
		sts: func(s *sts) {
			s.base, s.issuer = "https://id.contoso.com", "https://id.contoso.com/realms/a"
			s.metadata = func(m map[string]any) {
				m["authorization_response_iss_parameter_supported"] = true
				m["response_modes_supported"] = []string{"form_post"}
			}
		}},
	"OpenID, named issuer": {uri: "https://id.contoso.com/login", o: token.Options{TrustedAuthorities: []string{"id.contoso.com"}, Issuer: "https://id.contoso.com/"},
		sts: func(s *sts) { s.base, s.issuer = "https://id.contoso.com", "https://id.contoso.com/" }},
	"loopback": {uri: "http://127.0.0.1:8080/adfs/oauth2/authorize", o: token.Options{TrustedAuthorities: []string{"127.0.0.1:8080"}, AllowLoopback: true},
		sts: func(s *sts) { s.base, s.issuer = "http://127.0.0.1:8080/adfs", "http://127.0.0.1:8080/adfs" }},
}

func configOf(t *testing.T, name string, lazy bool) (*token.Config, *sts) {
	t.Helper()
	tt := authorities[name]
	s := newSTS()
	if tt.sts != nil {
		tt.sts(s)
	}
	o := tt.o
	o.HTTPClient, o.Lazy = s.Client(), lazy
	o.Auth, o.Capabilities = token.Secret("s3cret-value"), []string{"cp1"}
	c, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: tt.uri}, endpoint, &o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// What Configure learned survives a restart, whoever the authority is: the restored Config
// makes the same requests, and none to learn it again.
func TestConfigSurvivesARestart(t *testing.T) {
	for name, tt := range authorities {
		for _, how := range []string{"Unmarshal", "RestoreConfig", "Unmarshal, lazy"} {
			t.Run(name+", "+how, func(t *testing.T) {
				lazy := strings.HasSuffix(how, "lazy")
				c, s := configOf(t, name, lazy)
				if n := len(s.requests); lazy != (n == 0) {
					t.Errorf("Configure made %d requests, lazy %v", n, lazy)
				}
				doc, err := json.Marshal(c)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(doc), "s3cret") {
					t.Errorf("the document holds a secret: %s", doc)
				}
				var restored *token.Config
				if how == "RestoreConfig" {
					restored, err = token.RestoreConfig(doc, &token.Options{HTTPClient: s.Client(), Auth: c.Auth,
						TrustedAuthorities: tt.o.TrustedAuthorities, AllowLoopback: tt.o.AllowLoopback})
				} else {
					restored = new(token.Config)
					err = json.Unmarshal(doc, restored)
					restored.HTTPClient, restored.Auth = s.Client(), c.Auth
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, doc)
				}
				if diff := cmp.Diff(c, restored, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".HTTPClient" }, cmp.Ignore()),
					cmp.Comparer(func(a, b *token.Authority) bool {
						a, b = exported(a), exported(b)
						return cmp.Equal(a, b, cmp.AllowUnexported(token.Authority{}))
					})); diff != "" {
					t.Errorf("restored (-want +got)\n%s", diff)
				}
				again, err := json.Marshal(restored)
				if err != nil || string(again) != string(doc) {
					t.Errorf("marshalled again:\n%s\nwant\n%s", again, doc)
				}
				before := s.count("configuration")
				u := &user{sts: s, alter: func(v url.Values) { v.Set("iss", strings.Replace(s.issuer, "{tenantid}", tenantID, 1)) }}
				if name == "OpenID" {
					u.post = true
				}
				b := &token.Browser{Open: u.open}
				tok, err := b.SignIn(t.Context(), restored)
				if err != nil {
					t.Fatalf("SignIn with what was restored: %v", err)
				}
				if _, err := token.RefreshToken(tok.RefreshToken).SignIn(t.Context(), restored); err != nil {
					t.Error(err)
				}
				want := 0
				if lazy {
					want = 1
				}
				if n := s.count("configuration") - before; n != want {
					t.Errorf("the metadata was read %d times, want %d", n, want)
				}
				if f := s.last(); f.Get("client_secret") != "s3cret-value" || !strings.Contains(f.Get("claims"), "cp1") {
					t.Errorf("refresh with %v", f)
				}
				if lazy { // what was learned since is in the next document
					if b, err := json.Marshal(restored); err != nil || !strings.Contains(string(b), "token_endpoint") {
						t.Errorf("MarshalJSON = %s, %v, want the metadata", b, err)
					}
				}
			})
		}
	}
}

func exported(a *token.Authority) *token.Authority {
	return &token.Authority{Kind: a.Kind, Host: a.Host, Cloud: a.Cloud, Tenant: a.Tenant, Issuer: a.Issuer, AccessTokenIssuer: a.AccessTokenIssuer,
		AuthorizationEndpoint: a.AuthorizationEndpoint, TokenEndpoint: a.TokenEndpoint, DeviceAuthorizationEndpoint: a.DeviceAuthorizationEndpoint,
		KeysEndpoint: a.KeysEndpoint, FormPost: a.FormPost, IssuerParameter: a.IssuerParameter}
}

// A document that another has changed names no host that was not trusted.
func TestTamperedConfig(t *testing.T) {
	document := func(name string) string {
		c, _ := configOf(t, name, false)
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	replace := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("%s has no %q", s, old)
			}
			return strings.ReplaceAll(s, old, new)
		}
	}
	for _, tt := range []struct {
		name, of string
		change   func(string) string
		o        *token.Options // nil: json.Unmarshal
		target   any
	}{
		{"token endpoint elsewhere", "Entra", replace("https://login.microsoftonline.com/common/oauth2/v2.0/token", "https://evil.example/token"), nil, new(*token.AuthorityError)},
		{"keys elsewhere", "AD FS", replace("https://fs.contoso.com:8443/adfs/common/discovery/v2.0/keys", "https://evil.example/keys"), nil, new(*token.AuthorityError)},
		{"authorization endpoint over http", "Entra", replace(`"authorization_endpoint":"https`, `"authorization_endpoint":"http`), nil, new(*token.AuthorityError)},
		{"every host of a cloud", "Entra", replace("login.microsoftonline.com", "evil.example"), nil, new(*token.AuthorityError)},
		{"host of AD FS", "AD FS", replace("fs.contoso.com", "evil.example"), &token.Options{TrustedAuthorities: []string{"fs.contoso.com:8443"}}, new(*token.AuthorityError)},
		{"AD FS that is not trusted now", "AD FS", strings.Clone, &token.Options{}, new(*token.AuthorityError)},
		{"AD FS in another's port", "AD FS", replace("fs.contoso.com:8443", "fs.contoso.com:9"), &token.Options{TrustedAuthorities: []string{"fs.contoso.com:8443"}}, new(*token.AuthorityError)},
		{"host of AD FS without the mark", "AD FS", replace(`"trusted_by_caller":true,`, ""), nil, new(*token.AuthorityError)},
		{"loopback that is not allowed now", "loopback", strings.Clone, &token.Options{TrustedAuthorities: []string{"127.0.0.1:8080"}}, new(*token.AuthorityError)},
		{"loopback made remote", "loopback", replace("127.0.0.1", "192.0.2.1"), nil, new(*token.AuthorityError)},
		{"issuer of another tenant", "Entra, tenant", replace(tenantID+"/v2.0\"", "11111111-2222-3333-4444-555555555555/v2.0\""), nil, new(*token.AuthorityError)},
		{"issuer elsewhere", "OpenID", replace(`"openid_issuer":"https://id.contoso.com`, `"openid_issuer":"https://evil.example`), nil, new(*token.AuthorityError)},
		{"no client", "Entra", replace(clientID, ""), nil, new(*token.ConfigError)},
		{"endpoint over http", "Entra", replace(`"endpoint":"https`, `"endpoint":"http`), nil, new(*token.ConfigError)},
		{"endpoint of another host than the scope's", "Entra", replace(`"endpoint":"https://mail.contoso.com`, `"endpoint":"https://evil.example`), nil, new(*token.ConfigError)},
		{"scope of Graph", "Entra", replace("https://mail.contoso.com/EAS.AccessAsUser.All", "https://graph.microsoft.com/Mail.Read"), nil, new(*token.ConfigError)},
		{"later version", "Entra", replace(`"version":1`, `"version":2`), nil, new(*token.ConfigError)},
		{"not JSON", "Entra", func(string) string { return `"x"` }, nil, new(*token.ConfigError)},
		{"too long", "Entra", func(s string) string { return s + strings.Repeat(" ", 300<<10) }, nil, new(*token.ConfigError)},
		{"scopes given again", "Entra", strings.Clone, &token.Options{Scopes: []string{"x"}}, new(*token.ConfigError)},
		{"tenant given again", "Entra", strings.Clone, &token.Options{Tenant: "x"}, new(*token.ConfigError)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := []byte(tt.change(document(tt.of)))
			var err error
			if tt.o == nil {
				err = new(token.Config).UnmarshalJSON(doc)
			} else {
				_, err = token.RestoreConfig(doc, tt.o)
			}
			if err == nil || !errors.As(err, tt.target) {
				t.Errorf("= %v, want %T", err, tt.target)
			}
		})
	}
	var c token.Config
	if err := json.Unmarshal([]byte(`{"version":1}`), &c); err == nil || c.ClientID != "" {
		t.Errorf("an empty document = %v", err)
	}
	if _, err := json.Marshal(token.Config{ClientID: "x"}); err == nil {
		t.Error("half a Config was marshalled")
	}
}

// A host that instance discovery vouched for stays what it was.
func TestVouchedConfigSurvivesARestart(t *testing.T) {
	s := newSTS()
	s.base, s.issuer = "https://login.newcloud.example", "https://login.newcloud.example/{tenantid}/v2.0"
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/common/discovery/instance" {
			return false
		}
		writeJSON(w, 200, map[string]any{"metadata": []any{map[string]any{"preferred_network": "login.newcloud.example",
			"aliases": []string{"login.newcloud.example", "sts.newcloud.example"}}}})
		return true
	}
	c, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: "https://sts.newcloud.example/common/oauth2/authorize"}, endpoint,
		&token.Options{HTTPClient: s.Client(), InstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var restored token.Config
	if err := json.Unmarshal(doc, &restored); err != nil {
		t.Fatal(err)
	}
	if restored.Authority.Cloud != c.Authority.Cloud || restored.Authority.String() != c.Authority.String() {
		t.Errorf("restored %s of %q, want %s of %q", restored.Authority, restored.Authority.Cloud, c.Authority, c.Authority.Cloud)
	}
	if _, err := token.RestoreConfig(doc, &token.Options{TrustedAuthorities: []string{"login.newcloud.example"}}); !errors.Is(err, token.ErrUntrustedAuthority) {
		t.Errorf("RestoreConfig without the alias = %v, want ErrUntrustedAuthority", err)
	}
	if _, err := token.RestoreConfig(doc, &token.Options{TrustedAuthorities: []string{"login.newcloud.example", "STS.newcloud.example"}}); err != nil {
		t.Error(err)
	}
}

// A start with a good stored token makes no request to the authority, and needs none.
func TestWarmStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := configOf(t, "Entra", false)
		store := &token.MemoryStore{}
		first := &token.Source{Config: c, Store: store, Key: "ada", Flow: s}
		want := mustToken(t, first)
		doc, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.set(func() { s.requests = nil })
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(503); return true }

		var restored token.Config
		if err := json.Unmarshal(doc, &restored); err != nil {
			t.Fatal(err)
		}
		restored.HTTPClient = s.Client()
		lazy, err := token.Configure(t.Context(), clientID, &bearer.Offer{AuthorizationURI: v1Authority}, endpoint,
			&token.Options{HTTPClient: s.Client(), Lazy: true, Capabilities: c.Capabilities})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*token.Config{"restored": &restored, "lazy": lazy} {
			got, err := (&token.Source{Config: c, Store: store, Key: "ada"}).Token(t.Context())
			if err != nil || got.AccessToken != want.AccessToken {
				t.Errorf("%s: Token = %v, want the stored token", name, err)
			}
		}
		if n := len(s.requests); n != 0 {
			t.Errorf("%d requests to the authority, want 0", n)
		}

		// When a token is needed, many read the metadata once; while it cannot be read, they
		// hear so, and it is asked again a second later.
		time.Sleep(2 * time.Hour)
		src := func() *token.Source {
			return &token.Source{Config: lazy, Store: &token.MemoryStore{}, Key: "ada", Flow: token.RefreshToken("rt-secret-1")}
		}
		for range 5 {
			var te *token.TransientError
			if _, err := src().Token(t.Context()); !errors.As(err, &te) || te.Status != 503 {
				t.Errorf("Token = %v, want *TransientError of status 503", err)
			}
		}
		if n := s.count("configuration"); n != 1 {
			t.Errorf("the metadata was read %d times, want 1", n)
		}
		s.set(func() { s.intercept, s.requests = nil, nil })
		time.Sleep(2 * time.Second)
		done := make(chan error)
		for range 20 {
			go func() { _, err := src().Token(t.Context()); done <- err }()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Errorf("Token = %v", err)
			}
		}
		if n := s.count("configuration"); n != 1 {
			t.Errorf("the metadata was read %d times, want 1", n)
		}
		if a, err := lazy.Discover(t.Context()); err != nil || a.TokenEndpoint == nil {
			t.Errorf("Discover = %v, %v", a, err)
		}
	})
}

func FuzzConfigJSON(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"client_id":"c","endpoint":"https://mail.contoso.com/x","scopes":["https://mail.contoso.com/EAS.AccessAsUser.All"],"authority":{"url":"https://login.microsoftonline.com/common"}}`,
		`{"version":1,"client_id":"c","endpoint":"api://a","scopes":["api://a/x"],"authority":{"url":"https://fs.contoso.com/adfs","trusted_by_caller":true,"metadata":{"issuer":"https://fs.contoso.com/adfs","token_endpoint":"https://fs.contoso.com/t"}}}`,
		`{"version":1}`, `{}`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c token.Config
		if c.UnmarshalJSON(data) != nil {
			return
		}
		first, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var again token.Config
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first)
		}
		second, err := json.Marshal(again)
		if err != nil || string(first) != string(second) {
			t.Fatalf("written as\n%s\nand then as\n%s", first, second)
		}
	})
}
