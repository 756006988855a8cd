package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

const ada = "ada@contoso.com"

// demonstrate makes a backup of an embedded tenant that is cut short, goes on, and follows what
// then happens in the mailbox.
func demonstrate(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "backup")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tn := eastest.New(nil, nil)
	defer tn.Close()
	var mails []eas.Item
	for i := range 60 {
		m := &eas.Email{From: "bob@contoso.com", Subject: fmt.Sprintf("Mail %d", i+1), Body: &eas.Body{Data: "text"}}
		if i%3 == 0 {
			m.Attachments = []eas.Attachment{{Name: "report.txt", Content: []byte("line\r\n")}}
		}
		mails = append(mails, m)
	}
	box := tn.AddMailbox(ada, mails...)
	fill(box)
	run := func(title string, want error) error {
		fmt.Fprintln(out, title)
		client, err := account.OpenEmbedded(ctx, tn, ada)
		if err != nil {
			return err
		}
		if err := backup(ctx, client, dir, (&account.Session{Out: out}).Print, io.Discard); !errors.Is(err, want) {
			return fmt.Errorf("%s: %w", title, err)
		}
		return nil
	}
	tn.Fail("ItemOperations", eastest.Failure{Delay: 1, Times: 40})
	tn.Fail("ItemOperations", eastest.Failure{Status: 451})
	if err := run("A run that is cut short", eas.ErrRedirected); err != nil {
		return err
	}
	if err := run("The next one", nil); err != nil {
		return err
	}
	box.RemoveItem(eas.FolderInbox, "Mail 7")
	box.Deliver(&eas.Email{From: "bob@contoso.com", Subject: "New"})
	if err := run("After one mail has come and one was deleted", nil); err != nil {
		return err
	}
	before := len(tn.Requests())
	if err := run("With nothing new", nil); err != nil {
		return err
	}
	commands := 0
	for _, r := range tn.RequestsAfter(before) {
		if r.Command != "" {
			commands++ // one for the hierarchy and one for each folder
		}
	}
	fmt.Fprintf(out, "%d commands\n", commands)
	return count(out, dir)
}

// fill puts one of each of the other kinds into a mailbox.
func fill(box *eastest.Mailbox) {
	berlin := &eas.TimeZone{
		Bias: -60 * time.Minute, StandardName: "W. Europe Standard Time", StandardStart: eas.Transition{Month: 10, Day: 5, Hour: 3},
		DaylightName: "W. Europe Daylight Time", DaylightStart: eas.Transition{Month: 3, Day: 5, Hour: 2}, DaylightBias: -60 * time.Minute,
	}
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	box.Put(eas.FolderCalendar, &eas.Event{
		Subject: "Review", Start: start, End: start.Add(time.Hour), Zone: berlin, Place: eas.Place{Name: "Room 1"},
		Recurrence: &eas.Recurrence{Type: eas.Weekly, Days: eas.Monday, Occurrences: 10},
		Exceptions: []eas.Exception{
			{Original: start.AddDate(0, 0, 7), Deleted: true},
			{Original: start.AddDate(0, 0, 14), Start: start.AddDate(0, 0, 15), End: start.AddDate(0, 0, 15).Add(time.Hour)},
		},
	})
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Bob", LastName: "Baker", FileAs: "Baker, Bob", Emails: [3]string{"bob@contoso.com"}})
	box.Put(eas.FolderTasks, &eas.Task{Subject: "Write the minutes", Due: start})
	box.Put(eas.FolderNotes, &eas.Note{Subject: "Milk", Body: &eas.Body{Type: eas.BodyPlain, Data: "Milk\nBread"}})
}

// count says how many files of each kind a backup has, in it and among what was removed.
func count(out io.Writer, dir string) error {
	kinds := map[string]int{}
	removed := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		in, err := filepath.Rel(filepath.Join(dir, removedDir), path)
		if err == nil && filepath.IsLocal(in) {
			removed++
			return nil
		}
		kinds[filepath.Ext(path)]++
		return err
	})
	fmt.Fprintf(out, "%d .eml, %d .ics, %d .vcf, %d .txt, %d in %s\n", kinds[".eml"], kinds[".ics"], kinds[".vcf"], kinds[".txt"], removed, removedDir)
	return err
}
