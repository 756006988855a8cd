package eas_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// calendar returns a client of a tenant whose only mailbox has a weekly meeting, its calendar,
// the key of it, and the meeting.
func calendar(ctx context.Context, tn *eastest.Tenant) (*eas.Client, eas.FolderID, eas.SyncKey, eas.Entry) {
	box := tn.AddMailbox("ada@contoso.com")
	start := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	box.Put(eas.FolderCalendar, &eas.Event{Subject: "Plan", Start: start, End: start.Add(time.Hour), Place: eas.Place{Name: "Room 1"},
		Recurrence: &eas.Recurrence{Type: eas.Weekly, Days: eas.Monday, Occurrences: 3}})
	c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}
	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		panic(err)
	}
	f, _ := folders.Find(eas.FolderCalendar)
	for page, err := range c.Pages(ctx, f.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: eas.ClassCalendar}) {
		if err != nil {
			panic(err)
		}
		return c, f.ID, page.Key, page.Added[0]
	}
	panic("no page")
}

// An edit is made of what an item was and what it shall be: here its place is taken away.
func ExampleUpdate() {
	ctx := context.Background()
	tn := eastest.New(nil, nil)
	defer tn.Close()
	client, folder, key, entry := calendar(ctx, tn)

	before := entry.Item.(*eas.Event)
	after := *before
	after.Subject, after.Place = "Plan the summer", eas.Place{}
	applied, err := client.Apply(ctx, folder, key, eas.Update(entry.ID, before, &after))
	if err == nil {
		err = applied.Err()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := client.Sync(ctx, folder, applied.Key, &eas.SyncOptions{Class: eas.ClassCalendar}) // the next key
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Changed), "changes come back")
	now, err := client.FetchItem(ctx, folder, entry.ID, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	e := now.Item.(*eas.Event)
	fmt.Printf("%s, place %q, %d times\n", e.Subject, e.Place.Name, e.Recurrence.Occurrences)
	// Output:
	// 0 changes come back
	// Plan the summer, place "", 3 times
}

// One occurrence of a series is moved and another one deleted; the rest stay as they are.
func ExampleUpdateOccurrence() {
	ctx := context.Background()
	tn := eastest.New(nil, nil)
	defer tn.Close()
	client, folder, key, entry := calendar(ctx, tn)

	series := entry.Item.(*eas.Event)
	second, third := series.Start.AddDate(0, 0, 7), series.Start.AddDate(0, 0, 14)
	moved, _ := series.Occurrence(second)
	moved.Start, moved.End = moved.Start.Add(2*time.Hour), moved.End.Add(2*time.Hour)
	applied, err := client.Apply(ctx, folder, key,
		eas.UpdateOccurrence(entry.ID, series, second, moved), eas.DeleteOccurrence(entry.ID, series, third))
	if err == nil {
		err = applied.Err()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := client.FetchItem(ctx, folder, entry.ID, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for o := range now.Item.(*eas.Event).Occurrences(series.Start, series.Start.AddDate(0, 1, 0)) {
		fmt.Println(o.Event.Start.Format("2 January 15:04"))
	}
	// Output:
	// 1 June 08:00
	// 8 June 10:00
}

func ExampleEvent_Occurrences() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	start := time.Date(2026, 10, 19, 9, 0, 0, 0, berlin) // the clock changes on the 25th
	e := &eas.Event{
		Subject: "Stand-up", Start: start.UTC(), End: start.Add(15 * time.Minute).UTC(), Zone: eas.NewTimeZone(berlin, 2026),
		Recurrence: &eas.Recurrence{Type: eas.Weekly, Days: eas.Monday},
		Exceptions: []eas.Exception{{Original: start.AddDate(0, 0, 14).UTC(), Deleted: true}},
	}
	for o := range e.Occurrences(start, start.AddDate(0, 0, 25)) {
		fmt.Println(o.Event.Start.Format(time.RFC3339))
	}
	// Output:
	// 2026-10-19T07:00:00Z
	// 2026-10-26T08:00:00Z
	// 2026-11-09T08:00:00Z
}

// A fetch that broke off goes on where it was.
func ExampleClient_FetchAttachment() {
	ctx := context.Background()
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "Report", Attachments: []eas.Attachment{{Name: "a.txt", Reference: "ref1", Content: []byte("0123456789")}}})
	client := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client()}

	got, err := client.FetchAttachment(ctx, "ref1", io.Discard, &eas.FetchOptions{First: 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d bytes from byte %d on, of %d\n", got.Size, got.First, got.Total)
	// Output: 4 bytes from byte 6 on, of 10
}
