package tenant

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// A stranger is a client made of net/http and libwbxml: nothing of this project reads or writes its documents.
type stranger struct {
	t         *testing.T
	tn        *tenant
	c         *http.Client
	j         *judge
	xml2wbxml string
	token     string
	version   string
	policy    string
}

// send sends a document, of which the namespaces are those of the schemas, and returns the response,
// judged. An empty response is "".
func (s *stranger) send(command, doc string) string {
	s.t.Helper()
	in, out := filepath.Join(s.j.dir, "request.xml"), filepath.Join(s.j.dir, "request")
	// libwbxml names code pages with a colon behind.
	doc = `<?xml version="1.0"?><!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" "http://www.microsoft.com/">` +
		regexp.MustCompile(`xmlns(:\w+)?="(\w+)"`).ReplaceAllString(doc, `xmlns$1="$2:"`)
	if err := os.WriteFile(in, []byte(doc), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if msg, err := exec.CommandContext(s.t.Context(), s.xml2wbxml, "-v", "1.3", "-a", "-n", "-o", out, in).CombinedOutput(); err != nil {
		s.t.Fatalf("xml2wbxml: %v\n%s\n%s", err, msg, doc)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		s.t.Fatal(err)
	}
	q := url.Values{"Cmd": {command}, "User": {ada}, "DeviceId": {"stranger1"}, "DeviceType": {"stranger"}}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.tn.ActiveSync+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("MS-ASProtocolVersion", s.version)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	if s.policy != "" {
		req.Header.Set("X-MS-PolicyKey", s.policy)
	}
	resp, err := s.c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: status %d: %q\n%s", command, resp.StatusCode, b, doc)
	}
	if len(b) == 0 {
		return ""
	}
	return s.j.judge(s.t, b)
}

// value is the text of the first element of a name.
func value(xml, name string) string {
	_, after, _ := strings.Cut(xml, "<"+name+">")
	v, _, _ := strings.Cut(after, "</"+name+">")
	return v
}

// ok fails the test if the first status in a response is not the wanted one.
func (s *stranger) ok(step, xml, status string) {
	s.t.Helper()
	m := regexp.MustCompile(`<(?:\w+:)?Status>(\d+)</`).FindStringSubmatch(xml)
	if m == nil || m[1] != status {
		s.t.Errorf("%s: want status %s in\n%s", step, status, xml)
	}
}

// TestCommands sends commands, encoded by libwbxml, in every version that the server offers from
// 14.1 on, and has libwbxml and xmllint judge every response.
func TestCommands(t *testing.T) {
	for _, version := range []string{"14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) {
			tn := start(t)
			s := &stranger{t: t, tn: tn, c: tn.client(t), j: newJudge(t), xml2wbxml: servers.Need(t, "xml2wbxml"), token: tn.token(t, ada), version: version}

			x := s.send("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
			s.ok("without a policy", x, "141")
			x = s.send("Provision", `<Provision xmlns="Provision" xmlns:settings="Settings"><settings:DeviceInformation><settings:Set><settings:Model>stranger</settings:Model></settings:Set></settings:DeviceInformation>`+
				`<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>`)
			s.ok("Provision", x, "1")
			s.policy = value(x, "PolicyKey")
			x = s.send("Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>`+s.policy+`</PolicyKey><Status>1</Status></Policy></Policies></Provision>`)
			s.ok("Provision, acknowledged", x, "1")
			s.policy = value(x, "PolicyKey")

			x = s.send("FolderSync", `<FolderSync xmlns="FolderHierarchy"><SyncKey>0</SyncKey></FolderSync>`)
			s.ok("FolderSync", x, "1")
			folders := value(x, "SyncKey")
			id := map[string]string{}
			for _, m := range regexp.MustCompile(`(?s)<ServerId>([^<]*)</ServerId>\s*<ParentId>[^<]*</ParentId>\s*<DisplayName>([^<]*)<`).FindAllStringSubmatch(x, -1) {
				id[m[2]] = m[1]
			}
			x = s.send("FolderCreate", `<FolderCreate xmlns="FolderHierarchy"><SyncKey>`+folders+`</SyncKey><ParentId>0</ParentId><DisplayName>Bills</DisplayName><Type>12</Type></FolderCreate>`)
			s.ok("FolderCreate", x, "1")
			bills := value(x, "ServerId")
			x = s.send("FolderUpdate", `<FolderUpdate xmlns="FolderHierarchy"><SyncKey>`+value(x, "SyncKey")+`</SyncKey><ServerId>`+bills+`</ServerId><ParentId>0</ParentId><DisplayName>Old bills</DisplayName></FolderUpdate>`)
			s.ok("FolderUpdate", x, "1")
			folders = value(x, "SyncKey")

			collection := func(folder, key, more string) string {
				return `<Sync xmlns="AirSync" xmlns:airsyncbase="AirSyncBase" xmlns:email="Email" xmlns:calendar="Calendar"><Collections><Collection><SyncKey>` + key + `</SyncKey><CollectionId>` + folder +
					`</CollectionId>` + more + `</Collection></Collections></Sync>`
			}
			inbox := id["Inbox"]
			x = s.send("Sync", collection(inbox, "0", ""))
			s.ok("Sync, key", x, "1")
			key := value(x, "SyncKey")
			x = s.send("GetItemEstimate", `<GetItemEstimate xmlns="GetItemEstimate" xmlns:airsync="AirSync"><Collections><Collection><airsync:SyncKey>`+key+`</airsync:SyncKey><CollectionId>`+inbox+`</CollectionId></Collection></Collections></GetItemEstimate>`)
			s.ok("GetItemEstimate", x, "1")
			x = s.send("Sync", collection(inbox, key, `<GetChanges>1</GetChanges><WindowSize>10</WindowSize><Options><FilterType>0</FilterType><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>20</airsyncbase:TruncationSize><airsyncbase:Preview>10</airsyncbase:Preview></airsyncbase:BodyPreference></Options>`))
			s.ok("Sync, mail", x, "1")
			mail := value(x, "ServerId")
			key = value(x, "SyncKey")
			x = s.send("Sync", collection(inbox, key, `<GetChanges>0</GetChanges><Commands><Change><ServerId>`+mail+`</ServerId><ApplicationData><email:Read>1</email:Read></ApplicationData></Change><Delete><ServerId>none</ServerId></Delete></Commands>`))
			s.ok("Sync, commands", x, "1")
			x = s.send("Sync", collection(inbox, "{0}7", ""))
			s.ok("Sync, a wrong key", x, "3")
			x = s.send("Sync", collection("none", "0", ""))
			s.ok("Sync, no such folder", x, "8")

			for _, body := range []string{"1", "2", "4"} {
				x = s.send("ItemOperations", `<ItemOperations xmlns="ItemOperations" xmlns:airsync="AirSync" xmlns:airsyncbase="AirSyncBase"><Fetch><Store>Mailbox</Store><airsync:CollectionId>`+inbox+`</airsync:CollectionId><airsync:ServerId>`+mail+
					`</airsync:ServerId><Options><airsync:MIMESupport>2</airsync:MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>`+body+`</airsyncbase:Type></airsyncbase:BodyPreference></Options></Fetch></ItemOperations>`)
				s.ok("ItemOperations", x, "1")
				if !strings.Contains(x, "Data>") {
					t.Errorf("no body of type %s in\n%s", body, x)
				}
			}
			x = s.send("Search", `<Search xmlns="Search" xmlns:airsync="AirSync"><Store><Name>Mailbox</Name><Query><And><airsync:Class>Email</airsync:Class><FreeText>Welcome</FreeText></And></Query><Options><RebuildResults/><Range>0-9</Range></Options></Store></Search>`)
			s.ok("Search", x, "1")
			x = s.send("Search", `<Search xmlns="Search"><Store><Name>GAL</Name><Query>bob</Query><Options><Range>0-9</Range></Options></Store></Search>`)
			s.ok("Search, GAL", x, "1")
			x = s.send("Settings", `<Settings xmlns="Settings"><UserInformation><Get/></UserInformation></Settings>`)
			s.ok("Settings, user", x, "1")
			x = s.send("Settings", `<Settings xmlns="Settings"><Oof><Get><BodyType>Text</BodyType></Get></Oof></Settings>`)
			s.ok("Settings, out of office", x, "1")
			x = s.send("ResolveRecipients", `<ResolveRecipients xmlns="ResolveRecipients"><To>bob</To><Options><MaxAmbiguousRecipients>5</MaxAmbiguousRecipients></Options></ResolveRecipients>`)
			s.ok("ResolveRecipients", x, "1")
			x = s.send("MeetingResponse", `<MeetingResponse xmlns="MeetingResponse"><Request><UserResponse>1</UserResponse><CollectionId>`+inbox+`</CollectionId><RequestId>`+mail+`</RequestId></Request></MeetingResponse>`)
			s.ok("MeetingResponse to a mail", x, "2")
			x = s.send("Ping", `<Ping xmlns="Ping"><HeartbeatInterval>1</HeartbeatInterval><Folders><Folder><Id>`+inbox+`</Id><Class>Email</Class></Folder></Folders></Ping>`)
			s.ok("Ping, too short", x, "5")
			x = s.send("MoveItems", `<MoveItems xmlns="Move"><Move><SrcMsgId>`+mail+`</SrcMsgId><SrcFldId>`+inbox+`</SrcFldId><DstFldId>`+bills+`</DstFldId></Move></MoveItems>`)
			s.ok("MoveItems", x, "3")
			x = s.send("SendMail", `<SendMail xmlns="ComposeMail"><ClientId>`+fmt.Sprint("c", version)+`</ClientId><SaveInSentItems/><MIME>no message</MIME></SendMail>`)
			if x != "" {
				s.ok("SendMail, no message", x, "107")
			}
			x = s.send("FolderDelete", `<FolderDelete xmlns="FolderHierarchy"><SyncKey>`+folders+`</SyncKey><ServerId>`+bills+`</ServerId></FolderDelete>`)
			s.ok("FolderDelete", x, "1")

			t.Log(s.j)
			if len(s.j.judged) < 14 {
				t.Errorf("%d commands are judged, want 14", len(s.j.judged))
			}
		})
	}
}
