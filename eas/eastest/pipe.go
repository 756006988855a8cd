package eastest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A stream is one direction of a connection in memory. Unlike net.Pipe it holds what a socket
// holds: with both sides at a write, a TLS alert would otherwise wait for a peer that waits too.
type stream struct {
	mu           sync.Mutex
	change       sync.Cond
	buf          []byte
	ended        bool // by the writer: what is held is still read
	gone         bool // the reader closed its end: what comes is dropped, as before a reset arrives
	read, write  time.Time
	reads, halts *time.Timer // of the deadlines
}

// maxHeld bounds what a stream holds, in bytes.
const maxHeld = 64 << 10

func newStream() *stream {
	s := new(stream)
	s.change.L = &s.mu
	return s
}

func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.gone:
			return 0, net.ErrClosed
		case passed(s.read):
			return 0, os.ErrDeadlineExceeded
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			if s.buf = s.buf[n:]; len(s.buf) == 0 {
				s.buf = nil
			}
			s.change.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.change.Wait()
	}
}

func (s *stream) Write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.ended:
			return n, net.ErrClosed
		case passed(s.write):
			return n, os.ErrDeadlineExceeded
		case s.gone:
			return n + len(p), nil
		}
		room := min(len(p), maxHeld-len(s.buf))
		s.buf = append(s.buf, p[:room]...)
		s.change.Broadcast()
		n += room
		if p = p[room:]; len(p) == 0 {
			return n, nil
		}
		s.change.Wait()
	}
}

// set changes one of the stream's fields and wakes who waits.
func (s *stream) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.change.Broadcast()
}

// wake replaces a timer by one that wakes who waits at a deadline.
func (s *stream) wake(t **time.Timer, deadline time.Time) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
	if d := time.Until(deadline); !deadline.IsZero() && d > 0 {
		*t = time.AfterFunc(d, func() { s.set(func() {}) })
	}
}

// An end is one end of a connection in memory.
type end struct{ in, out *stream }

// newPipe returns the two ends of a connection.
func newPipe() (a, b net.Conn) {
	x, y := newStream(), newStream()
	return &end{x, y}, &end{y, x}
}

func (e *end) Read(p []byte) (int, error)  { return e.in.Read(p) }
func (e *end) Write(p []byte) (int, error) { return e.out.Write(p) }

func (e *end) Close() error {
	e.in.set(func() {
		e.in.gone, e.in.buf = true, nil
		e.in.wake(&e.in.reads, time.Time{})
	})
	e.out.set(func() {
		e.out.ended = true
		e.out.wake(&e.out.halts, time.Time{})
	})
	return nil
}

func (e *end) LocalAddr() net.Addr  { return pipeAddr{} }
func (e *end) RemoteAddr() net.Addr { return pipeAddr{} }

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t) // it returns nil
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.set(func() {
		e.in.read = t
		e.in.wake(&e.in.reads, t)
	})
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.set(func() {
		e.out.write = t
		e.out.wake(&e.out.halts, t)
	})
	return nil
}
