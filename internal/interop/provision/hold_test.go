package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

// A holder is a server to whose Pings nothing happens, until it is told; its folders never have
// anything new.
type holder struct {
	mu     sync.Mutex
	held   []chan struct{}
	pings  atomic.Int64 // that are held
	others atomic.Int64 // other commands
}

func (h *holder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
	if r.URL.Query().Get("Cmd") != "Ping" {
		h.others.Add(1)
		return // nothing new
	}
	release := make(chan struct{})
	h.mu.Lock()
	h.held = append(h.held, release)
	h.mu.Unlock()
	h.pings.Add(1)
	defer h.pings.Add(-1)
	select {
	case <-release:
	case <-r.Context().Done():
		return
	}
	// Ping: status 2, folder 1.
	_, _ = w.Write([]byte("\x03\x01\x6a\x00\x00\x0d\x45\x47\x032\x00\x01\x49\x4a\x031\x00\x01\x01\x01"))
}

// change has the server report something new to the mailbox that has waited the longest.
func (h *holder) change() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.held) == 0 {
		return false
	}
	close(h.held[0])
	h.held = h.held[1:]
	return true
}

// TestHold measures what a process needs that waits for the changes of as many mailboxes as
// EASOAUTH_PROVISION_HOLD says, and what a change costs.
func TestHold(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("EASOAUTH_PROVISION_HOLD"))
	if n == 0 {
		t.Skip("set EASOAUTH_PROVISION_HOLD to a number of mailboxes")
	}
	cluster := servers.NewCluster(t)
	w := newWorld(t, cluster.URL, 24*time.Hour)
	const address = "ada@contoso.com"
	w.tenant.AddMailbox(address)
	api := w.startAPI(t)
	first := w.startWorker(t)
	w.provision(t, api, []string{address})
	for range 100 {
		var synced int64
		if err := w.db.QueryRowContext(t.Context(), `SELECT synced FROM provision_mailbox`).Scan(&synced); err == nil && synced > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	first.stop()
	if err := w.multiply(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	h := &holder{}
	w.network.serve(h)
	port := servers.FreePort(t)
	begin := time.Now()
	p := w.start(t, "-role", "worker", "-name", "holder", "-admin", fmt.Sprintf("127.0.0.1:%d", port), "-look", "2s", "-workers", "64", "-check", "1000h", "-out-of-office", "1000h", "-folders", "1000h")
	for h.pings.Load() < int64(n) {
		if time.Since(begin) > 5*time.Minute {
			t.Fatalf("%d of %d mailboxes are waited for after 5 minutes\n%s", h.pings.Load(), n, tail(w.log.String(), 3000))
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%d mailboxes are waited for after %v", n, time.Since(begin).Round(100*time.Millisecond))
	time.Sleep(15 * time.Second)
	metric := func(name string) float64 {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(b)
		if err != nil || m == nil {
			t.Fatalf("no metric %s, %v", name, err)
		}
		v, _ := strconv.ParseFloat(string(m[1]), 64)
		return v
	}
	measure := func(what string, length time.Duration, each func()) {
		statements, cpu, commands := metric("provision_statements_total"), metric("process_cpu_seconds_total"), h.others.Load()
		begin, changes := time.Now(), 0
		for time.Since(begin) < length {
			if each == nil {
				time.Sleep(length)
				break
			}
			each()
			changes++
		}
		d := time.Since(begin)
		statements, cpu = metric("provision_statements_total")-statements, metric("process_cpu_seconds_total")-cpu
		t.Logf("%s: %.1f %% of a core, %.0f statements a second, %.1f for a mailbox and hour; %.0f changes and %.0f Syncs a second; %.0f MB resident, %.0f MB of heap",
			what, 100*cpu/d.Seconds(), statements/d.Seconds(), statements/d.Seconds()*3600/float64(n), float64(changes)/d.Seconds(), float64(h.others.Load()-commands)/d.Seconds(),
			metric("process_resident_memory_bytes")/1e6, metric("go_memstats_heap_inuse_bytes")/1e6)
	}
	measure("idle", 40*time.Second, nil)
	for _, rate := range []int{20, 100} {
		pause := time.Second / time.Duration(rate)
		measure(fmt.Sprintf("%d changes a second", rate), 20*time.Second, func() {
			h.change()
			time.Sleep(pause)
		})
	}
	for range 2 * n { // as fast as it goes
		if !h.change() {
			break
		}
	}
	commands, begin := h.others.Load(), time.Now()
	for h.pings.Load() < int64(n) && time.Since(begin) < 10*time.Minute {
		time.Sleep(100 * time.Millisecond)
	}
	d := time.Since(begin)
	t.Logf("a change of all mailboxes at once is dealt with after %v: %.0f a second, %d commands", d.Round(100*time.Millisecond), float64(n)/d.Seconds(), h.others.Load()-commands)
	t.Logf("a process that waits for %d mailboxes stopped within %v", n, p.stop().Round(time.Millisecond))
}

// multiply makes as many mailboxes of one.
func (w *world) multiply(ctx context.Context, n int) error {
	var name string
	if err := w.db.QueryRowContext(ctx, `SELECT name FROM provision_mailbox`).Scan(&name); err != nil {
		return err
	}
	record, err := w.tokens.Load(ctx, name)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO provision_mailbox (tid, oid, endpoint, address, name, url, config, device, client, state, bucket, pulse, hierarchy, hierarchy_due, hierarchy_at, created, used, synced, checked, away, away_at)
			SELECT tid, oid, endpoint || i, address, name || i, url, config, 'device' || i, replace(client, device, 'device' || i), state, i % 4096, pulse, hierarchy, false, synced, created, used, synced, synced, away, synced
			FROM provision_mailbox, generate_series(2, $1) AS i`,
		`INSERT INTO provision_folder (mailbox, id, parent, name, type, sync_key, reading, due)
			SELECT m.id, f.id, f.parent, f.name, f.type, f.sync_key, false, false FROM provision_folder f, provision_mailbox m WHERE m.id > 1 AND f.mailbox = 1 AND $1 > 0`,
		`UPDATE provision_mailbox SET checked = synced WHERE $1 > 0`,
	} {
		if _, err := w.db.ExecContext(ctx, statement, n); err != nil {
			return err
		}
	}
	for i := 2; i <= n; i++ {
		r := record
		r.Generation = 0
		if _, err := w.tokens.Save(ctx, name+strconv.Itoa(i), r); err != nil && !errors.Is(err, token.ErrConflict) {
			return err
		}
	}
	_, err = w.db.ExecContext(ctx, `ANALYZE`)
	return err
}
