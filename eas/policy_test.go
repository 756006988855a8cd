package eas_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func ptr[T any](v T) *T { return &v }

// The policy document of libwbxml's tests, which holds every setting.
func TestPolicy(t *testing.T) {
	phase1 := captured(t, "libwbxml-activesync-012-provision-eas")
	c, calls := replay(t, map[string][]reply{"Provision": {doc(phase1)}})
	var seen *eas.Policy
	c.ApplyPolicy = func(_ context.Context, p *eas.Policy) (eas.PolicyOutcome, error) {
		copied := *p
		seen = &copied
		return eas.PolicyPartial, nil
	}
	p, err := c.Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	no, yes, zero := ptr(false), ptr(true), ptr(0)
	want := &eas.Policy{
		PasswordEnabled: no, AlphanumericPassword: no, PasswordRecovery: no, SimplePassword: yes, MinPasswordComplexity: ptr(1), PasswordHistory: zero,
		DeviceEncryption: no, StorageCardEncryption: no, SignedSMIME: no, EncryptedSMIME: no, SignedSMIMEAlgorithm: zero, EncryptionSMIMEAlgorithm: zero,
		SMIMENegotiation: ptr(2), StorageCard: yes, Camera: yes, Attachments: yes, HTMLEmail: yes, UnsignedApplications: yes, UnsignedPackages: yes,
		WiFi: yes, TextMessaging: yes, POPIMAPEmail: yes, IrDA: yes, ManualSyncWhenRoaming: no, DesktopSync: yes, SMIMESoftCerts: yes, Browser: yes,
		ConsumerEmail: yes, RemoteDesktop: yes, InternetSharing: yes, MaxEmailAge: ptr(eas.FilterAll), MaxCalendarAge: ptr(eas.FilterAll), MaxBodySize: ptr(-1), MaxHTMLBodySize: ptr(-1),
		Bluetooth: ptr(2),
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if p.Key != "1686474474" || c.State().PolicyKey != p.Key {
		t.Errorf("key %q, state %+v", p.Key, c.State())
	}
	// The acknowledgement: PolicyType, PolicyKey, Status 2 within Policies/Policy.
	ack := string((*calls)[2].body)
	if want := "\x03\x01\x6a\x00\x00\x0e\x45\x46\x47\x48\x03MS-EAS-Provisioning-WBXML\x00\x01\x49\x031686474474\x00\x01\x4b\x032\x00\x01\x01\x01\x01"; ack != want {
		t.Errorf("acknowledgement %x, want %x", ack, want)
	}
	if got := (*calls)[2].header.Get("X-MS-PolicyKey"); got != "1686474474" {
		t.Errorf("acknowledged with the key %q", got)
	}
}

func TestS112PolicyRefused(t *testing.T) {
	c, calls := replay(t, map[string][]reply{"Provision": {doc(captured(t, "libwbxml-activesync-012-provision-eas"))}})
	refusal := errors.New("no screen to lock")
	c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) { return eas.PolicyApplied, refusal }
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, refusal) || commands(*calls) != "OPTIONS Provision" {
		t.Errorf("FolderSync = %v after %s", err, commands(*calls))
	}
	c.ApplyPolicy = func(context.Context, *eas.Policy) (eas.PolicyOutcome, error) { return 9, nil }
	if _, err := c.FolderSync(t.Context(), "0"); err == nil || commands(*calls) != "OPTIONS Provision Provision" {
		t.Errorf("FolderSync with no outcome = %v after %s", err, commands(*calls))
	}
}

// What makes no sense or is not known is reported, and never taken for allowed.
func TestS112PolicyUnknown(t *testing.T) {
	good := string(captured(t, "libwbxml-activesync-012-provision-eas"))
	// AllowCamera "1" becomes "x"; AllowBluetooth "2" becomes "b"; the tag of AllowIrDA becomes 0x3E.
	bad := strings.NewReplacer("\x5c\x031\x00", "\x5c\x03x\x00", "\x64\x032\x00", "\x64\x03b\x00", "\x65\x031\x00", "\x7e\x031\x00").Replace(good)
	c, _ := replay(t, map[string][]reply{"Provision": {doc([]byte(bad))}})
	p, err := c.Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Provision:AllowCamera", "Provision:AllowBluetooth", "Provision:0x3E"}, p.Unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if p.Camera != nil || p.Bluetooth != nil || p.IrDA != nil {
		t.Errorf("camera %v, Bluetooth %v, IrDA %v", p.Camera, p.Bluetooth, p.IrDA)
	}
}

func TestPolicyDurations(t *testing.T) {
	for _, tt := range []struct {
		inactivity, expiration string
		lock, expire           *time.Duration
		unknown                []string
	}{
		{"300", "90", ptr(5 * time.Minute), ptr(90 * 24 * time.Hour), nil},
		{"0", "0", ptr(time.Duration(0)), ptr(time.Duration(0)), nil},
		{"", "", nil, nil, nil},
		{"-1", "-1", nil, nil, []string{"Provision:MaxInactivityTimeDeviceLock", "Provision:DevicePasswordExpiration"}},
		{"9999", "106751", ptr(9999 * time.Second), ptr(106751 * 24 * time.Hour), nil},
		{"9223372037", "106752", nil, nil, []string{"Provision:MaxInactivityTimeDeviceLock", "Provision:DevicePasswordExpiration"}},
	} {
		tn := eastest.New(t, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{Settings: map[string]string{
			"MaxInactivityTimeDeviceLock": tt.inactivity, "DevicePasswordExpiration": tt.expiration}}}})
		tn.AddMailbox("ada@contoso.com")
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
		p, err := c.Provision(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{tt.lock, tt.expire, tt.unknown}, []any{p.MaxInactivity, p.PasswordExpiration, p.Unknown}); diff != "" {
			t.Errorf("lock after %q, password for %q (-want +got):\n%s", tt.inactivity, tt.expiration, diff)
		}
	}
}

func TestStatuses(t *testing.T) {
	all := eas.Statuses()
	if len(all) < 200 {
		t.Fatalf("%d statuses", len(all))
	}
	for _, s := range all {
		if s.Name == "" || s.Meaning == "" || s.Action == "" {
			t.Errorf("status %+v", s)
		}
	}
}
