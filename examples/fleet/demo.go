package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// demoWorker is the variable that tells a process of the demonstration what to do.
const demoWorker = "FLEET_DEMO_WORKER"

// A task is the value of demoWorker. The key comes through standard input.
type task struct {
	Name, DSN, Address, CA string
	Mailboxes              []string
}

const (
	demoWorkers   = 4
	demoMailboxes = 8
	demoLifetime  = 6 * time.Second // of access tokens; they are renewed at half of it
)

// demonstrate has an embedded tenant, and processes that share its mailboxes. One of them is
// killed on the way.
func demonstrate(ctx context.Context, out io.Writer, dsn string, length time.Duration) error {
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if !strings.HasPrefix(dsn, "postgres") {
		dsn = filepath.Join(dir, "fleet.db")
	}
	tn := eastest.New(nil, &eastest.Options{AccessLifetime: demoLifetime, DeviceInterval: time.Second})
	defer tn.Close()
	t := task{DSN: dsn}
	for i := range demoMailboxes {
		t.Mailboxes = append(t.Mailboxes, fmt.Sprintf("user%d@contoso.com", i+1))
		tn.AddMailbox(t.Mailboxes[i])
	}
	address, client, err := tn.Listen()
	if err != nil {
		return err
	}
	t.Address = address
	t.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tn.Certificate().Raw}))

	key := token.NewEncryptionKey()
	b, err := openBoard(ctx, dsn, key)
	if err != nil {
		return err
	}
	defer b.db.Close()
	signIns := make([]error, len(t.Mailboxes))
	var all sync.WaitGroup
	for i := range t.Mailboxes {
		w := &worker{name: "sign-in", board: b, clientID: eastest.ClientID, http: client, names: t.Mailboxes[i : i+1]}
		all.Go(func() {
			signIns[i] = w.signIn(ctx, func(address string) token.Flow {
				return &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
					return tn.ApproveDevice(p.UserCode, address)
				}}
			})
		})
	}
	all.Wait()
	if err := errors.Join(signIns...); err != nil {
		return err
	}

	workers, err := startWorkers(t, key)
	defer func() {
		for _, p := range workers {
			p.stop()
		}
	}()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	kill := time.AfterFunc(length/3, func() {
		victim := workers[0]
		_ = victim.cmd.Process.Kill()
		if !isTerminal(out) {
			fmt.Fprintln(out, "killed worker-1")
		}
	})
	defer kill.Stop()
	tab := newTable(out, b)
	if err := tab.show(ctx, nil); err != nil {
		return err
	}
	for _, p := range workers {
		p.stop()
	}
	workers = nil
	return conclude(context.WithoutCancel(ctx), out, tn, tab)
}

func isTerminal(out io.Writer) bool { return newTable(out, nil).live }

// conclude prints the table and compares what the processes say with what the authority
// saw.
func conclude(ctx context.Context, out io.Writer, tn *eastest.Tenant, t *table) error {
	prefix := "\n"
	if t.live {
		prefix = "\x1b[H\x1b[2J"
	}
	if err := t.print(ctx, prefix); err != nil {
		return err
	}
	mailboxes, _, err := t.board.read(ctx)
	if err != nil {
		return err
	}
	requests, refused, told := 0, 0, int64(0)
	for _, r := range tn.Requests() {
		if r.Form.Get("grant_type") == "refresh_token" {
			requests++
			if r.Status >= 400 {
				refused++
			}
		}
	}
	lost := 0
	for _, m := range mailboxes {
		told += m.renewals
		if m.event == string(token.EventEnded) {
			lost++
		}
	}
	fmt.Fprintf(out, "\n%d renewals told, %d requests at the authority, %d refused; %d of %d sign-ins lost\n", told, requests, refused, lost, len(mailboxes))
	// What the killed process did last it could not tell: one renewal of each mailbox at most.
	switch missing := int64(requests) - told; {
	case refused > 0 || lost > 0:
		return errors.New("a sign-in was lost")
	case missing < 0 || missing > demoMailboxes:
		return fmt.Errorf("%d requests for %d renewals", requests, told)
	case told < demoMailboxes:
		return errors.New("not every mailbox was renewed")
	}
	return nil
}

// A process is a worker in a process of its own.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
}

func startWorkers(t task, key []byte) ([]*process, error) {
	var all []*process
	for i := range demoWorkers {
		t.Name = fmt.Sprintf("worker-%d", i+1)
		text, err := json.Marshal(t)
		if err != nil {
			return all, err
		}
		self, err := os.Executable()
		if err != nil {
			return all, err
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), demoWorker+"="+string(text))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return all, err
		}
		if err := cmd.Start(); err != nil {
			return all, err
		}
		all = append(all, &process{cmd, in})
		if _, err := fmt.Fprintln(in, hex.EncodeToString(key)); err != nil {
			return all, err
		}
	}
	return all, nil
}

// stop ends the process, which goes when its input ends.
func (p *process) stop() {
	p.in.Close()
	late := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait() // one of them was killed
}

// workForDemo is a process of the demonstration. It ends with its input.
func workForDemo() int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		return 1
	}
	var t task
	if err := json.Unmarshal([]byte(os.Getenv(demoWorker)), &t); err != nil {
		return fail(err)
	}
	line := make([]byte, 65)
	if _, err := io.ReadFull(os.Stdin, line); err != nil {
		return fail(err)
	}
	key, err := hex.DecodeString(string(line[:64]))
	if err != nil {
		return fail(errors.New("no key"))
	}
	signal.Ignore(syscall.SIGINT) // the parent says when it is over
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(t.CA))
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, t.Address)
		},
	}}
	b, err := openBoard(ctx, t.DSN, key)
	if err != nil {
		return fail(err)
	}
	defer b.db.Close()
	w := &worker{name: t.Name, board: b, clientID: eastest.ClientID, http: client, every: 200 * time.Millisecond, names: t.Mailboxes}
	if err := w.work(ctx); err != nil {
		return fail(err)
	}
	return 0
}
