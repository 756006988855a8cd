package provision

import (
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

const (
	serviceID     = "4e8a7b10-9d3c-4f26-8b51-6c0d2a7e9f35"
	serviceSecret = "a secret of the test"
)

// A world is a tenant that processes reach over loopback, and the program.
type world struct {
	tenant  *eastest.Tenant
	network *network
	front   *token.Config
	program string
	dir     string
	dsn     string
	db      *sql.DB
	tokens  *sqlstore.Store // the sign-ins in db
	log     *servers.Output // of all processes
	n       atomic.Int64
	falls   atomic.Int64 // of processes that ended by themselves
}

func newWorld(t *testing.T, dsn string, lifetime time.Duration) *world {
	t.Helper()
	w := &world{program: servers.Build(t, t.TempDir(), "provision"), dir: t.TempDir(), dsn: dsn, log: &servers.Output{}}
	ca := eastest.NewCA()
	w.tenant = eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, AccessLifetime: lifetime, CA: ca, Apps: []eastest.App{{ID: serviceID, Secret: serviceSecret}}})
	w.network = newNetwork(t, w.tenant, ca)
	var err error
	if w.db, err = sql.Open("pgx", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	key := token.NewEncryptionKey()
	w.tokens = &sqlstore.Store{DB: w.db, Dialect: sqlstore.PostgreSQL, EncryptionKey: key}
	w.network.ledger.stored = func(ctx context.Context, tenant, object string) (string, error) {
		r, err := w.tokens.Load(ctx, tenant+"/"+object+"/"+w.tenant.URL().String())
		return r.RefreshToken, err
	}
	for name, text := range map[string]string{
		"key": hex.EncodeToString(key), "secret": serviceSecret,
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.tenant.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(w.program, append([]string{"migrate"}, w.flags()...)...).CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	w.front, err = token.ConfigureResource(t.Context(), eastest.ClientID, "https://login.microsoftonline.com/"+eastest.TenantID, nil,
		[]string{"api://" + serviceID + "/access_as_user"}, &token.Options{HTTPClient: w.tenant.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) flags(more ...string) []string {
	in := func(name string) string { return filepath.Join(w.dir, name) }
	return append([]string{"-dsn", w.dsn, "-conns", "7", "-key-file", in("key"), "-secret-file", in("secret"), "-ca-file", in("ca.pem"), "-client-id", serviceID,
		"-tenant", eastest.TenantID, "-dial", w.network.address, "-admin", "", "-dead", "3s", "-look", "500ms", "-min-heartbeat", "60s", "-max-heartbeat", "120s",
		"-authority-rate", "1000", "-log-level", "warn"}, more...)
}

// A worker is a process, and what starts it again when it has ended by itself, as a supervisor
// does: a process that others have taken for dead ends.
type worker struct {
	mu    sync.Mutex
	cmd   *exec.Cmd
	ended bool // by the test
	done  chan struct{}
}

func (w *world) start(t *testing.T, args ...string) *worker {
	t.Helper()
	p := &worker{done: make(chan struct{})}
	run := func() error {
		p.cmd = exec.Command(w.program, append([]string{"serve"}, w.flags(args...)...)...)
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		p.cmd.Stdout, p.cmd.Stderr = w.log, w.log
		return p.cmd.Start()
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		for {
			_ = p.cmd.Wait()
			p.mu.Lock()
			if p.ended {
				p.mu.Unlock()
				return
			}
			w.falls.Add(1)
			err := run()
			p.mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	t.Cleanup(p.kill)
	return p
}

func (w *world) startWorker(t *testing.T) *worker {
	return w.start(t, "-role", "worker", "-name", fmt.Sprintf("worker-%d", w.n.Add(1)))
}

// startAPI starts the process of the API and returns its URL.
func (w *world) startAPI(t *testing.T) string {
	t.Helper()
	port := servers.FreePort(t)
	w.start(t, "-role", "api", "-name", "api", "-listen", fmt.Sprintf("127.0.0.1:%d", port))
	servers.Await(t, "the API", w.log, servers.Listening(port))
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

// kill ends the process without a warning.
func (p *worker) kill() { p.end(syscall.SIGKILL) }

// stop ends the process as a supervisor does and returns how long that took.
func (p *worker) stop() time.Duration {
	begin := time.Now()
	p.end(syscall.SIGTERM)
	return time.Since(begin)
}

func (p *worker) end(how syscall.Signal) {
	p.mu.Lock()
	p.ended = true
	_ = p.cmd.Process.Signal(how)
	p.mu.Unlock()
	<-p.done
}

// provision signs the users in and has their mailboxes provisioned, as their clients do.
func (w *world) provision(t *testing.T, api string, addresses []string) {
	t.Helper()
	body := fmt.Sprintf(`{"endpoint":%q}`, w.tenant.URL())
	todo := make(chan string)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for address := range todo {
				if err := w.open(t.Context(), api, address, body); err != nil {
					t.Errorf("%s: %v", address, err)
				}
			}
		})
	}
	for _, address := range addresses {
		todo <- address
	}
	close(todo)
	wg.Wait()
	if t.Failed() {
		t.Fatalf("not all mailboxes were provisioned:\n%s", tail(w.log.String(), 3000))
	}
}

func (w *world) open(ctx context.Context, api, address, body string) error {
	at1, err := (&token.Source{Config: w.front, Flow: &token.Browser{Open: w.tenant.Browser(), LoginHint: address}}).Token(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/mailboxes", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+at1.AccessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("status %d %s, %v", resp.StatusCode, b, err)
	}
	return json.Unmarshal(b, &struct{}{})
}

// edit does what a user does on another device: one mail is marked as read, one deleted.
func (w *world) edit(ctx context.Context, address string) error {
	c := &eas.Client{URL: w.tenant.URL(), User: address, HTTPClient: w.tenant.Client(), Device: eas.Device{ID: "phone" + hex.EncodeToString([]byte(address))[:12]},
		Token: tokenSource(func() string { return w.tenant.Token(address).AccessToken })}
	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return err
	}
	inbox, ok := folders.Find(eas.FolderInbox)
	trash, ok2 := folders.Find(eas.FolderDeletedItems)
	if !ok || !ok2 {
		return errors.New("folders are missing")
	}
	key := eas.InitialSyncKey
	var ids []eas.ItemID
	for page, err := range c.Pages(ctx, inbox.ID, key, &eas.SyncOptions{BodyLimit: eas.NoBody}) {
		if err != nil {
			return err
		}
		key = page.Key
		for _, e := range page.Added {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) < 4 {
		return nil
	}
	n := time.Now().Nanosecond() % (len(ids) - 3)
	applied, err := c.Apply(ctx, inbox.ID, key, eas.MarkRead(ids[n], true), eas.Delete(ids[n+1]))
	if err == nil {
		err = applied.Err()
	}
	if err != nil {
		return err
	}
	_, err = c.MoveItems(ctx, eas.Move{From: inbox.ID, Item: ids[n+2], To: trash.ID})
	return err
}

// A network is where the tenant's hosts are. It can be cut, and has a ledger of the refresh
// tokens that are spent.
type network struct {
	address  string
	ledger   *ledger
	requests atomic.Int64
	other    atomic.Pointer[http.Handler] // of ActiveSync, in the tenant's place

	mu    sync.Mutex
	conns map[net.Conn]bool
	down  bool
}

func newNetwork(t *testing.T, tn *eastest.Tenant, ca *tls.Certificate) *network {
	t.Helper()
	n := &network{conns: map[net.Conn]bool{}}
	n.ledger = newLedger(tn, n.isDown)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.requests.Add(1)
		if h := n.other.Load(); h != nil && strings.HasSuffix(r.URL.Path, "/Microsoft-Server-ActiveSync") {
			(*h).ServeHTTP(w, r)
			return
		}
		n.ledger.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Config.ConnState = func(c net.Conn, s http.ConnState) {
		n.mu.Lock()
		defer n.mu.Unlock()
		switch {
		case s == http.StateNew && n.down:
			go c.Close()
		case s == http.StateNew:
			n.conns[c] = true
		case s == http.StateClosed || s == http.StateHijacked:
			delete(n.conns, c)
		}
	}
	leaf, err := issue(ca, tn.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{*leaf}}
	srv.StartTLS()
	t.Cleanup(func() {
		n.cut(0)
		srv.Close()
	})
	n.address = srv.Listener.Addr().String()
	return n
}

// serve puts another ActiveSync server in the place of the tenant's.
func (n *network) serve(h http.Handler) { n.other.Store(&h) }

func (n *network) isDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down
}

// cut closes all connections, and every new one for a while.
func (n *network) cut(d time.Duration) {
	n.mu.Lock()
	n.down = true
	for c := range n.conns {
		go c.Close()
	}
	n.mu.Unlock()
	time.Sleep(d)
	n.mu.Lock()
	n.down = false
	n.mu.Unlock()
}

// copied returns what the database has of a mailbox, as lines.
func copied(ctx context.Context, db *sql.DB, address string) ([]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT f.type, i.raw FROM provision_item i JOIN provision_mailbox m ON m.id = i.mailbox
		JOIN provision_folder f ON f.mailbox = i.mailbox AND f.id = i.folder WHERE m.address = $1 AND i.raw IS NOT NULL`, address)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var kind eas.FolderType
		var raw []byte
		if err := rows.Scan(&kind, &raw); err != nil {
			return nil, err
		}
		item, err := eas.Decode(kind.Class(), raw)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line(kind, item))
	}
	slices.Sort(lines)
	return lines, rows.Err()
}

// original returns the same of the tenant's mailbox.
func original(box *eastest.Mailbox) []string {
	var lines []string
	for _, kind := range []eas.FolderType{eas.FolderInbox, eas.FolderDeletedItems} {
		for _, mail := range box.Messages(kind) {
			if time.Since(mail.Received) < 28*24*time.Hour {
				lines = append(lines, line(kind, &mail))
			}
		}
	}
	for _, kind := range []eas.FolderType{eas.FolderCalendar, eas.FolderContacts} {
		for _, item := range box.Items(kind) {
			lines = append(lines, line(kind, item))
		}
	}
	slices.Sort(lines)
	return lines
}

func line(kind eas.FolderType, item eas.Item) string {
	switch i := item.(type) {
	case *eas.Email:
		return fmt.Sprintf("%v %s %s read %v", kind, i.Received.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano), i.Subject, i.Read != nil && *i.Read)
	case *eas.Event:
		return fmt.Sprintf("%v %s %s", kind, i.Start.UTC().Format(time.RFC3339), i.Subject)
	case *eas.Contact:
		return fmt.Sprintf("%v %s", kind, i.FileAs)
	}
	return fmt.Sprintf("%v %T", kind, item)
}
