package eas_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A backend is a server without a network, which also works in a bubble of testing/synctest.
// It knows the versions up to 16.1, has no policy and no folders.
type backend struct {
	t *testing.T
	// respond, if it returns a response, replaces that of the backend. n counts the requests
	// of the command, from 1.
	respond func(r *http.Request, command string, n int) *http.Response

	mu    sync.Mutex
	count map[string]int
	calls []call
}

func (b *backend) RoundTrip(r *http.Request) (*http.Response, error) {
	command := r.URL.Query().Get("Cmd")
	if r.Method == http.MethodOptions {
		command = "OPTIONS"
	}
	c := call{method: r.Method, command: command, header: r.Header.Clone(), url: r.URL.String()}
	if r.Body != nil {
		c.body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	b.mu.Lock()
	if b.count == nil {
		b.count = map[string]int{}
	}
	b.count[command]++
	n := b.count[command]
	b.calls = append(b.calls, c)
	b.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var resp *http.Response
	if b.respond != nil {
		resp = b.respond(r, command, n)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if resp == nil {
		resp = b.usual(command)
	}
	resp.Request = r
	return resp, nil
}

func (b *backend) usual(command string) *http.Response {
	switch command {
	case "OPTIONS":
		return reply1(200, nil, "MS-ASProtocolVersions", "12.1,14.0,14.1,16.0,16.1")
	case "Provision":
		return reply1(200, []byte(noPolicy))
	case "FolderSync":
		return reply1(200, captured(b.t, "hstern-foldersync-response-empty"))
	case "Ping":
		return reply1(200, fromXML(b.t, `<Ping xmlns="Ping"><Status>1</Status></Ping>`))
	}
	return reply1(200, nil)
}

// noPolicy is SOGo's: <Policy><PolicyType/><Status>2</Status></Policy>.
const noPolicy = "\x03\x01\x6a\x00\x00\x0e\x45\x4b\x031\x00\x01\x46\x47\x08\x4b\x032\x00\x01\x01\x01\x01"

// reply1 is a response with header fields.
func reply1(status int, body []byte, header ...string) *http.Response {
	h := http.Header{}
	if len(body) > 0 {
		h.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), ProtoMajor: 1}
}

// client returns a client of the backend that knows nothing yet.
func (b *backend) client() *eas.Client {
	u, _ := url.Parse("https://mail.contoso.com/Microsoft-Server-ActiveSync")
	return &eas.Client{
		URL: u, User: "ada@contoso.com", HTTPClient: &http.Client{Transport: b}, Token: bearer.Static(&oauth2.Token{AccessToken: "token"}),
		Device: eas.Device{ID: "device1", Type: "test"},
	}
}

// of returns the requests of a command.
func (b *backend) of(command string) []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.calls), func(c call) bool { return c.command != command })
}

// statusOf is a document that is a status alone.
func statusOf(t testing.TB, command, n string) []byte {
	space := map[string]string{"FolderSync": "FolderHierarchy", "Sync": "AirSync", "SendMail": "ComposeMail", "SmartReply": "ComposeMail",
		"SmartForward": "ComposeMail", "ItemOperations": "ItemOperations", "MeetingResponse": "MeetingResponse", "Search": "Search",
		"Settings": "Settings", "ResolveRecipients": "ResolveRecipients", "GetItemEstimate": "GetItemEstimate", "Ping": "Ping",
		"MoveItems": "Move", "FolderCreate": "FolderHierarchy", "FolderUpdate": "FolderHierarchy", "FolderDelete": "FolderHierarchy",
		"ValidateCert": "ValidateCert", "Find": "Find"}[command]
	return fromXML(t, `<`+command+` xmlns="`+space+`"><Status>`+n+`</Status></`+command+`>`)
}

// elements returns the names of the elements of a document, in order.
func elements(t testing.TB, doc []byte) string {
	t.Helper()
	var d wbxml.Decoder
	d.ResetBytes(doc)
	var out []string
	for {
		tok, err := d.ReadToken()
		if err == io.EOF {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Fatalf("the document cannot be read: %v", err)
		}
		if tok.Kind == wbxml.KindStart {
			out = append(out, tok.Tag.Name())
		}
	}
}

// atEveryStep runs scenario once to count its calls of step, and then once more for each of
// them. In the nth of these runs the nth step reports true: the scenario cancels its context,
// with the cause errGone.
func atEveryStep(t *testing.T, scenario func(step func() bool, cancelled bool)) {
	t.Helper()
	var mu sync.Mutex
	total := 0
	scenario(func() bool { mu.Lock(); defer mu.Unlock(); total++; return false }, false)
	if total == 0 {
		t.Fatal("the scenario has no steps")
	}
	for n := 1; n <= total; n++ {
		at := 0
		scenario(func() bool {
			mu.Lock()
			defer mu.Unlock()
			at++
			return at == n
		}, true)
	}
}

type goneError struct{}

func (goneError) Error() string { return "the user has gone" }

var errGone error = goneError{}
