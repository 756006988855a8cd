package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// EmailData is a mail. [MS-ASEMAIL] 2.2
type EmailData struct {
	_                     struct{}     `wbxml:"AirSync:ApplicationData"`
	To                    string       `wbxml:"Email:To"`
	CC                    string       `wbxml:"Email:Cc"`
	From                  string       `wbxml:"Email:From"`
	ReplyTo               string       `wbxml:"Email:ReplyTo"`
	Subject               string       `wbxml:"Email:Subject"`
	DateReceived          string       `wbxml:"Email:DateReceived"`
	DisplayTo             string       `wbxml:"Email:DisplayTo"`
	ThreadTopic           string       `wbxml:"Email:ThreadTopic"`
	Importance            *int         `wbxml:"Email:Importance"`
	Read                  *bool        `wbxml:"Email:Read"`
	Attachments           *Attachments `wbxml:"AirSyncBase:Attachments"`
	Body                  *Body        `wbxml:"AirSyncBase:Body"`
	MessageClass          string       `wbxml:"Email:MessageClass"`
	InternetCPID          string       `wbxml:"Email:InternetCPID"`
	Flag                  *Flag        `wbxml:"Email:Flag"`
	ContentClass          string       `wbxml:"Email:ContentClass"`
	NativeBodyType        *int         `wbxml:"AirSyncBase:NativeBodyType"`
	ConversationID        []byte       `wbxml:"Email2:ConversationId,opaque"`
	ConversationIndex     []byte       `wbxml:"Email2:ConversationIndex,opaque"`
	LastVerbExecuted      *int         `wbxml:"Email2:LastVerbExecuted"`
	LastVerbExecutionTime string       `wbxml:"Email2:LastVerbExecutionTime"`
	ReceivedAsBCC         *bool        `wbxml:"Email2:ReceivedAsBcc"`
	Sender                string       `wbxml:"Email2:Sender"`
	IsDraft               *bool        `wbxml:"Email2:IsDraft"`
	BCC                   string       `wbxml:"Email2:Bcc"`
	Categories            *Categories  `wbxml:"Email:Categories"`
	Other                 []wbxml.Raw  `wbxml:",any"`
}

// Categories lists categories. [MS-ASEMAIL] 2.2.2.10
type Categories struct {
	Category []string `wbxml:"Email:Category"`
}

// Flag is a flag; an empty one clears it. [MS-ASEMAIL] 2.2.2.34
type Flag struct {
	Status       *int        `wbxml:"Email:Status"`
	FlagType     string      `wbxml:"Email:FlagType"`
	CompleteTime string      `wbxml:"Email:CompleteTime"`
	Other        []wbxml.Raw `wbxml:",any"`
}

// EmailChange is what a client changes of a mail that exists.
type EmailChange struct {
	Read       *bool       `wbxml:"Email:Read"`
	Flag       *Flag       `wbxml:"Email:Flag"`
	Categories *Categories `wbxml:"Email:Categories"`
}
