package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// ItemOperations is the request of ItemOperations. [MS-ASCMD] 2.2.1.10
type ItemOperations struct {
	_     struct{}           `wbxml:"ItemOperations:ItemOperations"`
	Empty []EmptyFolder      `wbxml:"ItemOperations:EmptyFolderContents"`
	Fetch []FetchRequest     `wbxml:"ItemOperations:Fetch"`
	Move  []ConversationMove `wbxml:"ItemOperations:Move"`
}

// EmptyFolder empties a folder. [MS-ASCMD] 2.2.3.56
type EmptyFolder struct {
	CollectionID string              `wbxml:"AirSync:CollectionId"`
	Options      *EmptyFolderOptions `wbxml:"ItemOperations:Options"`
}

// EmptyFolderOptions are the options of EmptyFolder.
type EmptyFolderOptions struct {
	DeleteSubFolders bool `wbxml:"ItemOperations:DeleteSubFolders,empty"`
}

// FetchRequest names what is wanted. [MS-ASCMD] 2.2.3.63.1
type FetchRequest struct {
	Store         string        `wbxml:"ItemOperations:Store"`
	CollectionID  string        `wbxml:"AirSync:CollectionId"`
	ServerID      string        `wbxml:"AirSync:ServerId"`
	LinkID        string        `wbxml:"DocumentLibrary:LinkId"`
	LongID        string        `wbxml:"Search:LongId"`
	FileReference string        `wbxml:"AirSyncBase:FileReference"`
	Options       *FetchOptions `wbxml:"ItemOperations:Options"`
}

// FetchOptions says how it is wanted.
type FetchOptions struct {
	Range              string           `wbxml:"ItemOperations:Range"`
	MIMESupport        *int             `wbxml:"AirSync:MIMESupport"`
	BodyPreference     []BodyPreference `wbxml:"AirSyncBase:BodyPreference"`
	BodyPartPreference *BodyPreference  `wbxml:"AirSyncBase:BodyPartPreference"`
	RightsManagement   *bool            `wbxml:"RightsManagement:RightsManagementSupport"`
}

// ConversationMove moves a conversation. [MS-ASCMD] 2.2.3.117.1
type ConversationMove struct {
	ConversationID []byte                   `wbxml:"ItemOperations:ConversationId,opaque"`
	ToFolder       string                   `wbxml:"ItemOperations:DstFldId"`
	Options        *ConversationMoveOptions `wbxml:"ItemOperations:Options"`
}

// ConversationMoveOptions are the options of ConversationMove.
type ConversationMoveOptions struct {
	MoveAlways bool `wbxml:"ItemOperations:MoveAlways,empty"`
}

// ItemOperationsResponse is the response of ItemOperations.
type ItemOperationsResponse struct {
	_        struct{}               `wbxml:"ItemOperations:ItemOperations"`
	Status   *int                   `wbxml:"ItemOperations:Status"`
	Response *ItemOperationsReplies `wbxml:"ItemOperations:Response"`
}

// ItemOperationsReplies lists the results.
type ItemOperationsReplies struct {
	Move  []ConversationMoved `wbxml:"ItemOperations:Move"`
	Empty []FolderEmptied     `wbxml:"ItemOperations:EmptyFolderContents"`
	Fetch []FetchReply        `wbxml:"ItemOperations:Fetch"`
}

// ConversationMoved is the result of a ConversationMove.
type ConversationMoved struct {
	Status         *int   `wbxml:"ItemOperations:Status"`
	ConversationID []byte `wbxml:"ItemOperations:ConversationId,opaque"`
}

// FolderEmptied is the result of an EmptyFolder.
type FolderEmptied struct {
	Status       *int   `wbxml:"ItemOperations:Status"`
	CollectionID string `wbxml:"AirSync:CollectionId"`
}

// FetchReply is the result of a FetchRequest.
type FetchReply struct {
	Status        *int       `wbxml:"ItemOperations:Status"`
	CollectionID  string     `wbxml:"AirSync:CollectionId"`
	ServerID      string     `wbxml:"AirSync:ServerId"`
	LongID        string     `wbxml:"Search:LongId"`
	Class         string     `wbxml:"AirSync:Class"`
	LinkID        string     `wbxml:"DocumentLibrary:LinkId"`
	FileReference string     `wbxml:"AirSyncBase:FileReference"`
	Properties    *wbxml.Raw `wbxml:"ItemOperations:Properties"`
}

// AttachmentProperties are those of an attachment or of a document.
type AttachmentProperties struct {
	_           struct{} `wbxml:"ItemOperations:Properties"`
	Range       string   `wbxml:"ItemOperations:Range"`
	Total       *int64   `wbxml:"ItemOperations:Total"`
	ContentType string   `wbxml:"AirSyncBase:ContentType"`
	Data        string   `wbxml:"ItemOperations:Data"` // in base64
	Part        *int     `wbxml:"ItemOperations:Part"`
	Version     string   `wbxml:"ItemOperations:Version"`
}
