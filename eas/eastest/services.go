package eastest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Namespaces of AutoDiscover v1. [MS-ASCMD] 2.2.1.1
const (
	frameworkSchema = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
	requestSchema   = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
	responseSchema  = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
)

// autodiscoverV1 serves AutoDiscover v1 (POX) to those who bring a token for its host. The
// caller holds tn.mu.
func (tn *Tenant) autodiscoverV1(w http.ResponseWriter, r *http.Request, host string) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if tn.faulty(host) {
		if _, ok := tn.shows("AD_NOT_V1", host, ""); ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if _, ok := tn.shows("AD_V1_TOKEN", host, ""); ok {
			tn.challenge(w, r, host, nil)
			return
		}
	}
	box := tn.checkBearer(w, r, host)
	if box == nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var in struct {
		XMLName xml.Name
		Request []struct {
			EMailAddress             string
			AcceptableResponseSchema string
		}
	}
	frame := func(inner string) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="%s">%s</Autodiscover>`, frameworkSchema, inner)
	}
	fault := func(code, message string) {
		frame(fmt.Sprintf(`<Response><Error Time="00:00:00" Id="1"><ErrorCode>%s</ErrorCode><Message>%s</Message><DebugData /></Error></Response>`, code, message))
	}
	mobile := func(inner string) { frame(fmt.Sprintf(`<Response xmlns="%s">%s</Response>`, responseSchema, inner)) }
	switch err := xml.Unmarshal(body, &in); {
	case err != nil, in.XMLName.Space != requestSchema, in.XMLName.Local != "Autodiscover", len(in.Request) != 1:
		fault("600", "Invalid Request")
	case in.Request[0].AcceptableResponseSchema != responseSchema:
		fault("601", "Provider is not available")
	case !strings.EqualFold(in.Request[0].EMailAddress, box.addr), !box.hasMailbox():
		mobile(`<Culture>en:us</Culture><Action><Error><Status>2</Status><Message>The address is not the user's.</Message><DebugData>MailUser</DebugData></Error></Action>`)
	default:
		target := activeSync(tn.hostFor(box)).String()
		mobile(fmt.Sprintf(`<Culture>en:us</Culture><User><DisplayName>%[1]s</DisplayName><EMailAddress>%[1]s</EMailAddress></User>`+
			`<Action><Settings><Server><Type>MobileSync</Type><Url>%[2]s</Url><Name>%[2]s</Name></Server></Settings></Action>`, escape(box.addr), escape(target)))
	}
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("eastest: " + err.Error())
	}
	return b.String()
}

// Hosts of the services that Outlook for iOS and Android asks before AutoDiscover.
const (
	detectHost   = "prod.autodetect.outlook.cloud.microsoft"
	providerHost = "odc.officeapps.live.com"
)

// autoDetect is the AutoDetect service.
func (tn *Tenant) autoDetect(w http.ResponseWriter, r *http.Request) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	addr := strings.ToLower(r.Header.Get("X-Email"))
	if r.URL.Path != "/detect" {
		http.NotFound(w, r)
		return
	}
	m := tn.users[addr]
	if !m.hasMailbox() {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	none := []any{}
	if _, ok := tn.shows("AUTODETECT_NOT_HYBRID", detectHost, addr); ok && !m.online {
		writeJSON(w, http.StatusOK, map[string]any{"email": addr, "services": none, "protocols": []any{
			map[string]any{"protocol": "eas", "hostname": tn.hostFor(m), "insecure": false},
		}})
		return
	}
	service := map[string]any{
		"service": "office365", "protocol": "rest", "hostname": "outlook.office.com",
		"aad": "https://" + nationOf(tn.at.Nation).login + "/common/oauth2/authorize",
	}
	if !m.online {
		service["onprem"] = activeSync(tn.hostFor(m)).String()
	}
	writeJSON(w, http.StatusOK, map[string]any{"email": addr, "services": []any{service}, "protocols": none})
}

// federationProvider is the service that names the national cloud of a domain: the tenant's
// is in none, which is the worldwide one.
func (tn *Tenant) federationProvider(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.URL.Path, "/odc/v2.1/federationprovider") {
		http.NotFound(w, r)
		return
	}
	body := map[string]any{"environment": "Global"}
	if tn.at.hasCloud() && slices.Contains(tn.at.domains(), strings.ToLower(r.URL.Query().Get("domain"))) {
		body["tenantId"] = TenantID
		body["environment"] = nationOf(tn.at.Nation).provider
	}
	writeJSON(w, http.StatusOK, body)
}

// otherService is what Exchange serves beside AutoDiscover and ActiveSync: it refuses
// everybody, as far as a program can see that looks for passwords that still work.
func (tn *Tenant) otherService(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.mark(w, host)
	because(r, "the tenant has only a challenge at %s", r.URL.Path)
	w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Bearer client_id="%s", trusted_issuers="%s", `+
		`token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="%s"`, exchangeAppID, tn.issuers(host), tn.authority(host)))
	w.Header().Add("WWW-Authenticate", "Negotiate")
	w.Header().Add("WWW-Authenticate", "NTLM")
	if tn.faulty(host) {
		if _, ok := tn.shows("EXPOSED_BASIC", host, ""); ok {
			w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s"`, host))
		}
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusUnauthorized)
}
