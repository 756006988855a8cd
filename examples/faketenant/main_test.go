package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// start runs the program in this process and returns what -json prints.
func start(t *testing.T, args ...string) Started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-json"}, args...), write)
		write.CloseWithError(io.EOF)
		ended <- err
	}()
	var s Started
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no line: %v; %v", err, <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
	})
	return s
}

// proxied is a client that knows nothing but the proxy and the authority's file.
func proxied(t *testing.T, s Started) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the file")
	}
	proxy, err := url.Parse(s.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func call(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	return callWith(t, http.DefaultClient, method, url, body, header...)
}

func callWith(t *testing.T, c *http.Client, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// A program that knows the proxy and the authority reaches the hosts, over either version of
// HTTP, and no others.
func TestProxy(t *testing.T) {
	s := start(t)
	c := proxied(t, s)
	status, h, body := callWith(t, c, "GET", "https://autodiscover.contoso.com/autodiscover/autodiscover.json?Email=ada@contoso.com&Protocol=ActiveSync", "")
	if want := `{"Protocol":"ActiveSync","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`; status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("%d %s", status, body)
	}
	if got := h.Get("X-Fake-Tenant"); got != "easoauth" {
		t.Errorf("X-Fake-Tenant: %q", got)
	}
	resp, err := c.Get("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration")
	if err != nil || resp.Proto != "HTTP/2.0" || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	for _, u := range []string{"https://example.com/", "https://mail.contoso.com:8443/"} {
		if resp, err := c.Get(u); err == nil {
			resp.Body.Close()
			t.Errorf("%s is reached", u)
		}
	}
	if status, _, body := callWith(t, c, "GET", "http://mail.contoso.com/", ""); status != 405 || !strings.Contains(body, "CONNECT") {
		t.Errorf("plain http: %d %s", status, body)
	}
}

// One port is all hosts, by the server name.
func TestServerName(t *testing.T) {
	s := start(t, "-topology", "cloud")
	c := proxied(t, s)
	tr := c.Transport.(*http.Transport)
	tr.Proxy = nil
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.HTTPS)
	}
	if status, h, _ := callWith(t, c, "OPTIONS", s.ActiveSync, "", "Authorization", "Bearer"); status != 401 || !strings.Contains(h.Get("WWW-Authenticate"), "authorization_uri") {
		t.Errorf("%d %v", status, h)
	}
	if _, err := c.Get("https://example.com/"); err == nil {
		t.Error("a foreign name is served")
	}
}

// The API does what its documentation says.
func TestAPI(t *testing.T) {
	s := start(t, "-no-policy")
	c := proxied(t, s)
	api := s.Page + "api/"
	post := func(path, body string, want int) string {
		t.Helper()
		status, _, out := call(t, "POST", api+path, body)
		if status != want {
			t.Errorf("POST %s %s: %d %s", path, body, status, out)
		}
		return out
	}
	options := func() int {
		status, _, _ := callWith(t, c, "OPTIONS", s.ActiveSync, "", "Authorization", "Bearer", "X-User-Identity", "ada@contoso.com")
		return status
	}
	if got := options(); got != 401 {
		t.Errorf("before: %d", got)
	}
	post("faults", `{"id":"SERVER_BUSY","times":1}`, 201)
	if got := []int{options(), options()}; !cmp.Equal(got, []int{503, 401}) {
		t.Errorf("a fault for one request: %v", got)
	}
	post("faults", `{"id":"WAF_BLOCK","value":"Akamai","host":"mail.contoso.com"}`, 201)
	if got := options(); got != 403 {
		t.Errorf("a firewall: %d", got)
	}
	if status, _, _ := call(t, "DELETE", api+"faults/WAF_BLOCK", ""); status != 204 {
		t.Errorf("lift: %d", status)
	}
	if got := options(); got != 401 {
		t.Errorf("lifted: %d", got)
	}
	post("failures", `{"match":"mail.contoso.com","status":507}`, 201)
	if got := options(); got != 507 {
		t.Errorf("a failure: %d", got)
	}
	for body, want := range map[string]int{
		`{"id":"NO_SUCH"}`: 400, `{"id":"EXO_NANOPROXY"}`: 400, `{`: 400, `{"other":1}`: 400, `{"id":"SERVER_BUSY","times":-1}`: 400,
	} {
		post("faults", body, want)
	}
	post("failures", `{"status":500}`, 400)
	post("mailboxes", `{"address":"eve@contoso.com"}`, 201)
	post("mailboxes", `{"address":"eve@contoso.com"}`, 400)
	post("mailboxes/eve@contoso.com/messages", `{"subject":"Hello","body":"text"}`, 201)
	post("mailboxes/nobody@contoso.com/messages", `{"subject":"Hello"}`, 404)
	post("mailboxes/eve@contoso.com/move", ``, 204)
	post("mailboxes/eve@contoso.com/revoke", ``, 204)
	post("devices/NOCODE", `{}`, 404)
	post("clock", `{"advance":"never"}`, 400)

	var boxes []Mailbox
	_, _, out := call(t, "GET", api+"mailboxes", "")
	if err := json.Unmarshal([]byte(out), &boxes); err != nil || len(boxes) != 3 || boxes[2].Inbox[1].Subject != "Hello" {
		t.Errorf("mailboxes: %s", out)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(post("tokens", `{"address":"ada@contoso.com"}`, 201)), &token); err != nil {
		t.Fatal(err)
	}
	auth := []string{"Authorization", "Bearer " + token.AccessToken}
	if status, _, _ := callWith(t, c, "OPTIONS", s.ActiveSync, "", auth...); status != 200 {
		t.Errorf("with a token: %d", status)
	}
	var now clock
	before := post("clock", `{"advance":"2h"}`, 200)
	if err := json.Unmarshal([]byte(before), &now); err != nil || time.Until(now.Now) < time.Hour {
		t.Errorf("clock: %s", before)
	}
	if status, h, _ := callWith(t, c, "OPTIONS", s.ActiveSync, "", auth...); status != 401 || !strings.HasPrefix(h.Get("X-MS-Diagnostics"), "2000002") {
		t.Errorf("two hours later: %d %v", status, h)
	}

	var list []Request
	_, _, out = call(t, "GET", api+"requests", "")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) < 5 {
		t.Fatalf("requests: %s", out)
	}
	last := list[len(list)-1]
	if !strings.Contains(strings.Join(last.Why, " "), "2000002") || strings.Contains(out, token.AccessToken) {
		t.Errorf("the last request: %+v", last)
	}
	if status, _, _ := call(t, "DELETE", api+"requests", ""); status != 204 {
		t.Errorf("forget: %d", status)
	}
	if _, _, out = call(t, "GET", api+"requests", ""); strings.TrimSpace(out) != "[]" {
		t.Errorf("after it: %s", out)
	}
	for _, path := range []string{"tenant", "faults", "clock"} {
		if status, h, out := call(t, "GET", api+path, ""); status != 200 || !json.Valid([]byte(out)) || h.Get("X-Fake-Tenant") == "" {
			t.Errorf("%s: %d %s", path, status, out)
		}
	}
}

// The page works without JavaScript, and only for those who open it as this machine.
func TestPage(t *testing.T) {
	s := start(t)
	c := proxied(t, s)
	callWith(t, c, "OPTIONS", s.ActiveSync, "", "Authorization", "Bearer <script>")
	form := func(path string, v url.Values) int {
		status, _, _ := callWith(t, &http.Client{CheckRedirect: c.CheckRedirect}, "POST", s.Page+path, v.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		return status
	}
	for path, v := range map[string]url.Values{
		"fault":   {"id": {"TLS_OFFLOAD"}, "on": {"1"}},
		"clock":   {"advance": {"1h"}},
		"deliver": {"address": {"bob@contoso.com"}, "subject": {"<b>bold</b>"}, "body": {"text"}},
		"move":    {"address": {"bob@contoso.com"}},
	} {
		if got := form(path, v); got != 303 {
			t.Errorf("%s: %d", path, got)
		}
	}
	status, h, body := call(t, "GET", s.Page, "")
	if status != 200 || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", status, h)
	}
	for _, want := range []string{"A fake Microsoft 365 tenant", "TLS_OFFLOAD", ">Lift</button>", "&lt;b&gt;bold", "<svg", "OPTIONS mail.contoso.com/Microsoft-Server-ActiveSync", `class="why"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<script>") || strings.Contains(body, "http://www.") {
		t.Error("the page holds what a request brought, or a foreign resource")
	}
	for _, path := range []string{"page.css", "page.js", "ca.pem"} {
		if status, _, _ := call(t, "GET", s.Page+path, ""); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if got := form("forget", nil); got != 303 {
		t.Errorf("forget: %d", got)
	}
	if got := form("device", url.Values{"code": {"x"}}); got != 404 {
		t.Errorf("device: %d", got)
	}
	if status, _, _ := call(t, "GET", s.Page, "", "Host", "evil.example"); status != 421 {
		t.Errorf("another name: %d", status)
	}
	if status, _, _ := call(t, "POST", s.Page+"forget", "", "Sec-Fetch-Site", "cross-site"); status != 403 {
		t.Errorf("from another site: %d", status)
	}
	if status, _, _ := call(t, "POST", s.Page+"api/faults", `{"id":"TLS_OFFLOAD"}`, "Origin", "https://evil.example"); status != 403 {
		t.Errorf("the API from another site: %d", status)
	}
}

// The live log brings each request as it is answered.
func TestEvents(t *testing.T) {
	s := start(t)
	c := proxied(t, s)
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.Page+"api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Scan() // the greeting: the log is open
	var got []string
	for range 2 {
		callWith(t, c, "OPTIONS", s.ActiveSync, "", "Authorization", "Bearer")
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var r Request
				if err := json.Unmarshal([]byte(data), &r); err != nil {
					t.Fatal(err)
				}
				got = append(got, r.Method+" "+r.Host)
				break
			}
		}
	}
	if diff := cmp.Diff([]string{"OPTIONS mail.contoso.com", "OPTIONS mail.contoso.com"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Users have passwords and accounts, and policies demand a second factor on pages, all by the API.
func TestPeople(t *testing.T) {
	s := start(t, "-pages", "-no-policy")
	c := proxied(t, s)
	api := s.Page + "api/"
	send := func(method, path, body string, want int) {
		t.Helper()
		if status, _, out := call(t, method, api+path, body); status != want {
			t.Errorf("%s %s %s: %d %s", method, path, body, status, out)
		}
	}
	begin := "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" + url.Values{"client_id": {s.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1/"},
		"scope": {"https://mail.contoso.com/EAS.AccessAsUser.All"}, "code_challenge": {"x"}, "code_challenge_method": {"S256"}}.Encode()
	hidden := regexp.MustCompile(`name="id" value="([^"]*)"`)
	// signIn enters a password, and returns the page that comes, or where the browser is sent.
	signIn := func(user, password string) string {
		t.Helper()
		_, _, page := callWith(t, c, "GET", begin, "")
		id := hidden.FindStringSubmatch(page)
		if id == nil {
			t.Fatalf("no page: %s", page)
		}
		form := url.Values{"id": {id[1]}, "username": {user}, "password": {password}}
		_, h, page := callWith(t, c, "POST", "https://login.microsoftonline.com/common/login", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		return h.Get("Location") + page
	}
	want := func(user, password, want string) {
		t.Helper()
		if got := signIn(user, password); !strings.Contains(got, want) {
			t.Errorf("%s: no %s in %s", user, want, got)
		}
	}
	send("POST", "mailboxes", `{"address":"Eve@contoso.com","password":"own-1","administrator":true}`, 201)
	want("eve@contoso.com", "own-1", "code=")
	want("eve@contoso.com", eastest.Password, "AADSTS50126")
	for account, number := range map[string]string{"disabled": "AADSTS50057", "locked": "AADSTS50053", "deleted": "AADSTS50034", "unlicensed": "code=", "enabled": "code="} {
		send("PATCH", "mailboxes/ada@contoso.com", `{"account":"`+account+`"}`, 204)
		got, _ := url.QueryUnescape(signIn("ada@contoso.com", eastest.Password))
		if !strings.Contains(got, number) {
			t.Errorf("%s: no %s in %s", account, number, got)
		}
	}
	send("PATCH", "mailboxes/ada@contoso.com", `{"account":"enabled","password":"own-2"}`, 204)
	want("ada@contoso.com", "own-2", "code=")
	send("PUT", "policies", `[{"users":["bob@contoso.com"],"flows":["browser"],"control":"mfa"},{"locations":["abroad"],"control":"block"}]`, 204)
	want("bob@contoso.com", eastest.Password, `name="otc"`)
	send("PATCH", "mailboxes/ada@contoso.com", `{"location":"abroad"}`, 204)
	want("ada@contoso.com", "own-2", "AADSTS53003")
	send("PUT", "policies", `[]`, 204)
	want("ada@contoso.com", "own-2", "code=")
	send("POST", "faults", `{"id":"CONSENT"}`, 201)
	want("ada@contoso.com", "own-2", `name="accept"`)
	send("POST", "keys", ``, 204)
	for _, tt := range []struct{ method, path, body string }{
		{"PATCH", "mailboxes/ada@contoso.com", `{"account":"sleeping"}`}, {"PATCH", "mailboxes/ada@contoso.com", `{"address":"x@contoso.com"}`},
		{"POST", "mailboxes", `{"address":"new@contoso.com","account":"x"}`}, {"PUT", "policies", `[{"control":"x"}]`},
		{"PUT", "policies", `[{"control":"mfa","flows":["x"]}]`}, {"POST", "faults", `{"id":"WAF_BLOCK","value":"Kemp"}`},
		{"POST", "failures", `{"match":"sync","status":500}`},
	} {
		send(tt.method, tt.path, tt.body, 400)
	}
	send("PATCH", "mailboxes/nobody@contoso.com", `{}`, 404)
}

// What goes wrong on the way, by the API.
func TestFailures(t *testing.T) {
	s := start(t)
	c := proxied(t, s)
	set := func(body string) {
		t.Helper()
		if status, _, out := call(t, "POST", s.Page+"api/failures", body); status != 201 {
			t.Fatalf("%s: %d %s", body, status, out)
		}
	}
	const metadata = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"
	get := func() (int, error) {
		resp, err := c.Get(metadata)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return len(b), err
	}
	whole, err := get()
	if err != nil {
		t.Fatal(err)
	}
	set(`{"match":"openid-configuration","cut":10}`)
	if n, err := get(); n != 10 || err == nil {
		t.Errorf("cut: %d bytes, %v", n, err)
	}
	set(`{"match":"openid-configuration","inflate":100000}`)
	if n, err := get(); n != 100000 || err != nil {
		t.Errorf("inflated: %d bytes, %v", n, err)
	}
	set(`{"match":"openid-configuration","truncate":7,"from":2}`)
	if n, err := get(); n != whole || err != nil {
		t.Errorf("the first: %d bytes, %v", n, err)
	}
	if n, err := get(); n != 7 || err != nil {
		t.Errorf("the second: %d bytes, %v", n, err)
	}
}

// A seed makes the tenant repeat itself, and HTTP/2 can be left out.
func TestSeedAndHTTP1(t *testing.T) {
	codes := map[string]int{}
	for _, seed := range []string{"5", "5", "6"} {
		s := start(t, "-seed", seed, "-http2=false")
		c := proxied(t, s)
		resp, err := c.PostForm("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode", url.Values{"client_id": {s.ClientID}, "scope": {"openid"}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var d struct {
			Code string `json:"device_code"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&d); err != nil || d.Code == "" || resp.ProtoMajor != 1 {
			t.Errorf("%s: %v, %s", resp.Proto, err, d.Code)
		}
		codes[d.Code]++
	}
	if len(codes) != 2 {
		t.Errorf("codes %v", codes)
	}
	s := start(t)
	c := proxied(t, s)
	resp, err := c.Get("https://mail.contoso.com/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("without the flag: %s", resp.Proto)
	}
}

// A certificate authority of one's choice is made once and kept.
func TestAuthority(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	var before []byte
	for i := range 2 {
		s := start(t, "-ca-cert", cert, "-ca-key", key)
		if s.CA != cert {
			t.Errorf("ca %s", s.CA)
		}
		c := proxied(t, s)
		if status, _, _ := callWith(t, c, "OPTIONS", s.ActiveSync, ""); status != 401 {
			t.Errorf("%d", status)
		}
		b, err := os.ReadFile(cert)
		if err != nil || i > 0 && !bytes.Equal(b, before) {
			t.Errorf("the file changed, or %v", err)
		}
		before = b
	}
	if st, err := os.Stat(key); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", st, err)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-topology moon", "unknown topology"}, {"-product x", "unknown product"}, {"-identity x", "not a model of identity"}, {"-fault NO_SUCH", "no such fault"}, {"-fault EXO_NANOPROXY", "cannot show"},
		{"-ca-cert x", "belong together"}, {"-users @", "not a mail address"}, {"-users ada,ada", "named twice"}, {"here", "not a flag"}, {"-https nowhere", "address"},
		{"-nation Mars", "no such cloud"}, {"-fault WAF_BLOCK=Kemp", "cannot have the value"}, {"-seed x", "-h lists"},
	} {
		err := run(t.Context(), strings.Fields(tt.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.want)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-fault", "list"}, &out); err == nil || !strings.Contains(out.String(), "TLS_OFFLOAD") {
		t.Errorf("%v %s", err, &out)
	}
	out.Reset()
	if err := run(t.Context(), []string{"-for", "1ms"}, &out); err != nil || !strings.Contains(out.String(), "curl -x http://127.0.0.1:") {
		t.Errorf("%v %s", err, &out)
	}
}

// The recipe of docs/faketenant.md, with curl, as a process that is interrupted.
func TestRecipe(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	bin := filepath.Join(t.TempDir(), "faketenant")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), bin, "-json", "-no-policy")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var s Started
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(run("-s", s.Page+"api/tokens", "-d", `{"address":"ada@contoso.com"}`)), &token); err != nil {
		t.Fatal(err)
	}
	folders := filepath.Join(t.TempDir(), "folders.wbxml")
	doc, err := eas.FromXML([]byte(`<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folders, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	out := run("-s", "-x", s.Proxy, "--cacert", s.CA, "-H", "Authorization: Bearer "+token.AccessToken, "-H", "MS-ASProtocolVersion: 16.1",
		"-H", "Content-Type: application/vnd.ms-sync.wbxml", "--data-binary", "@"+folders,
		s.ActiveSync+"?Cmd=FolderSync&User=ada@contoso.com&DeviceId=curl1&DeviceType=curl")
	xml, err := eas.ToXML([]byte(out))
	if err != nil || !strings.Contains(string(xml), "<DisplayName>Inbox</DisplayName>") {
		t.Errorf("%v: %s", err, xml)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
	if _, err := os.Stat(s.CA); !os.IsNotExist(err) {
		t.Errorf("the temporary file is left: %v", err)
	}
}
