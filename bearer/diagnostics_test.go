package bearer_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/fault"
)

// diagnosticsCases are the shapes of X-MS-Diagnostics that were seen or documented.
var diagnosticsCases = []struct {
	in   string
	want bearer.Diagnostics
	kind bearer.DiagnosticKind
}{
	{`2000000;reason="The token has an invalid signature.";error_category="invalid_signature"`, bearer.Diagnostics{Code: 2000000, Reason: "The token has an invalid signature.", Category: "invalid_signature"}, bearer.InvalidSignature},
	{`2000002;reason="r"error_type="token_expired"`, bearer.Diagnostics{Code: 2000002, Reason: "r", Category: "token_expired"}, bearer.TokenExpired}, // as documented: no second semicolon
	{`2000005;reason= "The user specified by the user-context in the token is ambiguous." ;error_category= "invalid_user"`,
		bearer.Diagnostics{Code: 2000005, Reason: "The user specified by the user-context in the token is ambiguous.", Category: "invalid_user"}, bearer.InvalidUser},
	{`3005004;reason="The token does not contain valid algorithm in header.";category="invalid_client"`,
		bearer.Diagnostics{Code: 3005004, Reason: "The token does not contain valid algorithm in header.", Category: "invalid_client"}, bearer.InvalidClient},
	{`2000008;reason="a "quoted" word";error_category="invalid_grant"`, bearer.Diagnostics{Code: 2000008, Reason: `a "quoted" word`, Category: "invalid_grant"}, bearer.InvalidGrant},
	{`1000;reason="x";source="s";fault="f";error_category="new_thing"`, bearer.Diagnostics{Code: 1000, Reason: "x", Category: "new_thing"}, "new_thing"},
	{`4000000`, bearer.Diagnostics{Code: 4000000}, bearer.OAuthNotAvailable},
	{`2000007;reason=unquoted words;error_category=internal_error`, bearer.Diagnostics{Code: 2000007, Reason: "unquoted words", Category: "internal_error"}, bearer.InternalError},
	{`2000001;reason="OAuth token submitted with the request can not be parsed.";error_category="invalid_token"`,
		bearer.Diagnostics{Code: 2000001, Reason: "OAuth token submitted with the request can not be parsed.", Category: "invalid_token"}, bearer.InvalidToken},
	{`2000003;reason="The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`,
		bearer.Diagnostics{Code: 2000003, Reason: "The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.", Category: "invalid_resource"}, bearer.InvalidResource},
	{`2000003;reason="The audience claim value is invalid 'aud'.";error_category="invalid_resource"`,
		bearer.Diagnostics{Code: 2000003, Reason: "The audience claim value is invalid 'aud'.", Category: "invalid_resource"}, bearer.InvalidResource},
	{`2000004;reason="The tenant for tenant guid 'contoso.com' does not exist.";error_category="invalid_tenant"`,
		bearer.Diagnostics{Code: 2000004, Reason: "The tenant for tenant guid 'contoso.com' does not exist.", Category: "invalid_tenant"}, bearer.InvalidTenant},
	{`2000008;reason="The token should have valid permissions or linked account associated with partner application '00000003-0000-0000-c000-000000000000'.";error_category="invalid_grant"`,
		bearer.Diagnostics{Code: 2000008, Reason: "The token should have valid permissions or linked account associated with partner application '00000003-0000-0000-c000-000000000000'.", Category: "invalid_grant"}, bearer.InvalidGrant},
	{`4000000;reason="Flighting is not enabled for domain 'mail.dummy.uk'.";error_category="oauth_not_available"`,
		bearer.Diagnostics{Code: 4000000, Reason: "Flighting is not enabled for domain 'mail.dummy.uk'.", Category: "oauth_not_available"}, bearer.OAuthNotAvailable},
	{`2000020;reason="xms_trpid claim was not present but sec-tenant-restriction-access-policy header was in requres";error_category="insufficiant_claims"`,
		bearer.Diagnostics{Code: 2000020, Reason: "xms_trpid claim was not present but sec-tenant-restriction-access-policy header was in requres", Category: "insufficiant_claims"}, bearer.InsufficientClaims},
	{`2000006;reason="a";reason="b";category="c";error_category="d"`, bearer.Diagnostics{Code: 2000006, Reason: "a", Category: "c"}, bearer.InvalidClient},
	{`2000006 reason="a"`, bearer.Diagnostics{Code: 2000006, Reason: "a"}, bearer.InvalidClient},
	{`2000006; ; ;reason="a";; ;category="b"`, bearer.Diagnostics{Code: 2000006, Reason: "a", Category: "b"}, bearer.InvalidClient},
	{`2000006;note;reason="a"`, bearer.Diagnostics{Code: 2000006, Reason: "a"}, bearer.InvalidClient},
	{`2000006;REASON="a";Error_Category = "b"`, bearer.Diagnostics{Code: 2000006, Reason: "a", Category: "b"}, bearer.InvalidClient},
	{` 2000001 ; reason="no end`, bearer.Diagnostics{Code: 2000001, Reason: "no end"}, bearer.InvalidToken},
}

func TestParseDiagnostics(t *testing.T) {
	for _, tt := range diagnosticsCases {
		got, err := bearer.ParseDiagnostics(tt.in)
		if err != nil || got != tt.want || got.Kind() != tt.kind {
			t.Errorf("ParseDiagnostics(%q) = %+v (%s), %v; want %+v (%s)", tt.in, got, got.Kind(), err, tt.want, tt.kind)
		}
		if tt.want.Code > 2000000 && tt.want.Code < 2000009 && (got.Cause() == "" || got.Remedy() == "") {
			t.Errorf("%d has no cause or remedy", got.Code)
		}
	}
	for _, in := range []string{"", ";reason=\"x\"", "abc", "2000003x;", "99999999999999999999", "2000003;reason=\"a\x00\"", strings.Repeat("1", 17<<10)} {
		if got, err := bearer.ParseDiagnostics(in); !errors.Is(err, bearer.ErrDiagnostics) {
			t.Errorf("ParseDiagnostics(%.40q) = %+v, %v; want ErrDiagnostics", in, got, err)
		}
	}
}

func TestDiagnosticsAudience(t *testing.T) {
	for _, tt := range []struct {
		reason, expected, actual string
		ok                       bool
	}{
		{"x. Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.", "https://mail.contoso.com", "http://mail.contoso.com", true},
		{"The audience claim value is invalid 'aud'.", "", "", false},
		{"Expected 'a", "", "", false},
		{"Expected 'a'. Actual b", "a", "", false},
	} {
		e, a, ok := bearer.Diagnostics{Reason: tt.reason}.Audience()
		if ok != tt.ok || ok && (e != tt.expected || a != tt.actual) {
			t.Errorf("Audience(%q) = %q, %q, %v", tt.reason, e, a, ok)
		}
	}
}

func TestTLSOffloading(t *testing.T) {
	for _, tt := range []struct {
		expected, actual string
		want             bool
	}{
		{"https://mail.contoso.com", "http://mail.contoso.com", true},
		{"http://mail.contoso.com", "https://mail.contoso.com", true}, // which side is the token's is not documented
		{"https://MAIL.contoso.com/", "http://mail.contoso.com:80", true},
		{"https://mail.contoso.com", "https://mail.fabrikam.com", false},
		{"https://mail.contoso.com", "http://mail.fabrikam.com", false},
		{"https://mail.contoso.com", "https://mail.contoso.com", false},
		{"https://", "http://", false},
		{"https://%zz", "http://%zz", false},
		{"00000002-0000-0ff1-ce00-000000000000", "http://mail.contoso.com", false},
	} {
		d := bearer.Diagnostics{Code: 2000003, Reason: "Expected '" + tt.expected + "'. Actual '" + tt.actual + "'."}
		if got := d.TLSOffloading(); got != tt.want {
			t.Errorf("TLSOffloading of %q = %v, want %v", d.Reason, got, tt.want)
		}
		if got := strings.Contains(d.Remedy(), "end TLS offloading"); got != tt.want {
			t.Errorf("Remedy of %q = %q", d.Reason, d.Remedy())
		}
		if d.Kind() != bearer.InvalidResource {
			t.Errorf("Kind of %q = %q", d.Reason, d.Kind())
		}
	}
	if (bearer.Diagnostics{Reason: "The audience claim value is invalid 'aud'."}).TLSOffloading() {
		t.Error("TLSOffloading without a pair")
	}
}

// Two texts of one number may have different causes.
func TestDiagnosticsRefineByReason(t *testing.T) {
	for _, tt := range []struct {
		code                int
		reason, cause, kind string
	}{
		{2000005, "The user specified by the user-context in the token is ambiguous.", "several users", "invalid_user"},
		{2000005, "The user specified by the user-context in the token does not exist.", "does not exist in the organization", "invalid_user"},
		{2000005, "", "or several do", "invalid_user"},
		{2000001, "This token profile 'S2SAppActAs' is not applicable for the current protocol", "an application's", "invalid_token"},
		{2000003, "The audience claim value is invalid 'aud'.", "not the URL by which Exchange knows itself", "invalid_resource"},
		{2000019, "text", "", ""},
	} {
		d := bearer.Diagnostics{Code: tt.code, Reason: tt.reason}
		if !strings.Contains(d.Cause(), tt.cause) || tt.cause == "" && d.Cause() != "" || string(d.Kind()) != tt.kind {
			t.Errorf("%v: cause %q, kind %q; want %q and %q", d, d.Cause(), d.Kind(), tt.cause, tt.kind)
		}
	}
}

func TestDiagnosticsString(t *testing.T) {
	d := bearer.Diagnostics{Code: 2000004, Reason: "The tenant for tenant guid 'contoso.com' does not exist.\x1b\u202e" + strings.Repeat("x", 1000), Category: "invalid_tenant"}
	s := d.String()
	if !strings.HasPrefix(s, "diagnostics 2000004 invalid_tenant (The tenant") || len(s) > 400 || strings.ContainsAny(s, "\x1b\u202e") {
		t.Errorf("String = %q", s)
	}
}

// Every row of the table names its source, is reached, and is what the generator makes.
func TestDiagnosticsTable(t *testing.T) {
	data, err := os.ReadFile("data/diagnostics.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 8 || f[7] == "" {
			t.Fatalf("row %q: want 8 columns, the last the source", line)
		}
		code, err := strconv.Atoi(f[0])
		if err != nil {
			t.Fatal(err)
		}
		d := bearer.Diagnostics{Code: code, Reason: strings.TrimPrefix(f[1], "reason:")}
		if f[1] == "tls" {
			d.Reason = "Expected 'https://a'. Actual 'http://a'."
		}
		if row := fault.Get(fault.ID(f[4])); f[5] == "" {
			f[5], f[6] = row.Cause, row.Remedy
		}
		if d.Cause() == "" || d.Remedy() == "" {
			t.Errorf("%s has no cause or no remedy", f[0])
		}
		if string(d.Kind()) != f[2] || d.Refreshable() != (f[3] == "yes") || d.Cause() != f[5] || d.Remedy() != f[6] {
			t.Errorf("%d %q = %q, %v, %q, %q; the table has %q; run go generate", code, f[1], d.Kind(), d.Refreshable(), d.Cause(), d.Remedy(), f[2:7])
		}
	}
	if testing.Short() {
		t.Skip("the generator is run")
	}
	before, err := os.ReadFile("diagnostics_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir+"/data", os.DirFS("data")); err != nil {
		t.Fatal(err)
	}
	bin := dir + "/gen.exe"
	if out, err := exec.Command("go", "build", "-o", bin, "./gen").CombinedOutput(); err != nil {
		t.Fatalf("go build ./gen: %v\n%s", err, out)
	}
	cmd := exec.Command(bin)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gen: %v\n%s", err, out)
	}
	after, err := os.ReadFile(dir + "/diagnostics_gen.go")
	if err != nil || string(before) != string(after) {
		t.Errorf("diagnostics_gen.go is not what data/diagnostics.tsv makes (%v); run go generate", err)
	}
}

// What the deployment has to mend is not mended by another token.
func TestRefreshable(t *testing.T) {
	for code, want := range map[int]bool{2000000: false, 2000001: true, 2000002: true, 2000003: false, 2000004: false, 2000005: false,
		2000007: false, 2000008: false, 4000000: false, 2999999: true} {
		o := &bearer.Offer{Diagnostics: &bearer.Diagnostics{Code: code}}
		if got := o.Refreshable(); got != want {
			t.Errorf("Refreshable of %d = %v, want %v", code, got, want)
		}
		o.Claims = "{}"
		if !o.Refreshable() {
			t.Errorf("Refreshable of %d with claims = false", code)
		}
	}
	if !(*bearer.Offer)(nil).Refreshable() || !new(bearer.Offer).Refreshable() {
		t.Error("Refreshable without diagnostics = false")
	}
}

func TestDiagnosticsNameNobody(t *testing.T) {
	d := bearer.Diagnostics{Code: 2000005, Category: "a@contoso.com", Reason: "The user 'ada.lovelace@contoso.com' (upn=ada%40contoso.com;smtp:ada@mail.contoso.com) is ambiguous."}
	if s := d.String(); strings.Contains(s, "ada") || strings.Contains(s, "a@") || !strings.Contains(s, "is ambiguous") {
		t.Errorf("String = %q, which names the user", s)
	}
}
