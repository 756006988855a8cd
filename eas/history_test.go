package eas_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

var (
	historySeed = flag.Uint64("history.seed", 0, "the only seed that TestHistories runs")
	histories   = flag.Uint64("history.count", 5, "how many histories TestHistories lives through")
)

// TestHistories lives through random histories of a mailbox that several clients of different
// versions change and copy, while requests fail, responses get lost, break off or are damaged,
// programs are killed between a page and its key, and the server forgets keys. At the end each copy
// is what the mailbox is, and nothing was added or sent twice.
func TestHistories(t *testing.T) {
	t.Parallel()
	seeds := make([]uint64, *histories)
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	if *historySeed != 0 {
		seeds = []uint64{*historySeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { history(t, seed) })
		})
	}
}

func history(t *testing.T, seed uint64) {
	ctx := t.Context()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	h := &historian{rand: rand.New(rand.NewPCG(seed, 19)), tenant: tn, box: tn.AddMailbox("ada@contoso.com"), bob: tn.AddMailbox("bob@contoso.com")}
	for i := range 5 {
		h.box.Put(eas.FolderContacts, &eas.Contact{FileAs: fmt.Sprint("from the start ", i)})
	}
	var copies []*replica
	for i, v := range []eas.Version{eas.Version141, eas.Version161, eas.Version160} {
		r := &replica{h: h, name: fmt.Sprint("client ", i), version: v}
		r.start()
		copies = append(copies, r)
	}
	for range 120 {
		h.trouble()
		r := copies[h.rand.IntN(len(copies))]
		if err := r.step(ctx); err != nil {
			h.failures++
			var e *eas.Error
			if !errors.As(err, &e) && !errors.Is(err, errKilled) {
				t.Errorf("%s: %v is no *Error", r.name, err)
			}
		}
	}
	h.calm = true
	for round := 0; ; round++ {
		busy := false
		for _, r := range copies {
			before := r.synced
			err := r.calm(ctx)
			if err != nil && round > 10 {
				t.Fatalf("go test ./eas -run TestHistories -history.seed=%d: %s, in calm: %v", seed, r.name, err)
			}
			busy = busy || err != nil || r.synced != before
		}
		if !busy && round > 0 {
			break
		}
	}
	for _, r := range copies {
		for _, f := range r.folders {
			var want, got []string
			for _, item := range h.box.Items(f.Type) {
				want = append(want, digest(item))
			}
			for id, raw := range f.items {
				item, err := eas.Decode(f.Type.Class(), raw)
				if err != nil {
					t.Fatalf("%s: %s: %v", r.name, id, err)
				}
				got = append(got, digest(item))
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("go test ./eas -run TestHistories -history.seed=%d: %s of %s (-mailbox +copy):\n%s", seed, f.Name, r.name, diff)
			}
			if same := slices.Compact(slices.Clone(want)); len(same) != len(want) {
				t.Errorf("go test ./eas -run TestHistories -history.seed=%d: something was added twice: %q", seed, want)
			}
		}
	}
	var arrived []string
	for _, m := range h.bob.Messages(eas.FolderInbox) {
		arrived = append(arrived, m.Subject)
	}
	slices.Sort(arrived)
	slices.Sort(h.sent)
	if diff := cmp.Diff(h.sent, arrived); diff != "" {
		t.Errorf("go test ./eas -run TestHistories -history.seed=%d: mails (-sent +arrived):\n%s", seed, diff)
	}
	if h.failures == 0 {
		t.Error("nothing went wrong")
	}
}

// A historian is what happens to the mailbox.
type historian struct {
	rand     *rand.Rand
	tenant   *eastest.Tenant
	box, bob *eastest.Mailbox
	calm     bool
	n        int // of things made, for their names
	failures int
	sent     []string // subjects
}

func (h *historian) name(what string) string {
	h.n++
	return fmt.Sprintf("%s%03d", what, h.n)
}

// trouble has one of the next requests fail, or something change at the server.
func (h *historian) trouble() {
	command := []string{"Sync", "Sync", "Sync", "SendMail", "FolderSync"}[h.rand.IntN(5)]
	f := eastest.Failure{From: 1 + h.rand.IntN(3), Optional: true}
	switch h.rand.IntN(14) {
	case 0: // the connection is cut before the request arrives
	case 1, 2:
		f.Lose = true
	case 3:
		f.Status = []int{500, 502, 503, 504, 429}[h.rand.IntN(5)]
	case 4:
		f.Cut = 1 + h.rand.IntN(40)
	case 5:
		f.Truncate = 1 + h.rand.IntN(40)
	case 6:
		f.Change = func(b []byte) []byte { // one byte is another
			b = slices.Clone(b)
			if len(b) > 0 {
				b[len(b)/2] ^= 0x40
			}
			return b
		}
		if command == "Sync" {
			f.Change = nil // a byte of an item would be another item: TLS sees to that
			f.Lose = true
		}
	case 7:
		f.Delay = 5 * time.Minute // longer than a client waits
	case 8:
		h.box.ForgetSyncKeys()
		return
	case 9, 10:
		h.box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: h.name("delivered")})
		return
	case 11:
		if all := h.box.Messages(eas.FolderInbox); len(all) > 0 {
			h.box.RemoveItem(eas.FolderInbox, all[h.rand.IntN(len(all))].Subject)
		}
		return
	default:
		return
	}
	h.tenant.Fail(command, f)
}

// A replica is a client with a copy of two folders.
type replica struct {
	h       *historian
	name    string
	version eas.Version
	client  *eas.Client
	folders []*folderCopy
	synced  int // changes that it has brought

	pending *editing // sent, and no word of what became of it
	unsent  string   // the subject of a mail of the same kind
	mailID  string   // its ClientID
}

// A folderCopy is what a program keeps: items and key change together.
type folderCopy struct {
	eas.Folder
	key   eas.SyncKey
	items map[eas.ItemID][]byte
}

type editing struct {
	folder *folderCopy
	edit   eas.Edit
	done   func(*eas.Applied) error
}

var errKilled = errors.New("the program is killed before it has kept a page")

func (r *replica) start() {
	r.client = &eas.Client{
		URL: r.h.tenant.URL(), User: "ada@contoso.com", HTTPClient: r.h.tenant.Client(), Token: bearer.Static(r.h.tenant.Token("ada@contoso.com")),
		Device: eas.Device{ID: strings.ReplaceAll(r.name, " ", "")}, Versions: []eas.Version{r.version}, Patience: -1,
	}
}

// calm is what the program does when nothing happens any more.
func (r *replica) calm(ctx context.Context) error {
	if r.folders == nil {
		return r.step(ctx)
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	return r.sync(ctx)
}

// step is what the program does next.
func (r *replica) step(ctx context.Context) error {
	if r.folders == nil {
		folders, err := r.client.FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			return err
		}
		for _, t := range []eas.FolderType{eas.FolderInbox, eas.FolderContacts} {
			f, _ := folders.Find(t)
			r.folders = append(r.folders, &folderCopy{Folder: f, key: eas.InitialSyncKey})
		}
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	switch n := r.h.rand.IntN(10); {
	case n == 0:
		r.start() // another process, with what was kept
		return nil
	case n == 1:
		r.unsent, r.mailID = r.h.name("sent"), eas.NewDeviceID()
		r.h.sent = append(r.h.sent, r.unsent)
		return r.settle(ctx)
	case n < 6:
		r.edit()
		return r.settle(ctx)
	}
	return r.sync(ctx)
}

// sync brings both folders up to date, or a part of it.
func (r *replica) sync(ctx context.Context) error {
	for _, f := range r.folders {
		for page, err := range r.client.Pages(ctx, f.ID, f.key, r.options(f)) {
			if errors.Is(err, eas.ErrInvalidSyncKey) {
				if err := r.resync(ctx, f); err != nil {
					return err
				}
				break
			}
			if err != nil {
				return err
			}
			if !r.h.calm && r.h.rand.IntN(8) == 0 {
				r.start()
				return errKilled
			}
			if err := f.take(page); err != nil {
				return err
			}
			r.synced += len(page.Added) + len(page.Changed) + len(page.Deleted) + len(page.SoftDeleted)
		}
	}
	return nil
}

func (r *replica) options(f *folderCopy) *eas.SyncOptions {
	return &eas.SyncOptions{Class: f.Type.Class(), BodyLimit: eas.NoBody, Window: 1 + r.h.rand.IntN(6)}
}

func (f *folderCopy) take(page *eas.Page) error {
	if f.items == nil {
		f.items = map[eas.ItemID][]byte{}
	}
	for _, e := range page.Added {
		f.items[e.ID] = slices.Clone(e.Raw)
	}
	for _, e := range page.Changed {
		whole, err := eas.Merge(f.items[e.ID], e.Raw)
		if err != nil {
			return fmt.Errorf("a change of %s, of which the copy has %d bytes: %w", e.ID, len(f.items[e.ID]), err)
		}
		f.items[e.ID] = whole
	}
	for _, id := range append(page.Deleted, page.SoftDeleted...) {
		delete(f.items, id)
	}
	f.key = page.Key
	return nil
}

func (r *replica) resync(ctx context.Context, f *folderCopy) error {
	var known []eas.ItemID
	for id := range f.items {
		known = append(known, id)
	}
	now, err := r.client.Resync(ctx, f.ID, known, r.options(f))
	if err != nil {
		return err
	}
	for _, id := range now.Gone {
		delete(f.items, id)
	}
	r.synced++
	return f.take(&eas.Page{Key: now.Key, Added: now.Items})
}

// edit makes an edit that is sent until the program knows what became of it.
func (r *replica) edit() {
	f := r.folders[r.h.rand.IntN(2)]
	if f.key == eas.InitialSyncKey {
		return
	}
	ids := make([]eas.ItemID, 0, len(f.items))
	for id := range f.items {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if f.Type == eas.FolderContacts && (len(ids) == 0 || r.h.rand.IntN(3) == 0) {
		made := &eas.Contact{FileAs: r.h.name("made" + strings.TrimPrefix(r.name, "client ") + "x"), JobTitle: "new"}
		r.pending = &editing{f, eas.Add(made.FileAs, made), func(a *eas.Applied) error {
			if len(a.Results) != 1 || a.Results[0].LocalID != made.FileAs || a.Results[0].ID == "" || a.Results[0].Err != nil {
				return fmt.Errorf("an add has the results %+v", a.Results)
			}
			raw, err := eas.Encode(made, r.version)
			f.items[a.Results[0].ID] = raw
			return err
		}}
		return
	}
	if len(ids) == 0 {
		return
	}
	id := ids[r.h.rand.IntN(len(ids))]
	if r.h.rand.IntN(4) == 0 {
		r.pending = &editing{f, eas.Delete(id), func(a *eas.Applied) error {
			if a.Err() == nil {
				delete(f.items, id)
			}
			return nil // it is gone already, or the next page says what it is
		}}
		return
	}
	before, err := eas.Decode(f.Type.Class(), f.items[id])
	if err != nil {
		panic(err)
	}
	after, err := eas.Decode(f.Type.Class(), f.items[id])
	if err != nil {
		panic(err)
	}
	switch x := after.(type) {
	case *eas.Contact:
		x.JobTitle = r.h.name(r.name)
	case *eas.Email:
		read := x.Read == nil || !*x.Read
		x.Read = &read
	}
	r.pending = &editing{f, eas.Update(id, before, after), func(a *eas.Applied) error {
		if a.Err() != nil {
			return nil // the server's own change wins; the next page brings it
		}
		if m, ok := after.(*eas.Email); ok {
			change, err := eas.Encode(&eas.Email{Read: m.Read}, r.version)
			if err != nil {
				return err
			}
			f.items[id], err = eas.Merge(f.items[id], change)
			return err
		}
		raw, err := eas.Encode(after, r.version)
		f.items[id] = raw
		return err
	}}
}

// settle sends what no word was heard of.
func (r *replica) settle(ctx context.Context) error {
	if p := r.pending; p != nil {
		a, err := r.client.Apply(ctx, p.folder.ID, p.folder.key, p.edit)
		if errors.Is(err, eas.ErrInvalidSyncKey) {
			// Whether it was carried out is in what the folder holds now: an add by its name, a
			// change or deletion may be given up here.
			r.pending = nil
			return r.resync(ctx, p.folder)
		}
		if err != nil {
			return err
		}
		if err := p.done(a); err != nil {
			return err
		}
		p.folder.key, r.pending = a.Key, nil
	}
	if r.unsent != "" {
		message := "From: ada@contoso.com\r\nTo: bob@contoso.com\r\nSubject: " + r.unsent + "\r\n\r\nText\r\n"
		if err := r.client.SendMail(ctx, strings.NewReader(message), &eas.SendOptions{LocalID: r.mailID}); err != nil {
			return err
		}
		r.unsent = ""
	}
	return nil
}

// digest is what is compared of an item.
func digest(item eas.Item) string {
	switch x := item.(type) {
	case *eas.Contact:
		return x.FileAs + ", " + x.JobTitle
	case *eas.Email:
		return fmt.Sprintf("%s, read %v", x.Subject, x.Read != nil && *x.Read)
	}
	return fmt.Sprintf("%T", item)
}
