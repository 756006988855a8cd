package eas

import (
	"context"
	"fmt"
	"iter"
)

// maxIdle is how many pages in a row may say that there is more and hold nothing. Servers send
// some, with a new key each ([MS-ASCMD] 2.2.3.115).
const maxIdle = 1000

// Pages reads a folder from key to its end, page by page. It begins at InitialSyncKey where
// key is that or "", and reads on while the server has more. When the server is busy or out
// of reach it waits, as long as the server says or a little longer each time, within
// [Client.Patience], and goes on where it was. It stops with an error: one that is temporary
// leaves the caller with the last key, to go on from there; one of ctx matches it.
//
// A key that the server no longer knows ends in an error that matches [ErrInvalidSyncKey]: call
// [Client.Resync]. A folder that is gone ends in [ErrFolderSyncRequired]: call
// [Client.SyncFolders].
//
// A server that makes no progress ends in [ErrNoProgress]: one that says that there is more
// and sends a key again, or a thousand empty pages in a row.
//
// Save page.Key after dealing with the page; a crash then delivers the page again and loses
// nothing. A loop that stops early may range over the same sequence again: it begins with the
// page at which the loop stopped. The sequence is for one loop at a time. From InitialSyncKey
// the server says what there is and not what is gone, so begin there with nothing, or use
// [Client.Resync].
func (c *Client) Pages(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		wait := c.backoff()
		if key == "" || key == InitialSyncKey {
			page, err := c.syncPatiently(ctx, f, InitialSyncKey, o, wait)
			if err != nil {
				yield(nil, err)
				return
			}
			key = page.Key
		}
		seen := map[SyncKey]bool{key: true}
		for idle := 0; ; {
			page, err := c.syncPatiently(ctx, f, key, o, wait)
			if err != nil {
				yield(nil, err)
				return
			}
			circles := page.More && seen[page.Key]
			if idle++; !page.IsEmpty() {
				idle = 0
			}
			if circles && page.IsEmpty() || idle >= maxIdle {
				yield(nil, noProgress(idle))
				return
			}
			if !yield(page, nil) {
				return // the page comes again
			}
			key = page.Key
			if circles {
				yield(nil, noProgress(idle))
				return
			}
			if !page.More {
				return
			}
			seen[key] = true
		}
	}
}

func noProgress(idle int) error {
	why := "the key of a page was there before"
	if idle >= maxIdle {
		why = fmt.Sprintf("%d empty pages", idle)
	}
	return &Error{Command: "Sync", HTTPStatus: 200, Action: ActionReport, Err: fmt.Errorf("%w: %s", ErrNoProgress, why)}
}

func (c *Client) syncPatiently(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions, wait *backoff) (*Page, error) {
	for {
		page, err := c.Sync(ctx, f, key, o)
		if err == nil {
			wait.reset()
			return page, nil
		}
		if wait.sleep(ctx, err) {
			continue
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, fmt.Errorf("eas: Sync: %w, while waiting to repeat what failed: %s", cause, err)
		}
		return nil, err
	}
}

func (c *Client) backoff() *backoff {
	patience := DefaultPatience
	if c.Patience != 0 {
		patience = c.Patience
	}
	return &backoff{patience: patience}
}
