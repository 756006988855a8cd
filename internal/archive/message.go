package archive

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// A Message is a request or a response as an archive has it: without secrets, but for a
// document of ActiveSync, which is redacted when it is written.
type Message struct {
	Start  string // the first line
	Header http.Header
	Body   []byte
}

// WBXML is the media type of a document of ActiveSync.
const WBXML = "application/vnd.ms-sync.wbxml"

// Cut stands in the place of a response that never came. A space and the id of a fault may
// follow, and after another the name that a certificate has in place of the host's.
const Cut = "cut"

// Sent returns the request of an exchange.
func (d *Redactor) Sent(r *http.Request, host string, body []byte) Message {
	to := "https://" + host + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		to += "?" + d.query(r.URL.RawQuery)
	}
	m := Message{Start: r.Method + " " + to + " HTTP/1.1", Header: d.header(r.Header), Body: body}
	if kind := r.Header.Get("Content-Type"); strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		m.Body = []byte(d.form(string(body)))
	} else {
		m.Body = d.text(kind, body)
	}
	return m
}

// Received returns the response of an exchange.
func (d *Redactor) Received(status int, header http.Header, body []byte) Message {
	return Message{
		Start:  fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status)),
		Header: d.header(header), Body: d.text(header.Get("Content-Type"), bytes.Clone(body)),
	}
}

var redactedName = regexp.MustCompile(Redacted + `[0-9a-f]{16}`)

// Numbered gives the names of secrets in an archive numbers, in the order in which they come.
func Numbered(archive []byte) []byte {
	numbers := map[string]int{}
	return redactedName.ReplaceAllFunc(archive, func(name []byte) []byte {
		n, ok := numbers[string(name)]
		if !ok {
			n = len(numbers) + 1
			numbers[string(name)] = n
		}
		return fmt.Appendf(nil, "%s%d", Redacted, n)
	})
}

// oneLine keeps a value from becoming lines of its own.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// Write appends the files of a message to an archive, whose names begin with name.
func (m Message) Write(b *bytes.Buffer, name string) {
	var head strings.Builder
	head.WriteString(oneLine.Replace(m.Start))
	for _, k := range slices.Sorted(maps.Keys(m.Header)) {
		for _, v := range m.Header[k] {
			head.WriteString("\n" + k + ": " + oneLine.Replace(v))
		}
	}
	appendFile(b, name+".http", []byte(head.String()))
	if len(m.Body) == 0 {
		return
	}
	kind, data := m.file()
	appendFile(b, name+kind, data)
}

// file returns the body as a file of an archive, with the end of its name.
func (m Message) file() (kind string, data []byte) {
	body := m.Body
	if strings.HasPrefix(m.Header.Get("Content-Type"), WBXML) {
		if xml, ok := exactXML(body); ok {
			redacted := []byte((&Redactor{}).document(xml))
			if !holdsMarker(redacted) {
				return ".xml", redacted
			}
			var doc bytes.Buffer
			if err := wbxml.FromXML(&doc, bytes.NewReader(redacted)); err == nil {
				body = doc.Bytes()
			}
		}
	} else if utf8.Valid(body) && !holdsMarker(body) {
		return ".txt", body
	}
	return ".base64", base64.StdEncoding.AppendEncode(nil, body)
}

// exactXML returns a document as XML of which the same bytes become again, if there is one.
func exactXML(doc []byte) (string, bool) {
	var xml strings.Builder
	if err := wbxml.ToXML(&xml, bytes.NewReader(doc), nil); err != nil {
		return "", false
	}
	var again bytes.Buffer
	if err := wbxml.FromXML(&again, strings.NewReader(xml.String())); err != nil {
		return "", false
	}
	return xml.String(), bytes.Equal(again.Bytes(), doc)
}
