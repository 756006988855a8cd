// Package easoauth is the map of a library that makes modern authentication on Exchange
// ActiveSync (EAS) work: from a mail address to a syncing mailbox, with OAuth and nothing
// but OAuth. It has no code of its own; import the package that answers your question.
//
//   - Where is the mailbox? [github.com/easoauth/easoauth/autodiscover]
//   - What does the server say about tokens? [github.com/easoauth/easoauth/bearer]
//   - With which token? [github.com/easoauth/easoauth/token]
//   - And now what? [github.com/easoauth/easoauth/eas]
//   - How do I test my client without Exchange? [github.com/easoauth/easoauth/eas/eastest]
//   - What is wrong with this deployment? [github.com/easoauth/easoauth/eas/diagnose]
//
// The folder docs is a book of short pages: first programs, concepts, state, errors, tests, many
// mailboxes, moving from passwords and from other libraries.
//
// # The dance
//
//	ada@contoso.com
//	   │
//	   ▼  autodiscover.Resolver.Lookup
//	GET https://outlook.office365.com/autodiscover/autodiscover.json?Email=…&Protocol=ActiveSync
//	302 → GET https://autodiscover.contoso.com/autodiscover/autodiscover.json?…
//	200 → https://mail.contoso.com/Microsoft-Server-ActiveSync
//	   │
//	   ▼  bearer.Probe
//	OPTIONS …, an empty "Authorization: Bearer", and X-User-Identity
//	401 ← WWW-Authenticate: Bearer client_id=…, trusted_issuers=…, authorization_uri=…
//	   │
//	   ▼  token.Configure
//	Is the authority's host trusted? Its metadata; the scope from the EAS URL.
//	   │
//	   ▼  token.Browser (code and PKCE) or token.DeviceCode
//	An access token (1 hour) and a refresh token (14 days), kept by token.Source, which
//	stores a rotated refresh token before it hands out the access token beside it.
//	   │
//	   ▼  eas.Client
//	Is the audience exactly https://mail.contoso.com?
//	OPTIONS → Provision → FolderSync → Sync → Ping → SendMail
//
// Each step takes what the step before it returns, and each can be used alone: a client
// with its own EAS, EWS or IMAP stack needs bearer.Transport and token.Source and nothing
// else.
//
// # Rules that hold everywhere
//
//   - Basic credentials are never sent, asked for or stored.
//   - A token goes to the origin it was made for, over TLS, and nowhere else: not along a
//     redirect, not to X-MS-Location.
//   - authorization_uri comes from a stranger: it names an authority only if its host is a
//     known Microsoft cloud or the caller listed it. The scope comes from the endpoint that
//     the caller trusts, never from the challenge.
//   - A rotated refresh token is durable before anyone is handed the access token that came
//     with it.
//   - Every limit has a number. Every error says what was tried, what came back and what the
//     caller can do, and holds no secret, no address and no query.
//
// # Sources
//
// [MS-ASHTTP], [MS-ASCMD], [MS-ASPROV], [MS-ASWBXML], [MS-ASAIRS] and their siblings for
// ActiveSync; [MS-XOAUTH] for Exchange's challenge; RFC 9110 for challenges as such; RFC
// 6749, 7636, 8252, 8628 and 9207 and OpenID Connect Core and Discovery for the sign-in.
//
// [MS-ASHTTP]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ashttp
// [MS-ASCMD]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-ascmd
// [MS-ASPROV]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asprov
// [MS-ASWBXML]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-aswbxml
// [MS-ASAIRS]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-asairs
// [MS-XOAUTH]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-xoauth
package easoauth
