package eas_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// An endpoint answers every command with an empty body, which to Ping and Sync says that
// nothing changed, and notes what was sent.
type endpoint struct {
	sent     []*http.Request
	anchored bool   // 451 to itself until the mailbox is named in a cookie
	moved    string // 451 to this URL from any other
}

func (s *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	s.sent = append(s.sent, r)
	resp := &http.Response{StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}}
	here := *r.URL
	here.RawQuery = ""
	_, err := r.Cookie("DefaultAnchorMailbox")
	switch {
	case s.moved != "" && s.moved != here.String():
		resp.StatusCode = 451
		resp.Header.Set("X-MS-Location", s.moved)
	case s.anchored && err != nil:
		resp.StatusCode = 451
		resp.Header.Set("X-MS-Location", here.String())
	}
	return resp, nil
}

const usual = "https://mail.contoso.com/Microsoft-Server-ActiveSync"

func (s *endpoint) client(t *testing.T, at string) *eas.Client {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return &eas.Client{URL: u, User: "ada@contoso.com", Token: bearer.Static(&oauth2.Token{AccessToken: "secret"}),
		HTTPClient: &http.Client{Transport: s}}
}

// kept passes a state through JSON, as a restart does.
func kept(t *testing.T, s eas.State) eas.State {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"secret", "ada", "@"} {
		if strings.Contains(string(b), private) {
			t.Errorf("the state %s holds %q", b, private)
		}
	}
	var out eas.State
	if err := json.Unmarshal(b, &out); err != nil || out != s {
		t.Fatalf("%s: %+v, %v, want %+v", b, out, err, s)
	}
	return out
}

// TestWarmStart starts again with what a client has learned: the first command is the only
// request, at the place, of the device and with the cookie of before.
func TestWarmStart(t *testing.T) {
	start := eas.State{Version: eas.Version161, PolicyKey: "77", Provisioned: true}
	for _, tt := range []struct {
		name   string
		server endpoint
		at     string // where the program starts again; "" for the same URL
		first  int    // requests of the first start
		want   string // URL of the only request of the second
	}{
		{name: "plain", first: 1, want: usual},
		{name: "anchored", server: endpoint{anchored: true}, first: 2, want: usual},
		{name: "moved on the same host", server: endpoint{moved: "https://mail.contoso.com/eas"}, first: 2, want: "https://mail.contoso.com/eas"},
		{name: "moved and anchored", server: endpoint{moved: "https://mail.contoso.com/eas", anchored: true}, first: 3, want: "https://mail.contoso.com/eas"},
		{name: "moved to another host", server: endpoint{moved: "https://eas.fabrikam.com/eas"}, at: "https://eas.fabrikam.com/eas", first: 2, want: "https://eas.fabrikam.com/eas"},
		{name: "moved to another host and anchored", server: endpoint{moved: "https://eas.fabrikam.com/eas", anchored: true}, at: "https://eas.fabrikam.com/eas", first: 3, want: "https://eas.fabrikam.com/eas"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := context.Background()
			c := tt.server.client(t, usual)
			c.Moved = func(context.Context, *url.URL) (bearer.Source, error) { return c.Token, nil }
			c.Restore(start)
			if _, err := c.Sync(ctx, "5", "1", nil); err != nil {
				t.Fatal(err)
			}
			if len(tt.server.sent) != tt.first {
				t.Errorf("the first start took %d requests, want %d", len(tt.server.sent), tt.first)
			}
			device := tt.server.sent[0].URL.Query().Get("DeviceId")
			state := kept(t, c.State())
			if state.DeviceID != device || state.URL != tt.want || state.PolicyKey != "77" || !state.Provisioned {
				t.Errorf("state %+v, device %s", state, device)
			}
			tt.server.sent = nil
			if tt.at == "" {
				tt.at = usual
			}
			c = tt.server.client(t, tt.at)
			c.Restore(state)
			if _, err := c.Sync(ctx, "5", "1", nil); err != nil {
				t.Fatal(err)
			}
			if len(tt.server.sent) != 1 {
				t.Fatalf("the second start took %d requests", len(tt.server.sent))
			}
			r := tt.server.sent[0]
			got := *r.URL
			got.RawQuery = ""
			if got.String() != tt.want || r.URL.Query().Get("DeviceId") != device || r.Header.Get("X-MS-PolicyKey") != "77" {
				t.Errorf("the second start sent %s, device %s, policy key %s", got.String(), r.URL.Query().Get("DeviceId"), r.Header.Get("X-MS-PolicyKey"))
			}
			if again := c.State(); again != state {
				t.Errorf("the state changed: %s", cmp.Diff(state, again))
			}
		})
	}
}

// TestRestore gives a client states that do not fit it.
func TestRestore(t *testing.T) {
	good := eas.State{Version: eas.Version161, DeviceID: "device1", PolicyKey: "77", Provisioned: true, URL: usual}
	for _, tt := range []struct {
		name   string
		change func(s *eas.State)
		device string // Client.Device.ID
		first  string // command of the first request
		id     string // of the device in it; "" for any but device1
		at     string // its URL
	}{
		{name: "fits", first: "Ping", id: "device1", at: usual},
		{name: "the same device", device: "device1", first: "Ping", id: "device1", at: usual},
		{name: "another device", device: "device2", first: "Provision", id: "device2", at: usual},
		{name: "a device that cannot be sent", change: func(s *eas.State) { s.DeviceID = "no device\n" }, first: "Provision", at: usual},
		{name: "a version that the client does not speak", change: func(s *eas.State) { s.Version = "2.5" }, first: "OPTIONS", id: "device1", at: usual},
		{name: "of another origin", change: func(s *eas.State) { s.URL = "https://eas.fabrikam.com/eas" }, first: "Ping", id: "device1", at: usual},
		{name: "of the plain origin", change: func(s *eas.State) { s.URL = "http://mail.contoso.com/eas" }, first: "Ping", id: "device1", at: usual},
		{name: "a URL that is not one", change: func(s *eas.State) { s.URL = "::" }, first: "Ping", id: "device1", at: usual},
		{name: "a path", change: func(s *eas.State) { s.URL = "/eas" }, first: "Ping", id: "device1", at: "https://mail.contoso.com/eas"},
		{name: "of an earlier release", change: func(s *eas.State) { s.DeviceID, s.URL = "", "" }, first: "Ping", at: usual},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s endpoint
			c := s.client(t, usual)
			c.Device.ID = tt.device
			state := good
			if tt.change != nil {
				tt.change(&state)
			}
			c.Restore(state)
			c.Ping(context.Background(), []eas.Folder{{ID: "5", Type: eas.FolderInbox}}, nil) // what comes of it does not matter
			if len(s.sent) == 0 {
				t.Fatal("nothing was sent")
			}
			r := s.sent[0]
			command := r.Method
			if command == http.MethodPost {
				command = r.URL.Query().Get("Cmd")
			}
			u := *r.URL
			u.RawQuery = ""
			if command != tt.first || u.String() != tt.at {
				t.Errorf("first %s to %s, want %s to %s", command, u.String(), tt.first, tt.at)
			}
			id := r.URL.Query().Get("DeviceId")
			if command != http.MethodOptions && (tt.id == "" && (id == "device1" || len(id) != 32) || tt.id != "" && id != tt.id) {
				t.Errorf("device %q, want %q", id, tt.id)
			}
		})
	}
}

// TestRestoreInUse gives a state to a client that has begun: its device and its place stay.
func TestRestoreInUse(t *testing.T) {
	var s endpoint
	c := s.client(t, usual)
	c.Restore(eas.State{Version: eas.Version161, PolicyKey: "77", Provisioned: true})
	if _, err := c.Sync(context.Background(), "5", "1", nil); err != nil {
		t.Fatal(err)
	}
	before := c.State()
	c.Restore(eas.State{Version: eas.Version141, DeviceID: "device2", PolicyKey: "78", Provisioned: true, URL: "https://mail.contoso.com/eas"})
	want := before
	want.Version, want.PolicyKey = eas.Version141, "78"
	if diff := cmp.Diff(want, c.State()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A program keeps the State with its sync keys. When it starts again, the first command is
// the only request.
func ExampleClient_Restore() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "one"})
	newClient := func() *eas.Client {
		return &eas.Client{
			URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(),
			Token: bearer.Static(tn.Token("ada@contoso.com")),
		}
	}
	ctx := context.Background()

	client := newClient()
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := json.Marshal(client.State()) // save it here
	if err != nil {
		fmt.Println(err)
		return
	}
	cold := len(tn.Requests())

	var state eas.State
	if err := json.Unmarshal(file, &state); err != nil {
		fmt.Println(err)
		return
	}
	client = newClient()
	client.Restore(state)
	if _, err := client.FolderSync(ctx, folders.Key); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("cold:", cold, "requests")
	fmt.Println("warm:", len(tn.Requests())-cold, "request")
	// Output:
	// cold: 4 requests
	// warm: 1 request
}
