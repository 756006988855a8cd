package eas_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/eas"
)

// Every command fails with what fails before its response, and with the response: none takes
// a refusal for a result.
func TestEveryCommandFails(t *testing.T) {
	t.Parallel()
	noOptions := func(_ *http.Request, command string, _ int) *http.Response {
		if command == "OPTIONS" {
			return reply1(500, nil)
		}
		return nil
	}
	always := func(status int, body string) func(*http.Request, string, int) *http.Response {
		return func(*http.Request, string, int) *http.Response { return reply1(status, []byte(body)) }
	}
	for _, tt := range allCommands {
		own := map[string]bool{"OPTIONS": true, "Autodiscover": true}[tt.name] // it negotiates nothing
		for _, when := range []struct {
			name    string
			skip    bool
			fresh   bool // nothing is known of the server
			respond func(*http.Request, string, int) *http.Response
			spoil   func(c *eas.Client)
			want    func(err error, e *eas.Error) bool
			sent    int
		}{
			{name: "a client without a URL", fresh: true, spoil: func(c *eas.Client) { c.URL = nil },
				want: func(err error, _ *eas.Error) bool { return strings.Contains(err.Error(), "Client.URL") }},
			{name: "no version is found", fresh: true, skip: own, respond: noOptions, sent: 1,
				want: func(_ error, e *eas.Error) bool { return e != nil && e.Command == "OPTIONS" && e.HTTPStatus == 500 }},
			{name: "no token", spoil: func(c *eas.Client) { c.Token = tokenless{} },
				want: func(err error, _ *eas.Error) bool { return errors.Is(err, errGone) }},
			{name: "HTTP 500", respond: always(500, ""), sent: 1,
				want: func(_ error, e *eas.Error) bool {
					return e != nil && e.Command == tt.name && e.HTTPStatus == 500 && e.Name == "InternalServerError"
				}},
			{name: "HTTP 404", respond: always(404, "<html>"), sent: 1,
				want: func(_ error, e *eas.Error) bool {
					return e != nil && e.Command == tt.name && e.HTTPStatus == 404 && e.Err == nil
				}},
			{name: "a page of HTML", skip: tt.name == "GetAttachment", respond: func(*http.Request, string, int) *http.Response {
				return reply1(200, []byte("<html>"), "Content-Type", "text/html")
			}, sent: 1, want: func(err error, _ *eas.Error) bool { return errors.Is(err, eas.ErrUnexpectedContent) }},
		} {
			if when.skip {
				continue
			}
			b := &backend{t: t, respond: when.respond}
			c := b.client()
			c.Versions = []eas.Version{tt.version}
			if when.spoil != nil {
				when.spoil(c)
			}
			if !when.fresh {
				c.Restore(eas.State{Version: tt.version, Provisioned: true})
			}
			err := tt.call(t.Context(), c)
			var e *eas.Error
			if err != nil {
				_ = errors.As(err, &e)
			}
			if err == nil || !when.want(err, e) || len(b.calls) != when.sent {
				t.Errorf("%s %s, %s: %v after %d requests, want %d", tt.name, tt.version, when.name, err, len(b.calls), when.sent)
			}
		}
	}
}

// tokenless has no token.
type tokenless struct{}

func (tokenless) Token(context.Context) (*oauth2.Token, error) { return nil, errGone }

// What no document can hold ends the command before anything is sent.
func TestEveryCommandRefusesWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const bad = "a\x00b"
	start, end := at("2026-01-01 09:00"), at("2026-01-01 10:00")
	note := func(s string) *eas.Note { return &eas.Note{Subject: s} }
	weekly := &eas.Event{Subject: "x", Start: start, End: end, Recurrence: &eas.Recurrence{Type: eas.Weekly, Interval: 1, Days: eas.Thursday}}
	renamed := *weekly
	renamed.Subject = bad
	moved := *weekly
	moved.Exceptions = []eas.Exception{{Original: start, Subject: ptr(bad)}}
	apply := func(e eas.Edit) func(ctx context.Context, c *eas.Client) error {
		return func(ctx context.Context, c *eas.Client) error { _, err := c.Apply(ctx, "1", "7", e); return err }
	}
	for name, call := range map[string]func(ctx context.Context, c *eas.Client) error{
		"FolderSync": func(ctx context.Context, c *eas.Client) error { _, err := c.FolderSync(ctx, bad); return err },
		"FolderCreate": func(ctx context.Context, c *eas.Client) error {
			_, _, err := c.FolderCreate(ctx, "1", "0", bad, 12)
			return err
		},
		"FolderUpdate": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FolderUpdate(ctx, "1", eas.Folder{ID: "9", Name: bad, Parent: "0"})
			return err
		},
		"FolderDelete": func(ctx context.Context, c *eas.Client) error { _, err := c.FolderDelete(ctx, "1", bad); return err },
		"Sync":         func(ctx context.Context, c *eas.Client) error { _, err := c.Sync(ctx, "1", bad, nil); return err },
		"SyncMany": func(ctx context.Context, c *eas.Client) error {
			_, err := c.SyncMany(ctx, nil, eas.SyncRequest{Folder: "1", Key: bad})
			return err
		},
		"GetItemEstimate": func(ctx context.Context, c *eas.Client) error {
			_, err := c.GetItemEstimate(ctx, "1", bad, nil)
			return err
		},
		"Ping": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Ping(ctx, []eas.Folder{{ID: bad}}, nil)
			return err
		},
		"MoveItems": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MoveItems(ctx, eas.Move{Item: bad, From: "1", To: "2"})
			return err
		},
		"FetchItem": func(ctx context.Context, c *eas.Client) error { _, err := c.FetchItem(ctx, "1", bad, nil); return err },
		"FetchAttachment": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FetchAttachment(ctx, bad, io.Discard, nil)
			return err
		},
		"EmptyFolder":      func(ctx context.Context, c *eas.Client) error { return c.EmptyFolder(ctx, bad, false) },
		"MoveConversation": func(ctx context.Context, c *eas.Client) error { return c.MoveConversation(ctx, []byte{1}, bad) },
		"SmartReply": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{LongID: bad}, strings.NewReader("x: y\r\n\r\nx"), nil)
		},
		"MeetingResponse": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MeetingResponse(ctx, eas.MeetingAnswer{LongID: bad, Response: eas.ResponseAccepted})
			return err
		},
		"Search": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Search(ctx, eas.Query{Text: bad}, nil)
			return err
		},
		"SearchPeople":  func(ctx context.Context, c *eas.Client) error { _, err := c.SearchPeople(ctx, bad, nil); return err },
		"SearchLibrary": func(ctx context.Context, c *eas.Client) error { _, err := c.SearchLibrary(ctx, bad, nil); return err },
		"Find": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: bad}, nil)
			return err
		},
		"FindPeople": func(ctx context.Context, c *eas.Client) error { _, err := c.FindPeople(ctx, bad, nil); return err },
		"SetDeviceInformation": func(ctx context.Context, c *eas.Client) error {
			return c.SetDeviceInformation(ctx, &eas.DeviceInformation{IMEI: bad})
		},
		"SetDevicePassword": func(ctx context.Context, c *eas.Client) error { return c.SetDevicePassword(ctx, bad) },
		"SetOutOfOffice": func(ctx context.Context, c *eas.Client) error {
			return c.SetOutOfOffice(ctx, &eas.OutOfOffice{Internal: &eas.OutOfOfficeMessage{Text: bad}})
		},
		"ResolveRecipients": func(ctx context.Context, c *eas.Client) error {
			_, err := c.ResolveRecipients(ctx, []string{bad}, nil)
			return err
		},
		"add":                  apply(eas.Add("1", note(bad))),
		"add, the body":        apply(eas.Add("1", &eas.Note{Body: &eas.Body{Data: bad}})),
		"update":               apply(eas.Update("1:1", note("x"), note(bad))),
		"update, the body":     apply(eas.Update("1:1", note("x"), &eas.Note{Subject: "x", Body: &eas.Body{Data: bad}})),
		"update, as it was":    apply(eas.Update("1:1", note(bad), note("x"))),
		"update an occurrence": apply(eas.UpdateOccurrence("1:1", weekly, start, &renamed)),
		"update exceptions":    apply(eas.Update("1:1", weekly, &moved)),
		"mark":                 apply(eas.SetFlag("1:1", eas.Flag{Status: eas.FlagActive, Type: bad})),
		"delete":               apply(eas.Delete(bad)),
	} {
		for _, v := range []eas.Version{eas.Version161, eas.Version141} {
			if strings.HasPrefix(name, "Find") && v != eas.Version161 {
				continue
			}
			b := &backend{t: t}
			c := b.client()
			c.Versions = []eas.Version{v}
			c.Restore(eas.State{Version: v, Provisioned: true})
			if err := call(t.Context(), c); err == nil || !strings.Contains(err.Error(), "NUL") || len(b.calls) > 0 {
				t.Errorf("%s, %s: %v, and %d requests were sent", name, v, err, len(b.calls))
			}
		}
	}
}
