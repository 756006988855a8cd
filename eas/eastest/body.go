package eastest

import (
	"encoding/base64"
	"encoding/binary"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A preference says how a device takes bodies of one format. [MS-ASAIRS] 2.2.2.12
type preference struct {
	kind    eas.BodyType
	limit   int  // bytes; -1 for all
	none    bool // AllOrNone
	preview int
}

// A bodyChoice is what the options of a request say about bodies.
type bodyChoice struct {
	prefs []preference
	mime  int         // MIMESupport
	part  *preference // BodyPartPreference
}

// maxBodyPart is the size of a message beyond which the server makes no part of it.
const maxBodyPart = 1 << 20

// mimeTruncations are the limits of MIMETruncation 0 to 7; 8 is none. [MS-ASCMD] 2.2.3.112
var mimeTruncations = []int{0, 4096, 5120, 7168, 10240, 20480, 51200, 102400}

// choiceOf reads the options.
func choiceOf(options *node) bodyChoice {
	var out bodyChoice
	out.mime, _ = options.number(wbxml.AirSyncMIMESupport)
	for _, p := range options.all(wbxml.AirSyncBaseBodyPreference) {
		pref := preferenceOf(p)
		if n, ok := options.number(wbxml.AirSyncMIMETruncation); ok && pref.kind == eas.BodyMIME && n >= 0 && n < len(mimeTruncations) {
			pref.limit = mimeTruncations[n]
		}
		out.prefs = append(out.prefs, pref)
	}
	if p := options.child(wbxml.AirSyncBaseBodyPartPreference); p != nil {
		pref := preferenceOf(p)
		out.part = &pref
	}
	return out
}

func preferenceOf(p *node) preference {
	n, _ := p.number(wbxml.AirSyncBaseType)
	pref := preference{kind: eas.BodyType(n), limit: -1, none: p.value(wbxml.AirSyncBaseAllOrNone) == "1"}
	if limit, err := strconv.ParseUint(p.value(wbxml.AirSyncBaseTruncationSize), 10, 32); err == nil {
		pref.limit = int(limit)
	}
	pref.preview, _ = p.number(wbxml.AirSyncBasePreview)
	return pref
}

// bodyStatus is what a request gets for what it says about bodies: 0 if it may be. A format is
// preferred once. Parts are HTML, from 14.1 on. [MS-ASAIRS] 3.2.5.1, [MS-ASCMD] 2.2.2, status 164
func (c *call) bodyStatus(options *node, malformed int) int {
	seen := map[eas.BodyType]bool{}
	for _, p := range options.all(wbxml.AirSyncBaseBodyPreference) {
		kind := preferenceOf(p).kind
		if !wellFormedPreference(p) || seen[kind] || kind < eas.BodyPlain || kind > eas.BodyMIME {
			return malformed
		}
		seen[kind] = true
	}
	p := options.child(wbxml.AirSyncBaseBodyPartPreference)
	switch {
	case p == nil:
		return 0
	case !c.version.AtLeast(eas.Version141):
		return malformed
	case preferenceOf(p).kind != eas.BodyHTML:
		return 164
	}
	return 0
}

// of chooses the format in which a body goes out that is stored in another, or in the same. It
// reports false if the device wants none. A preference says how a format is taken, not that it
// must be: MIME comes where MIMESupport wants it, and only there; of the others, the one of the
// body comes before one that the server must convert to. Where MIME alone is preferred, and not
// supported, the device hears of the regular body, and gets none of its text.
// [MS-ASCMD] 2.2.3.110, [MS-ASAIRS] 2.2.2.12
func (w bodyChoice) of(stored eas.BodyType, class string) (preference, bool) {
	if len(w.prefs) == 0 {
		return preference{}, false
	}
	find := func(kind eas.BodyType) int {
		return slices.IndexFunc(w.prefs, func(p preference) bool { return p.kind == kind })
	}
	signed := strings.HasPrefix(class, "IPM.Note.SMIME")
	if i := find(eas.BodyMIME); i >= 0 && (w.mime == 2 || w.mime == 1 && signed) {
		return w.prefs[i], true
	}
	for _, kind := range []eas.BodyType{stored, eas.BodyHTML, eas.BodyPlain, eas.BodyRTF} {
		if i := find(kind); i >= 0 && kind != eas.BodyMIME {
			return w.prefs[i], true
		}
	}
	return preference{kind: stored, none: true}, true
}

// previewOnly is what a device gets of a mail that is outside of its window and comes for the sake
// of its conversation. [MS-ASCMD] 2.2.3.36.2
func (w bodyChoice) previewOnly() bodyChoice {
	out := bodyChoice{mime: w.mime}
	for _, p := range w.prefs {
		if p.preview > 0 {
			p.limit, p.none = 0, true
			out.prefs = append(out.prefs, p)
		}
	}
	return out
}

// A cutText is a text as a preference has it.
type cutText struct {
	size      int
	text      string
	truncated bool
	preview   string
}

// cut shortens a text, at the end of a character.
func (p preference) cut(text string) cutText {
	out := cutText{size: len(text), text: text}
	if p.preview > 0 {
		r := []rune(plain(text, p.kind))
		out.preview = string(r[:min(len(r), p.preview, 255)])
	}
	if p.limit < 0 || len(text) <= p.limit {
		return out
	}
	out.truncated = true
	if p.none {
		out.text = ""
		return out
	}
	out.text = text[:p.limit]
	for len(out.text) > 0 && !utf8.ValidString(out.text) {
		out.text = out.text[:len(out.text)-1]
	}
	return out
}

// body renders the body of a mail. [MS-ASAIRS] 2.2.2.9
func (w bodyChoice) body(m *eas.Email) *airsync.Body {
	text, stored := textOf(m)
	p, ok := w.of(stored, m.MessageClass)
	if !ok {
		return nil
	}
	if p.kind == eas.BodyMIME && stored != eas.BodyMIME {
		text = rfc5322(m)
	} else {
		text = converted(text, stored, p.kind)
	}
	cut := p.cut(text)
	size := uint64(cut.size)
	out := &airsync.Body{Type: int(p.kind), EstimatedDataSize: &size, Preview: cut.preview}
	if cut.truncated {
		out.Truncated = &cut.truncated
	}
	if cut.text != "" {
		out.Data = &cut.text
	}
	return out
}

// textOf returns the body of a mail and its format.
func textOf(m *eas.Email) (string, eas.BodyType) {
	switch {
	case m.Body == nil:
		return "", eas.BodyPlain
	case m.Body.Type == 0:
		return m.Body.Data, eas.BodyPlain
	}
	return m.Body.Data, m.Body.Type
}

// bodyPart renders what a mail adds to its conversation. [MS-ASAIRS] 2.2.2.10
func (w bodyChoice) bodyPart(m *eas.Email) []airsync.BodyPart {
	if w.part == nil {
		return nil
	}
	text, stored := textOf(m)
	size := uint64(len(text))
	if len(text) > maxBodyPart {
		return []airsync.BodyPart{{Status: intp(176), Type: int(eas.BodyHTML), EstimatedDataSize: &size}}
	}
	if stored != eas.BodyMIME {
		text = converted(unquoted(text, stored), stored, eas.BodyHTML)
	}
	cut := w.part.cut(text)
	size = uint64(cut.size)
	out := airsync.BodyPart{Status: intp(1), Type: int(eas.BodyHTML), EstimatedDataSize: &size, Preview: cut.preview}
	if cut.truncated {
		out.Truncated = &cut.truncated
	}
	if cut.text != "" {
		out.Data = &cut.text
	}
	return []airsync.BodyPart{out}
}

// unquoted returns a text without the message behind it that it responds to: in HTML what begins
// with the marks of Outlook and of others, in plain text what begins with the fields of a header, or
// with quoted lines.
func unquoted(text string, kind eas.BodyType) string {
	if kind == eas.BodyHTML {
		lower := strings.ToLower(text)
		end := len(text)
		for _, mark := range []string{`<div id="divrplyfwdmsg"`, `<div id="appendonsend"`, `<blockquote`, `<div class="gmail_quote`, "\r\n\r\nfrom: "} {
			if i := strings.Index(lower, mark); i >= 0 {
				end = min(end, i)
			}
		}
		return text[:end]
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		if strings.HasPrefix(line, "From: ") && (strings.HasPrefix(next, "Sent: ") || strings.HasPrefix(next, "To: ") || strings.HasPrefix(next, "Subject: ")) ||
			strings.HasPrefix(line, "-----Original Message-----") || strings.HasPrefix(line, ">") {
			return strings.TrimRight(strings.Join(lines[:i], ""), "\r\n")
		}
	}
	return text
}

// present puts the body of an item that is not mail into the format that the device takes.
func (w bodyChoice) present(b *node, version eas.Version) {
	data := b.value(wbxml.AirSyncBaseData)
	if d := b.child(wbxml.AirSyncBaseData); d != nil {
		data = d.text
	}
	kind, _ := b.number(wbxml.AirSyncBaseType)
	stored := eas.BodyType(kind)
	p, ok := w.of(stored, "")
	if !ok {
		return
	}
	if p.kind == eas.BodyMIME { // no item but mail is a message
		p.kind = stored
	}
	cut := p.cut(converted(data, stored, p.kind))
	b.kids = []*node{{tag: wbxml.AirSyncBaseType, text: strconv.Itoa(int(p.kind))}, {tag: wbxml.AirSyncBaseEstimatedDataSize, text: strconv.Itoa(cut.size)}}
	if cut.truncated {
		b.kids = append(b.kids, &node{tag: wbxml.AirSyncBaseTruncated, text: "1"})
	}
	if cut.text != "" {
		b.kids = append(b.kids, &node{tag: wbxml.AirSyncBaseData, text: cut.text})
	}
	if cut.preview != "" && version.AtLeast(eas.Version140) {
		b.kids = append(b.kids, &node{tag: wbxml.AirSyncBasePreview, text: cut.preview})
	}
}

// converted returns a text in another format. Rich text is as in base64.
func converted(text string, from, to eas.BodyType) string {
	switch {
	case from == to, text == "":
		return text
	case from == eas.BodyRTF:
		rtf, ok := unpackRTF(text)
		if !ok {
			return ""
		}
		return converted(rtf, eas.BodyPlain, to)
	case to == eas.BodyPlain:
		return plain(text, from)
	case to == eas.BodyRTF:
		return packRTF(plain(text, from))
	case to == eas.BodyHTML && from == eas.BodyPlain:
		return "<html><body><pre>" + html.EscapeString(text) + "</pre></body></html>"
	}
	return text
}

// plain returns the text of a body without its marks.
func plain(text string, kind eas.BodyType) string {
	switch kind {
	case eas.BodyHTML:
		return stripTags(text)
	case eas.BodyRTF:
		rtf, _ := unpackRTF(text)
		return rtf
	}
	return text
}

// breaks are the elements behind which a line ends.
var breaks = []string{"br", "br/", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/pre"}

// stripTags returns the text of HTML.
func stripTags(s string) string {
	var b strings.Builder
	for s != "" {
		text, rest, ok := strings.Cut(s, "<")
		b.WriteString(text)
		if !ok {
			break
		}
		tag, after, _ := strings.Cut(rest, ">")
		s = after
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), " ")
		switch {
		case name == "style", name == "script", name == "head":
			if i := strings.Index(strings.ToLower(s), "</"+name+">"); i >= 0 {
				s = s[i+len(name)+3:]
			}
		case slices.Contains(breaks, name):
			s = strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n")
			b.WriteString("\r\n")
		}
	}
	return strings.TrimRight(html.UnescapeString(b.String()), "\r\n")
}

// packRTF returns a text as rich text in the container of [MS-OXRTFCP], uncompressed, in base64.
func packRTF(text string) string {
	var b strings.Builder
	b.WriteString(`{\rtf1\ansi `)
	for _, r := range text {
		switch {
		case r == '\\' || r == '{' || r == '}':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\par` + "\r\n")
		case r == '\r':
		case r > 126 && r < 0x10000:
			b.WriteString(`\u` + strconv.Itoa(int(int16(r))) + "?")
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString("}")
	raw := b.String()
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(raw)+12))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(raw)))
	head = append(head, "MELA\x00\x00\x00\x00"...)
	return base64.StdEncoding.EncodeToString(append(head, raw...))
}

// unpackRTF returns the text of rich text. It reports false if that is compressed, which the
// tenant does not undo, or none.
func unpackRTF(text string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 16 || string(b[8:12]) != "MELA" {
		return "", false
	}
	var out strings.Builder
	s := string(b[16:])
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{', '}', '\r', '\n':
		case '\\':
			j := i + 1
			for j < len(s) && (s[j]|0x20 >= 'a' && s[j]|0x20 <= 'z') {
				j++
			}
			if j == i+1 { // an escaped character
				if j < len(s) {
					out.WriteByte(s[j])
				}
				i = j
				continue
			}
			word, k := s[i+1:j], j
			for k < len(s) && (s[k] == '-' || s[k] >= '0' && s[k] <= '9') {
				k++
			}
			switch n, _ := strconv.Atoi(s[j:k]); word {
			case "par":
				out.WriteString("\r\n")
			case "u":
				out.WriteRune(rune(uint16(n)))
				k++ // what stands for it elsewhere
			}
			if word != "u" && k < len(s) && s[k] == ' ' {
				k++
			}
			i = k - 1
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), true
}
