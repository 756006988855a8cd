package autodiscover

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Namespaces of AutoDiscover v1 for mobile clients. [MS-ASCMD] 2.2.1.1
const (
	requestSchema  = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
	responseSchema = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
)

// Limits of AutoDiscover v1.
const (
	maxXMLDepth  = 64
	maxXMLMarks  = 1024 // of "<" and "=", which bounds elements and attributes
	maxAddresses = 3    // that redirects may name, one after the other
)

// errXML says that a body is not a response of AutoDiscover v1.
var errXML = errors.New("not the XML of AutoDiscover v1")

// A v1Answer is what a response of AutoDiscover v1 says.
type v1Answer struct {
	url      string // of the MobileSync server
	redirect string // another address to ask about
	code     string // of the framework's error, e.g. "601"
	status   string // of the mobilesync error, never "1"
	message  string
}

// parseV1 reads an answer. Documents with a DOCTYPE or other declarations are refused, so
// that there are no entities; so are documents deeper than 64, and those of very many elements.
func parseV1(body []byte) (v1Answer, error) {
	var a v1Answer
	if bytes.Count(body, []byte("<"))+bytes.Count(body, []byte("=")) > maxXMLMarks {
		return a, fmt.Errorf("%w: more elements than the limit", errXML)
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii") {
			return r, nil
		}
		return nil, errXML
	}
	var path []string
	var text strings.Builder
	server := map[string]string{}
	root := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return v1Answer{}, fmt.Errorf("%w: syntax", errXML)
		}
		switch t := t.(type) {
		case xml.Directive:
			return v1Answer{}, fmt.Errorf("%w: a declaration", errXML)
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxXMLDepth {
				return v1Answer{}, fmt.Errorf("%w: deeper than %d", errXML, maxXMLDepth)
			}
			if len(path) == 1 && (root || t.Name.Local != "Autodiscover") {
				return v1Answer{}, fmt.Errorf("%w: another root", errXML)
			}
			root = true
			if t.Name.Local == "Server" {
				clear(server)
			}
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			// Servers put white space around values ([MS-ASCMD] 4.2.4 does).
			value := strings.TrimSpace(text.String())
			switch strings.Join(path, "/") {
			case "Autodiscover/Response/Action/Redirect":
				a.redirect = value
			case "Autodiscover/Response/Action/Settings/Server/Type", "Autodiscover/Response/Action/Settings/Server/Url":
				server[path[len(path)-1]] = value
			case "Autodiscover/Response/Action/Settings/Server":
				if strings.EqualFold(server["Type"], "MobileSync") && a.url == "" {
					a.url = server["Url"]
				}
			case "Autodiscover/Response/Error/ErrorCode":
				a.code = value
			case "Autodiscover/Response/Action/Error/Status":
				a.status = value
			case "Autodiscover/Response/Error/Message", "Autodiscover/Response/Action/Error/Message":
				a.message = value
			}
			path = path[:len(path)-1]
		}
	}
	if !root || len(path) > 0 {
		return v1Answer{}, fmt.Errorf("%w: no document", errXML)
	}
	return a, nil
}

// v1 asks by AutoDiscover v1, host after host. A redirect to another address begins again
// with its domain; no address is asked about twice.
func (l *lookup) v1(ctx context.Context, j *journal) *Endpoint {
	addr := l.addr
	asked := map[string]bool{}
	from := &url.URL{Scheme: "https", Host: "autodiscover." + addr.domain}
	for range maxAddresses {
		key := strings.ToLower(addr.full)
		if asked[key] {
			break
		}
		asked[key] = true
		next := ""
		for _, host := range []string{"autodiscover." + addr.domain, addr.domain} {
			u := &url.URL{Scheme: "https", Host: host, Path: "/autodiscover/autodiscover.xml"}
			hop := Hop{Candidate: "v1", URL: safehttp.Redact(u), Method: http.MethodPost}
			start := time.Now()
			e, redirect, err := l.askV1(ctx, &hop, u, addr)
			if err == nil {
				e.Foreign, err = l.allow(ctx, u, e.URL, false, ErrBadEndpoint)
			}
			hop.Elapsed, hop.Err = time.Since(start), err
			j.add(hop)
			if err == nil {
				return e
			}
			if ctx.Err() != nil {
				return nil
			}
			if next = redirect; next != "" {
				break
			}
		}
		if next == "" {
			return nil
		}
		to, err := parseAddress(next)
		if err == nil && to.domain != l.addr.domain && !strings.HasSuffix(to.domain, "."+l.addr.domain) {
			err = l.confirmHost(ctx, from, &url.URL{Scheme: "https", Host: "autodiscover." + to.domain})
		}
		if err != nil {
			j.add(Hop{Candidate: "v1", URL: safehttp.Redact(from), Err: &HopError{Fault: "AD_UNCONFIRMED", Reason: "it redirects to another address", Err: errors.Join(ErrRedirect, err)}})
			return nil
		}
		addr = to
		from = &url.URL{Scheme: "https", Host: "autodiscover." + addr.domain}
	}
	j.add(Hop{Candidate: "v1", URL: safehttp.Redact(from), Err: &HopError{Fault: "AD_REDIRECT_LOOP", Reason: "addresses redirect in a circle", Err: ErrRedirect}})
	return nil
}

func (l *lookup) askV1(ctx context.Context, hop *Hop, u *url.URL, addr address) (e *Endpoint, redirect string, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	var email bytes.Buffer
	if err := xml.EscapeText(&email, []byte(addr.full)); err != nil {
		return nil, "", &HopError{Reason: "the address cannot be written", Err: err}
	}
	body := `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="` + requestSchema + `"><Request><EMailAddress>` + email.String() +
		`</EMailAddress><AcceptableResponseSchema>` + responseSchema + `</AcceptableResponseSchema></Request></Autodiscover>`
	req, err := l.newRequest(ctx, http.MethodPost, u, body)
	if err != nil {
		return nil, "", err
	}
	// Outlook.com takes no other spelling of the type.
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	l.callback(func() { err = l.Authorize(ctx, req) })
	if err != nil {
		return nil, "", &HopError{Fault: "AD_V1_NO_TOKEN", Err: err}
	}
	if v := req.Header.Values("Authorization"); len(v) != 1 || len(v[0]) < 8 || !strings.EqualFold(v[0][:7], "Bearer ") || req.URL.String() != u.String() {
		return nil, "", &HopError{Fault: "AD_V1_NO_TOKEN", Reason: "Authorize set no bearer token", Err: ErrNotV2}
	}
	resp, err := safehttp.Do(l.httpClient(nil), req)
	if err != nil {
		return nil, "", unreachable(err)
	}
	defer safehttp.Drain(resp.Body)
	hop.note(resp)
	l.warn(resp)
	fail := func(id fault.ID, err error, reason string) (*Endpoint, string, error) {
		return nil, "", &HopError{Status: hop.Status, Fault: string(id), Reason: reason, Err: err}
	}
	if x := resp.Header.Get("X-AutoDiscovery-Error"); x != "" {
		return fail("AD_ERROR_CODE", ErrNotV2, "the server says "+safehttp.Plain(x, 256))
	}
	broken, why := failed(resp.StatusCode)
	switch s := resp.StatusCode; {
	case s >= 300 && s < 400:
		// The token is for this host: another one is not asked with it.
		return fail("AD_UNCONFIRMED", ErrRedirect, "the token is not sent along a redirect")
	case s == 401 || s == 403:
		return nil, "", &HopError{Status: s, Fault: "AD_V1_TOKEN", Err: ErrPreAuthentication}
	case s == 429 || s == 503:
		wait, _ := safehttp.RetryAfter(resp.Header, time.Now(), maxRetryAfter)
		return nil, "", &HopError{Status: s, RetryAfter: wait, Fault: "SERVER_BUSY", Err: ErrThrottled}
	case broken != "":
		return fail(broken, why, "")
	case s != 200:
		return fail("AD_NOT_V1", ErrNotV2, "")
	}
	b, err := safehttp.ReadSized(resp.Body, resp.ContentLength, safehttp.MaxJSON)
	if err != nil {
		return nil, "", bodyError(hop.Status, err)
	}
	a, err := parseV1(b)
	switch {
	case err != nil:
		return nil, "", &HopError{Status: hop.Status, Fault: "AD_NOT_V1", Reason: err.Error(), Err: err}
	case a.code != "":
		return nil, "", v1Error(hop.Status, safehttp.Plain(a.code, 64), a.message)
	case a.status != "":
		return nil, "", v1Error(hop.Status, "status "+safehttp.Plain(a.status, 64), a.message)
	case a.redirect != "":
		return nil, a.redirect, &HopError{Status: hop.Status, Fault: "AD_UNCONFIRMED", Reason: "it names another address", Err: ErrRedirect}
	}
	to, err := url.Parse(a.url)
	if err != nil || a.url == "" {
		return fail("AD_WRONG_URL", ErrBadEndpoint, "no server of type MobileSync")
	}
	if err := safehttp.CheckURL(to); err != nil {
		return nil, "", &HopError{Status: hop.Status, Fault: "AD_WRONG_URL", Reason: err.Error(), Err: ErrBadEndpoint}
	}
	hop.Next = safehttp.Clean(to.Host, 256)
	if to = bareURL(to); !completeActiveSync(to) {
		return nil, "", &HopError{Status: hop.Status, Fault: "NOT_ACTIVESYNC", Err: ErrBadEndpoint}
	}
	return &Endpoint{URL: to, Protocol: ActiveSync}, "", nil
}

func v1Error(status int, code, message string) error {
	se := &ServerError{Code: code, Message: safehttp.Plain(message, 256)}
	return &HopError{Status: status, Fault: string(se.fault()), Reason: se.Error(), Err: se}
}
