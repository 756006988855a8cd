package eas_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// TestOddStatus has the status of one part be no number: it costs that part alone, and is
// never taken for success.
func TestOddStatus(t *testing.T) {
	c, _ := speaking(t, eas.Version161, "Sync", `<Sync xmlns="AirSync"><Collections>
<Collection><SyncKey>2</SyncKey><CollectionId>a</CollectionId><Status>fine</Status><Commands><Add><ServerId>a:1</ServerId><ApplicationData><Subject xmlns="Email">s</Subject></ApplicationData></Add></Commands></Collection>
<Collection><SyncKey>2</SyncKey><CollectionId>b</CollectionId><Status/><Responses><Change><ServerId>b:1</ServerId><Status><Class/></Status></Change><Change><ServerId>b:2</ServerId><Status/></Change></Responses></Collection></Collections></Sync>`)
	many, err := c.SyncMany(t.Context(), nil, eas.SyncRequest{Folder: "a", Key: "1"}, eas.SyncRequest{Folder: "b", Key: "1", Edits: []eas.Edit{eas.MarkRead("b:1", true)}})
	if err != nil {
		t.Fatal(err)
	}
	if many[0].Page != nil || !errors.Is(many[0].Err, eas.ErrUnexpectedContent) {
		t.Errorf("the folder with the odd status: %+v", many[0])
	}
	if many[1].Err != nil || many[1].Page.Key != "2" {
		t.Errorf("the other folder: %+v", many[1])
	}
	if r := many[1].Results; len(r) != 2 || !errors.Is(r[0].Err, eas.ErrUnexpectedContent) || r[1].Err != nil {
		t.Errorf("results %+v", r)
	}

	c, _ = speaking(t, eas.Version161, "MoveItems", `<MoveItems xmlns="Move"><Response><SrcMsgId>1</SrcMsgId><Status>3</Status><DstMsgId>9</DstMsgId></Response>
<Response><SrcMsgId>2</SrcMsgId><Status>moved</Status><DstMsgId>8</DstMsgId></Response></MoveItems>`)
	moves, err := c.MoveItems(t.Context(), eas.Move{Item: "1", From: "a", To: "b"}, eas.Move{Item: "2", From: "a", To: "b"})
	if err != nil || moves[0].ID != "9" || moves[0].Err != nil || !errors.Is(moves[1].Err, eas.ErrUnexpectedContent) {
		t.Errorf("moves %+v, %v", moves, err)
	}

	c, _ = speaking(t, eas.Version161, "Ping", `<Ping xmlns="Ping"><Status>fine</Status></Ping>`)
	if p, err := c.Ping(t.Context(), []eas.Folder{{ID: "a"}}, nil); !errors.Is(err, eas.ErrUnexpectedContent) {
		t.Errorf("Ping: %+v, %v", p, err)
	}
}

// TestResolveOne has the server fail to look one name up, and send odd values about another.
func TestResolveOne(t *testing.T) {
	c, _ := speaking(t, eas.Version141, "ResolveRecipients", `<ResolveRecipients xmlns="ResolveRecipients"><Status>1</Status>
<Response><To>a</To><Status>1</Status><RecipientCount>one</RecipientCount><Recipient><Type>x</Type><DisplayName>A</DisplayName><EmailAddress>a@contoso.com</EmailAddress>
<Certificates><Status>none</Status></Certificates><Picture><Status>none</Status></Picture></Recipient></Response>
<Response><To>b</To><Status>6</Status></Response><Response><To>c</To><Status>4</Status></Response><Response><To>d</To><Status>?</Status></Response></ResolveRecipients>`)
	got, err := c.ResolveRecipients(t.Context(), []string{"a", "b", "c", "d"}, nil)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	if a := got[0]; a.Err != nil || a.Status != eas.Resolved || a.Count != 0 || len(a.Recipients) != 1 || a.Recipients[0].Email != "a@contoso.com" ||
		a.Recipients[0].CertificatesErr == nil || a.Recipients[0].PictureStatus != 0 {
		t.Errorf("a: %+v", a)
	}
	var e *eas.Error
	if !errors.As(got[1].Err, &e) || e.Status != 6 {
		t.Errorf("b: %v", got[1].Err)
	}
	if got[2].Err != nil || got[2].Status != eas.NotResolved {
		t.Errorf("c: %+v", got[2])
	}
	if !errors.Is(got[3].Err, eas.ErrUnexpectedContent) || got[3].Status != 0 {
		t.Errorf("d: %+v", got[3])
	}
}

// TestPageShapes has a server send what no specification shows around items that are good.
func TestPageShapes(t *testing.T) {
	add := func(id string) string {
		return `<Add><ServerId>` + id + `</ServerId><ApplicationData><Subject xmlns="Email">s</Subject></ApplicationData></Add>`
	}
	folder := func(id, key, inner string) string {
		return `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>` + key + `</SyncKey><CollectionId>` + id + `</CollectionId><Status>1</Status>` + inner + `</Collection></Collections></Sync>`
	}
	for _, tt := range []struct {
		name, xml string
		want      string // the page, or what is in the error
		err       bool
	}{
		{"two lists", folder("in", "2", "<Commands>"+add("1")+"</Commands><Commands>"+add("2")+"<Delete><ServerId>3</ServerId></Delete></Commands>"), "2 +1 +2 -3", false},
		{"deletions of nothing", folder("in", "2", "<Commands><Delete/><SoftDelete/><Delete><ServerId/></Delete>"+add("1")+"</Commands>"), "2 +1", false},
		{"an item without a name", folder("in", "2", "<Commands>"+add("")+add("1")+"</Commands>"), "2 +! +1", false},
		{"an occurrence without a date", folder("in", "2", `<Commands><Delete><ServerId>5</ServerId><InstanceId xmlns="AirSyncBase">soon</InstanceId></Delete>`+add("1")+"</Commands>"), "2 +1 ~5!", false},
		{"the initial key", folder("in", "0", "<Commands>"+add("1")+"</Commands>"), "without a sync key", true},
		{"another folder", folder("out", "2", "<Commands>"+add("1")+"</Commands>"), "about another folder", true},
		{"no folder", `<Sync xmlns="AirSync"><Status>1</Status><Collections/></Sync>`, "1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := speaking(t, eas.Version161, "Sync", tt.xml)
			p, err := c.Sync(t.Context(), "in", "1", nil)
			if tt.err {
				if !errors.Is(err, eas.ErrUnexpectedContent) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%+v, %v", p, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := string(p.Key)
			for _, list := range []struct {
				sign string
				of   []eas.Entry
			}{{" +", p.Added}, {" ~", p.Changed}} {
				for _, e := range list.of {
					got += list.sign + string(e.ID)
					if e.Err != nil {
						got += "!"
					}
				}
			}
			for _, id := range append(p.Deleted, p.SoftDeleted...) {
				got += " -" + string(id)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestFolderShapes has odd folders among good ones.
func TestFolderShapes(t *testing.T) {
	c, _ := speaking(t, eas.Version161, "FolderSync", `<FolderSync xmlns="FolderHierarchy"><Status/><SyncKey>1</SyncKey><Changes><Count>many</Count>
<Add><ServerId>5</ServerId><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>2</Type></Add><Add/>
<Add><ServerId>6</ServerId><ParentId>0</ParentId><DisplayName>Odd</DisplayName><Type>new</Type></Add><Update/><Delete/></Changes></FolderSync>`)
	got, err := c.FolderSync(t.Context(), eas.InitialSyncKey)
	if err != nil {
		t.Fatal(err)
	}
	want := &eas.Folders{Key: "1", Added: []eas.Folder{{ID: "5", Parent: "0", Name: "Inbox", Type: eas.FolderInbox}, {ID: "6", Parent: "0", Name: "Odd", Type: eas.FolderUnknown}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMovesOfOneName moves items that have the same name in two folders.
func TestMovesOfOneName(t *testing.T) {
	c, _ := speaking(t, eas.Version141, "MoveItems", `<MoveItems xmlns="Move"><Response><SrcMsgId>1</SrcMsgId><Status>3</Status><DstMsgId>7</DstMsgId></Response>
<Response><SrcMsgId>1</SrcMsgId><Status>1</Status></Response></MoveItems>`)
	got, err := c.MoveItems(t.Context(), eas.Move{Item: "1", From: "a", To: "c"}, eas.Move{Item: "1", From: "b", To: "c"}, eas.Move{Item: "1", From: "d", To: "c"})
	if err != nil || got[0].ID != "7" || got[0].Err != nil || got[1].ID != "" || got[1].Err == nil || !errors.Is(got[2].Err, eas.ErrUnexpectedContent) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCounts has servers count what is not there, and for another folder.
func TestCounts(t *testing.T) {
	reply := func(folder, n string) string {
		return `<Response><Status/><Collection><CollectionId>` + folder + `</CollectionId><Estimate>` + n + `</Estimate></Collection></Response>`
	}
	for body, want := range map[string]int{
		reply("a", "5"): 5, reply("", "5"): 5, reply("b", "7") + reply("a", "5"): 5,
		reply("b", "7"): -1, reply("a", "-5"): -1, reply("a", "many"): -1,
	} {
		c, _ := speaking(t, eas.Version161, "GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate">`+body+`</GetItemEstimate>`)
		n, err := c.GetItemEstimate(t.Context(), "a", "1", nil)
		if want < 0 && !errors.Is(err, eas.ErrUnexpectedContent) || want >= 0 && (err != nil || n != want) {
			t.Errorf("%s: %d, %v, want %d", body, n, err, want)
		}
	}
	c, _ := speaking(t, eas.Version161, "Find", `<Find xmlns="Find"><Status>1</Status><Response><Status>1</Status><Range>-3</Range><Total>-5</Total></Response></Find>`)
	if r, err := c.Find(t.Context(), eas.Query{Text: "good"}, nil); err != nil || r.Total != 0 || r.Offset != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestSettingsWithoutStatus has a server leave out the statuses of what it sends. It must not
// leave out that of what it was to set.
func TestSettingsWithoutStatus(t *testing.T) {
	c, _ := speaking(t, eas.Version161, "Settings",
		`<Settings xmlns="Settings"><Status/><Oof><Status/><Get><OofState>1</OofState></Get></Oof></Settings>`,
		`<Settings xmlns="Settings"><Status/><Oof><Status/></Oof></Settings>`, `<Settings xmlns="Settings"/>`)
	if o, err := c.OutOfOffice(t.Context(), eas.BodyPlain); err != nil || o.State != eas.OutOfOfficeOn {
		t.Errorf("%+v, %v", o, err)
	}
	for range 2 {
		if err := c.SetOutOfOffice(t.Context(), &eas.OutOfOffice{}); !errors.Is(err, eas.ErrUnexpectedContent) {
			t.Errorf("SetOutOfOffice: %v", err)
		}
	}
}

// TestPolicyWords has a policy say yes and no in words.
func TestPolicyWords(t *testing.T) {
	c, _ := speaking(t, eas.Version141, "Provision", `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>5</PolicyKey>
<Data><EASProvisionDoc><AllowWiFi>True</AllowWiFi><AllowCamera>FALSE</AllowCamera><AllowIrDA>perhaps</AllowIrDA></EASProvisionDoc></Data></Policy></Policies></Provision>`)
	p, err := c.Provision(t.Context())
	if err != nil || p.WiFi == nil || !*p.WiFi || p.Camera == nil || *p.Camera || p.IrDA != nil || !cmp.Equal(p.Unknown, []string{"Provision:AllowIrDA"}) {
		t.Errorf("%+v, %v", p, err)
	}
}
