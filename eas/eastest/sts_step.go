package eastest

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// A signIn is one that a user has begun at the authority.
type signIn struct {
	q                    url.Values // of the authorization request
	app, redirect, scope string
	adfs                 bool
	device               *device // whose code was entered, in the place of a redirect URI
	forAll               bool    // an administrator consents for the organization, and nobody signs in

	page    pageName
	expires time.Time
	user    string
	named   bool // the account is settled
	mfa     bool // a second factor was given
	demand  fault.ID
}

// pageLifetime is how long a page waits for the user.
const pageLifetime = 15 * time.Minute

// keep keeps a sign-in while its page is shown, and returns the page's number.
func (tn *Tenant) keep(s *signIn) string {
	id := tn.chance.text()
	s.expires = tn.now().Add(pageLifetime)
	for k, old := range tn.sts.pages {
		if tn.now().After(old.expires) {
			delete(tn.sts.pages, k)
		}
	}
	tn.sts.pages[id] = s
	return id
}

func (s *signIn) flow() Flow {
	if s.device != nil {
		return FlowDeviceCode
	}
	return FlowBrowser
}

// scopesOf are the permissions that a consent page lists.
func scopesOf(scope string) []string { return strings.Fields(scope) }

// wrongPassword is what the page of AD FS says.
const wrongPassword = "Incorrect user ID or password. Type the correct user ID and password, and try again."

// passwordProblem is what a page says of a password that was refused.
func (tn *Tenant) passwordProblem(r *http.Request, number string) string {
	if tn.isADFS(r) {
		return wrongPassword
	}
	return "AADSTS" + number + ": " + descriptions[number].description
}

// signedIn takes what the user entered on a page.
func (tn *Tenant) signedIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		errorPage(w, "AADSTS9002313: The request is malformed.")
		return
	}
	f := r.PostForm
	id := f.Get("id")
	s := tn.sts.pages[id]
	delete(tn.sts.pages, id) // a page is good once
	if s == nil || tn.now().After(s.expires) {
		errorPage(w, "AADSTS50089: The sign-in is not known, or took too long.")
		return
	}
	switch {
	case f.Get("decline") != "":
		tn.declined(w, r, s)
	case s.page == pageFactor:
		tn.factor(w, r, s, f)
	case s.page == pageConsent:
		tn.consent(w, r, s, f)
	default:
		user := strings.ToLower(strings.TrimSpace(f.Get("username")))
		if number := tn.enter(user, f.Get("password")); number != "" {
			tn.show(w, r, s, pagePassword, tn.passwordProblem(r, number))
			return
		}
		s.user = user
		tn.finish(w, r, s)
	}
}

// declined ends a sign-in that the user has given up on a page.
func (tn *Tenant) declined(w http.ResponseWriter, r *http.Request, s *signIn) {
	number := "65004"
	switch {
	case s.page == pageFactor:
		number = "500121"
	case s.page == pageConsent && s.demand == "ADMIN_CONSENT" && !tn.users[s.user].isAdmin():
		number = "90094"
	}
	if s.device != nil {
		s.device.declined = true
	}
	tn.failed(w, r, s, number)
}

func (m *Mailbox) isAdmin() bool { return m != nil && m.admin }

// factor takes a second factor.
func (tn *Tenant) factor(w http.ResponseWriter, r *http.Request, s *signIn, f url.Values) {
	code := strings.TrimSpace(f.Get("otc"))
	if f.Get("approve") == "" && subtle.ConstantTimeCompare([]byte(code), []byte(OneTimeCode)) != 1 {
		tn.show(w, r, s, pageFactor, "AADSTS500121: "+descriptions["500121"].description)
		return
	}
	s.mfa = true
	tn.finish(w, r, s)
}

// consent takes what the user says to the permissions that an application wants.
func (tn *Tenant) consent(w http.ResponseWriter, r *http.Request, s *signIn, f url.Values) {
	admin := tn.users[s.user].isAdmin()
	switch {
	case f.Get("other") != "": // an administrator signs in, in the place of the user
		s.user, s.mfa, s.demand = "", false, ""
		s.q.Del("login_hint")
		tn.show(w, r, s, pagePassword, "")
	case f.Get("accept") == "" || s.demand == "ADMIN_CONSENT" && !admin:
		tn.show(w, r, s, pageConsent, "")
	default:
		tn.consented(s.user, s.app, admin && (s.forAll || f.Get("organization") != ""))
		tn.complete(w, r, s)
	}
}

// consented notes a consent: of a user, or of an administrator for all. What demands consent
// from now on demands it again.
func (tn *Tenant) consented(user, client string, all bool) {
	if all {
		user = ""
	}
	for _, s := range tn.switches {
		if s.fault.ID == "ADMIN_CONSENT" || s.fault.ID == "CONSENT" {
			if s.consents == nil {
				s.consents = map[[2]string]bool{}
			}
			s.consents[[2]string{user, client}] = true
		}
	}
}

// hasConsent reports whether the user, or an administrator for all, has consented since the
// fault was switched on.
func (s *Switch) hasConsent(user, client string) bool {
	return s.consents[[2]string{user, client}] || s.consents[[2]string{"", client}]
}

// finish goes on with a sign-in whose user is known: to the next page, or to its end.
func (tn *Tenant) finish(w http.ResponseWriter, r *http.Request, s *signIn) {
	if !s.named {
		if s.device != nil && tn.deviceBlocked(r, s.device, s.user) {
			tn.failed(w, r, s, "53003")
			return
		}
		s.named, s.user = true, tn.remembered(r, hostOf(r), s.user)
	}
	pages := tn.o.SignInPages
	if pages && !s.mfa && tn.asksFactor(s) {
		tn.show(w, r, s, pageFactor, "")
		return
	}
	if s.forAll {
		tn.adminSignedIn(w, r, s)
		return
	}
	number, by := tn.refusal(r, s.user, s.app, s.flow(), true)
	switch {
	case pages && (by == "CONSENT" || by == "ADMIN_CONSENT"), pages && number == "" && hasPrompt(s.q, "consent"):
		s.demand = by
		tn.show(w, r, s, pageConsent, "")
	case number != "":
		tn.failed(w, r, s, number)
	default:
		tn.complete(w, r, s)
	}
}

// hasPrompt reports whether the application wants a page to be shown.
func hasPrompt(q url.Values, want string) bool {
	return slices.Contains(strings.Fields(q.Get("prompt")), want)
}

// demandsMore reports whether a second factor belongs to the sign-in: by a policy, or by the
// claims that the application passes on.
func (tn *Tenant) demandsMore(s *signIn) bool {
	return tn.demandsFactor(s.user, s.app, s.flow()) || strings.Contains(s.q.Get("claims"), "capolids")
}

// asksFactor reports whether a page for it is shown: not to who is refused all the same.
func (tn *Tenant) asksFactor(s *signIn) bool {
	m := tn.users[s.user]
	return m != nil && m.account != AccountDisabled && tn.demandsMore(s) && tn.byPolicy(m, s.app, s.flow(), true) == ""
}

// failed ends a sign-in with the number of an error.
func (tn *Tenant) failed(w http.ResponseWriter, r *http.Request, s *signIn, number string) {
	d := descriptions[number]
	if s.device != nil {
		tn.devicePage(w, r, "AADSTS"+number+": "+d.description)
		return
	}
	if d.code == "" || d.code == "invalid_grant" {
		d.code = "access_denied"
	}
	tn.refuse(w, s, d.code, number, d.description)
}

// complete ends a sign-in that has succeeded.
func (tn *Tenant) complete(w http.ResponseWriter, r *http.Request, s *signIn) {
	of(r, s.user)
	mfa := s.mfa || !tn.o.SignInPages && tn.demandsMore(s)
	switch {
	case s.forAll:
		v := url.Values{"admin_consent": {"True"}, "tenant": {TenantID}}
		if state := s.q.Get("state"); state != "" {
			v.Set("state", state)
		}
		tn.deliver(w, s.q, s.redirect, v)
	case s.device != nil:
		s.device.user = s.user
		tn.approve(s.device, mfa)
		tn.devicePage(w, r, "Done. You may close this page.")
	default:
		c := tn.chance.text()
		tn.sts.codes[c] = &code{
			user: s.user, client: s.app, scope: s.scope, redirect: s.redirect, nonce: s.q.Get("nonce"),
			challenge: s.q.Get("code_challenge"), expires: tn.now().Add(10 * time.Minute), adfs: s.adfs, seq: tn.counter, mfa: mfa,
		}
		values := tn.values(s)
		values.Set("code", c)
		tn.deliver(w, s.q, s.redirect, values)
	}
}
