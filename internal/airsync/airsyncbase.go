package airsync

// BodyPreference says how a body is wanted. [MS-ASAIRS] 2.2.2.12
type BodyPreference struct {
	Type           int     `wbxml:"AirSyncBase:Type"`
	TruncationSize *uint32 `wbxml:"AirSyncBase:TruncationSize"`
	AllOrNone      *bool   `wbxml:"AirSyncBase:AllOrNone"`
	Preview        *int    `wbxml:"AirSyncBase:Preview"`
}

// Body is a body. [MS-ASAIRS] 2.2.2.9
type Body struct {
	Type              int     `wbxml:"AirSyncBase:Type"`
	EstimatedDataSize *uint32 `wbxml:"AirSyncBase:EstimatedDataSize"`
	Truncated         *bool   `wbxml:"AirSyncBase:Truncated"`
	Data              *string `wbxml:"AirSyncBase:Data"`
	Preview           string  `wbxml:"AirSyncBase:Preview"`
}

// Attachments lists attachments. [MS-ASAIRS] 2.2.2.8
type Attachments struct {
	Attachment []Attachment `wbxml:"AirSyncBase:Attachment"`
}

// Attachment describes an attachment without its content. [MS-ASAIRS] 2.2.2.7
type Attachment struct {
	DisplayName       string `wbxml:"AirSyncBase:DisplayName"`
	FileReference     string `wbxml:"AirSyncBase:FileReference"`
	Method            int    `wbxml:"AirSyncBase:Method"`
	EstimatedDataSize uint32 `wbxml:"AirSyncBase:EstimatedDataSize"`
	ContentID         string `wbxml:"AirSyncBase:ContentId"`
	ContentLocation   string `wbxml:"AirSyncBase:ContentLocation"`
	IsInline          *bool  `wbxml:"AirSyncBase:IsInline"`
}
