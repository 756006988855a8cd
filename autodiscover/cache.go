package autodiscover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"
)

// A Cache keeps what was found, by address (or domain, see [Resolver.OneEndpoint]), cloud,
// Host and protocol. A key begins with the mail domain and a space, and has a hash in place of
// the address. Implementations must be safe for concurrent use, and forget an entry when it is
// too old. What comes out of a cache is judged as if it had come from the network, by the
// Resolver that reads it: an entry for which only another Resolver's Confirm vouches is
// confirmed again, or not used.
type Cache interface {
	// Get returns the entry that was put under key, and false if there is none.
	Get(ctx context.Context, key string) (entry string, ok bool)
	// Put keeps an entry under key: a URL, and who vouches for it.
	Put(ctx context.Context, key, entry string)
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

// maxCached bounds a MemoryCache, in entries of about 300 bytes; a full one starts over.
const maxCached = 100_000

// Get returns the entry that was put under key, unless it is too old.
func (c *MemoryCache) Get(_ context.Context, key string) (string, bool) {
	maxAge := c.MaxAge
	if maxAge == 0 {
		maxAge = 24 * time.Hour
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || time.Since(e.put) > maxAge {
		return "", false
	}
	return e.url, true
}

// Put keeps an entry under key.
func (c *MemoryCache) Put(_ context.Context, key, entry string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = map[string]cacheEntry{}
	}
	c.entries[key] = cacheEntry{entry, time.Now()}
}

// Forget removes what is known of a mail address, as when its endpoint has refused several
// times, or of all addresses of a domain. With [Resolver.OneEndpoint], the domain is the one
// to name.
func (c *MemoryCache) Forget(addressOrDomain string) {
	user := ""
	a, err := parseAddress("any@" + addressOrDomain)
	if err != nil {
		if a, err = parseAddress(addressOrDomain); err != nil {
			return // nothing is kept of what is neither
		}
		user = userKey(a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.entries, func(key string, _ cacheEntry) bool {
		return strings.HasPrefix(key, a.domain+" ") && strings.HasSuffix(key, user)
	})
}

// cacheKey names an entry. Mailboxes of one domain are at different endpoints where some have
// moved to the cloud, and where an organization has several sites; no response says that it
// holds for the whole domain.
func (l *lookup) cacheKey() string {
	key := l.addr.domain + " " + l.cloud.Host + " " + l.pinned + " " + string(l.protocol)
	if l.OneEndpoint {
		return key
	}
	return key + userKey(l.addr)
}

// userKey is the end of the key of an address, which the domain's key does not have.
func userKey(a address) string {
	sum := sha256.Sum256([]byte(a.full))
	return " " + hex.EncodeToString(sum[:])
}

// vouchCloud stands behind an entry for which the cloud alone vouches: the host is neither the mail
// domain's nor its own, and Confirm was not called.
const vouchCloud = " cloud"

// flights are the look-ups under way that will fill a cache: a *flight by flightKey.
var flights sync.Map

type flightKey struct {
	cache Cache
	key   string
}

// A flight is a look-up for which others wait.
type flight struct {
	done     chan struct{}
	cutShort bool // it had no result of its own, since its context ended or a callback panicked
}

// cached returns the endpoint that the cache holds. If there is none, the caller looks it up
// and then calls done, with whether it came to a result: others who want the same entry wait
// for that, once. If the result was a failure, which may be about another address, they look
// theirs up side by side; if there was none, the next of them takes over.
func (l *lookup) cached(ctx context.Context) (e *Endpoint, done func(result bool)) {
	none := func(bool) {}
	if l.Cache == nil {
		return nil, none
	}
	key := l.cacheKey()
	if e := l.get(ctx, key); e != nil {
		return e, none
	}
	if !reflect.ValueOf(l.Cache).Comparable() {
		return nil, none
	}
	id := flightKey{l.Cache, key}
	own := &flight{done: make(chan struct{})}
	for {
		running, under := flights.LoadOrStore(id, own)
		if !under {
			return nil, func(result bool) {
				own.cutShort = !result
				flights.Delete(id)
				close(own.done)
			}
		}
		other := running.(*flight)
		select {
		case <-other.done:
			if e := l.get(ctx, key); e != nil || !other.cutShort {
				return e, none
			}
		case <-ctx.Done():
			return nil, none
		}
	}
}

// within calls f and reports whether it has returned before ctx ended: a callback that does not
// heed its context holds nobody up. A panic is raised again in the caller's goroutine.
func within(ctx context.Context, f func()) bool {
	returned := make(chan any, 1)
	go func() {
		defer func() { returned <- recover() }()
		f()
	}()
	select {
	case p := <-returned:
		if p != nil {
			panic(p)
		}
		return true
	case <-ctx.Done():
		return false
	}
}

// get reads the cache, and judges what it holds.
func (l *lookup) get(ctx context.Context, key string) *Endpoint {
	var (
		entry string
		ok    bool
		e     *Endpoint
	)
	limited, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	if !within(limited, func() { entry, ok = l.Cache.Get(limited, key) }) || !ok {
		return nil
	}
	if !within(ctx, func() { e = l.judge(ctx, entry) }) {
		return nil
	}
	return e
}

// judge returns what an entry says, unless it may not be believed.
func (l *lookup) judge(ctx context.Context, s string) *Endpoint {
	s, vouch, _ := strings.Cut(s, " ")
	u, err := url.Parse(s)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil
	}
	from := &url.URL{Scheme: "cache", Host: l.addr.domain}
	vouched := " "+vouch == vouchCloud && !l.NoCloud && l.pinned == ""
	foreign, err := l.allow(ctx, from, u, vouched, ErrBadEndpoint)
	if err != nil {
		return nil
	}
	return &Endpoint{URL: u, Protocol: l.protocol, Foreign: foreign}
}

func (l *lookup) keep(ctx context.Context, e *Endpoint) {
	if l.Cache == nil {
		return
	}
	entry := e.URL.String()
	if _, ok := l.byCloud.Load(e); ok && e.Foreign {
		entry += vouchCloud
	}
	limited, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	within(limited, func() { l.Cache.Put(limited, l.cacheKey(), entry) })
}
