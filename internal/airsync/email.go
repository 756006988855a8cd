package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// EmailData is a mail. [MS-ASEMAIL] 2.2
type EmailData struct {
	_                     struct{}        `wbxml:"AirSync:ApplicationData"`
	To                    string          `wbxml:"Email:To"`
	CC                    string          `wbxml:"Email:Cc"`
	From                  string          `wbxml:"Email:From"`
	ReplyTo               string          `wbxml:"Email:ReplyTo"`
	Subject               string          `wbxml:"Email:Subject"`
	DateReceived          string          `wbxml:"Email:DateReceived"`
	DisplayTo             string          `wbxml:"Email:DisplayTo"`
	ThreadTopic           string          `wbxml:"Email:ThreadTopic"`
	Importance            *int            `wbxml:"Email:Importance"`
	Read                  *bool           `wbxml:"Email:Read"`
	Attachments           *Attachments    `wbxml:"AirSyncBase:Attachments"`
	Body                  *Body           `wbxml:"AirSyncBase:Body"`
	BodyPart              []BodyPart      `wbxml:"AirSyncBase:BodyPart"`
	MessageClass          string          `wbxml:"Email:MessageClass"`
	MeetingRequest        *MeetingRequest `wbxml:"Email:MeetingRequest"`
	InternetCPID          string          `wbxml:"Email:InternetCPID"`
	Flag                  *Flag           `wbxml:"Email:Flag"`
	ContentClass          string          `wbxml:"Email:ContentClass"`
	NativeBodyType        *int            `wbxml:"AirSyncBase:NativeBodyType"`
	UMCallerID            string          `wbxml:"Email2:UmCallerID"`
	UMUserNotes           string          `wbxml:"Email2:UmUserNotes"`
	ConversationID        []byte          `wbxml:"Email2:ConversationId,opaque"`
	ConversationIndex     []byte          `wbxml:"Email2:ConversationIndex,opaque"`
	LastVerbExecuted      *int            `wbxml:"Email2:LastVerbExecuted"`
	LastVerbExecutionTime string          `wbxml:"Email2:LastVerbExecutionTime"`
	ReceivedAsBCC         *bool           `wbxml:"Email2:ReceivedAsBcc"`
	Sender                string          `wbxml:"Email2:Sender"`
	AccountID             string          `wbxml:"Email2:AccountId"`
	IsDraft               *bool           `wbxml:"Email2:IsDraft"`
	BCC                   string          `wbxml:"Email2:Bcc"`
	Categories            *Categories     `wbxml:"Email:Categories"`
	License               *RightsLicense  `wbxml:"RightsManagement:RightsManagementLicense"`
	Other                 []wbxml.Raw     `wbxml:",any"`
}

// Categories lists categories. [MS-ASEMAIL] 2.2.2.10
type Categories struct {
	Category []string `wbxml:"Email:Category"`
}

// Flag is a flag; an empty one clears it. [MS-ASEMAIL] 2.2.2.34
type Flag struct {
	Subject        string      `wbxml:"Tasks:Subject"`
	Status         *int        `wbxml:"Email:Status"`
	FlagType       string      `wbxml:"Email:FlagType"`
	DateCompleted  string      `wbxml:"Tasks:DateCompleted"`
	CompleteTime   string      `wbxml:"Email:CompleteTime"`
	StartDate      string      `wbxml:"Tasks:StartDate"`
	DueDate        string      `wbxml:"Tasks:DueDate"`
	UTCStartDate   string      `wbxml:"Tasks:UtcStartDate"`
	UTCDueDate     string      `wbxml:"Tasks:UtcDueDate"`
	ReminderSet    *bool       `wbxml:"Tasks:ReminderSet"`
	ReminderTime   string      `wbxml:"Tasks:ReminderTime"`
	OrdinalDate    string      `wbxml:"Tasks:OrdinalDate"`
	SubOrdinalDate string      `wbxml:"Tasks:SubOrdinalDate"`
	Other          []wbxml.Raw `wbxml:",any"`
}

// EmailChange is what a client changes of a mail that exists.
type EmailChange struct {
	_          struct{}    `wbxml:"AirSync:ApplicationData"`
	Read       *bool       `wbxml:"Email:Read"`
	Flag       *Flag       `wbxml:"Email:Flag"`
	Categories *Categories `wbxml:"Email:Categories"`
}

// MeetingRequest is the invitation that a mail carries. [MS-ASEMAIL] 2.2.2.48
type MeetingRequest struct {
	AllDayEvent             *bool               `wbxml:"Email:AllDayEvent"`
	StartTime               string              `wbxml:"Email:StartTime"`
	DTStamp                 string              `wbxml:"Email:DtStamp"`
	EndTime                 string              `wbxml:"Email:EndTime"`
	InstanceType            *int                `wbxml:"Email:InstanceType"`
	Location                string              `wbxml:"Email:Location"` // up to 14.1
	Place                   *Location           `wbxml:"AirSyncBase:Location"`
	Organizer               string              `wbxml:"Email:Organizer"`
	RecurrenceID            string              `wbxml:"Email:RecurrenceId"`
	Reminder                *uint32             `wbxml:"Email:Reminder"`
	ResponseRequested       *bool               `wbxml:"Email:ResponseRequested"`
	Recurrences             *MeetingRecurrences `wbxml:"Email:Recurrences"`
	Sensitivity             *int                `wbxml:"Email:Sensitivity"`
	BusyStatus              *int                `wbxml:"Email:BusyStatus"`
	TimeZone                string              `wbxml:"Email:TimeZone"`
	GlobalObjID             string              `wbxml:"Email:GlobalObjId"` // up to 14.1
	DisallowNewTimeProposal *bool               `wbxml:"Email:DisallowNewTimeProposal"`
	MeetingMessageType      *int                `wbxml:"Email2:MeetingMessageType"`
	UID                     string              `wbxml:"Calendar:UID"`
	ProposedStartTime       string              `wbxml:"MeetingResponse:ProposedStartTime"`
	ProposedEndTime         string              `wbxml:"MeetingResponse:ProposedEndTime"`
	Forwardees              *Forwardees         `wbxml:"ComposeMail:Forwardees"`
}

// MeetingRecurrences holds the recurrence of a meeting.
type MeetingRecurrences struct {
	Recurrence []MeetingRecurrence `wbxml:"Email:Recurrence"`
}

// MeetingRecurrence is the recurrence of a meeting. [MS-ASEMAIL] 2.2.2.60
type MeetingRecurrence struct {
	Type           *int   `wbxml:"Email:Type"`
	Interval       *int   `wbxml:"Email:Interval"`
	Until          string `wbxml:"Email:Until"`
	Occurrences    *int   `wbxml:"Email:Occurrences"`
	WeekOfMonth    *int   `wbxml:"Email:WeekOfMonth"`
	DayOfMonth     *int   `wbxml:"Email:DayOfMonth"`
	DayOfWeek      *int   `wbxml:"Email:DayOfWeek"`
	MonthOfYear    *int   `wbxml:"Email:MonthOfYear"`
	CalendarType   *int   `wbxml:"Email2:CalendarType"`
	IsLeapMonth    *bool  `wbxml:"Email2:IsLeapMonth"`
	FirstDayOfWeek *int   `wbxml:"Email2:FirstDayOfWeek"`
}

// RightsLicense says what may be done with a protected mail. [MS-ASRM] 2.2.2.14
type RightsLicense struct {
	Owner                     *bool  `wbxml:"RightsManagement:Owner"`
	ContentOwner              string `wbxml:"RightsManagement:ContentOwner"`
	ReplyAllAllowed           *bool  `wbxml:"RightsManagement:ReplyAllAllowed"`
	EditAllowed               *bool  `wbxml:"RightsManagement:EditAllowed"`
	ReplyAllowed              *bool  `wbxml:"RightsManagement:ReplyAllowed"`
	ForwardAllowed            *bool  `wbxml:"RightsManagement:ForwardAllowed"`
	ExportAllowed             *bool  `wbxml:"RightsManagement:ExportAllowed"`
	ModifyRecipientsAllowed   *bool  `wbxml:"RightsManagement:ModifyRecipientsAllowed"`
	TemplateID                string `wbxml:"RightsManagement:TemplateID"`
	ExtractAllowed            *bool  `wbxml:"RightsManagement:ExtractAllowed"`
	TemplateDescription       string `wbxml:"RightsManagement:TemplateDescription"`
	ContentExpiryDate         string `wbxml:"RightsManagement:ContentExpiryDate"`
	TemplateName              string `wbxml:"RightsManagement:TemplateName"`
	PrintAllowed              *bool  `wbxml:"RightsManagement:PrintAllowed"`
	ProgrammaticAccessAllowed *bool  `wbxml:"RightsManagement:ProgrammaticAccessAllowed"`
}
