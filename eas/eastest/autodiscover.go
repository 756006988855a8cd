package eastest

import (
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

// autodiscover serves AutoDiscover v2 in both of its forms.
func (tn *Tenant) autodiscover(cloud bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tn.mu.Lock()
		defer tn.mu.Unlock()
		tn.mark(w)
		switch {
		case tn.o.PreAuth:
			loginPage(w)
			return
		case tn.o.NoAutoDiscover:
			w.WriteHeader(http.StatusNotFound)
			return
		case strings.EqualFold(r.URL.Path, "/autodiscover/autodiscover.xml"):
			tn.autodiscoverV1(w, r)
			return
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if tn.o.NoV2 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		path := strings.ToLower(r.URL.Path)
		q := map[string]string{}
		for k, v := range r.URL.Query() {
			q[strings.ToLower(k)] = v[0]
		}
		email := q["email"]
		if _, rest, ok := strings.Cut(path, "/autodiscover.json/v1.0/"); ok {
			email = rest
		} else if !strings.HasSuffix(path, "/autodiscover.json") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		protocol := q["protocol"]
		status := http.StatusBadRequest
		if tn.o.ErrorWith200 {
			status = http.StatusOK
		}
		switch {
		case email == "" || !strings.Contains(email, "@"):
			jsonError(w, status, "MandatoryParameterMissing", "The get request sent does not match the valid format.")
			return
		case protocol == "":
			jsonError(w, status, "MissingProtocol", "A valid value must be provided for the query parameter 'Protocol'.")
			return
		case !slices.ContainsFunc(protocols, func(p string) bool { return strings.EqualFold(p, protocol) }):
			jsonError(w, status, "ProtocolNotSupported", fmt.Sprintf(
				"The given protocol value '%s' is not supported. Supported values are '%s'", protocol, strings.Join(protocols, ",")))
			return
		}
		known := tn.users[strings.ToLower(email)] != nil
		switch {
		case cloud && tn.o.RedirectTo != "":
			redirect(w, tn.o.RedirectTo)
		case cloud && (!known || tn.o.Hybrid):
			// What the cloud does not place goes back to the cloud, or to the
			// organization if the domain is its own.
			host := cloudHost
			if tn.o.Hybrid && strings.HasSuffix(strings.ToLower(email), "@"+tn.o.Domain) {
				host = tn.autodiscoverHost()
			}
			count, _ := strconv.Atoi(q["redirectcount"])
			v := url.Values{"Email": {email}, "Protocol": {protocol}, "RedirectCount": {strconv.Itoa(count + 1)}}
			redirect(w, "https://"+host+"/autodiscover/autodiscover.json?"+v.Encode())
		case !known:
			jsonError(w, http.StatusNotFound, "UserNotFound", "The mailbox cannot be found.")
		default:
			target := tn.o.EndpointURL
			if target == "" {
				target = "https://" + tn.easHost() + "/Microsoft-Server-ActiveSync"
			}
			writeJSON(w, http.StatusOK, map[string]any{"Protocol": protocol, "Url": target})
		}
	})
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

// mark sets the header fields by which Exchange is known. The caller holds tn.mu.
func (tn *Tenant) mark(w http.ResponseWriter) {
	h := w.Header()
	h.Set("request-id", tn.guid("request"))
	h.Set("X-FEServer", "FE01")
	h.Set("X-BEServer", "BE01")
	h.Set("Server", "Microsoft-IIS/10.0")
	h.Set("X-Powered-By", "ASP.NET")
}
