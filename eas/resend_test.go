package eas_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// allCommands are all methods that send a command, in a version that has them, and whether the
// request is sent again when the connection is cut before the response.
var allCommands = []struct {
	name    string
	version eas.Version
	again   bool
	call    func(ctx context.Context, c *eas.Client) error
}{
	{"OPTIONS", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.Options(ctx); return err }},
	{"Provision", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.Provision(ctx); return err }},
	{"Provision", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		return c.AcknowledgeWipe(ctx, &eas.RemoteWipeError{}, true)
	}},
	{"FolderSync", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.FolderSync(ctx, "0"); return err }},
	{"FolderCreate", "16.1", false, func(ctx context.Context, c *eas.Client) error {
		_, _, err := c.FolderCreate(ctx, "1", "0", "x", eas.FolderUserMail)
		return err
	}},
	{"FolderUpdate", "16.1", false, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FolderUpdate(ctx, "1", eas.Folder{ID: "9", Name: "x", Parent: "0"})
		return err
	}},
	{"FolderDelete", "16.1", false, func(ctx context.Context, c *eas.Client) error { _, err := c.FolderDelete(ctx, "1", "9"); return err }},
	{"Sync", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.Sync(ctx, "1", "7", nil); return err }},
	{"Sync", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Apply(ctx, "1", "7", eas.Delete("1:1"))
		return err
	}},
	{"Sync", "16.1", true, versioned["SyncMany"]},
	{"GetItemEstimate", "16.1", true, versioned["GetItemEstimate"]},
	{"Ping", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Ping(ctx, inboxAndCalendar, nil)
		return err
	}},
	{"MoveItems", "16.1", false, func(ctx context.Context, c *eas.Client) error {
		_, err := c.MoveItems(ctx, eas.Move{Item: "1:1", From: "1", To: "2"})
		return err
	}},
	{"ItemOperations", "16.1", true, versioned["FetchItem"]},
	{"ItemOperations", "16.1", true, versioned["FetchMessage"]},
	{"ItemOperations", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FetchAttachment(ctx, "x", io.Discard, nil)
		return err
	}},
	{"ItemOperations", "16.1", false, func(ctx context.Context, c *eas.Client) error { return c.EmptyFolder(ctx, "1", false) }},
	{"ItemOperations", "16.1", false, func(ctx context.Context, c *eas.Client) error { return c.MoveConversation(ctx, []byte{1}, "1") }},
	{"SendMail", "16.1", true, versioned["SendMail"]},
	{"SendMail", "12.1", false, versioned["SendMail"]},
	{"SmartReply", "16.1", true, versioned["SmartReply"]},
	{"SmartReply", "12.1", false, versioned["SmartReply"]},
	{"SmartForward", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		return c.SmartForward(ctx, eas.MailSource{Folder: "1", Item: "2"}, strings.NewReader("x: y\r\n\r\nx"), nil)
	}},
	{"SmartForward", "12.1", false, func(ctx context.Context, c *eas.Client) error {
		return c.SmartForward(ctx, eas.MailSource{Folder: "1", Item: "2"}, strings.NewReader("x: y\r\n\r\nx"), nil)
	}},
	{"MeetingResponse", "16.1", false, versioned["MeetingResponse"]},
	{"Search", "16.1", true, versioned["Search"]},
	{"Search", "16.1", true, versioned["SearchPeople"]},
	{"Search", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.SearchLibrary(ctx, `\\a\b`, nil)
		return err
	}},
	{"Find", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Find(ctx, eas.Query{Text: "lunch"}, nil)
		return err
	}},
	{"Find", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.FindPeople(ctx, "anna", nil); return err }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.OutOfOffice(ctx, 0); return err }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { return c.SetOutOfOffice(ctx, &eas.OutOfOffice{}) }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { return c.SetDeviceInformation(ctx, nil) }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { return c.SetDevicePassword(ctx, "x") }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.UserInformation(ctx); return err }},
	{"Settings", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.RightsTemplates(ctx); return err }},
	{"ResolveRecipients", "16.1", true, versioned["ResolveRecipients"]},
	{"ValidateCert", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.ValidateCert(ctx, [][]byte{{1}}, nil, false)
		return err
	}},
	{"GetAttachment", "12.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.GetAttachment(ctx, "x", io.Discard)
		return err
	}},
	{"GetHierarchy", "12.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.GetHierarchy(ctx); return err }},
	{"Autodiscover", "16.1", true, func(ctx context.Context, c *eas.Client) error { _, err := c.Autodiscover(ctx, ada); return err }},
	{"SendMail", "16.1", false, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Do(ctx, "SendMail", []byte{3, 1, 0x6a, 0, 0, 21, 5})
		return err
	}},
	{"Sync", "16.1", true, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Do(ctx, "Sync", []byte{3, 1, 0x6a, 0, 5})
		return err
	}},
}

// Every command, when the server cuts the connection before the response: what may be sent
// again is, once, and the rest is reported as what may have been done.
func TestS013S118Resends(t *testing.T) {
	t.Parallel()
	for _, tt := range allCommands {
		t.Run(fmt.Sprint(tt.name, " ", tt.version, " ", tt.again), func(t *testing.T) {
			var armed atomic.Bool
			var n atomic.Int32
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("MS-ASProtocolVersions", string(tt.version))
				if armed.Load() && n.Add(1) == 1 {
					panic(http.ErrAbortHandler)
				}
			}))
			srv.Config.ErrorLog = quiet
			srv.StartTLS()
			defer srv.Close()
			u, _ := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
			c := &eas.Client{
				URL: u, User: ada, Token: bearer.Static(&oauth2.Token{AccessToken: "x"}), HTTPClient: srv.Client(), Versions: []eas.Version{tt.version},
			}
			c.Restore(eas.State{Version: tt.version, Provisioned: true})
			if _, err := c.Options(t.Context()); err != nil { // so that the connection is one that is used again
				t.Fatal(err)
			}
			armed.Store(true)
			err := tt.call(t.Context(), c)
			if got := n.Load() > 1; got != tt.again {
				t.Fatalf("sent again: %v, want %v (%v)", got, tt.again, err)
			}
			var e *eas.Error
			if !tt.again && (!errors.As(err, &e) || e.Temporary() || !strings.Contains(err.Error(), "may have")) {
				t.Errorf("the error is %v, want that it may have been done", err)
			}
		})
	}
}

// A request for which no connection was found has not been sent: every command may be repeated.
func TestUnsent(t *testing.T) {
	t.Parallel()
	for _, tt := range allCommands {
		u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}}
		c := &eas.Client{URL: u, User: ada, Token: bearer.Static(&oauth2.Token{AccessToken: "x"}), HTTPClient: &http.Client{Transport: transport},
			Versions: []eas.Version{tt.version}}
		c.Restore(eas.State{Version: tt.version, Provisioned: true})
		var e *eas.Error
		if err := tt.call(t.Context(), c); !errors.As(err, &e) || !e.Temporary() {
			t.Errorf("%s: %v is not temporary", tt.name, err)
		}
	}
}

// Every command ends with its context, which the error matches, with its cause.
func TestEveryCommandEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, tt := range allCommands {
		b := &backend{t: t}
		ctx, cancel := context.WithCancelCause(t.Context())
		b.respond = func(r *http.Request, _ string, _ int) *http.Response {
			cancel(errGone)
			<-r.Context().Done()
			return nil
		}
		c := b.client()
		c.Versions = []eas.Version{tt.version}
		c.Restore(eas.State{Version: tt.version, Provisioned: true})
		start := time.Now()
		if err := tt.call(ctx, c); !errors.Is(err, context.Canceled) || !errors.Is(err, errGone) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", tt.name, d)
		}
		ctx, cancelTime := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		if err := tt.call(ctx, c); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%s after its deadline: %v", tt.name, err)
		}
		cancelTime()
	}
}
