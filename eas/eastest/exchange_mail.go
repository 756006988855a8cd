package eastest

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// sendMail serves SendMail in both of its forms. [MS-ASCMD] 2.2.1.17
func (c *call) sendMail() {
	var message []byte
	save := c.saved
	clientID := ""
	if c.version.AtLeast(eas.Version140) {
		if c.root == nil || !c.root.inOrder(wbxml.ComposeMailClientId, wbxml.ComposeMailAccountId, wbxml.ComposeMailSaveInSentItems, wbxml.ComposeMailMime) {
			c.common(103, 400)
			return
		}
		clientID = c.root.value(wbxml.ComposeMailClientId)
		body := c.root.child(wbxml.ComposeMailMime)
		if clientID == "" || len(clientID) > 40 || body == nil {
			c.common(103, 400)
			return
		}
		if c.box.sentIDs[clientID] {
			c.common(118, 400)
			return
		}
		save = c.root.child(wbxml.ComposeMailSaveInSentItems) != nil
		message = []byte(body.text)
	} else {
		message = c.body
	}
	parsed, to, ok := parseMail(message)
	switch {
	case !ok:
		c.common(107, 400)
		return
	case len(to) == 0:
		c.common(119, 400)
		return
	}
	parsed.From = c.box.addr
	if clientID != "" {
		c.box.sentIDs[clientID] = true
	}
	for _, addr := range to {
		if m := c.users[strings.ToLower(addr)]; m != nil {
			delivered := *parsed
			m.deliver([]eas.Item{&delivered})
		}
	}
	if save {
		read := true
		parsed.Read = &read
		c.box.add(c.box.byType(eas.FolderSentItems), *parsed)
	}
	c.reply(nil)
}

// parseMail reads a message and returns its recipients.
func parseMail(raw []byte) (*eas.Email, []string, bool) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(m.Header) == 0 {
		return nil, nil, false
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return nil, nil, false
	}
	var d mime.WordDecoder
	subject, err := d.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	out := &eas.Email{
		Subject: subject, To: m.Header.Get("To"), CC: m.Header.Get("Cc"),
		Body: &eas.Body{Type: eas.BodyPlain, Data: string(text)},
	}
	if strings.HasPrefix(strings.ToLower(m.Header.Get("Content-Type")), "text/html") {
		out.Body.Type = eas.BodyHTML
	}
	var to []string
	for _, name := range []string{"To", "Cc", "Bcc"} {
		if m.Header.Get(name) == "" {
			continue
		}
		list, err := m.Header.AddressList(name)
		if err != nil {
			return nil, nil, false
		}
		for _, a := range list {
			to = append(to, a.Address)
		}
	}
	return out, to, true
}
