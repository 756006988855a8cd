package eas

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A PolicyOutcome reports to the server how the device applied a policy. See [MS-ASPROV] 2.2.2.54.
type PolicyOutcome int

// The values of [PolicyOutcome]. A server that insists responds to anything but PolicyApplied
// with an error that matches [ErrProvisionRequired] or with ActionAdmin.
const (
	PolicyApplied    PolicyOutcome = 1
	PolicyPartial    PolicyOutcome = 2 // at least the PIN is enabled
	PolicyNotApplied PolicyOutcome = 3
	PolicyManaged    PolicyOutcome = 4 // another manages the device
)

// A Policy is what the server demands of the device. A nil pointer means that the policy does not
// say. A field whose name has no verb says what is allowed, unless noted. See [MS-ASPROV]
// 2.2.2.28.
type Policy struct {
	// Key is the policy key; "" if the server has no policy for the user, and before the
	// policy has been acknowledged.
	Key string

	// Whether a password must be set, and how; without PasswordEnabled the rest is void.
	PasswordEnabled           *bool
	AlphanumericPassword      *bool
	PasswordRecovery          *bool
	SimplePassword            *bool
	MinPasswordLength         *int
	MinPasswordComplexity     *int // of character classes
	MaxPasswordFailedAttempts *int
	MaxInactivity             *time.Duration // until the device locks; 9999 seconds or more: no limit
	PasswordExpiration        *time.Duration // whole days; 0: never
	PasswordHistory           *int

	// What must be encrypted or signed.
	DeviceEncryption         *bool
	StorageCardEncryption    *bool
	SignedSMIME              *bool // required
	EncryptedSMIME           *bool // required
	SignedSMIMEAlgorithm     *int  // 0 SHA-1, 1 MD5
	EncryptionSMIMEAlgorithm *int  // 0 3DES, 1 DES, 2 to 4 RC2 of 128, 64 and 40 bits
	SMIMENegotiation         *int  // 0 none, 1 strong algorithms only, 2 any

	// What is allowed, and how much.
	StorageCard           *bool
	Camera                *bool
	Attachments           *bool
	HTMLEmail             *bool
	UnsignedApplications  *bool
	UnsignedPackages      *bool
	WiFi                  *bool
	TextMessaging         *bool
	POPIMAPEmail          *bool
	IrDA                  *bool
	ManualSyncWhenRoaming *bool
	DesktopSync           *bool
	SMIMESoftCerts        *bool
	Browser               *bool
	ConsumerEmail         *bool
	RemoteDesktop         *bool
	InternetSharing       *bool
	MaxAttachmentSize     *int // bytes
	MaxEmailAge           *Filter
	MaxCalendarAge        *Filter
	MaxBodySize           *int // of plain text, bytes; -1 no limit, 0 nothing
	MaxHTMLBodySize       *int // bytes; -1 no limit, 0 nothing
	Bluetooth             *int // 0 no, 1 hands-free only, 2 yes

	UnapprovedApplications []string // file names of applications of the device that must not run
	ApprovedApplications   []string // hashes of the only applications that may run; nil: all

	// Unknown names the demands that this type has no field for or that make no sense, as
	// "Provision:AllowCamera".
	Unknown []string
}

// clone returns a copy that shares nothing with p.
func (p *Policy) clone() *Policy {
	if p == nil {
		return nil
	}
	out := *p
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Pointer && !f.IsNil():
			x := reflect.New(f.Type().Elem())
			x.Elem().Set(f.Elem())
			f.Set(x)
		case f.Kind() == reflect.Slice && !f.IsNil():
			f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
		}
	}
	return &out
}

// read takes the document of the wire. An empty element says nothing; one that makes no
// sense is unknown rather than allowed.
func (p *Policy) read(d *airsync.PolicyDoc) {
	for _, x := range []struct {
		name string
		to   **bool
		from *string
	}{
		{"DevicePasswordEnabled", &p.PasswordEnabled, d.DevicePasswordEnabled},
		{"AlphanumericDevicePasswordRequired", &p.AlphanumericPassword, d.AlphanumericDevicePasswordRequired},
		{"PasswordRecoveryEnabled", &p.PasswordRecovery, d.PasswordRecoveryEnabled},
		{"AllowSimpleDevicePassword", &p.SimplePassword, d.AllowSimpleDevicePassword},
		{"RequireDeviceEncryption", &p.DeviceEncryption, d.RequireDeviceEncryption},
		{"RequireStorageCardEncryption", &p.StorageCardEncryption, d.RequireStorageCardEncryption},
		{"AllowStorageCard", &p.StorageCard, d.AllowStorageCard},
		{"AllowCamera", &p.Camera, d.AllowCamera},
		{"AttachmentsEnabled", &p.Attachments, d.AttachmentsEnabled},
		{"AllowHTMLEmail", &p.HTMLEmail, d.AllowHTMLEmail},
		{"AllowUnsignedApplications", &p.UnsignedApplications, d.AllowUnsignedApplications},
		{"AllowUnsignedInstallationPackages", &p.UnsignedPackages, d.AllowUnsignedInstallationPackages},
		{"AllowWiFi", &p.WiFi, d.AllowWiFi},
		{"AllowTextMessaging", &p.TextMessaging, d.AllowTextMessaging},
		{"AllowPOPIMAPEmail", &p.POPIMAPEmail, d.AllowPOPIMAPEmail},
		{"AllowIrDA", &p.IrDA, d.AllowIrDA},
		{"RequireManualSyncWhenRoaming", &p.ManualSyncWhenRoaming, d.RequireManualSyncWhenRoaming},
		{"AllowDesktopSync", &p.DesktopSync, d.AllowDesktopSync},
		{"RequireSignedSMIMEMessages", &p.SignedSMIME, d.RequireSignedSMIMEMessages},
		{"RequireEncryptedSMIMEMessages", &p.EncryptedSMIME, d.RequireEncryptedSMIMEMessages},
		{"AllowSMIMESoftCerts", &p.SMIMESoftCerts, d.AllowSMIMESoftCerts},
		{"AllowBrowser", &p.Browser, d.AllowBrowser},
		{"AllowConsumerEmail", &p.ConsumerEmail, d.AllowConsumerEmail},
		{"AllowRemoteDesktop", &p.RemoteDesktop, d.AllowRemoteDesktop},
		{"AllowInternetSharing", &p.InternetSharing, d.AllowInternetSharing},
	} {
		switch v := strings.ToLower(trim(x.from)); v {
		case "":
		case "0", "1", "false", "true":
			yes := v == "1" || v == "true"
			*x.to = &yes
		default:
			p.Unknown = append(p.Unknown, "Provision:"+x.name)
		}
	}
	var inactivity, expiration, email, calendar *int
	for _, x := range []struct {
		name string
		to   **int
		from *string
	}{
		{"MinDevicePasswordLength", &p.MinPasswordLength, d.MinDevicePasswordLength},
		{"MinDevicePasswordComplexCharacters", &p.MinPasswordComplexity, d.MinDevicePasswordComplexCharacters},
		{"MaxDevicePasswordFailedAttempts", &p.MaxPasswordFailedAttempts, d.MaxDevicePasswordFailedAttempts},
		{"MaxInactivityTimeDeviceLock", &inactivity, d.MaxInactivityTimeDeviceLock},
		{"DevicePasswordExpiration", &expiration, d.DevicePasswordExpiration},
		{"DevicePasswordHistory", &p.PasswordHistory, d.DevicePasswordHistory},
		{"MaxAttachmentSize", &p.MaxAttachmentSize, d.MaxAttachmentSize},
		{"MaxEmailAgeFilter", &email, d.MaxEmailAgeFilter},
		{"MaxCalendarAgeFilter", &calendar, d.MaxCalendarAgeFilter},
		{"MaxEmailBodyTruncationSize", &p.MaxBodySize, d.MaxEmailBodyTruncationSize},
		{"MaxEmailHTMLBodyTruncationSize", &p.MaxHTMLBodySize, d.MaxEmailHTMLBodyTruncationSize},
		{"AllowBluetooth", &p.Bluetooth, d.AllowBluetooth},
		{"RequireSignedSMIMEAlgorithm", &p.SignedSMIMEAlgorithm, d.RequireSignedSMIMEAlgorithm},
		{"RequireEncryptionSMIMEAlgorithm", &p.EncryptionSMIMEAlgorithm, d.RequireEncryptionSMIMEAlgorithm},
		{"AllowSMIMEEncryptionAlgorithmNegotiation", &p.SMIMENegotiation, d.AllowSMIMEEncryptionAlgorithmNegotiation},
	} {
		v := trim(x.from)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			p.Unknown = append(p.Unknown, "Provision:"+x.name)
			continue
		}
		*x.to = &n
	}
	p.MaxInactivity, p.PasswordExpiration = p.duration("MaxInactivityTimeDeviceLock", inactivity, time.Second), p.duration("DevicePasswordExpiration", expiration, 24*time.Hour)
	p.MaxEmailAge, p.MaxCalendarAge = (*Filter)(email), (*Filter)(calendar)
	if l := d.UnapprovedInROMApplicationList; l != nil {
		p.UnapprovedApplications = l.ApplicationName
	}
	if l := d.ApprovedApplicationList; l != nil {
		p.ApprovedApplications = l.Hash
	}
	for _, t := range d.Unknown {
		p.Unknown = append(p.Unknown, t.String())
	}
}

// duration returns n units, or nil and an unknown demand where that makes no sense.
func (p *Policy) duration(name string, n *int, unit time.Duration) *time.Duration {
	if n == nil {
		return nil
	}
	if *n < 0 || int64(*n) > int64(math.MaxInt64/unit) {
		p.Unknown = append(p.Unknown, "Provision:"+name)
		return nil
	}
	d := time.Duration(*n) * unit
	return &d
}

func trim(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}
