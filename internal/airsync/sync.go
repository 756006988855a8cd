package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// SyncRequest is the request of Sync. [MS-ASCMD] 2.2.1.21
type SyncRequest struct {
	_                 struct{}        `wbxml:"AirSync:Sync"`
	Collections       SyncCollections `wbxml:"AirSync:Collections"`
	Wait              *int            `wbxml:"AirSync:Wait"`              // minutes
	HeartbeatInterval *int            `wbxml:"AirSync:HeartbeatInterval"` // seconds
	WindowSize        *int            `wbxml:"AirSync:WindowSize"`
	Partial           bool            `wbxml:"AirSync:Partial,empty"`
}

// SyncCollections lists the collections of a request.
type SyncCollections struct {
	Collection []SyncCollection `wbxml:"AirSync:Collection"`
}

// SyncCollection is one collection of a request. Exchange holds clients to the order of the
// children. [MS-ASCMD] 2.2.3.29.2
type SyncCollection struct {
	Class            string        `wbxml:"AirSync:Class"` // 12.1 and lower
	SyncKey          string        `wbxml:"AirSync:SyncKey"`
	CollectionID     string        `wbxml:"AirSync:CollectionId"`
	Supported        *Supported    `wbxml:"AirSync:Supported"` // with key 0 alone
	DeletesAsMoves   *bool         `wbxml:"AirSync:DeletesAsMoves"`
	GetChanges       *bool         `wbxml:"AirSync:GetChanges"`
	WindowSize       *int          `wbxml:"AirSync:WindowSize"`
	ConversationMode *bool         `wbxml:"AirSync:ConversationMode"`
	Options          []SyncOptions `wbxml:"AirSync:Options"` // one for each class
	Commands         *SyncEdits    `wbxml:"AirSync:Commands"`
}

// Supported holds, as empty elements, what the client does not have ghosted. [MS-ASCMD]
// 2.2.3.179
type Supported struct {
	Elements []wbxml.Raw `wbxml:",any"`
}

// SyncOptions narrows what the server sends. [MS-ASCMD] 2.2.3.125.5
type SyncOptions struct {
	FilterType         *int             `wbxml:"AirSync:FilterType"`
	Class              string           `wbxml:"AirSync:Class"`
	BodyPreference     []BodyPreference `wbxml:"AirSyncBase:BodyPreference"`
	BodyPartPreference *BodyPreference  `wbxml:"AirSyncBase:BodyPartPreference"`
	Conflict           *int             `wbxml:"AirSync:Conflict"`
	MIMESupport        *int             `wbxml:"AirSync:MIMESupport"`
	MIMETruncation     *int             `wbxml:"AirSync:MIMETruncation"`
	MaxItems           *int             `wbxml:"AirSync:MaxItems"` // of the recipient cache
	RightsManagement   *bool            `wbxml:"RightsManagement:RightsManagementSupport"`
}

// SyncEdits are the client's changes. [MS-ASCMD] 2.2.3.32
type SyncEdits struct {
	Change []SyncChange `wbxml:"AirSync:Change"`
	Delete []SyncDelete `wbxml:"AirSync:Delete"`
	Add    []SyncAdd    `wbxml:"AirSync:Add"`
	Fetch  []SyncDelete `wbxml:"AirSync:Fetch"`
}

// SyncAdd is an item that the client made. [MS-ASCMD] 2.2.3.7.2
type SyncAdd struct {
	Class           string     `wbxml:"AirSync:Class"`
	ClientID        string     `wbxml:"AirSync:ClientId"`
	ApplicationData *wbxml.Raw `wbxml:"AirSync:ApplicationData"`
}

// SyncChange is an item that the client changed. [MS-ASCMD] 2.2.3.24
type SyncChange struct {
	ServerID        string     `wbxml:"AirSync:ServerId"`
	InstanceID      string     `wbxml:"AirSyncBase:InstanceId"` // 16.0 and up
	ApplicationData *wbxml.Raw `wbxml:"AirSync:ApplicationData"`
	Send            bool       `wbxml:"Email2:Send,empty"` // a draft; 16.0 and up. [MS-ASEMAIL] 2.2.2.69
}

// SyncDelete names an item. [MS-ASCMD] 2.2.3.42.2, 2.2.3.63.2
type SyncDelete struct {
	ServerID   string `wbxml:"AirSync:ServerId"`
	InstanceID string `wbxml:"AirSyncBase:InstanceId"` // 16.0 and up
}

// SyncResponse is the response of Sync. [MS-ASCMD] 2.2.1.21
type SyncResponse struct {
	_           struct{}             `wbxml:"AirSync:Sync"`
	Status      *int                 `wbxml:"AirSync:Status"`
	Limit       *int                 `wbxml:"AirSync:Limit"`
	Collections *SyncResponseFolders `wbxml:"AirSync:Collections"`
}

// SyncResponseFolders lists the collections of a response.
type SyncResponseFolders struct {
	Collection []SyncResponseFolder `wbxml:"AirSync:Collection"`
}

// SyncResponseFolder is one collection of a response.
type SyncResponseFolder struct {
	Class         string         `wbxml:"AirSync:Class"`
	SyncKey       string         `wbxml:"AirSync:SyncKey"`
	CollectionID  string         `wbxml:"AirSync:CollectionId"`
	Status        *int           `wbxml:"AirSync:Status"`
	MoreAvailable bool           `wbxml:"AirSync:MoreAvailable,empty"`
	Commands      []SyncCommands `wbxml:"AirSync:Commands"` // one; a second would take the place of the first
	Responses     []SyncReplies  `wbxml:"AirSync:Responses"`
}

// SyncCommands are the server's changes. [MS-ASCMD] 2.2.3.32
type SyncCommands struct {
	Add        []SyncItem   `wbxml:"AirSync:Add"`
	Change     []SyncItem   `wbxml:"AirSync:Change"`
	Delete     []SyncDelete `wbxml:"AirSync:Delete"`
	SoftDelete []SyncDelete `wbxml:"AirSync:SoftDelete"`
}

// SyncItem is an item of the server. Its data is kept as a document of its own, so that one
// that cannot be read does not spoil the others.
type SyncItem struct {
	Class           string     `wbxml:"AirSync:Class"` // where a folder holds several
	ServerID        string     `wbxml:"AirSync:ServerId"`
	InstanceID      string     `wbxml:"AirSyncBase:InstanceId"` // of an occurrence; 16.0 and up
	ApplicationData *wbxml.Raw `wbxml:"AirSync:ApplicationData"`
}

// SyncReplies are the results of the client's changes. [MS-ASCMD] 2.2.3.154
type SyncReplies struct {
	Add    []SyncReply `wbxml:"AirSync:Add"`
	Change []SyncReply `wbxml:"AirSync:Change"`
	Delete []SyncReply `wbxml:"AirSync:Delete"`
	Fetch  []SyncReply `wbxml:"AirSync:Fetch"`
}

// SyncReply is the result of one change.
type SyncReply struct {
	Class           string     `wbxml:"AirSync:Class"`
	ClientID        string     `wbxml:"AirSync:ClientId"`
	ServerID        string     `wbxml:"AirSync:ServerId"`
	InstanceID      string     `wbxml:"AirSyncBase:InstanceId"`
	Status          *int       `wbxml:"AirSync:Status"`
	ApplicationData *wbxml.Raw `wbxml:"AirSync:ApplicationData"`
}
