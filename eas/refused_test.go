package eas_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// What a refusal says of the token is in the error, whole or in part.
func TestRefusalsSayWhy(t *testing.T) {
	const challenge = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="invalid_token"`
	for _, tt := range []struct {
		name      string
		status    int
		challenge string
		offered   bool
		action    eas.Action
		says      string
	}{
		{"401", 401, challenge, true, eas.ActionReauth, ""},
		{"401 without an authority", 401, `Bearer error="invalid_token"`, true, eas.ActionReauth, ""},
		{"401 without a word", 401, "", false, eas.ActionReauth, ""},
		{"403 about the token", 403, challenge, true, eas.ActionReauth, ""},
		{"403 about the device", 403, "", false, eas.ActionAdmin, "not allowed"},
		{"500 with a challenge", 500, challenge, false, eas.ActionReport, ""},
	} {
		b := &backend{t: t, respond: func(_ *http.Request, command string, _ int) *http.Response {
			if command != "FolderSync" {
				return nil
			}
			if tt.challenge == "" {
				return reply1(tt.status, nil)
			}
			return reply1(tt.status, nil, "WWW-Authenticate", tt.challenge)
		}}
		_, err := b.client().FolderSync(t.Context(), "0")
		var e *eas.Error
		if !errors.As(err, &e) || (e.Offer != nil && e.Offer.Error == "invalid_token") != tt.offered || e.Action != tt.action {
			t.Errorf("%s: %v (%+v), want %s", tt.name, err, e, tt.action)
			continue
		}
		const device = "the device"
		if strings.Contains(err.Error(), device) && tt.offered {
			t.Errorf("%s: %v blames the device", tt.name, err)
		}
	}
}

// slow gives a byte each second.
type slow struct{ r io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.r.Read(p[:1])
}

// A content that comes slowly may take longer than a command, as long as it comes.
func TestSlowContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		content := strings.Repeat("x", 5000)
		b := &backend{t: t, respond: func(_ *http.Request, command string, _ int) *http.Response {
			if command != "GetAttachment" {
				return nil
			}
			r := reply1(200, nil, "Content-Type", "text/plain")
			r.Body, r.ContentLength = io.NopCloser(slow{strings.NewReader(content)}), -1
			return r
		}}
		c := b.client()
		c.Versions = []eas.Version{eas.Version121}
		c.Restore(eas.State{Version: eas.Version121, Provisioned: true})
		c.Timeout = 10 * time.Second
		var w bytes.Buffer
		got, err := c.GetAttachment(t.Context(), "ref", &w)
		if diff := cmp.Diff(&eas.Content{Type: "text/plain", Size: 5000}, got); err != nil || diff != "" || w.String() != content {
			t.Errorf("%v, %d bytes (-want +got):\n%s", err, w.Len(), diff)
		}
	})
}

// A policy that cannot be read is refused, and so is a device whose acknowledgement is.
func TestPolicyThatCannotBeRead(t *testing.T) {
	policy := func(status, key, doc string) []byte {
		return fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>`+status+`</Status><PolicyKey>`+key+`</PolicyKey>`+doc+`</Policy></Policies></Provision>`)
	}
	const good = `<Data><EASProvisionDoc><AllowCamera>0</AllowCamera></EASProvisionDoc></Data>`
	for _, tt := range []struct {
		name      string
		responses [][]byte
		key       string
		fails     bool
	}{
		{"accepted", [][]byte{policy("1", "1", good), policy("1", "2", "")}, "2", false},
		{"accepted without another key", [][]byte{policy("1", "1", good), policy("1", "", "")}, "1", false},
		{"no policy", [][]byte{policy("2", "", "")}, "", false},
		{"an empty list", [][]byte{fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies/></Provision>`)}, "", false},
		{"no list", [][]byte{fromXML(t, `<Provision xmlns="Provision"><Status>1</Status></Provision>`)}, "", false},
		{"an element in place of a value", [][]byte{policy("1", "1", `<Data><EASProvisionDoc><AllowCamera><AllowWiFi/></AllowCamera></EASProvisionDoc></Data>`)}, "", true},
		{"a status that is not a number", [][]byte{policy("x", "1", good)}, "", true},
		{"refused", [][]byte{policy("3", "1", good)}, "", true},
		{"the acknowledgement refused", [][]byte{policy("1", "1", good), policy("3", "2", "")}, "", true},
		{"the acknowledgement cut", [][]byte{policy("1", "1", good), policy("1", "2", "")[:20]}, "", true},
	} {
		b := &backend{t: t, respond: func(_ *http.Request, command string, n int) *http.Response {
			if command != "Provision" {
				return nil
			}
			return reply1(200, tt.responses[min(n, len(tt.responses))-1])
		}}
		c := b.client()
		p, err := c.Provision(t.Context())
		if s := c.State(); (err != nil) != tt.fails || s.PolicyKey != tt.key || s.Provisioned == tt.fails || err == nil && p.Key != tt.key || len(b.of("Provision")) != len(tt.responses) {
			t.Errorf("%s: %+v, %v, %+v after %d requests", tt.name, p, err, s, len(b.of("Provision")))
		}
	}
}

// What several callers get of a policy is each one's own.
func TestPolicyIsCopied(t *testing.T) {
	doc := fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>1</PolicyKey><Data><EASProvisionDoc><AllowCamera>0</AllowCamera>`+
		`<UnapprovedInROMApplicationList><ApplicationName>a</ApplicationName><ApplicationName>b</ApplicationName></UnapprovedInROMApplicationList></EASProvisionDoc></Data></Policy></Policies></Provision>`)
	b := &backend{t: t, respond: func(_ *http.Request, command string, _ int) *http.Response {
		if command == "Provision" {
			return reply1(200, doc)
		}
		return nil
	}}
	c := b.client()
	c.ApplyPolicy = func(_ context.Context, p *eas.Policy) (eas.PolicyOutcome, error) {
		if len(p.UnapprovedApplications) == 2 {
			p.UnapprovedApplications[0], *p.Camera = "changed", true
		}
		return eas.PolicyApplied, nil
	}
	p, err := c.Provision(t.Context())
	if err != nil || p.Camera == nil || *p.Camera || strings.Join(p.UnapprovedApplications, " ") != "a b" {
		t.Errorf("%+v, %v", p, err)
	}
}

// A picture of one byte is one, and an empty one is none.
func TestSmallPictures(t *testing.T) {
	for text, want := range map[string]string{"AQ==": "\x01", "": "", " ": ""} {
		item, err := eas.Decode(eas.ClassContacts, fromXML(t, `<ApplicationData xmlns="AirSync"><Picture xmlns="Contacts">`+text+`</Picture></ApplicationData>`))
		if err != nil || string(item.(*eas.Contact).Picture) != want {
			t.Errorf("%q: %v, %v", text, item, err)
		}
	}
}

// A token that was renewed for a 401 is not renewed for a 403 of the same request.
func TestForbiddenAfterUnauthorized(t *testing.T) {
	b := &backend{t: t, respond: func(r *http.Request, command string, _ int) *http.Response {
		switch {
		case command != "FolderSync":
			return nil
		case r.Header.Get("Authorization") == "Bearer token0":
			return reply1(401, nil, "WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		return reply1(403, nil)
	}}
	source := &renewable{}
	c := b.client()
	c.Token = source
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrForbidden) || source.refreshes != 1 {
		t.Errorf("FolderSync = %v after %d refreshes", err, source.refreshes)
	}
}

// A status that a version causes is doubted when the version was negotiated long ago.
func TestOldVersionIsDoubted(t *testing.T) {
	for after, options := range map[time.Duration]int{0: 1, 59 * time.Minute: 1, 61 * time.Minute: 2} {
		synctest.Test(t, func(t *testing.T) {
			b := &backend{t: t}
			b.respond = func(_ *http.Request, command string, n int) *http.Response {
				if command == "FolderSync" && n == 1 {
					return reply1(200, statusOf(t, "FolderSync", "103"))
				}
				return nil
			}
			c := b.client()
			if _, err := c.Options(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			_, err := c.FolderSync(t.Context(), "0")
			if n := len(b.of("OPTIONS")); n != options {
				t.Errorf("after %v: %d OPTIONS, want %d (%v)", after, n, options, err)
			}
		})
	}
}

// The record of a request holds what there is to say of it, and nothing that is zero.
func TestLogRecord(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   []byte
		want   []string
		not    []string
	}{
		{200, statusOf(t, "FolderSync", "9"), []string{"level=DEBUG", "command=FolderSync", "http_status=200", " status=9", "version=16.1"}, []string{"error=", "request_id=", "throttle="}},
		{200, nil, []string{"level=DEBUG", "http_status=200"}, []string{" status="}},
		{399, nil, []string{"level=DEBUG"}, nil}, {400, nil, []string{"level=WARN"}, nil}, {503, statusOf(t, "FolderSync", "9"), []string{"level=WARN", "http_status=503"}, []string{" status="}},
	} {
		var out bytes.Buffer
		b := &backend{t: t, respond: func(_ *http.Request, command string, _ int) *http.Response {
			return reply1(tt.status, tt.body)
		}}
		c := b.client()
		c.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		_, _ = c.FolderSync(t.Context(), "0")
		for _, s := range tt.want {
			if !strings.Contains(out.String(), s) {
				t.Errorf("HTTP %d: no %s in %s", tt.status, s, out.String())
			}
		}
		for _, s := range tt.not {
			if strings.Contains(out.String(), s) {
				t.Errorf("HTTP %d: %s in %s", tt.status, s, out.String())
			}
		}
	}
}

// A response of line breaks alone is an empty one.
func TestLineBreaksAlone(t *testing.T) {
	for _, body := range []string{"", "\r\n", "\n\n"} {
		b := &backend{t: t, respond: func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Sync" {
				return reply1(200, []byte(body))
			}
			return nil
		}}
		if p, err := b.client().Sync(t.Context(), "1", "7", nil); err != nil || p.Key != "7" {
			t.Errorf("%q: %s, %v", body, show(p), err)
		}
	}
}
