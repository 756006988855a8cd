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
//	inbox, _ := folders.Find(eas.FolderInbox)
//
// Version negotiation, provisioning and the renewal of a refused token happen on the way,
// once for all commands that need them. A Client is for one mailbox and for any number of
// goroutines; clients may share an http.Client. [Client.Observe] and [Client.Logger] get what
// became of each request, without its content.
//
// # Keep state
//
// A [SyncKey] stands for what the program has dealt with, and the package keeps none: save the
// key of a page after dealing with the page, and a crash delivers the page again and loses
// nothing. There is one key for the list of folders and one for each folder.
//
// [Client.State] returns everything else that a program keeps: the version, the policy key, the
// device, the endpoint. It is JSON without a secret. With it, [Client.Restore] starts a client
// whose first command is its only request.
//
// # Read
//
// [Client.Pages] brings what changed in a folder since a key, a page at a time, and waits for a
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
// [SyncOptions] choose the bodies, the window and how far back. An entry of Page.Changed has only
// what changed; [Merge] joins it with what was kept. [Client.SyncMany] asks for several folders
// at once, [Client.FetchMessage] and [Client.FetchAttachment] stream one content,
// [Client.Search] and [Client.Find] search.
//
// A value that cannot be read costs that value: its field is as if the server had not sent the
// element, and the item lists it in Odd. A damaged item is the Err of its [Entry]. Where a field
// cannot tell absent from empty, empty counts as absent. Elements that a type has no field for are in Other;
// [ToXML] makes them readable. A response with far more entries than were requested, or that
// would take far more memory than it has bytes, is refused with [ErrTooLarge].
//
// # Edit
//
// An edit is a difference: [Update] takes what an item was and what it shall be, and the client
// sends what the server's version needs for that. What is the same in both, truncated or
// unknown is left alone. [UpdateOccurrence] and [DeleteOccurrence] do the same with an occurrence
// of a series, and [Event.Occurrences] lists them. [Client.Apply] sends edits with the folder's
// key and brings no changes of the server; the next Sync does:
//
//	after := *event
//	after.Subject = "Lunch"
//	applied, err := client.Apply(ctx, calendar.ID, key, eas.Update(id, event, &after))
//	if err != nil {
//		return err
//	}
//	key = applied.Key // applied.Err() joins the edits that failed
//
// [Client.SendMail] sends a message, [Client.SmartReply] and [Client.SmartForward] answer one,
// [Client.MeetingResponse] answers an invitation, [Client.MoveItems] moves items.
//
// # Watch
//
// [Client.Watch] yields the folders in which something changed, and outlasts everything that
// waiting can mend:
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
//   - [ErrInvalidSyncKey]: begin again from [InitialSyncKey], or use [Client.Resync]. No signal of
//     a server makes the package throw anything away.
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
// answers are valid by the schemas of the protocol.
//
// Version 12.1 is spoken where [Client.Versions] has it. Exchange Online speaks 16.1 alone since
// March 2026. [Client.Do] sends any command with a document of the caller's.
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
