package store

import (
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

// BenchmarkStore measures what a Source does to a database: to adopt a peer's token, and to
// refresh.
func BenchmarkStore(b *testing.B) {
	for _, database := range []struct {
		name string
		dsn  func() string
	}{
		{"SQLite", func() string { return filepath.Join(b.TempDir(), "tokens.db") }},
		{"PostgreSQL", func() string { return servers.PostgreSQL(b) }},
	} {
		b.Run(database.name, func(b *testing.B) {
			s, err := open(database.dsn(), "", token.NewEncryptionKey())
			if err != nil {
				b.Fatal(err)
			}
			defer s.DB.Close()
			s.DB.SetMaxOpenConns(5)
			const keys = 64
			for i := range keys {
				if _, err := s.Save(b.Context(), strconv.Itoa(i), token.Record{Lineage: "l", RefreshToken: "rt"}); err != nil {
					b.Fatal(err)
				}
			}
			for name, do := range map[string]func(key string) error{
				"adopt": func(key string) error { _, err := s.Load(b.Context(), key); return err },
				"refresh": func(key string) error {
					if _, err := s.Load(b.Context(), key); err != nil {
						return err
					}
					l, r, err := s.Lease(b.Context(), key)
					if err != nil {
						return err
					}
					if _, err := s.Reserve(b.Context(), key, 1000); err != nil {
						return err
					}
					_, err = l.SaveAndRelease(b.Context(), r)
					return err
				},
			} {
				b.Run(name, func(b *testing.B) {
					var next atomic.Int64
					b.SetParallelism(8)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := do(strconv.Itoa(int(next.Add(1)) % keys)); err != nil {
								b.Error(err)
								return
							}
						}
					})
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
				})
			}
		})
	}
}
