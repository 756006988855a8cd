package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/internal/wbxml"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatalf("demonstrate = %v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "120 .eml files, 120 mails in the mbox") {
		t.Error(&out)
	}
}

// TestIncomplete has the server truncate one mail: the export does not count it as exported,
// and the next start brings it.
func TestIncomplete(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "one", Body: &eas.Body{Data: "1"}}, &eas.Email{Subject: "two", Body: &eas.Body{Data: "2"}})
	client, err := account.OpenEmbedded(t.Context(), tn, "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	var cut bytes.Buffer
	if err := wbxml.FromXML(&cut, strings.NewReader(`<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>1</Status><Properties>`+
		`<Body xmlns="AirSyncBase"><Type>4</Type><EstimatedDataSize>5000</EstimatedDataSize><Truncated>1</Truncated><Data>From: a</Data></Body></Properties></Fetch></Response></ItemOperations>`)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := func() int {
		all, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	tn.Fail("ItemOperations", eastest.Failure{Status: 200, Header: http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}, Body: cut.String()})
	var out bytes.Buffer
	if _, err := export(t.Context(), client, "", "eml", dir, &out); err == nil || files() != 1 || !strings.Contains(out.String(), "left out") {
		t.Errorf("export = %v with %d files\n%s", err, files(), &out)
	}
	if _, err := export(t.Context(), client, "", "eml", dir, &out); err != nil || files() != 2 {
		t.Errorf("the next export = %v with %d files", err, files())
	}
}

// TestAgain has other programs begin with the folder, the server lose track, and the mailbox lose a
// mail in between: what was exported stays.
func TestAgain(t *testing.T) {
	for _, format := range []string{"eml", "mbox"} {
		tn := eastest.New(t, nil)
		box := tn.AddMailbox("ada@contoso.com", &eas.Email{Subject: "one", Body: &eas.Body{Data: "first"}}, &eas.Email{Subject: "two", Body: &eas.Body{Data: "second"}})
		client, err := account.OpenEmbedded(t.Context(), tn, "ada@contoso.com")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		run := func(want int) {
			t.Helper()
			var log bytes.Buffer
			if n, err := export(t.Context(), client, "", format, out, &log); err != nil || n != want {
				t.Fatalf("%s: export = %d, %v, want %d\n%s", format, n, err, want, &log)
			}
		}
		run(2)
		before := len(tn.Requests())
		run(0)
		for _, r := range tn.RequestsAfter(before) {
			if r.Command == "FolderSync" {
				t.Errorf("%s: a later run lists the folders", format)
			}
		}
		// Another program, on the device that all others share.
		if _, err := account.Folder(t.Context(), client, ""); err != nil {
			t.Fatal(err)
		}
		for _, err := range client.Pages(t.Context(), "1", eas.InitialSyncKey, nil) {
			if err != nil {
				t.Fatal(err)
			}
		}
		box.Deliver(&eas.Email{Subject: "three", Body: &eas.Body{Data: "third"}})
		run(1)
		box.RemoveItem(eas.FolderInbox, "one")
		box.ForgetSyncKeys()
		run(2)
		all := ""
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		more, _ := filepath.Glob(filepath.Join(out, "*.eml"))
		for _, name := range append(files, more...) {
			b, _ := os.ReadFile(name)
			all += string(b)
		}
		for _, text := range []string{"first", "second", "third"} {
			if !strings.Contains(all, text) {
				t.Errorf("%s: %q is not there any more", format, text)
			}
		}
		if _, err := export(t.Context(), client, "Drafts", format, out, io.Discard); err == nil || !strings.Contains(err.Error(), "another folder") {
			t.Errorf("%s: another folder = %v", format, err)
		}
		if format == "mbox" {
			if err := os.Rename(out, out+".old"); err != nil {
				t.Fatal(err)
			}
			run(2)
		}
	}
}

func TestQuoter(t *testing.T) {
	for _, tt := range [][2]string{
		{"", ""},
		{"a\r\nb", "a\nb\n"},
		{"From x\r\n>From y\r\n>>From z\r\nFromage\r\n a From b\r\n", ">From x\n>>From y\n>>>From z\nFromage\n a From b\n"},
		{"From x", ">From x\n"},
		{"\r\n\r\nFrom ", "\n\n>From \n"},
		{strings.Repeat("x", 70<<10) + "From \n", strings.Repeat("x", 70<<10) + "From \n"},
	} {
		for _, chunk := range []int{1, 3, 1 << 20} {
			var b bytes.Buffer
			q := &quoter{w: bufio.NewWriter(&b), start: true}
			for rest := tt[0]; rest != ""; {
				n := min(chunk, len(rest))
				if _, err := q.Write([]byte(rest[:n])); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := q.end(); err != nil {
				t.Fatal(err)
			}
			q.w.Flush()
			if b.String() != tt[1] {
				t.Errorf("%.60q in chunks of %d became %.60q", tt[0], chunk, b.String())
			}
		}
	}
}
