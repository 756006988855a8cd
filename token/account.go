package token

import "strings"

// An AccountError says that another account has signed in than expected: by [Source.Account], by
// [Source.Accept], or by the sign-in that the Store has under the key. Nothing has been stored.
// Match it with errors.As; errors.Is finds the error of Accept.
//
// To replace the sign-in of one account by that of another, call [Source.SignOut] first, or set
// [Source.Account] to the new one. The text names no account.
type AccountError struct {
	Expected Account // zero if Accept refused
	Actual   Account // zero if the tokens do not say who signed in
	Err      error   // of Accept, or nil
}

func (e *AccountError) Error() string {
	switch {
	case e.Err != nil:
		return "token: the account that signed in is not accepted: " + e.Err.Error()
	case e.Actual == Account{}:
		return "token: the tokens do not say which account signed in, and one is expected; nothing was stored: " +
			"request the scopes openid and profile, or sign out first to use any account"
	}
	return "token: another account signed in than expected; nothing was stored: sign in with the expected account, " +
		"or sign out first to use another"
}

func (e *AccountError) Unwrap() error { return e.Err }

// An Account is the user who signed in. It is verified if it comes from the ID token of a flow of
// this package, and not verified if it comes from the access token.
type Account struct {
	Tenant   string `json:"tenant,omitempty"`   // tid
	Object   string `json:"object,omitempty"`   // oid
	Username string `json:"username,omitempty"` // may change, and may differ from the mail address
}

// differs reports whether a and b are known to be two accounts. Object and Tenant decide
// where both have them, otherwise Username does. What one of them does not know does not
// count.
func (a Account) differs(b Account) bool {
	if a.Object != "" && b.Object != "" {
		return !strings.EqualFold(a.Object, b.Object) ||
			a.Tenant != "" && b.Tenant != "" && !strings.EqualFold(a.Tenant, b.Tenant)
	}
	if a.Tenant != "" && b.Tenant != "" && !strings.EqualFold(a.Tenant, b.Tenant) {
		return true
	}
	return a.Username != "" && b.Username != "" && !strings.EqualFold(a.Username, b.Username)
}

// follows reports whether a may replace old, the account of the sign-in under the same key: one
// that the tokens do not name may be anybody's.
func (a Account) follows(old Account) bool {
	return old == Account{} || a != Account{} && !a.differs(old)
}

// meets reports whether a is the account that want describes, as far as want says.
func (a Account) meets(want Account) bool {
	is := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	if !is(want.Tenant, a.Tenant) {
		return false
	}
	if want.Object != "" {
		return is(want.Object, a.Object)
	}
	return is(want.Username, a.Username)
}

// accountOf reads who signed in: from the ID token where it says it, otherwise from the
// access token.
func accountOf(idToken, accessToken string) Account {
	var a Account
	for _, raw := range []string{idToken, accessToken} {
		c, err := Inspect(raw)
		if err != nil {
			continue
		}
		if c.Object != "" {
			return Account{Tenant: c.Tenant, Object: c.Object, Username: c.Username}
		}
		if a.Username == "" && c.Username != "" {
			a = Account{Tenant: c.Tenant, Username: c.Username}
		}
	}
	return a
}
