package airsync

// FolderSync is both request and response. [MS-ASCMD] 2.2.1.5
type FolderSync struct {
	_       struct{}       `wbxml:"FolderHierarchy:FolderSync"`
	Status  *int           `wbxml:"FolderHierarchy:Status"`
	SyncKey string         `wbxml:"FolderHierarchy:SyncKey"`
	Changes *FolderChanges `wbxml:"FolderHierarchy:Changes"`
}

// FolderChanges is the difference between two hierarchies. [MS-ASCMD] 2.2.3.25
type FolderChanges struct {
	Count  *int           `wbxml:"FolderHierarchy:Count"`
	Add    []Folder       `wbxml:"FolderHierarchy:Add"`
	Update []Folder       `wbxml:"FolderHierarchy:Update"`
	Delete []FolderDelete `wbxml:"FolderHierarchy:Delete"`
}

// Folder is an added or updated folder. [MS-ASCMD] 2.2.3.7.2, 2.2.3.183
type Folder struct {
	ServerID    string `wbxml:"FolderHierarchy:ServerId"`
	ParentID    string `wbxml:"FolderHierarchy:ParentId"`
	DisplayName string `wbxml:"FolderHierarchy:DisplayName"`
	Type        int    `wbxml:"FolderHierarchy:Type"`
}

// FolderDelete names a folder that is gone. [MS-ASCMD] 2.2.3.42.1
type FolderDelete struct {
	ServerID string `wbxml:"FolderHierarchy:ServerId"`
}
