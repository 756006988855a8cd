package eas

// A resend says whether a request whose response is lost may be sent again.
type resend int

const (
	never  resend = iota // twice would be done twice, or reported as a failure
	always               // it only reads, sets what is set already, or the server knows it again
	byID                 // the server knows it again by its ClientId, which versions from 14.0 on have
)

// An operation is a command, or a part of one that differs from the rest.
type operation struct{ command, part string }

// resends is the one place that says which requests may be sent twice. What is not listed may
// not.
var resends = map[operation]resend{
	{"OPTIONS", ""}:                           always,
	{"Provision", ""}:                         always,
	{"FolderSync", ""}:                        always, // known again by its key
	{"FolderCreate", ""}:                      never,  // the second is refused: the name is taken
	{"FolderUpdate", ""}:                      never,
	{"FolderDelete", ""}:                      never,  // the second is refused: it is gone
	{"Sync", ""}:                              always, // known again by its key, edits included
	{"GetItemEstimate", ""}:                   always,
	{"Ping", ""}:                              always,
	{"MoveItems", ""}:                         never, // the second is refused: the source is gone
	{"ItemOperations", ""}:                    never,
	{"ItemOperations", "Fetch"}:               always,
	{"ItemOperations", "EmptyFolderContents"}: never, // would delete what has come since
	{"ItemOperations", "Move"}:                never,
	{"SendMail", ""}:                          byID,
	{"SmartReply", ""}:                        byID,
	{"SmartForward", ""}:                      byID,
	{"MeetingResponse", ""}:                   never, // the organizer would be told twice
	{"Search", ""}:                            always,
	{"Find", ""}:                              always,
	{"Settings", ""}:                          never,
	{"Settings", "Get"}:                       always,
	{"Settings", "Set"}:                       always, // to the same values
	{"ResolveRecipients", ""}:                 always,
	{"ValidateCert", ""}:                      always,
	{"GetAttachment", ""}:                     always,
	{"GetHierarchy", ""}:                      always,
	{"Autodiscover", ""}:                      always,
}

// again reports whether sending the request twice does no harm.
func (q *request) again() bool {
	switch resends[operation{q.command, q.part}] {
	case always:
		return true
	case byID:
		return q.clientID
	}
	return false
}
