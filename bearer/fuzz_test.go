package bearer_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
)

// grammar is the field of RFC 9110 section 11.6.1 written down as one regular expression,
// over bytes as Latin-1: an oracle that shares nothing with the parser.
var grammar = func() *regexp.Regexp {
	const (
		ows       = `[ \t]*`
		token     = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
		token68   = `[A-Za-z0-9\-._~+/]+=*`
		quoted    = `"(?:[\t !#-\[\]-~\x{80}-\x{ff}]|\\[\t -~\x{80}-\x{ff}])*"`
		param     = token + ows + `=` + ows + `(?:` + token + `|` + quoted + `)`
		params    = `(?:` + param + `)?(?:` + ows + `,` + ows + `(?:` + param + `)?)*`
		challenge = token + `(?: +(?:` + token68 + `|` + params + `))?`
		list      = `(?:` + challenge + `)?(?:` + ows + `,` + ows + `(?:` + challenge + `)?)*`
	)
	return regexp.MustCompile(`\A` + ows + list + ows + `\z`)
}()

func latin1(s string) string {
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}

// agrees reports whether Parse and the grammar are of one mind about a field.
func agrees(field string, err error) bool {
	var syntax *bearer.SyntaxError
	if errors.As(err, &syntax) && (syntax.Kind == bearer.DuplicateName || syntax.Kind == bearer.TooMuch) {
		return true // rules that are not of the grammar
	}
	return grammar.MatchString(latin1(field)) == (err == nil)
}

func TestGrammar(t *testing.T) {
	for _, tt := range challengeCases {
		for _, f := range tt.fields {
			if _, err := bearer.Parse([]string{f}); !agrees(f, err) {
				t.Errorf("Parse(%q) = %v; the grammar says otherwise", f, err)
			}
		}
	}
	// Every string of up to five symbols, or six.
	symbols := []string{"a", "=", ",", " ", "\t", `"`, `\`, "/", "\x00"}
	var try func(prefix string, left int)
	try = func(prefix string, left int) {
		if _, err := bearer.Parse([]string{prefix}); !agrees(prefix, err) {
			t.Fatalf("Parse(%q) = %v; the grammar says otherwise", prefix, err)
		}
		if left > 0 {
			for _, s := range symbols {
				try(prefix+s, left-1)
			}
		}
	}
	depth := 5
	switch {
	case os.Getenv("EASOAUTH_TEST_FULL") != "":
		depth = 6
	case testing.Short() || raceEnabled:
		depth = 4
	}
	try("", depth)
	try("a ", depth-1)
	try("a b=c", depth-1)
	try(`a b="c"`, depth-1)
}

func equal(a, b bearer.Challenge) bool {
	return a.Scheme == b.Scheme && a.Token68 == b.Token68 && slices.Equal(a.Params, b.Params)
}

// addCases adds the table of cases to the seeds of a target whose input is fields split at
// line feeds.
func addCases(f *testing.F) {
	for _, c := range challengeCases {
		f.Add(strings.Join(c.fields, "\n"))
	}
}

func checkSyntaxError(t *testing.T, fields []string, err error) {
	var syntax *bearer.SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("error of %q = %v, want a *SyntaxError", fields, err)
	}
	if syntax.Field < 0 || syntax.Field >= len(fields) || syntax.Offset < 0 || syntax.Offset > len(fields[syntax.Field]) {
		t.Fatalf("error of %q is at field %d, offset %d", fields, syntax.Field, syntax.Offset)
	}
	if text := err.Error(); len(text) > 256 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Fatalf("error of %q prints as %q", fields, text)
	}
}

func FuzzParse(f *testing.F) {
	addCases(f)
	f.Fuzz(func(t *testing.T, s string) {
		fields := strings.Split(s, "\n")
		got, err := bearer.Parse(fields)
		if err != nil {
			checkSyntaxError(t, fields, err)
		}
		if len(fields) == 1 && len(s) < 1<<12 && !agrees(s, err) { // the oracle is slow
			t.Fatalf("Parse(%q) = %v; the grammar says otherwise", s, err)
		}
		for _, c := range got {
			// What was read can be written, and is read back as it was.
			text, ferr := bearer.Format(c)
			again, rerr := bearer.Parse([]string{text})
			if ferr != nil || rerr != nil || len(again) != 1 || !equal(again[0], c) {
				t.Fatalf("Parse(%q) = %+v, %v, %v; want %+v", text, again, ferr, rerr, c)
			}
		}
		if err != nil {
			return
		}
		lenient, repairs, lerr := bearer.ParseLenient(fields)
		if lerr != nil || len(repairs) > 0 || !slices.EqualFunc(lenient, got, equal) {
			t.Fatalf("ParseLenient(%q) = %+v, %v, %v; Parse has %+v", fields, lenient, repairs, lerr, got)
		}
		// All fields may be combined into one (RFC 9110 section 5.2).
		if one, err := bearer.Parse([]string{strings.Join(fields, ",")}); len(fields) > 1 && err == nil && !slices.EqualFunc(one, got, equal) {
			for _, x := range fields[:len(fields)-1] {
				if strings.HasSuffix(strings.TrimRight(x, "\t,"), " ") {
					return // "Scheme " before a comma takes the parameters behind it
				}
			}
			t.Fatalf("Parse of %q in one field = %+v, want %+v", fields, one, got)
		}
	})
}

func FuzzParseLenient(f *testing.F) {
	addCases(f)
	f.Fuzz(func(t *testing.T, s string) {
		fields := strings.Split(s, "\n")
		got, repairs, err := bearer.ParseLenient(fields)
		if err != nil {
			checkSyntaxError(t, fields, err)
		}
		if err == nil && len(repairs) == 0 {
			strict, serr := bearer.Parse(fields)
			if serr != nil || !slices.EqualFunc(strict, got, equal) {
				t.Fatalf("ParseLenient(%q) = %+v without a repair, and Parse has %+v, %v", fields, got, strict, serr)
			}
		}
		for _, r := range repairs {
			if r.Kind == "" || r.Field < 0 || r.Field >= len(fields) || r.Offset < 0 || r.Offset > len(fields[r.Field]) {
				t.Fatalf("ParseLenient(%q): repair %+v", fields, r)
			}
		}
		for _, c := range got {
			if _, err := bearer.Format(c); err != nil {
				t.Fatalf("ParseLenient(%q) = %+v, which cannot be written: %v", fields, c, err)
			}
		}
	})
}

// FuzzUnquoted holds the promise of the repairs: a value that was sent without quotes
// comes out whole or not at all.
func FuzzUnquoted(f *testing.F) {
	for _, v := range []string{"https://login.microsoftonline.com/common", "a,b=c", "https://x/?a=1,realm=2", "a@b,c@d", "a, b", "x y z", `a"b"`, "=", "My Realm, foo"} {
		f.Add(v, true)
		f.Add(v, false)
	}
	f.Fuzz(func(t *testing.T, v string, space bool) {
		comma := ","
		if space {
			comma = ", "
		}
		field := "Bearer authorization_uri=" + v + comma + `resource_id="r"`
		got, _, _ := bearer.ParseLenient([]string{field})
		if len(got) == 0 {
			return
		}
		have, ok := got[0].Get("authorization_uri")
		if !ok || have == v || have == strings.Trim(v, " \t,") {
			return
		}
		rest, isPrefix := strings.CutPrefix(strings.TrimLeft(v, " \t"), have)
		switch {
		case strings.HasPrefix(strings.TrimLeft(v, " \t"), `"`):
			return // a quoted string after all
		case !isPrefix:
			t.Fatalf("ParseLenient(%q): authorization_uri = %q", field, have)
		}
		// A shorter value is right only if an element that is whole follows it: by the
		// grammar, or a parameter behind white space (a missing comma), or one that is
		// repaired itself.
		rest += comma + `resource_id="r"`
		for i := 1; i <= len(rest); i++ {
			element := strings.Trim(rest[:i], " \t,")
			if (i == len(rest) || rest[i] == ',') && element != "" && grammar.MatchString(latin1("Bearer a=b"+rest[:i])) {
				return
			}
		}
		if !strings.Contains(strings.TrimSuffix(rest, comma+`resource_id="r"`), "=") {
			t.Fatalf("ParseLenient(%q): authorization_uri = %q, cut off %q", field, have, rest)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("Bearer", "", "realm", `a"b\c`, "x", "")
	f.Add("Negotiate", "abc==", "", "", "", "")
	f.Add("Basic", "", "realm", "\xe4\t\xff", "charset", "UTF-8")
	f.Add("A", "b=", "", "", "", "")
	f.Fuzz(func(t *testing.T, scheme, token68, n1, v1, n2, v2 string) {
		c := bearer.Challenge{Scheme: scheme, Token68: token68}
		if n1 != "" {
			c.Params = append(c.Params, bearer.Param{Name: n1, Value: v1})
		}
		if n2 != "" {
			c.Params = append(c.Params, bearer.Param{Name: n2, Value: v2})
		}
		s, err := bearer.Format(c, c)
		if err != nil {
			if !errors.Is(err, bearer.ErrFormat) || c.String() != "" {
				t.Fatalf("Format(%+v) = %v, String = %q", c, err, c.String())
			}
			return
		}
		got, err := bearer.Parse([]string{s})
		if err != nil || len(got) != 2 || !equal(got[0], c) || !equal(got[1], c) {
			t.Fatalf("Parse(%q) = %+v, %v; want %+v twice", s, got, err, c)
		}
	})
}

func FuzzDiagnostics(f *testing.F) {
	for _, tt := range diagnosticsCases {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := bearer.ParseDiagnostics(s)
		if err != nil {
			if !errors.Is(err, bearer.ErrDiagnostics) {
				t.Fatalf("ParseDiagnostics(%q) = %v", s, err)
			}
			return
		}
		if !strings.Contains(s, d.Reason) || !strings.Contains(s, d.Category) {
			t.Fatalf("ParseDiagnostics(%q) = %+v", s, d)
		}
		if e, a, ok := d.Audience(); ok && !(strings.Contains(d.Reason, "'"+e+"'") && strings.Contains(d.Reason, "'"+a+"'")) {
			t.Fatalf("Audience of %q = %q, %q", d.Reason, e, a)
		}
		if p := d.String(); len(p) > 1024 || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
			t.Fatalf("String = %q", p)
		}
		_, _, _ = d.Kind(), d.Cause(), d.Remedy()
	})
}

func FuzzFromResponse(f *testing.F) {
	for _, c := range challengeCases {
		f.Add(401, strings.Join(c.fields, "\n"), "4000000;reason=\"x\"", "a1b2")
	}
	f.Fuzz(func(t *testing.T, status int, challenges, diagnostics, id string) {
		resp := response(status, http.Header{
			"Www-Authenticate": strings.Split(challenges, "\n"),
			"X-Ms-Diagnostics": {diagnostics},
			"Request-Id":       {id},
		})
		o, err := bearer.FromResponse(resp)
		if err == nil {
			if o == nil || o.AuthorizationURI == "" {
				t.Fatalf("FromResponse(%q) = %+v and no error", challenges, o)
			}
			return
		}
		var oe *bearer.OfferError
		if !errors.As(err, &oe) {
			t.Fatalf("FromResponse(%q) = %v, want an *OfferError", challenges, err)
		}
		if text := err.Error(); len(text) > 4096 || strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e
		}) {
			t.Fatalf("FromResponse(%q): error prints as %q", challenges, text)
		}
	})
}
