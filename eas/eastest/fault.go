package eastest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/fault"
)

// A Fault is a mistake of a deployment or a sign-in, named by the id under which the
// library explains it (docs/faults.md), and where and when it happens. Only ID is required.
type Fault struct {
	ID string // e.g. "TLS_OFFLOAD"; [Faults] lists them

	// Value is what the mistake needs to know, such as the AADSTS number of a refusal or the
	// URL that is named in place of the right one. [Faults] says which, and what is taken if
	// it is "".
	Value string

	Host string // the only host that has it; if "", every host that can
	User string // the only address that has it; if "", every user

	From  int // the first request that has it, counted from 1 among those that could; if 0, the first
	Times int // how many requests have it; if 0, all until [Switch.Lift]

	// Optional says that it is no mistake of the test if the fault never shows.
	Optional bool
}

// A FaultInfo is a fault that a tenant can show.
type FaultInfo struct {
	ID       string
	Severity string // "info", "warn" or "fail"
	Cause    string // what is wrong, as a clause
	Remedy   string // what an administrator does about it
	Value    string // what Fault.Value means; "" if it means nothing
}

// shown are the faults that a tenant can show, in the order of the dance, and the meaning of
// their value.
var shown = []struct {
	id    fault.ID
	value string
}{}

// Faults returns the faults that a tenant can show, in the order of the dance.
func Faults() []FaultInfo {
	out := make([]FaultInfo, 0, len(shown))
	for _, s := range shown {
		f := fault.Get(s.id)
		out = append(out, FaultInfo{ID: string(f.ID), Severity: string(f.Severity), Cause: f.Cause, Remedy: f.Remedy, Value: s.value})
	}
	return out
}

// A Switch is a fault that is switched on. It is safe for concurrent use.
type Switch struct {
	tn     *Tenant
	fault  Fault
	seen   int // requests that could have had it
	fired  int // requests that had it
	lifted bool
}

// Switch switches a fault on, until [Switch.Lift] or for as long as f says. It panics if
// [Faults] does not list it. A fault that never showed fails the test.
func (tn *Tenant) Switch(f Fault) *Switch {
	if !canShow(fault.ID(f.ID)) {
		panic(fmt.Sprintf("eastest: no such fault: %q", f.ID))
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	s := &Switch{tn: tn, fault: f}
	tn.switches = append(tn.switches, s)
	return s
}

func canShow(id fault.ID) bool {
	for _, s := range shown {
		if s.id == id {
			return true
		}
	}
	return false
}

// Lift switches the fault off.
func (s *Switch) Lift() {
	s.tn.mu.Lock()
	defer s.tn.mu.Unlock()
	s.lifted = true
}

// Fired returns how many requests had the fault.
func (s *Switch) Fired() int {
	s.tn.mu.Lock()
	defer s.tn.mu.Unlock()
	return s.fired
}

// shows reports whether this request has the fault, and its value. Call it once a request, at
// the place where the fault shows. user is "" where nobody is named, which only a fault of
// every user matches. The caller holds tn.mu.
func (tn *Tenant) shows(id fault.ID, host, user string) (value string, ok bool) {
	for _, s := range tn.switches {
		f := &s.fault
		if s.lifted || fault.ID(f.ID) != id || f.Host != "" && !strings.EqualFold(f.Host, host) || f.User != "" && !strings.EqualFold(f.User, user) {
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
}
