package eas

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// An OutOfOffice is the setting for automatic replies. See [MS-ASCMD] 2.2.3.115.
type OutOfOffice struct {
	State      OutOfOfficeState
	Start, End time.Time // with OutOfOfficeTimed

	// The replies, by sender: from within the organization, from outside and in the
	// user's contacts, from outside and unknown. Nil: the server did not say, or, when it is
	// set, is to leave it alone.
	Internal, Known, Unknown *OutOfOfficeMessage
	Odd                      []OddValue // dates that could not be read
}

// An OutOfOfficeState says when automatic replies are sent.
type OutOfOfficeState int

// The values of [OutOfOfficeState].
const (
	OutOfOfficeOff   OutOfOfficeState = 0
	OutOfOfficeOn    OutOfOfficeState = 1
	OutOfOfficeTimed OutOfOfficeState = 2
)

// An OutOfOfficeMessage is the reply to one kind of sender.
type OutOfOfficeMessage struct {
	Enabled bool // counts only while OutOfOffice.State is not OutOfOfficeOff
	Text    string
	Type    BodyType // BodyPlain or BodyHTML; if 0, BodyPlain
}

// oofTypes are the words for a BodyType there.
var oofTypes = map[BodyType]string{0: "TEXT", BodyPlain: "TEXT", BodyHTML: "HTML"}

// OutOfOffice returns the automatic replies of the user, as text or as HTML.
func (c *Client) OutOfOffice(ctx context.Context, t BodyType) (*OutOfOffice, error) {
	word, ok := oofTypes[t]
	if !ok {
		return nil, errors.New("eas: Settings: out-of-office messages are plain or HTML")
	}
	out, r, err := c.settings(ctx, anyVersion, "Get", &airsync.Settings{Oof: &airsync.OofRequest{Get: &airsync.OofGet{BodyType: word}}})
	if err != nil {
		return nil, err
	}
	if out.Oof == nil {
		return nil, r.unexpected("no out-of-office settings: the server has none")
	}
	if s := out.Oof.Status; s != nil || out.Oof.Get == nil {
		if err := r.settingsStatus("Oof", s); err != nil {
			return nil, err
		}
	}
	if out.Oof.Get == nil {
		return nil, r.unexpected("no out-of-office settings")
	}
	var read reader
	g := out.Oof.Get
	o := &OutOfOffice{State: OutOfOfficeState(value(g.State)), Start: read.at("Settings:StartTime", g.StartTime), End: read.at("Settings:EndTime", g.EndTime)}
	for _, m := range g.Message {
		x := &OutOfOfficeMessage{Enabled: m.Enabled != nil && *m.Enabled, Text: m.Reply, Type: BodyPlain}
		if strings.EqualFold(m.BodyType, "HTML") {
			x.Type = BodyHTML
		}
		if m.Internal {
			o.Internal = x
		}
		if m.ExternalKnown {
			o.Known = x
		}
		if m.ExternalUnknown {
			o.Unknown = x
		}
	}
	o.Odd = read.odd
	return o, nil
}

// SetOutOfOffice sets the automatic replies of the user.
func (c *Client) SetOutOfOffice(ctx context.Context, o *OutOfOffice) error {
	if o == nil {
		return errors.New("eas: Settings: no out-of-office settings")
	}
	state := int(o.State)
	set := &airsync.Oof{State: &state}
	switch o.State {
	case OutOfOfficeOff, OutOfOfficeOn:
	case OutOfOfficeTimed:
		if o.Start.IsZero() || !o.End.After(o.Start) {
			return errors.New("eas: Settings: OutOfOfficeTimed needs a Start and an End after it")
		}
		set.StartTime, set.EndTime = extended(o.Start), extended(o.End)
	default:
		return fmt.Errorf("eas: Settings: out-of-office state %d", state)
	}
	for i, m := range []*OutOfOfficeMessage{o.Internal, o.Known, o.Unknown} {
		if m == nil {
			continue
		}
		word, ok := oofTypes[m.Type]
		if !ok {
			return errors.New("eas: Settings: out-of-office messages are plain or HTML")
		}
		enabled := m.Enabled
		x := airsync.OofMessage{Internal: i == 0, ExternalKnown: i == 1, ExternalUnknown: i == 2, Enabled: &enabled}
		if m.Enabled || m.Text != "" {
			x.Reply, x.BodyType = m.Text, word
		}
		set.Message = append(set.Message, x)
	}
	out, r, err := c.settings(ctx, anyVersion, "Set", &airsync.Settings{Oof: &airsync.OofRequest{Set: set}})
	if err != nil {
		return err
	}
	if out.Oof == nil {
		return r.unexpected("no result")
	}
	return r.settingsStatus("Oof", out.Oof.Status)
}

// DeviceInformation is what [Client.SetDeviceInformation] sends in addition to [Client.Device].
type DeviceInformation struct {
	IMEI, PhoneNumber, MobileOperator string
	// OutboundSMS says that the device sends text messages for the server; nil: not sent.
	OutboundSMS *bool
}

// SetDeviceInformation sends [Client.Device] and, from 14.0 on, more to the server. From 14.1 on,
// provisioning sends [Client.Device] by itself.
func (c *Client) SetDeviceInformation(ctx context.Context, more *DeviceInformation) error {
	if more == nil {
		more = &DeviceInformation{}
	}
	_, err := atVersion(ctx, c, func(v Version) (struct{}, error) { return struct{}{}, c.setDeviceInformationAt(ctx, v, more) })
	return err
}

func (c *Client) setDeviceInformationAt(ctx context.Context, version Version, more *DeviceInformation) error {
	d := c.device
	set := &airsync.DeviceSet{
		Model: d.Model, IMEI: more.IMEI, FriendlyName: d.FriendlyName, OS: d.OS, OSLanguage: d.OSLanguage, PhoneNumber: more.PhoneNumber,
	}
	if version.AtLeast(Version140) {
		set.UserAgent, set.MobileOperator, set.EnableOutboundSMS = d.UserAgent, more.MobileOperator, more.OutboundSMS
	}
	out, r, err := c.settings(ctx, version, "Set", &airsync.Settings{DeviceInformation: &airsync.DeviceInformation{Set: set}})
	if err != nil {
		return err
	}
	if out.DeviceInformation == nil {
		return r.unexpected("no result")
	}
	return r.settingsStatus("DeviceInformation", out.DeviceInformation.Status)
}

// SetDevicePassword stores the recovery password of the device on the server, or deletes it if
// password is "". It is not the password of the user.
func (c *Client) SetDevicePassword(ctx context.Context, password string) error {
	out, r, err := c.settings(ctx, anyVersion, "Set", &airsync.Settings{DevicePassword: &airsync.DevicePassword{Set: airsync.DevicePasswordSet{Password: password}}})
	if err != nil {
		return err
	}
	if out.DevicePassword == nil {
		return r.unexpected("no result")
	}
	return r.settingsStatus("DevicePassword", out.DevicePassword.Status)
}

// UserInformation is the result of [Client.UserInformation].
type UserInformation struct {
	Addresses []string // the primary one first
	Accounts  []MailAccount
}

// A MailAccount is an account whose mail arrives in the mailbox, including that of the mailbox
// itself, from 14.1 on.
type MailAccount struct {
	ID          string // in Email.AccountID; "" of the mailbox itself
	Name        string
	DisplayName string
	CannotSend  bool
	Addresses   []string // the primary one first
}

// UserInformation returns the addresses and accounts of the user.
func (c *Client) UserInformation(ctx context.Context) (*UserInformation, error) {
	out, r, err := c.settings(ctx, anyVersion, "Get", &airsync.Settings{UserInformation: &airsync.SettingsGet{Get: true}})
	if err != nil {
		return nil, err
	}
	if out.UserInformation == nil {
		return nil, r.unexpected("no user information")
	}
	if err := r.settingsStatus("UserInformation", out.UserInformation.Status); err != nil {
		return nil, err
	}
	u := &UserInformation{}
	if g := out.UserInformation.Get; g != nil {
		u.Addresses = addresses(g.Addresses)
		if g.Accounts != nil {
			for _, a := range g.Accounts.Account {
				x := MailAccount{ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, CannotSend: a.SendDisabled, Addresses: addresses(a.Addresses)}
				u.Accounts = append(u.Accounts, x)
				if u.Addresses == nil && a.ID == "" {
					u.Addresses = x.Addresses
				}
			}
		}
	}
	return u, nil
}

func addresses(a *airsync.UserAddresses) []string {
	if a == nil {
		return nil
	}
	var out []string
	if a.Primary != "" {
		out = append(out, a.Primary)
	}
	for _, x := range a.SMTP {
		if x != a.Primary {
			out = append(out, x)
		}
	}
	return out
}

// A RightsTemplate is a protection that the sender of a mail can select. See [MS-ASRM].
type RightsTemplate struct{ ID, Name, Description string }

// RightsTemplates returns the templates of rights management, from 14.1 on.
func (c *Client) RightsTemplates(ctx context.Context) ([]RightsTemplate, error) {
	version, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	if !version.AtLeast(Version141) {
		return nil, fmt.Errorf("eas: Settings: rights management needs version 14.1, and this is %s", version)
	}
	out, r, err := c.settings(ctx, version, "Get", &airsync.Settings{RightsManagement: &airsync.SettingsGet{Get: true}})
	if err != nil {
		return nil, err
	}
	if out.RightsManagement == nil {
		return nil, r.unexpected("no result")
	}
	if err := r.settingsStatus("RightsManagementInformation", out.RightsManagement.Status); err != nil {
		return nil, err
	}
	var all []RightsTemplate
	if g := out.RightsManagement.Get; g != nil && g.Templates != nil {
		for _, x := range g.Templates.Template {
			all = append(all, RightsTemplate{ID: x.ID, Name: x.Name, Description: x.Description})
		}
	}
	return all, nil
}

// settings sends a document that was made for a version, whose part is a Get or a Set.
func (c *Client) settings(ctx context.Context, version Version, part string, in *airsync.Settings) (*airsync.SettingsResponse, *response, error) {
	var out airsync.SettingsResponse
	r, err := c.run(ctx, request{command: "Settings", part: part, version: version, anyVersion: version == anyVersion}, in, &out, false)
	if err != nil {
		return nil, nil, err
	}
	if out.Status == nil { // the part has one, or what was requested
		return &out, r, nil
	}
	return &out, r, r.settingsStatus("Settings", out.Status)
}

func (r *response) settingsStatus(scope string, status *int) error {
	switch {
	case status == nil && (scope == "DeviceInformation" || scope == "UserInformation"):
		return nil // QUIRK: SOGo 5.8 answers without
	case status == nil:
		return r.unexpected("no status of " + scope)
	case *status != 1:
		return r.statusError(scope, *status)
	}
	return nil
}
