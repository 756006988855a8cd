package bearer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
)

func BenchmarkParseExchange(b *testing.B) {
	n := 0
	for _, f := range seed004 {
		n += len(f)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bearer.Parse(seed004); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLenientExchange(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := bearer.ParseLenient(seed004); err != nil {
			b.Fatal(err)
		}
	}
}

// hostile makes fields of about n bytes that each stress another loop of the parser.
var hostile = []struct {
	name string
	make func(n int) string
}{
	{"commas", func(n int) string { return strings.Repeat(",", n) }},
	{"spaces", func(n int) string { return "Bearer" + strings.Repeat(" ", n) }},
	{"quote", func(n int) string { return `Bearer realm="` + strings.Repeat("x", n) }},
	{"escapes", func(n int) string { return `Bearer realm="` + strings.Repeat(`\"`, n/2) + `"` }},
	{"token68", func(n int) string { return "Negotiate " + strings.Repeat("A", n-16) + "= x" }},
	{"words", func(n int) string { return "Bearer scope=" + strings.Repeat("a ", n/2) }},
	{"equals", func(n int) string { return "Bearer " + strings.Repeat("a=", n/2) }},
	{"quotes", func(n int) string { return "Bearer " + strings.Repeat(`@"`, n/2) }},
	{"strays", func(n int) string { return `Bearer a="b"` + strings.Repeat(",@ a", n/4) }},
	{"gaps", func(n int) string { return `Bearer a=b` + strings.Repeat(" \t", n/2) + "c" }},
	{"names", func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n-600; i++ {
			if i%60 == 0 {
				b.WriteString(",S ")
			}
			fmt.Fprintf(&b, `%s%03d="%s",`, strings.Repeat("n", 200), i%1000, strings.Repeat("v", 60))
		}
		return b.String()
	}},
}

func BenchmarkParseHostile(b *testing.B) {
	for _, h := range hostile {
		for _, n := range []int{1 << 10, 1 << 15, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", h.name, n), func(b *testing.B) {
				fields := []string{h.make(n - 64)}
				if len(fields[0]) > n {
					b.Fatalf("%d bytes", len(fields[0]))
				}
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					_, _, _ = bearer.ParseLenient(fields)
				}
			})
		}
	}
}
