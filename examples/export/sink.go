package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// A sink is where mail goes. What it has kept survives a crash.
type sink interface {
	at() *state
	add(e eas.Entry, content func(io.Writer) error) error
	keep(key eas.SyncKey) error
	restart() error // begin again
	close()
}

// A state is how far an export is. With the folder's identifier and a device of its own, a later run
// needs no list of folders, which some servers start over, and no other program ends its key.
type state struct {
	Name   string       `json:"name"` // as the flag has it
	Folder eas.FolderID `json:"folder"`
	Key    eas.SyncKey  `json:"key"`
	Size   int64        `json:"size,omitempty"` // of the mbox
	Client eas.State    `json:"client"`
	file   string
}

// openState reads the state of an export, or begins one.
func openState(name, folder string) (*state, error) {
	s := &state{Name: folder, Key: eas.InitialSyncKey, file: name}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.Name != folder {
		return nil, fmt.Errorf("%s is of another folder", name)
	}
	return s, nil
}

func (s *state) at() *state { return s }

func (s *state) save() error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replace(s.file, func(w io.Writer) error { _, err := w.Write(b); return err })
}

// replace writes a file beside, syncs it, and puts it into place.
func replace(name string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".export-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriter(f)
	if err = content(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// files are .eml files in a folder, named by the ID of the mail, so that one that comes
// again is not there twice.
type files struct {
	*state
	dir string
}

func openFiles(dir, folder string) (*files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := openState(filepath.Join(dir, ".export.json"), folder)
	return &files{s, dir}, err
}

func (f *files) add(e eas.Entry, content func(io.Writer) error) error {
	sum := sha256.Sum256([]byte(e.ID))
	name := hex.EncodeToString(sum[:12]) + ".eml"
	if m, ok := e.Item.(*eas.Email); ok && !m.Received.IsZero() {
		name = m.Received.UTC().Format("2006-01-02T150405") + "-" + name
	}
	return replace(filepath.Join(f.dir, name), content)
}

func (f *files) keep(key eas.SyncKey) error {
	f.Key = key
	return f.save()
}

func (f *files) restart() error {
	f.Key = eas.InitialSyncKey
	return nil
}

func (f *files) close() {}

// An mbox is one file with all mail (RFC 4155, in the variant mboxrd). The state says up to
// where it is whole: what stands behind that is of a page that was not finished.
type mbox struct {
	*state
	f    *os.File
	name string
}

func openMbox(name, folder string) (*mbox, error) {
	s, err := openState(name+".export.json", folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		s.Key, s.Size = eas.InitialSyncKey, 0 // it was moved away
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	m := &mbox{s, f, name}
	if err := m.cut(); err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

func (m *mbox) cut() error {
	if fi, err := m.f.Stat(); err != nil || fi.Size() < m.Size {
		return errors.Join(err, fmt.Errorf("%s is shorter than it was left", m.f.Name()))
	}
	if err := m.f.Truncate(m.Size); err != nil {
		return err
	}
	_, err := m.f.Seek(m.Size, io.SeekStart)
	return err
}

func (m *mbox) add(e eas.Entry, content func(io.Writer) error) error {
	sender, at := "MAILER-DAEMON", time.Unix(0, 0)
	if x, ok := e.Item.(*eas.Email); ok {
		if a, err := mail.ParseAddress(x.From); err == nil {
			sender = a.Address
		}
		if !x.Received.IsZero() {
			at = x.Received
		}
	}
	begin, err := m.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(m.f)
	fmt.Fprintf(w, "From %s %s\n", sender, at.UTC().Format(time.ANSIC))
	q := &quoter{w: w, start: true}
	if err = content(q); err == nil {
		err = q.end()
	}
	if err == nil {
		_, err = w.WriteString("\n")
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		return nil
	}
	// The beginning of a mail that failed must not stay.
	cut := m.f.Truncate(begin)
	_, seek := m.f.Seek(begin, io.SeekStart)
	return errors.Join(err, cut, seek)
}

func (m *mbox) keep(key eas.SyncKey) error {
	if err := m.f.Sync(); err != nil {
		return err
	}
	size, err := m.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	m.Key, m.Size = key, size
	return m.save()
}

// restart begins a new file. The old one stays, under another name: it may hold mail that the
// mailbox does not have any more.
func (m *mbox) restart() error {
	if err := m.f.Close(); err != nil {
		return err
	}
	for n := 1; ; n++ {
		old := fmt.Sprintf("%s.%d", m.name, n)
		if _, err := os.Lstat(old); err == nil {
			continue
		}
		if err := os.Rename(m.name, old); err != nil {
			return err
		}
		break
	}
	var err error
	if m.f, err = os.OpenFile(m.name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	m.Key, m.Size = eas.InitialSyncKey, 0
	return m.save()
}

func (m *mbox) close() { m.f.Close() }

// A quoter ends lines as Unix does and puts > before lines that begin with From, or with >
// and From.
type quoter struct {
	w     *bufio.Writer
	line  []byte
	start bool // of a line, and not of what was too long for one
}

func (q *quoter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			q.line = append(q.line, rest...)
			if len(q.line) > 64<<10 {
				if err := q.put(""); err != nil {
					return 0, err
				}
			}
			break
		}
		q.line = append(q.line, rest[:i]...)
		q.line = bytes.TrimSuffix(q.line, []byte("\r"))
		if err := q.put("\n"); err != nil {
			return 0, err
		}
		rest = rest[i+1:]
	}
	return len(p), nil
}

func (q *quoter) put(end string) error {
	if q.start && bytes.HasPrefix(bytes.TrimLeft(q.line, ">"), []byte("From ")) {
		q.w.WriteByte('>')
	}
	q.w.Write(q.line)
	_, err := q.w.WriteString(end)
	q.line, q.start = q.line[:0], end != ""
	return err
}

// end ends the last line.
func (q *quoter) end() error {
	if len(q.line) == 0 && q.start {
		return nil
	}
	return q.put("\n")
}
