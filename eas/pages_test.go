package eas_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// page returns a page as a server sends it: more says whether there is more, and subject, if
// not "", is that of a mail in it.
func page(key string, more bool, subject string) string {
	s := `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>` + key + `</SyncKey><CollectionId>f</CollectionId><Status>1</Status>`
	if more {
		s += `<MoreAvailable/>`
	}
	if subject != "" {
		s += `<Commands><Add><ServerId>` + subject + `</ServerId><ApplicationData><Subject xmlns="Email">` + subject + `</Subject></ApplicationData></Add></Commands>`
	}
	return s + `</Collection></Collections></Sync>`
}

// TestPagesProgress reads from servers that move on, and from some that do not.
func TestPagesProgress(t *testing.T) {
	t.Parallel()
	advancing := func(n int) []string {
		var out []string
		for i := range n {
			out = append(out, page(fmt.Sprint(i+2), true, ""))
		}
		return out
	}
	renumbered := func(pages []string) []string {
		for i := range pages {
			pages[i] = page(fmt.Sprint(i+6000), true, "")
		}
		return pages
	}
	for _, tt := range []struct {
		name  string
		pages []string
		want  string // the subjects that come
		stuck bool
		limit int // of requests
	}{
		{"S114 a key that stays", []string{page("1", true, "")}, "", true, 5},
		{"a key that stays, with mail", []string{page("1", true, "a")}, "a", true, 5},
		{"a key that stays later", []string{page("2", true, "a"), page("3", true, "b"), page("3", true, "b")}, "a b b", true, 7},
		{"a circle", []string{page("2", true, "a"), page("3", true, "b"), page("2", true, "c")}, "a b c", true, 7},
		{"empty pages that advance", append(advancing(60), page("99", false, "a")), "a", false, 70},
		{"S114 empty pages that go on for ever", advancing(1100), "", true, 1010},
		{"999 empty pages", append(advancing(999), page("9999", false, "a")), "a", false, 1010},
		{"1000 empty pages", append(advancing(1000), page("9999", false, "a")), "", true, 1010},
		{"empty pages around one that is not", slices.Concat(advancing(999), []string{page("5000", true, "a")}, renumbered(advancing(999)), []string{page("9999", false, "b")}), "a b", false, 2010},
		{"1000 empty pages after one that is not", slices.Concat([]string{page("5000", true, "a")}, renumbered(advancing(1000)), []string{page("9999", false, "b")}), "a", true, 1010},
		{"the end", []string{page("2", true, "a"), page("2", false, "")}, "a", false, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{t: t, respond: func(_ *http.Request, command string, n int) *http.Response {
				if command != "Sync" {
					return nil
				}
				return reply1(200, fromXML(t, tt.pages[min(n, len(tt.pages))-1]))
			}}
			c := b.client()
			var subjects []string
			var last error
			for p, err := range c.Pages(t.Context(), "f", "1", nil) {
				if last = err; err != nil {
					break
				}
				for _, e := range p.Added {
					subjects = append(subjects, string(e.ID))
				}
			}
			if got := strings.Join(subjects, " "); got != tt.want || errors.Is(last, eas.ErrNoProgress) != tt.stuck || (last != nil) != tt.stuck {
				t.Errorf("mail %q, error %v, want %q and stuck %v", got, last, tt.want, tt.stuck)
			}
			if n := len(b.of("Sync")); n > tt.limit {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestPagesAgain ranges again over a sequence whose loop ended early: the page comes again.
func TestPagesAgain(t *testing.T) {
	for _, how := range []string{"break", "panic"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, nil)
				tn.AddMailbox("ada@contoso.com", mails(9)...)
				c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
				pages := c.Pages(t.Context(), folderOf(t, c, eas.FolderInbox), "", &eas.SyncOptions{Window: 2})
				stored := map[eas.ItemID]int{}
				loop := func(fail int) (done bool) {
					defer func() { _ = recover() }()
					n := 0
					for p, err := range pages {
						if err != nil {
							t.Fatal(err)
						}
						if n == fail { // it could not be stored
							if how == "panic" {
								panic("disk full")
							}
							return false
						}
						n++
						for _, e := range p.Added {
							stored[e.ID]++
						}
					}
					return true
				}
				for i, fail := range []int{0, 1, 2, 0, -1} {
					if loop(fail) != (fail < 0) {
						t.Fatalf("loop %d", i)
					}
				}
				if len(stored) != 9 {
					t.Errorf("%d items were stored, want 9", len(stored))
				}
				for id, n := range stored {
					if n != 1 {
						t.Errorf("%s was stored %d times", id, n)
					}
				}
			})
		})
	}
}

// TestCancelWhileWaiting cancels Pages and Resync at every second of their waiting: the error
// is that of the context and not a temporary one of the server.
func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	for after := time.Duration(0); after < 30*time.Second; after += 1700 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, nil)
			tn.AddMailbox("ada@contoso.com", mails(1)...)
			c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
			inbox := folderOf(t, c, eas.FolderInbox)
			for range 20 {
				tn.Fail("Sync", eastest.Failure{Status: http.StatusServiceUnavailable, Optional: true})
			}
			why := errors.New("the user left")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(after, func() { cancel(why) })
			var err error
			for _, err = range c.Pages(ctx, inbox, "", nil) {
			}
			_, again := c.Resync(ctx, inbox, nil, nil)
			for _, err := range []error{err, again} {
				var e *eas.Error
				if !errors.Is(err, why) || errors.As(err, &e) && e.Temporary() {
					t.Errorf("after %v: %v", after, err)
				}
			}
		})
	}
	// Patience that ends is the server's error, which is temporary.
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.AddMailbox("ada@contoso.com", mails(1)...)
		c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client(), Patience: 10 * time.Second}
		inbox := folderOf(t, c, eas.FolderInbox)
		for range 20 {
			tn.Fail("Sync", eastest.Failure{Status: http.StatusServiceUnavailable, Optional: true})
		}
		start := time.Now()
		var last error
		for _, err := range c.Pages(t.Context(), inbox, "", nil) {
			last = err
		}
		var e *eas.Error
		if !errors.As(last, &e) || !e.Temporary() || time.Since(start) > 10*time.Second || time.Since(start) < 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), last)
		}
	})
}

// TestCollectionStatuses reads the status of a folder, and that of a whole response, by Sync
// and by SyncMany.
func TestCollectionStatuses(t *testing.T) {
	collection := func(status string) string {
		return `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2</SyncKey><CollectionId>f</CollectionId><Status>` + status + `</Status></Collection></Collections></Sync>`
	}
	top := func(status, rest string) string {
		return `<Sync xmlns="AirSync"><Status>` + status + `</Status>` + rest + `</Sync>`
	}
	for _, tt := range []struct {
		name, answer string
		status       int
		is           error
	}{
		{"key", collection("3"), 3, eas.ErrInvalidSyncKey},
		{"state not found", collection("132"), 132, eas.ErrInvalidSyncKey},
		{"state corrupt", collection("134"), 134, eas.ErrInvalidSyncKey},
		{"state of another version", collection("136"), 136, eas.ErrInvalidSyncKey},
		{"state not found, at the top", top("132", ""), 132, eas.ErrInvalidSyncKey},
		{"folder gone", collection("8"), 8, eas.ErrFolderSyncRequired},
		{"hierarchy", collection("12"), 12, eas.ErrFolderSyncRequired},
		{"conflict", collection("7"), 7, nil},
		{"server error, no folders", top("5", "<Collections/>"), 5, nil},
		{"conflict at the top, no folders", top("7", "<Collections/>"), 7, nil},
		{"server error alone", top("5", ""), 5, nil},
		{"server error, a folder without a status", top("5", "<Collections><Collection><SyncKey>2</SyncKey><CollectionId>f</CollectionId></Collection></Collections>"), 5, nil},
		{"the nearer status", top("5", "<Collections><Collection><CollectionId>f</CollectionId><Status>3</Status></Collection></Collections>"), 3, eas.ErrInvalidSyncKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := speaking(t, eas.Version141, "Sync", tt.answer)
			_, one := c.Sync(t.Context(), "f", "1", nil)
			results, many := c.SyncMany(t.Context(), nil, eas.SyncRequest{Folder: "f", Key: "1"})
			if many == nil {
				many = results[0].Err
			}
			_, edit := c.Apply(t.Context(), "f", "1", eas.MarkRead("1", true))
			for name, err := range map[string]error{"Sync": one, "SyncMany": many, "Apply": edit} {
				var e *eas.Error
				if !errors.As(err, &e) || e.Status != tt.status || tt.is != nil && !errors.Is(err, tt.is) || tt.is != eas.ErrInvalidSyncKey && errors.Is(err, eas.ErrInvalidSyncKey) {
					t.Errorf("%s: %v, want status %d and %v", name, err, tt.status, tt.is)
				}
			}
		})
	}
}
