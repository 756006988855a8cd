package peers

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	httpauth "github.com/abbot/go-http-auth"
	"github.com/containerd/containerd/v2/core/remotes/docker/auth"
	"github.com/docker/distribution/registry/client/auth/challenge"
	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/easoauth/easoauth/bearer"
)

var update = flag.Bool("update", false, "rewrite testdata")

// A parser reads the fields of one answer and renders what it understood, for comparison:
// challenges in order, "scheme name=value …", names sorted and in lower case.
type parser struct {
	name  string
	whole bool // reads schemes as well as parameters
	read  func(resp *http.Response) (string, error)
	bench func(fields []string, resp *http.Response) // takes the one that the parser takes
}

var parsers = []parser{
	{"bearer.Parse", true, func(resp *http.Response) (string, error) {
		c, err := bearer.Parse(resp.Header.Values("WWW-Authenticate"))
		return ours(c), err
	}, func(fields []string, _ *http.Response) { _, _ = bearer.Parse(fields) }},
	{"bearer.ParseLenient", true, func(resp *http.Response) (string, error) {
		c, _, err := bearer.ParseLenient(resp.Header.Values("WWW-Authenticate"))
		return ours(c), err
	}, func(fields []string, _ *http.Response) { _, _, _ = bearer.ParseLenient(fields) }},
	{"containerd v2.4.2", true, func(resp *http.Response) (string, error) {
		var out []string
		for _, c := range auth.ParseAuthHeader(resp.Header) {
			scheme := map[auth.AuthenticationScheme]string{auth.BasicAuth: "basic", auth.DigestAuth: "digest", auth.BearerAuth: "bearer"}[c.Scheme]
			out = append(out, render(scheme, c.Parameters))
		}
		return strings.Join(out, "; "), nil
	}, func(_ []string, resp *http.Response) { auth.ParseAuthHeader(resp.Header) }},
	{"docker/distribution v2.8.3", true, func(resp *http.Response) (string, error) {
		var out []string
		for _, c := range challenge.ResponseChallenges(resp) {
			out = append(out, render(c.Scheme, c.Parameters))
		}
		return strings.Join(out, "; "), nil
	}, func(_ []string, resp *http.Response) { challenge.ResponseChallenges(resp) }},
	{"mcp go-sdk v1.8.0", true, func(resp *http.Response) (string, error) {
		cs, err := oauthex.ParseWWWAuthenticate(resp.Header.Values("WWW-Authenticate"))
		var out []string
		for _, c := range cs {
			out = append(out, render(c.Scheme, c.Params))
		}
		return strings.Join(out, "; "), err
	}, func(fields []string, _ *http.Response) { _, _ = oauthex.ParseWWWAuthenticate(fields) }},
	{"abbot/go-http-auth v0.4.0", false, func(resp *http.Response) (string, error) {
		// It reads what stands behind a scheme.
		var out []string
		for _, v := range resp.Header.Values("WWW-Authenticate") {
			scheme, rest, _ := strings.Cut(v, " ")
			out = append(out, render(scheme, httpauth.ParsePairs(rest)))
		}
		return strings.Join(out, "; "), nil
	}, func(fields []string, _ *http.Response) {
		for _, v := range fields {
			_, rest, _ := strings.Cut(v, " ")
			httpauth.ParsePairs(rest)
		}
	}},
}

func ours(cs []bearer.Challenge) string {
	var out []string
	for _, c := range cs {
		m := map[string]string{}
		for _, p := range c.Params {
			m[p.Name] = p.Value
		}
		out = append(out, render(strings.TrimSpace(c.Scheme+" "+c.Token68), m))
	}
	return strings.Join(out, "; ")
}

func render(scheme string, params map[string]string) string {
	words := []string{strings.ToLower(scheme)}
	if name, rest, ok := strings.Cut(scheme, " "); ok {
		words = []string{strings.ToLower(name), rest} // a token68
	}
	first := len(words)
	for k, v := range params {
		words = append(words, fmt.Sprintf("%s=%q", strings.ToLower(k), v))
	}
	slices.Sort(words[first:])
	return strings.Join(words, " ")
}

// exchange is what Exchange answers to an empty Bearer (Outlook for iOS and Android with
// hybrid modern authentication, Microsoft, troubleshooting).
var exchange = []string{
	`Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@5de110f8-2e0f-4d45-891d-bcf2218e253d,00000004-0000-0ff1-ce00-000000000000@contoso.com", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://login.windows.net/common/oauth2/authorize"`,
	`Basic realm="mail.contoso.com"`,
}

// cases are inputs with what RFC 9110 says of them; want is "error" where it has no
// reading.
var cases = []struct {
	name   string
	fields []string
	want   string
}{
	{"Exchange, two fields", exchange, `bearer authorization_uri="https://login.windows.net/common/oauth2/authorize" client_id="00000002-0000-0ff1-ce00-000000000000" token_types="app_asserted_user_v1 service_asserted_app_v1" trusted_issuers="00000001-0000-0000-c000-000000000000@5de110f8-2e0f-4d45-891d-bcf2218e253d,00000004-0000-0ff1-ce00-000000000000@contoso.com"; basic realm="mail.contoso.com"`},
	{"Graph, empty realm", []string{`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`}, `bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize" realm=""`},
	{"Exchange Online, folded", []string{`Bearer trusted_issuers="a@*", authorization_uri="https://x/",Basic Realm=""`}, `bearer authorization_uri="https://x/" trusted_issuers="a@*"; basic realm=""`},
	{"Skype for Business, four schemes", []string{`Bearer error="invalid_token",Negotiate,NTLM,Basic realm="m"`}, `bearer error="invalid_token"; negotiate; ntlm; basic realm="m"`},
	{"ADAL.NET#888, Bearer last", []string{`Negotiate, NTLM, Bearer realm="r"`}, `negotiate; ntlm; bearer realm="r"`},
	{"Dataverse, URL without quotes", []string{`Bearer authorization_uri=https://x/authorize, resource_id=https://y/`}, "error"},
	{"Azure Storage, no comma either", []string{`Bearer authorization_uri=https://x/authorize resource_id=https://y`}, "error"},
	{"Key Vault, missing comma", []string{`Bearer authorization="https://x/t" resource="https://y"`}, "error"},
	{"Sentry, name twice", []string{`Bearer realm="a", REALM="b"`}, "error"},
	{"backslash n", []string{`Bearer realm="a\nb"`}, `bearer realm="anb"`},
	{"backslash before the closing quote", []string{`Bearer realm="a\\", Basic realm="b"`}, `bearer realm="a\\"; basic realm="b"`},
	{"white space around =", []string{`Bearer realm = "a" , error = b`}, `bearer error="b" realm="a"`},
	{"token68", []string{`Negotiate YII==, Basic realm="a"`}, `negotiate YII==; basic realm="a"`},
	{"a challenge in quotes", []string{`Basic realm="x, Bearer authorization_uri=https://evil.example"`}, `basic realm="x, Bearer authorization_uri=https://evil.example"`},
	{"empty elements", []string{`,, Basic realm="a",, ,error="b",`}, `basic error="b" realm="a"`},
	{"Kelvin sign", []string{"Bearer \u212Aey=\"v\""}, "error"},
	{"line feed in quotes", []string{"Bearer realm=\"a\nb\""}, "error"},
	{"unterminated quote", []string{`Bearer realm="a`}, "error"},
	{"= first", []string{`=a realm="b"`}, "error"},
	{"= last", []string{`Digest realm="a", qop=`}, "error"},
}

// TestParsers keeps a table of what each parser makes of each case in testdata/bearer.txt.
// The versions of the peers are fixed in go.mod, so that it changes with them alone.
func TestParsers(t *testing.T) {
	var b strings.Builder
	b.WriteString("What each parser makes of what servers send. \"ok\" is the reading of RFC 9110, or an error where it has\nnone. ParseLenient reads through some errors on purpose, and reports each.\n")
	right := map[string]int{}
	for _, c := range cases {
		fmt.Fprintf(&b, "\n%s\n", c.name)
		for _, f := range c.fields {
			fmt.Fprintf(&b, "  %+q\n", f)
		}
		for _, p := range parsers {
			got := reading(p, c.fields)
			if got == c.want || c.want == "error" && strings.HasPrefix(got, "error") {
				right[p.name]++
				got = "ok"
			}
			fmt.Fprintf(&b, "    %-27s%s\n", p.name, got)
		}
	}
	b.WriteString("\nRight of " + fmt.Sprint(len(cases)) + "\n")
	for _, p := range parsers {
		fmt.Fprintf(&b, "    %-27s%d\n", p.name, right[p.name])
	}
	if right["bearer.Parse"] != len(cases) {
		t.Errorf("bearer.Parse is right in %d of %d cases", right["bearer.Parse"], len(cases))
	}
	const name = "testdata/bearer.txt"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("the table differs (-want +got); accept with -update\n%s", diff)
	}
}

// reading renders what a parser makes of fields, and survives its panics.
func reading(p parser, fields []string) (got string) {
	defer func() {
		if v := recover(); v != nil {
			got = "PANIC"
		}
	}()
	got, err := p.read(answer(fields))
	if err != nil {
		if got != "" {
			return "error, and " + got
		}
		return "error"
	}
	if got == "" {
		return "nothing, and no error"
	}
	return got
}

func answer(fields []string) *http.Response {
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": fields}}
}
