package bearer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
)

func TestLimits(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		name   string
		fields []string
		left   int // challenges that are returned; -1 for no error
	}{
		{"16 KiB of Kerberos", []string{"Negotiate " + strings.Repeat("A", 16<<10) + "=="}, -1},
		{"most challenges", []string{strings.Repeat("A,", bearer.MaxChallenges)}, -1},
		{"too many challenges", []string{strings.Repeat("A,", bearer.MaxChallenges+1)}, bearer.MaxChallenges},
		{"too many challenges in fields of their own", repeat("A", bearer.MaxChallenges+1), bearer.MaxChallenges},
		{"100,000 empty fields", repeat("", 100_000), -1},
		{"most parameters", []string{"B, A " + numbered(bearer.MaxParams)}, -1},
		{"too many parameters", []string{"B, A " + numbered(bearer.MaxParams+1) + "NTLM"}, 1},
		{"most empty elements", []string{strings.Repeat(",", bearer.MaxEmpty) + "A"}, -1},
		{"too many empty elements", []string{strings.Repeat(",", bearer.MaxEmpty+1) + "A"}, 0},
		{"too many empty elements in two fields", repeat(strings.Repeat(",", bearer.MaxEmpty)+"A", 2), 1},
		{"too many empty elements of a challenge", []string{"B, A b=c" + strings.Repeat(",", bearer.MaxEmpty+2)}, 1},
		{"longest scheme", []string{x(bearer.MaxNameBytes)}, -1},
		{"too long a scheme", []string{"B, " + x(bearer.MaxNameBytes+1)}, 1},
		{"longest name", []string{"A " + x(bearer.MaxNameBytes) + "=b, c=d"}, -1},
		{"too long a name", []string{"B, A b=c, " + x(bearer.MaxNameBytes+1) + "=b, NTLM"}, 1},
		{"too long a first name", []string{"B, A " + x(bearer.MaxNameBytes+1) + "=b, NTLM"}, 1},
		{"largest", []string{`A a="` + x(bearer.MaxBytes-6) + `"`}, -1},
		{"too large", []string{"B", `A a="` + x(bearer.MaxBytes-6) + `"`}, 1},
	} {
		for mode, parse := range map[string]func([]string) ([]bearer.Challenge, error){
			"Parse":        bearer.Parse,
			"ParseLenient": func(f []string) ([]bearer.Challenge, error) { c, _, err := bearer.ParseLenient(f); return c, err },
		} {
			got, err := parse(tt.fields)
			if tt.left < 0 {
				if err != nil {
					t.Errorf("%s of %s = %v", mode, tt.name, err)
				}
				continue
			}
			// Nothing is read beyond a limit, in the field or behind it.
			if more, err := parse(append(slices.Clone(tt.fields), "NTLM")); err == nil || len(more) != tt.left {
				t.Errorf("%s of %s and another field = %d challenges, %v; want %d", mode, tt.name, len(more), err, tt.left)
			}
			var syntax *bearer.SyntaxError
			if !errors.As(err, &syntax) || syntax.Kind != bearer.TooMuch || len(got) != tt.left {
				t.Errorf("%s of %s = %d challenges, %v; want %d and %q", mode, tt.name, len(got), err, tt.left, bearer.TooMuch)
			}
		}
	}
}

func repeat(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d=v,", i)
	}
	return b.String()
}

func TestFormatLimits(t *testing.T) {
	long := strings.Repeat("x", bearer.MaxNameBytes+1)
	params := make([]bearer.Param, bearer.MaxParams+1)
	for i := range params {
		params[i].Name = fmt.Sprintf("p%d", i)
	}
	for name, c := range map[string][]bearer.Challenge{
		"scheme":     {{Scheme: long}},
		"name":       {{Scheme: "A", Params: []bearer.Param{{Name: long}}}},
		"parameters": {{Scheme: "A", Params: params}},
		"challenges": make([]bearer.Challenge, bearer.MaxChallenges+1),
		"bytes":      {{Scheme: "A", Params: []bearer.Param{{Name: "a", Value: strings.Repeat(`"`, bearer.MaxBytes/2)}}}},
	} {
		if _, err := bearer.Format(c...); !errors.Is(err, bearer.ErrFormat) {
			t.Errorf("Format beyond the limit of %s = %v, want ErrFormat", name, err)
		}
	}
}

func TestRepairsAreBounded(t *testing.T) {
	strays := func(n int) []string {
		return []string{"Basic", `Bearer a="b"` + strings.Repeat(`,@`, n), "NTLM"}
	}
	got, repairs, err := bearer.ParseLenient(strays(256))
	if err != nil || len(repairs) != 256 || len(got) != 3 {
		t.Errorf("%d challenges, %d repairs, %v; want 3 and 256", len(got), len(repairs), err)
	}
	var syntax *bearer.SyntaxError
	got, repairs, err = bearer.ParseLenient(strays(257))
	if !errors.As(err, &syntax) || syntax.Kind != bearer.TooMuch || len(repairs) != 256 || len(got) != 1 {
		t.Errorf("%d challenges, %d repairs, %v; want 1, 256 and %q", len(got), len(repairs), err, bearer.TooMuch)
	}
	_, repairs, _ = bearer.ParseLenient([]string{`Bearer a="b",` + strings.Repeat("@", 5000)})
	if len(repairs) != 1 || len(repairs[0].Name) > 64 {
		t.Errorf("repairs = %.200v", repairs)
	}
}

// Time grows with the input and not faster: 16 times the bytes take less than 160 times as
// long, also beside other work, while a quadratic loop takes 256 times.
func TestLinear(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it measures time")
	}
	for _, h := range hostile {
		// measure returns the best of fifty times, or the first that is good enough: a busy machine interrupts many.
		measure := func(n int, enough time.Duration) time.Duration {
			fields := []string{h.make(n)}
			best := time.Hour
			for i := 0; i < 50 && best > enough; i++ {
				start := time.Now()
				_, _ = bearer.Parse(fields)
				_, _, _ = bearer.ParseLenient(fields)
				best = min(best, time.Since(start))
			}
			return best
		}
		small := measure(1<<16-64, 0)
		limit := 160 * max(small, 10*time.Microsecond)
		if large := measure(1<<20-64, limit); large > limit {
			t.Errorf("%s: %v for 64 KiB and %v for 1 MiB", h.name, small, large)
		}
	}
}
