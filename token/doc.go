// Package token keeps the credentials of one mailbox: it decides which authority may sign
// the user in, runs the sign-in, and from then on hands out an access token that is fresh
// and was made for the mailbox's host, without ever losing a rotated refresh token.
//
//	cfg, err := token.Configure(ctx, clientID, offer, endpoint, nil)
//	src := &token.Source{Config: cfg, Flow: &token.Browser{}}
//	tok, err := src.Token(ctx)
//
// # Authority
//
// The authorization_uri of a challenge comes from a server that has not been trusted yet.
// [Configure] takes it for an authority only if its host is one of the known Microsoft
// clouds or the caller listed it in [Options]; anything else is an [*AuthorityError]. The
// scope is derived from the endpoint, never from the challenge.
//
// # Sign-in
//
// A [Flow] is one way to sign in: [Browser] (authorization code with PKCE on a loopback
// redirect), [DeviceCode], [OnBehalfOf] and [RefreshToken], which imports an existing one.
// There is no password grant.
//
// # Rotation
//
// A [Source] hands out access tokens and renews them. A [Record] is one sign-in as a
// [Store] keeps it. The refresh token that came with an access token is stored before
// anyone is handed that access token. When the authority ends the sign-in, callers get a
// [*ReauthError]; when the deployment is at fault, a [*ConfigError]; when waiting may help,
// a [*TransientError].
//
// # Audience
//
// Exchange accepts a token only if its audience is the scheme and host by which Exchange
// knows itself. A Source compares before it hands a token out, and an [*AudienceError]
// says what is wrong. [Inspect] reads a token without verifying it; [Verifier] verifies,
// for gateways and tests.
//
// # Secrets
//
// The types of this package do not print secrets with fmt, log/slog or encoding/json.
// [golang.org/x/oauth2.Token] is not of this package and does print them: do not log it.
package token

//go:generate go run ./gen
