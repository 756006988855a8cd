package eastest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/easoauth/easoauth/internal/archive"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// ErrArchive is matched by the errors of [Replay], which name the file of the archive.
var ErrArchive = errors.New("eastest: malformed archive")

// ErrNotRecorded is matched by the error of a request for which a [Recording] has no response.
var ErrNotRecorded = errors.New("eastest: request not recorded")

// A Recording returns the responses of an archive, as an [http.RoundTripper] instead of a
// network and as an [http.Handler]. A request gets the response of a recorded one with its
// method, host, path and query: of those not used yet, that with the same body and the same kind
// of authorization (none, an empty one, a token that a response held, another secret;
// X-User-Identity or not), else the first. When all are used, a repeat of a recorded request gets
// that one's response once more, as a server has it, and anything else is not recorded. A value
// that the archive has redacted equals every value; other header fields are not compared. The
// query of ActiveSync names the device: set the ID of eas.Device to that of the recording. Its
// methods may be called concurrently.
//
// Where the archive has the claims of a redacted token, in tokens/redacted-1.json, responses
// hold an unsigned token with these claims in its place.
type Recording struct {
	// Strict demands that the body is the same, too. Set it before the first request.
	Strict bool

	mu        sync.Mutex
	exchanges []*exchanged
	hosts     map[string]bool
	handed    map[string]string // names of tokens in the archive, by the tokens that responses hold in their place
}

// An exchanged is a request of an archive with its response.
type exchanged struct {
	name   string // as the archive has it
	method string
	url    *url.URL
	query  url.Values
	body   sentBody
	sent   http.Header
	auth   string // the kind of authorization
	status int    // 0 if the connection is cut
	cut    string // the fault that cut it, if it is known
	header http.Header
	answer []byte
	tls    *tls.ConnectionState
	used   bool
}

// Replay reads an archive in the format of [Tenant.Archive]. It ignores files with other names.
// Errors match [ErrArchive].
func Replay(recording []byte) (*Recording, error) {
	files := map[string][]byte{}
	var names []string
	for _, f := range archive.Parse(recording) {
		if _, ok := files[f.Name]; ok {
			return nil, fmt.Errorf("%w: %q is there twice", ErrArchive, f.Name)
		}
		files[f.Name] = bytes.TrimSuffix(f.Data, []byte("\n"))
		if name, ok := strings.CutSuffix(f.Name, "/request.http"); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: it has no file that ends in /request.http", ErrArchive)
	}
	tokens, err := readTokens(files)
	if err != nil {
		return nil, err
	}
	rec := &Recording{hosts: map[string]bool{}, handed: map[string]string{}}
	for _, name := range names {
		e, err := readExchange(files, name)
		if err != nil {
			return nil, err
		}
		e.answer = tokens.fill(e.answer, rec.handed)
		rec.exchanges = append(rec.exchanges, e)
		rec.hosts[plainHost(e.url.Host)] = true
	}
	for _, e := range rec.exchanges {
		e.auth = rec.authKind(e.sent)
	}
	return rec, nil
}

func readExchange(files map[string][]byte, name string) (*exchanged, error) {
	e := &exchanged{name: name}
	start, header, err := readHead(files, name+"/request.http")
	if err != nil {
		return nil, err
	}
	f := strings.Fields(start)
	if len(f) != 3 || !strings.HasPrefix(f[2], "HTTP/") {
		return nil, fmt.Errorf("%w: %q does not begin with a method, a URL and HTTP/1.1", ErrArchive, name+"/request.http")
	}
	e.method = f[0]
	if e.url, err = url.Parse(f[1]); err != nil || e.url.Host == "" || e.url.Scheme != "https" && e.url.Scheme != "http" {
		return nil, fmt.Errorf("%w: the URL of %q is not absolute", ErrArchive, name+"/request.http")
	}
	e.query = e.url.Query()
	sent, err := readBody(files, name+"/request")
	if err != nil {
		return nil, err
	}
	e.body = newSentBody(header.Get("Content-Type"), sent)
	e.sent = header

	if start, e.header, err = readHead(files, name+"/response.http"); err != nil {
		return nil, err
	}
	if word, cut, _ := strings.Cut(start, " "); word == archive.Cut {
		e.cut = cut
		return e, nil
	}
	if e.tls, err = readTLS(files, name+"/tls.txt"); err != nil {
		return nil, err
	}
	proto, rest, _ := strings.Cut(start, " ")
	code, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if e.status, err = strconv.Atoi(code); err != nil || !strings.HasPrefix(proto, "HTTP/") || e.status < 200 || e.status > 599 {
		return nil, fmt.Errorf("%w: %q does not begin with HTTP/1.1 and a status of 200 to 599", ErrArchive, name+"/response.http")
	}
	// These are about the connection that was.
	for _, k := range []string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer"} {
		e.header.Del(k)
	}
	e.answer, err = readBody(files, name+"/response")
	return e, err
}

func readHead(files map[string][]byte, name string) (start string, header http.Header, err error) {
	data, ok := files[name]
	if !ok {
		return "", nil, fmt.Errorf("%w: %q is missing", ErrArchive, name)
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	rest = append(bytes.TrimRight(rest, "\r\n"), "\r\n\r\n"...)
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(bytes.TrimLeft(rest, "\r\n")))).ReadMIMEHeader()
	if err != nil && len(bytes.TrimSpace(rest)) > 0 {
		return "", nil, fmt.Errorf("%w: the header of %q is malformed", ErrArchive, name)
	}
	if h == nil {
		h = textproto.MIMEHeader{}
	}
	return strings.TrimSpace(string(first)), http.Header(h), nil
}

func readBody(files map[string][]byte, name string) ([]byte, error) {
	if text, ok := files[name+".txt"]; ok {
		return text, nil
	}
	if xml, ok := files[name+".xml"]; ok {
		var doc bytes.Buffer
		if err := wbxml.FromXML(&doc, bytes.NewReader(xml)); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrArchive, name+".xml", err)
		}
		return doc.Bytes(), nil
	}
	b, err := base64.StdEncoding.DecodeString(string(files[name+".base64"]))
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not base64", ErrArchive, name+".base64")
	}
	return b, nil
}

// A sentBody is one that can be compared.
type sentBody struct {
	form url.Values // of a form
	text string     // of all others: a document as XML, else the bytes
}

func newSentBody(contentType string, b []byte) sentBody {
	switch {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		if form, err := url.ParseQuery(string(b)); err == nil {
			return sentBody{form: form}
		}
	case strings.HasPrefix(contentType, typeWBXML) && len(b) > 0:
		var xml strings.Builder
		if err := wbxml.ToXML(&xml, bytes.NewReader(b), &wbxml.XMLOptions{Plain: true}); err == nil {
			return sentBody{text: xml.String()}
		}
	}
	return sentBody{text: string(b)}
}

// like reports whether a body is that of a recorded request.
func (b sentBody) like(recorded sentBody) bool {
	if recorded.form != nil || b.form != nil {
		return likeValues(b.form, recorded.form)
	}
	hide := func(s string) string { return archive.Passwords.ReplaceAllString(s, "$1$3") }
	return b.text == recorded.text || hide(b.text) == hide(recorded.text)
}

func likeValues(got, recorded url.Values) bool {
	return maps.EqualFunc(got, recorded, func(got, recorded []string) bool {
		return slices.EqualFunc(got, recorded, func(got, recorded string) bool {
			return got == recorded || isRedacted(recorded)
		})
	})
}

func isRedacted(s string) bool {
	n, ok := strings.CutPrefix(s, archive.Redacted)
	_, err := strconv.Atoi(n)
	return ok && err == nil
}

// plainHost is a host without the port of https, in lower case.
func plainHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// find returns the exchange that a request gets, and marks it.
func (rec *Recording) find(method, host string, u *url.URL, h http.Header, b sentBody) *exchanged {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var next, again *exchanged
	query, auth := u.Query(), rec.authKind(h)
	for _, e := range rec.exchanges {
		if e.method != method || host != "" && plainHost(e.url.Host) != host || e.url.Path != u.Path || !likeValues(query, e.query) {
			continue
		}
		switch same := auth == e.auth && b.like(e.body); {
		case same && !e.used:
			e.used = true
			return e
		case same:
			again = e
		case next == nil && !e.used && !rec.Strict:
			next = e
		}
	}
	if again != nil {
		return again
	}
	if next != nil {
		next.used = true
	}
	return next
}

// Unused returns the requests of the archive that have not been matched, as "003 POST
// mail.contoso.com/Microsoft-Server-ActiveSync", in the order of the archive.
func (rec *Recording) Unused() []string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var out []string
	for _, e := range rec.exchanges {
		if !e.used {
			out = append(out, e.name+" "+e.method+" "+e.url.Host+e.url.Path)
		}
	}
	return out
}

// RoundTrip implements [http.RoundTripper]. Where the archive has a cut connection, the error
// matches [io.ErrUnexpectedEOF] or is the one that the recorded fault causes; where it has no
// response, the error matches [ErrNotRecorded].
func (rec *Recording) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		defer req.Body.Close()
		var err error
		if sent, err = io.ReadAll(io.LimitReader(req.Body, maxRequest)); err != nil {
			return nil, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	e := rec.find(method, plainHost(host), req.URL, req.Header, newSentBody(req.Header.Get("Content-Type"), sent))
	switch {
	case e == nil:
		return nil, rec.missing(method, host, req.URL.Path)
	case e.status == 0:
		return nil, e.failure()
	}
	answer := e.answer
	if method == http.MethodHead {
		answer = nil
	}
	return &http.Response{
		Status: strconv.Itoa(e.status) + " " + http.StatusText(e.status), StatusCode: e.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: e.header.Clone(),
		Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer)), Request: req, TLS: e.tls,
	}, nil
}

func (rec *Recording) missing(method, host, path string) error {
	err := fmt.Errorf("%w: %s %s%s", ErrNotRecorded, method, host, path)
	if left := rec.Unused(); len(left) > 0 {
		return fmt.Errorf("%w; the next that is not used is %s", err, left[0])
	}
	return fmt.Errorf("%w; all that are recorded are used", err)
}

// ServeHTTP implements [http.Handler]. Requests for a host that the archive does not name, such as
// a server on loopback, match every host. A request that is not recorded gets status 501 and the
// reason.
func (rec *Recording) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sent, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	host := plainHost(r.Host)
	if !rec.hosts[host] {
		host = ""
	}
	e := rec.find(r.Method, host, r.URL, r.Header, newSentBody(r.Header.Get("Content-Type"), sent))
	switch {
	case e == nil:
		http.Error(w, rec.missing(r.Method, r.Host, r.URL.Path).Error(), http.StatusNotImplemented)
		return
	case e.status == 0:
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), e.header.Clone())
	w.WriteHeader(e.status)
	_, _ = w.Write(e.answer) // the client may have hung up
}
