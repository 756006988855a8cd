package eastest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/fault"
)

// A Fault is a misconfiguration of a deployment or a reason why a sign-in fails: what is wrong,
// where and for how many requests. Its ID is the one under which the library explains it
// (docs/faults.md). Only ID is required.
type Fault struct {
	ID string // e.g. "TLS_OFFLOAD"; [Faults] lists them

	// Value is what the mistake needs to know, such as the AADSTS number of a refusal or the
	// URL that is named in place of the right one. [Faults] says which, and what is taken if
	// it is "".
	Value string

	Host string // the only host that has it; if "", every host that can
	User string // the only address that has it; if "", every user

	// From is the first request that has it, counted from 1 among all that could, of whatever
	// command; if 0, the first. [Tenant.Fail] is about the requests of one command.
	From int
	// Times is how many requests have it; if 0, all until [Switch.Lift].
	Times int

	// Optional lets the test pass if the fault never shows, as AD_TLD_BACKOFF does with no client
	// that is right.
	Optional bool
}

// A FaultInfo describes a fault that a tenant can show.
type FaultInfo struct {
	ID       string
	Severity string // "info", "warn" or "fail"
	Cause    string // what is wrong, as a clause
	Remedy   string // what an administrator does about it
	Value    string // what Fault.Value means; "" if it means nothing
	Where    []Topology
}

// A shownFault is a fault that a tenant can show.
type shownFault struct {
	id    fault.ID
	value string     // what Fault.Value means; "" if it means nothing
	where []Topology // where it can show; nil for everywhere
}

var (
	anywhere  []Topology
	premises  = []Topology{Hybrid, OnPremises}
	hybrid    = []Topology{Hybrid}
	withCloud = []Topology{Cloud, Hybrid}
)

// shown are the faults that a tenant can show, in the order of the dance.
var shown = slices.Concat(shownByWire, shownByFront(), shownByAutodiscover, shownByChallenge, shownByMishap, shownByAuthority, shownByExchange)

// shownByFront are those of devices in front.
func shownByFront() []shownFault {
	var out []shownFault
	for _, f := range frontFaults {
		where := anywhere
		if f.id == "AD_PREAUTH" || f.id == "ADDRESS_REFUSED" {
			where = premises // nobody puts a device in front of Exchange Online
		}
		out = append(out, shownFault{f.id, f.value, where})
	}
	return out
}

var shownByAutodiscover = []shownFault{
	{"AD_NOT_V2", "", anywhere},
	{"AD_NOT_V1", "", anywhere},
	{"AD_V1_TOKEN", "", anywhere},
	{"AD_ERROR_IN_200", "the error code; if \"\", MandatoryParameterMissing", anywhere},
	{"AD_ERROR_CODE", "the error code; if \"\", InternalServerError", anywhere},
	{"AD_PROTOCOL_NOT_SUPPORTED", "", anywhere},
	{"USER_UNKNOWN", "", anywhere},
	{"AD_SELF_REDIRECT", "", hybrid},
	{"AD_REDIRECT_DOWNGRADE", "", premises},
	{"AD_REDIRECT_CROSS_DOMAIN", "where to, a URL; if \"\", a host of fabrikam.example", premises},
	{"AD_REDIRECT_INVALID", "where to; if \"\", a URL without a host", premises},
	{"AD_REDIRECT_LOOP", "", premises},
	{"AD_TLD_BACKOFF", "", anywhere},
	{"AD_UNCONFIRMED", "the host to which plain http redirects; if \"\", one of fabrikam.example", anywhere},
	{"PRIVATE_ADDRESS", "the URL that is named; if \"\", one of 10.20.30.40", premises},
	{"AD_WRONG_URL", "the URL that is named; if \"\", none", anywhere},
	{"HYBRID_AGENT", "", hybrid},
	{"NOT_ACTIVESYNC", "", anywhere},
	{"AUTODETECT_NOT_HYBRID", "", hybrid},
}

var shownByChallenge = []shownFault{
	{"EXO_NANOPROXY", "", []Topology{Cloud}},
	{"EAS_451_CBA", "", []Topology{Cloud}},
	{"EAS_BASIC_ONLY", "", premises},
	{"E2010_PRESENT", "", premises},
	{"BUILD_UNSUPPORTED", "the build; if \"\", 15.2.1748.24", premises},
	{"EAS_ANON_200", "", anywhere},
	{"EAS_NO_WWW_AUTH", `who responds: "device" or "exchange"; if "", a device in front`, anywhere},
	{"EAS_BASIC_ONLY_EMPTY_BEARER", "", anywhere},
	{"EAS_FLIGHTING", "", anywhere},
	{"EAS_FLIGHTING_OPEN", "", premises},
	{"EAS_NO_AUTHORIZATION_URI", "", anywhere},
	{"EAS_UNEXPECTED_AUTHORITY", "the authorization_uri; if \"\", one of fabrikam.example", anywhere},
	{"EAS_ADFS_AUTHORITY", "", hybrid},
	{"EAS_TENANT_NOT_TRUSTED", "", withCloud},
	{"EXPOSED_BASIC", "", anywhere},
}

var shownByAuthority = []shownFault{
	{"TENANT_UNKNOWN", "", withCloud},
	{"APP_DISABLED", "", withCloud},
	{"ADFS_REDIRECT_PORT", "", []Topology{OnPremises}},
	{"SPN_MISSING", "", anywhere},
	{"CONSENT", "the AADSTS number; if \"\", 65001", withCloud},
	{"ADMIN_CONSENT", "the AADSTS number; if \"\", 90094", withCloud},
	{"CA_BLOCK", "the AADSTS number; if \"\", 53003", withCloud},
	{"DEVICE_CODE_BLOCKED", "", withCloud},
	{"WRONG_ACCOUNT", "", anywhere},
	{"SIGN_IN_REFUSED", "the AADSTS number; if \"\", 50105", anywhere},
	{"AUD_WRONG", "the audience, \"-\" for none; if \"\", a host of fabrikam.example", anywhere},
	{"AUD_IS_EXO", "which of its names; if \"\", https://outlook.office365.com", premises},
	{"AUD_HTTP", "", anywhere},
	{"AUD_SLASH", "", anywhere},
	{"SCOPE_MISSING", "", anywhere},
}

var shownByExchange = []shownFault{
	{"EAS_FORGED_ACCEPTED", "", anywhere},
	{"CERT_METADATA_STALE", "", anywhere},
	{"TOKEN_EXPIRED", "", anywhere},
	{"TLS_OFFLOAD", "", premises},
	{"AUD_HOST_MISMATCH", "the host as which Exchange knows itself; if \"\", exch01 of the domain", premises},
	{"TENANT_MISSING", "the tenant's GUID; if \"\", the token's", anywhere},
	{"USER_MISSING", "", anywhere},
	{"USER_AMBIGUOUS", "", anywhere},
	{"TENANT_RESTRICTION", "", anywhere},
	{"CAE_CLAIMS", "", anywhere},
	{"EAS_451_MOVED", "where to, a URL; if \"\", Exchange Online", premises},
	{"EAS_403", "", anywhere},
	{"EAS_449", "", anywhere},
	{"EAS_VERSION_138", "the versions that are offered, joined by commas; if \"\", 2.5,12.0", anywhere},
	{"EXO_161_ONLY", "", anywhere},
	{"AUTODETECT_BYPASSED", "", premises},
	{"SYNC_STALE", `why: "TLS_OFFLOAD" or "CERT_METADATA_STALE"; if "", the latter`, hybrid},
	{"EAS_MAXREQUEST", "the limit in KB; if \"\", 10240", anywhere},
}

// Faults returns the faults that a tenant can show, in the order of the handshake.
func Faults() []FaultInfo {
	out := make([]FaultInfo, 0, len(shown))
	for _, s := range shown {
		f := fault.Get(s.id)
		out = append(out, FaultInfo{ID: string(f.ID), Severity: string(f.Severity), Cause: f.Cause, Remedy: f.Remedy, Value: s.value, Where: s.topologies()})
	}
	return out
}

func (s shownFault) topologies() []Topology {
	if s.where == nil {
		return []Topology{Cloud, Hybrid, OnPremises}
	}
	return slices.Clone(s.where)
}

// A Switch is a fault that is turned on. It is safe for concurrent use.
type Switch struct {
	tn     *Tenant
	fault  Fault
	seen   int // requests that could have had it
	fired  int // requests that had it
	lifted bool

	consents map[[2]string]bool // by user, or "" for all, and client
}

// Check reports why the fault cannot be turned on in topology t, or nil: [Faults] does not list
// it, or not for t, or not with this value.
func (f Fault) Check(t Topology) error {
	i := slices.IndexFunc(shown, func(s shownFault) bool { return s.id == fault.ID(f.ID) })
	switch {
	case i < 0:
		return fmt.Errorf("eastest: no such fault: %q", f.ID)
	case !slices.Contains(shown[i].topologies(), t):
		return fmt.Errorf("eastest: %s cannot show in this topology: %s", f.ID, t)
	case !shown[i].mayHave(f.Value):
		return fmt.Errorf("eastest: %s cannot have the value %q", f.ID, f.Value)
	case f.From < 0 || f.Times < 0:
		return fmt.Errorf("eastest: %s: From and Times are not negative", f.ID)
	}
	return nil
}

// Switch turns a fault on, until [Switch.Lift] or for as many requests as f says. It panics if
// [Fault.Check] returns an error. A fault that no request met fails the test, unless it is
// Optional.
func (tn *Tenant) Switch(f Fault) *Switch {
	if err := f.Check(tn.at.Topology); err != nil {
		panic(err.Error())
	}
	tn.prepareWire(f)
	tn.mu.Lock()
	defer tn.mu.Unlock()
	s := &Switch{tn: tn, fault: f}
	tn.switches = append(tn.switches, s)
	return s
}

// Lift turns the fault off.
func (s *Switch) Lift() {
	s.tn.mu.Lock()
	defer s.tn.mu.Unlock()
	s.lifted = true
}

// Fired returns the number of requests that met the fault.
func (s *Switch) Fired() int {
	s.tn.mu.Lock()
	defer s.tn.mu.Unlock()
	return s.fired
}

// Fault returns the fault that was turned on.
func (s *Switch) Fault() Fault { return s.fault }

// Switches returns the faults that were turned on, in the order of the calls.
func (tn *Tenant) Switches() []*Switch {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tn.switches), func(s *Switch) bool { return s.lifted })
}

// shows reports whether this request has the fault, and its value. Call it once a request, at
// the place where the fault shows. user is "" where nobody is named, which only a fault of
// every user matches. The caller holds tn.mu.
func (tn *Tenant) shows(id fault.ID, host, user string) (value string, ok bool) {
	return tn.showsUnless(id, host, user, nil)
}

// showsUnless is shows without the switches that are exempt.
func (tn *Tenant) showsUnless(id fault.ID, host, user string, exempt func(s *Switch) bool) (value string, ok bool) {
	for _, s := range tn.switches {
		f := &s.fault
		if exempt != nil && exempt(s) || s.lifted || fault.ID(f.ID) != id || f.Host != "" && !strings.EqualFold(f.Host, host) || f.User != "" && !strings.EqualFold(f.User, user) {
			continue
		}
		s.seen++
		if s.seen < f.From || f.Times > 0 && s.fired >= f.Times {
			continue
		}
		s.fired++
		return f.Value, true
	}
	return "", false
}

// switched reports whether a fault is switched on that has another place where it shows. The
// caller holds tn.mu.
func (tn *Tenant) switched(id fault.ID) bool {
	return slices.ContainsFunc(tn.switches, func(s *Switch) bool { return !s.lifted && fault.ID(s.fault.ID) == id })
}

// unfired fails the test for every fault that was switched on and never showed, and every
// failure that no request matched.
func (tn *Tenant) unfired(t testing.TB) {
	t.Helper()
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, s := range tn.switches {
		if s.fired == 0 && !s.fault.Optional {
			t.Errorf("eastest: the fault %s was switched on and never showed", s.fault.ID)
		}
	}
	for _, f := range tn.failures {
		if !f.matched && !f.Optional {
			t.Errorf("eastest: no request matched Fail(%q)", f.match)
		}
	}
}
