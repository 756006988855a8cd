package token_test

import (
	"net/http"
	"os"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/token"
)

// TestSourcesOfADay keeps sources for 24 hours, each of which is asked every half an hour and
// renews its token every hour, and sees that what they take does not grow. There are 50, 1,000 with
// EASOAUTH_TEST_FULL, or as many as TOKEN_TEST_SOURCES says.
func TestSourcesOfADay(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("TOKEN_TEST_SOURCES"))
	switch {
	case n > 0:
	case os.Getenv("EASOAUTH_TEST_FULL") != "":
		n = 1000
	default:
		n = 50
	}
	synctest.Test(t, func(t *testing.T) {
		c := newTenants(t, n)
		c.answer = func(int64) (int, http.Header) {
			c.mu.Lock() // which forgets when the requests came: that grows
			c.at = nil
			c.mu.Unlock()
			return 200, nil
		}
		sources := c.sources(n, &token.Limiter{Rate: -1})
		live := func() int64 {
			synctest.Wait()
			runtime.GC()
			runtime.GC() // what pools hold, too
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		empty := live()
		var after3, goroutines int64
		for half := range 48 {
			for i, s := range sources {
				if tok := mustToken(t, s); half == 0 && len(tok.AccessToken) < 1400 {
					t.Fatalf("source %d has %+v", i, tok)
				}
			}
			time.Sleep(30 * time.Minute)
			if half == 5 {
				after3, goroutines = live(), int64(runtime.NumGoroutine())
			}
		}
		after24, now := live(), int64(runtime.NumGoroutine())
		t.Logf("%d sources: %d bytes each after 3 hours, %d after 24; %d renewals, %d goroutines, %d more than after 3 hours", n,
			(after3-empty)/int64(n), (after24-empty)/int64(n), c.n.Load(), now, now-goroutines)
		if renewals := c.n.Load(); renewals < int64(n)*23 || renewals > int64(n)*49 {
			t.Errorf("%d renewals of %d sources in a day", renewals, n)
		}
		if grown := after24 - after3; grown > int64(64<<10+16*n) {
			t.Errorf("%d sources took %d bytes more after a day than after 3 hours", n, grown)
		}
		if now > goroutines {
			t.Errorf("%d goroutines more after a day than after 3 hours", now-goroutines)
		}
		runtime.KeepAlive(sources)
	})
}
