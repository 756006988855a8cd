package eas_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// interopRows returns the rows of testdata/interop.tsv: the cases by which Microsoft's interop
// suites (OfficeDev/Interop-TestSuites) test servers, each with the test that holds what it
// says about a client, or why it says nothing.
func interopRows(t *testing.T) [][2]string {
	t.Helper()
	b, err := os.ReadFile("testdata/interop.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out [][2]string
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		name, by, ok := strings.Cut(line, "\t")
		if !ok || name == "" || by == "" {
			t.Fatalf("line %d: %q", i+1, line)
		}
		if i > 0 {
			out = append(out, [2]string{name, by})
		}
	}
	return out
}

var testNames = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestInteropCases holds the table to the tests that there are, and to the list of cases where
// it stands beside the repository.
func TestInteropCases(t *testing.T) {
	tests := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "eastest/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range testNames.FindAllSubmatch(b, -1) {
				tests[string(m[1])] = true
			}
		}
	}
	held := 0
	ours := map[string]bool{}
	for _, c := range clientCases {
		ours[c.name] = true
	}
	listed := map[string]bool{}
	for _, row := range interopRows(t) {
		if listed[row[0]] {
			t.Errorf("%s is there twice", row[0])
		}
		listed[row[0]] = true
		if ours[row[0]] != (row[1] == "TestInteropClient") {
			t.Errorf("%s is held by %q, and the cases of TestInteropClient say otherwise", row[0], row[1])
		}
		if why, ok := strings.CutPrefix(row[1], "server only: "); ok && why != "" {
			continue
		}
		held++
		if !tests[row[1]] {
			t.Errorf("%s is held by %q, which is not a test", row[0], row[1])
		}
	}
	t.Logf("%d cases, of which tests hold %d", len(listed), held)
	b, err := os.ReadFile("../../shared/cases/interop.tsv")
	if err != nil {
		t.Log("the list of cases is not beside the repository")
		return
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if name := f[len(f)-1]; name != "test_case" && !listed[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// A refusal is how a command is refused: what a server answers, and how the client asks.
type refusal struct {
	answer string // with the status in place of #
	do     func(ctx context.Context, c *eas.Client) error
}

// refusals are by command; those of items and folders are errors of the results.
var refusals = map[string]refusal{
	"FolderCreate": {`<FolderCreate xmlns="FolderHierarchy"><Status>#</Status></FolderCreate>`, func(ctx context.Context, c *eas.Client) error {
		_, _, err := c.FolderCreate(ctx, "1", "0", "x", eas.FolderUserMail)
		return err
	}},
	"FolderDelete": {`<FolderDelete xmlns="FolderHierarchy"><Status>#</Status></FolderDelete>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FolderDelete(ctx, "1", "5")
		return err
	}},
	"FolderUpdate": {`<FolderUpdate xmlns="FolderHierarchy"><Status>#</Status></FolderUpdate>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FolderUpdate(ctx, "1", eas.Folder{ID: "5", Parent: "0", Name: "x"})
		return err
	}},
	"FolderSync": {`<FolderSync xmlns="FolderHierarchy"><Status>#</Status></FolderSync>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FolderSync(ctx, "1")
		return err
	}},
	"GetItemEstimate": {`<GetItemEstimate xmlns="GetItemEstimate"><Response><Status>#</Status></Response></GetItemEstimate>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.GetItemEstimate(ctx, "5", "1", nil)
		return err
	}},
	"ItemOperations": {`<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>#</Status></Fetch></Response></ItemOperations>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.FetchItem(ctx, "5", "5:1", nil)
		return err
	}},
	"MeetingResponse": {`<MeetingResponse xmlns="MeetingResponse"><Result><RequestId>5:1</RequestId><Status>#</Status></Result></MeetingResponse>`, func(ctx context.Context, c *eas.Client) error {
		r, err := c.MeetingResponse(ctx, eas.MeetingAnswer{Folder: "5", Item: "5:1", Response: eas.ResponseAccepted})
		if err == nil {
			err = r[0].Err
		}
		return err
	}},
	"MoveItems": {`<MoveItems xmlns="Move"><Response><SrcMsgId>5:1</SrcMsgId><Status>#</Status></Response></MoveItems>`, func(ctx context.Context, c *eas.Client) error {
		r, err := c.MoveItems(ctx, eas.Move{Item: "5:1", From: "5", To: "6"})
		if err == nil {
			err = r[0].Err
		}
		return err
	}},
	"Ping": {`<Ping xmlns="Ping"><Status>#</Status></Ping>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Ping(ctx, []eas.Folder{{ID: "5", Type: eas.FolderInbox}}, nil)
		return err
	}},
	"Search": {`<Search xmlns="Search"><Status>1</Status><Response><Store><Status>#</Status></Store></Response></Search>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Search(ctx, eas.Query{Text: "x"}, nil)
		return err
	}},
	"Settings": {`<Settings xmlns="Settings"><Status>#</Status></Settings>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.OutOfOffice(ctx, eas.BodyPlain)
		return err
	}},
	"SmartReply": {`<SmartReply xmlns="ComposeMail"><Status>#</Status></SmartReply>`, func(ctx context.Context, c *eas.Client) error {
		return c.SmartReply(ctx, eas.MailSource{LongID: "x"}, strings.NewReader("To: b@contoso.com\r\n\r\nx"), nil)
	}},
	"SmartForward": {`<SmartForward xmlns="ComposeMail"><Status>#</Status></SmartForward>`, func(ctx context.Context, c *eas.Client) error {
		return c.SmartForward(ctx, eas.MailSource{LongID: "x"}, strings.NewReader("To: b@contoso.com\r\n\r\nx"), nil)
	}},
	"Sync": {`<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2</SyncKey><CollectionId>5</CollectionId><Status>#</Status></Collection></Collections></Sync>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Sync(ctx, "5", "1", nil)
		return err
	}},
	"CommonStatusCode": {`<Sync xmlns="AirSync"><Status>#</Status></Sync>`, func(ctx context.Context, c *eas.Client) error {
		_, err := c.Sync(ctx, "5", "1", nil)
		return err
	}},
}

var statusNames = regexp.MustCompile(`_(FolderCreate|FolderDelete|FolderUpdate|FolderSync|GetItemEstimate|ItemOperations|MeetingResponse|MoveItems|Ping|Search|Settings|SmartReply|SmartForward|Sync|CommonStatusCode)_.*?(?:Status)?(\d+)(?:_|$)`)

// TestInteropStatuses has a server refuse each command by each status that an interop case is
// named by: the error says the status, its name and what to do.
func TestInteropStatuses(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, row := range interopRows(t) {
		if row[1] != "TestInteropStatuses" {
			continue
		}
		_, rest, _ := strings.Cut(row[0], "_TC")
		m := statusNames.FindStringSubmatch(rest)
		if m == nil {
			t.Errorf("no status in %s", row[0])
			continue
		}
		status, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		t.Run(row[0], func(t *testing.T) {
			r := refusals[m[1]]
			command := m[1]
			if command == "CommonStatusCode" {
				command = "Sync"
			}
			c, _ := speaking(t, eas.Version141, command, strings.ReplaceAll(r.answer, "#", m[2]))
			err := r.do(t.Context(), c)
			var e *eas.Error
			if !errors.As(err, &e) || e.Status != status || e.Name == "" || e.Name == "unknown status" || e.Action == "" {
				t.Errorf("%v, want status %d", err, status)
			}
		})
		seen++
	}
	if seen < 60 {
		t.Errorf("%d statuses", seen)
	}
}
