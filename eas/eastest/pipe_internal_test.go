package eastest

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// A connection in memory is a net.Conn as a socket is one.
func TestPipe(t *testing.T) {
	nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
		a, b = newPipe()
		return a, b, func() { a.Close(); b.Close() }, nil
	})
}

// Both sides may write before either reads, what was written before Close arrives, and writing
// to a side that closed succeeds until a reset would arrive.
func TestPipeHolds(t *testing.T) {
	a, b := newPipe()
	for _, c := range []net.Conn{a, b} {
		if _, err := c.Write([]byte("alert")); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	if n, err := b.Write([]byte("late")); n != 4 || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	if got, err := io.ReadAll(b); string(got) != "alert" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// A side that does not read stops the other at the bound.
func TestPipeBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newPipe()
		defer b.Close()
		_ = a.SetWriteDeadline(time.Now().Add(time.Minute)) // it returns nil
		for _, want := range []int{maxHeld, 0} {
			n, err := a.Write(make([]byte, maxHeld+1))
			if n != want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write = %d, %v", n, err)
			}
		}
	})
}
