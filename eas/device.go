package eas

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What an administrator's rules say about a device or a user. An [*Error] matches these with
// [errors.Is], and [ErrForbidden] as well. Versions up to 12.1, and some servers, say no
// more than HTTP status 403, which is ErrForbidden alone.
var (
	// ErrDeviceBlocked: a rule blocks this device, or devices of its type. An administrator
	// must allow it; Device.Type is what rules go by.
	ErrDeviceBlocked = errors.New("eas: device blocked")
	// ErrUserDisabled: ActiveSync is switched off for the user, or the account is disabled.
	ErrUserDisabled = errors.New("eas: user disabled for ActiveSync")
	// ErrTooManyDevices: the user has as many device partnerships as the server allows. The
	// user, or an administrator, must remove some.
	ErrTooManyDevices = errors.New("eas: too many devices")
	// ErrNotProvisionable: the policy demands what this client says it cannot do.
	ErrNotProvisionable = errors.New("eas: device cannot meet the policy")
)

// What [Client.CheckAccess] finds.
var (
	// ErrDeviceQuarantined: an administrator must decide about the device.
	ErrDeviceQuarantined = errors.New("eas: device quarantined")
	// ErrDevicePending: the server shows nothing, or nothing yet.
	ErrDevicePending = errors.New("eas: device access pending")
)

// deviceErrors are the statuses ([MS-ASCMD] 2.2.2) that say so.
var deviceErrors = map[int]error{
	126: ErrUserDisabled, 127: ErrUserDisabled, 128: ErrUserDisabled, 129: ErrDeviceBlocked, 131: ErrUserDisabled,
	139: ErrNotProvisionable, 177: ErrTooManyDevices,
}

// An AccessError says that the server has registered a device but does not let it synchronize. It
// matches [ErrDeviceQuarantined] or [ErrDevicePending].
type AccessError struct {
	Err    error
	Reason string // of a quarantine, as the notice says: "Global", "Individual", "DeviceRule"; "" if it does not
	Notice *Email // of a quarantine, the server's mail to the user
}

func (e *AccessError) Error() string {
	if errors.Is(e.Err, ErrDevicePending) {
		return "eas: the server shows nothing to this device yet: synchronize again in some minutes; if it stays so, the mailbox is empty, " +
			"or the device must be allowed by an administrator"
	}
	s := "eas: the device is in quarantine: an administrator must allow it"
	if e.Reason != "" {
		s += fmt.Sprintf(" (reason %s)", e.Reason)
	}
	return s
}

func (e *AccessError) Unwrap() error { return e.Err }

// CheckAccess reports whether a device that has just been registered may synchronize, from the
// first page of its Inbox with plain or HTML bodies. Quarantine is not an error of the protocol:
// provisioning and FolderSync succeed, and the Inbox holds one mail from the server that describes
// the device. CheckAccess returns an [*AccessError] if the page holds only that notice, recognized
// by the device ID in it, or nothing at all, and nil otherwise. A notice that the device is
// blocked is out of date, because a blocked device gets no Inbox.
func (c *Client) CheckAccess(inbox *Page) error {
	if err := c.init(); err != nil {
		return err
	}
	switch {
	case inbox.More || len(inbox.Added) > 1:
		return nil
	case len(inbox.Added) == 0:
		return &AccessError{Err: ErrDevicePending}
	}
	mail, ok := inbox.Added[0].Item.(*Email)
	if !ok || mail.Body == nil {
		return nil
	}
	text := mail.Body.Data + mail.Body.Preview
	if !strings.Contains(strings.ToLower(text), strings.ToLower(c.device.ID)) {
		return nil
	}
	if noticeValue(text, "Device access state") == "Blocked" {
		return nil
	}
	e := &AccessError{Err: ErrDeviceQuarantined, Notice: mail}
	// The labels are in the user's language, the reasons are not.
	said := noticeValue(text, "Device access state reason")
	for _, reason := range []string{"DeviceRule", "Individual", "Global"} {
		if said == reason || said == "" && strings.Contains(text, reason) {
			e.Reason = reason
			break
		}
	}
	return e
}

// noticeLabel finds a label of a notice and the word behind it, in plain text or in HTML.
var noticeLabel = regexp.MustCompile(`(Device access state(?: reason)?):(?:<[^<>]*>|&nbsp;|[\s\x{a0}])*([A-Za-z]+)`)

// noticeValue returns the word behind a label of a notice, "" if the label is not there.
func noticeValue(text, label string) string {
	for _, m := range noticeLabel.FindAllStringSubmatch(text, 8) {
		if m[1] == label {
			return m[2]
		}
	}
	return ""
}
