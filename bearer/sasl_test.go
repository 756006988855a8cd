package bearer_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
)

// The examples are those of Microsoft's page on IMAP, POP and SMTP, of Gmail's page on XOAUTH2,
// and of RFC 7628 section 4.1.
func TestSASLInitialResponses(t *testing.T) {
	const vF9 = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
	for _, tt := range []struct {
		name, want string
		got        []byte
	}{
		{"Microsoft", "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ==",
			bearer.XOAUTH2("test@contoso.onmicrosoft.com", "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA")},
		{"Gmail", "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
			bearer.XOAUTH2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")},
		{"RFC 7628", "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
			bearer.OAUTHBEARER("user@example.com", "server.example.com", 143, vF9)},
		{"no user, host or port", base64.StdEncoding.EncodeToString([]byte("n,,\x01auth=Bearer t\x01\x01")), bearer.OAUTHBEARER("", "", 0, "t")},
		{"saslname", base64.StdEncoding.EncodeToString([]byte("n,a=a=2Cb=3Dc@contoso.com,\x01auth=Bearer t\x01\x01")), bearer.OAUTHBEARER("a,b=c@contoso.com", "", 0, "t")},
		{"international", base64.StdEncoding.EncodeToString([]byte("user=jürgen@contoso.com\x01auth=Bearer t\x01\x01")), bearer.XOAUTH2("jürgen@contoso.com", "t")},
	} {
		if got := base64.StdEncoding.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s = %s (%q), want %s", tt.name, got, tt.got, tt.want)
		}
	}
}

// Nothing in a user, host or token adds a field.
func TestSASLInjection(t *testing.T) {
	for _, s := range []string{"ada\x01auth=Bearer x", "ada\x00", "ada\r\n", "ada\x7f", "ada\xff", "\x1f"} {
		for name, got := range map[string][]byte{
			"XOAUTH2 user": bearer.XOAUTH2(s, "t"), "XOAUTH2 token": bearer.XOAUTH2("ada", s), "OAUTHBEARER user": bearer.OAUTHBEARER(s, "", 0, "t"),
			"OAUTHBEARER host": bearer.OAUTHBEARER("ada", s, 0, "t"), "OAUTHBEARER token": bearer.OAUTHBEARER("ada", "", 0, s),
		} {
			if got != nil {
				t.Errorf("%s %q = %q, want nil", name, s, got)
			}
		}
	}
	if bearer.XOAUTH2("", "t") != nil || bearer.XOAUTH2("ada", "") != nil || bearer.OAUTHBEARER("ada", "", 0, "") != nil {
		t.Error("an empty user or token has a response")
	}
}

func TestParseSASLError(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     *bearer.SASLError // nil: an error
		invalid  bool
	}{
		{"Gmail on the wire", "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K",
			&bearer.SASLError{Status: "401", Schemes: []string{"bearer", "mac"}, Scope: "https://mail.google.com/"}, true},
		{"RFC 7628 decoded", `{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}`,
			&bearer.SASLError{Status: "invalid_token", Scope: "example_scope", OpenIDConfiguration: "https://example.com/.well-known/openid-configuration"}, true},
		{"RFC 7628 on the wire", "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=",
			&bearer.SASLError{Status: "invalid_token", Scope: "example_scope", OpenIDConfiguration: "https://example.com/.well-known/openid-configuration"}, true},
		{"status of a number", `{"status":400,"schemes":"Bearer"}`, &bearer.SASLError{Status: "400", Schemes: []string{"bearer"}}, true},
		{"status of a number with a point", `{"status":401.0}`, &bearer.SASLError{Status: "401"}, true},
		{"status of a fraction", `{"status":401.5}`, nil, false},
		{"status of a list", `{"status":["401"]}`, nil, false},
		{"scope", `{"status":"insufficient_scope"}`, &bearer.SASLError{Status: "insufficient_scope"}, false},
		{"without padding and with a line end", "eyJzdGF0dXMiOiI0MDAifQ\r\n", &bearer.SASLError{Status: "400"}, true},
		{"control characters", `{"status":"4\u001b[2J\n1","scope":["x"],"openid-configuration":"javascript:alert(1)"}`, &bearer.SASLError{Status: "4·[2J·1"}, false},
		{"metadata over http", `{"status":"401","openid-configuration":"http://example.com/"}`, &bearer.SASLError{Status: "401"}, true},
		{"no status", `{"schemes":"bearer"}`, nil, false},
		{"an array", `["401"]`, nil, false},
		{"null", `bnVsbA==`, nil, false},
		{"text", "AUTHENTICATE failed.", nil, false},
		{"nothing", "", nil, false},
		{"too long", `{"status":"` + strings.Repeat("x", 20<<10) + `"}`, nil, false},
		{"much too long", strings.Repeat("x", 1<<20), nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bearer.ParseSASLError([]byte(tt.in))
			if tt.want == nil {
				if !errors.Is(err, bearer.ErrSASL) || len(err.Error()) > 120 || (tt.name == "null" || tt.name == "nothing") != strings.HasSuffix(err.Error(), "it is not a JSON object") {
					t.Errorf("ParseSASLError = %v, %v, want ErrSASL", got, err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("ParseSASLError (-want +got)\n%s%v", diff, err)
			}
			if strings.Contains(got.Error(), "needs the scope "+got.Scope) != (got.Scope != "") {
				t.Errorf("Error %q", got)
			}
			if strings.Contains(got.Error(), "renew the token") != tt.invalid || got.Refreshable() != tt.invalid || strings.Contains(got.Error(), "\n") || !strings.Contains(got.Error(), "status "+got.Status) {
				t.Errorf("InvalidToken %v, Error %q", got.Refreshable(), got)
			}
		})
	}
}

func FuzzParseSASLError(f *testing.F) {
	for _, s := range []string{`{"status":"401","schemes":"bearer mac","scope":"x"}`, "eyJzdGF0dXMiOiI0MDAifQ==", `{"status":1e99}`, "{", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := bearer.ParseSASLError(b)
		if (e == nil) == (err == nil) || err != nil && !errors.Is(err, bearer.ErrSASL) {
			t.Fatalf("ParseSASLError = %v, %v", e, err)
		}
		if e != nil && strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("Error = %q", e.Error())
		}
	})
}

// A server that refuses a token says so in a challenge.
func ExampleParseSASLError() {
	_, err := bearer.ParseSASLError([]byte("AUTHENTICATE failed."))
	fmt.Println(errors.Is(err, bearer.ErrSASL))
	e, err := bearer.ParseSASLError([]byte("eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0="))
	if err != nil {
		return
	}
	fmt.Println(e.Status, e.Schemes, e.Refreshable())
	// Output:
	// true
	// 400 [bearer] true
}
