package eas_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/easoauth/easoauth/eas"
)

// A mailbox mocks the interfaces of package eas: a test without a server.
type mailbox struct {
	folders []eas.Folder
	pages   []*eas.Page
	content string
	sent    []string
}

func (m *mailbox) FolderSync(context.Context, eas.SyncKey) (*eas.Folders, error) {
	return &eas.Folders{Key: "1", Added: m.folders}, nil
}

func (m *mailbox) Pages(context.Context, eas.FolderID, eas.SyncKey, *eas.SyncOptions) iter.Seq2[*eas.Page, error] {
	return func(yield func(*eas.Page, error) bool) {
		for _, p := range m.pages {
			if !yield(p, nil) {
				return
			}
		}
		yield(nil, io.ErrUnexpectedEOF) // the connection is cut
	}
}

func (m *mailbox) Watch(ctx context.Context, folders []eas.Folder, _ *eas.WatchOptions) iter.Seq2[*eas.Changes, error] {
	return func(yield func(*eas.Changes, error) bool) {
		_ = yield(&eas.Changes{Folders: []eas.FolderID{folders[0].ID}}, nil) && yield(nil, eas.ErrUnauthorized)
	}
}

func (m *mailbox) SendMail(_ context.Context, mime io.Reader, _ *eas.SendOptions) error {
	message, err := io.ReadAll(mime)
	m.sent = append(m.sent, string(message))
	return err
}

func (m *mailbox) FetchMessage(_ context.Context, _ eas.FolderID, _ eas.ItemID, w io.Writer, _ *eas.FetchOptions) (*eas.Content, error) {
	n, err := io.WriteString(w, m.content)
	return &eas.Content{Type: "message/rfc822", Size: int64(n)}, err
}

func (m *mailbox) FetchAttachment(context.Context, string, io.Writer, *eas.FetchOptions) (*eas.Content, error) {
	return nil, &eas.Error{Command: "ItemOperations", Status: 15, Action: eas.ActionReport}
}

func ExampleFolderSyncer() {
	// The function under test.
	names := func(ctx context.Context, s eas.FolderSyncer) ([]string, error) {
		folders, err := s.FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			return nil, err
		}
		var out []string
		for _, f := range folders.Added {
			out = append(out, f.Name)
		}
		return out, nil
	}
	m := &mailbox{folders: []eas.Folder{{ID: "5", Name: "Inbox", Type: eas.FolderInbox}, {ID: "9", Name: "Kalender", Type: eas.FolderCalendar}}}
	fmt.Println(names(context.Background(), m))
	// Output: [Inbox Kalender] <nil>
}

func ExamplePager() {
	// The function under test.
	subjects := func(ctx context.Context, p eas.Pager, inbox eas.FolderID) (out []string, err error) {
		for page, err := range p.Pages(ctx, inbox, eas.InitialSyncKey, nil) {
			if err != nil {
				return out, err
			}
			for _, entry := range page.Added {
				out = append(out, entry.Item.(*eas.Email).Subject)
			}
		}
		return out, nil
	}
	m := &mailbox{pages: []*eas.Page{
		{Key: "1", More: true, Added: []eas.Entry{{ID: "5:1", Item: &eas.Email{Subject: "one"}}}},
		{Key: "2", Added: []eas.Entry{{ID: "5:2", Item: &eas.Email{Subject: "two"}}}},
	}}
	fmt.Println(subjects(context.Background(), m, "5"))
	// Output: [one two] unexpected EOF
}

func ExampleWatcher() {
	// The function under test.
	watch := func(ctx context.Context, w eas.Watcher, inbox eas.Folder) {
		for changes, err := range w.Watch(ctx, []eas.Folder{inbox}, nil) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println("changed:", changes.Folders)
		}
	}
	watch(context.Background(), &mailbox{}, eas.Folder{ID: "5", Type: eas.FolderInbox})
	// Output:
	// changed: [5]
	// eas: token refused
}

func ExampleMailSender() {
	// The function under test.
	greet := func(ctx context.Context, s eas.MailSender, to string) error {
		return s.SendMail(ctx, strings.NewReader("To: "+to+"\r\nSubject: Hello\r\n\r\nHello!\r\n"), nil)
	}
	m := &mailbox{}
	fmt.Println(greet(context.Background(), m, "bob@contoso.com"))
	fmt.Println(strings.Split(m.sent[0], "\r\n")[0])
	// Output:
	// <nil>
	// To: bob@contoso.com
}

func ExampleFetcher() {
	// The function under test.
	save := func(ctx context.Context, f eas.Fetcher, inbox eas.FolderID, id eas.ItemID) (string, error) {
		var eml strings.Builder
		_, err := f.FetchMessage(ctx, inbox, id, &eml, nil)
		return eml.String(), err
	}
	fmt.Println(save(context.Background(), &mailbox{content: "Subject: Hello"}, "5", "5:1"))
	// Output: Subject: Hello <nil>
}
