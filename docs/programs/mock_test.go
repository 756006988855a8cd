package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/easoauth/easoauth/eas"
)

// remind sends a mail. It takes the one method that it needs.
func remind(ctx context.Context, mailer eas.MailSender, to, subject string) error {
	message := "To: " + to + "\r\nSubject: " + subject + "\r\n\r\n"
	return mailer.SendMail(ctx, strings.NewReader(message), nil)
}

// fullMailbox is a mock of it.
type fullMailbox struct{ sent int }

func (m *fullMailbox) SendMail(_ context.Context, mime io.Reader, _ *eas.SendOptions) error {
	m.sent++
	_, err := io.Copy(io.Discard, mime)
	return errors.Join(err, &eas.Error{Command: "SendMail", Status: 115, Action: eas.ActionUser})
}

func Example_mock() {
	mailbox := new(fullMailbox)
	err := remind(context.Background(), mailbox, "bob@contoso.com", "Lunch?")
	var refusal *eas.Error
	fmt.Println(mailbox.sent, errors.As(err, &refusal), refusal.Action)
	// Output: 1 true user_action
}
