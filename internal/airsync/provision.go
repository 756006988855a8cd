package airsync

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
	DevicePasswordEnabled              *string `wbxml:"Provision:DevicePasswordEnabled"`
	AlphanumericDevicePasswordRequired *string `wbxml:"Provision:AlphanumericDevicePasswordRequired"`
	PasswordRecoveryEnabled            *string `wbxml:"Provision:PasswordRecoveryEnabled"`
	RequireStorageCardEncryption       *string `wbxml:"Provision:RequireStorageCardEncryption"`
	AttachmentsEnabled                 *string `wbxml:"Provision:AttachmentsEnabled"`
	MinDevicePasswordLength            *string `wbxml:"Provision:MinDevicePasswordLength"`
	MaxInactivityTimeDeviceLock        *string `wbxml:"Provision:MaxInactivityTimeDeviceLock"`
	MaxDevicePasswordFailedAttempts    *string `wbxml:"Provision:MaxDevicePasswordFailedAttempts"`
	MaxAttachmentSize                  *string `wbxml:"Provision:MaxAttachmentSize"`
	AllowSimpleDevicePassword          *string `wbxml:"Provision:AllowSimpleDevicePassword"`
	DevicePasswordExpiration           *string `wbxml:"Provision:DevicePasswordExpiration"`
	DevicePasswordHistory              *string `wbxml:"Provision:DevicePasswordHistory"`
	AllowStorageCard                   *string `wbxml:"Provision:AllowStorageCard"`
	AllowCamera                        *string `wbxml:"Provision:AllowCamera"`
	RequireDeviceEncryption            *string `wbxml:"Provision:RequireDeviceEncryption"`
	MinDevicePasswordComplexCharacters *string `wbxml:"Provision:MinDevicePasswordComplexCharacters"`
	MaxCalendarAgeFilter               *string `wbxml:"Provision:MaxCalendarAgeFilter"`
	AllowHTMLEmail                     *string `wbxml:"Provision:AllowHTMLEmail"`
	MaxEmailAgeFilter                  *string `wbxml:"Provision:MaxEmailAgeFilter"`
	MaxEmailBodyTruncationSize         *string `wbxml:"Provision:MaxEmailBodyTruncationSize"`
	MaxEmailHTMLBodyTruncationSize     *string `wbxml:"Provision:MaxEmailHTMLBodyTruncationSize"`
}
