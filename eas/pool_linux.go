package eas

import (
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall has no name for.
const tcpUserTimeout = 18

// giveUp has the kernel give up a connection on which what was sent is not acknowledged in
// time. Probes do not find that: they are sent on connections alone that wait for nothing.
func giveUp(_, _ string, conn syscall.RawConn) error {
	const limit = aliveAfter + aliveWithin
	return conn.Control(func(fd uintptr) {
		// A kernel or a socket that does not know the option does without.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(limit/time.Millisecond))
	})
}
