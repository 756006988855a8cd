package eas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxFolders is the largest number of folders in a [Client.SyncMany]. Servers may accept fewer.
const MaxFolders = 300

// A SyncRequest is one folder of a [Client.SyncMany].
type SyncRequest struct {
	Folder  FolderID
	Key     SyncKey
	Options *SyncOptions
	Edits   []Edit // see [Client.Apply]
}

// A SyncResult is the result of a [SyncRequest].
type SyncResult struct {
	Folder  FolderID
	Page    *Page        // nil if Err is not; without changes it has the key of the request
	Results []EditResult // of the edits
	Err     error        // an [*Error] about this folder
}

// SyncManyOptions configure [Client.SyncMany]. Nil means the zero value.
type SyncManyOptions struct {
	// Wait makes the server wait for a change, if there is none, for up to this long: whole
	// seconds from 14.0 on, minutes before. Exchange takes 60 s to 59 min. A response without
	// changes may come earlier.
	Wait time.Duration

	// Partial sends only the folders in which something differs from the last SyncMany, and
	// nothing at all if nothing does: the server remembers the rest. Where another Sync of
	// this Client came between, and to a server that does not remember, it sends the whole.
	// Exchange remembers; SOGo does not, does not say so, and would then not wait for the
	// folders that were left out. Another Client with the same Device spoils what the
	// server remembers, unseen.
	Partial bool
}

// sentSync is what the server may remember: the collections, by folder, as they were sent.
type sentSync struct {
	wait    string
	folders map[FolderID]string
}

// A syncMemory knows what the server remembers: the last Sync, and that only where no other is
// under way that may come to the server before or after it.
type syncMemory struct {
	mu     sync.Mutex
	last   *sentSync
	flying int
	sent   uint64
}

// begin notes that a Sync is sent, and returns its number and what the server remembers; nil
// for nothing.
func (m *syncMemory) begin() (uint64, *sentSync) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.last
	if m.flying > 0 {
		before = nil
	}
	m.last, m.flying, m.sent = nil, m.flying+1, m.sent+1
	return m.sent, before
}

// end notes that a Sync is over, and that the server remembers now; nil for nothing.
func (m *syncMemory) end(number uint64, now *sentSync) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.flying--; m.flying == 0 && m.sent == number {
		m.last = now
	}
}

// other notes that a Sync is sent that no SyncMany can build on. The caller calls what it
// returns when the Sync is over.
func (m *syncMemory) other() (over func()) {
	number, _ := m.begin()
	return func() { m.end(number, nil) }
}

// SyncMany synchronizes several folders in one request, one page of each, and returns the result
// of each, in the order of the requests. Save the keys of the pages, as with [Client.Sync]. An
// error that does not concern a single folder is returned alone.
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
	for i, x := range requests {
		col, err := x.collection(version)
		if err != nil {
			return nil, fmt.Errorf("eas: Sync: folder %d: %w", i, err)
		}
		if _, twice := now.folders[x.Folder]; twice {
			return nil, fmt.Errorf("eas: Sync: folder %d is there twice", i)
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
	number, before := c.memory.begin()
	if o.Partial {
		in = before.shorten(whole, now)
	}
	out, r, err := c.syncMany(ctx, q, in)
	var e *Error
	if in != whole && errors.As(err, &e) && (e.Status == 13 || e.Status == 149) {
		out, r, err = c.syncMany(ctx, q, whole) // the server does not remember
	}
	if err != nil {
		c.memory.end(number, nil)
		return nil, err
	}
	c.memory.end(number, now)
	return r.manyResults(out, requests)
}

// key returns the key of the request.
func (x *SyncRequest) key() SyncKey { return cmp.Or(x.Key, InitialSyncKey) }

func (x *SyncRequest) options() *SyncOptions {
	if x.Options == nil {
		return &SyncOptions{}
	}
	return x.Options
}

// collection returns the request as the wire has it.
func (x *SyncRequest) collection(version Version) (*airsync.SyncCollection, error) {
	switch {
	case x.Folder == "":
		return nil, errNoFolder
	case x.key() == InitialSyncKey && len(x.Edits) > 0:
		return nil, errNoKey
	}
	col, err := x.options().collection(x.Folder, x.key(), version)
	if err != nil {
		return nil, err
	}
	if err := putEdits(col, x.Edits, version); err != nil {
		return nil, err
	}
	return col, nil
}

// manyResults reads what became of each folder. A failure of the whole is that of the call,
// unless a collection says more.
func (r *response) manyResults(out *airsync.SyncResponse, requests []SyncRequest) ([]SyncResult, error) {
	failed := func(col *airsync.SyncResponseFolder) bool { return col != nil && col.Status != nil && *col.Status != 1 }
	results := make([]SyncResult, len(requests))
	top, nearer := r.topError(out), false
	for i := range requests {
		x := &requests[i]
		results[i] = SyncResult{Folder: x.Folder, Page: &Page{Key: x.key()}}
		col := find(out, x.Folder)
		if col != nil && col.CollectionID != string(x.Folder) && len(requests) > 1 {
			col = nil
		}
		nearer = nearer || failed(col)
		switch {
		case top != nil && !failed(col):
			results[i].Page, results[i].Err = nil, top
		case col != nil:
			results[i].Page, results[i].Err = r.page(col, x.key(), x.options().Class)
			results[i].Results = r.results(col, x.options().Class)
		}
	}
	if top != nil && !nearer {
		return nil, top
	}
	return results, nil
}

// shorten leaves out of a request what the server remembers. It returns nil if that is
// everything.
func (before *sentSync) shorten(whole *airsync.SyncRequest, now *sentSync) *airsync.SyncRequest {
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
	if e := r.topError(&out); e != nil && (out.Collections == nil || len(out.Collections.Collection) == 0) {
		return nil, nil, e
	}
	return &out, r, nil
}
