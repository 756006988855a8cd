// Package bearer reads what a server says about tokens, and gives it one.
//
//   - [Parse] and [ParseLenient] read WWW-Authenticate fields: RFC 9110 in full, and the
//     deviations of real servers, each with a name.
//   - [FromResponse] turns the Bearer challenge of Exchange, Exchange Online and the Microsoft
//     gateways into an [Offer]; [Probe] asks an ActiveSync URL for one.
//   - [ParseDiagnostics] reads X-MS-Diagnostics, in which Exchange says why it refused a
//     token, and knows cause and remedy of each number.
//   - [Transport] sends the token of a [Source] to one origin, and to no other.
//
// It depends on the standard library and on golang.org/x/oauth2 for its Token type, so that
// a client with an EWS, IMAP or ActiveSync stack of its own can take it alone.
//
// # Challenges
//
// A server refuses with status 401 and one or more challenges, in one field or several:
//
//	WWW-Authenticate: Bearer client_id="00000002-0000-0ff1-ce00-000000000000",
//	    trusted_issuers="00000001-0000-0000-c000-000000000000@…",
//	    authorization_uri="https://login.windows.net/common/oauth2/authorize"
//	WWW-Authenticate: Basic realm="mail.contoso.com"
//
// Commas separate both the parameters of a challenge and the challenges, values may be
// empty, quoted and hold commas, and a scheme may carry a token68 in place of parameters, so
// that no split on commas or spaces reads them right. RFC 9110 sections 5.6, 11.2, 11.3
// and 11.6.1 are the grammar.
//
// # Deviations
//
// ParseLenient, and with it FromResponse, reads through these and reports each as a
// [Repair]:
//
//	repair          example                                      seen on
//	UnquotedValue   authorization_uri=https://login…/authorize   Dataverse
//	UnquotedSpaces  token_types=a b                              not seen; read by analogy
//	MissingComma    authorization="…" resource="…"               Key Vault, Azure Storage
//	DuplicateParam  realm="a", realm="b"                         proxies that add their own
//	StrayElement    realm="a", Bearer …                          proxies that drop a scheme
//	EmptyValue      realm=, error="…"                            gateways
//
// No repair cuts a value short: where it is not plain how far a value reaches, the challenge
// is dropped and a [*SyntaxError] says so. A plausible wrong authorization_uri would be
// worse than none.
//
// # Trust
//
// All of an Offer is the word of whoever answered. authorization_uri names an authority only
// if that is trusted for other reasons (package token decides), and the scope to ask for
// comes from the endpoint that the caller trusts, never from the challenge.
//
// The scheme of Exchange's challenge is that of [MS-XOAUTH] 3.2.5.4.
package bearer
