package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/api"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
)

const (
	ada = "ada@contoso.com"
	eve = "eve@contoso.com"
)

// described holds every response against openapi.json.
type described struct {
	t      *testing.T
	router routers.Router
	next   http.Handler
}

func describe(t *testing.T, w *world.World) {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	w.API = &described{t, router, w.API}
}

func (d *described) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := httptest.NewRecorder()
	d.next.ServeHTTP(out, r)
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		d.t.Errorf("%s %s is not described: %v", r.Method, r.URL.Path, err)
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 out.Code, Header: out.Header(), Body: io.NopCloser(bytes.NewReader(out.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		d.t.Errorf("%s %s: status %d %s\nis not as described: %v", r.Method, r.URL.Path, out.Code, out.Body, err)
	}
	for k, v := range out.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(out.Code)
	_, _ = w.Write(out.Body.Bytes())
}

type view struct {
	ID               int64
	State, URL       string
	Endpoint, Remedy string
	Progress         *struct{ Folders, Done, Items, Received int }
	Synced           string
}

func open(t *testing.T, o *eastest.Options) *world.World {
	t.Helper()
	w := world.New(t, o)
	describe(t, w)
	w.Tenant.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "One"}, &eas.Email{From: "bob@contoso.com", Subject: "Two"})
	return w
}

// call calls the service and wants a status.
func call(t *testing.T, w *world.World, method, path, accessToken, body string, want int) *httptest.ResponseRecorder {
	t.Helper()
	out := w.Call(method, path, accessToken, body)
	if out.Code != want {
		t.Fatalf("%s %s: status %d %s, want %d", method, path, out.Code, out.Body, want)
	}
	return out
}

// exchanges counts what the service requested of the authority.
func exchanges(w *world.World) (n int) {
	for _, r := range w.Tenant.Requests() {
		if r.Form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" && r.Status == 200 {
			n++
		}
	}
	return n
}

// The life of a mailbox, as a client sees it.
func TestMailbox(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	body := fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada))
	m := world.Body[view](t, call(t, w, "POST", "/mailboxes", at1, body, 201).Body)
	if m.State != "active" || m.Progress == nil || m.Synced != "" {
		t.Errorf("a new mailbox: %+v", m)
	}
	path := fmt.Sprintf("/mailboxes/%d", m.ID)
	w.Sync(m.ID)
	if m := world.Body[view](t, call(t, w, "GET", path, at1, "", 200).Body); m.Synced == "" || m.Progress != nil {
		t.Errorf("a mailbox in step: %+v", m)
	}
	// Once more is the same mailbox, and no further exchange.
	if again := world.Body[view](t, call(t, w, "POST", "/mailboxes", at1, body, 200).Body); again.ID != m.ID {
		t.Errorf("provisioned again as mailbox %d, want %d", again.ID, m.ID)
	}
	if n := exchanges(w); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	if list := world.Body[struct{ Mailboxes []view }](t, call(t, w, "GET", "/mailboxes", at1, "", 200).Body); len(list.Mailboxes) != 1 {
		t.Errorf("%d mailboxes, want 1", len(list.Mailboxes))
	}
	folders := world.Body[struct {
		Folders []struct{ ID, Name, Class string }
	}](t, call(t, w, "GET", path+"/folders", at1, "", 200).Body).Folders
	if len(folders) < 5 || folders[0].Name != "Inbox" || folders[0].Class != "Email" {
		t.Errorf("folders %v", folders)
	}
	type list struct {
		Items []struct{ Subject, Class string }
		Total int
	}
	items := world.Body[list](t, call(t, w, "GET", path+"/items?limit=1&folder="+folders[0].ID, at1, "", 200).Body)
	if len(items.Items) != 1 || items.Total != 2 || items.Items[0].Class != "Email" {
		t.Errorf("items %+v", items)
	}
	found := world.Body[list](t, call(t, w, "GET", path+"/search?q=two", at1, "", 200).Body)
	if len(found.Items) != 1 || found.Items[0].Subject != "Two" {
		t.Errorf("found %+v", found)
	}
	for _, bad := range []string{"/items?limit=x", "/items?limit=5000", "/items?offset=-1", "/search?q=x", "/search?q=++++", "/search"} {
		call(t, w, "GET", path+bad, at1, "", 400)
	}

	// Another user does not even learn that it exists.
	w.Tenant.AddMailbox(eve)
	other := w.SignIn(eve)
	for _, tt := range [][2]string{{"GET", path}, {"PATCH", path}, {"DELETE", path}, {"GET", path + "/items"}, {"GET", path + "/search?q=one"}, {"GET", "/mailboxes/99999"}, {"GET", "/mailboxes/x"}} {
		call(t, w, tt[0], tt[1], other, `{"paused":true}`, 404)
	}

	// Pause, and go on.
	for _, tt := range []struct{ body, state string }{{`{"paused":true}`, "paused"}, {`{"paused":true}`, "paused"}, {`{"paused":false}`, "active"}, {`{"paused":false}`, "active"}} {
		if m := world.Body[view](t, call(t, w, "PATCH", path, at1, tt.body, 200).Body); m.State != tt.state {
			t.Errorf("%s: state %s", tt.body, m.State)
		}
	}
	for _, body := range []string{`{}`, `x`, `{"paused":1}`, `{"paused":true}{}`, `{"state":"paused"}`} {
		call(t, w, "PATCH", path, at1, body, 400)
	}
	call(t, w, "PATCH", path, at1, `{"paused":true}`, 200)
	if m := world.Body[view](t, call(t, w, "POST", "/mailboxes", at1, body, 200).Body); m.State != "paused" {
		t.Errorf("provisioned again, a paused mailbox is %s", m.State)
	}

	// Delete: nothing is left, the sign-in included.
	before, err := w.Store.Mailbox(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	type counts struct{ Mailboxes, Folders, Items, Found, Events, Tokens int64 }
	rows := world.Body[struct{ Removed, Left counts }](t, call(t, w, "DELETE", path, at1, "", 200).Body)
	if rows.Removed.Mailboxes != 1 || rows.Removed.Items != 2 || rows.Removed.Tokens != 1 || rows.Removed.Folders == 0 || rows.Removed.Events == 0 {
		t.Errorf("removed %+v", rows.Removed)
	}
	if diff := cmp.Diff(counts{}, rows.Left); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if _, err := w.Tokens.Load(t.Context(), before.Name); err == nil {
		t.Error("the sign-in is still there")
	}
	call(t, w, "GET", path, at1, "", 404)
	call(t, w, "POST", "/mailboxes", at1, body, 201)
}

// Clients that are opened at the same time provision one mailbox with one exchange.
func TestAtOnce(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	body := fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada))
	ids := map[int64]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out := w.Call("POST", "/mailboxes", at1, body)
			if out.Code != 200 && out.Code != 201 {
				t.Errorf("status %d %s", out.Code, out.Body)
				return
			}
			id := world.Body[view](t, out.Body).ID
			mu.Lock()
			defer mu.Unlock()
			ids[id] = true
		})
	}
	wg.Wait()
	if n := exchanges(w); len(ids) != 1 || n != 1 {
		t.Errorf("%d mailboxes and %d exchanges, want one of each", len(ids), n)
	}
}

// What is not a token for this service is refused, and nothing is requested with it.
func TestTokens(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	n := len(w.Tenant.Requests())
	for name, raw := range map[string]string{"none": "", "not a token": "x", "for Exchange": w.Tenant.Token(ada).AccessToken, "changed": at1[:len(at1)-4] + "AAAA"} {
		want := `Bearer error="invalid_token"`
		if raw == "" {
			want = "Bearer"
		}
		out := w.Call("POST", "/mailboxes", raw, `{"endpoint":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`)
		if out.Code != 401 || out.Header().Get("WWW-Authenticate") != want {
			t.Errorf("%s: status %d %s, want 401 %s", name, out.Code, out.Header().Get("WWW-Authenticate"), want)
		}
	}
	for _, tt := range []struct {
		fields []string
		want   int
	}{
		{[]string{"Bearer " + at1}, 200},
		{[]string{"bearer " + at1}, 200}, // RFC 9110 section 11.1
		{[]string{"Bearer " + at1, "Bearer " + at1}, 401},
		{[]string{"Basic " + at1}, 401},
		{[]string{at1}, 401},
		{[]string{""}, 401},
	} {
		req, out := httptest.NewRequest("GET", "/mailboxes", nil), httptest.NewRecorder()
		req.Header["Authorization"] = tt.fields
		w.API.ServeHTTP(out, req)
		if out.Code != tt.want {
			t.Errorf("%d fields that begin with %.8q: status %d, want %d", len(tt.fields), tt.fields[0], out.Code, tt.want)
		}
	}
	for _, r := range w.Tenant.RequestsAfter(n) {
		if r.Form.Get("grant_type") != "" {
			t.Errorf("a token that is not for the service was sent on: %v", r)
		}
	}
}

// Endpoints are judged before anything is sent to them.
func TestEndpoints(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	n := len(w.Tenant.Requests())
	for endpoint, want := range map[string]int{
		"https://mail.example.org/Microsoft-Server-ActiveSync":     422, // foreign
		"https://10.0.0.1/Microsoft-Server-ActiveSync":             422,
		"https://localhost/Microsoft-Server-ActiveSync":            422,
		"https://contoso.com.evil.com/Microsoft-Server-ActiveSync": 422,
		"http://mail.contoso.com/Microsoft-Server-ActiveSync":      400,
		"https://u:p@mail.contoso.com/Microsoft-Server-ActiveSync": 400,
		"https://mail.contoso.com/Microsoft-Server-ActiveSync?x=y": 400,
		"mail.contoso.com": 400,
		"":                 400,
		"https://mail.contoso.com/" + strings.Repeat("x", 600): 400,
	} {
		out := w.Call("POST", "/mailboxes", at1, fmt.Sprintf(`{"endpoint":%q}`, endpoint))
		if out.Code != want {
			t.Errorf("%s: status %d %s, want %d", endpoint, out.Code, out.Body, want)
		}
	}
	for _, r := range w.Tenant.RequestsAfter(n) {
		if r.Host != "login.microsoftonline.com" {
			t.Errorf("a refused endpoint was sent %v", r)
		}
	}
	if all, err := w.Store.Page(t.Context(), 0, false, 10); err != nil || len(all) != 0 {
		t.Errorf("%d mailboxes are left of refused endpoints, %v", len(all), err)
	}
}

// What the authority demands reaches the client, and nothing of the mailbox is left.
func TestDemands(t *testing.T) {
	for number, want := range map[string]struct {
		status    int
		challenge string
	}{
		"50076": {401, `Bearer error="insufficient_claims", claims="`}, // a second factor
		"65001": {403, ""},                                             // consent
		"53003": {403, ""},                                             // a policy
		"50173": {401, `Bearer error="invalid_token"`},                 // a revoked sign-in
	} {
		w := open(t, nil)
		at1 := w.SignIn(ada)
		body := fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada))
		refused := w.Tenant.Switch(eastest.Fault{ID: "SIGN_IN_REFUSED", Value: number})
		out := w.Call("POST", "/mailboxes", at1, body)
		challenge := out.Header().Get("WWW-Authenticate")
		if out.Code != want.status || !strings.HasPrefix(challenge, want.challenge) {
			t.Errorf("%s: status %d, challenge %s; want %d %s\n%s", number, out.Code, challenge, want.status, want.challenge, out.Body)
		}
		if _, claims, ok := strings.Cut(challenge, `claims="`); ok {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(claims, `"`))
			if p := world.Body[struct{ Claims string }](t, out.Body); err != nil || p.Claims != string(b) || !strings.HasPrefix(p.Claims, "{") {
				t.Errorf("claims %s and %s, %v", b, p.Claims, err)
			}
		}
		if all, err := w.Store.Page(t.Context(), 0, false, 10); err != nil || len(all) != 0 {
			t.Errorf("%s: %d mailboxes are left, %v", number, len(all), err)
		}
		// The user has done what was demanded.
		refused.Lift()
		call(t, w, "POST", "/mailboxes", w.SignIn(ada), body, 201)
	}
}

// The database holds no token in the clear, and not the one that the client presented at all.
func TestSecrets(t *testing.T) {
	w := open(t, nil)
	at1 := w.SignIn(ada)
	m := world.Body[view](t, call(t, w, "POST", "/mailboxes", at1, fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada)), 201).Body)
	w.Sync(m.ID)
	rows, err := w.Store.DB.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	rows.Close()
	for _, name := range tables {
		rows, err := w.Store.DB.QueryContext(t.Context(), `SELECT * FROM `+name)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				text := fmt.Sprintf("%s", *v.(*any))
				if strings.Contains(text, "eyJ") || strings.Contains(text, world.ServiceSecret) || strings.Contains(text, at1) {
					t.Errorf("%s.%s holds a secret", name, columns[i])
				}
			}
		}
		rows.Close()
	}
	if len(tables) < 8 {
		t.Errorf("tables %v", tables)
	}
}

// A mailbox whose sign-in has ended cannot be paused: the client learns what to do.
func TestConflict(t *testing.T) {
	w := open(t, nil)
	id := w.Provision(ada)
	m, err := w.Store.Mailbox(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Fail(t.Context(), m, store.Failure{State: store.SignIn, Text: "ended", Remedy: "Sign in."}); err != nil {
		t.Fatal(err)
	}
	call(t, w, "PATCH", fmt.Sprintf("/mailboxes/%d", id), w.SignIn(ada), `{"paused":true}`, 409)
}
