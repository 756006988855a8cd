package airsync

// MeetingResponse is the request of MeetingResponse. [MS-ASCMD] 2.2.1.11
type MeetingResponse struct {
	_       struct{}        `wbxml:"MeetingResponse:MeetingResponse"`
	Request []MeetingAnswer `wbxml:"MeetingResponse:Request"`
}

// MeetingAnswer answers one invitation.
type MeetingAnswer struct {
	UserResponse int           `wbxml:"MeetingResponse:UserResponse"`
	CollectionID string        `wbxml:"MeetingResponse:CollectionId"`
	RequestID    string        `wbxml:"MeetingResponse:RequestId"`
	LongID       string        `wbxml:"Search:LongId"`
	InstanceID   string        `wbxml:"MeetingResponse:InstanceId"`
	Send         *SendResponse `wbxml:"MeetingResponse:SendResponse"` // 16.0 and up
}

// SendResponse has the server send the answer. [MS-ASCMD] 2.2.3.165
type SendResponse struct {
	Body              *Body  `wbxml:"AirSyncBase:Body"`
	ProposedStartTime string `wbxml:"MeetingResponse:ProposedStartTime"` // 16.1
	ProposedEndTime   string `wbxml:"MeetingResponse:ProposedEndTime"`
}

// MeetingResponseResponse is the response of MeetingResponse.
type MeetingResponseResponse struct {
	_      struct{}        `wbxml:"MeetingResponse:MeetingResponse"`
	Status *int            `wbxml:"MeetingResponse:Status"` // of the command, if it failed
	Result []MeetingResult `wbxml:"MeetingResponse:Result"`
}

// MeetingResult is the result of one answer.
type MeetingResult struct {
	RequestID  string `wbxml:"MeetingResponse:RequestId"`
	LongID     string `wbxml:"Search:LongId"`
	Status     *int   `wbxml:"MeetingResponse:Status"`
	CalendarID string `wbxml:"MeetingResponse:CalendarId"`
	InstanceID string `wbxml:"MeetingResponse:InstanceId"`
}
