// Package autodiscover finds out where a mailbox lives: from a mail address to the URL of
// its Exchange ActiveSync, by AutoDiscover v2.
//
//	ada@contoso.com
//	  GET https://outlook.office365.com/autodiscover/autodiscover.json?Email=…&Protocol=ActiveSync
//	  302 https://autodiscover.contoso.com/autodiscover/autodiscover.json?…
//	  200 {"Protocol":"ActiveSync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}
//
// The zero [Resolver] does that. [Static] is for a URL that is known. Both are a
// [Lookuper], on which a program should depend.
//
// # Which candidates to leave on
//
// The default queries Exchange Online and then autodiscover.<domain>. That is right for a mail
// client whose users may be anywhere: Exchange Online knows where every hybrid and cloud
// mailbox is. The price is that Microsoft learns the address.
//
//   - Users who are all on-premises: [Resolver.NoCloud], or [Resolver.Host] where the one host
//     is known. Nothing leaves the organization then.
//   - A national cloud: [Resolver.Cloud], or [FederationProvider] to find it, which
//     sends the domain to Microsoft.
//   - ActiveSync servers that are not Exchange, of which many have no v2: [Resolver.Authorize]
//     turns AutoDiscover v1 on. It needs a token for each host.
//   - [Resolver.AskDomain] if the mail server responds on the domain itself. Otherwise leave it
//     off, because web sites respond there with a page.
//   - [Resolver.AskSRV] and [Resolver.AskHTTP] find hosts by unauthenticated means. Turn
//     them on only with a [Resolver.Confirm] that asks a person.
//   - [AutoDetect] is the service that Outlook for iOS and Android queries first. It sends
//     every address to Microsoft and is not documented: use it as a second opinion.
//
// Hosts are built from the whole mail domain, never from a parent of it: clients that walked
// up to autodiscover.<top-level domain> gave away 372,072 passwords in four months of 2021.
//
// # Safety
//
// The server that AutoDiscover names will prompt the user to sign in, so its URL must be
// trustworthy:
//
//   - https with verified certificates, always. No redirect to http is followed.
//   - No credential and no cookie of another look-up is sent, and no header field but Accept
//     and User-Agent. The address goes to the hosts that are queried and nowhere else; net/http,
//     left to itself, would hand it to the next host in a Referer.
//   - Redirects: 10 at most, no host and path twice, no user information. A token for
//     AutoDiscover v1 goes along none.
//   - A host outside the mail domain and the cloud is followed, returned, or taken from the
//     cache only by the word of the cloud's own hosts or with [Resolver.Confirm], which is
//     called once for each host. Where the cloud names an on-premises host in another domain,
//     the other hosts of that domain count as named, too; so do those beside
//     [Resolver.Host].
//   - Loopback, link-local and private addresses and the names of local networks are refused,
//     when dialling (unless [Resolver.HTTPClient] brings its own transport, or
//     [Resolver.Proxy] dials) and as literals, unless [Resolver.AllowPrivate] says that they
//     are meant.
//   - 1 MiB of body and 64 KiB of header at most; 20 seconds for each request, which a slow
//     server takes from no other candidate. An endpoint in hand waits at most
//     [Resolver.Patience] for a better one, 5 seconds by default. XML with a DOCTYPE or
//     deeper than 64 is refused.
//
// # When it fails
//
// An [Endpoint] and a [*LookupError] hold every request that was made, and print as an
// explanation of 80 columns without the mail address. [HopError.Fault] names what is wrong by
// an id of docs/faults.md. errors.Is tells the kinds apart:
//
//	ErrUnreachable        no response: DNS, TCP, TLS, a certificate, a proxy
//	ErrDevice             a firewall, a web site or a captive portal responded
//	ErrPreAuthentication  a device demands its own sign-in
//	ErrServer             the server failed; another try may succeed
//	ErrThrottled          the server is too busy
//	ErrNotV2              the server does not speak AutoDiscover v2; v1 may help
//	ErrUserUnknown        the server does not know the address
//	ErrSelfRedirect       redirected in a circle, as the cloud does with unknown addresses
//	ErrRedirect           a redirect that was not followed
//	ErrBadEndpoint        a response without a usable URL
//	ErrUnconfirmed        a host outside the mail domain that Confirm did not allow
//
// Nothing says whether a user exists: Exchange Online redirects an address that it does not
// place to itself, and that is all it means.
//
// AutoDiscover v2 has no open specification; it is described as Exchange 2013 CU19 and later,
// Exchange Online, and Microsoft's own checks have it. v1 is [MS-ASCMD] 2.2.1.1, the steps over
// SRV and http [MS-OXDISCO] 3.1.5.
package autodiscover
