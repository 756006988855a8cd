package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// A message is what the user wants to send.
type message struct {
	to, cc, bcc, subject, text string
	files                      []string
}

// compose returns the message in the format of RFC 5322. Any MIME library will do as well.
func (m *message) compose(from string) ([]byte, error) {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	header("From", sender.String())
	recipients := 0
	for _, list := range [][2]string{{"To", m.to}, {"Cc", m.cc}, {"Bcc", m.bcc}} {
		if list[1] == "" {
			continue
		}
		all, err := mail.ParseAddressList(list[1]) // which also keeps line breaks out of the header
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.ToLower(list[0]), err)
		}
		var text []string
		for _, a := range all {
			text = append(text, a.String())
		}
		recipients += len(all)
		header(list[0], strings.Join(text, ", "))
	}
	if recipients == 0 {
		return nil, errors.New("no recipients")
	}
	header("Subject", mime.QEncoding.Encode("utf-8", strings.NewReplacer("\r", " ", "\n", " ").Replace(m.subject)))
	header("Date", time.Now().Format(time.RFC1123Z))
	header("MIME-Version", "1.0")
	if len(m.files) == 0 {
		header("Content-Type", "text/plain; charset=utf-8")
		header("Content-Transfer-Encoding", "quoted-printable")
		b.WriteString("\r\n")
		err := quote(&b, m.text)
		return b.Bytes(), err
	}
	w := multipart.NewWriter(&b)
	header("Content-Type", "multipart/mixed; boundary="+w.Boundary())
	b.WriteString("\r\n")
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return nil, err
	}
	if err := quote(part, m.text); err != nil {
		return nil, err
	}
	for _, name := range m.files {
		if err := attach(w, name); err != nil {
			return nil, err
		}
		if b.Len() > eas.MaxSendBytes {
			return nil, fmt.Errorf("the attachments are longer than %d bytes", eas.MaxSendBytes)
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

func quote(w io.Writer, text string) error {
	q := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(q, text); err != nil {
		return err
	}
	return q.Close()
}

func attach(w *multipart.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	base := filepath.Base(name)
	kind := mime.TypeByExtension(filepath.Ext(base))
	if kind == "" {
		kind = "application/octet-stream"
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type": {kind}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": base})},
	})
	if err != nil {
		return err
	}
	enc := base64.NewEncoder(base64.StdEncoding, &lines{w: part})
	if _, err := io.Copy(enc, io.LimitReader(f, eas.MaxSendBytes)); err != nil {
		return err
	}
	return enc.Close()
}

// lines breaks what is written into lines of 76 characters (RFC 2045 section 6.8).
type lines struct {
	w   io.Writer
	col int
}

func (l *lines) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := min(76-l.col, len(p))
		if _, err := l.w.Write(p[:n]); err != nil {
			return 0, err
		}
		if l.col += n; l.col == 76 {
			if _, err := io.WriteString(l.w, "\r\n"); err != nil {
				return 0, err
			}
			l.col = 0
		}
		p = p[n:]
	}
	return total, nil
}
