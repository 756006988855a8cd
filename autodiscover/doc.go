// Package autodiscover finds out where a mailbox lives: from a mail address to the URL of
// its Exchange ActiveSync, by AutoDiscover v2.
//
//	ada@contoso.com
//	  GET https://outlook.office365.com/autodiscover/autodiscover.json?Email=…&Protocol=ActiveSync
//	  302 https://autodiscover.contoso.com/autodiscover/autodiscover.json?…
//	  200 {"Protocol":"ActiveSync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}
//
// The zero [Resolver] does that. [Static] stands in where the URL is known, and both are a
// [Lookuper], which is what a program should depend on.
//
// # Which hosts to ask
//
// Exchange Online first knows where every hybrid or cloud mailbox is, at the price that the
// address is told to Microsoft: a program whose users are all on-premises sets
// [Resolver.NoCloud], or [Resolver.Host] if it knows the one host to ask. A national cloud is
// chosen by [Resolver.Cloud]. autodiscover.<domain> answers for organizations that are not in
// any cloud. Hosts are built from the whole mail domain, never from a parent of it: a client
// that walked up to autodiscover.<top-level domain> gave away 372,072 passwords in 2021.
//
// # Safety
//
// What answers an AutoDiscover request decides which server will be asked to sign the user
// in, so that nothing is believed lightly:
//
//   - https with verified certificates, always. No redirect to http is followed.
//   - No credential, cookie or header field beyond Accept is sent. The address goes to the
//     hosts that are asked and nowhere else; net/http, left to itself, would hand it to the
//     next host in a Referer.
//   - Redirects: 10 at most, no URL twice, no user information; out of the mail domain and
//     the cloud only by the cloud's own word or with [Resolver.Confirm].
//   - Loopback, link-local and private addresses are refused, when dialling (unless
//     [Resolver.HTTPClient] brings its own transport) and as literals.
//   - 1 MiB of body and 64 KiB of header at most; 20 seconds for each request.
//
// # Reading the result
//
// An [Endpoint] and a [*LookupError] hold every request that was made, and print as an
// explanation without the mail address. Nothing says whether a user exists: Exchange Online
// redirects an address that it does not place to itself, and that is all it means.
//
// AutoDiscover v2 has no open specification; it is described as Exchange 2013 CU19 and later,
// Exchange Online, and Microsoft's own checks have it.
package autodiscover
