package airsync

// SendMail is the request of SendMail from 14.0 on; its response is empty unless it
// failed. [MS-ASCMD] 2.2.1.17
type SendMail struct {
	_               struct{} `wbxml:"ComposeMail:SendMail"`
	ClientID        string   `wbxml:"ComposeMail:ClientId"`
	AccountID       string   `wbxml:"ComposeMail:AccountId"`
	SaveInSentItems bool     `wbxml:"ComposeMail:SaveInSentItems,empty"`
	MIME            []byte   `wbxml:"ComposeMail:Mime,opaque"`
	TemplateID      string   `wbxml:"RightsManagement:TemplateID"`
}

// SendMailResponse is the response of a SendMail that failed.
type SendMailResponse struct {
	_      struct{} `wbxml:"ComposeMail:SendMail"`
	Status *int     `wbxml:"ComposeMail:Status"`
}

// Smart holds the elements of SmartReply and SmartForward from 14.0 on. [MS-ASCMD] 2.2.1.18,
// 2.2.1.19
type Smart struct {
	ClientID        string      `wbxml:"ComposeMail:ClientId"`
	Source          MailSource  `wbxml:"ComposeMail:Source"`
	AccountID       string      `wbxml:"ComposeMail:AccountId"`
	SaveInSentItems bool        `wbxml:"ComposeMail:SaveInSentItems,empty"`
	ReplaceMIME     bool        `wbxml:"ComposeMail:ReplaceMime,empty"`
	Forwardees      *Forwardees `wbxml:"ComposeMail:Forwardees"` // SmartForward from 16.0 on
	MIME            []byte      `wbxml:"ComposeMail:Mime,opaque"`
	TemplateID      string      `wbxml:"RightsManagement:TemplateID"`
}

// SmartReply is the request of SmartReply.
type SmartReply struct {
	_ struct{} `wbxml:"ComposeMail:SmartReply"`
	Smart
}

// SmartForward is the request of SmartForward.
type SmartForward struct {
	_ struct{} `wbxml:"ComposeMail:SmartForward"`
	Smart
}

// SmartReplyResponse is the response of a SmartReply that failed.
type SmartReplyResponse struct {
	_      struct{} `wbxml:"ComposeMail:SmartReply"`
	Status *int     `wbxml:"ComposeMail:Status"`
}

// SmartForwardResponse is the response of a SmartForward that failed.
type SmartForwardResponse struct {
	_      struct{} `wbxml:"ComposeMail:SmartForward"`
	Status *int     `wbxml:"ComposeMail:Status"`
}

// MailSource names the message that is answered or forwarded. [MS-ASCMD] 2.2.3.173
type MailSource struct {
	FolderID   string `wbxml:"ComposeMail:FolderId"`
	ItemID     string `wbxml:"ComposeMail:ItemId"`
	LongID     string `wbxml:"ComposeMail:LongId"`
	InstanceID string `wbxml:"ComposeMail:InstanceId"`
}

// Forwardees lists who a meeting was or is forwarded to.
type Forwardees struct {
	Forwardee []Forwardee `wbxml:"ComposeMail:Forwardee"`
}

// Forwardee is one of them.
type Forwardee struct {
	Email string `wbxml:"ComposeMail:Email"`
	Name  string `wbxml:"ComposeMail:Name"`
}
