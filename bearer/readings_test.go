package bearer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/golden"
)

// readings are fields beside those of challengeCases, for places where what is reported matters.
var readings = [][]string{
	{"A", "B b", `C c=`, `D d="`, `E e=f`},
	{`Bearer realm="a", realm="` + strings.Repeat("b", 100) + `"`},
	{`Bearer realm="a", ` + strings.Repeat("n", 100) + `=, x=`},
	{`Bearer realm="a", @` + strings.Repeat("@", 20) + `, x="y"`},
	{`Bearer realm="a",  @ b , x="y"`},
	{`Bearer a="b" , c d="e"`},
	{`Bearer a=b c, d="e"`},
	{`Bearer a=b, c, d="e"`},
	{`Bearer a=b, c`},
	{`Bearer a=b, Basic realm="x"`},
	{`Bearer a=b/,Basic realm="x"`},
	{`Bearer a=b/ ,Basic realm="x"`},
	{`Bearer a=b/,c="d"`},
	{`Bearer a=b/, c="d"`},
	{`Bearer a=b/,realm="d"`},
	{`Bearer a=b/?x,realm="d"`},
	{`Bearer a=b/#x,realm="d"`},
	{`Bearer a=b/,, realm="d"`},
	{`Bearer a=b/,,realm="d"`},
	{`Bearer a=b/ realm="d"`},
	{`Bearer a=b/ realm`},
	{`Bearer a=b/,`},
	{`Bearer a=b/ , ,`},
	{`Bearer a=, b="c"`},
	{`Bearer a=,`},
	{`Bearer a= b="c"`},
	{`Bearer a=/, @x, b="c"`},
	{`Bearer a=/ b c="d"`},
	{`Bearer a="b"c="d"`},
	{`Bearer a="b"c`},
	{`Bearer a="b" c`},
	{`Bearer a="b" , = , c=d`},
	{`Bearer a="b", c/d="e"`},
	{`Bearer scope=a b c, x="y"`},
	{`Bearer scope=a b c=d`},
	{`Bearer scope=a/ b`},
	{`Bearer scope=a "b"`},
	{`Bearer scope=,x="y"`},
	{`Bearer token_types=a` + "\t" + `b, x="y"`},
	{`Bearer realm=a b, x="y"`},
	{`Bearer x= , realm="a"`},
	{`Bearer x==, realm="a"`},
	{`Bearer x=y=, realm="a"`},
	{`Bearer x/=, realm="a"`},
	{`Bearer ` + strings.Repeat("x", bearer.MaxNameBytes) + `=, realm="a"`},
	{`Bearer ` + strings.Repeat("x", bearer.MaxNameBytes+1) + `=, realm="a"`},
	{`Bearer abc, realm="a", error="b", Basic realm="c"`},
	{`Bearer abc, realm="a" error="b"`},
	{`Bearer abc, @, realm="b"`},
	{`Bearer "a"`},
	{`Bearer "a, b=c`},
	{`Bearer "a\", b", c=d`},
	{`Bearer @ a="b", c="d"`},
	{`Bearer a @ b="c", d="e"`},
	{`Bearer a=b, Basic @, c="d"`},
	{`Bearer a="b", Basic @, c="d"`},
	{`Bearer a="b", Foo bar baz, c="d"`},
	{`Bearer a=b, Foo bar baz, c="d"`},
	{`Bearer a="b", foo` + "\t" + `bar`},
	{`Bearer a="b", foo, bar, c="d"`},
	{`Bearer a="b", foo, c="d", e="f"`},
	{`foo, a="b"`},
	{`foo, bar, a="b"`},
	{`Bearer, a="b"`, `c="d"`},
	{`, ,a="b", Bearer c="d"`},
	{`Bearer a="\` + "\x01" + `", b="c"`, `Basic realm="x"`},
	{`Bearer a="b` + "\x01" + `", b="c"`, `Basic realm="x"`},
	{"Bearer a=b\x7f", `Basic realm="x"`},
	{`Bearer a="b\\\"c\d"`},
	{`Bearer a="` + strings.Repeat(`\"`, 10) + `"`},
	{`Bearer a="b\`, `Basic realm="x"`},
	{`Bearer a="b\"`, `Basic realm="x"`},
	{`Bearer a="b" c="d" e, f, Basic realm="x"`, `NTLM`},
	{`Bearer a=b"c", d="e"`},
	{`Bearer a=b"c, d="e"`},
	{`Bearer a=b"c\"d", e="f"`},
	{`Negotiate abc=, def==`},
	{`Negotiate abc= def`},
	{`Negotiate abc=d, e`},
	{`Negotiate abc ,`},
	{`Negotiate abc/def x`},
	{"Negotiate abc\t, x"},
	{"Negotiate \tabc"},
	{"Bearer\ta=b"},
	{`PrivateToken a=b==, c=d`},
	{strings.Repeat("A,", bearer.MaxChallenges+1)},
	{"B, A b=c" + strings.Repeat(",", bearer.MaxEmpty+2)},
	{"B, A " + numbered(bearer.MaxParams+1) + ", C"},
	{"", "", `Bearer a=b/`, "", `@`},
	{`Bearer a="b" c, d=` + strings.Repeat("x", bearer.MaxNameBytes+1) + `, Basic realm="x"`},
	{"\x01Bearer a=b", `Basic realm="x"`},
	{`Bearer a=b/,authorization_uri="d"`},
	{`Bearer a=b/,resource_metadata="d"`},
	{`Bearer a=b/,resource_metadata2="d"`},
}

// TestReadings holds all that Parse and ParseLenient report: testdata/readings.txt shows it.
func TestReadings(t *testing.T) {
	all := readings
	for _, tt := range challengeCases {
		all = append(all, tt.fields)
	}
	var b strings.Builder
	for _, fields := range all {
		for i, f := range fields {
			if len(f) > 400 {
				f = f[:400] + "…"
			}
			fmt.Fprintf(&b, "%s %+q\n", []string{"--", "  "}[min(i, 1)], f)
		}
		strict, err := bearer.Parse(fields)
		lenient, repairs, lerr := bearer.ParseLenient(fields)
		fmt.Fprintf(&b, "Parse:  %s\n", short(strict))
		if err != nil {
			fmt.Fprintf(&b, "        %v\n", strings.TrimPrefix(err.Error(), "bearer: WWW-Authenticate "))
		}
		if len(repairs) == 0 && render(strict) == render(lenient) && fmt.Sprint(err) == fmt.Sprint(lerr) {
			b.WriteString("\n")
			continue
		}
		fmt.Fprintf(&b, "Lenient: %s\n", short(lenient))
		for _, r := range repairs {
			fmt.Fprintf(&b, "        field %d, offset %d: %s: %+q", r.Field, r.Offset, r.Kind, r.Name)
			if r.Dropped != "" {
				fmt.Fprintf(&b, ", dropped %+q", r.Dropped)
			}
			b.WriteString("\n")
		}
		if lerr != nil {
			fmt.Fprintf(&b, "        %v\n", strings.TrimPrefix(lerr.Error(), "bearer: WWW-Authenticate "))
		}
		b.WriteString("\n")
	}
	golden.Check(t, "testdata/readings.txt", b.String(), *update)
}

// short renders challenges, of many alike the first and their number.
func short(list []bearer.Challenge) string {
	s := fmt.Sprintf("%+q", render(list))
	if len(s) > 400 {
		s = fmt.Sprintf("%s… (%d)", s[:400], len(list))
	}
	return s
}
