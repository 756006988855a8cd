package eas

import (
	"context"
	"io"
	"iter"
)

// Interfaces for tests without a server, one for each thing that most programs do. [*Client]
// implements them all. A function that takes one of them, and not a *Client, is tested with a
// type that has its one or two methods; each has an example of that. For any other method of
// Client, declare such an interface beside the function that calls it. Package autodiscover has
// Lookuper, package bearer has Source, and package token has Flow and Store for the same purpose.
// For tests of a program as a whole, the fake tenant of package eastest is the better mock.
type (
	// A FolderSyncer reads the folder hierarchy.
	FolderSyncer interface {
		FolderSync(ctx context.Context, key SyncKey) (*Folders, error)
	}
	// A Pager reads the changes of a folder to its end.
	Pager interface {
		Pages(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) iter.Seq2[*Page, error]
	}
	// A Watcher reports changes as they happen.
	Watcher interface {
		Watch(ctx context.Context, folders []Folder, o *WatchOptions) iter.Seq2[*Changes, error]
	}
	// A MailSender sends mail.
	MailSender interface {
		SendMail(ctx context.Context, mime io.Reader, o *SendOptions) error
	}
	// A Fetcher fetches whole messages and attachments.
	Fetcher interface {
		FetchMessage(ctx context.Context, f FolderID, id ItemID, w io.Writer, o *FetchOptions) (*Content, error)
		FetchAttachment(ctx context.Context, reference string, w io.Writer, o *FetchOptions) (*Content, error)
	}
)

var _ interface {
	FolderSyncer
	Pager
	Watcher
	MailSender
	Fetcher
} = (*Client)(nil)
