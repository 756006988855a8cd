package eastest

import (
	"net/http"
	"slices"

	"github.com/easoauth/easoauth/internal/fault"
)

// fail shows a fault in the place of what AutoDiscover v2 finds. supported are the protocols
// that the server knows.
func (l *lookup) fail(supported []string) bool {
	w := l.w
	shows := func(id fault.ID) (string, bool) {
		value, ok := l.shows(id, l.host, l.email)
		if ok {
			because(l.r, "fault %s", id)
		}
		return value, ok
	}
	if value, ok := shows("AD_ERROR_IN_200"); ok { // as gromox does
		if value == "" {
			value = "MandatoryParameterMissing"
		}
		jsonError(w, http.StatusOK, value, "The get request sent does not match the valid format.")
		return true
	}
	if value, ok := shows("AD_ERROR_CODE"); ok {
		if value == "" {
			value = "InternalServerError"
		}
		jsonError(w, http.StatusBadRequest, value, "The request failed.")
		return true
	}
	if _, ok := shows("AD_PROTOCOL_NOT_SUPPORTED"); ok {
		l.notSupported(slices.DeleteFunc(slices.Clone(supported), func(p string) bool { return p == "ActiveSync" }))
		return true
	}
	if _, ok := shows("USER_UNKNOWN"); ok {
		jsonError(w, http.StatusNotFound, "UserNotFound", "The mailbox cannot be found.")
		return true
	}
	if _, ok := shows("AD_REDIRECT_DOWNGRADE"); ok {
		redirect(w, "http://"+l.host+l.target(l.host))
		return true
	}
	if value, ok := shows("AD_REDIRECT_CROSS_DOMAIN"); ok {
		if value == "" {
			value = "https://autodiscover.fabrikam.example" + l.target("")
		}
		redirect(w, value)
		return true
	}
	if value, ok := shows("AD_REDIRECT_INVALID"); ok {
		if value == "" {
			value = "https:///autodiscover/autodiscover.json"
		}
		redirect(w, value)
		return true
	}
	if _, ok := shows("AD_REDIRECT_LOOP"); ok {
		// Back and forth between two hosts of the same side.
		other := l.premisesHost()
		switch {
		case !l.isPremises(l.host):
			if other = nationOf(l.at.Nation).other; other == "" || other == l.host {
				other = l.onlineHost()
			}
		case l.host == other:
			other = l.autodiscoverHost()
		}
		l.redirect(other)
		return true
	}
	return false
}
