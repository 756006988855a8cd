package eas_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// Which sentinels an Error matches, by its action, HTTP status and status.
func TestErrorMatches(t *testing.T) {
	sentinels := map[string]error{
		"sync key": eas.ErrInvalidSyncKey, "folder key": eas.ErrInvalidFolderKey, "folder sync": eas.ErrFolderSyncRequired, "provision": eas.ErrProvisionRequired, "wipe": eas.ErrRemoteWipe,
		"unauthorized": eas.ErrUnauthorized, "forbidden": eas.ErrForbidden, "throttled": eas.ErrThrottled, "redirected": eas.ErrRedirected, "version": eas.ErrVersion, "blocked": eas.ErrDeviceBlocked,
		"user": eas.ErrUserDisabled, "devices": eas.ErrTooManyDevices, "not provisionable": eas.ErrNotProvisionable, "unexpected": eas.ErrUnexpectedContent,
	}
	for want, list := range map[string][]*eas.Error{
		"":                             {{}, {Action: eas.ActionRetry}, {Action: eas.ActionReport}, {Action: eas.ActionAdjust}, {Action: eas.ActionAdmin}, {HTTPStatus: 404}, {HTTPStatus: 304}, {HTTPStatus: 309}},
		"sync key":                     {{Action: eas.ActionResyncFolder}},
		"folder key, sync key":         {{Action: eas.ActionResync}},
		"folder key":                   {{Action: eas.ActionFolderReset}},
		"folder sync":                  {{Action: eas.ActionFolderSync}},
		"provision":                    {{Action: eas.ActionProvision}},
		"wipe":                         {{Action: eas.ActionWipe}},
		"unauthorized":                 {{Action: eas.ActionReauth}, {HTTPStatus: 401}},
		"forbidden":                    {{HTTPStatus: 403}},
		"throttled":                    {{Action: eas.ActionBackOff}},
		"redirected":                   {{HTTPStatus: 301}, {HTTPStatus: 302}, {HTTPStatus: 303}, {HTTPStatus: 307}, {HTTPStatus: 308}, {HTTPStatus: 451}},
		"version":                      {{Action: eas.ActionVersion}},
		"blocked, forbidden":           {{Status: 129}},
		"forbidden, user":              {{Status: 126}, {Status: 128}},
		"devices, forbidden":           {{Status: 177}},
		"forbidden, not provisionable": {{Status: 139}},
		"unexpected":                   {{Err: eas.ErrUnexpectedContent}},
	} {
		for _, e := range list {
			var got []string
			for name, s := range sentinels {
				if errors.Is(e, s) {
					got = append(got, name)
				}
			}
			slices.Sort(got)
			if s := strings.Join(got, ", "); s != want {
				t.Errorf("%+v matches %q, want %q", e, s, want)
			}
			if temporary := e.Action == eas.ActionRetry || e.Action == eas.ActionBackOff; e.Temporary() != temporary {
				t.Errorf("%+v: temporary %v", e, e.Temporary())
			}
		}
	}
	for err, want := range map[*eas.RemoteWipeError]string{{}: "the device:", {AccountOnly: true}: "the data of this account:"} {
		if !errors.Is(err, eas.ErrRemoteWipe) || errors.Is(err, eas.ErrForbidden) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", err, err)
		}
	}
}

// What an Error says: each fact once, in order, and nothing that is zero.
func TestErrorSays(t *testing.T) {
	to := &url.URL{Scheme: "https", Host: "mail.contoso.com"}
	for _, tt := range []struct {
		e    eas.Error
		want string
	}{
		{eas.Error{Command: "Sync"}, "eas: Sync"},
		{eas.Error{Command: "Sync", HTTPStatus: 200, Status: 3, Name: "N"}, "eas: Sync: status 3 N"},
		{eas.Error{Command: "Sync", HTTPStatus: 503, Name: "N"}, "eas: Sync: HTTP status 503, N"},
		{eas.Error{Command: "Sync", Limit: 1, RequestID: "r", Throttle: "t"}, "eas: Sync: limit 1, request-id r, throttled by t"},
		{eas.Error{Command: "Sync", Location: to}, "eas: Sync: to mail.contoso.com"},
		{eas.Error{Command: "Sync", Location: to, Verdict: eas.VerdictOwn}, "eas: Sync: to mail.contoso.com, which is the organization's own"},
		{eas.Error{Command: "Sync", Err: errGone}, "eas: Sync: the user has gone"},
		{eas.Error{Command: "Sync", Err: errGone, RetryAfter: time.Second}, "eas: Sync: the user has gone (after 1s)"},
		{eas.Error{Command: "Sync", Err: errors.New("retry after 1s")}, "eas: Sync: retry after 1s"},
		{eas.Error{Command: "Sync", Err: errors.New("retry after 1s"), RetryAfter: time.Second}, "eas: Sync: retry after 1s"},
		{eas.Error{Command: "Sync", RetryAfter: -1}, "eas: Sync"},
		{eas.Error{Command: "Sync", Err: fmt.Errorf("%w: a page", eas.ErrUnexpectedContent)}, "eas: Sync: unexpected content: a page"},
	} {
		if diff := cmp.Diff(tt.want, tt.e.Error()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.e, diff)
		}
	}
}

// A front end that refuses the length of a request says so in the page of an error. See
// TestHTTPStatus for the rest.
func TestRequestThatIsTooLong(t *testing.T) {
	const asp, iis = "<title>Maximum request length exceeded.</title>", "HTTP Error 404.13 - Not Found"
	for _, tt := range []struct {
		status, length int
		page           string
		want           string
	}{
		{500, 64 << 10, asp, "RequestTooLarge"}, {500, 64<<10 - 1, asp, "InternalServerError"}, {404, 64 << 10, iis, "RequestTooLarge"}, {404, 64<<10 - 1, iis, ""},
		{500, 64 << 10, iis, "InternalServerError"}, {404, 64 << 10, asp, ""}, {500, 64 << 10, "", "InternalServerError"}, {503, 64 << 10, asp, ""}, {400, 64 << 10, iis, ""},
		{500, 64 << 10, strings.Repeat(" ", 4<<10-len(asp)) + asp, "RequestTooLarge"}, {500, 64 << 10, strings.Repeat(" ", 4<<10) + asp, "InternalServerError"},
	} {
		b := &backend{t: t, respond: func(*http.Request, string, int) *http.Response { return reply1(tt.status, []byte(tt.page)) }}
		c := b.client()
		c.Versions = []eas.Version{eas.Version121} // whose request is the message
		c.Restore(eas.State{Version: eas.Version121, Provisioned: true})
		var e *eas.Error
		err := c.SendMail(t.Context(), bytes.NewReader(make([]byte, tt.length)), nil)
		if !errors.As(err, &e) || (tt.want != "" && e.Name != tt.want) || (e.Name == "RequestTooLarge") != (tt.want == "RequestTooLarge") {
			t.Errorf("HTTP %d to %d bytes, %.20q: %v", tt.status, tt.length, tt.page, err)
		}
		if tt.want == "RequestTooLarge" && (e.Action != eas.ActionAdmin || !strings.Contains(err.Error(), "maxRequestLength")) {
			t.Errorf("HTTP %d to %d bytes: %v, %s", tt.status, tt.length, err, e.Action)
		}
	}
}

// What a meeting's status says, by its bits.
func TestMeetingStatus(t *testing.T) {
	for s := range eas.MeetingStatus(16) {
		got := fmt.Sprint(s.IsMeeting(), s.IsReceived(), s.IsCanceled())
		if want := fmt.Sprint(s%2 == 1, s/2%2 == 1, s/4%2 == 1); got != want {
			t.Errorf("%d: %s, want %s", s, got, want)
		}
	}
}

// What the source of tokens says is said whole, since its end is what to do, and without what no
// error may quote. It is not a failure of HTTP.
func TestSourceThatFailsSays(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	cause := "no token: " + strings.Repeat("a reason, ", 30) + "of ada@contoso.com at https://login.microsoftonline.com/x?code=1: have an administrator change the policy"
	failure := errors.New(cause)
	client := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
		Token: bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, failure })}
	_, err := client.FolderSync(t.Context(), eas.InitialSyncKey)
	want := "eas: OPTIONS: " + strings.NewReplacer("ada@contoso.com", "…", "?code=1:", "?…").Replace(cause)
	if !errors.Is(err, failure) || fmt.Sprint(err) != want {
		t.Errorf("FolderSync = %v, want %s", err, want)
	}
}
