package eastest

import (
	"strconv"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// provisioned reports whether the device may run commands, and answers if it may not.
// [MS-ASPROV] 3.1.5.1, [MS-ASCMD] 2.2.2
func (c *call) provisioned() bool {
	status := 0
	switch {
	case c.dev.wipe != "":
		status = 140
	case c.demandsPolicy():
		status = 144
	case c.o.NoPolicy:
		return true
	case c.dev.acknowledged && c.key == c.dev.policy:
		return true
	case c.key == "" || c.key == "0":
		status = 142
	case c.dev.policy == "" && c.dev.temporary == "":
		status = 143
	default:
		status = 144
	}
	c.common(status, 449)
	return false
}

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
	if c.dev.wipe != "" {
		c.wipe()
		return
	}
	if !root.inOrder(wbxml.SettingsDeviceInformation, wbxml.ProvisionPolicies) {
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	}
	policy := root.child(wbxml.ProvisionPolicies).child(wbxml.ProvisionPolicy)
	if policy == nil || policy.value(wbxml.ProvisionPolicyType) == "" || !policy.inOrder(wbxml.ProvisionPolicyType, wbxml.ProvisionPolicyKey, wbxml.ProvisionStatus) {
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	}
	if policy.child(wbxml.ProvisionPolicyKey) != nil {
		c.acknowledge(policy)
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
		for _, k := range info.child(wbxml.SettingsSet).kids {
			c.dev.info[k.tag.Name()] = k.text
		}
		out.DeviceInformation = &airsync.SettingsResult{Status: intp(1)}
	}
	p := airsync.PolicyResponse{PolicyType: policyType, Status: intp(1)}
	switch {
	case policy.value(wbxml.ProvisionPolicyType) != policyType:
		p.PolicyType, p.Status = policy.value(wbxml.ProvisionPolicyType), intp(3)
	case c.o.NoPolicy:
		p.Status = intp(2)
	default:
		c.dev.temporary = c.policyKey()
		p.PolicyKey = c.dev.temporary
		p.Data = &airsync.PolicyData{Doc: policyDoc()}
	}
	out.Policies = &airsync.PoliciesResponse{Policy: []airsync.PolicyResponse{p}}
	c.answer(out)
}

func (c *call) acknowledge(policy *node) {
	out := &airsync.ProvisionResponse{Status: intp(1)}
	p := airsync.PolicyResponse{PolicyType: policyType, Status: intp(1)}
	key := policy.value(wbxml.ProvisionPolicyKey)
	status, ok := policy.number(wbxml.ProvisionStatus)
	switch {
	case c.dev.temporary == "" || key != c.dev.temporary || c.key != key:
		p.Status = intp(5)
	case !ok || status < 1 || status > 4:
		c.answer(&airsync.ProvisionResponse{Status: intp(2)})
		return
	case status == 3: // not applied: no key
	case status == 4:
		c.common(145, 403)
		return
	default:
		c.dev.policy, c.dev.temporary, c.dev.acknowledged = c.policyKey(), "", true
		p.PolicyKey = c.dev.policy
	}
	out.Policies = &airsync.PoliciesResponse{Policy: []airsync.PolicyResponse{p}}
	c.answer(out)
}

// policyKey returns a key that was not used before: a number of 32 bits.
func (c *call) policyKey() string {
	return strconv.FormatUint(uint64(uint32(2654435761*c.next())), 10)
}

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

// wipe asks for a wipe, or takes note that there was one.
func (c *call) wipe() {
	tag := wbxml.ProvisionRemoteWipe
	out := &airsync.ProvisionResponse{Status: intp(1), RemoteWipe: &struct{}{}}
	if c.dev.wipe == "account" {
		tag = wbxml.ProvisionAccountOnlyRemoteWipe
		out.RemoteWipe, out.AccountOnlyRemoteWipe = nil, &struct{}{}
	}
	if ack := c.root.child(tag); ack != nil {
		if status, ok := ack.number(wbxml.ProvisionStatus); ok && (status == 1 || status == 2) {
			c.dev.wiped = status == 1
			c.dev.wipe = ""
			c.answer(&airsync.ProvisionResponse{Status: intp(1)})
			return
		}
	}
	c.answer(out)
}
