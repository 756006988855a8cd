package bearer

import (
	"errors"
	"net/http"
	"strings"

	"github.com/easoauth/easoauth/internal/front"
)

// What a response means is decided here, and nowhere else. Each case gives the id of the
// fault, or "" where none is known by name, and one sentence: what it means and what to do.

const passThrough = "; let it pass /Microsoft-Server-ActiveSync through without pre-authentication"

// explain says why a refusal is not a usable offer.
func (e *OfferError) explain() (fault, remedy string) {
	if fault, remedy, ok := byWhom(e.Status, e.who); ok {
		return fault, remedy
	}
	switch {
	case errors.Is(e.Err, ErrNoChallenge):
		if e.Offer != nil && e.Offer.Diagnostics != nil && e.Offer.Diagnostics.Remedy() != "" {
			return e.Offer.Diagnostics.find().fault, e.Offer.Diagnostics.Cause() + "; " + e.Offer.Diagnostics.Remedy()
		}
		if e.Exchange {
			return "EAS_NO_WWW_AUTH", "enable OAuth on the ActiveSync virtual directory, or stop a device in front from stripping WWW-Authenticate"
		}
		return "EAS_NOT_EXCHANGE", "a device in front of Exchange responds in its place" + passThrough
	case errors.Is(e.Err, ErrLegacyOnly):
		switch e.who.Kind {
		case front.Exchange:
			return "EAS_BASIC_ONLY_EMPTY_BEARER", "enable OAuth for the organization (Set-OrganizationConfig -OAuth2ClientProfileEnabled $true) and for the ActiveSync virtual directory; legacy schemes are never tried"
		case front.Other:
			return "EAS_NOT_EXCHANGE", e.By + " does not offer OAuth: put a gateway that verifies tokens in front of it; legacy schemes are never tried"
		case front.Gate, front.Proxy:
			return "EAS_NOT_EXCHANGE", e.By + " demands a password before Exchange sees the request" + passThrough
		}
		return "EAS_NOT_EXCHANGE", "nothing shows that Exchange sent this: check for a device in front that demands a password or strips the Bearer challenge; on Exchange itself, enable OAuth2ClientProfileEnabled"
	case errors.Is(e.Err, ErrConflict):
		return "", "remove the challenge that a device in front adds; neither authority is trusted"
	case errors.Is(e.Err, ErrNoAuthorizationURI) && e.Offer != nil && e.Offer.ResourceMetadata != "":
		return "", "the server points to its metadata (RFC 9728) instead, as Exchange does not: follow it with FollowMetadata"
	case errors.Is(e.Err, ErrNoAuthorizationURI) && e.Offer != nil && e.Offer.Diagnostics != nil && e.Offer.Diagnostics.Code == 4000000:
		return "EAS_FLIGHTING", e.Offer.Diagnostics.Remedy()
	case errors.Is(e.Err, ErrNoAuthorizationURI):
		return "EAS_NO_AUTHORIZATION_URI", "make the authorization server the default one (Set-AuthServer -IsDefaultAuthorizationEndpoint $true), or lift the policy that blocks modern authentication for this user"
	case errors.Is(e.Err, ErrClaims):
		return "", "report the challenge to whoever runs the server"
	}
	return "", ""
}

// byWhom explains a response by its sender alone.
func byWhom(status int, w front.Who) (fault, remedy string, ok bool) {
	switch {
	case status == http.StatusProxyAuthRequired:
		return "", "a proxy on the way demands a sign-in: configure its credentials in the client's transport", true
	case w.Kind == front.RoutingPlane:
		return "EXO_NANOPROXY", "Exchange Online's front end could not reach the mailbox server: try again later, set a User-Agent of your own, and report the request-id if it stays", true
	case w.Kind == front.Firewall:
		s := "a web application firewall refuses the request: allow OPTIONS and POST on /Microsoft-Server-ActiveSync there"
		if w.Ref != "" {
			s += " (it logs the request as " + w.Ref + ")"
		}
		return "WAF_BLOCK", s, true
	case w.Kind == front.Portal:
		return "CAPTIVE_PORTAL", "the local network shows its sign-in page instead of the server: sign in to the network, then try again", true
	}
	return "", "", false
}

// explain says what a response other than a refusal with a challenge means.
func (e *ProbeError) explain(w front.Who) (fault, reason string) {
	if fault, reason, ok := byWhom(e.Status, w); ok {
		return fault, reason
	}
	if d := e.Diagnostics; d != nil && e.Status >= 400 && d.Remedy() != "" {
		return d.find().fault, d.Cause() + "; " + d.Remedy()
	}
	switch s := e.Status; {
	case s >= 200 && s < 300 && w.Login:
		return "AD_PREAUTH", "a login page came instead of a challenge: a device in front demands its own sign-in" + passThrough
	case !e.Exchange && (s >= 200 && s < 300 && e.HTML || s == http.StatusNotFound && w.Kind == front.Website || s >= 300 && s < 400 && e.toRoot):
		return "WILDCARD_DNS", "a web site responds under this name, not Exchange: publish the host in DNS, so that no wildcard record leads to the web server"
	case s >= 200 && s < 300 && e.Exchange:
		return "EAS_ANON_200", "the server demands no authentication, which is a security defect: find the device in front that signs everybody in"
	case s >= 200 && s < 300:
		return "EAS_NOT_EXCHANGE", "no authentication was demanded: a device in front responds itself, or this is not an ActiveSync URL"
	case s == 451 && strings.HasPrefix(strings.ToLower(e.Location), "outlook-cba."):
		return "EAS_451_CBA", "Exchange Online takes the request for a sign-in by certificate: send the empty Bearer unchanged, and check that no proxy strips Authorization"
	case s == 451:
		return "EAS_451_MOVED", "the mailbox is on another server: look the address up again, and check that host before anything is sent to it"
	case s >= 300 && s < 400:
		return "AD_PREAUTH", "a redirect came instead of a challenge: a device in front demands its own sign-in" + passThrough
	case s == http.StatusForbidden && w.AddressRefused:
		return "EAS_UNREACHABLE", "IIS refuses the client's IP address (403.6): allow it in IP Address and Domain Restrictions"
	case s == http.StatusForbidden && e.Exchange:
		return "EAS_403", "ActiveSync is disabled for this user or device: check Set-CASMailbox -ActiveSyncEnabled and the device access rules"
	case s == http.StatusForbidden:
		return "EAS_NOT_EXCHANGE", "a device in front blocks the path: allow /Microsoft-Server-ActiveSync there"
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusUnsupportedMediaType:
		return "AD_WRONG_URL", "this is not an ActiveSync URL: use https://<host>/Microsoft-Server-ActiveSync, and correct Set-ActiveSyncVirtualDirectory -ExternalUrl"
	case s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return "WAF_BLOCK", "the OPTIONS method is refused: allow it in the device in front"
	case s == http.StatusMisdirectedRequest:
		return "TLS_CERT_INVALID", "the server does not serve this host name (misdirected request): check the certificate and the host names of the load balancer"
	case s == 440:
		return "AD_PREAUTH", "a device in front reports that its own session has timed out" + passThrough
	case s == 441:
		return "", "the server does not recognize the request's authorization: check that no proxy changes the Authorization header field"
	case s == 449:
		return "EAS_449", "the server demands a policy before it has seen a token: this is not how Exchange responds to a probe; check the device in front"
	case s == 456:
		return "", "the account is blocked: have an administrator unblock it"
	case s == 457:
		return "", "the password has expired: the user changes it, then signs in again"
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		return "", "the server is too busy: try again later"
	case s >= 500:
		return "EAS_UNREACHABLE", "the server failed, or a device in front cannot reach it: check the health of the ActiveSync application pool and of the device's back end"
	}
	return "", "a challenge has status 401: check what responds under this URL"
}
