package eastest

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// An audience is a kind of sender that gets an automatic reply of its own.
type audience int

const (
	internal audience = iota // of the organization
	known                    // of another, and in the user's contacts
	unknown                  // of another
	audiences
)

var audienceTags = [audiences]wbxml.Tag{
	wbxml.SettingsAppliesToInternal, wbxml.SettingsAppliesToExternalKnown, wbxml.SettingsAppliesToExternalUnknown,
}

// An outOfOffice is what a mailbox replies by itself.
type outOfOffice struct {
	state      int // 0 not, 1 always, 2 from start to end
	start, end string
	replies    [audiences]autoReply
	told       map[string]bool // the senders that have had a reply, until it changes
}

// An autoReply is the reply to one audience.
type autoReply struct {
	set     bool // a request has named it
	enabled bool
	text    string
	html    bool
}

// oof serves the out-of-office settings. What a request does not name stays as it is.
// [MS-ASCMD] 2.2.3.122
func (c *call) oof(k *node) *airsync.OofReply {
	if set := k.child(wbxml.SettingsSet); set != nil {
		next, status := c.box.oof.changed(set)
		if status == 1 {
			c.box.oof = next
		}
		return &airsync.OofReply{Status: &status}
	}
	o := &c.box.oof
	out := &airsync.Oof{State: intp(o.state), StartTime: o.start, EndTime: o.end}
	wantHTML := strings.EqualFold(k.child(wbxml.SettingsGet).value(wbxml.SettingsBodyType), "HTML")
	for a, m := range o.replies {
		if !m.set {
			continue
		}
		enabled := m.enabled
		wire := airsync.OofMessage{
			Internal: audience(a) == internal, ExternalKnown: audience(a) == known, ExternalUnknown: audience(a) == unknown, Enabled: &enabled,
		}
		if m.text != "" {
			body := converted(m.text, bodyTypeOf(m.html), bodyTypeOf(wantHTML))
			wire.Reply, wire.BodyType = body, map[bool]string{false: "TEXT", true: "HTML"}[wantHTML]
		}
		out.Message = append(out.Message, wire)
	}
	return &airsync.OofReply{Status: intp(1), Get: out}
}

func bodyTypeOf(html bool) eas.BodyType {
	if html {
		return eas.BodyHTML
	}
	return eas.BodyPlain
}

// changed returns the settings after a request, and its status: 2 for what the protocol does not
// have, 5 for a value that is none, 6 for demands that contradict each other.
func (o outOfOffice) changed(set *node) (outOfOffice, int) {
	if set.child(wbxml.SettingsOofState) != nil {
		n, ok := set.number(wbxml.SettingsOofState)
		if !ok || n < 0 || n > 2 {
			return o, 2
		}
		o.state = n
	}
	start, end := set.value(wbxml.SettingsStartTime), set.value(wbxml.SettingsEndTime)
	if (start == "") != (end == "") {
		return o, 2 // [MS-ASCMD] 2.2.3.176.2: both or neither
	}
	if o.state != 2 {
		o.start, o.end = "", "" // which are not stored then: 2.2.3.124
	} else if start != "" {
		from, ok1 := wireTime(start)
		to, ok2 := wireTime(end)
		switch {
		case !ok1 || !ok2:
			return o, 5
		case !to.After(from):
			return o, 6
		}
		o.start, o.end = start, end
	}
	o.told = nil
	named := [audiences]bool{}
	for _, m := range set.all(wbxml.SettingsOofMessage) {
		text, kind := m.value(wbxml.SettingsReplyMessage), strings.ToUpper(m.value(wbxml.SettingsBodyType))
		switch {
		case text != "" && kind == "", kind != "" && kind != "TEXT" && kind != "HTML":
			return o, 5
		}
		for a, tag := range audienceTags {
			if m.child(tag) == nil {
				continue
			}
			if named[a] {
				return o, 6
			}
			named[a] = true
			o.replies[a].set = true
			o.replies[a].enabled = m.value(wbxml.SettingsEnabled) == "1"
			o.replies[a].text, o.replies[a].html = text, kind == "HTML"
		}
	}
	// There is one reply for all senders of other organizations.
	if named[known] && named[unknown] && o.replies[known].enabled && o.replies[unknown].enabled && o.replies[known].text != o.replies[unknown].text {
		return o, 6
	}
	return o, 1
}

// on reports whether the mailbox replies now.
func (m *Mailbox) on() bool {
	o := &m.oof
	if o.state != 2 {
		return o.state == 1
	}
	from, _ := wireTime(o.start)
	to, _ := wireTime(o.end)
	now := m.tn.now()
	return !now.Before(from) && now.Before(to)
}

// audienceOf says who a sender is to the user.
func (m *Mailbox) audienceOf(sender string) audience {
	if m.tn.at.accepts(sender) {
		return internal
	}
	for it := range m.byType(eas.FolderContacts).all() {
		n, err := parseTree(it.raw)
		if err != nil {
			continue
		}
		for _, tag := range []wbxml.Tag{wbxml.ContactsEmail1Address, wbxml.ContactsEmail2Address, wbxml.ContactsEmail3Address} {
			if strings.EqualFold(person(n.value(tag)).Email, sender) {
				return known
			}
		}
	}
	return unknown
}

// automatic are the classes of messages that programs write: none of them gets a reply, so that
// two mailboxes do not reply to each other for ever.
var automatic = []string{"REPORT.", "IPM.Note.Rules.", "IPM.Schedule.Meeting.Resp."}

// autoReply replies to a message that has arrived, once to each sender until the settings change.
// [MS-OXORULE] 3.2.5.1.1
func (m *Mailbox) autoReply(mail *eas.Email) {
	sender := strings.ToLower(person(mail.From).Email)
	isAutomatic := func(class string) bool { return strings.HasPrefix(mail.MessageClass, class) }
	if !m.on() || !strings.Contains(sender, "@") || sender == m.addr || m.oof.told[sender] || slices.ContainsFunc(automatic, isAutomatic) ||
		strings.HasPrefix(sender, "postmaster@") || strings.HasPrefix(sender, "mailer-daemon@") {
		return
	}
	reply := m.oof.replies[m.audienceOf(sender)]
	if !reply.enabled || reply.text == "" {
		return
	}
	if m.oof.told == nil {
		m.oof.told = map[string]bool{}
	}
	m.oof.told[sender] = true
	answer := eas.Email{
		From: m.addr, To: sender, Subject: "Automatic reply: " + mail.Subject, MessageClass: "IPM.Note.Rules.OofTemplate.Microsoft",
		ThreadTopic: mail.Subject, Body: &eas.Body{Type: bodyTypeOf(reply.html), Data: reply.text},
	}
	if mail.ThreadTopic != "" {
		answer.ThreadTopic = mail.ThreadTopic
	}
	if box := m.tn.users[sender]; box != nil {
		box.add(box.byType(eas.FolderInbox), answer)
	} else if !m.tn.at.accepts(sender) {
		m.tn.outside = append(m.tn.outside, answer)
	}
}

// suppressed reports whether a message says that no automatic reply is wanted: RFC 3834 section 5,
// [MS-OXCMAIL] 2.2.3.2.14, and mailing lists.
func suppressed(h textproto.MIMEHeader) bool {
	if auto := h.Get("Auto-Submitted"); auto != "" && !strings.EqualFold(auto, "no") || h.Get("List-Id") != "" {
		return true
	}
	for word := range strings.FieldsFuncSeq(h.Get("X-Auto-Response-Suppress"), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if strings.EqualFold(word, "OOF") || strings.EqualFold(word, "All") {
			return true
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "list", "junk":
		return true
	}
	return false
}
