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
		Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Applied, error)
	}
	// A Pinger waits for changes.
	Pinger interface {
		Ping(ctx context.Context, folders []Folder, o *PingOptions) (*PingResult, error)
	}
	// A MailSender sends mail.
	MailSender interface {
		SendMail(ctx context.Context, mime io.Reader, o *SendOptions) error
	}
	// A MailReplier answers and forwards mail.
	MailReplier interface {
		SmartReply(ctx context.Context, source MailSource, mime io.Reader, o *SmartOptions) error
		SmartForward(ctx context.Context, source MailSource, mime io.Reader, o *SmartOptions) error
	}
	// A Watcher reports changes as they happen.
	Watcher interface {
		Watch(ctx context.Context, folders []Folder, o *WatchOptions) iter.Seq2[*Changes, error]
	}
	// A FolderEditor makes, changes and deletes folders.
	FolderEditor interface {
		FolderCreate(ctx context.Context, key SyncKey, parent FolderID, name string, t FolderType) (Folder, SyncKey, error)
		FolderUpdate(ctx context.Context, key SyncKey, f Folder) (SyncKey, error)
		FolderDelete(ctx context.Context, key SyncKey, f FolderID) (SyncKey, error)
	}
	// A Mover moves items.
	Mover interface {
		MoveItems(ctx context.Context, moves ...Move) ([]MoveResult, error)
	}
	// An Estimator counts changes.
	Estimator interface {
		GetItemEstimate(ctx context.Context, f FolderID, key SyncKey, o *EstimateOptions) (int, error)
	}
	// An ItemFetcher brings single items.
	ItemFetcher interface {
		FetchItem(ctx context.Context, f FolderID, id ItemID, o *ItemOptions) (*Entry, error)
	}
	// A ContentFetcher brings attachments and whole messages.
	ContentFetcher interface {
		FetchAttachment(ctx context.Context, reference string, w io.Writer, o *FetchOptions) (*Content, error)
		FetchMessage(ctx context.Context, f FolderID, id ItemID, w io.Writer, o *FetchOptions) (*Content, error)
	}
	// A Searcher searches the mailbox.
	Searcher interface {
		Search(ctx context.Context, q Query, o *SearchOptions) (*SearchResults, error)
	}
	// A Finder searches the mailbox, from 16.1 on.
	Finder interface {
		Find(ctx context.Context, q Query, o *SearchOptions) (*SearchResults, error)
	}
	// A PeopleSearcher searches the global address list.
	PeopleSearcher interface {
		SearchPeople(ctx context.Context, text string, o *SearchOptions) (*SearchResults, error)
	}
	// A Resolver looks up names.
	Resolver interface {
		ResolveRecipients(ctx context.Context, to []string, o *ResolveOptions) ([]Resolution, error)
	}
	// A CertificateValidator checks certificates.
	CertificateValidator interface {
		ValidateCert(ctx context.Context, certificates, chain [][]byte, revocation bool) ([]error, error)
	}
	// A MeetingResponder answers invitations.
	MeetingResponder interface {
		MeetingResponse(ctx context.Context, answers ...MeetingAnswer) ([]MeetingResult, error)
	}
	// An OutOfOfficeSetter reads and sets what is answered while the user is away.
	OutOfOfficeSetter interface {
		OutOfOffice(ctx context.Context, t BodyType) (*OutOfOffice, error)
		SetOutOfOffice(ctx context.Context, o *OutOfOffice) error
	}
)

var _ interface {
	FolderSyncer
	Syncer
	Pager
	Applier
	Pinger
	MailSender
	MailReplier
	Watcher
	FolderEditor
	Mover
	Estimator
	ItemFetcher
	ContentFetcher
	Searcher
	Finder
	PeopleSearcher
	Resolver
	CertificateValidator
	MeetingResponder
	OutOfOfficeSetter
} = (*Client)(nil)
