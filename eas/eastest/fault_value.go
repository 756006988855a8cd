package eastest

import (
	"net/http"
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
