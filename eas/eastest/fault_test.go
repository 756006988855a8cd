package eastest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

// faulty is a tenant with one fault, the user ada, and a request with a good token.
func faulty(t *testing.T, o eastest.Options, f eastest.Fault) *eastest.Tenant {
	t.Helper()
	o.Faults = []eastest.Fault{f}
	tn := eastest.New(t, &o)
	tn.AddMailbox(ada)
	return tn
}

func bearerOf(tn *eastest.Tenant) []string {
	return []string{"Authorization", "Bearer " + tn.Token(ada).AccessToken}
}

// Older builds show in the header fields of every response.
func TestBuildUnsupported(t *testing.T) {
	for value, want := range map[string]string{"": "15.2.1748.24", "15.1.2507.55": "15.1.2507.55"} {
		tn := faulty(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "BUILD_UNSUPPORTED", Value: value})
		for _, u := range []string{mailURL, lookupURL} {
			if _, h, _ := ask(t, tn, "GET", u); h.Get("X-OWA-Version") != want {
				t.Errorf("%s: X-OWA-Version %s, want %s", u, h.Get("X-OWA-Version"), want)
			}
		}
		// The cloud is not the organization's.
		if _, h, _ := ask(t, tn, "OPTIONS", "https://outlook.office365.com/Microsoft-Server-ActiveSync"); h.Get("X-OWA-Version") != "" {
			t.Errorf("the cloud: %v", h)
		}
	}
}

// Exchange 2010 knows passwords alone, whatever comes.
func TestExchange2010(t *testing.T) {
	tn := faulty(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "E2010_PRESENT"})
	for _, header := range [][]string{nil, {"Authorization", "Bearer", "X-User-Identity", ada}, bearerOf(tn)} {
		status, h, _ := ask(t, tn, "OPTIONS", mailURL, header...)
		h.Del("Date")
		want := http.Header{"Content-Length": {"0"}, "Server": {"Microsoft-IIS/7.5"}, "X-Powered-By": {"ASP.NET"},
			"X-Owa-Version": {"14.3.513.0"}, "Www-Authenticate": {`Basic realm="mail.contoso.com"`}}
		if diff := cmp.Diff(want, h); status != 401 || diff != "" {
			t.Errorf("status %d (-want +got):\n%s", status, diff)
		}
	}
}

// A proxy that takes Authorization away makes Exchange Online see a sign-in by certificate.
func TestStrippedAuthorization(t *testing.T) {
	tn := faulty(t, eastest.Options{}, eastest.Fault{ID: "EAS_451_CBA", Times: 2})
	for _, header := range [][]string{{"Authorization", "Bearer", "X-User-Identity", ada}, bearerOf(tn)} {
		status, h, _ := ask(t, tn, "OPTIONS", tn.URL().String(), header...)
		if got := h.Get("X-MS-Location"); status != 451 || got != "https://outlook-cba.office365.com/Microsoft-Server-ActiveSync" {
			t.Errorf("status %d, X-MS-Location %s", status, got)
		}
	}
	if status, _, _ := ask(t, tn, "OPTIONS", tn.URL().String(), bearerOf(tn)...); status != 200 {
		t.Errorf("twice and no more: %d", status)
	}
}

// An older server can offer Basic alone to who brings nothing, as newer ones do.
func TestBasicOnly(t *testing.T) {
	tn := faulty(t, eastest.Options{Topology: eastest.Hybrid, Product: eastest.Exchange2016}, eastest.Fault{ID: "EAS_BASIC_ONLY"})
	_, h, _ := ask(t, tn, "OPTIONS", mailURL)
	if diff := cmp.Diff([]string{basicHas}, h.Values("WWW-Authenticate")); diff != "" {
		t.Errorf("anonymous (-want +got):\n%s", diff)
	}
	_, h, _ = ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer")
	if got := h.Get("WWW-Authenticate"); !strings.HasPrefix(got, bearerHas+", authorization_uri=") {
		t.Errorf("the empty token: %s", got)
	}
}

// The case whose cause nobody knows has the build of the report.
func TestFlightingOpen(t *testing.T) {
	tn := faulty(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "EAS_FLIGHTING_OPEN"})
	_, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer", "X-User-Identity", ada)
	if h.Get("X-OWA-Version") != "15.2.1544.4" || h.Get("WWW-Authenticate") != bearerHas+`, error="invalid_token"` ||
		h.Get("X-MS-Diagnostics") != `4000000;reason="Flighting is not enabled for domain 'contoso.com'.";error_category="oauth_not_available"` {
		t.Errorf("%v", h)
	}
}

// A server of a hybrid organization that has AD FS as its default authorization server sends
// clients there, and takes the tokens of that.
func TestADFSAuthority(t *testing.T) {
	tn := faulty(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "EAS_ADFS_AUTHORITY"})
	_, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer", "X-User-Identity", ada)
	const want = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="http://adfs.contoso.com/adfs/services/trust", ` +
		`token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://adfs.contoso.com/adfs/oauth2/authorize", issuer_kind="ADFS"`
	if got := h.Get("WWW-Authenticate"); got != want {
		t.Errorf("WWW-Authenticate: %s\nwant %s", got, want)
	}
	token := adfsToken(t, tn)
	if status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+token); status != 200 {
		t.Errorf("a token of AD FS: %d %s", status, h.Get("X-MS-Diagnostics"))
	}
	for _, s := range tn.Switches() {
		s.Lift()
	}
	if status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+token); status != 401 || !strings.HasPrefix(h.Get("X-MS-Diagnostics"), "2000001;") {
		t.Errorf("a token of AD FS where Entra ID signs in: %d %s", status, h.Get("X-MS-Diagnostics"))
	}
}

// adfsToken signs ada in at AD FS by device code.
func adfsToken(t *testing.T, tn *eastest.Tenant) string {
	t.Helper()
	tn.Change(func(o *eastest.Options) { o.ManualDevice = true })
	at := func(path string, form url.Values) map[string]any {
		t.Helper()
		_, m := post(t, tn, "https://adfs.contoso.com/adfs/oauth2"+path, form)
		return m
	}
	d := at("/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {"openid https://mail.contoso.com//EAS.AccessAsUser.All"}})
	if err := tn.ApproveDevice(d["user_code"].(string), ada); err != nil {
		t.Fatal(err)
	}
	m := at("/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d["device_code"].(string)}})
	token, _ := m["access_token"].(string)
	return token
}

// Versions that client and server do not share.
func TestVersionFaults(t *testing.T) {
	for _, tt := range []struct {
		fault         eastest.Fault
		list          string
		spoken, other string
	}{
		{eastest.Fault{ID: "EAS_VERSION_138"}, "2.5,12.0", "", "16.1"},
		{eastest.Fault{ID: "EAS_VERSION_138", Value: "12.1,14.1"}, "12.1,14.1", "14.1", "16.0"},
		{eastest.Fault{ID: "EXO_161_ONLY"}, "16.1", "16.1", "14.1"},
	} {
		tn := faulty(t, eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}}, tt.fault)
		_, h, _ := ask(t, tn, "OPTIONS", mailURL, bearerOf(tn)...)
		if got := h.Get("MS-ASProtocolVersions"); got != tt.list {
			t.Errorf("%v: versions %s, want %s", tt.fault, got, tt.list)
		}
		for _, v := range []string{tt.spoken, tt.other} {
			if v == "" {
				continue
			}
			_, _, body := ask(t, tn, "POST", mailURL+"?Cmd=FolderSync&User=ada&DeviceId=x1&DeviceType=t", append(bearerOf(tn),
				"MS-ASProtocolVersion", v, "Content-Type", "application/vnd.ms-sync.wbxml")...)
			// Status 138, or what an empty FolderSync gets: [MS-ASCMD] 2.2.2
			if refused := strings.Contains(body, "138"); refused != (v == tt.other) {
				t.Errorf("%v: version %s: %q", tt.fault, v, body)
			}
		}
	}
}

// folderSync sends a first FolderSync and returns status and body.
func folderSync(t *testing.T, tn *eastest.Tenant, token, version string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", mailURL+"?Cmd=FolderSync&User=ada&DeviceId=x1&DeviceType=t", strings.NewReader("\x03\x01\x6a\x00\x00\x07\x56\x52\x030\x00\x01\x01"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("MS-ASProtocolVersion", version)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	resp, err := tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// The policy is demanded of a device that has it.
func TestPolicyDemanded(t *testing.T) {
	for version, want := range map[string]struct {
		status int
		body   string
	}{"12.1": {449, ""}, "16.1": {200, "144"}} {
		tn := faulty(t, eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}}, eastest.Fault{ID: "EAS_449", Times: 1})
		sync := func() (int, string) { return folderSync(t, tn, tn.Token(ada).AccessToken, version) }
		if status, body := sync(); status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: %d %q", version, status, body)
		}
		if status, body := sync(); status != 200 || !strings.Contains(body, "Inbox") {
			t.Errorf("%s, once and no more: %d %q", version, status, body)
		}
	}
}

// Who configures a password by hand gets around the sign-in.
func TestBasicAccepted(t *testing.T) {
	basic := func(password string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(ada+":"+password))}
	}
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, basic(eastest.Password)...); status != 401 {
		t.Errorf("without the fault: %d", status)
	}
	s := tn.Switch(eastest.Fault{ID: "AUTODETECT_BYPASSED"})
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, basic("wrong")...); status != 401 || s.Fired() != 0 {
		t.Errorf("a wrong password: %d", status)
	}
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, basic(eastest.Password)...); status != 200 || s.Fired() != 1 {
		t.Errorf("with the fault: %d", status)
	}
	if r := tn.Requests(); r[len(r)-1].User != ada || r[len(r)-1].Authorization != "Basic …" {
		t.Errorf("the transcript has %q of %q", r[len(r)-1].Authorization, r[len(r)-1].User)
	}
}

// The service's own token is refused while the user's is good.
func TestSyncStale(t *testing.T) {
	for value, want := range map[string]string{
		"": `2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`,
		"TLS_OFFLOAD": `2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. ` +
			`Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`,
	} {
		tn := faulty(t, eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Secret: serviceSecret}}}, eastest.Fault{ID: "SYNC_STALE", Value: value})
		_, first := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {"api://" + service + "/access offline_access"}})
		tn.Change(func(o *eastest.Options) { o.ManualDevice = true })
		if err := tn.ApproveDevice(first["user_code"].(string), ada); err != nil {
			t.Fatal(err)
		}
		_, at1 := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"device_code"}, "device_code": {first["device_code"].(string)}})
		_, at2 := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "requested_token_use": {"on_behalf_of"},
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {at1["access_token"].(string)}, "scope": {easScope}})
		if status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+at2["access_token"].(string)); status != 401 || h.Get("X-MS-Diagnostics") != want {
			t.Errorf("%q, the service: %d %s", value, status, h.Get("X-MS-Diagnostics"))
		}
		if status, _, _ := ask(t, tn, "OPTIONS", mailURL, bearerOf(tn)...); status != 200 {
			t.Errorf("%q, the user: %d", value, status)
		}
	}
}

// AutoDiscover can name a server that only the inside of the network has.
func TestPrivateAddress(t *testing.T) {
	for value, want := range map[string]string{"": "https://10.20.30.40/Microsoft-Server-ActiveSync", "https://exch01.contoso.local/Microsoft-Server-ActiveSync": "https://exch01.contoso.local/Microsoft-Server-ActiveSync"} {
		tn := faulty(t, eastest.Options{Topology: eastest.Hybrid}, eastest.Fault{ID: "PRIVATE_ADDRESS", Value: value})
		if status, _, body := ask(t, tn, "GET", lookupURL); status != 200 || strings.TrimSpace(body) != `{"Protocol":"ActiveSync","Url":"`+want+`"}` {
			t.Errorf("%d %s", status, body)
		}
	}
}

// What happens to an authority, as a program sees it, bytes and all.
func TestMishapsOfAuthority(t *testing.T) {
	const login, fs = loginURL + "/oauth2/v2.0/devicecode", "https://adfs.contoso.com/adfs/oauth2/devicecode"
	for _, tt := range []struct {
		id, value, at string
		topology      eastest.Topology
		status        int
		code, retry   string // the error, and Retry-After
		body          string // what the body begins with
		broken        bool   // fewer bytes come than were announced
	}{
		{id: "AUTHORITY_BUSY", at: login, status: 429, code: "temporarily_unavailable", retry: "60"},
		{id: "AUTHORITY_BUSY", value: "7", at: login, status: 429, code: "temporarily_unavailable", retry: "7"},
		{id: "AUTHORITY_BUSY", at: fs, topology: eastest.OnPremises, status: 429, code: "temporarily_unavailable", retry: "60"},
		{id: "AUTHORITY_FAILED", at: login, status: 503, code: "temporarily_unavailable"},
		{id: "AUTHORITY_FAILED", value: "500", at: login, status: 500, code: "server_error"},
		{id: "AUTHORITY_FAILED", value: "504", at: login, status: 504, body: "<!DOCTYPE html><html><head><title>Gateway Timeout</title></head>"},
		{id: "AUTHORITY_FAILED", at: fs, topology: eastest.OnPremises, status: 503, body: "<!DOCTYPE html><html><head><title>Service Unavailable</title></head>"},
		{id: "AUTHORITY_GARBLED", at: login, status: 200, body: `{"device_code":"`, broken: true},
		{id: "AUTHORITY_GARBLED", value: "short", at: login, status: 200, body: `{"device_code":"`},
		{id: "AUTHORITY_GARBLED", value: "page", at: login, status: 200, body: "<!DOCTYPE html><html><head><title>Security notice</title></head>"},
		{id: "AUTHORITY_GARBLED", at: fs, topology: eastest.OnPremises, status: 200, body: `{"device_code":"`, broken: true},
	} {
		if tt.topology == eastest.Cloud {
			tt.topology = eastest.Hybrid
		}
		tn := faulty(t, eastest.Options{Topology: tt.topology}, eastest.Fault{ID: tt.id, Value: tt.value, Times: 1})
		send := func() (*http.Response, []byte, error) {
			resp, err := tn.Client().PostForm(tt.at, url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return resp, b, err
		}
		resp, b, err := send()
		if resp.StatusCode != tt.status || resp.Header.Get("Retry-After") != tt.retry || !strings.HasPrefix(string(b), tt.body) || (err != nil) != tt.broken {
			t.Errorf("%s %s: status %d, Retry-After %s, %v, body %.200s", tt.id, tt.value, resp.StatusCode, resp.Header.Get("Retry-After"), err, b)
		}
		if tt.id == "AUTHORITY_GARBLED" && tt.value != "page" && len(b) != 64 {
			t.Errorf("%s %s: %d bytes", tt.id, tt.value, len(b))
		}
		var m struct{ Error string }
		if err := json.Unmarshal(b, &m); (err == nil) != (tt.code != "") || m.Error != tt.code {
			t.Errorf("%s %s: error %q, %v", tt.id, tt.value, m.Error, err)
		}
		if resp, b, err := send(); resp.StatusCode != 200 || err != nil || !json.Valid(b) {
			t.Errorf("%s %s, once and no more: %d %s %v", tt.id, tt.value, resp.StatusCode, b, err)
		}
		// The metadata comes all the same.
		if status, _, _ := ask(t, tn, "GET", loginURL+"/v2.0/.well-known/openid-configuration"); status != 200 {
			t.Errorf("%s: the metadata: %d", tt.id, status)
		}
	}
}

// A mistake that is about one user does not show to the others, whether the request names the
// user by a token or by X-User-Identity.
func TestFaultOfOneUser(t *testing.T) {
	const bob = "bob@contoso.com"
	for _, id := range []string{"EAS_FLIGHTING", "EAS_NO_AUTHORIZATION_URI", "EAS_BASIC_ONLY_EMPTY_BEARER", "EAS_NO_WWW_AUTH", "E2010_PRESENT", "EAS_ADFS_AUTHORITY", "EAS_UNEXPECTED_AUTHORITY"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox(ada)
		tn.AddMailbox(bob)
		probe := func(identity string) string {
			_, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer", "X-User-Identity", identity)
			return strings.Join(h.Values("WWW-Authenticate"), "; ")
		}
		healthy := probe(bob)
		s := tn.Switch(eastest.Fault{ID: id, User: "Ada@contoso.com"})
		if got := probe(bob); got != healthy || s.Fired() != 0 {
			t.Errorf("%s, the other user: %s", id, got)
		}
		if got := probe("ADA@contoso.com"); got == healthy || s.Fired() != 1 {
			t.Errorf("%s: %s", id, got)
		}
		// And by token, which is for another host and is refused.
		for i, user := range []string{bob, ada} {
			ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+tn.TokenFor(user, "autodiscover.contoso.com").AccessToken)
			if s.Fired() != 1+i {
				t.Errorf("%s: a token of %s: fired %d", id, user, s.Fired())
			}
		}
	}
}
