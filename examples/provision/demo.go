package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// The service is registered with the embedded tenant.
const (
	demoID     = "7c9d1e52-64f0-4b8e-8a35-d1f20c6b9e47"
	demoSecret = "a secret of the demonstration"
)

var demoUsers = []string{"ada@contoso.com", "bob@contoso.com", "carol@contoso.com", "dave@contoso.com", "eve@contoso.com", "frank@contoso.com"}

// A demo is a tenant, the API in this process, and three processes that do the work.
type demo struct {
	out     io.Writer
	tenant  *eastest.Tenant
	network string       // address of the tenant, which is every host
	client  *http.Client // whose internet that is
	front   *token.Config
	api     *service
	workers []*process
	boxes   map[string]int64 // the keys of the mailboxes

	mu    sync.Mutex
	begin time.Time
}

// say prints what happens, and when.
func (d *demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.out, "%6.1fs  %s\n", time.Since(d.begin).Seconds(), fmt.Sprintf(format, args...))
}

// demonstrate provisions mailboxes, lets mail arrive, and does to the service what happens to
// services: a process is killed, a policy blocks by mistake, a mailbox moves to the cloud.
func demonstrate(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "provision")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d := &demo{out: out, begin: time.Now(), boxes: map[string]int64{}}
	d.tenant = eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, AccessLifetime: 8 * time.Second, MaxRequests: 100_000,
		Apps: []eastest.App{{ID: demoID, Secret: demoSecret}}})
	defer d.tenant.Close()
	for i, address := range demoUsers {
		box := d.tenant.AddMailbox(address)
		for n := range 40 + 20*i {
			box.Deliver(&eas.Email{From: "news@contoso.com", Subject: fmt.Sprintf("Issue %d", n+1), Received: time.Now().Add(-time.Duration(n) * 12 * time.Hour)})
		}
		start := time.Now().Truncate(time.Hour).Add(24 * time.Hour)
		box.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour)})
		box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
	}
	if err := d.open(ctx, dir); err != nil {
		return err
	}
	done := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	go func() { done <- d.api.run(running) }()
	defer func() {
		for _, p := range d.workers {
			p.stop()
		}
		stop()
		err = errors.Join(err, <-done)
	}()
	for !d.api.ready.Load() {
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	for i := range 3 {
		p, err := startProcess(d.flags(dir, fmt.Sprintf("worker-%d", i+1)))
		if err != nil {
			return err
		}
		d.workers = append(d.workers, p)
	}
	d.say("the API and three worker processes share a SQLite database")
	if err := d.story(ctx); err != nil {
		return err
	}
	return d.conclude(ctx)
}

// flags are those of a process of the demonstration. Its times are short.
func (d *demo) flags(dir, name string) []string {
	in := func(name string) string { return filepath.Join(dir, name) }
	return []string{"-dsn", in("provision.db"), "-key-file", in("key"), "-secret-file", in("secret"), "-ca-file", in("ca.pem"),
		"-client-id", demoID, "-tenant", eastest.TenantID, "-dial", d.network, "-name", name, "-role", "worker", "-admin", "", "-slots", "6",
		"-look", "200ms", "-dead", "2s", "-turn", "5s", "-min-heartbeat", "60s", "-max-heartbeat", "120s", "-log-level", "error", "-until-eof"}
}

// open starts the tenant's network and puts the API together.
func (d *demo) open(ctx context.Context, dir string) error {
	var err error
	if d.network, d.client, err = d.tenant.Listen(); err != nil {
		return err
	}
	key := token.NewEncryptionKey()
	for name, text := range map[string]string{
		"key": hex.EncodeToString(key), "secret": demoSecret,
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.tenant.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	var c config
	args := append(d.flags(dir, "api"), "-role", "api", "-listen", "127.0.0.1:0", "-admin", "127.0.0.1:0")
	if err := c.parse(flag.NewFlagSet("provision", flag.ContinueOnError), args, func(string) string { return "" }); err != nil {
		return err
	}
	if d.api, err = open(ctx, &c, false, os.Stderr); err != nil {
		return err
	}
	if err := d.api.migrate(ctx); err != nil {
		return err
	}
	d.front, err = token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/"+eastest.TenantID, nil,
		[]string{"api://" + demoID + "/access_as_user"}, &token.Options{HTTPClient: d.client})
	return err
}

// open is what a user's mail client does when it is opened: it asks AutoDetect, signs the user
// in to the service and has the mailbox provisioned.
func (d *demo) opens(ctx context.Context, address string) error {
	source := &token.Source{Config: d.front, Flow: &token.Browser{Open: d.tenant.Browser(), LoginHint: address}}
	t, err := source.Token(ctx)
	if err != nil {
		return err
	}
	var found struct{ Endpoint string }
	if err := d.call(ctx, http.MethodGet, "/autodetect?email="+url.QueryEscape(address), "", "", &found); err != nil {
		return err
	}
	var v struct{ ID int64 }
	if err := d.call(ctx, http.MethodPost, "/mailboxes", t.AccessToken, fmt.Sprintf(`{"endpoint":%q}`, found.Endpoint), &v); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.boxes[address] = v.ID
	return nil
}

// call calls the API as a client does.
func (d *demo) call(ctx context.Context, method, path, accessToken, body string, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+d.api.apiAddr+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d %s", method, path, resp.StatusCode, bytes.TrimSpace(b))
	}
	return json.Unmarshal(b, v)
}

// A process is a worker.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
}

func startProcess(args []string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{"serve"}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &process{cmd, in}, cmd.Start()
}

// stop ends the process, which goes when its input ends.
func (p *process) stop() {
	p.in.Close()
	late := time.AfterFunc(12*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait() // one of them was killed
}
