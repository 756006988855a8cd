package eastest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// subjects returns the subjects that the Inbox brings to a device that begins with key 0.
func (s *stranger) subjects() []string {
	s.t.Helper()
	class := ""
	if s.version < "14" {
		class = "<Class>Email</Class>"
	}
	_, _, a := s.post("Sync", syncDoc(class+`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	_, _, a = s.post("Sync", syncDoc(class+`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	_, out := keysOf(a)
	return out
}

// Who decides about a device, and what it sees then: FolderSync and the Inbox.
func TestDeviceAccess(t *testing.T) {
	allowed := []string{"one", "two"}
	for name, tt := range map[string]struct {
		o      eastest.Options
		do     func(m *eastest.Mailbox)
		level  eastest.AccessLevel
		reason string
	}{
		"nobody says anything":             {level: eastest.Allowed, reason: "Global"},
		"all are in quarantine":            {o: eastest.Options{DeviceAccess: eastest.Quarantined}, level: eastest.Quarantined, reason: "Global"},
		"all are blocked":                  {o: eastest.Options{DeviceAccess: eastest.Blocked}, level: eastest.Blocked, reason: "Global"},
		"a type is let in":                 {o: eastest.Options{DeviceAccess: eastest.Blocked, DeviceRules: []eastest.DeviceRule{{Type: "TEST"}}}, level: eastest.Allowed, reason: "DeviceRule"},
		"another type is blocked":          {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{Type: "tes", Level: eastest.Blocked}}}, level: eastest.Allowed, reason: "Global"},
		"a model is in quarantine":         {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{Model: "m", Level: eastest.Quarantined}}}, level: eastest.Quarantined, reason: "DeviceRule"},
		"a device is blocked":              {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{ID: "device1", Level: eastest.Blocked}}}, level: eastest.Blocked, reason: "DeviceRule"},
		"a user agent is blocked":          {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{UserAgent: "go-http-client/1.1", Level: eastest.Blocked}}}, level: eastest.Blocked, reason: "DeviceRule"},
		"a model of another type":          {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{Type: "phone", Model: "m", Level: eastest.Blocked}}}, level: eastest.Allowed, reason: "Global"},
		"to block comes first":             {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{Model: "m", Level: eastest.Quarantined}, {Type: "test"}, {ID: "device1", Level: eastest.Blocked}}}, level: eastest.Blocked, reason: "DeviceRule"},
		"quarantine comes before to allow": {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{Type: "test"}, {Model: "m", Level: eastest.Quarantined}}}, level: eastest.Quarantined, reason: "DeviceRule"},
		"the system is new":                {o: eastest.Options{DeviceRules: []eastest.DeviceRule{{OS: "x", Level: eastest.Blocked}}}, level: eastest.Discovered, reason: "Global"},
		"the user has it allowed": {
			o:  eastest.Options{DeviceRules: []eastest.DeviceRule{{Type: "test", Level: eastest.Blocked}}},
			do: func(m *eastest.Mailbox) { m.AllowDevice("DEVICE1") }, level: eastest.Allowed, reason: "Individual",
		},
		"the user has it blocked": {do: func(m *eastest.Mailbox) { m.AllowDevice("device1"); m.BlockDevice("device1") }, level: eastest.Blocked, reason: "Individual"},
		"another is blocked":      {do: func(m *eastest.Mailbox) { m.BlockDevice("device2") }, level: eastest.Allowed, reason: "Global"},
		"it was removed": {do: func(m *eastest.Mailbox) {
			m.BlockDevice("device1")
			m.RemoveDevice("device1")
		}, level: eastest.Allowed, reason: "Global"},
	} {
		for _, version := range []string{"12.1", "14.1", "16.1"} {
			t.Run(name+" "+version, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
				s := newStranger(t, tn, version)
				if version == "12.1" { // which says it by Settings
					s.post("Settings", `<Settings xmlns="Settings"><DeviceInformation><Set><Model>m</Model></Set></DeviceInformation></Settings>`)
				}
				tn.Change(func(o *eastest.Options) { o.DeviceRules, o.DeviceAccess = tt.o.DeviceRules, tt.o.DeviceAccess })
				box := tn.Mailbox(ada)
				if tt.do != nil {
					tt.do(box)
				}
				if name == "it was removed" {
					tn.Change(func(o *eastest.Options) { o.DevicePolicies = []eastest.DevicePolicy{{None: true}} })
				}
				status, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
				if level, reason, ok := box.DeviceAccess("device1"); level != tt.level || reason != tt.reason || !ok {
					t.Errorf("%v by %s, %v", level, reason, ok)
				}
				if tt.level == eastest.Blocked {
					if version == "12.1" && status != 403 || version != "12.1" && !strings.Contains(a, "<Status>129</Status>") {
						t.Errorf("FolderSync: %d %s", status, a)
					}
					return
				}
				if !strings.Contains(a, "Inbox") {
					t.Errorf("FolderSync: %d %s", status, a)
				}
				var want []string
				switch tt.level {
				case eastest.Allowed:
					want = allowed
				case eastest.Quarantined:
					want = []string{box.Messages(eas.FolderInbox)[2].Subject}
				}
				if diff := cmp.Diff(want, s.subjects()); diff != "" {
					t.Errorf("the Inbox (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// What a device in quarantine gets for each command: it provisions, sees folders and the notice,
// and no content.
func TestQuarantineCommands(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "14.1")
	_, _, a := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
	_, _, a = s.post("Sync", syncDoc(`<SyncKey>`+between(a, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
	key, id := between(a, "<SyncKey>", "</SyncKey>"), between(a, "<ServerId>", "</ServerId>")
	tn.Change(func(o *eastest.Options) { o.DeviceAccess, o.DeviceNotice = eastest.Quarantined, "Call <4711>." })
	for _, tt := range []struct{ command, doc, want string }{
		{"Settings", `<Settings xmlns="Settings"><UserInformation><Get/></UserInformation></Settings>`, "ada@contoso.com"},
		{"SendMail", `<SendMail xmlns="ComposeMail"><ClientId>1</ClientId><Mime>To: bob@contoso.com&#xD;&#xA;&#xD;&#xA;</Mime></SendMail>`, "<Status>130</Status>"},
		{"Search", `<Search xmlns="Search"><Store><Name>GAL</Name><Query>ada</Query></Store></Search>`, "<Status>130</Status>"},
		{"ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">1</CollectionId><ServerId xmlns="AirSync">` + id + `</ServerId></Fetch></ItemOperations>`, "<ItemOperations xmlns=\"ItemOperations\"><Status>3</Status></ItemOperations>"},
		{"FolderCreate", `<FolderCreate xmlns="FolderHierarchy"><SyncKey>1</SyncKey><ParentId>0</ParentId><DisplayName>x</DisplayName><Type>12</Type></FolderCreate>`, "<Status>6</Status>"},
		{"ValidateCert", `<ValidateCert xmlns="ValidateCert"/>`, "<Status>17</Status>"},
		{"MoveItems", `<MoveItems xmlns="Move"/>`, "<Status>130</Status>"},
		{"GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate"><Collections><Collection><SyncKey xmlns="AirSync">` + key + `</SyncKey><CollectionId>1</CollectionId></Collection></Collections></GetItemEstimate>`, "<Estimate>1</Estimate>"},
		{"Sync", syncDoc(`<SyncKey>`+key+`</SyncKey><CollectionId>1</CollectionId><Commands><Fetch><ServerId>`+id+`</ServerId></Fetch></Commands>`, ""), "<Fetch><ServerId>" + id + "</ServerId><Status>8</Status></Fetch>"},
	} {
		status, _, a := s.post(tt.command, tt.doc)
		if status != 200 || !strings.Contains(a, tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.command, status, a, tt.want)
		}
	}
	got := tn.Mailbox(ada).Messages(eas.FolderInbox)
	if len(got) != 3 {
		t.Fatalf("%d mails, want one notice beside the two", len(got))
	}
	for _, want := range []string{"Device model: m<", "Device type: test<", "Device ID: device1<", "Exchange ActiveSync version: 14.1<", "Device access state: Quarantined<", "Device access state reason: Global<", "Call &lt;4711&gt;."} {
		if !strings.Contains(got[2].Body.Data, want) {
			t.Errorf("the notice lacks %q:\n%s", want, got[2].Body.Data)
		}
	}
	judge(t, tn)
}

// A blocked device is told so by every command, in each version's way, and its user by mail.
func TestBlockedCommands(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}, DeviceAccess: eastest.Blocked})
	tn.AddMailbox(ada)
	for _, version := range []string{"12.1", "14.0", "16.1"} {
		s := &stranger{t: t, tn: tn, version: version, token: tn.Token(ada).AccessToken}
		for _, command := range []string{"Provision", "FolderSync", "Sync", "Ping", "Settings", "SendMail", "Search"} {
			ns := map[string]string{"FolderSync": "FolderHierarchy", "Sync": "AirSync", "SendMail": "ComposeMail"}[command]
			if ns == "" {
				ns = command
			}
			status, _, a := s.post(command, fmt.Sprintf(`<%s xmlns=%q/>`, command, ns))
			if version == "12.1" && status != http.StatusForbidden || version != "12.1" && (status != 200 || !strings.Contains(a, "<Status>129</Status>")) {
				t.Errorf("%s %s: %d %s", command, version, status, a)
			}
		}
	}
	if got := tn.Mailbox(ada).Messages(eas.FolderInbox); len(got) != 1 || !strings.Contains(got[0].Body.Data, "Device access state: Blocked<") {
		t.Errorf("the notices: %+v", got)
	}
}

// A new device of which rules need the model sees nothing until it says it, or for 14 minutes.
func TestDiscovery(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}, DeviceAccess: eastest.Blocked, DeviceRules: []eastest.DeviceRule{{Model: "phone", Level: eastest.Allowed}}})
	tn.AddMailbox(ada, &eas.Email{Subject: "one"})
	s := &stranger{t: t, tn: tn, version: "14.0", token: tn.Token(ada).AccessToken}
	s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
	if got := s.subjects(); got != nil {
		t.Errorf("before it says anything: %q", got)
	}
	s.post("Settings", `<Settings xmlns="Settings"><DeviceInformation><Set><Model>Phone</Model></Set></DeviceInformation></Settings>`)
	if diff := cmp.Diff([]string{"one"}, s.subjects()); diff != "" {
		t.Errorf("as a phone (-want +got):\n%s", diff)
	}
	tn.Mailbox(ada).RemoveDevice("device1")
	if _, _, ok := tn.Mailbox(ada).DeviceAccess("device1"); ok {
		t.Error("the device is there after it was removed")
	}
	for _, want := range []string{"<Status>1</Status>", "<Status>129</Status>"} {
		if _, _, a := s.post("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`); !strings.Contains(a, want) {
			t.Errorf("%s, want %s", a, want)
		}
		tn.Advance(15 * time.Minute)
	}
}

// The library knows the notice, and the device synchronizes as soon as it is let in: a Ping that
// waits is woken.
func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DeviceAccess: eastest.Quarantined})
		box := tn.AddMailbox(ada, &eas.Email{Subject: "one"}, &eas.Email{Subject: "two"})
		c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client(), Device: eas.Device{ID: "device1", Type: "test"}}
		folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
		if err != nil {
			t.Fatal(err)
		}
		in, _ := folders.Find(eas.FolderInbox)
		var page *eas.Page
		for p, err := range c.Pages(t.Context(), in.ID, eas.InitialSyncKey, nil) {
			if err != nil {
				t.Fatal(err)
			}
			page = p
		}
		var access *eas.AccessError
		if err := c.CheckAccess(page); !errors.Is(err, eas.ErrDeviceQuarantined) || !errors.As(err, &access) || access.Reason != "Global" {
			t.Errorf("CheckAccess: %v", err)
		}
		done := make(chan *eas.PingResult)
		go func() {
			r, err := c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 10 * time.Minute})
			if err != nil {
				t.Error(err)
			}
			done <- r
		}()
		synctest.Wait()
		began := time.Now()
		box.AllowDevice("device1")
		if r := <-done; len(r.Changed) != 1 || time.Since(began) > time.Minute {
			t.Errorf("the Ping: %+v after %v", r, time.Since(began))
		}
		var got []string
		for p, err := range c.Pages(t.Context(), in.ID, page.Key, nil) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Added {
				got = append(got, e.Item.(*eas.Email).Subject)
			}
			if len(p.Deleted)+len(p.SoftDeleted) > 0 {
				t.Errorf("the notice goes: %+v", p)
			}
		}
		if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" {
			t.Errorf("after the release (-want +got):\n%s", diff)
		}
	})
}

// What cannot be meant panics.
func TestDeviceRulePanics(t *testing.T) {
	for name, o := range map[string]eastest.Options{
		"a rule of nothing":   {DeviceRules: []eastest.DeviceRule{{Level: eastest.Blocked}}},
		"a level of no rule":  {DeviceRules: []eastest.DeviceRule{{Type: "x", Level: eastest.Discovered}}},
		"no level":            {DeviceAccess: -1},
		"a level of no other": {DeviceAccess: eastest.Discovered},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			eastest.New(nil, &o).Close()
		}()
	}
}
