package eastest

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// ClientID is the registered public client, unless [Options.ClientID] names another.
const ClientID = "5e1f1d3c-7c0e-4c55-9f0e-6f1d0a3b8e21"

// Password is the password of every user, until [Mailbox.ChangePassword].
const Password = "Fake-tenant-1"

// OneTimeCode is the code that every user enters as the second factor on a page.
const OneTimeCode = "246810"

// TenantID is the tid of every token.
const TenantID = "9b1d2c3e-4f50-4a61-8b72-0c1d2e3f4a5b"

// otherTenantID is a tenant that the organization has nothing to do with.
const otherTenantID = "1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f"

const exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"

// Options configure a tenant. The zero Options describe a healthy cloud. [New] copies them; they
// hold no lock and can be used in a table of tests. Fields documented as changeable can be changed
// later by [Tenant.Change].
type Options struct {
	// Topology says where mailboxes are and who signs their users in; the zero Topology is [Cloud].
	Topology Topology
	// Product is what runs on-premises; the zero Product is [ExchangeSE].
	Product Product
	// Nation is the cloud: "" for the worldwide one, "GCC High", "DoD", "China", "Bleu", "Delos".
	Nation string

	Domain   string   // of the mail addresses; if "", contoso.com
	Domains  []string // further accepted domains
	ClientID string   // the registered public client; if "", [ClientID]

	// Apps are registered beside the public client.
	Apps []App
	// Identity says where passwords are checked; the zero Identity is [PasswordHash].
	Identity Identity
	// Policies are the Conditional Access policies. Changeable.
	Policies []Policy
	// SignInPages makes the authority serve pages, for a browser that a test drives: for name and
	// password, for the second factor that a policy requires ([OneTimeCode], or a button that
	// approves), and for the consent that the fault CONSENT or ADMIN_CONSENT requires. Without it,
	// the user is signed in at once, with a second factor if one is required.
	SignInPages bool

	AccessLifetime  time.Duration // of access tokens; if 0, one hour
	RefreshLifetime time.Duration // of refresh tokens, from their issue; if 0, fourteen days

	// StrictRotation allows one use of each refresh token: a second use revokes the whole sign-in
	// (RFC 9700 section 4.14.2). Without it the old token remains valid, as at Entra ID.
	StrictRotation bool
	// ManualDevice leaves device codes pending until [Tenant.ApproveDevice] or
	// [Tenant.DeclineDevice]. Without it the second poll succeeds.
	ManualDevice bool
	// DeviceInterval is how long a client must wait between two polls; if 0, 5 seconds.
	DeviceInterval time.Duration

	Versions []eas.Version // that Exchange supports, instead of the product's. Changeable

	// DevicePolicies are the policies that devices must apply. The first that names the user
	// applies; if none does, that of a new organization. Changeable: devices must provision again
	// at the next command.
	DevicePolicies []DevicePolicy
	// MaxRequestSize is the largest request body that the front end accepts, in bytes
	// (maxRequestLength). A larger one gets HTTP status 500, or 404 (404.13) above 30,000,000
	// (maxAllowedContentLength) if the limit is lower than that. If 0, there is no limit. Changeable.
	MaxRequestSize int64

	// MaxCollections is the largest number of collections in one Sync; more get status 15. If 0,
	// 300. Changeable.
	MaxCollections int

	// DeviceRules are the organization's device access rules, and DeviceAccess applies to devices
	// that no rule matches. DeviceNotice is added to the notices for users whose device is not
	// allowed. All changeable. See also [Mailbox.AllowDevice].
	DeviceRules  []DeviceRule
	DeviceAccess AccessLevel
	DeviceNotice string

	// Challenges are sent with Bearer and Basic in every 401, such as "Negotiate" and "NTLM".
	Challenges []string

	// Seed, if not 0, makes the tenant's random choices repeatable: two tenants with the same seed
	// that receive the same requests in the same order have the same keys and issue the same codes,
	// tokens and numbers. What contains the time (the claims of tokens, the dates of certificates)
	// differs unless both run in a testing/synctest bubble; so do TLS, concurrent requests, and the
	// client's own random choices. A given CA keeps its key.
	Seed uint64
	// MaxRequests is the size of the transcript: the oldest requests beyond it are dropped. If 0,
	// 10,000.
	MaxRequests int
	// HTTP1 turns HTTP/2 off.
	HTTP1 bool
	// CA signs the tenant's certificates. If nil, the tenant creates one.
	CA *tls.Certificate
	// Header is added to every response, for example to mark it as a fake.
	Header http.Header

	// Faults are turned on from the start, as by [Tenant.Switch].
	Faults []Fault
}

// A Tenant is a running Microsoft 365 tenant with its authority and its Exchange. Make one
// with [New].
type Tenant struct {
	ahead atomic.Int64 // by how many nanoseconds the clock is ahead of the machine's

	at Options // as New completed them: topology, product and domains stay

	mu       sync.Mutex
	o        Options
	users    map[string]*Mailbox // by address in lower case
	order    []string            // of the users
	log      transcript
	failures []*failure
	switches []*Switch
	counter  uint64      // for identifiers
	outside  []eas.Email // to other organizations
	last     map[string]*answer
	sts      authority

	chance *chance
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
	tn := &Tenant{users: map[string]*Mailbox{}}
	if o != nil {
		tn.o = *o
		tn.o.Apps, tn.o.Policies, tn.o.Faults = slices.Clone(o.Apps), slices.Clone(o.Policies), slices.Clone(o.Faults)
		tn.o.DeviceRules, tn.o.DevicePolicies = slices.Clone(o.DeviceRules), slices.Clone(o.DevicePolicies)
		tn.o.Versions, tn.o.Challenges, tn.o.Header = slices.Clone(o.Versions), slices.Clone(o.Challenges), o.Header.Clone()
	}
	tn.o.complete()
	tn.at = tn.o
	tn.sts.init()
	tn.chance = newChance(tn.o.Seed)
	tn.ca = newCA(tn.o.CA, tn.chance)
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
	o.Domains = slices.Clone(o.Domains)
	for i, d := range o.Domains {
		o.Domains[i] = strings.ToLower(d)
	}
	if _, ok := models[o.Product]; !ok || o.Product == exchangeOnline {
		panic("eastest: no such product")
	}
	if o.Topology < Cloud || o.Topology > OnPremises {
		panic("eastest: no such topology")
	}
	nationOf(o.Nation)
	if o.Identity < PasswordHash || o.Identity > Federated {
		panic("eastest: no such model of identity")
	}
	for i := range o.DeviceRules {
		o.DeviceRules[i].complete()
	}
	for i := range o.DevicePolicies {
		o.DevicePolicies[i].complete()
	}
	if o.MaxRequestSize < 0 {
		panic("eastest: MaxRequestSize is negative")
	}
	if o.DeviceAccess < Allowed || o.DeviceAccess > Quarantined {
		panic("eastest: Options.DeviceAccess allows, blocks or quarantines")
	}
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
	if o.MaxCollections == 0 {
		o.MaxCollections = 300
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = 10_000
	}
}

// Close cuts every connection, including requests in progress, and returns when the goroutines of
// the servers have ended. It can be called more than once.
func (tn *Tenant) Close() {
	tn.client.CloseIdleConnections()
	tn.net.close()
}

// Change calls f while the tenant processes no request, so that f can change the options of the
// running tenant. Topology, product and domains cannot be changed.
func (tn *Tenant) Change(f func(o *Options)) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	f(&tn.o)
	tn.o.complete()
	for _, m := range tn.users {
		m.wake() // a device that waits may be let in, or have to provision
	}
}

// Client returns an HTTP client that reaches the hosts of the tenant over TLS in memory, under
// their names, and no other host.
func (tn *Tenant) Client() *http.Client { return tn.client }

// Certificate returns the authority that signs the certificates of the tenant, for programs that
// read it from a file.
func (tn *Tenant) Certificate() *x509.Certificate { return tn.ca.cert }

// CertPool returns a pool with the authority that signs the certificates of the tenant.
func (tn *Tenant) CertPool() *x509.CertPool { return tn.ca.pool() }

// Hosts of the worldwide cloud.
const (
	cloudHost = "outlook.office365.com"
	loginHost = "login.microsoftonline.com"
	aliasHost = "login.windows.net"
)

// Hosts returns the names of the hosts of the tenant, in alphabetical order.
func (tn *Tenant) Hosts() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(tn.lookup)), tn.isTrap)
}

func (tn *Tenant) autodiscoverHost() string { return "autodiscover." + tn.at.Domain }

// premisesHost and onlineHost are the ActiveSync hosts of the two sides.
func (tn *Tenant) premisesHost() string { return "mail." + tn.at.Domain }
func (tn *Tenant) onlineHost() string   { return nationOf(tn.at.Nation).exchange }

// easHost is the ActiveSync host of a new mailbox.
func (tn *Tenant) easHost() string {
	if tn.at.hasPremises() {
		return tn.premisesHost()
	}
	return tn.onlineHost()
}

// URL returns the ActiveSync URL of the mailboxes: the one on-premises, if the topology has one.
func (tn *Tenant) URL() *url.URL { return activeSync(tn.easHost()) }

func activeSync(host string) *url.URL {
	return &url.URL{Scheme: "https", Host: host, Path: "/Microsoft-Server-ActiveSync"}
}

func (tn *Tenant) handlers() map[string]http.Handler {
	h := map[string]http.Handler{}
	n := nationOf(tn.at.Nation)
	exchange := http.HandlerFunc(tn.serveExchange)
	login := tn.authorityHandler()
	h[detectHost], h[providerHost] = http.HandlerFunc(tn.autoDetect), http.HandlerFunc(tn.federationProvider)
	if tn.at.hasCloud() {
		for _, name := range []string{n.exchange, n.other} {
			h[name] = site(http.HandlerFunc(tn.autodiscover), exchange, http.HandlerFunc(tn.otherService))
		}
		h[n.aliasTarget()] = http.HandlerFunc(tn.plainRedirect)
		if tn.at.Topology == Cloud {
			for _, d := range tn.at.domains() {
				h["autodiscover."+d] = http.HandlerFunc(tn.plainRedirect)
			}
		}
		h[n.secure] = site(http.HandlerFunc(tn.autodiscover), nil, nil)
		for _, c := range instances {
			if c.network == n.login {
				for _, alias := range c.aliases {
					h[alias] = login
				}
			}
		}
		h[n.login], h[n.alias], h[n.sts] = login, login, login
	} else {
		// Who looks up an address asks the cloud all the same, and is not known there.
		h[cloudHost] = site(http.HandlerFunc(tn.autodiscover), nil, nil)
		h[loginHost], h[aliasHost] = login, login
	}
	if tn.at.hasCloud() {
		h["microsoft.com"] = http.HandlerFunc(tn.deviceLogin)
	}
	if tn.at.hasPremises() || tn.at.Identity == Federated {
		h[tn.adfsHost()] = tn.adfsHandler()
	}
	if tn.at.hasPremises() {
		h[tn.premisesHost()] = site(http.HandlerFunc(tn.autodiscover), exchange, http.HandlerFunc(tn.otherService))
		for _, d := range tn.at.domains() {
			h["autodiscover."+d] = site(http.HandlerFunc(tn.autodiscover), nil, nil)
		}
	}
	delete(h, "")
	for _, host := range tn.at.traps() {
		h[host] = http.HandlerFunc(tn.trap)
	}
	return h
}

// otherPaths are the virtual directories of Exchange besides AutoDiscover and ActiveSync.
var otherPaths = []string{"/ews/", "/oab/", "/mapi/", "/owa/", "/ecp/", "/rpc/"}

// site is a host of Exchange: IIS takes paths in any case.
func site(autodiscover, activeSync, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.ToLower(r.URL.Path); {
		case strings.HasPrefix(path, "/autodiscover/"):
			autodiscover.ServeHTTP(w, r)
		case activeSync != nil && isActiveSync(path):
			activeSync.ServeHTTP(w, r)
		case other != nil && slices.ContainsFunc(otherPaths, func(p string) bool { return strings.HasPrefix(path+"/", p) }):
			other.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// isActiveSync reports whether a path in lower case is that of the virtual directory.
func isActiveSync(path string) bool {
	switch strings.TrimSuffix(path, "/") {
	case "/microsoft-server-activesync", "/microsoft-server-activesync/default.eas":
		return true
	}
	return false
}

// Handler returns the handler of one of [Tenant.Hosts], to be mounted elsewhere. It panics for
// another host.
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

// ServeHTTP serves all hosts, selected by the Host of the request.
func (tn *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	h := tn.lookup[host]
	if h == nil {
		http.NotFound(w, r)
		return
	}
	tn.record(w, r, host, tn.onTheWay(host, h))
}

// next returns a number that was not returned before.
func (tn *Tenant) next() uint64 {
	tn.counter++
	return tn.counter
}
