// Package eas speaks Exchange ActiveSync with bearer tokens.
//
// A [Client] takes the endpoint that package autodiscover finds, and a source of tokens,
// such as package token's:
//
//	client := &eas.Client{URL: endpoint.URL, User: "ada@contoso.com", Token: source}
//	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
//	…
//	inbox, _ := folders.Find(eas.FolderInbox)
//	for page, err := range client.Pages(ctx, inbox.ID, key, nil) {
//		…
//		key = page.Key // save it after dealing with the page
//	}
//
// Version negotiation, provisioning and the renewal of a refused token happen on the way.
//
// # Keys are values
//
// A [SyncKey] stands for what the program has dealt with. The package keeps none: the
// program saves the key of a page after the page, so that a crash delivers the page again
// and loses nothing. A key that the server no longer knows is an error that matches
// [ErrInvalidSyncKey], and says to begin again from [InitialSyncKey]. No signal of a server
// makes the package throw anything away.
//
// # Errors
//
// A refusal is an [*Error]: command, HTTP status, status in the answer, request-id, and the
// [Action] to take. The Err… variables are what programs branch on with errors.Is.
//
// # Reading
//
// A value that cannot be read costs itself alone: its field stays as if the server had not
// sent the element, and the item lists it in Odd. An item whose data is damaged is the error of
// its [Entry], and the rest of the page goes on. Where a field cannot tell absent from empty,
// empty counts as absent.
//
// # Edits
//
// An edit is made of what an item was and what it shall be; the package sends what the version
// needs of it. What is the same in both, truncated or unknown is left alone:
//
//	after := *before
//	after.Place = eas.Place{}
//	applied, err := client.Apply(ctx, folder, key, eas.Update(id, before, &after))
//	…
//	key = applied.Key
//
// [UpdateOccurrence] and [DeleteOccurrence] do the same with one occurrence of a series, and
// [Event.Occurrences] lists them. Apply brings no changes of the server; the next Sync does.
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
// 12.1 must be asked for in [Client.Versions]. Exchange Online speaks 16.1 alone since
// March 2026. [Client.Do] sends any command with a document of the caller's.
//
// Sources: [MS-ASHTTP], [MS-ASCMD], [MS-ASPROV], [MS-ASAIRS], [MS-ASEMAIL], [MS-ASCAL],
// [MS-ASCNTC], [MS-ASTASK], [MS-ASNOTE], [MS-ASRM], [MS-ASDOC], [MS-ASDTYPE].
package eas
