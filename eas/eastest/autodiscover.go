package eastest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// protocols is what Exchange Online lists as supported (captured in October 2022).
var protocols = []string{"Rest", "ActiveSync", "Ews", "Substrate", "SubstrateSearchService", "AutodiscoverV1",
	"SubstrateNotificationService", "OutlookMeetingScheduler", "OutlookPay", "Actions", "Connectors",
	"ConnectorsProcessors", "ConnectorsWebhook", "NotesClient", "OwaPoweredExperience", "ToDo", "Weve",
	"OutlookLocationsService", "OutlookCloudSettingsService", "OutlookTailoredExperiences", "OwaPoweredExperienceV2",
	"Speedway", "SpeechAndLanguagePersonalization", "SubstrateSignalService", "CompliancePolicyService"}

// premisesProtocols is what an on-premises server lists, by the reports of administrators.
var premisesProtocols = []string{"Rest", "ActiveSync", "Ews", "AutodiscoverV1"}

// A lookup is one request to AutoDiscover v2.
type lookup struct {
	*Tenant
	w                     http.ResponseWriter
	r                     *http.Request
	host, email, protocol string
	count                 int // RedirectCount
}

// autodiscover serves AutoDiscover v2 in both of its forms, and v1.
func (tn *Tenant) autodiscover(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.mark(w, host)
	if tn.front(w, r, host, "autodiscover") {
		return
	}
	if strings.EqualFold(r.URL.Path, "/autodiscover/autodiscover.xml") {
		tn.autodiscoverV1(w, r, host)
		return
	}
	if tn.faulty(host) {
		if _, ok := tn.shows("AD_NOT_V2", host, ""); ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	l := &lookup{Tenant: tn, w: w, r: r, host: host}
	if !l.parse() {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	l.serve()
}

// parse reads the query form and the path form; names are free of case.
func (l *lookup) parse() bool {
	path := strings.ToLower(l.r.URL.Path)
	q := map[string]string{}
	for k, v := range l.r.URL.Query() {
		q[strings.ToLower(k)] = v[0]
	}
	l.email, l.protocol = q["email"], q["protocol"]
	l.count, _ = strconv.Atoi(q["redirectcount"])
	if _, rest, ok := strings.Cut(path, "/autodiscover.json/v1.0/"); ok {
		l.email = rest
		return true
	}
	return strings.HasSuffix(path, "/autodiscover.json")
}

func (l *lookup) serve() {
	w := l.w
	supported := protocols
	if l.isPremises(l.host) {
		supported = premisesProtocols
	}
	if l.faulty(l.host) && l.fail(supported) {
		return
	}
	switch {
	case l.email == "" || !strings.Contains(l.email, "@"):
		jsonError(w, http.StatusBadRequest, "MandatoryParameterMissing", "The get request sent does not match the valid format.")
		return
	case l.protocol == "":
		jsonError(w, http.StatusBadRequest, "MissingProtocol", "A valid value must be provided for the query parameter 'Protocol'.")
		return
	case !slices.ContainsFunc(supported, func(p string) bool { return strings.EqualFold(p, l.protocol) }):
		l.notSupported(supported)
		return
	}
	m := l.users[strings.ToLower(l.email)]
	if !m.hasMailbox() {
		m = nil
	}
	if m != nil {
		of(l.r, m.addr)
	}
	switch {
	case l.isPremises(l.host) && m != nil && m.online:
		because(l.r, "the mailbox is in the cloud")
		l.redirect(l.onlineHost())
	case l.isPremises(l.host) && m == nil:
		because(l.r, "no such mailbox")
		jsonError(w, http.StatusNotFound, "UserNotFound", "The mailbox cannot be found.")
	case !l.isPremises(l.host) && (m == nil || !m.online):
		l.elsewhere()
	default:
		l.found(m)
	}
}

// elsewhere is the cloud's response for an address that it does not place: back to the cloud,
// or to the organization if the domain is its own.
func (l *lookup) elsewhere() {
	to := l.onlineHost()
	if !l.at.hasCloud() {
		to = cloudHost
	}
	if l.at.Topology == Hybrid && l.at.accepts(l.email) {
		if _, ok := l.shows("AD_SELF_REDIRECT", l.host, l.email); !ok {
			_, domain, _ := strings.Cut(strings.ToLower(l.email), "@")
			to = "autodiscover." + domain
		}
	}
	because(l.r, "the cloud does not have this mailbox")
	l.redirect(to)
}

func (l *lookup) redirect(host string) { redirect(l.w, "https://"+host+l.target(host)) }

// target is the path with which the server redirects: the query form, whatever came.
func (l *lookup) target(string) string {
	v := url.Values{"Email": {l.email}, "Protocol": {l.protocol}, "RedirectCount": {strconv.Itoa(l.count + 1)}}
	return "/autodiscover/autodiscover.json?" + v.Encode()
}

func (l *lookup) notSupported(supported []string) {
	jsonError(l.w, http.StatusBadRequest, "ProtocolNotSupported", fmt.Sprintf(
		"The given protocol value '%s' is not supported. Supported values are '%s'", l.protocol, strings.Join(supported, ",")))
}

// found names the endpoint of the protocol.
func (l *lookup) found(m *Mailbox) {
	if l.faulty(l.host) {
		if value, ok := l.shows("PRIVATE_ADDRESS", l.host, m.addr); ok {
			writeJSON(l.w, http.StatusOK, map[string]any{"Protocol": l.protocol, "Url": cmp.Or(value, "https://10.20.30.40/Microsoft-Server-ActiveSync")})
			return
		}
		if value, ok := l.shows("AD_WRONG_URL", l.host, m.addr); ok {
			writeJSON(l.w, http.StatusOK, map[string]any{"Protocol": l.protocol, "Url": value})
			return
		}
		if _, ok := l.shows("HYBRID_AGENT", l.host, m.addr); ok {
			writeJSON(l.w, http.StatusOK, map[string]any{"Protocol": l.protocol,
				"Url": "https://5d2f0c1e-2b3c-4d5e-8f90-a1b2c3d4e5f6.resource.mailboxmigration.his.msappproxy.net/Microsoft-Server-ActiveSync"})
			return
		}
		if _, ok := l.shows("NOT_ACTIVESYNC", l.host, m.addr); ok {
			writeJSON(l.w, http.StatusOK, map[string]any{"Protocol": l.protocol, "Url": "https://" + l.hostFor(m) + "/EWS/Exchange.asmx"})
			return
		}
	}
	body := map[string]any{"Protocol": l.protocol, "Url": l.endpoint(m)}
	if !l.isPremises(l.host) && strings.EqualFold(l.r.URL.Query().Get("ServerLocation"), "true") {
		body["ServerLocation"] = "AM0PR01"
	}
	writeJSON(l.w, http.StatusOK, body)
}

// hostFor is the ActiveSync host of a mailbox.
func (tn *Tenant) hostFor(m *Mailbox) string {
	if m.online {
		return tn.onlineHost()
	}
	return tn.premisesHost()
}

func (l *lookup) endpoint(m *Mailbox) string {
	host := "https://" + l.hostFor(m)
	switch strings.ToLower(l.protocol) {
	case "activesync":
		return host + "/Microsoft-Server-ActiveSync"
	case "ews":
		return host + "/EWS/Exchange.asmx"
	case "autodiscoverv1":
		if m.online {
			host = "https://" + nationOf(l.at.Nation).secure
		} else {
			host = "https://" + l.autodiscoverHost()
		}
		return host + "/Autodiscover/Autodiscover.xml"
	case "rest":
		return host + "/api"
	}
	return host + "/" + strings.ToLower(l.protocol)
}

// hostOf returns the host that a request names.
func hostOf(r *http.Request) string {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	return host
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusFound)
	fmt.Fprint(w, "<html><head><title>Object moved</title></head><body></body></html>")
}

func loginPage(w http.ResponseWriter) {
	for name := range w.Header() {
		w.Header().Del(name)
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<html><head><title>Sign in</title></head><body><form method=\"post\"><input name=\"password\" type=\"password\"></form></body></html>")
}

func jsonError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("jsonerror", "true")
	writeJSON(w, status, map[string]any{"ErrorCode": code, "ErrorMessage": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic("eastest: " + err.Error())
	}
}
