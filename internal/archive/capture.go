package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// Write returns the exchanges as an archive. s has noted the addresses and hosts that are known
// beforehand; what the exchanges hold is noted as well. Of header fields those are kept that say
// who responded and what a client acts on, of documents of ActiveSync the structure, and of
// tokens the claims for whom they are, in tokens/<name>.json.
func (r *Recorder) Write(comment string, s *StandIn, files ...File) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := &Redactor{Addresses: true, Tokens: map[string]map[string]any{}}
	for _, e := range r.exchanges { // a secret may be repeated before it is known as one
		s.Host(e.req.URL.Hostname())
		for _, name := range machines {
			for _, v := range e.header[http.CanonicalHeaderKey(name)] {
				s.Host(v)
			}
		}
		for _, m := range e.messages(d) {
			s.Notice(m.Start)
			s.Notice(string(m.Body))
			for _, values := range m.Header {
				s.Notice(strings.Join(values, "\n"))
			}
		}
	}
	var b bytes.Buffer
	b.WriteString(comment + "\n\n")
	for _, f := range files {
		appendFile(&b, f.Name, []byte(s.Text(string(f.Data))))
	}
	for i, e := range r.exchanges {
		for j, m := range e.messages(d) {
			m.Start = s.Text(m.Start)
			m.Header = s.header(m.Header)
			m.Body = d.body(s, m)
			m.Write(&b, fmt.Sprintf("%03d/%s", i+1, []string{"request", "response"}[j]))
		}
		if !e.expires.IsZero() {
			appendFile(&b, fmt.Sprintf("%03d/tls.txt", i+1), []byte("not-after: "+e.expires.UTC().Format(time.RFC3339)))
		}
	}
	for _, name := range sortedByPlace(d.Tokens, b.String()) {
		claims, err := json.Marshal(d.Tokens[name])
		if err == nil {
			appendFile(&b, "tokens/"+name+".json", []byte(s.Text(string(claims))))
		}
	}
	return Numbered(b.Bytes())
}

// sortedByPlace returns the names of tokens in the order in which a text has them; those that it
// has not are left out.
func sortedByPlace(tokens map[string]map[string]any, text string) []string {
	var names []string
	for _, name := range redactedName.FindAllString(text, -1) {
		if tokens[name] != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// messages are the request and the response, redacted.
func (e *exchange) messages(d *Redactor) []Message {
	sent := d.Sent(e.req, e.host, e.sent)
	if e.status == 0 {
		return []Message{sent, {Start: strings.TrimSpace(Cut + " " + e.cut)}}
	}
	h := e.header.Clone()
	for i, c := range h["Set-Cookie"] { // the names of cookies say whose device it is
		name, _, _ := strings.Cut(c, "=")
		h["Set-Cookie"][i] = name + "=" + strings.TrimSuffix(Redacted, "-")
	}
	cookies := h["Set-Cookie"]
	got := d.Received(e.status, h, e.got.Bytes())
	if cookies != nil {
		got.Header["Set-Cookie"] = cookies
	}
	return []Message{sent, got}
}

// machines are header fields that name machines.
var machines = []string{"X-FEServer", "X-BEServer", "X-TargetBEServer", "X-CalculatedBETarget", "X-CalculatedFETarget", "X-DiagInfo"}

// fields are those header fields of which the value is kept, with stand-ins.
var fields = append([]string{
	"Authorization", "X-User-Identity", "X-AnchorMailbox", "X-Email", "User-Agent", "Content-Type", "Accept", "MS-ASProtocolVersion", "X-MS-PolicyKey",
	"client-request-id", "Date", "Server", "WWW-Authenticate", "Location", "X-MS-Location", "request-id", "X-OWA-Version", "MS-Server-ActiveSync",
	"MS-ASProtocolVersions", "MS-ASProtocolCommands", "X-MS-ASThrottle", "X-MS-Diagnostics", "X-AutoDiscovery-Error", "X-NanoProxy", "X-ProxyErrorMessage",
	"X-ProxyErrorHResult", "X-ProxyErrorLabel", "Via", "Retry-After", "Allow", "jsonerror", "X-Z-Push-Version", "X-BackEndHttpStatus",
	"X-Proxy-BackendServerStatus", "X-FEProxyInfo", "Set-Cookie", "Report-To", "X-MS-Exchange-Transport", "X-MS-Credential-Service-Url",
}, machines...)

// verbatim are those of the fields that hold versions and dates, which look like addresses.
var verbatim = []string{"X-OWA-Version", "MS-Server-ActiveSync", "MS-ASProtocolVersions", "MS-ASProtocolVersion", "Date", "Retry-After", "Content-Type"}

var claimsParam = regexp.MustCompile(`(?i)claims="[^"]*"`)

func holds(list []string, name string) bool {
	return slices.ContainsFunc(list, func(f string) bool { return strings.EqualFold(f, name) })
}

func (s *StandIn) header(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		for _, v := range values {
			switch {
			case !holds(fields, name):
				v = strings.TrimSuffix(Redacted, "-")
			case !holds(verbatim, name):
				// The claims of a challenge may hold the address of the client.
				v = s.Text(claimsParam.ReplaceAllString(v, `claims="e30="`))
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}

var (
	// Text that is not words: keys, certificates, the state of a page.
	opaque    = regexp.MustCompile(`[A-Za-z0-9+_=-]{33,}`)
	idTokens  = regexp.MustCompile(`"id_token"\s*:\s*"[^"]*"\s*,?`)
	keys      = regexp.MustCompile(`("(?:kid|x5t|x5c|n)"\s*:\s*)(?:"[^"]*"|\[[^\]]*\])`)
	lastComma = regexp.MustCompile(`,\s*}`)
	interval  = regexp.MustCompile(`("interval"\s*:\s*"?)\d+`)
	names     = regexp.MustCompile(`(?i)(<(?:\w+:)?(?:DisplayName|Name)>)[^<]*`)
	opaques   = regexp.MustCompile(`(<\?(?:opaque|string)[^>]*\?>)[^<]*`)
	leaves    = regexp.MustCompile(`<([\w:]+)((?:\s[^>]*)?)>([^<]+)</`)
	plain     = regexp.MustCompile(`^(?:[0-9.+-]*|true|false|T|F)$`)
)

// structural are elements of documents of ActiveSync whose text is not about anybody.
var structural = []string{"SyncKey", "ServerId", "ParentId", "CollectionId", "PolicyKey", "PolicyType", "Class", "Status", "Type"}

// body replaces what a body says of people and machines.
func (d *Redactor) body(s *StandIn, m Message) []byte {
	kind := m.Header.Get("Content-Type")
	switch {
	case len(m.Body) == 0:
		return nil
	case strings.HasPrefix(kind, WBXML):
		xml, ok := exactXML(m.Body)
		if !ok {
			return nil // of what cannot be read nothing is kept
		}
		xml = opaques.ReplaceAllString(xml, "$1")
		xml = leaves.ReplaceAllStringFunc(xml, func(leaf string) string {
			f := leaves.FindStringSubmatch(leaf)
			_, name, ok := strings.Cut(f[1], ":")
			if !ok {
				name = f[1]
			}
			text := f[3]
			switch {
			case plain.MatchString(text):
			case slices.Contains(structural, name):
				text = s.Text(text)
			case strings.Contains(text, "@"):
				text = s.Text(text)
			default:
				text = s.Opaque(text)
			}
			return "<" + f[1] + f[2] + ">" + text + "</"
		})
		var doc bytes.Buffer
		if err := wbxml.FromXML(&doc, strings.NewReader(xml)); err != nil {
			return nil
		}
		return doc.Bytes()
	case !utf8.Valid(m.Body):
		return nil
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		return []byte(s.form(string(m.Body)))
	}
	text := idTokens.ReplaceAllString(string(m.Body), "")
	text = keys.ReplaceAllString(text, `$1""`)
	text = lastComma.ReplaceAllString(text, "}")
	text = interval.ReplaceAllString(text, "${1}1") // nobody waits for a recording
	text = names.ReplaceAllString(text, "${1}name")
	text = s.Text(text)
	return []byte(opaque.ReplaceAllStringFunc(text, func(o string) string {
		if strings.HasPrefix(o, Redacted) || guidPattern.MatchString(o) || !strings.ContainsAny(o, "0123456789") || strings.ToLower(o) == o {
			return o
		}
		return s.Opaque(o)
	}))
}

// form replaces in the values of a form, which are escaped.
func (s *StandIn) form(raw string) string {
	parts := strings.Split(raw, "&")
	for i, p := range parts {
		k, v, _ := strings.Cut(p, "=")
		value, err := url.QueryUnescape(v)
		if err != nil {
			continue
		}
		if to := s.Text(value); to != value {
			parts[i] = k + "=" + url.QueryEscape(to)
		}
	}
	return strings.Join(parts, "&")
}
