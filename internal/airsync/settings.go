package airsync

// Settings is the request of Settings. [MS-ASCMD] 2.2.1.18
type Settings struct {
	_                 struct{}           `wbxml:"Settings:Settings"`
	Oof               *OofRequest        `wbxml:"Settings:Oof"`
	DevicePassword    *DevicePassword    `wbxml:"Settings:DevicePassword"`
	DeviceInformation *DeviceInformation `wbxml:"Settings:DeviceInformation"`
	UserInformation   *SettingsGet       `wbxml:"Settings:UserInformation"`
	RightsManagement  *SettingsGet       `wbxml:"Settings:RightsManagementInformation"`
}

// SettingsGet asks for something.
type SettingsGet struct {
	Get bool `wbxml:"Settings:Get,empty"`
}

// OofRequest asks for the out-of-office messages or sets them. [MS-ASCMD] 2.2.3.115
type OofRequest struct {
	Get *OofGet `wbxml:"Settings:Get"`
	Set *Oof    `wbxml:"Settings:Set"`
}

// OofGet says in which format they are wanted.
type OofGet struct {
	BodyType string `wbxml:"Settings:BodyType"`
}

// Oof is what is answered while the user is out of office.
type Oof struct {
	State     *int         `wbxml:"Settings:OofState"`
	StartTime string       `wbxml:"Settings:StartTime"`
	EndTime   string       `wbxml:"Settings:EndTime"`
	Message   []OofMessage `wbxml:"Settings:OofMessage"`
}

// OofMessage is the answer for one audience. [MS-ASCMD] 2.2.3.116
type OofMessage struct {
	Internal        bool   `wbxml:"Settings:AppliesToInternal,empty"`
	ExternalKnown   bool   `wbxml:"Settings:AppliesToExternalKnown,empty"`
	ExternalUnknown bool   `wbxml:"Settings:AppliesToExternalUnknown,empty"`
	Enabled         *bool  `wbxml:"Settings:Enabled"`
	Reply           string `wbxml:"Settings:ReplyMessage"`
	BodyType        string `wbxml:"Settings:BodyType"`
}

// DevicePassword stores the recovery password of the device.
type DevicePassword struct {
	Set DevicePasswordSet `wbxml:"Settings:Set"`
}

// DevicePasswordSet holds it; empty deletes it.
type DevicePasswordSet struct {
	Password string `wbxml:"Settings:Password,always"`
}

// DeviceInformation describes the device. [MS-ASCMD] 2.2.3.45
type DeviceInformation struct {
	Set *DeviceSet `wbxml:"Settings:Set"`
}

// DeviceSet holds what the client says about the device.
type DeviceSet struct {
	Model             string `wbxml:"Settings:Model"`
	IMEI              string `wbxml:"Settings:IMEI"`
	FriendlyName      string `wbxml:"Settings:FriendlyName"`
	OS                string `wbxml:"Settings:OS"`
	OSLanguage        string `wbxml:"Settings:OSLanguage"`
	PhoneNumber       string `wbxml:"Settings:PhoneNumber"`
	UserAgent         string `wbxml:"Settings:UserAgent"`
	EnableOutboundSMS *bool  `wbxml:"Settings:EnableOutboundSMS"`
	MobileOperator    string `wbxml:"Settings:MobileOperator"`
}

// SettingsResult is the result of one part of Settings.
type SettingsResult struct {
	Status *int `wbxml:"Settings:Status"`
}

// SettingsResponse is the response of Settings.
type SettingsResponse struct {
	_                 struct{}        `wbxml:"Settings:Settings"`
	Status            *int            `wbxml:"Settings:Status"`
	Oof               *OofReply       `wbxml:"Settings:Oof"`
	DeviceInformation *SettingsResult `wbxml:"Settings:DeviceInformation"`
	DevicePassword    *SettingsResult `wbxml:"Settings:DevicePassword"`
	UserInformation   *UserReply      `wbxml:"Settings:UserInformation"`
	RightsManagement  *RightsReply    `wbxml:"Settings:RightsManagementInformation"`
}

// OofReply is the answer about out-of-office messages.
type OofReply struct {
	Status *int `wbxml:"Settings:Status"`
	Get    *Oof `wbxml:"Settings:Get"`
}

// UserReply is the answer about the user.
type UserReply struct {
	Status *int     `wbxml:"Settings:Status"`
	Get    *UserGet `wbxml:"Settings:Get"`
}

// UserGet holds the addresses, up to 14.0 beside one another, later by account.
type UserGet struct {
	Addresses *UserAddresses `wbxml:"Settings:EmailAddresses"`
	Accounts  *UserAccounts  `wbxml:"Settings:Accounts"`
}

// UserAddresses lists addresses.
type UserAddresses struct {
	SMTP    []string `wbxml:"Settings:SMTPAddress"`
	Primary string   `wbxml:"Settings:PrimarySmtpAddress"`
}

// UserAccounts lists accounts.
type UserAccounts struct {
	Account []UserAccount `wbxml:"Settings:Account"`
}

// UserAccount is an account that the mailbox receives mail of.
type UserAccount struct {
	ID           string         `wbxml:"Settings:AccountId"`
	Name         string         `wbxml:"Settings:AccountName"`
	DisplayName  string         `wbxml:"Settings:UserDisplayName"`
	SendDisabled bool           `wbxml:"Settings:SendDisabled"`
	Addresses    *UserAddresses `wbxml:"Settings:EmailAddresses"`
}

// RightsReply is the answer about rights management.
type RightsReply struct {
	Status *int       `wbxml:"Settings:Status"`
	Get    *RightsGet `wbxml:"Settings:Get"`
}

// RightsGet holds the templates.
type RightsGet struct {
	Templates *RightsTemplates `wbxml:"RightsManagement:RightsManagementTemplates"`
}

// RightsTemplates lists templates. [MS-ASRM] 2.2.2.17
type RightsTemplates struct {
	Template []RightsTemplate `wbxml:"RightsManagement:RightsManagementTemplate"`
}

// RightsTemplate is what the sender of a mail can choose.
type RightsTemplate struct {
	ID          string `wbxml:"RightsManagement:TemplateID"`
	Name        string `wbxml:"RightsManagement:TemplateName"`
	Description string `wbxml:"RightsManagement:TemplateDescription"`
}
