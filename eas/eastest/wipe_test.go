package eastest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// Until a device acknowledges a wipe, it gets the directive and nothing else, in the way of its
// version. One that failed gets it again; one that succeeded starts again.
func TestWipes(t *testing.T) {
	for _, tt := range []struct {
		version string
		account bool
		refused string // what FolderSync gets; "1" where the wipe does not apply
		element string
	}{
		{"12.1", false, "HTTP 449", "RemoteWipe"},
		{"14.0", false, "140", "RemoteWipe"},
		{"16.1", false, "140", "RemoteWipe"},
		{"16.1", true, "140", "AccountOnlyRemoteWipe"},
		{"16.0", true, "1", ""},
		{"14.1", true, "1", ""},
		{"12.1", true, "1", ""},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		s := newStranger(t, tn, tt.version)
		box := tn.Mailbox(ada)
		box.Wipe(tt.account)
		if got := s.folderSync(); got != tt.refused {
			t.Errorf("%+v: FolderSync: %s", tt, got)
		}
		if tt.element == "" {
			if box.Wiped() != 0 {
				t.Errorf("%+v: %d devices are wiped", tt, box.Wiped())
			}
			continue
		}
		ping := `<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders></Ping>`
		if status, _, a := s.post("Ping", ping); tt.version == "12.1" && status != 449 || tt.version != "12.1" && !strings.Contains(a, "<Status>140</Status>") {
			t.Errorf("%+v: Ping: %d %s", tt, status, a)
		}
		directive := "<" + tt.element
		key := s.key
		s.key = "0"
		if _, _, a := s.post("Provision", `<Provision xmlns="Provision"/>`); !strings.Contains(a, directive) || !strings.Contains(a, "<Status>1</Status>") || strings.Contains(a, "<Policies>") {
			t.Errorf("%+v: the directive: %s", tt, a)
		}
		ack := func(status string) string {
			_, _, a := s.post("Provision", `<Provision xmlns="Provision"><`+tt.element+`><Status>`+status+`</Status></`+tt.element+`></Provision>`)
			return a
		}
		if a := ack("2"); !strings.Contains(a, "<Status>2</Status>") || !strings.Contains(a, directive) || box.Wiped() != 0 {
			t.Errorf("%+v: a wipe that failed: %s", tt, a)
		}
		if a := ack("1"); !strings.Contains(a, "<Status>1</Status>") || strings.Contains(a, directive) || box.Wiped() != 1 {
			t.Errorf("%+v: a wipe that succeeded: %s", tt, a)
		}
		s.key = key
		if got := s.folderSync(); got == "1" {
			t.Errorf("%+v: the policy key is good after the wipe", tt)
		}
		s.provision("1")
		if got := s.folderSync(); got != "1" {
			t.Errorf("%+v: provisioned again: FolderSync %s", tt, got)
		}
		judge(t, tn)
	}
	// Without a policy key, up to 12.1.
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	s := newStranger(t, tn, "12.1")
	tn.Mailbox(ada).Wipe(false)
	s.key = "none"
	if got := s.folderSync(); got != "HTTP 403" {
		t.Errorf("without a policy key: %s", got)
	}
}

// A wipe wakes a device that waits, and the library knows it.
func TestWipeWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		box := tn.AddMailbox(ada)
		c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
		folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
		if err != nil {
			t.Fatal(err)
		}
		in, _ := folders.Find(eas.FolderInbox)
		for _, err := range c.Pages(t.Context(), in.ID, eas.InitialSyncKey, nil) {
			if err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		go func() {
			_, err := c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 10 * time.Minute})
			done <- err
		}()
		synctest.Wait()
		began := time.Now()
		box.Wipe(true)
		var wipe *eas.RemoteWipeError
		if err := <-done; !errors.As(err, &wipe) || !wipe.AccountOnly || time.Since(began) > time.Minute {
			t.Errorf("the Ping: %v after %v", err, time.Since(began))
		}
		if err := c.AcknowledgeWipe(t.Context(), wipe, true); err != nil || box.Wiped() != 1 {
			t.Errorf("the acknowledgement: %v, %d wiped", err, box.Wiped())
		}
	})
}
