package status_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/status"
	"github.com/easoauth/easoauth/examples/provision/store"
)

const ada = "ada@contoso.com"

// The page, the metrics and the probes show what is, and name no user.
func TestServer(t *testing.T) {
	w := world.New(t, nil)
	w.Tenant.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "A secret of the mailbox"})
	metrics := status.NewMetrics(w.Store, func() (int, int) { return 7, 3 })
	w.Engine.Observe, w.Engine.Stored = metrics.Observe, metrics.Stored
	ready := errors.New("starting")
	s := &status.Server{Store: w.Store, Process: "p-1", Metrics: metrics, Ready: func(context.Context) error { return ready }}
	h := s.Handler()
	get := func(path string) *httptest.ResponseRecorder {
		out := httptest.NewRecorder()
		h.ServeHTTP(out, httptest.NewRequest(http.MethodGet, path, nil))
		return out
	}
	if out := get("/readyz"); out.Code != 503 {
		t.Errorf("readyz while starting: status %d", out.Code)
	}
	ready = nil
	if out := get("/readyz"); out.Code != 200 {
		t.Errorf("readyz: status %d", out.Code)
	}
	if out := get("/healthz"); out.Code != 200 {
		t.Errorf("healthz: status %d", out.Code)
	}
	if out := get("/nothing"); out.Code != 404 {
		t.Errorf("nothing: status %d", out.Code)
	}

	id := w.Provision(ada)
	if out := get("/"); !strings.Contains(out.Body.String(), "work waits") || !strings.Contains(out.Body.String(), "not yet") {
		t.Errorf("the page of a mailbox that is not in step yet:\n%s", out.Body)
	}
	// The first synchronization shows how far it is.
	if done, err := w.Engine.Sync(t.Context(), id, 0); err != nil || done {
		t.Fatalf("Sync without time = %v, %v", done, err)
	}
	if page := get("/").Body.String(); !strings.Contains(page, "not yet: 0 of ") || !strings.Contains(page, "0 of 0 items") {
		t.Errorf("the page of a mailbox whose folders are known:\n%s", page)
	}
	w.Sync(id)
	metrics.Renewed()
	now := time.Now()
	if err := w.Store.Join(t.Context(), store.Process{Name: "p-1", Started: now.Add(-time.Hour), Seen: now, Slots: 3, Waiting: 7}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.SaveRenewals(t.Context(), "p-1", []store.Renewal{{Mailbox: id, At: now, Count: 2}}); err != nil {
		t.Fatal(err)
	}
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	failing := func() string { return get("/?failing=1").Body.String() }
	if strings.Contains(failing(), "mail.contoso.com") {
		t.Error("a mailbox in step is among those that are not")
	}
	err = w.Store.Fail(t.Context(), m, store.Failure{Text: `the server said <script>"no"</script>`, Remedy: "Do something.", RetryAt: now.Add(10 * time.Minute), Kind: "failing"})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{get("/").Body.String(), failing()} {
		for _, want := range []string{"p-1", "mail.contoso.com", "Do something.", "&lt;script&gt;", "in 10m", "(2)", "1 not in step", "failing: "} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
		if strings.Contains(page, "<script>") || strings.Contains(page, "ada@") || strings.Contains(page, "A secret") {
			t.Errorf("the page holds what it must not:\n%s", page)
		}
	}
	// Whoever has the address finds the key, which the page does not name otherwise.
	find := func(address string) string {
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{"address": {address}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		out := httptest.NewRecorder()
		h.ServeHTTP(out, req)
		return out.Body.String()
	}
	row := fmt.Sprintf(`<td class="number">%d</td><td>active`, id)
	if page := find(" Ada@Contoso.com"); !strings.Contains(page, row) || strings.Contains(strings.ToLower(page), "ada@") || strings.Contains(page, "http-equiv") {
		t.Errorf("the page of an address:\n%s", page)
	}
	if page := find("bob@contoso.com"); strings.Contains(page, row) {
		t.Errorf("the page of another address:\n%s", page)
	}
	out := get("/metrics").Body.String()
	for _, want := range []string{
		`provision_mailboxes{state="active"} 1`, "provision_failing 1", "provision_due 0", "provision_waiting 7", "provision_slots 3", "provision_renewals_total 1",
		`provision_commands_total{command="FolderSync",status="200"}`, `provision_items_total{class="Email"} 1`, "provision_lag_seconds 0", "go_goroutines",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
	if strings.Contains(out, "ada@") {
		t.Error("the metrics name a user")
	}
	// Work that waits is lag.
	if err := w.Store.Fail(t.Context(), m, store.Failure{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.MarkDue(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	sum, err := w.Store.Summarize(t.Context())
	if err != nil || sum.Due != 1 || sum.Lag(time.Now().Add(time.Minute)) < time.Minute {
		t.Errorf("summary %+v, %v", sum, err)
	}
}
