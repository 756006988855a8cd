package wbxml_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// TestCodePages holds the generated Go against the table it was generated from.
func TestCodePages(t *testing.T) {
	b, err := os.ReadFile("codepages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	generated, err := os.ReadFile("tags_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	inTable := map[wbxml.Tag]bool{}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if f[0] == "page" {
			continue
		}
		page, err1 := strconv.ParseUint(f[0], 10, 8)
		token, err2 := strconv.ParseUint(f[2], 0, 8)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		tag := wbxml.MakeTag(byte(page), byte(token))
		inTable[tag] = true
		if tag.Namespace() != f[1] || tag.Name() != f[3] || !tag.Known() {
			t.Errorf("tag %#04x is %v, want %s:%s", uint16(tag), tag, f[1], f[3])
		}
		if got, ok := wbxml.Lookup(f[1], f[3]); got != tag || !ok {
			t.Errorf("Lookup(%q, %q) = %#04x, %v, want %#04x", f[1], f[3], uint16(got), ok, uint16(tag))
		}
		if tag.Bytes() != (f[4] == "bytes") || tag.Legacy() != (f[5] == "legacy") {
			t.Errorf("%v: Bytes %v, Legacy %v, want %s, %s", tag, tag.Bytes(), tag.Legacy(), f[4], f[5])
		}
		if first, last := tag.Versions(); first != f[6] || last != f[7] {
			t.Errorf("%v: versions %s to %s, want %s to %s", tag, first, last, f[6], f[7])
		}
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^\t%s%s +Tag = 0x%04X$`, f[1], f[3], uint16(tag))).Match(generated) {
			t.Errorf("no constant %s%s = 0x%04X", f[1], f[3], uint16(tag))
		}
		for alias := range strings.SplitSeq(f[9], ";") {
			var w bytes.Buffer
			xml := fmt.Sprintf(`<%s xmlns="%s"/>`, alias, f[1])
			if alias == "" {
				continue
			}
			if err := wbxml.FromXML(&w, strings.NewReader(xml)); err != nil {
				t.Error(err)
			} else if got, err := wbxml.RootOf(w.Bytes()); got != tag || err != nil {
				t.Errorf("%s is read as %v, %v, want %v", xml, got, err, tag)
			}
		}
		if f[8] == "" {
			t.Errorf("%v has no source", tag)
		}
	}
	for n := range 1 << 16 {
		if tag := wbxml.Tag(n); tag.Known() && !inTable[tag] && tag.Token() < 0x40 {
			t.Errorf("%v is not in the table", tag)
		}
	}
	if len(inTable) != 656 {
		t.Errorf("%d tokens, want 656", len(inTable))
	}
}

// TestKnownTokens pins tokens that other implementations got wrong.
func TestKnownTokens(t *testing.T) {
	for tag, want := range map[wbxml.Tag]string{
		0x0005: "AirSync:Sync", 0x000B: "AirSync:SyncKey", 0x0014: "AirSync:MoreAvailable",
		0x0129: "Contacts:LastName", 0x090D: "Tasks:UtcDueDate",
		0x0E0E: "Provision:DevicePasswordEnabled", 0x0E10: "Provision:RequireStorageCardEncryption", 0x0E24: "Provision:AllowBluetooth",
		0x1318: "DocumentLibrary:0x18", 0x122B: "Settings:RightsManagementInformation",
		0x1510: "ComposeMail:Mime", 0x1920: "Find:MaxPictures", 0x1921: "Find:MaxSize", 0x1922: "Find:Picture",
		0x193F: "Find:0x3F", 0x1A05: "0x1A:0x05", 0xFF3F: "0xFF:0x3F",
	} {
		if got := tag.String(); got != want {
			t.Errorf("Tag(%#04x) = %s, want %s", uint16(tag), got, want)
		}
	}
	if wbxml.AirSyncSync != 0x0005 || wbxml.FindPicture != 0x1922 {
		t.Error("the constants differ from the table")
	}
	for _, name := range [][2]string{{"AirSync", "synckey"}, {"", "SyncKey"}, {"AirSync", ""}, {"airsync", "SyncKey"}, {"AirSync", "0x0B"}} {
		if tag, ok := wbxml.Lookup(name[0], name[1]); ok {
			t.Errorf("Lookup(%q, %q) = %v, want none", name[0], name[1], tag)
		}
	}
	unknown := wbxml.MakeTag(200, 0xFF)
	if unknown.Token() != 0x3F || unknown.Known() || unknown.Legacy() || unknown.Bytes() {
		t.Errorf("MakeTag(200, 0xFF) = %v", unknown)
	}
	if first, last := unknown.Versions(); first+last != "" {
		t.Errorf("versions of an unknown tag: %q %q", first, last)
	}
}
