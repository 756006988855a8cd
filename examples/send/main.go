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
	"os/signal"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	var f account.Flags
	f.Register()
	m := &message{}
	flag.StringVar(&m.to, "to", "", "recipients, with commas")
	flag.StringVar(&m.cc, "cc", "", "who gets a copy")
	flag.StringVar(&m.bcc, "bcc", "", "who gets a copy that the others do not see")
	flag.StringVar(&m.subject, "subject", "", "subject")
	text := flag.String("text", "", "text; if empty, standard input is read")
	flag.Func("attach", "file to attach; may be given several times", func(name string) error {
		m.files = append(m.files, name)
		return nil
	})
	flag.Parse()
	if flag.NArg() > 0 || !f.Embedded() && m.to+m.cc+m.bcc == "" {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := func() error {
		if f.Embedded() {
			return demonstrate(ctx, os.Stdout)
		}
		m.text = *text
		if m.text == "" {
			b, err := io.ReadAll(io.LimitReader(os.Stdin, eas.MaxSend))
			if err != nil {
				return err
			}
			m.text = string(b)
		}
		client, err := f.Open(ctx, os.Stderr)
		if err != nil {
			return err
		}
		return m.send(ctx, client, f.Email, os.Stdout)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		stop()
		os.Exit(1)
	}
}

// send composes the message and sends it. The ClientID would let a repetition be recognized:
// a program with an outbox keeps it with the message.
func (m *message) send(ctx context.Context, client *eas.Client, from string, out io.Writer) error {
	mime, err := m.compose(from)
	if err != nil {
		return err
	}
	size := len(mime)
	if err := client.SendMail(ctx, bytes.NewReader(mime), &eas.SendOptions{ClientID: eas.NewDeviceID()}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "sent %d bytes with %d attachments\n", size, len(m.files))
	return err
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
	if err := m.send(ctx, client, "ada@contoso.com", out); err != nil {
		return err
	}
	arrived := bob.Items(eas.FolderInbox)
	if len(arrived) != 1 || !strings.Contains(arrived[0].Body.Data, "See you tomorrow.") {
		return errors.New("the mail has not arrived")
	}
	_, err = fmt.Fprintf(out, "arrived at %s: %q from %s\n", bob.Address(), arrived[0].Subject, arrived[0].From)
	return err
}
