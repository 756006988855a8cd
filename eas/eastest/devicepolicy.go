package eastest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A DevicePolicy is a mobile device mailbox policy: what Provision requires of devices. The zero
// DevicePolicy is that of a new organization, for every user, except that devices must apply it.
type DevicePolicy struct {
	// Users are the addresses that it applies to; if nil, all that no earlier policy names.
	Users []string

	// Settings are elements of the policy document by their names ([MS-ASPROV] 2.2.2.28), as
	// "DevicePasswordEnabled": "1". They replace those of a new organization's policy. An empty
	// string sends an empty element, which sets nothing.
	Settings map[string]string
	// UnapprovedApplications are the files that must not run, and ApprovedApplications the hashes
	// of those that may.
	UnapprovedApplications, ApprovedApplications []string

	// RefreshInterval is the time after which a device must provision again; if 0, never.
	RefreshInterval time.Duration
	// AllowNonProvisionable allows devices that apply the policy in part or not at all, and those
	// that send no policy key. Without it, a device that applies a part gets status 139, and one
	// that applies nothing gets no key.
	AllowNonProvisionable bool
	// AllowExternallyManaged allows devices that report that they are externally managed. Without
	// it they get status 145.
	AllowExternallyManaged bool
	// None turns the policy off: Provision returns policy status 2, and devices need no key.
	None bool
}

// field returns the field of the document that an element has.
func field(doc *airsync.PolicyDoc, element string) (reflect.Value, bool) {
	f := reflect.ValueOf(doc).Elem().FieldByName(element)
	return f, f.IsValid() && f.Type() == reflect.TypeFor[*string]()
}

// complete panics if the policy cannot be meant.
func (p *DevicePolicy) complete() {
	for element := range p.Settings {
		if _, ok := field(&airsync.PolicyDoc{}, element); !ok {
			panic(fmt.Sprintf("eastest: no such element of a policy: %q", element))
		}
	}
}

// doc is what Provision sends.
func (p *DevicePolicy) doc() *airsync.PolicyDoc {
	doc := policyDoc()
	for element, text := range p.Settings {
		f, _ := field(doc, element)
		f.Set(reflect.ValueOf(strp(text)))
	}
	if p.UnapprovedApplications != nil {
		doc.UnapprovedInROMApplicationList = &airsync.UnapprovedApplications{ApplicationName: p.UnapprovedApplications}
	}
	if p.ApprovedApplications != nil {
		doc.ApprovedApplicationList = &airsync.ApprovedApplications{Hash: p.ApprovedApplications}
	}
	return doc
}

// policyOf returns the policy of a user. The caller holds tn.mu.
func (tn *Tenant) policyOf(addr string) *DevicePolicy {
	for i := range tn.o.DevicePolicies {
		p := &tn.o.DevicePolicies[i]
		if p.Users == nil || slices.ContainsFunc(p.Users, func(u string) bool { return strings.EqualFold(u, addr) }) {
			return p
		}
	}
	return &DevicePolicy{}
}

// demanded returns the policy that the device must have applied. It reports false if there is none.
func (c *call) demanded() (*DevicePolicy, bool) {
	p := c.policyOf(c.box.addr)
	return p, !p.None
}

// demands returns the part of the policy that is sent to devices, as a value of its own.
func (p *DevicePolicy) demands() DevicePolicy {
	return DevicePolicy{
		Settings: maps.Clone(p.Settings), UnapprovedApplications: slices.Clone(p.UnapprovedApplications),
		ApprovedApplications: slices.Clone(p.ApprovedApplications),
	}
}

// demandsAs reports whether two policies are alike for a device.
func (p *DevicePolicy) demandsAs(q *DevicePolicy) bool {
	return maps.Equal(p.Settings, q.Settings) && slices.Equal(p.UnapprovedApplications, q.UnapprovedApplications) &&
		slices.Equal(p.ApprovedApplications, q.ApprovedApplications)
}

// provisioned reports whether the device may run commands, and answers if it may not.
// [MS-ASPROV] 3.1.5.1, [MS-ASCMD] 2.2.2
func (c *call) provisioned() bool {
	policy, must := c.demanded()
	_, sent := c.r.Header["X-Ms-Policykey"]
	sent = sent || c.key != ""
	status := 0
	switch {
	case c.demandsPolicy():
		status = 144
	case !must:
		return true
	case !sent && policy.AllowNonProvisionable:
		because(c.r, "no policy key: the policy allows devices that cannot be provisioned")
		return true
	case !sent:
		because(c.r, "no policy key, and the policy wants one")
		status = 141
	case c.key == "" || c.key == "0":
		status = 142
	case c.dev.policy == "" && c.dev.temporary == "":
		status = 143
	case !c.dev.acknowledged || c.key != c.dev.policy:
		status = 144
	case !policy.demandsAs(&c.dev.applied):
		because(c.r, "the policy has changed")
		status = 143
	case policy.RefreshInterval > 0 && c.now().Sub(c.dev.appliedAt) >= policy.RefreshInterval:
		because(c.r, "the policy must be refreshed")
		status = 143
	default:
		return true
	}
	c.common(status, 449)
	return false
}
