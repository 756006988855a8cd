package eastest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// shownByMishap are what happens to an authority, and to its responses on their way. They show
// where programs ask for codes and tokens.
var shownByMishap = []shownFault{
	{"AUTHORITY_BUSY", "the seconds of Retry-After; if \"\", 60", anywhere},
	{"AUTHORITY_FAILED", "the status, 500 to 504; if \"\", 503", anywhere},
	{"AUTHORITY_GARBLED", `how: "cut", "short" or "page"; if "", cut`, anywhere},
}

// cutAt is after how many bytes a response is cut.
const cutAt = 64

// mishap reports whether a fault of the authority takes the place of its response. The caller
// holds tn.mu.
func (tn *Tenant) mishap(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/oauth2/") {
		return false
	}
	host := hostOf(r)
	if value, ok := tn.shows("AUTHORITY_BUSY", host, ""); ok {
		because(r, "fault AUTHORITY_BUSY")
		w.Header().Set("Retry-After", cmp.Or(value, "60"))
		tn.stsError(w, "90055", "", nil)
		return true
	}
	if value, ok := tn.shows("AUTHORITY_FAILED", host, ""); ok {
		because(r, "fault AUTHORITY_FAILED")
		tn.authorityFails(w, r, cmp.Or(value, "503"))
		return true
	}
	switch value, ok := tn.shows("AUTHORITY_GARBLED", host, ""); {
	case !ok:
		return false
	case value == "page":
		because(r, "fault AUTHORITY_GARBLED")
		clear(w.Header())
		page(w, http.StatusOK, "", `<title>Security notice</title>`, `<h1>Security notice</h1><p>This connection is inspected.</p>`)
		return true
	case value == "short": // as if it were the whole
		afterwards(r, &Failure{Truncate: cutAt})
	default:
		afterwards(r, &Failure{Cut: cutAt})
	}
	because(r, "fault AUTHORITY_GARBLED")
	return false
}

// authorityFails responds with an error of Entra's own, or, where its front door or AD FS
// reports the error, with a page.
func (tn *Tenant) authorityFails(w http.ResponseWriter, r *http.Request, value string) {
	status, err := strconv.Atoi(value)
	if err != nil {
		status = http.StatusServiceUnavailable
	}
	number := map[int]string{500: "50000", 503: "90033"}[status]
	if number != "" && !tn.isADFS(r) {
		tn.stsError(w, number, "", nil)
		return
	}
	text := "HTTP Error " + strconv.Itoa(status) + ". " + http.StatusText(status)
	page(w, status, w.Header().Get("Server"), `<title>`+http.StatusText(status)+`</title>`, `<h2>`+text+`</h2>`)
}
