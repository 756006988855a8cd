package eastest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// provision runs both phases and returns the responses; the key of the second is s.key.
func (s *stranger) provision(status string) (offer, ack string) {
	s.t.Helper()
	s.key = "0"
	info := ""
	if s.version >= "14.1" {
		info = `<DeviceInformation xmlns="Settings"><Set><Model>m</Model></Set></DeviceInformation>`
	}
	_, _, offer = s.post("Provision", `<Provision xmlns="Provision">`+info+`<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>`)
	s.key = between(offer, "<PolicyKey>", "</PolicyKey>")
	if s.key == "" {
		return offer, ""
	}
	code, _, ack := s.post("Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>`+s.key+`</PolicyKey><Status>`+status+`</Status></Policy></Policies></Provision>`)
	if key := between(ack, "<PolicyKey>", "</PolicyKey>"); key != "" {
		s.key = key
	}
	if code != 200 {
		ack = fmt.Sprint("HTTP ", code)
	}
	return offer, ack
}

// folderSync returns the status of FolderSync, or the HTTP status.
func (s *stranger) folderSync() string {
	s.t.Helper()
	code, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
	if code != 200 {
		return fmt.Sprint("HTTP ", code)
	}
	return between(a, "<Status>", "</Status>")
}

// The policy is what the options say, for each user, and as the library reads it.
func TestDevicePolicies(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{
		{Users: []string{"BOB@contoso.com"}, None: true},
		{Users: []string{ada}, Settings: map[string]string{"DevicePasswordEnabled": "1", "MinDevicePasswordLength": "6", "AllowCamera": "0", "MaxEmailAgeFilter": "2"},
			UnapprovedApplications: []string{"solitaire.exe"}, ApprovedApplications: []string{"AbCd"}},
		{Settings: map[string]string{"DevicePasswordHistory": "5"}},
	}})
	policy := func(addr string) *eas.Policy {
		tn.AddMailbox(addr)
		c := &eas.Client{URL: tn.URL(), User: addr, Token: bearer.Static(tn.Token(addr)), HTTPClient: tn.Client()}
		p, err := c.Provision(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.FolderSync(t.Context(), eas.InitialSyncKey); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
		return p
	}
	yes, no, six := true, false, 6
	got := policy(ada)
	if got.Key == "" || !cmp.Equal(got.PasswordEnabled, &yes) || !cmp.Equal(got.MinPasswordLength, &six) || !cmp.Equal(got.Camera, &no) || *got.MaxEmailAge != 2 || got.MaxInactivity != nil ||
		!cmp.Equal(got.UnapprovedApplications, []string{"solitaire.exe"}) || !cmp.Equal(got.ApprovedApplications, []string{"AbCd"}) || !cmp.Equal(got.HTMLEmail, &yes) {
		t.Errorf("ada's: %+v", got)
	}
	if got = policy("bob@contoso.com"); got.Key != "" {
		t.Errorf("bob's: %+v", got)
	}
	if got = policy("carol@contoso.com"); got.PasswordHistory == nil || *got.PasswordHistory != 5 || *got.Camera != true {
		t.Errorf("carol's: %+v", got)
	}
	judge(t, tn)
}

// A policy that changes, or grows old, has the device provision again before anything else.
func TestDevicePolicyChanges(t *testing.T) {
	for version, refused := range map[string]string{"12.1": "HTTP 449", "14.1": "143", "16.1": "143"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s := newStranger(t, tn, version)
		step := func(what, want string) {
			t.Helper()
			if got := s.folderSync(); got != want {
				t.Errorf("%s, %s: %s, want %s", version, what, got, want)
			}
		}
		step("as it was", "1")
		tn.Change(func(o *eastest.Options) {
			o.DevicePolicies = []eastest.DevicePolicy{{Settings: map[string]string{"AllowCamera": "0"}, RefreshInterval: 30 * time.Minute}}
		})
		step("with another policy", refused)
		if offer, _ := s.provision("1"); !strings.Contains(offer, "<AllowCamera>0</AllowCamera>") {
			t.Errorf("the policy: %s", offer)
		}
		step("with the new one", "1")
		tn.Change(func(o *eastest.Options) { o.DevicePolicies[0].Settings["AllowCamera"] = "1" })
		step("with a value changed in place", refused)
		s.provision("1")
		step("with that", "1")
		tn.Advance(29 * time.Minute)
		step("before it is old", "1")
		tn.Advance(time.Minute)
		step("when it is old", refused)
		s.provision("1")
		step("refreshed", "1")
		tn.Change(func(o *eastest.Options) {
			o.DevicePolicies = []eastest.DevicePolicy{{Users: []string{ada}, None: true}}
		})
		step("without a policy", "1")
		tn.Mailbox(ada).RefreshPolicy()
		step("without a policy, refreshed", "1")
	}
}

// What a device gets that does not apply the policy, or not all of it.
func TestNonProvisionable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy eastest.DevicePolicy
		ack    string
		want   string // in the response to the acknowledgement; "" for a key
		sync   string
	}{
		{"applied", eastest.DevicePolicy{}, "1", "", "1"},
		{"in part", eastest.DevicePolicy{}, "2", "<Status>139</Status>", "144"},
		{"not applied", eastest.DevicePolicy{}, "3", "<Status>1</Status></Policy>", "144"},
		{"managed by another", eastest.DevicePolicy{}, "4", "<Status>145</Status>", "144"},
		{"in part, allowed", eastest.DevicePolicy{AllowNonProvisionable: true}, "2", "", "1"},
		{"not applied, allowed", eastest.DevicePolicy{AllowNonProvisionable: true}, "3", "", "1"},
		{"managed by another, others allowed", eastest.DevicePolicy{AllowNonProvisionable: true}, "4", "<Status>145</Status>", "144"},
		{"managed by another, allowed", eastest.DevicePolicy{AllowExternallyManaged: true}, "4", "", "1"},
		{"in part, others allowed", eastest.DevicePolicy{AllowExternallyManaged: true}, "2", "<Status>139</Status>", "144"},
		{"an acknowledgement that is none", eastest.DevicePolicy{AllowNonProvisionable: true}, "5", "<Status>2</Status></Provision>", "144"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{tt.policy}})
		tn.AddMailbox(ada)
		s := &stranger{t: t, tn: tn, version: "14.1", token: tn.Token(ada).AccessToken}
		offer, ack := s.provision(tt.ack)
		if got := between(ack, "<PolicyKey>", "</PolicyKey>") != ""; got != (tt.want == "") || !strings.Contains(ack, tt.want) {
			t.Errorf("%s: %s after %s", tt.name, ack, offer)
		}
		if got := s.folderSync(); got != tt.sync {
			t.Errorf("%s: FolderSync %s, want %s", tt.name, got, tt.sync)
		}
	}
}

// A device that sends no policy key at all is let in where the policy allows that.
func TestNoPolicyKey(t *testing.T) {
	folder := []byte("\x03\x01\x6a\x00\x00\x07\x56\x52\x030\x00\x01\x01")
	for allow, want := range map[bool]string{false: "<Status>141</Status>", true: "<Status>1</Status>"} {
		tn := eastest.New(t, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{AllowNonProvisionable: allow}}})
		tn.AddMailbox(ada)
		s := &stranger{t: t, tn: tn, version: "16.1", token: tn.Token(ada).AccessToken, key: "none"}
		if _, _, a := s.raw("Cmd=FolderSync&User=ada&DeviceId=device1&DeviceType=test", "application/vnd.ms-sync.wbxml", folder); !strings.Contains(a, want) {
			t.Errorf("allowed %v: %s", allow, a)
		}
		s.key = "0"
		if got := s.folderSync(); got != "142" {
			t.Errorf("allowed %v, with a key that is none: %s", allow, got)
		}
	}
}

// A policy with an element that does not exist panics.
func TestDevicePolicyPanics(t *testing.T) {
	for _, element := range []string{"AllowCameras", "Unknown", "ApprovedApplicationList", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: no panic", element)
				}
			}()
			eastest.New(nil, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{Settings: map[string]string{element: "1"}}}}).Close()
		}()
	}
}

// A message that is too long for the front end is refused by ASP.NET or by IIS, and one that is
// not is sent.
func TestMaxRequestSize(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, MaxRequestSize: 4096})
	bob := tn.AddMailbox("bob@contoso.com")
	s := newStranger(t, tn, "14.1")
	send := func(n int) (int, string) {
		t.Helper()
		req := tn.URL().String() + "?Cmd=SendMail&User=ada&DeviceId=device1&DeviceType=test"
		body := wbxmlOf(t, `<SendMail xmlns="ComposeMail"><ClientId>`+fmt.Sprint(n)+`</ClientId><Mime>To: bob@contoso.com&#xD;&#xA;&#xD;&#xA;`+strings.Repeat("x", n)+`</Mime></SendMail>`)
		return s.page(req, body)
	}
	for _, tt := range []struct {
		size, status int
		want         string
	}{
		{1000, 200, ""}, {5000, 500, "Maximum request length exceeded."}, {30_000_000, 404, "404.13"},
	} {
		if status, body := send(tt.size); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%d bytes: %d %s", tt.size, status, body)
		}
	}
	tn.Change(func(o *eastest.Options) { o.MaxRequestSize = 40_000_000 })
	if status, body := send(30_000_001); status != 200 {
		t.Errorf("with both limits raised: %d %s", status, body)
	}
	if n := len(bob.Messages(eas.FolderInbox)); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
}

// The fault of a front end whose limit is lower than the largest message.
func TestFaultMaxRequest(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}})
	tn.AddMailbox(ada)
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	sw := tn.Switch(eastest.Fault{ID: "EAS_MAXREQUEST", Value: "64"})
	send := func(n int) error {
		return c.SendMail(t.Context(), strings.NewReader("To: ada@contoso.com\r\nSubject: x\r\n\r\n"+strings.Repeat("x", n)), nil)
	}
	if err := send(1000); err != nil || sw.Fired() != 0 {
		t.Errorf("a short message: %v, fired %d", err, sw.Fired())
	}
	var e *eas.Error
	if err := send(70_000); !errors.As(err, &e) || e.HTTPStatus != 500 || e.Action != eas.ActionAdmin || !strings.Contains(err.Error(), "maxRequestLength") || sw.Fired() == 0 {
		t.Errorf("a long message: %v", err)
	}
	sw.Lift()
	tn.Switch(eastest.Fault{ID: "EAS_MAXREQUEST"})
	if err := send(70_000); err != nil {
		t.Errorf("below Exchange's own limit: %v", err)
	}
	for size, status := range map[int]int{11 << 20: 500, 31 << 20: 404} {
		if err := send(size); !errors.As(err, &e) || e.HTTPStatus != status || e.Name != "RequestTooLarge" {
			t.Errorf("beyond Exchange's own limits: %v", err)
		}
	}
}
