package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A copy of a Config shares no URL and no list with it.
func TestCloneSharesNothing(t *testing.T) {
	u := func() *url.URL { return &url.URL{Scheme: "https", Host: "h"} }
	c := &Config{ClientID: "c", Endpoint: u(), Scopes: []string{"a"}, Capabilities: []string{"b"},
		Authority: &Authority{AuthorizationEndpoint: u(), TokenEndpoint: u(), DeviceAuthorizationEndpoint: u(), KeysEndpoint: u()}}
	d := c.clone()
	if !reflect.DeepEqual(c, d) {
		t.Errorf("clone = %+v, want %+v", d, c)
	}
	for _, v := range []*url.URL{d.Endpoint, d.Authority.AuthorizationEndpoint, d.Authority.TokenEndpoint, d.Authority.DeviceAuthorizationEndpoint, d.Authority.KeysEndpoint} {
		v.Host = "changed"
	}
	d.Scopes[0], d.Capabilities[0], d.Authority.Host = "changed", "changed", "changed"
	b, _ := json.Marshal(map[string]any{"u": []*url.URL{c.Endpoint, c.Authority.AuthorizationEndpoint, c.Authority.TokenEndpoint, c.Authority.DeviceAuthorizationEndpoint, c.Authority.KeysEndpoint}, "l": []any{c.Scopes, c.Capabilities, c.Authority.Host}})
	if strings.Contains(string(b), "changed") {
		t.Errorf("a change of the copy changes the original: %s", b)
	}
	if (*Config)(nil).clone() != nil || (&Config{}).clone().Authority != nil || cloneURL(nil) != nil {
		t.Error("a copy of nothing is something")
	}
	for _, tt := range []struct {
		scope string
		want  bool
	}{{"a", true}, {"b", false}} {
		if c.wants(tt.scope) != tt.want {
			t.Errorf("wants(%s) = %v", tt.scope, !tt.want)
		}
	}
}

// A Config made by ParseAuthority alone reads its metadata at each use, and keeps none of it.
func TestDiscoverOfAParsedAuthority(t *testing.T) {
	a, err := ParseAuthority("https://login.microsoftonline.com/common", nil)
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	c := &Config{ClientID: "c", Authority: a, Endpoint: &url.URL{Scheme: "https", Host: "h"}, Scopes: []string{"a"}, HTTPClient: &http.Client{Transport: respond(func(*http.Request) (*http.Response, error) {
		requests++
		return responseOf(200, `{"issuer":"https://login.microsoftonline.com/{tenantid}/v2.0","authorization_endpoint":"https://login.microsoftonline.com/a","token_endpoint":"https://login.microsoftonline.com/t","jwks_uri":"https://login.microsoftonline.com/k"}`, nil), nil
	})}}
	got, err := c.Discover(t.Context())
	if err != nil || got.TokenEndpoint == nil || got == a || a.TokenEndpoint != nil || requests != 1 || got.DeviceAuthorizationEndpoint != nil {
		t.Errorf("Discover = %+v, %v after %d requests; the original is %+v", got, err, requests, a)
	}
}

// Documents that RestoreConfig and Marshal refuse.
func TestConfigDocuments(t *testing.T) {
	for _, c := range []Config{{}, {ClientID: "c", Authority: &Authority{TokenEndpoint: &url.URL{}}, Endpoint: &url.URL{}, Scopes: []string{"a"}}} {
		var ce *ConfigError
		if _, err := c.MarshalJSON(); !errors.As(err, &ce) || ce.Kind != ConfigMissing {
			t.Errorf("MarshalJSON of %v = %v, want *ConfigError of kind missing", c, err)
		}
	}
	u := &url.URL{Scheme: "https", Host: "login.microsoftonline.com"}
	c := Config{ClientID: "c", Authority: &Authority{Kind: Entra, Host: "login.microsoftonline.com", configuration: u}, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"}}
	doc, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*Options{"": nil, "no options": {}, "tenant": {Tenant: "t"}, "issuer": {Issuer: "i"}, "scopes": {Scopes: []string{"a"}}, "capabilities": {Capabilities: []string{"a"}},
		"scopes and capabilities": {Scopes: []string{"a"}, Capabilities: []string{"a"}}} {
		_, err := RestoreConfig(doc, o)
		var ce *ConfigError
		if good := o == nil || name == "no options"; good != (err == nil) || !good && (!errors.As(err, &ce) || ce.Kind != ConfigDocument) {
			t.Errorf("RestoreConfig with %q = %v", name, err)
		}
	}
	for _, tt := range []struct {
		old, new string
		want     string
	}{
		{`"version":1`, `"version":2`, "it has version 2"},
		{`"client_id":"c"`, `"client_id":""`, "a client ID is needed"},
		{`"endpoint":"https://mail.contoso.com"`, `"endpoint":"%"`, "its endpoint is not a URL"},
		{`"endpoint":"https://mail.contoso.com"`, `"endpoint":"http://mail.contoso.com"`, "the resource must be"},
		{`"scopes":["https://mail.contoso.com/EAS.AccessAsUser.All"]`, `"scopes":["openid"]`, "no scope names the resource"},
		{`"url":"https://login.microsoftonline.com`, `"url":"https://x.contoso.com`, "not a known authority"},
		{`{"version"`, `["version"`, "not the JSON of a Config"},
		{`{"version"`, strings.Repeat(" ", maxConfigDocument) + `{"version"`, "longer than 262144 bytes"},
		{`{"version"`, strings.Repeat(" ", maxConfigDocument-len(doc)) + `{"version"`, ""},
	} {
		changed := strings.Replace(string(doc), tt.old, tt.new, 1)
		if changed == string(doc) {
			t.Fatalf("%s is not in %s", tt.old, doc)
		}
		if _, err := RestoreConfig([]byte(changed), nil); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("with %.60s: %v, want %q", tt.new, err, tt.want)
		}
	}
}

// Where a person may be sent to sign in on another device.
func TestVerificationURI(t *testing.T) {
	for _, tt := range []struct {
		loopback bool
		in, want string // "": refused
	}{
		{false, "https://microsoft.com/devicelogin", "https://microsoft.com/devicelogin"},
		{false, "http://127.0.0.1/x", ""}, {true, "http://127.0.0.1/x", "http://127.0.0.1/x"}, {true, "http://h/x", ""}, {true, "https://127.0.0.1/x", "https://127.0.0.1/x"},
		{true, "ftp://127.0.0.1/x", ""}, {true, "https://u@127.0.0.1/x", ""}, {true, "%", ""}, {false, "%", ""}, {false, "", ""}, {true, "", ""},
	} {
		got, err := (&Authority{loopback: tt.loopback}).verificationURI(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q, loopback %v: %q, %v; want %q", tt.in, tt.loopback, got, err, tt.want)
		}
	}
}

// The first half of a sign-in on another device, as it was kept.
func TestDecodeDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		whole := func() *DeviceAuthorization {
			return &DeviceAuthorization{DevicePrompt: DevicePrompt{UserCode: "u", VerificationURI: "v", VerificationURIComplete: "vc", Message: "m", Expiry: now.Add(time.Hour)},
				code: "d", interval: 5 * time.Second, clientID: "c", authority: "h", claims: "{}"}
		}
		for _, tt := range []struct {
			change func(d *DeviceAuthorization)
			want   func(d *DeviceAuthorization) // nil: refused
		}{
			{func(d *DeviceAuthorization) {}, func(d *DeviceAuthorization) {}},
			{func(d *DeviceAuthorization) { d.code = "" }, nil},
			{func(d *DeviceAuthorization) { d.UserCode = "" }, nil},
			{func(d *DeviceAuthorization) { d.Expiry = now.Add(time.Hour + 1) }, func(d *DeviceAuthorization) {}},
			{func(d *DeviceAuthorization) { d.interval = -time.Second }, func(d *DeviceAuthorization) { d.interval = 0 }},
			{func(d *DeviceAuthorization) { d.interval = time.Minute }, func(d *DeviceAuthorization) { d.interval = time.Minute }},
			{func(d *DeviceAuthorization) { d.interval = time.Hour }, func(d *DeviceAuthorization) { d.interval = maxDeviceInterval }},
		} {
			d := whole()
			tt.change(d)
			b, err := d.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeDeviceAuthorization(b)
			if tt.want == nil {
				if err == nil {
					t.Errorf("%s is read", b)
				}
				continue
			}
			want := whole()
			tt.want(want)
			if err != nil || !got.Expiry.Equal(want.Expiry) {
				t.Fatalf("%s: %v, %v", b, got, err)
			}
			got.Expiry = want.Expiry
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %#v", b, wireDevice{Interval: int(got.interval / time.Second), Code: got.code, UserCode: got.UserCode, URI: got.VerificationURI})
			}
		}
	})
}

// What the browser is sent away with, by authority and options.
func TestAuthorizeURL(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "h", Path: "/a", RawQuery: "own=1"}
	for _, tt := range []struct {
		kind         AuthorityKind
		scopes       string
		hint, prompt string
		form         bool
		want         string // of prompt, response_mode, login_hint, and whether there is a nonce
	}{
		{Entra, "a offline_access openid", "", "", false, " query  true"},
		{Entra, "a", "", "", true, " form_post  false"},
		{OpenID, "a offline_access", "", "", false, "consent query  false"},
		{OpenID, "a openid", "", "", false, " query  true"},
		{OpenID, "a offline_access", "ada", "login", false, "login query ada false"},
		{ADFS, "a offline_access", "ada", "", false, " query ada false"},
	} {
		c := &Config{ClientID: "c", Authority: &Authority{Kind: tt.kind, AuthorizationEndpoint: u}, Scopes: strings.Fields(tt.scopes)}
		a := attempt{verifier: "v", state: "s", nonce: "n", redirect: "r"}
		to, err := c.authorizeURL(a, tt.hint, tt.prompt, tt.form)
		if err != nil {
			t.Fatal(err)
		}
		q := parse(t, to).Query()
		if got := strings.Join([]string{q.Get("prompt"), q.Get("response_mode"), q.Get("login_hint"), map[bool]string{true: "true", false: "false"}[q.Get("nonce") == "n"]}, " "); got != tt.want {
			t.Errorf("%s, %q: %q, want %q", tt.kind, tt.scopes, got, tt.want)
		}
		for name, want := range map[string]string{"own": "1", "client_id": "c", "response_type": "code", "redirect_uri": "r", "scope": tt.scopes, "state": "s", "code_challenge_method": "S256"} {
			if q.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, q.Get(name), want)
			}
		}
		for _, name := range []string{"prompt", "login_hint", "nonce", "claims"} {
			if q.Has(name) && q.Get(name) == "" {
				t.Errorf("%s is empty", name)
			}
		}
	}
	if a, b := newAttempt(), newAttempt(); a.state == b.state || a.nonce == b.nonce || a.verifier == b.verifier || a.state == a.nonce || len(a.state) < 40 {
		t.Errorf("attempts %v and %v", a, b)
	}
}

// A challenge of a Verifier names its tenants, and no others.
func TestChallengeInFull(t *testing.T) {
	a := &Authority{Kind: Entra, AuthorizationEndpoint: &url.URL{Scheme: "https", Host: "h", Path: "/authorize"}}
	for _, tt := range []struct {
		v    *Verifier
		err  error
		want string
		diag string
	}{
		{&Verifier{}, nil, `Bearer client_id="00000002-0000-0ff1-ce00-000000000000"`, ""},
		{&Verifier{Authority: a}, nil, `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", authorization_uri="https://h/authorize"`, ""},
		{&Verifier{Authority: a, Tenants: []string{"t1", `t"2`}}, errors.New("x"),
			`Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@t1,00000001-0000-0000-c000-000000000000@t.2", authorization_uri="https://h/authorize"`, ""},
		{&Verifier{Authority: &Authority{Kind: ADFS}, Tenants: []string{"t1"}}, &VerifyError{Kind: VerifyExpired},
			`Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"`, `2000002;reason="The token has expired.";error_category="token_expired"`},
	} {
		h := tt.v.Challenge(tt.err)
		if got := h.Get("WWW-Authenticate"); got != tt.want || h.Get("X-MS-Diagnostics") != tt.diag || len(h) > 2 {
			t.Errorf("challenge %s\nand %v, want\n%s\nand %s", got, h, tt.want, tt.diag)
		}
	}
	for kind, code := range map[VerifyKind]int{VerifyMalformed: 2000001, VerifySignature: 2000000, VerifyIssuer: 2000001, VerifyTenant: 2000004, VerifyAudience: 2000003, VerifyExpired: 2000002, VerifyNotYet: 2000002, VerifyScope: 2000008, VerifyClient: 2000006} {
		if d := (&VerifyError{Kind: kind}).Diagnostics(); d.Code != code || d.Reason == "" || d.Category == "" {
			t.Errorf("%s: %+v, want %d", kind, d, code)
		}
	}
	for err, want := range map[error]string{
		&AudienceError{Kind: AudienceMissing}: "The audience claim value is invalid 'aud'.", errors.New("x"): "The audience claim value is invalid 'aud'.",
		&AudienceError{Kind: AudienceHost, Expected: "e'", Actual: "a"}: "The hostname component of the audience claim value is invalid. Expected 'e.'. Actual 'a'.",
	} {
		if got := (&VerifyError{Kind: VerifyAudience, Err: err}).Diagnostics().Reason; got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// A token that a known key did not sign asks for no other keys.
func TestForgedTokenAsksForNoKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s := &keySet{authority: &Authority{Kind: OpenID, Host: "h"}, url: &url.URL{Scheme: "https", Host: "h"}, client: &http.Client{Transport: respond(func(*http.Request) (*http.Response, error) {
			requests++
			return responseOf(200, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}]}`, nil), nil
		})}}
		token := func(kid string) string {
			return strings.Replace(jwt(nil), "eyJhbGciOiJSUzI1NiJ9", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"`+kid+`"}`)), 1)
		}
		for _, tt := range []struct {
			kid  string
			want int
		}{{"k", 1}, {"k", 0}, {"other", 1}, {"k", 0}} {
			before := requests
			if err := s.verify(t.Context(), token(tt.kid), "", ""); !errors.Is(err, errNoKey) || requests-before != tt.want {
				t.Errorf("key ID %s: %v after %d requests, want errNoKey after %d", tt.kid, err, requests-before, tt.want)
			}
			time.Sleep(time.Minute)
		}
		// Keys that do not come in time are no reason to believe it.
		s.client = &http.Client{Transport: respond(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.verify(ctx, token("other"), "", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("verify = %v, want DeadlineExceeded", err)
		}
		time.Sleep(time.Minute)
	})
}

// Delete says so if a file that may hold a secret stays.
func TestDeleteThatLeavesSomething(t *testing.T) {
	for fail, done := 1, false; !done; fail++ {
		d := &tracedDisk{}
		s := &FileStore{Dir: t.TempDir() + "/tokens", disk: d}
		r, err := s.Save(t.Context(), "ada", Record{Lineage: "l", RefreshToken: "rt-old"})
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []bool{false, true} { // of the record, and of what is left without one
			for _, suffix := range []string{tempSuffix, tokenSuffix + ".1" + asideSuffix} {
				if err := os.WriteFile(s.path("ada", suffix), []byte("rt-orphan"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d.calls, d.fail = nil, fail
			err := s.Delete(t.Context(), "ada", r.Generation)
			done = len(d.calls) < fail
			if err == nil {
				checkNoOrphan(t, s.Dir, fmt.Sprintf("again %v, call %d", again, fail))
			} else if !errors.Is(err, errDiskFault) {
				t.Errorf("again %v, call %d: Delete = %v", again, fail, err)
			}
			d.fail = 0
			if err := s.Delete(t.Context(), "ada", r.Generation); err != nil {
				t.Error(err)
			}
			checkNoOrphan(t, s.Dir, "nothing")
		}
	}
}

// A swapping disk has a file become readable for others between the look at it and its opening.
type swapping struct{ osDisk }

func (swapping) Open(name string) (diskFile, error) {
	if err := os.Chmod(name, 0o644); err != nil {
		return nil, err
	}
	return osDisk{}.Open(name)
}

// A file is held to its rule once it is open, too: it may have been replaced since the look.
func TestFileThatIsSwapped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes of Unix")
	}
	s := &FileStore{Dir: t.TempDir() + "/tokens"}
	if _, err := s.Save(t.Context(), "ada", Record{Lineage: "l", RefreshToken: "rt-old"}); err != nil {
		t.Fatal(err)
	}
	if _, err := (&FileStore{Dir: s.Dir, disk: swapping{}}).Load(t.Context(), "ada"); !errors.Is(err, ErrUnsafeFile) {
		t.Errorf("Load = %v, want ErrUnsafeFile", err)
	}
}

// A record and a file are read up to their limits.
func TestLongestRecord(t *testing.T) {
	r := Record{Lineage: "l", Generation: 1}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]bool{maxRecord: true, maxRecord + 1: false} {
		r.RefreshToken = strings.Repeat("x", size-len(b)-len(`,"refresh_token":""`))
		encoded, err := r.Encode()
		if (err == nil) != want || want && len(encoded) != size {
			t.Errorf("Encode to %d bytes = %d bytes, %v", size, len(encoded), err)
		}
		padded := append(slices.Clone(b), strings.Repeat(" ", size-len(b))...)
		if _, err := DecodeRecord(padded); (err == nil) != want || err != nil && !errors.Is(err, ErrRecord) {
			t.Errorf("DecodeRecord of %d bytes = %v", size, err)
		}
	}
	s := &FileStore{Dir: t.TempDir()}
	name := s.path("ada", tokenSuffix)
	for size, want := range map[int]string{maxFile: "torn", maxFile + 1: "longer than 2097152 bytes"} {
		if err := os.WriteFile(name, append([]byte(fileMagic+" plain x\n"), make([]byte, size-len(fileMagic+" plain x\n"))...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(s.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(t.Context(), "ada"); !errors.Is(err, ErrRecord) || !strings.Contains(err.Error(), want) {
			t.Errorf("a file of %d bytes: %v, want %q", size, err, want)
		}
	}
}

// Renaming a file that is not there, or syncing a folder that is not, is an error.
func TestDiskErrors(t *testing.T) {
	dir := t.TempDir()
	var d osDisk
	for what, err := range map[string]error{"Rename": d.Rename(dir+"/a", dir+"/b"), "Remove": d.Remove(dir + "/a"), "SyncDir": d.SyncDir(dir + "/a")} {
		if !errors.Is(err, os.ErrNotExist) && (what != "SyncDir" || err == nil) {
			t.Errorf("%s = %v, want ErrNotExist", what, err)
		}
	}
	if err := d.SyncDir(dir); err != nil {
		t.Errorf("SyncDir = %v", err)
	}
	if _, err := d.Create(dir + "/c"); err != nil {
		t.Error(err)
	}
	if _, err := d.Create(dir + "/c"); !errors.Is(err, os.ErrExist) {
		t.Errorf("Create of what is there = %v", err)
	}
	if _, err := d.Open(dir + "/a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open = %v", err)
	}
}

// Why an authority is refused stands in the error.
func TestParseAuthoritySays(t *testing.T) {
	for in, want := range map[string]string{
		"http://login.windows.net/common": `token: authority "login.windows.net": the URI is refused: its scheme is "http" and must be "https"`, "%": `token: authority "": the URI does not parse`,
		"https://u@login.windows.net/x": `token: authority "login.windows.net": the URI is refused: it carries user information`, "https://x.contoso.com/x": `token: authority "x.contoso.com": the host is not a known authority; list it in Options.TrustedAuthorities if it is yours`,
		"https://login.windows.net/a%62": `token: authority "login.windows.net": the path has escapes or empty segments`, "https://login.windows.net/..": `token: authority "login.windows.net": the path has dot segments`,
	} {
		if _, err := ParseAuthority(in, nil); err == nil || err.Error() != want {
			t.Errorf("ParseAuthority(%q) = %v, want %s", in, err, want)
		}
	}
	if _, err := ConfigureResource(t.Context(), "c", "x", nil, []string{ScopeIMAP}, nil); !errors.Is(err, ErrUntrustedAuthority) {
		t.Errorf("ConfigureResource = %v", err)
	}
	// The response of a browser has no status.
	c := &Config{Authority: &Authority{Kind: Entra}}
	var re *ReauthError
	if _, err := c.redeem(t.Context(), url.Values{"error": {"access_denied"}}, attempt{}); !errors.As(err, &re) || re.Status != 0 || re.Code != "access_denied" {
		t.Errorf("redeem = %v", err)
	}
}
