package eas_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// captured returns a document that someone else made, by its name in the codec's testdata,
// where its source stands.
func captured(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../internal/wbxml/testdata/golden/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "-- hex --\n")
	text, _, _ := strings.Cut(rest, "-- xml --\n")
	doc, err := hex.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A call is what a server was asked.
type call struct {
	method, command string
	header          http.Header
	body            []byte
	url             string
}

// A reply is what a server answers to a command.
type reply struct {
	status int
	header map[string]string
	body   []byte
}

func doc(b []byte) reply { return reply{body: b} }

// replay returns a client of a server that answers each command with what the table has for
// it, in order, the last one for ever. OPTIONS and Provision are answered if the table does
// not say otherwise: 14.1, and no policy.
func replay(t *testing.T, table map[string][]reply) (*eas.Client, *[]call) {
	t.Helper()
	var calls []call
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		c := call{method: r.Method, command: r.URL.Query().Get("Cmd"), header: r.Header.Clone(), body: b}
		if r.Method == http.MethodOptions {
			c.command = "OPTIONS"
		}
		calls = append(calls, c)
		replies := table[c.command]
		if len(replies) == 0 {
			switch c.command {
			case "OPTIONS":
				w.Header().Set("MS-ASProtocolVersions", "2.5,12.1,14.0,14.1")
			case "Provision":
				w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
				// SOGo's: <Policy><PolicyType/><Status>2</Status></Policy>
				w.Write([]byte("\x03\x01\x6a\x00\x00\x0e\x45\x4b\x031\x00\x01\x46\x47\x08\x4b\x032\x00\x01\x01\x01\x01"))
			}
			return
		}
		p := replies[0]
		if len(replies) > 1 {
			table[c.command] = replies[1:]
		}
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		w.Header().Set("request-id", "r-1")
		for k, v := range p.header {
			w.Header().Set(k, v)
		}
		if p.status != 0 {
			w.WriteHeader(p.status)
		}
		w.Write(p.body)
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
	if err != nil {
		t.Fatal(err)
	}
	return &eas.Client{
		URL: u, User: "ada@contoso.com", HTTPClient: srv.Client(), Token: bearer.Static(&oauth2.Token{AccessToken: "token"}),
		Device: eas.Device{ID: "device1", Type: "test"},
	}, &calls
}

// What real servers sent is read as it was meant.
func TestReadsRealServers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		server, sync string
		folder       eas.FolderID
		key          eas.SyncKey
		items        int
		subject      string
		received     time.Time
		from         string
	}{
		{"SOGo 5.8", "sogo-08-sync-get-0.resp", "mail%2F19c562335fbc006be37d000083ecc375", "1-11", 10, "interop 1795210336015077181",
			time.Date(2026, 11, 20, 21, 32, 16, 0, time.UTC), `"Bob" <bob@contoso.test>`},
		{"Z-Push 2.7", "zpush-09-sync-get-0.resp", "cacb8748", "{8318841c-6a02-4466-9c28-73948933fb00}2", 3, "interop 1795210336015077181",
			time.Date(2026, 11, 20, 21, 32, 0, 0, time.UTC), "Bob <bob@contoso.test>"},
		{"Horde 2.41", "horde-08-sync-get-0.resp", "Fd33eecf8", "{6b00bc86-bd44-4b30-a81c-7d6a5def93fa}2", 5, "interop 1795210336015077181",
			time.Date(2026, 11, 20, 21, 32, 16, 0, time.UTC), "Bob <bob@contoso.test>"},
	} {
		t.Run(tt.server, func(t *testing.T) {
			c, _ := replay(t, map[string][]reply{"Sync": {doc(captured(t, tt.sync))}})
			p, err := c.Sync(t.Context(), tt.folder, "1", nil)
			if err != nil {
				t.Fatal(err)
			}
			if p.Key != tt.key || len(p.Added) != tt.items || p.More {
				t.Fatalf("key %q, %d items, more %v", p.Key, len(p.Added), p.More)
			}
			for _, e := range p.Added {
				if e.Err != nil || len(e.Raw) == 0 {
					t.Errorf("item %s: %v", e.ID, e.Err)
				}
			}
			m := p.Added[0].Item.(*eas.Email)
			if m.Subject != tt.subject || !m.Received.Equal(tt.received) || m.From != tt.from || m.Read == nil || *m.Read ||
				m.MessageClass != "IPM.Note" || m.Body == nil || m.Body.Type != eas.BodyPlain || !strings.HasPrefix(m.Body.Data, "body of") && m.Body.Data == "" {
				t.Errorf("mail %+v, body %+v", m, m.Body)
			}
		})
	}
	t.Run("folders", func(t *testing.T) {
		c, _ := replay(t, map[string][]reply{"FolderSync": {
			doc(captured(t, "foldersync-response-11-folders")), doc(captured(t, "sogo-06-foldersync.resp")), doc(captured(t, "zpush-07-foldersync.resp")),
			doc(captured(t, "horde-06-foldersync.resp")), doc(captured(t, "hstern-foldersync-response-empty")),
		}})
		var got []int
		for range 5 {
			f, err := c.FolderSync(t.Context(), "0")
			if err != nil {
				t.Fatal(err)
			}
			if inbox, ok := f.Find(eas.FolderInbox); ok != (len(f.Added) > 0) || ok && (inbox.ID == "" || inbox.Parent != "0") {
				t.Errorf("inbox %+v of %d folders", inbox, len(f.Added))
			}
			got = append(got, len(f.Added))
		}
		if diff := cmp.Diff([]int{11, 9, 6, 7, 0}, got); diff != "" {
			t.Errorf("folders (-want +got):\n%s", diff)
		}
	})
	t.Run("contacts", func(t *testing.T) {
		c, _ := replay(t, map[string][]reply{"Sync": {doc(captured(t, "msaswbxml-sync-add-contact-response"))}})
		p, err := c.Sync(t.Context(), "2", "1", &eas.SyncOptions{Class: eas.ClassContacts})
		if err != nil {
			t.Fatal(err)
		}
		want := &eas.Contact{FileAs: "Funk, Don", FirstName: "Don", LastName: "Funk", Body: &eas.Body{Type: eas.BodyPlain, Truncated: true}}
		if diff := cmp.Diff(want, p.Added[0].Item); diff != "" || p.Added[0].ID != "2:1" {
			t.Errorf("contact %s (-want +got):\n%s", p.Added[0].ID, diff)
		}
	})
	t.Run("Ping", func(t *testing.T) {
		c, _ := replay(t, map[string][]reply{"Ping": {doc(captured(t, "sogo-09-ping-drain-0.resp"))}})
		p, err := c.Ping(t.Context(), []eas.Folder{{ID: "x", Type: eas.FolderInbox}}, nil)
		if err != nil || len(p.Changed) != 1 || p.Changed[0] != "mail%2F19c562335fbc006be37d000083ecc375" {
			t.Errorf("Ping = %+v, %v", p, err)
		}
	})
	for _, name := range []string{"horde-14-sync-stale-key.resp", "zpush-15-sync-stale-key.resp", "syncroton-sync-status3-response"} {
		t.Run(name, func(t *testing.T) {
			c, _ := replay(t, map[string][]reply{"Sync": {doc(captured(t, name))}})
			folder := map[string]eas.FolderID{"horde-14-sync-stale-key.resp": "Fd33eecf8", "zpush-15-sync-stale-key.resp": "cacb8748",
				"syncroton-sync-status3-response": "48ru47fhf7ghf7fgh4"}[name]
			_, err := c.Sync(t.Context(), folder, "999999999", nil)
			var e *eas.Error
			if !errors.Is(err, eas.ErrInvalidSyncKey) || !errors.As(err, &e) || e.Status != 3 || e.Action != eas.ActionResyncFolder {
				t.Errorf("Sync = %v, want ErrInvalidSyncKey", err)
			}
		})
	}
}

// Requests are byte for byte those that others published.
func TestWritesAsOthersDo(t *testing.T) {
	t.Parallel()
	c, calls := replay(t, map[string][]reply{"FolderSync": {doc(captured(t, "hstern-foldersync-response-empty"))}, "SendMail": {{}},
		"Ping": {doc(captured(t, "sogo-09-ping-drain-0.resp"))}})
	ctx := t.Context()
	if _, err := c.FolderSync(ctx, "0"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.FolderSync(ctx, "2"); err != nil {
		t.Fatal(err)
	}
	mime := "From: alice@contoso.test\r\nTo: bob@contoso.test\r\nSubject: sent interop 1795210356158394992\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nvia EAS SendMail\r\n"
	if err := c.SendMail(ctx, strings.NewReader(mime), &eas.SendOptions{LocalID: "c15509925"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ping(ctx, []eas.Folder{{ID: "Fd33eecf8", Type: eas.FolderInbox}}, &eas.PingOptions{Heartbeat: 30 * time.Second}); err != nil {
		t.Fatal(err)
	}
	want := [][]byte{nil, nil, captured(t, "foldersync-request-0"), captured(t, "foldersync-request-2"), captured(t, "zpush-14-sendmail.req"), captured(t, "horde-10-ping-change.req")}
	for i, c := range *calls {
		if want[i] != nil {
			if diff := cmp.Diff(hex.EncodeToString(want[i]), hex.EncodeToString(c.body)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.command, diff)
			}
		}
	}
	for _, c := range *calls {
		if got := c.header.Get("Authorization"); got != "Bearer token" {
			t.Errorf("%s: Authorization %q", c.command, got)
		}
		if _, ok := c.header["Idempotency-Key"]; ok {
			t.Errorf("%s sends Idempotency-Key", c.command)
		}
		if c.command == "OPTIONS" {
			continue
		}
		if c.header.Get("MS-ASProtocolVersion") != "14.1" || c.header.Get("User-Agent") != "easoauth" || c.header.Get("Content-Type") != "application/vnd.ms-sync.wbxml" {
			t.Errorf("%s: header %v", c.command, c.header)
		}
		if key := c.header.Get("X-MS-PolicyKey"); (c.command == "Provision") != (key == "0") {
			t.Errorf("%s: policy key %q", c.command, key)
		}
	}
}

// TestHTTPStatus holds what each status becomes.
func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	challenge := `Bearer client_id="x", authorization_uri="https://login.windows.net/common/oauth2/authorize", error="invalid_token"`
	for _, tt := range []struct {
		name  string
		reply reply
		is    error
		act   eas.Action
		text  string
	}{
		{"S117 400", reply{status: 400}, nil, eas.ActionFix, "BadRequest"},
		{"401", reply{status: 401, header: map[string]string{"WWW-Authenticate": challenge, "X-MS-Diagnostics": `2000003;reason="Expected 'https://a'. Actual 'http://a'.";error_category="invalid_resource"`}},
			eas.ErrUnauthorized, eas.ActionAdmin, "TLS offloading"},
		{"401, legacy only", reply{status: 401, header: map[string]string{"WWW-Authenticate": "Basic realm=x"}}, eas.ErrUnauthorized, eas.ActionReauth, "401"},
		{"403", reply{status: 403}, eas.ErrForbidden, eas.ActionAdmin, "administrator"},
		{"403 about the token", reply{status: 403, header: map[string]string{"WWW-Authenticate": challenge}}, eas.ErrUnauthorized, eas.ActionReauth, "403"},
		{"404", reply{status: 404}, nil, eas.ActionFix, "look the mailbox up"},
		{"413", reply{status: 413}, nil, eas.ActionFix, "ContentTooLarge"},
		{"415", reply{status: 415}, nil, eas.ActionFix, "not the ActiveSync path"},
		{"451", reply{status: 451, header: map[string]string{"X-MS-Location": "https://mail.fabrikam.com/Microsoft-Server-ActiveSync"}}, eas.ErrRedirected, "", "mail.fabrikam.com"},
		{"451 to http", reply{status: 451, header: map[string]string{"X-MS-Location": "http://mail.fabrikam.com/"}}, eas.ErrRedirected, "", "451"},
		{"S117 441", reply{status: 441}, eas.ErrUnauthorized, eas.ActionReauth, "441"},
		{"S117 456", reply{status: 456}, nil, eas.ActionAdmin, "Blocked"},
		{"S117 457", reply{status: 457}, nil, eas.ActionUser, "ExpiredPassword"},
		{"500", reply{status: 500}, nil, eas.ActionReport, "r-1"},
		{"501 of SOGo for a stale key", reply{status: 501}, nil, eas.ActionFix, "NotImplemented"},
		{"502", reply{status: 502}, eas.ErrThrottled, eas.ActionBackOff, "ProxyError"},
		{"S117 503", reply{status: 503, header: map[string]string{"Retry-After": "30", "X-MS-ASThrottle": "TooManyCommands"}}, eas.ErrThrottled, eas.ActionBackOff, "after 30s"},
		{"S027 503 for ever", reply{status: 503, header: map[string]string{"Retry-After": "99999999999999"}}, eas.ErrThrottled, eas.ActionBackOff, "24h0m0s"},
		{"505", reply{status: 505}, eas.ErrVersion, eas.ActionVersion, "VersionNotSupported"},
		{"S117 507", reply{status: 507}, nil, eas.ActionUser, "InsufficientDiskSpace"},
		{"302", reply{status: 302, header: map[string]string{"Location": "https://sso.contoso.com/?user=ada"}}, nil, eas.ActionAdmin, "sso.contoso.com"},
		{"418", reply{status: 418}, nil, eas.ActionFix, "unexpected"},
		{"S115 a login page", reply{header: map[string]string{"Content-Type": "text/html"}, body: []byte("<html>\x1b]0;x")}, eas.ErrUnexpectedContent, eas.ActionReport, "device in front"},
		{"S115 an empty answer", reply{}, eas.ErrUnexpectedContent, eas.ActionReport, "empty"},
		{"a truncated document", doc(captured(t, "sogo-06-foldersync.resp")[:100]), eas.ErrUnexpectedContent, eas.ActionReport, "cannot be read"},
		{"S115 another document", doc(captured(t, "sogo-09-ping-drain-0.resp")), eas.ErrUnexpectedContent, eas.ActionReport, "cannot be read"},
		{"S115 garbage", doc([]byte("garbage")), eas.ErrUnexpectedContent, eas.ActionReport, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, calls := replay(t, map[string][]reply{"FolderSync": {tt.reply}})
			_, err := c.FolderSync(t.Context(), "0")
			var e *eas.Error
			if !errors.As(err, &e) {
				t.Fatalf("FolderSync = %v, want an *Error", err)
			}
			if tt.is != nil && !errors.Is(err, tt.is) || e.Action != tt.act || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("FolderSync = %v (action %q), want %v, action %q and %q", err, e.Action, tt.is, tt.act, tt.text)
			}
			for _, bad := range []string{"ada", "token\"", "\x1b", "user="} {
				if strings.Contains(err.Error(), bad) {
					t.Errorf("error %q holds %q", err, bad)
				}
			}
			if n := len(*calls); n != 3 {
				t.Errorf("%d requests, want 3: OPTIONS, Provision, FolderSync", n)
			}
			if e.Temporary() != (e.Action == eas.ActionBackOff || e.Action == eas.ActionRetry) {
				t.Error("Temporary contradicts the action")
			}
		})
	}
}

func status(page, root, tag byte, n string) []byte {
	return append([]byte{3, 1, 0x6a, 0, 0, page, root | 0x40, tag | 0x40, 3}, n+"\x00\x01\x01"...)
}

// TestStatus holds what the statuses in answers become.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n  string
		is error
	}{
		{"9", eas.ErrInvalidFolderKey}, {"10", nil}, {"111", eas.ErrThrottled}, {"110", nil}, {"126", eas.ErrForbidden}, {"129", eas.ErrForbidden},
		{"134", eas.ErrInvalidFolderKey}, {"177", nil}, {"999", nil}, {"junk", eas.ErrUnexpectedContent}, {"-1", nil}, {"99999999999999999999", eas.ErrUnexpectedContent},
	} {
		c, _ := replay(t, map[string][]reply{"FolderSync": {doc(status(7, 0x16, 0x0c, tt.n))}})
		f, err := c.FolderSync(t.Context(), "0")
		if err == nil || f != nil || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("status %s = %v, want %v", tt.n, err, tt.is)
		}
	}
	// A status that demands provisioning, in band as from 14.0 on (Exchange 2019).
	c, calls := replay(t, map[string][]reply{"FolderSync": {doc(captured(t, "foldersync-response-142-exchange2019")), doc(captured(t, "hstern-foldersync-response-empty"))}})
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Errorf("FolderSync after 142 = %v", err)
	}
	if got := commands(*calls); got != "OPTIONS Provision FolderSync Provision FolderSync" {
		t.Errorf("requests %s", got)
	}
	// For ever: provision once, repeat once, then say so.
	c, calls = replay(t, map[string][]reply{"FolderSync": {{status: 449}}})
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrProvisionRequired) {
		t.Errorf("FolderSync with 449 for ever = %v", err)
	}
	if got := commands(*calls); got != "OPTIONS Provision FolderSync Provision FolderSync" {
		t.Errorf("requests %s", got)
	}
	// 138: the version is negotiated again, once.
	c, calls = replay(t, map[string][]reply{"FolderSync": {doc(status(7, 0x16, 0x0c, "138"))}})
	if _, err := c.FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrVersion) {
		t.Errorf("FolderSync with 138 = %v", err)
	}
	if got := commands(*calls); got != "OPTIONS Provision FolderSync OPTIONS" {
		t.Errorf("requests %s", got)
	}
	// SendMail: 118 is success.
	c, _ = replay(t, map[string][]reply{"SendMail": {doc(status(21, 0x05, 0x12, "118")), doc(status(21, 0x05, 0x12, "119"))}})
	if err := c.SendMail(t.Context(), strings.NewReader("x: y\r\n\r\n"), nil); err != nil {
		t.Errorf("SendMail that was sent before = %v", err)
	}
	if err := c.SendMail(t.Context(), strings.NewReader("x: y\r\n\r\n"), nil); err == nil {
		t.Error("SendMail without a recipient = nil")
	}
}

func commands(calls []call) string {
	var out []string
	for _, c := range calls {
		out = append(out, c.command)
	}
	return strings.Join(out, " ")
}

// One value that cannot be read costs itself alone, and one damaged item itself alone.
func TestOneBadItem(t *testing.T) {
	good := captured(t, "zpush-09-sync-get-0.resp")
	bad := []byte(strings.Replace(string(good), "2026-11-20T21:32:00.000Z", "2026-11-20Txx:32:00.000Z", 1))
	c, _ := replay(t, map[string][]reply{"Sync": {doc(bad)}})
	p, err := c.Sync(t.Context(), "cacb8748", "1", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []eas.OddValue{{Element: "Email:DateReceived", Value: "2026-11-20Txx:32:00.000Z"}}
	for i, e := range p.Added {
		if e.Err != nil || e.Item.(*eas.Email).Subject == "" || len(e.Raw) == 0 {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if diff := cmp.Diff(want, p.Added[0].Item.(*eas.Email).Odd); diff != "" || p.Added[1].Item.(*eas.Email).Odd != nil {
		t.Errorf("odd (-want +got):\n%s", diff)
	}
}

// A server that says there is more and sends nothing does not keep a client busy for ever.
func TestS114NoProgress(t *testing.T) {
	// <Sync><Collections><Collection><SyncKey>1</SyncKey><CollectionId>f</CollectionId><Status>1</Status><MoreAvailable/>…
	more := []byte("\x03\x01\x6a\x00\x45\x5c\x4f\x4b\x031\x00\x01\x52\x03f\x00\x01\x4e\x031\x00\x01\x14\x01\x01\x01")
	c, calls := replay(t, map[string][]reply{"Sync": {doc(more)}})
	var last error
	for _, err := range c.Pages(t.Context(), "f", "1", nil) {
		last = err
	}
	if !errors.Is(last, eas.ErrNoProgress) || len(*calls) > 10 {
		t.Errorf("Pages ended with %v after %d requests", last, len(*calls))
	}
}

func TestS119OptionsVersions(t *testing.T) {
	for _, tt := range []struct {
		server string
		offer  []eas.Version
		want   eas.Version
	}{
		{"2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1", nil, eas.Version161},
		{"16.1, 14.0", nil, eas.Version161},
		{"14.0,12.1", nil, eas.Version140},
		{"12.1,2.5", nil, ""},
		{"12.1,2.5", []eas.Version{eas.Version121}, eas.Version121},
		{"99.9", nil, ""}, {"1.0", nil, ""},
	} {
		c, _ := replay(t, map[string][]reply{"OPTIONS": {{header: map[string]string{"MS-ASProtocolVersions": tt.server, "MS-ASProtocolCommands": "Sync, Ping"}}}})
		c.Versions = tt.offer
		info, err := c.Options(t.Context())
		if info == nil || info.Version != tt.want || (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, eas.ErrVersion) {
			t.Errorf("server %s: %+v, %v; want %s", tt.server, info, err, tt.want)
		}
	}
	c, _ := replay(t, map[string][]reply{"OPTIONS": {{}}})
	if _, err := c.Options(t.Context()); !errors.Is(err, eas.ErrUnexpectedContent) {
		t.Errorf("OPTIONS without versions = %v", err)
	}
	c, _ = replay(t, map[string][]reply{"OPTIONS": {{status: 404}}})
	if _, err := c.FolderSync(t.Context(), "0"); err == nil {
		t.Error("OPTIONS with 404 = nil")
	}
}

func TestS138MisconfiguredClient(t *testing.T) {
	u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	plain, _ := url.Parse("http://mail.contoso.com/")
	token := bearer.Static(&oauth2.Token{AccessToken: "x"})
	for name, c := range map[string]*eas.Client{
		"zero": {}, "no token": {URL: u, User: "a"}, "no user": {URL: u, Token: token}, "http": {URL: plain, User: "a", Token: token},
		"a user with a line break": {URL: u, User: "a\r\nb", Token: token},
		"a device ID":              {URL: u, User: "a", Token: token, Device: eas.Device{ID: "a-b"}},
		"a long device ID":         {URL: u, User: "a", Token: token, Device: eas.Device{ID: strings.Repeat("a", 33)}},
		"a device type":            {URL: u, User: "a", Token: token, Device: eas.Device{Type: "a&b"}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.FolderSync(ctx, ""); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want a refusal before anything is sent", name, err)
		}
		if err := c.SendMail(ctx, strings.NewReader("x"), nil); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: SendMail %v", name, err)
		}
	}
}

// A connection that is cut before the answer: what a server recognizes is sent again, and
// nothing else is.
func TestS013CutConnection(t *testing.T) {
	for _, tt := range []struct {
		version, command string
		want             int // requests
	}{
		{"14.1", "FolderSync", 2}, {"14.1", "SendMail", 2}, {"12.1", "SendMail", 1},
	} {
		n := 0
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("MS-ASProtocolVersions", tt.version)
			if r.Method == http.MethodOptions {
				return
			}
			if n++; n == 1 {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
			if tt.command == "FolderSync" {
				w.Write(captured(t, "hstern-foldersync-response-empty"))
			}
		}))
		u, _ := url.Parse(srv.URL)
		c := &eas.Client{URL: u, User: "a", Token: bearer.Static(&oauth2.Token{AccessToken: "x"}), HTTPClient: srv.Client(), Versions: []eas.Version{eas.Version(tt.version)}}
		if _, err := c.Options(t.Context()); err != nil { // so that the connection is used again
			t.Fatal(err)
		}
		c.Restore(eas.State{Version: eas.Version(tt.version), Provisioned: true})
		var err error
		if tt.command == "FolderSync" {
			_, err = c.FolderSync(t.Context(), "0")
		} else {
			err = c.SendMail(t.Context(), strings.NewReader("To: a@b\r\n\r\n"), nil)
		}
		if n != tt.want || (err == nil) != (tt.want == 2) {
			t.Errorf("%s %s: %d requests, %v; want %d", tt.version, tt.command, n, err, tt.want)
		}
		srv.Close()
	}
}

// A Sync answer given by a fuzzer: no panic, and never success without a key.
func FuzzSyncResponse(f *testing.F) {
	for _, name := range []string{"sogo-08-sync-get-0.resp", "zpush-09-sync-get-0.resp", "horde-14-sync-stale-key.resp", "msaswbxml-sync-add-contact-response"} {
		f.Add(captured(f, name))
	}
	u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	f.Fuzz(func(t *testing.T, body []byte) {
		rt := roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}},
				Body: io.NopCloser(strings.NewReader(string(body))), Request: r}, nil
		})
		c := &eas.Client{URL: u, User: "a", Token: bearer.Static(&oauth2.Token{AccessToken: "x"}), HTTPClient: &http.Client{Transport: rt}}
		c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
		p, err := c.Sync(t.Context(), "2", "1", nil)
		if err == nil && p.Key == "" {
			t.Fatalf("page without a key: %+v", p)
		}
		if err == nil {
			for _, e := range append(p.Added, p.Changed...) {
				if (e.Item == nil) == (e.Err == nil) {
					t.Fatalf("entry %+v", e)
				}
			}
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
