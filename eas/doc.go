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
// [Action] to take. The Err… variables are what programs branch on with errors.Is. One item
// that cannot be read is the error of its [Entry], and the rest of its page goes on.
//
// # Versions
//
//	command      12.1  14.0  14.1  16.0  16.1
//	OPTIONS      yes   yes   yes   yes   yes
//	Provision    yes   yes   yes   yes   yes    device information from 14.1 on
//	FolderSync   yes   yes   yes   yes   yes
//	Sync         yes   yes   yes   yes   yes    mail; other classes come as Unknown
//	Ping         yes   yes   yes   yes   yes
//	SendMail     yes   yes   yes   yes   yes    as message/rfc822 up to 12.1
//
// 12.1 must be asked for in [Client.Versions]. Exchange Online speaks 16.1 alone since
// March 2026. Other commands go through [Client.Do].
//
// Sources: [MS-ASHTTP], [MS-ASCMD], [MS-ASPROV], [MS-ASAIRS], [MS-ASEMAIL], [MS-ASDTYPE].
package eas
