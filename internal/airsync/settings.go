package airsync

// DeviceInformation describes the device. [MS-ASCMD] 2.2.3.45
type DeviceInformation struct {
	Set *DeviceSet `wbxml:"Settings:Set"`
}

// DeviceSet holds what the client says about the device.
type DeviceSet struct {
	Model          string `wbxml:"Settings:Model"`
	FriendlyName   string `wbxml:"Settings:FriendlyName"`
	OS             string `wbxml:"Settings:OS"`
	OSLanguage     string `wbxml:"Settings:OSLanguage"`
	UserAgent      string `wbxml:"Settings:UserAgent"`
	MobileOperator string `wbxml:"Settings:MobileOperator"`
}

// SettingsResult is the result of one part of Settings.
type SettingsResult struct {
	Status *int `wbxml:"Settings:Status"`
}
