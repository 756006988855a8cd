package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no token         401", "2000003", `"Behind the gateway"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}

func TestRequests(t *testing.T) {
	var log bytes.Buffer
	d, err := newDemo(t.Context(), &log)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	d.tenant.AddMailbox("bob@contoso.com")
	good := "Bearer " + d.tenant.Token(ada).AccessToken
	const path = "/Microsoft-Server-ActiveSync"
	options := func(query string) string { return path + "?Cmd=OPTIONS&DeviceId=d&DeviceType=t" + query }
	for _, tt := range []struct {
		name, target  string
		authorization []string
		status        int
		diagnostics   string
	}{
		{"no token", options(""), nil, 401, ""},
		{"empty token", options(""), []string{"Bearer"}, 401, ""},
		{"password", options(""), []string{"Basic YWRhOmFkYQ=="}, 401, ""},
		{"good", options("&User=ada@contoso.com"), []string{good}, 200, ""},
		{"good, in other letters", strings.ToLower(options("")), []string{good}, 200, ""},
		{"login in the query", options("&User=" + upstream), []string{good}, 200, ""},
		{"domain in the query", options(`&User=CONTOSO%5Cada`), []string{good}, 200, ""},
		{"another's mailbox", options("&User=bob@contoso.com"), []string{good}, 403, ""},
		{"no login", options("&User=bob@contoso.com"), []string{"Bearer " + d.tenant.Token("bob@contoso.com").AccessToken}, 403, ""},
		{"two tokens", options(""), []string{good, good}, 401, "2000001"},
		{"garbage", options(""), []string{"Bearer x.y.z"}, 401, "2000001"},
		{"changed", options(""), []string{good[:len(good)-8] + "AAAAAAAA"}, 401, "2000000"},
		{"another host", options(""), []string{"Bearer " + d.tenant.TokenFor(ada, "outlook.office365.com").AccessToken}, 401, "2000003"},
		{"another path", "/owa/", []string{good}, 404, ""},
		{"path traversal", path + "/../owa/", []string{good}, 404, ""},
		{"discovery", "/autodiscover/autodiscover.json?Email=ada@contoso.com&Protocol=ActiveSync", nil, 200, ""},
		{"discovery in the path", "/Autodiscover/Autodiscover.json/v1.0/ada@contoso.com?protocol=activesync", nil, 200, ""},
		{"discovery of another protocol", "/autodiscover/autodiscover.json?Email=ada@contoso.com&Protocol=Ews", nil, 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, d.endpoint.Scheme+"://"+d.endpoint.Host+tt.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.authorization {
				r.Header.Add("Authorization", v)
			}
			resp, err := d.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tt.status, body)
			}
			challenge := resp.Header.Get("WWW-Authenticate")
			if (tt.status == 401) != strings.HasPrefix(challenge, "Bearer ") {
				t.Errorf("challenge %q", challenge)
			}
			if d := resp.Header.Get("X-MS-Diagnostics"); !strings.HasPrefix(d, tt.diagnostics) || tt.diagnostics == "" && d != "" {
				t.Errorf("diagnostics %q, want %q", d, tt.diagnostics)
			}
			if tt.name == "good" && resp.Header.Get("MS-ASProtocolVersions") == "" {
				t.Error("the server behind the gateway was not asked")
			}
			if strings.HasPrefix(tt.name, "discovery") && tt.status == 200 && !bytes.Contains(body, []byte(d.endpoint.String())) {
				t.Errorf("body %s", body)
			}
		})
	}
	for _, secret := range []string{"eyJ", "correct horse", "Basic ", "ada@"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestUpstreamRefusal sees that a wrong password behind the gateway does not make a client
// ask its user for one.
func TestUpstreamRefusal(t *testing.T) {
	d, err := newDemo(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	d.logins[ada] = login{upstream, "outdated"}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, d.endpoint.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.tenant.Token(ada).AccessToken)
	resp, err := d.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway || resp.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("status %d, challenge %q, want 502 and none", resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
	}
}

// TestPing sees that an answer that is held back reaches the client when it comes.
func TestPing(t *testing.T) {
	d, err := newDemo(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	client := &eas.Client{URL: d.endpoint, User: ada, Token: bearer.Static(d.tenant.Token(ada)), HTTPClient: d.client}
	folders, err := client.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	inbox, _ := folders.Find(eas.FolderInbox)
	for _, err := range client.Pages(t.Context(), inbox.ID, eas.InitialSyncKey, nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	deliver := time.AfterFunc(50*time.Millisecond, func() {
		d.box.Deliver(&eas.Email{Subject: "Now"})
	})
	defer deliver.Stop()
	p, err := client.Ping(t.Context(), []eas.Folder{inbox}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changed) != 1 {
		t.Errorf("changed %v, want the Inbox", p.Changed)
	}
}

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	users := file("users", "# who\n\nAda@contoso.com ada secret\n", 0o600)
	good := settings{public: "https://mail.contoso.com/Microsoft-Server-ActiveSync", upstream: "http://127.0.0.1:1/", users: users}
	for _, tt := range []struct {
		name   string
		change func(*settings)
		want   string
	}{
		{"no public URL", func(s *settings) { s.public = "" }, "-public must be an https URL"},
		{"user in the URL", func(s *settings) { s.public = "https://a:b@mail.contoso.com/" }, "-public must be an https URL"},
		{"clear", func(s *settings) { s.upstream = "http://mail.contoso.com/" }, "in clear"},
		{"no users", func(s *settings) { s.users = filepath.Join(dir, "none") }, "no such file"},
		{"open to others", func(s *settings) { s.users = file("open", "a b c\n", 0o644) }, "chmod"},
		{"malformed", func(s *settings) { s.users = file("malformed", "a b c\nd secret\n", 0o600) }, "line 2"},
		{"nobody", func(s *settings) { s.users = file("empty", "# a b c\n", 0o600) }, "names nobody"},
		{"untrusted", func(s *settings) { s.authority = "https://login.example/common/oauth2/authorize" }, "login.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := good
			tt.change(&s)
			_, err := s.gateway(t.Context(), slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds a password: %v", err)
			}
		})
	}
	if logins, err := readLogins(users); err != nil || logins["ada@contoso.com"] != (login{"ada", "secret"}) {
		t.Errorf("logins %v, %v", logins, err)
	}
}

// A client that does not know Exchange finds the authority by RFC 9728.
func TestMetadata(t *testing.T) {
	d, err := newDemo(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	offer, err := bearer.Probe(t.Context(), d.client, d.endpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	got, m, err := bearer.FollowMetadata(t.Context(), d.client, d.endpoint, offer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Resource != d.endpoint.String() || got.AuthorizationURI == "" || len(m.Scopes) == 0 {
		t.Errorf("metadata %+v, authority %q", m, got.AuthorizationURI)
	}
}
