package picture_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/picture"
	"github.com/easoauth/easoauth/token"
)

var update = flag.Bool("update", false, "redraw the pictures of docs")

// TestPictures runs the programs that README.md shows: the pictures in docs are what they write. After a
// change of an output, run go test ./internal/picture -update.
func TestPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("runs programs")
	}
	program := build(t, "handshake")
	for name, draw := range map[string]func(t *testing.T) []byte{
		"handshake": func(t *testing.T) []byte { return handshake(t, program) },
		"social":    func(t *testing.T) []byte { return social(t, program) },
		"check":     check,
		"tenant":    tenant,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := draw(t)
			if texts := texts(t, string(got)); len(texts) < 8 {
				t.Fatalf("the picture has the texts %q", texts)
			}
			file := filepath.Join("..", "..", "docs", name+".svg")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("docs/%s.svg is not what the program shows; run go test ./internal/picture -update (-want +got):\n%s", name, diff)
			}
		})
	}
}

// build builds an example.
func build(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", binary, "../../examples/"+name).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// run runs a program as on a terminal with colours.
func run(t *testing.T, status int, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "CLICOLOR_FORCE=1", "NO_COLOR=")
	out, err := cmd.Output()
	var ee *exec.ExitError
	if err != nil && !errors.As(err, &ee) || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(program), args, err, out)
	}
	return string(out)
}

// handshake shows some steps of the dance; what is left out is marked.
func handshake(t *testing.T, program string) []byte {
	steps := strings.Split(strings.TrimSpace(run(t, 0, program)), "\n\n")
	if len(steps) < 12 {
		t.Fatalf("%d parts", len(steps))
	}
	const more = "   \x1b[90m⋮\x1b[0m"
	shown := slices.Concat(steps[:3], []string{more}, steps[4:5], []string{more}, steps[8:10], []string{more}, steps[len(steps)-1:])
	return picture.Terminal("go run ./examples/handshake", strings.Join(shown, "\n\n")+"\n", 104)
}

// social shows the steps to a synchronized mailbox and what came back to each, at the size of a preview
// in social media.
func social(t *testing.T, program string) []byte {
	names := map[string]string{
		"Where is the mailbox?": "AutoDiscover", "What does the server say to an empty bearer token?": "Challenge",
		"May that authority be trusted, and which scope does it take?": "Authority", "Sign in by browser: authorization code with PKCE": "Sign-in",
		"OPTIONS, then Provision in two phases": "Provision", "FolderSync": "FolderSync", "Sync the Inbox": "Sync", "Send a message, which a waiting Ping reports": "Ping",
	}
	var steps []picture.Step
	lines := strings.Split(strings.TrimSpace(run(t, 0, program, "-json")), "\n")
	for _, line := range lines[:len(lines)-1] { // the last one counts
		var s struct {
			Title    string
			OK       bool
			Requests []struct {
				Method string
				Status int
			}
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if name := names[s.Title]; name != "" && s.OK {
			var came []string
			for _, r := range s.Requests {
				came = append(came, strings.TrimSuffix(fmt.Sprintf("%s %d", r.Method, r.Status), " 0"))
			}
			steps = append(steps, picture.Step{Name: name, Text: strings.Join(came, ", "), Class: "pass"})
		}
	}
	if len(steps) != len(names) {
		t.Fatalf("the handshake shows the steps %v", steps)
	}
	_, chain, _ := strings.Cut(string(picture.Chain("The steps to a synchronized mailbox", steps, -1)), `<svg class="wide"`)
	chain, _, _ = strings.Cut(chain, "</svg>")
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" class="chain" width="1280" height="640" viewBox="0 0 1280 640" role="img" aria-label="easoauth">` + "\n" +
		"<style>\nsvg { --paper: #fff; --soft: #f3f5f8; --line: #9aa3af; --ink: #1b1f24; --good: #1b7f4b; --bad: #b3261e; --warn: #8a5a00; }\n" + picture.CSS +
		".chain text.name { font-size: 88px; } .chain text.what { font-weight: 400; font-size: 32px; }\n</style>\n" +
		`<rect width="100%" height="100%" style="fill: var(--paper); stroke: none"/>` + "\n" +
		`<text class="name" x="72" y="150">easoauth</text>` + "\n" +
		`<text class="what" x="72" y="225">From a mail address to a syncing mailbox over Exchange ActiveSync,</text>` + "\n" +
		`<text class="what" x="72" y="272">with OAuth and nothing but OAuth. A library for Go.</text>` + "\n" +
		`<svg x="72" y="340" width="1136" height="200"` + chain + "</svg>\n</svg>\n")
	return []byte(b.String())
}

// check shows a report; its times are not those of a run.
func check(t *testing.T) []byte {
	out := run(t, 1, build(t, "hmacheck"), "-demo", "EAS_NO_WWW_AUTH")
	out = regexp.MustCompile(`valid until \d{4}`).ReplaceAllString(out, "valid until 2036")
	out = regexp.MustCompile(`2036-\d\d-\d\d`).ReplaceAllString(out, "2036-01-01")
	out = regexp.MustCompile(`steps in [0-9.]+(ms|s|µs)`).ReplaceAllString(out, "steps in 100ms")
	return picture.Terminal("hmacheck -demo EAS_NO_WWW_AUTH", out, 84)
}

// tenant shows the dance of the fake tenant's page, after a client that a fault ended.
func tenant(t *testing.T) []byte {
	cmd := exec.CommandContext(t.Context(), build(t, "faketenant"), "-json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var s struct {
		Proxy, Page, CA string
		ClientID        string `json:"client_id"`
		Users           []struct{ Address string }
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	proxy, err := url.Parse(s.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer tr.CloseIdleConnections()
	danceUntilRefused(t, &http.Client{Transport: tr}, s.Users[0].Address, s.ClientID, func() {
		call(t, http.MethodPost, s.Page+"api/faults", `{"id":"EAS_403"}`)
	})
	page := call(t, http.MethodGet, s.Page, "")
	_, svg, ok := bytes.Cut(page, []byte(`<svg class="wide"`))
	svg, _, end := bytes.Cut(svg, []byte("</svg>"))
	size := regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`).FindSubmatch(svg)
	if !ok || !end || size == nil {
		t.Fatalf("the page has no picture: %s", page)
	}
	const style = "<style>\nsvg { --paper: #fff; --soft: #f3f5f8; --line: #9aa3af; --ink: #1b1f24; --good: #1b7f4b; --bad: #b3261e; --warn: #8a5a00; }\n" +
		"@media (prefers-color-scheme: dark) { svg { --paper: #14181d; --soft: #20252c; --line: #59626e; --ink: #e6e9ee; --good: #4cc38a; --bad: #ff8a80; --warn: #f2c063; } }\n"
	return slices.Concat([]byte(`<svg xmlns="http://www.w3.org/2000/svg" class="chain" width="`+string(size[1])+`" height="`+string(size[2])+`"`),
		bytes.Replace(svg, []byte(">\n"), []byte(">\n"+style+picture.CSS+"</style>\n"+`<rect width="100%" height="100%" style="fill: var(--paper); stroke: none"/>`+"\n"), 1), []byte("</svg>\n"))
}

// call sends a request to the page.
func call(t *testing.T, method, target, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: status %d, %v: %s", method, target, resp.StatusCode, err, b)
	}
	return b
}

// danceUntilRefused goes from an address to the folders; the Sync that follows is refused by the fault
// that is switched on before it.
func danceUntilRefused(t *testing.T, c *http.Client, address, clientID string, fault func()) {
	t.Helper()
	ctx := t.Context()
	endpoint, err := (&autodiscover.Resolver{HTTPClient: c}).Lookup(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	offer, err := bearer.Probe(ctx, c, endpoint.URL, address)
	if err != nil {
		t.Fatal(err)
	}
	config, err := token.Configure(ctx, clientID, offer, endpoint.URL, &token.Options{HTTPClient: c})
	if err != nil {
		t.Fatal(err)
	}
	// The tenant signs in who opens the URL; the browser is sent to a listener of this process.
	source := &token.Source{Config: config, Flow: &token.Browser{LoginHint: address, Open: func(ctx context.Context, target string) error {
		resp, err := c.Get(target)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		action := regexp.MustCompile(`action="([^"]+)"`).FindSubmatch(page)
		if err != nil || action == nil {
			return fmt.Errorf("the authority shows %s, %v", page, err)
		}
		form := url.Values{}
		for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllSubmatch(page, -1) {
			form.Set(string(m[1]), html.UnescapeString(string(m[2])))
		}
		go func() { // the source listens once this returns
			if resp, err := http.PostForm(html.UnescapeString(string(action[1])), form); err == nil {
				resp.Body.Close()
			}
		}()
		return nil
	}}}
	if _, err := source.SignIn(ctx); err != nil {
		t.Fatal(err)
	}
	client := &eas.Client{URL: endpoint.URL, User: address, Token: source, HTTPClient: c}
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	inbox, ok := folders.Find(eas.FolderInbox)
	if !ok {
		t.Fatal("no Inbox")
	}
	fault()
	if _, err := client.Sync(ctx, inbox.ID, eas.InitialSyncKey, nil); err == nil {
		t.Fatal("the fault refuses nothing")
	}
}
