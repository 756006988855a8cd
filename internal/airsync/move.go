package airsync

// MoveItems is the request of MoveItems. [MS-ASCMD] 2.2.1.12
type MoveItems struct {
	_    struct{} `wbxml:"Move:MoveItems"`
	Move []Move   `wbxml:"Move:Move"`
}

// Move moves one item.
type Move struct {
	Source     string `wbxml:"Move:SrcMsgId"`
	FromFolder string `wbxml:"Move:SrcFldId"`
	ToFolder   string `wbxml:"Move:DstFldId"`
}

// MoveItemsResponse is the response of MoveItems.
type MoveItemsResponse struct {
	_        struct{}    `wbxml:"Move:MoveItems"`
	Status   *int        `wbxml:"Move:Status"` // of the command, if it failed
	Response []MoveReply `wbxml:"Move:Response"`
}

// MoveReply is the result of one move.
type MoveReply struct {
	Source      string `wbxml:"Move:SrcMsgId"`
	Status      *int   `wbxml:"Move:Status"`
	Destination string `wbxml:"Move:DstMsgId"`
}
