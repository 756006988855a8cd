package airsync

// FolderCreate is the request and the response of FolderCreate. [MS-ASCMD] 2.2.1.3
type FolderCreate struct {
	_           struct{} `wbxml:"FolderHierarchy:FolderCreate"`
	Status      *int     `wbxml:"FolderHierarchy:Status"`
	SyncKey     string   `wbxml:"FolderHierarchy:SyncKey"`
	ParentID    string   `wbxml:"FolderHierarchy:ParentId"`
	ServerID    string   `wbxml:"FolderHierarchy:ServerId"` // in the response
	DisplayName string   `wbxml:"FolderHierarchy:DisplayName"`
	Type        int      `wbxml:"FolderHierarchy:Type"`
}

// FolderUpdate is the request and the response of FolderUpdate. [MS-ASCMD] 2.2.1.7
type FolderUpdate struct {
	_           struct{} `wbxml:"FolderHierarchy:FolderUpdate"`
	Status      *int     `wbxml:"FolderHierarchy:Status"`
	SyncKey     string   `wbxml:"FolderHierarchy:SyncKey"`
	ServerID    string   `wbxml:"FolderHierarchy:ServerId"`
	ParentID    string   `wbxml:"FolderHierarchy:ParentId"`
	DisplayName string   `wbxml:"FolderHierarchy:DisplayName"`
}

// FolderDeletion is the request and the response of FolderDelete. [MS-ASCMD] 2.2.1.4
type FolderDeletion struct {
	_        struct{} `wbxml:"FolderHierarchy:FolderDelete"`
	Status   *int     `wbxml:"FolderHierarchy:Status"`
	SyncKey  string   `wbxml:"FolderHierarchy:SyncKey"`
	ServerID string   `wbxml:"FolderHierarchy:ServerId"`
}

// Hierarchy is the response of GetHierarchy. [MS-ASCMD] 2.2.1.10
type Hierarchy struct {
	_      struct{} `wbxml:"FolderHierarchy:Folders"`
	Folder []Folder `wbxml:"FolderHierarchy:Folder"`
}
