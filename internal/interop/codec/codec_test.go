// Package codec has others judge the codec: libwbxml both ways, and Wireshark's dissector.
// Each has mistakes in its table of elements, so none is the only judge.
package codec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// unknown are the elements that libwbxml 0.11.8 does not know, by what it prints for them.
var unknown = map[string]bool{"Settings:AppliesToExternalUnknown": true, "Settings:RightsManagementInformation": true}

// page makes a document with every element of a code page that the judge knows.
func page(t *testing.T, n byte, leave map[wbxml.Tag]bool) []byte {
	t.Helper()
	var b bytes.Buffer
	e := wbxml.NewEncoder(&b)
	e.Start(wbxml.AirSyncSync)
	for token := byte(5); token < 0x40; token++ {
		tag := wbxml.MakeTag(n, token)
		if !tag.Known() || leave[tag] {
			continue
		}
		e.Start(tag)
		if tag.Bytes() {
			e.Opaque([]byte{0, 1, 2, 255})
		} else {
			e.Text("é<&" + tag.Name())
		}
		e.End()
	}
	e.End()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestS130Libwbxml has libwbxml read what we write, for every code page that it knows, us what it
// makes of it, and it what it has made: three times the same bytes.
func TestS130Libwbxml(t *testing.T) {
	decode, encode := servers.Need(t, "wbxml2xml"), servers.Need(t, "xml2wbxml")
	dir := t.TempDir()
	in, xml, out := filepath.Join(dir, "in"), filepath.Join(dir, "xml"), filepath.Join(dir, "out")
	elements := 0
	for n := byte(0); n < 25; n++ {
		leave := map[wbxml.Tag]bool{}
		var doc, text []byte
		for {
			doc = page(t, n, leave)
			if err := os.WriteFile(in, doc, 0o600); err != nil {
				t.Fatal(err)
			}
			if msg, err := exec.Command(decode, "-l", "ACTIVESYNC", "-o", xml, in).CombinedOutput(); err != nil {
				t.Fatalf("page %d: wbxml2xml: %v\n%s", n, err, msg)
			}
			var err error
			if text, err = os.ReadFile(xml); err != nil {
				t.Fatal(err)
			}
			_, after, ok := strings.Cut(string(text), "<unknown")
			if !ok {
				break
			}
			_, name, _ := strings.Cut(after, "amp;")
			name, _, _ = strings.Cut(name, "<")
			tag, ok := wbxml.Lookup(wbxml.MakeTag(n, 5).Namespace(), name)
			if !ok {
				t.Fatalf("page %d: libwbxml does not know %q", n, name)
			}
			if first, _ := tag.Versions(); !tag.Legacy() && !unknown[tag.String()] && first < "16.0" {
				t.Errorf("libwbxml does not know %v", tag)
			}
			leave[tag] = true
		}
		elements += bytes.Count(text, []byte("</")) - 1
		var back bytes.Buffer
		if err := wbxml.FromXML(&back, bytes.NewReader(text)); err != nil {
			t.Errorf("page %d: %v", n, err)
		} else if !bytes.Equal(back.Bytes(), doc) {
			t.Errorf("page %d: from libwbxml's XML we make other bytes", n)
		}
		if msg, err := exec.Command(encode, "-a", "-n", "-v", "1.3", "-o", out, xml).CombinedOutput(); err != nil {
			t.Errorf("page %d: xml2wbxml: %v\n%s", n, err, msg)
			continue
		}
		theirs, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(theirs, doc) {
			t.Errorf("page %d: libwbxml makes other bytes:\n%x\n%x", n, theirs, doc)
		}
	}
	t.Logf("%d elements of 25 code pages, the same bytes three times", elements)
}

// TestWireshark has tshark dissect a request in the middle of HTTP.
func TestWireshark(t *testing.T) {
	tshark, text2pcap := servers.Need(t, "tshark"), servers.Need(t, "text2pcap")
	var doc bytes.Buffer
	err := wbxml.FromXML(&doc, strings.NewReader(`<Sync xmlns="AirSync"><Collections><Collection><SyncKey>17</SyncKey><CollectionId>5</CollectionId>`+
		`<Options><BodyPreference xmlns="AirSyncBase"><Type>1</Type></BodyPreference></Options></Collection></Collections></Sync>`))
	if err != nil {
		t.Fatal(err)
	}
	request := fmt.Sprintf("POST /Microsoft-Server-ActiveSync?Cmd=Sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/vnd.ms-sync.wbxml\r\nContent-Length: %d\r\n\r\n%s", doc.Len(), doc.Bytes())
	dir := t.TempDir()
	dump, capture := filepath.Join(dir, "dump"), filepath.Join(dir, "capture")
	if err := os.WriteFile(dump, []byte(hex.Dump([]byte(request))), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command(text2pcap, "-q", "-T", "40000,80", dump, capture).CombinedOutput(); err != nil {
		t.Fatalf("text2pcap: %v\n%s", err, msg)
	}
	out, err := exec.Command(tshark, "-r", capture, "-V").CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, out)
	}
	for _, want := range []string{"Microsoft ActiveSync", "<SyncKey>", "'17'", "<CollectionId>", "<BodyPreference>", "<Type>"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("Wireshark does not see %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// TestHordeDecoder has Horde's decoder read documents that we have written, and compares
// what it sees: elements, their ends and their texts. Its names are its own.
func TestHordeDecoder(t *testing.T) {
	php := servers.Need(t, "php")
	if _, err := os.Stat("/usr/share/php/Horde/ActiveSync/Wbxml/Decoder.php"); err != nil {
		t.Skip("Horde's ActiveSync is not installed")
	}
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "eas", "testdata", "requests", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	args := []string{"horde.php"}
	var want strings.Builder
	for _, name := range files {
		base := strings.TrimSuffix(filepath.Base(name), ".xml")
		if strings.HasPrefix(base, "find") {
			continue // of 16.1, which it does not know
		}
		xml, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var doc bytes.Buffer
		if err := wbxml.FromXML(&doc, bytes.NewReader(xml)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, base)
		if err := os.WriteFile(file, doc.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
		fmt.Fprintf(&want, "= %s\n", base)
		d := wbxml.NewDecoder(&doc)
		for {
			tok, err := d.ReadToken()
			if err != nil {
				break
			}
			switch tok.Kind {
			case wbxml.KindStart:
				want.WriteString("start\n")
			case wbxml.KindEnd:
				want.WriteString("end\n")
			default:
				fmt.Fprintf(&want, "text %x\n", tok.Data)
			}
		}
	}
	got, err := exec.Command(php, args...).Output()
	if err != nil {
		t.Fatalf("php: %v\n%s", err, got)
	}
	if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("Horde sees something else (-ours +Horde's):\n%s", diff)
	}
	t.Logf("%d requests read by Horde's decoder", len(args)-1)
}
