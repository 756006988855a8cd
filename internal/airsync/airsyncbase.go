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
	EstimatedDataSize *uint64 `wbxml:"AirSyncBase:EstimatedDataSize"`
	Truncated         *bool   `wbxml:"AirSyncBase:Truncated"`
	Data              *string `wbxml:"AirSyncBase:Data"`
	Part              *int    `wbxml:"ItemOperations:Part"` // of a multipart answer, instead of Data
	Preview           string  `wbxml:"AirSyncBase:Preview"`
}

// BodyPart is the part of a body that is new in its conversation. [MS-ASAIRS] 2.2.2.10
type BodyPart struct {
	Status            *int    `wbxml:"AirSyncBase:Status"`
	Type              int     `wbxml:"AirSyncBase:Type"`
	EstimatedDataSize *uint64 `wbxml:"AirSyncBase:EstimatedDataSize"`
	Truncated         *bool   `wbxml:"AirSyncBase:Truncated"`
	Data              *string `wbxml:"AirSyncBase:Data"`
	Part              *int    `wbxml:"ItemOperations:Part"`
	Preview           string  `wbxml:"AirSyncBase:Preview"`
}

// Attachments lists attachments. [MS-ASAIRS] 2.2.2.8
type Attachments struct {
	Attachment []Attachment       `wbxml:"AirSyncBase:Attachment"`
	Add        []AttachmentAdd    `wbxml:"AirSyncBase:Add"`
	Delete     []AttachmentDelete `wbxml:"AirSyncBase:Delete"`
}

// Attachment describes an attachment without its content. [MS-ASAIRS] 2.2.2.7
type Attachment struct {
	DisplayName       string  `wbxml:"AirSyncBase:DisplayName"`
	FileReference     string  `wbxml:"AirSyncBase:FileReference"`
	ClientID          string  `wbxml:"AirSyncBase:ClientId"`
	Method            int     `wbxml:"AirSyncBase:Method"`
	EstimatedDataSize uint64  `wbxml:"AirSyncBase:EstimatedDataSize"`
	ContentID         string  `wbxml:"AirSyncBase:ContentId"`
	ContentLocation   string  `wbxml:"AirSyncBase:ContentLocation"`
	IsInline          *bool   `wbxml:"AirSyncBase:IsInline"`
	UMDuration        *uint32 `wbxml:"Email2:UmAttDuration"` // seconds
	UMOrder           *int    `wbxml:"Email2:UmAttOrder"`
}

// AttachmentAdd is an attachment that the client adds to an item, from 16.0 on. [MS-ASAIRS]
// 2.2.2.2
type AttachmentAdd struct {
	ClientID        string `wbxml:"AirSyncBase:ClientId"`
	Method          int    `wbxml:"AirSyncBase:Method"`
	ContentType     string `wbxml:"AirSyncBase:ContentType"`
	Content         []byte `wbxml:"AirSyncBase:Content,opaque,always"`
	DisplayName     string `wbxml:"AirSyncBase:DisplayName"`
	ContentID       string `wbxml:"AirSyncBase:ContentId"`
	ContentLocation string `wbxml:"AirSyncBase:ContentLocation"`
	IsInline        bool   `wbxml:"AirSyncBase:IsInline,empty"`
}

// AttachmentDelete is an attachment that the client removes from an item, from 16.0 on.
// [MS-ASAIRS] 2.2.2.16
type AttachmentDelete struct {
	FileReference string `wbxml:"AirSyncBase:FileReference"`
}

// Location is a place, from 16.0 on. [MS-ASAIRS] 2.2.2.28
type Location struct {
	DisplayName      string `wbxml:"AirSyncBase:DisplayName"`
	Annotation       string `wbxml:"AirSyncBase:Annotation"`
	Street           string `wbxml:"AirSyncBase:Street"`
	City             string `wbxml:"AirSyncBase:City"`
	State            string `wbxml:"AirSyncBase:State"`
	Country          string `wbxml:"AirSyncBase:Country"`
	PostalCode       string `wbxml:"AirSyncBase:PostalCode"`
	Latitude         string `wbxml:"AirSyncBase:Latitude"`
	Longitude        string `wbxml:"AirSyncBase:Longitude"`
	Accuracy         string `wbxml:"AirSyncBase:Accuracy"`
	Altitude         string `wbxml:"AirSyncBase:Altitude"`
	AltitudeAccuracy string `wbxml:"AirSyncBase:AltitudeAccuracy"`
	LocationURI      string `wbxml:"AirSyncBase:LocationUri"`
}
