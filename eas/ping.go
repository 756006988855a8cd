package eas

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// DefaultHeartbeat is how long a [Client.Ping] waits unless told otherwise.
const DefaultHeartbeat = 8 * time.Minute

// PingOptions configure [Client.Ping]. Nil means the zero value.
type PingOptions struct {
	// Heartbeat is how long the server waits for a change before it responds that there is
	// none, in whole seconds; if 0, DefaultHeartbeat. Exchange accepts 60 s to 59 min.
	Heartbeat time.Duration
}

// A PingResult is the result of [Client.Ping].
type PingResult struct {
	// Changed are the folders to synchronize: none if the heartbeat passed without a change,
	// all if the server does not say which.
	Changed   []FolderID
	Heartbeat time.Duration // that the server accepted, to be used the next time
}

// Ping waits until one of the folders changes, or until the heartbeat passes. The result is a
// hint: the Sync that follows may return nothing, and some servers respond immediately after each
// Sync that returned items. Call it with folders whose last Sync has been handled.
//
// If the server does not accept the heartbeat, Ping uses the nearest one that it does. Errors
// match [ErrFolderSyncRequired] if the hierarchy has changed, and have ActionAdjust and a Limit if
// there are more folders than the server can watch.
func (c *Client) Ping(ctx context.Context, folders []Folder, o *PingOptions) (*PingResult, error) {
	if len(folders) == 0 {
		return nil, errors.New("eas: Ping: no folders")
	}
	heartbeat := DefaultHeartbeat
	if o != nil && o.Heartbeat > 0 {
		heartbeat = max(o.Heartbeat.Truncate(time.Second), time.Second)
	}
	in := &airsync.PingRequest{Folders: &airsync.PingFolders{}}
	for _, f := range folders {
		if f.ID == "" {
			return nil, errors.New("eas: Ping: a folder without an ID")
		}
		in.Folders.Folder = append(in.Folders.Folder, airsync.PingFolder{ID: string(f.ID), Class: string(f.Type.Class())})
	}
	for attempt := 0; ; attempt++ {
		seconds := int(heartbeat / time.Second)
		in.HeartbeatInterval = &seconds
		var out airsync.PingResponse
		r, err := c.run(ctx, request{command: "Ping", anyVersion: true, wait: heartbeat}, in, &out, false)
		if err != nil {
			return nil, err
		}
		if out.Status == nil {
			return nil, r.unexpected("no status")
		}
		switch *out.Status {
		case 1:
			return &PingResult{Heartbeat: heartbeat}, nil
		case 2:
			p := &PingResult{Heartbeat: heartbeat}
			if out.Folders != nil {
				for _, id := range out.Folders.Folder {
					p.Changed = append(p.Changed, FolderID(id))
				}
			}
			if len(p.Changed) == 0 { // it does not say which
				for _, f := range folders {
					p.Changed = append(p.Changed, f.ID)
				}
			}
			return p, nil
		case 5:
			limit := 0
			if out.HeartbeatInterval != nil {
				limit = *out.HeartbeatInterval
			}
			if attempt > 0 || limit < 1 || limit > 24*60*60 || limit == seconds {
				e := r.statusError("", 5)
				e.Limit = limit
				return nil, e
			}
			heartbeat = time.Duration(limit) * time.Second
		case 6:
			e := r.statusError("", 6)
			if out.MaxFolders != nil {
				e.Limit = *out.MaxFolders
				e.Err = fmt.Errorf("the server watches %d folders, and the request has %d", e.Limit, len(folders))
			}
			return nil, e
		default:
			return nil, r.statusError("", *out.Status)
		}
	}
}
