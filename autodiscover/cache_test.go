package autodiscover_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
)

// A MemoryCache keeps an entry for its time and no longer, and forgets one domain only.
func TestMemoryCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		for _, maxAge := range []time.Duration{0, time.Hour} {
			c := &autodiscover.MemoryCache{MaxAge: maxAge}
			want := func(key string, found bool) {
				t.Helper()
				if v, ok := c.Get(ctx, key); ok != found || found != (v == "entry of "+key) {
					t.Errorf("Get(%q) = %q, %v; want found %v", key, v, ok, found)
				}
			}
			want("contoso.com a", false)
			c.Forget("contoso.com")
			keys := []string{"contoso.com a", "contoso.com b", "contoso.com.au a", "fabrikam.com a", "contoso.com"}
			for _, k := range keys {
				c.Put(ctx, k, "entry of "+k)
			}
			c.Forget("contoso.com")
			for i, k := range keys {
				want(k, i >= 2)
			}
			age := maxAge
			if age == 0 {
				age = 24 * time.Hour
			}
			time.Sleep(age)
			want("fabrikam.com a", true)
			time.Sleep(time.Nanosecond)
			want("fabrikam.com a", false)
			c.Put(ctx, "fabrikam.com a", "entry of fabrikam.com a")
			want("fabrikam.com a", true)
		}
	})
}
