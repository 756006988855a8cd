package eastest

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// An AccountState is the state of a user account. Access tokens that were issued before a change
// remain valid in every state.
type AccountState int

// The states of an account. Access tokens that are out stay good in every one.
const (
	AccountEnabled AccountState = iota
	// AccountDisabled refuses sign-ins and refreshes (AADSTS50057).
	AccountDisabled
	// AccountLocked refuses passwords (AADSTS50053): new sign-ins, but no refresh. Ten wrong
	// passwords on a page lock an account for a minute by themselves.
	AccountLocked
	// AccountDeleted is one that the directory does not know (AADSTS50034), nor Exchange: its
	// mail, tokens and devices are refused as those of a stranger, until it is enabled again.
	AccountDeleted
	// AccountUnlicensed signs in and has no mailbox: AutoDiscover does not find it, and commands
	// get status 126, or HTTP status 403 up to version 12.1. [MS-ASCMD] 2.2.2
	AccountUnlicensed
)

// SetAccount sets the state of the user's account.
func (m *Mailbox) SetAccount(state AccountState) {
	if state < AccountEnabled || state > AccountUnlicensed {
		panic("eastest: no such state of an account")
	}
	tn := m.tn
	tn.mu.Lock()
	defer tn.mu.Unlock()
	m.account = state
	if state == AccountEnabled {
		m.wrong, m.lockedUntil = 0, time.Time{}
	}
	switch _, known := tn.users[m.addr]; {
	case state == AccountDeleted && known:
		delete(tn.users, m.addr)
		tn.order = slices.DeleteFunc(tn.order, func(addr string) bool { return addr == m.addr })
	case state != AccountDeleted && !known:
		tn.users[m.addr] = m
		tn.order = append(tn.order, m.addr)
	}
}

// hasMailbox reports whether Exchange has a mailbox for the user.
func (m *Mailbox) hasMailbox() bool { return m != nil && m.account != AccountUnlicensed }

// SetAdministrator sets whether the user is an administrator, who can consent for the
// organization.
func (m *Mailbox) SetAdministrator(admin bool) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.admin = admin
}

// Password returns the user's password: [Password], unless [Mailbox.ChangePassword] set another.
func (m *Mailbox) Password() string {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	return m.secret
}

// ChangePassword sets the password and ends the sign-ins of the user: refresh tokens are refused
// from now on (AADSTS50173), while access tokens remain valid until they expire. It panics if the
// password is "".
func (m *Mailbox) ChangePassword(password string) {
	if password == "" {
		panic("eastest: ChangePassword: no password")
	}
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.secret, m.expired = password, false
	m.tn.endSignIns(m.addr)
}

// ExpirePassword makes the password expire. Existing sign-ins continue. New ones are refused
// (AADSTS50055) if the password is checked on-premises; with [PasswordHash] the expiry is not
// known, and nothing changes.
func (m *Mailbox) ExpirePassword() {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.expired = true
}

// Smart lockout: how many wrong passwords lock an account, and for how long. Source: Microsoft
// Entra, Prevent attacks using smart lockout.
const (
	maxWrong     = 10
	lockDuration = time.Minute
)

// locked reports whether the account takes no password. The caller holds tn.mu.
func (m *Mailbox) locked() bool {
	return m.account == AccountLocked || m.tn.now().Before(m.lockedUntil)
}

// enter checks the password that was entered for addr. It returns the number of Entra's
// error, or "". The caller holds tn.mu.
func (tn *Tenant) enter(addr, password string) string {
	m := tn.users[strings.ToLower(addr)]
	switch {
	case m == nil:
		return "50034"
	case m.locked():
		return "50053"
	case subtle.ConstantTimeCompare([]byte(password), []byte(m.secret)) == 1:
		m.wrong = 0
		return ""
	}
	if m.wrong++; m.wrong >= maxWrong {
		m.wrong, m.lockedUntil = 0, tn.now().Add(lockDuration)
	}
	return "50126"
}

// endSignIns ends what the user has begun: refresh tokens, and codes that are not redeemed.
func (tn *Tenant) endSignIns(addr string) {
	for _, t := range tn.sts.refresh {
		if strings.EqualFold(t.grant.user, addr) && t.grant.revoked == "" {
			t.grant.revoked = "50173"
		}
	}
	if m := tn.users[strings.ToLower(addr)]; m != nil {
		m.begunAfter = tn.counter
		tn.next() // what begins from now on has a higher number
	}
}

// ended returns the number of the error of a sign-in that began when tn.counter was seq, and
// brings its tokens now, if the account has changed since, or "".
func (tn *Tenant) ended(user string, seq uint64) string {
	m := tn.users[user]
	switch {
	case m == nil:
		return "50034"
	case m.account == AccountDisabled:
		return "50057"
	case seq <= m.begunAfter:
		return "50173"
	}
	return ""
}
