package eastest

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// Of the cloud's customers, DNS leads autodiscover.<domain> to the cloud, whose certificate
// does not have that name: clients then ask over plain http, which redirects to a host whose
// certificate does fit. Source: Microsoft, External Domain Name System records for Office 365
// (the CNAME record), and how Outlook finds AutoDiscover (the HTTP redirect).

// aliasTarget is where the CNAME record of autodiscover.<domain> leads.
func (n nation) aliasTarget() string { return strings.Replace(n.secure, "-s", "", 1) }

// isAlias reports whether a host is a customer's name of the cloud's AutoDiscover.
func (tn *Tenant) isAlias(host string) bool {
	name, ok := strings.CutPrefix(host, "autodiscover.")
	if !ok || tn.at.Topology != Cloud {
		return false
	}
	for _, d := range tn.at.domains() {
		if d == name {
			return true
		}
	}
	return false
}

// redirectsPlain reports whether a host listens at port 80.
func (tn *Tenant) redirectsPlain(host string) bool {
	if tn.at.hasCloud() && host == nationOf(tn.at.Nation).aliasTarget() || tn.isAlias(host) {
		return true
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return strings.HasPrefix(host, "autodiscover.") && tn.lookup[host] != nil && tn.switched("AD_UNCONFIRMED")
}

// plainRedirect is the cloud's response where nothing else is served: over plain http, and to
// a client that does not mind the certificate.
func (tn *Tenant) plainRedirect(w http.ResponseWriter, r *http.Request) {
	to := nationOf(tn.at.Nation).secure
	tn.mu.Lock()
	value, ok := tn.shows("AD_UNCONFIRMED", hostOf(r), "")
	tn.mu.Unlock()
	if ok {
		because(r, "fault AD_UNCONFIRMED")
		to = cmp.Or(value, "autodiscover.fabrikam.example")
	}
	w.Header().Set("Server", "Microsoft-IIS/10.0")
	redirect(w, "https://"+to+"/autodiscover/autodiscover.xml")
}

// servePlain is a request over plain http.
func (tn *Tenant) servePlain(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	if !tn.redirectsPlain(host) {
		http.NotFound(w, r)
		return
	}
	tn.record(w, r, host, tn.onTheWay(host, http.HandlerFunc(tn.plainRedirect)))
}

// dialPlain connects to port 80.
func (n *network) dialPlain(ctx context.Context) (net.Conn, error) {
	n.mu.Lock()
	if n.isClosed() {
		n.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
	if n.plain == nil {
		ln := newPipeListener()
		n.plain = ln
		server := &http.Server{Handler: http.HandlerFunc(n.tn.servePlain), ReadHeaderTimeout: time.Minute}
		n.start(server, ln, func() { _ = server.Serve(ln) }) // until ln is closed
	}
	n.mu.Unlock()
	return n.plain.dial(ctx)
}
