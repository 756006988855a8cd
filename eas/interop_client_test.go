package eas_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

const bob = "bob@contoso.com"

// An interopCase is a case of the interop suites from the client's side: what it makes of what the
// tenant returns. Each version of each case has a tenant of its own.
type interopCase struct {
	name, versions string
	hold           func(d *desk)
}

const (
	every   = "12.1 14.1 16.1"
	from14  = "14.0 14.1 16.1"
	from141 = "14.1 16.1"
	from16  = "16.0 16.1"
	to141   = "12.1 14.1"
)

// A desk is a client of ada's, and what it keeps.
type desk struct {
	*testing.T
	tn      *eastest.Tenant
	c       *eas.Client
	box     *eastest.Mailbox
	folders map[eas.FolderType]eas.Folder
	adds    int
}

func newDesk(t *testing.T, version string) *desk {
	t.Helper()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	tn.AddMailbox(bob)
	return deskOf(t, tn, ada, version, "one")
}

func deskOf(t *testing.T, tn *eastest.Tenant, addr, version, device string) *desk {
	t.Helper()
	d := &desk{T: t, tn: tn, box: tn.Mailbox(addr), folders: map[eas.FolderType]eas.Folder{}, c: &eas.Client{
		URL: tn.URL(), User: addr, Token: bearer.Static(tn.Token(addr)), HTTPClient: tn.Client(), Versions: []eas.Version{eas.Version(version)},
		Device: eas.Device{ID: device, Type: "test"},
	}}
	all, err := d.c.FolderSync(t.Context(), eas.InitialSyncKey)
	d.must(err)
	for _, f := range all.Added {
		d.folders[f.Type] = f
	}
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// same requires a value to be another.
func (d *desk) same(want, got any) {
	d.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("(-want +got):\n%s", diff)
	}
}

// list reads a folder from the start.
func (d *desk) list(f eas.FolderType, o *eas.SyncOptions) ([]eas.Entry, eas.SyncKey) {
	d.Helper()
	if o == nil {
		o = &eas.SyncOptions{}
	}
	with := *o
	with.Class = f.Class()
	return read(d.T, d.c, d.folders[f].ID, eas.InitialSyncKey, &with)
}

// apply applies edits to a folder whose state is new.
func (d *desk) apply(f eas.FolderType, edits ...eas.Edit) *eas.Applied {
	d.Helper()
	_, key := d.list(f, nil)
	return d.send(f, key, nil, edits...)
}

// send sends edits with options.
func (d *desk) send(f eas.FolderType, key eas.SyncKey, o *eas.SyncOptions, edits ...eas.Edit) *eas.Applied {
	d.Helper()
	if o == nil && d.c.State().Version.AtLeast(eas.Version140) {
		a, err := d.c.Apply(d.Context(), d.folders[f].ID, key, edits...)
		d.must(err)
		return a
	}
	with := eas.SyncOptions{}
	if o != nil {
		with = *o
	}
	with.Class = f.Class()
	r, err := d.c.SyncMany(d.Context(), nil, eas.SyncRequest{Folder: d.folders[f].ID, Key: key, Options: &with, Edits: edits})
	d.must(err)
	d.must(r[0].Err)
	return &eas.Applied{Key: r[0].Page.Key, Results: r[0].Results, Changes: r[0].Page}
}

// kept adds an item and returns it as the server has it.
func (d *desk) kept(f eas.FolderType, item eas.Item) (eas.ItemID, eas.Item) {
	d.Helper()
	d.adds++
	a := d.apply(f, eas.Add(fmt.Sprint("add", d.adds), item))
	d.must(a.Err())
	return a.Results[0].ID, d.got(f, a.Results[0].ID)
}

func (d *desk) got(f eas.FolderType, id eas.ItemID) eas.Item {
	d.Helper()
	e, err := d.c.FetchItem(d.Context(), d.folders[f].ID, id, &eas.ItemOptions{Class: f.Class(), Body: eas.BodyPlain})
	d.must(err)
	d.must(e.Err)
	return e.Item
}

// start is ten o'clock of the next day.
func (d *desk) start() time.Time {
	return d.tn.Now().UTC().Truncate(24 * time.Hour).Add(34 * time.Hour)
}

func (d *desk) event(e eas.Event) *eas.Event {
	e.Subject, e.Start, e.End = "event", d.start(), d.start().Add(time.Hour)
	return &e
}

// recurs adds an event, or a task, with a rule, and requires the rule to come back.
func (d *desk) recurs(f eas.FolderType, r eas.Recurrence) *eas.Recurrence {
	d.Helper()
	var got *eas.Recurrence
	if f == eas.FolderTasks {
		r.Start = d.start()
		_, item := d.kept(f, &eas.Task{Subject: "task", Recurrence: &r})
		got = item.(*eas.Task).Recurrence
	} else {
		_, item := d.kept(f, d.event(eas.Event{Recurrence: &r}))
		got = item.(*eas.Event).Recurrence
	}
	if got == nil {
		d.Fatal("no recurrence")
	}
	is := *got
	is.FirstDay, r.FirstDay = nil, nil // the server adds one
	r.Interval = max(r.Interval, 1)
	d.same(r, is)
	return got
}

// rules are recurrences of each type.
var rules = map[eas.RecurrenceType]eas.Recurrence{
	eas.Daily: {Type: eas.Daily, Interval: 3, Occurrences: 5}, eas.Weekly: {Type: eas.Weekly, Interval: 1, Days: 2},
	eas.Monthly:    {Type: eas.Monthly, Interval: 1, DayOfMonth: 10},
	eas.MonthlyNth: {Type: eas.MonthlyNth, Interval: 1, Days: 2, WeekOfMonth: 5},
	eas.Yearly:     {Type: eas.Yearly, Interval: 1, DayOfMonth: 10, Month: time.April},
	eas.YearlyNth:  {Type: eas.YearlyNth, Interval: 1, Days: 2, WeekOfMonth: 5, Month: time.April},
}

// told has another device change a mail, and returns the change as this one is told of it.
func (d *desk) told(change func(m *eas.Email)) *eas.Email {
	d.Helper()
	d.box.Deliver(&eas.Email{Subject: "mail", From: bob})
	all, key := d.list(eas.FolderInbox, nil)
	other := deskOf(d.T, d.tn, ada, "16.1", "other")
	before := other.got(eas.FolderInbox, all[0].ID).(*eas.Email)
	after := *before
	change(&after)
	d.must(other.apply(eas.FolderInbox, eas.Update(all[0].ID, before, &after)).Err())
	p, err := d.c.Sync(d.Context(), d.folders[eas.FolderInbox].ID, key, nil)
	d.must(err)
	if len(p.Changed) != 1 || p.Changed[0].ID != all[0].ID {
		d.Fatalf("%+v", p)
	}
	return p.Changed[0].Item.(*eas.Email)
}

// bodied fetches a mail's body in the three ways.
func (d *desk) bodied(limit int, allOrNone bool, each func(b *eas.Body)) {
	d.Helper()
	d.box.Deliver(&eas.Email{Subject: "needle", Body: &eas.Body{Data: strings.Repeat("x", 100)}})
	all, _ := d.list(eas.FolderInbox, &eas.SyncOptions{Body: eas.BodyPlain, BodyLimit: limit, AllOrNone: allOrNone})
	each(all[0].Item.(*eas.Email).Body)
	o := &eas.ItemOptions{Body: eas.BodyPlain, BodyLimit: limit, AllOrNone: allOrNone}
	e, err := d.c.FetchItem(d.Context(), d.folders[eas.FolderInbox].ID, all[0].ID, o)
	d.must(err)
	each(e.Item.(*eas.Email).Body)
	r, err := d.c.Search(d.Context(), eas.Query{Text: "needle"}, &eas.SearchOptions{Items: o})
	d.must(err)
	each(r.Items[0].Item.(*eas.Email).Body)
}

// part fetches what is new in the conversation of a mail.
func (d *desk) part(limit int) eas.BodyPart {
	d.Helper()
	d.box.Deliver(&eas.Email{Subject: "needle", Body: &eas.Body{Type: eas.BodyHTML, Data: strings.Repeat("x", 100)}})
	all, _ := d.list(eas.FolderInbox, &eas.SyncOptions{Part: true, Body: eas.BodyHTML, BodyLimit: limit})
	m := all[0].Item.(*eas.Email)
	if len(m.Parts) != 1 {
		d.Fatalf("%+v", m)
	}
	return m.Parts[0]
}

// meets has ada invite bob, and returns his desk with the request and its event.
func (d *desk) meets(e eas.Event) (b *desk, mail, event eas.Entry) {
	d.Helper()
	e.Attendees, e.Status = []eas.Attendee{{Name: "bob", Email: bob}}, eas.MeetingOrganized
	d.kept(eas.FolderCalendar, d.event(e))
	b = deskOf(d.T, d.tn, bob, string(d.c.Versions[0]), "one")
	mails, _ := b.list(eas.FolderInbox, nil)
	events, _ := b.list(eas.FolderCalendar, nil)
	if len(mails) != 1 || len(events) != 1 || mails[0].Item.(*eas.Email).Meeting == nil {
		d.Fatalf("%+v %+v", mails, events)
	}
	return b, mails[0], events[0]
}

// answers has bob answer, in his inbox or in his calendar.
func (d *desk) answers(r eas.ResponseType, inCalendar bool) {
	d.Helper()
	b, mail, event := d.meets(eas.Event{})
	a := eas.MeetingAnswer{Folder: b.folders[eas.FolderInbox].ID, Item: mail.ID, Response: r}
	if inCalendar {
		a.Folder, a.Item = b.folders[eas.FolderCalendar].ID, event.ID
	}
	results, err := b.c.MeetingResponse(d.Context(), a)
	d.must(err)
	d.must(results[0].Err)
	hers, _ := d.list(eas.FolderCalendar, nil)
	d.same(r, hers[0].Item.(*eas.Event).Attendees[0].Response)
	if r == eas.ResponseDeclined {
		d.same(eas.ItemID(""), results[0].Event)
		return
	}
	his := b.got(eas.FolderCalendar, results[0].Event).(*eas.Event)
	if his.Response != r || his.Status != eas.MeetingReceived || his.Replied.IsZero() || event.Item.(*eas.Event).Response != eas.ResponseNotYet {
		d.Errorf("%+v", his)
	}
}

// says has bob answer with a text, and requires it at ada's.
func (d *desk) says(text string) {
	d.Helper()
	b, mail, _ := d.meets(eas.Event{})
	_, err := b.c.MeetingResponse(d.Context(), eas.MeetingAnswer{Folder: b.folders[eas.FolderInbox].ID, Item: mail.ID, Response: eas.ResponseAccepted, Send: true, Text: text})
	d.must(err)
	all, _ := d.list(eas.FolderInbox, &eas.SyncOptions{Body: eas.BodyPlain})
	if len(all) != 1 || all[0].Item.(*eas.Email).Body.Data != text || all[0].Item.(*eas.Email).Subject != "Accepted: event" {
		d.Errorf("%+v", all)
	}
}

// invitation is what the request says of a meeting with a rule.
func (d *desk) invitation(e eas.Event) *eas.MeetingRequest {
	d.Helper()
	_, mail, _ := d.meets(e)
	return mail.Item.(*eas.Email).Meeting
}

func ruled(kind eas.RecurrenceType) *eas.Recurrence {
	r := rules[kind]
	return &r
}

func (d *desk) invites(kind eas.RecurrenceType) {
	d.Helper()
	got := *d.invitation(eas.Event{Recurrence: ruled(kind)}).Recurrence
	got.FirstDay = nil
	d.same(rules[kind], got)
}

// talk delivers two mails of a conversation.
func (d *desk) talk() []byte {
	id := []byte("conversation-0001")[:16]
	d.box.Deliver(&eas.Email{Subject: "one", ConversationID: id}, &eas.Email{Subject: "two", ConversationID: id})
	return id
}

func (d *desk) count(f eas.FolderType, want int) {
	d.Helper()
	if all, _ := d.list(f, nil); len(all) != want {
		d.Errorf("%d items, want %d", len(all), want)
	}
}

// elsewhere changes a contact on another device.
func (d *desk) elsewhere(id eas.ItemID, name string) {
	d.Helper()
	other := deskOf(d.T, d.tn, ada, string(d.c.Versions[0]), "other")
	before := other.got(eas.FolderContacts, id).(*eas.Contact)
	after := *before
	after.FileAs = name
	d.must(other.apply(eas.FolderContacts, eas.Update(id, before, &after)).Err())
}

// TestInteropClient holds what cases of the interop suites say about a client, against the tenant.
func TestInteropClient(t *testing.T) {
	t.Parallel()
	for _, c := range clientCases {
		for version := range strings.FieldsSeq(c.versions) {
			t.Run(c.name+"/"+version, func(t *testing.T) { c.hold(newDesk(t, version)) })
		}
	}
}

var clientCases = []interopCase{
	{"MSASAIRS_S01_TC03_BodyPartPreference_AllOrNoneFalse_TruncatedContentReturned", from141, func(d *desk) {
		if p := d.part(20); len(p.Data) != 20 || !p.Truncated {
			d.Errorf("%+v", p)
		}
	}},
	{"MSASAIRS_S01_TC04_BodyPartPreference_AllOrNoneFalse_NonTruncatedContentReturned", from141, func(d *desk) {
		if p := d.part(1000); len(p.Data) != 100 || p.Truncated {
			d.Errorf("%+v", p)
		}
	}},
	{"MSASAIRS_S02_TC01_BodyPreference_AllOrNoneTrue_AllContentReturned", every, func(d *desk) {
		d.bodied(1000, true, func(b *eas.Body) {
			d.same(eas.Body{Type: eas.BodyPlain, Data: strings.Repeat("x", 100), Size: 100}, *b)
		})
	}},
	{"MSASAIRS_S02_TC02_BodyPreference_AllOrNoneTrue_AllContentNotReturned", every, func(d *desk) {
		d.bodied(20, true, func(b *eas.Body) { d.same(eas.Body{Type: eas.BodyPlain, Truncated: true, Size: 100}, *b) })
	}},
	{"MSASAIRS_S02_TC03_BodyPreference_AllOrNoneFalse_TruncatedContentReturned", every, func(d *desk) {
		d.bodied(20, false, func(b *eas.Body) {
			d.same(eas.Body{Type: eas.BodyPlain, Data: strings.Repeat("x", 20), Truncated: true, Size: 100}, *b)
		})
	}},
	{"MSASAIRS_S06_TC01_MeetingResponseWithPlainTextBody", from16, func(d *desk) { d.says("I come.") }},
	{"MSASCAL_S01_TC02_Sensitivity", every, func(d *desk) {
		for n := eas.Sensitivity(0); n < 4; n++ {
			_, got := d.kept(eas.FolderCalendar, d.event(eas.Event{Sensitivity: n}))
			d.same(n, got.(*eas.Event).Sensitivity)
		}
	}},
	{"MSASCAL_S01_TC11_RecurrenceWithType0", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.Daily]) }},
	{"MSASCAL_S01_TC12_RecurrenceWithType1", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.Weekly]) }},
	{"MSASCAL_S01_TC13_RecurrenceWithType2", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.Monthly]) }},
	{"MSASCAL_S01_TC14_RecurrenceWithType3", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.MonthlyNth]) }},
	{"MSASCAL_S01_TC15_RecurrenceWithType5", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.Yearly]) }},
	{"MSASCAL_S01_TC16_RecurrenceWithType6", every, func(d *desk) { d.recurs(eas.FolderCalendar, rules[eas.YearlyNth]) }},
	{"MSASCAL_S01_TC17_FirstDayOfWeek", from141, func(d *desk) {
		r, monday := rules[eas.Weekly], time.Monday
		r.FirstDay = &monday
		if got := d.recurs(eas.FolderCalendar, r); got.FirstDay == nil || *got.FirstDay != monday {
			d.Errorf("%+v", got)
		}
	}},
	{"MSASCAL_S01_TC20_IsLeapMonth", from14, func(d *desk) {
		r := rules[eas.Yearly]
		r.CalendarType, r.LeapMonth = 15, true
		d.recurs(eas.FolderCalendar, r)
	}},
	{"MSASCAL_S01_TC28_GhostedElements", to141, func(d *desk) { d.ghosts() }},
	{"MSASCAL_S01_TC29_ItemOperations", every, func(d *desk) {
		_, got := d.kept(eas.FolderCalendar, d.event(eas.Event{Body: &eas.Body{Data: "text"}}))
		d.same("text", got.(*eas.Event).Body.Data)
	}},
	{"MSASCAL_S01_TC30_Search", every, func(d *desk) {
		d.kept(eas.FolderCalendar, d.event(eas.Event{}))
		r, err := d.c.Search(d.Context(), eas.Query{Text: "event", Classes: []eas.Class{eas.ClassCalendar}}, nil)
		d.must(err)
		d.same("event", r.Items[0].Item.(*eas.Event).Subject)
	}},
	{"MSASCAL_S01_TC32_WithoutUID", every, func(d *desk) {
		if _, got := d.kept(eas.FolderCalendar, d.event(eas.Event{})); got.(*eas.Event).UID == "" {
			d.Errorf("%+v", got)
		}
	}},
	{"MSASCAL_S02_TC01_MeetingAccepted", from16, func(d *desk) { d.answers(eas.ResponseAccepted, false) }},
	{"MSASCAL_S02_TC02_MeetingDeclined", from16, func(d *desk) { d.answers(eas.ResponseDeclined, false) }},
	{"MSASCAL_S02_TC03_MeetingTentative", from16, func(d *desk) { d.answers(eas.ResponseTentative, false) }},
	{"MSASCAL_S02_TC04_MeetingNotResponded", from16, func(d *desk) {
		_, _, event := d.meets(eas.Event{})
		if e := event.Item.(*eas.Event); e.Response != eas.ResponseNotYet || e.Status != eas.MeetingReceived || !e.Replied.IsZero() {
			d.Errorf("%+v", e)
		}
	}},
	{"MSASCAL_S02_TC05_MeetingCancellation", from16, func(d *desk) {
		b, _, _ := d.meets(eas.Event{})
		hers, _ := d.list(eas.FolderCalendar, nil)
		d.must(d.apply(eas.FolderCalendar, eas.Delete(hers[0].ID)).Err())
		events, _ := b.list(eas.FolderCalendar, nil)
		d.same(eas.MeetingCanceledReceived, events[0].Item.(*eas.Event).Status)
	}},
	{"MSASCMD_S09_TC01_MeetingResponse_AcceptMeeting", from16, func(d *desk) { d.answers(eas.ResponseAccepted, false) }},
	{"MSASCMD_S09_TC02_MeetingResponse_DeclineMeeting", from16, func(d *desk) { d.answers(eas.ResponseDeclined, false) }},
	{"MSASCMD_S09_TC10_MeetingResponse_TentativeAcceptMeeting", from16, func(d *desk) { d.answers(eas.ResponseTentative, false) }},
	{"MSASCMD_S09_TC11_MeetingResponse_AcceptMeetingInCalendar", from16, func(d *desk) { d.answers(eas.ResponseAccepted, true) }},
	{"MSASCMD_S09_TC15_MeetingResponse_AcceptMeetingInCalendarFolder", from16, func(d *desk) { d.answers(eas.ResponseAccepted, true) }},
	{"MSASCMD_S09_TC16_MeetingResponse_TentativelyAcceptInCalendarFolder", from16, func(d *desk) { d.answers(eas.ResponseTentative, true) }},
	{"MSASCMD_S09_TC17_MeetingResponse_DeclineInCalendarFolder", from16, func(d *desk) { d.answers(eas.ResponseDeclined, true) }},
	{"MSASCMD_S07_TC04_GetItemEstimate_Email_FilterType", every, func(d *desk) {
		d.box.Deliver(&eas.Email{Subject: "old", Received: d.tn.Now().Add(-10 * 24 * time.Hour)}, &eas.Email{Subject: "new"})
		all, key := d.list(eas.FolderInbox, &eas.SyncOptions{Filter: eas.FilterOneDay})
		d.same(1, len(all))
		n, err := d.c.GetItemEstimate(d.Context(), d.folders[eas.FolderInbox].ID, key, &eas.EstimateOptions{Filter: eas.FilterAll})
		d.must(err)
		d.same(1, n)
	}},
	{"MSASCMD_S07_TC05_GetItemEstimate_Calendar_FilterType", every, func(d *desk) {
		past := d.start().AddDate(0, 0, -60)
		d.box.Put(eas.FolderCalendar, d.event(eas.Event{}), &eas.Event{Subject: "past", Start: past, End: past})
		all, key := d.list(eas.FolderCalendar, &eas.SyncOptions{Filter: eas.FilterOneMonth})
		d.same(1, len(all))
		n, err := d.c.GetItemEstimate(d.Context(), d.folders[eas.FolderCalendar].ID, key, &eas.EstimateOptions{Class: eas.ClassCalendar, Filter: eas.FilterThreeMonths})
		d.must(err)
		d.same(1, n)
	}},
	{"MSASCMD_S14_TC15_Search_WithAllClass", "14.1", func(d *desk) {
		d.classes(eas.ClassEmail, eas.ClassCalendar, eas.ClassContacts, eas.ClassTasks, eas.ClassNotes)
	}},
	{"MSASCMD_S14_TC16_Search_WithoutNoteAndSmsClass", "12.1", func(d *desk) { d.classes(eas.ClassEmail, eas.ClassCalendar, eas.ClassContacts, eas.ClassTasks) }},
	{"MSASCMD_S14_TC17_Search_WithoutClass", every, func(d *desk) { d.classes() }},
	{"MSASCMD_S13_TC06_ResolveRecipients_Over256", every, func(d *desk) {
		r, err := d.c.ResolveRecipients(d.Context(), []string{strings.Repeat("x", 256)}, nil)
		d.must(err)
		d.same(0, len(r[0].Recipients))
		if _, err := d.c.ResolveRecipients(d.Context(), []string{strings.Repeat("x", 257)}, nil); err == nil {
			d.Error("257 characters: no error")
		}
	}},
	{"MSASCMD_S13_TC07_ResolveRecipients_NoPictureExist", from141, func(d *desk) {
		r, err := d.c.ResolveRecipients(d.Context(), []string{bob}, &eas.ResolveOptions{Pictures: 3})
		d.must(err)
		if len(r[0].Recipients) != 1 || r[0].Recipients[0].Picture != nil {
			d.Errorf("%+v", r)
		}
	}},
	{"MSASCMD_S13_TC08_ResolveRecipients_AmbiguousUser", every, func(d *desk) {
		d.tn.AddMailbox("bobby@contoso.com")
		r, err := d.c.ResolveRecipients(d.Context(), []string{"bob"}, nil)
		d.must(err)
		if len(r[0].Recipients) != 2 || r[0].Count != 2 {
			d.Errorf("%+v", r)
		}
	}},
	{"MSASCMD_S13_TC12_ResolveRecipients_To", every, func(d *desk) {
		r, err := d.c.ResolveRecipients(d.Context(), []string{bob, "nobody", ada}, nil)
		d.must(err)
		if len(r) != 3 || r[0].To != bob || r[1].To != "nobody" || len(r[1].Recipients) != 0 || r[2].Recipients[0].Email != ada {
			d.Errorf("%+v", r)
		}
	}},
	{"MSASCMD_S14_TC22_Search_WithDeepTraversal", every, func(d *desk) { d.same(2, d.nested(false)) }},
	{"MSASCMD_S14_TC23_Search_WithoutDeepTraversal", every, func(d *desk) { d.same(1, d.nested(true)) }},
	{"MSASCMD_S19_TC34_Sync_DeletesAsMovesIsTrue", every, func(d *desk) {
		d.box.Deliver(&eas.Email{Subject: "mail"})
		all, _ := d.list(eas.FolderInbox, nil)
		d.must(d.apply(eas.FolderInbox, eas.Delete(all[0].ID)).Err())
		d.count(eas.FolderDeletedItems, 1)
	}},
	{"MSASCMD_S19_TC35_Sync_DeletesAsMovesIsFalse", every, func(d *desk) {
		d.box.Deliver(&eas.Email{Subject: "mail"})
		all, key := d.list(eas.FolderInbox, nil)
		d.must(d.send(eas.FolderInbox, key, nil, eas.DeleteForGood(all[0].ID)).Err())
		d.count(eas.FolderInbox, 0)
		d.count(eas.FolderDeletedItems, 0)
	}},
	{"MSASCMD_S19_TC39_Sync_Supported", to141, func(d *desk) { d.ghosts() }},
	{"MSASCMD_S19_TC40_Sync_Conflict", every, func(d *desk) {
		id, _ := d.kept(eas.FolderContacts, &eas.Contact{FileAs: "One"})
		before := d.got(eas.FolderContacts, id).(*eas.Contact)
		_, key := d.list(eas.FolderContacts, nil)
		d.elsewhere(id, "Theirs")
		mine := *before
		mine.FileAs = "Mine"
		a := d.send(eas.FolderContacts, key, &eas.SyncOptions{ServerWins: true}, eas.Update(id, before, &mine))
		var e *eas.Error
		if got := d.got(eas.FolderContacts, id).(*eas.Contact).FileAs; !errors.As(a.Err(), &e) || e.Status != 7 || got != "Theirs" {
			d.Errorf("%v, and the contact is %s", a.Err(), got)
		}
	}},
	{"MSASCMD_S19_TC49_Sync_SoftDelete", every, func(d *desk) {
		d.box.Deliver(&eas.Email{Subject: "old", Received: d.tn.Now().Add(-10 * 24 * time.Hour)}, &eas.Email{Subject: "new"})
		_, key := d.list(eas.FolderInbox, nil)
		p, err := d.c.Sync(d.Context(), d.folders[eas.FolderInbox].ID, key, &eas.SyncOptions{Filter: eas.FilterOneDay})
		d.must(err)
		if len(p.SoftDeleted) != 1 || len(p.Deleted) != 0 {
			d.Errorf("%+v", p)
		}
	}},
	{"MSASCNTC_S01_TC02_Sync_GhostedElements_ExceptAssistantName", to141, func(d *desk) { d.ghosts() }},
	{"MSASCNTC_S01_TC03_Sync_GhostedElement_AssistantName", to141, func(d *desk) { d.ghosts() }},
	{"MSASCNTC_S01_TC05_Sync_Status6_PictureExceeds48KB", every, func(d *desk) {
		a := d.apply(eas.FolderContacts, eas.Add("c1", &eas.Contact{FileAs: "One", Picture: make([]byte, 40<<10)}))
		var e *eas.Error
		if !errors.As(a.Err(), &e) || e.Status != 6 {
			d.Error(a.Err())
		}
	}},
	{"MSASCNTC_S01_TC06_Sync_AddContact_300CategoryElements", every, func(d *desk) {
		want := slices.Repeat([]string{"blue"}, 300)
		_, got := d.kept(eas.FolderContacts, &eas.Contact{FileAs: "One", Categories: want})
		d.same(want, got.(*eas.Contact).Categories)
	}},
	{"MSASCNTC_S01_TC07_Sync_AddContact_300ChildElements", every, func(d *desk) {
		want := slices.Repeat([]string{"Byron"}, 300)
		_, got := d.kept(eas.FolderContacts, &eas.Contact{FileAs: "One", Children: want})
		d.same(want, got.(*eas.Contact).Children)
	}},
	{"MSASCNTC_S03_TC01_Search_RetrieveContact", every, func(d *desk) {
		d.kept(eas.FolderContacts, &eas.Contact{FileAs: "needle", FirstName: "Ada"})
		r, err := d.c.Search(d.Context(), eas.Query{Text: "needle", Classes: []eas.Class{eas.ClassContacts}}, nil)
		d.must(err)
		d.same("Ada", r.Items[0].Item.(*eas.Contact).FirstName)
	}},
	{"MSASCON_S01_TC04_Sync_Filter", from14, func(d *desk) {
		d.talk()
		all, _ := d.list(eas.FolderInbox, &eas.SyncOptions{Conversations: true})
		d.same(2, len(all))
	}},
	{"MSASCON_S03_TC01_ItemOperations_Ignore", from14, func(d *desk) {
		d.must(d.c.MoveConversation(d.Context(), d.talk(), d.folders[eas.FolderDeletedItems].ID))
		d.count(eas.FolderInbox, 0)
		d.count(eas.FolderDeletedItems, 2)
		d.talk()
		d.count(eas.FolderDeletedItems, 4)
	}},
	{"MSASCON_S05_TC01_Search", from14, func(d *desk) {
		id := d.talk()
		d.box.Deliver(&eas.Email{Subject: "another"})
		r, err := d.c.Search(d.Context(), eas.Query{Conversation: id}, nil)
		d.must(err)
		d.same(2, len(r.Items))
	}},
	{"MSASEMAIL_S01_TC05_OnlyReadPropertyChanged", every, func(d *desk) {
		yes := true
		m := d.told(func(m *eas.Email) { m.Read = &yes })
		if m.Read == nil || !*m.Read || m.Flag != nil || m.Subject != "" {
			d.Errorf("%+v", m)
		}
	}},
	{"MSASEMAIL_S01_TC06_OnlyFlagPropertiesChanged", every, func(d *desk) {
		m := d.told(func(m *eas.Email) { m.Flag = &eas.Flag{Status: eas.FlagActive} })
		if m.Flag == nil || m.Flag.Status != eas.FlagActive || m.Read != nil {
			d.Errorf("%+v", m)
		}
	}},
	{"MSASEMAIL_S01_TC29_OnlyCategoriesChanged", from14, func(d *desk) {
		m := d.told(func(m *eas.Email) { m.Categories = []string{"blue"} })
		if !slices.Equal(m.Categories, []string{"blue"}) || m.Read != nil || m.Flag != nil {
			d.Errorf("%+v", m)
		}
	}},
	{"MSASEMAIL_S01_TC18_SyncAdd_AdministrativeMessage", every, func(d *desk) {
		d.must(d.c.SendMail(d.Context(), strings.NewReader("To: nobody@contoso.com\r\nSubject: mail\r\n\r\ntext"), nil))
		all, _ := d.list(eas.FolderInbox, nil)
		d.same("REPORT.IPM.Note.NDR", all[0].Item.(*eas.Email).MessageClass)
	}},
	{"MSASEMAIL_S04_TC03_MeetingRequest_Weekly", from16, func(d *desk) { d.invites(eas.Weekly) }},
	{"MSASEMAIL_S04_TC04_MeetingRequest_Monthly_ByDay", from16, func(d *desk) { d.invites(eas.Monthly) }},
	{"MSASEMAIL_S04_TC05_MeetingRequest_Monthly_ByWeek", from16, func(d *desk) { d.invites(eas.MonthlyNth) }},
	{"MSASEMAIL_S04_TC06_MeetingRequest_Yearly_IncludedIsLeapMonth", from16, func(d *desk) {
		r := rules[eas.Yearly]
		r.CalendarType, r.LeapMonth = 15, true
		d.same(&r, d.invitation(eas.Event{Recurrence: &r}).Recurrence)
	}},
	{"MSASEMAIL_S04_TC07_MeetingRequest_Yearly_NotIncludedIsLeapMonth", from16, func(d *desk) { d.invites(eas.YearlyNth) }},
	{"MSASEMAIL_S04_TC16_BusyStatusIsNotPresent", from16, func(d *desk) {
		if m := d.invitation(eas.Event{}); m.Busy == nil || *m.Busy != eas.BusyBusy {
			d.Errorf("%+v", m)
		}
	}},
	{"MSASEMAIL_S04_TC17_BusyStatusIsWorkingElsewhere", from16, func(d *desk) {
		elsewhere := eas.BusyElsewhere
		if m := d.invitation(eas.Event{Busy: &elsewhere}); m.Busy == nil || *m.Busy != elsewhere {
			d.Errorf("%+v", m)
		}
	}},
	{"MSASNOTE_S01_TC03_Sync_LastModifiedDateIgnored", from14, func(d *desk) {
		_, got := d.kept(eas.FolderNotes, &eas.Note{Subject: "note", Modified: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})
		if age := d.tn.Now().Sub(got.(*eas.Note).Modified); age < 0 || age > time.Minute {
			d.Errorf("%+v", got)
		}
	}},
	{"MSASTASK_S01_TC01_CreateTaskItemRecursDaily", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.Daily]) }},
	{"MSASTASK_S01_TC04_CreateTaskItemRecursMonthly", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.Monthly]) }},
	{"MSASTASK_S01_TC05_CreateTaskItemRecursYearly", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.Yearly]) }},
	{"MSASTASK_S01_TC06_CreateTaskItemRecursWeekly", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.Weekly]) }},
	{"MSASTASK_S01_TC10_CreateTaskItemRecursYearlyOnTheNthDay", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.YearlyNth]) }},
	{"MSASTASK_S01_TC12_CreateTaskItemRecursMonthlyOnTheNthDay", every, func(d *desk) { d.recurs(eas.FolderTasks, rules[eas.MonthlyNth]) }},
	{"MSASTASK_S01_TC17_CreateTaskItemWithDateCompletedElement", every, func(d *desk) {
		at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		_, got := d.kept(eas.FolderTasks, &eas.Task{Subject: "task", Complete: true, Completed: at})
		d.same(at, got.(*eas.Task).Completed)
	}},
	{"MSASTASK_S03_TC01_RetrieveTaskItemWithSearch", every, func(d *desk) {
		d.kept(eas.FolderTasks, &eas.Task{Subject: "needle"})
		r, err := d.c.Search(d.Context(), eas.Query{Text: "needle", Classes: []eas.Class{eas.ClassTasks}}, nil)
		d.must(err)
		d.same("needle", r.Items[0].Item.(*eas.Task).Subject)
	}},
}

// ghosts changes a contact of which the device manages the names alone: the rest stays.
func (d *desk) ghosts() {
	d.Helper()
	d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "One", FirstName: "Ada", AssistantName: "Carl", JobTitle: "Countess", Body: &eas.Body{Data: "text"}})
	o := &eas.SyncOptions{Supported: []string{"Contacts:FileAs", "Contacts:FirstName"}}
	all, key := d.list(eas.FolderContacts, o)
	before := all[0].Item.(*eas.Contact)
	d.must(d.send(eas.FolderContacts, key, nil, eas.Update(all[0].ID, &eas.Contact{FileAs: before.FileAs}, &eas.Contact{FileAs: "Two"})).Err())
	got := d.got(eas.FolderContacts, all[0].ID).(*eas.Contact)
	if got.FileAs != "Two" || got.FirstName != "" || got.AssistantName != "Carl" || got.JobTitle != "Countess" || got.Body == nil || got.Body.Data != "text" {
		d.Errorf("%+v", got)
	}
}

// nested searches the inbox for a mail that is there and one in a folder of it.
func (d *desk) nested(shallow bool) int {
	d.Helper()
	d.box.Deliver(&eas.Email{Subject: "needle one"}, &eas.Email{Subject: "needle two"})
	all, err := d.c.FolderSync(d.Context(), eas.InitialSyncKey)
	d.must(err)
	in := d.folders[eas.FolderInbox].ID
	below, _, err := d.c.FolderCreate(d.Context(), all.Key, in, "below", eas.FolderUserMail)
	d.must(err)
	mails, _ := d.list(eas.FolderInbox, nil)
	_, err = d.c.MoveItems(d.Context(), eas.Move{Item: mails[0].ID, From: in, To: below.ID})
	d.must(err)
	r, err := d.c.Search(d.Context(), eas.Query{Text: "needle", Folders: []eas.FolderID{in}, Shallow: shallow}, nil)
	d.must(err)
	return len(r.Items)
}

// classes searches items of five classes for those that are named, or for all.
func (d *desk) classes(classes ...eas.Class) {
	d.Helper()
	d.box.Deliver(&eas.Email{Subject: "event"})
	d.box.Put(eas.FolderCalendar, d.event(eas.Event{}))
	d.box.Put(eas.FolderContacts, &eas.Contact{FileAs: "event"})
	d.box.Put(eas.FolderTasks, &eas.Task{Subject: "event"})
	d.box.Put(eas.FolderNotes, &eas.Note{Subject: "event"})
	r, err := d.c.Search(d.Context(), eas.Query{Text: "event", Classes: classes}, nil)
	d.must(err)
	want := len(classes)
	if want == 0 {
		want = 5
	}
	kinds := map[string]bool{}
	for _, f := range r.Items {
		d.must(f.Err)
		kinds[fmt.Sprintf("%T", f.Item)] = true
	}
	if len(r.Items) != want || len(kinds) != want {
		d.Errorf("%d items of %v, want %d", len(r.Items), kinds, want)
	}
}
