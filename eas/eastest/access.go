package eastest

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// An AccessLevel is what a device may do with a mailbox.
type AccessLevel int

// The levels of access. The zero AccessLevel is Allowed.
const (
	// Allowed devices synchronize.
	Allowed AccessLevel = iota
	// Blocked devices are refused: status 129, or HTTP status 403 up to version 12.1.
	Blocked
	// Quarantined devices can provision and see the folders, but no content other than the notice
	// in the Inbox, until an administrator decides.
	Quarantined
	// Discovered devices are new and have not yet sent the information that a rule needs. They see
	// the folders and no content, for up to 14 minutes.
	Discovered
)

func (l AccessLevel) String() string {
	return [...]string{"Allowed", "Blocked", "Quarantined", "DeviceDiscovery"}[l]
}

// A DeviceRule is a device access rule of the organization. It applies to a device if every field
// that is set equals what the device sent, without regard to case. Of several rules that apply, one
// that blocks wins over one that quarantines, and that over one that allows.
type DeviceRule struct {
	Type      string // DeviceType in the URL
	ID        string // DeviceId in the URL
	UserAgent string // the header field User-Agent, or else the one in DeviceInformation
	Model     string // in the DeviceInformation of Provision or Settings
	OS        string // in the DeviceInformation of Provision or Settings

	Level AccessLevel // Allowed, Blocked or Quarantined
}

// discovery is how long a new device may keep what it is to itself before rules pass it over.
const discovery = 14 * time.Minute

// complete panics if the rule cannot be meant.
func (r *DeviceRule) complete() {
	if r.Type+r.ID+r.UserAgent+r.Model+r.OS == "" {
		panic("eastest: a DeviceRule that names nothing; Options.DeviceAccess is the level of all other devices")
	}
	if r.Level < Allowed || r.Level > Quarantined {
		panic("eastest: a DeviceRule allows, blocks or quarantines")
	}
}

// fits reports whether a device is one of the rule's. It is unknown as long as the device has
// not said all that the rule names.
func (r *DeviceRule) fits(p *partner) (fits, unknown bool) {
	fits = true
	for _, x := range []struct{ want, is string }{
		{r.Type, p.kind}, {r.ID, p.id}, {r.UserAgent, p.userAgent()}, {r.Model, p.info["Model"]}, {r.OS, p.info["OS"]},
	} {
		switch {
		case x.want == "":
		case x.is == "":
			unknown = true
		case !strings.EqualFold(x.want, x.is):
			return false, false
		}
	}
	return fits && !unknown, unknown
}

func (p *partner) userAgent() string {
	if p.agent != "" {
		return p.agent
	}
	return p.info["UserAgent"]
}

// access decides about a device, in the order of Exchange: what the user may do with it by
// exemption, then the rules, then the level of all others. It returns the reason as notices say it.
func (m *Mailbox) access(p *partner) (AccessLevel, string) {
	switch id := strings.ToLower(p.id); {
	case slices.Contains(m.blockedDevices, id):
		return Blocked, "Individual"
	case slices.Contains(m.allowedDevices, id):
		return Allowed, "Individual"
	}
	level, unsure := AccessLevel(-1), false
	for i := range m.tn.o.DeviceRules {
		r := &m.tn.o.DeviceRules[i]
		fits, unknown := r.fits(p)
		unsure = unsure || unknown
		if fits && (level < 0 || r.Level == Blocked || r.Level == Quarantined && level == Allowed) {
			level = r.Level
		}
	}
	switch {
	case level >= 0:
		return level, "DeviceRule"
	case unsure && m.tn.now().Sub(p.since) < discovery:
		return Discovered, "Global"
	}
	return m.tn.o.DeviceAccess, "Global"
}

// admitted brings the access of the device up to date. It reports false, and has responded, if
// the device may not run the command.
func (c *call) admitted() bool {
	level, reason := c.box.access(c.dev)
	c.enter(level, reason)
	switch {
	case level == Blocked:
		because(c.r, "the device is blocked: %s", reason)
		c.common(129, http.StatusForbidden)
		return false
	case level == Allowed:
		return true
	}
	because(c.r, "the device is not let in yet: %s, %s", level, reason)
	switch c.command {
	case "Provision", "FolderSync", "Sync", "Settings", "Ping", "GetItemEstimate":
		return true
	case "ItemOperations":
		c.inBand(3)
	case "FolderCreate", "FolderUpdate", "FolderDelete":
		c.inBand(6)
	case "ValidateCert":
		c.inBand(17)
	default:
		c.common(130, http.StatusForbidden)
	}
	return false
}

// enter notes the level of the device. When it changes, the user is told once, and what the
// device was not shown while it was held is looked at again.
func (c *call) enter(level AccessLevel, reason string) {
	p := c.dev
	if p.level == level {
		return
	}
	p.level, p.reason, p.notice = level, reason, ""
	if level == Blocked || level == Quarantined {
		p.notice = c.box.add(c.box.byType(eas.FolderInbox), c.notice()).id
	}
	for _, col := range p.collections {
		col.cursor, col.filter.held, col.filter.notice = 0, p.held(), p.notice
	}
}

// held reports whether the device sees no content but the notice.
func (p *partner) held() bool { return p.level == Quarantined || p.level == Discovered }

// notice is what Exchange writes to the user of a device that is not let in: which device, by the
// labels that clients know, why, and what happens next.
func (c *call) notice() eas.Email {
	p := c.dev
	subject := "Your mobile device is waiting for an administrator's permission to use Exchange ActiveSync"
	what := "This device is in quarantine: it receives no content through Exchange ActiveSync. There is nothing that you must do. " +
		"As soon as your administrator allows the device, its content is downloaded."
	if p.level == Blocked {
		subject = "Your mobile device has been denied access to Exchange ActiveSync"
		what = "A rule of your organization blocks this device. Contact your administrator."
	}
	if c.o.DeviceNotice != "" {
		what += "<br>\r\n" + html.EscapeString(c.o.DeviceNotice)
	}
	var b strings.Builder
	b.WriteString("<html><body><p>" + what + "</p>\r\n<p>Information about your mobile device:<br>\r\n")
	for _, x := range [][2]string{
		{"Device model", p.info["Model"]}, {"Device type", p.kind}, {"Device ID", p.id}, {"Device OS", p.info["OS"]},
		{"Device user agent", p.userAgent()}, {"Device IMEI", p.info["IMEI"]}, {"Exchange ActiveSync version", string(c.version)},
		{"Device access state", p.level.String()}, {"Device access state reason", p.reason},
	} {
		fmt.Fprintf(&b, "%s: %s<br>\r\n", x[0], html.EscapeString(x[1]))
	}
	b.WriteString("</p></body></html>\r\n")
	return eas.Email{From: "postmaster@" + c.at.Domain, Subject: subject, Body: &eas.Body{Type: eas.BodyHTML, Data: b.String()}}
}

// AllowDevice allows a device regardless of the rules and ends its quarantine: waiting requests
// return. It replaces an earlier [Mailbox.BlockDevice].
func (m *Mailbox) AllowDevice(deviceID string) { m.exempt(deviceID, &m.allowedDevices) }

// BlockDevice blocks a device regardless of the rules. It replaces an earlier
// [Mailbox.AllowDevice].
func (m *Mailbox) BlockDevice(deviceID string) { m.exempt(deviceID, &m.blockedDevices) }

func (m *Mailbox) exempt(deviceID string, list *[]string) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.unlist(deviceID)
	*list = append(*list, strings.ToLower(deviceID))
	m.wake()
}

// unlist takes back an exemption.
func (m *Mailbox) unlist(deviceID string) {
	id := strings.ToLower(deviceID)
	m.allowedDevices, m.blockedDevices = without(m.allowedDevices, id), without(m.blockedDevices, id)
}

// RemoveDevice ends the partnership with a device and undoes [Mailbox.AllowDevice] and
// [Mailbox.BlockDevice]: the next time it connects, it is a new device.
func (m *Mailbox) RemoveDevice(deviceID string) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	m.unlist(deviceID)
	for key, p := range m.partners {
		if strings.EqualFold(p.id, deviceID) {
			delete(m.partners, key)
		}
	}
	m.wake()
}

// DeviceAccess returns the access level of a device of the mailbox and its reason: "Individual",
// "DeviceRule" or "Global". ok is false if no device with the ID has sent a command.
func (m *Mailbox) DeviceAccess(deviceID string) (level AccessLevel, reason string, ok bool) {
	m.tn.mu.Lock()
	defer m.tn.mu.Unlock()
	for _, p := range m.partners {
		if strings.EqualFold(p.id, deviceID) {
			level, reason = m.access(p)
			return level, reason, true
		}
	}
	return 0, "", false
}
