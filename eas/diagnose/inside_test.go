package diagnose

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/token"
)

// A number is read whole: 53003 and 530033 are different faults, and what the table lacks is not
// taken for something that it has.
func TestSignInFault(t *testing.T) {
	number := func(n int) error { return &token.ReauthError{Refusal: token.Refusal{AADSTS: n}} }
	text := func(s string) error { return errors.New(s) }
	for name, tt := range map[string]struct {
		err  error
		want fault.ID
	}{
		"53003 in the text":  {text("refused: AADSTS53003: blocked"), "CA_BLOCK"},
		"530033 in the text": {text("refused: AADSTS530033: blocked"), "DEVICE_CODE_BLOCKED"},
		"53003":              {number(53003), "CA_BLOCK"},
		"90094":              {fmt.Errorf("token: %w", number(90094)), "ADMIN_CONSENT"},
		"unknown":            {number(50999), "SIGN_IN_REFUSED"},
		"unknown, in text":   {text("AADSTS50999"), "SIGN_IN_REFUSED"},
		"AD FS":              {&token.ReauthError{Refusal: token.Refusal{Code: "invalid_resource"}}, "SPN_MISSING"},
		"audience":           {&token.AudienceError{Kind: token.AudienceOnline, Actual: "https://outlook.office365.com"}, "AUD_IS_EXO"},
		"http":               {&token.AudienceError{Kind: token.TLSOffloading, Actual: "http://mail.contoso.com"}, "AUD_HTTP"},
		"nothing known":      {text("no"), "SIGN_IN_REFUSED"},
	} {
		if got, _ := signInFault(tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	for n, id := range byNumber {
		if !fault.Known(id) {
			t.Errorf("AADSTS%d: the table has no %s", n, id)
		}
	}
}

func TestDiagnosticsFault(t *testing.T) {
	for code, want := range map[int]fault.ID{2000000: "CERT_METADATA_STALE", 2000002: "TOKEN_EXPIRED", 2000004: "TENANT_MISSING",
		2000008: "SCOPE_MISSING", 2000020: "TENANT_RESTRICTION", 4000000: "EAS_FLIGHTING", 2000007: "SERVER_FAILED"} {
		if got := diagnosticsFault(&bearer.Diagnostics{Code: code}); got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for build, want := range map[string]bool{"15.0.1497.48": true, "15.1.2507.55": true, "15.2.1748.24": true, "15.2.2562.17": false, "15.2.3000.1": false, "15.2.10000.1": false,
		"15.2.986.5": true, "15.20.9000.0": false, "": false, "14.3.123.4": true, "15.1": false, "15.1.x": false, "16.0.1.1": false} {
		if _, got := unsupported(build); got != want {
			t.Errorf("%s: %v", build, got)
		}
	}
	for build, want := range map[string]bool{"15.1.2507.54": true, "15.1.2507.55": false, "15.2.1748.10": true, "15.2.1748.24": false, "15.2.1544.25": false, "15.2.1118.40": true, "15.0.1497.48": false} {
		if text, _ := unsupported(build); strings.Contains(text, "dedicated") != want {
			t.Errorf("%s: %s", build, text)
		}
	}
}
