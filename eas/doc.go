// Package eas speaks Exchange ActiveSync with bearer tokens: versions 14.0 to 16.1, and 12.1 on
// request.
//
// # Connect
//
// A [Client] needs the endpoint that package autodiscover finds, the user's address, and a
// source of tokens, such as package token's:
//
//	client := &eas.Client{URL: endpoint.URL, User: "ada@contoso.com", Token: source}
//	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
//	…
//	inbox, ok := folders.Find(eas.FolderInbox) // ok is false if there is none
//
// The client negotiates the version, provisions the device and renews a refused token by itself,
// once for all commands that need it. A Client is for one mailbox and for any number of
// goroutines; clients may share an [http.Client]. [Client.Observe] and [Client.Logger] receive a
// report of each request, without its content.
//
// # Keep state
//
// A [SyncKey] identifies a state that the program has handled. The package stores none: save the
// key of a page after handling the page, and a crash delivers the page again and loses nothing.
// There is one key for the folder hierarchy and one for each folder.
//
// [Client.State] returns everything else that a program stores: the version, the policy key, the
// device, the endpoint. It is JSON without a secret. With it, [Client.Restore] starts a client
// whose first command is its only request.
//
// # Read
//
// [Client.Pages] reads the changes of a folder since a key, page by page, and waits for a
// server that is busy:
//
//	for page, err := range client.Pages(ctx, inbox.ID, key, nil) {
//		if err != nil {
//			return err
//		}
//		for _, entry := range page.Added {
//			… // entry.Item is an *eas.Email
//		}
//		key = page.Key // save it here
//	}
//
// [SyncOptions] select the bodies, the size of a page and the age of items. An entry of
// [Page.Changed] has only what changed; [Merge] combines it with the stored item. [Client.SyncMany]
// synchronizes several folders in one request, [Client.FetchMessage] and [Client.FetchAttachment]
// stream one message or attachment, [Client.Search] and [Client.Find] search.
//
// If a value cannot be read, its field is as if the server had not sent the element, and the item
// lists it in Odd. A damaged item is the Err of its [Entry]. Where a field cannot tell absent from
// empty, empty counts as absent. Elements that a type has no field for are in Other; [ToXML] makes
// them readable. A response with far more entries than were requested, or that
// would take far more memory than it has bytes, is refused with [ErrTooLarge].
//
// # Edit
//
// An edit is a difference: [Update] takes an item before and after the change, and the client
// sends what the version of the server requires. What is the same in both, truncated or
// unknown is left unchanged. [UpdateOccurrence] and [DeleteOccurrence] do the same with an occurrence
// of a series, and [Event.Occurrences] lists them. [Client.Apply] sends edits with the folder's
// key and returns no changes of the server; the next Sync does:
//
//	after := *event
//	after.Subject = "Lunch"
//	applied, err := client.Apply(ctx, calendar.ID, key, eas.Update(id, event, &after))
//	if err != nil {
//		return err
//	}
//	key = applied.Key // applied.Err() joins the edits that failed
//
// [Client.SendMail] sends a message, [Client.SmartReply] and [Client.SmartForward] send a reply or forward,
// [Client.MeetingResponse] responds to an invitation, [Client.MoveItems] moves items.
//
// # Watch
//
// [Client.Watch] yields the folders with changes, and continues after every failure that can pass
// by itself:
//
//	for changes, err := range client.Watch(ctx, folders.Added, nil) {
//		if err != nil {
//			return err
//		}
//		… // Pages for each of changes.Folders
//	}
//
// # Errors
//
// A refusal is an [*Error]: the command, the HTTP status, the status in the response, the
// request-id and the [Action] to take. Programs branch with [errors.Is] on the Err… variables:
//
//   - [ErrInvalidSyncKey]: start again from [InitialSyncKey], or use [Client.Resync]. The package
//     itself never discards state.
//   - [ErrFolderSyncRequired], [ErrInvalidFolderKey]: use [Client.SyncFolders].
//   - [ErrUnauthorized]: the user has to sign in again.
//   - [ErrThrottled]: wait for Error.RetryAfter. [Error.Temporary] says whether the same call may
//     succeed later.
//   - [ErrRemoteWipe]: erase the mailbox's data, then call [Client.AcknowledgeWipe].
//
// # Versions
//
//	command            12.1  14.0  14.1  16.0  16.1  tested  methods and limits
//	OPTIONS            yes   yes   yes   yes   yes   T C     Client.Options
//	Provision          yes   yes   yes   yes   yes   T C X   Client.Provision; device information from 14.1 on
//	FolderSync         yes   yes   yes   yes   yes   T C X
//	FolderCreate       yes   yes   yes   yes   yes   T X
//	FolderUpdate       yes   yes   yes   yes   yes   T X
//	FolderDelete       yes   yes   yes   yes   yes   T X
//	Sync               yes   yes   yes   yes   yes   T C X   Sync, Pages, Apply, SyncMany (partial, empty), Resync; drafts and single occurrences from 16.0 on
//	GetItemEstimate    yes   yes   yes   yes   yes   T C X
//	Ping               yes   yes   yes   yes   yes   T C X   Ping, Watch
//	MoveItems          yes   yes   yes   yes   yes   T X
//	ItemOperations     yes   yes   yes   yes   yes   T P X   Fetch…, EmptyFolder, MoveConversation (14.0)
//	SendMail           yes   yes   yes   yes   yes   T C X   message/rfc822 up to 12.1
//	SmartReply         yes   yes   yes   yes   yes   T X     message/rfc822 up to 12.1
//	SmartForward       yes   yes   yes   yes   yes   T X     the same; to Forwardees from 16.0 on
//	MeetingResponse    yes   yes   yes   yes   yes   T X     occurrences from 14.1, Send from 16.0, other times from 16.1 on
//	Search             yes   yes   yes   yes   yes   T X     Search, SearchPeople, SearchLibrary; pictures from 14.1 on
//	Find               -     -     -     -     yes   T X     Find, FindPeople
//	Settings           yes   yes   yes   yes   yes   T P X   OutOfOffice, UserInformation, …; rights templates from 14.1 on
//	ResolveRecipients  yes   yes   yes   yes   yes   T X     availability from 14.0, pictures from 14.1 on
//	ValidateCert       yes   yes   yes   yes   yes   T X
//	GetAttachment      yes   -     -     -     -     T
//	GetHierarchy       yes   -     -     -     -     T       not in the compact query, which has no code for it
//	Autodiscover       yes   yes   yes   yes   yes   -       XML; see package autodiscover
//
// Each was tested against the fake tenant of package eastest in every version that is marked
// (T); C: against what SOGo, Z-Push or Horde sent; P: a published example; X: the tenant's
// responses are valid by the schemas of the protocol.
//
// The client uses version 12.1 only if [Client.Versions] lists it. Exchange Online accepts only
// 16.1 since March 2026. [Client.Do] sends any command with a document of the caller.
//
// Sources: [MS-ASHTTP], [MS-ASCMD], [MS-ASPROV], [MS-ASAIRS], [MS-ASEMAIL], [MS-ASCAL],
// [MS-ASCNTC], [MS-ASTASK], [MS-ASNOTE], [MS-ASRM], [MS-ASDOC], [MS-ASDTYPE], [MS-ASWBXML].
//
// [MS-ASHTTP]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ashttp
// [MS-ASCMD]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ascmd
// [MS-ASPROV]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asprov
// [MS-ASAIRS]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asairs
// [MS-ASEMAIL]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asemail
// [MS-ASCAL]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ascal
// [MS-ASCNTC]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ascntc
// [MS-ASTASK]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-astask
// [MS-ASNOTE]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asnote
// [MS-ASRM]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asrm
// [MS-ASDOC]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asdoc
// [MS-ASDTYPE]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asdtype
// [MS-ASWBXML]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-aswbxml
package eas
