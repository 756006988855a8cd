package eas_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/golden"
)

// show prints a value with what is not zero in it, and errors by their text.
func show(v any) string {
	var b strings.Builder
	shown(&b, reflect.ValueOf(v))
	return b.String()
}

func shown(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("nil")
		return
	}
	switch x := v.Interface().(type) {
	case error:
		fmt.Fprintf(b, "error(%s)", strings.TrimPrefix(x.Error(), "eas: "))
		return
	case time.Time:
		b.WriteString(x.Format(time.RFC3339Nano))
		return
	case []byte:
		fmt.Fprintf(b, "%q", x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		shown(b, v.Elem())
	case reflect.Struct:
		name := v.Type().Name() + "{"
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() && f.Name != "Raw" {
				b.WriteString(name + f.Name + ":")
				name = " "
				shown(b, v.Field(i))
			}
		}
		if name == " " {
			name = ""
		}
		b.WriteString(name)
		b.WriteString("}")
	case reflect.Slice, reflect.Array:
		b.WriteString("[")
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(" ")
			}
			shown(b, v.Index(i))
		}
		b.WriteString("]")
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}

const (
	envelope  = `<Sync xmlns="AirSync"><Collections><Collection>`
	unwrapped = `</Collection></Collections></Sync>`
	mailOf1   = `<ServerId>1:1</ServerId><ApplicationData><Subject xmlns="Email">x</Subject></ApplicationData>`
)

// A responseCase is what servers respond to a command, and what is made of it stands in
// testdata.
type responseCase struct {
	name     string
	version  eas.Version // if "", 16.1
	response string
	call     func(ctx context.Context, c *eas.Client) (any, error)
}

func responseCases() []responseCase {
	var all []responseCase
	add := func(name string, call func(ctx context.Context, c *eas.Client) (any, error), responses ...string) {
		for _, r := range responses {
			all = append(all, responseCase{name: name, response: r, call: call})
		}
	}
	sync := func(ctx context.Context, c *eas.Client) (any, error) { return c.Sync(ctx, "1", "7", nil) }
	add("Sync", sync,
		envelope+`<CollectionId>1</CollectionId><Status>1</Status>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey><CollectionId>2</CollectionId>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey></Collection><Collection><SyncKey>9</SyncKey>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey><CollectionId>2</CollectionId></Collection><Collection><SyncKey>9</SyncKey><CollectionId>1</CollectionId><MoreAvailable/>`+unwrapped,
		envelope+`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`+unwrapped,
		envelope+`<CollectionId>1</CollectionId><Commands><Delete><ServerId>1:1</ServerId></Delete></Commands>`+unwrapped,
		envelope+`<CollectionId>1</CollectionId><Status>2</Status>`+unwrapped,
		envelope+`<CollectionId>1</CollectionId><Status>x</Status>`+unwrapped,
		`<Sync xmlns="AirSync"><Status>1</Status></Sync>`,
		`<Sync xmlns="AirSync"><Status>14</Status><Limit>59</Limit></Sync>`,
		`<Sync xmlns="AirSync"><Status>5</Status><Collections><Collection><SyncKey>8</SyncKey><CollectionId>1</CollectionId><Status>1</Status>`+unwrapped,
		`<Sync xmlns="AirSync"><Status>5</Status><Collections><Collection><CollectionId>1</CollectionId><Status>3</Status>`+unwrapped,
		`<Sync xmlns="AirSync"><Status>5</Status><Collections><Collection><SyncKey>8</SyncKey><CollectionId>1</CollectionId>`+unwrapped,
		`<Sync xmlns="AirSync"><Collections/></Sync>`,
		envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Commands><Add>`+mailOf1+`</Add><Add><ServerId>1:2</ServerId></Add><Add><ApplicationData/></Add><Change><ServerId>1:3</ServerId><ApplicationData><Read xmlns="Email">1</Read></ApplicationData></Change>`+
			`<Change><ServerId>1:4</ServerId><InstanceId xmlns="AirSyncBase">20260101T090000Z</InstanceId><ApplicationData><Subject xmlns="Calendar">y</Subject></ApplicationData></Change><Change><ServerId>1:5</ServerId><InstanceId xmlns="AirSyncBase">never</InstanceId></Change>`+
			`<Delete><ServerId>1:6</ServerId></Delete><Delete/><Delete><ServerId>1:7</ServerId><InstanceId xmlns="AirSyncBase">20260101T090000Z</InstanceId></Delete><Delete><ServerId>1:8</ServerId><InstanceId xmlns="AirSyncBase">never</InstanceId></Delete>`+
			`<SoftDelete><ServerId>1:9</ServerId></SoftDelete><SoftDelete/></Commands><Commands><Add><Class>SMS</Class>`+mailOf1+`</Add></Commands>`+unwrapped)
	unclassed := `<ServerId>1:1</ServerId><ApplicationData><Body xmlns="AirSyncBase"><Type>1</Type><Data>x</Data></Body></ApplicationData>`
	add("Sync of classes", sync, envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Commands><Add>`+unclassed+`</Add><Add><Class>Tasks</Class>`+unclassed+`</Add><Add><Class>email</Class>`+unclassed+`</Add><Add><Class>x</Class>`+unclassed+`</Add></Commands>`+unwrapped)
	add("Sync of contacts", func(ctx context.Context, c *eas.Client) (any, error) {
		return c.Sync(ctx, "1", "7", &eas.SyncOptions{Class: eas.ClassContacts})
	}, envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Commands><Add>`+unclassed+`</Add><Add><Class>CONTACTS</Class>`+unclassed+`</Add></Commands>`+unwrapped)
	add("Sync from the beginning", func(ctx context.Context, c *eas.Client) (any, error) { return c.Sync(ctx, "1", "0", nil) },
		"", envelope+`<CollectionId>1</CollectionId>`+unwrapped, envelope+`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`+unwrapped,
		`<Sync xmlns="AirSync"><Status>1</Status></Sync>`, envelope+`<SyncKey>1</SyncKey><CollectionId>1</CollectionId>`+unwrapped)
	apply := func(ctx context.Context, c *eas.Client) (any, error) {
		return c.Apply(ctx, "1", "7", eas.Delete("1:1"))
	}
	add("Apply", apply, "", envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId>`+unwrapped, envelope+`<CollectionId>1</CollectionId><Status>12</Status>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Commands><Delete><ServerId>1:2</ServerId></Delete></Commands>`+unwrapped,
		envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Responses><Add><ClientId>c</ClientId><ServerId>1:1</ServerId><Status>1</Status></Add><Change><ServerId>1:2</ServerId><Status>7</Status></Change>`+
			`<Change><ServerId>1:2</ServerId><InstanceId xmlns="AirSyncBase">20260101T090000Z</InstanceId><Status>6</Status></Change><Delete><ServerId>1:3</ServerId><Status>8</Status></Delete>`+
			`<Fetch>`+mailOf1+`</Fetch><Fetch><Status>6</Status>`+mailOf1+`</Fetch></Responses>`+unwrapped)
	two := []eas.SyncRequest{{Folder: "1", Key: "7"}, {Folder: "2"}}
	add("SyncMany", func(ctx context.Context, c *eas.Client) (any, error) { return c.SyncMany(ctx, nil, two...) },
		"", envelope+`<SyncKey>8</SyncKey>`+unwrapped, envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId></Collection><Collection><CollectionId>2</CollectionId><Status>12</Status>`+unwrapped,
		`<Sync xmlns="AirSync"><Status>4</Status></Sync>`, `<Sync xmlns="AirSync"><Status>4</Status><Collections/></Sync>`,
		`<Sync xmlns="AirSync"><Status>4</Status><Collections><Collection><SyncKey>8</SyncKey><CollectionId>1</CollectionId></Collection></Collections></Sync>`,
		`<Sync xmlns="AirSync"><Status>4</Status><Collections><Collection><CollectionId>1</CollectionId><Status>3</Status></Collection></Collections></Sync>`)
	add("SyncMany of one", func(ctx context.Context, c *eas.Client) (any, error) { return c.SyncMany(ctx, nil, two[0]) },
		envelope+`<SyncKey>8</SyncKey>`+unwrapped, envelope+`<SyncKey>8</SyncKey><CollectionId>1</CollectionId><Responses><Change><ServerId>1:1</ServerId><Status>8</Status></Change></Responses>`+unwrapped)
	add("FolderSync", func(ctx context.Context, c *eas.Client) (any, error) { return c.FolderSync(ctx, "7") },
		`<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>8</SyncKey></FolderSync>`, `<FolderSync xmlns="FolderHierarchy"><Status>1</Status></FolderSync>`,
		`<FolderSync xmlns="FolderHierarchy"><SyncKey>8</SyncKey></FolderSync>`, `<FolderSync xmlns="FolderHierarchy"><Status>9</Status></FolderSync>`,
		`<FolderSync xmlns="FolderHierarchy"><SyncKey>8</SyncKey><Changes><Add><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>a</DisplayName><Type>12</Type></Add><Add><DisplayName>b</DisplayName></Add>`+
			`<Update><ServerId>2</ServerId><ParentId>0</ParentId><DisplayName>c</DisplayName></Update><Update/><Delete><ServerId>3</ServerId></Delete><Delete/></Changes></FolderSync>`)
	add("FolderUpdate", func(ctx context.Context, c *eas.Client) (any, error) {
		return c.FolderUpdate(ctx, "7", eas.Folder{ID: "1", Name: "x"})
	},
		`<FolderUpdate xmlns="FolderHierarchy"><SyncKey>8</SyncKey></FolderUpdate>`, `<FolderUpdate xmlns="FolderHierarchy"><Status>1</Status></FolderUpdate>`, `<FolderUpdate xmlns="FolderHierarchy"><Status>2</Status><SyncKey>8</SyncKey></FolderUpdate>`)
	add("FolderDelete", func(ctx context.Context, c *eas.Client) (any, error) { return c.FolderDelete(ctx, "7", "1") },
		`<FolderDelete xmlns="FolderHierarchy"><SyncKey>8</SyncKey></FolderDelete>`, `<FolderDelete xmlns="FolderHierarchy"><Status>1</Status></FolderDelete>`)
	add("FolderCreate", func(ctx context.Context, c *eas.Client) (any, error) {
		f, key, err := c.FolderCreate(ctx, "7", "0", "x", eas.FolderUserMail)
		return []any{f, key}, err
	}, `<FolderCreate xmlns="FolderHierarchy"><SyncKey>8</SyncKey></FolderCreate>`, `<FolderCreate xmlns="FolderHierarchy"><ServerId>5</ServerId></FolderCreate>`,
		`<FolderCreate xmlns="FolderHierarchy"><SyncKey>8</SyncKey><ServerId>5</ServerId></FolderCreate>`)
	add("Ping", func(ctx context.Context, c *eas.Client) (any, error) { return c.Ping(ctx, inboxAndCalendar, nil) },
		`<Ping xmlns="Ping"/>`, `<Ping xmlns="Ping"><Status>1</Status></Ping>`, `<Ping xmlns="Ping"><Status>2</Status><Folders/></Ping>`, `<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>2</Folder></Folders></Ping>`,
		`<Ping xmlns="Ping"><Status>5</Status></Ping>`, `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>0</HeartbeatInterval></Ping>`, `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>1</HeartbeatInterval></Ping>`, `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>86401</HeartbeatInterval></Ping>`,
		`<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>86400</HeartbeatInterval></Ping>`, `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>480</HeartbeatInterval></Ping>`,
		`<Ping xmlns="Ping"><Status>6</Status></Ping>`, `<Ping xmlns="Ping"><Status>6</Status><MaxFolders>1</MaxFolders></Ping>`, `<Ping xmlns="Ping"><Status>3</Status></Ping>`)
	add("MoveItems", func(ctx context.Context, c *eas.Client) (any, error) {
		return c.MoveItems(ctx, eas.Move{Item: "1:1", From: "1", To: "2"}, eas.Move{Item: "1:2", From: "1", To: "2"})
	}, `<MoveItems xmlns="Move"/>`, `<MoveItems xmlns="Move"><Status>5</Status></MoveItems>`,
		`<MoveItems xmlns="Move"><Status>1</Status><Response><SrcMsgId>1:1</SrcMsgId><Status>3</Status><DstMsgId>2:1</DstMsgId></Response></MoveItems>`,
		`<MoveItems xmlns="Move"><Status>3</Status><Response><SrcMsgId>1:2</SrcMsgId><Status>1</Status></Response><Response><SrcMsgId>1:1</SrcMsgId></Response></MoveItems>`)
	add("GetItemEstimate", func(ctx context.Context, c *eas.Client) (any, error) { return c.GetItemEstimate(ctx, "1", "7", nil) },
		`<GetItemEstimate xmlns="GetItemEstimate"><Status>3</Status></GetItemEstimate>`, `<GetItemEstimate xmlns="GetItemEstimate"><Status>1</Status></GetItemEstimate>`,
		`<GetItemEstimate xmlns="GetItemEstimate"><Status>1</Status><Response><Status>1</Status><Collection><CollectionId>2</CollectionId><Estimate>4</Estimate></Collection></Response><Response><Collection><CollectionId>1</CollectionId><Estimate>0</Estimate></Collection></Response></GetItemEstimate>`,
		`<GetItemEstimate xmlns="GetItemEstimate"><Response><Status>4</Status><Collection><Estimate>4</Estimate></Collection></Response></GetItemEstimate>`,
		`<GetItemEstimate xmlns="GetItemEstimate"><Response><Status>2</Status></Response></GetItemEstimate>`, `<GetItemEstimate xmlns="GetItemEstimate"><Response><Collection><Estimate>-1</Estimate></Collection></Response></GetItemEstimate>`,
		`<GetItemEstimate xmlns="GetItemEstimate"><Response><Collection/></Response><Response/></GetItemEstimate>`)
	fetch := func(ctx context.Context, c *eas.Client) (any, error) { return c.FetchItem(ctx, "1", "1:1", nil) }
	operations := func(s string) string { return `<ItemOperations xmlns="ItemOperations">` + s + `</ItemOperations>` }
	properties := `<Properties><Subject xmlns="Email">x</Subject></Properties>`
	add("FetchItem", fetch, operations(""), operations(`<Status>1</Status>`), operations(`<Status>2</Status>`), operations(`<Response/>`), operations(`<Status>1</Status><Response/>`),
		operations(`<Response><Fetch>`+properties+`</Fetch></Response>`), operations(`<Response><Fetch><Status>1</Status></Fetch></Response>`), operations(`<Response><Fetch><Status>6</Status>`+properties+`</Fetch></Response>`),
		operations(`<Response><Fetch>`+properties+`</Fetch><Fetch>`+properties+`</Fetch></Response>`), operations(`<Status>1</Status><Response><Fetch><ServerId xmlns="AirSync">1:1</ServerId>`+properties+`</Fetch></Response>`),
		operations(`<Response><Fetch><ServerId xmlns="AirSync">1:2</ServerId>`+properties+`</Fetch></Response>`), operations(`<Response><Fetch><Properties/></Fetch></Response>`))
	add("EmptyFolder", func(ctx context.Context, c *eas.Client) (any, error) { return nil, c.EmptyFolder(ctx, "1", false) },
		operations(`<Status>2</Status>`), operations(`<Status>1</Status>`), operations(`<Status>1</Status><Response/>`), operations(`<Response><EmptyFolderContents/></Response>`),
		operations(`<Response><EmptyFolderContents><Status>1</Status></EmptyFolderContents></Response>`), operations(`<Response><EmptyFolderContents><Status>3</Status></EmptyFolderContents></Response>`),
		operations(`<Response><EmptyFolderContents><Status>1</Status></EmptyFolderContents><EmptyFolderContents><Status>1</Status></EmptyFolderContents></Response>`))
	add("MoveConversation", func(ctx context.Context, c *eas.Client) (any, error) {
		return nil, c.MoveConversation(ctx, []byte{1}, "1")
	},
		operations(`<Status>2</Status>`), operations(`<Status>1</Status>`), operations(`<Status>1</Status><Response/>`), operations(`<Response><Move/></Response>`),
		operations(`<Response><Move><Status>1</Status></Move></Response>`), operations(`<Response><Move><Status>6</Status></Move></Response>`),
		operations(`<Response><Move><Status>1</Status></Move><Move><Status>1</Status></Move></Response>`))
	answers := []eas.MeetingAnswer{{Folder: "1", Item: "1:1", Response: eas.ResponseAccepted}, {LongID: "l", Response: eas.ResponseDeclined}}
	meeting := func(s string) string { return `<MeetingResponse xmlns="MeetingResponse">` + s + `</MeetingResponse>` }
	add("MeetingResponse", func(ctx context.Context, c *eas.Client) (any, error) { return c.MeetingResponse(ctx, answers...) },
		meeting(``), meeting(`<Status>2</Status>`), meeting(`<Status>1</Status><Result><RequestId>1:1</RequestId><Status>1</Status><CalendarId>2:1</CalendarId></Result>`),
		meeting(`<Result><RequestId>1:1</RequestId></Result><Result><RequestId>l</RequestId><Status>2</Status></Result>`),
		meeting(`<Result><LongId xmlns="Search">l</LongId><Status>1</Status></Result><Result><Status>1</Status><CalendarId>2:2</CalendarId></Result>`),
		meeting(`<Result><RequestId>1:9</RequestId><Status>1</Status></Result><Result><RequestId>1:1</RequestId><Status>1</Status></Result>`),
		meeting(`<Result><RequestId>1:9</RequestId><Status>1</Status></Result><Result><LongId xmlns="Search">l</LongId><Status>1</Status></Result>`))
	alike := []eas.MeetingAnswer{{Folder: "1", Item: "1:1", Response: eas.ResponseAccepted}, {Folder: "2", Item: "1:1", Response: eas.ResponseAccepted}}
	add("MeetingResponse to items of one name", func(ctx context.Context, c *eas.Client) (any, error) { return c.MeetingResponse(ctx, alike...) },
		meeting(`<Result><RequestId>1:1</RequestId><Status>1</Status><CalendarId>2:1</CalendarId></Result><Result><RequestId>1:1</RequestId><Status>1</Status><CalendarId>2:2</CalendarId></Result>`))
	results := func(status, inner string) string {
		return `<Search xmlns="Search">` + status + `<Response><Store>` + inner + `</Store></Response></Search>`
	}
	search := func(ctx context.Context, c *eas.Client) (any, error) { return c.Search(ctx, eas.Query{Text: "x"}, nil) }
	add("Search", search, `<Search xmlns="Search"/>`, `<Search xmlns="Search"><Response/></Search>`, `<Search xmlns="Search"><Status>3</Status></Search>`, results("", ""), results("<Status>1</Status>", "<Status>8</Status>"),
		results("", "<Status>12</Status><Range>5-6</Range><Total>7</Total>"), results("", "<Range>-5-1</Range><Total>-1</Total><Result/>"),
		results("", `<Status>1</Status><Result/><Result><Class xmlns="AirSync">Email</Class><LongId>l</LongId><CollectionId xmlns="AirSync">1</CollectionId>`+properties+`</Result><Range>0-0</Range><Total>1</Total>`))
	add("SearchPeople", func(ctx context.Context, c *eas.Client) (any, error) { return c.SearchPeople(ctx, "x", nil) },
		results("", `<Result><Properties><DisplayName xmlns="GAL">Bob</DisplayName><EmailAddress xmlns="GAL">bob@contoso.com</EmailAddress><Picture xmlns="GAL"><Status>173</Status></Picture></Properties></Result><Result/>`+
			`<Result><Properties><Phone xmlns="GAL">1</Phone><Picture xmlns="GAL"><Status>1</Status><Data>AQI=</Data></Picture></Properties></Result>`))
	add("SearchLibrary", func(ctx context.Context, c *eas.Client) (any, error) { return c.SearchLibrary(ctx, `\\a\b`, nil) },
		results("", `<Result><Properties><LinkId xmlns="DocumentLibrary">\\a\b</LinkId><IsFolder xmlns="DocumentLibrary">1</IsFolder><CreationDate xmlns="DocumentLibrary">2026-01-01T09:00:00.000Z</CreationDate></Properties></Result>`+
			`<Result><Properties><DisplayName xmlns="DocumentLibrary">c</DisplayName><ContentLength xmlns="DocumentLibrary">5</ContentLength><LastModifiedDate xmlns="DocumentLibrary">never</LastModifiedDate></Properties></Result>`))
	finding := func(s string) string { return `<Find xmlns="Find">` + s + `</Find>` }
	find := func(ctx context.Context, c *eas.Client) (any, error) { return c.Find(ctx, eas.Query{Text: "x"}, nil) }
	add("Find", find, finding(``), finding(`<Status>3</Status>`), finding(`<Status>1</Status><Response><Status>4</Status></Response>`), finding(`<Response/>`),
		finding(`<Response><Status>1</Status><Result/><Result><Class xmlns="AirSync">Email</Class><ServerId xmlns="AirSync">1:1</ServerId><CollectionId xmlns="AirSync">1</CollectionId><Properties><Subject xmlns="Email">x</Subject><DateReceived xmlns="Email">never</DateReceived>`+
			`<Preview>p</Preview><HasAttachments>1</HasAttachments></Properties></Result><Result><ServerId xmlns="AirSync">1:2</ServerId><Properties/></Result><Range>0-1</Range><Total>2</Total></Response>`))
	add("FindPeople", func(ctx context.Context, c *eas.Client) (any, error) { return c.FindPeople(ctx, "x", nil) },
		finding(`<Response><Result><Properties><DisplayName xmlns="GAL">Bob</DisplayName></Properties></Result></Response>`))
	settings := func(s string) string { return `<Settings xmlns="Settings">` + s + `</Settings>` }
	add("OutOfOffice", func(ctx context.Context, c *eas.Client) (any, error) { return c.OutOfOffice(ctx, 0) },
		settings(``), settings(`<Status>2</Status>`), settings(`<Status>1</Status><Oof/>`), settings(`<Oof><Status>1</Status></Oof>`), settings(`<Oof><Status>3</Status></Oof>`), settings(`<Oof><Get/></Oof>`),
		settings(`<Oof><Status>1</Status><Get><OofState>2</OofState><StartTime>2026-01-01T09:00:00.000Z</StartTime><EndTime>never</EndTime><OofMessage><AppliesToInternal/><Enabled>1</Enabled><ReplyMessage>i</ReplyMessage><BodyType>Text</BodyType></OofMessage>`+
			`<OofMessage><AppliesToExternalKnown/><ReplyMessage>k</ReplyMessage><BodyType>html</BodyType></OofMessage><OofMessage><AppliesToExternalUnknown/><Enabled>0</Enabled></OofMessage></Get></Oof>`))
	add("SetOutOfOffice", func(ctx context.Context, c *eas.Client) (any, error) {
		return nil, c.SetOutOfOffice(ctx, &eas.OutOfOffice{})
	},
		settings(``), settings(`<Status>1</Status><Oof/>`), settings(`<Status>1</Status><Oof><Status>1</Status></Oof>`))
	add("SetDevicePassword", func(ctx context.Context, c *eas.Client) (any, error) { return nil, c.SetDevicePassword(ctx, "x") },
		settings(``), settings(`<Status>1</Status><DevicePassword/>`), settings(`<DevicePassword><Status>1</Status></DevicePassword>`))
	add("SetDeviceInformation", func(ctx context.Context, c *eas.Client) (any, error) { return nil, c.SetDeviceInformation(ctx, nil) },
		settings(``), settings(`<DeviceInformation/>`), settings(`<DeviceInformation><Status>2</Status></DeviceInformation>`))
	add("UserInformation", func(ctx context.Context, c *eas.Client) (any, error) { return c.UserInformation(ctx) },
		settings(``), settings(`<UserInformation/>`), settings(`<UserInformation><Status>2</Status></UserInformation>`), settings(`<UserInformation><Get><EmailAddresses><SMTPAddress>a@contoso.com</SMTPAddress></EmailAddresses></Get></UserInformation>`),
		settings(`<UserInformation><Get><EmailAddresses><PrimarySmtpAddress>a@contoso.com</PrimarySmtpAddress></EmailAddresses><Accounts><Account><EmailAddresses><SMTPAddress>b@contoso.com</SMTPAddress></EmailAddresses></Account></Accounts></Get></UserInformation>`))
	add("RightsTemplates", func(ctx context.Context, c *eas.Client) (any, error) { return c.RightsTemplates(ctx) },
		settings(``), settings(`<RightsManagementInformation><Status>1</Status></RightsManagementInformation>`), settings(`<RightsManagementInformation><Status>1</Status><Get/></RightsManagementInformation>`), settings(`<RightsManagementInformation><Status>2</Status></RightsManagementInformation>`))
	resolved := func(s string) string {
		return `<ResolveRecipients xmlns="ResolveRecipients"><Status>1</Status><Response><To>x</To>` + s + `</Response></ResolveRecipients>`
	}
	add("ResolveRecipients", func(ctx context.Context, c *eas.Client) (any, error) {
		return c.ResolveRecipients(ctx, []string{"x"}, nil)
	},
		resolved(``), resolved(`<Status>0</Status>`), resolved(`<Status>4</Status>`), resolved(`<Status>5</Status>`), resolved(`<Status>-1</Status>`),
		resolved(`<Status>2</Status><RecipientCount>3</RecipientCount><Recipient><Type>2</Type><DisplayName>a</DisplayName><Availability><Status>161</Status></Availability><Certificates><Status>7</Status></Certificates><Picture><Status>173</Status></Picture></Recipient>`+
			`<Recipient><Type>1</Type><EmailAddress>b@contoso.com</EmailAddress><Availability><MergedFreeBusy>01234</MergedFreeBusy></Availability><Certificates><Status>1</Status><Certificate>AQ==</Certificate><Certificate>?</Certificate><Certificate>Ag==</Certificate>`+
			`<MiniCertificate>Aw==</MiniCertificate></Certificates><Picture><Status>1</Status><Data><?opaque base64?>AQI=</Data></Picture></Recipient><Recipient><Availability><Status>1</Status><MergedFreeBusy>5</MergedFreeBusy></Availability></Recipient>`),
		`<ResolveRecipients xmlns="ResolveRecipients"/>`)
	add("ValidateCert", func(ctx context.Context, c *eas.Client) (any, error) {
		return c.ValidateCert(ctx, [][]byte{{1}, {2}}, nil, false)
	},
		`<ValidateCert xmlns="ValidateCert"><Certificate/><Certificate><Status>1</Status></Certificate><Certificate><Status>3</Status></Certificate></ValidateCert>`,
		`<ValidateCert xmlns="ValidateCert"><Status>1</Status><Certificate><Status>3</Status></Certificate></ValidateCert>`, `<ValidateCert xmlns="ValidateCert"><Status>17</Status></ValidateCert>`)
	for _, x := range []struct {
		name, root string
		call       func(ctx context.Context, c *eas.Client) (any, error)
	}{
		{"SendMail", "SendMail", func(ctx context.Context, c *eas.Client) (any, error) { return nil, versioned["SendMail"](ctx, c) }},
		{"SmartReply", "SmartReply", func(ctx context.Context, c *eas.Client) (any, error) { return nil, versioned["SmartReply"](ctx, c) }},
		{"SmartForward", "SmartForward", func(ctx context.Context, c *eas.Client) (any, error) {
			return nil, c.SmartForward(ctx, eas.MailSource{LongID: "l"}, strings.NewReader("x: y\r\n\r\nx"), nil)
		}},
	} {
		for _, s := range []string{"", "<Status>1</Status>", "<Status>118</Status>", "<Status>117</Status>", "<Status>119</Status>", "<Status>2</Status>"} {
			add(x.name, x.call, `<`+x.root+` xmlns="ComposeMail">`+s+`</`+x.root+`>`)
		}
	}
	wiped := func(ctx context.Context, c *eas.Client) (any, error) {
		return nil, c.AcknowledgeWipe(ctx, &eas.RemoteWipeError{}, true)
	}
	add("AcknowledgeWipe", wiped, "", `<Provision xmlns="Provision"><Status>1</Status></Provision>`, `<Provision xmlns="Provision"><Status>2</Status></Provision>`, `<Provision xmlns="Provision"><Status>1</Status><RemoteWipe/></Provision>`)
	var content bytes.Buffer
	written := func(o *eas.FetchOptions) func(ctx context.Context, c *eas.Client) (any, error) {
		return func(ctx context.Context, c *eas.Client) (any, error) {
			content.Reset()
			got, err := c.FetchMessage(ctx, "1", "1:1", &content, o)
			return []any{content.String(), got}, err
		}
	}
	message := func(s string) string {
		return operations(`<Status>1</Status><Response><Fetch><Status>1</Status>` + s + `</Fetch></Response>`)
	}
	base := func(s string) string { return `<Body xmlns="AirSyncBase">` + s + `</Body>` }
	add("FetchMessage", written(nil), operations(`<Status>2</Status>`), operations(`<Response><Fetch><Status>6</Status></Fetch></Response>`), operations(`<Response><Fetch><Status>x</Status></Fetch></Response>`), operations(`<Response><Fetch><Status/></Fetch></Response>`),
		message(``), message(`<Properties>`+base(`<Type>4</Type><EstimatedDataSize>9</EstimatedDataSize><Data>To: you</Data>`)+`</Properties>`), message(`<Properties>`+base(`<Type>4</Type><Truncated>1</Truncated><Data>To: you</Data>`)+`</Properties>`),
		message(`<Properties>`+base(`<Type>4</Type><Truncated>0</Truncated><Data>To: you</Data>`)+`</Properties>`), message(`<Properties>`+base(`<Type>4</Type><Truncated>TRUE</Truncated><Data>To: you</Data>`)+`</Properties>`),
		message(`<Properties>`+base(`<Type>2</Type><Data>To: you</Data>`)+`</Properties>`), message(`<Properties>`+base(`<Data>To: you</Data><Type>2</Type>`)+`</Properties>`), message(`<Properties>`+base(`<Data>To: you</Data>`)+`</Properties>`),
		message(`<Properties>`+base(`<Type>4</Type><Data/>`)+`</Properties>`), message(`<ServerId xmlns="AirSync">1:2</ServerId><Properties>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`),
		message(`<ServerId xmlns="AirSync">1:1</ServerId><Properties><Range>0-6</Range><Total>7</Total>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`), message(`<Properties><Range>0-6</Range><Total>8</Total>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`),
		message(`<Properties><Range>1-7</Range>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`), message(`<Properties><Range>x</Range>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`), message(`<Properties><Range/>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`),
		message(`<Properties>`+base(`<Type>4</Type><Data>To: you</Data>`)+`<Range>0-6</Range></Properties>`), message(`<Properties>`+base(`<Type>4</Type><Data>To: you</Data>`)+`<Range>1-6</Range></Properties>`),
		message(`<Properties><Attachments xmlns="AirSyncBase"><Attachment><EstimatedDataSize>9</EstimatedDataSize></Attachment></Attachments><BodyPart xmlns="AirSyncBase"><Type>2</Type><Data>part</Data></BodyPart>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`),
		operations(`<Response><Fetch><Properties>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties></Fetch><Fetch/></Response>`))
	add("FetchMessage from byte 3 to 5", written(&eas.FetchOptions{First: 3, Last: 5}), message(`<Properties><Range>3-5</Range><Total>7</Total>`+base(`<Type>4</Type><Data> yo</Data>`)+`</Properties>`),
		message(`<Properties>`+base(`<Type>4</Type><Data>To: you</Data>`)+`</Properties>`), message(`<Properties><Range>2-6</Range><Total>7</Total>`+base(`<Type>4</Type><Data>: you</Data>`)+`</Properties>`),
		message(`<Properties><Range>4-6</Range>`+base(`<Type>4</Type><Data>you</Data>`)+`</Properties>`), message(`<Properties><Range>3-4</Range><Total>7</Total>`+base(`<Type>4</Type><Data> y</Data>`)+`</Properties>`),
		message(`<Properties><Range>3-4</Range><Total>5</Total>`+base(`<Type>4</Type><Data> y</Data>`)+`</Properties>`))
	add("FetchAttachment", func(ctx context.Context, c *eas.Client) (any, error) {
		content.Reset()
		got, err := c.FetchAttachment(ctx, "ref", &content, nil)
		return []any{content.String(), got}, err
	}, message(`<Properties><ContentType xmlns="AirSyncBase">text/plain</ContentType></Properties>`), message(`<Properties><Total>5</Total><ContentType xmlns="AirSyncBase">text/plain</ContentType></Properties>`),
		message(`<Properties><Total>3</Total><Data>AQID</Data></Properties>`), message(`<Properties><Total>4</Total><Data>AQID</Data></Properties>`), message(`<Properties><Data>AQI=</Data></Properties>`), message(`<Properties><Data>AQ=I</Data></Properties>`),
		message(`<Properties><Data>AQID AQI=</Data></Properties>`), message(`<Properties><Data>AQI=AQID</Data></Properties>`), message(`<Properties><Data>AQI</Data></Properties>`), message(`<Properties><Part>1</Part></Properties>`), message(`<Properties><Total>x</Total><Data>AQID</Data></Properties>`))
	old := func(command string, call func(ctx context.Context, c *eas.Client) (any, error), responses ...string) {
		for _, r := range responses {
			all = append(all, responseCase{command, eas.Version121, r, call})
		}
	}
	old("GetHierarchy", func(ctx context.Context, c *eas.Client) (any, error) { return c.GetHierarchy(ctx) },
		`<Folders xmlns="FolderHierarchy"/>`, `<Folders xmlns="FolderHierarchy"><Folder><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>x</DisplayName><Type>2</Type></Folder></Folders>`)
	old("Sync", sync, envelope+`<Class>Email</Class><SyncKey>8</SyncKey><CollectionId>1</CollectionId><Status>1</Status>`+unwrapped)
	return all
}

// TestResponses holds what is made of responses to what stands in testdata, where it has been
// compared with the specification.
func TestResponses(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	last := ""
	for _, tt := range responseCases() {
		version := tt.version
		if version == "" {
			version = eas.Version161
		}
		b := &backend{t: t, respond: func(*http.Request, string, int) *http.Response {
			if tt.response == "" {
				return reply1(200, nil)
			}
			return reply1(200, fromXML(t, tt.response))
		}}
		c := b.client()
		c.Versions = []eas.Version{version}
		c.Restore(eas.State{Version: version, Provisioned: true})
		got, err := tt.call(t.Context(), c)
		if name := fmt.Sprintf("%s, %s", tt.name, version); name != last {
			out.WriteString(name + "\n")
			last = name
		}
		s := show(got)
		if err != nil {
			s = show(err)
			if list, ok := got.([]any); ok && list[0] != "" && list[0] != (eas.Folder{}) {
				s = fmt.Sprintf("%q, then %s", list[0], s)
			}
		}
		fmt.Fprintf(&out, "  %s\n    %s", flat(tt.response), s)
		if len(b.calls) != 1 {
			fmt.Fprintf(&out, " after %d requests", len(b.calls))
		}
		out.WriteString("\n")
	}
	golden.Check(t, "testdata/responses.txt", out.String(), *update)
}
