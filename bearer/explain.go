package bearer

import (
	"errors"
	"net/http"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/front"
)

// What a response means is decided here, and nowhere else: each case names a fault of the
// table, whose cause and remedy are the text, or says what the table does not.

// A verdict is what a response means.
type verdict struct {
	fault fault.ID
	text  string // in place of the fault's own; or what to add to it, if it begins with " " or ";"
}

func (v verdict) String() string {
	switch {
	case v.fault == "":
		return v.text
	case v.text == "" || v.text[0] == ' ' || v.text[0] == ';':
		return fault.Get(v.fault).String() + v.text
	}
	return v.text
}

// explain says why a refusal is not a usable offer.
func (e *OfferError) explain() verdict {
	if v, ok := byWhom(e.Status, e.who); ok {
		return v
	}
	var d *Diagnostics
	if e.Offer != nil {
		d = e.Offer.Diagnostics
	}
	switch {
	case errors.Is(e.Err, ErrNoChallenge) && d != nil && d.Remedy() != "":
		return d.verdict()
	case errors.Is(e.Err, ErrNoChallenge) && e.Exchange:
		return verdict{fault: "EAS_NO_WWW_AUTH"}
	case errors.Is(e.Err, ErrNoChallenge):
		return verdict{fault: "EAS_NOT_EXCHANGE"}
	case errors.Is(e.Err, ErrLegacyOnly):
		const never = "; legacy schemes are never tried"
		switch e.who.Kind {
		case front.Exchange:
			return verdict{"EAS_BASIC_ONLY_EMPTY_BEARER", never}
		case front.Other:
			return verdict{"EAS_NOT_EXCHANGE", e.By + " does not offer OAuth: put a gateway that verifies tokens in front of it" + never}
		case front.Gate, front.Proxy:
			return verdict{"EAS_NOT_EXCHANGE", e.By + " demands a password before Exchange sees the request: let it pass /Microsoft-Server-ActiveSync through without pre-authentication" + never}
		}
		return verdict{"EAS_NOT_EXCHANGE", "nothing shows that Exchange sent this: check for a device in front that demands a password or strips the Bearer challenge; on Exchange itself, enable OAuth2ClientProfileEnabled" + never}
	case errors.Is(e.Err, ErrConflict):
		return verdict{text: "remove the challenge that a device in front adds; neither authority is trusted"}
	case errors.Is(e.Err, ErrNoAuthorizationURI) && e.Offer.ResourceMetadata != "":
		return verdict{text: "the server points to its metadata (RFC 9728) instead, as Exchange does not: follow it with FollowMetadata"}
	case errors.Is(e.Err, ErrNoAuthorizationURI) && d != nil && d.Code == 4000000:
		return verdict{fault: "EAS_FLIGHTING"}
	case errors.Is(e.Err, ErrNoAuthorizationURI):
		return verdict{fault: "EAS_NO_AUTHORIZATION_URI"}
	}
	return verdict{text: "report the challenge to whoever runs the server"}
}

func (d Diagnostics) verdict() verdict {
	row := d.find()
	switch {
	case row.cause == "":
		return verdict{}
	case row.own:
		return verdict{row.fault, d.Cause() + ": " + d.Remedy()}
	}
	return verdict{fault: row.fault}
}

// byWhom explains a response by its sender alone.
func byWhom(status int, w front.Who) (verdict, bool) {
	switch {
	case status == http.StatusProxyAuthRequired:
		return verdict{fault: "PROXY_AUTH"}, true
	case w.Kind == front.RoutingPlane:
		return verdict{fault: "EXO_NANOPROXY"}, true
	case w.Kind == front.Firewall && w.Ref != "":
		return verdict{"WAF_BLOCK", " (it logs the request as " + w.Ref + ")"}, true
	case w.Kind == front.Firewall:
		return verdict{fault: "WAF_BLOCK"}, true
	case w.Kind == front.Portal:
		return verdict{fault: "CAPTIVE_PORTAL"}, true
	}
	return verdict{}, false
}

// explain says what a response other than a refusal with a challenge means.
func (e *ProbeError) explain(w front.Who) verdict {
	if v, ok := byWhom(e.Status, w); ok {
		return v
	}
	if d := e.Diagnostics; d != nil && e.Status >= 400 && d.Remedy() != "" {
		return d.verdict()
	}
	const passThrough = ": let it pass /Microsoft-Server-ActiveSync through without pre-authentication"
	switch s := e.Status; {
	case s >= 200 && s < 300 && w.Login:
		return verdict{"AD_PREAUTH", "a login page came instead of a challenge, so a device in front demands its own sign-in" + passThrough}
	case !e.Exchange && (s >= 200 && s < 300 && e.HTML || s == http.StatusNotFound && w.Kind == front.Website || s >= 300 && s < 400 && e.toRoot):
		return verdict{fault: "WILDCARD_DNS"}
	case s >= 200 && s < 300 && e.Exchange:
		return verdict{fault: "EAS_ANON_200"}
	case s >= 200 && s < 300:
		return verdict{"EAS_NOT_EXCHANGE", "no authentication was demanded: check whether a device in front responds itself, and whether this is an ActiveSync URL"}
	case s == 451 && strings.HasPrefix(strings.ToLower(e.Location), "outlook-cba."):
		return verdict{fault: "EAS_451_CBA"}
	case s == 451:
		return verdict{fault: "EAS_451_MOVED"}
	case s >= 300 && s < 400:
		return verdict{"AD_PREAUTH", "a redirect came instead of a challenge, so a device in front demands its own sign-in" + passThrough}
	case s == http.StatusForbidden && w.AddressRefused:
		return verdict{"EAS_UNREACHABLE", "IIS refuses the client's IP address (403.6): allow it in IP Address and Domain Restrictions"}
	case s == http.StatusForbidden && e.Exchange:
		return verdict{fault: "EAS_403"}
	case s == http.StatusForbidden:
		return verdict{"EAS_NOT_EXCHANGE", "a device in front blocks the path: allow /Microsoft-Server-ActiveSync there"}
	case w.Own && w.Kind == front.Proxy && (s == http.StatusNotFound || s == http.StatusMethodNotAllowed):
		return verdict{fault: "EAS_NOT_EXCHANGE"} // it serves the path itself
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusUnsupportedMediaType:
		return verdict{"AD_WRONG_URL", "this is not an ActiveSync URL: use https://<host>/Microsoft-Server-ActiveSync, and correct Set-ActiveSyncVirtualDirectory -ExternalUrl"}
	case s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return verdict{"WAF_BLOCK", "the OPTIONS method is refused: allow it in the device in front"}
	case s == http.StatusMisdirectedRequest:
		return verdict{fault: "MISDIRECTED"}
	case s == 440:
		return verdict{"AD_PREAUTH", "a device in front reports that its own session has timed out" + passThrough}
	case s == 441:
		return verdict{text: "the server does not recognize the request's authorization: check that no proxy changes the Authorization header field"}
	case s == 449:
		return verdict{"EAS_449", "the server demands a policy before it has seen a token, as Exchange does not: check the device in front"}
	case s == 456:
		return verdict{fault: "ACCOUNT_BLOCKED"}
	case s == 457:
		return verdict{fault: "PASSWORD_EXPIRED"}
	case s == http.StatusServiceUnavailable && w.Down:
		return verdict{fault: "EAS_UNREACHABLE"}
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		return verdict{fault: "SERVER_BUSY"}
	case s >= 500:
		return verdict{fault: "EAS_UNREACHABLE"}
	}
	return verdict{text: "a challenge has status 401: check what responds under this URL"}
}
