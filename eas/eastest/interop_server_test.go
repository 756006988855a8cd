package eastest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
)

// An interopCase is what a case of Microsoft's interop suites sends to a server, as documents,
// and what the response holds. #key is the folder key, #inbox the key of the inbox.
type interopCase struct {
	name, command, doc, want string
}

func hierarchyDoc(command, children string) string {
	return "<" + command + ` xmlns="FolderHierarchy">` + children + "</" + command + ">"
}

func moveDoc(item, from, to string) string {
	return `<MoveItems xmlns="Move"><Move><SrcMsgId>` + item + `</SrcMsgId><SrcFldId>` + from + `</SrcFldId><DstFldId>` + to + `</DstFldId></Move></MoveItems>`
}

func estimateDoc(key, collection string) string {
	return `<GetItemEstimate xmlns="GetItemEstimate"><Collections><Collection><SyncKey xmlns="AirSync">` + key +
		`</SyncKey><CollectionId>` + collection + `</CollectionId></Collection></Collections></GetItemEstimate>`
}

const inboxDoc = `<SyncKey>#inbox</SyncKey><CollectionId>1</CollectionId>`

var interopCases = []interopCase{
	{"MSASCMD_S02_TC01_FolderCreate_Success", "FolderCreate", hierarchyDoc("FolderCreate", `<SyncKey>#key</SyncKey><ParentId>0</ParentId><DisplayName>new</DisplayName><Type>12</Type>`), "<Status>1</Status>"},
	{"MSASCMD_S02_TC03_FolderCreate_Status2", "FolderCreate", hierarchyDoc("FolderCreate", `<SyncKey>#key</SyncKey><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>12</Type>`), "<Status>2</Status>"},
	{"MSASCMD_S02_TC04_FolderCreate_Status5", "FolderCreate", hierarchyDoc("FolderCreate", `<SyncKey>#key</SyncKey><ParentId>99</ParentId><DisplayName>new</DisplayName><Type>12</Type>`), "<Status>5</Status>"},
	{"MSASCMD_S02_TC05_FolderCreate_Status9", "FolderCreate", hierarchyDoc("FolderCreate", `<SyncKey>77</SyncKey><ParentId>0</ParentId><DisplayName>new</DisplayName><Type>12</Type>`), "<Status>9</Status>"},
	{"MSASCMD_S02_TC06_FolderCreate_Status10", "FolderCreate", hierarchyDoc("FolderCreate", `<ParentId>0</ParentId><DisplayName>new</DisplayName><Type>12</Type>`), "<Status>10</Status>"},
	{"MSASCMD_S03_TC02_FolderDelete_Status3", "FolderDelete", hierarchyDoc("FolderDelete", `<SyncKey>#key</SyncKey><ServerId>1</ServerId>`), "<Status>3</Status>"},
	{"MSASCMD_S03_TC03_FolderDelete_Status4", "FolderDelete", hierarchyDoc("FolderDelete", `<SyncKey>#key</SyncKey><ServerId>99</ServerId>`), "<Status>4</Status>"},
	{"MSASCMD_S03_TC04_FolderDelete_Status9", "FolderDelete", hierarchyDoc("FolderDelete", `<SyncKey>77</SyncKey><ServerId>99</ServerId>`), "<Status>9</Status>"},
	{"MSASCMD_S03_TC05_FolderDelete_Status10", "FolderDelete", hierarchyDoc("FolderDelete", `<ServerId>99</ServerId>`), "<Status>10</Status>"},
	{"MSASCMD_S04_TC01_FolderSync_SyncKey0", "FolderSync", hierarchyDoc("FolderSync", `<SyncKey>0</SyncKey>`), "<DisplayName>Inbox</DisplayName>"},
	{"MSASCMD_S04_TC02_FolderSync_NoChanged", "FolderSync", hierarchyDoc("FolderSync", `<SyncKey>#key</SyncKey>`), "<Count>0</Count>"},
	{"MSASCMD_S04_TC05_FolderSync_Status9", "FolderSync", hierarchyDoc("FolderSync", `<SyncKey>77</SyncKey>`), "<Status>9</Status>"},
	{"MSASCMD_S04_TC06_FolderSync_Status10", "FolderSync", hierarchyDoc("FolderSync", ``), "<Status>10</Status>"},
	{"MSASCMD_S05_TC03_FolderUpdate_Status4", "FolderUpdate", hierarchyDoc("FolderUpdate", `<SyncKey>#key</SyncKey><ServerId>99</ServerId><ParentId>0</ParentId><DisplayName>new</DisplayName>`), "<Status>4</Status>"},
	{"MSASCMD_S05_TC05_FolderUpdate_Status9", "FolderUpdate", hierarchyDoc("FolderUpdate", `<SyncKey>77</SyncKey><ServerId>99</ServerId><ParentId>0</ParentId><DisplayName>new</DisplayName>`), "<Status>9</Status>"},
	{"MSASCMD_S05_TC06_FolderUpdate_Status10", "FolderUpdate", hierarchyDoc("FolderUpdate", `<ServerId>99</ServerId><ParentId>0</ParentId><DisplayName>new</DisplayName>`), "<Status>10</Status>"},
	{"MSASCMD_S07_TC02_GetItemEstimate_WithoutOptions", "GetItemEstimate", estimateDoc("#inbox", "1"), "<Estimate>2</Estimate>"},
	{"MSASCMD_S07_TC09_GetItemEstimate_Status2", "GetItemEstimate", estimateDoc("#inbox", "99"), "<Status>2</Status>"},
	{"MSASCMD_S07_TC10_GetItemEstimate_Status3", "GetItemEstimate", estimateDoc("0", "3"), "<Status>3</Status>"},
	{"MSASCMD_S07_TC11_GetItemEstimate_Status4_InvalidSyncKey", "GetItemEstimate", estimateDoc("{nonsense}77", "1"), "<Status>4</Status>"},
	{"MSASCMD_S08_TC02_ItemOperations_Status2", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Range>1</Range></ItemOperations>`, "<Status>2</Status>"},
	{"MSASCMD_S08_TC04_ItemOperations_Status6", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><CollectionId xmlns="AirSync">1</CollectionId><ServerId xmlns="AirSync">1:99</ServerId></Fetch></ItemOperations>`, "<Status>6</Status>"},
	{"MSASCMD_S08_TC17_ItemOperations_Status15", "ItemOperations", `<ItemOperations xmlns="ItemOperations"><Fetch><Store>Mailbox</Store><FileReference xmlns="AirSyncBase">x</FileReference></Fetch></ItemOperations>`, "<Status>15</Status>"},
	{"MSASCMD_S10_TC01_MoveItems_Success", "MoveItems", moveDoc("#item", "1", "3"), "<Status>3</Status>"},
	{"MSASCMD_S10_TC02_MoveItems_Status1_InvalidSrcFldId", "MoveItems", moveDoc("#item", "99", "3"), "<Status>1</Status>"},
	{"MSASCMD_S10_TC03_MoveItems_Status1_InvalidSrcMsgId", "MoveItems", moveDoc("1:99", "1", "3"), "<Status>1</Status>"},
	{"MSASCMD_S10_TC04_MoveItems_Status2", "MoveItems", moveDoc("#item", "1", "99"), "<Status>2</Status>"},
	{"MSASCMD_S10_TC05_MoveItems_Status4", "MoveItems", moveDoc("#item", "1", "1"), "<Status>4</Status>"},
	{"MSASCMD_S11_TC01_Ping_Status3", "Ping", "", "<Status>3</Status>"},
	{"MSASCMD_S11_TC02_Ping_Status4", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>1</Id></Folder></Folders></Ping>`, "<Status>4</Status>"},
	{"MSASCMD_S11_TC03_Ping_Status5", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>1</HeartbeatInterval><Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders></Ping>`, "<Status>5</Status><HeartbeatInterval>60</HeartbeatInterval>"},
	{"MSASCMD_S11_TC04_Ping_Status7_SyncRequired", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>99</Id><Class>Email</Class></Folder></Folders></Ping>`, "<Status>7</Status>"},
	{"MSASCMD_S11_TC07_Ping_HeartbeatIntervalSetTooLarge", "Ping", `<Ping xmlns="Ping"><HeartbeatInterval>99999</HeartbeatInterval><Folders><Folder><Id>1</Id><Class>Email</Class></Folder></Folders></Ping>`, "<Status>5</Status>"},
	{"MSASCMD_S19_TC01_Sync_Success", "Sync", syncDoc(inboxDoc, ""), "<Status>1</Status>"},
	{"MSASCMD_S19_TC02_Sync_MoreAvailable", "Sync", syncDoc(inboxDoc+`<WindowSize>1</WindowSize>`, ""), "<MoreAvailable"},
	{"MSASCMD_S19_TC04_Sync_Status3", "Sync", syncDoc(`<SyncKey>{nonsense}77</SyncKey><CollectionId>1</CollectionId>`, ""), "<Status>3</Status>"},
	{"MSASCMD_S19_TC05_Sync_Status4", "Sync", syncDoc(`<CollectionId>1</CollectionId>`, ""), "<Status>4</Status>"},
	{"MSASCMD_S19_TC07_Sync_HeartbeatInterval_Status14", "Sync", syncDoc(inboxDoc, `<HeartbeatInterval>1</HeartbeatInterval>`), "<Status>14</Status>"},
	{"MSASCMD_S19_TC10_Sync_NoChildElementsForCommands", "Sync", syncDoc(inboxDoc+`<Commands/>`, ""), "<Status>4</Status>"},
	{"MSASCMD_S19_TC28_Sync_Change_InvalidServerId", "Sync", syncDoc(inboxDoc+`<Commands><Change><ServerId>1:99</ServerId><ApplicationData><Read xmlns="Email">1</Read></ApplicationData></Change></Commands>`, ""), "<Status>8</Status>"},
	{"MSASCMD_S19_TC29_Sync_HeartbeatIntervalAndWait_StatusIs4", "Sync", syncDoc(inboxDoc, `<Wait>1</Wait><HeartbeatInterval>60</HeartbeatInterval>`), "<Status>4</Status>"},
	{"MSASCMD_S19_TC30_Sync_Limit_WaitIsLessThan1", "Sync", syncDoc(inboxDoc, `<Wait>0</Wait>`), "<Status>14</Status><Limit>1</Limit>"},
	{"MSASCMD_S19_TC31_Sync_Limit_WaitIsGreaterThan59", "Sync", syncDoc(inboxDoc, `<Wait>60</Wait>`), "<Status>14</Status><Limit>59</Limit>"},
	{"MSASCMD_S19_TC32_Sync_Limit_HeartbeatIntervalIsLessThan60", "Sync", syncDoc(inboxDoc, `<HeartbeatInterval>59</HeartbeatInterval>`), "<Status>14</Status><Limit>60</Limit>"},
	{"MSASCMD_S19_TC33_Sync_Limit_HeartbeatIntervalIsLargerThan3540", "Sync", syncDoc(inboxDoc, `<HeartbeatInterval>3541</HeartbeatInterval>`), "<Status>14</Status><Limit>3540</Limit>"},
	{"MSASCMD_S19_TC47_Sync_Wait_Status14", "Sync", syncDoc(inboxDoc, `<Wait>61</Wait>`), "<Status>14</Status>"},
	{"MSASCMD_S19_TC52_Sync_Status8", "Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>99</CollectionId>`, ""), "<Status>8</Status>"},
	{"MSASPROV_S03_TC01_VerifyPolicyStatus3", "Provision", `<Provision xmlns="Provision"><DeviceInformation xmlns="Settings"><Set><Model>m</Model></Set></DeviceInformation><Policies><Policy><PolicyType>MS-WAP-Provisioning-XML</PolicyType></Policy></Policies></Provision>`, "<Status>3</Status>"},
	{"MSASPROV_S03_TC02_VerifyPolicyStatus5", "Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>5</PolicyKey><Status>1</Status></Policy></Policies></Provision>`, "<Status>5</Status>"},
	{"MSASPROV_S03_TC03_VerifyProvisionStatus2", "Provision", `<Provision xmlns="Provision"/>`, "<Status>2</Status>"},
}

// TestInteropServer asks the tenant what the interop suites ask a server, each case with a
// tenant of its own.
func TestInteropServer(t *testing.T) {
	for _, c := range interopCases {
		t.Run(c.name, func(t *testing.T) {
			s := newStranger(t, eastest.New(t, nil), "16.1")
			_, _, folders := s.post("FolderSync", hierarchyDoc("FolderSync", `<SyncKey>0</SyncKey>`))
			_, _, inbox := s.post("Sync", syncDoc(`<SyncKey>0</SyncKey><CollectionId>1</CollectionId>`, ""))
			doc := c.doc
			if strings.Contains(doc, "#item") {
				_, _, items := s.post("Sync", syncDoc(`<SyncKey>`+between(inbox, "<SyncKey>", "</SyncKey>")+`</SyncKey><CollectionId>1</CollectionId>`, ""))
				doc = strings.ReplaceAll(doc, "#item", between(items, "<ServerId>", "</ServerId>"))
			}
			doc = strings.NewReplacer("#key", between(folders, "<SyncKey>", "</SyncKey>"), "#inbox", between(inbox, "<SyncKey>", "</SyncKey>")).Replace(doc)
			status, _, a := s.post(c.command, doc)
			if status != http.StatusOK || !strings.Contains(a, c.want) {
				t.Errorf("%s\n%d %s, want %s", doc, status, a, c.want)
			}
		})
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestInteropServerTable holds testdata/interop.tsv, which lists every case of the suites with
// the test that asks it of the tenant, or why none does, to the tests that there are, and to the
// list of cases where it stands beside the repository.
func TestInteropServerTable(t *testing.T) {
	tests := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(b, -1) {
			tests[string(m[1])] = true
		}
	}
	here := map[string]bool{}
	for _, c := range interopCases {
		if here[c.name] {
			t.Errorf("%s is there twice", c.name)
		}
		here[c.name] = true
	}
	b, err := os.ReadFile("testdata/interop.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	listed := map[string]bool{}
	asked := 0
	for _, line := range lines[1:] {
		name, by, _ := strings.Cut(line, "\t")
		if listed[name] {
			t.Errorf("%s is listed twice", name)
		}
		listed[name] = true
		if (by == "TestInteropServer") != here[name] {
			t.Errorf("%s is listed as %q, and the table of the test says otherwise", name, by)
		}
		if why, ok := strings.CutPrefix(by, "not asked: "); ok && why != "" {
			continue
		}
		asked++
		if !tests[by] {
			t.Errorf("%s is asked by %q, which is not a test", name, by)
		}
	}
	for name := range here {
		if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	t.Logf("%d cases, of which %d are asked", len(listed), asked)
	if b, err = os.ReadFile("../../../shared/cases/interop.tsv"); err != nil {
		t.Log("the list of cases is not beside the repository")
		return
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if name := f[len(f)-1]; name != "test_case" && !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}
