package airsync

// GetItemEstimate is the request of GetItemEstimate from 14.0 on. [MS-ASCMD] 2.2.1.9
type GetItemEstimate struct {
	_           struct{}            `wbxml:"GetItemEstimate:GetItemEstimate"`
	Collections EstimateCollections `wbxml:"GetItemEstimate:Collections"`
}

// EstimateCollections lists the collections of a request.
type EstimateCollections struct {
	Collection []EstimateCollection `wbxml:"GetItemEstimate:Collection"`
}

// OldGetItemEstimate is the request of GetItemEstimate up to 12.1.
type OldGetItemEstimate struct {
	_           struct{}               `wbxml:"GetItemEstimate:GetItemEstimate"`
	Collections OldEstimateCollections `wbxml:"GetItemEstimate:Collections"`
}

// OldEstimateCollections lists the collections of a request.
type OldEstimateCollections struct {
	Collection []OldEstimateCollection `wbxml:"GetItemEstimate:Collection"`
}

// EstimateCollection is a collection from 14.0 on.
type EstimateCollection struct {
	SyncKey          string       `wbxml:"AirSync:SyncKey"`
	CollectionID     string       `wbxml:"GetItemEstimate:CollectionId"`
	ConversationMode *bool        `wbxml:"AirSync:ConversationMode"`
	Options          *SyncOptions `wbxml:"AirSync:Options"`
}

// OldEstimateCollection is a collection up to 12.1.
type OldEstimateCollection struct {
	Class        string `wbxml:"GetItemEstimate:Class"`
	CollectionID string `wbxml:"GetItemEstimate:CollectionId"`
	FilterType   *int   `wbxml:"AirSync:FilterType"`
	SyncKey      string `wbxml:"AirSync:SyncKey"`
}

// GetItemEstimateResponse is the response of GetItemEstimate.
type GetItemEstimateResponse struct {
	_        struct{}        `wbxml:"GetItemEstimate:GetItemEstimate"`
	Status   *int            `wbxml:"GetItemEstimate:Status"`
	Response []EstimateReply `wbxml:"GetItemEstimate:Response"`
}

// EstimateReply is the estimate of one collection.
type EstimateReply struct {
	Status     *int               `wbxml:"GetItemEstimate:Status"`
	Collection *EstimateReplyBody `wbxml:"GetItemEstimate:Collection"`
}

// EstimateReplyBody holds the number.
type EstimateReplyBody struct {
	Class        string `wbxml:"GetItemEstimate:Class"`
	CollectionID string `wbxml:"GetItemEstimate:CollectionId"`
	Estimate     *int   `wbxml:"GetItemEstimate:Estimate"`
}
