package token_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/token"
)

// endings are the numbers whose meaning is the end of a grant, written down apart from the
// table: whoever lists another one there has to say so here.
var endings = map[int]string{
	50132:  "the session ended with the password",
	50133:  "the session ended with the password",
	50173:  "the grant was revoked",
	70000:  "the refresh token is not valid",
	70008:  "the refresh token expired or was revoked",
	70043:  "the refresh token is older than the sign-in frequency",
	700082: "the refresh token was not used for too long",
	700084: "the refresh token of a single-page app is over",
}

// Every combination of error, suberror and number, at every kind of authority. A
// refresh token that is dropped implies a listed reason, and whatever is kept says what to do.
func TestS070GrantEndsForAListedReasonOnly(t *testing.T) {
	t.Parallel()
	type row struct{ class, kind string }
	rows := map[int]row{0: {}, 4711: {}, 50204: {}, 999999: {}}
	for _, r := range table(t, "aadsts.tsv") {
		n, err := strconv.Atoi(r[0])
		if err != nil {
			t.Fatal(err)
		}
		rows[n] = row{r[1], r[2]}
		if (r[1] == "ended") != (endings[n] != "") {
			t.Errorf("AADSTS%d has class %s", n, r[1])
		}
	}
	keeps := map[string]string{ // and the kind whose number may say more
		"consent_required": "consent", "user_password_expired": "password", "protection_policy_required": "blocked", "basic_action": "interaction",
		"additional_action": "interaction", "message_only": "interaction", "token_expired": "frequency", "device_authentication_failed": "device",
		"client_mismatch": "client",
	}
	count, ended := 0, 0
	for _, kind := range []token.AuthorityKind{token.Entra, token.ADFS, token.OpenID} {
		for _, code := range token.OAuthErrors() {
			for _, sub := range token.Suberrors() {
				for n, row := range rows {
					if code != "invalid_grant" && n%4 != len(code)%4 && !full {
						continue // a part of the numbers, another one with each code
					}
					for _, claims := range []string{"", `{"access_token":{}}`} {
						count++
						r := token.Refusal{Status: 400, Code: code, Suberror: sub, AADSTS: n, Claims: claims}
						got, err := token.EndsGrant(kind, "refresh_token", r)
						var want bool
						switch {
						case code != "invalid_grant", row.class == "transient":
						case sub == "bad_token":
							want = true
						case claims != "", keeps[sub] != "" && keeps[sub] != row.kind:
						case row.class != "":
							want = row.class == "ended"
						default:
							want = kind != token.Entra
						}
						if got != want {
							t.Fatalf("at %s, %+v: ended = %v, want %v: %v", kind, r, got, want, err)
						}
						if got {
							ended++
						}
						checkRefusal(t, row.class, err)
					}
				}
			}
		}
	}
	t.Logf("%d refusals, of which %d end a grant", count, ended)
	if count < 3*14000 {
		t.Errorf("only %d refusals", count)
	}
}

func checkRefusal(t *testing.T, class string, err error) {
	t.Helper()
	var re *token.ReauthError
	var ce *token.ConfigError
	var te *token.TransientError
	switch {
	case errors.As(err, &re):
		if re.Kind == "" || re.Hint == "" {
			t.Fatalf("%v has no kind or no hint", err)
		}
	case errors.As(err, &ce):
		if ce.Kind == "" || ce.Hint == "" {
			t.Fatalf("%v has no kind or no hint", err)
		}
	case errors.As(err, &te):
	default:
		t.Fatalf("%v is of no known type", err)
	}
	if class == "transient" && te == nil {
		t.Fatalf("%v is not transient", err)
	}
	if s := err.Error(); strings.ContainsAny(s, "\n<>") {
		t.Fatalf("%q has a line break or a gap", s)
	}
}

// No hint speaks of a refresh token where none was sent.
func TestHintsFitTheGrant(t *testing.T) {
	for _, grant := range []string{"", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_credentials"} {
		for _, n := range []int{0, 4711, 50204, 500119, 530033, 7000112, 50005, 530003, 650051, 7000012, 700024, 500014, 70044, 70000, 70008, 50173} {
			for _, code := range []string{"invalid_grant", "interaction_required", "access_denied", "invalid_client", "invalid_request", "expired_token"} {
				_, err := token.EndsGrant(token.Entra, grant, token.Refusal{Status: 400, Code: code, AADSTS: n})
				if strings.Contains(err.Error(), "refresh token") {
					t.Errorf("%s, %s, AADSTS%d: %v", grant, code, n, err)
				}
			}
		}
	}
	_, err := token.EndsGrant(token.Entra, "urn:ietf:params:oauth:grant-type:device_code", token.Refusal{Status: 400, Code: "expired_token", AADSTS: 70019})
	for _, want := range []string{"Security Defaults", "Conditional Access", "Browser"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
}

// The advice names the scope and the resource that the Config is for.
func TestHintsFitTheResource(t *testing.T) {
	for _, tt := range []struct {
		scopes   []string
		endpoint string
		number   int
		want     string
	}{
		{nil, "https://mail.contoso.com/Microsoft-Server-ActiveSync", 70011, "request https://mail.contoso.com/EAS.AccessAsUser.All"},
		{nil, "https://mail.contoso.com/Microsoft-Server-ActiveSync", 500011, "add https://mail.contoso.com as a service principal name"},
		{nil, "https://outlook.office365.com/Microsoft-Server-ActiveSync", 500011, "check that the tenant has Exchange Online"},
		{nil, "https://mail.contoso.com/Microsoft-Server-ActiveSync", 65001, "grant EAS.AccessAsUser.All of Office 365 Exchange Online"},
		{[]string{"offline_access", "https://outlook.office365.com/IMAP.AccessAsUser.All"}, "https://outlook.office365.com", 70011, "request https://outlook.office365.com/IMAP.AccessAsUser.All"},
		{[]string{"offline_access", "https://outlook.office365.com/IMAP.AccessAsUser.All"}, "https://outlook.office365.com", 650057, "add IMAP.AccessAsUser.All of Office 365 Exchange Online"},
		{[]string{"https://graph.microsoft.com/Mail.Read", "openid"}, "https://graph.microsoft.com", 65001, "grant Mail.Read of Microsoft Graph"},
		{[]string{"api://contoso/Orders.Read"}, "https://api.contoso.com", 650057, "add Orders.Read of api://contoso"},
		{[]string{"api://contoso/Orders.Read"}, "https://api.contoso.com", 500011, "check the resource"},
	} {
		t.Run(fmt.Sprint(tt.number, tt.scopes), func(t *testing.T) {
			scopes := tt.scopes
			if scopes == nil {
				scopes = token.Scopes(token.Entra, mustURL(tt.endpoint))
			}
			c := &token.Config{Authority: &token.Authority{Kind: token.Entra}, Endpoint: mustURL(tt.endpoint), Scopes: scopes}
			err := token.Explain(c, "refresh_token", token.Refusal{Status: 400, Code: "invalid_grant", AADSTS: tt.number})
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v does not say %q", err, tt.want)
			}
			if !strings.Contains(tt.want, "EAS") && strings.Contains(err.Error(), "EAS") {
				t.Errorf("%v speaks of EAS", err)
			}
		})
	}
}
