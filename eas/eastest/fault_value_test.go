package eastest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
)

// A value that cannot be meant panics where it is written, not in a handler.
func TestFaultValues(t *testing.T) {
	date := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat)
	for _, tt := range []struct {
		id        string
		good, bad []string
	}{
		{"TLS_CERT_INVALID", []string{"", "expired", "early", "name", "authority", "chain", "sha1"}, []string{"stolen", "Expired"}},
		{"TCP_UNREACHABLE", []string{"refused", "timeout"}, []string{"x"}},
		{"CAPTIVE_PORTAL", []string{"page", "redirect"}, []string{"x"}},
		{"NO_RESPONSE", []string{"request", "connection"}, []string{"x"}},
		{"TLS_CERT_EXPIRING", []string{"1", "30", "10000"}, []string{"soon", "0", "10001"}},
		{"WAF_BLOCK", []string{"", "F5", "Cloudflare", "Akamai"}, []string{"f5", "Kemp"}},
		{"SERVER_FAILED", []string{"500", "503", "599"}, []string{"499", "600", "50", "x"}},
		{"SERVER_BUSY", []string{"0", "120", date}, []string{"-1", "soon"}},
		{"AD_PREAUTH", []string{"page", "redirect", "basic"}, []string{"form"}},
		{"EAS_NOT_EXCHANGE", []string{"page", "redirect", "basic"}, []string{"form"}},
		{"EAS_NO_WWW_AUTH", []string{"device", "exchange"}, []string{"x"}},
		{"AUD_IS_EXO", []string{"https://outlook.office.com", "00000002-0000-0ff1-ce00-000000000000"}, []string{"https://mail.contoso.com"}},
		{"CONSENT", []string{"65001", "AADSTS65001"}, []string{"consent", "AADSTS", "65001 ", "065001", "-1"}},
		{"ADMIN_CONSENT", []string{"90094"}, []string{"x"}},
		{"CA_BLOCK", []string{"53003"}, []string{"x"}},
		{"SIGN_IN_REFUSED", []string{"50105"}, []string{"x"}},
		{"EAS_VERSION_138", []string{"14.1", "2.5,12.0", "12.1,16.1"}, []string{"x", "14.1,", "14.1 16.1", ",", "14"}},
		{"BUILD_UNSUPPORTED", []string{"15.2.1748", "15.1.2507.55", "14.3.513.0"}, []string{"15.2", "15.2.1748.24.1", "15.2.x", "15.2.-1", "Exchange 2016"}},
		{"SYNC_STALE", []string{"TLS_OFFLOAD", "CERT_METADATA_STALE"}, []string{"TLS"}},
		{"AUTHORITY_BUSY", []string{"0", "5", date}, []string{"soon"}},
		{"AUTHORITY_FAILED", []string{"500", "504"}, []string{"499", "505"}},
		{"AUTHORITY_GARBLED", []string{"cut", "short", "page"}, []string{"half"}},
		{"AD_UNCONFIRMED", []string{"mail.fabrikam.example", "mail.fabrikam.example:444"}, []string{"https://mail.fabrikam.example", "mail/x", "a b", "mail?x", ":444", "user@mail"}},
		{"AD_ERROR_CODE", []string{"AnyCode"}, nil},
		{"USER_MISSING", []string{""}, []string{"ada"}},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		may := func(value string) (ok bool) {
			defer func() { ok = recover() == nil }()
			tn.Switch(eastest.Fault{ID: tt.id, Value: value, Optional: true})
			return true
		}
		for _, v := range append(tt.good, tt.bad...) {
			if got, want := may(v), slices.Contains(tt.good, v); got != want {
				t.Errorf("%s with the value %q: allowed is %v, want %v", tt.id, v, got, want)
			}
		}
	}
}

// What is against a fault is said without switching it on.
func TestFaultCheck(t *testing.T) {
	for _, tt := range []struct {
		fault    eastest.Fault
		topology eastest.Topology
		want     string // "" if nothing is
	}{
		{eastest.Fault{ID: "TLS_OFFLOAD"}, eastest.Hybrid, ""},
		{eastest.Fault{ID: "TLS_OFFLOAD"}, eastest.Cloud, "eastest: TLS_OFFLOAD cannot show in this topology: cloud"},
		{eastest.Fault{ID: "NO_SUCH"}, eastest.Hybrid, `eastest: no such fault: "NO_SUCH"`},
		{eastest.Fault{ID: "AD_V1_NO_TOKEN"}, eastest.Hybrid, `eastest: no such fault: "AD_V1_NO_TOKEN"`},
		{eastest.Fault{ID: "WAF_BLOCK", Value: "x"}, eastest.Hybrid, `eastest: WAF_BLOCK cannot have the value "x"`},
		{eastest.Fault{ID: "WAF_BLOCK", From: -1}, eastest.Hybrid, "eastest: WAF_BLOCK: From and Times are not negative"},
		{eastest.Fault{ID: "WAF_BLOCK", Times: -1}, eastest.Hybrid, "eastest: WAF_BLOCK: From and Times are not negative"},
		{eastest.Fault{ID: "WAF_BLOCK", From: 2, Times: 1}, eastest.Hybrid, ""},
	} {
		got := ""
		if err := tt.fault.Check(tt.topology); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v in %s: %q, want %q", tt.fault, tt.topology, got, tt.want)
		}
	}
}
