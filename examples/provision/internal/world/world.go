// Package world is what the tests of the service have around them: a tenant of users with
// mailboxes, the service's own registration there, a database, and a client that signs users
// in and calls the service.
package world

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/api"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// The service is registered with the tenant, as an API whose permission is Scope.
const (
	ServiceID     = "5b1f6c2e-3a70-4d5f-9a1c-7e0b8f2d4c11"
	ServiceSecret = "a secret of the tests"
	Scope         = "access_as_user"
)

// Audience is what tokens for the service are for.
const Audience = "api://" + ServiceID

// App is the registration of the service.
func App() eastest.App { return eastest.App{ID: ServiceID, Secret: ServiceSecret} }

// A World is a service in one process, without a queue.
type World struct {
	DSN    string // of the database, unless it is the caller's
	Tenant *eastest.Tenant
	Store  *store.Store
	Tokens *sqlstore.Store
	Engine *engine.Engine
	API    http.Handler
	Front  *token.Config // of the client that signs users in to the service

	// NoBrowser has users sign in by device code, which needs no connection on loopback, as
	// inside a bubble of testing/synctest.
	NoBrowser bool
	t         testing.TB
}

// New returns a world with a SQLite database in memory, which is as good as one on a disk but
// for what takes several processes or their death. If o is nil, the organization is a hybrid
// one.
func New(t testing.TB, o *eastest.Options) *World {
	t.Helper()
	return open(t, o, "file:/"+rand.Text()+"?vfs=memdb")
}

// NewOnDisk is New with a database that is a file.
func NewOnDisk(t testing.TB, o *eastest.Options) *World {
	t.Helper()
	return open(t, o, filepath.Join(t.TempDir(), "provision.db"))
}

func open(t testing.TB, o *eastest.Options, dsn string) *World {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := NewWith(t, o, s)
	w.DSN = dsn
	return w
}

// NewWith returns a world with a database of the caller's.
func NewWith(t testing.TB, o *eastest.Options, s *store.Store) *World {
	t.Helper()
	if o == nil {
		o = &eastest.Options{Topology: eastest.Hybrid}
	}
	o.Apps = append(o.Apps, App())
	w := &World{Tenant: eastest.New(t, o), Store: s, t: t}
	ctx := t.Context()
	w.Tokens = &sqlstore.Store{DB: s.DB, Dialect: s.Dialect, EncryptionKey: token.NewEncryptionKey(), LeaseTime: 5 * time.Second}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Tokens.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	client := w.Tenant.Client()
	w.Engine = &engine.Engine{Store: s, Tokens: w.Tokens, ClientID: ServiceID, Auth: token.Secret(ServiceSecret), HTTPClient: client}
	var err error
	w.Front, err = token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/"+eastest.TenantID, nil, []string{Audience + "/" + Scope}, &token.Options{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(Audience)
	if err != nil {
		t.Fatal(err)
	}
	verifier := &token.Verifier{Authority: w.Front.Authority, Endpoint: own, Audiences: []string{Audience, ServiceID}, Tenants: []string{eastest.TenantID}, Scope: Scope, HTTPClient: client}
	detector := &api.Detector{Lookup: &autodiscover.Resolver{HTTPClient: client}, HTTPClient: client}
	w.API = (&api.Server{Engine: w.Engine, Store: s, Verifier: verifier, Detector: detector}).Handler()
	return w
}

// SignIn signs a user in to the service, as a client does, and returns the access token.
func (w *World) SignIn(address string) string {
	w.t.Helper()
	var flow token.Flow = &token.Browser{Open: w.Tenant.Browser(), LoginHint: address}
	if w.NoBrowser {
		flow = &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
			return w.Tenant.ApproveDevice(p.UserCode, address)
		}}
	}
	t, err := (&token.Source{Config: w.Front, Flow: flow}).Token(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return t.AccessToken
}

// Call calls the service.
func (w *World) Call(method, path, accessToken, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(w.t.Context())
	if accessToken != "" {
		r.Header.Set("Authorization", "Bearer "+accessToken)
	}
	out := httptest.NewRecorder()
	w.API.ServeHTTP(out, r)
	return out
}

// Endpoint returns where the mailbox of an address is.
func (w *World) Endpoint(address string) string {
	w.t.Helper()
	e, err := (&autodiscover.Resolver{HTTPClient: w.Tenant.Client()}).Lookup(w.t.Context(), address)
	if err != nil {
		w.t.Fatal(err)
	}
	return e.URL.String()
}

// Provision provisions the mailbox of an address and returns its key.
func (w *World) Provision(address string) int64 {
	w.t.Helper()
	out := w.Call(http.MethodPost, "/mailboxes", w.SignIn(address), fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(address)))
	if out.Code != http.StatusCreated && out.Code != http.StatusOK {
		w.t.Fatalf("POST /mailboxes: status %d %s", out.Code, out.Body)
	}
	var v struct{ ID int64 }
	if err := json.Unmarshal(out.Body.Bytes(), &v); err != nil {
		w.t.Fatal(err)
	}
	return v.ID
}

// Sync works on a mailbox until it is in step.
func (w *World) Sync(id int64) {
	w.t.Helper()
	if err := w.TrySync(id); err != nil {
		w.t.Fatal(err)
	}
}

// TrySync is Sync for what may fail.
func (w *World) TrySync(id int64) error {
	for range 1000 {
		done, err := w.Engine.Sync(w.t.Context(), id, time.Minute)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		if rested, err := w.Store.Rest(w.t.Context(), id, nil); err != nil || rested {
			return err
		}
	}
	return fmt.Errorf("mailbox %d does not come to rest", id)
}

// Body reads a response's JSON.
func Body[T any](t testing.TB, r io.Reader) (v T) {
	t.Helper()
	if err := json.NewDecoder(r).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Copy returns what the copy has of a mailbox, as lines that a mailbox can be compared with.
func (w *World) Copy(id int64) []string {
	w.t.Helper()
	lines, err := Copy(w.t.Context(), w.Store, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return lines
}

// Copy returns what the copy has of a mailbox.
func Copy(ctx context.Context, s *store.Store, id int64) ([]string, error) {
	items, err := s.Items(ctx, id, "", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	folders, err := s.Folders(ctx, id)
	if err != nil {
		return nil, err
	}
	types := map[eas.FolderID]eas.FolderType{}
	for _, f := range folders {
		types[f.ID] = f.Type
	}
	var lines []string
	for _, i := range items {
		item, err := eas.Decode(types[i.Folder].Class(), i.Raw)
		if err != nil {
			return nil, err
		}
		lines = append(lines, Line(types[i.Folder], item))
	}
	slices.Sort(lines)
	return lines, nil
}

// Original returns the same of the tenant's mailbox: the mail of the four weeks before now, and
// all events and contacts.
func Original(m *eastest.Mailbox, now time.Time) []string {
	var lines []string
	for _, t := range []eas.FolderType{eas.FolderInbox, eas.FolderDrafts, eas.FolderDeletedItems, eas.FolderSentItems} {
		for _, mail := range m.Messages(t) {
			if !mail.Received.Before(now.Add(-engine.DefaultWindow)) {
				lines = append(lines, Line(t, &mail))
			}
		}
	}
	for _, t := range []eas.FolderType{eas.FolderCalendar, eas.FolderContacts} {
		for _, item := range m.Items(t) {
			lines = append(lines, Line(t, item))
		}
	}
	slices.Sort(lines)
	return lines
}

// Line is an item as a line.
func Line(t eas.FolderType, item eas.Item) string {
	switch i := item.(type) {
	case *eas.Email:
		return fmt.Sprintf("%v: mail %q from %q, read %v, %s", t, i.Subject, i.From, i.Read != nil && *i.Read, i.Received.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano))
	case *eas.Event:
		return fmt.Sprintf("%v: event %q %s to %s", t, i.Subject, i.Start.UTC().Format(time.RFC3339), i.End.UTC().Format(time.RFC3339))
	case *eas.Contact:
		return fmt.Sprintf("%v: contact %q", t, i.FileAs)
	}
	return fmt.Sprintf("%v: %T", t, item)
}
