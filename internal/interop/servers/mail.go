package servers

import (
	"bufio"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Mail is a Dovecot with the mailboxes, and a relay that takes mail to send.
type Mail struct {
	IMAP, LMTP, SMTP int // ports

	dir      string
	uid, gid int
}

// Dovecot starts Dovecot for users whose passwords are "secret-" and their names, and a
// relay that brings mail to them.
func Dovecot(t testing.TB, users ...string) *Mail {
	t.Helper()
	dovecot := Need(t, "dovecot", "/usr/sbin/dovecot")
	Need(t, "lmtp", "/usr/lib/dovecot/lmtp")
	if os.Getuid() != 0 {
		t.Skip("Dovecot needs root")
	}
	const owner = "nobody"
	dir := Dir(t, "")
	uid, gid := ids(t, owner)
	m := &Mail{IMAP: FreePort(t), LMTP: FreePort(t), dir: dir, uid: uid, gid: gid}
	for _, name := range []string{"run", "state", "mail"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(dir, "mail"), uid, gid); err != nil {
		t.Fatal(err)
	}
	var passwords strings.Builder
	for _, u := range users {
		fmt.Fprintf(&passwords, "%s:{PLAIN}secret-%s::::::\n", u, u)
	}
	conf := strings.NewReplacer("{dir}", dir, "{uid}", fmt.Sprint(uid), "{gid}", fmt.Sprint(gid),
		"{imap}", fmt.Sprint(m.IMAP), "{lmtp}", fmt.Sprint(m.LMTP)).Replace(`base_dir = {dir}/run
state_dir = {dir}/state
log_path = /dev/stderr
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %n
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
lmtp_save_to_detail_mailbox = no
passdb {
  driver = passwd-file
  args = username_format=%n {dir}/users
}
userdb {
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%n
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = {imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {lmtp}
  }
}
`)
	for name, text := range map[string]string{"dovecot.conf": conf, "users": passwords.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(dovecot, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	out := Start(t, cmd)
	Await(t, "Dovecot", out, func() bool { return Listening(m.IMAP)() && Listening(m.LMTP)() })
	m.SMTP = m.relay(t)
	for _, u := range users {
		if err := m.prime(u); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// prime has Dovecot count modifications of an inbox. SOGo, which goes by that count, does not
// ask for it, and sees nothing change in a mailbox where nobody ever has.
func (m *Mail) prime(user string) error {
	c, err := textproto.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.IMAP))
	if err != nil {
		return err
	}
	defer c.Close()
	for i, line := range []string{"LOGIN " + user + " secret-" + user, "SELECT INBOX (CONDSTORE)", "LOGOUT"} {
		tag := fmt.Sprintf("a%d ", i)
		if err := c.PrintfLine("%s%s", tag, line); err != nil {
			return err
		}
		for {
			answer, err := c.ReadLine()
			if err != nil {
				return err
			}
			if rest, ok := strings.CutPrefix(answer, tag); ok {
				if !strings.HasPrefix(rest, "OK") {
					return fmt.Errorf("IMAP: %s", rest)
				}
				break
			}
		}
	}
	return nil
}

// Deliver brings a message to a user by LMTP (RFC 2033).
func (m *Mail) Deliver(user, message string) error {
	c, err := textproto.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.LMTP))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, _, err := c.ReadResponse(220); err != nil {
		return err
	}
	for _, line := range []struct {
		text string
		code int
	}{{"LHLO localhost", 250}, {"MAIL FROM:<sender@" + Domain + ">", 250}, {"RCPT TO:<" + user + "@" + Domain + ">", 250}, {"DATA", 354}} {
		if err := c.PrintfLine("%s", line.text); err != nil {
			return err
		}
		if _, _, err := c.ReadResponse(line.code); err != nil {
			return fmt.Errorf("%s: %w", line.text, err)
		}
	}
	w := c.DotWriter()
	if _, err := w.Write([]byte(message)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, _, err = c.ReadResponse(250)
	return err
}

// Fill puts copies of a message into a mailbox that a user has opened before.
func (m *Mail) Fill(user string, n int, message string) error {
	dir := filepath.Join(m.dir, "mail", user, "new")
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%d.M%dP1.localhost", 1_700_000_000+i, i))
		text := strings.Replace(message, "Subject: ", fmt.Sprintf("X-Number: %d\r\nSubject: ", i), 1)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Chown(name, m.uid, m.gid); err != nil {
			return err
		}
	}
	return nil
}

// relay takes mail by SMTP and delivers it, as a mail server would, and returns its port.
func (m *Mail) relay(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.take(c)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func (m *Mail) take(c net.Conn) {
	defer c.Close()
	r := textproto.NewReader(bufio.NewReader(c))
	say := func(s string) { fmt.Fprintf(c, "%s\r\n", s) }
	say("220 relay")
	var to []string
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line); {
		case strings.HasPrefix(verb, "EHLO"), strings.HasPrefix(verb, "HELO"), strings.HasPrefix(verb, "NOOP"):
			say("250 relay")
		case strings.HasPrefix(verb, "MAIL"), strings.HasPrefix(verb, "RSET"):
			to = nil
			say("250 ok")
		case strings.HasPrefix(verb, "RCPT"):
			_, rest, _ := strings.Cut(line, "<")
			address, _, _ := strings.Cut(rest, ">")
			user, _, _ := strings.Cut(address, "@")
			to = append(to, user)
			say("250 ok")
		case strings.HasPrefix(verb, "DATA"):
			say("354 go on")
			message, err := r.ReadDotBytes()
			if err != nil {
				return
			}
			answer := "250 ok"
			for _, user := range to {
				if err := m.Deliver(user, string(message)); err != nil {
					answer = "550 " + strings.ReplaceAll(err.Error(), "\n", " ")
				}
			}
			say(answer)
		case strings.HasPrefix(verb, "QUIT"):
			say("221 bye")
			return
		default:
			say("502 no")
		}
	}
}
