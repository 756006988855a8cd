package peers

import (
	"slices"
	"testing"
)

// BenchmarkExchange reads the two challenges of Exchange with each parser.
func BenchmarkExchange(b *testing.B) {
	for _, p := range parsers {
		b.Run(p.name, func(b *testing.B) {
			resp := answer(exchange)
			b.ReportAllocs()
			for b.Loop() {
				p.bench(exchange, resp)
			}
		})
	}
}

// TestFastest holds that no peer that does the whole job is faster than Parse. The best of
// three interleaved rounds counts, since other programs share the machine.
func TestFastest(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	best := make([]int64, len(parsers))
	for range 3 {
		for i, p := range parsers {
			r := testing.Benchmark(func(b *testing.B) {
				resp := answer(exchange)
				for b.Loop() {
					p.bench(exchange, resp)
				}
			})
			if best[i] == 0 || r.NsPerOp() < best[i] {
				best[i] = r.NsPerOp()
			}
		}
	}
	for i, p := range parsers {
		t.Logf("%-27s%5d ns", p.name, best[i])
		if p.whole && i > 1 && best[i] < best[0] {
			t.Errorf("%s needs %d ns and bearer.Parse %d", p.name, best[i], best[0])
		}
	}
	if !slices.ContainsFunc(parsers[2:], func(p parser) bool { return p.whole }) {
		t.Error("no peer does the whole job")
	}
}
