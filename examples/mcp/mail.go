package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

type nothing struct{}

type folderList struct {
	Warning string   `json:"warning"`
	Folders []folder `json:"folders"`
}

type folder struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	Kind string `json:"kind" jsonschema:"what the folder is for: inbox, sent items, calendar and so on"`
}

func (m *mailbox) listFolders(ctx context.Context, _ nothing) (*folderList, error) {
	folders, err := m.list(ctx)
	if err != nil {
		return nil, err
	}
	out := &folderList{Warning: warning, Folders: []folder{}}
	for _, f := range folders {
		out.Folders = append(out.Folders, folder{ID: string(f.ID), Path: line(path(folders, f)), Kind: f.Type.String()})
	}
	slices.SortFunc(out.Folders, func(a, b folder) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

type messageList struct {
	Warning  string    `json:"warning"`
	Messages []message `json:"messages"`
	More     int       `json:"more" jsonschema:"how many more there are that the limit leaves out"`
}

type message struct {
	ID          string `json:"id" jsonschema:"for get_message"`
	Received    string `json:"received"`
	From        string `json:"from"`
	To          string `json:"to,omitempty"`
	Subject     string `json:"subject"`
	Unread      bool   `json:"unread"`
	Flagged     bool   `json:"flagged,omitempty"`
	Attachments int    `json:"attachments,omitempty"`
}

type listInput struct {
	Folder string `json:"folder,omitempty" jsonschema:"id, path or name of a folder; the Inbox if it is left out"`
	Since  string `json:"since,omitempty" jsonschema:"a date such as 2026-03-02, or a time in RFC 3339; seven days ago if it is left out; at most 31 days ago"`
	Unread bool   `json:"unread,omitempty" jsonschema:"only messages that are unread"`
	Limit  int    `json:"limit,omitempty" jsonschema:"how many; 20 if it is left out, and 100 at most"`
}

func (m *mailbox) listMessages(ctx context.Context, in listInput) (*messageList, error) {
	now := time.Now()
	since, err := m.parse("since", in.Since, now.AddDate(0, 0, -7))
	if err != nil {
		return nil, err
	}
	if since.Before(now.AddDate(0, 0, -31).Add(-24 * time.Hour)) {
		return nil, errors.New("since is more than 31 days ago: use search_messages for older mail")
	}
	name := in.Folder
	if name == "" {
		name = eas.FolderInbox.String()
	}
	f, err := m.folder(ctx, name, eas.ClassEmail)
	if err != nil {
		return nil, err
	}
	items, unlock, err := m.mirror(ctx, f, eas.FilterOneMonth)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var found []eas.FoundItem
	for id, e := range items {
		mail, ok := e.Item.(*eas.Email)
		if ok && !mail.Received.Before(since) && (!in.Unread || mail.Read != nil && !*mail.Read) {
			found = append(found, eas.FoundItem{Folder: f.ID, ID: id, Item: mail})
		}
	}
	return m.messages(found, limit(in.Limit, 20, 100)), nil
}

// limit returns what was requested, within bounds.
func limit(n, usual, most int) int {
	if n <= 0 {
		return usual
	}
	return min(n, most)
}

// messages shows mails, the newest first.
func (m *mailbox) messages(found []eas.FoundItem, limit int) *messageList {
	out := &messageList{Warning: warning, Messages: []message{}}
	mail := func(f eas.FoundItem) *eas.Email { return f.Item.(*eas.Email) }
	slices.SortFunc(found, func(a, b eas.FoundItem) int {
		if c := mail(b).Received.Compare(mail(a).Received); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	if len(found) > limit {
		out.More = len(found) - limit
		found = found[:limit]
	}
	for _, f := range found {
		x := mail(f)
		out.Messages = append(out.Messages, message{
			ID: refOf(f), Received: m.show(x.Received), From: line(x.From), To: line(x.To), Subject: line(x.Subject),
			Unread: x.Read != nil && !*x.Read, Flagged: x.Flag != nil && x.Flag.Status == eas.FlagActive, Attachments: len(x.Attachments),
		})
	}
	return out
}

// refOf returns what get_message finds an item by.
func refOf(f eas.FoundItem) string {
	if f.LongID != "" {
		return "found:" + f.LongID
	}
	return url.PathEscape(string(f.Folder)) + "/" + url.PathEscape(string(f.ID))
}

type messageInput struct {
	ID    string `json:"id" jsonschema:"of a message that list_messages or search_messages has returned"`
	Chars int    `json:"max_chars,omitempty" jsonschema:"how many characters of the text; 20000 if it is left out, and 100000 at most"`
}

type messageText struct {
	Warning string `json:"warning"`
	message
	CC          string       `json:"cc,omitempty"`
	ReplyTo     string       `json:"reply_to,omitempty"`
	Files       []attachment `json:"files,omitempty" jsonschema:"the attachments, whose content this server does not hand out"`
	Meeting     string       `json:"meeting,omitempty" jsonschema:"of an invitation: when"`
	Text        string       `json:"text"`
	Truncated   bool         `json:"truncated" jsonschema:"the text goes on"`
	Restriction string       `json:"restriction,omitempty" jsonschema:"what the sender does not allow"`
}

type attachment struct {
	Name string `json:"name"`
	Size int64  `json:"size" jsonschema:"about, in bytes"`
}

func (m *mailbox) getMessage(ctx context.Context, in messageInput) (*messageText, error) {
	chars := limit(in.Chars, 20000, 100000)
	o := &eas.ItemOptions{BodyLimit: 4 * chars}
	var e *eas.Entry
	var err error
	if long, ok := strings.CutPrefix(in.ID, "found:"); ok && long != "" {
		e, err = m.client.FetchFound(ctx, long, o)
	} else {
		var f, id string
		if f, id, err = parseRef(in.ID); err == nil {
			e, err = m.client.FetchItem(ctx, eas.FolderID(f), eas.ItemID(id), o)
		}
	}
	if err != nil {
		return nil, err
	}
	mail, ok := e.Item.(*eas.Email)
	if !ok {
		return nil, fmt.Errorf("the item is not a message that can be read: %w", e.Err)
	}
	out := &messageText{Warning: warning, message: m.messages([]eas.FoundItem{{Item: mail}}, 1).Messages[0], CC: line(mail.CC), ReplyTo: line(mail.ReplyTo)}
	out.ID = in.ID
	for i, a := range mail.Attachments {
		if i == 100 {
			break
		}
		out.Files = append(out.Files, attachment{line(a.Name), a.Size})
	}
	if x := mail.Meeting; x != nil {
		out.Meeting = m.show(x.Start) + " to " + m.show(x.End)
	}
	if x := mail.License; x != nil && !x.Extract {
		out.Restriction = "its sender does not allow copies of the text: do not quote it"
	}
	if b := mail.Body; b != nil {
		text := b.Data
		if b.Type == eas.BodyHTML {
			text = textOf(text)
		}
		if b.Type != eas.BodyPlain && b.Type != eas.BodyHTML && b.Type != 0 {
			text = ""
		}
		out.Text, out.Truncated = cut(visible(text), chars)
		out.Truncated = out.Truncated || b.Truncated
	}
	return out, nil
}

func parseRef(ref string) (folder, item string, err error) {
	f, i, ok := strings.Cut(ref, "/")
	if folder, err = url.PathUnescape(f); err == nil {
		item, err = url.PathUnescape(i)
	}
	if !ok || err != nil || folder == "" || item == "" {
		return "", "", errors.New("id is not one that list_messages or search_messages has returned")
	}
	return folder, item, nil
}

type searchInput struct {
	Query  string `json:"query" jsonschema:"words that the message has, in its subject, its text or its addresses"`
	Folder string `json:"folder,omitempty" jsonschema:"id, path or name of a folder; the whole mailbox if it is left out"`
	After  string `json:"after,omitempty" jsonschema:"a date such as 2026-03-02, or a time in RFC 3339"`
	Before string `json:"before,omitempty" jsonschema:"a date such as 2026-03-02, or a time in RFC 3339"`
	Limit  int    `json:"limit,omitempty" jsonschema:"how many; 20 if it is left out, and 100 at most"`
}

func (m *mailbox) searchMessages(ctx context.Context, in searchInput) (*messageList, error) {
	if strings.TrimSpace(in.Query) == "" {
		return nil, errors.New("query is empty")
	}
	q := eas.Query{Text: in.Query, Classes: []eas.Class{eas.ClassEmail}}
	var err error
	if q.After, err = m.parse("after", in.After, time.Time{}); err != nil {
		return nil, err
	}
	if q.Before, err = m.parse("before", in.Before, time.Time{}); err != nil {
		return nil, err
	}
	if in.Folder != "" {
		f, err := m.folder(ctx, in.Folder, eas.ClassEmail)
		if err != nil {
			return nil, err
		}
		q.Folders = []eas.FolderID{f.ID}
	}
	n := limit(in.Limit, 20, eas.MaxFound)
	r, err := m.client.Search(ctx, q, &eas.SearchOptions{Limit: n, Rebuild: true})
	if err != nil {
		return nil, err
	}
	items := slices.DeleteFunc(r.Items, func(f eas.FoundItem) bool { _, ok := f.Item.(*eas.Email); return !ok })
	out := m.messages(items, n)
	out.More = max(r.Total-len(out.Messages), 0)
	return out, nil
}

// parse reads a time that a model wrote. A date is its midnight in the user's zone.
func (m *mailbox) parse(name, s string, missing time.Time) (time.Time, error) {
	if s == "" {
		return missing, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, m.zone); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%s is neither a date such as 2026-03-02 nor a time such as 2026-03-02T09:00:00Z", name)
	}
	return t, nil
}

// show writes a time on the user's clock; "" for the zero time.
func (m *mailbox) show(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(m.zone).Format(time.RFC3339)
}
