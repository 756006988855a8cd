package eastest

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// ClientID is the registered public client, unless [Options.ClientID] names another.
const ClientID = "5e1f1d3c-7c0e-4c55-9f0e-6f1d0a3b8e21"

// TenantID is the tid of every token.
const TenantID = "9b1d2c3e-4f50-4a61-8b72-0c1d2e3f4a5b"

const exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"

// Options are what a tenant is made of. The zero Options are a healthy cloud. They are
// copied by [New], hold no lock, and can stand in a table of tests.
type Options struct {
	Domain   string // of the mail addresses; if "", contoso.com
	Hybrid   bool   // mailboxes are on-premises at mail.<Domain>, and the cloud redirects AutoDiscover there
	ClientID string // the registered public client; if "", [ClientID]

	// Resources are registered as Exchange's hosts are, as for an API of one's own: "api://…".
	Resources []string

	AccessLifetime  time.Duration // of access tokens; if 0, one hour
	RefreshLifetime time.Duration // of refresh tokens, from their issue; if 0, fourteen days

	// StrictRotation lets a refresh token be used once: using it again revokes the whole
	// sign-in (RFC 9700 section 4.14.2). Without it the old token stays good, as Entra has it.
	StrictRotation bool
	// ManualDevice leaves device codes pending until [Tenant.ApproveDevice] or
	// [Tenant.DeclineDevice]. Without it the second poll succeeds.
	ManualDevice bool
	// DeviceInterval is how long a client must wait between two polls; if 0, 5 seconds.
	DeviceInterval time.Duration

	// Mistakes of AutoDiscover.

	NoAutoDiscover bool   // AutoDiscover answers 404, as before Exchange 2013 CU19
	PreAuth        bool   // a device in front answers AutoDiscover and EAS with a login page
	EndpointURL    string // what AutoDiscover names instead of the right URL
	RedirectTo     string // where the cloud's AutoDiscover redirects to, a URL
	NoV2           bool   // AutoDiscover v2 answers 404, and v1 (POX) works
	ErrorWith200   bool   // AutoDiscover sends its errors with status 200, as gromox does

	// Mistakes of the challenge. All may be changed.

	NoChallenge        bool   // 401 without WWW-Authenticate: a device in front answered
	BasicOnly          bool   // only Basic is offered: OAuth is off
	NoAuthorizationURI bool   // Bearer without an authority, diagnostics 4000000
	AuthorizationURI   string // another authority is named
	TLSOffloading      bool   // TLS ends in front of Exchange, which sees http: tokens are refused, 2000003

	// Mistakes of the authority. All may be changed.

	Audience     string // the aud of access tokens, instead of the resource asked for; "-" for none
	RefuseSignIn string // the AADSTS number with which sign-ins and refreshes are refused: "65001" or "AADSTS65001"
	NoResource   bool   // the EAS URL is not registered as a service principal name, AADSTS500011

	// Mistakes and demands of Exchange. All may be changed.

	NoPolicy   bool          // the user has no policy: Provision answers with policy status 2
	Versions   []eas.Version // that Exchange speaks; if nil, 12.1 to 16.1
	DisableEAS bool          // every command is refused with 403

	// Faults are switched on from the start, as by [Tenant.Switch].
	Faults []Fault
}

// A Tenant is a running Microsoft 365 tenant with its authority and its Exchange. Make one
// with [New].
type Tenant struct {
	t testing.TB // nil outside of tests

	mu       sync.Mutex
	o        Options
	users    map[string]*Mailbox // by address in lower case
	order    []string            // of the users
	requests []Request
	failures []*failure
	switches []*Switch
	counter  uint64 // for identifiers
	sts      authority

	ca     *ca
	net    *network
	client *http.Client
	lookup map[string]http.Handler
}

// New starts a tenant as o says, or a healthy cloud if o is nil. With a non-nil t it is
// closed when the test ends; otherwise the caller calls [Tenant.Close].
//
// In a bubble of testing/synctest, call New and Close inside the bubble.
func New(t testing.TB, o *Options) *Tenant {
	tn := &Tenant{t: t, users: map[string]*Mailbox{}}
	if o != nil {
		tn.o = *o
	}
	tn.o.complete()
	tn.sts.init()
	tn.ca = newCA()
	tn.lookup = tn.handlers()
	tn.net = newNetwork(tn)
	tn.client = tn.net.client()
	for _, f := range tn.o.Faults {
		tn.Switch(f)
	}
	if t != nil {
		t.Helper()
		t.Cleanup(func() {
			tn.Close()
			tn.unfired(t)
		})
	}
	return tn
}

// complete sets what is not set, and panics if a field cannot be meant.
func (o *Options) complete() {
	if o.Domain == "" {
		o.Domain = "contoso.com"
	}
	o.Domain = strings.ToLower(o.Domain)
	if o.ClientID == "" {
		o.ClientID = ClientID
	}
	if o.DeviceInterval == 0 {
		o.DeviceInterval = 5 * time.Second
	}
	if o.AccessLifetime == 0 {
		o.AccessLifetime = time.Hour
	}
	if o.RefreshLifetime == 0 {
		o.RefreshLifetime = 14 * 24 * time.Hour
	}
	n := strings.TrimPrefix(o.RefuseSignIn, "AADSTS")
	if strings.Trim(n, "0123456789") != "" || strings.HasPrefix(n, "0") || n == "" && o.RefuseSignIn != "" {
		panic("eastest: RefuseSignIn is not an AADSTS number: " + strconv.Quote(o.RefuseSignIn))
	}
	o.RefuseSignIn = n
}

// Close cuts every connection, requests under way included, and returns when the servers'
// goroutines have ended. It may be called more than once.
func (tn *Tenant) Close() {
	tn.client.CloseIdleConnections()
	tn.net.close()
}

// Change runs f while no request is looked at, so that it may change the options of the
// running tenant. Topology, that is hosts and domains, stays as it was at [New].
func (tn *Tenant) Change(f func(o *Options)) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	f(&tn.o)
	tn.o.complete()
}

// Client returns an HTTP client whose whole internet is the tenant: its hosts are reached
// over TLS in memory, under their names, and there are no others.
func (tn *Tenant) Client() *http.Client { return tn.client }

// Certificate returns the authority that signs the tenant's certificates, for programs that
// take it from a file.
func (tn *Tenant) Certificate() *x509.Certificate { return tn.ca.cert }

// CertPool holds the authority that signs the tenant's certificates.
func (tn *Tenant) CertPool() *x509.CertPool { return tn.ca.pool() }

// Hosts of the cloud.
const (
	cloudHost = "outlook.office365.com"
	loginHost = "login.microsoftonline.com"
	aliasHost = "login.windows.net"
)

// Hosts returns the names under which the tenant is reached.
func (tn *Tenant) Hosts() []string {
	hosts := []string{cloudHost, loginHost, aliasHost, detectHost, providerHost}
	if tn.o.Hybrid {
		hosts = append(hosts, tn.autodiscoverHost(), tn.easHost())
	}
	return hosts
}

func (tn *Tenant) autodiscoverHost() string { return "autodiscover." + tn.o.Domain }

func (tn *Tenant) easHost() string {
	if tn.o.Hybrid {
		return "mail." + tn.o.Domain
	}
	return cloudHost
}

// URL returns the ActiveSync URL of the tenant's mailboxes.
func (tn *Tenant) URL() *url.URL {
	return &url.URL{Scheme: "https", Host: tn.easHost(), Path: "/Microsoft-Server-ActiveSync"}
}

func (tn *Tenant) handlers() map[string]http.Handler {
	login := tn.authorityHandler()
	h := map[string]http.Handler{
		loginHost: login, aliasHost: login,
		detectHost: http.HandlerFunc(tn.autoDetect), providerHost: http.HandlerFunc(tn.federationProvider),
	}
	if tn.o.Hybrid {
		h[cloudHost] = site(tn.autodiscover(true), nil)
		h[tn.autodiscoverHost()] = site(tn.autodiscover(false), nil)
		h[tn.easHost()] = site(tn.autodiscover(false), http.HandlerFunc(tn.serveExchange))
	} else {
		h[cloudHost] = site(tn.autodiscover(true), http.HandlerFunc(tn.serveExchange))
	}
	return h
}

// site is a host of Exchange: IIS takes paths in any case.
func site(autodiscover, activeSync http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.ToLower(r.URL.Path); {
		case strings.HasPrefix(path, "/autodiscover/"):
			autodiscover.ServeHTTP(w, r)
		case path == "/microsoft-server-activesync" && activeSync != nil:
			activeSync.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// Handler returns the server of one of [Tenant.Hosts], to be mounted elsewhere. It panics
// for another host.
func (tn *Tenant) Handler(host string) http.Handler {
	if tn.lookup[host] == nil {
		panic("eastest: no such host: " + host)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Host = host
		tn.ServeHTTP(w, r)
	})
}

// ServeHTTP serves all hosts, by the Host of the request.
func (tn *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	h := tn.lookup[host]
	if h == nil {
		http.NotFound(w, r)
		return
	}
	tn.record(w, r, host, h)
}

// next returns a number that was not returned before.
func (tn *Tenant) next() uint64 {
	tn.counter++
	return tn.counter
}
