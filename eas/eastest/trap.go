package eastest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// The fault AD_TLD_BACKOFF is one of clients: who takes labels off the mail domain until a host
// is found comes to one that anybody can register, and tells it the address, or a password. With
// the fault such hosts exist, and ask for a password as those of the report did. Source:
// Guardicore, Autodiscovering the Great Leak.

// traps are the hosts autodiscover.<public suffix> of the accepted domains, and of its parents.
func (o *Options) traps() []string {
	var out []string
	for _, d := range o.domains() {
		suffix, _ := publicsuffix.PublicSuffix(d)
		for ok := suffix != d; ok; _, suffix, ok = strings.Cut(suffix, ".") {
			if host := "autodiscover." + suffix; !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	return out
}

// isTrap reports whether a host is one that no client should ask.
func (tn *Tenant) isTrap(host string) bool { return slices.Contains(tn.at.traps(), host) }

// exists reports whether a host is in DNS: those of the tenant, and traps while the fault is
// switched on.
func (tn *Tenant) exists(host string) bool {
	if tn.lookup[host] == nil || !tn.isTrap(host) {
		return tn.lookup[host] != nil
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.switched("AD_TLD_BACKOFF")
}

// trap responds to a client that has come too far.
func (tn *Tenant) trap(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	if _, ok := tn.has("AD_TLD_BACKOFF", host); !ok {
		http.NotFound(w, r)
		return
	}
	because(r, "fault AD_TLD_BACKOFF: the client asks a host that anybody can register")
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s"`, host))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusUnauthorized)
}
