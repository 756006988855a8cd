package eastest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const deviceLifetime = 15 * time.Minute

// A device is a device code and what the user did about it.
type device struct {
	userCode, user, client, scope string
	approved, declined, redeemed  bool
	adfs, mfa                     bool
	seq                           uint64 // of the sign-in
	polls                         int
	last                          time.Time
	interval                      time.Duration
	expires                       time.Time
}

func (tn *Tenant) deviceCode(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tn.stsError(w, "9002313", "", nil)
		return
	}
	f := r.PostForm
	if res := f.Get("resource"); res != "" && f.Get("scope") == "" {
		f.Set("scope", strings.TrimSuffix(res, "/")+"/.default offline_access openid")
	}
	app := tn.app(r, f.Get("client_id"))
	user, ok := tn.userFor("")
	switch {
	case app == nil:
		tn.stsError(w, "700016", "", nil)
		return
	case tn.disabled(r):
		tn.stsError(w, "7000112", "", nil)
		return
	case f.Get("scope") == "":
		tn.stsError(w, "900144", "", nil)
		return
	case resource(f.Get("scope")) != "" && !tn.hasResource(r, resource(f.Get("scope"))):
		tn.stsError(w, "500011", "", nil)
		return
	case !ok:
		tn.stsError(w, "50034", "", nil)
		return
	}
	d := &device{
		userCode: tn.chance.text()[:9], user: user, client: app.ID, scope: f.Get("scope"), adfs: tn.isADFS(r),
		interval: tn.o.DeviceInterval, expires: tn.now().Add(deviceLifetime), last: tn.now(),
	}
	deviceCode := tn.chance.text() + tn.chance.text()
	tn.sts.devices[deviceCode] = d
	where := "https://microsoft.com/devicelogin"
	if d.adfs {
		where = "https://" + tn.adfsHost() + "/adfs/oauth2/deviceauth"
	}
	body := map[string]any{
		"device_code": deviceCode, "user_code": d.userCode, "verification_uri": where,
		"expires_in": int(deviceLifetime / time.Second), "interval": int(tn.o.DeviceInterval / time.Second),
		"message": "To sign in, open " + where + " and enter the code " + d.userCode + ".",
	}
	if !d.adfs && !strings.Contains(r.URL.Path, "/v2.0/") { // version 1 has another name, and strings
		delete(body, "verification_uri")
		body["verification_url"] = where
		for _, k := range []string{"expires_in", "interval"} {
			body[k] = fmt.Sprint(body[k])
		}
	}
	writeJSON(w, http.StatusOK, body)
}

func (e *exchange) device() {
	tn := e.Tenant
	d := tn.sts.devices[cmp.Or(e.f.Get("device_code"), e.f.Get("code"))] // version 1 calls it code
	now := tn.now()
	switch {
	case d == nil || d.redeemed || d.client != e.app.ID:
		e.fail("70018")
		return
	case now.After(d.expires):
		e.fail("70019")
		return
	case d.declined:
		code := "authorization_declined"
		if e.adfs {
			code = "access_denied"
		}
		tn.stsError(e.w, "65004", code, nil)
		return
	}
	early := now.Sub(d.last) < d.interval-d.interval/10
	d.last = now
	d.polls++
	if !d.approved && !tn.o.ManualDevice && d.polls > 1 {
		// The user at the browser: what blocks the flow shows there, and the program that waits
		// learns nothing.
		number := tn.deviceRefused(e.r, d)
		if number != "" && number != pending {
			e.fail(number)
			return
		}
		if number == "" {
			tn.approve(d, tn.demandsFactor(d.user, d.client, FlowDeviceCode))
		}
	}
	switch {
	case d.approved && tn.ended(d.user, d.seq) != "":
		d.redeemed = true
		e.fail(tn.ended(d.user, d.seq))
	case d.approved:
		d.redeemed = true
		e.issue(&grant{user: d.user, client: d.client, scope: d.scope, adfs: d.adfs, mfa: d.mfa, capabilities: capabilities(e.f)}, d.scope, "")
	case early:
		d.interval += 5 * time.Second // RFC 8628 section 3.5
		tn.stsError(e.w, "70016", "slow_down", nil)
	default:
		e.fail("70016")
	}
}

// approve notes that the user has signed in, with a second factor or without.
func (tn *Tenant) approve(d *device, mfa bool) {
	d.approved, d.seq, d.mfa = true, tn.counter, mfa
}

// pending stands for a refusal that shows in the browser alone.
const pending = "pending"

// deviceRefused returns the number of the error with which the user's part of the flow fails,
// or "". r is nil where a test stands in for the browser.
func (tn *Tenant) deviceRefused(r *http.Request, d *device) string {
	host := tn.signInHost(r)
	if tn.deviceBlocked(r, d, d.user) {
		return pending
	}
	d.user = tn.remembered(r, host, d.user)
	return tn.refusedSignIn(r, d.user, d.client, FlowDeviceCode, true)
}

// deviceBlocked reports whether a policy blocks the flow, which shows in the browser alone.
func (tn *Tenant) deviceBlocked(r *http.Request, d *device, user string) bool {
	if _, ok := tn.shows("DEVICE_CODE_BLOCKED", tn.signInHost(r), user); ok {
		because(r, "fault DEVICE_CODE_BLOCKED")
		return true
	}
	m := tn.users[user]
	return m != nil && tn.byPolicy(m, d.client, FlowDeviceCode, true) != ""
}

// remembered returns the account that the browser signs in: the user's, or, with the fault
// WRONG_ACCOUNT, another one that it remembers.
func (tn *Tenant) remembered(r *http.Request, host, user string) string {
	other := tn.another(user)
	if other == user { // the fault cannot show
		return user
	}
	if _, ok := tn.shows("WRONG_ACCOUNT", host, user); !ok {
		return user
	}
	because(r, "fault WRONG_ACCOUNT: the browser remembers another account")
	return other
}

// another returns a user who is not this one, or the same if there is none.
func (tn *Tenant) another(user string) string {
	for _, addr := range tn.order {
		if addr != user {
			return addr
		}
	}
	return user
}

// ErrBlocked is what the browser shows when a policy blocks the device code flow. The program that
// polls keeps waiting.
var ErrBlocked = errors.New("eastest: AADSTS53003: access was blocked by a Conditional Access policy")

// ApproveDevice enters the code that a program has displayed, as the user of addr, and consents.
// If addr is "", it is the first user. If a policy blocks the flow, the error is [ErrBlocked]; if
// the account cannot sign in or has not consented, the error names the AADSTS number that the
// browser displays. In either case the program that polls keeps waiting.
func (tn *Tenant) ApproveDevice(userCode, addr string) error {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	d := tn.waiting(userCode)
	if d == nil {
		return errNoCode
	}
	if addr != "" {
		d.user = strings.ToLower(addr)
	}
	switch number := tn.deviceRefused(nil, d); number {
	case "":
		tn.approve(d, tn.demandsFactor(d.user, d.client, FlowDeviceCode))
		return nil
	case pending:
		return ErrBlocked
	default:
		return fmt.Errorf("eastest: AADSTS%s: %s", number, descriptions[number].description)
	}
}

// DeclineDevice enters the code and declines.
func (tn *Tenant) DeclineDevice(userCode string) error {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	d := tn.waiting(userCode)
	if d == nil {
		return errNoCode
	}
	d.declined = true
	return nil
}

var errNoCode = errors.New("eastest: no such user code")

// waiting returns the device code that a user code belongs to, if it waits for a user, or nil.
func (tn *Tenant) waiting(userCode string) *device {
	for _, d := range tn.sts.devices {
		if d.userCode == userCode && !d.redeemed && !tn.now().After(d.expires) {
			return d
		}
	}
	return nil
}

// devicePage is https://microsoft.com/devicelogin, where a user enters the code of a program, or
// that of AD FS.
func (tn *Tenant) devicePage(w http.ResponseWriter, r *http.Request, text string) {
	action := "https://microsoft.com/devicelogin"
	if tn.isADFS(r) {
		action = "https://" + tn.adfsHost() + "/adfs/oauth2/deviceauth"
	}
	if text != "" {
		because(r, "%s", text)
	}
	showPage(w, "device", pageData{Title: "Enter the code", Problem: text, Action: action})
}

// deviceLogin serves the page, and takes what the user entered.
func (tn *Tenant) deviceLogin(w http.ResponseWriter, r *http.Request) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	if r.Method != http.MethodPost {
		tn.devicePage(w, r, "")
		return
	}
	if err := r.ParseForm(); err != nil {
		tn.devicePage(w, r, "AADSTS9002313: The request is malformed.")
		return
	}
	f := r.PostForm
	user := strings.ToLower(strings.TrimSpace(f.Get("username")))
	if number := tn.enter(user, f.Get("password")); number != "" {
		tn.devicePage(w, r, tn.passwordProblem(r, number))
		return
	}
	d := tn.waiting(strings.TrimSpace(f.Get("code")))
	switch {
	case d == nil:
		tn.devicePage(w, r, strings.TrimPrefix(errNoCode.Error(), "eastest: "))
	case f.Get("decline") != "":
		d.declined = true
		tn.devicePage(w, r, "Done. You may close this page.")
	default:
		tn.finish(&reasoned{w, r}, r, &signIn{q: url.Values{}, app: d.client, scope: d.scope, adfs: d.adfs, device: d, user: user})
	}
}
