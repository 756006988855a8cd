package token

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// A claims challenge in each of its forms, and on both sides of its limits.
func TestClaimsForms(t *testing.T) {
	const object = `{"a":"?>~?>~"}` // whose base64 has both characters that the alphabets differ in
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	if !strings.ContainsAny(std([]byte(object)), "+/") {
		t.Fatal("not the object that this test needs")
	}
	fill := func(n int) string { return `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}` }
	for _, tt := range []struct {
		in, want string // "": refused
	}{
		{object, `{"a":"?\u003e~?\u003e~"}`},
		{std([]byte(object)), `{"a":"?\u003e~?\u003e~"}`},
		{raw([]byte(object)), `{"a":"?\u003e~?\u003e~"}`},
		{base64.URLEncoding.EncodeToString([]byte(object)), `{"a":"?\u003e~?\u003e~"}`},
		{" " + std([]byte(`{"a": 1}`)) + "\n", `{"a":1}`},
		{`{ "b" : 1, "a" : [ 2 ] }`, `{"a":[2],"b":1}`},
		{"", ""}, {" ", ""}, {"{", ""}, {"{}x", ""}, {"null", ""}, {std([]byte("null")), ""}, {std([]byte(`[1]`)), ""}, {std([]byte(`"a"`)), ""}, {"%%%", ""}, {std([]byte("{")), ""},
		{fill(maxClaims), fill(maxClaims)}, {fill(maxClaims + 1), ""}, {raw([]byte(fill(maxClaims))), fill(maxClaims)}, {raw([]byte(fill(maxClaims + 1))), ""},
		{`{"a":"` + strings.Repeat("<", maxClaims/6-2) + `"}`, `{"a":"` + strings.Repeat(`\u003c`, maxClaims/6-2) + `"}`},
		{`{"a":"` + strings.Repeat("<", maxClaims/6) + `"}`, ""},
		{`{"a":1}` + strings.Repeat(" ", 3*maxClaims), `{"a":1}`},
	} {
		got, err := DecodeClaims(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, ErrClaims) {
			t.Errorf("DecodeClaims(%.40q) = %.60q, %v; want %.60q", tt.in, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		challenge    string
		capabilities []string
		want         string // "-": refused
	}{
		{"", nil, ""},
		{"", []string{"cp1"}, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`},
		{`{"access_token":{"acrs":1},"id_token":{}}`, []string{"cp1", "cp2"}, `{"access_token":{"acrs":1,"xms_cc":{"values":["cp1","cp2"]}},"id_token":{}}`},
		{`{"access_token":null}`, []string{"cp1"}, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`},
		{`{"access_token":7}`, []string{"cp1"}, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`},
		{`{"a": 1}`, nil, `{"a":1}`},
		{`{`, []string{"cp1"}, "-"}, {`{`, nil, "-"},
	} {
		got, err := claimsParameter(tt.challenge, tt.capabilities)
		if tt.want == "-" && !errors.Is(err, ErrClaims) || tt.want != "-" && (err != nil || got != tt.want) {
			t.Errorf("claims of %s and %q = %s, %v; want %s", tt.challenge, tt.capabilities, got, err, tt.want)
		}
	}
}
