package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/token"
)

// entraPayload has the claims of an access token of version 1.0 as the claims reference of
// Microsoft Entra ID lists them.
const entraPayload = `{"aud":"https://mail.contoso.com","iss":"https://sts.windows.net/5de110f8-2e0f-4d45-891d-bcf2218e253d/",` +
	`"iat":1772366400,"nbf":1772366400,"exp":1772371234,"acct":0,"acr":"1","aio":"AVQAq/8TAAAAqkqkHVYFi3lBrH0zYvF9yQ5xkJ8mB1oYzXbQwRtUyIoPaSdFgHjKlZxCvBnM",` +
	`"amr":["pwd","mfa"],"appid":"11111111-2222-3333-4444-555555555555","appidacr":"0","family_name":"Lovelace","given_name":"Ada",` +
	`"ipaddr":"203.0.113.7","name":"Ada","oid":"0a1b2c3d-0000-1111-2222-333344445555","onprem_sid":"S-1-5-21-1111111111-2222222222-3333333333-1234",` +
	`"puid":"10032001ABCDEF01","rh":"0.AXoAABBCCDDEEFF00112233445566778899AABBCCDDEEFF","scp":"EAS.AccessAsUser.All EWS.AccessAsUser.All",` +
	`"sid":"00a1b2c3-aaaa-bbbb-cccc-ddddeeeeffff","sub":"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg","tid":"5de110f8-2e0f-4d45-891d-bcf2218e253d",` +
	`"unique_name":"ada@contoso.com","upn":"ada@contoso.com","uti":"AbCdEfGhIjKlMnOpQrStUv","ver":"1.0","wids":["b79fbf4d-3ef9-4689-8143-76b194e85509"],` +
	`"xms_idrel":"1 2","xms_st":{"sub":"ZyXwVuTsRqPoNmLkJiHgFeDcBa9876543210zyxwvut"}}`

const entraHeader = `{"typ":"JWT","nonce":"c2VjcmV0LW5vbmNl","alg":"RS256","x5t":"AbCdEfGhIjKlMnOpQrStUvWxYz0","kid":"AbCdEfGhIjKlMnOpQrStUvWxYz0"}`

func entraToken() string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(entraHeader)) + "." + e([]byte(entraPayload)) + "." + e(make([]byte, 256))
}

func TestInspect(t *testing.T) {
	got, err := token.Inspect(entraToken())
	if err != nil {
		t.Fatal(err)
	}
	want := &token.Claims{
		Issuer: "https://sts.windows.net/5de110f8-2e0f-4d45-891d-bcf2218e253d/", Audience: []string{"https://mail.contoso.com"},
		Subject: "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg", Expiry: time.Unix(1772371234, 0), NotBefore: time.Unix(1772366400, 0),
		IssuedAt: time.Unix(1772366400, 0), Tenant: "5de110f8-2e0f-4d45-891d-bcf2218e253d", Object: "0a1b2c3d-0000-1111-2222-333344445555",
		AppID: "11111111-2222-3333-4444-555555555555", Username: "ada@contoso.com", Scope: "EAS.AccessAsUser.All EWS.AccessAsUser.All",
		Version: "1.0", Algorithm: "RS256", KeyID: "AbCdEfGhIjKlMnOpQrStUvWxYz0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Inspect (-want +got)\n%s", diff)
	}
	if !got.HasScope("EAS.AccessAsUser.All") || got.HasScope("EAS.AccessAsUser") {
		t.Error("HasScope compares parts of permissions")
	}
	if s := fmt.Sprint(slog.AnyValue(got).Resolve()); strings.Contains(s, "ada@contoso.com") {
		t.Errorf("the log value %s names the user", s)
	}
}

func TestInspectClaims(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		want          token.Claims // Algorithm is set by the test
	}{
		{"empty", `{}`, token.Claims{}},
		{"audiences", `{"aud":["https://a","https://b"]}`, token.Claims{Audience: []string{"https://a", "https://b"}}},
		{"no audiences", `{"aud":[]}`, token.Claims{}},
		{"audience that is a number", `{"aud":7}`, token.Claims{Malformed: []string{"aud"}}},
		{"audiences of odd types", `{"aud":["https://a",7]}`, token.Claims{Audience: []string{"https://a"}, Malformed: []string{"aud"}}},
		{"the last of two counts", `{"aud":"https://a","aud":"https://b"}`, token.Claims{Audience: []string{"https://b"}}},
		{"escapes", `{"iss":"https:\/\/\u0061.example\n","\u0061ud":"x"}`, token.Claims{Issuer: "https://a.example\n", Audience: []string{"x"}}},
		{"azp", `{"azp":"x","preferred_username":"bob@contoso.com"}`, token.Claims{AppID: "x", Username: "bob@contoso.com"}},
		{"upn before the others", `{"upn":"a@contoso.com","preferred_username":"b@contoso.com"}`, token.Claims{Username: "a@contoso.com"}},
		{"S081 exp with a fraction", `{"exp":1700000000.75}`, token.Claims{Expiry: time.Unix(1700000000, 0)}},
		{"exp with an exponent", `{"exp":1.7e9}`, token.Claims{Expiry: time.Unix(1700000000, 0)}},
		{"exp in the year 9999", `{"exp":253402300799}`, token.Claims{Expiry: time.Unix(253402300799, 0)}},
		{"S081 exp too large", `{"exp":1e300}`, token.Claims{Malformed: []string{"exp"}}},
		{"exp out of range", `{"exp":1e999}`, token.Claims{Malformed: []string{"exp"}}},
		{"S081 exp negative", `{"exp":-1}`, token.Claims{Malformed: []string{"exp"}}},
		{"S081 exp in a string", `{"exp":"1700000000"}`, token.Claims{Malformed: []string{"exp"}}},
		{"exp null", `{"exp":null,"nbf":true,"iat":{}}`, token.Claims{Malformed: []string{"exp", "nbf", "iat"}}},
		{"texts of odd types", `{"iss":1,"tid":[],"scp":null}`, token.Claims{Malformed: []string{"iss", "tid", "scp"}}},
		{"white space", " { \"iss\" : \"x\" , \"a\" : [ 1 , {} , [ ] ] } ", token.Claims{Issuer: "x"}},
		{"invalid UTF-8", "{\"iss\":\"\xff\"}", token.Claims{Issuer: "\uFFFD"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Algorithm = "RS256"
			got, err := token.Inspect(unsigned(`{"alg":"RS256"}`, tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("Inspect(%s) (-want +got)\n%s", tt.payload, diff)
			}
		})
	}
}

func TestInspectOpaque(t *testing.T) {
	good := entraToken()
	for name, raw := range map[string]string{
		"empty":                   "",
		"S082 opaque":             "EwB4A8l6BAAUO9chh8cJscQLmU+LSWpbnr0vmwwAAQ==",
		"two parts":               "a.b",
		"S078 four parts":         good + ".x",
		"S078 five parts, as JWE": "a.b.c.d.e",
		"S078 20 MB":              strings.Repeat("a", 20<<20),
		"S078 10 MB of dots":      strings.Repeat(".", 10<<20),
		"leading space":           " " + good,
		"S078 trailing space":     good + " ",
		"S078 line break inside":  good[:40] + "\n" + good[40:],
		"padding":                 base64.URLEncoding.EncodeToString([]byte(`{"alg":"RS256"} `)) + "." + "e30" + ".x",
		"standard alphabet":       "eyJhbGciOiJSUzI1NiJ9.eyJhIjoi+/8ifQ.x",
		"payload is an array":     unsigned(`{"alg":"RS256"}`, `[]`),
		"payload is a text":       unsigned(`{"alg":"RS256"}`, `"x"`),
		"payload is torn":         unsigned(`{"alg":"RS256"}`, `{"aud":"x"`),
		"payload has a tail":      unsigned(`{"alg":"RS256"}`, `{}{}`),
		"no algorithm":            unsigned(`{}`, `{}`),
		"header is no object":     unsigned(`1`, `{}`),
		"deep":                    unsigned(`{"alg":"RS256"}`, `{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`),
		"S078 JSON serialisation": `{"payload":"e30","signatures":[]}`,
	} {
		if c, err := token.Inspect(raw); !errors.Is(err, token.ErrOpaque) {
			t.Errorf("%s: Inspect = %+v, %v; want ErrOpaque", name, c, err)
		}
	}
}

// FuzzInspect holds the scanner against encoding/json.
func FuzzInspect(f *testing.F) {
	f.Add(entraHeader, entraPayload)
	for _, s := range []string{`{}`, `{"aud":["a",1,null,{"b":[]}]}`, `{"exp":1e300}`, `{"a":"\ud800"}`, `{"a":-0.0e-1}`, `{"a":01}`, `[`, `{"a":tru}`, "{\"a\":\"\t\"}", "{\"iss\":\"\xff\xfe\"}"} {
		f.Add(`{"alg":"RS256"}`, s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, header, payload string) {
		raw := unsigned(header, payload)
		c, err := token.Inspect(raw)
		var m map[string]any
		isObject := json.Unmarshal([]byte(payload), &m) == nil && m != nil && len(raw) <= 64<<10
		if err != nil {
			if !errors.Is(err, token.ErrOpaque) {
				t.Fatalf("Inspect = %v, want ErrOpaque", err)
			}
			return
		}
		if !json.Valid([]byte(payload)) || !json.Valid([]byte(header)) {
			t.Fatalf("Inspect took %q %q for JSON", header, payload)
		}
		if isObject {
			if s, ok := m["iss"].(string); ok && s != c.Issuer && !strings.Contains(payload, `\`) && strings.Count(payload, `"iss"`) == 1 {
				t.Fatalf("iss = %q, want %q", c.Issuer, s)
			}
		}
		if c.Expiry.Year() > 9999 {
			t.Fatalf("exp = %v", c.Expiry)
		}
		_ = token.CheckAudience(c.Audience, endpoint)
	})
}

func BenchmarkInspect(b *testing.B) {
	raw := entraToken()
	b.Logf("%d bytes", len(raw))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.Inspect(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func TestInspectAllocations(t *testing.T) {
	raw := entraToken()
	if n := testing.AllocsPerRun(100, func() { token.Inspect(raw) }); n > 10 {
		t.Errorf("Inspect of %d bytes allocates %v times, want at most 10", len(raw), n)
	}
}
