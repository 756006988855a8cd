package eas_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// TestEverything uses every command against the fake tenant, in each version.
func TestEverything(t *testing.T) {
	t.Parallel()
	for _, v := range []eas.Version{eas.Version121, eas.Version140, eas.Version141, eas.Version160, eas.Version161} {
		for _, compact := range []bool{false, true} {
			name := string(v)
			if compact {
				name += " compact"
			}
			t.Run(name, func(t *testing.T) { everything(t, v, compact) })
		}
	}
}

func everything(t *testing.T, v eas.Version, compact bool) {
	ctx := t.Context()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	content := strings.Repeat("attachment ", 2000)
	box := tn.AddMailbox("ada@contoso.com",
		&eas.Email{Subject: "Budget", From: "bob@contoso.com", Body: &eas.Body{Data: "the numbers"}, Attachments: []eas.Attachment{
			{Name: "a.txt", Content: []byte(content), ContentType: "text/plain"}}},
		&eas.Email{Subject: "Meeting", From: "bob@contoso.com", MessageClass: "IPM.Schedule.Meeting.Request",
			Meeting: &eas.MeetingRequest{Start: start, End: start.Add(time.Hour), Organizer: "bob@contoso.com"}})
	bob := tn.AddMailbox("bob@contoso.com")
	box.Put(eas.FolderContacts, &eas.Contact{FirstName: "Carl", FileAs: "Carl"})
	c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", Token: bearer.Static(tn.Token("ada@contoso.com")), HTTPClient: tn.Client(),
		Versions: []eas.Version{v}, Base64Query: compact}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}

	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	must("FolderSync", err)
	inbox, _ := folders.Find(eas.FolderInbox)
	calendar, _ := folders.Find(eas.FolderCalendar)
	contacts, _ := folders.Find(eas.FolderContacts)
	read := func(f eas.Folder) (key eas.SyncKey, all []eas.Entry) {
		t.Helper()
		for page, err := range c.Pages(ctx, f.ID, eas.InitialSyncKey, &eas.SyncOptions{Class: f.Type.Class()}) {
			must("Sync of "+f.Name, err)
			for _, e := range page.Added {
				must("item", e.Err)
			}
			all, key = append(all, page.Added...), page.Key
		}
		return key, all
	}
	key, mails := read(inbox)
	if len(mails) != 2 {
		t.Fatalf("%d mails, want 2", len(mails))
	}
	budget, meeting := mails[0], mails[1]

	// Folders.
	project, hierarchy, err := c.FolderCreate(ctx, folders.Key, "0", "Projects", eas.FolderUserMail)
	must("FolderCreate", err)
	var e *eas.Error
	if _, _, err := c.FolderCreate(ctx, hierarchy, "0", "projects", eas.FolderUserMail); !errors.As(err, &e) || e.Status != 2 {
		t.Errorf("FolderCreate of one that exists = %v, want status 2", err)
	}
	if _, _, err := c.FolderCreate(ctx, folders.Key, "0", "More", eas.FolderUserMail); !errors.Is(err, eas.ErrInvalidFolderKey) {
		t.Errorf("FolderCreate with an old key = %v, want ErrInvalidFolderKey", err)
	}
	project.Name = "Old projects"
	hierarchy, err = c.FolderUpdate(ctx, hierarchy, project)
	must("FolderUpdate", err)
	if f, err := c.FolderSync(ctx, hierarchy); err != nil || len(f.Added)+len(f.Changed)+len(f.Deleted) != 0 {
		t.Errorf("FolderSync after the client's own changes = %+v, %v, want nothing", f, err)
	}

	// Content.
	var w bytes.Buffer
	got, err := c.FetchAttachment(ctx, budget.Item.(*eas.Email).Attachments[0].Reference, &w, nil)
	must("FetchAttachment", err)
	if w.String() != content || got.Type != "text/plain" {
		t.Errorf("attachment of %d bytes, %+v", w.Len(), got)
	}
	w.Reset()
	got, err = c.FetchAttachment(ctx, budget.Item.(*eas.Email).Attachments[0].Reference, &w, &eas.FetchOptions{First: 1, Last: 4})
	must("FetchAttachment of a range", err)
	if w.String() != content[1:5] || got.Total != int64(len(content)) || got.Range != "1-4" {
		t.Errorf("range %q, %+v", &w, got)
	}
	w.Reset()
	if _, err := c.FetchMessage(ctx, inbox.ID, budget.ID, &w, nil); err != nil || !strings.Contains(w.String(), "Subject: Budget\r\n") || !strings.Contains(w.String(), "\r\n\r\nthe numbers\r\n--") || !strings.Contains(w.String(), "filename=a.txt") {
		t.Errorf("message %.500q, %v", &w, err)
	}
	if entry, err := c.FetchItem(ctx, inbox.ID, budget.ID, &eas.ItemOptions{Body: eas.BodyHTML}); err != nil || !strings.Contains(entry.Item.(*eas.Email).Body.Data, "<pre>the numbers") {
		t.Errorf("FetchItem = %+v, %v", entry, err)
	}
	if v == eas.Version121 {
		w.Reset()
		if _, err := c.GetAttachment(ctx, budget.Item.(*eas.Email).Attachments[0].Reference, &w); err != nil || w.String() != content {
			t.Errorf("GetAttachment of %d bytes, %v", w.Len(), err)
		}
		if !compact {
			if all, err := c.GetHierarchy(ctx); err != nil || len(all) < 4 {
				t.Errorf("GetHierarchy = %v, %v", all, err)
			}
		}
	}

	// Answers. Every send lands at the recipient.
	sources := eas.MailSource{Folder: inbox.ID, Item: budget.ID}
	must("SmartReply", c.SmartReply(ctx, sources, strings.NewReader("To: bob@contoso.com\r\nSubject: Re: Budget\r\n\r\nFine"), nil))
	must("SmartForward", c.SmartForward(ctx, sources, strings.NewReader("To: bob@contoso.com\r\nSubject: Fw: Budget\r\n\r\nSee"), nil))
	if v.AtLeast(eas.Version160) {
		must("SmartForward of a meeting", c.SmartForward(ctx, eas.MailSource{Folder: inbox.ID, Item: meeting.ID}, nil, &eas.SmartOptions{Forwardees: []eas.Person{{Email: "bob@contoso.com"}}}))
	}
	sent := bob.Messages(eas.FolderInbox)
	if len(sent) < 2 || !strings.Contains(sent[0].Body.Data, "Fine") || !strings.Contains(sent[0].Body.Data, "the numbers") || len(sent[0].Attachments) != 0 || len(sent[1].Attachments) != 1 {
		t.Errorf("at the recipient: %+v", sent)
	}
	if err := c.SmartReply(ctx, eas.MailSource{Folder: inbox.ID, Item: "5:99"}, strings.NewReader("To: bob@contoso.com\r\n\r\nFine"), nil); err == nil {
		t.Error("an answer to a mail that is gone was sent")
	}

	// Meetings.
	calendarKey, _ := read(calendar)
	results, err := c.MeetingResponse(ctx, eas.MeetingAnswer{Folder: inbox.ID, Item: meeting.ID, Response: eas.ResponseTentative})
	must("MeetingResponse", err)
	must("the answer", results[0].Err)
	page, err := c.Sync(ctx, calendar.ID, calendarKey, &eas.SyncOptions{Class: eas.ClassCalendar})
	must("Sync of the calendar", err)
	// The event came with the invitation.
	if len(page.Changed) != 1 || page.Changed[0].ID != results[0].Event || page.Changed[0].Item.(*eas.Event).Response != eas.ResponseTentative {
		t.Errorf("calendar %+v, want the event %s", page.Changed, results[0].Event)
	}

	// Items of other classes are made, changed and deleted.
	contactsKey, people := read(contacts)
	if len(people) != 1 || people[0].Item.(*eas.Contact).FirstName != "Carl" {
		t.Fatalf("contacts %+v", people)
	}
	applied, err := c.Apply(ctx, contacts.ID, contactsKey, eas.Add("c1", &eas.Contact{FirstName: "Dora"}),
		eas.Update(people[0].ID, people[0].Item, &eas.Contact{FirstName: "Karl", FileAs: "Karl"}))
	must("Apply", err)
	if len(applied.Results) != 1 || applied.Results[0].LocalID != "c1" || applied.Results[0].ID == "" || applied.Err() != nil {
		t.Errorf("results %+v", applied.Results)
	}
	if diff := cmp.Diff([]string{"Karl", "Dora"}, []string{box.Items(eas.FolderContacts)[0].(*eas.Contact).FirstName, box.Items(eas.FolderContacts)[1].(*eas.Contact).FirstName}); diff != "" {
		t.Error(diff)
	}

	// Estimates and moves.
	box.Deliver(&eas.Email{Subject: "New"})
	if n, err := c.GetItemEstimate(ctx, inbox.ID, key, nil); err != nil || n != 3 { // one new, one gone, one answered
		t.Errorf("GetItemEstimate = %d, %v, want 3", n, err)
	}
	moves, err := c.MoveItems(ctx, eas.Move{Item: budget.ID, From: inbox.ID, To: project.ID}, eas.Move{Item: "5:99", From: inbox.ID, To: project.ID})
	must("MoveItems", err)
	if moves[0].Err != nil || moves[0].ID == "" || moves[0].ID == budget.ID || moves[1].Err == nil {
		t.Errorf("moves %+v", moves)
	}
	if _, all := read(project); len(all) != 1 || all[0].ID != moves[0].ID {
		t.Errorf("the folder has %+v, want what was moved there", all)
	}

	// Searches.
	found, err := c.Search(ctx, eas.Query{Text: "numbers", Classes: []eas.Class{eas.ClassEmail}, Folders: []eas.FolderID{project.ID}}, nil)
	must("Search", err)
	if len(found.Items) != 1 || found.Total != 1 || found.Items[0].Item.(*eas.Email).Subject != "Budget" || found.Items[0].Folder != project.ID {
		t.Fatalf("Search = %+v", found)
	}
	if entry, err := c.FetchFound(ctx, found.Items[0].LongID, nil); err != nil || entry.Item.(*eas.Email).Body.Data != "the numbers" {
		t.Errorf("FetchFound = %+v, %v", entry, err)
	}
	if none, err := c.Search(ctx, eas.Query{Text: "unheard of"}, nil); err != nil || len(none.Items) != 0 {
		t.Errorf("Search for nothing = %+v, %v", none, err)
	}
	if r, err := c.SearchPeople(ctx, "bob", &eas.SearchOptions{Pictures: 1}); err != nil || len(r.People) != 1 || r.People[0].Email != "bob@contoso.com" {
		t.Errorf("SearchPeople = %+v, %v", r, err)
	}
	if v == eas.Version161 {
		if r, err := c.Find(ctx, eas.Query{Text: "numbers"}, nil); err != nil || len(r.Items) == 0 {
			t.Errorf("Find = %+v, %v", r, err)
		}
		if r, err := c.FindPeople(ctx, "bob", nil); err != nil || len(r.People) != 1 {
			t.Errorf("FindPeople = %+v, %v", r, err)
		}
	}

	// Settings.
	oof := &eas.OutOfOffice{State: eas.OutOfOfficeTimed, Start: start, End: start.AddDate(0, 0, 7), Internal: &eas.OutOfOfficeMessage{Enabled: true, Text: "Away", Type: eas.BodyPlain}}
	must("SetOutOfOffice", c.SetOutOfOffice(ctx, oof))
	back, err := c.OutOfOffice(ctx, eas.BodyPlain)
	must("OutOfOffice", err)
	if diff := cmp.Diff(oof, back); diff != "" {
		t.Errorf("out of office (-set +got):\n%s", diff)
	}
	if u, err := c.UserInformation(ctx); err != nil || len(u.Addresses) != 1 || u.Addresses[0] != "ada@contoso.com" {
		t.Errorf("UserInformation = %+v, %v", u, err)
	}
	must("SetDeviceInformation", c.SetDeviceInformation(ctx, &eas.DeviceInformation{PhoneNumber: "123"}))
	must("SetDevicePassword", c.SetDevicePassword(ctx, "1234"))
	if v.AtLeast(eas.Version141) {
		if _, err := c.RightsTemplates(ctx); err != nil {
			t.Error(err)
		}
	}

	// People and certificates.
	o := &eas.ResolveOptions{Certificates: eas.FullCertificates}
	if v.AtLeast(eas.Version140) {
		o.Start, o.End = start, start.Add(2*time.Hour)
	}
	who, err := c.ResolveRecipients(ctx, []string{"bob", "nobody"}, o)
	must("ResolveRecipients", err)
	if len(who) != 2 || who[0].Status != eas.Resolved || who[0].Recipients[0].Email != "bob@contoso.com" || who[0].Recipients[0].CertificatesErr == nil || who[1].Status != eas.NotResolved {
		t.Errorf("ResolveRecipients = %+v", who)
	}
	if v.AtLeast(eas.Version140) && len(who[0].Recipients[0].Slots) != 4 {
		t.Errorf("slots %v, want 4", who[0].Recipients[0].Slots)
	}
	if bad, err := c.ValidateCert(ctx, [][]byte{tn.Certificate().Raw, {1}}, nil, false); err != nil || bad[0] != nil || bad[1] == nil {
		t.Errorf("ValidateCert = %v, %v", bad, err)
	}

	// And all gone.
	must("EmptyFolder", c.EmptyFolder(ctx, project.ID, true))
	if _, all := read(project); len(all) != 0 {
		t.Errorf("%d items in a folder that was emptied", len(all))
	}
	if v.AtLeast(eas.Version140) {
		_, mails = read(inbox)
		must("MoveConversation", c.MoveConversation(ctx, mails[0].Item.(*eas.Email).ConversationID, project.ID))
		if _, all := read(project); len(all) != 1 {
			t.Errorf("%d items moved with the conversation", len(all))
		}
	}
	hierarchy, err = c.FolderDelete(ctx, hierarchy, project.ID)
	must("FolderDelete", err)
	if f, err := c.FolderSync(ctx, hierarchy); err != nil || len(f.Deleted) != 0 {
		t.Errorf("FolderSync = %+v, %v", f, err)
	}
}
