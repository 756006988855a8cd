package eastest

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

// A message is a request or a response as an archive has it: without secrets, but for a
// document of ActiveSync, which is redacted when it is written.
type message struct {
	start  string // the first line
	header http.Header
	body   []byte
}

// sent returns the request of an exchange.
func (d *redactor) sent(r *http.Request, host string, body []byte) message {
	to := "https://" + host + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		to += "?" + d.query(r.URL.RawQuery)
	}
	m := message{start: r.Method + " " + to + " HTTP/1.1", header: d.header(r.Header), body: body}
	if kind := r.Header.Get("Content-Type"); strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		m.body = []byte(d.form(string(body)))
	} else {
		m.body = d.text(kind, body)
	}
	return m
}

// received returns the response of an exchange.
func (d *redactor) received(a *answer) message {
	return message{
		start:  fmt.Sprintf("HTTP/1.1 %d %s", a.code(), http.StatusText(a.code())),
		header: d.header(a.header), body: d.text(a.header.Get("Content-Type"), bytes.Clone(a.body.Bytes())),
	}
}

// cutLine stands in the place of a response that never came.
const cutLine = "cut"

// Archive returns the transcript as text in the txtar format, which [Replay] reads and people
// can edit. Each exchange has the files
//
//	001/request.http    the method, the URL and the header
//	001/request.xml     the body: .xml if it is a document of ActiveSync, .txt if it is other
//	                    text, .base64 if it is neither; none if it is empty
//	001/response.http   the status and the header; "cut" if the connection was cut without one
//	001/response.xml    as above
//
// One newline follows each body and is no part of it. Tokens, codes, passwords, states and
// nonces are replaced by "redacted-1" and so on, the same secret by the same name; cookies are
// left out. What the mailboxes hold is not replaced.
func (tn *Tenant) Archive() []byte {
	tn.mu.Lock()
	requests := slices.Clone(tn.log.requests)
	tn.mu.Unlock()
	var b bytes.Buffer
	b.WriteString("An exchange with a fake tenant for tests, redacted.\n\n")
	for _, r := range requests {
		r.sent.write(&b, fmt.Sprintf("%03d/request", r.Number))
		got := r.got
		if got.start == "" {
			got.start = cutLine
		}
		got.write(&b, fmt.Sprintf("%03d/response", r.Number))
	}
	return numbered(b.Bytes())
}

var redactedName = regexp.MustCompile(redactedPrefix + `[0-9a-f]{16}`)

// numbered gives the names of secrets numbers, in the order in which they come.
func numbered(archive []byte) []byte {
	numbers := map[string]int{}
	return redactedName.ReplaceAllFunc(archive, func(name []byte) []byte {
		n, ok := numbers[string(name)]
		if !ok {
			n = len(numbers) + 1
			numbers[string(name)] = n
		}
		return fmt.Appendf(nil, "%s%d", redactedPrefix, n)
	})
}

// oneLine keeps a value from becoming lines of its own.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

func (m message) write(b *bytes.Buffer, name string) {
	var head strings.Builder
	head.WriteString(oneLine.Replace(m.start))
	for _, k := range slices.Sorted(maps.Keys(m.header)) {
		for _, v := range m.header[k] {
			head.WriteString("\n" + k + ": " + oneLine.Replace(v))
		}
	}
	appendTxtar(b, name+".http", []byte(head.String()))
	if len(m.body) == 0 {
		return
	}
	kind, data := m.file()
	appendTxtar(b, name+kind, data)
}

// file returns the body as a file of an archive, with the end of its name.
func (m message) file() (kind string, data []byte) {
	body := m.body
	if strings.HasPrefix(m.header.Get("Content-Type"), typeWBXML) {
		if xml, ok := exactXML(body); ok {
			redacted := []byte((&redactor{}).document(xml))
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
