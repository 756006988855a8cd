// Package front says who sent an HTTP response: Exchange and which build, Exchange Online
// and its routing plane, another ActiveSync server, or a device in front of them. It goes
// by header fields and by the beginning of the body, changes nothing and holds no state.
package front

import (
	"net/http"
	"strings"
)

// Kind is the family of whoever sent a response.
type Kind string

// The kinds of [Who].
const (
	Unknown      Kind = ""              // nothing says who it was
	Exchange     Kind = "Exchange"      // Exchange itself, or Exchange Online
	RoutingPlane Kind = "routing plane" // Exchange Online's front end, which reached no mailbox server
	Other        Kind = "other server"  // an ActiveSync server that is not Exchange
	Firewall     Kind = "firewall"      // a web application firewall refuses the request
	Gate         Kind = "gate"          // a device that authenticates before Exchange does
	Proxy        Kind = "proxy"         // a reverse proxy or load balancer that sent a page of its own
	IIS          Kind = "IIS"           // Windows' web server without Exchange's marks
	Portal       Kind = "portal"        // a captive portal of the local network
	Website      Kind = "web site"      // an HTML page by nobody in particular
)

// MaxStart is how much of a body [Of] wants to see, in bytes.
const MaxStart = 8 << 10

// Who sent a response.
type Who struct {
	Kind  Kind
	Name  string // of the product, e.g. "F5 BIG-IP"; "" if it does not show
	Build string // of Exchange, from X-OWA-Version or MS-Server-ActiveSync, e.g. "15.2.1748.24"
	Via   string // the device that passed the response on, e.g. "nginx"; "" if it does not show
	Ref   string // under which the device finds the request in its logs: F5's support ID, CF-RAY

	// HTML says that the response is a page for a browser: it is declared as one, or begins as one.
	HTML bool

	// Login says that the page asks for a password, as against a web site's.
	Login bool

	// Own says that the device made the response itself: the request went no further.
	Own bool

	// Down says that the page reports that nothing behind the device responds.
	Down bool

	// AddressRefused says that the page blames the address of the client (IIS 403.6).
	AddressRefused bool
}

// String returns the name, with the build and the device in front if they show: "Exchange
// 15.2.1748.24 behind nginx".
func (w Who) String() string {
	name := w.Name
	if name == "" {
		name = string(w.Kind)
	}
	if w.Build != "" {
		name += " " + w.Build
	}
	if w.Via != "" {
		name += " behind " + w.Via
	}
	return name
}

// Of reads the marks of resp; start is the beginning of its body, of which [MaxStart] bytes
// are looked at. The texts of the result are printable ASCII of at most 64 bytes.
func Of(resp *http.Response, start []byte) Who {
	page := strings.ToLower(string(start[:min(len(start), MaxStart)]))
	html := isHTML(resp.Header, page)
	w := of(resp, page, html)
	w.HTML = html
	if m := madeBy(resp, page); m.name != "" {
		if w.Kind == Unknown || w.Kind == Website {
			w.Kind, w.Name = m.kind, m.name
		}
		w.Own, w.Down = w.Kind != Exchange, m.down
	}
	if w.Kind == Exchange || w.Kind == Other {
		w.Via = via(resp.Header)
	}
	w.Login = isLogin(page)
	w.AddressRefused = resp.StatusCode == http.StatusForbidden && (strings.Contains(page, "403.6") || strings.Contains(page, "ip address rejected"))
	return w
}

func of(resp *http.Response, page string, html bool) Who {
	h := resp.Header
	server := strings.ToLower(h.Get("Server"))
	switch {
	case h.Get("X-NanoProxy") != "" || h.Get("X-ProxyErrorLabel") != "":
		return Who{Kind: RoutingPlane, Name: "Exchange Online's routing plane"}
	case strings.Contains(page, "support id") && (strings.Contains(page, "request rejected") || strings.Contains(page, "requested url was rejected")):
		return Who{Kind: Firewall, Name: "F5 BIG-IP", Ref: digitsAfter(page, "support id")}
	case strings.Contains(page, "attack id") && strings.Contains(page, "fortiweb"), strings.Contains(page, "fortiguard"):
		return Who{Kind: Firewall, Name: "Fortinet"}
	case strings.Contains(page, "_incapsula_resource") || strings.Contains(page, "incapsula incident id"):
		return Who{Kind: Firewall, Name: "Imperva"}
	case isExchange(h): // behind such a device, too
		return exchange(h)
	case h.Get("CF-RAY") != "" || server == "cloudflare":
		return Who{Kind: Firewall, Name: "Cloudflare", Ref: clean(h.Get("CF-RAY"))}
	case strings.HasPrefix(server, "akamai") || strings.Contains(page, "errors.edgesuite.net"):
		return Who{Kind: Firewall, Name: "Akamai"}
	case strings.HasPrefix(server, "bigip") || strings.HasPrefix(server, "big-ip") || hasCookie(h, "MRHSession", "LastMRH_Session"):
		return Who{Kind: Gate, Name: "F5 BIG-IP"}
	case hasCookie(h, "NSC_AAAC", "NSC_TMAS") || strings.Contains(page, "netscaler") || strings.Contains(page, "/vpn/index.html"):
		return Who{Kind: Gate, Name: "Citrix NetScaler"}
	case realm(h, "sogo"):
		return Who{Kind: Other, Name: "SOGo"}
	case realm(h, "zpush"), strings.Contains(strings.ToLower(h.Get("X-Z-Push-Version")), "."):
		return Who{Kind: Other, Name: "Z-Push"}
	case realm(h, "horde"):
		return Who{Kind: Other, Name: "Horde"}
	case realm(h, "kerio"), strings.HasPrefix(server, "kerio"):
		return Who{Kind: Other, Name: "Kerio Connect"}
	case strings.HasPrefix(server, "kemp"), realm(h, "kemp"), hasCookie(h, "LMDATA"), strings.Contains(page, "/lm_auth_proxy"):
		return Who{Kind: Gate, Name: "Kemp LoadMaster"}
	case strings.Contains(page, "forefront") || hasCookie(h, "cadata") || strings.Contains(strings.ToLower(h.Get("Via")), "tmg"):
		return Who{Kind: Gate, Name: "Forefront TMG"}
	case resp.StatusCode == http.StatusNetworkAuthenticationRequired || html && isPortal(page):
		return Who{Kind: Portal}
	case strings.HasPrefix(server, "microsoft-httpapi"), strings.HasPrefix(server, "microsoft-iis"):
		return Who{Kind: IIS, Name: "IIS"}
	}
	if name := proxy(server); name != "" {
		return Who{Kind: Proxy, Name: name}
	}
	if html {
		return Who{Kind: Website}
	}
	return Who{}
}

// proxies are reverse proxies and load balancers by the beginning of their Server field.
var proxies = []struct{ server, name string }{
	{"nginx", "nginx"}, {"openresty", "nginx"}, {"haproxy", "HAProxy"}, {"apache", "Apache"}, {"envoy", "Envoy"},
	{"caddy", "Caddy"}, {"squid", "Squid"}, {"awselb", "AWS load balancer"}, {"sophos", "Sophos"}, {"zscaler", "Zscaler"},
}

// A mark is text of a page that a device makes itself.
type mark struct {
	text string // in lower case
	kind Kind
	name string
	down bool // it says that nothing behind responds
}

// marks are such texts. A device that hides its Server field, or has none, shows by them. Sources:
// the pages of nginx (ngx_http_special_response.c), HAProxy (http.c), Apache (http_protocol.c),
// Envoy and Traefik, and of HTTP.sys.
var marks = []mark{
	{"<center>nginx", Proxy, "nginx", false},
	{"<center>openresty", Proxy, "nginx", false},
	{"<address>apache", Proxy, "Apache", false},
	{"no healthy upstream", Proxy, "Envoy", true},
	{"upstream connect error or disconnect/reset before headers", Proxy, "Envoy", true},
	{"no available server", Proxy, "Traefik", true},
	{"http error 503. the service is unavailable.", IIS, "IIS", true}, // the application pool has stopped
	{"http error 400. the request hostname is invalid.", IIS, "IIS", false},
}

// haproxy are the second lines of HAProxy's pages, whose first is <html><body><h1>.
var haproxy = []mark{
	{"no server is available to handle this request.", Proxy, "HAProxy", true},
	{"the server returned an invalid or incomplete response.", Proxy, "HAProxy", true},
	{"the server didn't respond in time.", Proxy, "HAProxy", true},
	{"request forbidden by administrative rules.", Proxy, "HAProxy", false},
	{"you need a valid user and password to access this content.", Proxy, "HAProxy", false},
	{"your browser sent an invalid request.", Proxy, "HAProxy", false},
	{"you have sent too many requests in a given amount of time.", Proxy, "HAProxy", false},
}

// madeBy returns the mark of the device that made the response itself.
func madeBy(resp *http.Response, page string) mark {
	if isHAProxyRedirect(resp) {
		return mark{kind: Proxy, name: "HAProxy"}
	}
	list := marks
	if strings.HasPrefix(page, "<html><body><h1>") {
		list = haproxy
	}
	for _, m := range list {
		if strings.Contains(page, m.text) {
			return m
		}
	}
	return mark{}
}

// isHAProxyRedirect reports whether a redirect has the fields of HAProxy's own and no others:
// HAProxy names itself nowhere, and sends no Date, which a web server does (RFC 9110 section 6.6.1).
func isHAProxyRedirect(resp *http.Response) bool {
	h := resp.Header
	if resp.StatusCode < 300 || resp.StatusCode > 399 || h.Get("Content-Length") != "0" || h.Get("Cache-Control") != "no-cache" || h.Get("Location") == "" {
		return false
	}
	for name := range h {
		switch name {
		case "Content-Length", "Cache-Control", "Location", "Set-Cookie", "Strict-Transport-Security":
		default:
			return false
		}
	}
	return true
}

// proxy returns the name of the proxy that a Server or Via field begins with.
func proxy(field string) string {
	for _, p := range proxies {
		if strings.HasPrefix(field, p.server) {
			return p.name
		}
	}
	return ""
}

// via returns the device that passed a response on: nginx puts its own Server field, a load
// balancer a cookie that keeps the client at a server, and others a Via field.
func via(h http.Header) string {
	server := strings.ToLower(h.Get("Server"))
	switch {
	case h.Get("CF-RAY") != "" || server == "cloudflare":
		return "Cloudflare"
	case strings.HasPrefix(server, "akamai"):
		return "Akamai"
	case hasCookie(h, "MRHSession", "LastMRH_Session") || cookieStarts(h, "BIGipServer"):
		return "F5 BIG-IP"
	case cookieStarts(h, "NSC_"):
		return "Citrix NetScaler"
	case hasCookie(h, "LMDATA") || strings.HasPrefix(server, "kemp"):
		return "Kemp LoadMaster"
	case hasCookie(h, "ApplicationGatewayAffinity", "ApplicationGatewayAffinityCORS"):
		return "Azure Application Gateway"
	case hasCookie(h, "AWSALB", "AWSELB"):
		return "AWS load balancer"
	}
	if name := proxy(server); name != "" {
		return name
	}
	for _, v := range h.Values("Via") {
		// 1.1 name (comment), of each proxy, the last one being the nearest.
		list := strings.Split(strings.ToLower(v), ",")
		for i := len(list) - 1; i >= 0; i-- {
			f := strings.Fields(list[i])
			if len(f) < 2 {
				continue
			}
			if name := proxy(f[1]); name != "" {
				return name
			}
		}
	}
	return ""
}

// isExchange reports whether the response bears a field that Exchange sets and a device in
// front of it does not.
func isExchange(h http.Header) bool {
	for _, name := range []string{"request-id", "X-FEServer", "X-BEServer", "X-CalculatedBETarget", "X-OWA-Version", "MS-Server-ActiveSync", "X-MS-Diagnostics"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

func exchange(h http.Header) Who {
	w := Who{Kind: Exchange, Name: "Exchange", Build: clean(h.Get("X-OWA-Version"))}
	if w.Build == "" {
		w.Build = clean(h.Get("MS-Server-ActiveSync"))
	}
	for _, name := range []string{"X-FEServer", "X-BEServer", "X-CalculatedBETarget", "X-CalculatedFETarget"} {
		// The names of its machines are such as AM0P190CA0008 and AM9PR01MB1234.eurprd01.prod.outlook.com.
		if v := strings.ToLower(h.Get(name)); strings.HasSuffix(v, ".outlook.com") {
			w.Name = "Exchange Online"
		}
	}
	if h.Get("X-MS-Exchange-Transport") != "" || strings.Contains(h.Get("Report-To"), "NelOfficeUpload") || strings.Contains(h.Get("Report-To"), "outlook") {
		w.Name = "Exchange Online"
	}
	return w
}

func isHTML(h http.Header, page string) bool {
	t, _, _ := strings.Cut(strings.ToLower(h.Get("Content-Type")), ";")
	t = strings.TrimSpace(t)
	return t == "text/html" || t == "application/xhtml+xml" ||
		strings.HasPrefix(strings.TrimLeft(page, " \t\r\n\ufeff"), "<!doctype html") || strings.Contains(page, "<html")
}

func isLogin(page string) bool {
	for _, mark := range []string{`type="password"`, `type='password'`, `type=password`, "samlrequest", "/my.policy", "/adfs/ls"} {
		if strings.Contains(page, mark) {
			return true
		}
	}
	_, title, _ := strings.Cut(page, "<title")
	title, _, _ = strings.Cut(title, "</title")
	for _, word := range []string{"sign in", "sign-in", "signin", "log in", "log on", "login", "logon", "authentication"} {
		if strings.Contains(title, word) {
			return true
		}
	}
	return false
}

func isPortal(page string) bool {
	for _, mark := range []string{"captive portal", "captiveportal", "hotspot login", "wispaccessgatewayparam", "network login", "guest wi-fi", "guest wifi", "wifi login"} {
		if strings.Contains(page, mark) {
			return true
		}
	}
	return false
}

// realm reports whether a challenge names a realm with the word.
func realm(h http.Header, word string) bool {
	for _, v := range h.Values("WWW-Authenticate") {
		if _, r, ok := strings.Cut(strings.ToLower(v), "realm="); ok && strings.Contains(r, word) {
			return true
		}
	}
	return false
}

// cookieStarts reports whether the response sets a cookie whose name begins so.
func cookieStarts(h http.Header, prefix string) bool {
	for _, v := range h.Values("Set-Cookie") {
		if strings.HasPrefix(v, prefix) {
			return true
		}
	}
	return false
}

func hasCookie(h http.Header, names ...string) bool {
	for _, v := range h.Values("Set-Cookie") {
		for _, n := range names {
			if strings.HasPrefix(v, n+"=") {
				return true
			}
		}
	}
	return false
}

// digitsAfter returns the digits that follow word, at most 64 of them.
func digitsAfter(s, word string) string {
	_, s, _ = strings.Cut(s, word)
	s = s[:min(len(s), 128)]
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return ""
	}
	j := i
	for j < len(s) && s[j] >= '0' && s[j] <= '9' {
		j++
	}
	return s[i:min(j, i+64)]
}

// clean returns s if it is a plain word of at most 64 bytes, and "" otherwise.
func clean(s string) string {
	if len(s) > 64 {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '@' {
			return ""
		}
	}
	return s
}
