package airsync

// SendMail is the request of SendMail from 14.0 on; its response is empty unless it
// failed. [MS-ASCMD] 2.2.1.17
type SendMail struct {
	_               struct{} `wbxml:"ComposeMail:SendMail"`
	ClientID        string   `wbxml:"ComposeMail:ClientId"`
	AccountID       string   `wbxml:"ComposeMail:AccountId"`
	SaveInSentItems bool     `wbxml:"ComposeMail:SaveInSentItems,empty"`
	MIME            []byte   `wbxml:"ComposeMail:Mime,opaque"`
}

// SendMailResponse is the response of a SendMail that failed.
type SendMailResponse struct {
	_      struct{} `wbxml:"ComposeMail:SendMail"`
	Status *int     `wbxml:"ComposeMail:Status"`
}
