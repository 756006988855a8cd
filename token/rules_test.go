package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Rules that decide by characters, lengths and small cases, each on both sides of its limits.

// A GUID is one at each of its characters.
func TestIsGUID(t *testing.T) {
	const guid = "00000002-0000-0ff1-ce00-00000000000A"
	for s, want := range map[string]bool{guid: true, guid[1:]: false, guid + "0": false, "": false} {
		if isGUID(s) != want {
			t.Errorf("isGUID(%q) = %v, want %v", s, !want, want)
		}
	}
	for i := range guid {
		for c := range 256 {
			s := guid[:i] + string([]byte{byte(c)}) + guid[i+1:]
			want := strings.IndexByte("0123456789abcdefABCDEF", byte(c)) >= 0
			if guid[i] == '-' {
				want = c == '-'
			}
			if isGUID(s) != want {
				t.Errorf("isGUID(%q) = %v, want %v", s, !want, want)
			}
		}
	}
}

// A tenant goes into a path as it is.
func TestIsTenant(t *testing.T) {
	for c := range 256 {
		s := "a" + string([]byte{byte(c)}) + "b"
		if want := strings.IndexByte("abcdefghijklmnopqrstuvwxyz0123456789.-", byte(c)) >= 0; isTenant(s) != want {
			t.Errorf("isTenant(%q) = %v, want %v", s, !want, want)
		}
	}
	for _, s := range []string{"adfs", ".a", "a.", "a..b"} {
		if isTenant(s) {
			t.Errorf("isTenant(%q) = true", s)
		}
	}
	if hosts := cloudHosts("public"); len(hosts) < 2 || !slices.IsSorted(hosts) {
		t.Errorf("hosts of the public cloud: %q", hosts)
	}
}

// What an authority's metadata may name: see TestS051DiscoverRefusesMetadata for more.
func TestCheckEndpoint(t *testing.T) {
	plain := &Authority{Host: "127.0.0.1:9000", group: []string{"127.0.0.1:9000"}}
	beside := &Authority{Host: "127.0.0.1:9000", group: []string{"127.0.0.1:9000"}, loopback: true}
	for _, tt := range []struct {
		a    *Authority
		raw  string
		want string // in the error; "": accepted
	}{
		{plain, "https://127.0.0.1:9000/token", ""},
		{plain, "http://127.0.0.1:9000/token", "of the metadata: "},
		{plain, "https://127.0.0.1:9000/token#x", "fragment"},
		{plain, "https://127.0.0.1:9001/token", "another host"},
		{plain, "https://127.0.0.1:9000/%", "not a URL"},
		{plain, "", "of the metadata: "},
		{beside, "http://127.0.0.1:9000/token", ""},
		{beside, "https://127.0.0.1:9000/token", ""},
		{beside, "https://u@127.0.0.1:9000/token", "of the metadata: "},
		{beside, "ftp://127.0.0.1:9000/token", "of the metadata: "},
		{beside, "http://localhost:9000/token", "of the metadata: "},
	} {
		u, err := tt.a.checkEndpoint("token_endpoint", tt.raw)
		switch {
		case tt.want == "" && (err != nil || u.String() != tt.raw):
			t.Errorf("checkEndpoint(%q) = %v, %v", tt.raw, u, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("checkEndpoint(%q) = %v, %v; want an error with %q", tt.raw, u, err, tt.want)
		}
	}
}

// Each kind of wrong audience says what to do about it.
func TestAudienceHints(t *testing.T) {
	const here, online = "https://mail.contoso.com", "https://outlook.office365.com"
	for _, tt := range []struct {
		kind     AudienceKind
		expected string
		want     string
	}{
		{TLSOffloading, here, "a load balancer ends TLS"},
		{TLSOffloading, "http://mail.contoso.com", "the token is for https and the endpoint is known by http"},
		{AudienceHost, here, "for another host"},
		{AudiencePort, here, "for another port"},
		{AudienceOnline, here, "the endpoint is on-premises"},
		{AudienceOnline, online, "another cloud of Exchange Online"},
		{AudienceOnline, "%", "the endpoint is on-premises"},
		{AudienceApp, here, "an application ID that is not known"},
		{AudienceMissing, here, "has no aud claim"},
		{AudienceUnusable, here, "neither a URL nor an application ID"},
	} {
		if got := (&AudienceError{Kind: tt.kind, Expected: tt.expected}).Error(); !strings.Contains(got, tt.want) {
			t.Errorf("%s, %s: %q, want %q", tt.kind, tt.expected, got, tt.want)
		}
	}
}

// Who is another account, and who may follow whom under a key.
func TestAccountRules(t *testing.T) {
	for _, tt := range []struct {
		a, b    Account
		differs bool // either way
		follows bool // b may follow a
		meets   bool // b meets a
	}{
		{Account{}, Account{}, false, true, true},
		{Account{}, Account{Object: "o"}, false, true, true},
		{Account{Object: "o"}, Account{}, false, false, false},
		{Account{Object: "o"}, Account{Object: "O"}, false, true, true},
		{Account{Object: "o"}, Account{Object: "p"}, true, false, false},
		{Account{Tenant: "t", Object: "o"}, Account{Object: "o"}, false, true, false},
		{Account{Object: "o"}, Account{Tenant: "t", Object: "o"}, false, true, true},
		{Account{Tenant: "t", Object: "o"}, Account{Tenant: "T", Object: "o"}, false, true, true},
		{Account{Tenant: "t", Object: "o"}, Account{Tenant: "u", Object: "o"}, true, false, false},
		{Account{Object: "o", Username: "a"}, Account{Object: "o", Username: "b"}, false, true, true},
		{Account{Object: "o", Username: "a"}, Account{Username: "a"}, false, true, false},
		{Account{Object: "o", Username: "a"}, Account{Username: "b"}, true, false, false},
		{Account{Username: "a"}, Account{Username: "A"}, false, true, true},
		{Account{Username: "a"}, Account{Username: "b"}, true, false, false},
		{Account{Username: "a"}, Account{Object: "o"}, false, true, false},
		{Account{Tenant: "t"}, Account{Username: "a"}, false, true, false},
		{Account{Tenant: "t", Username: "a"}, Account{Username: "a"}, false, true, false},
		{Account{Tenant: "t", Username: "a"}, Account{Tenant: "T", Username: "a"}, false, true, true},
		{Account{Tenant: "t", Username: "a"}, Account{Tenant: "u", Username: "a"}, true, false, false},
	} {
		if got := tt.a.differs(tt.b); got != tt.differs || tt.b.differs(tt.a) != got {
			t.Errorf("%v differs from %v: %v, want %v", tt.a, tt.b, got, tt.differs)
		}
		if got := tt.b.follows(tt.a); got != tt.follows {
			t.Errorf("%v follows %v: %v, want %v", tt.b, tt.a, got, tt.follows)
		}
		if got := tt.b.meets(tt.a); got != tt.meets {
			t.Errorf("%v meets %v: %v, want %v", tt.b, tt.a, got, tt.meets)
		}
	}
}

// jwt makes a token that can be read, of a payload.
func jwt(claims map[string]any) string {
	b, _ := json.Marshal(claims)
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"RS256"}`)) + "." + e(b) + "." + e([]byte("sig"))
}

func TestAccountOf(t *testing.T) {
	object := jwt(map[string]any{"tid": "t1", "oid": "o1", "preferred_username": "a1"})
	other := jwt(map[string]any{"tid": "t2", "oid": "o2", "preferred_username": "a2"})
	name := jwt(map[string]any{"tid": "t3", "preferred_username": "a3"})
	name2 := jwt(map[string]any{"tid": "t4", "preferred_username": "a4"})
	tenant := jwt(map[string]any{"tid": "t5"})
	for _, tt := range []struct {
		id, access string
		want       Account
	}{
		{"", "opaque", Account{}},
		{object, other, Account{"t1", "o1", "a1"}},
		{"", other, Account{"t2", "o2", "a2"}},
		{name, other, Account{"t2", "o2", "a2"}},
		{name, name2, Account{Tenant: "t3", Username: "a3"}},
		{tenant, name2, Account{Tenant: "t4", Username: "a4"}},
		{tenant, "opaque", Account{}},
	} {
		if got := accountOf(tt.id, tt.access); got != tt.want {
			t.Errorf("accountOf(%q, %q) = %v, want %v", tt.id, tt.access, got, tt.want)
		}
	}
}

func TestAccountErrorSays(t *testing.T) {
	no := errors.New("not one of ours")
	for want, e := range map[string]*AccountError{
		"is not accepted: not one of ours": {Actual: Account{Object: "o"}, Err: no},
		"do not say which account":         {Expected: Account{Object: "o"}},
		"another account signed in":        {Expected: Account{Object: "o"}, Actual: Account{Object: "p"}},
	} {
		if got := e.Error(); !strings.Contains(got, want) || errors.Is(e, no) != (e.Err != nil) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A first half that lacks one of its parts is not one.
func TestDecodeHalves(t *testing.T) {
	c := &Config{ClientID: "c", Authority: &Authority{Kind: Entra, Host: "login.microsoftonline.com", AuthorizationEndpoint: &url.URL{Scheme: "https", Host: "login.microsoftonline.com"},
		TokenEndpoint: &url.URL{Scheme: "https", Host: "login.microsoftonline.com"}}, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"}}
	a, err := c.Authorize(t.Context(), "https://app.contoso.com/cb", nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "version", "state", "code_verifier", "redirect_uri"} {
		var m map[string]any
		if err := json.Unmarshal(whole, &m); err != nil {
			t.Fatal(err)
		}
		delete(m, name)
		b, _ := json.Marshal(m)
		if _, err := DecodeAuthorization(b); (err == nil) != (name == "") {
			t.Errorf("without %q: %v", name, err)
		}
	}
	for _, size := range []int{maxHalf, maxHalf + 1} {
		b := append(slices.Clone(whole), strings.Repeat(" ", size-len(whole))...)
		if _, err := DecodeAuthorization(b); (err == nil) != (size == maxHalf) {
			t.Errorf("of %d bytes: %v", size, err)
		}
	}
	f := a.Redeem(url.Values{})
	if interactive(f) {
		t.Error("the second half needs a person")
	}
	if got, want := f.(*redemption), "redemption of authorization of client c at login.microsoftonline.com until "; !strings.HasPrefix(fmt.Sprint(got), want) {
		t.Errorf("%q, want %q", fmt.Sprint(got), want)
	}
}

// Where the browser comes back to.
func TestBrowserHost(t *testing.T) {
	for _, tt := range []struct {
		b    Browser
		kind AuthorityKind
		want string // "": refused
	}{
		{Browser{}, Entra, "localhost"},
		{Browser{}, ADFS, "127.0.0.1"},
		{Browser{}, OpenID, "127.0.0.1"},
		{Browser{RedirectHost: "localhost"}, OpenID, "localhost"},
		{Browser{RedirectHost: "127.0.0.1"}, Entra, "127.0.0.1"},
		{Browser{RedirectHost: "::1"}, Entra, "::1"},
		{Browser{RedirectHost: "127.0.0.2"}, Entra, ""},
		{Browser{RedirectPort: 65535, RedirectPath: "/"}, Entra, "localhost"},
		{Browser{RedirectPort: 65536}, Entra, ""},
		{Browser{RedirectPort: -1}, Entra, ""},
		{Browser{RedirectPath: "/a/b"}, Entra, "localhost"},
		{Browser{RedirectPath: "/a/"}, Entra, "localhost"},
		{Browser{RedirectPath: "/a//b"}, Entra, ""},
		{Browser{RedirectPath: "?a"}, Entra, ""},
		{Browser{RedirectPath: "/a?"}, Entra, ""},
	} {
		got, err := tt.b.host(&Authority{Kind: tt.kind})
		var ce *ConfigError
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && (!errors.As(err, &ce) || ce.Kind != ConfigRedirect) {
			t.Errorf("host of %+v at %s = %q, %v; want %q", tt.b, tt.kind, got, err, tt.want)
		}
	}
}
