package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// Whichever statement fails, the client gets a status that says so and nothing of the reason, and
// the request succeeds when it is repeated.
func TestEachStatementFails(t *testing.T) {
	fl := new(world.Flaky)
	s := fl.Store()
	defer s.Close()
	w := world.NewWith(t, nil, s)
	describe(t, w)
	w.Tenant.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "One"})
	at1, endpoint := w.SignIn(ada), fmt.Sprintf(`{"endpoint":%q}`, w.Endpoint(ada))
	create := func() string {
		t.Helper()
		out := w.Call("POST", "/mailboxes", at1, endpoint)
		if out.Code != http.StatusCreated && out.Code != http.StatusOK {
			t.Fatalf("POST: status %d %s", out.Code, out.Body)
		}
		return fmt.Sprintf("/mailboxes/%d", world.Body[view](t, out.Body).ID)
	}
	remove := func(path string) {
		t.Helper()
		call(t, w, "DELETE", path, at1, "", 200)
	}
	path := create()
	var id int64
	if _, err := fmt.Sscanf(path, "/mailboxes/%d", &id); err != nil {
		t.Fatal(err)
	}
	w.Sync(id)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/mailboxes", ""}, {"GET", path, ""}, {"GET", path + "/folders", ""}, {"GET", path + "/items", ""}, {"GET", path + "/search?q=one", ""},
		{"POST", "/mailboxes", endpoint}, {"PATCH", path, `{"paused":true}`}, {"PATCH", path, `{"paused":false}`}, {"DELETE", path, ""}, {"POST", "/mailboxes", endpoint},
	} {
		fresh := tt.method == "POST" && exists(t, s) == 0
		for n := 1; ; n++ {
			fl.Fail(n)
			out := w.Call(tt.method, tt.path, at1, tt.body)
			if !fl.Failed() {
				if out.Code >= 300 && (tt.method != "DELETE" || out.Code != 404) || n == 1 {
					t.Errorf("%s %s: status %d %s after %d statements", tt.method, tt.path, out.Code, out.Body, n-1)
				}
				break
			}
			text := out.Body.String()
			search := strings.Contains(tt.path, "search") && out.Code == 200 && strings.Contains(text, "serverError")
			if out.Code < 500 && !search || strings.Contains(text, "connection") {
				t.Errorf("%s %s: status %d %s when statement %d fails", tt.method, tt.path, out.Code, text, n)
			}
			switch {
			case fresh: // once more from the start
				if exists(t, s) > 0 {
					remove(create())
				}
			case tt.method == "PATCH": // which may have been done
				other := strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(tt.body, "true", "?"), "false", "true"), "?", "false")
				call(t, w, "PATCH", tt.path, at1, other, 200)
			case strings.Contains(tt.path, "search"):
				w.Engine.Drop(id)
			}
		}
		if tt.method == "DELETE" && exists(t, s) != 0 {
			t.Error("the mailbox is still there")
		}
	}
}

func exists(t *testing.T, s *store.Store) int {
	t.Helper()
	all, err := s.Page(t.Context(), 0, false, 9)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
