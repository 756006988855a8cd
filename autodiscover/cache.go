package autodiscover

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A Cache keeps what was found, by domain, cloud and protocol. Implementations must be safe
// for concurrent use, and forget an entry when it is too old. What comes out of a cache is
// checked as if it had come from the network.
type Cache interface {
	// Get returns the URL that was put under key, and false if there is none.
	Get(ctx context.Context, key string) (endpoint string, ok bool)
	// Put keeps a URL under key.
	Put(ctx context.Context, key, endpoint string)
}

// A MemoryCache is a [Cache] in memory. The zero value is ready to use.
type MemoryCache struct {
	MaxAge time.Duration // of an entry; if 0, 24 hours

	mu      sync.Mutex
	entries map[string]cacheEntry
}

type cacheEntry struct {
	url string
	put time.Time
}

// maxCached bounds a MemoryCache, in entries; when it is full it begins anew.
const maxCached = 10000

// Get returns the URL that was put under key, unless it is too old.
func (c *MemoryCache) Get(_ context.Context, key string) (string, bool) {
	maxAge := c.MaxAge
	if maxAge == 0 {
		maxAge = 24 * time.Hour
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if age := time.Since(e.put); !ok || age < 0 || age > maxAge {
		return "", false
	}
	return e.url, true
}

// Put keeps a URL under key.
func (c *MemoryCache) Put(_ context.Context, key, endpoint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = map[string]cacheEntry{}
	}
	c.entries[key] = cacheEntry{endpoint, time.Now()}
}

// Forget removes what is known of a domain, as when its endpoint has refused several times.
func (c *MemoryCache) Forget(domain string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.entries {
		if len(k) > len(domain) && k[:len(domain)] == domain && k[len(domain)] == ' ' {
			delete(c.entries, k)
		}
	}
}

func (l *lookup) cacheKey() string {
	return l.addr.domain + " " + l.cloud.Host + " " + l.Host + " " + string(l.protocol)
}

func (l *lookup) cached(ctx context.Context) *Endpoint {
	if l.Cache == nil {
		return nil
	}
	s, ok := l.Cache.Get(ctx, l.cacheKey())
	if !ok {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || safehttp.CheckURL(u) != nil || l.refusesAddress(safehttp.Host(u)) {
		return nil
	}
	return &Endpoint{URL: u, Protocol: l.protocol}
}

func (l *lookup) keep(ctx context.Context, e *Endpoint) {
	if l.Cache != nil {
		l.Cache.Put(ctx, l.cacheKey(), e.URL.String())
	}
}
