package eastest

import "net/http"

// Move moves the mailbox to the other side of a hybrid organization. The old server redirects
// requests to the new one (HTTP status 451), and the state of the devices is lost. It panics if
// the organization has only one side.
func (m *Mailbox) Move() {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	if m.tn.at.Topology != Hybrid {
		panic("eastest: Move in an organization that has one side alone")
	}
	m.online = !m.online
	m.forget()
	m.wake()
}

// moved reports whether the mailbox is on another server than host, and says where. The caller
// holds tn.mu.
func (tn *Tenant) moved(w http.ResponseWriter, r *http.Request, host string, m *Mailbox) bool {
	to := tn.hostFor(m)
	if tn.faulty(host) {
		if value, ok := tn.shows("EAS_451_MOVED", host, m.addr); ok {
			if value == "" {
				value = activeSync(tn.onlineHost()).String()
			}
			because(r, "fault EAS_451_MOVED")
			w.Header().Set("X-MS-Location", value)
			w.WriteHeader(451)
			return true
		}
	}
	if to == host || m.online && tn.product(host) == exchangeOnline {
		return false
	}
	because(r, "the mailbox is at %s", to)
	w.Header().Set("X-MS-Location", activeSync(to).String())
	w.WriteHeader(451)
	return true
}

// nanoproxy reports whether Exchange Online's routing responds in the place of the mailbox
// server.
func (tn *Tenant) nanoproxy(w http.ResponseWriter, host string) bool {
	if tn.product(host) != exchangeOnline {
		return false
	}
	if _, ok := tn.shows("EXO_NANOPROXY", host, ""); !ok {
		return false
	}
	h := w.Header()
	h.Set("X-NanoProxy", "1")
	h.Set("X-ProxyErrorMessage", "The network is busy.")
	h.Set("X-ProxyErrorHResult", "0x80070036")
	w.WriteHeader(http.StatusServiceUnavailable)
	return true
}
