package eastest

import (
	"net/mail"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// A mailPart is a part of a mail that changes apart from the others: what a device is told of a
// change are the parts that are newer than what it has, and no others. [MS-ASEMAIL] 3.2.5.4
type mailPart int

const (
	wholeMail mailPart = iota
	readPart
	flagPart
	categoriesPart
	verbPart
	mailParts
)

// changes notes that a part of a mail changes, for the version that it gets next.
func (it *item) changes(p mailPart) { it.pending[p] = true }

// changed notes that what changed has the item's version. What says nothing changed everything.
func (it *item) changed() {
	if it.pending == [mailParts]bool{} {
		it.pending[wholeMail] = true
	}
	for p, is := range it.pending {
		if is {
			it.changedAt[p] = it.version
		}
	}
	it.pending = [mailParts]bool{}
}

// changeData is what a change says to a device that has an item as of a version.
func (c *call) changeData(it *item, has uint64, want bodyChoice) *wbxml.Raw {
	if it.raw != nil || it.changedAt[wholeMail] > has {
		return c.data(it, want)
	}
	whole := c.mailData(it, bodyChoice{})
	d := &airsync.EmailData{}
	if it.changedAt[readPart] > has {
		d.Read = whole.Read
	}
	if it.changedAt[flagPart] > has {
		d.Flag = whole.Flag
	}
	if it.changedAt[categoriesPart] > has {
		d.Categories = &airsync.Categories{Category: it.mail.Categories}
	}
	if it.changedAt[verbPart] > has {
		d.LastVerbExecuted, d.LastVerbExecutionTime = whole.LastVerbExecuted, whole.LastVerbExecutionTime
	}
	return raw(d)
}

// addresses adds to a mail what the server makes of who sent it to whom, and when.
func (c *call) addresses(d *airsync.EmailData, m *eas.Email) {
	if d.DisplayTo == "" {
		d.DisplayTo = displayNames(m.To)
	}
	if !c.version.AtLeast(eas.Version140) {
		return
	}
	if m.Sender != "" && m.Sender != m.From {
		d.Sender = m.Sender
	}
	if m.ReceivedAsBCC {
		d.ReceivedAsBCC = &m.ReceivedAsBCC
	}
	if m.LastVerb != 0 {
		d.LastVerbExecuted, d.LastVerbExecutionTime = intp(int(m.LastVerb)), m.LastVerbTime.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if m.Voice != nil {
		d.UMCallerID, d.UMUserNotes = m.Voice.CallerID, m.Voice.Notes
	}
}

// displayNames are the names in a list of addresses. [MS-ASEMAIL] 2.2.2.33
func displayNames(list string) string {
	parsed, err := mail.ParseAddressList(list)
	if err != nil {
		name, _, _ := strings.Cut(list, "@")
		return name
	}
	var out []string
	for _, a := range parsed {
		name := a.Name
		if name == "" {
			name, _, _ = strings.Cut(a.Address, "@")
		}
		out = append(out, name)
	}
	return strings.Join(out, "; ")
}

// thread gives a mail that is sent its place in a conversation: that of the mail that it answers or
// forwards, or the first of a new one. [MS-ASCON] 2.2.2.4
func (c *call) thread(m *eas.Email, source *item) {
	now := c.now()
	m.ConversationIndex = conversationHeader(now)
	if source == nil || source.raw != nil {
		return
	}
	before := c.conversationOf(source)
	m.ConversationID = before.ConversationID
	m.ConversationIndex = append(append([]byte(nil), before.ConversationIndex...), conversationHeader(now)...)
	source.mail.LastVerb, source.mail.LastVerbTime = eas.VerbReply, now
	if c.command == "SmartForward" {
		source.mail.LastVerb = eas.VerbForward
	}
	source.changes(verbPart)
	c.box.touch(source)
}

// conversationOf returns a mail as versions have it that know conversations.
func (c *call) conversationOf(it *item) *airsync.EmailData {
	newer := *c
	newer.version = eas.Version141
	return newer.mailData(it, bodyChoice{})
}

// conversationHeader is a time in five bytes: the units of 2^18 nanoseconds and more since 1601.
func conversationHeader(t time.Time) []byte {
	const since1601 = 11644473600 // seconds until 1970
	n := uint64(t.Unix()+since1601)*10_000_000 + uint64(t.Nanosecond()/100)
	n >>= 16
	return []byte{byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}
