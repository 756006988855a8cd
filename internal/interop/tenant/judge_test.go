package tenant

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// A judge has libwbxml decode responses and xmllint validate them against Microsoft's schemas.
type judge struct {
	wbxml2xml, xmllint, schemas, dir string
	judged                           map[string]int // by command
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	schemas := os.Getenv("EAS_XSD")
	if schemas == "" {
		schemas, _ = filepath.Abs("../../../../shared/eas-xsd")
	}
	if _, err := os.Stat(filepath.Join(schemas, "SyncResponse.xsd")); err != nil {
		t.Skip("the schemas of ActiveSync documents are not here; EAS_XSD names their folder")
	}
	return &judge{wbxml2xml: servers.Need(t, "wbxml2xml"), xmllint: servers.Need(t, "xmllint"), schemas: schemas, dir: t.TempDir(), judged: map[string]int{}}
}

func (j *judge) String() string {
	n := 0
	var counts []string
	for _, command := range slices.Sorted(maps.Keys(j.judged)) {
		n += j.judged[command]
		counts = append(counts, fmt.Sprintf("%s %d", command, j.judged[command]))
	}
	return fmt.Sprintf("%d responses are judged: %s", n, strings.Join(counts, ", "))
}

var (
	// libwbxml names code pages with a colon behind, in namespaces of which the schemas know the name alone.
	namespace = regexp.MustCompile(`(xmlns(?::\w+)?="\w+):"`)
	doctype   = regexp.MustCompile(`<!DOCTYPE[^>]*>`)
	// spelled are the names that libwbxml 0.11.8 spells otherwise than the schemas.
	spelled = strings.NewReplacer(`"Gal"`, `"GAL"`, "SmtpAddress>", "SMTPAddress>", "PrimarySmtpAddress>", "PrimarySmtpAddress>",
		"DeviceEncryptionEnabled>", "RequireStorageCardEncryption>")
	validity = regexp.MustCompile(`(?m)^.*(?:error|fails).*$`) // and no warnings of names that are not URIs
	root     = regexp.MustCompile(`<(\w+)[ />]`)
)

// decode has libwbxml decode a document.
func (j *judge) decode(t *testing.T, wbxml []byte) string {
	t.Helper()
	in, out := filepath.Join(j.dir, "in"), filepath.Join(j.dir, "out")
	if err := os.WriteFile(in, wbxml, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.CommandContext(t.Context(), j.wbxml2xml, "-l", "ACTIVESYNC", "-o", out, in).CombinedOutput(); err != nil {
		t.Fatalf("wbxml2xml: %v\n%s\n%q", err, msg, wbxml)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return spelled.Replace(doctype.ReplaceAllString(namespace.ReplaceAllString(string(b), `$1"`), ""))
}

// judge validates the response to a command, whose name is that of the root, and returns it as XML.
func (j *judge) judge(t *testing.T, wbxml []byte) string {
	t.Helper()
	xml := j.decode(t, wbxml)
	if strings.Contains(xml, "<unknown") { // Find, whose code page it does not know
		j.judged["unknown to libwbxml"]++
		return xml
	}
	m := root.FindStringSubmatch(strings.TrimPrefix(xml, `<?xml version="1.0"?>`))
	if m == nil {
		t.Errorf("no root in %s", xml)
		return xml
	}
	schema := filepath.Join(j.schemas, m[1]+"Response.xsd")
	if _, err := os.Stat(schema); err != nil {
		t.Errorf("no schema for a response %s", m[1])
		return xml
	}
	name := filepath.Join(j.dir, "doc.xml")
	if err := os.WriteFile(name, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), j.xmllint, "--noout", "--nonet", "--schema", schema, name).CombinedOutput(); err != nil {
		t.Errorf("%s: %s\n%s", m[1], strings.Join(validity.FindAllString(string(out), -1), "\n"), xml)
	}
	j.judged[m[1]]++
	return xml
}
