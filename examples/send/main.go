// Send composes a mail, with attachments, and sends it.
//
//	go run ./examples/send                       an embedded tenant
//	echo "See you" | go run ./examples/send -email you@yourcompany.com -client-id … \
//		-to bob@contoso.com -subject "Tomorrow" -attach plan.pdf
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	m := &message{}
	var text string
	(&account.Program{
		Name: "send",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&m.to, "to", "", "recipients, with commas")
			fs.StringVar(&m.cc, "cc", "", "who gets a copy")
			fs.StringVar(&m.bcc, "bcc", "", "who gets a copy that the others do not see")
			fs.StringVar(&m.subject, "subject", "", "subject")
			fs.StringVar(&text, "text", "", "text; if empty, standard input is read")
			fs.Func("attach", "file to attach; may be given several times", func(name string) error {
				m.files = append(m.files, name)
				return nil
			})
		},
		Check: func() error {
			if m.to+m.cc+m.bcc == "" {
				return account.Misuse("the mail has no recipient: -to, -cc and -bcc are missing")
			}
			for _, name := range m.files {
				if _, err := os.Stat(name); err != nil {
					return err
				}
			}
			return nil
		},
		Demo: demonstrate,
		Run: func(ctx context.Context, s *account.Session) error {
			if m.text = text; text == "" {
				if account.IsTerminal(s.In) {
					fmt.Fprintln(s.Err, "type the text, and end it with Ctrl-D (on Windows, Ctrl-Z and Enter)")
				}
				b, err := account.Await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(s.In, eas.MaxSendBytes)) })
				if err != nil {
					return err
				}
				m.text = string(b)
			}
			client, err := s.Open(ctx)
			if err != nil {
				return err
			}
			return m.send(ctx, client, s.Email, s.Print)
		},
	}).Main()
}

// send composes the message and sends it. A LocalID would let a repetition be recognized:
// a program with an outbox keeps it with the message.
func (m *message) send(ctx context.Context, client *eas.Client, from string, print func(fmt.Stringer) error) error {
	mime, err := m.compose(from)
	if err != nil {
		return err
	}
	size := len(mime)
	if err := client.SendMail(ctx, bytes.NewReader(mime), &eas.SendOptions{LocalID: eas.NewDeviceID()}); err != nil {
		return err
	}
	return print(sent{size, len(m.files)})
}

type sent struct {
	Bytes       int `json:"bytes"`
	Attachments int `json:"attachments"`
}

func (s sent) String() string {
	return fmt.Sprintf("sent %d bytes with %d attachments", s.Bytes, s.Attachments)
}

// demonstrate sends a mail and shows how it has arrived.
func demonstrate(ctx context.Context, out io.Writer) error {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	bob := tn.AddMailbox("bob@contoso.com")
	client, err := account.OpenEmbedded(ctx, tn, "ada@contoso.com")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "plan-*.txt")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString("09:00 Breakfast\n"); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	m := &message{to: "Bob <bob@contoso.com>", subject: "Größe matters", text: "See you tomorrow.\n", files: []string{file.Name()}}
	if err := m.send(ctx, client, "ada@contoso.com", (&account.Session{Out: out}).Print); err != nil {
		return err
	}
	arrived := bob.Messages(eas.FolderInbox)
	if len(arrived) != 1 || !strings.Contains(arrived[0].Body.Data, "See you tomorrow.") {
		return errors.New("the mail has not arrived")
	}
	_, err = fmt.Fprintf(out, "arrived at %s: %q from %s\n", bob.Address(), arrived[0].Subject, arrived[0].From)
	return err
}
