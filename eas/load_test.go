package eas_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestManyTenants serves one tenant after the other, from the address to the mails, with clients
// of its own, and sees that nothing stays: no goroutine, and no memory that grows with their
// number. There are 1,000 tenants with EASOAUTH_TEST_FULL, and 12 without.
func TestManyTenants(t *testing.T) {
	n := 12
	if os.Getenv("EASOAUTH_TEST_FULL") != "" {
		n = 1000
	}
	one := func() {
		t.Run("", func(t *testing.T) {
			tn := eastest.New(t, nil)
			tn.AddMailbox(ada, mails(3)...)
			endpoint, err := (&autodiscover.Resolver{HTTPClient: tn.Client(), Cache: new(autodiscover.MemoryCache)}).Lookup(t.Context(), ada)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bearer.Probe(t.Context(), tn.Client(), endpoint.URL, ada); err != nil {
				t.Fatal(err)
			}
			c := &eas.Client{URL: endpoint.URL, User: ada, HTTPClient: &http.Client{Transport: tn.Client().Transport}, Token: bearer.Static(tn.Token(ada))}
			if got, _ := read(t, c, inbox(t, c).ID, eas.InitialSyncKey, nil); len(got) != 3 {
				t.Fatalf("%d mails, want 3", len(got))
			}
			if _, err := c.Options(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
	for range 4 { // what is made once
		one()
	}
	goroutines, before := settled(0), memory()
	for range n {
		one()
	}
	now := settled(goroutines)
	grown := memory() - before
	t.Logf("after %d tenants: %d goroutines more, %d bytes more each", n, now-goroutines, grown/int64(n))
	if now > goroutines {
		t.Errorf("%d tenants left %d goroutines", n, now-goroutines)
	}
	if most := int64(256<<10 + 512*n); grown > most && !raced {
		t.Errorf("%d tenants left %d bytes, at most %d are expected", n, grown, most)
	}
}

// settled returns the number of goroutines, once it is at most want or has not changed for a while.
func settled(want int) int {
	last, same := runtime.NumGoroutine(), 0
	for range 200 {
		if last <= want || same > 20 {
			break
		}
		time.Sleep(5 * time.Millisecond)
		if n := runtime.NumGoroutine(); n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
	return last
}

// TestResponseShorterThanAnnounced has a connection end in the middle of a response: what came is
// not taken for the whole, even where it is a document.
func TestResponseShorterThanAnnounced(t *testing.T) {
	c := serving(t, eas.Version161, func(w http.ResponseWriter, _ *http.Request) {
		doc := fromXML(t, `<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>1</SyncKey><Changes><Count>0</Count></Changes></FolderSync>`)
		w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
		w.Header().Set("Content-Length", strconv.Itoa(len(doc)+1))
		_, _ = w.Write(doc)
	})
	f, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	var e *eas.Error
	if !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) || !e.Temporary() {
		t.Errorf("FolderSync = %v, %v; want a temporary error that matches io.ErrUnexpectedEOF", f, err)
	}
}
