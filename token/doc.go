// Package token signs users in with OAuth and keeps them signed in: it decides which authority
// may do so, runs the sign-in, stores it, and then hands out access tokens that are valid and
// issued for the server they are sent to. A sign-in is lost only when the authority ends it. It
// serves Exchange ActiveSync first, and IMAP, SMTP, POP, EWS, Microsoft Graph and your own APIs
// as well. All types are safe for concurrent use unless their documentation says otherwise.
//
// # Sign in, and keep it
//
// A mailbox server names in its challenge the authority that signs its users in ([bearer.Probe]).
// [Configure] accepts or refuses that authority, and a [Source] does the rest:
//
//	cfg, err := token.Configure(ctx, clientID, offer, endpoint, nil)
//	src := &token.Source{
//		Config: cfg,
//		Store:  &token.FileStore{Dir: dir}, Key: "ada@contoso.com",
//		Flow:   &token.Browser{LoginHint: "ada@contoso.com"},
//	}
//	tok, err := src.Token(ctx)
//
// The first call opens the browser. Later calls, and later starts of the program, find the
// sign-in in the Store; [Source.Token] returns the access token while it is valid and renews it
// before it expires. Give src to eas.Client, to a [bearer.Transport], or by [TokenSource] to
// anything that has an oauth2.TokenSource. [Source.Status] says who is signed in and until
// when, [Source.SignIn] signs in again, and [Source.SignOut] deletes the sign-in.
//
// For a server without a challenge, name the resource: [ConfigureResource], with scopes such as
// [ScopeIMAP] and [ScopeGraph].
//
// # Ways to sign in
//
// A [Flow] is one way to sign in:
//
//	Browser               the user's browser on this machine, with PKCE and a loopback redirect
//	DeviceCode            a code that the user enters on another device
//	Authorization         a hosted application: the browser returns to its own URL, in another request
//	DeviceAuthorization   a device code that outlives the process that displays it
//	OnBehalfOf            a service exchanges the token that its front client presents
//	ClientCredentials     a service that acts as itself, without a user
//	RefreshToken          a refresh token from elsewhere is imported
//	FlowFunc              a function, such as a call of the system's broker
//	FirstOf               several of them, in turn
//
// There is no password grant. Who signs in is part of a sign-in: [Source.Account] and
// [Source.Accept] say who may, and another account under the same key is an [*AccountError].
//
// # Stores
//
// A [Store] keeps one [Record] for each key: [FileStore] in files that processes of one machine
// share, package sqlstore in a database that machines share, [MemoryStore] in memory; package
// keyring encrypts the files with a key of the system's keychain. Any number of processes may
// use one sign-in: one renews, and the others use its result. A rotated refresh token is
// stored before the access token that came with it is handed out. Package storetest tests a
// Store of your own.
//
// # When it fails
//
// Match errors with errors.As. Each says in one line what failed, what came back and what to
// do:
//
//	*ReauthError      a person must act; Kind says why, Ended whether the sign-in is over
//	*ConfigError      the app registration, the deployment or the program is at fault
//	*TransientError   wait for RetryAfter; nothing is lost
//	*AudienceError    the token is for another server than the endpoint
//	*EndpointError    the endpoint refuses tokens for a reason that no new token changes
//	*AuthorityError   the authority is not trusted, or its metadata cannot be used
//	*AccountError     another account signed in than expected
//	ErrNotPersisted   (errors.Is) the Store does not accept what must be stored
//
// Most refusals are not final. A policy that is set by mistake and lifted, or a database or an
// authority that is down for an hour, ends no sign-in: the Source tries again by itself, at the
// intervals that [Source] documents. [ReauthError.AdminConsentURL] is the page where an
// administrator grants missing consent. Set [Source.Observe] or [Source.Logger] to receive
// renewals, sign-ins that end, and sign-ins that will end soon.
//
// # Start with what is known
//
// A [Config] is stored as JSON, without secrets, and read again without a request
// ([RestoreConfig]): a start with a valid stored token then needs no authority. If nothing is
// stored, [Options.Lazy] has the same effect.
//
// # Many mailboxes
//
// Sources are cheap, and each is independent. Share one [Limiter] among those of one authority,
// so that a common expiry or an outage does not cause a burst of requests.
//
// # Whom to trust
//
// The authorization_uri of a challenge comes from a server that is not trusted yet.
// [Configure] accepts it only if its host is one of the known Microsoft clouds or is listed in
// [Options.TrustedAuthorities]; anything else is an [*AuthorityError]. The scope is derived
// from the endpoint, never from the challenge. AD FS and OpenID providers are listed there; for
// AD FS, see [Browser.RedirectPort] as well.
//
// Exchange accepts a token only if its audience is the scheme and host by which Exchange knows
// itself. A Source checks the audience before it hands a token out. [Inspect] reads a token without
// verifying it; [Verifier] verifies, for gateways, for services and for tests.
//
// # Secrets
//
// The types of this package do not print secrets with fmt, log/slog or encoding/json; methods
// called Encode return secrets. [golang.org/x/oauth2.Token] is not of this
// package and does print them: do not log it.
package token

//go:generate go run ./gen
