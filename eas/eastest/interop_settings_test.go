package eastest_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
)

// TestInteropSettings asks for Settings, ValidateCert and Provision. [MS-ASCMD] 2.2.1.14, 2.2.1.18, 2.2.1.22
func TestInteropSettings(t *testing.T) { askInterop(t, interopTests["TestInteropSettings"]) }

// setOof sets automatic replies.
func (d *device) setOof(inner string) reply {
	d.t.Helper()
	return d.do("Settings", `<Oof><Set>`+inner+`</Set></Oof>`)
}

func (d *device) getOof() reply {
	d.t.Helper()
	return d.do("Settings", `<Oof><Get><BodyType>TEXT</BodyType></Get></Oof>`).is("Settings/Status", "1").is("Oof/Status", "1").in("Get")
}

// oofMessage is the message for an audience, Internal, ExternalKnown or ExternalUnknown.
func oofMessage(audience, enabled, text, kind string) string {
	s := `<OofMessage><AppliesTo` + audience + `/><Enabled>` + enabled + `</Enabled>`
	if text != "" {
		s += `<ReplyMessage>` + text + `</ReplyMessage>`
	}
	if kind != "" {
		s += `<BodyType>` + kind + `</BodyType>`
	}
	return s + `</OofMessage>`
}

// oofFor sets a message for one audience, and reads it.
func (d *device) oofFor(audience string) {
	d.t.Helper()
	d.setOof(`<OofState>1</OofState>`+oofMessage(audience, "1", "away", "TEXT")).is("Oof/Status", "1")
	for _, m := range d.getOof().is("OofState", "1").all("OofMessage") {
		if len(m.find("AppliesTo"+audience)) > 0 {
			m.is("Enabled", "1").is("ReplyMessage", "away").is("BodyType", "TEXT")
			return
		}
	}
	d.t.Errorf("no message for %s", audience)
}

const hours = `<StartTime>2026-03-02T08:00:00.000Z</StartTime><EndTime>2026-03-03T08:00:00.000Z</EndTime>`

var settingsCases = []interopCase{
	{"MSASCMD_S16_TC01_Settings_Oof_Success", every, func(d *device) {
		d.setOof(`<OofState>2</OofState>`+hours).is("Settings/Status", "1").is("Oof/Status", "1")
		d.getOof().is("OofState", "2").has("StartTime", "EndTime")
	}},
	{"MSASCMD_S16_TC02_Settings_DevicePassword_Status2", every, func(d *device) {
		d.do("Settings", `<DevicePassword><Set/></DevicePassword>`).is("Settings/Status", "2").lacks("DevicePassword", "Oof", "UserInformation")
	}},
	{"MSASCMD_S16_TC03_Settings_OofState", every, func(d *device) {
		d.setOof(`<OofState>2</OofState><StartTime>2026-03-02T08:00:00.000Z</StartTime>`).is("Oof/Status", "2")
		d.setOof(`<OofState>2</OofState><EndTime>2026-03-02T08:00:00.000Z</EndTime>`).is("Oof/Status", "2")
		d.getOof().is("OofState", "0")
	}},
	{"MSASCMD_S16_TC04_Settings_UserInformation", every, func(d *device) {
		r := d.do("Settings", `<UserInformation><Get/></UserInformation>`).is("UserInformation/Status", "1").lacks("AccountId", "AccountName", "SendDisabled", "UserDisplayName")
		if d.atLeast("14.1") {
			r.is("Account/EmailAddresses/PrimarySmtpAddress", ada).lacks("Get/EmailAddresses")
		} else {
			r.is("Get/EmailAddresses/SMTPAddress", ada).lacks("Accounts")
		}
	}},
	{"MSASCMD_S16_TC05_Settings_OofSetToExternalKnown", every, func(d *device) { d.oofFor("ExternalKnown") }},
	{"MSASCMD_S16_TC06_Settings_OofSetToExternalUnknown", every, func(d *device) { d.oofFor("ExternalUnknown") }},
	{"MSASCMD_S16_TC07_Settings_OofSetToInternal", every, func(d *device) { d.oofFor("Internal") }},
	{"MSASCMD_S16_TC08_Settings_OofSetBodyTypeIsRequiredWithReplyMessage", every, func(d *device) {
		d.setOof(`<OofState>1</OofState>`+oofMessage("Internal", "1", "away", "TEXT")).is("Oof/Status", "1")
		d.getOof().has("OofMessage/ReplyMessage", "OofMessage/BodyType")
		d.setOof(`<OofState>1</OofState>`+oofMessage("Internal", "1", "away", "")).isNot("Oof/Status", "1")
	}},
	{"MSASCMD_S16_TC09_Settings_OofSetBodyTypeOptional", every, func(d *device) {
		d.setOof(`<OofState>1</OofState>`+oofMessage("Internal", "0", "", "")).is("Oof/Status", "1")
		d.getOof().is("OofMessage/Enabled", "0").lacks("ReplyMessage")
	}},
	{"MSASCMD_S16_TC10_Settings_OofSetForThreeTypeAudiences", every, func(d *device) {
		d.setOof(`<OofState>1</OofState>`+oofMessage("Internal", "1", "inside", "TEXT")+oofMessage("ExternalKnown", "1", "outside", "TEXT")+oofMessage("ExternalUnknown", "1", "outside", "TEXT")).is("Oof/Status", "1")
		r := d.getOof().count("OofMessage", 3).has("AppliesToInternal", "AppliesToExternalKnown", "AppliesToExternalUnknown")
		for _, m := range r.all("OofMessage") {
			want := "outside"
			if len(m.find("AppliesToInternal")) > 0 {
				want = "inside"
			}
			m.is("ReplyMessage", want)
		}
	}},
	{"MSASCMD_S16_TC11_Settings_Status5", every, func(d *device) {
		d.setOof(`<OofState>1</OofState>`+oofMessage("ExternalKnown", "1", "away", "InvalidValue")).is("Settings/Status", "1").is("Oof/Status", "5")
	}},
	{"MSASCMD_S16_TC12_Settings_Status6", every, func(d *device) {
		d.setOof(`<OofState>1</OofState>`+oofMessage("ExternalKnown", "1", "one", "TEXT")+oofMessage("ExternalUnknown", "1", "two", "TEXT")).is("Oof/Status", "6")
	}},
	{"MSASCMD_S16_TC13_Settings_ResponseInOrder", every, func(d *device) {
		r := d.do("Settings", `<Oof><Get><BodyType>TEXT</BodyType></Get></Oof><UserInformation><Get/></UserInformation>`).is("Oof/Status", "1").is("UserInformation/Status", "1").
			lacks("DeviceInformation", "DevicePassword", "RightsManagementInformation")
		if strings.Index(r.body, "<Status>") > strings.Index(r.body, "<Oof>") || strings.Index(r.body, "<Oof>") > strings.Index(r.body, "<UserInformation>") {
			d.t.Errorf("not in order: %s", r)
		}
	}},
	{"MSASCMD_S16_TC14_Settings_GetRightManagementInformation", from141, func(d *device) {
		d.do("Settings", `<RightsManagementInformation><Get/></RightsManagementInformation>`).is("RightsManagementInformation/Status", "1").has("RightsManagementInformation/Get")
	}},
	{"MSASCMD_S16_TC16_Settings_DevicePassword_LongPassword", every, func(d *device) {
		d.do("Settings", `<DevicePassword><Set><Password>`+strings.Repeat("a", 256)+`</Password></Set></DevicePassword>`).is("Settings/Status", "1").is("DevicePassword/Status", "5")
		d.do("Settings", `<DevicePassword><Set><Password>1234</Password></Set></DevicePassword>`).is("DevicePassword/Status", "1")
	}},
	{"MSASCMD_S16_TC17_Settings_OofStateNotTwo", every, func(d *device) { d.setOof(`<OofState>1</OofState>`+hours).is("Oof/Status", "1") }},
	{"MSASCMD_S20_TC01_ValidateCert_Success", every, func(d *device) {
		der := base64.StdEncoding.EncodeToString(d.tn.Certificate().Raw)
		d.do("ValidateCert", `<Certificates><Certificate>`+der+`</Certificate></Certificates>`).is("ValidateCert/Status", "1").is("Certificate/Status", "1")
	}},
	{"MSASCMD_S20_TC02_ValidateCert_InvalidSignature", every, func(d *device) {
		b := append([]byte(nil), d.tn.Certificate().Raw...)
		b[len(b)-1] ^= 1 // in the signature
		d.do("ValidateCert", `<Certificates><Certificate>`+base64.StdEncoding.EncodeToString(b)+`</Certificate></Certificates>`).is("Certificate/Status", "3")
	}},
	{"MSASCMD_S20_TC03_ValidateCert_LimitingSize", every, func(d *device) {
		d.do("ValidateCert", `<Certificates>`+strings.Repeat(`<Certificate>eA==</Certificate>`, 101)+`</Certificates>`).is("ValidateCert/Status", "2")
		d.do("ValidateCert", `<Certificates>`+strings.Repeat(`<Certificate>eA==</Certificate>`, 100)+`</Certificates>`).count("Certificate", 100)
	}},
}

// provisions sends a Provision with the key that it is about.
func (d *device) provisions(key, inner string) reply {
	d.t.Helper()
	d.key = key
	return d.do("Provision", inner)
}

var provisionCases = []interopCase{
	{"MSASCMD_S12_TC01_Provision_DownloadPolicy", every, func(d *device) {
		r := d.provisions("0", d.information()+policyRequest).is("Provision/Status", "1").is("Policy/Status", "1").is("PolicyType", "MS-EAS-Provisioning-WBXML").has("PolicyKey", "Data/EASProvisionDoc")
		temporary := r.text("PolicyKey")
		r = d.provisions(temporary, acknowledge(temporary, "1")).is("Policy/Status", "1").is("PolicyType", "MS-EAS-Provisioning-WBXML").isNot("PolicyKey", temporary)
		d.key = r.text("PolicyKey")
		d.folders("0").is("FolderSync/Status", "1")
	}},
	{"MSASCMD_S12_TC02_Provision_WithoutPolicyTypeElement", every, func(d *device) {
		d.provisions("0", d.information()+`<Policies><Policy/></Policies>`).is("Provision/Status", "2")
	}},
	{"MSASCMD_S12_TC03_Provision_Status144", every, func(d *device) {
		d.key = d.key[:len(d.key)-1] + "x"
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("144", 449)
	}},
	{"MSASPROV_S01_TC01_AcknowledgeSecurityPolicySettings", every, func(d *device) {
		r := d.provisions("0", d.information()+policyRequest).is("Provision/Status", "1").in("Policy").is("Status", "1")
		for _, k := range r.root.kids {
			if !strings.Contains("PolicyType PolicyKey Status Data", k.name) {
				d.t.Errorf("%s in %s", k.name, r)
			}
		}
		temporary := r.has("PolicyKey", "PolicyType", "Data/EASProvisionDoc/AttachmentsEnabled").text("PolicyKey")
		// The temporary key is good for the acknowledgement alone.
		d.key = temporary
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("144", 449)
		d.key = d.provisions(temporary, acknowledge(temporary, "1")).is("Policy/Status", "1").lacks("Data").text("PolicyKey")
		d.folders("0").is("FolderSync/Status", "1")
	}},
	{"MSASPROV_S01_TC02_WithoutAcknowledgingSecurityPolicySettings", every, func(d *device) {
		d.key = ""
		d.tn.Change(func(o *eastest.Options) { o.DevicePolicies = []eastest.DevicePolicy{{AllowNonProvisionable: true}} })
		d.folders("0").is("FolderSync/Status", "1")
		d.tn.Change(func(o *eastest.Options) { o.DevicePolicies = nil })
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("141", 449)
	}},
	{"MSASPROV_S01_TC03_InitialPreviouslySettingUnset", every, func(d *device) {
		d.provisions("0", d.information()+policyRequest).is("EASProvisionDoc/AttachmentsEnabled", "1").is("EASProvisionDoc/MinDevicePasswordLength", "").is("EASProvisionDoc/DevicePasswordHistory", "0")
	}},
	{"MSASPROV_S02_TC02_AccountOnlyRemoteWipe", from161, func(d *device) {
		d.do("Provision", d.information()+policyRequest).lacks("AccountOnlyRemoteWipe")
		d.box.Wipe(true)
		d.do("Provision", ``).is("Provision/Status", "1").has("Provision/AccountOnlyRemoteWipe").lacks("RemoteWipe")
		d.do("Provision", `<AccountOnlyRemoteWipe><Status>1</Status></AccountOnlyRemoteWipe>`).is("Provision/Status", "1").lacks("AccountOnlyRemoteWipe")
		if d.box.Wiped() != 1 {
			d.t.Error("not wiped")
		}
	}},
	{"MSASPROV_S02_TC01_RemoteWipe", every, func(d *device) {
		d.do("Provision", d.information()+policyRequest).lacks("RemoteWipe", "AccountOnlyRemoteWipe")
		d.box.Wipe(false)
		d.do("Provision", ``).is("Provision/Status", "1").has("Provision/RemoteWipe")
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("140", 449)
		d.do("Provision", `<RemoteWipe><Status>1</Status></RemoteWipe>`).is("Provision/Status", "1").lacks("RemoteWipe")
		if d.box.Wiped() != 1 {
			d.t.Error("not wiped")
		}
	}},
	{"MSASPROV_S03_TC01_VerifyPolicyStatus3", every, func(d *device) {
		d.provisions("0", d.information()+strings.Replace(policyRequest, "MS-EAS", "InvalidMS-EAS", 1)).is("Policy/Status", "3").lacks("PolicyKey", "Data")
	}},
	{"MSASPROV_S03_TC02_VerifyPolicyStatus5", every, func(d *device) {
		temporary := d.provisions("0", d.information()+policyRequest).text("PolicyKey")
		d.provisions(temporary, acknowledge(temporary, "1")).is("Policy/Status", "1")
		d.provisions(temporary, acknowledge(temporary, "1")).is("Policy/Status", "5").lacks("PolicyKey")
		d.provisions("1234567890", acknowledge("1234567890", "1")).is("Policy/Status", "5")
	}},
	{"MSASPROV_S03_TC03_VerifyProvisionStatus2", every, func(d *device) {
		d.provisions("0", d.information()+`<Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy>`).is("Provision/Status", "2").lacks("Policies")
	}},
	{"MSASPROV_S03_TC04_VerifyInvalidPolicyKey", every, func(d *device) {
		d.key = d.key[:1]
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).refused("144", 449)
	}},
	{"MSASPROV_S03_TC05_VerifyPolicyStatus139", from14, func(d *device) {
		temporary := d.provisions("0", d.information()+policyRequest).text("PolicyKey")
		d.provisions(temporary, acknowledge(temporary, "2")).is("Provision/Status", "139").lacks("PolicyKey")
	}},
	{"MSASPROV_S03_TC07_VerifyStatus141", from14, func(d *device) {
		d.key = ""
		d.do("FolderSync", `<SyncKey>0</SyncKey>`).is("FolderSync/Status", "141").lacks("Changes")
	}},
	{"MSASPROV_S03_TC06_VerifyPolicyStatus145", from14, func(d *device) {
		temporary := d.provisions("0", d.information()+policyRequest).text("PolicyKey")
		d.provisions(temporary, acknowledge(temporary, "4")).is("Provision/Status", "145").lacks("PolicyKey")
	}},
}
