package eastest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// read is what a client has of a mailbox.
func read(t *testing.T, client *http.Client, at *url.URL, tok bearer.Source) []string {
	t.Helper()
	c := &eas.Client{URL: at, User: ada, Device: eas.Device{ID: "device1"}, HTTPClient: client, Token: tok}
	folders, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range folders.Added {
		out = append(out, string(f.ID)+" "+f.Name)
	}
	return out
}

// What one client records another is given, without the tenant, over a transport and over a
// server on loopback; and repeats are answered alike.
func TestReplay(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox(ada, &eas.Email{Subject: "one"})
	token := bearer.Static(tn.Token(ada))
	want := read(t, tn.Client(), tn.URL(), token)
	if len(want) == 0 {
		t.Fatal("no folders")
	}
	archive := tn.Archive()

	rec, err := eastest.Replay(archive)
	if err != nil {
		t.Fatal(err)
	}
	rec.Strict = true
	if n := len(rec.Unused()); n != len(tn.Requests()) {
		t.Errorf("%d requests to come, want %d", n, len(tn.Requests()))
	}
	for range 2 {
		if diff := cmp.Diff(want, read(t, &http.Client{Transport: rec}, tn.URL(), token)); diff != "" {
			t.Error(diff)
		}
		if left := rec.Unused(); len(left) > 0 {
			t.Errorf("not used: %q", left)
		}
	}

	rec, err = eastest.Replay(archive)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(rec)
	defer server.Close()
	at, err := url.Parse(server.URL + tn.URL().Path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read(t, server.Client(), at, token)); diff != "" {
		t.Error(diff)
	}
}

// Each exchange of an archive gives the bytes that the tenant sent.
func TestArchiveKeepsBytes(t *testing.T) {
	for name, f := range map[string]eastest.Failure{
		"text":            {Status: 200, Body: "one"},
		"newline at end":  {Status: 200, Body: "one\n"},
		"empty lines":     {Status: 503, Body: "\n\n"},
		"empty":           {Status: 204},
		"a marker inside": {Status: 200, Body: "one\n-- 001/request.http --\ntwo"},
		"not text":        {Status: 200, Body: "\xff\x00\xfe"},
		"CR":              {Status: 200, Body: "a\r\nb\r\n"},
		"WBXML":           {Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: "\x03\x01\x6a\x00\x00\x07\x56\x4c\x031\x00\x01\x01"},
		"broken WBXML":    {Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: "\x03\x01\x6a\x00\x00\x07\x56"},
		"WBXML 1.2":       {Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: "\x02\x01\x6a\x00\x00\x07\x56\x4c\x031\x00\x01\x01"},
		"error code":      {Status: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"error":{"code":"ProtocolNotSupported"}}`},
		"mail":            {Status: 200, Header: http.Header{"Content-Type": {"message/rfc822"}}, Body: strings.Repeat("A", 76) + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, nil)
			tn.Fail("outlook.office365.com", f)
			if _, body := get(t, tn.Client(), discovery); body != f.Body {
				t.Fatalf("the tenant sent %q", body)
			}
			rec, err := eastest.Replay(tn.Archive())
			if err != nil {
				t.Fatalf("%v\n%s", err, tn.Archive())
			}
			resp, err := rec.RoundTrip(httptest.NewRequest("GET", discovery, nil))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if string(b) != f.Body || resp.StatusCode != f.Status || resp.Header.Get("Content-Type") != f.Header.Get("Content-Type") && f.Header != nil {
				t.Errorf("%d %q %v", resp.StatusCode, b, resp.Header)
			}
		})
	}
}

// The archive of a whole sign-in holds no secret, and the same one has the same name.
func TestArchiveHoldsNoSecret(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{SignInPages: true})
	tn.AddMailbox(ada)
	client := tn.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	const login = "https://login.microsoftonline.com/common/oauth2/v2.0/"
	const verifier, state, nonce = "verifier-verifier-verifier-verifier-verifier", "state-of-mine", "nonce-of-mine"
	const redirect = "http://localhost"
	_, page := get(t, client, login+"authorize?"+url.Values{
		"client_id": {eastest.ClientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "state": {state}, "nonce": {nonce},
		"scope":          {"https://outlook.office365.com/EAS.AccessAsUser.All offline_access openid"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"}, "login_hint": {ada},
	}.Encode())
	m := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no page: %s", page)
	}
	secrets := []string{m[1], verifier, state, nonce, eastest.Password}
	resp, err := client.PostForm("https://login.microsoftonline.com/common/login", url.Values{"id": {m[1]}, "username": {ada}, "password": {eastest.Password}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	code := to.Query().Get("code")
	resp, err = client.PostForm(login+"token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {eastest.ClientID}, "code": {code},
		"redirect_uri": {redirect}, "code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	tokens := regexp.MustCompile(`"(\w+_token)":\s*"([^"]+)"`).FindAllSubmatch(b, -1)
	if code == "" || len(tokens) != 3 {
		t.Fatalf("code %q, %d tokens: %s", code, len(tokens), b)
	}
	secrets = append(secrets, code)
	var access string
	for _, tok := range tokens {
		secrets = append(secrets, string(tok[2]))
		if string(tok[1]) == "access_token" {
			access = string(tok[2])
		}
	}
	const share = "word-of-the-share"
	s := &stranger{t: t, tn: tn, version: "14.1", key: "0", token: access}
	s.post("ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>DocumentLibrary</Store>`+
		`<Options><UserName>ada</UserName><Password>`+share+`</Password></Options></Fetch></ItemOperations>`)
	secrets = append(secrets, share)

	archive := string(tn.Archive())
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			if strings.Contains(archive, form) {
				t.Errorf("the archive holds %q", form)
			}
		}
	}
	names := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(archive)
		if m == nil {
			t.Fatalf("no %s in\n%s", pattern, archive)
		}
		return m[1]
	}
	for _, pair := range [][2]string{
		{`[?&]code=(redacted-\d+)`, `&code=(redacted-\d+)&code_verifier`},
		{`"access_token":\s*"(redacted-\d+)"`, `Authorization: Bearer (redacted-\d+)`},
		{`name="id" value="(redacted-\d+)"`, `\nid=(redacted-\d+)`},
		{`[?&]state=(redacted-\d+)`, `Location: .*[?&]state=(redacted-\d+)`},
	} {
		if a, b := names(pair[0]), names(pair[1]); a != b {
			t.Errorf("%s is %s, and %s is %s", pair[0], a, pair[1], b)
		}
	}
	if a, b := names(`"access_token":\s*"(redacted-\d+)"`), names(`"refresh_token":\s*"(redacted-\d+)"`); a == b {
		t.Errorf("two tokens are both %s", a)
	}
	if regexp.MustCompile(`redacted-[0-9a-f]{16}`).MatchString(archive) {
		t.Error("a name without a number")
	}
	if _, err := eastest.Replay([]byte(archive)); err != nil {
		t.Error(err)
	}
}

// What a response holds is redacted by its name, too, where it does not look like a token.
func TestArchiveHoldsNoSecretOfResponses(t *testing.T) {
	for name, c := range map[string]struct{ kind, body, want string }{
		"user code, and where it is said again": {"application/json", `{"user_code":"ABC123XYZ","message":"enter ABC123XYZ"}`, `{"user_code":"redacted-2","message":"enter redacted-2"}`},
		"tokens that are opaque":                {"application/json", `{"access_token" : "opaque\u002d1", "expires_in":5}`, `{"access_token" : "redacted-2", "expires_in":5}`},
		"form":                                  {"text/html", `<input name="state" value="s"><input name="other" value="stays">`, `<input name="state" value="redacted-2"><input name="other" value="stays">`},
		"signed":                                {"text/plain", `got eyJh.eyJi.c.`, `got redacted-2.`},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, nil)
			tn.Fail("outlook.office365.com", eastest.Failure{Status: 200, Header: http.Header{"Content-Type": {c.kind}}, Body: c.body})
			get(t, tn.Client(), discovery)
			if got := between(string(tn.Archive()), "001/response.txt --\n", "\n"); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

const recorded = `
-- a/request.http --
POST https://mail.contoso.com/x?Cmd=Sync&state=redacted-1 HTTP/1.1
Content-Type: text/plain
-- a/request.txt --
one
-- a/response.http --
HTTP/1.1 200 OK
-- a/response.txt --
first
-- b/request.http --
POST https://mail.contoso.com/x?Cmd=Sync&state=redacted-1 HTTP/1.1
-- b/request.txt --
two
-- b/response.http --
HTTP/1.1 503 Service Unavailable
Retry-After: 30
-- c/request.http --
GET https://mail.contoso.com/cut HTTP/1.1
-- c/response.http --
cut
`

// Which response a request gets.
func TestReplayMatches(t *testing.T) {
	type request struct{ method, url, body string }
	const x = "https://mail.contoso.com/x?state=mine&Cmd=Sync"
	for name, c := range map[string]struct {
		strict   bool
		requests []request
		want     []string // status and body, or the error
	}{
		"in order":             {false, []request{{"POST", x, "one"}, {"POST", x, "two"}}, []string{"200 first", "503 "}},
		"by body":              {false, []request{{"POST", x, "two"}, {"POST", x, "one"}}, []string{"503 ", "200 first"}},
		"repeat":               {false, []request{{"POST", x, "one"}, {"POST", x, "one"}, {"POST", x, "two"}}, []string{"200 first", "200 first", "503 "}},
		"other body":           {false, []request{{"POST", x, "new"}, {"POST", x, "new"}, {"POST", x, "new"}}, []string{"200 first", "503 ", "not recorded"}},
		"strict":               {true, []request{{"POST", x, "new"}, {"POST", x, "one"}}, []string{"not recorded", "200 first"}},
		"method":               {false, []request{{"PUT", x, "one"}}, []string{"not recorded"}},
		"host":                 {false, []request{{"POST", strings.Replace(x, "mail", "other", 1), "one"}}, []string{"not recorded"}},
		"host in another case": {false, []request{{"POST", strings.Replace(x, "mail.contoso.com", "MAIL.contoso.com:443", 1), "one"}}, []string{"200 first"}},
		"path":                 {false, []request{{"POST", strings.Replace(x, "/x", "/y", 1), "one"}}, []string{"not recorded"}},
		"query":                {false, []request{{"POST", strings.Replace(x, "Sync", "Ping", 1), "one"}}, []string{"not recorded"}},
		"query lacks":          {false, []request{{"POST", "https://mail.contoso.com/x?Cmd=Sync", "one"}}, []string{"not recorded"}},
		"cut":                  {false, []request{{"GET", "https://mail.contoso.com/cut", ""}}, []string{"cut"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := eastest.Replay([]byte(recorded))
			if err != nil {
				t.Fatal(err)
			}
			rec.Strict = c.strict
			var got []string
			for _, r := range c.requests {
				req, err := http.NewRequest(r.method, r.url, strings.NewReader(r.body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := rec.RoundTrip(req)
				switch {
				case errors.Is(err, eastest.ErrNotRecorded):
					got = append(got, "not recorded")
				case errors.Is(err, io.ErrUnexpectedEOF):
					got = append(got, "cut")
				case err != nil:
					t.Fatal(err)
				default:
					b, err := io.ReadAll(resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%d %s", resp.StatusCode, b))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A form is compared by its fields, and one that was redacted is every value's; so in a
// transcript, where the escaped secret of one request is the plain one of another.
func TestReplayMatchesForms(t *testing.T) {
	tn := eastest.New(t, nil)
	const login = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
	send := func(client *http.Client, form string) (int, error) {
		resp, err := client.Post(login, "application/x-www-form-urlencoded", strings.NewReader(form))
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	for _, form := range []string{"grant_type=refresh_token&refresh_token=a%2Bb%2Bc%2Bd", "grant_type=none&code=a%2bb%2bc%2bd"} {
		if _, err := send(tn.Client(), form); err != nil {
			t.Fatal(err)
		}
	}
	archive := tn.Archive()
	if n := strings.Count(string(archive), "=redacted-1\n"); n != 2 {
		t.Errorf("%d times the same secret in\n%s", n, archive)
	}
	rec, err := eastest.Replay(archive)
	if err != nil {
		t.Fatal(err)
	}
	rec.Strict = true
	client := &http.Client{Transport: rec}
	if _, err := send(client, "refresh_token=other&grant_type=refresh_token"); err != nil {
		t.Error(err)
	}
	for _, form := range []string{"grant_type=refresh_token", "grant_type=other&code=x", "grant_type=none&code=x&scope=y"} {
		if status, err := send(client, form); !errors.Is(err, eastest.ErrNotRecorded) {
			t.Errorf("%s: %d %v", form, status, err)
		}
	}
	if left := rec.Unused(); len(left) != 1 {
		t.Errorf("not used: %q", left)
	}
}

func TestReplayServesWhatIsNotRecorded(t *testing.T) {
	rec, err := eastest.Replay([]byte(recorded))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(rec)
	defer server.Close()
	resp, err := http.Get(server.URL + "/none?code=secret")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 501 || !strings.Contains(string(b), "a POST mail.contoso.com/x") || strings.Contains(string(b), "secret") {
		t.Errorf("%d %s", resp.StatusCode, b)
	}
	if resp, err := http.Get(server.URL + "/cut"); err == nil {
		resp.Body.Close()
		t.Errorf("status %d of a connection that is cut", resp.StatusCode)
	}
}

// What is no archive is refused with the name of its file.
func TestReplayRefuses(t *testing.T) {
	for old, c := range map[string]struct{ new, want string }{
		recorded:                           {"nothing", "/request.http"},
		"b/response.http":                  {"b/other", `"b/response.http" is missing`},
		"b/request.http":                   {"a/request.http", `"a/request.http" is there twice`},
		"GET https://mail.contoso.com":     {"GET ", `"c/request.http" is not absolute`},
		"/cut HTTP/1.1":                    {"/cut", `"c/request.http" does not begin`},
		"503":                              {"999", `"b/response.http" does not begin`},
		"HTTP/1.1 200":                     {"HTTP/1.1 101", `"a/response.http" does not begin`},
		"Retry-After: 30":                  {"Retry-After", `header of "b/response.http"`},
		"a/response.txt --\nfirst":         {"a/response.base64 --\n!", `"a/response.base64" is not base64`},
		"a/response.txt --\nfirst\n-- b/r": {"a/response.xml --\n<x>\n-- b/r", `"a/response.xml"`},
	} {
		_, err := eastest.Replay([]byte(strings.Replace(recorded, old, c.new, 1)))
		if !errors.Is(err, eastest.ErrArchive) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want %s", c.new, old, err, c.want)
		}
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte("-- x/request.http --\nGET https://a/ HTTP/1.1\n-- x/response.http --\nHTTP/1.1 200\nA: b\n-- x/response.base64 --\nAAAA\n"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		rec, err := eastest.Replay(archive)
		if err != nil {
			if !errors.Is(err, eastest.ErrArchive) {
				t.Errorf("%v", err)
			}
			return
		}
		for _, u := range rec.Unused() {
			_, rest, _ := strings.Cut(u, " ")
			method, target, _ := strings.Cut(rest, " ")
			req, err := http.NewRequest(method, "https://"+target, bytes.NewReader(nil))
			if err != nil {
				continue
			}
			_, _ = rec.RoundTrip(req) // must not panic
			func() {
				defer func() {
					if p := recover(); p != nil && p != http.ErrAbortHandler {
						panic(p)
					}
				}()
				rec.ServeHTTP(httptest.NewRecorder(), req.WithContext(context.Background()))
			}()
		}
	})
}

// A recorded exchange becomes a mock: the archive may be a file in testdata.
func ExampleReplay() {
	rec, err := eastest.Replay([]byte(`
-- 001/request.http --
OPTIONS https://mail.contoso.com/Microsoft-Server-ActiveSync HTTP/1.1
-- 001/response.http --
HTTP/1.1 200 OK
MS-ASProtocolVersions: 14.1,16.1
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rec}
	req, err := http.NewRequest(http.MethodOptions, "https://mail.contoso.com/Microsoft-Server-ActiveSync", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("MS-ASProtocolVersions"), len(rec.Unused()))
	// Output: 200 OK 14.1,16.1 0
}
