package eastest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/easoauth/easoauth/internal/archive"
)

// Archive returns the transcript as text in the txtar format, which [Replay] reads and people
// can edit. Each exchange has the files
//
//	001/request.http    the method, the URL and the header
//	001/request.xml     the body: .xml if it is a document of ActiveSync, .txt if it is other
//	                    text, .base64 if it is neither; none if it is empty
//	001/response.http   the status and the header; "cut" if the connection was cut without one
//	001/response.xml    as above
//
// One newline follows each body and is not a part of it. Tokens, codes, passwords, states and
// nonces are replaced by "redacted-1" and so on, the same secret by the same name; cookies are
// left out. What the mailboxes hold is not replaced.
func (tn *Tenant) Archive() []byte {
	tn.mu.Lock()
	requests := slices.Clone(tn.log.requests)
	tn.mu.Unlock()
	var b bytes.Buffer
	b.WriteString("An exchange with a fake tenant for tests, redacted.\n\n")
	for _, r := range requests {
		r.sent.Write(&b, fmt.Sprintf("%03d/request", r.Number))
		got := r.got
		if got.Start == "" {
			got.Start = archive.Cut
		}
		got.Write(&b, fmt.Sprintf("%03d/response", r.Number))
	}
	return archive.Numbered(b.Bytes())
}
