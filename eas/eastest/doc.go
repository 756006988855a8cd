// Package eastest is a fake Microsoft 365 tenant for tests: AutoDiscover, an authority and
// Exchange ActiveSync, as the whole internet of an [http.Client].
//
//	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
//	box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Hello"})
//	client := tn.Client() // give it to the code under test
//
// The client reaches the tenant's hosts in memory, over real TLS, under their real names, and
// no others: outlook.office365.com, login.microsoftonline.com with its aliases, the AutoDetect
// and federation provider services, and autodiscover.<domain>, which in a [Cloud] organization is
// a CNAME record that leads to the cloud; [Hybrid] and [OnPremises] have mail.<domain> and
// adfs.<domain> as well. [Tenant.Hosts] lists them. [Tenant.Listen] serves them on loopback, for
// programs of their own; [Tenant.Handler] hands them out as http.Handlers.
//
// The tenant is a server, not a recording: it can be used to test any client. It checks
// signature, audience, user, scope and age of tokens, PKCE, redirect URIs, policy keys, sync
// keys and the order of elements, and answers what Exchange and Microsoft Entra ID answer,
// with their header fields, diagnostics and AADSTS numbers. Requests are read by code that
// shares nothing with package eas but the codec.
//
// # Time
//
// In a bubble of testing/synctest the tenant's clock is the bubble's: an access token runs
// out after an hour and a refresh token after fourteen days, in milliseconds. Make the tenant
// and close it inside the bubble; with a t of the bubble, [New] sees to it.
//
// # What goes wrong
//
// [Tenant.Switch] switches a fault on, by the id under which the library explains it: for a
// host, a user, or some of the requests, until [Switch.Lift]. [Faults] lists what can be
// switched, as docs/tenant.md does: from a name that is not in DNS, a certificate that has
// expired and a captive portal to a challenge that a device removed and a sign-in that a policy
// refuses. Faults of names, TCP and TLS show on new connections.
//
// [Tenant.Fail] makes the next request that matches fail: with a status, late, cut at a byte, byte
// by byte, inflated, changed on its way, sent twice, or with a response that is lost or that of
// the request before. Over HTTP/2 a cut
// is a reset of the stream, and the header field Connection: close sends GOAWAY.
//
// A fault that never showed and a failure that no request matched fail the test, unless they
// are Optional.
//
// [Tenant.ExpireAccessTokens], [Tenant.Revoke], [Mailbox.Wipe], [Mailbox.RefreshPolicy] and
// [Mailbox.ForgetSyncKeys] are events.
//
// [Tenant.Requests] is the transcript, decoded and without secrets, and says why the server
// responded so.
//
// # Recordings and mocks
//
// [Tenant.Archive] writes what was exchanged without secrets, and [Replay] makes a mock of it
// that needs no tenant. Set ID of eas.Device, and the same one, in the program that is recorded
// and in the test that replays it: the default is derived from user and host, and a request of
// another device is not the one that was recorded.
//
// Where no server is needed, mock an interface: those of package eas (eas.Syncer, eas.Pinger and
// their like), autodiscover.Lookuper, bearer.Source, token.Flow and token.Store have one to three
// methods, and a type of the test that has them is the mock.
//
// # A seed
//
// With [Options.Seed] two tenants that get the same requests in the same order give the same
// codes, tokens, numbers and keys. TLS, the time, and requests that come at once stay apart.
//
// # HTTP/2
//
// [Tenant.Client] speaks HTTP/1.1. The tenant speaks HTTP/2 to a client that asks for it: a clone
// of the client's *http.Transport with ForceAttemptHTTP2, or a program at [Tenant.Serve];
// [Options.HTTP1] leaves it out.
//
// # Signing in
//
// [Tenant.Browser] is a user with a browser who signs in; it fits token.Browser.Open. Device
// codes are approved by the second poll, or by [Tenant.ApproveDevice]. [Tenant.Token] hands
// out a token where a test is not about signing in.
//
// With [Options.SignInPages] the authority shows pages, as it does for a browser: name and
// password, the second factor that a [Policy] demands, and the consent that the faults CONSENT
// and ADMIN_CONSENT demand. They are HTML forms that work without JavaScript. A user has a
// password ([Mailbox.ChangePassword]), an account ([Mailbox.SetAccount]: disabled, locked,
// deleted, without a mailbox), and may be an administrator.
//
// # Devices
//
// [Options.DevicePolicies] are what Provision demands, for each user; a policy that changes has
// devices provision again. [Options.DeviceRules] and [Options.DeviceAccess] allow, block and
// quarantine devices by type, model, system, user agent and ID, [Mailbox.AllowDevice] and
// [Mailbox.BlockDevice] decide about one of a user, and [Mailbox.DeviceAccess] says what has been
// decided. A device in quarantine sees the folders and one notice in the Inbox, and synchronizes as
// soon as it is let in. [Mailbox.Wipe] wipes devices, or the account on them.
//
// # Mail
//
// Mail is delivered between the users, taken apart, and converted to the format that a device
// takes. A recipient that does not exist brings a report, a user who is out of office replies once
// to each sender, and [Tenant.Outgoing] has what leaves the organization. Text messages are mail
// whose MessageClass begins with IPM.Note.Mobile.SMS: they go to devices that ask for that class,
// and those in the Outbox to devices that send them.
//
// # What it does not do
//
// It serves every command of ActiveSync in versions 12.1 to 16.1, but no document library. Events,
// contacts, tasks and notes are kept as the device sent them; what they demand of others, such as
// an attendee's mail, is not sent. Rich text is read uncompressed alone, and nobody has a
// certificate or a picture. Responses that are not its own, such as a status, it gives with
// [Tenant.Fail].
//
// A Tenant is safe for concurrent use. Misuse panics, as in net/http/httptest.
package eastest
