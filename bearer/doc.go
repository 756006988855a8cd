// Package bearer reads what a server says about tokens, and gives it one.
//
//   - [Parse] and [ParseLenient] read WWW-Authenticate fields: RFC 9110 in full, and the
//     deviations of real servers, each with a name. [Format] is the inverse.
//   - [FromResponse] turns the Bearer challenge of Exchange, Exchange Online and the Microsoft
//     gateways into an [Offer]; [Probe] asks an ActiveSync URL for one.
//   - [ParseDiagnostics] reads X-MS-Diagnostics, in which Exchange says why it refused a
//     token, and knows cause and remedy of each number.
//   - [Transport] sends the token of a [Source] to one origin, and to no other.
//
// It depends on the standard library and on golang.org/x/oauth2 for its Token type, so that
// a client with an EWS, IMAP or ActiveSync stack of its own can use it alone. It holds no
// state; its functions are safe for concurrent use.
//
// # Challenges
//
// A server refuses with status 401 and one or more challenges, in one field or several. This
// is the response of Exchange to an empty "Authorization: Bearer":
//
//	WWW-Authenticate: Bearer client_id="00000002-0000-0ff1-ce00-000000000000",
//	    trusted_issuers="00000001-0000-0000-c000-000000000000@…",
//	    authorization_uri="https://login.windows.net/common/oauth2/authorize"
//	WWW-Authenticate: Basic realm="mail.contoso.com"
//
// A comma separates the parameters of a challenge, and the challenges, and may stand in a
// quoted value, so that no split on commas or spaces reads them right. RFC 9110 sections
// 5.6, 11.2, 11.3 and 11.6.1 are the grammar:
//
//	Basic realm=""              a parameter may be present and empty: realm is ""
//	Basic realm = "a"           white space may be around the "="
//	Basic realm="a\nb"          a backslash quotes the byte behind it: anb
//	Basic , realm="a"           one challenge; list elements may be empty
//	Basic, realm="a"            an error: no space behind Basic, so realm has no scheme
//	Bearer realm="a",service    two challenges
//	Bearer x=                   a token68 "x=", not an empty parameter
//	Bearer realm="a", REALM=b   an error: a name stands once in a challenge
//
// Parse returns the good challenges beside a [*SyntaxError] about the first broken one.
// [Challenge.Get] tells a parameter that is empty from one that is absent.
//
// # Deviations
//
// ParseLenient, and with it FromResponse, reads through these and reports each as a
// [Repair]:
//
//	repair          example                                      seen on
//	UnquotedValue   authorization_uri=https://login…/authorize   Dataverse (MSAL.NET#3026), Azure Storage (azure-sdk-for-js#9528)
//	                challenge=AAIA…==, token-key=…               PrivateToken issuers (privacypass-ts#10)
//	UnquotedSpaces  token_types=a b, scope=a b                   no capture: Exchange's list, with the quotes that Dataverse leaves out
//	EmptyValue      realm=, error="…"                            no capture: Exchange Online's Realm="" without its quotes (abbot/go-http-auth panics on it)
//	MissingComma    authorization="…" resource="…"               Key Vault, Azure Storage
//	                resource_metadata="…" scope="…"              MCP servers (kody#1793)
//	DuplicateParam  resource_metadata="a", …, the same again     Sentry (sentry-mcp#939); the first is taken, as browsers do
//	StrayElement    realm="a", service, error="…"                a list of words among the parameters (dexpace/java-sdk#199)
//	                realm="a", @@@, error="…"                    hostile input; the element is left out
//
// No repair cuts a value short: where it is not plain how far a value without quotes
// reaches, the challenge is left out and a SyntaxError says so. A plausible wrong
// authorization_uri, such as the "https" that a tokenizer makes of Dataverse's, would be
// worse than none. Control characters are refused in both modes, and so is what passes the
// limits, beginning with [MaxBytes]; both read in linear time.
//
// # Offers
//
// FromResponse tells apart, by errors.Is:
//
//	ErrNoChallenge         no WWW-Authenticate: usually a device in front of Exchange responded
//	ErrLegacyOnly          Basic, Negotiate, NTLM: OAuth is not enabled
//	ErrNoAuthorizationURI  Bearer, and no authority; with 4000000 ask again with the address
//	ErrConflict            two authorities
//	ErrClaims              claims that cannot be read
//
// and returns an offer with [Offer.Error] set when a token was refused, and the reason in
// [Offer.Diagnostics].
//
// # Trust
//
// Nothing in an Offer is authenticated. authorization_uri names an authority only
// if that is trusted for other reasons (package token decides), and the scope to ask for
// comes from the endpoint that the caller trusts, never from the challenge.
//
// Transport sends a token over https to the origin of its Endpoint, which is scheme, host
// and port, and refuses every other request, so that neither a redirect nor a mistake of the
// caller hands the token to anyone else.
//
// # Sources
//
// RFC 9110 (challenges), RFC 6750 (Bearer), RFC 9728 (resource_metadata), RFC 9470
// (acr_values, max_age), RFC 9449 (DPoP) and [MS-XOAUTH] 3.2.5.4 (Exchange's challenge and
// the empty Bearer that requests it).
//
// [MS-XOAUTH]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-xoauth
package bearer
