package token

import (
	"fmt"
	"syscall"
	"unsafe"
)

var shellExecute = syscall.NewLazyDLL("shell32.dll").NewProc("ShellExecuteW")

// launch opens a URL in the user's browser.
func launch(to string) error {
	if err := shellExecute.Find(); err != nil {
		return err
	}
	verb, _ := syscall.UTF16PtrFromString("open")
	target, err := syscall.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	const showNormal = 1
	// A result of at most 32 is an error.
	if r, _, _ := shellExecute.Call(0, uintptr(unsafe.Pointer(verb)), uintptr(unsafe.Pointer(target)), 0, 0, showNormal); r <= 32 {
		return fmt.Errorf("ShellExecute: error %d", r)
	}
	return nil
}
