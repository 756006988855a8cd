package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func TestProcess(t *testing.T) {
	for _, tt := range []struct {
		in, args string
		code     int
		out, err string
	}{
		{"", "", account.OK, "<LastName xmlns=\"Contacts\">Funk</LastName>", ""},
		{request, "-", account.OK, "<SyncKey>0</SyncKey>", ""},
		{requestXML, "-e -hex -", account.OK, request, ""},
		{"x!", "- /does/not/exist", account.Failed, "", "wbxml: -: neither WBXML nor hex nor base64\n/does/not/exist: open"},
		{"", "-e", account.Misused, "", "wbxml: -e needs a file"},
		{"", "-x", account.Misused, "", "wbxml: flag provided but not defined: -x"},
	} {
		out, errs, code := programtest.Start(t, tt.in, nil, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.HasPrefix(errs, tt.err) || (tt.err == "") != (errs == "") {
			t.Errorf("%q: exit code %d\n%s%s", tt.args, code, out, errs)
		}
	}
}

const request = "03016a00000756520330000101"

const requestXML = `<?xml version="1.0" encoding="utf-8"?>
<FolderSync xmlns="FolderHierarchy">
  <SyncKey>0</SyncKey>
</FolderSync>
`

func TestForms(t *testing.T) {
	b, err := hex.DecodeString(request)
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string]string{
		"binary":         string(b),
		"hex":            request + "\n",
		"dump":           "03 01 6A 00 00 07 56\n52 03 30 00 01 01",
		"colons":         "0x03:01:6a:00:00:07:56:52:03:30:00:01:01",
		"base64":         base64.StdEncoding.EncodeToString(b),
		"base64, no pad": base64.RawURLEncoding.EncodeToString(b),
	} {
		var w strings.Builder
		if err := toXML(&w, []byte(input), true); err != nil || w.String() != requestXML {
			t.Errorf("%s: %v\n%s", name, err, w.String())
		}
	}
	var w bytes.Buffer
	if err := fromXML(&w, []byte(requestXML), true); err != nil || w.String() != request+"\n" {
		t.Errorf("to hex: %s, %v", w.String(), err)
	}
	w.Reset()
	if err := fromXML(&w, []byte(requestXML), false); err != nil || !bytes.Equal(w.Bytes(), b) {
		t.Errorf("to binary: %x, %v", w.Bytes(), err)
	}
}

func TestFaults(t *testing.T) {
	for _, input := range []string{"", "hello!", request[:20], request + "00"} {
		var w bytes.Buffer
		if err := toXML(&w, []byte(input), false); err == nil {
			t.Errorf("%q: no error", input)
		}
	}
	if err := fromXML(new(bytes.Buffer), []byte("<a/>"), false); err == nil {
		t.Error("XML that is not ActiveSync: no error")
	}
}

func TestSample(t *testing.T) {
	var w strings.Builder
	if err := toXML(&w, []byte(sample), true); err != nil || !strings.Contains(w.String(), `<LastName xmlns="Contacts">Funk</LastName>`) {
		t.Errorf("%v\n%s", err, w.String())
	}
}
