package eas

import (
	"context"
	"io"
	"iter"
)

// Small interfaces for mocks, each implemented by [*Client]. For tests of a program as a
// whole, the fake tenant of package eastest is the better mock.
type (
	// A FolderSyncer lists folders.
	FolderSyncer interface {
		FolderSync(ctx context.Context, key SyncKey) (*Folders, error)
	}
	// A Syncer synchronizes one folder, a page at a time.
	Syncer interface {
		Sync(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) (*Page, error)
	}
	// A Pager synchronizes one folder to its end.
	Pager interface {
		Pages(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) iter.Seq2[*Page, error]
	}
	// An Applier sends edits.
	Applier interface {
		Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Page, error)
	}
	// A Pinger waits for changes.
	Pinger interface {
		Ping(ctx context.Context, folders []Folder, o *PingOptions) (*PingResult, error)
	}
	// A MailSender sends mail.
	MailSender interface {
		SendMail(ctx context.Context, mime io.Reader, o *SendOptions) error
	}
)

var _ interface {
	FolderSyncer
	Syncer
	Pager
	Applier
	Pinger
	MailSender
} = (*Client)(nil)
