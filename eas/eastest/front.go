package eastest

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/easoauth/easoauth/internal/fault"
)

// A frontFault is a response of a device in front of Exchange, or of the web server before
// Exchange sees the request.
type frontFault struct {
	id    fault.ID
	where string // "autodiscover", "eas", or "" for both
	value string
	serve func(w http.ResponseWriter, value string)
}

// frontFaults in the order in which the devices stand in the way.
var frontFaults = []frontFault{
	{"ADDRESS_REFUSED", "", "", func(w http.ResponseWriter, _ string) {
		page(w, 403, `Microsoft-IIS/10.0`, `<title>403 - Forbidden: Access is denied.</title>`,
			`<h2>403.6 - Forbidden: IP address of the client has been rejected.</h2>`)
	}},
	{"WAF_BLOCK", "", `whose page: "F5", "Cloudflare" or "Akamai"; if "", F5's`, serveFirewall},
	{"MISDIRECTED", "", "", func(w http.ResponseWriter, _ string) {
		page(w, 421, `nginx`, `<title>421 Misdirected Request</title>`, `<h1>421 Misdirected Request</h1>`)
	}},
	{"SERVER_FAILED", "", "the status; if \"\", 500", func(w http.ResponseWriter, value string) {
		status, err := strconv.Atoi(value)
		if err != nil {
			status = 500
		}
		page(w, status, `Microsoft-HTTPAPI/2.0`, `<title>`+http.StatusText(status)+`</title>`,
			fmt.Sprintf(`<h2>%s</h2><hr><p>HTTP Error %d. The service is unavailable.</p>`, http.StatusText(status), status))
	}},
	{"SERVER_BUSY", "", "the seconds of Retry-After; if \"\", 60", func(w http.ResponseWriter, value string) {
		if value == "" {
			value = "60"
		}
		w.Header().Set("Retry-After", value)
		w.Header().Set("X-MS-ASThrottle", "CommandFrequency")
		w.WriteHeader(http.StatusServiceUnavailable)
	}},
	{"AD_PREAUTH", "autodiscover", `how the device asks: "page", "redirect" or "basic"; if "", by a page`, serveSignIn},
	{"EAS_NOT_EXCHANGE", "eas", `how the device asks: "page", "redirect" or "basic"; if "", by a page`, serveSignIn},
	{"EAS_UNREACHABLE", "eas", "", func(w http.ResponseWriter, _ string) {
		page(w, 502, ``, `<title>502 - Web server received an invalid response while acting as a gateway or proxy server.</title>`,
			`<h2>502 - Web server received an invalid response while acting as a gateway or proxy server.</h2>`)
	}},
	{"ACCOUNT_BLOCKED", "eas", "", func(w http.ResponseWriter, _ string) { w.WriteHeader(456) }},
	{"PASSWORD_EXPIRED", "eas", "", func(w http.ResponseWriter, _ string) {
		w.Header().Set("X-MS-Credential-Service-Url", "https://passwordreset.microsoftonline.com")
		w.WriteHeader(457)
	}},
}

// page responds as something that is not Exchange.
func page(w http.ResponseWriter, status int, server, head, body string) {
	if server != "" {
		w.Header().Set("Server", server)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!DOCTYPE html><html><head>%s</head><body>%s</body></html>`, head, body)
}

func serveFirewall(w http.ResponseWriter, value string) {
	switch value {
	case "Cloudflare":
		w.Header().Set("CF-RAY", "8f1b2c3d4e5f6a7b-FRA")
		page(w, 403, "cloudflare", `<title>Attention Required! | Cloudflare</title>`,
			`<h1>Sorry, you have been blocked</h1><p>Cloudflare Ray ID: 8f1b2c3d4e5f6a7b</p>`)
	case "Akamai":
		page(w, 403, "AkamaiGHost", `<title>Access Denied</title>`,
			`<h1>Access Denied</h1><p>You don't have permission to access this resource on this server.</p><p>Reference #18.2d351ab8.1700000000.a4e16ab</p>`)
	default:
		page(w, 200, "", `<title>Request Rejected</title>`,
			`The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1234567890123456789`)
	}
}

func serveSignIn(w http.ResponseWriter, value string) {
	switch value {
	case "redirect":
		w.Header().Set("Location", "https://sso.contoso.com/login")
		w.WriteHeader(http.StatusFound)
	case "basic":
		w.Header().Set("Server", "Kemp")
		w.Header().Set("WWW-Authenticate", `Basic realm="Kemp"`)
		w.WriteHeader(http.StatusUnauthorized)
	default:
		loginPage(w)
	}
}

// front reports whether a device in front responded in the place of Exchange. where is
// "autodiscover" or "eas". The caller holds tn.mu.
func (tn *Tenant) front(w http.ResponseWriter, r *http.Request, host, where string) bool {
	if !tn.faulty(host) {
		return false
	}
	for _, f := range frontFaults {
		if f.where != "" && f.where != where {
			continue
		}
		if value, ok := tn.shows(f.id, host, ""); ok {
			because(r, "fault %s", f.id)
			f.serve(w, value)
			return true
		}
	}
	return false
}
