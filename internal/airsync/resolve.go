package airsync

// ResolveRecipients is the request of ResolveRecipients. [MS-ASCMD] 2.2.1.15
type ResolveRecipients struct {
	_       struct{}        `wbxml:"ResolveRecipients:ResolveRecipients"`
	To      []string        `wbxml:"ResolveRecipients:To"`
	Options *ResolveOptions `wbxml:"ResolveRecipients:Options"`
}

// ResolveOptions says what is wanted of each.
type ResolveOptions struct {
	CertificateRetrieval   *int                 `wbxml:"ResolveRecipients:CertificateRetrieval"`
	MaxCertificates        *int                 `wbxml:"ResolveRecipients:MaxCertificates"`
	MaxAmbiguousRecipients *int                 `wbxml:"ResolveRecipients:MaxAmbiguousRecipients"`
	Availability           *AvailabilityRequest `wbxml:"ResolveRecipients:Availability"`
	Picture                *ResolvePicture      `wbxml:"ResolveRecipients:Picture"`
}

// AvailabilityRequest is the time that is asked about.
type AvailabilityRequest struct {
	StartTime string `wbxml:"ResolveRecipients:StartTime"`
	EndTime   string `wbxml:"ResolveRecipients:EndTime"`
}

// ResolvePicture limits the pictures.
type ResolvePicture struct {
	MaxSize     *int `wbxml:"ResolveRecipients:MaxSize"`
	MaxPictures *int `wbxml:"ResolveRecipients:MaxPictures"`
}

// ResolveRecipientsResponse is the response of ResolveRecipients.
type ResolveRecipientsResponse struct {
	_        struct{}       `wbxml:"ResolveRecipients:ResolveRecipients"`
	Status   *int           `wbxml:"ResolveRecipients:Status"`
	Response []ResolveReply `wbxml:"ResolveRecipients:Response"`
}

// ResolveReply is the answer about one name.
type ResolveReply struct {
	To             string      `wbxml:"ResolveRecipients:To"`
	Status         *int        `wbxml:"ResolveRecipients:Status"`
	RecipientCount *int        `wbxml:"ResolveRecipients:RecipientCount"`
	Recipient      []Recipient `wbxml:"ResolveRecipients:Recipient"`
}

// Recipient is a person who may be meant.
type Recipient struct {
	Type         *int                   `wbxml:"ResolveRecipients:Type"`
	DisplayName  string                 `wbxml:"ResolveRecipients:DisplayName"`
	EmailAddress string                 `wbxml:"ResolveRecipients:EmailAddress"`
	Availability *Availability          `wbxml:"ResolveRecipients:Availability"`
	Certificates *RecipientCertificates `wbxml:"ResolveRecipients:Certificates"`
	Picture      []ResolvedPicture      `wbxml:"ResolveRecipients:Picture"`
}

// Availability is when a person is free. [MS-ASCMD] 2.2.3.16
type Availability struct {
	Status         *int   `wbxml:"ResolveRecipients:Status"`
	MergedFreeBusy string `wbxml:"ResolveRecipients:MergedFreeBusy"`
}

// RecipientCertificates are the certificates of a recipient. [MS-ASCMD] 2.2.3.21
type RecipientCertificates struct {
	Status           *int     `wbxml:"ResolveRecipients:Status"`
	CertificateCount *int     `wbxml:"ResolveRecipients:CertificateCount"`
	RecipientCount   *int     `wbxml:"ResolveRecipients:RecipientCount"`
	Certificate      []string `wbxml:"ResolveRecipients:Certificate"`
	MiniCertificate  []string `wbxml:"ResolveRecipients:MiniCertificate"`
}

// ResolvedPicture is a picture, or why there is none.
type ResolvedPicture struct {
	Status *int   `wbxml:"ResolveRecipients:Status"`
	Data   []byte `wbxml:"ResolveRecipients:Data,opaque"`
}

// ValidateCert is the request of ValidateCert. [MS-ASCMD] 2.2.1.22
type ValidateCert struct {
	_            struct{}      `wbxml:"ValidateCert:ValidateCert"`
	Chain        *Certificates `wbxml:"ValidateCert:CertificateChain"`
	Certificates *Certificates `wbxml:"ValidateCert:Certificates"`
	CheckCRL     *bool         `wbxml:"ValidateCert:CheckCRL"`
}

// Certificates lists certificates in base64.
type Certificates struct {
	Certificate []string `wbxml:"ValidateCert:Certificate"`
}

// ValidateCertResponse is the response of ValidateCert.
type ValidateCertResponse struct {
	_           struct{}          `wbxml:"ValidateCert:ValidateCert"`
	Status      *int              `wbxml:"ValidateCert:Status"`
	Certificate []CertificateInfo `wbxml:"ValidateCert:Certificate"`
}

// CertificateInfo is the verdict on one certificate.
type CertificateInfo struct {
	Status *int `wbxml:"ValidateCert:Status"`
}
