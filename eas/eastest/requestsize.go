package eastest

import (
	"fmt"
	"net/http"
	"strconv"
)

// Limits of a new Exchange, in bytes: of ASP.NET (maxRequestLength) and of IIS
// (maxAllowedContentLength).
const (
	aspLimit = 10240 << 10
	iisLimit = 30_000_000
)

// tooLarge reports whether a request is longer than the front end takes, and has responded as
// ASP.NET does, or as IIS for what is too long for it as well. The caller holds tn.mu.
func (tn *Tenant) tooLarge(w http.ResponseWriter, r *http.Request, host, user string, size int64) bool {
	limit := tn.o.MaxRequestSize
	if tn.faulty(host) && size > tn.faultyLimit() {
		if _, ok := tn.shows("EAS_MAXREQUEST", host, user); ok {
			because(r, "fault EAS_MAXREQUEST")
			limit = tn.faultyLimit()
		}
	}
	if limit == 0 || size <= limit {
		return false
	}
	because(r, "the body has %d bytes, and the limit is %d", size, limit)
	if size > iisLimit && limit <= iisLimit {
		page(w, http.StatusNotFound, "Microsoft-IIS/10.0", `<title>404 - File or directory not found.</title>`,
			`<h2>404.13 - Content length too large.</h2>`)
		return true
	}
	page(w, http.StatusInternalServerError, "Microsoft-IIS/10.0", `<title>Maximum request length exceeded.</title>`,
		`<h1>Server Error in '/Microsoft-Server-ActiveSync' Application.</h1><h2><i>Maximum request length exceeded.</i></h2>`)
	return true
}

// faultyLimit is the limit of the fault that is switched on.
func (tn *Tenant) faultyLimit() int64 {
	for _, s := range tn.switches {
		if s.lifted || s.fault.ID != "EAS_MAXREQUEST" || s.fault.Value == "" {
			continue
		}
		n, err := strconv.ParseInt(s.fault.Value, 10, 32)
		if err != nil || n < 0 {
			panic(fmt.Sprintf("eastest: the value of EAS_MAXREQUEST is not a number of KB: %q", s.fault.Value))
		}
		return n << 10
	}
	return aspLimit
}
