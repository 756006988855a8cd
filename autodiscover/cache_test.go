package autodiscover_test

import (
	"net/http"
	"strconv"
	"strings"
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

// In a hybrid domain, one mailbox is on-premises and the next in the cloud: a look-up never
// returns the endpoint of another address, unless OneEndpoint says that a domain has one.
func TestCacheOfAHybridDomain(t *testing.T) {
	const (
		ada = "https://mail.contoso.com/Microsoft-Server-ActiveSync"
		eve = "https://outlook.office365.com/Microsoft-Server-ActiveSync"
	)
	w := &world{hosts: map[string]http.HandlerFunc{cloud: func(rw http.ResponseWriter, r *http.Request) {
		switch email := r.URL.Query().Get("Email"); email {
		case "ada@contoso.com":
			jsonAnswer(200, `{"Url":"`+ada+`"}`)(rw, r)
		case "eve@contoso.com", "ada@fabrikam.com":
			jsonAnswer(200, `{"Url":"`+eve+`"}`)(rw, r)
		default:
			jsonAnswer(200, `{"Url":"https://mail.contoso.com/`+email+`"}`)(rw, r)
		}
	}}}
	cache := new(autodiscover.MemoryCache)
	each := autodiscover.Resolver{HTTPClient: w.client(), Cache: cache}
	one := each
	one.OneEndpoint = true
	requests := 0
	look := func(r *autodiscover.Resolver, addr, want string, more int) {
		t.Helper()
		requests += more
		if e, err := r.Lookup(t.Context(), addr); err != nil || e.URL.String() != want || len(w.asked) != requests {
			t.Errorf("Lookup(%s) = %v, %v after %d requests, want %s after %d", addr, e, err, len(w.asked), want, requests)
		}
	}
	for more := range 2 {
		look(&each, "ada@contoso.com", ada, 1-more)
		look(&each, "eve@contoso.com", eve, 1-more)
		look(&each, "ada@fabrikam.com", eve, 1-more)
		look(&each, "Ada@CONTOSO.com", "https://mail.contoso.com/Ada@contoso.com", 1-more) // local parts may differ in case (RFC 5321 section 2.4)
	}
	look(&one, "ada@contoso.com", ada, 1) // which learns nothing from a single address
	look(&one, "eve@contoso.com", ada, 0)
	look(&each, "eve@contoso.com", eve, 0)

	for _, unknown := range []string{"ADA@contoso.com", "", "@contoso.com", "com", "mail.contoso.com", "contoso"} {
		cache.Forget(unknown)
	}
	cache.Forget("ada@CONTOSO.com")
	look(&each, "eve@contoso.com", eve, 0)
	look(&each, "ada@contoso.com", ada, 1)
	look(&one, "eve@contoso.com", ada, 0)
	cache.Forget("Contoso.com")
	look(&each, "ada@fabrikam.com", eve, 0)
	look(&each, "ada@contoso.com", ada, 1)
	look(&one, "eve@contoso.com", eve, 1)
	look(&one, "ada@contoso.com", eve, 0)

	look(&each, "ada@bücher.example", "https://mail.contoso.com/ada@xn--bcher-kva.example", 1)
	look(&each, "ada@xn--bcher-kva.example", "https://mail.contoso.com/ada@xn--bcher-kva.example", 0)
	cache.Forget("BÜCHER.example")
	look(&each, "ada@bücher.example", "https://mail.contoso.com/ada@xn--bcher-kva.example", 1)
}

// A key begins with the domain, and holds no address.
func TestCacheKey(t *testing.T) {
	w := &world{hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, found)}}
	var key string
	cache := deaf{get: func(k string) (string, bool) { key = k; return "", false }, put: func() {}}
	if _, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, Cache: cache}).Lookup(t.Context(), "ada@contoso.com"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(key, "contoso.com ") || strings.Contains(key, "ada") || strings.Contains(key, "@") {
		t.Errorf("key %q", key)
	}
}

// A full MemoryCache starts over.
func TestMemoryCacheIsBounded(t *testing.T) {
	const most = 100_000
	var c autodiscover.MemoryCache
	for i := range most {
		c.Put(t.Context(), strconv.Itoa(i), "x")
	}
	if _, ok := c.Get(t.Context(), "0"); !ok {
		t.Errorf("of %d entries the first is gone", most)
	}
	c.Put(t.Context(), "more", "x")
	_, old := c.Get(t.Context(), "0")
	if _, ok := c.Get(t.Context(), "more"); !ok || old {
		t.Errorf("after %d entries: the new one is kept %v, the first %v", most+1, ok, old)
	}
}
