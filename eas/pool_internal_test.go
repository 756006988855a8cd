//go:build linux

package eas

import (
	"net"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The kernel gives up within half a minute on a server that acknowledges nothing.
func TestUserTimeout(t *testing.T) {
	srv := httptest.NewServer(nil)
	defer srv.Close()
	conn, err := NewTransport().DialContext(t.Context(), "tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := raw.Control(func(fd uintptr) { n, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout) }); err != nil {
		t.Fatal(err)
	}
	if d := time.Duration(n) * time.Millisecond; d <= 0 || d > 30*time.Second {
		t.Errorf("the kernel waits %v", d)
	}
}
