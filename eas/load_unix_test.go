//go:build unix

package eas_test

import (
	"syscall"
	"time"
)

// worked returns the time that this process has been on a processor.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
