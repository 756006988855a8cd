package eas

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxFolders is how many folders [Client.SyncMany] takes. Servers may take fewer.
const MaxFolders = 300

// A SyncRequest is one folder of a [Client.SyncMany].
type SyncRequest struct {
	Folder  FolderID
	Key     SyncKey
	Options *SyncOptions // its Wait and Patience are not used
	Edits   []Edit
}

// A SyncResult is what became of a [SyncRequest].
type SyncResult struct {
	Folder FolderID
	Page   *Page // nil if Err is not; without changes it has the key of the request
	Err    error // an [*Error] about this folder
}

// SyncManyOptions are the choices of [Client.SyncMany]. Nil means the zero value.
type SyncManyOptions struct {
	// Wait makes the server wait until one of the folders changes; see SyncOptions.Wait.
	Wait time.Duration

	// Partial sends only the folders in which something differs from the last SyncMany, and
	// nothing at all if nothing does: the server remembers the rest. A server that does not
	// is sent the whole. Exchange remembers; SOGo does not, does not say so, and would then
	// not wait for the folders that were left out.
	Partial bool
}

// sentSync is what the server may remember: the collections, by folder, as they were sent.
type sentSync struct {
	wait    string
	folders map[FolderID]string
}

// SyncMany synchronizes several folders in one request, a page of each, and returns what
// became of each, in the order of the requests. Like [Client.Sync] it keeps no keys: save
// those of the pages. An error that is about no single folder is returned alone.
func (c *Client) SyncMany(ctx context.Context, o *SyncManyOptions, requests ...SyncRequest) ([]SyncResult, error) {
	if o == nil {
		o = &SyncManyOptions{}
	}
	switch {
	case len(requests) == 0:
		return nil, errors.New("eas: Sync: no folders")
	case len(requests) > MaxFolders:
		return nil, fmt.Errorf("eas: Sync: %d folders, and at most %d are taken", len(requests), MaxFolders)
	}
	return atVersion(ctx, c, func(v Version) ([]SyncResult, error) { return c.syncManyAt(ctx, v, o, requests) })
}

func (c *Client) syncManyAt(ctx context.Context, version Version, o *SyncManyOptions, requests []SyncRequest) ([]SyncResult, error) {
	whole := &airsync.SyncRequest{}
	q := request{command: "Sync", version: version, wait: o.Wait}
	switch {
	case o.Wait > 0 && version.AtLeast(Version140):
		whole.HeartbeatInterval = optional(int(max(1, o.Wait/time.Second)))
	case o.Wait > 0:
		whole.Wait = optional(int(max(1, o.Wait/time.Minute)))
	}
	now := &sentSync{wait: o.Wait.String(), folders: map[FolderID]string{}}
	for i := range requests {
		x := &requests[i]
		if x.Options == nil {
			x.Options = &SyncOptions{}
		}
		if x.Key == "" {
			x.Key = InitialSyncKey
		}
		if _, twice := now.folders[x.Folder]; twice {
			return nil, fmt.Errorf("eas: Sync: folder %d is there twice", i)
		}
		if x.Key == InitialSyncKey && len(x.Edits) > 0 {
			return nil, fmt.Errorf("eas: Sync: folder %d: edits need the key of a folder that has been synchronized", i)
		}
		col, err := x.Options.collection(x.Folder, x.Key, version, x.Edits)
		if err != nil {
			return nil, err
		}
		whole.Collections.Collection = append(whole.Collections.Collection, *col)
		q.asked.add(col)
		one, err := wbxml.Marshal(&airsync.SyncRequest{Collections: airsync.SyncCollections{Collection: []airsync.SyncCollection{*col}}})
		if err != nil {
			return nil, fmt.Errorf("eas: Sync: %w", err)
		}
		now.folders[x.Folder] = string(one)
	}
	in := whole
	if o.Partial {
		in = c.shorten(whole, now)
	}
	out, r, err := c.syncMany(ctx, q, in)
	var e *Error
	if in != whole && errors.As(err, &e) && (e.Status == 13 || e.Status == 149) {
		out, r, err = c.syncMany(ctx, q, whole) // the server does not remember
	}
	c.mu.Lock()
	c.sent = now
	if err != nil {
		c.sent = nil
	}
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	results := make([]SyncResult, len(requests))
	for i, x := range requests {
		results[i] = SyncResult{Folder: x.Folder, Page: &Page{Key: x.Key}}
		col := find(out, x.Folder)
		if col == nil || col.CollectionID != string(x.Folder) {
			continue // nothing changed
		}
		results[i].Page, results[i].Err = r.page(col, x.Key, x.Options)
	}
	return results, nil
}

// shorten leaves out what the server remembers. It returns nil if that is everything.
func (c *Client) shorten(whole *airsync.SyncRequest, now *sentSync) *airsync.SyncRequest {
	c.mu.Lock()
	before := c.sent
	c.mu.Unlock()
	if before == nil || len(before.folders) != len(now.folders) {
		return whole
	}
	short := &airsync.SyncRequest{Partial: true}
	for _, col := range whole.Collections.Collection {
		old, ok := before.folders[FolderID(col.CollectionID)]
		switch {
		case !ok:
			return whole // other folders than before
		case old != now.folders[FolderID(col.CollectionID)]:
			short.Collections.Collection = append(short.Collections.Collection, col)
		}
	}
	if before.wait != now.wait {
		short.Wait, short.HeartbeatInterval = whole.Wait, whole.HeartbeatInterval
	} else if len(short.Collections.Collection) == 0 {
		return nil
	}
	return short
}

func (c *Client) syncMany(ctx context.Context, q request, in *airsync.SyncRequest) (*airsync.SyncResponse, *response, error) {
	var out airsync.SyncResponse
	var body any
	if in != nil {
		body = in
	}
	r, err := c.run(ctx, q, body, &out, true)
	if err != nil {
		return nil, nil, err
	}
	if out.Status != nil && *out.Status != 1 && out.Collections == nil {
		e := r.statusError("", *out.Status)
		e.Limit = value(out.Limit) // of statuses 14 and 15
		return nil, nil, e
	}
	return &out, r, nil
}
