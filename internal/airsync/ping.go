package airsync

// PingRequest is the request of Ping. [MS-ASCMD] 2.2.1.13
type PingRequest struct {
	_                 struct{}     `wbxml:"Ping:Ping"`
	HeartbeatInterval *int         `wbxml:"Ping:HeartbeatInterval"` // seconds
	Folders           *PingFolders `wbxml:"Ping:Folders"`
}

// PingFolders lists what is watched.
type PingFolders struct {
	Folder []PingFolder `wbxml:"Ping:Folder"`
}

// PingFolder is a folder that is watched.
type PingFolder struct {
	ID    string `wbxml:"Ping:Id"`
	Class string `wbxml:"Ping:Class"`
}

// PingResponse is the response of Ping.
type PingResponse struct {
	_                 struct{}     `wbxml:"Ping:Ping"`
	Status            *int         `wbxml:"Ping:Status"`
	HeartbeatInterval *int         `wbxml:"Ping:HeartbeatInterval"` // the nearest that is allowed
	MaxFolders        *int         `wbxml:"Ping:MaxFolders"`
	Folders           *PingChanged `wbxml:"Ping:Folders"`
}

// PingChanged lists the folders that changed.
type PingChanged struct {
	Folder []string `wbxml:"Ping:Folder"`
}
