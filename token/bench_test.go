package token_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
)

func warmSource(b *testing.B) *token.Source {
	s := newSTS()
	src := &token.Source{Config: s.config(b), Store: &token.MemoryStore{}, Key: "ada", Flow: s}
	if _, err := src.SignIn(b.Context()); err != nil {
		b.Fatal(err)
	}
	return src
}

// BenchmarkToken measures the hit path, and that of oauth2.ReuseTokenSource beside it.
func BenchmarkToken(b *testing.B) {
	src := warmSource(b)
	ctx := b.Context()
	ours := func() error { _, err := src.Token(ctx); return err }
	reuse := oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: "at", Expiry: time.Now().Add(time.Hour)}, nil)
	theirs := func() error { _, err := reuse.Token(); return err }
	for _, bb := range []struct {
		name string
		get  func() error
	}{{"Source", ours}, {"ReuseTokenSource", theirs}} {
		b.Run(bb.name+"/goroutines=1", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bb.get(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bb.name+"/goroutines=1000", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(1000 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := bb.get(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func TestHitPathAllocatesNothing(t *testing.T) {
	s := newSTS()
	src := source(t, s)
	if n := testing.AllocsPerRun(100, func() { src.Token(t.Context()) }); n > 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}
