// Package tenant has clients that are not this project's use examples/faketenant, as a process: its
// proxy and its certificate authority are all that they know of it.
package tenant

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

const ada = "ada@contoso.com"

// A tenant is a program that runs, by the line that -json prints.
type tenant struct {
	HTTPS      string   `json:"https"`
	Proxy      string   `json:"proxy"`
	Page       string   `json:"page"`
	CA         string   `json:"ca"`
	ActiveSync string   `json:"activesync"`
	ClientID   string   `json:"client_id"`
	Hosts      []string `json:"hosts"`
	Users      []struct {
		Address  string `json:"address"`
		Password string `json:"password"`
	} `json:"users"`
}

var built struct {
	sync.Mutex
	binary, dir string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// program builds the program, once, and returns its name.
func program(t testing.TB) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.binary == "" {
		dir, err := os.MkdirTemp("", "interop")
		if err != nil {
			t.Fatal(err)
		}
		built.dir = dir
		built.binary = servers.Build(t, dir, "faketenant")
	}
	return built.binary
}

// start starts the program, which ends with the test, by an interrupt.
func start(t testing.TB, args ...string) *tenant {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"-json"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("after an interrupt: %v\n%s", err, wrong.Bytes())
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the program prints no line: %v\n%s", err, wrong.Bytes())
	}
	tn := &tenant{}
	if err := json.Unmarshal(line, tn); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return tn
}

// client is an HTTP client of the standard library that knows the proxy and the authority alone.
func (tn *tenant) client(t testing.TB) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(tn.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", tn.CA)
	}
	proxy, err := url.Parse(tn.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: time.Minute}
}

// environment is that of a process to which the tenant is the internet.
func (tn *tenant) environment(more ...string) []string {
	return append(append(os.Environ(), "SSL_CERT_FILE="+tn.CA, "SSL_CERT_DIR="+filepath.Dir(tn.CA), "NODE_EXTRA_CA_CERTS="+tn.CA, "CURL_CA_BUNDLE="+tn.CA,
		"HTTPS_PROXY="+tn.Proxy, "https_proxy="+tn.Proxy, "NO_PROXY=", "no_proxy="), more...)
}

// api sends a request to the JSON API and decodes the response into v, if that is not nil.
func (tn *tenant) api(t testing.TB, method, path, body string, v any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, tn.Page+"api/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, path, resp.StatusCode, b)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, b)
	}
}

// token is a token of a user for the mailboxes.
func (tn *tenant) token(t testing.TB, user string) string {
	t.Helper()
	var v struct {
		Token string `json:"access_token"`
	}
	tn.api(t, "POST", "tokens", `{"address":"`+user+`"}`, &v)
	return v.Token
}

// An exchange is a request of the transcript, as the API shows it.
type exchange struct {
	Number   int      `json:"number"`
	Method   string   `json:"method"`
	Host     string   `json:"host"`
	Path     string   `json:"path"`
	Command  string   `json:"command"`
	Document string   `json:"document"`
	Status   int      `json:"status"`
	Answer   string   `json:"answer"`
	Why      []string `json:"why"`
}

func (tn *tenant) exchanges(t testing.TB) []exchange {
	t.Helper()
	var all []exchange
	tn.api(t, "GET", "requests", "", &all)
	return all
}
