package front_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/front"
)

func TestOf(t *testing.T) {
	html := []string{"text/html; charset=utf-8"}
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   front.Who
	}{
		{"nothing", 401, nil, "", front.Who{}},
		{"Exchange SE", 401, http.Header{"X-Owa-Version": {"15.2.2562.17"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Build: "15.2.2562.17"}},
		{"Exchange by its ActiveSync version", 200, http.Header{"Ms-Server-Activesync": {"15.1"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Build: "15.1"}},
		{"a build that is not one", 401, http.Header{"X-Owa-Version": {"a b@c"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange"}},
		{"Exchange Online", 401, http.Header{"X-Calculatedbetarget": {"AM9PR01MB1234.eurprd01.prod.outlook.com"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange Online"}},
		{"Exchange Online by its reports", 401, http.Header{"Report-To": {`{"group":"NelOfficeUpload1"}`}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange Online"}},
		{"the routing plane", 200, http.Header{"X-Feserver": {"AM0P190CA0008"}, "X-Nanoproxy": {"1"}}, "", front.Who{Kind: front.RoutingPlane, Name: "Exchange Online's routing plane"}},
		{"F5 rejects", 200, http.Header{"Content-Type": html}, "<html><title>Request Rejected</title>support ID is: 90125</html>", front.Who{Kind: front.Firewall, Name: "F5 BIG-IP", Ref: "90125"}},
		{"F5 rejects without a number", 200, nil, "the requested URL was rejected. support id", front.Who{Kind: front.Firewall, Name: "F5 BIG-IP"}},
		{"F5 signs in", 302, http.Header{"Set-Cookie": {"LastMRH_Session=x", "MRHSession=y"}}, "", front.Who{Kind: front.Gate, Name: "F5 BIG-IP"}},
		{"Cloudflare", 403, http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8c1d-FRA"}}, "", front.Who{Kind: front.Firewall, Name: "Cloudflare", Ref: "8c1d-FRA"}},
		{"Exchange behind Cloudflare is Exchange", 401, http.Header{"Cf-Ray": {"8c1d-FRA"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Cloudflare"}},
		{"Exchange behind Akamai", 401, http.Header{"Server": {"AkamaiGHost"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Akamai"}},
		{"Exchange behind nginx", 401, http.Header{"Server": {"nginx/1.22.1"}, "X-Owa-Version": {"15.2.1748.24"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Build: "15.2.1748.24", Via: "nginx"}},
		{"Exchange behind F5", 401, http.Header{"Server": {"Microsoft-IIS/10.0"}, "Set-Cookie": {"x=y", "BIGipServerExchange_pool=1.2.3; path=/"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "F5 BIG-IP"}},
		{"Exchange behind F5's sign-in", 401, http.Header{"Set-Cookie": {"MRHSession=1"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "F5 BIG-IP"}},
		{"Exchange behind NetScaler", 401, http.Header{"Set-Cookie": {"NSC_mbl-exchange=ffffffff; HttpOnly"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Citrix NetScaler"}},
		{"Exchange behind Kemp", 401, http.Header{"Set-Cookie": {"LMDATA=1"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Kemp LoadMaster"}},
		{"Exchange behind Kemp by its field", 401, http.Header{"Server": {"Kemp"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Kemp LoadMaster"}},
		{"Exchange behind Azure", 401, http.Header{"Set-Cookie": {"ApplicationGatewayAffinity=1"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "Azure Application Gateway"}},
		{"Exchange behind AWS", 401, http.Header{"Set-Cookie": {"AWSALB=1"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "AWS load balancer"}},
		{"Exchange behind what says so", 401, http.Header{"Via": {"1.1 unknown, 1.1", "1.1 haproxy (x), 1.1 other"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "HAProxy"}},
		{"Exchange behind two", 401, http.Header{"Via": {"1.1 nginx, 1.1 haproxy"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "HAProxy"}},
		{"FortiWeb", 403, nil, "<html>Attack ID: 20000008 FortiWeb", front.Who{Kind: front.Firewall, Name: "Fortinet"}},
		{"an attack ID of another's", 403, nil, "<html>Attack ID: 20000008", front.Who{Kind: front.Website}},
		{"the longest build", 401, http.Header{"X-Owa-Version": {strings.Repeat("1", 64)}}, "", front.Who{Kind: front.Exchange, Name: "Exchange", Build: strings.Repeat("1", 64)}},
		{"a build that is too long", 401, http.Header{"X-Owa-Version": {strings.Repeat("1", 65)}}, "", front.Who{Kind: front.Exchange, Name: "Exchange"}},
		{"a refusal with the fields of HAProxy's redirect", 400, http.Header{"Content-Length": {"0"}, "Location": {"/login"}, "Cache-Control": {"no-cache"}}, "", front.Who{}},
		{"Exchange behind IIS is Exchange", 401, http.Header{"Server": {"Microsoft-IIS/10.0"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange"}},
		{"SOGo behind Apache", 401, http.Header{"Server": {"Apache"}, "Www-Authenticate": {`basic realm="SOGo"`}}, "", front.Who{Kind: front.Other, Name: "SOGo", Via: "Apache"}},
		{"Akamai", 403, http.Header{"Server": {"AkamaiGHost"}}, "", front.Who{Kind: front.Firewall, Name: "Akamai"}},
		{"Imperva", 200, nil, `<iframe src="/_Incapsula_Resource?x">`, front.Who{Kind: front.Firewall, Name: "Imperva"}},
		{"NetScaler", 200, http.Header{"Content-Type": html}, `<a href="/vpn/index.html">`, front.Who{Kind: front.Gate, Name: "Citrix NetScaler"}},
		{"SOGo", 401, http.Header{"Www-Authenticate": {`basic realm="SOGo"`}}, "", front.Who{Kind: front.Other, Name: "SOGo"}},
		{"Z-Push", 401, http.Header{"Www-Authenticate": {`Basic realm="ZPush"`}}, "", front.Who{Kind: front.Other, Name: "Z-Push"}},
		{"Z-Push by its field", 200, http.Header{"X-Z-Push-Version": {"2.7.1"}}, "", front.Who{Kind: front.Other, Name: "Z-Push"}},
		{"Horde", 401, http.Header{"Www-Authenticate": {`Basic realm="Horde ActiveSync"`}}, "", front.Who{Kind: front.Other, Name: "Horde"}},
		{"Kemp", 401, http.Header{"Server": {"KEMP"}}, "", front.Who{Kind: front.Gate, Name: "Kemp LoadMaster"}},
		{"TMG", 200, http.Header{"Set-Cookie": {"cadata=x"}}, "", front.Who{Kind: front.Gate, Name: "Forefront TMG"}},
		{"IIS refuses the address", 403, http.Header{"Server": {"Microsoft-IIS/10.0"}}, "403.6 - Forbidden: IP address rejected", front.Who{Kind: front.IIS, Name: "IIS", AddressRefused: true}},
		{"IIS", 404, http.Header{"Server": {"Microsoft-HTTPAPI/2.0"}, "Content-Type": html}, "<html>Not Found", front.Who{Kind: front.IIS, Name: "IIS"}},
		{"a captive portal", 200, http.Header{"Content-Type": html}, "<title>Guest WiFi</title>", front.Who{Kind: front.Portal}},
		{"status 511", 511, nil, "", front.Who{Kind: front.Portal}},
		{"nginx", 502, http.Header{"Server": {"nginx/1.24.0"}, "Content-Type": html}, "<html>", front.Who{Kind: front.Proxy, Name: "nginx"}},
		{"HAProxy with a login page", 200, http.Header{"Server": {"HAProxy"}}, `<form><input type="password">`, front.Who{Kind: front.Proxy, Name: "HAProxy", Login: true}},
		{"a login page without a password", 200, nil, `<html><title>Sign in</title><form>`, front.Who{Kind: front.Website, Login: true}},
		{"a web site", 200, http.Header{"Content-Type": html}, "<title>Contoso</title>", front.Who{Kind: front.Website}},
		{"a sign-in by its title", 200, http.Header{"Content-Type": html}, "<title lang=en>Contoso Sign in</title>", front.Who{Kind: front.Website, Login: true}},
		{"a web site that declares nothing", 200, nil, "\ufeff <!DOCTYPE html>", front.Who{Kind: front.Website}},
		{"nginx, its own page", 404, http.Header{"Server": {"nginx/1.22.1"}, "Content-Type": html}, "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n", front.Who{Kind: front.Proxy, Name: "nginx", Own: true}},
		{"nginx that hides its field", 502, http.Header{"Content-Type": html}, "<html>\r\n<hr><center>nginx</center>", front.Who{Kind: front.Proxy, Name: "nginx", Own: true}},
		{"nginx passes a page of Exchange's", 404, http.Header{"Server": {"nginx/1.22.1"}, "X-Feserver": {"EX1"}}, "<html><title>404 - File or directory not found.</title>", front.Who{Kind: front.Exchange, Name: "Exchange", Via: "nginx"}},
		{"Exchange quotes nginx", 200, http.Header{"X-Feserver": {"EX1"}}, "<center>nginx", front.Who{Kind: front.Exchange, Name: "Exchange"}},
		{"Apache, its own page", 404, http.Header{"Server": {"Apache"}}, "<html><address>Apache/2.4 Server at mail.contoso.com Port 443</address>", front.Who{Kind: front.Proxy, Name: "Apache", Own: true}},
		{"HAProxy without a server behind", 503, http.Header{"Content-Type": html}, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true, Down: true}},
		{"HAProxy and junk behind", 502, nil, "<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true, Down: true}},
		{"HAProxy and silence behind", 504, nil, "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true, Down: true}},
		{"HAProxy denies", 403, nil, "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true}},
		{"HAProxy demands a password", 401, http.Header{"Www-Authenticate": {`Basic realm="C"`}}, "<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true}},
		{"HAProxy's words in another page", 403, nil, "<html><p>Request forbidden by administrative rules.", front.Who{Kind: front.Website}},
		{"HAProxy redirects", 302, http.Header{"Content-Length": {"0"}, "Location": {"https://mail.contoso.com/login"}, "Cache-Control": {"no-cache"}}, "", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true}},
		{"HAProxy redirects with a cookie", 303, http.Header{"Content-Length": {"0"}, "Location": {"/login"}, "Cache-Control": {"no-cache"}, "Set-Cookie": {"a=b"}, "Strict-Transport-Security": {"max-age=1"}}, "", front.Who{Kind: front.Proxy, Name: "HAProxy", Own: true}},
		{"a redirect with a Date is not HAProxy's", 302, http.Header{"Content-Length": {"0"}, "Location": {"/login"}, "Cache-Control": {"no-cache"}, "Date": {"Wed, 25 Nov 2026 10:00:00 GMT"}}, "", front.Who{}},
		{"a redirect that may be kept is not HAProxy's", 302, http.Header{"Content-Length": {"0"}, "Location": {"/login"}}, "", front.Who{}},
		{"a redirect with a body is not HAProxy's", 302, http.Header{"Content-Length": {"5"}, "Location": {"/login"}, "Cache-Control": {"no-cache"}}, "hello", front.Who{}},
		{"a redirect to nowhere", 302, http.Header{"Content-Length": {"0"}, "Cache-Control": {"no-cache"}}, "", front.Who{}},
		{"a page with a Location", 200, http.Header{"Content-Length": {"0"}, "Location": {"/login"}, "Cache-Control": {"no-cache"}}, "", front.Who{}},
		{"Envoy without a server behind", 503, http.Header{"Server": {"envoy"}}, "no healthy upstream", front.Who{Kind: front.Proxy, Name: "Envoy", Own: true, Down: true}},
		{"Envoy and a dead server behind", 503, nil, "upstream connect error or disconnect/reset before headers. reset reason: connection failure", front.Who{Kind: front.Proxy, Name: "Envoy", Own: true, Down: true}},
		{"Traefik without a server behind", 503, nil, "no available server\n", front.Who{Kind: front.Proxy, Name: "Traefik", Own: true, Down: true}},
		{"the application pool has stopped", 503, http.Header{"Server": {"Microsoft-HTTPAPI/2.0"}, "Content-Type": html}, "<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD><BODY><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The service is unavailable.</p></BODY></HTML>", front.Who{Kind: front.IIS, Name: "IIS", Own: true, Down: true}},
		{"a host name that IIS does not serve", 400, http.Header{"Server": {"Microsoft-HTTPAPI/2.0"}}, "<h2>Bad Request - Invalid Hostname</h2><hr><p>HTTP Error 400. The request hostname is invalid.</p>", front.Who{Kind: front.IIS, Name: "IIS", Own: true}},
		{"a support ID that rejects nothing", 200, http.Header{"Content-Type": html}, "<html>Your support ID is 5", front.Who{Kind: front.Website}},
		{"F5 by its field", 302, http.Header{"Server": {"BigIP"}}, "", front.Who{Kind: front.Gate, Name: "F5 BIG-IP"}},
		{"F5 by its field, spelt otherwise", 302, http.Header{"Server": {"BIG-IP"}}, "", front.Who{Kind: front.Gate, Name: "F5 BIG-IP"}},
		{"NetScaler by a cookie", 302, http.Header{"Set-Cookie": {"NSC_TMAS=x"}}, "", front.Who{Kind: front.Gate, Name: "Citrix NetScaler"}},
		{"NetScaler by its name", 200, nil, "<html>NetScaler Gateway", front.Who{Kind: front.Gate, Name: "Citrix NetScaler"}},
		{"a build with a space", 401, http.Header{"X-Owa-Version": {"15.2 1"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange"}},
		{"a type with a space before its parameter", 200, http.Header{"Content-Type": {"text/html ; charset=utf-8"}}, "hello", front.Who{Kind: front.Website}},
		{"a mark beyond the limit", 200, nil, strings.Repeat(" ", front.MaxStart) + "<html>", front.Who{}},
	} {
		got := front.Of(&http.Response{StatusCode: tt.status, Header: tt.header}, []byte(tt.body))
		got.HTML = false // TestHTML
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestHTML(t *testing.T) {
	for _, tt := range []struct {
		name, kind, body string
		want             bool
	}{
		{"declared", "text/html; charset=utf-8", "", true},
		{"declared, in capitals", "TEXT/HTML", "", true},
		{"XHTML", "application/xhtml+xml ; charset=utf-8", "", true},
		{"not declared", "", "<html><body>It works!", true},
		{"not declared, with a mark of its encoding", "", "\ufeff\r\n <!DOCTYPE HTML PUBLIC>", true},
		{"declared as a text", "text/plain", "<!doctype html>", true},
		{"a text", "", "a page begins with <!doctype html>", false},
		{"JSON", "application/json", "{}", false},
		{"almost", "text/htmlx", "", false},
		{"nothing", "", "", false},
	} {
		header := http.Header{}
		if tt.kind != "" {
			header.Set("Content-Type", tt.kind)
		}
		if got := front.Of(&http.Response{StatusCode: 200, Header: header}, []byte(tt.body)); got.HTML != tt.want {
			t.Errorf("%s: HTML = %v, want %v", tt.name, got.HTML, tt.want)
		}
	}
}

func TestString(t *testing.T) {
	for want, w := range map[string]front.Who{
		"":                                   {},
		"web site":                           {Kind: front.Website},
		"Exchange 15.2.1748.24 behind nginx": {Kind: front.Exchange, Name: "Exchange", Build: "15.2.1748.24", Via: "nginx"},
		"Exchange 15.2.1748.24":              {Kind: front.Exchange, Name: "Exchange", Build: "15.2.1748.24"},
	} {
		if got := w.String(); got != want {
			t.Errorf("String of %+v = %q, want %q", w, got, want)
		}
	}
}
