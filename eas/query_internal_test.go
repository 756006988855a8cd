package eas

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Compact queries that were published: [MS-ASHTTP] 2.2.1.1.1, and captures of Windows
// clients in the tests of Syncroton (tine20).
func TestBase64Query(t *testing.T) {
	guid := func(s string) string {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, tt := range []struct {
		want string
		q    query
	}{
		{"jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l",
			query{version: Version140, command: "Sync", locale: 0x0409, device: Device{ID: "v140Device", Type: "SmartPhone"}}},
		{"jAkHBBC32YBsEj5p+IUKLTDTcJoYBAAAAAALV2luZG93c01haWw=",
			query{version: Version140, command: "FolderSync", locale: 0x0407, policyKey: "0", device: Device{ID: guid("b7d9806c123e69f8850a2d30d3709a18"), Type: "WindowsMail"}}},
		{"jAkHBBCoHzHhi8b5YrNnTZh4inyaBAAAAAACV1A=",
			query{version: Version140, command: "FolderSync", locale: 0x0407, policyKey: "0", device: Device{ID: guid("a81f31e18bc6f962b3674d98788a7c9a"), Type: "WP"}}},
		{"jBMHBBCoHzHhi8b5YrNnTZh4inyaBAAAAAACV1AHAQI=",
			query{version: Version140, command: "ItemOperations", locale: 0x0407, policyKey: "0", multipart: true, device: Device{ID: guid("a81f31e18bc6f962b3674d98788a7c9a"), Type: "WP"}}},
	} {
		got, err := tt.q.base64()
		if err != nil || got != tt.want {
			t.Errorf("base64(%+v) = %s, %v; want %s", tt.q, got, err, tt.want)
		}
	}
	for name, q := range map[string]query{
		"no code":           {version: Version161, command: "Autodiscover", device: Device{ID: "a", Type: "b"}},
		"no version":        {command: "Sync", device: Device{ID: "a", Type: "b"}},
		"a bad version":     {version: "99.9", command: "Sync", device: Device{ID: "a", Type: "b"}},
		"S110 a policy key": {version: Version161, command: "Sync", policyKey: "4294967296", device: Device{ID: "a", Type: "b"}},
		"S110 a long user":  {version: Version161, command: "Sync", user: strings.Repeat("x", 256), device: Device{ID: "a", Type: "b"}},
	} {
		if got, err := q.base64(); err == nil {
			t.Errorf("%s: %s, want an error", name, got)
		}
	}
	q := query{version: Version161, command: "SendMail", saveSent: true, user: "ada", policyKey: "4294967295", device: Device{ID: "d", Type: "t"}}
	got, err := q.base64()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := base64.StdEncoding.DecodeString(got)
	if want := "\xa1\x01\x00\x00\x01d\x04\xff\xff\xff\xff\x01t\x08\x03ada\x07\x01\x01"; string(b) != want {
		t.Errorf("base64 = %x, want %x", b, want)
	}
}

func TestPlainQuery(t *testing.T) {
	q := query{command: "SendMail", user: "a+b c&d@contoso.com", device: Device{ID: "d", Type: "t"}, saveSent: true}
	if got, want := q.plain(), "Cmd=SendMail&User=a%2Bb%20c%26d%40contoso.com&DeviceId=d&DeviceType=t&SaveInSent=T"; got != want {
		t.Errorf("plain = %s, want %s", got, want)
	}
}

// The generated table must be that of the data file.
func TestGenerated(t *testing.T) {
	data, err := os.ReadFile("data/status.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if f[7] == "" || f[5] == "" {
			t.Errorf("row %q has no source or no meaning", line)
		}
		command := f[0]
		if command == "(common)" {
			command = ""
		}
		for scope := range strings.SplitSeq(f[1], "/") {
			if scope == "Any" || scope == "Global" || scope == command {
				scope = ""
			}
			rows++
			found := false
			for k, v := range statuses {
				if k.command == command && k.scope == scope && f[2] == strconv.Itoa(k.code) && v.name == f[3] && string(v.action) == f[4] && v.meaning == f[5] {
					found = true
				}
			}
			if !found {
				t.Errorf("row %q is not in status_gen.go; run go generate", line)
			}
		}
	}
	if len(statuses) > rows {
		t.Errorf("%d statuses, %d rows", len(statuses), rows)
	}
	if data, err = os.ReadFile("data/http-status.tsv"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	for _, line := range lines {
		f := strings.Split(line, "\t")
		code, _ := strconv.Atoi(f[0])
		if got := httpStatuses[code]; got != (statusInfo{f[1], Action(f[2]), f[3]}) || f[4] == "" {
			t.Errorf("row %q is not in status_gen.go or has no source; run go generate", line)
		}
	}
	if len(httpStatuses) != len(lines) {
		t.Errorf("%d HTTP statuses, %d rows", len(httpStatuses), len(lines))
	}
}

func TestVersionOrder(t *testing.T) {
	if !Version161.AtLeast(Version160) || Version121.AtLeast(Version140) || Version("junk").AtLeast(Version121) || !Version141.AtLeast(Version141) {
		t.Error("versions are out of order")
	}
}
