package main

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemonstrate(t *testing.T) {
	var out bytes.Buffer
	if err := demonstrate(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `arrived at bob@contoso.com: "Größe matters" from ada@contoso.com`) {
		t.Error(&out)
	}
}

// TestCompose reads what was composed with the standard library.
func TestCompose(t *testing.T) {
	content := bytes.Repeat([]byte{0, 1, 2, 250}, 1000)
	name := filepath.Join(t.TempDir(), `a "ü".bin`)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &message{to: "Bob <bob@contoso.com>", bcc: "eve@contoso.com", subject: "a\r\nBcc: x@contoso.com", text: strings.Repeat("Zeile ä\n", 50), files: []string{name}}
	raw, err := m.compose("ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.Header.Get("Bcc"); got != "<eve@contoso.com>" || len(msg.Header["Bcc"]) != 1 {
		t.Errorf("Bcc %q: the subject may have got into the header", msg.Header["Bcc"])
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	text, err := r.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(text); err != nil || strings.ReplaceAll(string(b), "\r\n", "\n") != m.text {
		t.Errorf("text %q, %v", b, err)
	}
	file, err := r.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if file.FileName() != `a "ü".bin` {
		t.Errorf("file %q", file.FileName())
	}
	b, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(b), "\r\n") {
		if len(line) > 76 {
			t.Fatalf("a line of %d characters", len(line))
		}
	}
	for _, bad := range []message{{}, {to: "nobody"}, {to: "a@contoso.com\r\nBcc: b@contoso.com"}, {to: "a@contoso.com", files: []string{"/does/not/exist"}}} {
		if _, err := bad.compose("ada@contoso.com"); err == nil {
			t.Errorf("%+v is composed", bad)
		}
	}
	if raw, err := (&message{to: "b@contoso.com", text: "plain"}).compose("ada@contoso.com"); err != nil || !bytes.HasSuffix(raw, []byte("\r\n\r\nplain")) {
		t.Errorf("%q, %v", raw, err)
	}
}
