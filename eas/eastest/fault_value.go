package eastest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// takes says which values a fault may have, "" apart. Of the others, those whose meaning
// [FaultInfo] states take any, and the rest none.
var takes = map[fault.ID]func(value string) bool{
	"TCP_UNREACHABLE":   oneOf("refused", "timeout"),
	"TLS_CERT_INVALID":  oneOf("expired", "early", "name", "authority", "chain", "sha1"),
	"TLS_CERT_EXPIRING": between(1, 10_000),
	"CAPTIVE_PORTAL":    oneOf("redirect", "page"),
	"NO_RESPONSE":       oneOf("request", "connection"),
	"WAF_BLOCK":         oneOf("F5", "Cloudflare", "Akamai"),
	"SERVER_FAILED":     between(500, 599),
	"SERVER_BUSY":       isRetryAfter,
	"AD_PREAUTH":        oneOf("page", "redirect", "basic"),
	"EAS_NOT_EXCHANGE":  oneOf("page", "redirect", "basic"),
	"EAS_NO_WWW_AUTH":   oneOf("device", "exchange"),
	"AUD_IS_EXO":        oneOf("https://"+cloudHost, "https://outlook.office.com", exchangeAppID),
	"CONSENT":           isAADSTS,
	"ADMIN_CONSENT":     isAADSTS,
	"CA_BLOCK":          isAADSTS,
	"SIGN_IN_REFUSED":   isAADSTS,
	"AD_UNCONFIRMED":    isHost,
	"AUTHORITY_BUSY":    isRetryAfter,
	"AUTHORITY_FAILED":  between(500, 504),
	"AUTHORITY_GARBLED": oneOf("cut", "short", "page"),
	"EAS_VERSION_138":   isVersions,
	"BUILD_UNSUPPORTED": isBuild,
	"SYNC_STALE":        oneOf("TLS_OFFLOAD", "CERT_METADATA_STALE"),
}

// mayHave reports whether the fault may have the value.
func (s *shownFault) mayHave(value string) bool {
	if value == "" {
		return true
	}
	if check := takes[s.id]; check != nil {
		return check(value)
	}
	return s.value != ""
}

func oneOf(values ...string) func(string) bool {
	return func(value string) bool { return slices.Contains(values, value) }
}

func between(low, high int) func(string) bool {
	return func(value string) bool {
		n, err := strconv.Atoi(value)
		return err == nil && low <= n && n <= high
	}
}

// isAADSTS reports whether a value is the number of one of Entra's errors: "65001" or "AADSTS65001".
func isAADSTS(value string) bool {
	n := strings.TrimPrefix(value, "AADSTS")
	return n != "" && n[0] != '0' && strings.Trim(n, "0123456789") == ""
}

// isRetryAfter reports whether a value is one of Retry-After. RFC 9110 section 10.2.3
func isRetryAfter(value string) bool {
	if _, err := http.ParseTime(value); err == nil {
		return true
	}
	return between(0, int(365*24*time.Hour/time.Second))(value)
}

// isVersions reports whether a value is a list of protocol versions, as MS-ASProtocolVersions
// has it.
func isVersions(value string) bool {
	for v := range strings.SplitSeq(value, ",") {
		if !isVersion(v) {
			return false
		}
	}
	return true
}

// isBuild reports whether a value is a build of Exchange, as X-OWA-Version has it.
func isBuild(value string) bool {
	parts := strings.Split(value, ".")
	return len(parts) >= 3 && len(parts) <= 4 && !slices.ContainsFunc(parts, func(s string) bool { return !between(0, 1<<16)(s) })
}

// isHost reports whether a value is the name of a host, without a scheme or a path.
func isHost(value string) bool {
	u, err := url.Parse("https://" + value + "/")
	return err == nil && u.Host == value && u.Hostname() != "" && u.Path == "/"
}
