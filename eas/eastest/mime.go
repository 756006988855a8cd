package eastest

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// maxParts bounds the depth of a message's parts.
const maxParts = 16

// takeApart reads the body of a message, or of a part of one, into m: the first text, HTML before
// plain, the attachments, and an invitation. What cannot be read stays as it came.
func takeApart(m *eas.Email, h textproto.MIMEHeader, body []byte, depth int) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" && depth < maxParts {
		parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return // the end, or a message that was cut
			}
			b, err := io.ReadAll(p)
			if err != nil {
				return
			}
			takeApart(m, p.Header, b, depth+1)
		}
	}
	body = decoded(h.Get("Content-Transfer-Encoding"), body)
	disposition, dparams, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		disposition = ""
	}
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	switch {
	case kind == "text/calendar" && m.Meeting == nil:
		if invited, class := invitation(string(body)); invited != nil {
			m.Meeting, m.MessageClass = invited, class
		}
	case disposition != "attachment" && kind == "text/html" && (m.Body == nil || m.Body.Type == eas.BodyPlain):
		m.Body = &eas.Body{Type: eas.BodyHTML, Data: string(body)}
	case disposition != "attachment" && kind == "text/plain" && m.Body == nil:
		m.Body = &eas.Body{Type: eas.BodyPlain, Data: string(body)}
	case disposition != "attachment" && strings.HasPrefix(kind, "text/") && name == "":
		// Another form of the text that is there.
	default:
		if name == "" {
			name = "attachment"
		}
		m.Attachments = append(m.Attachments, eas.Attachment{
			Name: name, Content: body, ContentType: kind, ContentID: strings.Trim(h.Get("Content-Id"), "<>"), Size: int64(len(body)),
		})
	}
}

// decoded undoes a Content-Transfer-Encoding (RFC 2045 section 6).
func decoded(encoding string, b []byte) []byte {
	var out []byte
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		out, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(b)))
	case "quoted-printable":
		out, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
	default:
		return b
	}
	if err != nil {
		return b
	}
	return out
}

// meetingClasses are the message classes of the methods of iCalendar (RFC 5546).
var meetingClasses = map[string]string{
	"REQUEST": "IPM.Schedule.Meeting.Request", "CANCEL": "IPM.Schedule.Meeting.Canceled",
}

// invitation reads what the tenant needs of an iCalendar object (RFC 5545); nil if it is none
// that invites or cancels.
func invitation(text string) (*eas.MeetingRequest, string) {
	text = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(text)
	out := &eas.MeetingRequest{ResponseRequested: true}
	class, event := "", false
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		key, params, _ := strings.Cut(name, ";")
		switch key = strings.ToUpper(key); {
		case key == "METHOD":
			class = meetingClasses[strings.ToUpper(value)]
		case key == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			event = true
		case key == "END" && strings.EqualFold(value, "VEVENT"):
			event = false
		case !event:
		case key == "UID":
			out.UID = value
		case key == "DTSTART":
			out.Start = calendarTime(value, params)
			out.AllDay = strings.Contains(strings.ToUpper(params), "VALUE=DATE") && !strings.Contains(strings.ToUpper(params), "DATE-TIME")
		case key == "DTEND":
			out.End = calendarTime(value, params)
		case key == "DTSTAMP":
			out.Stamp = calendarTime(value, params)
		case key == "LOCATION":
			out.Place.Name = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, "\n", `\\`, `\`).Replace(value)
		case key == "ORGANIZER":
			if len(value) > len("mailto:") && strings.EqualFold(value[:len("mailto:")], "mailto:") {
				value = value[len("mailto:"):]
			}
			out.Organizer = value
		default:
			property(out, key, params, value)
		}
	}
	if class == "" || out.UID == "" || out.Start.IsZero() {
		return nil, ""
	}
	return out, class
}

// calendarTime reads a time of iCalendar: in UTC, in the zone of TZID, or a date.
func calendarTime(value, params string) time.Time {
	zone := time.UTC
	for p := range strings.SplitSeq(params, ";") {
		if name, ok := strings.CutPrefix(p, "TZID="); ok {
			if loc, err := time.LoadLocation(strings.Trim(name, `"`)); err == nil {
				zone = loc
			}
		}
	}
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		if t, err := time.ParseInLocation(layout, value, zone); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
