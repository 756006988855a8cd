package eas

import (
	"context"
	"fmt"
	"iter"
)

// maxIdle is how many pages in a row may say that there is more and hold nothing. Servers send
// some, with a new key each ([MS-ASCMD] 2.2.3.115).
const maxIdle = 1000

// Pages reads the changes of a folder from key to the end, page by page. It starts with
// [InitialSyncKey] if key is that or "", and continues while the server has more. If the server is
// busy or cannot be reached, it waits as long as the server demands, or increasingly longer, in
// all up to [Client.Patience], and continues.
//
// The sequence ends with an error. After a temporary one, continue from the last key. One of ctx
// matches it. If the server no longer knows the key, the error matches [ErrInvalidSyncKey]: call
// [Client.Resync]. If the folder no longer exists, it matches [ErrFolderSyncRequired]: call
// [Client.SyncFolders]. If the server makes no progress, because it repeats a key or sends a
// thousand empty pages in a row, it matches [ErrNoProgress].
//
// Save page.Key after handling the page: a crash then delivers the page again and loses nothing. A
// loop that stops early may range over the same sequence again, which starts with the page at
// which the loop stopped. The sequence may be used by one loop at a time. From InitialSyncKey the
// server reports what exists and not what was deleted: start there with an empty copy, or use
// Client.Resync.
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
