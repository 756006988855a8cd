package eas

import (
	"context"
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/internal/airsync"
)

// MaxMoves is the largest number of items in a [Client.MoveItems].
const MaxMoves = 1000

// A Move moves an item from a folder to another.
type Move struct {
	Item     ItemID
	From, To FolderID
}

// A MoveResult is the result of a [Move].
type MoveResult struct {
	Move
	ID  ItemID // the item's new name, in the folder that it is in now
	Err error  // an [*Error], or nil
}

// MoveItems moves items and returns the result of each, in the order of moves. The next Sync of
// the folders reports the moves as well.
func (c *Client) MoveItems(ctx context.Context, moves ...Move) ([]MoveResult, error) {
	switch {
	case len(moves) == 0:
		return nil, errors.New("eas: MoveItems: no moves")
	case len(moves) > MaxMoves:
		return nil, fmt.Errorf("eas: MoveItems: %d moves, and a server takes %d at a time", len(moves), MaxMoves)
	}
	in := &airsync.MoveItems{}
	for i, m := range moves {
		if m.Item == "" || m.From == "" || m.To == "" {
			return nil, fmt.Errorf("eas: MoveItems: move %d needs an item and two folders", i)
		}
		in.Move = append(in.Move, airsync.Move{Source: string(m.Item), FromFolder: string(m.From), ToFolder: string(m.To)})
	}
	var out airsync.MoveItemsResponse
	r, err := c.run(ctx, request{command: "MoveItems", anyVersion: true}, in, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 && *out.Status != moved {
		return nil, r.statusError("", *out.Status)
	}
	replies := map[string][]airsync.MoveReply{} // items of several folders may have one name
	for _, x := range out.Response {
		replies[x.Source] = append(replies[x.Source], x)
	}
	results := make([]MoveResult, len(moves))
	for i, m := range moves {
		results[i] = MoveResult{Move: m}
		list := replies[string(m.Item)]
		if len(list) == 0 {
			results[i].Err = r.unexpected("no result for an item")
			continue
		}
		x := list[0]
		replies[string(m.Item)] = list[1:]
		switch {
		case x.Status == nil:
			results[i].Err = r.unexpected("no result for an item")
		case *x.Status != moved:
			results[i].Err = r.statusError("Item", *x.Status)
		default:
			results[i].ID = ItemID(x.Destination)
		}
	}
	return results, nil
}

// moved is the status of success, which is 1 in every other command.
const moved = 3

// EstimateOptions configure [Client.GetItemEstimate]. The fields are those of [SyncOptions]; use
// the same as for the Sync that follows. Nil means the zero value.
type EstimateOptions struct {
	Filter        Filter
	Class         Class
	Conversations bool
}

// GetItemEstimate returns the number of changes that a Sync of the folder with this key and these
// options would return. The key must come from an earlier Sync.
func (c *Client) GetItemEstimate(ctx context.Context, f FolderID, key SyncKey, o *EstimateOptions) (int, error) {
	if o == nil {
		o = &EstimateOptions{}
	}
	if f == "" {
		return 0, errors.New("eas: GetItemEstimate: no folder")
	}
	return atVersion(ctx, c, func(v Version) (int, error) { return c.estimateAt(ctx, v, f, key, o) })
}

func (c *Client) estimateAt(ctx context.Context, version Version, f FolderID, key SyncKey, o *EstimateOptions) (int, error) {
	class := o.Class
	if class == "" {
		class = ClassEmail
	}
	filter := (&SyncOptions{Filter: o.Filter, Class: o.Class}).options(version).FilterType
	var in any
	if version.AtLeast(Version140) {
		col := airsync.EstimateCollection{
			SyncKey: string(key), CollectionID: string(f), Options: &airsync.SyncOptions{FilterType: filter, Class: string(class)},
		}
		if o.Conversations {
			yes := true
			col.ConversationMode = &yes
		}
		in = &airsync.GetItemEstimate{Collections: airsync.EstimateCollections{Collection: []airsync.EstimateCollection{col}}}
	} else {
		in = &airsync.OldGetItemEstimate{Collections: airsync.OldEstimateCollections{Collection: []airsync.OldEstimateCollection{
			{Class: string(class), CollectionID: string(f), FilterType: filter, SyncKey: string(key)},
		}}}
	}
	var out airsync.GetItemEstimateResponse
	r, err := c.run(ctx, request{command: "GetItemEstimate", version: version}, in, &out, false)
	if err != nil {
		return 0, err
	}
	if out.Status != nil && *out.Status != 1 {
		return 0, r.statusError("", *out.Status)
	}
	for _, x := range out.Response {
		switch col := x.Collection; {
		case col != nil && col.CollectionID != "" && col.CollectionID != string(f): // of another folder
		case x.Status != nil && *x.Status != 1:
			return 0, r.statusError("Item", *x.Status)
		case col != nil && col.Estimate != nil && *col.Estimate >= 0:
			return *col.Estimate, nil
		}
	}
	return 0, r.unexpected("no estimate")
}
