package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// TestRecipes runs the recipes of docs/recipes.md.
func TestRecipes(t *testing.T) {
	ctx := t.Context()
	box := mailbox()
	client := &eas.Client{URL: tenant.URL(), User: box.Address(), Token: bearer.Static(tenant.Token(box.Address()))}
	folders, err := client.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	id := func(kind eas.FolderType) eas.FolderID {
		folder, ok := folders.Find(kind)
		if !ok {
			t.Fatalf("no folder of the type %s", kind)
		}
		return folder.ID
	}
	var w strings.Builder

	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	box.Put(eas.FolderCalendar,
		&eas.Event{Subject: "Stand-up", Start: day.Add(-15 * time.Hour), End: day.Add(-14 * time.Hour), Recurrence: &eas.Recurrence{Type: eas.Daily, Interval: 1}},
		&eas.Event{Subject: "Another day", Start: day.Add(50 * time.Hour), End: day.Add(51 * time.Hour)})
	if err := eventsOfDay(ctx, &w, client, id(eas.FolderCalendar), day); err != nil || w.String() != "09:00 Stand-up\n" {
		t.Errorf("eventsOfDay prints %q, %v", w.String(), err)
	}

	w.Reset()
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Ada", LastName: "Byron", Emails: [3]string{"ada@contoso.com"}})
	if err := addresses(ctx, &w, client, id(eas.FolderContacts)); err != nil || !strings.HasPrefix(w.String(), "Ada Byron ") || !strings.Contains(w.String(), "ada@contoso.com") {
		t.Errorf("addresses prints %q, %v", w.String(), err)
	}

	message := "To: " + box.Address() + "\r\nSubject: Lunch?\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nAt noon.\r\n--b\r\nContent-Disposition: attachment; filename=\"../menu.txt\"\r\n\r\nSoup\r\n--b--\r\n"
	for range 2 { // as after a crash
		if err := send(ctx, client, message, "message1"); err != nil {
			t.Fatal(err)
		}
	}
	inbox := id(eas.FolderInbox)
	var key eas.SyncKey
	var mails []eas.Entry
	for page, err := range client.Pages(ctx, inbox, eas.InitialSyncKey, nil) {
		if err != nil {
			t.Fatal(err)
		}
		key, mails = page.Key, append(mails, page.Added...)
	}
	if len(mails) != 1 {
		t.Fatalf("a message that was sent twice under one ID came %d times", len(mails))
	}
	if _, err := markRead(ctx, client, inbox, key, []eas.ItemID{mails[0].ID}); err != nil {
		t.Error(err)
	}
	if read := box.Items(eas.FolderInbox)[0].(*eas.Email).Read; read == nil || !*read {
		t.Error("the mail is not read")
	}

	w.Reset()
	if err := search(ctx, &w, client, inbox, "noon"); err != nil || w.String() != "Lunch?\n" {
		t.Errorf("search prints %q, %v", w.String(), err)
	}

	dir := t.TempDir()
	if err := saveAttachments(ctx, client, mails[0].Item.(*eas.Email), dir); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "menu.txt")); err != nil || strings.TrimSpace(string(b)) != "Soup" {
		t.Errorf("the attachment is %q, %v", b, err)
	}

	if moved, err := move(ctx, client, mails[0].ID, inbox, id(eas.FolderDeletedItems)); err != nil || moved == "" || len(box.Items(eas.FolderInbox)) != 0 {
		t.Errorf("move = %q, %v", moved, err)
	}
}

// TestProtect holds that protect lets a token of this server through, and no other.
func TestProtect(t *testing.T) {
	address := mailbox().Address()
	client, err := connect(t.Context(), eastest.ClientID, address, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var user string
	handler := protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { user = r.Header.Get("X-User") }),
		client.Token.(*token.Source).Config.Authority, client.URL)
	for _, tt := range []struct {
		token string
		want  int
	}{
		{tenant.Token(address).AccessToken, http.StatusOK},
		{tenant.TokenFor(address, "outlook.office365.com").AccessToken, http.StatusUnauthorized},
		{"", http.StatusUnauthorized},
	} {
		user = ""
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+tt.token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tt.want || (user != "") != (tt.want == http.StatusOK) {
			t.Errorf("status %d for the user %q, want %d", w.Code, user, tt.want)
		}
	}
}
