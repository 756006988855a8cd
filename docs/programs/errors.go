package main

import (
	"context"
	"errors"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// next says who has to act about an error of the library, and how long the program waits
// before it tries again by itself.
func next(err error) (who string, wait time.Duration) {
	var (
		reauth    *token.ReauthError
		config    *token.ConfigError
		transient *token.TransientError
		audience  *token.AudienceError
		account   *token.AccountError
		lookup    *autodiscover.LookupError
		probe     *bearer.ProbeError
		command   *eas.Error
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return "nobody", 0
	case errors.Is(err, eas.ErrRemoteWipe): // erase the mailbox's data, then AcknowledgeWipe
		return "program", 0
	case errors.Is(err, eas.ErrInvalidSyncKey): // Client.Resync
		return "program", 0
	case errors.Is(err, eas.ErrFolderSyncRequired), errors.Is(err, eas.ErrInvalidFolderKey): // Client.SyncFolders
		return "program", 0

	case errors.As(err, &reauth) && reauth.Ended: // Source.SignIn
		return "user", 0
	case errors.As(err, &reauth): // a policy, a consent: reauth.Hint says what is missing
		return "administrator", 15 * time.Minute
	case errors.As(err, &account): // another user has signed in than the one expected
		return "user", 0
	case errors.As(err, &transient): // the authority is down, or busy
		return "nobody", max(transient.RetryAfter, time.Minute)
	case errors.Is(err, token.ErrNotPersisted): // the store: a full disk, a database that is down
		return "operator", time.Minute
	case errors.As(err, &config), errors.As(err, &audience): // the app registration, or the deployment
		return "administrator", 0

	case errors.As(err, &command) && command.Temporary():
		return "nobody", max(command.RetryAfter, time.Minute)
	case errors.As(err, &command) && command.Action == eas.ActionUser:
		return "user", 0
	case errors.Is(err, eas.ErrForbidden), errors.As(err, &command) && command.Action == eas.ActionAdmin:
		return "administrator", 0

	case errors.Is(err, autodiscover.ErrUnreachable), errors.Is(err, autodiscover.ErrServer), errors.Is(err, autodiscover.ErrThrottled):
		return "nobody", time.Minute
	case errors.As(err, &probe) && (probe.Status == 0 || probe.Status >= 500): // no response, or a failing server
		return "nobody", time.Minute
	case errors.As(err, &probe) && (probe.Status == 456 || probe.Status == 457): // account blocked, password expired
		return "user", 0
	case errors.As(err, &lookup), errors.As(err, &probe), errors.Is(err, token.ErrUntrustedAuthority): // run hmacheck
		return "administrator", 0
	}
	return "developer", 0
}
