// Package provision runs examples/provision as it would run in earnest, on PostgreSQL with
// several processes, and does to it what happens to services.
package provision

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// A size is how much fire there is.
type size struct {
	mailboxes, processes int
	length               time.Duration
	restarts, cuts       int
}

// sizes are chosen by EASOAUTH_PROVISION. The short one is for every run.
var sizes = map[string]size{
	"":       {40, 3, 20 * time.Second, 1, 2},
	"medium": {200, 5, time.Minute, 1, 4},
	"full":   {1000, 8, 3 * time.Minute, 2, 8},
}

// TestUnderFire keeps mailboxes in step while their mail changes, processes are killed, the
// database restarts and the network is cut. When it is over, each copy equals its mailbox item
// by item.
func TestUnderFire(t *testing.T) {
	z, ok := sizes[os.Getenv("EASOAUTH_PROVISION")]
	if !ok {
		t.Fatalf("EASOAUTH_PROVISION is %q", os.Getenv("EASOAUTH_PROVISION"))
	}
	cluster := servers.NewCluster(t)
	w := newWorld(t, cluster.URL, z.length/6)
	var addresses []string
	for i := range z.mailboxes {
		addresses = append(addresses, fmt.Sprintf("user%d@contoso.com", i))
		box := w.tenant.AddMailbox(addresses[i])
		for n := range 20 {
			box.Deliver(&eas.Email{From: "news@contoso.com", Subject: fmt.Sprintf("Issue %d", n), Received: time.Now().Add(-time.Duration(n) * 24 * time.Hour)})
		}
		start := time.Now().Truncate(time.Hour).Add(48 * time.Hour)
		box.Put(eas.FolderCalendar, &eas.Event{Subject: "Review", Start: start, End: start.Add(time.Hour)})
		box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", FileAs: "Bob"})
	}
	api := w.startAPI(t)
	workers := make([]*worker, z.processes)
	for i := range workers {
		workers[i] = w.startWorker(t)
	}
	begin := time.Now()
	w.provision(t, api, addresses)
	t.Logf("%d mailboxes provisioned in %v", z.mailboxes, time.Since(begin).Round(time.Second))
	w.inStep(t, addresses, 3*time.Minute)
	t.Logf("in step for the first time after %v", time.Since(begin).Round(time.Second))

	var done atomic.Bool
	var mails, edits, kills atomic.Int64
	var wg sync.WaitGroup
	pause := max(z.length/time.Duration(4*z.mailboxes), 2*time.Millisecond)
	wg.Go(func() { // mail arrives, and is deleted at the server
		for n := 0; !done.Load(); n++ {
			address := addresses[rand.N(len(addresses))]
			w.tenant.Mailbox(address).Deliver(&eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("News %d", n)})
			mails.Add(1)
			time.Sleep(rand.N(2 * pause))
		}
	})
	wg.Go(func() { // users read, move and delete on another device
		for !done.Load() {
			if err := w.edit(t.Context(), addresses[rand.N(len(addresses))]); err != nil {
				t.Logf("an edit on another device: %v", err)
			} else {
				edits.Add(1)
			}
			time.Sleep(rand.N(8 * pause))
		}
	})
	wg.Go(func() { // processes are killed, and started again
		for !done.Load() {
			time.Sleep(z.length/40 + rand.N(z.length/20))
			i := rand.N(len(workers))
			workers[i].kill()
			kills.Add(1)
			time.Sleep(500 * time.Millisecond)
			workers[i] = w.startWorker(t)
		}
	})
	wg.Go(func() { // the network is cut
		for range z.cuts {
			time.Sleep(z.length / time.Duration(z.cuts+1))
			w.network.cut(rand.N(2 * time.Second))
		}
	})
	for i := range z.restarts { // the database restarts
		time.Sleep(z.length / time.Duration(z.restarts+1))
		how := []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}[i%2]
		cluster.Restart(t, how, time.Second)
	}
	time.Sleep(z.length / time.Duration(z.restarts+1))
	done.Store(true)
	wg.Wait()
	over := time.Now()
	w.inStep(t, addresses, 4*time.Minute)
	calm := time.Since(over)

	var lost, failing, renewals, moves int
	err := w.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FILTER (WHERE state <> 'active'), COUNT(*) FILTER (WHERE error <> ''), SUM(renewals), SUM(moves) FROM provision_mailbox`).
		Scan(&lost, &failing, &renewals, &moves)
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.network.ledger.close()
	if err != nil {
		t.Errorf("the ledger of refresh tokens: %v", err)
	}
	t.Logf("%d mailboxes, %d processes, %v: %d mails, %d edits on other devices; %d processes killed, %d taken for dead, %d restarts of the database, %d cuts of the network; "+
		"%d requests; %d refresh tokens spent, of which came again %d after a response that was cut off, %d after the death of a process that had not stored its successor yet, "+
		"and %d although a successor was stored; %d sign-ins lost; in step %v after the fire",
		z.mailboxes, z.processes, z.length, mails.Load(), edits.Load(), kills.Load(), w.falls.Load(), z.restarts, z.cuts, w.network.requests.Load(), n.Spent, n.Cut, n.Killed, n.Disregarded, lost, calm.Round(time.Second))
	if lost > 0 {
		t.Errorf("%d sign-ins were lost", lost)
	}
	if n.Disregarded > 0 {
		t.Errorf("%d refresh tokens were spent again although a successor was stored", n.Disregarded)
	}
	// Between the authority's response and the database a process renews few sign-ins at a time.
	if most := 2 * (int(kills.Load()) + z.restarts + z.cuts); n.Killed > most {
		t.Errorf("%d refresh tokens were spent again after the death of a process, with %d killed; at most %d are expected", n.Killed, kills.Load(), most)
	}
	var rows int
	if err := w.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM provision_process`).Scan(&rows); err != nil || rows != z.processes {
		t.Errorf("%d processes are known, %v; want %d", rows, err, z.processes)
	}
	for _, p := range workers {
		d := p.stop()
		t.Logf("a process stopped within %v", d.Round(time.Millisecond))
		if d > 10*time.Second {
			t.Errorf("a process took %v to stop", d)
		}
	}
	if text := w.log.String(); strings.Contains(text, "@contoso.com") || strings.Contains(text, "eyJ") {
		line := text[max(0, strings.Index(text, "@contoso.com")-300):]
		t.Errorf("the logs name a user or hold a token:\n%.500s", line)
	}
}

// inStep waits until every copy equals its mailbox.
func (w *world) inStep(t *testing.T, addresses []string, most time.Duration) {
	t.Helper()
	waiting := slices.Clone(addresses)
	var diff string
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		waiting = slices.DeleteFunc(waiting, func(address string) bool {
			have, err := copied(t.Context(), w.db, address)
			want := original(w.tenant.Mailbox(address))
			if diff = fmt.Sprintf("%s: %d items, want %d (%v)", address, len(have), len(want), err); err != nil {
				return false
			}
			return slices.Equal(have, want)
		})
		if len(waiting) == 0 {
			return
		}
	}
	t.Logf("the last lines of the logs:\n%s", tail(w.log.String(), 6000))
	w.explain(t, waiting[:min(5, len(waiting))])
	t.Fatalf("%d of %d copies are not in step after %v, such as %s", len(waiting), len(addresses), most, diff)
}

// explain shows what the database says of mailboxes that are not in step, and of the queue.
func (w *world) explain(t *testing.T, addresses []string) {
	for _, query := range []string{
		`SELECT concat_ws(' ', 'mailbox', id, state, 'slot', bucket / 64, 'due', due, hierarchy_due, 'since', now_ms - due_at, 'synced', now_ms - synced, 'retry in', retry_at - now_ms, 'failures', failures, error)
			FROM provision_mailbox, (SELECT CAST(extract(epoch FROM now()) * 1000 AS BIGINT) AS now_ms) AS n WHERE address = ANY($1)`,
		`SELECT concat_ws(' ', 'job', id, kind, state, args, 'attempt', attempt, scheduled_at - now(), attempted_by[array_upper(attempted_by, 1)])
			FROM river_job WHERE kind IN ('wait', 'sync') AND state <> 'completed' AND cardinality($1::text[]) > 0 ORDER BY kind, id LIMIT 200`,
		`SELECT concat_ws(' ', 'process', name, slots, waiting) FROM provision_process WHERE cardinality($1::text[]) > 0`,
	} {
		rows, err := w.db.QueryContext(t.Context(), query, addresses)
		if err != nil {
			t.Log(err)
			continue
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err == nil {
				t.Log(text)
			}
		}
		rows.Close()
	}
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }
