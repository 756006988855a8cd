package eas

import (
	"os"
	"strings"
	"testing"
)

// TestTableOfCommands holds the table in the documentation to the commands that there are.
func TestTableOfCommands(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if f := strings.Fields(strings.TrimPrefix(line, "//\t")); strings.HasPrefix(line, "//\t") && len(f) > 6 {
			rows[f[0]] = f[1:6]
		}
	}
	for command := range commandCodes {
		versions, ok := rows[command]
		if !ok {
			t.Errorf("%s is not in the table", command)
			continue
		}
		for i, v := range []Version{Version121, Version140, Version141, Version160, Version161} {
			want := "yes"
			switch {
			case command == "Find" && v != Version161, command == "GetAttachment" && v != Version121:
				want = "-"
			}
			if versions[i] != want {
				t.Errorf("%s in version %s: %q, want %q", command, v, versions[i], want)
			}
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("Sync", "ada@contoso.com", "device1", "123", "5", "5:1", true)
	f.Add("SmartReply", "", "d", "4294967296", "", strings.Repeat("x", 256), false)
	f.Fuzz(func(t *testing.T, command, user, id, key, collection, item string, save bool) {
		q := query{version: Version141, command: command, user: user, device: Device{ID: id, Type: "t"}, policyKey: key, saveSent: save,
			params: params{collectionID: collection, itemID: item}}
		plain := q.plain()
		if strings.ContainsAny(plain, " #\r\n") || strings.Count(plain, "=") < 4 {
			t.Errorf("plain %q", plain)
		}
		if len(id) > 255 {
			return // devices are checked before
		}
		text, err := q.base64()
		if err != nil {
			return
		}
		if strings.ContainsAny(text, " &#\r\n") {
			t.Errorf("compact %q", text)
		}
	})
}
