package token

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The scanner accepts what encoding/json does, and reads the same from it: a value of each form
// with each byte in each place.
func TestScannerIsJSON(t *testing.T) {
	check := func(text string) {
		t.Helper()
		got := map[string]string{}
		err := scanObject(text, func(name string, v jsonValue) { got[name] = v.raw })
		var want map[string]json.RawMessage
		valid := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && json.Unmarshal([]byte(text), &want) == nil
		if (err == nil) != valid {
			t.Errorf("scanObject(%q) = %v, and encoding/json takes it: %v", text, err, valid)
		}
		if !valid || err != nil {
			return
		}
		raw := map[string]string{}
		for name, v := range want {
			raw[name] = string(v)
		}
		if diff := cmp.Diff(raw, got); diff != "" {
			t.Errorf("scanObject(%q) (-encoding/json +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", "{", "}", "{}", " { } ", "\t\r\n{}", "{} x", "[]", "null", `{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`,
		`{"a":1,"b":2}`, `{"a" : 1 , "b" : 2 }`, `{a:1}`, `{"a":{}}`, `{"a":{"b":[]}}`, `{"a":[1,2]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":[ 1 , 2 ]}`,
		`{"a":[}`, `{"a":[]`, `{"a":[1`, `{"a":"`, `{"a":"\`, `{"a":"\u`, `{"a":"\u00e`, `{"a":"\u00e9"}`, `{"a\"b":1}`, `{"a":tru}`, `{"a":nul}`, `{"a":falsey}`,
		`{"a":1.}`, `{"a":.1}`, `{"a":01}`, `{"a":-}`, `{"a":-0}`, `{"a":-01}`, `{"a":0.0}`, `{"a":1e}`, `{"a":1e+}`, `{"a":1E-2}`, `{"a":1e2.0}`, `{"a":+1}`, `{"a":--1}`,
		`{"a":0`, `{"a":0e1}`, `{"a":00}`, `{"a":1.5e+10}`, `{"":""}`, `{"a":"é` + "\xff" + `"}`} {
		check(text)
	}
	for _, form := range []string{"*", "{*}", `{*"a":1}`, `{"a*":1}`, `{"a"*:1}`, `{"a":*}`, `{"a":*1}`, `{"a":1*}`, `{"a":1*2}`, `{"a":-*}`, `{"a":0*}`, `{"a":1.*}`, `{"a":1.0*}`,
		`{"a":1e*}`, `{"a":1e*2}`, `{"a":1*2}`, `{"a":"*"}`, `{"a":"\*"}`, `{"a":"\u*000"}`, `{"a":"\u0*00"}`, `{"a":"\u00*0"}`, `{"a":"\u000*"}`, `{"a":[*]}`, `{"a":[1*2]}`, `{"a":{*}}`,
		`{"a":t*ue}`, `{"a":tru*}`, `{"a":true*}`, `{"a":f*lse}`, `{"a":n*ll}`, `{"a":1}*`, `*{"a":1}`} {
		for c := range 256 {
			check(strings.Replace(form, "*", string([]byte{byte(c)}), 1))
		}
	}
}

// Nesting is bounded, for objects as for arrays.
func TestScannerDepth(t *testing.T) {
	for _, brackets := range []string{"{}", "[]"} {
		for depth, want := range map[int]bool{maxDepth: true, maxDepth + 1: false} {
			inner := strings.Repeat(brackets[:1], depth)
			if brackets == "{}" {
				inner = strings.Repeat(`{"a":`, depth-1) + "{"
			}
			text := `{"a":` + inner + strings.Repeat(brackets[1:], depth) + "}"
			if err := scanObject(text, func(string, jsonValue) {}); (err == nil) != want {
				t.Errorf("%d times %s: %v, want ok = %v", depth, brackets, err, want)
			}
		}
	}
}

// An array that is read by itself is bounded as well.
func TestScannerArrayDepth(t *testing.T) {
	for depth, want := range map[int]bool{maxDepth + 1: true, maxDepth + 2: false} {
		if err := scanArray(strings.Repeat("[", depth)+strings.Repeat("]", depth), func(jsonValue) {}); (err == nil) != want {
			t.Errorf("%d arrays: %v, want ok = %v", depth, err, want)
		}
	}
}

// Names that come twice are noticed, by what they mean, and there is an end to comparing them.
func TestScannerNames(t *testing.T) {
	for text, want := range map[string]error{`{"a":1,"b":2}`: nil, `{"a":1,"a":2}`: errRepeated, `{"a":1,"b":2,"\u0061":3}`: errRepeated, `{"a":1,"a":2`: errJSON, `{"a":{"a":1}}`: nil} {
		var names []string
		if err := scanUnique(text, func(name string, _ jsonValue) { names = append(names, name) }); err != want {
			t.Errorf("scanUnique(%q) = %v, want %v", text, err, want)
		}
		if want == errRepeated && strings.Count(strings.Join(names, ""), "a") != 1 {
			t.Errorf("scanUnique(%q) hands out %q", text, names)
		}
	}
	for n, want := range map[int]error{maxMembers: nil, maxMembers + 1: errRepeated} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":0`, i)
		}
		if err := scanUnique("{"+b.String()[1:]+"}", func(string, jsonValue) {}); err != want {
			t.Errorf("%d members: %v, want %v", n, err, want)
		}
	}
	for raw, want := range map[string]string{`"a"`: "a", `""`: "", `"\u00e9\n"`: "é\n", "\"\xff\"": "�", `"é"`: "é"} {
		if got := (jsonValue{'"', raw}).string(); got != want {
			t.Errorf("the string %q is %q, want %q", raw, got, want)
		}
	}
	for text, want := range map[string]string{`[]`: "", `["a","b"]`: `"a""b"`, `["a",1]`: `"a"1`, `["a"`: "bad", `"a"`: "bad"} {
		got := ""
		if err := scanArray(text, func(v jsonValue) { got += v.raw }); err != nil {
			got = "bad"
		}
		if got != want {
			t.Errorf("scanArray(%q) = %q, want %q", text, got, want)
		}
	}
}

// What is sent or shown is held to its alphabet, byte by byte.
func TestAlphabets(t *testing.T) {
	const letters, digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	printable := ""
	for c := '!'; c <= '~'; c++ {
		printable += string(c)
	}
	without := func(s, cut string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(cut, r) {
				return -1
			}
			return r
		}, s)
	}
	for _, tt := range []struct {
		name    string
		is      func(string) bool
		allowed string
	}{
		{"isToken68", func(s string) bool { return isToken68("a" + s + "b") }, letters + digits + "-._~+/"},
		{"isScopeToken", func(s string) bool { return isScopeToken("a" + s + "b") }, without(printable, `"\`)},
		{"isErrorCode", func(s string) bool { return isErrorCode("a" + s + "b") }, letters[:26] + "_"},
		{"isBase64URL", func(s string) bool { return isBase64URL("a" + s + "b") }, letters + digits + "-_"},
		{"quotable", func(s string) bool { return quotable(s) == s }, " ." + without(printable, `"'\.`)},
		{"isHex", func(s string) bool { return isHex(s[0]) }, digits + "abcdefABCDEF"},
	} {
		for c := range 128 {
			s := string([]byte{byte(c)})
			if want := strings.Contains(tt.allowed, s); tt.is(s) != want {
				t.Errorf("%s takes %q: %v, want %v", tt.name, s, !want, want)
			}
		}
		if s := "\x80"; tt.name != "quotable" && tt.is(s) {
			t.Errorf("%s takes %q", tt.name, s)
		}
	}
	for s, want := range map[string]bool{"": false, "=": false, "a": true, "a=": true, "a==": true, "a=b": false, "=a": false} {
		if isToken68(s) != want {
			t.Errorf("isToken68(%q) = %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"": false, strings.Repeat("a", 40): true, strings.Repeat("a", 41): false} {
		if isErrorCode(s) != want {
			t.Errorf("isErrorCode(%q) = %v", s, !want)
		}
	}
	if isScopeToken("") || quotable("aé\x7f\x80") != "a..." {
		t.Errorf("an empty scope, or %q", quotable("aé\x7f\x80"))
	}
}

// A span or a point in time comes in many forms. One that makes no sense does not count.
func TestNumbers(t *testing.T) {
	const year = maxLifetime
	now := time.Unix(1_700_000_000, 0)
	for raw, want := range map[string]time.Duration{
		"1": time.Second, "0.99": 0, "0": 0, "-1": 0, "1.5": 1500 * time.Millisecond, `"60"`: time.Minute, `" 60 "`: time.Minute, `"1e2"`: 100 * time.Second, "1E2": 100 * time.Second,
		"+1": time.Second, "null": 0, "true": 0, `""`: 0, `"abc"`: 0, `"0x10"`: 0, `"Inf"`: 0, `"1_0"`: 0, "[1]": 0, "": 0,
		"31622400": year, "31622399": year - time.Second, "31622401": year, "1e300": year, "1e999": year, "1:": 0, "1/": 0,
		strings.Repeat("0", 63) + "9": 9 * time.Second, strings.Repeat("0", 64) + "9": 0, "9": 9 * time.Second, "99": 99 * time.Second,
	} {
		if got, ok := seconds(json.RawMessage(raw)); got != want || ok != (want != 0) {
			t.Errorf("seconds(%s) = %v, %v; want %v", raw, got, ok, want)
		}
	}
	for _, tt := range []struct {
		raw, date string
		want      time.Duration
	}{
		{"1700003600", "", time.Hour},
		{`"1700003600"`, "", time.Hour},
		{"1700000000", "", 0},
		{"1700000001", "", time.Second},
		{"1699999999", "", 0},
		{"1700003600", now.Add(time.Minute).UTC().Format(http.TimeFormat), 59 * time.Minute},
		{"1700003600", now.Add(time.Hour).UTC().Format(http.TimeFormat), 0},
		{"1700003600", "yesterday", time.Hour},
		{"1000000000", now.Add(-700_000_010 * time.Second).UTC().Format(http.TimeFormat), 10 * time.Second},
		{"999999999", now.Add(-700_000_010 * time.Second).UTC().Format(http.TimeFormat), 0},
		{"2147483647000", "", year},
		{"2147483648000", "", 0},
		{"1731622400", "", year},
		{"1731622399", "", year - time.Second},
		{"x", "", 0},
		{"", "", 0},
	} {
		h := http.Header{}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got, ok := until(json.RawMessage(tt.raw), h, now); got != tt.want || ok != (tt.want != 0) {
			t.Errorf("until(%s) at %q = %v, %v; want %v", tt.raw, tt.date, got, ok, tt.want)
		}
	}
	for _, tt := range []struct {
		raw  string
		want int64 // -1: malformed
	}{
		{"0", 0}, {"1700000000", 1_700_000_000}, {"1700000000.9", 1_700_000_000}, {"1.7e9", 1_700_000_000}, {"-1", -1}, {"-0.5", -1}, {"253402300799", maxTime}, {"253402300800", -1},
		{"253402300799.0", maxTime}, {"253402300799.5", -1}, {"1e300", -1}, {"1e999", -1}, {`"1"`, -1}, {"null", -1}, {"0.0", 0},
	} {
		var c Claims
		at := time.Unix(9, 9)
		kind := tt.raw[0]
		if kind == '-' || kind >= '0' && kind <= '9' {
			kind = '0'
		}
		c.time(&at, "exp", jsonValue{kind, tt.raw})
		if bad := len(c.Malformed) == 1; bad != (tt.want < 0) || bad && !at.IsZero() || !bad && !at.Equal(time.Unix(tt.want, 0)) {
			t.Errorf("time %s = %v, malformed %q", tt.raw, at, c.Malformed)
		}
	}
	if math.MaxInt32*1000.0 != 2147483647000 {
		t.Error("the limit has moved")
	}
}

// A grant as the endpoint sends it: with all members, with none, and with odd ones.
func TestParseGrant(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	at := func(d time.Duration) time.Time { return now.Add(d) }
	for body, want := range map[string]grant{
		`{"access_token":"at","token_type":"BEARER","refresh_token":"rt","id_token":"id","scope":"a b","expires_in":3600,"refresh_in":1800,"refresh_token_expires_in":7200}`: {
			access: "at", tokenType: "Bearer", refresh: "rt", idToken: "id", scope: "a b", expiry: at(time.Hour), refreshAt: at(30 * time.Minute), refreshExpiry: at(2 * time.Hour)},
		`{"access_token":"at"}`: {access: "at", tokenType: "Bearer", expiry: at(DefaultAccessLifetime)},
		`{"access_token":"at","expires_in":0,"expires_on":1700000600}`:                       {access: "at", tokenType: "Bearer", expiry: at(10 * time.Minute)},
		`{"access_token":"at","expires_in":60,"expires_on":1700000600}`:                      {access: "at", tokenType: "Bearer", expiry: at(time.Minute)},
		`{"access_token":"at","expires_in":60,"refresh_in":60}`:                              {access: "at", tokenType: "Bearer", expiry: at(time.Minute)},
		`{"access_token":"at","expires_in":60,"refresh_in":59}`:                              {access: "at", tokenType: "Bearer", expiry: at(time.Minute), refreshAt: at(59 * time.Second)},
		`{"access_token":"at","expires_in":60,"refresh_in":0}`:                               {access: "at", tokenType: "Bearer", expiry: at(time.Minute)},
		`{"access_token":"at","expires_in":60,"refresh_in":-5,"refresh_token_expires_in":0}`: {access: "at", tokenType: "Bearer", expiry: at(time.Minute)},
	} {
		m, whole := members([]byte(body))
		got := parseGrant(m, http.Header{}, now)
		if diff := cmp.Diff(want, *got, cmp.AllowUnexported(grant{})); diff != "" || !whole {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		tok, err := got.token()
		if err != nil {
			t.Fatal(err)
		}
		for name, set := range map[string]bool{"id_token": want.idToken != "", "scope": want.scope != "", "refresh_at": !want.refreshAt.IsZero(), "refresh_token_expiry": !want.refreshExpiry.IsZero()} {
			if got := tok.Extra(name) != nil; got != set {
				t.Errorf("%s: Extra(%s) is there: %v, want %v", body, name, got, set)
			}
		}
	}
	for body, want := range map[string]string{
		`{"token_type":"mac","access_token":"at","refresh_token":"rt"}`: `type "mac"`,
		`{"refresh_token":"rt"}`:                                        "no access token",
		`{"access_token":"a t","refresh_token":"rt"}`:                   "characters that no Authorization field",
		`{"access_token":"at\n","token_type":"x","refresh_token":"rt"}`: "characters that no Authorization field",
	} {
		m, _ := members([]byte(body))
		g := parseGrant(m, http.Header{"X-Ms-Request-Id": {"req"}}, now)
		if g.problem == nil || !strings.Contains(g.problem.Error(), want) || g.refresh != "rt" {
			t.Errorf("%s: %v with %q, want %q", body, g.problem, g.refresh, want)
		}
		if te, ok := g.problem.(*TransientError); ok && (te.Status != 200 || te.RequestID != "req") {
			t.Errorf("%s: %+v", body, te.Refusal)
		}
		if _, err := g.token(); err != g.problem {
			t.Errorf("%s: token = %v", body, err)
		}
	}
}
