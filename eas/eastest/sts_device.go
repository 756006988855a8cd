package eastest

import (
	"crypto/rand"
	"errors"
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
	user, ok := tn.userFor("")
	switch {
	case f.Get("client_id") != tn.o.ClientID:
		tn.stsError(w, "700016", "", nil)
		return
	case f.Get("scope") == "":
		tn.stsError(w, "900144", "", nil)
		return
	case resource(f.Get("scope")) != "" && !tn.hasResource(resource(f.Get("scope"))):
		tn.stsError(w, "500011", "", nil)
		return
	case !ok:
		tn.stsError(w, "50034", "", nil)
		return
	}
	d := &device{
		userCode: rand.Text()[:9], user: user, client: tn.o.ClientID, scope: f.Get("scope"),
		interval: tn.o.DeviceInterval, expires: tn.now().Add(deviceLifetime), last: time.Now(),
	}
	deviceCode := rand.Text() + rand.Text()
	tn.sts.devices[deviceCode] = d
	writeJSON(w, http.StatusOK, map[string]any{
		"device_code": deviceCode, "user_code": d.userCode, "verification_uri": "https://microsoft.com/devicelogin",
		"expires_in": int(deviceLifetime / time.Second), "interval": int(tn.o.DeviceInterval / time.Second),
		"message": "To sign in, open https://microsoft.com/devicelogin and enter the code " + d.userCode + ".",
	})
}

func (tn *Tenant) redeemDevice(w http.ResponseWriter, f url.Values) {
	d := tn.sts.devices[f.Get("device_code")]
	now := tn.now()
	switch {
	case d == nil || d.redeemed:
		tn.stsError(w, "70018", "", nil)
		return
	case now.After(d.expires):
		tn.stsError(w, "70019", "", nil)
		return
	case d.declined:
		tn.stsError(w, "65004", "authorization_declined", nil)
		return
	case tn.o.RefuseSignIn != "":
		tn.stsError(w, tn.o.RefuseSignIn, "", nil)
		return
	}
	early := now.Sub(d.last) < d.interval-d.interval/10
	d.last = now
	d.polls++
	switch {
	case d.approved || !tn.o.ManualDevice && d.polls > 1:
		d.redeemed = true
		tn.issue(w, &grant{user: d.user, client: d.client, scope: d.scope}, d.scope, "")
	case early:
		d.interval += 5 * time.Second // RFC 8628 section 3.5
		tn.stsError(w, "70016", "slow_down", nil)
	default:
		tn.stsError(w, "70016", "", nil)
	}
}

// ApproveDevice lets the user of addr enter the code that a program showed, and consent.
// If addr is "", it is the first user.
func (tn *Tenant) ApproveDevice(userCode, addr string) error {
	return tn.answerDevice(userCode, func(d *device) {
		if addr != "" {
			d.user = strings.ToLower(addr)
		}
		d.approved = true
	})
}

// DeclineDevice lets the user decline.
func (tn *Tenant) DeclineDevice(userCode string) error {
	return tn.answerDevice(userCode, func(d *device) { d.declined = true })
}

func (tn *Tenant) answerDevice(userCode string, f func(*device)) error {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, d := range tn.sts.devices {
		if d.userCode == userCode {
			f(d)
			return nil
		}
	}
	return errors.New("eastest: no such user code")
}
