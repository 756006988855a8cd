package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// Search is the request of Search. [MS-ASCMD] 2.2.1.16
type Search struct {
	_     struct{}    `wbxml:"Search:Search"`
	Store SearchStore `wbxml:"Search:Store"`
}

// SearchStore says where to search, for what, and how.
type SearchStore struct {
	Name    string         `wbxml:"Search:Name"`
	Query   *SearchQuery   `wbxml:"Search:Query"`
	Options *SearchOptions `wbxml:"Search:Options"`
}

// GALSearch is a Search of the global address list, whose query is a text.
type GALSearch struct {
	_     struct{} `wbxml:"Search:Search"`
	Store GALStore `wbxml:"Search:Store"`
}

// GALStore says for what to search, and how.
type GALStore struct {
	Name    string         `wbxml:"Search:Name"`
	Query   string         `wbxml:"Search:Query"`
	Options *SearchOptions `wbxml:"Search:Options"`
}

// SearchQuery is the query for items or documents.
type SearchQuery struct {
	And     *SearchTerms `wbxml:"Search:And"`
	EqualTo *LinkEquals  `wbxml:"Search:EqualTo"`
}

// SearchTerms must all hold.
type SearchTerms struct {
	Class          []string     `wbxml:"AirSync:Class"`
	CollectionID   []string     `wbxml:"AirSync:CollectionId"`
	FreeText       string       `wbxml:"Search:FreeText"`
	ConversationID []byte       `wbxml:"Search:ConversationId,opaque"`
	GreaterThan    *DateCompare `wbxml:"Search:GreaterThan"`
	LessThan       *DateCompare `wbxml:"Search:LessThan"`
}

// DateCompare compares the date of mail.
type DateCompare struct {
	DateReceived bool   `wbxml:"Email:DateReceived,empty"`
	Value        string `wbxml:"Search:Value"`
}

// LinkEquals names a document or a folder of documents.
type LinkEquals struct {
	LinkID bool   `wbxml:"DocumentLibrary:LinkId,empty"`
	Value  string `wbxml:"Search:Value"`
}

// SearchOptions says what is wanted of what was found.
type SearchOptions struct {
	RebuildResults     bool             `wbxml:"Search:RebuildResults,empty"`
	Range              string           `wbxml:"Search:Range"`
	DeepTraversal      bool             `wbxml:"Search:DeepTraversal,empty"`
	MIMESupport        *int             `wbxml:"AirSync:MIMESupport"`
	BodyPreference     []BodyPreference `wbxml:"AirSyncBase:BodyPreference"`
	BodyPartPreference *BodyPreference  `wbxml:"AirSyncBase:BodyPartPreference"`
	RightsManagement   *bool            `wbxml:"RightsManagement:RightsManagementSupport"`
	Picture            *SearchPicture   `wbxml:"Search:Picture"`
}

// SearchPicture limits the pictures of people.
type SearchPicture struct {
	MaxSize     *int `wbxml:"Search:MaxSize"`
	MaxPictures *int `wbxml:"Search:MaxPictures"`
}

// SearchResponse is the response of Search.
type SearchResponse struct {
	_        struct{}     `wbxml:"Search:Search"`
	Status   *int         `wbxml:"Search:Status"`
	Response *SearchReply `wbxml:"Search:Response"`
}

// SearchReply holds the store's answer.
type SearchReply struct {
	Store *SearchFound `wbxml:"Search:Store"`
}

// SearchFound is the answer of a store.
type SearchFound struct {
	Status *int           `wbxml:"Search:Status"`
	Result []SearchResult `wbxml:"Search:Result"`
	Range  string         `wbxml:"Search:Range"`
	Total  *int           `wbxml:"Search:Total"`
}

// SearchResult is one thing that was found.
type SearchResult struct {
	Class        string     `wbxml:"AirSync:Class"`
	LongID       string     `wbxml:"Search:LongId"`
	CollectionID string     `wbxml:"AirSync:CollectionId"`
	Properties   *wbxml.Raw `wbxml:"Search:Properties"`
}

// Person is a person of the global address list. [MS-ASCMD] 2.2.3.140
type Person struct {
	DisplayName  string         `wbxml:"GAL:DisplayName"`
	Phone        string         `wbxml:"GAL:Phone"`
	Office       string         `wbxml:"GAL:Office"`
	Title        string         `wbxml:"GAL:Title"`
	Company      string         `wbxml:"GAL:Company"`
	Alias        string         `wbxml:"GAL:Alias"`
	FirstName    string         `wbxml:"GAL:FirstName"`
	LastName     string         `wbxml:"GAL:LastName"`
	HomePhone    string         `wbxml:"GAL:HomePhone"`
	MobilePhone  string         `wbxml:"GAL:MobilePhone"`
	EmailAddress string         `wbxml:"GAL:EmailAddress"`
	Picture      *PersonPicture `wbxml:"GAL:Picture"`
}

// PersonPicture is a picture, or why there is none.
type PersonPicture struct {
	Status *int   `wbxml:"GAL:Status"`
	Data   []byte `wbxml:"GAL:Data,opaque"`
}

// SearchPerson is a Person of Search.
type SearchPerson struct {
	_ struct{} `wbxml:"Search:Properties"`
	Person
}

// SearchDocument is a document of a library. [MS-ASDOC] 2.2
type SearchDocument struct {
	_                struct{} `wbxml:"Search:Properties"`
	LinkID           string   `wbxml:"DocumentLibrary:LinkId"`
	DisplayName      string   `wbxml:"DocumentLibrary:DisplayName"`
	IsFolder         bool     `wbxml:"DocumentLibrary:IsFolder"`
	CreationDate     string   `wbxml:"DocumentLibrary:CreationDate"`
	LastModifiedDate string   `wbxml:"DocumentLibrary:LastModifiedDate"`
	IsHidden         bool     `wbxml:"DocumentLibrary:IsHidden"`
	ContentLength    *int64   `wbxml:"DocumentLibrary:ContentLength"`
	ContentType      string   `wbxml:"DocumentLibrary:ContentType"`
}

// Find is the request of Find. [MS-ASCMD] 2.2.1.2
type Find struct {
	_        struct{}    `wbxml:"Find:Find"`
	SearchID string      `wbxml:"Find:SearchId"`
	Execute  FindExecute `wbxml:"Find:ExecuteSearch"`
}

// FindExecute holds the one criterion.
type FindExecute struct {
	Mailbox *MailboxCriterion `wbxml:"Find:MailBoxSearchCriterion"`
	GAL     *GALCriterion     `wbxml:"Find:GalSearchCriterion"`
}

// MailboxCriterion searches the mailbox.
type MailboxCriterion struct {
	Query   FindQuery    `wbxml:"Find:Query"`
	Options *FindOptions `wbxml:"Find:Options"`
}

// FindQuery is what to find in the mailbox.
type FindQuery struct {
	Class        string `wbxml:"AirSync:Class"`
	CollectionID string `wbxml:"AirSync:CollectionId"`
	FreeText     string `wbxml:"Find:FreeText"`
}

// GALCriterion searches the global address list.
type GALCriterion struct {
	Query   string       `wbxml:"Find:Query"`
	Options *FindOptions `wbxml:"Find:Options"`
}

// FindOptions says what is wanted of what was found.
type FindOptions struct {
	Range         string       `wbxml:"Find:Range"`
	DeepTraversal bool         `wbxml:"Find:DeepTraversal,empty"`
	Picture       *FindPicture `wbxml:"Find:Picture"`
}

// FindPicture limits the pictures of people.
type FindPicture struct {
	MaxSize     *int `wbxml:"Find:MaxSize"`
	MaxPictures *int `wbxml:"Find:MaxPictures"`
}

// FindResponse is the response of Find.
type FindResponse struct {
	_        struct{}   `wbxml:"Find:Find"`
	Status   *int       `wbxml:"Find:Status"`
	Response *FindReply `wbxml:"Find:Response"`
}

// FindReply is what was found.
type FindReply struct {
	Store  string       `wbxml:"ItemOperations:Store"`
	Status *int         `wbxml:"Find:Status"`
	Result []FindResult `wbxml:"Find:Result"`
	Range  string       `wbxml:"Find:Range"`
	Total  *int         `wbxml:"Find:Total"`
}

// FindResult is one thing that was found.
type FindResult struct {
	Class        string     `wbxml:"AirSync:Class"`
	ServerID     string     `wbxml:"AirSync:ServerId"`
	CollectionID string     `wbxml:"AirSync:CollectionId"`
	Properties   *wbxml.Raw `wbxml:"Find:Properties"`
}

// FoundMail is the digest of a mail that Find brings.
type FoundMail struct {
	_              struct{} `wbxml:"Find:Properties"`
	Subject        string   `wbxml:"Email:Subject"`
	DateReceived   string   `wbxml:"Email:DateReceived"`
	DisplayTo      string   `wbxml:"Email:DisplayTo"`
	DisplayCC      string   `wbxml:"Find:DisplayCc"`
	DisplayBCC     string   `wbxml:"Find:DisplayBcc"`
	Importance     *int     `wbxml:"Email:Importance"`
	Read           *bool    `wbxml:"Email:Read"`
	IsDraft        bool     `wbxml:"Email2:IsDraft"`
	Preview        string   `wbxml:"Find:Preview"`
	HasAttachments bool     `wbxml:"Find:HasAttachments"`
	From           string   `wbxml:"Email:From"`
}

// FindPerson is a Person of Find.
type FindPerson struct {
	_ struct{} `wbxml:"Find:Properties"`
	Person
}
