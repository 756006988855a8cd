package token_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
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

// BenchmarkManySources keeps 100,000 mailboxes in one process: what each costs in memory,
// record included, and how many refreshes a second there are when all access tokens have
// run out, against an authority that answers at once.
func BenchmarkManySources(b *testing.B) {
	const n = 100_000
	answer := func(r *http.Request) (*http.Response, error) {
		io.Copy(io.Discard, r.Body)
		body := `{"token_type":"Bearer","expires_in":3600,"access_token":"` + strings.Repeat("a", 1400) + `","refresh_token":"` + strings.Repeat("r", 1000) + `"}`
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
	config := newSTS().config(b)
	config.HTTPClient = &http.Client{Transport: roundTrip(answer)}
	store := &token.MemoryStore{}
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	sources := make([]*token.Source, n)
	for i := range sources {
		key := fmt.Sprintf("user%06d@contoso.com", i)
		record := token.Record{Lineage: key, ClientID: config.ClientID, Authority: config.Authority.Host, RefreshToken: strings.Repeat("r", 1000)}
		if _, err := store.Save(b.Context(), key, record); err != nil {
			b.Fatal(err)
		}
		sources[i] = &token.Source{Config: config, Key: key, Store: store}
	}
	i := 0
	var used uint64
	b.ReportAllocs()
	for b.Loop() {
		if i == n {
			b.StopTimer()
			used = live() - before
			for _, s := range sources {
				r, err := store.Load(b.Context(), s.Key)
				if err != nil {
					b.Fatal(err)
				}
				r.Access = nil
				if _, err := store.Save(b.Context(), s.Key, r); err != nil {
					b.Fatal(err)
				}
			}
			for j, s := range sources {
				sources[j] = &token.Source{Config: config, Key: s.Key, Store: store}
			}
			i = 0
			b.StartTimer()
		}
		if _, err := sources[i].Token(b.Context()); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if used == 0 {
		for ; i < n; i++ {
			if _, err := sources[i].Token(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		used = live() - before
	}
	b.ReportMetric(float64(used)/n, "B/source")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refreshes/s")
	runtime.KeepAlive(sources)
}
