package eastest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
)

// A Flow is a way in which a client gets tokens.
type Flow string

// The flows.
const (
	FlowBrowser    Flow = "browser"
	FlowDeviceCode Flow = "device code"
	FlowRefresh    Flow = "refresh"
	FlowOnBehalfOf Flow = "on behalf of"
	FlowApp        Flow = "app"
)

// A Control is what a [Policy] does.
type Control int

// The controls of a [Policy].
const (
	Block     Control = iota // refuse, AADSTS53003
	MFA                      // demand a second factor, AADSTS50076; a user at the browser gives it
	Compliant                // demand a device that is managed, AADSTS53000
	Claims                   // demand an external challenge, AADSTS50158; a user at the browser passes it
)

// A Policy is a Conditional Access policy. Its control applies if every field that is set matches.
type Policy struct {
	Users     []string // addresses
	Clients   []string // client IDs
	Flows     []Flow
	Locations []string // as [Mailbox.SetLocation] has them
	Control   Control
}

// fits reports whether a policy is about a sign-in; m is nil for an application by itself,
// which is not one of the users and not at any location.
func (p *Policy) fits(m *Mailbox, client string, flow Flow) bool {
	has := func(list []string, s string) bool {
		return list == nil || slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
	}
	if !has(p.Clients, client) || p.Flows != nil && !slices.Contains(p.Flows, flow) {
		return false
	}
	if m == nil {
		return p.Users == nil && p.Locations == nil
	}
	return has(p.Users, m.addr) && has(p.Locations, m.location)
}

// SetLocation sets the location of the user, for [Policy], and whether the device is managed.
func (m *Mailbox) SetLocation(location string, compliant bool) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.location, m.compliant = location, compliant
}

// byPolicy returns the number of the error with which Conditional Access refuses the user, or
// "". mfa says whether a second factor has been given. Of an application by itself, for which
// m is nil, a policy can demand nothing: it can only block it.
func (tn *Tenant) byPolicy(m *Mailbox, client string, flow Flow, mfa bool) string {
	for i := range tn.o.Policies {
		p := &tn.o.Policies[i]
		if !p.fits(m, client, flow) {
			continue
		}
		switch {
		case p.Control == Block:
			return "53003"
		case m == nil:
			continue
		case p.Control == MFA && !mfa:
			return "50076"
		case p.Control == Compliant && !m.compliant:
			return "53000"
		case p.Control == Claims && !mfa:
			return "50158"
		}
	}
	return ""
}

// demandsFactor reports whether a policy demands a second factor of a sign-in that it does
// not refuse otherwise.
func (tn *Tenant) demandsFactor(user, client string, flow Flow) bool {
	m := tn.users[user]
	return m != nil && tn.byPolicy(m, client, flow, false) != ""
}

// refusals are the faults by which an authority refuses to sign a user in, or to go on.
var refusals = []struct {
	id     fault.ID
	number string
}{
	{"CONSENT", "65001"},
	{"ADMIN_CONSENT", "90094"},
	{"CA_BLOCK", "53003"},
	{"SIGN_IN_REFUSED", "50105"},
}

// signInHost is the host at which a user signs in: that of the request, or, where a test stands
// in for the browser and r is nil, the authority's.
func (tn *Tenant) signInHost(r *http.Request) string {
	switch {
	case r != nil:
		return hostOf(r)
	case tn.at.Topology == OnPremises:
		return tn.adfsHost()
	}
	return nationOf(tn.at.Nation).login
}

// refusedSignIn returns the number of the error with which the authority refuses the user, or
// "". r is nil where a test stands in for the browser.
func (tn *Tenant) refusedSignIn(r *http.Request, user, client string, flow Flow, mfa bool) string {
	number, _ := tn.refusal(r, user, client, flow, mfa)
	return number
}

// refusal is refusedSignIn, and says which fault it is, or "".
func (tn *Tenant) refusal(r *http.Request, user, client string, flow Flow, mfa bool) (number string, by fault.ID) {
	host := tn.signInHost(r)
	for _, x := range refusals {
		value, ok := tn.showsUnless(x.id, host, user, func(s *Switch) bool { return s.hasConsent(user, client) })
		if !ok {
			continue
		}
		because(r, "fault %s", x.id)
		return strings.TrimPrefix(cmp.Or(value, x.number), "AADSTS"), x.id
	}
	m := tn.users[user]
	interactive := flow == FlowBrowser || flow == FlowDeviceCode
	switch {
	case m == nil:
		return "50034", ""
	case m.account == AccountDisabled:
		return "50057", ""
	case interactive && m.locked():
		return "50053", ""
	case interactive && m.expired && tn.at.Identity != PasswordHash:
		return "50055", ""
	}
	return tn.byPolicy(m, client, flow, mfa), ""
}

// An Identity says where passwords are checked.
type Identity int

// The models of identity.
const (
	// PasswordHash has Entra ID check a hash of the password, which does not know when a
	// password expires.
	PasswordHash Identity = iota
	// PassThrough has an agent on-premises check it.
	PassThrough
	// Federated has AD FS check it: Entra ID sends the browser there.
	Federated
)
