package eastest

import (
	"net/http"
	"strconv"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// demandsPolicy reports whether the fault EAS_449 shows: to a device whose policy key is right,
// too, as where a device in front takes X-MS-PolicyKey out of the request.
func (c *call) demandsPolicy() bool {
	if !c.faulty(hostOf(c.r)) {
		return false
	}
	_, ok := c.shows("EAS_449", hostOf(c.r), c.box.addr)
	if ok {
		because(c.r, "fault EAS_449")
	}
	return ok
}

const policyType = "MS-EAS-Provisioning-WBXML"

func intp(n int) *int       { return &n }
func strp(s string) *string { return &s }

// provision serves both phases, and wipes. [MS-ASPROV] 3.1.5.1
func (c *call) provision() {
	root := c.root
	if c.wiping() {
		c.wipe()
		return
	}
	if !root.inOrder(wbxml.SettingsDeviceInformation, wbxml.ProvisionPolicies) {
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	}
	asked := root.child(wbxml.ProvisionPolicies).child(wbxml.ProvisionPolicy)
	if asked == nil || asked.value(wbxml.ProvisionPolicyType) == "" || !asked.inOrder(wbxml.ProvisionPolicyType, wbxml.ProvisionPolicyKey, wbxml.ProvisionStatus) {
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	}
	policy, must := c.demanded()
	if asked.child(wbxml.ProvisionPolicyKey) != nil {
		c.acknowledge(asked, policy)
		return
	}
	info := root.child(wbxml.SettingsDeviceInformation)
	needed := c.version.AtLeast(eas.Version141)
	out := &airsync.ProvisionResponse{Status: intp(1)}
	switch {
	case needed && info.child(wbxml.SettingsSet).child(wbxml.SettingsModel) == nil:
		c.common(165, 449)
		return
	case !needed && info != nil:
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	case info != nil:
		c.setDevice(info.child(wbxml.SettingsSet))
		out.DeviceInformation = &airsync.SettingsResult{Status: intp(1)}
	}
	p := airsync.PolicyResponse{PolicyType: policyType, Status: intp(1)}
	switch {
	case asked.value(wbxml.ProvisionPolicyType) != policyType:
		p.PolicyType, p.Status = asked.value(wbxml.ProvisionPolicyType), intp(3)
	case !must:
		p.Status = intp(2)
	default:
		c.dev.temporary, c.dev.shown = c.policyKey(), policy.demands()
		p.PolicyKey = c.dev.temporary
		p.Data = &airsync.PolicyData{Doc: policy.doc()}
	}
	out.Policies = &airsync.PoliciesResponse{Policy: []airsync.PolicyResponse{p}}
	c.answer(out)
}

// acknowledge notes what the device made of the policy that it was shown.
func (c *call) acknowledge(ack *node, policy *DevicePolicy) {
	out := &airsync.ProvisionResponse{Status: intp(1)}
	p := airsync.PolicyResponse{PolicyType: policyType, Status: intp(1)}
	key := ack.value(wbxml.ProvisionPolicyKey)
	status, ok := ack.number(wbxml.ProvisionStatus)
	switch {
	case c.dev.temporary == "" || key != c.dev.temporary || c.key != key:
		p.Status = intp(5)
	case !ok || status < 1 || status > 4:
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	case status == 2 && !policy.AllowNonProvisionable:
		because(c.r, "the device applies a part of the policy, and the policy allows only who applies it all")
		c.common(139, http.StatusForbidden)
		return
	case status == 3 && !policy.AllowNonProvisionable: // not applied: no key
	case status == 4 && !policy.AllowExternallyManaged:
		c.common(145, http.StatusForbidden)
		return
	default:
		c.dev.policy, c.dev.temporary, c.dev.acknowledged = c.policyKey(), "", true
		c.dev.applied, c.dev.appliedAt = c.dev.shown, c.now()
		p.PolicyKey = c.dev.policy
	}
	out.Policies = &airsync.PoliciesResponse{Policy: []airsync.PolicyResponse{p}}
	c.answer(out)
}

// policyKey returns a key that was not used before: a number of 32 bits.
func (c *call) policyKey() string {
	return strconv.FormatUint(uint64(uint32(2654435761*c.next())), 10)
}

// policyDoc is the policy of a new organization.
func policyDoc() *airsync.PolicyDoc {
	return &airsync.PolicyDoc{
		DevicePasswordEnabled: strp("0"), AttachmentsEnabled: strp("1"), AllowSimpleDevicePassword: strp("1"),
		AlphanumericDevicePasswordRequired: strp("0"), RequireStorageCardEncryption: strp("0"),
		PasswordRecoveryEnabled: strp("0"), MinDevicePasswordLength: strp(""), MaxInactivityTimeDeviceLock: strp(""),
		MaxDevicePasswordFailedAttempts: strp(""), MaxAttachmentSize: strp(""), DevicePasswordExpiration: strp(""),
		DevicePasswordHistory: strp("0"), AllowStorageCard: strp("1"), AllowCamera: strp("1"),
		RequireDeviceEncryption: strp("0"), AllowHTMLEmail: strp("1"), MaxEmailAgeFilter: strp("0"),
		MaxCalendarAgeFilter: strp("0"),
	}
}

// wiping reports whether the device is to wipe itself, or the account. Only 16.1 has the latter:
// to other devices it does not apply. [MS-ASPROV] 2.2.2.1
func (c *call) wiping() bool {
	return c.dev.wipe == "device" || c.dev.wipe == "account" && c.version.AtLeast(eas.Version161)
}

// mayGoOn reports whether the device may run the command, or go on to wait in it, and responds if
// it may not: it has to wipe itself first, or is blocked.
func (c *call) mayGoOn() bool {
	if !c.wiping() {
		return c.admitted()
	}
	if c.command == "Provision" {
		return true
	}
	because(c.r, "a remote wipe of the %s is pending", c.dev.wipe)
	old := 449
	if c.key == "" {
		old = http.StatusForbidden
	}
	c.common(140, old)
	return false
}

// wipe sends the directive to wipe, or notes what became of it: a device that failed gets it
// again. [MS-ASPROV] 3.2.5.1.2.2, 3.2.5.1.2.3
func (c *call) wipe() {
	tag := wbxml.ProvisionRemoteWipe
	out := &airsync.ProvisionResponse{Status: intp(1), RemoteWipe: &struct{}{}}
	if c.dev.wipe == "account" {
		tag = wbxml.ProvisionAccountOnlyRemoteWipe
		out.RemoteWipe, out.AccountOnlyRemoteWipe = nil, &struct{}{}
	}
	switch ack := c.root.child(tag); ack.value(wbxml.ProvisionStatus) {
	case "1":
		c.dev.wiped, c.dev.wipe = true, ""
		c.dev.forget()
		c.dev.policy, c.dev.temporary, c.dev.acknowledged = "", "", false
		out = &airsync.ProvisionResponse{Status: intp(1)}
	case "2":
		because(c.r, "the device could not wipe itself: the directive again")
		out.Status = intp(2)
	}
	c.answer(out)
}
