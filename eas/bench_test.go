package eas_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

const benchItems = 100 // of a page

// benchPage returns the response to a Sync as Exchange sends it, with 100 items of class.
func benchPage(tb testing.TB, class eas.Class) []byte {
	tb.Helper()
	items := map[eas.Class]string{
		eas.ClassEmail: `<To xmlns="Email">"Ada Lovelace" &lt;ada@contoso.com&gt;</To><From xmlns="Email">"Bob" &lt;bob@fabrikam.com&gt;</From>` +
			`<Subject xmlns="Email">Message number %[1]d</Subject><DateReceived xmlns="Email">2026-03-01T12:00:00.000Z</DateReceived>` +
			`<DisplayTo xmlns="Email">Ada Lovelace</DisplayTo><ThreadTopic xmlns="Email">Message number %[1]d</ThreadTopic>` +
			`<Importance xmlns="Email">1</Importance><Read xmlns="Email">0</Read><Body xmlns="AirSyncBase"><Type>1</Type>` +
			`<EstimatedDataSize>1024</EstimatedDataSize><Truncated>0</Truncated><Data>` +
			strings.Repeat("It was the best of times, it was the worst of times, and so on.\n", 16) + `</Data></Body>` +
			`<MessageClass xmlns="Email">IPM.Note</MessageClass><InternetCPID xmlns="Email">65001</InternetCPID><Flag xmlns="Email"/>` +
			`<ContentClass xmlns="Email">urn:content-classes:message</ContentClass><NativeBodyType xmlns="AirSyncBase">2</NativeBodyType>` +
			`<ConversationId xmlns="Email2"><?opaque base64?>MDEyMzQ1Njc4OWFiY2RlZg==</ConversationId>` +
			`<ConversationIndex xmlns="Email2"><?opaque base64?>MDEyMzQ=</ConversationIndex><Categories xmlns="Email"/>`,
		eas.ClassCalendar: `<Timezone xmlns="Calendar">xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAAxP///w==</Timezone>` +
			`<DtStamp xmlns="Calendar">20260301T120000Z</DtStamp><StartTime xmlns="Calendar">20260302T090000Z</StartTime>` +
			`<Subject xmlns="Calendar">Meeting number %[1]d</Subject><UID xmlns="Calendar">040000008200E00074C5B7101A82E008%08[1]d</UID>` +
			`<OrganizerName xmlns="Calendar">Bob</OrganizerName><OrganizerEmail xmlns="Calendar">bob@fabrikam.com</OrganizerEmail>` +
			`<Attendees xmlns="Calendar">` + strings.Repeat(`<Attendee><Email>ada@contoso.com</Email><Name>Ada Lovelace</Name><AttendeeStatus>3</AttendeeStatus><AttendeeType>1</AttendeeType></Attendee>`, 4) + `</Attendees>` +
			`<EndTime xmlns="Calendar">20260302T100000Z</EndTime><Location xmlns="AirSyncBase"><DisplayName>Room 5</DisplayName></Location>` +
			`<Recurrence xmlns="Calendar"><Type>1</Type><Interval>1</Interval><DayOfWeek>2</DayOfWeek></Recurrence>` +
			`<Body xmlns="AirSyncBase"><Type>1</Type><EstimatedDataSize>512</EstimatedDataSize><Data>` +
			strings.Repeat("Agenda: the best of times, and then the worst of them, at last.\n", 8) + `</Data></Body>` +
			`<Sensitivity xmlns="Calendar">0</Sensitivity><BusyStatus xmlns="Calendar">2</BusyStatus><AllDayEvent xmlns="Calendar">0</AllDayEvent>` +
			`<Reminder xmlns="Calendar">15</Reminder><MeetingStatus xmlns="Calendar">3</MeetingStatus><NativeBodyType xmlns="AirSyncBase">1</NativeBodyType>` +
			`<ResponseRequested xmlns="Calendar">1</ResponseRequested><ResponseType xmlns="Calendar">3</ResponseType>`,
		eas.ClassContacts: `<Body xmlns="AirSyncBase"><Type>1</Type><EstimatedDataSize>128</EstimatedDataSize><Data>` +
			strings.Repeat("Met at the conference; knows of ours. Prefers a call to a mail.\n", 2) + `</Data></Body>` +
			`<FileAs xmlns="Contacts">Lovelace, Ada</FileAs><FirstName xmlns="Contacts">Ada</FirstName><LastName xmlns="Contacts">Lovelace %[1]d</LastName>` +
			`<Email1Address xmlns="Contacts">"Ada Lovelace" &lt;ada%[1]d@contoso.com&gt;</Email1Address><CompanyName xmlns="Contacts">Contoso Ltd.</CompanyName>` +
			`<Department xmlns="Contacts">Analytical Engines</Department><JobTitle xmlns="Contacts">Programmer</JobTitle>` +
			`<BusinessPhoneNumber xmlns="Contacts">+1 (425) 555-0100</BusinessPhoneNumber><MobilePhoneNumber xmlns="Contacts">+1 (425) 555-0101</MobilePhoneNumber>` +
			`<BusinessAddressStreet xmlns="Contacts">1 Microsoft Way</BusinessAddressStreet><BusinessAddressCity xmlns="Contacts">Redmond</BusinessAddressCity>` +
			`<BusinessAddressPostalCode xmlns="Contacts">98052</BusinessAddressPostalCode><BusinessAddressCountry xmlns="Contacts">United States</BusinessAddressCountry>` +
			`<Birthday xmlns="Contacts">1815-12-10T00:00:00.000Z</Birthday><OfficeLocation xmlns="Contacts">36/1001</OfficeLocation>` +
			`<WebPage xmlns="Contacts">https://contoso.com/ada</WebPage><ManagerName xmlns="Contacts2">Charles Babbage</ManagerName>`,
	}
	var x strings.Builder
	x.WriteString(`<Sync xmlns="AirSync"><Collections><Collection><SyncKey>1997433074</SyncKey><CollectionId>5</CollectionId><Status>1</Status><Commands>`)
	for i := range benchItems {
		fmt.Fprintf(&x, `<Add><ServerId>5:%d</ServerId><ApplicationData>`+items[class]+`</ApplicationData></Add>`, i+1)
	}
	x.WriteString(`</Commands><MoreAvailable/></Collection></Collections></Sync>`)
	var doc bytes.Buffer
	if err := wbxml.FromXML(&doc, strings.NewReader(strings.ReplaceAll(x.String(), "%!", ""))); err != nil {
		tb.Fatal(err)
	}
	return doc.Bytes()
}

// canned returns a client all of whose commands are answered with document. It does not
// negotiate and does not provision.
func canned(document []byte) *eas.Client {
	body := bytes.NewReader(document)
	c := &eas.Client{
		URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}, User: "ada@contoso.com",
		Token: bearer.Static(&oauth2.Token{AccessToken: "t"}),
		HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			body.Reset(document)
			return &http.Response{
				StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(body), ContentLength: int64(len(document)),
				Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}},
			}, nil
		})},
	}
	c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
	return c
}

// BenchmarkSyncPage is what a program gets: a page of 100 items by [eas.Client.Sync], from
// the body of the response to the items. The floor is a copy of the document.
func BenchmarkSyncPage(b *testing.B) {
	for _, class := range []eas.Class{eas.ClassEmail, eas.ClassCalendar, eas.ClassContacts} {
		doc := benchPage(b, class)
		b.Run(string(class), func(b *testing.B) {
			c := canned(doc)
			o := &eas.SyncOptions{Class: class}
			ctx := context.Background()
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				page, err := c.Sync(ctx, "5", "1", o)
				if err != nil || len(page.Added) != benchItems || page.Added[0].Item.Class() != class {
					b.Fatal(page, err)
				}
			}
		})
		b.Run(string(class)+" floor", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				sink = bytes.Clone(doc)
			}
		})
	}
}

var sink []byte

// TestSyncPageAllocations holds the path of BenchmarkSyncPage to what it may allocate: an
// allocation of a message is one that ten thousand messages make ten thousand times.
func TestSyncPageAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	for class, limit := range map[eas.Class]struct{ objects, bytes float64 }{ // for each item, and for each byte of the document
		eas.ClassEmail:    {6, 4},
		eas.ClassCalendar: {8, 5},
		eas.ClassContacts: {4, 7},
	} {
		doc := benchPage(t, class)
		c := canned(doc)
		const rounds = 20
		var before, after runtime.MemStats
		for i := range rounds + 1 {
			if i == 1 { // the first fills the tables
				runtime.ReadMemStats(&before)
			}
			if _, err := c.Sync(context.Background(), "5", "1", &eas.SyncOptions{Class: class}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		objects := float64(after.Mallocs-before.Mallocs) / rounds / benchItems
		bytes := float64(after.TotalAlloc-before.TotalAlloc) / rounds / float64(len(doc))
		if objects > limit.objects || bytes > limit.bytes {
			t.Errorf("%s: %.1f allocations an item and %.1f bytes a byte, want at most %v and %v", class, objects, bytes, limit.objects, limit.bytes)
		}
	}
}

// TestPageItems compares the items of a page with what they are when each is read alone:
// what is shared in a page, memory above all, is not seen.
func TestPageItems(t *testing.T) {
	for _, class := range []eas.Class{eas.ClassEmail, eas.ClassCalendar, eas.ClassContacts} {
		page, err := canned(benchPage(t, class)).Sync(context.Background(), "5", "1", &eas.SyncOptions{Class: class})
		if err != nil {
			t.Fatal(err)
		}
		for i, entry := range page.Added {
			alone, err := eas.Decode(class, bytes.Clone(entry.Raw))
			if err != nil || entry.Err != nil {
				t.Fatal(err, entry.Err)
			}
			if diff := cmp.Diff(alone, entry.Item); diff != "" {
				t.Fatalf("%s %d (-alone +page):\n%s", class, i, diff)
			}
			clear(entry.Raw[:cap(entry.Raw)]) // which no other item may be part of
		}
	}
}

// TestPageExceptions is TestPageItems for what the page of the benchmark does not have: lists
// and pointers within lists, of which one item has more than the next.
func TestPageExceptions(t *testing.T) {
	var x strings.Builder
	x.WriteString(`<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2</SyncKey><CollectionId>5</CollectionId><Status>1</Status><Commands>`)
	for i := range 12 {
		fmt.Fprintf(&x, `<Add><ServerId>5:%d</ServerId><ApplicationData><Subject xmlns="Calendar">%[1]d</Subject>`, i)
		people := func(n int) {
			x.WriteString(`<Attendees xmlns="Calendar">`)
			for j := range n {
				fmt.Fprintf(&x, `<Attendee><Email>%d.%d</Email>`, i, j)
				if (i+j)%3 == 0 {
					fmt.Fprintf(&x, `<Name>%d</Name><AttendeeType>%d</AttendeeType>`, j, i)
				}
				x.WriteString(`</Attendee>`)
			}
			x.WriteString(`</Attendees>`)
		}
		people(i * 5 % 12)
		x.WriteString(`<Categories xmlns="Calendar"><Category>a</Category></Categories><Exceptions xmlns="Calendar">`)
		for j := range (i + 7) % 5 {
			fmt.Fprintf(&x, `<Exception><ExceptionStartTime>20260302T0%d0000Z</ExceptionStartTime>`, j)
			if (i+j)%2 == 0 {
				fmt.Fprintf(&x, `<Subject>%d.%d</Subject><AllDayEvent>%d</AllDayEvent><MeetingStatus>%d</MeetingStatus><Reminder>%d</Reminder>`, i, j, i/2%2, i, j)
				x.WriteString(`<Body xmlns="AirSyncBase"><Type>1</Type><Data>text</Data></Body>`)
				people(j + 2)
			}
			x.WriteString(`</Exception>`)
		}
		x.WriteString(`</Exceptions></ApplicationData></Add>`)
	}
	x.WriteString(`</Commands></Collection></Collections></Sync>`)
	var doc bytes.Buffer
	if err := wbxml.FromXML(&doc, strings.NewReader(x.String())); err != nil {
		t.Fatal(err)
	}
	page, err := canned(doc.Bytes()).Sync(t.Context(), "5", "1", &eas.SyncOptions{Class: eas.ClassCalendar})
	if err != nil || len(page.Added) != 12 {
		t.Fatal(page, err)
	}
	for i, entry := range page.Added {
		alone, err := eas.Decode(eas.ClassCalendar, bytes.Clone(entry.Raw))
		if err != nil || entry.Err != nil {
			t.Fatal(err, entry.Err)
		}
		if diff := cmp.Diff(alone, entry.Item); diff != "" {
			t.Errorf("%d (-alone +page):\n%s", i, diff)
		}
	}
}

// TestContactTexts writes and reads a contact that has a text of its own in every field.
func TestContactTexts(t *testing.T) {
	want := &eas.Contact{}
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			n++
			v.SetString(fmt.Sprint("text ", n))
		case reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() != reflect.TypeFor[time.Time]() {
				for i := range v.NumField() {
					fill(v.Field(i))
				}
			}
		}
	}
	fill(reflect.ValueOf(want).Elem())
	raw, err := eas.Encode(want, eas.Version161)
	if err != nil || n != 56 {
		t.Fatal(n, err)
	}
	got, err := eas.Decode(eas.ClassContacts, raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
