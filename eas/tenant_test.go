package eas_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

const ada = "ada@contoso.com"

// connect returns a client of a tenant with one mailbox.
func connect(t *testing.T, tn *eastest.Tenant, items ...eas.Item) (*eas.Client, *eastest.Mailbox) {
	t.Helper()
	box := tn.AddMailbox(ada, items...)
	return &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}, box
}

func mails(n int) []eas.Item {
	var out []eas.Item
	for i := range n {
		out = append(out, &eas.Email{Subject: fmt.Sprintf("mail %d", i), Body: &eas.Body{Type: eas.BodyPlain, Data: strings.Repeat("x", 1000)}})
	}
	return out
}

func inbox(t *testing.T, c *eas.Client) eas.Folder {
	t.Helper()
	f, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	in, ok := f.Find(eas.FolderInbox)
	if !ok {
		t.Fatal("no inbox")
	}
	return in
}

// read reads a folder to its end and returns the items and the last key.
func read(t *testing.T, c *eas.Client, f eas.FolderID, key eas.SyncKey, o *eas.SyncOptions) ([]eas.Entry, eas.SyncKey) {
	t.Helper()
	var out []eas.Entry
	for p, err := range c.Pages(t.Context(), f, key, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Added...)
		key = p.Key
	}
	return out, key
}

// Every version of the protocol, in either form of the query, does the whole round.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, v := range []eas.Version{eas.Version121, eas.Version140, eas.Version141, eas.Version160, eas.Version161} {
		for _, compact := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", v, compact), func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Versions: []eas.Version{v}})
				c, box := connect(t, tn, mails(3)...)
				c.Versions, c.Base64Query = []eas.Version{v}, compact
				in := inbox(t, c)
				items, key := read(t, c, in.ID, "", nil)
				if len(items) != 3 {
					t.Fatalf("%d items", len(items))
				}
				if got := items[0].Item.(*eas.Email); got.Body == nil || len(got.Body.Data) != 1000 || got.Body.Type != eas.BodyPlain {
					t.Errorf("body %+v", got.Body)
				}
				if _, err := c.Apply(t.Context(), in.ID, key, eas.MarkRead(items[0].ID, true), eas.Delete(items[1].ID)); err != nil {
					t.Fatal(err)
				}
				if got := box.Messages(eas.FolderInbox); len(got) != 2 || !*got[0].Read {
					t.Errorf("inbox %+v", got)
				}
				if got := box.Messages(eas.FolderDeletedItems); len(got) != 1 {
					t.Errorf("%d deleted items", len(got))
				}
				if err := c.SendMail(t.Context(), strings.NewReader("To: "+ada+"\r\nSubject: s\r\n\r\nb"), nil); err != nil {
					t.Fatal(err)
				}
				if got := box.Messages(eas.FolderSentItems); len(got) != 1 || got[0].Subject != "s" {
					t.Errorf("sent %+v", got)
				}
				p, err := c.Ping(t.Context(), []eas.Folder{in}, nil)
				if err != nil || len(p.Changed) != 1 {
					t.Errorf("Ping = %+v, %v", p, err)
				}
				// The cookie that the server set comes back (MS-ASHTTP 2.2.1.1.2.4), and
				// the device said who it is from 14.1 on.
				for id, info := range box.Devices() {
					if want := v.AtLeast(eas.Version141); (info["Model"] == "easoauth") != want || len(id) != 32 {
						t.Errorf("device %s %v", id, info)
					}
				}
			})
		}
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	c, box := connect(t, eastest.New(t, &eastest.Options{}), mails(25)...)
	in := inbox(t, c)
	var pages []int
	key := eas.InitialSyncKey
	for p, err := range c.Pages(t.Context(), in.ID, key, &eas.SyncOptions{Window: 10, BodyLimit: 5}) {
		if err != nil {
			t.Fatal(err)
		}
		pages, key = append(pages, len(p.Added)), p.Key
		if b := p.Added[0].Item.(*eas.Email).Body; !b.Truncated || b.Data != "xxxxx" || b.Size != 1000 {
			t.Errorf("body %+v", b)
		}
	}
	if diff := cmp.Diff([]int{10, 10, 5}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	// Nothing new: one page, empty, with the same key.
	items, again := read(t, c, in.ID, key, nil)
	if len(items) != 0 || again != key {
		t.Errorf("%d items, key %q, want %q", len(items), again, key)
	}
	box.RemoveItem(eas.FolderInbox, "mail 3")
	p, err := c.Sync(t.Context(), in.ID, key, nil)
	if err != nil || len(p.Deleted) != 1 || p.IsEmpty() {
		t.Errorf("Sync = %+v, %v", p, err)
	}
	// Stopped in the middle, the sync goes on behind the page whose key was saved.
	n := 0
	for p, err := range c.Pages(t.Context(), in.ID, "", &eas.SyncOptions{Window: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		n, key = n+len(p.Added), p.Key
		break
	}
	rest, _ := read(t, c, in.ID, key, &eas.SyncOptions{Window: 10})
	if n != 10 || len(rest) != 14 {
		t.Errorf("%d and %d items, want 10 and 14", n, len(rest))
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, eastest.New(t, &eastest.Options{}), &eas.Email{Subject: "s", From: "b@contoso.com", Body: &eas.Body{Type: eas.BodyHTML, Data: "<p>a &amp; b</p>"},
		Attachments: []eas.Attachment{{Name: "a.txt", Size: 3}}, Categories: []string{"red", "green"}, Flag: &eas.Flag{Status: eas.FlagActive, Type: "Flag for follow up"}})
	in := inbox(t, c)
	for _, tt := range []struct {
		o    eas.SyncOptions
		want *eas.Body
	}{
		{eas.SyncOptions{}, &eas.Body{Type: eas.BodyPlain, Data: "a & b", Size: 5}},
		{eas.SyncOptions{Body: eas.BodyHTML}, &eas.Body{Type: eas.BodyHTML, Data: "<p>a &amp; b</p>", Size: 16}},
		{eas.SyncOptions{BodyLimit: eas.NoBody}, nil},
		{eas.SyncOptions{BodyLimit: eas.NoBody, Preview: 3}, &eas.Body{Type: eas.BodyPlain, Size: 5, Truncated: true}},
	} {
		items, _ := read(t, c, in.ID, "", &tt.o)
		m := items[0].Item.(*eas.Email)
		if tt.o.Preview > 0 {
			m.Body.Preview = ""
		}
		if diff := cmp.Diff(tt.want, m.Body); diff != "" {
			t.Errorf("%+v: body (-want +got):\n%s", tt.o, diff)
		}
		if len(m.Attachments) != 1 || m.Attachments[0].Name != "a.txt" || m.Attachments[0].Method != eas.AttachmentFile || len(m.Categories) != 2 || m.Flag.Status != eas.FlagActive {
			t.Errorf("mail %+v", m)
		}
	}
	items, _ := read(t, c, in.ID, "", &eas.SyncOptions{Body: eas.BodyMIME})
	if b := items[0].Item.(*eas.Email).Body; b.Type != eas.BodyMIME || !strings.Contains(b.Data, "Subject: s\r\n") {
		t.Errorf("MIME body %+v", b)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	c, box := connect(t, eastest.New(t, &eastest.Options{}), mails(3)...)
	in := inbox(t, c)
	items, key := read(t, c, in.ID, "", nil)
	edits := []eas.Edit{eas.MarkRead(items[0].ID, true), eas.SetFlag(items[0].ID, eas.Flag{Status: eas.FlagActive, Type: "x"}),
		eas.SetFlag(items[1].ID, eas.Flag{}), eas.MarkRead("nothing", true), eas.Delete("nowhere")}
	p, err := c.Apply(t.Context(), in.ID, key, edits...)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Results) != 2 || p.Results[0].Err == nil || p.Results[0].ID != "nothing" {
		t.Errorf("results %+v", p.Results)
	}
	got := box.Messages(eas.FolderInbox)
	if !*got[0].Read || got[0].Flag == nil || got[0].Flag.Type != "x" || got[1].Flag != nil {
		t.Errorf("inbox %+v", got)
	}
	// The answer was lost: the same request brings the same answer and does nothing twice.
	again, err := c.Apply(t.Context(), in.ID, key, edits...)
	if err != nil || again.Key != p.Key || len(box.Messages(eas.FolderInbox)) != 3 {
		t.Errorf("a repeated request: %+v, %v", again, err)
	}
	// Another request with that key is carried out.
	if p, err = c.Apply(t.Context(), in.ID, key, eas.Delete(items[2].ID)); err != nil || p.Key == again.Key || len(box.Messages(eas.FolderInbox)) != 2 {
		t.Errorf("another request with the key before: %+v, %v", p, err)
	}
	for name, f := range map[string]func() error{
		"no key":   func() error { _, err := c.Apply(t.Context(), in.ID, "0", eas.Delete("x")); return err },
		"no edits": func() error { _, err := c.Apply(t.Context(), in.ID, p.Key); return err },
		"too many": func() error { _, err := c.Apply(t.Context(), in.ID, p.Key, make([]eas.Edit, 201)...); return err },
		"an id": func() error {
			return c.SendMail(t.Context(), strings.NewReader("x"), &eas.SendOptions{LocalID: "a-b"})
		},
		"no mail":   func() error { return c.SendMail(t.Context(), strings.NewReader(""), nil) },
		"no folder": func() error { _, err := c.Ping(t.Context(), nil, nil); return err },
		"a command": func() error { _, err := c.Do(t.Context(), "Evil&x=y", nil); return err },
	} {
		n := len(box.Messages(eas.FolderSentItems))
		if f() == nil || len(box.Messages(eas.FolderSentItems)) != n {
			t.Errorf("%s was not refused", name)
		}
	}
}

func TestFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{AccessLifetime: 24 * 365 * time.Hour})
		c, box := connect(t, tn, mails(1)...)
		in := inbox(t, c)
		o := &eas.SyncOptions{Filter: eas.FilterThreeDays}
		items, key := read(t, c, in.ID, "", o)
		if len(items) != 1 {
			t.Fatalf("%d items", len(items))
		}
		time.Sleep(4 * 24 * time.Hour)
		box.Deliver(&eas.Email{Subject: "new"})
		p, err := c.Sync(t.Context(), in.ID, key, o)
		if err != nil || len(p.SoftDeleted) != 1 || len(p.Added) != 1 || len(p.Deleted) != 0 {
			t.Errorf("Sync = %+v, %v", p, err)
		}
	})
}

func TestStaleState(t *testing.T) {
	c, box := connect(t, eastest.New(t, &eastest.Options{}), mails(1)...)
	ctx := t.Context()
	f, err := c.FolderSync(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	in, _ := f.Find(eas.FolderInbox)
	_, key := read(t, c, in.ID, "", nil)

	extra := box.AddFolder("Projects", eas.FolderUserMail)
	d, err := c.FolderSync(ctx, f.Key)
	if err != nil || len(d.Added) != 1 || d.Added[0] != extra {
		t.Fatalf("FolderSync = %+v, %v", d, err)
	}
	// The key before, as if the answer had been lost; its answer counts from now on.
	if d, err = c.FolderSync(ctx, f.Key); err != nil || len(d.Added) != 1 {
		t.Fatalf("FolderSync = %+v, %v", d, err)
	}
	box.RemoveFolder(extra.ID)
	if _, err := c.Sync(ctx, extra.ID, "0", nil); !errors.Is(err, eas.ErrFolderSyncRequired) {
		t.Errorf("Sync of a removed folder = %v", err)
	}
	if _, err := c.Ping(ctx, []eas.Folder{in}, nil); !errors.Is(err, eas.ErrFolderSyncRequired) {
		t.Errorf("Ping with an old hierarchy = %v", err)
	}
	if d, err = c.FolderSync(ctx, d.Key); err != nil || len(d.Deleted) != 1 {
		t.Errorf("FolderSync = %+v, %v", d, err)
	}
	if _, err := c.Sync(ctx, "nothing", "0", nil); err == nil {
		t.Error("Sync of no folder = nil")
	}
	if _, err := c.Sync(ctx, in.ID, "never", nil); !errors.Is(err, eas.ErrInvalidSyncKey) {
		t.Errorf("Sync with a made-up key = %v", err)
	}
	box.ForgetSyncKeys()
	if _, err := c.FolderSync(ctx, d.Key); !errors.Is(err, eas.ErrInvalidFolderKey) {
		t.Errorf("FolderSync with a forgotten key = %v", err)
	}
	if _, err := c.FolderSync(ctx, "0"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sync(ctx, in.ID, key, nil); !errors.Is(err, eas.ErrInvalidSyncKey) {
		t.Errorf("Sync with a forgotten key = %v", err)
	}
	if items, _ := read(t, c, in.ID, "0", nil); len(items) != 1 {
		t.Errorf("%d items from the start", len(items))
	}
}

func TestProvision(t *testing.T) {
	t.Parallel()
	t.Run("policy", func(t *testing.T) {
		c, box := connect(t, eastest.New(t, &eastest.Options{}))
		p, err := c.Provision(t.Context())
		if err != nil || p.Key == "" || p.PasswordEnabled == nil || *p.PasswordEnabled || p.Camera == nil || !*p.Camera || p.MinPasswordLength != nil {
			t.Fatalf("Provision = %+v, %v", p, err)
		}
		if got := c.State(); got.PolicyKey != p.Key || !got.Provisioned || got.Version != eas.Version161 {
			t.Errorf("State = %+v", got)
		}
		inbox(t, c)
		box.RefreshPolicy()
		inbox(t, c) // provisions by itself
		if c.State().PolicyKey == p.Key {
			t.Error("the policy key is the old one")
		}
		// A restart with the state of before needs neither OPTIONS nor Provision.
		next := &eas.Client{URL: c.URL, User: ada, Token: c.Token, HTTPClient: c.HTTPClient}
		next.Restore(c.State())
		inbox(t, next)
	})
	t.Run("none", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{DevicePolicies: []eastest.DevicePolicy{{None: true}}})
		c, _ := connect(t, tn)
		if p, err := c.Provision(t.Context()); err != nil || p.Key != "" {
			t.Fatalf("Provision = %+v, %v", p, err)
		}
		inbox(t, c)
		if got := c.State(); got.PolicyKey != "" || !got.Provisioned {
			t.Errorf("State = %+v", got)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, _ := connect(t, tn)
		errs := make(chan error, 20)
		for range cap(errs) {
			go func() { _, err := c.FolderSync(context.Background(), "0"); errs <- err }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		n := 0
		for _, r := range tn.Requests() {
			if r.Command == "Provision" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d Provision requests, want the two phases", n)
		}
	})
	// The wipe of an account is never taken for one of the device. An element that is not known
	// is not a wipe: the client erases nothing by itself.
	for _, account := range []bool{false, true} {
		t.Run(fmt.Sprintf("S108 wipe, account only %v", account), func(t *testing.T) {
			c, box := connect(t, eastest.New(t, &eastest.Options{}))
			inbox(t, c)
			box.Wipe(account)
			_, err := c.FolderSync(t.Context(), "0")
			var wipe *eas.RemoteWipeError
			if !errors.Is(err, eas.ErrRemoteWipe) || !errors.As(err, &wipe) || wipe.AccountOnly != account || box.Wiped() != 0 {
				t.Fatalf("FolderSync = %v, wiped %d", err, box.Wiped())
			}
			if err := c.AcknowledgeWipe(t.Context(), wipe, true); err != nil || box.Wiped() != 1 {
				t.Errorf("AcknowledgeWipe = %v, wiped %d", err, box.Wiped())
			}
		})
	}
}

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{AccessLifetime: 24 * time.Hour})
		c, box := connect(t, tn)
		in := inbox(t, c)
		_, key := read(t, c, in.ID, "", nil)
		start := time.Now()
		p, err := c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 5 * time.Minute})
		if err != nil || len(p.Changed) != 0 || time.Since(start) != 5*time.Minute {
			t.Fatalf("Ping = %+v, %v after %v", p, err, time.Since(start))
		}
		// Too short for the server, which says what it takes.
		start = time.Now()
		if p, err = c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: time.Second}); err != nil || p.Heartbeat != time.Minute || time.Since(start) != time.Minute {
			t.Errorf("Ping = %+v, %v after %v", p, err, time.Since(start))
		}
		if p, err = c.Ping(t.Context(), []eas.Folder{in}, &eas.PingOptions{Heartbeat: 23 * time.Hour}); err != nil || p.Heartbeat != 59*time.Minute {
			t.Errorf("Ping = %+v, %v", p, err)
		}
		go func() {
			time.Sleep(90 * time.Second)
			box.Deliver(&eas.Email{Subject: "x"})
		}()
		start = time.Now()
		if p, err = c.Ping(t.Context(), []eas.Folder{in}, nil); err != nil || len(p.Changed) != 1 || time.Since(start) != 90*time.Second {
			t.Errorf("Ping = %+v, %v after %v", p, err, time.Since(start))
		}
		if items, _ := read(t, c, in.ID, key, nil); len(items) != 1 {
			t.Errorf("%d items", len(items))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = c.Ping(ctx, []eas.Folder{in}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping with a context that ends = %v", err)
		}
		many := make([]eas.Folder, 201)
		for i := range many {
			many[i] = in
		}
		var e *eas.Error
		if _, err = c.Ping(t.Context(), many, nil); !errors.As(err, &e) || e.Status != 6 || e.Limit != 200 || e.Action != eas.ActionAdjust {
			t.Errorf("Ping of 201 folders = %v", err)
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	t.Run("S118 the answer to SendMail is lost", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, box := connect(t, tn)
		inbox(t, c)
		tn.Fail("SendMail", eastest.Failure{Lose: true})
		o := &eas.SendOptions{LocalID: "outbox1"}
		mail := "To: " + ada + "\r\nSubject: once\r\n\r\nb"
		if err := c.SendMail(t.Context(), strings.NewReader(mail), o); err != nil {
			// net/http could not send it again; the program does.
			if err := c.SendMail(t.Context(), strings.NewReader(mail), o); err != nil {
				t.Fatal(err)
			}
		}
		if got := box.Messages(eas.FolderInbox); len(got) != 1 {
			t.Errorf("%d messages arrived, want 1", len(got))
		}
	})
	t.Run("the answer to Sync is lost", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, _ := connect(t, tn, mails(2)...)
		in := inbox(t, c)
		p, err := c.Sync(t.Context(), in.ID, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		tn.Fail("Sync", eastest.Failure{Lose: true})
		if _, err := c.Sync(t.Context(), in.ID, p.Key, nil); err != nil {
			t.Logf("the first try failed: %v", err)
		}
		items, _ := read(t, c, in.ID, p.Key, nil)
		if len(items) != 2 {
			t.Errorf("%d items, want 2", len(items))
		}
	})
	t.Run("truncated", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, _ := connect(t, tn)
		inbox(t, c)
		tn.Fail("FolderSync", eastest.Failure{Truncate: 20})
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrUnexpectedContent) {
			t.Errorf("FolderSync = %v", err)
		}
	})
	t.Run("late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{AccessLifetime: 24 * time.Hour})
			c, _ := connect(t, tn)
			inbox(t, c)
			tn.Fail("FolderSync", eastest.Failure{Delay: time.Hour})
			start := time.Now()
			_, err := c.FolderSync(t.Context(), "0")
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != eas.DefaultTimeout || !strings.Contains(err.Error(), "2m0s") {
				t.Errorf("FolderSync = %v after %v", err, time.Since(start))
			}
		})
	})
	t.Run("too large", func(t *testing.T) {
		c, _ := connect(t, eastest.New(t, &eastest.Options{}))
		c.MaxResponseBytes = 100
		if _, err := c.FolderSync(t.Context(), "0"); err == nil || !strings.Contains(err.Error(), "100 bytes") {
			t.Errorf("FolderSync = %v", err)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, _ := connect(t, tn)
		tn.Fail("FolderSync", eastest.Failure{Status: 503, Header: http.Header{"Retry-After": {"7"}}})
		_, err := c.FolderSync(t.Context(), "0")
		var e *eas.Error
		if !errors.Is(err, eas.ErrThrottled) || !errors.As(err, &e) || e.RetryAfter != 7*time.Second {
			t.Errorf("FolderSync = %v", err)
		}
	})
	t.Run("disabled", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Faults: []eastest.Fault{{ID: "EAS_403"}}})
		c, _ := connect(t, tn)
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrForbidden) {
			t.Errorf("FolderSync = %v", err)
		}
	})
	t.Run("451 to the same host (eas.outlook.com)", func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{})
		c, _ := connect(t, tn)
		inbox(t, c)
		tn.Fail("FolderSync", eastest.Failure{Status: 451, Header: http.Header{"X-Ms-Location": {tn.URL().String()}}, Times: 2})
		if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrRedirected) {
			t.Errorf("FolderSync = %v; 451 for ever must end", err)
		}
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Errorf("FolderSync = %v", err)
		}
	})
}

// Do sends what the typed methods do not know.
func TestDo(t *testing.T) {
	c, _ := connect(t, eastest.New(t, &eastest.Options{}))
	out, err := c.Do(t.Context(), "FolderSync", captured(t, "foldersync-request-0"))
	if err != nil || len(out) < 100 {
		t.Errorf("Do = %d bytes, %v", len(out), err)
	}
}

// A client that is done leaves nothing running.
func TestS121NoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	tn := eastest.New(nil, nil)
	tn.AddMailbox(ada)
	c := &eas.Client{URL: tn.URL(), User: ada, Token: bearer.Static(tn.Token(ada)), HTTPClient: tn.Client()}
	in := inbox(t, c)
	_, _ = read(t, c, in.ID, "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 50)
	for range cap(done) {
		go func() { _, err := c.Ping(ctx, []eas.Folder{in}, nil); done <- err }()
	}
	cancel()
	for range cap(done) {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Ping = %v", err)
		}
	}
	tn.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
