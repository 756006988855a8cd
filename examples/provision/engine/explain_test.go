package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
)

// What an error means for a mailbox: who has to act, when it is tried again, and what the
// operator reads.
func TestExplain(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		ended bool
		state store.State
		after time.Duration
		kind  string
		hint  string
	}{
		"ended":          {&token.ReauthError{Kind: token.ReauthRevoked, Ended: true}, true, store.SignIn, 0, "sign-in", "sign in again"},
		"blocked":        {&token.ReauthError{Kind: token.ReauthBlocked, Hint: "lift it"}, false, "", time.Minute, "blocked", "lift it"},
		"account":        {&token.AccountError{}, true, store.SignIn, 0, "sign-in", "who owns the mailbox"},
		"configuration":  {&token.ConfigError{Hint: "fix it"}, false, "", adminRetry, "configuration", "fix it"},
		"busy":           {&token.TransientError{RetryAfter: 7 * time.Second}, false, "", 7 * time.Second, "", "No action"},
		"forbidden":      {eas.ErrForbidden, false, "", adminRetry, "refused", "Allow the device"},
		"blocked device": {eas.ErrDeviceBlocked, false, "", adminRetry, "refused", "Allow the device"},
		"moved":          {eas.ErrRedirected, false, "", adminRetry, "moved", "-allow-host"},
		"unauthorized":   {eas.ErrUnauthorized, false, "", adminRetry, "refused", "hmacheck"},
		"server":         {&eas.Error{Command: "Sync", HTTPStatus: 503, Action: eas.ActionBackOff, RetryAfter: time.Minute}, false, "", time.Minute, "", "No action"},
		"mistake":        {&eas.Error{Command: "Sync", HTTPStatus: 200, Status: 4, Action: eas.ActionFix}, false, "", 0, "failing", "No action"},
		"other":          {errors.New("the database"), false, "", 0, "failing", "No action"},
	} {
		f := &Failure{}
		s := explain(fmt.Errorf("wrapped: %w", tt.err), f, patience)
		if f.Ended != tt.ended || s.State != tt.state || f.RetryAfter != tt.after || s.Kind != tt.kind || !strings.Contains(s.Remedy, tt.hint) || s.Text == "" {
			t.Errorf("%s: %+v and %+v", name, f, s)
		}
	}
	// The first refusals of a token may pass.
	f := &Failure{}
	if s := explain(eas.ErrUnauthorized, f, patience-1); f.Ended || f.RetryAfter != 0 || s.Kind != "" || !strings.Contains(s.Remedy, "No action") {
		t.Errorf("a token that is refused for the first time: %+v and %+v", f, s)
	}
}
