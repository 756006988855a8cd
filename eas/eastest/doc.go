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
// a CNAME record for the cloud; [Hybrid] and [OnPremises] have mail.<domain> and adfs.<domain> as
// well. [Tenant.Hosts] lists them. [Tenant.Listen] serves them on loopback for other processes, and
// [Tenant.Handler] returns them as http.Handlers.
//
// The tenant is a server, not a recording, and can test any client. It checks the signature,
// audience, user, scope and age of tokens, PKCE, redirect URIs, policy keys, sync keys and the
// order of elements, and responds as Exchange and Microsoft Entra ID do, with their header
// fields, diagnostics and AADSTS numbers. The code that reads requests shares only the codec with
// package eas.
//
// # Time
//
// In a testing/synctest bubble the tenant uses the bubble's clock: an access token expires after
// an hour and a refresh token after fourteen days, in milliseconds of real time. Create and close
// the tenant inside the bubble; [New] closes it there if it is given the bubble's t.
//
// # What goes wrong
//
// [Tenant.Switch] turns a fault on for a host, a user or some of the requests, until
// [Switch.Lift]. A fault has the id under which the library explains it. [Faults] and
// docs/tenant.md list them: a name that is missing from DNS, an expired certificate, a captive
// portal, a challenge that a device in front removed, a sign-in that a policy refuses. Faults of
// names, TCP and TLS affect new connections only.
//
// [Tenant.Fail] makes the next matching request fail. The response can be a given status, late,
// cut at a byte, slow, inflated, altered, lost, or that of the previous request, and the request
// can arrive twice. Over HTTP/2 a cut resets the stream, and the header field Connection: close
// sends GOAWAY.
//
// A fault that no request met and a failure that no request matched fail the test, unless they
// are Optional.
//
// [Tenant.ExpireAccessTokens], [Tenant.Revoke], [Mailbox.Wipe], [Mailbox.RefreshPolicy] and
// [Mailbox.ForgetSyncKeys] are events.
//
// [Tenant.Requests] returns the transcript, decoded and without secrets, with the reasons for each
// response.
//
// # Recordings and mocks
//
// [Tenant.Archive] returns the exchanges without secrets, and [Replay] turns them into a mock that
// needs no tenant. Set the same eas.Device ID in the recorded program and in the test that replays
// it: the default is derived from user and host, and requests of another device do not match the
// recording.
//
// A test that needs no server mocks an interface of one to three methods: autodiscover.Lookuper,
// bearer.Source, token.Flow, token.Store, or one of package eas, such as eas.Pager and
// eas.MailSender. Each has an example of a mock.
//
// # A seed
//
// Two tenants with the same [Options.Seed] that receive the same requests in the same order issue
// the same codes, tokens, numbers and keys. TLS, the time and concurrent requests still differ.
//
// # HTTP/2
//
// [Tenant.Client] speaks HTTP/1.1. The tenant speaks HTTP/2 to clients that negotiate it: a clone
// of that client's *http.Transport with ForceAttemptHTTP2, or another process at [Tenant.Serve].
// [Options.HTTP1] turns it off.
//
// # Signing in
//
// [Tenant.Browser] plays a user who signs in with a browser; assign it to token.Browser.Open. Device
// codes are approved at the second poll, or by [Tenant.ApproveDevice]. [Tenant.Token] returns a token
// for tests that are not about signing in.
//
// With [Options.SignInPages] the authority serves pages to a browser: name and password, the second
// factor that a [Policy] requires, and the consent that the faults CONSENT and ADMIN_CONSENT
// require. They are HTML forms that work without JavaScript. A user has a password
// ([Mailbox.ChangePassword]) and an account ([Mailbox.SetAccount]: disabled, locked, deleted,
// unlicensed), and may be an administrator.
//
// # Devices
//
// [Options.DevicePolicies] are the policies that Provision requires, by user; when a policy changes,
// devices must provision again. [Options.DeviceRules] and [Options.DeviceAccess] allow, block and
// quarantine devices by type, model, operating system, user agent and ID. [Mailbox.AllowDevice] and
// [Mailbox.BlockDevice] override them for one device of a user, and [Mailbox.DeviceAccess] returns
// the result. A device in quarantine sees the folders and one notice in the Inbox, and synchronizes
// as soon as it is allowed. [Mailbox.Wipe] wipes devices, or the account on them.
//
// # Mail
//
// The tenant delivers mail between its users, parses it, and converts it to the format that a device
// requests. Mail to an unknown recipient causes a non-delivery report, a user who is out of office
// replies once to each sender, and [Tenant.Outgoing] returns the mail to other organizations. Text
// messages are mail whose MessageClass begins with IPM.Note.Mobile.SMS: devices that request that
// class receive them, and those in the Outbox go to devices that send them.
//
// # What it does not do
//
// It serves every command of ActiveSync in versions 12.1 to 16.1, except those for document
// libraries. It keeps events, contacts, tasks and notes as the device sent them, and does not send
// the mail that follows from them, such as an invitation to an attendee. It does not read
// compressed rich text, and its users have neither certificates nor pictures. EWS and the other
// services of Exchange are a challenge alone, which refuses every token: test a transport for them
// at the ActiveSync URL. [Tenant.Fail] makes
// it send responses that it does not send by itself, such as a status.
//
// A Tenant is safe for concurrent use. Misuse panics, as in net/http/httptest.
package eastest
