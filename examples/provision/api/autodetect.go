package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/token"
)

// A Detector answers what clients want to know first: where a mailbox is, and who signs its
// user in. It responds to GET with the address in the query (email) or in the field X-Email, in
// the form of Microsoft's AutoDetect service with members of its own beside it. Lookup is
// required. No address is logged or kept.
type Detector struct {
	Lookup      autodiscover.Lookuper
	HTTPClient  *http.Client
	Authorities []string // see [engine.Engine]

	// MaxAge is how long a response is kept: that about an endpoint for everybody, that about
	// an address for that address, or for its whole domain if OneEndpoint says that all
	// mailboxes of a domain are at one endpoint. If 0, 5 minutes.
	MaxAge      time.Duration
	OneEndpoint bool

	// Rate is how many requests of one network address are served in a minute; if 0, 30.
	Rate   int
	Logger *slog.Logger

	mu      sync.Mutex
	found   map[[32]byte]kept[*Detected]
	offers  map[string]kept[string]
	buckets map[string]*bucket
}

type kept[T any] struct {
	v  T
	at time.Time
}

// maxKept bounds each of a Detector's maps; a full one starts over.
const maxKept = 10000

// A Detected is where a mailbox is.
type Detected struct {
	Services  []service `json:"services"`
	Protocols []service `json:"protocols"`

	Endpoint  string `json:"endpoint"`  // the ActiveSync URL
	Protocol  string `json:"protocol"`  // ActiveSync
	Authority string `json:"authority"` // the authorization endpoint of the authority
	Location  string `json:"location"`  // cloud, own (the domain's own server) or foreign
	Rule      string `json:"rule"`      // which of the hosts that were asked decided
}

// A service is as Microsoft's AutoDetect has it.
type service struct {
	Service  string `json:"service"`
	Protocol string `json:"protocol"`
	Hostname string `json:"hostname"`
	AAD      string `json:"aad,omitempty"`
	OnPrem   string `json:"onprem,omitempty"`
}

func (d *Detector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wait := d.wait(r); wait > 0 {
		write(w, &problem{Status: http.StatusTooManyRequests, Title: "Too many requests.", Retry: int(math.Ceil(wait.Seconds()))})
		return
	}
	address := r.URL.Query().Get("email")
	if address == "" {
		address = r.Header.Get("X-Email")
	}
	v, err := d.Detect(r.Context(), address)
	if err != nil {
		p := explainLookup(err)
		if d.Logger != nil && p.Status >= 500 {
			d.Logger.WarnContext(r.Context(), "AutoDetect failed", "status", p.Status, "error", err) // which holds no address
		}
		write(w, p)
		return
	}
	_ = respond(w, http.StatusOK, v)
}

// Detect finds out where the mailbox of an address is.
func (d *Detector) Detect(ctx context.Context, address string) (*Detected, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > 320 {
		return nil, autodiscover.ErrAddress
	}
	name := strings.ToLower(address)
	if d.OneEndpoint {
		name = name[at:]
	}
	key := sha256.Sum256([]byte(name))
	if v, ok := recall(d, &d.found, key); ok {
		return v, nil
	}
	e, err := d.Lookup.Lookup(ctx, address)
	if err != nil {
		return nil, err
	}
	authority, err := d.authority(ctx, e.URL, address)
	if err != nil {
		return nil, err
	}
	v := &Detected{Endpoint: e.URL.String(), Protocol: string(e.Protocol), Authority: authority, Location: string(engine.Verdict(e.URL, address, false)), Protocols: []service{}}
	if n := len(e.Hops); n > 0 {
		v.Rule = e.Hops[n-1].Candidate
		if v.Rule == "redirect" && n > 1 { // whose redirect it was
			v.Rule = e.Hops[0].Candidate
		}
	}
	s := service{Service: "office365", Protocol: "rest", Hostname: e.URL.Host, AAD: authority}
	if v.Location != string(eas.VerdictCloud) {
		s.OnPrem = v.Endpoint
	}
	v.Services = []service{s}
	remember(d, &d.found, key, v)
	return v, nil
}

// authority finds out who signs users in at an endpoint. An authority that is not trusted is
// an error: a client that went there would give it the user's password.
func (d *Detector) authority(ctx context.Context, endpoint *url.URL, address string) (string, error) {
	if v, ok := recall(d, &d.offers, endpoint.String()); ok {
		return v, nil
	}
	offer, err := bearer.Probe(ctx, d.HTTPClient, endpoint, address)
	if err != nil {
		return "", err
	}
	if _, err := token.ParseAuthority(offer.AuthorizationURI, &token.Options{TrustedAuthorities: d.Authorities}); err != nil {
		return "", err
	}
	remember(d, &d.offers, endpoint.String(), offer.AuthorizationURI)
	return offer.AuthorizationURI, nil
}

func recall[K comparable, T any](d *Detector, m *map[K]kept[T], key K) (v T, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := (*m)[key]
	maxAge := d.MaxAge
	if maxAge == 0 {
		maxAge = 5 * time.Minute
	}
	return k.v, ok && time.Since(k.at) < maxAge
}

func remember[K comparable, T any](d *Detector, m *map[K]kept[T], key K, v T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *m == nil || len(*m) >= maxKept {
		*m = map[K]kept[T]{}
	}
	(*m)[key] = kept[T]{v, time.Now()}
}

// A bucket holds the requests that a network address may still make.
type bucket struct {
	left float64
	at   time.Time
}

// wait takes a request from the bucket of who asks, or says how long there is none.
func (d *Detector) wait(r *http.Request) time.Duration {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	rate := d.Rate
	if rate == 0 {
		rate = 30
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.buckets[host]
	if b == nil {
		if d.buckets == nil || len(d.buckets) >= maxKept {
			d.buckets = map[string]*bucket{}
		}
		b = &bucket{float64(rate), time.Now()}
		d.buckets[host] = b
	}
	now := time.Now()
	b.left = min(float64(rate), b.left+now.Sub(b.at).Minutes()*float64(rate))
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / float64(rate) * float64(time.Minute))
	}
	b.left--
	return 0
}

// explainLookup says what the client must do about an error.
func explainLookup(err error) *problem {
	var lookup *autodiscover.LookupError
	switch {
	case errors.Is(err, autodiscover.ErrAddress):
		return &problem{Status: http.StatusBadRequest, Title: "email is not a mail address."}
	case errors.As(err, &lookup) && errors.Is(err, autodiscover.ErrThrottled):
		return &problem{Status: http.StatusServiceUnavailable, Title: "The servers of the domain are busy.", Retry: 60}
	case errors.As(err, &lookup):
		return &problem{Status: http.StatusNotFound, Title: "No endpoint was found.", Detail: lookup.Error()}
	}
	return explain(err)
}
