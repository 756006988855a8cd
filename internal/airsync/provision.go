package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// ProvisionRequest is the request of Provision, in either phase. [MS-ASPROV] 2.2.2
type ProvisionRequest struct {
	_                     struct{}           `wbxml:"Provision:Provision"`
	DeviceInformation     *DeviceInformation `wbxml:"Settings:DeviceInformation"`
	Policies              *Policies          `wbxml:"Provision:Policies"`
	RemoteWipe            *WipeStatus        `wbxml:"Provision:RemoteWipe"`
	AccountOnlyRemoteWipe *WipeStatus        `wbxml:"Provision:AccountOnlyRemoteWipe"`
}

// Policies holds the one policy of a request.
type Policies struct {
	Policy PolicyRequest `wbxml:"Provision:Policy"`
}

// PolicyRequest asks for a policy or acknowledges one.
type PolicyRequest struct {
	PolicyType string  `wbxml:"Provision:PolicyType"`
	PolicyKey  *string `wbxml:"Provision:PolicyKey"`
	Status     *int    `wbxml:"Provision:Status"`
}

// WipeStatus acknowledges a wipe: 1 for success, 2 for failure.
type WipeStatus struct {
	Status int `wbxml:"Provision:Status"`
}

// ProvisionResponse is the response of Provision.
type ProvisionResponse struct {
	_                     struct{}          `wbxml:"Provision:Provision"`
	DeviceInformation     *SettingsResult   `wbxml:"Settings:DeviceInformation"`
	Status                *int              `wbxml:"Provision:Status"`
	Policies              *PoliciesResponse `wbxml:"Provision:Policies"`
	RemoteWipe            *struct{}         `wbxml:"Provision:RemoteWipe"`
	AccountOnlyRemoteWipe *struct{}         `wbxml:"Provision:AccountOnlyRemoteWipe"`
}

// PoliciesResponse holds the policies of a response.
type PoliciesResponse struct {
	Policy []PolicyResponse `wbxml:"Provision:Policy"`
}

// PolicyResponse is a policy, or the result of acknowledging one.
type PolicyResponse struct {
	PolicyType string      `wbxml:"Provision:PolicyType"`
	Status     *int        `wbxml:"Provision:Status"`
	PolicyKey  string      `wbxml:"Provision:PolicyKey"`
	Data       *PolicyData `wbxml:"Provision:Data"`
}

// PolicyData holds the policy document.
type PolicyData struct {
	Doc *PolicyDoc `wbxml:"Provision:EASProvisionDoc"`
}

// PolicyDoc is the policy document. An empty element means that the policy does not say.
// [MS-ASPROV] 2.2.2.28
type PolicyDoc struct {
	DevicePasswordEnabled                    *string                 `wbxml:"Provision:DevicePasswordEnabled"`
	AlphanumericDevicePasswordRequired       *string                 `wbxml:"Provision:AlphanumericDevicePasswordRequired"`
	PasswordRecoveryEnabled                  *string                 `wbxml:"Provision:PasswordRecoveryEnabled"`
	RequireStorageCardEncryption             *string                 `wbxml:"Provision:RequireStorageCardEncryption"`
	AttachmentsEnabled                       *string                 `wbxml:"Provision:AttachmentsEnabled"`
	MinDevicePasswordLength                  *string                 `wbxml:"Provision:MinDevicePasswordLength"`
	MaxInactivityTimeDeviceLock              *string                 `wbxml:"Provision:MaxInactivityTimeDeviceLock"`
	MaxDevicePasswordFailedAttempts          *string                 `wbxml:"Provision:MaxDevicePasswordFailedAttempts"`
	MaxAttachmentSize                        *string                 `wbxml:"Provision:MaxAttachmentSize"`
	AllowSimpleDevicePassword                *string                 `wbxml:"Provision:AllowSimpleDevicePassword"`
	DevicePasswordExpiration                 *string                 `wbxml:"Provision:DevicePasswordExpiration"`
	DevicePasswordHistory                    *string                 `wbxml:"Provision:DevicePasswordHistory"`
	AllowStorageCard                         *string                 `wbxml:"Provision:AllowStorageCard"`
	AllowCamera                              *string                 `wbxml:"Provision:AllowCamera"`
	RequireDeviceEncryption                  *string                 `wbxml:"Provision:RequireDeviceEncryption"`
	AllowUnsignedApplications                *string                 `wbxml:"Provision:AllowUnsignedApplications"`
	AllowUnsignedInstallationPackages        *string                 `wbxml:"Provision:AllowUnsignedInstallationPackages"`
	MinDevicePasswordComplexCharacters       *string                 `wbxml:"Provision:MinDevicePasswordComplexCharacters"`
	AllowWiFi                                *string                 `wbxml:"Provision:AllowWiFi"`
	AllowTextMessaging                       *string                 `wbxml:"Provision:AllowTextMessaging"`
	AllowPOPIMAPEmail                        *string                 `wbxml:"Provision:AllowPOPIMAPEmail"`
	AllowBluetooth                           *string                 `wbxml:"Provision:AllowBluetooth"`
	AllowIrDA                                *string                 `wbxml:"Provision:AllowIrDA"`
	RequireManualSyncWhenRoaming             *string                 `wbxml:"Provision:RequireManualSyncWhenRoaming"`
	AllowDesktopSync                         *string                 `wbxml:"Provision:AllowDesktopSync"`
	MaxCalendarAgeFilter                     *string                 `wbxml:"Provision:MaxCalendarAgeFilter"`
	AllowHTMLEmail                           *string                 `wbxml:"Provision:AllowHTMLEmail"`
	MaxEmailAgeFilter                        *string                 `wbxml:"Provision:MaxEmailAgeFilter"`
	MaxEmailBodyTruncationSize               *string                 `wbxml:"Provision:MaxEmailBodyTruncationSize"`
	MaxEmailHTMLBodyTruncationSize           *string                 `wbxml:"Provision:MaxEmailHTMLBodyTruncationSize"`
	RequireSignedSMIMEMessages               *string                 `wbxml:"Provision:RequireSignedSMIMEMessages"`
	RequireEncryptedSMIMEMessages            *string                 `wbxml:"Provision:RequireEncryptedSMIMEMessages"`
	RequireSignedSMIMEAlgorithm              *string                 `wbxml:"Provision:RequireSignedSMIMEAlgorithm"`
	RequireEncryptionSMIMEAlgorithm          *string                 `wbxml:"Provision:RequireEncryptionSMIMEAlgorithm"`
	AllowSMIMEEncryptionAlgorithmNegotiation *string                 `wbxml:"Provision:AllowSMIMEEncryptionAlgorithmNegotiation"`
	AllowSMIMESoftCerts                      *string                 `wbxml:"Provision:AllowSMIMESoftCerts"`
	AllowBrowser                             *string                 `wbxml:"Provision:AllowBrowser"`
	AllowConsumerEmail                       *string                 `wbxml:"Provision:AllowConsumerEmail"`
	AllowRemoteDesktop                       *string                 `wbxml:"Provision:AllowRemoteDesktop"`
	AllowInternetSharing                     *string                 `wbxml:"Provision:AllowInternetSharing"`
	UnapprovedInROMApplicationList           *UnapprovedApplications `wbxml:"Provision:UnapprovedInROMApplicationList"`
	ApprovedApplicationList                  *ApprovedApplications   `wbxml:"Provision:ApprovedApplicationList"`
	Unknown                                  []wbxml.Tag             `wbxml:",any"`
}

// UnapprovedApplications names applications. [MS-ASPROV] 2.2.2.56
type UnapprovedApplications struct {
	ApplicationName []string `wbxml:"Provision:ApplicationName"`
}

// ApprovedApplications holds hashes of applications. [MS-ASPROV] 2.2.2.22
type ApprovedApplications struct {
	Hash []string `wbxml:"Provision:Hash"`
}
