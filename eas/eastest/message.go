package eastest

import (
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// rfc5322 writes a mail as in RFC 5322: the text alone, or with its attachments behind it as
// multipart/mixed, and with the invitation beside the text as multipart/alternative.
func rfc5322(m *eas.Email) string {
	text, kind := textOf(m)
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, strings.NewReplacer("\r", "", "\n", " ").Replace(value))
		}
	}
	field("From", m.From)
	field("To", m.To)
	field("Cc", m.CC)
	field("Reply-To", m.ReplyTo)
	field("Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	field("Thread-Topic", mime.QEncoding.Encode("utf-8", m.ThreadTopic))
	field("Date", m.Received.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	if m.Importance != nil {
		field("Importance", [...]string{"low", "normal", "high"}[min(max(int(*m.Importance), 0), 2)])
	}
	field("MIME-Version", "1.0")
	body := textPart(text, kind)
	if m.Meeting != nil {
		body = composite("alternative", body, calendarPart(m))
	}
	if len(m.Attachments) > 0 {
		parts := []string{body}
		for _, a := range m.Attachments {
			parts = append(parts, attachmentPart(a))
		}
		body = composite("mixed", parts...)
	}
	return b.String() + body
}

// textPart writes a text with its fields.
func textPart(text string, kind eas.BodyType) string {
	name := "text/plain"
	if kind == eas.BodyHTML {
		name = "text/html"
	}
	encoding := ""
	if strings.ContainsFunc(text, func(r rune) bool { return r > 126 }) {
		encoding = "Content-Transfer-Encoding: 8bit\r\n"
	}
	return "Content-Type: " + name + "; charset=utf-8\r\n" + encoding + "\r\n" + text
}

// composite writes parts with a boundary that none of them has.
func composite(kind string, parts ...string) string {
	boundary := ""
	for n := 1; boundary == "" || strings.Contains(strings.Join(parts, ""), boundary); n++ {
		boundary = fmt.Sprintf("_%03d_%s_", n, kind)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=%q\r\n\r\n", kind, boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n%s\r\n", boundary, p)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.String()
}

func attachmentPart(a eas.Attachment) string {
	kind := a.ContentType
	if kind == "" {
		kind = "application/octet-stream"
	}
	disposition := "attachment"
	if a.Inline {
		disposition = "inline"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n", kind, mime.FormatMediaType(disposition, map[string]string{"filename": a.Name}))
	if a.ContentID != "" {
		fmt.Fprintf(&b, "Content-ID: <%s>\r\n", a.ContentID)
	}
	if a.Location != "" {
		fmt.Fprintf(&b, "Content-Location: %s\r\n", a.Location)
	}
	content := base64.StdEncoding.EncodeToString(a.Content)
	for len(content) > 76 {
		b.WriteString("\r\n" + content[:76])
		content = content[76:]
	}
	return b.String() + "\r\n" + content
}

// calendarPart writes the invitation in a mail (RFC 5545).
func calendarPart(m *eas.Email) string {
	e, method, status := m.Meeting, "REQUEST", "CONFIRMED"
	if m.MessageClass == meetingClasses["CANCEL"] {
		method, status = "CANCEL", "CANCELLED"
	}
	escape := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r", "", "\n", `\n`).Replace
	at := func(t time.Time) string {
		if e.AllDay {
			return ";VALUE=DATE:" + t.UTC().Format("20060102")
		}
		return ":" + compact(t)
	}
	lines := []string{
		"BEGIN:VCALENDAR", "METHOD:" + method, "PRODID:Microsoft Exchange Server", "VERSION:2.0", "BEGIN:VEVENT",
		"UID:" + meetingUID(m), "ORGANIZER:mailto:" + person(e.Organizer).Email, "SUMMARY:" + escape(m.Subject),
		"DTSTART" + at(e.Start), "DTEND" + at(e.End), "DTSTAMP:" + compact(m.Received), "STATUS:" + status,
	}
	if e.Place.Name != "" {
		lines = append(lines, "LOCATION:"+escape(e.Place.Name))
	}
	lines = append(lines, "END:VEVENT", "END:VCALENDAR")
	return "Content-Type: text/calendar; charset=utf-8; method=" + method + "\r\n\r\n" + strings.Join(lines, "\r\n") + "\r\n"
}
