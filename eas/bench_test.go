package eas_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
		eas.ClassCalendar: `<Timezone xmlns="Calendar">xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAAxP///w==</Timezone>` +
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
