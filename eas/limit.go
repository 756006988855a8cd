package eas

import (
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// ErrTooLarge is matched by an [*Error] if the response has more bytes than
// [Client.MaxResponseBytes], many more entries than were requested, or elements that would take
// far more memory than the response has bytes. Nothing of the response was used: request a smaller
// window, or raise MaxResponseBytes if the bytes are the reason. The error of an [Entry] matches
// it if only that item is too large.
var ErrTooLarge = errors.New("eas: response too large")

const (
	// entriesPerWindow is how many times the entries that were requested a server may send
	// of each kind; up to MaxWindow are always accepted, since some servers ignore windows.
	entriesPerWindow = 4
	// memoryOfPage and, for each entry that was requested, memoryPerEntry are what a response
	// may take in memory beside what its bytes account for: a change of one flag is a whole
	// Email. In bytes.
	memoryOfPage   = 32 << 20
	memoryPerEntry = 4 << 10
)

// asked is how many entries a request asks for: in one folder, and in all.
type asked struct{ most, total int }

// add counts a collection of a request.
func (a *asked) add(col *airsync.SyncCollection) {
	n := value(col.WindowSize)
	if e := col.Commands; e != nil {
		n = max(n, len(e.Add)+len(e.Change)+len(e.Delete)+len(e.Fetch))
	}
	a.most, a.total = max(a.most, n), a.total+n
}

// options returns how a response to the request is read.
func (a asked) options() *wbxml.Options {
	o := &wbxml.Options{Odd: func(wbxml.Tag, []byte) {}, OddNumber: oddStatus}
	if a != (asked{}) {
		o.MaxList = max(MaxWindow, entriesPerWindow*a.most)
		o.MaxMemory = memoryOfPage + int64(a.total)*memoryPerEntry
	}
	return o
}

// unreadable is what a status counts as that is not a number. No server sends it.
const unreadable = -1

func oddStatus(t wbxml.Tag) (int64, bool) { return unreadable, t.Name() == "Status" }

// decode reads the document into v. What is decoded of the items in it counts against the
// same limit of memory. A value that cannot be read is as one that is absent; a status, which
// says whether the rest holds, is then a failure of what it is about, and a policy is refused.
func (r *response) decode(v any, a asked) error {
	o := a.options()
	if r.command == "Provision" {
		o.Odd, o.OddNumber = nil, nil
	}
	r.batch = wbxml.NewBatch(o, r.body)
	err := r.batch.Document(v)
	if err == nil {
		return nil
	}
	if err := limited(err); errors.Is(err, ErrTooLarge) {
		return &Error{Command: r.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server, Action: ActionReport, Err: err}
	}
	return r.unexpected("the document cannot be read: " + err.Error())
}

// limited returns err, as one that matches ErrTooLarge if a limit is the reason.
func limited(err error) error {
	if err == nil {
		return nil
	}
	var limit *wbxml.LimitError
	if errors.As(err, &limit) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}
