package eastest_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

// ask sends one request as a client that is not ours, and returns status, chosen header
// fields, and the body.
func ask(t *testing.T, tn *eastest.Tenant, method, url string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	c := *tn.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

const (
	lookupURL = "https://autodiscover.contoso.com/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol=ActiveSync"
	mailURL   = "https://mail.contoso.com/Microsoft-Server-ActiveSync"
	bearerHas = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@` + eastest.TenantID + `", token_types="app_asserted_user_v1 service_asserted_app_v1"`
	entraURI  = `, authorization_uri="https://login.windows.net/common/oauth2/authorize"`
	aad       = `, issuer_kind="AzureAD"`
	basicHas  = `Basic realm="mail.contoso.com"`
)

// What a server says about tokens, by product and by who asks. The rows are those of the
// reports about Exchange: from 2019 CU13 on, Bearer is offered to those alone who send the empty
// token, and the authority named to those alone who say who they are.
func TestProducts(t *testing.T) {
	flighting := `4000000;reason="Flighting is not enabled for domain 'contoso.com'.";error_category="oauth_not_available"`
	type row struct {
		Status       int
		Authenticate []string
		Diagnostics  string
	}
	full := row{401, []string{bearerHas + entraURI, basicHas}, ""}
	for _, tt := range []struct {
		product                    eastest.Product
		build, versions            string
		anonymous, empty, identity row
	}{
		{eastest.Exchange2013, "15.0.1497.48", "2.0,2.1,2.5,12.0,12.1,14.0,14.1", full, full, full},
		{eastest.Exchange2016, "15.1.2507.55", "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1", full, full, full},
		{eastest.Exchange2019, "15.2.1118.40", "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1", full, full, full},
		{eastest.Exchange2019CU, "15.2.1748.24", "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1",
			row{401, []string{basicHas}, ""}, row{401, []string{bearerHas + `, error="invalid_token"`, basicHas}, flighting}, full},
		{eastest.ExchangeSE, "15.2.2562.17", "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1",
			row{401, []string{basicHas}, ""}, row{401, []string{bearerHas + `, error="invalid_token"`, basicHas}, flighting},
			row{401, []string{bearerHas + entraURI + aad, basicHas}, ""}},
	} {
		t.Run(tt.product.String(), func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Product: tt.product})
			tn.AddMailbox(ada)
			get := func(header ...string) row {
				status, h, _ := ask(t, tn, "OPTIONS", mailURL, header...)
				if got := h.Get("X-OWA-Version"); got != tt.build {
					t.Errorf("X-OWA-Version %q, want %q", got, tt.build)
				}
				return row{status, h.Values("WWW-Authenticate"), h.Get("X-MS-Diagnostics")}
			}
			for name, c := range map[string]struct{ got, want row }{
				"anonymous":    {get(), tt.anonymous},
				"empty Bearer": {get("Authorization", "Bearer"), tt.empty},
				"identity":     {get("Authorization", "Bearer", "X-User-Identity", ada), tt.identity},
			} {
				if diff := cmp.Diff(c.want, c.got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+tn.Token(ada).AccessToken)
			if status != 200 || h.Get("MS-ASProtocolVersions") != tt.versions {
				t.Errorf("OPTIONS: %d, versions %q", status, h.Get("MS-ASProtocolVersions"))
			}
		})
	}
	t.Run("Exchange Online", func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.AddMailbox(ada)
		url := tn.URL().String()
		if status, h, _ := ask(t, tn, "OPTIONS", url); status != 451 || h.Get("X-MS-Location") != "https://outlook-cba.office365.com/Microsoft-Server-ActiveSync" {
			t.Errorf("anonymous: %d %v", status, h)
		}
		if status, h, _ := ask(t, tn, "OPTIONS", url, "Authorization", "Bearer"); status != 401 || !strings.Contains(h.Get("WWW-Authenticate"), `@*"`) || !strings.Contains(h.Get("WWW-Authenticate"), "login.windows.net") {
			t.Errorf("empty Bearer: %d %v", status, h)
		}
		if status, h, _ := ask(t, tn, "OPTIONS", url, "Authorization", "Bearer "+tn.Token(ada).AccessToken); status != 200 || h.Get("MS-ASProtocolVersions") != "16.1" {
			t.Errorf("OPTIONS: %d %v", status, h)
		}
	})
}

// The virtual directory answers under all of its names, in any case.
func TestPaths(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	token := "Bearer " + tn.Token(ada).AccessToken
	for path, want := range map[string]int{
		"/Microsoft-Server-ActiveSync": 200, "/Microsoft-Server-ActiveSync/": 200, "/microsoft-server-activesync/default.eas": 200,
		"/Microsoft-Server-ActiveSync/other": 404, "/EWS/Exchange.asmx": 401, "/": 404,
	} {
		if status, _, _ := ask(t, tn, "OPTIONS", "https://mail.contoso.com"+path, "Authorization", token); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
		requests := tn.Requests()
		if why := requests[len(requests)-1].Why; path == "/EWS/Exchange.asmx" && !slices.Contains(why, "the tenant has only a challenge at "+path) {
			t.Errorf("%s: why %q", path, why)
		}
	}
	for protocol, want := range map[string]string{
		"ActiveSync":     `{"Protocol":"ActiveSync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`,
		"ews":            `{"Protocol":"ews","Url":"https://mail.contoso.com/EWS/Exchange.asmx"}`,
		"AutodiscoverV1": `{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.contoso.com/Autodiscover/Autodiscover.xml"}`,
	} {
		_, _, body := ask(t, tn, "GET", "https://autodiscover.contoso.com/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol="+protocol)
		if strings.TrimSpace(body) != want {
			t.Errorf("%s: %s", protocol, body)
		}
	}
}

// A mailbox that moves is found where it is, and the old server says so.
func TestMove(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domains: []string{"fabrikam.com"}})
	box := tn.AddMailbox(ada)
	tn.AddMailbox("bob@fabrikam.com")
	cloud := "https://outlook.office365.com/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol=ActiveSync"
	if status, h, _ := ask(t, tn, "GET", cloud); status != 302 || !strings.HasPrefix(h.Get("Location"), "https://autodiscover.contoso.com/") {
		t.Errorf("the cloud about a mailbox on-premises: %d %v", status, h)
	}
	if status, h, _ := ask(t, tn, "GET", strings.ReplaceAll(cloud, "ada%40contoso.com", "bob%40fabrikam.com")); status != 302 || !strings.HasPrefix(h.Get("Location"), "https://autodiscover.fabrikam.com/") {
		t.Errorf("the cloud about the second domain: %d %v", status, h)
	}
	token := "Bearer " + tn.Token(ada).AccessToken
	box.Move()
	if status, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", token); status != 451 || h.Get("X-MS-Location") != "https://outlook.office365.com/Microsoft-Server-ActiveSync" {
		t.Errorf("the old server: %d %v", status, h)
	}
	if status, _, body := ask(t, tn, "GET", cloud); status != 200 || !strings.Contains(body, "https://outlook.office365.com/Microsoft-Server-ActiveSync") {
		t.Errorf("the cloud about its mailbox: %d %s", status, body)
	}
	if status, h, _ := ask(t, tn, "GET", lookupURL); status != 302 || !strings.HasPrefix(h.Get("Location"), "https://outlook.office365.com/") {
		t.Errorf("the old AutoDiscover: %d %v", status, h)
	}
	box.Move()
	if status, _, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", token); status != 200 {
		t.Errorf("back home: %d", status)
	}
}

// Every fault of AutoDiscover and of the servers, as a client sees it.
func TestFaultsOfServers(t *testing.T) {
	const query = "?Email=ada%40contoso.com&Protocol=ActiveSync&RedirectCount=1"
	for _, tt := range []struct {
		fault    eastest.Fault
		url      string
		header   []string // of the request; "Bearer token" stands for a good one
		status   int
		want     map[string]string // header fields of the response; "" for one that must be absent
		contains string            // in the body
	}{
		{fault: eastest.Fault{ID: "ADDRESS_REFUSED"}, url: mailURL, status: 403, contains: "403.6 - Forbidden: IP address of the client has been rejected."},
		{fault: eastest.Fault{ID: "WAF_BLOCK"}, url: lookupURL, status: 200, contains: "The requested URL was rejected. Please consult with your administrator."},
		{fault: eastest.Fault{ID: "WAF_BLOCK", Value: "Cloudflare"}, url: mailURL, status: 403, want: map[string]string{"Server": "cloudflare", "CF-RAY": "8f1b2c3d4e5f6a7b-FRA"}, contains: "you have been blocked"},
		{fault: eastest.Fault{ID: "WAF_BLOCK", Value: "Akamai"}, url: mailURL, status: 403, want: map[string]string{"Server": "AkamaiGHost"}, contains: "Reference #18."},
		{fault: eastest.Fault{ID: "MISDIRECTED"}, url: mailURL, status: 421, contains: "421 Misdirected Request"},
		{fault: eastest.Fault{ID: "SERVER_FAILED"}, url: mailURL, status: 500, want: map[string]string{"Server": "Microsoft-HTTPAPI/2.0"}, contains: "HTTP Error 500. The service is unavailable."},
		{fault: eastest.Fault{ID: "SERVER_FAILED", Value: "502"}, url: lookupURL, status: 502},
		{fault: eastest.Fault{ID: "SERVER_BUSY"}, url: mailURL, status: 503, want: map[string]string{"Retry-After": "60"}},
		{fault: eastest.Fault{ID: "AD_PREAUTH"}, url: lookupURL, status: 200, want: map[string]string{"request-id": "", "X-FEServer": "", "Content-Type": "text/html"}, contains: `type="password"`},
		{fault: eastest.Fault{ID: "AD_PREAUTH", Value: "redirect"}, url: lookupURL, status: 302, want: map[string]string{"Location": "https://sso.contoso.com/login"}},
		{fault: eastest.Fault{ID: "AD_PREAUTH", Value: "basic"}, url: lookupURL, status: 401, want: map[string]string{"WWW-Authenticate": `Basic realm="Kemp"`}},
		{fault: eastest.Fault{ID: "EAS_NOT_EXCHANGE"}, url: mailURL, status: 200, want: map[string]string{"request-id": "", "X-OWA-Version": ""}, contains: `type="password"`},
		{fault: eastest.Fault{ID: "EAS_UNREACHABLE"}, url: mailURL, status: 502},
		{fault: eastest.Fault{ID: "ACCOUNT_BLOCKED"}, url: mailURL, status: 456},
		{fault: eastest.Fault{ID: "PASSWORD_EXPIRED"}, url: mailURL, status: 457, want: map[string]string{"X-MS-Credential-Service-Url": "https://passwordreset.microsoftonline.com"}},

		{fault: eastest.Fault{ID: "AD_NOT_V2"}, url: lookupURL, status: 404},
		{fault: eastest.Fault{ID: "AD_ERROR_IN_200"}, url: lookupURL, status: 200, want: map[string]string{"jsonerror": "true"},
			contains: `{"ErrorCode":"MandatoryParameterMissing","ErrorMessage":"The get request sent does not match the valid format."}`},
		{fault: eastest.Fault{ID: "AD_ERROR_CODE", Value: "Other"}, url: lookupURL, status: 400, want: map[string]string{"jsonerror": "true"}, contains: `"ErrorCode":"Other"`},
		{fault: eastest.Fault{ID: "AD_PROTOCOL_NOT_SUPPORTED"}, url: lookupURL, status: 400,
			contains: `{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"The given protocol value 'ActiveSync' is not supported. Supported values are 'Rest,Ews,AutodiscoverV1'"}`},
		{fault: eastest.Fault{ID: "USER_UNKNOWN"}, url: lookupURL, status: 404, contains: `"ErrorCode":"UserNotFound"`},
		{fault: eastest.Fault{ID: "AD_SELF_REDIRECT"}, url: strings.Replace(lookupURL, "autodiscover.contoso.com", "outlook.office365.com", 1), status: 302,
			want: map[string]string{"Location": "https://outlook.office365.com/autodiscover/autodiscover.json" + query}},
		{fault: eastest.Fault{ID: "AD_REDIRECT_DOWNGRADE"}, url: lookupURL, status: 302, want: map[string]string{"Location": "http://autodiscover.contoso.com/autodiscover/autodiscover.json" + query}},
		{fault: eastest.Fault{ID: "AD_REDIRECT_CROSS_DOMAIN"}, url: lookupURL, status: 302, want: map[string]string{"Location": "https://autodiscover.fabrikam.example/autodiscover/autodiscover.json" + query}},
		{fault: eastest.Fault{ID: "AD_REDIRECT_CROSS_DOMAIN", Value: "https://evil.example/"}, url: lookupURL, status: 302, want: map[string]string{"Location": "https://evil.example/"}},
		{fault: eastest.Fault{ID: "AD_REDIRECT_INVALID"}, url: lookupURL, status: 302, want: map[string]string{"Location": "https:///autodiscover/autodiscover.json"}},
		{fault: eastest.Fault{ID: "AD_REDIRECT_LOOP"}, url: lookupURL, status: 302, want: map[string]string{"Location": "https://mail.contoso.com/autodiscover/autodiscover.json" + query}},
		{fault: eastest.Fault{ID: "AD_WRONG_URL"}, url: lookupURL, status: 200, contains: `{"Protocol":"ActiveSync","Url":""}`},
		{fault: eastest.Fault{ID: "AD_WRONG_URL", Value: "http://mail.contoso.com/"}, url: lookupURL, status: 200, contains: `"Url":"http://mail.contoso.com/"`},
		{fault: eastest.Fault{ID: "HYBRID_AGENT"}, url: lookupURL, status: 200, contains: `.msappproxy.net/Microsoft-Server-ActiveSync"`},
		{fault: eastest.Fault{ID: "NOT_ACTIVESYNC"}, url: lookupURL, status: 200, contains: `"Url":"https://mail.contoso.com/EWS/Exchange.asmx"`},
		{fault: eastest.Fault{ID: "AUTODETECT_NOT_HYBRID"}, url: "https://prod.autodetect.outlook.cloud.microsoft/detect", header: []string{"X-Email", ada}, status: 200,
			contains: `"protocols":[{"hostname":"mail.contoso.com","insecure":false,"protocol":"eas"}],"services":[]`},

		{fault: eastest.Fault{ID: "EAS_ANON_200"}, url: mailURL, status: 200, want: map[string]string{"MS-ASProtocolVersions": "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1"}},
		{fault: eastest.Fault{ID: "EAS_FORGED_ACCEPTED"}, url: mailURL, header: []string{"Authorization", "Bearer forged"}, status: 200},
		{fault: eastest.Fault{ID: "EAS_NO_WWW_AUTH"}, url: mailURL, header: []string{"Authorization", "Bearer"}, status: 401, want: map[string]string{"WWW-Authenticate": "", "request-id": ""}},
		{fault: eastest.Fault{ID: "EAS_NO_WWW_AUTH", Value: "exchange"}, url: mailURL, header: []string{"Authorization", "Bearer"}, status: 401, want: map[string]string{"WWW-Authenticate": "", "X-FEServer": "FE01"}},
		{fault: eastest.Fault{ID: "EAS_BASIC_ONLY_EMPTY_BEARER"}, url: mailURL, header: []string{"Authorization", "Bearer", "X-User-Identity", ada}, status: 401, want: map[string]string{"WWW-Authenticate": basicHas}},
		{fault: eastest.Fault{ID: "EAS_FLIGHTING"}, url: mailURL, header: []string{"Authorization", "Bearer", "X-User-Identity", ada}, status: 401,
			want: map[string]string{"WWW-Authenticate": bearerHas + `, error="invalid_token"`, "X-MS-Diagnostics": `4000000;reason="Flighting is not enabled for domain 'contoso.com'.";error_category="oauth_not_available"`}},
		{fault: eastest.Fault{ID: "EAS_NO_AUTHORIZATION_URI"}, url: mailURL, header: []string{"Authorization", "Bearer", "X-User-Identity", ada}, status: 401, want: map[string]string{"WWW-Authenticate": bearerHas, "X-MS-Diagnostics": ""}},
		{fault: eastest.Fault{ID: "EAS_UNEXPECTED_AUTHORITY"}, url: mailURL, header: []string{"Authorization", "Bearer", "X-User-Identity", ada}, status: 401,
			want: map[string]string{"WWW-Authenticate": bearerHas + `, authorization_uri="https://login.windows.net.fabrikam.example/common/oauth2/authorize"` + aad}},
		{fault: eastest.Fault{ID: "EXPOSED_BASIC"}, url: "https://mail.contoso.com/EWS/Exchange.asmx", status: 401},
		{fault: eastest.Fault{ID: "CERT_METADATA_STALE"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{"X-MS-Diagnostics": `2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`}},
		{fault: eastest.Fault{ID: "TOKEN_EXPIRED"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{"X-MS-Diagnostics": `2000002;reason="The token has expired.";error_category="token_expired"`}},
		{fault: eastest.Fault{ID: "TLS_OFFLOAD"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{
			"X-MS-Diagnostics": `2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`}},
		{fault: eastest.Fault{ID: "AUD_HOST_MISMATCH"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{
			"X-MS-Diagnostics": `2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'https://exch01.contoso.com'.";error_category="invalid_resource"`}},
		{fault: eastest.Fault{ID: "TENANT_MISSING"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{
			"X-MS-Diagnostics": `2000004;reason="The tenant for tenant guid '` + eastest.TenantID + `' does not exist.";error_category="invalid_tenant"`}},
		{fault: eastest.Fault{ID: "USER_MISSING"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{"X-MS-Diagnostics": `2000005;reason="The user specified by the user-context in the token does not exist.";error_category="invalid_user"`}},
		{fault: eastest.Fault{ID: "USER_AMBIGUOUS"}, url: mailURL, header: []string{"Bearer token"}, status: 401, want: map[string]string{"X-MS-Diagnostics": `2000005;reason="The user specified by the user-context in the token is ambiguous.";error_category="invalid_user"`}},
		{fault: eastest.Fault{ID: "EAS_451_MOVED"}, url: mailURL, header: []string{"Bearer token"}, status: 451, want: map[string]string{"X-MS-Location": "https://outlook.office365.com/Microsoft-Server-ActiveSync"}},
		{fault: eastest.Fault{ID: "EAS_403"}, url: mailURL, header: []string{"Bearer token"}, status: 403},
	} {
		t.Run(tt.fault.ID+" "+tt.fault.Value, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{tt.fault}})
			tn.AddMailbox(ada)
			method := "GET"
			if strings.Contains(tt.url, "ActiveSync") && tt.url != lookupURL && !strings.Contains(tt.url, "autodiscover.json") {
				method = "OPTIONS"
			}
			header := tt.header
			if len(header) == 1 {
				header = []string{"Authorization", "Bearer " + tn.Token(ada).AccessToken}
			}
			status, h, body := ask(t, tn, method, tt.url, header...)
			if status != tt.status || !strings.Contains(body, tt.contains) {
				t.Errorf("status %d, body %s", status, body)
			}
			for k, v := range tt.want {
				if got := h.Get(k); got != v {
					t.Errorf("%s: %s\nwant %s", k, got, v)
				}
			}
			if tt.fault.ID == "EXPOSED_BASIC" && !strings.Contains(strings.Join(h.Values("WWW-Authenticate"), "\n"), basicHas) {
				t.Errorf("no Basic: %v", h)
			}
		})
	}
}

// AD FS is the issuer where there is no cloud, and continuous access evaluation says what it
// demands.
func TestChallengeDetails(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.OnPremises})
	tn.AddMailbox(ada)
	_, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer", "X-User-Identity", ada)
	if got := h.Get("WWW-Authenticate"); !strings.Contains(got, `trusted_issuers="http://adfs.contoso.com/adfs/services/trust"`) ||
		!strings.Contains(got, `authorization_uri="https://adfs.contoso.com/adfs/oauth2/authorize", issuer_kind="ADFS"`) {
		t.Errorf("AD FS: %s", got)
	}
	// EWS names the same issuers as ActiveSync.
	for _, tt := range []struct {
		topology eastest.Topology
		host     string
		issuers  string
	}{
		{eastest.OnPremises, "mail.contoso.com", "http://adfs.contoso.com/adfs/services/trust"},
		{eastest.Hybrid, "mail.contoso.com", "00000001-0000-0000-c000-000000000000@" + eastest.TenantID},
		{eastest.Hybrid, "outlook.office365.com", "00000001-0000-0000-c000-000000000000@*"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: tt.topology})
		if _, h, _ := ask(t, tn, "GET", "https://"+tt.host+"/EWS/Exchange.asmx"); !strings.Contains(h.Get("WWW-Authenticate"), `trusted_issuers="`+tt.issuers+`"`) {
			t.Errorf("EWS of %s, %s: %s", tt.host, tt.topology, h.Get("WWW-Authenticate"))
		}
	}
	tn = eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "CAE_CLAIMS"}}})
	tn.AddMailbox(ada)
	_, h, _ = ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer "+tn.Token(ada).AccessToken)
	if got := h.Get("WWW-Authenticate"); !strings.Contains(got, `error="insufficient_claims", claims="ey`) {
		t.Errorf("claims: %s", got)
	}
}

// A fault is bound to a host, a user, a number of requests, or until it is lifted.
func TestSwitch(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	get := func() int {
		status, _, _ := ask(t, tn, "GET", lookupURL)
		return status
	}
	s := tn.Switch(eastest.Fault{ID: "SERVER_BUSY", From: 2, Times: 2})
	if diff := cmp.Diff([]int{200, 503, 503, 200}, []int{get(), get(), get(), get()}); diff != "" || s.Fired() != 2 {
		t.Errorf("from the second on, twice (-want +got):\n%s fired %d", diff, s.Fired())
	}
	s = tn.Switch(eastest.Fault{ID: "SERVER_BUSY"})
	if got := get(); got != 503 {
		t.Errorf("switched on: %d", got)
	}
	s.Lift()
	if got := get(); got != 200 {
		t.Errorf("lifted: %d", got)
	}
	tn.Switch(eastest.Fault{ID: "SERVER_BUSY", Host: "mail.contoso.com", Optional: true})
	if got := get(); got != 200 {
		t.Errorf("of another host: %d", got)
	}
}
