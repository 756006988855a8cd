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
		{"F5 rejects", 200, http.Header{"Content-Type": html}, "<html><title>Request Rejected</title>support ID is: 123456</html>", front.Who{Kind: front.Firewall, Name: "F5 BIG-IP", Ref: "123456"}},
		{"F5 rejects without a number", 200, nil, "the requested URL was rejected. support id", front.Who{Kind: front.Firewall, Name: "F5 BIG-IP"}},
		{"F5 signs in", 302, http.Header{"Set-Cookie": {"LastMRH_Session=x", "MRHSession=y"}}, "", front.Who{Kind: front.Gate, Name: "F5 BIG-IP"}},
		{"Cloudflare", 403, http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8c1d-FRA"}}, "", front.Who{Kind: front.Firewall, Name: "Cloudflare", Ref: "8c1d-FRA"}},
		{"Exchange behind Cloudflare is Exchange", 401, http.Header{"Cf-Ray": {"8c1d-FRA"}, "Request-Id": {"r"}}, "", front.Who{Kind: front.Exchange, Name: "Exchange"}},
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
		{"a mark beyond the limit", 200, nil, strings.Repeat(" ", front.MaxStart) + "<html>", front.Who{}},
	} {
		got := front.Of(&http.Response{StatusCode: tt.status, Header: tt.header}, []byte(tt.body))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestString(t *testing.T) {
	for want, w := range map[string]front.Who{
		"":                      {},
		"web site":              {Kind: front.Website},
		"Exchange 15.2.1748.24": {Kind: front.Exchange, Name: "Exchange", Build: "15.2.1748.24"},
	} {
		if got := w.String(); got != want {
			t.Errorf("String of %+v = %q, want %q", w, got, want)
		}
	}
}
