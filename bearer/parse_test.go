package bearer_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
)

// A challengeCase is one answer's fields and what they mean. The table feeds the tests and
// the seeds of the fuzz targets.
type challengeCase struct {
	name    string // and where the shape was seen, or the section that rules it
	fields  []string
	want    string           // the strict result: challenges as Format writes them
	kind    bearer.ErrorKind // of the strict error; "" for none
	offset  int
	lenient string // if it differs from want; "-" for none
	repairs []bearer.RepairKind
}

var seed004 = []string{
	`Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@5de110f8-2e0f-4d45-891d-bcf2218e253d,00000004-0000-0ff1-ce00-000000000000@contoso.com", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://login.windows.net/common/oauth2/authorize"`,
	`Basic realm="mail.contoso.com"`,
}

// grammarCases hold each production of the grammar, and each way to break it.
var grammarCases = []challengeCase{
	{name: "Exchange, two fields", fields: seed004, want: seed004[0] + "; " + seed004[1]},
	{name: "empty field", fields: []string{""}},
	{name: "no field"},
	{name: "only separators (5.6.1.2)", fields: []string{" , ,\t,"}},
	{name: "scheme alone", fields: []string{"Negotiate"}, want: "Negotiate"},
	{name: "two schemes in one field", fields: []string{"A, B"}, want: "A; B"},
	{name: "two challenges in one field (11.6.1)", fields: []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
		want: `Basic realm="simple"; Newauth realm="apps", type="1", title="Login to \"apps\""`},
	{name: "empty list elements (5.6.1.2)", fields: []string{`,, Basic realm="a" ,,, ,error="b",`}, want: `Basic realm="a", error="b"`},
	{name: "empty first parameter: one challenge", fields: []string{`Basic , realm="f"`}, want: `Basic realm="f"`},
	{name: "no space behind the scheme", fields: []string{`Basic, realm="f"`}, want: "Basic", kind: bearer.NoScheme, offset: 7,
		repairs: []bearer.RepairKind{bearer.StrayElement}},
	{name: "stray word is a challenge", fields: []string{`Bearer realm="x",service`}, want: `Bearer realm="x"; service`},
	{name: "token68", fields: []string{"Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gMDAuBgkqhkiC9xIBAgIGCSqGSIb3EgECAgYKKwYBBAGCNwICHg=="},
		want: "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gMDAuBgkqhkiC9xIBAgIGCSqGSIb3EgECAgYKKwYBBAGCNwICHg=="},
	{name: "token68 and not an empty parameter", fields: []string{"Scheme x="}, want: "Scheme x="},
	{name: "token68, then another challenge", fields: []string{`Bearer x, PoP nonce="n"`}, want: `Bearer x; PoP nonce="n"`},
	{name: "several spaces behind the scheme (1*SP)", fields: []string{`Basic   realm="a"`}, want: `Basic realm="a"`},
	{name: "BWS around = (QwenLM/qwen-code#5343)", fields: []string{"Bearer realm =\t\"a\" , error = b"}, want: `Bearer realm="a", error="b"`},
	{name: "empty quoted value (Graph)", fields: []string{`Bearer realm="", client_id=00000003-0000-0000-c000-000000000000, authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`},
		want: `Bearer realm="", client_id="00000003-0000-0000-c000-000000000000", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`},
	{name: "folded, no space, empty Realm (Exchange Online)", fields: []string{`Bearer trusted_issuers="00000001-0000-0000-c000-000000000000@*", authorization_uri="https://login.windows.net/common/oauth2/authorize",Basic Realm=""`},
		want: `Bearer trusted_issuers="00000001-0000-0000-c000-000000000000@*", authorization_uri="https://login.windows.net/common/oauth2/authorize"; Basic Realm=""`},
	{name: "folded, several legacy schemes (Skype for Business)", fields: []string{`Bearer client_id="a", error="invalid_token",Negotiate,NTLM,Basic realm="autodiscover.contoso.com"`},
		want: `Bearer client_id="a", error="invalid_token"; Negotiate; NTLM; Basic realm="autodiscover.contoso.com"`},
	{name: "Bearer last (ADAL#888)", fields: []string{`Negotiate, NTLM, Bearer realm="r",client_id="c"`}, want: `Negotiate; NTLM; Bearer realm="r", client_id="c"`},
	{name: "RFC 9449 example", fields: []string{`Bearer, DPoP algs="ES256 PS256"`}, want: `Bearer; DPoP algs="ES256 PS256"`},
	{name: "lower-case scheme (SOGo)", fields: []string{`basic realm="SOGo"`}, want: `basic realm="SOGo"`},
	{name: "quoted pairs: the letter n, a quote, a backslash (5.6.4)", fields: []string{`Bearer realm="a\nb\"c\\", Basic realm="b"`},
		want: `Bearer realm="anb\"c\\"; Basic realm="b"`},
	{name: "escaped quotes around JSON (MSAL)", fields: []string{`Bearer claims="{\"a\":1}"`}, want: `Bearer claims="{\"a\":1}"`},
	{name: "backslash before the closing quote", fields: []string{`Bearer realm="a\\", Basic realm="b"`}, want: `Bearer realm="a\\"; Basic realm="b"`},
	{name: "a challenge inside a quoted string is none", fields: []string{`Basic realm="x, Bearer authorization_uri=\"https://evil.example\""`},
		want: `Basic realm="x, Bearer authorization_uri=\"https://evil.example\""`},
	{name: "obs-text and tab in a quoted string", fields: []string{"Basic realm=\"\xe4\t\xff\""}, want: "Basic realm=\"\xe4\t\xff\""},
	{name: "Kelvin sign is not k", fields: []string{"Bearer \u212Aey=\"v\""}, kind: bearer.BadByte, offset: 7, lenient: "Bearer",
		repairs: []bearer.RepairKind{bearer.StrayElement}},
	{name: "same name in other case", fields: []string{`Bearer realm="a", REALM="b", Basic realm="c"`}, want: `Basic realm="c"`,
		kind: bearer.DuplicateName, offset: 18, lenient: `Bearer realm="a"; Basic realm="c"`, repairs: []bearer.RepairKind{bearer.DuplicateParam}},
	{name: "unquoted URL (Dataverse)", fields: []string{`Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, resource_id=https://org.crm.dynamics.com/`},
		kind: bearer.BadByte, offset: 30,
		lenient: `Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", resource_id="https://org.crm.dynamics.com/"`,
		repairs: []bearer.RepairKind{bearer.UnquotedValue, bearer.UnquotedValue}},
	{name: "unquoted slash (regclient#265)", fields: []string{`Bearer realm=/`}, kind: bearer.BadByte, offset: 13,
		lenient: `Bearer realm="/"`, repairs: []bearer.RepairKind{bearer.UnquotedValue}},
	{name: "missing comma (Key Vault)", fields: []string{`Bearer authorization="https://login.windows.net/t" resource="https://vault.azure.net"`},
		kind: bearer.NoComma, offset: 51, lenient: `Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net"`,
		repairs: []bearer.RepairKind{bearer.MissingComma}},
	{name: "missing comma, then Basic", fields: []string{`Bearer resource="r" client_id="c",Basic Realm=""`}, want: `Basic Realm=""`,
		kind: bearer.NoComma, offset: 20, lenient: `Bearer resource="r", client_id="c"; Basic Realm=""`, repairs: []bearer.RepairKind{bearer.MissingComma}},
	{name: "unquoted token_types", fields: []string{`Bearer token_types=app_asserted_user_v1 service_asserted_app_v1, error="e"`},
		kind: bearer.NoComma, offset: 40, lenient: `Bearer token_types="app_asserted_user_v1 service_asserted_app_v1", error="e"`,
		repairs: []bearer.RepairKind{bearer.UnquotedSpaces}},
	{name: "empty unquoted value", fields: []string{`Bearer a="b", realm=, error="e"`}, kind: bearer.NoValue, offset: 20,
		lenient: `Bearer a="b", realm="", error="e"`, repairs: []bearer.RepairKind{bearer.EmptyValue}},
	{name: "a comma that may be part of the value", fields: []string{`Bearer authorization_uri=https://x/?a=1,2, Basic realm="b"`},
		kind: bearer.BadByte, offset: 30, want: `Basic realm="b"`, lenient: `Basic realm="b"`},
	{name: "parameter before any scheme", fields: []string{`realm="x", Bearer a="b"`}, want: `Bearer a="b"`, kind: bearer.NoScheme, offset: 0,
		repairs: []bearer.RepairKind{bearer.StrayElement}},
	{name: "= first (josegomezr panics)", fields: []string{`=a realm="b"`}, kind: bearer.BadByte, offset: 0, repairs: []bearer.RepairKind{bearer.StrayElement}},
	{name: "= last (abbot panics)", fields: []string{`Digest realm="a", qop=`}, kind: bearer.NoValue, offset: 22,
		lenient: `Digest realm="a", qop=""`, repairs: []bearer.RepairKind{bearer.EmptyValue}},
	{name: "unterminated quote", fields: []string{`Basic realm="a", Bearer realm="b`, `NTLM`}, want: `Basic realm="a"; NTLM`, kind: bearer.OpenQuote, offset: 30},
	{name: "escape at the end", fields: []string{`Basic realm="a\`}, kind: bearer.OpenQuote, offset: 12},
	{name: "quote in a token", fields: []string{`Basic realm=a"b"`}, kind: bearer.BadByte, offset: 13},
	{name: "control characters", fields: []string{"Basic realm=\"a\x00b\"", "Basic realm=\"a\nb\"", "Basic realm=\"\x7f\"", "NTLM"}, want: "NTLM", kind: bearer.ControlByte, offset: 14},
	{name: "scheme with junk", fields: []string{`Ba/sic realm="a", Bearer b="c"`}, want: `Bearer b="c"`, kind: bearer.BadByte, offset: 2,
		repairs: []bearer.RepairKind{bearer.StrayElement}},
	{name: "words without commas", fields: []string{`Bearer one two three`}, kind: bearer.NoComma, offset: 7},
}

var challengeCases = slices.Concat(grammarCases, shapeCases, defectCases)

func render(challenges []bearer.Challenge) string {
	var out []string
	for _, c := range challenges {
		out = append(out, c.String())
	}
	return strings.Join(out, "; ")
}

func TestParse(t *testing.T) {
	for _, tt := range challengeCases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bearer.Parse(tt.fields)
			if diff := cmp.Diff(tt.want, render(got)); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.fields, diff)
			}
			var syntax *bearer.SyntaxError
			if !errors.As(err, &syntax) {
				if err != nil || tt.kind != "" {
					t.Errorf("Parse(%q) = %v, want kind %q", tt.fields, err, tt.kind)
				}
				return
			}
			if syntax.Kind != tt.kind || syntax.Offset != tt.offset {
				t.Errorf("Parse(%q) = %q at %d, want %q at %d", tt.fields, syntax.Kind, syntax.Offset, tt.kind, tt.offset)
			}
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("error %q holds a byte that does not print", err)
			}
		})
	}
}

func TestParseLenient(t *testing.T) {
	for _, tt := range challengeCases {
		t.Run(tt.name, func(t *testing.T) {
			got, repairs, _ := bearer.ParseLenient(tt.fields)
			want := tt.lenient
			switch want {
			case "":
				want = tt.want
			case "-":
				want = ""
			}
			if diff := cmp.Diff(want, render(got)); diff != "" {
				t.Errorf("ParseLenient(%q) (-want +got):\n%s", tt.fields, diff)
			}
			var kinds []bearer.RepairKind
			for _, r := range repairs {
				kinds = append(kinds, r.Kind)
			}
			if diff := cmp.Diff(tt.repairs, kinds); diff != "" {
				t.Errorf("ParseLenient(%q) repairs (-want +got):\n%s", tt.fields, diff)
			}
		})
	}
}

func TestGet(t *testing.T) {
	c := bearer.Challenge{Scheme: "bEARER", Params: []bearer.Param{{Name: "Realm", Value: ""}}}
	if v, ok := c.Get("REALM"); v != "" || !ok {
		t.Errorf("Get of an empty parameter = %q, %v", v, ok)
	}
	if _, ok := c.Get("error"); ok {
		t.Error("Get of an absent parameter reports true")
	}
	if !c.Is("Bearer") || c.Is("Basic") {
		t.Error("Is does not compare without regard to case")
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		c    bearer.Challenge
		want string
	}{
		{bearer.Challenge{Scheme: "Negotiate"}, "Negotiate"},
		{bearer.Challenge{Scheme: "Negotiate", Token68: "a=="}, "Negotiate a=="},
		{bearer.Challenge{Scheme: "Basic", Params: []bearer.Param{{"realm", `a"\b`}, {"x", ""}}}, `Basic realm="a\"\\b", x=""`},
	} {
		if got, err := bearer.Format(tt.c); got != tt.want || err != nil {
			t.Errorf("Format(%+v) = %q, %v; want %q", tt.c, got, err, tt.want)
		}
	}
	for _, c := range []bearer.Challenge{
		{}, {Scheme: "a b"}, {Scheme: "A", Token68: "=="}, {Scheme: "A", Token68: "a b"},
		{Scheme: "A", Token68: "a", Params: []bearer.Param{{"b", "c"}}},
		{Scheme: "A", Params: []bearer.Param{{"a", "x\r\nSet-Cookie: y"}}}, {Scheme: "A", Params: []bearer.Param{{"a", "\x00"}}},
		{Scheme: "A", Params: []bearer.Param{{"", "b"}}}, {Scheme: "A", Params: []bearer.Param{{"a", "b"}, {"A", "c"}}},
	} {
		if got, err := bearer.Format(c); !errors.Is(err, bearer.ErrFormat) || c.String() != "" {
			t.Errorf("Format(%+v) = %q, %v; want ErrFormat", c, got, err)
		}
	}
}

func TestValuesAreSubstrings(t *testing.T) {
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := bearer.Parse(seed004); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 2 {
		t.Errorf("Parse allocates %v times, want at most 2", allocs)
	}
	if !reflect.DeepEqual(must(bearer.Parse(seed004)), must(bearer.Parse(seed004))) {
		t.Error("Parse is not deterministic")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
