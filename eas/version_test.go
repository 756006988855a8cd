package eas_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A list of other versions in the middle of a command, in whatever response, never leaves a
// request without a version.
func TestVersionsListedInMidCommand(t *testing.T) {
	for _, compact := range []bool{false, true} {
		b := &backend{t: t}
		b.respond = func(r *http.Request, command string, n int) *http.Response {
			switch {
			case command == "OPTIONS" && n == 1:
				return reply1(200, nil, "MS-ASProtocolVersions", "14.1")
			case command == "FolderSync" && n == 1 || compact && n == 1 && command == "":
				return reply1(449, nil, "MS-ASProtocolVersions", "14.1,16.1")
			}
			return nil
		}
		c := b.client()
		c.Base64Query = compact
		if _, err := c.FolderSync(t.Context(), "0"); err != nil && (!compact || strings.Contains(err.Error(), "base64 query")) {
			t.Errorf("FolderSync = %v", err)
		}
		for _, x := range b.calls {
			if x.command == "" {
				_, query, _ := strings.Cut(x.url, "?")
				if raw, err := base64.StdEncoding.DecodeString(query); err != nil || raw[0] < 140 {
					t.Errorf("the compact query %q has no version", query)
				}
			}
			if x.command != "OPTIONS" && x.header.Get("MS-ASProtocolVersion") == "" && !compact {
				t.Errorf("%s without a version", x.command)
			}
		}
		if got := c.State().Version; got != "16.1" && !compact {
			t.Errorf("the version is %q", got)
		}
	}
}

// The same with many commands at once: whatever the order, each header names a version.
func TestVersionsListedToManyCommands(t *testing.T) {
	lists := []string{"14.1", "14.1,16.1", "14.0,14.1,16.0", "16.1"}
	var mu sync.Mutex
	i := 0
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		i++
		list := lists[i%len(lists)]
		switch {
		case command == "OPTIONS":
			return reply1(200, nil, "MS-ASProtocolVersions", list)
		case command == "FolderSync" && n%3 == 0:
			return reply1(449, nil, "MS-ASProtocolVersions", list)
		case command == "FolderSync":
			return reply1(200, captured(t, "hstern-foldersync-response-empty"), "X-MS-RP", list)
		}
		return nil
	}
	c := b.client()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 20 {
				_, _ = c.FolderSync(t.Context(), "0")
			}
		})
	}
	all.Wait()
	for _, x := range b.calls {
		if x.command != "OPTIONS" && x.header.Get("MS-ASProtocolVersion") == "" {
			t.Fatalf("%s without a version", x.command)
		}
	}
}

// A hint that another version is to be had does not cost the commands when it leads nowhere.
func TestListedVersionsThatCannotBeNegotiated(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		switch {
		case command == "OPTIONS" && n > 1:
			return reply1(501, nil)
		case command == "OPTIONS":
			return reply1(200, nil, "MS-ASProtocolVersions", "14.1")
		case command == "FolderSync":
			return reply1(200, captured(t, "hstern-foldersync-response-empty"), "MS-ASProtocolVersions", "14.1,16.1")
		}
		return nil
	}
	c := b.client()
	for range 3 {
		if _, err := c.FolderSync(t.Context(), "0"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.of("OPTIONS")); n != 2 {
		t.Errorf("%d OPTIONS, want 2", n)
	}
}

// The occurrence of a series whose deletion meets status 138 must never become the deletion of
// the series.
func TestDeleteOccurrenceIsNeverADelete(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	series := &eas.Event{Subject: "daily", Start: at, End: at.Add(time.Hour), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1}}
	moved := &eas.Event{Subject: "moved", Start: at.Add(time.Hour), End: at.Add(2 * time.Hour)}
	for _, tt := range []struct {
		name string
		edit eas.Edit
		want string // of the document at 14.1, "" for none
	}{
		{"DeleteOccurrence without the series", eas.DeleteOccurrence("1:1", nil, at), ""},
		{"DeleteOccurrence", eas.DeleteOccurrence("1:1", series, at), "Exceptions"},
		{"UpdateOccurrence", eas.UpdateOccurrence("1:1", series, at, moved), "Exceptions"},
	} {
		b := &backend{t: t}
		b.respond = func(r *http.Request, command string, n int) *http.Response {
			switch {
			case command == "OPTIONS" && n > 1:
				return reply1(200, nil, "MS-ASProtocolVersions", "14.1")
			case command == "Sync" && r.Header.Get("MS-ASProtocolVersion") == "16.1":
				return reply1(200, statusOf(t, "Sync", "138"))
			}
			return nil
		}
		_, err := b.client().Apply(t.Context(), "1", "7", tt.edit)
		if (err != nil) != (tt.want == "") {
			t.Errorf("%s = %v", tt.name, err)
		}
		for _, x := range b.of("Sync") {
			sent := strings.Fields(elements(t, x.body))
			switch v := x.header.Get("MS-ASProtocolVersion"); {
			case v == "16.1" && slices.Contains(sent, "InstanceId"):
			case v == "14.1" && tt.want != "" && slices.Contains(sent, tt.want) && slices.Contains(sent, "Change") && !slices.Contains(sent, "Delete"):
			default:
				t.Errorf("%s at %s sent %s", tt.name, v, sent)
			}
		}
	}
}

// versioned are calls whose document depends on the version.
var versioned = map[string]func(ctx context.Context, c *eas.Client) error{
	"Sync": func(ctx context.Context, c *eas.Client) error {
		_, err := c.Sync(ctx, "1", "7", &eas.SyncOptions{Preview: 100, Part: true})
		return err
	},
	"Apply": func(ctx context.Context, c *eas.Client) error {
		_, err := c.Apply(ctx, "1", "7", eas.Add("new1", &eas.Event{Subject: "x", Start: at("2026-01-01 09:00"), End: at("2026-01-01 10:00")}))
		return err
	},
	"SyncMany": func(ctx context.Context, c *eas.Client) error {
		_, err := c.SyncMany(ctx, &eas.SyncManyOptions{Wait: 2 * time.Minute}, eas.SyncRequest{Folder: "1", Key: "7"}, eas.SyncRequest{Folder: "2", Key: "7"})
		return err
	},
	"GetItemEstimate": func(ctx context.Context, c *eas.Client) error {
		_, err := c.GetItemEstimate(ctx, "1", "7", nil)
		return err
	},
	"SendMail": func(ctx context.Context, c *eas.Client) error {
		return c.SendMail(ctx, strings.NewReader("To: a@contoso.com\r\n\r\nx"), &eas.SendOptions{LocalID: "one"})
	},
	"SmartReply": func(ctx context.Context, c *eas.Client) error {
		return c.SmartReply(ctx, eas.MailSource{Folder: "1", Item: "2"}, strings.NewReader("x: y\r\n\r\nx"), &eas.SmartOptions{SendOptions: eas.SendOptions{LocalID: "one"}})
	},
	"MeetingResponse": func(ctx context.Context, c *eas.Client) error {
		_, err := c.MeetingResponse(ctx, eas.MeetingAnswer{Folder: "1", Item: "2", Response: eas.ResponseAccepted})
		return err
	},
	"FetchItem": func(ctx context.Context, c *eas.Client) error {
		_, err := c.FetchItem(ctx, "1", "2", &eas.ItemOptions{Preview: 10})
		return err
	},
	"FetchMessage": func(ctx context.Context, c *eas.Client) error {
		_, err := c.FetchMessage(ctx, "1", "2", io.Discard, &eas.FetchOptions{Protected: true})
		return err
	},
	"Search": func(ctx context.Context, c *eas.Client) error {
		_, err := c.Search(ctx, eas.Query{Text: "lunch"}, &eas.SearchOptions{Items: &eas.ItemOptions{Preview: 10}})
		return err
	},
	"SearchPeople": func(ctx context.Context, c *eas.Client) error {
		_, err := c.SearchPeople(ctx, "anna", &eas.SearchOptions{Pictures: 3})
		return err
	},
	"ResolveRecipients": func(ctx context.Context, c *eas.Client) error {
		_, err := c.ResolveRecipients(ctx, []string{"anna"}, &eas.ResolveOptions{Pictures: 3})
		return err
	},
	"SetDeviceInformation": func(ctx context.Context, c *eas.Client) error { return c.SetDeviceInformation(ctx, nil) },
}

// After status 138 the document is the one that the version of then has: the same that a
// client makes which knew no other.
func TestRenegotiationMakesTheDocumentAgain(t *testing.T) {
	t.Parallel()
	for name, call := range versioned {
		for _, to := range []string{"14.1", "12.1"} {
			t.Run(name+" at "+to, func(t *testing.T) {
				fresh := &backend{t: t}
				fresh.respond = func(_ *http.Request, command string, _ int) *http.Response {
					if command == "OPTIONS" {
						return reply1(200, nil, "MS-ASProtocolVersions", to)
					}
					return nil
				}
				c := fresh.client()
				c.Versions = []eas.Version{eas.Version161, eas.Version141, eas.Version121}
				_ = call(t.Context(), c)
				want := fresh.calls[len(fresh.calls)-1]

				b := &backend{t: t}
				b.respond = func(r *http.Request, command string, n int) *http.Response {
					switch {
					case command == "OPTIONS" && n > 1:
						return reply1(200, nil, "MS-ASProtocolVersions", to)
					case command == want.command && r.Header.Get("MS-ASProtocolVersion") == "16.1":
						return reply1(200, statusOf(t, command, "138"))
					}
					return nil
				}
				c = b.client()
				c.Versions = []eas.Version{eas.Version161, eas.Version141, eas.Version121}
				_ = call(t.Context(), c)
				got := b.calls[len(b.calls)-1]
				if v := got.header.Get("MS-ASProtocolVersion"); v != to || got.command != want.command {
					t.Fatalf("the last request is %s at %s, want %s at %s", got.command, v, want.command, to)
				}
				if !bytes.Equal(got.body, want.body) || got.header.Get("Content-Type") != want.header.Get("Content-Type") {
					t.Errorf("the document (-want +got):\n%s", cmp.Diff(elements(t, want.body), elements(t, got.body)))
				}
				if n := len(b.of(want.command)); n != 2 {
					t.Errorf("%d requests, want 2", n)
				}
			})
		}
	}
}

// Do cannot make the caller's document again.
func TestDoIsNotRepeatedInAnotherVersion(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		switch {
		case command == "OPTIONS" && n > 1:
			return reply1(200, nil, "MS-ASProtocolVersions", "14.1")
		case command == "Sync":
			return reply1(200, statusOf(t, "Sync", "138"))
		}
		return nil
	}
	c := b.client()
	var e *eas.Error
	if _, err := c.Do(t.Context(), "Sync", statusOf(t, "Sync", "1")); !errors.As(err, &e) || e.Action != eas.ActionRetry || !strings.Contains(err.Error(), "14.1") {
		t.Errorf("Do = %v", err)
	}
	if n := len(b.of("Sync")); n != 1 || c.State().Version != "14.1" {
		t.Errorf("%d requests, version %s", n, c.State().Version)
	}
}

// A server that goes back to an older version, as the tenant has it: the series stays.
func TestDowngradeKeepsTheSeries(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{})
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c, box := connect(t, tn)
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "daily", Start: start, End: start.Add(time.Hour), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1}})
	folders, err := c.FolderSync(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	calendar, _ := folders.Find(eas.FolderCalendar)
	items, key := read(t, c, calendar.ID, "", &eas.SyncOptions{Class: eas.ClassCalendar})
	if len(items) != 1 {
		t.Fatalf("%d events", len(items))
	}
	tn.Change(func(o *eastest.Options) { o.Versions = []eas.Version{eas.Version141} })
	if _, err := c.Apply(t.Context(), calendar.ID, key, eas.DeleteOccurrence(items[0].ID, nil, start.AddDate(0, 0, 1))); err == nil {
		t.Error("DeleteOccurrence at 14.1 = nil")
	}
	if n := len(box.Items(eas.FolderCalendar)); n != 1 || c.State().Version != eas.Version141 {
		t.Errorf("%d events are left, version %s", n, c.State().Version)
	}
	if _, err := c.Sync(t.Context(), calendar.ID, key, nil); err != nil {
		t.Errorf("Sync after it = %v", err)
	}
}
