package token_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/easoauth/easoauth/token"
)

// crowd returns a folder with n records, under the keys "0", "1", ….
func crowd(b *testing.B, n int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "tokens")
	s := &token.FileStore{Dir: dir}
	if _, err := s.Save(b.Context(), "0", token.Record{Lineage: "l", RefreshToken: strings.Repeat("r", 1500),
		Access: map[string]token.Access{"r": {Token: strings.Repeat("a", 2000)}}}); err != nil {
		b.Fatal(err)
	}
	name := func(key, suffix string) string {
		return filepath.Join(dir, fmt.Sprintf("%x%s", sha256.Sum256([]byte(key)), suffix))
	}
	record, err := os.ReadFile(name("0", ".token"))
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		for suffix, data := range map[string][]byte{".token": record, ".lock": nil, ".write": nil} {
			if err := os.WriteFile(name(strconv.Itoa(i), suffix), data, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	return dir
}

// What a call costs does not depend on the number of records. In refresh, eight stores stand
// for eight processes: their locks exclude each other as those of processes do.
func BenchmarkFileStore(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 50_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			dir := crowd(b, n)
			b.Run("refresh", func(b *testing.B) {
				var next atomic.Int64
				b.SetParallelism(4) // for each processor
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					s := &token.FileStore{Dir: dir}
					for pb.Next() {
						if err := refreshFile(b.Context(), s, strconv.Itoa(int(next.Add(7919))%n)); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refreshes/s")
			})
			b.Run("reserve", func(b *testing.B) {
				s := &token.FileStore{Dir: dir}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					release, err := s.Reserve(b.Context(), strconv.Itoa(i*7919%n), 16<<10)
					if err != nil {
						b.Fatal(err)
					}
					release()
				}
			})
		})
	}
}

// refreshFile does to the store what a refresh does.
func refreshFile(ctx context.Context, s *token.FileStore, key string) error {
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.Load(ctx, key)
	if err != nil {
		return err
	}
	release, err := s.Reserve(ctx, key, 16<<10)
	if err != nil {
		return err
	}
	defer release()
	_, err = s.Save(ctx, key, r)
	return err
}
