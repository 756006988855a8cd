package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// EventData is an event. [MS-ASCAL] 2.2
type EventData struct {
	_                         struct{}         `wbxml:"AirSync:ApplicationData"`
	TimeZone                  string           `wbxml:"Calendar:Timezone"`
	AllDayEvent               *bool            `wbxml:"Calendar:AllDayEvent"`
	Body                      *Body            `wbxml:"AirSyncBase:Body"`
	NativeBodyType            *int             `wbxml:"AirSyncBase:NativeBodyType"`
	BusyStatus                *int             `wbxml:"Calendar:BusyStatus"`
	OrganizerName             string           `wbxml:"Calendar:OrganizerName"`
	OrganizerEmail            string           `wbxml:"Calendar:OrganizerEmail"`
	DTStamp                   string           `wbxml:"Calendar:DtStamp"`
	EndTime                   string           `wbxml:"Calendar:EndTime"`
	Location                  string           `wbxml:"Calendar:Location"` // up to 14.1
	Place                     *Location        `wbxml:"AirSyncBase:Location"`
	Reminder                  *uint32          `wbxml:"Calendar:Reminder"` // minutes; empty: none
	Sensitivity               *int             `wbxml:"Calendar:Sensitivity"`
	Subject                   string           `wbxml:"Calendar:Subject"`
	StartTime                 string           `wbxml:"Calendar:StartTime"`
	UID                       string           `wbxml:"Calendar:UID"`
	ClientUID                 string           `wbxml:"Calendar:ClientUid"` // 16.0 and up, from the client
	MeetingStatus             *int             `wbxml:"Calendar:MeetingStatus"`
	Attendees                 *Attendees       `wbxml:"Calendar:Attendees"`
	Categories                *EventCategories `wbxml:"Calendar:Categories"`
	Recurrence                *EventRecurrence `wbxml:"Calendar:Recurrence"`
	Exceptions                *EventExceptions `wbxml:"Calendar:Exceptions"`
	ResponseRequested         *bool            `wbxml:"Calendar:ResponseRequested"`
	AppointmentReplyTime      string           `wbxml:"Calendar:AppointmentReplyTime"`
	ResponseType              *int             `wbxml:"Calendar:ResponseType"`
	DisallowNewTimeProposal   *bool            `wbxml:"Calendar:DisallowNewTimeProposal"`
	OnlineMeetingConfLink     string           `wbxml:"Calendar:OnlineMeetingConfLink"`
	OnlineMeetingExternalLink string           `wbxml:"Calendar:OnlineMeetingExternalLink"`
	Attachments               *Attachments     `wbxml:"AirSyncBase:Attachments"` // 16.0 and up
	Other                     []wbxml.Raw      `wbxml:",any"`
}

// Attendees lists who takes part. [MS-ASCAL] 2.2.2.4
type Attendees struct {
	Attendee []Attendee `wbxml:"Calendar:Attendee"`
}

// Attendee takes part. [MS-ASCAL] 2.2.2.3
type Attendee struct {
	Email             string `wbxml:"Calendar:Email,always"`
	Name              string `wbxml:"Calendar:Name,always"`
	Status            *int   `wbxml:"Calendar:AttendeeStatus"`
	Type              *int   `wbxml:"Calendar:AttendeeType"`
	ProposedStartTime string `wbxml:"MeetingResponse:ProposedStartTime"`
	ProposedEndTime   string `wbxml:"MeetingResponse:ProposedEndTime"`
}

// EventCategories lists categories.
type EventCategories struct {
	Category []string `wbxml:"Calendar:Category"`
}

// EventRecurrence is a recurrence. [MS-ASCAL] 2.2.2.37
type EventRecurrence struct {
	Type           *int   `wbxml:"Calendar:Type"`
	Occurrences    *int   `wbxml:"Calendar:Occurrences"`
	Interval       *int   `wbxml:"Calendar:Interval"`
	WeekOfMonth    *int   `wbxml:"Calendar:WeekOfMonth"`
	DayOfWeek      *int   `wbxml:"Calendar:DayOfWeek"`
	MonthOfYear    *int   `wbxml:"Calendar:MonthOfYear"`
	Until          string `wbxml:"Calendar:Until"`
	DayOfMonth     *int   `wbxml:"Calendar:DayOfMonth"`
	CalendarType   *int   `wbxml:"Calendar:CalendarType"`
	IsLeapMonth    *bool  `wbxml:"Calendar:IsLeapMonth"`
	FirstDayOfWeek *int   `wbxml:"Calendar:FirstDayOfWeek"`
}

// EventExceptions lists the occurrences that differ. [MS-ASCAL] 2.2.2.22
type EventExceptions struct {
	Exception []EventException `wbxml:"Calendar:Exception"`
}

// EventException is an occurrence that differs: what is absent is as in the series, and what is
// empty is not, so that numbers are texts here. [MS-ASCAL] 2.2.2.21
type EventException struct {
	Deleted              *bool            `wbxml:"Calendar:Deleted"`
	ExceptionStartTime   string           `wbxml:"Calendar:ExceptionStartTime"` // up to 14.1
	InstanceID           string           `wbxml:"AirSyncBase:InstanceId"`      // 16.0 and up
	Subject              *string          `wbxml:"Calendar:Subject"`
	StartTime            string           `wbxml:"Calendar:StartTime"`
	EndTime              string           `wbxml:"Calendar:EndTime"`
	Body                 *Body            `wbxml:"AirSyncBase:Body"`
	Location             *string          `wbxml:"Calendar:Location"`
	Place                *Location        `wbxml:"AirSyncBase:Location"`
	Attachments          *Attachments     `wbxml:"AirSyncBase:Attachments"`
	Categories           *EventCategories `wbxml:"Calendar:Categories"`
	Sensitivity          *string          `wbxml:"Calendar:Sensitivity"`
	BusyStatus           *string          `wbxml:"Calendar:BusyStatus"`
	AllDayEvent          *bool            `wbxml:"Calendar:AllDayEvent"`
	Reminder             *string          `wbxml:"Calendar:Reminder"`
	MeetingStatus        *int             `wbxml:"Calendar:MeetingStatus"`
	Attendees            *Attendees       `wbxml:"Calendar:Attendees"`
	AppointmentReplyTime string           `wbxml:"Calendar:AppointmentReplyTime"`
	ResponseType         *int             `wbxml:"Calendar:ResponseType"`
	Other                []wbxml.Raw      `wbxml:",any"`
}
