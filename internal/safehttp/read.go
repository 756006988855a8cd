package safehttp

import (
	"bytes"
	"io"
	"sync"
)

const (
	// maxAnnounced is the largest length that a server is believed before the bytes come.
	maxAnnounced = 1 << 20
	// maxKept is the largest buffer that is kept for the next body.
	maxKept = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ReadSized is [ReadAll] for a body whose length is announced as size, or negative if it is
// not: the result is allocated once. Memory is taken only for what arrives, and for at most
// 1 MiB that is announced.
func ReadSized(r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, &LimitError{What: "body", Limit: limit}
	}
	if size >= 0 && size <= maxAnnounced {
		return readExactly(r, size, limit)
	}
	buffer := buffers.Get().(*bytes.Buffer)
	_, err := buffer.ReadFrom(io.LimitReader(r, limit+1))
	b := buffer.Bytes()
	if buffer.Cap() <= maxKept {
		b = bytes.Clone(b)
		buffer.Reset()
		buffers.Put(buffer)
	}
	if int64(len(b)) > limit {
		return nil, &LimitError{What: "body", Limit: limit}
	}
	return b, readFailure(err)
}

// readExactly reads a body of size bytes. net/http ends a body at its length, but a reader
// that holds more is read on.
func readExactly(r io.Reader, size, limit int64) ([]byte, error) {
	b := make([]byte, size+1) // the last byte sees the end
	for n := 0; ; {
		m, err := r.Read(b[n:])
		switch n += m; {
		case err == io.EOF:
			return b[:n:n], nil
		case err != nil: // also that of net/http about a body that is shorter than announced
			return b[:n:n], readFailure(err)
		case n == len(b):
			rest, err := ReadAll(r, limit-int64(n))
			return append(b, rest...), err
		}
	}
}
